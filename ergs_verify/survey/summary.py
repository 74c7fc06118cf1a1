"""What the answers of a survey come to: counts, quantiles, the extreme games, a picture."""

from __future__ import annotations

import json
from collections import Counter
from heapq import nlargest, nsmallest
from pathlib import Path
from typing import Any

import numpy as np

from ergs_verify.errors import ErgsError
from ergs_verify.survey.families import Family
from ergs_verify.survey.questions import COLUMNS
from ergs_verify.survey.shards import tables

_QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
#: So many games stand at either end, and so many of those without an answer.
_SHOWN = 5
#: Words with more different ones are no verdicts.
_MOST_WORDS = 20


def write(folder: Path, games: Family, question: str) -> dict[str, Any]:
    """Make ``summary.json``, ``summary.png`` and ``extreme/`` from the shards, and return the
    first."""
    kinds = COLUMNS[question]
    words: dict[str, Counter[str]] = {
        name: Counter() for name, kind in kinds.items() if kind == "string" and name != "solution"
    }
    numbers: dict[str, list[np.ndarray]] = {
        name: [] for name, kind in kinds.items() if kind in ("double", "int64")
    }
    ends: dict[str, list[tuple[float, int, str]]] = {name: [] for name in numbers}
    wrong: list[dict[str, Any]] = []
    count = failed = 0
    for table in tables(folder):
        count += len(table)
        failed += len(table) - table["error"].null_count
        for name, counts in words.items():
            counts.update("none" if x is None else x for x in table[name].to_pylist())
        for name, parts in numbers.items():
            column = np.array(table[name].to_numpy(zero_copy_only=False), dtype=float)
            parts.append(column)
            known = np.flatnonzero(~np.isnan(column))
            some = known[np.argsort(column[known])]
            some = sorted({*some[:_SHOWN].tolist(), *some[-_SHOWN:].tolist()})
            indices, names = table["index"].to_pylist(), table["name"].to_pylist()
            found = ends[name] + [(float(column[k]), indices[k], names[k]) for k in some]
            ends[name] = sorted({*nsmallest(_SHOWN, found), *nlargest(_SHOWN, found)})
        if failed and len(wrong) < _SHOWN:
            rows = table.filter(table["error"].is_valid()).slice(0, _SHOWN).to_pylist()
            wrong += [{key: row[key] for key in ("index", "name", "error")} for row in rows]
    document = {
        "format": "ergs-survey-summary/1",
        "family": games.identity,
        "ask": question,
        "games": count,
        "without_answer": failed,
        "errors": wrong[:_SHOWN],
        "columns": {name: dict(counts.most_common(_MOST_WORDS)) for name, counts in words.items()},
        "quantiles": {name: _quantiles(np.concatenate(x)) for name, x in numbers.items() if x},
        "extreme": {
            name: [{"value": x, "index": k, "name": who} for x, k, who in several]
            for name, several in ends.items()
        },
    }
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    (folder / "summary.json").write_text(text, encoding="utf-8")
    _save_extremes(folder, games, [k for several in ends.values() for _, k, _ in several])
    _draw(folder / "summary.png", words, {k: np.concatenate(x) for k, x in numbers.items() if x})
    return document


def _quantiles(x: np.ndarray) -> dict[str, float] | None:
    known = x[~np.isnan(x)]
    if not known.size:
        return None
    return {f"{q:g}": float(np.quantile(known, q, method="lower")) for q in _QUANTILES}


def _save_extremes(folder: Path, games: Family, indices: list[int]) -> None:
    place = folder / "extreme"
    place.mkdir(exist_ok=True)
    for index in sorted(set(indices)):
        try:
            games.game(index).save(place / f"{index:012d}.json")
        except ErgsError:
            continue


def _draw(path: Path, words: dict[str, Counter[str]], numbers: dict[str, np.ndarray]) -> None:
    from matplotlib.figure import Figure

    several = [*words, *numbers]
    if not several:
        return
    figure = Figure(figsize=(3.2 * len(several), 3), layout="constrained")
    for k, name in enumerate(several):
        axes = figure.add_subplot(1, len(several), k + 1)
        axes.set_title(name.replace("_", " "))
        if name in words:
            counts = words[name].most_common(_MOST_WORDS)
            axes.bar([word for word, _ in counts], [count for _, count in counts])
            axes.tick_params(axis="x", rotation=30)
        else:
            known = numbers[name][np.isfinite(numbers[name])]
            axes.hist(known, bins=50)
        axes.set_ylabel("games")
    figure.savefig(path)
