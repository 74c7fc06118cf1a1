"""How the time of every command grows with each size: ``python -m benchmarks.commands``.

Writes ``benchmarks/results/commands.md``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.report import curve_table
from benchmarks.timing import Curve, compare
from ergs_verify import Game, audit, check, engine, gallery, gap, solve, survey
from ergs_verify.certify.approach import approach
from ergs_verify.reference import compare as compare_with_references
from ergs_verify.reference import make_reference
from ergs_verify.study.crosscheck import crosscheck

PAGE = Path(__file__).parent / "results" / "commands.md"
HELD = {"N": 3, "m": 4, "p": 2, "T": 10}
GROWING = {
    "N": [1, 2, 4, 8],
    "m": [2, 4, 8, 16],
    "p": [1, 2, 4, 8],
    "T": [10, 20, 40, 80],
    "digits": [50, 200, 800, 3200],
    "games": [250, 1000, 4000],
}
HEAD = (
    "# The commands\n\n"
    "Written by `python -m benchmarks.commands`. Processor time, medians of rounds in turn. What "
    "does not grow is (N, m, p, T) = (3, 4, 2, 10), a random game; digits are those of the "
    "equilibrium, games those of a survey of (2, 2, 1, 10). `gap` is asked for one δ, `horizon` "
    "for the first stage without end, at τ = 100; `compare` has one solution. A survey asks "
    "`check`; the other questions are put to one game after another. `derive`, `paper`, `recheck` "
    "and `verify` prove for every size at once and do not grow with a game. The exponent is the "
    "slope of log time against log size; the last column fits it to the upper half of the sizes."
)
PAPER = (
    "## Where the next order of magnitude goes\n\n"
    "On paper a stage takes N products of m×m matrices and a solve of size Np: N m³ + (Np)³.\n\n"
    "- **N.** Φ has N² blocks, and the matrix of the inner loop, of which `check` encloses the "
    "spectral radius, has Np rows: the exponent goes from 1 to 2 and, where the solve counts, "
    "to 3.\n"
    "- **m and p.** Exponents are mostly below 2 still. At these sizes the "
    "time goes into walking the formulas, an operation at a time, and not into products. What a "
    "tenfold m or p costs is the cube, by products of balls; `benchmarks.md` has their floor.\n"
    "- **T.** Linear, but for precision: where an unstable game loses a constant number of bits "
    "at every stage, bits grow with T, which puts exponents above 1. "
    "`crosscheck` is no power of T: how many digits its references need depends on the game.\n"
    "- **Digits.** Hardly anything up to some hundred, then the multiplication of long numbers.\n"
    "- **Games.** A start of a third of a second, then a constant time for each game. Shards are "
    "computed apart, so the next order of magnitude is ten times the cores."
)


def curves(
    growing: dict[str, list[int]] | None = None, budget: float = 2.0, rounds: int = 3
) -> Iterator[Curve]:
    """Times of every command as each size grows."""
    growing = GROWING if growing is None else growing
    for letter, values in growing.items():
        seconds: dict[str, list[float]] = {}
        for value in values:
            calls = _calls(letter, value)
            times = compare(
                f"{letter} = {value}", calls, budget, rounds=rounds, warm=value == values[0]
            )
            for who, several in times.items():
                seconds.setdefault(who, []).append(median(several))
        for who, times in seconds.items():
            yield Curve(letter=letter, who=who, values=values, seconds=times)


def _calls(letter: str, value: int) -> dict[str, Callable[[], object]]:
    if letter == "games":
        return {"survey": lambda: _survey(value)}
    size = HELD | {letter: value}
    game = gallery("random:" + ",".join(f"{x}={size[x]}" for x in HELD) + ",seed=0")
    if letter == "digits":
        return {
            "solve": lambda: solve(game, digits=value),
            "reference": lambda: make_reference(game, digits=value),
        }
    floats = game.rounded()
    answer = engine.nash(floats.floats())
    calls: dict[str, Callable[[], object]] = {} if letter == "T" else {"horizon": _horizon(game)}
    return {
        "solve": lambda: solve(game),
        "check": lambda: check(game).as_json(),
        "gap": lambda: gap(game, ["1e-3"]),
        "crosscheck": lambda: crosscheck(game),
        "audit": lambda: audit(floats, answer),
        "reference": lambda: make_reference(game, digits=17),
        "compare": _comparison(game),
        **calls,
    }


def _horizon(game: Game) -> Callable[[], object]:
    endless = Game.from_arrays(
        A=game.A[0],
        B=[X[0] for X in game.B],
        Q=[X[0] for X in game.Q],
        R=[X[0] for X in game.R],
        tau=100,  # with little entropy some of these games do not settle
        noise_cov=game.noise_cov,
        horizon="infinite",
    )
    return lambda: approach(endless)


def _comparison(game: Game) -> Callable[[], object]:
    data, solution = make_reference(game, digits=17).render(), solve(game)

    def compared() -> None:
        with tempfile.TemporaryDirectory() as folder:
            references, solutions = (Path(folder) / x for x in ("references", "solutions"))
            for made in (references, solutions):
                made.mkdir()
            (references / "game.json").write_bytes(data)
            solution.save(solutions / "game.json")
            found = compare_with_references(references, solutions)
            assert found.verdict == "pass"

    return compared


def _survey(games: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        survey(f"random:N=2,m=2,p=1,T=10,seed=0:{games}", output=Path(folder) / "answers")


def page(found: list[Curve]) -> str:
    """The table, and what it means."""
    return "\n\n".join([HEAD, curve_table(found), PAPER]) + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands")
    parser.add_argument("--budget", type=float, default=2.0, help="seconds for each size")
    asked = parser.parse_args()
    PAGE.write_text(page(list(curves(budget=asked.budget))), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
