"""`solve`: a game's equilibrium, or what Algorithm 1 gives out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ergs_verify.answer import LETTERS
from ergs_verify.cli import output as out
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.options import GameName, Json, Output
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.files import text
from ergs_verify.game import documents
from ergs_verify.report.solution import solution_summary
from ergs_verify.report.terminal import printable
from ergs_verify.solve import solve as solve_game


class Method(StrEnum):
    """How a game is solved."""

    nash = "nash"
    algorithm1 = "algorithm1"


def command(
    game: GameName,
    digits: Annotated[
        int | None,
        typer.Option("--digits", metavar="D", help="Decimal digits, 1 to 5000 (default: float64)."),
    ] = None,
    method: Annotated[
        Method, typer.Option("--method", help="The Nash equilibrium, or Algorithm 1's output.")
    ] = Method.nash,
    iterations: Annotated[
        int | None,
        typer.Option("--iterations", metavar="L", help="Inner steps of Algorithm 1, from zero."),
    ] = None,
    output: Output = None,
    json: Json = False,
) -> Status:
    """Solve a game.

    Without --digits every entry is the nearest float64. With --digits entries are decimals, and
    |printed - exact| <= 10^-D max(1, largest entry in size) for each matrix. Each entry has D right
    digits too, and at least the 17 of float64, unless float64 cannot tell it from 0.

    For a game of infinite horizon all stationary equilibria that are found are shown, and written
    to FILE, FILE-2, ...; --json prints the first.

    Exit status: 0 solved; 1 there is no equilibrium, or no single one, and the message names the
    stage; 2 bad input; 3 undecided at the precision allowed.
    """
    if method.value == "algorithm1" and iterations is None:
        raise InputError("--method algorithm1 needs --iterations L, with L ≥ 1", "--iterations")
    if method.value == "nash" and iterations is not None:
        raise InputError("--iterations goes with --method algorithm1 only", "--iterations")
    expect_writable(output, ".json", ".npz", ".mat")
    chosen = named_game(game)
    with out.progress("solving") as progress:
        try:
            solution = solve_game(
                chosen, digits=digits, method=method.value, iterations=iterations, progress=progress
            )
        except InputError as error:
            if error.where in LETTERS:  # too large for a float64
                raise InputError(f"{printable(game)}: {error.message}", game) from error
            raise
    if output is not None:
        for number, one in enumerate((solution, *solution.others), 1):
            path = output if number == 1 else output.with_stem(f"{output.stem}-{number}")
            expect_writable(path, output.suffix)
            one.save(path)
            out.say(f"wrote {path}")
    if json:
        document = documents.policy_document(solution.policy, {})
        out.show_text(text.render_json(document).decode())
    else:
        out.show(solution_summary(chosen, solution))
    return Status.HOLDS
