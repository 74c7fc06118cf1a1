"""`derive`: the derivations, as text, as Markdown with LaTeX, or as a LaTeX document."""

from __future__ import annotations

from collections.abc import Iterator

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.paper import gap, lemma_III_2, theorem_III_1
from ergs_verify.paper.derivation import Derived
from ergs_verify.report.derivation import derivation_whole
from ergs_verify.report.latex import derivation_document
from ergs_verify.report.terminal import rendered

NAMES = ("lemma-III.2", "thm-III.1", "policy-cost", "gap-identity", "gap-coefficient")


def derived(name: str) -> Derived:
    """Derive the result of that name, now."""
    derivations = {
        "lemma-III.2": lemma_III_2.derive,
        "thm-III.1": theorem_III_1.derive,
        "policy-cost": theorem_III_1.derive_policy_value,
        "gap-identity": gap.derive_identity,
        "gap-coefficient": gap.derive_coefficient,
    }
    return derivations[name]()


def run(name: str | None, *, markdown: bool, latex: bool) -> Status:
    """Print the steps of one derivation, or of all."""
    if markdown and latex:
        raise InputError("--markdown and --latex exclude each other", "--latex")
    if latex:
        output.show_text(derivation_document(*_wanted(name)))
        return Status.HOLDS
    for number, result in enumerate(_wanted(name)):
        whole = result._repr_markdown_() + "\n" if markdown else rendered(derivation_whole(result))
        output.show_text("\n" + whole if number else whole)
    return Status.HOLDS


def _wanted(name: str | None) -> Iterator[Derived]:
    for each in NAMES if name is None else (name,):
        yield derived(each)
