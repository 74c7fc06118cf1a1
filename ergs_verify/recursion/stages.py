"""A game's stages in an arithmetic, ready for the formulas to be evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import sympy

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.errors import NotCertifiedError, UnsupportedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import fractions
from ergs_verify.expressions import control_size
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.general import GeneralLetters, without_entropy
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.written_out import WrittenOut, written_out

if TYPE_CHECKING:
    from ergs_verify.paper.setting import Setting

N = TypeVar("N", bound=Arithmetic)

#: Called with the number of stages done and of all stages.
Progress = Callable[[int, int], None]


class WithFormulas(Protocol):
    """Formulas written out for some agents, and the arithmetic they are for."""

    @property
    def arithmetic(self) -> Any: ...
    @property
    def formula(self) -> WrittenOut: ...
    @property
    def agents(self) -> range: ...
    @property
    def control_sizes(self) -> tuple[int, ...]: ...


class Stages(Generic[N]):
    """The game's numbers, entered into an arithmetic once, and its formulas written out.

    A game with affine terms is taken with its state that is always 1 (`Game.homogeneous`).

    Parameters
    ----------
    game : Game
    arithmetic : Arithmetic
    formulas : Formulas, optional
        The derived ones by default.
    deterministic : bool
        The plain game with R + (τ/2)I for R, in which deterministic policies are judged. (With a
        prior N(Mx, Λ), (τ/2)(u − Mx)'Λ⁻¹(u − Mx) is added to the cost.)
    symmetric : bool
        Every letter that is symmetric in the paper has an exactly symmetric value here, or balls
        that hold one: of a product and its transpose only one is evaluated.
    covariances, constants : bool
        Whether Σ and q are wanted; q needs Σ, and there is none where its logarithm leaves the
        arithmetic.
    """

    def __init__(
        self,
        game: Game,
        arithmetic: N,
        formulas: Formulas | None = None,
        *,
        deterministic: bool = False,
        symmetric: bool = False,
        covariances: bool = True,
        constants: bool = True,
    ):
        #: Whether the state here is (1, x), x the game's own.
        self.affine = game.affine
        game = game.homogeneous
        if deterministic and game.general:
            game = without_entropy(game)
        self.game = game
        self.arithmetic = arithmetic
        self.agents = range(1, game.agents + 1)
        self.control_sizes = game.control_sizes
        self.plain = frozenset(
            k for k in self.agents if deterministic or not any(game.tau_of[k - 1])
        )
        self.formula = self.written(formulas or formulas_for(game))
        sizes = {notation.m: game.state_size} | {
            control_size(sympy.Integer(k)): p
            for k, p in zip(self.agents, game.control_sizes, strict=True)
        }
        if game.general:
            sizes[notation.n] = sum(game.control_sizes)
            self._general = GeneralLetters(game)
        self._tau = None if self.plain or game.general else arithmetic.scalar(game.tau)
        self._deterministic = deterministic
        self.nothing_known = Evaluator(
            {},
            arithmetic,
            self.formula.definitions,
            sizes,
            self.formula.symmetric if symmetric else (),
        )
        self._entered: dict[Any, tuple] = {}
        self._has_covariances = covariances
        self.has_constants = (
            covariances and constants and (not self._uses_log() or _has_log(arithmetic))
        )

    def _uses_log(self) -> bool:
        agent = next((k for k in self.agents if k not in self.plain), 1)
        return any(self.formula(name, agent).has(sympy.log) for name in _CONSTANTS)

    @property
    def relative(self) -> bool:
        """Whether costs are averages and the first state is always 1.

        The costs of a state (1, x) are relative then: they have 0 in their corner, and what the
        corner of a stage's cost holds besides is the average.
        """
        return self.game.first_is_one and self.game.discount[0] == 1

    def plain_at(self, agent: int, t: int) -> bool:
        """Whether an agent has no entropy at stage t."""
        return agent in self.plain or not self.game.tau_of[agent - 1][t]

    def written(self, formulas: Any) -> WrittenOut:
        """A record of formulas written out for this game."""
        return written_out(formulas, agents=self.game.agents, plain=self.plain)

    def with_tau(self, tau: Scalar) -> Stages[N]:
        """The stages of the game with another τ > 0, if its own is; the numbers stay entered."""
        other = copy(self)
        other._tau = tau
        return other

    def terminal(self) -> Stage:
        """P_T = Q_T and q_T = 0; no policy."""
        zero = self.arithmetic.scalar(Fraction(0))
        end = self.game.horizon
        return Stage(
            K=(),
            Sigma=(),
            P=tuple(self.enter(Q[end]) for Q in self.game.Q),
            q=tuple(zero for _ in self.agents) if self.has_constants else None,
        )

    def at(self, t: int, ahead: Stage) -> Evaluator:
        """An evaluator that knows stage t's letters and P_{t+1}, q_{t+1}, but no policy."""
        values = self.costs(ahead.P)
        if ahead.q is not None:
            values |= {notation.q(k): ahead.q[k - 1] for k in self.agents}
        return self.bare(t).with_values(values)

    def bare(self, t: int) -> Evaluator:
        """An evaluator that knows only what the game itself says of stage t."""
        return self.knowing(t, self.letters(t))

    def knowing(self, t: int, values: Mapping[Any, Any]) -> Evaluator:
        """An evaluator of such values, those of stage t's letters among them."""
        known = self.nothing_known.with_values(values)
        off = [notation.tau_of(k) for k in self.agents if self.plain_at(k, t)]
        return known.without(off) if len(off) > len(self.plain) else known

    def costs(self, P: Sequence[Matrix]) -> dict[Any, Matrix]:
        """Every agent's P_{t+1} by its letter."""
        return {notation.P(k): X for k, X in zip(self.agents, P, strict=True)}

    def letters(self, t: int) -> dict[Any, Any]:
        """What the game itself says of stage t."""
        game = self.game
        values: dict[Any, Any] = {
            notation.A: self.enter(game.A[t]),
            notation.noise: self.enter(game.noise[t]),
        }
        for k in self.agents:
            values[notation.B(k)] = self.enter(game.B[k - 1][t])
        if game.general:
            return values | self._general.at(t, self.enter, self.arithmetic.scalar, self.plain)
        if self._tau is not None:
            values[notation.tau] = self._tau
        weight = game.tau / 2 if self._deterministic else Fraction(0)
        for k in self.agents:
            values[notation.Q(k)] = self.enter(game.Q[k - 1][t])
            values[notation.R(k)] = self.enter(game.R[k - 1][t], diagonal=weight)
        return values

    def enter(self, array: np.ndarray, diagonal: Fraction = Fraction(0)) -> Matrix:
        """A matrix of the game, entered once however many stages share it."""
        key = (id(array), diagonal) if diagonal else id(array)
        if key not in self._entered:
            # Adding to a float would round, so it becomes a rational first.
            entries = fractions(array) if diagonal else array.tolist()
            for k in range(len(entries) if diagonal else 0):
                entries[k][k] += diagonal
            rows, cols = array.shape
            # The array is kept too, so that its id stays its own.
            self._entered[key] = array, self.arithmetic.matrix(entries, (rows, cols))
        return self._entered[key][1]

    def covariances(self, stage: Evaluator) -> tuple[Matrix, ...]:
        """Every agent's best Σ; none where it is not wanted.

        Raises
        ------
        NotCertifiedError
            Where some W is singular, as it may be in a general game.
        """

        def covariance(k: int) -> Matrix:
            try:
                return stage(self.formula("covariance", k))
            except ZeroDivisionError as error:
                raise NotCertifiedError(f"W of agent {k} is singular") from error

        return tuple(map(covariance, self.agents)) if self._has_covariances else ()

    def evaluated(
        self, stage: Evaluator, K: Sequence[Matrix], Sigma: Sequence[Matrix], t: int
    ) -> Stage:
        """The stage with its policy and the costs P_t and q_t of it."""
        known = stage.with_values(
            {notation.K(k): K[k - 1] for k in self.agents}
            | {notation.S(k): Sigma[k - 1] for k in self.agents}
        )
        return Stage(
            K=tuple(K),
            Sigma=tuple(Sigma),
            P=tuple(known(self.formula("policy_cost", k)) for k in self.agents),
            q=tuple(self.constant(known, "policy_constant", k, t) for k in self.agents)
            if self.has_constants
            else None,
        )

    def weighed(self, amount: Scalar, agent: int, t: int) -> Scalar:
        """What an amount at stage t weighs in an agent's cost: γ^t times it."""
        rate = self.game.discount[agent - 1]
        return amount if rate == 1 else self.arithmetic.scalar(rate**t) * amount

    def constant(self, stage: Evaluator, name: str, agent: int, t: int) -> Scalar:
        """q_t of an agent by the formula `name`."""
        try:
            return stage(self.formula(name, agent))
        except NotCertifiedError as error:
            raise NotCertifiedError(
                f"q of agent {agent} at t = {t}: {error}; with τ > 0 it needs a positive definite "
                "covariance Σ"
            ) from error


def setting_of(game: Game) -> Setting:
    """The class of games that a game's formulas are derived for."""
    if game.general:
        from ergs_verify.paper.general import GENERAL

        return GENERAL
    from ergs_verify.paper.theorem_III_1 import PAPER

    return PAPER


def formulas_for(game: Game) -> Formulas:
    """The derived formulas of a game's class."""
    from ergs_verify.paper.theorem_III_1 import formulas_of

    return formulas_of(setting_of(game))


_CONSTANTS = ("constant", "policy_constant")


def _has_log(arithmetic: Arithmetic) -> bool:
    try:
        arithmetic.log(arithmetic.scalar(Fraction(1)))
    except UnsupportedError:
        return False
    return True
