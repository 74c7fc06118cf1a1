"""Named games: the toolkit's own, those that others published, and random ones of any size."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game.gallery.drawn import random_from, random_game
from ergs_verify.game.gallery.own import GAMES
from ergs_verify.game.gallery.published import PUBLISHED, Published
from ergs_verify.game.gallery.stationary import STATIONARY, Stationary
from ergs_verify.game.game import Game

__all__ = ["gallery", "names", "published", "random_game", "stationary"]


def gallery(name: str) -> Game:
    """A named game, or a random one such as ``random:N=3,m=4,p=2,T=10,seed=0``.

    Parameters
    ----------
    name : str
        A name that `names`, `published` or `stationary` lists, or ``random:`` with any of the
        arguments of `random_game`; ``p=1-2-3`` gives the three agents 1, 2 and 3 controls.

    Returns
    -------
    Game

    Raises
    ------
    InputError
        If the name is unknown (the message suggests one that is near, if there is one), or an
        argument of a random game is bad.

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
        return random_from(name)
    if name in PUBLISHED:
        return PUBLISHED[name].game()
    if name in STATIONARY:
        return STATIONARY[name].game()
    if name not in GAMES:
        known = [*GAMES, *PUBLISHED, *STATIONARY, "random:"]
        near = difflib.get_close_matches(name[:50], known, n=1)
        hint = (
            f"the nearest name is {quoted(near[0])}" if near else "`ergs-verify games` lists them"
        )
        raise InputError(f"{quoted(name)} is not a game of the gallery; {hint}", "name")
    return Game.from_arrays(name=name, **GAMES[name].data())


def names() -> Mapping[str, str]:
    """The names of the games of the paper's class, each with a sentence on what it shows.

    Returns
    -------
    mapping from str to str

    Examples
    --------
    >>> from ergs_verify.game.gallery import names
    >>> print(names()["lqr"])
    One agent, so the equilibrium is the entropy-regularized linear-quadratic regulator.
    """
    return {name: entry.shows for name, entry in GAMES.items()}


def published() -> Mapping[str, Published]:
    """The games that others published, by name; most lie beyond the paper's class.

    Returns
    -------
    mapping from str to Published

    Examples
    --------
    >>> from ergs_verify.game.gallery import published
    >>> entry = published()["quantecon-duopoly"]
    >>> entry.game()
    Game("quantecon-duopoly", N=2, m=2, p=(1, 1), T=51, tau=0, with discount, x_linear, indefinite)
    >>> entry.printed[0].text
    '-0.6684661455442794'
    """
    return dict(PUBLISHED)


def stationary() -> Mapping[str, Stationary]:
    """The games of infinite horizon, by name.

    Returns
    -------
    mapping from str to Stationary

    Examples
    --------
    >>> from ergs_verify.game.gallery import stationary
    >>> stationary()["stationary-deadbeat"].game()
    Game("stationary-deadbeat", N=1, m=1, p=(1,), T=infinite, tau=0, with indefinite)
    """
    return dict(STATIONARY)
