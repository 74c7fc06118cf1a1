"""`derive`: the derivations, as text or as Markdown with LaTeX."""

from __future__ import annotations

from collections.abc import Iterator

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper.derivation import Derived
from ergs_verify.report.derivation import derivation_whole
from ergs_verify.report.terminal import rendered

__all__ = ["NAMES", "derived", "run"]

NAMES = ("lemma-III.2", "thm-III.1", "policy-cost")


def derived(name: str) -> Derived:
    """Derive the result of that name, now."""
    derivations = {
        "lemma-III.2": lemma_III_2.derive,
        "thm-III.1": theorem_III_1.derive,
        "policy-cost": theorem_III_1.derive_policy_value,
    }
    return derivations[name]()


def run(name: str | None, *, latex: bool) -> Status:
    """Print the steps of one derivation, or of all."""
    for number, result in enumerate(_wanted(name)):
        whole = result._repr_markdown_() + "\n" if latex else rendered(derivation_whole(result))
        output.show_text("\n" + whole if number else whole)
    return Status.HOLDS


def _wanted(name: str | None) -> Iterator[Derived]:
    for each in NAMES if name is None else (name,):
        yield derived(each)
