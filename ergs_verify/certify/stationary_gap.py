"""Stationary policies: stability, and every agent's gap, by certificates that anybody can check.

Of an agent's best response nothing is believed that solved its Riccati equation: an exact P_lo
with the dissipation inequality bounds from below what any stable deviation costs, a stable gain
with an exact P_hi bounds it from above, and the gap identity does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import flint
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify import markup
from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.certify.covariances import demand_covariances, slack
from ergs_verify.certify.definite import demand_definite, downward
from ergs_verify.certify.enclosure import INFINITE, Enclosure
from ergs_verify.certify.gap_parts import gap_formula, has_density
from ergs_verify.certify.gap_result import AgentGap, CertifiedGap, StageGap
from ergs_verify.certify.loewner import Bracket, symmetric_midpoint
from ergs_verify.certify.precision import rising, tolerance_of
from ergs_verify.certify.state_gap import StateGap
from ergs_verify.certify.stein import Stein, is_unstable, norm, relative_value, solved, stable
from ergs_verify.errors import InputError, NotCertifiedError, UnboundedCostError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.paper.gap import G, g
from ergs_verify.recursion.gap import initial_moment, played_stage, played_stages
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages

#: Precision beyond which a stationary answer stays undecided.
MOST_BITS = 2048
_MOST_IMPROVEMENTS = 60
_MOST_STAGES = 400
#: The margin of a certificate over what its approximation misses, per row.
_MARGIN = 64
_UNKNOWN = Enclosure(Fraction(0), math.inf)


@frozen(kw_only=True, eq=False)
class BestResponse:
    """P_lo ⪯ P ⪯ P_hi for an agent's least cost x'Px against the others' gains, and the proof.

    Attributes
    ----------
    gain : matrix of rationals, p_i×m
        A stable answer, whose cost P_hi bounds.
    bracket : Bracket
        P_lo and P_hi. riccati(P_lo) ≻ P_lo with W(P_lo) ≻ 0, and P_hi ≻ H-form + γF'P_hiF.
    loop : Stein
        Of that answer.
    P : matrix of balls
    means : pair of arb
        Of relative costs, the averages that P_lo and P_hi bound besides, taken from the corners of
        riccati(P_lo) and of H-form + γF'P_hiF; else 0.
    """

    gain: Any
    bracket: Bracket
    loop: Stein
    P: Any
    means: tuple[Any, Any]


@frozen(kw_only=True)
class StationaryAgentGap(AgentGap):
    """One agent's gap under a stationary policy.

    Attributes
    ----------
    agent, stages, unbounded
        As in `AgentGap`; there are no stages.
    gap : Enclosure
        Of J^i(π) less the infimum over agent i's stable deviations: discounted, the mean over x_0;
        or a stage's mean where γ = 1. Infinite where the cost has no lower bound, or τ > 0 and Σ is
        singular; from 0 to infinity where nothing is known.
    stable : str
        Whether √γ_i F is stable: ``"proved"``, ``"refuted"`` or ``"undecided"``.
    reason : str
        Why nothing is known.
    """

    stages: tuple[StageGap, ...] = ()
    stable: str = "proved"
    reason: str = ""


@frozen(kw_only=True, eq=False, repr=False)
class StationaryGap(CertifiedGap):
    """Every agent's gap under a stationary policy, enclosed.

    Attributes
    ----------
    agents : tuple of StationaryAgentGap
    verdict, tolerance, bits, game, policy
        As in `CertifiedGap`; the verdict is ``"refuted"`` where the policy is not stable.
    stability : str
        ``"proved"`` where √γ_i F is stable for every agent, ``"refuted"`` where for some it is not.
    certificate : mapping or None
        The proof as a JSON object, which `ergs_verify.recheck_stationary` confirms.
    """

    agents: tuple[StationaryAgentGap, ...]
    stability: str
    certificate: dict[str, Any] | None = None

    def of_state(self, radius: Any = 1) -> tuple[StateGap, ...]:
        """Not known of an infinite horizon."""
        self.game.expect_last_stage("the gap as a function of the state")
        return super().of_state(radius)

    def as_json(self) -> dict[str, Any]:
        """What is known, in the words of ``ergs-audit/1``."""
        found = super().as_json()
        for one, told in zip(self.agents, found["epsilon"], strict=True):
            told |= {"stable": one.stable} | ({"reason": one.reason} if one.reason else {})
        return {**found, "stability": self.stability}

    def __repr__(self) -> str:
        gaps = ", ".join(f"{one.agent}: {one.reason or one.gap}" for one in self.agents)
        return f"StationaryGap({gaps}; stability {self.stability}, {self.verdict})"

    def _repr_html_(self) -> str:
        lines = [[str(one.agent), one.reason or str(one.gap)] for one in self.agents]
        kind = "per stage" if self.game.discount[0] == 1 else "discounted, on average over x_0"
        told = (
            f"A gap is what the agent can gain by deviating alone, {kind}; stability "
            f"{self.stability}; {self.verdict} in balls of {self.bits} bits."
        )
        return markup.table(["agent", "gap"], lines) + markup.paragraphs([told])


def certify_stationary_gap(
    game: Game,
    policy: Policy,
    tolerance: Any = 1e-3,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
) -> StationaryGap:
    """Enclose every agent's gap under a stationary policy.

    Parameters
    ----------
    game : Game
        Of infinite horizon.
    policy : Policy
        One K, and optionally one Σ, for each agent. Without Σ it is judged in the plain game with
        R + (τ/2)I for R.
    tolerance : number, default 1e-3
        Relative width of each enclosure.
    first_bits, most_bits : int
        The precision to begin with, and its cap.

    Raises
    ------
    InputError
        Where the policy does not fit.

    Examples
    --------
    >>> from ergs_verify import Game, Policy
    >>> from ergs_verify.certify.stationary_gap import certify_stationary_gap
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0, discount="1/2",
    ...     noise_cov=[[1]], horizon="infinite")
    >>> certify_stationary_gap(game, Policy.from_arrays(K=[[[0]]]))
    StationaryGap(1: 1.17157; stability proved, proved)
    """
    wanted = tolerance_of(tolerance)
    expect_judged(game)
    policy.validate(game)
    demand_covariances(policy.one_stage)
    found: list[StationaryAgentGap] = []
    bits, proofs = first_bits, {}
    for bits in rising(first_bits, most=most_bits):
        found, proofs = _gaps(game, policy, bits)
        if all(one.stable == "refuted" or _is_tight(one, wanted) for one in found):
            break
    stabilities = {one.stable for one in found}
    stability = next(x for x in ("refuted", "undecided", "proved") if x in stabilities)
    verdict = stability
    if stability == "proved" and not all(_is_tight(one, wanted) for one in found):
        verdict = "undecided"
    return StationaryGap(
        agents=tuple(found),
        stability=stability,
        verdict=verdict,
        tolerance=wanted,
        bits=bits,
        game=game,
        policy=policy,
        certificate=_written(game, policy, proofs) if len(proofs) == game.agents else None,
    )


def expect_judged(game: Game) -> None:
    """Refuse what is not a stationary game."""
    if not game.stationary:
        raise InputError("the game has a last stage; its horizon is not infinite", "horizon")


def _is_tight(one: StationaryAgentGap, wanted: Any) -> bool:
    return one.gap.relative_width <= wanted


def _gaps(game: Game, policy: Policy, bits: int) -> tuple[list[StationaryAgentGap], dict]:
    once = policy.one_stage
    stages = Stages(game.one_stage, Balls(bits), symmetric=True, deterministic=policy.Sigma is None)
    once = in_state_of(game.one_stage, once)
    [played] = played_stages(stages, once)
    K = [stages.enter(X) for (X,) in once.K]
    loops: dict[Fraction, Stein | None] = {}
    found, proofs = [], {}
    for agent in stages.agents:
        rate = game.discount[agent - 1]
        if rate not in loops:
            loops[rate] = stable(played(notation.F), rate, stages.arithmetic, one=stages.relative)
        loop = loops[rate]
        if loop is None:
            refuted = is_unstable(
                played(notation.F),
                rate,
                stages.arithmetic,
                _exact_loop(game, policy),
                one=stages.relative,
            )
            stability = "refuted" if refuted else "undecided"
            reason = "the policy is not stable" if refuted else "no proof of stability was found"
            found.append(
                StationaryAgentGap(agent=agent, stable=stability, gap=_UNKNOWN, reason=reason)
            )
            continue
        try:
            answer = best_response(stages, K, agent, loop)
            proofs[agent] = (loop, answer)
            gap = INFINITE
            if has_density(stages, once, agent):
                gap = gap_from(stages, played, agent, loop, answer.P)
            one = StationaryAgentGap(agent=agent, gap=gap)
        except UnboundedCostError as error:
            one = StationaryAgentGap(agent=agent, gap=INFINITE, unbounded=error)
        except NotCertifiedError as error:
            one = StationaryAgentGap(agent=agent, gap=_UNKNOWN, reason=str(error))
        found.append(one)
    return found, proofs


def _exact_loop(game: Game, policy: Policy) -> Any:
    stages = Stages(game.one_stage, Rationals(), constants=False)
    once = in_state_of(game.one_stage, policy.one_stage)
    K = [stages.enter(X) for (X,) in once.K]
    zeros = [stages.arithmetic.zeros(p, p) for p in game.control_sizes]
    return played_stage(stages, 0, K, zeros)(notation.F)


def gap_from(
    stages: Stages[Balls], played: Evaluator, agent: int, loop: Stein, P: Any
) -> Enclosure:
    """An agent's gap under a stable policy, from the P of its best response.

    Raises
    ------
    NotCertifiedError
    """
    balls, formula = stages.arithmetic, gap_formula(stages)
    letter, constant = G.subs(notation.i, agent), g(agent)
    nothing = balls.zeros(stages.game.state_size, stages.game.state_size)
    zero = balls.scalar(Fraction(0))
    known = played.with_values({notation.P(agent): P, constant: zero})
    matrix = formula("gap_matrix", agent)
    right = known.with_values({letter: nothing})(matrix)
    near = loop.solved(right)
    if near is None:
        raise NotCertifiedError(f"the gap's matrix was not found at {balls.bits} bits")
    of_state = loop.enclosure(near, right)
    name = "plain_gap_constant" if agent in stages.plain else "gap_constant"
    a_stage = known.with_values({letter: of_state})(formula(name, agent))
    if loop.one:
        a_stage += corner(known.with_values({letter: of_state})(matrix), balls)
    if noise := slack(stages.game.noise[0]):
        a_stage += _within(loop.rate * noise, of_state, balls)
    if loop.rate == 1:
        return Enclosure.of(a_stage, least=Fraction(0))
    at_start = balls.trace(balls.multiply(of_state, initial_moment(stages.game, balls)))
    if start := slack(stages.game.x0_cov):
        at_start += _within(start, of_state, balls)
    total = at_start + a_stage / balls.scalar(1 - loop.rate)
    return Enclosure.of(total, least=Fraction(0))


def corner(X: Any, balls: Balls) -> Ball:
    """The average in the corner of a stage's cost, where costs are relative."""
    return Ball(X[0, 0], balls.bits)


def _within(size: Fraction, X: Any, balls: Balls) -> Ball:
    """A ball around 0 that holds Tr(XE) for every E of this norm, X being semidefinite."""
    spread = balls.scalar(size) * balls.trace(X)
    return Ball(arb(0, spread.value.abs_upper()), balls.bits)


# -- best response ---------------------------------------------------------------------------------


def best_response(stages: Stages[Balls], K: Sequence[Any], agent: int, loop: Stein) -> BestResponse:
    """An agent's least cost against the others' gains, bracketed.

    Parameters
    ----------
    stages : Stages
        Of the one stage.
    K : every agent's gain, with which √γF is stable
    agent : int
    loop : Stein
        The proof of that.

    Raises
    ------
    UnboundedCostError
        Where its cost has no lower bound, proved.
    NotCertifiedError
        Where neither is proved at this precision.
    """
    balls = stages.arithmetic
    others = stages.bare(0).with_values(
        {notation.K(k): K[k - 1] for k in stages.agents if k != agent}
    )
    near = None
    for near in _improved(stages, others, K[agent - 1], agent):
        W = others.with_values({notation.P(agent): near})(notation.W(agent))
        if downward(W, balls):
            near = None
            break
    if near is not None:
        answer = _bracketed(stages, others, agent, near)
        if answer is not None:
            return answer
    _demand_bounded(stages, others, K[agent - 1], agent, loop)
    raise NotCertifiedError(
        f"the least cost of agent {agent} was not bracketed at {balls.bits} bits"
    )


def _improved(stages: Stages[Balls], others: Evaluator, gain: Any, agent: int) -> Iterator[Any]:
    """Policy improvement: what each gain costs, approximately, until it hardly changes."""
    balls, P, K = stages.arithmetic, notation.P(agent), notation.K(agent)
    rate = stages.game.discount[agent - 1]
    last, change = None, None
    for _ in range(_MOST_IMPROVEMENTS):
        near = cost_near(stages, others.with_values({K: gain}), agent, rate)
        if near is None:
            return
        yield near
        if last is not None:
            with flint.ctx.workprec(balls.bits):
                before, change = change, norm(near - last)
                small = norm(near) * arb(2) ** (16 - balls.bits)
            # Nearer than half the digits the steps shrink no more only by rounding.
            stalled = before is not None and before <= change <= small * arb(2) ** (balls.bits // 2)
            if change <= small or stalled:
                return
        last = near
        try:
            gain = others.with_values({P: near})(stages.formula("gain", agent)).mid()
        except NotCertifiedError:
            return


def cost_near(stages: Stages[Balls], known: Evaluator, agent: int, rate: Fraction) -> Any:
    """An exact matrix near the P of the policy that a stage knows; None where there is none."""
    balls, P = stages.arithmetic, notation.P(agent)
    size = stages.game.state_size
    right = known.with_values({P: balls.zeros(size, size)})(stages.formula("policy_cost", agent))
    return solved(known(notation.F), rate, right, balls, one=stages.relative)


def _bracketed(
    stages: Stages[Balls], others: Evaluator, agent: int, near: Any
) -> BestResponse | None:
    balls, P, K = stages.arithmetic, notation.P(agent), notation.K(agent)
    rate = stages.game.discount[agent - 1]
    riccati, cost = stages.formula("riccati", agent), stages.formula("policy_cost", agent)
    at_near = others.with_values({P: near})
    try:
        gain = at_near(stages.formula("gain", agent)).mid()
        answer = others.with_values({K: gain})
        loop = stable(answer(notation.F), rate, balls, one=stages.relative)
        if loop is None:
            return None
        with flint.ctx.workprec(balls.bits):
            below = loop.relative(at_near(riccati) - near)
            above = loop.relative(answer.with_values({P: near})(cost) - near)
            size = near.nrows() * _MARGIN
            # An exact P misses by nothing, and still needs a margin that its digits can show.
            least = max(norm(near) * arb(2) ** (4 - balls.bits), arb(2) ** (-4 * balls.bits))
            eta = max(norm(below), norm(above), least) * size
            lo = symmetric_midpoint(near - loop.wide * eta, balls)[0]
            hi = symmetric_midpoint(near + loop.wide * eta, balls)[0]
            at_lo, at_hi = others.with_values({P: lo}), answer.with_values({P: hi})
            demand_definite(at_lo(notation.W(agent)), balls)
            left, mean_lo = _without_mean(at_lo(riccati) - lo, loop, eta)
            demand_definite(left, balls)
            left, minus_mean_hi = _without_mean(hi - at_hi(cost), loop, eta)
            demand_definite(left, balls)
            means = mean_lo, -minus_mean_hi
            bracket = Bracket(lo, hi)
            ball = bracket.ball(balls)
            if loop.one:
                ball = _with_slope(stages, others, agent, ball)
    except NotCertifiedError:
        return None
    return BestResponse(gain=gain, bracket=bracket, loop=loop, P=ball, means=means)


def _without_mean(X: Any, loop: Stein, eta: Any) -> tuple[Any, Any]:
    """X less an average in its corner that leaves it definite, if it can be; and that average."""
    if not loop.one:
        return X, arb(0)
    rows = X.tolist()
    column, rest = arb_mat([[x] for x in rows[0][1:]]), arb_mat([row[1:] for row in rows[1:]])
    taken = (column.transpose() * loop.balls.solve(rest, column)).entries()[0]
    average = (rows[0][0] - taken - eta).lower()
    rows[0][0] -= average
    return arb_mat(rows), average


def _with_slope(stages: Stages[Balls], others: Evaluator, agent: int, P: Any) -> Any:
    """The relative cost of the best answer, s included, where P is known in balls.

    Its equation for s, linear, does not depend on k where K is best.
    """
    balls, letter, size = stages.arithmetic, notation.P(agent), stages.game.state_size
    gain = others.with_values({letter: P})(stages.formula("gain", agent))
    rows = [[arb(0), *row[1:]] for row in gain.tolist()]
    answer = others.with_values({notation.K(agent): arb_mat(rows)})
    nothing = answer.with_values({letter: balls.zeros(size, size)})
    right = nothing(stages.formula("policy_cost", agent))
    rest = arb_mat([row[1:] for row in P.tolist()[1:]])
    return relative_value(answer(notation.F), rest, right, balls)


def _demand_bounded(
    stages: Stages[Balls], others: Evaluator, gain: Any, agent: int, loop: Stein
) -> None:
    """A cost that some policy attains, led back stage by stage until W has a negative eigenvalue.

    Raises
    ------
    UnboundedCostError
    """
    balls, P = stages.arithmetic, notation.P(agent)
    played = others.with_values({notation.K(agent): gain})
    near = cost_near(stages, played, agent, loop.rate)
    if near is None:
        return
    size = stages.game.state_size
    right = played.with_values({P: balls.zeros(size, size)})(stages.formula("policy_cost", agent))
    above = loop.above(near, right)
    for _ in range(_MOST_STAGES):
        known = others.with_values({P: above})
        if direction := downward(known(notation.W(agent)), balls):
            raise UnboundedCostError(agent, None, direction, against_others=stages.game.agents > 1)
        try:
            above = Bracket.around(known(stages.formula("riccati", agent)), balls).hi
        except NotCertifiedError:
            return


# -- written out -----------------------------------------------------------------------------------


def _written(game: Game, policy: Policy, proofs: dict) -> dict[str, Any]:
    """The certificates in numbers alone: what `recheck_stationary` needs, and nothing else."""
    stages = Stages(
        game.one_stage, Rationals(), deterministic=policy.Sigma is None, constants=False
    )
    numbers = stages.arithmetic
    once = in_state_of(game.one_stage, policy.one_stage)
    stage = stages.bare(0)

    def rows(X: Any) -> list[list[str]]:
        return [[str(x) for x in row] for row in numbers.to_fractions(X)]

    def dyadic(X: Any) -> list[list[str]]:
        return [[str(x) for x in row] for row in Balls(64).to_fractions(X)]

    def means(answer: BestResponse) -> dict[str, str]:
        lo, hi = answer.means
        return {"mean_lo": dyadic(arb_mat([[lo]]))[0][0], "mean_hi": dyadic(arb_mat([[hi]]))[0][0]}

    agents = []
    for agent, (loop, answer) in sorted(proofs.items()):
        costs = _forms(stages, stage, agent)
        agents.append(
            {
                "discount": str(loop.rate),
                **{key: rows(X) for key, X in costs.items()},
                "Y": dyadic(loop.Y),
                "gain": dyadic(answer.gain),
                "gain_Y": dyadic(answer.loop.Y),
                "P_lo": dyadic(answer.bracket.lo),
                "P_hi": dyadic(answer.bracket.hi),
                **(means(answer) if stages.relative else {}),
            }
        )
    return {
        "format": "ergs-stationary/1",
        "game": {"name": game.name, "hash": game.hash},
        **({"first_state": "1"} if stages.relative else {}),
        "A": rows(stage(notation.A)),
        "B": [rows(stage(notation.B(k))) for k in stages.agents],
        "K": [rows(stages.enter(X)) for (X,) in once.K],
        "agents": agents,
    }


def _forms(stages: Stages, stage: Evaluator, agent: int) -> dict[str, Any]:
    """Q, S, R of an agent's stage cost in all controls, its prior's quadratic form in it."""
    numbers, game = stages.arithmetic, stages.game
    size = sum(game.control_sizes)
    start = sum(game.control_sizes[: agent - 1])
    p = game.control_sizes[agent - 1]
    general = game.general
    place = [[Fraction(int(r == start + c)) for c in range(p)] for r in range(size)]
    E = numbers.matrix(place, (size, p))
    half = numbers.scalar(game.tau_of[agent - 1][0] / 2)
    Q = stage(notation.Q(agent))
    if general:
        S, R = stage(notation.joint_S(agent)), stage(notation.joint_R(agent))
        L, M = stage(notation.precision(agent)), stage(notation.prior_gain(agent))
    else:
        own = stage(notation.R(agent))
        S = numbers.zeros(size, game.state_size)
        R = numbers.multiply(numbers.multiply(E, own), numbers.transpose(E))
        L, M = numbers.identity(p), numbers.zeros(p, game.state_size)
    if agent not in stages.plain:
        minus = numbers.scalar(Fraction(-1))
        LM = numbers.multiply(L, M)
        ELE = numbers.multiply(numbers.multiply(E, L), numbers.transpose(E))
        MLM = numbers.multiply(numbers.transpose(M), LM)
        Q = numbers.add(Q, numbers.scale(half, MLM))
        S = numbers.add(S, numbers.scale(minus, numbers.scale(half, numbers.multiply(E, LM))))
        R = numbers.add(R, numbers.scale(half, ELE))
    return {"Q": Q, "S": S, "R": R}
