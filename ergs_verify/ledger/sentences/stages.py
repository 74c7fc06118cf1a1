"""What is said of the equations of a stage, tried on every stage of a case."""

from __future__ import annotations

from typing import Any

import sympy
from flint import arb, fmpq

from ergs_verify.arithmetic import Rationals
from ergs_verify.ledger import loops
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.sentences.registry import Relations, all_hold, says
from ergs_verify.ledger.sentences.view import (
    View,
    extremes,
    frobenius,
    is_psd,
    largest,
    of_nash,
    of_play,
    rational,
    spectral,
)
from ergs_verify.ledger.symbolic import SymbolicStages

__all__: list[str] = []


def _each(case: Case, of=of_play):
    return ((v, i) for v in of(case) for i in v.agents)


def _psd(matrices: Any) -> Outcome | None:
    """Each of the matrices is ⪰ 0."""
    return all_hold((is_psd(X), "=", True) for X in matrices)


# -- definite -------------------------------------------------------------------------------------


@says("P ⪰ 0 at every t")
def _(case: Case):
    return _psd(X for v in of_play(case) for X in (*v.P_t, *v.P))


@says("P_t* ⪰ 0 in (4), at every t")
def _(case: Case):
    return _psd(X for v in of_nash(case) for X in (*v.P_t, *v.P))


@says("R + B'PB ⪰ 0")
def _(case: Case):
    return _psd(v.curvature(i) for v, i in _each(case))


@says("W ⪰ (τ/2)I")
def _(case: Case):
    return _psd(v.W(i) - v.one(i) * (v.tau / 2) for v, i in _each(case))


@says("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ")
def _(case: Case):
    def found() -> Relations:
        for v, i in _each(case):
            yield (v.W(i).det() == 0), "=", False
            if v.tau > 0:
                yield spectral(v.W(i).inv()), "≤", arb(2 / v.tau)

    return all_hold(found())


@says("((τ/2)I + M) ⪰ (τ/2)I")
def _(case: Case):
    """M = R + B'PB, the one of a stage."""
    return _psd(v.weighted(i) + v.curvature(i) - v.weighted(i) for v, i in _each(case))


@says("((τ/2)I + M) is invertible and ‖((τ/2)I + M)⁻¹‖₂ ≤ 2/τ")
def _(case: Case):
    def found() -> Relations:
        for v, i in _each(case):
            X = v.curvature(i) + v.one(i) * (v.tau / 2)
            yield (X.det() == 0), "=", False
            if v.tau > 0:
                yield spectral(X.inv()), "≤", arb(2 / v.tau)

    return all_hold(found())


@says("‖W⁻¹‖₂ ≤ 1/(τ/2 + λ_min(R))")
def _(case: Case):
    return all_hold(
        (spectral(v.W(i).inv()), "≤", 1 / (arb(v.tau) / 2 + extremes(v.R[i])[0]))
        for v, i in _each(case)
    )


# -- identities -----------------------------------------------------------------------------------


@says("W − (τ/2)I = R + B'PB")
def _(case: Case):
    return all_hold((v.W(i) - v.one(i) * (v.tau / 2), "=", v.curvature(i)) for v, i in _each(case))


@says("W − (τ/2 + λ_min(R))I = (R − λ_min(R)I) + B'PB")
def _(case: Case):
    """λ_min(R) drops out: tried with 1/3 for it."""
    third = fmpq(1, 3)
    return all_hold(
        (
            v.W(i) - v.one(i) * (v.tau / 2 + third),
            "=",
            v.curvature(i) - v.one(i) * third,
        )
        for v, i in _each(case)
    )


@says("I + 2(R + B'PB)/τ = (2/τ)W")
def _(case: Case):
    return all_hold(
        (v.one(i) + v.curvature(i) * (2 / v.tau), "=", v.W(i) * (2 / v.tau))
        for v, i in _each(case)
        if v.tau > 0
    )


def _lyapunov(v: View, i: int) -> Any:
    """Q + K'((τ/2)I + R)K + F'P_{t+1}F."""
    K = v.K[i]
    return v.Q[i] + K.transpose() * v.weighted(i) * K + v.F.transpose() * v.P[i] * v.F


@says(
    "P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F",
    "J_t*(x) = E[stage cost + J_{t+1}*(x_{t+1})] under π_t*(· | x), at every x and t",
)
def _(case: Case):
    return all_hold((v.P_t[i], "=", _lyapunov(v, i)) for v, i in _each(case))


@says(
    "at the gain of (6), (4) is Q + K'((τ/2)I + R)K + F'P_{t+1}F",
    "where Kⁱ is the best response, the Lyapunov equation gives the P_t of (4)",
)
def _(case: Case):
    return all_hold((v.P_t[i], "=", _lyapunov(v, i)) for v, i in _each(case, of_nash))


@says("P_T = Q_T", "V_T(x) = x'Q_T x")
def _(case: Case):
    costs = case.costs
    if costs is None:
        return None
    return all_hold(
        (P[-1], "=", rational(Q[-1])) for P, Q in zip(costs.P, case.game.Q, strict=True)
    )


@says("Q + Ā'P_{t+1}Ā − P_t = C'WC")
def _(case: Case):
    def found() -> Relations:
        for v, i in _each(case, of_nash):
            loop = v.others(i)
            C = v.pulled(i, loop)
            left = v.Q[i] + loop.transpose() * v.P[i] * loop - v.P_t[i]
            yield left, "=", C.transpose() * v.W(i) * C

    return all_hold(found())


@says(
    "I − Σ, τK + 2B'PĀ, τ(I − Σ) − 2(R + B'PB) and P_t − Q − Ā'PĀ have a factor W⁻¹",
)
def _(case: Case):
    def found() -> Relations:
        for v, i in _each(case, of_nash):
            assert v.S is not None
            M, W, loop = v.curvature(i), v.W(i), v.others(i)
            pull, rest = v.B[i].transpose() * v.P[i] * loop, v.one(i) - v.S[i]
            yield W * rest, "=", M
            yield v.K[i] * v.tau + pull * 2, "=", W.solve(M * pull) * 2
            yield rest * v.tau - M * 2, "=", W.solve(M * M) * -2
            change = v.P_t[i] - v.Q[i] - loop.transpose() * v.P[i] * loop
            yield change, "=", pull.transpose() * W.solve(pull) * -1

    return all_hold(found())


# -- Φ --------------------------------------------------------------------------------------------


@says("the blocks of Φ_t are Φ_ii = W and Φ_ij = B'PBʲ")
def _(case: Case):
    def found() -> Relations:
        for v, i in _each(case):
            for j in v.agents:
                block = v.B[i].transpose() * v.P[i] * v.B[j]
                yield (
                    v.block(v.Phi, i, j),
                    "=",
                    block + v.weighted(i) if i == j else block,
                )

    return all_hold(found())


@says("block row i of Φ_t 𝓚 is W Kⁱ + Σ_{j≠i} B'PBʲKʲ")
def _(case: Case):
    return all_hold(
        (
            v.block(v.Phi * loops.stacked(v.K), i),
            "=",
            v.W(i) * v.K[i] + v.B[i].transpose() * v.P[i] * v.push(v.K, less=i),
        )
        for v, i in _each(case)
    )


@says("block row i of Φ_t 𝓚 is R̃ⁱKⁱ + Bⁱ'Pⁱ Σ_j BʲKʲ")
def _(case: Case):
    return all_hold(
        (
            v.block(v.Phi * loops.stacked(v.K), i),
            "=",
            v.weighted(i) * v.K[i] + v.B[i].transpose() * v.P[i] * v.push(v.K),
        )
        for v, i in _each(case)
    )


@says("block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)")
def _(case: Case):
    return all_hold(
        (
            v.block(v.Phi * loops.stacked(v.K) + v.r, i),
            "=",
            v.W(i) * (v.K[i] - v.answers(v.K)[0][i]),
        )
        for v, i in _each(case)
    )


@says(
    "at every x, W Mⁱ + ½b is block row i of Φ_t M + r_t x",
)
def _(case: Case):
    """With the means of the policy at x = (1, 2, …), and b of (2/1)B'P(Ax + Σ BʲMʲ)."""

    def found() -> Relations:
        for v, i in _each(case):
            x = rational_column(v.m)
            M = [K * x for K in v.K]
            half = v.B[i].transpose() * v.P[i] * (v.A * x + v.push(v.K, less=i) * x)
            whole = v.Phi * loops.stacked(M) + v.r * x
            yield v.W(i) * M[i] + half, "=", v.block(whole, i)

    return all_hold(found())


def rational_column(size: int) -> Any:
    return Rationals().matrix([[k + 1] for k in range(size)], (size, 1))


@says("Φ_t is regular at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1")
def _(case: Case):
    return Outcome(case.regular, "Φ_t is singular at some t", "Φ_t is regular")


@says("det Φ_t > 0 at every t, for every N and p_i")
def _(case: Case):
    if case.nash is None:
        return Outcome(False, "Φ_t is singular at some t", "det Φ_t > 0")
    return all_hold((arb(0), "<", arb(v.Phi.det())) for v in of_nash(case))


@says("Pⁱ_{t+1} = c_iP with c_i ≥ 0, P ⪰ 0 ⇒ det Φ_t > 0")
def _(case: Case):
    """With the first agent's P_{t+1} for P, and c = 0, 1/2, 1, …"""

    def found() -> Relations:
        for v in of_play(case):
            costs = [v.P[0] * fmpq(i, 2) for i in v.agents]
            scaled = View(case, v.t, v.K, v.S, v.P_t, costs)
            yield arb(0), "<", arb(scaled.Phi.det())

    return all_hold(found())


@says("det Φ_t = Π det R̃ⁱ · det(I_m + Σ Bⁱ(R̃ⁱ)⁻¹Bⁱ'Pⁱ), R̃ = (τ/2)I + R")
def determinants_agree(case: Case) -> Outcome:
    """Both sides of the formula at the last stage of a game, exactly."""
    stages = SymbolicStages(case.game, case.game.tau)
    phi, _ = stages.last_block_system()
    last, game = case.game.horizon - 1, case.game
    inner, outer = sympy.eye(game.state_size), sympy.Integer(1)
    for k in range(game.agents):
        inputs, cost = (stages.enter(X) for X in (game.B[k][last], game.Q[k][last + 1]))
        weight = stages.enter(game.R[k][last], diagonal=game.tau / 2)
        inner += inputs * weight.inv() * inputs.T * cost
        outer *= weight.det()
    left, right = phi.det(), outer * inner.det()
    return Outcome(left == right, str(left), str(right))


@says("𝓚 = −Φ_t⁻¹r_t is the only solution of Φ_t 𝓚 = −r_t")
def _(case: Case):
    if case.nash is None:
        return Outcome(False, "Φ_t is singular at some t", "one solution")
    return all_hold((loops.stacked(v.K), "=", v.Phi.solve(v.r) * -1) for v in of_nash(case))


@says("Φ(𝓚 + Z) + r = ΦZ where Φ𝓚 + r = 0")
def _(case: Case):
    """With the policy's own gains for Z."""

    def found() -> Relations:
        for v in of_play(case):
            if v.Phi.det() != 0:
                gains, shift = loops.stacked(v.solved()), loops.stacked(v.K)
                yield v.Phi * (gains + shift) + v.r, "=", v.Phi * shift

    return all_hold(found())


@says("‖W⁻¹ Σ_{j≠i} B'PBʲKʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1) max‖Kʲ‖_F")
def _(case: Case):
    gamma = largest(frobenius(X) for v in of_nash(case) for X in (*v.P_t, *v.P))
    return all_hold(
        (
            frobenius(v.pulled(i, v.push(v.K, less=i))),
            "≤",
            v.factor(gamma) * largest(map(frobenius, v.K)),
        )
        for v, i in _each(case, of_nash)
    )


def _ratios(v: View, i: int) -> list[Any]:
    return [v.pulled(i, v.B[j]) for j in v.agents if j != i]


@says("Σ_{j≠i} ‖W⁻¹B'PBʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1)")
def _(case: Case):
    gamma = largest(frobenius(X) for v in of_nash(case) for X in (*v.P_t, *v.P))
    return all_hold(
        (sum(map(frobenius, _ratios(v, i)), arb(0)), "≤", v.factor(gamma))
        for v, i in _each(case, of_nash)
    )


@says("Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1 in every block row i of Φ_t, for all t")
def _(case: Case):
    return all_hold(
        (sum(map(spectral, _ratios(v, i)), arb(0)), "<", arb(1)) for v, i in _each(case, of_nash)
    )


@says("ρ(J_t) < 1", "ρ(J_t) < 1 at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1")
def _(case: Case):
    """At the last stage: no power of J shows that ρ(J) > 1."""
    larger = loops.exceeds_one(loops.jacobi(case.game))
    return Outcome(not larger, "ρ(J) > 1", "ρ(J) < 1")


# -- what certificates rest on --------------------------------------------------------------------


def _raised(P: Any) -> Any:
    """P' = P + vv' with v = (1, 2, …)."""
    v = rational_column(P.nrows())
    return P + v * v.transpose()


def _riccati(v: View, i: int, P: Any) -> Any:
    loop, B = v.others(i), v.B[i]
    W = v.weighted(i) + B.transpose() * P * B
    pull = B.transpose() * P * loop
    return v.Q[i] + loop.transpose() * P * loop - pull.transpose() * W.solve(pull)


@says("P ⪯ P' ⇒ Ric(P) ⪯ Ric(P')")
def _(case: Case):
    return _psd(_riccati(v, i, _raised(v.P[i])) - _riccati(v, i, v.P[i]) for v, i in _each(case))


@says("P ⪯ P' ⇒ the cost of a fixed policy at P is ⪯ that at P'")
def _(case: Case):
    return _psd(v.F.transpose() * (_raised(v.P[i]) - v.P[i]) * v.F for v, i in _each(case))


@says("the cost of K is Ric(P) + (K − K*)'W(K − K*)")
def _(case: Case):
    def found() -> Relations:
        for v, i in _each(case):
            off = v.K[i] - v.answers(v.K)[0][i]
            right = _riccati(v, i, v.P[i]) + off.transpose() * v.W(i) * off
            yield _lyapunov(v, i), "=", right

    return all_hold(found())
