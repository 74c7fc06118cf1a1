"""Every formula of the paper is on record, and every record is the paper's own text."""

from __future__ import annotations

import paper_text
import pytest
from paper_text import CLAIMS, NOTATION, RELATION, pieces

from ergs_verify.ledger import claims

SOURCES = paper_text.sources()
by_source = pytest.mark.parametrize("source", SOURCES, ids=[s.name for s in SOURCES])

#: The whole paper, abstract to conclusion.
COUNTED = {
    "displays": 66,
    "displays on record": 66,
    "inline formulas": 273,
    "that state a relation": 130,
    "that are more than notation": 77,
    "on record": 77,
}


SENTENCES = {"sentences": 193, "that claim something": 96, "on record": 96}
WHY_NO_RECORD = {
    "front matter",
    "notation",
    "opinion or outlook",
    "others' work",
    "transition",
}


@by_source
def test_every_record_is_the_papers_text_piece_by_piece_in_order(source):
    stream = "".join(paper_text.normal(latex) for _, latex in source.formulas)
    for claim in CLAIMS:
        at = 0
        for piece in pieces(claim):
            found = stream.find(piece, at)
            assert found >= 0, f"{claim.id}: not in the {source.name}: {piece}"
            at = found + len(piece)


@by_source
def test_every_display_has_a_record(source):
    assert paper_text.displays_without_record(source) == []


@by_source
def test_every_inline_formula_that_claims_something_has_a_record(source):
    recorded = ["".join(pieces(claim)) for claim in CLAIMS]
    notation = {paper_text.normal(latex) for latex in NOTATION}
    for display, latex in source.formulas:
        formula = paper_text.normal(latex)
        if display or not RELATION.search(latex) or formula in notation:
            continue
        assert any(formula in whole for whole in recorded), latex


@pytest.mark.skipif(not paper_text.PAPER.exists(), reason="the paper is not beside the checkout")
def test_the_table_has_every_sentence_of_the_paper_in_order():
    paper = next(source for source in SOURCES if source.words is not None)
    assert paper.words is not None
    assert [label for label, _ in paper_text.labelled()] == paper_text.labels(paper.words)


def test_every_sentence_that_claims_something_has_a_record():
    """And how many there are: of the paper's prose, abstract to conclusion."""
    records = [record for _, record in paper_text.labelled()]
    claiming = [record for record in records if not record.startswith("- ")]
    assert all(record in claims() for record in claiming)
    assert paper_text.counted_sentences() == SENTENCES
    reasons = {record.removeprefix("- ") for record in records if record.startswith("- ")}
    assert reasons == WHY_NO_RECORD


def test_numbered_equations_and_named_results_have_a_record():
    ids = {claim.id for claim in CLAIMS}
    wanted = {f"eq-{k}" for k in range(1, 33)} | {
        "def-II.1",
        "thm-III.1",
        "lemma-III.2",
        "assumption-III.3",
        "lemma-III.4",
        "alg-1",
        "lemma-IV.1",
        "thm-IV.2",
        "thm-IV.3",
    }
    assert wanted <= ids


def test_data_file_is_the_papers_sections():
    """Trivially so where the paper is not there: then the file is the only source."""
    assert {source.formulas for source in SOURCES} == {SOURCES[0].formulas}


def test_quotes_are_the_papers_words_in_order():
    """Against the prose where it is there; a quote has words in any case."""
    quoted = [claim for claim in CLAIMS if claim.quote]
    assert len(quoted) >= 20
    for claim in quoted:
        wanted = paper_text.words(claim.quote)
        assert len(wanted) >= 2, claim.id
        for source in SOURCES:
            prose = paper_text.words(source.words or claim.quote)
            rest = iter(prose)
            missing = [word for word in wanted if word not in rest]
            assert not missing, f"{claim.id}: {missing}"


def test_a_record_has_the_papers_formula_or_its_words():
    for claim in CLAIMS:
        assert claim.latex or claim.quote, claim.id


@pytest.mark.parametrize(
    ("planted", "caught"),
    [
        (lambda latex: latex.replace("+", "-", 1), True),
        (lambda latex: latex.replace("P_{t+1}", "P_t", 1), True),
        (lambda latex: latex.replace(r"^\top", "", 1), True),
        (lambda latex: latex.replace(r"\frac{\tau}{2}", r"\tau", 1), True),
        (lambda latex: latex.replace(" ", "  "), False),
        (lambda latex: latex.replace("=", "&= \\\\", 1), False),
    ],
)
def test_the_comparison_sees_a_changed_character_and_no_layout(planted, caught):
    """The comparison itself is tried on (5)."""
    claim = next(claim for claim in CLAIMS if claim.id == "eq-5")
    stream = "".join(paper_text.normal(latex) for _, latex in SOURCES[0].formulas)
    assert (paper_text.normal(planted(claim.latex)) not in stream) is caught


@by_source
def test_how_many_formulas_there_are_and_how_many_are_on_record(source):
    """A display counts once; an inline formula counts as often as it is printed."""
    assert paper_text.counted_formulas(source) == COUNTED


def test_the_page_of_faults_has_the_counts():
    page = (paper_text.DATA.parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    for kind, numbers in (
        ("displays", (COUNTED["displays"], COUNTED["displays"], COUNTED["displays on record"])),
        (
            "inline formulas",
            (
                COUNTED["inline formulas"],
                COUNTED["that are more than notation"],
                COUNTED["on record"],
            ),
        ),
        ("sentences of prose", tuple(SENTENCES.values())),
    ):
        assert f"| {kind} | {' | '.join(map(str, numbers))} |" in page
