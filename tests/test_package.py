"""The package as a whole: what importing it costs, its public names, its layers, its files."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import os
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import ergs_verify

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ergs_verify"
PUBLIC = [name for name in ergs_verify.__all__ if not name.startswith("__")]


def run_python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


# --- importing ---------------------------------------------------------------------------------

HEAVY = {"flint", "matplotlib", "mpmath", "pydantic", "scipy", "sympy"}


def heavy_modules_after(statement: str) -> set[str]:
    loaded = run_python(f"{statement}\nimport sys\nprint(*sys.modules)").split()
    return HEAVY & set(loaded)


def test_importing_the_package_loads_no_heavy_library():
    assert heavy_modules_after("import ergs_verify") == set()


def test_the_probe_for_heavy_libraries_sees_them():
    assert "sympy" in heavy_modules_after("import ergs_verify.expressions")


def import_seconds(module: str) -> float:
    """Processor time of the import statement alone, so that a busy machine does not count."""
    timed = f"start = process_time(); import {module}; print(process_time() - start)"
    return float(run_python(f"from time import process_time; {timed}"))


def test_importing_the_package_costs_little_beside_numpy():
    # 1.5 is the project's budget.
    pairs = [(import_seconds("ergs_verify"), import_seconds("numpy")) for _ in range(5)]
    package, numpy = (statistics.median(column) for column in zip(*pairs, strict=True))
    assert package <= 1.5 * numpy


# --- public names ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_resolves_to_what_its_module_defines(name):
    home = importlib.import_module(ergs_verify._HOMES[name])
    value = getattr(ergs_verify, name)
    assert value is getattr(home, name)
    assert callable(value)
    assert name in dir(ergs_verify)


def test_the_three_lists_of_public_names_agree():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    for_checkers = {
        alias.name: node.module
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert for_checkers == ergs_verify._HOMES
    assert sorted(ergs_verify._HOMES) == PUBLIC


SHADOWED = [name for name in PUBLIC if ergs_verify._HOMES[name] == f"ergs_verify.{name}"]


@pytest.mark.parametrize("name", SHADOWED)
@pytest.mark.parametrize(
    "first",
    [
        "import ergs_verify.{name}",
        "from ergs_verify.{name} import {name}",
        "import ergs_verify; ergs_verify.{name}; import ergs_verify.{name}",
        "from importlib import import_module; import_module('ergs_verify.{name}')",
    ],
)
def test_a_function_named_as_its_module_is_not_hidden_by_it(name, first):
    code = f"{first.format(name=name)}\nimport ergs_verify\nprint(callable(ergs_verify.{name}))"
    assert run_python(code) == "True"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'galery'"):
        _ = ergs_verify.galery


def test_the_version_is_the_same_everywhere():
    assert importlib.metadata.version("ergs-verify") == ergs_verify.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {ergs_verify.__version__}\n" in citation


def test_every_dependency_has_one_tested_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin) for pin in pins)
    pinned = {normal(pin.split("==")[0]) for pin in pins}
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {normal(re.split(r"[\[<>=!~ ;]", want)[0]) for group in groups for want in group}
    assert wanted <= pinned


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# --- layers ------------------------------------------------------------------------------------

# What each module of the package stands on: that, and what lies below that, it may import.
STANDS_ON: dict[str, set[str]] = {
    "errors": set(),
    "markup": set(),
    "processes": set(),
    "exact": {"errors"},
    "files": {"exact"},
    "game": {"files", "markup"},
    "answer": {"game"},
    "arithmetic": {"exact"},
    "expressions": {"errors"},
    "typeset": {"expressions"},
    "evaluate": {"arithmetic", "expressions"},
    "proof": {"evaluate", "typeset", "markup"},
    "paper": {"proof"},
    "recursion": {"paper", "game"},
    "engine": {"game"},
    "certify": {"recursion", "answer"},
    "solve": {"certify"},
    "study": {"solve", "engine"},
    "ledger": {"solve", "engine"},
    "audit": {"ledger", "study", "processes"},
    "reference": {"solve"},
    "survey": {"audit"},
    "report": {"reference", "survey"},
    "recheck": set(),
    "recheck_stationary": set(),
    "cli": {"report", "recheck", "recheck_stationary"},
    "__main__": {"cli"},
    "pytest_plugin": {"report"},
    "conformance": {"pytest_plugin"},
}
DERIVED = {"proof", "paper", "evaluate", "recursion"}


def everything_below(module: str) -> set[str]:
    return STANDS_ON[module].union(*map(everything_below, STANDS_ON[module]))


def imported_modules(source: str, module: str, is_package: bool) -> Iterator[str]:
    """Dotted names that a module's source imports, in functions and for type checkers too."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=base, names=names, level=level):
                parts = module.split(".")
                inside = parts[: len(parts) - level + is_package] if level else []
                origin = ".".join([*inside, *([base] if base else [])])
                yield from (f"{origin}.{alias.name}" for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def layer(dotted: str) -> str:
    """Where a name belongs: ``ergs_verify.proof.words`` and ``ergs_verify.prove`` to proof."""
    top, _, rest = dotted.partition(".")
    if top != "ergs_verify" or rest == "__version__":
        return ""
    return ergs_verify._HOMES.get(rest, dotted).removeprefix("ergs_verify.").split(".")[0]


def broken_rules(sources: Iterable[tuple[str, str, bool]]) -> list[str]:
    """What is wrong with (module, source, is a package) triples, one sentence each."""
    found = []
    for module, source, is_package in sources:
        here = layer(module)
        if here not in STANDS_ON:
            found.append(f"{module} has no place among the layers")
            continue
        allowed = everything_below(here) | {here}
        targets = set(map(layer, imported_modules(source, module, is_package))) - {""}
        found += [f"{module} imports {target}" for target in sorted(targets - allowed)]
    return found


def sources_of_package() -> list[tuple[str, str, bool]]:
    triples = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        if module != "ergs_verify":
            triples.append((module, path.read_text(encoding="utf-8"), is_package))
    return triples


def test_the_layers_stand_on_one_another_in_one_order():
    order = list(TopologicalSorter(STANDS_ON).static_order())
    assert set(order) == set(STANDS_ON)


def test_engine_and_derived_side_do_not_see_each_other():
    assert not DERIVED & everything_below("engine")
    sees_engine = {module for module in STANDS_ON if "engine" in everything_below(module)}
    assert sees_engine == {
        "study",
        "ledger",
        "audit",
        "survey",
        "report",
        "cli",
        "__main__",
        "pytest_plugin",
        "conformance",
    }


def test_the_package_keeps_its_layers():
    assert broken_rules(sources_of_package()) == []


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("ergs_verify.engine.nash", "import ergs_verify.recursion", "recursion"),
        ("ergs_verify.engine.nash", "from ergs_verify.paper import formulas", "paper"),
        ("ergs_verify.engine.nash", "from ergs_verify import evaluate", "evaluate"),
        ("ergs_verify.engine.nash", "from ergs_verify import prove", "proof"),
        ("ergs_verify.engine.nash", "from ..paper.formulas import Formulas", "paper"),
        ("ergs_verify.engine.nash", "def f():\n    from .. import recursion", "recursion"),
        ("ergs_verify.engine.nash", "import_module('ergs_verify.proof.words')", "proof"),
        ("ergs_verify.recursion", "from ergs_verify.engine import nash", "engine"),
        ("ergs_verify.recursion", "from .engine import nash", "engine"),
        ("ergs_verify.certify.gap", "import ergs_verify.engine.nash as nash", "engine"),
        ("ergs_verify.report.table", "import ergs_verify", "ergs_verify"),
        ("ergs_verify.errors", "from ergs_verify.game import Game", "game"),
        ("ergs_verify.exact.definite", "from ergs_verify.game import Game", "game"),
        ("ergs_verify.game.gallery", "from ergs_verify import solve", "solve"),
        ("ergs_verify.proof.words", "from ergs_verify.paper.notation import A", "paper"),
    ],
)
def test_an_import_against_the_rules_is_caught(module, line, broken):
    assert broken_rules([(module, line, False)]) == [f"{module} imports {broken}"]


def test_imports_that_keep_the_rules_pass():
    lines = (
        "import numpy\nfrom ergs_verify import __version__, solve\nimport ergs_verify.engine.nash"
    )
    assert broken_rules([("ergs_verify.cli", lines, False)]) == []


def test_relative_imports_of_a_package_count_from_itself():
    assert broken_rules([("ergs_verify.engine", "from .nash import nash", True)]) == []
    assert broken_rules([("ergs_verify.engine", "from ..paper import notation", True)]) == [
        "ergs_verify.engine imports paper"
    ]


def test_a_module_without_a_place_is_caught():
    assert broken_rules([("ergs_verify.misc", "", False)]) == [
        "ergs_verify.misc has no place among the layers"
    ]


# --- files -------------------------------------------------------------------------------------

MADE_HERE = {"__pycache__", "build", "dist"}
PRIVATE_TEXT = {
    "registry address": re.compile(r"https?://[^ \")]*(pypi|pythonhosted|npmjs|registry|/simple)"),
    "home path": re.compile(r"/(root|home/[\w.-]+|Users/[\w.-]+)/|[A-Z]:\\+Users\\"),
}
LOCK_FILE = re.compile(r".*\.lock|.*-lock\.\w+")


def unwanted(root: Path) -> list[str]:
    """Machine paths, registry addresses and lock files below a folder, ignored folders left out."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in MADE_HERE and (f[0] != "." or f == ".ci")]
        for path in (Path(folder, name) for name in files):
            where = path.relative_to(root).as_posix()
            if LOCK_FILE.fullmatch(path.name):
                found.append(f"{where}: lock file")
            text = path.read_bytes().decode("utf-8", errors="ignore")
            found += [
                f"{where}: {what}" for what, seen in PRIVATE_TEXT.items() if seen.search(text)
            ]
            if f"{ROOT}/" in text:
                found.append(f"{where}: path of this checkout")
    return sorted(found)


def test_no_file_tells_of_the_machine_it_was_written_on():
    assert unwanted(ROOT) == []


def test_what_tells_of_a_machine_is_caught(tmp_path):
    planted = {
        "a.cfg": "index = https" + "://example.org/simple/",
        "b.ipynb": '"File \\"' + "/".join(["", "home", "someone", "x.py"]),
        "c.py": f"# {ROOT}/x.py",
        "uv.lock": "",
    }
    for name, text in planted.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pip.conf").write_text(planted["a.cfg"], encoding="utf-8")
    assert unwanted(tmp_path) == [
        "a.cfg: registry address",
        "b.ipynb: home path",
        "c.py: path of this checkout",
        "uv.lock: lock file",
    ]
