"""Claims on uniqueness: Assumption III.3, Lemma III.4 and its proof."""

from __future__ import annotations

from sympy import Inverse, MatAdd, MatMul, MatrixSymbol, Symbol, Transpose, ZeroMatrix

from ergs_verify.expressions import agent_sum
from ergs_verify.ledger.claim import Claim, Computed, Decision, Definition, Equality, Fault
from ergs_verify.ledger.counterexamples import bound_depends_on_tau, not_diagonally_dominant
from ergs_verify.ledger.section_III_theorem import cross, weight
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    B,
    K,
    P,
    R,
    W,
    definitions,
    eye,
    i,
    j,
    m,
    symmetric,
    tau,
)

__all__ = ["CLAIMS", "unique"]

gamma_B, gamma_P = Symbol(r"\gamma_B", positive=True), Symbol(r"\gamma_P^*", positive=True)
agents = Symbol("N", positive=True)
n = Symbol("n", integer=True, positive=True)
Phi, gains, rhs = MatrixSymbol(r"\Phi_t", n, n), MatrixSymbol("K_t", n, m), MatrixSymbol("r", n, m)
bound = 2 * gamma_B**2 * gamma_P * (agents - 1)


def _equal(left, right) -> Equality:
    return Equality(left, right, symmetric, definitions)


def _row():
    return theorem_III_1.derive()["row"]


def _block_system() -> Equality:
    """Block row i of Φ𝓚 + r is W(K − gain): zero for all i just where all gains are answers."""
    row = _row()
    left = row.own * K(i) + agent_sum(row.other * K(j), j, i) + row.constant
    return _equal(left, MatAdd(MatMul(weight, K(i)), cross))


def _blocks(faults: frozenset[str]) -> Equality:
    off_diagonal = MatMul(Transpose(B(i)), P(i), B(j))
    zero = ZeroMatrix(B(i).shape[1], B(j).shape[1])
    return _equal(_row().other, zero if "block diagonal" in faults else off_diagonal)


_NORMS = (
    "‖W⁻¹‖₂ ≤ 2/τ, since W − (τ/2)I = R + B'PB ⪰ 0",
    "‖XY‖_F ≤ ‖X‖₂ ‖Y‖_F and ‖X‖₂ ≤ ‖X‖_F (submultiplicativity), the triangle inequality,"
    " ‖Bʲ‖_F ≤ γ_B, ‖P_{t+1}ⁱ‖_F ≤ γ_P*",
)


def _weight_bound() -> Decision:
    """W − (τ/2)I = R + B'PB."""
    return _equal(W(i) - tau / 2 * eye(i), R(i) + B(i).T * P(i) * B(i)).decide()


def _dominant_in_blocks() -> Decision:
    """Σ_{j≠i} ‖W⁻¹ B'PBʲ‖₂ ≤ (2/τ)γ_B²γ_P*(N−1) < 1."""
    link, closing = _weight_bound(), _closing().decide()
    return Decision(
        verdict=_all_proved(link, closing),
        evidence=(*link.evidence, *(("rule", text) for text in _NORMS), *closing.evidence),
    )


def _closing() -> Equality:
    """(N−1) terms of (2/τ)γ_B²γ_P* are the assumption's bound over τ."""
    return Equality((agents - 1) * (2 / tau) * gamma_B**2 * gamma_P, bound / tau)


def unique() -> Decision:
    """Φ_t 𝓚 = 0 forces 𝓚 = 0 by block diagonal dominance; then backwards in time."""
    homogeneous = agent_sum(_row().other * K(j), j, i)
    solved = _equal(
        Inverse(W(i)) * (weight * K(i) + homogeneous),
        K(i) + Inverse(W(i)) * agent_sum(B(i).T * P(i) * B(j) * K(j), j, i),
    ).decide()
    dominance = _dominant_in_blocks()
    return Decision(
        verdict=_all_proved(solved, dominance),
        evidence=(
            *solved.evidence,
            *dominance.evidence,
            (
                "rule",
                "if Φ_t 𝓚 = 0 then ‖Kⁱ‖_F ≤ c Σ_{j≠i} ‖Kʲ‖_F with c(N−1) < 1; summed over i this"
                " gives Σ‖Kⁱ‖_F ≤ c(N−1) Σ‖Kⁱ‖_F, so 𝓚 = 0 and Φ_t is invertible",
            ),
            (
                "rule",
                "P_T = Q_T is given; a unique 𝓚_t gives a unique P_t, and so on to t = 0",
            ),
        ),
    )


def _all_proved(*decisions: Decision) -> str:
    return "proved" if all(d.verdict == "proved" for d in decisions) else "undecided"


def _dominance(faults: frozenset[str]) -> Computed:
    if "scalar" in faults:
        return Computed("|Φ_kk| > Σ_{l≠k} |Φ_kl| in every row k", not_diagonally_dominant)
    return Computed("Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1 in every block row i", _dominant_in_blocks)


def _model_alone(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("2γ_B²γ_P*(N−1) is a scalar of the model alone", bound_depends_on_tau)
    return Computed("a sufficient condition, checked at the solved game", unique)


CLAIMS = (
    Claim(
        id="assumption-III.3",
        title="Lower bound on τ",
        where="Section III, Assumption III.3",
        latex=r"\tau > 2\gamma_B^2\gamma_P^*(N-1), \gamma_B := \max_{\forall i,t} \|B_t^i\|_F,"
        r" \gamma_P^* := \max_{\forall i,t} \|P_t^{i*}\|_F",
        statement=Definition(tau, bound),
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
        statement=Computed("τ > 2γ_B²γ_P*(N−1) ⇒ one feedback NE", unique),
        hypotheses=("feedback policies π_t(u | x_t)", "Q ⪰ 0", "R ≻ 0", "τ > 0"),
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
