"""`make lab`: JupyterLab opens with the notebooks, and a browser shows them without raw markup."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytest.importorskip("jupyterlab", reason="it comes with the extra notebooks")

ROOT = Path(__file__).resolve().parents[1]
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium to look with")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with copies of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    command = [sys.executable, "-m", "jupyterlab", "notebooks", *options]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--IdentityProvider.token="], cwd=folder, stdout=log, stderr=log
        )
        try:
            yield answering(f"http://127.0.0.1:{port}/lab", server)
        finally:
            server.terminate()
            server.wait(30)


def answering(address, server):
    for _ in range(120):
        try:
            with urlopen(address, timeout=5):
                return address
        except (URLError, TimeoutError, ConnectionError):
            assert server.poll() is None
            time.sleep(0.5)
    raise AssertionError("JupyterLab does not answer")


def looked_at(address, profile):
    """What the page holds once its scripts have run, high enough for every cell to be drawn."""
    assert BROWSER is not None
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,40000"]
    options += [f"--user-data-dir={profile}", "--virtual-time-budget=60000", "--dump-dom"]
    done = subprocess.run(
        [BROWSER, *options, address], capture_output=True, encoding="utf-8", timeout=180
    )
    return done.stdout


def test_the_notebooks_are_listed(lab, tmp_path):
    page = looked_at(f"{lab}?reset", tmp_path)
    assert [name for name in NAMES if f"{name}.ipynb" not in page] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_shown_without_raw_markup(lab, tmp_path, name):
    page = looked_at(f"{lab}/tree/{name}.ipynb?reset", tmp_path)
    shown = re.findall(r'(?s)jp-RenderedMarkdown.*?(?=<div class="[^"]*jp-|\Z)', page)
    assert len(shown) > 3
    for part in shown:
        part = re.sub(r"(?s)<(pre|code|script|style|mjx-assistive-mml)\b.*?</\1>", "", part)
        words = re.sub(r"<[^>]*>", " ", part)
        raw = re.findall(r"\*\*[^*\s][^*\n]*[^*\s]\*\*|```|\]\(|\$[^$\n]+\$|\\[A-Za-z]{3,}", words)
        assert not raw, raw[:3]
