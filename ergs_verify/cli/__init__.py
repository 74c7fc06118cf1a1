"""The command line. Importing it loads no mathematics: every command fetches what it needs."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run a command of ``ergs-verify`` and return its exit status.

    Examples
    --------
    >>> from ergs_verify.cli import main
    >>> main(["--version"])
    ergs-verify 0.1.0
    0
    """
    try:  # an interrupt may come while modules are loaded
        if argv is None:  # a process of its own, not one that calls this function
            from ergs_verify.processes import one_blas_thread

            one_blas_thread()
        from ergs_verify.cli.entry import run

        return run(argv)
    except KeyboardInterrupt:
        from ergs_verify.cli.status import Status

        return Status.INTERRUPTED
