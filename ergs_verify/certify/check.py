"""Existence, uniqueness, Assumption III.3 and the inner loop of a game: proved stage by stage."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
from attrs import evolve, frozen
from flint import arb, fmpq

from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.arithmetic.balls import Ball
from ergs_verify.certify.check_result import AssumptionCheck, Check, NashCheck
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.precision import MOST_BITS, rising
from ergs_verify.certify.spectral import has_reciprocal_eigenvalues
from ergs_verify.certify.stage_verdicts import (
    StageCheck,
    coupling,
    gamma_B_squared,
    jacobi_matrix,
    largest,
    largest_norm,
    proved_stages,
    scaled,
    singular_stage,
)
from ergs_verify.certify.thresholds import tau_thresholds
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.game import Game
from ergs_verify.recursion import decide_singular
from ergs_verify.recursion.equilibrium import backwards
from ergs_verify.recursion.singular import short_enough
from ergs_verify.recursion.stages import Progress, Stages

__all__ = ["check"]

#: Relative width asked of enclosures; of a spectral radius below 1, the width.
_TOLERANCE = Fraction(1, 10**6)
#: Precision of what is no answer of a recursion.
_BITS_OF_DATA = 128
#: What is still undecided in an enclosure so narrow is given up.
_HOPELESS = Fraction(1, 2**100)


def check(game: Game, *, most_bits: int = MOST_BITS, progress: Progress | None = None) -> Check:
    """Prove or refute that a game has one Nash equilibrium, and what the paper asks of τ and δ.

    Parameters
    ----------
    game : Game
    most_bits : int
        The cap of the precision; what is not decided then is ``"undecided"``.
    progress : function of the stages done and all, optional
        Called anew at each precision, and in the search for the thresholds of τ.

    Returns
    -------
    Check

    Notes
    -----
    One NE if det Φ_t ≠ 0 for all t, proved in balls; singular Φ_t are decided in exact rationals.
    The inner loop converges from every start if and only if ρ(J_t) < 1. Where Φ_t is singular at
    t > 0 with consistent equations, P_t depends on the choice of gains, and existence over the
    whole horizon stays undecided.

    Examples
    --------
    >>> from ergs_verify import check, gallery
    >>> found = check(gallery("g-star-2"))
    >>> found.nash.unique, found.assumption_III_3.verdict
    ('proved', 'refuted')
    >>> stage = found.stages[0]
    >>> print(stage.det_phi, stage.spectral_radius, stage.inner_loop)
    -7 1.33333 diverges
    """
    findings = _findings(game, most_bits, progress)
    verdict = _assumption_verdict(game, findings)
    thresholds = tau_thresholds(game, most_bits=most_bits, progress=progress)
    fails = verdict == "refuted"
    tau_from = _raised(thresholds.assumption, game.tau if fails else Fraction(0))
    diverges = any(stage.inner_loop == "diverges" for stage in findings.stages)
    gamma_P = findings.gamma_P
    return Check(
        nash=_nash_verdict(findings),
        assumption_III_3=AssumptionCheck(
            verdict=verdict,
            tau=game.tau,
            gamma_B=_root(gamma_B_squared(game)),
            gamma_P=gamma_P,
            bound=None if gamma_P is None else scaled(gamma_P, coupling(game)),
            tau_from=tau_from,
        ),
        stages=tuple(findings.stages),
        loop_tau_from=_raised(thresholds.loop, game.tau if diverges else Fraction(0)),
        smallest_delta=tau_from.shifted(-game.tau).at_least(Fraction(0)),
        bits=findings.bits,
        game=game,
    )


# -- precision rises -----------------------------------------------------------------------------


@frozen(kw_only=True)
class _Findings:
    """What one precision gives.

    Attributes
    ----------
    least_gamma_P : Fraction
        A lower bound of γ_P*, by the stages reached.
    gamma_P : Enclosure or None
        None where not every stage is regular and certified.
    singular : SingularStageError or None
    complete : bool
        Every stage, or every one down to the singular one, is certified.
    bound_reached : bool or None
        τ ≤ 2γ_B²γ_P*(N−1), found exactly; None where the rationals did not say.
    """

    bits: int
    stages: list[StageCheck]
    least_gamma_P: Fraction
    gamma_P: Enclosure | None
    singular: SingularStageError | None
    complete: bool
    why_not: str = ""
    bound_reached: bool | None = None

    def is_tight(self) -> bool:
        return self.complete and all(
            (stage.phi_nonsingular == "refuted" or _is_tight(stage.det_phi))
            and _is_tight(stage.contraction_constant)
            and stage.spectral_radius.width <= _TOLERANCE * max(1, stage.spectral_radius.hi)
            for stage in self.stages
        )


def _findings(game: Game, most_bits: int, progress: Progress | None) -> _Findings:
    singular, lost_at, asked, needed = None, None, set(), 0
    for bits in rising(most=most_bits):
        if bits < min(needed, most_bits):
            continue
        found = _at_precision(game, bits, singular, progress)
        t = game.horizon - 1 - len(found.stages)
        if not found.complete and singular is None and (t == lost_at or bits == most_bits):
            if t not in asked:
                singular = _singular_stage(game, t)
                asked.add(t)
            if singular is not None:
                found = _at_precision(game, bits, singular, progress)
        if not found.complete:
            lost_at = t
            needed = min(bits * game.horizon // max(len(found.stages), 1), 4 * bits)
        elif found.is_tight():
            if _open_questions(game, found):
                found = _exactly(game, found)
            if not any(width > _HOPELESS for width in _open_questions(game, found)):
                break
    return found


def _singular_stage(game: Game, t: int) -> SingularStageError | None:
    try:
        decide_singular(game, until=t)
    except SingularStageError as error:
        return error
    return None


def _at_precision(
    game: Game, bits: int, singular: SingularStageError | None, progress: Progress | None
) -> _Findings:
    stages = Stages(game, Balls(bits), symmetric=True)
    costs = stages.terminal().P
    found: list[StageCheck] = []
    gamma_P = largest_norm(costs, stages.arithmetic)
    why_not = ""
    try:
        for one, costs in proved_stages(stages):
            found.append(one)
            gamma_P = largest([gamma_P, largest_norm(costs, stages.arithmetic)])
            if progress:
                progress(len(found), game.horizon)
    except NotCertifiedError as error:
        why_not = str(error)
    regular = len(found) == game.horizon
    if singular is not None and len(found) == game.horizon - 1 - singular.t:
        try:
            found.append(singular_stage(stages, singular.t, costs))
            why_not = ""
        except NotCertifiedError as error:
            why_not = str(error)
    return _Findings(
        bits=bits,
        stages=found,
        least_gamma_P=gamma_P.lo,
        gamma_P=gamma_P if regular else None,
        singular=singular,
        complete=not why_not,
        why_not=why_not,
    )


def _open_questions(game: Game, found: _Findings) -> list[Fraction]:
    """The widths of the enclosures that leave something undecided."""
    widths = [s.spectral_radius.width for s in found.stages if s.inner_loop == "undecided"]
    if found.gamma_P is not None and _assumption_verdict(game, found) == "undecided":
        widths.append(found.gamma_P.relative_width)
    return widths


def _exactly(game: Game, found: _Findings) -> _Findings:
    """The same, with what is decided in rationals as far as they stay short: ρ = 1, τ = bound."""
    numbers = Rationals()
    stages = Stages(game, numbers)
    ahead = stages.terminal()
    earlier = backwards(stages, ahead)
    factor, judged, costs = coupling(game), [], list(ahead.P)
    for one in found.stages:
        if not short_enough(game, ahead.P):
            break
        if one.inner_loop == "undecided" and has_reciprocal_eigenvalues(
            jacobi_matrix(stages, stages.at(one.t, ahead))
        ):
            one = evolve(one, inner_loop="diverges")
        judged.append(one)
        if one.phi_nonsingular == "proved":
            ahead = next(earlier)
            costs += ahead.P
    reached = any(factor**2 * _squares(P) >= game.tau**2 for P in costs)
    rest = found.stages[len(judged) :]
    return evolve(
        found, stages=judged + rest, bound_reached=None if rest and not reached else reached
    )


# -- verdicts ------------------------------------------------------------------------------------


def _nash_verdict(found: _Findings) -> NashCheck:
    singular = found.singular
    if singular is None:
        if found.complete:
            return NashCheck(exists="proved", unique="proved", reason="det Φ_t ≠ 0 at every stage")
        return NashCheck(
            exists="undecided",
            unique="undecided",
            reason=f"with {found.bits} bits: {found.why_not}",
        )
    if singular.consistent is False:
        return NashCheck(exists="refuted", unique="refuted", reason=str(singular))
    exists = "proved" if singular.t == 0 and found.complete else "undecided"
    reason = str(singular)
    if singular.t > 0:
        reason += "; what an earlier stage finds then depends on the choice among them"
    return NashCheck(exists=exists, unique="refuted", reason=reason)


def _assumption_verdict(game: Game, found: _Findings) -> str:
    """By Lemma III.4 a singular Φ_t refutes it, and so does any P_t that is too large."""
    factor = coupling(game)
    if found.singular or found.bound_reached or factor * found.least_gamma_P >= game.tau:
        return "refuted"
    if found.bound_reached is False:
        return "proved"
    if found.gamma_P is not None and factor * found.gamma_P.hi < game.tau:
        return "proved"
    return "undecided"


def _is_tight(one: Enclosure) -> bool:
    return one.relative_width <= _TOLERANCE


def _raised(threshold: Enclosure, least: Fraction) -> Enclosure:
    return Enclosure(max(threshold.lo, least), threshold.hi)


def _squares(P: Any) -> Fraction:
    return sum((Fraction(int(x.p), int(x.q)) ** 2 for x in P.entries()), Fraction(0))


def _root(square: Fraction) -> Enclosure:
    with flint.ctx.workprec(_BITS_OF_DATA):
        return Enclosure.of(
            Ball(arb(fmpq(square.numerator, square.denominator)).sqrt(), _BITS_OF_DATA)
        )
