"""Results as pages that one can hand in: what was asked, the verdict, tables, plots, how to repeat.

No page says when it was made, so that the same question gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from ergs_verify import __version__, markup
from ergs_verify.audit.result import Audit
from ergs_verify.audit.solver import GameResult, SuiteResult
from ergs_verify.certify.augmentation_result import HEADINGS, GapOfDelta
from ergs_verify.certify.check_result import STAGE_COLUMNS, Check
from ergs_verify.exact import counted
from ergs_verify.game import Game
from ergs_verify.game.documents import game_document
from ergs_verify.reference.compare import Comparison
from ergs_verify.report.audit import audit_legend, told_of_game
from ergs_verify.report.augmentation import VERDICTS as GAP_VERDICTS
from ergs_verify.report.comparison import comparison_lines
from ergs_verify.report.page import as_svg, folded, page, words
from ergs_verify.report.plots import accuracy_figure, gap_figure, stages_figure
from ergs_verify.report.solution import game_line
from ergs_verify.study.crosscheck_result import CrossCheck

#: Words that are coloured where they stand alone in a cell.
_MARKED = ("pass", "fail", "undecided", "proved", "refuted", "converges", "diverges")
#: A game as a file is shown up to so many characters.
_MOST_SHOWN = 100_000
_STYLE = """
body { max-width: 60rem; }
h2 { border-bottom: 1px solid var(--line); font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1rem 0 .2rem; }
.verdict { border-left: .35rem solid; font: 600 1.1rem/1.4 system-ui, sans-serif;
  padding: .3rem .8rem; }
.tables > table { display: block; overflow-x: auto; }
td { font-variant-numeric: tabular-nums; }
.tables td:first-child { white-space: nowrap; }
.asked td:first-child { color: var(--dim); white-space: nowrap; }
.hash, pre { font: .8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: #f6f6f4; margin: .3rem 0; overflow-x: auto; padding: .5rem .7rem;
  white-space: pre-wrap; }
svg { height: auto; margin-top: .8rem; max-width: 100%; }
"""
_AGREEMENT = (
    "Digits in which two independent computations agree, and in brackets the digits needed, given "
    "the game's conditioning. Agents count from 1, times from 0."
)
_STAGES = (
    "Φ_t: the matrix of the equations for the gains. ρ(J): the spectral radius of the inner loop, "
    "which converges if and only if it is below 1. Lemma IV.1: the paper's bound on ρ(J)."
)
_GAPS = (
    "ε: what the agent gains by deviating alone from the equilibrium at τ + δ, in the game at τ, "
    "on average over x_0. bound: δ times the difference of two relative entropies. local order: "
    "the slope of log ε from the previous δ. c: the coefficient of δ². Agents count from 1."
)
#: What was asked: a line for each name and value.
Asked = Mapping[str, str]


def audit_page(found: Audit, *, command: str, asked: Asked | None = None) -> str:
    """The audit of one solution, as a page.

    Parameters
    ----------
    found : Audit
    command : str
        What to type to get the same answer.
    asked : mapping of str to str, optional
        What else was given, such as a file's hash or a declared convention.

    Returns
    -------
    str
        The page, whole.

    Examples
    --------
    >>> from ergs_verify import audit, engine, gallery
    >>> from ergs_verify.report.result_html import audit_page
    >>> game = gallery("g-star-2")
    >>> found = audit(game, engine.nash(game.floats()))
    >>> "pass: the Nash equilibrium" in audit_page(found, command="ergs-verify audit …")
    True
    """
    game = found.gap.game
    return _report(
        "Audit of a solution",
        found.verdict,
        found.title,
        "<h2>What was found</h2>" + _audit_body(found, "audit") + _repeat(command, [game]),
        {**_of_game(game), **(asked or {}), "Judged by": _JUDGED[found.judged_by]},
    )


_JUDGED = {
    "quantities": "the errors of what is stated, against what float64 can keep on this game",
    "epsilon": "the gaps, against the ε that was given",
    "gap": "the gaps, against what rounding explains",
    "stability": "whether the closed loop is stable",
}


def _audit_body(found: Audit, name: str) -> str:
    titles = ("What each agent gains by deviating alone", "Errors against the equilibrium")
    parts = [
        f"<h3>{title}</h3>{_wide(markup.table(*table, marked=_MARKED))}"
        for title, table in zip(titles, found.tables, strict=False)
    ]
    if found.notes:
        parts.append(f"<h3>Diagnosis</h3>{_bullets(found.notes)}")
    if found.quantities and not found.gap.game.stationary and found.gap.game.horizon > 1:
        parts.append(
            as_svg(
                accuracy_figure(found),
                name,
                "Digits that agree with the equilibrium over time, and those asked for",
            )
        )
    return "".join(parts) + _legend(audit_legend(found))


def suite_page(found: SuiteResult, *, command: str, asked: Asked | None = None) -> str:
    """The audit of a solver, as a page: a table, and below it every game.

    Parameters
    ----------
    found : SuiteResult
    command, asked
        As of `audit_page`.

    Returns
    -------
    str
        The page, whole.

    Examples
    --------
    >>> from ergs_verify import audit_solver, engine
    >>> from ergs_verify.report.result_html import suite_page
    >>> found = audit_solver(engine.nash, suite="quick")
    >>> "<h2>Game by game</h2>" in suite_page(found, command="ergs-verify audit --solver …")
    True
    """
    lines = [[one.name, one.verdict, told_of_game(one)] for one in found.games]
    headings = ["game", "verdict", "digits that agree (asked for), or what is wrong"]
    parts = (
        ["<h2>What explains it</h2>", _bullets(told)] if (told := list(found.suspects.told)) else []
    )
    parts += ["<h2>Game by game</h2>", _wide(markup.table(headings, lines, _MARKED))]
    if found.skipped:
        skipped = markup.table(["skipped", "why"], map(list, found.skipped))
        parts.append(_wide(skipped))
    if (small := found.smallest) is not None:
        parts += [
            "<h2>The smallest game found on which it fails</h2>",
            _paragraphs([game_line(small.game), small.message]),
            "" if small.audit is None else _audit_body(small.audit, "smallest"),
            _as_file(small.game),
        ]
    parts.append("<h2>Each audit</h2>")
    parts += [_one_game(number, one) for number, one in enumerate(found.games)]
    facts = {"Suite": found.suite, "Games": str(len(found.games)), **(asked or {})}
    body = "".join(parts) + _repeat(command, [])
    return _report("Audit of a solver", found.verdict, found.title, body, facts)


def _one_game(number: int, one: GameResult) -> str:
    body = _paragraphs([game_line(one.game), one.message, *one.remarks])
    facts = _facts({"Game's hash": one.game.hash})
    audit = "" if one.audit is None else _audit_body(one.audit, f"game-{number}")
    return folded(f"{one.name}: {one.verdict}", facts + body + audit)


def check_page(found: Check, *, command: str, asked: Asked | None = None) -> str:
    """What is proved about a game's equilibrium and the inner loop, as a page.

    Parameters
    ----------
    found : Check
    command, asked
        As of `audit_page`.

    Returns
    -------
    str
        The page, whole.

    Examples
    --------
    >>> from ergs_verify import check, gallery
    >>> from ergs_verify.report.result_html import check_page
    >>> check_page(check(gallery("g-star-2")), command="ergs-verify check g-star-2")[:15]
    '<!DOCTYPE html>'
    """
    parts = ["<h2>What was found</h2>", _bullets(found.sentences())]
    if found.stages:
        parts.append("<h2>Stage by stage</h2>")
        parts.append(_wide(markup.table(STAGE_COLUMNS, found.rows(), _MARKED)))
    if len(found.stages) > 1:
        words = "Spectral radius of the inner loop and Lemma IV.1's constant over the stages"
        parts.append(as_svg(stages_figure(found), "stages", words))
    if found.stages:
        parts.append(_legend(f"{_STAGES} Every number is proved in balls of {found.bits} bits."))
    body = "".join(parts) + _repeat(command, [found.game])
    facts = {**_of_game(found.game), **(asked or {})}
    verdict = found.title.partition(":")[0]
    return _report("Check of a game", verdict, found.title, body, facts)


def gap_page(found: GapOfDelta, *, command: str, asked: Asked | None = None) -> str:
    """What playing the equilibrium at τ + δ costs, by Theorem IV.3 and beyond, as a page.

    Parameters
    ----------
    found : GapOfDelta
    command, asked
        As of `audit_page`.

    Returns
    -------
    str
        The page, whole.

    Examples
    --------
    >>> from ergs_verify import gallery, gap
    >>> from ergs_verify.report.result_html import gap_page
    >>> page = gap_page(gap(gallery("lqr"), ["1/10", 1]), command="ergs-verify gap lqr")
    >>> "<script" in page
    False
    """
    parts = [
        "<h2>δ by δ, agent by agent</h2>",
        _wide(markup.table(HEADINGS, found.table())),
        _bullets(found.notes()),
        as_svg(gap_figure(found), "gap", "Gaps and their bounds against δ, on logarithmic scales"),
        _legend(_GAPS),
    ]
    told = GAP_VERDICTS[found.verdict][0]
    sentence = f"{found.verdict}: {told[0].lower()}{told[1:]}"
    body = "".join(parts) + _repeat(command, [found.game])
    facts = {**_of_game(found.game), **(asked or {})}
    return _report("Gap of the δ-augmented equilibrium", found.verdict, sentence, body, facts)


def crosscheck_page(
    found: Sequence[tuple[str, Game, CrossCheck]], *, command: str, asked: Asked | None = None
) -> str:
    """Equilibria computed in independent ways and compared, as a page.

    Parameters
    ----------
    found : sequence of tuples of a name, a Game and a CrossCheck
    command, asked
        As of `audit_page`.

    Returns
    -------
    str
        The page, whole.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.report.result_html import crosscheck_page
    >>> from ergs_verify.study.crosscheck import crosscheck
    >>> game = gallery("g-star-2")
    >>> page = crosscheck_page([("g-star-2", game, crosscheck(game, digits=20))], command="…")
    >>> "agree: the computations agree on 1 of 1 game" in page
    True
    """
    parts = []
    for name, game, one in found:
        headings, lines = one.table()
        parts += [
            f'<h2>{escape(name)}: <span class="{one.verdict}">{one.verdict}</span></h2>',
            _facts(_of_game(game)),
            _bullets(one.told_reasons()),
            _wide(markup.table(headings, lines)) if lines else "",
            _bullets(one.notes()),
        ]
    parts.append(_legend(_AGREEMENT))
    verdicts = [one.verdict for _, _, one in found]
    order = ("disagree", "undecided", "agree")
    worst = next(verdict for verdict in order if verdict in verdicts)
    total = counted(len(found), "game")
    sentence = f"{worst}: the computations agree on {verdicts.count('agree')} of {total}"
    body = "".join(parts) + _repeat(command, [game for _, game, _ in found])
    return _report("Cross-check", worst, sentence, body, asked or {})


def comparison_page(found: Comparison, *, command: str, asked: Asked | None = None) -> str:
    """A folder of solutions judged by references, as a page.

    Parameters
    ----------
    found : Comparison
    command, asked
        As of `audit_page`.

    Returns
    -------
    str
        The page, whole.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ergs_verify import gallery, solve
    >>> from ergs_verify.reference import compare, make_reference
    >>> from ergs_verify.report.result_html import comparison_page
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = (pathlib.Path(folder) / name for name in ("references", "solutions"))
    ...     a.mkdir(), b.mkdir()
    ...     (a / "lqr.json").write_bytes(make_reference(gallery("lqr")).render()) > 0
    ...     solve(gallery("lqr")).save(b / "lqr.json")
    ...     found = compare(a, b)
    (None, None)
    True
    >>> "1 of 1 solution passed" in comparison_page(found, command="ergs-verify compare a b")
    True
    """
    headings, lines = comparison_lines(found)
    passed = sum(one.verdict == "pass" for one in found.files)
    sentence = (
        f"{found.verdict}: {passed} of {counted(len(found.files), 'solution')} passed, with "
        f"{counted(found.digits, 'right digit')} asked for everywhere"
    )
    parts = ["<h2>File by file</h2>", _wide(markup.table(headings, lines, _MARKED))]
    if found.extra:
        parts += ["<h2>Solutions without a reference</h2>", _bullets(map(str, found.extra))]
    body = "".join(parts) + _repeat(command, [])
    return _report("Solutions compared with references", found.verdict, sentence, body, asked or {})


# -- pieces ---------------------------------------------------------------------------------------


def _report(title: str, verdict: str, sentence: str, body: str, asked: Asked) -> str:
    head = (
        f"<h1>{escape(title)}</h1>"
        f'<p class="verdict {verdict}">{words(_ended(sentence))}</p>'
        f"<h2>What was asked</h2>{_facts({**asked, 'Tool': f'ergs-verify {__version__}'})}"
    )
    return page(title, head + body, _STYLE)


def _legend(text: str) -> str:
    return f'<p class="dim">{words(text)}</p>'


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{words(text)}</p>" for text in texts)


def _bullets(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{words(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."


def _of_game(game: Game) -> dict[str, str]:
    return {"Game": game_line(game), "Game's hash": game.hash}


def _facts(facts: Asked) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td>"
        f"<td{_HASH * ('hash' in name or 'sha256' in name)}>{escape(value)}</td></tr>"
        for name, value in facts.items()
    )
    return f'<table class="asked">{rows}</table>'


_HASH = ' class="hash"'


def _wide(table: str) -> str:
    return f'<div class="tables">{table}</div>'


def _repeat(command: str, games: Iterable[Game]) -> str:
    lines = escape(f"pip install ergs-verify=={__version__}\n{command}")
    return f"<h2>How to reproduce this</h2><pre>{lines}</pre>" + "".join(map(_as_file, games))


def _as_file(game: Game) -> str:
    document: dict[str, Any] = game_document(game)
    text = json.dumps(document, ensure_ascii=False)
    if len(text) > _MOST_SHOWN:
        return _paragraphs(["The game's file is too long to be shown here."])
    return folded("The game as a file (ergs-game/1)", f"<pre>{escape(text)}</pre>")
