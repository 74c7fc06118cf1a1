"""Families of games: random ones with a range of seeds, files, templates with ranges."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from fractions import Fraction
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from attrs import field, frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import number, written
from ergs_verify.files import disk
from ergs_verify.files.text import parse_json, parse_toml
from ergs_verify.game import FloatGame, Game, load_game
from ergs_verify.game.documents import game_values
from ergs_verify.game.gallery import gallery
from ergs_verify.game.gallery.drawn import drawn_numbers, random_keys
from ergs_verify.game.stored import ENDINGS
from ergs_verify.recursion.stack import StageStack

#: More games than these are a mistake.
_MOST_GAMES = 10**9


class Family(Protocol):
    """Games counted from 0, each with a name. It can be pickled.

    Attributes
    ----------
    count : int
        How many games there are.
    identity : str
        Says which family it is: equal for equal families.
    """

    @property
    def count(self) -> int: ...
    @property
    def identity(self) -> str: ...

    def name(self, index: int) -> str:
        """What one game is called."""
        ...

    def game(self, index: int) -> Game:
        """One game; an `InputError` if it is not valid."""
        ...

    def stack(self, start: int, stop: int) -> StageStack | None:
        """Some of the games at once, if there is a way that is faster than one by one."""
        ...


def family(words: str | PathLike[str]) -> Family:
    """A family of games: random ones, files, or a template with ranges.

    Parameters
    ----------
    words : str or path
        ``random:N=2,m=2,p=1,T=10,seed=0:1000000`` (any arguments of `random_game`; the seeds from
        the first up to, but without, the last), a folder of game files, a ``.jsonl`` file with a
        game on each line, or a ``.toml`` file with a template, as :doc:`/howto/ensembles` shows.

    Returns
    -------
    Family

    Raises
    ------
    InputError
        If it is none of these, or a file cannot be read.

    Examples
    --------
    >>> from ergs_verify.survey import family
    >>> drawn = family("random:N=2,m=2,T=3,seed=10:30")
    >>> drawn.count, drawn.name(0)
    (20, 'random:N=2,m=2,T=3,seed=10')
    """
    named = str(words)
    if named.startswith("random:"):
        return RandomFamily.named(named)
    path = Path(words)
    if path.is_dir():
        return FolderFamily.of(path)
    if path.suffix.lower() == ".jsonl":
        return LinesFamily.of(path)
    if path.suffix.lower() == ".toml":
        return TemplateFamily.of(path)
    raise InputError(
        f"{named} is not a family of games: give random:… with seed=FIRST:LAST, a folder, a .jsonl"
        " file or a .toml file with a template",
        "family",
    )


@frozen(kw_only=True)
class RandomFamily:
    """The random games of one size, with seeds in a row."""

    keys: str
    first: int
    count: int

    @classmethod
    def named(cls, name: str) -> RandomFamily:
        parts = name.removeprefix("random:").split(",")
        seeds = [part.removeprefix("seed=") for part in parts if part.startswith("seed=")]
        ends = seeds[0].split(":") if len(seeds) == 1 else []
        if len(ends) != 2 or not all(x.isascii() and x.isdigit() and len(x) < 18 for x in ends):
            raise InputError(
                "a family of random games needs a range of seeds, such as seed=0:1000", "family"
            )
        first, last = map(int, ends)
        if last <= first:
            raise InputError(f"seed={first}:{last} is an empty range", "family")
        if last - first > _MOST_GAMES:
            raise InputError(f"seed={first}:{last} has more than 10^9 seeds", "family")
        keys = ",".join(part for part in parts if not part.startswith("seed="))
        found = cls(keys=keys, first=first, count=last - first)
        found.game(0)
        return found

    @property
    def identity(self) -> str:
        return f"random:{self.keys},seed={self.first}:{self.first + self.count}"

    def name(self, index: int) -> str:
        parts = [self.keys, f"seed={self.first + index}"]
        return "random:" + ",".join(filter(None, parts))

    def game(self, index: int) -> Game:
        return gallery(self.name(index))

    def stack(self, start: int, stop: int) -> StageStack | None:
        game = self.game(start)
        if float(game.tau) != game.tau:
            return None
        m, T, p = game.state_size, game.horizon, game.control_sizes
        seed = random_keys(self.name(start)).get("seed", 0)
        drawn = [drawn_numbers(m=m, p=p, T=T, seed=seed + k) for k in range(stop - start)]
        agents = range(len(p))

        def each(letter: str, over: int) -> tuple[np.ndarray, ...]:
            return tuple(
                np.stack([getattr(one, letter)[i] for one in drawn]) / over for i in agents
            )

        return StageStack.of_floats(
            FloatGame(
                A=np.stack([one.A for one in drawn]) / (4 * m),
                B=each("B", 4),
                Q=each("Q", 1),
                R=each("R", 4),
                tau=np.full(len(drawn), float(game.tau)),
                horizon=T,
                # K and P do not depend on them.
                noise_cov=np.zeros((m, m)),
                x0_mean=np.zeros(m),
                x0_cov=np.eye(m),
            ),
            rounded=["A"] if m & (m - 1) else [],
        )


@frozen(kw_only=True)
class FolderFamily:
    """The game files of a folder, by name."""

    paths: tuple[str, ...]
    identity: str

    @classmethod
    def of(cls, folder: Path) -> FolderFamily:
        paths = sorted(x for x in folder.iterdir() if x.suffix.lower() in ENDINGS and x.is_file())
        if not paths:
            raise InputError(f"there is no game in the folder {folder}", "family")
        content = sha256()
        for path in paths:
            content.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
        return cls(
            paths=tuple(str(x.resolve()) for x in paths), identity=f"folder {content.hexdigest()}"
        )

    @property
    def count(self) -> int:
        return len(self.paths)

    def name(self, index: int) -> str:
        return Path(self.paths[index]).name

    def game(self, index: int) -> Game:
        return load_game(self.paths[index])

    def stack(self, start: int, stop: int) -> StageStack | None:
        return None


@frozen(kw_only=True)
class LinesFamily:
    """The games of a file with a JSON object on each line."""

    path: str
    #: Of every game the number of its line, from 1, and where that begins.
    lines: array[int] = field(repr=False)
    places: array[int] = field(repr=False)
    identity: str

    @classmethod
    def of(cls, path: Path) -> LinesFamily:
        content, numbers, places, place = sha256(), array("q"), array("q"), 0
        with disk.naming(path):
            try:
                with path.open("rb") as lines:
                    for count, line in enumerate(lines, 1):
                        content.update(line)
                        if line.strip():
                            numbers.append(count)
                            places.append(place)
                        place += len(line)
            except OSError as error:
                raise InputError(f"cannot be read: {error.strerror or error}") from error
        if not places:
            raise InputError(f"there is no game in {path}", "family")
        return cls(
            path=str(path.resolve()),
            lines=numbers,
            places=places,
            identity=f"lines {content.hexdigest()}",
        )

    @property
    def count(self) -> int:
        return len(self.places)

    def name(self, index: int) -> str:
        return f"{Path(self.path).name}:{self.lines[index]}"

    def game(self, index: int) -> Game:
        with open(self.path, "rb") as lines:
            lines.seek(self.places[index])
            line = lines.readline()
        return Game.from_letters(**game_values(parse_json(line)))

    def stack(self, start: int, stop: int) -> StageStack | None:
        return None


@frozen(kw_only=True)
class TemplateFamily:
    """A game with letters in braces for entries, and the values that each letter takes.

    In TOML: a table ``ranges`` with lists of numbers, or ``{from = 0, to = 1, points = 5}``, and a
    table ``game`` that is a game in which a string such as ``"{tau}"`` stands for a value.
    """

    ranges: tuple[tuple[str, tuple[str, ...]], ...]
    template: Mapping[str, Any] = field(hash=False)
    identity: str

    @classmethod
    def of(cls, path: Path) -> TemplateFamily:
        with disk.naming(path):
            data = disk.read(path)
            document = parse_toml(data)
            tables = [isinstance(document.get(name), Mapping) for name in ("ranges", "game")]
            if not all(tables) or len(document) > 2 or not document["ranges"]:
                raise InputError(
                    "a template needs two tables: ranges, which must not be empty, and game"
                )
            _expect_used(document["ranges"], document["game"])
            ranges = tuple((name, _points(name, x)) for name, x in document["ranges"].items())
            if math.prod(len(points) for _, points in ranges) > _MOST_GAMES:
                raise InputError("the ranges have more than 10^9 points")
        return cls(
            ranges=ranges,
            template=document["game"],
            identity=f"template {sha256(data).hexdigest()}",
        )

    @property
    def count(self) -> int:
        return math.prod(len(points) for _, points in self.ranges)

    def _values(self, index: int) -> dict[str, str]:
        found = {}
        for name, points in reversed(self.ranges):
            index, k = divmod(index, len(points))
            found[name] = points[k]
        return dict(reversed(found.items()))

    def name(self, index: int) -> str:
        return ",".join(f"{name}={value}" for name, value in self._values(index).items())

    def game(self, index: int) -> Game:
        values = self._values(index)
        return Game.from_letters(**game_values(_filled(self.template, values)))

    def stack(self, start: int, stop: int) -> StageStack | None:
        return None


def _points(name: str, given: Any) -> tuple[str, ...]:
    where = f"ranges.{name}"
    if isinstance(given, Mapping):
        if set(given) != {"from", "to", "points"} or not isinstance(given["points"], int):
            raise InputError(f"{where} needs from, to and points, a whole number", where)
        start, end = (number(given[x], where) for x in ("from", "to"))
        count = given["points"]
        if not 2 <= count <= _MOST_GAMES:
            raise InputError(f"{where} needs at least 2 points", where)
        step = (Fraction(end) - Fraction(start)) / (count - 1)
        return tuple(written(Fraction(start) + k * step) for k in range(count))
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise InputError(f"{where} must be a list of numbers, or from, to and points", where)
    return tuple(written(Fraction(number(x, where))) for x in given)


def _expect_used(ranges: Mapping[str, Any], template: Mapping[str, Any]) -> None:
    """Every range has a place in the template, and what stands in braces there has a range."""
    used: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, Mapping | list):
            for part in value.values() if isinstance(value, Mapping) else value:
                look(part)
        elif (name := _letter(value)) is not None:
            used.add(name)

    look(template)
    for name in sorted(used - set(ranges)):
        raise InputError(f'the template has no range for "{{{name}}}"', "ranges")
    for name in sorted(set(ranges) - used):
        raise InputError(
            f'the range {name} is not used: no entry of the game is "{{{name}}}"', "ranges"
        )


def _letter(value: Any) -> str | None:
    """The name in braces, if that is all a string is."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return value[1:-1]
    return None


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(x, values) for key, x in value.items()}
    if isinstance(value, list):
        return [_filled(x, values) for x in value]
    name = _letter(value)
    return value if name is None else values[name]
