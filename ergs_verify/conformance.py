"""The suite as tests of a solver, one for each game, to be run in the solver's own project.

``pytest --pyargs ergs_verify.conformance --ergs-solver module:function``, or ``--ergs-command
'prog {game} {solution}'`` for a program in any language, with the options of ``ergs-verify audit``:
``--ergs-format``, ``--ergs-suite``, ``--ergs-timeout``, ``--ergs-epsilon``, ``--ergs-dtype``,
``--ergs-tolerance``, ``--ergs-scope``, and ``--ergs-convention``, ``--ergs-skip`` and
``--ergs-unsupported``, which may be repeated.

A game outside of the declared scope is a skipped test. One that stays undecided is one too, with
its reason, and listed at the end of the run: it did not pass, and "expected to fail" would claim
what nobody knows. The module's name keeps it out of runs that do not ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.named_solver import named_solver
from ergs_verify.audit.scope import Scope
from ergs_verify.audit.solver import Asked, GameResult, earned, in_scope, judged
from ergs_verify.audit.suite import SuiteGame, suite
from ergs_verify.errors import InputError
from ergs_verify.pytest_plugin import UNDECIDED, report_text

_USAGE = (
    "ergs_verify.conformance tests a solver: give --ergs-solver MODULE:FUNCTION, or "
    "--ergs-command 'prog {game} {solution}' (one of the two)"
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    options = metafunc.config.option
    if (options.ergs_solver is None) == (options.ergs_command is None):
        raise pytest.Collector.CollectError(_USAGE)
    try:
        games = suite(options.ergs_suite)
        in_scope(games, _scope(metafunc.config))
        _asked(metafunc.config)
        with _named(metafunc.config) as solver:
            solver.ready()
    except InputError as error:
        raise pytest.Collector.CollectError(error.message) from None
    metafunc.parametrize("suite_game", games, ids=[one.name for one in games])


def _named(config: pytest.Config) -> Solver:
    """The solver that the options name."""
    options = config.option
    return named_solver(
        solver=options.ergs_solver,
        command=options.ergs_command,
        file_format=options.ergs_format,
        conventions=options.ergs_convention,
        timeout=options.ergs_timeout,
    )


@pytest.fixture(scope="module")
def solver(pytestconfig: pytest.Config) -> Iterator[Solver]:
    with _named(pytestconfig) as made:
        yield made


@pytest.fixture(scope="module")
def asked(pytestconfig: pytest.Config) -> Asked:
    return _asked(pytestconfig)


@pytest.fixture(scope="module")
def judged_before() -> list[GameResult]:
    return []


def _asked(config: pytest.Config) -> Asked:
    options = config.option
    return Asked(
        epsilon=options.ergs_epsilon, dtype=options.ergs_dtype, tolerance=options.ergs_tolerance
    )


def _scope(config: pytest.Config) -> Scope:
    options = config.option
    return Scope.named(
        options.ergs_scope, skip=options.ergs_skip, unsupported=options.ergs_unsupported
    )


def test_solver(
    solver: Solver,
    suite_game: SuiteGame,
    asked: Asked,
    judged_before: list[GameResult],
    pytestconfig: pytest.Config,
    record_property,
) -> None:
    scope = _scope(pytestconfig)
    why = scope.left_out(suite_game.game)
    if why or suite_game.name in scope.skip:
        pytest.skip(why or "left out by name")
    try:
        outcome = solver(suite_game.game)
    except InputError as error:  # of a program that turns out not to be one
        pytest.fail(error.message, pytrace=False)
    if outcome.trouble and scope.declines(outcome.trouble):
        pytest.skip(f"the solver {outcome.trouble.message}")
    result = judged((suite_game.name, suite_game.game, outcome), asked)
    [result] = earned([result], judged_before)
    judged_before.append(result)
    if result.verdict == "pass":
        return
    said = [result.message, f"The game: {suite_game.name}, {suite_game.why}.", *result.remarks]
    if result.audit is not None:
        said += ["", report_text(result.audit)]
    text = "\n".join(said)
    if result.verdict == "undecided":
        record_property(UNDECIDED, result.message)
        pytest.skip(text)
    pytest.fail(text, pytrace=False)
