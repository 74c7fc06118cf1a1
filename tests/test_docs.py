"""The README and the documentation: examples run, links lead somewhere, the site builds."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import attrs
import pytest
from typer.main import get_command

import ergs_verify
from ergs_verify.audit.conventions import Conventions
from ergs_verify.cli import main
from ergs_verify.cli.app import app
from ergs_verify.game.letters import GAME, POLICY

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# These are made by commands, and tested where those are.
MADE = ("ledger.md", "attack.md", "faults.md", "prover.md", "published-games.md")
GENERATED = ("commands", "mistakes", "schemas")
WRITTEN = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if "generated" not in path.parts and path.name not in MADE
]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *WRITTEN]


def named(paths):
    return {"argvalues": paths, "ids": [path.relative_to(ROOT).as_posix() for path in paths]}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(path), re.DOTALL | re.MULTILINE)


PYTHON = [path for path in PAGES if blocks(path, "python")]
CONSOLE = [path for path in PAGES if blocks(path, "console")]


def test_there_are_examples():
    assert len(PYTHON) >= 6
    assert len(CONSOLE) >= 3


@pytest.mark.parametrize("path", **named(PYTHON))
def test_python_examples_run_and_print_what_stands_there(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = re.findall(
        r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", text_of(path), re.DOTALL | re.MULTILINE
    )
    names: dict = {}
    for code, shown in found:
        printed = StringIO()
        with redirect_stdout(printed):
            exec(code.replace("1_000_000", "2_000"), names)
        assert printed.getvalue() == shown


@pytest.mark.parametrize("path", **named(CONSOLE))
def test_command_line_examples_print_what_stands_there(path, tmp_path, monkeypatch, capsys):
    """A line `…` stands for any lines; of a command without output nothing is shown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for example in blocks(path, "console"):
        for line, shown in re.findall(r"^\$ ergs-verify (.*)\n((?:(?!\$ ).*\n)*)", example, re.M):
            main(line.split())
            printed = capsys.readouterr().out
            pattern = re.escape(shown).replace("…\\\n", "(?:.*\n)*")
            assert not shown or re.fullmatch(pattern, printed), f"{line}\n{printed}"


def slugs(page: Path) -> set[str]:
    """The fragments that a page's headings answer to."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def test_a_heading_is_found_by_its_fragment():
    assert "how-far-from-an-equilibrium" in slugs(DOCS / "explanation" / "theory.md")


@pytest.mark.parametrize("path", **named(PAGES))
def test_links_lead_to_files_and_headings_that_are_there(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(path)):
        if target.startswith("https://"):
            continue
        file, _, heading = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        assert not heading or heading in slugs(place), target
        # Made from the command itself when the site is built.
        made = place.parent == DOCS / "generated" and place.stem in GENERATED
        assert made or place.exists(), target


@pytest.mark.parametrize("path", **named(PAGES))
def test_what_is_called_a_command_is_one(path):
    used = set(re.findall(r"[`$] ?ergs-verify ([a-z]+)\b", text_of(path)))
    assert used <= set(get_command(app).commands)


@pytest.mark.parametrize("path", **named(PAGES))
def test_what_make_is_asked_for_is_a_target(path):
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=`|  )", text_of(path))) <= targets


@pytest.mark.parametrize("path", **named(PAGES))
def test_extras_that_are_named_are_there(path):
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    for names in re.findall(r"(?:\.|ergs-verify)\[([a-z,]+)\]'", text_of(path)):
        assert set(names.split(",")) <= set(project["optional-dependencies"])


def test_the_routes_with_and_without_make_are_the_same():
    page, makefile = text_of(DOCS / "howto" / "install.md"), text_of(ROOT / "Makefile")
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    listed = re.findall(r"^\| ((?:`[a-z]+`,? ?)+)\|", page, re.MULTILINE)
    assert set(re.findall(r"`([a-z]+)`", " ".join(listed))) == set(project["optional-dependencies"])
    extras = dict(re.findall(r"^EXTRAS_(\w+) := (.*)$", makefile, re.MULTILINE))
    assert f"'.[{extras['dev']}]'" in page
    for target, told in re.findall(
        r"^\| `make (lab|docs|test)` \|.*\| (.*) \|$", page, re.MULTILINE
    ):
        asked = extras["dev" if target == "test" else target]
        assert re.findall(r"`([a-z]+)`", told) == asked.split(",")
    (options,) = re.findall(r"pytest (-n auto.*) \$\(NOTEBOOKS\)", makefile)
    assert f"-m pytest {options} notebooks" in page


@pytest.mark.parametrize("path", **named(PAGES))
def test_files_that_are_named_are_there(path):
    places = re.findall(
        r"`((?:ergs_verify|tests|docs|benchmarks|coq|notebooks)/[\w./-]+)`", text_of(path)
    )
    made = {"docs/generated"}
    for place in places:
        assert (ROOT / place).exists() or str(Path(place).parent) in made, place


def test_the_changelog_has_the_version_and_the_citation_its_date():
    headings = re.findall(r"^## (.*)$", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[0] in ("Unreleased", ergs_verify.__version__)
    assert ergs_verify.__version__ in headings
    citation = text_of(ROOT / "CITATION.cff")
    assert re.search(r"^date-released: 20\d\d-[01]\d-[0-3]\d$", citation, re.MULTILINE)


def test_every_convention_is_described():
    page = text_of(DOCS / "reference" / "conventions.md")
    listed = re.findall(r"^\| `([a-zA-Z-]+)` \|", page, re.MULTILINE)
    assert listed == [one.name.replace("_", "-") for one in attrs.fields(Conventions)]


def test_every_key_of_games_and_solutions_is_described():
    page = text_of(DOCS / "reference" / "formats.md")
    for letter in GAME:
        assert f"`{letter.place[0]}`" in page, letter.name
        assert all(part in page for part in letter.place), letter.name
    for letter in POLICY:
        assert f"`{letter.name}`" in page or f'"{letter.name}"' in page, letter.name


def test_the_readme_is_short_and_names_its_commands_and_each_notebook():
    readme = text_of(ROOT / "README.md")
    assert len(readme.encode()) < 8_000
    for command in ("make verify", "make test"):
        assert f"    {command} " in readme
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"(notebooks/{notebook.name})" in readme


def test_the_layout_names_what_is_there():
    (layout,) = blocks(DOCS / "explanation" / "design.md", "text")
    named = re.findall(r"[\w/]+(?:/|\.py)(?=[\s,])", layout)
    assert len(named) > 10
    for name in named:
        places = [ROOT / name, ROOT / "ergs_verify" / name]
        assert any(place.exists() for place in places), name
    packages = {path.parent.name for path in (ROOT / "ergs_verify").glob("*/__init__.py")}
    assert packages <= {name.rstrip("/").rpartition("/")[2] for name in named}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", out / "trees"]
    done = subprocess.run(
        [*command, DOCS, out / "html"], capture_output=True, encoding="utf-8", timeout=400
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out / "html"


def test_the_site_builds_without_a_warning_and_shows_no_raw_markup(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 25
    for path in pages:
        text = re.sub(r"(?s)<(pre|code|script|style)\b.*?</\1>", "", text_of(path))
        words = re.sub(r"<[^>]*>", " ", text)
        raw = re.findall(
            r"\*\*[^*\s][^*\n]*[^*\s]\*\*|```|\]\(|\{(?:include|toctree)|:param|\$|\\[A-Za-z(]+",
            words,
        )
        assert not raw, f"{path.name}: {raw[:3]}"


def test_a_star_in_a_sentence_stays_one(site):
    page = text_of(site / "generated" / "lemma-III-2.html")
    assert "F(π) = τ KL(π ‖ π*) + F(π*)" in page
    assert "<math" in page


def test_every_public_name_stands_in_the_reference(site):
    page = text_of(site / "reference" / "api.html")
    for name in ergs_verify.__all__:
        if not name.startswith("__"):
            assert f'id="ergs_verify.{name}"' in page, name


def documented():
    """Every docstring of the package, with whose it is."""
    for module in pkgutil.walk_packages(ergs_verify.__path__, "ergs_verify."):
        if module.name.endswith(("__main__", "conformance")):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if getattr(value, "__module__", None) != module.name:
                continue
            members = list(vars(value).items()) if inspect.isclass(value) else []
            for path, one in [(name, value), *((f"{name}.{k}", v) for k, v in members)]:
                inner = one.__func__ if isinstance(one, classmethod | staticmethod) else one
                text = inspect.getdoc(inner)
                if text and "-----\n" in text:
                    yield f"{module.name}.{path}", text


def test_no_sentence_stands_where_numpydoc_reads_a_parameter():
    numpydoc = pytest.importorskip("numpydoc.docscrape")
    found, seen = [], 0
    for place, text in documented():
        doc = numpydoc.NumpyDocString(text)
        for section in ("Parameters", "Attributes"):
            seen += len(doc[section])
            found += [(place, one.name) for one in doc[section] if one.name.endswith(".")]
            found += [(place, one.name) for one in doc[section] if len(one.name) > 60]
    assert seen > 300
    assert found == []


def test_citations_are_numbered_as_in_the_docstrings(site):
    page = text_of(site / "reference" / "api.html")
    assert not re.search(r"\[?R[0-9a-f]{8,}-[0-9]", re.sub(r'(?:id|href)="[^"]*"', "", page))
    assert page.count(">[1]<") > 3
