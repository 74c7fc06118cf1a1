"""What float64 proves of a stack of games: one equilibrium, and what the paper asks."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.arithmetic.in_step import innermost
from ergs_verify.certify.float_nash import FloatNash, certified_stack
from ergs_verify.certify.float_norms import frobenius
from ergs_verify.certify.stage_verdicts import jacobi_matrix
from ergs_verify.game import FloatGame, Game
from ergs_verify.paper import notation
from ergs_verify.recursion.stack import StageStack

#: The matrix to the power 2 to this many tells a spectral radius from 1 to some 1e-3.
_SQUARINGS = 14


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
