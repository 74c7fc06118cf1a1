"""Random games for false alarms: from the ordinary to the nearly singular, each from its number."""

from __future__ import annotations

from typing import Any

import numpy as np

from ergs_verify.game import Game

Data = dict[str, Any]
Rng = np.random.Generator


def random_game(number: int, *, small: bool = False) -> Game:
    """The game of a number.

    One to four agents with one to three controls each, one to six states, up to twelve stages.
    A `small` one has fewer of each, and short entries, as exact rationals need them. Scales are
    powers of two. The kind, one of `KINDS`, goes round with the number.
    """
    rng = np.random.default_rng(number)
    kind = KINDS[number % len(KINDS)]
    data = _draw(rng, small=small, several=kind == "nearly singular")
    if kind == "tiny τ":
        data["tau"] = 2.0 ** rng.uniform(-40, -10)
    elif kind == "huge τ":
        data["tau"] = 2.0 ** rng.uniform(10, 40)
    elif kind == "τ = 0":
        data["tau"] = 0.0
    elif kind == "unstable":
        data["A"] *= 4
    elif kind == "units":
        _change_units(rng, data)
    elif kind == "degenerate":
        _degenerate(rng, data)
    elif kind == "nearly singular":
        _make_nearly_singular(rng, data)
    size = "small random" if small else "random"
    return Game.from_arrays(name=f"{size} game {number}, {kind}", **data)


KINDS = (
    "ordinary",
    "tiny τ",
    "huge τ",
    "τ = 0",
    "unstable",
    "units",
    "degenerate",
    "nearly singular",
)


def _draw(rng: Rng, *, small: bool, several: bool) -> Data:
    """An ordinary game, constant over time or not."""
    N = int(rng.integers(2 if several else 1, 4 if small else 5))
    # With one state Φ is never singular.
    m = int(rng.integers(2 if several else 1, 4 if small else 7))
    p = rng.integers(1, 3 if small else 4, size=N)
    T = int(rng.integers(1, 4 if small else 13))
    different = bool(rng.integers(2))

    def entries(stages: int, rows: int, cols: int) -> np.ndarray:
        drawn = rng.normal(size=(stages if different else 1, rows, cols))
        over_time = np.repeat(drawn, 1 if different else stages, axis=0)
        return np.round(2 * over_time) / 2 if small else over_time

    def gram(stages: int, rank: int, size: int) -> np.ndarray:
        C = entries(stages, rank, size)
        return C.swapaxes(1, 2) @ C

    def power(lo: int, hi: int) -> float:
        return 2.0 ** int(rng.integers(lo, hi + 1))

    Q = [power(-4, 4) * gram(T + 1, int(rng.integers(1, m + 1)), m) for _ in p]
    for Q_i in Q:
        Q_i[-1] *= power(-4, 6)
    return {
        "A": entries(T, m, m) * 2.0 ** -round(np.log2(m) / 2 + 0.5),
        "B": [power(-3, 1) * entries(T, m, p_i) for p_i in p],
        "Q": Q,
        "R": [gram(T, int(p_i), p_i) + power(-4, 3) * np.eye(p_i) for p_i in p],
        "tau": power(-4, 4) if small else 2.0 ** rng.uniform(-4, 4),
        "noise_cov": power(-8, 2) * gram(1, int(rng.integers(1, m + 1)), m)[0],
        "horizon": T,
        "x0_mean": entries(1, 1, m)[0, 0],
        "x0_cov": gram(1, m, m)[0],
    }


def _change_units(rng: Rng, data: Data) -> None:
    """The states, and every control, in units that are up to 2²⁰ apart."""
    x = 2.0 ** rng.integers(-10, 11, size=len(data["noise_cov"]))
    data["A"] = data["A"] * x[:, None] / x
    data["noise_cov"] = data["noise_cov"] * np.outer(x, x)
    data["x0_mean"], data["x0_cov"] = data["x0_mean"] * x, data["x0_cov"] * np.outer(x, x)
    for i, B_i in enumerate(data["B"]):
        u = 2.0 ** rng.integers(-10, 11, size=B_i.shape[-1])
        data["B"][i] = B_i * x[:, None] / u
        data["Q"][i] = data["Q"][i] / np.outer(x, x)
        data["R"][i] = data["R"][i] / np.outer(u, u)


def _degenerate(rng: Rng, data: Data) -> None:
    """Two or three of: an agent without cost, without effect, the first's twin; nothing moves."""
    last = len(data["B"]) - 1
    ways = rng.permutation(7)[: rng.integers(2, 4)]
    for way in ways:
        if way == 0:
            data["Q"][last] *= 0
        elif way == 1:
            data["Q"][0][:-1] *= 0
        elif way == 2:
            data["B"][last] *= 0
        elif way == 3:
            data["A"][..., 0] = 0
        elif way == 4:
            data["noise_cov"] *= 0
        elif way == 5:
            data["x0_mean"], data["x0_cov"] = 0 * data["x0_mean"], 0 * data["x0_cov"]
        else:
            for letter in "BQR":
                data[letter][last] = data[letter][0]


def _make_nearly_singular(rng: Rng, data: Data) -> None:
    """Costs that pull apart, and the τ next to which Φ of the last stage is singular.

    With Φ = (τ/2)I + M that is −2λ for a negative eigenvalue λ of M.
    """
    end = [Q_i[-1] for Q_i in data["Q"]]
    B = [B_i[-1] for B_i in data["B"]]
    R = [R_i[-1] / 2**6 for R_i in data["R"]]
    while True:
        for Q_i in end:
            c = np.round(4 * rng.normal(size=len(Q_i)))
            Q_i[:] = np.outer(c, c) / 16
        rows = [[B_i.T @ Q_i @ B_j for B_j in B] for B_i, Q_i in zip(B, end, strict=True)]
        for i, R_i in enumerate(R):
            rows[i][i] = rows[i][i] + R_i
        values = np.linalg.eigvals(np.block(rows))
        negative = values.real[(abs(values.imag) == 0) & (values.real < 0)]
        if len(negative):
            break
        B = [B_i + np.round(2 * rng.normal(size=B_i.shape)) / 2 for B_i in B]
    for i, (B_i, R_i) in enumerate(zip(B, R, strict=True)):
        data["B"][i][-1], data["R"][i][-1] = B_i, R_i
    # What is lost in a stage is lost in all before: the more stages, the less near.
    near = 2.0 ** -(4 + rng.uniform(0, 26) / data["horizon"])
    data["tau"] = float(-2 * negative.min() * (1 + near))
