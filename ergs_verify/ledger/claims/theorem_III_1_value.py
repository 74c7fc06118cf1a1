"""The end of the proof of Theorem III.1, from (18) on: the value that the policies give."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Inverse, MatAdd, MatMul, MatPow, Trace, Transpose

from ergs_verify.expressions import control_size, trace_of
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.optimality import (
    by_derivation,
    constant,
    cross,
    derived,
    entropy,
    equal,
    loop,
    others_noise,
    quadratic,
    quadratic_in_x,
    riccati,
    weight,
)
from ergs_verify.ledger.statements import Equalities, Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    B,
    K,
    P,
    Q,
    S,
    definitions,
    i,
    m,
    noise,
    own_covariance,
    own_mean,
    q,
    symmetric,
    tau,
    x,
)

p = control_size(i)
_VALUE = r"J_t^{i*}(x)"


def _divergence():
    """KL of N(Kx, Σ) from the prior, derived from the two log densities."""
    return theorem_III_1.own_divergence().xreplace({own_mean(i): K(i) * x, own_covariance(i): S(i)})


_eq_18_right = sympy.Rational(1, 2) * (trace_of((K(i) * x).T, K(i) * x) + entropy)
_KL = r"\mathbb{E}_{\pi_t^{i*}} \log(\pi_t^{i*}/\mu_t^i)"


def _negative(faults: frozenset[str]) -> Equality:
    if "negative" in faults:
        return equal(-_divergence(), _eq_18_right, f"-{_KL}")
    return by_derivation(
        equal(_divergence(), _eq_18_right, _KL),
        "divergence",
        of=theorem_III_1.derive_policy_value,
    )


def _cost_of_policy():
    """The derived cost with agent i's gain and covariance as letters apart from the others'."""
    whole = theorem_III_1.derive_policy_value()["whole"]
    linear = theorem_III_1.with_linear_policies(whole)
    return linear.xreplace({own_mean(i): own_gain * x, own_covariance(i): S(i)})


own_gain = sympy.MatrixSymbol("K", p, m)
"""Agent i's gain, apart from the gains in the sum over the others."""


def _substituted(faults: frozenset[str]) -> Equality:
    gain_x = own_gain * x
    bracket = trace_of(gain_x.T, gain_x) + entropy
    start = (
        quadratic_in_x(Q(i))
        + Trace(noise * P(i))
        + trace_of((loop * x).T, P(i), loop * x)
        + q(i)
        + trace_of(quadratic, S(i))
        + 2 * trace_of((B(i) * gain_x).T, P(i), loop * x)
        + trace_of(gain_x.T, quadratic, gain_x)
    )
    if "bracket" in faults:
        return equal(_cost_of_policy(), start + tau / 2 * (bracket + others_noise), _VALUE)
    return equal(_cost_of_policy(), start + tau / 2 * bracket + others_noise, _VALUE)


def _at_best_gain():
    """The derived value, with the letter Σ for the covariance."""
    return quadratic_in_x(derived("value").matrix) + derived("constant")


def _gain_substituted(faults: frozenset[str]) -> Equality:
    square = MatMul(Transpose(cross), MatPow(weight, -2), cross)
    square_factor = sympy.Integer(1) if "factor" in faults else tau / 2
    square_sign = -1 if "square sign" in faults else 1
    sandwich_sign = -1 if "sandwich sign" in faults else 1
    matrix = MatAdd(
        Q(i),
        MatMul(Transpose(loop), P(i), loop),
        MatMul(-2, Transpose(cross), Inverse(weight), cross),
        MatMul(square_sign * square_factor, square),
        MatMul(sandwich_sign, Transpose(cross), Inverse(weight), quadratic, Inverse(weight), cross),
    )
    return equal(_at_best_gain(), quadratic_in_x(matrix) + constant, _VALUE)


P_now = sympy.MatrixSymbol("P_t", m, m)
q_now = sympy.Symbol("q_t", real=True)


def _value(faults: frozenset[str]) -> Equalities:
    if "bracket" in faults:
        inner = MatAdd(
            Q(i), MatMul(Transpose(loop), P(i), loop), MatMul(-1, Transpose(B(i)), P(i), loop)
        )
        matrix = MatMul(Transpose(inner), Inverse(weight), cross)
    else:
        matrix = riccati
    middle = quadratic_in_x(matrix) + constant
    P_last = P(i) if "P index" in faults else P_now
    q_last = q(i) if "q index" in faults else q_now
    return Equalities(
        (
            Equality(_at_best_gain(), middle, symmetric, definitions, _VALUE),
            Equality(
                quadratic_in_x(riccati) + constant,
                quadratic_in_x(P_last) + q_last.xreplace({q_now: constant}),
                symmetric,
                {**definitions, P_now: riccati},
            ),
        )
    )


_ENTROPY = r"(K_t^{i*} x)^\top K_t^{i*} x + Tr(\Sigma_t^{i*}) - p - \log(|\Sigma_t^{i*}|)"
_OTHERS_NOISE = r"Tr \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top P_{t+1}^{i*} B_t^j \right)"
_HEAD = r"Q_t^i + (A_t^{i*})^\top P_{t+1}^{i*} A_t^{i*}"
_CROSS = r"(B_t^i)^\top P_{t+1}^{i*} A_t^{i*}"
_INVERSE = r"\left( \tau/2 I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1}"
_QUADRATIC_FORM = r"((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top"
_WEIGHT = r"\left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)"
_BEFORE_SQUARE = r"\right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*} -"


CLAIMS = (
    Claim(
        id="eq-18",
        title="Relative entropy of a linear Gaussian policy",
        where="Section III, (18)",
        latex=r"\mathbb{E}_{\pi_t^{i*}} \left[ \log \left( \frac{\pi_t^{i*}(u|x)}{\mu_t^i(u|x)}"
        r" \right) \right] = = \frac{1}{2} \left( (K_t^{i*} x)^\top K_t^{i*} x"
        r" + Tr(\Sigma_t^{i*}) - p - \log(|\Sigma_t^{i*}|) \right).",
        statement=lambda _: _negative(frozenset()),
    ),
    Claim(
        id="eq-18/negative",
        title="“The negative relative entropy term”",
        where="Section III, before (18)",
        quote="the negative relative entropy term can be computed as",
        statement=_negative,
        corrected_latex=r"\mathbb{E}_{\pi_t^{i*}} \left[ \log \left( \frac{\pi_t^{i*}(u|x)}"
        r"{\mu_t^i(u|x)} \right) \right] \text{ is the }"
        r" \corrected{\text{relative entropy itself}}",
        faults=(
            Fault(
                name="negative",
                what="what (18) computes is the relative entropy itself, not its negative",
                kind="wording",
                source="wording",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/substituted",
        title="The value with the policy substituted",
        where="Section III, after (18)",
        latex=r"J_t^{i*}(x) = x^\top Q_t^i x + Tr(\Sigma P_{t+1}^{i*}) + (A_t^{i*} x)^\top"
        r" P_{t+1}^{i*} A_t^{i*} x + q_{t+1}^{i*} + Tr((R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)"
        r" \Sigma_t^{i*}) + 2(B_t^i K_t^{i*} x)^\top P_{t+1}^{i*} A_t^{i*} x"
        r" + (K_t^{i*} x)^\top (R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i) K_t^{i*} x"
        r" + \frac{\tau}{2} \left( (K_t^{i*} x)^\top K_t^{i*} x + Tr(\Sigma_t^{i*}) - p"
        r" - \log(|\Sigma_t^{i*}|) + Tr \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top"
        r" P_{t+1}^{i*} B_t^j \right) \right).",
        statement=_substituted,
        faults=(
            Fault(
                name="bracket",
                what="the trace of the others' covariances is inside τ/2(…), but the bracket has "
                "to close before it",
                kind="bracket",
                printed=rf"\frac{{\tau}}{{2}} \left( {_ENTROPY} + {_OTHERS_NOISE} \right).",
                corrected=rf"\frac{{\tau}}{{2}} \left( {_ENTROPY} \right)"
                rf" \corrected{{+ {_OTHERS_NOISE}}}.",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/gain-substituted",
        title="The value with the gain substituted",
        where="Section III, after (18)",
        latex=r"J_t^{i*}(x) = x^\top \left( Q_t^i + (A_t^{i*})^\top P_{t+1}^{i*} A_t^{i*} +"
        r" - 2((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*}"
        r" - ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-2} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*}"
        r" - ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1} (R_t^i + (B_t^i)^\top P_{t+1}^{i*}"
        r" B_t^i) \left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1}"
        r" (B_t^i)^\top P_{t+1}^{i*} A_t^{i*} \right) x + Tr(\Sigma P_{t+1}^{i*})"
        r" + Tr((R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i) \Sigma_t^{i*})"
        r" + \frac{\tau}{2} (Tr(\Sigma_t^{i*}) - p - \log(|\Sigma_t^{i*}|)) + q_{t+1}^{i*}"
        r" + Tr \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top P_{t+1}^{i*} B_t^j \right).",
        statement=_gain_substituted,
        faults=(
            Fault(
                name="square sign",
                what="the term with ((τ/2)I + R + B'PB)⁻² should have the sign +, since it is K'K",
                kind="sign",
                printed=_BEFORE_SQUARE,
                corrected=rf"{_BEFORE_SQUARE[:-1]}\corrected{{+}}",
            ),
            Fault(
                name="factor",
                what="the term with ((τ/2)I + R + B'PB)⁻² lacks its factor τ/2",
                kind="factor",
                printed=rf"{_QUADRATIC_FORM} {_WEIGHT}^{{-2}}",
                corrected=rf"\corrected{{\frac{{\tau}}{{2}}}} {_QUADRATIC_FORM} {_WEIGHT}^{{-2}}",
            ),
            Fault(
                name="sandwich sign",
                what="the term with (R + B'PB) between two inverses should have the sign +",
                kind="sign",
                printed=r"(B_t^i)^\top P_{t+1}^{i*} A_t^{i*} - ((B_t^i)^\top P_{t+1}^{i*}"
                r" A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
                r" \right)^{-1} (R_t^i",
                corrected=r"(B_t^i)^\top P_{t+1}^{i*} A_t^{i*} \corrected{+} ((B_t^i)^\top"
                r" P_{t+1}^{i*} A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top"
                r" P_{t+1}^{i*} B_t^i \right)^{-1} (R_t^i",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/value",
        title="The value at the end of the proof",
        where="Section III, end of the proof of Theorem III.1",
        latex=r"J_t^{i*}(x) = x^\top \left( Q_t^i + (A_t^{i*})^\top P_{t+1}^{i*} A_t^{i*}"
        r" - (B_t^i)^\top P_{t+1}^{i*} A_t^{i*} \right)^\top \left( \tau/2 I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*} x"
        r" + Tr(\Sigma P_{t+1}^{i*}) + Tr((R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)"
        r" \Sigma_t^{i*}) + \frac{\tau}{2} (Tr(\Sigma_t^{i*}) - p - \log(|\Sigma_t^{i*}|))"
        r" + q_{t+1}^{i*} + Tr \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top P_{t+1}^{i*}"
        r" B_t^j \right) = x^\top P_{t+1}^{i*} x + q_{t+1}^{i*},",
        statement=_value,
        faults=(
            Fault(
                name="bracket",
                what="Q + A*'PA* is m×m and B'PA* is p×m, so the bracket opens in the wrong place "
                "and the Riccati form is lost",
                kind="bracket",
                printed=rf"\left( {_HEAD} - {_CROSS} \right)^\top {_INVERSE} {_CROSS} x",
                corrected=rf"\left( {_HEAD} - \corrected{{(}}{_CROSS}\corrected{{)^\top}}"
                rf" {_INVERSE} {_CROSS} \right) x",
            ),
            Fault(
                name="P index",
                what="the result is P_t, not P_{t+1}",
                kind="index",
                printed=r"= x^\top P_{t+1}^{i*} x",
                corrected=r"= x^\top \corrected{P_t^{i*}} x",
            ),
            Fault(
                name="q index",
                what="the result is q_t, not q_{t+1}",
                kind="index",
                printed=r"x + q_{t+1}^{i*},",
                corrected=r"x + \corrected{q_t^{i*}},",
            ),
        ),
    ),
)
