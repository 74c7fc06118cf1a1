"""Inequalities between norms, derived link by link by named rules, and attacked numerically.

A chain starts from a norm and applies rules; every rule computes the next bound from the one
before, so nothing between start and end is typed. The end must be proved equal to the bound that
is claimed. Besides, each link is attacked: a search over random matrices, then an optimiser, tries
to make the smaller side exceed the larger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np
import sympy
from attrs import field, frozen
from sympy import Expr, Inverse, MatAdd, MatMul, Transpose

from ergs_verify.arithmetic import Float64
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import AgentSum, AgentTotal
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.statements import Equality
from ergs_verify.proof.sampling import Setting


class FrobeniusNorm(Expr):
    """‖X‖_F of a matrix expression."""

    is_commutative = True
    is_nonnegative = True

    def _sympystr(self, printer) -> str:
        return f"‖{printer._print(self.args[0])}‖_F"

    def _latex(self, printer) -> str:
        return rf"\left\|{printer._print(self.args[0])}\right\|_F"


class SpectralNorm(Expr):
    """‖X‖₂ of a matrix expression."""

    is_commutative = True
    is_nonnegative = True

    def _sympystr(self, printer) -> str:
        return f"‖{printer._print(self.args[0])}‖_2"

    def _latex(self, printer) -> str:
        return rf"\left\|{printer._print(self.args[0])}\right\|_2"


@frozen
class NormRule:
    """A rule that gives an upper bound of an expression with norms.

    Attributes
    ----------
    name : str
    statement : str
        In LaTeX.
    source : str
    bound : callable
        The bound it gives.
    needs : tuple of str
        Sentences that have to be known.
    """

    name: str
    statement: str
    source: str
    bound: Callable[[Any], Any] = field(repr=False)
    needs: tuple[str, ...] = ()


def _inside_norms(expression, rewrite: Callable[[Any], Any], kind: type = FrobeniusNorm):
    """Rewrite every norm of a kind in an expression that grows with each of them."""
    return expression.xreplace({norm: rewrite(norm.args[0]) for norm in expression.atoms(kind)})


def _triangle(kind: type) -> Callable[[Any], Any]:
    def rewrite(X):
        if isinstance(X, MatAdd):
            return sympy.Add(*(rewrite(term) for term in X.args))
        if isinstance(X, AgentSum):
            return AgentTotal(rewrite(X.body), X.index, X.excluded)
        return kind(X)

    return lambda expression: _inside_norms(expression, rewrite, kind)


def _product(kind: type) -> Callable[[Any], Any]:
    """‖XY‖ ≤ ‖X‖ ‖Y‖, with ‖·‖₂ for an inverse."""

    def rewrite(X):
        if isinstance(X, Transpose):
            return rewrite(X.arg)
        if isinstance(X, MatMul):
            return sympy.Mul(*(rewrite(f) if f.is_Matrix else abs(f) for f in X.args))
        if isinstance(X, Inverse):
            return SpectralNorm(X)
        return kind(X)

    return lambda expression: _inside_norms(expression, rewrite, kind)


TRIANGLE = NormRule(
    "triangle inequality", r"\|X + Y\| \leq \|X\| + \|Y\|", "a norm", _triangle(FrobeniusNorm)
)
SUBMULTIPLICATIVE = NormRule(
    "submultiplicative norm",
    r"\|XY\|_F \leq \|X\|_2 \|Y\|_F,\ \|X\|_2 \leq \|X\|_F",
    "Cauchy–Schwarz, column by column",
    _product(FrobeniusNorm),
)
SPECTRAL_TRIANGLE = NormRule(
    "triangle inequality of ‖·‖₂",
    r"\|X + Y\|_2 \leq \|X\|_2 + \|Y\|_2",
    "a norm",
    _triangle(SpectralNorm),
)
SPECTRAL_PRODUCT = NormRule(
    "submultiplicative ‖·‖₂",
    r"\|XY\|_2 \leq \|X\|_2 \|Y\|_2",
    "an operator norm",
    _product(SpectralNorm),
)


def _projected(expression):
    def shortened(X):
        if isinstance(X, MatMul) and getattr(X.args[-1], "name", "") == PROJECTION:
            return FrobeniusNorm(MatMul(*X.args[:-1]))
        return FrobeniusNorm(X)

    return _inside_norms(expression, shortened)


PROJECTION = "C"
"""The letter of an orthogonal projection that stands last in a product."""
PROJECTED = NormRule(
    "projection",
    r"\|XC\|_F \leq \|X\|_F \text{ for an orthogonal projection } C",
    "Pythagoras: ‖X‖² = ‖XC‖² + ‖X − XC‖²",
    _projected,
    needs=("‖X‖_F² = ‖XC‖_F² + ‖X − XC‖_F²",),
)

_GROWS = ("bounds", r"\|X\| \leq \gamma", "the expression grows with each norm")


def bounded_by(bounds: Mapping[str, Any], *needs: str) -> NormRule:
    """Put an upper bound for the norm of each named letter (any agent's), or of W⁻¹.

    `needs` are the sentences that make them bounds.
    """

    def bound(expression):
        found = {}
        for norm in expression.atoms(FrobeniusNorm, SpectralNorm):
            letter = norm.args[0]
            inverse = isinstance(letter, Inverse)
            name = getattr(letter.arg if inverse else letter, "name", "")
            name += "⁻¹" if inverse else ""
            if name in bounds:
                found[norm] = bounds[name]
        return expression.xreplace(found)

    return NormRule(*_GROWS, bound, needs)


def inserted(letter: Any, value: Any) -> NormRule:
    """Write what a letter stands for, inside its norm."""

    def bound(expression):
        return expression.xreplace({FrobeniusNorm(letter): FrobeniusNorm(value)})

    return NormRule(*_INSERTED, bound)


_INSERTED = ("definition inserted", r"X := Y \Rightarrow \|X\| = \|Y\|", "X is short for Y")

NORM_RULES = {
    (rule.name, rule.statement, rule.source)
    for rule in (TRIANGLE, SUBMULTIPLICATIVE, SPECTRAL_TRIANGLE, SPECTRAL_PRODUCT, PROJECTED)
} | {_GROWS, _INSERTED}
"""The rules between norms: one list."""


@cache
def largest_norm(name: str) -> Callable[[Mapping], float]:
    """The least bound for the norms of a letter, at the matrices of an attack."""
    return lambda matrices: max(float(np.linalg.norm(X)) for X in matrices[name])


@frozen(kw_only=True)
class Attack:
    """What a search for a violation found.

    Attributes
    ----------
    worst : float
        The largest left/right that was met; a violation is clearly above 1.
    values : mapping
        The matrices there.
    points : int
    """

    worst: float
    values: Mapping[str, Any]
    points: int

    @property
    def violated(self) -> bool:
        # Rounding in norms of a few small matrices stays far below 1e-9.
        return self.worst > 1 + 1e-9


@frozen(kw_only=True)
class Chain:
    """left ≤ right, derived.

    Attributes
    ----------
    left : scalar with norms, the start
    steps : tuple of NormRule
        Applied in turn.
    right : the claimed bound
    sampler : callable
        ``sampler(rng, agents) -> dict`` of symbol bounds; see `attack`.
    first : Equality or None
        An identity that the start rests on.
    """

    left: Any
    steps: tuple[NormRule, ...]
    right: Any
    symbols: Mapping[Any, Callable[[Mapping], float]] = field(repr=False)
    first: tuple[Equality, ...] = ()
    symmetric: tuple = ()
    definitions: Mapping = field(factory=dict)

    @property
    def needs(self) -> tuple[str, ...]:
        """The sentences that have to be known for the rules to hold."""
        return tuple(sentence for rule in self.steps for sentence in rule.needs)

    def decide(self) -> Decision:
        evidence: list[tuple[str, str]] = []
        proved = True
        for equality in self.first:
            decision = equality.decide()
            proved = proved and decision.verdict == "proved"
            evidence += [(f"identity {m}", d) for m, d in decision.evidence]
        bound = self.left
        for rule in self.steps:
            if (rule.name, rule.statement, rule.source) not in NORM_RULES:
                evidence.append(("reason", f"{rule.name} is not a rule of this project"))
                return Decision(verdict="undecided", evidence=tuple(evidence))
            following = rule.bound(bound)
            evidence.append((rule.name, f"{bound} ≤ {following}"))
            found = self.attack(bound, following)
            evidence.append(("attack", _told(found)))
            if found.violated:
                return self._refuted(found, evidence)
            bound = following
        found = self.attack(self.left, self.right)
        evidence.append(("attack on the whole chain", _told(found)))
        if found.violated:
            return self._refuted(found, evidence)
        if proved and same_bound(bound, self.right):
            evidence.append(("identity", f"{bound} = {self.right}"))
            return Decision(verdict="proved", evidence=tuple(evidence), needs=self.needs)
        evidence.append(("reason", f"the chain ends at {bound}, not at {self.right}"))
        return Decision(verdict="undecided", evidence=tuple(evidence))

    def attack(self, left, right) -> Attack:
        """The search, made once for a link that several claims rest on."""
        return _attacked(
            left,
            right,
            tuple(self.symbols.items()),
            tuple(self.symmetric),
            tuple(self.definitions.items()),
        )

    def _still_violated(self) -> bool:
        found = attack(
            self.left,
            self.right,
            symbols=self.symbols,
            symmetric=self.symmetric,
            definitions=self.definitions,
        )
        return found.violated

    def _refuted(self, found: Attack, evidence) -> Decision:
        return Decision(
            verdict="refuted",
            evidence=tuple(evidence),
            counterexample={
                "values": {k: _listed(v) for k, v in found.values.items()},
                "left": f"{found.worst:.6g} times the right side",
                "right": "1",
            },
            replay=self._still_violated,
        )

    @property
    def expression(self) -> str:
        return f"{self.left} ≤ {self.right}"

    @property
    def latex(self) -> str:
        return rf"{sympy.latex(self.left)} \leq {sympy.latex(self.right)}"


def same_bound(left, right) -> bool:
    """Whether two bounds are the same scalar; sums over agents whose terms agree are counted."""
    return sympy.simplify(_counted(left) - _counted(right)) == 0


AGENTS = sympy.Symbol("N", positive=True)


def _counted(expression):
    """Σ over agents of what does not depend on the agent: the number of agents times it."""
    totals = expression.atoms(AgentTotal)
    replaced = {}
    for total in totals:
        body = _counted(total.body)
        constant, rest = body.as_independent(total.index, as_Add=False)
        count = AGENTS - len(total.excluded)
        replaced[total] = (
            count * body if rest == 1 else constant * AgentTotal(rest, total.index, total.excluded)
        )
    return sympy.expand(expression.xreplace(replaced))


class _NormEvaluator(Evaluator):
    """Float64, with norms."""

    def _unknown(self, expr):
        if isinstance(expr, FrobeniusNorm):
            return float(np.linalg.norm(self(expr.args[0])))
        if isinstance(expr, SpectralNorm):
            return float(np.linalg.norm(self(expr.args[0]), 2))
        if isinstance(expr, sympy.Pow) and not expr.exp.is_Integer:
            return float(self(expr.base)) ** float(expr.exp)
        return super()._unknown(expr)


def attack(
    left,
    right,
    *,
    symbols: Mapping[Any, Callable[[Mapping], float]],
    symmetric: tuple = (),
    definitions: Mapping | None = None,
    agents: int = 3,
    random_points: int = 40,
    refinements: int = 120,
) -> Attack:
    """Search for matrices at which `left` exceeds `right`: random points, then Nelder–Mead.

    Parameters
    ----------
    symbols : mapping from scalar symbol to callable
        The value of a bound such as γ_B at given matrices (the least for which the hypothesis
        holds), or of a free scalar.
    """
    from scipy.optimize import minimize  # takes longer to import than all the records

    settings = [
        Setting.of(
            [left, right],
            definitions=definitions,
            symmetric=symmetric,
            agents=count,
            size_of=size_of,
        )
        for count, size_of in ((agents, lambda _: 1), (2, lambda k: 1 + (k + 1) % 2))
    ]
    worst, worst_values, points = -np.inf, {}, 0
    for setting in settings:
        shapes = {letter: setting.shape(letter) for letter in setting.letters}
        size = sum(rows * cols for rows, cols in shapes.values()) + len(setting.scalars)

        def ratio(theta, setting=setting, shapes=shapes):
            values = _values(setting, shapes, theta, symbols)
            evaluator = _NormEvaluator(values, Float64(), setting.definitions, setting.sizes)
            lower, upper = (float(evaluator(e)) for e in setting.expressions)
            if not np.isfinite(lower) or not np.isfinite(upper) or upper <= 0:
                return (0.0 if lower <= 0 else np.inf), values
            return lower / upper, values

        rng = np.random.default_rng(7)
        starts = [rng.standard_normal(size) for _ in range(random_points)]
        scored = sorted(starts, key=lambda theta: -ratio(theta)[0])
        points += random_points
        result = minimize(
            lambda theta: -ratio(theta)[0],
            scored[0],
            method="Nelder-Mead",
            options={"maxfev": refinements},
        )
        points += int(result.nfev)
        value, values = ratio(result.x)
        if value > worst:
            worst, worst_values = value, {str(k): v for k, v in values.items()}
    return Attack(worst=float(worst), values=worst_values, points=points)


@lru_cache(maxsize=256)
def _attacked(left, right, symbols: tuple, symmetric: tuple, definitions: tuple) -> Attack:
    return attack(
        left, right, symbols=dict(symbols), symmetric=symmetric, definitions=dict(definitions)
    )


def _values(setting: Setting, shapes: Mapping, theta, symbols) -> dict:
    """Matrices and positive scalars from a vector of parameters; symmetric matrices definite.

    A bound such as γ_B is the largest norm that occurs; one of a letter that does not occur, and
    any other scalar, is free.
    """
    values: dict = {}
    by_name: dict[str, list] = {}
    at = len(setting.scalars)
    for letter, (rows, cols) in shapes.items():
        X = theta[at : at + rows * cols].reshape(rows, cols)
        at += rows * cols
        if setting.is_symmetric(letter):
            X = X @ X.T + 1e-6 * np.eye(rows)
        values[letter] = X
        by_name.setdefault(letter.name, []).append(X)
    for k, scalar in enumerate(setting.scalars):
        try:
            values[scalar] = symbols[scalar](by_name)
        except KeyError:
            values[scalar] = float(np.exp(theta[k]))
    return values


def _told(found: Attack) -> str:
    return f"largest left/right {found.worst:.6g} over {found.points} points"


def _listed(value):
    return np.asarray(value).tolist()
