"""Lemma III.2 and its proof, (7) to (9)."""

from __future__ import annotations

import sympy
from sympy import Determinant, Identity, Inverse, MatAdd, MatMul, Symbol, Transpose, exp, log, pi

from ergs_verify.expressions import trace_of
from ergs_verify.ledger import hypotheses, rules, scalars
from ergs_verify.ledger.claim import Claim, Gap
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equalities, Equality
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
    symmetric,
    u,
    v,
    w,
)
from ergs_verify.paper.notation import tau
from ergs_verify.proof.reading import quadratic_form

SYM = (M,)
integral, mass = Symbol(r"\int_\ell", real=True), Symbol(r"\int\pi", real=True)
precision = MatAdd(Identity(p), MatMul(2 / tau, M))
"""I + (2/τ)M, as printed."""
HALF = sympy.Rational(1, 2)


def part(name: str):
    return lemma_III_2.derive()[name]


def mean_at(factor):
    """factor · ((τ/2)I + M)⁻¹ b."""
    return MatMul(factor, Inverse(W_is), b)


# -- the minimiser ---------------------------------------------------------------------------------


def _gibbs() -> Equality:
    """ℓ + τ log(π/μ) = τ log(π/π*) + c at every u, for any density π, as derived."""
    return Equality(
        quadratic + tau * (log_density - log_prior),
        tau * (log_density - part("log_minimiser")) + part("value"),
        symmetric,
        {W: W_is},
    )


def _normal() -> Equality:
    """log π*, which the derivation arrives at, is that of a normal law."""
    centred = MatAdd(u, mean_at(HALF))
    return Equality(
        part("log_minimiser"),
        -trace_of(Transpose(centred), precision, centred) / 2
        + log(Determinant(precision)) / 2
        - p * log(2 * pi) / 2,
        symmetric,
        {W: W_is},
    )


INVERSE = Theorem(
    id="lemma-III.2/inverse",
    says=("((τ/2)I + M) ⪰ (τ/2)I", "((τ/2)I + M) is invertible and ‖((τ/2)I + M)⁻¹‖₂ ≤ 2/τ"),
    given=(hypotheses.M_PSD, hypotheses.TAU_POSITIVE),
    proof=(
        Fact("((τ/2)I + M) − (τ/2)I = M", Equality(W_is - tau / 2 * Identity(p), M, SYM)),
        by(rules.SHIFTED, X="((τ/2)I + M)", Y="M"),
        by(rules.INVERTIBLE, X="((τ/2)I + M)"),
    ),
    needed={
        "M-psd": lambda: scalars.singular_weight("R-pd"),
        "tau-positive": lambda: scalars.singular_weight("tau-positive"),
    },
)

_NEEDED = {
    "M-psd": lambda: scalars.no_least_cost("M-psd"),
    "tau-positive": lambda: scalars.no_least_cost("tau-positive"),
    "standard-prior": scalars.other_prior,
}

GIBBS = Theorem(
    id="sharp-gibbs",
    says=(
        "F(π) − F(π*) = τ KL(π ‖ π*) for every π",
        "π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
    ),
    given=(hypotheses.M_PSD, hypotheses.TAU_POSITIVE, hypotheses.STANDARD_PRIOR),
    proof=(
        INVERSE,
        Fact(
            "log π* = −½(u − k)'S(u − k) + ½ log det S − (p/2) log 2π with k = −½((τ/2)I + M)⁻¹b"
            " and S = I + (2/τ)M",
            lambda: _normal().decide(),
            needs=("((τ/2)I + M) is invertible and ‖((τ/2)I + M)⁻¹‖₂ ≤ 2/τ",),
        ),
        by(rules.NORMAL_DENSITY),
        Fact(
            "ℓ + τ log(π/μ) = τ log(π/π*) + c at every u, for every density π",
            lambda: _gibbs().decide(),
            needs=("the priors are N(0, I)",),
        ),
        by(rules.GIBBS),
    ),
    needed=_NEEDED,
)
"""ℓ is u'Mu + b'u, and F the functional (7)."""

MINIMISER = Theorem(
    id="lemma-III.2",
    says=(
        "π* alone minimises F among all probability distributions",
        "π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
    ),
    given=GIBBS.given,
    proof=(GIBBS, by(rules.GIBBS_INEQUALITY)),
    needed=_NEEDED,
)


# -- on the way ------------------------------------------------------------------------------------


def _second_derivative() -> Equality:
    return Equality(
        sympy.diff((ell + tau * log(v / w)) * v, v, 2),
        tau / v,
        named=r"\frac{\partial^2}{\partial v^2} (\ell + \tau \log(v/w)) v",
    )


def _curvature_is_positive() -> Decision:
    return together(
        _second_derivative().decide(),
        holds("τ/v > 0 for v > 0, τ > 0", bool((tau / v).is_positive)),
    )


CONVEX = Theorem(
    id="lemma-III.2/convex",
    says="F is strictly convex among the densities at which it is finite",
    given=(hypotheses.TAU_POSITIVE,),
    proof=(
        Fact("∂²/∂v² (u'Mu + b'u + τ log(v/w))v = τ/v", _second_derivative()),
        by(rules.STRICT_CONVEXITY),
    ),
    needed={"tau-positive": scalars.linear_in_the_density},
)


def _positive() -> Decision:
    """The stationary density is positive, as the prior's is, the exponential of a real number."""
    found = part("density").subs(w, exp(Symbol(r"\log\mu(u)", real=True)))
    return holds(f"v = {found} > 0", bool(found.is_positive))


EQUIVALENT = Theorem(
    id="eq-8/equivalent",
    says="(7) and (8) each have exactly one minimiser, the same π*",
    given=MINIMISER.given,
    proof=(
        MINIMISER,
        Fact("π* > 0 at every u", _positive),
        by(rules.IDLE_CONSTRAINT),
    ),
    needed=_NEEDED,
)


def _affine() -> tuple:
    """What (10)'s logarithm has besides log π*: it does not depend on u."""
    free = quadratic_form(
        part("exponent") - part("log_minimiser"),
        u,
        definitions={W: W_is},
        symmetric=symmetric,
    ).constant
    return free, sympy.diff(free, lagrange)


def _affine_in_the_multiplier() -> Decision:
    free, slope = _affine()
    same = Equality(part("exponent"), part("log_minimiser") + free, symmetric, {W: W_is})
    return together(same.decide(), exactly("slope in λ", slope, -1 / tau))


MULTIPLIER = Theorem(
    id="lemma-III.2/multiplier",
    says="(10) integrates to 1 for exactly one λ, and is π* there",
    given=GIBBS.given,
    proof=(
        GIBBS,
        Fact(
            "the logarithm of (10) is log π* plus a number that is affine in λ with slope −1/τ",
            _affine_in_the_multiplier,
        ),
        by(rules.ONE_MULTIPLIER),
    ),
    needed=_NEEDED,
)


def _density() -> Decision:
    """The stationary density over the printed one."""
    printed = w / exp(1 + lagrange / tau) * exp(-ell / tau)
    ratio = sympy.powsimp(sympy.expand(part("density") / printed))
    condition = sympy.expand_log(part("condition").subs(v, printed), force=True)
    return together(
        exactly("the derived density over the printed one", ratio, 1),
        exactly("(9) at the printed one", sympy.expand(condition), 0),
    )


_POINTWISE = (ell + tau * log(v / w)) * v

CLAIMS = (
    Claim(
        id="eq-7",
        title="The functional to minimise",
        where="Section III, (7)",
        latex=r"\mathbb{E}_{u \sim \pi(\cdot)} \left[ u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{\pi(u)}{\mu(u)} \right) \right],",
        statement=Definition(Symbol(r"F(\pi)", real=True), quadratic + tau * log(v / w)),
        gaps=(
            Gap(
                what="b'u has no lower bound, so E[u'Mu + b'u] may be −∞ where the relative "
                "entropy is ∞. It is not shown that the functional has a value at every "
                "density. Written as one integral it does, namely τ KL(π ‖ π*) plus a "
                "constant",
                closed_by=(GIBBS,),
            ),
        ),
    ),
    Claim(
        id="lemma-III.2",
        title="The minimiser is Gaussian",
        where="Section III, Lemma III.2",
        latex=r"M \in \mathbb{R}^{p \times p} \qquad \tau > 0 \qquad b \in \mathbb{R}^p \qquad"
        r" \mu(u) = \mathcal{N}(0, I) \qquad"
        r" \pi(u) = \mathcal{N}(-((\tau/2)I + M)^{-1} b/2, (I + 2M/\tau)^{-1})",
        statement=MINIMISER,
        gaps=(
            Gap(
                what="the proof finds where the integrand's derivative vanishes at each u. It "
                "does not follow that a minimiser exists, nor that the density found is best "
                "among all distributions, including those without a density",
                quote="Hence, the distribution π which solves the optimization problem in (8) is"
                " given by",
                closed_by=(MINIMISER,),
            ),
        ),
    ),
    Claim(
        id="lemma-III.2/convex",
        title="The cost is strictly convex in the density",
        where="Section III, Lemma III.2",
        quote="the cost (7) is strictly convex in π",
        statement=CONVEX,
        gaps=(
            Gap(
                what="convexity is read off the integrand at a point. It is not shown that the "
                "integrals are finite at the densities compared, and where they are infinite "
                "the strict inequality fails",
                quote="the cost (7) is strictly convex with respect to π",
                closed_by=(CONVEX, GIBBS),
            ),
        ),
    ),
    Claim(
        id="eq-8",
        title="The constrained problem",
        where="Section III, (8)",
        latex=r"\min_{\pi(\cdot)} \mathbb{E}_{u \sim \pi(\cdot)} \left[ u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{\pi(u)}{\mu(u)} \right) \right]"
        r" \text{s.t.} \quad \int_{\mathbb{R}^p} \pi(u) du = 1, \quad \pi(u) > 0.",
        statement=Definition(Symbol(r"\min_\pi F(\pi)", real=True), quadratic + tau * log(v / w)),
    ),
    Claim(
        id="eq-8/equivalent",
        title="The constrained problem has the lemma's minimiser",
        where="Section III, before (8)",
        quote="Let us first reformulate the problem into a constrained optimization problem",
        statement=EQUIVALENT,
    ),
    Claim(
        id="lemma-III.2/lagrangian",
        title="Lagrangian",
        where="Section III, after (8)",
        latex=r"\mathcal{L}(\pi, \lambda) = \int_{\mathbb{R}^p} \left( u^\top M u + b^\top u"
        r" + \tau \log \left( \frac{\pi(u)}{\mu(u)} \right) \right) \pi(u) du"
        r" + \lambda \left( \int_{\mathbb{R}^p} \pi(u) du - 1 \right),",
        statement=Definition(
            Symbol(r"\mathcal{L}(\pi, \lambda)", real=True), integral + lagrange * (mass - 1)
        ),
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
                Equality(_POINTWISE + lagrange * v, (ell + tau * log(v / w) + lagrange) * v),
            )
        ),
    ),
    Claim(
        id="lemma-III.2/integrand",
        title="The integrand f",
        where="Section III, before (9)",
        latex=r"f(u, v, w, \tau, \lambda) = (u^\top M u + b^\top u + \tau \log(v/w) + \lambda)v",
        statement=Definition(
            Symbol(r"f(u, v, w, \tau, \lambda)", real=True),
            (quadratic + tau * log(v / w) + lagrange) * v,
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
            named=r"\frac{\partial f}{\partial v}",
            derivation=lambda: (("derivative", f"by v, of {f}, where ell = u'Mu + b'u"),),
        ),
        gaps=(
            Gap(
                what="(9) is necessary only if a minimiser with a multiplier exists, which is not "
                "shown. Gibbs's identity gives the minimiser without it",
                quote="A necessary condition for optimality is ∂f/∂v = 0",
                closed_by=(MINIMISER, MULTIPLIER),
            ),
        ),
    ),
    Claim(
        id="lemma-III.2/density",
        title="The stationary density",
        where="Section III, after (9)",
        latex=r"v = \frac{w}{e^{1+\frac{\lambda}{\tau}}}"
        r" \exp \left( -\frac{1}{\tau} (u^\top M u + b^\top u) \right).",
        statement=Computed("v = w e^{−1−λ/τ} exp(−ℓ/τ) is the only solution of (9)", _density),
    ),
    Claim(
        id="lemma-III.2/second-derivative",
        title="Second derivative in the density",
        where="Section III, before (10)",
        latex=r"\frac{\partial^2}{\partial v^2} (u^\top M u + b^\top u"
        r" + \tau \log(\frac{v}{w}))v = \frac{\tau}{v} > 0",
        statement=Computed("∂²/∂v² (ℓ + τ log(v/w))v = τ/v > 0", _curvature_is_positive),
    ),
    Claim(
        id="lemma-III.2/positive",
        title="The stationary density is positive",
        where="Section III, before (10)",
        quote="An implicit assumption here is that v here cannot be zero, which means that π(u)"
        " assigns positive probability to every open subset",
        statement=Computed("v > 0 at every u", _positive),
        gaps=(
            Gap(
                what=(
                    "it is assumed, not shown, that no density which vanishes somewhere does better"
                ),
                quote="An implicit assumption here is that v here cannot be zero",
                closed_by=(EQUIVALENT,),
            ),
        ),
    ),
)
