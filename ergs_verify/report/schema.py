"""JSON Schemas of what the package reads and prints, those of games and solutions from the table
of letters.

What may be added later is left open: objects that are printed may have more keys than are
described.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game.documents import ABOUT
from ergs_verify.game.letters import GAME, POLICY, Letter

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {str: "string", int: "integer", bool: "boolean", dict: "object", type(None): "null"}
_EXACT = r"^[+-]?([0-9]+/[0-9]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)$"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _list(items: Schema, **rest: Any) -> Schema:
    return {"type": "array", "items": items, **rest}


def _words(*words: str) -> Schema:
    return {"enum": list(words)}


def _object(keys: Mapping[str, Schema], *, optional: Iterable[str] = (), **rest: Any) -> Schema:
    needed = [key for key in keys if key not in set(optional)]
    return {"type": "object", "properties": dict(keys), "required": needed, **rest}


_NULL: Schema = {"type": "null"}
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_REAL: Schema = {"type": "number"}
_VERDICT = _words("proved", "refuted", "undecided")
_PASS = _words("pass", "fail", "undecided")
_BALL = _ref("enclosure")
_SOME_BALL = _either(_BALL, _NULL)
_KINDS = ("number", "vector", "matrix")
_DEFS: dict[str, Schema] = {
    "number": {
        "description": "A JSON number is the float64 it parses to, a string the rational it says.",
        **_either(_REAL, {"type": "string", "pattern": _EXACT}),
    },
    "vector": _list(_ref("number"), minItems=1),
    "matrix": _list(_ref("vector"), minItems=1),
    "enclosure": {
        "description": "Two ends, decimals rounded outward; inf may stand there.",
        **_list(_TEXT, minItems=2, maxItems=2),
    },
}


_HORIZON: Schema = _either({"type": "integer", "minimum": 1}, {"const": "infinite"})


def _of_letter(letter: Letter) -> Schema:
    entry = _ref(_KINDS[letter.ndim])
    many = _list(entry, minItems=1)
    own = entry if letter.over_time == "never" else _either(entry, many)
    by_agent = _list(own, minItems=1)
    each = {"none": own, "each": by_agent, "may": _either(entry, by_agent)}[letter.agents]
    return {"description": letter.says, **each}


def _of_letters(letters: Iterable[Letter]) -> tuple[dict[str, Schema], list[str]]:
    """The keys of a document, and those of them that are optional."""
    keys: dict[str, Schema] = {}
    optional = []
    for letter in letters:
        group, *part = letter.place
        optional += [] if letter.required else [group]
        if not part:
            keys[group] = _of_letter(letter)
            continue
        by_agent = letter.agents == "each"
        inner = keys.setdefault(group, _object({}, additionalProperties=False))
        fields = inner["items"]["anyOf"][0] if "items" in inner else inner
        told = _of_letter(letter)
        fields["properties"][part[0]] = (
            {"description": told["description"], **told["items"]} if by_agent else told
        )
        if not by_agent:
            fields["required"].append(part[0])
        elif "items" not in inner:
            keys[group] = _list(_either(inner, _NULL), minItems=1)
    return keys, optional


def _game() -> Schema:
    letters, optional = _of_letters(GAME)
    more = {"name": _TEXT, "horizon": _HORIZON}
    more["indefinite"] = {"type": "boolean"}
    return _object({**more, **letters}, optional=[*more, *optional], additionalProperties=False)


def _solution() -> Schema:
    letters, optional = _of_letters(POLICY)
    about: dict[str, Schema] = {
        key: {"type": [_TYPES[kind] for kind in kinds]}
        for key, kinds in ABOUT.items()
        if key != "horizon"
    }
    about["horizon"] = _HORIZON
    open_keys = {"patternProperties": {"^x-": {}}, "additionalProperties": False}
    return _object({**about, **letters}, optional=[*about, *optional], **open_keys)


def _error() -> Schema:
    return _object({"message": _TEXT, "where": _TEXT})


def _check() -> Schema:
    stage = {
        "t": _WHOLE, "det_phi": _BALL, "phi_nonsingular": _VERDICT,
        "contraction_constant": _SOME_BALL, "spectral_radius": _SOME_BALL,
        "inner_loop": _words("converges", "diverges", "undecided"),
    }  # fmt: skip
    assumption = {"verdict": _VERDICT, "tau": _ref("number")}
    assumption |= {"gamma_B": _BALL, "gamma_P": _SOME_BALL, "bound": _SOME_BALL}
    return _object(
        {
            "nash": _object({"exists": _VERDICT, "unique": _words(*_VERDICT["enum"], "locally")}),
            "assumption_III_3": _object(assumption),
            "stages": _list(_object(stage)),
        }
    )


def _gap() -> Schema:
    agent = _object({"agent": _WHOLE, "epsilon": _BALL, "bound": _BALL})
    row = {"delta": _TEXT, "agents": _either(_list(agent), _NULL), "reason": _TEXT}
    coefficient = _list(_object({"agent": _WHOLE, "value": _BALL}))
    return _object(
        {
            "tau": _ref("number"),
            "rows": _list(_object(row, optional=["reason"])),
            "coefficient": _either(coefficient, _NULL),
            "order": _either(_list(_either(_REAL, _NULL)), _NULL),
            "smallest_delta": _object({"assumption_III_3": _SOME_BALL}),
        }
    )


def _audit() -> Schema:
    measured = {"max_error": _REAL, "digits": _REAL, "agent": _WHOLE, "t": _WHOLE}
    quantity = {key: _either(kind, _NULL) for key, kind in measured.items()}
    diagnosed = {"id": _TEXT, "message": _TEXT, "digits": _either(_REAL, _NULL)}
    return _object(
        {
            "verdict": _PASS,
            "epsilon": _list(_object({"agent": _WHOLE, "gap": _BALL})),
            "quantities": {"type": "object", "additionalProperties": _object(quantity)},
            "diagnosis": _list(_object(diagnosed)),
        }
    )


def _suite() -> Schema:
    game = {"name": _TEXT, "audit": _either(_audit(), _NULL)}
    return _object({"verdict": _PASS, "games": _list(_object(game))})


def _ledger() -> Schema:
    form = _either(_object({"latex": _TEXT, "expression": _either(_TEXT, _NULL)}), _NULL)
    verdict = _words(
        "proved", "refuted", "ill-typed", "assumed", "definition", "supported", "undecided"
    )
    finding = _object({"what": _TEXT, "kind": _TEXT, "counterexample": {}})
    evidence = _object({"method": _TEXT, "detail": _TEXT, "seconds": _REAL})
    claim = {
        "id": _TEXT, "title": _TEXT, "where": _TEXT, "printed": form,
        "printed_verdict": _either(verdict, _NULL), "corrected": form,
        "corrected_verdict": _either(verdict, _NULL), "findings": _list(finding),
        "evidence": _list(evidence),
    }  # fmt: skip
    counts = {"type": "object", "additionalProperties": _WHOLE}
    return _object({"claims": _list(_object(claim)), "summary": counts})


SCHEMAS = {
    "game": _game, "solution": _solution, "error": _error, "check": _check, "gap": _gap,
    "audit": _audit, "suite": _suite, "ledger": _ledger,
}  # fmt: skip


def schema(name: str) -> Schema:
    """The JSON Schema of a format: ``schema("game")`` is that of ``ergs-game/1``.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> from ergs_verify.report.schema import schema
    >>> schema("solution")["required"]
    ['format', 'K']
    """
    if name not in SCHEMAS:
        raise InputError(f"{quoted(name)} has no schema; there are {', '.join(SCHEMAS)}", "name")
    body = SCHEMAS[name]()
    kind = f"ergs-{name}/1"
    body["properties"] = {"format": {"const": kind}, **body["properties"]}
    body["required"] = ["format", *body["required"]]
    return {"$schema": _DIALECT, "title": kind, **body, "$defs": _DEFS}
