"""Stationary games: stability, certified gaps, equilibria, against a reference by hand."""

import copy
import json
from fractions import Fraction

import numpy as np
import pytest
from stationary_reference import (
    AverageReference,
    Reference,
    affine_game,
    matrix,
    mp,
    random_game,
)

from ergs_verify import Game, Policy, certify_gap, check, gap, solve
from ergs_verify.certify.reachable import demand_stabilisable
from ergs_verify.certify.stationary_nash import search_stationary_nash
from ergs_verify.errors import NoStablePolicyError, NotCertifiedError, UnboundedCostError
from ergs_verify.paper.general import GENERAL
from ergs_verify.paper.notation import F, discount
from ergs_verify.paper.stationary import Z, stationary_formulas
from ergs_verify.recheck_stationary import recheck

SEEDS = range(8)


def scalar(a, *, q=1, r=1, gamma=None, agents=1, tau=0, **more):
    given = {"A": [[a]], "B": [[[1]]] * agents, "Q": [[[q]]] * agents, "R": [[[r]]] * agents}
    more = {"noise_cov": [[1]], "horizon": "infinite", "discount": gamma} | more
    return Game.from_arrays(**given, tau=tau, **more)


def gain(*gains):
    return Policy.from_arrays(K=[[[k]] for k in gains])


def near_nash(seed, off):
    """A policy beside the equilibrium, and what its gaps are."""
    given = random_game(seed)
    reference = Reference(given)
    K, Sigma, _ = reference.nash()
    exact = [
        [[Fraction(str(mp.nstr(K[r, c], 20))) + off * (r + 1) for c in range(K.cols)] for r in rows]
        for rows in (range(*ends) for ends in reference.ends)
    ]
    spread = [
        [[Fraction(str(mp.nstr(S[r, c], 20))) for c in range(S.cols)] for r in range(S.rows)]
        for S in Sigma
    ]
    spread = [
        [[(1 + off) * (X[r][c] + X[c][r]) / 2 for c in range(len(X))] for r in range(len(X))]
        for X in spread
    ]
    policy = Policy.from_arrays(K=exact, Sigma=spread)
    stacked = matrix([row for rows in exact for row in rows])
    wanted = [reference.gap(i, stacked, [matrix(X) for X in spread]) for i in range(reference.N)]
    return Game.from_arrays(**given), policy, wanted


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("off", [Fraction(1, 20), Fraction(1, 10**12)])
def test_the_certified_gap_is_the_difference_of_costs(seed, off):
    game, policy, wanted = near_nash(seed, off)
    found = certify_gap(game, policy)
    assert found.stability == found.verdict == "proved"
    for one, exact in zip(found.agents, wanted, strict=True):
        assert 0 < exact < (2 if off == Fraction(1, 20) else 1e-20)
        # The reference's difference of costs has 45 digits after the point.
        assert (
            one.gap.lo - Fraction(1, 10**40)
            <= Fraction(str(exact))
            <= one.gap.hi + Fraction(1, 10**40)
        )
    assert "the policy is stable" in recheck(json.loads(json.dumps(found.certificate)))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_equilibrium_is_the_references(seed):
    given = random_game(seed)
    game, reference = Game.from_arrays(**given), Reference(given)
    K, Sigma, costs = reference.nash()
    solution = solve(game, digits=30)
    assert solution.certified
    assert solution.within > 0
    found = matrix([[Fraction(x) for x in row] for own in solution.K for row in own])
    assert mp.mnorm(found - K, 1) < 1e-29
    for i in range(game.agents):
        assert mp.mnorm(matrix(solution.P[i].tolist()) - costs[i], 1) < 1e-28
        assert mp.mnorm(matrix(solution.Sigma[i].tolist()) - Sigma[i], 1) < 1e-29
        q = reference.constant(i, costs[i], Sigma)
        assert abs(mp.mpf(str(solution.q[i])) - q) < mp.mpf(10) ** -28 * max(1, abs(q))


def test_the_slopes_are_those_of_differences():
    formulas = stationary_formulas(GENERAL)
    assert formulas.cost_in_next == discount * F.T * Z * F


@pytest.mark.parametrize(
    ("game", "policy", "stability"),
    [
        (scalar(2), gain(0), "refuted"),
        (scalar(1), gain(0), "refuted"),  # a unit root
        (scalar(-1), gain(0), "refuted"),
        (scalar(Fraction(3, 2), gamma=Fraction(4, 9)), gain(0), "refuted"),  # √γ F = 1
        (scalar(1 - Fraction(1, 10**6)), gain(0), "proved"),
        (scalar(1 - Fraction(1, 10**15)), gain(0), "proved"),
        (scalar(2, gamma="1/5"), gain(0), "proved"),
        (scalar(2), gain(-2), "proved"),  # deadbeat
    ],
)
def test_stability(game, policy, stability):
    found = certify_gap(game, policy)
    assert found.stability == stability
    assert (found.verdict == "refuted") == (stability == "refuted")
    assert (found.certificate is not None) == (stability == "proved")
    assert found.largest.hi < float("inf") or stability == "refuted"


def test_a_closed_form():
    """a = b = q = r = 1, τ = 0, γ = 1: P is the golden ratio, and the best gain −1/P²·P."""
    game = scalar(1)
    best = certify_gap(game, gain(Fraction(-1, 2)))
    golden = (1 + 5**0.5) / 2
    own = 1.25 / 0.75
    assert float(best.agents[0].gap.lo) == pytest.approx(own - golden, rel=1e-3)


def test_a_cost_without_lower_bound_is_proved():
    game = Game.from_arrays(
        A=[["1/2"]], B=[[[1]], [[1]]], Q=[[[-3]], [[1]]], R=[[[1]], [[1]]], tau=0,
        noise_cov=[[1]], horizon="infinite", indefinite=True,
    )  # fmt: skip
    found = certify_gap(game, gain(0, 0))
    first, second = found.agents
    assert isinstance(first.unbounded, UnboundedCostError)
    assert first.gap.lo == float("inf")
    assert second.gap.hi < float("inf")
    assert "has no lower bound" in str(first.unbounded)
    assert found.certificate is None


def test_no_root_but_the_stabilising_one():
    """a = 2, q = 0, r = 1: P = 0 solves the equation too, with K = 0, which does not stabilise."""
    game = scalar(2, q=0)
    solution = solve(game, digits=20)
    assert float(solution.P[0][0, 0]) == 3.0
    assert float(solution.K[0][0, 0]) == -1.5


@pytest.mark.parametrize(
    ("game", "K"),
    [
        (scalar(2, q=0), [Fraction(-3, 2)]),  # P = 3
        (scalar("1/2", r=0, agents=2, indefinite=True), [Fraction(-1, 8), Fraction(-3, 8)]),
    ],
)
def test_an_exact_best_response_has_a_certified_gap(game, K):
    """Nothing is missed by its P, in whatever precision."""
    found = certify_gap(game, gain(*K))
    assert found.certificate is not None
    assert found.largest.hi < Fraction(1, 10**60)
    recheck(found.certificate)


def test_several_equilibria_are_all_returned_each_certified():
    game = scalar(3, gamma="15/16", agents=2)
    solution = solve(game, digits=30)
    every = [solution, *solution.others]
    assert len(every) == 3
    for one in every:
        assert certify_gap(game, one.policy).largest.hi < Fraction(1, 10**40)
    gains = sorted(float(one.K[0][0, 0]) for one in every)
    assert gains == pytest.approx([-2.1872491610734186, -1.285954192397684, -0.4571952833710258])
    assert check(game).nash.unique == "refuted"


def test_what_does_not_settle_says_what_happens():
    """The best that the control can do is to leave a unit root alone."""
    game = scalar(1, q=0)
    search = search_stationary_nash(game)
    assert not search.equilibria
    with pytest.raises(NotCertifiedError, match="stages; from others it") as caught:
        solve(game)
    assert "the closed loop is not proved stable" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert check(game).nash.exists == "undecided"


def test_check_tells_existence_and_local_uniqueness():
    found = check(scalar(1, agents=2, tau="1/2"))
    assert (found.nash.exists, found.nash.unique) == ("proved", "locally")
    assert found.as_json()["nash"]["unique"] == "locally"
    assert found.stages[0].phi_nonsingular == "proved"


def test_affine_terms_discounted():
    """x⁺ = x/2 + u + 1 with cost x² + u²: the fixed point of k by hand."""
    game = scalar("1/2", gamma="1/2", drift=[1])
    solution = solve(game, digits=30)
    P, s = float(solution.P[0][0, 0]), float(solution.s[0][0])
    K, k = float(solution.K[0][0, 0]), float(solution.k[0][0])
    W = 1 + P / 2
    assert pytest.approx(-P / 4 / W) == K
    assert pytest.approx(-(P + s) / 2 / W) == k
    assert certify_gap(game, solution.policy).largest.hi < Fraction(1, 10**40)


@pytest.fixture(scope="module", params=range(4))
def affine(request):
    """A game of average cost with affine terms, the reference of it, and its equilibrium."""
    given = affine_game(request.param)
    game = Game.from_arrays(**given)
    return game, AverageReference(given), solve(game, digits=40)


def test_affine_terms_with_average_cost(affine):
    """No agent gains by another K, k or Σ, and q is the average of the stage's moments."""
    game, reference, solution = affine
    policy = reference.entered(solution.policy)
    for i in range(game.agents):
        average = reference.average(i, *policy)
        assert abs(mp.mpf(str(solution.q[i])) - average) < 1e-37
        assert abs(reference.gap(i, *policy)) < 1e-37
    found = certify_gap(game, solution.policy)
    assert found.stability == found.verdict == "proved"
    assert found.largest.hi < Fraction(1, 10**60)
    assert "a stage" in recheck(json.loads(json.dumps(found.certificate)))


@pytest.mark.parametrize("off", [Fraction(1, 20), Fraction(1, 10**9)])
def test_the_average_gap_is_the_difference_of_averages(affine, off):
    game, reference, solution = affine
    moved = {
        letter: [off + np.array(list(map(Fraction, X.flat)), dtype=object).reshape(X.shape)
                 for X in getattr(solution, letter)]
        for letter in ("K", "k")
    }  # fmt: skip
    policy = Policy.from_arrays(**moved, Sigma=solution.Sigma)
    found = certify_gap(game, policy)
    played = reference.entered(policy)
    for i, one in enumerate(found.agents):
        exact = Fraction(str(reference.gap(i, *played)))
        assert exact > off**2 / 100
        assert one.gap.lo - Fraction(1, 10**35) <= exact <= one.gap.hi + Fraction(1, 10**35)
    certificate = json.loads(json.dumps(found.certificate))
    recheck(certificate)
    first = certificate["agents"][0]
    for name, change in (("mean_lo", 1), ("mean_hi", -1)):
        right = first[name]
        first[name] = str(Fraction(right) + change * Fraction(1, 10**6))
        with pytest.raises(ValueError, match="not positive definite"):
            recheck(certificate)
        first[name] = right
    certificate["A"][0][0] = "2"
    with pytest.raises(ValueError, match="does not stay 1"):
        recheck(certificate)


def test_the_average_gap_of_delta_is_the_references():
    given = affine_game(1)
    delta = Fraction(1, 10)
    found = gap(Game.from_arrays(**given), [delta])
    assert found.order is not None
    raised = Game.from_arrays(**given | {"tau": [t + delta for t in given["tau"]]})
    reference = AverageReference(given)
    played = reference.entered(solve(raised, digits=40).policy)
    for i, one in enumerate(found.rows[0].agents):
        wanted = Fraction(str(reference.gap(i, *played)))
        assert abs(one.epsilon.hi - wanted) < wanted / 100
        ratio = float(one.epsilon.hi / (found.coefficient[i].value.hi * delta**2))
        assert ratio == pytest.approx(1, abs=0.3)


def test_an_average_cost_with_a_unit_root():
    """The state that is always 1 is none: x itself has the root."""
    found = certify_gap(scalar(1, drift=[1]), Policy.from_arrays(K=[[[0]]], k=[[1]]))
    assert found.stability == "refuted"
    assert certify_gap(scalar(1, drift=[1]), Policy.from_arrays(K=[[[-1]]])).stability == "proved"


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("Y", lambda X: -X),
        ("gain_Y", lambda X: -X),
        ("P_lo", lambda X: X + Fraction(1, 10**6)),
        ("P_hi", lambda X: X - Fraction(1, 10**6)),
        ("gain", lambda X: X + 1),
        ("discount", None),
        ("Q", lambda X: X - Fraction(1, 100)),
    ],
)
def test_a_false_certificate_is_refused(key, change):
    game = scalar(1, agents=2, tau="1/2", gamma="9/10")
    certificate = copy.deepcopy(certify_gap(game, solve(game).policy).certificate)
    recheck(certificate)
    first = certificate["agents"][0]
    if change is None:
        first[key] = "2"
    else:
        first[key] = [[str(change(Fraction(x))) for x in row] for row in first[key]]
    with pytest.raises(ValueError, match=r"not positive definite|discount"):
        recheck(certificate)


@pytest.mark.parametrize("seed", range(3))
def test_an_unstable_gain_in_a_certificate_is_refused(seed):
    game, policy, _ = near_nash(seed, Fraction(1, 20))
    certificate = copy.deepcopy(certify_gap(game, policy).certificate)
    certificate["K"] = [
        [[str(Fraction(x) + 50) for x in row] for row in X] for X in certificate["K"]
    ]
    with pytest.raises(ValueError, match="stability"):
        recheck(certificate)


def unreached(a, gamma=None, b=0):
    """Two states, the first of which only b moves."""
    return Game.from_arrays(
        A=[[a, 0], [1, "1/2"]], B=[[[b], [1]]], Q=[np.eye(2, dtype=int)], R=[[[1]]], tau=0,
        noise_cov=np.eye(2, dtype=int), discount=gamma, horizon="infinite",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("game", "told"),
    [
        (unreached(2), "grows by a factor of 2 a stage"),
        (unreached(-1), "does not shrink"),
        (unreached(1, b=Fraction(1, 10**30)), None),
        (unreached(1 - Fraction(1, 10**30)), None),
        (unreached(1, gamma="9/10"), None),
        (unreached(2, gamma="1/2"), "the discount 0.5"),
        (unreached(2, gamma="1/4"), "the discount 0.25"),  # √γ·2 = 1
        (unreached(2, gamma="6/25"), None),
    ],
)
def test_that_no_policy_is_stable_is_proved_where_it_is_so(game, told):
    if told is None:
        demand_stabilisable(game.one_stage)
        return
    with pytest.raises(NoStablePolicyError, match=told):
        solve(game)
    found = check(game).nash
    assert (found.exists, found.unique) == ("refuted", "refuted")


@pytest.mark.parametrize(
    ("a", "more"), [("1/2", {}), (3, {}), (3, {"drift": [1]}), (3, {"gamma": "9/10", "tau": 1})]
)
def test_a_regulator_without_lower_bound_is_refuted(a, more):
    """Also where no control is no stable policy to begin with."""
    with pytest.raises(UnboundedCostError, match="so there is no Nash equilibrium"):
        solve(scalar(a, q=-20, indefinite=True, **more))


def test_a_cross_term_alone_can_leave_a_regulator_without_lower_bound():
    """Under u = −x/2 a stage costs (1 − 5 + 1/4) x²."""
    with pytest.raises(UnboundedCostError, match="so there is no Nash equilibrium"):
        solve(scalar("1/2", S=[[[5]]]))


def test_a_cost_without_lower_bound_against_the_others_is_told():
    game = Game.from_arrays(
        A=[["1/2"]], B=[[[1]], [[1]]], Q=[[[-3]], [[1]]], R=[[[1]], [[1]]], tau=0,
        noise_cov=[[1]], horizon="infinite", indefinite=True,
    )  # fmt: skip
    with pytest.raises(
        NotCertifiedError, match="agent 1 has no lower bound against the other agents' gains"
    ) as caught:
        solve(game)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("b", [Fraction(1, 2**20), Fraction(1, 10**16)])
def test_a_state_that_is_hardly_reached_is_solved(b):
    """The conditions' slope is too ill-conditioned for its inverse in float64."""
    game = Game.from_arrays(
        A=[["5/4", b], [0, "1/2"]], B=[[[0], [1]], [[0], ["1/2"]]],
        Q=[np.eye(2, dtype=int), [["1/2", 0], [0, 1]]], R=[[["5/4"]]] * 2, tau=0,
        noise_cov=np.eye(2, dtype=int), horizon="infinite",
    )  # fmt: skip
    solution = solve(game, digits=20)
    assert certify_gap(game, solution.policy).stability == "proved"
    assert solution.within < Fraction(1, 2**60)
