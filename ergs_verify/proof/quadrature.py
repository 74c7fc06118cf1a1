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
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import reduce
from itertools import combinations, product

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
    columns: list[tuple] = []
    for letter, (_, covariance) in draws.items():
        rows, _ = setting.shape(letter)
        L = field.random_matrix(rows, rows, rng)
        values[covariance] = L * L.transpose()
        each = ([L[r, k] for r in range(rows)] for k in range(rows))
        columns += [(letter, flint.nmod_mat(rows, 1, column, PRIME)) for column in each]
    for letter, (mean, _) in draws.items():
        values[letter] = setting.value_of(mean, values, field)

    def cost(steps: _Steps) -> PrimeScalar:
        point = dict(values)
        for k, step in steps:
            letter, column = columns[k]
            point[letter] = point[letter] + column * flint.nmod(step, PRIME)
        return setting.evaluate(point, field)[0]

    weights: dict[_Steps, Fraction] = defaultdict(Fraction, {(): Fraction(1)})
    for k in range(len(columns)):
        for steps, weight in _spread(k, _FOURTH).items():
            weights[steps] += weight
    for pair in combinations(range(len(columns)), 2):
        for (one, a), (other, b) in product(*(_spread(k, _SECOND).items() for k in pair)):
            weights[one + other] += a * b
    total = reduce(operator.add, (field.scalar(w) * cost(at) for at, w in weights.items() if w))
    wanted = setting.evaluate(values, field)[1]
    return (total.value, total.logs) == (wanted.value, wanted.logs)


_Steps = tuple[tuple[int, int], ...]
"""How far along which columns."""
_SECOND = {1: Fraction(1, 2)}
_FOURTH = {1: Fraction(1, 6), 2: Fraction(1, 12)}


def _spread(k: int, weights: Mapping[int, Fraction]) -> dict[_Steps, Fraction]:
    """Σ weights · (f_k(s) + f_k(−s) − 2 f_k(0)), as weights of points."""
    sides: dict[_Steps, Fraction] = {
        ((k, sign * s),): w for s, w in weights.items() for sign in (1, -1)
    }
    return {**sides, (): -sum(sides.values(), Fraction())}


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
