"""What the recursions return, in the arithmetic's own matrices and scalars."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from ergs_verify.arithmetic.base import Matrix, Scalar
from ergs_verify.game import Policy


@frozen(kw_only=True)
class Stage:
    """One stage of all agents: K_t, Σ_t and what they hand back, P_t and q_t."""

    K: tuple[Matrix, ...]
    Sigma: tuple[Matrix, ...]
    P: tuple[Matrix, ...]
    q: tuple[Scalar, ...] | None


@frozen(kw_only=True)
class Sequences:
    """A joint policy and its costs, in the matrices and scalars of an arithmetic.

    Attributes
    ----------
    K, Sigma : ``[i][t]``, p_i×m and p_i×p_i for agents i = 0…N−1 and t = 0…T−1
    P : ``[i][t]``, m×m for t = 0…T
    q : ``[i][t]``, T+1 numbers, or None
        None if the arithmetic has no logarithm and τ > 0.
    k, s : ``[i][t]``, p_i×1 and m×1, or None
        None unless they were told apart from K and P, as in a game with affine terms.

    Notes
    -----
    The letters are those of :doc:`/explanation/theory`.
    """

    K: tuple[tuple[Matrix, ...], ...]
    Sigma: tuple[tuple[Matrix, ...], ...]
    P: tuple[tuple[Matrix, ...], ...]
    q: tuple[tuple[Scalar, ...], ...] | None
    k: tuple[tuple[Matrix, ...], ...] | None = None
    s: tuple[tuple[Matrix, ...], ...] | None = None

    def as_policy(self, arithmetic) -> Policy:
        """The policy with exactly these numbers; Σ is made exactly symmetric.

        Parameters
        ----------
        arithmetic : Float64, MPMath or Rationals
            The one in which they were computed.

        Returns
        -------
        Policy

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.arithmetic import Float64
        >>> from ergs_verify.recursion import nash
        >>> nash(gallery("g-star-2"), Float64()).as_policy(Float64())
        Policy(N=2, T=1, Gaussian)
        """
        return Policy.from_arrays(
            K=[[arithmetic.to_fractions(X) for X in agent] for agent in self.K],
            Sigma=[[_symmetric(arithmetic.to_fractions(X)) for X in agent] for agent in self.Sigma],
        )

    @classmethod
    def from_backwards(cls, terminal: Stage, stages: Iterable[Stage]) -> Sequences:
        """Sequences from the terminal stage (of which P and q count) and t = T−1, …, 0."""
        played = list(stages)[::-1]
        with_end = [*played, terminal]
        return cls(
            K=_by_agent(stage.K for stage in played),
            Sigma=_by_agent(stage.Sigma for stage in played),
            P=_by_agent(stage.P for stage in with_end),
            q=None
            if terminal.q is None
            else _by_agent(stage.q for stage in with_end if stage.q is not None),
        )


@frozen(kw_only=True)
class AgentSequences:
    """One agent's policy and cost, in the matrices and scalars of an arithmetic.

    Attributes
    ----------
    agent : int
        Counted from 1.
    K, Sigma : ``[t]``, p_i×m and p_i×p_i for t = 0…T−1
    P : ``[t]``, m×m for t = 0…T
    q : ``[t]``, T+1 numbers, or None
        None if the arithmetic has no logarithm and τ > 0.
    """

    agent: int
    K: tuple[Matrix, ...]
    Sigma: tuple[Matrix, ...]
    P: tuple[Matrix, ...]
    q: tuple[Scalar, ...] | None


def _by_agent(stages: Iterable[tuple]) -> tuple[tuple, ...]:
    return tuple(zip(*stages, strict=True))


def _symmetric(rows: list[list]) -> list[list]:
    return [[(rows[r][c] + rows[c][r]) / 2 for c in range(len(rows))] for r in range(len(rows))]
