"""What formulas ask of an arithmetic, written down once as a straight line of code.

Walking an expression takes longer than its arithmetic where matrices are small, and a recursion
walks the same expressions at every stage. `Writing` is an arithmetic that computes nothing: it
writes down what is asked of it. The program then runs over any other arithmetic, in that order.
Shapes are checked as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

from attrs import frozen

from ergs_verify.arithmetic import shapes
from ergs_verify.arithmetic.shapes import Shape


@frozen(eq=False)
class Named:
    """A matrix of a program, or a scalar, which has no shape."""

    name: str
    shape: Shape | None
    program: Writing

    def __add__(self, other: Named) -> Named:
        return self.program.line(None, f"{self.name} + {other.name}")

    def __sub__(self, other: Named) -> Named:
        return self.program.line(None, f"{self.name} - {other.name}")

    def __mul__(self, other: Named) -> Named:
        return self.program.line(None, f"{self.name} * {other.name}")

    def __truediv__(self, other: Named) -> Named:
        return self.program.line(None, f"{self.name} / {other.name}")

    def __neg__(self) -> Named:
        return self.program.line(self.shape, f"-{self.name}")


@frozen(eq=False)
class Program:
    """A straight line of code, for any arithmetic."""

    _code: Any
    _constants: dict[str, tuple]

    def over(self, arithmetic: Any) -> Callable[[Sequence[Any]], list[Any]]:
        """What is wanted, of what is given in an arithmetic."""
        names: dict[str, Any] = {method: getattr(arithmetic, method) for method in _METHODS}
        for name, (method, *arguments) in self._constants.items():
            names[name] = getattr(arithmetic, method)(*arguments)
        bare, working = getattr(arithmetic, "bare", ({}, nullcontext))
        names |= bare
        exec(self._code, names)
        run = names["run"]

        def within(given: Sequence[Any]) -> list[Any]:
            with working():
                return run(given)

        return within


class Writing:
    """An arithmetic that writes down what is asked of it.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.arithmetic.program import Writing
    >>> writing = Writing()
    >>> X = writing.given((2, 2))
    >>> Q = Rationals()
    >>> run = writing.program([writing.multiply(X, X)]).over(Q)
    >>> ones = Q.matrix([[Fraction(1)] * 2] * 2, (2, 2))
    >>> run([ones])[0] == Q.add(ones, ones)
    True
    """

    name = "a program"

    def __init__(self) -> None:
        self._given: list[Named] = []
        self._constants: dict[tuple, Named] = {}
        self._lines: dict[str, Named] = {}

    def given(self, shape: Shape | None) -> Named:
        """The next matrix that a run is given, or a scalar."""
        self._given.append(Named(f"g{len(self._given)}", shape, self))
        return self._given[-1]

    def line(self, shape: Shape | None, code: str) -> Named:
        """The value of one operation; of the same one, the same."""
        if code not in self._lines:
            self._lines[code] = Named(f"v{len(self._lines)}", shape, self)
        return self._lines[code]

    def program(self, wanted: Sequence[Named]) -> Program:
        """What is wanted as a function of what was given."""
        given = "".join(f"{one.name}, " for one in self._given)
        lines = [f"{value.name} = {code}" for code, value in self._lines.items()]
        result = f"return [{', '.join(one.name for one in wanted)}]"
        body = [f"{given}= given" if given else "pass", *lines, result]
        code = compile("def run(given):\n " + "\n ".join(body), "<a program>", "exec")
        return Program(code, {one.name: made for made, one in self._constants.items()})

    def _constant(self, shape: Shape | None, *made: Any) -> Named:
        if made not in self._constants:
            self._constants[made] = Named(f"c{len(self._constants)}", shape, self)
        return self._constants[made]

    # -- the arithmetic ----------------------------------------------------------------------------

    def scalar(self, value: Fraction) -> Named:
        return self._constant(None, "scalar", value)

    def zeros(self, rows: int, cols: int) -> Named:
        return self._constant((rows, cols), "zeros", rows, cols)

    def identity(self, size: int) -> Named:
        return self._constant((size, size), "identity", size)

    def shape(self, X: Named) -> Shape:
        assert X.shape is not None
        return X.shape

    def log(self, x: Named) -> Named:
        return self.line(None, f"log({x.name})")

    def add(self, X: Named, Y: Named) -> Named:
        shapes.need_equal(self.shape(X), self.shape(Y))
        return self.line(X.shape, f"add({X.name}, {Y.name})")

    def multiply(self, X: Named, Y: Named) -> Named:
        shapes.need_chain(self.shape(X), self.shape(Y))
        shape = self.shape(X)[0], self.shape(Y)[1]
        return self.line(shape, f"multiply({X.name}, {Y.name})")

    def scale(self, s: Named, X: Named) -> Named:
        return self.line(X.shape, f"scale({s.name}, {X.name})")

    def transpose(self, X: Named) -> Named:
        rows, cols = self.shape(X)
        return self.line((cols, rows), f"transpose({X.name})")

    def solve(self, X: Named, Y: Named) -> Named:
        shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        return self.line(Y.shape, f"solve({X.name}, {Y.name})")

    def trace(self, X: Named) -> Named:
        return self._of_square("trace", X)

    def determinant(self, X: Named) -> Named:
        return self._of_square("determinant", X)

    def log_determinant(self, X: Named) -> Named:
        return self._of_square("log_determinant", X)

    def _of_square(self, method: str, X: Named) -> Named:
        shapes.need_square(self.shape(X))
        return self.line(None, f"{method}({X.name})")

    def blocks(self, rows: Sequence[Sequence[Named]]) -> Named:
        sizes = [[self.shape(X) for X in row] for row in rows]
        shapes.need_blocks(sizes)
        height, width = sum(row[0][0] for row in sizes), sum(cols for _, cols in sizes[0])
        grid = ", ".join(f"[{', '.join(X.name for X in row)}]" for row in rows)
        return self.line((height, width), f"blocks([{grid}])")

    def rows(self, X: Named, start: int, stop: int) -> Named:
        shape = stop - start, self.shape(X)[1]
        return self.line(shape, f"rows({X.name}, {start}, {stop})")


_METHODS = (
    *("log", "add", "multiply", "scale", "transpose", "solve", "trace", "determinant"),
    *("log_determinant", "blocks", "rows"),
)
