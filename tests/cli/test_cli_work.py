"""Worker processes: one that is ahead of the command, and what is left of them."""

from __future__ import annotations

import sys
from multiprocessing import active_children, get_context
from time import sleep

import pytest

from ergs_verify.cli import work
from ergs_verify.cli.work import worker_ahead


@pytest.fixture
def large(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "cores", lambda: 2)
    path = tmp_path / "solution.json"
    path.write_bytes(b" " * 100_000)
    return path


def imported(module: str) -> bool:
    return module in sys.modules


def test_it_imports_a_module_and_is_gone_afterwards(large):
    with worker_ahead(large, "colorsys") as executor:
        assert executor is not None
        assert executor.submit(imported, "colorsys").result(timeout=60)
    for _ in range(600):
        if not active_children():
            break
        sleep(0.1)
    assert not active_children()


def test_only_its_own_processes_are_ended(large):
    other = get_context("spawn").Process(target=sleep, args=(60,))
    other.start()
    try:
        with worker_ahead(large, "colorsys") as executor:
            assert executor is not None
            executor.submit(imported, "colorsys").result(timeout=60)
        other.join(timeout=1)
        assert other.is_alive()
    finally:
        other.kill()
        other.join()


def test_a_small_file_or_one_core_is_not_worth_it(large, monkeypatch, tmp_path):
    small = tmp_path / "small.json"
    small.write_bytes(b" " * 99_999)
    for path in (None, small, tmp_path / "missing.json", tmp_path / ("x" * 5000)):
        with worker_ahead(path, "colorsys") as executor:
            assert executor is None
    monkeypatch.setattr(work, "cores", lambda: 1)
    with worker_ahead(large, "colorsys") as executor:
        assert executor is None
