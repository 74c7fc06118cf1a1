"""The whole ledger as a page, a LaTeX document and Markdown, in a browser and a compiler."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ergs_verify.ledger import claims, verify_paper
from ergs_verify.ledger.claim import escaped
from ergs_verify.report.latex import ledger_document
from ergs_verify.report.ledger import (
    claim_whole,
    ledger_markdown,
    section_of,
    summary_markdown,
)
from ergs_verify.report.ledger_html import ledger_page
from ergs_verify.report.terminal import console, rendered

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = [
    "Abstract",
    "Section I",
    "Section II",
    "Section III",
    "Section IV",
    "Section V",
    "Beyond the paper",
]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)


@pytest.fixture(scope="module")
def ledger():
    return verify_paper().as_json()


@pytest.fixture(scope="module")
def page(ledger):
    return ledger_page(ledger)


@pytest.fixture(scope="module")
def tree(page):
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))


# --- the page ----------------------------------------------------------------------------------


def test_the_sections_stand_once_each_and_in_order(ledger, tree):
    found = [name for name, _ in groupby(ledger["claims"], section_of)]
    assert found == [name for name in SECTIONS if name in found]
    titles = ["".join(title.itertext()) for title in tree.iter("h2")]
    assert titles == [*found, "Rules of inference", "What rests on what"]


def test_every_claim_and_rule_stands_once_and_every_link_arrives(ledger, tree):
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    shown = ["".join(e.itertext()) for e in tree.iter("span") if e.get("class") == "id"]
    assert shown == [entry["id"] for entry in ledger["claims"]] == list(claims())
    links = {element.get("href") for element in tree.iter("a")}
    assert links <= {f"#{name}" for name in ids}
    assert len(links) > len(shown)


def test_nothing_is_loaded_and_nothing_runs(page, tree):
    assert not {"script", "link", "img", "iframe", "object"} & {e.tag for e in tree.iter()}
    assert not any(name.startswith("on") for e in tree.iter() for name in e.attrib)
    # The one address is the name of MathML.
    addresses = set(re.findall(r"https?://[^\"'<> ]+|url\([^)]*\)|@import", page))
    assert addresses <= {"http://www.w3.org/1998/Math/MathML"}


def test_corrected_forms_mark_what_has_to_stand_there(ledger, page):
    shown = sum(bool(e["corrected"] and e["corrected"]["display"]) for e in ledger["claims"])
    marked = re.findall(r'<article>(?:(?!</article>).)*mathcolor="#a01313"', page, re.S)
    assert shown == len(marked) > 20


class _Text(HTMLParser):
    """What a reader sees."""

    def __init__(self, page: str):
        super().__init__()
        self.hidden = False
        self.seen: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.hidden = tag in ("style", "script", "title")

    def handle_endtag(self, tag):
        self.hidden = False

    def handle_data(self, data):
        if not self.hidden:
            self.seen.append(data)


#: Run in a copy of the page: what a browser makes of its layout.
PROBE = """<script>
const box = e => e.getBoundingClientRect();
document.querySelectorAll('details').forEach(e => { e.open = true; });
const flat = [...document.querySelectorAll('math')].filter(e => !(box(e).width > 0));
const texts = [...document.querySelectorAll('svg text')].map(box);
const over = texts.filter((a, k) => texts.slice(k + 1).some(b =>
  a.left < b.right && b.left < a.right && a.top < b.bottom - 3 && b.top < a.bottom - 3));
const off = texts.filter(t => t.left < box(document.querySelector('svg')).left);
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
document.title = 'probed ' + [flat.length, over.length, off.length, Math.max(wide, 0)];
</script></body>"""


def in_browser(page: str, folder: Path, width: int) -> str:
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            BROWSER or "",
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width},1000",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return done.stdout.decode()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [500, 1300])
def test_a_browser_shows_it_without_markup_and_within_the_window(page, ledger, tmp_path, width):
    shown = in_browser(page.replace("</body>", PROBE), tmp_path, width)
    text = " ".join(_Text(shown).seen)
    for entry in ledger["claims"]:
        assert entry["id"] in text
    for markup in ("\\", "$", "_{", "^{", "Error", "⟨", "**"):
        assert markup not in text, text[text.index(markup) - 60 :][:120]
    # No formula without a width, no label over another or cut off, nothing wider than the window.
    probed = re.search(r"<title>probed (.*?)</title>", shown)
    assert probed
    assert probed[1] == "0,0,0,0"


# --- LaTeX -------------------------------------------------------------------------------------


def test_the_whole_document_compiles_and_fits_the_page(ledger, tmp_path):
    compiler = shutil.which("pdflatex")
    text = ledger_document(ledger)  # an unknown sign raises here
    if compiler is None:
        pytest.skip("no pdflatex is installed")
    (tmp_path / "ledger.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [compiler, "-interaction=nonstopmode", "-draftmode", "ledger.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    log = (tmp_path / "ledger.log").read_text(encoding="utf-8", errors="replace")
    assert [line for line in log.splitlines() if line.startswith("!")] == []
    assert done.returncode == 0
    wide = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    # A tenth of an inch into a margin of 22 mm is not seen.
    assert max(wide, default=0) < 7.2


def test_the_document_has_every_claim_and_finding(ledger):
    text = ledger_document(ledger)
    for entry in ledger["claims"]:
        assert rf"\textbf{{\texttt{{{entry['id']}}}}}" in text
    found = sum(len(entry["findings"]) for entry in ledger["claims"])
    assert len(re.findall(r"\\textit\{[^{}]*:\}", text)) == found > 50


# --- Markdown ----------------------------------------------------------------------------------


def test_docs_hold_what_the_command_prints(ledger):
    assert (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8") == ledger_markdown(ledger)


def test_the_readme_holds_the_summary(ledger):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    marked = re.search(r"<!-- the summary of docs/ledger.md -->\n(.*?)<!-- end -->", readme, re.S)
    assert marked
    assert marked[1] == summary_markdown(ledger)


def test_markdown_shows_what_is_wrong_printed_and_corrected(ledger):
    shown = ledger_markdown(ledger)
    assert shown.count("$$") % 2 == 0
    assert r"\corrected" not in shown
    titled = re.findall(r"^### `(.*?)`", shown, re.M)
    assert titled == [entry["id"] for entry in ledger["claims"]]
    for entry in ledger["claims"]:
        if entry["printed"]["latex"]:
            assert f"$$\n{entry['printed']['latex']}\n$$" in shown
        else:
            assert escaped(entry["quote"]) in shown
            assert entry["quote"] or escaped(entry["printed"]["expression"]) in shown


def text(renderable) -> str:
    return rendered(renderable, on=console(width=80))


def test_nothing_in_a_terminal_has_braces_or_commands(ledger):
    for entry in ledger["claims"]:
        shown = text(claim_whole(entry))
        assert not re.findall(r"\S*(?:[_^]\{|\\[A-Za-z])\S*", shown), entry["id"]
