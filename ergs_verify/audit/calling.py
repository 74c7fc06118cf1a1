"""A Python solver called once: its answer, or what it raised, as a plain JSON document."""

from __future__ import annotations

import importlib
import inspect
import json
import time
import traceback
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from ergs_verify.errors import InputError
from ergs_verify.exact import number, quoted, written
from ergs_verify.game import FloatGame

__all__ = ["LETTERS", "AnswerError", "called", "letters_of", "raised"]

#: What a solver may return; K it must.
LETTERS = ("K", "Sigma", "P", "q")
#: Other names of theirs, in lower case, that would go unread.
_ALSO_CALLED = {
    "K": ("k", "ks"),
    "Sigma": ("sigma", "sigmas", "σ"),
    "P": ("p", "ps"),
    "q": ("qs",),
}


class AnswerError(Exception):
    """An answer raised an exception when one of its letters was read."""


def called(solver: Callable[[FloatGame], Any], game: FloatGame) -> str:
    """Call a solver and say what came of it, as a line of JSON.

    Its keys: ``seconds``, ``mutated`` (names), and ``answer`` (by letter, nested lists) or
    ``trouble`` (kind and message).
    """
    before = deepcopy(game)
    began = time.perf_counter()
    try:
        answer, said = solver(game), {}
    except (Exception, SystemExit) as error:
        answer, said = None, {"trouble": ["raised", f"raised {raised(error)}"]}
    said |= {"seconds": time.perf_counter() - began, "mutated": _changed(before, game)}
    if "trouble" in said:
        return json.dumps(said)
    if answer is None:
        return json.dumps({**said, "trouble": ["nothing returned", "returned None"]})
    try:
        return json.dumps({**said, "answer": _given(answer)}, default=_plain)
    except AnswerError as error:
        return json.dumps({**said, "trouble": ["raised", f"returned {error}"]})
    except (Exception, SystemExit) as error:  # whatever lies in there is converted by its own code
        reason = error.message if isinstance(error, InputError) else raised(error)
        problem = f"returned what cannot be read as numbers: {reason}"
        return json.dumps({**said, "trouble": ["no policy", problem]})


def raised(error: BaseException) -> str:
    """An exception in one line: its type, what it says, and where in the solver it came up."""
    try:
        said = " ".join(str(error).split())
    except (Exception, SystemExit):  # it is the solver's own class
        said = ""
    text = type(error).__name__ + (f": {quoted(said, 200)[1:-1]}" if said else "")
    between = {Path(__file__).parent, Path(importlib.__file__).parent}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.line]
    places = [(Path(frame.filename), frame.lineno) for frame in frames]
    folders = [path.parent for path, _ in places if path.parent not in between]
    own = [place for place in places if place[0].parent in folders[:1]]
    return text + (f" ({own[-1][0].name}, line {own[-1][1]})" if own else "")


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


def _expect_no_other_name(answer: Any, letter: str) -> None:
    names = answer if isinstance(answer, Mapping) else getattr(answer, "__dict__", ())
    for name in {str(name) for name in names} - {letter}:
        if name.lower() in _ALSO_CALLED[letter]:
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


def _given(answer: Any) -> dict[str, Any]:
    found = letters_of(answer)
    if found["K"] is None:
        raise InputError(
            f"the {type(answer).__name__} has no K; return a mapping with the keys K and "
            "optionally Sigma, P, q, or an object with these attributes"
        )
    return {letter: value for letter, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    """What json cannot write by itself: arrays as lists, rationals and mpmath's as strings."""
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return (array.astype(float) if array.dtype.kind == "f" else array).tolist()
    exact = number(value)
    return exact if isinstance(exact, float) else written(exact)


def _changed(before: FloatGame, after: FloatGame) -> list[str]:
    changed = [
        name
        for name in ("A", "noise_cov", "tau", "horizon", "x0_mean", "x0_cov")
        if not _same(getattr(before, name), getattr(after, name, None))
    ]
    for letter in "BQR":
        old, new = getattr(before, letter), getattr(after, letter, None)
        if not isinstance(new, tuple) or len(new) != len(old):
            changed.append(letter)
            continue
        changed += [f"{letter}[{i}]" for i in range(len(old)) if not _same(old[i], new[i])]
    return changed


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and np.array_equal(old, new)
