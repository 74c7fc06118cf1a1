"""`solve`: a game's equilibrium, or what Algorithm 1 gives out."""

from __future__ import annotations

from pathlib import Path

from ergs_verify.answer import LETTERS
from ergs_verify.cli import output as out
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.files import text
from ergs_verify.game import documents
from ergs_verify.report.solution import solution_summary
from ergs_verify.report.terminal import printable
from ergs_verify.solve import solve


def run(
    name: str,
    *,
    digits: int | None,
    method: str,
    iterations: int | None,
    output: Path | None,
    as_json: bool,
) -> Status:
    """Solve, write the file where one is wanted, and print a summary or the object.

    Of several stationary equilibria all are shown and written, to FILE, FILE-2, …; the object is
    the first.
    """
    if method == "algorithm1" and iterations is None:
        raise InputError("--method algorithm1 needs --iterations L, with L ≥ 1", "--iterations")
    if method == "nash" and iterations is not None:
        raise InputError("--iterations goes with --method algorithm1 only", "--iterations")
    expect_writable(output, ".json", ".npz", ".mat")
    game = named_game(name)
    with out.progress("solving") as progress:
        try:
            solution = solve(
                game, digits=digits, method=method, iterations=iterations, progress=progress
            )
        except InputError as error:
            if error.where in LETTERS:  # too large for a float64
                raise InputError(f"{printable(name)}: {error.message}", name) from error
            raise
    if output is not None:
        for number, one in enumerate((solution, *solution.others), 1):
            path = output if number == 1 else output.with_stem(f"{output.stem}-{number}")
            expect_writable(path, output.suffix)
            one.save(path)
            out.say(f"wrote {path}")
    if as_json:
        document = documents.policy_document(solution.policy, {})
        out.show_text(text.render_json(document).decode())
    else:
        out.show(solution_summary(game, solution))
    return Status.HOLDS
