"""Published games solved with certified digits, beside what their sources print.

Run with ``python -m benchmarks.published``; it writes docs/published-games.md within a minute or
two.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from attrs import frozen

from ergs_verify import solve
from ergs_verify.game.gallery import published, stationary
from ergs_verify.game.gallery.published import Printed, Published
from ergs_verify.game.gallery.stationary import Stationary
from ergs_verify.solve import Solution

PAGE = Path(__file__).parents[1] / "docs" / "published-games.md"
DIGITS = 25
AGREES, DIFFERS, OPEN = "agrees", "differs", "undecided"


@frozen
class Compared:
    """A printed number beside the certified one.

    Attributes
    ----------
    printed : Printed
    ours : Fraction
        In the source's sign and units, within `error` of the exact one.
    error : Fraction
    verdict : str
        Whether the printed number is the exact one rounded to its last place.
    settled : int or None
        Decimal places in which half as many stages give the same; None where that says nothing.
    """

    printed: Printed
    ours: Fraction
    error: Fraction
    verdict: str
    settled: int | None

    @property
    def places(self) -> int:
        """Decimal places that the source prints."""
        return max(0, -int(Decimal(self.printed.text).as_tuple().exponent))

    @property
    def difference(self) -> Fraction:
        return abs(self.ours - Fraction(self.printed.text))

    @property
    def digits(self) -> tuple[int, int]:
        """Significant digits of the printed number: the right ones, and all."""
        number = Decimal(self.printed.text)
        every = len(number.as_tuple().digits)
        if self.verdict == AGREES:
            return every, every
        wrong = self.difference / max(abs(self.ours), Fraction(10) ** -self.places)
        return max(0, min(every, _zeros(2 * wrong))), every


def compared(entry: Published, horizon: int | None = None) -> tuple[Solution, list[Compared]]:
    """The solution of a published game, and each printed number beside it."""
    game = entry.game(horizon)
    solution = solve(game, digits=DIGITS)
    found = []
    for printed in entry.printed:
        t = max(0, game.horizon - printed.stages) if printed.stages else 0
        ours, error = _quantity(solution, game, printed, t)
        settled = None
        if printed.stages is None:
            moved = abs(ours - _quantity(solution, game, printed, game.horizon // 2)[0])
            settled = _zeros(moved) if moved > error else DIGITS
        found.append(_beside(printed, ours, error, settled))
    return solution, found


def _beside(printed: Printed, ours: Fraction, error: Fraction, settled: int | None) -> Compared:
    off = abs(ours - Fraction(printed.text))
    places = max(0, -int(Decimal(printed.text).as_tuple().exponent))
    half = Fraction(1, 2 * 10**places)
    verdict = AGREES if off + error <= half else DIFFERS if off - error > half else OPEN
    return Compared(printed, ours, error, verdict, settled)


def compared_without_end(entry: Stationary) -> tuple[Solution, list[Compared]]:
    """The stationary solution of a published game, and each printed number beside it."""
    game = entry.game()
    solution = solve(game, digits=DIGITS)
    return solution, [
        _beside(printed, *_quantity(solution, game, printed, None), None)
        for printed in entry.printed
    ]


def _quantity(
    solution: Any, game: Any, printed: Printed, t: int | None
) -> tuple[Fraction, Fraction]:
    """The number in the source's sign, and a bound of its error; t is None where there is none."""
    i = printed.agent - 1

    def of(letter: str) -> Any:
        own = getattr(solution, letter)[i]
        return own if t is None else own[t]

    def read(letter: str, entry: tuple[int, ...]) -> Fraction:
        return Fraction(of(letter)[entry])

    def error(letter: str) -> Fraction:
        entries = [Fraction(x) for x in of(letter).flat]
        return Fraction(1, 10**DIGITS) * max(1, *map(abs, entries), 1)

    if printed.quantity != "value":
        value, bound = read(printed.quantity, printed.entry), error(printed.quantity)
    else:
        x = [Fraction(value) for value in game.x0_mean]
        states = range(len(x))
        value = Fraction(of("q"))
        value += sum(x[r] * read("P", (r, c)) * x[c] for r in states for c in states)
        bound = error("P") * sum(map(abs, x)) ** 2 + Fraction(1, 10**DIGITS) * max(1, abs(value))
        if solution.s is not None:
            value += 2 * sum(read("s", (r,)) * x[r] for r in states)
            bound += 2 * error("s") * sum(map(abs, x))
    return printed.added + printed.sign * value, bound


def _zeros(x: Fraction) -> int:
    """The largest n ≥ 0 with |x| < 10^−n, up to DIGITS."""
    return next((n for n in range(DIGITS, 0, -1) if x < Fraction(1, 10**n)), 0)


def shown(x: Fraction, places: int) -> str:
    return f"{Decimal(round(x * 10**places)).scaleb(-places):f}"


def page(
    entries: Iterable[Published], endless: Iterable[Stationary] = (), progress: Any = None
) -> str:
    """The whole page.

    Parameters
    ----------
    entries : iterable of Published
    endless : iterable of Stationary
    progress : file, optional
        Told the names.
    """
    endless = list(endless)
    parts = [HEAD]
    verdicts: Counter[str] = Counter()
    near, far = 0, []
    sections = []
    for entry in entries:
        if progress:
            print(entry.name, file=progress)
        solution, rows = compared(entry)
        verdicts.update(row.verdict for row in rows)
        for row in rows:
            if row.verdict != AGREES:
                near += row.digits[0] >= 12
                far += [f"{row.printed.called} of {entry.name}"] * (row.digits[0] < 12)
        sections.append("\n\n".join(_section(entry, solution, rows)))
    total = sum(verdicts.values())
    parts.append(
        f"{len(sections)} games, each with certified digits. Their sources print {total} numbers: "
        f"{verdicts[AGREES]} are right to the last digit, {near} more to at least twelve digits, "
        f"{len(far)} to fewer{': ' if far else ''}{', '.join(far)}."
    )
    parts += sections
    parts += ["## Without an end", WITHOUT_END] if endless else []
    for entry in endless:
        if progress:
            print(entry.name, file=progress)
        parts += _endless_section(entry)
    return "\n\n".join(parts) + "\n"


def _endless_section(entry: Stationary) -> Iterator[str]:
    solution, rows = compared_without_end(entry)
    yield f"### {entry.name}"
    yield f"{entry.shows} Certified to exist and to be locally unique."
    yield f"*Source.* {entry.source}"
    if rows:
        yield _table(rows)
    if not solution.certified:
        yield "**Not certified.**"


def _section(entry: Published, solution: Solution, rows: list[Compared]) -> Iterator[str]:
    yield f"## {entry.name}"
    yield f"{entry.shows} Over {entry.horizon} stages, certified."
    yield f"*Source.* {entry.source}"
    if entry.remark:
        yield f"*Remark.* {entry.remark}"
    if rows:
        yield _table(rows)
    if not solution.certified:
        yield "**Not certified.**"


def _table(rows: list[Compared]) -> str:
    lines = [
        "| source's name | printed | certified | off by | right digits | half the stages |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        right, every = row.digits
        off = "" if row.verdict == AGREES else f"{float(row.difference):.1e}"
        settled = "" if row.settled is None else f"{row.settled} places"
        lines.append(
            f"| {row.printed.called} | {row.printed.text} "
            f"| {shown(row.ours, min(row.places + 2, 20))} | {off} "
            f"| {right} of {every} | {settled} |"
        )
    return "\n".join(lines)


HEAD = """# Published games

`python -m benchmarks.published` writes this page. The gallery has games that others published,
most of them beyond the paper's class, with the numbers that their sources print. (`ergs-verify
games` lists them, and `ergs-verify solve NAME` solves them.) Here these numbers are compared
with certified ones. A printed number is right to the last digit if it is the exact number of
the finite horizon, rounded. Otherwise *off by* is the distance. Sources print sixteen digits of
a float64, of which the last is seldom right. *Half the stages* is for sources that intend an
infinite horizon: the decimal places in which the game over half as many stages has the same
number. A difference before that place is not due to the horizon."""

WITHOUT_END = """These are the games whose sources intend an infinite horizon, now with an
infinite horizon. The printed numbers are compared with the stationary equilibrium's. *Off by*
includes what the source's solver left to do when it stopped."""


def main() -> None:
    """Write the page."""
    endless = [entry for entry in stationary().values() if entry.source]
    PAGE.write_text(page(published().values(), endless, sys.stderr), encoding="utf-8")


if __name__ == "__main__":
    main()
