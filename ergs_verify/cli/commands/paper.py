"""`paper`: the ledger of the paper's claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path
from typing import Annotated, Any

import typer
from attrs import frozen
from rich.console import Group
from rich.rule import Rule

from ergs_verify.cli import certificates, output
from ergs_verify.cli.commands.game import write_game
from ergs_verify.cli.inputs import expect_writable
from ergs_verify.cli.options import Json, Output
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import cores, workers
from ergs_verify.errors import InputError
from ergs_verify.exact import counted
from ergs_verify.files import disk
from ergs_verify.ledger import claims, verify_paper
from ergs_verify.ledger.verify import ledger_document
from ergs_verify.proof.kept import keeping
from ergs_verify.report import latex as as_latex
from ergs_verify.report.ledger import claim_whole, headline, ledger_markdown, ledger_table
from ergs_verify.report.ledger_html import ledger_page

#: From so many claims on, processes of their own are worth their start.
_WORTH_PROCESSES = 8
_WHAT = "deciding the paper's claims"


@frozen
class Judgement:
    """One claim decided: its entry of ``ergs-ledger/1``, and what the exit status depends on.

    `certificates` are those of the identities that were first proved for this claim, as JSON.
    """

    entry: dict[str, Any]
    holds: bool
    undecided: bool
    certificates: tuple[str, ...] = ()


def command(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID", help="Claims to show in full: eq-11, lemma-III.2/minimiser..."
        ),
    ] = None,
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the ledger as Markdown with formulas.")
    ] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="Print every claim as a LaTeX document.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help=(
                "Write a page: each claim as printed and as corrected, with the reasons, "
                "exhibits and proofs."
            ),
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--certificates",
            metavar="DIR",
            help="Write a certificate of each identity that is proved, for recheck.",
        ),
    ] = None,
    exhibit: Annotated[
        bool,
        typer.Option(
            "--exhibit",
            help="Print the game that shows what is wrong with one claim; with -o FILE, write all "
            "such games, to FILE, FILE-2, ...",
        ),
    ] = False,
    path: Output = None,
) -> Status:
    """Decide the paper's claims, or those that are named.

    Exit status: 0 every claim is decided, and each that is wrong as printed holds as corrected; 1
    some claim does not hold as corrected; 2 bad input; 3 some claim is undecided.
    """
    wanted = ids or []
    if json + markdown + latex > 1:
        raise InputError("--json, --markdown and --latex exclude each other", "--json")
    if path is not None and not exhibit:
        raise InputError("-o is for --exhibit, which writes a game", "-o")
    expect_writable(html, ".html")
    if exhibit:
        return _write_exhibits(wanted, path)
    judgements = _judgements(wanted)
    if folder is not None:
        files = certificate_files(judgements)
        certificates.write(folder, files)
        output.say(f"{folder}: {counted(len(files), 'certificate')}")
    ledger = ledger_document([judgement.entry for judgement in judgements])
    if json:
        output.show_json(ledger)
    elif markdown:
        output.show_text(ledger_markdown(ledger))
    elif latex:
        output.show_text(as_latex.ledger_document(ledger))
    elif wanted:
        whole = [part for entry in ledger["claims"] for part in (Rule(), claim_whole(entry))]
        output.show(Group(*whole[1:]))
    else:
        output.show(ledger_table(ledger))
    if html is not None:
        disk.write(html, ledger_page(ledger).encode())
        output.say(f"{html}: {headline(ledger)}")
    return status_of(judgements)


def _write_exhibits(ids: Sequence[str], path: Path | None) -> Status:
    """Write the games that show what is wrong with a claim: FILE, FILE-2, …"""
    if len(ids) != 1:
        raise InputError("--exhibit takes one claim, such as thm-III.1/existence", "--exhibit")
    expect_writable(path, ".json", ".npz", ".mat")
    (judged,) = verify_paper(ids).claims
    found = list(judged.games.values())
    shows = ["; ".join(exhibit["shows"]) for exhibit in judged.exhibits]
    if not found:
        raise InputError(f"no game shows anything about {ids[0]}", ids[0])
    if path is None:
        write_game(found[0], None)
        if len(found) > 1:
            output.say(f"it shows {shows[0]}")
            output.say(f"{len(found) - 1} more; -o FILE writes all of them")
        return Status.HOLDS
    names = [path, *(path.with_stem(f"{path.stem}-{k}") for k in range(2, len(found) + 1))]
    for game, name, what in zip(found, names, shows, strict=True):
        expect_writable(name, path.suffix)
        write_game(game, name)
        output.say(f"  it shows {what}")
    return Status.HOLDS


def judge(ids: Sequence[str]) -> list[Judgement]:
    """Decide some claims."""
    found = []
    for claim_id in ids:
        with keeping() as proofs:
            ledger = verify_paper([claim_id])
        (judged,) = ledger.claims
        texts = certificates.as_texts(proofs)
        found.append(Judgement(judged.as_json(), judged.holds, bool(ledger.undecided), texts))
    return found


def certificate_files(judgements: Iterable[Judgement]) -> dict[str, str]:
    """The certificates of claims by the names of files."""
    return certificates.named((one.entry["id"], one.certificates) for one in judgements)


def submit(pool: Executor, ids: Iterable[str]) -> list[Future[list[Judgement]]]:
    """Have the claims decided by the pool.

    Neighbours together: they rest on the same theorems, which a process decides once.
    """
    listed = list(ids)
    size = -(-len(listed) // (4 * cores()))
    return [pool.submit(judge, listed[k : k + size]) for k in range(0, len(listed), size)]


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
        judge([unknown])
    if len(wanted) < _WORTH_PROCESSES:
        return judge(wanted)
    with workers() as pool:
        return [one for part in gathered(submit(pool, wanted), _WHAT) for one in part]
