"""What a solver answered, as an Outcome: arrays of a call, or a solution file, read as a policy."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import attrs
import numpy as np

from ergs_verify.answer import LETTERS
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.outcome import Kind, Outcome, Trouble
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.files import text
from ergs_verify.files.disk import read
from ergs_verify.game import Game, documents, named
from ergs_verify.game.letters import LETTERS as GAME_LETTERS
from ergs_verify.game.policy import Policy


def _document(raw: Any) -> Policy:
    return Policy.from_letters(**documents.policy_values(raw), as_stated=True)


def _arrays(raw: Any) -> Policy:
    return Policy.from_letters(**named.policy_values(raw), as_stated=True)


#: The formats of solution files: how bytes become named entries, and these a policy.
SOLUTION_FORMATS: dict[str, tuple[Callable[[bytes, int], Any], Callable[[Any], Policy]]] = {
    ".json": (text.parse_json, _document),
    ".npz": (
        lambda data, most: named.unpacked(named.read_npz(data, most)),
        _arrays,
    ),
    ".mat": (
        lambda data, most: named.unpacked(named.read_mat(data, most)),
        _arrays,
    ),
}

#: Numbers and bytes that an answer may have whatever the game; beyond, four times the numbers that
#: a solution of the game holds, and so many bytes for each: long decimals, or things besides.
_FEW_NUMBERS, _BYTES_EACH = 10**6, 100


def well_formed(reply: Any) -> bool:
    """Whether a document says what a line of `ergs_verify.audit.calling.called` does."""
    match reply:
        case {"seconds": float(seconds), "mutated": [*names], "trouble": [kind, str()]}:
            said = kind in get_args(Kind)
        case {"seconds": float(seconds), "mutated": [*names], "answer": {**answer}}:
            said = answer.keys() <= set(LETTERS)
        case _:
            return False
    return said and 0 <= seconds < math.inf and all(isinstance(name, str) for name in names)


def from_call(reply: dict[str, Any], game: Game, conventions: Conventions) -> Outcome:
    """The outcome that a line of `ergs_verify.audit.calling.called` says."""
    about = {"seconds": reply["seconds"], "mutated": tuple(reply["mutated"])}
    if "trouble" in reply:
        return trouble(*reply["trouble"], **about)
    outcome = _read(reply["answer"], _from_letters, game, conventions)
    return attrs.evolve(outcome, **about)


def from_file(path: Path, game: Game, conventions: Conventions) -> Outcome:
    """The outcome that a solution file says; the ending of its name is its format."""
    _, policy_from = SOLUTION_FORMATS[path.suffix]
    if not os.path.exists(path):
        return trouble("nothing returned", "wrote no solution file at the path given as {solution}")
    try:
        raw = _parsed(path, game)
        if not isinstance(raw, dict):
            policy_from(raw)  # says what a solution is
    except InputError as error:
        return trouble("bad file", f"wrote a solution file that {_predicate(error)}")
    if why := raw.get("unsupported"):
        return trouble("unsupported", f"does not accept such a game: {quoted(str(why), 200)[1:-1]}")
    return _read(raw, policy_from, game, conventions)


def file_fits_time_last(path: Path, game: Game) -> bool:
    """Whether a JSON or NPZ file holds a policy of a game, but with the time axis last."""
    if path.suffix.lower() not in (".json", ".npz"):
        return False
    _, policy_from = SOLUTION_FORMATS[path.suffix.lower()]
    try:
        raw = _parsed(path, game)
    except InputError:
        return False
    return isinstance(raw, dict) and _fits_time_last(raw, policy_from, game)


def trouble(kind: Kind, message: str, **about: Any) -> Outcome:
    """An outcome without a policy."""
    return Outcome(trouble=Trouble(kind=kind, message=message), **about)


def _parsed(path: Path, game: Game) -> Any:
    """What a solution file says, if it is not much larger than solutions of the game are."""
    m = game.state_size
    each_stage = sum((p + m + 1) * (m + 1) + p * p for p in game.control_sizes)
    most = max(_FEW_NUMBERS, 4 * (game.stages_told + 1) * each_stage)
    parse, _ = SOLUTION_FORMATS[path.suffix.lower()]
    return parse(read(path, _BYTES_EACH * most), most)


def _from_letters(raw: dict[str, Any]) -> Policy:
    return Policy.from_arrays(**raw, as_stated=True)


def _read(
    raw: dict[str, Any],
    policy_from: Callable[[dict[str, Any]], Policy],
    game: Game,
    conventions: Conventions,
) -> Outcome:
    try:
        policy = _policy(raw, policy_from, game, conventions)
    except InputError as error:
        kind = "no policy" if _finite(raw) else "not a number"
        message = f"gave no policy for this game: {error.message}"
        if _fits_time_last(raw, policy_from, game):
            message += "; it would fit with the convention time-last"
        return trouble(kind, message)
    return Outcome(policy=conventions.applied(policy))


def _fits_time_last(
    raw: dict[str, Any],
    policy_from: Callable[[dict[str, Any]], Policy],
    game: Game,
) -> bool:
    """Whether named entries say a policy of a game, if the time axis of K, Sigma, P is the last."""
    try:
        _policy(raw, policy_from, game, Conventions(time_last=True))
    except InputError:
        return False
    return True


def _policy(
    raw: dict[str, Any],
    policy_from: Callable[[dict[str, Any]], Policy],
    game: Game,
    conventions: Conventions,
) -> Policy:
    def mended(key: str, value: Any) -> Any:
        letter, _, agent = key.partition("_")
        if letter not in LETTERS or letter == "q":
            return value
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not isinstance(value, list):
            return value
        axes = GAME_LETTERS[letter].ndim
        agents = [conventions.time_first(each, axes) for each in ([value] if agent else value)]
        return agents[0] if agent else agents

    policy = policy_from({key: mended(key, value) for key, value in raw.items()})
    policy.validate(game)
    return policy


def _finite(raw: dict[str, Any]) -> bool:
    """Whether no NaN, infinity or null stands among the numbers; a letter that is null is none."""
    left = [value for value in raw.values() if value is not None]
    while left:  # no recursion: lists may lie deeper in each other than that goes
        value = left.pop()
        if isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value
        elif isinstance(value, np.ndarray):
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                return False
        elif value is None or (isinstance(value, float) and not math.isfinite(value)):
            return False
    return True


def _predicate(error: InputError) -> str:
    """An error about a file as the rest of a sentence whose subject is the file."""
    verbs = ("is ", "cannot ", "holds ", "must ", "has ", "lists ")
    return error.message if error.message.startswith(verbs) else f"is wrong: {error.message}"
