"""The least that certificates compute in balls: products, solves and determinants, counted.

A floor is for whoever goes through the stages by these formulas; sums, roundings, the bounds of
errors and Python's own time are not in it. Sizes are (N, m, p, T).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from unittest.mock import patch

import flint
import numpy as np
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic import Balls
from ergs_verify.certify import nash, thresholds
from ergs_verify.certify.equilibrium import EquilibriumStage, stages_in_balls, straight_in_balls
from ergs_verify.game import Game
from ergs_verify.recursion.stages import Stages

Size = tuple[int, int, int, int]
#: "product", "solve" or "determinant"; rows and columns of the left matrix, columns of the right.
Operation = tuple[str, int, int, int]
Work = Counter[Operation]
#: Relative width that `check` asks of a spectral radius.
_WIDTH = 1e-6


def of_gap(size: Size) -> Work:
    """One pass of the certified gap.

    All agents have in common BK, ΣB', BΣB' and, for either end of the moments, FX and FXF'. An
    agent needs, for either end of its bracket, PĀ, Ā'PĀ, B'P, B'PB, B'PĀ and (Ā'PB)(W⁻¹B'PĀ); and
    with the bracket's ball for P, B'P, B'PB, B'PĀ, and with D = K + W⁻¹B'PĀ the products DX, DXD',
    WDXD' and WΣ. A transpose is not multiplied again, and W⁻¹, a solve, is left out.
    """
    agents, m, p, stages = size
    gains = _products({(m, p, m): agents})
    moments = _products({(m, m, m): 2 * 2, (p, p, m): agents, (m, p, m): agents})
    end = _products({(m, m, m): 2, (p, m, m): 2, (p, m, p): 1, (m, p, m): 1})
    ball = _products({(p, m, m): 3, (p, m, p): 2, (p, p, p): 2})
    return _times(gains + _times(end + end + ball, agents), stages) + _times(moments, stages - 1)


def of_costs(size: Size) -> Work:
    """One pass of the NE's K and P alone.

    Every agent's B'P, B'PB of every agent, B'PA, BK, F'P, F'PF, R̃K and K'R̃K; and all gains are
    one solve with Φ.
    """
    agents, m, p, stages = size
    every = _products({(p, m, m): 2, (p, m, p): agents, (m, p, m): 2, (p, p, m): 1, (m, m, m): 2})
    gains = Counter({("solve", agents * p, agents * p, m): 1})
    return _times(gains + _times(every, agents), stages)


def of_nash(size: Size) -> Work:
    """One pass of the NE's K, Σ, P and q.

    Besides K and P every agent's W⁻¹, det W, ΣB' and BΣB', and the inner products of R̃ with Σ and
    of P with the stage's whole noise.
    """
    agents, m, p, stages = size
    every = _products({(p, p, m): 1, (m, p, m): 1, (1, p * p, 1): 1, (1, m * m, 1): 1})
    every += Counter({("solve", p, p, p): 1, ("determinant", p, p, 0): 1})
    return of_costs(size) + _times(every, agents * stages)


def of_check(size: Size) -> Work:
    """One pass of `check`: K and P, det Φ, every ‖P‖_F, and the spectral radius of J.

    J = I − D⁻¹Φ is a solve with every agent's W. With n rows, ρ is known within the factor
    n^(1/k) from J^k, so that k = 2^s takes s squarings of J.
    """
    agents, m, p, stages = size
    n = agents * p
    squarings = math.ceil(math.log2(math.log(n) / _WIDTH))
    every = _products({(1, m * m, 1): agents, (n, n, n): squarings})
    every += Counter({("solve", p, p, n - p): agents, ("determinant", n, n, 0): 1})
    return of_costs(size) + _times(every, stages)


Recursion = Callable[..., Iterator[EquilibriumStage]]


@frozen
class Pass:
    """One way back through the stages in balls, as far as it came, and what it has to compute."""

    bits: int
    stages: int
    work: Callable[[Size], Work]
    recursion: Recursion = straight_in_balls

    def again(self, game: Game) -> Iterator[tuple[Stages[Balls], EquilibriumStage]]:
        """The same for a game."""
        stages = Stages(game, Balls(self.bits), symmetric=True)
        return ((stages, one) for one in self.recursion(stages))


def passes_of(call: Callable[[], object], work: Callable[[Size], Work] = of_nash) -> list[Pass]:
    """The passes that a certified NE or a check makes, in order; those that fail are among them.

    `work` is what a pass at the game's own τ has to compute. In the search for thresholds of τ, a
    pass counts as K and P alone.
    """
    found: list[Pass] = []

    def recorded(recursion: Recursion, work: Callable[[Size], Work]) -> Recursion:
        def stages_and_note(stages, *given) -> Iterator:
            place = len(found)
            found.append(Pass(stages.arithmetic.bits, 0, work, recursion))
            for done, one in enumerate(recursion(stages, *given), 1):
                found[place] = Pass(stages.arithmetic.bits, done, work, recursion)
                yield one

        return stages_and_note

    with ExitStack() as patches:
        for user, recursion, its in (
            (nash, straight_in_balls, work),
            (nash, stages_in_balls, work),
            (thresholds, straight_in_balls, of_costs),
        ):
            patches.enter_context(patch.object(user, recursion.__name__, recorded(recursion, its)))
        call()
    return found


def floor(work: Work, bits: int) -> Callable[[], None]:
    """A function of no arguments that computes nothing but that, on random balls."""
    rng = np.random.default_rng(0)

    def matrix(rows: int, cols: int) -> arb_mat:
        """With radii and entries of so many bits, as in the recursion; regular where square."""
        numbers = rng.normal(size=(rows, cols)) + rows * np.eye(rows, cols)
        return arb_mat(numbers.tolist()) * (arb(1) / 3)

    with flint.ctx.workprec(bits):
        each = [
            (kind, matrix(rows, inner), matrix(inner, cols), count)
            for (kind, rows, inner, cols), count in work.items()
        ]

    def compute() -> None:
        with flint.ctx.workprec(bits):
            for kind, X, Y, count in each:
                for _ in range(count):
                    if kind == "product":
                        X * Y
                    elif kind == "solve":
                        X.solve(Y)
                    else:
                        X.det()

    return compute


def floor_of_passes(passes: Iterable[Pass], size: Size) -> Callable[[], None]:
    """Nothing but what the stages of these passes have to compute, pass by pass."""
    each = [floor(one.work((*size[:3], one.stages)), one.bits) for one in passes]

    def compute() -> None:
        for part in each:
            part()

    return compute


def _products(counts: dict[tuple[int, int, int], int]) -> Work:
    return Counter({("product", *shape): count for shape, count in counts.items()})


def _times(work: Work, factor: int) -> Work:
    return Counter({operation: factor * count for operation, count in work.items()})
