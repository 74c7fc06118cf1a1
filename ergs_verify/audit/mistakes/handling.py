"""Mistakes in handing the right numbers over: transposes, signs, shifts, swaps, inverses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import combinations

import numpy as np
from attrs import evolve

from ergs_verify import engine
from ergs_verify.audit.mistakes.given import stages_after
from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.audit.mistakes.recompute import recomputed
from ergs_verify.audit.mistakes.record import FLOAT64, Handled, Mistake, Recomputed
from ergs_verify.errors import ErgsError
from ergs_verify.game import Game
from ergs_verify.game.letters import POLICY
from ergs_verify.recursion.stages import Stages

#: Stages after which gains are taken to have converged.
_LONG = 400
_EVERY = tuple(letter.name for letter in POLICY)


def _on(letters: str | tuple[str, ...], change: Callable[[np.ndarray], np.ndarray]) -> Handled:
    """The same change to every agent's array of the letters."""
    return Handled(
        lambda right, stated: {k: tuple(map(change, right[k])) for k in letters if k in right}
    )


def _earlier(X: np.ndarray) -> np.ndarray:
    """X_{t+1} in the place of X_t; what is left over at the end could be anything."""
    return np.concatenate([X[1:], np.full_like(X[:1], np.nan)])


def _later(X: np.ndarray) -> np.ndarray:
    return np.concatenate([np.full_like(X[:1], np.nan), X[:-1]])


def _column_major(X: np.ndarray) -> np.ndarray:
    """Each matrix's entries written down by columns and read by rows."""
    return X.swapaxes(1, 2).reshape(X.shape)


def _square_K(game: Game) -> Iterable[Handled]:
    if set(game.control_sizes) == {game.state_size}:
        return (_on("K", lambda X: X.swapaxes(1, 2)),)
    return (_on("K", _column_major),)


def _swapped(game: Game) -> Iterable[Handled]:
    """Two agents exchanged, or all moved on by one, wherever sizes allow."""
    sizes, agents = game.control_sizes, range(game.agents)
    orders = []
    for a, b in combinations(agents, 2):
        order = list(agents)
        order[a], order[b] = b, a
        orders.append(order)
    if len(agents) > 2:
        orders += [[(k + step) % len(agents) for k in agents] for step in (1, -1)]
    return [
        Handled(
            lambda right, _, order=order: {k: tuple(X[n] for n in order) for k, X in right.items()}
        )
        for order in orders
        if all(sizes[k] == sizes[n] for k, n in enumerate(order))
    ]


def _one_for_all(game: Game) -> Iterable[Handled]:
    if game.agents == 1:
        return ()
    return [
        Handled(
            lambda right, _, k=k: {a: (right[a][k],) * game.agents for a in "Psq" if a in right}
        )
        for k in range(game.agents)
    ]


def _inverse(Sigma: np.ndarray) -> np.ndarray:
    """Σ⁻¹, NaN where Σ is singular or unknown."""
    try:
        return np.linalg.inv(Sigma)
    except np.linalg.LinAlgError:
        return np.full_like(Sigma, np.nan)


def _factor(Sigma: np.ndarray) -> np.ndarray:
    """Lower Cholesky factors."""
    try:
        return np.linalg.cholesky(Sigma)
    except np.linalg.LinAlgError:
        return np.full_like(Sigma, np.nan)


def _root(Sigma: np.ndarray) -> np.ndarray:
    """Symmetric square roots."""
    try:
        values, vectors = np.linalg.eigh(Sigma)
    except np.linalg.LinAlgError:
        return np.full_like(Sigma, np.nan)
    return (vectors * np.sqrt(values)[:, None, :]) @ vectors.swapaxes(1, 2)


def _instead(change: Callable[[np.ndarray], np.ndarray]) -> tuple[Handled, Recomputed]:
    """Σ changed when it is handed over, or before q is computed from it."""
    return _on(("Sigma",), change), Recomputed(
        covariances=lambda stages, stage: [change(X[None])[0] for X in stages.covariances(stage)],
        arithmetic=FLOAT64,
        letters=frozenset({"Sigma", "q"}),
    )


def _diagonal(Sigma: np.ndarray) -> np.ndarray:
    return Sigma * np.eye(Sigma.shape[-1])


def _single(right: Numbers, stated: Numbers) -> Numbers:
    """The stated numbers themselves, of K and of what else is all float32 and right to two digits.

    A solver that works in float32 is off by rounding that nobody can predict. Σ and P may have been
    made symmetric: a mean of two float32 numbers is none, but their diagonals stay. Gains must show
    it: a huge τ leaves a right q few bits, and gains may be 0.
    """

    def is_right(letter: str, tolerance: float) -> bool:
        # Of an agent whose numbers are all 0 the others' say what is small.
        largest = max(np.max(np.abs(Y)) for Y in right[letter])
        return all(
            np.max(np.abs(X - Y)) <= tolerance * (np.max(np.abs(Y)) or largest)
            for X, Y in zip(stated[letter], right[letter], strict=True)
        )

    def is_single(letter: str) -> bool:
        return is_right(letter, 0.01) and all(
            _is_single(X.diagonal(axis1=1, axis2=2) if letter in ("Sigma", "P") else X)
            for X in stated[letter]
        )

    if is_right("K", 1e-12) or not is_single("K"):
        return {}
    return {letter: stated[letter] for letter in right if is_single(letter)}


def _is_single(X: np.ndarray) -> bool:
    return np.array_equal(X, X.astype(np.float32))


def _with_P_now(game: Game) -> Iterable[Handled]:
    """Σ_t from P_t in the place of P_{t+1}."""

    def make(right: Numbers, _stated: Numbers) -> Numbers:
        known = (
            right
            if "P" in right
            else recomputed(Recomputed(), game.near, FLOAT64, frozenset({"P"}))
        )
        stages = Stages(game.near, FLOAT64, constants=False)
        now = stages_after(game, known)[:-1]
        best = [stages.covariances(stages.at(t, ahead)) for t, ahead in enumerate(now)]
        return {"Sigma": tuple(map(np.stack, zip(*best, strict=True)))}

    return (Handled(make),)


def _printed(_game: Game, stated: Numbers) -> Iterable[Handled]:
    """Gains with few decimals, or few digits; what else is stated may be, too."""
    for places in range(1, 11):
        decimals = partial(np.round, decimals=places)
        for write, unit in ((decimals, "decimals"), (_significant(places), "digits")):
            if all(np.array_equal(write(X), X) for X in stated["K"]):
                for letters in (("K", "k"), _EVERY):
                    yield evolve(_on(letters, write), detail=f"here to {places} {unit}")


def _significant(places: int) -> Callable[[np.ndarray], np.ndarray]:
    return np.vectorize(lambda x: float(f"{x:.{places}g}"), otypes=[float])


def _stationary(game: Game) -> Iterable[Handled]:
    """The first gains of a much longer game at every time, in games whose stages are all alike."""
    if game.general:
        return ()
    series = [game.A, *game.B, *game.R, *(X[:-1] for X in game.Q)]
    if game.horizon == 1 or any((X[0] != X[t]).any() for X in series for t in range(len(X))):
        return ()
    longer = game.horizon + _LONG
    data = game.floats()
    data.horizon = longer
    data.A = np.repeat(data.A[:1], longer, axis=0)
    for letter in "BR":
        repeated = (np.repeat(X[:1], longer, axis=0) for X in getattr(data, letter))
        setattr(data, letter, tuple(repeated))
    data.Q = tuple(np.concatenate([np.repeat(X[:1], longer, axis=0), X[-1:]]) for X in data.Q)
    try:
        found = engine.nash(data)
    except ErgsError:
        return ()

    def make(right: Numbers, _stated: Numbers) -> Numbers:
        return {
            k: tuple(
                np.repeat(X[:1], len(Y), axis=0)
                for X, Y in zip(getattr(found, k), right[k], strict=True)
            )
            for k in ("K", "Sigma", "P")
            if k in right
        }

    return (Handled(make),)


def _always(*variants: Handled | Recomputed):
    return lambda game: variants


MISTAKES = (
    Mistake(
        id="sign-of-K",
        message="K has the opposite sign",
        look_at=(
            "the convention is u = Kx; if u = −Kx is meant, declare --convention negative-gain"
        ),
        variants=_always(_on("Kk", np.negative)),
    ),
    Mistake(
        id="K-transposed",
        message="K is transposed, or its entries are laid out by columns",
        look_at="K is p×m; MATLAB, Octave, Julia and Fortran store matrices by columns",
        variants=_square_K,
    ),
    Mistake(
        id="shifted-in-time",
        message="numbers are given one stage too early or too late",
        look_at="K_t, Σ_t for t = 0…T−1 and P_t, q_t for t = 0…T",
        variants=_always(*(_on(_EVERY, shift) for shift in (_earlier, _later))),
    ),
    Mistake(
        id="reversed-in-time",
        message="numbers are listed from the last stage to the first",
        look_at="lists filled by the backward recursion start at t = T−1",
        variants=_always(_on(_EVERY, lambda X: X[::-1])),
    ),
    Mistake(
        id="agents-swapped",
        message="numbers are given under another agent's name",
        look_at="the order of the agents",
        variants=_swapped,
    ),
    Mistake(
        id="cost-of-one-agent",
        message="one agent's P and q are given for all",
        look_at="P and q have an entry per agent",
        variants=_one_for_all,
    ),
    Mistake(
        id="cost-scaled",
        message="P and q are halved or doubled",
        look_at=(
            "the value is x'Px + q, without ½; if ½ is meant, declare --convention half-values"
        ),
        variants=_always(*(_on(k, lambda X, c=c: c * X) for c in (0.5, 2.0) for k in ("Psq", "P"))),
    ),
    Mistake(
        id="sigma-inverted",
        message="Σ is inverted, so a precision is given in place of a covariance",
        look_at="Σ = (τ/2)W⁻¹",
        variants=_always(_on(("Sigma",), _inverse)),
    ),
    Mistake(
        id="sigma-factor",
        message="a Cholesky factor or square root of Σ is given in its place",
        look_at="Σ is a covariance; a standard deviation is its root",
        variants=_always(
            *_instead(_factor),
            *_instead(lambda X: _factor(X).swapaxes(1, 2)),
            *_instead(_root),
        ),
    ),
    Mistake(
        id="sigma-diagonal",
        message="only the diagonal of Σ is kept",
        look_at="Σ is a full p×p matrix",
        variants=_always(_on(("Sigma",), _diagonal)),
    ),
    Mistake(
        id="sigma-with-P-now",
        message="Σ_t is computed from P_t instead of P_{t+1}",
        look_at="Σ_t = (τ/2)W_t⁻¹, in which W_t has P_{t+1}, as in the gains",
        variants=_with_P_now,
    ),
    Mistake(
        id="stationary-gains",
        message="the gains of the infinite horizon are given at every time",
        look_at="the recursion starts at P_T = Q_T, so K_t changes with t towards the end",
        variants=_stationary,
    ),
    Mistake(
        id="printed-digits",
        message="the gains are rounded when they are printed",
        look_at="where they are written; 17 digits keep a float64",
        variants=_always(),
        fitted=_printed,
    ),
    Mistake(
        id="single-precision",
        message="the numbers are in single precision",
        look_at="float32 arrays; if they are meant, declare --dtype float32",
        variants=_always(Handled(_single)),
    ),
)
