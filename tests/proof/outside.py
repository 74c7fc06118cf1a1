"""Identities of matrices from outside this project, each with its source, by class.

An entry is (class, source, left, right, symmetric letters).
"""

from __future__ import annotations

from typing import NamedTuple

import sympy
from sympy import (
    BlockMatrix,
    Determinant,
    Identity,
    Inverse,
    KroneckerProduct,
    MatMul,
    MatrixSymbol,
    Symbol,
    Trace,
    log,
)

from ergs_verify.expressions import AgentMatrix, Vec, agent_index, agent_sum, control_size
from ergs_verify.proof import derivative, gaussian_expectation

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


def kron(e, f):
    return KroneckerProduct(e, f)


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
MAGNUS = "Magnus, Neudecker: Matrix Differential Calculus (1999)"
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
block = BlockMatrix([[A, U], [V, G]])
last, first = inv(G - V * inv(A) * U), inv(A - U * inv(G) * V)
by_first = BlockMatrix(
    [
        [inv(A) + inv(A) * U * last * V * inv(A), -inv(A) * U * last],
        [-last * V * inv(A), last],
    ]
)
by_last = BlockMatrix(
    [
        [first, -first * U * inv(G)],
        [-inv(G) * V * first, inv(G) + inv(G) * V * first * U * inv(G)],
    ]
)
lower_left = BlockMatrix([[In, 0 * U], [V * inv(A), Ik]])
middle = BlockMatrix([[A, 0 * U], [0 * V, G - V * inv(A) * U]])
upper_right = BlockMatrix([[In, inv(A) * U], [0 * V, Ik]])
NORMAL = {x: (u, S), y: (v, Q)}
form_at_mean = tr((A * u + b).T * (B * u + v))
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
    # Kronecker products and vec
    *(
        Outside("Kronecker", source, left, right, S_)
        for source, left, right in (
            (COOKBOOK, kron(A + B, N), kron(A, N) + kron(B, N)),
            (COOKBOOK, kron(2 * A, N), 2 * kron(A, N)),
            (COOKBOOK, kron(A, N) * kron(B, M * L), kron(A * B, N * M * L)),
            (COOKBOOK, kron(A, N).T, kron(A.T, N.T)),
            (COOKBOOK, inv(kron(A, N)), kron(inv(A), inv(N))),
            (COOKBOOK, tr(kron(A, N)), tr(A) * tr(N)),
            (COOKBOOK, det(kron(A, N)), det(A) ** m * det(N) ** n),
            (COOKBOOK, log(det(kron(A, N))), m * log(det(A)) + n * log(det(N))),
            (COOKBOOK, Vec(A * L * N), kron(N.T, A) * Vec(L)),
            (COOKBOOK, tr(A.T * B), tr(Vec(A).T * Vec(B))),
            (COOKBOOK, Vec(A + B), Vec(A) + Vec(B)),
            (COOKBOOK, tr(L.T * A * L * N), tr(Vec(L).T * kron(N.T, A) * Vec(L))),
            (MAGNUS, Vec(L * N), kron(Im, L) * Vec(N)),
            (MAGNUS, Vec(L * N), kron(N.T, In) * Vec(L)),
            (MAGNUS, kron(A, Im) * kron(In, N), kron(In, N) * kron(A, Im)),
            (MAGNUS, kron(L, N) * kron(M, Im), kron(L * M, N)),
            (MAGNUS, inv(kron(A, N)) * Vec(M), Vec(inv(N) * M * inv(A).T)),
            (MAGNUS, tr(kron(L, M) * kron(M, L)), tr(L * M) * tr(M * L)),
            (LQR, (kron(In, A) + kron(A, In)) * Vec(X), Vec(A * X + X * A.T)),
            (LQR, (kron(A, A) - Identity(n * n)) * Vec(X), Vec(A * X * A.T - X)),
        )
    ),
    # block matrices
    *(
        Outside("block matrix", source, left, right, S_)
        for source, left, right in (
            (COOKBOOK, inv(block), by_first),
            (COOKBOOK, inv(block), by_last),
            (COOKBOOK, det(block), det(A) * det(G - V * inv(A) * U)),
            (COOKBOOK, det(block), det(G) * det(A - U * inv(G) * V)),
            (COOKBOOK, block * by_first, Identity(n + k)),
            (BERNSTEIN, block, lower_left * middle * upper_right),
            (BERNSTEIN, inv(lower_left), BlockMatrix([[In, 0 * U], [-V * inv(A), Ik]])),
            (BERNSTEIN, tr(block * block), tr(A * A) + 2 * tr(U * V) + tr(G * G)),
            (BERNSTEIN, block.T, BlockMatrix([[A.T, V.T], [U.T, G.T]])),
            (BISHOP, inv(BlockMatrix([[P, U], [U.T, R]])), inv(BlockMatrix([[P, U], [U.T, R]])).T),
            (BERNSTEIN, BlockMatrix([[A, U]]) * BlockMatrix([[B], [V]]), A * B + U * V),
            (
                ROBUST,
                inv(BlockMatrix([[In, A], [0 * A, In]])),
                BlockMatrix([[In, -A], [0 * A, In]]),
            ),
        )
    ),
    # derivatives
    *(
        Outside("derivative", source, derivative(of, by), right, S_)
        for source, of, by, right in (
            (COOKBOOK, tr(A * X), X, A.T),
            (COOKBOOK, tr(A * X * B), X, A.T * B.T),
            (COOKBOOK, tr(A * X.T * B), X, B * A),
            (COOKBOOK, tr(X * X), X, 2 * X.T),
            (COOKBOOK, tr(X * X * B), X, (X * B + B * X).T),
            (COOKBOOK, tr(X.T * B * X), X, B * X + B.T * X),
            (COOKBOOK, tr(A * X * B * X), X, A.T * X.T * B.T + B.T * X.T * A.T),
            (COOKBOOK, tr(A * inv(X) * B), X, -(inv(X) * B * A * inv(X)).T),
            (COOKBOOK, tr(inv(X + A)), X, -(inv(X + A) * inv(X + A)).T),
            (COOKBOOK, log(det(X)), X, inv(X).T),
            (COOKBOOK, log(det(U.T * U)), U, 2 * U * inv(U.T * U)),
            (COOKBOOK, x.T * A * x, x, (A + A.T) * x),
            (COOKBOOK, x.T * X * y, X, x * y.T),
            (COOKBOOK, (x - A * u).T * P * (x - A * u), u, -2 * A.T * P * (x - A * u)),
            (MAGNUS, inv(A + t * B), t, -inv(A + t * B) * B * inv(A + t * B)),
            (MAGNUS, log(det(A + t * B)), t, tr(inv(A + t * B) * B)),
            (GP, -log(det(A + t * B)) / 2, t, -tr(inv(A + t * B) * B) / 2),
        )
    ),
    # Gaussian moments: x with mean u and covariance S, y with mean v and covariance Q
    *(
        Outside("moment", source, gaussian_expectation(of, NORMAL, symmetric=S_), right, S_)
        for source, of, right in (
            (COOKBOOK, tr(x.T * A * x), tr(A * S) + tr(u.T * A * u)),
            (COOKBOOK, tr((A * x + b).T * (B * x + v)), tr(A * S * B.T) + form_at_mean),
            (COOKBOOK, x * x.T, S + u * u.T),
            (COOKBOOK, (A * x + b) * (A * x + b).T, A * S * A.T + (A * u + b) * (A * u + b).T),
            (COOKBOOK, x * x.T * P * x, 2 * S * P * u + (tr(P * S) + tr(u.T * P * u)) * u),
            (
                COOKBOOK,
                tr(x.T * P * x) * tr(x.T * Q * x),
                2 * tr(P * S * Q * S)
                + 4 * tr(u.T * P * S * Q * u)
                + (tr(P * S) + tr(u.T * P * u)) * (tr(Q * S) + tr(u.T * Q * u)),
            ),
            (
                STATS,
                tr(x.T * P * x) ** 2 - (tr(P * S) + tr(u.T * P * u)) ** 2,
                2 * tr(P * S * P * S) + 4 * tr(u.T * P * S * P * u),
            ),
            (
                STATS,
                tr(b.T * (x - u)) * tr(x.T * P * x),
                2 * tr(b.T * S * P * u),
            ),
            (STATS, tr(b.T * (x - u)) ** 4, 3 * tr(b.T * S * b) ** 2),
            (STATS, tr(x.T * A * y), tr(u.T * A * v)),
            (
                STATS,
                tr(x.T * A * y) ** 2 - tr(u.T * A * v) ** 2,
                tr(A * Q * A.T * S) + tr(u.T * A * Q * A.T * u) + tr(v.T * A.T * S * A * v),
            ),
        )
    ),
)

NC = "NCAlgebra 6, documentation"
BASIC = "NCAlgebra, Most Basic Commands, an earlier version"
GB = "operator_gb, tutorial"
# (source, left, right, what the other program does with it)
PUBLISHED = (
    (
        NC,
        In
        + inv(D) * C * inv(S - A) * B
        - inv(D) * C * inv(S - A + B * inv(D) * C) * B
        - inv(D) * C * inv(S - A + B * inv(D) * C) * B * inv(D) * C * inv(S - A) * B,
        In,
        "NCSimplifyRational gives 1",
    ),
    (NC, A * inv(In + B * A), inv(In + A * B) * A, "NCSimplifyRational gives 0"),
    (NC, A * inv(In + B * A) * inv(inv(In + A * B) * A), In, "NCSimplifyRational gives 1"),
    (BASIC, 2 * inv(In + 2 * A) * A, In - inv(In + 2 * A), "NCSimplifyRational"),
    (BASIC, A * inv(In - A), inv(In - A) - In, "NCSimplifyRational"),
    (
        NC,
        inv(In - B * A) * inv(A),
        inv(A) + B * inv(In - B * A),
        "NCSR, as printed there",
    ),
    (BASIC, inv(In - B * A) * inv(A), inv(A) + inv(In - B * A) * B, "what is true instead"),
    (NC, B * inv(B + A * B), inv(In + A), "NCSimplifyRational leaves it"),
    (NC, inv(B) * inv(inv(B) + A * inv(B)), inv(In + A), "NCSimplifyRational"),
    (NC, inv(block), by_first, "NCInverse"),
    (
        NC,
        derivative(tr(X * A * X * B) + tr(X * C * X * D), X).T,
        A * X * B + B * X * A + C * X * D + D * X * C,
        "NCGrad",
    ),
    (GB, U * Y * U, U, "certify, from the four Moore–Penrose equations"),
    (GB, Y * U * Y, Y, "certify"),
    (GB, (U * Y).T, U * Y, "certify"),
    (GB, Y.T * inv(Y * Y.T), U, "certify: (A†)† = A"),
)
# Y is U's Moore–Penrose inverse where U has full column rank.
PUBLISHED_DEFINITIONS = {Y: inv(U.T * U) * U.T}
