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
        int, typer.Option("--digits", metavar="D", help="How many digits must be right everywhere.")
    ] = 8,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> Status:
    """Compare a directory of solutions with references.

    A solution is compared with the reference that has its game_hash, or else its name.

    A matrix has D right digits if |given - exact| <= 10^-D max(1, largest entry) for every entry;
    for Sigma the 1 is left out. So 8 digits of a P with entries of 1e-6 are two significant ones.
    The digits of audit are relative to the matrix's largest entry instead, in natural units of
    states and controls.

    --json prints {"format": "ergs-compare/1", "verdict", "digits", "files", "extra"}. A verdict
    is pass, fail or undecided. extra lists the solutions without a reference. Each of the files is
    {"name", "solution", "verdict", "message", "quantities"}; solution is null if it is missing.
    quantities has {"verdict", "digits", "max_error", "agent", "t"} for each letter, about its
    worst matrix. digits is how many are right at least, or null if that is not known. max_error
    is an upper bound on the error. Agents are counted from 1 and times from 0; t is null if the
    horizon is infinite.

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
