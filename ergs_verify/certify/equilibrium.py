"""The Nash equilibrium in balls: approximate costs at each stage, and a bound of their errors.

At a stage, P̂ⁱ are exact matrices near Pⁱ_{t+1}, with ‖Pⁱ_{t+1} − P̂ⁱ‖₂ ≤ eⁱ. The stage's formulas
are evaluated in balls at P̂, which gives gains K° and costs P°; a prime marks the same at the true
P = P̂ + E. With F° = A + Σ BʲK°ʲ, Mʲ = Φ°⁻¹(block column j of Bʲ') and C the sum over k ≠ i,

- Φ is regular at P where κ ≥ Σ_j ‖𝓑Mʲ‖ eʲ is below 1, and then ‖F‖ ≤ ‖F°‖ / (1 − κ);
- Δ = K − K° = −Σ_j Mʲ Eʲ F, stacked over agents;
- Pⁱ_t − P°ⁱ = F'EⁱF + (CΔ)'P̂ⁱF° + F°'P̂ⁱCΔ + Δⁱ'R̃ⁱΔⁱ + (𝓑Δ)'P̂ⁱ𝓑Δ,

identities that the ledger proves (`sharp-perturbation`). Agent i's own term of first order is
gone, its gain being optimal. In the general game Eⁱ and P̂ⁱ weigh γⁱ, and there come Δ'RⁱΔ and the
slope (Sⁱ + Rⁱ𝓚°)ʲ in the gains of the others. Entries' radii thus start anew at every stage; only
the bounds eⁱ are carried on. Where these have grown much, the recursion straight in balls is tried
too, and what both enclose holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import accumulate, pairwise
from operator import add, itemgetter
from typing import Any

import flint
from attrs import evolve, frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.definite import demand_bounded
from ergs_verify.certify.frame import Frame
from ergs_verify.certify.loewner import symmetric_midpoint, widened
from ergs_verify.certify.norms import BITS, coarse, frobenius_above, spectral_above
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences, block_system, by_agent
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

#: The part of the precision that is lost before plain balls are tried too.
_MUCH_LOST = 0.25
#: Plain balls that have lost so many bits more, before they are even with the bounds, are no help.
_CLEARLY_BEHIND = 32


@frozen(kw_only=True, eq=False)
class EquilibriumStage:
    """A stage of the equilibrium, every matrix in balls.

    Attributes
    ----------
    t : int
    known : Evaluator
        Knows the stage's letters, P_{t+1} and q_{t+1} of every agent.
    stage : Stage
        K_t, Σ_t, P_t, q_t.
    """

    t: int
    known: Evaluator
    stage: Stage


def equilibrium_in_balls(game: Game, bits: int) -> Sequences:
    """The feedback Nash equilibrium in balls; that there is one, and just one, is proved.

    Raises
    ------
    NotCertifiedError
        Where `bits` are too few, naming the stage; Φ_t may be singular there.

    Examples
    --------
    >>> from ergs_verify.certify.equilibrium import equilibrium_in_balls
    >>> from ergs_verify.game.gallery import gallery
    >>> K = equilibrium_in_balls(gallery("g-star-2"), 64).K[0][0]  # −13/7 and 8/7
    >>> (7 * K[0, 0]).contains(-13), K[0, 0].rad() < 1e-17
    (True, True)
    """
    stages = Stages(game, Balls(bits), symmetric=True)
    played = [one.stage for one in stages_in_balls(stages)]
    return Sequences.from_backwards(stages.terminal(), played)


def stages_in_balls(stages: Stages[Balls]) -> Iterator[EquilibriumStage]:
    """The equilibrium's stages t = T−1, …, 0, over `Balls`."""
    ahead = stages.terminal()
    near = _Near.to(ahead.P, stages.arithmetic)
    plain = _PlainBalls(stages)
    for t in reversed(range(stages.game.horizon)):
        try:
            one, near = _stage(stages, t, ahead, near, plain)
        except NotCertifiedError as error:
            raise NotCertifiedError(f"stage t = {t}: {error}") from error
        yield one
        ahead = one.stage


@frozen(eq=False)
class _Near:
    """Exact P̂ⁱ near the true Pⁱ: ‖S'(Pⁱ − P̂ⁱ)S‖₂ ≤ eⁱ in the coordinates of a frame."""

    middles: list[Any]
    errors: list[Any]
    frame: Frame

    @classmethod
    def to(cls, P: Sequence[Any], balls: Balls, frame: Frame | None = None) -> _Near:
        """Near the matrices in the balls; the errors are the balls' radii."""
        rounded = [symmetric_midpoint(X, balls) for X in P]
        frame = frame or Frame.of(P, balls)
        errors = [frobenius_above(frame.of_cost(off)) for _, off in rounded]
        return cls([middle for middle, _ in rounded], errors, frame)

    def further(self, bounds: Sequence[Any]) -> _Near:
        """The same matrices, with larger errors."""
        with flint.ctx.workprec(BITS):
            errors = [(e + b).upper() for e, b in zip(self.errors, bounds, strict=True)]
        return evolve(self, errors=errors)

    def balls(self, balls: Balls) -> tuple[Any, ...]:
        """Every Pⁱ in balls."""
        columns = self.frame.columns_above()
        return tuple(
            widened(middle, [error * c for c in columns], columns, balls)
            for middle, error in zip(self.middles, self.errors, strict=True)
        )

    def lost(self, balls: Balls) -> bool:
        """Whether much of the precision is lost."""
        least = arb(2) ** int(balls.bits * (1 - _MUCH_LOST))
        return any(error * least > 1 for error in self.errors)

    def or_nearer(self, P: Sequence[Any], balls: Balls) -> _Near:
        """For each agent these or the middles of the balls, whichever are nearer by the bounds."""
        other = self.to(P, balls, self.frame)
        pairs = zip(self.middles, self.errors, strict=True)
        others = zip(other.middles, other.errors, strict=True)
        nearer = [min(both, key=itemgetter(1)) for both in zip(pairs, others, strict=True)]
        return evolve(self, middles=[P for P, _ in nearer], errors=[e for _, e in nearer])


class _PlainBalls:
    """The same recursion straight in balls: the radii of entries are carried on.

    They mostly grow faster than the bounds eⁱ, but not always. So it is begun, at the final costs,
    only where these have grown much, and given up where it is no help.
    """

    def __init__(self, stages: Stages[Balls]):
        self._stages = stages
        self._costs: Sequence[Any] | None = stages.terminal().P
        self._next = stages.game.horizon - 1

    def stage(self, t: int, P: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]] | None:
        """K_t and P_t in balls, by this and by what is known of P_{t+1}; None if given up."""
        while self._costs is not None:
            if self._next == t:
                self._costs = _common(self._costs, P, self._stages.arithmetic)
            try:
                K, self._costs = self._at(self._next, self._costs)
            except NotCertifiedError:
                break
            self._next -= 1
            if self._next < t:
                return K, self._costs
            if self._is_behind(self._costs):
                break
        self.give_up()
        return None

    def give_up(self) -> None:
        """From now on it does not serve."""
        self._costs = None

    def _is_behind(self, P: Sequence[Any]) -> bool:
        """Whether it has lost, at a stage after t, clearly more than the bounds at t."""
        bits = self._stages.arithmetic.bits
        least = bits * (1 - _MUCH_LOST) - _CLEARLY_BEHIND
        return all(X.trace().rel_accuracy_bits() < least for X in P)

    def _at(self, t: int, P: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        stages, balls = self._stages, self._stages.arithmetic
        known = stages.bare(t).with_values(
            {notation.P(k): X for k, X in zip(stages.agents, P, strict=True)}
        )
        phi, rhs = block_system(stages, known)
        K = by_agent(stages, balls.solve(phi, -rhs))
        at_gains = known.with_values({notation.K(k): K[k - 1] for k in stages.agents})
        return K, tuple(at_gains(stages.formula("policy_cost", k)) for k in stages.agents)


def _stage(
    stages: Stages[Balls], t: int, ahead: Stage, near: _Near, plain: _PlainBalls
) -> tuple[EquilibriumStage, _Near]:
    """Stage t, and what is near P_t; `near` is near P_{t+1}."""
    balls = stages.arithmetic
    known = stages.at(t, ahead)
    try:
        K, here = _from_approximate(stages, t, near)
    except NotCertifiedError:
        straight = plain.stage(t, ahead.P)
        if straight is None:
            raise
        K, P = straight
        here = _Near.to(P, balls)
    else:
        P = here.balls(balls)
        if here.lost(balls) and (straight := plain.stage(t, ahead.P)) is not None:
            if _is_narrower(straight[1], P):
                K, P = (_common(*both, balls) for both in zip((K, P), straight, strict=True))
                here = here.or_nearer(P, balls)
            else:
                plain.give_up()
    return EquilibriumStage(t=t, known=known, stage=_played(stages, known, K, P, t)), here


def _from_approximate(stages: Stages[Balls], t: int, near: _Near) -> tuple[Sequence[Any], _Near]:
    """K_t in balls and what is near P_t, from what is near P_{t+1}."""
    balls = stages.arithmetic
    approximate = stages.bare(t).with_values(
        {notation.P(k): P for k, P in zip(stages.agents, near.middles, strict=True)}
    )
    phi, rhs = block_system(stages, approximate)
    K = by_agent(stages, balls.solve(phi, -rhs))
    at_gains = approximate.with_values({notation.K(k): K[k - 1] for k in stages.agents})
    here = _Near.to([at_gains(stages.formula("policy_cost", k)) for k in stages.agents], balls)
    bounds = _perturbed(stages, at_gains, phi, near, here.frame)
    columns = here.frame.columns_above()
    K = [
        widened(X, [bound] * X.nrows(), columns, balls)
        for X, bound in zip(K, bounds.gains, strict=True)
    ]
    return K, here.further(bounds.costs)


def _common(one: Sequence[Any], other: Sequence[Any], balls: Balls) -> list[Any]:
    """Balls of the numbers that two enclosures of each matrix have in common."""
    with flint.ctx.workprec(balls.bits):
        return [
            arb_mat(
                *balls.shape(X),
                [x.intersection(y) for x, y in zip(X.entries(), Y.entries(), strict=True)],
            )
            for X, Y in zip(one, other, strict=True)
        ]


def _is_narrower(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether some entry's ball is narrower than in the other matrices."""
    entries = (zip(X.entries(), Y.entries(), strict=True) for X, Y in zip(one, other, strict=True))
    return any(x.rad() < y.rad() for pairs in entries for x, y in pairs)


def _played(
    stages: Stages[Balls], known: Evaluator, K: Sequence[Any], P: Sequence[Any], t: int
) -> Stage:
    """The stage's policy and costs, q_t among them."""
    for k in stages.agents:
        demand_bounded(known(notation.W(k)), stages, agent=k, t=t)
    Sigma = stages.covariances(known)
    played = known.with_values(
        {notation.K(k): K[k - 1] for k in stages.agents}
        | {notation.S(k): Sigma[k - 1] for k in stages.agents}
    )
    q = tuple(stages.constant(played, "policy_constant", k, t) for k in stages.agents)
    if not all(x.is_finite() for X in (*K, *Sigma, *P) for x in X.entries()):
        raise NotCertifiedError(f"an enclosure has no bounds at {stages.arithmetic.bits} bits")
    return Stage(K=tuple(K), Sigma=Sigma, P=tuple(P), q=q)


@frozen
class _Bounds:
    """Bounds of ‖(Kⁱ − K°ⁱ)S‖₂ and of ‖S'(Pⁱ − P°ⁱ)S‖₂, agent by agent, S the frame at t."""

    gains: list[Any]
    costs: list[Any]


def _perturbed(
    stages: Stages[Balls], at: Evaluator, phi: Any, near: _Near, frame: Frame
) -> _Bounds:
    """What errors of P_{t+1} do to the stage, by the identities at the head of this file.

    The state x_t is in the coordinates of `frame`, x_{t+1} in those of `near`.
    """
    agents = range(len(near.middles))
    errors = near.errors
    if all(error.is_zero() for error in errors):
        return _Bounds([arb(0) for _ in agents], [arb(0) for _ in agents])
    balls = stages.arithmetic
    of_controls = _OfControls.at(stages, at)
    rates = [balls.scalar(rate).value for rate in stages.game.discount]
    inverse = coarse(balls.solve(phi, balls.identity(phi.nrows())))
    costs_ahead = [near.frame.of_cost(P) for P in near.middles]
    bits = max(near.frame.bits, frame.bits)
    with flint.ctx.workprec(bits):
        B = [coarse(near.frame.inverse * coarse(at(notation.B(k)), bits)) for k in stages.agents]
        loop = coarse(near.frame.inverse * coarse(at(notation.F), bits) * frame.S)
    with flint.ctx.workprec(BITS):
        # γʲ‖Eʲ‖ ‖Bʲ‖: what an error of agent j's cost does on its way through Bʲ'.
        reach = [
            rate * error * spectral_above(X)
            for rate, error, X in zip(rates, errors, B, strict=True)
        ]
        blocks = _blocks(inverse, stages.game.control_sizes)
        # [k][j] is Bᵏ times the block (k, j) of Φ⁻¹, m×p_j.
        pushed = [[X * block for block in row] for X, row in zip(B, blocks, strict=True)]
        everybody = [reduce(add, parts) for parts in zip(*pushed, strict=True)]
        kappa = _weighted(everybody, reach)
        if not kappa < 1:
            raise NotCertifiedError(f"Φ_t is not certified to be regular at {balls.bits} bits")
        f = spectral_above(loop) / (1 - kappa)
        moved = kappa * f
        gains = [(f * _weighted(row, reach)).upper() for row in blocks]
        costs = []
        for i, P in enumerate(costs_ahead):
            others = f * _weighted(
                [whole - X for whole, X in zip(everybody, pushed[i], strict=True)], reach
            )
            costs.append(
                rates[i]
                * (
                    f * f * errors[i]
                    + 2 * others * spectral_above(P * loop)
                    + moved * moved * frobenius_above(P)
                )
                + of_controls.moved(i, gains, frame)
            )
    return _Bounds(gains, costs)


@frozen(eq=False)
class _OfControls:
    """What a stage's costs of controls do where gains move by Δ.

    Attributes
    ----------
    own : list over agents
        A bound of ‖R + (τ/2)I‖₂, or of ‖(τ/2)L‖₂ in the general game: Δⁱ enters squared.
    joint : list over agents of (bound, [slopes]), or None
        In the general game a bound of ‖R‖₂, and by agent j the slope (S + R𝓚)ʲ in its gain.
    """

    own: list[Any]
    joint: list[tuple[Any, list[Any]]] | None

    @classmethod
    def at(cls, stages: Stages[Balls], stage: Evaluator) -> _OfControls:
        general = stages.game.general

        def half(agent: int) -> Any:
            tau = notation.tau_of(agent) if general else notation.tau
            return arb(0) if agent in stages.plain else stage(tau / 2).value

        if not general:
            return cls(
                [half(k) + frobenius_above(stage(notation.R(k))) for k in stages.agents], None
            )
        own, joint = [], []
        for k in stages.agents:
            own.append(half(k) * frobenius_above(stage(notation.precision(k))))
            slope = notation.joint_S(k) + notation.joint_R(k) * notation.joint_gain
            slopes = [stage(notation.place(j).T * slope) for j in stages.agents]
            joint.append((frobenius_above(stage(notation.joint_R(k))), slopes))
        return cls(own, joint)

    def moved(self, i: int, gains: Sequence[Any], frame: Frame) -> Any:
        """A bound of ‖S'·S‖ of it for agent i, whose own gain enters squared only."""
        found = gains[i] * gains[i] * self.own[i]
        if self.joint is None:
            return found
        R, slopes = self.joint[i]
        for j, slope in enumerate(slopes):
            if j != i:
                found += 2 * gains[j] * frobenius_above(coarse(slope, frame.bits) * frame.S)
        return found + R * reduce(add, (gain * gain for gain in gains))


def _blocks(inverse: Any, sizes: Sequence[int]) -> list[list[Any]]:
    """[k][j] is the block (k, j) of Φ⁻¹, p_k×p_j."""
    ends = list(pairwise(accumulate(sizes, initial=0)))
    rows = inverse.tolist()
    return [
        [arb_mat([row[left:right] for row in rows[top:bottom]]) for left, right in ends]
        for top, bottom in ends
    ]


def _weighted(matrices: Sequence[Any], weights: Sequence[Any]) -> Any:
    """Σ_j ‖Xʲ‖_F wʲ."""
    terms = (frobenius_above(X) * w for X, w in zip(matrices, weights, strict=True))
    return reduce(add, terms)
