"""SymPy expressions as LaTeX in the paper's notation, long ones over several lines."""

from __future__ import annotations

import re
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

#: Signs that fit beside a left side on a page; what LaTeX commands print counts as one sign each.
_WIDTH = 68


class _Printer(LatexPrinter):
    """The paper's way: x'Px without a trace, log det, q^i and p_i for numbers of an agent."""

    def __init__(self) -> None:
        super().__init__({"mat_symbol_style": "plain"})

    def _print_Identity(self, I) -> Any:  # noqa: E741
        return "I"

    def _print_Transpose(self, expr) -> str:
        inner = self._print(expr.arg)
        letter = isinstance(expr.arg, sympy.MatrixSymbol) and "^" not in inner
        return rf"{inner}^\top" if letter else rf"\left({inner}\right)^\top"

    def _print_Trace(self, expr) -> str:
        product: Any = _turned(expr.arg)
        text = self._print(product)
        number = product.shape == (1, 1) and not product.is_Add
        return text if number else rf"\operatorname{{tr}}\left({text}\right)"

    def _print_Pow(self, expr) -> str:
        if isinstance(expr.base, sympy.Trace):
            return rf"\left({self._print(expr.base)}\right)^{{{self._print(expr.exp)}}}"
        return super()._print_Pow(expr)

    def _print_log(self, expr, exp=None) -> str:
        if isinstance(expr.args[0], sympy.Determinant) and exp is None:
            inner = self._print(expr.args[0].arg)
            single = isinstance(expr.args[0].arg, sympy.MatrixSymbol)
            return rf"\log\det {inner}" if single else rf"\log\det\left({inner}\right)"
        return super()._print_log(expr, exp)

    def _print_Function(self, expr, exp=None) -> str:
        if not (isinstance(expr, AppliedUndef) and len(expr.args) == 1):
            return super()._print_Function(expr, exp)
        name, agent = expr.func.__name__, self._print(expr.args[0])
        text = rf"{name}^{{{agent}}}" if "_" in name else rf"{name}_{{{agent}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _print_Symbol(self, expr, style="plain") -> str:
        # A name that is LaTeX already, log π^*(u) for one, is not a letter with an index.
        return expr.name if expr.name.startswith("\\") else super()._print_Symbol(expr)


def tex(expression: Any) -> str:
    """An expression as LaTeX; a string is LaTeX already.

    Examples
    --------
    >>> from sympy import MatrixSymbol
    >>> from ergs_verify.expressions import trace_of
    >>> from ergs_verify.typeset import tex
    >>> x, P = MatrixSymbol("x", 2, 1), MatrixSymbol("P", 2, 2)
    >>> print(tex(trace_of(P, x, x.T)))
    x^\\top P x
    """
    return expression if isinstance(expression, str) else _Printer().doprint(expression)


def equation(left: Any, right: Any, sign: str = "=") -> str:
    r"""left = right for display: pairs line by line, long sums broken at their terms.

    Examples
    --------
    >>> from sympy import Tuple, symbols
    >>> from ergs_verify.typeset import equation
    >>> a, b, c, d = symbols("a:d")
    >>> print(equation(Tuple(a, b), Tuple(c, d)))
    \begin{aligned}
    a &= c \\
    b &= d
    \end{aligned}
    """
    pairs = [(left, right)]
    if isinstance(left, sympy.Tuple) and isinstance(right, sympy.Tuple):
        pairs = list(zip(left, right, strict=True))
    rows = []
    for name, value in pairs:
        first, *more = _lines(value)
        if _width(tex(name)) > _WIDTH // 3:
            rows += [f"&{tex(name)}", rf"&\quad {sign} {first}"]
        else:
            rows.append(f"{tex(name)} &{sign} {first}")
        rows += [rf"&\quad {line}" for line in more]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def coloured(latex: str, start: str = r"{\color{red}{", end: str = "}}") -> str:
    r"""LaTeX with what stands in ``\corrected{…}`` in red, for a reader that knows no such command.

    Examples
    --------
    >>> from ergs_verify.typeset import coloured
    >>> coloured(r"A_t^{i\corrected{*}}")
    'A_t^{i{\\color{red}{*}}}'
    """
    command = r"\corrected{"
    before, found, rest = latex.partition(command)
    if not found:
        return latex
    depth = 1
    for k, sign in enumerate(rest):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            inner = coloured(rest[:k], start, end)
            return f"{before}{start}{inner}{end}{coloured(rest[k + 1 :], start, end)}"
    raise ValueError(f"a brace is missing after {command} in {latex}")


def _lines(value: Any) -> list[str]:
    """A sum as lines of whole terms."""
    if not isinstance(value, sympy.Add | sympy.MatAdd):
        return [tex(value)]
    terms = value.as_ordered_terms() if isinstance(value, sympy.Add) else value.args
    lines = [tex(terms[0])]
    for term in terms[1:]:
        text = tex(term)
        signed = text if text.lstrip().startswith("-") else f"+ {text}"
        if _width(lines[-1]) + _width(signed) > _WIDTH:
            lines.append(signed)
        else:
            lines[-1] += f" {signed}"
    return lines


def _width(text: str) -> int:
    visible = re.sub(r"\\(?:left|right|quad)(?![a-z])", "", text)
    visible = re.sub(r"\\operatorname|\\mathbb", "", visible)
    # Both parts of a fraction count, and scripts, which are small, as much as letters.
    return len(re.sub(r"[{}_^\s]", "", re.sub(r"\\[a-zA-Z]+", "x", visible)))


def _turned(product):
    """A trace's product turned, where that makes it a row times a column."""
    coefficient, factors = product.as_coeff_matrices() if product.is_MatMul else (0, ())
    for k, factor in enumerate(factors):
        if coefficient == 1 and factor.shape[0] == 1:
            return sympy.MatMul(*factors[k:], *factors[:k], evaluate=False)
    return product
