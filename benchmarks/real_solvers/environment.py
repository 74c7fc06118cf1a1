"""Solvers in an environment apart from that of the others, each call in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.peers import weights
from ergs_verify.game import FloatGame

#: Of the solvers that ``requirements.txt`` beside it names.
ENVIRONMENT = Path(__file__).parent / ".venv"
_SOLVERS = Path(__file__).parent / "apart.py"
_MOST_SECONDS = 300


def version_of(package: str) -> str | None:
    """In the one environment or the other; None where it is in neither."""
    try:
        return version(package)
    except PackageNotFoundError:
        places = [str(place) for place in ENVIRONMENT.glob("lib/*/site-packages")]
        return next((one.version for one in distributions(name=package, path=places)), None)


def apart(name: str) -> Callable[[FloatGame], dict[str, np.ndarray]]:
    """A function of ``apart.py`` as one of a game of one agent.

    Raises
    ------
    RuntimeError
        With the last line of what is said, where there is no answer.
    """

    def solve(game: FloatGame) -> dict[str, np.ndarray]:
        with TemporaryDirectory() as folder:
            given, answered = Path(folder, "given.npz"), Path(folder, "answered.npz")
            R = np.broadcast_to(weights(game)[0], game.R[0].shape)
            np.savez(given, A=game.A, B=game.B[0], Q=game.Q[0], R=R)
            command = [ENVIRONMENT / "bin" / "python", _SOLVERS, name, given, answered]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=_MOST_SECONDS)
            if ended.returncode:
                raise RuntimeError(ended.stderr.strip().rpartition("\n")[2])
            with np.load(answered) as found:
                return dict(found)

    return solve
