"""The gallery: each game is valid and shows what it says."""

from fractions import Fraction

import numpy as np
import pytest

from ergs_verify.errors import InputError
from ergs_verify.game.gallery import gallery, names


def last_phi(game):
    """Φ_{T−1}, from the exact data, by the definition under Lemma III.4."""
    t = game.horizon - 1
    half = game.tau / 2
    rows = []
    for i in range(game.agents):
        B_i, P = game.B[i][t], game.Q[i][t + 1]
        own = half * np.eye(B_i.shape[1], dtype=int) + game.R[i][t]
        rows.append(
            np.hstack(
                [(own if i == j else 0) + B_i.T @ P @ game.B[j][t] for j in range(game.agents)]
            )
        )
    return np.vstack(rows)


def determinant(matrix):
    (a, b), (c, d) = matrix
    return a * d - b * c


def test_at_least_eight_games_each_with_a_sentence():
    assert len(names()) >= 8
    for name, shows in names().items():
        game = gallery(name)
        assert game.name == name
        assert shows.endswith(".")
        assert "\n" not in shows
        assert game.repairs == ()  # exact entries need no forgiving


def test_g_star_is_the_game_of_theory():
    """`sharp-unique-iff-regular` of the ledger: det Φ = (τ − 4)(τ + 12)/4."""
    for name in ("g-star-2", "g-star-4-no-nash", "g-star-4-continuum", "g-star-near-4"):
        game = gallery(name)
        assert determinant(last_phi(game)) == (game.tau - 4) * (game.tau + 12) / 4
    assert determinant(last_phi(gallery("g-star-2"))) == -7
    assert gallery("g-star-near-4").tau == 4 + Fraction(1, 1000)


def test_singular_g_star_is_inconsistent_or_consistent_as_said():
    for name, consistent in (("g-star-4-no-nash", False), ("g-star-4-continuum", True)):
        game = gallery(name)
        rhs = np.vstack([game.B[i][0].T @ game.Q[i][1] @ game.A[0] for i in range(2)])
        augmented = np.hstack([last_phi(game), rhs]).astype(float)
        assert np.linalg.matrix_rank(last_phi(game).astype(float)) == 1
        assert (np.linalg.matrix_rank(augmented) == 1) == consistent


def test_identical_interest_has_the_equilibrium_of_theory():
    """`sharp-loop` of the ledger: K* = −2/7, and the Jacobi iteration has the eigenvalue −4/3."""
    game = gallery("identical-interest")
    phi = last_phi(game)
    assert (phi @ np.full(3, Fraction(-2, 7)) == -1).all()
    jacobi = np.eye(3) - phi.astype(float) / float(phi[0, 0])
    # A symmetric 3×3 matrix of numbers near 1: errors are a few units of roundoff.
    assert np.linalg.eigvalsh(jacobi)[0] == pytest.approx(-4 / 3, abs=1e-14)


def test_the_kinds_of_games_asked_for():
    kinds = {name: gallery(name) for name in names()}
    assert kinds["lqr"].agents == 1
    assert len(set(kinds["time-varying"].control_sizes)) == 3
    assert kinds["time-varying"].A[0] is not kinds["time-varying"].A[1]
    assert kinds["scalar-state"].state_size == 1
    assert kinds["plain-lq"].tau == 0
    assert max(abs(np.linalg.eigvals(kinds["unstable"].floats().A[0]))) == pytest.approx(1.5)


def test_random_games_are_the_same_everywhere_and_differ_by_seed():
    name = "random:N=3,m=4,p=2,T=10,seed=0"
    assert gallery(name).hash == gallery(name).hash
    # Pinned: a change means that suites, hashes and saved results no longer replay.
    assert gallery(name).hash.startswith("591901aa57b7a638")
    assert gallery(name).hash != gallery(name.replace("seed=0", "seed=1")).hash
    game = gallery(name)
    assert (game.agents, game.state_size, game.control_sizes, game.horizon) == (3, 4, (2, 2, 2), 10)
    assert gallery(game.name).hash == game.hash


def test_random_games_take_sizes_per_agent_and_tau():
    game = gallery("random:p=1-2-3,tau=1/7,T=2")
    assert (game.control_sizes, game.tau) == ((1, 2, 3), Fraction(1, 7))
    assert gallery("random").agents == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("g-star-3", '"g-star-3" is not a game of the gallery; the nearest name is "g-star-2"'),
        ("", "is not a game of the gallery"),
        ("xyz", '"xyz" is not a game of the gallery; `ergs-verify games` lists them'),
        ("random:n=2", '"n" is not a key of a random game'),
        ("random:N=2,N=3", "N appears twice"),
        ("random:N=0", "N is 0, but must be ≥ 1"),
        ("random:m=two", 'm is "two", but must be a whole number'),
        ("random:T=", 'T is "", but must be a whole number'),
        ("random:p=1-2,N=3", "p names 2 control dimensions, but N = 3"),
        ("random:p=1-0", "p is 0, but must be ≥ 1"),
        ("random:tau=-1", "tau is -1, but must be ≥ 0"),
        ("random:tau=1e999999999", "tau is"),
        ("random:m=1000000", "more than 10^8 numbers"),
        ("random:N=999999999999999999,p=1", "more than 10^8 numbers"),
        ("random:seed=-1", "seed is"),
        (None, "must be a string"),
    ],
)
def test_bad_names_are_refused_in_one_sentence(name, message):
    with pytest.raises(InputError) as caught:
        gallery(name)
    assert message in caught.value.message
    assert caught.value.message.isprintable()
