"""Derivations as objects: moves that compute, each checked by something other than itself.

A move takes what is known so far and returns what it found. Its check looks at the state after
it and raises `DerivationError` unless the finding holds; leave a move out, or let it return
something else, and the derivation fails there or at the first move that builds on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, frozen

from ergs_verify.errors import DerivationError, ErgsError
from ergs_verify.markup import in_markdown_beside_math
from ergs_verify.proof import prove
from ergs_verify.proof.kept import keep
from ergs_verify.typeset import equation

State = Mapping[str, Any]


@frozen(kw_only=True)
class Move:
    """One step that is still to be taken.

    Attributes
    ----------
    name : str
        Short name, unique in its derivation.
    what, rule : str
        What is done, and by what rule (Markdown with LaTeX allowed).
    find : callable
        State → the expressions found, by name.
    check : callable
        State after the move → a sentence on how it was checked; raises `DerivationError`.
    show : callable
        State after the move → the equation to show, as (left, right).
    """

    name: str
    what: str
    rule: str
    find: Callable[[State], Mapping[str, Any]]
    check: Callable[[State], str]
    show: Callable[[State], tuple[Any, Any]]


@frozen(kw_only=True)
class Step:
    """One step taken: what was done, by what rule, the equation, and how it was checked."""

    name: str
    what: str
    rule: str
    left: Any
    right: Any
    checked: str

    def _repr_markdown_(self) -> str:
        shown = equation(self.left, self.right)
        what, rule, checked = map(in_markdown_beside_math, (self.what, self.rule, self.checked))
        return f"**{what}** ({rule})\n\n$$\n{shown}\n$$\n\nChecked: {checked}."

    def __str__(self) -> str:
        return f"{self.what} [{self.rule}]\n    {self.left} = {self.right}\n    ({self.checked})"


@frozen(kw_only=True)
class Derivation:
    """A chain of moves, run from a start to its results.

    Attributes
    ----------
    title : str
    start : mapping
        What is given.
    moves : tuple of Move
    results : tuple of str
        Names that must be known at the end.
    """

    title: str
    start: State
    moves: tuple[Move, ...]
    results: tuple[str, ...]

    def run(self) -> Derived:
        """Take every step.

        Raises
        ------
        DerivationError
            Where a move lacks what it builds on, or its finding does not hold.
        """
        state: dict[str, Any] = dict(self.start)
        steps = []
        for move in self.moves:
            try:
                state.update(move.find(state))
                checked = move.check(state)
                left, right = move.show(state)
            except KeyError as missing:
                raise DerivationError(
                    f"{self.title}, step “{move.name}”: {missing} has not been found yet"
                ) from None
            except ErgsError as error:
                raise DerivationError(f"{self.title}, step “{move.name}”: {error}") from error
            steps.append(
                Step(
                    name=move.name,
                    what=move.what,
                    rule=move.rule,
                    left=left,
                    right=right,
                    checked=checked,
                )
            )
        missing = [name for name in self.results if name not in state]
        if missing:
            raise DerivationError(f"{self.title}: {', '.join(missing)} was not derived")
        return Derived(
            title=self.title, steps=tuple(steps), results={n: state[n] for n in self.results}
        )

    def without(self, name: str) -> Derivation:
        """The derivation with one move left out."""
        return evolve(self, moves=tuple(m for m in self.moves if m.name != name))

    def altered(self, name: str, find: Callable[[State, Mapping], Mapping]) -> Derivation:
        """The derivation with one move's findings altered: `find(state, findings)`."""

        def put(move: Move) -> Move:
            if move.name != name:
                return move
            return evolve(move, find=lambda state: find(state, move.find(state)))

        return evolve(self, moves=tuple(put(m) for m in self.moves))


@frozen(kw_only=True)
class Derived:
    """A derivation that went through: its steps, and its results by name.

    Shown as typeset mathematics in Jupyter and as text in a terminal.
    """

    title: str
    steps: tuple[Step, ...]
    results: Mapping[str, Any]

    def __getitem__(self, name: str):
        return self.results[name]

    def _repr_markdown_(self) -> str:
        parts = [f"### {self.title}"]
        parts += [f"{k}. {s._repr_markdown_()}" for k, s in enumerate(self.steps, 1)]
        return "\n\n".join(parts)

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"{k}. {s}" for k, s in enumerate(self.steps, 1))])


def demand_equal(left, right, *, definitions=None, symmetric=(), why: str = "") -> str:
    """`prove`, or a `DerivationError` that shows the difference."""
    proof = keep(prove(left, right, definitions=definitions, symmetric=symmetric))
    if not proof:
        raise DerivationError(f"{why or 'the two sides'}: {proof}")
    return "proved equal for every size and number of agents"
