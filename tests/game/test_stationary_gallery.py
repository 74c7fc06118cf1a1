"""The games of infinite horizon: each shows what it says, and what its source prints."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ergs_verify import audit, certify_gap, load_game, solve
from ergs_verify.certify.stationary_nash import search_stationary_nash
from ergs_verify.errors import NoStablePolicyError
from ergs_verify.game.gallery import gallery, names, published, stationary

EVERY = stationary().values()


@pytest.fixture(scope="module")
def solved():
    known = {}

    def of(name):
        if name not in known:
            known[name] = solve(gallery(name), digits=20)
        return known[name]

    return of


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.name)
def test_every_entry_is_whole(entry, tmp_path):
    game = entry.game()
    assert game.stationary
    assert game.repairs == ()
    assert entry.name not in {*names(), *published()}
    for sentence in filter(None, (entry.shows, entry.source)):
        assert "\n" not in sentence
        assert sentence.endswith(".")
    game.save(tmp_path / "game.json")
    assert load_game(tmp_path / "game.json").hash == game.hash


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.name)
def test_every_game_is_solved_and_its_gaps_vanish(entry, solved):
    solution = solved(entry.name)
    assert solution.certified
    found = certify_gap(entry.game(), solution.policy)
    assert found.stability == "proved"
    assert found.largest.hi < Fraction(1, 10**25)


@pytest.mark.parametrize(
    "entry", [entry for entry in EVERY if entry.printed], ids=lambda entry: entry.name
)
def test_the_printed_numbers_are_the_equilibriums(entry, solved):
    solution = solved(entry.name)
    for one in entry.printed:
        ours = Fraction(getattr(solution, one.quantity)[one.agent - 1][one.entry])
        assert abs(one.added + one.sign * ours - Fraction(one.text)) < Fraction(1, 10**entry.places)


def test_three_equilibria(solved):
    assert len(solved("stationary-three-equilibria").others) == 2


def test_the_zero_sum_game_is_one(solved):
    solution = solved("stationary-zero-sum")
    assert solution.P[0] == -solution.P[1]


def test_the_stabilising_root(solved):
    assert float(solved("stationary-root").P[0][0, 0]) == 3
    other = audit(gallery("stationary-root"), {"K": [[[0]]], "P": [[[0]]]})
    assert other.root.stabilising == "refuted"


def test_deadbeat(solved):
    assert float(solved("stationary-deadbeat").K[0][0, 0]) == -2


def test_slow(solved):
    """ρ = 1 + K; iterating does not settle, and Newton's method finds it."""
    solution = solved("stationary-slow")
    assert float(1 + solution.K[0][0, 0]) == pytest.approx(1 - 1e-6, abs=1e-9)
    assert not any("settles after" in told for told in solution.found_by)


def test_the_gradient_is_driven_away(solved):
    """The pseudogradient's slope at the equilibrium has an eigenvalue with a negative real part."""
    game, solution = gallery("stationary-gradient-avoids"), solved("stationary-gradient-avoids")
    arrays = game.floats()
    K = np.array([X[0].astype(float) for X in solution.K])

    def gradient(K):
        F = arrays.A + sum(B @ k[None] for B, k in zip(arrays.B, K, strict=True))
        X = np.linalg.solve(np.eye(4) - np.kron(F, F), arrays.noise_cov.ravel()).reshape(2, 2)
        found = []
        for i in range(2):
            Q = arrays.Q[i] + arrays.R[i][0, 0] * np.outer(K[i], K[i])
            P = np.linalg.solve(np.eye(4) - np.kron(F.T, F.T), Q.ravel()).reshape(2, 2)
            found.append(2 * (arrays.R[i] @ K[i][None] + arrays.B[i].T @ P @ F) @ X)
        return np.concatenate(found)

    assert np.abs(gradient(K)).max() < 1e-12
    step = 1e-6
    slope = np.array(
        [
            (gradient(K + step * E) - gradient(K - step * E)).ravel() / (2 * step)
            for E in np.eye(4).reshape(4, 2, 2)
        ]
    ).T
    assert min(np.linalg.eigvals(slope).real) < 0


def test_what_does_not_settle_says_how():
    game = type(gallery("stationary-root")).from_arrays(
        A=[[1, 0], [0, "1/2"]], B=[[[0], [1]]], Q=[np.eye(2)], R=[[[1]]], tau=0,
        noise_cov=np.eye(2), horizon="infinite",
    )  # fmt: skip
    search = search_stationary_nash(game)
    assert {run.outcome for run in search.runs} == {"drifts"}
    assert "P does by" in search.runs[0].told
    assert isinstance(search.refuted, NoStablePolicyError)
