"""Can any policy be stable? What no control reaches moves by itself, and is judged exactly."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.certify.spectral import spectral_radius
from ergs_verify.certify.stein import is_unstable
from ergs_verify.errors import NoStablePolicyError
from ergs_verify.exact import fractions
from ergs_verify.game import Game

_BITS = 256
#: Powers of A, exact, grow long: larger games are not asked.
_MOST_STATES = 30


def demand_stabilisable(game: Game) -> None:
    """Refuse a stationary game in which no policy is stable, where that is proved.

    Rows N with NB = NAB = … = 0 see no control, and NA = MN: the part Nx of the state moves by
    M, whatever everybody does.

    Parameters
    ----------
    game : Game
        The one stage that is repeated.

    Raises
    ------
    NoStablePolicyError

    Examples
    --------
    >>> from ergs_verify import Game
    >>> from ergs_verify.certify.reachable import demand_stabilisable
    >>> game = Game.from_arrays(A=[[2, 0], [0, "1/2"]], B=[[[0], [1]]], Q=[[[1, 0], [0, 1]]],
    ...     R=[[[1]]], tau=0, noise_cov=[[1, 0], [0, 1]], horizon="infinite")
    >>> demand_stabilisable(game.one_stage)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ergs_verify.errors.NoStablePolicyError: no policy is stable: ... by a factor of 2 a stage...
    """
    if game.state_size > _MOST_STATES:
        return
    M = _unreached(game)
    if M is None:
        return
    balls, rate = Balls(_BITS), max(game.discount)
    with flint.ctx.workprec(_BITS):
        near = arb_mat([[arb(x) for x in row] for row in M.tolist()])
    if is_unstable(near, rate, balls, M):
        radius = spectral_radius(near, _BITS)
        raise NoStablePolicyError(float(radius.hi), float(rate))


def _unreached(game: Game) -> Any:
    """M, exactly; None where every state is reached."""
    A = _exact(game.A[0])
    power = [_exact(B[0]) for B in game.B]
    columns: list[list[Any]] = []
    for _ in range(game.state_size):
        for X in power:
            columns += X.transpose().tolist()
        power = [A * X for X in power]
    # Rows N with N·(every column) = 0.
    N = _kernel(fmpq_mat(columns))
    if N is None:
        return None
    return (N * A * N.transpose()) * (N * N.transpose()).inv()


def _kernel(X: Any) -> Any:
    """A basis of all v with Xv = 0, as rows; None where only 0 is."""
    reduced, rank = X.rref()
    rows, count = reduced.tolist(), X.ncols()
    pivots = [next(c for c in range(count) if rows[r][c] != 0) for r in range(rank)]
    basis = []
    for free in sorted(set(range(count)) - set(pivots)):
        v = [fmpq(0)] * count
        v[free] = fmpq(1)
        for r, c in enumerate(pivots):
            v[c] = -rows[r][free]
        basis.append(v)
    return fmpq_mat(basis) if basis else None


def _exact(X: np.ndarray) -> Any:
    return Rationals().matrix(fractions(X), X.shape)
