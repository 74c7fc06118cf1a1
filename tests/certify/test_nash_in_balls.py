"""The equilibrium in balls: right, small, shrinking, and for games that are hard."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import attrs
import numpy as np
import pytest
from flint import arb
from random_games import g_star

from ergs_verify import Game, gallery, solve
from ergs_verify.arithmetic import Balls, MPMath, Rationals
from ergs_verify.certify import approximate
from ergs_verify.certify import nash as certify_nash
from ergs_verify.certify.approximate import Approximate, ApproximateStages
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.equilibrium import _PlainBalls, equilibrium_in_balls, stages_in_balls
from ergs_verify.certify.nash import certified_nash
from ergs_verify.certify.near import Near
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.recursion import nash
from ergs_verify.recursion.backward_induction import Recursion
from ergs_verify.recursion.stages import Stages


def widest(found, balls: Balls) -> Fraction:
    return max(balls.radius(X) for agent in found.K for X in agent)


def contains(found, other, bits: int, wide: MPMath) -> bool:
    """Whether every number of a computation at high precision lies in its ball, but for 1e-50."""
    balls, slack = Balls(bits), Fraction(1, 10**50)
    for letter in ("K", "Sigma", "P"):
        for one, two in zip(getattr(found, letter), getattr(other, letter), strict=True):
            for X, Y in zip(one, two, strict=True):
                for row, wanted in zip(balls.enclosures(X), wide.to_fractions(Y), strict=True):
                    for (lo, hi), y in zip(row, wanted, strict=True):
                        room = slack * max(1, abs(y))
                        if not lo - room <= y <= hi + room:
                            return False
    return True


HARD = {
    "unstable, T = 50": "unstable",
    "eight agents": "random:N=8,m=3,p=1,T=4,seed=1",
    "long": "random:N=2,m=3,p=1-2,T=60,seed=2",
}


@pytest.mark.parametrize("name", HARD.values(), ids=HARD)
def test_it_holds_what_eighty_digits_give_and_shrinks(name):
    game, wide = gallery(name), MPMath(digits=120)
    truth = nash(game, wide)
    nash_400 = certified_nash(game, first_bits=400)
    bits = nash_400.balls.bits
    more = equilibrium_in_balls(game, bits + 100)
    assert contains(nash_400.found, truth, bits, wide)
    assert contains(more, truth, bits + 100, wide)
    # A hundred bits more make the balls a hundred bits smaller, less what varies by rounding.
    assert widest(more, Balls(bits + 100)) <= widest(nash_400.found, nash_400.balls) / 2**95


def test_what_rounding_did_to_a_later_constant_stays_in_the_earlier_ones():
    """A = 0: q_1 = Q_2 = 1/3 is the noise's cost at the end, to which t = 0 adds nothing."""
    game = Game.from_arrays(
        A=[[0]],
        B=[[[1]]],
        Q=[[[[0]], [[0]], [["1/3"]]]],
        R=[[[1]]],
        tau=0,
        noise_cov=[[1]],
        horizon=2,
    )
    for q in equilibrium_in_balls(game, 64).q[0][:2]:
        assert Fraction(1, 3) in Enclosure.of(q)
        assert q.value.rad() < 1e-18


def test_a_planted_fault_leaves_the_balls():
    """The check itself can fail."""
    game, wide = gallery("g-star-2"), MPMath(digits=120)
    found = equilibrium_in_balls(game, 200)
    assert contains(found, nash(game, wide), 200, wide)
    moved = attrs.evolve(game, tau_given=game.tau + Fraction(1, 10**30))
    assert not contains(found, nash(moved, wide), 200, wide)


@pytest.mark.parametrize("digits", [30, 300])
def test_nearly_singular_games_take_as_many_bits_as_they_need(digits):
    """det Φ = (τ−4)(τ+12)/4 at τ = 4 + 10^−digits; the gains are near 3·10^digits."""
    game = attrs.evolve(g_star(4), tau_given=4 + Fraction(1, 10**digits))
    found = certified_nash(game)
    assert found.balls.bits > digits * 3.3
    exact = Rationals().to_fractions(nash(game, Rationals()).K[0][0])
    for (lo, hi), x in zip(found.balls.enclosures(found.found.K[0][0])[0], exact[0], strict=True):
        assert lo <= x <= hi
        assert hi - lo <= abs(x) / 1000


def test_singular_games_are_decided_exactly():
    with pytest.raises(SingularStageError) as caught:
        certified_nash(g_star(4))
    assert (caught.value.t, caught.value.consistent) == (0, False)
    with pytest.raises(SingularStageError) as caught:
        certified_nash(g_star(4, A=((1, 1), (1, 1))))
    assert caught.value.consistent is True


def test_a_game_without_a_minimum_is_not_certified():
    """W ≻ 0 is proved, not taken for granted: a float Q may be a little indefinite."""
    game = gallery("lqr")
    negative = attrs.evolve(game, Q=tuple(tuple(-X for X in agent) for agent in game.Q))
    negative = attrs.evolve(
        negative, Q=tuple(tuple(X * 10**6 for X in agent) for agent in negative.Q)
    )
    with pytest.raises(NotCertifiedError, match="positive definite"):
        certified_nash(negative, most_bits=200)


def test_the_cap_is_kept():
    game = attrs.evolve(g_star(4), tau_given=4 + Fraction(1, 10**1000))
    with pytest.raises(NotCertifiedError, match="300 bits, the most allowed"):
        certified_nash(game, most_bits=300)


@pytest.mark.parametrize(("left_bits", "broken_off"), [(0, False), (90, True)])
def test_a_pass_that_would_be_in_vain_is_broken_off(left_bits, broken_off):
    """The game loses some 64 bits in 30 stages, of which 29 are lost after 8; straight in balls it
    would lose far more, as three stages show."""
    done = []
    certified_nash(
        gallery("random:N=5,m=6,p=1,T=30,seed=2"),
        first_bits=140,
        left_bits=left_bits,
        progress=lambda stages, _all: done.append(stages),
    )
    assert done == [*range(1, 4)] + [*range(1, 9)] * broken_off + [*range(1, 31)]


def test_a_short_game_is_played_straight_in_balls_with_as_many_bits_as_that_takes():
    done = []
    game = gallery("random:N=2,m=4,p=2,T=20,seed=1")
    found = certified_nash(game, left_bits=100, progress=lambda stages, _all: done.append(stages))
    assert done == [*range(1, 4), *range(1, 21)]
    assert 128 < found.balls.bits <= 384
    bounded = equilibrium_in_balls(game, 256)
    for letter in ("K", "P", "Sigma"):
        pairs = zip(getattr(found.found, letter), getattr(bounded, letter), strict=True)
        for X, Y in (both for agent in pairs for both in zip(*agent, strict=True)):
            assert X.overlaps(Y)
            assert found.balls.radius(X) < Fraction(1, 2**100)


def test_where_plain_balls_do_not_prove_enough_bounds_of_errors_do(monkeypatch):
    def blind(_stages):
        raise NotCertifiedError("nothing")
        yield

    monkeypatch.setattr(certify_nash, "straight_in_balls", blind)
    found = certified_nash(gallery("random:N=2,m=4,p=2,T=5,seed=1"))
    assert found.balls.bits == 128


def test_tiny_and_huge_weights():
    hilbert = [[f"1/{r + c + 1}" for c in range(5)] for r in range(5)]
    game = Game.from_arrays(
        A=[["3" if c == r else int(c == r + 1) for c in range(5)] for r in range(5)],
        B=[[[int(r == k)] for r in range(5)] for k in (0, 3)],
        Q=[hilbert, hilbert],
        R=[[["1e-8"]]] * 2,
        tau="1e-12",
        noise_cov=[[0] * 5] * 5,
        horizon=10,
    )
    wide = MPMath(digits=200)
    solution = solve(game, digits=40)
    assert solution.certified
    truth = nash(game, wide)
    for agent in range(2):
        for t in range(10):
            given = solution.K[agent][t]
            exact = wide.to_fractions(truth.K[agent][t])
            scale = max(1, *(abs(x) for row in exact for x in row))
            for r, row in enumerate(exact):
                for c, x in enumerate(row):
                    assert abs(Fraction(given[r, c]) - x) <= scale * Fraction(1, 10**40)


def unlike_units(ends: tuple[str, str], units: list[int]) -> Game:
    """Two agents whose final costs are of any size, and controls in units of their own by stage."""
    tens = [Fraction(10) ** k for k in units]
    eye = [[1, 0], [0, 1]]
    final = [[[f"{x}", 0], [0, f"{x}"]] for x in ends]
    return Game.from_arrays(
        A=[["1/2", "1/4"], ["-1/2", "1/2"]],
        B=[[[[x], [x / 2]] for x in tens], [[[0], [1]]] * len(tens)],
        Q=[[eye] * len(tens) + [X] for X in final],
        R=[[[[x * x]] for x in tens], [[[1]]] * len(tens)],
        tau=0,
        noise_cov=eye,
        horizon=len(tens),
    )


@pytest.mark.parametrize("bits", [128, 512, 2048])
@pytest.mark.parametrize(
    "game",
    [
        unlike_units(("1", "1"), [0] * 6),
        unlike_units(("1e-270", "1"), [0] * 6),
        unlike_units(("1e-270", "1e-270"), [0] * 6),
        unlike_units(("0", "1"), [0] * 6),
        unlike_units(("1", "1"), [0, 0, 200, -200, 0, 100]),
    ],
    ids=["one size", "a final cost", "final costs", "no final cost", "controls"],
)
def test_units_that_change_over_time_lose_no_bits(game, bits):
    found = equilibrium_in_balls(game, bits)
    kept = min(X[0, 0].rel_accuracy_bits() for costs in found.P for X in costs[:-1])
    assert kept > bits - 32


def test_plain_balls_that_have_lost_little_are_no_way_behind():
    stages = Stages(unlike_units(("1/3", "1/7"), [0]), Balls(256))
    assert not _PlainBalls(stages)._is_behind(stages.terminal().P)


# -- stages that share their enclosures ----------------------------------------------------------


def steady(T: int, **changes) -> Game:
    draw = random.Random(3)

    def matrix(rows: int, cols: int, size: Fraction) -> list[list[Fraction]]:
        return [[size * draw.randint(-4, 4) for _ in range(cols)] for _ in range(rows)]

    eye = [[int(r == c) for c in range(4)] for r in range(4)]
    data = {
        "A": matrix(4, 4, Fraction(1, 8)),
        "B": [matrix(4, p, Fraction(1, 8)) for p in (1, 2)],
        "Q": [eye, eye],
        "R": [[[1]], [[1, 0], [0, 2]]],
        "tau": 1,
        "noise_cov": eye,
        "horizon": T,
    }
    return Game.from_arrays(**(data | changes))


def passes(game: Game, bits: int, settled: int | None) -> list:
    stages = Stages(game, Balls(bits), symmetric=True)
    return list(stages_in_balls(stages, settled))


GENERAL = {"discount": ["1/2", 1], "S": [[["1/4", 0, 0, 0]], [["1/8", 0, 0, 0], [0, 0, 0, 0]]]}


@pytest.mark.parametrize("changes", [{}, GENERAL], ids=["the paper's class", "general"])
def test_stages_that_have_settled_share_enclosures_that_hold(changes):
    game = steady(60, **changes)
    shared, straight = passes(game, 128, 40), passes(game, 256, None)
    assert (
        len({id(one.stage.P) for one in shared}) < 45 < len({id(one.stage.P) for one in straight})
    )
    for one, other in zip(shared, straight, strict=True):
        assert one.t == other.t
        for letter in ("K", "Sigma", "P"):
            for X, Y in zip(getattr(one.stage, letter), getattr(other.stage, letter), strict=True):
                assert X.overlaps(Y)
                assert all(
                    x.contains(y.mid()) for x, y in zip(X.entries(), Y.entries(), strict=True)
                )
                assert all(x.rad() < 2.0**-24 for x in X.entries())
        for x, y in zip(one.stage.q, other.stage.q, strict=True):
            assert x.value.contains(y.value.mid())
            assert x.value.rad() < 2.0**-20


@pytest.mark.parametrize(("seed", "computed"), [(3, 60), (5, 40)])
def test_stages_of_tame_games_share_soon(seed, computed):
    """By weights that agents' errors have in the long run, bounds of them do not grow much."""
    draw = np.random.default_rng(seed)

    def gram(size: int, floor: int) -> np.ndarray:
        X = draw.normal(size=(size, size)).round(2)
        return X @ X.T / size + floor * np.eye(size)

    game = Game.from_arrays(
        A=0.9 / np.sqrt(8) * draw.normal(size=(8, 8)),
        B=[0.3 * draw.normal(size=(8, 2)) for _ in range(3)],
        Q=[gram(8, 0) for _ in range(3)],
        R=[gram(2, 1) for _ in range(3)],
        tau=2.0,
        noise_cov=np.eye(8),
        horizon=80,
    )
    assert len({id(one.stage.P) for one in passes(game, 128, 40)}) <= computed


def test_errors_are_carried_into_the_coordinates_that_stages_share(monkeypatch):
    """x = 4z: an error of P is 16 times as large."""
    stages = Stages(steady(60), Balls(128), symmetric=True)
    near = Near.to(stages.terminal().P, stages.arithmetic)
    straight = ApproximateStages(stages)
    for t in range(59, 29, -1):
        _, near = straight.stage(t, near)
    monkeypatch.setattr(approximate, "balance_of", lambda *_: 4 * np.eye(4))
    near = Near.within(near.middles, near.coordinates, [arb(2) ** -16] * 2)  # far above what is new
    one = Approximate.at(stages, Recursion(stages), 29, near)
    shared = ApproximateStages(stages, 40)._shared(one, near, 30)
    assert shared is not None
    pairs = zip(shared[1].errors, near.errors, strict=True)
    assert all(now >= 16 * before for now, before in pairs)


def test_no_stages_share_anything_while_others_are_to_come():
    game = steady(60)
    A = [game.A[0] * (2 if t == 0 else 1) for t in range(60)]
    changing = passes(steady(60, A=[X.tolist() for X in A]), 128, 40)
    assert len({id(one.stage.P) for one in changing}) == 60


def test_digits_of_settled_stages_are_those_of_all_stages():
    """Far back costs no longer move; in a game whose first stage is another all are computed."""
    game = steady(150)
    apart = steady(151, A=[(game.A[0] * (k or 2)).tolist() for k in [0] + [1] * 150])
    one, other = (solve(x, digits=20) for x in (game, apart))
    for letter in ("K", "Sigma", "P"):
        for X, Y in zip(getattr(one, letter), getattr(other, letter), strict=True):
            for x, y in zip(X, Y[1:], strict=True):
                # Each is off by less than one last digit.
                assert (abs(x - y) <= 2 * Decimal("1e-20") * max(1, abs(y).max())).all()
