"""Modes that no agent reaches and that grow: costs of sizes as unlike as 16^T and 1."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import chain
from typing import Any

import mpmath
import pytest
from random_games import g_star

from ergs_verify import Game, Policy, certify_gap, check, gallery, solve
from ergs_verify.arithmetic import Balls
from ergs_verify.certify.equilibrium import stages_in_balls
from ergs_verify.certify.nash import certified_nash
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.recursion.backward_induction import backwards
from ergs_verify.recursion.stages import Stages

EYE = [[1, 0], [0, 1]]


def uncontrollable(T: int, agents: int = 1, **changes) -> Game:
    """x₂ grows by 4 at every stage, x₁ by 9/8; controls reach x₁ alone."""
    data = {
        "A": [["9/8", 1], [0, 4]],
        "B": [[[1], [0]]] * agents,
        "Q": [EYE] * agents,
        "R": [[[1]]] * agents,
        "tau": 1,
        "noise_cov": EYE,
        "horizon": T,
    } | changes
    return Game.from_arrays(**data)


def times(X: list, Y: list) -> list:
    columns = list(zip(*Y, strict=True))
    return [[sum(a * b for a, b in zip(row, c, strict=True)) for c in columns] for row in X]


def random_unstable(draw: random.Random) -> Game:
    """One to three agents; one or two modes that they do not reach, in half the games hidden in
    other coordinates, at rates from 2 to 6; weights of costs from 1e-6 to 1e6."""
    N, free, reached = draw.choice([1, 1, 2, 3]), draw.choice([1, 1, 2]), draw.choice([1, 2])
    m, T = free + reached, draw.choice([5, 20, 40])
    A = [[Fraction(draw.randint(-4, 4), 4) for _ in range(m)] for _ in range(m)]
    for r in range(reached, m):
        A[r] = [Fraction(0)] * r + [Fraction(draw.choice([2, 3, 4, -4, 6]))] + A[r][r + 1 :]
    B = [[[Fraction(draw.randint(-3, 3), 2) * (r < reached)] for r in range(m)] for _ in range(N)]
    if draw.random() < 0.5:
        for _ in range(2 * m):
            r, c = draw.sample(range(m), 2)
            E = [[Fraction(int(a == b)) for b in range(m)] for a in range(m)]
            back = [row[:] for row in E]
            E[r][c], back[r][c] = Fraction(1), Fraction(-1)
            A, B = times(times(E, A), back), [times(E, X) for X in B]

    def weight() -> Fraction:
        return Fraction(10) ** draw.choice([0, 0, 0, -6, 6])

    def cost() -> list:
        G = [[Fraction(draw.randint(-2, 2)) for _ in range(m)] for _ in range(m)]
        by, GG = weight(), times(G, [list(row) for row in zip(*G, strict=True)])
        return [[by * (GG[r][c] + (r == c)) for c in range(m)] for r in range(m)]

    return Game.from_arrays(
        A=A,
        B=B,
        Q=[cost() for _ in range(N)],
        R=[[[weight()]] for _ in range(N)],
        tau=draw.choice([0, 1]),
        noise_cov=[[int(r == c) for c in range(m)] for r in range(m)],
        horizon=T,
    )


def reference(game: Game, digits: int) -> tuple[list, list]:
    """K[t][i] and P[t][i] for t = T−1, …, 0 by mpmath, in which nothing of the package computes."""
    mp: Any = mpmath.MPContext()
    mp.dps = digits

    def matrix(X: Any) -> Any:
        exact = [[Fraction(x) for x in row] for row in X.tolist()]
        return mp.matrix([[mp.mpf(x.numerator) / x.denominator for x in row] for row in exact])

    agents, half_tau = range(game.agents), mp.mpf(game.tau.numerator) / game.tau.denominator / 2
    P = [matrix(Q[game.horizon]) for Q in game.Q]
    gains, costs = [], []
    for t in reversed(range(game.horizon)):
        A, B = matrix(game.A[t]), [matrix(B[t]) for B in game.B]
        R = [matrix(R[t]) + half_tau * mp.eye(R[t].shape[0]) for R in game.R]
        phi = mp.matrix(len(agents), len(agents))  # every agent has one control here
        rhs = mp.matrix(len(agents), game.state_size)
        for i in agents:
            for j in agents:
                phi[i, j] = (B[i].T * P[i] * B[j])[0, 0] + (R[i][0, 0] if i == j else 0)
            pull = B[i].T * P[i] * A
            for c in range(game.state_size):
                rhs[i, c] = -pull[0, c]
        stacked = phi**-1 * rhs
        K = [stacked[i, :] for i in agents]
        F = A
        for X, gain in zip(B, K, strict=True):
            F = F + X * gain
        P = [matrix(game.Q[i][t]) + K[i].T * R[i] * K[i] + F.T * P[i] * F for i in agents]
        gains.append(K)
        costs.append(P)
    return gains, costs


def exactly(x: Any) -> Fraction:
    sign, mantissa, exponent, _ = x._mpf_
    return Fraction((-1) ** sign * int(mantissa)) * Fraction(2) ** exponent


def relative_width(X: Any) -> float:
    """The widest entry's radius beside the largest entry."""
    largest = max(abs(x.mid()) for x in X.entries())
    return float(max(x.rad() for x in X.entries()) / largest) if largest > 0 else 0.0


@pytest.mark.parametrize(("T", "agents", "left"), [(100, 1, 200), (80, 1, 200), (60, 2, 100)])
def test_a_mode_beyond_control_is_no_obstacle(T, agents, left):
    game = uncontrollable(T, agents)
    found = check(game)
    assert found.nash.unique == "proved"
    # P spreads over 4T bits. Plain balls take 256, of which so many are left.
    assert found.bits <= 300
    assert solve(game, digits=10).certified
    nash = certified_nash(game, first_bits=256)
    assert nash.balls.bits == 256
    assert all(relative_width(P) < 2.0**-left for agent in nash.found.P for P in agent)


@pytest.mark.parametrize("seed", range(5))
def test_an_independent_recursion_lies_in_small_balls(seed):
    draw = random.Random(seed)
    for _ in range(4):
        game = random_unstable(draw)
        nash = certified_nash(
            game,
            lambda found, _: 0 if max(relative_width(P) for P in chain(*found.P)) < 1e-20 else 64,
        )
        # In other coordinates the least cost hides below the largest, by some 2 log₂ 6 bits a stage
        # and mode; nothing may grow faster than in proportion to T.
        assert nash.balls.bits <= 300 + 12 * game.horizon * game.state_size
        digits = round(nash.balls.bits / 3) + 400
        slack = Fraction(1, 10 ** (digits // 2))
        for t, (K, P) in enumerate(zip(*reference(game, digits), strict=True), 1):
            for i in range(game.agents):
                for found, exact in ((nash.found.K[i][-t], K[i]), (nash.found.P[i][-1 - t], P[i])):
                    ends = nash.balls.enclosures(found)
                    for (lo, hi), x in zip(chain(*ends), map(exactly, exact), strict=True):
                        room = slack * max(1, abs(x))
                        assert lo - room <= x <= hi + room


def fewest_bits(game: Game, passes) -> float:
    """Of a few precisions the first at which the costs are known to six digits."""
    for bits in (64, 128, 256, 512, 1024):
        try:
            played = list(passes(Stages(game, Balls(bits), symmetric=True)))
        except NotCertifiedError:
            continue
        if all(relative_width(P) < 1e-6 for stage in played for P in stage.P):
            return bits
    return math.inf


def test_plain_balls_never_certify_with_fewer_bits():
    draw = random.Random(3)
    needed = []
    for _ in range(24):
        game = random_unstable(draw)
        plain = fewest_bits(game, lambda stages: backwards(stages, stages.terminal()))
        ours = fewest_bits(game, lambda stages: (one.stage for one in stages_in_balls(stages)))
        assert ours <= plain
        needed.append((plain, ours))
    assert sum(ours < plain for plain, ours in needed) >= 6
    assert sum(plain < math.inf for plain, _ in needed) >= 12


# -- whoever asks is told the same ---------------------------------------------------------------


def spread() -> Game:
    """Two agents whose weights are 10^40 apart, as are the states'."""
    small, large = Fraction(1, 10**20), Fraction(10**20)
    return Game.from_arrays(
        A=[[1, "1/2"], ["1/3", 2]],
        B=[[[1], [0]], [[1], [1]]],
        Q=[[[small, 0], [0, large]], [[large, 0], [0, small]]],
        R=[[[large]], [[small]]],
        tau=small,
        noise_cov=EYE,
        horizon=6,
    )


HOSTILE = {
    "regular by 1e-30": g_star(4 + Fraction(1, 10**30)),
    "regular by 1e-1000": g_star(4 - Fraction(1, 10**1000)),
    "regular by 1e-3000": g_star(4 + Fraction(1, 10**3000)),
    "singular": g_star(4),
    "a continuum": g_star(4, A=((1, 1), (1, 1))),
    "unlike weights": spread(),
    "a mode beyond control": uncontrollable(100),
    "two agents and such a mode": uncontrollable(60, 2),
    "unstable": gallery("unstable"),
    "long": gallery("random:N=2,m=3,p=1-2,T=60,seed=2"),
}


def said_by_solve(game: Game, digits: int) -> str:
    try:
        solve(game, digits=digits)
    except SingularStageError:
        return "refuted"
    except NotCertifiedError:
        return "undecided"
    return "proved"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_check_and_a_solution_say_the_same_of_uniqueness(name):
    assert check(HOSTILE[name]).nash.unique == said_by_solve(HOSTILE[name], digits=10)


@pytest.mark.parametrize("name", ["regular by 1e-3000", "singular", "unlike weights"])
def test_digits_that_take_more_than_existence_may_decide_nothing_more(name):
    assert check(HOSTILE[name]).nash.unique == said_by_solve(HOSTILE[name], digits=2600)


@pytest.mark.parametrize("seed", range(2))
def test_on_random_games_too(seed):
    draw = random.Random(100 + seed)
    for _ in range(5):
        game = random_unstable(draw)
        assert check(game).nash.unique == "proved"
        assert solve(game, digits=10).certified


# -- gaps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("T", "bits"), [(100, 192), (200, 288)])
def test_a_gap_beside_such_a_mode_is_enclosed(T, bits):
    """The state never enters the mode: x₁ alone counts, whose gap is that of a scalar game."""
    alone = {"noise_cov": [[1, 0], [0, 0]], "x0_mean": [1, 0], "x0_cov": [[0, 0], [0, 0]]}
    scalar = {"A": [["9/8"]], "B": [[[1]]], "Q": [[[1]]], "noise_cov": [[1]]}
    scalar |= {"x0_mean": [1], "x0_cov": [[0]]}
    game, one = uncontrollable(T, **alone), uncontrollable(T, **scalar)
    gaps = [
        certify_gap(
            which, Policy.from_arrays(K=[[[["-3/4", "-1/2"][:m]]] * T], Sigma=[[[["1/4"]]] * T])
        )
        for which, m in ((game, 2), (one, 1))
    ]
    assert [gap.verdict for gap in gaps] == ["proved", "proved"]
    assert gaps[0].bits <= bits
    assert gaps[0].largest.meets(gaps[1].largest)
