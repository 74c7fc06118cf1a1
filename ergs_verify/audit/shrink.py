"""A smaller game on which a solver still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.game import Game


def shrink(game: Game, fails: Callable[[Game], bool], *, calls: int = 100) -> Game:
    """Make a game on which a solver fails smaller while it still fails.

    Half of the stages, agents or states is left out while that keeps the failure, then one at a
    time. The last half of the stages is tried before the first, as the equilibrium of the stages
    that are kept then stays what it was.

    Parameters
    ----------
    game : Game
        One for which `fails` is true; this is not asked again.
    fails : function of a game
        Is asked at most `calls` times.
    calls : int

    Returns
    -------
    Game
        The smallest game found. Unless the calls ran out, leaving out any one agent, state, first
        or last stage of it makes the failure go away. The given game itself, if none is smaller.

    Examples
    --------
    >>> from ergs_verify.audit.shrink import shrink
    >>> from ergs_verify.game.gallery import gallery
    >>> shrink(gallery("scalar-state"), lambda game: game.agents >= 2)
    Game("scalar-state, shrunk", N=2, m=1, p=(1, 1), T=1, tau=1/3)
    """
    everything = _Part(
        stages=tuple(range(game.stages_told)),
        agents=tuple(range(game.agents)),
        states=tuple(range(game.state_size)),
    )
    kept, smallest, tried = everything, game, {everything}
    while True:
        for part in kept.smaller():
            if part in tried:
                continue
            if calls <= 0:
                return smallest
            tried.add(part)
            candidate = part.of(game)
            if candidate is None:
                continue
            calls -= 1
            if fails(candidate):
                kept, smallest = part, candidate
                break
        else:
            return smallest


@frozen
class _Part:
    """The stages (without gaps), agents and states of a game that are kept."""

    stages: tuple[int, ...]
    agents: tuple[int, ...]
    states: tuple[int, ...]

    def smaller(self) -> Iterator[_Part]:
        """Half of one of the three, then one less."""
        for stages in _halves(self.stages):
            yield _Part(stages, self.agents, self.states)
        for agents in _halves(self.agents):
            yield _Part(self.stages, agents, self.states)
        for states in _halves(self.states):
            yield _Part(self.stages, self.agents, states)
        if len(self.stages) > 1:
            yield _Part(self.stages[1:], self.agents, self.states)
            yield _Part(self.stages[:-1], self.agents, self.states)
        for agents in _without_one(self.agents):
            yield _Part(self.stages, agents, self.states)
        for states in _without_one(self.states):
            yield _Part(self.stages, self.agents, states)

    def of(self, game: Game) -> Game | None:
        """That part of a game; None where what is left of a float matrix is no longer definite."""
        try:
            return game.part(
                stages=self.stages,
                agents=self.agents,
                states=self.states,
                name=f"{game.name}, shrunk",
            )
        except InputError:
            return None


def _halves(kept: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    half = len(kept) // 2
    return (kept[half:], kept[:half]) if half else ()


def _without_one(kept: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(kept) > 1:
        for k in reversed(range(len(kept))):
            yield kept[:k] + kept[k + 1 :]
