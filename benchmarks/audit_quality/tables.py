"""What was found, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from benchmarks.audit_quality.false_alarms import RIGHT, WHERE, Verdict
from benchmarks.audit_quality.planted import Finding, Planted
from benchmarks.report import markdown

_VERDICTS = ("pass", "undecided", "fail", "refused")
_CAUGHT = ("caught", "missed", "refused", "raised", "invisible")
_DIAGNOSED = ("itself", "with others", "others only", "nothing")

FALSE_ALARMS = """\
# False alarms of the audit

Written by `python -m benchmarks.audit_quality false-alarms`. Right solvers, each independent of the
others, audited with K, Σ, P and q. *undecided*: where a linear solve that is stable only in norm
may lose as much. *refused*: no numbers were given, or none that were read as a solution. Random
games are numbered: `benchmarks.audit_quality.games.random_game(5)` is one, and with `small=True` a
small one. Plain numpy is asked on regular games only; exact rationals on small random games, and
on the suite's of up to five stages. A singular game is passed by an error. What fails is listed
with its errors in norm: the largest ‖ΔX‖/‖X‖ of a K, Σ and P, ‖X‖ being the largest entry of X
(above 0.1 no digit of that matrix is right), and the largest ‖ΔX‖ in units of a norm-wise bar, the
largest error that the audit's own bar allows to an entry of X. *A norm-wise bar fails*: how many of
the failures exceed it."""

PLANTED = """\
# Mistakes planted in a right solver

Written by `python -m benchmarks.audit_quality planted`. Each mistake is made by hand in a plain
numpy solver typed from the paper, which shares no code with the diagnosis, and audited on the
games named below (all of the suite, or with --quick a part of it). Numbers are counts of games.
*Caught*: the verdict is fail. *Missed*: it is not, though the numbers are visibly off. *Refused*:
the numbers are not read as a solution, so that the solver fails, undiagnosed. *Raised*: so it does
by an error of its own. *Invisible*: the numbers are the right ones but for rounding. Of what is
caught the diagnosis names the mistake *itself*, or *itself and others* whose numbers are the same
here, or *others only*, or *nothing*. On the suite's singular games, which ask for an error, any
numbers are caught. *Over the suite*: whether the one diagnosis of a run (`audit_solver`) is the
mistake itself, or has it *among others* that it says no game tells apart."""


def false_alarms(verdicts: Sequence[Verdict]) -> str:
    lines = []
    for where in WHERE:
        for who in RIGHT:
            these = [v for v in verdicts if (v.solver, v.where) == (who, where)]
            count = Counter(v.verdict for v in these)
            in_norm = sum(v.in_norm is not None and v.in_norm > 1 for v in these)
            if count:
                lines.append([who, where, *_counts(count, _VERDICTS), str(in_norm or "")])
    table = markdown(["solver", "on", "games", *_VERDICTS, "a norm-wise bar fails"], lines)
    wrong = [v for v in verdicts if v.verdict in ("fail", "refused")]
    told = [f"- {v.game}; {v.solver}; {v.verdict}: {v.message}" for v in wrong]
    return _page(FALSE_ALARMS, table, "## Failed or refused", *_or_none(told))


def planted(mistakes: Sequence[Planted]) -> str:
    findings = [f for one in mistakes for f in one.findings]
    lines = []
    for one in mistakes:
        caught = Counter(f.caught for f in one.findings)
        diagnosed = Counter(f.diagnosed for f in one.findings)
        counts = [*_counts(caught, _CAUGHT), *_counts(diagnosed, _DIAGNOSED)[1:]]
        lines.append([f"`{one.id}`", one.planted, *counts[1:], one.diagnosed])
    headings = ["mistake", "planted", *_CAUGHT, "itself", "itself and others", *_DIAGNOSED[2:]]
    return _page(
        PLANTED,
        f"Games: {', '.join(dict.fromkeys(f.game for f in findings))}.",
        _summary(mistakes),
        markdown([*headings, "over the suite"], lines),
        "## Missed or refused",
        *_or_none(_told(f for f in findings if f.caught in ("missed", "refused"))),
        "## Never diagnosed as itself",
        *_or_none(_never(findings)),
        "## Over the suite not named alone",
        *_or_none(
            f"- `{one.id}`, {one.planted}: {', '.join(f'`{id}`' for id in one.named) or 'nothing'}"
            for one in mistakes
            if one.diagnosed not in ("itself", "")
        ),
        "## The smallest failing game shows another mistake",
        *_or_none(
            f"- `{one.id}`, {one.planted}: {', '.join(f'`{id}`' for id in one.smallest) or 'none'}"
            for one in mistakes
            if one.diagnosed and one.id not in one.smallest
        ),
        "## Caught, not diagnosed as itself",
        *_or_none(_told(f for f in findings if f.diagnosed in ("others only", "nothing"))),
    )


def _summary(mistakes: Sequence[Planted]) -> str:
    findings = [f for one in mistakes for f in one.findings]
    shows = [f for f in findings if f.caught != "invisible"]
    numbers = Counter(f.diagnosed for f in shows if f.diagnosed)
    alone = {f.id for f in findings if f.diagnosed == "itself"}
    failing = [one for one in mistakes if one.diagnosed]
    runs = Counter(one.diagnosed for one in failing)
    right = runs["itself"] + runs["among others"]
    kept = sum(one.id in one.smallest for one in failing)
    seconds = sorted(one.seconds for one in mistakes)
    return f"""\
{sum(f.fails for f in shows)} of {len(shows)} answers that show a mistake are caught. Of the
{numbers.total()} that are numbers {numbers["itself"]} are diagnosed as the mistake itself and
{numbers["with others"]} as it and others. {len(alone)} of {len({one.id for one in mistakes})}
mistakes are named alone on some game. Of {len(failing)} solvers that fail over the suite, the one
diagnosis of {runs["itself"]} is the mistake itself, and that of {runs["among others"]} has it among
others that the run says nothing tells apart: {right / len(failing):.1%}. The smallest failing game
that a run makes still shows the mistake {kept} times. A run took {seconds[len(seconds) // 2]:.0f} s
of one core (median), at most {seconds[-1]:.0f} s."""


def _counts(count: Counter[str], names: Sequence[str]) -> list[str]:
    """All of them, then each."""
    numbers = [count[name] for name in names]
    return [str(n) if n else "" for n in (sum(numbers), *numbers)]


def _never(findings: Sequence[Finding]) -> list[str]:
    """Mistakes that are never diagnosed as themselves, however they were planted."""
    found = {f.id for f in findings if f.diagnosed in ("itself", "with others")}
    return [f"- `{id}`" for id in dict.fromkeys(f.id for f in findings) if id not in found]


def _told(findings: Iterable[Finding]) -> Iterator[str]:
    for (id, what), group in groupby(findings, _fault):
        yield f"- `{id}`, {what}: {'; '.join(f.game + _named(f) for f in group)}"


def _fault(finding: Finding) -> tuple[str, str]:
    return finding.id, finding.planted


def _named(finding: Finding) -> str:
    if finding.ids:
        return f" ({', '.join(f'`{id}`' for id in finding.ids)})"
    return f" ({finding.caught})" if finding.caught != "caught" else ""


def _or_none(lines: Iterable[str]) -> list[str]:
    return ["\n".join(lines) or "None."]


def _page(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"
