"""What a called function may do, and what comes of it."""

from __future__ import annotations

import sys
from fractions import Fraction
from types import SimpleNamespace

import attrs
import mpmath
import numpy as np
import pytest

from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.engine import nash
from ergs_verify.errors import InputError
from ergs_verify.game.gallery import gallery

GAME = gallery("time-varying").rounded()  # 3 agents with 1, 2, 3 controls, m = 2, T = 4


def outcome_of(function, game=GAME):
    return FunctionSolver(function=function)(game)


def answered(**changes):
    """A solver that gives the equilibrium with some of its letters changed."""

    def solver(game):
        right = attrs.asdict(nash(game), recurse=False)
        given = {letter: right[letter] for letter in ("K", "Sigma", "P", "q")}
        for letter, change in changes.items():
            given[letter] = change(given[letter])
        return given

    return solver


def equal(ours, theirs):
    return all(
        np.array_equal(np.array(mine, dtype=float), np.array(his, dtype=float))
        for mine, his in zip(ours, theirs, strict=True)
    )


# --- right answers, in every dress -------------------------------------------------------------


def lists(arrays):
    return [array.tolist() for array in arrays]


@pytest.mark.parametrize(
    "dressed",
    [
        lambda right: right,  # an object with attributes
        lambda right: {"K": right.K, "Sigma": right.Sigma, "P": right.P, "q": right.q},
        lambda right: {
            "K": lists(right.K),
            "Sigma": lists(right.Sigma),
            "P": lists(right.P),
            "q": lists(right.q),
            "iterations": 7,
        },
        lambda right: SimpleNamespace(
            K=[list(K) for K in right.K], Sigma=right.Sigma, P=list(right.P), q=right.q
        ),
    ],
)
def test_arrays_and_lists_in_mappings_and_objects_are_read(dressed):
    outcome = outcome_of(lambda game: dressed(nash(game)))
    right = nash(GAME.floats())
    assert outcome.trouble is None
    for letter in ("K", "Sigma", "P", "q"):
        assert equal(getattr(outcome.policy, letter), getattr(right, letter))


def test_gains_alone_are_a_deterministic_policy():
    outcome = outcome_of(lambda game: {"K": nash(game).K, "Sigma": None})
    assert outcome.policy.Sigma is outcome.policy.P is outcome.policy.q is None


def test_exact_numbers_stay_exact():
    game = gallery("g-star-2")
    digits = mpmath.mp.clone()
    digits.prec = 200
    third = digits.mpf(1) / 3
    outcome = outcome_of(lambda _: {"K": [[["1/3", Fraction(1, 7)]], [[third, np.int64(2)]]]}, game)
    assert outcome.trouble.message.startswith(
        "gave no policy for this game: K[0] (agent 1) must be"
    )
    outcome = outcome_of(
        lambda _: {"K": [[[["1/3", Fraction(1, 7)]]], [[[third, np.int64(2)]]]]}, game
    )
    (K_1,), (K_2,) = outcome.policy.K
    assert K_1.tolist() == [[Fraction(1, 3), Fraction(1, 7)]]
    assert K_2[0, 0] != Fraction(1, 3)
    assert abs(K_2[0, 0] - Fraction(1, 3)) < Fraction(1, 2**199)


def test_single_precision_is_read_as_the_floats_it_holds():
    outcome = outcome_of(lambda game: {"K": [K.astype(np.float32) for K in nash(game).K]})
    assert outcome.policy.K[0][0][0, 0] == np.float32(nash(GAME.floats()).K[0][0, 0, 0])


# --- planted faults ----------------------------------------------------------------------------


NO_POLICY = {
    "transposed gains": (
        answered(K=lambda K: [np.swapaxes(K_i, 1, 2) for K_i in K]),
        "K[0][0] (agent 1, t = 0) is 2×1 but must be 1×2 (p_i×m); its transpose would fit",
    ),
    "an agent too few": (
        answered(K=lambda K: K[:2], Sigma=lambda S: S[:2], P=lambda P: P[:2], q=lambda q: q[:2]),
        "K has entries for 2 agents but the game has 3",
    ),
    "an agent too few in P": (
        answered(P=lambda P: P[:2]),
        "P has entries for 2 agents but K for 3",
    ),
    "a stage too few": (
        answered(
            K=lambda K: [K_i[1:] for K_i in K],
            Sigma=lambda S: [S_i[1:] for S_i in S],
            P=lambda P: [P_i[1:] for P_i in P],
            q=lambda q: [q_i[1:] for q_i in q],
        ),
        "K has 3 stages but the game's horizon is 4",
    ),
    "no terminal P": (
        answered(P=lambda P: [P_i[:-1] for P_i in P]),
        "P[0] (agent 1) lists 4 matrices over time, but the horizon is 4, so 5 are needed",
    ),
    "one matrix for all stages": (
        answered(K=lambda K: [K_i[0] for K_i in K]),
        "Sigma[0] (agent 1) is a list over time, but K is not: give both over time or",
    ),
    "complex numbers": (answered(K=lambda K: [K_i + 0j for K_i in K]), "a complex number"),
    "booleans": (answered(K=lambda K: [K_i > 0 for K_i in K]), "the boolean"),
    "words": (lambda _: {"K": "see the paper"}, "K must be a list with an entry per agent"),
    "objects": (lambda _: {"K": [[object()]]}, "of the type object, not a number"),
    "itself": (lambda _: {"K": (loop := []), "P": loop.append(loop)}, "Circular reference"),
    "no K": (
        lambda _: {"gains": []},
        "returned something that cannot be read as numbers: the dict has no K; return a mapping "
        "with the keys K",
    ),
    "another thing": (lambda _: 3, "the int has no K"),
}


@pytest.mark.parametrize("fault", NO_POLICY)
def test_what_is_no_policy_of_the_game_is_said_in_one_sentence(fault):
    solver, message = NO_POLICY[fault]
    outcome = outcome_of(solver)
    assert outcome.policy is None
    assert outcome.trouble.kind == "no policy"
    assert message in outcome.trouble.message
    assert "\n" not in outcome.trouble.message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("letter", ["K", "Sigma", "P", "q"])
def test_what_is_no_number_is_reported_with_its_place(letter, value):
    def change(over_agents):
        last = over_agents[-1].copy()
        last[(-1,) * last.ndim] = value
        return [*over_agents[:-1], last]

    outcome = outcome_of(answered(**{letter: change}))
    assert outcome.trouble.kind == "not a number"
    assert f"{letter}[2]" in outcome.trouble.message
    assert ("NaN" if np.isnan(value) else "infinite") in outcome.trouble.message


def test_nothing_returned_is_reported():
    assert outcome_of(lambda _: None).trouble.kind == "nothing returned"


def fails(game):
    raise ValueError(f"no way:\n   {game.horizon} stages")


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words either")


def speechless(game):
    raise Speechless


def test_an_exception_that_cannot_say_what_it_is_is_reported_too():
    assert outcome_of(speechless).trouble.message.startswith("raised Speechless (test_foreign.py")


@pytest.mark.parametrize("timeout", [0, -1, np.nan, np.inf, 1e30])
def test_a_timeout_that_is_no_number_of_seconds_is_an_input_error(timeout):
    with pytest.raises(InputError, match="timeout must be a number of seconds > 0"):
        FunctionSolver(function=nash, timeout=timeout)


def test_an_exception_is_reported_with_its_place():
    trouble = outcome_of(fails).trouble
    line = fails.__code__.co_firstlineno + 1
    assert trouble.kind == "raised"
    assert trouble.message == f"raised ValueError: no way: 4 stages (test_foreign.py, line {line})"


def test_an_answer_that_raises_when_it_is_read_is_an_exception_too():
    class Lazy:
        @property
        def K(self):
            raise RuntimeError("not solved yet")

    trouble = outcome_of(lambda _: Lazy()).trouble
    assert trouble.kind == "raised"
    assert trouble.message.startswith(
        "returned an object of type Lazy that raised RuntimeError: not solved yet (test_foreign.py"
    )
    assert trouble.message.endswith(") when K was read")


class Half:
    """A K, and a Sigma that fails for want of another attribute."""

    __slots__ = ("K", "P")

    def __init__(self, K):
        self.K = K

    @property
    def Sigma(self):
        return self.factors


def test_a_property_that_lacks_something_is_not_an_attribute_that_is_not_there():
    trouble = outcome_of(lambda game: Half(nash(game).K)).trouble
    assert trouble.kind == "raised"
    assert "AttributeError: 'Half' object has no attribute 'factors'" in trouble.message
    assert trouble.message.endswith(" when Sigma was read")


class Gains:
    """An empty slot, and an attribute that is found in another way."""

    __slots__ = ("P", "found")

    def __init__(self, K):
        self.found = {"K": K}

    def __getattr__(self, name):
        try:
            return self.found[name]
        except KeyError:
            raise AttributeError(name) from None


def test_attributes_that_are_not_there_are_not_stated():
    outcome = outcome_of(lambda game: Gains(nash(game).K))
    assert outcome.trouble is None
    assert outcome.policy.Sigma is outcome.policy.P is None


def test_an_exception_in_a_library_is_placed_where_the_solver_called_it():
    trouble = outcome_of(lambda game: np.linalg.solve(np.zeros((2, 2)), np.eye(2))).trouble
    assert trouble.message.startswith("raised LinAlgError: Singular matrix (test_foreign.py, line")


def test_leaving_the_program_is_an_error_like_another():
    assert outcome_of(lambda _: sys.exit("enough")).trouble.message.startswith(
        "raised SystemExit: enough"
    )


class Leaving(Exception):
    """Leaves the program whatever it is asked."""

    def __str__(self):
        sys.exit("enough")

    def __array__(self, *_args, **_kinds):
        sys.exit("enough")

    K = property(__str__)


def leaving(_):
    raise Leaving


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (leaving, "raised Leaving (test_foreign.py"),
        (lambda _: Leaving(), "returned an object of type Leaving that raised SystemExit: enough"),
        (
            lambda _: {"K": [Leaving()] * 3},
            "returned something that cannot be read as numbers: SystemExit: enough",
        ),
    ],
)
def test_leaving_the_program_while_it_is_read_is_an_error_like_another(function, said):
    assert outcome_of(function).trouble.message.startswith(said)


def interrupted(*_args, **_kinds):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "function",
    [
        interrupted,
        lambda _: type("Answer", (), {"K": property(interrupted)})(),
        lambda _: {"K": type("Answer", (), {"__array__": interrupted})()},
    ],
)
def test_an_interrupt_is_obeyed(function):
    with pytest.raises(KeyboardInterrupt):
        outcome_of(function)


def test_what_is_printed_is_kept_apart(capsys):
    def talkative(game):
        print("iteration", *range(5000))
        print("warning: slow", file=sys.stderr)
        return nash(game)

    outcome = outcome_of(talkative)
    assert outcome.trouble is None
    assert outcome.printed.endswith("4999\nwarning: slow\n")
    assert len(outcome.printed) == 2001
    assert capsys.readouterr() == ("", "")


# --- the input ---------------------------------------------------------------------------------


def set_tau(game):
    game.tau = 0.0


def set_costs(game):
    game.Q = list(game.Q)


def zero_noise(game):
    game.noise_cov[:] = 0


def add_to_R(game):
    game.R[1][0] += 1


def drop_start(game):
    del game.x0_mean


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (set_tau, "tau"),
        (set_costs, "Q"),
        (zero_noise, "noise_cov"),
        (add_to_R, "R[1]"),
        (drop_start, "x0_mean"),
    ],
)
def test_a_changed_input_is_reported_and_changes_nothing_else(change, named):
    def solver(game):
        right = nash(game)
        change(game)
        return right

    run = FunctionSolver(function=solver)
    first, second = run(GAME), run(GAME)
    assert first.mutated == second.mutated == (named,)
    assert equal(second.policy.K, nash(GAME.floats()).K)


def test_an_input_left_alone_is_not_said_to_have_changed():
    assert outcome_of(nash).mutated == ()
