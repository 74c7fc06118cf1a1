"""Claims of Lemma III.2 and its proof, (7) to (11)."""

from __future__ import annotations

from functools import cache

import sympy
from sympy import Identity, Inverse, MatAdd, MatMul, Symbol, Transpose, exp, log, pi

from ergs_verify.expressions import trace_of
from ergs_verify.ledger.claim import (
    Claim,
    Computed,
    Decision,
    Definition,
    Equalities,
    Equality,
    Fault,
    all_proved,
)
from ergs_verify.paper import lemma_III_2
from ergs_verify.paper.lemma_III_2 import (
    M,
    W,
    W_is,
    b,
    ell,
    f,
    lagrange,
    log_density,
    log_prior,
    p,
    quadratic,
    u,
    v,
    w,
)
from ergs_verify.paper.notation import tau
from ergs_verify.proof.reading import quadratic_form

__all__ = ["CLAIMS", "gibbs"]

SYM = (M,)
integral, mass = Symbol(r"\int_\ell", real=True), Symbol(r"\int\pi", real=True)
precision = MatAdd(Identity(p), MatMul(2 / tau, M))
"""I + (2/τ)M, as printed."""


def _derived(name: str):
    return lemma_III_2.derive()[name]


def gibbs() -> Equality:
    """ℓ + τ log(π/μ) = τ log(π/π*) + F(π*) at every u, for any density π, as derived."""
    return Equality(
        quadratic + tau * (log_density - log_prior),
        tau * (log_density - _derived("log_minimiser")) + _derived("value"),
        lemma_III_2.symmetric,
        {W: W_is},
    )


def _mean(factor):
    """factor · ((τ/2)I + M)⁻¹ b."""
    return MatMul(factor, Inverse(W_is), b)


def _square(left_factor, right_factor):
    """−½ (u + c)'(I + (2/τ)M)(u + c), each c with a factor of its own."""
    left, right = (MatAdd(u, _mean(c)) for c in (left_factor, right_factor))
    return -trace_of(Transpose(left), precision, right) / 2


def _centres(faults: frozenset[str]) -> tuple:
    half = sympy.Rational(1, 2)
    return tuple(sympy.Integer(2) if name in faults else half for name in ("left", "right"))


_CENTRE_FAULTS = tuple(
    Fault(
        name=side,
        what=f"2((τ/2)I + M)⁻¹b in the {side} factor: the centre is ½((τ/2)I + M)⁻¹b",
        kind="factor",
    )
    for side in ("left", "right")
)


def _eq_11(faults: frozenset[str]) -> Equality:
    exponent = -trace_of(u.T, u) / 2 - trace_of(u.T, M, u) / tau - trace_of(b.T, u) / tau
    constant = trace_of(b.T, Inverse(precision), b) / (2 * tau**2)
    return Equality(exponent, _square(*_centres(faults)) + constant, SYM)


def _density_up_to_a_factor(faults: frozenset[str]) -> Equality:
    """log π and the printed exponent, up to what does not depend on u (that is c(λ))."""
    exponent, square = _derived("exponent"), _square(*_centres(faults))
    free = quadratic_form(exponent - square, u, symmetric=SYM).constant
    return Equality(exponent, square + free, SYM)


def _minimiser(faults: frozenset[str]) -> Equalities:
    factor = -2 if "factor" in faults else -sympy.Rational(1, 2)
    return Equalities(
        (
            Equality(_in_M(_derived("mean")), _mean(sympy.sympify(factor)), SYM),
            Equality(_in_M(_derived("covariance")), Inverse(precision), SYM),
        )
    )


def _in_M(expression):
    return expression.xreplace({lemma_III_2.W: W_is})


def _strictly_convex() -> Decision:
    """The integrand's second derivative in the density, and its linearity in the rest."""
    second = sympy.simplify(sympy.diff(f, v, 2))
    positive = bool(second.is_positive)
    return Decision(
        verdict="proved" if positive else "undecided",
        evidence=(
            ("SymPy", f"∂²f/∂v² = {second}, positive for v > 0 and τ > 0"),
            (
                "rule",
                "an integral of strictly convex functions of the density is strictly convex in it"
                " wherever it is finite",
            ),
        ),
    )


def _global_minimiser() -> Decision:
    """(8) and the lemma's problem have one minimiser: it is positive, and best among all."""
    return all_proved(
        gibbs(),
        _positive(),
        rules=(
            (
                "rule",
                "integrated against π: F(π) − F(π*) = τ KL(π ‖ π*) ≥ 0, and = 0 for π = π* alone",
            ),
            (
                "rule",
                "π without a density has infinite cost; π* is positive everywhere, so the"
                " constraint π > 0 excludes no minimiser",
            ),
        ),
    )


def _positive() -> Decision:
    """The stationary density w·exp(…) is positive wherever the prior's is."""
    density = _derived("density")
    return Decision(
        verdict="proved" if density.is_positive else "undecided",
        evidence=(("SymPy", f"v = {density}, a positive number for w > 0"),),
    )


def _invertible() -> Decision:
    return all_proved(
        Equality(W_is - tau / 2 * Identity(p), M, SYM),
        rules=(("rule", "M ⪰ 0, so (τ/2)I + M ⪰ (τ/2)I, all of whose eigenvalues are τ/2 > 0"),),
    )


def _multiplier() -> Decision:
    """The exponent (10) is log π* up to what is affine in λ and does not depend on u."""
    exponent, minimiser = _derived("exponent"), _derived("log_minimiser")
    free = quadratic_form(
        exponent - minimiser, u, definitions={W: W_is}, symmetric=lemma_III_2.symmetric
    ).constant
    slope = sympy.diff(free, lagrange)
    solvable = bool(slope.is_nonzero) and not slope.has(lagrange)
    affine = Decision(
        verdict="proved" if solvable else "undecided",
        evidence=(("SymPy", f"the constant is affine in λ with slope {slope}"),),
    )
    return all_proved(
        Equality(exponent, minimiser + free, lemma_III_2.symmetric, {W: W_is}),
        affine,
        rules=(("rule", "an affine function with nonzero slope has one zero, the multiplier λ"),),
    )


@cache
def _stationary_log():
    """log of the density at which ∂f/∂v vanishes, solved for."""
    (solution,) = sympy.solve(sympy.Eq(sympy.diff(f, v), 0), v)
    return sympy.expand_log(log(solution), force=True)


CLAIMS = (
    Claim(
        id="eq-7",
        title="The functional to minimise",
        where="Section III, (7)",
        latex=r"\mathbb{E}_{u \sim \pi(\cdot)} \left[ u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{\pi(u)}{\mu(u)} \right) \right],",
        statement=Definition(r"F(\pi)", quadratic + tau * log(v / w)),
    ),
    Claim(
        id="lemma-III.2",
        title="The minimiser is Gaussian",
        where="Section III, Lemma III.2",
        latex=r"M \in \mathbb{R}^{p \times p} \qquad \tau > 0 \qquad b \in \mathbb{R}^p \qquad"
        r" \mu(u) = \mathcal{N}(0, I) \qquad"
        r" \pi(u) = \mathcal{N}(-((\tau/2)I + M)^{-1} b/2, (I + 2M/\tau)^{-1})",
        statement=_minimiser,
        hypotheses=("M ⪰ 0", "τ > 0", "μ = N(0, I)"),
    ),
    Claim(
        id="lemma-III.2/convex",
        title="The cost is strictly convex in the density",
        where="Section III, Lemma III.2",
        quote="the cost (7) is strictly convex in π",
        statement=Computed("π ↦ F(π) is strictly convex", _strictly_convex),
        hypotheses=("τ > 0", "among densities at which F is finite"),
    ),
    Claim(
        id="eq-8",
        title="The constrained problem",
        where="Section III, (8)",
        latex=r"\min_{\pi(\cdot)} \mathbb{E}_{u \sim \pi(\cdot)} \left[ u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{\pi(u)}{\mu(u)} \right) \right]"
        r" \text{s.t.} \quad \int_{\mathbb{R}^p} \pi(u) du = 1, \quad \pi(u) > 0.",
        statement=Definition(r"\min_\pi F(\pi)", quadratic + tau * log(v / w)),
    ),
    Claim(
        id="eq-8/equivalent",
        title="The constrained problem has the lemma's minimiser",
        where="Section III, before (8)",
        quote="Let us first reformulate the problem into a constrained optimization problem",
        statement=Computed("problem (8) and (7) have the same minimiser", _global_minimiser),
    ),
    Claim(
        id="lemma-III.2/lagrangian",
        title="Lagrangian",
        where="Section III, after (8)",
        latex=r"\mathcal{L}(\pi, \lambda) = \int_{\mathbb{R}^p} \left( u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{\pi(u)}{\mu(u)} \right) \right) \pi(u) du"
        r" + \lambda \left( \int_{\mathbb{R}^p} \pi(u) du - 1 \right),",
        statement=Definition(r"\mathcal{L}(\pi, \lambda)", integral + lagrange * (mass - 1)),
    ),
    Claim(
        id="lemma-III.2/lagrangian-rewritten",
        title="Lagrangian as the integral of f",
        where="Section III, after (8)",
        latex=r"\mathcal{L}(\pi, \lambda) = \int_{\mathbb{R}^p} \left( u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{\pi(u)}{\mu(u)} \right) + \lambda \right) \pi(u) du - \lambda"
        r" = \int_{\mathbb{R}^p} f(u, \pi, \mu, \tau, \lambda) du - \lambda,",
        statement=Equalities(
            (
                Equality(integral + lagrange * (mass - 1), (integral + lagrange * mass) - lagrange),
                # The integrand at a point, where π = v and μ = w.
                Equality(
                    (ell + tau * log(v / w)) * v + lagrange * v,
                    (ell + tau * log(v / w) + lagrange) * v,
                ),
                Equality(f, (ell + tau * log(v / w) + lagrange) * v),
            )
        ),
    ),
    Claim(
        id="lemma-III.2/integrand",
        title="The integrand f",
        where="Section III, before (9)",
        latex=r"f(u, v, w, \tau, \lambda) = (u^\top M u + b^\top u + \tau \log(v/w) + \lambda)v",
        statement=Definition(
            r"f(u, v, w, \tau, \lambda)", (quadratic + tau * log(v / w) + lagrange) * v
        ),
    ),
    Claim(
        id="eq-9",
        title="Stationarity in the density",
        where="Section III, (9)",
        latex=r"\frac{\partial f}{\partial v} = u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{v}{w} \right) + \tau + \lambda = 0.",
        statement=Equality(
            sympy.diff(f, v).subs(ell, quadratic),
            quadratic + tau * log(v / w) + tau + lagrange,
            SYM,
        ),
    ),
    Claim(
        id="lemma-III.2/density",
        title="The stationary density",
        where="Section III, after (9)",
        latex=r"v = \frac{w}{e^{1+\frac{\lambda}{\tau}}}"
        r" \exp \left( -\frac{1}{\tau} (u^\top M u + b^\top u) \right).",
        statement=lambda _: Equality(
            _stationary_log(),
            sympy.expand_log(log(w / exp(1 + lagrange / tau) * exp(-ell / tau)), force=True),
        ),
        hypotheses=("compared by their logarithms",),
    ),
    Claim(
        id="lemma-III.2/second-derivative",
        title="Second derivative in the density",
        where="Section III, before (10)",
        latex=r"\frac{\partial^2}{\partial v^2} (u^\top M u + b^\top u"
        r" + \tau \log(\frac{v}{w}))v = \frac{\tau}{v} > 0",
        statement=Equality(sympy.diff((ell + tau * log(v / w)) * v, v, 2), tau / v),
    ),
    Claim(
        id="lemma-III.2/positive",
        title="The stationary density is positive",
        where="Section III, before (10)",
        quote="An implicit assumption here is that v here cannot be zero, which means that π(u)"
        " assigns positive probability to every open subset",
        statement=Computed("v > 0 at every u", _positive),
        hypotheses=("the prior's density is positive",),
    ),
    Claim(
        id="eq-10",
        title="The density with the prior inserted",
        where="Section III, (10)",
        latex=r"\pi(u) = \frac{1}{(2\pi)^{\frac{p}{2}} e^{1+\frac{\lambda}{\tau}}}"
        r" \exp \left( -\frac{1}{2} u^\top u - \frac{1}{\tau} (u^\top M u + b^\top u) \right).",
        statement=lambda _: Equality(
            _stationary_log().subs(log(w), log_prior).subs(ell, quadratic).expand(),
            -log(2 * pi) * p / 2 - (1 + lagrange / tau) - trace_of(u.T, u) / 2 - quadratic / tau,
            SYM,
        ),
        hypotheses=("compared by their logarithms",),
    ),
    Claim(
        id="eq-11",
        title="Completing the square",
        where="Section III, (11)",
        latex=r"-\frac{1}{2} u^\top u - \frac{1}{\tau} u^\top M u - \frac{1}{\tau} b^\top u"
        r" = -\frac{1}{2} \left( u + 2 \left( \frac{\tau}{2} I + M \right)^{-1} b \right)^\top"
        r" \left( I + \frac{2}{\tau} M \right)"
        r" \left( u + 2 \left( \frac{\tau}{2} I + M \right)^{-1} b \right)"
        r" + \frac{b^\top (I + 2M/\tau)^{-1} b}{2\tau^2},",
        statement=_eq_11,
        faults=_CENTRE_FAULTS,
    ),
    Claim(
        id="lemma-III.2/inverse",
        title="(τ/2)I + M is invertible",
        where="Section III, after (11)",
        quote="the existence of ((τ/2)I + M)⁻¹ follows since M ⪰ 0",
        statement=Computed("(τ/2)I + M ⪰ (τ/2)I ≻ 0", _invertible),
        hypotheses=("M ⪰ 0", "τ > 0"),
    ),
    Claim(
        id="lemma-III.2/gaussian-form",
        title="The density as a Gaussian up to a factor",
        where="Section III, after (11)",
        latex=r"\pi(u) = c(\lambda) \cdot e^{-\frac{1}{2} (u + 2(\frac{\tau}{2}I + M)^{-1} b)^\top"
        r" (I + \frac{2}{\tau} M) (u + 2(\frac{\tau}{2}I + M)^{-1} b)}",
        statement=_density_up_to_a_factor,
        faults=_CENTRE_FAULTS,
    ),
    Claim(
        id="lemma-III.2/multiplier",
        title="The multiplier can be chosen to normalise",
        where="Section III, end of the proof of Lemma III.2",
        quote="As π(u) has the form of Gaussian distribution we can choose the Lagrange multiplier"
        " λ to satisfy the constraint in (8)",
        statement=Computed("one λ makes the density integrate to 1", _multiplier),
    ),
    Claim(
        id="lemma-III.2/minimiser",
        title="The minimiser at the end of the proof",
        where="Section III, end of the proof of Lemma III.2",
        latex=r"\pi(u) = \mathcal{N} \left( -2((\tau/2)I + M)^{-1} b,"
        r" (I + 2/\tau M)^{-1} \right).",
        statement=_minimiser,
        faults=(
            Fault(
                name="factor",
                what="the mean is −½((τ/2)I + M)⁻¹b, as the lemma says, not −2((τ/2)I + M)⁻¹b",
                kind="factor",
            ),
        ),
    ),
)
