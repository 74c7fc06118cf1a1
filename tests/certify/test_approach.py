"""How the finite horizon approaches the infinite one: measured, and bounded where it contracts."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from ergs_verify import Game, solve
from ergs_verify.certify.approach import approach
from ergs_verify.cli import main
from ergs_verify.errors import NoStablePolicyError
from ergs_verify.game.gallery import gallery


def golden():
    """P' = 1 + P/(1 + P), whose slope at the golden ratio g is (1 + g)⁻² = g⁻⁴."""
    return Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0, noise_cov=[[1]], horizon="infinite"
    )


def test_the_rate_is_the_slopes():
    found = approach(golden())
    g = (1 + 5**0.5) / 2
    assert found.rate == pytest.approx(g**-4, rel=1e-9)
    assert found.settles


def test_the_proved_factor_holds_of_exact_costs():
    found = approach(golden())
    assert found.factor is not None
    assert found.factor < 1
    P, limit = Fraction(1), Fraction(str(solve(golden(), digits=60).P[0][0, 0]))
    distances = []
    for _ in range(12):
        distances.append(abs(P - limit))
        P = 1 + P / (1 + P)
    for k in range(found.since, 11):
        assert distances[k + 1] <= found.factor * distances[k] + Fraction(1, 10**55)


@pytest.mark.parametrize("name", ["stationary-zero-sum", "stationary-gradient-avoids"])
def test_distances_are_those_of_finite_horizons(name):
    game = gallery(name)
    found = approach(game)
    assert found.factor is not None
    assert found.rate < float(found.factor) < 1
    stationary = solve(game)
    stages = 6
    ends = [np.asarray(X) for X in game.Q]
    finite = solve(game.cut_after(stages, ends))
    K = np.concatenate([X[0] for X in finite.K])
    limit = np.concatenate(list(stationary.K))
    assert found.distances[stages - 1] == pytest.approx(
        abs(K - limit).max() / abs(limit).max(), rel=1e-6
    )


def test_what_contracts_faster_than_the_rate_is_not_claimed():
    found = approach(gallery("stationary-gradient-avoids"))
    late = [b / a for a, b in zip(found.distances[80:120], found.distances[81:121], strict=True)]
    assert np.mean(late) == pytest.approx(found.rate, rel=1e-2)


def test_the_constant_of_affine_games_is_no_part_of_it():
    """The discounted constant comes nearer by the discount, 0.96, and no gain depends on it."""
    assert approach(gallery("stationary-duopoly")).rate < 0.9


def test_an_equilibrium_may_repel():
    """Equal agents stay equal, and what does not move away."""
    found = approach(gallery("stationary-three-equilibria"))
    assert found.rate > 1
    assert found.factor is None
    assert "move away" in found.told


def test_what_does_not_approach_says_so(tmp_path, capsys):
    found = approach(gallery("stationary-root"))
    assert not found.settles
    assert "do not approach" in found.told
    with pytest.raises(NoStablePolicyError, match="no policy is stable"):
        approach(
            Game.from_arrays(
                A=[[1, 0], [0, "1/2"]], B=[[[0], [1]]], Q=[np.eye(2)], R=[[[1]]], tau=0,
                noise_cov=np.eye(2), horizon="infinite",
            )
        )  # fmt: skip
    assert main(["horizon", "stationary-root"]) == 1
    capsys.readouterr()


def test_the_command(tmp_path, capsys):
    plot = tmp_path / "plot.png"
    assert main(["horizon", "stationary-zero-sum", "--plot", str(plot)]) == 0
    assert "(proved)" in " ".join(capsys.readouterr().out.split())
    assert plot.stat().st_size > 1000
    assert main(["horizon", "stationary-zero-sum", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "ergs-horizon/1"
    assert main(["horizon", "g-star-2"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
