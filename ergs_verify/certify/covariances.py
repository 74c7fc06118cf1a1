"""Covariances that rounding left a little indefinite, and what may be proved of them.

Floats are judged as floats: a C'C of deficient rank has eigenvalues a little below 0. No state has
such a covariance, and what holds of its formulas need hold of no game. Such a matrix therefore
stands for every covariance as near as those that the rule for floats accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.exact import fractions
from ergs_verify.exact.definite import forgiven, is_positive
from ergs_verify.game import Policy


def slack(covariance: np.ndarray) -> Fraction:
    """How far the covariances may lie, in the 2-norm, that a matrix stands for: 0 if it is one.

    Else 4mu times its largest row's sum, no less than 4mu times its norm.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.certify.covariances import slack
    >>> slack(np.array([[1.0, 1.0], [1.0, 1.0]]))
    Fraction(0, 1)
    >>> float(slack(np.array([[1.0, 1.0], [1.0, 1 - 2.0**-53]])))
    1.7763568394002505e-15
    """
    if is_positive(covariance):
        return Fraction(0)
    sums = (sum(map(abs, row), start=Fraction(0)) for row in fractions(covariance))
    return forgiven(len(covariance)) * max(sums)


def slacks(covariances: Sequence[np.ndarray]) -> list[Fraction]:
    """The same of each, of one that stands at several times once."""
    known = {id(X): slack(X) for X in {id(X): X for X in covariances}.values()}
    return [known[id(X)] for X in covariances]


def demand_covariances(policy: Policy) -> None:
    """A policy's Σ have to be covariances, exactly.

    Raises
    ------
    InputError
        Where one is not symmetric, as it may be in a policy that was read as stated.
    NotCertifiedError
        Where one has a negative eigenvalue, be it by rounding.
    """
    for k, over_time in enumerate(policy.Sigma or (), start=1):
        for t, Sigma in enumerate(over_time):
            if (Sigma != Sigma.T).any():
                raise InputError(f"Σ of agent {k} at t = {t} is not symmetric", "Sigma")
            if not is_positive(Sigma):
                raise NotCertifiedError(
                    f"Σ of agent {k} at t = {t} has an eigenvalue below 0, so it is not a "
                    f"covariance; give it in exact numbers"
                )
