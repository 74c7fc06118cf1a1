"""The mistakes, each planted by hand in the plain solver: item by item, and the paper's misprints.

Nothing here looks at how `ergs_verify.audit.mistakes` predicts a mistake; only its ids are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from attrs import evolve, frozen

from benchmarks.audit_quality.plain_solver import (
    LEAST_SQUARES,
    Gains,
    PlainSolver,
    Stage,
    best_responses,
    block_system,
    q_of,
)
from ergs_verify.game import FloatGame

Array = np.ndarray
Answer = dict[str, list[Array]]


@frozen(kw_only=True)
class Fault:
    """A wrong solver, and the mistake as which it should be diagnosed.

    Attributes
    ----------
    id : str
        Of a mistake of `ergs_verify.audit.mistakes`.
    planted : str
        What was done, in a few words.
    solver : PlainSolver
    """

    id: str
    planted: str
    solver: PlainSolver


def _fault(id: str, planted: str, **steps: Any) -> Fault:
    return Fault(id=id, planted=planted, solver=PlainSolver(**steps))


# -- reading the game ------------------------------------------------------------------------------


def _reads(change: Callable[[FloatGame], dict[str, Any]]) -> Callable[[FloatGame], FloatGame]:
    return lambda game: evolve(game, **change(game))


def _times(letters: str, pick: Callable[[Array], Array]):
    """Arrays over time, rearranged."""

    def change(game: FloatGame) -> dict[str, Any]:
        return {
            k: pick(game.A) if k == "A" else tuple(map(pick, getattr(game, k))) for k in letters
        }

    return _reads(change)


def _Q(change: Callable[[Array], Array]):
    return _times("Q", change)


def _end_times(factor: float) -> Callable[[Array], Array]:
    return lambda Q_i: np.concatenate([Q_i[:-1], factor * Q_i[-1:]])


def _next(X: Array) -> Array:
    return np.concatenate([X[1:], X[-1:]])


def _last(X: Array) -> Array:
    return np.concatenate([X[:1], X[:-1]])


def _stage_cost_before(Q_i: Array) -> Array:
    """Q_{t−1} at the stages t, the terminal cost in its place."""
    return np.concatenate([_last(Q_i[:-1]), Q_i[-1:]])


def _by_columns(X: Array) -> Array:
    """Matrices whose entries lie column after column, read row after row."""
    return X.swapaxes(1, 2).reshape(X.shape)


def _single(game: FloatGame) -> FloatGame:
    def short(X: Array) -> Array:
        return X.astype(np.float32)

    return evolve(
        game,
        A=short(game.A),
        B=tuple(map(short, game.B)),
        Q=tuple(map(short, game.Q)),
        R=tuple(map(short, game.R)),
        noise_cov=short(game.noise_cov),
        tau=float(np.float32(game.tau)),
    )


def _as_double(game: FloatGame) -> FloatGame:
    def long(X: Array) -> Array:
        return X.astype(float)

    return evolve(
        game,
        A=long(game.A),
        B=tuple(map(long, game.B)),
        Q=tuple(map(long, game.Q)),
        R=tuple(map(long, game.R)),
        noise_cov=long(game.noise_cov),
    )


READING = (
    _fault("tau-factor-2", "2τ for τ", read=_reads(lambda g: {"tau": 2 * g.tau})),
    _fault("tau-factor-2", "τ/2 for τ", read=_reads(lambda g: {"tau": g.tau / 2})),
    _fault("cost-factor-2", "½x'Qx + ½u'Ru", read=_times("QR", lambda X: X / 2)),
    _fault("cost-factor-2", "2x'Qx + 2u'Ru", read=_times("QR", lambda X: 2 * X)),
    _fault("R-factor-2", "½u'Ru", read=_times("R", lambda X: X / 2)),
    _fault("R-factor-2", "2u'Ru", read=_times("R", lambda X: 2 * X)),
    _fault("Q-factor-2", "½x'Qx", read=_Q(lambda X: X / 2)),
    _fault(
        "Q-factor-2",
        "2x'Qx at the stages",
        read=_Q(lambda X: np.concatenate([2 * X[:-1], X[-1:]])),
    ),
    _fault("terminal-ignored", "Q_T = 0", read=_Q(_end_times(0))),
    _fault("terminal-doubled", "2Q_T", read=_Q(_end_times(2))),
    _fault("terminal-doubled", "½Q_T", read=_Q(_end_times(0.5))),
    _fault(
        "terminal-stage-cost",
        "Q_{T−1} for Q_T",
        read=_Q(lambda X: np.concatenate([X[:-1], X[-2:-1]])),
    ),
    _fault("stage-cost-shifted", "Q_{t+1} at t", read=_Q(_next)),
    _fault("stage-cost-shifted", "Q_{t−1} at t", read=_Q(_stage_cost_before)),
    _fault("data-shifted", "A_{t+1} at t", read=_times("A", _next)),
    _fault("data-shifted", "B_{t−1} at t", read=_times("B", _last)),
    _fault("data-shifted", "A, B and R of t+1 at t", read=_times("ABR", _next)),
    _fault("data-reversed", "A, B and R from the end", read=_times("ABR", lambda X: X[::-1])),
    _fault("data-constant", "A_0, B_0, R_0 always", read=_times("ABR", lambda X: 0 * X + X[:1])),
    _fault("data-constant", "Q_0 always", read=_Q(lambda X: 0 * X + X[:1])),
    _fault("A-transposed", "A'", read=_times("A", _by_columns)),
    _fault("B-transposed", "B by columns (B' if square)", read=_times("B", _by_columns)),
    _fault("data-in-float32", "float32 data", read=lambda game: _as_double(_single(game))),
    _fault("log-base-2", "τ/ln 2 for τ", read=_reads(lambda g: {"tau": g.tau / np.log(2)})),
    _fault(
        "costs-of-another-agent",
        "the next agent's Q",
        read=_reads(lambda g: {"Q": g.Q[1:] + g.Q[:1]}),
    ),
    _fault(
        "single-precision",
        "float32 throughout",
        read=_single,
        hand_over=lambda found: {k: [x.astype(np.float32) for x in X] for k, X in found.items()},
    ),
)


# -- solving a stage -------------------------------------------------------------------------------


def _PB(s: Stage, i: int) -> Array:
    """B'P."""
    return s.B[i].T @ s.P[i]


def _riccati(s: Stage, i: int, loop: Array, sign: int = -1) -> Array:
    """(4) with a loop in the place of Ā."""
    cross = _PB(s, i) @ loop
    return s.Q[i] + loop.T @ s.P[i] @ loop + sign * cross.T @ np.linalg.solve(s.W(i), cross)


def _R_plus(c: float) -> Callable[[Stage, int], Array]:
    """c(τ/2)I + R."""
    return lambda s, i: c * s.tau / 2 * np.eye(len(s.R[i])) + s.R[i]


def _with_tau(c: float, *where: str) -> dict[str, Any]:
    """c(τ/2)I + R for (τ/2)I + R in the gains, in Σ and in P, or in some of them."""
    R_wrong = _R_plus(c)
    steps = {
        "gains": block_system(diagonal=lambda s, i: R_wrong(s, i) + s.BPB(i)),
        "covariance": lambda s, i: s.tau / 2 * np.linalg.inv(R_wrong(s, i) + s.BPB(i)),
        "cost": lambda s, i: s.Q[i] + s.K[i].T @ R_wrong(s, i) @ s.K[i] + s.F.T @ s.P[i] @ s.F,
    }
    return {name: steps[name] for name in where or steps}


_own_twice = block_system(diagonal=lambda s, i: s.W(i) + s.BPB(i))
_alone = block_system(off_diagonal=lambda s, i, j: np.zeros((s.B[i].shape[1], s.B[j].shape[1])))


def _of_one(agent: int) -> dict[str, Any]:
    """P of one agent (−1: the last) wherever a P stands."""

    def served(s: Stage) -> Stage:
        return evolve(s, P=[s.P[agent]] * len(s.P))

    return {
        "gains": lambda s: block_system()(served(s)),
        "covariance": lambda s, i: PlainSolver().covariance(served(s), i),
        "cost": lambda s, i: PlainSolver().cost(served(s), i),
        "constant": lambda s, i: PlainSolver().constant(served(s), i),
    }


def _but(steps: dict[str, Any], *without: str) -> dict[str, Any]:
    return {name: step for name, step in steps.items() if name not in without}


def _sigma(factor: Callable[[float], float]) -> dict[str, Any]:
    return {"covariance": lambda s, i: factor(s.tau) * np.linalg.inv(s.W(i))}


def _loops() -> Iterator[Fault]:
    ways: dict[str, dict[str, Any]] = {
        **{f"{n} round{'s' * (n > 1)}": {"rounds": n} for n in (1, 3, 7, 10)},
        "until 1e-4": {"tolerance": 1e-4},
        "3 rounds, warm": {"rounds": 3, "warm": True},
        "until 1e-4, warm": {"tolerance": 1e-4, "warm": True},
    }
    for id, in_turn in (("few-iterations", False), ("few-iterations-in-turn", True)):
        for planted, way in ways.items():
            yield _fault(id, planted, gains=best_responses(in_turn=in_turn, **way))
    half = best_responses(in_turn=False, tolerance=1e-4, step=0.5)
    yield _fault("few-iterations", "until 1e-4, half steps", gains=half)


def _q_without(id: str, *terms: str) -> Fault:
    return _fault(f"q-without-{id}", "left out", constant=q_of(*terms))


def _q_with_P_now(s: Stage, i: int) -> float:
    return q_of()(evolve(s, P=s.P_now), i)


def _log_det_times(c: float) -> Callable[[Stage, int], float]:
    return lambda s, i: c * s.tau * np.linalg.slogdet(s.Sigma[i])[1] if s.tau else 0.0


def _prior(c: float) -> dict[str, Any]:
    """μ = N(0, I/c)."""

    def constant(s: Stage, i: int) -> float:
        trace = s.tau / 2 * np.trace(s.Sigma[i])
        return q_of()(s, i) + (c - 1) * trace - s.tau / 2 * len(s.R[i]) * np.log(c)

    return {**_with_tau(c), "constant": constant}


def _stackelberg(s: Stage) -> list[Array]:
    """The first of two agents knows the other's answer; Nash for other numbers of agents."""
    if len(s.B) != 2:
        return block_system()(s)
    answer = -np.linalg.solve(s.W(1), _PB(s, 1))
    B = s.B[0] + s.B[1] @ answer @ s.B[0]
    A = s.A + s.B[1] @ answer @ s.A
    K = -np.linalg.solve(s.R_tilde(0) + B.T @ s.P[0] @ B, B.T @ s.P[0] @ A)
    return [K, answer @ (s.A + s.B[0] @ K)]


def _team(s: Stage) -> list[Array]:
    return block_system()(evolve(s, P=[sum(s.P)] * len(s.P)))


def _entropy(s: Stage, i: int) -> float:
    p = len(s.R[i])
    return q_of("trace")(s, i) - s.tau / 2 * p * np.log(2 * np.pi)


def _ridge(size: float) -> Gains:
    def regularised(phi: Array, r: Array) -> Array:
        return np.linalg.solve(phi + size * np.eye(len(phi)), r)

    return block_system(solve=regularised)


def _far_from_the_end(s: Stage) -> list[Array]:
    """The gains after hundreds of stages like this one."""
    far = evolve(s, P=list(s.Q))
    for _ in range(400):
        far.K = block_system()(far)
        far.P = [PlainSolver().cost(far, i) for i in far.agents]
    return list(far.K)


def _covariance_with_P_now(s: Stage, i: int) -> Array:
    P = PlainSolver().cost(s, i)
    return s.tau / 2 * np.linalg.inv(s.R_tilde(i) + s.B[i].T @ P @ s.B[i])


def _from_alone(s: Stage) -> list[Array]:
    """Two rounds in turn from what each would do alone."""
    s.K = [np.zeros(B_i.shape[::-1]) for B_i in s.B]
    s.K = [-np.linalg.solve(s.W(i), _PB(s, i) @ s.A) for i in s.agents]
    for _ in range(2):
        for i in s.agents:
            s.K[i] = -np.linalg.solve(s.W(i), _PB(s, i) @ s.A_bar(i))
    return list(s.K)


STAGE = (
    _fault("stationary-gains", "of 400 stages", gains=_far_from_the_end),
    _fault("sigma-with-P-now", "P_t for P_{t+1}", covariance=_covariance_with_P_now),
    _fault("ridge", "Φ + I/10", gains=_ridge(0.1)),
    _fault("K-zero", "K = 0", gains=lambda s: [np.zeros(B_i.shape[::-1]) for B_i in s.B]),
    _fault("few-iterations-in-turn", "2 rounds from each alone", gains=_from_alone),
    _fault("stackelberg-for-nash", "the first leads", gains=_stackelberg),
    _fault("team-for-nash", "in the gains", gains=_team),
    _fault("own-only-control-cost", "R̃ for W", gains=block_system(diagonal=_R_plus(1))),
    _fault("entropy-rewarded", "E τ log π", **_with_tau(0), constant=_entropy),
    _fault("prior-covariance", "μ = N(0, I/3)", **_prior(3)),
    _fault("sigma-times", "0.7Σ", **_sigma(lambda tau: 0.7 * tau / 2)),
    _fault("sigma-times", "3Σ⁻¹", covariance=lambda s, i: 3 * s.W(i) / (s.tau / 2 or 1)),
    _fault("tau-left-out", "of the gains, Σ and P", **_with_tau(0)),
    _fault("tau-left-out", "of the gains", **_with_tau(0, "gains")),
    _fault("tau-left-out", "of P", **_with_tau(0, "cost")),
    _fault("tau-twice", "in the gains, Σ and P", **_with_tau(2)),
    _fault("tau-twice", "in the gains and Σ", **_with_tau(2, "gains", "covariance")),
    _fault("sign-inside", "K = Φ⁻¹r", gains=block_system(right=lambda s, i: -_PB(s, i) @ s.A)),
    _fault("own-term-counted", "in the block system", gains=_own_twice),
    _fault("own-term-counted", "in Ā of (4)", cost=lambda s, i: _riccati(s, i, s.F)),
    _fault("own-term-counted", "in both", gains=_own_twice, cost=lambda s, i: _riccati(s, i, s.F)),
    _fault(
        "others-ignored",
        "in K and in (4)",
        gains=_alone,
        cost=lambda s, i: _riccati(s, i, s.A),
    ),
    _fault("others-ignored", "in (4)", cost=lambda s, i: _riccati(s, i, s.A)),
    _fault(
        "open-loop",
        "K alone, from the costates",
        cost=lambda s, i: s.Q[i] + s.A.T @ s.P[i] @ s.F,
        hand_over=lambda found: {"K": found["K"]},
    ),
    _fault(
        "open-loop",
        "with Σ, P and q",
        cost=lambda s, i: s.Q[i] + s.A.T @ s.P[i] @ s.F,
    ),
    _fault("P-without-control-cost", "R̃", cost=lambda s, i: s.Q[i] + s.F.T @ s.P[i] @ s.F),
    _fault(
        "P-without-stage-cost",
        "left out",
        cost=lambda s, i: s.K[i].T @ s.R_tilde(i) @ s.K[i] + s.F.T @ s.P[i] @ s.F,
    ),
    _fault(
        "P-loop-transposed",
        "FPF'",
        cost=lambda s, i: s.Q[i] + s.K[i].T @ s.R_tilde(i) @ s.K[i] + s.F @ s.P[i] @ s.F.T,
    ),
    _fault("riccati-sign", "in (4)", cost=lambda s, i: _riccati(s, i, s.A_bar(i), sign=1)),
    _fault("P-of-one-agent", "the first's", **_of_one(0)),
    _fault("P-of-one-agent", "the last's, in K and Σ", **_but(_of_one(-1), "cost", "constant")),
    _fault("sigma-scale", "W⁻¹", **_sigma(lambda tau: 1)),
    _fault("sigma-scale", "τW⁻¹", **_sigma(lambda tau: tau)),
    _fault(
        "sigma-without-P",
        "left out",
        covariance=lambda s, i: s.tau / 2 * np.linalg.inv(s.R_tilde(i)),
    ),
    *_loops(),
    Fault(id="least-squares", planted="lstsq for solve", solver=LEAST_SQUARES),
    _q_without("later-q", "later q"),
    _q_without("control-cost", "control cost"),
    _q_without("trace", "trace"),
    _q_without("p", "p"),
    _q_without("log-det", "log det"),
    _q_without("noise", "noise"),
    _q_without("own-covariance", "own covariance"),
    _q_without("others-covariances", "others' covariances"),
    _q_without("covariances", "own covariance", "others' covariances"),
    _fault("q-log-det", "+(τ/2)log det Σ", constant=q_of("log det", plus=_log_det_times(0.5))),
    _fault("q-log-det", "−τ log det Σ", constant=q_of("log det", plus=_log_det_times(-1))),
    _q_without("entropy", "trace", "p", "log det"),
    _fault("q-with-P-now", "P_t for P_{t+1}", constant=_q_with_P_now),
)


# -- handing the numbers over ----------------------------------------------------------------------


def _hands(letters: str, change: Callable[[Array], Array]) -> dict[str, Any]:
    """The same change to every agent's arrays of the letters K, S(igma), P, q."""

    def hand_over(found: Answer) -> Answer:
        return {k: [change(x) for x in X] if k[0] in letters else X for k, X in found.items()}

    return {"hand_over": hand_over}


def _exchanged(found: Answer) -> Answer:
    """The first two agents of equal sizes under one another's name."""
    sizes = [X.shape[1] for X in found["K"]]
    order = list(range(len(sizes)))
    pairs = [(a, b) for a in order for b in order if a < b and sizes[a] == sizes[b]]
    if pairs:
        a, b = pairs[0]
        order[a], order[b] = b, a
    return {k: [X[n] for n in order] for k, X in found.items()}


def _symmetric_root(Sigma: Array) -> Array:
    values, vectors = np.linalg.eigh(Sigma)
    return vectors * np.sqrt(values)[:, None, :] @ vectors.swapaxes(1, 2)


def _digits(found: Answer) -> Answer:
    return {**found, "K": [np.round(X, 6) for X in found["K"]]}


HANDING = (
    _fault("printed-digits", "K to 6 decimals", hand_over=_digits),
    _fault("sign-of-K", "−K", **_hands("K", np.negative)),
    _fault("K-transposed", "K by columns (K' if square)", **_hands("K", _by_columns)),
    _fault("shifted-in-time", "K_{t+1} at t", **_hands("K", _next)),
    _fault("shifted-in-time", "all of t−1 at t", **_hands("KSPq", _last)),
    _fault("reversed-in-time", "K", **_hands("K", lambda X: X[::-1])),
    _fault("reversed-in-time", "all", **_hands("KSPq", lambda X: X[::-1])),
    _fault("agents-swapped", "two exchanged", hand_over=_exchanged),
    _fault(
        "cost-of-one-agent",
        "the first's P and q for all",
        hand_over=lambda found: {k: X[:1] * len(X) if k in "Pq" else X for k, X in found.items()},
    ),
    _fault("cost-scaled", "P/2 and q/2", **_hands("Pq", lambda X: X / 2)),
    _fault("cost-scaled", "2P", **_hands("P", lambda X: 2 * X)),
    _fault("sigma-inverted", "Σ⁻¹", **_hands("S", np.linalg.inv)),
    _fault("sigma-factor", "lower Cholesky factor", **_hands("S", np.linalg.cholesky)),
    _fault(
        "sigma-factor",
        "lower Cholesky factor, in q too",
        covariance=lambda s, i: np.linalg.cholesky(s.tau / 2 * np.linalg.inv(s.W(i))),
    ),
    _fault("sigma-factor", "symmetric root", **_hands("S", _symmetric_root)),
    _fault("sigma-diagonal", "off-diagonals 0", **_hands("S", lambda X: X * np.eye(len(X[0])))),
    _fault(
        "single-precision",
        "rounded at the end",
        **_hands("KSPq", lambda X: X.astype(np.float32)),
    ),
    _fault("single-precision", "K and P rounded", **_hands("KP", lambda X: X.astype(np.float32))),
)


# -- the paper as printed --------------------------------------------------------------------------


def _substituted(square: Callable[[float], float], sandwich: int) -> dict[str, Any]:
    """P by the display after “Substituting (17)”, with the factors of its last two terms."""

    def cost(s: Stage, i: int) -> Array:
        loop = s.A_bar(i)
        cross = _PB(s, i) @ loop
        gain = np.linalg.solve(s.W(i), cross)
        quadratic = s.R[i] + s.BPB(i)
        least = s.Q[i] + loop.T @ s.P[i] @ loop - 2 * cross.T @ gain
        return least + square(s.tau) * gain.T @ gain + sandwich * gain.T @ quadratic @ gain

    return {"cost": cost}


def _bracket(s: Stage, i: int) -> float:
    """The trace of the others' covariances times τ/2."""
    pushed = (s.Sigma[j] @ s.B[j].T @ s.P[i] @ s.B[j] for j in s.agents if j != i)
    return s.tau / 2 * sum(map(np.trace, pushed))


def _shapes(s: Stage, i: int) -> float:
    """Tr((Σ_ω + Σ_j Σʲ)P), where numpy can add it: p = m, or by broadcasting."""
    return np.trace(sum(s.Sigma, start=s.noise) @ s.P[i])


_without_B = {
    "constant": q_of("noise", "own covariance", "others' covariances", plus=_shapes),
}

MISPRINTS = tuple(
    _fault(f"misprint/{id}", planted, **steps)
    for id, planted, steps in (
        (
            "lemma-III.2/minimiser/factor",
            "mean −2W⁻¹b with b = 2B'PĀx",
            {
                "gains": block_system(
                    off_diagonal=lambda s, i, j: 4 * _PB(s, i) @ s.B[j],
                    right=lambda s, i: 4 * _PB(s, i) @ s.A,
                )
            },
        ),
        (
            "thm-III.1/substituted/bracket",
            "others' covariances times τ/2",
            {"constant": q_of("others' covariances", plus=_bracket)},
        ),
        (
            "thm-III.1/gain-substituted/square-sign",
            "−(τ/2)W⁻²",
            _substituted(lambda tau: -tau / 2, 1),
        ),
        ("thm-III.1/gain-substituted/factor", "+W⁻²", _substituted(lambda tau: 1, 1)),
        (
            "thm-III.1/gain-substituted/sandwich-sign",
            "−W⁻¹(R + B'PB)W⁻¹",
            _substituted(lambda tau: tau / 2, -1),
        ),
        (
            "thm-III.1/gain-substituted/square-sign/factor/sandwich-sign",
            "−W⁻² − W⁻¹(R + B'PB)W⁻¹",
            _substituted(lambda tau: -1, -1),
        ),
        ("thm-III.1/value/P-index", "P_t = P_{t+1}", {"cost": lambda s, i: s.P[i]}),
        ("thm-III.1/value/q-index", "q_t = q_{t+1}", {"constant": lambda s, i: s.q[i]}),
        ("lemma-III.4/blocks/block-diagonal", "Φ block diagonal", {"gains": _alone}),
        ("eq-24/shape", "Σʲ for BʲΣʲBʲ'", _without_B),
        ("thm-IV.3/two-recursions/second-shape", "Σʲ for BʲΣʲBʲ'", _without_B),
    )
)

FAULTS: tuple[Fault, ...] = (*READING, *STAGE, *HANDING, *MISPRINTS)
