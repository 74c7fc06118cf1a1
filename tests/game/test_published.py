"""Published games: valid as they stand, sourced, and the same when saved."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from ergs_verify import load_game, solve
from ergs_verify.errors import UnboundedCostError
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery, names, published

EVERY = published().values()


def test_at_least_twelve_games_of_others_ten_of_them_with_numbers():
    assert len(published()) >= 12
    assert sum(bool(entry.printed) for entry in EVERY) >= 10
    assert not set(published()) & set(names())
    keys = {key for entry in EVERY for key in entry.game(2).beyond}
    assert keys >= {
        "R",
        "S",
        "drift",
        "x_linear",
        "u_linear",
        "tau",
        "discount",
        "prior",
        "indefinite",
    }


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.name)
def test_every_entry_is_whole(entry):
    game = gallery(entry.name)
    assert (game.name, game.horizon) == (entry.name, entry.horizon)
    assert game.repairs == ()  # exact entries need no forgiving
    for sentence in (entry.shows, entry.source, entry.remark):
        assert "\n" not in sentence
        assert sentence == "" or sentence.endswith(".")
    for printed in entry.printed:
        assert Decimal(printed.text).is_finite()
        assert 1 <= printed.agent <= game.agents
        assert printed.stages is None or 1 <= printed.stages <= entry.horizon


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.name)
def test_a_saved_game_is_the_same(entry, tmp_path):
    game = entry.game(3)
    path = tmp_path / "game.json"
    game.save(path)
    assert load_game(path).hash == game.hash


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.name)
def test_every_game_is_solved_with_certified_digits(entry):
    assert solve(entry.game(4), digits=10).certified


def test_outputs_and_changes_of_outputs_are_one_game():
    """u = y_next or u = y_next − y: the gains differ by the identity, the costs not at all."""
    change, output = (
        solve(published()[name].game(5), digits=20)
        for name in ("quantecon-duopoly", "quantecon-next-output")
    )
    for i in range(2):
        for t in range(5):
            own = np.eye(2, dtype=int)[[i]]
            assert abs(output.K[i][t] - change.K[i][t] - own).max() <= Decimal("2e-20")
            for letter in ("P", "s"):
                off = getattr(output, letter)[i][t] - getattr(change, letter)[i][t]
                # Entries reach 30, and each is within 1e-20 of the largest of its matrix.
                assert abs(off).max() <= Decimal("1e-18")


def test_the_inventories_taken_at_the_solvers_word_have_no_lower_bound():
    """The remark of the entry: the matrices are those of a maximisation."""
    entry = published()["quantecon-inventories"]
    given = entry.data(4)

    def negative(x):
        return [negative(y) for y in x] if isinstance(x, list) else f"-{x}".replace("--", "")

    turned = {key: negative(given[key]) for key in ("Q", "R", "x_linear", "u_linear")}
    with pytest.raises(UnboundedCostError):
        solve(Game.from_arrays(horizon=4, **{**given, **turned}))
