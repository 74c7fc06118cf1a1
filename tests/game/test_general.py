"""The general game: accessors against direct computation, files, hash, defaults, refusals."""

import json
from fractions import Fraction

import numpy as np
import pytest
from general_games import SIZES, general_game, letters

from ergs_verify.errors import FileFormatError, InputError
from ergs_verify.game import Game, Policy, load_game, load_solution
from ergs_verify.game.documents import game_document
from ergs_verify.game.gallery import gallery
from ergs_verify.game.letters import GAME
from ergs_verify.recursion.apriori import data_norms

m, p, T = SIZES["m"], SIZES["p"], SIZES["T"]
n = sum(p)
OWN = (slice(0, 1), slice(1, 3))
BEYOND = [letter for letter in GAME if letter.beyond]
SEEDS = range(12)


def exact(value):
    return np.array(value, dtype=object)


def at(value, t, ndim):
    """What was given, at a time: a list over time or one for all."""
    value = exact(value)
    return value[t] if value.ndim > ndim else value


@pytest.mark.parametrize("seed", SEEDS)
def test_accessors_are_what_was_given(seed):
    given, game = letters(seed), general_game(seed)
    assert game.general
    for i in range(2):
        for t in range(T):
            R, S = at(given["R"][i], t, 2), at(given["S"][i], t, 2)
            u = at(given["u_linear"][i], t, 1)
            R_all, S_all, u_all = (np.zeros(s, dtype=object) for s in ((n, n), (n, m), n))
            R_all[(slice(None),) * 2 if len(R) == n else (OWN[i],) * 2] = R
            S_all[slice(None) if len(S) == n else OWN[i]] = S
            u_all[slice(None) if len(u) == n else OWN[i]] = u
            assert (game.joint_R[i][t] == R_all).all()
            assert (game.joint_S[i][t] == S_all).all()
            assert (game.joint_u_linear[i][t] == u_all).all()
            assert (game.R[i][t] == R_all[OWN[i], OWN[i]]).all()
            assert game.tau_of[i][t] == at(given["tau"][i], t, 0)
            prior = given["prior"][i] or {}
            gain = at(prior.get("gain", [[0] * m] * p[i]), t, 2)
            cov = at(prior.get("cov", np.eye(p[i], dtype=int)), t, 2)
            mean = at(prior.get("mean", [0] * p[i]), t, 1)
            assert (game.prior_gain[i][t] == gain).all()
            assert (game.prior_cov[i][t] == cov).all()
            assert (game.prior_mean[i][t] == mean).all()
        for t in range(T + 1):
            assert (game.x_linear[i][t] == at(given["x_linear"][i], t, 1)).all()
    for t in range(T):
        assert (game.noise[t] == at(given["noise_cov"], t, 2)).all()
        assert (game.drift[t] == at(given["drift"], t, 1)).all()
    assert game.discount == tuple(given["discount"])


def test_a_constant_matrix_is_one_object_in_every_accessor():
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]] * 2, Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=1, noise_cov=[[1]], horizon=3,
        S=[[[1]], [[2]]], drift=[1],
    )  # fmt: skip
    every = [game.joint_R, game.joint_S, game.prior_gain, game.prior_cov, game.homogeneous.Q]
    every += [game.homogeneous.B, (game.noise,), (game.homogeneous.A,)]
    assert all(X is over_time[0] for agents in every for over_time in agents for X in over_time)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stage_of_the_homogeneous_game_costs_and_moves_the_same(seed):
    game, draw = general_game(seed), np.random.default_rng(seed)
    bare = game.homogeneous
    assert bare.homogeneous is bare
    assert (bare.drift, bare.x_linear, bare.u_linear, bare.prior_mean) == (None,) * 4
    assert bare.state_size == m + 1
    for t in range(T):
        x, u = exact(draw.integers(-4, 5, m).tolist()), exact(draw.integers(-4, 5, n).tolist())
        z = np.concatenate([[Fraction(1)], x])
        B, B_bare = (np.hstack([B_i[t] for B_i in g.B]) for g in (game, bare))
        moved = game.A[t] @ x + B @ u + game.drift[t]
        assert (bare.A[t] @ z + B_bare @ u == np.concatenate([[1], moved])).all()
        assert (bare.noise[t][1:, 1:] == game.noise[t]).all()
        assert not bare.noise[t][0].any()
        for i in range(2):
            cost = x @ game.Q[i][t] @ x + u @ game.joint_R[i][t] @ u
            cost += 2 * (u @ game.joint_S[i][t] @ x + game.x_linear[i][t] @ x)
            cost += 2 * (game.joint_u_linear[i][t] @ u)
            again = z @ bare.Q[i][t] @ z + u @ bare.joint_R[i][t] @ u
            assert cost == again + 2 * (u @ bare.joint_S[i][t] @ z)
            mean = game.prior_gain[i][t] @ x + game.prior_mean[i][t]
            assert (bare.prior_gain[i][t] @ z == mean).all()
            assert (bare.prior_cov[i][t] == game.prior_cov[i][t]).all()
    assert (bare.x0_mean == np.concatenate([[1], game.x0_mean])).all()
    assert (bare.x0_cov[1:, 1:] == game.x0_cov).all()
    assert not bare.x0_cov[0].any()


def test_drift_alone_leaves_a_game_of_the_papers_class():
    plain = {key: letters(1)[key] for key in ("A", "B", "Q", "drift", "horizon")}
    R = [[[1]], [[1, 0], [0, 1]]]
    game = Game.from_arrays(**plain, R=R, tau=1, noise_cov=np.eye(m, dtype=int))
    assert game.beyond == ("drift",)
    assert game.homogeneous.beyond == ()
    assert gallery("lqr").homogeneous.beyond == ()


def given_at_defaults():
    R, zero = [[[2, 0, 0], [0] * 3, [0] * 3]], [0] * m
    own = [[[2]], [[1, 0], [0, 1]]]
    base = {k: letters(3)[k] for k in ("A", "B", "Q", "horizon")}
    base |= {"R": own, "tau": "1/2", "noise_cov": np.eye(m, dtype=int)}
    return base, {
        "R": [*R, own[1]],
        "tau": ["1/2", [0.5] * T],
        "noise_cov": [np.eye(m)] * T,
        "S": [[[0] * m], [[0] * m] * n],
        "drift": [zero] * T,
        "x_linear": [zero] * 2,
        "u_linear": [[0], [0] * n],
        "discount": [1, 1.0],
        "prior": [{"gain": [[0] * m], "cov": [[1]]}, {"mean": [0, 0]}],
    }


def test_a_letter_at_its_default_is_no_letter():
    base, defaults = given_at_defaults()
    game = Game.from_arrays(**base)
    assert not game.general
    for key, value in defaults.items():
        written_out = Game.from_arrays(**{**base, key: value})
        assert written_out.beyond == ()
        assert written_out.hash == game.hash
    assert Game.from_arrays(**base, prior=[None, None]).hash == game.hash


def test_the_hash_does_not_depend_on_how_a_game_was_written():
    base, _ = given_at_defaults()
    narrow = Game.from_arrays(**base, S=[[[1, 2]], [[0, 0], [1, 1]]], u_linear=[[1], [0, 2]])
    wide = Game.from_arrays(
        **base,
        S=[[[1.0, 2.0], [0, 0], [0, 0]], [[[0, 0], [0, 0], [1, 1]]] * T],
        u_linear=[[1, 0, 0], [[0, 0, 2]] * T],
    )
    assert narrow.hash == wide.hash
    assert wide.S[0][0].shape == (1, m)
    assert {general_game(seed).hash for seed in SEEDS} | {narrow.hash} >= {narrow.hash}
    assert len({general_game(seed).hash for seed in SEEDS}) == len(SEEDS)
    for letter in BEYOND:
        without = {letter.place[0]: None}
        assert general_game(0, **without).hash != general_game(0).hash


@pytest.mark.parametrize("end", [".json", ".npz", ".mat"])
@pytest.mark.parametrize("seed", SEEDS)
def test_files_keep_every_letter(tmp_path, seed, end):
    game = general_game(seed) if end == ".json" else general_game(seed).rounded()
    path = tmp_path / f"game{end}"
    game.save(path)
    again = load_game(path)
    assert again.hash == game.hash
    assert again.beyond == game.beyond
    for letter in GAME:
        assert (letter.of(game) is None) == (letter.of(again) is None)


@pytest.mark.parametrize("end", [".json", ".npz", ".mat"])
def test_files_keep_games_of_one_state_one_control_one_stage(tmp_path, end):
    """Where MATLAB drops axes of length 1, and rows and columns look alike."""
    for T_one, shape in ((1, 1), (3, 1), (1, 2), (2, 2)):
        eye = np.eye(shape)
        game = Game.from_arrays(
            A=eye, B=[np.ones((shape, 1))] * 2, Q=[eye] * 2, R=[[[1.0]]] * 2, noise_cov=eye,
            tau=[[0.5 + t for t in range(T_one)], 2.0], horizon=T_one, S=[np.ones((1, shape))] * 2,
            drift=np.arange(1.0, 1 + T_one * shape).reshape(T_one, shape),
            x_linear=[np.arange(1.0, 1 + (T_one + 1) * shape).reshape(-1, shape)] * 2,
            u_linear=[np.arange(1.0, 1 + T_one).reshape(T_one, 1), [3.0]],
            prior=[{"mean": np.arange(1.0, 1 + T_one).reshape(T_one, 1)}, None],
        )  # fmt: skip
        path = tmp_path / f"game{end}"
        game.save(path)
        assert load_game(path).hash == game.hash


def test_toml_has_the_same_keys(tmp_path):
    path = tmp_path / "game.toml"
    path.write_text("""
        format = "ergs-game/1"
        horizon = 2
        tau = [1, "1/2"]
        discount = "0.9"
        indefinite = true
        A = [[1]]
        B = [[[1]], [[2]]]
        Q = [[[-1]], [[1]]]
        R = [[[1, 0], [0, -1]], [[1]]]
        S = [[["1/4"]], [[0]]]
        drift = [[1], [2]]
        noise_cov = [[1]]
        [[prior]]
        gain = [[1]]
        [[prior]]
        """)
    game = load_game(path)
    assert game.beyond == ("tau", "discount", "drift", "R", "S", "prior", "indefinite")
    assert game.discount == (Fraction(9, 10),) * 2
    assert repr(game) == (
        'Game("", N=2, m=1, p=(1, 1), T=2, with tau, discount, drift, R, S, prior, indefinite)'
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_floats_are_the_exact_entries_rounded(seed):
    game = general_game(seed)
    near = game.floats()
    assert near.general
    assert near.joint_R[1].shape == (T, n, n)
    for i in range(2):
        pairs = [
            (near.joint_R[i], game.joint_R[i]),
            (near.joint_S[i], game.joint_S[i]),
            (near.u_linear[i], game.joint_u_linear[i]),
            (near.x_linear[i], game.x_linear[i]),
            (near.tau_of[i], game.tau_of[i]),
            (near.prior_gain[i], game.prior_gain[i]),
            (near.prior_mean[i], game.prior_mean[i]),
            (near.prior_cov[i], game.prior_cov[i]),
        ]
        for floats, entries in pairs:
            assert floats.dtype == np.float64
            assert (floats == np.array(entries, dtype=float)).all()
    assert near.discount == tuple(map(float, game.discount))
    assert (near.drift == np.array(game.drift, dtype=float)).all()
    plain = gallery("lqr").floats()
    assert (plain.general, plain.joint_R, plain.discount) == (False, None, None)


def test_there_is_not_one_tau_or_noise_where_they_differ():
    game = general_game(0, noise_cov=[np.eye(m, dtype=int) * k for k in (1, 2, 3)])
    with pytest.raises(InputError, match="tau differs between agents or times"):
        _ = game.tau
    with pytest.raises(InputError, match="noise_cov varies over time"):
        _ = game.noise_cov
    assert game.floats().tau is None
    assert game.floats().noise_cov is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_of_a_game_is_the_game_of_its_letters(seed):
    game = general_game(seed)
    part = game.part(stages=[1, 2], agents=[1], states=[0])
    assert (part.agents, part.state_size, part.horizon, part.control_sizes) == (1, 1, 2, (2,))
    for t in range(2):
        assert (part.joint_R[0][t] == game.joint_R[1][t + 1][1:, 1:]).all()
        assert (part.joint_S[0][t] == game.joint_S[1][t + 1][1:, :1]).all()
        assert (part.joint_u_linear[0][t] == game.joint_u_linear[1][t + 1][1:]).all()
        assert (part.full("x_linear")[0][t] == game.x_linear[1][t + 1][:1]).all()
        assert part.tau_of[0][t] == game.tau_of[1][t + 1]
        assert (part.noise[t] == game.noise[t + 1][:1, :1]).all()
    assert part.discount == game.discount[1:]
    assert game.part().hash == game.hash


# --- bad input -----------------------------------------------------------------------------------

BASE = {
    "A": [[1, 0], [0, 1]], "B": [[[0], [1]], [[1, 0], [0, 1]]],
    "Q": [[[1, 0], [0, 1]]] * 2, "R": [[[1]], [[1, 0], [0, 1]]],
    "tau": 1, "noise_cov": [[0, 0], [0, 0]],
}  # fmt: skip
DOCUMENT = {"format": "ergs-game/1", "horizon": 2, **BASE}
NEGATIVE = '; with "indefinite": true it need not be'
TRANSPOSED = "; its transpose would fit"
BAD = [
    ("S", [[[0], [0]], [[0, 0], [0, 0]]], "S[0] (agent 1) is 2×1 but must be 1×2 (p_i×m) or 3×2 "
     "(n×m, all agents' controls stacked)" + TRANSPOSED),
    ("S", [[[0, 0], [0, 0]], [[0, 0]]], "S[0] (agent 1) is 2×2 but must be 1×2 (p_i×m) or 3×2 "
     "(n×m, all agents' controls stacked); it would fit agent 2"),
    ("S", [[[0, 0]]], "S has entries for 1 agent but B for 2"),
    ("S", [[[0, 0]], [[[0, 0], [0, 0]]] * 3], "S[1] (agent 2) lists 3 matrices over time, but the "
     "horizon is 2, so 2 are needed"),
    ("S", [[[0, "x"]], [[0, 0], [0, 0]]], 'S[0][0][1] (agent 1) is "x", which is not a number'),
    ("S", None, "S is null; leave it out"),
    ("R", [[[1, 1, 0], [0, 1, 0], [0, 0, 1]], [[1, 0], [0, 1]]],
     "R[0] (agent 1) is not symmetric: entry [0][1] is 1 but entry [1][0] is 0"),
    ("R", [[[1, 0, 0], [0, -1, 0], [0, 0, 1]], [[1, 0], [0, 1]]], "R[0] (agent 1) has the "
     "eigenvalue -1, so it is not positive semidefinite" + NEGATIVE),
    ("R", [[[0, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0], [0, 1]]], "the agent's own block of R[0] "
     "(agent 1) has the eigenvalue 0, so it is not positive definite" + NEGATIVE),
    ("Q", [[[-1, 0], [0, 1]], [[1, 0], [0, 1]]], "Q[0] (agent 1) has the eigenvalue -1, so it is "
     "not positive semidefinite" + NEGATIVE),
    ("drift", [1], "drift has length 1 but must have length 2 (m, with A m×m)"),
    ("drift", [[1, 0]] * 3, "drift lists 3 vectors over time, but the horizon is 2, so 2 are "
     "needed"),
    ("drift", [1, True], "drift[1] is the boolean true, not a number"),
    ("x_linear", [[1, 0], [1]], "x_linear[1] (agent 2) has length 1 but must have length 2 (m, "
     "with A m×m)"),
    ("x_linear", [[1, 0], [[1, 0]] * 2], "x_linear[1] (agent 2) lists 2 vectors over time, but "
     "the horizon is 2, so 3 are needed, the last of them for t = T"),
    ("u_linear", [[1, 0], [1, 0]], "u_linear[0] (agent 1) has length 2 but must have length 1 "
     "(p_i, with B m×p_i) or length 3 (n, all agents' controls stacked); it would fit agent 2"),
    ("tau", [1, -1], "tau[1] (agent 2) is -1, but must be ≥ 0"),
    ("tau", [1, [1, "-1/2"]], "tau[1][1] (agent 2, t = 1) is -1/2, but must be ≥ 0"),
    ("tau", [1, [1, 1, 1]], "tau[1] (agent 2) has 3 numbers, but 2 are needed"),
    ("tau", [1], "tau has entries for 1 agent but B for 2"),
    ("discount", 0, "discount is 0, but must be > 0 and ≤ 1"),
    ("discount", -1, "discount is -1, but must be > 0 and ≤ 1"),
    ("discount", "1.05", "discount is 1.05, but must be > 0 and ≤ 1"),
    ("discount", [1, 0], "discount[1] (agent 2) is 0, but must be > 0 and ≤ 1"),
    ("discount", [1, [1, 1]], "discount[1] (agent 2) is a list, not a number"),
    ("discount", True, "discount is the boolean true, not a number"),
    ("prior", {"gain": 1}, "prior must be a list with an entry per agent"),
    ("prior", [None], "prior has entries for 1 agent but B for 2"),
    ("prior", [None, 3], 'prior[1] must be an object with the keys "gain" and "mean" and "cov"'),
    ("prior", [None, {"covariance": 1}],
     'prior[1]."covariance" is an unknown key; the nearest known one is "prior[1].cov"'),
    ("prior", [{"cov": [[0]]}, None],
     "prior[0].cov (agent 1) has the eigenvalue 0, so it is not positive definite"),
    ("prior", [{"cov": [[1, 0], [0, 1]]}, None], "prior[0].cov (agent 1) is 2×2 but must be 1×1 "
     "(p_i×p_i, with B m×p_i); it would fit agent 2"),
    ("prior", [{"gain": [[1], [0]]}, None],
     "prior[0].gain (agent 1) is 2×1 but must be 1×2 (p_i×m)" + TRANSPOSED),
    ("prior", [{"mean": [0, 0]}, None], "prior[0].mean (agent 1) has length 2 but must have "
     "length 1 (p_i, with B m×p_i); it would fit agent 2"),
    ("noise_cov", [[[1, 0], [0, 1]], [[1, 0], [0, -1]]],
     "noise_cov[1] (t = 1) has the eigenvalue -1, so it is not positive semidefinite"),
    ("indefinite", "yes", "indefinite must be true or false"),
    ("indefinite", 1, "indefinite must be true or false"),
    ("beta", 1, '"beta" is an unknown key; a discount factor is "discount"'),
    ("gamma", 1, '"gamma" is an unknown key; a discount factor is "discount"'),
    ("R12", 1, '"R12" is an unknown key; a cost on all agents\' controls is an n×n entry of "R"'),
    ("N", 1, "\"N\" is an unknown key; a cost 2u'Sx of control and state is \"S\""),
    ("rho", 1, '"rho" is an unknown key; a discount factor is "discount"'),
    ("q", 1, "\"q\" is an unknown key; a cost 2q'x is \"x_linear\""),
    ("r", 1, "\"r\" is an unknown key; a cost 2r'u is \"u_linear\""),
    ("Lambda", 1, '"Lambda" is an unknown key; a Gaussian prior is "prior"'),
    ("W", 1, '"W" is an unknown key; the covariance of the noise is "noise_cov"'),
    ("S", [None, [[0, 0], [0, 0]]], "S[0] (agent 1) must be a matrix, a list of rows, not null"),
    ("drift", [[1], [0]], "drift[0] (t = 0) has length 1 but must have length 2"),
    ("prior", [None, {"cov": [[1, 1], [1, 1]]}],
     "prior[1].cov (agent 2) has the eigenvalue 0, so it is not positive definite"),
    ("prior", [None, {"cov": [[1, 1], [0, 1]]}], "prior[1].cov (agent 2) is not symmetric"),
    ("horizon", "infinity", 'horizon must be a whole number ≥ 1 or "infinite"'),
    ("M", 1, "\"M\" is an unknown key; a cost 2u'Sx of control and state is \"S\""),
    ("c", 1, '"c" is an unknown key; a constant in the dynamics is "drift"'),
    ("QT", 1, '"QT" is an unknown key; the last of a list over time of "Q" is terminal'),
    ("x0_mean", 1, '"x0_mean" is an unknown key; they go into "x0"'),
    ("prior_cov", 1, '"prior_cov" is an unknown key; a Gaussian prior is "prior"'),
    *((key, 1, f'"{key}" is an unknown key; a cost on all agents\' controls is an n×n entry of "R"')
      for key in ("joint_R", "R_joint", "Rij", "joint_S")),
    ("constant", 1, '"constant" is an unknown key; a constant in the dynamics is "drift"'),
    ("reference", 1, '"reference" is an unknown key; a Gaussian prior is "prior"'),
    ("prior", [{"M": [[1, 0]]}, None],
     'prior[0]."M" is an unknown key; M of N(Mx + mean, Λ) is "gain"'),
    ("prior", [{"Lambda": [[1]]}, None],
     'prior[0]."Lambda" is an unknown key; its covariance is "cov"'),
    ("driftt", 1, '"driftt" is an unknown key; the nearest known one is "drift"'),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "message"), BAD)
def test_bad_general_games_are_refused_naming_the_place(tmp_path, key, value, message):
    path = tmp_path / "game.json"
    path.write_text(json.dumps({**DOCUMENT, key: value}))
    with pytest.raises(FileFormatError) as caught:
        load_game(path)
    assert caught.value.message.removeprefix(f"{path}: ").startswith(message)
    known = key in {letter.name for letter in GAME} or key in ("prior", "indefinite")
    if known and value is not None and key not in ("x0_mean", "prior_cov"):
        with pytest.raises(InputError) as caught:
            Game.from_arrays(**{**BASE, "horizon": 2, key: value})
        assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"S_1": np.ones((1, 2))}, 'the array "S_2" is missing'),
        ({"tau_1": 1.0}, 'give either "tau" or "tau_1" and so on, not both'),
        ({"drift": np.ones(3)}, "drift has length 3 but must have length 2"),
        ({"discount_1": 0.5, "discount_2": 2.0}, "discount_2 (agent 2) is 2.0, but must be > 0"),
        ({"prior_cov_1": [[0.0]]}, "prior_cov_1 (agent 1) has the eigenvalue 0"),
        ({"prior_gain_3": [[0.0]]}, 'the array "B_3" is missing'),
        ({"B_1": 3.0}, "B_1 (agent 1) must be a matrix, not an array of shape ()"),
        ({"beta": 0.5}, '"beta" is an unknown key; a discount factor is "discount"'),
        ({"indefinite": 2.0}, "indefinite must be true or false"),
        ({"u_linear_1": np.ones((2, 2)), "u_linear_2": np.ones(2)}, "u_linear_1[0] (agent 1, t = "
         "0) has length 2 but must have length 1"),
    ],
)  # fmt: skip
def test_bad_arrays_of_general_games(tmp_path, arrays, message):
    path = tmp_path / "game.npz"
    given = {"A": np.eye(2), "noise_cov": np.eye(2), "tau": 1.0, "horizon": 2.0}
    for i, size in enumerate((1, 2), start=1):
        given |= {f"B_{i}": np.ones((2, size)), f"Q_{i}": np.eye(2), f"R_{i}": np.eye(size)}
    np.savez(path, **{**given, **arrays})
    with pytest.raises(FileFormatError) as caught:
        load_game(path)
    assert caught.value.message.removeprefix(f"{path}: ").startswith(message)


def test_an_indefinite_game_is_taken_where_it_says_so():
    game = Game.from_arrays(
        **{**BASE, "Q": [[[-1, 0], [0, 1]]] * 2, "R": [[[-1]], [[0, 0], [0, 0]]]},
        horizon=2, indefinite=True,
    )  # fmt: skip
    assert game.beyond == ("indefinite",)
    assert game_document(game)["indefinite"] is True


# --- what does not know the class yet, and the table -----------------------------------------

COMPUTES = {"the bounds from the data alone": data_norms}


@pytest.mark.parametrize("what", COMPUTES)
@pytest.mark.parametrize("key", ["S", "drift", "discount", "prior"])
def test_what_knows_the_papers_class_alone_refuses_the_rest(what, key):
    value = {"S": [[[1, 1]], [[0, 0], [0, 0]]], "drift": [1, 0], "discount": "1/2"}
    value["prior"] = [{"cov": [[2]]}, None]
    game = Game.from_arrays(**BASE, horizon=2, **{key: value[key]})
    with pytest.raises(InputError, match=f"{what} takes only games of the paper's class"):
        COMPUTES[what](game)


def test_every_letter_has_its_attribute():
    game = general_game(0)
    for letter in GAME:
        assert letter.of(game) is not None, letter.name


def test_policies_of_affine_games(tmp_path):
    given = {
        "K": [[[[1, 0]]] * T, [[[1, 0], [0, 1]]] * T],
        "k": [[[t] for t in range(T)], [[t, 1] for t in range(T)]],
        "P": [[[[1, 0], [0, 1]]] * (T + 1)] * 2,
        "s": [[[t, 0.5] for t in range(T + 1)]] * 2,
        "q": [[0.5] * (T + 1)] * 2,
    }
    policy = Policy.from_arrays(**given)
    policy.validate(general_game(0))
    assert repr(policy) == "Policy(N=2, T=3, deterministic, with k, P, s, q)"
    bare = policy.homogeneous
    assert bare.K[1][2].tolist() == [[2, 1, 0], [1, 0, 1]]
    assert bare.P[0][3].tolist() == [[0, 3, 0.5], [3, 1, 0], [0.5, 0, 1]]
    bare.validate(general_game(0).homogeneous)
    for end in (".json", ".npz", ".mat"):
        path = tmp_path / f"solution{end}"
        policy.save(path)
        again = load_solution(path)
        assert [x.tolist() for x in again.k[1]] == [x.tolist() for x in policy.k[1]]
        assert [x.tolist() for x in again.s[0]] == [x.tolist() for x in policy.s[0]]
    plain = Game.from_arrays(**BASE, horizon=T)
    with pytest.raises(InputError, match="k is not 0"):
        policy.validate(plain)
    for letter, value, message in (
        ("k", [[[1, 2]] * T] * 2, r"k\[0\]\[0\] \(agent 1, t = 0\) has length 2 but must have"),
        ("s", [[[1]] * (T + 1)] * 2, r"s\[0\]\[0\] \(agent 1, t = 0\) has length 1 but must have"),
    ):
        with pytest.raises(InputError, match=message):
            Policy.from_arrays(**{**given, letter: value}).validate(general_game(0))
    with pytest.raises(InputError, match=r"s\[0\] \(agent 1\) lists 3 vectors over time"):
        Policy.from_arrays(**{**given, "s": [[[1, 0]] * T] * 2})
