"""What the paper's conditions are worth: how often each holds over a million random games.

`python -m benchmarks.conditions` surveys random games of several sizes at several τ and writes
`docs/results/conditions.md` and the counts as `docs/results/conditions.csv`. Every count is of
games for which the answer is proved. With `--output DIR` the answers stay there, and a run that was
broken off goes on.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
from attrs import asdict, fields, frozen

from benchmarks.report import markdown
from ergs_verify import gallery, survey
from ergs_verify.certify.thresholds import TauThresholds
from ergs_verify.survey.shards import tables

PAGE = Path(__file__).parents[1] / "docs" / "results" / "conditions.md"
#: Numbers of agents and of states; every agent has one control, and there are five stages.
AGENTS, STATES = (2, 3, 4), (1, 2, 4)
TAUS = ("1/64", "1/16", "1/4", "1", "4", "16", "64", "256", "1024", "4096")


@frozen(kw_only=True)
class Counts:
    """How many of the random games of a size, at one τ, have what is proved of them.

    Attributes
    ----------
    N, m, tau, games
    unique, several_or_none : int
        There is one Nash equilibrium; there is not.
    assumption, assumption_fails : int
        Assumption III.3 holds; it fails.
    converges, diverges : int
        The inner loop of Algorithm 1 converges from every start at every stage; it does not.
    converges_without : int
        It converges, and the assumption fails.
    """

    N: int
    m: int
    tau: str
    games: int
    unique: int
    several_or_none: int
    assumption: int
    assumption_fails: int
    converges: int
    diverges: int
    converges_without: int


def counted(
    N: int, m: int, tau: str, games: int, folder: Path, executor: Executor | None = None
) -> Counts:
    """Survey the random games of one size at one τ, or read what an earlier survey found."""
    place = folder / f"N{N}-m{m}-tau{tau.replace('/', '_')}"
    survey(
        f"random:N={N},m={m},p=1,T=5,tau={tau},seed=0:{games}",
        output=place,
        resume=place.exists(),
        shard=2500,
        executor=executor,
    )
    columns: dict[str, list[np.ndarray]] = {
        "unique": [],
        "assumption_III_3": [],
        "inner_loop": [],
    }
    for table in tables(place):
        for name, parts in columns.items():
            parts.append(np.array(table[name].to_pylist(), dtype=object))
    unique, assumption, loop = (np.concatenate(parts) for parts in columns.values())
    return Counts(
        N=N,
        m=m,
        tau=tau,
        games=len(unique),
        unique=int((unique == "proved").sum()),
        several_or_none=int((unique == "refuted").sum()),
        assumption=int((assumption == "proved").sum()),
        assumption_fails=int((assumption == "refuted").sum()),
        converges=int((loop == "converges").sum()),
        diverges=int((loop == "diverges").sum()),
        converges_without=int(((loop == "converges") & (assumption == "refuted")).sum()),
    )


def written(found: Sequence[Counts], path: Path) -> None:
    """The counts as a table that anything reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [one.name for one in fields(Counts)], lineterminator="\n")
        table.writeheader()
        table.writerows(map(asdict, found))


def page(
    found: Sequence[Counts], sampled: dict[tuple[int, int], list[TauThresholds]], seconds: float
) -> str:
    """The counts and the thresholds, in words and tables."""
    total = sum(one.games for one in found)
    unique, none = (sum(getattr(one, x) for one in found) for x in ("unique", "several_or_none"))
    assumption = sum(one.assumption for one in found)
    converges, without = (
        sum(getattr(one, x) for one in found) for x in ("converges", "converges_without")
    )
    wrong = sum(one.assumption - min(one.assumption, one.converges) for one in found)
    options = f" --games {found[0].games} --thresholds {len(next(iter(sampled.values())))}"
    parts = [
        "# What the conditions are worth",
        f"Written by `python -m benchmarks.conditions{options}` in {seconds:.0f} s. {total} "
        f"random games, `random:N=…,m=…,p=1,T=5,tau=…`, with the seeds 0 to {found[0].games - 1} "
        "for each size and each τ. A game is counted if the answer is proved, by float64 with "
        "error bounds or in balls; the others are undecided.",
        f"{unique} games ({_share(unique, total)}) have exactly one Nash equilibrium, and {none} "
        "have none or several. Assumption III.3, with which the paper proves uniqueness, holds "
        f"for {assumption} games ({_share(assumption, total)}). The inner loop of Algorithm 1 "
        f"converges for {converges} games, for {without} of them although the assumption "
        f"fails{'' if not wrong else f'; for {wrong} it does not, though the assumption holds'}.",
        "## By size",
        "The columns show the share of games for which the loop converges at the least τ, where "
        "there is hardly any entropy; the least τ tried at which the loop converges for at least "
        "99 % of the games; and the least τ tried at which the assumption holds for at least 99 %.",
        markdown(
            ["N", "m", "one NE", "loop at τ = 1/64", "loop on 99 %", "III.3 on 99 %"],
            list(_by_size(found)),
        ),
        "## By τ",
        markdown(
            ["N", "m", "τ", "one NE", "III.3 holds", "loop converges", "loop without III.3"],
            [
                [
                    *map(str, (one.N, one.m, one.tau)),
                    *(
                        _share(x, one.games)
                        for x in (one.unique, one.assumption, one.converges, one.converges_without)
                    ),
                ]
                for one in found
            ],
        ),
        "## The thresholds of τ",
        "The numbers are medians over the first seeds of each size. The assumption fails at the τ "
        "in the third column and holds for every τ from that in the fourth, whatever the game's "
        "own τ. The loop diverges at the τ in the fifth column. The sixth is the share of games "
        "for which no such τ was found. The last column is the third divided by the fifth, where "
        "there is one: the assumption needs that many times the τ that the loop needs.",
        markdown(
            ["N", "m", "III.3 fails at", "III.3 from", "loop fails at", "loop always", "ratio"],
            [_thresholds(size, several) for size, several in sampled.items()],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _share(part: int, whole: int) -> str:
    """Percent; 0 and 100 only where none and all are meant."""
    if part in (0, whole):
        return f"{100 * part // whole} %"
    return f"{min(max(100 * part / whole, 0.01), 99.99):.2f} %"


def _by_size(found: Sequence[Counts]) -> Iterator[list[str]]:
    for size in dict.fromkeys((one.N, one.m) for one in found):
        own = [one for one in found if (one.N, one.m) == size]

        def least(what: str, own: list[Counts] = own) -> str:
            """The least τ from which on it is so at every τ tried."""
            enough = [getattr(one, what) >= 0.99 * one.games for one in own]
            last = max((k for k, holds in enumerate(enough) if not holds), default=-1)
            return own[last + 1].tau if last + 1 < len(own) else f"above {own[-1].tau}"

        games = sum(one.games for one in own)
        yield [
            *map(str, size),
            _share(sum(one.unique for one in own), games),
            _share(own[0].converges, own[0].games),
            least("converges"),
            least("assumption"),
        ]


def _thresholds(size: tuple[int, int], found: Sequence[TauThresholds]) -> list[str]:
    fails = np.array([float(one.assumption.lo) for one in found])
    holds = np.array([float(one.assumption.hi) for one in found])
    loop = np.array([float(one.loop.lo) for one in found])
    some = loop > 0
    return [
        *map(str, size),
        f"{np.median(fails):.3g}",
        f"{np.median(holds):.3g}",
        f"{np.median(loop[some]):.3g}" if some.any() else "–",
        _share(int((~some).sum()), len(found)),
        f"{np.median(fails[some] / loop[some]):.3g}" if some.any() else "–",
    ]


def sampled_thresholds(games: int) -> dict[tuple[int, int], list[TauThresholds]]:
    """The thresholds of the first random games of each size."""
    return {
        (N, m): [
            TauThresholds(gallery(f"random:N={N},m={m},p=1,T=5,seed={k}")) for k in range(games)
        ]
        for N, m in product(AGENTS, STATES)
    }


def main() -> None:
    """Write the page and the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conditions")
    parser.add_argument("--games", type=int, default=11_200, help="of each size at each τ")
    parser.add_argument("--thresholds", type=int, default=100, help="games of each size")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, help="where the answers stay")
    asked = parser.parse_args()
    start = time.perf_counter()
    cells = list(product(AGENTS, STATES, TAUS))
    found = []
    with (
        tempfile.TemporaryDirectory() as left,
        ProcessPoolExecutor(asked.processes) as executor,
    ):
        folder = asked.output or Path(left)
        folder.mkdir(parents=True, exist_ok=True)
        for done, (N, m, tau) in enumerate(cells, 1):
            found.append(counted(N, m, tau, asked.games, folder, executor))
            print(
                f"{done} of {len(cells)}, {time.perf_counter() - start:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    sampled = sampled_thresholds(asked.thresholds)
    PAGE.write_text(page(found, sampled, time.perf_counter() - start), encoding="utf-8")
    written(found, PAGE.with_suffix(".csv"))


if __name__ == "__main__":
    main()
