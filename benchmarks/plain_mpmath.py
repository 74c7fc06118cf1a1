"""What one would write in mpmath, uncertified: equilibrium, gaps, check and thresholds of τ.

Games are constant over time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

from attrs import frozen
from mpmath import MPContext

from ergs_verify.game import FloatGame

#: A threshold of τ is bracketed within this factor, in 4 digits as `ergs_verify.check` gives it.
_NEAR = 1.001
#: No failure is sought at a τ smaller than this.
_LOWEST = 1e-12


class _Entered:
    """A game's numbers at a precision of its own."""

    def __init__(self, game: FloatGame, digits: int):
        mp = self.mp = MPContext()
        mp.dps = digits

        def enter(X):
            return mp.matrix(X.tolist())

        self.A, self.noise = enter(game.A[0]), enter(game.noise_cov)
        self.B, self.R = [[enter(X[0]) for X in letter] for letter in (game.B, game.R)]
        self.Q = [enter(X[0]) for X in game.Q]
        self.horizon, self.tau = game.horizon, mp.mpf(game.tau)
        self.agents = range(len(self.B))
        self.sizes = [X.cols for X in self.B]
        #: Where each agent's controls begin and end among all of them.
        self.places = list(pairwise(accumulate(self.sizes, initial=0)))

    def weights(self, tau):
        """R + (τ/2)I of every agent."""
        return [R + tau / 2 * self.mp.eye(R.rows) for R in self.R]


@frozen(kw_only=True)
class _Stage:
    """Φ, the costs P of the stage ahead, the gains K, and the costs P of the stage itself."""

    phi: object
    ahead: list
    K: list
    P: list


def _backwards(game: _Entered, tau) -> Iterator[_Stage]:
    """The equilibrium's stages t = T−1, …, 0 at some τ."""
    mp, A, B, n = game.mp, game.A, game.B, sum(game.sizes)
    weights, P = game.weights(tau), list(game.Q)
    for _ in range(game.horizon):
        phi, rhs = mp.zeros(n), mp.zeros(n, A.rows)
        for i, (top, bottom) in zip(game.agents, game.places, strict=True):
            pushed = B[i].T * P[i]
            for j, (left, right) in zip(game.agents, game.places, strict=True):
                block = pushed * B[j]
                phi[top:bottom, left:right] = block + weights[i] if i == j else block
            rhs[top:bottom, :] = -(pushed * A)
        gains = mp.inverse(phi) * rhs
        K = [gains[top:bottom, :] for top, bottom in game.places]
        F = A + _total(B[i] * K[i] for i in game.agents)
        ahead = P
        P = [game.Q[i] + K[i].T * weights[i] * K[i] + F.T * P[i] * F for i in game.agents]
        yield _Stage(phi=phi, ahead=ahead, K=K, P=P)


def nash(game: FloatGame, digits: int):
    """K, Σ, P, q of every stage, by the recursions as they stand."""
    numbers = _Entered(game, digits)
    mp, B, sizes, half_tau = numbers.mp, numbers.B, numbers.sizes, numbers.tau / 2
    weights, agents = numbers.weights(numbers.tau), numbers.agents
    q, found = [mp.mpf(0) for _ in agents], []
    for stage in _backwards(numbers, numbers.tau):
        P = stage.ahead
        Sigma = [half_tau * mp.inverse(weights[i] + B[i].T * P[i] * B[i]) for i in agents]
        spread = numbers.noise + _total(B[i] * Sigma[i] * B[i].T for i in agents)
        q = [
            q[i]
            + _trace(weights[i] * Sigma[i])
            - half_tau * (sizes[i] + mp.log(mp.det(Sigma[i])))
            + _trace(P[i] * spread)
            for i in agents
        ]
        found.append((stage.K, Sigma, stage.P, q))
    return found[::-1]


def gaps(game: FloatGame, K, Sigma, digits: int):
    """Every agent's gap by the gap identity; K[i][t] and Sigma[i][t] are float64."""
    numbers = _Entered(game, digits)
    mp, A, B, Q, half_tau = numbers.mp, numbers.A, numbers.B, numbers.Q, numbers.tau / 2
    weights, agents = numbers.weights(numbers.tau), numbers.agents
    gains = [[mp.matrix(X.tolist()) for X in agent] for agent in K]
    covariances = [[mp.matrix(X.tolist()) for X in agent] for agent in Sigma]
    moments = [mp.matrix(game.x0_cov.tolist())]
    loops = []
    for t in range(game.horizon):
        loops.append(A + _total(B[i] * gains[i][t] for i in agents))
        spread = numbers.noise + _total(B[i] * covariances[i][t] * B[i].T for i in agents)
        moments.append(loops[t] * moments[t] * loops[t].T + spread)
    totals = []
    for i in agents:
        P, total = Q[i], mp.mpf(0)
        for t in reversed(range(game.horizon)):
            others = loops[t] - B[i] * gains[i][t]
            W = weights[i] + B[i].T * P * B[i]
            best = -(mp.inverse(W) * (B[i].T * P * others))
            off = gains[i][t] - best
            M = W * covariances[i][t] / half_tau
            total += _trace(W * off * moments[t] * off.T)
            total += half_tau * (_trace(M) - M.rows - mp.log(mp.det(M)))
            F = others + B[i] * best
            P = Q[i] + best.T * weights[i] * best + F.T * P * F
        totals.append(total)
    return totals


@frozen(kw_only=True)
class Check:
    """The conditions that `ergs_verify.check` decides, stage by stage from T−1 down.

    The NE is the only one if every det Φ_t ≠ 0; the assumption is τ > 2γ_B²γ_P(N−1), the bound;
    the inner loop converges at a stage if the spectral radius is below 1. A Lemma IV.1 constant
    comes from each stage's own γ_P.
    """

    unique: bool
    assumption: bool
    bound: object
    converges: list[bool]
    dets: list
    constants: list
    radii: list


def check(game: FloatGame, digits: int) -> Check:
    """Test those conditions at the game's own τ > 0.

    Raises RuntimeError where mpmath's QR does not converge, as on a double eigenvalue.
    """
    numbers = _Entered(game, digits)
    mp, tau, factor = numbers.mp, numbers.tau, _coupling(numbers)
    stages = list(_backwards(numbers, tau))
    norms = [_largest_norm(mp, costs) for costs in (stages[0].ahead, *(one.P for one in stages))]
    dets = [mp.det(one.phi) for one in stages]
    radii = [_radius(numbers, one.phi) for one in stages]
    bound = factor * max(norms)
    return Check(
        unique=all(det != 0 for det in dets),
        assumption=tau > bound,
        bound=bound,
        converges=[radius < 1 for radius in radii],
        dets=dets,
        constants=[factor * norm / tau for norm in norms[:-1]],
        radii=radii,
    )


@frozen(kw_only=True)
class Thresholds:
    """(a τ that fails, or 0; a τ that holds) within a factor 1.001, if one τ parts the two."""

    assumption: tuple
    loop: tuple


def thresholds(game: FloatGame, digits: int) -> Thresholds:
    """From which τ on Assumption III.3 holds, and the inner loop converges: by bisection."""
    numbers = _Entered(game, digits)
    mp, factor = numbers.mp, _coupling(numbers)

    def holds(tau) -> bool:
        costs = [numbers.Q, *(one.P for one in _backwards(numbers, tau))]
        return tau > factor * max(_largest_norm(mp, P) for P in costs)

    def converges(tau) -> bool:
        return all(_radius(numbers, one.phi) < 1 for one in _backwards(numbers, tau))

    return Thresholds(
        assumption=_bisected(mp, holds, numbers.tau), loop=_bisected(mp, converges, numbers.tau)
    )


def _bisected(mp: MPContext, holds: Callable, start) -> tuple:
    if holds(start):
        lo = hi = start
        while holds(lo):
            lo, hi = lo / 10, lo
            if lo < _LOWEST:
                return mp.mpf(0), hi
    else:
        lo, hi = start, 10 * start
        while not holds(hi):
            lo, hi = hi, 10 * hi
    while hi > _NEAR * lo:
        middle = mp.sqrt(lo * hi)
        lo, hi = (lo, middle) if holds(middle) else (middle, hi)
    return lo, hi


def _radius(game: _Entered, phi):
    """The spectral radius of J = I − D⁻¹Φ, D the block diagonal of Φ."""
    mp, J = game.mp, game.mp.eye(phi.rows)
    for top, bottom in game.places:
        rows = phi[top:bottom, :]
        J[top:bottom, :] -= mp.inverse(rows[:, top:bottom]) * rows
    return max(abs(value) for value in mp.eig(J, left=False, right=False))


def _coupling(game: _Entered):
    """2γ_B²(N−1)."""
    return 2 * _largest_norm(game.mp, game.B) ** 2 * (len(game.B) - 1)


def _largest_norm(mp: MPContext, matrices):
    return max(mp.mnorm(X, "f") for X in matrices)


def _total(terms):
    first, *others = terms
    for term in others:
        first = first + term
    return first


def _trace(X):
    return sum((X[k, k] for k in range(X.rows)), X[0, 0] * 0)
