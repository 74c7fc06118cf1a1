"""What `prove` returns: a verdict with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import sympy
from attrs import field, frozen

from ergs_verify.markup import in_markdown
from ergs_verify.proof.certificate import certificate
from ergs_verify.proof.realize import Realization
from ergs_verify.proof.replay import differ
from ergs_verify.proof.sampling import Setting
from ergs_verify.proof.steps import Step, steps
from ergs_verify.typeset import equation, tex


@frozen
class Counterexample:
    """Concrete matrices at which two sides differ.

    Attributes
    ----------
    values : mapping from letter to exact matrix or number
        Matrices of a size at which the sides differ, with rational entries.
    left, right : exact matrix or number
        What the two sides are there.
    setting : Setting
        What was asked, to be evaluated again.
    """

    values: Mapping
    left: Any
    right: Any
    setting: Setting = field(repr=False)

    def replay(self) -> bool:
        """Evaluate both sides again, by other code.

        Returns
        -------
        bool
            Whether they still differ.

        Examples
        --------
        >>> from sympy import MatrixSymbol, Symbol
        >>> from ergs_verify import prove
        >>> n = Symbol("n", integer=True, positive=True)
        >>> A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
        >>> prove(A * B, B * A).counterexample.replay()
        True
        """
        setting = self.setting
        left, right = setting.expressions[:2]
        return differ(left, right, self.values, setting.definitions, setting.sizes)

    def as_json(self) -> dict:
        """``{"values": {letter: exact matrix}, "left", "right"}`` with rationals as strings."""
        return {
            "values": {str(k): _exact(v) for k, v in self.values.items()},
            "left": _exact(self.left),
            "right": _exact(self.right),
        }


@frozen(slots=False)
class Proof:
    """The answer of `prove`. It is true if the verdict is ``proved``.

    Attributes
    ----------
    left, right : SymPy expressions
        The two sides.
    verdict : str
        ``proved``, ``refuted``, ``ill-typed`` or ``undecided``.
    sizes : str
        For which sizes it is proved.
    residual : SymPy expression or None
        left − right as simplified, if it is not zero.
    counterexample : Counterexample or None
        If it is refuted.
    reason : str
        Why it is ill-typed or undecided.
    evidence : tuple of (method, detail)
        What each engine says.
    seconds : float
    certificate : dict or None
        The proof as a JSON object ``ergs-proof/4``, which ``ergs-verify recheck`` confirms. None if
        nothing is proved, if both sides are one expression, or if only the normal form proves it
        (products of traces, 1×1 matrices that commute).
    steps : tuple of Step
        The proof to be read; ``print(proof)`` shows it.

    Notes
    -----
    How identities are decided is explained in :doc:`/explanation/theory`, "Deciding identities".
    """

    left: Any
    right: Any
    verdict: str
    sizes: str = ""
    residual: Any = None
    counterexample: Counterexample | None = None
    reason: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    seconds: float = field(default=0.0, repr=False)
    _realization: Realization | None = field(default=None, repr=False, eq=False)
    _asked: tuple = field(default=(), repr=False, eq=False)

    @cached_property
    def certificate(self) -> dict[str, Any] | None:
        """The proof as a JSON object, which ``ergs-verify recheck`` confirms.

        None where nothing is proved, or where the normal form alone shows it (products of traces,
        1×1 matrices that commute) or both sides are one expression.
        """
        return None if self._realization is None else certificate(self._realization)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The proof to be read, none where nothing is proved."""
        if not self or not self._asked:
            return ()
        lhs, rhs, definitions, symmetric = self._asked
        return steps(lhs, rhs, definitions, symmetric, self._realization)

    def __bool__(self) -> bool:
        return self.verdict == "proved"

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.left} = {self.right}"]
        if self.sizes:
            lines[0] += f", for {self.sizes}"
        lines += [f"  {number}. {step}" for number, step in enumerate(self.steps, 1)]
        if self.reason:
            lines.append(f"  {self.reason}")
        if self.residual is not None:
            lines.append(f"  left − right = {self.residual}")
        if self.counterexample is not None:
            shown = self.counterexample.as_json()
            lines += [f"  at {letter} = {value}" for letter, value in shown["values"].items()]
            lines.append(f"  left = {shown['left']}, right = {shown['right']}")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        signs = {"proved": "=", "refuted": r"\neq"}
        sign = signs.get(self.verdict, r"\overset{?}{=}")
        text = f"**{self.verdict}**\n\n$$\n{equation(self.left, self.right, sign)}\n$$"
        if self.sizes:
            text += f"\n\nfor {self.sizes}"
        for number, step in enumerate(self.steps, 1):
            sides = [tex(side) for side in (step.left, step.right) if side is not None]
            shown = f": $\\displaystyle {' = '.join(sides)}$" if sides else ""
            text += f"\n{'' if number > 1 else chr(10)}{number}. {step.text}{shown}"
        if self.reason:
            text += f"\n\n{in_markdown(self.reason)}"
        if self.residual is not None:
            text += f"\n\nleft − right $= \\displaystyle {tex(self.residual)}$"
        if self.counterexample is not None:
            example = self.counterexample
            values = ", ".join(f"{tex(k)} = {tex(v)}" for k, v in example.values.items())
            text += f"\n\nfor instance at ${values}$: left $= {tex(example.left)}$,"
            text += f" right $= {tex(example.right)}$"
        return text


def _exact(value):
    if isinstance(value, sympy.MatrixBase):
        return [[str(entry) for entry in value.row(k)] for k in range(value.rows)]
    return str(value)
