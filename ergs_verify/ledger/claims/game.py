"""The game, its cost, the policies and the equilibrium: Section II, and (3)."""

from __future__ import annotations

import sympy
from sympy import MatrixSymbol, Symbol, Trace, log

from ergs_verify.expressions import agent_sum, trace_of
from ergs_verify.ledger import continuum
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims.optimality import BEST_RESPONSE, averaged
from ergs_verify.ledger.counterexamples import refutation
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.statements import Computed, Definition, Equality
from ergs_verify.paper import lemma_III_2
from ergs_verify.paper.notation import A, B, Q, R, i, j, next_state, omega, tau, u, x
from ergs_verify.proof import gaussian_expectation

density, prior = Symbol(r"\pi", positive=True), Symbol(r"\mu", positive=True)
terminal_state = MatrixSymbol("x_T", *x.shape)
terminal_cost = MatrixSymbol("Q_T", x.shape[0], x.shape[0])

_stage_and_end = (
    trace_of(x.T, Q(i), x)
    + trace_of(u(i).T, R(i), u(i))
    + tau * log(density / prior)
    + trace_of(terminal_state.T, terminal_cost, terminal_state)
)
"""What (2) and (3) average: one stage of the sum, and the end."""


def _cost_at(own: str, others: str, name: str = "J^i"):
    """The number J(x, πⁱ, π⁻ⁱ) at given policies."""
    return Symbol(rf"{name}(x, {own}, {others})", real=True)


# -- how far the sum goes --------------------------------------------------------------------------

_costs = sympy.symbols("c_t c_{t+1} c_T", real=True)


def _two_stages(cost: str):
    """The cost two stages before the end, and what the display says if its sum has no bracket."""

    def statement(faults: frozenset[str]) -> Definition | Equality:
        if "sum" not in faults:
            return Definition(_cost_at(r"\pi^i", r"\pi^{-i}", cost), _stage_and_end)
        first, second, end = _costs
        # J_T = c_T alone, as the paper says before (12).
        return Equality(first + (second + end), sum(c + end for c in (first, second)))

    return statement


def _sum_fault(s: str) -> Fault:
    summand = (
        rf"x_{s}^\top Q_{s}^i x_{s} + (u_{s}^i)^\top R_{s}^i u_{s}^i"
        rf" + \tau \log \left( \frac{{\pi_{s}^i(u_{s}^i | x_{s})}}"
        rf"{{\mu_{s}^i(u_{s}^i | x_{s})}} \right)"
    )
    return Fault(
        name="sum",
        what="the sum has no bracket. If it ends after its first term, the u that follows has no "
        "time index; if it runs to the end, the cost of x_T is counted once for each stage. "
        "It has to end before x_T'Q_T x_T",
        kind="bracket",
        source="wording",
        printed=summand,
        corrected=rf"\corrected{{\Big(}} {summand} \corrected{{\Big)}}",
    )


# -- the regularizer -------------------------------------------------------------------------------

# The scalar case in which the next two claims already fail.
variance, spread, memory = (Symbol(s, positive=True) for s in ("s", "z", "theta"))
scalar_control = Symbol("u", real=True)

_log_ratio = -(scalar_control**2) / (2 * variance) - log(variance) / 2 + scalar_control**2 / 2
"""log π(u)/μ(u) for π = N(0, s) and μ = N(0, 1)."""


def _divergence(s):
    """KL(N(0, s) ‖ N(0, 1)), scalar."""
    return (s - 1 - log(s)) / 2


def _log_ratio_is_divergence(faults: frozenset[str]) -> Equality:
    if "unaveraged" in faults:
        return Equality(_log_ratio, _divergence(variance), named=r"\log(\pi(u)/\mu(u))")
    vector = lemma_III_2.u
    density_log = (
        -trace_of(vector.T, lemma_III_2.cov.I, vector) / 2
        - log(lemma_III_2.cov.det()) / 2
        + trace_of(vector.T, vector) / 2
    )
    drawn = {vector: (lemma_III_2.mean * 0, lemma_III_2.cov)}
    expectation = gaussian_expectation(density_log, drawn, symmetric=[lemma_III_2.cov])
    known = (Trace(lemma_III_2.cov) - lemma_III_2.p - log(lemma_III_2.cov.det())) / 2
    divergence = Equality(
        expectation,
        known,
        symmetric=(lemma_III_2.cov,),
        named=r"\mathbb{E}_{u \sim \pi} \log(\pi(u)/\mu(u))",
    )
    return averaged(divergence, density_log, drawn)


def _divergence_of_memory_policy(faults: frozenset[str]) -> Equality:
    """u_1 ~ N(θ u_0, s) with u_0 ~ N(0, z): the divergence given (x, u_0), averaged over u_0."""
    given_history = (memory**2 * spread + variance - 1 - log(variance)) / 2
    if "conditioning" in faults:
        return Equality(_divergence(memory**2 * spread + variance), given_history)
    mutual_information = log((memory**2 * spread + variance) / variance) / 2
    marginal = _divergence(memory**2 * spread + variance)
    return Equality(marginal + mutual_information, given_history)


# -- one value or several --------------------------------------------------------------------------


def _two_nash_values() -> Decision:
    """J¹ in two members of a continuum of equilibria."""
    first, second = (continuum.value(g) for g in (sympy.S.Zero, continuum.state[0]))
    return refutation(
        f"J^1 = {first.as_expr()}",
        f"J^1 = {second.as_expr()}",
        "symbolic",
        "M¹ = g(x), M² = −(5/4)(x₁ + x₂) − g(x) is a NE for every g: the values for g = 0 and for"
        " g = x₁",
        lambda: continuum.is_nash() and first != second,
        game=exhibits()["continuum"].game,
    )


def _nash_value(faults: frozenset[str]) -> Computed | Definition:
    if "one value" in faults:
        return Computed("a game has one Nash value for each agent", _two_nash_values)
    return Definition(
        Symbol(r"J_t^{i*}(x)", real=True), _cost_at(r"\pi^{i*}", r"\pi^{-i*}", "J_t^i")
    )


CLAIMS = (
    Claim(
        id="eq-1",
        title="Dynamics",
        where="Section II, (1)",
        latex=r"x_{t+1} = A_t x_t + \sum_{i=1}^N B_t^i u_t^i + \omega_t, \quad 0 \leq t \leq T-1,",
        statement=Definition(next_state, A * x + agent_sum(B(j) * u(j), j) + omega),
        gaps=(
            Gap(
                what="the noise is said to be independent of x_t and x_0 alone. (13) also needs "
                "the agents to draw their controls independently of each other, and the "
                "noise to be independent of the controls and of the past. The paper does not "
                "say so, and it is a hypothesis here",
                quote="and is independent of the state x_t for all t as well as the initial state"
                " distribution",
                closed_by=(BEST_RESPONSE,),
            ),
        ),
    ),
    Claim(
        id="eq-2",
        title="Cost of an agent",
        where="Section II, (2)",
        latex=r"J^i(x, \pi^i, \pi^{-i}) = \mathbb{E} \left[ \sum_{t=0}^{T-1} x_t^\top Q_t^i x_t"
        r" + (u_t^i)^\top R_t^i u_t^i + \tau \log \left( \frac{\pi_t^i(u_t^i | x_t)}"
        r"{\mu_t^i(u_t^i | x_t)} \right) + x_T^\top Q_T^i x_T \middle| x_0 = x \right],",
        statement=_two_stages("J^i"),
        faults=(_sum_fault("t"),),
    ),
    Claim(
        id="eq-2/kl",
        title="The logarithmic term is the relative entropy",
        where="Section II, after (2)",
        quote="the logarithmic term is the relative entropy-based regularizer …, which"
        " equivalently denotes the KL divergence between a policy and a prior policy",
        statement=_log_ratio_is_divergence,
        corrected_latex=r"\corrected{\mathbb{E}_{u \sim \pi}} \log \left( \frac{\pi(u)}{\mu(u)}"
        r" \right) = \frac{1}{2} (Tr(\Sigma) - p - \log(|\Sigma|))"
        r" \text{ for } \pi = \mathcal{N}(0, \Sigma)",
        faults=(
            Fault(
                name="unaveraged",
                what="log(π/μ) at a drawn control is a random number, which may be negative; its"
                " expectation is the divergence",
                kind="wording",
                source="wording",
            ),
        ),
    ),
    Claim(
        id="eq-2/information",
        title="The regularizer of a policy with memory",
        where="Section II, after (2)",
        latex=r"\Pi^i := \{\pi^i \mid \pi_t^i \text{ is adapted to } \mathcal{I}_t^i"
        r" := \{x_0, u_0^i, x_1, \dots, u_{t-1}^i, x_t\}\}",
        quote="the relative entropy-based regularizer … The policies … lie in the space of"
        " admissible policies",
        statement=_divergence_of_memory_policy,
        corrected_latex=r"\mathbb{E} \log \frac{\corrected{\pi_t^i(u_t^i | \mathcal{I}_t^i)}}"
        r"{\mu_t^i(u_t^i | x_t)} = \mathbb{E} \log \frac{\pi_t^i(u_t^i | x_t)}"
        r"{\mu_t^i(u_t^i | x_t)} \corrected{+ I(u_t^i; \mathcal{I}_t^i | x_t)}",
        faults=(
            Fault(
                name="conditioning",
                what="for a policy that uses its own past controls, π(u_t | x_t) is not the "
                "density it draws from. The two divergences differ by the mutual information "
                "of u_t and the past given x_t",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="def-II.1",
        title="Nash equilibrium",
        where="Section II, Definition II.1",
        latex=r"J^i(x, \pi^{i*}, \pi^{-i*}) \leq J^i(x, \pi^i, \pi^{-i*})",
        statement=Definition(
            _cost_at(r"\pi^{i*}", r"\pi^{-i*}"), _cost_at(r"\pi^i", r"\pi^{-i*}"), relation="≤"
        ),
    ),
    Claim(
        id="eq-3",
        title="Cost to go",
        where="Section III, (3)",
        latex=r"J_t^i(x, \pi^i, \pi^{-i}) = \mathbb{E} \left[ \sum_{s=t}^{T-1} x_s^\top Q_s^i x_s"
        r" + (u_s^i)^\top R_s^i u_s^i + \tau \log \left( \frac{\pi_s^i(u_s^i | x_s)}"
        r"{\mu_s^i(u_s^i | x_s)} \right) + x_T^\top Q_T^i x_T \middle| x_t = x \right].",
        statement=_two_stages("J_t^i"),
        faults=(_sum_fault("s"),),
    ),
    Claim(
        id="eq-3/nash-value",
        title="Nash value",
        where="Section III, after (3)",
        latex=r"J_t^{i*}(x) = J_t^i(x, \pi^{i*}, \pi^{-i*})",
        quote="the Nash value of the same agent i as the cost incurred under a NE policy",
        statement=_nash_value,
        faults=(
            Fault(
                name="one value",
                what="the Nash value is treated as one number, but where there are several NE "
                "each has its own value",
                kind="overclaim",
                printed=r"J_t^{i*}(x) =",
                corrected=r"\corrected{\text{of a given NE } \pi^*:}\quad J_t^{i*}(x) =",
            ),
        ),
    ),
)
