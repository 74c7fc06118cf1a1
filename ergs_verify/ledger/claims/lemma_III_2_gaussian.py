"""The end of the proof of Lemma III.2, (10) and (11): the density is normal."""

from __future__ import annotations

from functools import cache

import sympy
from sympy import Inverse, MatAdd, Transpose, log, pi

from ergs_verify.expressions import trace_of
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.lemma_III_2 import (
    HALF,
    INVERSE,
    MULTIPLIER,
    SYM,
    mean_at,
    part,
    precision,
)
from ergs_verify.ledger.claims.optimality import by_derivation
from ergs_verify.ledger.statements import Equalities, Equality
from ergs_verify.paper import lemma_III_2
from ergs_verify.paper.lemma_III_2 import (
    M,
    W,
    W_is,
    b,
    ell,
    f,
    lagrange,
    log_prior,
    p,
    quadratic,
    u,
    v,
    w,
)
from ergs_verify.paper.notation import tau
from ergs_verify.proof.reading import quadratic_form


def _square(left_factor, right_factor):
    """−½ (u + c)'(I + (2/τ)M)(u + c), each c with a factor of its own."""
    left, right = (MatAdd(u, mean_at(c)) for c in (left_factor, right_factor))
    return -trace_of(Transpose(left), precision, right) / 2


def _centres(faults: frozenset[str]) -> tuple:
    return tuple(sympy.Integer(2) if name in faults else HALF for name in ("left", "right"))


def _centre_faults(left: tuple[str, str], right: tuple[str, str]) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            name=side,
            what=f"2((τ/2)I + M)⁻¹b in the {side} factor: the centre is ½((τ/2)I + M)⁻¹b",
            kind="factor",
            printed=printed,
            corrected=corrected,
        )
        for side, (printed, corrected) in (("left", left), ("right", right))
    )


def _eq_11(faults: frozenset[str]) -> Equality:
    exponent = -trace_of(u.T, u) / 2 - trace_of(u.T, M, u) / tau - trace_of(b.T, u) / tau
    constant = trace_of(b.T, Inverse(precision), b) / (2 * tau**2)
    return Equality(exponent, _square(*_centres(faults)) + constant, SYM)


def _density_up_to_a_factor(faults: frozenset[str]) -> Equality:
    """log π and the printed exponent, up to what does not depend on u (that is log c(λ))."""
    exponent, square = part("exponent"), _square(*_centres(faults))
    free = quadratic_form(exponent - square, u, symmetric=SYM).constant
    return Equality(exponent, square + free, SYM, named=r"\log \pi(u)")


def _minimiser(faults: frozenset[str]) -> Equalities:
    factor = -2 if "factor" in faults else -HALF
    mean, covariance = (part(name).xreplace({W: W_is}) for name in ("mean", "covariance"))
    return Equalities(
        (
            by_derivation(
                Equality(mean, mean_at(sympy.sympify(factor)), SYM, named=r"\mathbb{E} u"),
                "square",
                "Gaussian",
                of=lemma_III_2.derive,
            ),
            Equality(covariance, Inverse(precision), SYM, named=r"\mathrm{Cov}(u)"),
        )
    )


@cache
def _stationary_log():
    """log of the density at which ∂f/∂v vanishes, solved for."""
    (solution,) = sympy.solve(sympy.Eq(sympy.diff(f, v), 0), v)
    return sympy.expand_log(log(solution), force=True)


CLAIMS = (
    Claim(
        id="eq-10",
        title="The density with the prior inserted",
        where="Section III, (10)",
        latex=r"\pi(u) = \frac{1}{(2\pi)^{\frac{p}{2}} e^{1+\frac{\lambda}{\tau}}}"
        r" \exp \left( -\frac{1}{2} u^\top u - \frac{1}{\tau} (u^\top M u + b^\top u) \right).",
        statement=lambda _: Equality(
            sympy.expand(_stationary_log().subs(log(w), log_prior).subs(ell, quadratic)),
            -log(2 * pi) * p / 2 - (1 + lagrange / tau) - trace_of(u.T, u) / 2 - quadratic / tau,
            SYM,
            named=r"\log \pi(u)",
        ),
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
        faults=_centre_faults(
            (
                r"= -\frac{1}{2} \left( u + 2 \left(",
                r"= -\frac{1}{2} \left( u + \corrected{\frac{1}{2}} \left(",
            ),
            (
                r"\left( I + \frac{2}{\tau} M \right) \left( u + 2 \left(",
                r"\left( I + \frac{2}{\tau} M \right) \left( u + \corrected{\frac{1}{2}} \left(",
            ),
        ),
    ),
    Claim(
        id="lemma-III.2/inverse",
        title="(τ/2)I + M is invertible",
        where="Section III, after (11)",
        quote="the existence of ((τ/2)I + M)⁻¹ follows since M ⪰ 0",
        statement=INVERSE,
    ),
    Claim(
        id="lemma-III.2/gaussian-form",
        title="The density as a Gaussian up to a factor",
        where="Section III, after (11)",
        latex=r"\pi(u) = c(\lambda) \cdot e^{-\frac{1}{2} (u + 2(\frac{\tau}{2}I + M)^{-1} b)^\top"
        r" (I + \frac{2}{\tau} M) (u + 2(\frac{\tau}{2}I + M)^{-1} b)}",
        statement=_density_up_to_a_factor,
        faults=_centre_faults(
            (
                r"e^{-\frac{1}{2} (u + 2(",
                r"e^{-\frac{1}{2} (u + \corrected{\frac{1}{2}}(",
            ),
            (
                r"(I + \frac{2}{\tau} M) (u + 2(",
                r"(I + \frac{2}{\tau} M) (u + \corrected{\frac{1}{2}}(",
            ),
        ),
    ),
    Claim(
        id="lemma-III.2/multiplier",
        title="The multiplier can be chosen to normalise",
        where="Section III, end of the proof of Lemma III.2",
        quote="As π(u) has the form of Gaussian distribution we can choose the Lagrange multiplier"
        " λ to satisfy the constraint in (8)",
        statement=MULTIPLIER,
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
                printed=r"-2((\tau/2)I",
                corrected=r"\corrected{-\frac{1}{2}}((\tau/2)I",
            ),
        ),
    ),
)
