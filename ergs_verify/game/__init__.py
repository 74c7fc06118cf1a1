"""Games and policies: frozen records with exact entries, validated once."""

from ergs_verify.game.game import MAX_NUMBERS, FloatGame, Game, refuse_too_large, stages_of
from ergs_verify.game.policy import Policy

__all__ = ["MAX_NUMBERS", "FloatGame", "Game", "Policy", "refuse_too_large", "stages_of"]
