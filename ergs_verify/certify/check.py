"""Existence, uniqueness, Assumption III.3 and the inner loop of a game: proved stage by stage."""

from __future__ import annotations

from fractions import Fraction
from itertools import takewhile
from typing import Any

import flint
from attrs import evolve, frozen
from flint import arb, fmpq

from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.arithmetic.balls import Ball
from ergs_verify.certify.check_result import AssumptionCheck, Check, NashCheck
from ergs_verify.certify.definite import demand_bounded
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.equilibrium import EquilibriumStage
from ergs_verify.certify.nash import NashPass, search_nash
from ergs_verify.certify.precision import MOST_BITS
from ergs_verify.certify.spectral import has_reciprocal_eigenvalues
from ergs_verify.certify.stage_verdicts import (
    StageCheck,
    factor_of,
    gamma_B_squared,
    jacobi_matrix,
    largest,
    largest_norm,
    regular_stage,
    scaled,
    singular_stage,
)
from ergs_verify.certify.stationary_nash import StationaryNash, search_stationary_nash
from ergs_verify.certify.thresholds import TauThresholds
from ergs_verify.errors import (
    NoStablePolicyError,
    NotCertifiedError,
    SingularStageError,
    UnboundedCostError,
)
from ergs_verify.game import Game
from ergs_verify.game.game import expect_game
from ergs_verify.paper import notation
from ergs_verify.recursion.backward_induction import backwards
from ergs_verify.recursion.singular import short_enough
from ergs_verify.recursion.stages import Progress, Stages

#: Relative width asked of enclosures; of a spectral radius below 1, the width.
_TOLERANCE = Fraction(1, 10**6)
#: What that takes at the last stage, about.
_LEFT_BITS = 64
#: Costs that move by less than 2 to minus this of their size count as settled.
_SETTLED_BITS = 48
#: Precision of what is no answer of a recursion.
_BITS_OF_DATA = 128
#: What is still undecided in an enclosure so narrow is given up.
_HOPELESS = Fraction(1, 2**100)


def check(game: Game, *, most_bits: int = MOST_BITS, progress: Progress | None = None) -> Check:
    """Decide whether a game has exactly one Nash equilibrium, and what the paper asks of τ and δ.

    Parameters
    ----------
    game : Game
    most_bits : int
        The highest precision. What is not decided by then is ``"undecided"``.
    progress : function of two int, optional
        Told how many stages are done, and of how many. It starts again at each precision, and when
        a threshold of τ is sought.

    Returns
    -------
    Check
        The thresholds of τ and δ in it are sought when they are first read.

    Raises
    ------
    InputError
        If `game` is not a game.

    Notes
    -----
    There is exactly one equilibrium in feedback policies if and only if det Φ_t ≠ 0 at every t,
    which is proved in balls [2]_ or, if Φ_t is singular, in exact rationals. The conditions on τ
    and δ are Assumption III.3, Lemma IV.1 and Theorem IV.3 of [1]_. The inner loop of Algorithm 1
    converges from every start if and only if ρ(J_t) < 1 at every t. If Φ_t is singular at some
    t > 0 and the equations are consistent, P_t depends on the choice of gains, and existence over
    the whole horizon stays undecided. See :doc:`/explanation/theory`, "Existence and uniqueness"
    and "The inner loop".

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.
    .. [2] F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic,
       IEEE Transactions on Computers 66 (2017), 1281–1292.

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
    expect_game(game, "check")
    if game.stationary:
        return _stationary(game)
    try:
        findings = _findings(game, most_bits, progress)
    except UnboundedCostError as error:
        return _refuted(game, error)
    common: dict[str, Any] = {
        "nash": _nash_verdict(findings),
        "stages": tuple(findings.stages),
        "bits": findings.bits,
        "game": game,
    }
    factor = factor_of(game)
    if factor is None:
        return Check(**common)
    thresholds = TauThresholds(game, most_bits=most_bits, progress=progress)
    gamma_P = findings.gamma_P
    return Check(
        **common,
        thresholds=thresholds,
        assumption_III_3=AssumptionCheck(
            verdict=_assumption_verdict(game, findings, factor),
            tau=game.tau,
            gamma_B=_root(gamma_B_squared(game)),
            gamma_P=gamma_P,
            bound=None if gamma_P is None else scaled(gamma_P, factor),
            thresholds=thresholds,
        ),
    )


def _stationary(game: Game) -> Check:
    """A stationary equilibrium that is found exists and is locally unique; no more is claimed."""
    search = search_stationary_nash(game)
    if search.refuted is not None:
        return _refuted(game, search.refuted)
    found = [_stage_of(game, nash, t) for t, nash in enumerate(search.equilibria)]
    nash = NashCheck(exists="undecided", unique="undecided", reason=search.reason)
    if found:
        within = min(one.within for one in search.equilibria)
        several = f"{len(found)} were found, each" if len(found) > 1 else "it is"
        nash = NashCheck(
            exists="proved",
            unique="locally" if len(found) == 1 else "refuted",
            reason=(
                f"{several} the only one whose gains all lie within {float(within):.3g} of its own"
            ),
        )
    return Check(
        nash=nash,
        stages=tuple(found),
        bits=max((one.balls.bits for one in search.equilibria), default=0),
        game=game,
    )


def _stage_of(game: Game, nash: StationaryNash, t: int) -> StageCheck:
    """The stage that an equilibrium repeats, with Φ proved regular and W ≻ 0."""
    stages = Stages(game.one_stage, nash.balls, symmetric=True)
    known = stages.bare(0).with_values(stages.costs([P for (P,) in nash.found.P]))
    for k in stages.agents:
        demand_bounded(known(notation.W(k)), stages, agent=k, t=0)
    return regular_stage(stages, known, t, None)


def _refuted(game: Game, error: UnboundedCostError | NoStablePolicyError) -> Check:
    """No equilibrium: an agent's cost has no lower bound, or no policy is stable."""
    return Check(
        nash=NashCheck(exists="refuted", unique="refuted", reason=str(error)),
        stages=(),
        bits=0,
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
    regular : bool
        Every Φ_t is certified to be.
    why_not : str
        What could not be certified; empty where every stage, or every one down to the singular
        one, is.
    bound_reached : bool or None
        τ ≤ 2γ_B²γ_P*(N−1), found exactly; None where the rationals did not say.
    """

    bits: int
    stages: list[StageCheck]
    least_gamma_P: Fraction
    gamma_P: Enclosure | None
    singular: SingularStageError | None
    regular: bool
    why_not: str
    bound_reached: bool | None = None

    def is_tight(self) -> bool:
        return not self.why_not and all(
            (stage.phi_nonsingular == "refuted" or _is_tight(stage.det_phi))
            and (stage.contraction_constant is None or _is_tight(stage.contraction_constant))
            and stage.spectral_radius.width <= _TOLERANCE * max(1, stage.spectral_radius.hi)
            for stage in self.stages
        )


def _findings(game: Game, most_bits: int, progress: Progress | None) -> _Findings:
    found: _Findings | None = None
    singular: SingularStageError | None = None
    factor = factor_of(game)

    last: tuple[EquilibriumStage, StageCheck] | None = None

    def judge(stages: Stages[Balls], one: EquilibriumStage) -> StageCheck | NotCertifiedError:
        nonlocal last
        if last and one.known is last[0].known:  # they share all enclosures
            return evolve(last[1], t=one.t)
        try:
            found = regular_stage(stages, one.known, one.t, factor, one.phi)
        except NotCertifiedError as error:
            return error
        last = one, found
        return found

    def lacking(one: NashPass) -> int:
        nonlocal found
        found = _of_pass(one, singular)
        if found.is_tight():
            if _open_questions(game, found):
                found = _exactly(game, found)
            if not any(width > _HOPELESS for width in _open_questions(game, found)):
                return 0
        return one.balls.bits // 2

    options: dict[str, Any] = {
        "most_bits": most_bits,
        "left_bits": _LEFT_BITS,
        "settled_bits": _SETTLED_BITS,
        "judge": judge,
        "covariances": False,
        "progress": progress,
    }
    searched = search_nash(game, lacking, **options)
    if singular := searched.singular:
        searched = search_nash(game, lacking, until=singular.t + 1, **options)
    if found is not None and searched.certified:
        return found
    return evolve(_of_pass(searched.last, singular), why_not=str(searched.lacking))


def _of_pass(one: NashPass, singular: SingularStageError | None) -> _Findings:
    stages, game = one.stages, one.stages.game
    costs = [stages.terminal().P, *(stage.P for stage in one.played)]
    judged = [*takewhile(lambda x: isinstance(x, StageCheck), one.judged)]
    norms = [stage.gamma_P for stage in judged]
    gamma_P = largest([*norms, *(largest_norm(P, one.balls) for P in costs[len(judged) :])])
    why_not = str(one.judged[len(judged)]) if len(judged) < len(one.judged) else ""
    if singular is not None and len(judged) == game.horizon - 1 - singular.t:
        try:
            judged.append(singular_stage(stages, singular.t, costs[-1]))
        except NotCertifiedError as error:
            why_not = str(error)
    regular = len(one.played) == game.horizon
    return _Findings(
        bits=one.balls.bits,
        stages=judged,
        least_gamma_P=gamma_P.lo,
        gamma_P=gamma_P if regular else None,
        regular=regular,
        singular=singular,
        why_not=why_not,
    )


def _open_questions(game: Game, found: _Findings) -> list[Fraction]:
    """The widths of the enclosures that leave something undecided."""
    widths = [s.spectral_radius.width for s in found.stages if s.inner_loop == "undecided"]
    factor = factor_of(game)
    if (
        factor is not None
        and found.gamma_P is not None
        and _assumption_verdict(game, found, factor) == "undecided"
    ):
        widths.append(found.gamma_P.relative_width)
    return widths


def _exactly(game: Game, found: _Findings) -> _Findings:
    """The same, with what is decided in rationals as far as they stay short: ρ = 1, τ = bound."""
    numbers = Rationals()
    stages = Stages(game, numbers)
    ahead = stages.terminal()
    earlier = backwards(stages, ahead)
    factor, judged, costs = factor_of(game), [], list(ahead.P)
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
    reached = factor is not None and any(factor**2 * _squares(P) >= game.tau**2 for P in costs)
    rest = found.stages[len(judged) :]
    return evolve(
        found, stages=judged + rest, bound_reached=None if rest and not reached else reached
    )


# -- verdicts ------------------------------------------------------------------------------------


def _nash_verdict(found: _Findings) -> NashCheck:
    singular = found.singular
    if singular is None:
        if found.regular:
            return NashCheck(exists="proved", unique="proved", reason="det Φ_t ≠ 0 at every stage")
        return NashCheck(
            exists="undecided",
            unique="undecided",
            reason=f"with {found.bits} bits: {found.why_not}",
        )
    if singular.consistent is False:
        return NashCheck(exists="refuted", unique="refuted", reason=str(singular))
    exists = "proved" if singular.t == 0 and not found.why_not else "undecided"
    reason = str(singular)
    if singular.t > 0:
        reason += "; what an earlier stage finds then depends on the choice among them"
    return NashCheck(exists=exists, unique="refuted", reason=reason)


def _assumption_verdict(game: Game, found: _Findings, factor: Fraction) -> str:
    """By Lemma III.4 a singular Φ_t refutes it, and so does any P_t that is too large."""
    if found.singular or found.bound_reached or factor * found.least_gamma_P >= game.tau:
        return "refuted"
    if found.bound_reached is False:
        return "proved"
    if found.gamma_P is not None and factor * found.gamma_P.hi < game.tau:
        return "proved"
    return "undecided"


def _is_tight(one: Enclosure) -> bool:
    return one.lo == one.hi or one.width < _TOLERANCE * max(abs(one.lo), abs(one.hi))


def _squares(P: Any) -> Fraction:
    return sum((Fraction(int(x.p), int(x.q)) ** 2 for x in P.entries()), Fraction(0))


def _root(square: Fraction) -> Enclosure:
    with flint.ctx.workprec(_BITS_OF_DATA):
        return Enclosure.of(
            Ball(arb(fmpq(square.numerator, square.denominator)).sqrt(), _BITS_OF_DATA)
        )
