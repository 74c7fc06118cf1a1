"""The pytest plugin in somebody else's project: what it costs, what it says, what it judges."""

from __future__ import annotations

import importlib

import pytest

from ergs_verify import gallery
from ergs_verify.audit.suite import SUITES, suite
from ergs_verify.engine import nash
from ergs_verify.pytest_plugin import assert_equilibrium

pytest_plugins = ["pytester"]

# An inner run forgets the modules it imports, and flint or numpy cannot be loaded twice.
importlib.import_module("ergs_verify.conformance")

SOLVERS = """
    from ergs_verify.engine import nash

    def right(game):
        return nash(game)

    def wrong(game):
        found = nash(game)
        return {"K": [-K for K in found.K], "Sigma": found.Sigma}

    def unwilling(game):
        raise ValueError("not today")
"""
ONE_GAME = "test_solver[one-stage]"


def conformance(pytester, *options):
    """The suite run in a project of its own; in this process, where SymPy is loaded already."""
    pytester.makepyfile(solvers=SOLVERS)
    return pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "--pyargs", "ergs_verify.conformance", *options
    )


def test_loading_costs_nothing(pytester):
    """The entry point loads it wherever the package is installed."""
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            assert "ergs_verify.pytest_plugin" in sys.modules
            assert not {"numpy", "sympy", "flint", "mpmath", "scipy"} & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_fixtures_in_a_project(pytester):
    pytester.makepyfile(
        """
        def test_right(ergs_game, ergs_reference, assert_equilibrium):
            game = ergs_game("g-star-2")
            solution = ergs_reference(game)
            assert ergs_reference(ergs_game("g-star-2")) is solution
            assert solution.certified
            assert str(ergs_reference(game, 5).K[0][0][0, 0]) == "-1.85714"
            assert_equilibrium(game, solution)

        def test_wrong(ergs_game, assert_equilibrium):
            half = [[[[-0.5, 0.5]]], [[[0.5, -0.5]]]]
            assert_equilibrium(ergs_game("g-star-2"), {"K": half})
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*AssertionError: fail: not this game's Nash equilibrium*", "*agent  gap*"]
    )
    result.stdout.no_fnmatch_line("*pytest_plugin.py:*")


def test_the_message_is_the_report_with_the_diagnosis():
    game = gallery("identical-interest").rounded()
    found = nash(game.floats())
    assert_equilibrium(game, found)
    with pytest.raises(AssertionError) as caught:
        assert_equilibrium(game, {"K": [-K for K in found.K], "Sigma": found.Sigma})
    message = str(caught.value)
    assert message.startswith("fail: not this game's Nash equilibrium")
    assert "Mistake sign-of-K" in message
    assert "gap" in message


def test_epsilon_asks_for_the_gap_instead():
    nearly = {"K": [[[[-1.86, 1.15]]], [[[1.14, -1.86]]]]}
    assert_equilibrium(gallery("g-star-2"), nearly, epsilon="1e-3")
    with pytest.raises(AssertionError, match="no ε-Nash equilibrium for ε"):
        assert_equilibrium(gallery("g-star-2"), nearly, epsilon="1e-9")


def test_a_right_solver_passes_the_suite(pytester):
    result = conformance(pytester, "--ergs-solver", "solvers:right", "--ergs-suite", "quick")
    result.assert_outcomes(passed=len(suite("quick")))
    assert result.ret == pytest.ExitCode.OK


def test_a_wrong_solver_fails_with_the_diagnosis(pytester):
    result = conformance(pytester, "--ergs-solver", "solvers:wrong", "-k", "one-stage")
    result.assert_outcomes(failed=1, deselected=len(suite()) - 1)
    result.stdout.fnmatch_lines(
        [
            f"*{ONE_GAME.replace('[', '[[]')}*",
            "one-stage: T = 1: only the terminal costs and one block system count",
            "fail: not this game's Nash equilibrium*",
            "*Mistake sign-of-K*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_error_is_an_answer_where_there_is_no_equilibrium(pytester):
    result = conformance(
        pytester, "--ergs-solver", "solvers:unwilling", "-k", "one-stage or no-equilibrium"
    )
    result.assert_outcomes(passed=1, failed=1, deselected=len(suite()) - 2)
    result.stdout.fnmatch_lines(["fail: the solver raised ValueError: not today*"])


def test_a_command_is_a_solver(pytester):
    """It writes no solution, which is said."""
    result = conformance(pytester, "--ergs-command", "true {game} {solution}", "-k", "one-stage")
    result.assert_outcomes(failed=1, deselected=len(suite()) - 1)
    result.stdout.fnmatch_lines(["fail: the solver *"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "*give --ergs-solver MODULE:FUNCTION*"),
        (["--ergs-solver", "a:b", "--ergs-command", "c"], "*one of the two*"),
        (["--ergs-solver", "nowhere:solve"], "*nowhere*cannot be loaded*"),
        (["--ergs-solver", "solvers"], '*write it like "module:function"*'),
        (["--ergs-suite", "large"], "*invalid choice*"),
    ],
)
def test_bad_usage_is_one_clear_message(pytester, options, message):
    result = conformance(pytester, *options)
    assert result.ret not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    shown = f"{result.stdout}\n{result.stderr}"
    assert message.strip("*").split("*")[0] in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("name", SUITES)
def test_the_suites_are_those_of_the_audit(pytester, name):
    options = ("--ergs-solver", "solvers:right", "--ergs-suite", name, "--collect-only", "-q")
    result = conformance(pytester, *options)
    assert f"{len(suite(name))} tests collected" in str(result.stdout)
