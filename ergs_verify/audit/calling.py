"""A Python solver called once: its answer, or what it raised, as a plain JSON document."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from copy import deepcopy

# By name: a solver may put something else in the place of `json.dumps`.
from json import dumps
from typing import Any

import numpy as np

from ergs_verify.answer import AnswerError, letters_of, raised
from ergs_verify.errors import InputError
from ergs_verify.exact import number, quoted, written
from ergs_verify.game import FloatGame
from ergs_verify.game.floats import AXES


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
        return dumps(said)
    if answer is None:
        return dumps({**said, "trouble": ["nothing returned", "returned None"]})
    try:
        if why := _unsupported(answer):
            return dumps(
                {**said, "trouble": ["unsupported", f"does not accept such a game: {why}"]}
            )
        return dumps({**said, "answer": _given(answer)}, default=_plain)
    except AnswerError as error:
        return dumps({**said, "trouble": ["raised", f"returned {error}"]})
    except (Exception, SystemExit) as error:  # whatever lies in there is converted by its own code
        reason = error.message if isinstance(error, InputError) else raised(error)
        problem = f"returned something that cannot be read as numbers: {reason}"
        return dumps({**said, "trouble": ["no policy", problem]})


def _unsupported(answer: Any) -> str:
    """What the answer's field ``unsupported`` says, shortened; "" without one."""
    found = (
        answer.get("unsupported")
        if isinstance(answer, Mapping)
        else getattr(answer, "unsupported", None)
    )
    return quoted(str(found), 200)[1:-1] if found else ""


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
    changed = []
    for name in (*AXES, "horizon"):
        old, new = getattr(before, name), getattr(after, name, None)
        if not isinstance(old, tuple):
            changed += [name] * (not _same(old, new))
        elif not isinstance(new, tuple) or len(new) != len(old):
            changed.append(name)
        else:
            changed += [f"{name}[{i}]" for i in range(len(old)) if not _same(old[i], new[i])]
    return changed


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and np.array_equal(old, new)
