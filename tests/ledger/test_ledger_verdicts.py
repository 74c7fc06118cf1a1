"""What the project expects of each claim, and the ledger's own rules."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ergs_verify.errors import DerivationError, InputError
from ergs_verify.ledger import claims, verify_paper
from ergs_verify.ledger.claim import Claim, Computed, Decision, Definition, Fault
from ergs_verify.paper.notation import A, B, Q, R, i, x
from ergs_verify.report.ledger import ledger_markdown

#: id → verdict as printed, as corrected, and the findings' kinds.
EXPECTED = {
    "abstract/linear-gaussian": ("refuted", "proved", ["overclaim"]),
    "abstract/uniqueness": ("proved", None, []),
    "abstract/linear-convergence": ("proved", None, []),
    "abstract/augmentation": ("proved", None, []),
    "introduction/exclusively": ("refuted", "proved", ["overclaim"]),
    "introduction/gaussian-noise": ("refuted", "proved", ["overclaim"]),
    "contributions/linear-gaussian": ("refuted", "proved", ["overclaim"]),
    "contributions/uniqueness": ("proved", None, []),
    "contributions/convergence": ("proved", None, []),
    "contributions/augmentation": ("proved", None, []),
    "eq-1": ("definition", None, []),
    "eq-2": ("definition", None, []),
    "eq-2/kl": ("refuted", "proved", ["wording"]),
    "eq-2/information": ("refuted", "proved", ["wording"]),
    "def-II.1": ("definition", None, []),
    "eq-3": ("definition", None, []),
    "eq-3/nash-value": ("definition", None, []),
    "thm-III.1": ("proved", None, []),
    "thm-III.1/quadratic-value": ("refuted", "proved", ["overclaim"]),
    "thm-III.1/terminal": ("proved", None, []),
    "thm-III.1/psd": ("proved", None, []),
    "thm-III.1/existence": ("refuted", "proved", ["overclaim"]),
    "thm-III.1/exclusively": ("refuted", "proved", ["overclaim"]),
    "thm-III.1/any-solution": ("proved", None, []),
    "eq-4": ("proved", None, []),
    "eq-4/others": ("definition", None, []),
    "eq-5": ("proved", None, []),
    "eq-6": ("proved", None, []),
    "thm-III.1/multiple": ("proved", None, []),
    "thm-III.1/policy-class": ("proved", None, []),
    "eq-7": ("definition", None, []),
    "lemma-III.2": ("proved", None, []),
    "lemma-III.2/convex": ("proved", None, []),
    "eq-8": ("definition", None, []),
    "eq-8/equivalent": ("proved", None, []),
    "lemma-III.2/lagrangian": ("definition", None, []),
    "lemma-III.2/lagrangian-rewritten": ("proved", None, []),
    "lemma-III.2/integrand": ("definition", None, []),
    "eq-9": ("proved", None, []),
    "lemma-III.2/density": ("proved", None, []),
    "lemma-III.2/second-derivative": ("proved", None, []),
    "lemma-III.2/positive": ("proved", None, []),
    "eq-10": ("proved", None, []),
    "eq-11": ("refuted", "proved", ["factor", "factor"]),
    "lemma-III.2/inverse": ("proved", None, []),
    "lemma-III.2/gaussian-form": ("refuted", "proved", ["factor", "factor"]),
    "lemma-III.2/multiplier": ("proved", None, []),
    "lemma-III.2/minimiser": ("refuted", "proved", ["factor"]),
    "eq-12": ("definition", None, []),
    "thm-III.1/bellman": ("assumed", None, []),
    "thm-III.1/push": ("definition", None, []),
    "thm-III.1/expectation": ("refuted", "proved", ["wording"]),
    "eq-13": ("proved", None, []),
    "eq-14": ("proved", None, []),
    "eq-15": ("refuted", "proved", ["random for mean"]),
    "eq-16": ("proved", None, []),
    "eq-17": ("proved", None, []),
    "thm-III.1/satisfies": ("proved", None, []),
    "thm-III.1/sufficient": ("proved", None, []),
    "eq-18": ("proved", None, []),
    "eq-18/negative": ("refuted", "proved", ["wording"]),
    "thm-III.1/substituted": ("refuted", "proved", ["bracket"]),
    "thm-III.1/gain-substituted": ("refuted", "proved", ["sign", "factor", "sign"]),
    "thm-III.1/value": ("ill-typed", "proved", ["bracket", "index", "index"]),
    "assumption-III.3": ("definition", None, []),
    "assumption-III.3/model-dependent": ("refuted", "proved", ["overclaim"]),
    "lemma-III.4": ("proved", None, []),
    "lemma-III.4/every-time": ("refuted", "proved", ["overclaim"]),
    "lemma-III.4/gain-equation": ("proved", None, []),
    "lemma-III.4/block-system": ("proved", None, []),
    "lemma-III.4/blocks": ("refuted", "proved", ["wording"]),
    "lemma-III.4/diagonally-dominant": ("refuted", "proved", ["overclaim"]),
    "lemma-III.4/solution": ("proved", None, []),
    "lemma-III.4/determined": ("proved", None, []),
    "alg-1": ("definition", None, []),
    "alg-1/init": ("refuted", "proved", ["overclaim"]),
    "alg-1/line-4": ("refuted", "proved", ["index"]),
    "alg-1/index-set": ("refuted", "proved", ["index"]),
    "alg-1/metric": ("proved", None, []),
    "eq-19/map": ("definition", None, []),
    "eq-19": ("refuted", "proved", ["index"]),
    "eq-19/lyapunov": ("proved", None, []),
    "eq-19/terminal": ("proved", None, []),
    "eq-19/others": ("definition", None, []),
    "eq-19/inverses": ("proved", None, []),
    "eq-19/composite": ("definition", None, []),
    "eq-19/fixed-point": ("refuted", "proved", ["overclaim"]),
    "lemma-IV.1": ("proved", None, []),
    "lemma-IV.1/achieves": ("proved", None, []),
    "lemma-IV.1/two-policies": ("refuted", "proved", ["scan"]),
    "lemma-IV.1/difference": ("refuted", "proved", ["scan"]),
    "lemma-IV.1/gains": ("proved", None, []),
    "lemma-IV.1/bound": ("refuted", "proved", ["index", "index"]),
    "lemma-IV.1/one-agent": ("proved", None, []),
    "lemma-IV.1/last-line": ("refuted", "proved", ["index"]),
    "lemma-IV.1/threshold": ("refuted", "proved", ["index"]),
    "thm-IV.2/large-L": ("proved", None, []),
    "thm-IV.2/linear-rate": ("proved", None, []),
    "thm-IV.2/condition": ("definition", None, []),
    "thm-IV.2/stronger": ("proved", None, []),
    "thm-IV.2": ("refuted", "proved", ["overclaim"]),
    "eq-20": ("definition", None, []),
    "eq-20/equivalent": ("proved", None, []),
    "thm-IV.2/inner-loop": ("proved", None, []),
    "thm-IV.2/covariance": ("proved", None, []),
    "eq-21/tau": ("definition", None, []),
    "eq-21": ("definition", None, []),
    "eq-21/choice": ("proved", None, []),
    "eq-21/exists": ("proved", None, []),
    "thm-IV.3": ("refuted", "proved", ["wording"]),
    "eq-22": ("proved", None, []),
    "thm-IV.3/quadratic": ("proved", None, []),
    "eq-23": ("ill-typed", "proved", ["missing term", "shape"]),
    "eq-24": ("ill-typed", "proved", ["shape"]),
    "thm-IV.3/augmented-cost": ("refuted", "proved", ["scan", "missing term"]),
    "thm-IV.3/augmented-value": ("refuted", "definition", ["missing term"]),
    "thm-IV.3/augmented-riccati": ("refuted", "proved", ["scan"]),
    "eq-25": ("ill-typed", "proved", ["scan", "scan", "shape"]),
    "eq-26": ("proved", None, []),
    "eq-27": ("refuted", "proved", ["missing term"]),
    "eq-28": ("proved", None, []),
    "eq-28/first-bound": ("proved", None, []),
    "eq-28/second-bound": ("proved", None, []),
    "eq-28/open-loop": ("refuted", "definition", ["scan"]),
    "eq-28/bounded-gains": ("refuted", "proved", ["overclaim"]),
    "thm-IV.3/unrolled": ("refuted", "proved", ["factor"]),
    "eq-29": ("proved", None, []),
    "eq-30": ("proved", None, []),
    "eq-31": ("proved", None, []),
    "thm-IV.3/two-values": ("refuted", "proved", ["scan", "index"]),
    "thm-IV.3/two-recursions": ("ill-typed", "proved", ["scan", "shape", "shape"]),
    "thm-IV.3/two-terminals": ("refuted", "proved", ["scan"]),
    "eq-32": ("refuted", "proved", ["scan"]),
    "eq-32/matrices": ("refuted", "proved", ["scan"]),
    "thm-IV.3/uniform": ("refuted", "proved", ["overclaim"]),
    "thm-IV.3/final-chain": (
        "refuted",
        "proved",
        ["sign", "scan", "missing term", "scan", "overclaim"],
    ),
    "conclusion/linear-gaussian": ("refuted", "proved", ["overclaim"]),
    "conclusion/uniqueness": ("proved", None, []),
    "conclusion/linear-rate": ("proved", None, []),
    "conclusion/augmentation": ("proved", None, []),
    "sharp-gibbs": ("proved", None, []),
    "sharp-gap-identity": ("proved", None, []),
    "sharp-cost-difference": ("proved", None, []),
    "sharp-gap-bound": ("proved", None, []),
    "sharp-gap-coefficient": ("proved", None, []),
    "sharp-gap-linear-regime": ("proved", None, []),
    "sharp-gap-large-delta": ("supported", None, []),
    "sharp-unique-iff-regular": ("proved", None, []),
    "sharp-unique-iff-regular/determinant": ("proved", None, []),
    "sharp-unique-iff-regular/no-nash": ("proved", None, []),
    "sharp-unique-iff-regular/continuum": ("proved", None, []),
    "sharp-near-singular": ("proved", None, []),
    "sharp-scalar-state/determinant": ("proved", None, []),
    "sharp-scalar-state": ("proved", None, []),
    "sharp-proportional-costs": ("proved", None, []),
    "sharp-loop": ("proved", None, []),
    "sharp-loop/contraction": ("proved", None, []),
    "sharp-loop/not-needed": ("proved", None, []),
    "sharp-loop/g-star": ("proved", None, []),
    "sharp-loop/identical-interest": ("proved", None, []),
    "sharp-loop/singular": ("proved", None, []),
    "sharp-history": ("proved", None, []),
    "sharp-contraction-excludes": ("proved", None, []),
    "sharp-limits/large-tau": ("proved", None, []),
    "sharp-limits/small-tau": ("proved", None, []),
    "sharp-limits/singular-at-zero": ("proved", None, []),
    "sharp-coupling": ("proved", None, []),
    "sharp-apriori/falls": ("proved", None, []),
    "sharp-apriori": ("proved", None, []),
    "sharp-loewner": ("proved", None, []),
    "sharp-perturbation": ("proved", None, []),
}
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
    "scan",
}
VERDICTS = {"proved", "refuted", "ill-typed", "assumed", "definition", "supported", "undecided"}


@pytest.fixture(scope="module")
def ledger():
    return verify_paper(EXPECTED)


def test_table_holds_every_record():
    assert list(claims()) == list(EXPECTED)


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


def test_the_readmes_tables_are_those_of_the_ledger(ledger):
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    marked = re.search(r"<!-- ergs-verify paper --markdown -->\n(.*?)<!-- end -->", readme, re.S)
    assert marked
    assert ledger_markdown(ledger.as_json()) == marked[1]


def test_every_fault_alone_is_wrong_and_its_counterexample_replays(ledger):
    for judged in ledger.claims:
        for form in (judged.printed, *(f.decision for f in judged.findings)):
            if form.verdict == "refuted":
                assert form.replay, judged.claim.id
                assert form.replay(), judged.claim.id
        for finding in judged.findings:
            assert finding.decision.verdict in ("refuted", "ill-typed"), judged.claim.id
            assert finding.fault.kind in KINDS


def test_ids_are_unique_and_well_formed():
    result = (
        r"(eq-\d+|def-II\.1|thm-III\.1|lemma-III\.[24]|assumption-III\.3"
        r"|alg-1|lemma-IV\.1|thm-IV\.[23]|abstract|introduction|contributions|conclusion)"
    )
    for name in claims():
        assert re.fullmatch(rf"({result}(/[A-Za-z0-9-]+)?|sharp-[a-z0-9-]+(/[a-z0-9-]+)?)", name), (
            name
        )


def test_json_is_what_the_interface_says(ledger):
    page = ledger.as_json()
    assert json.loads(json.dumps(page)) == page
    assert page["format"] == "ergs-ledger/1"
    assert sum(page["summary"].values()) == len(page["claims"]) == len(EXPECTED)
    for entry in page["claims"]:
        assert {"id", "title", "where", "printed", "printed_verdict"} <= set(entry)
        assert {"corrected", "corrected_verdict", "findings", "evidence"} <= set(entry)
        assert set(entry["printed"]) == {"latex", "expression"}
        assert entry["printed"]["expression"]
        assert entry["printed_verdict"] in VERDICTS
        assert (entry["corrected"] is None) == (entry["corrected_verdict"] is None)
        assert entry["evidence"]
        for evidence in entry["evidence"]:
            assert {"method", "detail", "seconds"} <= set(evidence)
        for finding in entry["findings"]:
            assert {"what", "kind", "counterexample"} <= set(finding)
            example = finding["counterexample"]
            if example is None:
                assert finding["verdict"] == "ill-typed"
            else:
                assert set(example) == {"values", "left", "right"}
                assert example["values"]
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


def test_an_undecided_finding_leaves_the_claim_undecided():
    from ergs_verify.ledger.verify import Ledger

    def statement(faults):
        verdict = {0: "proved", 1: "undecided"}.get(len(faults), "refuted")
        return Computed("planted", lambda: Decision(verdict=verdict))

    faults = [Fault(name=n, what="planted", kind="sign") for n in ("a", "b")]
    judged = _claim(statement=statement, faults=faults).decide()
    assert (judged.printed.verdict, judged.holds) == ("refuted", True)
    assert Ledger(claims=(judged,)).undecided == (judged,)
