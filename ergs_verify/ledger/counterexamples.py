"""Exhibits against what the paper claims in words, each decided in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy

from ergs_verify.arithmetic import Rationals
from ergs_verify.game import Game
from ergs_verify.ledger import continuum, memory, unreached
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.exhibits import cases, exhibits, singularity, values_of
from ergs_verify.ledger.loops import last_block_system
from ergs_verify.recursion import evaluate_policy, nash


def refutation(
    left: Any,
    right: Any,
    method: str,
    detail: str,
    replay: Callable[[], bool],
    *,
    game: Game | None = None,
    values: Mapping[str, Any] | None = None,
) -> Decision:
    """A refuted decision, or undecided where the counterexample does not stand.

    Parameters
    ----------
    left, right : what was found, and what is claimed of it
    game : Game, optional
        The counterexample, if it is one; its numbers are shown.
    values : mapping, optional
        What else is shown, such as a policy.
    """
    if not replay():
        return Decision(verdict="undecided", evidence=((method, "the counterexample fails"),))
    shown = {**(values_of(game) if game is not None else {}), **(values or {})}
    return Decision(
        verdict="refuted",
        evidence=((method, detail),),
        counterexample={"values": shown, "left": str(left), "right": str(right)},
        replay=replay,
        game=game,
    )


def no_equilibrium() -> Decision:
    """G* at τ = 4, A = I: the gain equations are inconsistent."""
    game = exhibits()["no-nash"].game
    phi, rhs = last_block_system(game)
    augmented = Rationals().blocks([[phi, rhs]])
    return refutation(
        f"rank Φ_0 = {phi.rank()}",
        f"rank [Φ_0 | r] = {augmented.rank()}",
        "exact rank",
        "the gain equations of the last stage have no solution, so no policies are best responses "
        "to each other",
        lambda: singularity(game) is False and phi.rank() < augmented.rank(),
        game=game,
    )


def continuum_of_equilibria() -> Decision:
    """G* at τ = 4, A all ones: M¹ = g(x), M² = −(5/4)(x₁ + x₂) − g(x), for every g."""
    game, means = exhibits()["continuum"].game, continuum.means()
    nonlinear = continuum.means(continuum.state[0] ** 2)
    return refutation(
        f"M^1 = {nonlinear[0]} for g = {nonlinear[0]}",
        "linear in x",
        "symbolic",
        "the first-order conditions of both agents hold identically in x for an arbitrary g;"
        " by Lemma III.2 they are sufficient, so N(Mⁱ(x), Σⁱ) is a NE for every measurable g",
        lambda: (
            singularity(game) is True
            and continuum.is_nash()
            and sympy.Poly(nonlinear[0], *continuum.state).total_degree() > 1
        ),
        game=game,
        values={"M^1": str(means[0]), "M^2": str(means[1])},
    )


def nonquadratic_value() -> Decision:
    """The value of agent 1 in the continuum's equilibrium with g(x) = x₁²."""
    square = continuum.state[0] ** 2
    played, value = continuum.means(square), continuum.value(square)
    return refutation(
        f"J^1 = {value.as_expr()}",
        "x'Px + q for some P and q",
        "symbolic",
        "these means satisfy both agents' first-order conditions, so they are a NE; its value is"
        f" a polynomial of degree {value.total_degree()}",
        lambda: continuum.is_nash() and value.total_degree() > 2,
        game=exhibits()["continuum"].game,
        values={"M^1": str(played[0]), "M^2": str(played[1])},
    )


def nonquadratic_where_nobody_comes() -> Decision:
    """Agent 1 plays one gain of `unreached` where x₂ ≥ 0 and the other where x₂ < 0."""
    numbers = Rationals()
    feedback, other = (
        evaluate_policy(unreached.game(), policy, numbers).P[0][1]
        for policy in (unreached.feedback_policy(), unreached.other_policy())
    )
    return refutation(
        f"J_1^1(x) = x'Px + q where x₂ ≥ 0 and x'P'x + q where x₂ < 0, with P = {feedback} and"
        f" P' = {other}",
        "x'Px + q with one P",
        "exact",
        "x_1 = Σ_j B_0ʲu_0ʲ has x₂ = 0 under every joint policy, and both gains act alike there, so"
        " that nobody gains by deviating from t = 0",
        lambda: unreached.is_nash() and feedback != other,
        game=unreached.game(),
    )


def unreachable_states() -> Decision:
    """A second NE in the sense of Definition II.1, under Assumption III.3."""
    (case,) = (c for c in cases() if c.exhibit.name == "unreached" and c.plays_nash)
    gains, other = unreached.gains()
    shown = [f"[{' '.join(map(str, K[0][1][0]))}]" for K in (gains, other)]
    return refutation(
        f"K_1^1 = {shown[0]} in one NE",
        f"K_1^1 = {shown[1]} in another",
        "exact",
        "Assumption III.3 holds; x_1 = Σ_j B_0ʲu_0ʲ lies on the first axis under every joint"
        " policy, where both gains act alike, so neither agent can gain from any deviation",
        lambda: case.assumption_III_3 and shown[0] != shown[1] and unreached.is_nash(),
        game=case.game,
    )


def memory_of_own_controls() -> Decision:
    """A second NE of agents with memory, though every Φ_t is regular."""
    game = exhibits()["memory"].game
    return refutation(
        "u_1ⁱ ~ N(θ(u_0ⁱ − (3/7)e₁'x_1), 1/3), u_0ⁱ ~ N(0, 1/4), θ² = 49/48, is a NE",
        "the feedback NE alone",
        "dynamic programming over what an agent knows",
        "every Φ_t is regular, and yet each agent's policy is the best response to the other's",
        lambda: singularity(game) is None and memory.is_nash().verdict == "proved",
        game=game,
    )


def not_diagonally_dominant() -> Decision:
    """Assumption III.3 holds, and a row of Φ_t outweighs its diagonal entry."""
    (case,) = (c for c in cases() if c.exhibit.name == "skewed" and c.plays_nash)
    diagonal, others = _first_row(case.game)
    return refutation(
        f"|Φ_11| = {diagonal}",
        f"Σ_{{c≠1}} |Φ_1c| = {others}",
        "exact",
        "Assumption III.3 holds for this game, yet row 1 of Φ_0 is not diagonally dominant",
        lambda: case.assumption_III_3 and diagonal < others,
        game=case.game,
    )


def not_dominant_by_blocks() -> Decision:
    """|Φ_11⁻¹Φ_12| = 1 in a game without equilibrium, each block being a number."""
    game = exhibits()["no-nash"].game
    diagonal, others = _first_row(game)
    return refutation(
        f"‖Φ_11⁻¹Φ_12‖₂ = {others / diagonal}",
        "less than 1",
        "exact",
        "each agent has one control, so that the blocks of Φ_0 are numbers",
        lambda: others >= diagonal and set(game.control_sizes) == {1},
        game=game,
    )


def _first_row(game: Game) -> tuple:
    """|Φ_11| and the sum of the row's other entries in size, at the last stage."""
    phi, _ = last_block_system(game)
    row = [abs(phi[0, c]) for c in range(phi.ncols())]
    return row[0], sum(row[1:], 0 * row[0])


def bound_depends_on_tau() -> Decision:
    """γ_P* of one model at two values of τ."""
    one, other = (two_scalar_agents(tau) for tau in ("1/2", "2"))
    found = [_largest_cost(game) for game in (one, other)]
    return refutation(
        f"γ_P*² = {found[0]} at τ = {one.tau}",
        f"γ_P*² = {found[1]} at τ = {other.tau}",
        "exact",
        "the bound 2γ_B²γ_P*(N−1) contains the equilibrium's P*, which is unknown before the game"
        " is solved and changes with τ itself",
        lambda: found[0] != found[1],
        game=one,
    )


def _largest_cost(game: Game):
    """γ_P*², exactly."""
    costs = nash(game, Rationals()).P
    return max(sum(x * x for x in P.entries()) for agent in costs for P in agent)


def two_scalar_agents(tau: str) -> Game:
    return Game.from_arrays(
        name=f"two scalar agents, τ = {tau}",
        A=[[1]],
        B=[[[1]]] * 2,
        Q=[[[1]]] * 2,
        R=[[[1]]] * 2,
        tau=tau,
        noise_cov=[[1]],
        horizon=1,
    )
