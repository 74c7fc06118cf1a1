"""A command as a solver: files in and out, exit status, output, time."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile

import numpy as np
import pytest
from processes import gone

from ergs_verify.audit import contained
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.conventions import Conventions
from ergs_verify.engine import nash
from ergs_verify.errors import InputError
from ergs_verify.game import load_game
from ergs_verify.game.gallery import gallery, random_game
from ergs_verify.game.policy import Policy

GAME = gallery("time-varying").rounded()


def program(code):
    """A command that runs Python code in which `game` and `solution` are the two paths."""
    head = "import sys; from pathlib import Path; game, solution = map(Path, sys.argv[1:]); "
    return f"{shlex.quote(sys.executable)} -S -c {shlex.quote(head + code)} {{game}} {{solution}}"


def outcome_of(code, game=GAME, **options):
    return CommandSolver(command=program(code), **options)(game)


def writes(text):
    return f"solution.write_text({text!r})"


def solution(**changes):
    right = nash(GAME.floats())
    document = {
        "format": "ergs-solution/1",
        **{letter: [X.tolist() for X in getattr(right, letter)] for letter in ("K", "Sigma")},
    }
    return json.dumps(document | changes)


def test_a_solution_file_is_read():
    outcome = outcome_of(writes(solution()) + "; print('done', file=sys.stderr)")
    assert outcome.trouble is None
    assert outcome.printed == "done\n"
    assert 0 < outcome.seconds < 60
    assert outcome.policy.K[2][3].tolist() == nash(GAME.floats()).K[2][3].tolist()


def test_the_paths_of_this_run_are_told_by_their_names():
    """So that the same error on another game is the same."""
    outcome = outcome_of("print('error: cannot read', game, 'for', solution); sys.exit(3)")
    assert outcome.trouble.message.endswith('"error: cannot read {game} for {solution}"')


def test_the_game_file_holds_floats_every_key_and_every_time():
    outcome = outcome_of("print(game.read_text()); sys.exit(1)", gallery("lqr"))
    assert outcome.printed.startswith("…")
    game = gallery("g-star-2")
    printed = outcome_of("print(game.read_text()); sys.exit(1)", game).printed
    document = json.loads(printed)
    assert list(document) == [
        *("format", "name", "horizon", "tau", "A", "B", "Q", "R", "noise_cov", "x0")
    ]
    assert document["A"] == [[[1.0, 0.0], [0.0, 1.0]]]
    assert document["Q"][1] == [[[0.0, 0.0], [0.0, 0.0]], [[16.0, 4.0], [4.0, 1.0]]]
    assert document["x0"] == {"mean": [1.0, -1.0], "cov": [[0.0, 0.0], [0.0, 0.0]]}
    assert type(document["A"][0][0][0]) is type(document["tau"]) is float


@pytest.mark.parametrize("ending", [".json", ".npz", ".mat"])
@pytest.mark.parametrize("game", [GAME, gallery("g-star-2").rounded()])
def test_the_game_file_is_the_game(ending, game, tmp_path):
    kept = tmp_path / f"kept{ending}"
    outcome_of(f"Path({str(kept)!r}).write_bytes(game.read_bytes())", game, format=ending)
    assert load_game(kept).hash == game.hash


@pytest.mark.parametrize("ending", [".npz", ".mat"])
def test_solutions_are_read_in_other_formats(ending, tmp_path):
    right = nash(GAME.floats())
    kept = tmp_path / f"kept{ending}"
    Policy.from_arrays(K=right.K, Sigma=right.Sigma, P=right.P, q=right.q).save(kept)
    outcome = outcome_of(f"solution.write_bytes(Path({str(kept)!r}).read_bytes())", format=ending)
    assert outcome.trouble is None
    assert outcome.policy.q[2].tolist() == right.q[2].tolist()


def test_conventions_are_applied_both_ways():
    code = writes(solution()) + "; print(game.read_text()[:80])"
    outcome = outcome_of(code, conventions=Conventions(negative_gain=True, half_costs=True))
    assert '"tau": 0.25' in outcome.printed
    assert (outcome.policy.K[2][3] == -nash(GAME.floats()).K[2][3]).all()


# --- planted faults ----------------------------------------------------------------------------

K_ALONE = '{"format": "ergs-solution/1", "K": '
FAULTS = {
    "status": ("sys.exit(3)", "raised", "ended with exit status 3"),
    "words": (
        "sys.exit('no game\\nError: singular\\nbye')",
        "raised",
        'ended with exit status 1 and said "Error: singular"',
    ),
    "words in a traceback": (
        "raise ValueError('no error is\\nlike another')",
        "raised",
        'ended with exit status 1 and said "ValueError: no error is"',
    ),
    "status and a right file": (
        writes(solution()) + "; sys.exit(7)",
        "raised",
        "ended with exit status 7, so the solution file that it wrote does not count",
    ),
    "last words": ("sys.exit('oh\\nno')", "raised", 'ended with exit status 1 and said "no"'),
    "signal": ("import os; os.abort()", "crashed", "was killed by SIGABRT"),
    "silence": ("pass", "nothing returned", "wrote no solution file"),
    "wrong folder": (
        f"Path('solution.json').write_text({solution()!r})",
        "nothing returned",
        "wrote no solution file at the path given as {solution}",
    ),
    "no folder": (
        "import shutil; shutil.rmtree(game.parent)",
        "nothing returned",
        "wrote no solution file",
    ),
    "unreadable": (
        "solution.symlink_to('/proc/self/mem')",
        "bad file",
        "wrote a solution file that cannot be read: Input/output error",
    ),
    "pipe": (
        "import os; os.mkfifo(solution)",
        "bad file",
        "wrote a solution file that is not a regular file",
    ),
    "empty": (writes(""), "bad file", "wrote a solution file that is empty"),
    "cut": (
        writes(solution()[:-9]),
        "bad file",
        "wrote a solution file that is not valid JSON at line 1 column",
    ),
    "binary": (
        "solution.write_bytes(bytes(range(256)))",
        "bad file",
        "wrote a solution file that is not UTF-8 text",
    ),
    "folder": ("solution.mkdir()", "bad file", "wrote a solution file that is a directory"),
    "list": (writes("[]"), "bad file", "wrote a solution file that is not a solution"),
    "twice": (
        writes(K_ALONE + '1, "K": 2}'),
        "bad file",
        'wrote a solution file that is wrong: the key "K" appears twice',
    ),
    "format": (
        writes(solution(format="ergs-game/1")),
        "no policy",
        'gave no policy for this game: format is "ergs-game/1"',
    ),
    "key": (writes(solution(g=1)), "no policy", '"g" is an unknown key'),
    "null": (
        writes(K_ALONE + "[[[[null, 0]]]]}"),
        "not a number",
        "(agent 1, t = 0) is null",
    ),
    "NaN": (writes(K_ALONE + "[[[[NaN, 0]]]]}"), "not a number", "K[0][0][0][0] (agent 1"),
    "huge": (writes(K_ALONE + "[[[[1e999, 0]]]]}"), "not a number", "is infinite"),
    "agents": (
        writes(K_ALONE + "[[[[1, 0]]]]}"),
        "no policy",
        "K has entries for 1 agent but the game has 3",
    ),
    "columns": (
        writes(solution(K=[np.swapaxes(K, 1, 2).tolist() for K in nash(GAME.floats()).K])),
        "no policy",
        "its transpose would fit",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_command_is_reported_in_one_sentence(fault, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, kind, message = FAULTS[fault]
    trouble = outcome_of(code).trouble
    assert trouble.kind == kind
    assert message in trouble.message
    assert "\n" not in trouble.message


def test_a_hanging_command_is_ended_with_all_it_started():
    code = (
        "import subprocess, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print(child.pid, flush=True); time.sleep(600)"
    )
    outcome = outcome_of(code, timeout=1.5)
    assert outcome.trouble.kind == "timeout"
    assert outcome.trouble.message == "gave no answer within 1.5 s and was stopped"
    assert 1.5 <= outcome.seconds < 10
    assert gone(int(outcome.printed))


def test_a_child_left_behind_is_ended(tmp_path):
    """The program ends with a right answer; the child would go on, and holds its output."""
    code = (
        "import subprocess; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        f"print(child.pid); {writes(solution())}"
    )
    outcome = outcome_of(code, timeout=60)
    assert outcome.trouble is None
    assert outcome.seconds < 30
    assert gone(int(outcome.printed))


def test_an_answer_of_a_child_left_behind_comes_too_late():
    code = (
        "import os, time; os.fork() and os._exit(0); time.sleep(1); "
        "Path(str(solution)).write_text('{}')"
    )
    assert outcome_of(code).trouble.kind == "nothing returned"


def test_too_much_output_is_cut_off_and_reported(monkeypatch):
    monkeypatch.setattr(contained, "FILE", 2**20)
    # Time for the limit to be set: it is when the process runs already.
    wait = "import os, time; time.sleep(0.2); "
    prints = f"os.write(1, b'x' * 2**20); {writes(solution())}"
    assert outcome_of(wait + prints).trouble.message == (
        "printed more than 1 MiB and was cut off there"
    )
    dies = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); "
    trouble = outcome_of(wait + dies + "solution.write_bytes(b' ' * (2**20 + 1))").trouble
    assert (trouble.kind, trouble.message) == (
        "crashed",
        "was killed by SIGXFSZ, because it wrote more than 1 MiB to one file, so the solution "
        "file that it wrote does not count",
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(newline):
    text = json.dumps(json.loads(solution()), indent=1).replace("\n", newline)
    code = f"solution.write_bytes({text.encode('utf-8-sig')!r})"
    assert outcome_of(code).trouble is None


def test_paths_with_blanks_and_quotes(tmp_path, monkeypatch):
    """The program is named relative to the current directory; files lie where temporary ones do."""
    folder = tmp_path / 'an odd "folder" of ours\' $HOME'
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    script = folder / "my solver"
    head = f"#!{sys.executable} -S\nimport sys; from pathlib import Path\n"
    script.write_text(f"{head}Path(sys.argv[2]).write_text({solution()!r})", encoding="utf-8")
    script.chmod(0o755)
    outcome = CommandSolver(command="'./my solver' {game} {solution}")(GAME)
    assert outcome.trouble is None
    assert [path.name for path in folder.iterdir()] == ["my solver"]


def test_no_shell_reads_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    CommandSolver(command=f"{program('pass')} ; touch made $(touch made)")(GAME)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("julia solve.jl {game}", "lacks {solution}, which stands for a file"),
        ("julia 'solve.jl {game} {solution}", "cannot be split into words: No closing quotation"),
        ("no-such-program {game} {solution}", 'there is no program "no-such-program"'),
        ("{game} {solution}", 'there is no program "{game}"'),
        ("", "lacks {game}"),
    ],
)
def test_a_command_that_cannot_be_run_is_an_input_error(command, message):
    with pytest.raises(InputError) as caught:
        CommandSolver(command=command)
    assert message in caught.value.message


def test_an_unknown_format_is_an_input_error():
    with pytest.raises(InputError, match=r'"\.csv" is not a file format; the formats are \.json'):
        CommandSolver(command=program("pass"), format=".csv")


def test_a_file_that_is_no_program_is_an_input_error(tmp_path):
    script = tmp_path / "script"
    script.write_bytes(b"\x7fELF no program at all")
    script.chmod(0o755)
    with pytest.raises(InputError, match="cannot be run"):
        CommandSolver(command=f"{script} {{game}} {{solution}}")(random_game())


@pytest.mark.parametrize("change", ["game.write_text('{}')", "game.unlink()", "pass"])
def test_a_changed_game_file_is_reported(change):
    outcome = outcome_of(f"{change}; {writes(solution())}")
    assert outcome.trouble is None
    assert outcome.mutated == (() if change == "pass" else ("the file {game}",))
