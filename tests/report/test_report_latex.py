"""LaTeX of derivations: complete, balanced, every sign declared. The ledger has its own tests."""

import re
import shutil
import subprocess

import pytest

from ergs_verify.ledger import claims
from ergs_verify.paper import gap, lemma_III_2, theorem_III_1
from ergs_verify.report.latex import derivation_document, ledger_document


@pytest.fixture(scope="module")
def document():
    derivations = (
        lemma_III_2.derive(),
        theorem_III_1.derive(),
        theorem_III_1.derive_policy_value(),
        gap.derive_identity(),
        gap.derive_coefficient(),
    )
    return derivation_document(*derivations)


def test_braces_and_environments_are_balanced(document):
    body = document.replace(r"\{", "").replace(r"\}", "").replace(r"\%", "")
    assert body.count("{") == body.count("}")
    opened = re.findall(r"\\begin\{(\w+\*?)\}", body)
    closed = re.findall(r"\\end\{(\w+\*?)\}", body)
    assert sorted(opened) == sorted(closed)
    assert body.count(r"\left") - body.count(r"\leftarrow") - body.count(r"\leftrightarrow") == (
        body.count(r"\right") - body.count(r"\rightarrow")
    )


def test_every_sign_beyond_ascii_is_declared(document):
    head, body = document.split(r"\begin{document}")
    declared = {
        chr(int(code, 16)) for code in re.findall(r"\\DeclareUnicodeCharacter\{(\w+)\}", head)
    }
    assert {c for c in body if ord(c) > 127} <= declared


def test_no_script_is_doubled(document):
    assert not re.search(r"\^\{[^{}]*\}\s*\^", document)


def test_every_claims_own_latex_has_balanced_delimiters():
    for claim in claims().values():
        opened, closed = (
            len(re.findall(rf"\\{side}(?![a-z])", claim.latex)) for side in ("left", "right")
        )
        assert opened == closed, claim.id


def test_it_compiles(document, tmp_path):
    compiler = shutil.which("pdflatex")
    if compiler is None:
        pytest.skip("no pdflatex is installed")
    (tmp_path / "derivations.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(
        [compiler, "-interaction=nonstopmode", "-halt-on-error", "-draftmode", "derivations.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_a_sign_that_no_latex_is_known_for_is_refused():
    document = {"claims": [], "summary": {}, "beyond_the_paper": {}}
    assert "documentclass" in ledger_document(document)
    with pytest.raises(ValueError, match="no LaTeX for ☃"):
        ledger_document({**document, "summary": {"☃": 1}})
