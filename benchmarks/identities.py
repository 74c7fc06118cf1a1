"""Identities from outside and mutants of them, decided by `prove`: docs/prover.md.

Run with ``python -m benchmarks.identities``; it takes some minutes, most of them SymPy's.
"""

from __future__ import annotations

import random
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sympy

from ergs_verify.proof import prove
from ergs_verify.proof.replay import differ
from ergs_verify.proof.sampling import Setting, small_values
from ergs_verify.recheck import recheck

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "proof"))

from outside import OUTSIDE, PUBLISHED, PUBLISHED_DEFINITIONS
from test_outside import mutants

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "prover.md"
MUTANTS = 18
PATIENCE = 2  # seconds that SymPy gets for one way of simplifying an identity
CLASSES = (
    "identities",
    "proved",
    "refuted",
    "undecided",
    "certificates",
    "by the normal form alone",
    "read as steps",
    "seconds",
)
FALSE = ("mutants", "refuted", "proved", "true after all", "undecided")


def main() -> None:
    """Write the page."""
    entries, wrong, seconds = decided()
    ours = entries["all"]["proved"]
    theirs = by_sympy()
    text = (PAGE.read_text() if PAGE.exists() else "") or "# What `prove` decides\n"
    start = text.find(BEGIN)
    head = text[:start] if start >= 0 else text + "\n"
    tail = text[text.index(END) + len(END) :] if start >= 0 else "\n"
    parts = [
        table("class", CLASSES, entries),
        "*By the normal form alone*: products of traces, beyond realizations and so not certified.",
        "One change was made at random in every identity: a sign, a factor, a transpose, a term "
        "left out. *True after all*: the change makes no difference, for instance if a symmetric "
        "node is transposed. Another program confirms the proof.",
        table("mutants of", FALSE, wrong),
        f"SymPy {sympy.__version__} on the same {len(OUTSIDE)} identities, {PATIENCE} s for each "
        "way of simplifying left − right to zero. Derivatives and moments were taken beforehand, "
        "by `derivative` and `gaussian_expectation`.",
        table(
            "class",
            ("identities", "`prove`", "SymPy"),
            {
                kind: {
                    "identities": row["identities"],
                    "`prove`": row["proved"],
                    "SymPy": theirs[kind],
                }
                for kind, row in entries.items()
            },
        ),
        published(),
        f"`python -m benchmarks.identities` wrote this: {ours} proved, {seconds:.0f} s in `prove`.",
    ]
    PAGE.write_text(head + BEGIN + "\n" + "\n\n".join(parts) + "\n" + END + tail)
    print(f"{PAGE.relative_to(ROOT)} is written")


BEGIN, END = "<!-- written by benchmarks.identities -->", "<!-- end -->"


def decided() -> tuple[dict, dict, float]:
    """What is decided of the identities, of their mutants, and how long it took."""
    rng = random.Random(5)
    rows: defaultdict[str, Counter] = defaultdict(Counter)
    false: defaultdict[str, Counter] = defaultdict(Counter)
    seconds = 0.0
    for entry in OUTSIDE:
        row = rows[entry.kind]
        proof = prove(entry.left, entry.right, symmetric=entry.symmetric)
        row.update(["identities", proof.verdict])
        row["certificates"] += bool(proof and proof.certificate and recheck(proof.certificate))
        row["by the normal form alone"] += bool(proof and ("normal form", "zero") in proof.evidence)
        row["read as steps"] += bool(proof.steps and proof.steps[-1].text.startswith("Multiplied"))
        row["seconds"] += proof.seconds
        seconds += proof.seconds
        changed = dict.fromkeys(m for m in mutants(entry, rng, MUTANTS) if m[0] != entry.left)
        for left, right in changed:
            proof = prove(left, right, symmetric=entry.symmetric)
            seconds += proof.seconds
            row = false[entry.kind]
            row["mutants"] += 1
            row["undecided"] += proof.verdict == "undecided"
            row["refuted"] += bool(proof.counterexample and proof.counterexample.replay())
            if proof:
                certificate = proof.certificate
                confirmed = recheck(certificate) if certificate else agree(left, right, entry)
                row["true after all" if confirmed else "proved"] += 1
    return with_sum(rows), with_sum(false), seconds


def agree(left, right, entry) -> bool:
    """Whether two sides agree at exact matrices, evaluated as counterexamples are."""
    setting = Setting.of([left, right], symmetric=entry.symmetric, size_of=lambda k: k + 2)
    values = small_values(setting, random.Random(7))
    return not differ(*setting.expressions, values, {}, setting.sizes)


def with_sum(rows: dict) -> dict:
    return {**rows, "all": sum(rows.values(), Counter())}


def by_sympy() -> Counter:
    """How many identities SymPy simplifies to zero."""
    found: Counter = Counter()
    for entry in OUTSIDE:
        zero = any(is_zero(way, entry.left, entry.right) for way in WAYS)
        found[entry.kind] += zero
        found["all"] += zero
    return found


WAYS: tuple[Any, ...] = (
    lambda d: d.doit(),
    lambda d: d.expand().doit(),
    sympy.simplify,
)


def is_zero(way, left, right) -> bool:
    """Whether a way of simplifying finds the difference to be zero in time."""
    try:
        with limited(PATIENCE):
            if left == right:
                return True
            difference = way(left - right)
            return bool(getattr(difference, "is_ZeroMatrix", False) or difference == 0)
    except Exception:
        return False


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    def ring(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def published() -> str:
    """Examples that other programs publish."""
    rows = []
    for source, left, right, note in PUBLISHED:
        proof = prove(left, right, definitions=PUBLISHED_DEFINITIONS)
        shown = " ".join(f"{left} = {right}".split())
        rows.append(f"| {source} | `{shown}` | {proof.verdict} | {note} |")
    head = "| published by | example | `prove` | there |\n| --- | --- | --- | --- |\n"
    return (
        "These are examples that others publish, here with real matrices. operator_gb's tutorial "
        "derives its examples, and the uniqueness of a Moore–Penrose inverse, from equations such "
        "as ABA = A, from which no letter can be eliminated. Such statements are beyond `prove`; "
        "here A† is (A'A)⁻¹A' with full column rank.\n\n" + head + "\n".join(rows)
    )


def table(first: str, columns: tuple, rows: dict) -> str:
    lines = [f"| {first} | {' | '.join(columns)} |", "|" + " --- |" * (1 + len(columns))]
    for kind, row in rows.items():
        shown = [round(row[c], 1) if c == "seconds" else row[c] for c in columns]
        lines.append(f"| {kind} | {' | '.join(map(str, shown))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
