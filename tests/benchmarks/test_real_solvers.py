"""The adapters of published solvers, with fakes in their place that solve what they are given."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import attrs
import numpy as np
import pytest

from ergs_verify import audit
from ergs_verify.engine import nash
from ergs_verify.game import FloatGame

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


def stages(A, B, Q, R, T, Q_T=None):
    """The equilibrium of T stages of a plain game, each matrix constant over time."""
    over_time = [np.repeat(np.asarray(Q_i, float)[None], T + 1, 0) for Q_i in Q]
    for i, end in enumerate(Q_T or ()):
        over_time[i][-1] = end
    return nash(
        FloatGame(
            A=np.repeat(A[None], T, 0),
            B=tuple(np.repeat(B_i[None], T, 0) for B_i in B),
            Q=tuple(over_time),
            R=tuple(np.repeat(R_i[None], T, 0) for R_i in R),
            noise_cov=np.zeros_like(A),
            tau=0.0,
            horizon=T,
            x0_mean=np.zeros(len(A)),
            x0_cov=np.eye(len(A)),
        )
    )


def stationary(A, B, Q, R):
    """Every agent's F in u = −Fx, and P."""
    found = stages(A, B, Q, R, 400)
    return [-K_i[0] for K_i in found.K], [P_i[0] for P_i in found.P]


class FakeLQ:
    def __init__(self, Q, R, A, B, C=None, T=None, Rf=None):
        self.A, self.B, self.state, self.control = A, B, R, Q
        self.C, self.P, self.d = C, Rf, 0.0

    def stationary_values(self):
        (F,), (P,) = stationary(self.A, [self.B], [self.state], [self.control])
        return P, F, 0.0

    def update_values(self):
        found = stages(self.A, [self.B], [self.state], [self.control], 1, [self.P])
        self.d += np.trace(self.P @ self.C @ self.C.T)
        self.F, self.P = -found.K[0][0], found.P[0][0]


def fake_nnash(A, B1, B2, R1, R2, Q1, Q2, S1, S2, W1, W2, M1, M2, max_iter):
    assert not any(np.any(X) for X in (S1, S2, W1, W2, M1, M2))
    F, P = stationary(A, [B1, B2], [R1, R2], [Q1, Q2])
    return *F, *P


class FakeNashLQR:
    def __init__(self, sizes, A, B, Q, R):
        self.given = A, np.split(B, np.cumsum(sizes)[:-1], axis=1), Q, R

    def solve(self, method):
        return SimpleNamespace(K_Nash=np.concatenate(stationary(*self.given)[0]))


class FakePyDiffGame:
    def __init__(self, A, objectives, *, Bs, is_input_discrete):
        assert is_input_discrete
        self.given = A, Bs, [one.Q for one in objectives], [one.R for one in objectives]

    def solve(self):
        self.K, self.P = stationary(*self.given)
        return self


@pytest.fixture
def fakes(monkeypatch):
    for name, content in {
        "quantecon": {"LQ": FakeLQ, "nnash": fake_nnash},
        "nashopt": {"NashLQR": FakeNashLQR},
        "jax": {"config": SimpleNamespace(update=lambda *_: None)},
        "PyDiffGame": {"DiscretePyDiffGame": FakePyDiffGame, "Objective": SimpleNamespace},
    }.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


def game_named(name):
    from benchmarks.real_solvers.games import STATIONARY

    return next(game for game in STATIONARY if game.name == name)


REGULATOR, GAME = "random regulator, m = 4, p = 2", "random, 2 agents, m = 4, p = 2 and 1"


def adapters():
    from benchmarks.real_solvers.solvers import STATIONARY

    return STATIONARY


def judged(game, answer):
    return audit(game, {"K": answer.K} | ({} if answer.P is None else {"P": answer.P}))


@pytest.mark.parametrize("place", range(6))
def test_a_right_solver_passes_and_one_of_the_wrong_sign_does_not(fakes, place):
    solver = adapters()[place]
    game = game_named(REGULATOR if 1 in solver.agents else GAME)
    answer = solver.function(game.one_stage.floats())
    right = judged(game, answer)
    assert (right.stability, right.verdict) == ("proved", "pass")
    wrong = judged(game, attrs.evolve(answer, K=[-K_i for K_i in answer.K]))
    assert wrong.stability == "refuted"
    assert wrong.verdict == "fail"


def test_every_adapter_is_tested():
    assert len(adapters()) == 6


def test_a_cost_that_does_not_come_back_is_seen(fakes):
    from benchmarks.real_solvers.solvers import scipy_dare

    game = game_named(REGULATOR)
    answer = scipy_dare(game.one_stage.floats())
    more = judged(game, attrs.evolve(answer, P=[answer.P[0] * (1 + 1e-6)]))
    assert more.costs["P"].verdict == "fail"
    assert 5 < more.costs["P"].digits < 8


def test_a_finite_horizon_passes_with_its_constants(fakes):
    from benchmarks.real_solvers.finite import READINGS, audits

    found = next(audits(READINGS[0]))
    assert found.verdict == "pass"
    assert set(found.costs) == {"P", "q"}


def test_what_a_solver_raises_and_warns_is_kept():
    import warnings

    from benchmarks.real_solvers.solvers import solved

    def warn(answer):
        warnings.warn("slow", stacklevel=1)
        return answer

    assert solved(warn, 3) == (3, "UserWarning: slow")
    assert solved(lambda: 1 / 0) == (None, "ZeroDivisionError: division by zero")


def test_the_table_tells_right_from_wrong_and_from_no_answer(fakes):
    from benchmarks.real_solvers.tables import stationary_cell

    game = game_named(REGULATOR)
    dare, regulator, nnash, *_ = adapters()

    def changed(factor, also=lambda: None):
        def function(floats):
            also()
            answer = dare.function(floats)
            return attrs.evolve(answer, K=[factor * K_i for K_i in answer.K])

        return attrs.evolve(dare, function=function)

    def fail():
        raise ValueError("no convergence")

    assert stationary_cell(game, regulator) == "pass"
    assert stationary_cell(game, changed(1 + 1e-6)).startswith("K 6.")
    assert stationary_cell(game, changed(1.01)).startswith("**wrong**: K 2.")
    assert stationary_cell(game, changed(-1)).startswith("**unstable**, **wrong**: K 0.0")
    assert stationary_cell(game, changed(np.nan)).startswith("**no answer**: ")
    assert stationary_cell(game, changed(1, also=fail)) == "raises"
    assert stationary_cell(game, nnash) == ""
