"""Mistakes in solving a stationary game: what iterating stages leads to with them.

They are compared on the one-stage game whose terminal cost is the equilibrium's own P, which has
the stationary equilibrium for its own: ``P[i]`` there is P twice, before the stage and after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from attrs import evolve, frozen

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes import data
from ergs_verify.audit.mistakes.general import general_mistakes
from ergs_verify.audit.mistakes.numbers import Numbers, of_sequences
from ergs_verify.audit.mistakes.recompute import LOST
from ergs_verify.audit.mistakes.record import Handled, Mistake
from ergs_verify.certify.stationary_nash import float_costs, newton, stacked, stage_before
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.affine import by_letter
from ergs_verify.recursion.backward_induction import block_system, by_agent
from ergs_verify.recursion.stages import Stages

#: Iterates that are compared, and how far they may be from the stated gains to be a match.
_MOST_ITERATES, _NEAR = 1000, 1e-3
_SETTLED, _SAME = 1e-13, 1e-9

#: Mistakes of the catalogue about times and the end, which a stationary game does not have; and
#: those of which one stage's numbers leave too much to be read off.
NONE_HERE = frozenset({
    "terminal-ignored", "terminal-doubled", "terminal-stage-cost", "stage-cost-shifted",
    "data-shifted", "data-reversed", "data-constant", "shifted-in-time", "reversed-in-time",
    "stationary-gains", "stackelberg-for-nash", "discount-of-the-terminal-cost", "ridge",
    # P before the stage and after it are the same here.
    "misprint/thm-III.1/value/P-index",
})  # fmt: skip

Costs = Sequence[np.ndarray]


@frozen(eq=False)
class _Iterate:
    """Gains after k stages from a start, the costs ahead of them, and theirs."""

    k: int
    start: str
    gains: np.ndarray
    ahead: Costs
    costs: Costs


def stationary_mistakes(
    once: Game,
    gains: Sequence[np.ndarray],
    letters: Sequence[str],
    near: np.ndarray,
    judged: Callable[[Game], Game] = lambda once: once,
) -> tuple[Mistake, ...]:
    """The mistakes that may lead to gains, each with its numbers.

    Parameters
    ----------
    once : Game
        The one stage that is repeated.
    gains : list over agents of p_i×m
        The stated ones, in the state that the stage is computed in.
    letters : sequence of str
        Those that are stated.
    near : n×m
        The equilibrium's gains, from which those of misread games are sought.
    judged : function of a stage
        The one in which the policy is judged: another, if it is deterministic.
    """
    told = _Told(once, [k for k in letters if k != "q"], near, judged)
    stated = stacked(gains)
    with np.errstate(all="ignore"):
        return tuple(_each(once, stated, told, letters))


def _each(once: Game, stated: np.ndarray, told: _Told, letters: Sequence[str]) -> Iterator[Mistake]:
    found = [_nearest(told.stages, start, P, stated) for start, P in _starts(told.stages)]
    early = [one for one in found if one is not None and one.k > 1]
    first = [one for one in found if one is not None and one.k == 1]
    if first:
        yield Mistake(
            id="one-stage",
            message="one stage is solved in place of the infinite horizon",
            look_at="the loop over stages",
            variants=lambda _: [told.handled(x, f"from {x.start}") for x in first],
        )
    if early:
        yield Mistake(
            id="stopped-early",
            message="the iteration is stopped before it settles",
            look_at="the tolerance and the largest number of iterations",
            variants=lambda _: [
                told.handled(x, f"after {x.k} iterations from {x.start}") for x in early
            ],
        )
    if early and "P" in letters:
        yield Mistake(
            id="P-of-another-iterate",
            message="the iteration is stopped early, and P is that of the iterate before",
            look_at="which iterate of P goes with the gains that are returned",
            variants=lambda _: [
                told.handled(evolve(x, costs=x.ahead), f"after {x.k} iterations from {x.start}")
                for x in early
            ],
        )
    if any(rate != 1 for rate in once.discount):
        undiscounted = told.of(evolve(once, discount=None))
        for what, of_gains, of_costs in (
            ("of the costs, F'PF in place of γF'PF", told, undiscounted),
            ("of the gains", undiscounted, told),
            ("altogether", undiscounted, undiscounted),
        ):
            yield Mistake(
                id="discount-left-out-of-the-loop",
                message=f"the discount is left out {what}",
                look_at="the discount in the closed loop, √γF",
                variants=lambda _, x=of_gains, y=of_costs: _settled(told, x, y),
            )
    if once.agents == 2:
        yield Mistake(
            id="sequential-for-simultaneous",
            message="at each stage one agent moves first, and the other sees its control",
            look_at="Φ 𝓚 = −r: both take the other's gain as given",
            variants=lambda _: [
                told.handled(one, f"agent {leader} first")
                for leader in (1, 2)
                if (one := _limit(told.stages, told.stages, _led_by(told, leader))) is not None
            ],
        )
    for mistake in (*data.MISTAKES, *general_mistakes()):
        # The misread game is another stationary game.
        if mistake.id not in NONE_HERE:
            yield evolve(
                mistake,
                variants=lambda game, mistake=mistake: [
                    one
                    for variant in mistake.variants(game)
                    if (read := getattr(variant, "data", None)) is not None
                    for one in _settled(told, *[told.of(read(once))] * 2)
                ],
                fitted=lambda _game, _stated: (),
            )


@frozen(eq=False)
class _Told:
    """A game's stages in float64, and how their numbers are handed to a comparison."""

    once: Game
    letters: Sequence[str]
    near: np.ndarray
    judged: Callable[[Game], Game]

    @property
    def stages(self) -> Stages[Float64]:
        return Stages(self.judged(self.once).near, Float64(), constants=False)

    def of(self, game: Game) -> _Told:
        return evolve(self, once=game)

    def handled(self, found: _Iterate, detail: str = "") -> Handled:
        def make(_right: Numbers, _stated: Numbers) -> Numbers:
            stages = self.stages
            known = stages.bare(0).with_values(
                {notation.P(k): X for k, X in zip(stages.agents, found.ahead, strict=True)}
            )
            whole = Sequences(
                K=tuple((X,) for X in by_agent(stages, found.gains)),
                Sigma=tuple((X,) for X in stages.covariances(known)),
                P=tuple((X, X) for X in found.costs),
                q=None,
            )
            own = by_letter(whole, self.once.state_size, Float64())
            if own.k is None and "k" in self.letters:  # read without affine terms
                k = tuple((np.zeros((len(X), 1)),) for (X,) in own.K)
                s = tuple((np.zeros((len(X), 1)),) * 2 for X, _ in own.P)
                own = evolve(own, k=k, s=s)
            return of_sequences(own, self.letters)

        return Handled(make, detail)


def _starts(stages: Stages[Float64]) -> Iterator[tuple[str, Costs]]:
    size = stages.game.state_size
    nothing = [np.zeros((size, size)) for _ in stages.agents]
    yield "P = 0", nothing
    yield "P = Q", _Q(stages)
    yield "P = I", [np.eye(size) for _ in stages.agents]


def _Q(stages: Stages[Float64]) -> Costs:
    return [stages.enter(Q[0]) for Q in stages.game.Q]


def _led_by(told: _Told, leader: int) -> Callable[[Costs], np.ndarray]:
    """All gains at a stage where the leader knows what the other will answer."""
    game, ours = told.stages.game, leader - 1
    bounds = np.cumsum([0, *game.control_sizes])
    own, other = (slice(bounds[k], bounds[k + 1]) for k in (ours, 1 - ours))
    B = np.hstack([X[0] for X in game.B])
    rate = float(game.discount[ours])

    def gains(P: Costs) -> np.ndarray:
        stages = told.stages
        known = stages.bare(0).with_values({notation.P(k): P[k - 1] for k in stages.agents})
        phi, rhs = (np.array(X) for X in block_system(stages, known))
        # What the leader's cost loses by the other's control, and how that answers its own.
        push = game.joint_R[ours][0][other] + rate * B[:, other].T @ P[ours] @ B
        pull = game.joint_S[ours][0][other] + rate * B[:, other].T @ P[ours] @ game.A[0]
        answer = -np.linalg.solve(phi[other, other], phi[other, own])
        phi[own] += answer.T @ push.astype(float)
        rhs[own] += answer.T @ pull.astype(float)
        return -np.linalg.solve(phi, rhs)

    return gains


def _iterates(
    of_gains: Stages,
    of_costs: Stages,
    start: str,
    P: Costs,
    solve: Callable[[Costs], np.ndarray] | None = None,
) -> Iterator[_Iterate]:
    for k in range(1, _MOST_ITERATES + 1):
        try:
            gains, costs = stage_before(of_gains, P, of_costs, solve and solve(P))
        except LOST:
            return
        if not all(np.isfinite(X).all() for X in (gains, *costs)):
            return
        yield _Iterate(k, start, gains, P, costs)
        P = costs


def _off(X: np.ndarray, Y: np.ndarray) -> float:
    if X.shape != Y.shape:  # one is in a state (1, x)
        return np.inf
    return float(abs(X - Y).max() / (abs(Y).max() or 1.0))


def _nearest(stages: Stages[Float64], start: str, P: Costs, stated: np.ndarray) -> _Iterate | None:
    """The iterate nearest to the stated gains, if it is near."""
    best, least, last = None, _NEAR, None
    for one in _iterates(stages, stages, start, P):
        if (off := _off(one.gains, stated)) < least:
            best, least = one, off
        if last is not None and _off(last, one.gains) <= _SETTLED:
            break
        last = one.gains
    return best


def _settled(told: _Told, of_gains: _Told, of_costs: _Told) -> list[Handled]:
    """What iterating tends to, if it settles, and not where it does without the mistake.

    Of a misread game that is its equilibrium, which Newton's method finds sooner.
    """
    one = _equilibrium(of_gains) if of_gains is of_costs else None
    one = one or _limit(of_gains.stages, of_costs.stages)
    if one is None:
        return []
    right = _at(told.stages, told.near)
    same = right is not None and all(
        _off(X, Y) <= _SAME
        for X, Y in zip((one.gains, *one.costs), (right.gains, *right.costs), strict=True)
    )
    return [] if same else [of_gains.handled(one)]


def _equilibrium(told: _Told) -> _Iterate | None:
    """Of a game near the one that is judged, by Newton's method from that one's equilibrium."""
    stages, start = told.stages, told.near
    size = stages.game.state_size
    if len(start) != sum(stages.control_sizes) or start.shape[1] < size:
        return None
    found = newton(stages, start[:, start.shape[1] - size :])
    return None if found is None else _at(stages, found)


def _at(stages: Stages[Float64], gains: np.ndarray) -> _Iterate | None:
    """Gains with what they cost, which no further stage changes."""
    known = float_costs(stages, gains)
    if known is None:
        return None
    costs = [known(notation.P(k)) for k in stages.agents]
    return _Iterate(0, "", gains, costs, costs)


def _limit(
    of_gains: Stages, of_costs: Stages, solve: Callable[[Costs], np.ndarray] | None = None
) -> _Iterate | None:
    """What iterating tends to; None where it does not settle."""
    last = None
    for one in _iterates(of_gains, of_costs, "P = Q", _Q(of_gains), solve):
        if last is not None and _off(last.gains, one.gains) <= _SETTLED:
            return one
        last = one
    return None
