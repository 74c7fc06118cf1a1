"""Where Theorem IV.2's hypothesis and the inner loop part ways, over many games."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import frozen

from ergs_verify import markup
from ergs_verify.errors import ErgsError, SingularStageError
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.study.loop_rate import LoopConditions, loop_conditions
from ergs_verify.study.tables import as_text, ratio_as_decimal, shown


@frozen(kw_only=True)
class SurveyRow:
    """One game; without `conditions`, `reason` is the error that says why."""

    game: str
    conditions: LoopConditions | None
    reason: ErgsError | None

    @property
    def kind(self) -> tuple[str, str]:
        """Whether Assumption III.3 ``holds`` or ``fails``, and what the inner loop does.

        A dash of a general game, of which the assumption does not speak.
        """
        if self.conditions is None:
            single = not isinstance(self.reason, SingularStageError)
            return "undecided" if single else "no single NE", "–"
        known = {True: "holds", False: "fails", None: "–"}
        holds = known[self.conditions.assumption_III_3]
        return holds, self.conditions.inner_loop


@frozen(kw_only=True, repr=False)
class LoopSurvey:
    """The outcome of `inner_loop_survey`."""

    rows: tuple[SurveyRow, ...]

    def count(self, assumption: str, loop: str) -> int:
        """The games of one `SurveyRow.kind`."""
        return sum(row.kind == (assumption, loop) for row in self.rows)

    @property
    def contradictions(self) -> tuple[SurveyRow, ...]:
        """Games where the hypothesis holds and yet the loop diverges: there must be none."""
        return tuple(row for row in self.rows if row.kind == ("holds", "diverges"))

    def as_json(self) -> dict[str, Any]:
        """Plain lists, dicts and strings; nothing in it is an enclosure."""
        return {
            "format": "ergs-inner-loop-survey/1",
            "certified": False,
            "games": [
                {
                    "game": row.game,
                    "assumption_III_3": row.kind[0],
                    "inner_loop": row.kind[1],
                    "reason": None if row.reason is None else str(row.reason),
                }
                for row in self.rows
            ],
        }

    def __repr__(self) -> str:
        return f"LoopSurvey({len(self.rows)} games)"

    def __str__(self) -> str:
        return f"{as_text(*self._counts())}\n\n{as_text(*self._table())}"

    def _repr_html_(self) -> str:
        return markup.table(*self._counts()) + markup.table(*self._table())

    def _counts(self) -> tuple[list[str], list[list[str]]]:
        kinds = dict.fromkeys(row.kind for row in self.rows)
        lines = [[*kind, str(self.count(*kind))] for kind in sorted(kinds)]
        return ["Assumption III.3", "inner loop", "games"], lines

    def _table(self) -> tuple[list[str], list[list[str]]]:
        headings = ["game", "τ", "bound", "Assumption III.3", "Lemma IV.1", "exact rate", "loop"]
        return headings, [_line(row) for row in self.rows]


def inner_loop_survey(
    games: Iterable[Game],
    *,
    digits: int = 30,
    formulas: Formulas | None = None,
    progress: Callable[[str], None] | None = None,
) -> LoopSurvey:
    """Assumption III.3, Lemma IV.1 and the exact rate of each game, side by side.

    Parameters
    ----------
    games : iterable of Game
    digits : int ≥ 1
    formulas : Formulas, optional
        The derived ones by default.
    progress : function of the name of the game that was done, optional

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.study.loop_survey import inner_loop_survey
    >>> survey = inner_loop_survey(map(gallery, ["g-star-2", "assumption-holds"]))
    >>> survey.count("holds", "converges"), survey.contradictions
    (1, ())
    """
    rows = []
    for game in games:
        name = game.name or repr(game)
        try:
            conditions, reason = loop_conditions(game, digits=digits, formulas=formulas), None
        except ErgsError as error:
            conditions, reason = None, error
        rows.append(SurveyRow(game=name, conditions=conditions, reason=reason))
        if progress:
            progress(name)
    return LoopSurvey(rows=tuple(rows))


def _line(row: SurveyRow) -> list[str]:
    found = row.conditions
    if found is None:
        return [row.game, "–", "–", row.kind[0], "–", "–", "–"]
    tau = None if found.tau is None else ratio_as_decimal(found.tau)
    numbers = (tau, found.bound)
    rates = (found.predicted_rate, found.exact_rate)
    return [row.game, *map(shown, numbers), row.kind[0], *map(shown, rates), row.kind[1]]
