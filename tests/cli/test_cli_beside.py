"""The process beside a command: what it does not give is worked out here, and it never stays."""

from __future__ import annotations

import os
import time
from functools import partial
from multiprocessing import active_children

import pytest

from ergs_verify.cli import beside
from ergs_verify.cli.beside import process_beside


@pytest.fixture
def large(tmp_path, monkeypatch):
    monkeypatch.setattr(beside, "cores", lambda: 2)
    path = tmp_path / "solution.json"
    path.write_bytes(b" " * 100_000)
    return path


def dies_elsewhere(here: int) -> str:
    if os.getpid() != here:
        os._exit(1)
    return "here"


def fails() -> None:
    raise ZeroDivisionError


def test_work_is_done_by_another_process_which_ends(large):
    with process_beside(large, "gc", "collect") as begun:
        assert begun is not None
        assert begun(os.getpid)() not in (None, os.getpid())
    assert not active_children()


def test_more_work_than_a_pipe_holds_keeps_nobody_waiting(large):
    """The process is not ready for seconds; what is sent is not read before."""
    with process_beside(large, "test_cli_beside", "wait") as begun:
        assert begun is not None
        start = time.monotonic()
        result = begun(partial(len, bytes(10**7)))
        assert time.monotonic() - start < WAIT / 2
        assert result() == 10**7


WAIT = 2.0


def wait() -> None:
    time.sleep(WAIT)


@pytest.mark.parametrize("prepare", ["collect", "no_such_function"])
def test_a_process_that_dies_changes_nothing(large, prepare):
    with process_beside(large, "gc", prepare) as begun:
        assert begun is not None
        assert begun(partial(dies_elsewhere, os.getpid()))() == "here"


def test_an_error_of_the_work_is_raised_here(large, capfd):
    with process_beside(large, "gc", "collect") as begun:
        assert begun is not None
        with pytest.raises(ZeroDivisionError):
            begun(fails)()
    assert capfd.readouterr().err == ""


def test_unwanted_it_ends_at_once(large):
    start = time.monotonic()
    with process_beside(large, "test_cli_beside", "wait") as begun:
        assert begun is not None
        begun(partial(len, bytes(10**7)))
    assert time.monotonic() - start < WAIT
    assert not active_children()


def test_a_small_file_or_one_core_is_not_worth_it(large, monkeypatch, tmp_path):
    small = tmp_path / "small.json"
    small.write_bytes(b" " * 99_999)
    for path in (None, small, tmp_path / "missing.json", tmp_path / ("x" * 5000)):
        with process_beside(path, "gc", "collect") as begun:
            assert begun is None
    monkeypatch.setattr(beside, "cores", lambda: 1)
    with process_beside(large, "gc", "collect") as begun:
        assert begun is None
