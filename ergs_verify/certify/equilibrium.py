"""The Nash equilibrium in balls: approximate costs at each stage, and a bound of their errors.

Entries' radii start anew at every stage (`ergs_verify.certify.approximate`); only a bound of what
the approximate costs are off by is carried on. Where it has grown much, the recursion straight in
balls is tried too, and what both enclose holds. Over few stages that recursion alone is quicker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import flint
from attrs import evolve, frozen
from flint import arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.approximate import ApproximateStages
from ergs_verify.certify.definite import demand_bounded
from ergs_verify.certify.near import MUCH_LOST, Near
from ergs_verify.certify.norms import is_bounded
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.backward_induction import Recursion
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

#: Plain balls that have lost so many bits more, before they are even with the bounds, are no help.
_CLEARLY_BEHIND = 32


@frozen(kw_only=True, eq=False)
class EquilibriumStage:
    """A stage of the equilibrium, every matrix in balls.

    Attributes
    ----------
    t : int
    known : Evaluator
        Knows the stage's letters and P_{t+1} of every agent.
    played : Evaluator or None
        Knows K_t and Σ_t besides, where q is wanted.
    stage : Stage
        K_t, P_t, and Σ_t and q_t where they are wanted.
    phi : matrix of balls, optional
        Φ_t, where it was met on the way.
    """

    t: int
    known: Evaluator
    played: Evaluator | None
    stage: Stage
    phi: Any = None

    def again(self, stages: Stages[Balls], t: int) -> EquilibriumStage:
        """Stage t = self.t − 1, in which all but q is as in this one."""
        q = _constants(stages, self.played, self.stage.q, t)
        return evolve(self, t=t, stage=evolve(self.stage, q=q) if q else self.stage)


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


def straight_in_balls(stages: Stages[Balls]) -> Iterator[EquilibriumStage]:
    """The equilibrium's stages t = T−1, …, 0, by the recursion straight in balls.

    No way is quicker, but radii grow by some bits at every stage.
    """
    ahead, recursion = stages.terminal(), Recursion(stages)
    for t in reversed(range(stages.game.horizon)):
        values = stages.letters(t) | stages.costs(ahead.P)
        try:
            step = recursion.step(values)
            one = _played(stages, stages.knowing(t, values | step.met), step.K, step.P, ahead.q, t)
        except NotCertifiedError as error:
            raise NotCertifiedError(f"stage t = {t}: {error}") from error
        yield evolve(one, phi=step.phi)
        ahead = one.stage


def stages_in_balls(
    stages: Stages[Balls], settled: int | None = None
) -> Iterator[EquilibriumStage]:
    """The equilibrium's stages t = T−1, …, 0, over `Balls`.

    Where all stages to come are alike and costs move by less than 2 to minus `settled` of their
    size, these stages share their enclosures.
    """
    ahead = stages.terminal()
    near = Near.to(ahead.P, stages.arithmetic)
    approximate, plain = ApproximateStages(stages, settled), _PlainBalls(stages)
    one = before = None
    for t in reversed(range(stages.game.horizon)):
        try:
            if one is not None and near is before:
                one = one.again(stages, t)
            else:
                before = near
                one, near = _stage(stages, t, ahead, near, approximate, plain)
        except NotCertifiedError as error:
            raise NotCertifiedError(f"stage t = {t}: {error}") from error
        yield one
        ahead = one.stage


class _PlainBalls:
    """The same recursion straight in balls: the radii of entries are carried on.

    They mostly grow faster than the bounds eⁱ, but not always. So it is begun, at the final costs,
    only where these have grown much, and given up where it is no help.
    """

    def __init__(self, stages: Stages[Balls]):
        self._stages = stages
        self._costs: Sequence[Any] | None = stages.terminal().P
        self._next = stages.game.horizon - 1
        self._recursion = Recursion(stages)

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
        least = bits * (1 - MUCH_LOST) - _CLEARLY_BEHIND
        with flint.ctx.workprec(bits):
            return all(X.trace().rel_accuracy_bits() < least for X in P)

    def _at(self, t: int, P: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        step = self._recursion.step(self._stages.letters(t) | self._stages.costs(P))
        return step.K, step.P


def _stage(
    stages: Stages[Balls],
    t: int,
    ahead: Stage,
    near: Near,
    approximate: ApproximateStages,
    plain: _PlainBalls,
) -> tuple[EquilibriumStage, Near]:
    """Stage t, and what is near P_t; `near` is near P_{t+1}."""
    balls = stages.arithmetic
    known = stages.at(t, evolve(ahead, q=None))
    try:
        K, here = approximate.stage(t, near)
    except NotCertifiedError:
        straight = plain.stage(t, ahead.P)
        if straight is None:
            raise
        K, P = straight
        here = Near.to(P, balls)
    else:
        P = here.balls(balls)
        lost = here is not approximate.shared and here.lost(balls)
        if lost and (straight := plain.stage(t, ahead.P)) is not None:
            if _is_narrower(straight[1], P):
                K, P = (_common(*both, balls) for both in zip((K, P), straight, strict=True))
                here = here.or_nearer(P, balls)
            else:
                plain.give_up()
    return _played(stages, known, K, P, ahead.q, t), here


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
    stages: Stages[Balls],
    known: Evaluator,
    K: Sequence[Any],
    P: Sequence[Any],
    q: Sequence[Any] | None,
    t: int,
) -> EquilibriumStage:
    """The stage's policy and costs, q_t among them; `q` is that of t + 1."""
    for k in stages.agents:
        demand_bounded(known(notation.W(k)), stages, agent=k, t=t)
    Sigma = stages.covariances(known)
    played = None
    if q is not None:
        letters = {notation.K(k): K[k - 1] for k in stages.agents}
        played = known.with_values(letters | {notation.S(k): Sigma[k - 1] for k in stages.agents})
    q = _constants(stages, played, q, t)
    if not all(map(is_bounded, (*K, *Sigma, *P))):
        raise NotCertifiedError(f"an enclosure has no bounds at {stages.arithmetic.bits} bits")
    stage = Stage(K=tuple(K), Sigma=Sigma, P=tuple(P), q=q)
    return EquilibriumStage(t=t, known=known, played=played, stage=stage)


def _constants(
    stages: Stages[Balls], played: Evaluator | None, ahead: Sequence[Any] | None, t: int
) -> tuple[Any, ...] | None:
    """q_t of every agent, from q_{t+1}; None where q is not wanted."""
    if played is None or ahead is None:
        return None
    known = played.with_values({notation.q(k): ahead[k - 1] for k in stages.agents})
    return tuple(stages.constant(known, "policy_constant", k, t) for k in stages.agents)
