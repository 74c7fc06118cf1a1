"""The games on which a solver is audited, each chosen for a mistake or a difficulty it shows."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import frozen

from ergs_verify.audit import suite_games
from ergs_verify.audit.general_games import GIVEN, general_game, unbounded
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery
from ergs_verify.game.horizon import INFINITE

#: The names of the suites; the second is a part of the first, the third is of games beyond the
#: paper's class, the fourth of games without an end.
SUITES = ("standard", "quick", "general", "stationary")


@frozen(kw_only=True)
class SuiteGame:
    """A game of a suite.

    Attributes
    ----------
    name : str
    game : Game
        Every entry is a float64.
    why : str
        What a solver has to get right here.
    singular : bool
        Some Φ_t is singular, so that there is no equilibrium or a continuum of them, or a cost has
        no lower bound, or no policy is stable: a solver should raise an error rather than return
        numbers.
    """

    name: str
    game: Game
    why: str
    singular: bool = False


def suite(name: str = "standard") -> tuple[SuiteGame, ...]:
    """The games of a suite: ``standard``, its part ``quick``, ``general`` or ``stationary``.

    They are the same on every machine.

    Raises
    ------
    InputError
        For another name.

    Examples
    --------
    >>> from ergs_verify.audit.suite import suite
    >>> len(suite()), [one.name for one in suite("quick") if one.singular]
    (33, ['no-equilibrium'])
    >>> suite("quick")[1].why
    'N = 1: the entropy-regularized linear-quadratic regulator over 30 stages'
    """
    if name not in SUITES:
        raise InputError(
            f"{quoted(name)} is not a suite; the suites are {', '.join(SUITES)}", "suite"
        )
    if name in _OTHERS:
        return tuple(map(_game, _OTHERS[name]))
    return tuple(_game(entry) for entry in _ENTRIES if name == "standard" or entry.quick)


def suite_game(name: str) -> SuiteGame:
    """One game of the suites.

    Raises
    ------
    InputError
        For an unknown name, suggesting the nearest known one.

    Examples
    --------
    >>> from ergs_verify.audit.suite import suite_game
    >>> suite_game("opposed").game
    Game("opposed", N=2, m=2, p=(1, 1), T=8, tau=2.0)
    """
    entries = {entry.name: entry for entry in (*_ENTRIES, *_GENERAL, *_STATIONARY)}
    if name not in entries:
        nearest = difflib.get_close_matches(name[:50], entries, n=1, cutoff=0.0)[0]
        raise InputError(
            f"{quoted(name)} is not a game of a suite; the nearest name is {quoted(nearest)}",
            "name",
        )
    return _game(entries[name])


@frozen(kw_only=True)
class _Entry:
    name: str
    source: str | Callable[[], dict[str, Any]]
    why: str
    singular: bool = False
    quick: bool = False


def _game(entry: _Entry) -> SuiteGame:
    if isinstance(entry.source, str):
        game = gallery(entry.source)
    else:
        game = Game.from_arrays(name=entry.name, **entry.source())
    return SuiteGame(name=entry.name, game=game.rounded(), why=entry.why, singular=entry.singular)


_ENTRIES = (
    _Entry(
        name="well-conditioned",
        source="random:N=2,m=3,p=2,T=6,tau=1,seed=1",
        why="an easy game: two agents, matrices that change with time",
        quick=True,
    ),
    _Entry(
        name="regulator",
        source="lqr",
        why="N = 1: the entropy-regularized linear-quadratic regulator over 30 stages",
        quick=True,
    ),
    _Entry(
        name="regulator-several-controls",
        source="random:N=1,m=4,p=2,T=8,tau=1/2,seed=2",
        why="N = 1 with two controls and changing matrices",
    ),
    _Entry(
        name="one-stage",
        source="random:N=3,m=3,p=2,T=1,tau=1,seed=3",
        why="T = 1: only the terminal costs and one block system matter",
        quick=True,
    ),
    _Entry(
        name="unequal-controls",
        source="time-varying",
        why=(
            "1, 2 and 3 controls, and every matrix changes with time: no size can be taken for "
            "another"
        ),
        quick=True,
    ),
    _Entry(
        name="square",
        source="random:N=2,m=2,p=2,T=3,tau=2/3,seed=1",
        why="m = p: B, K and Σ fit where B', K' or BΣB' belong",
        quick=True,
    ),
    _Entry(
        name="more-controls-than-states",
        source="random:m=2,p=4-3,T=5,tau=1,seed=4",
        why="p > m: B'PB is singular, only R and τ make W definite",
    ),
    _Entry(
        name="scalar-state",
        source="scalar-state",
        why="m = 1, four agents, one of them without a cost of the state",
    ),
    _Entry(
        name="many-agents",
        source="random:N=8,m=3,p=1,T=4,tau=2,seed=5",
        why="eight agents: sums over the others, without the agent itself",
    ),
    _Entry(
        name="one-channel",
        source=suite_games.one_channel,
        why="four agents act on the state alike: they have the same B and different costs",
    ),
    _Entry(
        name="non-diagonal",
        source=suite_games.non_diagonal,
        why=(
            "no matrix is diagonal and A and K are not symmetric, so wrong transposes and noise "
            "terms show"
        ),
        quick=True,
    ),
    _Entry(
        name="costs-over-time",
        source=suite_games.costs_over_time,
        why="Q_t and R_t double or halve from stage to stage, so an index off by one shows",
    ),
    _Entry(
        name="terminal-cost",
        source=suite_games.terminal,
        why="the terminal costs differ from those of the stages and are 400 times as large",
        quick=True,
    ),
    _Entry(
        name="opposed",
        source=suite_games.opposed,
        why="costs pull the state in opposite directions",
        quick=True,
    ),
    _Entry(
        name="weakly-coupled",
        source="assumption-holds",
        why="Assumption III.3 holds, so that Algorithm 1 converges",
    ),
    _Entry(
        name="loop-diverges",
        source="g-star-2",
        why="one equilibrium, yet simultaneous best responses diverge from it (factor 4/3)",
        quick=True,
    ),
    _Entry(
        name="loop-diverges-three-agents",
        source="identical-interest",
        why="simultaneous best responses diverge where sequential ones converge (K = −2/7)",
    ),
    _Entry(
        name="loop-diverges-every-stage",
        source=suite_games.identical_interest,
        why="coupled so strongly that Algorithm 1's inner loop diverges at each of four stages",
    ),
    _Entry(
        name="plain",
        source="plain-lq",
        why="τ = 0: the plain LQ game, deterministic, without entropy terms",
    ),
    _Entry(
        name="plain-published",
        source="lq-saddle",
        why="τ = 0 and R = 0.01 over 20 stages, a published game",
    ),
    _Entry(
        name="tiny-tau",
        source="random:N=2,m=3,p=2,T=5,tau=1e-9,seed=6",
        why="τ = 10⁻⁹: policies are all but deterministic, log det Σ is large",
    ),
    _Entry(
        name="huge-tau",
        source="random:N=2,m=3,p=2,T=5,tau=1e9,seed=7",
        why="τ = 10⁹: policies are all but the prior, and the gains are tiny",
    ),
    _Entry(
        name="unstable",
        source="unstable",
        why="the open loop grows by 3/2 a stage over 40 stages",
    ),
    _Entry(
        name="lost-states",
        source=suite_games.lost_state,
        why="singular A, Q, noise and x_0 covariance: nothing may be inverted but W and Φ",
    ),
    _Entry(
        name="units",
        source=suite_games.units,
        why="states and controls in units 10³ to 10⁶ apart, harmless with the right scaling",
    ),
    _Entry(
        name="ill-conditioned",
        source="ill-conditioned",
        why="float64 keeps few digits: the bar is what the game's conditioning allows",
    ),
    _Entry(
        name="near-singular",
        source="g-star-near-4",
        why="τ is 1/1000 away from a value where Φ is singular: gains of the order 10³",
    ),
    _Entry(
        name="nearly-singular",
        source=suite_games.nearly_singular,
        why=(
            "τ is 10⁻⁶ away from a value where Φ is singular: gains of the order 10⁶, half the "
            "digits lost"
        ),
    ),
    _Entry(
        name="mid-size",
        source="random:N=3,m=6,p=2,T=10,tau=1,seed=8",
        why="three agents, six states, ten stages",
    ),
    _Entry(
        name="longer",
        source="random:N=2,m=8,p=3,T=20,tau=1/2,seed=9",
        why="eight states over twenty stages: rounding has time to add up",
    ),
    _Entry(
        name="no-equilibrium",
        source="g-star-4-no-nash",
        why="Φ is singular and the equations for the gains are inconsistent: no equilibrium",
        singular=True,
        quick=True,
    ),
    _Entry(
        name="continuum",
        source="g-star-4-continuum",
        why="Φ is singular and the equations are consistent: a continuum of equilibria",
        singular=True,
    ),
    _Entry(
        name="singular-inside",
        source=suite_games.singular_inside,
        why="Φ is singular at stage 1 of 0…2: no equilibrium, though the last stage is regular",
        singular=True,
    ),
)


def _beyond(
    *given: str, p: tuple[int, ...] = (1, 2), m: int = 2, T: int = 4, seed: int
) -> Callable[[], dict[str, Any]]:
    return partial(general_game, given, p=p, m=m, T=T, seed=seed)


_GENERAL = (
    _Entry(
        name="cross-terms",
        source=_beyond("S", seed=1),
        why="costs 2u'Sx, also of the others' controls",
    ),
    _Entry(
        name="others-controls",
        source=_beyond("R", seed=2),
        why="R is n×n: each agent pays for, or is paid by, the others' controls",
    ),
    _Entry(
        name="affine",
        source=_beyond("affine", seed=3),
        why="a drift and linear costs: u = Kx + k, the value x'Px + 2s'x + q",
    ),
    _Entry(
        name="discounts",
        source=_beyond("discount", T=6, seed=4),
        why="each agent discounts by its own factor, the terminal cost too",
    ),
    _Entry(
        name="priors",
        source=_beyond("prior", seed=5),
        why="priors N(Mx + mean, Λ) in place of the standard normal one",
    ),
    _Entry(
        name="taus",
        source=_beyond("tau", "noise_cov", seed=6),
        why="each agent has its own τ, and the noise changes with time",
    ),
    _Entry(
        name="regulator-beyond",
        source=_beyond(*GIVEN, p=(2,), m=3, T=5, seed=7),
        why="N = 1 with everything that a general game may have",
    ),
    _Entry(
        name="everything",
        source=_beyond(*GIVEN, p=(1, 2, 1), m=3, T=5, seed=8),
        why="three agents with everything that a general game may have",
    ),
    _Entry(
        name="unbounded",
        source=unbounded,
        why="W of agent 2 is negative: its cost has no lower bound, so there is no equilibrium",
        singular=True,
    ),
)


def _endless(data: Callable[[], dict[str, Any]], **changed: Any) -> Callable[[], dict[str, Any]]:
    return lambda: data() | {"horizon": INFINITE} | changed


_STATIONARY = (
    _Entry(
        name="endless-average",
        source=_endless(suite_games.non_diagonal),
        why="an easy game: average cost, and no matrix is diagonal",
    ),
    _Entry(
        name="endless-discounted",
        source=_endless(suite_games.non_diagonal, discount=0.875),
        why="discounted cost: γ belongs to costs, gains and the closed loop √γF alike",
    ),
    _Entry(
        name="endless-own-discounts",
        source=_endless(suite_games.non_diagonal, discount=[0.9375, 0.5]),
        why="each agent discounts by its own factor",
    ),
    _Entry(
        name="endless-plain",
        source=_endless(suite_games.non_diagonal, tau=0),
        why="τ = 0: the plain game, as most published solvers know it",
    ),
    _Entry(
        name="endless-regulator",
        source=suite_games.endless_regulator,
        why="N = 1: the algebraic Riccati equation of an unstable state, reached by one control",
    ),
    _Entry(
        name="endless-three-agents",
        source=suite_games.endless_three_agents,
        why="three agents with 1, 2 and 1 controls",
    ),
    _Entry(
        name="endless-lost-states",
        source=_endless(suite_games.lost_state),
        why="singular A, Q and noise: nothing may be inverted but W and Φ",
    ),
    _Entry(
        name="endless-slow",
        source=suite_games.endless_slow,
        why=(
            "the closed loop is slow, ρ = 0.97: an iteration that hardly changes is still far "
            "from its limit"
        ),
    ),
    _Entry(
        name="endless-cycle",
        source=suite_games.endless_cycle,
        why="iterating stages backward does not settle, and there is a stationary equilibrium",
    ),
    _Entry(
        name="stationary-deadbeat",
        source="stationary-deadbeat",
        why="R = 0, so that the state is gone after one stage",
    ),
    _Entry(
        name="stationary-root",
        source="stationary-root",
        why="P = 0 solves the Riccati equation and does not stabilise; the root P = 3 does",
    ),
    _Entry(
        name="stationary-three-equilibria",
        source="stationary-three-equilibria",
        why="three stationary equilibria, any of which is right",
    ),
    _Entry(
        name="stationary-zero-sum",
        source="stationary-zero-sum",
        why="the agents' costs have opposite signs, so neither P is definite",
    ),
    _Entry(
        name="stationary-gradient-avoids",
        source="stationary-gradient-avoids",
        why="agents that follow the gradients of their own costs move away from the equilibrium",
    ),
    _Entry(
        name="stationary-duopoly",
        source="stationary-duopoly",
        why="a published game, discounted, with linear costs: u = Kx + k",
    ),
    _Entry(
        name="stationary-inventories",
        source="stationary-inventories",
        why="a published game of average cost, with costs on the others' controls and a drift",
    ),
    _Entry(
        name="endless-unreached",
        source=suite_games.endless_unreached,
        why="no control reaches a state that grows: no policy is stable",
        singular=True,
    ),
    _Entry(
        name="endless-unbounded",
        source=suite_games.endless_unbounded,
        why="the state earns more than its control costs, so the cost has no lower bound",
        singular=True,
    ),
)

_OTHERS = {"general": _GENERAL, "stationary": _STATIONARY}
