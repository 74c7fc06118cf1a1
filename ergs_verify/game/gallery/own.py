"""The toolkit's own games, each with what it shows.

Every entry is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ergs_verify.game.gallery.entries import Entry, Rows, diagonal, scalar

GAMES: dict[str, Entry] = {}


def _game(name: str, shows: str):
    def enter(data: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        GAMES[name] = Entry(shows, data)
        return data

    return enter


def _g_star(tau: Any, A: Rows, Q_0: Rows) -> dict[str, Any]:
    """Game G*: det Φ = (τ − 4)(τ + 12)/4."""
    return {
        "tau": tau,
        "A": A,
        "B": [[[1], [0]], [[0], [1]]],
        "Q": [[Q_0, [[1, 4], [4, 16]]], [Q_0, [[16, 4], [4, 1]]]],
        "R": [[[1]], [[1]]],
        "noise_cov": scalar(2, 0),
        "horizon": 1,
        "x0_mean": [1, -1],
        "x0_cov": scalar(2, 0),
    }


@_game(
    "g-star-2",
    "G* at τ = 2, A = I: one equilibrium (det Φ = −7), yet the inner loop of Algorithm 1 diverges "
    "(spectral radius 4/3).",
)
def _g_star_2() -> dict[str, Any]:
    return _g_star(2, scalar(2, 1), scalar(2, 0))


@_game(
    "g-star-4-no-nash",
    "G* at τ = 4, A = I: Φ is singular and its equations are inconsistent, so there is no Nash "
    "equilibrium.",
)
def _g_star_4() -> dict[str, Any]:
    return _g_star(4, scalar(2, 1), scalar(2, 0))


@_game(
    "g-star-4-continuum",
    "G* at τ = 4, A all ones: Φ is singular and its equations are consistent, so there is a "
    "continuum of equilibria, including nonlinear ones.",
)
def _g_star_4_continuum() -> dict[str, Any]:
    return _g_star(4, [[1, 1], [1, 1]], scalar(2, 0))


@_game(
    "g-star-near-4",
    "G* at τ = 4 + 1/1000, A = I, Q_0 = I: next to the singular τ the gains are of the order "
    "3/δ and the δ-augmented gap does not vanish (ε₁ → 9/4).",
)
def _g_star_near_4() -> dict[str, Any]:
    return _g_star("4.001", scalar(2, 1), scalar(2, 1))


@_game(
    "identical-interest",
    "Three scalar agents with the same cost: the inner loop diverges (eigenvalue −4/3), while "
    "sequential best responses converge to K = −2/7.",
)
def _identical_interest() -> dict[str, Any]:
    return {
        "tau": "1/2",
        "A": [[1]],
        "B": [[[1]]] * 3,
        "Q": [[[[0]], [[1]]]] * 3,
        "R": [[["1/4"]]] * 3,
        "noise_cov": [[0]],
        "horizon": 1,
        "x0_mean": [1],
        "x0_cov": [[0]],
    }


@_game(
    "quantecon-noninteractive",
    "Published: two agents that do not interact, each with a regulator of its own (QuantEcon.py, "
    "quantecon/tests/test_lqnash.py, test_noninteractive, which maximises −0.25 x² − 0.15 u²; "
    "here the negative is minimised, over 50 stages).",
)
def _quantecon() -> dict[str, Any]:
    return {
        "tau": 0,
        "A": diagonal("0.95", "0.95"),
        "B": [[["0.95"], [0]], [[0], ["0.95"]]],
        "Q": [diagonal("0.25", 0), diagonal(0, "0.25")],
        "R": [[["0.15"]], [["0.15"]]],
        "noise_cov": scalar(2, 0),
        "horizon": 50,
    }


@_game(
    "lq-saddle",
    "Published: the plain game on which gradient play is studied in G. Salizzoni's script "
    "'Check whether a Nash equilibrium is a saddle point or not' (EPFL, July 2024), over 20 "
    "stages with small noise.",
)
def _lq_saddle() -> dict[str, Any]:
    return {
        "tau": 0,
        "A": [["0.588", "0.028"], ["0.570", "0.056"]],
        "B": [[[1], [1]], [[0], [1]]],
        "Q": [diagonal("0.01", 1), diagonal(1, "0.147")],
        "R": [[["0.01"]], [["0.01"]]],
        "noise_cov": scalar(2, "0.01"),
        "horizon": 20,
    }


@_game(
    "lqr", "One agent, so the equilibrium is the entropy-regularized linear-quadratic regulator."
)
def _lqr() -> dict[str, Any]:
    return {
        "tau": "1/10",
        "A": [[1, "1/10"], [0, 1]],
        "B": [[["1/200"], ["1/10"]]],
        "Q": [diagonal(1, "1/10")],
        "R": [[["1/10"]]],
        "noise_cov": scalar(2, "1/1000"),
        "horizon": 30,
        "x0_mean": [1, 0],
        "x0_cov": scalar(2, "1/100"),
    }


@_game(
    "time-varying",
    "Three agents with 1, 2 and 3 controls and matrices that change with time, so that no size "
    "and no stage can be taken for another.",
)
def _time_varying() -> dict[str, Any]:
    T = 4
    return {
        "tau": "1/2",
        "A": [[["1/2", f"{t}/10"], ["-1/5", f"{4 - t}/5"]] for t in range(T)],
        "B": [
            [[[1], [f"{t}/4"]] for t in range(T)],
            [[[f"1/{t + 2}", 0], [1, "-1/2"]] for t in range(T)],
            [[0, 1, "1/3"], ["1/2", 0, 1]],
        ],
        "Q": [
            [diagonal(1, t) for t in range(T + 1)],
            [[[t + 1, 1], [1, 1]] for t in range(T + 1)],
            diagonal(1, 2),
        ],
        "R": [
            [[[f"{t + 1}/2"]] for t in range(T)],
            diagonal(1, "1/2"),
            [[2, 1, 0], [1, 2, 1], [0, 1, 2]],
        ],
        "noise_cov": [["1/10", "1/20"], ["1/20", "1/5"]],
        "horizon": T,
        "x0_mean": [1, -1],
        "x0_cov": scalar(2, "1/2"),
    }


@_game(
    "unstable",
    "An open loop that grows by 3/2 and 6/5 a stage over 40 stages: costs of uncontrolled states "
    "reach 10^14, which the equilibrium must prevent.",
)
def _unstable() -> dict[str, Any]:
    return {
        "tau": "1/4",
        "A": [["3/2", 1], [0, "6/5"]],
        "B": [[[1], [0]], [[0], [1]]],
        "Q": [diagonal(1, 0), scalar(2, 1)],
        "R": [[[1]], [["1/2"]]],
        "noise_cov": scalar(2, "1/100"),
        "horizon": 40,
    }


@_game(
    "scalar-state",
    "One state, four agents with unequal costs: det Φ > 0 at every stage whatever the data, so the "
    "equilibrium is unique.",
)
def _scalar_state() -> dict[str, Any]:
    return {
        "tau": "1/3",
        "A": [["9/10"]],
        "B": [[[1]], [["1/2", 1]], [["-1"]], [["1/3"]]],
        "Q": [[[1]], [[2]], [[0]], [["1/2"]]],
        "R": [[[1]], diagonal(1, 2), [["1/2"]], [[3]]],
        "noise_cov": [["1/10"]],
        "horizon": 10,
    }


@_game(
    "ill-conditioned",
    "Costs from 10^-8 to 10^8 and two nearly equal control directions: the condition number of Φ "
    "reaches 10^12, so float64 keeps few digits, which a certificate must notice.",
)
def _ill_conditioned() -> dict[str, Any]:
    return {
        "tau": "1e-6",
        "A": [[1, "1e4"], ["1e-4", 1]],
        "B": [[[1], [0]], [[1], ["1e-6"]]],
        "Q": [diagonal("1e8", "1e-8"), diagonal("1e-8", "1e8")],
        "R": [[["1e-4"]], [["1e-4"]]],
        "noise_cov": diagonal("1e-8", 1),
        "horizon": 8,
    }


@_game(
    "plain-lq",
    "τ = 0, the plain LQ game of two agents with opposed aims: deterministic policies and no "
    "entropy term.",
)
def _plain_lq() -> dict[str, Any]:
    return {
        "tau": 0,
        "A": [[1, "1/10"], ["-1/10", 1]],
        "B": [[[1], [0]], [[1], [1]]],
        "Q": [[[1, 1], [1, 1]], [[1, -1], [-1, 1]]],
        "R": [[[1]], [[2]]],
        "noise_cov": scalar(2, "1/50"),
        "horizon": 12,
    }


@_game(
    "assumption-holds",
    "Weakly coupled agents with a large τ: Assumption III.3 holds, so Algorithm 1 converges.",
)
def _assumption_holds() -> dict[str, Any]:
    return {
        "tau": 10,
        "A": [["1/2", "1/10"], [0, "1/2"]],
        "B": [[["1/2"], ["1/4"]], [["1/4"], ["1/2"]]],
        "Q": [diagonal(1, "1/2"), diagonal("1/2", 1)],
        "R": [[[1]], [[1]]],
        "noise_cov": scalar(2, "1/10"),
        "horizon": 5,
    }
