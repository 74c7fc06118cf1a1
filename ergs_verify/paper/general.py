"""The general game: costs of all controls, cross terms, Gaussian priors, τ and discount by agent.

Agent i's stage cost is the quadratic form x'Qx + 2v'Sx + v'Rv of the state and of all controls,
v = Σ_j Eʲuʲ, where Eʲ puts agent j's control into its place; no block need be definite. Agent i's
prior is N(Mx, L⁻¹), its entropy weighs τ_i, and what comes a stage later weighs γ_i. Affine terms
are one more state that is always 1. The paper's game is the instance S = 0, R = EⁱRⁱEⁱ', M = 0,
L = I, γ = 1.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from sympy import Determinant, Inverse, Trace, log

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.notation import (
    A,
    B,
    F,
    K,
    P,
    Q,
    S,
    W,
    discount,
    general_symmetric,
    i,
    j,
    joint_gain,
    joint_R,
    joint_S,
    noise,
    others_gain,
    others_loop,
    place,
    precision,
    prior_gain,
    pull,
    q,
    tau,
    u,
    x,
)
from ergs_verify.paper.setting import Compact, Setting

p = control_size(i)
V = discount * P(i)


def _stage(control):
    v = place(i) * control + agent_sum(place(j) * u(j), j, i)
    return trace_of(x.T, Q(i), x) + 2 * trace_of(v.T, joint_S(i), x) + trace_of(v.T, joint_R(i), v)


def _of_own(tau_i, P_i, gain):
    """What the others' policies leave to agent i: its costs and its first-order condition."""
    loop = others_loop(i) + B(i) * gain
    played = others_gain(i) + place(i) * gain
    off = gain - prior_gain(i)
    cost = (
        Q(i)
        + played.T * joint_S(i)
        + joint_S(i).T * played
        + played.T * joint_R(i) * played
        + tau_i / 2 * off.T * precision(i) * off
        + discount * loop.T * P_i * loop
    )
    condition = (
        place(i).T * joint_S(i)
        + place(i).T * joint_R(i) * played
        + tau_i / 2 * precision(i) * off
        + discount * B(i).T * P_i * loop
    )
    return cost, condition


definitions = {
    W(i): tau / 2 * precision(i) + place(i).T * joint_R(i) * place(i) + B(i).T * V * B(i),
    others_loop(i): A + agent_sum(B(j) * K(j), j, i),
    F: A + agent_sum(B(j) * K(j), j),
    others_gain(i): agent_sum(place(j) * K(j), j, i),
    joint_gain: agent_sum(place(j) * K(j), j),
    pull(i): place(i).T * joint_S(i)
    + place(i).T * joint_R(i) * others_gain(i)
    + B(i).T * V * others_loop(i)
    - tau / 2 * precision(i) * prior_gain(i),
}

_entropy = (
    tau
    / 2
    * (Trace(precision(i) * S(i)) - p - log(Determinant(S(i))) - log(Determinant(precision(i))))
)


def _spread(agent):
    """What the variance of an agent's control costs agent i."""
    return Trace(
        S(agent) * (place(agent).T * joint_R(i) * place(agent) + B(agent).T * V * B(agent))
    )


_ahead = discount * q(i) + Trace(noise * V)
_off = K(i) - prior_gain(i)

GENERAL = Setting(
    name="the general game",
    stage=_stage,
    tau=tau,
    discount=discount,
    prior=lemma_III_2.gaussian,
    prior_gain=prior_gain(i),
    prior_precision=precision(i),
    lemma=lemma_III_2.derive_for_any_prior,
    condition=lambda tau_i, P_i, gain: _of_own(tau_i, P_i, gain)[1],
    cost=lambda tau_i, P_i, gain: _of_own(tau_i, P_i, gain)[0],
    definitions=definitions,
    symmetric=general_symmetric,
    compact=Compact(
        gain=-Inverse(W(i)) * pull(i),
        riccati=Q(i)
        + others_gain(i).T * joint_S(i)
        + joint_S(i).T * others_gain(i)
        + others_gain(i).T * joint_R(i) * others_gain(i)
        + tau / 2 * prior_gain(i).T * precision(i) * prior_gain(i)
        + others_loop(i).T * V * others_loop(i)
        - pull(i).T * Inverse(W(i)) * pull(i),
        constant=_ahead + agent_sum(_spread(j), j, i) + _spread(i) + _entropy,
        policy_cost=Q(i)
        + joint_gain.T * joint_S(i)
        + joint_S(i).T * joint_gain
        + joint_gain.T * joint_R(i) * joint_gain
        + tau / 2 * _off.T * precision(i) * _off
        + F.T * V * F,
        policy_constant=_ahead + agent_sum(_spread(j), j) + _entropy,
    ),
)
"""The general game."""


def general_formulas() -> Formulas:
    """The stage formulas of the general game, all derived or proved equal to what was derived.

    Examples
    --------
    >>> from ergs_verify.paper.general import general_formulas
    >>> general_formulas().phi_off_diagonal
    gamma*B_t^i.T*P_{t+1}^i*B_t^j + E^i.T*\\mathbf{R}_t^i*E^j
    """
    return theorem_III_1.formulas_of(GENERAL)
