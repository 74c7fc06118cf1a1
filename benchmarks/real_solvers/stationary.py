"""A stationary answer judged: by the one-stage game whose terminal cost is its own P, and by ρ.

A stationary equilibrium has K as the equilibrium of that game, and P as its cost again. Both are
audited exactly as stated, and that the closed loop A + ΣBⁱKⁱ is stable is proved or refuted.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from attrs import frozen
from flint import fmpq, fmpq_mat

from benchmarks.peers import weights
from benchmarks.real_solvers.games import with_terminal_cost
from benchmarks.real_solvers.solvers import Answer, symmetric
from ergs_verify.arithmetic import Balls
from ergs_verify.audit.result import Audit
from ergs_verify.audit.solution import audit
from ergs_verify.certify.spectral import has_reciprocal_eigenvalues, spectral_radius
from ergs_verify.exact import fractions
from ergs_verify.game import Game

_BITS = 256


@frozen(kw_only=True)
class Judged:
    """Whether ρ < 1, and the audit of one stage; None where there is no P to audit with."""

    stable: Literal["proved", "refuted", "undecided"]
    audit: Audit | None


def judge(game: Game, answer: Answer) -> Judged:
    """Judge an answer to the stationary problem of a one-stage game.

    An answer without P gets the cost of its own gains, in float64, as the terminal cost.

    Raises
    ------
    InputError
        Where its numbers are not finite, or a P is not positive semidefinite.
    """
    stable = _stable(game, answer.K)
    P = answer.P
    if P is None and stable == "proved":
        P = _costs(game, answer.K)
    if P is None:
        return Judged(stable=stable, audit=None)
    P = [symmetric(P_i) for P_i in P]
    stated = {"K": [[K_i] for K_i in answer.K]}
    if answer.P is not None:
        stated["P"] = [[P_i, P_i] for P_i in P]
    one_stage = with_terminal_cost(game, P, 1)
    return Judged(stable=stable, audit=audit(one_stage, stated, explain=False))


def _stable(game: Game, K: list[np.ndarray]) -> Literal["proved", "refuted", "undecided"]:
    if not all(np.isfinite(K_i).all() for K_i in K):
        return "undecided"
    loop = _exact(game.A[0])
    for B_i, K_i in zip(game.B, K, strict=True):
        loop = loop + _exact(B_i[0]) @ _exact(K_i)
    radius = spectral_radius(Balls(_BITS).matrix(loop.tolist(), loop.shape), _BITS)
    if radius.hi < 1:
        return "proved"
    exact = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in loop])
    if radius.lo >= 1 or has_reciprocal_eigenvalues(exact):
        return "refuted"
    return "undecided"


def _exact(X: np.ndarray) -> np.ndarray:
    return np.array(fractions(X), dtype=object)


def _costs(game: Game, K: list[np.ndarray]) -> list[np.ndarray]:
    """Σ_k F'^k (Q + K'R̃K) F^k by doubling: a sum of ⪰ 0 terms, in which nothing cancels."""
    arrays = game.floats()
    loop = arrays.A[0] + sum(B_i[0] @ K_i for B_i, K_i in zip(arrays.B, K, strict=True))
    costs = [
        Q_i[0] + K_i.T @ R_i @ K_i
        for Q_i, R_i, K_i in zip(arrays.Q, weights(arrays), K, strict=True)
    ]
    for _ in range(64):  # 2⁶⁴ stages: nothing is left of a float64 ρ < 1
        costs = [P + loop.T @ P @ loop for P in costs]
        loop = loop @ loop
    return costs
