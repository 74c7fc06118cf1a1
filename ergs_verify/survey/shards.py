"""Answers as Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from ergs_verify.errors import InputError
from ergs_verify.survey.questions import COLUMNS, COMMON, Row


def need_pyarrow() -> None:
    """Refuse before the work what writing would refuse after it.

    Raises
    ------
    InputError
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError(
            "a survey needs pyarrow: pip install 'ergs-verify[survey]'", "survey"
        ) from error


def as_parquet(rows: Sequence[Row], question: str) -> bytes:
    """The bytes of a file with the rows of one shard."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"int64": pa.int64(), "string": pa.string(), "double": pa.float64()}
    schema = pa.schema(
        [(name, kinds[kind]) for name, kind in {**COMMON, **COLUMNS[question]}.items()]
    )
    written = BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), written)
    return written.getvalue()


def tables(folder: Path) -> Iterator[Any]:
    """The shards of a survey, one after another, as pyarrow tables."""
    import pyarrow.parquet as pq

    for path in sorted((folder / "shards").glob("*.parquet")):
        yield pq.read_table(path)
