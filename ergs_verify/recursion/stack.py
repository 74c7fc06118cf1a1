"""All stages of a stack of games at once, in float64 with radii: each formula is walked once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from ergs_verify.arithmetic.above import ROUNDED
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.arithmetic.in_step import innermost
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import control_size
from ergs_verify.game import FloatGame, Game
from ergs_verify.game.floats import expect_stack, leaves, mapped
from ergs_verify.paper import notation
from ergs_verify.recursion.stages import Stages
from ergs_verify.recursion.written_out import WrittenOut, written_out


class StageStack:
    """What the games of a stack say of each stage, entered into midpoints and radii.

    The stack runs over stages and games: its place t·G + g is stage t of game g.

    Attributes
    ----------
    horizon, games, states : int
    control_sizes : tuple of int
    agents : range
        Counted from 1.
    general : bool
        Whether the games are beyond the paper's class.
    formula : WrittenOut
    arithmetic : CentredStacks
    plain : agents
        Those without entropy.
    letters : mapping from letters to Centred, of the stack or of one matrix that serves all
    known : Evaluator
        Knows the letters.
    terminal : tuple over agents of Centred (G, m, m)
        P_T = Q_T.
    rates : tuple over agents of Centred scalars
        The discounts.
    """

    arithmetic = CentredStacks()

    def __init__(
        self,
        *,
        horizon: int,
        games: int,
        states: int,
        control_sizes: tuple[int, ...],
        formula: WrittenOut,
        plain: frozenset[int],
        letters: dict[Any, Centred],
        nothing_known: Evaluator,
        terminal: tuple[Centred, ...],
        rates: tuple[Centred, ...],
        general: bool = False,
    ):
        self.horizon, self.games, self.states = horizon, games, states
        self.control_sizes, self.agents = control_sizes, range(1, len(control_sizes) + 1)
        self.formula, self.plain, self.general = formula, plain, general
        self.letters, self.nothing_known = letters, nothing_known
        self.known = nothing_known.with_values(letters)
        self.terminal, self.rates = terminal, rates

    @classmethod
    def of_game(cls, game: Game) -> StageStack:
        """The stages of one game of any class, its entries rounded to float64 within radii."""
        stages = Stages(game, cls.arithmetic, symmetric=True)
        game = stages.game
        times = range(game.horizon)
        by_time = [stages.letters(t) for t in times]
        return cls(
            horizon=game.horizon,
            games=1,
            states=game.state_size,
            control_sizes=game.control_sizes,
            formula=stages.formula,
            plain=stages.plain,
            letters={letter: _over_time([at[letter] for at in by_time]) for letter in by_time[0]},
            nothing_known=stages.nothing_known,
            terminal=tuple(P.map(lambda X: X[None]) for P in stages.terminal().P),
            rates=tuple(stages.arithmetic.scalar(rate) for rate in game.discount),
            general=game.general,
        )

    @classmethod
    def of_games(cls, games: Sequence[Game]) -> StageStack:
        """Games of one size of the paper's class, all with entropy or none, within radii."""
        floats = [game.floats() for game in games]
        arrays = zip(*(leaves(one) for one in floats), strict=True)
        by_place = {here[0][0]: np.stack([X for _, X, _ in here]) for here in arrays}
        stacked = mapped(floats[0], lambda place, _X, _axes: by_place[place])
        rounded = [
            name
            for name in ("A", "B", "Q", "R", "tau")
            if any(
                (np.asarray(X) != Y).any()
                for game, near in zip(games, floats, strict=True)
                for X, Y in _entries(game, near, name)
            )
        ]
        return cls.of_floats(stacked, rounded=rounded)

    @classmethod
    def of_floats(cls, games: FloatGame, *, rounded: Collection[str] = ()) -> StageStack:
        """The stages of a stack of games of the paper's class along one batch axis, exact floats.

        Q is taken to be symmetric, by its upper triangle, and R likewise. The entries of letters
        that are rounded, of A, B, Q, R and tau, are the float64 nearest to what is meant.

        Raises
        ------
        InputError
            If they are not such games.
        """
        from ergs_verify.paper.theorem_III_1 import derived_formulas

        expect_stack(games, "a stack in float64")
        T, m = games.horizon, games.A.shape[-1]
        batches = [np.shape(X)[: np.ndim(X) - axes] for _, X, axes in leaves(games)]
        count = int(np.prod(np.broadcast_shapes(*batches)))
        sizes = tuple(B.shape[-1] for B in games.B)
        agents = range(1, len(sizes) + 1)
        taus = np.broadcast_to(np.asarray(games.tau, dtype=float), (count,))
        plain = frozenset(() if taus.any() else agents)
        formula = written_out(derived_formulas(), agents=len(sizes), plain=plain)
        counted = {notation.m: m} | {
            control_size(sympy.Integer(k)): p for k, p in zip(agents, sizes, strict=True)
        }

        def meant(name: str, X: Centred) -> Centred:
            return X.widened(X.size * ROUNDED) if name in rounded else X

        letters: dict[Any, Centred] = {
            notation.A: meant("A", stages_first(games.A, count, T)),
            notation.noise: _tiled(games.noise_cov, count, T),
        }
        if not plain:
            letters[notation.tau] = meant("tau", Centred(np.tile(taus, T)))
        for k in agents:
            Q, R = _symmetric(games.Q[k - 1]), _symmetric(games.R[k - 1])
            letters[notation.B(k)] = meant("B", stages_first(games.B[k - 1], count, T))
            letters[notation.Q(k)] = meant("Q", stages_first(Q, count, T))
            letters[notation.R(k)] = meant("R", stages_first(R, count, T))
        ends = (np.broadcast_to(Q[..., T, :, :], (count, m, m)) for Q in games.Q)
        return cls(
            horizon=T,
            games=count,
            states=m,
            control_sizes=sizes,
            formula=formula,
            plain=plain,
            letters=letters,
            nothing_known=Evaluator(
                {}, cls.arithmetic, formula.definitions, counted, formula.symmetric
            ),
            terminal=tuple(meant("Q", Centred(innermost(_symmetric(Q)))) for Q in ends),
            rates=tuple(Centred(np.array(1.0)) for _ in agents),
        )

    def at(self, t: int, letters: Mapping[Any, Centred] | None = None) -> dict[Any, Centred]:
        """Stage t's letters, or of others what they are there."""
        here = slice(t * self.games, (t + 1) * self.games)

        def there(X: Any) -> Any:
            return X[here] if np.ndim(X) in (1, 3) and len(X) > 1 else X

        given = self.letters if letters is None else letters
        return {letter: X.map(there) for letter, X in given.items()}

    def middles(self, t: int) -> dict[Any, Any]:
        """The midpoints of stage t's letters."""
        return {letter: np.asarray(X.middle) for letter, X in self.at(t).items()}

    def by_stage(self, X: Any) -> Any:
        """An array of the stack with axes (T, G, …) in front."""
        stack = self.horizon * self.games
        return np.broadcast_to(X, (stack, *X.shape[1:])).reshape(
            self.horizon, self.games, *X.shape[1:]
        )


def _entries(game: Game, near: FloatGame, name: str) -> Iterator[tuple[Any, Any]]:
    """A letter's exact entries, each array once, and their float64."""
    if name == "tau":
        yield game.tau, near.tau
        return
    exact, floats = getattr(game, name), getattr(near, name)
    series = [(exact, floats)] if name == "A" else zip(exact, floats, strict=True)
    for over_time, arrays in series:
        known = {id(X): (X, Y) for X, Y in zip(over_time, arrays, strict=True)}
        yield from known.values()


def _over_time(entries: Sequence[Centred]) -> Centred:
    """One for all stages, where they share it, or else the stack of them."""
    if all(X is entries[0] for X in entries):
        return entries[0]
    exact = all(X.radius is None for X in entries)
    return Centred(
        _stack([X.middle for X in entries]), None if exact else _stack([X.radii for X in entries])
    )


def _stack(entries: Sequence[Any]) -> Any:
    stacked = np.stack(entries)
    return innermost(stacked) if stacked.ndim == 3 else stacked


def stages_first(X: np.ndarray, count: int, T: int) -> Centred:
    """(G, T, rows, columns), of which stages from T on are left out, as the stack."""
    kept = np.broadcast_to(X, (count, *X.shape[-3:]))[:, :T]
    if T > 1 and kept.strides[1] == 0:
        return _tiled(kept[:, 0], count, T)
    return Centred(innermost(np.moveaxis(kept, 1, 0).reshape(T * count, *X.shape[-2:])))


def _tiled(X: np.ndarray, count: int, T: int) -> Centred:
    """(G, rows, columns), or one matrix, for every stage."""
    if X.ndim == 2:
        return Centred(X)
    every = np.broadcast_to(X, (T, count, *X.shape[-2:]))
    return Centred(innermost(every.reshape(T * count, *X.shape[-2:])))


def _symmetric(X: np.ndarray) -> np.ndarray:
    """The same, its lower triangle a copy of the upper."""
    upper = np.triu(X)
    return upper + np.triu(X, 1).swapaxes(-1, -2)
