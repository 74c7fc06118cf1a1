"""Mistakes in reading the game: factors, terminal costs, time indices, transposes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.audit.mistakes.record import Mistake, Recomputed
from ergs_verify.exact import fractions
from ergs_verify.game import Game
from ergs_verify.game.letters import LETTERS, Letter

Matrices = tuple[np.ndarray, ...]
half = Fraction(1, 2)


def _each(matrices: Sequence[np.ndarray], change: Callable[[np.ndarray], np.ndarray]) -> Matrices:
    """Every matrix changed, one that stands at several times once."""
    done = {id(X): change(X) for X in {id(X): X for X in matrices}.values()}
    return tuple(done[id(X)] for X in matrices)


def scaled(matrices: Sequence[np.ndarray], factor: Fraction | int) -> Matrices:
    """Every matrix or vector times a power of 2, or 0."""

    def change(X: np.ndarray) -> np.ndarray:
        if X.dtype == np.float64:
            return float(factor) * X
        rows = [[factor * x for x in row] for row in fractions(np.atleast_2d(X))]
        return np.array(rows, dtype=object).reshape(X.shape)

    return matrices if factor == 1 else _each(matrices, change)  # pyright: ignore[reportReturnType]


def _scale(
    *,
    Q: Fraction | int = 1,
    R: Fraction | int = 1,
    tau: Fraction | int = 1,
    Q_T: Fraction | int | None = None,
) -> Recomputed:
    """Costs times a factor: Q at all times, or Q_T alone, R, and τ; with Q and R also the terms
    that only the general game has."""

    def data(game: Game) -> Game:
        end = Q if Q_T is None else Q_T
        of_both = ("S", "x_linear", "u_linear") if Q == R and Q_T is None else ()
        rest = {k: X for k in of_both if (X := LETTERS[k].of(game)) is not None}
        return evolve(
            game,
            Q=tuple(scaled(X[:-1], Q) + scaled(X[-1:], end) for X in game.Q),
            R=tuple(scaled(X, R) for X in LETTERS["R"].of(game)),
            tau_given=with_tau(game, lambda x: x * tau),
            **{k: tuple(scaled(X, Q) for X in agents) for k, agents in rest.items()},
        )

    # Costs of which all are larger, by the same factor, have the same equilibrium.
    if Q == R == tau and Q_T is None:
        return Recomputed(data=data, letters=frozenset({"P", "s", "q"}))
    return Recomputed(data=data)


def with_tau(game: Game, change: Callable[[Fraction], Fraction]) -> Any:
    """`tau_given` with every τ changed."""
    return LETTERS["tau"].mapped(game.tau_given, lambda x: change(Fraction(x)))


def _retimed(letters: str, pick: Callable[[Matrices], Sequence[np.ndarray]]) -> Recomputed:
    """Matrices taken from other times."""

    def data(game: Game) -> Game:
        changed = {
            k: tuple(tuple(pick(X)) for X in LETTERS[k].of(game)) for k in letters if k != "A"
        }
        return evolve(game, **changed, **({"A": tuple(pick(game.A))} if "A" in letters else {}))

    return Recomputed(data=data, early=True)


def _columns_as_rows(X: np.ndarray) -> np.ndarray:
    """A matrix whose entries lie column after column, read row after row: X' if it is square."""
    return X.T.reshape(X.shape)


def _rows_as_columns(X: np.ndarray) -> np.ndarray:
    return X.reshape(X.shape[::-1]).T


def _misread_B(read: Callable[[np.ndarray], np.ndarray]) -> Recomputed:
    return Recomputed(data=lambda game: evolve(game, B=tuple(_each(X, read) for X in game.B)))


def _moved_on(agents: tuple) -> tuple:
    return agents[1:] + agents[:1]


def _costs_of_others(game: Game) -> Iterable[Recomputed]:
    """Q alone, and Q with R where agents have equally many controls."""

    def of_the_next(letters: tuple[str, ...]) -> Recomputed:
        return Recomputed(
            data=lambda g: evolve(g, **{k: _moved_on(LETTERS[k].of(g)) for k in letters})
        )

    if game.agents > 1:
        yield of_the_next(("Q",))
        if len(set(game.control_sizes)) == 1:
            yield of_the_next(("R",))


def _as_float32(game: Game) -> Game:
    def short(_letter: Letter, X: Any) -> Any:
        if isinstance(X, np.ndarray):
            return X.astype(np.float32).astype(float)
        return Fraction(float(np.float32(float(X))))

    return game.mapped(short)


def _fixed(*variants: Recomputed):
    return lambda game: variants


MISTAKES = (
    Mistake(
        id="tau-factor-2",
        message="τ enters with a factor 2 or ½ throughout",
        look_at="the cost is x'Qx + u'Ru + τ log(π/μ): W has (τ/2)I and Σ = (τ/2)W⁻¹",
        variants=_fixed(_scale(tau=2), _scale(tau=half)),
    ),
    Mistake(
        id="cost-factor-2",
        message="costs carry a factor ½ or 2 that the game does not have",
        look_at="the cost is x'Qx + u'Ru, without ½, with τ log(π/μ); if ½ is meant, declare "
        "--convention half-costs",
        variants=_fixed(
            *(_scale(Q=c, R=c, tau=1) for c in (half, 2)),
            *(_scale(Q=c, R=c, tau=c) for c in (half, 2)),
        ),
    ),
    Mistake(
        id="R-factor-2",
        message="the control cost R enters with a factor ½ or 2",
        look_at="u'Ru without ½: W = (τ/2)I + R + B'PB",
        variants=_fixed(_scale(R=2), _scale(R=half)),
    ),
    Mistake(
        id="Q-factor-2",
        message="the state cost Q enters with a factor ½ or 2",
        look_at="x'Qx without ½, at every stage and at the end",
        variants=_fixed(_scale(Q=2), _scale(Q=half), _scale(Q=2, Q_T=1), _scale(Q=half, Q_T=1)),
    ),
    Mistake(
        id="terminal-ignored",
        message="the terminal cost is ignored",
        look_at="P_T = Q_T, the last of the T+1 matrices Q",
        variants=_fixed(_scale(Q_T=0)),
    ),
    Mistake(
        id="terminal-doubled",
        message="the terminal cost is counted twice, or only half",
        look_at="P_T = Q_T",
        variants=_fixed(_scale(Q_T=2), _scale(Q_T=half)),
    ),
    Mistake(
        id="terminal-stage-cost",
        message="the last stage's cost is used as the terminal cost",
        look_at="P_T = Q_T, not Q_{T−1}: Q has T+1 matrices",
        variants=_fixed(_retimed("Q", lambda X: (*X[:-1], X[-2]))),
    ),
    Mistake(
        id="stage-cost-shifted",
        message="the stage cost is shifted by one stage",
        look_at="P_t contains Q_t and P_{t+1}",
        variants=_fixed(
            _retimed("Q", lambda X: (*X[1:], X[-1])),
            _retimed("Q", lambda X: (X[0], *X[:-2], X[-1])),
            _retimed("Q", lambda X: (X[0], *X[:-1])),
        ),
    ),
    Mistake(
        id="data-shifted",
        message="A, B or R are read one stage too early or too late",
        look_at="K_t is computed from A_t, B_t, R_t and P_{t+1}",
        variants=_fixed(
            *(
                _retimed(letters, pick)
                for letters in ("A", "B", "R", "ABR")
                for pick in (lambda X: (*X[1:], X[-1]), lambda X: (X[0], *X[:-1]))
            )
        ),
    ),
    Mistake(
        id="data-reversed",
        message="the game's matrices are read backwards in time",
        look_at="matrices are listed from t = 0, but the recursion starts at T−1",
        variants=_fixed(
            _retimed("ABR", lambda X: X[::-1]),
            _retimed("ABRQ", lambda X: X[::-1]),
        ),
    ),
    Mistake(
        id="data-constant",
        message="matrices that vary over time are read at one time only",
        look_at="A_t, B_t, Q_t and R_t inside the loop over t",
        variants=_fixed(
            *(
                _retimed(letters, pick)
                for letters in ("ABR", "ABRQ", "Q")
                for pick in (lambda X: X[:1] * len(X), lambda X: X[-1:] * len(X))
            ),
            _retimed("Q", lambda X: (*X[:1] * (len(X) - 1), X[-1])),
        ),
    ),
    Mistake(
        id="A-transposed",
        message="A is transposed",
        look_at="whether A is read by rows or by columns",
        variants=_fixed(Recomputed(data=lambda game: evolve(game, A=_each(game.A, np.transpose)))),
    ),
    Mistake(
        id="B-transposed",
        message="B is transposed, or its entries are read in the wrong order",
        look_at="whether B (m×p) is read by rows or by columns",
        variants=_fixed(_misread_B(_columns_as_rows), _misread_B(_rows_as_columns)),
    ),
    Mistake(
        id="data-in-float32",
        message="the game is read as float32, though the rest is computed in float64",
        look_at="the dtype of the arrays that are passed on",
        variants=_fixed(Recomputed(data=_as_float32)),
    ),
    Mistake(
        id="log-base-2",
        message="the relative entropy is measured in bits, with the logarithm to base 2",
        look_at="τ log(π/μ): the natural logarithm",
        variants=_fixed(_scale(tau=Fraction(1 / math.log(2)))),
    ),
    Mistake(
        id="costs-of-another-agent",
        message="agents are given one another's cost matrices",
        look_at="which agent Q and R belong to",
        variants=_costs_of_others,
    ),
)
