"""`check`: what is proved of a game's equilibrium, of Assumption III.3 and of the inner loop."""

from __future__ import annotations

from ergs_verify.certify.check import check
from ergs_verify.certify.check_result import Check
from ergs_verify.cli import output
from ergs_verify.cli.inputs import named_game
from ergs_verify.cli.options import CsvReport, GameName, HtmlReport, Json
from ergs_verify.cli.reports import Reports, typed
from ergs_verify.cli.status import Status
from ergs_verify.report.check import check_summary
from ergs_verify.report.result_csv import check_csv


def command(
    game: GameName,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> Status:
    """Decide whether a game has exactly one equilibrium, and which conditions hold.

    Existence and uniqueness, Assumption III.3, and the inner loop of Algorithm 1 are decided. For
    each stage there is det Phi, the constant of Lemma IV.1 and the spectral radius of the inner
    loop. The tau and delta that the paper asks for are enclosed.

    Exit status: 0 exactly one Nash equilibrium, proved; 1 none or more, proved; 2 bad input;
    3 undecided at the precision allowed.
    """
    reports = Reports(html, csv)
    chosen = named_game(game)
    with output.progress("checking") as progress:
        found = check(chosen, progress=progress)
        document = found.as_json()  # thresholds are sought for it, which may take longest
    if json:
        output.show_json(document)
    else:
        output.show(check_summary(found))
    reports.write(lambda: _page(found), lambda: check_csv(found))
    return Status.of(found.nash.unique)


def _page(found: Check) -> str:
    from ergs_verify.report.result_html import check_page

    return check_page(found, command=typed())
