"""Lemmas from certificates, and Coq's kernel asked to accept them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from coq.matrices import Lemma
from coq.scalars import ScalarLemma
from ergs_verify.errors import UnsupportedError

LIBRARY = Path(__file__).with_name("identities.v")
IMPORTS = """From mathcomp Require Import all_ssreflect all_algebra ring.
Require Import identities.
Set Implicit Arguments.
Unset Strict Implicit.
Import GRing.Theory.
Local Open Scope ring_scope.

"""
SECONDS = 900.0


def lemma(name: str, given: Mapping[str, Any]) -> str:
    """The lemma, with its proof, that a certificate's two sides are equal.

    Raises
    ------
    UnsupportedError
        Where the rules do not show it.
    """
    kind = Lemma if given["size"] else ScalarLemma
    try:
        return kind(given, shared=True).text(name)
    except UnsupportedError:
        return kind(given, shared=False).text(name)


def accepted(text: str, seconds: float = SECONDS) -> bool:
    """Whether Coq's kernel accepts a lemma.

    Raises
    ------
    UnsupportedError
        Where Coq, or MathComp with its `ring` and `field`, is not installed.
    """
    if not installed():
        raise UnsupportedError("Coq with MathComp's algebra and its ring tactic is not installed")
    return _compiles(IMPORTS + text, seconds)


@cache
def installed() -> bool:
    """Whether Coq is there, and what `identities.v` needs."""
    return shutil.which("coqc") is not None and _library() is not None


@cache
def _library() -> tempfile.TemporaryDirectory | None:
    """A folder with `identities.v` compiled; None where that fails."""
    folder = tempfile.TemporaryDirectory()
    shutil.copy(LIBRARY, folder.name)
    return folder if _coqc(folder.name, 120.0, "identities.v") else None


def _compiles(text: str, seconds: float) -> bool:
    library = _library()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "identity.v").write_text(text, encoding="utf-8")
        return library is not None and _coqc(folder, seconds, "-Q", library.name, "", "identity.v")


def _coqc(folder: str, seconds: float, *arguments: str) -> bool:
    command = ["coqc", "-q", "-w", "none", *arguments]
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0
