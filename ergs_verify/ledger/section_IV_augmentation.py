"""Claims on the δ-augmented game: (21), Theorem IV.3 and its proof, (22) to (32).

At a fixed joint policy the augmented cost differs from the cost by δ times the expected relative
entropy of agent i's policy, exactly. That identity, proved here for every dimension and number of
agents, decides most of what follows.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Determinant, MatAdd, MatMul, Symbol, Trace, Transpose, ZeroMatrix, log

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.ledger import costs_compared
from ergs_verify.ledger.argument import argument
from ergs_verify.ledger.chain import (
    AGENTS,
    Chain,
    FrobeniusNorm,
    bounded_by,
    largest_norm,
    submultiplicative,
    triangle,
)
from ergs_verify.ledger.claim import (
    Claim,
    Computed,
    Decision,
    Definition,
    Equalities,
    Equality,
    Fault,
    Statement,
)
from ergs_verify.ledger.section_III_theorem import terminal
from ergs_verify.ledger.section_III_uniqueness import unique
from ergs_verify.ledger.section_IV_algorithm import contractive
from ergs_verify.ledger.sharp_apriori import bound_falls
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    F,
    K,
    P,
    Q,
    R,
    S,
    definitions,
    eye,
    i,
    j,
    letter_of_agents,
    m,
    next_state,
    noise,
    omega,
    own,
    own_covariance,
    own_mean,
    q,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.proof import gaussian_expectation

__all__ = ["CLAIMS", "cost_difference", "epsilon_nash", "one_sided"]

p = control_size(i)
delta = Symbol("delta", positive=True)
augmented = tau + delta
"""τ̃."""

P_tilde = letter_of_agents(r"{\tilde{P}_{t+1}}", m, m)
P_gap = letter_of_agents("E", m, m)
"""P̃_{t+1} − P_{t+1}."""
q_tilde = sympy.Function(r"\tilde{q}_{t+1}", real=True)
SYMMETRIC = (*symmetric, P_tilde(i), P_gap(i))


def _equal(left, right, named: str = "") -> Equality:
    return Equality(left, right, SYMMETRIC, definitions, named)


def _policy(name: str):
    """A part of the derived cost recursion (24) of any joint policy."""
    return theorem_III_1.derive_policy_value()[name]


def _in_augmented(expression):
    """The same at τ̃, with what the augmented game hands back."""
    return expression.xreplace({tau: augmented, P(i): P_tilde(i), q(i): q_tilde(i)})


loop = MatAdd(A, agent_sum(MatMul(B(j), K(j)), j))
"""A + Σ_j BʲKʲ, as printed."""


def _noise_trace(P_next, with_inputs: bool):
    """Tr((Σ + Σ_j BʲΣʲBʲ')P); as printed, Bʲ and Bʲ' are missing."""
    term = MatMul(B(j), S(j), Transpose(B(j))) if with_inputs else S(j)
    return Trace(MatMul(MatAdd(noise, agent_sum(term, j)), P_next))


def _printed_cost(weight_tau, P_next):
    return MatAdd(
        Q(i),
        MatMul(Transpose(K(i)), MatAdd(MatMul(weight_tau / 2, eye(i)), R(i)), K(i)),
        MatMul(Transpose(loop), P_next, loop),
    )


def _printed_constant(faults, weight_tau, entropy_tau, P_next, q_next, shape="shape"):
    return (
        q_next
        + trace_of(S(i), MatAdd(MatMul(weight_tau / 2, eye(i)), R(i)))
        - entropy_tau / 2 * (p + log(Determinant(S(i))))
        + _noise_trace(P_next, shape not in faults)
    )


_symbol_lost = Fault(
    name="index",
    what="the maximum is taken over y_t, a letter that occurs nowhere else; it is over all t, as"
    " γ_B is (∀ probably misread)",
    kind="scan",
)
_SHAPE = Fault(
    name="shape",
    what="Σ_tʲ (p×p) stands where BʲΣ_tʲBʲ' (m×m) belongs: the sum with the noise covariance is"
    " ill-typed",
    kind="shape",
)


def _scan(name: str, what: str) -> Fault:
    return Fault(name=name, what=f"{what} (tilde probably lost)", kind="scan")


# -- (23) and (24) ----------------------------------------------------------------------------

log_ratio = Symbol("ell", real=True)
"""log(π(u|x)/μ(u|x)) at a drawn control."""


def _eq_23(faults: frozenset[str]) -> Equalities:
    move = A * x + agent_sum(B(j) * u(j), j) + omega
    future = trace_of(move.T, P(i), move)
    head = trace_of(x.T, Q(i), x) + trace_of(u(i).T, R(i), u(i)) + q(i)
    entropy = tau * log_ratio
    first = head + (entropy * future if "plus" in faults else entropy + future)
    gain_x = K(i) * x
    second = (
        trace_of(x.T, Q(i), x)
        + trace_of(gain_x.T, R(i), gain_x)
        + trace_of(S(i), R(i))
        + q(i)
        + tau / 2 * (Trace(S(i)) + trace_of(gain_x.T, gain_x) - p - log(Determinant(S(i))))
        + trace_of(x.T, Transpose(loop), P(i), loop, x)
        + _noise_trace(P(i), "shape" not in faults)
    )
    whole = head - q(i) + entropy + theorem_III_1.cost_to_go(next_state)
    return Equalities(
        (
            Equality(whole, first, SYMMETRIC, {**definitions, next_state: move}),
            _equal(_policy("cost"), second, "J_t^i(x)"),
        )
    )


def _quadratic() -> Decision:
    """The cost of a joint policy is x'Px + q: at T as defined, and one step earlier as derived."""
    form = _policy("value")
    return argument(
        terminal().decide(),
        _equal(form.linear, ZeroMatrix(m, 1)).decide(),
        _equal(_policy("cost"), trace_of(x.T, form.matrix, x) + form.constant).decide(),
        "induction from T backwards",
    )


def _eq_24(faults: frozenset[str]) -> Equalities:
    return Equalities(
        (
            _equal(_policy("value").matrix, _printed_cost(tau, P(i)), "P_t^i"),
            _equal(
                _policy("value").constant,
                _printed_constant(faults, tau, tau, P(i), q(i)),
                "q_t^i",
            ),
        )
    )


# -- the augmented game ------------------------------------------------------------------------


def _stage_cost(at):
    """E[u'Ru + τ log(π/μ)] + x'Qx of one stage, derived from the moments of the policy."""
    stage = trace_of(x.T, Q(i), x) + trace_of(own(i).T, R(i), own(i))
    play = {own(i): (own_mean(i), own_covariance(i))}
    expected = gaussian_expectation(stage, play, symmetric=SYMMETRIC)
    whole = expected + at * theorem_III_1.own_divergence()
    return whole.xreplace({own_mean(i): K(i) * x, own_covariance(i): S(i)})


def _augmented_cost(faults: frozenset[str]) -> Equality:
    at = tau if "tilde" in faults else augmented
    weight = MatAdd(Q(i), MatMul(Transpose(K(i)), MatAdd(MatMul(at / 2, eye(i)), R(i)), K(i)))
    printed = trace_of(x.T, weight, x)
    if "constants" not in faults:
        printed += trace_of(R(i), S(i))
        printed += at / 2 * (Trace(S(i)) - p - log(Determinant(S(i))))
    return _equal(_stage_cost(augmented), printed, r"\mathbb{E}\,[\text{stage cost}]")


def _augmented_riccati(faults: frozenset[str]) -> Equality:
    at = tau if "tilde" in faults else augmented
    return _equal(
        _in_augmented(_policy("value").matrix), _printed_cost(at, P_tilde(i)), r"\tilde{P}_t^i"
    )


def _eq_25(faults: frozenset[str]) -> Equality:
    weight = tau if "first tilde" in faults else augmented
    entropy = tau if "second tilde" in faults else augmented
    printed = _printed_constant(faults, weight, entropy, P_tilde(i), q_tilde(i))
    return _equal(_in_augmented(_policy("value").constant), printed, r"\tilde{q}_t^i")


def _eq_26() -> Equality:
    left = trace_of(x.T, P_tilde(i), x) + q_tilde(i) - (trace_of(x.T, P(i), x) + q(i))
    right = trace_of(x.T, P_tilde(i) - P(i), x) + q_tilde(i) - q(i)
    return _equal(left, right)


_divergence_constant = (Trace(S(i)) - p - log(Determinant(S(i)))) / 2


def _eq_27(faults: frozenset[str]) -> Statement:
    """q̃_t − q_t is q̃_{t+1} − q_{t+1} plus what P̃ − P makes of the noise, plus δ times this."""
    difference = _in_augmented(_policy("value").constant) - _policy("value").constant
    noises = trace_of(P_tilde(i) - P(i), noise) + agent_sum(
        trace_of(P_tilde(i) - P(i), B(j), S(j), B(j).T), j
    )
    if faults:
        return Computed(
            "|q̃_t − q_t| = O(max‖P̃_s − P_s‖_F)", costs_compared.same_matrices_other_constants
        )
    return _equal(
        difference,
        q_tilde(i) - q(i) + noises + delta * _divergence_constant,
        r"\tilde{q}_t^i - q_t^i",
    )


# -- (28) --------------------------------------------------------------------------------------


def _eq_28() -> Equality:
    difference = _in_augmented(_policy("value").matrix) - _policy("value").matrix
    printed = MatAdd(
        MatMul(delta / 2, Transpose(K(i)), K(i)),
        MatMul(Transpose(loop), P_tilde(i) - P(i), loop),
    )
    return _equal(difference, printed)


gamma_A, gamma_B = Symbol(r"\gamma_A", positive=True), Symbol(r"\gamma_B", positive=True)
D = Symbol("D", positive=True)
_bounds = {
    gamma_A: largest_norm("A_t"),
    gamma_B: largest_norm("B_t"),
    D: largest_norm("K_t"),
}
_norm_K = FrobeniusNorm(K(i))


def _first_inequality() -> Chain:
    """‖(δ/2)K'K + F'EF‖_F ≤ (δ/2)‖K‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)² ‖E‖_F."""
    start = FrobeniusNorm(MatAdd(MatMul(delta / 2, K(i).T, K(i)), MatMul(F.T, P_gap(i), F)))
    right = delta / 2 * _norm_K**2 + (
        gamma_A + agent_sum(gamma_B * FrobeniusNorm(K(j)), j)
    ) ** 2 * FrobeniusNorm(P_gap(i))
    return Chain(
        text="(28), first inequality",
        left=start,
        steps=(
            (triangle, "for any norm"),
            (submultiplicative, "‖XY‖_F ≤ ‖X‖_F‖Y‖_F"),
            (_open_loop, "F = A + Σ_j BʲKʲ"),
            (triangle, "for any norm, over agents too"),
            (submultiplicative, "‖BʲKʲ‖_F ≤ ‖Bʲ‖_F‖Kʲ‖_F"),
            (bounded_by({"A_t": gamma_A, "B_t": gamma_B}), "γ_A and γ_B are maxima"),
        ),
        right=right,
        symbols=_bounds,
        first=(_eq_28(),),
        symmetric=SYMMETRIC,
        definitions={F: definitions[F]},
    )


def _open_loop(expression):
    """F is A + Σ_j BʲKʲ."""
    return expression.xreplace({FrobeniusNorm(F): FrobeniusNorm(definitions[F])})


def _second_inequality() -> Chain:
    """… ≤ δ(D²/2) + (γ_A + Nγ_B D)² ‖E‖_F with ‖Kʲ‖_F ≤ D for every agent."""
    first = _first_inequality()
    return Chain(
        text="(28), second inequality",
        left=first.right,
        steps=((bounded_by({"K_t": D}), "‖Kʲ‖_F ≤ D for every agent"),),
        right=delta * D**2 / 2 + (gamma_A + AGENTS * gamma_B * D) ** 2 * FrobeniusNorm(P_gap(i)),
        symbols={**_bounds, AGENTS: lambda matrices: float(len(matrices["K_t"]))},
        symmetric=SYMMETRIC,
    )


c_1, c_2, error, geometric = sympy.symbols("c_1 c_2 e S", positive=True)


def _unrolled(faults: frozenset[str]) -> Statement:
    """One more step of e_t ≤ c₁ + c₂e_{t+1} onto the bound c₁ Σ c₂^k + c₂^n e."""
    if faults:
        return Computed(
            "‖P̃_t − P_t‖ ≤ (c_1 δ/2) Σ c_2^k + c_2^{T−t} ‖P̃_T − P_T‖", costs_compared.small_factor
        )
    return Equality(
        c_1 + c_2 * (c_1 * geometric + error), c_1 * (1 + c_2 * geometric) + c_2 * error
    )


def _longest_loop(faults: frozenset[str]) -> Statement:
    if faults:
        return Computed("γ_A = max over y_t of ‖A_t‖_F", costs_compared.open_loop_of_one_stage)
    return Definition(gamma_A, r"\max_{\forall t} \|A_t\|_F")


def _bounded_iterates() -> Decision:
    return argument(
        contractive(),
        "with κ < 1 its constant, ‖S_l − S_0‖_□ ≤ ‖S_1 − S_0‖_□/(1 − κ) for the iterates from S_0",
    )


def _bounded_gains(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("‖K‖_F ≤ D for the K of (28)", costs_compared.arbitrary_gain)
    return Computed("the iterates of Ψ_t at τ̃ are bounded where it contracts", _bounded_iterates)


# -- (29) to (32) ------------------------------------------------------------------------------


def cost_difference() -> Equality:
    """J̃_t − J_t = δ E KL at x + E[J̃_{t+1} − J_{t+1}], for any joint policy, N and sizes."""
    at_x = delta * theorem_III_1.own_divergence().xreplace(
        {own_mean(i): K(i) * x, own_covariance(i): S(i)}
    )
    later = (
        trace_of(P_tilde(i) - P(i), F, x, x.T, F.T)
        + trace_of(P_tilde(i) - P(i), noise)
        + agent_sum(trace_of(P_tilde(i) - P(i), B(j), S(j), B(j).T), j)
        + q_tilde(i)
        - q(i)
    )
    difference = _in_augmented(_policy("cost")) - _policy("cost")
    return _equal(difference, at_x + later)


def _by_difference(text: str, *rules: str):
    """Decided by the exact difference of the two costs, and named rules."""

    def decide() -> Decision:
        return argument(
            cost_difference().decide(),
            "summed over stages, J̃ − J is δ times the expected relative entropy of agent i's"
            " policy along the horizon",
            *rules,
        )

    return Computed(text, decide)


def _uniform(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("one constant serves every policy Sⁱ", costs_compared.no_constant)
    return _by_difference(
        "|J̃ − J| = O(δ) for each fixed policy",
        "the relative entropy of a fixed linear Gaussian policy with Σ ≻ 0 is a finite number",
    )


P_bar, q_bar = letter_of_agents(r"{\bar{P}_t}", m, m), sympy.Function(r"\bar{q}_t", real=True)
P_hat, q_hat = letter_of_agents(r"{\hat{P}_t}", m, m), sympy.Function(r"\hat{q}_t", real=True)


def _two_recursions(faults: frozenset[str]) -> Equalities:
    """The recursions of J̃ and of J, of which the second needs letters of its own."""
    second = P_tilde if "names" in faults else P
    second_q = q_tilde if "names" in faults else q
    return Equalities(
        (
            _equal(_in_augmented(_policy("value").matrix), _printed_cost(augmented, P_tilde(i))),
            _equal(
                _in_augmented(_policy("value").constant),
                _printed_constant(
                    faults, augmented, augmented, P_tilde(i), q_tilde(i), "first shape"
                ),
            ),
            _equal(_policy("value").matrix, _printed_cost(tau, second(i))),
            _equal(
                _policy("value").constant,
                _printed_constant(faults, tau, tau, second(i), second_q(i), "second shape"),
            ),
        )
    )


P_later, q_later = (
    letter_of_agents(r"{\tilde{P}_t}", m, m),
    sympy.Function(r"\tilde{q}_t", real=True),
)


def _two_values(faults: frozenset[str]) -> Equalities:
    """J̃ = x'P̃_0 x + q̃_0 and J = x'P̄_0 x + q̄_0, by the value of stage 0."""
    P_first, q_first = (P_later, q_later) if "time" in faults else (P_hat, q_hat)
    P_second, q_second = (P_first, q_first) if "names" in faults else (P_bar, q_bar)
    return Equalities(
        (
            _equal(_value(P_hat, q_hat), _value(P_first, q_first)),
            _equal(_value(P_bar, q_bar), _value(P_second, q_second)),
        )
    )


def _value(P_of, q_of):
    return trace_of(x.T, P_of(i), x) + q_of(i)


Q_end = sympy.MatrixSymbol("Q_T", m, m)


def _two_terminals(faults: frozenset[str]) -> Equalities:
    """P̃_T = P̄_T = Q_T; printed, the second says nothing of P̄_T."""
    given = {P_hat(i): Q_end} if faults else {P_hat(i): Q_end, P_bar(i): Q_end}
    known = (Q_end, P_hat(i), P_bar(i))
    return Equalities(
        (Equality(P_hat(i), Q_end, known, given), Equality(P_bar(i), Q_end, known, given))
    )


other_value = Symbol(r"\tilde{J}(\tilde{S})", real=True)
"""J̃ at the augmented equilibrium, where agent i deviates to Sⁱ."""


def _eq_32(faults: frozenset[str]) -> Equalities:
    """J = J̃ − x'(P̃ − P̄)x − q̃ + q̄, which exceeds the same at S̃ by J̃(Sⁱ, S̃⁻ⁱ) − J̃(S̃) ≥ 0."""
    P_second, q_second = (P_hat, q_hat) if "names" in faults else (P_bar, q_bar)
    change = trace_of(x.T, P_hat(i) - P_second(i), x) + q_hat(i) - q_second(i)
    augmented_value = _value(P_hat, q_hat)
    return Equalities(
        (
            Equality(_value(P_bar, q_bar), augmented_value - change, _BOTH),
            Equality(
                _value(P_bar, q_bar) - (other_value - change), augmented_value - other_value, _BOTH
            ),
        )
    )


_BOTH = (P_bar(i), P_hat(i))


def _two_matrices(faults: frozenset[str]) -> Computed:
    """P̃_0 − P̄_0 = O(δ) and q̃_0 − q̄_0 = O(δ) for one policy; printed, both are 0."""
    if faults:
        return Computed(
            "|J̃ − J| ≤ |x'(P̃_0 − P̃_0)x| + |q̃_0 − q̃_0|", costs_compared.one_matrix_for_two
        )
    return _by_difference(
        "‖P̃_0 − P̄_0‖_F = O(δ) and |q̃_0 − q̄_0| = O(δ) for a fixed policy",
        "J̃ − J = δ KL at every x, a quadratic in x, of which these are the coefficients",
    )


# The four costs of the last chain: J and J̃ at the augmented equilibrium, and at (Sⁱ, S̃⁻ⁱ).
# J̃ at the equilibrium is the least over agent i's policies, so b̃ = ã + s with s ≥ 0.
at_ne, at_ne_tilde, gain_of_dev, at_dev = sympy.symbols(r"a \tilde{a} s b", real=True)
at_dev_tilde = at_ne_tilde + gain_of_dev


def one_sided() -> Decision:
    """a − b ≤ (a − ã) + (b̃ − b), the difference being s ≥ 0; both brackets are δ·KL."""
    slack = Equality(
        (at_ne - at_ne_tilde) + (at_dev_tilde - at_dev) - (at_ne - at_dev), gain_of_dev
    )
    return argument(
        slack.decide(),
        cost_difference().decide(),
        "s = J̃(Sⁱ, S̃⁻ⁱ) − J̃(S̃) ≥ 0, since S̃ is the NE of the augmented game",
        "so ε_i = J(S̃) − min J ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)), with agent i's best response BRⁱ in place"
        " of Sⁱ",
        costs_compared.gap_below_its_bound(),
    )


_STEPS: dict[str, tuple[str, Callable[[], Decision]]] = {
    "equality": (
        "|J(S̃) − J(Sⁱ)| = |J(S̃) − J̃(S̃ⁱ)| + |J̃(S̃) − J̃(S̃ⁱ)|",
        costs_compared.first_relation,
    ),
    "reading": ("some reading of S̃ⁱ makes every relation true", costs_compared.star_or_tilde),
    "dropped": (
        "… + |J(Sⁱ) − J̃(S̃ⁱ)| + … = the same without that term",
        costs_compared.dropped_term,
    ),
    "names": ("|x'(P̃_0 − P̃_0)x| + |q̃_0 − q̃_0| bounds |J̃ − J|", costs_compared.one_matrix_for_two),
    "absolute value": ("|J(S̃) − J(Sⁱ, S̃⁻ⁱ)| = O(δ) for every Sⁱ", costs_compared.absolute_value),
}


def _is_small(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("the policies S̃ are O(δ)", costs_compared.gains_that_stay)
    return Computed("0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ))", one_sided)


def _final(faults: frozenset[str]) -> Computed:
    """The chain as printed makes all these statements; each alone is false."""
    made = [name for name in _STEPS if name in faults]
    if not made:
        return Computed("J(S̃) − J(Sⁱ, S̃⁻ⁱ) ≤ δ(KL_i(Sⁱ) − KL_i(S̃ⁱ))", one_sided)
    return Computed("; ".join(_STEPS[name][0] for name in made), _STEPS[made[0]][1])


def _augmented_value(faults: frozenset[str]) -> Statement:
    if faults:
        return Computed("J̃_t is a function of (Kⁱ, K⁻ⁱ)", costs_compared.unlike_covariances)
    value = trace_of(x.T, P_tilde(i), x) + q_tilde(i)
    return Definition(r"\tilde{J}_t^i(x, S^i, S^{-i})", value, SYMMETRIC)


def _choice() -> Decision:
    """A δ as asked for exists: the a priori bound of γ̃_P* falls as τ̃ grows."""
    return argument(
        bound_falls(),
        "each gⁱ falls to 0 as τ̃ → ∞, so Σh < 1 and a bound γ̂_P hold from some τ̃ on, and"
        " τ̃ > 2γ_B²γ̂_P(N−1) from some larger one on",
    )


def epsilon_nash() -> Decision:
    """In every game some δ makes the augmented NE unique, and it is an ε-NE with this ε."""
    return argument(_choice(), one_sided())


CLAIMS = (
    Claim(
        id="eq-21/tau",
        title="The augmented parameter",
        where="Section IV-A, before (21)",
        latex=r"\tilde{\tau} := \tau + \delta",
        statement=Definition(Symbol(r"\tilde{\tau}", positive=True), augmented),
    ),
    Claim(
        id="eq-21",
        title="Cost of the augmented game",
        where="Section IV-A, (21)",
        latex=r"\tilde{J}^i(x, S^i, S^{-i}) := \mathbb{E} \left[ \sum_{t=0}^{T-1} x_t^\top Q_t^i"
        r" x_t + (u_t^i)^\top R_t^i u_t^i + \tilde{\tau} \log \left( \frac{\pi_t^i(u_t^i | x_t)}"
        r"{\mu_t^i(u_t^i | x_t)} \right) + x_T^\top Q_T^i x_T \middle| x_0 = x \right].",
        statement=Definition(
            r"\tilde{J}^i(x, S^i, S^{-i})",
            trace_of(x.T, Q(i), x) + trace_of(u(i).T, R(i), u(i)) + augmented * log_ratio,
        ),
    ),
    Claim(
        id="eq-21/choice",
        title="A δ can be chosen so",
        where="Section IV-A, after (21)",
        quote="we assume that δ is chosen such that",
        latex=r"\tilde{\tau} > 2\gamma_B^2 \tilde{\gamma}_P^* (N-1)",
        statement=Computed("some δ > 0 satisfies it, in every game", _choice),
    ),
    Claim(
        id="eq-21/exists",
        title="The augmented game has a unique NE",
        where="Section IV-A, after (21)",
        latex=r"\tilde{\tau} > 2\gamma_B^2 \tilde{\gamma}_P^* (N-1)"
        r" \qquad \tilde{\gamma}_P^* := \max_{\forall i,t} \|\tilde{P}_t^{i*}\|_F",
        statement=Computed("Lemma III.4 at τ̃", unique),
        hypotheses=("P̃* taken as the backward recursion finds it",),
    ),
    Claim(
        id="thm-IV.3",
        title="The augmented NE is an O(δ)-NE",
        where="Section IV-A, Theorem IV.3",
        quote="The NE of the augmented game is O(δ)",
        statement=_is_small,
        faults=(
            Fault(
                name="NE",
                what="the NE itself is not O(δ), it tends to the NE at τ; it is an O(δ)-NE (“-NE”"
                " probably lost)",
                kind="wording",
            ),
        ),
        hypotheses=(
            "the constant is the divergence of agent i's best response, which stays"
            " bounded where the augmented gains do",
        ),
    ),
    Claim(
        id="eq-22",
        title="The gap is O(δ)",
        where="Section IV-A, (22)",
        latex=r"J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) \leq J^i(x, S^i, \tilde{S}^{-i*})"
        r" + \mathcal{O}(\delta), \forall i \in [N], S^i \in \mathcal{S}^i.",
        statement=Computed("J(S̃) ≤ J(Sⁱ, S̃⁻ⁱ) + δ(KL_i(BRⁱ) − KL_i(S̃ⁱ))", one_sided),
    ),
    Claim(
        id="thm-IV.3/quadratic",
        title="The cost of a linear Gaussian policy is quadratic",
        where="Section IV-A, before (23)",
        latex=r"J_t^i(x, S^i, S^{-i}) = x^\top P_t^i x + q_t^i"
        r" \qquad J_T^i(x, S^i, S^{-i}) = x^\top Q_T^i x"
        r" \qquad J_{t+1}^i(x, S^i, S^{-i}) = x^\top P_{t+1}^i x + q_{t+1}^i",
        statement=Computed("J_t(x) = x'P_t x + q_t for t = T, …, 0", _quadratic),
        hypotheses=("J_t is the value (3), not the cost (2) that the text refers to",),
    ),
    Claim(
        id="eq-23",
        title="The cost of a linear Gaussian policy, one step",
        where="Section IV-A, (23)",
        latex=r"J_t^i(x, S^i, S^{-i}) = x^\top Q_t^i x + \mathbb{E} \left[ (u_t^i)^\top R_t^i u_t^i"
        r" + \tau \log \frac{\pi_t^i(u_t^i | x)}{\mu_t^i(u_t^i | x)}"
        r" (A_t x + \sum_{j=1}^N B_t^j u_t^j + \omega_t)^\top P_{t+1}^i"
        r" (A_t x + \sum_{j=1}^N B_t^j u_t^j + \omega_t) \right] + q_{t+1}^i"
        r" = x^\top Q_t^i x + (K_t^i x)^\top R_t^i (K_t^i x) + Tr(\Sigma_t^i R_t^i) + q_{t+1}^i"
        r" + \frac{\tau}{2} (Tr(\Sigma_t^i) + (K_t^i x)^\top (K_t^i x) - p"
        r" - \log(|\Sigma_t^i|)) + x^\top \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top"
        r" P_{t+1}^i \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right) x"
        r" + Tr \left( \left( \Sigma + \sum_{j=1}^N \Sigma_t^j \right) P_{t+1}^i \right)"
        r" = x^\top P_t^i x + q_t^i,",
        statement=_eq_23,
        faults=(
            Fault(
                name="plus",
                what="a plus is missing between the relative entropy and the cost to go, so that"
                " they multiply",
                kind="missing term",
            ),
            _SHAPE,
        ),
    ),
    Claim(
        id="eq-24",
        title="Recursion of the cost of a policy",
        where="Section IV-A, (24)",
        latex=r"P_t^i = Q_t^i + (K_t^i)^\top ((\tau/2)I + R_t^i) K_t^i"
        r" + \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top P_{t+1}^i"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right), \quad P_T^i = Q_T^i"
        r" q_t^i = q_{t+1}^i + Tr(\Sigma_t^i((\tau/2)I + R_t^i))"
        r" - \frac{\tau}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \sum_{j=1}^N \Sigma_t^j \right) P_{t+1}^i \right),"
        r" \quad q_T^i = 0.",
        statement=_eq_24,
        faults=(_SHAPE,),
    ),
    Claim(
        id="thm-IV.3/augmented-cost",
        title="Cost of the augmented game under a policy",
        where="Section IV-A, after (24)",
        latex=r"\tilde{J}_t^i(x, S^i, S^{-i}) = \mathbb{E} \left[ \sum_{s=t}^{T-1} x_s^\top (Q_s^i"
        r" + (K_s^i)^\top ((\tau/2)I + R_s^i) K_s^i) x_s + x_T^\top Q_T^i x_T \mid x_t = x"
        r" \right],",
        statement=_augmented_cost,
        faults=(
            _scan("tilde", "τ̃/2 weighs K'K in the augmented game, not τ/2"),
            Fault(
                name="constants",
                what="Tr(RΣ) and the covariance's part of the relative entropy are left out",
                kind="missing term",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/augmented-value",
        title="Value of the augmented game",
        where="Section IV-A, before (25)",
        latex=r"\tilde{J}_t^i(x_t, K^i, K^{-i}) = x_t^\top \tilde{P}_t^i x_t + \tilde{q}_t^i,",
        statement=_augmented_value,
        faults=(
            Fault(
                name="arguments",
                what="the value depends on the covariances too, through q̃: its arguments are Sⁱ"
                " and S⁻ⁱ, not Kⁱ and K⁻ⁱ",
                kind="missing term",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/augmented-riccati",
        title="Recursion of P̃",
        where="Section IV-A, before (25)",
        latex=r"\tilde{P}_t^i = Q_t^i + (K_t^i)^\top (\tau/2I + R_t^i) K_t^i"
        r" + \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top \tilde{P}_{t+1}^i"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right), \qquad \tilde{P}_T^i = Q_T^i",
        statement=_augmented_riccati,
        faults=(_scan("tilde", "the augmented game's recursion has τ̃/2, not τ/2"),),
    ),
    Claim(
        id="eq-25",
        title="Recursion of q̃",
        where="Section IV-A, (25)",
        latex=r"\tilde{q}_t^i = \tilde{q}_{t+1}^i + Tr(\Sigma_t^i(\tau/2I + R_t^i))"
        r" - \frac{\tau}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \sum_{j=1}^N \Sigma_t^j \right) \tilde{P}_{t+1}^i \right),"
        r" \quad \tilde{q}_T^i = 0.",
        statement=_eq_25,
        faults=(
            _scan("first tilde", "Tr(Σ((τ̃/2)I + R)) has τ̃, not τ"),
            _scan("second tilde", "−(τ̃/2)(p + log|Σ|) has τ̃, not τ"),
            _SHAPE,
        ),
    ),
    Claim(
        id="eq-26",
        title="Difference of the two costs",
        where="Section IV-A, (26)",
        latex=r"|\tilde{J}_t^i(x, S^i, S^{-i}) - J_t^i(x, S^i, S^{-i})|"
        r" = |x^\top (\tilde{P}_t^i - P_t^i) x + \tilde{q}_t^i - q_t^i|",
        statement=lambda _: _eq_26(),
    ),
    Claim(
        id="eq-27",
        title="Difference of the constants",
        where="Section IV-A, (27)",
        latex=r"|\tilde{q}_t^i - q_t^i| = \mathcal{O}\left( \max_{t < s \leq T}"
        r" \|\tilde{P}_s^i - P_s^i\|_F \right).",
        statement=_eq_27,
        faults=(
            Fault(
                name="divergence",
                what="besides what P̃ − P contributes, each stage adds (δ/2)(Tr Σ − p − log|Σ|),"
                " which no multiple of ‖P̃ − P‖ bounds (K = 0 has P̃ = P)",
                kind="missing term",
            ),
        ),
        hypotheses=(
            "judged by the recursion of q̃ − q: the difference must be a linear function"
            " of the P̃_s − P_s",
        ),
    ),
    Claim(
        id="eq-28",
        title="Difference of the P matrices, one step",
        where="Section IV-A, (28), equality",
        latex=r"\|\tilde{P}_t^i - P_t^i\|_F = \left\| \delta/2(K_t^i)^\top K_t^i +"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top (\tilde{P}_{t+1}^i - P_{t+1}^i)"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right) \right\|_F",
        statement=lambda _: _eq_28(),
    ),
    Claim(
        id="eq-28/first-bound",
        title="Its norm, bounded",
        where="Section IV-A, (28), first inequality",
        latex=r"\leq \delta/2 \|K_t^i\|_F^2 + \left( \gamma_A + \sum_{j=1}^N \gamma_B"
        r" \|K_t^j\|_F \right)^2 \|\tilde{P}_{t+1}^i - P_{t+1}^i\|_F",
        statement=lambda _: _first_inequality(),
    ),
    Claim(
        id="eq-28/second-bound",
        title="Its norm, bounded by constants",
        where="Section IV-A, (28), second inequality",
        latex=r"\leq \underbrace{\delta(D^2/2)}_{c_1} + \underbrace{(\gamma_A + N\gamma_B D)^2}"
        r"_{c_2} \|\tilde{P}_{t+1}^i - P_{t+1}^i\|_F,",
        statement=lambda _: _second_inequality(),
        hypotheses=("‖K_tʲ‖_F ≤ D for every agent",),
    ),
    Claim(
        id="eq-28/open-loop",
        title="The constant γ_A",
        where="Section IV-A, after (28)",
        latex=r"\gamma_A = \max_{y_t} \|A_t\|_F",
        statement=_longest_loop,
        faults=(_symbol_lost,),
    ),
    Claim(
        id="eq-28/bounded-gains",
        title="The constant D",
        where="Section IV-A, after (28)",
        quote="The last inequality utilizes the fact that … operator for this game will be"
        " contractive, and hence the norm of iterates … will be bounded.",
        statement=_bounded_gains,
        faults=(
            Fault(
                name="any policy",
                what="a contraction bounds its own iterates, while (28) to (30) are about any"
                " policy: D is an assumption on the policies compared",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/unrolled",
        title="The recursion unrolled",
        where="Section IV-A, after (28)",
        latex=r"\|\tilde{P}_t^i - P_t^i\|_F \leq c_1 \delta/2 \sum_{s=t}^{T-1} c_2^{s-t}"
        r" + c_2^{T-t} \|\tilde{P}_T^i - P_T^i\|_F = \mathcal{O}(\delta)",
        statement=_unrolled,
        faults=(
            Fault(
                name="twice",
                what="c_1 contains δ/2 already: the sum has c_1, not c_1 δ/2, which is too small a"
                " bound (δ²D²/4 for δD²/2)",
                kind="factor",
            ),
        ),
        hypotheses=("by induction on T − t: one step more onto the printed bound",),
    ),
    Claim(
        id="eq-29",
        title="The constants differ by O(δ)",
        where="Section IV-A, (29)",
        latex=r"|\tilde{q}_t^i - q_t^i| = \mathcal{O}(\delta).",
        statement=_by_difference(
            "|q̃ − q| = O(δ) at a fixed policy",
            "q̃ − q is J̃ − J at x = 0, so δ times the relative entropy along trajectories from 0",
        ),
        hypotheses=("a fixed policy",),
    ),
    Claim(
        id="eq-30",
        title="The costs differ by O(δ)",
        where="Section IV-A, (30)",
        latex=r"|\tilde{J}^i(x, S^i, S^{-i}) - J^i(x, S^i, S^{-i})| = \mathcal{O}(\delta).",
        statement=_by_difference(
            "J̃ − J = δ · KL_i, exactly", "finite for each fixed policy with Σ ≻ 0"
        ),
        hypotheses=("a fixed policy",),
    ),
    Claim(
        id="eq-31",
        title="The augmented equilibrium against any deviation",
        where="Section IV-A, (31)",
        latex=r"J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, S^i, \tilde{S}^{-i*})"
        r" \leq J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^{i*},"
        r" \tilde{S}^{-i*}) = \mathcal{O}(\delta).",
        statement=_by_difference(
            "J(S̃) − J̃(Sⁱ, S̃⁻ⁱ) ≤ J(S̃) − J̃(S̃) = −δ KL_i(S̃ⁱ)",
            "J̃(S̃) ≤ J̃(Sⁱ, S̃⁻ⁱ), since S̃ is the NE of the augmented game",
        ),
    ),
    Claim(
        id="thm-IV.3/two-values",
        title="The values of the two games",
        where="Section IV-A, after (31)",
        latex=r"\tilde{J}^i(x, S^i, \tilde{S}^{-i*}) = x^\top \tilde{P}_t^i x + \tilde{q}_t^i"
        r" \qquad J^i(x, S^i, \tilde{S}^{-i*}) = x^\top \tilde{P}_t^i x + \tilde{q}_t^i",
        statement=_two_values,
        faults=(
            Fault(
                name="names",
                what="J̃ and J are given by the same letters P̃ and q̃; those of J need an accent of"
                " their own (probably lost in the scan)",
                kind="scan",
            ),
            Fault(
                name="time",
                what="the costs from t = 0 are given by the matrices of time t; it is P̃_0 and q̃_0,"
                " as in (32)",
                kind="index",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/two-recursions",
        title="The recursions of the two values",
        where="Section IV-A, before (32)",
        latex=r"\tilde{P}_t^i = Q_t^i + (K_t^i)^\top ((\tilde{\tau}/2)I + R_t^i) K_t^i +"
        r" \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j \tilde{K}_t^{j*} \right)^\top"
        r" \tilde{P}_{t+1}^i \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j"
        r" \tilde{K}_t^{j*} \right), \tilde{q}_t^i = \tilde{q}_{t+1}^i"
        r" + Tr(\Sigma_t^i((\tilde{\tau}/2)I + R_t^i))"
        r" - \frac{\tilde{\tau}}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \Sigma_t^i + \sum_{j \neq i}^N \tilde{\Sigma}_t^{j*}"
        r" \right) \tilde{P}_{t+1}^i \right), \quad \tilde{q}_T^i = 0,"
        r" \tilde{P}_t^i = Q_t^i + (K_t^i)^\top ((\tau/2)I + R_t^i) K_t^i +"
        r" \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j \tilde{K}_t^{j*} \right)^\top"
        r" \tilde{P}_{t+1}^i \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j"
        r" \tilde{K}_t^{j*} \right), \tilde{q}_t^i = \tilde{q}_{t+1}^i"
        r" + Tr(\Sigma_t^i((\tau/2)I + R_t^i)) - \frac{\tau}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \Sigma_t^i + \sum_{j \neq i}^N \tilde{\Sigma}_t^{j*}"
        r" \right) \tilde{P}_{t+1}^i \right), \quad \tilde{q}_T^i = 0.",
        statement=_two_recursions,
        faults=(
            Fault(
                name="names",
                what="two different recursions, with τ̃ and with τ, for the same letters P̃ and q̃"
                " (the second pair's accent probably lost in the scan)",
                kind="scan",
            ),
            Fault(
                name="first shape",
                what="in the recursion with τ̃, Σ_tʲ stands where BʲΣ_tʲBʲ' belongs: ill-typed",
                kind="shape",
            ),
            Fault(
                name="second shape",
                what="in the recursion with τ, Σ_tʲ stands where BʲΣ_tʲBʲ' belongs: ill-typed",
                kind="shape",
            ),
        ),
        hypotheses=("S̃ʲ* plays the part of Sʲ for the other agents",),
    ),
    Claim(
        id="thm-IV.3/two-terminals",
        title="Where both recursions start",
        where="Section IV-A, before (32)",
        latex=r"\tilde{P}_T^i = \tilde{P}_T^i = Q_T^i",
        statement=_two_terminals,
        faults=(
            Fault(
                name="names",
                what="P̃_T stands for both matrices, so the one of J gets no value at T (its accent"
                " probably lost in the scan)",
                kind="scan",
            ),
        ),
    ),
    Claim(
        id="eq-32",
        title="The cost in terms of the augmented cost",
        where="Section IV-A, (32)",
        latex=r"J^i(x, S^i, \tilde{S}^{-i*}) = \tilde{J}^i(x, S^i, \tilde{S}^{-i*})"
        r" - x^\top (\tilde{P}_0^i - \tilde{P}_0^i) x - \tilde{q}_0^i + \tilde{q}_0^i"
        r" \geq \tilde{J}^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*})"
        r" - x^\top (\tilde{P}_0^i - \tilde{P}_0^i) x - \tilde{q}_0^i + \tilde{q}_0^i",
        statement=_eq_32,
        faults=(
            Fault(
                name="names",
                what="P̃_0 − P̃_0 and −q̃_0 + q̃_0 vanish as printed; the second of each is that of J"
                " (its accent probably lost in the scan)",
                kind="scan",
            ),
        ),
        hypotheses=("the inequality: S̃ is the NE of the augmented game",),
    ),
    Claim(
        id="eq-32/matrices",
        title="Its terms are O(δ)",
        where="Section IV-A, after (32)",
        latex=r"\|\tilde{P}_0^i - \tilde{P}_0^i\|_F = \mathcal{O}(\delta)"
        r" \qquad |\tilde{q}_0^i - \tilde{q}_0^i| = \mathcal{O}(\delta)",
        statement=_two_matrices,
        faults=(
            Fault(
                name="names",
                what="both differences are 0 as printed; the second of each pair is that of J (its"
                " accent probably lost in the scan)",
                kind="scan",
            ),
        ),
        hypotheses=("a fixed policy",),
    ),
    Claim(
        id="thm-IV.3/uniform",
        title="The costs differ by O(δ) for every deviation",
        where="Section IV-A, after (32)",
        latex=r"|\tilde{J}^i(x, S^i, \tilde{S}^{-i*}) - J^i(x, S^i, \tilde{S}^{-i*})|"
        r" = \mathcal{O}(\delta)",
        statement=_uniform,
        faults=(
            Fault(
                name="uniform",
                what="for all Sⁱ at once no constant bounds the difference, which is δ times the"
                " relative entropy of Sⁱ; it is O(δ) for each fixed policy",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/final-chain",
        title="The final chain",
        where="Section IV-A, end of the proof of Theorem IV.3",
        latex=r"|J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - J^i(x, S^i, \tilde{S}^{-i*})|"
        r" = |J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |\tilde{J}^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*})"
        r" - \tilde{J}^i(x, \tilde{S}^i, \tilde{S}^{-i*})|"
        r" \leq |J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |J^i(x, S^i, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |x^\top (\tilde{P}_0^i - \tilde{P}_0^i)x|"
        r" + |\tilde{q}_0^i - \tilde{q}_0^i|"
        r" = |J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |x^\top (\tilde{P}_0^i - \tilde{P}_0^i)x|"
        r" + |\tilde{q}_0^i - \tilde{q}_0^i| = \mathcal{O}(\delta)",
        statement=_final,
        faults=(
            Fault(
                name="equality",
                what="the first = is at best a ≤ (triangle inequality); the three costs behind it"
                " are unrelated",
                kind="sign",
            ),
            Fault(
                name="reading",
                what="S̃ⁱ is no policy of the paper: as S̃ⁱ* the first relation fails, as Sⁱ the"
                " second, even with ≤ for = (a star probably lost, or a tilde gained)",
                kind="scan",
            ),
            Fault(
                name="dropped",
                what="the last = leaves out |J(Sⁱ, S̃⁻ⁱ) − J̃(S̃ⁱ, S̃⁻ⁱ)|, which is not 0",
                kind="missing term",
            ),
            Fault(
                name="names",
                what="P̃_0 − P̃_0 and q̃_0 − q̃_0 vanish as printed; the second of each is that of J"
                " (its accent probably lost in the scan)",
                kind="scan",
            ),
            Fault(
                name="absolute value",
                what="a bad deviation costs more by an amount that does not shrink with δ; only the"
                " difference without the absolute value is O(δ)",
                kind="overclaim",
            ),
        ),
    ),
)
