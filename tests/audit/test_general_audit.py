"""Audits of general games: right answers pass, wrong ones fail and are explained."""

from __future__ import annotations

import numpy as np
import pytest
from general_reference import random_game
from general_solver import FAULTS, solver

from ergs_verify import audit, audit_solver, certify_gap, load_game, solve
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.general_games import GIVEN, general_game
from ergs_verify.audit.suite import suite, suite_game
from ergs_verify.engine import nash
from ergs_verify.errors import InputError
from ergs_verify.game import Game, Policy
from ergs_verify.pytest_plugin import assert_equilibrium

LETTERS = ("K", "k", "Sigma", "P", "s", "q")


def stated(solution, *letters):
    return {k: X for k in letters if (X := getattr(solution, k)) is not None}


def nudged(agents, letter):
    """The first agent's first number moved by 10⁻⁹ of the largest."""
    moved = [[np.array(X) for X in own] for own in agents]
    first = moved[0][0] if letter != "q" else np.array(agents[0])
    first.flat[0] += 1e-9 * max(1.0, abs(first).max())
    if letter == "q":
        return [first, *agents[1:]]
    moved[0][0] = first
    return moved


@pytest.mark.parametrize("seed", range(10))
def test_random_games(seed):
    game = Game.from_arrays(**random_game(seed))
    found = solve(game)
    right = stated(found, *LETTERS)
    assert audit(game, right).verdict == "pass"
    assert audit(game, stated(found, "K", "k")).verdict == "pass"  # judged as deterministic
    for letter, X in right.items():
        wrong = audit(game, right | {letter: nudged(X, letter)}, explain=False)
        assert wrong.verdict == "fail"
        assert [k for k, one in wrong.quantities.items() if one.wrong] == [letter]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_mistake_is_found(fault):
    data = general_game(GIVEN, p=(1, 2, 1), m=2, T=4, seed=11)
    if fault in ("K negated", "A transposed", "Q halved"):
        data = general_game(["S", "affine", "discount", "prior"], p=(2, 1), m=2, T=4, seed=12)
    game = Game.from_arrays(**data)
    outcome = FunctionSolver(function=solver(fault))(game)
    assert outcome.policy is not None, outcome.trouble
    found = audit(game, outcome.policy)
    if FAULTS[fault] is None:
        assert found.verdict == "pass"
        return
    assert found.verdict == "fail"
    assert FAULTS[fault] in [match.id for match in found.diagnosis or ()]


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("S left out", "here everywhere"),
        ("S left out of the gains", "here in the gains alone"),
        ("S halved", "here ½"),
        ("terminal cost not discounted", "here with the weight γ^(T−1)"),
        ("no drift", "here drift"),
        ("no k", "here k"),
        ("prior's gain negated", "here Mx alone"),
        ("τ of the next agent", "here the next agent's"),
        ("others' R left out of Φ", "here in Φ alone"),
    ],
)
def test_how_a_mistake_was_made_is_told(fault, detail):
    game = Game.from_arrays(**general_game(GIVEN, p=(1, 2, 1), m=2, T=4, seed=11))
    outcome = FunctionSolver(function=solver(fault))(game)
    assert outcome.policy is not None, outcome.trouble
    [best, *_] = audit(game, outcome.policy).diagnosis or ()
    assert (best.id, best.message.endswith(f"({detail})")) == (FAULTS[fault], True)


def test_a_solver_on_the_suite():
    found = audit_solver(solver_that_minds, suite="general")
    assert [one.name for one in found.games if one.verdict != "pass"] == []
    assert len(found.games) == len(suite("general")) >= 9


def solver_that_minds(game):
    found = solver()(game)
    for i, B in enumerate(game.B):
        start = sum(X.shape[-1] for X in game.B[:i])
        own = slice(start, start + B.shape[-1])
        for t in range(game.horizon):
            L = np.linalg.inv(game.prior_cov[i][t])
            W = game.joint_R[i][t][own, own] + game.tau_of[i][t] / 2 * L
            W = W + game.discount[i] * B[t].T @ found["P"][i][t + 1] @ B[t]
            if not (np.linalg.eigvalsh(W) > 0).all():
                raise ValueError("a cost has no lower bound")
    return found


def test_a_wrong_solver_is_told_what_it_does():
    found = audit_solver(solver("S halved"), suite="general")
    assert found.verdict == "fail"
    assert found.suspects.mistakes[0].id == "cross-term-factor-2"
    failing = {one.name for one in found.games if one.verdict == "fail"}
    assert failing >= {"cross-terms", "regulator-beyond", "everything"}
    assert "affine" not in failing


def test_an_unbounded_cost_is_an_answer():
    game = suite_game("unbounded").game
    found = audit(game, {"K": [[[[0.0]]] * 3] * 2, "Sigma": [[[[0.5]]] * 3] * 2})
    assert found.equilibrium.kind == "none"
    assert "no lower bound" in found.equilibrium.message
    assert (found.verdict, found.judged_by) == ("fail", "gap")


def test_constants_where_there_are_none_are_refused():
    game = suite_game("cross-terms").game
    found = solve(game)
    k = [[np.ones(X.shape[0]) for X in own] for own in found.K]
    policy = Policy.from_arrays(K=found.K, Sigma=found.Sigma, k=k)
    with pytest.raises(InputError, match="k is not 0"):
        certify_gap(game, policy)


def test_the_pytest_plugin():
    game = suite_game("everything").game
    found = solve(game)
    assert_equilibrium(game, stated(found, *LETTERS))
    with pytest.raises(AssertionError, match="affine-term-dropped"):
        assert_equilibrium(game, stated(found, "K", "Sigma", "P", "s", "q"))


@pytest.mark.parametrize("ending", ["json", "npz", "mat"])
@pytest.mark.parametrize("name", [one.name for one in suite("general")] + ["plain", "square"])
def test_a_program_is_given_the_game(name, ending, tmp_path):
    game, kept = suite_game(name).game, tmp_path / f"kept.{ending}"
    copy = f"python3 -c 'import shutil, sys; shutil.copy(sys.argv[1], \"{kept}\")' {{game}} "
    CommandSolver(command=copy + "{solution}", format=f".{ending}")(game)
    read = load_game(kept)
    assert (read.hash, read.indefinite) == (game.hash, game.indefinite)


@pytest.mark.parametrize("conventions", [["negative-gain"], ["half-costs"], ["half-values"]])
def test_conventions(conventions):
    game = suite_game("everything").game
    sign = -1 if "negative-gain" in conventions else 1
    factor = {"half-costs": 0.5, "half-values": 2.0}.get(conventions[0], 1.0)
    found = stated(solve(game), *LETTERS)
    scale = {"K": sign, "k": sign, "P": factor, "s": factor, "Sigma": 1.0}
    scale["q"] = 0.5 if conventions == ["half-costs"] else 1.0
    given = {k: [[x * scale[k] for x in own] for own in X] for k, X in found.items()}
    assert audit(game, given, conventions=conventions).verdict == "pass"


def test_a_plain_solver_is_handed_τ_in_the_costs():
    def plain(handed):
        assert not np.any(handed.tau_of[1])
        found = nash(handed)
        return {letter: getattr(found, letter) for letter in ("K", "k", "P", "s", "q")}

    data = general_game(GIVEN, p=(1, 2, 1), m=2, T=4, seed=11)
    priors = [{k: X for k, X in prior.items() if k != "mean"} for prior in data["prior"]]
    game = Game.from_arrays(**{**data, "prior": priors})
    assert "gain" in priors[1]
    given = FunctionSolver(function=plain, conventions=Conventions(tau_in_R=True))(game)
    assert audit(game, given.policy).verdict == "pass"
    with pytest.raises(InputError, match="does not apply to a game in which a prior has a mean"):
        Conventions(tau_in_R=True).handed(Game.from_arrays(**data))


def test_a_τ_that_is_0_at_some_stages_only():
    data = general_game(GIVEN, p=(1, 2), m=2, T=3, seed=11)
    game = Game.from_arrays(**{**data, "tau": [[0, 1, "1/2"], [1, 0, 2]]})
    right = stated(solve(game), *LETTERS)
    assert audit(game, right).verdict == "pass"
    assert audit(game, stated(solve(game), "K", "k")).verdict == "pass"
    outcome = FunctionSolver(function=solver())(game)
    assert audit(game, outcome.policy).verdict == "pass"
    for t, infinite in ((0, False), (1, True)):
        Sigma = [[np.array(X) for X in own] for own in right["Sigma"]]
        Sigma[0][t] = np.zeros((1, 1))
        found = audit(game, right | {"Sigma": Sigma})
        assert (found.verdict == "fail") is infinite
        assert (found.gap.agents[0].gap.hi == float("inf")) is infinite
    found = audit(game, FunctionSolver(function=solver("τ of the next agent"))(game).policy)
    assert found.verdict == "fail"
    assert "tau-of-another-agent" in [match.id for match in found.diagnosis or ()]
