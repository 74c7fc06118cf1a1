"""Matrices over time as they are given: one matrix that serves every stage, or a list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import as_list, read_matrix
from ergs_verify.exact.definite import Judged, judge_symmetric

__all__ = [
    "Repair",
    "Series",
    "at",
    "entry_of",
    "expect_lengths",
    "per_agent",
    "read_series",
    "same_agents",
]


@frozen(kw_only=True)
class Repair:
    """What the float rule of `ergs_verify.exact.definite` forgave one matrix.

    Attributes
    ----------
    where : str
        The matrix, such as ``Q[1][0]``.
    agent, t : int or None
        Agents count from 1, times from 0; None where the matrix belongs to none, or to all times.
    asymmetry, eigenvalue : float or None
        What was symmetrised, and the slightly negative eigenvalue that was accepted.
    message : str
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
        One matrix was given and serves every time.
    matrices : tuple of arrays
        A single one where `constant`. A matrix given several times is one object.
    """

    where: str
    agent: int | None
    constant: bool
    matrices: tuple[np.ndarray, ...]

    @property
    def shape(self) -> tuple[int, int]:
        rows, cols = self.matrices[0].shape
        return rows, cols

    def place(self, t: int) -> tuple[str, int | None]:
        return (self.where, None) if self.constant else (f"{self.where}[{t}]", t)

    def expect_shape(self, shape: tuple[int, int], meaning: str) -> None:
        """Every matrix must have this shape; `meaning` says it in the letters m and p_i."""
        for t, matrix in enumerate(self.matrices):
            if matrix.shape != shape:
                where, time = self.place(t)
                hint = ""
                if matrix.shape == shape[::-1]:
                    hint = (
                        "; its transpose would fit: rows and columns are swapped "
                        "(some languages write matrices as lists of columns)"
                    )
                with at(self.agent, time):
                    raise InputError(
                        f"{where} is {matrix.shape[0]}×{matrix.shape[1]} but must be "
                        f"{shape[0]}×{shape[1]} ({meaning}){hint}",
                        where,
                    )

    def expand(self, length: int) -> tuple[np.ndarray, ...]:
        return self.matrices * length if self.constant else self.matrices

    def judged(self, **needs: bool) -> tuple[Series, list[Repair]]:
        """The matrices judged by `judge_symmetric`, each object once, and what was forgiven."""
        verdicts: dict[int, Judged] = {}
        repairs = []
        for t, matrix in enumerate(self.matrices):
            if id(matrix) in verdicts:
                continue
            where, time = self.place(t)
            with at(self.agent, time):
                verdict = verdicts[id(matrix)] = judge_symmetric(matrix, where, **needs)
            if verdict.asymmetry is not None or verdict.eigenvalue is not None:
                repairs.append(_repair(verdict, where, self.agent, time))
        kept = tuple(verdicts[id(matrix)].matrix for matrix in self.matrices)
        return evolve(self, matrices=kept), repairs


def read_series(
    value: Any, where: str, agent: int | None = None, always_over_time: bool = False
) -> Series:
    """Read a matrix, or a list of matrices over time (an array with the time axis first).

    With `always_over_time` a single matrix is refused.
    """
    with at(agent, None):
        value = as_list(value, where)
        over_time = _is_over_time(value, where)
        if always_over_time and not over_time:
            raise InputError(f"{where} must be a list over time of matrices", where)
    if not over_time:
        with at(agent, None):
            matrices = (read_matrix(value, where),)
        return Series(where=where, agent=agent, constant=True, matrices=matrices)
    if len(value) == 0:
        raise InputError(f"{where} is an empty list over time", where)
    read: dict[int, np.ndarray] = {}
    given = list(value)  # keeps slices of an array alive, so that ids stay theirs
    for t, matrix in enumerate(given):
        if id(matrix) not in read:
            with at(agent, t):
                read[id(matrix)] = read_matrix(matrix, f"{where}[{t}]")
    matrices = tuple(read[id(matrix)] for matrix in given)
    return Series(where=where, agent=agent, constant=False, matrices=matrices)


def per_agent(
    value: Any, letter: str, entry_of: Callable[[str, int], str], **options: bool
) -> tuple[Series, ...]:
    """A list with an entry per agent; `entry_of` names an agent's entry, such as ``Q[1]``."""
    if isinstance(value, np.ndarray):
        value = list(value)
    if not isinstance(value, list | tuple) or not value:
        raise InputError(f"{letter} must be a list with an entry per agent", letter)
    return tuple(
        read_series(entry, entry_of(letter, agent), agent, **options)
        for agent, entry in enumerate(value, start=1)
    )


def entry_of(letter: str, agent: int) -> str:
    """The place of an agent's entry in Python and JSON, which count from 0."""
    return f"{letter}[{agent - 1}]"


def same_agents(series: Mapping[str, Sequence[Series]]) -> None:
    first, *rest = series
    for letter in rest:
        if len(series[letter]) != len(series[first]):
            raise InputError(
                f"{letter} has entries for {len(series[letter])} agents but {first} for "
                f"{len(series[first])}",
                letter,
            )


def expect_lengths(series: Mapping[str, Sequence[Series]], stages: int) -> None:
    for letter, many in series.items():
        terminal = letter in ("Q", "P")
        for one in many:
            if not one.constant and len(one.matrices) != stages + terminal:
                last = ", the last of them for t = T" if terminal else ""
                with at(one.agent, None):
                    raise InputError(
                        f"{one.where} lists {len(one.matrices)} matrices over time, but the "
                        f"horizon is {stages}, so {stages + terminal} are "
                        f"needed{last}",
                        one.where,
                    )


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


def _is_over_time(value: Any, where: str) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 3
    first: Any = value
    for _ in range(2):
        if not isinstance(first, Sequence | np.ndarray) or isinstance(first, str) or not len(first):
            return False
        if isinstance(first, np.ndarray) and first.ndim == 1:
            return False
        first = first[0]
        where += "[0]"
        if not isinstance(first, np.generic):
            first = as_list(first, where)
    return isinstance(first, list | tuple) or (isinstance(first, np.ndarray) and first.ndim > 0)
