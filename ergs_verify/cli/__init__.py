"""The command line. Importing it loads no mathematics: every command fetches what it needs."""

from ergs_verify.cli.entry import main

__all__ = ["main"]
