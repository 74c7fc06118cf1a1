"""What came of running a solver on a game: a policy, or the trouble there was."""

from __future__ import annotations

import re
from typing import Literal

from attrs import frozen

from ergs_verify.game.policy import Policy

Kind = Literal[
    "raised",
    "timeout",
    "crashed",
    "nothing returned",
    "bad file",
    "not a number",
    "no policy",
    "unsupported",
]


@frozen(kw_only=True)
class Trouble:
    """Why there is no policy.

    Attributes
    ----------
    kind : str
        ``raised``: an exception, or an exit status other than 0, by which a program says that it
        cannot solve a game. ``timeout``: no answer in time. ``crashed``: the process was killed
        or ended itself. ``nothing returned``: None, or no solution file. ``bad file``: a solution
        file that cannot be read. ``not a number``: NaN, an infinity or null among the numbers.
        ``no policy``: wrong shapes or lengths, or an entry that is not a number. ``unsupported``:
        the answer has a field of that name, by which the solver says that it does not take such a
        game.
    message : str
        What happened, as a sentence without its subject: "raised ValueError: …".
    """

    kind: Kind
    message: str

    @property
    def name(self) -> str:
        """What of it can be declared: the exception's type, the exit status, or the kind."""
        found = re.match(r"raised (\w+)|ended with exit status (\d+)", self.message)
        return (found[1] or found[2]) if self.kind == "raised" and found else self.kind


@frozen(kw_only=True, eq=False)
class Outcome:
    """One run of a solver.

    Attributes
    ----------
    policy : Policy or None
        In this package's conventions, whatever the solver's are. Σ and P are as stated: they need
        not be symmetric or definite.
    trouble : Trouble or None
        None if and only if there is a policy.
    seconds : float
        Wall-clock time of the solver alone; for a command, of its process.
    printed : str
        What it wrote on standard output and standard error, the end of it if that is long.
    mutated : tuple of str
        What the solver changed in the game it was given, such as ``Q[0]``. It was given a copy.
    """

    policy: Policy | None = None
    trouble: Trouble | None = None
    seconds: float = 0.0
    printed: str = ""
    mutated: tuple[str, ...] = ()
