"""det Φ_t as τ varies: where the equilibrium of one game ceases to be unique."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.exact import number, short
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.backward_induction import backwards, block_system
from ergs_verify.recursion.stages import Stages


@frozen(kw_only=True)
class DeterminantCurve:
    """det Φ_t over τ: the answer of `determinant_curve`.

    Attributes
    ----------
    game : str
    taus : tuple of Fraction
    values : tuple over t = 0…T−1 of tuples over τ of float or None
        None if a later stage is singular, so that P_{t+1} is not known. For plots: a sign close to
        0 is not certain.

    Notes
    -----
    See :doc:`/explanation/theory`, "Existence and uniqueness".
    """

    game: str
    taus: tuple[Fraction, ...] = field(repr=lambda taus: f"({', '.join(map(short, taus))})")
    values: tuple[tuple[float | None, ...], ...]


def determinant_curve(
    game: Game, taus: Iterable[Any], *, digits: int = 30, formulas: Formulas | None = None
) -> DeterminantCurve:
    """det Φ_t at the equilibrium's P_{t+1}, for every stage and each τ.

    Parameters
    ----------
    game : Game
    taus : iterable of numbers ≥ 0
    digits : int
        The precision, in decimal digits.
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.

    Returns
    -------
    DeterminantCurve

    Raises
    ------
    InputError
        If a τ is not such a number.

    Notes
    -----
    The equilibrium is unique where no determinant is 0: :doc:`/explanation/theory`, "Existence and
    uniqueness".

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.study.determinants import determinant_curve
    >>> determinant_curve(gallery("g-star-2"), [2, 4, 6]).values[0]  # (τ − 4)(τ + 12)/4
    (-7.0, 0.0, 9.0)
    """
    steps = tuple(Fraction(number(tau, "tau")) for tau in taus)
    columns = [list(_determinants(game.at_tau(tau), digits, formulas)) for tau in steps]
    values = tuple(tuple(column[t] for column in columns) for t in range(game.horizon))
    return DeterminantCurve(game=game.name or repr(game), taus=steps, values=values)


def _determinants(game: Game, digits: int, formulas: Formulas | None) -> Iterator[float | None]:
    """For t = 0…T−1."""
    arithmetic = MPMath(digits=digits)
    stages = Stages(game, arithmetic, formulas)
    ahead = stages.terminal()
    played = backwards(stages, ahead)
    found: list[float | None] = []
    try:
        for t in reversed(range(game.horizon)):
            phi, _ = block_system(stages, stages.at(t, ahead))
            found.append(float(arithmetic.determinant(phi)))
            ahead = next(played)
    except (SingularStageError, NotCertifiedError):
        pass  # the stages before hang on a policy that is not determined
    yield from [None] * (game.horizon - len(found))
    yield from reversed(found)
