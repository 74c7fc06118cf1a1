"""Named games, each with what it shows, and random games of any size.

Every entry is exact. Where THEORY is cited it is the project's page of results beyond the paper.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import parse_number, quoted
from ergs_verify.files.packed import MAX_NUMBERS
from ergs_verify.game.game import Game

__all__ = ["gallery", "names", "random_game"]

Rows = list[list[Any]]


@frozen
class _Entry:
    shows: str
    data: Callable[[], dict[str, Any]]


_RANDOM_KEYS = ("N", "m", "p", "T", "tau", "seed")

_GAMES: dict[str, _Entry] = {}


def gallery(name: str) -> Game:
    """A named game, or a random one such as ``random:N=3,m=4,p=2,T=10,seed=0``.

    Parameters
    ----------
    name : str
        One of `names`, or ``random:`` and any of the keys of `random_game` with their values;
        ``p=1-2-3`` gives each agent a control dimension of its own.

    Raises
    ------
    InputError
        For an unknown name, suggesting the nearest known one, or bad keys of a random game.

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> gallery("g-star-4-no-nash")
    Game("g-star-4-no-nash", N=2, m=2, p=(1, 1), T=1, tau=4)
    >>> gallery("random:N=3,p=1-2-3,seed=7")
    Game("random:N=3,m=2,p=1-2-3,T=5,tau=1,seed=7", N=3, m=2, p=(1, 2, 3), T=5, tau=1)
    """
    if not isinstance(name, str):
        raise InputError("the name of a game must be a string", "name")
    if name == "random" or name.startswith("random:"):
        return _random_from(name)
    if name not in _GAMES:
        nearest = max(
            [*_GAMES, "random:"],
            key=lambda known: difflib.SequenceMatcher(None, name[:50], known).ratio(),
        )
        raise InputError(
            f"{quoted(name)} is not a game of the gallery; the nearest name is {quoted(nearest)}",
            "name",
        )
    return Game.from_arrays(name=name, **_GAMES[name].data())


def names() -> Mapping[str, str]:
    """The games' names, each with one sentence of what it shows.

    Examples
    --------
    >>> from ergs_verify.game.gallery import names
    >>> print(names()["lqr"])
    One agent, so the equilibrium is the entropy-regularized linear-quadratic regulator.
    """
    return {name: entry.shows for name, entry in _GAMES.items()}


def random_game(
    *,
    N: int = 2,
    m: int = 2,
    p: int | tuple[int, ...] = 1,
    T: int = 5,
    tau: str = "1",
    seed: int = 0,
) -> Game:
    """A random time-varying game with small rational entries, the same on every machine.

    A has entries k/(4m), |k| ≤ 5, and B entries k/4, |k| ≤ 4; Q = C'C with entries of C in
    {−1, 0, 1}; R = I/2 + D'D/4 likewise; the noise covariance is I/10, x_0 has covariance I.

    Parameters
    ----------
    N, m, T : int ≥ 1
        Numbers of agents, states and stages.
    p : int or tuple of int ≥ 1
        Control dimension of every agent, or of each.
    tau : str
        A number ≥ 0.
    seed : int
    """
    # Judged before anything of that size is made; `Game` has the precise limit.
    size = p if isinstance(p, int) else max(p)
    if N * T * m * m > MAX_NUMBERS or N * T * size * (size + m) > MAX_NUMBERS:
        raise InputError("the random game would hold more than 10^8 numbers", "random")
    p_of = p if isinstance(p, tuple) else (p,) * N
    if len(p_of) != N:
        raise InputError(f"p names {len(p_of)} control dimensions, but N = {N}", "p")
    draw = random.Random(f"ergs-verify {seed}")

    def matrix(rows: int, cols: int, largest: int, over: int) -> Rows:
        return [
            [_over(draw.randint(-largest, largest), over) for _ in range(cols)] for _ in range(rows)
        ]

    def gram(size: int, over: int, ridge: int) -> Rows:
        C = np.array([[draw.randint(-1, 1) for _ in range(size)] for _ in range(size)])
        product = C.T @ C + ridge * np.eye(size, dtype=int)
        return [[_over(x, over) for x in row] for row in product.tolist()]

    sizes = str(p) if isinstance(p, int) else "-".join(map(str, p))
    return Game.from_arrays(
        name=f"random:N={N},m={m},p={sizes},T={T},tau={tau},seed={seed}",
        horizon=T,
        tau=tau,
        A=[matrix(m, m, 5, 4 * m) for _ in range(T)],
        B=[[matrix(m, p_i, 4, 4) for _ in range(T)] for p_i in p_of],
        Q=[[gram(m, 1, 0) for _ in range(T + 1)] for _ in p_of],
        R=[[gram(p_i, 4, 2) for _ in range(T)] for p_i in p_of],
        noise_cov=_scalar(m, "1/10"),
        x0_mean=[0] * m,
        x0_cov=_scalar(m, 1),
    )


def _random_from(name: str) -> Game:
    given: dict[str, Any] = {}
    for part in filter(None, name.removeprefix("random").removeprefix(":").split(",")):
        key, _, value = part.partition("=")
        if key not in _RANDOM_KEYS:
            raise InputError(
                f"{quoted(key)} is not a key of a random game; known are N, m, p, T, tau and seed, "
                'as in "random:N=3,m=4,p=2,T=10,seed=0"',
                "name",
            )
        if key in given:
            raise InputError(f"{key} stands twice in the name of a random game", "name")
        given[key] = value
    numbers = {
        key: _whole(key, value, key != "seed")
        for key, value in given.items()
        if key in ("N", "m", "T", "seed")
    }
    if "tau" in given:
        parse_number(given["tau"], "tau")
        numbers["tau"] = given["tau"]
    if "p" in given:
        sizes = [_whole("p", value, True) for value in given["p"].split("-")]
        if len(sizes) == 1:
            numbers["p"] = sizes[0]
        else:
            numbers["p"] = tuple(sizes)
            numbers.setdefault("N", len(sizes))
    return random_game(**numbers)


def _whole(key: str, value: str, positive: bool) -> Any:
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise InputError(f"{key} is {quoted(value)}, but must be a whole number", key)
    if positive and int(value) < 1:
        raise InputError(f"{key} is {int(value)}, but must be ≥ 1", key)
    return int(value)


def _over(top: int, bottom: int) -> int | str:
    return top // bottom if top % bottom == 0 else f"{top}/{bottom}"


def _scalar(size: int, value: Any) -> Rows:
    return [[value if r == c else 0 for c in range(size)] for r in range(size)]


def _diagonal(*values: Any) -> Rows:
    return [[value if r == c else 0 for c in range(len(values))] for r, value in enumerate(values)]


def _game(name: str, shows: str):
    def enter(data: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        _GAMES[name] = _Entry(shows, data)
        return data

    return enter


def _g_star(tau: Any, A: Rows, Q_0: Rows) -> dict[str, Any]:
    """Game G* of THEORY §4: det Φ = (τ − 4)(τ + 12)/4."""
    return {
        "tau": tau,
        "A": A,
        "B": [[[1], [0]], [[0], [1]]],
        "Q": [[Q_0, [[1, 4], [4, 16]]], [Q_0, [[16, 4], [4, 1]]]],
        "R": [[[1]], [[1]]],
        "noise_cov": _scalar(2, 0),
        "horizon": 1,
        "x0_mean": [1, -1],
        "x0_cov": _scalar(2, 0),
    }


@_game(
    "g-star-2",
    "G* at τ = 2, A = I: one equilibrium (det Φ = −7), yet the inner loop of Algorithm 1 diverges "
    "(spectral radius 4/3).",
)
def _g_star_2() -> dict[str, Any]:
    return _g_star(2, _scalar(2, 1), _scalar(2, 0))


@_game(
    "g-star-4-no-nash",
    "G* at τ = 4, A = I: Φ is singular and its equations are inconsistent, so there is no Nash "
    "equilibrium.",
)
def _g_star_4() -> dict[str, Any]:
    return _g_star(4, _scalar(2, 1), _scalar(2, 0))


@_game(
    "g-star-4-continuum",
    "G* at τ = 4, A all ones: Φ is singular and its equations are consistent, so there is a "
    "continuum of equilibria, nonlinear ones among them.",
)
def _g_star_4_continuum() -> dict[str, Any]:
    return _g_star(4, [[1, 1], [1, 1]], _scalar(2, 0))


@_game(
    "g-star-near-4",
    "G* at τ = 4 + 1/1000, A = I, Q_0 = I: next to the singular τ the gains are of the order "
    "3/δ and the δ-augmented gap does not vanish (ε₁ → 9/4).",
)
def _g_star_near_4() -> dict[str, Any]:
    return _g_star("4.001", _scalar(2, 1), _scalar(2, 1))


@_game(
    "identical-interest",
    "Three scalar agents with one and the same cost: the inner loop diverges (eigenvalue −4/3) "
    "while best responses in turn converge to K = −2/7.",
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
    "Published: two agents that do not meet, each its own regulator (QuantEcon.py, "
    "quantecon/tests/test_lqnash.py, test_noninteractive; its maximised −0.25 x² − 0.15 u² "
    "minimised here with the sign turned, over 50 stages).",
)
def _quantecon() -> dict[str, Any]:
    return {
        "tau": 0,
        "A": _diagonal("0.95", "0.95"),
        "B": [[["0.95"], [0]], [[0], ["0.95"]]],
        "Q": [_diagonal("0.25", 0), _diagonal(0, "0.25")],
        "R": [[["0.15"]], [["0.15"]]],
        "noise_cov": _scalar(2, 0),
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
        "Q": [_diagonal("0.01", 1), _diagonal(1, "0.147")],
        "R": [[["0.01"]], [["0.01"]]],
        "noise_cov": _scalar(2, "0.01"),
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
        "Q": [_diagonal(1, "1/10")],
        "R": [[["1/10"]]],
        "noise_cov": _scalar(2, "1/1000"),
        "horizon": 30,
        "x0_mean": [1, 0],
        "x0_cov": _scalar(2, "1/100"),
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
            [_diagonal(1, t) for t in range(T + 1)],
            [[[t + 1, 1], [1, 1]] for t in range(T + 1)],
            _diagonal(1, 2),
        ],
        "R": [
            [[[f"{t + 1}/2"]] for t in range(T)],
            _diagonal(1, "1/2"),
            [[2, 1, 0], [1, 2, 1], [0, 1, 2]],
        ],
        "noise_cov": [["1/10", "1/20"], ["1/20", "1/5"]],
        "horizon": T,
        "x0_mean": [1, -1],
        "x0_cov": _scalar(2, "1/2"),
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
        "Q": [_diagonal(1, 0), _scalar(2, 1)],
        "R": [[[1]], [["1/2"]]],
        "noise_cov": _scalar(2, "1/100"),
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
        "R": [[[1]], _diagonal(1, 2), [["1/2"]], [[3]]],
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
        "Q": [_diagonal("1e8", "1e-8"), _diagonal("1e-8", "1e8")],
        "R": [[["1e-4"]], [["1e-4"]]],
        "noise_cov": _diagonal("1e-8", 1),
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
        "noise_cov": _scalar(2, "1/50"),
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
        "Q": [_diagonal(1, "1/2"), _diagonal("1/2", 1)],
        "R": [[[1]], [[1]]],
        "noise_cov": _scalar(2, "1/10"),
        "horizon": 5,
    }
