"""Counterexamples as small as they get, with only the letters that enter."""

from __future__ import annotations

import sympy

from ergs_verify.expressions import agent_sum
from ergs_verify.ledger.claims import claims
from ergs_verify.ledger.claims.augmented_game import SYMMETRIC, printed_constant
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.smallest import smallest_difference
from ergs_verify.paper.notation import A, B, K, P, R, S, definitions, i, j, noise, q, tau
from ergs_verify.proof.sampling import SymPyNumbers


def difference(left, right, symmetric=()):
    found = smallest_difference(left, right, definitions, symmetric)
    assert found is not None
    assert found.replay()
    return found


def test_only_letters_that_enter_are_shown():
    shown = difference(B(i).T * P(i) * A + K(i), B(i).T * P(i) * A + 2 * K(i)).as_json()
    assert list(shown["values"]) == ["K_t^1"]
    assert shown["left"] != shown["right"]


def test_sizes_are_the_least_at_which_it_shows():
    """A transpose of a square matrix shows at 2×2 alone, a sign at 1×1."""
    assert difference(A, -A).left.shape == (1, 1)
    turned = difference(A, A.T)
    assert turned.left.shape == (2, 2)


def test_equal_formulas_have_no_counterexample():
    assert smallest_difference(A + A, 2 * A, {}, ()) is None
    assert smallest_difference((A * B(i)).T, B(i).T * A.T, {}, ()) is None


def test_symmetric_letters_are_symmetric():
    found = difference(P(i), 2 * P(i), (P(i),))
    assert all(X == X.T for X in found.values.values() if hasattr(X, "shape"))
    assert smallest_difference(P(i), P(i).T, {}, (P(i),)) is None


def test_an_ill_typed_sum_is_compared_where_the_sizes_agree():
    """(24): Σʲ stands where BʲΣʲBʲ' belongs."""
    right = sympy.Trace((noise + agent_sum(B(j) * S(j) * B(j).T, j)) * P(i))
    printed = sympy.Trace(
        sympy.MatMul(sympy.MatAdd(noise, agent_sum(S(j), j)), P(i), evaluate=False)
    )
    found = difference(right, printed, SYMMETRIC)
    numbers = {"B": 2, "S": 3, "noise": 5, "P": 7}
    assert _at(found.setting, right, printed, numbers) == (119, 56)


def _at(setting, right, printed, numbers) -> tuple[int, int]:
    """Both sides of the trace at N = 1, p = m = 1."""
    one = lambda x: sympy.ImmutableMatrix([[x]])  # noqa: E731
    named = {"B_t": "B", r"\Sigma_t": "S", r"\Sigma": "noise", "P_{t+1}": "P"}
    values = {letter: one(numbers[named[letter.name]]) for letter in setting.letters}
    assert setting.expressions is not None
    found = setting.evaluate(values, SymPyNumbers())
    return tuple(int(side) for side in found)


def test_the_case_of_equation_24_is_an_exhibit():
    """B = 2, Σ = 5 and P = 7, with a policy of covariance 3: 56 against 119."""
    exhibit = exhibits()["as-many-controls-as-states"]
    game, policy = exhibit.game, exhibit.plays[0].policy
    assert policy is not None
    assert policy.Sigma is not None
    (B_1,), (P_T,) = game.B[0][0][0], game.Q[0][1][0]
    (S_1,), (noise_1,) = policy.Sigma[0][0][0], game.noise_cov[0]
    assert (B_1, S_1, noise_1, P_T) == (2, 3, 5, 7)
    assert ((noise_1 + S_1) * P_T, (noise_1 + B_1 * S_1 * B_1) * P_T) == (56, 119)


def test_ill_typed_findings_come_with_numbers():
    ill_typed = [
        (claim.id, finding)
        for claim in claims().values()
        if any(fault.kind == "shape" for fault in claim.faults)
        for finding in claim.decide().findings
        if finding.decision.verdict == "ill-typed"
    ]
    assert len(ill_typed) >= 5
    for claim_id, finding in ill_typed:
        example = finding.decision.counterexample
        assert example is not None, claim_id
        assert example["left"] != example["right"]
        assert len(example["values"]) <= 6, claim_id


def test_the_constant_of_equation_24_differs_there():
    assert printed_constant({"shape"}, tau, tau, P(i), q(i)) != printed_constant(
        set(), tau, tau, P(i), q(i)
    )


def test_a_letter_that_has_to_be_definite_is_never_0():
    """With R idle the sides differ by P alone, and R is shown as I."""
    shown = difference(R(i) + P(i), R(i) + 2 * P(i), (R(i), P(i))).as_json()["values"]
    assert shown["R_t^1"] == [["1"]]


def test_a_number_is_not_shown_as_a_letter():
    shown = difference(sympy.pi * tau, tau).as_json()["values"]
    assert list(shown) == ["tau"]
