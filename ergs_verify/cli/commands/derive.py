"""`derive`: the derivations, as text, as Markdown with LaTeX, or as a LaTeX document."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.paper import gap, lemma_III_2, theorem_III_1
from ergs_verify.paper.derivation import Derived
from ergs_verify.report.derivation import derivation_whole
from ergs_verify.report.latex import derivation_document
from ergs_verify.report.terminal import rendered


class DerivationName(StrEnum):
    """What can be derived."""

    lemma_III_2 = "lemma-III.2"
    thm_III_1 = "thm-III.1"
    policy_cost = "policy-cost"
    gap_identity = "gap-identity"
    gap_coefficient = "gap-coefficient"


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


def command(
    name: Annotated[DerivationName | None, typer.Argument(help="What to derive.")] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Markdown with LaTeX, for a notebook.")
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="A LaTeX document.")] = False,
) -> Status:
    """Derive a result step by step, or every result if no name is given."""
    if markdown and latex:
        raise InputError("--markdown and --latex exclude each other", "--latex")
    if latex:
        output.show_text(derivation_document(*_wanted(name and name.value)))
        return Status.HOLDS
    for number, result in enumerate(_wanted(name and name.value)):
        whole = result._repr_markdown_() + "\n" if markdown else rendered(derivation_whole(result))
        output.show_text("\n" + whole if number else whole)
    return Status.HOLDS


def _wanted(name: str | None) -> Iterator[Derived]:
    for each in DerivationName if name is None else (name,):
        yield derived(each)
