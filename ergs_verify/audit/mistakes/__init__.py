"""The catalogue of mistakes that a solver can make, each recomputed on any game."""

from __future__ import annotations

from functools import cache

from ergs_verify.audit.mistakes.record import Handled, Mistake, Recomputed

__all__ = ["Handled", "Mistake", "Recomputed", "mistakes"]


@cache
def mistakes(*, general: bool = False) -> tuple[Mistake, ...]:
    """Every mistake known, the paper's misprints last; or those in solving a general game.

    The misprints come from the ledger's records, so that a new finding there is one here.

    Examples
    --------
    >>> from ergs_verify.audit.mistakes import mistakes
    >>> mistakes()[0].id
    'tau-factor-2'
    """
    from ergs_verify.audit.mistakes import data, handling, solving
    from ergs_verify.audit.mistakes.formula import formula_mistakes
    from ergs_verify.audit.mistakes.general import general_mistakes
    from ergs_verify.audit.mistakes.misprints import misprints

    if general:
        return (
            *general_mistakes(),
            *data.MISTAKES,
            *formula_mistakes(general=True),
            *solving.MISTAKES,
            *handling.MISTAKES,
        )
    return (
        *data.MISTAKES,
        *formula_mistakes(),
        *solving.MISTAKES,
        *handling.MISTAKES,
        *misprints(),
    )
