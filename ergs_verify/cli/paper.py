"""`paper`: the ledger of the paper's claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path
from typing import Any

from attrs import frozen
from rich.console import Group
from rich.rule import Rule

from ergs_verify.cli import games, output
from ergs_verify.cli.inputs import expect_writable
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.errors import InputError
from ergs_verify.files import disk
from ergs_verify.ledger import claims, verify_paper
from ergs_verify.ledger.verify import ledger_document
from ergs_verify.report import latex as as_latex
from ergs_verify.report.ledger import claim_whole, headline, ledger_markdown, ledger_table
from ergs_verify.report.ledger_html import ledger_page

__all__ = ["Judgement", "gathered", "judge", "run", "status_of", "submit"]

#: From so many claims on, processes of their own are worth their start.
_WORTH_PROCESSES = 8


@frozen
class Judgement:
    """One claim decided: its entry of ``ergs-ledger/1``, and what the exit status depends on."""

    entry: dict[str, Any]
    holds: bool
    undecided: bool


def run(
    ids: Sequence[str],
    *,
    as_json: bool,
    markdown: bool,
    latex: bool,
    html: Path | None,
    exhibit: bool,
    path: Path | None,
) -> Status:
    """Decide the claims named, or all, and print them."""
    if as_json + markdown + latex > 1:
        raise InputError("--json, --markdown and --latex exclude each other", "--json")
    if path is not None and not exhibit:
        raise InputError("-o is for --exhibit, which writes a game", "-o")
    expect_writable(html, ".html")
    if exhibit:
        return _write_exhibit(ids, path)
    judgements = _judgements(ids)
    ledger = ledger_document([judgement.entry for judgement in judgements])
    if as_json:
        output.show_json(ledger)
    elif markdown:
        output.show_text(ledger_markdown(ledger))
    elif latex:
        output.show_text(as_latex.ledger_document(ledger))
    elif ids:
        whole = [part for entry in ledger["claims"] for part in (Rule(), claim_whole(entry))]
        output.show(Group(*whole[1:]))
    else:
        output.show(ledger_table(ledger))
    if html is not None:
        disk.write(html, ledger_page(ledger).encode())
        output.say(f"{html}: {headline(ledger)}")
    return status_of(judgements)


def _write_exhibit(ids: Sequence[str], path: Path | None) -> Status:
    """Write the game that shows what is wrong with a claim."""
    if len(ids) != 1:
        raise InputError("--exhibit takes one claim, such as thm-III.1/existence", "--exhibit")
    expect_writable(path, ".json", ".npz", ".mat")
    (judged,) = verify_paper(ids).claims
    if not judged.games:
        raise InputError(f"no game is an exhibit of {judged.claim.id}", judged.claim.id)
    (_, game), *others = judged.games.items()
    games.write(game, path)
    if others:
        output.say(f"{judged.claim.id} has more games: {'; '.join(name for name, _ in others)}")
    return Status.HOLDS


def judge(claim_id: str) -> Judgement:
    """Decide one claim."""
    ledger = verify_paper([claim_id])
    (entry,) = ledger.as_json()["claims"]
    return Judgement(entry, ledger.holds, bool(ledger.undecided))


def submit(pool: Executor, ids: Iterable[str]) -> list[Future[Judgement]]:
    """Have the claims decided by the pool."""
    return [pool.submit(judge, claim_id) for claim_id in ids]


def status_of(judgements: Sequence[Judgement]) -> Status:
    """0 where all hold as printed or corrected, 3 where some is undecided, else 1."""
    if all(judgement.holds for judgement in judgements):
        return Status.HOLDS
    if any(judgement.undecided for judgement in judgements):
        return Status.UNDECIDED
    return Status.REFUTED


def gathered(futures: Sequence[Future], what: str) -> list[Any]:
    """Results in the order submitted, with progress shown while waiting."""
    with output.progress(what) as progress:
        for done, _ in enumerate(as_completed(futures), 1):
            progress(done, len(futures))
    return [future.result() for future in futures]


def _judgements(ids: Sequence[str]) -> list[Judgement]:
    wanted = list(dict.fromkeys(ids)) or list(claims())
    # Refused before anything is judged, by the ledger itself.
    for unknown in (claim_id for claim_id in wanted if claim_id not in claims()):
        judge(unknown)
    if len(wanted) < _WORTH_PROCESSES:
        return [judge(claim_id) for claim_id in wanted]
    with workers() as pool:
        return gathered(submit(pool, wanted), "judging the paper's claims")
