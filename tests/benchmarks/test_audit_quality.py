"""The measurements of the audit, in a tiny version: nothing right fails, every fault is caught."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ergs_verify import audit
from ergs_verify.audit.mistakes import mistakes
from ergs_verify.audit.suite import suite
from ergs_verify.engine import nash
from ergs_verify.game import Policy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


def test_right_solvers_pass(tmp_path, monkeypatch, capsys):
    from benchmarks.audit_quality import __main__ as command

    small = [one for one in suite("quick") if one.name in ("one-stage", "no-equilibrium")]
    monkeypatch.setattr(command, "suite", lambda name: small)
    monkeypatch.setattr(command, "ProcessPoolExecutor", ThreadPoolExecutor)
    arguments = ["false-alarms", "--games", "2", "--processes", "1", "--output", str(tmp_path)]
    command.main(arguments)
    text = (tmp_path / "audit_quality_false_alarms.md").read_text(encoding="utf-8")
    printed = capsys.readouterr()
    assert printed.out == text + "\n"
    assert "4 of 4" in printed.err
    # Five solvers; plain numpy is not asked at the singular game, exact rationals at small ones.
    assert [line.split("|")[2:8] for line in text.splitlines() if line.startswith("| ")][2:] == [
        *[[" random games ", " 2 ", " 2 ", "  ", "  ", "  "]] * 8,
        *[[" small random games ", " 2 ", " 2 ", "  ", "  ", "  "]] * 9,
        [" the suite ", " 2 ", " 2 ", "  ", "  ", "  "],
        *[[" the suite ", " 1 ", " 1 ", "  ", "  ", "  "]] * 7,
        [" the suite ", " 2 ", " 2 ", "  ", "  ", "  "],
    ]
    assert text.endswith("## Failed or refused\n\nNone.\n")


def test_a_run_goes_on_from_what_is_found(tmp_path, monkeypatch):
    from benchmarks.audit_quality import __main__ as command

    asked = []

    def on_random_game(number):
        asked.append(number)
        return [Verdict(solver="the engine", where="random games", game="", verdict="pass",
                        message="")]  # fmt: skip

    Verdict = command.Verdict
    monkeypatch.setattr(command, "on_random_game", on_random_game)
    monkeypatch.setattr(command, "suite", lambda name: [])
    monkeypatch.setattr(command, "ProcessPoolExecutor", ThreadPoolExecutor)
    for games in ("2", "5"):
        command.main(["false-alarms", "--games", games, "--found", str(tmp_path / "found"),
                      "--output", str(tmp_path)])  # fmt: skip
    assert sorted(asked) == list(range(5))
    text = (tmp_path / "audit_quality_false_alarms.md").read_text(encoding="utf-8")
    assert "| the engine | random games | 5 | 5 |" in text


def test_what_fails_is_told_with_its_errors_in_norm():
    from benchmarks.audit_quality.false_alarms import _in_norm
    from benchmarks.audit_quality.games import random_game

    game = random_game(0)
    found = nash(game.floats())
    K = [X * 1.25 for X in found.K]
    policy = Policy.from_arrays(K=K, Sigma=found.Sigma, P=found.P)
    told = _in_norm(game, policy)
    assert told["K"][0] == pytest.approx(0.25)
    assert max(told["Sigma"][0], told["P"][0]) < 1e-12
    assert told["K"][1] > 1e9 > 1 > max(told["Sigma"][1], told["P"][1])


@pytest.mark.parametrize("one", suite("quick"), ids=lambda one: one.name)
def test_the_plain_solvers_agree_with_the_engine(one):
    from benchmarks.audit_quality.exact_solver import exact_solution
    from benchmarks.audit_quality.plain_solver import CAREFUL, LEAST_SQUARES, PlainSolver

    if one.singular:
        return
    game = one.game.floats()
    right = nash(game)
    solvers = [PlainSolver(), LEAST_SQUARES, CAREFUL]
    for solver in [*solvers, exact_solution] if one.game.horizon < 5 else solvers:
        found = solver(game)
        for letter in ("K", "Sigma", "P", "q"):
            for X, Y in zip(found[letter], getattr(right, letter), strict=True):
                # Some hundred roundings, in games that amplify them a hundredfold.
                np.testing.assert_allclose(X, Y, rtol=1e-10, atol=1e-11 * abs(Y).max())


def test_every_kind_of_random_game_can_be_drawn_again():
    from benchmarks.audit_quality.games import KINDS, random_game

    for number, kind in enumerate(KINDS):
        game, small = random_game(number), random_game(number, small=True)
        assert game.name == f"random game {number}, {kind}"
        assert small.name == f"small random game {number}, {kind}"
        assert game.hash == random_game(number).hash != small.hash
        assert small.horizon <= 3


def test_every_mistake_is_planted():
    from benchmarks.audit_quality.faults import FAULTS

    assert {fault.id for fault in FAULTS} == {mistake.id for mistake in mistakes()}


def planted(id, game):
    from benchmarks.audit_quality.faults import FAULTS
    from benchmarks.audit_quality.planted import finding

    return finding(next(n for n, fault in enumerate(FAULTS) if fault.id == id), game)


@pytest.mark.parametrize(
    ("id", "game"),
    [
        ("terminal-ignored", "terminal-cost"),
        ("B-transposed", "square"),
        ("own-term-counted", "non-diagonal"),
        ("open-loop", "non-diagonal"),
        ("q-without-others-covariances", "one-stage"),
        ("misprint/thm-III.1/gain-substituted/factor", "square"),
        ("few-iterations-in-turn", "units"),
        ("ridge", "unequal-controls"),
        ("K-zero", "opposed"),
        ("stackelberg-for-nash", "square"),
        ("team-for-nash", "opposed"),
        ("own-only-control-cost", "opposed"),
        ("entropy-rewarded", "opposed"),
        ("prior-covariance", "opposed"),
        ("sigma-times", "opposed"),
        ("sigma-with-P-now", "unequal-controls"),
        ("stationary-gains", "terminal-cost"),
        ("printed-digits", "opposed"),
        ("data-in-float32", "unequal-controls"),
        ("log-base-2", "opposed"),
        ("least-squares", "singular-inside"),
    ],
)
def test_a_planted_mistake_is_caught_and_diagnosed(id, game):
    found = planted(id, game)
    assert (found.caught, found.diagnosed) == ("caught", "itself")


def test_what_cannot_be_seen_is_told_apart():
    found = planted("few-iterations", "regulator")
    assert found.caught == "invisible"  # one agent's best response is the equilibrium
    assert planted("sign-of-K", "no-equilibrium").caught == "invisible"  # it raises, as asked
    found = planted("least-squares", "no-equilibrium")
    assert (found.caught, found.diagnosed) == ("caught", "itself")


def test_the_table_counts_and_names():
    from benchmarks.audit_quality.planted import Finding, Planted
    from benchmarks.audit_quality.tables import planted as table

    about = {"id": "sign-of-K", "planted": "−K"}
    findings = [
        Finding(**about, game="a", caught="caught", diagnosed="nothing"),
        Finding(**about, game="b", caught="caught", diagnosed="others only", ids=("x",)),
        Finding(**about, game="c", caught="missed"),
        Finding(**about, game="d", caught="invisible"),
    ]
    one = Planted(**about, findings=findings, named=["x", "y"], smallest=[], seconds=9)
    other = {"id": "x", "planted": "X", "seconds": 3.6}
    found = Finding(id="x", planted="X", game="a", caught="caught", diagnosed="itself", ids=("x",))
    both = Planted(**other, findings=[found], named=["x", "y"], smallest=["x"])
    text = table([one, both])
    assert "| `sign-of-K` | −K | 2 | 1 |  |  | 1 |  |  | 1 | 1 | others only |" in text
    assert "- `sign-of-K`, −K: c (missed)" in text
    assert "itself\n\n- `sign-of-K`\n\n" in text
    assert "- `sign-of-K`, −K: a; b (`x`)" in text
    assert "alone\n\n- `sign-of-K`, −K: `x`, `y`\n- `x`, X: `x`, `y`\n\n" in text
    assert "mistake\n\n- `sign-of-K`, −K: none\n\n" in text
    said = " ".join(text.split())
    assert "3 of 4 answers that show a mistake are caught. Of the 3 that are numbers 1 are" in said
    assert "1 of 2 mistakes are named alone" in said
    assert "nothing tells apart: 50.0%." in said
    alone = table([Planted(**other, findings=[found], named=["x"], smallest=["x"])])
    assert "1 solvers that fail over the suite, the one diagnosis of 1 is" in " ".join(
        alone.split()
    )


def test_a_mistake_is_planted_over_a_suite(tmp_path, monkeypatch, capsys):
    from benchmarks.audit_quality import __main__ as command
    from benchmarks.audit_quality import planted as module
    from ergs_verify.audit import solver

    few = [one for one in suite("quick") if one.name in ("square", "no-equilibrium")]
    monkeypatch.setattr(solver, "named_suite", lambda name: few)
    monkeypatch.setattr(command, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(command, "FAULTS", [f for f in module.FAULTS if f.id == "tau-factor-2"])
    arguments = ["planted", "--processes", "1", "--output", str(tmp_path)]
    command.main([*arguments, "--found", str(tmp_path / "found")])
    text = (tmp_path / "audit_quality_planted.md").read_text(encoding="utf-8")
    assert "| `tau-factor-2` | 2τ for τ | 2 |  |  |  |  | 2 |  |  |  | itself |" in text
    monkeypatch.setattr(command, "over_suite", None)  # all is found
    command.main([*arguments, "--found", str(tmp_path / "found")])
    assert (tmp_path / "audit_quality_planted.md").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("number", [525, 677, 965])
@pytest.mark.parametrize("compiled", [False, True])
def test_the_engine_keeps_its_digits_in_any_unit_of_control(number, compiled):
    """Games on which pivots sought among rows of all sizes cost it up to four digits."""
    from benchmarks.audit_quality.games import random_game

    game = random_game(number)
    found = audit(game, nash(game.floats(), compiled=compiled), explain=False)
    assert found.verdict == "pass"


# On 309 least squares' own rounding must not count as the mistake of that name.
@pytest.mark.parametrize("number", [133, 309])
def test_a_solve_that_is_stable_only_in_norm_is_told_from_a_wrong_one(number):
    from benchmarks.audit_quality.games import random_game
    from benchmarks.audit_quality.plain_solver import CAREFUL, LEAST_SQUARES

    game = random_game(number)  # controls in units up to 2²⁰ apart
    found = audit(game, LEAST_SQUARES(game.floats()))
    assert found.title.startswith("undecided: float64 can come nearer")
    assert any("stable only in norm" in note for note in found.notes)
    assert found.quantities["K"].excused
    assert found.quantities["K"].digits < found.quantities["K"].needed - 1
    assert not any("wrong policy" in note for note in found.notes)
    assert audit(game, CAREFUL(game.floats())).verdict == "pass"
    wrong = CAREFUL(game.floats())
    wrong["K"][0][1] *= 1.001
    assert audit(game, wrong, explain=False).verdict == "fail"


def test_a_number_that_is_exactly_zero_may_be_off_to_second_order():
    """An agent that nothing costs gets gains of 1e-67 from least squares, where 0 is right."""
    from benchmarks.audit_quality.games import random_game
    from benchmarks.audit_quality.plain_solver import CAREFUL

    game = random_game(934, small=True)
    answer = CAREFUL(game.floats())
    assert 0 < abs(answer["K"][1][0]).max() < 1e-60
    assert audit(game, answer).verdict == "pass"
    answer["K"][1][0] = 1e-20
    assert audit(game, answer, explain=False).verdict == "fail"
