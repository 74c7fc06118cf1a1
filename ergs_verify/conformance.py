"""The suite as tests of a solver, one for each game, to be run in the solver's own project.

``pytest --pyargs ergs_verify.conformance --ergs-solver module:function``, or ``--ergs-command`` for
a program in any language. Its name keeps this module out of runs that do not ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.solver import judged
from ergs_verify.audit.suite import SuiteGame, suite
from ergs_verify.errors import InputError
from ergs_verify.pytest_plugin import report_text

_USAGE = (
    "ergs_verify.conformance tests a solver: give --ergs-solver MODULE:FUNCTION, or "
    "--ergs-command 'prog {game} {solution}' (one of the two)"
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    options = metafunc.config.option
    if (options.ergs_solver is None) == (options.ergs_command is None):
        raise pytest.Collector.CollectError(_USAGE)
    games = suite(options.ergs_suite)
    metafunc.parametrize("suite_game", games, ids=[one.name for one in games])


@pytest.fixture(scope="module")
def solver(pytestconfig: pytest.Config) -> Iterator[Solver]:
    """The solver that the options name."""
    options = pytestconfig.option
    if options.ergs_command is not None:
        made: Solver = CommandSolver(command=options.ergs_command)
    else:
        made = PythonSolver(name=options.ergs_solver)
    with made:
        yield made


def test_solver(solver: Solver, suite_game: SuiteGame) -> None:
    try:
        outcome = solver(suite_game.game)
    except InputError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    result = judged((suite_game.name, suite_game.game, outcome))
    if result.verdict == "pass":
        return
    said = [f"{suite_game.name}: {suite_game.why}"]
    if result.audit is None or result.audit.title != result.message:
        said.append(result.message)
    said += result.remarks
    if result.audit is not None:
        said.append(report_text(result.audit))
    text = "\n".join(said)
    if result.verdict == "undecided":
        pytest.skip(text)
    pytest.fail(text, pytrace=False)
