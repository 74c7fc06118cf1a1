"""`prove`: are two scalar or matrix expressions equal for every size and any number of agents?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import sympy
from attrs import evolve, field, frozen
from sympy.core.function import AppliedUndef

from ergs_verify.errors import InputError, ShapeError, UnsupportedError
from ergs_verify.expressions import parts_of
from ergs_verify.markup import in_markdown
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.certificate import certificate
from ergs_verify.proof.field import PrimeField
from ergs_verify.proof.hypotheses import eliminated, is_definite
from ergs_verify.proof.lowering import lowered, with_derivatives, with_roots
from ergs_verify.proof.realize import Limits, Realization, realize
from ergs_verify.proof.replay import differ
from ergs_verify.proof.sampling import (
    Setting,
    SymPyNumbers,
    field_values,
    free_agent_indices,
    small_values,
    typed_mismatch,
)
from ergs_verify.proof.statement import Statement, dimensions_of, kind_of, owners_of
from ergs_verify.proof.steps import Step, steps
from ergs_verify.typeset import equation, tex

FIELD_POINTS = 4
"""Logarithms that differ agree at one point with probability near 2^−16, at four below 2^−50."""
MOST_SIZE = 12
"""Sizes grow with the realization's dimension up to this one."""
NEVER_REGULAR = (
    "at every random point some inverse did not exist, so the inverses exist for no size or for few"
)
MOST_EXPONENT = 10**6
MOST_DEGREE = 10_000
"""No exact counterexample is looked for beyond: its numbers would be too long."""
# A wrong identity seldom agrees at a random small point; 65 points at five kinds of sizes, and
# sizes in the other order, as an inverse may need n ≥ k.
SEARCH_SETTINGS = (
    (2, lambda _: 1, 15),
    (2, lambda _: 2, 15),
    (2, lambda k: 1 + k % 3, 15),
    (3, lambda k: 2 + k % 2, 15),
    (2, lambda k: 3 - k % 3, 15),
    (2, lambda k: 4 + k, 5),
)


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
    _question: _Question | None = field(default=None, repr=False, eq=False)

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
        asked = self._question
        if not self or asked is None:
            return ()
        lhs, rhs, definitions = asked.plain or (asked.lhs, asked.rhs, asked.definitions)
        return steps(lhs, rhs, definitions, asked.symmetric, self._realization)

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


def prove(
    lhs,
    rhs,
    *,
    definitions: Mapping | None = None,
    symmetric: Iterable = (),
    positive_definite: Iterable = (),
    given: Iterable = (),
    limits: Limits | None = None,
) -> Proof:
    """Decide whether two expressions are equal for every size and any number of agents.

    Parameters
    ----------
    lhs, rhs : SymPy expressions
        Matrices, or scalars made of traces, determinants, their logarithms and scalar symbols.
        Letters are `sympy.MatrixSymbol` m×n with symbols m and n for the sizes, or `AgentMatrix`.
    definitions : mapping from letters to expressions, optional
        Abbreviations such as ``{W: tau/2*I + R + B.T*P*B}``.
    symmetric : iterable of letters, optional
        Letters that equal their transpose.
    positive_definite : iterable of letters, optional
        Letters that are symmetric and positive definite. They have roots, written
        ``P**Rational(1, 2)``, and sums of them have inverses.
    given : iterable of sympy.Eq, optional
        Hypotheses, such as the Riccati equation that a letter satisfies. One letter of each is
        eliminated. It must occur once in the equation, as a term of its own or between factors
        that are positive definite.
    limits : Limits, optional
        The most time, and the largest system of equations, that may be used.

    Returns
    -------
    Proof
        ``refuted`` comes with exact matrices at which the sides differ. ``undecided`` comes with
        the reason: an expression lies outside the language, no centre is known at which every
        inverse exists, or a limit is reached.

    Raises
    ------
    InputError
        If something given is not an expression or not a letter, or no letter of a hypothesis can
        be eliminated.

    Notes
    -----
    Inverses are assumed to exist, and arguments of log det to be positive. Two engines that share
    no code must agree: realizations [1]_, and evaluation over a prime field at unequal sizes.
    :doc:`/explanation/theory` explains them in "Deciding identities"; :doc:`/prover` counts what
    they decide.

    References
    ----------
    .. [1] P. M. Cohn and C. Reutenauer, On the construction of the free field, International
       Journal of Algebra and Computation 9 (1999), 307–323.

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
    >>> I = Identity
    >>> prove((I(p) + B.T * P * B).I * B.T, B.T * (I(m) + P * B * B.T).I).verdict
    'proved'
    >>> print(prove(B.T * P, B.T * P.T).verdict)
    refuted
    >>> from sympy import Eq
    >>> A, Q = MatrixSymbol("A", m, m), MatrixSymbol("Q", m, m)
    >>> lyapunov = Eq(P, A.T * P * A + Q)
    >>> prove(P - A.T * A.T * P * A * A, Q + A.T * Q * A, given=[lyapunov]).verdict
    'proved'
    """
    start = time.perf_counter()
    lhs, rhs = _expression(lhs, "the left side"), _expression(rhs, "the right side")
    definitions = _definitions(definitions)
    definite = frozenset(_letters(positive_definite, "positive_definite"))
    symmetric = tuple(dict.fromkeys((*_letters(symmetric), *sorted(definite, key=str))))
    if not isinstance(limits, Limits | None):
        raise InputError(f"limits must be Limits(seconds=…, blocks=…), not {_shown(limits)}")
    if isinstance(given, sympy.Basic | str) or not isinstance(given, Iterable):
        raise InputError(f"given must be a list such as [Eq(P, Q)], not {_shown(given)}", "given")
    given = tuple(given)
    _consistent((lhs, rhs, *given), definitions, symmetric, definite)
    if given:
        found = eliminated(
            given,
            definitions,
            symmetric,
            (lhs, rhs, *definitions.values()),
            lambda left, right, known: _equal(left, right, tuple(known.items()), symmetric),
            definite,
        )
        definitions = {**definitions, **found}
    question = _Question(lhs, rhs, definitions, symmetric, limits or Limits(), definite)
    try:
        result = question.answer()
    except RecursionError:
        result = Proof(lhs, rhs, "undecided", reason=_reason(RecursionError()))
    return evolve(result, seconds=time.perf_counter() - start)


def _expression(given, where: str):
    """A SymPy expression; a string is not read, for reading it would run it."""
    try:
        expression = sympy.sympify(given, strict=True)
    except sympy.SympifyError:
        expression = None
    if not isinstance(expression, sympy.Expr | sympy.MatrixExpr | sympy.MatrixBase):
        raise InputError(f"{where} must be a SymPy expression, not {_shown(given)}", where)
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise InputError(f"{where} divides by 0: SymPy made it {expression}", where)
    return expression


def _shown(given) -> str:
    return f"{type(given).__name__} {given!r}"


def _definitions(given) -> dict:
    """The definitions, by letter."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(
            f"definitions must be a mapping such as {{W: A + B}}, not {type(given).__name__}",
            "definitions",
        )
    for key in given:
        if not isinstance(key, sympy.MatrixSymbol | sympy.Symbol | AppliedUndef):
            raise InputError(f"only a letter can be defined, not {_shown(key)}", "definitions")
    found = {k: _expression(v, f"the definition of {k}") for k, v in given.items()}
    for letter, value in found.items():
        if letter.is_Matrix != value.is_Matrix:
            kinds = ("a matrix" if e.is_Matrix else "a scalar" for e in (letter, value))
            raise InputError(f"{letter} is {', but its definition is '.join(kinds)}", "definitions")
    return found


def _letters(given, where: str = "symmetric") -> tuple:
    """The symmetric letters, or the positive definite ones."""
    if isinstance(given, sympy.Basic | str) or not isinstance(given, Iterable):
        raise InputError(
            f"{where} must be a list of letters such as [P], not {_shown(given)}", where
        )
    letters = tuple(given)
    for letter in letters:
        if not isinstance(letter, sympy.MatrixSymbol):
            raise InputError(
                f"a {where.replace('_', ' ')} letter must be a MatrixSymbol, not {_shown(letter)}",
                where,
            )
        if any(owner.is_Integer for owner in owners_of(letter)):
            raise InputError(
                f"{where} has to hold for every agent: give {letter.name} with an index, such as "
                f"AgentMatrix({letter.name!r}, agent_index('i'), …), not {letter}",
                where,
            )
    return letters


@lru_cache(maxsize=256)
def _equal(left, right, definitions: tuple, symmetric: tuple) -> bool:
    return bool(_Question(left, right, dict(definitions), symmetric, Limits()).answer())


def _consistent(claim: tuple, definitions: Mapping, symmetric: tuple, definite: frozenset) -> None:
    """Raise where a letter is defined or declared to be what it cannot be, or two look alike."""
    everything = [e for e in (*claim, *definitions.values()) if isinstance(e, sympy.Basic)]
    called: dict[str, sympy.Symbol] = {}
    for symbol in set().union(*(parts_of(e, sympy.Symbol) for e in (*everything, *definitions))):
        if called.setdefault(symbol.name, symbol) != symbol:
            raise InputError(
                f"two symbols are called {symbol.name} but have different SymPy assumptions; make "
                "the symbol once and use it everywhere"
            )
    letters = set().union(*(parts_of(e, sympy.MatrixSymbol) for e in everything))
    for declared, where in (
        *((s, "symmetric") for s in symmetric),
        *((d, "definitions") for d in definitions),
    ):
        if isinstance(declared, sympy.MatrixSymbol):
            _fits(declared, letters, where)
    kinds = set(map(kind_of, symmetric))
    sizes = dimensions_of((*everything, *definitions)) | set(free_agent_indices(everything))
    for letter, value in definitions.items():
        if letter in sizes:
            raise InputError(
                f"{letter} is a size or an agent and cannot be defined; write its value instead",
                "definitions",
            )
        if letter.is_positive and value.is_positive is False:
            raise InputError(f"{letter} is positive, but its definition is {value}", "definitions")
        if letter in definite and not is_definite(value, definite):
            raise InputError(
                f"{letter} is declared positive definite, which its definition {value} does not "
                "show",
                "positive_definite",
            )
        if kind_of(letter) in kinds and value.is_Matrix and letter not in definite:
            turned = sympy.Transpose(value)
            if not _equal(value, turned, tuple(definitions.items()), symmetric):
                raise InputError(
                    f"{letter} is declared symmetric, which its definition {value} does not show",
                    "symmetric",
                )


def _fits(declared, letters: set, where: str) -> None:
    """Raise where a letter of this name has another shape."""
    for letter in letters:
        if kind_of(letter) == kind_of(declared):
            names = dict(zip(owners_of(declared), owners_of(letter), strict=True))
            shape = tuple(side.xreplace(names) for side in declared.shape)
            if shape != letter.shape:
                shown = ("×".join(map(str, sides)) for sides in (shape, letter.shape))
                raise InputError(
                    f"{where} gives {declared} the size {', but it is '.join(shown)}",
                    where,
                )


@frozen
class _Question:
    """What is asked."""

    lhs: Any
    rhs: Any
    definitions: dict
    symmetric: tuple
    limits: Limits
    definite: frozenset = frozenset()
    plain: tuple = ()

    def answer(self) -> Proof:
        """The proof, without the time it took."""
        powers = set().union(*(parts_of(e, sympy.Pow, sympy.MatPow) for e in self._everything()))
        for power in sympy.ordered(powers):
            if power.exp.is_Integer and abs(power.exp) > MOST_EXPONENT:
                return self._proof("undecided", reason=f"{power} is too long to write out")
        try:
            question = self._without_roots()
        except UnsupportedError as error:
            return self._proof("undecided", reason=str(error))
        found = question._answer()
        evidence = found.evidence
        if found and self.definite:
            evidence = (*evidence, ("inverses", self._inverses()))
        return evolve(found, left=self.lhs, right=self.rhs, evidence=evidence, question=question)

    def _inverses(self) -> str:
        """Which inverses are known to exist."""
        atoms = set().union(*(parts_of(e, sympy.Inverse) for e in self._everything()))
        left = [x for x in sympy.ordered(atoms) if not is_definite(x.arg, self.definite)]
        if not left:
            return "all exist: what is inverted is positive definite"
        return f"taken to exist: {', '.join(map(str, left))}"

    def _without_roots(self) -> _Question:
        """Derivatives worked out, and roots as letters of their own."""
        lhs, rhs, *values = (with_derivatives(e, self.definitions) for e in self._everything())
        (lhs, rhs, *values), roots = with_roots([lhs, rhs, *values], self.definite)
        for letter in roots:
            if letter in self.definitions:
                raise UnsupportedError(f"the root of {letter}, which has a definition")
        definitions = {**dict(zip(self.definitions, values, strict=True)), **roots}
        matrices = [value.args[0] for value in roots.values() if value.is_Matrix]
        symmetric = (*(s for s in self.symmetric if s not in roots), *matrices)
        return evolve(self, lhs=lhs, rhs=rhs, definitions=definitions, symmetric=symmetric)

    def _answer(self) -> Proof:
        statement, found, beyond = None, None, ""
        try:
            self = evolve(self, plain=lowered(self.lhs, self.rhs, self.definitions))
            statement = self._typed()
        except ShapeError as error:
            return self._ill_typed(str(error))
        except (UnsupportedError, ZeroDivisionError) as error:
            beyond = _reason(error)
        if "does not commute" in beyond:
            return self._proof("undecided", reason=beyond)
        if self.plain:
            lhs, rhs, definitions = self.plain
            try:
                found = realize(lhs, rhs, definitions, self.symmetric, self.limits, statement)
                beyond = ""
            except (ShapeError, UnsupportedError, RecursionError, ZeroDivisionError) as error:
                beyond = _reason(error)
        if found is None and self.lhs == self.rhs:
            return self._same_expression()
        return self._decided(found, beyond)

    def _proof(self, verdict: str, **more) -> Proof:
        return Proof(left=self.lhs, right=self.rhs, verdict=verdict, **more)

    def _same_expression(self) -> Proof:
        """Of two sides that are one; what they mean must exist."""
        evidence = (("identity", "both sides are the same expression"),)
        if self.lhs.has(sympy.Inverse, sympy.MatPow, sympy.Pow, sympy.log) or self.definitions:
            try:
                equal, where = self._over_prime_field(1)
            except UnsupportedError:
                equal, where = True, ""
            except ShapeError as error:
                return self._proof("ill-typed", reason=str(error), evidence=evidence)
            if not equal:
                reason = f"no value confirms that the inverses exist:  {where}"
                return self._proof("undecided", reason=reason, evidence=evidence)
        return self._proof("proved", sizes="every size", evidence=evidence)

    def _typed(self) -> Statement:
        """The statement; an error where sizes do not fit, in the definitions too."""
        lhs, rhs, definitions = self.plain
        statement = Statement([lhs, rhs], definitions, self.symmetric)
        try:
            for letter in definitions:
                statement.convert(letter)
        except RecursionError as error:
            raise UnsupportedError(_reason(error)) from None
        if lhs.is_Matrix != rhs.is_Matrix:
            raise ShapeError("a scalar is compared with a matrix")
        left: Any = statement.convert(lhs)
        right: Any = statement.convert(rhs)
        if lhs.is_Matrix:
            statement.add(left, right)
        return statement

    def _ill_typed(self, found: str) -> Proof:
        """Both engines must find the fault in the types."""
        other = ""
        try:
            self._over_prime_field(1)
        except ShapeError as error:
            other = str(error)
        except UnsupportedError:
            other = found
        if not other and not any(k.is_Matrix for k in self.definitions):
            return self._proof("undecided", reason=f"the engines disagree about types: {found}")
        evidence = (("types", found), *((("sizes all different", other),) if other else ()))
        return self._proof("ill-typed", reason=found, evidence=evidence)

    def _decided(self, found: Realization | None, beyond: str) -> Proof:
        dimension = found.dimension if found else 1
        try:
            equal, where = self._over_prime_field(dimension)
        except ShapeError as error:
            if beyond:
                evidence = (("types", str(error)),)
                return self._proof("ill-typed", reason=str(error), evidence=evidence)
            return self._proof("undecided", reason=f"the engines disagree about types: {error}")
        except UnsupportedError as error:
            equal, where = None, str(error)
        zero = found.zero if found else None
        evidence = (("realization", _described(found) if found else beyond),)
        normal, residual = None, None
        if not zero:
            normal, residual, detail = self._normal_form()
            evidence += (("normal form", detail),)
            beyond = beyond or ("" if normal is not None else detail)
        evidence += (("prime field", where),)
        differ = not (zero or normal) and (zero is False or normal is False)
        example, compared = None, 0
        if equal is None or differ or not (equal or zero or normal):
            example, compared = self._search(not (equal and differ))
            said = "different" if example else f"equal at {compared} points"
            evidence += (("exact values", said),)
        more: dict[str, Any] = {"evidence": evidence}
        if zero or normal:
            if equal is False or example or zero is False:
                other = "values differ" if zero is not False else "the sides differ by realizations"
                reason = f"the engines disagree: one finds zero, but {other}"
                return self._proof("undecided", reason=reason, **more)
            if equal is None and (where == NEVER_REGULAR or not compared):
                reason = f"the difference would be zero, but no value confirms it: {where}"
                return self._proof("undecided", reason=reason, **more)
            found = found if zero else None
            return self._proof("proved", sizes=_sizes(found), realization=found, **more)
        more["residual"] = residual
        if example is not None:
            if not equal or example.replay():
                return self._proof("refuted", counterexample=example, **more)
            beyond = "the engines disagree about a counterexample"
        reason = beyond or "realizations say that the sides differ"
        if equal:
            reason += "; the prime field finds both sides equal"
        elif equal is False:
            reason += ", but no small counterexample was found"
        elif found is not None or not beyond or where == NEVER_REGULAR:
            reason = where
        return self._proof("undecided", reason=reason, **more)

    def _normal_form(self) -> tuple[bool | None, Any, str]:
        """Whether the difference is zero in the free algebra, and what is left of it."""
        lhs, rhs, definitions = self.plain or (self.lhs, self.rhs, self.definitions)
        try:
            algebra = Algebra([lhs, rhs], definitions, self.symmetric)
            difference = algebra.poly(lhs) - algebra.poly(rhs)
            residual = algebra.to_sympy(difference) if difference else None
        except (ShapeError, UnsupportedError, RecursionError, ZeroDivisionError) as error:
            return None, None, _reason(error)
        return not difference, residual, "not zero" if difference else "zero"

    def _setting(self, agents: int, size_of: Callable[[int], int]) -> Setting:
        return Setting.of(
            [self.lhs, self.rhs],
            definitions=self.definitions,
            symmetric=self.symmetric,
            agents=agents,
            size_of=size_of,
        )

    def _everything(self) -> tuple:
        return self.lhs, self.rhs, *map(sympy.sympify, self.definitions.values())

    def _shapes_differ(self) -> str:
        """How the shapes of the sides differ, in the letters given."""
        shown = [
            "×".join(f"({d})" if d.is_Add or d.is_Mul else str(d) for d in e.shape)
            for e in (self.lhs, self.rhs)
            if e.is_Matrix
        ]
        differ = len({*shown}) == 2
        return f"the left side is {shown[0]} and the right side {shown[1]}" if differ else ""

    def _over_prime_field(self, dimension: int) -> tuple[bool | None, str]:
        """Whether both sides agree at random points; None where no point was regular."""
        arithmetic = PrimeField()
        rng = random.Random(20)
        compared, different, sizes = 0, False, set()
        kronecker = any(parts_of(e, sympy.KroneckerProduct) for e in self._everything())
        settings = [self._setting(*given) for given in _field_settings(dimension, kronecker)]
        for number, setting in enumerate(FIELD_POINTS * settings):
            # Each once, as each may show a fault in the types; the regular ones until it is enough.
            if number >= len(settings) and (different or compared >= FIELD_POINTS):
                break
            try:
                left, right = setting.evaluate(field_values(setting, rng), arithmetic)
            except ZeroDivisionError:
                continue
            mismatch = typed_mismatch(left, right, arithmetic)
            if mismatch:
                raise ShapeError(self._shapes_differ() or mismatch)
            different = different or not _same_in_field(left, right)
            compared += 1
            sizes |= set(setting.sizes.values())
        if not compared:
            return None, NEVER_REGULAR
        if different:
            return False, "different at a random point modulo 2^61 − 1"
        span = f", sizes {min(sizes)} to {max(sizes)}" if sizes else ""
        return True, (
            f"equal at {compared} random points modulo 2^61 − 1{span}; sides that differ, with "
            "degree D at these sizes, agree at one point with probability below D·2^−59, or near "
            "2^−16 if they differ by logarithms"
        )

    def _search(self, modular: bool) -> tuple[Counterexample | None, int]:
        """Small exact matrices at which the sides differ, or at how many points they agree.

        With `modular`, points at which they agree modulo a prime are left out: it is seen sooner.
        """
        compared = 0
        if _degree((self.lhs, self.rhs), self.definitions) > MOST_DEGREE:
            return None, 0
        for agents, size_of, trials in SEARCH_SETTINGS:
            rng = random.Random(11)
            try:
                setting = self._setting(agents, size_of)
                for _ in range(trials):
                    values = small_values(setting, rng)
                    try:
                        if modular and _same_modulo_prime(setting, values):
                            compared += 1
                            continue
                        left, right = setting.evaluate(values, SymPyNumbers())
                        differ = _differ(left, right)
                    except ZeroDivisionError:
                        continue
                    if differ:
                        return Counterexample(values, left, right, setting), compared
                    compared += 1
            except (ShapeError, UnsupportedError, RecursionError):
                continue
        return None, compared


def _reason(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "it divides by a scalar that is 0"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _described(found: Realization) -> str:
    if not found.zero:
        return "not zero"
    return f"zero; dimension at most {found.dimension}"


def _sizes(found: Realization | None) -> str:
    """For which sizes something is proved."""
    if found is None or not found.split:
        return "every size"
    bounds = (f"{n} ≥ {' + '.join(parts[:-1])}" for n, parts in found.split.items())
    return f"every {', '.join(bounds)} (where the inverses exist)"


def _field_settings(
    dimension: int, kronecker: bool
) -> tuple[tuple[int, Callable[[int], int]], ...]:
    """Agents and sizes: in both orders, all different, and of at least the dimension given.

    Three agents, then four, and other sizes, so that a coincidence of the one (N = 3, say) does
    not pass. Of Kronecker products the sizes multiply, so they are small.
    """
    if kronecker:
        return (3, lambda k: k + 2), (3, lambda k: max(2, 5 - k))
    start = max(2, min(dimension, MOST_SIZE))
    return (
        (3, lambda k: k + 2),
        (4, lambda k: 2 * k + 3),
        (3, lambda k: start + 9 - k if k < 9 else start + k),
        (3, lambda k: start + k),
    )


def _degree(expressions: Iterable, definitions: Mapping) -> int:
    """A bound on the degree in the letters, which the length of exact numbers grows with."""
    known: dict = {}
    bodies = {getattr(k, "name", k): v for k, v in definitions.items()}

    def degree(e: Any) -> int:
        if e not in known:
            known[e] = 0  # a definition that comes back to itself
            if isinstance(e, sympy.MatrixSymbol | sympy.Symbol):
                name = getattr(e, "name", e)
                known[e] = degree(bodies[name]) if name in bodies else 1
            elif isinstance(e, sympy.MatMul | sympy.Mul):
                known[e] = sum(map(degree, e.args))
            elif isinstance(e, sympy.MatPow | sympy.Pow) and e.exp.is_Integer:
                known[e] = degree(e.base) * abs(int(str(e.exp)))
            else:
                known[e] = max(map(degree, e.args), default=0)
        return known[e]

    return max(map(degree, map(sympy.sympify, expressions)))


def _same_modulo_prime(setting: Setting, values: Mapping) -> bool:
    """Whether exact values agree modulo a prime, which is seen sooner; False also if not seen."""
    arithmetic = PrimeField()

    def entering(value):
        if isinstance(value, sympy.MatrixBase):
            rows = [[Fraction(int(x.p), int(x.q)) for x in value.row(r)] for r in range(value.rows)]
            return arithmetic.matrix(rows, value.shape)
        return arithmetic.scalar(Fraction(int(value.p), int(value.q)))

    if any(not value.is_Rational for value in values.values() if not value.is_Matrix):
        return False
    entered = {letter: entering(value) for letter, value in values.items()}
    try:
        return _same_in_field(*setting.evaluate(entered, arithmetic))
    except UnsupportedError:
        return False


def _same_in_field(left, right) -> bool:
    if hasattr(left, "logs"):
        return (left.value, left.logs) == (right.value, right.logs)
    return left == right


def _differ(left, right) -> bool:
    """Whether exact values differ; logarithms and π are told apart at 50 digits."""
    difference = left - right
    if difference.has(sympy.zoo, sympy.nan):  # SymPy divides by 0 without an error
        raise ZeroDivisionError
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
