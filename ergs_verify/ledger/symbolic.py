"""Stages of a game whose τ is a symbol or any exact SymPy number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from ergs_verify.game import Game
from ergs_verify.proof.sampling import SymPyNumbers
from ergs_verify.recursion import block_system
from ergs_verify.recursion.backward_induction import backwards
from ergs_verify.recursion.records import Sequences, Stage
from ergs_verify.recursion.stages import Stages


class Symbols(SymPyNumbers):
    """Exact matrices of rational functions in symbols; logarithms of what is positive."""

    name = "symbols"

    def log(self, x):
        return sympy.log(x)

    def add(self, X, Y):
        return (X + Y).applyfunc(sympy.cancel)

    def multiply(self, X, Y):
        return (X * Y).applyfunc(sympy.cancel)

    def solve(self, X, Y):
        if sympy.cancel(X.det()) == 0:
            raise ZeroDivisionError("singular")
        return X.LUsolve(Y).applyfunc(sympy.cancel)


class SymbolicStages(Stages):
    """A game's stages with `tau` in place of the game's own (which must be positive)."""

    def __init__(self, game: Game, tau: Any):
        super().__init__(game, Symbols())
        self._tau = sympy.sympify(tau)

    def last_block_system(self) -> tuple[Any, Any]:
        """Φ_{T−1} and its right-hand side."""
        return block_system(self, self.at(self.game.horizon - 1, self.terminal()))

    def nash(self) -> Sequences:
        """The feedback equilibrium, where every Φ_t is regular as a matrix of functions."""
        terminal = self.terminal()
        return Sequences.from_backwards(terminal, backwards(self, terminal))

    def evaluated_policy(self, K: Sequence, Sigma: Sequence) -> Stage:
        """P_{T−1} and q_{T−1} of a given policy of the last stage."""
        t = self.game.horizon - 1
        return self.evaluated(self.at(t, self.terminal()), K, Sigma, t)
