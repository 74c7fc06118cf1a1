"""Gaussian expectations of quadratic forms by sigma points, over the prime field.

With covariance LL' and columns Le_k, every quadratic f has
E f = f(mean) + ½ Σ_k (f(mean + Le_k) + f(mean − Le_k) − 2 f(mean)) exactly. Nothing is expanded,
so this checks `ergs_verify.proof.moments` by other means.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from fractions import Fraction

import flint
import sympy

from ergs_verify.expressions import AgentMatrix
from ergs_verify.proof.field import PRIME, PrimeField, PrimeScalar
from ergs_verify.proof.sampling import Setting, field_values

__all__ = ["agrees_with_sigma_points"]


def agrees_with_sigma_points(
    before, after, gaussians: Mapping, *, symmetric: Iterable = (), agents: int = 3
) -> bool:
    """Whether `after` is the expectation of the scalar `before`, at a random point.

    Parameters
    ----------
    before, after : scalar SymPy expressions
    gaussians : mapping from column letters to (mean, covariance letter)
        As for `ergs_verify.proof.gaussian_expectation`; covariances must be letters.
    """
    field = PrimeField()
    rng = random.Random(5)
    moments = [m for pair in gaussians.values() for m in pair]
    setting = Setting.of(
        [before, after, *gaussians, *moments],
        symmetric=symmetric,
        agents=agents,
        size_of=lambda k: k + 2,
    )
    values = field_values(setting, rng)
    draws = _draws(setting, gaussians)
    factors = {}
    for letter, (_, covariance) in draws.items():
        rows, _ = setting.shape(letter)
        factors[letter] = field.random_matrix(rows, rows, rng)
        values[covariance] = factors[letter] * factors[letter].transpose()
    for letter, (mean, _) in draws.items():
        values[letter] = setting.value_of(mean, values, field)

    def cost(point) -> PrimeScalar:
        return setting.evaluate(point, field)[0]

    centre = cost(values)
    half = field.scalar(Fraction(1, 2))
    total = centre
    for letter, factor in factors.items():
        for k in range(factor.ncols()):
            column = flint.nmod_mat(
                factor.nrows(), 1, [factor[r, k] for r in range(factor.nrows())], PRIME
            )
            plus = cost({**values, letter: values[letter] + column})
            minus = cost({**values, letter: values[letter] - column})
            total = total + half * (plus + minus - centre - centre)
    wanted = setting.evaluate(values, field)[1]
    return (total.value, total.logs) == (wanted.value, wanted.logs)


def _draws(setting: Setting, gaussians: Mapping) -> dict:
    """Every random letter that occurs, with its agent's mean and covariance."""
    found: dict = {}
    for letter in setting.letters:
        for template, (mean, covariance) in gaussians.items():
            if letter.name != template.name:
                continue
            if isinstance(template, AgentMatrix) and isinstance(letter, AgentMatrix):
                mean = sympy.sympify(mean).subs(template.agent, letter.agent)
                covariance = covariance.subs(template.agent, letter.agent)
            found[letter] = (mean, covariance)
    return found
