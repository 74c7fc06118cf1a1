"""Conventions of a solver that differ from this package's, declared instead of edited away."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from ergs_verify.answer import time_first
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game import FloatGame, Game
from ergs_verify.game.policy import Policy


@frozen(kw_only=True)
class Conventions:
    """How a solver's letters differ from this package's.

    Here u = Kx, the costs are x'Qx + u'Ru + τ log(π/μ), equation (2), and the values x'Px + q.

    Attributes
    ----------
    negative_gain : bool
        Its policy is u = −Kx.
    half_costs : bool
        It minimises the sum of ½x'Qx + ½u'Ru + τ log(π/μ). It is handed τ/2 for τ, so that its cost
        is half the game's, with the same equilibrium; its P, s and q are then doubled.
    half_values : bool
        Its value is ½x'Px + s'x + q; its P and s are then halved. Most textbooks have this together
        with `half_costs`: then P and s stay as they are, and q is doubled.
    tau_in_R : bool
        It solves plain LQ games. It is handed R + (τ/2)I for R, rounded to float64, and 0 for τ; by
        equation (20) its K and P are then those of the game. In a game with priors N(Mx, Λ) the
        term (τ/2)(u − Mx)'Λ⁻¹(u − Mx) goes into the costs; priors whose mean at x = 0 is not 0 are
        not supported.
    time_last : bool
        Its K, Sigma and P are arrays with the time axis last, (p_i, m, T). Do not declare it for
        MAT files, in which the time axis is last anyway.

    Examples
    --------
    >>> from ergs_verify.audit.conventions import Conventions
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.game.policy import Policy
    >>> textbook = Conventions(negative_gain=True, half_costs=True, half_values=True)
    >>> textbook.handed(gallery("g-star-2")).tau
    1.0
    >>> given = Policy.from_arrays(K=[[[[3]]]], P=[[[[5]], [[7]]]], q=[[1, 0]])
    >>> policy = textbook.applied(given)
    >>> print(policy.K[0][0][0, 0], policy.P[0][0][0, 0], policy.q[0][0])
    -3 5 2
    """

    negative_gain: bool = False
    half_costs: bool = False
    half_values: bool = False
    tau_in_R: bool = False
    time_last: bool = False

    @classmethod
    def named(cls, names: str | Iterable[str]) -> Conventions:
        """The conventions that words such as ``negative-gain`` declare.

        Parameters
        ----------
        names : str or iterable of str
            One word or several: the attributes above with ``-`` for ``_``.

        Returns
        -------
        Conventions

        Raises
        ------
        InputError
            If a word is unknown; the message suggests the nearest known one.

        Examples
        --------
        >>> from ergs_verify.audit.conventions import Conventions
        >>> Conventions.named(["tau-in-R"]).tau_in_R
        True
        """
        known = {field.name.replace("_", "-"): field.name for field in attrs.fields(cls)}
        declared = {}
        for name in [names] if isinstance(names, str) else names:
            if name not in known:
                nearest = difflib.get_close_matches(name[:50], known, n=1, cutoff=0.0)[0]
                raise InputError(
                    f"{quoted(name)} is not a convention; the conventions are "
                    f"{', '.join(known)}, and the nearest is {quoted(nearest)}",
                    "convention",
                )
            declared[known[name]] = True
        return cls(**declared)

    def __bool__(self) -> bool:
        return any(attrs.astuple(self))

    def handed(self, game: Game) -> FloatGame:
        """The float64 arrays that the solver gets for a game."""
        arrays = game.floats()
        if self.tau_in_R and any(game.entropic):
            if game.prior_mean is not None:
                raise InputError(
                    "the convention tau-in-R does not apply to a game in which a prior has a "
                    "mean, because it would leave a constant cost, which a game cannot state",
                    "convention",
                )
            _put_tau_into_costs(arrays)
        elif self.half_costs:
            if arrays.tau is not None:
                arrays.tau /= 2
            arrays.tau_of = arrays.tau_of and tuple(own / 2 for own in arrays.tau_of)
        return arrays

    def time_first(self, entries: Any, axes: int = 2) -> Any:
        """One agent's nested lists of matrices, or of vectors with one of the axes, over time, with
        the time axis first."""
        return time_first(entries, axes) if self.time_last else entries

    def applied(self, policy: Policy) -> Policy:
        """The solver's policy and values in the game's conventions."""
        sign = -1 if self.negative_gain else 1
        whole = 2 if self.half_costs else 1
        halves = 2 if self.half_values else 1
        return attrs.evolve(
            policy,
            Sigma=None if self.tau_in_R and _is_zero(policy.Sigma) else policy.Sigma,
            K=_each(policy.K, sign),
            k=_each(policy.k, sign),
            P=_each(policy.P, whole, halves),
            s=_each(policy.s, whole, halves),
            q=policy.q and tuple(_scaled(values, whole) for values in policy.q),
        )


def _put_tau_into_costs(arrays: FloatGame) -> None:
    """Adds (τ/2)(u − Mx)'Λ⁻¹(u − Mx) to each stage's cost; τ is 0 then, and the prior gone."""
    if not arrays.general:
        arrays.R = tuple(R + arrays.tau / 2 * np.eye(R.shape[-1]) for R in arrays.R)
        arrays.tau = 0.0
        return
    stages = slice(None) if arrays.A.ndim == 2 else slice(arrays.horizon)
    start = 0
    for i, (tau, M, cov) in enumerate(
        zip(arrays.tau_of, arrays.prior_gain, arrays.prior_cov, strict=True)
    ):
        own = slice(start, start := start + M.shape[-2])
        weight = tau[..., None, None] / 2 * np.linalg.inv(cov)
        slope = weight @ M
        arrays.R[i][...] += weight
        arrays.joint_R[i][..., own, own] += weight
        arrays.joint_S[i][..., own, :] -= slope
        arrays.Q[i][stages] += np.swapaxes(M, -1, -2) @ slope
        M[...], cov[...] = 0.0, np.eye(M.shape[-2])
    arrays.tau, arrays.tau_of = 0.0, tuple(map(np.zeros_like, arrays.tau_of))


def _each(agents: Any, factor: int, divisor: int = 1) -> Any:
    """What a policy states of a letter, if it does, times factor/divisor."""
    return agents and tuple(_scaled(own, factor, divisor) for own in agents)


def _is_zero(Sigma: tuple[Any, ...] | None) -> bool:
    """Whether all covariances are 0, which is right at the τ = 0 that the solver was handed."""
    return Sigma is not None and not any(np.any(X) for own in Sigma for X in own)


def _scaled(own: Any, factor: int, divisor: int = 1) -> Any:
    """factor/divisor times floats or rationals, an array, one or many over time: exact for powers
    of 2."""
    if isinstance(own, tuple):
        return tuple(_scaled(X, factor, divisor) for X in own)
    scaled = own * factor / divisor
    if isinstance(scaled, np.ndarray):
        scaled.flags.writeable = False
    return scaled
