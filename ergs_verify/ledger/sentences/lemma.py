"""What is said of Lemma III.2, tried at M = R + B'PB and b = 2B'PĀx of a stage."""

from __future__ import annotations

from typing import Any

from flint import arb

from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.sentences.registry import Relations, all_hold, says
from ergs_verify.ledger.sentences.stages import rational_column
from ergs_verify.ledger.sentences.view import View, of_play

__all__: list[str] = []


def _number(X: Any) -> arb:
    return arb(X[0, 0])


def _trace(X: Any) -> arb:
    return arb(sum((X[k, k] for k in range(X.nrows())), X[0, 0] * 0))


def _objective(v: View, M: Any, b: Any, mean: Any, spread: Any) -> arb:
    """F of N(mean, spread): E[u'Mu + b'u] + τ KL from N(0, I)."""
    quadratic = _number(mean.transpose() * M * mean + b.transpose() * mean) + _trace(M * spread)
    apart = _number(mean.transpose() * mean) + _trace(spread) - spread.nrows()
    return quadratic + arb(v.tau) / 2 * (apart - arb(spread.det()).log())


def _divergence(one: tuple[Any, Any], other: tuple[Any, Any]) -> arb:
    (mean, S), (mean_to, S_to) = one, other
    off = mean - mean_to
    apart = _trace(S_to.solve(S)) + _number(off.transpose() * S_to.solve(off)) - S.nrows()
    return (apart + arb(S_to.det()).log() - arb(S.det()).log()) / 2


def _gaussians(case: Case):
    """M, b, the policy's law at x = (1, 2, …), and the minimiser, of each stage and agent."""
    for v in of_play(case):
        if v.S is None or v.tau == 0:
            continue
        x = rational_column(v.m)
        for i in v.agents:
            M = v.curvature(i)
            b = v.B[i].transpose() * v.P[i] * v.others(i) * x * 2
            weight = M + v.one(i) * (v.tau / 2)
            best = (weight.solve(b) / -2, (v.one(i) + M * (2 / v.tau)).inv())
            yield v, M, b, (v.K[i] * x, v.S[i]), best


@says("F(π) − F(π*) = τ KL(π ‖ π*) for every π")
def _(case: Case):
    def found() -> Relations:
        for v, M, b, law, best in _gaussians(case):
            gap = _objective(v, M, b, *law) - _objective(v, M, b, *best)
            yield abs(gap - arb(v.tau) * _divergence(law, best)), "≤", arb("1e-25")

    return all_hold(found())


@says(
    "π* alone minimises F among all probability distributions",
    "(7) and (8) each have exactly one minimiser, the same π*",
)
def _(case: Case):
    """No normal law of the case has a smaller F."""
    return all_hold(
        (_objective(v, M, b, *best), "≤", _objective(v, M, b, *law))
        for v, M, b, law, best in _gaussians(case)
    )
