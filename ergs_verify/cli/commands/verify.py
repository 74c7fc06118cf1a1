"""`verify`: the main job. Derives the theory, judges the paper, cross-checks games."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from attrs import frozen
from rich.console import Group
from rich.rule import Rule
from rich.text import Text

from ergs_verify.cli import certificates, output
from ergs_verify.cli.certificates import Rechecked
from ergs_verify.cli.commands import crosscheck, derive, paper
from ergs_verify.cli.commands.crosscheck import Checked
from ergs_verify.cli.commands.paper import Judgement, gathered
from ergs_verify.cli.inputs import named_game
from ergs_verify.cli.options import GAME, Json
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.game.gallery import names
from ergs_verify.ledger import claims
from ergs_verify.ledger.verify import ledger_document
from ergs_verify.paper.derivation import Derived
from ergs_verify.proof.kept import keeping
from ergs_verify.report.crosscheck import crosscheck_lines
from ergs_verify.report.derivation import derivation_steps
from ergs_verify.report.ledger import ledger_summary, wrong_claims

_DIGITS = 50
_VERDICTS = {
    Status.HOLDS: "Everything holds: derived, decided and in agreement.",
    Status.REFUTED: "Something does not hold: see above.",
    Status.UNDECIDED: "Nothing is refuted, but something is undecided: see above.",
}


def command(
    games: Annotated[
        list[str] | None, typer.Argument(metavar="GAME", help=f"More games. {GAME}")
    ] = None,
    json: Json = False,
) -> Status:
    """Do the main job: derive, decide the paper's claims, cross-check games.

    It derives Lemma III.2, Theorem III.1 and the cost of a policy. It decides every claim of the
    paper. It solves the games of the gallery, and any games given, in independent ways and compares
    the results.

    Exit status: 0 everything holds; 1 something does not hold; 2 bad input; 3 nothing is refuted,
    but something is undecided.
    """
    start = time.monotonic()
    given = games or []
    for name in given:
        named_game(name)
    tell = _Telling(json)
    with workers() as pool:
        claims_left = paper.submit(pool, claims())
        games_left = crosscheck.submit(pool, [*names(), *given], _DIGITS)
        with keeping() as proofs:
            derived = _derive(tell)
        steps = certificates.as_texts(proofs)
        tell.title("2. The paper, claim by claim")
        parts = gathered(claims_left, "deciding the paper's claims")
        judged = [one for part in parts for one in part]
        ledger = ledger_document([judgement.entry for judgement in judged])
        tell.show(Group(ledger_summary(ledger), Text(), wrong_claims(ledger)))
        checked_again = certificates.rechecked(
            certificates.named(
                [("derivations", steps), *((one.entry["id"], one.certificates) for one in judged)]
            )
        )
        tell.show(Text(f"\n{checked_again}"))
        tell.title("3. Games, computed in independent ways")
        checked = gathered(games_left, "cross-checking games")
        tell.show(crosscheck_lines([(one.name, one.document) for one in checked]))
    status = _status(judged, checked, checked_again)
    if json:
        output.show_json(_document(derived, judged, checked, checked_again, status))
    tell.show(Text(f"\n{_VERDICTS[status]} {time.monotonic() - start:.0f} s.", "bold"))
    return status


@frozen
class _Telling:
    """Text as it comes, or none where one object is wanted at the end."""

    silent: bool

    def title(self, text: str) -> None:
        self.show(Group(Text(), Rule(Text(text, "bold"), style="dim", align="left")))

    def show(self, renderable: Any) -> None:
        if not self.silent:
            output.show(renderable)


def _derive(tell: _Telling) -> list[Derived]:
    tell.title("1. Derivations, each step checked")
    found = []
    for name in derive.DerivationName:
        found.append(derive.derived(name))
        tell.show(derivation_steps(found[-1]))
    return found


def _status(
    judged: Sequence[Judgement], checked: Sequence[Checked], checked_again: Rechecked
) -> Status:
    found = {paper.status_of(judged), crosscheck.status_of(checked)}
    if checked_again.refused:
        found.add(Status.REFUTED)
    return next(s for s in (Status.REFUTED, Status.UNDECIDED, Status.HOLDS) if s in found)


def _document(
    derived: Sequence[Derived],
    judged: Sequence[Judgement],
    checked: Sequence[Checked],
    checked_again: Rechecked,
    status: Status,
) -> dict[str, Any]:
    verdicts = {Status.HOLDS: "holds", Status.REFUTED: "refuted", Status.UNDECIDED: "undecided"}
    return {
        "format": "ergs-verify/1",
        "verdict": verdicts[status],
        "derivations": [
            {"title": d.title, "steps": [step.name for step in d.steps]} for d in derived
        ],
        "ledger": ledger_document([judgement.entry for judgement in judged]),
        "rechecked": checked_again.as_json(),
        "crosschecks": crosscheck.as_document(checked),
    }
