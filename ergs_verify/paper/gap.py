"""The gap identity, and the coefficient of δ² in the gap of the δ-augmented equilibrium.

For any joint policy, agent i's gap is J^i(π) − min over agent i's policies. Stage by stage it is
τ E KL(π^i ‖ BR^i), with agent i's best response BR^i to the others: nonnegative terms in which
nothing cancels. In the formulas P_{t+1}ⁱ is the best response's, and X = E[xx'] under the policy.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping

import sympy
from attrs import asdict, frozen
from sympy import (
    Determinant,
    Expr,
    Function,
    Identity,
    Inverse,
    MatrixExpr,
    MatrixSymbol,
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
    S,
    W,
    i,
    j,
    m,
    noise,
    omega,
    others_gain,
    others_loop,
    own_covariance,
    own_mean,
    u,
    x,
)
from ergs_verify.paper.setting import Setting, titled
from ergs_verify.paper.theorem_III_1 import PAPER, per_class
from ergs_verify.proof import gaussian_expectation
from ergs_verify.proof.expansion import taylor_coefficient

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
MOMENTS = (X, Z, G)
"""Symmetric, like the setting's letters."""


def g(agent):
    """The number g_{t+1} of an agent: the part of the gap that does not depend on the state."""
    return Function("g_{t+1}", real=True)(agent)


def _symmetric(state) -> tuple:
    return (*state["setting"].symmetric, *MOMENTS)


def _equal(state, left, right, why: str, more=None) -> str:
    return state["setting"].equal(left, right, why, more, also=MOMENTS)


# -- the identity ---------------------------------------------------------------------------


def _premises(state):
    theorem, setting = state["theorem"], state["setting"]
    return {
        "equilibrium": theorem.derive(setting),
        "policy": theorem.derive_policy_value(setting),
    }


def _excess(state):
    """Cost of one stage under N(Kx, Z), the best response's cost to go, less its value."""
    policy = {own_mean(i): own_gain * x}
    played = theorem_III_1.with_linear_policies(state["policy"]["whole"].xreplace(policy))
    best = theorem_III_1.with_linear_policies(state["equilibrium"]["least"])
    return {"excess": played - best}


def _check_excess(state) -> str:
    """Nothing is lost when agent i plays its best response, for any M and b; and with them here."""
    theorem, setting, form = state["theorem"], state["setting"], state["equilibrium"]["form"]
    least = theorem.least_is_least({"setting": setting, "lemma": setting.lemma()})
    lost = theorem.cost_of_own(setting, theorem.any_form()) - least
    here = {theorem.M: form.matrix, theorem.b: form.linear, own_mean(i): own_gain * x}
    played = theorem.with_linear_policies(lost.xreplace(here))
    return setting.equal(state["excess"], played, "the excess", also=MOMENTS, opaque=(W(i),))


def _divergence(state, gain, covariance, second_moment):
    """τ E KL(N(Kx, Σ) ‖ BR), with Σ_br⁻¹ = (2/τ)W."""
    off = gain - state["setting"].compact.gain
    return trace_of(W(i), off, second_moment, off.T) + _covariance_part(state, covariance)


def _covariance_part(state, covariance):
    tau = state["setting"].tau
    log_ratio = log(Determinant(covariance)) + log(Determinant(W(i))) + p * log(2 / tau)
    return trace_of(W(i), covariance) - tau / 2 * (p + log_ratio)


def _recognise(state):
    return {"divergence": _divergence(state, own_gain, own_covariance(i), x * x.T)}


def _check_recognised(state) -> str:
    _check_divergence(state)
    return _equal(state, state["excess"], state["divergence"], "the stage's excess")


def _check_divergence(state) -> str:
    """τ KL of two Gaussians, from the expectation of their log densities."""
    vector, tau = u(i), state["setting"].tau
    play = {vector: (own_gain * x, own_covariance(i))}
    off_own, off_best = vector - own_gain * x, vector - state["setting"].compact.gain * x
    log_ratio = (
        -trace_of(off_own.T, Inverse(own_covariance(i)), off_own) / 2
        - log(Determinant(own_covariance(i))) / 2
        + trace_of(off_best.T, 2 / tau * W(i), off_best) / 2
        + log(Determinant(tau / 2 * Inverse(W(i)))) / 2
    )
    averaged = gaussian_expectation(log_ratio, play, symmetric=_symmetric(state))
    divergence = _divergence(state, own_gain, own_covariance(i), x * x.T)
    return _equal(state, tau * averaged, divergence, "τ times the divergence")


def _average(state):
    """Over x with E[xx'] = X: the policy's letters are those of all agents again."""
    off = K(i) - state["setting"].compact.gain
    return {
        "gain_part": trace_of(W(i), off, X, off.T),
        "covariance_part": _covariance_part(state, S(i)),
        "plain_covariance_part": trace_of(W(i), S(i)),
    }


def _check_average(state) -> str:
    """The stage's divergence at xx' = X; at τ = 0, from the costs without entropy."""
    averaged = state["gain_part"] + state["covariance_part"]
    letters = {K(i): own_gain, S(i): own_covariance(i), X: x * x.T}
    _equal(state, averaged.xreplace(letters), state["divergence"], "the averaged divergence")
    setting, form = state["setting"], state["equilibrium"]["form"]
    W_plain = AgentMatrix("W_0", i, p, p)
    least = form.constant - trace_of(form.linear.T, Inverse(W_plain), form.linear) / 4
    played = state["policy"]["expected"].xreplace({own_mean(i): own_gain * x})
    excess = theorem_III_1.with_linear_policies(played - least)
    plain_pull = setting.condition(sympy.Integer(0), P(i), ZeroMatrix(p, m))
    off = own_gain + Inverse(W_plain) * plain_pull
    covariance_part = state["plain_covariance_part"].xreplace(
        {W(i): W_plain, S(i): own_covariance(i)}
    )
    plain = trace_of(W_plain, off, x, x.T, off.T) + covariance_part
    weight = {W_plain: setting.definitions[W(i)].subs(setting.tau, 0)}
    return _equal(state, excess, plain, "the plain game's excess", weight)


def _propagate(_state):
    return {"second_moment": F * X * F.T + noise + agent_sum(sympy.MatMul(B(j), S(j), B(j).T), j)}


def _check_propagated(state) -> str:
    """E[x₊x₊'] given x, and then over x."""
    move = _next_state()
    given = gaussian_expectation(move * move.T, _draws(), symmetric=_symmetric(state))
    averaged = state["second_moment"].xreplace({X: x * x.T})
    return _equal(state, given, averaged, "the second moment")


def _as_function_of_state(state):
    """What the gap from t on is at x_t = x: x'G_t x + g_t."""
    setting = state["setting"]
    off = K(i) - setting.compact.gain
    ahead = trace_of(noise, G) + agent_sum(trace_of(S(j), B(j).T, G, B(j)), j) + g(i)
    return {
        "gap_matrix": off.T * W(i) * off + setting.discount * F.T * G * F,
        "gap_constant": state["covariance_part"] + setting.discount * ahead,
        "plain_gap_constant": state["plain_covariance_part"] + setting.discount * ahead,
    }


def _check_function_of_state(state) -> str:
    """This stage's part at xx', and what is expected of the next stages."""
    discount = state["setting"].discount
    ahead = trace_of(_next_state().T * G * _next_state())
    expected = gaussian_expectation(ahead, _draws(), symmetric=_symmetric(state)) + g(i)
    now = state["gain_part"].xreplace({X: x * x.T})
    averaged = state["gap_constant"] - state["covariance_part"]
    plain = state["plain_gap_constant"] - state["plain_covariance_part"]
    _equal(state, plain, averaged, "what is expected of the next stages at τ = 0")
    value = trace_of(x.T, state["gap_matrix"], x) + averaged
    return _equal(state, now + discount * expected, value, "the gap as a function of the state")


def _next_state():
    return A * x + agent_sum(B(j) * u(j), j) + omega


def _draws():
    return {u(j): (K(j) * x, S(j)), omega: (ZeroMatrix(m, 1), noise)}


_identity_moves = (
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
        what="The gap from stage t onwards as a function of the state, backwards in time",
        rule=r"$x^\top G_t x + g_t$ with $G_T = 0$ and $g_T = 0$",
        find=_as_function_of_state,
        check=_check_function_of_state,
        show=lambda s: ("G_t", s["gap_matrix"]),
    ),
)


def identity_for(setting: Setting) -> Derivation:
    """J^i(π) − min = Σ_t γ^t τ E KL(π^i_t ‖ BR^i_t), in a class of games."""
    return Derivation(
        title=titled("Gap identity", setting),
        start={"theorem": theorem_III_1, "setting": setting},
        moves=_identity_moves,
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


identity = identity_for(PAPER)
"""J^i(π) − min = Σ_t τ E KL(π^i_t ‖ BR^i_t)."""


# -- the coefficient of δ² ---------------------------------------------------------------------

# Agent i's answers to the same others at τ and at τ + δ, to first order in δ.
shifted_P = P(i) + delta * Z
shifted_gain = own_gain + delta * slope
push = AgentMatrix("G", i, p, m)


def _first_order(state, expression):
    return taylor_coefficient(expression, delta, 1, symmetric=_symmetric(state))


def _closed():
    """The closed loop Ā + BK."""
    return others_loop(i) + B(i) * own_gain


def _off_prior(setting: Setting):
    """How far agent i's gain is off its prior's."""
    return own_gain - setting.prior_gain


def _pushed(setting: Setting):
    """What δ and δZ add to agent i's condition, over δ."""
    off = setting.prior_precision * _off_prior(setting) / 2
    return off + setting.discount * B(i).T * Z * _closed()


def _at_same_gain(setting: Setting):
    """What they add to P_t, the gain as it is."""
    off = _off_prior(setting)
    return (
        off.T * setting.prior_precision * off / 2 + setting.discount * _closed().T * Z * _closed()
    )


def _gain_slope(state):
    """δ-part of agent i's first-order condition W̃K̃ + … = 0."""
    setting = state["setting"]
    shifted = setting.condition(setting.tau + delta, shifted_P, shifted_gain)
    return {
        "condition": _first_order(state, shifted),
        "push": _pushed(setting),
        "gain_slope": -Inverse(W(i)) * push,
    }


def _equal_here(state, left, right, why: str) -> str:
    """Ā stays a letter: the others' policies are fixed."""
    return demand_equal(
        left,
        right,
        definitions={W(i): state["setting"].definitions[W(i)]},
        symmetric=_symmetric(state),
        why=why,
    )


def _check_gain_slope(state) -> str:
    _equal_here(state, state["condition"], W(i) * slope + state["push"], "the condition's slope")
    solved = state["gain_slope"].xreplace({push: state["push"]})
    return _equal_here(state, W(i) * solved, -state["push"], "the gain's slope")


def _cost_slope(state):
    setting = state["setting"]
    cost = setting.cost(setting.tau + delta, shifted_P, shifted_gain)
    return {"cost_condition": _first_order(state, cost), "cost_slope": _at_same_gain(setting)}


def _check_cost_slope(state) -> str:
    """The gain's own slope drops out, the gain being optimal (envelope)."""
    setting = state["setting"]
    at_best = {own_gain: -Inverse(W(i)) * setting.condition(setting.tau, P(i), ZeroMatrix(p, m))}
    return _equal_here(
        state,
        state["cost_condition"].xreplace(at_best),
        state["cost_slope"].xreplace(at_best),
        "the slope of P",
    )


def _precision_slope(state):
    setting = state["setting"]
    tau, weight = setting.tau, setting.definitions[W(i)]
    shifted = 2 / (tau + delta) * weight.xreplace({tau: tau + delta, P(i): shifted_P})
    ahead = setting.discount * B(i).T * Z * B(i)
    return {
        "precision_condition": _first_order(state, shifted),
        "precision_slope": 2 / tau * (setting.prior_precision / 2 + ahead) - 2 / tau**2 * W(i),
    }


def _check_precision_slope(state) -> str:
    return _equal_here(
        state, state["precision_condition"], state["precision_slope"], "the slope of the precision"
    )


precision_slope = AgentMatrix("Y", i, p, p)


def _second_order(state):
    """The gap's δ²-part: Tr(W K̇XK̇') and (τ/4)Tr(ΣYΣY)."""
    return {
        "coefficient": trace_of(push.T, Inverse(W(i)), push, X)
        + state["setting"].tau / 4 * trace_of(S(i), precision_slope, S(i), precision_slope)
    }


def _check_second_order(state) -> str:
    gain_part = trace_of(W(i), state["gain_slope"], X, state["gain_slope"].T)
    # M = Σ_br⁻¹Σ̃ = I − δYΣ + O(δ²), so Tr M − p − log det M = ½δ²Tr(YΣYΣ) + O(δ³).
    off = -precision_slope * S(i)
    covariance_part = state["setting"].tau / 4 * trace_of(off, off)
    _check_log_det_expansion()
    return _equal_here(
        state, state["coefficient"], gain_part + covariance_part, "the coefficient of δ²"
    )


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


_coefficient_moves = (
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
)


def coefficient_for(setting: Setting) -> Derivation:
    """ε_i(δ) = c_i δ² + O(δ³) where det Φ_t ≠ 0 at τ for every t, in a class of games.

    The δ-augmented equilibrium is agent i's best response at τ + δ to the same others to whom its
    best response at τ is compared; both are rational functions of δ near 0, as det Φ_t ≠ 0.
    """
    return Derivation(
        title=titled("Coefficient of δ² in the gap of the δ-augmented equilibrium", setting),
        start={"symbol": delta, "setting": setting},
        moves=_coefficient_moves,
        results=("push", "cost_slope", "precision_slope", "gain_slope", "coefficient"),
    )


coefficient = coefficient_for(PAPER)


# -- the gap of the δ-augmented equilibrium, without differences -----------------------------------

# Agent i's answers to the same others: P at τ, and at τ + δ P + δZ, with the gain K.
off_best = AgentMatrix("D", i, p, m)
"""K less the gain of the best response at τ."""


def _weight_slope(state):
    setting = state["setting"]
    return {"weight_slope": setting.prior_precision / 2 + setting.discount * B(i).T * Z * B(i)}


def _check_weight_slope(state) -> str:
    setting = state["setting"]
    weight = setting.definitions[W(i)]
    shifted = weight.xreplace({setting.tau: setting.tau + delta, P(i): shifted_P})
    return _equal_here(
        state, shifted - weight, delta * state["weight_slope"], "the difference of W"
    )


def _gain_difference(state):
    """Agent i's condition holds at τ + δ at K, and at τ at K − D."""
    return {"push": _pushed(state["setting"]), "gain_difference": -delta * Inverse(W(i)) * push}


def _check_gain_difference(state) -> str:
    setting = state["setting"]
    at_tau = setting.condition(setting.tau, P(i), own_gain)
    shifted = setting.condition(setting.tau + delta, shifted_P, own_gain)
    _equal_here(state, shifted - at_tau, delta * state["push"], "the conditions' difference")
    best = setting.condition(setting.tau, P(i), own_gain - off_best)
    _equal_here(state, at_tau - best, W(i) * off_best, "the condition is affine in the gain")
    return _equal_here(
        state, W(i) * state["gain_difference"], -delta * push, "the gains' difference"
    )


def _cost_difference(state):
    same_gain = _at_same_gain(state["setting"])
    return {
        "same_gain": same_gain,
        "cost_difference": same_gain + delta * push.T * Inverse(W(i)) * push,
    }


def _check_cost_difference(state) -> str:
    """At τ + δ and at τ with the gain K, and then at τ with K and with K − D."""
    setting = state["setting"]
    shifted = setting.cost(setting.tau + delta, shifted_P, own_gain)
    at_tau = setting.cost(setting.tau, P(i), own_gain)
    _equal_here(state, shifted - at_tau, delta * state["same_gain"], "the costs' difference")
    best_gain = own_gain - off_best
    best = setting.cost(setting.tau, P(i), best_gain)
    residual = setting.condition(setting.tau, P(i), best_gain)
    square = off_best.T * W(i) * off_best
    cross = off_best.T * residual + residual.T * off_best
    _equal_here(state, at_tau - best, square + cross, "the cost is quadratic in the gain")
    return _equal_here(
        state,
        square.xreplace({off_best: state["gain_difference"]}),
        delta * (state["cost_difference"] - state["same_gain"]),
        "the difference's square",
    )


def _spread(state):
    """Σ_br⁻¹Σ = I + δN."""
    tau = state["setting"].tau
    return {"spread": (Identity(p) - 2 * state["weight_slope"] * S(i)) / tau}


def _check_spread(state) -> str:
    """With W + δV = ½(τ + δ)Σ⁻¹ at τ + δ, and Σ_br⁻¹ = (2/τ)W."""
    tau = state["setting"].tau
    best = 2 / tau * ((tau + delta) / 2 * Inverse(S(i)) - delta * state["weight_slope"])
    return _equal_here(
        state, best * S(i), Identity(p) + delta * state["spread"], "the covariances' quotient"
    )


def _parts(_state):
    """The gap identity's, with D and M = Σ_br⁻¹Σ."""
    return {"gain_part": trace_of(W(i), off_best, X, off_best.T)}


def _check_parts(state) -> str:
    setting = state["setting"]
    identity_parts = derive_identity(setting).results
    off = K(i) - setting.compact.gain
    _equal(
        state,
        state["gain_part"].xreplace({off_best: off}),
        identity_parts["gain_part"],
        "the gain's part",
    )
    _equal(state, _closed().xreplace({own_gain: K(i)}), F, "the closed loop")
    tau = setting.tau
    ratio = 2 / tau * W(i) * S(i)
    divergence = tau / 2 * (trace_of(ratio) - p - log(Determinant(ratio)))
    return _equal(state, divergence, identity_parts["covariance_part"], "the covariance's part")


_difference_moves = (
    Move(
        name="weight difference",
        what="How much larger W is at τ + δ",
        rule="W is affine in τ and P",
        find=_weight_slope,
        check=_check_weight_slope,
        show=lambda s: (Symbol("V"), s["weight_slope"]),
    ),
    Move(
        name="gain difference",
        what="Subtract agent i's first-order conditions at τ + δ and τ, the others fixed",
        rule="both are affine in τ, P and the gain, and 0",
        find=_gain_difference,
        check=_check_gain_difference,
        show=lambda s: (off_best, s["gain_difference"].xreplace({push: s["push"]})),
    ),
    Move(
        name="cost difference",
        what="Subtract the costs, each at its own gain",
        rule="the cost is quadratic in the gain, and least at that of the best response",
        find=_cost_difference,
        check=_check_cost_difference,
        show=lambda s: (Symbol("Z_t"), s["cost_difference"].xreplace({push: s["push"]})),
    ),
    Move(
        name="spread",
        what="Divide the covariances",
        rule=r"$\Sigma^{-1} = (2/\tau) W$",
        find=_spread,
        check=_check_spread,
        show=lambda s: (Symbol("N"), s["spread"]),
    ),
    Move(
        name="parts",
        what="Insert both into the gap identity",
        rule="log det of a product is the sum of both",
        find=_parts,
        check=_check_parts,
        show=lambda s: ("e_t", s["gain_part"]),
    ),
)


def difference_for(setting: Setting) -> Derivation:
    """The δ-augmented equilibrium less the best response at τ, in a class of games.

    In what it is less there is no difference any more of numbers that are nearly equal.
    """
    return Derivation(
        title=titled("The δ-augmented equilibrium less the best response to it", setting),
        start={"symbol": delta, "setting": setting},
        moves=_difference_moves,
        results=(
            "weight_slope",
            "push",
            "gain_difference",
            "cost_difference",
            "spread",
            "gain_part",
        ),
    )


difference = difference_for(PAPER)


@per_class
def derive_difference(setting: Setting) -> Derived:
    """The differences, derived."""
    return difference_for(setting).run()


@per_class
def derive_identity(setting: Setting) -> Derived:
    """The gap identity, derived."""
    return identity_for(setting).run()


@per_class
def derive_coefficient(setting: Setting) -> Derived:
    """The coefficient of δ², derived."""
    return coefficient_for(setting).run()


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

    @property
    def by_agent(self) -> bool:
        """As in `Formulas`."""
        return others_gain(i) in self.definitions


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


@per_class
def gap_formulas(setting: Setting) -> GapFormulas:
    """The derived formulas of the gap."""
    return GapFormulas(
        definitions=setting.definitions,
        **derive_identity(setting).results,
    )


@per_class
def second_order_formulas(setting: Setting) -> SecondOrderFormulas:
    """The formulas of both derivations, all agents' letters K and Σ put for agent i's own."""
    second = derive_coefficient(setting)
    inserted = {push: second["push"], precision_slope: second["precision_slope"]}
    everybody = {own_gain: K(i)}
    return SecondOrderFormulas(
        **asdict(gap_formulas(setting), recurse=False),
        cost_slope=second["cost_slope"].xreplace(everybody),
        coefficient=second["coefficient"].xreplace(inserted).xreplace(everybody),
    )


@frozen(kw_only=True, eq=False)
class DifferenceFormulas:
    """One stage of the δ-augmented equilibrium less agent i's best response at τ to it.

    P_{t+1} of the equilibrium is δZ_{t+1} larger. W is at τ and at the best response's P_{t+1}.

    Attributes
    ----------
    definitions : mapping from letters to expressions
        W, Ā and F, as in `Formulas`.
    weight_slope : MatrixExpr, p_i×p_i
        V; the equilibrium's W is W + δV.
    gain_difference : MatrixExpr, p_i×m
        D, the equilibrium's gain less the best response's.
    cost_difference : MatrixExpr, m×m
        Z_t, from Z_{t+1}; Z_T = 0.
    spread : MatrixExpr, p_i×p_i
        N; Σ_br⁻¹Σ = I + δN.
    gain_part : Expr
        As in `GapFormulas`, by D.
    """

    definitions: Mapping
    weight_slope: MatrixExpr
    gain_difference: MatrixExpr
    cost_difference: MatrixExpr
    spread: MatrixExpr
    gain_part: Expr

    @property
    def by_agent(self) -> bool:
        """As in `Formulas`."""
        return others_gain(i) in self.definitions


@per_class
def difference_formulas(setting: Setting) -> DifferenceFormulas:
    """The derived differences, with all agents' letters K for agent i's own."""
    found = derive_difference(setting)
    inserted, closed = {push: found["push"]}, {_closed(): F, _closed().T: F.T}

    def written(name: str):
        expression = found[name].xreplace(inserted)
        return expression.xreplace(closed).xreplace({own_gain: K(i)})

    names = ("weight_slope", "gain_difference", "cost_difference", "spread", "gain_part")
    return DifferenceFormulas(
        definitions=setting.definitions, **{name: written(name) for name in names}
    )
