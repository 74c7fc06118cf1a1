"""Beyond the paper: det Φ_t decides, stage by stage, whether there is one feedback equilibrium."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from functools import cache
from typing import Any

import sympy
from sympy import Inverse, MatrixSymbol, Symbol, Trace

from ergs_verify.expressions import agent_sum, control_size
from ergs_verify.game.gallery import gallery
from ergs_verify.ledger import hypotheses, rules, scalars
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.lemma_III_4 import REGULAR_UNIQUE, STAGE
from ergs_verify.ledger.claims.optimality import (
    EXISTS,
    GAME,
    POLICY_PSD,
    derived,
    equal,
    terminal,
    value_is_quadratic,
)
from ergs_verify.ledger.counterexamples import continuum_of_equilibria, no_equilibrium
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Equality
from ergs_verify.ledger.symbolic import SymbolicStages
from ergs_verify.paper.notation import B, K, P, R, S, eye, i, j, m, tau
from ergs_verify.recursion.stages import Stages

n = Symbol("n", integer=True, positive=True)
Phi, gains, rhs = MatrixSymbol(r"\Phi_t", n, n), MatrixSymbol("K_t", n, m), MatrixSymbol("r", n, m)
shift = MatrixSymbol("Z", n, m)
delta = Symbol("delta", positive=True)


# -- det Φ_t decides ------------------------------------------------------------------------------


def _family() -> Equality:
    """Φ(𝓚 + Z) + r = ΦZ where Φ𝓚 + r = 0: every Z in the kernel gives a solution."""
    return Equality(Phi * (gains + shift) + rhs, Phi * shift, definitions={rhs: -Phi * gains})


ONE_IFF_REGULAR = Theorem(
    id="sharp-unique-iff-regular",
    says="the game that starts at any stage has exactly one feedback NE ⇔ det Φ_t ≠ 0 for all t; "
    "from the first singular stage, backwards, it has none or a continuum",
    given=STAGE.given,
    proof=(
        STAGE,
        EXISTS,
        Fact("V_T(x) = x'Q_T x", terminal()),
        Fact(
            "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
            lambda: value_is_quadratic().decide(),
        ),
        Fact("Φ(𝓚 + Z) + r = ΦZ where Φ𝓚 + r = 0", _family()),
        by(rules.FIRST_SINGULAR),
    ),
    needed=STAGE.needed,
)


def _g_star_determinant() -> Decision:
    phi, _ = SymbolicStages(gallery("g-star-2"), tau).last_block_system()
    found = sympy.factor(phi.det())
    return together(
        exactly("det Φ − (τ−4)(τ+12)/4", sympy.expand(found - (tau - 4) * (tau + 12) / 4), 0),
        exactly("the roots τ > 0", [r for r in sympy.roots(found, tau) if r > 0], [4]),
    )


def _stands(found: Decision) -> Decision:
    """Proved where an exact counterexample to the paper, which is the claim here, stands."""
    stands = found.verdict == "refuted" and found.replay is not None and found.replay()
    return Decision(verdict="proved" if stands else "undecided", evidence=found.evidence)


# -- next to a singular τ -------------------------------------------------------------------------


@cache
def _near_singular() -> dict[str, Any]:
    """G* with A = I, Q_0 = I: the equilibrium at 4 + δ, judged at τ = 4, x = (1, −1)."""
    game = exhibits()["singular-tau"].game
    played = SymbolicStages(game, 4 + delta).nash()
    K_played = [agent[0] for agent in played.K]
    Sigma_played = [agent[0] for agent in played.Sigma]
    quadratic, constant = _gap(game, K_played, Sigma_played, sympy.Matrix([1, -1]))
    return {
        "gains": sympy.Matrix([list(X) for X in K_played]),
        "quadratic": quadratic,
        "constant": constant,
    }


def near_singular() -> Decision:
    """What is found of it, exactly."""
    found = _near_singular()
    largest = [sympy.limit(delta * entry, delta, 0, "+") for entry in found["gains"]]
    # A sum of rational functions without a pole at 0 and of logarithms of such, positive there.
    at_zero = sympy.simplify(found["constant"].subs(delta, 0))
    limit = sympy.limit(found["quadratic"], delta, 0, "+")
    return together(
        exactly("lim δ·K̃", largest, [3, -3, -3, 3]),
        exactly("q̃ − q at δ = 0", at_zero, 0),
        exactly("lim q̃ − q", sympy.limit(found["constant"], delta, 0, "+"), 0),
        exactly("lim ε_1 at x = (1, −1)", limit, sympy.Rational(9, 4)),
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


def _rank_update() -> Equality:
    """Block row i of Φ𝓚 is R̃ⁱKⁱ + B'P Σ_j BʲKʲ: block diagonal, plus m columns times m rows."""
    row = derived("row")
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
    return together(*checks)


def _letters(name: str, rows: int, cols: int, symmetric: bool = False):
    def entry(r, c):
        r, c = sorted((r, c)) if symmetric else (r, c)
        return sympy.Symbol(f"{name}_{r}{c}")

    return sympy.Matrix(rows, cols, entry)


DETERMINANT = Theorem(
    id="sharp-scalar-state/determinant",
    says="det Φ_t = Π det R̃ⁱ · det(I_m + Σ Bⁱ(R̃ⁱ)⁻¹Bⁱ'Pⁱ), R̃ = (τ/2)I + R",
    given=(hypotheses.R_PD, hypotheses.TAU_POSITIVE),
    proof=(
        Fact("block row i of Φ_t 𝓚 is R̃ⁱKⁱ + Bⁱ'Pⁱ Σ_j BʲKʲ", lambda: _rank_update().decide()),
        by(rules.SYLVESTER),
    ),
    needed=scalars.of_the_game(scalars.weight_without_inverse, without=("Q-psd",)),
)


def _square() -> Equality:
    """For a row b and R̃ = LL' the number bR̃⁻¹b' is |L⁻¹b'|²."""
    L, b, y = MatrixSymbol("L", p, p), MatrixSymbol("b", 1, p), MatrixSymbol("y", p, 1)
    return Equality(
        Trace(b * Inverse(L * L.T) * b.T), Trace(y.T * y), definitions={y: Inverse(L) * b.T}
    )


REGULAR_AT_ONE_STATE = Theorem(
    id="sharp-scalar-state",
    says="det Φ_t > 0 at every t, for every N and p_i",
    given=(*GAME, hypotheses.SCALAR_STATE),
    proof=(
        POLICY_PSD,
        DETERMINANT,
        Fact("for R̃ = LL' a row b has bR̃⁻¹b' = |L⁻¹b'|²", _square()),
        by(rules.SCALAR_DETERMINANT),
    ),
    needed={
        **scalars.of_the_game(scalars.singular_weight, "det Φ_t > 0 at every t"),
        "scalar-state": no_equilibrium,
    },
)

PROPORTIONAL = Theorem(
    id="sharp-proportional-costs",
    says="Pⁱ_{t+1} = c_iP with c_i ≥ 0, P ⪰ 0 ⇒ det Φ_t > 0",
    given=DETERMINANT.given,
    proof=(DETERMINANT, by(rules.PROPORTIONAL_DETERMINANT)),
    needed=scalars.of_the_game(scalars.singular_weight, "det Φ_t > 0", without=("Q-psd",)),
)


def _proportional_example() -> Decision:
    """Three agents with identical interests."""
    phi, _ = SymbolicStages(gallery("identical-interest"), tau).last_block_system()
    return holds(f"det Φ = {sympy.factor(phi.det())} > 0", bool(phi.det().is_positive))


CLAIMS = (
    Claim(
        id="sharp-unique-iff-regular",
        title="One feedback equilibrium if and only if every Φ_t is regular",
        where="Beyond the paper; sharpens Lemma III.4",
        statement=ONE_IFF_REGULAR,
    ),
    Claim(
        id="sharp-unique-iff-regular/stage",
        title="Mutual best responses at a stage",
        where="Beyond the paper; sharpens Lemma III.4",
        statement=STAGE,
    ),
    Claim(
        id="sharp-unique-iff-regular/unique",
        title="Where every Φ_t is regular there is one feedback equilibrium",
        where="Beyond the paper; sharpens Lemma III.4",
        statement=REGULAR_UNIQUE,
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
        statement=Computed("Φ_0 𝓚 = −r has no solution", lambda: _stands(no_equilibrium())),
    ),
    Claim(
        id="sharp-unique-iff-regular/continuum",
        title="A game with a continuum of equilibria, nonlinear ones among them",
        where="Beyond the paper; G* with τ = 4, A all ones",
        statement=Computed(
            "M¹ = g(x), M² = −(5/4)(x₁+x₂) − g(x) is a NE for every measurable g",
            lambda: _stands(continuum_of_equilibria()),
        ),
    ),
    Claim(
        id="sharp-near-singular",
        title="At a singular τ the gap of the δ-augmented NE does not tend to 0",
        where="Beyond the paper; limits of Theorem IV.3; G* with τ = 4, A = I, Q_0 = I",
        latex=r"\lim_{\delta \to 0} \delta \tilde{K} = \pm 3, \quad"
        r" \lim_{\delta \to 0} \epsilon_1 = 9/4",
        statement=Computed(
            "K̃ ~ ±3/δ, and ε_1 → 9/4 at x = (1, −1) as δ → 0, at τ = 4", near_singular
        ),
    ),
    Claim(
        id="sharp-scalar-state/determinant",
        title="The determinant of Φ_t as a determinant of the state's size",
        where="Beyond the paper",
        latex=r"\det \Phi_t = \prod_i \det \tilde{R}^i \cdot \det\Big(I_m + \sum_i B^i"
        r" (\tilde{R}^i)^{-1} (B^i)^\top P^i_{t+1}\Big)",
        statement=DETERMINANT,
    ),
    Claim(
        id="sharp-scalar-state/in-symbols",
        title="The same in symbols, at small sizes",
        where="Beyond the paper",
        statement=Computed(
            "det Φ = Π det R̃ⁱ · det(I_m + Σ Bⁱ(R̃ⁱ)⁻¹Bⁱ'Pⁱ) for N = 2, m = 1, p = (1, 2) and for"
            " m = 2, p = (1, 1)",
            _small_determinants,
        ),
    ),
    Claim(
        id="sharp-scalar-state",
        title="A scalar state always has one equilibrium",
        where="Beyond the paper",
        latex=r"m = 1 \Rightarrow \det \Phi_t > 0",
        statement=REGULAR_AT_ONE_STATE,
    ),
    Claim(
        id="sharp-proportional-costs",
        title="Proportional costs to go have one equilibrium",
        where="Beyond the paper",
        latex=r"P^i_{t+1} = c_i P, c_i \geq 0 \Rightarrow \det \Phi_t > 0",
        statement=PROPORTIONAL,
    ),
    Claim(
        id="sharp-proportional-costs/example",
        title="Three agents with identical interests",
        where="Beyond the paper",
        statement=Computed("det Φ > 0 for every τ > 0", _proportional_example),
    ),
)
