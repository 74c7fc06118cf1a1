"""How fast the gains of a finite horizon approach those of a stationary equilibrium.

A stage maps the costs P ahead to those before it. Where the map's slopes J, for all P of a box
about the equilibrium's, have one Y ≻ 0 with c²Y − J'YJ ≻ 0, each stage brings the costs nearer to
the equilibrium's, in the norm of Y, by the factor c at least, once they are in the box.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify import markup
from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.certify.stationary_nash import (
    StationaryNash,
    search_stationary_nash,
    stage_before,
    stationary_system,
)
from ergs_verify.certify.stein import as_floats, norm, stable
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import counted
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.paper.gap import Z
from ergs_verify.paper.stationary import D
from ergs_verify.recursion import block_system, by_agent
from ergs_verify.recursion.stages import Stages

#: Stages that are followed at most, and until the costs are so near.
_MOST_STAGES, _NEAR = 2000, 1e-13
_BITS = 512
#: Boxes that are tried, largest first, beside the largest entry of P.
_BOXES = tuple(Fraction(1, 10**k) for k in (1, 2, 4, 6, 9))
#: Where between the slope's spectral radius and 1 the factor is tried.
_FACTORS = (Fraction(1, 20), Fraction(1, 4), Fraction(3, 5))
#: Larger slopes are only measured.
_MOST_ENTRIES = 80


@frozen(kw_only=True, eq=False, repr=False)
class Approach:
    """How finite horizons approach a stationary equilibrium: the answer of `approach`.

    Attributes
    ----------
    game : Game
    settles : bool
        Whether the gains of ever longer horizons come as near as float64 can tell.
    distances : tuple of float
        With k = 1, 2, … stages left: how far the gains are from the equilibrium's, relative to
        their largest entry.
    rate : float
        The factor by which distances shrink in the end: the spectral radius of a stage's slope at
        the equilibrium.
    factor : Fraction or None
        Proved: from `since` stages on, each further stage brings the costs nearer by at least this
        factor, in some norm. None if that is not proved.
    since : int or None
    told : str
        The same in a sentence.

    Notes
    -----
    See :doc:`/explanation/theory`, "Infinite horizon".
    """

    game: Game
    settles: bool
    distances: tuple[float, ...]
    rate: float
    factor: Fraction | None
    since: int | None
    told: str

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-horizon/1``.

        Returns
        -------
        dict

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.certify.approach import approach
        >>> approach(gallery("stationary-zero-sum")).as_json()["settles"]
        True
        """
        return {
            "format": "ergs-horizon/1",
            "game": {"name": self.game.name, "hash": self.game.hash},
            "settles": self.settles,
            "rate": self.rate,
            "factor": None if self.factor is None else float(self.factor),
            "since": self.since,
            "message": self.told,
            "distances": list(self.distances),
        }

    def __repr__(self) -> str:
        return f"Approach({self.told})"

    def _repr_html_(self) -> str:
        chosen = [k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if k <= len(self.distances)]
        lines = [[str(k), f"{self.distances[k - 1]:.2g}"] for k in chosen]
        return markup.paragraphs([self.told]) + markup.table(["stages left", "distance"], lines)


def approach(game: Game) -> Approach:
    """How fast the gains of finite horizons approach those of a stationary equilibrium.

    Parameters
    ----------
    game : Game
        Its horizon is infinite. Finite horizons end with the cost of a stage.

    Returns
    -------
    Approach

    Raises
    ------
    InputError
        If the horizon is finite.
    NotCertifiedError
        If no stationary equilibrium is found.
    NoStablePolicyError, UnboundedCostError
        If there is none.

    Notes
    -----
    See :doc:`/explanation/theory`, "Infinite horizon".

    Examples
    --------
    >>> from ergs_verify import Game
    >>> from ergs_verify.certify.approach import approach
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0,
    ...     noise_cov=[[1]], horizon="infinite")
    >>> found = approach(game)
    >>> found.settles, round(found.rate, 6), found.since  # the golden ratio to the power of −4
    (True, 0.145898, 3)
    """
    search = search_stationary_nash(game)
    search.first()
    once = game.one_stage
    floats = Stages(once, Float64(), constants=False)
    with np.errstate(all="ignore"):
        limit, distances = _followed(floats, search.equilibria)
    nash = search.equilibria[limit or 0]
    P = [as_floats(X) for (X,) in nash.found.P]
    slope = np.array(list(_slope(floats, P)), dtype=float).T
    rate = float(max(abs(np.linalg.eigvals(slope))))
    settles = limit is not None
    factor = since = None
    if settles and rate < 1 and len(slope) <= _MOST_ENTRIES:
        factor, since = _proved(once, nash, rate)
    return Approach(
        game=game,
        settles=settles,
        distances=tuple(distances),
        rate=rate,
        factor=factor,
        since=since,
        told=_told(settles, distances, rate, factor, since, search.runs[0].told),
    )


def _told(
    settles: bool,
    distances: Sequence[float],
    rate: float,
    factor: Fraction | None,
    since: int | None,
    run: str,
) -> str:
    if not settles:
        return f"the finite horizon's gains do not approach a stationary equilibrium: {run}"
    count = counted(len(distances), "stage")
    if rate >= 1:
        return (
            f"with {count} left float64 cannot tell the finite horizon's gains from those of a "
            "stationary equilibrium (measured), but the derivative of a stage there has spectral "
            f"radius {rate:.3g}, so gains that start near it move away"
        )
    said = (
        f"the finite horizon's gains approach the stationary ones, by a factor of {rate:.3g} per "
        f"stage in the end; with {count} left float64 cannot tell them apart (measured)"
    )
    if factor is not None:
        said += (
            f"; with {since} or more left every further stage shrinks the distance of the costs by "
            f"a factor of at most {float(factor):.3g} (proved)"
        )
    return said


def _followed(
    stages: Stages[Float64], equilibria: Sequence[StationaryNash]
) -> tuple[int | None, list[float]]:
    """Which equilibrium stages come near to, and the gains' distances from it."""
    every = [np.concatenate([as_floats(K) for (K,) in one.found.K]) for one in equilibria]
    P = list(stages.terminal().P)
    history, last = [], np.inf
    for _ in range(_MOST_STAGES):
        try:
            gains, P = stage_before(stages, P)
        except NotCertifiedError:
            break
        if not np.isfinite(gains).all():
            break
        history.append([abs(gains - K).max() / (abs(K).max() or 1.0) for K in every])
        now = min(history[-1])
        if now <= _NEAR or (now <= 1e-9 and now >= last):
            break
        last = now
    if not history:
        return None, []
    nearest = int(np.argmin(history[-1]))
    near = history[-1][nearest] <= 1e-9
    return (nearest if near else None), [float(x[nearest]) for x in history]


def _pairs(stages: Stages) -> list[tuple[int, int]]:
    """The entries of P on which gains depend: in the state (1, x) all but the constant's."""
    size = stages.game.state_size
    every = [(r, c) for r in range(size) for c in range(r, size)]
    return every[_has_constant(stages) :]


def _has_constant(stages: Stages) -> bool:
    """Whether the first state is the 1 of (1, x): it stays, and no control moves it."""
    A = stages.game.A[0]
    first = [float(x) for x in A[0]]
    return first == [1.0, *[0.0] * (len(first) - 1)] and not any(
        np.any(B[0][0]) for B in stages.game.B
    )


def _slope(stages: Stages, P: Sequence[Any]) -> Iterator[list[Any]]:
    """The change of all costs before a stage where one of those ahead grows by 1, by entries."""
    arithmetic, size = stages.arithmetic, stages.game.state_size
    formulas = stationary_system(stages)
    known = stages.bare(0).with_values(stages.costs(P))
    phi, rhs = block_system(stages, known)
    minus = arithmetic.scalar(Fraction(-1))
    gains = by_agent(stages, arithmetic.scale(minus, arithmetic.solve(phi, rhs)))
    played = known.with_values({notation.K(k): gains[k - 1] for k in stages.agents})
    nothing = [arithmetic.zeros(p, size) for p in stages.game.control_sizes]
    for agent in stages.agents:
        for r, c in _pairs(stages):
            rows = [
                [Fraction(int((a, b) in ((r, c), (c, r)))) for b in range(size)]
                for a in range(size)
            ]
            moved = played.with_values(
                {Z.subs(notation.i, agent): arithmetic.matrix(rows, (size, size))}
            )
            pushed = list(nothing)
            pushed[agent - 1] = moved(formulas("condition_in_cost", agent))
            parts = arithmetic.blocks([[X] for X in pushed])
            answers = by_agent(stages, arithmetic.scale(minus, arithmetic.solve(phi, parts)))
            yield _changes(stages, formulas, moved, agent, answers)


def _changes(
    stages: Stages, formulas: Any, moved: Evaluator, agent: int, answers: Sequence[Any]
) -> list[Any]:
    arithmetic, entries = stages.arithmetic, []
    known = moved.with_values({D(k): answers[k - 1] for k in stages.agents})
    for i in stages.agents:
        total = known(formulas("cost_in_own", i, None))
        for j in stages.agents:
            if j != i:
                total = arithmetic.add(total, known(formulas("cost_in_other", i, j)))
        if i == agent:
            total = arithmetic.add(total, known(formulas("cost_in_next", i)))
        rows = total.tolist()
        entries += [rows[r][c] for r, c in _pairs(stages)]
    return entries


# -- proved ----------------------------------------------------------------------------------------


def _proved(once: Game, nash: StationaryNash, rate: float) -> tuple[Fraction | None, int | None]:
    """A factor by which every stage brings the costs nearer, and from which on."""
    balls = Balls(_BITS)
    stages = Stages(once, balls, symmetric=True, constants=False)
    limit = [X for (X,) in nash.found.P]
    largest = max(float(abs(x).upper()) for X in limit for x in X.entries())
    for size in _BOXES:
        radius = Fraction(largest) * size
        ball = arb(0, arb(radius.numerator) / radius.denominator)
        box = [arb_mat(X.nrows(), X.ncols(), [x + ball for x in X.entries()]) for X in limit]
        try:
            slope = arb_mat(list(_slope(stages, box))).transpose()
        except (NotCertifiedError, ZeroDivisionError):
            continue
        for share in _FACTORS:
            factor = Fraction(rate).limit_denominator(10**6)
            factor += (1 - factor) * share
            contracting = stable(slope, 1 / factor**2, balls)
            if contracting is None:
                continue
            since = _inside(stages, limit, contracting.Y, radius, balls)
            if since is not None:
                return factor, since
    return None, None


def _inside(
    stages: Stages[Balls], limit: Sequence[Any], Y: Any, radius: Fraction, balls: Balls
) -> int | None:
    """How many stages bring the costs into an ellipse of Y that lies in the box."""
    # ‖d‖_Y² ≤ radius² / ‖Y⁻¹‖ keeps every entry of d within the radius.
    inverse = balls.solve(Y, balls.identity(Y.nrows()))
    least = arb(radius.numerator) / radius.denominator
    most = (least * least / norm(inverse)).lower()
    P = list(stages.terminal().P)
    for k in range(1, _MOST_STAGES + 1):
        try:
            _, P = stage_before(stages, P)
        except (NotCertifiedError, ZeroDivisionError):
            return None
        off = [
            X.tolist()[r][c] - L.tolist()[r][c]
            for X, L in zip(P, limit, strict=True)
            for r, c in _pairs(stages)
        ]
        d = arb_mat(len(off), 1, off)
        squared = (d.transpose() * Y * d).entries()[0]
        if squared < most:
            return k
        if not squared.is_finite() or math.log2(max(1.0, float(squared.rad()))) > _BITS:
            return None
    return None
