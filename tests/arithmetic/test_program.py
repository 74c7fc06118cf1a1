"""Programs compute what the walk computes, over every arithmetic; shapes are checked as written."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

from ergs_verify import gallery
from ergs_verify.arithmetic import Balls, Float64, MPMath, Rationals
from ergs_verify.arithmetic.program import Writing
from ergs_verify.arithmetic.stacks import Float64Stacks
from ergs_verify.errors import NotCertifiedError, ShapeError
from ergs_verify.evaluate import evaluate
from ergs_verify.paper import notation
from ergs_verify.recursion import block_system, by_agent
from ergs_verify.recursion.backward_induction import Recursion
from ergs_verify.recursion.stages import Stages

X, Y = sympy.MatrixSymbol("X", 2, 2), sympy.MatrixSymbol("Y", 2, 2)
s, t = sympy.symbols("s t")
EXPRESSIONS = (
    X * Y.T * X + 3 * X - s * sympy.Identity(2) / t,
    (X + sympy.Identity(2)).I * Y + sympy.ZeroMatrix(2, 2),
    sympy.BlockMatrix([[X, Y], [Y, X.T]]),
    sympy.Trace(X * Y) / 7 + s * t - sympy.Determinant(Y) ** 2,
    sympy.log(sympy.Determinant(X)) + s,
)


def written(expressions, arithmetic):
    writing = Writing()
    letters = {X: (2, 2), Y: (2, 2), s: None, t: None}
    values = {letter: writing.given(shape) for letter, shape in letters.items()}
    return writing.program([evaluate(one, values, writing) for one in expressions]).over(arithmetic)


def entered(arithmetic):
    return {
        X: arithmetic.matrix([[2.0, 0.5], [0.25, 3.0]], (2, 2)),
        Y: arithmetic.matrix([[Fraction(1, 3), 1.0], [-2.0, 5.0]], (2, 2)),
        s: arithmetic.scalar(Fraction(2, 3)),
        t: arithmetic.scalar(Fraction(-5, 4)),
    }


def same(one, other):
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    return str(getattr(one, "value", one)) == str(getattr(other, "value", other))


@pytest.mark.parametrize("arithmetic", [Balls(200), MPMath(digits=30), Float64(), Rationals()])
def test_a_program_does_what_the_walk_does_number_by_number(arithmetic):
    values = entered(arithmetic)
    asked = EXPRESSIONS[: -1 if isinstance(arithmetic, Rationals) else None]
    found = written(asked, arithmetic)(list(values.values()))
    walked = [evaluate(one, values, arithmetic) for one in asked]
    assert all(map(same, found, walked))
    assert not same(found[0], walked[1])


@pytest.mark.parametrize(
    "game", ["g-star-2", "random:N=3,m=3,p=2,T=2,seed=4", "quantecon-deadbeat"]
)
@pytest.mark.parametrize("symmetric", [True, False])
def test_a_step_of_the_recursion_is_that_of_the_walk(game, symmetric):
    stages = Stages(gallery(game), Balls(96), symmetric=symmetric)
    P = stages.terminal().P
    recursion = Recursion(stages)
    for at in reversed(range(stages.game.horizon)):
        costs = {notation.P(k): X for k, X in zip(stages.agents, P, strict=True)}
        known = stages.bare(at).with_values(costs)
        phi, rhs = block_system(stages, known)
        K = by_agent(stages, stages.arithmetic.solve(phi, -rhs))
        played = known.with_values({notation.K(k): K[k - 1] for k in stages.agents})
        P = [played(stages.formula("policy_cost", k)) for k in stages.agents]
        found = recursion.step(stages.letters(at) | costs)
        assert all(map(same, found.K, K))
        assert all(map(same, found.P, P))
        assert same(found.phi, phi)
        assert same(found.F, played(notation.F))
        assert found.met
        assert all(same(value, known(expr)) for expr, value in found.met.items())


def test_one_program_serves_stacks_and_single_matrices():
    game = gallery("random:N=2,m=3,p=2,T=1,seed=4")
    stages = Stages(game, Float64Stacks())
    letters = stages.letters(0) | {
        notation.P(k): P for k, P in zip(stages.agents, stages.terminal().P, strict=True)
    }
    taus = np.array([0.5, 2.0, 8.0])
    stacked = Recursion(stages).step(letters | {notation.tau: taus}).K
    for place, tau in enumerate(taus):
        alone = Recursion(stages).step(letters | {notation.tau: tau}).K
        for K, one in zip(stacked, alone, strict=True):
            np.testing.assert_allclose(K[place], one, rtol=1e-13)


def test_an_error_of_the_arithmetic_is_the_same():
    run = written([X.I], Balls(64))
    with pytest.raises(NotCertifiedError, match="regular at 64 bits"):
        run([Balls(64).zeros(2, 2), None, None, None])
    with pytest.raises(ZeroDivisionError):
        written([X.I], Rationals())([Rationals().zeros(2, 2), None, None, None])


def test_the_precision_outside_does_not_matter():
    import flint

    values = list(entered(Balls(200)).values())
    with flint.ctx.workprec(20):
        few = written(EXPRESSIONS[:1], Balls(200))(values)
        assert flint.ctx.prec == 20
    assert same(*few, *written(EXPRESSIONS[:1], Balls(200))(values))


def test_shapes_are_checked_as_it_is_written():
    writing = Writing()
    wide, square = writing.given((2, 3)), writing.given((3, 3))
    for asked in (
        lambda: writing.multiply(square, wide),
        lambda: writing.add(wide, square),
        lambda: writing.solve(wide, square),
        lambda: writing.trace(wide),
        lambda: writing.blocks([[wide], [square, square]]),
    ):
        with pytest.raises(ShapeError):
            asked()
    assert writing.multiply(wide, square).shape == (2, 3)
    assert writing.rows(square, 1, 3).shape == (2, 3)
