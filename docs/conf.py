"""How Sphinx builds these pages: `make docs`. What is generated lies below docs/generated."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from ergs_verify import __version__

HERE = Path(__file__).parent
GENERATED = HERE / "generated"

project = "ergs-verify"
author = copyright = "The ergs-verify developers"
version = release = __version__
extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_nb"]
exclude_patterns = ["_build"]
html_theme = "pydata_sphinx_theme"
html_title = "ergs-verify"
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}

default_role = "code"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
myst_enable_extensions = ["colon_fence", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
html_math_renderer = "mathml"
html_static_path = ["style"]
html_css_files = ["wide.css"]
# The ledger's headings are claims, and its summary stands before the first section.
suppress_warnings = ["myst.header"]


def _commands() -> str:
    """Every command's --help."""
    import typer.main

    from ergs_verify.cli.app import app

    main = typer.main.get_command(app)
    parts = ["# Commands\n"]
    commands = [(name, main.get_command(None, name)) for name in main.commands]
    for path, command in [("", main), *commands]:
        context = command.make_context(
            f"ergs-verify {path}".strip(), [], resilient_parsing=True, terminal_width=88
        )
        parts.append(f"## {context.info_name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _mistakes() -> str:
    """The catalogue that an audit compares with."""
    from ergs_verify.audit.mistakes import Mistake, mistakes
    from ergs_verify.markup import piped

    def listed(kept: Iterable[Mistake]) -> str:
        lines = [[one.id, one.message, one.look_at] for one in kept]
        return piped(["id", "what goes wrong", "look at"], lines)

    known = {one.id for one in mistakes()}
    return (
        "# Mistakes that an audit knows\n\n"
        "An audit makes each of these mistakes on purpose, on the very game that is audited. It\n"
        "compares a solution that fails with what they lead to.\n\n" + listed(mistakes()) + "\n\n"
        "## Mistakes that only a general game or an infinite horizon allows\n\n"
        + listed(one for one in mistakes(general=True) if one.id not in known)
    )


def _schemas() -> str:
    """Every format's keys, from its JSON Schema."""
    from ergs_verify.report.schema import FORMATS, schema

    parts = [
        "# Schemas\n\n"
        "`ergs-verify schema NAME` prints the JSON Schema (2020-12) of a format. These are its\n"
        "keys; `[]` stands for every entry of a list, and `*` for every key of an object.\n"
    ]
    for name, one in FORMATS.items():
        lines = ["| key | value |", "| --- | --- |", *_keys(schema(name), "")]
        parts.append(f"## `{one.named(name)}`\n\n{one.what}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _keys(schema: dict, path: str) -> Iterator[str]:
    """Lines of a table: a key and what stands under it."""
    if "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _keys(one, path)
    elif schema.get("type") == "array":
        yield from _keys(schema["items"], f"{path}[]")
    elif schema.get("properties", {}).get("format", {}).get("const") and path:
        return
    else:
        inner = dict(schema.get("properties", {}))
        if isinstance(schema.get("additionalProperties"), dict):
            inner["*"] = schema["additionalProperties"]
        for key, value in inner.items():
            left_out = "" if key in (*schema.get("required", []), "*") else ", may be left out"
            said = value.get("description")
            about = f": {said}" if said and "const" not in value else ""
            place = f"{path}.{key}".removeprefix(".")
            yield f"| `{place}` | {_kind(value)}{left_out}{about} |"
            yield from _keys(value, place)


_WORDS = {
    "string": ("text", "texts"),
    "integer": ("whole number", "whole numbers"),
    "boolean": ("true or false", "true or false"),
    "number": ("number", "numbers"),
    "vector": ("vector", "vectors"),
    "matrix": ("matrix", "matrices"),
    "enclosure": ("enclosure", "enclosures"),
    "object": ("object", "objects"),
    "null": ("null", "null"),
}


def _kind(schema: dict, many: bool = False) -> str:
    """What a value is, or what several are, in a few words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one, many) for one in schema["anyOf"]))
    if "$ref" in schema:
        return _WORDS[schema["$ref"].rpartition("/")[2]][many]
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    if schema.get("type") == "array":
        inner = _kind(schema["items"], True)
        inner = f"({inner})" if " or " in inner else inner
        return f"{'lists' if many else 'list'} of {inner}"
    if "format" in schema.get("properties", {}):
        return f"`{schema['properties']['format']['const']}`"
    kinds = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    return " or ".join(_WORDS[kind][many] for kind in kinds if kind) or "anything"


def _generate() -> None:
    GENERATED.mkdir(exist_ok=True)
    pages = {"commands.md": _commands(), "mistakes.md": _mistakes(), "schemas.md": _schemas()}
    for name, text in pages.items():
        path = GENERATED / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for notebook in (HERE.parent / "notebooks").glob("*.ipynb"):
        shutil.copy2(notebook, GENERATED / notebook.name)


def _numbered(_app, doctree, _name) -> None:
    """numpydoc makes citations of several docstrings on a page differ: [R1f2e-1] is [1] again."""
    from docutils.nodes import Text

    for text in list(doctree.findall(Text)):
        if found := re.fullmatch(r"(\[?)[Rr][0-9a-f]+-([0-9]+)(\]?)", text.astext()):
            text.parent.replace(text, Text("".join(found.groups())))


def setup(app) -> None:
    """Formulas become MathML here, so that a page needs no script and no network."""
    from docutils.nodes import SkipNode

    app.connect("doctree-resolved", _numbered)

    from ergs_verify.report.mathml import display, inline

    def visit_inline(visitor, node) -> None:
        visitor.body.append(inline(node.astext()))
        raise SkipNode

    def visit_display(visitor, node) -> None:
        visitor.body.append(display(node.astext()))
        raise SkipNode

    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))


_generate()
