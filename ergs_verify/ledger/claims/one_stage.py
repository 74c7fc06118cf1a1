"""One stage of Algorithm 1: its errors, if P_{t+1} is near P*_{t+1}; for Theorem IV.2."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Inverse, MatAdd, MatMul, MatrixSymbol, Symbol, Transpose

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentTotal, agent_sum
from ergs_verify.game import Game, Policy
from ergs_verify.ledger import hypotheses, loops, rules
from ergs_verify.ledger.chain import (
    SUBMULTIPLICATIVE,
    TRIANGLE,
    Chain,
    FrobeniusNorm,
    bounded_by,
    largest_norm,
)
from ergs_verify.ledger.claims.algorithm_1 import PASSES
from ergs_verify.ledger.claims.equation_19 import SINGULAR_WEIGHT
from ergs_verify.ledger.claims.lemma_III_4 import DETERMINED, gamma_B
from ergs_verify.ledger.claims.lemma_IV_1 import LIPSCHITZ, difference
from ergs_verify.ledger.claims.optimality import GAME, WEIGHT, derived, equal
from ergs_verify.ledger.counterexamples import refutation, two_scalar_agents
from ergs_verify.ledger.decision import Decision, exactly, together
from ergs_verify.ledger.exhibits import exceeds_bound
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    Q,
    R,
    W,
    definitions,
    eye,
    i,
    j,
    letter_of_agents,
    m,
    others_loop,
    symmetric,
    tau,
)
from ergs_verify.recursion import algorithm_1, evaluate_policy, nash
from ergs_verify.recursion.records import Stage

P_star = letter_of_agents("{P^{*}_{t+1}}", m, m)
K_star = letter_of_agents("{K^{*}_t}", "p", m)
W_star = letter_of_agents("{W^{*}_t}", "p", "p")
E = letter_of_agents("E", m, m)
"""P_{t+1} − P*_{t+1}."""
F_star = MatrixSymbol("{F^{*}_t}", m, m)
"""The NE's closed loop A + Σ_j BʲKʲ*."""
G = MatrixSymbol("G", m, m)
"""Σ_j BʲDʲ, with Dʲ = Kʲ − Kʲ*."""
D = difference
INVERTIBLE = "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ"

_star_weight = definitions[W(i)].xreplace({P(i): P_star(i)})
_with_stars = (*symmetric, P_star(i), W_star(i), E(i))
_R_tau = letter_of_agents(r"\tilde{R}", "p", "p")

# -- one stage ------------------------------------------------------------------------------------


def moved_answer() -> Equality:
    """Answer to the NE's gains at P_{t+1}, less Kⁱ*; Ā, of the others' Kʲ*, stays a letter."""
    at_P = derived("gain_compact")
    return Equality(
        at_P - K_star(i),
        -Inverse(W(i)) * B(i).T * (P(i) - P_star(i)) * (others_loop(i) + B(i) * K_star(i)),
        _with_stars,
        {
            W(i): definitions[W(i)],
            W_star(i): _star_weight,
            K_star(i): at_P.xreplace({P(i): P_star(i), W(i): W_star(i)}),
        },
    )


def moved_answer_chain() -> Chain:
    """‖W⁻¹B'EF*‖_F ≤ (2/τ)γ_B‖E‖_F‖F*‖_F."""
    return Chain(
        left=FrobeniusNorm(MatMul(Inverse(W(i)), Transpose(B(i)), E(i), F_star)),
        steps=(SUBMULTIPLICATIVE, bounded_by({"B_t": gamma_B, "W_t⁻¹": 2 / tau}, INVERTIBLE)),
        right=(2 / tau) * gamma_B * FrobeniusNorm(E(i)) * FrobeniusNorm(F_star),
        symbols={gamma_B: largest_norm("B_t")},
        symmetric=_with_stars,
        definitions={W(i): definitions[W(i)]},
    )


def _iterated() -> Decision:
    kappa, start, push = sympy.symbols("kappa e_0 b", positive=True)
    count = Symbol("l", integer=True, nonnegative=True)
    error = kappa**count * start + push * (1 - kappa**count) / (1 - kappa)
    following = error.subs(count, count + 1) - (kappa * error + push)
    return together(
        exactly("a_{l+1} − κa_l − b", sympy.simplify(following), 0),
        exactly("a_0", error.subs(count, 0), start),
    )


INNER_LOOP = Theorem(
    id="thm-IV.2/inner-errors",
    says="where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ), where"
    " b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
    given=DETERMINED.given,
    proof=(
        WEIGHT,
        PASSES,
        LIPSCHITZ,
        DETERMINED,
        Fact(
            "the gain of Ψ_tⁱ(S_t*) is Kⁱ* − W⁻¹B'(P_{t+1} − P*_{t+1})F*",
            lambda: moved_answer().decide(),
            needs=("the equations (4)–(6) have exactly one solution P, q, K, Σ", INVERTIBLE),
        ),
        Fact(
            "‖W⁻¹B'(P_{t+1} − P*_{t+1})F*‖_F ≤ (2/τ)γ_B‖P_{t+1} − P*_{t+1}‖_F‖F*‖_F",
            lambda: moved_answer_chain().decide(),
            needs=(INVERTIBLE,),
        ),
        by(rules.ANSWERS_AT_ANOTHER_COST),
        Fact("a_l = κˡe_0 + b(1 − κˡ)/(1 − κ) has a_0 = e_0 and a_{l+1} = κa_l + b", _iterated),
        by(rules.ITERATED_BOUND),
    ),
    needed=DETERMINED.needed,
)


def _cost_of(gains, P_next):
    """P_t of a policy with these gains: the Lyapunov equations."""
    loop = A + agent_sum(B(j) * gains(j), j)
    own = gains(i)
    return Q(i) + own.T * (tau / 2 * eye(i) + R(i)) * own + loop.T * P_next * loop


def _moved_terms(P_moved, weight, shift):
    """P_t − P_t*, in Dʲ, E and G = Σ_j BʲDʲ: each term has a factor of them."""
    own = K_star(i)
    return (
        D(i).T * weight * own
        + own.T * weight * D(i)
        + D(i).T * weight * D(i)
        + F_star.T * E(i) * F_star
        + F_star.T * P_moved * shift
        + shift.T * P_moved * F_star
        + shift.T * P_moved * shift
    )


def moved_cost() -> Equality:
    """With Kʲ = Kʲ* + Dʲ and P_{t+1} = P*_{t+1} + E."""
    moved = _cost_of(lambda k: K_star(k) + D(k), P_star(i) + E(i))
    shift = agent_sum(B(j) * D(j), j)
    return Equality(
        moved - _cost_of(K_star, P_star(i)),
        _moved_terms(P_star(i) + E(i), tau / 2 * eye(i) + R(i), shift),
        _with_stars,
        {F_star: A + agent_sum(B(j) * K_star(j), j)},
        named=r"P_t^i - P_t^{i*}",
    )


def moved_cost_chain(factor=1) -> Chain:
    """‖P_t − P_t*‖_F, term by term; `factor` plants a false bound."""
    r, k, d = (FrobeniusNorm(X) for X in (_R_tau(i), K_star(i), D(i)))
    f, e, pi, g = (FrobeniusNorm(X) for X in (F_star, E(i), P(i), G))
    return Chain(
        left=FrobeniusNorm(MatAdd(*_moved_terms(P(i), _R_tau(i), G).args)),
        steps=(TRIANGLE, SUBMULTIPLICATIVE),
        right=factor * (2 * r * k * d + r * d**2 + f**2 * e + 2 * f * pi * g + pi * g**2),
        symbols={},
        symmetric=(P(i), E(i), _R_tau(i)),
    )


def shift_chain() -> Chain:
    """‖Σ_j BʲDʲ‖_F ≤ γ_B Σ_j ‖Dʲ‖_F."""
    return Chain(
        left=FrobeniusNorm(agent_sum(B(j) * D(j), j)),
        steps=(TRIANGLE, SUBMULTIPLICATIVE, bounded_by({"B_t": gamma_B})),
        right=gamma_B * AgentTotal(FrobeniusNorm(D(j)), j),
        symbols={gamma_B: largest_norm("B_t")},
    )


NEARBY_COST = Theorem(
    id="thm-IV.2/nearby-cost",
    says="where e_L ≤ 1 and ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ 1 for all i: ‖P_tⁱ − P_tⁱ*‖_F ≤ C(e_L + "
    "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F), where C depends on the game, K* and P* alone",
    proof=(
        Fact(
            "P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F",
            lambda: equal(
                theorem_III_1.derive_policy_value()["value"].matrix, _cost_of(K, P(i))
            ).decide(),
        ),
        Fact(
            "P_t − P_t* is D'R̃K* + K*'R̃D + D'R̃D + F*'EF* + F*'PG + G'PF* + G'PG, with D = K −"
            " K*,"
            " E = P_{t+1} − P*_{t+1}, G = Σ_j BʲDʲ, R̃ = (τ/2)I + R",
            lambda: moved_cost().decide(),
            needs=("P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F",),
        ),
        Fact(
            "the norm of that sum is at most 2rkd + rd² + f²e + 2fπg + πg², in the norms of R̃, K*,"
            " D, F*, E, P_{t+1}, G",
            lambda: moved_cost_chain().decide(),
        ),
        Fact("g ≤ γ_B Σ_j ‖Dʲ‖_F", lambda: shift_chain().decide()),
        by(rules.COST_OF_NEARBY_GAINS),
    ),
)


def one_pass_is_not_enough() -> Decision:
    """T = 1: P_T is exact, Ψ_0 contracts, and after L = 1 pass P_0 is off by a fixed amount."""
    game = two_scalar_agents("10")
    squared = loops.squared_error(game, 1)
    return refutation(
        f"‖K_0 − K_0*‖_F² = {squared} after L = 1 pass, whatever ε",
        "O(ε²)",
        "exact",
        "P_1 = P_1* = Q_1, and a fixed number of passes leaves an error that does not depend on ε",
        lambda: assumed(game) and loops.squared_error(game, 1) > 0 and _cost_error(game) > 0,
        game=game,
        values={"L": "1"},
    )


def assumed(game: Game) -> bool:
    """Assumption III.3, of a game with an equilibrium."""
    return exceeds_bound(game, (P for own in nash(game, Rationals()).P for P in own))


def _cost_error(game: Game):
    """(P_0¹ − P_0¹*)² after one pass."""
    numbers = Rationals()
    found, best = algorithm_1(game, numbers, 1).P[0][0], nash(game, numbers).P[0][0]
    return sum((x * x for x in (found - best).entries()), found[0, 0] * 0)


def _costs_that_are_not_near() -> Decision:
    """N = 1, T = 2: the best gain at t = 0 against a gain of 0 at t = 1, which is not the NE's."""
    game, numbers = _one_scalar_agent(), Rationals()
    best = nash(game, numbers)
    later = evaluate_policy(game, Policy.from_arrays(K=[[[[0]], [[0]]]]), numbers).P[0][1]
    ahead = Stage(K=(), Sigma=(), P=(later,), q=None)
    gains, _spreads = loops.answers(game, 0, [numbers.zeros(1, 1)], ahead)
    played = Policy.from_arrays(K=[[numbers.to_fractions(gains[0]), [[0]]]])
    found = evaluate_policy(game, played, numbers).P[0][0][0, 0]
    return refutation(
        f"P_0 = {found} after any number of passes",
        f"P_0* = {best.P[0][0][0, 0]}",
        "exact",
        f"with one agent every pass gives the best response to P_1 =  {later[0, 0]}, where P_1* = "
        f"{best.P[0][1][0, 0]}. ε plays no part",
        lambda: found != best.P[0][0][0, 0] and later != best.P[0][1],
        game=game,
        values={"K_1^1": "0"},
    )


def _one_scalar_agent() -> Game:
    return Game.from_arrays(
        name="one scalar agent",
        A=[[1]],
        B=[[[1]]],
        Q=[[[1]]],
        R=[[[1]]],
        tau=2,
        noise_cov=[[0]],
        horizon=2,
    )


ONE_STAGE = Theorem(
    id="thm-IV.2/inner-loop",
    says="‖P_tⁱ − P_tⁱ*‖_F ≤ C₂ε for all small ε, where C₂ depends on the game, the start, κ and C₁"
    " alone",
    given=(
        *DETERMINED.given,
        hypotheses.NEAR_COSTS,
        hypotheses.ONE_KAPPA,
        hypotheses.MANY_PASSES,
    ),
    proof=(DETERMINED, INNER_LOOP, NEARBY_COST, by(rules.ONE_STAGE)),
    needed={
        **DETERMINED.needed,
        "near-costs": _costs_that_are_not_near,
        "many-passes": one_pass_is_not_enough,
    },
)


def covariance_chain() -> Chain:
    """‖Σ − Σ*‖_F ≤ (2/τ)γ_B²‖P − P*‖_F."""
    start = MatMul(tau / 2, Inverse(W(i)), Transpose(B(i)), E(i), B(i), Inverse(W_star(i)))
    return Chain(
        left=FrobeniusNorm(start),
        steps=(
            SUBMULTIPLICATIVE,
            bounded_by({"B_t": gamma_B, "W_t⁻¹": 2 / tau, "{W^{*}_t}⁻¹": 2 / tau}, INVERTIBLE),
        ),
        right=(2 / tau) * gamma_B**2 * FrobeniusNorm(E(i)),
        symbols={gamma_B: largest_norm("B_t")},
        symmetric=(*symmetric, P_star(i), W_star(i)),
        definitions={W(i): definitions[W(i)], W_star(i): _star_weight},
    )


def covariances_differ() -> Equality:
    """Both are answers: (τ/2)W⁻¹ at P_{t+1} and at P*_{t+1}."""
    found = derived("covariance").xreplace({W(i): definitions[W(i)]})
    best = found.xreplace({P(i): P_star(i)})
    return Equality(
        found - best,
        -tau / 2 * Inverse(W(i)) * B(i).T * (P(i) - P_star(i)) * B(i) * Inverse(W_star(i)),
        _with_stars,
        {W(i): definitions[W(i)], W_star(i): _star_weight},
    )


COVARIANCES = Theorem(
    id="thm-IV.2/covariance",
    says="‖Σ_tⁱ − Σ_tⁱ*‖_F ≤ (2/τ)γ_B²‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
    given=GAME,
    proof=(
        WEIGHT,
        Fact(
            "Σ_tⁱ − Σ_tⁱ* = −(τ/2)W⁻¹B'(P_{t+1} − P*_{t+1})BW*⁻¹",
            lambda: covariances_differ().decide(),
            needs=(INVERTIBLE,),
        ),
        Fact(
            "‖(τ/2)W⁻¹B'(P_{t+1} − P*_{t+1})BW*⁻¹‖_F ≤ (2/τ)γ_B²‖P_{t+1} − P*_{t+1}‖_F",
            lambda: covariance_chain().decide(),
            needs=(INVERTIBLE,),
        ),
        by(rules.COVARIANCES_FOLLOW),
    ),
    needed=SINGULAR_WEIGHT,
)
"""No ε has to be small."""
