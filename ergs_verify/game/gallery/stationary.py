"""Games of infinite horizon, each with what it shows, some with the numbers their sources print."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.game.gallery.entries import diagonal, scalar
from ergs_verify.game.gallery.published import PUBLISHED, Printed
from ergs_verify.game.game import Game
from ergs_verify.game.horizon import INFINITE


@frozen
class Stationary:
    """A game of infinite horizon.

    Attributes
    ----------
    name : str
    shows : str
        What the game shows, in one sentence.
    source : str
        Who published it; empty for this package's own games.
    data : function
        Gives the keywords of `Game.from_arrays` except the horizon.
    printed : tuple of Printed
        The numbers that the source prints.
    places : int
        How many of their decimals are right.
    """

    name: str
    shows: str
    source: str
    data: Callable[[], dict[str, Any]]
    printed: tuple[Printed, ...] = ()
    places: int = 0

    def game(self) -> Game:
        """The game.

        Returns
        -------
        Game

        Examples
        --------
        >>> from ergs_verify.game.gallery import stationary
        >>> stationary()["stationary-zero-sum"].game().agents
        2
        """
        return Game.from_arrays(name=self.name, horizon=INFINITE, **self.data())


STATIONARY: dict[str, Stationary] = {}


def _game(
    name: str, shows: str, *, source: str = "", printed: Iterable[Printed] = (), places: int = 0
):
    def enter(data: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        STATIONARY[name] = Stationary(name, shows, source, data, tuple(printed), places)
        return data

    return enter


def _regulators(a: Any, *, agents: int = 1, q: Any = 1, r: Any = 1) -> dict[str, Any]:
    """One state, which each agent's control moves by itself."""
    return {
        "tau": 0,
        "A": [[a]],
        "B": [[[1]]] * agents,
        "Q": [[[q]]] * agents,
        "R": [[[r]]] * agents,
        "noise_cov": [[1]],
    }


@_game(
    "stationary-duopoly",
    "The duopoly quantecon-duopoly as its source intends it, with an infinite horizon.",
    source=PUBLISHED["quantecon-duopoly"].source,
    printed=PUBLISHED["quantecon-duopoly"].printed,
    places=6,
)
def _duopoly() -> dict[str, Any]:
    return PUBLISHED["quantecon-duopoly"].data(INFINITE)


@_game(
    "stationary-inventories",
    "Judd's game quantecon-inventories as its source intends it: with an infinite horizon and no "
    "discount, so that the mean profit of a stage counts.",
    source=PUBLISHED["quantecon-inventories"].source,
    printed=PUBLISHED["quantecon-inventories"].printed,
    places=8,
)
def _inventories() -> dict[str, Any]:
    return PUBLISHED["quantecon-inventories"].data(INFINITE)


@_game(
    "stationary-three-equilibria",
    "Two agents who both want an unstable state held, and each of whom would rather leave it to "
    "the other: three stationary equilibria.",
)
def _three_equilibria() -> dict[str, Any]:
    return {**_regulators(3, agents=2), "discount": "15/16"}


@_game(
    "stationary-zero-sum",
    "A zero-sum game, as in H∞ control: the second agent pays for its control and wins what the "
    "first loses.",
)
def _zero_sum() -> dict[str, Any]:
    joint = diagonal(1, -5)
    negative = [[-x for x in row] for row in joint]
    return {
        **_regulators("3/4", agents=2),
        "Q": [[[1]], [[-1]]],
        "R": [joint, negative],
        "indefinite": True,
    }


@_game(
    "stationary-gradient-avoids",
    "Two agents who both follow the gradient of their own cost are driven away from their only "
    "known equilibrium.",
    source="After E. Mazumdar, L. J. Ratliff, M. I. Jordan and S. S. Sastry, Policy-Gradient "
    "Algorithms Have No Guarantees of Convergence in Linear Quadratic Games, "
    "arXiv:1907.03712, who found many such games; the numbers are the toolkit's own.",
)
def _gradient_avoids() -> dict[str, Any]:
    return {
        "tau": 0,
        "A": [["0.56", "0.02"], ["0.35", "0.01"]],
        "B": [[[1], [1]], [[0], [1]]],
        "Q": [diagonal("0.01", 1), diagonal(1, "0.31")],
        "R": [[["0.01"]], [["0.01"]]],
        # As if there were no noise and x_0 were (1, 1) or (1, 1.1): E[x_0 x_0'].
        "noise_cov": [[1, "1.05"], ["1.05", "1.105"]],
    }


@_game(
    "stationary-nashopt",
    "Ten agents, each of whom has one of ten coupled states to hold by one control; the free state "
    "is unstable.",
    source="NashOpt, examples/control/example_lqr.py, with its random numbers.",
)
def _nashopt() -> dict[str, Any]:
    draw = np.random.RandomState(0)
    A = draw.rand(10, 10)
    A = A / max(abs(np.linalg.eigvals(A))) * 1.1
    # The largest eigenvalue is not the same to the last bit everywhere.
    A, B = np.round(A, 12), draw.randn(10, 10)
    return {
        "tau": 0,
        "A": A,
        "B": [B[:, [k]] for k in range(10)],
        "Q": [np.outer(e, e) for e in np.eye(10)],
        "R": [[[10]]] * 10,
        "noise_cov": scalar(10, 1),
    }


@_game(
    "stationary-deadbeat",
    "Control costs nothing, so the state is 0 after one stage: all eigenvalues of the closed loop "
    "are 0.",
)
def _deadbeat() -> dict[str, Any]:
    return {**_regulators(2, r=0), "indefinite": True}


@_game(
    "stationary-slow",
    "The state costs hardly anything, so the closed loop is slow, ρ ≈ 1 − 10⁻⁶, and iterating "
    "takes millions of stages.",
)
def _slow() -> dict[str, Any]:
    return _regulators(1, q=Fraction(1, 10**12))


@_game(
    "stationary-root",
    "A state that is unstable and costs nothing: P = 0 solves the Riccati equation, and only the "
    "other root, P = 3, stabilises.",
)
def _root() -> dict[str, Any]:
    return _regulators(2, q=0)
