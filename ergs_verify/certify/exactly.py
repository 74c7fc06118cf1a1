"""Does an agent lose nothing, exactly? Decided in rationals while they stay short."""

from __future__ import annotations

from fractions import Fraction

from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.recursion import best_response, second_moments
from ergs_verify.recursion.given import in_state_of

#: Rationals triple in length at every stage: beyond this horizon one answer takes seconds.
_LONGEST = 4


def plays_best_response(game: Game, policy: Policy, agent: int) -> bool:
    """True where an agent answers the others best wherever the state gets to; else, or if
    undecided, False.

    Its gap is then 0: W ≻ 0 and X_t ⪰ 0 make Tr(W ΔK X_t ΔK') = 0 the same as ΔK X_t = 0.

    Examples
    --------
    >>> from ergs_verify import Policy, gallery
    >>> from ergs_verify.certify.exactly import plays_best_response
    >>> K = [[[["-13/7", "8/7"]]], [[["8/7", "-13/7"]]]]
    >>> policy = Policy.from_arrays(K=K, Sigma=[[[["1/3"]]]] * 2)
    >>> plays_best_response(gallery("g-star-2"), policy, 1)
    True
    """
    if game.horizon > _LONGEST:
        return False
    numbers, own = Rationals(), agent - 1
    best = best_response(game, policy, agent, numbers)
    if policy.Sigma is not None:
        for exact, given in zip(best.Sigma, policy.Sigma[own], strict=True):
            if numbers.to_fractions(exact) != fractions(given):
                return False
    moments = second_moments(game, policy, numbers)
    policy = in_state_of(game, policy)
    for exact, given, moment in zip(best.K, policy.K[own], moments, strict=True):
        played = numbers.matrix(fractions(given), given.shape)
        off = numbers.add(played, numbers.scale(numbers.scalar(Fraction(-1)), exact))
        if any(x != 0 for x in numbers.multiply(off, moment).entries()):
            return False
    return True
