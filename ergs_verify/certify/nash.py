"""The Nash equilibrium, certified: precision rises until the balls are as small as asked.

One search decides whether there is one equilibrium, be it for a check, a solution or an audit.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from typing import Any

from attrs import field, frozen

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.equilibrium import EquilibriumStage, stages_in_balls, straight_in_balls
from ergs_verify.certify.precision import MOST_BITS
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.game import Game
from ergs_verify.recursion import Sequences, decide_singular
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Progress, Stages

#: Exact rationals triple in length every stage: further back a decision takes too long.
_STAGES_TO_DECIDE = 4
#: From so many stages, or this part of all, it is foreseen what the others will lose.
_FEWEST_TO_FORESEE, _PART_TO_FORESEE = 8, 8
#: Straight in balls this is foreseen from so few, and worth no more bits than these: they cost as
#: much as bounds do.
_STRAIGHT_TO_FORESEE, _MOST_STRAIGHT = 3, 384


@frozen(eq=False)
class CertifiedNash:
    """The equilibrium's K, Σ, P, q in balls; that it is the only one is proved."""

    found: Sequences
    balls: Balls


@frozen(kw_only=True, eq=False)
class NashPass:
    """The equilibrium's stages at one precision.

    Attributes
    ----------
    stages : Stages
    played : list of Stage, t = T−1, T−2, …
        As far as they are certified.
    judged : list
        What `judge` makes of each.
    """

    stages: Stages[Balls]
    played: list[Stage] = field(factory=list)
    judged: list[Any] = field(factory=list)

    @property
    def balls(self) -> Balls:
        return self.stages.arithmetic

    @property
    def found(self) -> Sequences:
        """K, Σ, P, q, where every stage is certified."""
        return Sequences.from_backwards(self.stages.terminal(), self.played)

    def loss(self, horizon: int) -> int:
        """The bits that so many stages lose, if those to come do as the later half of these."""
        done, half = len(self.played), len(self.played) // 2
        if not done:
            return 0
        now = _lost(self.played[-1], self.balls)
        if done == horizon:
            return now
        before = _lost(self.played[half - 1], self.balls)
        return now + max(now - before, 0) * (horizon - done) // (done - half)


@frozen(kw_only=True, eq=False)
class NashSearch:
    """What a search for the equilibrium came to.

    Attributes
    ----------
    last : NashPass
        At the last precision.
    certified : bool
        Every stage of some pass is: there is one equilibrium.
    singular : SingularStageError or None
        Where Φ_t is singular, decided exactly: there is not one equilibrium.
    lacking : NotCertifiedError or None
        What the last precision lacks; None where all is as asked.
    """

    last: NashPass
    certified: bool
    singular: SingularStageError | None = None
    lacking: NotCertifiedError | None = None


def certified_nash(
    game: Game,
    lacking: Callable[[Sequences, Balls], int] = lambda _found, _balls: 0,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
    left_bits: int = 0,
    settled_bits: int | None = None,
    constants: bool = True,
    progress: Progress | None = None,
) -> CertifiedNash:
    """The feedback Nash equilibrium in balls as small as asked.

    Parameters
    ----------
    game : Game
    lacking : function of the equilibrium and of its arithmetic
        How many bits it is short of what is asked; 0 or less will do.
    first_bits, most_bits, left_bits, settled_bits
        As `search_nash` takes them.
    constants, progress
        Likewise.

    Raises
    ------
    SingularStageError
        Where Φ_t is singular, decided exactly: there is no single equilibrium.
    NotCertifiedError
        Where the bits allowed do not suffice, and exact rationals would be too long.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.certify.nash import certified_nash
    >>> nash = certified_nash(gallery("g-star-2"))
    >>> (7 * nash.found.K[0][0][0, 1]).contains(8)
    True
    """
    searched = search_nash(
        game,
        lambda one: lacking(one.found, one.balls),
        first_bits=first_bits,
        most_bits=most_bits,
        left_bits=left_bits,
        settled_bits=settled_bits,
        constants=constants,
        progress=progress,
    )
    if searched.singular:
        raise searched.singular
    if searched.lacking:
        raise NotCertifiedError(
            f"the equilibrium is not certified with {searched.last.balls.bits} bits, the most "
            f"allowed: {searched.lacking}"
        ) from searched.lacking
    return CertifiedNash(searched.last.found, searched.last.balls)


def search_nash(
    game: Game,
    lacking: Callable[[NashPass], int] = lambda _one: 0,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
    left_bits: int = 0,
    settled_bits: int | None = None,
    until: int = 0,
    judge: Callable[[Stages[Balls], EquilibriumStage], Any] = lambda _stages, _one: None,
    covariances: bool = True,
    constants: bool = True,
    progress: Progress | None = None,
) -> NashSearch:
    """Look for a precision at which the equilibrium is certified, and as small as asked.

    Parameters
    ----------
    game : Game
    lacking : function of a pass whose every stage is certified
        How many bits it is short of what is asked; 0 or less will do.
    first_bits, most_bits : int
        The precision to begin with, and the cap. Only what is certified at `MOST_BITS` or below
        is sought at more, so that nobody who asks for less is told otherwise.
    left_bits : int
        About as many have to be left at the end. The first pass is broken off where its first
        stages let fewer be foreseen.
    settled_bits : int, optional
        At the first precision costs that move by less than 2 to minus this of their size count as
        settled, where all stages to come are alike: these share their enclosures. As many bits
        more at every further one.
    until : int
        The first stage in time that counts.
    judge : function of the stages and of one that is certified, optional
        What is to be kept of it besides.
    covariances, constants : bool
        Whether Σ and q are wanted.
    progress : function of the stages done and all, optional
        Called anew at each precision.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.certify.nash import search_nash
    >>> search_nash(gallery("g-star-2")).certified
    True
    >>> search_nash(gallery("g-star-4-no-nash")).singular.t
    0
    """
    parts: dict[str, Any] = {"covariances": covariances, "constants": constants}
    if first_bits > MOST_BITS:
        searched = search_nash(game, until=until, progress=progress, **parts)
        if not searched.certified:
            return searched
    certified = first_bits > MOST_BITS
    bits, asked_until, lost_at = min(first_bits, most_bits), game.horizon, None
    wanted = game.horizon - until
    straight = bits <= _MOST_STRAIGHT

    def cap() -> int:
        return most_bits if certified else min(most_bits, MOST_BITS)

    while True:
        last = NashPass(stages=Stages(game, Balls(bits), symmetric=True, **parts))
        if straight:
            recursion, sample = straight_in_balls(last.stages), _STRAIGHT_TO_FORESEE
            # Bounds of errors mostly leave as many.
            left = max(left_bits, first_bits // 2)
        else:
            settled = None if settled_bits is None else settled_bits + bits - first_bits
            recursion, left = stages_in_balls(last.stages, settled), left_bits
            sample = max(_FEWEST_TO_FORESEE, game.horizon // _PART_TO_FORESEE)
        if bits != first_bits or bits >= cap():
            sample = wanted
        try:
            for one in islice(recursion, wanted):
                last.played.append(one.stage)
                last.judged.append(judge(last.stages, one))
                if progress:
                    progress(len(last.played), game.horizon)
                if len(last.played) == sample < wanted and left + last.loss(wanted) > bits:
                    break
            lost = last.loss(wanted)
            if len(last.played) < wanted:
                needed = left + lost + lost // 4 + 64  # stages differ
            else:
                certified = True
                short = lacking(last)
                if straight:
                    short = max(short, left + lost - bits)
                if short <= 0:
                    return NashSearch(last=last, certified=True)
                needed = bits + short + 16
            error = NotCertifiedError(f"at {bits} bits some enclosures are wider than asked")
        except NotCertifiedError as failed:
            error = failed
            done = len(last.played)
            t = game.horizon - 1 - done
            if t < asked_until and (done < _STAGES_TO_DECIDE or t == lost_at):
                if singular := _singular(game, t):
                    return NashSearch(last=last, certified=False, singular=singular)
                asked_until = t
            lost_at = t
            # What was lost so far, and as much at every stage to come.
            needed = left_bits + bits + max(64, bits * (t + 1) // (done + 1))
        if straight and needed > min(cap(), _MOST_STRAIGHT):
            straight, bits = False, min(first_bits, most_bits)
        elif bits < cap():
            bits = min(needed, cap(), 4 * bits)
        else:
            return NashSearch(
                last=last,
                certified=certified,
                singular=None if certified else _singular(game, until),
                lacking=error,
            )


def _singular(game: Game, until: int) -> SingularStageError | None:
    """The stage at which Φ_t is singular, as far as exact rationals tell."""
    try:
        decide_singular(game, until=until)
    except SingularStageError as error:
        return error
    return None


def _lost(stage: Stage, balls: Balls) -> int:
    """By how many bits a stage's costs are less precise than their arithmetic, about."""
    width = max(balls.radius(P) / max(Fraction(1), balls.largest(P)) for P in stage.P)
    if not width:
        return 0
    return balls.bits + width.numerator.bit_length() - width.denominator.bit_length()
