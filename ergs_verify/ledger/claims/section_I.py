"""What the abstract, the introduction, the contributions and the conclusion claim.

Each is decided by what the results that they announce turn out to say.
"""

from __future__ import annotations

import numpy as np
from attrs import evolve

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentMatrix
from ergs_verify.ledger import hypotheses, rules
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.apriori import CIRCULAR, UNIQUE_FROM_DATA
from ergs_verify.ledger.claims.augmented_game import CHOICE
from ergs_verify.ledger.claims.lemma_III_4 import UNIQUE
from ergs_verify.ledger.claims.lemma_IV_1 import CONTRACTION
from ergs_verify.ledger.claims.theorem_III_1 import EXCLUSIVELY
from ergs_verify.ledger.claims.theorem_IV_2 import LINEAR_RATE
from ergs_verify.ledger.claims.theorem_IV_3 import GAP_BOUND
from ergs_verify.ledger.counterexamples import (
    bound_depends_on_tau,
    last_block_system,
    refutation,
    two_scalar_agents,
)
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed
from ergs_verify.paper import notation
from ergs_verify.paper.notation import S, i
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.recursion import algorithm_1


def _linear_gaussian(claim_id: str, where: str, quote: str) -> Claim:
    return Claim(
        id=claim_id,
        title="Nash equilibria are linear Gaussian",
        where=where,
        quote=quote,
        statement=EXCLUSIVELY,
    )


def _unique(claim_id: str, where: str, quote: str) -> Claim:
    return Claim(
        id=claim_id,
        title="Enough regularization makes the NE unique",
        where=where,
        quote=quote,
        statement=UNIQUE,
        stated=(hypotheses.ASSUMPTION_III_3,),
    )


def _converges(claim_id: str, where: str, quote: str) -> Claim:
    return Claim(
        id=claim_id,
        title="Algorithm 1 converges linearly to the NE",
        where=where,
        quote=quote,
        statement=LINEAR_RATE,
        stated=(hypotheses.ASSUMPTION_III_3,),
    )


EPSILON_NASH = Theorem(
    id="abstract/augmentation",
    says="in every game some δ > 0 satisfies the condition on τ̃, and S̃ is an ε-NE with ε_i ≤"
    " δ(KL_i(BRⁱ) − KL_i(S̃ⁱ))",
    given=tuple(dict.fromkeys((*CHOICE.given, *GAP_BOUND.given))),
    proof=(CHOICE, GAP_BOUND, by(rules.EPSILON_NASH)),
    needed=GAP_BOUND.needed,
)


def _augmented(claim_id: str, where: str, quote: str) -> Claim:
    return Claim(
        id=claim_id,
        title="The δ-augmentation gives an ε-NE",
        where=where,
        quote=quote,
        statement=EPSILON_NASH,
    )


def _noise_plays_no_part() -> Decision:
    """No covariance enters a gain or P_t; for instance with covariances four times as large."""
    game, numbers = two_scalar_agents("4"), Rationals()

    def gains() -> tuple:
        formulas = derived_formulas()
        noisier = evolve(formulas, covariance=4 * formulas.covariance)
        return tuple(
            [agent[-1] for agent in algorithm_1(game, numbers, 2, formulas=f).K]
            for f in (formulas, noisier)
        )

    def unchanged() -> bool:
        first, second = gains()
        return first == second and _free_of_covariances()

    plain, noisy = gains()
    return refutation(
        f"K_0 = {plain} with Σ",
        f"{noisy} with 4Σ",
        "exact",
        "no covariance of a policy appears in the formulas of the gains and of P_t, in any game. "
        "So the gains of Algorithm 1 are the same whatever the covariances, and the policies' "
        "noise plays no part in the rate",
        unchanged,
        game=game,
        values={"L": "2"},
    )


def _noise_makes_nothing_regular() -> Decision:
    """Φ_t and the P that stand in it have no noise covariance; G* at τ = 4 has det Φ = 0."""
    formulas = derived_formulas()
    entering = (formulas.phi_diagonal, formulas.phi_off_diagonal, formulas.rhs, formulas.riccati)
    game = exhibits()["no-nash"].game
    noisier = [evolve(game, noise_cov=k * np.eye(2, dtype=int)) for k in (1, 10**6)]
    return together(
        holds(
            "Φ_t, r_t and (4) do not contain the noise covariance",
            not any(formula.has(notation.noise) for formula in entering),
        ),
        *(
            exactly(f"det Φ_0 with the noise covariance {k}", last_block_system(g)[0].det(), 0)
            for k, g in zip(("I", "10⁶ I"), noisier, strict=True)
        ),
    )


WITHOUT_NOISE = Theorem(
    id="introduction/gaussian-noise",
    says=(
        "Ψ_t(· | S_[t+1:T−1]) is a contraction in ‖·‖_□",
        "neither the gain of a best response nor P_t depends on the covariance of a policy",
    ),
    given=CONTRACTION.given,
    proof=(
        CONTRACTION,
        Fact(
            "neither the gain of a best response nor P_t depends on the covariance of a policy",
            lambda: holds("the derived formulas do not contain Σ", _free_of_covariances()),
        ),
    ),
    needed=CONTRACTION.needed,
)


def _free_of_covariances() -> bool:
    formulas = derived_formulas()
    entering = formulas.gain.atoms(AgentMatrix) | formulas.policy_cost.atoms(AgentMatrix)
    return S(i).name not in {letter.name for letter in entering}


def _noise(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("the rate depends on the policies' noise Σ", _noise_plays_no_part)
    return WITHOUT_NOISE


def _model_dependent(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("2γ_B²γ_P*(N−1) is a scalar of the model alone", bound_depends_on_tau)
    return UNIQUE_FROM_DATA


OPENING = (
    _linear_gaussian(
        "abstract/linear-gaussian",
        "Abstract",
        "the NE of such games conform to linear Gaussian policies",
    ),
    _unique(
        "abstract/uniqueness",
        "Abstract",
        "sufficient conditions, contingent upon the adequacy of entropy regularization, for the"
        " uniqueness of the NE within the game",
    ),
    _converges(
        "abstract/linear-convergence",
        "Abstract",
        "we prove the linear convergence of a policy optimization algorithm which (subject to the"
        " adequacy of entropy regularization) is capable of provably attaining the NE",
    ),
    _augmented(
        "abstract/augmentation",
        "Abstract",
        "in scenarios where the entropy regularization proves insufficient, we present a …"
        " -augmentation technique, which facilitates the achievement of an … -NE within the game",
    ),
    Claim(
        id="introduction/adequate-noise",
        title="Noise alone does not make Φ_t diagonally dominant",
        where="Section I",
        quote="in the form of a diagonal dominance condition [18], which may not be satisfied"
        " solely in the presence of adequate noise in the system",
        statement=Computed(
            "Φ_t does not depend on the noise, and in some game it is singular",
            _noise_makes_nothing_regular,
        ),
    ),
    _linear_gaussian(
        "introduction/exclusively",
        "Section I",
        "the inclusion of entropy regularization within the cost function confines NE policies to"
        " an exclusively linear Gaussian domain",
    ),
    Claim(
        id="introduction/gaussian-noise",
        title="The policies' noise contributes to the convergence",
        where="Section I",
        quote="introducing Gaussian noise into the policies facilitates exploration across the"
        " policy space, thereby contributing to the linear convergence of PO methods",
        statement=_noise,
        stated=(hypotheses.THRESHOLD_AT_T,),
        faults=(
            Fault(
                name="noise",
                what="no gain of Algorithm 1 depends on the covariance of any policy. The "
                "iteration contracts because of the term (τ/2)I beside R",
                kind="overclaim",
            ),
        ),
    ),
    _linear_gaussian(
        "contributions/linear-gaussian",
        "Section I, Contributions 2)",
        "find them to exclusively belong to the class of Linear Gaussian policies defined by a"
        " sequence of Coupled Riccati equations",
    ),
    Claim(
        id="contributions/uniqueness",
        title="A bound from the model makes the NE unique",
        where="Section I, Contributions 2)",
        quote="is lower bounded by a model dependent scalar, then the uniqueness of the NE is"
        " guaranteed",
        statement=_model_dependent,
        stated=(hypotheses.COUPLED_BY_DATA,),
        faults=(CIRCULAR,),
    ),
    _converges(
        "contributions/convergence",
        "Section I, Contributions 3)",
        "Under a suitable condition … we prove that the PO algorithm converges to the NE",
    ),
    _augmented(
        "contributions/augmentation",
        "Section I, Contributions 3)",
        "in the case where … does not satisfy the aforementioned condition, we provide a …"
        " -augmentation technique which yields an … -NE for the ERGS game",
    ),
)

CONCLUSION = (
    _linear_gaussian(
        "conclusion/linear-gaussian",
        "Section V",
        "proved that their Nash Equilibria (NE) lie within the domain of linear Gaussian policies",
    ),
    _unique(
        "conclusion/uniqueness",
        "Section V",
        "we have delineated sufficient conditions for the uniqueness of the same",
    ),
    _converges(
        "conclusion/linear-rate",
        "Section V",
        "capable of verifiably attaining the NE at a linear convergence rate under suitable"
        " conditions on the regularization parameter",
    ),
    _augmented(
        "conclusion/augmentation",
        "Section V",
        "a … -augmentation technique to obtain an … -NE of the game in instances where the"
        " regularization proves inadequate",
    ),
)
