"""Games that refute what the paper claims in words, each decided in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sympy

from ergs_verify.arithmetic import Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.exact import fractions
from ergs_verify.expressions import instantiate
from ergs_verify.gallery import gallery
from ergs_verify.game import Game, Policy
from ergs_verify.ledger.claim import Decision
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import S, i, mean, x
from ergs_verify.proof.sampling import SymPyNumbers
from ergs_verify.recursion import best_response, block_system, evaluate_policy, nash
from ergs_verify.recursion.stages import Stages

__all__ = [
    "bound_depends_on_tau",
    "continuum_of_equilibria",
    "no_equilibrium",
    "nonquadratic_value",
    "not_diagonally_dominant",
    "refutation",
    "unreachable_states",
]


def refutation(values: dict, left, right, method: str, detail: str, replay: Callable[[], bool]):
    """A refuted decision, or undecided where the counterexample does not stand."""
    if not replay():
        return Decision(verdict="undecided", evidence=((method, "the counterexample fails"),))
    return Decision(
        verdict="refuted",
        evidence=((method, detail),),
        counterexample={"values": values, "left": str(left), "right": str(right)},
        replay=replay,
    )


def no_equilibrium() -> Decision:
    """G* at τ = 4, A = I: the gain equations are inconsistent."""
    game = gallery("g-star-4-no-nash")
    phi, rhs = last_block_system(game)
    augmented = Rationals().blocks([[phi, rhs]])
    return refutation(
        _values(game),
        f"rank Φ_0 = {phi.rank()}",
        f"rank [Φ_0 | r] = {augmented.rank()}",
        "exact rank",
        "the gain equations of the last stage have no solution, so no agent's answers agree",
        lambda: _singular(game) is False and phi.rank() < augmented.rank(),
    )


def continuum_of_equilibria() -> Decision:
    """G* at τ = 4, A all ones: M¹ = g(x), M² = −(5/4)(x₁ + x₂) − g(x), for every g."""
    game, g, means = _continuum()
    nonlinear = first**2
    return refutation(
        {**_values(game), "M^1": str(means[0]), "M^2": str(means[1])},
        f"M^1 = {nonlinear} for g = {nonlinear}",
        "linear in x",
        "symbolic",
        "the first-order conditions of both agents hold identically in x for an arbitrary g;"
        " by Lemma III.2 they are sufficient, so N(Mⁱ(x), Σⁱ) is a NE for every measurable g",
        lambda: (
            _singular(game) is True
            and _stationary(game, (first, second), means)
            and sympy.Poly(means[0].subs(g, nonlinear), first, second).total_degree() > 1
        ),
    )


def nonquadratic_value() -> Decision:
    """The value of agent 1 in the continuum's equilibrium with g(x) = x₁²."""
    game, g, means = _continuum()
    played = tuple(m.subs(g, first**2) for m in means)
    derived = theorem_III_1.derive()
    stages, stage = _last_stage(game, played)
    covariances = stages.covariances(stage)
    known = stage.with_values({S(k): covariances[k - 1] for k in stages.agents})
    least = instantiate(derived["least"], game.agents, {i: 1})
    value = sympy.Poly(sympy.expand(known(least)), first, second)
    return refutation(
        {**_values(game), "M^1": str(played[0]), "M^2": str(played[1])},
        f"J^1 = {value.as_expr()}",
        "x'Px + q for some P and q",
        "symbolic",
        "these means satisfy both agents' first-order conditions, so they are a NE; its value is"
        f" a polynomial of degree {value.total_degree()}",
        lambda: _stationary(game, (first, second), played) and value.total_degree() > 2,
    )


first, second = sympy.symbols("x_1 x_2", real=True)
"""The state of the continuum's game."""


def _continuum() -> tuple[Game, sympy.Expr, tuple[sympy.Expr, sympy.Expr]]:
    """The game, the letter g(x) and both agents' means."""
    g = sympy.Function("g", real=True)(first, second)
    means = (g, -sympy.Rational(5, 4) * (first + second) - g)
    return gallery("g-star-4-continuum"), g, means


def _last_stage(game: Game, means: tuple, state: tuple = (first, second)):
    """The last stage in exact numbers, at a state of letters, with the agents' means."""
    stages = Stages(game, SymPyNumbers())
    evaluator = stages.at(game.horizon - 1, stages.terminal()).with_values(
        {mean(k): sympy.ImmutableDenseMatrix([means[k - 1]]) for k in stages.agents}
        | {x: sympy.ImmutableDenseMatrix(state)}
    )
    return stages, evaluator


def _stationary(game: Game, state: tuple, means: tuple) -> bool:
    """Whether W Mⁱ + ½b vanishes for every agent, b and W as derived for Lemma III.2."""
    derived = theorem_III_1.derive()
    condition = derived["weight"] * mean(i) + derived["form"].linear / 2
    stages, stage = _last_stage(game, means, state)
    values = (stage(instantiate(condition, game.agents, {i: k})) for k in stages.agents)
    return all(sympy.simplify(entry) == 0 for value in values for entry in value)


def unreachable_states() -> Decision:
    """A second NE in the sense of Definition II.1, under Assumption III.3.

    With A_0 = 0, inputs along e₁ and no noise, x_1 lies on the first axis whatever is played, so
    a gain at t = 1 may change in its second column without anybody's cost from t = 0 changing.
    """
    game = _one_axis()
    numbers = Rationals()
    equilibrium = nash(game, numbers)
    gains = [[_listed(K) for K in agent] for agent in equilibrium.K]
    other = [list(agent) for agent in gains]
    other[0][1] = [[other[0][1][0][0], other[0][1][0][1] + 1]]
    policy = Policy.from_arrays(
        K=other, Sigma=[[_listed(S) for S in agent] for agent in equilibrium.Sigma]
    )
    shown = [[str(entry) for entry in gains[0][1][0]], [str(entry) for entry in other[0][1][0]]]
    return refutation(
        _values(game),
        f"K_1^1 = {shown[0]} in one NE",
        f"K_1^1 = {shown[1]} in another",
        "exact",
        "Assumption III.3 holds; x_1 = Σ_j B_0ʲu_0ʲ lies on the first axis under every joint"
        " policy, where both gains act alike, so neither agent can gain from any deviation",
        lambda: (
            _assumption_holds(game)
            and shown[0] != shown[1]
            and _alike_where_reached(game, gains, other)
            and _nobody_gains_from_the_start(game, policy)
        ),
    )


def _one_axis() -> Game:
    return Game.from_arrays(
        name="one axis is never reached",
        A=[[[0, 0], [0, 0]], [[1, 1], [0, 1]]],
        B=[[["1/2"], [0]]] * 2,
        Q=[[[1, 0], [0, 1]]] * 2,
        R=[[[1]]] * 2,
        tau=4,
        noise_cov=[[0, 0], [0, 0]],
        horizon=2,
    )


def _alike_where_reached(game: Game, gains: list, other: list) -> bool:
    """Whether both gains of t = 1 agree on all that x_1 can be, which needs no noise."""
    reached = [game.A[0], *(B[0] for B in game.B)]
    columns = [column for X in reached for column in zip(*fractions(X), strict=True)]
    still = all(entry == 0 for row in fractions(game.noise_cov) for entry in row)
    return still and all(
        sum((a - b) * c for a, b, c in zip(row, changed, column, strict=True)) == 0
        for agent, altered in zip(gains, other, strict=True)
        for row, changed in zip(agent[1], altered[1], strict=True)
        for column in columns
    )


def _nobody_gains_from_the_start(game: Game, policy: Policy) -> bool:
    """Whether P_0 under the policy is P_0 of each agent's best response to it."""
    numbers = Rationals()
    cost = evaluate_policy(game, policy, numbers)
    return all(
        cost.P[k - 1][0] == best_response(game, policy, k, numbers).P[0]
        for k in range(1, game.agents + 1)
    )


def _listed(X) -> list[list[Fraction]]:
    entries = [Fraction(int(entry.p), int(entry.q)) for entry in X.entries()]
    return [entries[r * X.ncols() : (r + 1) * X.ncols()] for r in range(X.nrows())]


def not_diagonally_dominant() -> Decision:
    """Assumption III.3 holds, and a row of Φ_t outweighs its diagonal entry."""
    game = _skewed()
    diagonal, others = _first_row(game)
    return refutation(
        _values(game),
        f"|Φ_11| = {diagonal}",
        f"Σ_{{c≠1}} |Φ_1c| = {others}",
        "exact",
        "Assumption III.3 holds for this game, yet row 1 of Φ_0 is not diagonally dominant",
        lambda: _assumption_holds(game) and _first_row(game)[0] < _first_row(game)[1],
    )


def _skewed() -> Game:
    return Game.from_arrays(
        name="weak inputs, skewed R",
        A=[[1]],
        B=[[["1/10", "1/10"]], [["1/10", "1/10"]]],
        Q=[[[1]], [[1]]],
        R=[[[1, 2], [2, 5]], [[1, 2], [2, 5]]],
        tau="1/2",
        noise_cov=[[1]],
        horizon=1,
    )


def _first_row(game: Game) -> tuple:
    """|Φ_11| and the sum of the row's other entries in size, at the last stage."""
    phi, _ = last_block_system(game)
    row = [abs(phi[0, c]) for c in range(phi.ncols())]
    return row[0], sum(row[1:], 0 * row[0])


def bound_depends_on_tau() -> Decision:
    """γ_P* of one model at two values of τ."""
    values = _values(_coupled_agents("1/2"))
    del values["tau"]
    return refutation(
        values,
        f"γ_P*² = {_largest_cost('1/2')} at τ = 1/2",
        f"γ_P*² = {_largest_cost('2')} at τ = 2",
        "exact",
        "the bound 2γ_B²γ_P*(N−1) contains the equilibrium's P*, which is unknown before the game"
        " is solved and changes with τ itself",
        lambda: _largest_cost("1/2") != _largest_cost("2"),
    )


def _largest_cost(tau: str):
    """γ_P*² of the two scalar agents."""
    return max(_squared_norms(_coupled_agents(tau)))


def _coupled_agents(tau: str) -> Game:
    return Game.from_arrays(
        name="two scalar agents",
        A=[[1]],
        B=[[[1]], [[1]]],
        Q=[[[1]], [[1]]],
        R=[[[1]], [[1]]],
        tau=tau,
        noise_cov=[[1]],
        horizon=1,
    )


def last_block_system(game: Game):
    """Φ_{T−1} and its right-hand side, as rational matrices."""
    stages = Stages(game, Rationals())
    return block_system(stages, stages.at(game.horizon - 1, stages.terminal()))


def _singular(game: Game) -> bool | None:
    """Whether the singular stage's equations are consistent; None where Φ is regular."""
    try:
        nash(game, Rationals())
    except SingularStageError as error:
        return error.consistent
    return None


def _squared_norms(game: Game) -> list:
    """‖P_t‖_F² of every agent and t = 0…T, exactly."""
    return [_squared(P) for agent in nash(game, Rationals()).P for P in agent]


def _squared(X):
    total = 0
    for entry in X.entries():
        total = total + entry * entry
    return total


def _assumption_holds(game: Game) -> bool:
    """τ > 2γ_B²γ_P*(N−1), squared to stay rational."""
    gains = [sum(entry**2 for row in fractions(B) for entry in row) for b in game.B for B in b]
    largest = max(_squared_norms(game))
    bound = 4 * max(gains) ** 2 * (game.agents - 1) ** 2
    tau = game.tau
    return tau.numerator**2 * bound.denominator * largest.q > (
        bound.numerator * largest.p * tau.denominator**2
    )


def _values(game: Game) -> dict:
    """The game's data, exactly, under the paper's letters."""
    values: dict = {"tau": str(game.tau), "T": str(game.horizon)}
    values["Sigma"] = _shown(game.noise_cov)
    values |= _over_time("A", game.A, game.horizon)
    for k in range(game.agents):
        values |= _over_time(f"B^{k + 1}", game.B[k], game.horizon)
        values |= _over_time(f"Q^{k + 1}", game.Q[k], game.horizon)
        values[f"Q_T^{k + 1}"] = _shown(game.Q[k][game.horizon])
        values |= _over_time(f"R^{k + 1}", game.R[k], game.horizon)
    return values


def _over_time(letter: str, matrices, horizon: int) -> dict:
    """One matrix, or one for each t where they differ."""
    shown = [_shown(matrices[t]) for t in range(horizon)]
    if all(X == shown[0] for X in shown):
        return {letter: shown[0]}
    return {f"{letter}_{t}": X for t, X in enumerate(shown)}


def _shown(matrix) -> list[list[str]]:
    return [[str(entry) for entry in row] for row in fractions(matrix)]
