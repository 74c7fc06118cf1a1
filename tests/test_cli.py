"""The command line in this process: every command, every kind of outcome, every exit status."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify.cli import main
from ergs_verify.cli.commands import paper as paper_command
from ergs_verify.cli.commands import solve as solve_command
from ergs_verify.cli.commands.paper import Judgement, status_of
from ergs_verify.errors import DerivationError, NotCertifiedError
from ergs_verify.game import load_game, load_solution
from ergs_verify.game.gallery import gallery, names, published, stationary
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.reasoning import Cited, Theorem
from ergs_verify.ledger.statements import Computed
from ergs_verify.paper import lemma_III_2


@pytest.fixture
def run(capsys):
    """Exit status, standard output and standard error of a command."""

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return command


def test_an_entry_too_large_for_a_float64_names_the_game_and_what_to_do(run, tmp_path):
    game = {
        "format": "ergs-game/1", "horizon": 1, "tau": 1, "A": [["1e200"]], "B": [[[0]]],
        "Q": [[[1]]], "R": [[[1]]], "noise_cov": [[0]],
    }  # fmt: skip
    path = tmp_path / "huge.json"
    path.write_text(json.dumps(game), encoding="utf-8")
    for method in ([], ["--method", "algorithm1", "--iterations", "1"]):
        status, out, err = run("solve", str(path), *method)
        assert (status, out) == (2, "")
        assert f"{path}: P of the solution has an entry of size 1.00000e+400" in err
        assert "--digits 17" in err
    assert run("solve", str(path), "--digits", "17")[0] == 0
    assert run("solve", str(path), "--digits", "0")[2] == (
        "ergs-verify: digits must be a whole number from 1 to 5000\n"
    )


# --- one table of outcomes ---------------------------------------------------------------------

OUTCOMES = [
    (["paper", "eq-11"], 0, "ergs-ledger/1"),
    (["games"], 0, "ergs-games/1"),
    (["solve", "g-star-2"], 0, "ergs-solution/1"),
    (["solve", "g-star-2", "--digits", "40"], 0, "ergs-solution/1"),
    (["solve", "lqr", "--method", "algorithm1", "--iterations", "2"], 0, "ergs-solution/1"),
    (["solve", "random:N=2,m=1,T=2,seed=3"], 0, "ergs-solution/1"),
    (["solve", "g-star-4-no-nash"], 1, "ergs-answer/1"),
    (["solve", "g-star-4-continuum"], 1, "ergs-answer/1"),
    (["solve", "lqrr"], 2, "ergs-error/1"),
    (["solve", "missing.json"], 2, "ergs-error/1"),
    (["solve"], 2, "ergs-error/1"),
    (["solve", "lqr", "lqr"], 2, "ergs-error/1"),
    (["solve", "lqr", "--digits", "many"], 2, "ergs-error/1"),
    (["solve", "lqr", "--digits", "0"], 2, "ergs-error/1"),
    (["solve", "lqr", "--digits", "9" * 5000], 2, "ergs-error/1"),
    (["solve", "lqr", "--method", "magic"], 2, "ergs-error/1"),
    (["solve", "lqr", "--method", "algorithm1"], 2, "ergs-error/1"),
    (["solve", "lqr", "--iterations", "3"], 2, "ergs-error/1"),
    (["solve", "lqr", "--colour"], 2, "ergs-error/1"),
    (["paper", "eq-11", "eq-99"], 2, "ergs-error/1"),
    (["paper", "eq-11", "--markdown"], 2, "ergs-error/1"),
    (["crosscheck"], 2, "ergs-error/1"),
    (["verify", "lqrr"], 2, "ergs-error/1"),
    (["prooof"], 2, "ergs-error/1"),
    ([], 2, "ergs-error/1"),
]


@pytest.mark.parametrize(("arguments", "status", "form"), OUTCOMES, ids=lambda x: str(x)[:60])
def test_json_is_one_object_alone_on_standard_output(run, arguments, status, form):
    got, out, err = run(*arguments, "--json")
    assert got == status
    assert json.loads(out)["format"] == form
    if status == 2:
        said = json.loads(out)
        assert said.keys() == {"format", "message", "where"}
        assert said["message"] in err
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(arguments, status) for arguments, status, _ in OUTCOMES if status and arguments],
    ids=lambda x: str(x)[:60],
)
def test_without_json_bad_input_is_said_on_standard_error_and_answers_on_output(
    run, arguments, status
):
    got, out, err = run(*[a for a in arguments if a != "--markdown"])
    if "--markdown" in arguments:
        return
    assert got == status
    assert (out == "") == (status == 2)
    assert (err == "") == (status == 1)


# --- what the answers say ----------------------------------------------------------------------


def test_a_singular_stage_is_named_with_what_it_means(run):
    _, out, _ = run("solve", "g-star-4-no-nash")
    assert out.startswith("refuted: Φ_t is singular at stage t = 0")
    assert "there is no Nash equilibrium" in out
    _, out, _ = run("solve", "g-star-4-no-nash", "--json")
    answer = json.loads(out)
    assert (answer["verdict"], answer["t"], answer["consistent"]) == ("refuted", 0, False)
    _, out, _ = run("solve", "g-star-4-continuum", "--json")
    assert json.loads(out)["consistent"] is True


def test_what_a_precision_cannot_settle_is_undecided(run, monkeypatch):
    def gives_up(*_args, **_options):
        raise NotCertifiedError("no two precisions agree")

    monkeypatch.setattr(solve_command, "solve_game", gives_up)
    assert run("solve", "lqr") == (3, "undecided: no two precisions agree\n", "")
    status, out, _ = run("solve", "lqr", "--json")
    assert (status, json.loads(out)["verdict"]) == (3, "undecided")


def test_a_derivation_that_fails_refutes(run, monkeypatch):
    def fails():
        raise DerivationError("step “normalise”: the integral differs")

    monkeypatch.setattr(lemma_III_2, "derive", fails)
    status, out, _ = run("derive", "lemma-III.2")
    assert (status, out) == (1, "refuted: step “normalise”: the integral differs\n")


def test_an_unknown_name_gets_the_nearest_known_one(run):
    assert '"time-varying"' in run("solve", "time-variyng")[2]
    assert "the nearest" not in run("solve", "xyz")[2]
    assert "did you mean eq-9?" in run("paper", "eq-99")[2]
    assert "'solve'" in run("slove")[2]


def test_a_broken_file_is_named_with_the_place_in_it(run, tmp_path):
    path = tmp_path / "game.json"
    gallery("lqr").save(path)
    path.write_text(path.read_text(encoding="utf-8").replace('"R": [[[', '"R": [[["x", '))
    status, _, err = run("solve", str(path))
    assert status == 2
    assert err.startswith(f'ergs-verify: {path}: R[0][0][0] (agent 1) is "x"')
    path.write_text('{"format": "ergs-game/1", "tau": 1,', encoding="utf-8")
    status, out, _ = run("solve", str(path), "--json")
    assert (status, json.loads(out)["where"]) == (2, f"{path}: line 1 column 36")


def test_a_usage_error_names_the_option_and_the_help(run):
    _, out, err = run("solve", "lqr", "--digits", "many", "--json")
    assert json.loads(out)["where"] == "--digits"
    assert "See ergs-verify solve --help." in err


# --- solving and files -------------------------------------------------------------------------


def test_a_solution_is_summarised_and_written(run, tmp_path):
    path = tmp_path / "solution.json"
    status, out, err = run("solve", "g-star-2", "--digits", "25", "-o", str(path))
    assert status == 0
    assert "-1.85714285714285714285714 1.14" in out
    assert '"certified": true' in out
    assert str(path) in err
    about = load_solution(path).about
    assert (about["certified"], about["digits"]) == (True, 25)


def test_the_json_of_a_solution_is_the_file(run, tmp_path):
    path = tmp_path / "solution.json"
    _, out, _ = run("solve", "g-star-2", "-o", str(path), "--json")
    assert out == path.read_text(encoding="utf-8")


def test_a_summary_says_how_much_it_leaves_out(run):
    _, out, _ = run("solve", "random:N=6,m=6,p=5,T=3")
    assert "… and 1 more stage and 2 more agents." in out
    assert "… ]" in out


@pytest.mark.parametrize("name", names())
def test_a_game_on_standard_output_is_its_file(run, tmp_path, name):
    status, out, _ = run("game", name)
    assert status == 0
    path = tmp_path / "game.json"
    path.write_text(out, encoding="utf-8")
    assert load_game(path).hash == gallery(name).hash


def test_a_game_file_replaces_the_one_before(run, tmp_path):
    path = tmp_path / "game.npz"
    path.write_bytes(b"something else")
    assert run("game", "g-star-2", "-o", str(path))[0] == 0
    assert load_game(path).hash == gallery("g-star-2").hash
    assert [p.name for p in tmp_path.iterdir()] == ["game.npz"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing/x.json", "there is no folder"),
        ("x.txt", "must end in .json, .npz or .mat"),
        ("x.toml", "must end in .json, .npz or .mat"),
        ("folder.json", "is not a regular file"),
    ],
)
@pytest.mark.parametrize("command", ["game", "solve"])
def test_where_nothing_can_be_written_one_sentence_says_so(run, tmp_path, command, name, why):
    (tmp_path / "folder.json").mkdir()
    status, out, err = run(command, "g-star-2", "-o", str(tmp_path / name))
    assert (status, out) == (2, "")
    assert why in err
    assert err.count("\n") == 1


def test_a_name_of_the_gallery_goes_before_a_file_of_that_name(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lqr").write_text("no game", encoding="utf-8")
    assert run("solve", "lqr")[0] == 0
    assert "./lqr" in run("solve", "./lqr")[2].replace("ergs-verify: lqr", "ergs-verify: ./lqr")


def test_the_gallery_is_listed_whole(run):
    _, out, _ = run("games")
    flat = " ".join(out.split())
    for name, shows in names().items():
        assert f"{name} {' '.join(shows.split())}" in flat
    for name, entry in published().items():
        assert f"{name} Published: {entry.shows} {entry.source}" in flat
    for name, entry in stationary().items():
        assert f"{name} Infinite horizon: {entry.shows}" in flat
    assert "random:N=3" in flat
    found = json.loads(run("games", "--json")[1])["games"]
    assert [one["name"] for one in found] == [*names(), *published(), *stationary()]


# --- the ledger --------------------------------------------------------------------------------


def test_one_claim_is_shown_whole(run):
    status, out, _ = run("paper", "eq-11")
    assert status == 0
    flat = " ".join(out.split())
    for part in (
        "eq-11 Completing the square",
        "bᵀ (I + 2M/τ)⁻¹ b",
        "-(1/2) uᵀ u - (1/τ) uᵀ M u - (1/τ) bᵀ u =",
        "As printed: refuted",
        "As corrected: proved",
        "Finding 2",
        "right side = ",
        "modulo 2⁶¹ − 1",
    ):
        assert part in flat


def planted(**verdicts: str) -> dict[str, Claim]:
    """A ledger of words alone, each with the verdict given."""

    def claim(name: str, verdict: str) -> Claim:
        statement = Computed(name, lambda: Decision(verdict=verdict))
        return Claim(id=name, title=f"Title of {name}", where="Section II", statement=statement)

    return {name: claim(name, verdict) for name, verdict in verdicts.items()}


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ({"a": "proved", "b": "definition"}, 0),
        ({"a": "proved", "b": "refuted"}, 1),
        ({"a": "ill-typed"}, 1),
        ({"a": "undecided", "b": "proved"}, 3),
        ({"a": "refuted", "b": "undecided"}, 3),
    ],
)
def test_the_status_of_a_ledger_follows_from_its_verdicts(run, monkeypatch, verdicts, status):
    from ergs_verify.ledger import verify

    records = planted(**verdicts)
    monkeypatch.setattr(verify, "claims", lambda: records)
    monkeypatch.setattr(paper_command, "claims", lambda: records)
    for extra in ([], ["--json"], ["--markdown"]):
        got, out, _ = run("paper", *extra)
        assert got == status
    assert all(f"Title of {name}" in run("paper")[1] for name in verdicts)
    assert out.count("Title of") == len(verdicts)


def test_no_claims_refuted_but_corrected_fail():
    assert status_of([Judgement({}, holds=True, undecided=False)]) == 0


def test_assumed_claims_count_as_decided(run, monkeypatch):
    from ergs_verify.ledger import verify

    theorem = Theorem(id="a", says="words", proof=(Cited("words", "a book"),))
    claim = Claim(id="a", title="A", where="Section II", statement=theorem)
    monkeypatch.setattr(verify, "claims", lambda: {"a": claim})
    monkeypatch.setattr(paper_command, "claims", lambda: {"a": claim})
    status, out, _ = run("paper")
    assert status == 0
    assert "assumed" in out


# --- derivations -------------------------------------------------------------------------------


def test_a_derivation_is_printed_with_every_step(run):
    status, out, _ = run("derive", "lemma-III.2")
    assert status == 0
    flat = " ".join(out.split())
    derived = lemma_III_2.derive()
    for number in range(1, len(derived.steps) + 1):
        assert f"{number}. " in flat
    assert "(k, Σ) = (-(1/2) W⁻¹ b, (τ/2) W⁻¹)" in flat
    assert "\\" not in out


def test_a_derivation_is_printed_as_markdown(run):
    status, out, _ = run("derive", "lemma-III.2", "--markdown")
    assert status == 0
    assert out == lemma_III_2.derive()._repr_markdown_() + "\n"


def test_a_derivation_is_printed_as_a_latex_document(run):
    status, out, _ = run("derive", "gap-identity", "--latex")
    assert status == 0
    assert out.startswith("\\documentclass")
    assert out.endswith("\\end{document}\n")


def test_claims_are_printed_as_a_latex_document(run):
    status, out, _ = run("paper", "eq-11", "--latex")
    assert status == 0
    assert out.startswith("\\documentclass")
    assert "eq-11" in out


@pytest.mark.parametrize(
    "words", [("paper", "eq-1", "--json", "--latex"), ("derive", "--markdown", "--latex")]
)
def test_two_forms_at_once_are_refused(run, words):
    status, _, err = run(*words)
    assert status == 2
    assert "exclude each other" in err


# --- whatever is typed -------------------------------------------------------------------------

# Without `paper` alone, `verify` and `crosscheck`, which do what they are asked for a while.
WORDS = st.one_of(
    st.sampled_from(["--json", "--digits", "--method", "algorithm1", "--iterations", "-1", "3"]),
    st.sampled_from(["lqr", "random:", "random:N=", "random:T=1", "--", "-", "-h", "../", "\0"]),
    st.text(max_size=8),
)


@pytest.fixture(scope="module")
def _elsewhere(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        yield


@pytest.mark.usefixtures("_elsewhere")
@settings(max_examples=60)
@given(
    command=st.sampled_from(["solve", "game", "games", "paper eq-1", ""]),
    rest=st.lists(WORDS, max_size=4),
)
def test_no_arguments_make_a_traceback(command, rest):
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        status = main([*command.split(), *rest])
    printed, said = (s.buffer.getvalue().decode("utf-8") for s in (out, err) if not s.flush())
    assert status in (0, 1, 2, 3)
    assert "Traceback" not in said
    if status == 2:
        assert said.strip()
        if "--json" in rest:
            assert json.loads(printed)["format"] == "ergs-error/1"
