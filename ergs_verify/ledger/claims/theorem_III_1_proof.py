"""The proof of Theorem III.1, (12) to (17).

Every formula is compared with what `ergs_verify.paper.theorem_III_1` derives from one stage's cost,
in the paper's setting of one control dimension p for all agents.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from attrs import evolve
from sympy import Inverse, MatAdd, MatMul, Trace, Transpose

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.ledger import hypotheses
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims.optimality import (
    BELLMAN,
    BEST_RESPONSE,
    LEAST_COST,
    REGULAR_UNIQUE,
    STAGE,
    SUFFICIENT,
    averaged,
    by_derivation,
    covariance,
    derived,
    equal,
    gain,
    gain_and_covariance,
    quadratic,
    quadratic_in_x,
    weight,
)
from ergs_verify.ledger.claims.theorem_III_1 import EXISTENCE
from ergs_verify.ledger.reasoning import Theorem
from ergs_verify.ledger.statements import Definition, Equalities, Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    Q,
    R,
    S,
    i,
    j,
    mean,
    next_state,
    noise,
    omega,
    own,
    own_covariance,
    own_mean,
    q,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.paper.theorem_III_1 import cost_to_go
from ergs_verify.proof import gaussian_expectation

p = control_size(i)

# -- (12) to (15) ----------------------------------------------------------------------------------

_noise_moments = (sympy.ZeroMatrix(*x.shape), noise)
_others = {u(j): (mean(j), S(j)), omega: _noise_moments}
others_push = A * x + agent_sum(B(j) * u(j), j, i)
"""L(x) = Ax + Σ_{j≠i} Bʲuʲ, with the others' drawn controls."""
mean_push = A * x + agent_sum(B(j) * mean(j), j, i)
"""Its mean."""
log_ratio = tau * sympy.Symbol(r"\log(\pi/\mu)", real=True)
"""τ log(π(u|x)/μ(u|x)) at a drawn control; the expectations over the others leave it alone."""
_move = others_push + B(i) * own(i) + omega


def _expected(expression, gaussians):
    return gaussian_expectation(expression, gaussians, symmetric=symmetric)


def _argument_lost(what: str, printed: str, corrected: str) -> Fault:
    return Fault(
        name="argument",
        what=f"{what} depends on x, which the left side does not show",
        kind="wording",
        source="wording",
        printed=printed,
        corrected=corrected,
    )


def _eq_12(faults: frozenset[str]) -> Definition | Equality:
    if "argument" in faults:
        return equal(sympy.Symbol(r"J_{t+1}^{i*}", real=True), cost_to_go(x))
    return Definition(sympy.Symbol(r"J_{t+1}^{i*}(x)", real=True), cost_to_go(x))


_COSTS = r"c_t^i + J_{t+1}^{i*}(x_{t+1})"
"""How stage cost and cost to go are shown."""
_ANSATZ = f"J_{{t+1}}^{{i*}}(x) = {cost_to_go(x)}"


def _step():
    """Stage cost and cost to go at agent i's control, with everything random in it."""
    inside = trace_of(x.T, Q(i), x) + trace_of(own(i).T, R(i), own(i)) + log_ratio
    return (inside + cost_to_go(next_state)).xreplace({next_state: _move})


def _bellman(faults: frozenset[str]) -> Theorem | Equalities:
    if not faults:
        return BELLMAN
    push = sympy.MatrixSymbol("L_t^{i*}", *x.shape) if "argument" in faults else others_push
    pushed = cost_to_go(push + B(i) * own(i) + omega)
    return Equalities(
        (equal(cost_to_go(_move), pushed, r"J_{t+1}^{i*}(x_{t+1})"), _subscript(faults))
    )


def _eq_13(faults: frozenset[str]) -> Equalities:
    inside = trace_of(x.T, Q(i), x) + trace_of(own(i).T, R(i), own(i)) + log_ratio
    pushed = trace_of(own(i).T, B(i).T, P(i), others_push)
    second = (
        quadratic_in_x(Q(i))
        + Trace(noise * P(i))
        + q(i)
        + _expected(trace_of(others_push.T, P(i), others_push), _others)
        + trace_of(own(i).T, quadratic, own(i))
        + 2 * (pushed if "random" in faults else _expected(pushed, _others))
        + log_ratio
    )
    if "subscript" in faults:
        expanded = equal(_step(), second, _COSTS)
    else:
        expectation = _expected(_step(), _others)
        expanded = averaged(
            equal(expectation, second, rf"\mathbb{{E}}[{_COSTS} | u]"), _step(), _others
        )
    return Equalities(
        (
            evolve(
                equal(_step(), inside + q(i) + trace_of(_move.T, P(i), _move), _COSTS),
                derivation=lambda: (("inserted", f"(12): {_ANSATZ}"),),
            ),
            expanded,
        )
    )


def _subscript(faults: frozenset[str]) -> Equality:
    """The expectation over u ~ π alone, against the one over every random quantity."""
    play = {own(i): (own_mean(i), own_covariance(i))}
    everything = {**_others, **play}
    printed = play if "subscript" in faults else everything
    in_turn = _expected(_expected(_step(), _others), play)
    named = rf"\mathbb{{E}}_{{{_AVERAGED}}}[{_COSTS}]" if printed is everything else ""
    return averaged(equal(_expected(_step(), printed), in_turn, named), _step(), printed)


def _subscript_fault(printed: str, corrected: str) -> Fault:
    return Fault(
        name="subscript",
        what="the subscript u ~ π names only one of the random quantities in the bracket. The "
        "others' controls and the noise are averaged too",
        kind="wording",
        source="wording",
        printed=printed,
        corrected=corrected,
    )


_AVERAGED = r"u \sim \pi(\cdot),\, u^j \sim \pi^{j*},\, \omega_t"


def _answer_at(push):
    return MatMul(-1, Inverse(weight), Transpose(B(i)), P(i), push)


def _eq_15(faults: frozenset[str]) -> Equalities:
    answer = _answer_at(others_push if "random" in faults else mean_push)
    left = sympy.MatrixSymbol("M_t^{i*}", p, 1) if "argument" in faults else derived("mean")
    mean_is = equal(left, answer, "M_t^{i*}" if "argument" in faults else "M_t^{i*}(x)")
    covariance_is = equal(derived("covariance"), covariance, r"\Sigma_t^{i*}")
    return Equalities((by_derivation(mean_is, "collect", "lemma"), covariance_is))


def _satisfies(faults: frozenset[str]) -> Equality:
    """The linear policies in the conditions (15)."""
    if "random" in faults:
        return equal(MatMul(gain, x), _answer_at(others_push), "K_t^{i*} x")
    pushed = MatAdd(A * x, agent_sum(MatMul(B(j), K(j), x), j, i))
    return equal(MatMul(gain, x), _answer_at(pushed), "K_t^{i*} x")


_RANDOM = (
    "L(x) contains the others' drawn controls, which agent i does not see. E[L(x)] belongs there"
)


def _best_means_are_linear() -> Equality:
    best = theorem_III_1.with_linear_policies(derived("mean"))
    return by_derivation(equal(best, MatMul(gain, x), "M_t^{i*}(x)"), "lemma")


CLAIMS = (
    Claim(
        id="eq-12",
        title="Quadratic ansatz",
        where="Section III, (12)",
        latex=r"J_{t+1}^{i*} = x^\top P_{t+1}^{i*} x + q_{t+1}^{i*}.",
        statement=_eq_12,
        faults=(
            _argument_lost("the Nash value", r"J_{t+1}^{i*} =", r"J_{t+1}^{i*}\corrected{(x)} ="),
        ),
    ),
    Claim(
        id="thm-III.1/bellman",
        title="The Bellman (HJI) equation",
        where="Section III, after (12)",
        latex=r"J_t^{i*}(x) = \min_{\pi} \mathbb{E}_{u \sim \pi(\cdot)} \left[ x^\top Q_t^i x"
        r" + u^\top R_t^i u + \tau \log \left( \frac{\pi(u|x)}{\mu(u|x)} \right)"
        r" + J_{t+1}^{i*} (L_t^{i*} + B_t^i u + \omega_t) \right],",
        statement=_bellman,
        faults=(
            _subscript_fault(
                r"\mathbb{E}_{u \sim \pi(\cdot)}", rf"\mathbb{{E}}_{{\corrected{{{_AVERAGED}}}}}"
            ),
            _argument_lost("L", r"(L_t^{i*} +", r"(L_t^{i*}\corrected{(x)} +"),
        ),
        gaps=(
            Gap(
                what="the cited results are about costs of states and controls. They do not cover "
                "a cost that contains the logarithm of the policy's own density, nor a "
                "minimum over densities",
                quote="From HJI equations [33], we know",
                closed_by=(BELLMAN, BEST_RESPONSE),
            ),
            Gap(
                what="the minimum is over densities π(u|x) given the present state alone, while "
                "Πⁱ allows policies with memory. It is not shown that memory does not help "
                "against the others' feedback policies",
                quote="From HJI equations [33], we know",
                closed_by=(BEST_RESPONSE, LEAST_COST),
            ),
            Gap(
                what="the converse is not shown, namely that whatever solves the equations at "
                "every stage is a NE",
                quote="the most optimal probability distribution for each agent in each timestep",
                closed_by=(SUFFICIENT,),
            ),
        ),
    ),
    Claim(
        id="thm-III.1/push",
        title="The next state without agent i's control",
        where="Section III, before (13)",
        latex=r"L_t^{i*}(x) := A_t x + \sum_{j \neq i} B_t^j u_t^{j*}(x)",
        statement=Definition(sympy.MatrixSymbol("L_t^{i*}(x)", *x.shape), others_push),
    ),
    Claim(
        id="thm-III.1/expectation",
        title="What the expectation averages",
        where="Section III, before and in (13)",
        latex=r"\mathbb{E}_{u \sim \pi(\cdot)}",
        statement=_subscript,
        faults=(_subscript_fault(r"u \sim \pi(\cdot)", _AVERAGED),),
    ),
    Claim(
        id="eq-13",
        title="The Bellman step expanded",
        where="Section III, (13)",
        latex=r"J_t^{i*}(x) = \min_{\pi} \mathbb{E}_{u \sim \pi(\cdot)} \left[ x^\top Q_t^i x"
        r" + u^\top R_t^i u + \tau \log \left( \frac{\pi(u|x)}{\mu(u|x)} \right)"
        r" + q_{t+1}^{i*} + (L_t^{i*}(x) + B_t^i u + \omega_t)^\top P_{t+1}^{i*}"
        r" (L_t^{i*}(x) + B_t^i u + \omega_t) \right]"
        r" = x^\top Q_t^i x + Tr(\Sigma P_{t+1}^{i*}) + q_{t+1}^{i*}"
        r" + \mathbb{E}[(L_t^{i*}(x))^\top P_{t+1}^{i*} L_t^{i*}(x)]"
        r" + \min_{\pi} \mathbb{E}_{u \sim \pi(\cdot)} \left[ u^\top (R_t^i + (B_t^i)^\top"
        r" P_{t+1}^{i*} B_t^i) u + 2u^\top (B_t^i)^\top P_{t+1}^{i*} L_t^{i*}(x)"
        r" + \tau \log \left( \frac{\pi(u|x)}{\mu(u|x)} \right) \right].",
        statement=_eq_13,
        faults=(
            _subscript_fault(
                r"J_t^{i*}(x) = \min_{\pi} \mathbb{E}_{u \sim \pi(\cdot)}",
                rf"J_t^{{i*}}(x) = \min_{{\pi}} \mathbb{{E}}_{{\corrected{{{_AVERAGED}}}}}",
            ),
            Fault(
                name="random",
                what=f"in the bracket with the minimum {_RANDOM}",
                kind="random for mean",
                printed=r"2u^\top (B_t^i)^\top P_{t+1}^{i*} L_t^{i*}(x)",
                corrected=r"2u^\top (B_t^i)^\top P_{t+1}^{i*} \corrected{\mathbb{E}}[L_t^{i*}(x)]",
            ),
        ),
        gaps=(
            Gap(
                what="the products of u, L(x) and ω drop out or split only if the agents draw"
                " independently of each other and of the noise, which is not said",
                quote="By using (12), we get",
                closed_by=(BEST_RESPONSE,),
            ),
        ),
    ),
    Claim(
        id="eq-14",
        title="The best response is Gaussian",
        where="Section III, (14)",
        latex=r"u_t^{i*} \sim \pi_t^{i*}(x) = \mathcal{N}(M_t^{i*}(x), \Sigma_t^{i*}),",
        statement=STAGE,
    ),
    Claim(
        id="eq-15",
        title="Mean and covariance of the best response",
        where="Section III, (15)",
        latex=r"M_t^{i*} = -\left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} L_t^{i*}(x),"
        r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)/\tau)^{-1}.",
        statement=_eq_15,
        faults=(
            Fault(
                name="random",
                what=_RANDOM,
                kind="random for mean",
                printed=r"L_t^{i*}(x),",
                corrected=r"\corrected{\mathbb{E}}[L_t^{i*}(x)],",
            ),
            _argument_lost("the mean", "M_t^{i*} =", r"M_t^{i*}\corrected{(x)} ="),
        ),
    ),
    Claim(
        id="eq-16",
        title="Linear Gaussian policies",
        where="Section III, (16)",
        latex=r"u_t^{i*} \sim \pi_t^{i*}(x) = \mathcal{N}(K_t^{i*} x, \Sigma_t^{i*})",
        statement=lambda _: _best_means_are_linear(),
        gaps=(
            Gap(
                what="linear means solve (15), which couples the agents through L(x). It is not "
                "shown that no other means solve it",
                quote="By direct calculation we can check that the set of policies",
                closed_by=(REGULAR_UNIQUE,),
            ),
        ),
    ),
    Claim(
        id="eq-17",
        title="Gain and covariance of the linear policies",
        where="Section III, (17)",
        latex=r"K_t^{i*} = -\left( (\tau/2) I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*},"
        r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)/\tau)^{-1},",
        statement=lambda _: gain_and_covariance(),
        gaps=(
            Gap(
                what="the right side contains the others' gains, in A_t^{i*}. It is not shown "
                "that any gains satisfy this for all agents at once",
                quote="By direct calculation we can check that the set of policies",
                closed_by=(EXISTENCE,),
            ),
        ),
    ),
    Claim(
        id="thm-III.1/satisfies",
        title="The linear policies satisfy the conditions (14), (15)",
        where="Section III, after (17)",
        quote="satisfies the conditions (14) and (15), and hence, also the necessary conditions"
        " for the NE",
        statement=_satisfies,
        corrected_latex=r"K_t^{i*} x = -\left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^{i*}"
        r" B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} \corrected{\mathbb{E}}[L_t^{i*}(x)]",
        faults=(Fault(name="random", what=f"in (15) {_RANDOM}", kind="random for mean"),),
    ),
    Claim(
        id="thm-III.1/sufficient",
        title="The conditions are sufficient",
        where="Section III, after (17)",
        quote="since the cost functional in (13) is strictly convex, … (16)-(17) is also"
        " sufficient for the NE",
        statement=SUFFICIENT,
        stated=(hypotheses.ANSWERS,),
        gaps=(
            Gap(
                what="strict convexity at one stage gives the best density of that stage. It is "
                "not shown that the policies are best over all stages together and among all "
                "of Πⁱ",
                quote="since the cost functional in (13) is strictly convex",
                closed_by=(LEAST_COST, SUFFICIENT),
            ),
        ),
    ),
)
