"""The Nash equilibria of a stack of games in float64, certified after the fact.

Float64 gives P̂ near every P_t and K̂ near every K_t; nothing is asked of them. At P̂_{t+1} and K̂_t
the stage's formulas are enclosed, for all stages and games at once. How far off the true
equilibrium is follows by `ergs_verify.certify.perturbation`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np

from ergs_verify.arithmetic.above import Above, above
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.arithmetic.in_step import innermost, inverse_root, product, solve
from ergs_verify.arithmetic.stacks import Float64Stacks
from ergs_verify.certify.float_norms import column_norms, frobenius
from ergs_verify.certify.perturbation import (
    FARTHEST,
    Letters,
    Perturbation,
    Rows,
    Windows,
    balance_of,
    cost_of_controls,
    slope_of_controls,
    weights,
)
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import FloatGame, Game
from ergs_verify.paper import notation
from ergs_verify.recursion.backward_induction import Recursion, block_system, by_agent
from ergs_verify.recursion.stack import StageStack

#: No direction of the state counts for less than this part of its own cost.
_RIDGE = 2.0**-10
#: What is linear in errors is taken over so many stages in a row, where so many rows make it worth.
_LONGEST, _WORTHWHILE = 3, 8
#: Bounds are taken to be at least this large, so that their products do not underflow.
_FLOOR = 2.0**-180

ByAgent = tuple[Centred, ...]
_quietly = np.errstate(all="ignore")


class FloatNash:
    """The equilibria of a stack of G games, enclosed. A game that is not certified may have none.

    Attributes
    ----------
    stack : StageStack
    certified : (G,) of bool
        There is exactly one equilibrium, and all enclosures hold and are bounded.
    K : tuple over agents of Centred (T·G, p_i, m)
        Centres and radii.
    P : tuple over agents of Centred ((T+1)·G, m, m)
    """

    def __init__(self, stack: StageStack, K: ByAgent, P: ByAgent):
        self.stack, self.K, self.P = stack, K, P

    @cached_property
    def ahead(self) -> Evaluator:
        """Knows every stage's letters and P_{t+1}."""
        G = self.stack.games
        return self.stack.known.with_values(
            {notation.P(k): P[G:] for k, P in zip(self.stack.agents, self.P, strict=True)}
        )

    @cached_property
    @_quietly
    def W(self) -> ByAgent:
        """W_t of every agent."""
        return tuple(self.ahead(notation.W(k)) for k in self.stack.agents)

    @cached_property
    @_quietly
    def Sigma(self) -> ByAgent:
        """Σ_t of every agent."""
        formula = self.stack.formula
        return tuple(self.ahead(formula("covariance", k)) for k in self.stack.agents)

    @cached_property
    @_quietly
    def phi(self) -> Centred:
        """Φ_t."""
        return block_system(self.stack, self.ahead)[0]

    @cached_property
    @_quietly
    def certified(self) -> np.ndarray:
        stack = self.stack
        bounded = np.ones((stack.horizon, stack.games), dtype=bool)
        for X in (*self.K, *(P[: -stack.games] for P in self.P)):
            bounded &= stack.by_stage(X.known.all(axis=(-2, -1)))
        for W in self.W:
            bounded &= stack.by_stage(stack.arithmetic.definite(W))
        return np.asarray(bounded.all(axis=0))

    def digits(self) -> np.ndarray:
        """(G,): to so many decimal digits every K_t and P_t is known, relative to its largest
        entry or 1."""
        off = np.zeros(self.stack.games)
        for X in (*self.K, *self.P):
            size = np.maximum(X.size.max(axis=(-2, -1)), 1)
            parts = X.radii.max(axis=(-2, -1)) / size
            off = np.maximum(off, parts.reshape(-1, self.stack.games).max(axis=0))
        return np.where(self.certified, -np.log10(np.maximum(off, 1e-300)), -np.inf)


def certified_stack(
    games: FloatGame | Game | StageStack, near: Sequence[np.ndarray] | None = None
) -> FloatNash:
    """Certify the equilibria of a stack of games.

    Parameters
    ----------
    games : FloatGame
        Of the paper's class, games along one batch axis, or a single `Game` of any class.
    near : tuple over agents of (T+1, G, m, m), optional
        Matrices near P, from anywhere; computed in float64 without them.

    Examples
    --------
    >>> from ergs_verify.certify.float_nash import certified_stack
    >>> from ergs_verify.game.gallery import gallery
    >>> found = certified_stack(gallery("g-star-2"))
    >>> found.certified.tolist(), found.K[0].middle.round(4).tolist()  # −13/7 and 8/7
    ([True], [[[-1.8571, 1.1429]]])
    """
    with np.errstate(all="ignore"):
        stack = _stacked(games)
        P = [_flat_symmetric(X) for X in (near_costs(stack) if near is None else near)]
        return _certified(stack, P)


def _stacked(games: FloatGame | Game | StageStack) -> StageStack:
    if isinstance(games, StageStack):
        return games
    return StageStack.of_game(games) if isinstance(games, Game) else StageStack.of_floats(games)


def near_costs(stack: StageStack) -> list[np.ndarray]:
    """P in float64, (T+1, G, m, m) for each agent, by the recursion; NaN where it is lost."""
    recursion = Recursion(stack, Float64Stacks())
    ahead = [P.middle for P in stack.terminal]
    found = [ahead]
    for t in reversed(range(stack.horizon)):
        costs = {notation.P(k): P for k, P in zip(stack.agents, ahead, strict=True)}
        ahead = recursion.step(stack.middles(t) | costs).P
        ahead = [(P + P.swapaxes(-1, -2)) / 2 for P in ahead]
        found.append(ahead)
    return [np.stack(own) for own in zip(*found[::-1], strict=True)]


def _flat_symmetric(X: np.ndarray) -> np.ndarray:
    """((T+1)·G, m, m), exactly symmetric, in the layout of the stack."""
    flat = innermost(X.reshape(-1, *X.shape[-2:]))
    return (flat + flat.swapaxes(-1, -2)) / 2


def _certified(stack: StageStack, near: list[np.ndarray]) -> FloatNash:
    numbers, agents, G, m = stack.arithmetic, stack.agents, stack.games, stack.states
    # The end is exact but for the entering of Q.
    for P, end in zip(near, stack.terminal, strict=True):
        P[-G:] = end.middle
    known = stack.known.with_values(
        {notation.P(k): Centred(P[G:]) for k, P in zip(agents, near, strict=True)}
    )
    phi, rhs = block_system(stack, known)
    gains = Centred(solve(phi.middle, -rhs.middle))
    residual = rhs + numbers.multiply(phi, gains)
    inverse = numbers.solve(phi, numbers.identity(sum(stack.control_sizes)))
    K = {notation.K(k): X for k, X in zip(agents, by_agent(stack, gains), strict=True)}
    played = known.with_values(K)
    letters = Letters(
        B=numbers.blocks([[played(notation.B(k)) for k in agents]]),
        inverse=inverse,
        loop=played(notation.F).map(partial(np.broadcast_to, shape=(stack.horizon * G, m, m))),
        costs=[Centred(P[G:]) for P in near],
        rates=stack.rates,
        sizes=stack.control_sizes,
        slopes=[played(slope_of_controls(k)) for k in agents] if stack.general else None,
    )
    frame = _Frame(stack, _guess(stack, near, letters))
    effects = _Effects(stack, frame, played, letters, residual, near)
    moved, errors = effects.carried()
    columns = frame.columns
    outer = above(columns[:, :, None] * columns[:, None, :])
    return FloatNash(
        stack,
        tuple(
            X.widened(above(bound[:, None, None] * columns[:-G, None, :]))
            for X, bound in zip(K.values(), moved, strict=True)
        ),
        tuple(
            Centred(P, above(bound[:, None, None] * outer))
            for P, bound in zip(near, errors, strict=True)
        ),
    )


class _Frame:
    """Coordinates of the state at t = 0…T: S, (T+1)·G exact floats, and S⁻¹."""

    def __init__(self, stack: StageStack, S: np.ndarray):
        self._numbers, self._games = stack.arithmetic, stack.games
        self.S = Centred(S)
        self.inverse = self._numbers.solve(self.S, self._numbers.identity(stack.states))
        self.columns = column_norms(self.inverse).value

    def in_frame(self, P: Centred, S: Centred) -> Centred:
        numbers = self._numbers
        return numbers.multiply(numbers.multiply(numbers.transpose(S), P), S)

    @property
    def now(self) -> Centred:
        """S at t."""
        return self.S[: -self._games]

    @property
    def ahead(self) -> Centred:
        """S at t + 1."""
        return self.S[self._games :]

    @property
    def inverse_ahead(self) -> Centred:
        return self.inverse[self._games :]


def _guess(stack: StageStack, near: list[np.ndarray], letters: Letters) -> np.ndarray:
    """Near roots of Y_t⁻¹, Y_t = F'Y_{t+1}F + ΣPⁱ/|tr Pⁱ|: any regular matrices serve.

    Agents' costs count alike, whatever their units, and in Y what follows counts for a stage too.
    A single game's coordinates are balanced besides, for the stage in the middle.
    """
    total = np.zeros_like(near[0])
    for P in near:
        size = np.abs(np.einsum("...ii->...i", P)).sum(axis=-1)[..., None, None]
        total += P / np.where(size > 0, size, 1)
    diagonal = np.abs(np.einsum("...ii->...i", total))
    least = diagonal.max(axis=-1, keepdims=True) * 2.0**-40
    sizes = np.maximum(diagonal, np.where(least > 0, least, 1))
    eye = np.eye(total.shape[-1])
    Y, G = total + eye * sizes[..., None, :] * _RIDGE, stack.games
    for t in reversed(range(stack.horizon)):
        F = letters.loop.middle[t * G : (t + 1) * G]
        ahead = product(product(F.swapaxes(-1, -2), Y[(t + 1) * G : (t + 2) * G]), F)
        Y[t * G : (t + 1) * G] += (ahead + ahead.swapaxes(-1, -2)) / 2
    S = inverse_root(Y).swapaxes(-1, -2)
    good = np.isfinite(S).all(axis=(-2, -1), keepdims=True)
    S = np.where(good, S, eye * (1 / np.sqrt(sizes))[..., None, :])
    return S @ _balance(letters, S) if G == 1 else S


def _balance(letters: Letters, S: np.ndarray) -> np.ndarray:
    k = len(letters.loop.middle) // 2
    ahead, now = Centred(S[k + 1]), Centred(S[k])
    one = letters.stage(k).turned(ahead, Centred(np.linalg.inv(S[k + 1])), now)
    return balance_of(one, np.eye(S.shape[-1]))


class _Effects:
    """Bounds of what errors of P_{t+1} do at each stage, (T, agents, G) or (T, G).

    All are at least `_FLOOR`, so that no product of five underflows.
    """

    def __init__(
        self,
        stack: StageStack,
        frame: _Frame,
        played: Evaluator,
        letters: Letters,
        residual: Centred,
        near: list[np.ndarray],
    ):
        numbers, agents, G = stack.arithmetic, stack.agents, stack.games
        self._stack, self._frame = stack, frame
        times = numbers.multiply
        kept, agentwise = self._kept, self._agentwise
        starts = np.cumsum([0, *stack.control_sizes])
        own = [slice(start, stop) for start, stop in pairwise(starts)]
        letters = letters.turned(frame.ahead, frame.inverse_ahead, frame.now)
        moves = Perturbation(letters)
        # Φ⁻¹s and s, of x in coordinates.
        off = times(times(letters.inverse, residual), frame.now)
        residual = times(residual, frame.now)

        self.off = agentwise([frobenius(off.magnitude[..., i, :]) for i in own])
        self.residual = agentwise([frobenius(residual.magnitude[..., i, :]) for i in own])
        self.off_loop = kept(frobenius(times(letters.B, off).magnitude))
        self.costs = agentwise([frobenius(P.magnitude) for P in letters.costs])
        self.rates = np.array([np.maximum(r.magnitude, _FLOOR) for r in stack.rates])[:, None]
        self._controls(played)
        direct = []
        for k, P, slope in zip(agents, near, moves.slopes, strict=True):
            cost = played(stack.formula("policy_cost", k)) - Centred(P[:-G])
            here = frame.in_frame(Centred(cost.magnitude), Centred(frame.now.size))
            moved = frobenius(times(numbers.transpose(off), slope).magnitude)
            direct.append(frobenius(here.magnitude) + moved * 2.0)
        self.direct, self.end = agentwise(direct), self._at_the_end()
        chosen = weights(
            stack.by_stage(moves.sizes()),
            np.moveaxis(self.direct, 1, -1),
            np.clip(self.end.T, 1 / FARTHEST, FARTHEST),
        )
        flat = [w.reshape(-1, len(agents)) for w in (chosen[1:], chosen[:-1])]
        gains, regular, linear = moves.bounds(*flat)
        self.weights = np.moveaxis(chosen, -1, 1)
        self.gains, self.regular = agentwise(gains), kept(regular)
        longest = _LONGEST if linear.middle.shape[-1] >= _WORTHWHILE else 1
        self.windows = Windows(
            letters.loop.map(stack.by_stage), linear.map(stack.by_stage), longest
        )

    def _kept(self, bound: Above) -> np.ndarray:
        stack = self._stack
        stages = np.broadcast_to(bound.value, (stack.horizon * stack.games,))
        return np.maximum(stages, _FLOOR).reshape(stack.horizon, stack.games)

    def _agentwise(self, bounds: list[Above]) -> np.ndarray:
        return np.stack([self._kept(bound) for bound in bounds], axis=1)

    def _controls(self, played: Evaluator) -> None:
        """What gains cost that move: R̃ⁱ; in the general game Rⁱ too."""
        stack = self._stack

        def sizes(formula: Callable[[int], Any]) -> np.ndarray:
            found = [frobenius(played(formula(k)).magnitude) for k in stack.agents]
            return self._agentwise(found)

        self.own = sizes(
            lambda k: cost_of_controls(k, general=stack.general, plain=k in stack.plain)
        )
        self.joint = sizes(notation.joint_R) if stack.general else None

    def carried(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Bounds of ‖ΔⁱS‖ (T·G) and of ‖S'EⁱS‖ ((T+1)·G) for each agent.

        Every expression is rounded upward as a whole.
        """
        stack = self._stack
        N = len(stack.agents)
        errors = self.end
        together = _together(errors, self.weights[-1])
        rows = Rows(Above(together), Above(0.0), _least)
        gains, costs = [], [errors]
        operations = 4 * (N + 8)
        for t in reversed(range(stack.horizon)):
            window = self.windows.at(t)
            kappa = np.maximum(above(self.regular[t] * together), _FLOOR)
            loop = window.loop + window.off_loop + self.off_loop[t]
            f = np.maximum(loop.over_rest(Above(kappa)).value, _FLOOR)
            moved = above(self.off[t] + self.gains[t] * together * f, 4)
            joint = np.maximum(above(kappa * f + self.off_loop[t], 4), _FLOOR)
            found = self.direct[t] + (2 * self.residual[t] + self.own[t] * moved) * moved
            found = found + self.rates * joint * (joint * self.costs[t] + f * errors)
            if self.joint is not None:
                found = found + self.joint[t] * (moved * moved).sum(axis=0)
            off = window.off(Above(joint), Above(f)) * Above(together)
            new = 2 * off + Above(_together(above(found, operations), self.weights[t]))
            together = rows.after(window.norms, new).value
            errors = np.maximum(above(self.weights[t] * together), _FLOOR)
            gains.append(moved)
            costs.append(errors)
        return _by_agent(gains), _by_agent(costs)

    def _at_the_end(self) -> np.ndarray:
        """(N, G): 0 but for what Q lost on entering float64."""
        stack, G = self._stack, self._stack.games
        S = self._frame.S[-G:]
        size = Centred(S.size)
        found = []
        for end in stack.terminal:
            if end.radius is None:
                found.append(np.full(G, _FLOOR))
                continue
            off = self._frame.in_frame(Centred(end.radius), size)
            found.append(np.maximum(frobenius(off.magnitude).value, _FLOOR))
        return np.stack(found)


def _together(errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(G,): the norm over agents of errors by their weights."""
    parts = np.maximum(above(errors / weights), _FLOOR)
    return Above(parts * parts).total(0).root().value


def _least(bounds: list[Above]) -> Above:
    return Above(np.minimum.reduce([bound.value for bound in bounds]))


def _by_agent(backwards: list[np.ndarray]) -> list[np.ndarray]:
    """From (N, G) of the last stage first to (stages·G,) for each agent."""
    whole = np.stack(backwards[::-1])
    return [whole[:, i].reshape(-1) for i in range(whole.shape[1])]
