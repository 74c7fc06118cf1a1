"""Inner loops that stop by a tolerance or start warm: their rounds, read off at each stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ergs_verify import audit, engine
from ergs_verify.audit import diagnosis
from ergs_verify.audit.diagnosis import diagnose
from ergs_verify.audit.mistakes.solving import MISTAKES
from ergs_verify.audit.suite import suite_game
from ergs_verify.game import Game, Policy

ORDERS = pytest.mark.parametrize("in_turn", [False, True], ids=["at once", "in turn"])
#: Several stages; the loop converges at all.
GAMES = ("costs-over-time", "non-diagonal", "scalar-state")


def looped(
    game: Game,
    *,
    in_turn: bool,
    rounds: int = 1000,
    tolerance: float = 0.0,
    warm: bool = False,
    step: float = 1.0,
) -> tuple[Policy, list[int]]:
    """Gains of a solver with an inner loop, and how many rounds it took at each stage."""
    data, agents = game.floats(), range(game.agents)
    P = [Q[-1] for Q in data.Q]
    K = [np.zeros(B.shape[:0:-1]) for B in data.B]
    found, counts = [], []
    for t in reversed(range(game.horizon)):
        A, B, R = data.A[t], [X[t] for X in data.B], [X[t] for X in data.R]
        R = [X + data.tau / 2 * np.eye(len(X)) for X in R]
        W = [R[i] + B[i].T @ P[i] @ B[i] for i in agents]
        if not warm:
            K = [np.zeros_like(X) for X in K]
        count = 0
        while count < rounds:
            count += 1
            before, answers = list(K), list(K)
            for i in agents:
                seen = answers if in_turn else before
                others = A + sum(B[j] @ seen[j] for j in agents if j != i)
                answers[i] = -np.linalg.solve(W[i], B[i].T @ P[i] @ others)
            K = [X + step * (Y - X) for X, Y in zip(before, answers, strict=True)]
            moved = max(abs(X - Y).max() for X, Y in zip(before, K, strict=True))
            if moved <= tolerance * max(abs(X).max() for X in K):
                break
        F = A + sum(B[i] @ K[i] for i in agents)
        P = [data.Q[i][t] + K[i].T @ R[i] @ K[i] + F.T @ P[i] @ F for i in agents]
        found.append(K)
        counts.append(count)
    over_time = zip(*found[::-1], strict=True)
    return stating(K=over_time), counts[::-1]


def stating(**letters: Any) -> Policy:
    arrays: Any = {
        letter: tuple(X if letter == "q" else tuple(X) for X in agents)
        for letter, agents in letters.items()
    }
    return Policy(**arrays)


def the_match(game: Game, policy: Policy, *, in_turn: bool):
    named = {match.id: match for match in diagnose(game, policy)}
    # Of a stage with one number for each agent a ridge explains as much.
    first = next(id for id in named if id != "ridge")
    match = named[first]
    assert match.id == ("few-iterations-in-turn" if in_turn else "few-iterations")
    assert match.digits > 12
    return match


@ORDERS
@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("warm", [False, True], ids=["from zero", "warm"])
def test_the_rounds_to_a_tolerance_are_counted_stage_by_stage(name, in_turn, warm):
    game = suite_game(name).game
    policy, counts = looped(game, in_turn=in_turn, tolerance=1e-4, warm=warm)
    assert len(set(counts)) > 1
    match = the_match(game, policy, in_turn=in_turn)
    said = f"here after {min(counts)} to {max(counts)} rounds"
    assert match.message.endswith(
        f"({said}, started from the gains of the stage after it)" if warm else f"({said})"
    )


@ORDERS
def test_a_fixed_number_of_rounds_from_a_warm_start_is_counted(in_turn):
    game = suite_game("costs-over-time").game
    policy, _ = looped(game, in_turn=in_turn, rounds=3, warm=True)
    match = the_match(game, policy, in_turn=in_turn)
    assert match.message.endswith(
        "(here after 3 rounds, started from the gains of the stage after it)"
    )


def test_the_costs_of_the_loop_s_own_policy_do_not_hide_it():
    game = suite_game("non-diagonal").game
    policy, counts = looped(game, in_turn=False, tolerance=1e-4)
    cost = engine.evaluate_policy(game.floats(), tuple(map(np.asarray, policy.K)), None)
    match = the_match(game, stating(K=policy.K, P=cost.P, q=cost.q), in_turn=False)
    assert f"after {min(counts)} to {max(counts)} rounds" in match.message


def test_a_loop_that_goes_half_the_way_is_told():
    game = suite_game("non-diagonal").game
    policy, counts = looped(game, in_turn=False, tolerance=1e-4, step=0.5)
    match = the_match(game, policy, in_turn=False)
    said = f"here after {min(counts)} to {max(counts)} rounds"
    assert match.message.endswith(f"({said}, each going half the way)")


def test_stages_where_the_loop_has_converged_leave_the_others_their_count():
    """Without a terminal cost the last gains are zero from the first round on."""
    game = small_game(np.random.default_rng(3), agents=2, horizon=4, end=0.0)
    policy, counts = looped(game, in_turn=False, tolerance=1e-6)
    assert counts[-1] == 1
    match = the_match(game, policy, in_turn=False)
    least, most = min(counts[:-1]), max(counts[:-1])
    assert match.message.endswith(f"(here after {least} to {most} rounds)")


@ORDERS
@pytest.mark.parametrize("warm", [False, True], ids=["from zero", "warm"])
def test_a_converged_loop_is_the_equilibrium(in_turn, warm):
    game = suite_game("non-diagonal").game
    policy, _ = looped(game, in_turn=in_turn, tolerance=1e-15, warm=warm)
    assert diagnose(game, policy) == ()


def small_game(
    rng: np.random.Generator, *, agents: int, horizon: int, end: float = 1.0, slow: bool = False
) -> Game:
    """One state and one control an agent: two or three numbers a stage."""

    def drawn(times: int) -> np.ndarray:
        return rng.uniform(0.5, 1, size=(times, 1, 1))

    scale = np.concatenate([np.ones(horizon), [end]])[:, None, None]
    return Game.from_arrays(
        A=drawn(horizon),
        B=[drawn(horizon) for _ in range(agents)],
        Q=[scale * drawn(horizon + 1) for _ in range(agents)],
        R=[drawn(horizon) / (50 if slow else 1) for _ in range(agents)],
        tau=0.02,
        noise_cov=[[1]],
        horizon=horizon,
    )


@pytest.fixture
def loops_alone(monkeypatch):
    monkeypatch.setattr(diagnosis, "mistakes", lambda **_: MISTAKES)


# The slower the loop, the more counts lie near any gains.
@pytest.mark.usefixtures("loops_alone")
@pytest.mark.parametrize("slow", [False, True], ids=["fast", "slow"])
@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_wrong_gains_are_matched_by_no_choice_of_counts(horizon, slow):
    rng = np.random.default_rng([horizon, slow])
    for size in (1e-6, 1e-5, 1e-4, 1e-2, 1e-1):
        game = small_game(rng, agents=2, horizon=horizon, slow=slow)
        right = engine.nash(game.floats()).K
        moved = [X * (1 + size * rng.normal(size=X.shape)) for X in right]
        for K in (moved, [moved[0], right[1]]):
            assert diagnose(game, stating(K=K)) == ()


@pytest.mark.usefixtures("loops_alone")
@pytest.mark.parametrize("part", [0.3, 0.51, 0.62, 0.77])
@pytest.mark.parametrize("horizon", [1, 3])
def test_a_slow_loop_that_passes_near_any_gains_on_its_way_is_no_match(part, horizon):
    """K_n = (1 ± aⁿ)K* with a ≈ 0.9995 for both agents: some n fits any factor to 3 digits."""
    game = Game.from_arrays(
        A=[[1]],
        B=[[[1]]] * 2,
        Q=[[[1]]] * 2,
        R=[[["1/4000"]]] * 2,
        tau="1/2000",
        noise_cov=[[1]],
        horizon=horizon,
    )
    K = [X.copy() for X in engine.nash(game.floats()).K]
    for X in K:
        X[-1] *= 1 - part
    # Of one number nothing tells a loop from a ridge, of which a parameter is read off.
    named = {match.id for match in diagnose(game, stating(K=K))}
    assert named <= ({"ridge"} if horizon == 1 else set())
    policy, _ = looped(game, in_turn=False, rounds=700)
    assert "after 700 rounds" in the_match(game, policy, in_turn=False).message


def test_what_rounding_would_explain_fails_where_a_loop_leads_to_just_these_gains():
    """The one that stopped is an agent whose gains are 10⁻⁹ of the other's."""
    game = suite_game("units").game
    stopped, _ = looped(game, in_turn=False, rounds=7)
    found = audit(game, stopped)
    assert [one.verdict for one in found.quantities.values()] == ["pass"]
    assert found.verdict == "fail"
    assert found.title.startswith("fail: rounding could explain errors of this size")
    assert found.diagnosis
    assert "after 7 rounds" in found.diagnosis[0].message
    on, _ = looped(game, in_turn=False, rounds=30)
    assert audit(game, on).verdict == "pass"
