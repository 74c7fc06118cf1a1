"""The suites: the games are what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.audit.suite import SUITES, suite, suite_game
from ergs_verify.engine import nash
from ergs_verify.errors import InputError, SingularStageError
from ergs_verify.recursion import nash as derived_nash

STANDARD = {one.name: one for one in suite("standard")}


def arrays(name):
    return STANDARD[name].game.floats()


def block_systems(game):
    """Φ_t and its block diagonal, by the definition under Lemma III.4, at the equilibrium."""
    P = nash(game).P
    agents = range(len(game.B))
    ends = np.cumsum([B.shape[2] for B in game.B])
    for t in range(game.horizon):
        B = np.hstack([B_i[t] for B_i in game.B])
        phi = np.vstack([game.B[i][t].T @ P[i][t + 1] @ B for i in agents])
        diagonal = np.zeros_like(phi)
        for i in agents:
            own = slice(ends[i] - game.B[i].shape[2], ends[i])
            phi[own, own] += game.R[i][t] + game.tau / 2 * np.eye(game.B[i].shape[2])
            diagonal[own, own] = phi[own, own]
        yield phi, diagonal


def spectral_radii(name):
    """Of the inner loop of Algorithm 1, the block Jacobi iteration, stage by stage."""
    return [
        max(abs(np.linalg.eigvals(np.eye(len(phi)) - np.linalg.solve(diagonal, phi))))
        for phi, diagonal in block_systems(arrays(name))
    ]


# --- as a whole --------------------------------------------------------------------------------


def test_the_quick_suite_is_a_part_of_the_standard_one():
    assert 20 <= len(STANDARD) == len(suite())
    assert {one.name for one in suite("quick")} < set(STANDARD)
    assert SUITES == ("standard", "quick", "general", "stationary")


def test_an_unknown_suite_is_an_input_error():
    with pytest.raises(
        InputError, match='"slow" is not a suite; the suites are standard, quick, general'
    ):
        suite("slow")


def test_a_game_of_the_suite_is_found_by_its_name():
    assert suite_game("units").game.hash == STANDARD["units"].game.hash
    with pytest.raises(InputError, match='the nearest name is "units"'):
        suite_game("unit")


@pytest.mark.parametrize("name", STANDARD)
def test_every_entry_is_a_float64(name):
    game = STANDARD[name].game
    assert game.rounded().hash == game.hash


def test_the_suite_is_the_same_every_time():
    assert [one.game.hash for one in suite()] == [one.game.hash for one in STANDARD.values()]


def test_every_game_says_why_it_is_there():
    assert len({one.why for one in STANDARD.values()}) == len(STANDARD)
    assert all("\n" not in one.why for one in STANDARD.values())


REGULAR = [name for name, one in STANDARD.items() if not one.singular]


@pytest.mark.parametrize("name", REGULAR)
def test_a_regular_game_has_one_equilibrium(name):
    """Every solve of the balls is certified, so that no Φ_t is singular."""
    game = STANDARD[name].game
    assert len(derived_nash(game, Balls(300)).K[0]) == game.horizon


@pytest.mark.parametrize(
    ("name", "stage", "consistent"),
    [("no-equilibrium", 0, False), ("continuum", 0, True), ("singular-inside", 1, False)],
)
def test_a_singular_game_is_singular(name, stage, consistent):
    with pytest.raises(SingularStageError) as caught:
        derived_nash(STANDARD[name].game, Rationals())
    assert (caught.value.t, caught.value.consistent) == (stage, consistent)


def test_these_are_all_the_singular_games():
    assert len(STANDARD) - len(REGULAR) == 3


# --- one by one --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in REGULAR if STANDARD[n].game.agents > 1])
def test_agents_meet(name):
    """Off-diagonal blocks of Φ_t: else the games of the agents are regulators side by side."""
    assert any((phi != diagonal).any() for phi, diagonal in block_systems(arrays(name)))


def test_sizes_are_as_said():
    sizes = {name: one.game for name, one in STANDARD.items()}
    assert sizes["regulator"].agents == sizes["regulator-several-controls"].agents == 1
    assert sizes["one-stage"].horizon == 1
    assert sizes["unequal-controls"].control_sizes == (1, 2, 3)
    assert min(sizes["more-controls-than-states"].control_sizes) > 2
    assert sizes["more-controls-than-states"].state_size == 2
    assert sizes["many-agents"].agents == 8
    assert set(sizes["square"].control_sizes) == {sizes["square"].state_size} == {2}
    assert sizes["scalar-state"].state_size == 1
    assert arrays("plain").tau == arrays("plain-published").tau == 0
    assert 0 < arrays("tiny-tau").tau < 1e-8
    assert arrays("huge-tau").tau > 1e8


@pytest.mark.parametrize("letter", ["A", "B", "Q", "R"])
def test_matrices_change_with_time(letter):
    per_agent = getattr(arrays("well-conditioned"), letter)
    for over_time in (per_agent,) if letter == "A" else per_agent:
        assert (over_time != over_time[0]).any()


@pytest.mark.parametrize(
    "name", ["loop-diverges", "loop-diverges-three-agents", "loop-diverges-every-stage"]
)
def test_the_inner_loop_diverges_at_every_stage(name):
    assert min(spectral_radii(name)) > 1.3


def test_the_inner_loop_converges_where_assumption_III_3_holds():
    assert max(spectral_radii("weakly-coupled")) < 0.1


def test_nothing_is_diagonal():
    game = arrays("non-diagonal")
    matrices = [game.A[0], game.noise_cov, game.x0_cov, *(Q[0] for Q in game.Q)]
    matrices += [R[0] for R in game.R]
    assert all((X != 0).all() for X in matrices)
    assert (game.A[0] != game.A[0].T).any()


def test_terminal_costs_are_unlike_the_others():
    game = arrays("terminal-cost")
    for Q in game.Q:
        assert np.abs(Q[-1]).max() >= 300 * np.abs(Q[:-1]).max()
        assert Q[-1][0, 1] != 0 == Q[0][0, 1]


def test_costs_change_by_a_factor_at_every_stage():
    game = arrays("costs-over-time")
    for Q in game.Q:
        assert {2.0, 0.5} >= set((Q[1:, 0, 0] / Q[:-1, 0, 0] * Q[1:, 1, 1] / Q[:-1, 1, 1]).tolist())


def test_states_are_lost_for_good():
    game = arrays("lost-states")
    for X in (game.A[0], game.noise_cov, game.x0_cov, *(Q[0] for Q in game.Q)):
        assert np.linalg.matrix_rank(X) < 3


def test_the_unstable_game_is_unstable():
    assert max(abs(np.linalg.eigvals(arrays("unstable").A[0]))) == 1.5


@pytest.mark.parametrize(
    ("name", "largest"),
    [("ill-conditioned", 1e-6), ("near-singular", 1e-4), ("nearly-singular", 1e-7)],
)
def test_hard_games_are_hard(name, largest):
    """The engine's reciprocal condition of Φ_t; the well-conditioned game has 0.07."""
    assert min(nash(arrays(name)).condition) < largest
    assert min(nash(arrays("well-conditioned")).condition) > 0.05


def test_one_channel_is_one():
    game = arrays("one-channel")
    assert all((B == game.B[0]).all() for B in game.B)
    assert len({Q.tobytes() for Q in game.Q}) == 4
