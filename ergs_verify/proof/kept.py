"""Proofs kept while something is decided, so that their certificates can be written out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ergs_verify.proof.answer import Proof

_kept: list[list[Proof]] = []


@contextmanager
def keeping() -> Iterator[list[Proof]]:
    """A list of the identities that the ledger and the derivations have proved in this block.

    What was proved in this process before is not proved again, and not in the list.

    Examples
    --------
    >>> from ergs_verify import verify_paper
    >>> from ergs_verify.proof.kept import keeping
    >>> with keeping() as proofs:
    ...     ledger = verify_paper(["thm-III.1/value"])
    >>> all(proof.certificate for proof in proofs)
    True
    """
    _kept.append([])
    try:
        yield _kept[-1]
    finally:
        _kept.pop()


def keep(proof: Proof) -> Proof:
    """The proof itself; in the list of every block that keeps, if it is one."""
    if proof:
        for proofs in _kept:
            proofs.append(proof)
    return proof
