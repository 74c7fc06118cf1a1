"""Sharp claims on the inner loop of Algorithm 1: the block Jacobi iteration of Φ_t."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import sympy
from sympy import Inverse

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentMatrix, agent_sum, control_size
from ergs_verify.gallery import gallery
from ergs_verify.game import Game
from ergs_verify.ledger.argument import argument, exactly, holds
from ergs_verify.ledger.claim import Claim, Computed, Decision
from ergs_verify.ledger.counterexamples import last_block_system
from ergs_verify.ledger.section_IV_algorithm import contraction_chain
from ergs_verify.ledger.sharp_uniqueness import equal
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import K, i, j, m
from ergs_verify.recursion import nash

__all__ = [
    "CLAIMS",
    "error_moves",
    "exceeds_one",
    "in_turn",
    "is_below_one",
    "jacobi",
    "two_scalar_agents",
]


# -- the identity --------------------------------------------------------------------------------


def _fixed(agent):
    """Kʲ* of a fixed point."""
    return AgentMatrix("{K^{*}_t}", agent, control_size(agent), m)


def error_moves() -> Decision:
    """Ψ(𝓚)ⁱ − Ψ(𝓚*)ⁱ is block row i of (I − D⁻¹Φ)(𝓚 − 𝓚*)."""
    derived = theorem_III_1.derive()
    row, answer = derived["row"], derived["gain"]
    at_fixed = answer.xreplace({K(j): _fixed(j)})
    error = K(i) - _fixed(i)
    others = agent_sum(row.other * (K(j) - _fixed(j)), j, i)
    return equal(answer - at_fixed, error - Inverse(row.own) * (row.own * error + others))


def _converges_iff() -> Decision:
    return argument(
        error_moves(),
        "𝓚* = Ψ(𝓚*) exists as det Φ_t ≠ 0, and the errors are e_l = Jˡ e_0 for any e_0",
        "Jˡ → 0 if and only if ρ(J) < 1 (Jordan form); ρ(J) ≥ 1 has an eigenvector, of a complex"
        " pair the real part, along which e_l does not go to 0, though the only fixed point has"
        " e = 0",
    )


def _contraction_suffices() -> Decision:
    """Lemma IV.1's constant bounds J in the norm Σ_i ‖eⁱ‖_F, so ρ(J) < 1 where it is below 1."""
    return argument(
        contraction_chain().decide(),
        error_moves(),
        "ρ(J) ≤ ‖J‖ in every operator norm; Σ_i Σ_{j≠i} ‖eʲ‖_F = (N−1) Σ_j ‖eʲ‖_F",
    )


# -- exact matrices ------------------------------------------------------------------------------


def jacobi(game: Game) -> Any:
    """J = I − D⁻¹Φ of the last stage, exactly."""
    phi, _ = last_block_system(game)
    blocks = _diagonal_blocks(phi, game.control_sizes)
    return Rationals().identity(phi.nrows()) - blocks.solve(phi)


def in_turn(game: Game) -> Any:
    """I − L⁻¹Φ, L the lower block triangle: agents answer one after another."""
    phi, _ = last_block_system(game)
    starts = _owners(game.control_sizes)
    lower = phi * 1
    for r in range(phi.nrows()):
        for c in range(phi.ncols()):
            if starts[c] > starts[r]:
                lower[r, c] = 0
    return Rationals().identity(phi.nrows()) - lower.solve(phi)


def _diagonal_blocks(phi, sizes: Sequence[int]):
    blocks = Rationals().zeros(phi.nrows(), phi.ncols())
    for start, stop in pairwise(accumulate(sizes, initial=0)):
        for r in range(start, stop):
            for c in range(start, stop):
                blocks[r, c] = phi[r, c]
    return blocks


def _owners(sizes: Sequence[int]) -> list[int]:
    return [agent for agent, size in enumerate(sizes) for _ in range(size)]


def is_below_one(J, squarings: int = 8) -> bool:
    """Whether some power J^(2^k) has Frobenius norm < 1, which proves ρ(J) < 1."""
    for _ in range(squarings):
        if sum((x * x for x in J.entries()), J[0, 0] * 0) < 1:
            return True
        J = J * J
    return False


def exceeds_one(J, squarings: int = 8) -> bool:
    """Whether |tr J^(2^k)| > n for some k, which proves ρ(J) > 1."""
    size = J.nrows()
    for _ in range(squarings):
        if abs(sum((J[k, k] for k in range(size)), J[0, 0] * 0)) > size:
            return True
        J = J * J
    return False


def _eigenvalues(J) -> dict:
    entries = [sympy.Rational(int(x.p), int(x.q)) for x in J.entries()]
    return dict(sympy.Matrix(J.nrows(), J.ncols(), entries).eigenvals())


def _radius(J):
    return max(abs(value) for value in _eigenvalues(J))


# -- examples -------------------------------------------------------------------------------------


def _g_star() -> Decision:
    game = gallery("g-star-2")
    phi, _ = last_block_system(game)
    J = jacobi(game)
    return argument(
        exactly("det Φ", phi.det(), -7),
        exactly("ρ(J)", _radius(J), sympy.Rational(4, 3)),
        holds("|tr Jᵏ| > n for some k", exceeds_one(J)),
    )


def _identical_interest() -> Decision:
    game = gallery("identical-interest")
    J, turn = jacobi(game), in_turn(game)
    gains = [agent[0][0, 0] for agent in nash(game, Rationals()).K]
    return argument(
        exactly("the largest eigenvalue of J in size", _radius(J), sympy.Rational(4, 3)),
        holds("−4/3 is an eigenvalue of J", sympy.Rational(-4, 3) in _eigenvalues(J)),
        exactly("K* of each agent", {str(k) for k in gains}, {"-2/7"}),
        holds("simultaneous answers diverge: |tr Jᵏ| > n", exceeds_one(J)),
        holds("answers in turn converge: a power of I − L⁻¹Φ has norm < 1", is_below_one(turn)),
    )


def two_scalar_agents(tau: str) -> Game:
    return Game.from_arrays(
        name="two scalar agents",
        A=[[1]],
        B=[[[1]]] * 2,
        Q=[[[1]]] * 2,
        R=[[[1]]] * 2,
        tau=tau,
        noise_cov=[[0]],
        horizon=1,
    )


def _hypothesis_is_not_needed() -> Decision:
    """(2/τ)γ_B²γ_P(N−1) = 4 at τ = 1/2, and ρ(J) = 1/(τ/2 + 2)."""
    game = two_scalar_agents("1/2")
    ends = [Fraction(Q[-1][0, 0]) for Q in game.Q]
    inputs = [Fraction(B[0][0, 0]) ** 2 for B in game.B]
    constant = 2 / game.tau * max(inputs) * max(ends) * (game.agents - 1)
    return argument(
        holds(f"Lemma IV.1's constant is {constant} ≥ 1", constant >= 1),
        exactly("ρ(J)", _radius(jacobi(game)), sympy.Rational(4, 9)),
        holds("a power of J has norm < 1", is_below_one(jacobi(game))),
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


def _where_singular() -> Decision:
    game = _three_in_a_ring()
    phi, rhs = last_block_system(game)
    J = jacobi(game)
    half = sympy.Rational(1, 2)
    limit = (2 * J + Rationals().identity(3)) * Rationals().scalar(Fraction(1, 3))
    return argument(
        exactly("det Φ", phi.det(), 0),
        exactly("r", rhs, Rationals().zeros(3, 3)),
        exactly("eigenvalues of J", _eigenvalues(J), {sympy.Integer(1): 1, -half: 2}),
        exactly("J·Π − Π, Π = (I + 2J)/3", J * limit - limit, Rationals().zeros(3, 3)),
        holds("a power of J − Π has norm < 1, so Jˡ → Π", is_below_one(J - limit)),
        holds("Π ≠ 0: the limit depends on the start", limit != Rationals().zeros(3, 3)),
    )


CLAIMS = (
    Claim(
        id="sharp-loop",
        title="The inner loop converges if and only if ρ(J_t) < 1",
        where="Beyond the paper; sharpens Lemma IV.1",
        latex=r"J_t = I - D_t^{-1} \Phi_t, \quad e_{l+1} = J_t e_l",
        statement=Computed(
            "the inner loop is block Jacobi for Φ_t: e_{l+1} = J_t e_l, J_t = I − D_t⁻¹Φ_t; it"
            " converges from every start ⇔ ρ(J_t) < 1",
            _converges_iff,
        ),
        hypotheses=("det Φ_t ≠ 0", "P_{t+1} fixed", "any N and p_i"),
    ),
    Claim(
        id="sharp-loop/contraction",
        title="Lemma IV.1's hypothesis implies ρ(J_t) < 1",
        where="Beyond the paper",
        statement=Computed("(2/τ)γ_B²γ_{P,t}(N−1) < 1 ⇒ ρ(J_t) < 1", _contraction_suffices),
    ),
    Claim(
        id="sharp-loop/not-needed",
        title="The loop converges where Lemma IV.1's hypothesis fails",
        where="Beyond the paper; two scalar agents, τ = 1/2",
        statement=Computed("(2/τ)γ_B²γ_{P,t}(N−1) ≥ 1 and ρ(J_t) = 4/9", _hypothesis_is_not_needed),
    ),
    Claim(
        id="sharp-loop/g-star",
        title="One equilibrium, and the loop diverges",
        where="Beyond the paper; G* with τ = 2, A = I",
        statement=Computed("det Φ = −7 and ρ(J) = 4/3", _g_star),
    ),
    Claim(
        id="sharp-loop/identical-interest",
        title="Identical interests: simultaneous answers diverge, answers in turn converge",
        where="Beyond the paper; three scalar agents",
        statement=Computed(
            "J has the eigenvalue −4/3, K* = −2/7, and I − L⁻¹Φ has ρ < 1", _identical_interest
        ),
    ),
    Claim(
        id="sharp-loop/singular",
        title="Where Φ_t is singular the loop's limit may depend on the start",
        where="Beyond the paper; three agents in a ring",
        statement=Computed(
            "det Φ = 0, ρ(J) = 1, and Jˡ → Π ≠ 0: the loop converges from every start, not to one"
            " limit",
            _where_singular,
        ),
    ),
)
