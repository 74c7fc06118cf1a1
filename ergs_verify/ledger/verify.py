"""`verify_paper`: decide the paper's claims and keep the ledger."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.ledger.claim import Judged, escaped
from ergs_verify.ledger.claims import claims
from ergs_verify.ledger.rules import RULES, Rule

#: Seconds; what takes less is done without a word.
_SOON = 2.0

DECIDED = ("proved", "refuted", "ill-typed", "assumed", "definition", "supported")


@frozen(kw_only=True)
class Ledger:
    """The paper's claims with their verdicts, in the paper's order: the answer of `verify_paper`.

    ``ledger["eq-11"]`` is one claim by its id.

    Attributes
    ----------
    claims : tuple of Judged
    summary : dict
        How many claims of the paper have each verdict, as printed.
    beyond : dict
        The same for the results beyond the paper.
    holds : bool
        Whether every claim is decided, and each that is wrong as printed is right as corrected.
    undecided : tuple of Judged
        The claims of which some form is undecided.
    """

    claims: tuple[Judged, ...]

    @property
    def summary(self) -> dict[str, int]:
        return _counted(j.printed.verdict for j in self.claims if j.claim.of_the_paper)

    @property
    def beyond(self) -> dict[str, int]:
        return _counted(j.printed.verdict for j in self.claims if not j.claim.of_the_paper)

    @property
    def holds(self) -> bool:
        """Every claim is decided, and each that is wrong as printed holds as corrected."""
        return all(judged.holds for judged in self.claims)

    @property
    def undecided(self) -> tuple[Judged, ...]:
        """The claims of which some form, printed, corrected or with one fault, is undecided."""
        return tuple(judged for judged in self.claims if not _decided(judged))

    def __getitem__(self, claim_id: str) -> Judged:
        found = {judged.claim.id: judged for judged in self.claims}
        return found[_known(claim_id, found)]

    def as_json(self) -> dict:
        """The object ``ergs-ledger/1``, which ``ergs-verify paper --json`` prints.

        Returns
        -------
        dict

        Examples
        --------
        >>> from ergs_verify import verify_paper
        >>> verify_paper("eq-11").as_json()["summary"]
        {'refuted': 1}
        """
        return ledger_document([judged.as_json() for judged in self.claims])

    def _repr_markdown_(self) -> str:
        lines = ["| claim | as printed | corrected | findings |", "|---|---|---|---|"]
        for judged in self.claims:
            corrected = judged.corrected.verdict if judged.corrected is not None else ""
            faults = [f.fault.what for f in judged.findings] + [g.what for g in judged.claim.gaps]
            title = f"`{judged.claim.id}` {escaped(judged.claim.title)}"
            row = (title, judged.printed.verdict, corrected, escaped("; ".join(faults)))
            lines.append(f"| {' | '.join(row)} |")
        return "\n".join(lines)


def ledger_document(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """``ergs-ledger/1``, of entries that `Judged.as_json` gives."""
    verdicts = [(entry["of_the_paper"], entry["printed_verdict"]) for entry in entries]
    return {
        "format": "ergs-ledger/1",
        "claims": list(entries),
        "summary": _counted(verdict for ours, verdict in verdicts if ours),
        "beyond_the_paper": _counted(verdict for ours, verdict in verdicts if not ours),
        "examined": _examined(entries),
        "rules": [rule.as_json() for rule in _rules_used(entries)],
    }


def _rules_used(entries: Sequence[Mapping[str, Any]]) -> list[Rule]:
    names = {step["name"] for e in entries for step in e["proof"] if step["by"] == "rule"}
    return [rule for name, rule in RULES.items() if name in names]


def _examined(entries: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Of the sentences that are concluded, and of all that proofs arrive at: tried on exhibits."""
    cases: dict[str, int] = {}
    concluded: set[str] = set()
    for line in (line for entry in entries for line in entry["examined"]):
        cases[line["says"]] = max(cases.get(line["says"], 0), line["cases"] or 0)
        if line["concluded"]:
            concluded.add(line["says"])
    return {
        name: {"all": len(chosen), "tried": sum(cases[sentence] > 0 for sentence in chosen)}
        for name, chosen in (("conclusions", concluded), ("sentences", set(cases)))
    }


def _counted(verdicts: Iterable[str]) -> dict[str, int]:
    return dict(Counter(verdicts))


def _decided(judged: Judged) -> bool:
    decisions = (judged.printed, judged.corrected, *(f.decision for f in judged.findings))
    return all(d is None or d.verdict in DECIDED for d in decisions)


def _known(claim_id: str, records: Mapping[str, object]) -> str:
    """The id, or an `InputError` that names the nearest one."""
    if claim_id in records:
        return claim_id
    near = get_close_matches(str(claim_id), records, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise InputError(f"the paper's ledger has no claim {claim_id}{hint}", where=str(claim_id))


def verify_paper(
    ids: str | Iterable[str] | None = None,
    *,
    progress: Callable[[int, int], None] | bool = True,
) -> Ledger:
    """Decide the paper's claims.

    Parameters
    ----------
    ids : str or iterable of str, optional
        Which claims, such as ``"eq-11"`` or ``"lemma-III.2/minimiser"``; all by default, which
        takes about half a minute.
    progress : bool or callable, default True
        True: in a terminal or a notebook, a line on standard error says how many claims are
        decided, once that has taken two seconds and will take two more. False: nothing is said.
        A function is called with the number of claims decided and the number of all.

    Returns
    -------
    Ledger

    Raises
    ------
    InputError
        If there is no claim of that name; the message suggests the nearest one.

    Notes
    -----
    The paper is [1]_. All claims with their verdicts stand in :doc:`/ledger`; what a verdict rests
    on is said in :doc:`/explanation/trust`.

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.

    Examples
    --------
    >>> from ergs_verify import verify_paper
    >>> ledger = verify_paper(["eq-11"])
    >>> ledger["eq-11"].printed.verdict, ledger["eq-11"].corrected.verdict
    ('refuted', 'proved')
    """
    records = claims()
    given = [ids] if isinstance(ids, str) else ids
    wanted = list(records) if given is None else [_known(name, records) for name in given]
    judged = []
    with _told(progress) as tell:
        for done, name in enumerate(wanted, 1):
            judged.append(records[name].decide())
            tell(done, len(wanted))
    return Ledger(claims=tuple(judged))


@contextmanager
def _told(
    progress: Callable[[int, int], None] | bool,
) -> Iterator[Callable[[int, int], None]]:
    if callable(progress):
        yield progress
    elif not progress or not _is_watched():
        yield lambda _done, _total: None
    else:
        line = _Line()
        try:
            yield line.tell
        finally:
            line.clear()


class _Line:
    """One line on standard error, written over and over; nothing if the work is soon done."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._width = 0

    def tell(self, done: int, total: int) -> None:
        passed = time.monotonic() - self._start
        if self._width or min(passed, passed * (total - done) / done) > _SOON:
            self._write(f"deciding the paper's claims: {done} of {total}, {passed:.0f} s")

    def clear(self) -> None:
        if self._width:
            self._write("")
            self._write("")

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)


def _is_watched() -> bool:
    """Whether somebody sees standard error change: in a terminal, or in a notebook."""
    if sys.stderr is None:
        return False
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return sys.stderr.isatty() or getattr(shell, "kernel", None) is not None
