"""A tenth of ``make attack``; and faults planted in what it judges, each of which is found."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
import warnings
from decimal import Decimal
from fractions import Fraction
from random import Random

import attrs
import containment
import flint
import fuzz
import hostile_solvers
import pytest
from attack_work import FILES, KINDS, SEEDS
from containment import Tally, attacked, too_open
from families import FAMILIES

from ergs_verify import gallery
from ergs_verify.certify import Enclosure
from ergs_verify.errors import NotCertifiedError

#: Solvers that the tests take, besides those planted below.
_SOLVERS = Random(0).sample(sorted(hostile_solvers.SOLVERS), len(hostile_solvers.SOLVERS) // 10)


# -- a tenth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_all_that_is_said_of_hostile_games_holds(name):
    tally = Tally()
    for seed in range(SEEDS // 10):
        tally.add(attacked(name, seed))
    assert not tally.faults
    assert not too_open(tally, FAMILIES[name].open_share)
    assert tally.by_outcome()["contained"] >= 30 * tally.games > 0 or "singular" in name
    assert tally.by_outcome("definiteness in balls")["contained"] > 0


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return fuzz.Files(tmp_path_factory.mktemp("files"))


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_are_refused_in_a_sentence_or_answered(files, kind):
    what, _, how = kind.rpartition(", ")
    outcomes = [fuzz.attacked(files, what, how, seed) for seed in range(FILES // 10)]
    assert [fault for _, fault in outcomes if fault] == []
    assert "refused" in {outcome for outcome, _ in outcomes}


def test_the_files_are_valid_before_they_are_mutated(files, tmp_path):
    for what, path in files.valid.items():
        (tmp_path / path.name).write_bytes(path.read_bytes())
        command = files.command(what, tmp_path / path.name, Random(0))
        assert fuzz.judged(command) == ("answered", "")
        (tmp_path / path.name).unlink()


def test_a_small_file_that_expands_is_refused(tmp_path):
    assert fuzz.exploded("nested arrays.json", tmp_path) == ("refused", "")


@pytest.fixture
def solvers(tmp_path):
    hostile_solvers.write_solvers(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", _SOLVERS)
def test_a_solver_that_does_harm_is_reported(solvers, name):
    assert hostile_solvers.attacked(name, solvers) == ""


def test_a_solver_removes_nothing_outside_its_scratch_folder(solvers, monkeypatch):
    scratch, beside = solvers / "scratch", solvers / "beside"
    scratch.mkdir()
    beside.mkdir()
    (scratch / "link").symlink_to(beside)
    monkeypatch.setenv("ERGS_ATTACK_SCRATCH", os.path.realpath(scratch))
    remove = runpy.run_path(str(solvers / "hostile.py"))["remove"]
    for path in (beside, solvers, scratch / "link", scratch / ".." / "beside"):
        with pytest.raises(PermissionError):
            remove(path)
    assert beside.is_dir()
    remove(scratch)
    assert not scratch.exists()


# -- planted faults --------------------------------------------------------------------------------


def judged(name="small integers", games=6):
    tally = Tally()
    for seed in range(games):
        tally.add(attacked(name, seed))
    return tally


@pytest.fixture(scope="module")
def untouched():
    return judged()


def plant(monkeypatch, function, change):
    """What a function of the package gives is changed before it is judged."""
    true = getattr(containment, function)
    monkeypatch.setattr(containment, function, lambda *a, **k: change(true(*a, **k)))


def on(path, change):
    """A change of one part of a record: attributes, and places in tuples, with dots between."""

    def changed(x, keys):
        if not keys:
            return change(x)
        key, *rest = keys
        if key.isdigit():
            return (*x[: int(key)], changed(x[int(key)], rest), *x[int(key) + 1 :])
        return attrs.evolve(x, **{key: changed(getattr(x, key), rest)})

    return lambda x: changed(x, path.split("."))


def moved(X):
    """The first ball of a matrix just past its other end, by a unit of the 250th place."""
    rows = X.tolist()
    with flint.ctx.workprec(4000):
        unit = flint.arb(2) ** -250
        rows[0][0] += 2 * rows[0][0].rad() + abs(rows[0][0].mid()) * unit + unit
        return flint.arb_mat(rows)


def beside(one):
    """Above an enclosure, by the smallest part of it."""
    width = one.hi - one.lo + abs(one.hi) / 10**60 + Fraction(1, 10**55)
    return Enclosure(one.lo + width, one.hi + width)


OPPOSITES = [("proved", "refuted"), ("converges", "diverges"), ("pass", "fail")]
NOT = dict(OPPOSITES) | {no: yes for yes, no in OPPOSITES}


def nudged(solution):
    """One number is off by two of its last digits, or by four units in the last place."""
    P = [[X.copy() for X in agent] for agent in solution.P]
    x = P[0][0][0, 0]
    if solution.digits:
        largest = max(1, *map(abs, P[0][0].flat))
        P[0][0][0, 0] = x + 2 * largest * Decimal(10) ** -solution.digits
    else:
        P[0][0][0, 0] = x * (1 + 2.0**-50)
    return attrs.evolve(solution, P=tuple(map(tuple, P)))


PLANTED = [
    *(("equilibrium_in_balls", on(f"{k}.0.0", moved), f"{k} at few bits") for k in ("K", "P")),
    *(("certified_nash", on(f"found.{k}.0.0", moved), k) for k in ("K", "Sigma", "P")),
    ("check", on("stages.0.det_phi", beside), "det Φ"),
    ("check", on("stages.0.spectral_radius", beside), "ρ(J)"),
    ("check", on("stages.0.inner_loop", NOT.get), "inner loop"),
    ("check", on("stages.0.contraction_constant", beside), "Lemma IV.1's constant"),
    ("check", on("nash.unique", NOT.get), "uniqueness"),
    ("check", on("nash.exists", NOT.get), "existence"),
    ("check", on("nash.unique", lambda _: "undecided"), "check as solve"),
    ("check", on("assumption_III_3.verdict", NOT.get), "Assumption III.3"),
    ("certify_gap", on("agents.0.gap", beside), "gap of a policy"),
    ("gap", on("rows.0.agents.0.epsilon", beside), "gap at τ + δ"),
    ("audit", on("verdict", NOT.get), "ε-Nash equilibrium"),
    ("audit", on("verdict", NOT.get), "its own solution audited"),
    ("is_positive", lambda x: not x, "definiteness, exactly"),
    ("solve", nudged, "solve, digits"),
    ("solve", nudged, "solve, float64"),
]


@pytest.mark.parametrize(("function", "change", "question"), PLANTED)
def test_a_planted_fault_is_wrong(untouched, monkeypatch, function, change, question):
    asked = question != "check as solve"  # only where check is undecided
    assert set(untouched.by_outcome(question)) - {"loose"} == ({"contained"} if asked else set())
    plant(monkeypatch, function, change)
    assert judged().by_outcome(question)["wrong"] > 0


def test_definiteness_that_is_never_denied_is_wrong(monkeypatch):
    monkeypatch.setattr(containment, "demand_definite", lambda _X, _balls: None)
    assert judged().by_outcome("definiteness in balls")["wrong"] > 0


def test_an_exception_of_another_kind_is_wrong(monkeypatch):
    plant(monkeypatch, "check", lambda _: 1 / 0)
    tally = judged(games=1)
    assert tally.faults == [
        "small integers, seed 0: checked: raised ZeroDivisionError: division by zero"
    ]


def test_a_question_without_end_is_wrong(monkeypatch):
    monkeypatch.setattr(containment, "_SECONDS", 1)
    plant(monkeypatch, "check", lambda _: time.sleep(60))
    assert "no answer within 1 s" in judged(games=1).faults[0]


def test_enclosures_that_say_nothing_leave_too_much_open(monkeypatch):
    def wide(X):
        nothing = flint.arb(0, 1e300)
        return flint.arb_mat(X.nrows(), X.ncols(), [nothing] * len(X.entries()))

    plant(monkeypatch, "certified_nash", on("found.P.0.0", wide))
    tally = judged()
    assert tally.by_outcome("P")["loose"] > 0
    assert "undecided or loose" in too_open(tally, 0.02)


def test_never_deciding_leaves_too_much_open(monkeypatch):
    def undecided(*_, **__):
        raise NotCertifiedError("no")

    monkeypatch.setattr(containment, "certified_nash", undecided)
    assert "undecided or loose" in too_open(judged(), 0.02)


def test_deciding_a_singular_game_is_wrong(monkeypatch):
    regular = containment.certified_nash(gallery("g-star-2"))
    monkeypatch.setattr(containment, "certified_nash", lambda *_, **__: regular)
    tally = judged("singular, inconsistent", games=1)
    assert tally.by_outcome("singular, decided")["wrong"] == 1


@pytest.mark.parametrize(
    ("status", "said"),
    [(70, ""), (4, "ergs-verify: no"), (2, ""), (2, "ergs-verify: one\ntwo\n"), (2, "no\n"),
     (0, "x.py:3: RuntimeWarning: overflow"), (1, "Traceback (most recent call last):")],
)  # fmt: skip
def test_other_answers_to_a_file_are_wrong(status, said):
    assert fuzz.verdict(status, said)[0] == "wrong"


def _warns(_command):
    warnings.warn("overflow", RuntimeWarning, stacklevel=1)
    return 0


PROGRAMS = {
    "raises": (lambda _: 1 / 0, "raised ZeroDivisionError"),
    "warns": (_warns, "raised RuntimeWarning"),
    "leaves": (lambda _: sys.exit(2), "raised SystemExit"),
    "hangs": (lambda _: time.sleep(60), "no answer within"),
    "fills memory": (lambda _: len(bytes(3 * 2**30)), "raised MemoryError"),
}


@pytest.mark.parametrize(("program", "said"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_that_breaks_is_wrong(monkeypatch, program, said):
    monkeypatch.setattr(fuzz, "_SECONDS", 1)
    monkeypatch.setattr(fuzz, "main", program)
    outcome, fault = fuzz.judged(["check", "game.json"])
    assert outcome == "wrong"
    assert fault.startswith(said)


def test_an_audit_that_breaks_is_wrong(solvers, monkeypatch):
    monkeypatch.setattr(hostile_solvers, "audit_solver", lambda *_: 1 / 0)
    assert "raised ZeroDivisionError" in hostile_solvers.attacked("nothing", solvers)


def test_an_audit_that_leaves_processes_is_wrong(solvers, monkeypatch):
    true, started = hostile_solvers.audit_solver, []

    def leaves(*given):
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return true(*given)

    monkeypatch.setattr(hostile_solvers, "audit_solver", leaves)
    assert hostile_solvers.attacked("nothing", solvers) == "nothing: 1 of its processes were left"
    assert started[0].wait(5) != 0
