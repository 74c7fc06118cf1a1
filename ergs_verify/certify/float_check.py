"""What float64 proves of a stack of games: one equilibrium, and what the paper asks."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb

from ergs_verify.arithmetic.above import Above, below
from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.arithmetic.in_step import innermost
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.float_nash import FloatNash, certified_stack
from ergs_verify.certify.float_norms import frobenius, power_of_two
from ergs_verify.certify.stage_verdicts import (
    StageCheck,
    factor_of,
    jacobi_matrix,
    largest,
    stage_check,
)
from ergs_verify.game import FloatGame, Game
from ergs_verify.paper import notation
from ergs_verify.recursion.stack import StageStack

#: The matrix to the power 2 to this many tells a spectral radius from 1 to some 1e-3.
_SQUARINGS = 14
#: Of a matrix's powers 2^k so many are tried: the last tells its spectral radius to some 1e-6.
_POWERS = 25
#: Precision of roots.
_BITS = 96


@frozen(kw_only=True, eq=False)
class StackCheck:
    """Verdicts about each of G games of T stages: the answer of `check_stack`.

    Attributes
    ----------
    unique : (G,) of bool
        True: there is exactly one Nash equilibrium, proved. False: float64 does not decide it.
    assumption_III_3 : (G,) of int
        1 proved, −1 refuted, 0 not decided.
    loop : (G,) of int
        1: the inner loop of Algorithm 1 converges from every start at every stage; −1: at some
        stage it does not; 0: not decided.
    det_sign : (T, G) of int
        The sign of det Φ_t; 0: not decided.
    digits : (G,) of float
        Decimal digits of K and P that are certified; −∞ if there are none.
    decided : (G,) of bool
        Whether all of these are decided.
    nash : FloatNash
        The enclosures themselves.

    Notes
    -----
    See :doc:`/explanation/theory`, "Existence and uniqueness" and "The inner loop".
    """

    unique: np.ndarray
    assumption_III_3: np.ndarray
    loop: np.ndarray
    det_sign: np.ndarray
    digits: np.ndarray
    nash: FloatNash

    @property
    def decided(self) -> np.ndarray:
        """Whether all of these are decided."""
        return self.unique & (self.assumption_III_3 != 0) & (self.loop != 0)


def check_stack(games: FloatGame | Game | StageStack) -> StackCheck:
    """What float64 alone proves about each game of a stack, of the paper's class.

    Parameters
    ----------
    games : FloatGame or Game
        G games along one batch axis, such as ``A (G, T, m, m)``, or a single `Game`.

    Returns
    -------
    StackCheck

    Raises
    ------
    InputError
        If the games lie beyond the paper's class, or their arrays do not fit each other.

    Notes
    -----
    Every number has a radius that is rounded upward. How is explained in
    :doc:`/explanation/theory`, "Enclosures that do not blow up".

    Examples
    --------
    >>> import attrs, numpy as np
    >>> from ergs_verify.certify.float_check import check_stack
    >>> from ergs_verify.game.gallery import gallery
    >>> game = gallery("g-star-2").floats()
    >>> family = attrs.evolve(game, tau=np.array([2.0, 4.0, 400.0]))
    >>> found = check_stack(family)
    >>> found.unique.tolist(), found.loop.tolist(), found.assumption_III_3.tolist()
    ([True, False, True], [-1, 0, 1], [-1, 0, 1])
    """
    if isinstance(games, Game):
        games.expect_papers_class("the check of a stack")
    found = certified_stack(games)
    stack = found.stack
    with np.errstate(all="ignore"):
        det = stack.arithmetic.determinant(found.phi)
        signs = np.where(det.lower > 0, 1, np.where(det.upper < 0, -1, 0))
        sides = stack.by_stage(sides_of_one(jacobi_matrix(stack, found.ahead)))
        loop = np.where((sides > 0).all(axis=0), 1, np.where((sides < 0).any(axis=0), -1, 0))
        known = found.certified
        return StackCheck(
            unique=known,
            assumption_III_3=np.where(known, _assumption(found), 0),
            loop=np.where(known, loop, 0),
            det_sign=np.where(known, stack.by_stage(signs), 0),
            digits=found.digits(),
            nash=found,
        )


def float_stages(game: Game) -> tuple[list[StageCheck], list[Enclosure]] | None:
    """What float64 encloses of a game's stages, t = T−1, …, 0, and ‖P_t‖_F at t = T, …, 0.

    None where something is not enclosed. ‖P_t‖_F is the largest of all agents'.

    Examples
    --------
    >>> from ergs_verify.certify.float_check import float_stages
    >>> from ergs_verify.game.gallery import gallery
    >>> [stage], _ = float_stages(gallery("g-star-2"))
    >>> print(stage.det_phi, stage.spectral_radius, stage.inner_loop)
    -7 1.33333 diverges
    """
    with np.errstate(all="ignore"):
        found = certified_stack(game)
        if not found.certified[0]:
            return None
        stack, numbers = found.stack, found.stack.arithmetic
        det = numbers.determinant(found.phi)
        shape = (stack.horizon, *found.phi.middle.shape[-2:])
        loop = jacobi_matrix(stack, found.ahead).map(lambda X: np.broadcast_to(X, shape))
        # The costs of a state (1, x) have those of 1 in front.
        own = slice(int(game.affine), None)
        norms = [_norms(P[..., own, own]) for P in found.P]
        if not all(np.isfinite(x).all() for x in (det.lower, det.upper, *chain(*norms))):
            return None
        radii = spectral_radii(loop)
    if radii is None:
        return None

    def between(lo: np.ndarray, hi: np.ndarray, t: int) -> Enclosure:
        return Enclosure(*(Fraction(float(np.ravel(end)[t % np.size(end)])) for end in (lo, hi)))

    times, factor = range(stack.horizon), factor_of(game)
    sizes = [largest(between(*own, t) for own in norms) for t in (*times, stack.horizon)]
    stages = [
        stage_check(
            game,
            t,
            det=between(det.lower, det.upper, t),
            radius=radii[t],
            gamma_P=sizes[t + 1],
            factor=factor,
        )
        for t in times
    ]
    return stages[::-1], sizes[::-1]


def _norms(P: Centred) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of ‖P‖_F."""
    numbers = CentredStacks()
    squares = numbers.trace(numbers.multiply(numbers.transpose(P), P))
    lower = below(np.sqrt(np.maximum(squares.lower, 0)))
    return np.maximum(lower, 0), Above(squares.upper).root().value


@np.errstate(all="ignore")
def spectral_radii(X: Centred) -> list[Enclosure] | None:
    """An enclosure of ρ of each square matrix, by |tr X^k|/n and ‖X^k‖_F, k a power of 2.

    None where a matrix is not bounded. The lower end is 0 where eigenvalues cancel in all these
    traces, as those of a cyclic permutation of three do.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.arithmetic.centred import Centred
    >>> from ergs_verify.certify.float_check import spectral_radii
    >>> print(*spectral_radii(Centred(np.array([[[1.0, 1.0], [1.0, 0.0]]]))))
    1.61803
    """
    numbers, n, count = CentredStacks(), X.middle.shape[-1], len(X.middle)
    # X^(2^k) is `power` times 2 to the whole number `exponent`, below 2^53.
    power, exponent = X, np.zeros(count)
    lower, upper = [(np.full(count, -side * np.inf), [(0.0, 0, 0)] * count) for side in (1, -1)]
    for k in range(_POWERS):
        scale = power_of_two(power.size.max(axis=(-2, -1)))
        power = numbers.scale(Centred(1 / scale), power)
        exponent = 2 * exponent + np.log2(scale)
        trace = numbers.trace(power)
        means = np.maximum(np.maximum(trace.lower, -trace.upper), 0) / n * (1 - 2.0**-50)
        for (best, kept), found, side in (
            (lower, means, 1),
            (upper, frobenius(power.magnitude).value, -1),
        ):
            logs = (np.log2(found) + exponent) / 2.0**k
            for place in np.flatnonzero(side * logs > side * best):
                best[place] = logs[place]
                kept[place] = float(found[place]), int(exponent[place]), k
        power = numbers.multiply(power, power)
    if not np.isfinite(upper[0]).all():
        return None
    zero = X.magnitude.max(axis=(-2, -1)) == 0
    return [
        Enclosure(Fraction(0), Fraction(0))
        if nothing
        else Enclosure(_rooted(*lo)[0], _rooted(*hi)[1])
        for nothing, lo, hi in zip(zero, lower[1], upper[1], strict=True)
    ]


def _rooted(x: float, exponent: int, k: int) -> tuple[Fraction, Fraction]:
    """Bounds of (x·2^exponent)^(1/2^k)."""
    balls = Balls(_BITS)
    with flint.ctx.workprec(_BITS):
        value = arb(x) * arb(2) ** exponent
        for _ in range(k if x > 0 else 0):
            value = value.sqrt()
    return balls.enclosure(Ball(value, _BITS))


def sides_of_one(X: Centred) -> np.ndarray:
    """1 where ρ < 1 is proved of each square matrix, −1 where ρ ≥ 1 is, else 0.

    ρ < 1 if ‖X^k‖ < 1 for some k, and ρ ≥ 1 if |tr X^k| ≥ n.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.arithmetic.centred import Centred
    >>> from ergs_verify.certify.float_check import sides_of_one
    >>> sides_of_one(Centred(np.array([[[0.9, 5.0], [0.0, 0.9]], [[0.0, 2.0], [1.0, 0.0]]])))
    array([ 1, -1])
    """
    numbers, n = CentredStacks(), X.middle.shape[-1]
    sides = np.zeros(len(X.middle), dtype=int)
    places, power = np.arange(len(sides)), X
    for squaring in range(_SQUARINGS + 1):
        if squaring:
            power = numbers.multiply(power, power)
        trace = numbers.trace(power)
        small = frobenius(power.magnitude).value < 1
        large = np.maximum(trace.lower, -trace.upper) >= n
        sides[places[small]], sides[places[large]] = 1, -1
        left = np.flatnonzero(~small & ~large & power.known.all(axis=(-2, -1)))
        if not left.size:
            break
        if left.size < len(places):
            places = places[left]
            power = power.map(lambda X, left=left: innermost(X[left]))
    return sides


def _assumption(found: FloatNash) -> np.ndarray:
    """By 4γ_B⁴γ_P²(N−1)² and τ², of which the bounds are known."""
    stack, numbers = found.stack, found.stack.arithmetic

    def largest_squares(matrices: Any) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of the largest ‖X‖_F² of all agents and stages."""
        squares = [numbers.trace(numbers.multiply(numbers.transpose(X), X)) for X in matrices]
        lower, upper = (
            np.max([_over_stages(stack, getattr(x, end)) for x in squares], axis=0)
            for end in ("lower", "upper")
        )
        return lower, upper

    tau = stack.letters.get(notation.tau, Centred(np.array(0.0)))
    tau = tau.map(lambda X: np.broadcast_to(X, (stack.horizon * stack.games,))[: stack.games])
    others = Centred(np.array(2.0 * (len(stack.agents) - 1)))

    def excess(B: np.ndarray, P: np.ndarray) -> Centred:
        coupling = Centred(B) * others
        return coupling * coupling * Centred(P) - tau * tau

    B = largest_squares([stack.letters[notation.B(k)] for k in stack.agents])
    P = largest_squares(found.P)
    holds, fails = excess(B[1], P[1]).upper < 0, excess(B[0], P[0]).lower >= 0
    return np.where(holds, 1, np.where(fails, -1, 0))


def _over_stages(stack: StageStack, x: np.ndarray) -> np.ndarray:
    """(G,): the largest over stages of an array of the stack, or of one number for all."""
    if np.size(x) == 1:
        return np.broadcast_to(np.ravel(x)[0], (stack.games,))
    return x.reshape(-1, stack.games).max(axis=0)
