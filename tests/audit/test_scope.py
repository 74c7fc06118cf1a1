"""Which games a solver is judged on, and what counts as not taking one."""

from __future__ import annotations

import pytest

from ergs_verify.audit.outcome import Trouble
from ergs_verify.audit.scope import Scope
from ergs_verify.audit.suite import suite
from ergs_verify.errors import InputError

GAMES = [one.game for one in suite() if not one.singular]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("", 30), ("agents=2", 20), ("equal-controls", 27), ("agents<=1", 2), ("plain", 2),
        ("entropy", 28), ("stages=1", 5), ("agents=2, time-invariant, equal-controls", 13),
    ],
)  # fmt: skip
def test_games_outside_are_left_out(words, left):
    scope = Scope.named(words)
    assert sum(scope.left_out(game) is None for game in GAMES) == left


def test_words_that_say_nothing_are_refused():
    for word in ("agent=2", "agents=two", "agents>=2", "quadratic"):
        with pytest.raises(InputError, match="is not a scope"):
            Scope.named(f"no-noise,{word}")


def test_declared_signals():
    scope = Scope.named(unsupported=["NotImplementedError", "3", "unsupported"])

    def says(kind, message):
        return scope.declines(Trouble(kind=kind, message=message))

    assert says("raised", "raised NotImplementedError: two agents")
    assert says("raised", "ended with exit status 3 and said 'no'")
    assert says("unsupported", "does not accept such a game: three agents")
    assert not says("raised", "raised ValueError: NotImplementedError")
    assert not says("raised", "ended with exit status 33")
    assert not Scope().declines(Trouble(kind="raised", message="raised NotImplementedError"))


@pytest.mark.parametrize("words", ["", "agents=2,time-invariant,equal-controls,no-noise,entropy"])
def test_games_to_tell_mistakes_apart_are_in_scope(words):
    scope = Scope.named(words)
    games = list(scope.games())
    assert len(games) >= 2
    assert all(scope.left_out(game) is None for game in games)
