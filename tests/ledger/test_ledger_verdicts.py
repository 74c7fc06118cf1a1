"""What the project expects of each claim, and the ledger's own rules."""

from __future__ import annotations

import io
import json
import re
import sys
from itertools import groupby
from types import SimpleNamespace

import planted_reasoning
import pytest
import sympy
from expected import EXPECTED, MODULES

from ergs_verify.errors import DerivationError, InputError
from ergs_verify.ledger import hypotheses, verify, verify_paper
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims import claims
from ergs_verify.ledger.claims.lemma_III_4 import UNIQUE
from ergs_verify.ledger.decision import Decision, exactly
from ergs_verify.ledger.reasoning import Fact, Theorem
from ergs_verify.ledger.rules import RULES
from ergs_verify.ledger.statements import Computed, Definition, Equality
from ergs_verify.ledger.verify import Ledger
from ergs_verify.paper.notation import A, B, Q, R, i, x
from ergs_verify.report.ledger import section_of

KINDS = {
    "sign",
    "factor",
    "index",
    "bracket",
    "shape",
    "missing term",
    "transpose",
    "random for mean",
    "wording",
    "overclaim",
    "accent",
    "missing hypothesis",
}
SOURCES = {"author", "scan", "wording"}
VERDICTS = {"proved", "refuted", "ill-typed", "assumed", "definition", "supported", "undecided"}
WRONG = {"refuted", "ill-typed"}


@pytest.fixture(scope="module")
def ledger():
    return verify_paper()


def test_the_tables_hold_every_record():
    assert sum(map(len, MODULES.values())) == len(EXPECTED)
    assert set(claims()) == set(EXPECTED)


def test_records_stand_in_the_papers_order():
    ids = list(claims())
    numbered = [int(name.split("-")[1]) for name in ids if re.fullmatch(r"eq-\d+", name)]
    assert numbered == sorted(numbered) == list(range(1, 33))
    results = ("thm-III.1", "lemma-III.2", "assumption-III.3", "lemma-III.4", "alg-1")
    results += ("lemma-IV.1", "thm-IV.2", "thm-IV.3")
    assert sorted(results, key=ids.index) == list(results)
    sections = [section_of({"where": claim.where}) for claim in claims().values()]
    runs = [section for section, _ in groupby(sections)]
    assert len(runs) == len(set(runs))
    assert runs[-1] == "Beyond the paper"


def test_nobody_changes_the_claims_for_the_others():
    with pytest.raises(TypeError, match="does not support item assignment"):
        claims()["eq-1"] = claims()["eq-2"]


def test_verdicts(ledger):
    found = {
        j.claim.id: (
            j.printed.verdict,
            j.corrected and j.corrected.verdict,
            [finding.fault.kind for finding in j.findings],
        )
        for j in ledger.claims
    }
    assert found == EXPECTED
    assert ledger.holds
    assert not ledger.undecided


def test_nothing_is_assumed_or_merely_supported(ledger):
    """Nor does anything rest on a result from outside."""
    ids = set(claims()) | {theorem.id for theorem in planted_reasoning.theorems()}
    for judged in ledger.claims:
        for decision in (judged.printed, judged.corrected):
            if decision is not None:
                assert decision.verdict not in ("assumed", "supported", "undecided")
                assert set(decision.rests_on) <= ids, judged.claim.id
                assert "cited" not in {step.by for step in decision.steps}, judged.claim.id


def test_what_is_proved_as_printed_supposes_nothing_that_the_paper_does_not(ledger):
    for judged in ledger.claims:
        claim = judged.claim
        if claim.of_the_paper and judged.printed.verdict == "proved":
            assert claim.unstated == (), claim.id
        for hypothesis in claim.unstated:
            assert hypothesis.id in {f.fault.name for f in judged.findings}, claim.id


def test_every_fault_alone_is_wrong_and_its_counterexample_replays(ledger):
    for judged in ledger.claims:
        for form in (judged.printed, *(f.decision for f in judged.findings)):
            if form.verdict == "refuted":
                assert form.replay, judged.claim.id
                assert form.replay(), judged.claim.id
        for finding in judged.findings:
            assert finding.decision.verdict in WRONG, judged.claim.id
            assert finding.fault.kind in KINDS
            assert finding.fault.source in SOURCES
        assert (judged.printed.verdict in WRONG) == bool(judged.findings), judged.claim.id


def test_counterexamples_are_within_what_the_paper_supposes(ledger):
    """R ≻ 0 and Σⁱ ≻ 0 where they enter, and Q, P, M ⪰ 0, starred or not."""
    seen = 0
    for judged in ledger.claims:
        for finding in judged.findings:
            example = finding.decision.counterexample or {"values": {}}
            for letter, value in example["values"].items():
                found = re.match(r"[{\\a-z]*(R|Q|P|M|Sigma)[_^{}*]", letter)
                if found is None or letter == r"M_t^{i*}" or not isinstance(value, list):
                    continue
                X = sympy.Matrix([[sympy.Rational(entry) for entry in row] for row in value])
                strictly = found[1] == "R" or letter.startswith(r"\Sigma_t")
                assert X.is_symmetric(), (judged.claim.id, letter)
                assert X.is_positive_definite if strictly else X.is_positive_semidefinite, (
                    judged.claim.id
                )
                seen += 1
    assert seen >= 100


def test_ids_are_unique_and_well_formed():
    result = (
        r"(eq-\d+|def-II\.1|thm-III\.1|lemma-III\.[24]|assumption-III\.3"
        r"|alg-1|lemma-IV\.1|thm-IV\.[23]|abstract|introduction|contributions|conclusion)"
    )
    ours = r"(sharp|general|stationary)-[a-z0-9-]+(/[a-z0-9-]+)?"
    for name in claims():
        assert re.fullmatch(rf"({result}(/[A-Za-z0-9-]+)?|{ours})", name), name


def test_json_is_what_the_interface_says(ledger):
    page = ledger.as_json()
    assert json.loads(json.dumps(page)) == page
    assert page["format"] == "ergs-ledger/1"
    ours = [entry for entry in page["claims"] if not entry["of_the_paper"]]
    assert sum(page["beyond_the_paper"].values()) == len(ours)
    assert {entry["id"].split("-")[0] for entry in ours} == {"sharp", "general", "stationary"}
    assert sum(page["summary"].values()) + len(ours) == len(page["claims"]) == len(EXPECTED)
    applied = {s["name"] for e in page["claims"] for s in e["proof"] if s["by"] == "rule"}
    assert [rule["name"] for rule in page["rules"]] == [name for name in RULES if name in applied]
    for rule in page["rules"]:
        assert set(rule) == {"name", "statement", "source", "premises", "conclusion"}
        assert all(rule.values())
    for entry in page["claims"]:
        assert {"id", "title", "where", "printed", "printed_verdict"} <= set(entry)
        assert {"corrected", "corrected_verdict", "findings", "evidence"} <= set(entry)
        assert {"quote", "hypotheses", "exhibits", "proof", "rests_on"} <= set(entry)
        for hypothesis in entry["hypotheses"]:
            assert set(hypothesis) == {"id", "text", "stated", "needed"}
            assert hypothesis["needed"] is None or hypothesis["needed"]["left"]
        for step in entry["proof"]:
            assert set(step) == {"says", "by", "name", "premises"}
            assert step["by"] in ("fact", "hypothesis", "claim", "rule")
        for exhibit in entry["exhibits"]:
            assert set(exhibit) == {"name", "hash", "shows"}
            assert exhibit["shows"]
        assert set(entry["printed"]) == {"latex", "expression"}
        assert entry["printed"]["expression"]
        assert entry["printed_verdict"] in VERDICTS
        assert (entry["corrected"] is None) == (entry["corrected_verdict"] is None)
        assert entry["evidence"]
        for evidence in entry["evidence"]:
            assert {"method", "detail", "seconds"} <= set(evidence)
        for finding in entry["findings"]:
            assert {"what", "kind", "counterexample", "source", "verdict"} <= set(finding)
            example = finding["counterexample"]
            if finding["kind"] == "proof gap":
                assert example is None
                assert finding["verdict"] == "closed", finding["what"]
                assert finding["closed_by"], finding["what"]
            elif example is None:
                assert finding["verdict"] == "ill-typed"
            else:
                assert set(example) == {"values", "left", "right"}
                assert example["values"], entry["id"]
                assert example["left"] != example["right"]


def test_two_runs_agree_but_for_the_time(ledger):
    def timeless(page):
        for entry in page["claims"]:
            for evidence in entry["evidence"]:
                evidence["seconds"] = 0
        return page

    ids = [name for name, (printed, _, _) in EXPECTED.items() if printed != "proved"]
    first = {e["id"]: e for e in timeless(ledger.as_json())["claims"]}
    again = timeless(verify_paper(ids).as_json())["claims"]
    assert [first[name] for name in ids] == again


def test_forms_of_a_faulty_display_all_differ():
    for name in EXPECTED:
        claim = claims()[name]
        if len(claim.faults) > 1:
            forms = [claim.form(), claim.printed, *(claim.form(f.name) for f in claim.faults)]
            assert len({form.expression for form in forms}) == len(forms), name


def test_words_are_sentences():
    for claim in claims().values():
        assert claim.title, claim.id
        assert not claim.title[0].isascii() or not claim.title[0].islower(), claim.id
        assert not claim.title.endswith("."), claim.id
        for fault in claim.faults:
            assert len(fault.what.split()) >= 5, claim.id
            assert not fault.what.endswith("."), claim.id
            assert "  " not in fault.what, claim.id
        for gap in claim.gaps:
            assert len(gap.what.split()) >= 5, claim.id
            assert not gap.what.endswith("."), claim.id


@pytest.mark.parametrize(
    ("given", "suggested"),
    [
        ("eq-44", "eq-4"),
        ("lemma-III.2/minimizer", "lemma-III.2/minimiser"),
        ("qqq", None),
        (5, None),
    ],
)
def test_an_unknown_id_is_one_sentence_with_the_nearest_name(given, suggested):
    with pytest.raises(InputError) as caught:
        verify_paper([given])
    message = str(caught.value)
    assert f"no claim {given}" in message
    assert "\n" not in message
    assert ("did you mean" in message) == (suggested is not None)
    if suggested:
        assert suggested.split("/")[0][:4] in message.split("did you mean")[1]


def test_one_id_may_stand_alone_and_is_found_again():
    ledger = verify_paper("eq-12")
    assert [j.claim.id for j in ledger.claims] == ["eq-12"]
    with pytest.raises(InputError, match="no claim eq-11"):
        ledger["eq-11"]


def test_progress_counts_up():
    seen = []
    verify_paper(["eq-1", "eq-12"], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


class _Terminal(io.StringIO):
    def isatty(self):
        return True


class _Clock:
    def __init__(self, step):
        self.step, self.now = step, 0.0

    def monotonic(self):
        self.now += self.step
        return self.now


@pytest.mark.parametrize(
    ("options", "step", "lines"),
    [
        ({}, 3.0, ["1 of 3, 3 s", "2 of 3, 6 s", "3 of 3, 9 s"]),
        ({}, 0.1, []),  # soon done
        ({"progress": False}, 3.0, []),
    ],
)
def test_a_terminal_shows_progress_by_default(monkeypatch, options, step, lines):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(verify, "time", _Clock(step))
    verify_paper(["eq-1", "eq-12", "eq-20"], **options)
    shown = [part.strip() for part in terminal.getvalue().split("\r") if part.strip()]
    assert shown == [f"deciding the paper's claims: {line}" for line in lines]
    assert not lines or terminal.getvalue().endswith(" \r")  # the line is cleared


def test_without_a_terminal_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(verify, "time", _Clock(3.0))
    verify_paper(["eq-1", "eq-12"])
    assert sys.stderr.getvalue() == ""


def test_a_notebook_shows_progress(monkeypatch):
    shown = io.StringIO()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(verify, "time", _Clock(3.0))
    verify_paper(["eq-1", "eq-12"])
    assert "1 of 2" in shown.getvalue()


# -- the records themselves ---------------------------------------------------------------------


def _claim(**more) -> Claim:
    return Claim(id="eq-0", title="Planted", where="Section II", **more)


def test_an_ill_typed_definition_is_found():
    assert Definition(x, A * B(i)).decide().verdict == "ill-typed"
    assert Definition("J", Q(i) + A).decide().verdict == "definition"
    assert Definition("J", Q(i) + R(i)).decide().verdict == "ill-typed"


def test_a_failing_derivation_leaves_the_claim_undecided_and_the_ledger_open():
    def fails():
        raise DerivationError("step missing")

    judged = _claim(statement=Computed("planted", fails)).decide()
    assert judged.printed.verdict == "undecided"
    assert ("failed", "step missing") in judged.printed.evidence
    assert not judged.holds


def _with_findings(verdict: str) -> Claim:
    """Two faults, each alone with this verdict; refuted together, proved without."""

    def statement(faults):
        found = {0: "proved", 1: verdict}.get(len(faults), "refuted")
        return Computed("planted", lambda: Decision(verdict=found))

    faults = [Fault(name=n, what="planted", kind="sign") for n in ("a", "b")]
    return _claim(statement=statement, faults=faults)


def test_an_undecided_finding_leaves_the_claim_undecided():
    judged = _with_findings("undecided").decide()
    assert (judged.printed.verdict, judged.holds) == ("refuted", False)
    assert Ledger(claims=(judged,)).undecided == (judged,)


def test_a_finding_that_is_no_fault_is_a_contradiction():
    assert _with_findings("refuted").decide().holds
    assert not _with_findings("proved").decide().holds


def test_a_form_knows_its_faults():
    claim = _with_findings("refuted")
    assert claim.form("a", "b").decide().verdict == "refuted"
    with pytest.raises(ValueError, match="eq-0 has no fault c"):
        claim.form("a", "c")


def test_what_the_paper_does_not_state_is_a_finding_of_its_own():
    claim = _claim(statement=UNIQUE, stated=(hypotheses.ASSUMPTION_III_3,))
    assert [fault.kind for fault in claim.all_faults] == ["missing hypothesis"]
    judged = claim.decide()
    assert (judged.printed.verdict, judged.corrected.verdict) == ("refuted", "proved")
    assert [f.fault.name for f in judged.findings] == ["feedback"]
    more = _claim(statement=UNIQUE).decide()
    assert [f.fault.name for f in more.findings] == ["feedback", "assumption-III.3"]
    all_stated = _claim(
        statement=UNIQUE, stated=(hypotheses.ASSUMPTION_III_3, hypotheses.FEEDBACK)
    ).decide()
    assert (all_stated.printed.verdict, all_stated.findings) == ("proved", ())
    beyond = Claim(id="sharp-0", title="Planted", where="", statement=UNIQUE).decide()
    assert (beyond.printed.verdict, beyond.findings) == ("proved", ())


def test_a_hypothesis_that_nothing_shows_to_be_needed_is_no_finding():
    idle = hypotheses.Hypothesis("idle", "not stated in the paper")
    fact = Fact("P_T = Q_T", lambda: exactly("1", 1, 1), (idle.text,))
    judged = _claim(
        statement=Theorem(id="eq-0", says=fact.says, given=(idle,), proof=(fact,))
    ).decide()
    assert judged.printed.verdict == "undecided"
    assert not judged.holds


def test_a_gap_is_closed_by_what_is_proved():
    open_one = Theorem(id="open", says="planted", proof=())
    assert Gap(what="planted", closed_by=(UNIQUE,)).as_json()["verdict"] == "closed"
    assert Gap(what="planted", closed_by=(UNIQUE, open_one)).as_json()["verdict"] == "open"
    assert Gap(what="planted").as_json()["verdict"] == "open"


def test_a_piece_that_is_corrected_stands_once_in_the_display():
    fault = Fault(name="a", what="planted", kind="sign", printed="+", corrected="-")
    more = {"statement": Computed("planted", lambda: exactly("1", 1, 1)), "faults": (fault,)}
    assert _claim(latex="a + b", **more).corrected_display == r"a \corrected{-} b"
    with pytest.raises(ValueError, match="does not occur exactly once"):
        _claim(latex="a + b + c", **more).corrected_display  # noqa: B018
    for claim in claims().values():
        shown = bool(claim.corrected_latex) or any(f.printed for f in claim.faults)
        assert bool(claim.corrected_display) == shown, claim.id


def test_sides_that_are_the_same_are_shown_with_the_step_that_made_them_so():
    """“X = X, proved” would say nothing: the left side has a name, and how it was arrived at."""
    met = 0
    for claim in claims().values():
        form = claim.form()
        for part in getattr(form, "parts", (form,)):
            if isinstance(part, Equality) and str(part.left) == str(part.right):
                assert part.named, claim.id
                assert part.derivation(), claim.id
                met += 1
    assert met >= 10


def test_a_corrected_form_stands_in_the_papers_letters(ledger):
    """As the paper's display with pieces exchanged, or as its own LaTeX, or in words."""
    for judged in ledger.claims:
        if judged.corrected is not None:
            form = judged.as_json()["corrected"]
            assert form["display"] or form["latex"].startswith(r"\text{"), judged.claim.id


def test_one_name_is_one_game(ledger):
    found: dict[str, set[str]] = {}
    for judged in ledger.claims:
        for name, game in judged.games.items():
            found.setdefault(name, set()).add(game.hash)
    assert len(found) >= 10
    assert {name for name, hashes in found.items() if len(hashes) > 1} == set()
