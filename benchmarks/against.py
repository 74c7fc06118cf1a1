"""Games of the paper's class in this tree against the same in another checkout of it.

Run ``git worktree add FOLDER COMMIT``, then ``python -m benchmarks.against FOLDER``; it
writes benchmarks/results/against.md within some minutes. Both trees take turns, in processes of
their own, and each times itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import machine, markdown

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "benchmarks" / "results" / "against.md"
SIZES = ((2, 2, 1, 10), (2, 4, 2, 20), (3, 12, 4, 50))
#: A large game, of which less is timed, and that once a round.
LARGE = (5, 20, 3, 100)

#: Run by either tree: seconds of processor time of each job, the least of three.
TIMED = """
import json, time
from pathlib import Path
import numpy as np
import ergs_verify
assert Path(ergs_verify.__file__).is_relative_to({tree!r}), ergs_verify.__file__
from ergs_verify import Game, Policy, check, gap, solve
from ergs_verify.certify import certify_gap
from ergs_verify.engine import nash

def least(call, times=3):
    found = []
    for _ in range(times):
        before = time.process_time()
        call()
        found.append(time.process_time() - before)
    return min(found)

seconds = {{}}
for N, m, p, T in {sizes!r}:
    draw = np.random.default_rng(0)
    def gram(rows, floor):
        X = draw.normal(size=(rows, rows))
        return np.tril(X @ X.T) / rows + np.tril(X @ X.T, -1).T / rows + floor * np.eye(rows)
    given = dict(
        A=0.9 / np.sqrt(m) * draw.normal(size=(m, m)),
        B=[0.3 * draw.normal(size=(m, p)) for _ in range(N)],
        Q=[gram(m, 0) for _ in range(N)], R=[gram(p, 1) for _ in range(N)],
        tau=2.0, noise_cov=0.1 * np.eye(m), horizon=T)
    game = Game.from_arrays(**given)
    floats = game.floats()
    played = nash(floats)
    policy = Policy.from_arrays(K=played.K, Sigma=played.Sigma)
    solve(game)
    few = 1 if m > 4 else 5
    jobs = {{
        "made, hashed, as floats": lambda: [
            (one.hash, one.floats()) for one in [Game.from_arrays(**given) for _ in range(few)]],
        "engine": lambda: [nash(floats) for _ in range(20)],
        "NE to 50 certified digits": lambda: [solve(game, digits=50) for _ in range(few)],
        "certified gap": lambda: [certify_gap(game, policy) for _ in range(few)],
    }}
    if m <= 4:
        jobs["check"] = lambda: check(game)
        jobs["check, with its thresholds of τ"] = lambda: check(game).as_json()
    large = (N, m, p, T) == {large!r}
    if large:
        jobs = {{
            "NE to 8 certified digits": lambda: solve(game, digits=8),
            "check": lambda: check(game),
            "check, with its thresholds of τ": lambda: check(game).as_json(),
            "gap over its thirteen δ": lambda: gap(game),
        }}
    for name, job in jobs.items():
        times = 1 if large else 9 if name == "engine" else 3
        seconds[f"{{N, m, p, T}} {{name}}"] = least(job, times)
print(json.dumps(seconds))
"""


def seconds_of(tree: Path, sizes: Sequence[tuple[int, ...]]) -> dict[str, float]:
    """What the package in a tree takes for each job."""
    code = TIMED.format(tree=str(tree.resolve()), sizes=tuple(sizes), large=LARGE)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tree.resolve()), "OPENBLAS_NUM_THREADS": "1"},
        cwd=tree,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def main(arguments: list[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against")
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", action="store_true", help=f"the game {LARGE} too")
    options = parser.parse_args(arguments)
    sizes = (*SIZES, LARGE) if options.large else SIZES
    trees = options.before, ROOT
    rounds = [tuple(seconds_of(tree, sizes) for tree in trees) for _ in range(options.rounds)]
    lines = []
    for job in rounds[0][0]:
        ratio = median(now[job] / before[job] for before, now in rounds)
        before, now = (1e3 * median(times[k][job] for times in rounds) for k in (0, 1))
        lines.append((job, f"{before:.3g}", f"{now:.3g}", f"{ratio:.2f}"))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=options.before,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    parts = [
        f"# The paper's class before and now: commit {commit}",
        f"Written by `python -m benchmarks.against FOLDER{' --large' * options.large}`. The same "
        "random games, (N, m, p, T), in both "
        f"trees, {options.rounds} rounds in turn; processor time, the least of several runs in a "
        "process, in milliseconds; medians over the rounds, the ratio's too.",
        machine(),
        markdown(("job", "before", "now", "ratio"), lines),
    ]
    text = "\n\n".join(parts) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
