"""`check`: verdicts against games whose answers are known, and against exact rationals."""

from __future__ import annotations

import json
import math
import pickle
from fractions import Fraction
from functools import cache
from itertools import pairwise

import attrs
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from random_games import g_star, games, three_identical

from ergs_verify import Game, check, gallery
from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.certify import thresholds
from ergs_verify.certify.check_result import Check
from ergs_verify.certify.equilibrium import stages_in_balls
from ergs_verify.certify.stage_verdicts import coupling, jacobi_matrix, regular_stage
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.game.gallery import names
from ergs_verify.recursion import block_system
from ergs_verify.recursion.apriori import sufficient_tau
from ergs_verify.recursion.backward_induction import backwards
from ergs_verify.recursion.stages import Stages

ALL_ONES = ((1, 1), (1, 1))
#: What `check` asks of its enclosures.
TIGHT = Fraction(1, 10**6)
checked = cache(lambda name: check(gallery(name)))


def verdicts(found: Check) -> tuple[str, str, str]:
    return found.nash.exists, found.nash.unique, found.assumption_III_3.verdict


# -- games whose answers are known ---------------------------------------------------------------


def test_g_star_at_2_has_one_equilibrium_and_a_loop_that_diverges():
    found = check(g_star(2))
    assert verdicts(found) == ("proved", "proved", "refuted")
    (stage,) = found.stages
    assert stage.det_phi.lo == stage.det_phi.hi == -7
    assert Fraction(4, 3) in stage.spectral_radius
    assert (stage.phi_nonsingular, stage.inner_loop) == ("proved", "diverges")
    # γ_B = 1 and ‖Q_T‖_F = 17.
    assert stage.contraction_constant.lo == stage.contraction_constant.hi == 17


def test_g_star_at_4_has_no_equilibrium():
    found = check(g_star(4))
    assert verdicts(found) == ("refuted", "refuted", "refuted")
    assert "no Nash equilibrium" in found.nash.reason
    assert found.assumption_III_3.gamma_P is None
    assert found.assumption_III_3.bound is None
    (stage,) = found.stages
    assert (stage.t, stage.phi_nonsingular, stage.inner_loop) == (0, "refuted", "diverges")
    assert stage.det_phi.lo == stage.det_phi.hi == 0
    assert 1 in stage.spectral_radius


def test_g_star_at_4_with_A_all_ones_has_a_continuum():
    assert verdicts(check(g_star(4, A=ALL_ONES))) == ("proved", "refuted", "refuted")


def in_two_stages(game: Game, *, later: bool) -> Game:
    """The game's one stage after a stage of rest, or `later` before one: there A is 0."""
    rest = [[0, 0], [0, 0]]
    A = [game.A[0].tolist(), rest] if not later else [rest, game.A[0].tolist()]
    ends = [Q[1].tolist() for Q in game.Q]
    return Game.from_arrays(
        A=A,
        B=[B[0].tolist() for B in game.B],
        Q=[[rest, rest, Q] if later else [rest, Q, rest] for Q in ends],
        R=[R[0].tolist() for R in game.R],
        tau=game.tau,
        noise_cov=rest,
        horizon=2,
    )


def test_after_a_continuum_existence_over_the_horizon_is_undecided():
    found = check(in_two_stages(g_star(4, A=ALL_ONES), later=True))
    assert verdicts(found) == ("undecided", "refuted", "refuted")
    assert [stage.t for stage in found.stages] == [1]
    assert "depends on the choice" in found.nash.reason


def test_a_continuum_at_the_first_stage_is_proved_behind_regular_ones():
    found = check(in_two_stages(g_star(4, A=ALL_ONES), later=False))
    assert verdicts(found) == ("proved", "refuted", "refuted")
    assert [stage.phi_nonsingular for stage in found.stages] == ["proved", "refuted"]


def test_no_equilibrium_at_a_later_stage_is_none_at_all():
    found = check(in_two_stages(g_star(4), later=True))
    assert verdicts(found) == ("refuted", "refuted", "refuted")


def test_three_identical_agents():
    found = check(three_identical())
    assert verdicts(found) == ("proved", "proved", "refuted")
    (stage,) = found.stages
    assert Fraction(4, 3) in stage.spectral_radius
    assert stage.inner_loop == "diverges"


def test_a_radius_of_exactly_1_diverges():
    """ρ = 2/(τ/2 + 5/4): no enclosure can tell it from 1 at τ = 3/2, but rationals can."""
    (stage,) = check(attrs.evolve(three_identical(), tau_given=Fraction(3, 2))).stages
    assert 1 in stage.spectral_radius
    assert (stage.phi_nonsingular, stage.inner_loop) == ("proved", "diverges")


@pytest.mark.parametrize(("sign", "loop"), [("-", "diverges"), ("", "converges")])
def test_a_radius_next_to_1_is_decided(sign, loop):
    tau = Fraction(3, 2) + Fraction(f"{sign}1e-25")
    (stage,) = check(attrs.evolve(three_identical(), tau_given=tau)).stages
    assert stage.inner_loop == loop


@pytest.mark.parametrize("sign", [-1, 1])
def test_next_to_the_singular_tau_phi_is_regular_with_the_right_sign(sign):
    tau = 4 + sign * Fraction(1, 10**30)
    found = check(g_star(tau))
    assert found.nash.unique == "proved"
    (stage,) = found.stages
    exact = (tau - 4) * (tau + 12) / 4
    assert exact in stage.det_phi
    assert stage.det_phi.relative_width <= TIGHT
    assert (stage.det_phi.lo > 0) == (sign > 0)
    assert stage.inner_loop == ("converges" if sign > 0 else "diverges")


@pytest.mark.parametrize(("tau", "assumption"), [("1/10", "proved"), (0, "refuted")])
def test_one_agent_meets_nobody(tau, assumption):
    found = check(attrs.evolve(gallery("lqr"), tau_given=Fraction(tau)))
    assert verdicts(found) == ("proved", "proved", assumption)
    assert found.assumption_III_3.bound.hi == 0
    for stage in found.stages:
        assert stage.spectral_radius.hi == stage.contraction_constant.hi == 0
        assert stage.inner_loop == "converges"
    assert found.loop_tau_from.hi == found.smallest_delta.hi == 0


def test_without_entropy_the_assumption_fails_and_its_constant_is_infinite():
    found = checked("plain-lq")
    assert verdicts(found) == ("proved", "proved", "refuted")
    assert {stage.contraction_constant.lo for stage in found.stages} == {math.inf}
    assert found.as_json()["stages"][0]["contraction_constant"] == ["inf", "inf"]


def test_the_assumption_is_strict_and_equality_is_decided_exactly():
    """A = 0, so P_0 = 0 and γ_P* = Q_T = 1/3: the bound is 2/3 exactly."""
    common = {
        "A": [[0]], "B": [[[1]]] * 2, "Q": [[[[0]], [["1/3"]]]] * 2, "R": [[[1]]] * 2,
        "noise_cov": [[0]], "horizon": 1,
    }  # fmt: skip
    assert check(Game.from_arrays(tau="2/3", **common)).assumption_III_3.verdict == "refuted"
    above = Fraction(2, 3) + Fraction(1, 10**40)
    assert check(Game.from_arrays(tau=above, **common)).assumption_III_3.verdict == "proved"


def test_where_the_assumption_holds_the_loop_converges():
    found = checked("assumption-holds")
    assert verdicts(found) == ("proved", "proved", "proved")
    assert all(stage.contraction_constant.hi < 1 for stage in found.stages)
    assert all(stage.inner_loop == "converges" for stage in found.stages)


# -- against exact rationals ---------------------------------------------------------------------


def exact_stages(game: Game):
    """det Φ_t, the roots of J_t's characteristic polynomial, ‖P_{t+1}‖_F² of the worst agent."""
    stages = Stages(game, Rationals())
    ahead = stages.terminal()
    steps = backwards(stages, ahead)
    for t in reversed(range(game.horizon)):
        known = stages.at(t, ahead)
        phi, _ = block_system(stages, known)
        roots = jacobi_matrix(stages, known).charpoly().numer().complex_roots()
        squares = max(sum((x * x for x in P.entries()), start=0 * P[0, 0]) for P in ahead.P)
        yield Rationals().to_fraction(phi.det()), roots, Rationals().to_fraction(squares)
        ahead = next(steps)


@settings(max_examples=60)
@given(games(taus=("1/3", "2")))
def test_the_exact_answers_lie_in_small_enclosures(game):
    found = check(game)
    try:
        exact = list(exact_stages(game))
    except SingularStageError as singular:
        t = singular.t
    else:
        t = None
    if t is not None:
        assert found.nash.unique == found.stages[-1].phi_nonsingular == "refuted"
        assert found.stages[-1].t == t
        return
    assert verdicts(found)[:2] == ("proved", "proved")
    gamma_B_squared = max(sum(Fraction(x) ** 2 for x in X.flat) for B in game.B for X in B)
    for stage, (det, roots, squares) in zip(found.stages, exact, strict=True):
        assert det in stage.det_phi
        assert stage.det_phi.relative_width <= TIGHT
        assert stage.gamma_P.lo**2 <= squares <= stage.gamma_P.hi**2
        assert stage.gamma_P.relative_width <= TIGHT
        radii = [abs(root) for root, _ in roots]
        assert stage.spectral_radius.width <= TIGHT * max(1, stage.spectral_radius.hi)
        assert all(float(r) <= float(stage.spectral_radius.hi) + 1e-9 for r in radii)
        assert any(float(r) >= float(stage.spectral_radius.lo) - 1e-9 for r in radii)
        if stage.inner_loop == "converges":
            assert all(r < 1 for r in radii)
        else:
            assert any(not r < 1 for r in radii)
        constant = 4 / game.tau**2 * gamma_B_squared**2 * squares * (game.agents - 1) ** 2
        assert stage.contraction_constant.lo**2 <= constant <= stage.contraction_constant.hi**2


@st.composite
def singular_games(draw):
    """Rank-one costs with Φ_11 Φ_22 = Φ_12 Φ_21: G* and its kin, at either of two stages."""
    a, k = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    b = k + a
    A = draw(st.lists(st.lists(st.integers(-2, 2), min_size=2, max_size=2), min_size=2, max_size=2))
    kin = attrs.evolve(g_star(2 * (a * k - 1) if a * k > 1 else 0, A=A))
    Q = [[[a * a, a * b], [a * b, b * b]], [[b * b, a * b], [a * b, a * a]]]
    R = 1 if a * k > 1 else a * k
    one = Game.from_arrays(
        A=A,
        B=[B[0].tolist() for B in kin.B],
        Q=[[[[0, 0], [0, 0]], end] for end in Q],
        R=[[[R]]] * 2,
        tau=kin.tau,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    return (
        draw(st.sampled_from([one, in_two_stages(one, later=True)]))
        if draw(st.booleans())
        else in_two_stages(one, later=False)
    )


@settings(max_examples=25)
@given(singular_games(), st.sampled_from([24, 53, 64, 128, 333, 1000]))
def test_a_singular_phi_is_never_certified_regular(game, bits):
    with pytest.raises(NotCertifiedError):
        list(stages_in_balls(Stages(game, Balls(bits))))
    found = check(game)
    assert found.nash.unique == "refuted"
    assert found.stages[-1].phi_nonsingular == "refuted"


@given(games())
@settings(max_examples=20)
def test_enclosures_shrink_as_precision_grows(game):
    def widths(bits: int):
        stages = Stages(game, Balls(bits))
        found = [
            regular_stage(stages, one.known, one.t, coupling(game))
            for one in stages_in_balls(stages)
        ]
        enclosures = [x for one in found for x in (one.det_phi, one.gamma_P)]
        return max(x.width / max(1, abs(x.hi)) for x in enclosures)

    try:
        several = [widths(bits) for bits in (64, 96, 144, 216)]
    except NotCertifiedError:
        return
    assert all(b <= a for a, b in pairwise(several))
    assert several[-1] < 1e-40


def test_a_flat_cost_is_no_proof_of_an_equilibrium():
    """A float Q that is a little indefinite: W = R + B'QB = 0 exactly, and nothing to gain."""
    tiny = 2.0**-52
    game = Game.from_arrays(
        A=[[0, 0], [0, 0]],
        B=[[[0], [1]]],
        Q=[[[1.0, 0.0], [0.0, -tiny]]],
        R=[[[tiny]]],
        tau=0,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    assert verdicts(check(game, most_bits=512))[:2] == ("undecided", "refuted")


# -- hard games ----------------------------------------------------------------------------------


def hard(**changes) -> Game:
    """Two agents over three stages with three states, and what is to be hard about them."""
    m = len(changes.get("A", range(3)))
    eye = [[int(r == c) for c in range(m)] for r in range(m)]
    data = {
        "A": [[Fraction(r + c, 2 * m) for c in range(m)] for r in range(m)],
        "B": [[[int(r == k)] for r in range(m)] for k in range(2)],
        "Q": [eye, eye],
        "R": [[[1]], [["1/2"]]],
        "tau": 1,
        "noise_cov": eye,
        "horizon": 3,
    } | changes
    return Game.from_arrays(**data)


HILBERT = [[Fraction(1, r + c + 1) for c in range(3)] for r in range(3)]
HARD = {
    "tiny τ": hard(tau="1e-12"),
    "cheap control": hard(R=[[["1e-8"]]] * 2, tau="1e-12"),
    "Hilbert Q": hard(Q=[HILBERT, HILBERT], tau="1e-12"),
    "unstable A": hard(A=[[3, 1], [0, 2]], horizon=50, tau="1/4"),
    "eight agents": gallery("random:N=8,m=4,p=1,T=6,seed=3"),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_games_are_decided(name):
    found = check(HARD[name])
    assert found.nash.unique == "proved"
    assert len(found.stages) == HARD[name].horizon
    for stage in found.stages:
        assert stage.inner_loop != "undecided"
        assert stage.det_phi.relative_width <= TIGHT
        assert stage.contraction_constant.relative_width <= TIGHT
        # D + (Φ − D) with D ≻ 0: det Φ < 0 needs an eigenvalue of J beyond 1.
        assert stage.det_phi.lo > 0 or stage.inner_loop == "diverges"


def test_the_precision_allowed_is_kept_to_and_what_is_beyond_it_is_undecided():
    tau = 4 + Fraction(1, 10**60)
    found = check(g_star(tau), most_bits=150)
    assert verdicts(found) == ("undecided", "undecided", "refuted")
    assert found.bits == 150
    assert found.stages == ()
    assert "150 bits" in found.nash.reason
    assert check(g_star(tau)).nash.unique == "proved"


def test_progress_counts_the_stages():
    seen = []
    found = check(gallery("time-varying"), progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert found.smallest_delta
    assert {of for _, of in seen[4:]} == {4}


def test_thresholds_are_sought_once_and_when_they_are_read(monkeypatch):
    sought = []

    def counted(game, *, digits):
        sought.append(game)
        return sufficient_tau(game, digits=digits)

    monkeypatch.setattr(thresholds, "sufficient_tau", counted)
    found = check(gallery("g-star-2"))
    assert not sought
    assert found.loop_tau_from.lo > 0
    assert found.assumption_III_3.tau_from.hi == found.smallest_delta.hi + 2
    assert found.as_json()["loop_tau_from"] == found.loop_tau_from.as_json()
    assert len(sought) == 1
    again = pickle.loads(pickle.dumps(found))
    assert again.as_json() == found.as_json()


# -- as JSON and in a notebook -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["g-star-2", "g-star-4-no-nash", "lqr", "plain-lq"])
def test_json_has_what_the_interface_says(name):
    said = json.loads(json.dumps(checked(name).as_json(), allow_nan=False))
    assert said["format"] == "ergs-check/1"
    assert {"exists", "unique"} <= said["nash"].keys()
    assert {"verdict", "tau", "gamma_B", "gamma_P", "bound"} <= said["assumption_III_3"].keys()
    assert [row["t"] for row in said["stages"]] == [*range(gallery(name).horizon)][::-1]
    for row in said["stages"]:
        for key in ("det_phi", "contraction_constant", "spectral_radius"):
            lo, hi = row[key]
            assert float(lo) <= float(hi)
    known = said["nash"]["unique"] == "proved"
    assert (said["assumption_III_3"]["gamma_P"] is not None) == known


@pytest.mark.parametrize("name", names())
def test_a_check_prints_itself(name):
    found = checked(name)
    shown = found._repr_html_()
    assert f"unique {found.nash.unique}" in repr(found)
    assert shown.count("<tr>") == min(len(found.stages), 40) + 1
    assert shown.count("<li>") == len(found.sentences())


def test_without_all_stages_nothing_is_said_of_the_loop_at_every_stage():
    none = check(g_star(4 + Fraction(1, 10**60)), most_bits=150)
    assert (none.stages, none.inner_loop) == ((), "undecided")
    assert 17 in none.spectral_radius
    later = check(in_two_stages(gallery("g-star-4-no-nash"), later=True))
    assert len(later.stages) == 1 < later.game.horizon
    assert later.inner_loop in ("undecided", "diverges")
    calm = evolve(check(gallery("quantecon-noninteractive")), stages=())
    assert calm.inner_loop == "undecided"
