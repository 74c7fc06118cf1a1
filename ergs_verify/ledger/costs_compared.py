"""Costs of one game with τ and with τ + δ, enclosed: what the proof of Theorem IV.3 compares.

Gains and covariances are exact rationals; logarithms enter as balls, so that every comparison
that comes out true is certain.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from itertools import pairwise
from typing import Any

import flint
from attrs import evolve, frozen

from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.ledger.counterexamples import refutation, two_scalar_agents
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import DELTA, Case, exhibits
from ergs_verify.recursion import (
    algorithm_1,
    best_response,
    evaluate_policy,
    nash,
    second_moments,
)

BITS = 256
STEP = Fraction(1, 10**6)
"""δ."""


def _afresh(decide: Callable[[], Decision]) -> Callable[[], Decision]:
    """Let the replay of a refutation compute all its numbers again."""

    @wraps(decide)
    def decided() -> Decision:
        return evolve(decide(), replay=lambda: decide().verdict == "refuted")

    return decided


@frozen(kw_only=True)
class Costs:
    """Agent 1's costs from x = 1, with τ and with τ + δ.

    `ne` at the augmented equilibrium, `dev` where agent 1 plays another policy; `matrices` is
    |x'(P̃_0 − P_0)x| and `constants` |q̃_0 − q_0| at the latter.
    """

    ne: Any
    ne_augmented: Any
    dev: Any
    dev_augmented: Any
    matrices: Any
    constants: Any


def _certain(condition) -> bool:
    """A comparison of enclosures is true only where it is certain."""
    return bool(condition)


def _parts(game: Game, policy: Policy) -> tuple[Any, Any]:
    """P_0 and q_0 of agent 1, a scalar state."""
    cost = evaluate_policy(game, policy, Balls(BITS))
    assert cost.q is not None
    return cost.P[0][0][0, 0], cost.q[0][0].value


def augmented_nash(game: Game, step: Fraction) -> Policy:
    return nash(game.augmented(step), Rationals()).as_policy(Rationals())


def _altered(policy: Policy, gains: list, covariances: list) -> Policy:
    """Agent 1 plays something else."""
    return Policy.from_arrays(
        K=[gains, *([fractions(K) for K in agent] for agent in policy.K[1:])],
        Sigma=[
            covariances,
            *([fractions(S) for S in agent] for agent in (policy.Sigma or ())[1:]),
        ],
    )


def compare(game: Game, step: Fraction, gains: list, covariances: list) -> Costs:
    """All four costs; agent 1's other policy is given, the rest plays the augmented NE."""
    equilibrium = augmented_nash(game, step)
    other = _altered(equilibrium, gains, covariances)
    shifted = game.augmented(step)
    with flint.ctx.workprec(BITS):
        found = {
            (name, at): _parts(played, policy)
            for name, policy in (("ne", equilibrium), ("dev", other))
            for at, played in (("", game), ("_augmented", shifted))
        }
        costs = {name + at: P + q for (name, at), (P, q) in found.items()}
        (P, q), (P_more, q_more) = found["dev", ""], found["dev", "_augmented"]
        return Costs(**costs, matrices=abs(P_more - P), constants=abs(q_more - q))


def _bad(step: Fraction = STEP) -> Costs:
    """Agent 1 pushes the state away."""
    game = two_scalar_agents("10")
    return compare(game, step, [[[5]]] * game.horizon, [[[1]]] * game.horizon)


# -- tried on every exhibit -----------------------------------------------------------------------


def average_cost(game: Game, policy: Policy, agent: int, bits: int = BITS) -> Any:
    """J of an agent, averaged over x_0."""
    numbers = Balls(bits)
    costs = evaluate_policy(game, policy, numbers)
    assert costs.q is not None
    start = second_moments(game, policy, numbers)[0]
    spread = numbers.trace(numbers.multiply(costs.P[agent - 1][0], start))
    return spread.value + costs.q[agent - 1][0].value


def divergence(game: Game, policy: Policy, agent: int) -> Any:
    """KL_i: half of Tr(KX_tK') + Tr Σ − p − log det Σ, summed over t."""
    numbers = Balls(BITS)
    total = flint.arb(0)
    assert policy.Sigma is not None
    moments = second_moments(game, policy, numbers)
    stages = zip(policy.K[agent - 1], policy.Sigma[agent - 1], moments, strict=True)
    for gain, covariance, X in stages:
        K, S = (numbers.matrix(fractions(M), M.shape) for M in (gain, covariance))
        total += numbers.trace(K * X * K.transpose()).value + numbers.trace(S).value
        total += -len(gain) - numbers.log_determinant(S).value
    return total / 2


def _shown(x: Any) -> str:
    return x.str(8, radius=False)


def differ_by_divergence(case: Case) -> Outcome | None:
    """J̃ − J against δ KL_i, of every agent."""
    policy = case.play.policy
    if policy is None or policy.Sigma is None:
        return None
    with flint.ctx.workprec(BITS):
        for agent in range(1, case.game.agents + 1):
            left = average_cost(case.augmented_game, policy, agent)
            left -= average_cost(case.game, policy, agent)
            right = divergence(case.game, policy, agent) * _arb(DELTA)
            # Some 30 of 77 digits are lost at most on these games.
            if not (left - right).contains(0) or (left - right).rad() > abs(right) * 1e-40 + 1e-40:
                return Outcome(False, _shown(left), _shown(right))
    return Outcome(True, "", "")


def _arb(x: Fraction) -> Any:
    return flint.arb(flint.fmpq(x.numerator, x.denominator))


def deviations_within_bound(case: Case) -> Outcome | None:
    """J(S̃) − J(Sⁱ, S̃⁻ⁱ) against δ(KL_i(Sⁱ) − KL_i(S̃ⁱ)), the case's policy being Sⁱ."""
    played = case.play.policy
    if played is None or played.Sigma is None or case.augmented_nash is None:
        return None
    gains, covariances = played.K, played.Sigma
    return _within_bound(case, lambda agent: (gains[agent - 1], covariances[agent - 1]))


def gaps_within_bound(case: Case) -> Outcome | None:
    """0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)), of every agent."""
    equilibrium, numbers = case.augmented_nash, Rationals()
    if equilibrium is None:
        return None

    def answer(agent: int) -> tuple[list, list]:
        best = best_response(case.game, equilibrium, agent, numbers)
        gains, covariances = (
            [numbers.to_fractions(X) for X in part] for part in (best.K, best.Sigma)
        )
        return gains, covariances

    return _within_bound(case, answer, nonnegative=True)


def _within_bound(case: Case, deviation: Callable, nonnegative: bool = False) -> Outcome:
    game, equilibrium = case.game, case.augmented_nash
    assert equilibrium is not None
    with flint.ctx.workprec(BITS):
        for agent in range(1, game.agents + 1):
            other = deviating(equilibrium, agent, *deviation(agent))
            gained = average_cost(game, equilibrium, agent) - average_cost(game, other, agent)
            bound = divergence(game, other, agent) - divergence(game, equilibrium, agent)
            bound *= _arb(DELTA)
            if gained > bound or (nonnegative and gained < 0):
                return Outcome(False, _shown(gained), f"≤ {_shown(bound)}")
    return Outcome(True, "", "")


def deviating(policy: Policy, agent: int, gains: Any, covariances: Any) -> Policy:
    """One agent plays something else."""

    def parts(everybody: Any, own: Any) -> list:
        return [own if k == agent else list(X) for k, X in enumerate(everybody, 1)]

    return Policy.from_arrays(
        K=parts(policy.K, list(gains)), Sigma=parts(policy.Sigma, list(covariances))
    )


# -- beside a singular Φ --------------------------------------------------------------------------


def beside_a_singular_tau(limits: Callable[[], Decision]) -> Decision:
    """ε_1 tends to 9/4 as δ → 0, by limits that are computed exactly."""
    return refutation(
        "ε_1 → 9/4 at x = (1, −1) as δ → 0",
        "O(δ)",
        "exact limit",
        "Φ is singular at τ, and the augmented gains grow like 3/δ",
        lambda: limits().verdict == "proved",
        game=exhibits()["singular-tau"].game,
    )


def divergence_of_large_gains(limits: Callable[[], Decision]) -> Decision:
    """δ KL_1(S̃) from x = (1, −1), which grows like 18/δ."""
    game = exhibits()["singular-tau"].game
    found = []
    with flint.ctx.workprec(BITS):
        for step in (Fraction(1, 10), Fraction(1, 100), Fraction(1, 10**4)):
            found.append(divergence(game, augmented_nash(game, step), 1) * _arb(step))
        grows = all(later > 5 * earlier for earlier, later in pairwise(found))
        shown = ", ".join(x.str(3, radius=False) for x in found)
    return refutation(
        f"δ KL_1(S̃) = {shown} at δ = 0.1, 0.01, 0.0001",
        "O(δ)",
        "balls, and an exact limit",
        "δ K̃ tends to ±3, so that the divergence is at least of order 1/δ²",
        lambda: grows and limits().verdict == "proved",
        game=game,
    )


# -- the final chain, a relation at a time --------------------------------------------------------


def _readings(costs: Costs) -> dict[str, Any]:
    """J̃(S̃ⁱ, S̃⁻ⁱ*), of which the paper has no star: with the star, or without the tilde."""
    return {"S̃ⁱ*": costs.ne_augmented, "Sⁱ": costs.dev_augmented}


def _judged(left, relation: str, right, what: str, false) -> Decision:
    with flint.ctx.workprec(BITS):
        lefts, rights = ([x.str(8, radius=False) for x in xs] for xs in (left, right))
    return refutation(
        " and ".join(lefts),
        " and ".join(f"{relation} {x}" for x in rights),
        "balls",
        f"{what}; read with S̃ⁱ* and with Sⁱ for S̃ⁱ",
        false,
        game=two_scalar_agents("10"),
        values={"delta": str(STEP), "S^1": "N(5x, 1)"},
    )


@_afresh
def first_relation() -> Decision:
    """|a − b| = |a − c| + |ã − c|."""
    with flint.ctx.workprec(BITS):
        s = _bad()
        left = [abs(s.ne - s.dev)] * 2
        right = [abs(s.ne - c) + abs(s.ne_augmented - c) for c in _readings(s).values()]
        false = all(_certain(x != y) for x, y in zip(left, right, strict=True))
    return _judged(left, "=", right, "at best a ≤ is printed as an equality", lambda: false)


@_afresh
def dropped_term() -> Decision:
    """|a − c| + |b − c| + Δ = |a − c| + Δ."""
    with flint.ctx.workprec(BITS):
        s = _bad()
        change = s.matrices + s.constants
        heads = [abs(s.ne - c) for c in _readings(s).values()]
        dropped = [abs(s.dev - c) for c in _readings(s).values()]
        left = [h + d + change for h, d in zip(heads, dropped, strict=True)]
        right = [h + change for h in heads]
        false = all(_certain(d > 0) for d in dropped)
    what = "|J(Sⁱ, S̃⁻ⁱ) − J̃(S̃ⁱ, S̃⁻ⁱ)| is left out and is not 0"
    return _judged(left, "=", right, what, lambda: false)


@_afresh
def star_or_tilde() -> Decision:
    """With either reading a relation fails, even with ≤ for the first = and nothing dropped."""
    with flint.ctx.workprec(BITS):
        s = _bad()
        change = s.matrices + s.constants
        c, d = _readings(s).values()
        first_left, first_right = abs(s.ne - s.dev), abs(s.ne - c) + abs(s.ne_augmented - c)
        second_left = abs(s.ne - d) + abs(s.ne_augmented - d)
        second_right = abs(s.ne - d) + abs(s.dev - d) + change
        false = _certain(first_left > first_right) and _certain(second_left > second_right)
    return _judged(
        [first_left, second_left],
        "≤",
        [first_right, second_right],
        "the first relation fails with S̃ⁱ*, the second with Sⁱ",
        lambda: false,
    )


@_afresh
def absolute_value() -> Decision:
    """|a − b| stays away from 0 as δ → 0."""
    with flint.ctx.workprec(BITS):
        steps = (STEP, STEP * STEP)
        found = [abs(s.ne - s.dev) for s in map(_bad, steps)]
        false = all(_certain(x > 1) for x in found)
        shown = ", ".join(x.str(8, radius=False) for x in found)
    return refutation(
        f"|J(S̃) − J(S¹, S̃²)| = {shown} at δ = {', '.join(f'{float(d):g}' for d in steps)}",
        "O(δ)",
        "balls",
        "a bad policy costs more by an amount that does not shrink with δ",
        lambda: false,
        game=two_scalar_agents("10"),
        values={"S^1": "N(5x, 1)"},
    )


@_afresh
def gains_that_stay() -> Decision:
    """K̃ at δ = 10⁻⁶ and at its square."""
    game, steps = two_scalar_agents("10"), (STEP, STEP * STEP)
    gains = [abs(fractions(augmented_nash(game, d).K[0][0])[0][0]) for d in steps]
    return refutation(
        f"|K̃| = {', '.join(f'{float(K):.6g}' for K in gains)}",
        f"O(δ) at δ = {', '.join(f'{float(d):g}' for d in steps)}",
        "exact",
        "the gain does not shrink with δ",
        lambda: gains[1] >= gains[0] > 0,
        game=game,
    )


@_afresh
def no_constant() -> Decision:
    """|J̃ − J|/δ exceeds 10³, 10⁶ and 10⁹ at policies of large gains."""
    game, bounds = two_scalar_agents("10"), [10**3, 10**6, 10**9]
    one = [[[1]]] * game.horizon
    with flint.ctx.workprec(BITS):
        found = [compare(game, STEP, [[[C]]] * game.horizon, one) for C in bounds]
        ratios = [abs(s.dev_augmented - s.dev) / flint.arb(flint.fmpq(1, 10**6)) for s in found]
        false = all(_certain(r > C) for r, C in zip(ratios, bounds, strict=True))
        shown = ", ".join(r.str(4, radius=False) for r in ratios)
    return refutation(
        f"|J̃ − J|/δ = {shown}",
        f"≤ C, for C = {', '.join(map(str, bounds))}",
        "balls",
        "at a fixed δ the difference grows with the gain of Sⁱ beyond every bound",
        lambda: false,
        game=game,
        values={"delta": str(STEP), "K^1": [str(C) for C in bounds]},
    )


@_afresh
def one_matrix_for_two() -> Decision:
    """|x'(P̃_0 − P̃_0)x| + |q̃_0 − q̃_0| = 0 is to bound |J̃ − J| > 0."""
    with flint.ctx.workprec(BITS):
        s = _bad()
        left = abs(s.dev_augmented - s.dev)
        false = _certain(left > 0)
        shown = left.str(8, radius=False)
    return refutation(
        f"|J̃ − J| = {shown}",
        "≤ |x'(P̃_0 − P̃_0)x| + |q̃_0 − q̃_0| = 0",
        "balls",
        "the printed bound is 0, and the difference of the two costs is not",
        lambda: false,
        game=two_scalar_agents("10"),
        values={"delta": str(STEP), "S^1": "N(5x, 1)"},
    )


@_afresh
def one_matrix_in_both_costs() -> Decision:
    """At Sⁱ = S̃ⁱ: J(S̃) is less than J̃(S̃), so neither = nor ≥ holds with P̃_0 for both."""
    with flint.ctx.workprec(BITS):
        s = _bad()
        false = _certain(s.ne < s.ne_augmented)
        shown = [x.str(12, radius=False) for x in (s.ne, s.ne_augmented)]
    return refutation(
        f"J(S̃) = {shown[0]}",
        f"= J̃(S̃), and ≥ J̃(S̃) = {shown[1]}",
        "balls",
        "with P̃_0 and q̃_0 for both costs the differences vanish; at Sⁱ = S̃ⁱ the cost is less than"
        " the augmented cost",
        lambda: false,
        game=two_scalar_agents("10"),
        values={"delta": str(STEP), "S^1": "S̃¹"},
    )


@_afresh
def no_nash_of_the_augmented_game() -> Decision:
    """S̃¹ = N(5x, 1) is not an answer: J̃(S̃) exceeds J̃ at the best response of the game at τ."""
    game = two_scalar_agents("10")
    gains, one = [[[5]]] * game.horizon, [[[1]]] * game.horizon
    played = _altered(augmented_nash(game, STEP), gains, one)
    best, exact = best_response(game, played, 1, Rationals()), Rationals()
    other = _altered(played, *([exact.to_fractions(X) for X in Y] for Y in (best.K, best.Sigma)))
    with flint.ctx.workprec(BITS):
        parts = [_parts(game.augmented(STEP), policy) for policy in (played, other)]
        costs = [P + q for P, q in parts]
        false = _certain(costs[0] > costs[1])
        shown = [x.str(8, radius=False) for x in costs]
    return refutation(
        f"J̃(S̃) = {shown[0]}",
        f"≤ J̃(S¹, S̃²) = {shown[1]}",
        "balls",
        "S̃ is not a NE at τ̃, and S¹ is the best response at τ. Since J̃ − J = δ KL_1, the gain "
        "J(S̃) − J(S¹, S̃²) exceeds δ(KL_1(S¹) − KL_1(S̃¹)) by J̃(S̃) − J̃(S¹, S̃²)",
        lambda: false,
        game=game,
        values={"delta": str(STEP), "S̃^1": "N(5x, 1)"},
    )


# -- (26) to (29) ---------------------------------------------------------------------------------


@_afresh
def same_matrices_other_constants() -> Decision:
    """K = 0 and Σ = 2: P̃ = P, and q̃ ≠ q."""
    game = two_scalar_agents("10")
    policy = Policy.from_arrays(K=[[[[0]]] * game.horizon] * 2, Sigma=[[[[2]]] * game.horizon] * 2)
    matrices = _gap_of_matrices(game, STEP, 0)
    with flint.ctx.workprec(BITS):
        constants = abs(_parts(game.augmented(STEP), policy)[1] - _parts(game, policy)[1])
        false = matrices == 0 and _certain(constants > 0)
        shown = constants.str(8, radius=False)
    return refutation(
        f"|q̃_0 − q_0| = {shown}",
        f"O(max‖P̃_s − P_s‖_F) = O({matrices})",
        "balls",
        "a policy with K = 0 has P̃ = P at every t, and q̃ ≠ q",
        lambda: false,
        game=game,
        values={"delta": str(STEP), "K": "0", "Sigma": "2"},
    )


def _gap_of_matrices(game: Game, step: Fraction, gain) -> Fraction:
    """P̃_0 − P_0 where agent 1 plays `gain` and agent 2 nothing; exact."""
    gains = [[[[gain]]] * game.horizon, [[[0]]] * game.horizon]
    policy = Policy.from_arrays(K=gains)
    exact = Rationals()
    values = [
        exact.to_fraction(evaluate_policy(g, policy, exact).P[0][0][0, 0])
        for g in (game, game.augmented(step))
    ]
    return values[1] - values[0]


@_afresh
def small_factor() -> Decision:
    """T = 1, K = D = 1, δ = 1: ‖P̃_0 − P_0‖ = ½ exceeds c_1 δ/2 = ¼."""
    step, D = Fraction(1), Fraction(1)
    found = _gap_of_matrices(two_scalar_agents("10"), step, D)
    printed = step * D**2 / 2 * step / 2
    return refutation(
        f"‖P̃_0 − P_0‖_F = {found}",
        f"≤ c_1 δ/2 = {printed}",
        "exact",
        "a single stage, with P̃_T = P_T",
        lambda: found > printed,
        game=two_scalar_agents("10"),
        values={"delta": str(step), "K^1": str(D), "D": str(D)},
    )


@_afresh
def arbitrary_gain() -> Decision:
    """D, the largest gain of Algorithm 1's iterates, against a policy of gain 2D."""
    game, step = two_scalar_agents("10"), Fraction(1)
    exact = Rationals()
    iterates = [
        abs(exact.to_fraction(agent[0][0, 0]))
        for L in (1, 2, 3)
        for agent in algorithm_1(game.augmented(step), exact, L).K
    ]
    D = max(iterates)
    found, bound = _gap_of_matrices(game, step, 2 * D), step * D**2 / 2
    return refutation(
        f"‖P̃_0 − P_0‖_F = {found}",
        f"≤ δD²/2 = {bound}",
        "exact",
        "the K of (28) belongs to any policy, not to an iterate of Ψ_t, and D does not bound it",
        lambda: found > bound,
        game=game,
        values={"delta": str(step), "D": str(D), "K^1": str(2 * D)},
    )


@_afresh
def open_loop_of_one_stage() -> Decision:
    """‖A_t‖ at the t at hand does not bound ‖A_s‖ at another."""
    game = Game.from_arrays(
        name="A_0 = 1, A_1 = 2",
        A=[[[1]], [[2]]],
        B=[[[1]]],
        Q=[[[1]]],
        R=[[[1]]],
        tau=10,
        noise_cov=[[1]],
        horizon=2,
    )
    norms = [abs(fractions(A)[0][0]) for A in game.A]
    return refutation(
        f"‖A_1‖_F = {norms[1]}",
        f"≤ max over y_0 of ‖A_0‖_F = {norms[0]}",
        "exact",
        "the letter y_t occurs nowhere else, and ‖A_t‖_F does not depend on it",
        lambda: norms[1] > norms[0],
        game=game,
    )


@_afresh
def unlike_covariances() -> Decision:
    """Two policies with the same K, whose augmented values differ."""
    game = two_scalar_agents("10")
    with flint.ctx.workprec(BITS):
        values = [
            compare(game, STEP, [[[0]]] * game.horizon, [[[S]]] * game.horizon).dev_augmented
            for S in (1, 2)
        ]
        false = _certain(values[0] != values[1])
        shown = [v.str(8, radius=False) for v in values]
    return refutation(
        f"J̃ = {shown[0]}",
        f"J̃ = {shown[1]}",
        "balls",
        "K is the same and Σ differs, so J̃ does not depend on (Kⁱ, K⁻ⁱ) alone",
        lambda: false,
        game=game,
        values={"K^1": "0", "Sigma^1": "1 and 2"},
    )
