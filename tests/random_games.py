"""Small random games with exact integer entries, for hypothesis."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from ergs_verify.exact import fractions
from ergs_verify.game import Game

small = st.integers(-2, 2)


def matrices(rows: int, cols: int):
    row = st.lists(small, min_size=cols, max_size=cols)
    return st.lists(row, min_size=rows, max_size=rows)


def gram(rows, ridge=0):
    """CC' + ridge·I of a list of rows C."""
    return [
        [
            sum(a * b for a, b in zip(x, y, strict=True)) + ridge * (r == c)
            for c, y in enumerate(rows)
        ]
        for r, x in enumerate(rows)
    ]


@st.composite
def games(draw, *, taus=("0", "1/3", "2"), agents=3, stages=2):
    """Unequal control sizes, p > m included; A and Q vary over time."""
    N, m, T = draw(st.integers(1, agents)), draw(st.integers(1, 3)), draw(st.integers(1, stages))
    p = [draw(st.integers(1, 3)) for _ in range(N)]
    return Game.from_arrays(
        A=[draw(matrices(m, m)) for _ in range(T)],
        B=[draw(matrices(m, size)) for size in p],
        Q=[[gram(draw(matrices(m, m))) for _ in range(T + 1)] for _ in range(N)],
        R=[gram(draw(matrices(size, size)), ridge=1) for size in p],
        tau=draw(st.sampled_from(taus)),
        noise_cov=gram(draw(matrices(m, m))),
        horizon=T,
    )


def g_star(tau, A=((1, 0), (0, 1)), *, over=1):
    """det Φ = (τ−4)(τ+12)/4. With `over` every cost is divided by it, τ included."""
    zero = [[0, 0], [0, 0]]
    Q_T = [[[1, 4], [4, 16]], [[16, 4], [4, 1]]]
    return Game.from_arrays(
        A=[list(row) for row in A],
        B=[[[1], [0]], [[0], [1]]],
        Q=[[zero, [[f"{x}/{over}" for x in row] for row in Q]] for Q in Q_T],
        R=[[[f"1/{over}"]], [[f"1/{over}"]]],
        tau=tau,
        noise_cov=zero,
        horizon=1,
        name="G*",
    )


def three_identical():
    """K* = −2/7, `sharp-loop` of the ledger, and Algorithm 1's inner loop diverges."""
    return Game.from_arrays(
        A=[[1]],
        B=[[[1]]] * 3,
        Q=[[[[0]], [[1]]]] * 3,
        R=[[["1/4"]]] * 3,
        tau="1/2",
        noise_cov=[[1]],
        horizon=1,
    )


def scaled(game, *, states=None, controls=None, costs=1, tau=None):
    """The game in other units, exactly: x = D x̂, uⁱ = Eⁱ ûⁱ with D, Eⁱ diagonal, and costs scaled.

    A regularizer does not know of the controls' units: with `controls` it is another game.
    """
    D = list(map(Fraction, states or [1] * game.state_size))
    E = [list(map(Fraction, e)) for e in controls or [[1] * p for p in game.control_sizes]]
    inverse = [1 / d for d in D]

    def between(left, X, right, factor=Fraction(1)):
        return [
            [factor * a * x * b for x, b in zip(row, right, strict=True)]
            for a, row in zip(left, fractions(X), strict=True)
        ]

    c = Fraction(costs)
    return Game.from_arrays(
        A=[between(inverse, X, D) for X in game.A],
        B=[[between(inverse, X, e) for X in B] for B, e in zip(game.B, E, strict=True)],
        Q=[[between(D, X, D, c) for X in Q] for Q in game.Q],
        R=[[between(e, X, e, c) for X in R] for R, e in zip(game.R, E, strict=True)],
        tau=c * game.tau if tau is None else tau,
        noise_cov=between(inverse, game.noise_cov, inverse),
        horizon=game.horizon,
        x0_mean=[a * Fraction(x) for a, x in zip(inverse, game.x0_mean.tolist(), strict=True)],
        x0_cov=between(inverse, game.x0_cov, inverse),
    )
