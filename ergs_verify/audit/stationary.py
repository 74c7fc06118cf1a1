"""Audit a solution of a stationary game: stability, gaps, digits, its costs, mistakes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.audit.by_equilibrium import bits_lacking, capital, in_float64, judged_game
from ergs_verify.audit.by_gaps import against_own_costs, by_bar, by_epsilon, from_anywhere
from ergs_verify.audit.comparison import Compared, compared
from ergs_verify.audit.diagnosis import Match, explained
from ergs_verify.audit.mistakes.stationary import NONE_HERE, stationary_mistakes
from ergs_verify.audit.result import Audit, Existence, Kind, Quantity, Root, may_be_left_out, worst
from ergs_verify.audit.stated import Stated
from ergs_verify.audit.stationary_accuracy import (
    of_stationary_equilibrium,
    of_stationary_gaps,
)
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.precision import tolerance_of
from ergs_verify.certify.stationary_gap import (
    StationaryAgentGap,
    StationaryGap,
    certify_stationary_gap,
    expect_judged,
)
from ergs_verify.certify.stationary_nash import (
    StationaryNash,
    StationarySearch,
    search_repeated,
    stationary_nash_near,
)
from ergs_verify.certify.stein import is_unstable, stable
from ergs_verify.errors import NotCertifiedError
from ergs_verify.exact import floats
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.affine import by_letter, stated_letters
from ergs_verify.recursion.backward_induction import block_system, by_agent
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages
from ergs_verify.study.conditioning import roundoff

_TOLERANCE = 1e-3
_BITS, _MOST_BITS_OF_GAPS = 192, 1024
#: A stated P that solves the equations to fewer digits is no root of them.
_DIGITS_OF_ROOT = 6.0

#: Called with the number of the part that begins.
Told = Callable[[int], None]


def audit_stationary(
    game: Game,
    solution: Any,
    *,
    limit: Fraction | None,
    unit: float,
    explain: bool,
    told: Told = lambda _part: None,
) -> Audit:
    """Judge a solution of a stationary game; `ergs_verify.audit.solution.audit` says how.

    Parameters
    ----------
    limit : Fraction or None
        ε.
    unit : float
        The relative size of the solver's roundings.
    """
    expect_judged(game)
    stated = Stated.by(solution, game, unit=unit)
    told(0)
    existence, nash, quantities = _against_nearest(game, stated.policy, unit)
    told(1)
    gap = _gaps(game, stated.played)
    costs = against_own_costs(game, stated, unit) if gap.stability == "proved" else {}
    root = _root(game, stated)
    judged_by, anywhere, bars = "quantities", None, None
    if gap.stability == "refuted":
        judged_by, verdict = "stability", "fail"
    elif limit is not None:
        judged_by = "epsilon"
        verdict, found = by_epsilon(gap, limit)
        gap = found if isinstance(found, StationaryGap) else gap
    elif nash is None:
        judged_by = "gap"
        everywhere = from_anywhere(game)
        anywhere = _gaps(everywhere, stated.played)
        bars = tuple(of_stationary_gaps(everywhere, stated.played, unit=unit))
        verdict = worst([by_bar(anywhere, bars), *(one.verdict for one in costs.values())])
    else:
        verdict = worst([one.verdict for one in quantities.values()])
        if verdict == "pass" and gap.stability != "proved":
            judged_by, verdict = "stability", "undecided"
    if stated.fails(judged_by):
        verdict = "fail"
    told(2)
    matches, left_out = None, ()
    wrong = nash is None or stated.faults or any(one.wrong for one in quantities.values())
    if explain and verdict == "fail" and wrong:
        matches, left_out = _explained(game, stated.policy, nash, quantities, root)
    told(3)
    return Audit(
        verdict=verdict,
        judged_by=judged_by,
        limit=limit,
        unit=unit,
        equilibrium=existence,
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
        first_error=None,
        root=root,
    )


def _gaps(game: Game, policy: Policy) -> StationaryGap:
    try:
        return certify_stationary_gap(game, policy, _TOLERANCE, most_bits=_MOST_BITS_OF_GAPS)
    except NotCertifiedError as error:
        # A Σ a little indefinite: whatever it stands for adds to what the gains alone have.
        if policy.Sigma is None:
            raise
        of_gains = certify_stationary_gap(game, evolve(policy, Sigma=None), _TOLERANCE)
        agents = tuple(
            StationaryAgentGap(
                agent=one.agent,
                gap=Enclosure(one.gap.lo, math.inf),
                stable=one.stable,
                reason=str(error),
            )
            for one in of_gains.agents
        )
        return evolve(
            of_gains, agents=agents, policy=policy, tolerance=tolerance_of(_TOLERANCE),
            verdict="undecided" if of_gains.stability == "proved" else of_gains.stability,
        )  # fmt: skip


# -- against the nearest equilibrium ---------------------------------------------------------------


def _against_nearest(
    game: Game, policy: Policy, unit: float
) -> tuple[Existence, StationaryNash | None, Mapping[str, Quantity]]:
    """Newton's method from the stated gains first; where that does not pass, all that are found."""
    at_once = policy.at_one_time
    once = judged_game(game.one_stage, at_once)
    given = stated_letters(game.one_stage, at_once)
    gains = _gains(game, at_once)

    def judged(search: StationarySearch) -> list[tuple[StationaryNash, Compared]]:
        return [(nash, _compared(game, once, given, nash, unit)) for nash in search.equilibria]

    near = stationary_nash_near(once, gains, bits_lacking, first_bits=_BITS)
    found, search = judged(near), None
    if not any(_passes(one) for _, one in found):
        search = search_repeated(once, bits_lacking, first_bits=_BITS)
        found += judged(search)
    if not found:
        search = search or near
        message = f"{capital(search.reason)}. The gaps decide."
        kind: Kind = "undecided" if search.refuted is None else "none"
        return Existence(kind=kind, t=None, message=message), None, {}
    stated = np.concatenate(gains)

    def distance(one: tuple[StationaryNash, Compared]) -> float:
        nash, _ = one
        return float(abs(in_float64_gains(nash) - stated).max())

    nash, best = min(found, key=distance)
    count = len(search.equilibria) if search else 1
    several = f"{count} stationary equilibria were found; the nearest" if count > 1 else "One"
    message = (
        f"{several} exists and is the only one whose gains all lie within "
        f"{float(nash.within):.2g} of its own (proved)."
    )
    if count == 1:
        message = message.replace("One exists", "A stationary equilibrium exists")
    return Existence(kind="locally", t=None, message=message), nash, best.quantities


def _passes(found: Compared) -> bool:
    return all(one.verdict == "pass" for one in found.quantities.values())


def _gains(game: Game, at_once: Policy) -> list[np.ndarray]:
    return [floats(X, "K") for (X,) in in_state_of(game, at_once).K]


def in_float64_gains(nash: StationaryNash) -> np.ndarray:
    """All agents' gains, one under the other."""
    return np.concatenate([X for (X,) in in_float64(nash.found).K])


def _compared(
    game: Game, once: Game, given: Mapping[str, Any], nash: StationaryNash, unit: float
) -> Compared:
    right = by_letter(nash.found, game.state_size, nash.balls)
    allowed = of_stationary_equilibrium(
        once, nash.found, letters=given.keys(), unit=unit, states=game.state_size
    )
    return compared(
        given,
        exact={letter: getattr(right, letter) for letter in given},
        allowed=allowed,
        balls=nash.balls,
        unit=roundoff(once, unit),
        timeless=True,
    )


# -- the root --------------------------------------------------------------------------------------


def _root(game: Game, stated: Stated) -> Root | None:
    """Whether the stated P solves the coupled equations, and its gains stabilise."""
    policy = stated.policy
    if policy.P is None or "P" in stated.faults or (game.affine and policy.s is None):
        return None
    balls = Balls(_BITS)
    stages = Stages(
        game.one_stage, balls, symmetric=True, deterministic=policy.Sigma is None, constants=False
    )
    P = [stages.enter(X) for (X,) in _costs_in_state(game, policy)]
    known = stages.bare(0).with_values(
        {notation.P(k): X for k, X in zip(stages.agents, P, strict=True)}
    )
    try:
        phi, rhs = block_system(stages, known)
        minus = balls.scalar(Fraction(-1))
        gains = by_agent(stages, balls.scale(minus, balls.solve(phi, rhs)))
        played = known.with_values({notation.K(k): gains[k - 1] for k in stages.agents})
        digits = math.inf
        for k, X in zip(stages.agents, P, strict=True):
            back = played(stages.formula("policy_cost", k))
            apart = balls.add(back, balls.scale(minus, X))
            # In the state (1, x) the first entry is the value's constant, which is not stated.
            entries = apart.entries()[stages.game.state_size > game.state_size :]
            off = max(float(x.abs_upper()) for x in entries)
            size = max(float(x.abs_upper()) for x in X.entries()) or 1.0
            digits = min(digits, math.inf if off == 0 else -math.log10(off / size))
        F = played(notation.F)
    except (NotCertifiedError, ZeroDivisionError):
        return None
    if digits < _DIGITS_OF_ROOT:
        return Root(digits=max(digits, 0.0), stabilising=None)
    verdicts = []
    for rate in dict.fromkeys(stages.game.discount):
        if stable(F, rate, balls, one=stages.relative) is not None:
            verdicts.append("proved")
        else:
            unstable = is_unstable(F, rate, balls, one=stages.relative)
            verdicts.append("refuted" if unstable else "undecided")
    found = next(x for x in ("refuted", "undecided", "proved") if x in verdicts)
    return Root(digits=digits, stabilising=found)


def _costs_in_state(game: Game, policy: Policy) -> Sequence[tuple[np.ndarray, ...]]:
    whole = in_state_of(game, policy.at_one_time).P
    assert whole is not None
    return whole


# -- diagnosis -------------------------------------------------------------------------------------


def _explained(
    game: Game,
    policy: Policy,
    nash: StationaryNash | None,
    quantities: Mapping[str, Quantity],
    root: Root | None,
) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    """The mistakes that explain everything stated, or else the gains; and what is left out."""
    left_out = may_be_left_out(quantities)
    if root is not None and root.stabilising == "refuted":
        of_root = Match(
            id="root-that-does-not-stabilise",
            message="P solves the coupled equations, but its gains do not stabilise",
            look_at="which root of the Riccati equations is taken",
            digits=min(root.digits, 16.0),
            quantities=("P",),
        )
        return (of_root,), ()
    tried: list[tuple[tuple[Match, ...], tuple[str, ...]]] = []
    at_once = policy.at_one_time
    states, gains = game.state_size, _gains(game, at_once)
    if nash is not None:
        right = in_float64(by_letter(nash.found, states, nash.balls))
        more = stationary_mistakes(
            game.one_stage,
            gains,
            list(stated_letters(game.one_stage, at_once)),
            in_float64_gains(nash),
            lambda once: judged_game(once, at_once),
        )
        ahead = [np.array(X, dtype=float) for (X,) in in_float64(nash.found).P]
        tried.append(
            explained(
                _before(game, ahead, states),
                _before_costs(game, at_once),
                equilibrium=_before_equilibrium(game, right),
                left_out=left_out,
                more=more,
                without=NONE_HERE,
            )
        )
    if policy.P is not None and (policy.s is not None or not game.affine):
        ahead = [X for (X,) in _costs_in_state(game, policy)]
        with suppress(NotCertifiedError):
            tried.append(
                explained(
                    _before(game, ahead, states),
                    _before_costs(game, at_once),
                    equilibrium=None,
                    left_out=left_out,
                    without=NONE_HERE,
                )
            )
    # What explains everything comes before what leaves letters out.
    least = min((left for found, left in tried if found), key=len, default=())
    matches: dict[str, Match] = {}
    for found, left in tried:
        for one in found if len(left) == len(least) else ():
            matches.setdefault(one.id, one)
    return tuple(matches.values()), least


def _before(game: Game, ahead: Sequence[np.ndarray], states: int) -> Game:
    """The one stage before costs x'Px, or in the state (1, x) those of s and P."""
    if len(ahead[0]) == states:
        return game.cut_after(1, ahead)
    return game.cut_after(1, [P[1:, 1:] for P in ahead], [P[1:, 0] for P in ahead])


def _before_costs(game: Game, at_once: Policy) -> Policy:
    """The policy of that stage: P before it and after it, and what it adds to q."""
    q = at_once.q and tuple(
        np.array([(1 - rate if rate != 1 else 1) * Fraction(x[0]), Fraction(0)], dtype=object)
        for x, rate in zip(at_once.q, game.discount, strict=True)
    )
    doubled = {
        letter: own and tuple((X, X) for (X,) in own)
        for letter, own in (("P", at_once.P), ("s", at_once.s))
    }
    return evolve(at_once, **doubled, q=q)


def _before_equilibrium(game: Game, right: Sequences) -> Sequences:
    q = right.q and tuple(
        ((1 - float(rate) if rate != 1 else 1.0) * np.asarray(x), np.zeros_like(x))
        for (x,), rate in zip(right.q, game.discount, strict=True)
    )
    s = getattr(right, "s", None)
    return evolve(
        right,
        P=tuple((X, X) for (X,) in right.P),
        s=s and tuple((X, X) for (X,) in s),
        q=q,
    )
