"""Game and Policy: what is kept, what is shared, what is refused and how it is named."""

import pickle
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from attrs.exceptions import FrozenInstanceError

from ergs_verify.errors import InputError
from ergs_verify.game import Game, Policy
from ergs_verify.game.gallery import gallery, names

TWO_AGENTS = {
    "A": [[1, "0.1"], [0, 1]],
    "B": [[[0], [1]], [[1, 0], [0, 1]]],
    "Q": [[[1, 0], [0, 1]], [[2, 0], [0, 1]]],
    "R": [[["1/2"]], [[1, 0], [0, 1]]],
    "tau": "1/2",
    "noise_cov": [[0, 0], [0, 0]],
    "horizon": 2,
}


INDEFINITE = '; with "indefinite": true it need not be'


def two_agents(**changes):
    return Game.from_arrays(**{**TWO_AGENTS, **changes})


def refusal(**changes):
    with pytest.raises(InputError) as caught:
        two_agents(**changes)
    return caught.value.message


def test_sizes_and_exact_entries():
    game = two_agents(name="two agents")
    assert (game.agents, game.state_size, game.control_sizes, game.horizon) == (2, 2, (1, 2), 2)
    assert game.tau == Fraction(1, 2)
    assert game.A[1][0, 1] == Fraction(1, 10)
    assert len(game.Q[0]) == 3
    assert game.x0_mean.tolist() == [0, 0]
    assert game.x0_cov.tolist() == [[1, 0], [0, 1]]
    assert game.repairs == ()


def test_constant_matrices_are_one_object():
    game = two_agents(Q=[[[1, 0], [0, 1]], [np.eye(2) * k for k in range(3)]])
    assert game.A[0] is game.A[1]
    assert game.Q[0][0] is game.Q[0][2]
    assert game.Q[1][0] is not game.Q[1][1]
    stage, end = np.eye(2), np.eye(2) * 2
    game = two_agents(Q=[[stage, stage, end]] * 2)
    assert game.Q[0][0] is game.Q[0][1]


def test_arrays_with_the_time_axis_first_say_the_horizon():
    game = two_agents(
        A=np.stack([np.eye(2), 2 * np.eye(2), 3 * np.eye(2)]), horizon=None, tau=np.float64(0.25)
    )
    assert game.horizon == 3
    assert game.A[2][0, 0] == 3.0
    assert game.tau == Fraction(1, 4)
    from_terminal = two_agents(Q=[np.zeros((5, 2, 2))] * 2, horizon=None)
    assert from_terminal.horizon == 4


def test_floats_are_fresh_and_writable():
    game = two_agents()
    near = game.floats()
    assert near.A.shape == (2, 2, 2)
    assert [X.shape for X in near.B] == [(2, 2, 1), (2, 2, 2)]
    assert [X.shape for X in near.Q] == [(3, 2, 2)] * 2
    assert [X.shape for X in near.R] == [(2, 1, 1), (2, 2, 2)]
    assert (near.tau, near.horizon) == (0.5, 2)
    assert near.A[0, 0, 1] == 0.1
    near.A[0] += 1
    near.noise_cov[0, 0] = 3
    assert near.A[1, 0, 0] == 1
    assert game.floats().noise_cov[0, 0] == 0


def test_the_near_game_is_the_rounded_one_without_its_checks():
    near = two_agents().near
    assert near.hash == two_agents().rounded().hash
    assert near.A[0] is near.A[1]
    with pytest.raises(ValueError, match="read-only"):
        near.A[0][0, 0] = 1
    R = [[1, 1], [1, 1 + Fraction(1, 10**40)]]
    game = Game.from_arrays(
        A=[[1]], B=[[[1, 0]]], Q=[[[1]]], R=[R], tau=0, noise_cov=[[0]], horizon=1
    )
    assert game.near.R[0][0].tolist() == [[1, 1], [1, 1]]
    with pytest.raises(InputError, match="not positive definite"):
        game.rounded()


def test_rounded_game_has_float_entries_and_shares_constants():
    rounded = two_agents().rounded()
    assert rounded.A[0].dtype == np.float64
    assert rounded.A[0] is rounded.A[1]
    assert rounded.tau_given == 0.5
    assert Fraction(rounded.A[0][0, 1]) == Fraction(0.1)
    assert rounded.hash != two_agents().hash


def test_the_hash_is_of_the_numbers_not_of_how_they_were_written():
    game = two_agents()
    assert (
        game.hash
        == two_agents(
            tau=0.5, R=[[[0.5]], np.eye(2)], Q=[[np.eye(2)] * 3, [[[2, 0], [0, 1]]] * 3]
        ).hash
    )
    assert game.hash != two_agents(tau="0.50000001").hash
    assert game.hash != two_agents(name="other").hash
    # Computed once by hand from the definition: any change of it must be deliberate.
    scalar = Game.from_arrays(
        A=[["1/2"]], B=[[[1]]], Q=[[[2]]], R=[[[1]]], tau=0, noise_cov=[[0]], horizon=1, name="s"
    )
    import hashlib

    text = (
        '{"A":[[["1/2"]]],"B":[[[["1/1"]]]],"Q":[[[["2/1"]],[["2/1"]]]],"R":[[[["1/1"]]]],'
        '"format":"ergs-game/1","horizon":1,"name":"s","noise_cov":[["0/1"]],"tau":"0/1",'
        '"x0":{"cov":[["1/1"]],"mean":["0/1"]}}'
    )
    assert scalar.hash == hashlib.sha256(text.encode()).hexdigest()


def test_records_are_frozen_and_pickle():
    game = gallery("time-varying")
    with pytest.raises(FrozenInstanceError):
        game.horizon = 3
    again = pickle.loads(pickle.dumps(game))
    assert again.hash == game.hash
    assert again.B[2][0] is again.B[2][1]


def test_what_floats_are_forgiven_is_reported():
    C = np.array([[1.0, 0.1, 0.3]])
    Q = C.T @ C
    Q[0, 1] += 2**-54
    game = Game.from_arrays(
        A=np.eye(3), B=[np.ones((3, 1))], Q=[Q], R=[[[1.0]]], tau=1, noise_cov=np.eye(3), horizon=2
    )
    assert [(r.where, r.agent, r.t) for r in game.repairs] == [("Q[0]", 1, None)]
    assert "Q[0] (agent 1) was symmetrised" in str(game.repairs[0])
    assert (game.Q[0][0] == game.Q[0][0].T).all()
    slightly = np.stack([np.eye(2), np.diag([1.0, -1e-16]), np.eye(2)])
    (repair,) = two_agents(Q=[np.eye(2), slightly]).repairs
    assert (repair.agent, repair.t, repair.eigenvalue) == (2, 1, -1e-16)
    assert "Q[1][1] (agent 2, t = 1) was accepted" in repair.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"Q": [[[1, 0], [0, 1]], [[[1, 2], [2, 1]]] * 3]},
            "Q[1][0] (agent 2, t = 0) has the eigenvalue -1, so it is not positive semidefinite"
            + INDEFINITE,
        ),
        (
            {"R": [[[-2]], [[1, 0], [0, 1]]]},
            "R[0] (agent 1) has the eigenvalue -2, so it is not positive definite" + INDEFINITE,
        ),
        (
            {"Q": [[[1, 2], [0, 1]], [[1, 0], [0, 1]]]},
            "Q[0] (agent 1) is not symmetric: entry [0][1] is 2 but entry [1][0] is 0",
        ),
        (
            {"noise_cov": [[1, 0], [0, -1]]},
            "noise_cov has the eigenvalue -1, so it is not positive semidefinite",
        ),
        ({"tau": -1}, "tau is -1, but must be ≥ 0"),
        ({"tau": "-1/3"}, "tau is -1/3, but must be ≥ 0"),
        ({"tau": True}, "tau is the boolean true, not a number"),
        ({"horizon": 0}, "horizon is 0, but must be ≥ 1"),
        ({"horizon": -(10**30)}, "horizon is -1.00000e+30, but must be ≥ 1"),
        ({"horizon": 2.0}, 'horizon must be a whole number ≥ 1 or "infinite"'),
        ({"horizon": True}, 'horizon must be a whole number ≥ 1 or "infinite"'),
        ({"horizon": None}, "horizon is missing, and no matrix has a time axis that gives it"),
        (
            {"horizon": 10**12},
            "horizon 1000000000000 with m = 2 and 2 agents makes a game of 23000000000018 numbers, "
            "more than the limit of 100000000",
        ),
        ({"A": [[1, 2]]}, "A is 1×2 but must be 1×1 (square, m×m)"),
        (
            {"B": [[[0, 1]], [[1, 0], [0, 1]]]},
            "B[0] (agent 1) is 1×2 but must be 2×1 (m×p_i, with A m×m); its transpose would fit: "
            "rows and columns are swapped (some languages write matrices as lists of columns)",
        ),
        (
            {"R": [[[1, 0], [0, 1]], [[1, 0], [0, 1]]]},
            "R[0] (agent 1) is 2×2 but must be 1×1 (p_i×p_i, with B m×p_i) or 3×3 (n×n, all "
            "agents' controls stacked); it would fit agent 2",
        ),
        ({"R": [[[1]]]}, "R has entries for 1 agent but B for 2"),
        (
            {"A": [[[1, 0], [0, 1]]] * 3},
            "A lists 3 matrices over time, but the horizon is 2, so 2 are needed",
        ),
        (
            {"Q": [[[[1, 0], [0, 1]]] * 2, [[1, 0], [0, 1]]]},
            "Q[0] (agent 1) lists 2 matrices over time, but the horizon is 2, so 3 are needed, "
            "the last of them for t = T",
        ),
        (
            {"A": [[[1, 0], [0, 1]], [[1, 0], [0, None]]]},
            "A[1][1][1] (t = 1) is null, not a number: JSON has no NaN, and null often stands for "
            "it",
        ),
        (
            {"B": [[["0.1"], ["x"]], [[1, 0], [0, 1]]]},
            'B[0][1][0] (agent 1) is "x", which is not a number: write it like "0.1", "1/3" or '
            '"-2e-7"',
        ),
        ({"B": []}, "B must be a list with an entry per agent"),
        (
            {"x0_mean": [1, 0]},
            "x0 needs a mean and a covariance: give both, or neither for mean 0 and covariance I",
        ),
        (
            {"x0_mean": [1], "x0_cov": [[1, 0], [0, 1]]},
            "x0_mean has length 1 but must have length 2 (m, with A m×m)",
        ),
        ({"name": "a\nb"}, "name is 'a\\nb', but must be one line of printable text"),
        ({"name": 3}, "name must be a string"),
    ],
)
def test_bad_games_are_refused_naming_the_place(changes, message):
    assert refusal(**changes) == message


def test_displays():
    game = gallery("time-varying")
    assert repr(game) == 'Game("time-varying", N=3, m=2, p=(1, 2, 3), T=4, tau=1/2)'
    shown = two_agents(name="<b>")._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<td>0.1</td>" in shown
    assert "varies over time" in game._repr_html_()


def a_policy(**changes):
    given = {
        "K": [[[["-1/2", 0]]] * 2, [[[0, 1], [1, 0]]] * 2],
        "Sigma": [[[[1]]] * 2, [[[1, 0], [0, 1]]] * 2],
        "P": [[[[1, 0], [0, 1]]] * 3] * 2,
        "q": [[3, 2, 1], [0.5, 0.25, 0.0]],
    }
    return Policy.from_arrays(**{**given, **changes})


def test_policies():
    policy = a_policy()
    policy.validate(two_agents())
    assert (policy.agents, policy.horizon) == (2, 2)
    assert policy.K[0][1][0, 0] == Fraction(-1, 2)
    assert policy.q[1].tolist() == [0.5, 0.25, 0.0]
    assert repr(policy) == "Policy(N=2, T=2, Gaussian, with P, q)"
    bare = a_policy(Sigma=None, P=None, q=None)
    assert (bare.Sigma, bare.P, bare.q) == (None, None, None)
    from_arrays = a_policy(K=[np.zeros((2, 1, 2)), np.zeros((2, 2, 2))], q=np.zeros((2, 3)))
    from_arrays.validate(two_agents())
    singular = a_policy(Sigma=[np.zeros((2, 1, 1)), np.zeros((2, 2, 2))])
    singular.validate(two_agents())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"Sigma": [[[[1]], [[-1]]], [[[1, 0], [0, 1]]] * 2]},
            "Sigma[0][1] (agent 1, t = 1) has the eigenvalue -1, so it is not positive "
            "semidefinite",
        ),
        (
            {"P": [[[[1, 0], [1, 1]]] * 3] * 2},
            "P[0][0] (agent 1, t = 0) is not symmetric: entry [0][1] is 0 but entry [1][0] is 1",
        ),
        (
            {"q": [[1, 2, 3], [1, 2]]},
            "q[1] (agent 2) has 2 numbers, but 3 are needed, the last of them for t = T",
        ),
        ({"q": [[1, 2, 3]]}, "q has entries for 1 agent but K for 2"),
        (
            {"q": [[1, 2, "x"], [1, 2, 3]]},
            'q[0][2] (agent 1) is "x", which is not a number: write it like "0.1", "1/3" or '
            '"-2e-7"',
        ),
        (
            {"K": [[["-1/2", 0]], [[0, 1]]]},
            "Sigma[0] (agent 1) is a list over time, but K is not: give both over time or, for an "
            "infinite horizon, neither",
        ),
        (
            {"P": [[[[1, 0], [0, 1]]] * 2] * 2},
            "P[0] (agent 1) lists 2 matrices over time, but the horizon is 2, so 3 are needed, the "
            "last of them for t = T",
        ),
        (
            {"K": [[[[1, 2]], [[1]]], [[[0, 1], [1, 0]]] * 2]},
            "K[0][1] (agent 1, t = 1) is 1×1 but must be 1×2 (like the first over time)",
        ),
    ],
)
def test_bad_policies_are_refused_naming_the_place(changes, message):
    with pytest.raises(InputError) as caught:
        a_policy(**changes)
    assert caught.value.message == message


def test_a_policy_must_fit_its_game():
    swapped = a_policy(K=[[[["-1/2"], [0]]] * 2, [[[0, 1], [1, 0]]] * 2])
    with pytest.raises(
        InputError,
        match=r"K\[0\]\[0\] \(agent 1, t = 0\) is 2×1 but must be 1×2 "
        r"\(p_i×m\); its transpose would fit",
    ):
        swapped.validate(two_agents())
    with pytest.raises(InputError, match="K has 2 stages but the game's horizon is 3"):
        a_policy().validate(two_agents(horizon=3))
    with pytest.raises(InputError, match="K has entries for 2 agents but the game has 3"):
        a_policy().validate(gallery("time-varying"))


def test_importing_games_loads_nothing_heavy():
    code = (
        "import sys, ergs_verify.game, ergs_verify.game.gallery\n"
        "heavy = ('sympy', 'scipy', 'matplotlib', 'flint', 'mpmath')\n"
        "print([module for module in heavy if module in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("name", list(names()))
def test_every_named_game_rounds_to_float64(name):
    game = gallery(name)
    rounded = game.rounded()
    # |x - float(x)| ≤ u|x| is what rounding to nearest means.
    for exact, near in zip(game.Q[0], rounded.Q[0], strict=True):
        for x, y in zip(exact.flat, near.flat, strict=True):
            assert abs(Fraction(x) - Fraction(y)) <= Fraction(1, 2**53) * abs(Fraction(x))


_EYE, _OTHER = [[1, 0], [0, 1]], [[2, 0], [0, 1]]
_NOTHING, _SOME = [[0, 0], [0, 0]], [[0, 1], [0, 0]]


def over_five(usual, other):
    return [usual] * 3 + [other, usual]


@pytest.mark.parametrize(
    "changes",
    [
        {"A": over_five(_EYE, _OTHER)},
        {"B": [[[0], [1]], over_five(_EYE, _OTHER)]},
        {"Q": [_EYE, [*over_five(_EYE, _OTHER), _EYE]]},
        {"R": [[["1/2"]], over_five(_EYE, _OTHER)]},
        {"noise_cov": over_five(_NOTHING, _EYE)},
        {"tau": [1, over_five(1, 2)]},
        {"S": [[[0, 0]], over_five(_NOTHING, _SOME)]},
        {"prior": [{}, {"gain": over_five(_NOTHING, _SOME)}]},
        {"prior": [{}, {"cov": over_five(_EYE, _OTHER)}]},
        {"drift": over_five([0, 0], [1, 0])},
        {"x_linear": [[[1, 0]] * 6, [*over_five([0, 0], [1, 0]), [0, 0]]]},
        {"u_linear": [[0], over_five([0, 0], [1, 0])]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_first_stages_are_alike_until_a_letter_says_something_else(changes):
    usual = two_agents(horizon=5, Q=[[_EYE] * 5 + [_OTHER], _EYE])
    assert usual.alike == 5
    assert two_agents(horizon=5, **changes).homogeneous.alike == 3
