"""Gaussian expectations of quartic forms by sigma points, over the prime field.

With covariance LL', columns Le_k and f_k(s) = f(mean + s Le_k), every f of degree four has
E f = f(mean) + Σ_k D_k f + Σ_{j<k} E_j E_k f exactly, where D_k f has the nodes s = 0, ±1, ±2 with
weights ½, 1/6, 1/12 (the moments 1, 3 of a normal number), less f(mean), and
E_k f = ½ (f_k(1) + f_k(−1) − 2 f_k(0)). Nothing is expanded, so this checks
`ergs_verify.proof.moments` by other means.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import reduce

import flint
import sympy

from ergs_verify.expressions import AgentMatrix
from ergs_verify.proof.field import PRIME, PrimeField, PrimeScalar
from ergs_verify.proof.sampling import Setting, field_values


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

    directions = [
        (letter, flint.nmod_mat(L.nrows(), 1, [L[r, k] for r in range(L.nrows())], PRIME))
        for letter, L in factors.items()
        for k in range(L.ncols())
    ]

    def moved(point, direction, steps: int) -> dict:
        letter, column = direction
        return {**point, letter: point[letter] + column * flint.nmod(steps, PRIME)}

    def spread(function, direction, weights: Mapping[int, Fraction]) -> Callable:
        """Σ weights · (function at ±steps, less twice the function where it is)."""

        def total(point) -> PrimeScalar:
            at = function(point)
            parts = (
                field.scalar(weight)
                * (function(moved(point, direction, k)) + function(moved(point, direction, -k)))
                - field.scalar(2 * weight) * at
                for k, weight in weights.items()
            )
            return reduce(operator.add, parts)

        return total

    half, fourth = {1: Fraction(1, 2)}, {1: Fraction(1, 6), 2: Fraction(1, 12)}
    total = cost(values)
    for k, direction in enumerate(directions):
        total = total + spread(cost, direction, fourth)(values)
        for other in directions[:k]:
            total = total + spread(spread(cost, other, half), direction, half)(values)
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
