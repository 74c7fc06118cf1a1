"""Lemma IV.1: the best response map of one time is a contraction where τ is large."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

import sympy
from flint import arb
from sympy import Inverse, MatAdd, MatMul, Symbol, Trace, Transpose

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentSum, AgentTotal, agent_sum
from ergs_verify.ledger import hypotheses, loops, rules
from ergs_verify.ledger.chain import (
    SUBMULTIPLICATIVE,
    TRIANGLE,
    Chain,
    FrobeniusNorm,
    bounded_by,
    largest_norm,
)
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.algorithm_1 import COVARIANCE_IS_FREE
from ergs_verify.ledger.claims.equation_19 import SINGULAR_WEIGHT
from ergs_verify.ledger.claims.lemma_III_4 import gamma_B
from ergs_verify.ledger.claims.optimality import GAME, WEIGHT, equal, weight
from ergs_verify.ledger.counterexamples import refutation
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equality
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    W,
    definitions,
    i,
    j,
    letter_of_agents,
    m,
    symmetric,
    tau,
)
from ergs_verify.recursion.stages import Stages

gamma_P = Symbol(r"\gamma_{P,t}", positive=True)
gamma_P_unindexed = Symbol(r"\gamma_P", positive=True)
N = agent_sum(sympy.Integer(1), j)

K_other = letter_of_agents("{K'_t}", "p", m)
answer, answer_other = letter_of_agents("{K^{*}_t}", "p", m), letter_of_agents("{K'^{*}_t}", "p", m)
difference = letter_of_agents("{D_t}", "p", m)
"""Kʲ − K'ʲ."""
distance, spread = letter_of_agents("d", 1, 1), letter_of_agents("e", 1, 1)
"""‖Kʲ − K'ʲ‖_F and ‖Σʲ − Σ'ʲ‖_F as numbers of agent j."""

_answers = {
    answer(i): -Inverse(weight) * B(i).T * P(i) * (A + agent_sum(B(j) * K(j), j, i)),
    answer_other(i): -Inverse(weight) * B(i).T * P(i) * (A + agent_sum(B(j) * K_other(j), j, i)),
}
_contraction = (2 / tau) * gamma_B**2 * gamma_P
_of_lemma = _contraction * (N - 1)
"""(2/τ)γ_B²γ_{P,t}(N−1)."""

# -- the proof ------------------------------------------------------------------------------------


def answers_differ() -> Equality:
    inside = MatMul(
        -1,
        Inverse(weight),
        Transpose(B(i)),
        P(i),
        agent_sum(MatMul(B(j), MatAdd(K(j), MatMul(-1, K_other(j)))), j, i),
    )
    return equal(answer(i) - answer_other(i), inside, more=_answers)


def contraction_chain(factor=1) -> Chain:
    """‖Kⁱ* − K'ⁱ*‖_F ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Kʲ − K'ʲ‖_F; `factor` plants a false bound."""
    start = AgentSum(Inverse(W(i)) * B(i).T * P(i) * B(j) * difference(j), j, (i,))
    return Chain(
        left=FrobeniusNorm(start),
        steps=(
            TRIANGLE,
            SUBMULTIPLICATIVE,
            bounded_by(
                {"B_t": gamma_B, "P_{t+1}": gamma_P, "W_t⁻¹": 2 / tau},
                "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
            ),
        ),
        right=factor * _contraction * AgentTotal(FrobeniusNorm(difference(j)), j, (i,)),
        symbols={gamma_B: largest_norm("B_t"), gamma_P: largest_norm("P_{t+1}")},
        symmetric=symmetric,
        definitions={W(i): definitions[W(i)]},
    )


DIFFERENCE = Theorem(
    id="lemma-IV.1/gains",
    says="‖Ψ_t(S) − Ψ_t(S')‖_□ = Σ_i ‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F",
    given=GAME,
    proof=(
        WEIGHT,
        Fact(
            "Kⁱ* − K'ⁱ* = −W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)",
            lambda: answers_differ().decide(),
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",),
        ),
        COVARIANCE_IS_FREE,
        by(rules.SIGN_FORGOTTEN),
    ),
    needed=SINGULAR_WEIGHT,
)
ONE_AGENT = Theorem(
    id="lemma-IV.1/one-agent",
    says="‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Kʲ − K'ʲ‖_F",
    given=GAME,
    proof=(
        WEIGHT,
        Fact(
            "‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Kʲ − K'ʲ‖_F",
            lambda: contraction_chain().decide(),
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",),
        ),
    ),
    needed=SINGULAR_WEIGHT,
)


def _counted(faults: frozenset[str] = frozenset()) -> Equality:
    """Σ_i Σ_{j≠i} d_j against (N−1) Σ d, or as printed."""
    constant = _contraction
    if "gamma" in faults:
        constant = constant.subs(gamma_P, gamma_P_unindexed)
    left = _contraction * AgentTotal(AgentTotal(Trace(distance(j)), j, (i,)), i)
    right = AgentTotal(Trace(distance(j)), i if "index" in faults else j)
    return Equality(left, constant * (N - 1) * right)


LIPSCHITZ = Theorem(
    id="lemma-IV.1/bound",
    says="‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) Σ_j ‖Kʲ − K'ʲ‖_F",
    given=GAME,
    proof=(
        DIFFERENCE,
        ONE_AGENT,
        Fact("Σ_i Σ_{j≠i} dʲ = (N−1) Σ_j dʲ", lambda: _counted().decide()),
        by(rules.ADDED_OVER_AGENTS),
    ),
    needed=SINGULAR_WEIGHT,
)
"""Whatever τ is, as long as it is positive."""


def _last_line(faults: frozenset[str] = frozenset()) -> Equality:
    """The constant times the sum of both norms is the constant times the metric."""
    both = Trace(distance(j)) + Trace(spread(j))
    metric = AgentTotal(Trace(distance(j)), j) + AgentTotal(Trace(spread(j)), j)
    printed = _of_lemma.subs(gamma_P, gamma_P_unindexed) if faults else _of_lemma
    return Equality(_of_lemma * AgentTotal(both, j), printed * metric)


def _threshold(faults: frozenset[str] = frozenset()) -> Equality:
    """The constant is below 1 just where τ exceeds τ times the constant."""
    bound = 2 * gamma_B**2 * gamma_P * (N - 1)
    return Equality(_of_lemma * tau, bound.subs(gamma_P, gamma_P_unindexed) if faults else bound)


def _not_below_one() -> Decision:
    """τ = γ_B = γ_{P,t} = 1 and N = 2."""
    values = {tau: 1, gamma_B: 1, gamma_P: 1, N: 2}
    constant: Any
    constant, bound = (
        e.xreplace({k: sympy.Integer(v) for k, v in values.items()})
        for e in (_of_lemma, 2 * gamma_B**2 * gamma_P * (N - 1))
    )
    return refutation(
        f"(2/τ)γ_B²γ_{{P,t}}(N−1) = {constant}",
        "less than 1",
        "exact",
        f"τ = 1 does not exceed 2γ_B²γ_{{P,t}}(N−1) = {bound}",
        lambda: bool(constant >= 1),
        values={"tau": "1", "\\gamma_B": "1", "\\gamma_{P,t}": "1", "N": "2"},
    )


BELOW_ONE = Theorem(
    id="lemma-IV.1/threshold",
    says="(2/τ)γ_B²γ_{P,t}(N−1) < 1",
    given=(hypotheses.THRESHOLD_AT_T,),
    proof=(
        Fact("(2/τ)γ_B²γ_{P,t}(N−1) τ = 2γ_B²γ_{P,t}(N−1)", lambda: _threshold().decide()),
        by(rules.BELOW_ONE),
    ),
    needed={"threshold-at-t": _not_below_one},
)


def norm(X) -> arb:
    """‖X‖_F of a rational matrix, as a ball."""
    return arb(sum((x * x for x in X.entries()), X[0, 0] * 0)).sqrt()


def diverging_pair() -> Decision:
    """G* at τ = 2: gains that differ for agent 2 alone; the answer of agent 1 differs by more."""
    game = exhibits()["diverging-loop"].game
    ahead = Stages(game, Rationals()).terminal()
    none = [Rationals().zeros(size, game.state_size) for size in game.control_sizes]
    moved = [none[0], none[1] * 1]
    moved[1][0, 0] = 1
    (after, _), (before, _) = (loops.answers(game, 0, gains, ahead) for gains in (moved, none))
    squares = [
        sum((sum(x * x for x in (a - b).entries()) for a, b in zip(X, Y, strict=True)), 0)
        for X, Y in ((after, before), (moved, none))
    ]
    return refutation(
        f"‖Ψ_0(S) − Ψ_0(S')‖_□² = {squares[0]}",
        f"‖S − S'‖_□² = {squares[1]}",
        "exact",
        "K and K' differ in agent 2's gain alone, by (1, 0), and agent 1's best responses differ "
        "by more",
        lambda: squares[0] > squares[1],
        game=game,
        values={"K_0^2": str(moved[1].tolist()), "K'_0^2": str(none[1].tolist())},
    )


CONTRACTION = Theorem(
    id="lemma-IV.1",
    says="Ψ_t(· | S_[t+1:T−1]) is a contraction in ‖·‖_□",
    given=(*GAME, hypotheses.THRESHOLD_AT_T),
    proof=(
        LIPSCHITZ,
        Fact(
            "the constant times Σ_j (dʲ + eʲ) is the constant times ‖S − S'‖_□",
            lambda: _last_line().decide(),
        ),
        by(rules.IN_THE_METRIC),
        BELOW_ONE,
        by(rules.CONTRACTS),
    ),
    needed={**SINGULAR_WEIGHT, "threshold-at-t": diverging_pair},
)

# -- the claims -----------------------------------------------------------------------------------

SPACES = {
    r"\mathcal{S}_t^i": "set of all linear Gaussian policies for agent",
    r"\mathcal{S}_t": "joint policies at time",
    r"\mathcal{S}^i": "the set of all joint policies for agent",
    r"\mathcal{S}^{-i}": "In keeping with game theoretic notation",
}
"""The sets of policies that the paper defines, at the end of Section III, with its words."""


def _named_set(letter: str) -> Decision:
    """Whether the paper defines the set; two policies of it can be compared."""
    if letter not in SPACES:
        known = ", ".join(SPACES)
        return Decision(
            verdict="ill-typed",
            evidence=(("types", f"{letter} is not defined; the paper defines {known}"),),
        )
    return Definition(difference(i), K(i) - K_other(i)).decide()


def _two_policies(faults: frozenset[str]) -> Computed:
    letter = r"\mathcal{S}" if faults else r"\mathcal{S}_t"
    return Computed(f"S_t, S'_t ∈ {'𝒮' if faults else '𝒮_t'}", lambda: _named_set(letter))


def _first_line(faults: frozenset[str]) -> Equality:
    """Gains of Ψ_t(S) − Ψ_t(S'): those of the answers, not of the arguments."""
    printed = K(i) - K_other(i) if "stars" in faults else answer(i) - answer_other(i)
    psi = _answers[answer(i)] - _answers[answer_other(i)]
    return equal(psi, printed, named=r"\Psi_t^i(S_t) - \Psi_t^i(S'_t)", more=_answers)


def _undefined_gamma(printed: str) -> Fault:
    return Fault(
        name="gamma",
        what="γ_P is not defined; γ_{P,t} is meant",
        kind="index",
        printed=printed,
        corrected=printed.replace(r"\gamma_P", r"\corrected{\gamma_{P,t}}"),
    )


_DISTANCE = r"\|K_t^j - K_t^{j'}\|_F + \|\Sigma_t^j - \Sigma_t^{j'}\|_F"

CLAIMS = (
    Claim(
        id="lemma-IV.1",
        title="The best response map is a contraction",
        where="Section IV, Lemma IV.1",
        latex=r"\tau > 2\gamma_B^2\gamma_{P,t}(N-1)"
        r" \qquad \gamma_{P,t} := \max_{\forall i} \|P_{t+1}^i\|_F",
        quote="For a fixed …, the operator … is contractive for a fixed set of controllers",
        statement=CONTRACTION,
        stated=(hypotheses.THRESHOLD_AT_T,),
    ),
    Claim(
        id="lemma-IV.1/two-policies",
        title="The two policies compared",
        where="Section IV, proof of Lemma IV.1",
        latex=r"S_t, S'_t \in \mathcal{S}",
        statement=_two_policies,
        faults=(
            Fault(
                name="set",
                what="𝒮 without an index is not defined; policies at one time t are in 𝒮_t",
                kind="index",
                source="scan",
                printed=r"\mathcal{S}",
                corrected=r"\mathcal{S}_t",
            ),
        ),
    ),
    Claim(
        id="lemma-IV.1/difference",
        title="The norm of the difference of two best responses",
        where="Section IV, proof of Lemma IV.1, first equality",
        latex=r"\|\Psi_t(S_t | S_{[t+1:T-1]}) - \Psi_t(S'_t | S_{[t+1:T-1]})\|_{\square}"
        r" = \sum_{i \in [N]} \|K_t^i - K_t^{i'}\|_F + \|\Sigma_t^i - \Sigma_t^{i'}\|_F",
        statement=_first_line,
        faults=(
            Fault(
                name="stars",
                what="the right side has the gains of the arguments S and S'. It should have "
                "those of the best responses",
                kind="index",
                printed=r"\|K_t^i - K_t^{i'}\|_F + \|\Sigma_t^i - \Sigma_t^{i'}\|_F",
                corrected=r"\big( \|K_t^{i*} - K_t^{i*'}\|_F + \|\Sigma_t^{i*} - \Sigma_t^{i*'}\|_F"
                r" \big)",
            ),
        ),
    ),
    Claim(
        id="lemma-IV.1/gains",
        title="The difference of two best responses",
        where="Section IV, proof of Lemma IV.1, second equality",
        latex=r"= \sum_{i \in [N]} \left\| \left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^i"
        r" B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^i \sum_{j \neq i} B_t^j (K_t^j - K_t^{j'})"
        r" \right\|_F",
        statement=DIFFERENCE,
    ),
    Claim(
        id="lemma-IV.1/bound",
        title="The bound, agent by agent",
        where="Section IV, proof of Lemma IV.1, inequality",
        latex=r"\leq \frac{2}{\tau} \gamma_B^2 \gamma_P (N-1) \sum_{i \in [N]} \|K_t^j -"
        r" K_t^{j'}\|_F + \|\Sigma_t^j - \Sigma_t^{j'}\|_F",
        statement=lambda faults: _counted(faults) if faults else LIPSCHITZ,
        faults=(
            Fault(
                name="index",
                what=(
                    "the sum runs over i but its terms carry j, so one of the two letters is wrong"
                ),
                kind="index",
                printed=rf"\sum_{{i \in [N]}} {_DISTANCE}",
                corrected=rf"\corrected{{\sum_{{j \in [N]}} \big(}} {_DISTANCE}"
                r" \corrected{\big)}",
            ),
            _undefined_gamma(r"\gamma_P (N-1)"),
        ),
    ),
    Claim(
        id="lemma-IV.1/one-agent",
        title="The inequality behind the bound",
        where="Section IV, proof of Lemma IV.1, inequality",
        latex=r"\leq \frac{2}{\tau} \gamma_B^2 \gamma_P (N-1) \sum_{i \in [N]} \|K_t^j -"
        r" K_t^{j'}\|_F",
        statement=ONE_AGENT,
    ),
    Claim(
        id="lemma-IV.1/last-line",
        title="The bound in the metric",
        where="Section IV, proof of Lemma IV.1, last equality",
        latex=r"= \frac{2}{\tau} \gamma_B^2 \gamma_P (N-1) \|S_t - S'_t\|_{\square},",
        statement=_last_line,
        faults=(_undefined_gamma(r"\gamma_P (N-1)"),),
    ),
    Claim(
        id="lemma-IV.1/threshold",
        title="Where the constant is below 1",
        where="Section IV, end of the proof of Lemma IV.1",
        latex=r"\tau > 2\gamma_B^2 \gamma_P (N-1)",
        statement=lambda faults: _threshold(faults) if faults else BELOW_ONE,
        stated=(hypotheses.THRESHOLD_AT_T,),
        faults=(_undefined_gamma(r"\gamma_P (N-1)"),),
    ),
)
