"""The commands and their options. What a command does is fetched when it runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ergs_verify import __version__

app = typer.Typer(
    name="ergs-verify",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 what was asked holds, 1 refuted, 2 bad input, 3 undecided, "
    "70 a fault of this program, 74 standard output could not be written, 129 hung up, "
    "130 interrupted, 141 nobody read the output, 143 terminated. See the --help of a "
    "command for what its own status is about.",
)

_GAME = (
    "A game: a file (.json, .toml, .npz, .mat), a name of the gallery (see `ergs-verify games`), "
    "a random one such as random:N=3,m=4,p=2,T=10,seed=0, suite:NAME of a game on which solvers "
    "are audited, or exhibit:NAME of one on which the paper's claims are tried."
)
GameName = Annotated[str, typer.Argument(metavar="GAME", help=_GAME)]
GameNames = Annotated[list[str], typer.Argument(metavar="GAME...", help=_GAME)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write to .json, .npz or .mat."),
]
HtmlReport = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write a report too: one page without scripts."),
]
CsvReport = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the numbers too, as a table.")
]


class Method(StrEnum):
    """How a game is solved."""

    nash = "nash"
    algorithm1 = "algorithm1"


class FileFormat(StrEnum):
    """The files that a program under audit is given."""

    json = "json"
    npz = "npz"
    mat = "mat"


class DerivationName(StrEnum):
    """What can be derived."""

    lemma_III_2 = "lemma-III.2"
    thm_III_1 = "thm-III.1"
    policy_cost = "policy-cost"
    gap_identity = "gap-identity"
    gap_coefficient = "gap-coefficient"


def _reports(html: Path | None, csv: Path | None) -> Any:
    """The files to write, looked at before any work is done."""
    from ergs_verify.cli.reports import Reports

    return Reports(html, csv)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ergs-verify {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Derive, prove and cross-check entropy-regularized general-sum LQ games.

    After the paper "Policy Optimization finds Nash Equilibrium in Regularized General-Sum LQ
    Games", arXiv:2404.00045.
    """


@app.command()
def verify(
    games: Annotated[
        list[str] | None, typer.Argument(metavar="[GAME...]", help=f"More games. {_GAME}")
    ] = None,
    json: Json = False,
) -> int:
    """The main job: derive, judge the paper, cross-check games.

    Derives Lemma III.2, Theorem III.1 and the cost of a policy; decides every claim of the
    paper; solves the games of the gallery, and those given, in independent ways and compares.
    """
    from ergs_verify.cli.verify import run

    return run(games or [], as_json=json)


@app.command()
def paper(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID...]", help="Claims to show whole: eq-11, lemma-III.2/minimiser..."
        ),
    ] = None,
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the ledger as Markdown with formulas.")
    ] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="Print every claim as a LaTeX document.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write a page: printed, corrected, why, with exhibits and proofs.",
        ),
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(
            "--certificates",
            metavar="DIR",
            help="Write a certificate of each identity that is proved, for recheck.",
        ),
    ] = None,
    exhibit: Annotated[
        bool,
        typer.Option(
            "--exhibit",
            help="Print the game that shows what is wrong with one claim; with -o FILE, write all"
            " that do, to FILE, FILE-2, ...",
        ),
    ] = False,
    output: Output = None,
) -> int:
    """Decide the paper's claims: the ledger, or the claims named.

    Exit status 0: every claim is decided, and each that is wrong as printed holds as corrected.
    """
    from ergs_verify.cli.paper import run

    return run(
        ids or [],
        as_json=json,
        markdown=markdown,
        latex=latex,
        html=html,
        folder=certificates,
        exhibit=exhibit,
        path=output,
    )


@app.command()
def derive(
    name: Annotated[DerivationName | None, typer.Argument(help="What to derive.")] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Markdown with LaTeX, for a notebook.")
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="A LaTeX document.")] = False,
) -> int:
    """Derive a result step by step, or all of them without a name."""
    from ergs_verify.cli.derive import run

    return run(name.value if name else None, markdown=markdown, latex=latex)


@app.command()
def recheck(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A proof: `Proof.certificate`, or of audit --certificate."
        ),
    ],
    json: Json = False,
) -> int:
    """Confirm a proof by code that shares nothing with the prover.

    Exit status 0: it proves what is printed; 1: it proves nothing.
    """
    from ergs_verify.cli.recheck import run

    return run(file, as_json=json)


@app.command()
def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="game, solution, error, check, gap, audit, suite or ledger: ergs-NAME/1.",
        ),
    ],
) -> int:
    """Print the JSON Schema of a format that is read or printed."""
    from ergs_verify.cli.schema import run

    return run(name)


@app.command()
def games(json: Json = False) -> int:
    """List the gallery: named games, each with what it shows."""
    from ergs_verify.cli.games import show_all

    return show_all(as_json=json)


@app.command()
def game(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A name of the gallery, random:N=3,m=4,p=2,T=10,seed=0 (any of the keys), "
            "suite:NAME of a game on which solvers are audited, or exhibit:NAME of one on which "
            "the paper's claims are tried.",
        ),
    ],
    output: Output = None,
) -> int:
    """Print one game of the gallery as JSON, or write it to a file."""
    from ergs_verify.cli.games import show_one

    return show_one(name, output)


@app.command()
def solve(
    game: GameName,
    digits: Annotated[
        int | None,
        typer.Option(
            "--digits", metavar="D", help="Decimal digits, 1 to 5000; float64 without it."
        ),
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
) -> int:
    """Solve a game. No equilibrium, or no single one: exit status 1, naming the stage.

    Without --digits every entry is the nearest float64. With it entries are decimals, and
    |printed - exact| <= 10^-D max(1, largest entry in size) for each matrix; of its own every entry
    has D digits too, and at least the 17 of float64, unless float64 cannot tell it from 0.

    Of a game of infinite horizon all stationary equilibria that are found are shown, and written to
    FILE, FILE-2, ...; --json prints the first.
    """
    from ergs_verify.cli.solve import run

    return run(
        game,
        digits=digits,
        method=method.value,
        iterations=iterations,
        output=output,
        as_json=json,
    )


@app.command()
def crosscheck(
    games: GameNames,
    digits: Annotated[
        int, typer.Option("--digits", metavar="D", help="Digits of the derived recursion.")
    ] = 50,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> int:
    """Compute an equilibrium in independent ways and compare.

    Every quantity is compared, in digits of agreement.
    """
    from ergs_verify.cli.crosscheck import run

    return run(games, digits=digits, as_json=json, reports=_reports(html, csv))


@app.command()
def check(
    game: GameName,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> int:
    """Prove what holds of a game and its equilibrium.

    Existence and uniqueness, Assumption III.3, the inner loop of Algorithm 1.
    Stage by stage: det Phi, the constant of Lemma IV.1, the spectral radius of the inner loop; and
    the tau and delta that the paper asks for.

    Exit status: 0 exactly one Nash equilibrium, proved; 1 none or more, proved; 2 bad input;
    3 undecided at the precision allowed.
    """
    from ergs_verify.cli.check import run

    return run(game, as_json=json, reports=_reports(html, csv))


@app.command()
def survey(
    family: Annotated[
        str,
        typer.Argument(
            metavar="FAMILY",
            help="random:N=2,m=2,p=1,T=10,seed=0:1000, a folder of games, a .jsonl file of games, "
            "or a .toml file with a template and ranges.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.")
    ],
    ask: Annotated[
        str, typer.Option("--ask", metavar="QUESTION", help="check, gap, solve or audit.")
    ] = "check",
    delta: Annotated[
        str | None, typer.Option("--delta", metavar="D", help="Of gap; 1 without it.")
    ] = None,
    digits: Annotated[
        int | None, typer.Option("--digits", metavar="D", help="Of solve; 8 without it.")
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option("--solver", metavar="MODULE:FUNCTION", help="Of audit: the solver."),
    ] = None,
    shard: Annotated[int, typer.Option("--shard", min=1, help="Games of a file.")] = 5000,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Processes here; one for each core without it."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="The scheduler of a dask cluster."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a survey that was broken off.")
    ] = False,
    json: Json = False,
) -> int:
    """Put a question to every game of a family, up to millions.

    The folder gets Parquet files, a row for each game, a summary, a picture, and the extreme games.

    Exit status: 0 every game is answered; 2 bad input; 3 some game has no answer.
    """
    from ergs_verify.cli.survey import run

    return run(
        family,
        output=output,
        ask=ask,
        options={"delta": delta, "digits": digits, "solver": solver},
        shard=shard,
        workers_wanted=workers,
        cluster=cluster,
        resume=resume,
        as_json=json,
    )


@app.command()
def gap(
    game: GameName,
    delta: Annotated[
        str | None,
        typer.Option(
            "--delta", metavar="D1,D2,...", help="Numbers > 0; twelve decades without it."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw to .png, .pdf or .svg."),
    ] = None,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> int:
    """Enclose the cost of playing at tau + delta.

    What each agent loses by playing the equilibrium at tau + delta in the game at tau.

    Theorem IV.3: the gap, its bound, its order in delta and its coefficient.

    Exit status: 0 every gap is enclosed; 1 at some delta there is no single equilibrium at
    tau + delta, proved; 2 bad input; 3 some enclosure is not as tight as asked.
    """
    from ergs_verify.cli.gap import run

    return run(game, delta=delta, plot=plot, as_json=json, reports=_reports(html, csv))


@app.command()
def horizon(
    game: GameName,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw to .png, .pdf or .svg."),
    ] = None,
    json: Json = False,
) -> int:
    """Measure how fast a finite horizon approaches the infinite one.

    Of a game of infinite horizon: how far the gains with ever more stages left are from those of a
    stationary equilibrium, at what rate they approach them, and, where that is proved, by what
    factor each stage brings the costs nearer.

    Exit status: 0 they approach one; 1 they do not, as far as was followed; 2 bad input;
    3 no stationary equilibrium was proved.
    """
    from ergs_verify.cli.horizon import run

    return run(game, plot=plot, as_json=json)


@app.command()
def audit(
    game: Annotated[str | None, typer.Argument(metavar="GAME", help=_GAME)] = None,
    solution: Annotated[
        Path | None,
        typer.Argument(metavar="SOLUTION", help="A file: .json, .toml, .npz or .mat."),
    ] = None,
    epsilon: Annotated[
        str | None,
        typer.Option("--epsilon", metavar="E", help="Ask instead: is no agent's gap above E?"),
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option("--solver", metavar="MODULE:FUNCTION", help="Judge a Python solver."),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option("--command", help="Judge a program: 'prog {game} {solution}', two files."),
    ] = None,
    file_format: Annotated[
        FileFormat | None,
        typer.Option(
            "--format", help="The files that the program reads and writes; json without it."
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite",
            metavar="NAME",
            help="Its games: quick, general (beyond the paper), or standard, as without it.",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="S", help="Seconds that a solver has for a game; 60 without it."
        ),
    ] = None,
    convention: Annotated[
        list[str] | None,
        typer.Option(
            "--convention",
            metavar="NAME",
            help="How a solver or a solution differs; may be repeated: negative-gain (u = -Kx), "
            "half-costs (costs with 1/2), half-values (value x'Px/2 + q), tau-in-R (R is handed "
            "with tau/2 in it, and tau as 0), time-last (arrays p x m x T).",
        ),
    ] = None,
    html: HtmlReport = None,
    csv: CsvReport = None,
    dtype: Annotated[
        str,
        typer.Option("--dtype", help="The solver's numbers: float64, or float32 for a lower bar."),
    ] = "float64",
    tolerance: Annotated[
        str | None,
        typer.Option(
            "--tolerance",
            metavar="TOL",
            help="Of an iterative solver: is it as good as iterating to TOL makes it?",
        ),
    ] = None,
    scope: Annotated[
        str,
        typer.Option(
            "--scope",
            metavar="WORDS",
            help="The games that a solver takes; others are skipped: agents=2 (or agents<=3; "
            "likewise states, controls, stages), time-invariant (but for terminal costs), "
            "equal-controls, no-noise, entropy (tau > 0), plain (tau = 0), with commas between.",
        ),
    ] = "",
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="GAME", help="Skip a game by name; may be repeated."),
    ] = None,
    unsupported: Annotated[
        list[str] | None,
        typer.Option(
            "--unsupported",
            metavar="SIGNAL",
            help="How a solver says that it does not take a game, which is then skipped: an "
            "exception's name such as NotImplementedError, an exit status, or unsupported, a "
            "field of that name in its answer; may be repeated.",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate",
            metavar="FILE",
            help="Of an infinite horizon: write the proof of stability and gaps, for recheck.",
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Judge a solution of a game, or a solver on a suite of games.

    Certified gaps, errors in digits, and the mistake that they most resemble. A solution passes
    if it is the equilibrium, as accurately as float64 can be on this game; where the horizon is
    infinite: a stationary equilibrium, with a stable closed loop.

    A function gets one object with float64 arrays: A (T,m,m), B[i] (T,m,p_i), Q[i] (T+1,m,m),
    R[i] (T,p_i,p_i), noise_cov, tau, horizon, x0_mean, x0_cov. It returns a dict or an object with
    K[i] (T,p_i,m), u = Kx, and optionally Sigma[i] (T,p_i,p_i), P[i] (T+1,m,m), q[i] (T+1). Where
    a game has no single equilibrium it should raise an error, or return NaN. A program reads and
    writes files with the same. `ergs-verify template LANGUAGE` prints a beginning.

    Exit status: 0 the solution passes, or the solver on every game; 1 it fails, or on some game;
    2 bad input; 3 undecided, or on some game, and none fails; 130 interrupted.
    """
    if solver is None and command is None:
        from ergs_verify.cli.beside import process_beside

        with process_beside(solution, "ergs_verify.audit.solution", "derive") as meanwhile:
            from ergs_verify.cli.audit import run

            return run(
                game,
                solution,
                epsilon=epsilon,
                dtype=dtype,
                tolerance=tolerance,
                conventions=convention or [],
                of_solver=(file_format, suite, timeout, scope or None, skip, unsupported),
                certificate=certificate,
                as_json=json,
                reports=_reports(html, csv),
                meanwhile=meanwhile,
            )
    from ergs_verify.cli.audit import run_suite

    return run_suite(
        (game, solution, certificate),
        asked={"epsilon": epsilon, "dtype": dtype, "tolerance": tolerance},
        scope=(scope, skip or [], unsupported or []),
        solver=solver,
        command=command,
        file_format=file_format and file_format.value,
        suite=suite,
        timeout=timeout,
        conventions=convention or [],
        as_json=json,
        reports=_reports(html, csv),
    )


@app.command()
def template(
    language: Annotated[
        str, typer.Argument(metavar="LANGUAGE", help="python, jax, octave, julia or cpp.")
    ],
) -> int:
    """Print a solver to begin with: it passes, and is to be replaced by one's own."""
    from ergs_verify.cli.audit import show_template

    return show_template(language)


@app.command()
def reference(
    games: GameNames,
    folder: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", help="Where to write NAME.json for each."),
    ],
    digits: Annotated[
        int, typer.Option("--digits", metavar="D", help="Decimal digits, 1 to 5000.")
    ] = 50,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that say something else.")
    ] = False,
) -> int:
    """Write certified digits as files that any language reads.

    A file is one JSON object, "format": "ergs-reference/1". Its keys: name and game_hash of the
    game; digits, as asked for; equilibrium ("unique", "none", "continuum", "singular" for one of
    the two, "unbounded" where the cost of agent has no lower bound, or "stationary": the horizon is
    infinite, the equilibrium locally unique, and [t] is left out of all that follows); t, the
    singular or unbounded stage, else null; error. Where there is an equilibrium also K, Sigma and
    P, [agent][t] matrices as lists of rows of decimal strings, and q, [agent][t] decimal strings;
    with affine terms also k and s, [agent][t] lists. error holds for each of the letters
    [agent][t] how far at most an entry of that matrix is from the exact one: |given - exact| <=
    error <= 10^-D max(1, largest entry), for Sigma without the 1.

    The same game and digits give the same bytes, on every machine.

    Exit status: 0 every file says what it should; 2 bad input, or a file that is there already
    and says something else; 3 the precision allowed does not decide every digit.
    """
    from ergs_verify.cli.reference import run

    return run(games, folder, digits=digits, force=force)


@app.command()
def compare(
    references: Annotated[Path, typer.Argument(metavar="DIR", help="A directory of references.")],
    solutions: Annotated[
        Path,
        typer.Argument(
            metavar="SOLUTIONS", help="A directory of solutions: .json, .toml, .npz or .mat."
        ),
    ],
    digits: Annotated[
        int, typer.Option("--digits", metavar="D", help="How many must be right everywhere.")
    ] = 8,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> int:
    """Judge a directory of solutions by references.

    A solution belongs to the reference of its game_hash, else to that of its name.

    D digits are right of a matrix if |given - exact| <= 10^-D max(1, largest entry) everywhere in
    it, for Sigma without the 1: 8 digits of a P with entries of 1e-6 are two significant ones.
    audit counts from the matrix's largest entry on instead, in natural units of states and
    controls.

    --json prints {"format": "ergs-compare/1", "verdict", "digits", "files", "extra"}: verdicts are
    pass, fail or undecided; extra are the solutions without a reference; files are {"name",
    "solution", "verdict", "message", "quantities"}, solution null where it is missing, and
    quantities for each letter stated {"verdict", "digits", "max_error", "agent", "t"} of its worst
    matrix: digits that are right at least (null where no number says it), an upper bound of the
    error, and where, agents counted from 1 and times from 0, null where the horizon is infinite.

    Exit status: 0 every solution has the digits; 1 one is wrong or missing; 2 bad input; 3 a
    reference has too few digits to tell.
    """
    from ergs_verify.cli.reference import run_compare

    return run_compare(
        references, solutions, digits=digits, as_json=json, reports=_reports(html, csv)
    )
