"""The protocol that every number system speaks: a few operations on scalars and whole matrices.

A formula is derived once, as a SymPy expression; `ergs_verify.evaluate` walks it over any object
that has these methods. Matrices (`M`) and scalars (`S`) are the arithmetic's own; scalars
understand ``+ - * /`` among themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

Matrix = Any
Scalar = Any
#: A number that enters a matrix; a float is the dyadic rational that it is.
Entry = Fraction | int | float


class Arithmetic(Protocol):
    """A number system: numbers and matrices of one kind. Rationals enter it, rounded once.

    How to add one is said in :doc:`/explanation/adding`. It may have `bare` besides: methods that
    check no shapes, by name, and a context for them, as programs use them.

    Attributes
    ----------
    name : str
    """

    name: str

    def scalar(self, value: Fraction) -> Scalar:
        """A rational number, rounded once to this arithmetic."""
        ...

    def log(self, x: Scalar) -> Scalar:
        """Natural logarithm of a positive scalar."""
        ...

    def matrix(self, rows: Sequence[Sequence[Entry]], shape: tuple[int, int]) -> Matrix:
        """A matrix of rational numbers, finite floats among them, each entry rounded once."""
        ...

    def zeros(self, rows: int, cols: int) -> Matrix: ...

    def identity(self, size: int) -> Matrix: ...

    def shape(self, X: Matrix) -> tuple[int, int]: ...

    def add(self, X: Matrix, Y: Matrix) -> Matrix: ...

    def multiply(self, X: Matrix, Y: Matrix) -> Matrix: ...

    def scale(self, s: Scalar, X: Matrix) -> Matrix: ...

    def transpose(self, X: Matrix) -> Matrix: ...

    def solve(self, X: Matrix, Y: Matrix) -> Matrix:
        """X⁻¹Y. Raises `NotCertifiedError`, or `ZeroDivisionError` where X is known singular."""
        ...

    def trace(self, X: Matrix) -> Scalar: ...

    def determinant(self, X: Matrix) -> Scalar: ...

    def log_determinant(self, X: Matrix) -> Scalar:
        """log det X of a matrix with det X > 0."""
        ...

    def blocks(self, rows: Sequence[Sequence[Matrix]]) -> Matrix:
        """A matrix put together from blocks whose sizes fit."""
        ...

    def rows(self, X: Matrix, start: int, stop: int) -> Matrix:
        """Rows start … stop−1 of a matrix."""
        ...
