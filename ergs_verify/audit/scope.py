"""What a solver claims to solve: games outside are skipped, and what it declares unsupported is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from ergs_verify.audit.general_games import GIVEN, general_game
from ergs_verify.audit.outcome import Trouble
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game import Game
from ergs_verify.game.gallery import random_game
from ergs_verify.game.horizon import INFINITE
from ergs_verify.game.letters import GAME


def _constant(game: Game) -> bool:
    """Whether no matrix changes with time, but for the terminal costs."""

    def constant(own: Any, last: int) -> bool:
        times = own[: len(own) - last] if isinstance(own, tuple) else (own,)
        return all(np.all(times[0] == X) for X in times[1:])

    for letter in GAME:
        value = letter.of(game)
        if letter.over_time == "never" or not isinstance(value, tuple):
            continue
        agents = value if letter.agents != "none" else (value,)
        if not all(constant(own, letter.terminal) for own in agents):
            return False
    return True


#: What may be asked of a game, and what is said of one that has it not.
_KINDS: dict[str, tuple[Callable[[Game], bool], str]] = {
    "time-invariant": (_constant, "its matrices change with time"),
    "equal-controls": (
        lambda game: len(set(game.control_sizes)) == 1,
        "its agents have different numbers of controls",
    ),
    "no-noise": (lambda game: not any(X.any() for X in game.noise), "it has noise"),
    "average": (lambda game: all(rate == 1 for rate in game.discount), "it is discounted"),
    "basic": (
        lambda game: not set(game.beyond) - {"discount"},
        "it has more than A, B, Q, R, τ, noise and discounts",
    ),
    "entropy": (lambda game: all(map(all, game.tau_of)), "τ = 0"),
    "plain": (lambda game: not any(game.entropic), "τ > 0"),
}
_SIZES: dict[str, Callable[[Game], Collection[int]]] = {
    "agents": lambda game: {game.agents},
    "states": lambda game: {game.state_size},
    "controls": lambda game: set(game.control_sizes),
    "stages": lambda game: {game.horizon},
}


@frozen(kw_only=True)
class Scope:
    """The games that a solver is judged on.

    Attributes
    ----------
    claims : tuple of str
        What must hold of a game: ``agents=2``, ``agents<=3``, and likewise for ``states``,
        ``controls`` (of each agent) and ``stages``; ``time-invariant`` (except the terminal
        costs), ``equal-controls``, ``no-noise``, ``entropy`` (τ > 0), ``plain`` (τ = 0),
        ``average`` (no discount), ``basic`` (only A, B, Q, R, τ, noise and discounts).
    skip : tuple of str
        Names of games that are skipped.
    unsupported : tuple of str
        How the solver says that it does not take a game: the name of an exception, an exit
        status, or ``unsupported`` for a field of that name in its answer.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.audit.scope import Scope
    >>> scope = Scope.named("agents=2,time-invariant")
    >>> scope.left_out(gallery("g-star-2")), scope.left_out(gallery("lqr"))
    (None, 'agents=2 does not hold')
    """

    claims: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()

    @classmethod
    def named(
        cls, claims: str = "", *, skip: Sequence[str] = (), unsupported: Sequence[str] = ()
    ) -> Scope:
        """A scope from words with commas between them.

        Parameters
        ----------
        claims : str
            Such as ``"agents=2,time-invariant"``.
        skip, unsupported : sequence of str
            As the attributes.

        Returns
        -------
        Scope

        Raises
        ------
        InputError
            If a word is unknown; the message suggests the nearest known one.

        Examples
        --------
        >>> from ergs_verify.audit.scope import Scope
        >>> Scope.named("agents<=3, no-noise").claims
        ('agents<=3', 'no-noise')
        """
        words = tuple(word.strip() for word in claims.split(",") if word.strip())
        for word in words:
            if word not in _KINDS and _size(word) is None:
                known = [*_KINDS, *(f"{name}=2" for name in _SIZES)]
                nearest = difflib.get_close_matches(word[:50], known, n=1, cutoff=0.0)[0]
                raise InputError(
                    f"{quoted(word)} is not a scope; the scopes are {', '.join(known)} and "
                    f"sizes with = or <=, and the nearest is {quoted(nearest)}",
                    "scope",
                )
        return cls(claims=words, skip=tuple(skip), unsupported=tuple(unsupported))

    def left_out(self, game: Game) -> str | None:
        """Why a game is skipped; None for one that is not."""
        game = game.one_stage if game.stationary else game
        for word in self.claims:
            if word in _KINDS:
                holds, otherwise = _KINDS[word]
                if not holds(game):
                    return otherwise
            elif (size := _size(word)) is not None and not size(game):
                return f"{word} does not hold"
        return None

    def declines(self, trouble: Trouble) -> bool:
        """Whether the solver says in the declared way that it does not take the game."""
        return trouble.name in self.unsupported

    def games(self, *, general: bool = False, stationary: bool = False) -> Iterator[Game]:
        """Games with nothing special to them, for telling mistakes apart; or general ones, or
        those without an end."""
        if stationary:
            shapes = [(1, (2, 1), 3, "7/8"), (2, (1, 1), 2, 1), (3, (2,), 3, "7/8")]
            for seed, p, m, rate in shapes:
                game = random_game(N=len(p), m=m, p=p, T=1, tau="3/4", seed=seed)
                values = {letter.name: letter.of(game) for letter in GAME}
                values |= {"A": game.A[0] / 2, "noise_cov": game.noise_cov, "discount": rate}
                values |= {name: [X[0] for X in values[name]] for name in ("B", "Q", "R")}
                game = Game.from_letters(values, horizon=INFINITE, name=game.name)
                if self.left_out(game) is None:
                    yield game.rounded()
            return
        if general:
            for seed, p in enumerate([(2, 1), (1, 1), (2, 2, 2), (1,)], start=101):
                game = Game.from_arrays(**general_game(GIVEN, p=p, m=3, T=4, seed=seed))
                if self.left_out(game) is None:
                    yield game
            return
        shapes = [((2, 1), 3, 4), ((1, 1), 3, 4), ((2, 2, 2), 3, 3), ((1,), 3, 4), ((1, 1), 2, 1)]
        for seed, (p, m, T) in enumerate(shapes, start=1):
            for tau in ("3/4", "0"):
                game = random_game(N=len(p), m=m, p=p, T=T, tau=tau, seed=seed)
                still = attrs.evolve(game, noise_cov=0 * game.noise_cov)
                for one in (game, _stationary(game), _stationary(still)):
                    if self.left_out(one) is None:
                        yield one.rounded()
                        break


def _stationary(game: Game) -> Game:
    T = game.horizon
    return attrs.evolve(
        game,
        A=game.A[:1] * T,
        B=tuple(X[:1] * T for X in game.B),
        Q=tuple(X[:1] * T + X[-1:] for X in game.Q),
        R=tuple(X[:1] * T for X in game.R),
    )


def _size(word: str) -> Callable[[Game], bool] | None:
    found = re.fullmatch(r"(\w+)(<=|=)(\d{1,6})", word)
    if found is None or found[1] not in _SIZES:
        return None
    sizes, bound = _SIZES[found[1]], int(found[3])
    if found[2] == "=":
        return lambda game: sizes(game) == {bound}
    return lambda game: max(sizes(game)) <= bound
