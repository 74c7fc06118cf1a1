"""Random games of any size, the same on every machine."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import parse_number, quoted
from ergs_verify.files.packed import MAX_NUMBERS
from ergs_verify.game.gallery.entries import scalar
from ergs_verify.game.game import Game

_RANDOM_KEYS = ("N", "m", "p", "T", "tau", "seed")


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

    Parameters
    ----------
    N, m, T : int ≥ 1
        The numbers of agents, states and stages.
    p : int or tuple of int ≥ 1
        The number of controls of every agent, or of each.
    tau : str
        A number ≥ 0.
    seed : int

    Returns
    -------
    Game

    Raises
    ------
    InputError
        If p names more or fewer agents than N, the game would hold more than 10⁸ numbers, or
        `tau` is not such a number.

    Notes
    -----
    A has entries k/(4m) with integers k from −5 to 5, B has k/4 with k from −4 to 4. Q is C'C,
    where C has entries −1, 0 and 1; R is I/2 + D'D/4, where D has too. The noise has covariance
    I/10, and x_0 has mean 0 and covariance I.

    Examples
    --------
    >>> from ergs_verify.game.gallery import random_game
    >>> random_game(N=3, m=4, p=(1, 2, 1), T=6, seed=1)
    Game("random:N=3,m=4,p=1-2-1,T=6,tau=1,seed=1", N=3, m=4, p=(1, 2, 1), T=6, tau=1)
    """
    # Judged before anything of that size is made; `Game` has the precise limit.
    size = p if isinstance(p, int) else max(p)
    if N * T * m * m > MAX_NUMBERS or N * T * size * (size + m) > MAX_NUMBERS:
        raise InputError("the random game would hold more than 10^8 numbers", "random")
    p_of = p if isinstance(p, tuple) else (p,) * N
    if len(p_of) != N:
        raise InputError(f"p names {len(p_of)} control dimensions, but N = {N}", "p")
    numbers = drawn_numbers(m=m, p=p_of, T=T, seed=seed)
    sizes = str(p) if isinstance(p, int) else "-".join(map(str, p))
    return Game.from_arrays(
        name=f"random:N={N},m={m},p={sizes},T={T},tau={tau},seed={seed}",
        horizon=T,
        tau=tau,
        A=_over(numbers.A, 4 * m),
        B=[_over(B, 4) for B in numbers.B],
        Q=[_over(Q, 1) for Q in numbers.Q],
        R=[_over(R, 4) for R in numbers.R],
        noise_cov=scalar(m, "1/10"),
        x0_mean=[0] * m,
        x0_cov=scalar(m, 1),
    )


@frozen(kw_only=True, eq=False)
class DrawnNumbers:
    """The whole numbers of a random game: A times 4m, B times 4, Q, and R times 4, over time."""

    A: np.ndarray
    B: tuple[np.ndarray, ...]
    Q: tuple[np.ndarray, ...]
    R: tuple[np.ndarray, ...]


def drawn_numbers(*, m: int, p: tuple[int, ...], T: int, seed: int) -> DrawnNumbers:
    """What `random_game` draws for agents of these control dimensions."""
    draw = random.Random(f"ergs-verify {seed}").randint

    def whole(largest: int, *shape: int) -> np.ndarray:
        count = math.prod(shape)
        return np.array([draw(-largest, largest) for _ in range(count)]).reshape(shape)

    def gram(size: int, times: int, ridge: int) -> np.ndarray:
        C = whole(1, times, size, size)
        return C.swapaxes(1, 2) @ C + ridge * np.eye(size, dtype=int)

    return DrawnNumbers(
        A=whole(5, T, m, m),
        B=tuple(whole(4, T, m, p_i) for p_i in p),
        Q=tuple(gram(m, T + 1, 0) for _ in p),
        R=tuple(gram(p_i, T, 2) for p_i in p),
    )


def random_from(name: str) -> Game:
    """The random game of a name such as ``random:N=3,m=4,p=2,T=10,seed=0``."""
    return random_game(**random_keys(name))


def random_keys(name: str) -> dict[str, Any]:
    """The arguments of `random_game` that a name gives."""
    given: dict[str, Any] = {}
    for part in filter(None, name.removeprefix("random").removeprefix(":").split(",")):
        key, _, value = part.partition("=")
        if key not in _RANDOM_KEYS:
            raise InputError(
                f"{quoted(key)} is not a key of a random game; the keys are N, m, p, T, tau and "
                'seed, as in "random:N=3,m=4,p=2,T=10,seed=0"',
                "name",
            )
        if key in given:
            raise InputError(f"{key} appears twice in the name of a random game", "name")
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
    return numbers


def _whole(key: str, value: str, positive: bool) -> Any:
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise InputError(f"{key} is {quoted(value)}, but must be a whole number", key)
    if positive and int(value) < 1:
        raise InputError(f"{key} is {int(value)}, but must be ≥ 1", key)
    return int(value)


def _over(tops: np.ndarray, bottom: int) -> Any:
    """Nested lists of the quotients, exactly."""
    if tops.ndim:
        return [_over(top, bottom) for top in tops]
    top = int(tops)
    return top // bottom if top % bottom == 0 else f"{top}/{bottom}"
