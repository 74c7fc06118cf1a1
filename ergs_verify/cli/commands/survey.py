"""`survey`: a question to every game of a family, on processes here or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ergs_verify.cli import output as out
from ergs_verify.cli.options import Json
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers as processes
from ergs_verify.errors import InputError
from ergs_verify.exact import counted
from ergs_verify.survey.run import Survey, survey

#: Seconds between lines of progress.
_BETWEEN_LINES = 5.0


def command(
    family: Annotated[
        str,
        typer.Argument(
            metavar="FAMILY",
            help="random:N=2,m=2,p=1,T=10,seed=0:1000, a folder of games, a .jsonl file of games, "
            "or a .toml file with a template and ranges.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.")
    ],
    ask: Annotated[
        str, typer.Option("--ask", metavar="QUESTION", help="check, gap, solve or audit.")
    ] = "check",
    delta: Annotated[
        str | None, typer.Option("--delta", metavar="D", help="The delta of gap (default 1).")
    ] = None,
    digits: Annotated[
        int | None, typer.Option("--digits", metavar="D", help="The digits of solve (default 8).")
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option("--solver", metavar="MODULE:FUNCTION", help="The solver of audit."),
    ] = None,
    shard: Annotated[
        int | None,
        typer.Option(
            "--shard", min=1, help="The number of games in a file (default: by their number)."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, help="Processes on this machine (default: one for each core)."
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="The address of a dask scheduler."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue a survey that was interrupted.")
    ] = False,
    json: Json = False,
) -> Status:
    """Ask one question about every game of a family of up to millions.

    The folder receives Parquet files with a row for each game, a summary, a plot, and the extreme
    games.

    Exit status: 0 every game has an answer; 2 bad input; 3 some game has no answer.
    """
    if cluster is not None and workers is not None:
        raise InputError("give --workers or --cluster, not both", "cluster")
    given = {"delta": delta, "digits": digits, "solver": solver}
    chosen = {name: value for name, value in given.items() if value is not None}
    with _executor(workers, cluster) as executor:
        found = survey(
            family,
            ask,
            output=output,
            options=chosen,
            resume=resume,
            shard=shard,
            executor=executor,
            progress=_progress(),
        )
    if json:
        out.show_json(dict(found.summary))
    else:
        out.show(_table(found))
        for one in found.summary["errors"]:
            named = one["name"] in one["error"]
            out.say(one["error"] if named else f"{one['name']}: {one['error']}")
        out.say(f"wrote {output}")
    return Status.UNDECIDED if found.summary["without_answer"] else Status.HOLDS


@contextmanager
def _executor(count: int | None, cluster: str | None) -> Iterator[Executor]:
    if cluster is None:
        with processes(count) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "a cluster needs dask: pip install 'ergs-verify[cluster]'", "cluster"
        ) from error
    try:
        client = Client(cluster, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(f"no dask scheduler answers at {cluster}", "cluster") from error
    with client:
        yield client.get_executor(pure=False)  # a shard that was lost is computed again


def _progress() -> Callable[[int, int], None]:
    """Lines on standard error: what is done, how fast, and how long the rest will take."""
    start, before = time.monotonic(), None
    last = start

    def line(done: int, total: int) -> None:
        nonlocal before, last
        now = time.monotonic()
        if before is None:  # what an earlier run did
            before = done
        if now - last < _BETWEEN_LINES or done == before:
            return
        last = now
        rate = (done - before) / (now - start)
        rest = (total - done) / rate
        shown = f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"
        out.say(f"{done} of {total} games, {shown} a second, {rest:.0f} s to go")

    return line


def _table(found: Survey) -> Table:
    summary = found.summary
    table = Table(
        title=f"{counted(summary['games'], 'game')}, {summary['without_answer']} without an answer"
    )
    table.add_column("column")
    table.add_column("games, or quantiles")
    for name, counts in summary["columns"].items():
        table.add_row(name, ", ".join(f"{word}: {count}" for word, count in counts.items()))
    for name, several in summary["quantiles"].items():
        if several:
            shown = ", ".join(f"{float(q):.0%}: {x:.3g}" for q, x in several.items())
            table.add_row(name, shown)
    return table
