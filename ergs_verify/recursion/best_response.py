"""One agent's best response to the policies of the others: its Riccati recursion."""

from __future__ import annotations

from ergs_verify.arithmetic.base import Arithmetic
from ergs_verify.exact import whole
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.given import given_covariances, in_state_of
from ergs_verify.recursion.records import AgentSequences
from ergs_verify.recursion.stages import Progress, Stages


def best_response(
    game: Game,
    policy: Policy,
    agent: int,
    arithmetic: Arithmetic,
    *,
    formulas: Formulas | None = None,
    progress: Progress | None = None,
) -> AgentSequences:
    """One agent's best response to the others' policies, and its cost, in any arithmetic.

    Parameters
    ----------
    game : Game
    policy : Policy
        A joint policy. The agent's own part plays no role. Without Σ it is deterministic, and
        answered in the plain game with R + (τ/2)I for R.
    agent : int
        Counted from 1.
    arithmetic : Arithmetic
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.
    progress : function of two int, optional
        Told how many stages are done, and of how many.

    Returns
    -------
    AgentSequences

    Raises
    ------
    InputError
        If there is no such agent, or the policy does not fit the game.

    Notes
    -----
    By the Riccati recursion, equation (4) of the paper with the others' gains.

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game, Policy
    >>> from ergs_verify.recursion import best_response
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]] * 2, Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=0,
    ...     noise_cov=[[0]], horizon=1)
    >>> policy = Policy.from_arrays(K=[[[[0]]], [[["-1/2"]]]])
    >>> best_response(game, policy, 1, Rationals()).K[0]
    [-1/4]
    """
    policy.validate(game)
    own = whole(agent, "agent", 1, game.agents)
    stages = Stages(game, arithmetic, formulas, deterministic=policy.Sigma is None)
    policy = in_state_of(game, policy)
    terminal = stages.terminal()
    K, Sigma, P = [], [], [terminal.P[own - 1]]
    q = None if terminal.q is None else [terminal.q[own - 1]]
    for t in reversed(range(game.horizon)):
        known = {notation.P(own): P[-1]} | _others(stages, policy, own, t)
        if q is not None:
            known[notation.q(own)] = q[-1]
        stage = stages.bare(t).with_values(known)
        K.append(stage(stages.formula("gain", own)))
        Sigma.append(stage(stages.formula("covariance", own)))
        P.append(stage(stages.formula("riccati", own)))
        if q is not None:
            answered = stage.with_values({notation.K(own): K[-1], notation.S(own): Sigma[-1]})
            q.append(stages.constant(answered, "constant", own, t))
        if progress:
            progress(game.horizon - t, game.horizon)
    return AgentSequences(
        agent=own,
        K=tuple(K[::-1]),
        Sigma=tuple(Sigma[::-1]),
        P=tuple(P[::-1]),
        q=None if q is None else tuple(q[::-1]),
    )


def _others(stages: Stages, policy: Policy, own: int, t: int) -> dict:
    Sigma = given_covariances(stages, policy, t)
    others = [k for k in stages.agents if k != own]
    return {notation.K(k): stages.enter(policy.K[k - 1][t]) for k in others} | {
        notation.S(k): Sigma[k - 1] for k in others
    }
