"""A survey: shard after shard, each written once and whole, wherever it was computed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from os import PathLike
from pathlib import Path
from typing import Any

from attrs import frozen

from ergs_verify.errors import ErgsError, InputError
from ergs_verify.exact import whole
from ergs_verify.files import disk
from ergs_verify.survey import summary
from ergs_verify.survey.families import Family
from ergs_verify.survey.families import family as family_of
from ergs_verify.survey.questions import COLUMNS, DEFAULTS, Row, at_once, expect_ready, rows
from ergs_verify.survey.shards import as_parquet, need_pyarrow

#: A shard whose process is lost so often is asked game by game.
_ATTEMPTS = 4
#: A shard holds so many games at most (of a question put to many at once more), and a survey has
#: so many shards if there are enough games.
_MOST, _MOST_AT_ONCE, _SHARDS = 500, 5000, 64
#: Shards under way at once: enough to keep so many workers busy, few enough to bound memory.
_AHEAD = 64

#: Threads of a process, such as a dask worker's, cannot compute in balls at once.
_ONE_AT_A_TIME = threading.Lock()

Progress = Callable[[int, int], None]


@frozen(kw_only=True)
class Survey:
    """Where the answers of a survey are, and their summary.

    Attributes
    ----------
    folder : Path
        It holds ``shards/*.parquet``, ``summary.json``, ``summary.png`` and ``extreme/``.
    shards : list of Path
        The Parquet files, in the order of the games.
    summary : mapping
        The object ``ergs-survey-summary/1``: for each column counts or quantiles, and the names of
        the games with the smallest and largest numbers and of those without an answer.
    """

    folder: Path
    summary: Mapping[str, Any]

    @property
    def shards(self) -> list[Path]:
        """The Parquet files, in the games' order."""
        return sorted((self.folder / "shards").glob("*.parquet"))


def survey(
    family: str | PathLike[str] | Family,
    ask: str = "check",
    *,
    output: str | PathLike[str],
    options: Mapping[str, Any] | None = None,
    resume: bool = False,
    shard: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Put a question to every game of a family.

    Parameters
    ----------
    family : str, path or Family
        What `ergs_verify.survey.family` reads.
    ask : {"check", "gap", "solve", "audit"}
    output : str or path
        A folder; it is made if it does not exist.
    options : mapping, optional
        For ``gap`` the ``delta`` (default 1), for ``solve`` the ``digits`` (8), for ``audit`` the
        ``solver`` (``module:function``) and its ``timeout`` in seconds for a game (60).
    resume : bool
        Go on with a survey that was broken off: finished shards stay as they are.
    shard : int, optional
        The number of games in a shard, rounded up to a multiple of those that are checked at once:
        10 if there are more than 16 states of all agents in the first game, or 250.
    executor : Executor, optional
        Where shards are computed: in this process by default. For a dask cluster it is
        ``Client(address).get_executor(pure=False)``.
    progress : function of two int, optional
        Told how many games are done, and of how many.

    Returns
    -------
    Survey

    Raises
    ------
    InputError
        If an argument is bad, pyarrow is not installed, or the folder holds a survey already (with
        `resume`: another survey).
    ErgsError
        If no process is left, or one cannot compute at all.

    Notes
    -----
    A game's row does not depend on where and when it was computed, nor with what shards. Float64
    may prove a digit more or less on another kind of processor. A bad game gets a row with the
    reason in the column ``error``, also one that its process does not survive.

    Examples
    --------
    >>> import tempfile
    >>> from ergs_verify.survey import survey
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
    ...     found = survey("random:N=2,m=2,T=3,seed=0:100", output=folder)
    ...     print(found.summary["columns"]["unique"])
    {'proved': 100}
    """
    need_pyarrow()
    games = family_of(family) if isinstance(family, str | PathLike) else family
    chosen = _options(ask, options)
    expect_ready(ask, chosen)
    shard = _shard(games, ask, shard)
    folder = Path(output)
    plan = {
        "format": "ergs-survey/1",
        "family": games.identity,
        "games": games.count,
        "ask": ask,
        "options": chosen,
        "shard": shard,
    }
    _prepare(folder, plan, resume)
    starts = [k for k in range(0, games.count, shard) if not _path(folder, k).exists()]
    done = games.count - sum(min(shard, games.count - k) for k in starts)
    if progress:
        progress(done, games.count)
    for start, data in _computed(games, ask, starts, shard, chosen, executor):
        with disk.naming(folder):
            disk.write(_path(folder, start), data)
        done += min(shard, games.count - start)
        if progress:
            progress(done, games.count)
    return Survey(folder=folder, summary=summary.write(folder, games, ask))


def compute(games: Family, ask: str, start: int, stop: int, options: Mapping[str, Any]) -> bytes:
    """One shard as the bytes of a Parquet file."""
    return as_parquet(answers(games, ask, start, stop, options), ask)


def answers(
    games: Family, ask: str, start: int, stop: int, options: Mapping[str, Any]
) -> list[Row]:
    """Its rows."""
    with _ONE_AT_A_TIME:
        return rows(games, ask, start, stop, options)


def _one_by_one(
    executor: Executor, games: Family, ask: str, start: int, stop: int, options: Mapping[str, Any]
) -> bytes:
    """A shard of which some game ends every process that computes it: that game's row says so."""
    found: list[Row] = []
    for index in range(start, stop):
        try:
            found += executor.submit(answers, games, ask, index, index + 1, options).result()
        except Exception as error:
            executor.submit(int).result()  # or else it is no fault of this game
            found.append({"index": index, "name": games.name(index), "error": f"lost: {error}"})
    return as_parquet(found, ask)


def _shard(games: Family, ask: str, wanted: int | None) -> int:
    together = at_once(games, ask)
    if wanted is None:
        most = _MOST if together == 1 else _MOST_AT_ONCE
        wanted = min(most, max(10, -(-games.count // _SHARDS)))
    return -(-whole(wanted, "shard", 1) // together) * together


def _options(ask: str, options: Mapping[str, Any] | None) -> dict[str, Any]:
    if ask not in COLUMNS:
        raise InputError(f"ask must be one of {', '.join(COLUMNS)}", "ask")
    unknown = sorted(set(options or {}) - set(DEFAULTS[ask]))
    if unknown:
        raise InputError(f"{unknown[0]} is not an option of {ask}", unknown[0])
    return {**DEFAULTS[ask], **(options or {})}


def _prepare(folder: Path, plan: Mapping[str, Any], resume: bool) -> None:
    place = folder / "plan.json"
    try:
        if place.exists():
            if not resume:
                raise InputError(
                    f"{folder} holds a survey already; continue it with resume, or name another "
                    "folder",
                    "output",
                )
            if json.loads(place.read_text(encoding="utf-8")) != plan:
                raise InputError(
                    f"{folder} holds another survey: family, question, options and size of shards "
                    "must be the same to continue it",
                    "output",
                )
        (folder / "shards").mkdir(parents=True, exist_ok=True)
        for left in (folder / "shards").glob("*.part"):
            left.unlink()
        disk.write(place, json.dumps(plan, indent=1).encode())
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: {error}", "output") from error


def _path(folder: Path, start: int) -> Path:
    return folder / "shards" / f"{start:012d}.parquet"


def _computed(
    games: Family,
    ask: str,
    starts: list[int],
    shard: int,
    options: Mapping[str, Any],
    executor: Executor | None,
):
    """Pairs of a shard's start and its bytes, as they are done."""

    def work(start: int) -> tuple[Any, ...]:
        return games, ask, start, min(start + shard, games.count), options

    if executor is None:
        for start in starts:
            yield start, compute(*work(start))
        return
    waiting, attempts = list(reversed(starts)), dict.fromkeys(starts, 0)
    running: dict[Future[bytes], int] = {}
    while waiting or running:
        while waiting and len(running) < _AHEAD:
            start = waiting.pop()
            attempts[start] += 1
            running[executor.submit(compute, *work(start))] = start
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            start = running.pop(future)
            error = future.exception()
            if error is None:
                yield start, future.result()
            elif isinstance(error, ErgsError):
                raise ErgsError(f"the shard of game {start} was not computed: {error}") from error
            elif attempts[start] < _ATTEMPTS:
                waiting.append(start)
            else:
                try:
                    yield start, _one_by_one(executor, *work(start))
                except Exception as lost:
                    raise ErgsError(f"the shard of game {start} was not computed: {lost}") from lost
