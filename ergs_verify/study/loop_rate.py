"""Theorem IV.2 measured: how Algorithm 1 approaches the NE, and how fast it must.

The error after L inner steps is computed by the derived recursion at high precision. Beside it
stands what `check` proves of the rate: Lemma IV.1's constant, which bounds it where it is below 1,
and the exact rate, the spectral radius of J_t = I − D_t⁻¹Φ_t at the equilibrium's P_{t+1}.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from attrs import frozen

from ergs_verify import markup
from ergs_verify.arithmetic.base import Matrix, Scalar
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.certify.check import check
from ergs_verify.certify.check_result import STAGE_COLUMNS, Check
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.exact import whole
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion import Sequences, algorithm_1, nash
from ergs_verify.recursion.stages import Progress
from ergs_verify.study.tables import as_decimal, as_text, shown

#: Carried beyond the digits asked for, so that an error that counts still has this many.
_GUARD = 25
#: Stages that a notebook shows.
_MOST_STAGES = 10
_ITERATIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


@frozen(kw_only=True)
class LoopError:
    """The distance from the equilibrium after L inner steps at every stage.

    Attributes
    ----------
    iterations : int
        L.
    stages : tuple of Decimal, t = 0…T−1
        ‖S_t − S*_t‖_□ of Theorem IV.2. Errors below the study's digits are 0. All are ∞ if the
        policies ran so far away that the precision does not suffice.
    total : Decimal
        Their sum.
    rate : Decimal or None
        The factor per inner step of that sum since the L before; None at the first L, and if an
        error is 0 or ∞.
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
    """How fast Algorithm 1 converges: the answer of `inner_loop_study`.

    Attributes
    ----------
    game : Game
    digits : int
        Errors below 10^−digits times the equilibrium's size count as 0.
    check : Check
        What is proved about the loop at each stage.
    errors : tuple of LoopError
        At high precision, not certified.
    observed_rate : Decimal or None
        The rate at the largest L at which one could be seen.
    """

    game: Game
    digits: int
    check: Check
    errors: tuple[LoopError, ...]

    @property
    def observed_rate(self) -> Decimal | None:
        """The rate at the largest L at which one could be seen."""
        return next((e.rate for e in reversed(self.errors) if e.rate is not None), None)

    def stage_rates(self, t: int) -> tuple[tuple[int, Decimal], ...]:
        """The factor per inner step of one stage's error, over L.

        Parameters
        ----------
        t : int
            The stage, counted from 0.

        Returns
        -------
        tuple of pairs of int and Decimal
            L, and the factor since the L before; without those L at which an error is 0 or ∞.

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.study.loop_rate import inner_loop_study
        >>> study = inner_loop_study(gallery("g-star-2"), iterations=(8, 16, 32), digits=20)
        >>> [(L, round(float(rate), 4)) for L, rate in study.stage_rates(0)]
        [(16, 1.3333), (32, 1.3333)]
        """
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

    def __repr__(self) -> str:
        return f"LoopStudy({self.game.name!r}, {self.check.inner_loop})"

    def __str__(self) -> str:
        return "\n".join([*self._head(), "", as_text(*self._table())])

    def _repr_html_(self) -> str:
        stages = markup.table(STAGE_COLUMNS, self.check.rows()[:_MOST_STAGES])
        return markup.paragraphs(self._head()) + markup.table(*self._table()) + stages

    def _head(self) -> list[str]:
        found = self.check
        predicted = (
            "Lemma IV.1 is about the paper's class of games"
            if found.contraction_constant is None
            else f"Lemma IV.1's constant is {found.contraction_constant}"
        )
        return [
            f"Algorithm 1's inner loop: {found.inner_loop}. Its exact rate is "
            f"{found.spectral_radius}; {predicted}."
        ]

    def _table(self) -> tuple[list[str], list[list[str]]]:
        lines = [[str(e.iterations), shown(e.total), shown(e.rate, 8)] for e in self.errors]
        return ["L", "Nash error", "observed rate"], lines


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
        The numbers L of inner steps, in growing order; from 1 to 48 by default.
    digits : int ≥ 1
        How far down errors are followed, in decimal digits.
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.
    progress : function of two int, optional
        Told how many runs are done, and of how many.

    Returns
    -------
    LoopStudy

    Raises
    ------
    SingularStageError
        If the game does not have exactly one equilibrium.
    InputError
        If `iterations` or `digits` are bad.

    Notes
    -----
    If every ρ(J_t) < 1, the rate of stage t tends to the largest ρ(J_s) with s ≥ t, because the
    error of P_{t+1} enters. It oscillates if the dominant eigenvalues are complex, and is smaller
    if the start has no part in their eigenspace. If the loop diverges at a stage s > 0, the earlier
    stages answer to a P that has run away, and no single rate holds. See
    :doc:`/explanation/theory`, "The inner loop".

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.study.loop_rate import inner_loop_study
    >>> study = inner_loop_study(gallery("g-star-2"), iterations=(1, 2, 3), digits=20)
    >>> study.check.inner_loop, f"{float(study.check.spectral_radius.hi):.6f}"
    ('diverges', '1.333333')
    """
    counts = _counts(iterations)
    arithmetic = MPMath(digits=whole(digits, "digits", 1) + _GUARD)
    found = nash(game, arithmetic, formulas=formulas)
    proved = check(game)
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
        game=game,
        digits=digits,
        check=proved,
        errors=tuple(errors),
    )


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


def _decimal(arithmetic: MPMath, value: Scalar) -> Decimal:
    return as_decimal(arithmetic, value, arithmetic.digits)


def _context(arithmetic: MPMath) -> Any:
    return arithmetic.scalar(Fraction(0)).context


def _counts(iterations: Sequence[int] | None) -> tuple[int, ...]:
    counts = tuple(
        whole(count, "iterations", 1)
        for count in (_ITERATIONS if iterations is None else iterations)
    )
    if not counts or any(b <= a for a, b in pairwise(counts)):
        raise InputError("iterations must be increasing whole numbers ≥ 1", "iterations")
    return counts
