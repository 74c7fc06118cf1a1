"""One-character faults in a formula: a sign, a factor, an index, a letter, a transpose, a term."""

from __future__ import annotations

import random
from collections.abc import Iterator

import sympy
from sympy import MatAdd, MatMul, Transpose

from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal
from ergs_verify.ledger.statements import Equality
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


def trace_arguments(node):
    """One factor under a trace left out."""
    if isinstance(node, sympy.Trace) and isinstance(node.arg, MatMul):
        matrices = [k for k, factor in enumerate(node.arg.args) if factor.is_Matrix]
        for k in matrices if len(matrices) > 1 else ():
            rest = MatMul(*node.arg.args[:k], *node.arg.args[k + 1 :])
            if rest.is_square:
                yield sympy.Trace(rest)


KINDS = {
    "sign": signs,
    "factor": factors,
    "dropped term": dropped_terms,
    "index": indices,
    "letter": letters,
    "transpose": transposes,
    "swapped factors": swaps,
    "trace argument": trace_arguments,
}


# The sign and the factor of a formula that is one product.
_WHOLE = {"sign": lambda e: -e, "factor": lambda e: 2 * e}


def drawn(expression, kind: str, rng: random.Random, count: int = 1) -> list:
    """Up to so many mutants of a kind, all written differently from the expression."""
    places = list(nodes(expression))
    rng.shuffle(places)
    found: list = []
    for path, node in places:
        variants = list(KINDS[kind](node))
        if not path and kind in _WHOLE:
            variants.append(_WHOLE[kind](expression))
        rng.shuffle(variants)
        for new in variants:
            if len(found) == count:
                return found
            try:
                mutant = replaced(expression, path, new)
            except (ValueError, TypeError):
                # SymPy itself refuses sizes that cannot fit.
                continue
            if mutant != expression and mutant not in found:
                found.append(mutant)
    return found


def is_zero(expression) -> bool:
    return expression == 0 or isinstance(expression, sympy.ZeroMatrix)


# -- survivors -------------------------------------------------------------------------------------


def excused(mutant, part: Equality) -> bool:
    """Whether a mutant of the right side is equal to it for a reason that is plain to see.

    A symmetric letter's transpose, or factors turned round or transposed as a whole in a trace;
    square factors in a determinant likewise.
    """
    return canonical(mutant, part.symmetric) == canonical(part.right, part.symmetric)


def canonical(expression, symmetric):
    """With transposes of symmetric letters undone; a trace as the least of its ways to be read."""
    names = {letter.name for letter in symmetric}
    plain = expression
    while undone := {
        node: node.arg
        for node in plain.atoms(sympy.Transpose)
        if getattr(node.arg, "name", None) in names
    }:
        plain = plain.xreplace(undone)
    turned = plain.atoms(sympy.Trace) | {
        d
        for d in plain.atoms(sympy.Determinant)
        if all(factor.is_square for factor in _factors(d.arg) if factor.is_Matrix)
    }
    return plain.xreplace({node: _read(node, names) for node in turned})


def _read(node, symmetric: set[str]) -> sympy.Symbol:
    """The least, as text, of a product's rotations and those of its transpose."""
    factors = list(_factors(node.arg))
    back = [_transposed(factor, symmetric) for factor in reversed(factors)]
    words = [
        tuple(str(f) for f in (*word[k:], *word[:k]))
        for word in (factors, back)
        for k in range(len(word))
    ]
    return sympy.Symbol(" ".join((type(node).__name__, *min(words))))


def _factors(product):
    if isinstance(product, sympy.MatMul):
        for arg in product.args:
            yield from _factors(arg)
    else:
        yield product


def _transposed(factor, symmetric: set[str]):
    if isinstance(factor, sympy.Transpose):
        return factor.arg
    unchanged = not factor.is_Matrix or getattr(factor, "name", None) in symmetric
    return factor if unchanged else sympy.Transpose(factor)
