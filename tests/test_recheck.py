"""`recheck` confirms what was proved, and nothing else."""

from __future__ import annotations

import ast
import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sympy import Determinant, Identity, MatrixSymbol, Symbol, Trace, log, symbols
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
i, j = agent_index("i"), agent_index("j")
Bj, Kj = AgentMatrix("B", j, n, control_size(j)), AgentMatrix("K", j, control_size(j), n)
Bi, Ki = AgentMatrix("B", i, n, control_size(i)), AgentMatrix("K", i, control_size(i), n)
TOTAL = agent_sum(Bj * Kj, j)
In, Im = Identity(n), Identity(m)
STILL_TRUE = {
    "projection": {("expressions", 0, 0, 1), ("right",)},
    "agents": {("expressions", 0, 0, 1), ("expressions", 0, 0, 2)},
}
"""Changes to another identity: B (CB)⁻¹ C is a projection too, and a side equals itself; and
(A + T)⁻¹T = I − (A + T)⁻¹A for any T, Σ_j B_i K_j and Σ_j B_j K_i too."""
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
    "an agent left out": (
        A + agent_sum(Bj * Kj, j, i),
        A + TOTAL - Bi * Ki,
    ),
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


def numbers_in(given, path=()):
    """The places of all numbers as text, but in the spaces' keys and the statement's names."""
    if isinstance(given, dict | list):
        items = given.items() if isinstance(given, dict) else enumerate(given)
        for key, value in items:
            yield from numbers_in(value, (*path, key))
    elif isinstance(given, str) and re.fullmatch(r"-?\d+(/\d+)?", given) and path[0] != "split":
        yield path


def put(given: dict, path: tuple, value) -> dict:
    """A copy with one place changed."""
    changed = copy.deepcopy(given)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def changes(given: dict):
    """What was changed, and the certificate, of something else or with something missing."""
    for path in numbers_in(given):
        scaled = path[0] == "spaces" and len(given["spaces"][path[1]][path[2]][path[3]]) == 1
        if path[0] in ("spaces", "expressions") and not scaled:
            yield path, put(given, path, "7/3")
    for k, space in enumerate(given["spaces"]):
        for side in ("V", "U"):
            for column in range(len(space[side])):
                path = ("spaces", k, side)
                yield path, put(given, path, space[side][:column] + space[side][column + 1 :])
    for k, terms in enumerate(given["expressions"]):
        for i, (c, *word) in enumerate(terms):
            for f, (kind, *args) in enumerate(word):
                path = ("expressions", k, i, f + 1)
                other = {"inverse": ["transpose", *args], "transpose": ["group", *args]}
                if kind in other:
                    yield path, put(given, path, other[kind])
                yield path, put(given, path[:-1], [c, *word[:f], *word[f + 1 :]])
                if kind == "letter":
                    yield path, put(given, path, [kind, args[0], args[1], "wrong", args[3]])
                    yield path, put(given, path, [kind, args[0], "another", *args[2:]])
    yield ("right",), put(given, ("right",), given["right"] - 1)
    if given["size"]:
        yield ("size",), put(given, ("size",), "wrong")
    else:
        path = ("expressions", given["left"])
        terms = given["expressions"][given["left"]]
        for k, (_, measure) in enumerate(terms):
            yield path, put(given, path, terms[:k] + terms[k + 1 :])
            yield path, put(given, (*path, k, 1, len(measure) - 2), "wrong")
    for size, parts in given["split"].items():
        yield ("split", size), put(given, ("split",), {})
        yield ("split", size), put(given, ("split", size), [parts[0], parts[0]])


@pytest.mark.parametrize("name", PROVED)
def test_what_was_changed_is_refused(name):
    """Each number, letter, agent, column, size and split matters: the spaces are the smallest."""
    given = certificate(name)
    planted = 0
    for path, changed in changes(given):
        planted += 1
        try:
            proved = recheck(changed)
        except ValueError:
            continue
        assert proved != recheck(given), path
        assert path in STILL_TRUE.get(name, ()), (path, proved)
    assert planted >= 25


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
        {"format": "ergs-proof/1"},
        {"format": "ergs-proof/4"},
        {
            "format": "ergs-proof/4",
            "expressions": [[["1", ["transpose", 0]]]],
            "symmetric": [],
            "left": 0,
            "right": 0,
            "size": "n",
            "split": {},
            "point": {},
            "spaces": [{"V": [], "U": []}],
        },
    ],
)
def test_what_is_no_proof_is_refused_with_a_sentence(given):
    with pytest.raises(ValueError, match="proof"):
        recheck(given)


def test_a_scalar_off_by_a_constant_is_refused():
    given = certificate("trace with a size")
    given["expressions"][given["right"]][0][0] = "2"
    with pytest.raises(ValueError, match="not 0"):
        recheck(given)


def test_needs_nothing_but_the_standard_library(tmp_path):
    source = Path(ergs_verify.recheck.__file__)
    text = source.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    imported = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported == {"json", "sys", "collections", "fractions", "math"}
    assert len(text.splitlines()) <= 300
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


def test_an_inverse_that_does_not_exist_at_the_point_is_refused():
    Wj = AgentMatrix("W", j, control_size(j), control_size(j))
    proof = prove(agent_sum(Kj.T * Wj.I * Kj, j), agent_sum(Kj.T * Wj.T.I * Kj, j).T)
    given = json.loads(json.dumps(proof.certificate))
    assert recheck(given)
    with pytest.raises(ValueError, match="does not exist at the point"):
        recheck(given | {"point": given["point"] | {"W^": ["0"]}})


def test_letters_are_put_to_0_where_they_are_and_when_the_derivative_is_shown():
    given = json.loads(json.dumps(prove(Trace(A.I * P * A), Trace(P)).certificate))
    assert recheck(given)
    assert given["zero"] == ["P"]
    assert len(given["spaces"]) == 1
    with pytest.raises(ValueError, match="A is not 0"):
        recheck(given | {"zero": ["P", "A"]})
    for less, why in (({"zero": []}, "span"), ({"spaces": []}, "shorter"), ({"zero": ["A"]}, ".")):
        with pytest.raises(ValueError, match=why):
            recheck(given | less)


def test_a_sum_of_what_has_sizes_of_its_own_is_refused():
    """Σ_j K_j B_j adds matrices of different sizes."""
    letters = [["letter", "K^", "~1", "p(~1)", "n"], ["letter", "B^", "~1", "n", "p(~1)"]]
    given = certificate("agents") | {
        "expressions": [[["1", *letters]], [["1", ["sum", "~1", 0]]]],
        "left": 1,
        "right": 1,
        "point": {"K^": [], "B^": []},
    }
    for size, why in (("p(~1)", "another size"), ("p(·)", "reserved")):
        with pytest.raises(ValueError, match=why):
            recheck(given | {"size": size})
    single = [[["1", letters[0]]], [["1", ["sum", "~1", 0]]]]
    with pytest.raises(ValueError, match="differ in size"):
        recheck(given | {"expressions": single, "size": "n"})


def test_the_name_of_any_agent_is_reserved():
    given = certificate("agents' trace")
    text = json.dumps(given, ensure_ascii=False).replace("~1", "·0")
    with pytest.raises(ValueError, match="reserved"):
        recheck(json.loads(text))


INSIDE = [[["1", ["letter", "B^", "~1", "n", "n"]]]]


@pytest.mark.parametrize(
    ("name", "factor", "why"),
    [
        # What is printed would not be what is checked.
        ("agents", ["sum", "", 0], "cannot be made from"),
        ("agents", ["transpose", "~1", 0], "is not a known part"),
        ("agents", ["group", "~1", 0], "is not a known part"),
        ("agents", ["any", "~1", 0], "is not a known part"),
        ("agents", ["inverze", 0], "is not a known part"),
        ("agents", ["letter", "B", "n", "n"], "is not a known part"),
        ("agents", ["trace", "n", 0], "trace occurs in"),
        ("agents' trace", ["trace", "~1", "~1", "n", 0], "cannot be made from"),
        ("agents' trace", ["trace", "", "n", 0], "cannot be made from"),
        ("agents' trace", ["det", "n", 0], "is not a known part"),
        ("agents' trace", ["transpose", 0], "unpack"),
    ],
)
def test_a_factor_that_is_none_is_refused(name, factor, why):
    given = certificate(name)
    given |= {"expressions": [*INSIDE, [["1", factor]]], "left": 1, "right": 1}
    with pytest.raises(ValueError, match=why):
        recheck(given | {"point": {"B^": ["0"]}})


def test_a_sum_within_one_over_the_same_agents_is_refused():
    sums = [*INSIDE, [["1", ["sum", "~1", 0]]], [["1", ["trace", "~1", "n", 1]]]]
    given = certificate("agents' trace") | {"expressions": sums, "left": 2, "right": 2}
    with pytest.raises(ValueError, match="same agents"):
        recheck(given | {"point": {"B^": ["0"]}})


def test_the_inner_of_two_sums_over_one_name_binds():
    """Σ_j (Σ_j B_j) B_j is (Σ_j B_j)(Σ_j B_j), not Σ_j B_j B_j."""
    inner = ["sum", "~1", 0]
    (_, letter) = INSIDE[0][0]
    given = certificate("agents") | {"point": {"B^": ["0"]}, "size": "n"}
    given["expressions"] = [
        *INSIDE,
        [["1", inner, letter]],
        [["1", letter, letter]],
        [["1", ["sum", "~1", 1]]],
        [["1", ["sum", "~1", 2]]],
    ]
    spaces = [{"V": [{"1": "1"}], "U": [{"0": "1"}]}]
    with pytest.raises(ValueError, match=r"is not 0|span|sizes"):
        recheck(given | {"left": 3, "right": 4, "spaces": spaces})


def test_sums_over_two_agents_are_confirmed():
    """What does not depend on an agent is found outside its sum, in transposes too."""
    x = MatrixSymbol("x", n, 1)
    twice = Trace((Ki * x).T * Bi.T * P * Bj * (Kj * x))
    proof = prove(agent_sum(agent_sum(twice, j), i), Trace((TOTAL * x).T * P * TOTAL * x))
    assert recheck(json.loads(json.dumps(proof.certificate)))


def test_a_logarithm_divided_by_a_scalar_is_confirmed():
    left = log(Determinant(A * P)) / (1 - tau) - log(Determinant(P)) / (1 - tau)
    proof = prove(left, log(Determinant(A)) / (1 - tau))
    assert recheck(json.loads(json.dumps(proof.certificate)))


def test_opposite_signs_are_not_equal():
    """det(A − I) and det(I − A), whose logarithms have the same derivatives."""
    proof = prove(Determinant((A - In) * (A - In)), Determinant(A - In) ** 2)
    given = json.loads(json.dumps(proof.certificate))
    assert recheck(given)
    terms = [[["-1"], ["1", ["letter", "A", None, "n", "n"]]]]
    terms += [[["1"], ["-1", ["letter", "A", None, "n", "n"]]]]
    sides = [[["1", ["log det", "n", k]]] for k in range(2)]
    given |= {"expressions": [*terms, *sides], "left": 2, "right": 3}
    with pytest.raises(ValueError, match="logarithms at the point"):
        recheck(given)


def test_a_size_that_is_a_difference_is_counted():
    rows, cols = symbols("n m", integer=True, positive=True)
    assert recheck(prove(Trace(Identity(rows - cols)), rows - cols).certificate)
    assert recheck(prove(Trace(Identity(rows - 2 * cols)) + 2 * cols, rows).certificate)
