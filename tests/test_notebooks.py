"""Notebooks are saved with their outputs, and clean. (nbmake runs them.)"""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path, kind):
    document = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in document["cells"] if cell["cell_type"] == kind]


def test_the_notebooks_are_there():
    assert {path.stem for path in NOTEBOOKS} >= {
        "algorithm-1",
        "audit",
        "augmentation",
        "certificates",
        "conditions",
        "general-game",
        "infinite-horizon",
        "lemma-III-2",
        "prove-your-own",
        "theorem-III-1",
        "uniqueness",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_was_run_in_order_and_none_failed(path):
    code = cells(path, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        kinds = [output["output_type"] for output in cell["outputs"]]
        assert "error" not in kinds
        assert all(output.get("name") != "stderr" for output in cell["outputs"])
        assert "execution" not in cell["metadata"]
    assert any(cell["outputs"] for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_holds_no_path_of_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r'"[^"]*(/(home|root|tmp|Users)/|\.venv)', text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_another_run_saves_the_same(path):
    outputs = json.dumps([cell["outputs"] for cell in cells(path, "code")])
    assert not re.search(r"\bat 0x[0-9a-f]{6,}|\bseconds=", outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_any_python_runs_it(path):
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["language_info"] == {"name": "python"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_speaks_before_it_computes(path):
    first = cells(path, "markdown")[0]["source"]
    assert "".join(first).startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_says_in_words_what_it_shows(path):
    shown = [
        output["metadata"].get("image/png", {}).get("alt", "")
        for cell in cells(path, "code")
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    assert all(len(says) > 60 and says.endswith(".") for says in shown)
    assert shown or path.stem == "prove-your-own"
