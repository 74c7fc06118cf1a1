"""Confirm the certificates of a stationary policy, by rational arithmetic alone.

Nothing of the package is used, nor of any other: the numbers in the file, exact, are inserted into
the inequalities, and definiteness is decided by leading minors. What is confirmed of each agent:

- Y ≻ 0 and Y − γF'YF ≻ 0, so √γF is stable under the joint policy K, F = A + Σ B^j K^j;
- the dissipation inequality [[Q̂ + γÂ'P_loÂ − P_lo, ·], [·, W(P_lo)]] ≻ 0 against the others'
  gains, so no stable deviation costs less than x'P_lo x;
- a gain that is stable in the same way, with P_hi ≻ its stage cost + γF'P_hiF, so that it costs at
  most x'P_hi x.

Where ``first_state`` is "1", that state is always 1 and costs are averages: stability is that of
the others, Y of their size, and the corners of the inequalities are less by ``mean_lo`` and
``mean_hi``. So no stable deviation costs less than mean_lo a stage, and the gain at most mean_hi.

Costs of noise and of covariances are constants that the file says nothing of.
"""

from __future__ import annotations

import json
import math
import sys
from fractions import Fraction

Matrix = list[list[Fraction]]

#: Longer numbers, and larger matrices, are refused: a file must not take hours.
_MOST_CHARACTERS, _MOST_SIDE = 5000, 200


def recheck(certificate: dict) -> str:
    """What a certificate ``ergs-stationary/1`` proves, in a sentence.

    Raises
    ------
    ValueError
        Saying what does not hold, or is not as it should be.

    Examples
    --------
    >>> from ergs_verify import Game, Policy, certify_gap
    >>> from ergs_verify.recheck_stationary import recheck
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0, discount="1/2",
    ...     noise_cov=[[1]], horizon="infinite")
    >>> recheck(certify_gap(game, Policy.from_arrays(K=[[["-1/4"]]])).certificate)
    "the policy is stable, and the least cost of agent 1 lies between x'P_lo x and x'P_hi x"
    """
    if not isinstance(certificate, dict) or certificate.get("format") != "ergs-stationary/1":
        raise ValueError("this is not a certificate of the format ergs-stationary/1")
    A = _matrix(certificate, "A")
    B = [_matrix({"B": X}, "B") for X in _listed(certificate, "B")]
    K = [_matrix({"K": X}, "K") for X in _listed(certificate, "K")]
    agents = _listed(certificate, "agents")
    if not len(B) == len(K) == len(agents) > 0:
        raise ValueError("B, K and agents need one entry for each agent")
    m, sizes = len(A), [len(X[0]) for X in B]
    _expect(A, m, m, "A")
    for X, gain, p in zip(B, K, sizes, strict=True):
        _expect(X, m, p, "B")
        _expect(gain, p, m, "K")
    one = "first_state" in certificate
    if one:
        _expect_one(certificate["first_state"], A, B)
    for number, agent in enumerate(agents, start=1):
        _agent(number, agent, A, B, K, one=one)
    count = len(agents)
    named = "agent 1" if count == 1 else f"each of {count} agents"
    bounds = "mean_lo and mean_hi a stage" if one else "x'P_lo x and x'P_hi x"
    return f"the policy is stable, and the least cost of {named} lies between {bounds}"


def _expect_one(told: object, A: Matrix, B: list[Matrix]) -> None:
    """The first state stays, and no control moves it."""
    if told != "1":
        raise ValueError('first_state is not "1"')
    if A[0] != [Fraction(int(k == 0)) for k in range(len(A))] or any(any(X[0]) for X in B):
        raise ValueError("the first state does not stay 1")
    if len(A) == 1:
        raise ValueError("there is no state but the one that is always 1")


def _agent(
    number: int, agent: dict, A: Matrix, B: list[Matrix], K: list[Matrix], *, one: bool
) -> None:
    m, sizes = len(A), [len(X[0]) for X in B]
    n, own, who = sum(sizes), number - 1, f"of agent {number}"
    if not isinstance(agent, dict):
        raise ValueError(f"the certificate {who} is not an object")
    rate = _number(agent.get("discount"), "discount")
    if not 0 < rate <= 1:
        raise ValueError(f"the discount {who} does not lie in (0, 1]")
    if one and rate != 1:
        raise ValueError(f"the discount {who} is not 1, so its cost is not an average")
    less = (m - 1, m - 1) if one else (m, m)
    shapes = {"Q": (m, m), "S": (n, m), "R": (n, n), "Y": less, "gain": (sizes[own], m)}
    shapes |= {"gain_Y": less, "P_lo": (m, m), "P_hi": (m, m)}
    given = {}
    for name, shape in shapes.items():
        given[name] = _matrix(agent, name)
        _expect(given[name], *shape, f"{name} {who}")
        if name not in ("S", "gain") and given[name] != _transposed(given[name]):
            raise ValueError(f"{name} {who} is not symmetric")

    def form(stacked: Matrix) -> Matrix:
        """[I; 𝓚]'H[I; 𝓚]."""
        cross = _product(_transposed(stacked), given["S"])
        square = _product(_transposed(stacked), _product(given["R"], stacked))
        return _sum(given["Q"], cross, _transposed(cross), square)

    def loop(gains: list[Matrix]) -> Matrix:
        return _sum(A, *(_product(X, gain) for X, gain in zip(B, gains, strict=True)))

    def ahead(X: Matrix, F: Matrix) -> Matrix:
        return _scaled(rate, _product(_transposed(F), _product(X, F)))

    def mean_less(X: Matrix, name: str, sign: int) -> Matrix:
        if not one:
            return X
        first, *rest = X
        return [[first[0] - sign * _number(agent.get(name), name), *first[1:]], *rest]

    def expect_stable(F: Matrix, Y: Matrix, what: str) -> None:
        if one:
            F = [row[1:] for row in F[1:]]
        _expect_definite(Y, f"{what} {who}: its Y")
        _expect_definite(_less(Y, ahead(Y, F)), f"{what} {who}: Y − γF'YF")

    expect_stable(loop(K), given["Y"], "the policy's stability")
    nothing = [[Fraction(0)] * m for _ in range(sizes[own])]
    others = [*K[:own], nothing, *K[own + 1 :]]
    stacked = [row for gain in others for row in gain]
    start = sum(sizes[:own])
    rows = slice(start, start + sizes[own])
    Bi, F, lo = B[own], loop(others), given["P_lo"]
    corner = mean_less(_less(_sum(form(stacked), ahead(lo, F)), lo), "mean_lo", 1)
    by_B = _scaled(rate, _product(_transposed(Bi), lo))
    cross = _sum(given["S"][rows], _product(given["R"][rows], stacked), _product(by_B, F))
    W = _sum([row[rows] for row in given["R"][rows]], _product(by_B, Bi))
    upper = [left + right for left, right in zip(corner, _transposed(cross), strict=True)]
    lower = [left + right for left, right in zip(cross, W, strict=True)]
    _expect_definite(upper + lower, f"the dissipation inequality {who}")
    answer = [*K[:own], given["gain"], *K[own + 1 :]]
    F, hi = loop(answer), given["P_hi"]
    expect_stable(F, given["gain_Y"], "the answer's stability")
    cost = _sum(form([row for gain in answer for row in gain]), ahead(hi, F))
    _expect_definite(mean_less(_less(hi, cost), "mean_hi", -1), f"the upper bound {who}")


# -- matrices of fractions -------------------------------------------------------------------------


def _listed(given: dict, name: str) -> list:
    if not isinstance(given.get(name), list):
        raise ValueError(f"{name} must be a list")
    return given[name]


def _number(text: object, name: str) -> Fraction:
    if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
        raise ValueError(f"{name} has an entry that is not an exact number")
    try:
        return Fraction(int(text.split("/")[0]), int((text + "/1").split("/")[1]))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{name} has an entry that is not an exact number") from None


def _matrix(given: dict, name: str) -> Matrix:
    rows = _listed(given, name)
    if not all(isinstance(row, list) and row for row in rows) or not rows:
        raise ValueError(f"{name} must be a list of rows")
    if max(len(rows), *map(len, rows)) > _MOST_SIDE:
        raise ValueError(f"{name} has more than {_MOST_SIDE} rows or columns")
    return [[_number(x, name) for x in row] for row in rows]


def _expect(X: Matrix, rows: int, columns: int, name: str) -> None:
    if len(X) != rows or any(len(row) != columns for row in X):
        raise ValueError(f"{name} must be {rows}×{columns}")


def _transposed(X: Matrix) -> Matrix:
    return [list(column) for column in zip(*X, strict=True)]


def _product(X: Matrix, Y: Matrix) -> Matrix:
    columns = _transposed(Y)
    return [[_dot(row, column) for column in columns] for row in X]


def _dot(x: list[Fraction], y: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def _sum(*parts: Matrix) -> Matrix:
    return [
        [sum(xs, Fraction(0)) for xs in zip(*rows, strict=True)]
        for rows in zip(*parts, strict=True)
    ]


def _less(X: Matrix, Y: Matrix) -> Matrix:
    return _sum(X, _scaled(Fraction(-1), Y))


def _scaled(c: Fraction, X: Matrix) -> Matrix:
    return [[c * x for x in row] for row in X]


def _expect_definite(X: Matrix, what: str) -> None:
    """By Sylvester: every leading minor is positive (Bareiss, in whole numbers)."""
    scale = math.lcm(*(x.denominator for row in X for x in row))
    rows = [[int(x * scale) for x in row] for row in X]
    before = 1
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot <= 0:
            raise ValueError(f"{what} is not positive definite")
        for r in range(k + 1, len(rows)):
            for c in range(k + 1, len(rows)):
                rows[r][c] = (rows[r][c] * pivot - rows[r][k] * rows[k][c]) // before
        before = pivot


if __name__ == "__main__":
    for file in sys.argv[1:]:
        try:
            with open(file, encoding="utf-8") as opened:
                print(f"confirmed: {recheck(json.load(opened))}")
        except (OSError, ValueError, RecursionError) as error:
            print(f"not confirmed: {error}")
