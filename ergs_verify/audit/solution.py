"""Audit one solution: gaps, errors against the enclosed equilibrium, verdict, diagnosis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

import attrs
import numpy as np

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.audit import accuracy
from ergs_verify.audit.accuracy import LETTERS, Allowed
from ergs_verify.audit.comparison import as_matrix, compared
from ergs_verify.audit.diagnosis import FirstError, Match, diagnose, explained, first_error
from ergs_verify.audit.first_error import near
from ergs_verify.audit.plain_solves import lost_by_plain_solves
from ergs_verify.audit.precision import MOST_BITS_OF_EQUILIBRIUM, first_bits
from ergs_verify.audit.result import Audit, Existence, Kind, Quantity, Verdict, worst
from ergs_verify.audit.stated import Stated
from ergs_verify.certify import CertifiedGap, certify_gap
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.gap import AgentGap
from ergs_verify.certify.nash import CertifiedNash, certified_nash
from ergs_verify.certify.policy_cost import enclosed_costs
from ergs_verify.certify.precision import rising, tolerance_of
from ergs_verify.errors import InputError, NotCertifiedError, SingularStageError
from ergs_verify.exact import fractions, number
from ergs_verify.exact.decimals import NOTHING
from ergs_verify.game import Game, Policy
from ergs_verify.paper.gap import gap_formulas
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.recursion import Sequences

__all__ = ["Meanwhile", "audit", "derive"]

T = TypeVar("T")

#: Called with what is being done, how many parts are done and how many there are.
Progress = Callable[[str, int, int], None]
#: Begins a piece of work elsewhere; what it returns gives the result, and waits for it.
Meanwhile = Callable[[Callable[[], T]], Callable[[], T]]

_PARTS = ("equilibrium", "gaps and costs of the policy", "diagnosis")
#: Relative widths of a gap's enclosure: the first is shown, the others are for an ε close to it.
_TOLERANCES = (1e-3, 1e-12, 1e-40)
#: Gaps that rounding leaves, of the order u², show with the first. A gap of 0 would otherwise be
#: looked at with ever more bits.
_FIRST_BITS_OF_GAPS, _BITS_OF_GAPS = 192, 1024


#: Of the largest entry of each matrix: those of float64, and some to round from.
_BITS = 60

#: In which letters the loss of a linear solve that is stable only in norm shows first.
_SOLVED_FOR = {"K": {"K"}, "Sigma": {"Sigma"}, "P": {"K"}, "q": {"K", "Sigma"}}


def audit(
    game: Game,
    solution: Any,
    epsilon: Any = None,
    *,
    explain: bool = True,
    progress: Progress | None = None,
    meanwhile: Meanwhile | None = None,
) -> Audit:
    """Judge somebody's solution of a game.

    Parameters
    ----------
    game : Game
    solution : Policy, or a mapping or an object with K and optionally Sigma, P, q
        ``[i][t]``: K p_i×m and Sigma p_i×p_i for t = 0…T−1, P m×m and q numbers for t = 0…T, all
        as exact as they are given. Without Sigma the policy is deterministic and judged, q
        included, in the plain game with R + (τ/2)I for R. A Sigma that is no covariance or a P
        that is not symmetric fails, and the gains are judged; asymmetry of float64 up to 2⁻²⁶‖·‖,
        or less than rounding may lose on this game, is averaged away and said.
    epsilon : number ≥ 0, optional
        Asks instead whether every agent's gap is at most so large, on average over x_0.
    explain : bool
        Whether to look for mistakes that lead to a failing solution.
    progress : function of a text and two numbers, optional
        Told what is being done, how many parts are done, and how many there are.
    meanwhile : function of a piece of work, optional
        Begins it in another process and returns a function that gives the result: the gaps and
        the costs of the policy need not wait for the equilibrium.

    Returns
    -------
    Audit

    Raises
    ------
    InputError
        Where the solution does not fit the game, or a number is bad.

    Notes
    -----
    Every error is enclosed: the equilibrium stands in balls, what is given is exact. It is compared
    with the bar (`ergs_verify.audit.accuracy`), which tells *wrong* from *as accurate as float64
    can be on this game* and is measured, not proved. Where float64 keeps no digit of a letter, only
    an answer that is accurate nonetheless passes; others are undecided. So are errors above the bar
    that a linear solve stable only in norm explains, of P and q only where K (of q: or Σ) is off
    as well. What rounding would explain fails where a known mistake leads to just these numbers.

    Without a single equilibrium the gaps decide: each, started at x_0 ~ N(0, I), against the gap
    that rounding of a best response explains; stated P and q must then be those of the stated
    policy. States that are never reached from there do not count. With `epsilon` the
    verdict rests on enclosures alone.

    Examples
    --------
    >>> from ergs_verify import Policy, audit, gallery
    >>> game = gallery("g-star-2")
    >>> nearly = {"K": [[[[-13 / 7, 8 / 7]]], [[[8 / 7, -13 / 7]]]]}
    >>> audit(game, nearly)
    Audit(pass: the Nash equilibrium, as accurate as float64 can be on this game)
    >>> learned = {"K": [[[[-1.9, 1.2]]], [[[1.1, -1.9]]]]}
    >>> found = audit(game, learned)
    >>> f"{found.quantities['K'].digits:.1f} digits of {found.quantities['K'].needed:.0f}"
    '1.3 digits of 13'
    >>> [str(one.gap) for one in found.gap.agents]
    ['0.03', '0.0533333']
    >>> audit(game, learned, epsilon=0.06)
    Audit(pass: an ε-Nash equilibrium for ε = 0.06, proved)
    >>> audit(game, learned, epsilon=0.05, explain=False)
    Audit(fail: no ε-Nash equilibrium for ε = 0.05, proved)
    """
    if not isinstance(game, Game):
        raise InputError(
            f"an object of type {type(game).__name__} is no Game; gallery(name) and "
            "load_game(path) give one",
            "game",
        )
    game.expect_papers_class("audit")
    stated = Stated.by(solution, game)
    limit = None if epsilon is None else _limit(epsilon)
    told = partial(_tell, progress)

    gaps_and_costs = partial(_gaps_and_costs, game, stated)
    if meanwhile is not None and not stated.faults:
        gaps_and_costs = meanwhile(gaps_and_costs)
    told(0)
    equilibrium, nash, allowed, quantities = _against_equilibrium(game, stated.policy)
    if rounded := {k for k, one in quantities.items() if not one.wrong} & stated.faults.keys():
        # Every entry is as near to that of a symmetric matrix as rounding may leave it.
        stated = Stated.by(solution, game, rounded=rounded)
        gaps_and_costs = partial(_gaps_and_costs, game, stated)
    policy, anywhere = stated.policy, None
    told(1)
    gap, costs = gaps_and_costs()
    judged_by, bars = "quantities", None
    if limit is not None:
        judged_by = "epsilon"
        verdict, gap = _by_epsilon(gap, limit)
    elif nash is None:
        judged_by = "gap"
        everywhere = _from_anywhere(game)
        anywhere = _gaps(everywhere, stated.played)
        bars = tuple(accuracy.of_gaps(everywhere, stated.played))
        verdict = worst([_by_bar(anywhere, bars), *(one.verdict for one in costs.values())])
    else:
        verdict = worst(one.verdict for one in quantities.values())
    if stated.faults.keys() & ({"Sigma"} if judged_by == "epsilon" else {"Sigma", "P"}):
        verdict = "fail"
    told(2)
    # A small ε may be missed by a solution in which nothing is wrong.
    wrong = not quantities or stated.faults or any(one.wrong for one in quantities.values())
    wanted = explain and verdict == "fail" and wrong
    matches, left_out, first = None, (), None
    if wanted:
        matches, left_out = _explained(game, policy, nash, quantities)
        first = None if matches else _first_error(game, policy, allowed)
    if judged_by == "quantities" and verdict != "fail":
        # What a known mistake leads to is no rounding, however much of that there may be.
        right = nash and _in_floats(game, policy, nash)
        matches = (right and diagnose(game, policy, equilibrium=right)) or None
        verdict = "fail" if matches else verdict
    told(3)
    return Audit(
        verdict=verdict,
        judged_by=judged_by,
        limit=limit,
        equilibrium=equilibrium,
        gap=gap,
        gap_from_anywhere=anywhere,
        gaps_allowed=bars,
        quantities=quantities,
        costs=costs,
        asymmetry=stated.asymmetry,
        faults=stated.faults,
        definite=stated.definite,
        indefinite=stated.indefinite,
        diagnosis=matches,
        left_out=left_out,
        first_error=first,
    )


def derive() -> None:
    """Derive the formulas that every audit evaluates, if that has not been done yet."""
    derived_formulas()
    gap_formulas()


def _tell(progress: Progress | None, done: int) -> None:
    if progress:
        progress(_PARTS[done] if done < len(_PARTS) else "done", done, len(_PARTS))


def _gaps_and_costs(game: Game, stated: Stated) -> tuple[CertifiedGap, Mapping[str, Quantity]]:
    return _gaps(game, stated.played), _against_own_costs(game, stated)


# -- what is given ---------------------------------------------------------------------------------


def _limit(epsilon: Any) -> Fraction:
    limit = Fraction(number(epsilon, "epsilon"))
    if limit < 0:
        raise InputError("epsilon must be ≥ 0", "epsilon")
    return limit


# -- against what is right -------------------------------------------------------------------------


def _against_equilibrium(
    game: Game, policy: Policy
) -> tuple[Existence, CertifiedNash | None, Allowed | None, Mapping[str, Quantity]]:
    """Whether there is one equilibrium, where, with what bars, and how far off the solution is."""
    judged = _judged(game, policy)
    bits = first_bits(game)
    given = {letter: X for letter in LETTERS if (X := getattr(policy, letter)) is not None}
    allowed: Allowed | None = None
    while True:
        try:
            nash = certified_nash(judged, first_bits=bits, most_bits=MOST_BITS_OF_EQUILIBRIUM)
        except SingularStageError as error:
            return _singular(error), None, None, {}
        except NotCertifiedError as error:
            said = f"Whether there is an equilibrium is undecided: {error}. The gaps decide."
            return Existence(kind="undecided", t=None, message=said), None, None, {}
        allowed = allowed or accuracy.of_equilibrium(judged, nash.found, letters=given.keys())
        compare = partial(
            compared,
            exact={letter: getattr(nash.found, letter) for letter in given},
            allowed=allowed,
            balls=nash.balls,
            unit=accuracy.roundoff(game),
        )
        found = compare(given)
        quantities, too_wide = found.quantities, found.too_wide
        wrong = {letter for letter, one in quantities.items() if one.wrong}
        solved = {letter for letter in wrong if not wrong.isdisjoint(_SOLVED_FOR[letter])}
        if solved and not found.inexcusable:
            excused = lost_by_plain_solves(judged, _floats(nash.found), allowed, solved)
            # Where the worst entry of a letter is clearly above it, the others do not matter.
            close = {
                k for k in solved if quantities[k].max_error <= 2 * _at(quantities[k], excused)
            }
            found = compare({letter: given[letter] for letter in close}, excused=excused)
            quantities, too_wide = quantities | found.quantities, too_wide or found.too_wide
        if not too_wide or nash.balls.bits >= MOST_BITS_OF_EQUILIBRIUM:
            unique = Existence(kind="unique", t=None, message="The game has one equilibrium.")
            return unique, nash, allowed, quantities
        bits = 2 * nash.balls.bits


def _at(one: Quantity, bars: Allowed) -> float:
    return float(bars[one.letter][one.agent - 1][one.t].errors[one.entry])


def _judged(game: Game, policy: Policy) -> Game:
    """The game, or without Σ the plain one with R + (τ/2)I for R, whose NE has the same K."""
    if policy.Sigma is not None:
        return game
    half = game.tau / 2

    def weighted(R: np.ndarray) -> np.ndarray:
        return np.array(fractions(R), dtype=object) + half * np.eye(len(R), dtype=int)

    R = tuple(tuple(weighted(X) for X in R_i) for R_i in game.R)
    return attrs.evolve(game, tau_given=Fraction(0), R=R)


def _from_anywhere(game: Game) -> Game:
    """The game started at x_0 ~ N(0, I): an equilibrium has to be one from every state."""
    m = game.state_size
    return attrs.evolve(game, x0_mean=np.zeros(m), x0_cov=np.eye(m))


def _singular(error: SingularStageError) -> Existence:
    kinds: dict[bool | None, Kind] = {True: "continuum", False: "none", None: "singular"}
    kind = kinds[error.consistent]
    return Existence(kind=kind, t=error.t, message=f"{error}. The gaps decide.")


def _against_own_costs(game: Game, stated: Stated) -> Mapping[str, Quantity]:
    """Errors of the stated P and q against those of the stated policy."""
    policy = stated.played
    given: dict[str, Any] = {letter: getattr(policy, letter) for letter in "Pq"}
    if "Sigma" in stated.faults or (game.tau > 0 and stated.definite is False):
        # There is no q, or it is infinite; P depends on the gains alone.
        given["q"], policy = None, attrs.evolve(policy, Sigma=None)
    if all(X is None for X in given.values()):
        return {}
    allowed, found = None, {}
    for bits in rising():
        try:
            costs = enclosed_costs(game, policy, bits)
        except NotCertifiedError:
            continue
        allowed = allowed or accuracy.of_costs(game, policy, costs.P)
        exact = {letter: getattr(costs, letter) for letter in "Pq"}
        comparison = compared(
            given,
            exact=exact,
            allowed=allowed,
            balls=costs.balls,
            unit=accuracy.roundoff(game),
        )
        found = comparison.quantities
        if not comparison.too_wide:
            break
    return found


def _gaps(game: Game, policy: Policy) -> CertifiedGap:
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
            of_gains = _gaps(game, attrs.evolve(policy, Sigma=None))
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


# -- verdicts --------------------------------------------------------------------------------------


def _by_epsilon(gap: CertifiedGap, limit: Fraction) -> tuple[Verdict, CertifiedGap]:
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


def _by_bar(gap: CertifiedGap, bars: Sequence[float]) -> Verdict:
    """An infinite bar, beyond float64's range, asks for nothing and so decides nothing."""
    if not all(map(math.isfinite, bars)):
        return "undecided"
    return _within(gap, list(map(Fraction, bars)))


def _within(gap: CertifiedGap, limits: Sequence[Fraction]) -> Verdict:
    """Whether every agent's gap is at most its limit."""
    pairs = [(one.gap, limit) for one, limit in zip(gap.agents, limits, strict=True)]
    if any(one.lo > limit for one, limit in pairs):
        return "fail"
    return "pass" if all(one.hi <= limit for one, limit in pairs) else "undecided"


# -- diagnosis -------------------------------------------------------------------------------------


def _explained(
    game: Game, policy: Policy, nash: CertifiedNash | None, quantities: Mapping[str, Quantity]
) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    """The mistakes that explain everything stated, or else the gains; and what is left out."""
    rest = ("Sigma", "P", "q") if quantities and quantities["K"].wrong else ("q",)
    left_out = tuple(letter for letter in rest if letter in quantities)
    equilibrium = nash and _in_floats(game, policy, nash)
    matches, of_rest = explained(game, policy, equilibrium=equilibrium, left_out=left_out)
    return (matches, ()) if matches or not of_rest else (of_rest, left_out)


def _first_error(game: Game, policy: Policy, allowed: Allowed | None) -> FirstError | None:
    try:
        return first_error(game, policy, allowed=allowed) or first_error(game, policy)
    except InputError:  # an entry beyond float64
        return None


def _in_floats(game: Game, policy: Policy, nash: CertifiedNash) -> Sequences | None:
    """The equilibrium in float64; None where not even the digits of the largest entries are known.

    The balls may be as wide as a wide bar, and their midpoints then say nothing.
    """
    if _bits_lacking(nash.found, nash.balls) > 0:
        try:
            nash = certified_nash(
                _judged(game, policy),
                _bits_lacking,
                first_bits=nash.balls.bits,
                most_bits=MOST_BITS_OF_EQUILIBRIUM,
            )
        except NotCertifiedError:
            return None
    return _floats(nash.found)


def _bits_lacking(found: Sequences, balls: Balls) -> int:
    """How many bits the balls lack for the largest entry of each matrix to have those of float64.

    A matrix that may be 0 has to be smaller than any float64.
    """
    most = 0
    for letter in LETTERS:
        for X in (X for over_time in getattr(found, letter) for X in over_time):
            entries = as_matrix(X, balls)
            radius, size = balls.radius(entries), balls.largest(entries)
            allowed = size / 2**_BITS if radius < size else NOTHING
            if radius > max(allowed, NOTHING):
                most = max(most, math.ceil(radius / max(allowed, NOTHING)).bit_length())
    return most


def _floats(found: Sequences) -> Sequences:
    return Sequences(
        **{
            letter: tuple(tuple(near(X) for X in over_time) for over_time in getattr(found, letter))
            for letter in LETTERS
        }
    )
