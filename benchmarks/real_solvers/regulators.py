"""Published regulators, stationary, in the environment apart."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.real_solvers.environment import apart
from benchmarks.real_solvers.solvers import Answer, Solver
from ergs_verify.game import FloatGame


def _answered(name: str) -> Callable[[FloatGame], Answer]:
    def solve(game: FloatGame) -> Answer:
        found = apart(name)(game)
        return Answer(K=[found["K"]], P=[found["P"]])

    return solve


REGULATORS = tuple(
    Solver(name=name, package=package, agents=range(1, 2), function=_answered(adapter))
    for name, package, adapter in (
        ("dlqr", "control", "control_dlqr"),
        ("sb02od", "slycot", "slycot_sb02od"),
        ("DiscreteTimeLinearQuadraticRegulator", "drake", "drake_lqr"),
        ("solve_inf_horizon_dare", "gym-lqr", "gym_lqr"),
        ("dare", "contrax", "contrax_dare"),
    )
)
