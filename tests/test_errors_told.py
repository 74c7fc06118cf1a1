"""What a docstring says is raised is raised, and nothing else is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from typing import Any

import attrs
import numpy as np
import pytest
import sympy
from reference_page import documented
from sympy import Eq, MatrixSymbol, Symbol, Trace

from ergs_verify import (
    Game,
    Policy,
    audit,
    audit_solver,
    certify_gap,
    check,
    engine,
    errors,
    gallery,
    gap,
    load_game,
    prove,
    recursion,
    solve,
    survey,
    verify_paper,
)
from ergs_verify.arithmetic import Float64, MPMath, Rationals
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.scope import Scope
from ergs_verify.certify import Enclosure
from ergs_verify.certify.approach import approach
from ergs_verify.certify.float_check import check_stack
from ergs_verify.certify.float_gap import gap_bounds
from ergs_verify.errors import (
    ErgsError,
    FileFormatError,
    InputError,
    NoStablePolicyError,
    NotCertifiedError,
    SingularStageError,
    UnboundedCostError,
    UnsupportedError,
)
from ergs_verify.expressions import agent_sum
from ergs_verify.game import load_solution
from ergs_verify.game.gallery import published, random_game
from ergs_verify.proof import derivative, gaussian_expectation
from ergs_verify.pytest_plugin import assert_equilibrium
from ergs_verify.reference import compare, load_reference, make_reference
from ergs_verify.report.schema import schema
from ergs_verify.study.augmentation import augmentation_study
from ergs_verify.study.crosscheck import crosscheck
from ergs_verify.study.determinants import determinant_curve
from ergs_verify.study.loop_rate import inner_loop_study
from ergs_verify.survey.families import family

STAR, LQR = gallery("g-star-2"), gallery("lqr")
SINGULAR = gallery("g-star-4-no-nash")
FLOATS, EQUILIBRIUM = STAR.floats(), engine.nash(STAR.floats())
K, SIGMA = EQUILIBRIUM.K, EQUILIBRIUM.Sigma
HUGE = Game.from_arrays(
    A=[["1e400"]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=1, noise_cov=[[0]], horizon=1
)
ONE = {"A": [[1]], "B": [[[1]]], "Q": [[[1]]], "R": [[[1]]], "tau": 0, "noise_cov": [[1]]}
UNBOUNDED = Game.from_arrays(**{**ONE, "R": [[[-9]]]}, horizon=1, indefinite=True)
UNSTABLE = Game.from_arrays(**{**ONE, "A": [[2]], "B": [[[0]]]}, horizon="infinite")
UNBOUNDED_FOR_EVER = Game.from_arrays(
    **{**ONE, "Q": [[[0]]], "R": [[[-9]]]}, horizon="infinite", indefinite=True
)
GENERAL = gallery("quantecon-duopoly")
#: Next to a singular one: nothing is certified with few bits.
NARROW = STAR.at_tau(f"{4 * 10**3000 + 1}/{10**3000}")
POLICY = Policy.from_arrays(K=[[[[0, 0]]], [[[0, 0]]]])
FLAT = Policy.from_arrays(K=[[[[0, 0]]], [[[0, 0]]]], Sigma=[[[[0]]], [[[0]]]])
#: W = R + τ/2 + P = 0 of agent 1, with τ > 0.
FLAT_COST = Game.from_arrays(
    A=[[1]], B=[[[1]]] * 2, Q=[[[1]]] * 2, R=[[["-3/2"]], [[1]]], tau=1, noise_cov=[[1]],
    horizon=1, indefinite=True,
)  # fmt: skip
n, p = Symbol("n", integer=True, positive=True), Symbol("p", integer=True, positive=True)
A, B, X = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n), MatrixSymbol("X", n, n)
u, mean, S = MatrixSymbol("u", p, 1), MatrixSymbol("mu", p, 1), MatrixSymbol("S", p, p)


class Lost:
    """An executor whose processes end before their work does."""

    def submit(self, *_: object) -> Future:
        found: Future = Future()
        found.set_exception(RuntimeError("lost"))
        return found


def raised_by_plugin(**changes: Any) -> None:
    assert_equilibrium(STAR, {"K": K}, **changes)


def with_less(module: str, call: Callable[[], Any], **caps: int) -> None:
    """With fewer bits, or steps, than it takes."""
    with pytest.MonkeyPatch.context() as changed:
        for name, most in caps.items():
            changed.setattr(import_module(f"ergs_verify.{module}"), name, most)
        call()


PLAIN: dict[str, list[tuple[type[BaseException], Callable[[Any], Any]]]] = {
    "Game.from_arrays": [(InputError, lambda at: Game.from_arrays(**{**ONE, "A": [[1, 2]]}))],
    "Game.save": [(FileFormatError, lambda at: STAR.save(at / "game.txt"))],
    "Game.floats": [(InputError, lambda at: HUGE.floats())],
    "Game.rounded": [(InputError, lambda at: HUGE.rounded())],
    "Game.at_tau": [(InputError, lambda at: STAR.at_tau(-1))],
    "Game.augmented": [(InputError, lambda at: STAR.augmented(0))],
    "Policy.from_arrays": [(InputError, lambda at: Policy.from_arrays(K=[[["x"]]]))],
    "Policy.validate": [(InputError, lambda at: Policy.from_arrays(K=[[[[1]]]]).validate(STAR))],
    "Policy.save": [
        (FileFormatError, lambda at: Policy.from_arrays(K=[[[[1]]]]).save(at / "a.csv")),
        (FileFormatError, lambda at: Policy.from_arrays(K=[[[[1]]]]).save(at / "a.json", b=1)),
    ],
    "load_game": [(FileFormatError, lambda at: load_game(at / "none.json"))],
    "game.load_solution": [(FileFormatError, lambda at: load_solution(at / "none.json"))],
    "gallery": [(InputError, lambda at: gallery("lqx"))],
    "game.gallery.random_game": [
        (InputError, lambda at: random_game(N=2, p=(1, 1, 1))),
        (InputError, lambda at: random_game(tau="x")),
        (InputError, lambda at: random_game(m=10**5)),
    ],
    "game.gallery.published.Published.game": [
        (InputError, lambda at: published()["quantecon-duopoly"].game(0))
    ],
    "solve": [
        (SingularStageError, lambda at: solve(SINGULAR)),
        (UnboundedCostError, lambda at: solve(UNBOUNDED)),
        (NoStablePolicyError, lambda at: solve(UNSTABLE)),
        (InputError, lambda at: solve(STAR, digits=0)),
        (InputError, lambda at: solve(HUGE)),
        (NotCertifiedError, lambda at: with_less("solve", lambda: solve(NARROW), MOST_BITS=1)),
    ],
    "solve.Solution.save": [(FileFormatError, lambda at: solve(STAR).save(at / "a.txt"))],
    "check": [(InputError, lambda at: check({}))],
    "certify_gap": [
        (InputError, lambda at: certify_gap(STAR, {"K": [1]})),
        (InputError, lambda at: certify_gap(STAR, {"K": K}, tolerance=0)),
        (NotCertifiedError, lambda at: certify_gap(LQR, solve(LQR), most_bits=2, first_bits=2)),
    ],
    "certify.CertifiedGap.of_state": [
        (InputError, lambda at: certify_gap(STAR, {"K": K}).of_state(0)),
        (
            InputError,
            lambda at: certify_gap(STAR, {"K": K, "Sigma": [0 * X for X in SIGMA]}).of_state(),
        ),
    ],
    "gap": [
        (InputError, lambda at: gap(STAR, -1)),
        (InputError, lambda at: gap(STAR, tolerance="x")),
    ],
    "certify.augmentation_result.GapOfDelta.curve": [
        (InputError, lambda at: gap(STAR, 1).curve(0)),
        (InputError, lambda at: gap(STAR, 1).curve(1, "gap")),
    ],
    "certify.approach.approach": [
        (InputError, lambda at: approach(STAR)),
        (NoStablePolicyError, lambda at: approach(UNSTABLE)),
        (UnboundedCostError, lambda at: approach(UNBOUNDED_FOR_EVER)),
        (
            NotCertifiedError,
            lambda at: with_less(
                "certify.stationary_nash",
                lambda: approach(gallery("stationary-duopoly")),
                _MOST_STAGES=48,
                _MOST_NEWTON_STEPS=1,
            ),
        ),
    ],
    "certify.Enclosure": [(ValueError, lambda at: Enclosure(1, 0))],
    "certify.float_check.check_stack": [
        (InputError, lambda at: check_stack(GENERAL)),
        (InputError, lambda at: check_stack(attrs.evolve(FLOATS, A=np.ones((3, 1, 2, 3))))),
    ],
    "certify.float_gap.gap_bounds": [(InputError, lambda at: gap_bounds(FLOATS, K[:1], SIGMA))],
    "survey": [
        (InputError, lambda at: survey("random:N=2,seed=0:2", "nothing", output=at / "a")),
        (InputError, lambda at: survey("nosuch", output=at / "b")),
        (ErgsError, lambda at: survey("random:N=2,seed=0:2", output=at / "c", executor=Lost())),
    ],
    "survey.families.family": [(InputError, lambda at: family("nosuch"))],
    "audit": [
        (InputError, lambda at: audit(STAR, {"K": [1]})),
        (InputError, lambda at: audit(STAR, {"K": K}, epsilon=-1)),
        (InputError, lambda at: audit(STAR, {"K": K}, dtype="float16")),
        (InputError, lambda at: audit(STAR, {"K": K}, conventions="no")),
    ],
    "audit_solver": [
        (InputError, lambda at: audit_solver(engine.nash, suite="none")),
        (InputError, lambda at: audit_solver("no.module:here", suite="quick")),
    ],
    "audit.scope.Scope.named": [(InputError, lambda at: Scope.named("agents"))],
    "audit.conventions.Conventions.named": [(InputError, lambda at: Conventions.named("none"))],
    "audit.foreign.Solver": [(InputError, lambda at: Solver(timeout=0))],
    "audit.python_process.PythonSolver": [
        (InputError, lambda at: PythonSolver(name="no colon").ready()),
        (InputError, lambda at: PythonSolver(name="no.module:here")(STAR)),
    ],
    "audit.command.CommandSolver": [
        (InputError, lambda at: CommandSolver(command="julia {game}")),
        (InputError, lambda at: CommandSolver(command="no-such-program {game} {solution}")),
        (InputError, lambda at: CommandSolver(command="sh {game} {solution}", format=".x")),
    ],
    "pytest_plugin.assert_equilibrium": [
        (AssertionError, lambda at: assert_equilibrium(STAR, {"K": [-X for X in K]})),
        (AssertionError, lambda at: assert_equilibrium(STAR, {"K": [1]})),
        (InputError, lambda at: raised_by_plugin(epsilon=-1)),
        (InputError, lambda at: raised_by_plugin(conventions="no")),
        (InputError, lambda at: assert_equilibrium({}, {"K": K})),
    ],
    "reference.make_reference": [
        (InputError, lambda at: make_reference(STAR, digits=0)),
        (NoStablePolicyError, lambda at: make_reference(UNSTABLE)),
        (NotCertifiedError, lambda at: make_reference(NARROW, digits=1)),
    ],
    "reference.load_reference": [(FileFormatError, lambda at: load_reference(at / "none.json"))],
    "reference.compare.compare": [
        (InputError, lambda at: compare(at / "none", at)),
        (InputError, lambda at: compare(at, at, digits=0)),
    ],
    "prove": [
        (InputError, lambda at: prove("A", A)),
        (InputError, lambda at: prove(A, A, symmetric=[2])),
        (InputError, lambda at: prove(A, B, given=[Eq(Trace(A), Trace(B))])),
    ],
    "proof.derivative": [
        (InputError, lambda at: derivative(Trace(A), 2)),
        (UnsupportedError, lambda at: derivative(sympy.sin(Trace(A)), A)),
    ],
    "proof.gaussian_expectation": [
        (UnsupportedError, lambda at: gaussian_expectation(Trace(X * A), {X: (A, B)}))
    ],
    "recursion.nash": [
        (SingularStageError, lambda at: recursion.nash(SINGULAR, Float64())),
        (NotCertifiedError, lambda at: recursion.nash(NARROW, MPMath(digits=15))),
    ],
    "recursion.algorithm_1": [
        (InputError, lambda at: recursion.algorithm_1(STAR, Rationals(), 0)),
        (ErgsError, lambda at: recursion.algorithm_1(UNBOUNDED, Rationals(), 1)),
    ],
    "recursion.evaluate_policy": [
        (InputError, lambda at: recursion.evaluate_policy(LQR, POLICY, Rationals())),
        (NotCertifiedError, lambda at: recursion.evaluate_policy(STAR, FLAT, MPMath(digits=15))),
    ],
    "recursion.best_response": [
        (InputError, lambda at: recursion.best_response(STAR, POLICY, 3, Rationals())),
        (InputError, lambda at: recursion.best_response(LQR, POLICY, 1, Rationals())),
    ],
    "recursion.gaps": [
        (InputError, lambda at: recursion.gaps(LQR, POLICY, Rationals())),
        (NotCertifiedError, lambda at: recursion.gaps(STAR, FLAT, MPMath(digits=15))),
    ],
    "recursion.second_moments": [
        (InputError, lambda at: recursion.second_moments(LQR, POLICY, Rationals()))
    ],
    "recursion.second_order_coefficients": [
        (
            InputError,
            lambda at: recursion.second_order_coefficients(STAR.at_tau(0), MPMath(digits=15)),
        ),
        (
            SingularStageError,
            lambda at: recursion.second_order_coefficients(SINGULAR, MPMath(digits=15)),
        ),
    ],
    "recursion.decide_singular": [
        (SingularStageError, lambda at: recursion.decide_singular(SINGULAR)),
        (UnboundedCostError, lambda at: recursion.decide_singular(FLAT_COST)),
    ],
    "arithmetic.MPMath": [
        (ValueError, lambda at: MPMath()),
        (ValueError, lambda at: MPMath(digits=0)),
    ],
    "expressions.agent_sum": [(InputError, lambda at: agent_sum(A, 2))],
    "verify_paper": [(InputError, lambda at: verify_paper("eq-0"))],
    "study.crosscheck.crosscheck": [
        (InputError, lambda at: crosscheck(STAR, digits=3)),
        (InputError, lambda at: crosscheck(STAR, samples=1)),
    ],
    "study.loop_rate.inner_loop_study": [
        (SingularStageError, lambda at: inner_loop_study(SINGULAR)),
        (InputError, lambda at: inner_loop_study(STAR, iterations=[2, 1])),
        (InputError, lambda at: inner_loop_study(STAR, digits=0)),
    ],
    "study.augmentation.augmentation_study": [
        (InputError, lambda at: augmentation_study(STAR, [-1])),
        (InputError, lambda at: augmentation_study(GENERAL, [1])),
        (NotCertifiedError, lambda at: augmentation_study(NARROW, [1])),
    ],
    "study.augmentation_result.AugmentationStudy.curve": [
        (InputError, lambda at: augmentation_study(STAR, [1]).curve(3))
    ],
    "study.determinants.determinant_curve": [
        (InputError, lambda at: determinant_curve(STAR, ["x"]))
    ],
    "report.schema.schema": [(InputError, lambda at: schema("none"))],
    "engine.nash": [
        (SingularStageError, lambda at: engine.nash(SINGULAR.floats())),
        (UnboundedCostError, lambda at: engine.nash(UNBOUNDED.floats())),
        (ErgsError, lambda at: engine.nash(attrs.evolve(FLOATS, A=FLOATS.A * np.nan))),
        (
            InputError,
            lambda at: engine.nash(
                attrs.evolve(FLOATS, A=np.ones((3, 2, 1, 2, 2)), tau=np.ones(4))
            ),
        ),
    ],
    "engine.algorithm_1": [
        (InputError, lambda at: engine.algorithm_1(attrs.evolve(FLOATS, R=FLOATS.R[:1]), 1)),
        (InputError, lambda at: engine.algorithm_1(FLOATS, -1)),
        (InputError, lambda at: engine.algorithm_1(FLOATS, 1, record_stage=1)),
    ],
    "engine.evaluate_policy": [
        (InputError, lambda at: engine.evaluate_policy(FLOATS, K[:1], SIGMA))
    ],
    "engine.best_response": [
        (InputError, lambda at: engine.best_response(FLOATS, K[:1], SIGMA, 1)),
        (InputError, lambda at: engine.best_response(FLOATS, K, SIGMA, 0)),
        (InputError, lambda at: engine.best_response(FLOATS, K, SIGMA, 3)),
    ],
    "engine.gap": [(InputError, lambda at: engine.gap(FLOATS, K[:1], SIGMA))],
    "engine.stage_gaps": [(InputError, lambda at: engine.stage_gaps(FLOATS, K[:1], SIGMA))],
    "engine.policy_distance": [
        (InputError, lambda at: engine.policy_distance(EQUILIBRIUM, engine.nash(LQR.floats())))
    ],
    "engine.stage_distances": [
        (InputError, lambda at: engine.stage_distances(EQUILIBRIUM, engine.nash(LQR.floats())))
    ],
    "engine.state_moments": [(InputError, lambda at: engine.state_moments(FLOATS, K[:1], SIGMA))],
    "engine.stack_games": [
        (InputError, lambda at: engine.stack_games([])),
        (InputError, lambda at: engine.stack_games([FLOATS, LQR.floats()])),
    ],
    "engine.stream": [
        (InputError, lambda at: list(engine.stream(engine.nash, [FLOATS], chunk=0))),
        (InputError, lambda at: list(engine.stream(engine.nash, FLOATS))),
    ],
}


def told(one: Any) -> set[type[BaseException]]:
    """The classes under "Raises"."""
    text = (inspect.getdoc(one) or "").partition("\nRaises\n------\n")[2].split("\n\n")[0]
    names = re.findall(r"^(\w[\w, ]*)$", text, re.MULTILINE)
    known = {**vars(__import__("builtins")), **vars(errors)}
    return {known[name] for line in names for name in line.split(", ")}


def test_all_that_say_they_raise_are_made_to():
    saying = {name for name, one in documented().items() if told(one)}
    assert {f"ergs_verify.{name}" for name in PLAIN} == saying


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_said_to_be_raised_is(name, tmp_path):
    made = set()
    for kind, call in PLAIN[name]:
        with pytest.raises(kind) as caught:
            call(tmp_path)
        assert type(caught.value) is kind or (kind is ErgsError), caught.value
        made.add(kind)
    assert made == told(documented()[f"ergs_verify.{name}"])
