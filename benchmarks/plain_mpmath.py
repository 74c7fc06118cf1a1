"""What one would write in mpmath: equilibrium and gaps at a given precision, uncertified."""

from __future__ import annotations

from mpmath import MPContext

from ergs_verify.game import FloatGame

__all__ = ["gaps", "nash"]


def entered(mp: MPContext, game: FloatGame):
    def enter(X):
        return mp.matrix(X.tolist())

    A, noise = enter(game.A[0]), enter(game.noise_cov)
    B, R = [[enter(X[0]) for X in letter] for letter in (game.B, game.R)]
    Q = [enter(X[0]) for X in game.Q]
    return A, B, Q, R, noise


def nash(game: FloatGame, digits: int):
    """K, Σ, P, q of a game that is constant over time, by the recursions as they stand."""
    mp = MPContext()
    mp.dps = digits
    A, B, Q, R, noise = entered(mp, game)
    agents, half_tau = range(len(B)), mp.mpf(game.tau) / 2
    sizes = [X.cols for X in B]
    starts = [sum(sizes[:k]) for k in agents]
    weights = [R[i] + half_tau * mp.eye(sizes[i]) for i in agents]
    P, q = list(Q), [mp.mpf(0)] * len(B)
    found = []
    for _ in range(game.horizon):
        phi, rhs = mp.zeros(sum(sizes)), mp.zeros(sum(sizes), A.rows)
        for i in agents:
            pushed = B[i].T * P[i]
            for j in agents:
                block = pushed * B[j]
                if i == j:
                    block += weights[i]
                for r in range(sizes[i]):
                    for c in range(sizes[j]):
                        phi[starts[i] + r, starts[j] + c] = block[r, c]
            answer = pushed * A
            for r in range(sizes[i]):
                for c in range(A.rows):
                    rhs[starts[i] + r, c] = -answer[r, c]
        gains = mp.inverse(phi) * rhs
        K = [gains[starts[i] : starts[i] + sizes[i], :] for i in agents]
        F = A + _total(B[i] * K[i] for i in agents)
        Sigma = [half_tau * mp.inverse(weights[i] + B[i].T * P[i] * B[i]) for i in agents]
        spread = noise + _total(B[i] * Sigma[i] * B[i].T for i in agents)
        q = [
            q[i]
            + _trace(weights[i] * Sigma[i])
            - half_tau * (sizes[i] + mp.log(mp.det(Sigma[i])))
            + _trace(P[i] * spread)
            for i in agents
        ]
        P = [Q[i] + K[i].T * weights[i] * K[i] + F.T * P[i] * F for i in agents]
        found.append((K, Sigma, P, q))
    return found[::-1]


def gaps(game: FloatGame, K, Sigma, digits: int):
    """Every agent's gap by the gap identity; K[i][t] and Sigma[i][t] are float64."""
    mp = MPContext()
    mp.dps = digits
    A, B, Q, R, noise = entered(mp, game)
    agents, half_tau = range(len(B)), mp.mpf(game.tau) / 2
    gains = [[mp.matrix(X.tolist()) for X in agent] for agent in K]
    covariances = [[mp.matrix(X.tolist()) for X in agent] for agent in Sigma]
    moments = [mp.matrix(game.x0_cov.tolist())]
    loops = []
    for t in range(game.horizon):
        loops.append(A + _total(B[i] * gains[i][t] for i in agents))
        spread = noise + _total(B[i] * covariances[i][t] * B[i].T for i in agents)
        moments.append(loops[t] * moments[t] * loops[t].T + spread)
    totals = []
    for i in agents:
        P, total = Q[i], mp.mpf(0)
        weight = R[i] + half_tau * mp.eye(B[i].cols)
        for t in reversed(range(game.horizon)):
            others = loops[t] - B[i] * gains[i][t]
            W = weight + B[i].T * P * B[i]
            best = -(mp.inverse(W) * (B[i].T * P * others))
            off = gains[i][t] - best
            M = W * covariances[i][t] / half_tau
            total += _trace(W * off * moments[t] * off.T)
            total += half_tau * (_trace(M) - M.rows - mp.log(mp.det(M)))
            F = others + B[i] * best
            P = Q[i] + best.T * weight * best + F.T * P * F
        totals.append(total)
    return totals


def _total(terms):
    first, *others = terms
    for term in others:
        first = first + term
    return first


def _trace(X):
    return sum((X[k, k] for k in range(X.rows)), X[0, 0] * 0)
