"""`compare`: solutions judged by references."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.options import CsvReport, HtmlReport, Json
from ergs_verify.cli.reports import Reports, typed
from ergs_verify.cli.status import Status
from ergs_verify.exact import whole
from ergs_verify.reference import Comparison, compare
from ergs_verify.report.comparison import comparison_summary
from ergs_verify.report.result_csv import comparison_csv


def command(
    references: Annotated[Path, typer.Argument(metavar="DIR", help="A directory of references.")],
    solutions: Annotated[
        Path,
        typer.Argument(
            metavar="SOLUTIONS", help="A directory of solutions: .json, .toml, .npz or .mat."
        ),
    ],
    digits: Annotated[
        int, typer.Option("--digits", metavar="D", help="How many must be right everywhere.")
    ] = 8,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> Status:
    """Judge a directory of solutions by references.

    A solution belongs to the reference of its game_hash, else to that of its name.

    D digits are right of a matrix if |given - exact| <= 10^-D max(1, largest entry) everywhere in
    it, for Sigma without the 1: 8 digits of a P with entries of 1e-6 are two significant ones.
    The digits of audit are relative to the matrix's largest entry instead, in natural units of
    states and controls.

    --json prints {"format": "ergs-compare/1", "verdict", "digits", "files", "extra"}: verdicts are
    pass, fail or undecided; extra are the solutions without a reference; files are {"name",
    "solution", "verdict", "message", "quantities"}, solution null where it is missing, and
    quantities for each letter stated {"verdict", "digits", "max_error", "agent", "t"} of its worst
    matrix: digits that are right at least (null where no number says it), an upper bound of the
    error, and where, agents counted from 1 and times from 0, null where the horizon is infinite.

    Exit status: 0 every solution has the digits; 1 one is wrong or missing; 2 bad input; 3 a
    reference has too few digits to tell.
    """
    whole(digits, "--digits", 1)
    reports = Reports(html, csv)
    found = compare(references, solutions, digits=digits)
    if json:
        output.show_json(found.as_json())
    else:
        output.show(comparison_summary(found))
    reports.write(lambda: _page(found), lambda: comparison_csv(found))
    return Status.of(found.verdict)


def _page(found: Comparison) -> str:
    from ergs_verify.report.result_html import comparison_page

    return comparison_page(found, command=typed())
