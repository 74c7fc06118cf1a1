"""`survey`: a question to every game of a family, on processes here or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.table import Table

from ergs_verify.cli import output as out
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.errors import InputError
from ergs_verify.survey.run import Survey, survey

#: Seconds between lines of progress.
_BETWEEN_LINES = 5.0


def run(
    family: str,
    *,
    output: Path,
    ask: str,
    options: Mapping[str, Any],
    shard: int,
    workers_wanted: int | None,
    cluster: str | None,
    resume: bool,
    as_json: bool,
) -> Status:
    """Survey the family and print the summary."""
    if cluster is not None and workers_wanted is not None:
        raise InputError("give --workers or --cluster, not both", "cluster")
    chosen = {name: value for name, value in options.items() if value is not None}
    with _executor(workers_wanted, cluster) as executor:
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
    if as_json:
        out.show_json(dict(found.summary))
    else:
        out.show(_table(found))
        out.say(f"wrote {output}")
    return Status.UNDECIDED if found.summary["without_answer"] else Status.HOLDS


@contextmanager
def _executor(count: int | None, cluster: str | None) -> Iterator[Executor]:
    if cluster is None:
        with workers(count) as pool:
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
        yield client.get_executor()


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
        out.say(f"{done} of {total} games, {rate:.0f} a second, {rest:.0f} s to go")

    return line


def _table(found: Survey) -> Table:
    summary = found.summary
    table = Table(title=f"{summary['games']} games, {summary['without_answer']} without an answer")
    table.add_column("column")
    table.add_column("games, or quantiles")
    for name, counts in summary["columns"].items():
        table.add_row(name, ", ".join(f"{word}: {count}" for word, count in counts.items()))
    for name, several in summary["quantiles"].items():
        if several:
            shown = ", ".join(f"{float(q):.0%}: {x:.3g}" for q, x in several.items())
            table.add_row(name, shown)
    return table
