"""What somebody calls a solution, read as a policy: a mapping or an object with K, Sigma, P, q."""

from __future__ import annotations

import importlib
import inspect
import traceback
from collections.abc import Collection, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game import Game
from ergs_verify.game.policy import Policy

#: What a solver may return; K it must.
LETTERS = ("K", "Sigma", "P", "q", "k", "s")
#: Other names of theirs, in lower case, that would go unread.
_ALSO_CALLED = {
    "K": ("k", "ks"),
    "Sigma": ("sigma", "sigmas", "σ"),
    "P": ("p", "ps"),
    "q": ("qs",),
}


class AnswerError(Exception):
    """An answer raised an exception when one of its letters was read."""


def policy_of(
    solution: Any, game: Game, *, letters: Collection[str] = LETTERS, as_stated: bool = False
) -> Policy:
    """A solution of a game as a `Policy`.

    Parameters
    ----------
    solution : Policy, Solution, sequence, or mapping or object with K and optionally Sigma, P, q
        ``[i][t]``: K p_i×m and Sigma p_i×p_i for t = 0…T−1, P m×m and q numbers for t = 0…T. One
        matrix alone serves every stage, and a list, tuple or array alone is K. In a game of
        infinite horizon ``[i]``: nothing has a time axis.
    letters : collection of str
        Those to read besides K.
    as_stated : bool
        Keep a Σ that is not a covariance and a P that is not symmetric.

    Raises
    ------
    InputError
        Where there is no K, an entry is not a number, or a length or a shape does not fit the game.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.answer import policy_of
    >>> policy_of({"K": [[[[0, 0]]], [[[0, 0]]]]}, gallery("g-star-2"))
    Policy(N=2, T=1, deterministic)
    """
    if isinstance(solution, Policy):
        solution.validate(game)
        return solution
    try:
        alone = isinstance(solution, list | tuple | np.ndarray)
        given = letters_of({"K": list(solution)} if alone else solution)
    except AnswerError as error:
        raise InputError(f"the solution is {error}", "solution") from error
    if isinstance(solution, str | PathLike):
        raise InputError(
            "a solution is needed, not the name of a file; load_solution of ergs_verify.game "
            "reads a file",
            "solution",
        )
    if given["K"] is None:
        raise InputError(
            f"an object of type {type(solution).__name__} without K is not a solution; give a "
            "Policy, or a mapping or an object with K and optionally Sigma, P, q",
            "K",
        )
    given = {k: X for k, X in given.items() if k == "K" or k in letters}
    if not game.stationary:
        given |= {k: _over_time(given[k], game.horizon) for k in ("K", "Sigma") if k in given}
    try:
        return _policy(given, game, as_stated)
    except InputError as error:
        if game.stationary:
            raise
        turned = {k: _all_time_first(X) if k != "q" else X for k, X in given.items()}
        try:
            _policy(turned, game, as_stated)
        except InputError:
            raise error from None
        hint = (
            "it would fit with the time axis first: np.moveaxis(K[i], -1, 0), and the same for "
            "Sigma and P"
        )
        raise InputError(f"{error.message}; {hint}", error.where) from None


def letters_of(answer: Any) -> dict[str, Any]:
    """The letters of a mapping or an object, None for those it lacks.

    Raises
    ------
    AnswerError
        Where reading one raises.
    InputError
        Where one is there under another name.
    """
    found = {}
    for letter in LETTERS:
        try:
            if isinstance(answer, Mapping):
                found[letter] = answer.get(letter)
            else:
                found[letter] = _attribute(answer, letter)
        except (Exception, SystemExit) as error:  # its own code runs
            raise AnswerError(
                f"an object of type {type(answer).__name__} that raised {raised(error)} when "
                f"{letter} was read"
            ) from error
        if found[letter] is None:
            _expect_no_other_name(answer, letter)
    return found


def raised(error: BaseException) -> str:
    """An exception in one line: its type, what it says, and where in the solver it came up."""
    try:
        said = " ".join(str(error).split())
    except (Exception, SystemExit):  # it is the solver's own class
        said = ""
    text = type(error).__name__ + (f": {quoted(said, 200)[1:-1]}" if said else "")
    here = Path(__file__).parent
    between = {here, here / "audit", Path(importlib.__file__).parent}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.line]
    places = [(Path(frame.filename), frame.lineno) for frame in frames]
    folders = [path.parent for path, _ in places if path.parent not in between]
    own = [place for place in places if place[0].parent in folders[:1]]
    if not own:
        return text
    # The line of the library that raised it, where the solver's own only calls that.
    deepest = [place for place in places if place[0].parent not in between][-1]
    inside = "" if deepest == own[-1] else f"; in {'/'.join(deepest[0].parts[-2:])}, {deepest[1]}"
    return f"{text} ({own[-1][0].name}, line {own[-1][1]}{inside})"


def time_first(matrices: Any, axes: int = 2) -> Any:
    """One agent's matrices over time, the time axis last in an array, with that axis first; or
    vectors, of one of the axes."""
    try:
        array = np.array(matrices, dtype=object)
    except (Exception, SystemExit):  # ragged, or unreadable: whoever reads the matrices says so
        return matrices
    return np.moveaxis(array, -1, 0).tolist() if array.ndim == axes + 1 else matrices


def _policy(given: dict[str, Any], game: Game, as_stated: bool) -> Policy:
    policy = Policy.from_arrays(**given, as_stated=as_stated)
    policy.validate(game)
    return policy


def _over_time(agents: Any, stages: int) -> Any:
    """Each agent's matrices, one alone repeated for every stage."""
    if not isinstance(agents, list | tuple):
        return agents
    return [[X] * stages if _is_matrix(X) else X for X in agents]


def _is_matrix(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.dtype != object
    rows = value if isinstance(value, list) else ()
    return bool(rows) and all(
        isinstance(row, list) and row and not any(isinstance(x, list | np.ndarray) for x in row)
        for row in rows
    )


def _all_time_first(agents: Any) -> Any:
    if not isinstance(agents, list | tuple | np.ndarray):
        return agents
    return list(map(time_first, agents))


def _expect_no_other_name(answer: Any, letter: str) -> None:
    names = answer if isinstance(answer, Mapping) else getattr(answer, "__dict__", ())
    for name in {str(name) for name in names} - {letter}:
        if name.lower() in _ALSO_CALLED.get(letter, ()):
            raise InputError(
                f"the {type(answer).__name__} has {name} but no {letter}; call it {letter}, or "
                "leave it out",
                letter,
            )


def _attribute(answer: Any, name: str) -> Any:
    """None where there is none: an AttributeError from within a property is raised."""
    try:
        return getattr(answer, name)
    except AttributeError:
        found = inspect.getattr_static(answer, name, None)
        if found is None or inspect.ismemberdescriptor(found):  # an empty slot
            return None
        raise
