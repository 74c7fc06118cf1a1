"""`prove`: are two scalar or matrix expressions equal for every size and any number of agents?"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from typing import Any

import sympy
from attrs import field, frozen

from ergs_verify.errors import InputError, ShapeError, UnsupportedError
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.field import PrimeField
from ergs_verify.proof.sampling import (
    Setting,
    SymPyNumbers,
    field_values,
    small_values,
    typed_mismatch,
)
from ergs_verify.typeset import equation, tex

__all__ = ["Counterexample", "Proof", "prove"]

FIELD_TRIALS = 4
# Three agents, then four, and other dimensions, so that a coincidence of the one (N = 3, say)
# does not pass.
FIELD_SETTINGS = ((3, lambda k: k + 2), (4, lambda k: 2 * k + 3))
# A wrong identity seldom agrees at a random small point; 65 points at five kinds of sizes.
SEARCH_SETTINGS = (
    (2, lambda _: 1, 15),
    (2, lambda _: 2, 15),
    (2, lambda k: 1 + k % 3, 15),
    (3, lambda k: 2 + k % 2, 15),
    (2, lambda k: 4 + k, 5),
)


@frozen
class Counterexample:
    """Concrete matrices at which two sides differ; `replay` evaluates them again.

    Attributes
    ----------
    values : mapping from letter to exact matrix or number
    left, right : exact matrix or number
    """

    values: Mapping
    left: Any
    right: Any
    setting: Setting = field(repr=False)

    def replay(self) -> bool:
        """Whether the two sides, evaluated afresh at these values, still differ."""
        left, right = self.setting.evaluate(self.values, SymPyNumbers())
        return bool((left, right) == (self.left, self.right) and _differ(left, right))

    def as_json(self) -> dict:
        """``{"values": {letter: exact matrix}, "left", "right"}`` with rationals as strings."""
        return {
            "values": {str(k): _exact(v) for k, v in self.values.items()},
            "left": _exact(self.left),
            "right": _exact(self.right),
        }


@frozen
class Proof:
    """The answer of `prove`.

    Attributes
    ----------
    verdict : str
        ``proved``, ``refuted``, ``ill-typed`` or ``undecided``.
    residual : SymPy expression or None
        Normal form of left − right where it is not zero.
    counterexample : Counterexample or None
    reason : str
        Why it is ill-typed or undecided.
    evidence : tuple of (method, detail)
    seconds : float
    """

    left: Any
    right: Any
    verdict: str
    residual: Any = None
    counterexample: Counterexample | None = None
    reason: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    seconds: float = field(default=0.0, repr=False)

    def __bool__(self) -> bool:
        return self.verdict == "proved"

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.left} = {self.right}"]
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
        if self.reason:
            text += f"\n\n{self.reason}"
        if self.residual is not None:
            text += f"\n\nleft − right $= \\displaystyle {tex(self.residual)}$"
        if self.counterexample is not None:
            example = self.counterexample
            values = ", ".join(f"{tex(k)} = {tex(v)}" for k, v in example.values.items())
            text += f"\n\nfor instance at ${values}$: left $= {tex(example.left)}$,"
            text += f" right $= {tex(example.right)}$"
        return text


def prove(
    lhs,
    rhs,
    *,
    definitions: Mapping | None = None,
    symmetric: Iterable = (),
) -> Proof:
    """Decide whether two expressions are equal for every size and any number of agents.

    Two engines that share no code must agree: the normal form in the free algebra of the letters
    (`ergs_verify.proof.algebra`) and evaluation over a prime field at unequal sizes
    (`ergs_verify.proof.field`). ``proved`` comes from the normal form; ``refuted`` always comes
    with exact matrices that show it.

    Parameters
    ----------
    lhs, rhs : SymPy expressions
        Matrices, or scalars made of traces, log determinants and scalar symbols. Letters are
        `sympy.MatrixSymbol` or `AgentMatrix`; integer symbols are sizes.
    definitions : mapping from letters to expressions, optional
        Abbreviations such as ``{W: tau/2*I + R + B.T*P*B}``.
    symmetric : iterable of letters, optional
        Letters equal to their transpose. (Those that appear in a counterexample are positive
        definite, and scalars positive.)

    Returns
    -------
    Proof
        True where proved. ``undecided``, with the reason, where an expression leaves the language
        or an inverse does not reduce to a letter (push-through identities, say).

    Notes
    -----
    Inverses are taken to exist, and log det arguments to be positive.

    Examples
    --------
    >>> from sympy import Identity, MatrixSymbol, Symbol
    >>> from ergs_verify.proof import prove
    >>> m, p = Symbol("m", integer=True), Symbol("p", integer=True)
    >>> B, P, R = MatrixSymbol("B", m, p), MatrixSymbol("P", m, m), MatrixSymbol("R", p, p)
    >>> tau, W = Symbol("tau", positive=True), MatrixSymbol("W", p, p)
    >>> define = {W: tau / 2 * Identity(p) + R + B.T * P * B}
    >>> prove(W.I * (R + B.T * P * B), Identity(p) - tau / 2 * W.I, definitions=define).verdict
    'proved'
    >>> print(prove(B.T * P, B.T * P.T).verdict)
    refuted
    """
    start = time.perf_counter()
    lhs, rhs = _expression(lhs, "the left side"), _expression(rhs, "the right side")
    definitions = {
        k: _expression(v, f"the definition of {k}") for k, v in (definitions or {}).items()
    }
    result = _decide(lhs, rhs, definitions, tuple(symmetric))
    return Proof(left=lhs, right=rhs, seconds=time.perf_counter() - start, **result)


def _expression(given, where: str):
    """A SymPy expression; a string is not read, for reading it would run it."""
    try:
        expression = sympy.sympify(given, strict=True)
    except sympy.SympifyError:
        expression = None
    if not isinstance(expression, sympy.Expr | sympy.MatrixExpr | sympy.MatrixBase):
        raise InputError(
            f"{where} must be a SymPy expression, not {type(given).__name__} {given!r}", where
        )
    return expression


def _decide(lhs, rhs, definitions, symmetric) -> dict:
    try:
        field_says = _over_prime_field(lhs, rhs, definitions, symmetric)
        field_reason = "" if field_says is not None else "no random point was regular"
    except ShapeError as error:
        return _ill_typed(lhs, rhs, definitions, symmetric, str(error))
    except UnsupportedError as error:
        field_says, field_reason = None, str(error)
    residual = None
    try:
        algebra = Algebra([lhs, rhs], definitions, symmetric)
        difference = algebra.poly(lhs) - algebra.poly(rhs)
        normal_form_says, reason = not difference, ""
        if difference:
            residual = algebra.to_sympy(difference)
    except ShapeError as error:
        return {"verdict": "undecided", "reason": f"the engines disagree about types: {error}"}
    except UnsupportedError as error:
        normal_form_says, reason = None, str(error)
    points = f" at {FIELD_TRIALS} random points modulo 2^61 − 1"
    evidence = (
        ("normal form", {True: "zero", False: "not zero", None: reason}[normal_form_says]),
        (
            "prime field",
            field_reason if field_says is None else ("different", "equal")[field_says] + points,
        ),
    )
    example, compared = None, 0
    if field_says is None or not (field_says or normal_form_says):
        example, compared = _search(lhs, rhs, definitions, symmetric)
        evidence += (("exact values", "different" if example else f"equal at {compared} points"),)
    if normal_form_says:
        if example or field_says is False:
            reason = "the engines disagree: the normal form is zero, but values differ"
        elif not (field_says or compared):
            reason = f"the normal form is zero, but no value confirms it: {field_reason}"
        else:
            return {"verdict": "proved", "evidence": evidence}
        return {"verdict": "undecided", "reason": reason, "evidence": evidence}
    if example is not None:
        return {
            "verdict": "refuted",
            "residual": residual,
            "counterexample": example,
            "evidence": evidence,
        }
    if field_says:
        reason = reason or "the normal form does not reduce to zero"
        reason += "; the prime field finds both sides equal"
    else:
        reason = reason or "the normal forms differ, but no small counterexample was found"
    return {"verdict": "undecided", "reason": reason, "residual": residual, "evidence": evidence}


def _ill_typed(lhs, rhs, definitions, symmetric, found: str) -> dict:
    """Both engines must find the fault in the types."""
    try:
        algebra = Algebra([lhs, rhs], definitions, symmetric)
        _ = algebra.poly(lhs) - algebra.poly(rhs)
    except ShapeError as error:
        evidence = (("types", str(error)), ("sizes all different", found))
        return {"verdict": "ill-typed", "reason": str(error), "evidence": evidence}
    except UnsupportedError:
        return {"verdict": "ill-typed", "reason": found, "evidence": (("types", found),)}
    return {"verdict": "undecided", "reason": f"the engines disagree about types: {found}"}


def _over_prime_field(lhs, rhs, definitions, symmetric) -> bool | None:
    """Whether both sides agree at random points; None where no point was regular."""
    arithmetic = PrimeField()
    rng = random.Random(20)
    compared, same = 0, True
    # Types are judged in every setting: m may happen to be a number of the formula in one.
    for agents, size_of in FIELD_SETTINGS:
        setting = Setting.of(
            [lhs, rhs],
            definitions=definitions,
            symmetric=symmetric,
            agents=agents,
            size_of=size_of,
        )
        regular = 0
        for _ in range(FIELD_TRIALS):
            try:
                left, right = setting.evaluate(field_values(setting, rng), arithmetic)
            except ZeroDivisionError:
                continue
            mismatch = typed_mismatch(left, right, arithmetic)
            if mismatch:
                raise ShapeError(mismatch)
            same = same and _same_in_field(left, right)
            regular += 1
            if not same or regular == FIELD_TRIALS // len(FIELD_SETTINGS):
                break
        compared += regular
    return same if compared == FIELD_TRIALS or not same else None


def _same_in_field(left, right) -> bool:
    if hasattr(left, "logs"):
        return (left.value, left.logs) == (right.value, right.logs)
    return left == right


def _search(lhs, rhs, definitions, symmetric) -> tuple[Counterexample | None, int]:
    """Small exact matrices at which the sides differ, or at how many points they agree."""
    compared = 0
    for agents, size_of, trials in SEARCH_SETTINGS:
        rng = random.Random(11)
        try:
            setting = Setting.of(
                [lhs, rhs],
                definitions=definitions,
                symmetric=symmetric,
                agents=agents,
                size_of=size_of,
            )
            for _ in range(trials):
                values = small_values(setting, rng)
                try:
                    left, right = setting.evaluate(values, SymPyNumbers())
                except ZeroDivisionError:
                    continue
                if _differ(left, right):
                    return Counterexample(values, left, right, setting), compared
                compared += 1
        except (ShapeError, UnsupportedError):
            continue
    return None, compared


def _differ(left, right) -> bool:
    """Whether exact values differ; logarithms and π are told apart at 50 digits."""
    difference = left - right
    if isinstance(difference, sympy.MatrixBase):
        return any(_nonzero(entry) for entry in difference)
    return _nonzero(sympy.sympify(difference))


def _nonzero(number: sympy.Expr) -> bool:
    if number.is_Rational:
        return number != 0
    return bool(abs(number.evalf(60)) > sympy.Float(10) ** -50)


def _exact(value):
    if isinstance(value, sympy.MatrixBase):
        return [[str(entry) for entry in value.row(k)] for k in range(value.rows)]
    return str(value)
