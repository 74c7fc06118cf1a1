"""Golden references: certified digits in files that every language reads, and comparing with them.

A reference is made once (`make_reference`), kept in a repository, and stays the same byte for byte
when it is made again: its decimals are fixed by the exact equilibrium alone. The file, format
``ergs-reference/1``, is described in `ergs_verify.reference.record`; the object that a comparison
gives, ``ergs-compare/1``, in `ergs_verify.reference.compare`.
"""

from ergs_verify.reference.compare import Comparison, FileResult, compare
from ergs_verify.reference.make import make_reference
from ergs_verify.reference.record import AFFINE, LETTERS, Reference, load_reference

__all__ = [
    "AFFINE",
    "LETTERS",
    "Comparison",
    "FileResult",
    "Reference",
    "compare",
    "load_reference",
    "make_reference",
]
