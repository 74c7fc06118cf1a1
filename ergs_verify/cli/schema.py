"""`schema`: the JSON Schema of a format."""

from __future__ import annotations

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.report.schema import schema


def run(name: str) -> Status:
    """Print the schema on standard output."""
    output.show_json(schema(name))
    return Status.HOLDS
