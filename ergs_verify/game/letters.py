"""The letters of games and policies, described once.

What reads, judges, writes, hashes, rounds, cuts, shows or describes a game or a policy goes through
these two tables. A new letter is a row here and an attribute of `Game`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from attrs import evolve, frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import counted, short
from ergs_verify.files.keys import check_keys
from ergs_verify.files.packed import MAX_NUMBERS
from ergs_verify.game.horizon import INFINITE, is_infinite
from ergs_verify.game.series import (
    Repair,
    Series,
    at,
    expect_length,
    needs_time_axis,
    per_agent,
    read_series,
    same_agents,
)

#: How the sides of a matrix, or the length of a vector, are called, and what an error says of them:
#: m states, p_i controls of the agent, n controls of all agents, stacked in their order.
_MEANING = {
    ("m", "m"): "m×m, like A",
    ("m", "p"): "m×p_i, with A m×m",
    ("p", "p"): "p_i×p_i, with B m×p_i",
    ("n", "n"): "n×n, all agents' controls stacked",
    ("p", "m"): "p_i×m",
    ("n", "m"): "n×m, all agents' controls stacked",
    ("m",): "m, with A m×m",
    ("p",): "p_i, with B m×p_i",
    ("n",): "n, all agents' controls stacked",
}

Axes = tuple[str, ...]

#: Parts of a key that go by other names elsewhere, and what they are here.
_PART_HINTS = {
    "prior": {
        "M|K": 'M of N(Mx + mean, Λ) is "gain"',
        r"(?i)l|lambda|λ|s|sigma|σ|v|var\w*": 'its covariance is "cov"',
        r"(?i)precision|inv\w*": 'it has a covariance, "cov", which is the inverse of a precision',
    }
}


@frozen(kw_only=True)
class Letter:
    """One letter.

    Attributes
    ----------
    name : str
        Of the keyword of ``from_arrays``; ``name_1``, ``name_2``, … in NPZ and MAT if by agent.
    says : str
        What it is.
    shapes : tuple of tuples of str
        Its admissible axes, ``m``, ``p`` (the agent's controls) or ``n`` (all controls); ``()``
        for a number.
    agents : {"none", "each", "may"}
        One for all; a list with an entry per agent; either.
    over_time : {"never", "may", "must"}
        Whether there may be, or must be, a list over time; none where the horizon is infinite.
    terminal : bool
        The list over time has one more, for t = T.
    needs : {"", "symmetric", "semidefinite", "definite"}
        What is asked of a matrix.
    cost : bool
        The game may be said to be indefinite, which asks for symmetry alone.
    least, above, most : number or None
        Bounds of a number: at least, more than, at most.
    required : bool
    default : int or None
        Where absent: zeros; the identity or the number 1; or None.
    compact : bool
        What is constant over time is kept once, not for every t.
    beyond : bool
        No part of the paper's class: None in a game where it is absent or at its default.
    key : tuple of str
        Where it stands in a document, if not under its name.
    attribute : str
        Where a record holds what was given, if not under its name.
    """

    name: str
    says: str
    shapes: tuple[Axes, ...]
    agents: Literal["none", "each", "may"] = "each"
    over_time: Literal["never", "may", "must"] = "may"
    terminal: bool = False
    needs: Literal["", "symmetric", "semidefinite", "definite"] = ""
    cost: bool = False
    least: int | None = None
    above: int | None = None
    most: int | None = None
    required: bool = False
    default: int | None = None
    compact: bool = False
    beyond: bool = False
    key: tuple[str, ...] = ()
    attribute: str = ""

    @property
    def ndim(self) -> int:
        return len(self.shapes[0])

    @property
    def place(self) -> tuple[str, ...]:
        """Its key in a document, and the key in the object there if it shares one."""
        return self.key or (self.name,)

    def of(self, record: Any) -> Any:
        """What a record holds under this letter."""
        return getattr(record, self.attribute or self.name)

    def changed(self, value: Any) -> dict[str, Any]:
        """The keyword with which `attrs.evolve` sets it."""
        return {(self.attribute or self.name).lstrip("_"): value}

    def mapped(self, value: Any, change: Callable[[Any], Any]) -> Any:
        """What a record holds, each matrix, vector or number in it changed."""
        if isinstance(value, tuple):
            if all(part is value[0] for part in value):
                return (self.mapped(value[0], change),) * len(value)
            return tuple(self.mapped(part, change) for part in value)
        return value if value is None else change(value)

    def listed(self, value: Any, change: Callable[[Any], Any], *, expanded: bool) -> Any:
        """What a record holds as lists per agent, over time; once what is constant over time,
        unless `expanded`."""

        def over_time(part: Any) -> Any:
            if not isinstance(part, tuple):
                return change(part)
            if not all(entry is part[0] for entry in part):
                return [change(entry) for entry in part]
            once = change(part[0])
            return once if not expanded and self.over_time == "may" else [once] * len(part)

        if self.agents != "none" and isinstance(value, tuple):
            return [over_time(part) for part in value]
        return over_time(value)

    def is_default(self, value: Any) -> bool:
        """Whether all that a record holds is the default."""
        if isinstance(value, tuple):
            return all(
                self.is_default(part) for part in {id(part): part for part in value}.values()
            )
        wanted = np.eye(len(value)) if self.ndim and self.default else self.default
        return bool(np.all(value == wanted))

    def is_beyond(self, value: Any, sizes: Sizes) -> bool:
        """Whether what a game holds lies beyond the paper's class."""
        if self.beyond or value is None:
            return value is not None
        if len(self.shapes) > 1:
            narrow = (sizes.shape(self.shapes[0], agent) for agent in sizes.agents)
            return any(first(own).shape != shape for own, shape in zip(value, narrow, strict=True))
        return self.compact and isinstance(value, tuple)

    def part(
        self,
        value: Any,
        sizes: Sizes,
        stages: Sequence[int],
        agents: Sequence[int],
        states: Sequence[int],
    ) -> Any:
        """Some stages, agents and states of what a game holds, as lists over time."""
        times = [*stages, stages[-1] + 1] if self.terminal else stages
        joint = [k for i in agents for k in range(sum(sizes.p))[sizes.own(i + 1)]]

        def cut(entry: Any, agent: int) -> Any:
            fits = (x for x in self.shapes if sizes.shape(x, agent) == np.shape(entry))
            kept = {"m": states, "p": range(sizes.p[agent - 1]), "n": joint}
            axes = next(fits)
            return entry[np.ix_(*(kept[axis] for axis in axes))] if axes else entry

        def over_time(own: Any, agent: int = 1) -> Any:
            if not isinstance(own, tuple):
                return cut(own, agent)
            parts = {id(own[t]): cut(own[t], agent) for t in times}
            return [parts[id(own[t])] for t in times]

        if self.agents != "none" and isinstance(value, tuple):
            return [over_time(value[i], i + 1) for i in agents]
        return value if value is None else over_time(value)

    def absent(self, shape: tuple[int, ...]) -> np.ndarray:
        """The default matrix or vector."""
        entries = np.full(shape, Fraction(0), dtype=object)
        if self.default and self.ndim:
            np.fill_diagonal(entries, Fraction(1))
        entries.flags.writeable = False
        return entries


def _row(name: str, says: str, *shapes: Axes, **rest: Any) -> Letter:
    return Letter(name=name, says=says, shapes=shapes, **rest)


#: What a game is made of, in the order of its file.
# fmt: off
GAME: tuple[Letter, ...] = (
    _row("tau", "weight of the regularizer", (), agents="may", least=0, required=True,
         compact=True, attribute="tau_given"),
    _row("discount", "weight of a stage's cost relative to the previous stage's", (), agents="may",
         over_time="never", above=0, most=1, default=1, compact=True,
         beyond=True, attribute="_discount"),
    _row("A", "dynamics of the state", ("m", "m"), agents="none", required=True),
    _row("B", "how the control enters the dynamics", ("m", "p"), required=True),
    _row("drift", "constant in the dynamics", ("m",), agents="none", default=0, beyond=True),
    _row("Q", "cost x'Qx", ("m", "m"), terminal=True, needs="semidefinite", cost=True,
         required=True),
    _row("R", "cost u'Ru", ("p", "p"), ("n", "n"), needs="definite", cost=True, required=True,
         attribute="_R"),
    _row("S", "cost 2u'Sx", ("p", "m"), ("n", "m"), default=0, beyond=True),
    _row("x_linear", "cost 2x_linear'x", ("m",), terminal=True, default=0, beyond=True),
    _row("u_linear", "cost 2u_linear'u", ("p",), ("n",), default=0, beyond=True),
    _row("prior_gain", "gain of the prior's mean", ("p", "m"), default=0, beyond=True,
         key=("prior", "gain"), attribute="_prior_gain"),
    _row("prior_mean", "constant of the prior's mean", ("p",), default=0, beyond=True,
         key=("prior", "mean")),
    _row("prior_cov", "covariance of the prior", ("p", "p"), needs="definite", default=1,
         beyond=True, key=("prior", "cov"), attribute="_prior_cov"),
    _row("noise_cov", "covariance of the noise", ("m", "m"), agents="none", needs="semidefinite",
         required=True, compact=True, attribute="_noise_cov"),
    _row("x0_mean", "mean of the first state", ("m",), agents="none", over_time="never", default=0,
         compact=True, key=("x0", "mean")),
    _row("x0_cov", "covariance of the first state", ("m", "m"), agents="none", over_time="never",
         needs="semidefinite", default=1, compact=True, key=("x0", "cov")),
)

#: What a solution is made of; without a time axis where the horizon is infinite.
POLICY: tuple[Letter, ...] = (
    _row("K", "gain of the control's mean", ("p", "m"), over_time="must", required=True),
    _row("k", "constant of the control's mean", ("p",), over_time="must"),
    _row("Sigma", "covariance of the control", ("p", "p"), over_time="must", needs="semidefinite"),
    _row("P", "value x'Px + 2s'x + q", ("m", "m"), over_time="must", terminal=True,
         needs="symmetric"),
    _row("s", "linear part of the value", ("m",), over_time="must", terminal=True),
    _row("q", "constant of the value", (), over_time="must", terminal=True),
)
# fmt: on
LETTERS: Mapping[str, Letter] = {letter.name: letter for letter in (*GAME, *POLICY)}

#: A letter's name, and what was given for it: one series, or one per agent.
Given = Mapping[str, Sequence[Series | None]]


@frozen
class Sizes:
    """How many states there are, and controls of each agent."""

    m: int
    p: tuple[int, ...]

    def shape(self, axes: Axes, agent: int | None = None) -> tuple[int, ...]:
        """The lengths of the axes ``m``, ``p`` and ``n``, for an agent counted from 1."""
        return tuple(
            self.m if axis == "m" else self.p[(agent or 1) - 1] if axis == "p" else sum(self.p)
            for axis in axes
        )

    @property
    def agents(self) -> range:
        """The agents, counted from 1."""
        return range(1, len(self.p) + 1)

    def own(self, agent: int) -> slice:
        """Where an agent's controls lie among all."""
        return slice(sum(self.p[: agent - 1]), sum(self.p[:agent]))

    def place(self, axes: Axes, agent: int) -> tuple[slice, ...]:
        """Where an agent's part lies along these axes."""
        return tuple(self.own(agent) if axis == "n" else slice(None) for axis in axes)


def entry_of(letter: str, agent: int) -> str:
    """The place of an agent's entry in Python and JSON, which count from 0."""
    first, *rest = LETTERS[letter].place
    return ".".join([f"{first}[{agent - 1}]", *rest])


# --- reading -------------------------------------------------------------------------------------


def game_attributes(
    values: Mapping[str, Any],
    *,
    horizon: Any,
    indefinite: bool,
    entry_of: Callable[[str, int], str],
) -> dict[str, Any]:
    """What a game keeps of letters given by name: validated, and at their defaults left out.

    Raises
    ------
    InputError
        Saying what is wrong, where, for which agent at which time.
    """
    if (values.get("x0_mean") is None) != (values.get("x0_cov") is None):
        raise InputError(
            "x0 needs a mean and a covariance: give both, or neither for mean 0 and covariance I",
            "x0",
        )
    given = {
        letter.name: read(letter, values.get(letter.name), entry_of)
        for letter in GAME
        if letter.required or values.get(letter.name) is not None
    }
    sizes, stages = fitted(given, horizon)
    repairs: list[Repair] = []
    attributes: dict[str, Any] = {}
    for letter in GAME:
        value = None
        if letter.name in given:
            series = [
                one and _judged(letter, one, sizes, indefinite, repairs)
                for one in given[letter.name]
            ]
            value = _plainest(letter, _stored(letter, series, sizes, stages), sizes)
        elif not letter.beyond:
            value = letter.absent(sizes.shape(letter.shapes[0]))
        attributes |= letter.changed(value)
    if is_infinite(stages):
        _expect_one_kind_of_cost(given.get("discount"))
    return {**attributes, "horizon": stages, "repairs": tuple(repairs)}


def policy_attributes(
    values: Mapping[str, Any], *, as_stated: bool, entry_of: Callable[[str, int], str]
) -> dict[str, Any]:
    """What a policy keeps of letters given by name; with `as_stated` none is judged."""
    given = {
        letter.name: read(letter, values.get(letter.name), entry_of)
        for letter in POLICY
        if letter.required or values.get(letter.name) is not None
    }
    stages = policy_stages(given)
    repairs: list[Repair] = []
    attributes: dict[str, Any] = {}
    for name, series in given.items():
        if not as_stated:
            series = [one and _judged(LETTERS[name], one, None, False, repairs) for one in series]
        whole = stages is INFINITE
        attributes[name] = tuple(one.entries[0] if whole else one.entries for one in series if one)
    return {**attributes, "repairs": tuple(repairs)}


def parts_of(key: str, value: Any) -> dict[str, Any]:
    """What a key of a document says, by the names of letters: several share ``x0``, ``prior``."""
    parts = {letter.key[1]: letter for letter in GAME if letter.key[:1] == (key,)}
    if not parts:
        return {key: value}
    by_agent = all(letter.agents == "each" for letter in parts.values())
    entries = per_agent(value, key) if by_agent else [value]
    for agent, entry in enumerate(entries):
        where = f"{key}[{agent}]" if by_agent else key
        if isinstance(entry, Mapping):
            required = () if by_agent else list(parts)
            check_keys(list(entry), list(parts), required, where, _PART_HINTS.get(key))
        elif not (by_agent and entry is None):
            keys = " and ".join(f'"{part}"' for part in parts)
            raise InputError(f"{where} must be an object with the keys {keys}", where)
    if not by_agent:
        return {letter.name: value[part] for part, letter in parts.items()}
    listed = {
        letter.name: [None if entry is None else entry.get(part) for entry in entries]
        for part, letter in parts.items()
    }
    first = next(iter(listed))  # says how many agents there are
    return {k: v for k, v in listed.items() if k == first or any(x is not None for x in v)}


def read(
    letter: Letter, value: Any, entry_of: Callable[[str, int], str]
) -> tuple[Series | None, ...]:
    """A letter as it was given: a series, or one per agent, None where an agent has the default."""
    if letter.agents == "each" or (
        letter.agents == "may"
        and (isinstance(value, list | tuple) or getattr(value, "ndim", 0) > 0)
    ):
        series = tuple(
            None
            if entry is None and len(letter.key) > 1
            else read_series(
                entry,
                entry_of(letter.name, agent),
                agent,
                ndim=letter.ndim,
                over_time=letter.over_time != "never",
            )
            for agent, entry in enumerate(per_agent(value, letter.name), start=1)
        )
    else:
        over_time = letter.agents != "may" and letter.over_time != "never"
        series = (read_series(value, letter.name, ndim=letter.ndim, over_time=over_time),)
    if letter.agents == "may":
        for one in filter(None, series):
            _expect_bounds(letter, one)
    return series


def fitted(given: Given, horizon: Any) -> tuple[Sizes, Any]:
    """The sizes and the horizon of letters that fit together; no entry is looked at.

    Raises
    ------
    InputError
        Where sizes do not fit, or the game would hold more than `MAX_NUMBERS`.
    """
    stages = INFINITE if is_infinite(horizon) else _horizon(horizon, given)
    by_agent = [name for name in given if LETTERS[name].agents != "none" and _listed(given[name])]
    counts = {LETTERS[name].place[0]: len(given[name]) for name in by_agent}
    same_agents({"B": len(given["B"])} | counts)
    A, *_ = filter(None, given["A"])
    m = A.shape[0]
    A.expect_shape(((m, m), "square, m×m"))
    for B in filter(None, given["B"]):
        rows, cols = B.shape
        p_i = rows if cols == m and rows != m else cols
        B.expect_shape(((m, p_i), _MEANING["m", "p"]))
    sizes = Sizes(m, tuple(B.shape[1] for B in filter(None, given["B"])))
    for name, series in given.items():
        if LETTERS[name].ndim and name not in "AB":
            _expect_shapes(LETTERS[name], series, sizes)
    refuse_too_large(stages, sizes, given)
    for name, series in given.items():
        for one in filter(None, series):
            expect_length(one, stages, LETTERS[name].terminal)
    return sizes, stages


def first(over_time: Any) -> Any:
    """What stands at t = 0, or at every time where there is no time axis."""
    return over_time[0] if isinstance(over_time, tuple) else over_time


def policy_stages(given: Given) -> Any:
    """The horizon of a policy's letters of as many agents and times; no entry is looked at."""
    every = [one for series in given.values() for one in series if one]
    timed = [one for one in every if not one.constant]
    stages: Any = len(timed[0].entries) if timed else INFINITE
    same_agents({name: len(series) for name, series in given.items()})
    if timed and all(one.constant for one in given["K"] if one):
        with at(timed[0].agent, None):
            raise InputError(
                f"{timed[0].where} is a list over time, but K is not: give both over time or, for "
                "an infinite horizon, neither",
                timed[0].where,
            )
    for name, series in given.items():
        for one in filter(None, series):
            if one.constant and timed:
                raise needs_time_axis(one)
            expect_length(one, stages, LETTERS[name].terminal)
            if LETTERS[name].ndim:
                one.expect_shape((one.shape, ""))
    return stages


def expect_policy_shapes(policy: Any, sizes: Sizes, entry_of: Callable[[str, int], str]) -> None:
    """Check the shapes of a policy's letters, each per agent over time."""
    for letter in POLICY:
        series = [
            Series(
                where=entry_of(letter.name, agent),
                agent=agent,
                constant=isinstance(own, np.ndarray),
                entries=(own,) if isinstance(own, np.ndarray) else own,
            )
            for agent, own in enumerate(letter.of(policy) or (), start=1)
        ]
        if letter.ndim:
            _expect_shapes(letter, series, sizes, lambda axes: _MEANING[axes].split(",")[0])


def refuse_too_large(stages: Any, sizes: Sizes, given: Given | None = None) -> None:
    """Refuse sizes of which a game would hold more than `MAX_NUMBERS`."""
    expanded = 0
    for letter in GAME:
        series = (given or {}).get(letter.name)
        if letter.ndim == 0 or (letter.beyond and series is None):
            continue
        agents = [None] if letter.agents == "none" else sizes.agents
        for k, agent in enumerate(agents):
            one = series[k] if series else None
            shape = one.shape if one else sizes.shape(letter.shapes[0], agent)
            once = is_infinite(stages) or (letter.compact and (one is None or one.constant))
            expanded += math.prod(shape) * (1 if once else stages + letter.terminal)
    if expanded > MAX_NUMBERS:
        raise InputError(
            f"horizon {short(stages)} with m = {sizes.m} and {counted(len(sizes.p), 'agent')} "
            f"makes a game of {short(expanded)} numbers, more than the limit of {MAX_NUMBERS}",
            "horizon",
        )


def _expect_one_kind_of_cost(discounts: Sequence[Series | None] | None) -> None:
    """Discounted for every agent, or average cost for all."""
    at_one = [one.entries[0] == 1 for one in discounts or () if one]
    if any(at_one) and not all(at_one):
        raise InputError(
            f"discount is 1 for agent {at_one.index(True) + 1} and less for agent "
            f"{at_one.index(False) + 1}; with an infinite horizon it must be less than 1 for every "
            "agent (discounted cost) or 1 for all (average cost)",
            "discount",
        )


def _expect_bounds(letter: Letter, one: Series) -> None:
    wanted = {"≥": letter.least, ">": letter.above, "≤": letter.most}
    holds = {"≥": operator.ge, ">": operator.gt, "≤": operator.le}
    asked = {sign: bound for sign, bound in wanted.items() if bound is not None}
    for t, value in enumerate(one.entries):
        if not all(holds[sign](value, bound) for sign, bound in asked.items()):
            where, time = one.place(t)
            said = " and ".join(f"{sign} {bound}" for sign, bound in asked.items())
            with at(one.agent, time):
                raise InputError(f"{where} is {short(value)}, but must be {said}", where)


def _expect_shapes(
    letter: Letter,
    series: Sequence[Series | None],
    sizes: Sizes,
    meaning: Callable[[Axes], str] = _MEANING.__getitem__,
) -> None:
    for one in filter(None, series):
        if one.constant and one.shape == sizes.shape(letter.shapes[0], one.agent):
            continue
        admitted = {sizes.shape(axes, one.agent): meaning(axes) for axes in letter.shapes}
        others = {k: sizes.shape(letter.shapes[0], k) for k in sizes.agents if k != one.agent}
        one.expect_shape(*admitted.items(), of_others=others if one.agent else None)


def _listed(series: Sequence[Series | None]) -> bool:
    return series[0] is None or series[0].agent is not None


def _horizon(horizon: Any, given: Given) -> int:
    if horizon is None:
        for name, series in given.items():
            for one in filter(None, series):
                if not one.constant:
                    return _horizon(len(one.entries) - LETTERS[name].terminal, given)
        raise InputError(
            "horizon is missing, and no matrix has a time axis that gives it", "horizon"
        )
    try:
        stages = operator.index(horizon)
    except TypeError:
        stages = None
    if stages is None or isinstance(horizon, bool | np.bool_):
        raise InputError('horizon must be a whole number ≥ 1 or "infinite"', "horizon")
    if stages < 1:
        raise InputError(f"horizon is {short(stages)}, but must be ≥ 1", "horizon")
    return stages


def _judged(
    letter: Letter, one: Series, sizes: Sizes | None, indefinite: bool, repairs: list[Repair]
) -> Series:
    """Symmetric and as definite as it must be; of a cost on all controls the own block is."""
    if not letter.needs:
        return one
    needs: dict[str, Any] = {}
    if letter.cost:
        needs["otherwise"] = '; with "indefinite": true it need not be'
    joint = (
        sizes is not None
        and len(letter.shapes) > 1
        and one.shape == sizes.shape(letter.shapes[1]) != sizes.shape(letter.shapes[0], one.agent)
    )
    if letter.needs != "symmetric" and not (letter.cost and indefinite):
        needs["semidefinite" if joint else letter.needs] = True
    good, found = one.judged(**needs)
    repairs += found
    if joint and "semidefinite" in needs and sizes and one.agent:
        own = sizes.own(one.agent)
        blocks = {id(X): X[own, own] for X in good.entries}
        where = f"the agent's own block of {one.where}"
        of_own = evolve(good, where=where, entries=[blocks[id(X)] for X in good.entries])
        of_own.judged(**{**needs, "semidefinite": False, letter.needs: True})
    return good


def _stored(letter: Letter, series: Sequence[Series | None], sizes: Sizes, stages: Any) -> Any:
    """What a game keeps: per agent, if it was given so, and over time."""

    def over_time(one: Series) -> Any:
        if letter.compact and one.constant:
            return one.entries[0]
        entries = one.entries.tolist() if isinstance(one.entries, np.ndarray) else one.entries
        if is_infinite(stages):
            return entries[0]
        return tuple(entries) * (stages + letter.terminal if one.constant else 1)

    if not _listed(series) and series[0]:
        return over_time(series[0])

    def absent(agent: int) -> Any:
        zero = letter.absent(sizes.shape(letter.shapes[0], agent))
        return zero if is_infinite(stages) else (zero,) * stages

    return tuple(over_time(one) if one else absent(k) for k, one in enumerate(series, start=1))


def _plainest(letter: Letter, value: Any, sizes: Sizes) -> Any:
    """The plainest that means the same, so that a game's hash and class do not depend on how it
    was written: the own controls' part of what is 0 elsewhere, one entry for many equal ones, None
    for a default."""
    if len(letter.shapes) > 1:
        value = tuple(_own(letter, part, sizes, k) for k, part in enumerate(value, start=1))
    if letter.compact:
        value = _once(tuple(map(_once, value)) if isinstance(value, tuple) else value)
    return None if letter.beyond and letter.is_default(value) else value


def _once(value: Any) -> Any:
    """One entry where all are equal."""
    if not isinstance(value, tuple) or any(isinstance(part, tuple) for part in value):
        return value
    return value[0] if all(np.array_equal(value[0], part) for part in value[1:]) else value


def _own(letter: Letter, over_time: Any, sizes: Sizes, agent: int) -> Any:
    if not isinstance(over_time, tuple):
        return _own(letter, (over_time,), sizes, agent)[0]
    narrow, wide = (sizes.shape(axes, agent) for axes in letter.shapes)
    if over_time[0].shape == narrow or over_time[0].shape != wide:
        return over_time
    place = sizes.place(letter.shapes[1], agent)
    distinct = {id(X): X for X in over_time}
    if any((X != 0).sum() > (X[place] != 0).sum() for X in distinct.values()):
        return over_time
    parts = {key: X[place] for key, X in distinct.items()}
    return tuple(parts[id(X)] for X in over_time)
