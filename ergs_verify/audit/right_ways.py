"""What right solvers lose that are stable only in norm: they are run, in float64.

They solve linear systems by other means, solve the stage by another right formula, write P as
textbooks do, or work in other coordinates of the state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from sympy import Identity, Integer, Inverse, MatAdd

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.accuracy import Allowed, Bar, in_units
from ergs_verify.audit.mistakes.numbers import Numbers, of_sequences
from ergs_verify.audit.mistakes.recompute import recomputed
from ergs_verify.audit.mistakes.record import Recomputed
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import UNIT
from ergs_verify.expressions import agent_sum, instantiate
from ergs_verify.game import Game
from ergs_verify.game.letters import Letter
from ergs_verify.paper.notation import A, B, F, K, P, R, eye, i, j, m, tau
from ergs_verify.paper.setting import Setting
from ergs_verify.paper.theorem_III_1 import PAPER, formulas_of
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages, setting_of

Solve = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Another order of the same operations loses as much, give or take so much: on 560 random games of
#: `benchmarks.audit_quality.games` elimination and least squares typed by hand lost up to 29 times
#: as much as these runs.
_GIVE_OR_TAKE = 300.0


class _Solving(Float64):
    """float64 with a given way to solve linear systems, whatever their condition."""

    def __init__(self, solve: Solve):
        self._solve = solve

    def solve(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        if not (np.isfinite(X).all() and np.isfinite(Y).all()):  # LAPACK complains on stdout
            raise NotCertifiedError("a linear system left the range of float64")
        return self._solve(X, Y)


def _least_squares(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(X, Y, rcond=None)[0]


def _by_inverse(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return np.linalg.inv(X) @ Y


def _rotated(seed: int) -> Solve:
    """Elimination after the equations were rotated: what rounding does depends on the rotation."""
    draw = np.random.default_rng(seed)

    def solve(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        rotation = np.linalg.qr(draw.normal(size=X.shape))[0]
        return np.linalg.solve(rotation @ X, rotation @ Y)

    return solve


def _in_rotated_states(seed: int) -> _Way:
    """The game of the states Ux is solved, and its K, P and s are those of x again."""

    def rotation(size: int) -> np.ndarray:
        return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]

    def there(game: Game, states: int) -> Game:
        game, U = game.homogeneous, rotation(states)
        if game.state_size > states:  # the state that is 1 stays
            U = np.block([[np.eye(1), np.zeros((1, states))], [np.zeros((states, 1)), U]])

        def turned(letter: Letter, X: Any) -> Any:
            for axis, side in enumerate(letter.shapes[0]):
                if side == "m":
                    X = np.moveaxis(np.tensordot(U, X, (1, axis)), 0, axis)
            return X

        return game.mapped(turned)

    def back(numbers: Numbers) -> Numbers:
        U = rotation(numbers["K"][0].shape[-1])
        ways = {"K": lambda X: X @ U, "P": lambda X: U.T @ X @ U, "s": lambda X: U.T @ X}
        return {k: tuple(map(ways[k], X)) if k in ways else X for k, X in numbers.items()}

    return _Way(there=there, back=back)


@cache
def one_system() -> Any:
    """The NE's gain K = −R̃⁻¹B'P(I + ΣBR̃⁻¹B'P)⁻¹A: an m×m system in the place of Φ_t's."""
    answer = Inverse(tau / 2 * eye(i) + R(i)) * B(i).T * P(i)
    pushed = agent_sum(B(j) * answer.xreplace({i: j}), j)
    return -answer * Inverse(Identity(m) + pushed) * A


def _by_one_system(stages: Stages, stage: Evaluator, _played: Sequence[Stage]) -> list[np.ndarray]:
    gain = one_system().xreplace({tau: Integer(0)}) if stages.plain else one_system()
    return [stage(instantiate(gain, stages.game.agents, {i: k})) for k in stages.agents]


@cache
def expanded_cost(setting: Setting = PAPER) -> Any:
    """P with F'PF, or γF'PF, expanded, so that large terms cancel."""
    push: Any = agent_sum(B(j) * K(j), j)
    V = setting.discount * P(i)
    expanded = A.T * V * A + A.T * V * push + push.T * V * A + push.T * V * push
    kept = [term for term in _terms(formulas_of(setting).policy_cost) if not term.has(F)]
    return MatAdd(*kept, expanded)


def _terms(expr: Any) -> list[Any]:
    return [x for part in expr.args for x in _terms(part)] if expr.is_MatAdd else [expr]


def _with_cost(setting: Setting, cost: Any) -> Recomputed:
    return Recomputed(formulas=evolve(formulas_of(setting), policy_cost=cost))


@frozen(kw_only=True)
class _Way:
    """A right way to solve a game: the formulas, the linear solves, the coordinates."""

    how: Recomputed = field(factory=Recomputed)
    solve: Solve = np.linalg.solve
    there: Callable[[Game, int], Game] | None = None
    back: Callable[[Numbers], Numbers] = lambda numbers: numbers

    def run(self, game: Game, letters: Collection[str], told_of: Game) -> Numbers:
        needed, near = frozenset({"K", "Sigma", *letters}), game.near
        if self.there:
            near = self.there(near, told_of.state_size)
        solving = _Solving(self.solve)
        return self.back(recomputed(self.how, near, solving, needed, partial=True, told_of=told_of))


@cache
def _ways(setting: Setting) -> tuple[_Way, ...]:
    of_the_paper = [_Way(how=Recomputed(gains=_by_one_system))] if setting is PAPER else []
    return (
        _Way(solve=_least_squares),
        _Way(solve=_by_inverse),
        *(_Way(solve=_rotated(seed)) for seed in range(3)),
        *of_the_paper,
        _Way(how=_with_cost(setting, formulas_of(setting).riccati)),
        _Way(how=_with_cost(setting, expanded_cost(setting))),
        *map(_in_rotated_states, range(3)),
    )


def lost_by_right_ways(
    game: Game,
    found: Sequences,
    allowed: Allowed,
    letters: Collection[str],
    unit: float = float(UNIT),
    told_of: Game | None = None,
) -> Allowed:
    """The errors that right ways of solving leave in an equilibrium, each entry's by the worst of
    its matrix in its natural units; ∞ where one of them breaks off.

    Parameters
    ----------
    found : Sequences
        The equilibrium in float64.
    allowed : mapping from letter to ``[i][t]`` Bar
        Whose units are taken.
    unit : float
        The relative size of a rounding, to which what float64 loses is in proportion.
    told_of : Game, optional
        The game whose letters are meant, where `game` is one of its state (1, x).
    """
    share = _GIVE_OR_TAKE * unit / float(UNIT)
    right = of_sequences(found, letters)
    with np.errstate(all="ignore"):
        ways = _ways(setting_of(game))
        runs = [way.run(game, letters, told_of or game) for way in ways]
        return {
            letter: [
                [
                    _bar([run[letter][i][t] for run in runs], X, bar, share)
                    for t, (X, bar) in enumerate(zip(agent, bars, strict=True))
                ]
                for i, (agent, bars) in enumerate(zip(right[letter], allowed[letter], strict=True))
            ]
            for letter in letters
        }


def _bar(computed: list[np.ndarray], exact: np.ndarray, bar: Bar, share: float) -> Bar:
    errors = np.max([abs(np.atleast_2d(X - exact)) for X in computed], axis=0)
    lost = np.where(np.isnan(errors), np.inf, errors)
    return Bar(share * in_units(lost, bar.units), bar.units)
