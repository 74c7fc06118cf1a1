"""Where a solution first goes wrong, going backwards in time as the recursion does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.arithmetic.base import Matrix
from ergs_verify.audit.accuracy import Allowed
from ergs_verify.audit.mistakes.gains import equilibrium_gains
from ergs_verify.audit.mistakes.numbers import Numbers, of_policy
from ergs_verify.audit.precision import first_bits
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.recursion.affine import part
from ergs_verify.recursion.given import given_covariances, in_state_of
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

#: Relative errors above which a stage is off: the first overlooks what float64 loses in all but
#: ill-conditioned games, the last little but a rounding.
_OFF = (1e-6, 1e-9, 1e-12)

#: A matrix counts as at least so large, relative to the largest at later times: where costs vanish
#: it may be nothing but rounding.
_FLOOR = 1e-6


@frozen(kw_only=True)
class FirstError:
    """The first number of a solution, going backwards in time, that does not follow from the later.

    Attributes
    ----------
    t : int
        Its time, counted from 0.
    agent : int
        Counted from 1.
    quantity : str
        ``K``, ``k``, ``Sigma``, ``P``, ``s`` or ``q``.
    error : float
        Its largest difference from what it should be, relative to the largest entry of that (or
        to 10⁻⁶ of the largest at later times, for q all of it, if that is more), in natural units
        if they are known.
    """

    t: int
    agent: int
    quantity: str
    error: float

    @property
    def message(self) -> str:
        """Where it is and what is wrong there, in a sentence."""
        should = {
            "K": "not the equilibrium of its stage, given the stated policies after it",
            "k": "not the equilibrium of its stage, given the stated policies after it",
            "Sigma": "not the best covariance at its stage, given the stated policies after it",
            "P": "not the cost of the stated policy",
            "s": "not the cost of the stated policy",
            "q": "not the cost of the stated policy",
        }[self.quantity]
        agree = "no digit agrees"
        if self.error < 1:
            agree = f"{-math.log10(self.error):.1f} digits agree"
        elif self.error == math.inf and self.quantity == "Sigma":
            agree = "it is singular or indefinite"
        return (
            f"going backwards in time, {self.quantity} of agent {self.agent} at t = {self.t} is "
            f"the first that is wrong ({agree}): {should}"
        )


def first_error(
    game: Game,
    policy: Policy,
    *,
    allowed: Allowed | None = None,
    matter: Sequence[Any] | None = None,
    tolerances: Sequence[float] = _OFF,
) -> FirstError | None:
    """Where the first error enters, going backwards in time.

    At each stage the stated K and Σ are compared with the stage's equilibrium, given the cost of
    the stated policies after it; then P and q with the cost of the stated policy. So an error
    that only follows from a later one is not found, and every stage is judged by itself.

    Parameters
    ----------
    game : Game
    policy : Policy
        Without Σ it is deterministic and judged in the plain game with R + (τ/2)I for R.
    allowed : mapping from letter to ``[i][t]`` Bar, optional
        An entry within its bar is not off, and entries are measured in the bars' units.
    matter : sequence of number, optional
        How much each agent's errors matter, such as its gap: of those that are off at the same
        place the first in this order is named, by default the one that is furthest off.
    tolerances : sequence of float
        Errors up to the first are none, relative to the largest entry of each matrix. Where that
        leaves none, the next one counts, and so on.

    Returns
    -------
    FirstError or None
        At the latest t, in the order K, Σ, P, q. None where there is no error.

    Raises
    ------
    InputError
        Where the policy does not fit the game, or an entry is beyond float64.

    Notes
    -----
    Where Φ_t is not proved regular, K is compared with the best response to the others' stated
    gains at the stage. Computed in balls, of which the midpoints are compared.

    Examples
    --------
    >>> from ergs_verify import Policy, gallery, solve
    >>> from ergs_verify.audit.first_error import first_error
    >>> game = gallery("random:N=2,m=2,T=4,seed=1")
    >>> right = solve(game)
    >>> K = [list(agent) for agent in right.K]
    >>> K[1][2] = 2 * K[1][2]
    >>> found = first_error(game, Policy.from_arrays(K=K, Sigma=right.Sigma))
    >>> found.t, found.agent, found.quantity, round(found.error, 3)
    (2, 2, 'K', 1.0)
    """
    policy.validate(game)
    errors = []
    for t, quantity, off in _errors(game, policy, allowed):
        agent = _named(off, tolerances[0], matter)
        error = FirstError(t=t, agent=agent + 1, quantity=quantity, error=float(off[agent]))
        if error.error > tolerances[0]:
            return error
        errors.append(error)
    above = (next((e for e in errors if e.error > tolerance), None) for tolerance in tolerances)
    return next((error for error in above if error), None)


def _named(off: np.ndarray, tolerance: float, matter: Sequence[Any] | None) -> int:
    worst = int(np.argmax(off))
    if matter is None or not off[worst] > tolerance:
        return worst
    return max(np.flatnonzero(off > tolerance).tolist(), key=lambda k: (matter[k], off[k]))


def near(X: Any) -> Any:
    """The midpoints of a matrix or number in balls, rounded to float64."""
    if isinstance(X, Ball):
        return float(X.value)
    return [[float(x) for x in row] for row in X.tolist()]


#: A time, a letter, and every agent's error there.
_Errors = tuple[int, str, np.ndarray]


def _errors(game: Game, policy: Policy, allowed: Allowed | None) -> Iterator[_Errors]:
    """The errors at t = T, T−1, …, 0, each in the order K, k, Σ, P, s, q."""
    stated = of_policy(policy, game)
    measured = _Measured(stated, allowed)
    stages = Stages(
        game,
        Balls(first_bits(game)),
        deterministic=policy.Sigma is None,
        constants="q" in stated,
    )

    def compared(t: int, **should: Sequence[Any]) -> Iterator[_Errors]:
        for letter in should.keys() & stated.keys():
            yield t, letter, measured(letter, t, [np.array(near(X)) for X in should[letter]])

    def parts(letters: str, matrices: Sequence[Matrix]) -> dict[str, Sequence[Matrix]]:
        """What is known in the state (1, x), letter by letter."""
        if not game.affine:
            return {letters[0]: matrices}
        return {k: [part(k, X, stages.arithmetic) for X in matrices] for k in letters}

    def costs(t: int, stage: Stage) -> Iterator[_Errors]:
        known = parts("Psc", stage.P)
        constants = known.pop("c", None)
        for letter, matrices in known.items():
            yield from compared(t, **{letter: matrices})
        q = stage.q or ()
        if constants and q:
            q = [x + stages.arithmetic.trace(c) for x, c in zip(q, constants, strict=True)]
        yield from compared(t, q=q)

    policy = in_state_of(game, policy)
    ahead = stages.terminal()
    yield from costs(game.horizon, ahead)
    for t in reversed(range(game.horizon)):
        stage = stages.at(t, ahead)
        K = [stages.enter(gains[t]) for gains in policy.K]
        for letter, gains in parts("Kk", _gains(stages, stage, K)).items():
            yield from compared(t, **{letter: gains})
        yield from compared(t, Sigma=stages.covariances(stage))
        Sigma = given_covariances(stages, policy, t)
        if policy.Sigma is not None and any(game.entropic):
            infinite = [_infinite_cost(stages.arithmetic, X) for X in Sigma]
            yield t, "Sigma", np.where([own[t] > 0 for own in game.tau_of], infinite, 0.0)
        ahead = stages.evaluated(stage, K, Sigma, t)
        yield from costs(t, ahead)


class _Measured:
    """Every agent's error of a letter at a time: relative, in natural units, beyond its bar.

    Asked from the last time on back. Sizes are those of what should be, at this time and later: of
    what is stated the numbers before may have grown without bound.
    """

    def __init__(self, stated: Numbers, allowed: Allowed | None):
        self._stated = stated
        self._allowed = allowed
        self._largest: dict[tuple[str, int], float] = {}

    def __call__(self, letter: str, t: int, should: Sequence[np.ndarray]) -> np.ndarray:
        return np.array([self._error(letter, i, t, X) for i, X in enumerate(should)])

    def _error(self, letter: str, i: int, t: int, should: np.ndarray) -> float:
        bar, units = np.zeros(should.shape), np.ones(should.shape)
        if self._allowed is not None:
            allowed = self._allowed[letter][i][t]
            bar, units = (X.reshape(should.shape) for X in (allowed.errors, allowed.units))
            units = np.where(units > 0, units, units.max() or 1.0)
        with np.errstate(over="ignore"):  # an infinity says it: no digit agrees
            gap = abs(self._stated[letter][i][t] - should)
            error = float(np.max(np.where(gap > bar, gap, 0.0) / units))
            size = float(np.max(abs(should) / units))
        largest = max(size, self._largest.get((letter, i), 0.0))
        self._largest[letter, i] = largest
        if error in (0, math.inf):
            return error
        share = 1.0 if letter == "q" else _FLOOR
        least = share * (largest or float(abs(self._stated[letter][i]).max()))
        return error / max(size, least) if max(size, least) else math.inf


def _gains(stages: Stages, stage: Evaluator, stated: Sequence[Matrix]) -> Sequence[Matrix]:
    """The gains of the stage's equilibrium; where Φ_t is singular the answers to the stated."""
    try:
        return equilibrium_gains(stages, stage)
    except NotCertifiedError:
        known = stage.with_values({notation.K(k): stated[k - 1] for k in stages.agents})
        return [known(stages.formula("gain", k)) for k in stages.agents]


def _infinite_cost(arithmetic: Balls, Sigma: Matrix) -> float:
    """∞ for a singular or indefinite Σ, whose relative entropy is infinite, otherwise 0."""
    try:
        arithmetic.log_determinant(Sigma)
    except NotCertifiedError:
        return math.inf
    return 0.0
