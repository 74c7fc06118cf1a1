"""Assumption III.3 and Lemma III.4: when there is one equilibrium."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from sympy import Inverse, MatMul, MatrixSymbol, Symbol, Transpose, ZeroMatrix

from ergs_verify.expressions import AgentSum, AgentTotal, agent_sum
from ergs_verify.ledger import hypotheses, rules, scalars
from ergs_verify.ledger.chain import (
    AGENTS,
    SUBMULTIPLICATIVE,
    TRIANGLE,
    Chain,
    FrobeniusNorm,
    bounded_by,
    largest_norm,
)
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims.optimality import (
    GAME,
    NOT_ONE,
    REGULAR_UNIQUE,
    STAGE,
    WEIGHT,
    by_derivation,
    cross,
    derived,
    equal,
    terminal,
    weight,
)
from ergs_verify.ledger.counterexamples import (
    continuum_of_equilibria,
    no_equilibrium,
    not_diagonally_dominant,
    not_dominant_by_blocks,
    unreachable_states,
)
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equalities, Equality
from ergs_verify.paper.notation import A, B, K, P, W, definitions, i, j, m, symmetric, tau

gamma_B, gamma_P = Symbol(r"\gamma_B", positive=True), Symbol(r"\gamma_P^*", positive=True)
kappa = Symbol(r"\kappa", positive=True)
"""max_i ‖Kⁱ‖_F."""
n = Symbol("n", integer=True, positive=True)
Phi, gains, rhs = MatrixSymbol(r"\Phi_t", n, n), MatrixSymbol("K_t", n, m), MatrixSymbol("r", n, m)
bound = 2 * gamma_B**2 * gamma_P * (AGENTS - 1)
_factor = (2 / tau) * gamma_B**2 * gamma_P * (AGENTS - 1)


def block_system() -> Equality:
    """Printed block row i of Φ𝓚 less its right-hand side is W(K − gain).

    So it vanishes for all i just where every agent's gain is an answer to the others'.
    """
    left = weight * K(i) + agent_sum(_off_diagonal(j) * K(j), j, i)
    right = MatMul(-1, Transpose(B(i)), P(i), A)
    return equal(W(i) * (K(i) - derived("gain")), left - right)


def _off_diagonal(agent):
    """B'PBʲ, the printed block (i, j)."""
    return MatMul(Transpose(B(i)), P(i), B(agent))


def _homogeneous() -> Equality:
    row = derived("row")
    return equal(
        row.own * K(i) + agent_sum(row.other * K(j), j, i),
        W(i) * K(i) + agent_sum(B(i).T * P(i) * B(j) * K(j), j, i),
    )


def row_chain(factor=1) -> Chain:
    """‖W⁻¹ Σ_{j≠i} B'PBʲKʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1) κ; `factor` plants a false bound."""
    return _by_norms(
        FrobeniusNorm(AgentSum(Inverse(W(i)) * B(i).T * P(i) * B(j) * K(j), j, (i,))),
        (TRIANGLE, SUBMULTIPLICATIVE),
        factor * _factor * kappa,
        {"K_t": kappa},
    )


def _block_row_sum(factor=1) -> Chain:
    """Σ_{j≠i} ‖W⁻¹B'PBʲ‖ ≤ (2/τ)γ_B²γ_P*(N−1)."""
    block = FrobeniusNorm(Inverse(W(i)) * B(i).T * P(i) * B(j))
    return _by_norms(AgentTotal(block, j, (i,)), (SUBMULTIPLICATIVE,), factor * _factor, {})


def _by_norms(left, steps, right, more) -> Chain:
    """A bound by the largest norms of B, P, W⁻¹ and those of `more`."""
    norms = {"B_t": gamma_B, "P_{t+1}": gamma_P, **more}
    return Chain(
        left=left,
        steps=(
            *steps,
            bounded_by({**norms, "W_t⁻¹": 2 / tau}, "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ"),
        ),
        right=right,
        symbols={
            **{symbol: largest_norm(letter) for letter, symbol in norms.items()},
            AGENTS: lambda matrices: len(matrices["B_t"]),
        },
        symmetric=symmetric,
        definitions={W(i): definitions[W(i)]},
    )


#: τ > 0 follows from the assumption.
_SINGULAR = scalars.of_the_game(
    scalars.singular_weight, "det Φ_t ≠ 0 at every t", without=("tau-positive",)
)


def plain_rows() -> Equality:
    """Block row i of Φ𝓚 at τ, and at τ = 0 with (τ/2)Kⁱ added."""
    row = derived("row")
    whole = row.own * K(i) + agent_sum(row.other * K(j), j, i)
    return equal(whole, whole.subs(tau, 0).doit() + tau / 2 * K(i), r"(\Phi_t \mathcal{K})^i")


DOMINANT = Theorem(
    id="lemma-III.4/dominant",
    says="det Φ_t ≠ 0 at every t",
    given=(*GAME, hypotheses.ASSUMPTION_III_3),
    proof=(
        WEIGHT,
        Fact("‖W⁻¹ Σ_{j≠i} B'PBʲKʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1) max‖Kʲ‖_F", row_chain()),
        Fact("block row i of Φ_t 𝓚 is W Kⁱ + Σ_{j≠i} B'PBʲKʲ", lambda: _homogeneous().decide()),
        Fact("(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)", Equality(_factor * tau, bound)),
        by(rules.BLOCK_DOMINANCE),
    ),
    needed={**_SINGULAR, "assumption-III.3": no_equilibrium},
)

UNIQUE = Theorem(
    id="lemma-III.4",
    says=(
        "exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one of "
        "(4)–(6)"
    ),
    given=(*STAGE.given, hypotheses.ASSUMPTION_III_3),
    proof=(DOMINANT, REGULAR_UNIQUE),
    needed={
        # τ > 0 follows from the assumption.
        **{name: show for name, show in NOT_ONE.items() if name != "tau-positive"},
        "feedback": unreachable_states,
        "assumption-III.3": continuum_of_equilibria,
    },
)

SOLVED = Theorem(
    id="lemma-III.4/solution",
    says="𝓚 = −Φ_t⁻¹r_t is the only solution of Φ_t 𝓚 = −r_t",
    given=DOMINANT.given,
    proof=(
        DOMINANT,
        Fact(
            "𝓚 = −Φ_t⁻¹r_t is the only solution of Φ_t 𝓚 = −r_t",
            Equality(gains, -Inverse(Phi) * rhs, definitions={rhs: -Phi * gains}),
            needs=("det Φ_t ≠ 0 at every t",),
        ),
    ),
    needed=DOMINANT.needed,
)

DETERMINED = Theorem(
    id="lemma-III.4/determined",
    says="the equations (4)–(6) have exactly one solution P, q, K, Σ",
    given=DOMINANT.given,
    proof=(
        SOLVED,
        Fact(
            "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)", lambda: block_system().decide()
        ),
        WEIGHT,
        Fact("P_T = Q_T", terminal()),
        by(rules.SOLVED_BACKWARDS),
    ),
    needed=DOMINANT.needed,
)


# -- the claims ------------------------------------------------------------------------------------


def _blocks(faults: frozenset[str]) -> Equalities:
    row = derived("row")
    zero = ZeroMatrix(B(i).shape[1], B(j).shape[1])
    off_diagonal = zero if "block diagonal" in faults else _off_diagonal(j)
    return Equalities(
        (
            by_derivation(equal(row.own, weight, r"(\Phi_t)_{ii}"), "rows"),
            by_derivation(equal(row.other, off_diagonal, r"(\Phi_t)_{ij}"), "rows"),
        )
    )


def _dominance(faults: frozenset[str]) -> Computed | Theorem:
    if "scalar" in faults:
        return Computed("|Φ_kk| > Σ_{l≠k} |Φ_kl| in every row k", not_diagonally_dominant)
    return BLOCKWISE


BLOCKWISE = Theorem(
    id="lemma-III.4/diagonally-dominant",
    says="Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1 in every block row i of Φ_t, for all t",
    given=(*GAME, hypotheses.ASSUMPTION_III_3),
    proof=(
        WEIGHT,
        Fact(
            "the blocks of Φ_t are Φ_ii = W and Φ_ij = B'PBʲ", lambda: _blocks(frozenset()).decide()
        ),
        Fact("Σ_{j≠i} ‖W⁻¹B'PBʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1)", _block_row_sum()),
        Fact("(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)", Equality(_factor * tau, bound)),
        by(rules.BLOCK_ROW_SUM),
    ),
    needed={**_SINGULAR, "assumption-III.3": not_dominant_by_blocks},
)


CLAIMS = (
    Claim(
        id="assumption-III.3",
        title="Lower bound on τ",
        where="Section III, Assumption III.3",
        latex=r"\tau > 2\gamma_B^2\gamma_P^*(N-1) \qquad \gamma_B := \max_{\forall i,t} \|B_t^i\|_F"
        r" \qquad \gamma_P^* := \max_{\forall i,t} \|P_t^{i*}\|_F",
        statement=Definition(tau, bound, relation=">"),
        gaps=(
            Gap(
                what="the bound uses the P* of an equilibrium whose existence the assumption is "
                "meant to ensure. It is well defined if P* is the matrix that the recursion "
                "gives backwards from T, since each stage's P_{t+1} is known before Φ_t is "
                "needed",
                closed_by=(DOMINANT,),
            ),
        ),
    ),
    Claim(
        id="assumption-III.3/exists",
        title="Under Assumption III.3 there is a unique Nash equilibrium",
        where="Section III, after Assumption III.3",
        quote="Under this lower bound assumption …, there exists a unique NE of the game (1)-(2) as"
        " proved below.",
        statement=UNIQUE,
        stated=(hypotheses.ASSUMPTION_III_3,),
        gaps=(
            Gap(
                what="the proof below shows that there is at most one, not that there is one",
                quote="there exists a unique NE of the game (1)-(2) as proved below.",
                closed_by=(REGULAR_UNIQUE,),
            ),
        ),
    ),
    Claim(
        id="lemma-III.4",
        title="Under Assumption III.3 the Nash equilibrium is unique",
        where="Section III, Lemma III.4",
        quote="Under Assumption III.3, the NE of the ERGS LQ Game (1)-(2) is unique.",
        statement=UNIQUE,
        stated=(hypotheses.ASSUMPTION_III_3,),
        gaps=(
            Gap(
                what="the proof starts from (6), which every NE is said to satisfy, and finds one "
                "solution of a linear system. It is not shown that a NE has linear means, "
                "nor that a NE exists",
                quote="Using (6) for each i ∈ [N]",
                closed_by=(REGULAR_UNIQUE,),
            ),
        ),
    ),
    Claim(
        id="lemma-III.4/every-time",
        title="Uniqueness in the sense of Definition II.1",
        where="Section III, Lemma III.4 with Definition II.1",
        quote="A NE … is a set of policies such that for any x, J^i(x, …) ≤ J^i(x, …) … Under"
        " Assumption III.3, the NE … is unique",
        statement=UNIQUE,
        stated=(hypotheses.ASSUMPTION_III_3,),
    ),
    Claim(
        id="lemma-III.4/gain-equation",
        title="The gain's linear equation",
        where="Section III, proof of Lemma III.4",
        latex=r"\left(\frac{\tau}{2}I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i\right) K_t^{i*}"
        r" = -(B_t^i)^\top P_{t+1}^{i*} A_t^{i*}.",
        statement=lambda _: equal(MatMul(weight, derived("gain")), MatMul(-1, cross)),
    ),
    Claim(
        id="lemma-III.4/block-system",
        title="The joint set of equations",
        where="Section III, proof of Lemma III.4",
        latex=r"\Phi_t \begin{pmatrix} K_t^{1*} \\ \vdots \\ K_t^{N*} \end{pmatrix} ="
        r" - \begin{pmatrix} (B_t^1)^\top P_{t+1}^{1*} A_t \\ \vdots \\"
        r" (B_t^N)^\top P_{t+1}^{N*} A_t \end{pmatrix},",
        statement=lambda _: block_system(),
    ),
    Claim(
        id="lemma-III.4/blocks",
        title="“Φ_t is a block diagonal matrix”",
        where="Section III, proof of Lemma III.4",
        quote="Φ_t is a block diagonal matrix with diagonal entries … and the off-diagonal (i,j)th"
        " entries (for i ≠ j) as (B_t^i)' P_{t+1}^{i*} B_t^j",
        statement=_blocks,
        corrected_latex=r"(\Phi_t)_{ii} = \frac{\tau}{2}I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \qquad \corrected{(\Phi_t)_{ij} = (B_t^i)^\top P_{t+1}^{i*} B_t^j"
        r" \quad (i \neq j)}",
        faults=(
            Fault(
                name="block diagonal",
                what="Φ_t has nonzero off-diagonal blocks, as the sentence itself goes on to say, "
                "so it is not block diagonal",
                kind="wording",
                source="wording",
            ),
        ),
    ),
    Claim(
        id="lemma-III.4/diagonally-dominant",
        title="“Φ_t is diagonally dominant”",
        where="Section III, proof of Lemma III.4",
        quote="we have that Φ_t is diagonally dominant",
        statement=_dominance,
        stated=(hypotheses.ASSUMPTION_III_3,),
        faults=(
            Fault(
                name="scalar",
                what="Φ_t need not be diagonally dominant entry by entry. It is block diagonally "
                "dominant, Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1",
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
        statement=SOLVED,
        stated=(hypotheses.ASSUMPTION_III_3,),
    ),
    Claim(
        id="lemma-III.4/determined",
        title="P and Σ are then determined",
        where="Section III, end of the proof of Lemma III.4",
        quote="The Riccati matrices and the covariance matrices are now determined by the uniquely"
        " solvable set of equations (4)-(6)",
        statement=DETERMINED,
        stated=(hypotheses.ASSUMPTION_III_3,),
    ),
    Claim(
        id="lemma-III.4/plain-game",
        title="Φ_t is that of the game without regularization, and (τ/2)I",
        where="Section III, after Lemma III.4",
        quote="relies on the invertibility of the … matrix at each timestep …, similar to the"
        " invertibility conditions in non-regularized LQ games [17], but relies on the entropy"
        " regularization parameter",
        statement=lambda _: plain_rows(),
    ),
    Claim(
        id="lemma-III.4/sufficient",
        title="Conditions that suffice for existence and uniqueness",
        where="Section III, before Assumption III.3 and after Lemma III.4",
        quote="Having proved the sufficient conditions for the existence and uniqueness of NE (6)",
        statement=UNIQUE,
        stated=(hypotheses.ASSUMPTION_III_3,),
    ),
)
