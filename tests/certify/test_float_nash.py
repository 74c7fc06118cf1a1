"""Equilibria certified in float64 hold those in balls, whatever the game; tame ones are tight."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from attrs import evolve
from flint import arb
from general_reference import random_game
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify import Game
from ergs_verify.arithmetic.above import Above
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.certify.float_nash import FloatNash, certified_stack, near_costs
from ergs_verify.certify.float_norms import spectral
from ergs_verify.certify.nash import CertifiedNash, certified_nash
from ergs_verify.certify.perturbation import Windows
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.exact import fractions
from ergs_verify.game import FloatGame
from ergs_verify.game.gallery import gallery
from ergs_verify.recursion.stack import StageStack

LETTERS = ("K", "Sigma", "P")


def in_balls(game: Game) -> CertifiedNash | None:
    try:
        return certified_nash(game, first_bits=512)
    except (NotCertifiedError, SingularStageError):
        return None


def holds(found: FloatNash, true: CertifiedNash, game: int = 0) -> None:
    """Every enclosure of one of the games meets the balls, which are far smaller."""
    G, exactly = found.stack.games, 4096
    for letter in LETTERS:
        for X, balls in zip(getattr(found, letter), getattr(true.found, letter), strict=True):
            for t, ball in enumerate(balls):
                place = t * G + game
                middle, radius = X.middle[place].tolist(), X.radii[place].tolist()
                for row, mids, rads in zip(ball.tolist(), middle, radius, strict=True):
                    for x, mid, rad in zip(row, mids, rads, strict=True):
                        with flint.ctx.workprec(exactly):
                            assert abs(x.mid() - arb(mid)) <= arb(rad) + x.rad(), (letter, t)


NAMES = [
    "g-star-2",
    "identical-interest",
    "time-varying",
    "random:N=2,m=4,p=2,T=20,seed=1",
    "random:N=3,m=3,p=1-2-3,T=6,seed=4",
    "random:N=1,m=3,p=2,T=5,tau=0,seed=4",
]


@pytest.mark.parametrize("name", NAMES)
def test_gallery(name):
    game = gallery(name)
    found = certified_stack(game)
    assert found.certified.all()
    assert found.digits()[0] > 8
    holds(found, certified_nash(game, first_bits=512))


def test_general_games():
    certified = 0
    for seed in range(24):
        game = Game.from_arrays(**random_game(seed))
        found = certified_stack(game)
        if found.certified[0]:
            certified += found.digits()[0] > 8
            holds(found, certified_nash(game, first_bits=512))
    assert certified >= 20


def test_no_single_equilibrium_is_never_certified():
    game = gallery("g-star-2").floats()
    taus = np.concatenate([np.linspace(0, 8, 81), 4 + 2.0 ** -np.arange(20, 51)])
    found = certified_stack(evolve(stacked([game] * len(taus)), tau=taus))
    assert not found.certified[taus == 4].any()
    assert found.certified[np.abs(taus - 4) > 1e-6].all()
    for k in np.flatnonzero(found.certified)[::7]:
        exact = evolve(gallery("g-star-2"), tau_given=Fraction(taus[k]))
        holds(found, certified_nash(exact, first_bits=512), k)


def test_a_cost_without_lower_bound_is_not_certified():
    game = Game.from_arrays(
        A=[[1]], B=[[[1]], [[1]]], Q=[[[-9]], [[1]]], R=[[[1]], [[1]]], tau=1, noise_cov=[[1]],
        horizon=2, indefinite=True,
    )  # fmt: skip
    assert not certified_stack(game).certified.any()


def stacked(games: list[FloatGame]) -> FloatGame:
    def every(pick):
        return np.stack([pick(game) for game in games])

    def each(letter):
        return tuple(every(lambda g, i=i: getattr(g, letter)[i]) for i in range(len(games[0].B)))

    return FloatGame(
        A=every(lambda g: g.A),
        B=each("B"),
        Q=each("Q"),
        R=each("R"),
        noise_cov=games[0].noise_cov,
        tau=every(lambda g: g.tau),
        horizon=games[0].horizon,
        x0_mean=games[0].x0_mean,
        x0_cov=games[0].x0_cov,
    )


def rounded(name: str) -> Game:
    """A gallery's game with the float64 entries that its stack has."""
    return gallery(name).rounded()


def test_a_stack_is_certified_game_by_game():
    games = [rounded(f"random:N=2,m=3,p=2,T=4,seed={k}") for k in range(70)]
    found = certified_stack(stacked([game.floats() for game in games]))
    assert found.certified.all()
    for k in range(0, 70, 11):
        holds(found, certified_nash(games[k], first_bits=512), k)


def test_what_is_near_may_come_from_anywhere():
    games = stacked([rounded(f"random:T=5,seed={k}").floats() for k in range(3)])
    near = near_costs(StageStack.of_floats(games))
    off = [X * (1 + 1e-6) for X in near]
    found = certified_stack(games, off)
    assert found.certified.all()
    assert (found.digits() < 7).all()
    for k in range(3):
        holds(found, certified_nash(rounded(f"random:T=5,seed={k}"), first_bits=512), k)
    assert not certified_stack(games, [np.full_like(X, np.nan) for X in near]).certified.any()


small = st.integers(-60, 60)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_games_of_unlike_units_and_nearly_singular(data):
    """States, controls and costs in wild units, couplings that make Φ nearly singular."""
    game = gallery(f"random:N=2,m=2,p=1,T=3,seed={data.draw(st.integers(0, 50))}").floats()
    states = np.ldexp(1.0, data.draw(st.lists(small, min_size=2, max_size=2)))
    for i in range(2):
        cost = np.ldexp(1.0, data.draw(st.integers(-400, 400)))
        unit = np.ldexp(1.0, data.draw(small))
        game.B[i][:] *= states[:, None] * unit
        game.Q[i][:] *= cost / states[:, None] / states
        game.R[i][:] *= cost * unit * unit
    game.A[:] *= states[:, None] / states
    game.tau = data.draw(st.sampled_from([0.0, 5e-324, 1e-300, 1.0, 1e300]))
    if data.draw(st.booleans()):
        game.Q[0][-1] = game.Q[0][-1, ::-1, ::-1] * data.draw(st.floats(0, 1e3))
    exact = Game.from_arrays(
        A=game.A, B=game.B, Q=game.Q, R=game.R, tau=game.tau, noise_cov=game.noise_cov, horizon=3
    )
    found = certified_stack(exact)
    if found.certified[0]:
        true = in_balls(exact)
        assert true is not None
        holds(found, true)


@pytest.mark.parametrize("seed", range(6))
def test_errors_at_the_end_are_carried_to_every_stage(seed):
    """Terminal costs are known to 1e-7 only: whatever they are, the equilibrium is enclosed."""
    game = Game.from_arrays(**random_game(seed)) if seed < 3 else strongly_coupled(seed)
    stack, affine = StageStack.of_game(game), game.affine
    rng = np.random.default_rng(seed)
    game = game.homogeneous
    moves = np.array([int(k > 0 or not affine) for k in range(game.state_size)])
    off = Fraction(1, 10**7)
    stack.terminal = tuple(
        Centred(P.middle, np.outer(moves, moves)[None] * (float(off) * 1.001))
        for P in stack.terminal
    )
    found = certified_stack(stack)
    assert found.certified.all()
    for _ in range(6):
        changed = []
        for own in game.Q:
            signs = (moves * rng.choice([-1, 1], size=len(moves))).tolist()
            sign = rng.choice([-1, 1])
            moved = [
                [x + int(sign) * r * c * off for x, c in zip(row, signs, strict=True)]
                for row, r in zip(fractions(own[-1]), signs, strict=True)
            ]
            changed.append((*own[:-1], np.array(moved, dtype=object)))
        holds(found, certified_nash(evolve(game, Q=tuple(changed)), first_bits=256))


def strongly_coupled(seed: int) -> Game:
    """Agents with little cost of control that want a state at different places."""
    rng = np.random.default_rng(seed)
    C = rng.integers(-3, 4, size=(2, 2, 2))
    return Game.from_arrays(
        A=[[1, "1/2"], ["-1/2", 1]],
        B=rng.integers(1, 4, size=(2, 2, 1)).tolist(),
        Q=(C.swapaxes(1, 2) @ C + np.eye(2, dtype=int)).tolist(),
        R=[[["1/4"]]] * 2,
        tau="1/4",
        noise_cov=[[0, 0], [0, 0]],
        horizon=3,
    )


# -- norms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("squarings", [2, 6, 10])
def test_a_spectral_norm_is_above_the_true_one_and_near_it(size, squarings):
    draw = np.random.default_rng(squarings)
    for rows, cols in ((3, 3), (12, 5), (40, 40)):
        X = draw.normal(size=(4, rows, cols))
        bound = spectral(Centred(X * size), squarings).value / size
        true = np.linalg.norm(X, 2, axis=(-2, -1))
        assert (bound >= true * (1 - 1e-13)).all()
        assert (bound <= true * min(rows, cols) ** (1 / 2 ** (squarings + 1)) * (1 + 1e-9)).all()


def test_products_over_stages_are_bounded_by_windows():
    draw = np.random.default_rng(1)
    F, H = draw.normal(size=(6, 3, 3)), draw.normal(size=(6, 6, 6))
    norms = Windows(Centred(F), Centred(H), 4).norms
    for a in range(4):
        for t in range(6 - a):
            loop, linear = np.eye(3), np.eye(6)
            for s in range(t, t + a + 1):
                loop, linear = F[s] @ loop, H[s] @ linear
            true = np.linalg.norm(loop, 2) * np.linalg.norm(linear, 2)
            assert true * (1 - 1e-12) <= norms[a].value[t] <= 1.1 * true


def test_what_products_over_stages_lose_to_rounding_counts():
    """3·fl(1/3) − 1 is −2⁻⁵⁴, and 0 in float64."""
    F = np.array([[[1 / 3, 0], [-1, 0]], [[3, 1], [0, 0]]])
    assert Windows(Centred(F), Centred(np.array([np.eye(2)] * 2)), 2).norms[1].value[0] >= 2.0**-54


def test_what_is_off_the_middles_is_counted_in_full():
    """|FH − 2·3| is 8 at F = 2 + 1 + 1/2 and H = 3 + 1."""
    one = np.ones((1, 1, 1))
    window = Windows(Centred(2 * one, one), Centred(3 * one, one), 1).at(0)
    assert 8 <= window.off(Above(0.5), Above(3.5)).value < 8 + 1e-12


def test_a_single_game_of_many_states_is_certified_in_balanced_coordinates():
    """Norms of one stage in coordinates of the costs alone would lose every digit of it."""
    draw, N, m, p = np.random.default_rng(0), 3, 20, 3
    game = Game.from_arrays(
        A=0.9 / np.sqrt(m) * draw.normal(size=(m, m)),
        B=[0.3 * draw.normal(size=(m, p)) for _ in range(N)],
        Q=[np.eye(m)] * N, R=[np.eye(p)] * N, tau=2, noise_cov=np.eye(m), horizon=50,
    )  # fmt: skip
    assert certified_stack(game).digits()[0] > 6
