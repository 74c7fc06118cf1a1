"""Sharp claims on existence and uniqueness: det Φ_t decides, stage by stage.

Equilibrium here is feedback equilibrium: optimal from every x_t among policies π_t(u | x_t).
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Inverse, MatrixSymbol, Symbol, Trace

from ergs_verify.expressions import AgentMatrix, agent_sum, control_size
from ergs_verify.gallery import gallery
from ergs_verify.ledger.argument import argument, exactly, holds
from ergs_verify.ledger.claim import Claim, Computed, Decision, Equality
from ergs_verify.ledger.counterexamples import continuum_of_equilibria, no_equilibrium
from ergs_verify.ledger.symbolic import SymbolicStages
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    B,
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
    mean,
    symmetric,
    tau,
    x,
)
from ergs_verify.recursion.stages import Stages

__all__ = ["CLAIMS", "equal", "regular_by_determinant", "zero_gains"]

n = Symbol("n", integer=True, positive=True)
Phi, gains, rhs = MatrixSymbol(r"\Phi_t", n, n), MatrixSymbol("K_t", n, m), MatrixSymbol("r", n, m)
shift = MatrixSymbol("Z", n, m)
delta = Symbol("delta", positive=True)


def equal(left, right, more=None) -> Decision:
    """An identity in the paper's letters, for every size and number of agents, decided."""
    return Equality(left, right, symmetric, {**definitions, **(more or {})}).decide()


# -- det Φ_t decides -----------------------------------------------------------------------------


def _every_density() -> Decision:
    """W Mⁱ(x) + ½b, which must vanish at every x, is block row i of Φ𝓜(x) + r x."""
    derived = theorem_III_1.derive()
    row = derived["row"]
    return equal(
        derived["weight"] * mean(i) + derived["form"].linear / 2,
        row.own * mean(i) + agent_sum(row.other * mean(j), j, i) + row.constant * x,
    )


def _rows() -> Decision:
    """Block row i of Φ𝓚 + r is W(Kⁱ − answer)."""
    derived = theorem_III_1.derive()
    row = derived["row"]
    return equal(
        row.own * K(i) + agent_sum(row.other * K(j), j, i) + row.constant,
        W(i) * (K(i) - derived["gain"]),
    )


def _family() -> Decision:
    """Φ(𝓚 + Z) + r = ΦZ where Φ𝓚 + r = 0: every Z in the kernel gives a solution."""
    return Equality(
        Phi * (gains + shift) + rhs, Phi * shift, definitions={rhs: -Phi * gains}
    ).decide()


def _one_iff_regular() -> Decision:
    return argument(
        _every_density(),
        "by Lemma III.2 agent i's only best answer among all densities is N(Mⁱ(x), (τ/2)W⁻¹) with"
        " this condition, so means are an equilibrium at stage t if and only if Φ𝓜(x) + r x = 0 at"
        " every x",
        _rows(),
        "det Φ_t ≠ 0: 𝓜(x) = −Φ⁻¹r x is the only solution, linear in x; it gives one P_t, and so on"
        " backwards from P_T = Q_T",
        _family(),
        "first singular stage, backwards: P_{t+1} is unique there; if some column of r is outside"
        " the range of Φ, no 𝓜 solves at every x; otherwise 𝓜(x) = 𝓚x + z(x) solves for every"
        " measurable z(x) in the kernel of Φ, of linear growth say, so that costs are finite",
    )


def _g_star_determinant() -> Decision:
    phi, _ = SymbolicStages(gallery("g-star-2"), tau).last_block_system()
    found = sympy.factor(phi.det())
    return argument(
        exactly("det Φ − (τ−4)(τ+12)/4", sympy.expand(found - (tau - 4) * (tau + 12) / 4), 0),
        exactly("the roots τ > 0", [r for r in sympy.roots(found, tau) if r > 0], [4]),
    )


def _stands(found: Decision) -> Decision:
    """Proved where an exact counterexample to the paper, which is the claim here, stands."""
    stands = found.verdict == "refuted"
    return Decision(verdict="proved" if stands else "undecided", evidence=found.evidence)


def _no_equilibrium() -> Decision:
    return _stands(no_equilibrium())


def _continuum() -> Decision:
    return _stands(continuum_of_equilibria())


# -- next to a singular τ -------------------------------------------------------------------------


def _near_singular() -> Decision:
    """G* with A = I, Q_0 = I: the equilibrium at 4 + δ, judged at τ = 4."""
    game = gallery("g-star-near-4")
    played = SymbolicStages(game, 4 + delta).nash()
    K_played = [agent[0] for agent in played.K]
    Sigma_played = [agent[0] for agent in played.Sigma]
    state = sympy.Matrix([1, -1])
    quadratic, constant = _gap(game, K_played, Sigma_played, state)
    largest = [sympy.limit(delta * entry, delta, 0, "+") for X in K_played for entry in X]
    return argument(
        exactly("lim δ·K̃", largest, [3, -3, -3, 3]),
        exactly("q̃ − q at δ = 0", sympy.simplify(constant.subs(delta, 0)), 0),
        "q̃ − q is continuous at δ = 0: rational functions without a pole there, and logarithms of"
        " numbers that stay positive",
        exactly(
            "lim ε_1 at x = (1, −1)",
            sympy.limit(quadratic, delta, 0, "+"),
            sympy.Rational(9, 4),
        ),
    )


def _gap(game, K_played, Sigma_played, state):
    """Agent 1's cost of a policy, less its least, at τ = 4: x'(P̃ − P)x, and q̃ − q."""
    stages = SymbolicStages(game, 4)
    cost = stages.evaluated_policy(K_played, Sigma_played)
    known = _against(stages, K_played, Sigma_played)
    answer = {S(1): known(stages.formula("covariance", 1)), K(1): known(stages.formula("gain", 1))}
    least = known.with_values(answer)
    matrix = cost.P[0] - least(stages.formula("riccati", 1))
    assert cost.q is not None
    constant = cost.q[0] - least(stages.formula("constant", 1))
    return sympy.cancel((state.T * matrix * state)[0, 0]), constant


def _against(stages: Stages, K_played, Sigma_played):
    """The only stage, with the policies of all agents but the first."""
    others = range(2, stages.game.agents + 1)
    return stages.at(0, stages.terminal()).with_values(
        {K(k): K_played[k - 1] for k in others} | {S(k): Sigma_played[k - 1] for k in others}
    )


# -- a determinant of the size of the state -------------------------------------------------------

p = control_size(i)
R_weighted = tau / 2 * eye(i) + R(i)
total = MatrixSymbol("y", m, m)
"""Σ_j BʲKʲ."""
solved = AgentMatrix("{K^{0}_t}", i, p, m)


def _rank_update() -> Decision:
    """Block row i of Φ𝓚 is R̃ⁱKⁱ + B'P Σ_j BʲKʲ: block diagonal, plus m columns times m rows."""
    row = theorem_III_1.derive()["row"]
    return equal(
        row.own * K(i) + agent_sum(row.other * K(j), j, i),
        R_weighted * K(i) + B(i).T * P(i) * agent_sum(B(j) * K(j), j),
    )


def _small_determinants() -> Decision:
    """The formula in symbols: two agents, m = 1 with p = (1, 2) and m = 2 with p = (1, 1)."""
    checks = []
    for size, controls in ((1, (1, 2)), (2, (1, 1))):
        inputs = [_letters(f"b{k}", size, c) for k, c in enumerate(controls)]
        costs = [_letters(f"p{k}", size, size, symmetric=True) for k in range(2)]
        weights = [_letters(f"r{k}", c, c, symmetric=True) for k, c in enumerate(controls)]
        phi = sympy.Matrix(
            sympy.BlockMatrix(
                [
                    [
                        inputs[k].T * costs[k] * inputs[h]
                        + (weights[k] if k == h else sympy.zeros(controls[k], controls[h]))
                        for h in range(2)
                    ]
                    for k in range(2)
                ]
            )
        )
        inner = sympy.eye(size)
        for B_k, R_k, P_k in zip(inputs, weights, costs, strict=True):
            inner += B_k * R_k.inv() * B_k.T * P_k
        claimed = sympy.prod([R_k.det() for R_k in weights]) * inner.det()
        difference = sympy.cancel(phi.det(method="berkowitz") - claimed)
        checks.append(exactly(f"m = {size}, p = {controls}: difference", difference, 0))
    return argument(*checks)


def _letters(name: str, rows: int, cols: int, symmetric: bool = False):
    def entry(r, c):
        r, c = sorted((r, c)) if symmetric else (r, c)
        return sympy.Symbol(f"{name}_{r}{c}")

    return sympy.Matrix(rows, cols, entry)


def _determinant() -> Decision:
    return argument(
        _rank_update(),
        "Sylvester: det(D + CB) = det D · det(I_m + B D⁻¹ C), with D = diag(R̃ⁱ), C the stack of"
        " Bⁱ'Pⁱ and B = [B¹ … Bᴺ]",
        _small_determinants(),
    )


def zero_gains() -> Decision:
    """Where Φ𝓚 = 0: Kⁱ = −R̃⁻¹B'P y with y = ΣBK, so (I + ΣBR̃⁻¹B'P)y = 0 and y = 0 gives 𝓚 = 0."""
    return equal(
        R_weighted * (-Inverse(R_weighted) * B(i).T * P(i) * total) + B(i).T * P(i) * total,
        sympy.ZeroMatrix(p, m),
    )


def _square() -> Decision:
    """For a row b and R̃ = LL' the number bR̃⁻¹b' is |L⁻¹b'|²."""
    L, b, y = MatrixSymbol("L", p, p), MatrixSymbol("b", 1, p), MatrixSymbol("y", p, 1)
    return Equality(
        Trace(b * Inverse(L * L.T) * b.T), Trace(y.T * y), definitions={y: Inverse(L) * b.T}
    ).decide()


def regular_by_determinant() -> Decision:
    """m = 1: det Φ = Π det R̃ · (1 + Σ P BR̃⁻¹B') > 0."""
    return argument(
        _determinant(),
        zero_gains(),
        _square(),
        "R̃ = (τ/2)I + R ≻ 0 has a Cholesky factor and det R̃ > 0; for m = 1 Pⁱ is a number ≥ 0, so"
        " the second factor is 1 + Σ Pⁱ bⁱ(R̃ⁱ)⁻¹bⁱ' ≥ 1",
    )


def _proportional() -> Decision:
    """Pⁱ = c_iP: det(I + MP) with M = Σ c_i B R̃⁻¹B' ⪰ 0."""
    phi, _ = SymbolicStages(gallery("identical-interest"), tau).last_block_system()
    return argument(
        _determinant(),
        "Sylvester again, P = LL': det(I + MLL') = det(I + L'ML) ≥ 1, as L'ML ⪰ 0",
        holds(f"det Φ = {sympy.factor(phi.det())} > 0 in an example", phi.det().is_positive),
    )


CLAIMS = (
    Claim(
        id="sharp-unique-iff-regular",
        title="One feedback equilibrium if and only if every Φ_t is regular",
        where="Beyond the paper; sharpens Lemma III.4",
        statement=Computed(
            "the game from every stage on has exactly one feedback NE ⇔ det Φ_t ≠ 0 for all t; at"
            " the first singular stage, backwards, it has none or a continuum",
            _one_iff_regular,
        ),
        hypotheses=("feedback policies π_t(u | x_t)", "Q ⪰ 0", "R ≻ 0", "τ > 0"),
    ),
    Claim(
        id="sharp-unique-iff-regular/determinant",
        title="The determinant of Φ in the game G*",
        where="Beyond the paper; G* with A = I",
        latex=r"\det \Phi = (\tau - 4)(\tau + 12)/4",
        statement=Computed("det Φ = (τ−4)(τ+12)/4, singular at τ = 4 alone", _g_star_determinant),
    ),
    Claim(
        id="sharp-unique-iff-regular/no-nash",
        title="A game without equilibrium",
        where="Beyond the paper; G* with τ = 4, A = I",
        statement=Computed("Φ_0 𝓚 = −r has no solution", _no_equilibrium),
    ),
    Claim(
        id="sharp-unique-iff-regular/continuum",
        title="A game with a continuum of equilibria, nonlinear ones among them",
        where="Beyond the paper; G* with τ = 4, A all ones",
        statement=Computed(
            "M¹ = g(x), M² = −(5/4)(x₁+x₂) − g(x) is a NE for every measurable g", _continuum
        ),
    ),
    Claim(
        id="sharp-near-singular",
        title="Next to a singular τ the δ-augmented gap does not vanish",
        where="Beyond the paper; limits of Theorem IV.3; G* with τ = 4, A = I, Q_0 = I",
        latex=r"\lim_{\delta \to 0} \delta \tilde{K} = \pm 3, \quad"
        r" \lim_{\delta \to 0} \epsilon_1 = 9/4",
        statement=Computed(
            "K̃ ~ ±3/δ, and ε_1 → 9/4 at x = (1, −1) as δ → 0, at τ = 4", _near_singular
        ),
    ),
    Claim(
        id="sharp-scalar-state/determinant",
        title="The determinant of Φ_t as one of the size of the state",
        where="Beyond the paper",
        latex=r"\det \Phi_t = \prod_i \det \tilde{R}^i \cdot \det\Big(I_m + \sum_i B^i"
        r" (\tilde{R}^i)^{-1} (B^i)^\top P^i_{t+1}\Big)",
        statement=Computed(
            "det Φ = Π det R̃ⁱ · det(I_m + Σ Bⁱ(R̃ⁱ)⁻¹Bⁱ'Pⁱ), R̃ = (τ/2)I + R", _determinant
        ),
    ),
    Claim(
        id="sharp-scalar-state",
        title="A scalar state always has one equilibrium",
        where="Beyond the paper",
        latex=r"m = 1 \Rightarrow \det \Phi_t > 0",
        statement=Computed("m = 1 ⇒ det Φ_t > 0, for every N and p_i", regular_by_determinant),
        hypotheses=("m = 1", "any N and p_i", "τ ≥ 0"),
    ),
    Claim(
        id="sharp-proportional-costs",
        title="Proportional costs to go have one equilibrium",
        where="Beyond the paper",
        latex=r"P^i_{t+1} = c_i P, c_i \geq 0 \Rightarrow \det \Phi_t > 0",
        statement=Computed("Pⁱ_{t+1} = c_iP with c_i ≥ 0, P ⪰ 0 ⇒ det Φ_t > 0", _proportional),
        hypotheses=("at the stage; at t = T−1 it is Q_Tⁱ = c_iQ, identical interests among them",),
    ),
)
