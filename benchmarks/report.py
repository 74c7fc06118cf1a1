"""The tables as Markdown and the growth curves as a picture."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path

from benchmarks.timing import Curve, Row, exponent

PACKAGES = (
    *("ergs-verify", "numpy", "numba", "python-flint", "mpmath", "gmpy2"),
    *("jax", "PyDiffGame", "quantecon", "nashopt"),
)


def machine() -> str:
    """Processor, cores, load and versions, in one paragraph."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    versions = [f"Python {platform.python_version()}", *filter(None, map(_version, PACKAGES))]
    return (
        f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, "
        f"BLAS on one thread; {', '.join(versions)}."
    )


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def table(rows: Iterable[Row]) -> str:
    """Medians in milliseconds, and ratios to the first line of each size."""
    lines = ["| size | who | median, ms | ratio |", "| --- | --- | ---: | ---: |"]
    for row in rows:
        lines.append(f"| {row.size} | {row.who} | {row.seconds * 1e3:.3g} | {row.ratio:.3g} |")
    return "\n".join(lines)


def curve_table(curves: Iterable[Curve]) -> str:
    """Times at the ends and the fitted exponents over all sizes and over the upper half."""
    lines = [
        "| grows | who | from | to | ms | exponent | upper half |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for curve in curves:
        values, seconds = curve.values, curve.seconds
        half = len(values) // 2 if len(values) > 3 else 0
        lines.append(
            f"| {curve.letter} | {curve.who} | {values[0]} | {values[-1]} "
            f"| {seconds[0] * 1e3:.3g} to {seconds[-1] * 1e3:.3g} "
            f"| {exponent(values, seconds):.2f} | {exponent(values[half:], seconds[half:]):.2f} |"
        )
    return "\n".join(lines)


def draw(curves: Iterable[Curve], path: Path) -> None:
    """One panel per growing size, both axes logarithmic."""
    from matplotlib.figure import Figure

    panels = [(letter, list(group)) for letter, group in groupby(curves, lambda c: c.letter)]
    figure = Figure(figsize=(3.2 * len(panels), 3.6), layout="constrained")
    for axes, (letter, group) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        for curve in group:
            axes.loglog(curve.values, [1e3 * s for s in curve.seconds], marker="o", label=curve.who)
        axes.set_xlabel(letter)
        axes.set_xticks(group[0].values, [str(value) for value in group[0].values])
        axes.minorticks_off()
        axes.grid(which="major", alpha=0.3)
        if letter == "T":  # the panels up to the digits show the same competitors, or some
            figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left", ncols=5)
        if letter == "digits":
            axes.legend(fontsize="small")
    figure.axes[0].set_ylabel("milliseconds")
    figure.savefig(path, dpi=120)


def markdown(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [headings, ["---"] * len(headings), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
