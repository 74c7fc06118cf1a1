"""ε(δ), its bound and its coefficient: right, as tight as printed, honest where they are not."""

from __future__ import annotations

import json
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_games import g_star, games

from ergs_verify import Game, gallery, gap
from ergs_verify.arithmetic import Rationals
from ergs_verify.certify import augmentation
from ergs_verify.certify.enclosure import INFINITE, Enclosure
from ergs_verify.certify.thresholds import TauThresholds
from ergs_verify.errors import InputError, NotCertifiedError, SingularStageError
from ergs_verify.exact import parse_number
from ergs_verify.paper.gap import second_order_formulas
from ergs_verify.recursion import gaps, nash, second_order_coefficients
from ergs_verify.study.augmentation import augmentation_study


def scalar(tau="2") -> Game:
    """c = 7/108 at τ = 2: 1/108 of the gain and 1/18 of the covariance."""
    one = [[1]]
    return Game.from_arrays(
        A=one, B=[one], Q=[one], R=[one], tau=tau, noise_cov=[[0]], horizon=1, name="scalar"
    )


@pytest.fixture(autouse=True, scope="module")
def _quick_thresholds():
    """What the rows do not need is not computed for every game here."""
    ends = Enclosure(Fraction(3), Fraction(5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            augmentation,
            "TauThresholds",
            lambda _game, **_: SimpleNamespace(assumption=ends),
        )
        yield


# -- against exact rationals ----------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(games(taus=("0",)), st.sampled_from(["1/1000000000", "1/2", "20"]))
def test_without_entropy_the_exact_gap_is_enclosed(game, delta):
    numbers, delta = Rationals(), Fraction(delta)
    try:
        policy = nash(evolve(game, tau_given=delta), numbers).as_policy(numbers)
    except SingularStageError:
        assume(False)
    agents = gap(game, [delta]).rows[0].agents
    for one, other in zip(agents, gaps(game, policy, numbers), strict=True):
        exact = numbers.to_fractions(numbers.scale(other.total, numbers.identity(1)))[0][0]
        assert exact in one.epsilon
        assert 0 < one.epsilon.lo
        assert one.epsilon.relative_width <= Fraction(1, 1000)
        assert one.bound is INFINITE


def exact_coefficients(game: Game) -> list[Fraction]:
    numbers = Rationals()
    return [
        numbers.to_fractions(numbers.scale(c, numbers.identity(1)))[0][0]
        for c in second_order_coefficients(game, numbers)
    ]


@settings(max_examples=25, deadline=None)
@given(games(taus=("1/3", "2")))
def test_the_exact_coefficient_is_enclosed(game):
    try:
        exact = exact_coefficients(game)
    except SingularStageError:
        assume(False)
    found, _ = augmentation._coefficient(game, 8192)
    for one, c in zip(found, exact, strict=True):
        assert c in one.value
        assert one.value.relative_width <= Fraction(1, 10**12)


FAULTS = {
    "coefficient": lambda f: evolve(f, coefficient=2 * f.coefficient),
    "slope of P": lambda f: evolve(f, cost_slope=2 * f.cost_slope),
    "second moment": lambda f: evolve(f, second_moment=2 * f.second_moment),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_coefficient_is_seen(fault, monkeypatch):
    game = gallery("random:N=2,m=2,p=1-2,T=2,seed=3")
    faulty = FAULTS[fault](second_order_formulas())
    monkeypatch.setattr("ergs_verify.certify.gap_parts.gap_formulas", lambda _: faulty)
    monkeypatch.setattr("ergs_verify.certify.augmentation.second_order_formulas", lambda _: faulty)
    found, _ = augmentation._coefficient(game, 8192)
    pairs = zip(found, exact_coefficients(game), strict=True)
    assert all(c not in one.value for one, c in pairs)


# -- against high precision, where the bound is a difference of two divergences --------------------


@pytest.mark.parametrize("name", ["time-varying", "g-star-2", "random:N=2,m=2,p=1-2,T=3,seed=3"])
def test_it_agrees_with_the_study(name):
    game, deltas = gallery(name), ["1e-9", "1/3", "50"]
    study = augmentation_study(game, deltas, digits=20)
    found = gap(game, deltas, tolerance="1e-18")
    assert found.verdict == "proved"
    for row, other in zip(found.rows, study.rows, strict=True):
        for one, known in zip(row.agents, other.agents, strict=True):
            for quantity in ("epsilon", "bound"):
                enclosed = getattr(one, quantity)
                # Twenty digits of the study; the enclosure is narrower than 1e-18.
                assert near(enclosed, Fraction(getattr(known, quantity)), Fraction(1, 10**17))
            assert 0 < one.epsilon.lo
            assert one.epsilon.hi < one.bound.lo
    assert found.order == pytest.approx([other.order for other in study.rows[1].agents])


def near(enclosed: Enclosure, value: Fraction, error: Fraction) -> bool:
    return all(abs(end / value - 1) <= error for end in (enclosed.lo, enclosed.hi))


def test_the_others_policies_count_in_the_bound(monkeypatch):
    """The tester tested: a bound whose best response kept S̃'s covariance would not agree."""
    game = gallery("random:N=2,m=2,p=1-2,T=3,seed=3")
    known = augmentation_study(game, [1], digits=10).rows[0].agents
    with_agent = augmentation._Policy.with_agent
    monkeypatch.setattr(
        augmentation._Policy,
        "with_agent",
        lambda self, agent, K, Sigma: with_agent(
            self, agent, K, [covariances[agent - 1] for covariances in self.Sigma]
        ),
    )
    found = gap(game, [1], tolerance="1e-8").rows[0].agents  # too tight for float64
    for one, other in zip(found, known, strict=True):
        assert near(one.epsilon, Fraction(other.epsilon), Fraction(1, 1000))
        assert not near(one.bound, Fraction(other.bound), Fraction(1, 1000))


# -- the δ-augmentation ----------------------------------------------------------------------------


def test_a_gap_of_1e_30_has_its_leading_digits():
    found = gap(scalar(), ["1e-15"])
    law = Fraction(7, 108) / 10**30
    # The next term is of relative size δ times a constant of the game.
    assert near(found.rows[0].agents[0].epsilon, law, Fraction(1, 10**13))
    assert Fraction(7, 108) in found.coefficient[0].value


def test_the_bound_is_twice_the_gap_at_small_delta():
    for one in gap(gallery("assumption-holds"), ["1e-8"]).rows[0].agents:
        assert near(one.bound, 2 * one.epsilon.lo, Fraction(1, 10**7))


def test_where_phi_is_singular_at_tau_the_gap_does_not_vanish():
    """G* at τ = 4: ε₁ → 9/4 at x = (1, −1), with an error of the order δ²."""
    found = gap(gallery("g-star-4-no-nash"), ["1e-9", "1e-6", "1e-3"], tolerance="1e-21")
    assert found.verdict == "proved"
    assert found.coefficient is None
    assert "at τ, Φ_t is singular" in found.coefficient_reason
    for row in found.rows:
        assert near(row.agents[0].epsilon, Fraction(9, 4), row.delta**2)


def test_without_entropy_there_is_neither_coefficient_nor_bound():
    found = gap(gallery("plain-lq"), ["1e-7", "1e-6"])
    assert found.coefficient is None
    assert "τ = 0" in found.coefficient_reason
    assert found.order == pytest.approx([1, 1], abs=1e-5)
    assert found.as_json()["rows"][0]["agents"][0]["bound"] == ["inf", "inf"]


def test_a_singular_row_is_refuted_and_the_others_stand():
    found = gap(g_star(2), [1, 2, 3])
    first, singular, last = found.rows
    assert (first.verdict, singular.verdict, last.verdict) == ("proved", "refuted", "proved")
    assert found.verdict == "refuted"
    assert singular.agents is None
    assert "at τ + δ, Φ_t is singular at stage t = 0" in singular.reason
    assert [delta for delta, _ in found.curve(1)] == [1, 3]
    assert all(order is not None for order in found.order)


# -- precision -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tolerance", ["1e-3", "1e-12"])
def test_what_is_printed_is_as_tight_as_asked(tolerance):
    found = gap(gallery("time-varying"), ["1e-9", "1"], tolerance=tolerance).as_json()
    widths = [
        width(one[quantity])
        for row in found["rows"]
        for one in row["agents"]
        for quantity in ("epsilon", "bound")
    ]
    assert all(0 < each <= Fraction(tolerance) for each in widths)
    assert all(width(one["value"]) <= Fraction(1, 10**12) for one in found["coefficient"])


def width(ends: list[str]) -> Fraction:
    lo, hi = map(parse_number, ends)
    return (hi - lo) / hi


def test_beyond_the_cap_a_row_is_undecided():
    found = gap(scalar(), ["1e-12", 1], most_bits=64, tolerance="1e-8")
    small, large = found.rows
    assert (small.verdict, large.verdict, found.verdict) == ("undecided", "proved", "undecided")
    assert "64 bits" in small.reason
    # 80 of the bits cancel, yet what is left is an enclosure.
    assert Fraction(7, 108) / 10**24 in small.agents[0].epsilon
    assert gap(scalar(), ["1e-12"], most_bits=512, tolerance="1e-8").verdict == "proved"
    # In float64, where nothing cancels, so many bits of the equilibrium do.
    assert gap(scalar(), ["1e-12"], most_bits=64).verdict == "proved"


def test_where_nothing_is_enclosed_there_are_no_agents(monkeypatch):
    def fails(*_arguments, **_options):
        raise NotCertifiedError("no bounds")

    for name in ("_gaps_and_bounds", "float_gaps"):
        monkeypatch.setattr(augmentation, name, fails)
    found = gap(scalar(), [1], most_bits=64)
    assert (found.rows[0].verdict, found.rows[0].agents) == ("undecided", None)
    assert found.order == (None,)


def test_a_delta_below_all_float64():
    one = gap(scalar(), ["1e-400"], tolerance=1e-30).rows[0].agents[0]
    assert near(one.epsilon, Fraction(7, 108) / 10**800, Fraction(1, 10**30))


# -- processes, progress and input -----------------------------------------------------------------


def test_rows_may_be_spread_over_workers():
    game, deltas, calls = gallery("g-star-2"), ["1e-3", 2, 5], []
    alone = gap(game, deltas)
    with ThreadPoolExecutor(max_workers=1) as pool:
        spread = gap(game, deltas, executor=pool, progress=lambda *done: calls.append(done))
    assert spread.as_json() == alone.as_json()
    assert calls[-1] == (5, 5)
    # What goes to another process and comes back.
    assert pickle.loads(pickle.dumps(alone.rows)) == alone.rows
    sent = pickle.loads(pickle.dumps(partial(augmentation._row, game)))
    row = sent(Fraction(5), tolerance=Fraction(1, 1000), first_bits=128, most_bits=8192)
    assert row == alone.rows[2]


def test_progress_counts_the_rows_the_coefficient_and_the_smallest_delta():
    calls = []
    gap(scalar(), [1, 2], progress=lambda *done: calls.append(done))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("deltas", [[], [0], [-1], [1, "1"], ["x"], [float("nan")], [True]])
def test_bad_deltas(deltas):
    with pytest.raises(InputError, match="delta"):
        gap(scalar(), deltas)


@pytest.mark.parametrize("tolerance", [0, 1, -1, "x"])
def test_bad_tolerance(tolerance):
    with pytest.raises(InputError, match="tolerance"):
        gap(scalar(), [1], tolerance=tolerance)


def test_twelve_decades_by_default():
    assert augmentation.chosen_deltas(None) == tuple(Fraction(10) ** k for k in range(-9, 4))


# -- the record ------------------------------------------------------------------------------------


def test_the_record_shows_itself():
    found = gap(g_star(2), ["1e-4", 2])
    plain = json.loads(json.dumps(found.as_json()))
    assert plain.keys() == {
        "format",
        "tau",
        "verdict",
        "rows",
        "coefficient",
        "coefficient_reason",
        "order",
        "smallest_delta",
    }
    assert (plain["format"], plain["tau"], plain["order"]) == ("ergs-gap/1", "2", [None, None])
    assert plain["rows"][1]["agents"] is None
    shown = found._repr_html_()
    assert "<td>4.51848e-9</td>" in shown
    assert "singular" in shown
    assert repr(found) == "GapOfDelta(tau=2, 2 δ, refuted)"


@pytest.mark.parametrize(
    ("threshold", "tau", "expected"),
    [
        ((3, 5), "2", (1, 3)),
        ((3, 5), "4", (0, 1)),
        ((3, 5), "6", (0, 0)),
        ((3, math.inf), "2", (1, math.inf)),
    ],
)
def test_the_smallest_delta_is_what_tau_lacks(threshold, tau, expected, monkeypatch):
    enclosed = Enclosure(*threshold)
    monkeypatch.setattr(
        augmentation, "TauThresholds", lambda _game, **_: SimpleNamespace(assumption=enclosed)
    )
    smallest = gap(scalar(tau), [1]).smallest_delta.assumption_III_3
    assert (smallest.lo, smallest.hi) == expected


def test_the_smallest_delta_is_computed(monkeypatch):
    monkeypatch.setattr(augmentation, "TauThresholds", TauThresholds)
    game = gallery("identical-interest")
    tau = TauThresholds(game).assumption
    smallest = gap(game, [1]).smallest_delta.assumption_III_3
    assert (smallest.lo, smallest.hi) == (tau.lo - game.tau, tau.hi - game.tau)
