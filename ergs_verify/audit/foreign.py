"""Other people's solvers, run on a game: what all of them share, and functions of this process.

A solver here is called with a `Game` and gives an `Outcome`, whatever happens: it may raise, hang,
crash, print, return nonsense or write into its input. What is wrong with how it was *named* (no
such module, no such program) is an `InputError` instead.
"""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

import attrs
from attrs import define, field

from ergs_verify.audit.answers import from_call
from ergs_verify.audit.calling import called
from ergs_verify.audit.contained import shortened
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.outcome import Outcome
from ergs_verify.errors import InputError
from ergs_verify.game import FloatGame, Game


def _seconds(_: Any, __: Any, value: float) -> None:
    if not 0 < value <= threading.TIMEOUT_MAX:
        raise InputError("the timeout must be a number of seconds > 0", "timeout")


@define(kw_only=True, eq=False)
class Solver:
    """A solver that is called with a `Game` and gives an `Outcome`. Use it in a ``with`` block.

    Attributes
    ----------
    conventions : Conventions
        How its letters differ from this package's.
    timeout : float
        Seconds of wall-clock time for one game.

    Raises
    ------
    InputError
        If the timeout is not a number of seconds > 0.

    See Also
    --------
    FunctionSolver : a function of this process
    PythonSolver : ``module:function``, in a process of its own
    CommandSolver : a program that reads and writes files
    """

    conventions: Conventions = field(factory=Conventions)
    timeout: float = field(default=60.0, validator=_seconds)

    def __call__(self, game: Game) -> Outcome:
        """Run the solver on a game, its entries rounded to float64."""
        raise NotImplementedError

    def ready(self) -> None:
        """Raise the `InputError` of the first call, where the solver cannot be run at all."""

    @contextlib.contextmanager
    def under(self, conventions: Conventions) -> Iterator[None]:
        """For a while, with other conventions."""
        declared, self.conventions = self.conventions, conventions
        try:
            yield
        finally:
            self.conventions = declared

    def close(self) -> None:
        """End what still runs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@define(kw_only=True, eq=False)
class FunctionSolver(Solver):
    """A Python function, called in this process: nothing stops it if it hangs.

    Attributes
    ----------
    function : callable
        Takes a `FloatGame`; returns a mapping or an object with K and optionally Sigma, P, q.
    conventions, timeout
        As of `Solver`; there is no timeout here.

    Examples
    --------
    >>> from ergs_verify.audit.foreign import FunctionSolver
    >>> from ergs_verify.engine import nash
    >>> from ergs_verify.game.gallery import gallery
    >>> FunctionSolver(function=nash)(gallery("g-star-2")).policy
    Policy(N=2, T=1, Gaussian, with P, q)
    >>> FunctionSolver(function=len)(gallery("g-star-2")).trouble.message
    "raised TypeError: object of type 'FloatGame' has no len()"
    """

    function: Callable[[FloatGame], Any]

    def __call__(self, game: Game) -> Outcome:
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            line = called(self.function, self.conventions.handed(game))
        outcome = from_call(json.loads(line), game, self.conventions)
        return attrs.evolve(outcome, printed=shortened(output.getvalue()))
