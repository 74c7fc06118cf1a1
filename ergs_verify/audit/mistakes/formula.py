"""Mistakes in the formulas of a stage: the block system, Σ, the recursions of P and q."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from attrs import evolve
from sympy import (
    Determinant,
    Integer,
    Inverse,
    MatMul,
    Rational,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    log,
    sympify,
)

from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.audit.mistakes.record import FLOAT64, Mistake, Recomputed, freedom
from ergs_verify.audit.mistakes.solving import last_ridge
from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.general import GENERAL
from ergs_verify.paper.notation import (
    A,
    B,
    F,
    K,
    P,
    Q,
    R,
    S,
    W,
    eye,
    i,
    j,
    m,
    n,
    noise,
    others_gain,
    others_loop,
    pull,
    q,
    tau,
)
from ergs_verify.paper.theorem_III_1 import derived_formulas, formulas_of
from ergs_verify.recursion.stages import Stages, formulas_for

half = Rational(1, 2)
own_push: Any = B(i).T * P(i) * B(i)


def constant_terms() -> dict[str, Any]:
    """The terms of q_t of a joint policy, by name; their sum is the derived formula."""
    return {
        "the next stage's q": q(i),
        "Tr(RΣ)": trace_of(S(i), R(i)),
        "(τ/2)Tr(Σ)": tau / 2 * Trace(S(i)),
        "−(τ/2)p": -tau / 2 * control_size(i),
        "−(τ/2)log det Σ": -tau / 2 * log(Determinant(S(i))),
        "the noise's Tr(Σ_ω P)": Trace(noise * P(i)),
        "agent i's own Tr(B'PBΣ)": trace_of(S(i), B(i).T, P(i), B(i)),
        "the others' Tr(B'PBΣ)": agent_sum(trace_of(S(j), B(j).T, P(i), B(j)), j, i),
    }


def _q_without(*names: str, plus: Any = 0) -> Recomputed:
    kept = [term for name, term in constant_terms().items() if name not in names]
    return _changed(policy_constant=sum(kept, start=sympify(plus)))


def _changed(right: Formulas | None = None, **fields) -> Recomputed:
    return Recomputed(formulas=evolve(right or derived_formulas(), **fields))


def _with_tau(factor: int, right: Formulas) -> Iterable[Recomputed]:
    """R̃ = factor·(τ/2)I + R in the block system, and maybe in the cost of K, and in Σ."""

    def swap(expr):
        return expr.xreplace({tau: factor * tau})

    fields = {
        "phi_diagonal": swap(right.phi_diagonal),
        "policy_cost": swap(right.policy_cost),
        "covariance": right.covariance.xreplace({W(i): swap(right.definitions[W(i)])}),
    }
    rows = {"rhs": swap(right.rhs)} if right.by_agent else {}  # the prior's mean is in them
    for count in (3, 2, 1):
        for names in combinations(fields, count):
            more = rows if "phi_diagonal" in names else {}
            yield _changed(right, **{name: fields[name] for name in names}, **more)


def _entropy_rewarded() -> Iterable[Recomputed]:
    """E τ log π for E τ log(π/μ): no (τ/2)I anywhere, and in q the prior's terms are missing."""
    right = derived_formulas()

    def swap(expr):
        return expr.xreplace({tau: Integer(0)})

    fields = {
        "phi_diagonal": swap(right.phi_diagonal),
        "policy_cost": swap(right.policy_cost),
        "covariance": right.covariance.xreplace({W(i): swap(right.definitions[W(i)])}),
    }
    kept = [term for name, term in constant_terms().items() if name != "(τ/2)Tr(Σ)"]
    for prior in (-tau / 2 * control_size(i) * Rational(math.log(2 * math.pi)), Integer(0)):
        yield _changed(None, **fields, policy_constant=sum(kept, start=sympify(prior)))


def _team(right: Formulas) -> Iterable[Recomputed]:
    """The sum of all P in the place of an agent's, in the gains, and maybe in Σ."""
    total = {P(i): agent_sum(P(j), j)}
    # The block (i, j) has an index j of its own.
    k = Symbol("k", integer=True, positive=True)
    off = right.phi_off_diagonal.xreplace({P(i): agent_sum(P(k), k)})
    gains = {
        "phi_diagonal": right.phi_diagonal.xreplace({W(i): right.definitions[W(i)]}).xreplace(
            total
        ),
        "phi_off_diagonal": off,
        "rhs": right.rhs.xreplace(total),
    }
    covariance = right.covariance.xreplace({W(i): right.definitions[W(i)].xreplace(total)})
    yield _changed(right, **gains)
    yield _changed(right, **gains, covariance=covariance)


def _prior(game: Game, stated: Numbers) -> Iterable[Recomputed]:
    """c(τ/2)I for (τ/2)I in R̃: the prior's covariance is I/c, which the last gains tell."""
    if game.tau == 0 or (extra := last_ridge(game, stated)) is None:
        return
    c = 1 + extra / float(game.tau / 2)
    if c <= 0:
        return
    right = derived_formulas()
    factor = Rational(c)

    def swap(expr):
        return expr.xreplace({tau: factor * tau})

    covariance = right.covariance.xreplace({W(i): swap(right.definitions[W(i)])})
    kept = [term for name, term in constant_terms().items() if name != "(τ/2)Tr(Σ)"]
    changed = _changed(
        phi_diagonal=swap(right.phi_diagonal),
        policy_cost=swap(right.policy_cost),
        covariance=covariance,
        policy_constant=sum(kept, start=factor * tau / 2 * Trace(S(i)))
        - tau / 2 * control_size(i) * Rational(math.log(c)),
    )
    numbers = sum(X.size for X in stated["K"])
    yield evolve(
        changed,
        arithmetic=FLOAT64,
        freedom=freedom(numbers),
        detail=f"here I times {1 / c:.6g}",
    )


#: A number read off the stated ones that is so near to that of a mistake with a name is its.
_NAMED = 1e-6


def _of_W(tau: Any) -> tuple[Any, ...]:
    """Factors that are taken for τ/2 in Σ = (τ/2)W⁻¹."""
    return 1, tau, tau / 4, 1 / tau, half


def _sigma_times(game: Game, stated: Numbers) -> Iterable[Recomputed]:
    """Σ, or Σ⁻¹, times a number that the last stage tells, unless that has a name of its own."""
    if game.tau == 0 or "Sigma" not in stated:
        return
    stages = Stages(game.near, FLOAT64, constants=False)
    best = stages.covariances(stages.at(game.horizon - 1, stages.terminal()))
    numbers = sum(X.size for X in stated["Sigma"])
    ways = (
        (np.asarray, derived_formulas().covariance, [c * 2 / game.tau for c in _of_W(game.tau)]),
        (np.linalg.inv, None, [1]),
    )
    for way, expr, named in ways:
        right = way(best[0])
        c = float(np.vdot(right, stated["Sigma"][0][-1]) / np.vdot(right, right))
        if any(math.isclose(c, other, rel_tol=_NAMED) for other in named):
            continue
        factor = Rational(c)
        formula = factor * expr if expr is not None else factor * 2 / tau * W(i)
        yield evolve(
            _changed(covariance=formula),
            arithmetic=FLOAT64,
            freedom=freedom(numbers),
            detail=f"here {c:.6g} times {'Σ' if expr is not None else 'Σ⁻¹'}",
        )


def _terms_of_q() -> Iterable[Mistake]:
    """One mistake for each term that may be forgotten."""
    for name in constant_terms():
        yield _mistake(
            f"q-without-{_slug(name)}",
            f"q lacks {name}",
            "the recursion (5) of q",
            _q_without(name),
        )


def _slug(name: str) -> str:
    plain = {"the next stage's q": "later-q", "Tr(RΣ)": "control-cost", "(τ/2)Tr(Σ)": "trace"}
    plain |= {"−(τ/2)p": "p", "−(τ/2)log det Σ": "log-det", "the noise's Tr(Σ_ω P)": "noise"}
    plain |= {"agent i's own Tr(B'PBΣ)": "own-covariance"}
    return plain.get(name, "others-covariances")


def _mistake(id: str, message: str, look_at: str, *variants: Recomputed) -> Mistake:
    return Mistake(id=id, message=message, look_at=look_at, variants=lambda game: variants)


def _P_of_one(game: Game) -> Iterable[Recomputed]:
    right = formulas_for(game)
    return (
        [v for agent in sorted({1, game.agents}) for v in _P_of(agent, right)]
        if game.agents > 1
        else ()
    )


@cache
def _P_of(agent: int, right: Formulas) -> tuple[Recomputed, ...]:
    """One agent's P for every agent: everywhere, or in the gains and covariances alone."""

    def one(expr):
        return expr.xreplace({P(i): P(agent)})

    gains = {k: one(getattr(right, k)) for k in ("phi_diagonal", "phi_off_diagonal", "rhs")}
    gains["covariance"] = right.covariance.xreplace({W(i): one(right.definitions[W(i)])})
    costs = {k: one(getattr(right, k)) for k in ("policy_cost", "policy_constant")}
    return _changed(right, **gains, **costs), _changed(right, **gains)


def _in_any_class(right: Formulas) -> dict[str, Mistake]:
    """The mistakes that are told by the derived formulas alone, whatever the class of games."""
    alone = right.riccati.xreplace({others_loop(i): A, **_nothing_of_others(right)})
    made = (
        _mistake(
            "tau-left-out",
            "(τ/2)I is left out of R̃ = (τ/2)I + R",
            "W = (τ/2)I + R + B'PB, in the gains, in P and in Σ",
            *_with_tau(0, right),
        ),
        _mistake(
            "tau-twice",
            "τI is used for (τ/2)I in R̃ = (τ/2)I + R",
            "W = (τ/2)I + R + B'PB, with τ/2 once",
            *_with_tau(2, right),
        ),
        _mistake(
            "team-for-nash",
            "the agents minimise the sum of their costs together",
            "block row i of Φ and r uses agent i's own P",
            *_team(right),
        ),
        _mistake(
            "sign-inside",
            "the gains have the wrong sign, and P is computed from them",
            "K = −Φ⁻¹r, u = Kx and F = A + Σ BK",
            _changed(right, rhs=-right.rhs),
        ),
        _mistake(
            "others-ignored",
            "each agent solves its own regulator as if the others did nothing",
            "Ā = A + Σ_{j≠i} BʲKʲ and the off-diagonal blocks of Φ",
            _changed(
                right,
                phi_off_diagonal=ZeroMatrix(control_size(i), control_size(j)),
                policy_cost=alone,
            ),
            _changed(right, policy_cost=alone),
        ),
        Mistake(
            id="P-of-one-agent",
            message="one agent's P is used for all agents",
            look_at="block row i of Φ and r uses agent i's P",
            variants=_P_of_one,
        ),
        _mistake(
            "sigma-scale",
            "Σ has a factor other than τ/2 before W⁻¹",
            "Σ = (τ/2)W⁻¹ = (I + (2/τ)(R + B'PB))⁻¹",
            *(_changed(right, covariance=c * Inverse(W(i))) for c in _of_W(tau)),
        ),
        _mistake(
            "q-with-P-now",
            "q_t is computed from P_t instead of P_{t+1}",
            "the time index of P in the recursion (5) of q",
            _changed(
                right, policy_constant=right.policy_constant.xreplace({P(i): right.policy_cost})
            ),
        ),
    )
    return {mistake.id: mistake for mistake in made}


def _nothing_of_others(right: Formulas) -> dict:
    """In the general game the others' controls stand beside their loop; here they are 0."""
    if not right.by_agent:
        return {}
    letters = {others_gain(i): ZeroMatrix(n, m)}
    return {**letters, pull(i): right.definitions[pull(i)].xreplace({others_loop(i): A, **letters})}


@cache
def formula_mistakes(*, general: bool = False) -> tuple[Mistake, ...]:
    """Mistakes made by replacing some of the derived formulas."""
    if general:
        return tuple(_in_any_class(formulas_of(GENERAL)).values())
    right: Formulas = derived_formulas()
    shared = _in_any_class(right)
    weight = tau / 2 * eye(i) + R(i)
    all_counted = right.riccati.xreplace({others_loop(i): F})
    own_twice = {"phi_diagonal": right.phi_diagonal + own_push}
    cross: Any = B(i).T * P(i) * others_loop(i)
    in_bits = Rational(1 / math.log(2))
    symmetric_P = half * (P(i) + P(i).T)
    open_loop = {
        "policy_cost": Q(i) + MatMul(A.T, P(i), F),
        "covariance": tau / 2 * Inverse(weight + B(i).T * symmetric_P * B(i)),
    }
    return (
        shared["tau-left-out"],
        shared["tau-twice"],
        _mistake(
            "entropy-rewarded",
            "the policy's entropy is rewarded instead of its divergence from μ being charged",
            "τ log(π/μ) contains the prior's ½u'u, hence (τ/2)I in R̃, in the gains, in P, in Σ "
            "and in q",
            *_entropy_rewarded(),
        ),
        _mistake(
            "own-only-control-cost",
            "the block system has R̃ alone on its diagonal",
            "the diagonal blocks of Φ are W = (τ/2)I + R + B'PB",
            _changed(phi_diagonal=weight),
        ),
        shared["team-for-nash"],
        shared["sign-inside"],
        _mistake(
            "own-term-counted",
            "agent i's own BK is counted among the others'",
            "Ā = A + Σ_{j≠i} BʲKʲ, and B'PB once in the diagonal block of Φ",
            _changed(**own_twice, policy_cost=all_counted),
            _changed(**own_twice),
            _changed(policy_cost=all_counted),
        ),
        shared["others-ignored"],
        _mistake(
            "open-loop",
            "the gains are those of the open-loop equilibrium",
            "P = Q + K'R̃K + F'PF; Q + A'PF is the open-loop costate",
            _changed(**open_loop),
        ),
        _mistake(
            "P-without-control-cost",
            "P lacks the cost of the control",
            "P = Q + K'((τ/2)I + R)K + F'PF",
            _changed(policy_cost=Q(i) + F.T * P(i) * F),
        ),
        _mistake(
            "P-without-stage-cost",
            "P lacks the stage cost Q",
            "P = Q + K'((τ/2)I + R)K + F'PF",
            _changed(policy_cost=K(i).T * weight * K(i) + F.T * P(i) * F),
        ),
        _mistake(
            "P-loop-transposed",
            "F or K is used where its transpose should be, in the recursion of P",
            "P = Q + K'((τ/2)I + R)K + F'PF",
            _changed(policy_cost=Q(i) + K(i).T * weight * K(i) + F * P(i) * F.T),
        ),
        _mistake(
            "riccati-sign",
            "the Riccati recursion adds the term that it should subtract",
            "P = Q + Ā'PĀ − Ā'PB W⁻¹ B'PĀ",
            _changed(
                policy_cost=Q(i)
                + others_loop(i).T * P(i) * others_loop(i)
                + MatMul(Transpose(cross), Inverse(W(i)), cross)
            ),
        ),
        shared["P-of-one-agent"],
        shared["sigma-scale"],
        Mistake(
            id="sigma-times",
            message="Σ or Σ⁻¹ is multiplied by a number",
            look_at="Σ = (τ/2)W⁻¹",
            variants=lambda game: (),
            fitted=_sigma_times,
        ),
        Mistake(
            id="prior-covariance",
            message="the prior's covariance is not I",
            look_at="μ = N(0, I): (τ/2)I in R̃, in the gains, in P, in Σ and in q",
            variants=lambda game: (),
            fitted=_prior,
        ),
        _mistake(
            "sigma-without-P",
            "Σ ignores the cost of later stages",
            "Σ = (τ/2)((τ/2)I + R + B'PB)⁻¹",
            _changed(covariance=tau / 2 * Inverse(weight)),
        ),
        *_terms_of_q(),
        _mistake(
            "q-without-covariances",
            "q lacks the terms of all agents' covariances with P",
            "Tr((Σ_ω + Σ_j BʲΣʲBʲ')P) in the recursion of q",
            _q_without("agent i's own Tr(B'PBΣ)", "the others' Tr(B'PBΣ)"),
        ),
        _mistake(
            "q-log-det",
            "log det Σ in q has the wrong sign or factor",
            "−(τ/2)log det Σ in q",
            _q_without(plus=tau * log(Determinant(S(i)))),
            _q_without(plus=-tau / 2 * log(Determinant(S(i)))),
            _q_without(plus=tau / 4 * log(Determinant(S(i)))),
            _q_without("−(τ/2)log det Σ", plus=-tau / 2 * in_bits * log(Determinant(S(i)))),
        ),
        _mistake(
            "q-without-entropy",
            "q lacks the relative entropy of the covariance",
            "(τ/2)(Tr Σ − p − log det Σ) in q",
            _q_without("(τ/2)Tr(Σ)", "−(τ/2)p", "−(τ/2)log det Σ"),
        ),
        shared["q-with-P-now"],
    )
