"""ε(δ) and its bound in float64, by the equilibrium at τ + δ less the best responses at τ.

In these differences nothing cancels, however small δ is. So float64 does, where the equilibrium
itself comes from balls.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from ergs_verify.arithmetic.above import Above
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.float_moments import between, outward, second_moments
from ergs_verify.certify.float_norms import frobenius, in_float64
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import control_size
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.paper.gap import X, Z, delta, difference_formulas, off_best
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.stack import StageStack
from ergs_verify.recursion.stages import formulas_for, setting_of
from ergs_verify.recursion.written_out import written_out

_numbers = CentredStacks()
#: Coefficients of the series of e − log(1 + e), from e² on, and up to which size it is taken.
_SHARES, _SMALL = [_numbers.scalar(Fraction((-1) ** k, k)) for k in range(2, 17)], 0.25
_HALF = Centred(np.array(0.5))
_OWN = (notation.B, notation.prior_gain, notation.precision, notation.tau_of, notation.discount_of)


def gaps_and_bounds(game: Game, step: Fraction, equilibrium: Sequences) -> list[Enclosure]:
    """ε_1, bound_1, ε_2, bound_2, … at δ = `step`, of a game with τ > 0.

    Parameters
    ----------
    game : Game
        At τ.
    step : Fraction
    equilibrium : Sequences
        Of the game at τ + δ, in balls.

    Raises
    ------
    NotCertifiedError
        If float64 gives no bounds.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify import gallery
    >>> from ergs_verify.certify.float_augmentation import gaps_and_bounds
    >>> from ergs_verify.certify.nash import certified_nash
    >>> game, step = gallery("g-star-2"), Fraction(1, 10**15)
    >>> nash = certified_nash(game.augmented(step))
    >>> print(gaps_and_bounds(game, step, nash.found)[0])
    8.05556e-31
    """
    with np.errstate(all="ignore"):
        played = [
            (in_float64(K), in_float64(Sigma))
            for K, Sigma in zip(equilibrium.K, equilibrium.Sigma, strict=True)
        ]
        stack = StageStack.of_game(game)
        several = []
        for p in sorted(set(stack.control_sizes)):
            alike = [k for k in stack.agents if stack.control_sizes[k - 1] == p]
            several.append(_Answers(game, stack, played, alike, step))
        moments = _moments(game, played, several)
        values = {k: pair for found in several for k, pair in found.gaps_and_bounds(moments)}
    return [x for k in stack.agents for x in values[k]]


class _Answers:
    """Best responses at τ of agents with as many controls, side by side: (agents, T, …).

    Attributes
    ----------
    agents : sequence of int
    K, Sigma : Centred
        Of the best responses.
    """

    def __init__(
        self,
        game: Game,
        stack: StageStack,
        played: Sequence[tuple[Centred, Centred]],
        agents: Sequence[int],
        step: Fraction,
    ):
        def side_by_side(parts: Sequence[Centred]) -> Centred:
            shape = (stack.horizon, *parts[0].middle.shape[-2:][parts[0].middle.ndim < 2 :])
            return _stacked([X.map(lambda x: np.broadcast_to(x, shape)) for X in parts])

        self.agents, self._rates = agents, [game.discount[k - 1] for k in agents]
        own = [letter for letter in _OWN if letter(1) in stack.letters]
        letters: dict[Any, Centred] = {
            letter(1): side_by_side([stack.letters[letter(k)] for k in agents]) for letter in own
        }
        tau = notation.tau_of(1) if game.general else notation.tau
        if not game.general:
            letters[tau] = side_by_side([stack.letters[tau]] * len(agents))
        K, Sigma = (side_by_side([played[k - 1][part] for k in agents]) for part in (0, 1))
        letters |= {notation.K(1): K, notation.S(1): Sigma}
        gains = {notation.K(k): own for k, (own, _) in enumerate(played, 1)}
        loop = stack.known.with_values(gains)(notation.F)
        p, self._step = Sigma.middle.shape[-1], _numbers.scalar(step)
        formulas = difference_formulas(setting_of(game))
        self._formula = written_out(formulas, agents=1, plain=frozenset())
        sizes = {notation.m: stack.states, control_size(sympy.Integer(1)): p}
        self._blank = Evaluator(
            {delta: self._step}, _numbers, self._formula.definitions, sizes, self._formula.symmetric
        )
        self._taus = letters[tau], letters[tau] + self._step
        # Σ is (τ + δ)/2 times the inverse of W at τ + δ.
        precision = _numbers.solve(Sigma, _numbers.identity(p))
        self._weight = _numbers.scale(_HALF * self._taus[1], precision)

        ends = np.zeros((len(agents), 2, stack.states, stack.states))
        ahead = [ends]
        for t in reversed(range(1, stack.horizon)):
            here = {letter: X[:, t, None] for letter, X in letters.items()}
            known = self._known(here, loop[t], Centred(ends), self._weight[:, t, None])
            ends = outward(known(self._formula("cost_difference", 1)))
            ahead.append(ends)
        slopes = between(np.stack(ahead[::-1], axis=1))
        known = self._known(letters, loop, slopes, self._weight)
        # So Z_t is monotone in Z_{t+1}, and the best responses are such.
        if not _numbers.definite(known(notation.W(1))).all():
            raise NotCertifiedError("W is not certified to be positive definite in float64")
        self._best_weight = known(notation.W(1))
        self._off = known(self._formula("gain_difference", 1))
        self._spread = _numbers.scale(self._step, known(self._formula("spread", 1)))
        self.K = K - self._off
        best = written_out(formulas_for(game), agents=1, plain=frozenset())
        self.Sigma = known(best("covariance", 1))

    def _known(
        self, letters: dict[Any, Centred], loop: Centred, slope: Centred, weight: Centred
    ) -> Evaluator:
        """Knows Z and W at τ, that of the equilibrium being `weight`."""
        own = {notation.F: loop, Z.subs(notation.i, 1): slope}
        known = self._blank.with_values(letters | own)
        more = _numbers.scale(self._step, known(self._formula("weight_slope", 1)))
        return known.with_values({notation.W(1): weight - more})

    def gaps_and_bounds(
        self, moments: Centred
    ) -> Iterator[tuple[int, tuple[Enclosure, Enclosure]]]:
        """Every agent with its ε and its bound."""
        E = self._spread
        eye = _numbers.identity(E.middle.shape[-1])
        # Σ⁻¹Σ_br is the inverse of Σ_br⁻¹Σ = I + E.
        spreads = _stacked([E, -_numbers.solve(eye + E, E)])
        letters = {
            notation.W(1): _stacked([self._best_weight, self._weight]),
            off_best.subs(notation.i, 1): self._off,
            X: _stacked([moments[0], moments[list(self.agents)]]),
        }
        gain = self._blank.with_values(letters)(self._formula("gain_part", 1))
        covariance = _HALF * _stacked(self._taus) * trace_less_log_det(spreads)
        # Of ε, and of the gap that a best response at τ has at τ + δ.
        for place, (k, rate) in enumerate(zip(self.agents, self._rates, strict=True)):
            weights = _stacked([_numbers.scalar(rate**t) for t in range(E.middle.shape[1])])
            epsilon, excess = (
                _total([weights * X[part, place] for X in (gain, covariance)]) for part in (0, 1)
            )
            yield k, (epsilon, Enclosure(epsilon.lo + excess.lo, epsilon.hi + excess.hi))


def trace_less_log_det(E: Centred) -> Centred:
    """Tr E − log det(I + E), where E is small by its series; NaN where it is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.arithmetic.centred import Centred
    >>> from ergs_verify.certify.float_augmentation import trace_less_log_det
    >>> f"{trace_less_log_det(Centred(np.array([[1e-9]]))).middle:.8g}"  # ½e² − ⅓e³ + …
    '5e-19'
    """
    size = frobenius(E.magnitude)
    small = size.value < _SMALL
    found = _by_series(E, size)
    if small.all():
        return found
    eye = _numbers.identity(E.middle.shape[-1])
    direct = _numbers.trace(E) - _numbers.log_determinant(eye + E)
    return Centred(
        np.where(small, found.middle, direct.middle), np.where(small, found.radii, direct.radii)
    )


def _by_series(E: Centred, size: Above) -> Centred:
    """½Tr E² − ⅓Tr E³ + …, where ‖E‖ < 1 is at most `size`."""
    power, reached, found = E, size, _numbers.scalar(Fraction(0))
    for share in _SHARES:
        power, reached = _numbers.multiply(power, E), reached * size
        found = found + _numbers.trace(power) * share
    # Tr E^k is at most p‖E‖^k in size.
    rest = (reached * size * float(E.middle.shape[-1])).over_rest(size)
    return found.widened(rest.value)


def _moments(
    game: Game, played: Sequence[tuple[Centred, Centred]], several: Sequence[_Answers]
) -> Centred:
    """E[xx'] (1 + agents, T, m, m) in the equilibrium, and where each agent deviates alone."""
    answers = {
        k: (found.K[place], found.Sigma[place])
        for found in several
        for place, k in enumerate(found.agents)
    }
    letters = (
        [
            _stacked([answers[k][part] if j == k else own[part] for j in range(len(played) + 1)])
            for k, own in enumerate(played, 1)
        ]
        for part in (0, 1)
    )
    return between(second_moments(game, *letters))


def _stacked(parts: Sequence[Centred]) -> Centred:
    """Side by side along a new first axis; they broadcast."""

    def together(arrays: Sequence[Any]) -> np.ndarray:
        return np.stack(np.broadcast_arrays(*arrays))

    return Centred(together([X.middle for X in parts]), together([X.radii for X in parts]))


def _total(parts: Sequence[Centred]) -> Enclosure:
    """The sum over stages of parts none of which is negative."""
    lo = np.concatenate([np.maximum(x.lower, 0) for x in parts])
    hi = np.concatenate([x.upper for x in parts])
    if not np.isfinite([lo, hi]).all():
        raise NotCertifiedError("float64 gives no bounds of the gaps")
    # `fsum` rounds once, to the nearest.
    least, most = (math.nextafter(math.fsum(x), end) for x, end in ((lo, 0.0), (hi, math.inf)))
    if not math.isfinite(most):
        raise NotCertifiedError("float64 gives no bounds of the gaps")
    return Enclosure(Fraction(least), Fraction(most))
