"""Audits of stationary games: right answers pass, and mistakes made by hand are named."""

import json
from fractions import Fraction

import numpy as np
import pytest
from stationary_reference import Reference, random_game

from ergs_verify import Game, Policy, audit, gallery, load_game, solve
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.cli import main
from ergs_verify.errors import InputError
from ergs_verify.pytest_plugin import assert_equilibrium
from ergs_verify.report.audit import audit_legend


def scalar(a, *, q=1, r=1, gamma=None, agents=1, tau=0, **more):
    given = {"A": [[a]], "B": [[[1]]] * agents, "Q": [[[q]]] * agents, "R": [[[r]]] * agents}
    more = {"noise_cov": [[1]], "horizon": "infinite", "discount": gamma} | more
    return Game.from_arrays(**given, tau=tau, **more)


def two_agents(gamma=0.9, *, tau=0):
    """Two agents with a control each on three states, in float64."""
    draw = np.random.default_rng(5)
    A = draw.normal(size=(3, 3)) * 0.6
    B = [draw.normal(size=(3, 1)), draw.normal(size=(3, 1))]
    Q = [np.diag([1.0, 2.0, 0.5]), np.diag([0.5, 1.0, 3.0])]
    return Game.from_arrays(
        A=A, B=B, Q=Q, R=[[[1.0]], [[2.0]]], tau=tau, discount=gamma, noise_cov=np.eye(3),
        horizon="infinite", x0_mean=[1, 1, 1], x0_cov=np.eye(3),
    )  # fmt: skip


class ByHand:
    """A solver of `two_agents` in numpy, with room for mistakes."""

    def __init__(self, game, *, of_gains=1.0, of_costs=1.0, tau=None, in_turn=False):
        arrays = game.floats()
        self.A, self.B, self.Q = arrays.A, arrays.B, arrays.Q
        taus = [t[()] for t in arrays.tau_of] if tau is None else tau
        self.R = [R + t / 2 for R, t in zip(arrays.R, taus, strict=True)]
        rate = float(game.discount[0])
        self.of_gains, self.of_costs = rate**of_gains, rate**of_costs
        self.in_turn = in_turn
        self.P = [np.zeros((3, 3))] * 2

    def step(self):
        A, B, P, rate = self.A, self.B, self.P, self.of_gains
        W = [self.R[i] + rate * B[i].T @ P[i] @ B[i] for i in range(2)]
        if self.in_turn:  # agent 2 sees the first control, and the first agent knows it
            second = -np.linalg.solve(W[1], rate * B[1].T @ P[1])
            A_1, B_1 = A + B[1] @ second @ A, B[0] + B[1] @ second @ B[0]
            W_1 = self.R[0] + rate * B_1.T @ P[0] @ B_1
            K_1 = -np.linalg.solve(W_1, rate * B_1.T @ P[0] @ A_1)
            K = [K_1, second @ (A + B[0] @ K_1)]
        else:
            phi = np.block(
                [[W[0], rate * B[0].T @ P[0] @ B[1]], [rate * B[1].T @ P[1] @ B[0], W[1]]]
            )
            rhs = np.vstack([rate * B[i].T @ P[i] @ A for i in range(2)])
            K = np.vsplit(-np.linalg.solve(phi, rhs), 2)
        F = A + B[0] @ K[0] + B[1] @ K[1]
        self.P = [
            self.Q[i] + K[i].T @ self.R[i] @ K[i] + self.of_costs * F.T @ P[i] @ F for i in range(2)
        ]
        self.P = [(X + X.T) / 2 for X in self.P]
        return K

    def run(self, steps=300):
        for _ in range(steps):
            K = self.step()
        return {"K": K, "P": self.P}


def names(found):
    return [one.id for one in found.diagnosis or ()]


@pytest.mark.parametrize("seed", range(4))
def test_the_references_numbers_pass(seed):
    given = random_game(seed)
    game, reference = Game.from_arrays(**given), Reference(given)
    K, Sigma, P = reference.nash()

    def floats(X):
        return np.array(X.tolist(), dtype=float)

    q = [float(reference.constant(i, P[i], Sigma)) for i in range(reference.N)]
    stated = {
        "K": [floats(K)[start:stop] for start, stop in reference.ends],
        "Sigma": [(X + X.T) / 2 for X in map(floats, Sigma)],
        "P": [(X + X.T) / 2 for X in map(floats, P)],
        "q": q,
    }
    found = audit(game, stated)
    assert (found.verdict, found.stability) == ("pass", "proved")
    assert found.root.stabilising == "proved"
    assert all(one.verdict == "pass" for one in found.costs.values())
    assert found.costs.keys() == {"P", "q"}
    assert min(one.needed for one in found.quantities.values()) > 9
    # A digit too few of one number fails, wherever it is.
    for letter in stated:
        off = [X * (1 + 1e-6) if i == 0 else X for i, X in enumerate(stated[letter])]
        wrong = audit(game, stated | {letter: off}, explain=False)
        assert wrong.verdict == "fail"
        assert wrong.quantities[letter].agent == 1


def test_a_solver_by_hand_passes():
    game = two_agents()
    found = audit(game, ByHand(game).run())
    assert found.verdict == "pass"
    assert found.notes[0].startswith("The closed loop √γ_i")
    assert found.as_json()["stability"] == "proved"
    assert "t" not in found.tables[1][0]


def test_stopped_early_tells_after_how_many_iterations():
    game = two_agents()
    found = audit(game, ByHand(game).run(6))
    assert found.verdict == "fail"
    assert names(found)[0] == "stopped-early"
    assert "after 6 iterations from P = 0" in found.diagnosis[0].message
    assert found.diagnosis[0].digits > 12
    assert found.costs["P"].verdict == "fail"


def test_p_of_the_iterate_before():
    game = two_agents()
    solver = ByHand(game)
    solver.run(5)
    before = solver.P
    found = audit(game, {"K": solver.step(), "P": before})
    assert names(found)[0] == "P-of-another-iterate"
    assert "after 6 iterations" in found.diagnosis[0].message


def test_one_stage_in_place_of_all():
    game = two_agents()
    solver = ByHand(game)
    solver.P = list(solver.Q)
    found = audit(game, {"K": solver.step(), "P": solver.P})
    assert names(found)[0] == "one-stage"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"of_costs": 0}, "F'PF in place of γF'PF"),
        ({"of_gains": 0}, "of the gains"),
        ({"of_gains": 0, "of_costs": 0}, "altogether"),
    ],
)
@pytest.mark.parametrize("stated", [("K",), ("K", "P")])
def test_the_discount_left_out(mistake, said, stated):
    game = two_agents()
    answer = ByHand(game, **mistake).run()
    found = audit(game, {letter: answer[letter] for letter in stated})
    assert found.verdict == "fail"
    told = [one for one in found.diagnosis if one.id == "discount-left-out-of-the-loop"]
    assert told
    assert said in told[0].message
    assert told[0].digits > 10


def test_one_after_the_other_in_place_of_at_once():
    game = two_agents()
    found = audit(game, ByHand(game, in_turn=True).run())
    assert names(found)[0] == "sequential-for-simultaneous"
    assert "agent 1 first" in found.diagnosis[0].message


@pytest.mark.parametrize("stated", [("K",), ("K", "P")])
def test_a_tau_of_its_own(stated):
    game = two_agents(tau=["1/2", 2])
    answer = ByHand(game, tau=[2, 0.5]).run()
    found = audit(game, {letter: answer[letter] for letter in stated})
    assert names(found) == ["tau-of-another-agent"]


def test_another_sign_is_a_convention():
    game = two_agents()
    answer = ByHand(game).run()
    minus = {"K": [-X for X in answer["K"]], "P": answer["P"]}
    assert "sign-of-K" in names(audit(game, minus))
    assert audit(game, minus, conventions="negative-gain").verdict == "pass"


@pytest.mark.parametrize(("conventions", "factor"), [("half-costs", 0.5), ("half-values", 2)])
def test_conventions_of_costs(conventions, factor):
    game = two_agents()
    answer = ByHand(game).run()
    half = {"K": answer["K"], "P": [factor * X for X in answer["P"]]}
    assert audit(game, half).verdict == "fail"
    assert audit(game, half, conventions=conventions).verdict == "pass"


def test_a_root_that_does_not_stabilise():
    """a = 2, q = 0: P = 0 solves the equation, with K = 0."""
    found = audit(scalar(2, q=0), {"K": [[[0]]], "P": [[[0]]]})
    assert (found.verdict, found.judged_by, found.stability) == ("fail", "stability", "refuted")
    assert found.root.stabilising == "refuted"
    assert names(found) == ["root-that-does-not-stabilise"]
    assert "not a stabilising root" in " ".join(found.notes)
    assert found.certificate is None


def test_no_root():
    found = audit(scalar(2), {"K": [[[-1.5]]], "P": [[[3]]]})
    assert found.root.stabilising is None
    assert found.verdict == "fail"
    assert found.costs["P"].wrong


def test_a_unit_root_fails():
    found = audit(scalar(1), {"K": [[[0]]]})
    assert (found.verdict, found.stability) == ("fail", "refuted")


def test_p_of_a_right_policy_may_be_wrong():
    game = two_agents()
    answer = ByHand(game).run()
    found = audit(game, {"K": answer["K"], "P": [2 * X for X in answer["P"]]})
    assert found.title.startswith("fail: an equilibrium")
    assert not found.wrong_policy


def test_a_right_cost_of_another_policy():
    game = scalar(1, gamma="1/2")
    found = audit(game, {"K": [[["-1/4"]]], "P": [[[str(Fraction(17, 16) / Fraction(23, 32))]]]})
    assert found.verdict == "fail"
    assert found.costs["P"].verdict == "pass"


def test_epsilon():
    game = scalar(1)
    K = {"K": [[["-1/2"]]]}
    gap = float(audit(game, K).gap.agents[0].gap.lo)  # 5/3 less the golden ratio
    assert audit(game, K, epsilon=gap * 1.01).verdict == "pass"
    assert audit(game, K, epsilon=gap * 0.99).verdict == "fail"
    assert audit(game, {"K": [[[0]]]}, epsilon=100).judged_by == "stability"


def test_the_nearest_of_several_equilibria():
    game = scalar(3, gamma="15/16", agents=2)
    every = solve(game)
    for one in (every, *every.others):
        assert audit(game, one.policy).verdict == "pass"
        off = {"K": [X + 1e-5 for X in one.K]}
        found = audit(game, off, explain=False)
        assert found.verdict == "fail"
        assert "3 stationary equilibria were found" in " ".join(found.notes)
        assert found.quantities["K"].max_error == pytest.approx(1e-5, rel=1e-3)


def test_without_an_equilibrium_the_gaps_decide():
    """Both agents hold one control: what they do together is best, how they share it is open."""
    game = Game.from_arrays(
        A=[["1/2"]], B=[[[1]], [[1]]], Q=[[[1]], [[1]]], R=[[[0]], [[0]]], tau=0,
        noise_cov=[[1]], horizon="infinite", indefinite=True,
    )  # fmt: skip
    shared = audit(game, {"K": [[["-1/8"]], [["-3/8"]]]})
    assert (shared.verdict, shared.judged_by, shared.equilibrium.kind) == (
        "pass", "gap", "undecided",
    )  # fmt: skip
    off = audit(game, {"K": [[["-1/8"]], [["-1/4"]]]})
    assert (off.verdict, off.judged_by) == ("fail", "gap")


def test_affine_terms():
    game = scalar("1/2", gamma="1/2", drift=[1])
    solution = solve(game)
    assert audit(game, solution.policy).verdict == "pass"
    wrong = {"K": solution.K, "k": [X + 1e-6 for X in solution.k]}
    assert audit(game, wrong, explain=False).quantities["k"].wrong
    dropped = audit(game, {"K": solution.K, "k": [[0.0]]})
    assert "affine-term-dropped" in names(dropped)


def test_affine_terms_dropped_in_a_game_of_several_states():
    """The misread game has another state than (1, x)."""
    given = {
        "A": [["1/2", "1/4"], [0, "1/2"]], "B": [[[1], [0]], [[0], [1]]], "R": [[[1]], [[2]]],
        "Q": [[[1, 0], [0, 2]], [[2, 1], [1, 1]]], "tau": 1, "discount": "9/10",
        "noise_cov": [[1, 0], [0, 1]], "horizon": "infinite",
    }  # fmt: skip
    game = Game.from_arrays(**given, drift=[1, -1])
    without = solve(Game.from_arrays(**given))
    dropped = {letter: getattr(without, letter) for letter in ("K", "Sigma", "P")}
    found = audit(game, dropped | {"k": [[0.0], [0.0]], "s": [[0.0, 0.0]] * 2})
    assert "affine-term-dropped" in names(found)


def test_float32_and_tolerances_have_lower_bars():
    game = two_agents()
    answer = ByHand(game).run()
    short = {"K": [X.astype(np.float32).astype(float) for X in answer["K"]]}
    assert audit(game, short, explain=False).verdict == "fail"
    assert audit(game, short, dtype="float32").verdict == "pass"
    early = ByHand(game).run(40)
    assert audit(game, {"K": early["K"]}, tolerance=1e-4).verdict == "pass"


def test_a_sigma_that_is_no_covariance_fails():
    game = two_agents(tau=1)
    solution = solve(game)
    found = audit(game, {"K": solution.K, "Sigma": [-X for X in solution.Sigma]})
    assert found.title.startswith("fail: a stated Σ is not a covariance")
    assert "t = " not in " ".join(found.notes)


def test_a_time_axis_is_refused():
    game = two_agents()
    K = [[X] for X in ByHand(game).run()["K"]]
    with pytest.raises(InputError, match="horizon is infinite") as caught:
        audit(game, {"K": K})
    assert "\n" not in str(caught.value)


def test_arrays_without_time_axis_are_handed_to_solvers():
    arrays = two_agents(tau=["1/2", 1]).floats()
    assert arrays.A.shape == (3, 3)
    assert arrays.R[0].shape == (1, 1)
    assert (arrays.horizon, arrays.discount) == ("infinite", (0.9, 0.9))
    assert [float(t) for t in arrays.tau_of] == [0.5, 1.0]
    assert scalar(1).floats().discount == (1.0,)


def test_a_function_is_called_with_them():
    game = two_agents()
    outcome = FunctionSolver(function=lambda arrays: {"K": [np.zeros((1, 3))] * 2})(game)
    assert outcome.trouble is None
    assert outcome.policy.horizon == "infinite"


def test_assert_equilibrium():
    game = two_agents()
    assert_equilibrium(game, ByHand(game).run())
    assert_equilibrium(game, solve(game))
    with pytest.raises(AssertionError, match="stopped-early"):
        assert_equilibrium(game, ByHand(game).run(6))
    with pytest.raises(AssertionError, match="gave no policy"):
        assert_equilibrium(game, {"K": [np.zeros((3, 1))] * 2})
    assert_equilibrium(game, ByHand(game).run(6), epsilon=1)


# -- on the command line ---------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    game = two_agents()
    game.save(tmp_path / "game.json")
    for name, steps in (("right", 300), ("early", 6)):
        answer = ByHand(game).run(steps)
        Policy.from_arrays(**answer).save(tmp_path / f"{name}.json")
    Policy.from_arrays(K=[np.full((1, 3), 9.0)] * 2).save(tmp_path / "unstable.json")
    return tmp_path


def test_commands(files, capsys):
    game = str(files / "game.json")
    assert load_game(game).stationary
    proof = files / "proof.json"
    asked = ["audit", game, str(files / "right.json"), "--certificate", str(proof)]
    assert main([*asked, "--html", str(files / "a.html"), "--csv", str(files / "a.csv")]) == 0
    assert "pass: a stationary Nash equilibrium" in capsys.readouterr().out
    assert main(["recheck", str(proof)]) == 0
    assert "the policy is stable" in capsys.readouterr().out
    broken = json.loads(proof.read_text(encoding="utf-8"))
    broken["agents"][0]["P_lo"][0][0] = "1000"
    proof.write_text(json.dumps(broken), encoding="utf-8")
    assert main(["recheck", str(proof)]) == 1
    capsys.readouterr()
    assert main(["audit", game, str(files / "early.json"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["stability"] == "proved"
    assert told["quantities"]["K"]["t"] is None
    assert told["diagnosis"][0]["id"] == "stopped-early"
    missing = files / "none.json"
    asked = ["audit", game, str(files / "unstable.json"), "--certificate", str(missing)]
    assert main(asked) == 1
    assert "was not written" in capsys.readouterr().err
    assert not missing.exists()


def test_a_certificate_is_of_an_infinite_horizon(files, capsys):
    asked = ["audit", "g-star-2", str(files / "right.json"), "--certificate", "proof.json"]
    assert main(asked) == 2
    assert "horizon is infinite" in capsys.readouterr().err


def test_an_exact_equilibrium_reads_well():
    """Its gap is only known to be tiny; of an average cost it is one of a stage."""
    found = audit(gallery("stationary-root"), {"K": [[["-3/2"]]], "P": [[[3]]]})
    assert str(found.gap.agents[0].gap).startswith("at most ")
    assert "a stage on average" in audit_legend(found)
    assert "time t" not in audit_legend(found)
