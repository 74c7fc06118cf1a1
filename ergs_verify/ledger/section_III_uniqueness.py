"""Claims on uniqueness: Assumption III.3, Lemma III.4 and its proof."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from functools import cache

from sympy import Inverse, MatMul, MatrixSymbol, Symbol, Transpose, ZeroMatrix

from ergs_verify.expressions import AgentSum, agent_sum
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
    all_proved,
)
from ergs_verify.ledger.counterexamples import (
    bound_depends_on_tau,
    not_diagonally_dominant,
    unreachable_states,
)
from ergs_verify.ledger.section_III_theorem import (
    cross,
    lemma_gives_the_policy,
    weight,
    weight_bound,
)
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    W,
    definitions,
    i,
    j,
    m,
    symmetric,
    tau,
)

__all__ = ["CLAIMS", "unique"]

gamma_B, gamma_P = Symbol(r"\gamma_B", positive=True), Symbol(r"\gamma_P^*", positive=True)
n = Symbol("n", integer=True, positive=True)
Phi, gains, rhs = MatrixSymbol(r"\Phi_t", n, n), MatrixSymbol("K_t", n, m), MatrixSymbol("r", n, m)
bound = 2 * gamma_B**2 * gamma_P * (AGENTS - 1)


def _equal(left, right) -> Equality:
    return Equality(left, right, symmetric, definitions)


def _row():
    return theorem_III_1.derive()["row"]


def _off_diagonal(agent):
    """B'PBʲ, the printed block (i, j)."""
    return MatMul(Transpose(B(i)), P(i), B(agent))


def _block_system() -> Equality:
    """Printed block row i of Φ𝓚 less its right-hand side is W(K − gain).

    So it vanishes for all i just where every agent's gain is an answer to the others'.
    """
    left = weight * K(i) + agent_sum(_off_diagonal(j) * K(j), j, i)
    right = MatMul(-1, Transpose(B(i)), P(i), A)
    return _equal(W(i) * (K(i) - theorem_III_1.derive()["gain"]), left - right)


def _blocks(faults: frozenset[str]) -> Equalities:
    zero = ZeroMatrix(B(i).shape[1], B(j).shape[1])
    off_diagonal = zero if "block diagonal" in faults else _off_diagonal(j)
    return Equalities((_equal(_row().own, weight), _equal(_row().other, off_diagonal)))


kappa = Symbol(r"\kappa", positive=True)
"""max_i ‖Kⁱ‖_F."""


def _row_chain() -> Chain:
    """‖W⁻¹ Σ_{j≠i} B'PBʲKʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1) κ."""
    return Chain(
        text="one block row",
        left=FrobeniusNorm(
            AgentSum(Inverse(W(i)) * B(i).T * P(i) * B(j) * K(j), j, (i,)),
        ),
        steps=(
            (triangle, "for any norm"),
            (submultiplicative, "‖XY‖_F ≤ ‖X‖₂‖Y‖_F and ‖X‖₂ ≤ ‖X‖_F"),
            (
                bounded_by({"B_t": gamma_B, "P_{t+1}": gamma_P, "W_t⁻¹": 2 / tau, "K_t": kappa}),
                "γ_B, γ_P*, κ are maxima; W − (τ/2)I = R + B'PB ⪰ 0 gives ‖W⁻¹‖₂ ≤ 2/τ",
            ),
        ),
        right=_factor * kappa,
        symbols={
            gamma_B: largest_norm("B_t"),
            gamma_P: largest_norm("P_{t+1}"),
            kappa: largest_norm("K_t"),
            AGENTS: lambda matrices: len(matrices["B_t"]),
        },
        first=(weight_bound(),),
        symmetric=symmetric,
        definitions={W(i): definitions[W(i)]},
    )


_factor = (2 / tau) * gamma_B**2 * gamma_P * (AGENTS - 1)


@cache
def _dominant_in_blocks() -> Decision:
    """Σ_{j≠i} ‖W⁻¹ B'PBʲ‖₂ ≤ (2/τ)γ_B²γ_P*(N−1), which is below 1 just where τ > the bound."""
    return all_proved(
        _row_chain().decide(),
        Equality(_factor * tau, bound),
        rules=(("rule", "τ > 2γ_B²γ_P*(N−1) makes the factor less than 1"),),
    )


def unique() -> Decision:
    """Φ_t 𝓚 = 0 forces 𝓚 = 0 by block diagonal dominance; then backwards in time."""
    row = _row()
    homogeneous = row.own * K(i) + agent_sum(row.other * K(j), j, i)
    solved = _equal(
        Inverse(W(i)) * homogeneous,
        K(i) + Inverse(W(i)) * agent_sum(B(i).T * P(i) * B(j) * K(j), j, i),
    )
    return all_proved(
        lemma_gives_the_policy(),
        _block_system(),
        solved,
        _dominant_in_blocks(),
        rules=(
            (
                "rule",
                "if Φ_t 𝓚 = 0 then κ = max‖Kⁱ‖_F ≤ (2/τ)γ_B²γ_P*(N−1) κ, so κ = 0: Φ_t is"
                " invertible, and its equations have one solution",
            ),
            (
                "rule",
                "every best response is N(Mⁱ(x), Σⁱ) with Φ_t M(x) = −r x, so M(x) = 𝓚_t x",
            ),
            (
                "rule",
                "P_T = Q_T is given; a unique 𝓚_t gives a unique P_t, and so on to t = 0",
            ),
        ),
    )


def _dominance(faults: frozenset[str]) -> Computed:
    if "scalar" in faults:
        return Computed("|Φ_kk| > Σ_{l≠k} |Φ_kl| in every row k", not_diagonally_dominant)
    return Computed("Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1 in every block row i", _dominant_in_blocks)


def _from_every_time(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("one NE in the sense of Definition II.1", unreachable_states)
    return Computed("one NE that is optimal from every x_t at every t", unique)


def _model_alone(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("2γ_B²γ_P*(N−1) is a scalar of the model alone", bound_depends_on_tau)
    return Computed("a sufficient condition, checked at the solved game", unique)


CLAIMS = (
    Claim(
        id="assumption-III.3",
        title="Lower bound on τ",
        where="Section III, Assumption III.3",
        latex=r"\tau > 2\gamma_B^2\gamma_P^*(N-1) \qquad \gamma_B := \max_{\forall i,t} \|B_t^i\|_F"
        r" \qquad \gamma_P^* := \max_{\forall i,t} \|P_t^{i*}\|_F",
        statement=Definition(tau, bound, relation=">"),
        hypotheses=("the NE whose P* the bound takes exists (t = 0, …, T)",),
    ),
    Claim(
        id="assumption-III.3/model-dependent",
        title="The bound is a scalar of the model",
        where="Contributions 2) and Section III, before Assumption III.3",
        quote="the entropy regularization parameter τ is lower bounded by a model dependent scalar",
        statement=_model_alone,
        faults=(
            Fault(
                name="circular",
                what="γ_P* belongs to the unknown equilibrium and depends on τ itself, so the bound"
                " cannot be checked, nor met by raising τ, from the model's data alone",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="lemma-III.4",
        title="Under Assumption III.3 the Nash equilibrium is unique",
        where="Section III, Lemma III.4",
        quote="Under Assumption III.3, the NE of the ERGS LQ Game (1)-(2) is unique.",
        statement=Computed("τ > 2γ_B²γ_P*(N−1) ⇒ there is one feedback NE", unique),
        hypotheses=(
            "feedback NE: policies π_t(u | x_t), optimal from every x_t",
            "γ_P* bounds the P that the recursion gives, from T backwards",
            "Q ⪰ 0",
            "R ≻ 0",
            "τ > 0",
        ),
    ),
    Claim(
        id="lemma-III.4/every-time",
        title="Uniqueness in the sense of Definition II.1",
        where="Section II, Definition II.1 with Section III, Lemma III.4",
        quote="A NE … is a set of policies such that for any x, J^i(x, …) ≤ J^i(x, …) … Under"
        " Assumption III.3, the NE … is unique",
        statement=_from_every_time,
        faults=(
            Fault(
                name="from the start alone",
                what="Definition II.1 asks for optimality from t = 0 alone, which leaves a policy"
                " free at states that are never reached: unique is the NE that is optimal from"
                " every x_t, as the proof by HJI equations takes it",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="lemma-III.4/gain-equation",
        title="The gain's linear equation",
        where="Section III, proof of Lemma III.4",
        latex=r"\left(\frac{\tau}{2}I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i\right) K_t^{i*}"
        r" = -(B_t^i)^\top P_{t+1}^{i*} A_t^{i*}.",
        statement=lambda _: _equal(
            MatMul(weight, theorem_III_1.derive()["gain"]), MatMul(-1, cross)
        ),
    ),
    Claim(
        id="lemma-III.4/block-system",
        title="The joint set of equations",
        where="Section III, proof of Lemma III.4",
        latex=r"\Phi_t \begin{pmatrix} K_t^{1*} \\ \vdots \\ K_t^{N*} \end{pmatrix} ="
        r" - \begin{pmatrix} (B_t^1)^\top P_{t+1}^{1*} A_t \\ \vdots \\"
        r" (B_t^N)^\top P_{t+1}^{N*} A_t \end{pmatrix},",
        statement=lambda _: _block_system(),
        hypotheses=("block row i, for any i and N",),
    ),
    Claim(
        id="lemma-III.4/blocks",
        title="“Φ_t is a block diagonal matrix”",
        where="Section III, proof of Lemma III.4",
        quote="Φ_t is a block diagonal matrix with diagonal entries … and the off-diagonal (i,j)th"
        " entries (for i ≠ j) as (B_t^i)' P_{t+1}^{i*} B_t^j",
        statement=_blocks,
        faults=(
            Fault(
                name="block diagonal",
                what="Φ_t has nonzero off-diagonal blocks, as the sentence itself goes on to say:"
                " it is a block matrix, not block diagonal",
                kind="wording",
            ),
        ),
    ),
    Claim(
        id="lemma-III.4/diagonally-dominant",
        title="“Φ_t is diagonally dominant”",
        where="Section III, proof of Lemma III.4",
        quote="we have that Φ_t is diagonally dominant",
        statement=_dominance,
        faults=(
            Fault(
                name="scalar",
                what="entry by entry Φ_t need not be diagonally dominant; it is so in blocks:"
                " Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="lemma-III.4/solution",
        title="The gains, solved for",
        where="Section III, proof of Lemma III.4",
        latex=r"\begin{pmatrix} K_t^{1*} \\ \vdots \\ K_t^{N*} \end{pmatrix} = -\Phi_t^{-1}"
        r" \begin{pmatrix} (B_t^1)^\top P_{t+1}^{1*} A_t \\ \vdots \\"
        r" (B_t^N)^\top P_{t+1}^{N*} A_t \end{pmatrix}.",
        statement=Equality(gains, -Inverse(Phi) * rhs, definitions={rhs: -Phi * gains}),
        hypotheses=("Φ_t invertible",),
    ),
    Claim(
        id="lemma-III.4/determined",
        title="P and Σ are then determined",
        where="Section III, end of the proof of Lemma III.4",
        quote="The Riccati matrices and the covariance matrices are now determined by the uniquely"
        " solvable set of equations (4)-(6)",
        statement=Computed("unique gains at t = T−1, …, 0 give unique P, Σ and q", unique),
    ),
)
