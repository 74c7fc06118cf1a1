"""What `solve` writes to a file passes an audit, with and without digits, however games scale."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from random_games import scaled

from ergs_verify.audit.solution import audit
from ergs_verify.audit.suite import suite
from ergs_verify.errors import SingularStageError
from ergs_verify.game import Game, load_solution
from ergs_verify.game.gallery import gallery, names, random_game
from ergs_verify.solve import solve

TEN = Fraction(10)


def badly_scaled(seed, most=24):
    """A random game in units up to 10^±most apart, or with a τ or costs out of all proportion."""
    draw = random.Random(seed)

    def power(exponent=most):
        return TEN ** draw.randint(-exponent, exponent)

    p = tuple(draw.choice([1, 2]) for _ in range(draw.choice([1, 2, 3])))
    m, T, tau = draw.choice([1, 2, 3]), draw.choice([1, 2, 4, 8]), draw.choice(["1", "1/3", "1e-3"])
    game = random_game(N=len(p), m=m, p=p, T=T, tau=tau, seed=seed)
    states = [power() for _ in range(m)]
    controls = [[power() for _ in range(size)] for size in p]
    how = ("tau", "costs", "states", "controls", "everything")[seed % 5]
    return scaled(
        game,
        states=states if how in ("states", "everything") else None,
        controls=controls if how in ("controls", "everything") else None,
        costs=power() if how in ("costs", "everything") else 1,
        tau=TEN ** draw.choice([-2 * most - 2, 2 * most + 2, -most, most])
        if how == "tau"
        else None,
    )


def passes(game, digits, path):
    """None where there is no single equilibrium."""
    try:
        solve(game, digits=digits).save(path)
    except SingularStageError:
        return None
    return audit(game, load_solution(path)).verdict == "pass"


@pytest.mark.parametrize("digits", [None, 3, 40])
def test_known_games(digits, tmp_path):
    games = {name: gallery(name) for name in names()}
    games |= {f"suite:{one.name}": one.game for one in suite()}
    found = {name: passes(game, digits, tmp_path / "ne.json") for name, game in games.items()}
    assert [name for name, good in found.items() if good is False] == []
    assert sum(good is not None for good in found.values()) > 40


@pytest.mark.parametrize("digits", [None, 3, 40])
@pytest.mark.parametrize("most", [24, 100])
def test_badly_scaled_games(digits, most, tmp_path):
    found = [passes(badly_scaled(seed, most), digits, tmp_path / "ne.json") for seed in range(30)]
    assert found == [True] * 30


def test_balls_as_wide_as_a_wide_bar_are_no_right_numbers(tmp_path):
    """q is a difference of numbers of the order τ, so that nothing is asked of it, and the balls
    that suffice for K say nothing of it: their midpoints are what a q without log det Σ is."""
    game = scaled(gallery("lqr"), tau=TEN**150)
    assert passes(game, None, tmp_path / "ne.json")


@pytest.mark.parametrize("digits", [None, 3, 40])
@pytest.mark.parametrize("changes", [{"tau": "1e-400"}, {"A": [[1, 0], [0, "1e-400"]]}])
def test_numbers_smaller_than_any_float64(changes, digits, tmp_path):
    """Nobody's float64 is nearer to them than 0."""
    data = {
        "A": [[1, 0], [0, 1]], "B": [[[1], [0]], [[0], [1]]], "Q": [[[1, 0], [0, 1]]] * 2,
        "R": [[["1/2"]], [[1]]], "tau": 1, "noise_cov": [[1, 0], [0, 1]], "horizon": 1,
    }  # fmt: skip
    assert passes(Game.from_arrays(**data | changes), digits, tmp_path / "ne.json")


@pytest.mark.parametrize("units", range(1, 9))
def test_covariances_of_a_few_of_the_least_units_of_float64(units, tmp_path):
    """Several mistakes round to the same number there: that is no evidence of any."""
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=units * 5e-324, noise_cov=[[1]], horizon=1
    )
    assert passes(game, None, tmp_path / "ne.json")
