"""The metric ‖·‖_□ of Section IV between joint policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ergs_verify.engine.stacking import common_batch
from ergs_verify.errors import InputError


class JointPolicy(Protocol):
    """Anything with K and Sigma, lists over agents of (…, T, p_i, m) and (…, T, p_i, p_i)."""

    @property
    def K(self) -> Sequence[np.ndarray]: ...
    @property
    def Sigma(self) -> Sequence[np.ndarray] | None: ...


def stage_distances(first: JointPolicy, second: JointPolicy) -> np.ndarray:
    """The distance of two joint policies at every stage.

    Parameters
    ----------
    first, second : objects with K and Sigma, such as EngineSolution
        K : sequence over agents of (…, T, p_i, m). Sigma : sequence over agents of
        (…, T, p_i, p_i), or None for a deterministic policy, which counts as 0. If both have k,
        sequence over agents of (…, T, p_i), it counts too.

    Returns
    -------
    array (…, T)
        ‖S_t − S'_t‖_□ = Σ_i ‖K_t^i − K'_t^i‖_F + ‖Σ_t^i − Σ'_t^i‖_F.

    Raises
    ------
    InputError
        If the policies differ in agents or shapes, or their batch axes do not fit.

    Notes
    -----
    The norm of Theorem IV.2 of the paper.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> one, zero = np.ones((2, 1, 1)), np.zeros((2, 1, 1))
    >>> stage_distances(SimpleNamespace(K=[one], Sigma=[one]),
    ...                 SimpleNamespace(K=[zero], Sigma=None))
    array([2., 2.])
    """
    total, batches = np.zeros(()), {}
    for letter, ours, theirs in (
        ("K", first.K, second.K),
        ("Sigma", *_covariances(first, second)),
        ("k", *_constants(first, second)),
    ):
        if len(ours) != len(theirs):
            raise InputError(
                f"the number of agents in {letter} is {len(ours)} in one policy and "
                f"{len(theirs)} in the other",
                letter,
            )
        for i, (X, Y) in enumerate(zip(ours, theirs, strict=True)):
            if X.shape[-3:] != Y.shape[-3:]:
                raise InputError(
                    f"{letter} of agent {i + 1} has shape {X.shape} in one policy and {Y.shape} "
                    "in the other",
                    f"{letter}[{i}]",
                )
            for which, Z in (("one", X), ("the other", Y)):
                batches[f"{letter} of agent {i + 1} in {which} policy"] = Z.shape[:-3]
            common_batch(batches)
            with np.errstate(all="ignore"):  # policies that diverged hold infinities
                difference = np.subtract(X, Y, dtype=float)
                total = total + np.linalg.norm(difference, axis=(-2, -1))
    return total


def policy_distance(first: JointPolicy, second: JointPolicy) -> np.ndarray:
    """The distance of two joint policies: the sum of `stage_distances` over time.

    Parameters
    ----------
    first, second : objects with K and Sigma, such as EngineSolution
        K : sequence over agents of (…, T, p_i, m). Sigma : sequence over agents of
        (…, T, p_i, p_i), or None.

    Returns
    -------
    array (…)
        Σ_t ‖S_t − S'_t‖_□, of the shape of the batch.

    Raises
    ------
    InputError
        If the policies differ in agents or shapes, or their batch axes do not fit.

    Notes
    -----
    The distance of Theorem IV.2 of the paper.

    Examples
    --------
    >>> from ergs_verify import engine, gallery
    >>> game = gallery("lqr").floats()
    >>> found = engine.nash(game)
    >>> float(engine.policy_distance(found, found))
    0.0
    """
    with np.errstate(all="ignore"):
        return stage_distances(first, second).sum(-1)


def _constants(first: JointPolicy, second: JointPolicy):
    """The constants of both policies as columns; none where one policy has none."""
    ours, theirs = (getattr(policy, "k", None) for policy in (first, second))
    if ours is None or theirs is None:
        return (), ()
    return tuple([np.asarray(k_i)[..., None] for k_i in k] for k in (ours, theirs))


def _covariances(first: JointPolicy, second: JointPolicy):
    if first.Sigma is None and second.Sigma is None:
        return (), ()
    ours, theirs = first.Sigma, second.Sigma
    if ours is None:
        ours = [np.zeros_like(X) for X in theirs or ()]
    if theirs is None:
        theirs = [np.zeros_like(X) for X in ours]
    return ours, theirs
