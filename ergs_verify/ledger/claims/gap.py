"""Beyond the paper: the gap of a policy, its identity, its bound in δ, and its second order."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction

from attrs import evolve
from sympy import Determinant, Inverse, log

from ergs_verify.arithmetic import MPMath
from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.game import Game
from ergs_verify.ledger import hypotheses, rules, scalars
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.lemma_III_2 import GIBBS
from ergs_verify.ledger.claims.limits import LARGE_TAU
from ergs_verify.ledger.claims.optimality import (
    BEST_RESPONSE,
    GAME,
    LEAST_COST,
    derived,
    terminal,
)
from ergs_verify.ledger.claims.theorem_IV_3 import (
    COST_DIFFERENCE,
    GAP_BOUND,
    GAP_ORDER,
    rows_at_augmented,
)
from ergs_verify.ledger.counterexamples import refutation, two_scalar_agents
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.exhibits import exhibits, singularity
from ergs_verify.ledger.reasoning import Fact, Supposing, Theorem, by
from ergs_verify.ledger.statements import Equalities, Equality
from ergs_verify.paper import gap as derivations
from ergs_verify.paper.derivation import Derived
from ergs_verify.paper.gap import X, Z, delta
from ergs_verify.paper.notation import (
    B,
    F,
    K,
    P,
    R,
    S,
    W,
    definitions,
    eye,
    i,
    j,
    letter_of_agents,
    m,
    noise,
    others_loop,
    symmetric,
    tau,
)
from ergs_verify.recursion import gaps, nash

p = control_size(i)


def _derivation(run: Derived) -> Decision:
    """A derivation that went through: each step was checked, or it would have failed."""
    return Decision(verdict="proved", evidence=tuple((s.name, s.checked) for s in run.steps))


# -- the identity ---------------------------------------------------------------------------------

off_best = K(i) + Inverse(W(i)) * B(i).T * P(i) * others_loop(i)
"""K − K_br, where P is the best response's."""
precision = 2 / tau * W(i)
"""Σ_br⁻¹."""


def _equal(left, right, named: str) -> Equality:
    return Equality(left, right, (*symmetric, *derivations.MOMENTS), definitions, named)


def stated_identity() -> Equalities:
    """What the derivation arrives at, and the identity as stated: its divergence, X, and τ = 0."""
    found = derivations.gap_formulas()
    gain_part = trace_of(W(i), off_best, X, off_best.T)
    covariance_part = tau / 2 * (trace_of(precision, S(i)) - p - log(Determinant(precision * S(i))))
    return Equalities(
        (
            _equal(
                found.gain_part + found.covariance_part,
                gain_part + covariance_part,
                r"\tau\, \mathbb{E}\, \mathrm{KL}",
            ),
            _equal(
                found.gain_part + found.plain_covariance_part,
                gain_part + trace_of(W(i), S(i)),
                r"\text{the same at } \tau = 0",
            ),
            _equal(
                found.second_moment,
                F * X * F.T + noise + agent_sum(B(j) * S(j) * B(j).T, j),
                "X_{t+1}",
            ),
        )
    )


IDENTITY = Theorem(
    id="sharp-gap-identity",
    says=(
        "J(π) − min J = τ Σ_t E KL(πⁱ_t ‖ BRⁱ_t)",
        "τ E KL(πⁱ_t ‖ BRⁱ_t) = Tr(WΔK X_t ΔK') + (τ/2)(Tr(Σ_br⁻¹Σⁱ) − p_i − log det(Σ_br⁻¹Σⁱ))",
    ),
    given=LEAST_COST.given,
    proof=(
        BEST_RESPONSE,
        LEAST_COST,
        by(rules.ABOVE_THE_LEAST),
        Fact(
            "τ E KL(πⁱ_t ‖ BRⁱ_t) = Tr(WΔK X_t ΔK') + (τ/2)(Tr(Σ_br⁻¹Σⁱ) − p_i −"
            " log det(Σ_br⁻¹Σⁱ))",
            lambda: stated_identity().decide(),
        ),
    ),
    needed=LEAST_COST.needed,
)


# -- the coefficient of δ² ------------------------------------------------------------------------


def stated_coefficient() -> Equalities:
    """What the derivation arrives at, and Z_t and the stage's part of c_i as stated."""
    found = derivations.second_order_formulas()
    G = K(i) / 2 + B(i).T * Z * F
    Y = -2 / tau**2 * (R(i) + B(i).T * P(i) * B(i)) + 2 / tau * B(i).T * Z * B(i)
    return Equalities(
        (
            _equal(found.cost_slope, K(i).T * K(i) / 2 + F.T * Z * F, "Z_t"),
            _equal(
                found.coefficient,
                trace_of(G.T, Inverse(W(i)), G, X) + tau / 4 * trace_of(S(i), Y, S(i), Y),
                "c_t^i",
            ),
        )
    )


STEP = Fraction(1, 10**20)


def _gap_at(game: Game, step: Fraction) -> Fraction:
    """ε_1(δ), at 80 digits."""
    numbers = MPMath(digits=80)
    policy = nash(game.augmented(step), numbers).as_policy(numbers)
    return numbers.to_fraction(gaps(game, policy, numbers)[0].total)


def _first_order_at_zero() -> Decision:
    """At τ = 0 the gap is of first order."""
    game = two_scalar_agents("0")
    found = [_gap_at(game, step) / step**2 for step in (STEP, STEP / 10)]
    return refutation(
        f"ε_1/δ² = {float(found[0]):.3g}, {float(found[1]):.3g} at δ = 1e-20, 1e-21",
        "→ c_1 as δ → 0",
        "80 digits",
        "at τ = 0 the gap is (p_i T/2) δ plus terms of second order",
        lambda: found[1] > 9 * found[0] > 0,
        game=game,
    )


COEFFICIENT = Theorem(
    id="sharp-gap-coefficient",
    says="ε_i(δ) = c_i δ² + O(δ³) as δ → 0",
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.AUGMENTED_SOLUTION,
        hypotheses.REGULAR,
    ),
    proof=(
        Fact("Φ_t at τ̃ and P is Φ_t at τ and P plus (δ/2)I", lambda: rows_at_augmented().decide()),
        Fact("P_T = Q_T", terminal()),
        by(rules.NEARBY_EQUILIBRIUM),
        Fact(
            "the gap's expansion in δ starts with c_i δ², with c_i as derived",
            lambda: _derivation(derivations.derive_coefficient()),
            needs=(
                "the priors are N(0, I)",
                "given the past, the agents' draws and the noise are independent of each other",
            ),
        ),
        Fact(
            "c_i as derived is Σ_t Tr(G_t'W⁻¹G_tX_t) + (τ/4)Tr(ΣⁱY_tΣⁱY_t)",
            lambda: stated_coefficient().decide(),
        ),
        by(rules.ANALYTIC_REMAINDER),
    ),
    needed={"tau-positive": _first_order_at_zero, "regular": GAP_ORDER.needed["regular"]},
)


# -- at τ = 0 -------------------------------------------------------------------------------------

P_zero = letter_of_agents("{P^{0}_{t+1}}", m, m)
"""P of the best response in the plain game, the letter P standing for that at δ."""


def _spread_at_zero() -> Equality:
    """Tr(W Σ̃) with Σ̃ = (δ/2)W̃⁻¹ is p_i δ/2 less a term of second order."""
    plain = R(i) + B(i).T * P(i) * B(i)
    shifted = delta / 2 * eye(i) + R(i) + B(i).T * (P(i) + delta * Z) * B(i)
    return Equality(
        trace_of(plain, delta / 2 * Inverse(shifted)),
        p * delta / 2 - delta**2 / 2 * trace_of(eye(i) / 2 + B(i).T * Z * B(i), Inverse(shifted)),
        (*symmetric, Z),
    )


def _answers_at_zero() -> Equality:
    """K̃ less the plain game's answer to the same others: a factor δ or P̃ − P⁰ in each term."""
    at_delta = derived("gain_compact").xreplace({tau: delta})
    plain_weight = R(i) + B(i).T * P_zero(i) * B(i)
    at_zero = -Inverse(plain_weight) * B(i).T * P_zero(i) * others_loop(i)
    loop = others_loop(i) + B(i) * at_delta
    return Equality(
        at_delta - at_zero,
        -Inverse(plain_weight) * (delta / 2 * at_delta + B(i).T * (P(i) - P_zero(i)) * loop),
        (*symmetric, P_zero(i)),
        {**definitions, W(i): delta / 2 * eye(i) + R(i) + B(i).T * P(i) * B(i)},
    )


def _steep_at_zero() -> Decision:
    """G* with R = 3 at τ = 0, where Φ is singular: ε_1(δ)/δ grows as δ falls."""
    star = exhibits()["small-tau"].game
    game = evolve(star, tau_given=Fraction(0), name="G* with R = 3, τ = 0")
    found = [_gap_at(game, step) / step for step in (STEP, STEP / 10)]
    return refutation(
        f"ε_1/δ = {float(found[0]):.3g}, {float(found[1]):.3g} at δ = 1e-20, 1e-21",
        "→ p_1T/2 = 1/2 as δ → 0",
        "80 digits",
        "Φ is singular at τ = 0, where the game has no equilibrium",
        lambda: found[1] > 2 * found[0] > 0 and singularity(game) is not None,
        game=game,
    )


LINEAR_REGIME = Theorem(
    id="sharp-gap-linear-regime",
    says="at τ = 0: ε_i(δ) = (p_i T/2) δ + O(δ²) as δ → 0",
    given=(
        hypotheses.Q_PSD,
        hypotheses.R_PD,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.AUGMENTED_SOLUTION,
        hypotheses.REGULAR_AT_ZERO,
    ),
    proof=(
        Fact(
            "at τ = 0 the gap is Σ_t Tr(WΔK X_t ΔK') + Tr(W Σⁱ)",
            lambda: stated_identity().decide(),
            needs=(hypotheses.INDEPENDENT_DRAWS.text,),
        ),
        Fact("Tr(W Σ̃) = p_i δ/2 − (δ²/2) Tr((½I + B'ZB)W̃⁻¹), with P̃ = P + δZ", _spread_at_zero()),
        Fact(
            "K̃ less the plain game's best response is −W⁻¹((δ/2)K̃ + B'(P̃ − P⁰)F̃)",
            lambda: _answers_at_zero().decide(),
        ),
        Fact("P_T = Q_T", terminal()),
        by(rules.CRAMER_PLAIN),
        by(rules.SECOND_ORDER_SQUARE),
    ),
    needed={"regular-at-zero": _steep_at_zero},
)


# -- for δ → ∞ ------------------------------------------------------------------------------------


LARGE_DELTA = Theorem(
    id="sharp-gap-large-delta",
    says="ε_i(δ) → J(μ) − min J(·, μ⁻ⁱ) as δ → ∞",
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.AUGMENTED_SOLUTION,
    ),
    proof=(
        LARGE_TAU,
        Supposing(IDENTITY, hypotheses.OTHERS_LINEAR),
        by(rules.CONTINUOUS_GAP),
    ),
    needed=scalars.of_the_game(
        scalars.no_least_cost, "ε_i(δ) → J(μ) − min J(·, μ⁻ⁱ) as δ → ∞, where J has a minimum"
    ),
)


CLAIMS = (
    Claim(
        id="sharp-gibbs",
        title="Lemma III.2 for every density",
        where="Beyond the paper",
        latex=r"F(\pi) - F(\pi^*) = \tau\, \mathrm{KL}(\pi \,\|\, \pi^*)",
        statement=GIBBS,
    ),
    Claim(
        id="sharp-gap-identity",
        title="The gap identity",
        where="Beyond the paper",
        latex=r"J^i(\pi) - \min J^i = \tau \sum_t \mathbb{E}\,"
        r" \mathrm{KL}(\pi^i_t \,\|\, \mathrm{BR}^i_t)"
        r" \qquad \tau\, \mathbb{E}\, \mathrm{KL} = Tr(W \Delta K X_t \Delta K^\top)"
        r" + \tfrac{\tau}{2} (Tr(\Sigma_{br}^{-1} \Sigma^i) - p_i"
        r" - \log |\Sigma_{br}^{-1} \Sigma^i|)",
        statement=IDENTITY,
    ),
    Claim(
        id="sharp-cost-difference",
        title="Two regularizations of one policy",
        where="Beyond the paper",
        latex=r"\tilde{J}^i(\pi) - J^i(\pi) = \delta\, \mathrm{KL}_i(\pi)",
        statement=COST_DIFFERENCE,
    ),
    Claim(
        id="sharp-gap-bound",
        title="Theorem IV.3 with its constant",
        where="Beyond the paper",
        latex=r"0 \leq \epsilon_i(\delta) \leq \delta\,(\mathrm{KL}_i(\mathrm{BR}^i)"
        r" - \mathrm{KL}_i(\tilde{S}^i))",
        statement=GAP_BOUND,
    ),
    Claim(
        id="sharp-gap-coefficient",
        title="The gap is of second order in δ",
        where="Beyond the paper",
        latex=r"\epsilon_i(\delta) = c_i \delta^2 + \mathcal{O}(\delta^3)"
        r" \qquad c_i = \sum_t Tr(G_t^\top W^{-1} G_t X_t)"
        r" + \tfrac{\tau}{4} Tr(\Sigma^i Y_t \Sigma^i Y_t)",
        statement=COEFFICIENT,
    ),
    Claim(
        id="sharp-gap-linear-regime",
        title="In the plain game, τ = 0, the gap is linear in δ",
        where="Beyond the paper",
        latex=r"\tau = 0:\quad \epsilon_i(\delta) = \frac{p_i T}{2}\, \delta"
        r" + \mathcal{O}(\delta^2)",
        statement=LINEAR_REGIME,
    ),
    Claim(
        id="sharp-gap-large-delta",
        title="The gap for δ → ∞",
        where="Beyond the paper",
        latex=r"\lim_{\delta\to\infty} \epsilon_i(\delta) = J^i(\mu) - \min J^i(\cdot, \mu^{-i})",
        statement=LARGE_DELTA,
    ),
)
