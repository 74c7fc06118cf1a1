"""The gaps and costs of a stated policy, enclosed, against an ε or what rounding explains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

import attrs
import numpy as np

from ergs_verify.audit import accuracy
from ergs_verify.audit.comparison import compared
from ergs_verify.audit.result import Quantity, Verdict
from ergs_verify.audit.stated import Stated
from ergs_verify.audit.stationary_accuracy import of_stationary_costs
from ergs_verify.certify import CertifiedGap, certify_gap
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.gap_result import AgentGap
from ergs_verify.certify.policy_cost import enclosed_costs
from ergs_verify.certify.precision import rising, tolerance_of
from ergs_verify.certify.stationary_cost import enclosed_stationary_costs
from ergs_verify.errors import NotCertifiedError
from ergs_verify.game import Game, Policy
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.affine import by_letter, stated_letters
from ergs_verify.study.conditioning import roundoff

#: Relative widths of a gap's enclosure: the first is shown, the others are for an ε close to it.
_TOLERANCES = (1e-3, 1e-12, 1e-40)
#: Gaps that rounding leaves, of the order u², show with the first. A gap of 0 would otherwise be
#: looked at with ever more bits.
_FIRST_BITS_OF_GAPS, _BITS_OF_GAPS = 192, 1024


def from_anywhere(game: Game) -> Game:
    """The game started at x_0 ~ N(0, I): an equilibrium has to be one from every state."""
    m = game.state_size
    return attrs.evolve(game, x0_mean=np.zeros(m), x0_cov=np.eye(m))


def against_own_costs(game: Game, stated: Stated, unit: float) -> Mapping[str, Quantity]:
    """Errors of the stated P and q against those of the stated policy."""
    policy = stated.played
    once, at_once = (game.one_stage, policy.at_one_time) if game.stationary else (game, policy)
    given = {k: X for k, X in stated_letters(once, at_once).items() if k in "Psq"}
    if "Sigma" in stated.faults or (any(game.entropic) and stated.definite is False):
        # There is no q, or it is infinite; P depends on the gains alone.
        given.pop("q", None)
        policy = attrs.evolve(policy, Sigma=None)
    if not given:
        return {}
    enclosed, bars = enclosed_costs, accuracy.of_costs
    if game.stationary:
        enclosed = partial(enclosed_stationary_costs, constants="q" in given)
        bars = of_stationary_costs
    allowed, found = None, {}
    for bits in rising():
        try:
            costs = enclosed(game, policy, bits)
        except NotCertifiedError:
            continue
        allowed = allowed or bars(game, policy, costs, letters=given.keys(), unit=unit)
        whole = Sequences(K=(), Sigma=(), P=costs.P, q=costs.q or None)
        right = by_letter(whole, game.state_size, costs.balls)
        comparison = compared(
            given,
            exact={letter: getattr(right, letter) for letter in given},
            allowed=allowed,
            balls=costs.balls,
            unit=roundoff(once, unit),
            timeless=game.stationary,
        )
        found = comparison.quantities
        if not comparison.too_wide:
            break
    return found


def gaps(game: Game, policy: Policy) -> CertifiedGap:
    """Every agent's gap. Up to ∞ where gains are so large that no bounds are found, and where a Σ
    is a little indefinite: it stands for singular covariances too.

    Whatever covariances are played, they add to the gap that the gains alone have.
    """
    try:
        return certify_gap(
            game, policy, _TOLERANCES[0], first_bits=_FIRST_BITS_OF_GAPS, most_bits=_BITS_OF_GAPS
        )
    except NotCertifiedError:
        least = [Fraction(0)] * game.agents
        if policy.Sigma is not None:
            of_gains = gaps(game, attrs.evolve(policy, Sigma=None))
            least = [one.gap.lo for one in of_gains.agents]
        return CertifiedGap(
            agents=tuple(
                AgentGap(agent=k, gap=Enclosure(lo, math.inf), stages=())
                for k, lo in enumerate(least, start=1)
            ),
            verdict="undecided",
            tolerance=tolerance_of(_TOLERANCES[0]),
            bits=_BITS_OF_GAPS,
            game=game,
            policy=policy,
        )


def by_epsilon(gap: CertifiedGap, limit: Fraction) -> tuple[Verdict, CertifiedGap]:
    verdict = _within(gap, [limit] * len(gap.agents))
    for tolerance in _TOLERANCES[1:]:
        if verdict != "undecided":
            break
        try:
            gap = certify_gap(gap.game, gap.policy, tolerance)
        except NotCertifiedError:
            break
        verdict = _within(gap, [limit] * len(gap.agents))
    return verdict, gap


def by_bar(gap: CertifiedGap, bars: Sequence[float]) -> Verdict:
    """An infinite bar, beyond float64's range, asks for nothing and so decides nothing, but of a
    gap that is infinite."""
    if any(one.gap.lo == math.inf for one in gap.agents):
        return "fail"
    if not all(map(math.isfinite, bars)):
        return "undecided"
    return _within(gap, list(map(Fraction, bars)))


def _within(gap: CertifiedGap, limits: Sequence[Fraction]) -> Verdict:
    """Whether every agent's gap is at most its limit."""
    pairs = [(one.gap, limit) for one, limit in zip(gap.agents, limits, strict=True)]
    if any(one.lo > limit for one, limit in pairs):
        return "fail"
    return "pass" if all(one.hi <= limit for one, limit in pairs) else "undecided"
