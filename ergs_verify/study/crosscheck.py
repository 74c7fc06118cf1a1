"""Cross-check a game: derived recursion, engine, forward moments, stationarity, simulation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify import engine
from ergs_verify.errors import (
    ErgsError,
    InputError,
    NoStablePolicyError,
    NotCertifiedError,
    UnboundedCostError,
)
from ergs_verify.exact import whole
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.solve import MOST_DIGITS, Solution, solve
from ergs_verify.study.agreement import sentence
from ergs_verify.study.comparison import PARTS, Comparison
from ergs_verify.study.conditioning import modest_factor
from ergs_verify.study.crosscheck_result import CrossCheck
from ergs_verify.study.numbers import Numbers
from ergs_verify.study.singular import compare_singular

#: Called with what is being done, how many parts are done and how many there are.
Progress = Callable[[str, int, int], None]

#: Fewer digits would not tell the derived recursion's own error from float64's.
_FEWEST_DIGITS = 20
#: Of a stationary game so many stages are compared, before costs with so many digits more.
_STAGES, _MORE_DIGITS = 6, 40


def crosscheck(
    game: Game,
    *,
    digits: int = 50,
    samples: int = 20_000,
    iterations: Sequence[int] = (2, 4, 8, 16, 32, 64, 128),
    formulas: Formulas | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CrossCheck:
    """Compute a game's equilibrium and costs in ways that share no code, and compare.

    Parameters
    ----------
    game : Game
    digits : int
        The digits of the derived recursion, at least 20.
    samples : int
        The number of trajectories simulated, at least 1000.
    iterations : growing sequence of int ≥ 1
        The numbers L of inner steps after which Algorithm 1 is looked at. At the first of them the
        engine's run is compared with the derived one.
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.
    seed : int
        Of all random numbers.
    progress : function of a str and two int, optional
        Told what is being done, how many parts are done, and of how many.

    Returns
    -------
    CrossCheck
        On a game with a singular Φ_t both sides must find the same stage.

    Raises
    ------
    InputError
        If an argument is bad.

    Notes
    -----
    The derived recursion, in mpmath, is compared with the float64 engine. Both are compared with
    the cost, equation (2), by forward moments; with its derivative in each agent's own K and Σ,
    which has to vanish; and with a simulation of the engine's policy. Algorithm 1 is followed as L
    grows. With an infinite horizon the stages before the certified equilibrium's own costs are
    compared: if these costs are right, the equilibrium is theirs at every stage.

    An error may be a modest factor times what rounding the game's data does to the solution (for
    the derived recursion: scaled to its precision). The simulated mean must lie within 4.5
    standard errors, which a normal variable misses with probability 7e-6.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.study import crosscheck
    >>> found = crosscheck(gallery("g-star-2"), samples=2000)
    >>> found.verdict, found.algorithm_1.behaviour
    ('agree', 'diverges')
    """
    start = time.perf_counter()
    wanted = whole(digits, "digits", _FEWEST_DIGITS, MOST_DIGITS)
    count = whole(samples, "samples", 1000, 10**9)
    loops = _growing(iterations)
    seed = whole(seed, "seed", 0, 2**63)
    tell = _Told(progress, parts=2 + PARTS)
    line, stationary = _line(game), None
    if game.stationary:
        try:
            stationary = solve(game, digits=min(wanted + _MORE_DIGITS, MOST_DIGITS))
        except (NotCertifiedError, NoStablePolicyError, UnboundedCostError) as error:
            return CrossCheck(
                game=line,
                verdict="undecided",
                reasons=(str(error),),
                digits=wanted,
                lost_digits={},
                factor=modest_factor(game.one_stage.homogeneous),
                seconds=time.perf_counter() - start,
            )
        game = _before(game, stationary)
    check = Comparison(game, wanted, formulas, seed, tell)

    tell("derived recursion")
    derived = _attempt(lambda: check.derive(check.near))
    tell("engine")
    found = _attempt(lambda: engine.nash(game.floats()))
    if isinstance(derived, ErgsError) or isinstance(found, ErgsError):
        verdict, reason, t = compare_singular(game, derived, found, formulas)
        outcome: dict[str, Any] = {"verdict": verdict, "reasons": (reason,), "singular_stage": t}
        outcome["lost_digits"] = {}
    else:
        outcome = check.compare(derived, found, loops, count)
        if stationary is not None and "rows" in outcome:
            outcome = _given_back(check, check.shown(derived), stationary, outcome)
    return CrossCheck(
        game=line,
        digits=wanted,
        factor=modest_factor(game.homogeneous),
        seconds=time.perf_counter() - start,
        **outcome,
    )


def _before(game: Game, stationary: Solution) -> Game:
    """The stages before a stationary equilibrium's costs."""

    def exact(agents: Any) -> Any:
        return agents and [
            np.array([Fraction(x) for x in np.ravel(X)], dtype=object).reshape(np.shape(X))
            for X in agents
        ]

    return game.cut_after(_STAGES, exact(stationary.P), exact(stationary.s))


def _given_back(check: Comparison, derived: Numbers, stationary: Solution, outcome: Any) -> Any:
    """The outcome with rows that say whether the first stage is that of the stationary answer."""
    rows = [
        row
        for letter in ("K", "k", "Sigma", "P", "s")
        if letter in derived
        for row in check.given_back(
            letter, derived, getattr(stationary, letter), outcome["lost_digits"]
        )
    ]
    wrong = tuple(sentence(row) for row in rows if not row.holds)
    return outcome | {
        "rows": (*outcome["rows"], *rows),
        "reasons": (*outcome["reasons"], *wrong),
        "verdict": "disagree" if wrong else outcome["verdict"],
    }


class _Told:
    """Counts the parts of the work for a progress function."""

    def __init__(self, progress: Progress | None, parts: int):
        self._progress, self._parts, self._done = progress, parts, 0

    def __call__(self, what: str) -> None:
        if self._progress:
            self._progress(what, self._done, self._parts)
        self._done += 1


def _attempt(run: Callable[[], Any]) -> Any:
    """What a side gives, or the reason why it gives nothing."""
    try:
        return run()
    except ErgsError as error:
        return error


def _line(game: Game) -> str:
    p = ", ".join(map(str, game.control_sizes))
    tau = game.tau_shown
    sizes = f"N = {game.agents}, m = {game.state_size}, p = {p}, T = {game.horizon}, τ = {tau}"
    return f"{game.name}: {sizes}" if game.name else sizes


def _growing(iterations: Iterable[Any]) -> list[int]:
    loops = [whole(L, "iterations", 1, 10**6) for L in iterations]
    if not loops or sorted(set(loops)) != loops:
        raise InputError(
            "iterations must be one or more increasing whole numbers ≥ 1", "iterations"
        )
    return loops
