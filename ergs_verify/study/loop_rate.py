"""Theorem IV.2 measured: how Algorithm 1 approaches the NE, and how fast it must.

The error after L inner steps is computed by the derived recursion at high precision. Beside it
stand Lemma IV.1's constant, which bounds the rate where it is below 1, and the exact rate, the
spectral radius of the block Jacobi matrix J_t = I − D_t⁻¹Φ_t at the equilibrium's P_{t+1}.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from attrs import evolve, field, frozen

from ergs_verify import markup
from ergs_verify.arithmetic.base import Matrix, Scalar
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.exact import short, written
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion import Sequences, algorithm_1, block_system, nash
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Progress, Stages
from ergs_verify.study.tables import as_decimal, as_text, ratio_as_decimal, shown

#: Carried beyond the digits asked for, so that an error that counts still has this many.
_GUARD = 25
#: Written in records; more would only be noise to a reader.
_WRITTEN = 20
#: Stages that a table shows; the record has them all.
_MOST_STAGES = 10
_ITERATIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


@frozen(kw_only=True)
class LoopStage:
    """One stage's inner loop at the equilibrium's P_{t+1}.

    Attributes
    ----------
    t : int
    contraction_constant : Decimal or None
        Lemma IV.1's (2/τ) γ_B² γ_{P,t} (N−1); ∞ at τ = 0 with several agents. None in the general
        game, of which the lemma does not speak.
    spectral_radius : Decimal
        ρ(J_t), to about half of the working digits where its eigenvalue is defective.
    inner_loop : {"converges", "diverges", "undecided"}
        From every start; ``undecided`` where ρ = 1 to the digits carried.
    """

    t: int
    contraction_constant: Decimal | None
    spectral_radius: Decimal
    inner_loop: str


@frozen(kw_only=True)
class LoopConditions:
    """What the paper's conditions and the exact one say of a game's inner loop.

    Attributes
    ----------
    stages : tuple of LoopStage, t = 0…T−1
    tau : Fraction or None
        None, like what follows, in the general game: the assumption is about the paper's class.
    gamma_B, gamma_P : Decimal or None
        Largest Frobenius norms of B_t^i, and of the NE's P_t^i for t = 0…T.
    bound : Decimal or None
        2 γ_B² γ_P (N−1): Assumption III.3, and Theorem IV.2 for small ε, ask for τ above it.
    """

    stages: tuple[LoopStage, ...]
    tau: Fraction | None = field(default=None, repr=short)
    gamma_B: Decimal | None = None
    gamma_P: Decimal | None = None
    bound: Decimal | None = None

    @property
    def assumption_III_3(self) -> bool | None:
        """Whether τ exceeds the bound, to the digits carried."""
        if self.tau is None or self.bound is None:
            return None
        return self.tau > Fraction(self.bound)

    @property
    def lemma_IV_1(self) -> bool | None:
        """Whether the lemma makes every stage's operator a contraction."""
        return None if self.predicted_rate is None else self.predicted_rate < 1

    @property
    def predicted_rate(self) -> Decimal | None:
        """The largest contraction constant of the stages."""
        constants = (stage.contraction_constant for stage in self.stages)
        return max((x for x in constants if x is not None), default=None)

    @property
    def exact_rate(self) -> Decimal:
        """The largest spectral radius; below 1, the summed error's rate as L grows."""
        return max(stage.spectral_radius for stage in self.stages)

    @property
    def inner_loop(self) -> str:
        """``converges`` if it does at every stage, ``diverges`` if at one it does not."""
        behaviours = {stage.inner_loop for stage in self.stages}
        return next(b for b in ("diverges", "undecided", "converges") if b in behaviours)


@frozen(kw_only=True)
class LoopError:
    """The Nash error after L inner steps at every stage.

    Attributes
    ----------
    iterations : int
        L.
    stages : tuple of Decimal, t = 0…T−1
        ‖S_t − S*_t‖_□. Errors below the study's digits are 0. All are ∞ where the policies ran
        so far away that the precision no longer suffices.
    rate : Decimal or None
        Factor of the summed error per inner step since the L before; None at the first L and
        where an error is 0 or ∞.
    """

    iterations: int
    stages: tuple[Decimal, ...]
    rate: Decimal | None

    @property
    def total(self) -> Decimal:
        """The error of Theorem IV.2, summed over the stages."""
        return sum(self.stages, start=Decimal(0))


@frozen(kw_only=True, repr=False)
class LoopStudy:
    """The outcome of `inner_loop_study`.

    Attributes
    ----------
    game : str
    game_hash : str
    digits : int
        Errors below 10^−digits of the equilibrium's size count as 0.
    conditions : LoopConditions
    errors : tuple of LoopError
    """

    game: str
    game_hash: str
    digits: int
    conditions: LoopConditions
    errors: tuple[LoopError, ...]

    @property
    def observed_rate(self) -> Decimal | None:
        """The rate at the largest L where one could be seen."""
        return next((e.rate for e in reversed(self.errors) if e.rate is not None), None)

    def stage_rates(self, t: int) -> tuple[tuple[int, Decimal], ...]:
        """(L, factor per inner step since the L before) of one stage's error."""
        return tuple(
            (later.iterations, rate)
            for earlier, later in pairwise(self.errors)
            if (
                rate := _rate(
                    earlier.iterations, earlier.stages[t], later.iterations, later.stages[t]
                )
            )
            is not None
        )

    def as_json(self) -> dict[str, Any]:
        """Plain lists, dicts and strings of decimals; nothing in it is an enclosure."""
        found = self.conditions
        return {
            "format": "ergs-inner-loop/1",
            "game": self.game,
            "game_hash": self.game_hash,
            "certified": False,
            "digits": self.digits,
            "assumption_III_3": None
            if found.tau is None
            else {
                "holds": found.assumption_III_3,
                "tau": written(found.tau),
                "gamma_B": _written(found.gamma_B),
                "gamma_P": _written(found.gamma_P),
                "bound": _written(found.bound),
            },
            "stages": [
                {
                    "t": stage.t,
                    "contraction_constant": _written(stage.contraction_constant),
                    "spectral_radius": _written(stage.spectral_radius),
                    "inner_loop": stage.inner_loop,
                }
                for stage in found.stages
            ],
            "errors": [
                {
                    "iterations": error.iterations,
                    "total": _written(error.total),
                    "stages": [_written(x) for x in error.stages],
                    "rate": None if error.rate is None else _written(error.rate),
                }
                for error in self.errors
            ],
        }

    def __repr__(self) -> str:
        return f"LoopStudy({self.game!r}, {self.conditions.inner_loop})"

    def __str__(self) -> str:
        return "\n".join([*self._head(), "", as_text(*self._table()), "", as_text(*self._stages())])

    def _repr_html_(self) -> str:
        head = markup.paragraphs(self._head())
        return head + markup.table(*self._table()) + markup.table(*self._stages())

    def _head(self) -> list[str]:
        found = self.conditions
        exact, predicted = shown(found.exact_rate, 8), shown(found.predicted_rate, 8)
        if found.tau is None:
            return [
                f"Algorithm 1's inner loop {found.inner_loop}: its exact rate is {exact}. High "
                "precision, not certified.",
                "Assumption III.3 and Lemma IV.1 are about the paper's class of games.",
            ]
        holds = "holds" if found.assumption_III_3 else "fails"
        return [
            f"Algorithm 1's inner loop {found.inner_loop}: its exact rate is {exact}, "
            f"Lemma IV.1's constant {predicted}.",
            f"Assumption III.3 {holds}: τ = {shown(ratio_as_decimal(found.tau))}, bound "
            f"{shown(found.bound)}. High precision, not certified.",
        ]

    def _table(self) -> tuple[list[str], list[list[str]]]:
        lines = [[str(e.iterations), shown(e.total), shown(e.rate, 8)] for e in self.errors]
        return ["L", "Nash error", "observed rate"], lines

    def _stages(self) -> tuple[list[str], list[list[str]]]:
        stages = self.conditions.stages
        lines = [
            [str(s.t), shown(s.contraction_constant, 8), shown(s.spectral_radius, 8), s.inner_loop]
            for s in stages[:_MOST_STAGES]
        ]
        if len(stages) > _MOST_STAGES:
            lines.append([f"… {stages[-1].t}", "", "", ""])
        return ["t", "Lemma IV.1", "exact rate", "inner loop"], lines


def inner_loop_study(
    game: Game,
    *,
    iterations: Sequence[int] | None = None,
    digits: int = 50,
    formulas: Formulas | None = None,
    progress: Progress | None = None,
) -> LoopStudy:
    """The Nash error of Algorithm 1 against L, with the predicted and the exact rate.

    Parameters
    ----------
    game : Game
    iterations : sequence of int ≥ 1, optional
        The L to run, in growing order; 1 to 48 by default.
    digits : int ≥ 1
        How far down errors are followed, in decimal digits.
    formulas : Formulas, optional
        The derived ones by default.
    progress : function of the runs done and of all, optional

    Raises
    ------
    SingularStageError
        Where there is no single NE to approach.
    InputError
        Where `iterations` or `digits` are bad.

    Notes
    -----
    Where every ρ(J_t) < 1, the rate of stage t tends to the largest ρ(J_s), s ≥ t, since the error
    of P_{t+1} enters; it oscillates where the dominant eigenvalues are complex, and drops below
    where the start has no part in them. Where the loop diverges at a stage s > 0, the earlier
    stages answer to a P that has run away, and no single rate holds.

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.study.loop_rate import inner_loop_study
    >>> study = inner_loop_study(gallery("g-star-2"), iterations=(1, 2, 3), digits=20)
    >>> study.conditions.inner_loop, f"{study.conditions.exact_rate:.6f}"
    ('diverges', '1.333333')
    """
    counts = _counts(iterations)
    arithmetic = MPMath(digits=_whole(digits, "digits") + _GUARD)
    found = nash(game, arithmetic, formulas=formulas)
    conditions = _conditions(game, found, arithmetic, formulas, digits)
    errors: list[LoopError] = []
    for done, count in enumerate(counts, 1):
        stages = _errors(game, found, count, arithmetic, formulas, digits)
        total = sum(stages, start=Decimal(0))
        before = errors[-1] if errors else None
        rate = _rate(before.iterations, before.total, count, total) if before else None
        errors.append(LoopError(iterations=count, stages=stages, rate=rate))
        if progress:
            progress(done, len(counts))
    return LoopStudy(
        game=game.name or repr(game),
        game_hash=game.hash,
        digits=digits,
        conditions=conditions,
        errors=tuple(errors),
    )


def loop_conditions(
    game: Game, *, digits: int = 50, formulas: Formulas | None = None
) -> LoopConditions:
    """The paper's conditions on a game's inner loop and the exact one, without running it.

    Raises
    ------
    SingularStageError
        Where there is no single NE.

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.study.loop_rate import loop_conditions
    >>> found = loop_conditions(gallery("assumption-holds"))
    >>> found.assumption_III_3, found.inner_loop
    (True, 'converges')
    """
    arithmetic = MPMath(digits=_whole(digits, "digits") + _GUARD)
    found = nash(game, arithmetic, formulas=formulas)
    return _conditions(game, found, arithmetic, formulas, digits)


def _conditions(
    game: Game, found: Sequences, arithmetic: MPMath, formulas: Formulas | None, digits: int
) -> LoopConditions:
    stages = Stages(game, arithmetic, formulas)
    rows = []
    for t in range(game.horizon):
        radius = _spectral_radius(arithmetic, _jacobi(stages, found, t))
        rows.append(
            LoopStage(
                t=t,
                contraction_constant=None,
                spectral_radius=_decimal(arithmetic, radius),
                inner_loop=_behaviour(radius, digits),
            )
        )
    if game.general:
        return LoopConditions(stages=tuple(rows))
    gamma_B = max(_norm(arithmetic, stages.enter(B)) for over_time in game.B for B in over_time)
    norms = [[_norm(arithmetic, P) for P in over_time] for over_time in found.P]
    gamma_P = max(norm for over_time in norms for norm in over_time)
    per_gamma_P = 2 * gamma_B * gamma_B * (game.agents - 1)

    def constant(t: int) -> Decimal:
        ahead = per_gamma_P * max(over_time[t + 1] for over_time in norms)
        over_tau = ahead / arithmetic.scalar(game.tau) if game.tau else _unbounded(ahead)
        return _decimal(arithmetic, over_tau)

    return LoopConditions(
        tau=game.tau,
        gamma_B=_decimal(arithmetic, gamma_B),
        gamma_P=_decimal(arithmetic, gamma_P),
        bound=_decimal(arithmetic, per_gamma_P * gamma_P),
        stages=tuple(evolve(row, contraction_constant=constant(row.t)) for row in rows),
    )


def _jacobi(stages: Stages, found: Sequences, t: int) -> Matrix:
    """J_t = I − D_t⁻¹Φ_t at the equilibrium's P_{t+1}."""
    arithmetic = stages.arithmetic
    ahead = Stage(K=(), Sigma=(), P=tuple(P[t + 1] for P in found.P), q=None)
    stage = stages.at(t, ahead)
    phi, _ = block_system(stages, stage)
    sizes = stages.game.control_sizes
    diagonal = arithmetic.blocks(
        [
            [
                stage(stages.formula("phi_diagonal", k))
                if k == other
                else arithmetic.zeros(sizes[k - 1], sizes[other - 1])
                for other in stages.agents
            ]
            for k in stages.agents
        ]
    )
    minus = arithmetic.scale(arithmetic.scalar(Fraction(-1)), arithmetic.solve(diagonal, phi))
    return arithmetic.add(arithmetic.identity(sum(sizes)), minus)


def _spectral_radius(arithmetic: MPMath, J: Matrix) -> Scalar:
    if len(J) == 1:  # for which mpmath's eig gives a list of lists
        return abs(J[0][0])
    context = _context(arithmetic)
    values = context.eig(context.matrix(J), left=False, right=False)
    return max(abs(value) for value in values)


def _behaviour(radius: Scalar, digits: int) -> str:
    # Half the digits: what a defective eigenvalue of multiplicity two keeps.
    if abs(radius - 1) * 10 ** (digits // 2) <= 1:
        return "undecided"
    return "converges" if radius < 1 else "diverges"


def _errors(
    game: Game,
    found: Sequences,
    count: int,
    arithmetic: MPMath,
    formulas: Formulas | None,
    digits: int,
) -> tuple[Decimal, ...]:
    """‖S_t − S*_t‖_□ for t = 0…T−1, as `LoopError.stages` says."""
    try:
        output = algorithm_1(game, arithmetic, count, formulas=formulas)
    except NotCertifiedError:
        return (Decimal("Infinity"),) * game.horizon
    minus = arithmetic.scalar(Fraction(-1))
    written_out = []
    for t in range(game.horizon):
        error = size = arithmetic.scalar(Fraction(0))
        for ours, theirs in _matrices(output, found, t):
            error += _norm(arithmetic, arithmetic.add(ours, arithmetic.scale(minus, theirs)))
            size += _norm(arithmetic, theirs)
        negligible = error <= max(1, size) / _context(arithmetic).mpf(10) ** digits
        written_out.append(Decimal(0) if negligible else _decimal(arithmetic, error))
    return tuple(written_out)


def _matrices(output: Sequences, found: Sequences, t: int) -> Iterator[tuple[Matrix, Matrix]]:
    for ours, theirs in ((output.K, found.K), (output.Sigma, found.Sigma)):
        for mine, other in zip(ours, theirs, strict=True):
            yield mine[t], other[t]


def _rate(fewer: int, before: Decimal, more: int, after: Decimal) -> Decimal | None:
    if not (0 < before < Decimal("Infinity") and 0 < after < Decimal("Infinity")):
        return None
    return (after / before) ** (Decimal(1) / (more - fewer))


def _norm(arithmetic: MPMath, X: Matrix) -> Scalar:
    """Frobenius norm."""
    square = arithmetic.trace(arithmetic.multiply(arithmetic.transpose(X), X))
    return _context(arithmetic).sqrt(square)


def _unbounded(ahead: Scalar) -> Scalar:
    """ahead/τ as τ → 0."""
    return ahead.context.inf if ahead > 0 else ahead


def _decimal(arithmetic: MPMath, value: Scalar) -> Decimal:
    return as_decimal(arithmetic, value, arithmetic.digits)


def _context(arithmetic: MPMath) -> Any:
    return arithmetic.scalar(Fraction(0)).context


def _written(value: Decimal | None) -> str | None:
    if value is None:
        return None
    return "inf" if value == Decimal("Infinity") else f"{value:.{_WRITTEN}g}"


def _counts(iterations: Sequence[int] | None) -> tuple[int, ...]:
    counts = tuple(
        _whole(count, "iterations") for count in (_ITERATIONS if iterations is None else iterations)
    )
    if not counts or any(b <= a for a, b in pairwise(counts)):
        raise InputError("iterations must be growing whole numbers ≥ 1", "iterations")
    return counts


def _whole(value: Any, name: str) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = 0
    if count < 1 or isinstance(value, bool):
        raise InputError(f"{name} must be a whole number ≥ 1", name)
    return count
