"""The command line as a process: what it loads, what it costs, pipes, signals, encodings."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ergs_verify.cli import main

COMMAND = [sys.executable, "-m", "ergs_verify"]


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **settings},
        timeout=300,
    )


def test_the_installed_command_is_this_one():
    beside = Path(sys.executable).with_name("ergs-verify")
    done = subprocess.run([beside, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == run("--version").stdout
    assert done.stdout.startswith("ergs-verify ")


def test_help_loads_no_mathematics():
    code = (
        "import sys; from ergs_verify.cli import main; main(['--help'])"
        "; print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sympy", "numpy", "scipy", "matplotlib", "mpmath", "flint"}
    assert heavy & set(done.stderr.split()) == set()


THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def threads_of(code: str, **settings: str) -> tuple[int, list[str | None]]:
    """Of a process that runs code: how many threads it has then, and what its environment says."""
    tell = (
        "import json, os; tasks = '/proc/self/task'; print(json.dumps(["
        "len(os.listdir(tasks)) if os.path.isdir(tasks) else 1, "
        f"[os.environ.get(name) for name in {THREADS}]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {tell}"],
        capture_output=True,
        text=True,
        check=True,
        env={name: x for name, x in os.environ.items() if name not in THREADS} | settings,
    )
    threads, named = json.loads(done.stdout.splitlines()[-1])
    return threads, named


def test_a_command_uses_one_thread_unless_told_otherwise():
    check = "import sys; sys.argv = ['ergs-verify', 'check', 'g-star-2']"
    check += "; from ergs_verify.cli import main; main()"
    assert threads_of(check) == (1, ["1", "1", "1"])
    assert threads_of(check, OMP_NUM_THREADS="2")[1] == [None, "2", None]


def test_a_process_that_works_for_a_command_uses_one_thread():
    work = "from ergs_verify.cli.work import workers"
    asked = "with workers(1) as pool: print(pool.submit(os.getenv, 'OMP_NUM_THREADS').result())"
    done = subprocess.run(
        [sys.executable, "-c", f"import os; {work}\n{asked}"],
        capture_output=True,
        text=True,
        check=True,
        env={name: x for name, x in os.environ.items() if name not in THREADS},
    )
    assert done.stdout == "1\n"


def test_a_program_that_imports_the_package_keeps_its_threads():
    called = "import ergs_verify; ergs_verify.check(ergs_verify.gallery('g-star-2'))"
    called += "; from ergs_verify.cli import main; main(['check', 'g-star-2'])"
    assert threads_of(called)[1] == [None, None, None]


def processor_seconds(command: list[str]) -> float:
    """User and system time of a process: what a busy machine does not change much."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_help_is_quick():
    # At most three times the bare import of the library that the command line is made with.
    pairs = [
        (
            processor_seconds([*COMMAND, "--help"]),
            processor_seconds([sys.executable, "-c", "import typer"]),
        )
        for _ in range(7)
    ]
    help_time, typer_time = (min(column) for column in zip(*pairs, strict=True))
    assert help_time <= 3 * typer_time


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_unicode_gets_words(encoding):
    for arguments in (["games"], ["--help"], ["paper", "eq-11"]):
        done = subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            timeout=120,
            check=True,
        )
        assert done.stderr == b""
        assert "?" not in done.stdout.decode(encoding)
        assert b"\\u" not in done.stdout


def test_json_is_the_same_text_whatever_the_encoding():
    plain, ascii_only = (
        run("games", "--json", PYTHONIOENCODING=e).stdout for e in ("utf-8", "ascii")
    )
    assert json.loads(plain) == json.loads(ascii_only)
    assert ascii_only.isascii()


@pytest.mark.parametrize("columns", ["1", "20", "80", "300"])
def test_any_width_of_terminal_will_do(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in (["games"], ["solve", "g-star-2", "--digits", "30"], ["paper", "eq-11"]):
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert err == ""
        if int(columns) >= 20:
            assert max(map(len, out.splitlines())) <= int(columns)


def test_no_colour_and_no_bar_where_no_terminal_is():
    done = run("solve", "g-star-2")
    assert "\x1b" not in done.stdout + done.stderr


def test_a_reader_who_leaves_early_is_no_error():
    with subprocess.Popen(
        [*COMMAND, "games"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")


@pytest.mark.parametrize("arguments", [["paper"], ["audit", "random:N=3,m=12,p=4,T=300,seed=0"]])
def test_interrupted_it_ends_at_once_and_leaves_no_process(arguments, tmp_path):
    # So large a file has a process beside the command.
    large = tmp_path / "solution.json"
    K = np.zeros((3, 300, 4, 12)).tolist()
    large.write_text(json.dumps({"format": "ergs-solution/1", "K": K}), encoding="utf-8")
    process = subprocess.Popen(
        [*COMMAND, *arguments, *([large] if arguments[0] == "audit" else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A shell that starts a job in the background may have it ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert out == b""
    deadline = time.monotonic() + 10
    while group_lives(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_fault_of_the_program_has_a_status_of_its_own():
    code = (
        "import sys; from ergs_verify.cli import main\n"
        "from ergs_verify.cli.commands import games\n"
        "def broken(**_): raise ZeroDivisionError\n"
        "games.names = broken\n"
        "sys.exit(main(['games']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr
