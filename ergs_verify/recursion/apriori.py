"""Bounds of the equilibrium's cost matrices from the game's data alone, which fall in τ.

Backwards in time, from bounds πⁱ of ‖Pⁱ_{t+1}‖₂, with wⁱ = τ/2 + λ_min(Rⁱ), the coupling
gⁱ = ‖Bⁱ‖₂² πⁱ / wⁱ and its share hⁱ = gⁱ/(1 + gⁱ):

- ‖BⁱKⁱ‖₂ ≤ gⁱ (‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂), since Kⁱ = −W⁻¹B'PĀ and ‖W⁻¹‖₂ ≤ 1/w;
- Σ_j hʲ < 1 makes Φ_t regular, and then ‖Āⁱ‖₂ ≤ ‖A‖₂ / (1 − (1 + gⁱ) Σ_{j≠i} hʲ);
- Pⁱ_t ⪯ Qⁱ + Āⁱ' Pⁱ_{t+1} Āⁱ, as agent i might play u = 0.

Every bound falls as τ grows, so what holds at one τ holds at every larger one. The ledger proves
each line (`sharp-apriori`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.exact import floats, fractions, short, squared_norm
from ergs_verify.exact.definite import is_positive

if TYPE_CHECKING:
    from ergs_verify.game import Game

#: Bits of a root, and of the balls in which a τ is sought.
_BITS = 64
#: Where a condition holds for all but tinier τ it is not followed further down.
_TINIEST_TAU = Fraction(1, 2**64)


@frozen(kw_only=True)
class StageNorms:
    """Norms of a stage's data, rounded so that the bounds stay bounds.

    Attributes
    ----------
    A : upper bound of ‖A_t‖₂
    B : per agent, upper bound of ‖B_t^i‖₂
    least_R : per agent, lower bound ≥ 0 of λ_min(R_t^i)
    Q, Q_frobenius : per agent, upper bounds of ‖Q_t^i‖₂ and ‖Q_t^i‖_F
    """

    A: Any
    B: tuple
    least_R: tuple
    Q: tuple
    Q_frobenius: tuple


@frozen(kw_only=True)
class DataNorms:
    """The norms that `apriori_bound` needs.

    Attributes
    ----------
    stages : tuple over t of StageNorms
    Q_end, Q_end_frobenius : per agent, upper bounds of ‖Q_T^i‖₂ and ‖Q_T^i‖_F
    gamma_B_squared : γ_B² = max over i, t of ‖B_t^i‖_F²
    """

    stages: tuple[StageNorms, ...]
    Q_end: tuple
    Q_end_frobenius: tuple
    gamma_B_squared: Any


@frozen(kw_only=True)
class AprioriBound:
    """What the data alone say at one τ.

    Attributes
    ----------
    shares : Σ_j hʲ at t = 0…T−1; all are below 1
    spectral, frobenius : ``[i][t]``, t = 0…T: upper bounds of ‖P_t^{i*}‖₂ and ‖P_t^{i*}‖_F
    gamma_P : upper bound of γ_P*
    assumption_bound : upper bound of 2γ_B²γ_P*(N−1)
    """

    shares: tuple
    spectral: tuple[tuple, ...]
    frobenius: tuple[tuple, ...]
    gamma_P: Any
    assumption_bound: Any


@frozen(kw_only=True)
class SufficientTau:
    """From which τ on the data alone suffice; proved for every larger τ.

    Attributes
    ----------
    unique : Fraction
        For every τ ≥ this (τ > 0 where it is 0) every Φ_t is regular, so that the feedback
        equilibrium is unique, and the inner loop of Algorithm 1 converges from every start.
    assumption : Fraction
        For every τ ≥ this (τ > 0 where it is 0) Assumption III.3 holds.
    """

    unique: Fraction = field(repr=short)
    assumption: Fraction = field(repr=short)


# -- one stage, over any scalars ---------------------------------------------------------------


def couplings(B: Sequence, least_R: Sequence, tau, costs: Sequence) -> list:
    """gⁱ = ‖Bⁱ‖₂² πⁱ / (τ/2 + λ_min(Rⁱ))."""
    return [b * b * pi / (tau / 2 + r) for b, r, pi in zip(B, least_R, costs, strict=True)]


def shares(coupled: Sequence) -> list:
    """hⁱ = gⁱ/(1 + gⁱ)."""
    return [g / (1 + g) for g in coupled]


def loop_bounds(A, coupled: Sequence) -> list:
    """‖A‖₂ / (1 − (1 + gⁱ) Σ_{j≠i} hʲ), a bound of ‖Āⁱ‖₂ where Σ hʲ < 1.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.recursion.apriori import loop_bounds
    >>> loop_bounds(Fraction(1), [Fraction(1, 2), Fraction(1, 2)])
    [Fraction(2, 1), Fraction(2, 1)]
    """
    parts = shares(coupled)
    bounds = []
    for agent, g in enumerate(coupled):
        others = sum(h for j, h in enumerate(parts) if j != agent)
        bounds.append(A / (1 - (1 + g) * others))
    return bounds


# -- a game --------------------------------------------------------------------------------------


def apriori_bound(
    norms: DataNorms, tau, *, rounded: Callable[[Any], Any] = lambda value: value
) -> AprioriBound | None:
    """Bounds of P* at every stage, or None where the data alone do not suffice at this τ.

    Parameters
    ----------
    norms : DataNorms
    tau : number > 0 of the same kind (`Fraction`, float, `arb`)
        0 will do where every `least_R` is positive.
    rounded : callable, optional
        Applied to every bound at the end of a stage; it may only round upward.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.recursion.apriori import apriori_bound, data_norms
    >>> norms = data_norms(gallery("identical-interest"))
    >>> apriori_bound(norms, Fraction(1)) is None
    True
    >>> float(apriori_bound(norms, Fraction(8)).gamma_P)
    3.567901234567901
    """
    pi, phi = list(norms.Q_end), list(norms.Q_end_frobenius)
    spectral, frobenius, totals = [tuple(pi)], [tuple(phi)], []
    for stage in reversed(norms.stages):
        coupled = couplings(stage.B, stage.least_R, tau, pi)
        total = sum(shares(coupled))
        if not total < 1:
            return None
        squares = [a * a for a in loop_bounds(stage.A, coupled)]
        pi = [rounded(q + s * p) for q, s, p in zip(stage.Q, squares, pi, strict=True)]
        phi = [rounded(q + s * p) for q, s, p in zip(stage.Q_frobenius, squares, phi, strict=True)]
        totals.append(total)
        spectral.append(tuple(pi))
        frobenius.append(tuple(phi))
    gamma_P = max(value for stage in frobenius for value in stage)
    return AprioriBound(
        shares=tuple(totals[::-1]),
        spectral=tuple(zip(*spectral[::-1], strict=True)),
        frobenius=tuple(zip(*frobenius[::-1], strict=True)),
        gamma_P=gamma_P,
        assumption_bound=2 * norms.gamma_B_squared * gamma_P * (len(norms.Q_end) - 1),
    )


def sufficient_tau(game: Game, *, digits: int = 6) -> SufficientTau:
    """The τ from which the data alone prove uniqueness, and Assumption III.3, for good.

    The game's own τ plays no role. Both are found by bisection, to `digits` decimal digits from
    above, in balls: that the conditions hold at the numbers returned, and so at every larger τ,
    is proved.

    Raises
    ------
    NotCertifiedError
        Where some Q is not exactly positive semidefinite (a float64 C'C of deficient rank).

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.recursion.apriori import sufficient_tau
    >>> found = sufficient_tau(gallery("identical-interest"))
    >>> print(f"{float(found.unique):.4f} {float(found.assumption):.4f}")
    3.5000 10.2009
    """
    import flint

    norms = data_norms(game)
    if game.agents == 1:
        return SufficientTau(unique=Fraction(0), assumption=Fraction(0))
    with flint.ctx.workprec(_BITS):
        in_balls = _mapped(norms, lambda x: _ball(x).upper(), lambda x: _ball(x).lower())

    def bound(tau: Fraction) -> AprioriBound | None:
        with flint.ctx.workprec(_BITS):
            return apriori_bound(in_balls, _ball(tau), rounded=flint.arb.upper)

    @cache
    def in_floats() -> DataNorms:
        return _mapped(norms, float, float)

    def nearly(tau: Fraction) -> AprioriBound | None:
        return apriori_bound(in_floats(), float(tau))

    def assumed(found: AprioriBound | None, tau: Any) -> bool:
        return found is not None and found.assumption_bound < tau

    accuracy = Fraction(1, 10**digits)
    return SufficientTau(
        unique=_least(
            lambda tau: bound(tau) is not None, lambda tau: nearly(tau) is not None, accuracy
        ),
        assumption=_least(
            lambda tau: assumed(bound(tau), _ball(tau)),
            lambda tau: assumed(nearly(tau), tau),
            accuracy,
        ),
    )


Condition = Callable[[Fraction], bool]


def _least(holds: Condition, nearly: Condition, accuracy: Fraction) -> Fraction:
    """A τ at which a condition that stays true as τ grows holds, near the least such τ.

    It is sought by what nearly is the same and is found sooner, if it holds there.
    """
    try:
        found = _bisected(nearly, accuracy)
    except (OverflowError, ZeroDivisionError):
        return _bisected(holds, accuracy)
    return found if holds(found) else _bisected(holds, accuracy)


def _bisected(holds: Condition, accuracy: Fraction) -> Fraction:
    high = _power_of_two(holds)
    low = high / 2
    while low >= _TINIEST_TAU and holds(low):
        high, low = low, low / 2
    if low < _TINIEST_TAU:
        return high
    while high - low > accuracy * high:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _power_of_two(holds: Callable[[Fraction], bool]) -> Fraction:
    """The least power of two ≥ 1 at which a condition holds, by bisection of the exponent."""
    if holds(Fraction(1)):
        return Fraction(1)
    fails, works = 0, 1
    while not holds(Fraction(2**works)):
        fails, works = works, 2 * works
    while works - fails > 1:
        middle = (fails + works) // 2
        fails, works = (fails, middle) if holds(Fraction(2**middle)) else (middle, works)
    return Fraction(2**works)


def data_norms(game: Game) -> DataNorms:
    """The norms of a game's data: rational, each proved to be a bound.

    Raises
    ------
    NotCertifiedError
        Where some Q is not exactly positive semidefinite.
    """
    game.expect_papers_class("the bounds from the data alone")
    known: dict[tuple, Any] = {}

    def once(measure: Callable[[np.ndarray], Any], matrix: np.ndarray):
        key = (measure, id(matrix))
        if key not in known:
            known[key] = measure(matrix)
        return known[key]

    for agent, series in enumerate(game.Q, 1):
        for t, Q in enumerate(series):
            if not once(is_positive, Q):
                raise NotCertifiedError(
                    f"Q of agent {agent} at t = {t} is not exactly positive semidefinite (rounding"
                    " of floats?), so the bounds from the data alone do not apply; give exact"
                    " entries"
                )
    end = game.horizon
    return DataNorms(
        stages=tuple(
            StageNorms(
                A=once(_spectral_norm, game.A[t]),
                B=tuple(once(_spectral_norm, B[t]) for B in game.B),
                least_R=tuple(once(_least_eigenvalue, R[t]) for R in game.R),
                Q=tuple(once(_largest_eigenvalue, Q[t]) for Q in game.Q),
                Q_frobenius=tuple(once(_frobenius_norm, Q[t]) for Q in game.Q),
            )
            for t in range(end)
        ),
        Q_end=tuple(once(_largest_eigenvalue, Q[end]) for Q in game.Q),
        Q_end_frobenius=tuple(once(_frobenius_norm, Q[end]) for Q in game.Q),
        gamma_B_squared=max(once(squared_norm, B_t) for B in game.B for B_t in B),
    )


def _mapped(
    norms: DataNorms, up: Callable[[Fraction], Any], down: Callable[[Fraction], Any]
) -> DataNorms:
    """The same in other numbers, those of which more is worse by `up`, R's by `down`."""

    def above(values: Sequence[Fraction]) -> tuple:
        return tuple(map(up, values))

    return DataNorms(
        stages=tuple(
            StageNorms(
                A=up(stage.A),
                B=above(stage.B),
                least_R=tuple(map(down, stage.least_R)),
                Q=above(stage.Q),
                Q_frobenius=above(stage.Q_frobenius),
            )
            for stage in norms.stages
        ),
        Q_end=above(norms.Q_end),
        Q_end_frobenius=above(norms.Q_end_frobenius),
        gamma_B_squared=up(norms.gamma_B_squared),
    )


def _ball(value: Fraction) -> Any:
    import flint

    return flint.arb(flint.fmpq(value.numerator, value.denominator))


# -- norms, proved ---------------------------------------------------------------------------------

# A float64 eigenvalue is this near to the exact one, or else the proof fails and the cruder bound
# serves.
_MARGIN = 2.0**-40


def _frobenius_norm(matrix: np.ndarray) -> Fraction:
    return _root_upward(squared_norm(matrix))


def _spectral_norm(matrix: np.ndarray) -> Fraction:
    """An upper bound of ‖X‖₂: c with c²I − X'X ⪰ 0, else ‖X‖_F."""
    from ergs_verify.arithmetic import Rationals

    numbers, rows = Rationals(), fractions(matrix)
    X = numbers.matrix(rows, (len(rows), len(rows[0])))
    gram = numbers.to_fractions(X.transpose() * X)
    guess = _guess(matrix, lambda X: float(np.linalg.norm(X, 2)) * (1 + _MARGIN))
    if guess is not None and _shifted_is_positive(gram, guess**2, -1):
        return guess
    return _frobenius_norm(matrix)


def _largest_eigenvalue(matrix: np.ndarray) -> Fraction:
    """An upper bound of λ_max of a positive semidefinite matrix: c with cI − X ⪰ 0."""
    guess = _guess(matrix, lambda X: float(np.linalg.eigvalsh(X)[-1]) * (1 + _MARGIN))
    if guess is not None and _shifted_is_positive(fractions(matrix), guess, -1):
        return guess
    return _frobenius_norm(matrix)


def _least_eigenvalue(matrix: np.ndarray) -> Fraction:
    """A lower bound ≥ 0 of λ_min of a positive definite matrix: c with X − cI ⪰ 0."""
    guess = _guess(matrix, lambda X: float(np.linalg.eigvalsh(X)[0]) * (1 - _MARGIN))
    if guess is not None and guess > 0 and _shifted_is_positive(fractions(matrix), -guess, 1):
        return guess
    return Fraction(0)


def _guess(matrix: np.ndarray, measure: Callable[[np.ndarray], float]) -> Fraction | None:
    """A number that float64 suggests, if it can; for a 1×1 matrix the exact one."""
    if matrix.shape == (1, 1):
        return abs(fractions(matrix)[0][0])
    try:
        value = measure(floats(matrix))
    except (InputError, np.linalg.LinAlgError):
        return None
    return Fraction(value) if math.isfinite(value) else None


def _shifted_is_positive(rows: list[list[Fraction]], shift: Fraction, sign: int) -> bool:
    """Whether shift·I + sign·X ⪰ 0, exactly."""
    size = len(rows)
    shifted = np.empty((size, size), dtype=object)
    for r, row in enumerate(rows):
        for c, x in enumerate(row):
            shifted[r, c] = sign * x + (shift if r == c else 0)
    return is_positive(shifted)


def _root_upward(value: Fraction) -> Fraction:
    """An upper bound of √value with about `_BITS` bits."""
    if value == 0:
        return Fraction(0)
    shift = max(0, 2 * _BITS - _magnitude(value)) // 2
    scaled = math.ceil(value * 4**shift)
    root = math.isqrt(scaled)
    return Fraction(root + (root * root < scaled), 2**shift)


def _magnitude(value: Fraction) -> int:
    return value.numerator.bit_length() - value.denominator.bit_length()
