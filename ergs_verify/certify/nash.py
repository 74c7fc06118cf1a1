"""The Nash equilibrium, certified: precision rises until the balls are as small as asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from attrs import frozen

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.equilibrium import stages_in_balls
from ergs_verify.certify.precision import MOST_BITS
from ergs_verify.errors import NotCertifiedError
from ergs_verify.game import Game
from ergs_verify.recursion import Sequences, decide_singular
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Progress, Stages

__all__ = ["CertifiedNash", "certified_nash"]

#: Exact rationals triple in length every stage: further back a decision takes too long.
_STAGES_TO_DECIDE = 4
#: From so many stages, or this part of all, it is foreseen what the others will lose.
_FEWEST_TO_FORESEE, _PART_TO_FORESEE = 8, 8


@frozen(eq=False)
class CertifiedNash:
    """The equilibrium's K, Σ, P, q in balls; that it is the only one is proved."""

    found: Sequences
    balls: Balls


def certified_nash(
    game: Game,
    lacking: Callable[[Sequences, Balls], int] = lambda _found, _balls: 0,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
    left_bits: int = 0,
    progress: Progress | None = None,
) -> CertifiedNash:
    """The feedback Nash equilibrium in balls as small as asked.

    Parameters
    ----------
    game : Game
    lacking : function of the equilibrium and of its arithmetic
        How many bits it is short of what is asked; 0 or less will do.
    first_bits, most_bits : int
        The precision to begin with, and the cap.
    left_bits : int
        About as many have to be left at the end: the first pass is broken off where its first
        stages let fewer be foreseen.
    progress : function of the stages done and all, optional
        Called anew at each precision.

    Raises
    ------
    SingularStageError
        Where Φ_t is singular, decided exactly: there is no single equilibrium.
    NotCertifiedError
        Where `most_bits` do not suffice, and exact rationals would be too long.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.certify.nash import certified_nash
    >>> nash = certified_nash(gallery("g-star-2"))
    >>> (7 * nash.found.K[0][0][0, 1]).contains(8)
    True
    """
    bits, decided_until = min(first_bits, most_bits), game.horizon
    sample = max(_FEWEST_TO_FORESEE, game.horizon // _PART_TO_FORESEE)
    while True:
        stages = Stages(game, Balls(bits), symmetric=True)
        played = []
        try:
            for one in stages_in_balls(stages):
                played.append(one.stage)
                if progress:
                    progress(len(played), game.horizon)
                if len(played) == sample < game.horizon and bits == first_bits < most_bits:
                    lost = _foreseen_loss(played, stages.arithmetic, game.horizon)
                    if lost + left_bits > bits:
                        needed = left_bits + lost + lost // 4 + 64  # stages differ
                        break
            else:
                found = Sequences.from_backwards(stages.terminal(), played)
                short = lacking(found, stages.arithmetic)
                if short <= 0:
                    return CertifiedNash(found, stages.arithmetic)
                needed = bits + short + 16
            error = NotCertifiedError(f"{needed - bits} bits are lacking at {bits} bits")
        except NotCertifiedError as failed:
            error = failed
            t = game.horizon - 1 - len(played)
            if t < decided_until and len(played) < _STAGES_TO_DECIDE:
                decide_singular(game, until=t)
                decided_until = t
            # What was lost so far, and as much at every stage to come.
            needed = bits + max(64, bits * (t + 1) // (len(played) + 1))
        if bits == most_bits:
            decide_singular(game)
            raise NotCertifiedError(
                f"the equilibrium is not certified with {most_bits} bits, the most allowed: {error}"
            ) from error
        bits = min(needed, most_bits, 4 * bits)


def _foreseen_loss(played: Sequence[Stage], balls: Balls, horizon: int) -> int:
    """The bits that all stages lose, if the others do as the later half of those played."""
    done, half = len(played), len(played) // 2
    before, now = _lost(played[half - 1], balls), _lost(played[-1], balls)
    return now + (now - before) * (horizon - done) // (done - half)


def _lost(stage: Stage, balls: Balls) -> int:
    """By how many bits a stage's costs are less precise than their arithmetic, about."""
    width = max(balls.radius(P) / max(Fraction(1), balls.largest(P)) for P in stage.P)
    if not width:
        return 0
    return balls.bits + width.numerator.bit_length() - width.denominator.bit_length()
