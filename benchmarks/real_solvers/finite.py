"""Solvers of a finite horizon, audited on the whole horizon, diagnosis included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

from benchmarks.real_solvers.environment import apart
from benchmarks.real_solvers.games import FINITE, with_terminal_cost
from benchmarks.real_solvers.solvers import pydiffgame, quantecon_stages, solved, symmetric
from ergs_verify.audit.result import Audit
from ergs_verify.audit.solution import audit
from ergs_verify.game import Game

#: The game that was solved, and the solution as it is to be read.
Read = Callable[[Game], tuple[Game, dict[str, Any]]]


@frozen(kw_only=True)
class Reading:
    """A solver and a way to read its answer."""

    package: str
    title: str
    most_agents: int
    read: Read


def audits(reading: Reading) -> Iterator[Audit | str]:
    """For each game of `FINITE` the audit, what the solver raised, or "" where it takes no such."""
    for game in FINITE:
        if game.agents > reading.most_agents:
            yield ""
            continue
        answer, said = solved(reading.read, game)
        yield said if answer is None else audit(*answer)


def _lq(game: Game) -> tuple[Game, dict[str, Any]]:
    return game, quantecon_stages(game.floats())


def _apart(name: str) -> Read:
    """K alone."""
    return lambda game: (game, {"K": [apart(name)(game.floats())["K"]]})


def _run(game: Game, **options: Any) -> tuple[list[Any], list[Any]]:
    """K[i][t] for t = 0…L−1 and P[i][t], also L of them, with L = T and steps of 1."""
    found = pydiffgame(game.floats(), T_f=float(game.horizon), L=game.horizon, **options)
    agents = range(game.agents)
    return [[-K[i] for K in found.K] for i in agents], [
        [symmetric(P[i]) for P in found.P] for i in agents
    ]


def _own_terminal_cost(game: Game) -> tuple[Game, dict[str, Any]]:
    K, P = _run(game)
    return with_terminal_cost(game, [P_i[-1] for P_i in P], game.horizon), {"K": K}


def _given_terminal_cost(game: Game) -> tuple[Game, dict[str, Any]]:
    K, _ = _run(game, P_f=[Q_i[-1] for Q_i in game.floats().Q])
    return game, {"K": K}


def _as_simulated(game: Game) -> tuple[Game, dict[str, Any]]:
    K, P = _run(game)
    shorter = with_terminal_cost(game, [P_i[-1] for P_i in P], game.horizon - 1)
    return shorter, {"K": [K_i[:-1] for K_i in K], "P": P}


READINGS = (
    Reading(
        package="quantecon",
        title="`LQ`, finite horizon: K, P, and d as q",
        most_agents=1,
        read=_lq,
    ),
    Reading(
        package="diffilqrax",
        title="`lqr_backward_pass`: K",
        most_agents=1,
        read=_apart("diffilqrax_backward"),
    ),
    Reading(
        package="lqg",
        title="`control.lqr.backward`: K",
        most_agents=1,
        read=_apart("lqg_backward"),
    ),
    Reading(
        package="PyDiffGame",
        title="`DiscretePyDiffGame`: K as L stages that end at its own P_f",
        most_agents=100,
        read=_own_terminal_cost,
    ),
    Reading(
        package="PyDiffGame",
        title="the same, `P_f` given",
        most_agents=100,
        read=_given_terminal_cost,
    ),
    Reading(
        package="PyDiffGame",
        title="K and P at the times at which `simulate` uses them: L samples, L − 1 stages",
        most_agents=100,
        read=_as_simulated,
    ),
)
