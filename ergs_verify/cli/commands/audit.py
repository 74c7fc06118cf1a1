"""`audit`: one solution of a game judged, or a solver on a suite of games."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.beside import process_beside
from ergs_verify.cli.options import GAME, CsvReport, HtmlReport, Json
from ergs_verify.cli.reports import Reports
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.files import disk


class FileFormat(StrEnum):
    """The files that a program under audit is given."""

    json = "json"
    npz = "npz"
    mat = "mat"


def command(
    game: Annotated[str | None, typer.Argument(metavar="GAME", help=GAME)] = None,
    solution: Annotated[
        Path | None,
        typer.Argument(metavar="SOLUTION", help="A file: .json, .toml, .npz or .mat."),
    ] = None,
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon",
            metavar="E",
            help=("Pass if no agent's gap exceeds E, whatever the digits."),
        ),
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option("--solver", metavar="MODULE:FUNCTION", help="Judge a Python solver."),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(
            "--command",
            help=(
                "Judge a program: 'prog {game} {solution}'. It reads the "
                "first file and writes the second."
            ),
        ),
    ] = None,
    file_format: Annotated[
        FileFormat | None,
        typer.Option("--format", help="The format of these two files (default json)."),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite",
            metavar="NAME",
            help="The games: standard (default), quick (part of it), general (beyond the paper) "
            "or stationary (infinite horizon).",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="S", help="Seconds that a solver has for a game (default 60)."
        ),
    ] = None,
    convention: Annotated[
        list[str] | None,
        typer.Option(
            "--convention",
            metavar="NAME",
            help="A convention in which a solver or a solution differs; may be repeated: "
            "negative-gain (u = -Kx), half-costs (costs with 1/2), half-values (value x'Px/2 "
            "+ q), tau-in-R (R is passed with tau/2 in it, and tau as 0), time-last (arrays "
            "p x m x T).",
        ),
    ] = None,
    html: HtmlReport = None,
    csv: CsvReport = None,
    dtype: Annotated[
        str,
        typer.Option(
            "--dtype",
            help=("The solver's numbers: float64, or float32, of which fewer digits are asked."),
        ),
    ] = "float64",
    tolerance: Annotated[
        str | None,
        typer.Option(
            "--tolerance",
            metavar="TOL",
            help="Judge an iterative solver by what iterating to TOL can reach.",
        ),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            "--scope",
            metavar="WORDS",
            help="The games that a solver accepts; others are skipped: agents=2 (or agents<=3; "
            "likewise states, controls, stages), time-invariant (but for terminal costs), "
            "equal-controls, no-noise, entropy (tau > 0), plain (tau = 0), average (no "
            "discount), basic (only A, B, Q, R, tau, noise, discounts), with commas between.",
        ),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="GAME", help="Skip a game by name; may be repeated."),
    ] = None,
    unsupported: Annotated[
        list[str] | None,
        typer.Option(
            "--unsupported",
            metavar="SIGNAL",
            help="How a solver says that it does not accept a game, which is then skipped: an "
            "exception's name such as NotImplementedError, an exit status, or unsupported, a "
            "field of that name in its answer; may be repeated.",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate",
            metavar="FILE",
            help="Infinite horizon: write the proof of stability and gaps, for recheck.",
        ),
    ] = None,
    json: Json = False,
) -> Status:
    """Judge a solution of a game, or a solver on a suite of games.

    The answer has certified gaps, errors in digits, and the known mistake that explains them. A
    solution passes if it is the equilibrium, as accurately as float64 allows on this game. Where
    the horizon is infinite it has to be a stationary equilibrium with a stable closed loop.

    A function receives one object with float64 arrays: A (T,m,m), B[i] (T,m,p_i), Q[i] (T+1,m,m),
    R[i] (T,p_i,p_i), noise_cov, tau, horizon, x0_mean, x0_cov. It returns a dict or an object with
    K[i] (T,p_i,m), u = Kx, and optionally Sigma[i] (T,p_i,p_i), P[i] (T+1,m,m), q[i] (T+1). If a
    game has no single equilibrium it should raise an error or return NaN. A program reads and
    writes files with the same names. `ergs-verify template LANGUAGE` prints a solver to start from.

    Exit status: 0 the solution passes, or the solver passes on every game; 1 it fails, or fails on
    some game; 2 bad input; 3 it is undecided, or undecided on some game and fails on none;
    130 interrupted.
    """
    reports = Reports(html, csv)
    asked = {"epsilon": epsilon, "dtype": dtype, "tolerance": tolerance}
    if solver is None and command is None:
        if game is None or solution is None:
            raise InputError(
                "give a game and a file with its solution, or --solver or --command", "command line"
            )
        if any(
            given is not None for given in (file_format, suite, timeout, scope, skip, unsupported)
        ):
            raise InputError(
                "--format, --suite, --timeout, --scope, --skip and --unsupported go with --solver "
                "or --command",
                "command line",
            )
        if solution.is_dir():
            with disk.naming(solution):
                raise InputError("is a directory; ergs-verify compare judges many solutions")
        # Begun before what takes long to import.
        with process_beside(solution, "ergs_verify.audit.solution", "derive") as meanwhile:
            from ergs_verify.cli.auditing import judge_solution

            judged = judge_solution(
                game, solution, asked, convention or [], certificate, reports, meanwhile
            )
    else:
        if any(given is not None for given in (game, solution, certificate)):
            raise InputError(
                "with --solver or --command the games are those of a suite; leave out GAME, "
                "SOLUTION and --certificate",
                "--solver",
            )
        if solver is not None and command is not None:
            raise InputError("give --solver or --command, not both", "--solver")
        if file_format is not None and command is None:
            raise InputError("--format goes with --command; a function receives arrays", "--format")
        from ergs_verify.audit.named_solver import named_solver
        from ergs_verify.audit.scope import Scope
        from ergs_verify.cli.auditing import judge_solver

        declared = Scope.named(scope or "", skip=skip or [], unsupported=unsupported or [])
        foreign = named_solver(
            solver=solver,
            command=command,
            file_format=(file_format or FileFormat.json).value,
            conventions=convention or [],
            timeout=60.0 if timeout is None else timeout,
        )
        told = {
            "Solver": solver or command,
            "Declared conventions": ", ".join(convention or []),
            "ε": epsilon,
            "Tolerance": tolerance,
            "Scope": scope,
        }
        judged = judge_solver(foreign, suite or "standard", declared, asked, told, reports)
    if json:
        output.show_json(judged.document())
    else:
        output.show(judged.summary())
    judged.write()
    return judged.status
