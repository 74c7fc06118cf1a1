"""Theorem IV.2: Algorithm 1 converges at a linear rate, proved without the paper's citation."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from itertools import pairwise
from typing import Any

import sympy
from attrs import evolve
from sympy import MatAdd, Symbol

from ergs_verify.ledger import hypotheses, loops, rules, scalars
from ergs_verify.ledger.chain import (
    AGENTS,
    TRIANGLE,
    Chain,
    FrobeniusNorm,
)
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims.equation_19 import SINGULAR_WEIGHT
from ergs_verify.ledger.claims.lemma_III_4 import DETERMINED, UNIQUE, bound, gamma_B
from ergs_verify.ledger.claims.lemma_III_4 import gamma_P as gamma_star
from ergs_verify.ledger.claims.lemma_IV_1 import CONTRACTION, diverging_pair
from ergs_verify.ledger.claims.one_stage import (
    COVARIANCES,
    INNER_LOOP,
    NEARBY_COST,
    E,
    P_star,
    assumed,
    one_pass_is_not_enough,
)
from ergs_verify.ledger.claims.optimality import GAME, OTHER_ANSWERS, SUFFICIENT, terminal
from ergs_verify.ledger.counterexamples import refutation
from ergs_verify.ledger.decision import Decision, exactly
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equality
from ergs_verify.paper.notation import (
    i,
    tau,
)

slack, epsilon = Symbol("c", positive=True), Symbol(r"\epsilon", positive=True)

# -- all stages -----------------------------------------------------------------------------------


def _nearby_norm() -> Chain:
    return Chain(
        left=FrobeniusNorm(MatAdd(P_star(i), E(i))),
        steps=(TRIANGLE,),
        right=FrobeniusNorm(P_star(i)) + FrobeniusNorm(E(i)),
        symbols={},
        symmetric=(P_star(i), E(i)),
    )


def the_loop_diverges() -> Decision:
    """G* at τ = 2: two passes more multiply the error by (4/3)²."""
    game = exhibits()["diverging-loop"].game
    errors = [loops.squared_error(game, passes) for passes in (1, 3, 5)]
    return refutation(
        f"Σ‖K_0 − K_0*‖_F² = {errors[0]}, {errors[1]}, {errors[2]} after 1, 3, 5 passes",
        "→ 0",
        "exact",
        "J² = (16/9)I on the gains, so the error grows without bound, although the NE is unique",
        lambda: errors[0] > 0 and all(y * 81 == x * 256 for x, y in pairwise(errors)),
        game=game,
    )


LINEAR_RATE = Theorem(
    id="thm-IV.2/linear-rate",
    says=(
        "Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for every L ≥ 1, where κ in (0, 1) and C depend on the game "
        "and the start alone",
        "the joint policy is a NE over all adapted policies, from every x_t",
    ),
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.PLAYS_SOLUTION,
        hypotheses.ASSUMPTION_III_3,
    ),
    proof=(
        DETERMINED,
        by(rules.PLAYED),
        SUFFICIENT,
        Fact(
            "(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)",
            Equality(sympy.expand(bound / tau) * tau, bound),
        ),
        by(rules.SLACK),
        Fact("‖P_{t+1}ⁱ‖_F ≤ ‖P*_{t+1}ⁱ‖_F + ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F", _nearby_norm()),
        INNER_LOOP,
        NEARBY_COST,
        Fact("P_T = Q_T", terminal()),
        by(rules.BACKWARDS_IN_TIME),
        COVARIANCES,
        by(rules.ALL_STAGES),
    ),
    needed={
        **SINGULAR_WEIGHT,
        **OTHER_ANSWERS,
        "plays-solution": scalars.any_gains,
        "assumption-III.3": the_loop_diverges,
    },
)
"""S* is the solution of (4)–(6): the joint policy of the second sentence."""

_condition = 2 * gamma_B**2 * (gamma_star + slack * epsilon) * (AGENTS - 1)


def _bounds_differ() -> Equality:
    return Equality(_condition - bound, 2 * gamma_B**2 * slack * epsilon * (AGENTS - 1))


def _far_outside() -> Decision:
    """N = 2, γ_B = γ_P* = 1, cε = 1/2, τ = 4, and an agent with ‖P_{t+1}‖_F = 3."""
    values: list[tuple[Any, Any]] = [(gamma_B, 1), (gamma_star, 1), (slack, 1), (AGENTS, 2)]
    values.append((epsilon, sympy.Rational(1, 2)))
    found, needed = (e.subs(values) for e in (_condition, bound.subs(gamma_star, 3)))
    return refutation(
        f"τ = 4 > {found} = 2γ_B²(γ_P* + cε)(N−1)",
        f"τ > {needed} = 2γ_B²γ_{{P,t}}(N−1)",
        "exact",
        "the condition is about the NE's P*, while the contraction of Ψ_t depends on the "
        "algorithm's own P_{t+1}",
        lambda: bool(found < 4) and not bool(needed < 4),
        values={
            "N": "2",
            "tau": "4",
            "\\gamma_B": "1",
            "\\gamma_P^*": "1",
            "c\\epsilon": "1/2",
            "\\gamma_{P,t}": "3",
        },
    )


CONTRACTS_INSIDE = Theorem(
    id="thm-IV.2/contractive",
    says="Ψ_t(· | S_[t+1:T−1]) is a contraction in ‖·‖_□",
    given=(*GAME, hypotheses.CONDITION_IV_2, hypotheses.WITHIN_SLACK),
    proof=(
        Fact("‖P_{t+1}ⁱ‖_F ≤ ‖P*_{t+1}ⁱ‖_F + ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F", _nearby_norm()),
        by(rules.WITHIN_THE_SLACK),
        CONTRACTION,
    ),
    needed={
        **SINGULAR_WEIGHT,
        "condition-IV.2": diverging_pair,
        "within-slack": _far_outside,
    },
)
"""At one t, and one S_[t+1:T−1]."""


def _negative_slack() -> Decision:
    """cε = −γ_P*: the condition is τ > 0, which no game misses, and the loop may diverge."""
    diverges = the_loop_diverges()
    return evolve(
        diverges,
        evidence=(*diverges.evidence, ("exact", "with cε = −γ_P* the condition says τ > 0")),
    )


def _assumption_fails() -> Decision:
    """G* at τ = 2 with cε = −γ_P*."""
    game = exhibits()["diverging-loop"].game
    return refutation(
        f"τ = {game.tau} > 0 = 2γ_B²(γ_P* + cε)(N−1)",
        "τ > 2γ_B²γ_P*(N−1)",
        "exact",
        "at cε = −γ_P* the condition holds, and Assumption III.3 fails",
        lambda: game.tau > 0 and not assumed(game),
        game=game,
        values={"c\\epsilon": "-\\gamma_P^*"},
    )


STRONGER = Theorem(
    id="thm-IV.2/stronger",
    says=hypotheses.ASSUMPTION_III_3.text,
    given=(hypotheses.CONDITION_IV_2, hypotheses.C_NONNEGATIVE),
    proof=(
        Fact("the two bounds differ by 2γ_B²cε(N−1)", lambda: _bounds_differ().decide()),
        by(rules.SLIGHTLY_STRONGER),
    ),
    needed={"condition-IV.2": _assumption_fails, "c-nonnegative": _assumption_fails},
)


def _power_at_the_count() -> Decision:
    """log of κ^L at L = log(1/ε)/log(1/κ)."""
    kappa = Symbol("kappa", positive=True)
    enough = sympy.log(1 / epsilon) / sympy.log(1 / kappa)
    found = sympy.simplify(sympy.expand_log(enough * sympy.log(kappa)))
    return exactly("L log κ", found, sympy.log(epsilon))


ENOUGH = Theorem(
    id="thm-IV.2",
    says=(
        "Σ_t ‖S_t − S_t*‖_□ ≤ Cε for every ε > 0 and every L ≥ 1 with L ≥ log(1/ε)/log(1/κ), "
        "where κ in (0, 1) and C depend on the game and the start alone",
        "the joint policy is a NE over all adapted policies, from every x_t",
    ),
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.PLAYS_SOLUTION,
        hypotheses.CONDITION_IV_2,
        hypotheses.C_NONNEGATIVE,
    ),
    proof=(
        STRONGER,
        LINEAR_RATE,
        Fact("κ^L = ε at L = log(1/ε)/log(1/κ)", _power_at_the_count),
        by(rules.ENOUGH_PASSES),
    ),
    needed={
        **LINEAR_RATE.needed,
        "condition-IV.2": the_loop_diverges,
        "c-nonnegative": _negative_slack,
    },
)


def _few_iterations() -> Decision:
    """L = 1 is O(log 1/ε), and leaves an error that does not shrink with ε."""
    return one_pass_is_not_enough()


def _convergence(faults: frozenset[str]) -> Computed | Theorem:
    return Computed("L = O(log(1/ε)) suffices", _few_iterations) if faults else ENOUGH


CITED_GAP = Gap(
    what="[18, Theorem 4.5] is cited for the induction. It is about another algorithm and another "
    "game, and about gains alone. The paper does not check its conditions",
    quote="we can utilize [18, Theorem 4.5], which relies on the good convergence of the inner"
    " loop",
    closed_by=(LINEAR_RATE,),
)
"""The induction is proved here without it."""

CLAIMS = (
    Claim(
        id="lemma-IV.1/achieves",
        title="Algorithm 1 can achieve the NE",
        where="Section IV, before Lemma IV.1",
        quote="if … satisfies a lower bound, then the … operator is contractive, and hence"
        " Algorithm 1 can achieve the NE",
        statement=LINEAR_RATE,
        stated=(hypotheses.ASSUMPTION_III_3,),
        gaps=(
            Gap(
                what="Lemma IV.1 takes one fixed S_[t+1:T−1], while Algorithm 1 gives another one "
                "for every L, whose P_{t+1} is not P*_{t+1}. That each stage contracts does "
                "not imply that the errors of T stages add up to something small",
                quote="and hence Algorithm 1 can achieve the NE",
                closed_by=(LINEAR_RATE,),
            ),
        ),
    ),
    Claim(
        id="thm-IV.2/large-L",
        title="Many iterations approximate the NE",
        where="Section IV, before Theorem IV.2",
        latex=r"(S_t)_{0 \leq t \leq T-1} \approx (S_t^*)_{0 \leq t \leq T-1}",
        statement=LINEAR_RATE,
        stated=(hypotheses.ASSUMPTION_III_3,),
    ),
    Claim(
        id="thm-IV.2/linear-rate",
        title="The Nash error falls at a linear rate in L",
        where="Section IV, before and after Theorem IV.2",
        quote="the Nash error decreases at a linear rate with respect to the inner-loop iterations"
        " … ensures linear convergence of Algorithm 1 to the NE of the ERGS",
        statement=LINEAR_RATE,
        stated=(hypotheses.ASSUMPTION_III_3,),
    ),
    Claim(
        id="thm-IV.2/condition",
        title="The theorem's condition",
        where="Section IV, Theorem IV.2",
        latex=r"\tau > 2\gamma_B^2 (\gamma_P^* + c\epsilon)(N-1)",
        statement=Definition(tau, _condition, relation=">"),
        gaps=(
            Gap(
                what="c is not specified, so the condition is not specified either. No c is "
                "needed, since Assumption III.3 alone gives the rate for every ε",
                quote="is a model dependent constant",
                closed_by=(LINEAR_RATE,),
            ),
        ),
    ),
    Claim(
        id="thm-IV.2/stronger",
        title="The condition is slightly stronger than Assumption III.3",
        where="Section IV, after Theorem IV.2",
        quote="the condition in Theorem IV.2 is slightly stronger than Assumption III.3",
        statement=STRONGER,
        stated=(hypotheses.CONDITION_IV_2,),
    ),
    Claim(
        id="thm-IV.2",
        title="Algorithm 1 converges to the NE",
        where="Section IV, Theorem IV.2",
        latex=r"\sum_{0 \leq t \leq T-1} \|S_t - S_t^*\|_{\square} = \mathcal{O}(\epsilon)"
        r" \qquad L = \mathcal{O}(\log(1/\epsilon))",
        statement=_convergence,
        stated=(hypotheses.CONDITION_IV_2,),
        faults=(
            Fault(
                name="L",
                what="L = O(log(1/ε)) bounds the iterations from above, so L = 1 would do; L has to"
                " be at least a multiple of log(1/ε)",
                kind="overclaim",
                printed=r"L = \mathcal{O}(\log(1/\epsilon))",
                corrected=r"L \geq \log(1/\epsilon)/\log(1/\kappa)",
            ),
        ),
        gaps=(
            CITED_GAP,
            Gap(
                what="“the NE” is here the one that solves (4)–(6). It is unique only among "
                "feedback policies that are optimal from every x_t",
                quote="close to the NE",
                closed_by=(UNIQUE,),
            ),
        ),
    ),
)
