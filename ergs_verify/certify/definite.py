"""Is a matrix in balls positive definite?"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
from flint import arb, arb_mat, fmpq

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.errors import NotCertifiedError, UnboundedCostError
from ergs_verify.recursion.stages import Stages


def demand_definite(X: Any, balls: Balls) -> None:
    """Prove that every symmetric matrix in the balls is positive definite.

    Raises
    ------
    NotCertifiedError
        Where some leading minor is not known to be positive.
    """
    rows = X.tolist()
    for size in range(1, len(rows) + 1):
        minor = [row[:size] for row in rows[:size]]
        det = minor[0][0] if size == 1 else balls.determinant(arb_mat(minor)).value
        if not det > 0:
            raise NotCertifiedError(
                f"W is not certified to be positive definite at {balls.bits} bits; it may be "
                "singular"
            )


def demand_bounded(
    W: Any,
    stages: Stages[Balls],
    *,
    agent: int,
    t: int,
    above: Any = None,
    against_others: bool = False,
) -> None:
    """Prove that an agent's W is positive definite at a stage.

    Parameters
    ----------
    W : matrix of balls
        It, or a lower bound of it in the Loewner order.
    above : matrix of balls, optional
        An upper bound, where `W` is only a lower one.
    against_others : bool
        Whether W is that of a best response to given gains of the others.

    Raises
    ------
    UnboundedCostError
        Where W has a negative eigenvalue, proved by a direction. Only a game with indefinite costs
        or a cross term has one; in another it is a matter of rounding.
    NotCertifiedError
        Where neither is proved at this precision.
    """
    balls = stages.arithmetic
    try:
        demand_definite(W, balls)
    except NotCertifiedError:
        if stages.game.may_be_unbounded and (
            direction := downward(W if above is None else above, balls)
        ):
            raise UnboundedCostError(agent, t, direction, against_others=against_others) from None
        raise


def downward(W: Any, balls: Balls) -> list[Fraction] | None:
    """A v with v'Wv < 0 for every matrix in the balls; None where none is found."""
    middle = np.array([[float(x.mid()) for x in row] for row in W.tolist()])
    if not np.isfinite(middle).all():
        return None
    lowest = np.linalg.eigh((middle + middle.T) / 2)[1][:, 0]
    direction = [Fraction(x).limit_denominator(10**6) for x in lowest.tolist()]
    with flint.ctx.workprec(balls.bits):
        v = arb_mat([[arb(fmpq(x.numerator, x.denominator))] for x in direction])
        below = (v.transpose() * W * v)[0, 0] < 0
    return direction if below else None
