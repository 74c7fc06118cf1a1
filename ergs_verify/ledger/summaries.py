"""What the abstract, the introduction, the contributions and the conclusion claim.

Each is decided by what the results that they announce turn out to say.
"""

from __future__ import annotations

from attrs import evolve

from ergs_verify.arithmetic import Rationals
from ergs_verify.gallery import gallery
from ergs_verify.ledger.claim import Claim, Computed, Decision, Fault
from ergs_verify.ledger.counterexamples import continuum_of_equilibria, refutation
from ergs_verify.ledger.section_III_theorem import gaussian_given_the_rest
from ergs_verify.ledger.section_III_uniqueness import unique
from ergs_verify.ledger.section_IV_algorithm import contractive, linear_rate
from ergs_verify.ledger.section_IV_augmentation import epsilon_nash
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.recursion import algorithm_1

__all__ = ["CONCLUSION", "OPENING"]


def _linear_gaussian(claim_id: str, where: str, quote: str) -> Claim:
    def statement(faults: frozenset[str]) -> Computed:
        if faults:
            return Computed("every NE has linear means", continuum_of_equilibria)
        return Computed(
            "every NE policy is Gaussian with covariance (6); linear where Φ_t is nonsingular",
            gaussian_given_the_rest,
        )

    return Claim(
        id=claim_id,
        title="Nash equilibria are linear Gaussian",
        where=where,
        quote=quote,
        statement=statement,
        faults=(
            Fault(
                name="linear",
                what="where Φ_t is singular and its equations are consistent there are NE with"
                " nonlinear means",
                kind="overclaim",
            ),
        ),
    )


def _unique(claim_id: str, where: str, quote: str) -> Claim:
    return Claim(
        id=claim_id,
        title="Enough regularization makes the NE unique",
        where=where,
        quote=quote,
        statement=Computed("τ > 2γ_B²γ_P*(N−1) ⇒ there is one feedback NE", unique),
        hypotheses=("Assumption III.3, whose bound contains the NE's P*", "feedback NE"),
    )


def _converges(claim_id: str, where: str, quote: str) -> Claim:
    return Claim(
        id=claim_id,
        title="Algorithm 1 converges linearly to the NE",
        where=where,
        quote=quote,
        statement=Computed("Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for all large L, with κ < 1", linear_rate),
        hypotheses=("τ > 2γ_B²γ_P*(N−1)",),
    )


def _augmented(claim_id: str, where: str, quote: str) -> Claim:
    return Claim(
        id=claim_id,
        title="The δ-augmentation gives an ε-NE",
        where=where,
        quote=quote,
        statement=Computed(
            "some δ makes the augmented NE unique, and it is an ε-NE with"
            " ε_i ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ))",
            epsilon_nash,
        ),
        hypotheses=("ε follows from the game and δ; it is not at one's choice",),
    )


def _noise_plays_no_part() -> Decision:
    """Algorithm 1's gains with the policies' covariances four times as large."""
    game, numbers = gallery("assumption-holds"), Rationals()

    def gains() -> tuple:
        formulas = derived_formulas()
        noisier = evolve(formulas, covariance=4 * formulas.covariance)
        return tuple(
            [agent[-1] for agent in algorithm_1(game, numbers, 2, formulas=f).K]
            for f in (formulas, noisier)
        )

    plain, noisy = gains()

    def unchanged() -> bool:
        first, second = gains()
        return first == second

    return refutation(
        {"game": game.name, "L": "2"},
        f"K_{{T−1}} = {plain} with Σ",
        f"{noisy} with 4Σ",
        "exact",
        "no iterate of the gains depends on the policies' covariances, so their noise cannot"
        " contribute to the rate",
        unchanged,
    )


def _noise(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("the rate depends on the policies' noise Σ", _noise_plays_no_part)
    return Computed("(τ/2)I, which the relative entropy adds to R, makes Ψ_t contract", contractive)


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
        faults=(
            Fault(
                name="noise",
                what="no gain of Algorithm 1 depends on the covariance of anybody's policy; it is"
                " the term (τ/2)I beside R that makes the iteration contract",
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
    _unique(
        "contributions/uniqueness",
        "Section I, Contributions 2)",
        "is lower bounded by a model dependent scalar, then the uniqueness of the NE is guaranteed",
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
