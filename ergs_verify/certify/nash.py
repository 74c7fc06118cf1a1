"""The Nash equilibrium, certified: precision rises until the balls are as small as asked."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.equilibrium import stages_in_balls
from ergs_verify.certify.precision import MOST_BITS
from ergs_verify.errors import NotCertifiedError
from ergs_verify.game import Game
from ergs_verify.recursion import Sequences, decide_singular
from ergs_verify.recursion.stages import Progress, Stages

__all__ = ["CertifiedNash", "certified_nash"]

#: Exact rationals triple in length every stage: further back a decision takes too long.
_STAGES_TO_DECIDE = 4


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
    while True:
        stages = Stages(game, Balls(bits), symmetric=True)
        played = []
        try:
            for one in stages_in_balls(stages):
                played.append(one.stage)
                if progress:
                    progress(len(played), game.horizon)
            found = Sequences.from_backwards(stages.terminal(), played)
            short = lacking(found, stages.arithmetic)
            if short <= 0:
                return CertifiedNash(found, stages.arithmetic)
            needed = bits + short + 16
            error = NotCertifiedError(f"{short} bits are lacking at {bits} bits")
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
