"""What is said of equilibria, their values and their uniqueness."""

from __future__ import annotations

from typing import Any

import flint

from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.ledger import loops
from ergs_verify.ledger.costs_compared import average_cost, divergence
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.sentences.registry import Relations, all_hold, says
from ergs_verify.ledger.sentences.view import is_psd, of_nash, of_play, rational
from ergs_verify.recursion import best_response, evaluate_policy, gaps, nash, second_moments

BITS = 256


def costs_of_answers(case: Case) -> Outcome | None:
    """Under an equilibrium from every state each P_t is that of the best response."""
    policy, costs = case.play.policy, case.costs
    if policy is None or costs is None:
        return None
    for k in range(1, case.game.agents + 1):
        least = best_response(case.game, policy, k, Rationals()).P
        for t, (P_found, P_least) in enumerate(zip(costs.P[k - 1], least, strict=True)):
            if P_found != P_least:
                return Outcome(False, f"P_{t} = {P_found}", f"the least is {P_least}")
    return Outcome(True, "", "")


@says(
    "J_t*(x) is the minimum over π of E[stage cost + J_{t+1}*(x_{t+1})] at every x and t, and"
    " π_t*(· | x) attains it",
    "the joint policy is a NE over all adapted policies, from every x_t",
)
def answer_each_other(case: Case) -> Outcome | None:
    """Of linear Gaussian policies: each has the cost and the covariance of the best response."""
    policy = case.play.policy
    found = costs_of_answers(case)
    if policy is None or policy.Sigma is None or found is None or not found.holds:
        return found
    for k in range(1, case.game.agents + 1):
        best = best_response(case.game, policy, k, Rationals())
        for S, S_best in zip(policy.Sigma[k - 1], best.Sigma, strict=True):
            if rational(S) != S_best:
                return Outcome(False, f"Σ = {rational(S)}", f"the best response has {S_best}")
    return found


@says(
    "exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one of (4)–(6)",
    "every feedback NE that is optimal from every x_t has linear Gaussian policies with (6)",
    "the feedback NE is the only NE among policies with memory",
    "where V_{t+1} is the feedback NE's, the policies at t are the feedback NE's",
)
def one_of_the_recursion(case: Case) -> Outcome | None:
    """The recursion has to find one, and an equilibrium has to have its gains."""
    if case.nash is None:
        return Outcome(False, "the recursion finds none, or many", "one NE")
    if not case.play.is_nash:
        return None
    return Outcome(case.plays_nash, case.play.name, "the equilibrium of (4)–(6)")


@says(
    "the game that starts at any stage has exactly one feedback NE ⇔ det Φ_t ≠ 0 for all t; from "
    "the first singular stage, backwards, it has none or a continuum"
)
def _(case: Case) -> Outcome | None:
    return one_of_the_recursion(case) if case.regular else None


@says("a NE over all adapted policies exists, namely a linear Gaussian one with (4)–(6)")
def _(case: Case):
    return Outcome(case.regular or case.consistent, "(6) has no solution", "a NE")


@says("the equations (4)–(6) have exactly one solution P, q, K, Σ")
def _(case: Case):
    if case.nash is None:
        return Outcome(False, "they have none, or many", "one solution")
    return all_hold((v.answers(v.K)[0], "=", v.K) for v in of_nash(case))


@says(
    "where V_{t+1} is quadratic, policies are best responses to each other at t if and only if "
    "they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x"
)
def _(case: Case):
    """The gains of the policy answer each other just where they solve the system."""
    return all_hold(
        (
            v.answers(v.K)[0] == v.K,
            "=",
            v.Phi * loops.stacked(v.K) == v.r * -1,
        )
        for v in of_play(case)
    )


@says("the Nash value is J_t*(x) = x'P_t x + q_t with (4) and (5)")
def _(case: Case):
    if not case.play.is_nash or case.costs is None:
        return None
    if case.nash is None:
        return Outcome(False, "the recursion finds no P_t", "P_t of (4)")
    return all_hold(
        (P, "=", best)
        for own, bests in zip(case.costs.P, case.nash.P, strict=True)
        for P, best in zip(own, bests, strict=True)
    )


@says("the Nash value is quadratic")
def _(case: Case):
    """The nonlinear means of the continuum have another."""
    if not case.play.is_nash:
        return None
    return Outcome(case.play.policy is not None, f"{case.play.name}: not quadratic", "quadratic")


@says(
    "V_t is agent i's least cost from every x_t over all adapted policies, and BR alone"
    " attains it at every history that occurs"
)
def _(case: Case):
    """No joint policy makes P_t less than that of the best response."""

    def found() -> Relations:
        policy, costs = case.play.policy, case.costs
        if policy is None or costs is None:
            return
        for k in range(1, case.game.agents + 1):
            least = best_response(case.game, policy, k, Rationals()).P
            for P, P_least in zip(costs.P[k - 1], least, strict=True):
                yield is_psd(P - P_least), "=", True

    return all_hold(found())


@says("V_t(x) = x'P_t x + q_t with (4) and (5)")
def _(case: Case):
    """P_t of the best response, by (4) at its own P_{t+1}."""

    def found() -> Relations:
        policy = case.play.policy
        for v in of_play(case):
            assert policy is not None
            for i in v.agents:
                best = best_response(case.game, policy, i + 1, Rationals()).P
                P, loop, B = best[v.t + 1], v.others(i), v.B[i]
                W = v.weighted(i) + B.transpose() * P * B
                pull = B.transpose() * P * loop
                riccati = v.Q[i] + loop.transpose() * P * loop - pull.transpose() * W.solve(pull)
                yield best[v.t], "=", riccati

    return all_hold(found())


@says(
    "J_t(x) = x'P_t x + q_t for t = T, …, 0 and every linear Gaussian joint policy",
    "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
)
def _(case: Case):
    """Forwards, from the second moments of the states, against x'P_0 x + q_0 averaged over x_0."""
    policy, game = case.play.policy, case.game
    if policy is None or policy.Sigma is None or game.tau == 0:
        return None
    numbers = Balls(BITS)
    moments = second_moments(game, policy, numbers)
    with flint.ctx.workprec(BITS):
        for k in range(game.agents):
            total = divergence(game, policy, k + 1) * flint.arb(
                flint.fmpq(*game.tau.as_integer_ratio())
            )
            stages = zip(policy.K[k], policy.Sigma[k], moments, strict=True)
            for t, (gain, spread, X) in enumerate(stages):
                K, S, Q, R = (_ball(M) for M in (gain, spread, game.Q[k][t], game.R[k][t]))
                total += numbers.trace(Q * X).value
                total += numbers.trace(R * (K * X * K.transpose() + S)).value
            total += numbers.trace(_ball(game.Q[k][-1]) * _last_moment(case, moments)).value
            found = average_cost(game, policy, k + 1)
            # Some 30 of 77 digits are lost at most on these games.
            if not (found - total).contains(0) or (found - total).rad() > 1e-40:
                return Outcome(False, str(found), str(total))
    return Outcome(True, "", "")


def _ball(matrix: Any) -> Any:
    return Balls(BITS).matrix(fractions(matrix), matrix.shape)


def _last_moment(case: Case, moments: Any) -> Any:
    """E x_T x_T'."""
    v = list(of_play(case))[-1]
    assert v.S is not None
    spread = rational(case.game.noise_cov)
    spread += sum((v.B[i] * v.S[i] * v.B[i].transpose() for i in v.agents), spread * 0)
    numbers = Balls(BITS)

    def entered(X: Any) -> Any:
        return numbers.matrix(Rationals().to_fractions(X), (X.nrows(), X.ncols()))

    return entered(v.F) * moments[-1] * entered(v.F).transpose() + entered(spread)


@says(
    "J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every adapted policy, "
    "with or without memory",
    "E[stage cost + V_{t+1}(x_{t+1}) | h_t] = V_t(x_t) + τ KL(π_t(· | h_t) ‖ BR_t(· | x_t)) for "
    "every adapted policy",
    "J(π) − min J = τ Σ_t E KL(πⁱ_t ‖ BRⁱ_t)",
    "τ E KL(πⁱ_t ‖ BRⁱ_t) = Tr(WΔK X_t ΔK') + (τ/2)(Tr(Σ_br⁻¹Σⁱ) − p_i − log det(Σ_br⁻¹Σⁱ))",
)
def _(case: Case) -> Outcome | None:
    """Each agent's gap by the identity, against J(π) − J(BR), averaged over x_0, in balls."""
    policy = case.play.policy
    if policy is None or policy.Sigma is None:
        return None
    numbers = Balls(BITS)
    costs = evaluate_policy(case.game, policy, numbers)
    start = second_moments(case.game, policy, numbers)[0]
    assert costs.q is not None
    with flint.ctx.workprec(BITS):
        for agent, gap in enumerate(gaps(case.game, policy, numbers), 1):
            best = best_response(case.game, policy, agent, numbers)
            assert best.q is not None
            difference = costs.P[agent - 1][0] - best.P[0]
            by_costs = numbers.trace(difference * start).value
            by_costs += costs.q[agent - 1][0].value - best.q[0].value
            off = by_costs - gap.total.value
            # Some 20 of 77 digits cancel in the difference of the costs of these games.
            if not off.contains(0) or off.rad() > 1e-40:
                return Outcome(False, str(by_costs), str(gap.total.value))
    return Outcome(True, "", "")


# -- the plain game (20) --------------------------------------------------------------------------


def plain_game(game: Game) -> Game:
    """(20) as a game of its own: τ = 0, and R + (τ/2)I for R."""
    half = game.tau / 2

    def raised(matrix):
        return [
            [entry + half * (r == c) for c, entry in enumerate(row)]
            for r, row in enumerate(fractions(matrix))
        ]

    return Game.from_arrays(
        name=f"(20) for {game.name}",
        A=game.A,
        B=game.B,
        Q=game.Q,
        R=[[raised(X) for X in own] for own in game.R],
        tau=0,
        noise_cov=game.noise_cov,
        horizon=game.horizon,
    )


@says(
    "in (20), the policies uⁱ = Kⁱ*x are a NE over all adapted policies, from every x_t, and each "
    "of them is the only best response to the others"
)
def _(case: Case) -> Outcome | None:
    """The gains that are played, and the equilibrium's of (20), solved as a game with τ = 0."""
    policy = case.play.policy
    if case.nash is None or policy is None:
        return None
    found = nash(plain_game(case.game), Rationals()).as_policy(Rationals())
    played, best = ([[fractions(X) for X in own] for own in each.K] for each in (policy, found))
    return Outcome(played == best, str(played), str(best))


@says(
    "in (20), J_t(π) − V_t(x_t) = Σ_{s≥t} E (u_s − K_sⁱ*x_s)'W_s(u_s − K_sⁱ*x_s) for every "
    "adapted policy of agent i, random or not, with or without memory"
)
def _(case: Case):
    """Where agent i alone leaves the equilibrium: P_0 less the least, from the squares summed."""

    def found() -> Relations:
        policy = case.play.policy
        stages = list(of_nash(case))
        if policy is None or case.nash is None:
            return
        plain = plain_game(case.game)
        for i in range(case.game.agents):
            played = [
                [Rationals().to_fractions(X) if j != i else fractions(own[t])
                 for t, X in enumerate(case.nash.K[j])]
                for j, own in enumerate(policy.K)
            ]  # fmt: skip
            cost = evaluate_policy(plain, Policy.from_arrays(K=played), Rationals()).P[i]
            total = stages[-1].P[i] * 0
            for v in reversed(stages):
                off = rational(policy.K[i][v.t]) - v.K[i]
                loop = v.F + v.B[i] * off
                total = loop.transpose() * total * loop + off.transpose() * v.W(i) * off
            yield cost[0] - stages[0].P_t[i], "=", total

    return all_hold(found())
