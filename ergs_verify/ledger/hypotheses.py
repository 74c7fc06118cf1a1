"""The hypotheses under which something is claimed: one vocabulary for the paper and for us."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from ergs_verify.ledger.exhibits import Case


@frozen
class Hypothesis:
    """Something supposed.

    Attributes
    ----------
    id, text : str
    stated : str
        Where the paper supposes it for all that follows; empty where it does not.
    holds : callable or None
        Whether it holds on a concrete `Case`; None where that cannot be evaluated.
    """

    id: str
    text: str
    stated: str = ""
    holds: Callable[[Case], bool | None] | None = field(default=None, repr=False)


# -- what the paper supposes throughout -----------------------------------------------------------

TAU_POSITIVE = Hypothesis("tau-positive", "τ > 0", "Section II", lambda case: case.game.tau > 0)
Q_PSD = Hypothesis("Q-psd", "Q ⪰ 0", "Section II", lambda _: True)
R_PD = Hypothesis("R-pd", "R ≻ 0", "Section II", lambda _: True)
STANDARD_PRIOR = Hypothesis(
    "standard-prior", "the priors are N(0, I)", "Section III, Theorem III.1", lambda _: True
)
M_PSD = Hypothesis("M-psd", "M ⪰ 0", "Section III, Lemma III.2", lambda _: True)
"""M is R + B'PB of a stage where it is evaluated."""

# -- what it does not -----------------------------------------------------------------------------

FEEDBACK = Hypothesis(
    "feedback",
    "every policy is a feedback policy π_t(u | x_t) with finite second moments, optimal from "
    "every x_t at every t",
    holds=lambda case: case.play.feedback and case.play.from_every_state,
)
INDEPENDENT_DRAWS = Hypothesis(
    "independent-draws",
    "given the past, the agents' draws and the noise are independent of each other",
    "Section II, not in words",
    holds=lambda case: case.play.independent,
)
OTHERS_LINEAR = Hypothesis(
    "others-linear",
    "the other agents play linear Gaussian feedback policies",
    holds=lambda case: case.play.linear and case.play.feedback,
)
ANSWERS = Hypothesis(
    "answers",
    "the agents play linear Gaussian feedback policies whose gains and covariances solve (6)",
    holds=lambda case: case.plays_nash,
)
REGULAR = Hypothesis("regular", "det Φ_t ≠ 0 at every t", holds=lambda case: case.regular)
SOLVABLE = Hypothesis(
    "solvable",
    "the equations for the gains have a solution at every t",
    holds=lambda case: case.regular or case.consistent,
)
ASSUMPTION_III_3 = Hypothesis(
    "assumption-III.3",
    "τ > 2γ_B²γ_P*(N−1), with γ_P* taken over the P that the recursion gives backwards from T",
    "",
    lambda case: case.assumption_III_3,
)
SCALAR_STATE = Hypothesis("scalar-state", "m = 1", holds=lambda case: case.game.state_size == 1)

# -- of Section IV-A ------------------------------------------------------------------------------

AUGMENTED_NASH = Hypothesis(
    "augmented-nash",
    "S̃ in 𝒮 is a NE of the game at τ̃ = τ + δ",
    "Section IV-A",
    lambda case: case.augmented_nash is not None,
)
AUGMENTED_SOLUTION = Hypothesis(
    "augmented-solution",
    "S̃ has gains and covariances that solve (4)–(6) at τ̃ = τ + δ",
    "Section IV-A, where P̃ solves the coupled Riccati equations",
    lambda case: case.augmented_nash is not None,
)
FIXED_POLICY = Hypothesis(
    "fixed-policy",
    "the joint policy does not change with δ and has Σ ≻ 0",
    holds=lambda case: case.play.policy is not None,
)
BOUNDED_GAINS = Hypothesis(
    "bounded-gains",
    "‖K_tʲ‖_F ≤ D for every agent, with D independent of δ",
    holds=lambda case: case.play.policy is not None,
)
"""D is the largest norm of the policy's gains where it is evaluated."""

# -- of results beyond the paper ------------------------------------------------------------------

W_DEFINITE = Hypothesis("W-definite", "W ≻ 0 at P", holds=lambda _: True)
REGULAR_NEARBY = Hypothesis(
    "regular-nearby",
    "Φ° is regular at P̂, and K° solves its stage there",
    holds=lambda case: case.regular,
)
"""P̂ and K° are the feedback NE's where it is evaluated."""
STAGE_CONTRACTION = Hypothesis(
    "stage-contraction",
    "(2/τ)γ_B²γ_{P,t}(N−1) < 1 at every t, with γ_{P,t} of the feedback NE",
    holds=lambda case: case.assumption_III_3,
)
SEQUENTIAL = Hypothesis(
    "sequential",
    "every policy is a best response at every stage, given all that its agent knows",
    holds=lambda case: case.play.is_nash and case.play.from_every_state,
)
SECOND_MOMENTS = Hypothesis(
    "second-moments", "all controls have finite second moments", holds=lambda _: True
)


# -- Section IV -----------------------------------------------------------------------------------

PLAYS_SOLUTION = Hypothesis(
    "plays-solution",
    "the joint policy is S*, a solution of (4)–(6) where they have one",
    "Section IV",
    lambda case: case.plays_nash or not (case.regular or case.consistent),
)
FIXED_POINT = Hypothesis(
    "fixed-point",
    "S_t = Ψ_t(S_t | S_[t+1:T−1]) at every t",
    holds=lambda case: case.answers_itself,
)
THRESHOLD_AT_T = Hypothesis(
    "threshold-at-t",
    "τ > 2γ_B²γ_{P,t}(N−1)",
    holds=lambda case: case.threshold_at_every_t,
)
CONDITION_IV_2 = Hypothesis(
    "condition-IV.2",
    "τ > 2γ_B²(γ_P* + cε)(N−1) with ε > 0",
    holds=lambda case: case.condition_IV_2,
)
"""cε is 1/100 where it is evaluated."""
C_NONNEGATIVE = Hypothesis("c-nonnegative", "c ≥ 0", holds=lambda _: True)
REGULAR_AT_T = Hypothesis(
    "regular-at-t",
    "det Φ_t ≠ 0, at the P_{t+1} of the later policies",
    holds=lambda case: case.regular_at_the_end,
)
WITHIN_SLACK = Hypothesis(
    "within-slack",
    "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ cε for all i",
    holds=lambda case: case.within_slack,
)
NEAR_COSTS = Hypothesis("near-costs", "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ C₁ε for all i")
ONE_KAPPA = Hypothesis("one-kappa", "(2/τ)γ_B²γ_{P,t}(N−1) ≤ κ for all small ε, with one κ < 1")
MANY_PASSES = Hypothesis("many-passes", "κ^L ≤ ε")
PLAIN_ANSWERS = Hypothesis(
    "plain-answers",
    "in (20) the agents play uⁱ = Kⁱ*x, with K* of (6) and P* of (4)",
    holds=lambda case: case.plays_nash,
)

COUPLED = Hypothesis(
    "coupled",
    "Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
    holds=lambda case: case.coupled_by_data,
)
COUPLED_BY_DATA = Hypothesis(
    "coupled-by-data",
    "Σ_i h_tⁱ < 1 at every t, where g contains the bound π_tⁱ from the data in place of ‖P_tⁱ*‖",
    holds=lambda case: case.coupled_by_data,
)
ABOVE_DATA_BOUND = Hypothesis(
    "above-data-bound",
    "Σ_i h_tⁱ < 1 at every t and τ > 2γ_B²γ̂_P(N−1), with γ̂_P computed from the data alone",
    holds=lambda case: case.above_data_bound,
)
REGULAR_AT_ZERO = Hypothesis(
    "regular-at-zero",
    "det Φ_t ≠ 0 at every t at τ = 0",
    holds=lambda case: case.regular_at_zero,
)
