"""Which mistakes lead to a solution's numbers, each recomputed on the same game.

A mistake is screened on the last stages first, in float64: they take little time, and what a
backward recursion gives there rules most mistakes out.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify.arithmetic import MPMath
from ergs_verify.arithmetic.base import Matrix
from ergs_verify.audit.accuracy import Allowed
from ergs_verify.audit.mistakes import Handled, Mistake, Recomputed, mistakes
from ergs_verify.audit.mistakes.given import best_covariances, costs_of
from ergs_verify.audit.mistakes.numbers import (
    Numbers,
    errors,
    last_stages,
    of_policy,
    of_sequences,
    sizes_of,
)
from ergs_verify.audit.mistakes.recompute import LOST, changes, recomputed
from ergs_verify.audit.mistakes.record import FLOAT64
from ergs_verify.audit.mistakes.sharing import SharedStages
from ergs_verify.errors import InputError, UnsupportedError
from ergs_verify.game import Game, Policy
from ergs_verify.game.letters import LETTERS
from ergs_verify.study.conditioning import modest_factor

#: Every stated letter must agree so far to be explained, and a mistake by so much better than the
#: right solution. By chance a number agrees to d digits with probability 10^-d, and about 200
#: predictions are compared: six digits over all the numbers that tell the mistake from the right
#: solution leave a false match to one chance in 5,000. Three is the least, so that rounding
#: amplified by the game is no mistake.
_EXPLAINED = 1e-3
_LEAST_MARGIN, _MARGIN_IN_ALL = 3, 6
#: Up to this, relative to a matrix's largest entry, two predictions differ by rounding alone; or
#: up to so many times what float64 itself loses there.
_SAME, _LOST = 1e-12, 100
#: Of the least steps that float64's numbers take, or of the moves that a bar measures.
_FEW_ROUNDINGS = 4
_MOST_DIGITS = 16
#: Digits beyond which rounding alone tells one match from another.
_SURE = 12
#: A right number and those beside it in time may differ by so little in any game that comes from
#: a stationary one: to have one in another's place is then no evidence.
_HARDLY = 1e-6
#: How many matches are recomputed in high precision, and on which games (see `_work`): on larger
#: ones each takes more than a second, and the digits are those that float64 leaves.
_RECOMPUTED, _MOST_WORK = 2, 200_000
_DIGITS = 40


@frozen(kw_only=True)
class Match:
    """A mistake that leads to the stated numbers.

    Attributes
    ----------
    id : str
        The mistake's name in the catalogue, :doc:`/generated/mistakes`.
    message : str
        What goes wrong, in words; it may add in which way.
    look_at : str
        Where to look for it.
    digits : float
        To how many digits the stated numbers agree with those that the mistake leads to, wherever
        these differ from the right ones: −log₁₀ of the largest error, relative to the largest
        entry of each matrix (for q: of all times), at most 16.
    quantities : tuple of str
        The letters (K, k, Sigma, P, s, q) in which the mistake shows.
    """

    id: str
    message: str
    look_at: str
    digits: float
    quantities: tuple[str, ...]

    @property
    def agreement(self) -> str:
        """With what the stated numbers agree, and how far."""
        if self.id == "single-precision":  # which predicts no number
            return "the correct numbers as far as float32 can, and are all float32 numbers"
        return f"what that gives, to {self.digits:.1f} digits"


def diagnose(
    game: Game, policy: Policy, *, equilibrium: Any = None, allowed: Allowed | None = None
) -> tuple[Match, ...]:
    """The mistakes that lead to a solution's numbers on this game, the best match first.

    Parameters
    ----------
    game : Game
    policy : Policy
        K, and Σ, P, q as far as they are stated.
    equilibrium : Sequences or Solution, optional
        The game's NE, if it is known already: ``K[i][t]``, ``Sigma``, ``P``, ``q`` in floats or
        mpmath numbers.
    allowed : mapping from letter to ``[i][t]`` Bar, optional
        The bars of what is stated. A mistake whose numbers differ from the right ones by no more
        than a few roundings, as these tell them, is not told from rounding.

    Returns
    -------
    tuple of Match
        Empty where no mistake explains everything that is stated, as for a right solution, and
        where the game or the policy leaves the range of float64. Where several mistakes lead to
        the same numbers on this game, all of them.

    Raises
    ------
    InputError
        Where the policy does not fit the game.

    Notes
    -----
    A mistake explains a solution if each stated letter agrees to three digits with what the
    mistake leads to, or is right, or fits the other stated letters: P and q as the cost of the
    stated policy, Σ as the best covariance for the stated P. Gains that are right rule out every
    mistake that leads to others. Where the mistake's numbers differ from the right ones they must
    agree with the stated ones better than the right ones do, by six digits if that is one number,
    by three if there are more, and by more still where the rounds of a loop were read off the
    stated gains; and somewhere they must differ by more than rounding. At a singular
    Φ_t there are no right numbers from there on, and mistakes that give no numbers either are left
    out.

    Examples
    --------
    >>> from ergs_verify import Game, solve
    >>> from ergs_verify.audit.diagnosis import diagnose
    >>> from ergs_verify.game import Policy
    >>> game = Game.from_arrays(A=[[1, "1/2"], [0, 1]], B=[[[0], [1]]], Q=[[[1, 0], [0, 2]]],
    ...     R=[[[1]]], tau="1/2", noise_cov=[[1, 0], [0, 1]], horizon=3)
    >>> wrong = Policy.from_arrays(K=[[-K for K in solve(game).K[0]]])  # u = −Kx
    >>> [(match.id, match.digits) for match in diagnose(game, wrong)]
    [('sign-of-K', 16.0)]
    """
    return explained(game, policy, equilibrium=equilibrium, allowed=allowed)[0]


def explained(
    game: Game,
    policy: Policy,
    *,
    equilibrium: Any,
    left_out: Collection[str] = (),
    allowed: Allowed | None = None,
    more: Sequence[Mistake] = (),
    without: Collection[str] = (),
) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    """The mistakes that lead to all that is stated; if there are none, to all but some letters.

    As `diagnose` finds them; `more` are looked for besides those of the catalogue, of which the
    ids `without` are left out. The letters that the first mistake does not explain are among
    `left_out`.
    """
    policy.validate(game)
    try:
        with np.errstate(all="ignore"):
            whole = _Comparison(game, of_policy(policy, game), equilibrium, allowed)
            parts = [whole, whole.without(left_out)] if left_out else [whole]
            catalogue = [one for one in mistakes(general=game.general) if one.id not in without]
            explaining = _explaining(parts, [*more, *catalogue])
            for one, found in explaining:
                if matches := one.ranked(found):
                    left = () if one is whole else whole.unexplained(matches[0], found, left_out)
                    return matches, left
    except (InputError, UnsupportedError):  # an entry beyond float64
        pass
    return (), ()


#: A mistake that explains a solution, by its best variant.
_Found = tuple[Match, Recomputed | Handled]


def _explaining(
    parts: Sequence[_Comparison], catalogue: Sequence[Mistake]
) -> list[tuple[_Comparison, list[_Found]]]:
    """What explains each, of which the first has the letters of all."""
    explaining: list[tuple[_Comparison, list[_Found]]] = [(one, []) for one in parts]
    off = [one for one in parts if one.is_off]
    for mistake in catalogue if off else ():
        if mistake.like_rounding and parts[0].allowed:
            continue
        best: dict[_Comparison, _Found] = {}
        for variant in parts[0].variants(mistake):
            numbers, possible = parts[0].screened(variant, off)
            for one in possible:
                match = one.match(mistake, variant, numbers)
                if match is not None and (one not in best or match.digits > best[one][0].digits):
                    best[one] = match, variant
        for one, found in explaining:
            if one in best:
                found.append(_detailed(*best[one]))
    return explaining


def _detailed(match: Match, variant: Recomputed | Handled) -> _Found:
    detail = getattr(variant, "detail", "")
    return (evolve(match, message=f"{match.message} ({detail})") if detail else match), variant


class _Comparison:
    """One solution on one game, against every mistake."""

    def __init__(
        self, game: Game, stated: Numbers, equilibrium: Any, allowed: Allowed | None = None
    ):
        self.game = game
        self.allowed = allowed or {}
        self.stated = stated
        self.letters = frozenset(stated)
        self.sizes = sizes_of(stated)
        self.stages_of = SharedStages()
        self.precise = MPMath(digits=_DIGITS) if _work(game) <= _MOST_WORK else None
        # q of a deterministic policy is the plain game's.
        if equilibrium is None or ("q" in stated and "Sigma" not in stated):
            self.right = self._recomputed(Recomputed(), precise=True, partial=True)
        else:
            self.right = of_sequences(equilibrium, self.letters)
        self.of_right = errors(stated, self.right, self.sizes)

    def without(self, letters: Collection[str]) -> _Comparison:
        """The same of the other letters alone."""
        part = copy(self)
        part.letters = self.letters - set(letters)
        for name in ("stated", "sizes", "right", "of_right"):
            kept = {k: X for k, X in getattr(self, name).items() if k in part.letters}
            setattr(part, name, kept)
        return part

    @property
    def is_off(self) -> bool:
        """Whether a mistake can agree better than the right numbers do, by the margin.

        At a singular Φ_t and before it there are none.
        """
        found = np.concatenate([error.ravel() for error in self.of_right.values()])
        return bool(np.isnan(found).any() or found.max() >= 10.0 ** (_LEAST_MARGIN - _MOST_DIGITS))

    def variants(self, mistake: Mistake) -> Iterator[Recomputed | Handled]:
        yield from mistake.variants(self.game)
        with suppress(*LOST):
            yield from mistake.fitted(self.game, self.stated)

    def ranked(self, found: list[_Found]) -> tuple[Match, ...]:
        found = sorted(found, key=lambda pair: _rank(pair[0]))
        precise = [self._precise(*pair) for pair in found[:_RECOMPUTED]]
        rest = [match for match, _ in found[_RECOMPUTED:]]
        return tuple(sorted((*precise, *rest), key=_rank))

    def _precise(self, match: Match, variant: Recomputed | Handled) -> Match:
        """The match by numbers of high precision, where the mistake has them."""
        if isinstance(variant, Handled) or variant.arithmetic or self.precise is None:
            return match
        try:
            numbers = self._recomputed(variant, precise=True)
        except LOST:
            return match
        return self.match(match, variant, numbers) or match

    def _recomputed(self, variant: Recomputed, *, precise: bool = False, **how: Any) -> Numbers:
        """What the mistake leads to, in float64 or, where there is time for it, more."""
        if precise and self.precise is not None:
            return recomputed(variant, self.game, self.precise, self.letters, **how)
        arithmetic, game = variant.arithmetic or FLOAT64, self.game.near
        return recomputed(variant, game, arithmetic, self.letters, stages_of=self.stages_of, **how)

    def unexplained(
        self, match: Match, found: list[_Found], letters: Collection[str]
    ) -> tuple[str, ...]:
        """Which of the letters a mistake that explains the others does not."""
        variant = next(variant for other, variant in found if other.id == match.id)
        numbers, _ = self.screened(variant, [self.without(letters)])
        of_mistake = errors(self.stated, numbers, self.sizes)
        apart = {
            k: min(self._otherwise(k, self.game.horizon), _worst(of_mistake[k])) for k in letters
        }
        return tuple(k for k in letters if apart[k] > _EXPLAINED) or tuple(letters)

    def screened(
        self, variant: Recomputed | Handled, parts: Sequence[_Comparison]
    ) -> tuple[Numbers, Sequence[_Comparison]]:
        """What the mistake leads to, and which parts of the solution may be that."""
        if isinstance(variant, Handled):
            try:
                return {**self.right, **variant.make(self.right, self.stated)}, parts
            except LOST:
                return {}, ()
        numbers: Numbers = {}
        parts = [one for one in parts if changes(variant, one.letters)]
        for stages in sorted({min(n, self.game.horizon) for n in (1, 2, self.game.horizon)}):
            if not parts:
                break
            try:
                numbers = self._recomputed(variant, stages=stages, goes_on=self._has_gains)
            except LOST:
                return numbers, ()
            parts = [one for one in parts if one._possible(numbers, stages)]
        return numbers, parts

    def _has_gains(self, gains: Sequence[Matrix], back: int) -> bool:
        """Whether the mistake's gains so many stages before the end are the stated ones."""
        stated = {"K": tuple(X[-back][None] for X in self.stated["K"])}
        of_x = tuple(X[None, :, -self.game.state_size :] for X in gains)  # they may be [k K]
        return _worst(errors(stated, {"K": of_x}, self.sizes)["K"]) <= _EXPLAINED

    def _possible(self, numbers: Numbers, stages: int) -> bool:
        """Whether the last stages leave the mistake possible.

        Everything there must be explained, and something by the mistake, unless it does not
        show there.
        """
        right, stated = last_stages(self.right, stages), last_stages(self.stated, stages)
        of_mistake = errors(stated, numbers, self.sizes)
        apart = errors(numbers, right, self.sizes)
        shows = []
        for letter in stated:
            mine, otherwise = _worst(of_mistake[letter]), self._otherwise(letter, stages)
            if min(mine, otherwise) > _EXPLAINED:
                return False
            if _worst(apart[letter]) > _SAME:
                shows.append(mine <= otherwise)
        return any(shows) or not shows

    def _otherwise(self, letter: str, stages: int) -> float:
        """How well a letter is explained by being right, or by the others, at the last stages."""
        last = np.s_[:, -stages - LETTERS[letter].terminal :]
        known = (self.of_right[letter][last], self._of_fitting[letter][last])
        # Where nothing is right, or fits, that explains nothing.
        return min(float(np.where(np.isnan(error), math.inf, error).max()) for error in known)

    @cached_property
    def _of_fitting(self) -> dict[str, np.ndarray]:
        fitting = {**self.right, **_fitting(self.game, self.stated)}
        return errors(self.stated, fitting, self.sizes)

    @cached_property
    def _rounding(self) -> dict[str, np.ndarray]:
        """How far float64's numbers may be from the mistake's, without any mistake."""
        rounded = self._recomputed(Recomputed(), partial=True)
        lost = errors(rounded, self.right, self.sizes)
        return {letter: np.fmax(_SAME, _LOST * error) for letter, error in lost.items()}

    def _in_one_grain(self, numbers: Numbers, letter: str) -> np.ndarray:
        """Where a mistake's numbers are the right ones, but for a few roundings."""
        pairs = zip(numbers[letter], self.right[letter], strict=True)
        apart = np.stack([np.abs(X - Y).reshape(len(X), -1).max(axis=1) for X, Y in pairs])
        grain = np.full_like(apart, math.ulp(0.0))
        if letter in self.allowed:
            bars = [[bar.errors.max() for bar in agent] for agent in self.allowed[letter]]
            grain = np.maximum(grain, np.array(bars) / modest_factor(self.game))
        return apart <= _FEW_ROUNDINGS * grain

    def _moved(self, numbers: Numbers) -> dict[str, np.ndarray]:
        """Where a mistake leads to the right numbers of the stage before or after."""
        found = {letter: np.full_like(X, False, dtype=bool) for letter, X in self.of_right.items()}
        for step in (1, -1):
            beside = {k: tuple(np.roll(X, step, 0) for X in v) for k, v in self.right.items()}
            for letter, error in errors(numbers, beside, self.sizes).items():
                found[letter] |= error <= _SAME
        return found

    def match(
        self, mistake: Mistake | Match, variant: Recomputed | Handled, numbers: Numbers
    ) -> Match | None:
        of_mistake = errors(self.stated, numbers, self.sizes)
        apart = errors(numbers, self.right, self.sizes)
        moved = self._moved(numbers)
        quantities, count, error, error_of_right = [], 0, 0.0, 0.0
        for letter in self.stated:
            otherwise = self._otherwise(letter, self.game.horizon)
            if min(otherwise, _worst(of_mistake[letter])) > _EXPLAINED:
                return None
            if otherwise < _worst(of_mistake[letter]):
                continue
            same = _SAME if isinstance(variant, Handled) else self._rounding[letter]
            tells = ~np.isnan(of_mistake[letter]) & ~(apart[letter] <= same)
            tells &= ~((apart[letter] <= _HARDLY) & moved[letter])
            tells &= ~self._in_one_grain(numbers, letter)
            if not tells.any():
                continue
            quantities.append(letter)
            count += int(tells.sum()) * max(X[0].size for X in self.stated[letter])
            error = max(error, _worst(of_mistake[letter][tells]))
            error_of_right = max(error_of_right, _worst(self.of_right[letter][tells], lost=1.0))
        margin = max(_LEAST_MARGIN, _MARGIN_IN_ALL / max(count, 1))
        margin += getattr(variant, "freedom", 0.0)
        if not quantities or _digits(error) - _digits(error_of_right) < margin:
            return None
        return Match(
            id=mistake.id,
            message=mistake.message,
            look_at=mistake.look_at,
            digits=_digits(error),
            quantities=tuple(quantities),
        )


def _rank(match: Match) -> tuple[float, bool, float]:
    """The best match first; among those as good as float64 has it, what solvers do themselves."""
    return -min(match.digits, _SURE), match.id.startswith("misprint/"), -match.digits


def _worst(error: np.ndarray, lost: float = math.inf) -> float:
    """The largest error where something is said; `lost` where nothing is."""
    said = error[~np.isnan(error)]
    return float(said.max()) if said.size else lost


def _digits(error: float) -> float:
    return float(_MOST_DIGITS) if error == 0 else min(max(-math.log10(error), 0.0), _MOST_DIGITS)


def _fitting(game: Game, stated: Numbers) -> Numbers:
    """P and q of the stated policy, and Σ for the stated P, whatever the policy."""
    if stated.keys() <= {"K"}:
        return {}
    fitting = dict(costs_of(game, stated))
    if "Sigma" in stated:
        with suppress(*LOST):
            fitting["Sigma"] = best_covariances(game, {**fitting, **stated})
    return {letter: fitting[letter] for letter in stated if letter in fitting}


def _work(game: Game) -> int:
    """About proportional to the multiplications of numbers that a recursion takes."""
    controls = sum(game.control_sizes)
    return game.horizon * game.agents * game.state_size**2 * (game.state_size + controls)
