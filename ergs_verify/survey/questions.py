"""What is asked of each game of a survey, and the columns of its answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.solution import audit
from ergs_verify.certify.augmentation import chosen_deltas, gap
from ergs_verify.certify.check import check
from ergs_verify.certify.float_check import StackCheck, check_stack
from ergs_verify.errors import ErgsError, InputError, SingularStageError
from ergs_verify.exact import whole
from ergs_verify.game import Game
from ergs_verify.recursion.stack import StageStack
from ergs_verify.solve import MOST_DIGITS, solve
from ergs_verify.survey.families import Family

#: Columns of every answer; then those of a question.
COMMON = {"index": "int64", "name": "string", "error": "string"}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "check": {
        "exists": "string",
        "unique": "string",
        "assumption_III_3": "string",
        "inner_loop": "string",
        "negative_determinants": "int64",
        "proved_by": "string",
        "digits": "double",
    },
    "gap": {"verdict": "string", "gap_lo": "double", "gap_hi": "double", "bound_hi": "double"},
    "solve": {"solution": "string", "working_digits": "int64"},
    "audit": {
        "verdict": "string",
        "judged_by": "string",
        "gap_lo": "double",
        "gap_hi": "double",
    },
}
#: What is asked where no option says otherwise.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "check": {},
    "gap": {"delta": "1"},
    "solve": {"digits": 8},
    "audit": {"solver": "", "timeout": 60.0},
}
#: Games that are checked at once: what float64 proves of one may depend on how many there are.
_STACK, _STACK_OF_LARGE = 250, 10
#: States of all agents from which on a game is large.
_LARGE = 16

Row = dict[str, Any]
_WORDS = {1: "proved", -1: "refuted"}
_OF_LOOP = {1: "converges", -1: "diverges"}


def at_once(family: Family, question: str) -> int:
    """How many games in a row a question is put to together, from the first or a multiple on."""
    if question != "check":
        return 1
    with suppress(Exception):  # told in the row of that game
        game = family.game(0)
        if game.agents * game.state_size > _LARGE:
            return _STACK_OF_LARGE
    return _STACK


def rows(
    family: Family, question: str, start: int, stop: int, options: Mapping[str, Any]
) -> list[Row]:
    """The answers about the games start … stop−1, which are whole groups of those `at_once`.

    A game that has none says why in `error`.
    """
    if question == "check":
        return _checked(family, start, stop)
    if question == "audit":
        with _solver(**options) as solver:
            return [_answered(family, k, partial(_audited, solver)) for k in range(start, stop)]
    ask: Callable[..., Row] = {"gap": _gap, "solve": _solved}[question]
    return [_answered(family, k, partial(ask, **options)) for k in range(start, stop)]


def expect_ready(question: str, options: Mapping[str, Any]) -> None:
    """Refuse before the work what no game could be asked, and a solver that cannot be run.

    Raises
    ------
    InputError
    """
    if question == "gap":
        chosen_deltas([options["delta"]])
    if question == "solve":
        whole(options["digits"], "digits", 1, MOST_DIGITS)
    if question == "audit":
        if not options["solver"]:
            raise InputError('an audit needs a solver, such as "module:function"', "solver")
        with _solver(**options) as solver:
            solver.ready()


def _solver(*, solver: str, timeout: float) -> PythonSolver:
    return PythonSolver(name=solver, timeout=timeout)


def _answered(family: Family, index: int, ask: Callable[[Game], Row]) -> Row:
    row: Row = {"index": index, "name": family.name(index), "error": None}
    try:
        return row | ask(family.game(index))
    except Exception as error:  # whatever is wrong with one game must not lose a million others
        known = isinstance(error, ErgsError)
        return row | {"error": str(error) if known else f"{type(error).__name__}: {error}"}


# -- check -----------------------------------------------------------------------------------------


def _checked(family: Family, start: int, stop: int) -> list[Row]:
    found: list[Row] = []
    together = at_once(family, "check")
    for first in range(start, stop, together):
        last = min(first + together, stop)
        stack = family.stack(first, last)
        known = _stacked(range(first, last), stack) if stack else _sorted(family, first, last)
        for index in range(first, last):
            if index in known:
                common = {"index": index, "name": family.name(index), "error": None}
                found.append(common | known[index])
            else:
                found.append(_answered(family, index, _check_in_balls))
    return found


def _stacked(indices: Sequence[int], stack: StageStack) -> dict[int, Row]:
    """The answers about the games that float64 decides."""
    checked = check_stack(stack)
    rows = zip(indices, checked.decided.tolist(), _by_floats(checked), strict=True)
    return {index: row for index, decided, row in rows if decided}


def _sorted(family: Family, first: int, last: int) -> dict[int, Row]:
    """The same of games of any kind: those of one size are a stack."""
    alike: dict[Any, list[tuple[int, Game]]] = {}
    for index in range(first, last):
        with suppress(Exception):  # told by whoever asks for that game alone
            game = family.game(index)
            if not game.stationary and not game.general:
                game.floats()
                size = game.horizon, game.state_size, game.control_sizes, game.tau == 0
                alike.setdefault(size, []).append((index, game))
    known: dict[int, Row] = {}
    for several in alike.values():
        indices, games = zip(*several, strict=True)
        known |= _stacked(indices, StageStack.of_games(games))
    return known


def _by_floats(checked: StackCheck) -> list[Row]:
    columns = zip(
        checked.assumption_III_3.tolist(),
        checked.loop.tolist(),
        (checked.det_sign < 0).sum(axis=0).tolist(),
        np.floor(checked.digits * 10).tolist(),
        strict=True,
    )
    return [
        {
            "exists": "proved",
            "unique": "proved",
            "assumption_III_3": _WORDS.get(assumption, "undecided"),
            "inner_loop": _OF_LOOP.get(loop, "undecided"),
            "negative_determinants": negative,
            "proved_by": "float64",
            "digits": tenths / 10,
        }
        for assumption, loop, negative, tenths in columns
    ]


def _check_in_balls(game: Game) -> Row:
    found = check(game)
    assumption = found.assumption_III_3
    return {
        "exists": found.nash.exists,
        "unique": found.nash.unique,
        "assumption_III_3": assumption and assumption.verdict,
        "inner_loop": found.inner_loop if found.stages else None,
        "negative_determinants": sum(stage.det_phi.hi < 0 for stage in found.stages),
        "proved_by": "balls",
        "digits": None,
    }


# -- the others ------------------------------------------------------------------------------------


def _gap(game: Game, *, delta: str) -> Row:
    """The largest of the agents' gaps at τ + δ."""
    (row,) = gap(game, [delta]).rows
    agents = row.agents or ()
    return {
        "verdict": row.verdict,
        "gap_lo": _above(max((one.epsilon.lo for one in agents), default=None), -np.inf),
        "gap_hi": _above(max((one.epsilon.hi for one in agents), default=None), np.inf),
        "bound_hi": _above(max((one.bound.hi for one in agents), default=None), np.inf),
    }


def _above(x: Any, toward: float) -> float | None:
    """The float64 next to a number on one side, so that bounds stay bounds."""
    if x is None:
        return None
    near = float(x)
    return near if near == x else float(np.nextafter(near, toward))


def _solved(game: Game, *, digits: int) -> Row:
    try:
        found = solve(game, digits=digits)
    except SingularStageError as error:
        return {"error": str(error)}
    letters = {"K": found.K, "Sigma": found.Sigma, "P": found.P, "q": found.q}
    return {
        "solution": json.dumps(letters, default=_listed),
        "working_digits": found.working_digits,
    }


def _audited(solver: PythonSolver, game: Game) -> Row:
    """What the solver gives for the game with its entries rounded to float64."""
    game = game.rounded()
    outcome = solver(game)
    if outcome.policy is None:
        return {"error": outcome.trouble and outcome.trouble.message}
    found = audit(game, outcome.policy)
    return {
        "verdict": found.verdict,
        "judged_by": found.judged_by,
        "gap_lo": _above(found.gap.largest.lo, -np.inf),
        "gap_hi": _above(found.gap.largest.hi, np.inf),
    }


def _listed(x: Any) -> Any:
    return x.tolist() if isinstance(x, np.ndarray) else str(x)
