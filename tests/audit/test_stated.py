"""A Σ that is not a covariance, a P that is not symmetric: findings of an audit, not bad input."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest

from ergs_verify import Game, Policy, audit, certify_gap, engine, gallery
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.solver import judged
from ergs_verify.audit.stated import Stated
from ergs_verify.cli import main
from ergs_verify.errors import InputError
from ergs_verify.game.documents import SOLUTION_FORMAT

GAME = gallery("time-varying").rounded()  # 3 agents with 1, 2, 3 controls, m = 2, T = 4


def answered(**changes: Any) -> dict[str, Any]:
    """The equilibrium with some of its letters changed."""
    right = attrs.asdict(engine.nash(GAME.floats()), recurse=False)
    given = {letter: right[letter] for letter in ("K", "Sigma", "P", "q")}
    return given | {
        letter: [change(X) for X in given[letter]] for letter, change in changes.items()
    }


def lower(Sigma):
    return np.linalg.cholesky(Sigma)


def upper(Sigma):
    return lower(Sigma).swapaxes(1, 2)


def skewed(gap):
    """A change to one entry of each matrix, relative to its largest."""

    def change(X):
        X = X.copy()
        if X.shape[-1] > 1:
            X[:, 0, 1] += gap * np.abs(X).max(axis=(1, 2))
        return X

    return change


@pytest.mark.parametrize("tau", [0, 1])
def test_a_covariance_a_little_indefinite_has_a_gap_without_an_upper_bound(tau):
    """It stands for the covariances near it, and whatever they are the gains' own gap remains."""
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]], B=[[[1, 0], [0, 1]], [[1], [0]]], Q=[[[1, 0], [0, 1]]] * 2,
        R=[[[1, 0], [0, 1]], [[1]]], tau=tau, noise_cov=[[1, 0], [0, 1]], horizon=1,
    )  # fmt: skip
    K = [[[["1/2", 0], [0, "1/2"]]], [[["1/2", 0]]]]
    singular = [[[[1.0, 1.0], [1.0, 1.0]]], [[[1]]]]
    indefinite = [[[[1.0, 1.0], [1.0, 1 - 2.0**-53]]], [[[1]]]]
    near = audit(game, {"K": K, "Sigma": indefinite})
    assert (near.definite, near.indefinite) == (False, True)
    assert "Sigma" not in near.faults
    (note,) = [note for note in near.notes if "eigenvalue a little below 0" in note]
    assert ("infinite" in note) == (tau > 0)
    assert not any("singular: with" in note for note in near.notes)
    exact = audit(game, {"K": K, "Sigma": singular})
    assert (exact.definite, exact.indefinite) == (False, False)
    gains = certify_gap(game, {"K": K})
    for one, of_singular, of_gains in zip(
        near.gap.agents, exact.gap.agents, gains.agents, strict=True
    ):
        assert one.gap.hi == math.inf
        assert 0 < of_gains.gap.lo * Fraction(999, 1000) < one.gap.lo <= of_gains.gap.hi
        assert one.gap.lo <= of_singular.gap.lo
    assert audit(game, {"K": K, "Sigma": indefinite}, epsilon="1e-3").verdict == "fail"
    assert audit(game, {"K": K, "Sigma": indefinite}, epsilon="1e9").verdict == "undecided"


def of_mapping(answer):
    return audit(GAME, answer)


def of_file(answer, tmp_path, capsys):
    """The object that the command prints."""
    path, game = tmp_path / "solution.json", tmp_path / "game.json"
    plain = {letter: [X.tolist() for X in agents] for letter, agents in answer.items()}
    path.write_text(json.dumps({"format": SOLUTION_FORMAT, **plain}), encoding="utf-8")
    GAME.save(game)
    status = main(["audit", str(game), str(path), "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("factor", [lower, upper])
def test_a_cholesky_factor_in_the_place_of_sigma_is_diagnosed(factor, tmp_path, capsys):
    answer = answered(Sigma=factor)
    found = of_mapping(answer)
    assert (found.verdict, found.definite) == ("fail", False)
    assert "Σ is not a covariance matrix" in found.title
    assert "Sigma[1][0] (agent 2, t = 0) is not symmetric" in found.faults["Sigma"]
    assert [match.id for match in found.diagnosis or ()] == ["sigma-factor"]
    assert not found.quantities["K"].wrong
    assert all(one.gap.hi < 1e-20 for one in found.gap.agents)  # of the gains, which are right
    outcome = FunctionSolver(function=lambda _: answer)(GAME)
    of_solver = judged(("", GAME, outcome))
    assert of_solver.audit is not None
    assert of_solver.audit.as_json() == found.as_json()
    status, document = of_file(answer, tmp_path, capsys)
    del document["solution"]
    assert (status, document) == (1, found.as_json())


def test_an_indefinite_sigma_fails():
    found = of_mapping(answered(Sigma=np.negative))
    assert (found.verdict, found.definite) == ("fail", False)
    assert "not positive semidefinite" in found.faults["Sigma"]


def test_without_a_covariance_there_is_no_epsilon_that_will_do():
    found = audit(GAME, answered(Sigma=lower), epsilon=100)
    assert found.verdict == "fail"
    assert "not a covariance" in found.title


def test_an_asymmetric_P_fails_as_a_wrong_cost():
    found = of_mapping(answered(P=skewed(1e-6)))
    assert found.verdict == "fail"
    assert found.title.endswith("but the stated P is wrong")
    assert "P[0][0] (agent 1, t = 0) is not symmetric" in found.faults["P"]
    # An ε is about the policy.
    assert audit(GAME, answered(P=skewed(1e-6)), epsilon="1e-9").verdict == "pass"


@pytest.mark.parametrize("letter", ["Sigma", "P"])
def test_asymmetry_of_rounding_size_is_averaged_and_said_wherever_it_is(letter, tmp_path, capsys):
    gap = 2.0**-48
    answer = answered(**{letter: skewed(gap)})
    found = of_mapping(answer)
    assert (found.verdict, found.faults) == ("pass", {})
    assert found.asymmetry == pytest.approx(gap, rel=0.1)  # a few roundings of u = 2⁻⁵³
    assert any("asymmetric by 3.6e-15" in note for note in found.notes)
    solved = judged(("", GAME, FunctionSolver(function=lambda _: answer)(GAME)))
    assert solved.remarks == ("a Σ or P is asymmetric by 3.6e-15 of its size",)
    status, document = of_file(answer, tmp_path, capsys)
    assert len(document.pop("solution")["sha256"]) == 64
    assert (status, document) == (0, found.as_json())
    with pytest.raises(InputError, match="not symmetric"):  # more than a Policy takes elsewhere
        Policy.from_arrays(**answer)


@pytest.mark.parametrize(("gap", "verdict"), [(1e-7, "pass"), (0.2, "fail")])
def test_where_rounding_loses_more_than_half_the_digits_so_may_symmetry(gap, verdict):
    # 1e-6 from a singular Φ: of P float64 keeps 6.6 digits.
    near = attrs.evolve(gallery("g-star-near-4"), tau_given="4.000001").rounded()
    right = engine.nash(near.floats())
    assert right.P[0][0, 0, 1] == right.P[0][0, 1, 0]
    right.P[0][0, 0, 1] += gap * abs(right.P[0][0]).max()
    found = audit(near, right)
    assert found.verdict == verdict
    assert (found.faults.keys(), found.asymmetry > 2e-8) == (
        (set(), True) if verdict == "pass" else ({"P"}, False)
    )


def test_the_mean_is_judged():
    policy = Stated.by(answered(P=skewed(2.0**-40)), GAME).policy
    assert policy.P is not None
    assert all((X == X.T).all() for over_time in policy.P for X in over_time)


def test_whole_numbers_among_floats_are_floats():
    given = {"K": [[[[0, 0]]]], "P": [[[[1, 3e-17], [0, 2]]] * 2]}
    policy = Stated.by(given, gallery("random:N=1,m=2,T=1")).policy
    assert policy.P is not None
    assert policy.P[0][0].tolist() == [[1, 1.5e-17], [1.5e-17, 2]]


def test_exact_entries_are_judged_exactly():
    given = {"K": [[[[0, 0]]]], "P": [[[[1, "1/100000000000000000000"], [0, 2]]] * 2]}
    assert "is not symmetric" in Stated.by(given, gallery("random:N=1,m=2,T=1")).faults["P"]
