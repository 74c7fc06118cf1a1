"""The best response map and the inner loop of Algorithm 1 on concrete games, in exact rationals."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import sympy

from ergs_verify.arithmetic import Rationals
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.recursion import algorithm_1, block_system, evaluate_policy, nash
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages


def last_block_system(game: Game) -> tuple[Any, Any]:
    """Φ_{T−1} and its right-hand side, as rational matrices."""
    stages = Stages(game, Rationals())
    return block_system(stages, stages.at(game.horizon - 1, stages.terminal()))


def answers(game: Game, t: int, gains: Sequence[Any], ahead: Stage) -> tuple[list, tuple]:
    """Ψ_t: every agent's gain and covariance in answer to the gains of time t, at P_{t+1}."""
    stages = Stages(game, Rationals())
    stage = stages.at(t, ahead)
    known = stage.with_values({notation.K(k): gains[k - 1] for k in stages.agents})
    return [known(stages.formula("gain", k)) for k in stages.agents], stages.covariances(stage)


def ahead_of(game: Game, policy: Policy, t: int) -> Stage:
    """P_{t+1} of every agent under a joint policy."""
    costs = evaluate_policy(game, policy, Rationals())
    return Stage(K=(), Sigma=(), P=tuple(P[t + 1] for P in costs.P), q=None)


def is_fixed_point(game: Game, policy: Policy) -> bool:
    """Whether S_t = Ψ_t(S_t | S_[t+1:T−1]) at every t."""
    numbers = Rationals()
    for t in range(game.horizon):
        mine = [numbers.matrix(fractions(K[t]), K[t].shape) for K in policy.K]
        gains, spreads = answers(game, t, mine, ahead_of(game, policy, t))
        if gains != mine:
            return False
        if policy.Sigma is not None and any(
            numbers.to_fractions(answer) != fractions(S[t])
            for answer, S in zip(spreads, policy.Sigma, strict=True)
        ):
            return False
    return True


def iteration(game: Game, passes: int) -> list[Any]:
    """The gains after each pass of the inner loop at the last stage, stacked over agents."""
    ahead = Stages(game, Rationals()).terminal()
    gains = [Rationals().zeros(p, game.state_size) for p in game.control_sizes]
    found = [stacked(gains)]
    for _ in range(passes):
        gains, _spreads = answers(game, game.horizon - 1, gains, ahead)
        found.append(stacked(gains))
    return found


def stacked(gains: Sequence[Any]) -> Any:
    """𝓚 of the agents' gains."""
    return Rationals().blocks([[K] for K in gains])


def squared_error(game: Game, passes: int) -> Fraction:
    """Σ_t ‖K_t − K_t*‖_F² of Algorithm 1's output over all agents, exactly."""
    numbers = Rationals()
    played, equilibrium = algorithm_1(game, numbers, passes), nash(game, numbers)
    return sum(
        (
            numbers.to_fraction((a - b) * (a - b))
            for mine, best in zip(played.K, equilibrium.K, strict=True)
            for X, Y in zip(mine, best, strict=True)
            for a, b in zip(X.entries(), Y.entries(), strict=True)
        ),
        Fraction(0),
    )


# -- the iteration matrix -------------------------------------------------------------------------


def jacobi(game: Game) -> Any:
    """J = I − D⁻¹Φ of the last stage."""
    phi, _ = last_block_system(game)
    return Rationals().identity(phi.nrows()) - diagonal_blocks(game).solve(phi)


def in_turn(game: Game) -> Any:
    """I − L⁻¹Φ, L the lower block triangle: agents answer one after another."""
    phi, _ = last_block_system(game)
    owners = [agent for agent, size in enumerate(game.control_sizes) for _ in range(size)]
    lower = phi * 1
    for r in range(phi.nrows()):
        for c in range(phi.ncols()):
            if owners[c] > owners[r]:
                lower[r, c] = 0
    return Rationals().identity(phi.nrows()) - lower.solve(phi)


def diagonal_blocks(game: Game) -> Any:
    """D of the last stage."""
    phi, _ = last_block_system(game)
    blocks = Rationals().zeros(phi.nrows(), phi.ncols())
    for start, stop in pairwise(accumulate(game.control_sizes, initial=0)):
        for r in range(start, stop):
            for c in range(start, stop):
                blocks[r, c] = phi[r, c]
    return blocks


def is_below_one(J: Any, squarings: int = 8) -> bool:
    """Whether some power J^(2^k) has Frobenius norm < 1, which proves ρ(J) < 1."""
    for _ in range(squarings):
        if sum((x * x for x in J.entries()), J[0, 0] * 0) < 1:
            return True
        J = J * J
    return False


def exceeds_one(J: Any, squarings: int = 8) -> bool:
    """Whether |tr J^(2^k)| > n for some k, which proves ρ(J) > 1."""
    size = J.nrows()
    for _ in range(squarings):
        if abs(sum((J[k, k] for k in range(size)), J[0, 0] * 0)) > size:
            return True
        J = J * J
    return False


def eigenvalues(J: Any) -> dict:
    entries = [sympy.Rational(int(x.p), int(x.q)) for x in J.entries()]
    return dict(sympy.Matrix(J.nrows(), J.ncols(), entries).eigenvals())


def radius(J: Any) -> Any:
    """ρ(J), where SymPy finds the eigenvalues."""
    return max(abs(value) for value in eigenvalues(J))
