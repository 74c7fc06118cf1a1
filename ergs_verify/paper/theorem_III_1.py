"""Theorem III.1: the Bellman step with a quadratic ansatz gives P, q, K, Σ and the rows of Φ.

For an agent i among any number of agents, all sizes left open. The other agents play
N(Mʲ(x), Σʲ); agent i's own control stays a variable until Lemma III.2 chooses its density.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import TypeVar

import sympy
from sympy import Determinant, Inverse, Trace, ZeroMatrix, log

from ergs_verify.errors import DerivationError
from ergs_verify.expressions import AgentMatrix, agent_sum, control_size, trace_of
from ergs_verify.paper import lemma_III_2
from ergs_verify.paper.derivation import Derivation, Derived, Move
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.notation import (
    A,
    B,
    F,
    K,
    P,
    Q,
    R,
    S,
    W,
    definitions,
    eye,
    i,
    j,
    m,
    mean,
    next_state,
    noise,
    omega,
    others_loop,
    own,
    own_covariance,
    own_mean,
    q,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.paper.setting import Compact, Setting, titled
from ergs_verify.proof import gaussian_expectation
from ergs_verify.proof.quadrature import agrees_with_sigma_points
from ergs_verify.proof.reading import (
    QuadraticForm,
    agent_coefficients,
    linear_map,
    quadratic_form,
)

Made = TypeVar("Made")


def per_class(make: Callable[[Setting], Made]) -> Callable[..., Made]:
    """What is made for a class of games, once for each; for the paper's where none is given."""
    made = cache(make)

    @wraps(make)
    def of(setting: Setting | None = None) -> Made:
        return made(setting or PAPER)

    return of


p = control_size(i)
P_now, q_now = sympy.Symbol("P_t^i"), sympy.Symbol("q_t^i")
noise_moments = (ZeroMatrix(m, 1), noise)


def cost_to_go(state):
    """The ansatz (12): J_{t+1}(y) = y'Py + q."""
    return trace_of(state.T, P(i), state) + q(i)


def _stage(control):
    return trace_of(x.T, Q(i), x) + trace_of(control.T, R(i), control)


def _dynamics(own_control):
    """(1), with agent i's control apart from the others'."""
    return A * x + agent_sum(B(j) * u(j), j, i) + B(i) * own_control + omega


def _expected(setting: Setting, before, gaussians):
    return gaussian_expectation(before, gaussians, symmetric=setting.symmetric)


def _check_expected(setting: Setting, before, after, gaussians) -> str:
    if not agrees_with_sigma_points(before, after, gaussians, symmetric=setting.symmetric):
        raise DerivationError("the expectation does not agree with its sigma points")
    return "agrees with sigma points (exact for quadratics) over a prime field, three agents"


# -- the equilibrium ------------------------------------------------------------------------

_others_play = {u(j): (mean(j), S(j)), omega: noise_moments}
_own_plays = {own(i): (own_mean(i), own_covariance(i))}


def with_linear_policies(expression):
    """Insert Mʲ = Kʲx for every agent."""
    means = (a for a in expression.atoms(AgentMatrix) if a.name == mean(i).name)
    return expression.xreplace({a: K(a.agent) * x for a in means})


def _ansatz(state):
    setting = state["setting"]
    stage = setting.stage(own(i))
    return {"stage": stage, "bellman": stage + setting.discount * cost_to_go(next_state)}


def _check_ansatz(state) -> str:
    setting = state["setting"]
    ahead = setting.discount * cost_to_go(next_state)
    setting.equal(state["stage"], setting.stage(own(i)), "the stage cost")
    return setting.equal(state["bellman"] - state["stage"], ahead, "the ansatz")


def _insert_dynamics(state):
    return {"step": state["bellman"].xreplace({next_state: _dynamics(own(i))})}


def _check_dynamics(state) -> str:
    return state["setting"].equal(
        state["bellman"],
        state["step"],
        "the dynamics",
        {next_state: _dynamics(own(i))},
    )


def _collect(state):
    setting = state["setting"]
    return {"form": quadratic_form(state["expected"], own(i), symmetric=setting.symmetric)}


def _collected(form):
    return trace_of(own(i).T, form.matrix, own(i)) + trace_of(form.linear.T, own(i)) + form.constant


def _here(setting: Setting):
    """The letters of Lemma III.2 at this stage, but for M and b."""
    return {
        lemma_III_2.p: p,
        lemma_III_2.tau: setting.tau,
        lemma_III_2.c: setting.prior_gain * x,
        lemma_III_2.L: setting.prior_precision,
    }


def _pull(state):
    """−W times the mean."""
    letters = _here(state["setting"]) | {lemma_III_2.b: state["form"].linear}
    return state["setting"].prior.pull.xreplace(letters)


def _apply_lemma(state):
    setting, form, lemma = state["setting"], state["form"], state["lemma"]
    read = {lemma_III_2.M: form.matrix, lemma_III_2.b: form.linear, lemma_III_2.W: W(i)}
    letters = {**_here(setting), **read}
    return {
        "weight": setting.prior.weight.xreplace(letters),
        "mean": lemma["mean"].xreplace(letters),
        "covariance": lemma["covariance"].xreplace(letters),
        "least": form.constant + lemma["value"].xreplace(letters),
    }


def _check_lemma(state) -> str:
    """First-order conditions, and the least value as the cost under the minimiser."""
    form, setting = state["form"], state["setting"]
    setting.equal(state["weight"], W(i), "the matrix to invert")
    setting.equal(
        state["weight"] * state["mean"], -_pull(state), "the mean's first-order condition"
    )
    setting.equal(state["covariance"] * state["weight"], setting.tau / 2 * eye(i), "the covariance")
    least = least_is_least(state)
    inserted = form.constant + least.xreplace({M: form.matrix, b: form.linear})
    return setting.equal(inserted, state["least"], "the least cost", opaque=(W(i),))


M, b = AgentMatrix("M", i, p, p), AgentMatrix("b", i, p, 1)
"""Of the cost u'Mu + b'u collected in agent i's control, whatever it is."""


def cost_of_own(setting: Setting, form: QuadraticForm):
    """The cost of a form in agent i's control, which is N(k, Z), with the entropy."""
    symmetric = (*setting.symmetric, M)
    under = gaussian_expectation(_collected(form), _own_plays, symmetric=symmetric)
    return under + setting.tau * own_divergence(setting)


def any_form() -> QuadraticForm:
    """u'Mu + b'u."""
    return QuadraticForm(matrix=M, linear=b, constant=sympy.Integer(0))


def least_is_least(state):
    """For any M and b: Lemma III.2's value, proved to be the cost under its minimiser."""
    setting = state["setting"]
    known = _apply_lemma({**state, "form": any_form()})
    best = {own_mean(i): known["mean"], own_covariance(i): known["covariance"]}
    setting.equal(
        cost_of_own(setting, any_form()).xreplace(best),
        known["least"],
        "the least cost of any form",
        {W(i): setting.tau / 2 * setting.prior_precision + M},
        also=(M,),
    )
    return known["least"]


def own_divergence(setting: Setting | None = None):
    """KL of agent i's N(k, Z) from its prior; (18) for the standard normal one."""
    setting = setting or PAPER
    general = lemma_III_2.divergence_from_prior(
        lemma_III_2.mean, lemma_III_2.cov, lemma_III_2.p, setting.prior
    )
    letters = {lemma_III_2.mean: own_mean(i), lemma_III_2.cov: own_covariance(i)}
    return general.xreplace(_here(setting) | letters)


def _read_gain(state):
    played = with_linear_policies(state["mean"])
    return {"gain": linear_map(played, x, symmetric=state["setting"].symmetric)}


def _check_gain(state) -> str:
    played = with_linear_policies(state["mean"])
    return state["setting"].equal(state["gain"] * x, played, "the gain")


def _read_rows(state):
    """W Kⁱ less W times the best response is 0, split on its last letter."""
    symmetric = state["setting"].symmetric
    slope = linear_map(with_linear_policies(_pull(state)), x, symmetric=symmetric)
    row = agent_coefficients(state["weight"] * K(i) + slope, K, i, j, symmetric=symmetric)
    return {"row": row}


def _check_rows(state) -> str:
    row, setting = state["row"], state["setting"]
    left = row.own * K(i) + agent_sum(row.other * K(j), j, i) + row.constant
    return setting.equal(left, W(i) * (K(i) - state["gain"]), "the rows of Φ")


def _read_value(state):
    setting = state["setting"]
    value = with_linear_policies(state["least"])
    return {"value": quadratic_form(value, x, symmetric=(*setting.symmetric, W(i)))}


def _check_value(state) -> str:
    form, setting = state["value"], state["setting"]
    setting.equal(form.linear, ZeroMatrix(m, 1), "the linear part of the value")
    whole = trace_of(x.T, form.matrix, x) + form.constant
    played = with_linear_policies(state["least"])
    return setting.equal(whole, played, "the value", opaque=(W(i),))


def _write_compactly(state):
    compact = state["setting"].compact
    return {
        "gain_compact": compact.gain,
        "riccati": compact.riccati,
        "constant": compact.constant,
    }


def _check_compact(state) -> str:
    setting = state["setting"]
    setting.equal(state["gain_compact"], state["gain"], "the gain")
    setting.equal(state["riccati"], state["value"].matrix, "the Riccati recursion")
    inserted = state["constant"].xreplace({S(i): state["covariance"]})
    return setting.equal(inserted, state["value"].constant, "the recursion of q")


_moves = (
    Move(
        name="ansatz",
        what="Stage cost plus the quadratic ansatz for the cost to go",
        rule="Bellman's principle and (12); the entropy term waits for Lemma III.2",
        find=_ansatz,
        check=_check_ansatz,
        show=lambda s: (r"x^\top Q x + u^\top R u + J_{t+1}(x_{t+1})", s["bellman"]),
    ),
    Move(
        name="dynamics",
        what="Insert the dynamics",
        rule="(1), agent i's control apart from the others'",
        find=_insert_dynamics,
        check=_check_dynamics,
        show=lambda s: (next_state, _dynamics(own(i))),
    ),
    Move(
        name="expectation",
        what="Take the expectation over the other agents' controls and the noise",
        rule=r"$u^j \sim \mathcal{N}(M^j, \Sigma^j)$ and $\omega \sim \mathcal{N}(0, \Sigma)$",
        find=lambda s: {"expected": _expected(s["setting"], s["step"], _others_play)},
        check=lambda s: _check_expected(s["setting"], s["step"], s["expected"], _others_play),
        show=lambda s: (r"\mathbb{E}", s["expected"]),
    ),
    Move(
        name="collect",
        what="Collect in agent i's control",
        rule=r"$u^\top H u + b^\top u + c$",
        find=_collect,
        check=lambda s: s["setting"].equal(
            _collected(s["form"]), s["expected"], "the collected form"
        ),
        show=lambda s: (
            sympy.Tuple(sympy.Symbol("H"), sympy.Symbol("b")),
            sympy.Tuple(s["form"].matrix, s["form"].linear),
        ),
    ),
    Move(
        name="lemma",
        what="Apply Lemma III.2",
        rule=r"$H \succeq 0$, since $R \succ 0$ and $P \succeq 0$; $W = \frac{\tau}{2} I + H$",
        find=_apply_lemma,
        check=_check_lemma,
        show=lambda s: (
            sympy.Tuple(mean(i), S(i)),
            sympy.Tuple(s["mean"], s["covariance"]),
        ),
    ),
    Move(
        name="gain",
        what="Linear policies of all agents: read off the gain",
        rule=r"$M^j = K^j x$; coefficient of x",
        find=_read_gain,
        check=_check_gain,
        show=lambda s: (K(i), s["gain"]),
    ),
    Move(
        name="rows",
        what="Read off block row i of Φ and of the right-hand side",
        rule="the gain's first-order condition, split on its last letter",
        find=_read_rows,
        check=_check_rows,
        show=lambda s: (
            sympy.Tuple(*(sympy.Symbol(n) for n in (r"\Phi_{ii}", r"\Phi_{ij}", r"r_i"))),
            sympy.Tuple(s["row"].own, s["row"].other, s["row"].constant),
        ),
    ),
    Move(
        name="value",
        what="Read off P and q from the least cost",
        rule="coefficients of x'…x and the constant",
        find=_read_value,
        check=_check_value,
        show=lambda s: (
            sympy.Tuple(P_now, q_now),
            sympy.Tuple(s["value"].matrix, s["value"].constant),
        ),
    ),
    Move(
        name="compact",
        what="Write them compactly, with W and Ā",
        rule=r"$W = \frac{\tau}{2}I + R + B^\top P B$, $\bar A = A + \sum_{j \neq i} B^j K^j$",
        find=_write_compactly,
        check=_check_compact,
        show=lambda s: (
            sympy.Tuple(K(i), P_now, q_now),
            sympy.Tuple(s["gain_compact"], s["riccati"], s["constant"]),
        ),
    ),
)


def derivation_for(setting: Setting) -> Derivation:
    """From the Bellman equation to K, Σ, P, q and Φ in a class of games."""
    return Derivation(
        title=titled("Theorem III.1", setting),
        start={"setting": setting, "lemma": setting.lemma()},
        moves=_moves,
        results=(
            "bellman",
            "step",
            "expected",
            "form",
            "weight",
            "mean",
            "covariance",
            "least",
            "gain",
            "row",
            "value",
            "gain_compact",
            "riccati",
            "constant",
        ),
    )


@per_class
def derive(setting: Setting) -> Derived:
    """The derivation of Theorem III.1 (or of its like in another class of games), run."""
    return derivation_for(setting).run()


# -- the cost of any joint policy -----------------------------------------------------------

_all_play = {**_others_play, **_own_plays}


def _expect_policy(state):
    setting = state["setting"]
    ahead = setting.discount * cost_to_go(next_state)
    step = (setting.stage(own(i)) + ahead).xreplace({next_state: _dynamics(own(i))})
    return {"step": step, "expected": _expected(setting, step, _all_play)}


def _add_divergence(state):
    """The cost, with the letters of agent i's policy like everybody's."""
    setting = state["setting"]
    whole = state["expected"] + setting.tau * own_divergence(setting)
    policy = {own_mean(i): mean(i), own_covariance(i): S(i)}
    return {"whole": whole, "cost": with_linear_policies(whole.xreplace(policy))}


def _check_cost(state) -> str:
    """Against what was collected in agent i's control, for any policy of its own."""
    setting = state["setting"]
    cost = cost_of_own(setting, state["equilibrium"]["form"])
    setting.equal(state["whole"], cost, "the cost of a policy")
    linear = {own_mean(i): K(i) * x, own_covariance(i): S(i)}
    played = with_linear_policies(state["whole"].xreplace(linear))
    return setting.equal(played, state["cost"], "the cost")


def _read_policy_value(state):
    return {"value": quadratic_form(state["cost"], x, symmetric=state["setting"].symmetric)}


def _check_policy_value(state) -> str:
    form, setting = state["value"], state["setting"]
    setting.equal(form.linear, ZeroMatrix(m, 1), "the linear part of the cost")
    whole = trace_of(x.T, form.matrix, x) + form.constant
    return setting.equal(whole, state["cost"], "the cost")


def _write_policy_compactly(state):
    compact = state["setting"].compact
    return {"policy_cost": compact.policy_cost, "policy_constant": compact.policy_constant}


def _check_policy_compact(state) -> str:
    setting = state["setting"]
    setting.equal(state["policy_cost"], state["value"].matrix, "the Lyapunov recursion")
    return setting.equal(state["policy_constant"], state["value"].constant, "the recursion of q")


_policy_moves = (
    Move(
        name="expectation",
        what="Insert the dynamics and take the expectation over every control and the noise",
        rule=r"$u^j \sim \mathcal{N}(M^j, \Sigma^j)$ for every agent",
        find=_expect_policy,
        check=lambda s: _check_expected(s["setting"], s["step"], s["expected"], _all_play),
        show=lambda s: (r"\mathbb{E}", s["expected"]),
    ),
    Move(
        name="divergence",
        what="Add the relative entropy, with linear policies",
        rule=r"(18) and $M^j = K^j x$",
        find=_add_divergence,
        check=_check_cost,
        show=lambda s: (r"J_t^i(x)", s["cost"]),
    ),
    Move(
        name="value",
        what="Read off P and q",
        rule="coefficients of x'…x and the constant",
        find=_read_policy_value,
        check=_check_policy_value,
        show=lambda s: (
            sympy.Tuple(P_now, q_now),
            sympy.Tuple(s["value"].matrix, s["value"].constant),
        ),
    ),
    Move(
        name="compact",
        what="Write them compactly, with the closed loop F",
        rule=r"$F = A + \sum_j B^j K^j$",
        find=_write_policy_compactly,
        check=_check_policy_compact,
        show=lambda s: (
            sympy.Tuple(P_now, q_now),
            sympy.Tuple(s["policy_cost"], s["policy_constant"]),
        ),
    ),
)


def policy_value(setting: Setting | None = None) -> Derivation:
    """The derivation of the cost of any joint policy N(Kʲx, Σʲ), not yet run."""
    setting = setting or PAPER
    return Derivation(
        title=titled("Cost of a joint policy", setting),
        start={"setting": setting, "equilibrium": derive(setting)},
        moves=_policy_moves,
        results=("expected", "whole", "cost", "value", "policy_cost", "policy_constant"),
    )


@per_class
def derive_policy_value(setting: Setting) -> Derived:
    """The cost recursion (P, q) of any joint policy, derived."""
    return policy_value(setting).run()


@per_class
def formulas_of(setting: Setting) -> Formulas:
    """The stage formulas of a class of games, all derived or proved equal to what was derived."""
    equilibrium, policy = derive(setting), derive_policy_value(setting)
    row = equilibrium["row"]
    return Formulas(
        definitions=setting.definitions,
        gain=equilibrium["gain_compact"],
        covariance=equilibrium["covariance"],
        riccati=equilibrium["riccati"],
        constant=equilibrium["constant"],
        phi_diagonal=row.own,
        phi_off_diagonal=row.other,
        rhs=row.constant,
        policy_cost=policy["policy_cost"],
        policy_constant=policy["policy_constant"],
    )


def derived_formulas() -> Formulas:
    """The stage formulas of the paper's game.

    Examples
    --------
    >>> from ergs_verify.paper.theorem_III_1 import derived_formulas
    >>> derived_formulas().rhs
    B_t^i.T*P_{t+1}^i*A_t
    """
    return formulas_of(PAPER)


# -- the paper's class ----------------------------------------------------------------------


def _condition(tau, P, gain):
    weight = tau / 2 * eye(i) + R(i) + B(i).T * P * B(i)
    return weight * gain + B(i).T * P * others_loop(i)


def _cost(tau, P, gain):
    loop = others_loop(i) + B(i) * gain
    return Q(i) + gain.T * (tau / 2 * eye(i) + R(i)) * gain + loop.T * P * loop


_compact_riccati = Q(i) + sympy.MatAdd(
    sympy.MatMul(others_loop(i).T, P(i), others_loop(i)),
    sympy.MatMul(-1, others_loop(i).T, P(i), B(i), Inverse(W(i)), B(i).T, P(i), others_loop(i)),
)
_compact_constant = (
    q(i)
    + Trace(noise * P(i))
    + Trace((R(i) + B(i).T * P(i) * B(i)) * S(i))
    + tau / 2 * (Trace(S(i)) - p - log(Determinant(S(i))))
    + agent_sum(trace_of(S(j), B(j).T, P(i), B(j)), j, i)
)

PAPER = Setting(
    name="",
    stage=_stage,
    tau=tau,
    discount=sympy.Integer(1),
    prior=lemma_III_2.standard,
    prior_gain=ZeroMatrix(p, m),
    prior_precision=eye(i),
    lemma=lemma_III_2.derive,
    condition=_condition,
    cost=_cost,
    definitions=definitions,
    symmetric=symmetric,
    compact=Compact(
        gain=-Inverse(W(i)) * B(i).T * P(i) * others_loop(i),
        riccati=_compact_riccati,
        constant=_compact_constant,
        policy_cost=Q(i)
        + sympy.MatAdd(
            sympy.MatMul(K(i).T, tau / 2 * eye(i) + R(i), K(i)), sympy.MatMul(F.T, P(i), F)
        ),
        policy_constant=q(i)
        + Trace(S(i) * (tau / 2 * eye(i) + R(i)))
        - tau / 2 * (p + log(Determinant(S(i))))
        + Trace(noise * P(i))
        + agent_sum(trace_of(S(j), B(j).T, P(i), B(j)), j),
    ),
)
"""The game of the paper, (1) and (2)."""
derivation = derivation_for(PAPER)
"""From the Bellman equation to K, Σ, P, q and Φ; `derive` runs it once."""
