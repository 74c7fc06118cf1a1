"""G* at τ = 4 with A all ones: M¹ = g(x), M² = −(5/4)(x₁ + x₂) − g(x) is a NE for every g."""

from __future__ import annotations

import sympy

from ergs_verify.expressions import instantiate
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import S, i, mean, x
from ergs_verify.proof.sampling import SymPyNumbers
from ergs_verify.recursion.stages import Stages

state = sympy.symbols("x_1 x_2", real=True)


def game() -> Game:
    return gallery("g-star-4-continuum")


def means(g=None) -> tuple[sympy.Expr, sympy.Expr]:
    """Both agents' means at the state, for a function g of it; for any g, if none is given."""
    g = sympy.Function("g", real=True)(*state) if g is None else g
    return g, -sympy.Rational(5, 4) * sum(state) - g


def is_nash() -> bool:
    """Whether W Mⁱ + ½b vanishes identically for both agents, with the letter g.

    b and W are as derived for Lemma III.2, by which the condition is sufficient.
    """
    derived = theorem_III_1.derive()
    condition = derived["weight"] * mean(i) + derived["form"].linear / 2
    _, stage = _stage(means())
    values = (stage(instantiate(condition, 2, {i: k})) for k in (1, 2))
    return all(sympy.simplify(entry) == 0 for value in values for entry in value)


def value(g) -> sympy.Poly:
    """J¹ at the state, for a function g of it."""
    stages, stage = _stage(means(g))
    covariances = stages.covariances(stage)
    known = stage.with_values({S(k): covariances[k - 1] for k in stages.agents})
    least = instantiate(theorem_III_1.derive()["least"], 2, {i: 1})
    return sympy.Poly(sympy.expand(known(least)), *state)


def _stage(played: tuple):
    """The only stage in exact numbers, at a state of letters, with the agents' means."""
    stages = Stages(game(), SymPyNumbers())
    evaluator = stages.at(0, stages.terminal()).with_values(
        {mean(k): sympy.ImmutableDenseMatrix([played[k - 1]]) for k in stages.agents}
        | {x: sympy.ImmutableDenseMatrix(state)}
    )
    return stages, evaluator
