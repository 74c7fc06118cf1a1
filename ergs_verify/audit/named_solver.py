"""A solver under audit from the words of a command line, the package's own or pytest's."""

from __future__ import annotations

from collections.abc import Sequence

from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.python_process import PythonSolver


def named_solver(
    *,
    solver: str | None,
    command: str | None,
    file_format: str,
    conventions: Sequence[str],
    timeout: float,
) -> Solver:
    """The solver that ``--solver`` or ``--command`` names, of which one is None.

    Raises
    ------
    InputError
        Where a word is wrong. Whether a module can be imported is found out by `Solver.ready`.

    Examples
    --------
    >>> from ergs_verify.audit.named_solver import named_solver
    >>> made = named_solver(
    ...     solver="ergs_verify.engine:nash", command=None, file_format="json",
    ...     conventions=["negative-gain"], timeout=5,
    ... )
    >>> made.name, made.conventions.negative_gain, made.timeout
    ('ergs_verify.engine:nash', True, 5)
    """
    declared = Conventions.named(conventions)
    if command is not None:
        return CommandSolver(
            command=command, format=f".{file_format}", conventions=declared, timeout=timeout
        )
    return PythonSolver(name=solver or "", conventions=declared, timeout=timeout)
