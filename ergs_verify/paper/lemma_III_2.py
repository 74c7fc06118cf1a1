"""Lemma III.2: the density that minimises E[u'Mu + b'u + τ log(π/μ)], derived from the functional.

Densities of u at a point are scalars here; log π(u) is a letter of its own wherever π is any
density, so that the Gibbs identity holds for all of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import mpmath
import sympy
from attrs import frozen
from sympy import (
    Determinant,
    Identity,
    Integer,
    Inverse,
    MatrixSymbol,
    Symbol,
    exp,
    log,
    pi,
)

from ergs_verify.errors import DerivationError
from ergs_verify.expressions import trace_of
from ergs_verify.paper.derivation import Derivation, Derived, Move, demand_equal
from ergs_verify.paper.notation import tau
from ergs_verify.proof import gaussian_expectation
from ergs_verify.proof.reading import quadratic_form

p = Symbol("p", integer=True, positive=True)
u, b = MatrixSymbol("u", p, 1), MatrixSymbol("b", p, 1)
M, W = MatrixSymbol("M", p, p), MatrixSymbol("W", p, p)
mean, cov = MatrixSymbol("k", p, 1), MatrixSymbol(r"\Sigma", p, p)

# Scalars at a point u: the densities v = π(u) and w = μ(u), and ℓ = u'Mu + b'u.
v, w = Symbol("v", positive=True), Symbol("w", positive=True)
ell = Symbol("ell", real=True)
lagrange = Symbol("lambda", real=True)
log_density = Symbol(r"\log\pi(u)", real=True)

quadratic = trace_of(u.T, M, u) + trace_of(b.T, u)
f = (ell + tau * log(v / w) + lagrange) * v
"""The integrand of the Lagrangian, at a point u."""


@frozen(kw_only=True)
class Prior:
    """A Gaussian prior μ of the control.

    Attributes
    ----------
    name : str
        LaTeX of μ.
    log_density : Expr
        log μ(u).
    weight : MatrixExpr, p×p
        What W stands for: τ/2 times the prior's precision, and M.
    pull : MatrixExpr, p×1
        −W times the mean of the minimiser.
    symmetric : tuple of letters
    """

    name: str
    log_density: Any
    weight: Any
    pull: Any
    symmetric: tuple = (M, W, cov)


c, L = MatrixSymbol("c", p, 1), MatrixSymbol("L", p, p)
_half_log = p * log(2 * pi) / 2
standard = Prior(
    name=r"\mathcal{N}(0, I)",
    log_density=-trace_of(u.T, u) / 2 - _half_log,
    weight=tau / 2 * Identity(p) + M,
    pull=b / 2,
)
"""The paper's prior."""
gaussian = Prior(
    name=r"\mathcal{N}(c, L^{-1})",
    log_density=-trace_of(u.T - c.T, L, u - c) / 2 + log(Determinant(L)) / 2 - _half_log,
    weight=tau / 2 * L + M,
    pull=b / 2 - tau / 2 * L * c,
    symmetric=(M, W, cov, L),
)
"""Any Gaussian prior, of mean c and precision L."""
W_is, symmetric, log_prior = standard.weight, standard.symmetric, standard.log_density


def divergence_from_prior(mean_vector, covariance, size, prior: Prior = standard):
    """KL(N(mean, covariance) ‖ prior) by the moments of the two log densities; (18) of N(0, I).

    E log π − E log μ with log π = −½(u−k)'Σ⁻¹(u−k) − ½ log det Σ − (p/2) log 2π.
    """
    centred: Any = u - mean
    log_gaussian = (
        -trace_of(centred.T, Inverse(cov), centred) / 2
        - log(Determinant(cov)) / 2
        - p * log(2 * pi) / 2
    )
    divergence = gaussian_expectation(
        log_gaussian - prior.log_density, {u: (mean, cov)}, symmetric=prior.symmetric
    )
    return divergence.xreplace({mean: mean_vector, cov: covariance, p: size})


def _euler_lagrange(_state):
    return {"condition": sympy.diff(f, v)}


def _check_euler_lagrange(state) -> str:
    """The condition against a central difference of the integrand at 40 digits."""
    context = mpmath.MPContext()
    context.dps = 60
    point = {ell: "0.7", tau: "1.3", w: "0.4", lagrange: "-0.2", v: "0.9"}
    order = list(point)
    integrand = sympy.lambdify(order, f, modules=_functions(context))
    condition = sympy.lambdify(order, state["condition"], modules=_functions(context))
    at = [context.mpf(x) for x in point.values()]
    h = context.mpf(10) ** -20
    shifted = [integrand(*at[:-1], at[-1] + s * h) for s in (1, -1)]
    slope = (shifted[0] - shifted[1]) / (2 * h)
    # A central difference with h = 1e-20 is off by O(h²) = 1e-40, rounding by 1e-60/h = 1e-40.
    if abs(slope - condition(*at)) > context.mpf(10) ** -38:
        raise DerivationError("the Euler–Lagrange condition is not the slope of the integrand")
    return "agrees with a central difference of the integrand to 38 digits"


def _functions(context) -> list:
    return [{"log": context.log, "exp": context.exp}]


def _solve(state):
    # The condition is linear in log(v/w); the check inserts what is found.
    (ratio,) = sympy.solve(state["condition"], log(v / w), simplify=False, check=False)
    return {"density": w * exp(ratio), "curvature": sympy.diff(f, v, 2)}


def _check_solution(state) -> str:
    inserted = state["condition"].subs(v, state["density"])
    if sympy.expand(sympy.expand_log(inserted, force=True)) != 0:
        raise DerivationError("the density does not satisfy the Euler–Lagrange condition")
    if state["curvature"] != tau / v:
        raise DerivationError("the integrand is not strictly convex in the density")
    return "inserted into the condition gives 0; ∂²f/∂v² = τ/v > 0, so it is the only solution"


def _insert_prior(state):
    exponent = sympy.expand_log(log(state["density"]), force=True)
    log_prior = state["prior"].log_density
    exponent = sympy.expand(exponent.subs(log(w), log_prior).subs(ell, quadratic))
    return {"exponent": exponent}


def _check_prior(state) -> str:
    expected = state["prior"].log_density - quadratic / tau - 1 - lagrange / tau
    return _equal(state, state["exponent"], expected, "log density")


def _complete_square(state):
    form = quadratic_form(state["exponent"], u, symmetric=state["prior"].symmetric)
    precision = (-2 * form.matrix).doit()
    return {
        "precision": precision,
        "centre": Inverse(precision) * form.linear,
        "rest": form.constant,
    }


def _completed(state):
    centred = u - state["centre"]
    precision, centre = state["precision"], state["centre"]
    return (
        -trace_of(centred.T, precision, centred) / 2
        + trace_of(centre.T, precision, centre) / 2
        + state["rest"]
    )


def _check_square(state) -> str:
    return _equal(state, state["exponent"], _completed(state), "the completed square")


def _identify(state):
    return {"mean": -Inverse(W) * state["prior"].pull, "covariance": tau / 2 * Inverse(W)}


def _check_identified(state) -> str:
    _equal(state, state["mean"], state["centre"], "the mean")
    return _equal(state, state["covariance"], Inverse(state["precision"]), "the covariance")


def _normalise(state):
    """log ∫ exp(−½(u−c)'S(u−c)) du, and the multiplier λ that makes the density integrate to 1."""
    precision, centre = state["precision"], state["centre"]
    log_integral = p * log(2 * pi) / 2 - log(Determinant(precision)) / 2
    # The peak's height rest + ½c'Sc is affine in λ and has to be −log ∫.
    rest = sympy.expand(state["rest"])
    slope, height = rest.coeff(lagrange, 1), rest.coeff(lagrange, 0)
    height += trace_of(centre.T, precision, centre) / 2
    return {"log_integral": log_integral, "multiplier": -(log_integral + height) / slope}


def _check_normalised(state) -> str:
    """Against the integrals themselves, done by SymPy for p = 1 and p = 2 with letters for S."""
    for size in (1, 2):
        entries = _symbolic_precision(size)
        integral = _gaussian_integral(entries)
        formula = sympy.exp(_at(state["log_integral"], state["precision"], entries))
        if sympy.powsimp(integral / formula) != 1:
            raise DerivationError(f"the Gaussian integral for p = {size} is {integral}")
    return "the integrals for p = 1 and p = 2, done in full, agree"


def _symbolic_precision(size: int) -> sympy.Matrix:
    """S = LL' with letters for L, so that it is positive definite by construction."""
    a, c = sympy.symbols("a c", positive=True)
    if size == 1:
        return sympy.Matrix([[a**2]])
    e = Symbol("e", real=True)
    L = sympy.Matrix([[a, 0], [e, c]])
    return L * L.T


def _gaussian_integral(precision: sympy.Matrix):
    """∫ exp(−½u'Su) du, one variable after the other: complete its square, move the centre to 0."""
    q, t = Symbol("q", positive=True), Symbol("t", real=True)
    on_the_line = sympy.integrate(exp(-q * t**2 / 2), (t, -sympy.oo, sympy.oo), manual=True)
    vector = sympy.Matrix(sympy.symbols(f"u1:{precision.rows + 1}", real=True))
    exponent = -(vector.T * precision * vector)[0] / 2
    integral = Integer(1)
    for variable in vector:
        square, slope, rest = sympy.Poly(exponent, variable).all_coeffs()
        integral *= on_the_line.subs(q, -2 * square)
        exponent = sympy.factor(rest - slope**2 / (4 * square))
    return integral * exp(exponent)


def _at(formula, precision, entries: sympy.Matrix):
    value = formula.xreplace({Determinant(precision): sympy.factor(entries.det())})
    return value.subs(p, entries.rows)


def _gibbs(state):
    """For any density π, pointwise: ℓ + τ log(π/μ) = τ log(π/π*) + κ."""
    prior = state["prior"]
    centred = u - state["mean"]
    log_minimiser = -trace_of(centred.T, 2 / tau * W, centred) / 2 - state["log_integral"].xreplace(
        {state["precision"]: 2 / tau * W}
    )
    left = quadratic + tau * (log_density - prior.log_density)
    difference = left - tau * (log_density - log_minimiser)
    # W stays a letter: what is quadratic in u vanishes by what it stands for (checked below).
    form = quadratic_form(difference, u, symmetric=prior.symmetric)
    return {"log_minimiser": log_minimiser, "gibbs_left": left, "value": form.constant}


def _check_gibbs(state) -> str:
    prior = state["prior"]
    right = tau * (log_density - state["log_minimiser"]) + state["value"]
    _equal(state, state["gibbs_left"], right, "the Gibbs identity")
    normalised = state["exponent"].subs(lagrange, state["multiplier"])
    _equal(state, normalised, state["log_minimiser"], "the normalised density")
    moments = gaussian_expectation(
        quadratic,
        {u: (state["mean"], state["covariance"])},
        definitions={W: prior.weight},
        symmetric=prior.symmetric,
    )
    divergence = divergence_from_prior(state["mean"], state["covariance"], p, prior)
    _equal(state, state["value"], moments + tau * divergence, "the least value")
    return "proved pointwise; the constant is F(π*), computed from the moments of π* besides"


def _equal(state, left, right, why: str) -> str:
    prior = state["prior"]
    return demand_equal(
        left, right, definitions={W: prior.weight}, symmetric=prior.symmetric, why=why
    )


_MOVES = (
    Move(
        name="Euler–Lagrange",
        what="Set the derivative of the Lagrangian's integrand in the density to zero",
        rule=r"calculus of variations, $f = (u^\top M u + b^\top u + \tau\log(v/w) + \lambda)v$",
        find=_euler_lagrange,
        check=_check_euler_lagrange,
        show=lambda s: (Integer(0), s["condition"]),
    ),
    Move(
        name="solve",
        what="Solve for the density",
        rule="the condition is strictly increasing in v",
        find=_solve,
        check=_check_solution,
        show=lambda s: (v, s["density"]),
    ),
    Move(
        name="prior",
        what="Insert the Gaussian prior and take logarithms",
        rule=r"$\ell = u^\top M u + b^\top u$, and the prior's log density",
        find=_insert_prior,
        check=_check_prior,
        show=lambda s: (log(v), s["exponent"]),
    ),
    Move(
        name="square",
        what="Complete the square",
        rule="read off the quadratic and linear parts, for every p",
        find=_complete_square,
        check=_check_square,
        show=lambda s: (log(v), _completed(s)),
    ),
    Move(
        name="Gaussian",
        what="Recognise a Gaussian: its mean and covariance",
        rule=r"$W \succ 0$, τ/2 times the prior's precision and M",
        find=_identify,
        check=_check_identified,
        show=lambda s: (
            sympy.Tuple(mean, cov),
            sympy.Tuple(s["mean"], s["covariance"]),
        ),
    ),
    Move(
        name="normalise",
        what="Normalise",
        rule="the Gaussian integral",
        find=_normalise,
        check=_check_normalised,
        show=lambda s: (
            r"\log\int e^{-\frac12 (u-k)^\top \Sigma^{-1} (u-k)}\,du",
            s["log_integral"],
        ),
    ),
    Move(
        name="Gibbs",
        what="For every density π: F(π) = τ KL(π ‖ π*) + F(π*), so π* alone is the minimiser",
        rule="integrate the pointwise identity against π; KL ≥ 0, and = 0 only for π = π* (Gibbs)",
        find=_gibbs,
        check=_check_gibbs,
        show=lambda s: (
            s["gibbs_left"],
            tau * (log_density - Symbol(r"\log\pi^*(u)", real=True)) + s["value"],
        ),
    ),
)


def derivation_for(prior: Prior, title: str) -> Derivation:
    """From the functional (7), with this prior, to its minimiser."""
    return Derivation(
        title=title,
        start={"functional": f, "prior": prior},
        moves=_MOVES,
        results=(
            "condition",
            "curvature",
            "density",
            "exponent",
            "precision",
            "centre",
            "mean",
            "covariance",
            "log_minimiser",
            "value",
        ),
    )


derivation = derivation_for(standard, "Lemma III.2")
"""From the functional (7) to its minimiser; `derive` runs it once."""


@cache
def derive() -> Derived:
    """The derivation, run.

    Returns
    -------
    Derived
        With results ``mean`` (−W⁻¹b/2), ``covariance`` ((τ/2)W⁻¹), ``value`` (F(π*)) and those on
        the way.

    Examples
    --------
    >>> from ergs_verify.paper import lemma_III_2
    >>> lemma_III_2.derive()["mean"]
    -(1/2)*W**(-1)*b
    """
    return derivation.run()


@cache
def derive_for_any_prior() -> Derived:
    """The same for any Gaussian prior N(c, L⁻¹), L ≻ 0, where W = (τ/2)L + M ≻ 0."""
    return derivation_for(gaussian, "Lemma III.2 for any Gaussian prior").run()
