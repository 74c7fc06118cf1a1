"""A right solver in exact rationals, rounded to float64 at the very end; for small games."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from mpmath import MPContext

from ergs_verify.arithmetic import Rationals
from ergs_verify.game import FloatGame, Game
from ergs_verify.recursion import Sequences, nash

#: Of the logarithm and the sums with it: twice what float64 holds, and more.
_DIGITS = 50
_numbers = Rationals()

_LETTERS = ("A", "B", "Q", "R", "noise_cov", "tau", "horizon", "x0_mean", "x0_cov")


def exact_solution(given: FloatGame) -> dict[str, Any]:
    """K, Σ and P without any rounding but the last, and q by (24) of the paper, in 50 digits.

    Numbers triple in length with every stage: fine for few stages.

    Raises
    ------
    SingularStageError
        At a singular Φ_t, decided exactly.
    """
    game = Game.from_arrays(**{name: getattr(given, name) for name in _LETTERS})
    found = nash(game, _numbers)
    rounded = {
        letter: [[_rounded(X) for X in over_time] for over_time in getattr(found, letter)]
        for letter in ("K", "Sigma", "P")
    }
    return {**rounded, "q": [_constants(game, found, i) for i in range(game.agents)]}


def _constants(game: Game, found: Sequences, i: int) -> list[float]:
    """q_t of an agent for t = 0…T: the stages' shares, summed from the end."""
    context = MPContext()
    context.dps = _DIGITS
    shares = [context.mpf(0)]
    for t in reversed(range(game.horizon)):
        pushed = [
            B * found.Sigma[j][t] * B.transpose()
            for j, B in enumerate(_entered(B_j[t]) for B_j in game.B)
        ]
        noise = sum(pushed, start=_entered(game.noise_cov))
        p = game.control_sizes[i]
        half_tau = _numbers.scalar(game.tau / 2)
        R_tilde = _entered(game.R[i][t]) + _numbers.identity(p) * half_tau
        own = found.Sigma[i][t]
        rational = _numbers.trace(noise * found.P[i][t + 1]) + _numbers.trace(own * R_tilde)
        share = _near(context, rational)
        if game.tau:
            log_det = context.log(_near(context, own.det()))
            share -= _near(context, half_tau) * (p + log_det)
        shares.append(share)
    return [float(q) for q in accumulate(shares)][::-1]


def _entered(X: Any) -> Any:
    return _numbers.matrix(X.tolist(), X.shape)


def _near(context: MPContext, x: Any) -> Any:
    return context.mpf(int(x.p)) / int(x.q)


def _rounded(X: Any) -> Sequence[Sequence[float]]:
    """Each entry the float64 nearest to it."""
    return [[int(x.p) / int(x.q) for x in row] for row in X.tolist()]
