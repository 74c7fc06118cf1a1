"""What a solution states, as an audit takes it: a Σ that is not a covariance is a finding."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Mapping
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from ergs_verify.answer import policy_of
from ergs_verify.errors import InputError
from ergs_verify.exact import UNIT
from ergs_verify.exact.definite import is_positive, judge_symmetric
from ergs_verify.game import Game
from ergs_verify.game.letters import entry_of
from ergs_verify.game.policy import Policy
from ergs_verify.game.series import at

#: Half the digits of float64. Σ and P of a right solver are symmetric but for rounding, which the
#: 4u‖·‖ that `Policy` forgives does not cover where an inverse was taken. A quadratic form knows
#: only P's symmetric part, and of a covariance only one triangle is used.
_ROUNDING = 2.0**-26


@frozen(kw_only=True, eq=False)
class Stated:
    """The numbers that a solution states, and what is wrong with them in any game.

    Attributes
    ----------
    policy : Policy
        As stated, but for an asymmetry of Σ and P that may be rounding: the mean takes its place.
    asymmetry : float
        The largest of these, of a matrix's mirrored entries in units of its largest entry.
    faults : mapping from letter to str
        For Σ and P the first matrix that is not a covariance, or is not symmetric, in a sentence.
    definite : bool or None
        Whether every Σ is positive definite, decided exactly, of agents with τ > 0 if there are
        any; None without Σ.
    indefinite : bool
        Whether a Σ that is taken for a covariance has an eigenvalue below 0.
    """

    policy: Policy
    asymmetry: float
    faults: Mapping[str, str]
    definite: bool | None
    indefinite: bool

    @property
    def played(self) -> Policy:
        """The policy that can be played: the gains alone, if a Σ is not a covariance."""
        return attrs.evolve(self.policy, Sigma=None) if "Sigma" in self.faults else self.policy

    def fails(self, judged_by: str) -> bool:
        """Whether a Σ or P fails by itself; P matters to no gap."""
        return bool(self.faults.keys() & ({"Sigma"} if judged_by == "epsilon" else {"Sigma", "P"}))

    @classmethod
    def by(
        cls,
        solution: Any,
        game: Game,
        *,
        rounded: Collection[str] = (),
        unit: float = float(UNIT),
    ) -> Stated:
        """Read a policy, or a mapping or an object with K and optionally Sigma, P, q.

        Of the letters `rounded` any asymmetry of float64 is known to be rounding. The bound of
        others is for roundings of the relative size `unit`.

        Raises
        ------
        InputError
            Where there is no K, an entry is not a number, or a length or a shape does not fit the
            game.

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.audit.stated import Stated
        >>> game = gallery("random:N=1,m=1,p=2,T=1")
        >>> root = [[[[1, 0], [3, 1]]]]
        >>> Stated.by({"K": [[[[0], [0]]]], "Sigma": root}, game).faults["Sigma"]
        'Sigma[0][0] (agent 1, t = 0) is not symmetric: entry [0][1] is 0 but entry [1][0] is 3'
        """
        policy = policy_of(solution, game, as_stated=True)
        asymmetries, faults, kept = [0.0], {}, {}
        for letter in ("Sigma", "P"):
            if (agents := getattr(policy, letter)) is not None:
                rounding = max(_ROUNDING, math.sqrt(unit))
                rounding = sys.float_info.max if letter in rounded else rounding
                kept[letter] = _judged(agents, letter, rounding, asymmetries, faults)
        policy = attrs.evolve(policy, **kept)
        definite, indefinite = None, False
        if policy.Sigma is not None:
            every = [X for own in policy.Sigma for X in _over_time(own)]
            once = game.one_stage if game.stationary else game
            of_agents = zip(policy.Sigma, once.tau_of, strict=True)
            needed = [
                X
                for own, taus in of_agents
                for X, tau in zip(_over_time(own), taus, strict=True)
                if tau
            ] or every
            definite = "Sigma" not in faults and all(is_positive(X, strictly=True) for X in needed)
            known = "Sigma" in faults or (definite and len(needed) == len(every))
            indefinite = not (known or all(map(is_positive, every)))
        return cls(
            policy=policy,
            asymmetry=max(asymmetries),
            faults=faults,
            definite=definite,
            indefinite=indefinite,
        )


def _judged(
    agents: tuple[Any, ...],
    letter: str,
    rounding: float,
    asymmetries: list[float],
    faults: dict[str, str],
) -> tuple[Any, ...]:
    def judged(X: np.ndarray, agent: int, t: int | None) -> np.ndarray:
        where = entry_of(letter, agent) + ("" if t is None else f"[{t}]")
        try:
            with at(agent, t):
                found = judge_symmetric(X, where, semidefinite=letter == "Sigma", rounding=rounding)
        except InputError as error:
            faults.setdefault(letter, error.message)
            return X
        if found.asymmetry is not None:
            asymmetries.append(found.asymmetry / float(abs(X).max()))
        return found.matrix

    return tuple(
        tuple(judged(X, agent, t) for t, X in enumerate(own))
        if isinstance(own, tuple)
        else judged(own, agent, None)
        for agent, own in enumerate(agents, start=1)
    )


def _over_time(own: Any) -> tuple[np.ndarray, ...]:
    """An agent's matrices; the one where the horizon is infinite."""
    return own if isinstance(own, tuple) else (own,)
