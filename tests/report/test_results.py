"""Results as pages and as CSV: whole, self-contained, escaped, and the same every time."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from io import StringIO

import attrs
import pytest

from ergs_verify import __version__, audit, audit_solver, check, engine, gallery, gap
from ergs_verify.report import result_csv, result_html
from ergs_verify.study.crosscheck import crosscheck

NAME = 'a <b> & "c"'
GAME = attrs.evolve(gallery("time-varying"), name=NAME)
COMMAND = "ergs-verify ask 'a <b>'"


def wrong(game):
    """Signs of the gains turned round."""
    found = engine.nash(game)
    return {"K": [-K for K in found.K], "Sigma": found.Sigma, "P": found.P, "q": found.q}


@pytest.fixture(scope="module")
def results():
    return {
        "audit": audit(GAME, wrong(GAME.floats())),
        "suite": audit_solver(wrong, suite="quick"),
        "check": check(GAME),
        "gap": gap(GAME, ["1e-3", "1e-2"]),
        "crosscheck": [(NAME, GAME, crosscheck(GAME, digits=20, samples=1000))],
    }


KINDS = ["audit", "suite", "check", "gap", "crosscheck"]


def page_of(kind, results):
    return getattr(result_html, f"{kind}_page")(results[kind], command=COMMAND)


class Tags(HTMLParser):
    """Every tag closed in its order, ids once, attributes kept."""

    EMPTY = frozenset({"meta", "br", "wbr", "path", "use", "rect"})

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.attributes, self.tags = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_whole_and_loads_nothing(kind, results):
    page = Tags()
    page.feed(page_of(kind, results))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    for name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("href", "src", "xlink:href"):
            assert value.startswith("#")
            assert value[1:] in page.ids
        for used in re.findall(r"url\((.*?)\)", value or ""):
            assert used[:1] == "#"
            assert used[1:] in page.ids


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_says_what_was_asked_the_verdict_and_how_to_repeat_it(kind, results):
    page = page_of(kind, results)
    assert f"ergs-verify {__version__}" in page
    assert f"ergs-verify=={__version__}" in page
    assert "ergs-verify ask &#x27;a &lt;b&gt;&#x27;" in page
    assert len(re.findall(r'<p class="verdict \w+">\w+: .*\.</p>', page)) == 1
    if kind != "suite":
        assert GAME.hash in page
        assert "a &lt;b&gt; &amp; &quot;c&quot;" in page
    assert "<b>" not in page


@pytest.mark.parametrize("kind", ["audit", "check", "gap"])
def test_the_same_result_gives_the_same_bytes_and_a_picture(kind, results):
    page = page_of(kind, results)
    assert page == page_of(kind, results)
    assert page.count('<svg role="img" aria-label="') == 1


def test_a_page_of_a_solver_holds_each_audit_and_the_smallest_failing_game(results):
    page = page_of("suite", results)
    suite = results["suite"]
    assert suite.verdict == "fail"
    assert "The smallest game found on which it fails" in page
    for one in suite.games:
        assert one.game.hash in page


def lines_of(text):
    return list(csv.DictReader(StringIO(text)))


def test_csv_of_an_audit_has_a_line_for_each_agent_time_and_quantity(results):
    found = results["audit"]
    lines = lines_of(result_csv.audit_csv(found))
    T, N = GAME.horizon, GAME.agents
    count = {"K": N * T, "Sigma": N * T, "P": N * (T + 1), "q": N * (T + 1), "gap": N}
    for letter, wanted in count.items():
        here = [line for line in lines if line["quantity"] == letter]
        assert len(here) == len({(line["agent"], line["t"]) for line in here}) == wanted
    assert len(lines) == sum(count.values())
    for letter, worst in found.quantities.items():
        (line,) = (
            line
            for line in lines
            if line["quantity"] == letter
            and (line["agent"], line["t"]) == (str(worst.agent), str(worst.t))
        )
        assert float(line["max_error"]) == worst.max_error
        assert line["verdict"] == worst.verdict


def test_no_matrix_is_worse_than_the_one_that_is_told(results):
    order = ("pass", "undecided", "fail")
    for worst in results["audit"].quantities.values():
        assert max(order.index(one.verdict) for one in worst.each) == order.index(worst.verdict)


def test_csv_of_the_others(results):
    suite = lines_of(result_csv.suite_csv(results["suite"]))
    assert {line["game"] for line in suite} == {one.name for one in results["suite"].games}
    stages = lines_of(result_csv.check_csv(results["check"]))
    assert [line["t"] for line in stages] == [str(t) for t in reversed(range(GAME.horizon))]
    assert all(float(line["det_phi_lo"]) <= float(line["det_phi_hi"]) for line in stages)
    gaps = lines_of(result_csv.gap_csv(results["gap"]))
    assert [(line["delta"], line["agent"]) for line in gaps] == [
        (delta, agent) for delta in ("0.001", "0.01") for agent in "123"
    ]
    crossed = lines_of(
        result_csv.crosscheck_csv((name, one) for name, _, one in results["crosscheck"])
    )
    assert len(crossed) == len(results["crosscheck"][0][2].rows)
    assert {line["holds"] for line in crossed} == {"true"}


def test_a_name_does_not_become_a_formula_of_a_spreadsheet(results):
    one = results["crosscheck"][0][2]
    lines = lines_of(result_csv.crosscheck_csv([("=1+1", one)]))
    assert lines[0]["game"] == "'=1+1"


def verdict_of(page):
    return re.sub("<[^>]+>", "", re.findall(r'<p class="verdict[^>]*>(.*?)</p>', page)[0])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("time-varying", "proved: the game has exactly one Nash equilibrium ("),
        ("g-star-4-no-nash", "refuted: the game has no Nash equilibrium ("),
        ("stationary-zero-sum", "proved: the game has a stationary Nash equilibrium ("),
        ("g-star-4-continuum", "refuted: the game does not have exactly one Nash equilibrium ("),
    ],
)
def test_a_check_says_in_one_sentence_what_is_proved(name, says):
    page = result_html.check_page(check(gallery(name)), command=COMMAND)
    assert verdict_of(page).startswith(says)


def test_an_unstable_policy_has_a_page():
    found = audit(gallery("stationary-zero-sum"), {"K": [[[25.0]], [[25.0]]]})
    assert found.judged_by == "stability"
    page = result_html.audit_page(found, command=COMMAND)
    assert "whether the closed loop is stable" in page
    assert verdict_of(page).startswith("fail: the closed loop is not stable")
