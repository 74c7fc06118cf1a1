"""The commands: each is a module of `ergs_verify.cli.commands`, fetched when it is wanted."""

from __future__ import annotations

import ast
from importlib import import_module, resources
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ergs_verify import __version__

_COMMANDS = "ergs_verify.cli.commands"
_HELP = {"help_option_names": ["-h", "--help"]}


class Commands(TyperGroup):
    """Commands by the names of their modules, none of which is imported before it is wanted."""

    def __init__(self, **given: Any):
        super().__init__(**given)
        files = sorted(place.name for place in resources.files(_COMMANDS).iterdir())
        names = [name.removesuffix(".py") for name in files if name.endswith(".py")]
        self.commands: dict[str, Any] = dict.fromkeys(n for n in names if not n.startswith("_"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in self.commands:
            return None
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(cmd_name, context_settings=_HELP)(
            import_module(f"{_COMMANDS}.{cmd_name}").command
        )
        return typer.main.get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Every command with the first line of its docstring, which is read and not imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_line(name)) for name in self.commands])


def _first_line(name: str) -> str:
    source = (resources.files(_COMMANDS) / f"{name}.py").read_text(encoding="utf-8")
    [function] = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "command"
    ]
    return (ast.get_docstring(function) or "").partition("\n")[0]


app = typer.Typer(
    name="ergs-verify",
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    context_settings=_HELP,
    epilog="Exit status: 0 what was asked holds, 1 refuted, 2 bad input, 3 undecided, 70 an error "
    "in this program, 74 standard output could not be written, 129 hung up, 130 "
    "interrupted, 141 nobody read the output, 143 terminated. See the --help of a command "
    "for what its own status means.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ergs-verify {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Derive, prove and cross-check entropy-regularized general-sum LQ games.

    After the paper "Policy Optimization finds Nash Equilibrium in Regularized General-Sum LQ
    Games", arXiv:2404.00045.
    """
