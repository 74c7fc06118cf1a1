"""What SymPy's matrix expressions lack for games: letters of an agent, and sums over agents.

A formula of a game is an ordinary SymPy (matrix) expression in which a letter such as Bⁱ is an
`AgentMatrix` whose agent is a symbol, and a sum over agents is an `AgentSum`. Both hold for any
number of agents; `instantiate` writes them out for a given one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Basic, Expr, Function, Integer, MatrixExpr, MatrixSymbol, Symbol, sympify
from sympy.core.function import AppliedUndef
from sympy.core.symbol import Str
from sympy.printing.precedence import PRECEDENCE

from ergs_verify.errors import InputError


def agent_index(name: str) -> Symbol:
    """A symbol that stands for an agent, counted from 1.

    Parameters
    ----------
    name : str

    Returns
    -------
    sympy.Symbol

    Examples
    --------
    >>> from ergs_verify.expressions import agent_index
    >>> agent_index("j")
    j
    """
    return Symbol(name, integer=True, positive=True)


_control_size = Function("p", integer=True, positive=True)


@cache
def control_size(agent) -> Expr:
    """The number p_i of an agent's controls, as a symbol: agents may differ in size.

    Parameters
    ----------
    agent : symbol of `agent_index`, or int

    Returns
    -------
    SymPy expression

    Examples
    --------
    >>> from ergs_verify.expressions import agent_index, control_size
    >>> control_size(agent_index("j"))
    p(j)
    """
    return _control_size(agent)


class AgentMatrix(MatrixSymbol):
    """A matrix letter of one agent, such as Bⁱ (m×p_i).

    Parameters
    ----------
    name : str
    agent : SymPy symbol of `agent_index`, or int
    rows, cols : int or SymPy expression
        The size, such as that of `control_size`.

    Examples
    --------
    >>> from ergs_verify.expressions import AgentMatrix, agent_index, control_size
    >>> i = agent_index("i")
    >>> B = AgentMatrix("B", i, 3, control_size(i))
    >>> B, B.shape, B.subs(i, 2)
    (B^i, (3, p(i)), B^2)
    """

    def __new__(cls, name, agent, rows, cols):
        name = name if isinstance(name, Str) else Str(name)
        return Basic.__new__(cls, name, sympify(agent), sympify(rows), sympify(cols))

    @property
    def agent(self) -> Basic:
        return self.args[1]

    @property
    def shape(self):
        return self.args[2], self.args[3]

    def _sympystr(self, printer) -> str:
        return f"{self.name}^{printer._print(self.agent)}"

    def _latex(self, printer) -> str:
        return f"{_latex_name(self.name)}^{{{printer._print(self.agent)}}}"


class _OverAgents:
    """What the two kinds of sum share: args are (body, index, excluded agents)."""

    if TYPE_CHECKING:

        @property
        def args(self) -> tuple[Any, ...]: ...

    # Bracketed in products, as a sum that binds what follows it would be misread.
    precedence = PRECEDENCE["Mul"]

    @property
    def body(self):
        return self.args[0]

    @property
    def index(self):
        return self.args[1]

    @property
    def excluded(self):
        return tuple(self.args[2])

    def _condition(self, printer, unequal: str) -> str:
        index = printer._print(self.index)
        return ", ".join(f"{index}{unequal}{printer._print(k)}" for k in self.excluded) or index

    def _sympystr(self, printer) -> str:
        return f"Sum[{self._condition(printer, '≠')}]({printer._print(self.body)})"

    def _latex(self, printer) -> str:
        condition = self._condition(printer, r" \neq ")
        return rf"\sum_{{{condition}}} {_bracketed(printer, self.body)}"


class AgentSum(_OverAgents, MatrixExpr):
    """Sum of a matrix over all agents j but the excluded ones."""

    def __new__(cls, body, index, excluded=()):
        return Basic.__new__(cls, body, index, sympy.Tuple(*excluded))

    @property
    def shape(self):
        return self.body.shape


class AgentTotal(_OverAgents, Expr):
    """Sum of a scalar over all agents j but the excluded ones."""

    is_commutative = True

    def __new__(cls, body, index, excluded=()):
        return Basic.__new__(cls, sympify(body), index, sympy.Tuple(*excluded))


class Vec(MatrixExpr):
    """The columns of a matrix below one another.

    Examples
    --------
    >>> from sympy import MatrixSymbol
    >>> from ergs_verify.expressions import Vec
    >>> Vec(MatrixSymbol("X", 2, 3)), Vec(MatrixSymbol("X", 2, 3)).shape
    (Vec(X), (6, 1))
    """

    def __new__(cls, matrix):
        return Basic.__new__(cls, sympify(matrix))

    @property
    def arg(self) -> Any:
        return self.args[0]

    @property
    def shape(self):
        return self.arg.shape[0] * self.arg.shape[1], Integer(1)

    def _latex(self, printer) -> str:
        return rf"\operatorname{{vec}}\left({printer._print(self.arg)}\right)"


def agent_sum(body, index: Symbol, *excluded):
    """The sum over all agents of an expression, or over all but some.

    Parameters
    ----------
    body : SymPy expression
        A matrix or a scalar with the index in it.
    index : symbol of `agent_index`
    *excluded : symbols of `agent_index`, or int
        Agents that are left out.

    Returns
    -------
    SymPy expression

    Raises
    ------
    InputError
        If the index is not a symbol, or what is left out is neither an index nor a number.

    Examples
    --------
    >>> from ergs_verify import prove
    >>> from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, control_size
    >>> i, j = agent_index("i"), agent_index("j")
    >>> B = AgentMatrix("B", j, 3, control_size(j))
    >>> own = B.subs(j, i)
    >>> prove(agent_sum(B * B.T, j), agent_sum(B * B.T, j, i) + own * own.T).verdict
    'proved'
    """
    if not isinstance(index, Symbol):
        raise InputError(
            f"a sum over agents needs an index such as agent_index('j'), not {index!r}"
        )
    for agent in excluded:
        if not isinstance(agent, Symbol | Integer | int):
            raise InputError(f"an agent left out is an index or a number, not {agent!r}")
    kind = AgentSum if getattr(body, "is_Matrix", False) else AgentTotal
    return kind(body, index, excluded)


@lru_cache(maxsize=4096)
def _parts(expression) -> frozenset:
    found: set = set()
    left = [expression]
    while left:
        part = left.pop()
        if part not in found:
            found.add(part)
            left += part.args
    return frozenset(found)


def parts_of(expression, *kinds: type) -> set:
    """What SymPy's `atoms` gives, once for an expression: SymPy walks what comes back anew.

    Examples
    --------
    >>> from sympy import MatrixSymbol
    >>> from ergs_verify.expressions import parts_of
    >>> A = MatrixSymbol("A", 2, 2)
    >>> parts_of(A + A.T * A, MatrixSymbol)
    {A}
    """
    return {part for part in _parts(sympify(expression)) if isinstance(part, kinds)}


def owners_of(expr) -> tuple:
    """The agents that a letter belongs to."""
    if isinstance(expr, AgentMatrix):
        return (expr.agent,)
    return expr.args if isinstance(expr, AppliedUndef) else ()


def trace_of(*factors) -> Expr:
    """Trace of a product left exactly as written, for scalars such as x'Px."""
    product = factors[0] if len(factors) == 1 else sympy.MatMul(*factors)
    return sympy.Trace(product)


def instantiate(expr, agents: int, indices: Mapping[Symbol, int] | None = None):
    """Write a formula out for a number of agents: sums become additions, indices become numbers.

    Parameters
    ----------
    expr : SymPy expression
    agents : int
        The number N of agents.
    indices : mapping, optional
        The agent that each free index stands for, counted from 1.

    Examples
    --------
    >>> from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, instantiate
    >>> i, j = agent_index("i"), agent_index("j")
    >>> instantiate(agent_sum(AgentMatrix("S", j, 2, 2), j, i), 3, {i: 2})
    S^1 + S^3
    """
    return _write_out(expr, agents, {k: Integer(v) for k, v in (indices or {}).items()})


def _write_out(node, agents: int, indices: dict):
    if node in indices:
        return indices[node]
    if isinstance(node, AgentSum | AgentTotal):
        left_out = {indices.get(k, k) for k in node.excluded}
        terms = [
            _write_out(node.body, agents, {**indices, node.index: Integer(k)})
            for k in range(1, agents + 1)
            if Integer(k) not in left_out
        ]
        if isinstance(node, AgentTotal):
            return sympy.Add(*terms)
        if not terms:
            return sympy.ZeroMatrix(*(_write_out(side, agents, indices) for side in node.shape))
        return terms[0] if len(terms) == 1 else sympy.MatAdd(*terms)
    if not node.args:
        return node
    if isinstance(node, AgentMatrix | AppliedUndef):
        return _letter_of(node, tuple(indices.items()))
    args = [_write_out(arg, agents, indices) for arg in node.args]
    return node if all(a is b for a, b in zip(args, node.args, strict=True)) else node.func(*args)


# SymPy takes longer to make p(1) than to look up a letter that was written out before.
@lru_cache(maxsize=4096)
def _letter_of(node, indices: tuple):
    return node.xreplace(dict(indices))


def _latex_name(name: str) -> str:
    return name


def _bracketed(printer, body) -> str:
    text = printer._print(body)
    return rf"\left({text}\right)" if isinstance(body, sympy.Add | sympy.MatAdd) else text
