"""Certificates of the ledger: written, rechecked apart, and refused where they were changed."""

from __future__ import annotations

import json

import pytest
from sympy import MatrixSymbol, Symbol

from ergs_verify.cli import main
from ergs_verify.cli.certificates import as_texts, named, rechecked
from ergs_verify.ledger import reasoning, statements
from ergs_verify.proof import prove

n = Symbol("n", integer=True, positive=True)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
PROOF = prove((A * B).I, B.I * A.I)


def test_each_identity_of_a_claim_is_written_and_confirmed(tmp_path, capsys):
    for once in (reasoning._decided, reasoning._computed, statements._prove):
        once.cache_clear()
    folder = tmp_path / "new" / "certificates"
    assert main(["paper", "thm-III.1/value", "--certificates", str(folder)]) == 0
    files = sorted(folder.iterdir())
    assert f"{len(files)} certificate" in capsys.readouterr().err
    assert len(files) >= 2
    for path in files:
        assert main(["recheck", str(path)]) == 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path, capsys):
    path = tmp_path / "file"
    path.write_text("")
    assert main(["paper", "eq-4", "--certificates", str(path)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_an_identity_has_one_file():
    (text,) = as_texts([PROOF])
    assert named([("eq-1/a", [text, text]), ("eq-2", [text])]) == {"eq-1_a-1.json": text}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda given: given | {"right": given["left"] - 1}, "not"),
        (lambda given: given | {"format": "another"}, "not an ergs-proof"),
        (lambda given: 7, "not"),
    ],
)
def test_what_was_changed_is_refused_by_name(change, why):
    (text,) = as_texts([PROOF])
    given = json.loads(text)
    found = rechecked({"one.json": text, "two.json": json.dumps(change(given)), "three.json": text})
    assert found.identities == 3
    (sentence,) = found.refused
    assert sentence.startswith("two.json: not confirmed")
    assert why in sentence
    assert "2 of 3 proved identities" in str(found)
    assert str(rechecked({"one.json": text})).startswith("1 proved identity")
