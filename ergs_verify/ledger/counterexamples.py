"""Games that refute what the paper claims in words, each decided in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import sympy

from ergs_verify.arithmetic import Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.exact import fractions
from ergs_verify.expressions import instantiate
from ergs_verify.gallery import gallery
from ergs_verify.game import Game
from ergs_verify.ledger.claim import Decision
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import i, mean, x
from ergs_verify.proof.sampling import SymPyNumbers
from ergs_verify.recursion import block_system, nash
from ergs_verify.recursion.stages import Stages

__all__ = [
    "bound_depends_on_tau",
    "continuum_of_equilibria",
    "no_equilibrium",
    "not_diagonally_dominant",
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
    game = gallery("g-star-4-continuum")
    first, second = sympy.symbols("x_1 x_2", real=True)
    g = sympy.Function("g", real=True)(first, second)
    means = (g, -sympy.Rational(5, 4) * (first + second) - g)
    nonlinear = means[0].subs(g, first**2)
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
            and not sympy.Poly(nonlinear, first, second).is_linear
        ),
    )


def _stationary(game: Game, state: tuple, means: tuple) -> bool:
    """Whether W Mⁱ + ½b vanishes for every agent, b and W as derived for Lemma III.2."""
    derived = theorem_III_1.derive()
    condition = derived["weight"] * mean(i) + derived["form"].linear / 2
    numbers = SymPyNumbers()
    stages = Stages(game, numbers)
    evaluator = stages.at(game.horizon - 1, stages.terminal()).with_values(
        {mean(k): sympy.ImmutableDenseMatrix([means[k - 1]]) for k in stages.agents}
        | {x: sympy.ImmutableDenseMatrix(state)}
    )
    values = (evaluator(instantiate(condition, game.agents, {i: k})) for k in stages.agents)
    return all(sympy.simplify(entry) == 0 for value in values for entry in value)


def not_diagonally_dominant() -> Decision:
    """Assumption III.3 holds, and a row of Φ_t outweighs its diagonal entry."""
    game = Game.from_arrays(
        name="weak inputs, skewed R",
        A=[[1]],
        B=[[["1/10", "1/10"]], [["1/10", "1/10"]]],
        Q=[[[1]], [[1]]],
        R=[[[1, 2], [2, 5]], [[1, 2], [2, 5]]],
        tau="1/2",
        noise_cov=[[1]],
        horizon=1,
    )
    phi, _ = last_block_system(game)
    row = [abs(phi[0, c]) for c in range(phi.ncols())]
    return refutation(
        _values(game),
        f"|Φ_11| = {row[0]}",
        f"Σ_c |Φ_1c| = {sum(row[1:], 0 * row[0])}",
        "exact",
        "Assumption III.3 holds for this game, yet row 1 of Φ_0 is not diagonally dominant",
        lambda: _assumption_holds(game) and row[0] < sum(row[1:], 0 * row[0]),
    )


def bound_depends_on_tau() -> Decision:
    """γ_P* of one model at two values of τ."""
    bounds = {tau: max(_squared_norms(_coupled_agents(tau))) for tau in ("1/2", "2")}
    return refutation(
        _values(_coupled_agents("1/2")),
        f"γ_P*² = {bounds['1/2']} at τ = 1/2",
        f"γ_P*² = {bounds['2']} at τ = 2",
        "exact",
        "the bound 2γ_B²γ_P*(N−1) contains the equilibrium's P*, which is unknown before the game"
        " is solved and changes with τ itself",
        lambda: bounds["1/2"] != bounds["2"],
    )


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
    values: dict = {"tau": str(game.tau), "A": _shown(game.A[0]), "T": str(game.horizon)}
    for k in range(game.agents):
        values[f"B^{k + 1}"] = _shown(game.B[k][0])
        values[f"Q_T^{k + 1}"] = _shown(game.Q[k][-1])
        values[f"R^{k + 1}"] = _shown(game.R[k][0])
    return values


def _shown(matrix) -> list[list[str]]:
    return [[str(entry) for entry in row] for row in fractions(matrix)]
