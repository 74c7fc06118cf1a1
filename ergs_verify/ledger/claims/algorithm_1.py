"""Algorithm 1 and its metric."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Determinant, MatAdd, MatrixSymbol, Symbol, ZeroMatrix

from ergs_verify.expressions import AgentTotal, agent_sum, control_size, instantiate
from ergs_verify.ledger import rules
from ergs_verify.ledger.chain import TRIANGLE, Chain, FrobeniusNorm
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.optimality import (
    derived,
    equal,
    policy_matrix,
    terminal,
    weight,
)
from ergs_verify.ledger.counterexamples import refutation
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    Q,
    R,
    S,
    W,
    eye,
    i,
    j,
    letter_of_agents,
    m,
    own_covariance,
    own_mean,
    tau,
)

p = control_size(i)
K_other = letter_of_agents("{K'_t}", "p", m)

# -- Algorithm 1 ----------------------------------------------------------------------------------


def _position(t, number, horizon, passes):
    """Where pass `number` at time t comes among all passes: lines 2 and 3."""
    return (horizon - 1 - t) * passes + number


def _in_turn() -> Decision:
    """Pass 1 at t against pass L at t + 1 + n."""
    t, horizon = Symbol("t", integer=True), Symbol("T", integer=True)
    n = Symbol("n", integer=True, nonnegative=True)
    passes = Symbol("L", integer=True, positive=True)
    first = _position(t, 1, horizon, passes)
    after = sympy.expand(first - _position(t + 1 + n, passes, horizon, passes))
    return holds(f"it comes {after} passes later, a positive number", after.is_positive is True)


def _takes_gains_and_cost() -> Decision:
    """The letters of a policy, or of later times, in the derived answer."""
    found = {
        letter.name
        for name in ("gain", "covariance")
        for letter in derived(name).xreplace({W(i): weight}).atoms(type(K(i)))
    }
    policies = sorted(found & {letter(i).name for letter in (K, S, P, Q)})
    own = derived("gain").has(K(i))
    return together(
        exactly(
            "policies and costs in the best response", policies, sorted({K(i).name, P(i).name})
        ),
        holds("agent i's own gain is not among them", not own),
    )


COVARIANCE_IS_FREE = Fact(
    "the covariance of a best response depends on no policy of time t",
    lambda: holds(
        "the derived covariance contains no gain and no covariance",
        not any(
            derived("covariance").xreplace({W(i): weight}).has(f(k)) for f in (K, S) for k in (i, j)
        ),
    ),
)


PASSES = Theorem(
    id="alg-1",
    says="at every t Algorithm 1 gives Ψ_t applied L times to its start, with the P_{t+1} of the "
    "later policies it has found",
    proof=(
        Fact("every pass at time t comes after every pass at a later time", _in_turn),
        Fact(
            "Ψ_tⁱ depends on the others' gains at time t and, of later times, on P_{t+1}ⁱ alone",
            _takes_gains_and_cost,
        ),
        Fact("P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F", lambda: policy_matrix().decide()),
        Fact("P_T = Q_T", terminal()),
        by(rules.PASSES_IN_TURN),
    ),
)


def _zero_covariance() -> Decision:
    """Σ = 0 has det 0, while the class 𝒮 asks for Σ ≻ 0; its relative entropy is infinite."""
    spread = Symbol("s", positive=True)
    divergence = theorem_III_1.own_divergence().xreplace(
        {own_mean(i): ZeroMatrix(p, 1), own_covariance(i): spread * eye(i)}
    )
    scalar = divergence.xreplace({p: sympy.Integer(1)}).doit()
    scalar = scalar.xreplace({Determinant(sympy.Identity(1)): sympy.Integer(1)})
    return refutation(
        f"det Σ = 0, and the relative entropy {scalar} of N(0, s) tends to infinity as s → 0",
        "Σ ≻ 0 for Σ in the class of policies, and a finite cost",
        "limit",
        "Σ = 0 is not in the class, and its cost is infinite",
        lambda: sympy.limit(scalar, spread, 0, "+") == sympy.oo,
        values={"Sigma_t^i": [["0"]]},
    )


def _prior_costs_nothing() -> Equality:
    """K = 0, Σ = I, the prior: no relative entropy."""
    at_prior = {own_mean(i): ZeroMatrix(p, 1), own_covariance(i): eye(i)}
    return equal(theorem_III_1.own_divergence().xreplace(at_prior), sympy.Integer(0))


def _initialisation(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("S = (0, 0) is a policy of the class", _zero_covariance)
    return Computed(
        "S = (0, I), the prior, has relative entropy 0, and Ψ_t maps it to the same policy",
        lambda: together(_prior_costs_nothing().decide(), COVARIANCE_IS_FREE.decide()),
    )


own_gain = MatrixSymbol("K", p, m)


def _later_policies(faults: frozenset[str]) -> Equality:
    """P of agent i under two policies that differ in the other agents' gains alone."""
    others = K_other if "own alone" in faults else K
    loop = A + B(i) * own_gain + agent_sum(B(j) * others(j), j, i)
    head = Q(i) + own_gain.T * (tau / 2 * eye(i) + R(i)) * own_gain
    return equal(
        theorem_III_1.derive_policy_value()["value"].matrix,
        (head + loop.T * P(i) * loop).xreplace({own_gain: K(i)}),
        named="P_s^i(S_s)",
    )


def _range_is_defined() -> Decision:
    """s ≤ t for S_[s:t], at the s = t + 1 and t = T − 1 of the loop's first pass."""
    end = Symbol("T", integer=True, positive=True)
    asked = sympy.Le(end, end - 1)
    return refutation(
        "s = t + 1 = T in the first pass, t = T − 1",
        "s ≤ T − 1",
        "exact",
        "the first pass of the loop conditions on S_[T:T−1], which the definition does not cover",
        lambda: asked == sympy.false,
        values={"t": "T - 1"},
    )


FIRST_PASS = Theorem(
    id="alg-1/index-set",
    says="if S_[s:t] is empty for s > t, Ψ_{T−1} depends on P_T = Q_T and on no later policy",
    proof=(
        Fact(
            "Ψ_tⁱ depends on the others' gains at time t and, of later times, on P_{t+1}ⁱ alone",
            _takes_gains_and_cost,
        ),
        Fact("P_T = Q_T", terminal()),
        by(rules.NOTHING_LATER),
    ),
)


def _index_set(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("S_[t+1:T−1] is defined at every t of the loop", _range_is_defined)
    return FIRST_PASS


# -- the metric -----------------------------------------------------------------------------------


def _norms_of_sums() -> Decision:
    """The triangle inequality, for the shapes of a gain and of a covariance."""
    pairs = [[letter_of_agents(name, "p", size)(i) for name in ("X", "Y")] for size in (m, "p")]
    return together(
        *(
            Chain(
                left=FrobeniusNorm(MatAdd(X, Y)),
                steps=(TRIANGLE,),
                right=FrobeniusNorm(X) + FrobeniusNorm(Y),
                symbols={},
            ).decide()
            for X, Y in pairs
        )
    )


METRIC = Theorem(
    id="alg-1/metric",
    says="Σ_i (‖Kⁱ − K'ⁱ‖_F + ‖Σⁱ − Σ'ⁱ‖_F) is a metric on 𝒮_t",
    proof=(
        Fact("‖X + Y‖_F ≤ ‖X‖_F + ‖Y‖_F, for gains and for covariances", _norms_of_sums),
        by(rules.SUM_OF_NORMS),
    ),
)


def _without_bracket() -> Decision:
    """(Σ_i ‖Kⁱ‖) + ‖Σⁱ‖ at N = 2, K = 0, Σ¹ = 1, Σ² = 2: another number for each i."""
    written = AgentTotal(FrobeniusNorm(K(i)), i) + FrobeniusNorm(S(i))
    numbers = {FrobeniusNorm(K(k)): sympy.Integer(0) for k in (1, 2)} | {
        FrobeniusNorm(S(k)): sympy.Integer(k) for k in (1, 2)
    }
    first, second = (instantiate(written, 2, {i: k}).xreplace(numbers) for k in (1, 2))
    return refutation(
        f"‖S_t‖_□ = {first} for i = 1",
        f"‖S_t‖_□ = {second} for i = 2",
        "exact",
        "the sum binds i in its first term alone, so the value depends on a free i",
        lambda: first != second,
        values={"N": "2", "K_t^1": "0", "K_t^2": "0", "Sigma_t^1": "1", "Sigma_t^2": "2"},
    )


def _metric(faults: frozenset[str]) -> Computed | Theorem:
    return Computed("‖S_t‖_□ is one number", _without_bracket) if faults else METRIC


# -- the claims -----------------------------------------------------------------------------------

CLAIMS = (
    Claim(
        id="alg-1",
        title="Algorithm 1",
        where="Section IV, Algorithm 1",
        latex=r"t = T-1, \dots, 1, 0 \qquad l = 1, \dots, L"
        r" \qquad S_t^i \leftarrow S_t^{il}, \forall i \in [N]"
        r" \qquad (S_t)_{0 \leq t \leq T-1}",
        statement=PASSES,
    ),
    Claim(
        id="alg-1/init",
        title="Initialisation at zero",
        where="Section IV, Algorithm 1, line 1",
        latex=r"S_t^i = (K_t^i, \Sigma_t^i) = 0",
        statement=_initialisation,
        faults=(
            Fault(
                name="zero covariance",
                what="Σ = 0 is not positive definite, so the start is outside the class of "
                "policies and its cost is infinite. Any positive definite Σ will do, since "
                "Ψ_t ignores it",
                kind="overclaim",
                printed="= 0",
                corrected="= (0, I)",
            ),
        ),
    ),
    Claim(
        id="alg-1/line-4",
        title="What the best response is conditioned on",
        where="Section IV, Algorithm 1, line 4",
        latex=r"S_t^{il} = \Psi_t^i(S_t | S_{[t+1:T-1]}^i), \forall i \in [N]",
        statement=_later_policies,
        faults=(
            Fault(
                name="own alone",
                what="the superscript i keeps only agent i's own later policies, but P_{t+1}ⁱ "
                "depends on all agents' later gains. It should be S_[t+1:T−1]",
                kind="index",
                printed="S_{[t+1:T-1]}^i",
                corrected="S_{[t+1:T-1]}",
            ),
        ),
    ),
    Claim(
        id="alg-1/index-set",
        title="The index set of the later policies",
        where="Section IV, after (19) and Algorithm 1",
        latex=r"S_{[s:t]} := \{S_s, \dots, S_t\} \qquad s \leq t"
        r" \qquad t+1 \leq s \leq T-1",
        statement=_index_set,
        faults=(
            Fault(
                name="empty",
                what="this is defined for s ≤ t only, but the loop starts with S_[T:T−1], which "
                "has to be the empty set",
                kind="index",
                printed=r"s \leq t",
                corrected=r"s \leq t, \quad S_{[s:t]} := \emptyset \text{ for } s > t",
            ),
        ),
    ),
    Claim(
        id="alg-1/metric",
        title="The metric on joint policies",
        where="Section IV, before (19)",
        latex=r"\|S_t\|_{\square} = \sum_{i \in [N]} \|K_t^i\|_F + \|\Sigma_t^i\|_F.",
        statement=_metric,
        faults=(
            Fault(
                name="bracket",
                what="without a bracket the sum ends before ‖Σ_t^i‖_F, and the i in this norm "
                "refers to no agent. The sum has to include both norms, here and in the "
                "proof of Lemma IV.1",
                kind="bracket",
                source="wording",
                printed=r"\|K_t^i\|_F + \|\Sigma_t^i\|_F",
                corrected=r"\left( \|K_t^i\|_F + \|\Sigma_t^i\|_F \right)",
            ),
        ),
    ),
)
