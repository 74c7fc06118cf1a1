"""Games and policies: frozen records with exact entries, validated once, read from files."""

from ergs_verify.game.floats import FloatGame
from ergs_verify.game.game import Game, load_game
from ergs_verify.game.policy import Policy, load_solution

__all__ = ["FloatGame", "Game", "Policy", "load_game", "load_solution"]
