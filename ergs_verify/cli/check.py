"""`check`: what is proved of a game's equilibrium, of Assumption III.3 and of the inner loop."""

from __future__ import annotations

from ergs_verify.certify.check import check
from ergs_verify.certify.check_result import Check
from ergs_verify.cli import output
from ergs_verify.cli.inputs import named_game
from ergs_verify.cli.reports import Reports, typed
from ergs_verify.cli.status import Status
from ergs_verify.report.check import check_summary
from ergs_verify.report.result_csv import check_csv

_STATUS = {
    "proved": Status.HOLDS,
    "locally": Status.HOLDS,
    "refuted": Status.REFUTED,
    "undecided": Status.UNDECIDED,
}


def run(name: str, *, as_json: bool, reports: Reports) -> Status:
    """Check the game and print the verdicts; the status is by the uniqueness of the NE alone."""
    game = named_game(name)
    with output.progress("checking") as progress:
        found = check(game, progress=progress)
    if as_json:
        output.show_json(found.as_json())
    else:
        output.show(check_summary(found))
    reports.write(lambda: _page(found), lambda: check_csv(found))
    return _STATUS[found.nash.unique]


def _page(found: Check) -> str:
    from ergs_verify.report.result_html import check_page

    return check_page(found, command=typed())
