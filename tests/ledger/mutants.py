"""One-character faults in a formula: a sign, a factor, an index, a letter, a transpose, a term."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import MatAdd, MatMul, Transpose

from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal
from ergs_verify.paper.notation import i, j

Path = tuple[int, ...]


def nodes(expression, path: Path = ()) -> Iterator[tuple[Path, sympy.Basic]]:
    """Every (matrix) expression inside, with where it stands; names, indices and sizes are not."""
    yield path, expression
    if isinstance(expression, sympy.MatrixSymbol | sympy.Identity | sympy.ZeroMatrix):
        return
    inside = expression.args
    if isinstance(expression, AgentSum | AgentTotal):
        inside = inside[:1]
    for k, arg in enumerate(inside):
        yield from nodes(arg, (*path, k))


def replaced(expression, path: Path, new):
    """The expression with one node exchanged."""
    if not path:
        return new
    args = list(expression.args)
    args[path[0]] = replaced(args[path[0]], path[1:], new)
    return expression.func(*args)


def _with(node, k: int, arg):
    return node.func(*node.args[:k], arg, *node.args[k + 1 :])


def _is_sum(node) -> bool:
    return isinstance(node, sympy.Add | MatAdd)


def signs(node):
    if _is_sum(node):
        for k, term in enumerate(node.args):
            yield _with(node, k, MatMul(-1, term) if term.is_Matrix else -term)


def factors(node):
    if _is_sum(node):
        for k, term in enumerate(node.args):
            yield _with(node, k, MatMul(2, term) if term.is_Matrix else 2 * term)


def dropped_terms(node):
    if _is_sum(node) and len(node.args) > 1:
        for k in range(len(node.args)):
            rest = (*node.args[:k], *node.args[k + 1 :])
            yield rest[0] if len(rest) == 1 else node.func(*rest)


def indices(node):
    if isinstance(node, AgentMatrix) and node.agent in (i, j):
        other = j if node.agent == i else i
        yield node.xreplace({node.agent: other})


def letters(node):
    """P_{t+1} → P_t and the like: the same letter of another time."""
    if isinstance(node, AgentMatrix):
        yield AgentMatrix(f"{node.name}'", *node.args[1:])
    elif isinstance(node, sympy.MatrixSymbol):
        yield sympy.MatrixSymbol(f"{node.name}'", *node.shape)


def transposes(node):
    if isinstance(node, Transpose):
        yield node.arg
    elif isinstance(node, sympy.MatrixSymbol):
        yield Transpose(node)


def swaps(node):
    """Two neighbouring factors of a product."""
    if isinstance(node, MatMul):
        for k in range(len(node.args) - 1):
            if all(a.is_Matrix for a in node.args[k : k + 2]):
                first, second = node.args[k : k + 2]
                yield node.func(*node.args[:k], second, first, *node.args[k + 2 :])


KINDS = {
    "sign": signs,
    "factor": factors,
    "dropped term": dropped_terms,
    "index": indices,
    "letter": letters,
    "transpose": transposes,
    "swapped factors": swaps,
}


# The sign and the factor of a formula that is one product.
_WHOLE = {"sign": (lambda e: -e,), "factor": (lambda e: 2 * e,)}


def mutants(expression, kind: str) -> list:
    """Every mutant of a kind that is written differently."""
    found = [whole(expression) for whole in _WHOLE.get(kind, ())]
    for path, node in nodes(expression):
        for new in KINDS[kind](node):
            try:
                mutant = replaced(expression, path, new)
            except (ValueError, TypeError):
                # SymPy itself refuses sizes that cannot fit.
                continue
            if mutant != expression:
                found.append(mutant)
    return found
