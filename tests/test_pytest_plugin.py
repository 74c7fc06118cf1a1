"""The pytest plugin in somebody else's project: what it costs, what it says, what it judges."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from ergs_verify import Policy, gallery
from ergs_verify.audit.solver import GameResult
from ergs_verify.audit.suite import SUITES, suite
from ergs_verify.engine import nash
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.pytest_plugin import assert_equilibrium

pytest_plugins = ["pytester"]

# An inner run forgets the modules it imports, and flint or numpy cannot be loaded twice.
importlib.import_module("scipy.io")
conformance_module = importlib.import_module("ergs_verify.conformance")
audit_module = importlib.import_module("ergs_verify.audit.solution")

SOLVERS = """
    from ergs_verify.engine import nash

    def right(game):
        return nash(game)

    def wrong(game):
        found = nash(game)
        return {"K": [-K for K in found.K], "Sigma": found.Sigma}

    def minus(game):
        found = nash(game)
        return {"K": [-K for K in found.K]}

    def unwilling(game):
        raise ValueError("not today")

    def late(game):
        import time
        time.sleep(60)
"""
#: As `fnmatch_lines` wants it.
ONE_GAME = "test_solver[[]one-stage]"


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
            assert str(ergs_reference(game, 20).K[0][0][0, 0]) == "-1.85714285714285714286"
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


@pytest.mark.parametrize(
    ("solution", "place"),
    [
        ({"K": [[[[0, np.nan]]], [[[0, 0]]]]}, "K[0][0][0][1] (agent 1, t = 0) is NaN"),
        ({"K": np.full((2, 1, 1, 2), np.inf)}, "K[0][0][0][0] (agent 1, t = 0) is infinite"),
        ({"K": [[[[0, 0]]], [[[0], [0]]]]}, "K[1][0] (agent 2, t = 0) is 2×1"),
        ({"gains": 1}, "the dict has no K"),
        (None, "returned None"),
    ],
)
def test_what_is_no_policy_fails_the_assertion_with_its_place(solution, place):
    with pytest.raises(AssertionError) as caught:
        assert_equilibrium(gallery("g-star-2"), solution)
    assert str(caught.value).startswith("fail: the solver ")
    assert place in str(caught.value)


def test_conventions_of_the_solution_may_be_declared():
    game = gallery("random:N=2,m=3,p=2,T=5,seed=1").rounded()
    right = nash(game.floats())
    last = {"K": [np.moveaxis(K, 0, -1) for K in right.K]}
    with pytest.raises(AssertionError, match=r"would fit with the convention time-last$"):
        assert_equilibrium(game, last)
    assert_equilibrium(game, last, conventions="time-last")
    negative = {"K": [-K for K in last["K"]]}
    assert_equilibrium(game, negative, conventions=["time-last", "negative-gain"])
    assert_equilibrium(
        game, Policy.from_arrays(K=[-K for K in right.K]), conventions="negative-gain"
    )
    with pytest.raises(InputError, match='nearest is "time-last"'):
        assert_equilibrium(game, last, conventions="time-lost")


def test_a_bad_epsilon_is_no_failure_of_the_solution():
    with pytest.raises(InputError, match="epsilon must be ≥ 0"):
        assert_equilibrium(gallery("g-star-2"), {"K": np.zeros((2, 1, 1, 2))}, epsilon=-1)


def test_undecided_fails_the_assertion(monkeypatch):
    def audit(*_):
        raise NotCertifiedError("too few bits")

    monkeypatch.setattr(audit_module, "audit", audit)
    with pytest.raises(AssertionError, match="undecided: too few bits"):
        assert_equilibrium(gallery("g-star-2"), {"K": np.zeros((2, 1, 1, 2))})


def test_asymmetry_of_rounding_size_is_no_failure():
    game = gallery("time-varying").rounded()
    right = nash(game.floats())
    right.Sigma[1][0][0, 1] *= 1 + 2.0**-48
    with pytest.raises(InputError, match="not symmetric"):  # it is more than a Policy takes
        Policy.from_arrays(K=right.K, Sigma=right.Sigma)
    assert_equilibrium(game, {"K": right.K, "Sigma": right.Sigma})


def test_epsilon_asks_for_the_gap_instead():
    nearly = {"K": [[[[-1.86, 1.15]]], [[[1.14, -1.86]]]]}
    assert_equilibrium(gallery("g-star-2"), nearly, epsilon="1e-3")
    with pytest.raises(AssertionError, match="not an ε-Nash equilibrium for ε"):
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
            f"*{ONE_GAME}*",
            "fail: not this game's Nash equilibrium*",
            "The game: one-stage, T = 1: only the terminal costs and one block system matter.",
            "*Mistake sign-of-K*",
            f"FAILED *{ONE_GAME} - Failed: fail: not this game's*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_error_is_an_answer_where_there_is_no_equilibrium(pytester):
    only = "solvers:unwilling", "-k", "no-equilibrium"
    result = conformance(pytester, "--ergs-solver", *only)
    result.assert_outcomes(passed=1, deselected=len(suite()) - 1)


def test_an_error_that_regular_games_get_too_is_no_answer(pytester):
    result = conformance(
        pytester, "--ergs-solver", "solvers:unwilling", "-k", "one-stage or no-equilibrium"
    )
    result.assert_outcomes(failed=2, deselected=len(suite()) - 2)
    result.stdout.fnmatch_lines(
        [
            "fail: the solver raised ValueError: not today*",
            "fail: the solver raises the same error for the regular game one-stage*",
        ]
    )


def test_games_out_of_scope_and_declared_errors_are_skipped(pytester):
    out_of_scope = "--ergs-scope", "agents=2", "--ergs-skip", "square"
    declared = "--ergs-unsupported", "ValueError"
    only = "-k", "one-stage or square or loop-diverges-every-stage or opposed"
    result = conformance(
        pytester, "--ergs-solver", "solvers:unwilling", *out_of_scope, *declared, *only
    )
    result.assert_outcomes(skipped=4, deselected=len(suite()) - 4)


def test_a_command_is_a_solver(pytester):
    """It writes no solution, which is said."""
    result = conformance(pytester, "--ergs-command", "true {game} {solution}", "-k", "one-stage")
    result.assert_outcomes(failed=1, deselected=len(suite()) - 1)
    result.stdout.fnmatch_lines(["fail: the solver wrote no solution file *"])


def test_a_command_gets_the_format_that_is_asked_for(pytester):
    command = "sh -c 'echo ${0##*/} ${1##*/} >&2; exit 5' {game} {solution}"
    result = conformance(
        pytester, "--ergs-command", command, "--ergs-format", "mat", "-k", "one-stage"
    )
    result.stdout.fnmatch_lines(
        ['fail: the solver ended with exit status 5 *"game.mat solution.mat"']
    )


def test_a_file_that_is_no_program_fails_in_one_sentence(pytester):
    pytester.makefile("", broken="\x7fELF").chmod(0o755)
    result = conformance(
        pytester, "--ergs-command", "./broken {game} {solution}", "-k", "one-stage"
    )
    result.assert_outcomes(failed=1, deselected=len(suite()) - 1)
    result.stdout.fnmatch_lines(['"./broken" cannot be run: Exec format error'])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_conventions_and_the_timeout_are_those_of_the_audit(pytester):
    options = ("--ergs-convention", "negative-gain", "--ergs-convention", "half-values")
    result = conformance(pytester, "--ergs-solver", "solvers:minus", *options, "-k", "one-stage")
    result.assert_outcomes(passed=1, deselected=len(suite()) - 1)
    result = conformance(
        pytester, "--ergs-solver", "solvers:late", "--ergs-timeout", "0.5", "-k", "one-stage"
    )
    result.stdout.fnmatch_lines(["fail: the solver gave no answer within 0.5 s and was stopped"])


def test_undecided_is_a_skip_that_is_named_with_its_reason(pytester, monkeypatch):
    """No game of the suite stays undecided for a right solver: a verdict is planted."""

    def undecided(run, _asked):
        name, game, outcome = run
        return GameResult(
            name=name, game=game, verdict="undecided", message="undecided: that is open",
            audit=None, outcome=outcome,
        )  # fmt: skip

    monkeypatch.setattr(conformance_module, "judged", undecided)
    result = conformance(pytester, "--ergs-solver", "solvers:right", "-k", "one-stage")
    result.assert_outcomes(skipped=1, deselected=len(suite()) - 1)
    result.stdout.fnmatch_lines(
        [
            "*= ergs-verify: undecided, so neither passed nor failed =*",
            f"*{ONE_GAME}: undecided: that is open",
        ]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "*give --ergs-solver MODULE:FUNCTION*"),
        (["--ergs-solver", "a:b", "--ergs-command", "c"], "*one of the two*"),
        (["--ergs-solver", "nowhere:solve"], "*nowhere*cannot be loaded*"),
        (["--ergs-solver", "solvers"], '*write it like "module:function"*'),
        (["--ergs-command", "nosuch {game} {solution}"], '*there is no program "nosuch"*'),
        (["--ergs-command", "true {game}"], "*lacks {solution}*"),
        (
            ["--ergs-solver", "solvers:right", "--ergs-convention", "odd"],
            '*"odd" is not a convention*',
        ),
        (["--ergs-solver", "solvers:right", "--ergs-timeout", "0"], "*a number of seconds > 0*"),
        (
            ["--ergs-solver", "solvers:right", "--ergs-skip", "odd"],
            '*"odd" is not a game of this suite*',
        ),
        (
            ["--ergs-solver", "solvers:right", "--ergs-dtype", "float16"],
            '*"float16" is not a dtype that can be judged*',
        ),
        (["--ergs-solver", "solvers:right", "--ergs-epsilon", "-1"], "*epsilon must be ≥ 0*"),
        (["--ergs-solver", "solvers:right", "--ergs-tolerance", "2"], "*between 0 and 1*"),
        (["--ergs-timeout", "x"], "*invalid float value*"),
        (["--ergs-format", "csv"], "*invalid choice*"),
        (["--ergs-suite", "large"], "*invalid choice*"),
    ],
)
def test_bad_usage_is_one_clear_message(pytester, options, message):
    result = conformance(pytester, *options)
    assert result.ret not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    shown = f"{result.stdout}\n{result.stderr}"
    assert message.strip("*").split("*")[0] in shown
    assert "Traceback" not in shown
    assert "InputError" not in shown


@pytest.mark.parametrize("name", SUITES)
def test_the_suites_are_those_of_the_audit(pytester, name):
    options = ("--ergs-solver", "solvers:right", "--ergs-suite", name, "--collect-only", "-q")
    result = conformance(pytester, *options)
    assert f"{len(suite(name))} tests collected" in str(result.stdout)
