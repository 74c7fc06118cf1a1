"""Games in any units: their enclosures hold, and are as small as in others."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from flint import arb, arb_mat, fmpq, fmpq_mat
from general_reference import random_game

from ergs_verify import Game
from ergs_verify.arithmetic import Balls
from ergs_verify.certify.equilibrium import equilibrium_in_balls
from ergs_verify.certify.float_norms import in_float64
from ergs_verify.certify.units import _inverse

BITS = 128


def times(left: list, X: list, right: list) -> list:
    """diag(left) X diag(right)."""
    return [
        [a * x * b for x, b in zip(row, right, strict=True)] for a, row in zip(left, X, strict=True)
    ]


def inverse(diagonal: list) -> list:
    return [1 / Fraction(x) for x in diagonal]


def powers(draw: random.Random, size: int, most: int) -> list:
    return [
        Fraction(10) ** draw.choice([0, most, -most, draw.randint(-most, most)])
        for _ in range(size)
    ]


def in_units(given: dict, D: list, C: list, units: list) -> dict:
    """A general game with Dx for x, for each agent Cu for u, and its costs times a unit."""
    d, joint = inverse(D), [1 / c for own in C for c in own]
    made = dict(given)
    made["A"] = [times(D, A, d) for A in given["A"]]
    made["B"] = [times(D, B, inverse(own)) for B, own in zip(given["B"], C, strict=True)]
    made["noise_cov"] = [times(D, X, D) for X in given["noise_cov"]]
    made["x0_mean"] = [x * by for x, by in zip(given["x0_mean"], D, strict=True)]
    made["x0_cov"] = times(D, given["x0_cov"], D)
    made["tau"] = [t * q for t, q in zip(given["tau"], units, strict=True)]
    scaled = lambda q, row, by: [q * x * b for x, b in zip(row, by, strict=True)]  # noqa: E731
    made["Q"] = [
        [times(scaled(q, d, [1] * len(d)), X, d) for X in own]
        for own, q in zip(given["Q"], units, strict=True)
    ]
    made["R"] = [
        times([q * c for c in joint], X, joint) for X, q in zip(given["R"], units, strict=True)
    ]
    if "S" in given:
        made["S"] = [
            times([q * c for c in joint], X, d) for X, q in zip(given["S"], units, strict=True)
        ]
    own_eye = [[[int(r == c) for c in range(len(by))] for r in range(len(by))] for by in C]
    plain = [
        {"gain": [[0] * len(d)] * len(by), "mean": [0] * len(by), "cov": X}
        for by, X in zip(C, own_eye, strict=True)
    ]
    made["prior"] = [
        {
            "gain": times(by, prior["gain"], d),
            "mean": scaled(1, prior["mean"], by),
            "cov": times(by, prior["cov"], by),
        }
        for prior, by in zip(given.get("prior", plain), C, strict=True)
    ]
    if "drift" in given:
        made["drift"] = scaled(1, given["drift"], D)
        made["x_linear"] = [
            [scaled(q, row, d) for row in rows]
            for rows, q in zip(given["x_linear"], units, strict=True)
        ]
        made["u_linear"] = [
            scaled(q, row, joint) for row, q in zip(given["u_linear"], units, strict=True)
        ]
    return made


def moved_back(X: Any, left: list, right: list) -> Any:
    """diag(left) X diag(right), of balls."""
    rows = times([fmpq(*a.as_integer_ratio()) for a in left], X.tolist(), right_of(right))
    return arb_mat(rows)


def right_of(entries: list) -> list:
    return [arb(fmpq(*x.as_integer_ratio())) for x in entries]


def expect_alike(found: Any, truth: Any, bits: int) -> None:
    """Every ball holds the true number; few bits are lost beside the largest of its matrix, or 1.

    So few stages lose some 30 bits in any units, and 10 more where gains are hardly determined.
    """
    size = max(abs(x.mid()) for x in truth.entries())
    for x, y in zip(found.entries(), truth.entries(), strict=True):
        assert x.contains(y.mid())
        assert x.rad() <= max(size, arb(1)) * arb(2) ** (44 - bits)


@pytest.mark.parametrize("seed", range(40))
def test_general_games_in_any_units(seed):
    draw, given = random.Random(seed), random_game(seed)
    m, most = len(given["A"][0]), draw.choice([3, 20, 60])
    D = powers(draw, m, most)
    C = [powers(draw, len(B[0]), most) for B in given["B"]]
    units = powers(draw, len(C), draw.choice([0, 60, 170]))
    truth = equilibrium_in_balls(Game.from_arrays(**given), 400)
    found = equilibrium_in_balls(Game.from_arrays(**in_units(given, D, C, units)), BITS)
    D = [Fraction(1)] * (truth.P[0][0].nrows() - m) + D
    with flint.ctx.workprec(600):
        for i, (own, unit) in enumerate(zip(C, units, strict=True)):
            for X, Y in zip(found.P[i], truth.P[i], strict=True):
                expect_alike(moved_back(X, [x / unit for x in D], D), Y, BITS)
            for X, Y in zip(found.K[i], truth.K[i], strict=True):
                expect_alike(moved_back(X, inverse(own), D), Y, BITS)


def changing(draw: random.Random) -> tuple[Game, Game, list]:
    """A game, the same with states in other units at every stage, and these; Q may be 0."""
    N, m, T = draw.randint(1, 3), draw.randint(1, 3), draw.randint(1, 6)

    def some(rows: int, cols: int) -> list:
        return [[Fraction(draw.randint(-3, 3), 2) for _ in range(cols)] for _ in range(rows)]

    def gram(ridge: int) -> list:
        X = some(m, m)
        G = [[sum(a * b for a, b in zip(r, c, strict=True)) for c in X] for r in X]
        return [[x + ridge * (r == c) for c, x in enumerate(row)] for r, row in enumerate(G)]

    A, B = [some(m, m) for _ in range(T)], [[some(m, 1) for _ in range(T)] for _ in range(N)]
    zero = [[Fraction(0)] * m for _ in range(m)]
    # Some agent cares for every direction: none is told by its cost alone else, in such units.
    Q = [[gram(int(k == 0)) for _ in range(T + 1)] for k in range(N)]
    Q[1:] = [[X if draw.random() < 0.7 else zero for X in own] for own in Q[1:]]
    Q[1:] = [own if draw.random() < 0.7 else [zero] * (T + 1) for own in Q[1:]]
    D = [powers(draw, m, 60) for _ in range(T + 1)]
    data = {"R": [[[4]]] * N, "tau": draw.choice([0, 1]), "noise_cov": zero, "horizon": T}
    plain = Game.from_arrays(A=A, B=B, Q=Q, **data)
    scaled = Game.from_arrays(
        A=[times(D[t + 1], A[t], inverse(D[t])) for t in range(T)],
        B=[[times(D[t + 1], own[t], [1]) for t in range(T)] for own in B],
        Q=[[times(inverse(d), X, inverse(d)) for X, d in zip(own, D, strict=True)] for own in Q],
        **data,
    )
    return plain, scaled, D


@pytest.mark.parametrize("seed", range(40))
def test_states_in_other_units_at_every_stage(seed):
    plain, scaled, D = changing(random.Random(seed))
    truth, found = equilibrium_in_balls(plain, 400), equilibrium_in_balls(scaled, BITS)
    with flint.ctx.workprec(600):
        for i in range(plain.agents):
            for X, Y, d in zip(found.P[i], truth.P[i], D, strict=True):
                expect_alike(moved_back(X, d, d), Y, BITS)
            for X, Y, d in zip(found.K[i], truth.K[i], D[:-1], strict=True):
                expect_alike(moved_back(X, [Fraction(1)], d), Y, BITS)


@pytest.mark.parametrize("digits", [0, 4, 9, 30, 300, 500])
@pytest.mark.parametrize("seed", range(3))
def test_inverses_hold_and_are_small_however_near_a_matrix_is_to_a_singular_one(digits, seed):
    draw, size, bits = random.Random(seed), 3, 128 + 7 * digits
    V = [[Fraction(draw.randint(-9, 9)) for _ in range(size)] for _ in range(size)]
    V[-1] = [a + b for a, b in zip(V[0], V[1], strict=True)]  # singular
    V = [
        [x + (r == c) * Fraction(10) ** -digits for c, x in enumerate(row)]
        for r, row in enumerate(V)
    ]
    exact = fmpq_mat([[fmpq(*x.as_integer_ratio()) for x in row] for row in V])
    balls = Balls(bits)
    unit = Fraction(10) ** (digits // 2)  # what is large in the inverse stays in float64
    with flint.ctx.workprec(bits):
        X = arb_mat(exact) * arb(fmpq(*unit.as_integer_ratio()))
        true = (exact * fmpq(*unit.as_integer_ratio())).inv()
    found = _inverse([X, arb_mat(size, size, 2)], balls)
    size_of = max(abs(x) for x in true.entries())
    for x, middle, radius in zip(
        true.entries(), found.middle[0].flat, found.radius[0].flat, strict=True
    ):
        assert abs(x - exactly(middle)) <= exactly(radius) <= size_of / 2**20
    np.testing.assert_allclose(found.middle[1], np.eye(size) / 2, atol=1e-15)


def exactly(x: float) -> fmpq:
    return fmpq(*float(x).as_integer_ratio())


def test_what_stages_share_is_read_as_often_as_it_stands():
    one, other = arb_mat([[1, 2]]), arb_mat([[3, arb(4, 0.5)]])
    found = in_float64([one, other, one])
    np.testing.assert_array_equal(found.middle[:, 0], [[1, 2], [3, 4], [1, 2]])
    assert 0.5 <= found.radius[1, 0, 1] < 0.5 + 1e-9
    assert (np.delete(found.radius.ravel(), 3) < 1e-14).all()
