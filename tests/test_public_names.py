"""The public functions take what people hand them, or say in a sentence what to hand them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ergs_verify
from ergs_verify import audit, certify_gap, check, engine, gallery, gap, solve
from ergs_verify.errors import InputError
from ergs_verify.game import load_solution
from ergs_verify.reference import make_reference

GAME = gallery("g-star-2")
LONG = gallery("random:N=2,m=2,p=1,T=3,seed=0")


@pytest.mark.parametrize(
    "ask",
    [
        solve,
        check,
        gap,
        make_reference,
        lambda game: audit(game, {}),
        lambda game: certify_gap(game, {}),
    ],
)
@pytest.mark.parametrize("given", ["g-star-2", {"A": [[1]]}, None])
def test_what_is_not_a_game_is_refused_with_what_gives_one(ask, given):
    kind = type(given).__name__
    with pytest.raises(InputError, match=rf"not an object of type {kind}; gallery\(name\)"):
        ask(given)


def test_gains_alone_may_be_a_list():
    solution = solve(GAME)
    gains = [list(K) for K in solution.K]
    for ask in (audit, certify_gap):
        assert repr(ask(GAME, gains)) == repr(ask(GAME, {"K": gains}))


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_gains_alone_may_be_any_sequence(kind):
    gains = engine.nash(GAME.floats()).K
    assert repr(certify_gap(GAME, kind(gains))) == repr(certify_gap(GAME, {"K": gains}))


@pytest.mark.parametrize("ask", [audit, certify_gap])
@pytest.mark.parametrize("name", ["gains.json", Path("gains.json")])
def test_the_name_of_a_file_is_answered_by_what_reads_it(ask, name):
    with pytest.raises(InputError, match=r"load_solution of ergs_verify\.game reads a file"):
        ask(GAME, name)


@pytest.mark.parametrize("name", ["gains.csv", "gains.npy"])
def test_arrays_without_agents_are_answered_by_where_they_go(name):
    with pytest.raises(InputError, match=r'numpy\.savez\("solution\.npz", K_1=\.\.\., K_2='):
        load_solution(name)


@pytest.mark.parametrize("make", [np.array, lambda rows: rows])
def test_one_matrix_serves_every_stage(make):
    once = {"K": [make([[0.25, 0.5]]), make([[-1.0, 0.0]])], "Sigma": [make([[1.0]])] * 2}
    each = {letter: [[X] * LONG.horizon for X in agents] for letter, agents in once.items()}
    assert repr(certify_gap(LONG, once)) == repr(certify_gap(LONG, each))


@pytest.mark.parametrize("one", [0.5, "1/2", 1, np.float64(0.5)])
def test_one_delta_needs_no_list(one):
    assert repr(gap(GAME, one)) == repr(gap(GAME, [one]))
    assert gap(GAME, one).rows[0].delta == gap(GAME, [one]).rows[0].delta


def test_an_audit_takes_conventions():
    turned = {"K": [-K for K in engine.nash(GAME.floats()).K]}
    assert audit(GAME, turned).verdict == "fail"
    assert audit(GAME, turned, conventions="negative-gain").verdict == "pass"
    with pytest.raises(InputError, match="is not a convention"):
        audit(GAME, turned, conventions=["negative"])


@pytest.mark.parametrize("ask", [solve, make_reference])
@pytest.mark.parametrize("digits", [True, 0, 2.5, "8"])
def test_digits_are_a_whole_number(ask, digits):
    with pytest.raises(InputError, match="digits must be a whole number"):
        ask(GAME, digits=digits)


def test_dir_shows_what_is_public_alone():
    assert sorted(dir(ergs_verify)) == sorted(ergs_verify.__all__)


def test_displays_say_what_they_leave_out():
    solution = solve(LONG)
    shown = solution._repr_html_()
    assert "t = 0 of the stages 0 to 2" in shown
    assert f"<sub>0</sub></td><td><table><tr><td>{solution.q[0][0]}</td></tr></table>" in shown
    assert "t = 0 of" not in solve(GAME)._repr_html_()
    assert solution.policy._repr_html_().count("<sup>2</sup>") == 4
    found = certify_gap(LONG, solution)
    assert "<th>gap</th>" in found._repr_html_()
    assert all(len(repr(one)) < 160 for one in found.of_state())
