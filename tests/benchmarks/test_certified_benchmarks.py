"""The floors of certificates are enough and are no more than is done; plain mpmath is right."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import nullcontext
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from ergs_verify import Game, Policy, certify_gap, check, solve
from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify import nash as certify_nash
from ergs_verify.certify.equilibrium import equilibrium_in_balls, stages_in_balls
from ergs_verify.certify.gap import enclosed_gaps
from ergs_verify.certify.nash import certified_nash
from ergs_verify.certify.stage_verdicts import coupling, regular_stage
from ergs_verify.engine import nash
from ergs_verify.recursion.stages import Stages

ROOT = Path(__file__).resolve().parents[2]
# All sizes of matrices differ, and every product of three has one shortest order.
SIZE = (3, 20, 4, 3)


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


@pytest.fixture
def made(monkeypatch):
    """What `Balls` computes, counted as the floors count it."""
    counts: Counter = Counter()

    def counting(name, kind):
        original = getattr(Balls, name)

        def method(balls, X, *Y):
            counts[kind, X.nrows(), X.ncols(), Y[0].ncols() if Y else 0] += 1
            return original(balls, X, *Y)

        monkeypatch.setattr(Balls, name, method)

    monkeypatch.setattr(Balls, "bare", ({}, nullcontext))  # programs too go through `Balls`
    counting("multiply", "product")
    counting("solve", "solve")
    counting("determinant", "determinant")
    return counts


# -- floors ----------------------------------------------------------------------------------------


def test_a_certified_gap_makes_the_products_of_its_floor_and_no_others(made):
    from benchmarks.ball_floor import of_gap
    from benchmarks.certified import both

    floats, game = both(SIZE)
    played = nash(floats)
    enclosed_gaps(game, Policy.from_arrays(K=played.K, Sigma=played.Sigma), 128)
    products = {key: count for key, count in made.items() if key[0] == "product"}
    assert products == of_gap(SIZE)


class Counting:
    """numpy's operations, counted as the floors count them."""

    def __init__(self):
        self.made = Counter()

    def product(self, X, Y):
        self.made["product", *X.shape, Y.shape[1]] += 1
        return X @ Y

    def inner(self, X, Y):
        return self.product(X.reshape(1, -1), Y.reshape(-1, 1)).item()

    def solve(self, X, Y):
        self.made["solve", *X.shape, Y.shape[1]] += 1
        return np.linalg.solve(X, Y)

    def det(self, X):
        self.made["determinant", *X.shape, 0] += 1
        return np.linalg.det(X)


def least(game, numbers, visit):
    """K and P by as few operations as the floor says; `visit(t, Φ, own, P)` is asked before."""
    agents = range(len(game.B))
    ends = list(pairwise(accumulate((X.shape[-1] for X in game.B), initial=0)))
    P, found = [Q[-1] for Q in game.Q], []
    for t in reversed(range(game.horizon)):
        A, B = game.A[t], [X[t] for X in game.B]
        R = [X[t] + game.tau / 2 * np.eye(len(X[t])) for X in game.R]
        pushed = [numbers.product(B[i].T, P[i]) for i in agents]
        phi = np.block([[numbers.product(pushed[i], B[j]) for j in agents] for i in agents])
        for i, (top, end) in enumerate(ends):
            phi[top:end, top:end] += R[i]
        gains = -numbers.solve(phi, np.concatenate([numbers.product(X, A) for X in pushed]))
        visit(t, phi, ends, P)
        K = [gains[top:end] for top, end in ends]
        F = A + sum(numbers.product(B[i], K[i]) for i in agents)
        P = [
            game.Q[i][t]
            + numbers.product(K[i].T, numbers.product(R[i], K[i]))
            + numbers.product(numbers.product(F.T, P[i]), F)
            for i in agents
        ]
        found.append((K, P))
    return found[::-1]


def test_the_floor_of_the_costs_is_enough():
    from benchmarks.ball_floor import of_costs
    from benchmarks.games import random_games

    game, numbers = random_games(*SIZE), Counting()
    found, right = least(game, numbers, lambda *_: None), nash(game)
    for t, (K, P) in enumerate(found):
        for i in range(3):
            # Some hundred roundings on numbers of size 1 to 100.
            np.testing.assert_allclose(K[i], right.K[i][t], rtol=1e-10, atol=1e-11)
            np.testing.assert_allclose(P[i], right.P[i][t], rtol=1e-10, atol=1e-11)
    assert numbers.made == of_costs(SIZE)


def test_the_floor_of_the_equilibrium_is_enough():
    from benchmarks.ball_floor import of_nash
    from benchmarks.games import random_games

    game, numbers = random_games(*SIZE), Counting()
    right, half_tau, q = nash(game), game.tau / 2, np.zeros(3)

    def constants(t, phi, ends, P):
        W = [phi[top:end, top:end] for top, end in ends]
        Sigma = [half_tau * numbers.solve(X, np.eye(len(X))) for X in W]
        B = [X[t] for X in game.B]
        noise = game.noise_cov + sum(
            numbers.product(X, numbers.product(S, X.T)) for X, S in zip(B, Sigma, strict=True)
        )
        for i in range(3):
            np.testing.assert_allclose(Sigma[i], right.Sigma[i][t], rtol=1e-10, atol=1e-12)
            p = len(W[i])
            log_det = p * math.log(half_tau) - math.log(numbers.det(W[i]))
            q[i] += numbers.inner(game.R[i][t] + half_tau * np.eye(p), Sigma[i])
            q[i] += numbers.inner(P[i], noise) - half_tau * (p + log_det)
            assert q[i] == pytest.approx(right.q[i][t], rel=1e-10)

    least(game, numbers, constants)
    assert numbers.made == of_nash(SIZE)


def test_the_floor_of_a_check_is_enough():
    from benchmarks.ball_floor import of_check
    from benchmarks.certified import both

    (floats, game), numbers = both(SIZE), Counting()
    right = {one.t: one for one in check(game).stages}

    def verdicts(t, phi, ends, P):
        one, n = right[t], len(phi)
        # Enclosures are within 1e-6, and float64 well within that.
        assert numbers.det(phi) == pytest.approx(float(one.det_phi.hi), rel=2e-6)
        norm = max(numbers.inner(X, X) for X in P) ** 0.5
        assert norm == pytest.approx(float(one.gamma_P.hi), rel=2e-6)
        J = np.zeros((n, n))
        for top, end in ends:
            others = np.r_[0:top, end:n]
            J[top:end, others] = -numbers.solve(phi[top:end, top:end], phi[top:end, others])
        log_scale, k, most = 0.0, 1, floor["product", n, n, n] // SIZE[3]
        for _ in range(most):
            J, k = numbers.product(J, J), 2 * k
            size = np.linalg.norm(J)
            J, log_scale = J / size, 2 * log_scale + math.log(size)
        assert math.exp(log_scale / k) == pytest.approx(float(one.spectral_radius.hi), rel=2e-6)
        # The norm alone is off by up to n^(1/k): one squaring less would not do.
        assert n ** (1 / k) - 1 <= 1e-6 < n ** (2 / k) - 1

    floor = of_check(SIZE)
    least(floats, numbers, verdicts)
    assert numbers.made == floor


def flops(work):
    """Multiplications, about."""
    cost = {
        "product": lambda rows, inner, cols: rows * inner * cols,
        "solve": lambda rows, _, cols: rows**3 // 3 + rows**2 * cols,
        "determinant": lambda rows, *_: rows**3 // 3,
    }
    return sum(count * cost[kind](*shape) for (kind, *shape), count in work.items())


def test_certificates_compute_no_less_than_their_floors(made, monkeypatch):
    from benchmarks.ball_floor import of_check, of_nash
    from benchmarks.certified import both

    game = both(SIZE)[1]
    equilibrium_in_balls(game, 192)
    assert flops(of_nash(SIZE)) < flops(made) < 3 * flops(of_nash(SIZE))
    made.clear()
    stages = Stages(game, Balls(128), symmetric=True)
    for one in stages_in_balls(stages):
        regular_stage(stages, one.known, one.t, coupling(game))
    without_squarings = of_check(SIZE)
    del without_squarings["product", 12, 12, 12]  # they do not go through `Balls`
    assert flops(without_squarings) < flops(made) < 4 * flops(without_squarings)


def test_passes_are_seen_with_the_bits_and_stages_of_each():
    from benchmarks.ball_floor import of_check, of_costs, of_nash, passes_of
    from benchmarks.certified import both

    game = both((2, 2, 1, 3))[1]
    (one,) = passes_of(lambda: solve(game, digits=30))
    assert (one.stages, one.work) == (3, of_nash)
    assert round(one.bits / math.log2(10)) == solve(game, digits=30).working_digits
    before = certify_nash.stages_in_balls
    assert len(passes_of(lambda: check(game), of_check)) == 1
    first, *search = passes_of(lambda: check(game).as_json(), of_check)
    assert (first.bits, first.stages, first.work) == (128, 3, of_check)
    assert search
    assert {one.work for one in search} == {of_costs}
    assert certify_nash.stages_in_balls is before
    lost, *_, last = passes_of(lambda: certified_nash(both((3, 6, 2, 8))[1], first_bits=10))
    assert (lost.bits, last.stages) == (10, 8)
    assert lost.stages < 8
    assert last.bits > 10


def test_a_floor_computes_every_operation_as_often_as_said(monkeypatch):
    import flint

    from benchmarks import ball_floor
    from benchmarks.ball_floor import Pass, floor_of_passes, of_check

    seen = Counter()

    class Recorded:
        def __init__(self, X):
            self.X = X

        def __mul__(self, other):
            seen["product", self.X.nrows(), self.X.ncols(), other.X.ncols()] += 1
            assert flint.ctx.prec == 100

        def solve(self, other):
            seen["solve", self.X.nrows(), self.X.ncols(), other.X.ncols()] += 1
            self.X.solve(other.X)  # it is regular

        def det(self):
            seen["determinant", self.X.nrows(), self.X.ncols(), 0] += 1

    class Matrices:
        def __init__(self, *entries):
            self.X = flint.arb_mat(*entries)

        def __mul__(self, number):
            return Recorded(self.X * number)

    monkeypatch.setattr(ball_floor, "arb_mat", Matrices)
    floor_of_passes([Pass(100, 2, of_check), Pass(100, 1, of_check)], (2, 3, 2, 9))()
    assert seen == of_check((2, 3, 2, 2)) + of_check((2, 3, 2, 1))


# -- plain mpmath ----------------------------------------------------------------------------------


def test_plain_equilibrium_and_gaps():
    from benchmarks import plain_mpmath
    from benchmarks.certified import both

    game = both((2, 3, 2, 3))[1]
    floats = game.floats()
    played = nash(floats)
    for t, (K, Sigma, P, q) in enumerate(plain_mpmath.nash(floats, 30)):
        for i in range(2):
            for X, right in ((K, played.K), (Sigma, played.Sigma), (P, played.P)):
                # The engine's own roundings.
                np.testing.assert_allclose(
                    np.array(X[i].tolist(), float), right[i][t], rtol=1e-11, atol=1e-12
                )
            assert float(q[i]) == pytest.approx(played.q[i][t], rel=1e-11)
    K = [X + 0.125 for X in played.K]
    gaps = plain_mpmath.gaps(floats, K, played.Sigma, 60)
    certified = certify_gap(game, Policy.from_arrays(K=K, Sigma=played.Sigma))
    for gap, one in zip(gaps, certified.agents, strict=True):
        assert one.gap.lo <= Fraction(str(gap)) <= one.gap.hi


@pytest.mark.parametrize("tau", [2.0, 200.0])
def test_plain_check_finds_what_is_proved(tau):
    from benchmarks import plain_mpmath
    from benchmarks.certified import both

    game = evolve(both((3, 4, 2, 4))[1], tau_given=Fraction(tau))
    found, proved = plain_mpmath.check(game.floats(), 60), check(game)
    assert found.unique is (proved.nash.unique == "proved") is True
    assert found.assumption is (proved.assumption_III_3.verdict == "proved") is (tau > 100)
    assert enclosed(found.bound, proved.assumption_III_3.bound)
    for k, one in enumerate(proved.stages):
        assert enclosed(found.dets[k], one.det_phi)
        assert enclosed(found.constants[k], one.contraction_constant)
        assert enclosed(found.radii[k], one.spectral_radius)
        assert found.converges[k] is (one.inner_loop == "converges")


def enclosed(x, enclosure):
    return enclosure.lo <= Fraction(str(x)) <= enclosure.hi


def three_in_one_dimension(tau):
    """A stage whose inner loop diverges at small τ. Equal agents would have a double eigenvalue,
    on which mpmath's QR does not converge."""
    return Game.from_arrays(
        A=[[1]],
        B=[[[1]]] * 3,
        Q=[[[1]], [[2]], [[3]]],
        R=[[["1/4"]]] * 3,
        tau=tau,
        noise_cov=[[1]],
        horizon=1,
    )


@pytest.mark.parametrize("tau", [0.03125, 4096])
def test_plain_thresholds_part_what_is_proved(tau):
    from benchmarks import plain_mpmath

    found = plain_mpmath.thresholds(three_in_one_dimension(tau).floats(), 30)
    for lo, hi in (found.assumption, found.loop):
        assert lo < hi < 1.0011 * lo
    below, above = (
        [Fraction(str(x)) for x in pair] for pair in zip(found.assumption, found.loop, strict=True)
    )
    for taus, verdict, loop in ((below, "refuted", "diverges"), (above, "proved", "converges")):
        assert check(three_in_one_dimension(taus[0])).assumption_III_3.verdict == verdict
        game = three_in_one_dimension(taus[1])
        assert check(game).stages[0].inner_loop == loop
        plain = plain_mpmath.check(game.floats(), 30)
        assert plain.converges == [loop == "converges"]


def test_a_threshold_that_is_not_there():
    from benchmarks import plain_mpmath
    from benchmarks.games import random_games

    lo, hi = plain_mpmath.thresholds(random_games(2, 2, 1, 2), 20).loop
    assert lo == 0
    assert 1e-13 < hi < 1e-11
