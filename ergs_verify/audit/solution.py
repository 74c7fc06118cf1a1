"""Audit one solution: gaps, errors against the enclosed equilibrium, verdict, diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from ergs_verify.answer import policy_of
from ergs_verify.audit import accuracy
from ergs_verify.audit.accuracy import Allowed
from ergs_verify.audit.by_equilibrium import against_equilibrium, in_floats
from ergs_verify.audit.by_gaps import against_own_costs, by_bar, by_epsilon, from_anywhere, gaps
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.diagnosis import Match, diagnose, explained
from ergs_verify.audit.first_error import FirstError, first_error
from ergs_verify.audit.result import Audit, Quantity, may_be_left_out, worst
from ergs_verify.audit.stated import Stated
from ergs_verify.certify import CertifiedGap
from ergs_verify.certify.nash import CertifiedNash
from ergs_verify.errors import InputError
from ergs_verify.exact import UNIT, number
from ergs_verify.game import Game, Policy
from ergs_verify.game.game import expect_game
from ergs_verify.paper.gap import gap_formulas
from ergs_verify.paper.theorem_III_1 import derived_formulas

T = TypeVar("T")

#: Called with what is being done, how many parts are done and how many there are.
Progress = Callable[[str, int, int], None]
#: Begins a piece of work elsewhere; what it returns gives the result, and waits for it.
Meanwhile = Callable[[Callable[[], T]], Callable[[], T]]

_PARTS = ("equilibrium", "gaps and costs of the policy", "diagnosis")


def audit(
    game: Game,
    solution: Any,
    epsilon: Any = None,
    *,
    dtype: str = "float64",
    tolerance: Any = None,
    conventions: str | Iterable[str] = (),
    explain: bool = True,
    progress: Progress | None = None,
    meanwhile: Meanwhile | None = None,
) -> Audit:
    """Judge somebody's solution of a game.

    Parameters
    ----------
    game : Game
    solution : Policy, or a mapping or an object with K and optionally Sigma, P, q
        ``[i][t]``: K p_i×m and Sigma p_i×p_i for t = 0…T−1, P m×m and q numbers for t = 0…T. In a
        game with affine terms there may be k, of length p_i, and s, of length m. Entries are as
        exact as they are given. Without Sigma the policy is deterministic and judged, q included,
        in the plain game with R + (τ/2)I for R.
    epsilon : number ≥ 0, optional
        Ask instead whether every agent's gap is at most this, on average over x_0.
    dtype : {"float64", "float32"}
        The numbers that the solver works with: their roundings are allowed for.
    tolerance : number > 0, optional
        The relative tolerance of an iterative solver: each rounding is taken to be this large.
    conventions : str or iterable of str, optional
        How the solution's letters differ, such as ``"negative-gain"``: see `Conventions`.
    explain : bool
        Whether to look for mistakes that lead to the numbers of a failing solution.
    progress : function of a str and two int, optional
        Told what is being done, how many parts are done, and of how many.
    meanwhile : function of a piece of work, optional
        Begins the work in another process and returns a function that gives the result. The gaps
        and the costs of the policy need not wait for the equilibrium.

    Returns
    -------
    Audit

    Raises
    ------
    InputError
        If the solution does not fit the game, or another argument is bad.

    Notes
    -----
    Every error is enclosed: the equilibrium is known in balls, what is given is exact. The error is
    compared with what float64 can lose on this game, which is measured, not proved. A letter of
    which float64 keeps no digit passes if it is accurate nonetheless, and is undecided if not. An
    error that a linear solve would explain that is stable only in norm is undecided too (in P only
    if K is off as well, in q only if K or Σ is). An error that rounding would explain fails if a
    known mistake leads to these very numbers.

    A Sigma that is not a covariance, or a P that is not symmetric, fails, and the gains are judged
    all the same. Asymmetry of floats up to 2⁻²⁶‖·‖, or up to what rounding may lose on this game,
    is averaged away, and a note says so.

    If the game does not have exactly one equilibrium, the gaps decide: each gap, from
    x_0 ~ N(0, I), against the gap that rounding of a best response explains. Stated P and q must
    then be the cost of the stated policy. States that are never reached do not count.

    With an infinite horizon ``K[i]`` is a single matrix. The closed loop must be proved stable, or
    the solution fails; then it is compared with the nearest stationary equilibrium that was found
    and proved to exist. With `epsilon` the verdict rests on enclosures alone.

    The equilibrium is that of :doc:`/explanation/theory`; what is proved and what is measured, and
    what a digit is, is said in :doc:`/explanation/trust`.

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
    Audit(fail: not an ε-Nash equilibrium for ε = 0.05, proved)
    """
    expect_game(game, "audit")
    if declared := Conventions.named(conventions):
        solution = declared.applied(policy_of(solution, game, as_stated=True))
    limit = limit_of(epsilon)
    unit = accuracy.unit_of(dtype, tolerance)
    if game.stationary:
        from ergs_verify.audit.stationary import audit_stationary

        return audit_stationary(
            game, solution, limit=limit, unit=unit, explain=explain, told=partial(_tell, progress)
        )
    stated = Stated.by(solution, game, unit=unit)
    told = partial(_tell, progress)

    gaps_and_costs = partial(_gaps_and_costs, game, stated, unit)
    if meanwhile is not None and not stated.faults:
        gaps_and_costs = meanwhile(gaps_and_costs)
    told(0)
    equilibrium, nash, allowed, quantities = against_equilibrium(game, stated.policy, unit)
    if rounded := {k for k, one in quantities.items() if not one.wrong} & stated.faults.keys():
        # Every entry is as near to that of a symmetric matrix as rounding may leave it.
        stated = Stated.by(solution, game, rounded=rounded)
        gaps_and_costs = partial(_gaps_and_costs, game, stated, unit)
    policy, anywhere = stated.policy, None
    told(1)
    gap, costs = gaps_and_costs()
    judged_by, bars = "quantities", None
    if limit is not None:
        judged_by = "epsilon"
        verdict, gap = by_epsilon(gap, limit)
    elif nash is None:
        judged_by = "gap"
        everywhere = from_anywhere(game)
        anywhere = gaps(everywhere, stated.played)
        bars = tuple(accuracy.of_gaps(everywhere, stated.played, unit=unit))
        verdict = worst([by_bar(anywhere, bars), *(one.verdict for one in costs.values())])
    else:
        verdict = worst(one.verdict for one in quantities.values())
    if stated.fails(judged_by):
        verdict = "fail"
    told(2)
    # A small ε may be missed by a solution in which nothing is wrong.
    wrong = not quantities or stated.faults or any(one.wrong for one in quantities.values())
    wanted = explain and verdict == "fail" and wrong
    matches, left_out, first = None, (), None
    if wanted:
        matches, left_out = _explained(game, policy, nash, quantities)
        first = None if matches else _first_error(game, policy, allowed, gap)
    if judged_by == "quantities" and verdict != "fail" and unit == float(UNIT):
        # What a known mistake leads to is no rounding of float64, however much there may be.
        right = nash and in_floats(game, policy, nash)
        matches = (right and diagnose(game, policy, equilibrium=right, allowed=allowed)) or None
        verdict = "fail" if matches else verdict
    told(3)
    return Audit(
        verdict=verdict,
        judged_by=judged_by,
        limit=limit,
        unit=unit,
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


def _gaps_and_costs(
    game: Game, stated: Stated, unit: float
) -> tuple[CertifiedGap, Mapping[str, Quantity]]:
    return gaps(game, stated.played), against_own_costs(game, stated, unit)


def limit_of(epsilon: Any) -> Fraction | None:
    """The ε that is asked for, if one is.

    Raises
    ------
    InputError
        Where it is not a number ≥ 0.
    """
    if epsilon is None:
        return None
    limit = Fraction(number(epsilon, "epsilon"))
    if limit < 0:
        raise InputError("epsilon must be ≥ 0", "epsilon")
    return limit


def _explained(
    game: Game, policy: Policy, nash: CertifiedNash | None, quantities: Mapping[str, Quantity]
) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    """The mistakes that explain everything stated, or else the gains; and what is left out."""
    equilibrium = nash and in_floats(game, policy, nash)
    left_out = may_be_left_out(quantities)
    return explained(game, policy, equilibrium=equilibrium, left_out=left_out)


def _first_error(
    game: Game, policy: Policy, allowed: Allowed | None, gap: CertifiedGap
) -> FirstError | None:
    matter = [one.gap.lo for one in gap.agents]
    try:
        found = first_error(game, policy, allowed=allowed, matter=matter)
        return found or first_error(game, policy, matter=matter)
    except InputError:  # an entry beyond float64
        return None
