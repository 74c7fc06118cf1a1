"""JSON Schemas of what the package reads and writes, those of games and solutions from the table
of letters.

Files that are read are closed, as their readers are, but for certificates, whose readers look at
what they need. What is printed is left open: a later version may say more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from attrs import frozen

from ergs_verify.audit.result import Kind as Known
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game.documents import ABOUT
from ergs_verify.game.letters import GAME, POLICY, Letter
from ergs_verify.ledger.verify import DECIDED
from ergs_verify.reference.record import Kind
from ergs_verify.survey.questions import COLUMNS

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {str: "string", int: "integer", bool: "boolean", dict: "object", type(None): "null"}
_DECIMAL = r"^-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$"
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


def _or_null(schema: Schema) -> Schema:
    return _either(schema, _NULL)


def _or_absent(schema: Schema) -> Schema:
    """What may be null instead of left out."""
    rest = {key: value for key, value in schema.items() if key != "description"}
    return {"description": schema["description"], **_or_null(rest)}


def _map(values: Schema, **rest: Any) -> Schema:
    return {"type": "object", "additionalProperties": values, **rest}


_NULL: Schema = {"type": "null"}
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_REAL: Schema = {"type": "number"}
_YES: Schema = {"type": "boolean"}
_VERDICT = _words("proved", "refuted", "undecided")
_PASS = _words("pass", "fail", "undecided")
_BALL = _ref("enclosure")
_SOME_BALL = _or_null(_BALL)
_NUMBER = _ref("number")
_HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_AGENT: Schema = {"type": "integer", "minimum": 1}
_TIME: Schema = {"type": "integer", "minimum": 0}
_LOOP = _words("converges", "diverges", "undecided")
#: A number, or "inf" where it has no bound.
_BOUND = _either(_REAL, {"const": "inf"})
_KINDS = ("number", "vector", "matrix")
_DEFS: dict[str, Schema] = {
    "number": {
        "description": (
            "A JSON number is the float64 it parses to, a string is the rational number it states."
        ),
        **_either(_REAL, {"type": "string", "pattern": _EXACT}),
    },
    "vector": _list(_ref("number"), minItems=1),
    "matrix": _list(_ref("vector"), minItems=1),
    "enclosure": {
        "description": "The two ends, as decimals rounded outward; an end may be inf.",
        **_list(_TEXT, minItems=2, maxItems=2),
    },
}

_GAME = _object({"name": _TEXT, "hash": _HASH})
_AGREE = _words("agree", "disagree", "undecided")
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
            _or_absent({"description": told["description"], **told["items"]}) if by_agent else told
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
    letters |= {key: _or_absent(letters[key]) for key in optional}
    open_keys = {"patternProperties": {"^x-": {}}, "additionalProperties": False}
    return _object({**about, **letters}, optional=[*about, *optional], **open_keys)


def _reference() -> Schema:
    """Of an infinite horizon the numbers have no time axis."""
    decimal = {"type": "string", "pattern": _DECIMAL}
    numbers, bounds = {}, {}
    for letter in POLICY:
        one: Schema = decimal
        for _ in range(letter.ndim):
            one = _list(one, minItems=1)
        numbers[letter.name] = _list(_either(one, _list(one)), minItems=1)
        bounds[letter.name] = _list(_either(decimal, _list(decimal)), minItems=1)
    keys = {
        "name": _TEXT, "game_hash": _HASH, "digits": _AGENT, "equilibrium": _words(*get_args(Kind)),
        "t": _or_null(_TIME), "agent": _AGENT, **numbers,
        "error": _object(bounds, optional=bounds, additionalProperties=False),
    }  # fmt: skip
    return _object(keys, optional=["agent", *numbers], additionalProperties=False)


def _proof() -> Schema:
    """An expression is a list of terms, a term a coefficient and factors; both by number."""
    polynomial = _either(_TEXT, _list(_list(_TEXT, minItems=1)))
    factor = _list(_either(_TEXT, _WHOLE, _NULL), minItems=2)
    column = _map(polynomial, propertyNames={"pattern": "^[0-9]+$"})
    return _object(
        {
            "symmetric": _list(_TEXT),
            "expressions": _list(_list({**_list(factor, minItems=1), "prefixItems": [polynomial]})),
            "left": _TIME,
            "right": _TIME,
            "size": _or_null(_TEXT),
            "split": _map(_list(_TEXT)),
            "point": _map(_list(_NUMBER)),
            "zero": _list(_TEXT),
            "spaces": _list(_object({"V": _list(column), "U": _list(column)})),
        }
    )


def _stationary() -> Schema:
    """The rational numbers that prove stability and gaps of a stationary policy."""
    matrix = _ref("matrix")
    own = ("Q", "S", "R", "Y", "gain", "gain_Y", "P_lo", "P_hi")
    agent = _object({"discount": _NUMBER, **dict.fromkeys(own, matrix)})
    return _object(
        {"game": _GAME, "A": matrix, "B": _list(matrix), "K": _list(matrix), "agents": _list(agent)}
    )


def _survey() -> Schema:
    """What a survey's folder says was asked; `--resume` compares it."""
    return _object(
        {
            "family": _TEXT, "games": _TIME, "ask": _words(*COLUMNS),
            "options": {"type": "object"}, "shard": _AGENT,
        },
        additionalProperties=False,
    )  # fmt: skip


def _survey_template() -> Schema:
    """A TOML file, whose values JSON has too."""
    span = {"from": _NUMBER, "to": _NUMBER, "points": {"type": "integer", "minimum": 2}}
    points = _either(_list(_NUMBER, minItems=1), _object(span, additionalProperties=False))
    game = "An `ergs-game/1`, in which a text such as `{tau}` stands for a value from that range."
    return _object(
        {
            "ranges": _map(points, minProperties=1),
            "game": {"type": "object", "description": game},
        },
        additionalProperties=False,
    )


def _solver_answer() -> Schema:
    """Unlike a solution's, the keys of what says that there is none are not looked at."""
    return _either(_document("solution"), _object({"unsupported": _TEXT}))


def _survey_row() -> Schema:
    """A row of the Parquet files, by what was asked."""
    kinds: dict[str, Schema] = {"int64": _WHOLE, "double": _REAL, "string": _TEXT}

    def row(columns: Mapping[str, str]) -> Schema:
        answers = {name: _or_null(kinds[kind]) for name, kind in columns.items()}
        common = {"index": _TIME, "name": _TEXT, "error": _or_null(_TEXT)}
        return _object({**common, **answers}, additionalProperties=False)

    return _either(*map(row, COLUMNS.values()))


def _survey_summary() -> Schema:
    place = {"index": _TIME, "name": _TEXT}
    return _object(
        {
            "family": _TEXT,
            "ask": _words(*COLUMNS),
            "games": _TIME,
            "without_answer": _TIME,
            "errors": _list(_object({**place, "error": _TEXT})),
            "columns": _map(_map(_TIME)),
            "quantiles": _map(_or_null(_map(_REAL))),
            "extreme": _map(_list(_object({"value": _REAL, **place}))),
        }
    )


def _error() -> Schema:
    """The input is bad: exit status 2."""
    return _object({"message": _TEXT, "where": _TEXT})


def _answer() -> Schema:
    """Not the numbers asked for, but why there are none: exit status 1 or 3."""
    keys = {"verdict": _words("refuted", "undecided"), "message": _TEXT}
    keys |= {"t": _or_null(_TIME), "agent": _AGENT, "consistent": _or_null(_YES)}
    return _object(keys, optional=["t", "agent", "consistent"])


def _games() -> Schema:
    one = {"name": _TEXT, "shows": _TEXT, "source": _TEXT}
    return _object({"games": _list(_object(one, optional=["source"]))})


def _check() -> Schema:
    stage = {
        "t": _TIME, "det_phi": _BALL, "phi_nonsingular": _VERDICT,
        "contraction_constant": _SOME_BALL, "spectral_radius": _SOME_BALL, "inner_loop": _LOOP,
        "gamma_P": _BALL,
    }  # fmt: skip
    assumption = {
        "verdict": _VERDICT, "tau": _NUMBER, "gamma_B": _BALL, "gamma_P": _SOME_BALL,
        "bound": _SOME_BALL, "tau_from": _BALL,
    }  # fmt: skip
    unique = _words(*_VERDICT["enum"], "locally")
    return _object(
        {
            "nash": _object({"exists": _VERDICT, "unique": unique, "reason": _TEXT}),
            "assumption_III_3": _or_null(_object(assumption)),
            "stages": _list(_object(stage)),
            "loop_tau_from": _SOME_BALL,
            "smallest_delta": _SOME_BALL,
            "bits": _WHOLE,
        }
    )


def _gap() -> Schema:
    agent = _object({"agent": _AGENT, "epsilon": _BALL, "bound": _BALL})
    row = {
        "delta": _NUMBER, "verdict": _VERDICT, "agents": _or_null(_list(agent)), "reason": _TEXT,
    }  # fmt: skip
    return _object(
        {
            "tau": _or_null(_NUMBER),
            "verdict": _VERDICT,
            "rows": _list(_object(row, optional=["reason"])),
            "coefficient": _or_null(_list(_object({"agent": _AGENT, "value": _BALL}))),
            "coefficient_reason": _or_null(_TEXT),
            "order": _list(_or_null(_REAL)),
            "smallest_delta": _or_null(_object({"assumption_III_3": _SOME_BALL})),
        }
    )


def _gap_study() -> Schema:
    """As `gap`, in decimals that are not certified; no command prints it."""
    value = _either(_NUMBER, {"const": "inf"})
    agent = {"agent": _AGENT, "epsilon": value, "bound": value, "order": _or_null(_REAL)}
    row = {"delta": _NUMBER, "agents": _or_null(_list(_object(agent))), "reason": _or_null(_TEXT)}
    values = _list(_object({"agent": _AGENT, "value": value}))
    return _object(
        {
            "game": _TEXT, "game_hash": _HASH, "certified": {"const": False}, "digits": _AGENT,
            "tau": _NUMBER, "rows": _list(_object(row)), "coefficient": _or_null(values),
            "coefficient_reason": _or_null(_TEXT), "order": _list(_or_null(_REAL)),
            "linear_slope": _list(_NUMBER), "limit": values,
        }
    )  # fmt: skip


def _horizon_study() -> Schema:
    return _object(
        {
            "game": _GAME, "settles": _YES, "rate": _or_null(_REAL), "factor": _or_null(_REAL),
            "since": _or_null(_AGENT), "message": _TEXT, "distances": _list(_REAL),
        }
    )  # fmt: skip


def _audit() -> Schema:
    quantity = {
        "verdict": _PASS, "max_error": _BOUND, "digits": _or_null(_REAL), "needed": _or_null(_REAL),
        "allowed": _BOUND, "excused": _YES, "agent": _AGENT, "t": _or_null(_TIME),
        "entry": _list(_TIME, minItems=2, maxItems=2),
    }  # fmt: skip
    letters = _map(_object(quantity), propertyNames=_words(*(letter.name for letter in POLICY)))
    diagnosed = {
        "id": _TEXT, "message": _TEXT, "digits": _or_null(_REAL), "look_at": _TEXT,
        "quantities": _list(_TEXT),
    }  # fmt: skip
    gap = {"agent": _AGENT, "gap": _BALL, "from_anywhere": _BALL, "allowed": _BOUND}
    root = {"digits": _or_null(_REAL), "stabilising": _or_null(_VERDICT)}
    first = {"agent": _AGENT, "t": _or_null(_TIME), "quantity": _TEXT, "error": _BOUND}
    return _object(
        {
            "tool": _TEXT,
            "game": _GAME,
            "solution": _object({"sha256": _HASH}),
            "unit": _REAL,
            "verdict": _PASS,
            "judged_by": _words("quantities", "epsilon", "gap", "stability"),
            "message": _TEXT,
            "notes": _list(_TEXT),
            "equilibrium": _object({"kind": _words(*get_args(Known)), "t": _or_null(_TIME)}),
            "stability": _VERDICT,
            "root": _or_null(_object(root)),
            "definite": _or_null(_YES),
            "asymmetry": _REAL,
            "epsilon": _list(_object(gap, optional=["from_anywhere", "allowed"])),
            "quantities": letters,
            "costs_of_policy": letters,
            "diagnosis": _list(_object(diagnosed)),
            "left_out": _list(_TEXT),
            "first_error": _or_null(_object({**first, "message": _TEXT})),
        },
        optional=["solution", "stability", "root"],
    )


def _suite() -> Schema:
    mistake = {
        "id": _TEXT, "message": _TEXT, "look_at": _TEXT, "games": _TIME, "of": _TIME,
        "left_out": _list(_TEXT),
    }  # fmt: skip
    game = {
        "name": _TEXT, "verdict": _PASS, "message": _TEXT, "audit": _or_null(_document("audit")),
        "trouble": _or_null(_object({"kind": _TEXT, "message": _TEXT})),
        "seconds": _or_null(_REAL), "printed": _TEXT, "mutated": _list(_TEXT),
    }  # fmt: skip
    return _object(
        {
            "verdict": _PASS,
            "suite": _TEXT,
            "message": _TEXT,
            "diagnosis": _list(_object(mistake)),
            "indistinguishable": _list(_TEXT),
            "unexplained": _list(_TEXT),
            "conventions": _list(_TEXT),
            "skipped": _list(_object({"game": _TEXT, "why": _TEXT})),
            "games": _list(_object(game)),
            "smallest": _or_null(_object({**game, "game": _document("game")})),
        }
    )


def _crosscheck() -> Schema:
    row = {
        "check": _TEXT, "quantity": _TEXT, "agent": _AGENT, "t": _or_null(_TIME),
        "digits": _or_null(_REAL), "needed": _or_null(_REAL), "holds": _YES,
    }  # fmt: skip
    loop = {
        "iterations": _list(_AGENT), "distances": _list(_or_null(_REAL)), "rate": _or_null(_REAL),
        "behaviour": _words("converges", "approaches", "diverges", "undecided"),
    }  # fmt: skip
    simulated = {"agent": _AGENT, "mean": _REAL, "standard_error": _REAL, "exact": _REAL}
    return _object(
        {
            "game": _TEXT,
            "verdict": _AGREE,
            "reasons": _list(_TEXT),
            "rows": _list(_object(row)),
            "algorithm_1": _or_null(_object(loop)),
            "compared_iterations": _or_null(_AGENT),
            "simulation": _list(_object(simulated)),
            "samples": _TIME,
            "digits": _AGENT,
            "lost_digits": _map(_or_null(_REAL)),
            "factor": _REAL,
            "singular_stage": _or_null(_TIME),
            "seconds": _REAL,
        }
    )


def _crosschecks() -> Schema:
    game = _object({"name": _TEXT, "crosscheck": _document("crosscheck")})
    return _object({"verdict": _AGREE, "games": _list(game)})


def _compare() -> Schema:
    quantity = {
        "verdict": _PASS, "digits": _or_null(_REAL), "max_error": _BOUND, "agent": _AGENT,
        "t": _or_null(_TIME),
    }  # fmt: skip
    file = {
        "name": _TEXT, "solution": _or_null(_TEXT), "verdict": _PASS, "message": _TEXT,
        "quantities": _map(_object(quantity)),
    }  # fmt: skip
    keys = {"verdict": _PASS, "digits": _AGENT, "files": _list(_object(file))}
    return _object({**keys, "extra": _list(_TEXT)})


def _recheck() -> Schema:
    keys = {"confirmed": _YES, "proves": _TEXT, "reason": _TEXT}
    return _object(keys, optional=["proves", "reason"])


def _ledger() -> Schema:
    verdict = _words(*DECIDED, "undecided")
    form = {"latex": _TEXT, "expression": _TEXT}
    # Exact numbers and matrices, by letters.
    exact = _either(_TEXT, _list(_either(_TEXT, _list(_TEXT))))
    values = _object({"values": _map(exact), "left": exact, "right": exact})
    finding = {
        "what": _TEXT, "kind": _TEXT, "source": _words("author", "scan", "wording", "none"),
        "verdict": _words(*verdict["enum"], "closed", "open"), "counterexample": _or_null(values),
        "quote": _TEXT, "closed_by": _list(_TEXT),
    }  # fmt: skip
    hypothesis = {"id": _TEXT, "text": _TEXT, "stated": _TEXT, "needed": _or_null(values)}
    exhibit = {"name": _TEXT, "hash": _HASH, "shows": _list(_TEXT)}
    step = {"says": _TEXT, "by": _TEXT, "name": _TEXT, "premises": _list(_TEXT)}
    evidence = {"form": _TEXT, "method": _TEXT, "detail": _TEXT, "seconds": _REAL}
    sentence = {"says": _TEXT, "concluded": _YES, "cases": _or_null(_TIME)}
    claim = {
        "id": _TEXT, "title": _TEXT, "where": _TEXT, "of_the_paper": _YES, "quote": _TEXT,
        "hypotheses": _list(_object(hypothesis)), "printed": _object(form),
        "printed_verdict": verdict, "corrected": _or_null(_object({**form, "display": _TEXT})),
        "corrected_verdict": _or_null(verdict),
        "findings": _list(_object(finding, optional=["quote", "closed_by"])),
        "exhibits": _list(_object(exhibit)), "proof": _list(_object(step)),
        "rests_on": _list(_TEXT), "evidence": _list(_object(evidence)),
        "examined": _list(_object(sentence)),
    }  # fmt: skip
    rule = {"name": _TEXT, "statement": _TEXT, "source": _TEXT, "premises": _list(_TEXT)}
    tried = _object({"all": _TIME, "tried": _TIME})
    return _object(
        {
            "claims": _list(_object(claim)),
            "summary": _map(_TIME, propertyNames=verdict),
            "beyond_the_paper": _map(_TIME, propertyNames=verdict),
            "examined": _object({"conclusions": tried, "sentences": tried}),
            "rules": _list(_object({**rule, "conclusion": _TEXT})),
        }
    )


def _verify() -> Schema:
    return _object(
        {
            "verdict": _words("holds", "refuted", "undecided"),
            "derivations": _list(_object({"title": _TEXT, "steps": _list(_TEXT)})),
            "ledger": _document("ledger"),
            "rechecked": _object({"identities": _TIME, "refused": _list(_TEXT)}),
            "crosschecks": _document("crosschecks"),
        }
    )


@frozen
class Format:
    """What a format is for, its version, and what makes the schema of its body."""

    what: str
    body: Callable[[], Schema]
    version: int | None = 1

    def named(self, name: str) -> str:
        """Such as ``ergs-game/1``."""
        return f"ergs-{name}" + (f"/{self.version}" if self.version else "")


#: Every format: files first, then what ``--json`` prints.
FORMATS = {
    "game": Format("A game, as a file.", _game),
    "solution": Format("A solution of a game, as a file; what `solve --json` prints.", _solution),
    "reference": Format("Certified digits, as a file that `reference` writes.", _reference),
    "proof": Format("The certificate of an identity, which `recheck` confirms.", _proof, 4),
    "stationary": Format(
        "The certificate of a stationary policy, which `audit --certificate` writes and `recheck`"
        " confirms.",
        _stationary,
    ),
    "solver-answer": Format(
        "What a program under audit writes to `{solution}`: a solution, or the statement that it "
        "does not accept such a game. It has no format key of its own.",
        _solver_answer,
        None,
    ),
    "survey-template": Format(
        "A family of games as a TOML file with ranges, which has no format key.",
        _survey_template,
        None,
    ),
    "survey": Format("What a survey was asked: `plan.json` in its folder.", _survey),
    "survey-summary": Format(
        "A summary of a survey's answers: `summary.json` in its folder.", _survey_summary
    ),
    "survey-row": Format(
        "A game of a survey: a row of the Parquet files in its folder, which have no format key.",
        _survey_row,
        None,
    ),
    "error": Format("What any command prints when its input is bad.", _error),
    "answer": Format(
        "What a command prints when it cannot give what was asked for: the reason.", _answer
    ),
    "games": Format("What `games` prints.", _games),
    "check": Format("What `check` prints.", _check),
    "gap": Format("What `gap` prints.", _gap),
    "gap-study": Format("What `AugmentationStudy.as_json` gives in Python.", _gap_study),
    "horizon": Format("What `horizon` prints.", _horizon_study),
    "audit": Format("What `audit GAME SOLUTION` prints.", _audit),
    "suite": Format("What `audit --solver` and `audit --command` print.", _suite),
    "crosscheck": Format("One game of `crosscheck`.", _crosscheck),
    "crosschecks": Format("What `crosscheck` prints.", _crosschecks),
    "compare": Format("What `compare` prints.", _compare),
    "recheck": Format("What `recheck` prints.", _recheck),
    "ledger": Format("What `paper` prints.", _ledger),
    "verify": Format("What `verify` prints.", _verify),
}


def _document(name: str) -> Schema:
    """A format's schema without what stands once in a file."""
    made = FORMATS[name]
    body = made.body()
    if made.version is None:
        return body
    body["properties"] = {"format": {"const": made.named(name)}, **body["properties"]}
    body["required"] = ["format", *body["required"]]
    return body


def schema(name: str) -> Schema:
    """The JSON Schema of a format: ``schema("game")`` is that of ``ergs-game/1``.

    Parameters
    ----------
    name : str
        A key of `FORMATS`.

    Returns
    -------
    dict
        In the dialect 2020-12 [1]_.

    Raises
    ------
    InputError
        Where there is no such format.

    References
    ----------
    .. [1] JSON Schema: A Media Type for Describing JSON Documents, draft 2020-12.

    Examples
    --------
    >>> from ergs_verify.report.schema import schema
    >>> schema("solution")["required"]
    ['format', 'K']
    """
    if name not in FORMATS:
        raise InputError(
            f"{quoted(name)} is not a format; the formats are {', '.join(FORMATS)}", "name"
        )
    told = {"title": FORMATS[name].named(name), "description": FORMATS[name].what}
    return {"$schema": _DIALECT, **told, **_document(name), "$defs": _DEFS}
