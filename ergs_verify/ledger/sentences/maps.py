"""What is said of best responses, of their map Ψ_t and of Algorithm 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from typing import Any

from flint import arb, fmpq

from ergs_verify.arithmetic import Rationals
from ergs_verify.ledger import loops
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.sentences.data import coupling
from ergs_verify.ledger.sentences.registry import Relations, all_hold, says
from ergs_verify.ledger.sentences.view import (
    View,
    frobenius,
    is_psd,
    of_nash,
    of_play,
    spectral,
)
from ergs_verify.recursion import algorithm_1
from ergs_verify.recursion.records import Stage


def _none(v: View) -> list[Any]:
    return [K * 0 for K in v.K]


def _less(one: Sequence, other: Sequence) -> list[Any]:
    return [a - b for a, b in zip(one, other, strict=True)]


def _total(matrices: Sequence) -> arb:
    return sum(map(frobenius, matrices), arb(0))


# -- one answer -----------------------------------------------------------------------------------


@says("Ψ_tⁱ(S_t | S_[t+1:T−1]) is in 𝒮_tⁱ", "Ψ_t(S_t | S_[t+1:T−1]) is in 𝒮_t")
def _(case: Case):
    def found() -> Relations:
        for v in of_play(case):
            gains, spreads = v.answers(v.K)
            for K, S, size in zip(gains, spreads, v.sizes, strict=True):
                yield (K.nrows(), K.ncols()), "=", (size, v.m)
                yield is_psd(S, strictly=True), "=", True

    return all_hold(found())


@says("Kⁱ* has a row for each control of agent i and a column for each state")
def _(case: Case):
    return all_hold(
        ((K.nrows(), K.ncols()), "=", (size, v.m))
        for v in of_play(case)
        for K, size in zip(v.answers(v.K)[0], v.sizes, strict=True)
    )


@says(
    "Σⁱ* = (τ/2)W⁻¹, and W' = W",
    "Σ of (6) is (τ/2)W⁻¹, which equals its transpose",
)
def _(case: Case):
    def found() -> Relations:
        for v in of_play(case):
            for i, S in enumerate(v.answers(v.K)[1]):
                yield v.W(i) * S, "=", v.one(i) * (v.tau / 2)
                yield v.W(i), "=", v.W(i).transpose()

    return all_hold(found())


@says("Σ of (6) is symmetric, positive definite and ⪯ I")
def _(case: Case):
    def found() -> Relations:
        for v in of_play(case):
            for i, S in enumerate(v.answers(v.K)[1]):
                yield is_psd(S, strictly=True), "=", True
                yield is_psd(v.one(i) - S), "=", True

    return all_hold(found())


@says("the covariance of a best response depends on no policy of time t")
def _(case: Case):
    return all_hold((v.answers(v.K)[1], "=", v.answers(_none(v))[1]) for v in of_play(case))


@says("Ψ_tⁱ depends on the others' gains at time t and, of later times, on P_{t+1}ⁱ alone")
def _(case: Case):
    """The answer at t stays where the own gain, and the others' P_{t+1}, become others."""

    def found() -> Relations:
        for v in of_play(case):
            for i in v.agents:
                other = [K * (0 if j == i else 1) for j, K in enumerate(v.K)]
                costs = [P * (1 if j == i else 0) for j, P in enumerate(v.P)]
                changed = View(case, v.t, other, v.S, v.P_t, costs)
                yield v.answers(v.K)[0][i], "=", changed.answers(other)[0][i]

    return all_hold(found())


@says(
    "Ψ_tⁱ at any P_{t+1} has the gain and covariance of (6) at that P_{t+1}",
    "BR is N(Kx, Σ) with (6)",
)
def _(case: Case):
    def found() -> Relations:
        for v in of_play(case):
            gains, spreads = v.answers(v.K)
            for i in v.agents:
                yield gains[i], "=", v.pulled(i, v.others(i)) * -1
                yield (v.one(i) + v.curvature(i) * (2 / v.tau)) * spreads[i], "=", v.one(i)

    return all_hold(found()) if case.game.tau else None


@says(
    "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ is the best response to the others, with gⁱ = "
    "‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))"
)
def _(case: Case):
    def found() -> Relations:
        for v in of_play(case):
            answers = v.answers(v.K)[0]
            for i in v.agents:
                pushes = [spectral(v.B[j] * v.K[j]) for j in v.agents if j != i]
                bound = coupling(v, i) * sum(pushes, spectral(v.A))
                yield spectral(v.B[i] * answers[i]), "≤", bound

    return all_hold(found())


# -- two answers ----------------------------------------------------------------------------------


def _moved(v: View, K: Sequence, other: Sequence, i: int) -> Any:
    """W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)."""
    return v.pulled(i, v.push(_less(K, other), less=i))


@says("Kⁱ* − K'ⁱ* = −W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)")
def _(case: Case):
    return all_hold(
        (change, "=", _moved(v, v.K, _none(v), i) * -1)
        for v in of_play(case)
        for i, change in enumerate(_less(v.answers(v.K)[0], v.answers(_none(v))[0]))
    )


@says("‖Ψ_t(S) − Ψ_t(S')‖_□ = Σ_i ‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F")
def _(case: Case):
    """Exactly: the covariances are equal, and the gains differ by the matrix in the norm."""

    def found() -> Relations:
        for v in of_play(case):
            (after, spread), (before, other) = v.answers(v.K), v.answers(_none(v))
            yield spread, "=", other
            for i, change in enumerate(_less(after, before)):
                moved = _moved(v, v.K, _none(v), i)
                yield _squares(change), "=", _squares(moved)

    return all_hold(found())


def _squares(X: Any) -> fmpq:
    return sum((x * x for x in X.entries()), fmpq(0))


@says("‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Kʲ − K'ʲ‖_F")
def _(case: Case):
    return all_hold(
        (
            frobenius(_moved(v, v.K, _none(v), i)),
            "≤",
            2
            * v.gamma_B**2
            * v.gamma_P
            / arb(v.tau)
            * _total([K for j, K in enumerate(v.K) if j != i]),
        )
        for v in of_play(case)
        for i in v.agents
    )


@says(
    "‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) Σ_j ‖Kʲ − K'ʲ‖_F",
    "‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) ‖S − S'‖_□",
)
def _(case: Case):
    """S' has gains 0 and the same covariances."""
    return all_hold(
        (
            _total(_less(v.answers(v.K)[0], v.answers(_none(v))[0])),
            "≤",
            v.factor(v.gamma_P) * _total(v.K),
        )
        for v in of_play(case)
    )


@says("(2/τ)γ_B²γ_{P,t}(N−1) < 1")
def _(case: Case):
    return all_hold((v.factor(v.gamma_P), "<", arb(1)) for v in of_play(case))


@says("Ψ_t(· | S_[t+1:T−1]) is a contraction in ‖·‖_□")
def brings_nearer(case: Case) -> Outcome | None:
    """The play's gains and gains 0, before and after Ψ_t, at the play's later costs."""
    return all_hold(
        (_total(_less(v.answers(v.K)[0], v.answers(_none(v))[0])), "≤", _total(v.K))
        for v in of_play(case)
    )


@says(
    "Ψ_t(𝓚)ⁱ − Ψ_t(𝓚')ⁱ is block row i of (I − D_t⁻¹Φ_t)(𝓚 − 𝓚')",
    "Ψ(𝓚)ⁱ − Ψ(𝓚*)ⁱ is block row i of (I − D⁻¹Φ)(𝓚 − 𝓚*)",
)
def _(case: Case):
    def found() -> Relations:
        for v in of_play(case):
            applied = v.Phi * loops.stacked(v.K)
            changes = _less(v.answers(v.K)[0], v.answers(_none(v))[0])
            for i, change in enumerate(changes):
                yield change, "=", v.K[i] - v.W(i).solve(v.block(applied, i))

    return all_hold(found())


# -- the loop -------------------------------------------------------------------------------------


@says("Ψ_t has exactly one fixed point 𝓚*")
def _(case: Case):
    def found() -> Relations:
        for v in of_nash(case):
            yield v.Phi.det() == 0, "=", False
            yield v.answers(v.K)[0], "=", v.K

    return all_hold(found())


@says(
    "in the inner loop 𝓚_l − 𝓚* = J_tˡ(𝓚_0 − 𝓚*), with J_t = I − D_t⁻¹Φ_t",
    "the inner loop converges from every start if and only if ρ(J_t) < 1",
)
def _(case: Case) -> Outcome | None:
    """For l = 0, …, 3 at the last stage; and no two powers tell ρ(J) < 1 and ρ(J) > 1."""
    game = case.game
    J = loops.jacobi(game)
    phi, rhs = loops.last_block_system(game)
    if phi.det() == 0:
        return None
    target = phi.solve(rhs) * -1
    error = target * -1
    for passes, found in enumerate(loops.iteration(game, 3)):
        if found - target != error:
            return Outcome(
                False, f"𝓚_{passes} − 𝓚* = {found - target}", f"J^{passes}(𝓚_0 − 𝓚*) = {error}"
            )
        error = J * error
    return Outcome(not (loops.is_below_one(J) and loops.exceeds_one(J)), "ρ(J) < 1", "ρ(J) > 1")


@says("the iterates of Ψ_t from any start are bounded")
def _(case: Case):
    """The steps of five passes from gains 0 do not grow."""

    def found() -> Relations:
        for v in of_play(case):
            steps, gains = [], _none(v)
            for _ in range(5):
                following = v.answers(gains)[0]
                steps.append(_total(_less(following, gains)))
                gains = following
            yield steps[-1], "≤", steps[0]

    return all_hold(found())


@says(
    "at every t Algorithm 1 gives Ψ_t applied L times to its start, with the P_{t+1} of the later "
    "policies it has found"
)
def _(case: Case) -> Outcome | None:
    """After two passes a stage, against Ψ_t applied twice at its own later costs."""
    found = algorithm_1(case.game, Rationals(), 2)
    for t in range(case.game.horizon):
        ahead = Stage(K=(), Sigma=(), P=tuple(P[t + 1] for P in found.P), q=None)
        gains = [Rationals().zeros(p, case.game.state_size) for p in case.game.control_sizes]
        for _ in range(2):
            gains, _spreads = loops.answers(case.game, t, gains, ahead)
        given = [own[t] for own in found.K]
        if gains != given:
            return Outcome(False, str(given), str(gains))
    return Outcome(True, "", "")


@says("if S_[s:t] is empty for s > t, Ψ_{T−1} depends on P_T = Q_T and on no later policy")
def _(case: Case) -> Outcome:
    """D 𝓚 = −r after one pass from gains 0 at T − 1, where r has no policy in it."""
    game, numbers = case.game, Rationals()
    _phi, rhs = loops.last_block_system(game)
    found = loops.stacked([own[-1] for own in algorithm_1(game, numbers, 1).K])
    left = loops.diagonal_blocks(game) * found
    return Outcome(left == rhs * -1, str(left), str(rhs * -1))


# -- near the feedback NE -------------------------------------------------------------------------


def _pairs(case: Case) -> Iterator[tuple[View, View]]:
    """The joint policy's stage and the feedback NE's."""
    # Where one of them is missing there is no pair.
    return zip(of_play(case), of_nash(case), strict=False)


@says("‖P_{t+1}ⁱ‖_F ≤ ‖P*_{t+1}ⁱ‖_F + ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F")
def _(case: Case):
    return all_hold(
        (frobenius(P), "≤", frobenius(best) + frobenius(P - best))
        for v, s in _pairs(case)
        for P, best in zip(v.P, s.P, strict=True)
    )


@says("the gain of Ψ_tⁱ(S_t*) is Kⁱ* − W⁻¹B'(P_{t+1} − P*_{t+1})F*")
def _(case: Case):
    return all_hold(
        (v.answers(s.K)[0][i], "=", s.K[i] - _off(v, s, i))
        for v, s in _pairs(case)
        for i in v.agents
    )


def _off(v: View, s: View, i: int) -> Any:
    """W⁻¹B'(P_{t+1} − P*_{t+1})F*."""
    return v.W(i).solve(v.B[i].transpose() * (v.P[i] - s.P[i]) * s.F)


@says("‖W⁻¹B'(P_{t+1} − P*_{t+1})F*‖_F ≤ (2/τ)γ_B‖P_{t+1} − P*_{t+1}‖_F‖F*‖_F")
def _(case: Case):
    return all_hold(
        (
            frobenius(_off(v, s, i)),
            "≤",
            2 / arb(v.tau) * v.gamma_B * frobenius(v.P[i] - s.P[i]) * frobenius(s.F),
        )
        for v, s in _pairs(case)
        for i in v.agents
    )


def _pushed(v: View, s: View) -> arb:
    """b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F."""
    return 2 / arb(v.tau) * v.gamma_B * frobenius(s.F) * _total(_less(v.P, s.P))


def _errors(v: View, s: View, passes: int) -> list[arb]:
    """e_0, …, e_L of the inner loop at the joint policy's P_{t+1}, from gains 0."""
    gains, found = _none(v), []
    for _ in range(passes + 1):
        found.append(_total(_less(gains, s.K)))
        gains = v.answers(gains)[0]
    return found


@says(
    "in the inner loop e_l = Σ_i ‖K_lⁱ − Kⁱ*‖_F has e_{l+1} ≤ (2/τ)γ_B²γ_{P,t}(N−1) e_l"
    " + b, where b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F"
)
def _(case: Case):
    def found() -> Relations:
        for v, s in _pairs(case):
            errors = _errors(v, s, 3)
            for before, after in pairwise(errors):
                yield after, "≤", v.factor(v.gamma_P) * before + _pushed(v, s)

    return all_hold(found())


@says(
    "where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ), where"
    " b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F"
)
def _(case: Case):
    """With κ = (1 + the factor)/2."""

    def found() -> Relations:
        for v, s in _pairs(case):
            factor = v.factor(v.gamma_P)
            if not factor < 1:
                continue
            kappa = (1 + factor) / 2
            errors = _errors(v, s, 3)
            for passes, error in enumerate(errors):
                yield error, "≤", kappa**passes * errors[0] + _pushed(v, s) / (1 - kappa)

    return all_hold(found())


@says("Σ_tⁱ − Σ_tⁱ* = −(τ/2)W⁻¹B'(P_{t+1} − P*_{t+1})BW*⁻¹")
def _(case: Case):
    return all_hold(
        (
            v.answers(v.K)[1][i] - s.answers(s.K)[1][i],
            "=",
            _spread(v, s, i) * -1,
        )
        for v, s in _pairs(case)
        for i in v.agents
    )


def _spread(v: View, s: View, i: int) -> Any:
    """(τ/2)W⁻¹B'(P_{t+1} − P*_{t+1})BW*⁻¹."""
    inside = v.B[i].transpose() * (v.P[i] - s.P[i]) * v.B[i]
    return v.W(i).solve(inside) * s.W(i).inv() * (v.tau / 2)


@says(
    "‖(τ/2)W⁻¹B'(P_{t+1} − P*_{t+1})BW*⁻¹‖_F ≤ (2/τ)γ_B²‖P_{t+1} − P*_{t+1}‖_F",
    "‖Σ_tⁱ − Σ_tⁱ*‖_F ≤ (2/τ)γ_B²‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
)
def _(case: Case):
    return all_hold(
        (
            frobenius(v.answers(v.K)[1][i] - s.answers(s.K)[1][i]),
            "≤",
            2 / arb(v.tau) * v.gamma_B**2 * frobenius(v.P[i] - s.P[i]),
        )
        for v, s in _pairs(case)
        for i in v.agents
    )


def _terms(v: View, s: View, i: int) -> list[Any]:
    D, E, G = v.K[i] - s.K[i], v.P[i] - s.P[i], v.push(_less(v.K, s.K))
    R, K, F, P = v.weighted(i), s.K[i], s.F, v.P[i]
    head = D.transpose() * R * K
    tail = F.transpose() * P * G
    return [
        head,
        head.transpose(),
        D.transpose() * R * D,
        F.transpose() * E * F,
        tail,
        tail.transpose(),
        G.transpose() * P * G,
    ]


@says(
    "P_t − P_t* is D'R̃K* + K*'R̃D + D'R̃D + F*'EF* + F*'PG + G'PF* + G'PG, with D = K − K*,"
    " E = P_{t+1} − P*_{t+1}, G = Σ_j BʲDʲ, R̃ = (τ/2)I + R"
)
def _(case: Case):
    return all_hold(
        (v.P_t[i] - s.P_t[i], "=", sum(_terms(v, s, i), v.P_t[i] * 0))
        for v, s in _pairs(case)
        for i in v.agents
    )


@says(
    "the norm of that sum is at most 2rkd + rd² + f²e + 2fπg + πg², in the norms of R̃, K*, D,"
    " F*, E, P_{t+1}, G"
)
def _(case: Case):
    def found() -> Relations:
        for v, s in _pairs(case):
            for i in v.agents:
                r, k, d, f, e, p, g = map(
                    frobenius,
                    (
                        v.weighted(i),
                        s.K[i],
                        v.K[i] - s.K[i],
                        s.F,
                        v.P[i] - s.P[i],
                        v.P[i],
                        v.push(_less(v.K, s.K)),
                    ),
                )
                bound = 2 * r * k * d + r * d**2 + f**2 * e + 2 * f * p * g + p * g**2
                yield frobenius(v.P_t[i] - s.P_t[i]), "≤", bound

    return all_hold(found())


@says("g ≤ γ_B Σ_j ‖Dʲ‖_F")
def _(case: Case):
    return all_hold(
        (frobenius(v.push(_less(v.K, s.K))), "≤", v.gamma_B * _total(_less(v.K, s.K)))
        for v, s in _pairs(case)
    )


@says(
    "Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for every L ≥ 1, where κ in (0, 1) and C depend on the game and "
    "the start alone",
    "Σ_t ‖S_t − S_t*‖_□ ≤ Cε for every ε > 0 and every L ≥ 1 with L ≥ log(1/ε)/log(1/κ), where κ "
    "in (0, 1) and C depend on the game and the start alone",
    "there are κ in (0, 1), C and L₀ that depend on the game and the start alone, with ‖K_tⁱ − "
    "K_tⁱ*‖_F ≤ Cκ^L and ‖P_tⁱ − P_tⁱ*‖_F ≤ Cκ^L at every t, for every i and every L ≥ L₀",
)
def _(case: Case) -> Outcome | None:
    """The errors after 1 and after 8 passes a stage."""
    if case.nash is None:
        return None
    first, last = (loops.squared_error(case.game, passes) for passes in (1, 8))
    shown = (f"{float(last):.6g} after 8 passes", f"{float(first):.6g} after 1")
    return Outcome(last < first or first == 0, *shown)


@says("there are η > 0 and κ in (0, 1) with (2/τ)γ_B²(γ_P* + η)(N−1) ≤ κ")
def _(case: Case):
    """They are where τ > 2γ_B²γ_P*(N−1)."""
    return case.nash and Outcome(case.assumption_III_3, "τ ≤ 2γ_B²γ_P*(N−1)", "some slack")


@says("Σ_i (‖Kⁱ − K'ⁱ‖_F + ‖Σⁱ − Σ'ⁱ‖_F) is a metric on 𝒮_t")
def _(case: Case):
    """Symmetry and the triangle inequality at the policy, its answers and the prior."""

    def found() -> Relations:
        for v in of_play(case):
            if v.S is None:
                continue
            answers, spreads = v.answers(v.K)
            points = [
                [*v.K, *v.S],
                [*answers, *spreads],
                [*_none(v), *(v.one(i) for i in v.agents)],
            ]
            for x, y, z in permutations(points):
                yield _total(_less(x, z)), "≤", _total(_less(x, y)) + _total(_less(y, z))
                yield _total(_less(x, x)), "=", arb(0)

    return all_hold(found())


# -- near a recursion that is known ---------------------------------------------------------------


def _perturbed(case: Case) -> Iterator[tuple[View, View, list[Any]]]:
    """The joint policy's P_{t+1} with the gains that solve their stage, and P̂ with K°, Δ."""
    for v, s in _pairs(case):
        if v.Phi.det() != 0:
            gains = v.solved()
            yield View(case, v.t, gains, None, v.P_t, v.P), s, _less(gains, s.K)


@says("Φ°Δ = −(Bⁱ'EⁱF)ᵢ")
def _(case: Case):
    def found() -> Relations:
        for v, s, change in _perturbed(case):
            left = s.Phi * loops.stacked(change)
            for i in v.agents:
                right = v.B[i].transpose() * (v.P[i] - s.P[i]) * v.F * -1
                yield v.block(left, i), "=", right

    return all_hold(found())


@says("P_t − P° = F'EF + (CΔ)'P̂F° + F°'P̂CΔ + Δ'R̃Δ + (𝓑Δ)'P̂𝓑Δ, where K° solves its stage")
def _(case: Case):
    def found() -> Relations:
        for v, s, change in _perturbed(case):
            for i in v.agents:
                K, E, P = v.K[i], v.P[i] - s.P[i], s.P[i]
                cost = v.Q[i] + K.transpose() * v.weighted(i) * K
                cost += v.F.transpose() * v.P[i] * v.F
                others, whole = v.push(change, less=i), v.push(change)
                cross = others.transpose() * P * s.F
                own = change[i].transpose() * v.weighted(i) * change[i]
                right = v.F.transpose() * E * v.F + cross + cross.transpose() + own
                yield cost - s.P_t[i], "=", right + whole.transpose() * P * whole

    return all_hold(found())


@says("κ = Σ_j ‖𝓑Mʲ‖‖Eʲ‖ < 1 ⇒ Φ_t is regular and ‖F‖ ≤ ‖F°‖/(1 − κ)")
def _(case: Case):
    """In Frobenius norms, with E at its size and a hundredth and a ten-thousandth of it."""

    def found() -> Relations:
        for v, s in _pairs(case):
            inverse = s.Phi.inv()
            for scale in (fmpq(1), fmpq(1, 100), fmpq(1, 10**4)):
                changes = [(P - best) * scale for P, best in zip(v.P, s.P, strict=True)]
                kappa = arb(0)
                for j in v.agents:
                    column = [v.B[i].transpose() * (1 if i == j else 0) for i in v.agents]
                    parts = inverse * loops.stacked(column)
                    pushed = v.push([v.block(parts, i) for i in v.agents])
                    kappa += frobenius(pushed) * frobenius(changes[j])
                if not kappa < 1:
                    continue
                costs = [P + E for P, E in zip(s.P, changes, strict=True)]
                moved = View(case, v.t, v.K, None, v.P_t, costs)
                yield moved.Phi.det() == 0, "=", False
                loop = v.A + v.push(moved.solved())
                yield frobenius(loop), "≤", frobenius(s.F) / (1 - kappa)

    return all_hold(found())
