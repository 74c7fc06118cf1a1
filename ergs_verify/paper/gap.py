"""The gap identity, and the coefficient of δ² in the gap of the δ-augmented equilibrium.

For any joint policy, agent i's gap is J^i(π) − min over agent i's policies. Stage by stage it is
τ E KL(π^i ‖ BR^i), with agent i's best response BR^i to the others: nonnegative terms in which
nothing cancels. In the formulas P_{t+1}ⁱ is the best response's, and X = E[xx'] under the policy.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import sympy
from attrs import asdict, frozen
from sympy import (
    Determinant,
    Expr,
    Function,
    Inverse,
    MatrixExpr,
    MatrixSymbol,
    Rational,
    Symbol,
    ZeroMatrix,
    log,
)

from ergs_verify.errors import DerivationError
from ergs_verify.expressions import AgentMatrix, agent_sum, control_size, trace_of
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.derivation import Derivation, Derived, Move, demand_equal
from ergs_verify.paper.notation import (
    A,
    B,
    F,
    K,
    P,
    R,
    S,
    W,
    definitions,
    eye,
    i,
    j,
    m,
    noise,
    omega,
    others_loop,
    own_covariance,
    own_mean,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.proof import gaussian_expectation
from ergs_verify.proof.expansion import taylor_coefficient

__all__ = [
    "GapFormulas",
    "SecondOrderFormulas",
    "X",
    "Z",
    "coefficient",
    "delta",
    "derive_coefficient",
    "derive_identity",
    "gap_formulas",
    "identity",
    "second_order_formulas",
]

p = control_size(i)
delta = Symbol("delta", positive=True)
X = MatrixSymbol("X_t", m, m)
"""E[xx'] under the joint policy."""
Z = AgentMatrix("Z_{t+1}", i, m, m)
"""Slope of P_{t+1}ⁱ in τ."""
G = AgentMatrix("G_{t+1}", i, m, m)
"""The gap from t+1 on is x'G_{t+1}x + g_{t+1}."""
own_gain = AgentMatrix("K", i, p, m)
"""Agent i's gain, apart from the gains in sums over the others."""
slope = AgentMatrix(r"\dot{K}", i, p, m)
"""Slope of agent i's gain in τ, the other agents' policies fixed."""
SYMMETRIC = (*symmetric, X, Z, G)


def g(agent):
    """The number g_{t+1} of an agent: the part of the gap that does not depend on the state."""
    return Function("g_{t+1}", real=True)(agent)


def _equal(left, right, why: str, more=None) -> str:
    everything = {**definitions, **(more or {})}
    return demand_equal(left, right, definitions=everything, symmetric=SYMMETRIC, why=why)


# -- the identity ---------------------------------------------------------------------------


def _premises(state):
    theorem = state["theorem"]
    return {"equilibrium": theorem.derive(), "policy": theorem.derive_policy_value()}


def _excess(state):
    """Cost of one stage under N(Kx, Z), the best response's cost to go, less its value."""
    policy = {own_mean(i): own_gain * x}
    played = theorem_III_1.with_linear_policies(state["policy"]["whole"].xreplace(policy))
    best = theorem_III_1.with_linear_policies(state["equilibrium"]["least"])
    return {"excess": played - best}


def _check_excess(state) -> str:
    """Nothing is lost when agent i plays its best response."""
    best = state["equilibrium"]
    at_best = {own_gain: best["gain"], own_covariance(i): best["covariance"]}
    return _equal(state["excess"].xreplace(at_best), sympy.Integer(0), "the excess at the best")


def _divergence(gain, covariance, second_moment):
    """τ E KL(N(Kx, Σ) ‖ BR), with Σ_br⁻¹ = (2/τ)W."""
    off = gain - gain_best
    return trace_of(W(i), off, second_moment, off.T) + _covariance_part(covariance)


def _covariance_part(covariance):
    log_ratio = log(Determinant(covariance)) + log(Determinant(W(i))) + p * log(2 / tau)
    return trace_of(W(i), covariance) - tau / 2 * (p + log_ratio)


gain_best = -Inverse(W(i)) * B(i).T * P(i) * others_loop(i)


def _recognise(_state):
    return {"divergence": _divergence(own_gain, own_covariance(i), x * x.T)}


def _check_recognised(state) -> str:
    _check_divergence()
    return _equal(state["excess"], state["divergence"], "the stage's excess")


def _check_divergence() -> str:
    """τ KL of two Gaussians, from the expectation of their log densities."""
    vector = u(i)
    play = {vector: (own_gain * x, own_covariance(i))}
    off_own, off_best = vector - own_gain * x, vector - gain_best * x
    log_ratio = (
        -trace_of(off_own.T, Inverse(own_covariance(i)), off_own) / 2
        - log(Determinant(own_covariance(i))) / 2
        + trace_of(off_best.T, 2 / tau * W(i), off_best) / 2
        + log(Determinant(tau / 2 * Inverse(W(i)))) / 2
    )
    averaged = gaussian_expectation(log_ratio, play, symmetric=SYMMETRIC)
    return _equal(
        tau * averaged, _divergence(own_gain, own_covariance(i), x * x.T), "τ times the divergence"
    )


def _average(_state):
    """Over x with E[xx'] = X: the policy's letters are those of all agents again."""
    off = K(i) - gain_best
    return {
        "gain_part": trace_of(W(i), off, X, off.T),
        "covariance_part": _covariance_part(S(i)),
        "plain_covariance_part": trace_of(W(i), S(i)),
    }


def _check_average(state) -> str:
    """The stage's divergence at xx' = X; at τ = 0, from the costs without entropy."""
    averaged = state["gain_part"] + state["covariance_part"]
    letters = {K(i): own_gain, S(i): own_covariance(i), X: x * x.T}
    _equal(averaged.xreplace(letters), state["divergence"], "the averaged divergence")
    form = state["equilibrium"]["form"]
    W_plain = AgentMatrix("W_0", i, p, p)
    least = form.constant - trace_of(form.linear.T, Inverse(W_plain), form.linear) / 4
    played = state["policy"]["expected"].xreplace({own_mean(i): own_gain * x})
    excess = theorem_III_1.with_linear_policies(played - least)
    off = own_gain + Inverse(W_plain) * B(i).T * P(i) * others_loop(i)
    covariance_part = state["plain_covariance_part"].xreplace(
        {W(i): W_plain, S(i): own_covariance(i)}
    )
    plain = trace_of(W_plain, off, x, x.T, off.T) + covariance_part
    return _equal(excess, plain, "the plain game's excess", {W_plain: R(i) + B(i).T * P(i) * B(i)})


def _propagate(_state):
    return {"second_moment": F * X * F.T + noise + agent_sum(sympy.MatMul(B(j), S(j), B(j).T), j)}


def _check_propagated(state) -> str:
    """E[x₊x₊'] given x, and then over x."""
    move = _next_state()
    given = gaussian_expectation(move * move.T, _draws(), symmetric=SYMMETRIC)
    return _equal(given, state["second_moment"].xreplace({X: x * x.T}), "the second moment")


def _as_function_of_state(state):
    """What the gap from t on is at x_t = x: x'G_t x + g_t."""
    off = K(i) - gain_best
    averaged = trace_of(noise, G) + agent_sum(trace_of(S(j), B(j).T, G, B(j)), j) + g(i)
    return {
        "gap_matrix": off.T * W(i) * off + F.T * G * F,
        "gap_constant": state["covariance_part"] + averaged,
        "plain_gap_constant": state["plain_covariance_part"] + averaged,
    }


def _check_function_of_state(state) -> str:
    """This stage's part at xx', and what is expected of the next stages."""
    ahead = _next_state().T * G * _next_state()
    expected = gaussian_expectation(trace_of(ahead), _draws(), symmetric=SYMMETRIC) + g(i)
    now = state["gain_part"].xreplace({X: x * x.T})
    averaged = state["gap_constant"] - state["covariance_part"]
    plain = state["plain_gap_constant"] - state["plain_covariance_part"]
    _equal(plain, averaged, "what is expected of the next stages at τ = 0")
    value = trace_of(x.T, state["gap_matrix"], x) + averaged
    return _equal(now + expected, value, "the gap as a function of the state")


def _next_state():
    return A * x + agent_sum(B(j) * u(j), j) + omega


def _draws():
    return {u(j): (K(j) * x, S(j)), omega: (ZeroMatrix(m, 1), noise)}


identity = Derivation(
    title="Gap identity",
    start={"theorem": theorem_III_1},
    moves=(
        Move(
            name="premises",
            what="Take the one-step costs derived for Theorem III.1",
            rule="agent i's best response has the value x'P_t x + q_t of the Riccati recursion",
            find=_premises,
            check=lambda s: f"{s['equilibrium'].title} and {s['policy'].title}, derived",
            show=lambda s: (r"V_t(x) = \min", s["equilibrium"]["least"]),
        ),
        Move(
            name="excess",
            what="What one stage costs more than the best response's",
            rule=r"$E[\text{stage cost} + V_{t+1}(x_{t+1})] - V_t(x)$ for the policy N(Kx, Z)",
            find=_excess,
            check=_check_excess,
            show=lambda s: ("e_t(x)", s["excess"]),
        ),
        Move(
            name="divergence",
            what="Recognise it as τ times a relative entropy",
            rule=r"$\mathrm{BR}$ has gain $-W^{-1}B^\top P\bar{A}$ and precision $(2/\tau)W$",
            find=_recognise,
            check=_check_recognised,
            show=lambda s: ("e_t(x)", s["divergence"]),
        ),
        Move(
            name="average",
            what="Average over the state, and add up the stages",
            rule="telescoping sum: V_T is the terminal cost and V_0 the least cost",
            find=_average,
            check=_check_average,
            show=lambda s: (r"\mathbb{E}\,e_t", s["gain_part"] + s["covariance_part"]),
        ),
        Move(
            name="moments",
            what="Propagate the second moment of the state",
            rule=r"$x_{t+1} = Ax + \sum_j B^j u^j + \omega$",
            find=_propagate,
            check=_check_propagated,
            show=lambda s: ("X_{t+1}", s["second_moment"]),
        ),
        Move(
            name="state",
            what="The gap from t on as a function of the state, backwards in time",
            rule=r"$x^\top G_t x + g_t$ with $G_T = 0$ and $g_T = 0$",
            find=_as_function_of_state,
            check=_check_function_of_state,
            show=lambda s: ("G_t", s["gap_matrix"]),
        ),
    ),
    results=(
        "gain_part",
        "covariance_part",
        "plain_covariance_part",
        "second_moment",
        "gap_matrix",
        "gap_constant",
        "plain_gap_constant",
    ),
)
"""J^i(π) − min = Σ_t τ E KL(π^i_t ‖ BR^i_t)."""


# -- the coefficient of δ² ---------------------------------------------------------------------

# Agent i's answers to the same others at τ and at τ + δ, to first order in δ.
shifted_P = P(i) + delta * Z
shifted_gain = own_gain + delta * slope
shifted_weight = (tau + delta) / 2 * eye(i) + R(i) + B(i).T * shifted_P * B(i)
closed = others_loop(i) + B(i) * own_gain
"""The closed loop Ā + BK."""
push = AgentMatrix("G", i, p, m)


def _first_order(expression, order: int = 1):
    return taylor_coefficient(expression, delta, order, symmetric=SYMMETRIC)


def _gain_slope(_state):
    """δ-part of W̃K̃ + B'P̃Ā = 0."""
    condition = shifted_weight * shifted_gain + B(i).T * shifted_P * others_loop(i)
    return {
        "condition": _first_order(condition),
        "push": own_gain / 2 + B(i).T * Z * closed,
        "gain_slope": -Inverse(W(i)) * push,
    }


def _equal_here(left, right, why: str) -> str:
    """Ā stays a letter: the others' policies are fixed."""
    return demand_equal(
        left, right, definitions={W(i): definitions[W(i)]}, symmetric=SYMMETRIC, why=why
    )


def _check_gain_slope(state) -> str:
    _equal_here(state["condition"], W(i) * slope + state["push"], "the condition's slope")
    solved = state["gain_slope"].xreplace({push: state["push"]})
    return _equal_here(W(i) * solved, -state["push"], "the gain's slope")


def _cost_slope(_state):
    loop = others_loop(i) + B(i) * shifted_gain
    cost = (
        shifted_gain.T * ((tau + delta) / 2 * eye(i) + R(i)) * shifted_gain
        + loop.T * shifted_P * loop
    )
    return {
        "cost_condition": _first_order(cost),
        "cost_slope": own_gain.T * own_gain / 2 + closed.T * Z * closed,
    }


def _check_cost_slope(state) -> str:
    """The gain's own slope drops out, the gain being optimal (envelope)."""
    at_best = {own_gain: gain_best}
    return _equal_here(
        state["cost_condition"].xreplace(at_best),
        state["cost_slope"].xreplace(at_best),
        "the slope of P",
    )


def _precision_slope(_state):
    precision = 2 / (tau + delta) * shifted_weight
    return {
        "precision_condition": _first_order(precision),
        "precision_slope": -2 / tau**2 * (R(i) + B(i).T * P(i) * B(i))
        + 2 / tau * B(i).T * Z * B(i),
    }


def _check_precision_slope(state) -> str:
    return _equal_here(
        state["precision_condition"], state["precision_slope"], "the slope of the precision"
    )


precision_slope = AgentMatrix("Y", i, p, p)


def _second_order(_state):
    """The gap's δ²-part: Tr(W K̇XK̇') and (τ/4)Tr(ΣYΣY)."""
    return {
        "coefficient": trace_of(push.T, Inverse(W(i)), push, X)
        + tau / 4 * trace_of(S(i), precision_slope, S(i), precision_slope)
    }


def _check_second_order(state) -> str:
    gain_part = trace_of(W(i), state["gain_slope"], X, state["gain_slope"].T)
    # M = Σ_br⁻¹Σ̃ = I − δYΣ + O(δ²), so Tr M − p − log det M = ½δ²Tr(YΣYΣ) + O(δ³).
    off = -precision_slope * S(i)
    covariance_part = tau / 2 * Rational(1, 2) * trace_of(off, off)
    _check_log_det_expansion()
    return _equal_here(state["coefficient"], gain_part + covariance_part, "the coefficient of δ²")


def _check_log_det_expansion() -> None:
    """Tr M − p − log det M = ½δ²Tr(N²) + O(δ³) at M = I + δN, for p = 1 and 2 in letters.

    With D = det M: D(0) = 1, so that both sides vanish at δ = 0, and Tr N − D'/D = δTr(N²) + O(δ²).
    """
    for size in (1, 2):
        N = sympy.Matrix(size, size, sympy.symbols(f"n:{size * size}"))
        d = sympy.Symbol("d")
        D = sympy.Poly((sympy.eye(size) + d * N).det(method="berkowitz"), d)
        slopes = (N.trace() - d * (N * N).trace()) * D - D.diff(d)
        if D.eval(0) != 1 or sympy.rem(slopes, d**2) != 0:
            raise DerivationError(f"the expansion of log det fails for p = {size}")


coefficient = Derivation(
    title="Coefficient of δ² in the gap of the δ-augmented equilibrium",
    start={"symbol": delta},
    moves=(
        Move(
            name="gain slope",
            what="Differentiate agent i's first-order condition in τ, the others fixed",
            rule=r"W K + B'PĀ = 0; W ≻ 0, so the implicit function theorem applies",
            find=_gain_slope,
            check=_check_gain_slope,
            show=lambda s: (slope, s["gain_slope"].xreplace({push: s["push"]})),
        ),
        Move(
            name="cost slope",
            what="Differentiate the Riccati recursion in τ",
            rule="the gain is optimal, so its own slope drops out (envelope)",
            find=_cost_slope,
            check=_check_cost_slope,
            show=lambda s: (Symbol("Z_t"), s["cost_slope"]),
        ),
        Move(
            name="precision slope",
            what="Differentiate the precision in τ",
            rule=r"$\Sigma^{-1} = (2/\tau) W$",
            find=_precision_slope,
            check=_check_precision_slope,
            show=lambda s: (precision_slope, s["precision_slope"]),
        ),
        Move(
            name="second order",
            what="Insert both differences into the gap identity",
            rule="log det(I + δN) = δ Tr N − ½δ² Tr N² + O(δ³)",
            find=_second_order,
            check=_check_second_order,
            show=lambda s: (Symbol("c_t^i"), s["coefficient"]),
        ),
    ),
    results=("push", "cost_slope", "precision_slope", "gain_slope", "coefficient"),
)
"""ε_i(δ) = c_i δ² + O(δ³) where det Φ_t ≠ 0 at τ for every t.

The δ-augmented equilibrium is agent i's best response at τ + δ to the same others to whom its
best response at τ is compared; both are rational functions of δ near 0, as det Φ_t ≠ 0.
"""


@cache
def derive_identity() -> Derived:
    """The gap identity, derived."""
    return identity.run()


@cache
def derive_coefficient() -> Derived:
    """The coefficient of δ², derived."""
    return coefficient.run()


@frozen(kw_only=True, eq=False)
class GapFormulas:
    """One stage of the gap, in the letters of `notation`.

    Attributes
    ----------
    definitions : mapping from letters to expressions
        W, Ā and F, as in `Formulas`.
    gain_part, covariance_part : Expr
        τ E KL of agent i's policy from its best response; P_{t+1} is the best response's.
    plain_covariance_part : Expr
        Tr(WΣ), in place of `covariance_part` at τ = 0.
    second_moment : MatrixExpr, m×m
        X_{t+1}.
    gap_matrix : MatrixExpr, m×m
        G_t, from G_{t+1}; G_T = 0. The gap from t on is x'G_t x + g_t.
    gap_constant, plain_gap_constant : Expr
        g_t, from g_{t+1} and G_{t+1}; the latter at τ = 0.
    """

    definitions: Mapping
    gain_part: Expr
    covariance_part: Expr
    plain_covariance_part: Expr
    second_moment: MatrixExpr
    gap_matrix: MatrixExpr
    gap_constant: Expr
    plain_gap_constant: Expr


@frozen(kw_only=True, eq=False)
class SecondOrderFormulas(GapFormulas):
    """The same, and one stage of the coefficient of δ².

    Attributes
    ----------
    cost_slope : MatrixExpr, m×m
        Z_t, from Z_{t+1}; Z_T = 0.
    coefficient : Expr
        The stage's part of c_i, at the equilibrium.
    """

    cost_slope: MatrixExpr
    coefficient: Expr


@cache
def gap_formulas() -> GapFormulas:
    """The derived formulas of the gap."""
    return GapFormulas(definitions=definitions, **derive_identity().results)


@cache
def second_order_formulas() -> SecondOrderFormulas:
    """The formulas of both derivations, all agents' letters K and Σ put for agent i's own."""
    second = derive_coefficient()
    inserted = {push: second["push"], precision_slope: second["precision_slope"]}
    everybody = {own_gain: K(i)}
    return SecondOrderFormulas(
        **asdict(gap_formulas(), recurse=False),
        cost_slope=second["cost_slope"].xreplace(everybody),
        coefficient=second["coefficient"].xreplace(inserted).xreplace(everybody),
    )
