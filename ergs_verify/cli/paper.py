"""`paper`: the ledger of the paper's claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, as_completed
from typing import Any

from attrs import frozen
from rich.console import Group
from rich.rule import Rule

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.errors import InputError
from ergs_verify.ledger import verify_paper
from ergs_verify.ledger.verify import claims
from ergs_verify.report.latex import ledger_document
from ergs_verify.report.ledger import claim_whole, ledger_markdown, ledger_table

__all__ = ["Judgement", "as_ledger", "gathered", "judge", "run", "status_of", "submit"]

#: From so many claims on, processes of their own are worth their start.
_WORTH_PROCESSES = 8


@frozen
class Judgement:
    """One claim decided: its entry of ``ergs-ledger/1``, and what the exit status depends on."""

    entry: dict[str, Any]
    holds: bool
    undecided: bool


def run(ids: Sequence[str], *, as_json: bool, markdown: bool, latex: bool) -> Status:
    """Decide the claims named, or all, and print them."""
    if as_json + markdown + latex > 1:
        raise InputError("--json, --markdown and --latex exclude each other", "--json")
    judgements = _judgements(ids)
    ledger = as_ledger(judgements)
    if as_json:
        output.show_json(ledger)
    elif markdown:
        output.show_text(ledger_markdown(ledger))
    elif latex:
        output.show_text(ledger_document(ledger))
    elif ids:
        whole = [part for entry in ledger["claims"] for part in (Rule(), claim_whole(entry))]
        output.show(Group(*whole[1:]))
    else:
        output.show(ledger_table(ledger))
    return status_of(judgements)


def judge(claim_id: str) -> Judgement:
    """Decide one claim."""
    ledger = verify_paper([claim_id])
    (entry,) = ledger.as_json()["claims"]
    return Judgement(entry, ledger.holds, bool(ledger.undecided))


def submit(pool: Executor, ids: Iterable[str]) -> list[Future[Judgement]]:
    """Have the claims decided by the pool."""
    return [pool.submit(judge, claim_id) for claim_id in ids]


def as_ledger(judgements: Iterable[Judgement]) -> dict[str, Any]:
    """The object ``ergs-ledger/1``."""
    entries = [judgement.entry for judgement in judgements]
    summary = dict(Counter(entry["printed_verdict"] for entry in entries))
    return {"format": "ergs-ledger/1", "claims": entries, "summary": summary}


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
