"""The second engine: both sides of an identity on random matrices over the prime field 2⁶¹ − 1.

A polynomial identity that fails somewhere fails almost everywhere (Schwartz–Zippel), so agreement
at random points is overwhelming evidence and disagreement a refutation. Sizes are all different,
so that an ill-typed sum cannot pass. It shares no code with the free algebra: expressions are
walked as they stand. A logarithm is any map that turns products into sums, here the discrete
logarithm modulo 61·1321, which divides 2⁶¹ − 2; coefficients are followed modulo 61·1321 beside it.
(61 is the order of 2, whose logarithm would vanish modulo 1321, the largest prime divisor.)
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from math import gcd

import flint
from attrs import frozen

from ergs_verify.errors import UnsupportedError

PRIME = 2**61 - 1
BITS = 60
"""Of a random number: below the prime, and nearly all of them."""
LOG_ORDER = 61 * 1321  # 2⁶¹ − 2 = 2·3²·5²·7·11·13·31·41·61·151·331·1321


@frozen
class PrimeScalar:
    """A number: its residue, its logarithmic part, and its residue modulo 61·1321 if it has one."""

    value: int
    logs: int = 0
    small: int | None = None

    def __add__(self, other: PrimeScalar) -> PrimeScalar:
        return PrimeScalar(
            (self.value + other.value) % PRIME,
            (self.logs + other.logs) % LOG_ORDER,
            _mod_small(self.small, other.small, lambda a, b: a + b),
        )

    def __sub__(self, other: PrimeScalar) -> PrimeScalar:
        return self + PrimeScalar(-1 % PRIME, 0, -1 % LOG_ORDER) * other

    def __mul__(self, other: PrimeScalar) -> PrimeScalar:
        logs = 0
        for with_logs, factor in ((self, other), (other, self)):
            if with_logs.logs:
                if factor.logs or factor.small is None:
                    raise UnsupportedError("a logarithm times a trace or another logarithm")
                logs += with_logs.logs * factor.small
        return PrimeScalar(
            self.value * other.value % PRIME,
            logs % LOG_ORDER,
            _mod_small(self.small, other.small, lambda a, b: a * b),
        )

    def __truediv__(self, other: PrimeScalar) -> PrimeScalar:
        if other.logs:
            raise UnsupportedError("division by a logarithm")
        small = other.small
        if small is not None:
            small = _inverse(small, LOG_ORDER) if gcd(small, LOG_ORDER) == 1 else None
        return self * PrimeScalar(_inverse(other.value, PRIME), 0, small)


class PrimeField:
    """Arithmetic modulo 2⁶¹ − 1; `ZeroDivisionError` where a matrix happens to be singular."""

    name = "prime field"

    def scalar(self, value: Fraction) -> PrimeScalar:
        n, d = value.numerator, value.denominator
        small = n * _inverse(d, LOG_ORDER) % LOG_ORDER if gcd(d, LOG_ORDER) == 1 else None
        return PrimeScalar(n * _inverse(d, PRIME) % PRIME, 0, small)

    def log(self, x: PrimeScalar) -> PrimeScalar:
        if x.logs:
            raise UnsupportedError("a logarithm of a logarithm")
        return PrimeScalar(0, _discrete_log(x.value))

    def matrix(self, rows, shape) -> flint.nmod_mat:
        entries = [self.scalar(Fraction(entry)).value for row in rows for entry in row]
        return flint.nmod_mat(shape[0], shape[1], entries, PRIME)

    def random_matrix(self, rows: int, cols: int, rng: random.Random) -> flint.nmod_mat:
        draw = rng.getrandbits
        return flint.nmod_mat(rows, cols, [draw(BITS) for _ in range(rows * cols)], PRIME)

    def random_scalar(self, rng: random.Random) -> PrimeScalar:
        """The same positive integer for both moduli."""
        n = rng.randrange(2, 2**BITS)
        return PrimeScalar(n, 0, n % LOG_ORDER)

    def zeros(self, rows: int, cols: int) -> flint.nmod_mat:
        return flint.nmod_mat(rows, cols, [0] * (rows * cols), PRIME)

    def identity(self, size: int) -> flint.nmod_mat:
        ones = [int(r == c) for r in range(size) for c in range(size)]
        return flint.nmod_mat(size, size, ones, PRIME)

    def shape(self, X) -> tuple[int, int]:
        return X.nrows(), X.ncols()

    def add(self, X, Y):
        return X + Y

    def multiply(self, X, Y):
        return X * Y

    def scale(self, s: PrimeScalar, X):
        if s.logs:
            raise UnsupportedError("a logarithm times a matrix")
        return X * flint.nmod(s.value, PRIME)

    def transpose(self, X):
        return X.transpose()

    def solve(self, X, Y):
        return X.solve(Y)

    def trace(self, X) -> PrimeScalar:
        return PrimeScalar(sum(int(X[k, k]) for k in range(X.nrows())) % PRIME)

    def determinant(self, X) -> PrimeScalar:
        return PrimeScalar(int(X.det()))

    def log_determinant(self, X) -> PrimeScalar:
        return self.log(self.determinant(X))

    def blocks(self, rows):
        table = []
        for row in rows:
            for k in range(row[0].nrows()):
                table.append([X[k, c] for X in row for c in range(X.ncols())])
        return flint.nmod_mat(len(table), len(table[0]), [e for r in table for e in r], PRIME)

    def rows(self, X, start: int, stop: int):
        entries = [X[r, c] for r in range(start, stop) for c in range(X.ncols())]
        return flint.nmod_mat(stop - start, X.ncols(), entries, PRIME)


def same_in_field(left, right) -> bool:
    """Whether two values, scalars or matrices, are equal."""
    if hasattr(left, "logs"):
        return (left.value, left.logs) == (right.value, right.logs)
    return left == right


@cache
def _log_table() -> Mapping[int, int]:
    """g^k ↦ k for a g of order 61·1321 modulo 2⁶¹ − 1."""
    cofactor = (PRIME - 1) // LOG_ORDER
    generator = next(
        g
        for n in range(2, 100)
        if pow(g := pow(n, cofactor, PRIME), 61, PRIME) != 1 and pow(g, 1321, PRIME) != 1
    )
    table, power = {}, 1
    for k in range(LOG_ORDER):
        table[power] = k
        power = power * generator % PRIME
    return table


def _discrete_log(value: int) -> int:
    if not value:
        raise ZeroDivisionError("log of 0")
    return _log_table()[pow(value, (PRIME - 1) // LOG_ORDER, PRIME)]


def _inverse(value: int, modulus: int) -> int:
    try:
        return pow(value, -1, modulus)
    except ValueError:
        raise ZeroDivisionError("0 has no inverse") from None


def _mod_small(a: int | None, b: int | None, operation) -> int | None:
    return None if a is None or b is None else operation(a, b) % LOG_ORDER
