"""What a solver answered, as an Outcome: arrays of a call, or a solution file, read as a policy."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.outcome import Kind, Outcome, Trouble
from ergs_verify.errors import InputError
from ergs_verify.files import arrays, documents, text
from ergs_verify.files.disk import read
from ergs_verify.game import Game
from ergs_verify.policy import Policy

__all__ = ["SOLUTION_FORMATS", "from_call", "from_file", "trouble"]

#: Half the digits of float64. Σ and P of a right solver are symmetric but for rounding, which the
#: 4u‖·‖ that `Policy` forgives does not cover where an inverse was taken. A quadratic form knows
#: only P's symmetric part, and of a covariance only one triangle is used; beyond this it is no
#: rounding but a fault, which `Policy` names.
_ASYMMETRY = 2.0**-26

#: The formats of solution files: how bytes become named entries, and these a policy.
SOLUTION_FORMATS: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], Policy]]] = {
    ".json": (text.parse_json, documents.policy_from),
    ".npz": (arrays.parse_npz, arrays.policy_from),
    ".mat": (arrays.parse_mat, arrays.policy_from),
}


def from_call(reply: dict[str, Any], game: Game, conventions: Conventions) -> Outcome:
    """The outcome that a line of `ergs_verify.audit.calling.called` says."""
    about = {"seconds": reply["seconds"], "mutated": tuple(reply["mutated"])}
    if "trouble" in reply:
        return trouble(*reply["trouble"], **about)
    outcome = _read(reply["answer"], lambda raw: Policy.from_arrays(**raw), game, conventions)
    return attrs.evolve(outcome, **about)


def from_file(path: Path, game: Game, conventions: Conventions) -> Outcome:
    """The outcome that a solution file says; the ending of its name is its format."""
    parse, policy_from = SOLUTION_FORMATS[path.suffix]
    if not path.exists():
        return trouble("nothing returned", "wrote no solution file")
    try:
        raw = parse(read(path))
        if not isinstance(raw, dict):
            policy_from(raw)  # says what a solution is
    except InputError as error:
        return trouble("bad file", f"wrote a solution file that {_predicate(error)}")
    return _read(raw, policy_from, game, conventions)


def trouble(kind: Kind, message: str, **about: Any) -> Outcome:
    """An outcome without a policy."""
    return Outcome(trouble=Trouble(kind=kind, message=message), **about)


def _read(
    raw: dict[str, Any],
    policy_from: Callable[[dict[str, Any]], Policy],
    game: Game,
    conventions: Conventions,
) -> Outcome:
    asymmetries = [0.0]

    def mended(key: str, value: Any) -> Any:
        letter, _, agent = key.partition("_")
        if letter not in ("K", "Sigma", "P"):
            return value
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not isinstance(value, list):
            return value
        agents = [conventions.time_first(each) for each in ([value] if agent else value)]
        if letter != "K":
            agents = _symmetrised(agents, asymmetries)
        return agents[0] if agent else agents

    try:
        policy = policy_from({key: mended(key, value) for key, value in raw.items()})
        policy.validate(game)
    except InputError as error:
        kind = "no policy" if _finite(raw) else "not a number"
        return trouble(kind, f"gave no policy of this game: {error.message}")
    return Outcome(policy=conventions.applied(policy), asymmetry=max(asymmetries))


def _symmetrised(value: Any, asymmetries: list[float]) -> Any:
    """Nested lists with every nearly symmetric matrix of floats in them made symmetric."""
    if not isinstance(value, list) or not value:
        return value
    if not _is_square_of_floats(value):
        return [_symmetrised(each, asymmetries) for each in value]
    matrix = np.array(value, dtype=float)
    largest = np.abs(matrix).max()
    with np.errstate(all="ignore"):  # infinities and NaN are named by whoever reads the matrix
        gap = np.abs(matrix - matrix.T).max() / largest
        if not 0 < gap <= _ASYMMETRY:
            return value
        asymmetries.append(float(gap))
        return ((matrix + matrix.T) / 2).tolist()


def _is_square_of_floats(value: list[Any]) -> bool:
    return all(
        isinstance(row, list) and len(row) == len(value) and all(map(_is_float, row))
        for row in value
    )


def _is_float(x: Any) -> bool:
    """Some languages write 1.0 as 1."""
    return type(x) is float or (type(x) is int and abs(x) <= 2**53)


def _finite(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind != "f" or bool(np.isfinite(value).all())
    if isinstance(value, dict | list):
        return all(map(_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def _predicate(error: InputError) -> str:
    """An error about a file as the rest of a sentence whose subject is the file."""
    verbs = ("is ", "cannot ", "holds ", "must ")
    return error.message if error.message.startswith(verbs) else f"is wrong: {error.message}"
