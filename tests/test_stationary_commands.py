"""crosscheck, gap, reference, compare on games of infinite horizon, in Python and as commands."""

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from importlib import import_module

import attrs
import pytest
from stationary_reference import Reference, matrix, mp, random_game

from ergs_verify import Game, certify_gap, check, engine, gap, solve
from ergs_verify.cli import main
from ergs_verify.reference import compare, load_reference, make_reference
from ergs_verify.study import crosscheck


def scalar(a, *, gamma=None, tau=0, **more):
    given = {"A": [[a]], "B": [[[1]]] * 2, "Q": [[[1]]] * 2, "R": [[[1]]] * 2}
    more = {"noise_cov": [[1]], "horizon": "infinite", "discount": gamma} | more
    return Game.from_arrays(**given, tau=tau, **more)


@pytest.fixture
def run(capsys):
    def command(*arguments) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return command


# -- gap -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_gap_of_delta_is_the_references(seed):
    """The equilibrium at τ + δ, judged at τ by differences of costs."""
    given = random_game(seed)
    game, delta = Game.from_arrays(**given), Fraction(1, 10)
    found = gap(game, [delta])
    raised = Reference(given | {"tau": [t + delta for t in given["tau"]]})
    K, Sigma, _ = raised.nash()
    at_tau = Reference(given)
    for i, one in enumerate(found.rows[0].agents):
        wanted = Fraction(str(at_tau.gap(i, K, Sigma)))
        assert (
            one.epsilon.lo - Fraction(1, 10**35) <= wanted <= one.epsilon.hi + Fraction(1, 10**35)
        )
        assert 0 < one.epsilon.hi <= one.bound.hi
        # The bound is δ (KL(BR) − KL(S̃)), and costs at τ + δ are those at τ and δ KL.
        best = at_tau.best_response(i, K, Sigma)
        divergences = [
            (raised.cost(i, *policy) - at_tau.cost(i, *policy)) for policy in (best, (K, Sigma))
        ]
        bound = Fraction(str(divergences[0] - divergences[1]))
        assert float(one.bound.lo) == pytest.approx(float(bound), rel=2e-3)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_coefficient_is_the_limit(seed):
    found = gap(Game.from_arrays(**random_game(seed)), ["1e-12", "1e-8"])
    assert found.verdict == "proved"
    assert found.order == pytest.approx([2.0] * found.game.agents, abs=1e-6)
    for row in found.rows:
        for one, c in zip(row.agents, found.coefficient, strict=True):
            ratio = float(one.epsilon.lo / (c.value.hi * row.delta**2))
            assert ratio == pytest.approx(1, abs=2e-3)


def test_at_tau_0_the_gap_is_linear():
    found = gap(scalar(1, gamma="9/10"), ["1e-9", "1e-6"])
    assert found.coefficient is None
    assert found.order == pytest.approx([1.0, 1.0], abs=1e-3)


def test_without_an_equilibrium_there_is_a_reason():
    """No control reaches the unstable state."""
    game = Game.from_arrays(
        A=[[2, 0], [0, "1/2"]], B=[[[0], [1]]], Q=[[[1, 0], [0, 1]]], R=[[[1]]], tau=1,
        noise_cov=[[1, 0], [0, 1]], horizon="infinite",
    )  # fmt: skip
    found = gap(game, ["1/2"])
    assert (found.verdict, found.coefficient) == ("refuted", None)
    assert "no policy is stable" in found.rows[0].reason


# -- crosscheck ------------------------------------------------------------------------------------


@pytest.mark.parametrize("game", [scalar(1, gamma="9/10", tau=1), scalar("1/2"), "affine"])
def test_crosscheck_agrees(game):
    if game == "affine":
        game = scalar("1/2", gamma="1/2", drift=[1])
    found = crosscheck(game, samples=1000, iterations=(2, 4))
    assert found.verdict == "agree"
    rows = [row for row in found.rows if row.check == "stationary-answer"]
    assert {row.quantity for row in rows} >= {"K", "Sigma", "P"}
    assert all(row.needed > 40 for row in rows)


def test_crosscheck_finds_a_wrong_answer(monkeypatch):
    """Its own P is off, so the stages before it do not give it back."""

    def off(game, **options):
        right = solve(game, **options)
        factor = 1 + Decimal("1e-20")
        with localcontext(prec=200):
            return attrs.evolve(right, P=tuple(X * factor for X in right.P))

    monkeypatch.setattr(import_module("ergs_verify.study.crosscheck"), "solve", off)
    found = crosscheck(scalar(1, gamma="9/10", tau=1), samples=1000, iterations=(2,))
    assert found.verdict == "disagree"
    assert any("stages back" in reason for reason in found.reasons)


def test_crosscheck_without_an_equilibrium_is_undecided(run, tmp_path):
    game = Game.from_arrays(
        A=[[2]], B=[[[0]]], Q=[[[1]]], R=[[[1]]], tau=0, noise_cov=[[1]], horizon="infinite",
    )  # fmt: skip
    assert crosscheck(game).verdict == "undecided"
    game.save(tmp_path / "game.json")
    assert run("crosscheck", tmp_path / "game.json")[0] == 3


# -- reference and compare -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 3])
def test_references_hold_the_references_digits(seed, tmp_path):
    given = random_game(seed)
    game, reference = Game.from_arrays(**given), Reference(given)
    written = make_reference(game, digits=30)
    path = tmp_path / "game.json"
    path.write_bytes(written.render())
    read = load_reference(path)
    assert read.equilibrium == "stationary"
    assert (read.values, read.error) == (written.values, written.error)
    K, _, _ = reference.nash()
    stacked = matrix([row for own in read.exact("K") for row in own[0][0]])
    assert mp.mnorm(stacked - K, 1) < 1e-29
    assert written.render() == make_reference(game, digits=30).render()
    (tmp_path / "answers").mkdir()
    solve(game).save(tmp_path / "answers" / "game.json")
    (tmp_path / "references").mkdir()
    path.rename(tmp_path / "references" / "game.json")
    assert compare(tmp_path / "references", tmp_path / "answers").verdict == "pass"
    solution = solve(game)
    off = attrs.evolve(solution.policy, K=tuple(X + 1e-6 for X in solution.K))
    off.save(tmp_path / "answers" / "game.json")
    found = compare(tmp_path / "references", tmp_path / "answers")
    assert found.verdict == "fail"
    assert found.files[0].quantities["K"].t is None
    assert "at t" not in found.files[0].message


def test_references_as_commands(run, tmp_path):
    scalar(1, gamma="9/10").save(tmp_path / "game.json")
    folder = tmp_path / "references"
    assert run("reference", tmp_path / "game.json", "-o", folder, "--digits", 20)[0] == 0
    document = json.loads((folder / "game.json").read_text(encoding="utf-8"))
    assert isinstance(document["q"][0], str)
    (tmp_path / "answers").mkdir()
    assert run("solve", tmp_path / "game.json", "-o", tmp_path / "answers" / "game.json")[0] == 0
    assert run("compare", folder, tmp_path / "answers")[0] == 0
    document["K"] = [[X] for X in document["K"]]
    (folder / "game.json").write_text(json.dumps(document), encoding="utf-8")
    status, _, err = run("compare", folder, tmp_path / "answers")
    assert status == 2
    assert len(err.splitlines()) == 1


def test_other_commands(run, tmp_path):
    path = tmp_path / "game.json"
    scalar(1, gamma="9/10", tau=1).save(path)
    html, table = tmp_path / "page.html", tmp_path / "table.csv"
    for command in ("check", "gap", "crosscheck"):
        more = ("--delta", "1/10,1/5", "--plot", tmp_path / "gap.png") if command == "gap" else ()
        assert run(command, path, *more, "--html", html, "--csv", table)[0] == 0
        status, out, _ = run(command, path, *more, "--json")
        assert status == 0
        json.loads(out)
    assert run("solve", path)[0] == 0


# -- what has no last stage ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        lambda game: engine.nash(game.floats()),
        lambda game: solve(game, method="algorithm1", iterations=2),
        lambda game: certify_gap(game, {"K": [[[0]]] * 2}).of_state(),
    ],
)
def test_what_counts_stages_says_so(asked):
    with pytest.raises(Exception, match="horizon is infinite") as caught:
        asked(scalar("1/2"))
    assert "\n" not in str(caught.value)


def test_check_tells_of_each_equilibrium():
    found = check(scalar(3, gamma="15/16"))
    assert len(found.stages) == 3
    assert all(stage.phi_nonsingular == "proved" for stage in found.stages)


def test_all_equilibria_that_were_found_are_shown_and_written(run, tmp_path):
    name = "stationary-three-equilibria"
    status, out, err = run("solve", name, "-o", tmp_path / "ne.json")
    assert status == 0
    assert [f"Equilibrium {k} of 3 that were found" in out for k in (1, 2, 3)] == [True] * 3
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["ne-2.json", "ne-3.json", "ne.json"]
    assert all(f"wrote {tmp_path / one}" in err for one in written)
    assert {run("audit", name, tmp_path / one)[0] for one in written} == {0}
    assert len({(tmp_path / one).read_text() for one in written}) == 3
