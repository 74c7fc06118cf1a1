"""Sharp claims on the inner loop of Algorithm 1: the block Jacobi iteration of Φ_t."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import Inverse

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentMatrix, agent_sum, control_size
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery
from ergs_verify.ledger import hypotheses, loops, rules
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.equation_19 import SINGULAR_WEIGHT
from ergs_verify.ledger.claims.lemma_III_4 import block_system
from ergs_verify.ledger.claims.lemma_IV_1 import BELOW_ONE, LIPSCHITZ
from ergs_verify.ledger.claims.optimality import GAME, WEIGHT, derived, equal
from ergs_verify.ledger.counterexamples import refutation, two_scalar_agents
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Equality
from ergs_verify.paper.notation import K, i, j, m
from ergs_verify.recursion import nash

# -- the loop, and its matrix ---------------------------------------------------------------------


def _other(agent):
    return AgentMatrix("{K'_t}", agent, control_size(agent), m)


def error_moves() -> Equality:
    """Ψ(𝓚)ⁱ − Ψ(𝓚')ⁱ is block row i of (I − D⁻¹Φ)(𝓚 − 𝓚')."""
    row, answer = derived("row"), derived("gain")
    at_other = answer.xreplace({K(j): _other(j)})
    error = K(i) - _other(i)
    others = agent_sum(row.other * (K(j) - _other(j)), j, i)
    return equal(answer - at_other, error - Inverse(row.own) * (row.own * error + others))


ERROR_MOVES = Theorem(
    id="sharp-loop/error-moves",
    says="Ψ_t(𝓚)ⁱ − Ψ_t(𝓚')ⁱ is block row i of (I − D_t⁻¹Φ_t)(𝓚 − 𝓚')",
    given=GAME,
    proof=(
        WEIGHT,
        Fact(
            "Ψ_t(𝓚)ⁱ − Ψ_t(𝓚')ⁱ is block row i of (I − D_t⁻¹Φ_t)(𝓚 − 𝓚')",
            lambda: error_moves().decide(),
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",),
        ),
    ),
    needed=SINGULAR_WEIGHT,
)


def _depends_on_the_start() -> Decision:
    """Φ singular: three agents in a ring, from two starts to two limits."""
    game = _three_in_a_ring()
    J = loops.jacobi(game)
    limit = _limit(J)
    return refutation(
        f"the limit from 𝓚_0 = I is {limit}",
        "the limit from 𝓚_0 = 0 is 0",
        "exact",
        "det Φ_0 = 0, ρ(J) = 1, and the loop converges from every start, but the limit depends on "
        "the start",
        lambda: loops.is_below_one(J - limit) and limit != limit * 0,
        game=game,
    )


SPECTRAL = Theorem(
    id="sharp-loop",
    says="the inner loop converges from every start if and only if ρ(J_t) < 1",
    given=(*GAME, hypotheses.REGULAR_AT_T),
    proof=(
        WEIGHT,
        Fact(
            "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)", lambda: block_system().decide()
        ),
        by(rules.ONE_FIXED_POINT),
        ERROR_MOVES,
        by(rules.POWERS),
        by(rules.SPECTRAL_RADIUS),
    ),
    needed={**SINGULAR_WEIGHT, "regular-at-t": _depends_on_the_start},
)
"""At one t, with P_{t+1} fixed; N and the p_i are any."""

CONTRACTION_SUFFICES = Theorem(
    id="sharp-loop/contraction",
    says="ρ(J_t) < 1",
    given=(*GAME, hypotheses.THRESHOLD_AT_T),
    proof=(LIPSCHITZ, ERROR_MOVES, BELOW_ONE, by(rules.RADIUS_BELOW_NORM)),
    needed={**SINGULAR_WEIGHT, "threshold-at-t": lambda: _diverges(gallery("g-star-2"))},
)


def _diverges(game: Game) -> Decision:
    J = loops.jacobi(game)
    return refutation(
        f"ρ(J) = {loops.radius(J)}",
        "less than 1",
        "exact",
        "Φ is regular, so there is one NE, and the loop does not find it",
        lambda: loops.exceeds_one(J) and loops.last_block_system(game)[0].det() != 0,
        game=game,
    )


# -- examples -------------------------------------------------------------------------------------


def _g_star() -> Decision:
    game = gallery("g-star-2")
    phi, _ = loops.last_block_system(game)
    J = loops.jacobi(game)
    return together(
        exactly("det Φ", phi.det(), -7),
        exactly("ρ(J)", loops.radius(J), sympy.Rational(4, 3)),
        holds("|tr Jᵏ| > n for some k", loops.exceeds_one(J)),
    )


def _identical_interest() -> Decision:
    game = gallery("identical-interest")
    J, turn = loops.jacobi(game), loops.in_turn(game)
    gains = [agent[0][0, 0] for agent in nash(game, Rationals()).K]
    return together(
        exactly("the largest eigenvalue of J in size", loops.radius(J), sympy.Rational(4, 3)),
        holds("−4/3 is an eigenvalue of J", sympy.Rational(-4, 3) in loops.eigenvalues(J)),
        exactly("K* of each agent", {str(k) for k in gains}, {"-2/7"}),
        holds("simultaneous updates diverge: |tr Jᵏ| > n", loops.exceeds_one(J)),
        holds(
            "sequential updates converge: a power of I − L⁻¹Φ has norm < 1",
            loops.is_below_one(turn),
        ),
    )


def _hypothesis_is_not_needed() -> Decision:
    """(2/τ)γ_B²γ_P(N−1) = 4 at τ = 1/2, and ρ(J) = 1/(τ/2 + 2)."""
    game = two_scalar_agents("1/2")
    ends = [Fraction(Q[-1][0, 0]) for Q in game.Q]
    inputs = [Fraction(B[0][0, 0]) ** 2 for B in game.B]
    constant = 2 / game.tau * max(inputs) * max(ends) * (game.agents - 1)
    J = loops.jacobi(game)
    return together(
        holds(f"Lemma IV.1's constant is {constant} ≥ 1", constant >= 1),
        exactly("ρ(J)", loops.radius(J), sympy.Rational(4, 9)),
        holds("a power of J has norm < 1", loops.is_below_one(J)),
    )


def _three_in_a_ring() -> Game:
    """Φ = D(I − J) with J = (11' − I)/2, whose eigenvalues are 1, −1/2 and −1/2; A = 0."""
    costs = []
    for agent in range(3):
        v = [1 if k == agent else -4 for k in range(3)]
        costs.append([[a * b for b in v] for a in v])
    return Game.from_arrays(
        name="three in a ring",
        A=[[0] * 3] * 3,
        B=[[[int(r == k)] for r in range(3)] for k in range(3)],
        Q=[[[[0] * 3] * 3, Q_end] for Q_end in costs],
        R=[[[3]]] * 3,
        tau=8,
        noise_cov=[[0] * 3] * 3,
        horizon=1,
    )


def _limit(J):
    """Π = (I + 2J)/3."""
    return (2 * J + Rationals().identity(3)) * Rationals().scalar(Fraction(1, 3))


def _projection() -> Decision:
    J = loops.jacobi(_three_in_a_ring())
    limit = _limit(J)
    zero = limit * 0
    return together(
        *(
            exactly(name, found, zero)
            for name, found in (
                ("JΠ − Π", J * limit - limit),
                ("ΠJ − Π", limit * J - limit),
                ("Π² − Π", limit * limit - limit),
            )
        )
    )


def _rest_dies_out() -> Decision:
    J = loops.jacobi(_three_in_a_ring())
    return holds("‖(J − Π)ᵏ‖_F < 1 for some k", loops.is_below_one(J - _limit(J)))


def _ring() -> Decision:
    game = _three_in_a_ring()
    phi, rhs = loops.last_block_system(game)
    J = loops.jacobi(game)
    half = sympy.Rational(1, 2)
    return together(
        exactly("det Φ", phi.det(), 0),
        exactly("r", rhs, rhs * 0),
        exactly("eigenvalues of J", loops.eigenvalues(J), {sympy.Integer(1): 1, -half: 2}),
        holds("Π ≠ 0: the limit depends on the start", _limit(J) != _limit(J) * 0),
    )


RING = "det Φ = 0, r = 0, ρ(J) = 1 and Π = (I + 2J)/3 ≠ 0 for three agents in a ring"
SINGULAR = Theorem(
    id="sharp-loop/singular",
    says=("Jˡ → Π", RING),
    proof=(
        Fact("JΠ = ΠJ = Π and Π² = Π", lambda: _projection()),
        Fact("a power of J − Π has a Frobenius norm below 1", lambda: _rest_dies_out()),
        by(rules.POWERS_TO_A_PROJECTION),
        Fact(RING, lambda: _ring()),
    ),
)
"""The loop converges from every start, not to one limit."""


CLAIMS = (
    Claim(
        id="sharp-loop",
        title="The inner loop converges if and only if ρ(J_t) < 1",
        where="Beyond the paper; sharpens Lemma IV.1",
        latex=r"J_t = I - D_t^{-1} \Phi_t, \quad e_{l+1} = J_t e_l",
        statement=SPECTRAL,
    ),
    Claim(
        id="sharp-loop/contraction",
        title="Lemma IV.1's hypothesis implies ρ(J_t) < 1",
        where="Beyond the paper",
        statement=CONTRACTION_SUFFICES,
    ),
    Claim(
        id="sharp-loop/not-needed",
        title="The loop converges where Lemma IV.1's hypothesis fails",
        where="Beyond the paper; two scalar agents, τ = 1/2",
        statement=Computed(
            "(2/τ)γ_B²γ_{P,t}(N−1) ≥ 1 and ρ(J_t) = 4/9", lambda: _hypothesis_is_not_needed()
        ),
    ),
    Claim(
        id="sharp-loop/g-star",
        title="One equilibrium, and the loop diverges",
        where="Beyond the paper; G* with τ = 2, A = I",
        statement=Computed("det Φ = −7 and ρ(J) = 4/3", lambda: _g_star()),
    ),
    Claim(
        id="sharp-loop/identical-interest",
        title="Identical interests: simultaneous updates diverge, sequential updates converge",
        where="Beyond the paper; three scalar agents",
        statement=Computed(
            "J has the eigenvalue −4/3, K* = −2/7, and I − L⁻¹Φ has ρ < 1",
            lambda: _identical_interest(),
        ),
    ),
    Claim(
        id="sharp-loop/singular",
        title="Where Φ_t is singular the loop's limit may depend on the start",
        where="Beyond the paper; three agents in a ring",
        statement=SINGULAR,
    ),
)
