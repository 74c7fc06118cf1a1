"""A command as a solver under audit: any language, files in and out."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import Any

import attrs
import numpy as np
from attrs import define, field, frozen

from ergs_verify.audit import contained
from ergs_verify.audit.answers import SOLUTION_FORMATS, from_file, trouble
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.outcome import Outcome
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.files import arrays, text
from ergs_verify.game import FloatGame, Game, documents, named
from ergs_verify.game.letters import GAME, Letter


def _split(command: str) -> list[str]:
    try:
        parts = _words(command)
    except ValueError as error:
        raise InputError(
            f"the command {quoted(command)} cannot be split into words: {error}", "command"
        ) from error
    for placeholder in ("{game}", "{solution}"):
        if not any(placeholder in part for part in parts):
            raise InputError(
                f"the command {quoted(command)} lacks {placeholder}, which stands for a file; "
                "write it like 'julia solve.jl {game} {solution}'",
                "command",
            )
    if shutil.which(parts[0]) is None:
        raise InputError(f"there is no program {quoted(parts[0])} that can be run", "command")
    return parts


def _words(command: str) -> list[str]:
    """As a shell would, but for what Windows has in paths: there a backslash is just that."""
    words = shlex.shlex(command, posix=True, punctuation_chars=False)
    words.whitespace_split = True
    words.commenters = ""
    if os.name == "nt":
        words.escape = ""
    return list(words)


def _known_format(_: Any, __: Any, value: str) -> None:
    if value not in SOLUTION_FORMATS:
        raise InputError(
            f"{quoted(value)} is not a file format; the formats are {', '.join(SOLUTION_FORMATS)}",
            "format",
        )


@define(kw_only=True, eq=False)
class CommandSolver(Solver):
    """A program that reads a game file and writes a solution file.

    The game file holds float64 numbers only, with every matrix expanded over time and every key
    present (the keys beyond the paper's class only if the game lies beyond it). When the program
    ends or its time is up, what it started is ended too.

    Attributes
    ----------
    command : list of str
        Given as one string, which is split into words as a shell would; no shell runs it.
        ``{game}`` and ``{solution}`` stand for the paths of the two files.
    format : str
        ``.json``, ``.npz`` or ``.mat``, for both files.
    conventions, timeout
        As of `Solver`.

    Raises
    ------
    InputError
        If a placeholder is missing, there is no such program, or the format is unknown.

    Examples
    --------
    >>> import sys
    >>> from ergs_verify.audit.command import CommandSolver
    >>> from ergs_verify.game.gallery import gallery
    >>> command = f"'{sys.executable}' -c 'raise SystemExit(3)' {{game}} {{solution}}"
    >>> CommandSolver(command=command)(gallery("lqr")).trouble.message
    'ended with exit status 3'
    """

    command: list[str] = field(converter=_split)
    format: str = field(default=".json", validator=_known_format)

    _ran: bool = field(default=False, init=False)

    def __call__(self, game: Game) -> Outcome:
        handed = _RENDER[self.format](_Handed(self.conventions.handed(game), game))
        with ExitStack() as held:
            with contained.needing_room():
                folder = Path(mkdtemp())
                # Not `TemporaryDirectory`, which changes modes, also where a link leads elsewhere.
                held.callback(shutil.rmtree, folder, ignore_errors=True)
                log = held.enter_context(TemporaryFile(buffering=0))
                given, answered = (folder / f"{name}{self.format}" for name in ("game", "solution"))
                given.write_bytes(handed)
            places = {"{game}": str(given), "{solution}": str(answered)}
            words = [_filled(word, places) for word in self.command]
            began = time.perf_counter()
            try:
                program = held.enter_context(contained.Program(words, log, folder=folder))
            except OSError as error:
                problem = f"cannot be run: {error.strerror or error}"
                if self._ran:  # what it did to itself
                    return trouble("crashed", f"{problem}, though it was run before")
                raise InputError(f"{quoted(words[0])} {problem}", "command") from error
            self._ran = True
            status = program.wait(self.timeout)
            seconds = time.perf_counter() - began
            if status is None:
                program.end()
            printed = _filled(contained.printed(log), {path: name for name, path in places.items()})
            if overflow := contained.overflowed(log):
                outcome = trouble("crashed", overflow)
            elif status is None:
                outcome = trouble("timeout", contained.overdue(self.timeout))
            elif status:
                message = _ended(status, printed, answered)
                outcome = trouble("raised" if status > 0 else "crashed", message)
            else:
                outcome = from_file(answered, game, self.conventions)
            # When it was stopped its folder went with it.
            untouched = status is None or _holds(given, handed)
        changed = () if untouched else ("the file {game}",)
        return attrs.evolve(outcome, seconds=seconds, printed=printed, mutated=changed)


def _filled(text: str, put: dict[str, str]) -> str:
    for old, new in put.items():
        text = text.replace(old, new)
    return text


def _holds(path: Path, content: bytes) -> bool:
    """Whether a regular file holds these bytes."""
    try:
        same_size = path.is_file() and path.stat().st_size == len(content)
        return same_size and path.read_bytes() == content
    except OSError:
        return False


def _ended(status: int, printed: str, solution: Path) -> str:
    said = _error_in(printed)
    message = contained.ended_how(status) + (f" and said {quoted(said, 200)}" * bool(said))
    return message + ", so the solution file that it wrote does not count" * os.path.exists(
        solution
    )


def _error_in(printed: str) -> str:
    """The line that tells most: the first that names an error, else the last.

    Indented lines are places in the program, which may have "error" in their text.
    """
    lines = [line.rstrip() for line in printed.splitlines() if line.strip()]
    errors = (line for line in lines if "error" in line.lower() and not line[0].isspace())
    return next(errors, lines[-1] if lines else "").strip()


@frozen
class _Handed:
    """A game as arrays, and what its file says besides."""

    arrays: FloatGame
    game: Game

    def letters(self) -> Iterator[tuple[Letter, Any]]:
        """The letters that the arrays tell, of a general game all."""
        told = self.arrays.letters()
        return ((letter, told[letter.name]) for letter in GAME if letter.name in told)

    def document(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "format": documents.GAME_FORMAT,
            "name": self.game.name,
            "horizon": self.arrays.horizon,
        }
        for letter, value in self.letters():
            group, *part = letter.place
            if not part:
                said[group] = _listed(value)
            elif letter.agents == "none":
                said.setdefault(group, {})[part[0]] = _listed(value)
            else:
                agents = said.setdefault(group, [{} for _ in value])
                for own, array in zip(agents, value, strict=True):
                    own[part[0]] = _listed(array)
        return said | ({"indefinite": True} if self.game.indefinite else {})

    def named(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for letter, value in self.letters():
            if isinstance(value, tuple):
                said |= {f"{letter.name}_{i}": own for i, own in enumerate(value, start=1)}
            else:
                said[letter.name] = value
        horizon = self.arrays.horizon
        said["horizon"] = str(horizon) if self.game.stationary else float(horizon)
        said["name"] = self.game.name
        return said | ({"indefinite": 1.0} if self.game.indefinite else {})


def _listed(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_listed(own) for own in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


_RENDER: dict[str, Callable[[_Handed], bytes]] = {
    ".json": lambda handed: text.render_json(handed.document()),
    ".npz": lambda handed: arrays.render_npz(handed.named()),
    ".mat": lambda handed: named.render_mat(handed.named()),
}
