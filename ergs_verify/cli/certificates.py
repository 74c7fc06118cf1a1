"""Certificates of proved identities: written to a folder, and rechecked by a process apart."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen

from ergs_verify import recheck
from ergs_verify.cli import output
from ergs_verify.errors import InputError
from ergs_verify.exact import counted
from ergs_verify.proof import Proof


@frozen
class Rechecked:
    """How many certificates were checked, and the sentences on those that were refused."""

    identities: int
    refused: tuple[str, ...]

    def __str__(self) -> str:
        confirmed = self.identities - len(self.refused)
        proved = counted(self.identities, "proved identity")
        count = f"{confirmed} of {proved}" if self.refused else proved
        lines = [
            f"{count} rechecked from certificates by recheck.py alone, which shares nothing"
            " with the prover.",
            *self.refused,
        ]
        return "\n".join(lines)

    def as_json(self) -> dict:
        return {"identities": self.identities, "refused": list(self.refused)}


def as_texts(proofs: Iterable[Proof]) -> tuple[str, ...]:
    """The certificates of proofs, as JSON."""
    found = (proof.certificate for proof in proofs)
    return tuple(json.dumps(one, ensure_ascii=False) for one in found if one is not None)


def named(parts: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """File names for certificates of claims, each identity once."""
    known: set[str] = set()
    files: dict[str, str] = {}
    for name, texts in parts:
        own = [text for text in texts if text not in known and not known.add(text)]
        stem = re.sub(r"[^\w.-]", "_", name)
        files |= {f"{stem}-{k}.json": text for k, text in enumerate(own, 1)}
    return files


def write(folder: Path, files: dict[str, str]) -> None:
    """Write certificates into a folder, which is made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}", str(folder)) from None


def rechecked(files: dict[str, str]) -> Rechecked:
    """What `ergs_verify/recheck.py`, run by itself, says of certificates."""
    refused: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), files)
        with (
            output.progress("rechecking certificates") as progress,
            # -I -S: neither this package nor any other can be imported.
            subprocess.Popen(
                [sys.executable, "-I", "-S", "-X", "utf8", recheck.__file__, *files],
                cwd=folder,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            ) as process,
        ):
            said = []
            for line in process.stdout or ():
                said.append(line)
                progress(len(said), len(files))
        answered = dict(zip(files, said, strict=False))
        for name in files:
            answer = answered.get(name, "the checking process ended before this certificate")
            if not answer.startswith("confirmed: "):
                refused.append(f"{name}: {answer.strip()}")
    return Rechecked(len(files), tuple(refused))
