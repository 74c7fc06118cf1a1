"""The block system Φ_t 𝓚_t = −rhs_t of Lemma III.4, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Protocol

from attrs import frozen

from ergs_verify.arithmetic.base import Arithmetic, Matrix
from ergs_verify.arithmetic.program import Program, Writing
from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.evaluate import Evaluator
from ergs_verify.paper import notation
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages, WithFormulas
from ergs_verify.recursion.written_out import WrittenOut


class Walkable(WithFormulas, Protocol):
    """Formulas, and an evaluator of them that knows no letter."""

    @property
    def nothing_known(self) -> Evaluator: ...


def backwards(stages: Stages, terminal: Stage) -> Iterator[Stage]:
    """The equilibrium's stages t = T−1, …, 0."""
    ahead = terminal
    for t in reversed(range(stages.game.horizon)):
        stage = stages.at(t, ahead)
        K = _gains(stages, stage, t)
        ahead = stages.evaluated(stage, K, stages.covariances(stage), t)
        yield ahead


def block_system(stages: WithFormulas, stage: Evaluator) -> tuple[Matrix, Matrix]:
    """Φ_t and the right-hand side r of Φ_t 𝓚_t = −r, at a stage that knows P_{t+1}."""
    arithmetic, formula = stages.arithmetic, stages.formula
    phi = arithmetic.blocks(
        [[stage(phi_block(formula, k, other)) for other in stages.agents] for k in stages.agents]
    )
    return phi, arithmetic.blocks([[stage(formula("rhs", k))] for k in stages.agents])


def phi_block(formula: WrittenOut, k: int, other: int) -> Any:
    """The expression of block (k, other) of Φ_t."""
    return formula("phi_diagonal", k) if k == other else formula("phi_off_diagonal", k, other)


@frozen(kw_only=True, eq=False)
class Step:
    """One step of the recursion: K_t, P_t, F_t and Φ_t, without Σ and q.

    Attributes
    ----------
    K, P : lists over agents of matrices
    F, phi : matrix
    met : dict
        What else of P_{t+1} alone was met on the way, by its expressions.
    """

    K: list[Matrix]
    P: list[Matrix]
    F: Matrix
    phi: Matrix
    met: dict[Any, Matrix]


class Recursion:
    """The equilibrium's recursion as a program, written down once for all games of one size.

    Parameters
    ----------
    stages : Stages or StageStack
    arithmetic : Arithmetic, optional
        Matrices need a negative in it. That of the stages by default.
    """

    def __init__(self, stages: Walkable, arithmetic: Any = None):
        self._stages, self._arithmetic = stages, arithmetic or stages.arithmetic
        self._run: Callable[[Sequence[Any]], list[Any]] | None = None

    def step(self, values: Mapping) -> Step:
        """By the values of a stage's letters and of P_{t+1}."""
        stages, N = self._stages, len(self._stages.agents)
        if self._run is None:
            shape, self._letters = self._arithmetic.shape, tuple(values)
            given = tuple(
                (letter, shape(X) if getattr(letter, "is_Matrix", False) else None)
                for letter, X in values.items()
            )
            program, self._met = _program(
                stages.formula, stages.control_sizes, given, stages.nothing_known.assumed
            )
            self._run = program.over(self._arithmetic)
        phi, F, *found = self._run([values[letter] for letter in self._letters])
        met = dict(zip(self._met, found[2 * N :], strict=True))
        return Step(K=found[:N], P=found[N : 2 * N], F=F, phi=phi, met=met)


@lru_cache(maxsize=64)
def _program(
    formula: WrittenOut, control_sizes: tuple[int, ...], given: tuple, assumed: tuple
) -> tuple[Program, tuple]:
    """Φ, F, K and P, and of W and the blocks of Φ their expressions too."""
    writing: Any = Writing()  # of which no numbers are asked
    sizes, symmetric = assumed
    stages = _Written(formula=formula, arithmetic=writing, control_sizes=control_sizes)
    letters = {letter: writing.given(shape) for letter, shape in given}
    known = Evaluator(letters, writing, formula.definitions, dict(sizes), symmetric)
    phi, rhs = block_system(stages, known)
    K = by_agent(stages, writing.solve(phi, -rhs))
    played = known.with_values({notation.K(k): K[k - 1] for k in stages.agents})
    P = [played(formula("policy_cost", k)) for k in stages.agents]
    blocks = [phi_block(formula, k, other) for k in stages.agents for other in stages.agents]
    met = [*map(notation.W, stages.agents), *blocks]
    wanted = [phi, played(notation.F), *K, *P, *map(known, met)]
    return writing.program(wanted), tuple(met)


@frozen(kw_only=True, eq=False)
class _Written:
    """Formulas over the arithmetic that writes them down."""

    formula: WrittenOut
    arithmetic: Writing
    control_sizes: tuple[int, ...]

    @property
    def agents(self) -> range:
        return range(1, len(self.control_sizes) + 1)


def _gains(stages: Stages, stage: Evaluator, t: int) -> list[Matrix]:
    arithmetic = stages.arithmetic
    phi, rhs = block_system(stages, stage)
    try:
        solved = arithmetic.solve(phi, rhs)
    except ZeroDivisionError as error:
        raise SingularStageError(t, _consistent(arithmetic, phi, rhs)) from error
    gains = arithmetic.scale(arithmetic.scalar(Fraction(-1)), solved)
    return by_agent(stages, gains)


def by_agent(stages: WithFormulas, stacked: Matrix) -> list[Matrix]:
    """The block rows of a matrix that is stacked over agents, such as 𝓚."""
    ends = accumulate(stages.control_sizes, initial=0)
    return [stages.arithmetic.rows(stacked, start, stop) for start, stop in pairwise(ends)]


def _consistent(arithmetic: Arithmetic, phi: Matrix, rhs: Matrix) -> bool | None:
    """Whether Φ𝓚 = −rhs has a solution, if this arithmetic can decide a rank."""
    return arithmetic.consistent(phi, rhs) if isinstance(arithmetic, Rationals) else None
