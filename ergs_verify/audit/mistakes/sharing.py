"""Recursions in float64 with many mistakes on one game: what they have in common, computed once.

Most mistakes change one formula, or one that makes no difference on this game. So evaluators are
kept, and found again by the numbers that they know.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from ergs_verify.arithmetic.base import Arithmetic
from ergs_verify.audit.mistakes.recompute import LenientStages
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.game.letters import GAME
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.stages import Stages
from ergs_verify.recursion.written_out import written_out


class SharedStages:
    """Makes the `Stages` of a game with any formulas, in an arithmetic whose matrices are arrays.

    Formulas must share their definitions. An arithmetic is told by its identity.
    """

    def __init__(self):
        self._made: dict[tuple, tuple[Game, _KeptStages]] = {}

    def __call__(self, game: Game, arithmetic: Arithmetic, formulas: Formulas) -> Stages:
        key = (id(arithmetic), *(_told(letter.of(game)) for letter in GAME))
        if key not in self._made:
            # The game is kept too, so that the ids of its arrays stay their own.
            self._made[key] = game, _KeptStages(game, arithmetic, formulas)
        stages = copy(self._made[key][1])
        stages.formula = written_out(formulas, agents=game.agents, plain=stages.plain)
        return stages


def _told(value: Any) -> Any:
    """What tells a letter's value from others: arrays by their identity."""
    if isinstance(value, tuple):
        return tuple(map(_told, value))
    return id(value) if isinstance(value, np.ndarray) else value


class _KeptStages(LenientStages):
    def __init__(self, *given: Any):
        super().__init__(*given)
        self._kept: dict[int, _Kept] = {}

    def bare(self, t: int) -> Evaluator:
        if t not in self._kept:
            self._kept[t] = _Kept(super().bare(t))
        return self._kept[t]


class _Kept(Evaluator):
    """An evaluator that keeps those with further values."""

    def __init__(self, evaluator: Evaluator):
        self.__dict__ |= evaluator.__dict__
        self._further: dict[tuple, _Kept] = {}

    def with_values(self, values: Mapping) -> Evaluator:
        key = tuple(
            (letter, *((X.shape, X.tobytes()) if hasattr(X, "tobytes") else (X,)))
            for letter, X in values.items()
        )
        if key not in self._further:
            self._further[key] = _Kept(super().with_values(values))
        return self._further[key]
