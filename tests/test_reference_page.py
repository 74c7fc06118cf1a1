"""The docstrings on the page of the Python reference say what one has to know."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest
from reference_page import classes, documented, functions, parameters

import ergs_verify
from ergs_verify.game.letters import GAME, POLICY

docscrape = pytest.importorskip("numpydoc.docscrape")

THEORY = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "theory.md"
#: Letters that are arrays, or lists of them, wherever they are parameters or attributes.
ARRAYS = {letter.name for letter in (*GAME, *POLICY) if letter.ndim} | {
    *("q", "joint_R", "joint_S", "noise", "condition", "iterates", "direction", "matrix", "linear"),
    *("certified", "unique", "loop", "det_sign"),
}
#: A shape: m×m, (…, T, p_i, m), length m, T+1 numbers.
SHAPE = re.compile(r"[mnp](_i)?×[mnp1](_i)?|\((…|T|G|N|m)[^)]*\)|\blength [mpnT]|\bT\+1\b|\(L\+1")
#: What only a formula holds, and what says where it comes from.
FORMULA = re.compile(r"Φ|ρ\(|δ|γ|KL|‖|\b[xu]'|P_t|K_t|Σ_t")
SOURCE = re.compile(
    r"[Ee]quations? \(\d+\)|Theorem [IV]+\.\d|Lemma [IV]+\.\d|Assumption [IV]+\.\d"
    r"|Definition [IV]+\.\d|Algorithm 1|:doc:`/explanation|References\n---"
)
#: Fields of records that are of use to the package alone.
INNER = {"tau_given", "first_is_one"}


def doc(one):
    return docscrape.NumpyDocString(inspect.getdoc(one) or "")


def entries(one, *sections):
    """Names, with what is said of each."""
    found = doc(one)
    for section in sections:
        for entry in found[section]:
            for name in re.split(r",\s*", entry.name):
                yield name.strip("*"), f"{entry.type}\n{' '.join(entry.desc)}"


def test_the_page_is_about_what_is_public():
    page = list(map(id, documented().values()))
    for name in ergs_verify.__all__:
        assert name.startswith("__") or id(getattr(ergs_verify, name)) in page, name
    assert len(functions()) > 75
    assert len(classes()) > 70


@pytest.mark.parametrize("name", functions())
def test_a_function_tells_what_goes_in_and_out_and_an_example(name):
    one = functions()[name]
    found = doc(one)
    assert found["Summary"], "one sentence on what it does"
    assert found["Examples"], "an example"
    told = [entry for entry, _ in entries(one, "Parameters")]
    assert sorted(told) == sorted(parameters(one))
    returns = inspect.signature(one).return_annotation
    assert bool(found["Returns"] or found["Yields"]) == (returns not in (None, "None"))


@pytest.mark.parametrize("name", documented())
def test_an_array_has_its_shape(name):
    one = documented()[name]
    for entry, text in entries(one, "Parameters", "Attributes"):
        if entry in ARRAYS and not text.startswith(("str", "bool")):
            assert SHAPE.search(text), f"{entry}: {text}"
    for entry in doc(one)["Returns"]:
        if "array" in entry.type:
            assert SHAPE.search(entry.type), entry.type


@pytest.mark.parametrize("name", classes())
def test_a_record_tells_its_attributes(name):
    one = classes()[name]
    fields = [x.name for x in getattr(one, "__attrs_attrs__", ()) if not x.name.startswith("_")]
    told = dict(entries(one, "Parameters", "Attributes"))
    assert set(fields) - set(told) - INNER == set()
    known = {*fields, *dir(one)} if fields else set(told)
    assert set(told) - known == set()


@pytest.mark.parametrize("name", documented())
def test_a_formula_says_where_it_comes_from(name):
    text = (inspect.getdoc(documented()[name]) or "").split("\nExamples\n---")[0]
    assert SOURCE.search(text) or not FORMULA.search(text)


def test_sections_of_the_theory_that_are_named_are_there():
    headings = set(re.findall(r"^## (.*)$", THEORY.read_text(encoding="utf-8"), re.MULTILINE))
    named = set()
    for one in documented().values():
        text = " ".join((inspect.getdoc(one) or "").split())
        for quoted in re.findall(
            r":doc:`/explanation/theory`,? (?:in )?((?:\"[^\"]*\"(?: and )?)+)", text
        ):
            named |= set(re.findall(r'"([^"]*)"', quoted))
    assert len(named) > 6
    assert named <= headings


def test_what_is_named_as_a_type_is_on_the_page():
    """A class of this package that a function gives or takes can be looked up."""
    here = {one.__name__ for one in classes().values()}
    own = {}
    for module in {one.__module__ for one in documented().values() if hasattr(one, "__module__")}:
        own |= {
            k: v
            for k, v in list(vars(importlib.import_module(module)).items())
            if inspect.isclass(v) and str(v.__module__).startswith("ergs_verify.")
        }
    lacking = set()
    for one in documented().values():
        found = doc(one)
        for section in ("Parameters", "Returns", "Attributes"):
            for entry in found[section]:
                words = set(re.findall(r"\b[A-Z][A-Za-z]+\b", entry.type))
                lacking |= {word for word in words if word in own and word not in here}
    assert lacking <= {
        "Centred",
        "Claim",
        "Decision",
        "Finding",
        "Formulas",
        "GapFormulas",
        "SecondOrderFormulas",
        "Setting",
        "StageStack",
    }
