"""What an error of P_{t+1} does to a stage: the bound holds for planted errors, and is reached."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from attrs import evolve
from flint import arb, arb_mat, fmpq
from general_reference import random_game
from random_games import gram

from ergs_verify import Game
from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.certify.approximate import Approximate, ApproximateStages, _least
from ergs_verify.certify.equilibrium import _PlainBalls, _stage
from ergs_verify.certify.float_nash import certified_stack
from ergs_verify.certify.float_norms import in_float64
from ergs_verify.certify.frame import PLAIN, Coordinates, Frame
from ergs_verify.certify.near import Near, Rounded, rounding_errors
from ergs_verify.certify.norms import BITS, frobenius_above
from ergs_verify.certify.perturbation import Perturbation
from ergs_verify.certify.units import Units
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.paper import notation
from ergs_verify.recursion import nash
from ergs_verify.recursion.backward_induction import Recursion
from ergs_verify.recursion.stack import StageStack
from ergs_verify.recursion.stages import Stages

balls = Balls(128)


def one_stage(draw: random.Random) -> tuple[Game, Game, list]:
    """A game of one stage, the same with final costs moved by E = ±e vv', and (e, v) by agent."""
    N, m = draw.choice([1, 2, 2, 3]), draw.choice([1, 1, 2])
    sizes = [draw.choice([1, 1, 2]) for _ in range(N)]

    def matrix(rows: int, cols: int, over: int = 2) -> list[list[Fraction]]:
        return [[Fraction(draw.randint(-4, 4), over) for _ in range(cols)] for _ in range(rows)]

    final = [gram(matrix(m, m), ridge=1) for _ in sizes]
    e = Fraction(1, 10 ** draw.choice([12, 6, 3, 2, 1]))
    planted = [
        (e * draw.choice([-1, 1]), [draw.choice([-1, 0, 1]) for _ in range(m)]) for _ in final
    ]
    moved = [
        [[Q[r][c] + by * v[r] * v[c] / m for c in range(m)] for r in range(m)]
        for Q, (by, v) in zip(final, planted, strict=True)
    ]
    zero = [[0] * m for _ in range(m)]
    data = {
        "A": matrix(m, m),
        "B": [matrix(m, p, over=draw.choice([2, 8])) for p in sizes],
        "R": [[[Fraction(int(r == c)) for c in range(p)] for r in range(p)] for p in sizes],
        "tau": draw.choice([0, 1, 4]),
        "noise_cov": zero,
        "horizon": 1,
    }
    games = [Game.from_arrays(**data, Q=[[zero, Q_T] for Q_T in Q]) for Q in (final, moved)]
    return games[0], games[1], [(abs(by) / m, v) for by, v in planted]


def near_with(game: Game, planted: list) -> tuple[Stages[Balls], Near]:
    """The final costs as P̂, with the planted errors' norms in coordinates as bounds."""
    stages = Stages(game, balls, symmetric=True)
    P = stages.terminal().P
    coordinates = Near.to(P, balls).coordinates
    with flint.ctx.workprec(128):
        moves = [
            arb_mat(len(v), 1, v) * arb_mat(1, len(v), v) * balls.scalar(by).value
            for by, v in planted
        ]
    S = into(coordinates)
    with flint.ctx.workprec(BITS):
        errors = [frobenius_above(S.transpose() * X * S) for X in moves]
    return stages, Near.within(list(P), coordinates, errors)


def into(coordinates: Coordinates) -> arb_mat:
    """SZ."""
    Z, S = arb_mat(coordinates.Z.tolist()), coordinates.frame.S
    with flint.ctx.workprec(400):
        return Z if S is None else S * Z


def stage_after(draw: random.Random):
    """A stage at P̂ with planted errors, and the true one by exact rationals; None if unproved."""
    game, moved, planted = one_stage(draw)
    stages, near = near_with(game, planted)
    ahead = evolve(stages.terminal(), P=near.balls(balls))
    try:
        one, here = alone(stages, ahead, near)
    except NotCertifiedError:
        return None
    return one.stage, here, nash(moved, Rationals())


def alone(stages: Stages[Balls], ahead, near: Near):
    """The stage by the bounds, plain balls given up: they know nothing of planted errors."""
    plain = _PlainBalls(stages)
    plain.give_up()
    return _stage(stages, 0, ahead, near, ApproximateStages(stages), plain)


def holds(ball_matrix, exact) -> bool:
    pairs = zip(balls.enclosures(ball_matrix), Rationals().to_fractions(exact), strict=True)
    return all(lo <= x <= hi for row, xs in pairs for (lo, hi), x in zip(row, xs, strict=True))


@pytest.fixture(scope="module")
def stages_at():
    draw = random.Random(5)
    found = [stage_after(draw) for _ in range(150)]
    return [one for one in found if one is not None]


def test_the_true_stage_lies_in_the_balls(stages_at):
    assert len(stages_at) > 75
    for stage, _, exact in stages_at:
        for i, P in enumerate(stage.P):
            assert holds(stage.K[i], exact.K[i][0])
            assert holds(P, exact.P[i][0])


def test_the_bound_carried_on_is_above_the_true_error_and_reached(stages_at):
    """With one state a cost is a number, and the error in coordinates S²|P − P̂|."""
    shares = []
    for _, here, exact in stages_at:
        if len(here.coordinates.Z) > 1:
            continue
        S2 = into(here.coordinates)[0, 0] * into(here.coordinates)[0, 0]
        for i, (middle, error) in enumerate(zip(here.middles, here.errors, strict=True)):
            with flint.ctx.workprec(400):
                true = abs(S2 * (arb(exact.P[i][0].tolist()[0][0]) - middle[0, 0]))
                assert true.lower() <= error
                if error > 0:
                    shares.append(float(true.mid() / error))
    assert len(shares) > 50
    # One agent alone moves its cost by F'EF to first order, which is the bound.
    assert max(shares) > 0.9


def chain(draw: random.Random, T: int) -> tuple[Game, Game, list]:
    """As `one_stage`, with more stages, whose matrices differ in half of the games."""
    game, moved, planted = one_stage(draw)
    varied = draw.random() < 0.5

    def over_time(X) -> list:
        rows = [[[x * draw.choice([1, 1, 2]) for x in row] for row in X.tolist()] for _ in range(T)]
        return rows if varied else rows[:1] * T

    zero = [[0] * game.state_size for _ in range(game.state_size)]
    data = {
        "A": over_time(game.A[0]),
        "B": [over_time(B[0]) for B in game.B],
        "R": [R[0].tolist() for R in game.R],
        "tau": game.tau,
        "noise_cov": zero,
        "horizon": T,
    }
    games = [
        Game.from_arrays(**data, Q=[[zero] * T + [Q[1].tolist()] for Q in one.Q])
        for one in (game, moved)
    ]
    return games[0], games[1], planted


def test_errors_stay_below_their_bounds_over_many_stages():
    """Windows and balance: no stage of the moved game leaves the balls, and these are not wide."""
    draw, shares, proved = random.Random(17), [], 0
    for _ in range(40):
        game, moved, planted = chain(draw, draw.choice([2, 4, 6]))
        stages, near = near_with(game, planted)
        approximate = ApproximateStages(stages)
        try:
            exact = nash(moved, Rationals())
            for t in reversed(range(game.horizon)):
                K, near = approximate.stage(t, near)
                for i, (X, P) in enumerate(zip(K, near.balls(balls), strict=True)):
                    assert holds(X, exact.K[i][t])
                    assert holds(P, exact.P[i][t])
                    middle, P = near.middles[i], arb_mat(exact.P[i][t].tolist())
                    with flint.ctx.workprec(400):
                        S = into(near.coordinates)
                        true = frobenius_above(S.transpose() * (P - middle) * S)
                        shares.append(float(true / near.errors[i]) if near.errors[i] > 0 else 0.0)
            proved += 1
        except (NotCertifiedError, SingularStageError):
            continue
    assert proved > 30
    assert max(shares) > 0.9
    assert statistics.median(shares) > 0.05


def at_unit(size: int, frame: Frame = PLAIN) -> Coordinates:
    """Those of the frame itself."""
    return Coordinates.of([frame], np.eye(size)[None])[0]


def test_a_bound_that_is_reached_is_rounded_upwards():
    """K = −P/(1 + P) is −1/2 at P̂ = 1 and −1/3 at 1/2: all that the bound allows."""
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0, noise_cov=[[0]], horizon=1
    )
    stages, one = Stages(game, balls, symmetric=True), arb_mat([[1]])
    near = Near.within([one], at_unit(1), [arb(0.5)])
    (K,), _ = ApproximateStages(stages).stage(0, near)
    assert 0 <= K[0, 0].rad().fmpq() - fmpq(1, 6) < fmpq(1, 2**25)


def test_a_singular_stage_among_the_perturbed_is_not_certified():
    """Φ = I + P(1, 1)'(1, 1) is singular at P = −1/2, where W = 1/2; P̂ = −3/8 and κ = 3/2."""
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]] * 2, Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=0, noise_cov=[[0]], horizon=1
    )
    stages, P = Stages(game, balls, symmetric=True), [arb_mat([[-0.375]])] * 2
    near = Near.within(P, at_unit(1), [arb(0.1875)] * 2)
    ahead = evolve(stages.terminal(), P=near.balls(balls))
    with pytest.raises(NotCertifiedError, match="not certified to be regular"):
        alone(stages, ahead, near)


def triangular(draw: random.Random, size: int) -> Frame:
    """A frame of some matrix that float64 holds, with its inverse."""
    rows = [
        [draw.choice([-0.5, 0, 0.5]) * (c > r) + (r == c) for c in range(size)] for r in range(size)
    ]
    S = arb_mat(rows)
    return Frame(S, balls.solve(S, balls.identity(size)))


def last_stage(seed: int) -> tuple[Stages[Balls], Near, Approximate]:
    """The last stage of a game of any class, and its final costs with errors of some size."""
    draw = random.Random(seed)
    game = Game.from_arrays(**random_game(seed)) if seed % 3 else one_stage(draw)[0]
    stages = Stages(game, balls, symmetric=True)
    P = stages.terminal().P
    errors = [arb(2) ** -draw.randint(20, 40) for _ in P]
    size = P[0].nrows()
    frame = PLAIN if seed % 2 else triangular(draw, size)
    near = Near.within(list(P), at_unit(size, frame), errors)
    return stages, near, Approximate.at(stages, Recursion(stages), game.horizon - 1, near)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_linear_in_errors_is_the_derivative(seed):
    """Gains move by −ME F, costs by F'EH and its transpose, as differences of costs tell."""
    stages, near, one = last_stage(seed)
    units = Units.of([one], near)
    letters = units.letters([one], stages)
    perturbation, loop = Perturbation(letters), letters.loop.middle[0]
    draw, m, step = np.random.default_rng(seed), len(loop), 2.0**-40
    E = draw.normal(size=(len(near.middles), m, m))
    E += E.swapaxes(1, 2)
    inverse = balls.identity(m) if near.frame.S is None else near.frame.inverse

    def at(h: float) -> Approximate:
        with flint.ctx.workprec(balls.bits):
            moves = [arb_mat((h * X).tolist()) * arb(2) ** unit for X, unit in costs]
            middles = [
                P + inverse.transpose() * move * inverse
                for P, move in zip(near.middles, moves, strict=True)
            ]
            symmetric = [((P + P.transpose()) * arb(0.5)).mid() for P in middles]
        moved = Near.within(symmetric, near.coordinates, near.errors)
        return Approximate.at(stages, Recursion(stages), stages.game.horizon - 1, moved)

    def difference(of: Callable[[Approximate], Any], exponent: int) -> np.ndarray:
        with flint.ctx.workprec(balls.bits):
            moved = of(more) - of(less)
            return in_float64([moved * (arb(2) ** exponent / (2 * step))]).middle[0]

    costs = list(zip(E, units.costs, strict=True))
    more, less, S = at(step), at(-step), one.here.frame.S
    S = balls.identity(m) if S is None else S
    gains = -perturbation.gains.middle[0] @ np.concatenate(E) @ loop
    found = [
        difference(lambda at, i=i: at.K[i] * S, -unit) for i, (unit,) in enumerate(units.controls)
    ]
    np.testing.assert_allclose(np.concatenate(found), gains, atol=1e-9 * max(1, abs(gains).max()))
    linear = loop.T @ np.concatenate(E, axis=1) @ perturbation.linear.middle[0]
    for i, unit in enumerate(units.costs):
        found = difference(lambda at, i=i: S.transpose() * at.here.middles[i] * S, -unit)
        own = linear[:, i * m : (i + 1) * m]
        np.testing.assert_allclose(found, own + own.T, atol=1e-9 * max(1, abs(own).max()))


@pytest.mark.parametrize("seed", [4, 5, 7, 8])
def test_what_is_linear_in_other_coordinates(seed):
    """H is (I⊗Z⁻¹)H(I⊗Z), Z at t + 1 on the left and at t on the right, and M is M(I⊗Z⁻¹')."""
    stages, near, one = last_stage(seed)
    letters = Units.of([one], near).letters([one], stages)
    m, N = letters.loop.middle.shape[-1], len(near.middles)
    ahead, now = np.random.default_rng(seed).normal(size=(2, m, m)) + 2 * np.eye(m)
    inverse = np.linalg.inv(ahead)
    turned = Perturbation(letters.turned(*(Centred(Z[None]) for Z in (ahead, inverse, now))))
    linear = np.kron(np.eye(N), inverse) @ Perturbation(letters).linear.middle
    np.testing.assert_allclose(turned.linear.middle, linear @ np.kron(np.eye(N), now), atol=1e-10)
    gains = Perturbation(letters).gains.middle @ np.kron(np.eye(N), inverse.T)
    np.testing.assert_allclose(turned.gains.middle, gains, atol=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_bounds_are_the_same_in_any_units(seed):
    stages, near, one = last_stage(seed)
    draw, agents = random.Random(seed), range(len(near.middles))

    def bounds(units: Units) -> list[float]:
        (found,) = units.bounds(units.letters([one], stages), [near.errors], units.weighed(near))
        window = found.window
        norms = [window.loop, window.linear, *window.norms]
        return [*map(float, [*found.gains, found.regular, *found.costs, *found.weights, *norms])]

    def some() -> list[int]:
        return [draw.randint(-30, 30) for _ in agents]

    suited = bounds(Units.of([one], near))
    for _ in range(3):
        np.testing.assert_allclose(
            bounds(Units([[by] for by in some()], some(), draw.randint(-30, 30))),
            suited,
            rtol=1e-6,
            atol=1e-30,  # what is 0 in truth is rounded upward
        )


def in_closed_form(
    R: float, tau: float, rate: float, e: float, a: float = 0.0
) -> tuple[float, float]:
    """Bounds of a gain's error and of a cost's, by the formulas of `perturbation`, one by one.

    A = B = Q = 1, and P̂ = 3 at t + 1 is off by e at most; A by a.
    """
    P, inverse = 3.0, 1 / (R + tau / 2 + rate * 3.0)
    loop, H = 1 - rate * P * inverse, rate * (1 - rate * P * inverse) / 2
    s = rate * P * a
    kappa = rate * inverse * e
    f = (loop + a + inverse * s) / (1 - kappa)
    moved, joint = inverse * s + rate * inverse * f * e, kappa * f + inverse * s
    off = (joint + a) * H * e + f * rate * a / 2 * e
    direct = rate * P * (2 * loop * a + a**2)
    rest = 2 * s * moved + (R + tau / 2) * moved**2 + rate * joint * (f * e + joint * P)
    return moved, 2 * loop * H * e + 2 * off + direct + rest


@pytest.mark.parametrize("rate", [1, 0.5], ids=["the paper's class", "general"])
@pytest.mark.parametrize("tau", [0, 4])
def test_every_term_of_the_bound_counts(rate, tau):
    e = 0.25
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[[1]], [[3]]]], R=[[[2]]], tau=tau, noise_cov=[[0]],
        horizon=1, discount=[rate],
    )  # fmt: skip
    wanted = pytest.approx(in_closed_form(2, tau, rate, e), rel=1e-7)
    near = Near.within([arb_mat([[3]])], at_unit(1), [arb(e)])
    (K,), here = ApproximateStages(Stages(game, balls, symmetric=True)).stage(0, near)
    (P,) = here.balls(balls)
    assert (float(K[0, 0].rad()), float(P[0, 0].rad())) == wanted
    stack = StageStack.of_game(game)
    stack.terminal = (Centred(stack.terminal[0].middle, np.full((1, 1, 1), e)),)
    for a in (0, 0.125):
        A = stack.letters[notation.A].middle
        letters = stack.letters | {notation.A: Centred(A, np.full(A.shape, float(a)))}
        stack.known = stack.nothing_known.with_values(letters)
        found = certified_stack(stack)
        wanted = pytest.approx(in_closed_form(2, tau, rate, e, a), rel=1e-7)
        assert (found.K[0].radii[0, 0, 0], found.P[0].radii[0, 0, 0]) == wanted


def test_controls_count_as_much_as_they_cost():
    for seed in range(6):
        stages, _, one = last_stage(seed)
        game, t = stages.game, stages.game.horizon - 1
        for k, own in enumerate(one.own):
            half = float(game.tau_of[k][t]) / 2
            if game.general:
                cost = half * np.linalg.inv(game.prior_cov[k][t].astype(float))
                assert np.linalg.norm(game.joint_R[k][t].astype(float), 2) <= float(one.joint[k])
            else:
                cost = game.R[k][t].astype(float) + half * np.eye(game.control_sizes[k])
            assert np.linalg.norm(cost, 2) <= float(own) * (1 + 1e-12)


def test_weights_that_float64_does_not_hold_make_no_error_smaller():
    P = [arb_mat([[1]])] * 2
    near = Near.within(P, at_unit(1), [arb(2) ** 700, arb(1)])
    weighed = Units([[0], [0]], [0, 0], 0).weighed(near)
    assert weighed.weights != near.weights
    pairs = zip(weighed.errors, near.errors, strict=True)
    assert all(now >= before for now, before in pairs)


def test_the_least_of_some_bounds_is_rounded_upwards():
    assert 1.5 <= _least([arb(1, 0.5), arb(2)]) < 1.5 + 1e-8


def test_coordinates_that_are_not_regular_are_not_certified():
    for Z in (np.ones((2, 2)), np.full((2, 2), np.nan)):
        with pytest.raises(NotCertifiedError, match="regular"):
            Coordinates.of([PLAIN], Z[None])


@pytest.mark.parametrize("seed", range(20))
def test_what_was_rounded_off_is_bounded_in_coordinates(seed):
    """No symmetric matrix in the balls has a larger norm, and some one is not far below."""
    draw = random.Random(seed)
    size, tiny = draw.randint(1, 5), draw.choice([-40, -300, -9000])
    frame = triangular(draw, size) if seed % 2 else PLAIN
    Z = np.random.default_rng(seed).normal(size=(size, size)) + 2 * np.eye(size)
    (coordinates,) = Coordinates.of([frame], Z[None])
    radii = [[2.0 ** draw.randint(-20, 0) for _ in range(size)] for _ in range(size)]
    for r in range(size):
        radii[r][:r] = [radii[c][r] for c in range(r)]
    unit = arb(2) ** tiny
    P = arb_mat([[arb(r == c, unit * x) for c, x in enumerate(row)] for r, row in enumerate(radii)])
    rounded = Rounded.of([P], Balls(9600))
    ((bound,),) = rounding_errors([rounded], [coordinates])
    S, largest = into(coordinates), arb(0)
    for _ in range(60):
        signs = [[draw.choice([-1, 1]) for _ in range(size)] for _ in range(size)]
        E = arb_mat(
            [[signs[min(r, c)][max(r, c)] * radii[r][c] for c in range(size)] for r in range(size)]
        )
        with flint.ctx.workprec(400):
            true = frobenius_above(S.transpose() * E * S) * unit
        assert true * (1 - arb(2) ** -40) <= bound
        largest = max(largest, true)
    assert bound < 16 * largest
