"""Small random games with exact integer entries, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

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
    """THEORY §4: det Φ = (τ−4)(τ+12)/4. With `over` every cost is divided by it, τ included."""
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
    """THEORY §4: K* = −2/7, and Algorithm 1's inner loop diverges."""
    return Game.from_arrays(
        A=[[1]],
        B=[[[1]]] * 3,
        Q=[[[[0]], [[1]]]] * 3,
        R=[[["1/4"]]] * 3,
        tau="1/2",
        noise_cov=[[1]],
        horizon=1,
    )
