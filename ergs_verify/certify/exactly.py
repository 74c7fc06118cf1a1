"""Does an agent play its best response exactly? Decided in rationals while they stay short."""

from __future__ import annotations

from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.recursion import best_response

__all__ = ["plays_best_response"]

#: Rationals triple in length at every stage: beyond this horizon one answer takes seconds.
_LONGEST = 4


def plays_best_response(game: Game, policy: Policy, agent: int) -> bool:
    """True where an agent's K and Σ equal its best response's; False where not, or undecided.

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
    numbers = Rationals()
    best = best_response(game, policy, agent, numbers)
    own = agent - 1
    pairs = list(zip(best.K, policy.K[own], strict=True))
    if policy.Sigma is not None:
        pairs += zip(best.Sigma, policy.Sigma[own], strict=True)
    return all(numbers.to_fractions(exact) == fractions(given) for exact, given in pairs)
