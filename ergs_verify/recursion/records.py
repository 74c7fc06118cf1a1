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
    """A joint policy and its costs, all agents and times.

    Attributes
    ----------
    K, Sigma : ``[i][t]`` for agents i = 0…N−1 and t = 0…T−1
    P : ``[i][t]`` for t = 0…T
    q : ``[i][t]`` for t = 0…T, or None where the arithmetic has no logarithm and τ > 0
    k, s : ``[i][t]`` of one column, or None
        Where they were told apart from K and P (`ergs_verify.recursion.affine`).
    """

    K: tuple[tuple[Matrix, ...], ...]
    Sigma: tuple[tuple[Matrix, ...], ...]
    P: tuple[tuple[Matrix, ...], ...]
    q: tuple[tuple[Scalar, ...], ...] | None
    k: tuple[tuple[Matrix, ...], ...] | None = None
    s: tuple[tuple[Matrix, ...], ...] | None = None

    def as_policy(self, arithmetic) -> Policy:
        """The joint policy with exactly these numbers; Σ made exactly symmetric.

        `arithmetic` must know its numbers exactly (``to_fractions``).
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
    """One agent's policy and cost: K[t] and Sigma[t] for t = 0…T−1, P[t] and q[t] for t = 0…T.

    `agent` counts from 1; `q` is None where the arithmetic has no logarithm and τ > 0.
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
