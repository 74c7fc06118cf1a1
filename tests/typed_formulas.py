"""The stage formulas typed by hand, in the letters of docs/explanation/theory.md: a check."""

from __future__ import annotations

import sympy
from sympy import Inverse, MatMul

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.notation import A, B, F, K, P, Q, R, S, W, eye, i, j, noise, others_loop, q
from ergs_verify.paper.notation import tau as t

_R = t / 2 * eye(i) + R(i)
_W = _R + B(i).T * P(i) * B(i)
_spread = trace_of(P(i), noise) + agent_sum(trace_of(P(i), B(j), S(j), B(j).T), j)
_own = trace_of(_R, S(i)) - t / 2 * control_size(i) - t / 2 * sympy.log(sympy.Determinant(S(i)))


def typed_formulas() -> Formulas:
    pull = B(i).T * P(i) * others_loop(i)
    return Formulas(
        definitions={
            W(i): _W,
            others_loop(i): A + agent_sum(B(j) * K(j), j, i),
            F: A + agent_sum(B(j) * K(j), j),
        },
        gain=MatMul(-1, Inverse(W(i)), pull),
        covariance=MatMul(t / 2, Inverse(W(i))),
        riccati=Q(i)
        + others_loop(i).T * P(i) * others_loop(i)
        - MatMul(others_loop(i).T, P(i), B(i), Inverse(W(i)), pull),
        constant=_own + _spread + q(i),
        phi_diagonal=_W,
        phi_off_diagonal=B(i).T * P(i) * B(j),
        rhs=B(i).T * P(i) * A,
        policy_cost=Q(i) + MatMul(K(i).T, _R, K(i)) + MatMul(F.T, P(i), F),
        policy_constant=_own + _spread + q(i),
    )
