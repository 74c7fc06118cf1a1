"""The Nash recursion compiled: the equations of `ergs_verify.engine.equilibrium` entry by entry.

No call of numpy stands between one small matrix and the next. Of a batch of small games several go
side by side, the innermost axis of every working array, so that one instruction serves them all.
Needs numba, the extra ``compiled``; compiling takes some twenty seconds at the first call and is
kept on disk for later sessions.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import float64, int64, njit, types

from ergs_verify.engine.general import GeneralStack
from ergs_verify.engine.stacking import StackedGame

#: Games side by side: two vector registers of four float64.
SIDE = 8

#: A zero pivot gives ∞ and NaN as in numpy, and ab + c may be rounded once instead of twice.
_ARITHMETIC = {"error_model": "numpy", "fastmath": {"contract"}}
# Inlined, the loops know how many games go side by side and run along contiguous numbers.
_inner = njit(forceinline=True, **_ARITHMETIC)


def recursion(stacked: StackedGame, P: np.ndarray) -> tuple[np.ndarray, ...]:
    """K, Sigma, q, Φ and the reciprocal conditions, in the shapes of numpy's recursion.

    P holds Q, (T+1, …, N, m, m), and is overwritten with P.
    """
    T, batch, agents, p, m = stacked.horizon, stacked.batch, stacked.agents, stacked.p, stacked.m
    n, games = agents * p, math.prod(batch)
    K = np.empty((T, games, agents, p, m))
    Sigma = np.empty((T, games, agents, p, p))
    q = np.zeros((T + 1, games, agents))
    phi = np.empty((T, games, n, n))
    condition = np.empty((T, games))
    lanes = _lanes(games, n, m)
    _compiled(lanes)(
        stacked.BA.reshape(T, games, m, n + m),
        stacked.R.reshape(T, games, agents, p, p),
        stacked.noise_cov.reshape(games, m, m),
        np.broadcast_to(stacked.entropy, batch).reshape(games),
        np.array(stacked.sizes, dtype=np.int64),
        P.reshape(T + 1, games, agents, m, m),
        K,
        Sigma,
        q,
        phi,
        condition,
        (0,) * lanes,
    )
    return tuple(X.reshape(X.shape[0], *batch, *X.shape[2:]) for X in (K, Sigma, q, phi, condition))


def _lanes(games: int, n: int, m: int) -> int:
    """How many games go side by side.

    That pays where the linear systems of all fit half a first cache of 32 KiB.
    """
    return SIDE if games >= SIDE and n * (2 * n + m) * SIDE * 8 <= 2**14 else 1


@cache
def _compiled(lanes: int):
    def given(axes: int):
        return types.Array(float64, axes, "A", readonly=True)

    def written(axes: int):
        return types.Array(float64, axes, "C")

    games = (given(4), given(5), given(3), given(1), types.Array(int64, 1, "C"))
    results = (written(5), written(5), written(5), written(3), written(4), written(2))
    # The length of a tuple, unlike that of an array, is known when the loops are compiled.
    signature = types.void(*games, *results, types.UniTuple(int64, lanes))
    return njit(signature, nogil=True, cache=True, **_ARITHMETIC)(_all_games)


def _all_games(BA, R, noise_cov, entropy, sizes, P, K, Sigma, q, phi, condition, lanes):
    horizon, games, m, width = BA.shape
    agents, p = R.shape[2], R.shape[3]
    n, side = agents * p, len(lanes)
    ba, b_turned = np.empty((m, width, side)), np.empty((n, m, side))
    r, noise = np.empty((agents, p, p, side)), np.empty((m, m, side))
    later, now = np.empty((agents, m, m, side)), np.empty((agents, m, m, side))
    system, block = np.empty((n, width + n, side)), np.empty((n, n, side))
    gains, spread = np.empty((n, m, side)), np.empty((agents, p, p, side))
    rows, F, turned = np.empty((n, m, side)), np.empty((m, m, side)), np.empty((m, m + p, side))
    ahead, units, sums = (
        np.empty((m + p, m, side)),
        np.empty((n, side)),
        np.empty((max(n, m), side)),
    )
    constant, log_det = np.empty((agents, side)), np.empty(side)
    half, half_root, reciprocal = np.empty(side), np.empty(side), np.empty(side)
    for first in range(0, games, side):
        for j in range(side):
            g = min(first + j, games - 1)  # the last block repeats the last game
            half[j] = entropy[g]
            half_root[j] = math.sqrt(half[j]) if half[j] > 0 else 1.0
            for i in range(agents):
                constant[i, j] = 0
                _take(P[horizon, g, i], now[i], j)
        for t in range(horizon - 1, -1, -1):
            later, now = now, later
            for j in range(side):
                g = min(first + j, games - 1)
                _take(BA[t, g], ba, j)
                _take(noise_cov[g], noise, j)
                for i in range(agents):
                    _take(R[t, g, i], r[i], j)
                    _take(P[t, g, i], now[i], j)
            _turn(ba, b_turned, 0, lanes)
            _write_system(ba, b_turned, r, later, rows, system, block, lanes)
            _scale_rows(block, system, lanes)
            _eliminate(system, lanes)
            _reciprocal_condition(block, system, units, sums, reciprocal, lanes)
            _close_loop(ba, system, gains, F, lanes)
            _turn(F, turned, 0, lanes)
            rows[:] = 0
            for i in range(agents):
                own = slice(i * p, (i + 1) * p)
                _best_covariance(
                    block, i * p, half, half_root, sizes[i], spread[i], sums, log_det, lanes
                )
                _add_own_constant(r[i], half, sizes[i], spread[i], log_det, constant[i], lanes)
                _add_product(spread[i], b_turned[own], rows[own], lanes)
                _add_costs(later[i], F, r[i], gains[own], turned, ahead, now[i], lanes)
            _add_product(ba, rows, noise, lanes)
            for i in range(agents):
                _add_trace(noise, later[i], sums, constant[i], lanes)
            for j in range(side):
                g = min(first + j, games - 1)
                for i in range(agents):
                    _give(gains[i * p : (i + 1) * p], j, K[t, g, i])
                    _give(spread[i], j, Sigma[t, g, i])
                    _give(now[i], j, P[t, g, i])
                    q[t, g, i] = constant[i, j]
                _give(block, j, phi[t, g])
                condition[t, g] = reciprocal[j]


def general_recursion(stack: GeneralStack, P: np.ndarray) -> tuple[np.ndarray, ...]:
    """K (T, …, n, m), Φ and Φ⁻¹ (T, …, n, n) of general games.

    P holds the terminal costs, (T+1, …, N, m, m), and gets those of every stage.
    """
    T, batch, N, n, m = stack.horizon, stack.batch, stack.agents, stack.n, stack.m
    games = math.prod(batch)
    K, phi, inverse = (np.empty((T, games, n, side)) for side in (m, n, n))
    costs = P.reshape(T + 1, games, N, m, m).copy()
    lanes = _lanes(games, n, m)
    _compiled_general(lanes)(
        stack.BA.reshape(T, games, m, n + m),
        stack.own_rows.reshape(T, games, n, n + m),
        stack.H.reshape(T, games, N, m + n, m + n),
        stack.prior.reshape(T, games, N, n, n),
        stack.prior_gain.reshape(T, games, n, m),
        stack.rate.reshape(games, N),
        np.cumsum([0, *stack.sizes], dtype=np.int64),
        costs,
        K,
        phi,
        inverse,
        (0,) * lanes,
    )
    P[...] = costs.reshape(P.shape)
    return tuple(X.reshape(T, *batch, *X.shape[2:]) for X in (K, phi, inverse))


@cache
def _compiled_general(lanes: int):
    def given(axes: int):
        return types.Array(float64, axes, "A", readonly=True)

    games = (*map(given, (4, 4, 5, 5, 4, 2)), types.Array(int64, 1, "C"))
    results = tuple(types.Array(float64, axes, "C") for axes in (5, 4, 4, 4))
    signature = types.void(*games, *results, types.UniTuple(int64, lanes))
    return njit(signature, nogil=True, cache=True, **_ARITHMETIC)(_all_general_games)


def _all_general_games(BA, own, H, prior, gain, rate, ends, P, K, phi, inverse, lanes):
    horizon, games, m, width = BA.shape
    agents, n, side = P.shape[2], K.shape[2], len(lanes)
    ba, b_turned = np.empty((m, width, side)), np.empty((n, m, side))
    later, now = np.empty((agents, m, m, side)), np.empty((agents, m, m, side))
    system, block = np.empty((n, width + n, side)), np.empty((n, n, side))
    rows, gains, F = np.empty((n, m, side)), np.empty((n, m, side)), np.empty((m, m, side))
    # Of (x, u) under the gains, of (u − Mx, x_{t+1}), and of what both cost.
    played, off = np.empty((width, m, side)), np.empty((n, m, side))
    turned, cost = np.empty((m, width, side)), np.empty((width, width, side))
    ahead, form = np.empty((width, m, side)), np.empty((m, m, side))
    for first in range(0, games, side):
        for j in range(side):
            for i in range(agents):
                _take(P[horizon, min(first + j, games - 1), i], now[i], j)
        for t in range(horizon - 1, -1, -1):
            later, now = now, later
            system[:] = 0
            for j in range(side):
                g = min(first + j, games - 1)  # the last block repeats the last game
                _take(BA[t, g], ba, j)
                _take(own[t, g], system, j)
                _take(gain[t, g], off, j)
            _turn(ba, b_turned, 0, lanes)
            rows[:] = 0
            for i in range(agents):
                part = slice(ends[i], ends[i + 1])
                _add_product(b_turned[part], later[i], rows[part], lanes)
                for j in range(side):
                    rate_i = rate[min(first + j, games - 1), i]
                    for a in range(ends[i], ends[i + 1]):
                        for b in range(m):
                            rows[a, b, j] *= rate_i
            _add_product(rows, ba, system, lanes)
            for a in range(n):
                for j in range(side):
                    for b in range(n):
                        block[a, b, j] = system[a, b, j]
                    system[a, width + a, j] = 1
            _scale_rows(block, system, lanes)
            _eliminate(system, lanes)
            _close_loop(ba, system, gains, F, lanes)
            played[:] = 0
            for j in range(side):
                for a in range(m):
                    played[a, a, j] = 1
                for a in range(n):
                    for b in range(m):
                        played[m + a, b, j] = gains[a, b, j]
                        off[a, b, j] = gains[a, b, j] - off[a, b, j]
            for i in range(agents):
                now[i] = 0
                for j in range(side):
                    _take(H[t, min(first + j, games - 1), i], cost, j)
                _add_form(cost, played, turned, ahead, now[i], lanes)
                for j in range(side):
                    _take(prior[t, min(first + j, games - 1), i], cost, j)
                _add_form(cost[:n, :n], off, turned, ahead, now[i], lanes)
                form[:] = 0
                _add_form(later[i], F, turned, ahead, form, lanes)
                for j in range(side):
                    rate_i = rate[min(first + j, games - 1), i]
                    for a in range(m):
                        for b in range(m):
                            now[i, a, b, j] += rate_i * form[a, b, j]
                _symmetrise(now[i], lanes)
            for j in range(side):
                g = min(first + j, games - 1)
                _give(gains, j, K[t, g])
                _give(block, j, phi[t, g])
                _give(system[:, width:], j, inverse[t, g])
                for i in range(agents):
                    _give(now[i], j, P[t, g, i])


@_inner
def _take(matrix, side_by_side, j):
    for a in range(matrix.shape[0]):
        for b in range(matrix.shape[1]):
            side_by_side[a, b, j] = matrix[a, b]


@_inner
def _give(side_by_side, j, matrix):
    for a in range(matrix.shape[0]):
        for b in range(matrix.shape[1]):
            matrix[a, b] = side_by_side[a, b, j]


@_inner
def _turn(matrix, turned, start, lanes):
    """The transposed matrix, as many rows as fit, from column `start` on."""
    for a in range(len(turned)):
        for b in range(len(matrix)):
            for j in range(len(lanes)):
                turned[a, start + b, j] = matrix[b, a, j]


@_inner
def _add_product(X, Y, Z, lanes):
    """XY is added to Z, four rows of Y at a time so that Z is read and written less often."""
    fours = len(Y) - len(Y) % 4
    for a in range(len(Z)):
        for k in range(0, fours, 4):
            for b in range(Y.shape[1]):
                for j in range(len(lanes)):
                    Z[a, b, j] += (
                        X[a, k, j] * Y[k, b, j]
                        + X[a, k + 1, j] * Y[k + 1, b, j]
                        + X[a, k + 2, j] * Y[k + 2, b, j]
                        + X[a, k + 3, j] * Y[k + 3, b, j]
                    )
        for k in range(fours, len(Y)):
            for b in range(Y.shape[1]):
                for j in range(len(lanes)):
                    Z[a, b, j] += X[a, k, j] * Y[k, b, j]


@_inner
def _write_system(ba, b_turned, r, later, rows, system, block, lanes):
    """[Φ rhs I], and Φ once more in `block`."""
    agents, p, width = r.shape[0], r.shape[1], ba.shape[1]
    rows[:] = 0
    system[:] = 0
    for i in range(agents):
        own = slice(i * p, (i + 1) * p)
        _add_product(b_turned[own], later[i], rows[own], lanes)
    _add_product(rows, ba, system, lanes)
    for a in range(agents * p):
        i, k = a // p, a % p
        for b in range(p):
            for j in range(len(lanes)):
                system[a, i * p + b, j] += r[i, k, b, j]
        for b in range(agents * p):
            for j in range(len(lanes)):
                block[a, b, j] = system[a, b, j]
        for j in range(len(lanes)):
            system[a, width + a, j] = 1


@_inner
def _scale_rows(block, system, lanes):
    """Every row of the system times its `ergs_verify.engine.equilibrium.row_scales`."""
    n, width = system.shape[0], system.shape[1]
    for j in range(len(lanes)):
        first = 1.0
        for a in range(n):
            largest = 0.0
            for b in range(n):
                largest = max(largest, abs(block[a, b, j]))
            first = first if a else largest
            scale = math.ldexp(1.0, -math.frexp(largest / first)[1])
            for b in range(width):
                system[a, b, j] *= scale


@_inner
def _eliminate(system, lanes):
    """[X Y] becomes [… X⁻¹Y], with partial pivoting in each game for itself."""
    n, width = system.shape[0], system.shape[1]
    for k in range(n):
        for j in range(len(lanes)):
            pivot = k
            for a in range(k + 1, n):
                if abs(system[a, k, j]) > abs(system[pivot, k, j]):
                    pivot = a
            if pivot != k:
                for b in range(k, width):
                    system[k, b, j], system[pivot, b, j] = system[pivot, b, j], system[k, b, j]
        for a in range(k + 1, n):
            for j in range(len(lanes)):
                system[a, k, j] /= system[k, k, j]
            for b in range(k + 1, width):
                for j in range(len(lanes)):
                    system[a, b, j] -= system[a, k, j] * system[k, b, j]
    for k in range(n - 1, -1, -1):
        for b in range(n, width):
            for j in range(len(lanes)):
                system[k, b, j] /= system[k, k, j]
        for a in range(k):
            for b in range(n, width):
                for j in range(len(lanes)):
                    system[a, b, j] -= system[a, k, j] * system[k, b, j]


@_inner
def _reciprocal_condition(block, system, units, sizes, reciprocal, lanes):
    n, start = len(block), system.shape[1] - len(block)
    for a in range(n):
        for j in range(len(lanes)):
            units[a, j] = 1 / math.sqrt(block[a, a, j])
    for a in range(n):
        for j in range(len(lanes)):
            sizes[a, j] = 0
        for b in range(n):
            for j in range(len(lanes)):
                sizes[a, j] += abs(block[a, b, j]) * units[b, j]
    for j in range(len(lanes)):
        reciprocal[j] = np.inf
        for a in range(n):
            reached = 0.0
            for b in range(n):
                reached += abs(system[a, start + b, j]) * sizes[b, j]
            ratio = units[a, j] / reached
            if ratio < reciprocal[j] or math.isnan(ratio):
                reciprocal[j] = ratio


@_inner
def _close_loop(ba, system, gains, F, lanes):
    """K = −Φ⁻¹rhs and F = A + Σ_j B^jK^j."""
    n, m = gains.shape[0], gains.shape[1]
    for a in range(n):
        for b in range(m):
            for j in range(len(lanes)):
                gains[a, b, j] = -system[a, n + b, j]
    for a in range(m):
        for b in range(m):
            for j in range(len(lanes)):
                F[a, b, j] = ba[a, n + b, j]
    _add_product(ba, gains, F, lanes)


@_inner
def _best_covariance(block, start, half, half_root, size, spread, column, log_det, lanes):
    """Σ = (τ/2)W⁻¹ by Gauss-Jordan elimination, and log|Σ|, finite where τ = 0 as well."""
    p = len(spread)
    for a in range(p):
        for b in range(p):
            for j in range(len(lanes)):
                twice = block[start + a, start + b, j] + block[start + b, start + a, j]
                spread[a, b, j] = 0.5 * twice
    log_det[:] = 0
    for k in range(p):
        if k < size:
            for j in range(len(lanes)):
                log_det[j] += 2 * math.log(half_root[j] / math.sqrt(spread[k, k, j]))
        for j in range(len(lanes)):
            root = math.sqrt(spread[k, k, j])
            for a in range(p):
                column[a, j] = spread[a, k, j] / root
        for a in range(p):
            for b in range(p):
                for j in range(len(lanes)):
                    spread[a, b, j] -= column[a, j] * column[b, j]
        for a in range(p):
            for j in range(len(lanes)):
                spread[a, k, j] = spread[k, a, j] = column[a, j] / column[k, j]
        for j in range(len(lanes)):
            spread[k, k, j] = -1 / (column[k, j] * column[k, j])
    for a in range(p):
        for b in range(p):
            for j in range(len(lanes)):
                spread[a, b, j] *= -half[j] if a < size and b < size else 0.0


@_inner
def _add_own_constant(r, half, size, spread, log_det, constant, lanes):
    """Tr(ΣR̃) − (τ/2)(p + log|Σ|)."""
    for a in range(len(r)):
        for b in range(len(r)):
            for j in range(len(lanes)):
                constant[j] += spread[a, b, j] * r[a, b, j]
    for j in range(len(lanes)):
        constant[j] -= half[j] * (size + log_det[j])


@_inner
def _add_trace(noise, later, sums, constant, lanes):
    """Tr(NP_{t+1}) of symmetric matrices; the columns' sums depend on no other and go at once."""
    m = len(noise)
    sums[:] = 0
    for a in range(m):
        for b in range(m):
            for j in range(len(lanes)):
                sums[b, j] += noise[a, b, j] * later[a, b, j]
    for b in range(1, m):
        for j in range(len(lanes)):
            sums[0, j] += sums[b, j]
    for j in range(len(lanes)):
        constant[j] += sums[0, j]


@_inner
def _add_costs(later, F, r, gain, turned, ahead, now, lanes):
    """Q becomes P = Q + [F' K'] [P_{t+1}F; R̃K], symmetrised; F' stands in `turned` already."""
    m = len(F)
    ahead[:] = 0
    _add_product(later, F, ahead[:m], lanes)
    _add_product(r, gain, ahead[m:], lanes)
    _turn(gain, turned, m, lanes)
    _add_product(turned, ahead, now, lanes)
    _symmetrise(now, lanes)


@_inner
def _add_form(X, Y, turned, ahead, total, lanes):
    """Y'XY is added."""
    rows = len(Y)
    ahead[:rows] = 0
    _add_product(X, Y, ahead[:rows], lanes)
    _turn(Y, turned[:, :rows], 0, lanes)
    _add_product(turned[:, :rows], ahead[:rows], total, lanes)


@_inner
def _symmetrise(X, lanes):
    """X becomes (X + X')/2."""
    for a in range(len(X)):
        for b in range(a):
            for j in range(len(lanes)):
                X[a, b, j] = X[b, a, j] = 0.5 * (X[a, b, j] + X[b, a, j])
