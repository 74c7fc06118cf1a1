"""Mistakes in the formulas of a stage: the block system, Σ, the recursions of P and q."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations
from typing import Any

from attrs import evolve
from sympy import (
    Determinant,
    Integer,
    Inverse,
    MatMul,
    Rational,
    Trace,
    Transpose,
    ZeroMatrix,
    log,
    sympify,
)

from ergs_verify.audit.mistakes.record import Mistake, Recomputed
from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
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
    noise,
    others_loop,
    q,
    tau,
)
from ergs_verify.paper.theorem_III_1 import derived_formulas

__all__ = ["constant_terms", "formula_mistakes"]

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
        "the own Tr(B'PBΣ)": trace_of(S(i), B(i).T, P(i), B(i)),
        "the others' Tr(B'PBΣ)": agent_sum(trace_of(S(j), B(j).T, P(i), B(j)), j, i),
    }


def _q_without(*names: str, plus: Any = 0) -> Recomputed:
    kept = [term for name, term in constant_terms().items() if name not in names]
    return _changed(policy_constant=sum(kept, start=sympify(plus)))


def _changed(**fields) -> Recomputed:
    return Recomputed(formulas=evolve(derived_formulas(), **fields))


def _with_tau(factor: int) -> Iterable[Recomputed]:
    """R̃ = factor·(τ/2)I + R in the block system, and maybe in the cost of K, and in Σ."""
    right = derived_formulas()

    def swap(expr):
        return expr.xreplace({tau: factor * tau})

    fields = {
        "phi_diagonal": swap(right.phi_diagonal),
        "policy_cost": swap(right.policy_cost),
        "covariance": right.covariance.xreplace({W(i): swap(right.definitions[W(i)])}),
    }
    for count in (3, 2, 1):
        for names in combinations(fields, count):
            yield _changed(**{name: fields[name] for name in names})


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
    plain |= {"the own Tr(B'PBΣ)": "own-covariance"}
    return plain.get(name, "others-covariances")


def _mistake(id: str, message: str, look_at: str, *variants: Recomputed) -> Mistake:
    return Mistake(id=id, message=message, look_at=look_at, variants=lambda game: variants)


def _P_of_one(game: Game) -> Iterable[Recomputed]:
    return (
        [v for agent in sorted({1, game.agents}) for v in _P_of(agent)] if game.agents > 1 else ()
    )


@cache
def _P_of(agent: int) -> tuple[Recomputed, ...]:
    """One agent's P for every agent: everywhere, or in the gains and covariances alone."""
    right = derived_formulas()

    def one(expr):
        return expr.xreplace({P(i): P(agent)})

    gains = {k: one(getattr(right, k)) for k in ("phi_diagonal", "phi_off_diagonal", "rhs")}
    gains["covariance"] = right.covariance.xreplace({W(i): one(right.definitions[W(i)])})
    costs = {k: one(getattr(right, k)) for k in ("policy_cost", "policy_constant")}
    return _changed(**gains, **costs), _changed(**gains)


@cache
def formula_mistakes() -> tuple[Mistake, ...]:
    """Mistakes made by replacing some of the derived formulas."""
    right: Formulas = derived_formulas()
    weight = tau / 2 * eye(i) + R(i)
    alone = right.riccati.xreplace({others_loop(i): A})
    all_counted = right.riccati.xreplace({others_loop(i): F})
    own_twice = {"phi_diagonal": right.phi_diagonal + own_push}
    cross: Any = B(i).T * P(i) * others_loop(i)
    symmetric_P = half * (P(i) + P(i).T)
    open_loop = {
        "policy_cost": Q(i) + MatMul(A.T, P(i), F),
        "covariance": tau / 2 * Inverse(weight + B(i).T * symmetric_P * B(i)),
    }
    return (
        _mistake(
            "tau-left-out",
            "(τ/2)I is left out of R̃ = (τ/2)I + R",
            "W = (τ/2)I + R + B'PB, in the gains, in P and in Σ",
            *_with_tau(0),
        ),
        _mistake(
            "tau-twice",
            "τI stands for (τ/2)I in R̃ = (τ/2)I + R",
            "W = (τ/2)I + R + B'PB: τ/2, once",
            *_with_tau(2),
        ),
        _mistake(
            "sign-inside",
            "the gains come with the wrong sign and P goes on with them",
            "K = −Φ⁻¹r: u = Kx, and F = A + Σ BK",
            _changed(rhs=-right.rhs),
        ),
        _mistake(
            "own-term-counted",
            "agent i's own BK is counted among the others'",
            "Ā = A + Σ_{j≠i} BʲKʲ, and B'PB once in the diagonal block of Φ",
            _changed(**own_twice, policy_cost=all_counted),
            _changed(**own_twice),
            _changed(policy_cost=all_counted),
        ),
        _mistake(
            "others-ignored",
            "each agent solves its own regulator as if the others did nothing",
            "Ā = A + Σ_{j≠i} BʲKʲ and the off-diagonal blocks of Φ",
            _changed(
                phi_off_diagonal=ZeroMatrix(control_size(i), control_size(j)), policy_cost=alone
            ),
            _changed(policy_cost=alone),
        ),
        _mistake(
            "open-loop",
            "the gains are those of the open-loop equilibrium",
            "P = Q + K'R̃K + F'PF; Q + A'PF is the open-loop costate",
            _changed(**open_loop),
        ),
        _mistake(
            "P-without-control-cost",
            "P lacks the cost of the control, or (τ/2)K'K of it",
            "P = Q + K'((τ/2)I + R)K + F'PF",
            _changed(policy_cost=Q(i) + F.T * P(i) * F),
            _changed(policy_cost=right.policy_cost.xreplace({tau: Integer(0)})),
        ),
        _mistake(
            "P-without-stage-cost",
            "P lacks the stage cost Q",
            "P = Q + K'((τ/2)I + R)K + F'PF",
            _changed(policy_cost=K(i).T * weight * K(i) + F.T * P(i) * F),
        ),
        _mistake(
            "P-loop-transposed",
            "F or K stands where its transpose should in the recursion of P",
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
        Mistake(
            id="P-of-one-agent",
            message="one agent's P serves all agents",
            look_at="block row i of Φ and r takes agent i's P",
            variants=_P_of_one,
        ),
        _mistake(
            "sigma-scale",
            "Σ has another factor than τ/2 before W⁻¹",
            "Σ = (τ/2)W⁻¹ = (I + (2/τ)(R + B'PB))⁻¹",
            *(_changed(covariance=c * Inverse(W(i))) for c in (1, tau, tau / 4, 1 / tau, half)),
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
            _q_without("the own Tr(B'PBΣ)", "the others' Tr(B'PBΣ)"),
        ),
        _mistake(
            "q-log-det",
            "log det Σ in q has the wrong sign or factor",
            "−(τ/2)log det Σ in q",
            _q_without(plus=tau * log(Determinant(S(i)))),
            _q_without(plus=-tau / 2 * log(Determinant(S(i)))),
            _q_without(plus=tau / 4 * log(Determinant(S(i)))),
        ),
        _mistake(
            "q-without-entropy",
            "q lacks the relative entropy of the covariance",
            "(τ/2)(Tr Σ − p − log det Σ) in q",
            _q_without("(τ/2)Tr(Σ)", "−(τ/2)p", "−(τ/2)log det Σ"),
        ),
        _mistake(
            "q-with-P-now",
            "q_t takes P_t in place of P_{t+1}",
            "the time index of P in the recursion (5) of q",
            _changed(policy_constant=right.policy_constant.xreplace({P(i): right.policy_cost})),
        ),
    )
