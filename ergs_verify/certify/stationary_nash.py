"""Stationary Nash equilibria: found by iterating stages backward, or by Newton; then proved.

The unknowns are all gains K; each agent's P is the cost of K. The first-order conditions f(K) = 0,
with √γ_i F stable and W ≻ 0, make each K^i the agent's best stable answer. Krawczyk's test, with C
near the inverse of f's slope at K̂: where |C f(K̂)| + r ‖I − C f'(K)‖ ≤ r for every K within r of
K̂, there is one zero that near, and it lies within |C f(K̂)| / (1 − ‖I − C f'‖).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from attrs import evolve, frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.certify.definite import demand_definite
from ergs_verify.certify.precision import MOST_BITS
from ergs_verify.certify.reachable import demand_stabilisable
from ergs_verify.certify.stationary_cost import lasting_constant
from ergs_verify.certify.stationary_gap import best_response, cost_near, expect_judged
from ergs_verify.certify.stein import Stein, as_floats, from_floats, stable
from ergs_verify.errors import NoStablePolicyError, NotCertifiedError, UnboundedCostError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.paper.gap import Z
from ergs_verify.paper.stationary import D, stationary_formulas
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.backward_induction import block_system, by_agent
from ergs_verify.recursion.stages import Stages, setting_of
from ergs_verify.recursion.written_out import WrittenOut

_MOST_STAGES = 2000
_MOST_NEWTON_STEPS = 60
_SETTLED = 1e-11
#: A state that is hardly reached costs very much, and still something.
_LARGEST = 1e100
#: Cycles are looked for up to this period.
_LONGEST_CYCLE = 24
#: Gains nearer than this, beside the largest, are taken for one equilibrium.
_SAME = 1e-6
#: Where uniqueness is tried to be proved: within so much of the gains, largest first.
_RADII = tuple(Fraction(1, 2**k) for k in (20, 32, 46, 64, 96, 160, 240))
_BITS_OF_TEST, _BITS_OF_SHARP_TEST = 192, 768
#: How often the slope's inverse is taken anew, at gains that the one before has refined.
_SHARPENINGS = 2


@frozen(kw_only=True, eq=False)
class StationaryNash:
    """A stationary equilibrium, proved to exist and to be locally unique.

    Attributes
    ----------
    found : Sequences
        K, Σ, P, q in balls, of one stage: ``K[i][0]``. q is the discounted constant, or the average
        cost.
    balls : Balls
    within : Fraction
        There is no other whose gains all lie within so much of these.
    start : str
        What it was found from.
    """

    found: Sequences
    balls: Balls
    within: Fraction
    start: str


@frozen(kw_only=True)
class Run:
    """What became of iterating stages backward from one start.

    Attributes
    ----------
    start : str
    outcome : str
        ``"settles"``, ``"cycles"``, ``"drifts"``, ``"diverges"``, ``"does not settle"`` or
        ``"stops"``.
    told : str
        A sentence with the numbers.
    """

    start: str
    outcome: str
    told: str


@frozen(kw_only=True, eq=False)
class StationarySearch:
    """All that were found.

    Attributes
    ----------
    equilibria : tuple of StationaryNash
        The first is what iterating from the stage cost tends to, if it settles.
    runs : tuple of Run
    failures : tuple of str
        Why a candidate was not proved.
    refuted : ErgsError or None
        The proof that there is none.
    """

    equilibria: tuple[StationaryNash, ...]
    runs: tuple[Run, ...]
    failures: tuple[str, ...]
    refuted: NoStablePolicyError | UnboundedCostError | None = None

    @property
    def reason(self) -> str:
        """Why there is none, where none was proved."""
        if self.refuted is not None:
            return str(self.refuted)
        told = [*_in_short(self.runs), *self.failures[:1]]
        return f"no stationary equilibrium was proved: {'; '.join(told)}"

    def first(self) -> StationaryNash:
        """The first equilibrium.

        Raises
        ------
        NoStablePolicyError, UnboundedCostError
            Where there is none.
        NotCertifiedError
            Where none was proved.
        """
        if self.equilibria:
            return self.equilibria[0]
        raise self.refuted or NotCertifiedError(self.reason)


def _in_short(runs: Sequence[Run]) -> Iterator[str]:
    """What became of the first run, with its numbers, and of the others."""
    if not runs:
        return
    first, *others = runs
    yield first.told
    if others:
        count = Counter(run.outcome for run in others)
        yield "from others it " + ", ".join(
            f"{outcome} ({count[outcome]})" for outcome in sorted(count)
        )


def search_stationary_nash(
    game: Game,
    lacking: Callable[[Sequences, Balls], int] = lambda _found, _balls: 0,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
) -> StationarySearch:
    """Look for stationary equilibria, and prove those that are found.

    Parameters
    ----------
    game : Game
        Of infinite horizon.
    lacking : function of an equilibrium and of its arithmetic
        How many bits it is short of what is asked; 0 or less will do.
    first_bits, most_bits : int

    Examples
    --------
    >>> from ergs_verify import Game
    >>> from ergs_verify.certify.stationary_nash import search_stationary_nash
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0, discount="1/2",
    ...     noise_cov=[[1]], horizon="infinite")
    >>> search = search_stationary_nash(game)
    >>> float(search.equilibria[0].found.P[0][0][0, 0].mid()), search.runs[0].outcome
    (1.4142135623730951, 'settles')
    """
    expect_judged(game)
    return search_repeated(game.one_stage, lacking, first_bits=first_bits, most_bits=most_bits)


def search_repeated(
    once: Game,
    lacking: Callable[[Sequences, Balls], int] = lambda _found, _balls: 0,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
) -> StationarySearch:
    """The same of the one stage that is repeated, `Game.one_stage`."""
    search = stationary_nash_near(once, None, lacking, first_bits=first_bits, most_bits=most_bits)
    return search if search.equilibria else evolve(search, refuted=_refuted(once))


def stationary_nash_near(
    once: Game,
    gains: Sequence[np.ndarray] | None = None,
    lacking: Callable[[Sequences, Balls], int] = lambda _found, _balls: 0,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
) -> StationarySearch:
    """The equilibrium that Newton's method finds from gains; all that are found where it is None.

    Parameters
    ----------
    once : Game
        The one stage that is repeated, `Game.one_stage`.
    gains : list over agents of p_i×m, optional
        In the state that the game is computed in, (1, x) where it has affine terms.
    """

    floats = Stages(once, Float64(), constants=False)
    with np.errstate(all="ignore"):  # what overflows is judged by its size
        if gains is None:
            runs, candidates = _candidates(floats)
        else:
            found = newton(floats, stacked(gains))
            runs = []
            candidates = [] if found is None else [(found, "Newton's method from the stated gains")]
    proved, failures = [], []
    for near, start in candidates:
        try:
            proved.append(
                _proved(once, near, start, lacking, first_bits=first_bits, most_bits=most_bits)
            )
        except NotCertifiedError as error:
            why = _unbounded(once, near) or error
            failures.append(f"at the gains found from {start}, {why}")
    return StationarySearch(equilibria=tuple(proved), runs=tuple(runs), failures=tuple(failures))


# -- why there is none -----------------------------------------------------------------------------


def _refuted(once: Game) -> NoStablePolicyError | UnboundedCostError | None:
    """The proof that there is no equilibrium, where one is known."""
    try:
        demand_stabilisable(once)
    except NoStablePolicyError as error:
        return error
    if once.agents > 1 or not once.homogeneous.may_be_unbounded:
        return None
    # Any stable policy of the one agent will do to start from.
    eye = [np.eye(len(X), dtype=int) for X in (once.A[0], once.R[0][0])]
    regulator = Game.from_arrays(
        A=once.A[0], B=[once.B[0][0]], Q=[eye[0]], R=[eye[1]], tau=0, noise_cov=0 * eye[0],
        discount=once.discount[0], horizon=1,
    )  # fmt: skip
    stages = Stages(regulator, Float64(), constants=False)
    with np.errstate(all="ignore"):
        _, found = _candidates(stages)
    for gains, _ in found:
        lead = once.homogeneous.state_size - once.state_size
        error = _unbounded(once, np.hstack([np.zeros((len(gains), lead)), gains]))
        if error is not None:
            return error
    return None


def _unbounded(once: Game, gains: np.ndarray) -> UnboundedCostError | None:
    """The proof that an agent's cost has no lower bound against the others' gains."""
    if not once.homogeneous.may_be_unbounded:
        return None
    stages = Stages(once, Balls(_BITS_OF_TEST), symmetric=True)
    K = list(by_agent(stages, from_floats(gains)))
    known = stages.bare(0).with_values({notation.K(k): K[k - 1] for k in stages.agents})
    try:
        loops = _loops(stages, known)
    except NotCertifiedError:
        return None
    for agent, loop in zip(stages.agents, loops, strict=True):
        try:
            best_response(stages, K, agent, loop)
        except UnboundedCostError as error:
            return error
        except NotCertifiedError:
            continue
    return None


# -- found in float64 ------------------------------------------------------------------------------


def _candidates(floats: Stages[Float64]) -> tuple[list[Run], list[tuple[np.ndarray, str]]]:
    """What became of each start, and the gains found, each with what it was found from."""
    runs: list[Run] = []
    found: list[tuple[np.ndarray, str]] = []

    def keep(gains: np.ndarray | None, start: str) -> None:
        if gains is not None and not any(_same(gains, other) for other, _ in found):
            found.append((gains, start))

    for start, P in _starts(floats):
        run, gains = _iterated(floats, start, P)
        runs.append(run)
        keep(gains, start)
    if not found:
        for start, gains in _newton_starts(floats):
            keep(newton(floats, gains), f"Newton's method from {start}")
    return runs, found


def _starts(stages: Stages[Float64]) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Costs to iterate from."""
    Q = list(stages.terminal().P)
    size = max(1.0, *(np.abs(X).max() for X in Q))
    eye = np.eye(stages.game.state_size)
    yield "the stage cost", Q
    yield "no cost", [0 * eye for _ in Q]
    yield "a large cost", [100 * size * eye for _ in Q]
    random = np.random.default_rng(0)
    for k in range(2):
        parts = [random.normal(size=eye.shape) for _ in Q]
        yield f"random costs {k + 1}", [10**k * size * X @ X.T for X in parts]


def _newton_starts(stages: Stages[Float64]) -> Iterator[tuple[str, np.ndarray]]:
    """Gains to begin Newton's method with, where iterating did not settle."""
    random = np.random.default_rng(0)
    n, m = sum(stages.game.control_sizes), stages.game.state_size
    yield "no control", np.zeros((n, m))
    P = list(stages.terminal().P)
    for _ in range(20):
        try:
            gains, P = stage_before(stages, P)
        except NotCertifiedError:
            return
        if not np.isfinite(gains).all():
            return
        yield "a stage in between", gains
    for k in range(8):
        yield f"random gains {k + 1}", random.normal(size=(n, m)) / (1 + k)


def stage_before(
    stages: Stages,
    P: Sequence[Any],
    of_costs: Stages | None = None,
    gains: Any = None,
) -> tuple[Any, list[Any]]:
    """All gains, stacked, and the costs a stage earlier.

    Parameters
    ----------
    stages : Stages
    P : list over agents of m×m
        The costs ahead.
    of_costs : Stages, optional
        Of the game whose costs they are, where it is another.
    gains : n×m, optional
        In place of the equilibrium's at the stage.

    Raises
    ------
    NotCertifiedError, ZeroDivisionError
        Where Φ is singular.
    """
    costs = {notation.P(k): P[k - 1] for k in stages.agents}
    if gains is None:
        arithmetic = stages.arithmetic
        phi, rhs = block_system(stages, stages.bare(0).with_values(costs))
        minus = arithmetic.scalar(Fraction(-1))
        gains = arithmetic.scale(minus, arithmetic.solve(phi, rhs))
    parts = by_agent(stages, gains)
    judged = of_costs or stages
    played = judged.bare(0).with_values(
        costs | {notation.K(k): parts[k - 1] for k in stages.agents}
    )
    before = [played(judged.formula("policy_cost", k)) for k in stages.agents]
    if judged.relative:
        for X in before:
            X[0, 0] = 0
    return gains, before


def _iterated(
    stages: Stages[Float64], start: str, P: list[np.ndarray]
) -> tuple[Run, np.ndarray | None]:
    history: list[tuple[np.ndarray, ...]] = []
    change = grown = np.inf

    def told(outcome: str, said: str) -> Run:
        return Run(start=start, outcome=outcome, told=f"iterating from {start} {said}")

    for k in range(1, _MOST_STAGES + 1):
        try:
            gains, P = stage_before(stages, P)
        except (NotCertifiedError, ZeroDivisionError):
            return told("stops", f"meets a singular Φ after {k} stages"), None
        largest = max(np.abs(X).max() for X in P)
        if not np.isfinite(largest) or largest > _LARGEST:
            return told("diverges", f"diverges: P exceeds {_LARGEST:.0e} after {k} stages"), None
        if history:
            before, *costs = history[-1]
            grown = max(map(_off, P, costs))
            change = _off(gains, before)
            if max(change, grown) <= _SETTLED:
                return told("settles", f"settles after {k} stages"), gains
        history = [*history[-2 * _LONGEST_CYCLE :], (gains, *P)]
    for period in range(2, _LONGEST_CYCLE + 1):
        if max(map(_off, history[-1], history[-1 - period])) <= 1e-8 < max(change, grown):
            said = (
                f"cycles with period {period}, {max(change, grown):.3g} from one stage to the next"
            )
            return told("cycles", said), None
    if change <= 1e-8 < grown:
        said = f"drifts: after {_MOST_STAGES} stages gains hardly change, but P does by {grown:.3g}"
        return told("drifts", said), None
    change = max(change, grown)
    said = f"does not settle: after {_MOST_STAGES} stages gains and P still change by {change:.3g}"
    return told("does not settle", said), None


def _off(X: np.ndarray, Y: np.ndarray) -> float:
    """How far they are apart beside the largest entry, be that ever so small."""
    return float(np.abs(X - Y).max() / (np.abs(X).max() or 1.0))


def _same(X: np.ndarray, Y: np.ndarray) -> bool:
    return _off(X, Y) <= _SAME


def newton(stages: Stages[Float64], gains: np.ndarray) -> np.ndarray | None:
    """A zero of the first-order conditions, with a stable closed loop and W ≻ 0; None if none."""
    change = np.inf
    for _ in range(_MOST_NEWTON_STEPS):
        before, last = gains, change
        try:
            gains = newton_step(stages, before)
        except NotCertifiedError:
            return None
        change = _off(gains, before)
        # Near a unit root rounding keeps the steps from shrinking any further.
        if change <= _SETTLED or last / 2 <= change <= _SAME:
            return gains if float_costs(stages, gains) is not None else None
    return None


def newton_step(stages: Stages[Float64], gains: np.ndarray) -> np.ndarray:
    """Gains, n×m, after a step of Newton's method on the first-order conditions.

    Raises
    ------
    NotCertifiedError
        Where √γF is not stable, or the conditions' slope is singular.
    """
    known = float_costs(stages, gains)
    if known is None:
        raise NotCertifiedError("the closed loop is not stable")
    formulas = stationary_system(stages)
    missed = _conditions(stages, formulas, known)
    if not np.isfinite(missed).all():
        raise NotCertifiedError("the conditions leave the range of float64")
    slope = _float_slope(stages, formulas, known)
    try:
        return gains - np.linalg.solve(slope, missed.ravel()).reshape(gains.shape)
    except np.linalg.LinAlgError:
        raise NotCertifiedError("the derivative of the equations is singular") from None


def stacked(K: Sequence[np.ndarray]) -> np.ndarray:
    """All agents' gains, one under the other."""
    return np.concatenate(list(K))


def float_costs(stages: Stages, gains: np.ndarray) -> Evaluator | None:
    """The stage that knows gains and what they cost; None where √γF is not stable."""
    parts = by_agent(stages, gains)
    values = {notation.K(k): parts[k - 1] for k in stages.agents}
    known = stages.bare(0).with_values(values)
    F = known(notation.F)
    nothing = np.zeros_like(F)
    costs = {}
    for k in stages.agents:
        rate = float(stages.game.discount[k - 1])
        right = known.with_values({notation.P(k): nothing})(stages.formula("policy_cost", k))
        if (P := _float_solved(F, rate, right, one=stages.relative)) is None:
            return None
        costs[notation.P(k)] = P
    return known.with_values(costs)


def _float_solved(F: np.ndarray, rate: float, right: np.ndarray, *, one: bool) -> np.ndarray | None:
    """X = R + γF'XF by doubling; None where the sum grows. Relative where `one`, as in `Stein`."""
    if one:
        loop, X = F[1:, 1:], np.zeros_like(F)
        P = _float_solved(loop, rate, right[1:, 1:], one=False)
        if P is None:
            return None
        X[1:, 1:] = P
        try:
            pushed = right[1:, 0] + loop.T @ P @ F[1:, 0]
            X[1:, 0] = X[0, 1:] = np.linalg.solve(np.eye(len(P)) - loop.T, pushed)
        except np.linalg.LinAlgError:
            return None
        return X
    X, power, weight = right, F, rate
    with np.errstate(all="ignore"):
        for _ in range(60):
            step = weight * power.T @ X @ power
            X = X + step
            if not np.isfinite(X).all():
                return None
            if np.abs(step).max() <= 1e-17 * max(1e-300, np.abs(X).max()):
                return X
            power, weight = power @ power, weight * weight
    return None


def stationary_system(stages: Stages) -> WrittenOut:
    """The first-order parts of a stage, written out for the game's agents."""
    return stages.written(stationary_formulas(setting_of(stages.game)))


def _conditions(stages: Stages, formulas: WrittenOut, known: Evaluator) -> Any:
    return stages.arithmetic.blocks([[known(formulas("condition", k))] for k in stages.agents])


def _float_slope(stages: Stages[Float64], formulas: WrittenOut, known: Evaluator) -> np.ndarray:
    F = known(notation.F)

    def solve(agent: int, right: np.ndarray) -> np.ndarray:
        rate = float(stages.game.discount[agent - 1])
        found = _float_solved(F, rate, right, one=stages.relative)
        return np.full_like(right, np.nan) if found is None else found

    columns = [X.ravel() for X in _slopes(stages, formulas, known, solve)]
    return np.array(columns).T


def _slopes(
    stages: Stages, formulas: WrittenOut, known: Evaluator, solve: Callable[[int, Any], Any]
) -> Iterator[Any]:
    """f's change, n×m, where one entry of the stacked gains grows by 1, entry by entry.

    `solve` tells an agent's X = R + γF'XF from R.
    """
    arithmetic = stages.arithmetic
    m = stages.game.state_size
    for j, p in enumerate(stages.game.control_sizes, start=1):
        for r in range(p):
            for c in range(m):
                rows = [[Fraction(int((a, b) == (r, c))) for b in range(m)] for a in range(p)]
                moved = known.with_values({D(j): arithmetic.matrix(rows, (p, m))})
                parts = []
                for i in stages.agents:
                    of, other = ("own", None) if i == j else ("other", j)
                    direct = moved(formulas(f"condition_in_{of}", i, other))
                    of_cost = moved(formulas(f"cost_in_{of}", i, other))
                    later = known.with_values({Z.subs(notation.i, i): solve(i, of_cost)})
                    parts.append(arithmetic.add(direct, later(formulas("condition_in_cost", i))))
                yield arithmetic.blocks([[X] for X in parts])


# -- proved in balls -------------------------------------------------------------------------------


def _proved(
    game: Game,
    gains: np.ndarray,
    start: str,
    lacking: Callable[[Sequences, Balls], int],
    *,
    first_bits: int,
    most_bits: int,
) -> StationaryNash:
    floats = Stages(game, Float64(), constants=False)
    known = float_costs(floats, gains)
    if known is None:
        raise NotCertifiedError("the closed loop is not stable")
    slope = _float_slope(floats, stationary_system(floats), known)
    try:
        inverse = np.linalg.inv(slope)
    except np.linalg.LinAlgError:
        raise NotCertifiedError("the derivative of the equations is singular") from None
    if not np.isfinite(inverse).all():
        raise NotCertifiedError("the derivative of the equations is singular")
    C = from_floats(inverse)
    near = from_floats(gains)
    test = Stages(game, Balls(_BITS_OF_TEST), symmetric=True)
    near = _refined(test, C, near)
    try:
        region = _unique_within(test, C, near)
    except NotCertifiedError:
        # The slope may be too ill-conditioned for its inverse in float64.
        test = Stages(game, Balls(_BITS_OF_SHARP_TEST), symmetric=True)
        for _ in range(_SHARPENINGS):
            C = _inverse_slope(test, near)
            near = _refined(test, C, near)
        region = _unique_within(test, C, near)
    bits = first_bits
    while True:
        stages = Stages(game, Balls(bits), symmetric=True)
        near = _refined(stages, C, near)
        error = NotCertifiedError(f"{most_bits} bits do not suffice")
        short = bits // 2
        try:
            found = _enclosed(stages, C, near, region)
            short = lacking(found, stages.arithmetic)
            if short <= 0:
                return StationaryNash(
                    found=found,
                    balls=stages.arithmetic,
                    # The equilibrium is off the centre by far less than half of the radius.
                    within=region.radius / 2,
                    start=start,
                )
        except NotCertifiedError as failed:
            error = failed
        if bits >= most_bits:
            raise error
        bits = min(most_bits, max(bits + short + 16, bits * 5 // 4))


def _refined(stages: Stages[Balls], C: Any, near: Any) -> Any:
    """Newton's method with a fixed slope, as long as it gains digits."""
    balls, formulas = stages.arithmetic, stationary_system(stages)
    last = None
    for _ in range(8 + balls.bits // 8):
        known = stages.bare(0).with_values(_gains(stages, near))
        costs = {}
        for k in stages.agents:
            P = cost_near(stages, known, k, stages.game.discount[k - 1])
            if P is None:
                raise NotCertifiedError("the closed loop is not stable")
            costs[notation.P(k)] = P
        missed = _conditions(stages, formulas, known.with_values(costs))
        step = _times(C, missed, balls)
        with flint.ctx.workprec(balls.bits):
            near = (near - step.mid()).mid()
            size = max(abs(x.mid()) for x in step.entries())
        if not size > 0 or (last is not None and size * 2 >= last):
            return near
        last = size
    return near


def _gains(stages: Stages, stacked: Any) -> dict[Any, Any]:
    parts = by_agent(stages, stacked)
    return {notation.K(k): parts[k - 1] for k in stages.agents}


def _times(C: Any, X: Any, balls: Balls) -> Any:
    """C times the entries of an n×m matrix, row by row, as an n×m matrix."""
    n, m = X.nrows(), X.ncols()
    with flint.ctx.workprec(balls.bits):
        return arb_mat(n, m, (C * arb_mat(n * m, 1, X.entries())).entries())


def _loops(stages: Stages[Balls], known: Evaluator) -> list[Stein]:
    """The proofs that the closed loop is stable for each agent.

    Raises
    ------
    NotCertifiedError
    """
    F, found = known(notation.F), {}
    for rate in dict.fromkeys(stages.game.discount):
        if (loop := stable(F, rate, stages.arithmetic, one=stages.relative)) is None:
            raise NotCertifiedError("the closed loop is not proved stable")
        found[rate] = loop
    return [found[rate] for rate in stages.game.discount]


def _costs(
    stages: Stages[Balls], known: Evaluator, near: Evaluator, loops: Sequence[Stein]
) -> dict[Any, Any]:
    """Each agent's P for every gain in the balls; `near` knows gains in the middle."""
    nothing = stages.arithmetic.zeros(stages.game.state_size, stages.game.state_size)
    costs = {}
    for k, loop in zip(stages.agents, loops, strict=True):
        middle = cost_near(stages, near, k, loop.rate)
        if middle is None:
            raise NotCertifiedError("the closed loop is not stable")
        P = notation.P(k)
        right = known.with_values({P: nothing})(stages.formula("policy_cost", k))
        costs[P] = loop.enclosure(middle, right)
    return costs


def _around(X: Any, radius: Any) -> Any:
    ball = arb(0, radius)
    return arb_mat(X.nrows(), X.ncols(), [x + ball for x in X.entries()])


@frozen(eq=False)
class _Region:
    """Gains within a radius of a centre, and a bound of ‖I − C f'‖ among them."""

    centre: Any
    radius: Fraction
    spread: Any


def _unique_within(stages: Stages[Balls], C: Any, near: Any) -> _Region:
    """Where f has exactly one zero.

    Raises
    ------
    NotCertifiedError
    """
    balls, formulas = stages.arithmetic, stationary_system(stages)
    middle = stages.bare(0).with_values(_gains(stages, near))
    error = NotCertifiedError("no radius was tried")
    for radius in _RADII:
        try:
            with flint.ctx.workprec(balls.bits):
                box = _around(near, arb(radius.numerator) / radius.denominator)
            known = stages.bare(0).with_values(_gains(stages, box))
            loops = _loops(stages, known)
            known = known.with_values(_costs(stages, known, middle, loops))
            for k in stages.agents:
                demand_definite(known(notation.W(k)), balls)

            def solve(agent: int, right: Any, loops: Sequence[Stein] = loops) -> Any:
                loop = loops[agent - 1]
                if balls.bits > _BITS_OF_TEST:  # float64 would leave too much of it
                    found = loop.solved(right)
                else:
                    found = _float_solved(
                        as_floats(loop.F), float(loop.rate), as_floats(right), one=loop.one
                    )
                    found = None if found is None else from_floats((found + found.T) / 2)
                if found is None:
                    raise NotCertifiedError("the closed loop is not stable")
                return loop.enclosure(found, right)

            columns = [X.entries() for X in _slopes(stages, formulas, known, solve)]
            with flint.ctx.workprec(balls.bits):
                slope = arb_mat(columns).transpose()
                rest = balls.identity(slope.nrows()) - C * slope
                spread = max(
                    sum((abs(x).upper() for x in row), arb(0)).upper() for row in rest.tolist()
                )
                missed = _times(C, _conditions(stages, formulas, _known_at(stages, near)), balls)
                off = max(abs(x).upper() for x in missed.entries())
                size = arb(radius.numerator) / radius.denominator
                if off + spread * size < size:
                    return _Region(near, radius, spread)
            error = NotCertifiedError(
                "the derivative of the equations is not proved regular near the gains"
            )
        except NotCertifiedError as failed:
            error = failed
    raise error


def _inverse_slope(stages: Stages[Balls], near: Any) -> Any:
    """An exact matrix near the inverse of f's slope at gains, to the stages' precision."""
    balls = stages.arithmetic
    known = _known_at(stages, near)
    loops = _loops(stages, known)

    def solve(agent: int, right: Any) -> Any:
        found = loops[agent - 1].solved(right)
        if found is None:
            raise NotCertifiedError("the closed loop is not stable")
        return found

    columns = [X.entries() for X in _slopes(stages, stationary_system(stages), known, solve)]
    slope = arb_mat(columns).transpose().mid()
    return balls.solve(slope, balls.identity(slope.nrows())).mid()


def _known_at(stages: Stages[Balls], near: Any) -> Evaluator:
    """The stage that knows exact gains, and in balls what they cost."""
    known = stages.bare(0).with_values(_gains(stages, near))
    return known.with_values(_costs(stages, known, known, _loops(stages, known)))


def _enclosed(stages: Stages[Balls], C: Any, near: Any, region: _Region) -> Sequences:
    """The equilibrium in balls."""
    balls, formulas = stages.arithmetic, stationary_system(stages)
    at_near = stages.bare(0).with_values(_gains(stages, near))
    exact = _known_at(stages, near)
    missed = _times(C, _conditions(stages, formulas, exact), balls)
    with flint.ctx.workprec(balls.bits):
        off = max(abs(x).upper() for x in missed.entries())
        radius = (off / (1 - region.spread)).upper()
        moved = max(abs(x).upper() for x in (near - region.centre).entries())
        if not moved + radius < arb(region.radius.numerator) / region.radius.denominator / 2:
            raise NotCertifiedError("the gains are not near enough to the equilibrium")
        box = _around(near, radius)
    known = stages.bare(0).with_values(_gains(stages, box))
    loops = _loops(stages, known)
    known = known.with_values(_costs(stages, known, at_near, loops))
    sigma = stages.covariances(known)
    played = known.with_values({notation.S(k): sigma[k - 1] for k in stages.agents})
    q = None
    if stages.has_constants:
        q = tuple((lasting_constant(stages, played, k),) for k in stages.agents)
    return Sequences(
        K=tuple((X,) for X in by_agent(stages, box)),
        Sigma=tuple((X,) for X in sigma),
        P=tuple((known(notation.P(k)),) for k in stages.agents),
        q=q,
    )
