"""Named float64 arrays, as NPZ and MAT hold them, to and from the letters of games and policies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.errors import InputError
from ergs_verify.exact import floats, nearest_float, short
from ergs_verify.files import arrays
from ergs_verify.files.keys import check_keys
from ergs_verify.files.packed import MAX_NUMBERS, Packed
from ergs_verify.game.documents import HINTS
from ergs_verify.game.horizon import INFINITE, is_infinite
from ergs_verify.game.letters import (
    GAME,
    LETTERS,
    POLICY,
    Letter,
    Sizes,
    fitted,
    policy_stages,
    refuse_too_large,
)
from ergs_verify.game.series import Series, at

Arrays = dict[str, Any]

_OF_AN_AGENT = re.compile(r"([A-Za-z]\w*)_([1-9][0-9]{0,5})")
_BESIDES = ("name", "horizon", "indefinite")
_BESIDES_POLICY = ("horizon",)


def read_npz(data: bytes, most: int = MAX_NUMBERS) -> dict[str, Packed]:
    """The arrays of an NPZ archive, of at most so many numbers, not yet unpacked."""
    return _oriented(arrays.packed_npz(data, most), columns=False)


def read_mat(data: bytes, most: int = MAX_NUMBERS) -> dict[str, Packed]:
    """The arrays of a MAT file, time first, of at most so many numbers, not yet unpacked."""
    return _oriented(arrays.packed_mat(data, most), columns=True)


def render_mat(given: Arrays) -> bytes:
    """A MAT file of arrays, the time axis moved to the end."""
    moved = dict(given)
    for key, array in given.items():
        if (letter := _letter_of(key)) and letter.ndim == 1 and np.ndim(array) == 2:
            moved[key] = array.T
    return arrays.render_mat(moved)


def game_values(packed: Mapping[str, Packed]) -> dict[str, Any]:
    """What arrays say of a game, as `Game.from_letters` takes it.

    Sizes are judged before anything is unpacked.
    """
    given = _grouped(packed, GAME, _BESIDES)
    rest: dict[str, Any] = {"entry_of": _entry_of}
    if "horizon" in packed:
        rest["horizon"] = _horizon(packed["horizon"])
    if "indefinite" in packed:
        said = _single(packed["indefinite"], "indefinite")
        rest["indefinite"] = bool(said) if said in (0, 1) else said
    if "name" in packed:
        rest["name"] = _text(packed["name"])
    fitted(_declared_all(given), rest.get("horizon"))
    return {"values": _unpacked(given), **rest}


def game_arrays(game: Any) -> Arrays:
    """The arrays of a game, a constant matrix without a time axis."""
    horizon = np.array(str(INFINITE)) if game.stationary else np.float64(game.horizon)
    rest = {"horizon": horizon, "name": np.array(game.name)}
    if game.indefinite:
        rest["indefinite"] = np.float64(1)
    return _of_letters(game, GAME) | rest


def policy_values(given: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What arrays say of a policy, as `Policy.from_letters` takes it."""
    values = {
        name: [_flat(array) for array in agents] if name == "q" else agents
        for name, agents in _grouped(given, POLICY, _BESIDES_POLICY).items()
    }
    return {"values": values, "entry_of": _entry_of}


def policy_arrays_in(packed: Mapping[str, Packed]) -> Arrays:
    """The arrays of a policy; sizes are judged before anything is unpacked."""
    sizes = _declared_all(_grouped(packed, POLICY, _BESIDES_POLICY))
    stages = policy_stages(sizes)
    p, m = zip(*(K.shape for K in sizes["K"] if K), strict=True)
    refuse_too_large(stages, Sizes(max(m), p))
    return unpacked(packed)


def unpacked(packed: Mapping[str, Packed]) -> Arrays:
    """The arrays with their entries."""
    return {key: one.unpack() for key, one in packed.items()}


def policy_arrays(policy: Any) -> Arrays:
    """The arrays of a policy, each with a time axis; without one where the horizon is infinite,
    which is then said."""
    said = {"horizon": np.array(str(INFINITE))} if is_infinite(policy.horizon) else {}
    return _of_letters(policy, POLICY) | said


def _entry_of(letter: str, agent: int) -> str:
    return f"{letter}_{agent}"


def _letter_of(key: str) -> Letter | None:
    match = _OF_AN_AGENT.fullmatch(key)
    return LETTERS.get(match[1] if match else key)


def _grouped(
    given: Mapping[str, Any], letters: Sequence[Letter], besides: Sequence[str]
) -> dict[str, Any]:
    """Arrays such as ``B_1``, ``B_2`` as lists over agents; every other key must be known."""
    names = {letter.name: letter for letter in letters}
    found: dict[str, set[int]] = {}
    single: set[str] = set()
    known = [name for name, letter in names.items() if letter.agents != "each"]
    known += [f"{name}_1" for name, letter in names.items() if letter.agents != "none"]
    for key in given:
        match = _OF_AN_AGENT.fullmatch(key)
        if match and match[1] in names and names[match[1]].agents != "none":
            found.setdefault(match[1], set()).add(int(match[2]))
        elif key in names and names[key].agents != "each":
            single.add(key)
        else:
            check_keys([key], [*known, *besides], (), hints=HINTS if besides else None)
    agents = max(map(max, found.values()), default=1)
    grouped: dict[str, Any] = {}
    for name, letter in names.items():
        if name in single and name in found:
            raise InputError(f'give either "{name}" or "{name}_1" and so on, not both', name)
        if name in single:
            grouped[name] = given[name]
        elif name in found or (letter.required and letter.agents == "each"):
            absent = set(range(1, agents + 1)) - found.get(name, set())
            if absent and not letter.key:
                key = f"{name}_{min(absent)}"
                raise InputError(f'the array "{key}" is missing', key)
            grouped[name] = [given.get(f"{name}_{i}") for i in range(1, agents + 1)]
        elif letter.required:
            raise InputError(f'the array "{name}" is missing', name)
    return grouped


def _oriented(packed: dict[str, Packed], *, columns: bool) -> dict[str, Packed]:
    """Arrays with the axes that their letters have: time first, vectors without an axis too many.

    With `columns` time is the last axis of vectors too, and MATLAB has dropped a last axis of
    length 1, as in gains over one stage.
    """
    lengths = {side for key in packed if key[:2] in ("A", "B_") for side in packed[key].shape[-1:]}
    lengths.add(sum(sum(one.shape[-1:]) for key, one in packed.items() if key[:2] == "B_"))
    horizon = packed.get("horizon")
    stationary = horizon is not None and horizon.characters is not None
    oriented = {}
    for key, one in packed.items():
        letter = _letter_of(key)
        if letter is None or len(one.shape) != 2:
            oriented[key] = one
            continue
        flat = 1 in one.shape
        match letter.ndim, letter.over_time:
            case _ if stationary and letter.over_time == "must":
                if letter.ndim < 2:
                    shape = (one.size,) * (letter.ndim or one.size > 1)
                    one = _reshaped(one, shape, lambda X, shape=shape: X.reshape(shape))
            case 2, "must" if columns and not letter.terminal:
                one = _reshaped(one, (1, *one.shape), lambda X: X[None])
            case 1, "must" if columns:
                one = _reshaped(one, one.shape[::-1], np.transpose)
            case 1, "may" if columns:
                if one.shape[1] == 1 or (one.shape[0] == 1 and 1 not in lengths):
                    one = _reshaped(one, (one.size,), np.ravel)
                else:
                    one = _reshaped(one, one.shape[::-1], np.transpose)
            case (0, _) | (1, "never") if flat:
                one = _reshaped(one, (one.size,), np.ravel)
        oriented[key] = one
    return oriented


def _reshaped(one: Packed, shape: tuple[int, ...], change: Any) -> Packed:
    return evolve(one, shape=shape, unpack=lambda: change(one.unpack()))


def _declared_all(given: Mapping[str, Any]) -> dict[str, tuple[Series | None, ...]]:
    """Letters of the sizes that headers say, without entries."""
    return {
        name: tuple(
            one and _declared(one, LETTERS[name], _entry_of(name, agent), agent)
            for agent, one in enumerate(value, start=1)
        )
        if isinstance(value, list)
        else (_declared(value, LETTERS[name], name, None),)
        for name, value in given.items()
    }


def _declared(one: Packed, letter: Letter, where: str, agent: int | None) -> Series:
    kind = {0: "number", 1: "vector", 2: "matrix"}[letter.ndim]
    over_time = len(one.shape) == letter.ndim + 1 and letter.over_time != "never"
    if letter.ndim == 0 and one.size == 1 and letter.over_time != "must":
        over_time, shape = False, ()
    else:
        shape = one.shape[over_time:]
    with at(agent, None):
        if letter.ndim == 0 and agent is None:
            _single(one, where)
        if letter.over_time == "must" and len(shape) != letter.ndim:
            many = {0: "numbers", 1: "vectors", 2: "matrices"}[letter.ndim]
            raise InputError(f"{where} must be a list over time of {many}", where)
        if len(shape) != letter.ndim or 0 in shape:
            raise InputError(f"{where} must be a {kind}, not an array of shape {one.shape}", where)
        if over_time and one.shape[0] == 0:
            raise InputError(f"{where} is an empty list over time", where)
    entries = [np.broadcast_to(0.0, shape)] * (one.shape[0] if over_time else 1)
    return Series(where=where, agent=agent, constant=not over_time, entries=entries)


def _unpacked(given: Mapping[str, Any]) -> Arrays:
    def entries(letter: Letter, one: Packed | None) -> Any:
        array = one and one.unpack()
        single = array is not None and letter.ndim == 0 and array.size == 1
        return array.reshape(-1)[0] if single and array is not None else array

    return {
        name: [entries(LETTERS[name], one) for one in value]
        if isinstance(value, list)
        else entries(LETTERS[name], value)
        for name, value in given.items()
    }


def _of_letters(record: Any, letters: Sequence[Letter]) -> Arrays:
    named: Arrays = {}
    for letter in letters:
        value = letter.of(record)
        if value is None:
            continue
        if letter.agents == "none" or not isinstance(value, tuple):
            named[letter.name] = _over_time(letter, value, letter.name)
            continue
        for agent, own in enumerate(value, start=1):
            if not (letter.key and letter.is_default(own)):
                key = _entry_of(letter.name, agent)
                named[key] = _over_time(letter, own, key)
    return named


def _over_time(letter: Letter, value: Any, key: str) -> Any:
    if not isinstance(value, tuple):
        return _same_floats(value, key)
    if letter.over_time == "may" and all(entry is value[0] for entry in value):
        return _same_floats(value[0], key)
    return np.stack([_same_floats(entry, f"{key}[{t}]") for t, entry in enumerate(value)])


def _flat(value: np.ndarray) -> np.ndarray:
    """A vector that may have come as a row or a column."""
    return value.reshape(-1) if value.ndim == 2 and 1 in value.shape else value


def _single(one: Packed, key: str) -> Any:
    if one.size != 1:
        raise InputError(f"{key} must be a single number, not of shape {one.shape}", key)
    return one.unpack().reshape(-1)[0]


def _horizon(one: Packed) -> Any:
    return _whole(_single(one, "horizon")) if one.characters is None else _text(one, "horizon")


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text(one: Packed, key: str = "name") -> str:
    value = one.unpack() if one.characters is not None else None
    if value is None or value.size > 1:
        raise InputError(f"{key} must be a string", key)
    return str(value.reshape(-1)[0]) if value.size else ""


def _same_floats(value: Any, where: str) -> Any:
    """The entries as float64, if each is one."""
    if not isinstance(value, np.ndarray):
        near = np.float64(nearest_float(value, where))
        if Fraction(float(near)) != value:
            raise _no_float(where, value)
        return near
    near = floats(value, where)
    if value.dtype == object:
        for place in np.ndindex(*value.shape):
            if Fraction(float(near[place])) != value[place]:
                index = "".join(f"[{k}]" for k in place)
                raise _no_float(f"{where}{index}", value[place])
    return near


def _no_float(where: str, value: Any) -> InputError:
    return InputError(
        f"{where} is {short(value)}, which no float64 equals; save the file as .json, which keeps "
        "every entry, or save game.rounded()",
        where,
    )
