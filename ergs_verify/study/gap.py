"""Every agent's gap at a joint policy, to any precision, by the gap identity of THEORY §2.

Nothing cancels in it, so a gap of 1e-30 keeps its digits where the difference of two costs does
not. Numbers are an arithmetic's own; nothing here is an enclosure.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

import numpy as np
from attrs import evolve, frozen

from ergs_verify.arithmetic.base import Matrix, Scalar
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.gap import GapFormulas, X, Z, gap_formulas
from ergs_verify.recursion import AgentSequences, Sequences, best_response, evaluate_policy
from ergs_verify.recursion.stages import Stages
from ergs_verify.recursion.written_out import WrittenOut

__all__ = ["AgentGap", "GapMeasure", "as_policy", "at_tau", "prior_policy"]


@frozen(kw_only=True)
class AgentGap:
    """One agent's gap J^i(π) − min, stage by stage.

    Attributes
    ----------
    agent : int
        Counted from 1.
    gain_parts, covariance_parts : tuple over t = 0…T−1
        What the gain and the covariance cost beyond the best response's; none is negative.
    response : AgentSequences
        The best response to the others.
    """

    agent: int
    gain_parts: tuple[Scalar, ...]
    covariance_parts: tuple[Scalar, ...]
    response: AgentSequences

    @property
    def total(self) -> Scalar:
        return sum(self.covariance_parts, start=sum(self.gain_parts))


class GapMeasure:
    """Gaps, divergences and second-order coefficients in one game, in one mpmath arithmetic.

    Parameters
    ----------
    game : Game
    arithmetic : MPMath
    formulas : Formulas, optional
    gap : GapFormulas, optional
        The derived records by default; planted faults run through the same code.
    """

    def __init__(
        self,
        game: Game,
        arithmetic: MPMath,
        *,
        formulas: Formulas | None = None,
        gap: GapFormulas | None = None,
    ):
        self.game, self.arithmetic, self.formulas = game, arithmetic, formulas
        self._stages = Stages(game, arithmetic, formulas)
        record: object = gap or gap_formulas()
        self._write = WrittenOut(record, agents=game.agents, plain=game.tau == 0)  # type: ignore[arg-type]

    @cached_property
    def start(self) -> Matrix:
        """E[x_0 x_0'], m×m."""
        mean = fractions(self.game.x0_mean[None, :])[0]
        rows = [
            [entry + a * b for entry, b in zip(row, mean, strict=True)]
            for row, a in zip(fractions(self.game.x0_cov), mean, strict=True)
        ]
        return self.arithmetic.matrix(rows, (len(mean), len(mean)))

    def gaps(self, policy: Policy) -> tuple[AgentGap, ...]:
        """Every agent's gap at a policy with definite Σ (any Σ where τ = 0), over x_0.

        Raises
        ------
        InputError
            Where the policy does not fit the game.
        NotCertifiedError
            Where τ > 0 and a Σ is not definite at this precision: the gap is infinite.
        """
        policy.validate(self.game)
        moments = self._moments(policy)
        return tuple(self._gap(policy, moments, own) for own in self._stages.agents)

    def divergences(self, policy: Policy) -> tuple[Scalar, ...]:
        """Every agent's total expected divergence from the prior, KL_i.

        It is agent i's cost in the game with Q = R = 0 and τ = 1.
        """
        only_entropy = evolve(
            self.game,
            tau_given=Fraction(1),
            Q=_zeros_like(self.game.Q),
            R=_zeros_like(self.game.R),
        )
        cost = evaluate_policy(only_entropy, policy, self.arithmetic, formulas=self.formulas)
        assert cost.q is not None  # MPMath has a logarithm
        return tuple(
            self.arithmetic.trace(self.arithmetic.multiply(P[0], self.start)) + q[0]
            for P, q in zip(cost.P, cost.q, strict=True)
        )

    def coefficients(self, equilibrium: Sequences) -> tuple[Scalar, ...]:
        """The c_i of ε_i(δ) = c_i δ² + O(δ³), at the game's NE; needs τ > 0."""
        moments = self._moments(as_policy(equilibrium, self.arithmetic))
        return tuple(self._coefficient(equilibrium, moments, own) for own in self._stages.agents)

    def answered(self, policy: Policy, gap: AgentGap) -> Policy:
        """The joint policy with one agent's part replaced by its best response."""
        answer = Sequences(K=(gap.response.K,), Sigma=(gap.response.Sigma,), P=((),), q=None)
        own = as_policy(answer, self.arithmetic)
        assert policy.Sigma is not None
        assert own.Sigma is not None
        k = gap.agent - 1
        return Policy.from_arrays(
            K=[*policy.K[:k], own.K[0], *policy.K[k + 1 :]],
            Sigma=[*policy.Sigma[:k], own.Sigma[0], *policy.Sigma[k + 1 :]],
        )

    def _gap(self, policy: Policy, moments: Sequence[Matrix], own: int) -> AgentGap:
        response = best_response(self.game, policy, own, self.arithmetic, formulas=self.formulas)
        covariance_part = "plain_covariance_part" if self.game.tau == 0 else "covariance_part"
        gains, covariances = [], []
        for t in range(self.game.horizon):
            known = self._played(policy, t).with_values(
                {X: moments[t], notation.P(own): response.P[t + 1]}
            )
            gains.append(known(self._write("gain_part", own)))
            covariances.append(known(self._write(covariance_part, own)))
        return AgentGap(
            agent=own,
            gain_parts=tuple(gains),
            covariance_parts=tuple(covariances),
            response=response,
        )

    def _coefficient(self, found: Sequences, moments: Sequence[Matrix], own: int) -> Scalar:
        size = self.game.state_size
        policy = as_policy(found, self.arithmetic)
        slope = self.arithmetic.zeros(size, size)
        total = self.arithmetic.scalar(Fraction(0))
        for t in reversed(range(self.game.horizon)):
            known = self._played(policy, t).with_values(
                {
                    X: moments[t],
                    notation.P(own): found.P[own - 1][t + 1],
                    Z.subs(notation.i, own): slope,
                }
            )
            total += known(self._write("coefficient", own))
            slope = known(self._write("cost_slope", own))
        return total

    def _moments(self, policy: Policy) -> list[Matrix]:
        """E[x_t x_t'] for t = 0…T−1."""
        moments = [self.start]
        for t in range(self.game.horizon - 1):
            known = self._played(policy, t).with_values({X: moments[-1]})
            moments.append(known(self._write("second_moment", 1)))
        return moments

    def _played(self, policy: Policy, t: int):
        """An evaluator of stage t that knows every agent's policy."""
        enter, agents = self._stages.enter, self._stages.agents
        assert policy.Sigma is not None
        return self._stages.bare(t).with_values(
            {notation.K(k): enter(policy.K[k - 1][t]) for k in agents}
            | {notation.S(k): enter(policy.Sigma[k - 1][t]) for k in agents}
        )


def at_tau(game: Game, tau: Fraction) -> Game:
    """The same game with another τ ≥ 0, such as the δ-augmented one with τ + δ."""
    return evolve(game, tau_given=tau)


def as_policy(found: Sequences, arithmetic: MPMath) -> Policy:
    """The policy of a recursion, exactly as computed; Σ is read from its upper triangle."""
    exact = arithmetic.to_fractions
    return Policy.from_arrays(
        K=[[exact(K) for K in over_time] for over_time in found.K],
        Sigma=[[_mirrored(exact(S)) for S in over_time] for over_time in found.Sigma],
    )


def prior_policy(game: Game) -> Policy:
    """Every agent at the prior: K = 0 and Σ = I, the limit of the NE as τ → ∞."""
    T, m = game.horizon, game.state_size
    return Policy.from_arrays(
        K=[[np.zeros((p, m), dtype=int)] * T for p in game.control_sizes],
        Sigma=[[np.eye(p, dtype=int)] * T for p in game.control_sizes],
    )


def _mirrored(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    size = range(len(rows))
    return [[rows[min(r, c)][max(r, c)] for c in size] for r in size]


def _zeros_like(matrices: Sequence[Sequence[np.ndarray]]) -> tuple[tuple[np.ndarray, ...], ...]:
    return tuple(
        (np.full(over_time[0].shape, Fraction(0), dtype=object),) * len(over_time)
        for over_time in matrices
    )
