"""How far a policy is from an equilibrium: every agent's gap, enclosed by the gap identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from attrs import evolve, frozen
from flint import arb

from ergs_verify import markup
from ergs_verify.answer import policy_of
from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.covariances import demand_covariances, slack, slacks
from ergs_verify.certify.definite import demand_bounded, demand_definite
from ergs_verify.certify.enclosure import INFINITE, Enclosure
from ergs_verify.certify.exactly import plays_best_response
from ergs_verify.certify.loewner import Bracket
from ergs_verify.certify.norms import largest_eigenvalue
from ergs_verify.certify.precision import MOST_BITS, rising, tolerance_of
from ergs_verify.certify.worst_state import largest_on_ball
from ergs_verify.errors import InputError, NotCertifiedError, UnboundedCostError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import number, short
from ergs_verify.exact.definite import is_positive
from ergs_verify.game import Game, Policy
from ergs_verify.game.game import expect_game
from ergs_verify.paper import notation
from ergs_verify.paper.gap import G, X, g, gap_formulas
from ergs_verify.recursion.affine import part
from ergs_verify.recursion.gap import initial_moment, played_stages
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages, setting_of
from ergs_verify.recursion.written_out import WrittenOut

#: Called with the stages done and all stages of one attempt; a new attempt has more bits.
Progress = Callable[[int, int], None]


@frozen(kw_only=True)
class StageGap:
    """What stage t adds to a gap: by the gain and by the covariance, neither negative."""

    t: int
    gain: Enclosure
    covariance: Enclosure


@frozen(kw_only=True)
class AgentGap:
    """One agent's gap.

    Attributes
    ----------
    agent : int
        Counted from 1.
    gap : Enclosure
        Of J^i(π) − min J^i, the mean over x_0; infinite where τ > 0 and Σ is singular, or where
        the agent's cost has no lower bound.
    stages : tuple of StageGap, t = 0…T−1
        Its parts; empty where it is infinite.
    unbounded : UnboundedCostError or None
        Where and along what control the agent's cost has no lower bound, proved.
    """

    agent: int
    gap: Enclosure
    stages: tuple[StageGap, ...]
    unbounded: UnboundedCostError | None = None


@frozen(kw_only=True, repr=False)
class StateGap:
    """One agent's gap as a function x'Gx + g of the initial state x, or x'Gx + 2h'x + g.

    Attributes
    ----------
    agent : int
    matrix : list of rows of Enclosure, m×m
        G ⪰ 0.
    linear : list of Enclosure, of length m, or None
        h, in a game with affine terms.
    constant : Enclosure
        g ≥ 0.
    worst : Enclosure
        The largest gap over ‖x‖₂ ≤ radius.
    radius : Fraction
    """

    agent: int
    matrix: list[list[Enclosure]]
    linear: list[Enclosure] | None = None
    constant: Enclosure
    worst: Enclosure
    radius: Fraction

    def __repr__(self) -> str:
        size = f"{len(self.matrix)}×{len(self.matrix)}"
        linear = "" if self.linear is None else " + 2h'x"
        return (
            f"StateGap(agent {self.agent}: x'Gx{linear} + g with G {size} and g = {self.constant}, "
            f"at most {self.worst} where ‖x‖ ≤ {short(self.radius)})"
        )


@frozen(kw_only=True, eq=False, repr=False)
class CertifiedGap:
    """Every agent's gap, enclosed.

    Attributes
    ----------
    agents : tuple of AgentGap
    verdict : str
        ``"proved"`` where every enclosure is as tight as asked, else ``"undecided"``.
    tolerance : Fraction
        The relative width asked for.
    bits : int
        The precision that was needed, or reached.
    game, policy
        What was judged.
    """

    agents: tuple[AgentGap, ...]
    verdict: str
    tolerance: Fraction
    bits: int
    game: Game
    policy: Policy

    @property
    def largest(self) -> Enclosure:
        """The largest agent's gap: the least ε for which the policy is an ε-NE, on average."""
        gaps = [one.gap for one in self.agents]
        return Enclosure(max(gap.lo for gap in gaps), max(gap.hi for gap in gaps))

    def of_state(self, radius: Any = 1) -> tuple[StateGap, ...]:
        """Every agent's gap as a function of the initial state, and its worst case on a ball.

        Definition II.1 asks for the gap at every x, not on average.

        Parameters
        ----------
        radius : number > 0
            Of the ball ‖x‖₂ ≤ radius.

        Raises
        ------
        InputError
            Where the radius is bad, or a gap is infinite.
        """
        size = number(radius, "radius")
        if not size > 0:
            raise InputError("radius must be > 0", "radius")
        if any(one.gap == INFINITE for one in self.agents):
            raise InputError("a gap is infinite at every state: Σ is singular", "Sigma")
        return _of_state(self.game, self.policy, self.bits, Fraction(size))

    def as_json(self) -> dict[str, Any]:
        """The part ``epsilon`` of ``ergs-audit/1``, with what is known besides."""
        return {
            "verdict": self.verdict,
            "bits": self.bits,
            "epsilon": [{"agent": one.agent, "gap": one.gap.as_json()} for one in self.agents],
        }

    def __repr__(self) -> str:
        gaps = ", ".join(f"{one.agent}: {one.gap}" for one in self.agents)
        return f"CertifiedGap({gaps}; {self.verdict} at {self.bits} bits)"

    def _repr_html_(self) -> str:
        lines = [[str(one.agent), str(one.gap)] for one in self.agents]
        told = (
            "A gap is what the agent can gain by deviating alone, on average over x_0; "
            f"{self.verdict} in balls of {self.bits} bits."
        )
        return markup.table(["agent", "gap"], lines) + markup.paragraphs([told])


def certify_gap(
    game: Game,
    policy: Any,
    tolerance: Any = 1e-3,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
    progress: Progress | None = None,
) -> CertifiedGap:
    """Enclose every agent's gap J^i(π) − min over agent i's policies.

    Parameters
    ----------
    game : Game
    policy : Policy, Solution, or a mapping or an object with K and optionally Sigma
        ``[i][t]``: K p_i×m and Sigma p_i×p_i for t = 0…T−1. Without Σ it is judged in the plain
        game with R + (τ/2)I for R. Floats are the dyadic rationals they are.
    tolerance : number, default 1e-3
        Relative width of each enclosure.
    first_bits : int
        The precision to begin with.
    most_bits : int
        The cap of the precision; beyond it the verdict is ``"undecided"``.
    progress : function of the stages done and all, optional
        Called anew at each precision.

    Returns
    -------
    CertifiedGap

    Raises
    ------
    InputError
        Where `policy` is none, does not fit the game, or `tolerance` is bad.
    NotCertifiedError
        Where not even a wide enclosure is found within `most_bits`, or a Σ has a negative
        eigenvalue.

    Notes
    -----
    The gap identity (THEORY §2, the ledger's ``sharp-gap-identity``) gives the gap as a sum of
    nonnegative terms, in which nothing cancels. The best responses' costs and the state's second
    moments are kept between exact matrices in the Loewner order. A covariance of noise or x_0 that
    rounding left a little indefinite stands for all covariances within 4mu‖·‖ of it.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify import Policy, gallery
    >>> from ergs_verify.certify import certify_gap
    >>> game = gallery("g-star-2")
    >>> off = Fraction(-13, 7) + Fraction(1, 10**15)  # W = 3, and the game starts at (1, −1)
    >>> nearly = Policy.from_arrays(K=[[[[off, "8/7"]]], [[["8/7", "-13/7"]]]])
    >>> print(certify_gap(game, nearly).agents[0].gap)
    3e-30
    """
    expect_game(game, "certify_gap")
    wanted = tolerance_of(tolerance)
    if game.stationary:
        from ergs_verify.certify.stationary_gap import certify_stationary_gap

        return certify_stationary_gap(game, policy_of(policy, game), tolerance)
    policy = policy_of(policy, game, letters=("K", "Sigma", "k"))
    demand_covariances(policy)
    rounded = slack(game.x0_cov) or any(slacks(game.noise))
    found, bits = None, first_bits
    for bits in rising(first_bits, most=most_bits):
        try:
            found = enclosed_gaps(game, policy, bits, progress)
        except NotCertifiedError:
            continue
        if bits > 128 and not rounded:
            # At the first precision a gap that contains 0 is usually just small.
            found = [_exactly(game, policy, one) for one in found]
        if all(one.gap.relative_width <= wanted for one in found) or (bits > 128 and rounded):
            break
    if found is None:
        raise NotCertifiedError(f"no bounds of the gap were found with up to {most_bits} bits")
    tight = all(one.gap.relative_width <= wanted for one in found)
    return CertifiedGap(
        agents=tuple(found),
        verdict="proved" if tight else "undecided",
        tolerance=wanted,
        bits=bits,
        game=game,
        policy=policy,
    )


def enclosed_gaps(
    game: Game, policy: Policy, bits: int, progress: Progress | None = None
) -> list[AgentGap]:
    """Every agent's gap at one precision, however wide the enclosures turn out.

    Raises
    ------
    NotCertifiedError
        Where there are no bounds at so few bits.
    """
    stages = Stages(game, Balls(bits), symmetric=True, deterministic=policy.Sigma is None)
    policy = in_state_of(game, policy)
    played = with_moments(stages, played_stages(stages, policy))
    proper = [k for k in stages.agents if has_density(stages, policy, k)]
    done = 0
    found = []
    for agent in stages.agents:
        if agent not in proper:
            found.append(AgentGap(agent=agent, gap=INFINITE, stages=()))
            continue
        parts = []
        try:
            for part in gap_parts(stages, played, agent):
                parts.append(part)
                done += 1
                if progress:
                    progress(done, len(proper) * game.horizon)
        except UnboundedCostError as error:
            found.append(AgentGap(agent=agent, gap=INFINITE, stages=(), unbounded=error))
        else:
            found.append(_as_enclosures(agent, parts[::-1]))
    return found


def _as_enclosures(agent: int, parts: Sequence[tuple[Ball, Ball]]) -> AgentGap:
    zero = Fraction(0)
    return AgentGap(
        agent=agent,
        gap=Enclosure.of(reduce(add, (x for part in parts for x in part)), least=zero),
        stages=tuple(
            StageGap(
                t=t,
                gain=Enclosure.of(gain, least=zero),
                covariance=Enclosure.of(covariance, least=zero),
            )
            for t, (gain, covariance) in enumerate(parts)
        ),
    )


# -- in balls --------------------------------------------------------------------------------------


def with_moments(stages: Stages[Balls], played: Sequence[Evaluator]) -> list[Evaluator]:
    """The stages t = 0…T−1, which know everybody's K and Σ, with E[xx'] besides."""
    balls = stages.arithmetic
    formula = gap_formula(stages)
    at_start, of_noise = slack(stages.game.x0_cov), slacks(stages.game.noise)
    moment = Bracket.around(initial_moment(stages.game, balls), balls).wider(at_start, balls)
    known = []
    for stage in played:
        known.append(stage.with_values({X: moment.ball(balls)}))
        if len(known) < len(played):
            moment = moment.along(stage, X, formula("second_moment", 1), balls)
            moment = moment.wider(of_noise[len(known) - 1], balls)
    return known


def answered(stages: Stages[Balls], played: Sequence[Evaluator], agent: int) -> Iterator[Evaluator]:
    """The stages t = T−1, …, 0 with P_{t+1} of an agent's best response to the others."""
    balls, P = stages.arithmetic, notation.P(agent)
    riccati = stages.formula("riccati", agent)
    cost = Bracket.around(stages.terminal().P[agent - 1], balls)
    for t in reversed(range(len(played))):
        stage = played[t]
        lo, hi = cost.ends(stage, P)
        W = notation.W(agent)
        demand_bounded(lo(W), stages, agent=agent, t=t, above=hi(W))
        yield stage.with_values({P: cost.ball(balls)})
        cost = Bracket.between(lo(riccati), hi(riccati), balls)


def gap_parts(
    stages: Stages[Balls], played: Sequence[Evaluator], agent: int
) -> Iterator[tuple[Ball, Ball]]:
    """What the stages t = T−1, …, 0 add to an agent's gap, by the gain and by the covariance."""
    times = reversed(range(len(played)))
    for t, stage in zip(times, answered(stages, played, agent), strict=True):
        yield stage_parts(stages, stage, agent, t)


def stage_parts(stages: Stages[Balls], stage: Evaluator, agent: int, t: int) -> tuple[Ball, Ball]:
    """The same of stage t alone, which knows P_{t+1} of the agent's best response."""
    formula = gap_formula(stages)
    covariance = "plain_covariance_part" if stages.plain_at(agent, t) else "covariance_part"
    gain, spread = stage(formula("gain_part", agent)), stage(formula(covariance, agent))
    return stages.weighed(gain, agent, t), stages.weighed(spread, agent, t)


def _of_state(game: Game, policy: Policy, bits: int, radius: Fraction) -> tuple[StateGap, ...]:
    stages = Stages(game, Balls(bits), symmetric=True, deterministic=policy.Sigma is None)
    played = played_stages(stages, in_state_of(game, policy))
    return tuple(_state_gap(stages, played, agent, radius) for agent in stages.agents)


def _state_gap(
    stages: Stages[Balls], played: Sequence[Evaluator], agent: int, radius: Fraction
) -> StateGap:
    """Backwards in time; G stays between exact matrices, as it is linear in what follows it."""
    balls, formula = stages.arithmetic, gap_formula(stages)
    letter, constant = G.subs(notation.i, agent), g(agent)
    size = stages.game.state_size
    bracket = Bracket(balls.zeros(size, size), balls.zeros(size, size))
    number, of_noise = balls.scalar(Fraction(0)), slacks(stages.game.noise)
    rate = stages.game.discount[agent - 1]
    times = reversed(range(len(played)))
    for t, stage in zip(times, answered(stages, played, agent), strict=True):
        known = stage.with_values({letter: bracket.ball(balls), constant: number})
        name = "plain_gap_constant" if stages.plain_at(agent, t) else "gap_constant"
        number = known(formula(name, agent))
        if of_noise[t]:
            spread = balls.scalar(rate * of_noise[t]) * balls.trace(bracket.hi)
            number += Ball(arb(0, spread.value.abs_upper()), balls.bits)
        bracket = bracket.along(stage, letter, formula("gap_matrix", agent), balls)
    matrix, linear = bracket.ball(balls), None
    if stages.affine:
        matrix, h, corner = (part(letter, matrix, balls) for letter in "Psc")
        number += balls.trace(corner)
        worst = largest_on_ball(matrix, h, radius, balls) + number
        linear = [entry for (entry,) in _enclosed(h, balls)]
    else:
        squared = balls.scalar(radius * radius)
        worst = Ball(largest_eigenvalue(matrix, balls.bits), balls.bits) * squared + number
    return StateGap(
        agent=agent,
        matrix=_enclosed(matrix, balls),
        linear=linear,
        constant=Enclosure.of(number, least=Fraction(0)),
        worst=Enclosure.of(worst, least=Fraction(0)),
        radius=radius,
    )


def _enclosed(X: Any, balls: Balls) -> list[list[Enclosure]]:
    return [[Enclosure(*ends) for ends in row] for row in balls.enclosures(X)]


def gap_formula(stages: Stages[Balls]) -> WrittenOut:
    """The gap's formulas, written out for the game's agents."""
    return stages.written(gap_formulas(setting_of(stages.game)))


# -- exactly ---------------------------------------------------------------------------------------


def has_density(stages: Stages[Balls], policy: Policy, agent: int) -> bool:
    """Whether an agent's gap is finite: where τ > 0 its Σ has to be positive definite."""
    if agent in stages.plain or policy.Sigma is None:
        return True
    return all(
        stages.plain_at(agent, t) or _is_definite(stages, Sigma)
        for t, Sigma in enumerate(policy.Sigma[agent - 1])
    )


def _is_definite(stages: Stages[Balls], Sigma: np.ndarray) -> bool:
    """By balls, which is quick, and exactly where they do not prove it."""
    try:
        demand_definite(stages.enter(Sigma), stages.arithmetic)
    except NotCertifiedError:
        return is_positive(Sigma, strictly=True)
    return True


def _exactly(game: Game, policy: Policy, one: AgentGap) -> AgentGap:
    """Its gap is 0 where exact rationals say that an agent plays its best response."""
    if one.gap.lo > 0 or not plays_best_response(game, policy, one.agent):
        return one
    nothing = Enclosure(Fraction(0), Fraction(0))
    stages = tuple(evolve(stage, gain=nothing, covariance=nothing) for stage in one.stages)
    return evolve(one, gap=nothing, stages=stages)
