"""LaTeX documents: complete, balanced, every sign declared; compiled where a LaTeX is installed."""

import re
import shutil
import subprocess

import pytest

from ergs_verify.ledger import claims, verify_paper
from ergs_verify.paper import gap, lemma_III_2, theorem_III_1
from ergs_verify.report.latex import derivation_document, ledger_document

# One claim of each kind: formulas, words, several findings, ill-typed, chains, beyond the paper.
CLAIMS = (
    "eq-1",
    "eq-11",
    "thm-III.1/value",
    "thm-III.1/gain-substituted",
    "lemma-III.4/diagonally-dominant",
    "lemma-IV.1/one-agent",
    "thm-IV.3/two-recursions",
    "sharp-gap-bound",
)


@pytest.fixture(scope="module")
def ledger():
    return verify_paper(CLAIMS).as_json()


@pytest.fixture(scope="module")
def documents(ledger):
    derivations = (
        lemma_III_2.derive(),
        theorem_III_1.derive(),
        theorem_III_1.derive_policy_value(),
        gap.derive_identity(),
        gap.derive_coefficient(),
    )
    return {"ledger": ledger_document(ledger), "derivations": derivation_document(*derivations)}


@pytest.mark.parametrize("name", ["ledger", "derivations"])
def test_braces_and_environments_are_balanced(documents, name):
    body = documents[name].replace(r"\{", "").replace(r"\}", "").replace(r"\%", "")
    assert body.count("{") == body.count("}")
    opened = re.findall(r"\\begin\{(\w+\*?)\}", body)
    closed = re.findall(r"\\end\{(\w+\*?)\}", body)
    assert sorted(opened) == sorted(closed)
    assert body.count(r"\left") - body.count(r"\leftarrow") - body.count(r"\leftrightarrow") == (
        body.count(r"\right") - body.count(r"\rightarrow")
    )


@pytest.mark.parametrize("name", ["ledger", "derivations"])
def test_every_sign_beyond_ascii_is_declared(documents, name):
    head, body = documents[name].split(r"\begin{document}")
    declared = {
        chr(int(code, 16)) for code in re.findall(r"\\DeclareUnicodeCharacter\{(\w+)\}", head)
    }
    assert {c for c in body if ord(c) > 127} <= declared


def test_the_ledger_shows_every_claim_and_finding(documents, ledger):
    text = documents["ledger"]
    for entry in ledger["claims"]:
        assert entry["id"].replace("_", r"\_") in text
        assert text.count(r"\textit{") >= len(entry["findings"])
    assert sum(len(e["findings"]) for e in ledger["claims"]) >= 10


def test_no_script_is_doubled(documents):
    for text in documents.values():
        assert not re.search(r"\^\{[^{}]*\}\s*\^", text)


def test_every_claims_own_latex_has_balanced_delimiters():
    for claim in claims().values():
        opened, closed = (
            len(re.findall(rf"\\{side}(?![a-z])", claim.latex)) for side in ("left", "right")
        )
        assert opened == closed, claim.id


def test_it_compiles_where_latex_is_installed(documents, tmp_path):
    compiler = shutil.which("pdflatex")
    for name, text in documents.items():
        (tmp_path / f"{name}.tex").write_text(text, encoding="utf-8")
        if compiler is None:
            # No LaTeX here: the checks above are what can be done without one.
            assert text.endswith("\\end{document}\n")
            continue
        done = subprocess.run(
            [compiler, "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"],
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
