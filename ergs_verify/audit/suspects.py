"""One diagnosis for a solver: the mistakes, or conventions, that explain all that it fails on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

import attrs
from attrs import frozen

from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.diagnosis import Match
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.result import Audit
from ergs_verify.game import Game

#: Conventions that a solver may have and not declare: those in which numbers have another meaning.
_CONVENTIONS = ("negative-gain", "half-costs", "half-values", "tau-in-R")
#: Of the games built to tell mistakes apart, how many are tried.
_TRIED = 3


@frozen(kw_only=True)
class Suspect:
    """A mistake that may be the reason why a solver fails.

    Attributes
    ----------
    id : str
        The mistake's name in the catalogue, :doc:`/generated/mistakes`.
    message : str
        What goes wrong, in words.
    look_at : str
        Where to look for it.
    games, of : int
        It explains `games` of the `of` failing games.
    left_out : tuple of str
        Letters that it does not explain on some of them.
    """

    id: str
    message: str
    look_at: str
    games: int
    of: int
    left_out: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Its part of ``ergs-suite/1``."""
        return attrs.asdict(self)


@frozen(kw_only=True)
class Suspects:
    """What may be wrong with a solver.

    Attributes
    ----------
    mistakes : tuple of Suspect
        Mistakes that lead to the solver's numbers, those first that explain most failing games.
    alike : tuple of str
        Mistakes that explain as many as the first, and that no game tried tells from it.
    told_apart_by : Game or None
        A game made to tell the first from others that explain as many.
    unexplained : tuple of str
        Names of failing games that no mistake explains.
    conventions : tuple of str
        Conventions with which, if they were declared, the solver would pass every game that it
        fails by its numbers.
    by_numbers : int
        How many games it fails by its numbers.
    of : int
        How many games it fails in all.
    """

    mistakes: tuple[Suspect, ...] = ()
    alike: tuple[str, ...] = ()
    told_apart_by: Game | None = None
    unexplained: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    by_numbers: int = 0
    of: int = 0

    @property
    def _some_pass(self) -> str:
        one = self.by_numbers == 1
        return f"{self.by_numbers} of {self.of} failing games pass{'es' * one}"

    @property
    def told(self) -> Iterator[str]:
        """What is to be said, a sentence each."""
        if self.conventions:
            options = " ".join(f"--convention {name}" for name in self.conventions)
            whole = self.by_numbers == self.of
            which = "every failing game passes" if whole else self._some_pass
            yield f"With {options}, {which}. Declare this if the solver intends it."
        for one in self.mistakes:
            whole = "every one" if one.games == one.of > 1 else f"{one.games}"
            but = f", but not their {' and '.join(one.left_out)}" if one.left_out else ""
            yield (
                f"Mistake {one.id} explains {whole} of {one.of} failing "
                f"game{'s' * (one.of != 1)}{but}: {one.message}. Look at: {one.look_at}."
            )
        if self.told_apart_by is not None:
            yield "Others that explain as many are ruled out by a game built to tell them apart."
        if len(self.alike) > 1:
            yield f"No game that was tried tells these apart: {', '.join(self.alike)}."
        if self.unexplained:
            yield f"No known mistake explains: {', '.join(self.unexplained)}."


def suspects(
    failing: Iterable[tuple[str, Game, Audit]],
    *,
    of: int,
    solver: Solver,
    judge: Callable[[Game, Solver, bool], Audit | None],
    built: Iterator[Game],
) -> Suspects:
    """What explains the failing games of a solver.

    Parameters
    ----------
    failing : names, games and audits
        Of those games that fail by their numbers.
    of : int
        How many games fail.
    judge : function of a game, a solver and whether to diagnose
        Runs the solver there; None where it gives no numbers.
    built : iterator of Game
        Games that may tell mistakes apart.
    """
    failing = [one for one in failing if one[2].equilibrium.known or one[2].diagnosis]
    if not failing:
        return Suspects()
    matches = {name: found.diagnosis or () for name, _, found in failing}
    known = {match.id: match for found in matches.values() for match in found}
    count = Counter(id for found in matches.values() for id in {match.id for match in found})
    best = _best(matches.values())
    order = sorted(count, key=lambda id: (-count[id], -best[id], id.startswith("misprint/")))
    first = [id for id in order if count[id] == count[order[0]]]
    told_apart_by = None
    for game in (game for game, _ in zip(built, range(_TRIED), strict=False)):
        if len(first) < 2:
            break
        found = judge(game, solver, True)
        here = {match.id for match in (found and found.diagnosis) or ()}
        if left := [id for id in first if id in here]:
            told_apart_by = game if len(left) < len(first) else told_apart_by
            first = left
    unlikely = {id for id in order if count[id] == count[order[0]]} - set(first)
    shown = [*first, *(id for id in order if id not in first and id not in unlikely)]
    return Suspects(
        mistakes=tuple(
            _suspect(known[id], [found for _, _, found in failing], of) for id in _few(shown, first)
        ),
        alike=tuple(first) if len(first) > 1 else (),
        told_apart_by=told_apart_by,
        unexplained=tuple(name for name, found in matches.items() if not found),
        conventions=_conventions([(game, found) for _, game, found in failing], solver, judge),
        by_numbers=len(failing),
        of=of,
    )


def _best(matches: Iterable[Sequence[Match]]) -> Counter[str]:
    """On how many games each mistake is the first to be named."""
    return Counter(found[0].id for found in matches if found)


def _few(order: Sequence[str], first: Sequence[str]) -> Sequence[str]:
    """Those that explain most, and two that explain less."""
    return order[: len(first) + 2] if first else ()


def _suspect(match: Match, failing: Sequence[Audit], of: int) -> Suspect:
    explained = [one for one in failing if match.id in {other.id for other in one.diagnosis or ()}]
    return Suspect(
        id=match.id,
        message=match.message.partition(" (here after")[0],
        look_at=match.look_at,
        games=len(explained),
        of=of,
        left_out=tuple(dict.fromkeys(letter for one in explained for letter in one.left_out)),
    )


def work(game: Game) -> int:
    """How much there is to a game."""
    return game.stages_told * game.state_size * game.agents


def _conventions(
    failing: Sequence[tuple[Game, Audit]],
    solver: Solver,
    judge: Callable[[Game, Solver, bool], Audit | None],
) -> tuple[str, ...]:
    """The fewest conventions with which the solver passes all the games that it fails."""
    smallest = sorted(failing, key=lambda one: work(one[0]))
    declared = attrs.asdict(solver.conventions)
    for count in range(1, len(_CONVENTIONS)):
        for names in combinations(_CONVENTIONS, count):
            if {"half-costs", "tau-in-R"} <= set(names):
                continue
            if "tau-in-R" in names and any(game.prior_mean is not None for game, _ in failing):
                continue
            added = attrs.asdict(Conventions.named(names))
            if any(declared[name] and added[name] for name in added):
                continue
            merged = Conventions(**{name: declared[name] or added[name] for name in added})
            with solver.under(merged):
                if all(_passes(judge(game, solver, False), found) for game, found in smallest):
                    return names
    return ()


def _passes(found: Audit | None, before: Audit) -> bool:
    """Whether it passes with all that was stated before: what is left out is not explained."""
    if found is None or found.verdict != "pass":
        return False
    return found.quantities.keys() >= before.quantities.keys()
