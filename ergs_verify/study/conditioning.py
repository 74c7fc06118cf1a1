"""How far an equilibrium moves when the game's data move by one rounding: its conditioning.

An algorithm that is backward stable gives the exact solution of a game near the one it was given.
Its error is then as large as the solution's move over such a distance, times a modest factor. The
move is measured, not bounded: the derived recursion is run, at a precision at which its own
rounding does not count, on a few games whose data differ from the given ones by random signs times
u = 2⁻⁵³, relative to each entry. Some roundings of any float64 algorithm are no change of the
data, and are made besides:

- that of P_t is a change of Q_t by u√(P_rr P_cc) in the entry (r, c), and so Q_t moves by that
  (by u|P_rc| where that is more, as it may be in an indefinite P);
- a product of matrices, a linear system and its solution are stored in float64: every entry moves
  by u times itself, that of a system's matrix by u times its row's largest (`Rounding`). Moved
  data alone do not show this: they leave Φ_t = B'PB + R̃ as near to low rank as it is, the gains
  optimal, and what cancels in A + BK cancelling;
- that of the sum q_t is u times the sum of the sizes of its terms, added to the move of q.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import attrs
import numpy as np

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.exact import UNIT, fractions
from ergs_verify.game import Game
from ergs_verify.game.letters import GAME, Letter
from ergs_verify.study.numbers import Numbers, distance, enter, size

#: By letter, agent and time: how far a matrix moves, its own rounding included.
Moves = dict[str, list[list[Any]]]


class Rounding(MPMath):
    """mpmath in which products, systems and solutions move by random signs times u, entrywise.

    Parameters
    ----------
    seed : int
        Of the signs.

    Notes
    -----
    It carries 128 bits: a move of about u is then known to 20 digits.
    """

    name = "mpmath, rounded at random"

    def __init__(self, seed: int):
        super().__init__(bits=128)
        self._draw = random.Random(seed)
        self._unit = self.scalar(UNIT)
        self._up, self._down = self.scalar(1 + UNIT), self.scalar(1 - UNIT)

    def multiply(self, X: Matrix, Y: Matrix) -> Matrix:
        return self._moved(super().multiply(X, Y))

    def solve(self, X: Matrix, Y: Matrix) -> Matrix:
        return self._moved(super().solve(self._moved_rows(X), self._moved(Y)))

    def _moved(self, X: Matrix) -> Matrix:
        up, down = self._up, self._down
        coin = self._draw.random
        return [[x * (up if coin() < 0.5 else down) for x in row] for row in X]

    def _moved_rows(self, X: Matrix) -> Matrix:
        # Elimination fills zeros in: an entry moves by u times its row's largest.
        coin = self._draw.random
        moved = []
        for row in X:
            step = self._unit * max(map(abs, row))
            moved.append([x + step if coin() < 0.5 else x - step for x in row])
        return moved


def perturbed(game: Game, P: Sequence[Sequence[np.ndarray]], seed: int) -> Game:
    """A game within one rounding of a given one, which has no affine terms (`Game.homogeneous`).

    Parameters
    ----------
    P : ``[i][t]`` of m×m
        The costs whose rounding the Q_t take over.
    seed : int
        Of the random signs.
    """
    draw = np.random.default_rng(seed)

    def moved(letter: Letter, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return Fraction(value) * (1 + int(draw.choice((-1, 1))) * UNIT)
        exact = np.array(fractions(np.atleast_2d(value)), dtype=object)
        signs = _signs(draw, exact.shape, bool(letter.needs))
        return (exact + exact * signs * UNIT).reshape(value.shape)

    def moved_cost(Q: np.ndarray, P_t: np.ndarray) -> np.ndarray:
        exact = np.array(fractions(Q), dtype=object)
        return exact + _rounding(P_t) * _signs(draw, exact.shape, True) * UNIT

    changed: dict[str, Any] = {}
    for letter in GAME:
        if letter.name == "Q":
            changed["Q"] = tuple(
                tuple(moved_cost(X, P_t) for X, P_t in zip(Q_i, P_i, strict=True))
                for Q_i, P_i in zip(game.Q, P, strict=True)
            )
        else:
            changed |= letter.changed(letter.mapped(letter.of(game), partial(moved, letter)))
    return attrs.evolve(game, **changed)


def moves(game: Game, reference: Numbers, samples: Sequence[Numbers], wide: MPMath) -> Moves:
    """The largest move among the samples, entry by entry, and the rounding of what comes out."""
    unit = wide.scalar(UNIT)
    rounding = {
        letter: [[unit * size(X) for X in over_time] for over_time in reference[letter]]
        for letter in reference
        if letter != "q"
    }
    rounding["q"] = [
        [unit * terms for terms in _terms_of_q(game, reference, i, wide)]
        for i in range(game.agents)
    ]
    return {
        letter: [
            [
                rounding[letter][i][t] + max(distance(X, one[letter][i][t]) for one in samples)
                for t, X in enumerate(over_time)
            ]
            for i, over_time in enumerate(reference[letter])
        ]
        for letter in reference
    }


def modest_factor(game: Game) -> float:
    """8(m+n)√T, by which an error may exceed the moves that were measured; n = Σ_i p_i.

    A stage multiplies and solves with matrices of sizes m and n, and each entry of such a result
    carries up to about m + n roundings where a perturbed game has one. The signs of the samples
    are independent over time, so that their effect grows like √T, while the roundings of a stage
    that repeats itself are the same at each: another √T. The 8 is for the few products in a row
    of which a stage consists, and for the largest of a few random samples falling short of the
    worst signs.
    """
    return 8 * (game.state_size + sum(game.control_sizes)) * math.sqrt(game.horizon)


def _terms_of_q(game: Game, reference: Numbers, i: int, wide: MPMath) -> list[Any]:
    """Σ_{s ≥ t} of the sizes of q's terms at stage s.

    They are those of the noise and the controls, which are positive, less (τ/2)(p + log|Σ|): the
    former are at most the step |q_s − q_{s+1}| and the latter's size together.
    """
    if game.general:
        return _general_terms_of_q(game, reference, i)
    q = [X[0, 0] for X in reference["q"][i]]
    half_tau = wide.scalar(game.tau / 2)
    p = game.control_sizes[i]
    sums = [q[-1]]
    for t in reversed(range(game.horizon)):
        entropy = wide.scalar(Fraction(0))
        if game.tau:
            log_det = wide.log_determinant(enter(wide, reference["Sigma"][i][t]))
            entropy = half_tau * (p + abs(log_det))
        sums.append(sums[-1] + abs(q[t] - q[t + 1]) + 2 * entropy)
    return sums[::-1]


def _general_terms_of_q(game: Game, reference: Numbers, i: int) -> list[Any]:
    """The same of a general game, whose terms may have either sign: from what they are sums of."""
    floats = game.floats()
    P, q = ([X.astype(float) for X in reference[letter][i]] for letter in ("P", "q"))
    Sigmas = [np.stack([X.astype(float) for X in own]) for own in reference["Sigma"]]
    ends = list(pairwise(accumulate(game.control_sizes, initial=0)))
    rate, half_tau = float(game.discount[i]), 0.5 * floats.tau_of[i]
    sums = [0.0]
    for t in reversed(range(game.horizon)):
        noise, terms = floats.noise[t].copy(), 0.0
        for B, S, (start, stop) in zip(floats.B, Sigmas, ends, strict=True):
            noise += B[t] @ S[t] @ B[t].T
            terms += np.abs(floats.joint_R[i][t][start:stop, start:stop] * S[t]).sum()
        terms += rate * np.abs(P[t + 1] * noise).sum()
        if half_tau[t] > 0:
            own, prior = Sigmas[i][t], floats.prior_cov[i][t]
            logs = sum(abs(np.linalg.slogdet(X).logabsdet) for X in (own, prior))
            terms += half_tau[t] * (np.abs(np.linalg.inv(prior) * own).sum() + len(own) + logs)
        sums.append(rate * sums[-1] + terms)
    # With affine terms q has the value at 0 besides, at most as large as q and its other terms.
    return [
        2 * terms + abs(x[0, 0]) if "s" in reference else terms
        for terms, x in zip(sums[::-1], q, strict=True)
    ]


def _rounding(P: np.ndarray) -> np.ndarray:
    roots = [Fraction(math.sqrt(abs(float(x)))) for x in np.diagonal(P)]
    return np.array(
        [
            [max(x * y, Fraction(abs(float(z)))) for y, z in zip(roots, row, strict=True)]
            for x, row in zip(roots, P.tolist(), strict=True)
        ],
        dtype=object,
    )


def _signs(draw: np.random.Generator, shape: tuple[int, ...], symmetric: bool) -> np.ndarray:
    signs = draw.choice((-1, 1), size=shape)
    if symmetric:
        signs = np.triu(signs) + np.triu(signs, 1).T
    return np.array(signs.tolist(), dtype=object).reshape(shape)
