"""Identities of matrices from outside this project, each with its source, by class.

An entry is (class, source, left, right, symmetric letters).
"""

from __future__ import annotations

from typing import NamedTuple

import sympy
from sympy import Determinant, Identity, Inverse, MatMul, MatrixSymbol, Symbol, Trace, log

from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, control_size

n, m, k = (Symbol(s, integer=True, positive=True) for s in "nmk")
A, B, C, D, E, F = (MatrixSymbol(s, n, n) for s in "ABCDEF")
P, Q, S, X = (MatrixSymbol(s, n, n) for s in "PQSX")
U, H = MatrixSymbol("U", n, k), MatrixSymbol("H", k, n)
V = MatrixSymbol("V", k, n)
G, R, W, Z = (MatrixSymbol(s, k, k) for s in "GRWZ")
L, M, N = MatrixSymbol("L", n, m), MatrixSymbol("M", m, n), MatrixSymbol("N", m, m)
T, Y = MatrixSymbol("T", n, k), MatrixSymbol("Y", k, n)
u, v, x, y, b = (MatrixSymbol(s, n, 1) for s in "uvxyb")
a, c, t = (Symbol(s, positive=True) for s in ("a", "c", "t"))
In, Ik, Im = Identity(n), Identity(k), Identity(m)
i, j = agent_index("i"), agent_index("j")


def Bj(agent):
    return AgentMatrix("B", agent, n, control_size(agent))


def Kj(agent):
    return AgentMatrix("K", agent, control_size(agent), n)


def inv(e):
    return Inverse(e)


def det(e):
    return Determinant(e)


def tr(*factors):
    return Trace(factors[0] if len(factors) == 1 else MatMul(*factors))


class Outside(NamedTuple):
    """An identity and where it comes from."""

    kind: str
    source: str
    left: sympy.Basic
    right: sympy.Basic
    symmetric: tuple = ()


COOKBOOK = "Petersen, Pedersen: The Matrix Cookbook"
SEARLE = "Henderson, Searle: On deriving the inverse of a sum of matrices (1981)"
KALMAN = "Anderson, Moore: Optimal Filtering (1979)"
LQR = "Anderson, Moore: Optimal Control, Linear Quadratic Methods (1990)"
ROBUST = "Zhou, Doyle, Glover: Robust and Optimal Control (1996)"
STATS = "Searle: Linear Models (1971)"
BISHOP = "Bishop: Pattern Recognition and Machine Learning (2006)"
GP = "Rasmussen, Williams: Gaussian Processes for Machine Learning (2006)"
QUASI = "Nocedal, Wright: Numerical Optimization (2006)"
HIGHAM = "Higham: Functions of Matrices (2008)"
COHN = "Cohn: Skew Fields (1995)"
GAMES = "Başar, Olsder: Dynamic Noncooperative Game Theory (1999)"
BERNSTEIN = "Bernstein: Matrix Mathematics (2009)"

S_ = (S, P, Q, R)
kalman = P * H.T * inv(H * P * H.T + R)
gain = inv(R + U.T * P * U) * U.T * P * A
closed = A - U * gain
ridge = inv(U.T * U + a * Ik) * U.T
hat = U * inv(U.T * U) * U.T
weighted = U * inv(U.T * P * U) * U.T * P
info = H.T * inv(R) * H
OUTSIDE = (
    # inverses of sums
    *(
        Outside("inverse of a sum", source, left, right, S_)
        for source, left, right in (
            (COOKBOOK, inv(A + U * V), inv(A) - inv(A) * U * inv(Ik + V * inv(A) * U) * V * inv(A)),
            (
                COOKBOOK,
                inv(A + U * G * V),
                inv(A) - inv(A) * U * inv(inv(G) + V * inv(A) * U) * V * inv(A),
            ),
            (
                COOKBOOK,
                inv(A + U * G * V),
                inv(A) - inv(A) * U * G * inv(Ik + V * inv(A) * U * G) * V * inv(A),
            ),
            (
                COOKBOOK,
                inv(A + U * R * U.T),
                inv(A) - inv(A) * U * inv(inv(R) + U.T * inv(A) * U) * U.T * inv(A),
            ),
            (COOKBOOK, inv(inv(P) + U * inv(R) * U.T) * U * inv(R), P * U * inv(U.T * P * U + R)),
            (COOKBOOK, inv(In + inv(A)), A * inv(A + In)),
            (COOKBOOK, inv(A + U * U.T) * U, inv(A) * U * inv(Ik + U.T * inv(A) * U)),
            (COOKBOOK, inv(inv(A) + inv(B)), A * inv(A + B) * B),
            (COOKBOOK, inv(inv(A) + inv(B)), B * inv(A + B) * A),
            (COOKBOOK, A - A * inv(A + B) * A, B - B * inv(A + B) * B),
            (COOKBOOK, inv(A) + inv(B), inv(A) * (A + B) * inv(B)),
            (COOKBOOK, inv(In + A * B), In - A * inv(In + B * A) * B),
            (COOKBOOK, inv(In + A * B) * A, A * inv(In + B * A)),
            (
                SEARLE,
                inv(A + U * G * V),
                inv(A) - inv(In + inv(A) * U * G * V) * inv(A) * U * G * V * inv(A),
            ),
            (
                SEARLE,
                inv(A + U * G * V),
                inv(A) - inv(A) * inv(In + U * G * V * inv(A)) * U * G * V * inv(A),
            ),
            (
                SEARLE,
                inv(A + U * G * V),
                inv(A) - inv(A) * U * inv(Ik + G * V * inv(A) * U) * G * V * inv(A),
            ),
            (
                SEARLE,
                inv(A + U * G * V),
                inv(A) - inv(A) * U * G * V * inv(A) * inv(In + U * G * V * inv(A)),
            ),
            (SEARLE, inv(A + B), inv(A) - inv(A + B) * B * inv(A)),
            (SEARLE, inv(A + B), inv(A) - inv(A) * inv(In + B * inv(A)) * B * inv(A)),
            (SEARLE, inv(A + B), inv(A) - inv(A) * B * inv(A) * inv(In + B * inv(A))),
            (SEARLE, inv(A + B), inv(A) * inv(inv(A) + inv(B)) * inv(B)),
            (BERNSTEIN, inv(A) - inv(B), inv(A) * (B - A) * inv(B)),
            (BERNSTEIN, inv(A - B), inv(A) + inv(A) * inv(inv(B) - inv(A)) * inv(A)),
            (BERNSTEIN, inv(In - A) * (In + A), (In + A) * inv(In - A)),
            (BERNSTEIN, inv(In + A) + inv(In + inv(A)), In),
            (BERNSTEIN, inv(A) * inv(inv(A) + inv(B)) * inv(B), inv(A + B)),
            (BERNSTEIN, inv(A + B + C), inv(A + B) - inv(A + B) * C * inv(A + B + C)),
            (BERNSTEIN, inv(U * V + In) * U * V, In - inv(In + U * V)),
            (BERNSTEIN, inv(In + U * V) * U, U * inv(Ik + V * U)),
            (BERNSTEIN, V * inv(A + U * V), inv(Ik + V * inv(A) * U) * V * inv(A)),
            (BERNSTEIN, inv(a * In + U * U.T), In / a - U * inv(a * Ik + U.T * U) * U.T / a),
            (
                BERNSTEIN,
                inv(a * In + A) - inv(c * In + A),
                (c - a) * inv(a * In + A) * inv(c * In + A),
            ),
            (COHN, A - inv(inv(A) + inv(inv(B) - A)), A * B * A),
            (COHN, inv(A * B), inv(B) * inv(A)),
            (COHN, inv(In - A * B), In + A * inv(In - B * A) * B),
            (COHN, inv(inv(A) - inv(A + inv(B))), A + A * B * A),
            (COHN, inv(A + A * inv(B) * A), inv(A) - inv(A + B)),
            (HIGHAM, inv(In + A) * (In - A), 2 * inv(In + A) - In),
            (HIGHAM, inv(t * In - A) * A, t * inv(t * In - A) - In),
            (HIGHAM, inv(t * In - U * V) * U, U * inv(t * Ik - V * U)),
            (HIGHAM, inv(A + t * B) - inv(A), -t * inv(A) * B * inv(A + t * B)),
        )
    ),
    # block inverses and Schur complements
    *(
        Outside("Schur complement", source, left, right, S_)
        for source, left, right in (
            (
                BERNSTEIN,
                inv(A - U * inv(G) * V),
                inv(A) + inv(A) * U * inv(G - V * inv(A) * U) * V * inv(A),
            ),
            (BERNSTEIN, inv(A - U * inv(G) * V) * U * inv(G), inv(A) * U * inv(G - V * inv(A) * U)),
            (BERNSTEIN, inv(G) * V * inv(A - U * inv(G) * V), inv(G - V * inv(A) * U) * V * inv(A)),
            (BERNSTEIN, A * inv(A - U * inv(G) * V) - U * inv(G) * V * inv(A - U * inv(G) * V), In),
            (
                BISHOP,
                inv(P - U * inv(R) * U.T),
                inv(P) + inv(P) * U * inv(R - U.T * inv(P) * U) * U.T * inv(P),
            ),
            (
                BISHOP,
                inv(R - U.T * inv(P) * U),
                inv(R) + inv(R) * U.T * inv(P - U * inv(R) * U.T) * U * inv(R),
            ),
            (ROBUST, G + V * inv(In - A) * U, G + V * U + V * A * inv(In - A) * U),
            (ROBUST, inv(Ik + V * inv(t * In - A) * U), Ik - V * inv(t * In - A + U * V) * U),
            (
                ROBUST,
                inv(G + V * inv(t * In - A) * U),
                inv(G) - inv(G) * V * inv(t * In - A + U * inv(G) * V) * U * inv(G),
            ),
            (ROBUST, inv(In - A * B) * A, A + A * inv(In - B * A) * B * A),
            (ROBUST, G * inv(Ik + Z * G), inv(Ik + G * Z) * G),
            (ROBUST, inv(Ik + G * Z) + G * Z * inv(Ik + G * Z), Ik),
            (ROBUST, A + B * E * inv(In - D * E) * C, A + B * inv(In - E * D) * E * C),
        )
    ),
    # projections and least squares
    *(
        Outside("projection", source, left, right, S_)
        for source, left, right in (
            (STATS, hat * hat, hat),
            (STATS, hat.T, hat),
            (STATS, (In - hat) * U, 0 * U),
            (STATS, (In - hat) * (In - hat), In - hat),
            (STATS, hat * (In - hat), 0 * A),
            (STATS, weighted * weighted, weighted),
            (STATS, P * weighted, weighted.T * P),
            (STATS, U * G * inv(G.T * U.T * U * G) * G.T * U.T, hat),
            (STATS, tr(hat), k),
            (STATS, tr(In - hat), n - k),
            (STATS, tr((In - hat) * P * (In - hat)), tr((In - hat) * P)),
            (BISHOP, ridge, U.T * inv(U * U.T + a * In)),
            (BISHOP, In - U * ridge, a * inv(U * U.T + a * In)),
            (BISHOP, tr(U * ridge), tr(ridge * U)),
            (BISHOP, tr(U * ridge), k - a * tr(inv(U.T * U + a * Ik))),
            (GP, P - P * inv(P + a * In) * P, a * P * inv(P + a * In)),
            (GP, P - P * inv(P + a * In) * P, inv(inv(P) + In / a)),
            (GP, R - R * U.T * inv(U * R * U.T + P) * U * R, inv(inv(R) + U.T * inv(P) * U)),
            (GP, R * U.T * inv(U * R * U.T + P), inv(inv(R) + U.T * inv(P) * U) * U.T * inv(P)),
            (
                GP,
                inv(U * R * U.T + P),
                inv(P) - inv(P) * U * inv(inv(R) + U.T * inv(P) * U) * U.T * inv(P),
            ),
        )
    ),
    # filtering
    *(
        Outside("Kalman filter", KALMAN, left, right, S_)
        for left, right in (
            (inv(inv(P) + info), P - kalman * H * P),
            (kalman, inv(inv(P) + info) * H.T * inv(R)),
            ((In - kalman * H) * P, P - kalman * (H * P * H.T + R) * kalman.T),
            (
                (In - kalman * H) * P * (In - kalman * H).T + kalman * R * kalman.T,
                (In - kalman * H) * P,
            ),
            ((In - kalman * H) * P, P * (In - kalman * H).T),
            (In - kalman * H, inv(In + P * info)),
            ((In - kalman * H) * P * info, kalman * H),
            (kalman * R, (In - kalman * H) * P * H.T),
            (A * (P - kalman * H * P) * A.T, A * inv(inv(P) + info) * A.T),
            (P - kalman * H * P, inv(In + P * info) * P),
            (P - kalman * H * P, P * inv(In + info * P)),
            (
                inv(A * inv(S) * A.T + Q),
                inv(Q) - inv(Q) * A * inv(S + A.T * inv(Q) * A) * A.T * inv(Q),
            ),
            (inv(H * P * H.T + R), inv(R) - inv(R) * H * inv(inv(P) + info) * H.T * inv(R)),
            (R * inv(H * P * H.T + R), Ik - H * kalman),
            (P * A.T * inv(A * P * A.T + Q) * A * P, P - inv(inv(P) + A.T * inv(Q) * A)),
            (P * A.T * inv(A * P * A.T + Q), inv(inv(P) + A.T * inv(Q) * A) * A.T * inv(Q)),
        )
    ),
    # Riccati and Lyapunov equations
    *(
        Outside("Riccati", LQR, left, right, S_)
        for left, right in (
            (A.T * P * A - A.T * P * U * gain, A.T * P * closed),
            (A.T * P * A - A.T * P * U * gain, closed.T * P * closed + gain.T * R * gain),
            (A.T * P * A - A.T * P * U * gain, A.T * inv(inv(P) + U * inv(R) * U.T) * A),
            (A.T * P * A - A.T * P * U * gain, A.T * P * inv(In + U * inv(R) * U.T * P) * A),
            (closed, inv(In + U * inv(R) * U.T * P) * A),
            (R * gain, U.T * P * closed),
            (gain, inv(R) * U.T * inv(inv(P) + U * inv(R) * U.T) * A),
            (
                (A + U * V).T * P * (A + U * V) + V.T * R * V,
                A.T * P * closed + (V + gain).T * (R + U.T * P * U) * (V + gain),
            ),
            (
                inv(R + U.T * P * U) - inv(R),
                -inv(R) * U.T * P * inv(In + U * inv(R) * U.T * P) * U * inv(R),
            ),
            (inv(R + U.T * P * U) * U.T * P, inv(R) * U.T * P * inv(In + U * inv(R) * U.T * P)),
            (
                inv(In + U * inv(R) * U.T * P) - inv(In + U * inv(R) * U.T * S),
                inv(In + U * inv(R) * U.T * P)
                * U
                * inv(R)
                * U.T
                * (S - P)
                * inv(In + U * inv(R) * U.T * S),
            ),
            (
                P * inv(In + B * P) - S * inv(In + B * S),
                inv(In + P * B) * (P - S) * inv(In + B * S),
            ),
            (P * inv(In + Q * P), inv(In + P * Q) * P),
            ((P * inv(In + Q * P)).T, P * inv(In + Q * P)),
            (
                inv(P) - inv(P + U * R * U.T),
                inv(P) * U * inv(inv(R) + U.T * inv(P) * U) * U.T * inv(P),
            ),
            (
                (A - U * V).T * P + P * (A - U * V) + V.T * R * V,
                A.T * P
                + P * A
                - P * U * inv(R) * U.T * P
                + (V - inv(R) * U.T * P).T * R * (V - inv(R) * U.T * P),
            ),
            (
                A.T * P + P * A - P * U * inv(R) * U.T * P,
                (A - U * inv(R) * U.T * P).T * P
                + P * (A - U * inv(R) * U.T * P)
                + P * U * inv(R) * U.T * P,
            ),
            (tr(P * (A * S * A.T + Q)), tr(S * A.T * P * A) + tr(P * Q)),
            (
                (A + U * V).T * P * (A + U * V) - (A + U * Y).T * P * (A + U * Y),
                (V - Y).T * U.T * P * (A + U * V) + (A + U * Y).T * P * U * (V - Y),
            ),
            (
                inv(In - A) * (P - A * P * A.T) * inv(In - A.T),
                inv(In - A) * P + P * A.T * inv(In - A.T),
            ),
        )
    ),
    # traces
    *(
        Outside("trace", COOKBOOK, left, right, S_)
        for left, right in (
            (tr(A * B), tr(B * A)),
            (tr(A * B * C), tr(C * A * B)),
            (tr(A.T), tr(A)),
            (tr(U * V), tr(V * U)),
            (tr(A + B), tr(A) + tr(B)),
            (tr(x * y.T), tr(y.T * x)),
            (tr(A * S), tr(A.T * S)),
            (tr(B * A * inv(B)), tr(A)),
            (tr(inv(A + B) * A) + tr(inv(A + B) * B), n),
            (tr(inv(In + U * V)), n - k + tr(inv(Ik + V * U))),
            (tr(inv(In + A * B)), tr(inv(In + B * A))),
            (tr(A * inv(A + B) * B), tr(B * inv(A + B) * A)),
            (tr(inv(A) - inv(B)), tr(inv(B) * (B - A) * inv(A))),
            (tr(A * B - B * A), 0),
            (tr((A + B) * (A - B)), tr(A * A) - tr(B * B)),
            (tr(U.T * P * U * R), tr(R * U.T * P * U)),
            (tr(P * x * x.T), tr(x.T * P * x)),
            (tr((x - u).T * P * (x - u)), tr(x.T * P * x) - 2 * tr(u.T * P * x) + tr(u.T * P * u)),
            (tr(x.T * A * y), tr(y.T * A.T * x)),
            (
                tr(x.T * P * x) + 2 * tr(b.T * x),
                tr((x + inv(P) * b).T * P * (x + inv(P) * b)) - tr(b.T * inv(P) * b),
            ),
        )
    ),
    # determinants
    *(
        Outside("determinant", source, left, right, S_)
        for source, left, right in (
            (COOKBOOK, det(In + U * V), det(Ik + V * U)),
            (COOKBOOK, det(A + u * v.T), det(A) * (1 + tr(v.T * inv(A) * u))),
            (COOKBOOK, det(In + u * v.T), 1 + tr(u.T * v)),
            (COOKBOOK, det(A + U * V), det(A) * det(Ik + V * inv(A) * U)),
            (COOKBOOK, det(A + U * G * V), det(A) * det(G) * det(inv(G) + V * inv(A) * U)),
            (COOKBOOK, det(A * B), det(A) * det(B)),
            (COOKBOOK, det(A.T), det(A)),
            (COOKBOOK, det(inv(A)), 1 / det(A)),
            (COOKBOOK, log(det(inv(A))), -log(det(A))),
            (COOKBOOK, log(det(A * B)), log(det(A)) + log(det(B))),
            (BERNSTEIN, det(A - U * inv(G) * V) * det(G), det(A) * det(G - V * inv(A) * U)),
            (BERNSTEIN, log(det(In + A * B)), log(det(In + B * A))),
            (BERNSTEIN, log(det(inv(A) + inv(B))), log(det(A + B)) - log(det(A)) - log(det(B))),
            (BERNSTEIN, log(det(a * A)), n * log(a) + log(det(A))),
            (
                GP,
                log(det(P + U * R * U.T)),
                log(det(inv(R) + U.T * inv(P) * U)) + log(det(R)) + log(det(P)),
            ),
            (GP, log(det(a * In + U * U.T)), (n - k) * log(a) + log(det(a * Ik + U.T * U))),
            (
                KALMAN,
                log(det(P - kalman * H * P)),
                log(det(P)) + log(det(R)) - log(det(H * P * H.T + R)),
            ),
            (
                LQR,
                log(det(R + U.T * P * U)) - log(det(R)),
                log(det(In + P * U * inv(R) * U.T)),
            ),
        )
    ),
    # rank one
    *(
        Outside("rank one", source, left, right, S_)
        for source, left, right in (
            (
                COOKBOOK,
                inv(A + u * v.T),
                inv(A) - inv(A) * u * v.T * inv(A) / (1 + tr(v.T * inv(A) * u)),
            ),
            (COOKBOOK, inv(In + u * v.T), In - u * v.T / (1 + tr(v.T * u))),
            (COOKBOOK, inv(A + u * v.T) * u, inv(A) * u / (1 + tr(v.T * inv(A) * u))),
            (QUASI, v.T * inv(A + u * v.T), v.T * inv(A) / (1 + tr(v.T * inv(A) * u))),
            (
                QUASI,
                inv(A - u * v.T),
                inv(A) + inv(A) * u * v.T * inv(A) / (1 - tr(v.T * inv(A) * u)),
            ),
            (KALMAN, inv(inv(P) + x * x.T / t), P - P * x * x.T * P / (t + tr(x.T * P * x))),
            (KALMAN, inv(inv(P) + x * x.T) * x, P * x / (1 + tr(x.T * P * x))),
            (
                KALMAN,
                (P - P * x * x.T * P / (1 + tr(x.T * P * x))) * x,
                P * x / (1 + tr(x.T * P * x)),
            ),
            (KALMAN, inv(t * inv(P) + x * x.T), (P - P * x * x.T * P / (t + tr(x.T * P * x))) / t),
            (QUASI, (In - x * y.T / tr(y.T * x)) * x, 0 * x),
            (QUASI, (A + (b - A * x) * x.T / tr(x.T * x)) * x, b),
            (
                QUASI,
                (S - S * x * x.T * S / tr(x.T * S * x) + y * y.T / tr(y.T * x)) * x,
                y,
            ),
        )
    ),
    # what needs y'x = x'y beside a division by it
    *(
        Outside("beyond", source, left, right, S_)
        for source, left, right in (
            (
                QUASI,
                (
                    (In - x * y.T / tr(y.T * x)) * S * (In - y * x.T / tr(y.T * x))
                    + x * x.T / tr(y.T * x)
                )
                * y,
                x,
            ),
        )
    ),
    # games: sums over agents
    *(
        Outside("agents", GAMES, left, right, S_)
        for left, right in (
            (agent_sum(Bj(j) * Kj(j), j, i) + Bj(i) * Kj(i), agent_sum(Bj(j) * Kj(j), j)),
            (agent_sum((Bj(j) * Kj(j)).T, j), agent_sum(Bj(j) * Kj(j), j).T),
            (agent_sum(tr(Bj(j) * Kj(j)), j), agent_sum(tr(Kj(j) * Bj(j)), j)),
            (
                inv(A + agent_sum(Bj(j) * Kj(j), j)) * agent_sum(Bj(j) * Kj(j), j),
                In - inv(A + agent_sum(Bj(j) * Kj(j), j)) * A,
            ),
            (
                inv(inv(P) + agent_sum(Bj(j) * Bj(j).T, j)),
                P
                - P
                * agent_sum(Bj(j) * Bj(j).T, j)
                * inv(In + P * agent_sum(Bj(j) * Bj(j).T, j))
                * P,
            ),
            (
                inv(In + agent_sum(Bj(j) * Kj(j), j)) * agent_sum(Bj(j) * Kj(j), j),
                agent_sum(inv(In + agent_sum(Bj(i) * Kj(i), i)) * Bj(j) * Kj(j), j),
            ),
            (
                agent_sum(Bj(j) * inv(Identity(control_size(j)) + Kj(j) * Bj(j)) * Kj(j), j),
                agent_sum(inv(In + Bj(j) * Kj(j)) * Bj(j) * Kj(j), j),
            ),
        )
    ),
)
