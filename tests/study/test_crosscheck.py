"""The cross-check: what agrees, what each planted fault breaks, and what it must leave alone."""

from __future__ import annotations

import json
import math

import attrs
import numpy as np
import pytest
import sympy

from ergs_verify import engine
from ergs_verify.errors import InputError, SingularStageError
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery, names, published
from ergs_verify.paper import notation
from ergs_verify.paper.notation import i, j
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.study import crosscheck

SMALL = {"digits": 30, "samples": 1000}
THREE = "random:N=3,m=2,p=2,T=3,seed=1"


def failed(found) -> set[tuple[str, str]]:
    return {(row.check, row.quantity) for row in found.failed()}


# --- what agrees --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_the_gallery_agrees(name):
    found = crosscheck(gallery(name), **SMALL)
    assert found.verdict == "agree", found


@pytest.mark.parametrize("entry", published().values(), ids=lambda entry: entry.name)
def test_published_games_agree(entry):
    found = crosscheck(entry.game(3), **SMALL)
    assert found.verdict == "agree", found


def test_a_well_conditioned_game_agrees_to_nearly_all_digits():
    found = crosscheck(gallery("assumption-holds"), digits=50, samples=4000)
    digits = {row.check: row.digits for row in found.rows if row.quantity in ("K", "dJ/dK")}
    assert digits["derived-precision"] > 48
    assert digits["stationarity-derived"] > 48
    assert digits["engine-nash"] > 14
    assert digits["engine-algorithm-1"] > 14
    assert digits["stationarity-engine"] > 14


def test_more_digits_are_asked_of_the_derived_side_where_it_carries_more():
    found = crosscheck(gallery("lqr"), digits=400, samples=1000)
    assert found.verdict == "agree"
    needed = {row.check: row.needed for row in found.rows if row.quantity == "K"}
    assert needed["derived-precision"] > 390 > 16 > needed["engine-nash"]


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_no_false_alarm_over_random_games(first):
    draw = np.random.default_rng(first)
    wrong = []
    for seed in range(first, first + 25):
        N, m, T = draw.integers(1, 4), draw.integers(1, 4), draw.integers(1, 4)
        p = "-".join(map(str, draw.integers(1, 3, size=N)))
        tau = draw.choice(["0", "1/1000", "1", "40"])
        name = f"random:N={N},m={m},p={p},T={T},tau={tau},seed={seed}"
        found = crosscheck(gallery(name), digits=25, samples=1000, iterations=(2,))
        if found.verdict != "agree":
            wrong.append((name, found.reasons))
    assert wrong == []


def test_a_gain_that_is_zero_only_after_elimination_agrees():
    """Its exact 0 is 1e-17 in float64: zeros of Φ_t are filled in."""
    name = "random:N=3,m=2,p=1-3-2,T=2,tau=1/1000,seed=13"
    found = crosscheck(gallery(name), digits=25, samples=1000, iterations=(2,))
    assert found.verdict == "agree", found


def test_less_is_asked_of_an_ill_conditioned_game():
    def needed(name):
        rows = crosscheck(gallery(name), **SMALL).rows
        return min(r.needed for r in rows if (r.check, r.quantity) == ("engine-nash", "K"))

    # `sharp-near-singular`: next to the singular τ the gains grow like 3/δ, δ = 1/1000.
    assert needed("g-star-near-4") < needed("g-star-2") - 3


# --- Algorithm 1 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "behaviour", "rate"),
    [
        ("g-star-2", "diverges", 4 / 3),
        ("identical-interest", "diverges", 4 / 3),
        ("assumption-holds", "converges", None),
        # ρ² = 16·16/(1 + τ/2 + 1)², the loop of G* at τ = 4.001 in its 2×2 off-diagonal blocks.
        ("g-star-near-4", "approaches", 4 / (1 + 4.001 / 2 + 1)),
    ],
)
def test_algorithm_1_is_said_to_do_what_it_does(name, behaviour, rate):
    found = crosscheck(gallery(name), **SMALL)
    assert found.verdict == "agree"
    assert found.algorithm_1.behaviour == behaviour
    if rate is not None:
        assert found.algorithm_1.rate == pytest.approx(rate, rel=1e-3)


# --- faults of the derived side -----------------------------------------------------------------


def with_formula(name, change):
    formulas = derived_formulas()
    return attrs.evolve(formulas, **{name: change(getattr(formulas, name))})


def turned(expr, letter):
    """The expression with a letter's sign turned."""
    return expr.xreplace({letter: -letter})


DERIVED_FAULTS = {
    "coupling doubled": (
        "phi_off_diagonal",
        lambda blocks: 2 * blocks,
        {("engine-nash", "K"), ("stationarity-derived", "dJ/dK")},
        {("forward-cost-derived", "J"), ("engine-algorithm-1", "K")},
    ),
    "coupling takes the other's P": (
        "phi_off_diagonal",
        lambda blocks: blocks.xreplace({notation.P(i): notation.P(j)}),
        {("engine-nash", "K"), ("stationarity-derived", "dJ/dK")},
        {("forward-cost-derived", "J"), ("engine-algorithm-1", "K")},
    ),
    "right-hand side turned": (
        "rhs",
        lambda rhs: -rhs,
        {("engine-nash", "K"), ("stationarity-derived", "dJ/dK")},
        {("forward-cost-derived", "J"), ("engine-algorithm-1", "K")},
    ),
    "covariance doubled": (
        "covariance",
        lambda Sigma: 2 * Sigma,
        {("engine-nash", "Sigma"), ("engine-nash", "q"), ("stationarity-derived", "dJ/dSigma")},
        {("engine-nash", "K"), ("engine-nash", "P"), ("forward-cost-derived", "J")},
    ),
    "cost without the controls": (
        "policy_cost",
        lambda cost: cost.xreplace({notation.R(i): sympy.Rational(1, 2) * notation.R(i)}),
        {("engine-nash", "P"), ("engine-algorithm-1", "P"), ("forward-cost-derived", "J")},
        {("derived-precision", "K"), ("derived-precision", "P")},
    ),
    "constant with the noise turned": (
        "policy_constant",
        lambda q: turned(q, notation.noise),
        {("engine-nash", "q"), ("engine-algorithm-1", "q"), ("forward-cost-derived", "J")},
        {
            ("engine-nash", "K"),
            ("engine-nash", "Sigma"),
            ("engine-nash", "P"),
            ("stationarity-derived", "dJ/dK"),
            ("stationarity-derived", "dJ/dSigma"),
        },
    ),
    "best response turned": (
        "gain",
        lambda K: -K,
        {("engine-algorithm-1", "K"), ("engine-algorithm-1", "P")},
        {("engine-nash", "K"), ("engine-nash", "P"), ("stationarity-derived", "dJ/dK")},
    ),
}
ENGINE_STANDS_ALONE = {
    ("stationarity-engine", "dJ/dK"),
    ("stationarity-engine", "dJ/dSigma"),
    ("forward-cost-engine", "J"),
}


@pytest.mark.parametrize("fault", DERIVED_FAULTS)
def test_a_fault_of_the_derived_side_is_seen_where_it_is(fault):
    field, change, broken, unharmed = DERIVED_FAULTS[fault]
    found = crosscheck(gallery(THREE), formulas=with_formula(field, change), **SMALL)
    assert found.verdict == "disagree"
    assert broken <= failed(found)
    assert not failed(found) & (unharmed | ENGINE_STANDS_ALONE)


# --- faults of the engine -----------------------------------------------------------------------


def swapped(solution):
    def other(agents):
        return (agents[1], agents[0], *agents[2:])

    return attrs.evolve(
        solution, **{letter: other(getattr(solution, letter)) for letter in ("K", "P", "q")}
    )


def gain_scaled(solution):
    return attrs.evolve(solution, K=(solution.K[0] * (1 + 1e-9), *solution.K[1:]))


def without_log_det(solution):
    """τ = 1: q lacks −(τ/2) Σ_s log|Σ_s|."""
    logs = [0.5 * np.linalg.slogdet(S).logabsdet for S in solution.Sigma]
    later = [np.append(np.cumsum(log[::-1])[::-1], 0) for log in logs]
    return attrs.evolve(
        solution, q=tuple(q + log for q, log in zip(solution.q, later, strict=True))
    )


def one_cost_for_all(solution):
    return attrs.evolve(solution, P=(solution.P[0],) * len(solution.P))


def covariance_scaled(solution):
    return attrs.evolve(solution, Sigma=tuple(S * (1 + 1e-8) for S in solution.Sigma))


def indefinite_covariance(solution):
    return attrs.evolve(solution, Sigma=tuple(-S * [1, -1] for S in solution.Sigma))


ENGINE_FAULTS = {
    swapped: (
        {
            ("engine-nash", "K"),
            ("engine-nash", "P"),
            ("engine-nash", "q"),
            ("stationarity-engine", "dJ/dK"),
            ("forward-cost-engine", "J"),
            ("monte-carlo", "J"),
        },
        {("engine-nash", "Sigma")},
    ),
    gain_scaled: (
        {("engine-nash", "K"), ("stationarity-engine", "dJ/dK")},
        {("engine-nash", "P"), ("engine-nash", "Sigma"), ("engine-nash", "q")},
    ),
    without_log_det: (
        {("engine-nash", "q"), ("forward-cost-engine", "J")},
        {("engine-nash", "K"), ("engine-nash", "P"), ("stationarity-engine", "dJ/dK")},
    ),
    one_cost_for_all: (
        {("engine-nash", "P"), ("forward-cost-engine", "J")},
        {("engine-nash", "K"), ("engine-nash", "q"), ("monte-carlo", "J")},
    ),
    covariance_scaled: (
        {("engine-nash", "Sigma"), ("stationarity-engine", "dJ/dSigma")},
        {("engine-nash", "K"), ("stationarity-engine", "dJ/dK"), ("monte-carlo", "J")},
    ),
    indefinite_covariance: (
        {("engine-nash", "Sigma"), ("forward-cost-engine", "J")},
        {("engine-nash", "K"), ("engine-nash", "P")},
    ),
}
DERIVED_STANDS_ALONE = {
    ("derived-precision", "K"),
    ("stationarity-derived", "dJ/dK"),
    ("stationarity-derived", "dJ/dSigma"),
    ("forward-cost-derived", "J"),
    ("engine-algorithm-1", "K"),
}


def plant(monkeypatch, name, fault):
    right = getattr(engine, name)
    monkeypatch.setattr(engine, name, lambda *args: fault(right(*args)))


@pytest.mark.parametrize("fault", ENGINE_FAULTS)
def test_a_fault_of_the_engine_is_seen_where_it_is(monkeypatch, fault):
    broken, unharmed = ENGINE_FAULTS[fault]
    plant(monkeypatch, "nash", fault)
    found = crosscheck(gallery(THREE), digits=30, samples=4000)
    assert found.verdict == "disagree"
    assert broken <= failed(found)
    assert not failed(found) & (unharmed | DERIVED_STANDS_ALONE)


def test_a_fault_names_its_agent_and_stage(monkeypatch):
    def fault(solution):
        K = [X.copy() for X in solution.K]
        K[1][2] *= 1 + 1e-9
        return attrs.evolve(solution, K=tuple(K))

    plant(monkeypatch, "nash", fault)
    found = crosscheck(gallery(THREE), **SMALL)
    of_agent_2 = {
        (row.check, row.t)
        for row in found.failed()
        if row.quantity in ("K", "dJ/dK") and row.agent == 2
    }
    assert {("engine-nash", 2), ("stationarity-engine", 2)} <= of_agent_2
    assert any(reason.startswith("K of agent 2, t = 2") for reason in found.reasons)


def test_a_fault_of_algorithm_1_is_seen_there_alone(monkeypatch):
    plant(monkeypatch, "algorithm_1", gain_scaled)
    assert failed(crosscheck(gallery(THREE), **SMALL)) == {("engine-algorithm-1", "K")}


def test_a_cost_far_off_is_seen_by_simulation():
    """The derived constant without log det: the simulated mean is elsewhere."""
    formulas = with_formula(
        "policy_constant", lambda q: q.replace(lambda e: isinstance(e, sympy.log), lambda e: e * 0)
    )
    found = crosscheck(gallery(THREE), formulas=formulas, digits=30, samples=8000)
    assert ("monte-carlo", "J") in failed(found)


# --- no single equilibrium, no answer -----------------------------------------------------------


def g_star(tau, *, stages=1):
    """The singular game at the last stage, one more without costs in front."""
    free, zero = [[1, 0], [0, 1]], [[0, 0], [0, 0]]
    ends = [[1, 4], [4, 16]], [[16, 4], [4, 1]]
    return Game.from_arrays(
        A=free,
        B=[[[1], [0]], [[0], [1]]],
        Q=[[*[zero] * stages, end] for end in ends],
        R=[[[1]], [[1]]],
        tau=tau,
        noise_cov=zero,
        horizon=stages,
    )


@pytest.mark.parametrize(
    ("name", "kind"), [("g-star-4-no-nash", "no solution"), ("g-star-4-continuum", "continuum")]
)
def test_a_singular_game_is_an_answer(name, kind):
    found = crosscheck(gallery(name))
    assert (found.verdict, found.singular_stage, found.rows) == ("agree", 0, ())
    assert kind in found.reasons[0]


def test_a_singular_stage_further_on_is_named():
    found = crosscheck(g_star(4, stages=3))
    assert (found.verdict, found.singular_stage) == ("agree", 2)


def test_an_engine_that_passes_a_singular_stage_disagrees(monkeypatch):
    right = engine.nash
    regular = g_star(3).floats()

    def passes(game):
        batch = game.A.ndim == 4
        one = attrs.evolve(game, tau=3.0) if batch else regular
        return right(one)

    monkeypatch.setattr(engine, "nash", passes)
    found = crosscheck(g_star(4))
    assert found.verdict == "disagree"
    assert "rounding does not explain" in found.reasons[0]


def test_an_engine_that_calls_a_regular_game_singular_disagrees(monkeypatch):
    def refuses(game):
        raise SingularStageError(0)

    monkeypatch.setattr(engine, "nash", refuses)
    found = crosscheck(gallery("g-star-2"))
    assert found.verdict == "disagree"
    assert found.singular_stage is None


def test_float64_may_refuse_what_it_cannot_tell_from_singular():
    # det Φ = 4e-17: regular, and singular once τ is a float64.
    found = crosscheck(g_star("4.00000000000000001"))
    assert found.verdict == "undecided"
    assert "cannot tell" in found.reasons[0]


def test_a_singular_stage_at_different_times_disagrees(monkeypatch):
    def elsewhere(game):
        raise SingularStageError(1)

    monkeypatch.setattr(engine, "nash", elsewhere)
    found = crosscheck(g_star("1/2", stages=2))
    assert found.verdict == "disagree"


def test_a_game_beyond_float64_is_undecided():
    huge = Game.from_arrays(
        A=[["1e200"]], B=[[["1e-200"]]], Q=[[[1]]], R=[[[1]]], tau=1, noise_cov=[[1]], horizon=3
    )
    found = crosscheck(huge)
    assert found.verdict == "undecided"
    assert "engine gives no answer" in found.reasons[0]


# --- the record ---------------------------------------------------------------------------------


def test_the_outcome_is_json_and_text():
    found = crosscheck(gallery("scalar-state"), **SMALL)
    read = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert (read["format"], read["verdict"]) == ("ergs-crosscheck/1", "agree")
    # Agent 3 has no cost: K = 0 exactly, on both sides.
    rows = [row for row in read["rows"] if row["quantity"] == "K" and row["agent"] == 3]
    assert [row["digits"] for row in rows] == [None] * 3
    for shown in (str(found), found._repr_html_(), found._repr_markdown_()):
        assert "agree" in shown
        assert "agent 4" in shown
        assert "nan" not in shown
    assert math.isfinite(found.seconds)


def test_many_agents_are_shown_by_the_worst():
    found = crosscheck(gallery("random:N=8,m=1,p=1,T=1"), **SMALL)
    assert "worst agent" in str(found)
    table = str(found).splitlines()[2:]
    assert max(map(len, table)) < 100


def test_text_of_a_name_does_not_become_markup():
    game = attrs.evolve(gallery("lqr"), name="<b>|*")
    found = crosscheck(game, **SMALL)
    assert "<b>|*" not in found._repr_html_()
    assert "<b>|*" not in found._repr_markdown_()


def test_progress_is_told_to_the_end():
    told = []
    crosscheck(gallery("lqr"), progress=lambda *said: told.append(said), **SMALL)
    parts = told[0][2]
    assert [(done, of) for _, done, of in told] == [(k, parts) for k in range(parts)]


def test_random_numbers_follow_the_seed():
    def rows(seed):
        return crosscheck(gallery("plain-lq"), seed=seed, **SMALL).rows

    assert rows(3) == rows(3) != rows(4)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"digits": 10}, "digits"),
        ({"digits": 50.0}, "digits"),
        ({"samples": 10}, "samples"),
        ({"samples": True}, "samples"),
        ({"iterations": ()}, "iterations"),
        ({"iterations": (4, 2)}, "iterations"),
        ({"iterations": (0,)}, "iterations"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_arguments_are_named(given, where):
    with pytest.raises(InputError, match=where) as caught:
        crosscheck(gallery("lqr"), **given)
    assert caught.value.where == where
