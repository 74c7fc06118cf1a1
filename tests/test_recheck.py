"""`recheck` confirms what was proved, and nothing else."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sympy import Determinant, Identity, MatrixSymbol, Symbol, Trace, log
from typer.testing import CliRunner

import ergs_verify.recheck
from ergs_verify.cli.app import app
from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, control_size
from ergs_verify.proof import prove
from ergs_verify.recheck import recheck

n, m = (Symbol(s, integer=True, positive=True) for s in "nm")
tau = Symbol("tau", positive=True)
A, P = MatrixSymbol("A", n, n), MatrixSymbol("P", n, n)
B, C = MatrixSymbol("B", n, m), MatrixSymbol("C", m, n)
j = agent_index("j")
Bj, Kj = AgentMatrix("B", j, n, control_size(j)), AgentMatrix("K", j, control_size(j), n)
TOTAL = agent_sum(Bj * Kj, j)
In, Im = Identity(n), Identity(m)
REFUSED = "."  # any sentence
PROVED = {
    "push-through": ((tau * In + B * C).I * B, B * (tau * Im + C * B).I),
    "projection": ((B * (B.T * B).I * B.T) ** 2, B * (B.T * B).I * B.T),
    "Sylvester": (Determinant(In + B * C), Determinant(Im + C * B)),
    "log det": (
        log(Determinant(tau * In + B * B.T)),
        (n - m) * log(tau) + log(Determinant(tau * Im + B.T * B)),
    ),
    "trace with a size": (Trace(B * (B.T * B).I * B.T), m),
    "agents": ((A + TOTAL).I * TOTAL, In - (A + TOTAL).I * A),
    "agents' trace": (agent_sum(Trace(Bj * Kj), j), Trace(TOTAL)),
}
FALSE = {
    "push-through": ((tau * In + B * C).I * B, B * (tau * Im + B.T * B).I),
    "trace": (Trace(A * P), Trace(A * P.T)),
    "agents": ((A + TOTAL).I * TOTAL, In - (A + TOTAL).I * P),
}


def certificate(name: str) -> dict:
    proof = prove(*PROVED[name])
    assert proof, str(proof)
    return json.loads(json.dumps(proof.certificate))


@pytest.mark.parametrize("name", PROVED)
def test_confirms(name):
    assert " = " in recheck(certificate(name))


@pytest.mark.parametrize("name", PROVED)
def test_any_change_to_the_spaces_is_refused(name):
    """Every entry, pivot and size matters, as the spaces are the smallest ones."""
    given = certificate(name)
    for number, space in enumerate(given["spaces"]):
        for key in ("V", "U"):
            for column in range(len(space[key])):
                changed = copy.deepcopy(given)
                del changed["spaces"][number][key][column]
                with pytest.raises(ValueError, match=REFUSED):
                    recheck(changed)
                changed = copy.deepcopy(given)
                entries = changed["spaces"][number][key][column][2]
                entries[next(iter(entries))] = "7"
                with pytest.raises(ValueError, match=REFUSED):
                    recheck(changed)


@pytest.mark.parametrize("name", PROVED)
def test_another_statement_is_refused(name):
    given = certificate(name)
    for number, node in enumerate(given["nodes"]):
        kind, *args = node
        other = {
            "transpose": ["scale", len(given["scalars"]), args[0]],
            "inverse": ["transpose", args[0]],
            "scale": ["transpose", args[-1]],
            "identity": ["zero", args[0], args[0]],
        }.get(kind)
        if other is None:
            continue
        changed = copy.deepcopy(given)
        changed["nodes"][number] = other
        changed["scalars"].append("3")
        with pytest.raises(ValueError, match=REFUSED):
            recheck(changed)


def test_the_whole_space_proves_nothing_false():
    """V and U as large as can be: cV = 0 fails. Of mixed sizes: refused."""
    given = certificate("push-through")
    wrong = prove(*FALSE["push-through"])
    assert wrong.verdict == "refuted"
    given["right"] = given["left"]
    given["left"] = 0
    with pytest.raises(ValueError, match=REFUSED):
        recheck(given)


@pytest.mark.parametrize("name", FALSE)
def test_the_false_has_no_certificate(name):
    proof = prove(*FALSE[name])
    assert proof.verdict == "refuted"
    assert proof.certificate is None
    assert proof.counterexample.replay()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"format": "ergs-proof/2"},
        {"format": "ergs-proof/1"},
        {
            "format": "ergs-proof/1",
            "nodes": [["transpose", 0]],
            "symmetric": [],
            "base": {},
            "scalars": [],
            "left": 0,
            "right": 0,
            "signs": False,
            "split": {},
            "spaces": [{}],
        },
    ],
)
def test_what_is_no_proof_is_refused_with_a_sentence(given):
    with pytest.raises(ValueError, match="proof"):
        recheck(given)


def test_a_scalar_off_by_a_constant_is_refused():
    given = certificate("trace with a size")
    given["right"][0][0] = "2"
    with pytest.raises(ValueError, match="not 0"):
        recheck(given)


def test_needs_nothing_but_the_standard_library(tmp_path):
    source = Path(ergs_verify.recheck.__file__)
    tree = ast.walk(ast.parse(source.read_text(encoding="utf-8")))
    imported = {a.name for node in tree if isinstance(node, ast.Import) for a in node.names}
    assert imported == {"json", "sys"}
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(certificate("agents")), encoding="utf-8")
    alone = tmp_path / "recheck.py"
    alone.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-I", "-S", alone, path], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0
    assert ran.stdout.startswith("confirmed: ")


def test_command(tmp_path):
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(certificate("push-through")), encoding="utf-8")
    run = CliRunner().invoke(app, ["recheck", str(path)], standalone_mode=False)
    assert run.return_value == 0
    assert run.stdout.startswith("confirmed: ")
    wrong = certificate("push-through")
    wrong["right"] = wrong["left"] - 1
    path.write_text(json.dumps(wrong), encoding="utf-8")
    run = CliRunner().invoke(app, ["recheck", str(path), "--json"], standalone_mode=False)
    assert run.return_value == 1
    assert json.loads(run.stdout)["confirmed"] is False


LEDGER = """
from ergs_verify.ledger import statements
from ergs_verify.ledger.verify import claims
from ergs_verify.recheck import recheck

prove, proofs = statements.prove, []
statements.prove = lambda *given, **more: proofs.append(prove(*given, **more)) or proofs[-1]
for claim in list(claims().values())[::8]:
    claim.form().decide()
print(len([recheck(proof.certificate) for proof in proofs if proof]))
"""


def test_identities_of_the_ledger():
    """A few of the paper's, in a process that has decided nothing; all take half a minute."""
    run = subprocess.run([sys.executable, "-c", LEDGER], capture_output=True, text=True)
    assert not run.returncode, run.stderr
    assert int(run.stdout) >= 8


def test_a_sum_whose_terms_are_singular_where_they_start_is_refused():
    """G⁻¹ stands for what the letters of an agent start from: it must exist."""
    Wj = AgentMatrix("W", j, control_size(j), control_size(j))
    proof = prove(agent_sum(Kj.T * Wj.I * Kj, j), agent_sum(Kj.T * Wj.T.I * Kj, j).T)
    given = json.loads(json.dumps(proof.certificate))
    assert recheck(given)
    for base in ({}, {"W^": "0"}):
        changed = given | {"base": base, "point": given["point"] | {"W^": [["0"]]}}
        with pytest.raises(ValueError, match="division by zero"):
            recheck(changed)
    with pytest.raises(ValueError, match="not at the point"):
        recheck(given | {"base": {"W^": "2/7"}})


def test_the_name_of_any_agent_is_reserved():
    given = certificate("agents' trace")
    text = json.dumps(given).replace("~1", "~")
    with pytest.raises(ValueError, match="reserved"):
        recheck(json.loads(text))
