"""Letters over time as they are given: one entry that serves every stage, or a list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import as_list, counted, number, read_matrix, read_vector
from ergs_verify.exact.definite import Judged, judge_symmetric
from ergs_verify.game.horizon import is_infinite


@frozen(kw_only=True)
class Repair:
    """A matrix of floats that rounding had left slightly asymmetric or indefinite.

    Attributes
    ----------
    where : str
        The matrix, such as ``Q[1][0]``.
    agent, t : int or None
        Agents count from 1, times from 0; None if the matrix belongs to no agent, or to all times.
    asymmetry : float or None
        The largest difference of mirrored entries, which were averaged.
    eigenvalue : float or None
        The slightly negative eigenvalue that was accepted.
    message : str
        What was done, in one sentence.
    """

    where: str
    agent: int | None
    t: int | None
    asymmetry: float | None
    eigenvalue: float | None
    message: str

    def __str__(self) -> str:
        return self.message


@frozen(kw_only=True)
class Series:
    """One letter of one agent (or of none), over time.

    Attributes
    ----------
    where : str
        The place in the input, such as ``Q[1]``.
    agent : int or None
    constant : bool
        One entry was given and serves every time.
    entries : sequence of matrices, of vectors, or of numbers
        A single one where `constant`. A matrix given several times is one object.
    """

    where: str
    agent: int | None
    constant: bool
    entries: Sequence[Any] | np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return getattr(self.entries[0], "shape", ())

    def place(self, t: int) -> tuple[str, int | None]:
        return (self.where, None) if self.constant else (f"{self.where}[{t}]", t)

    def expect_shape(
        self,
        *admitted: tuple[tuple[int, ...], str],
        of_others: Mapping[int, tuple[int, ...]] | None = None,
    ) -> None:
        """Every entry must have the same of these shapes, each with what it is in m, p_i and n.

        `of_others` tells the shape for other agents, whose entry this one may be.
        """
        first = self.shape
        shapes = [shape for shape, _ in admitted]
        for t, entry in enumerate(self.entries):
            if entry.shape == first and first in shapes:
                continue
            where, time = self.place(t)
            if first in shapes:
                admitted = ((first, "like the first over time"),)
            has, needs = ("is", "must be") if entry.ndim == 2 else ("has", "must have")
            wanted = " or ".join(f"{_sized(shape)} ({meaning})" for shape, meaning in admitted)
            message = f"{where} {has} {_sized(entry.shape)} but {needs} {wanted}"
            if entry.ndim == 2 and entry.shape[::-1] in shapes:
                message += (
                    "; its transpose would fit: rows and columns are swapped "
                    "(some languages write matrices as lists of columns)"
                )
            else:
                agents = [k for k, shape in (of_others or {}).items() if shape == entry.shape]
                message += f"; it would fit agent {agents[0]}" if agents else ""
            with at(self.agent, time):
                raise InputError(message, where)

    def expand(self, length: int) -> tuple[Any, ...]:
        return tuple(self.entries) * (length if self.constant else 1)

    def judged(self, **needs: Any) -> tuple[Series, list[Repair]]:
        """The matrices judged by `judge_symmetric`, each object once, and what was forgiven."""
        verdicts: dict[int, Judged] = {}
        repairs = []
        for t, matrix in enumerate(self.entries):
            if id(matrix) in verdicts:
                continue
            where, time = self.place(t)
            with at(self.agent, time):
                verdict = verdicts[id(matrix)] = judge_symmetric(matrix, where, **needs)
            if verdict.asymmetry is not None or verdict.eigenvalue is not None:
                repairs.append(_repair(verdict, where, self.agent, time))
        kept = tuple(verdicts[id(matrix)].matrix for matrix in self.entries)
        return evolve(self, entries=kept), repairs


def read_series(
    value: Any,
    where: str,
    agent: int | None = None,
    *,
    ndim: int = 2,
    over_time: bool = True,
) -> Series:
    """Read one letter of one agent, over time or not.

    Parameters
    ----------
    ndim : int
        2 for matrices, 1 for vectors, 0 for numbers.
    over_time : bool
        Whether a list over time is taken (an array has the time axis first).
    """
    read = _READ[ndim]
    with at(agent, None):
        given, value = value, as_list(value, where)
        listed = over_time and _is_over_time(value, where, ndim)
        if not listed:
            entry = read(value if ndim else given, where)
            return Series(where=where, agent=agent, constant=True, entries=(entry,))
        if len(value) == 0:
            raise InputError(f"{where} is an empty list over time", where)
        if ndim == 0:
            numbers = read_vector(value, where)
            return Series(where=where, agent=agent, constant=False, entries=numbers)
    entries: dict[int, np.ndarray] = {}
    given = list(value)  # keeps slices of an array alive, so that ids stay theirs
    for t, entry in enumerate(given):
        if id(entry) not in entries:
            with at(agent, t):
                entries[id(entry)] = read(entry, f"{where}[{t}]")
    return Series(
        where=where, agent=agent, constant=False, entries=tuple(entries[id(x)] for x in given)
    )


def per_agent(value: Any, letter: str) -> list:
    """A list with an entry per agent."""
    if isinstance(value, np.ndarray):
        value = list(value)
    if not isinstance(value, list | tuple) or not value:
        raise InputError(f"{letter} must be a list with an entry per agent", letter)
    return list(value)


def same_agents(counts: Mapping[str, int]) -> None:
    """As many entries for every letter as for the first."""
    (first, agents), *rest = counts.items()
    for letter, count in rest:
        if count != agents:
            said = counted(count, "agent")
            raise InputError(f"{letter} has entries for {said} but {first} for {agents}", letter)


def needs_time_axis(one: Series) -> InputError:
    """What is said of an entry that must be a list over time."""
    many = _MANY[len(one.shape)]
    said = f" {said}" if (said := _said(one.agent, None)) else ""
    return InputError(f"{one.where}{said} must be a list over time of {many}", one.where)


def expect_length(one: Series, stages: Any, terminal: bool) -> None:
    """A list over time must have an entry per stage, and one for the end if `terminal`.

    Where the horizon is infinite there is none.
    """
    if is_infinite(stages):
        if one.constant:
            return
        with at(one.agent, None):
            raise InputError(
                f"{one.where} is a list over time, but the horizon is infinite: nothing changes "
                "over time, and no cost is terminal",
                one.where,
            )
    needed = stages + terminal
    if one.constant or len(one.entries) == needed:
        return
    last = ", the last of them for t = T" if terminal else ""
    ndim = len(one.shape)
    wanted = f"{needed} {'is' if needed == 1 else 'are'} needed"
    said = f"has {counted(len(one.entries), 'number')}, but {wanted}"
    if ndim:
        said = (
            f"lists {len(one.entries)} {_MANY[ndim]} over time, but the horizon is {stages}, so "
            f"{wanted}"
        )
    with at(one.agent, None):
        raise InputError(f"{one.where} {said}{last}", one.where)


@contextmanager
def at(agent: int | None, t: int | None) -> Iterator[None]:
    """Adds agent and time to the place that an `InputError` names."""
    try:
        yield
    except InputError as error:
        said = _said(agent, t)
        if not said or not error.message.startswith(error.where):
            raise
        rest = error.message[len(error.where) :]
        raise InputError(f"{error.where} {said}{rest}", error.where) from error.__cause__


def _said(agent: int | None, t: int | None) -> str:
    parts = [f"agent {agent}"] * (agent is not None) + [f"t = {t}"] * (t is not None)
    return f"({', '.join(parts)})" if parts else ""


def _repair(verdict: Judged, where: str, agent: int | None, t: int | None) -> Repair:
    done = []
    if verdict.asymmetry is not None:
        done.append(f"was symmetrised (largest difference {verdict.asymmetry:.3g})")
    if verdict.eigenvalue is not None:
        done.append(f"was accepted with the computed eigenvalue {verdict.eigenvalue:.3g}")
    place = " ".join(filter(None, (where, _said(agent, t))))
    return Repair(
        where=where,
        agent=agent,
        t=t,
        asymmetry=verdict.asymmetry,
        eigenvalue=verdict.eigenvalue,
        message=f"{place} {' and '.join(done)}: within the rounding of floats",
    )


def _sized(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) if len(shape) == 2 else f"length {shape[0]}"


def _is_over_time(value: Any, where: str, ndim: int) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == ndim + 1
    first: Any = value
    for _ in range(ndim):
        if not isinstance(first, Sequence | np.ndarray) or isinstance(first, str) or not len(first):
            return False
        if isinstance(first, np.ndarray) and first.ndim == 1:
            return False
        first = first[0]
        where += "[0]"
        if not isinstance(first, np.generic):
            first = as_list(first, where)
    return isinstance(first, list | tuple) or (isinstance(first, np.ndarray) and first.ndim > 0)


_READ: dict[int, Callable[[Any, str], Any]] = {0: number, 1: read_vector, 2: read_matrix}
_MANY = {0: "numbers", 1: "vectors", 2: "matrices"}
