"""A solution as text: the first stages of every agent's gain and covariance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ergs_verify.exact import counted
from ergs_verify.game import Game
from ergs_verify.report.terminal import printable
from ergs_verify.solve import Solution

#: What a person takes in at once; the file has the rest.
_STAGES, _AGENTS, _SIDE = 2, 4, 4
_FLOAT_DIGITS, _FEWEST_DIGITS = 10, 5
#: What is left of 80 columns beside the letters.
_ROW_WIDTH = 64


def game_line(game: Game) -> str:
    """The game's name and sizes in one line."""
    p = ", ".join(map(str, game.control_sizes[:8])) + ("…" if game.agents > 8 else "")
    agents = counted(game.agents, "agent")
    sizes = f"{agents}, m = {game.state_size}, p = {p}, T = {game.horizon}, τ = {game.tau_shown}"
    return f"{printable(game.name)}: {sizes}" if game.name else sizes


def solution_summary(game: Game, solution: Solution) -> RenderableType:
    """What was solved, how far the digits go, and the first gains and covariances; of all
    stationary equilibria that were found."""
    found = (solution, *solution.others)
    policies: list[RenderableType] = []
    for number, one in enumerate(found, 1):
        if len(found) > 1:
            policies.append(Text(f"Equilibrium {number} of {len(found)} that were found:"))
        policies += [*_policy(game, one), Text()]
    return Group(
        Text(_title(solution), "bold"),
        Text(game_line(game)),
        Text(),
        *policies,
        Text(_left_out(game), "dim"),
        Text(_certainty(solution), "yellow"),
    )


def _policy(game: Game, solution: Solution) -> Iterator[RenderableType]:
    """The first agents' gains and covariances at the first stages."""
    stages = range(1 if game.stationary else min(_STAGES, game.horizon))
    agents = range(min(_AGENTS, game.agents))
    for t in stages:
        for i in agents:
            at = "" if game.stationary else f", t = {t}"
            yield Text(f"agent {i + 1}{at}", "bold")
            table = Table.grid(padding=(0, 1))
            table.add_row("   K", "=", _matrix(_at(solution.K[i], t), solution.digits))
            if solution.k is not None:
                k = np.reshape(_at(solution.k[i], t), (-1, 1))
                table.add_row("   k", "=", _matrix(k, solution.digits))
            table.add_row("   Sigma", "=", _matrix(_at(solution.Sigma[i], t), solution.digits))
            yield table


def _at(over_time: Any, t: int) -> np.ndarray:
    """At t, or at every time where there is no time axis."""
    return over_time[t] if isinstance(over_time, tuple) else over_time


def _title(solution: Solution) -> str:
    mean = "K x_t" if solution.k is None else "K x_t + k"
    if solution.within is not None:
        return f"Stationary Nash equilibrium: u_t ~ N({mean}, Sigma)"
    if solution.method == "nash":
        return f"Nash equilibrium: u_t ~ N({mean}, Sigma)"
    return f"Algorithm 1 after L = {solution.iterations} inner steps: u_t ~ N({mean}, Sigma)"


def _certainty(solution: Solution) -> str:
    digits = "float64" if solution.digits is None else f"{solution.digits} digits"
    if solution.within is not None:
        found = (solution, *solution.others)
        within = min(float(one.within) for one in found if one.within is not None)
        proved = "Each one is proved" if solution.others else "The equilibrium is proved"
        return (
            f'{digits}, "certified": true. Every matrix is enclosed in balls narrower than its '
            f"last digit. {proved} to exist and to have a stable closed loop, and no other "
            f"equilibrium has gains that all lie within {within:.3g} of these."
        )
    if solution.certified:
        return (
            f'{digits}, "certified": true. Every matrix is enclosed in balls narrower than its '
            "last digit, and this equilibrium is proved to be the only one."
        )
    return (
        f'{digits}, "certified": false. The derived recursion gave the same digits at two '
        f"precisions (the higher: {solution.working_digits} digits); that is evidence, not proof."
    )


def _left_out(game: Game) -> str:
    stages = 0 if game.stationary else max(0, game.horizon - _STAGES)
    agents = max(0, game.agents - _AGENTS)
    left = []
    if stages:
        left.append(counted(stages, "more stage"))
    if agents:
        left.append(counted(agents, "more agent"))
    more = f"… and {' and '.join(left)}. " if left else ""
    return f"{more}--json or -o FILE gives everything, with P, q and every digit."


def _matrix(value: np.ndarray, digits: int | None) -> RenderableType:
    """A matrix as far as it can be taken in, its entries rounded so that the rows fit."""
    rows, cols = value.shape
    shown = value[:_SIDE, :_SIDE]
    # A sign, a point, a zero before it, an exponent and the gaps take 8 signs an entry.
    fitting = max(_FEWEST_DIGITS, _ROW_WIDTH // shown.shape[1] - 8)
    places = min(fitting, digits or _FLOAT_DIGITS)
    table = Table.grid(padding=(0, 1))
    for row in shown.tolist():
        entries = [f"{x:.{places}g}" for x in row] + ["…"] * (cols > _SIDE)
        table.add_row("[", *(Text(entry, justify="right") for entry in entries), "]")
    if rows > _SIDE:
        table.add_row("[", "…", *[""] * (len(table.columns) - 3), "]")
    return table
