"""Figures of the studies; matplotlib is loaded when the first of them is drawn.

The figures belong to no window and to no global state of matplotlib: a notebook shows them, with an
alternative text, and ``figure.savefig`` writes them.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from ergs_verify.exact import short
from ergs_verify.report.mathtext import from_latex
from ergs_verify.study.tables import ratio_as_decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ergs_verify.audit.result import Audit
    from ergs_verify.certify.approach import Approach
    from ergs_verify.certify.augmentation_result import GapOfDelta
    from ergs_verify.certify.check_result import Check
    from ergs_verify.study.augmentation_result import AugmentationStudy
    from ergs_verify.study.determinants import DeterminantCurve
    from ergs_verify.study.loop_rate import LoopStudy

_SIZE = (6.0, 3.8)  # inches; 600 × 380 pixels
_DPI = 100
_REFERENCE = {"color": "0.45", "linewidth": 1}
#: Agents that one figure can show side by side.
_MOST_AGENTS = 4
#: What float64 and a logarithmic axis can show.
_SMALLEST, _LARGEST = 1e-300, 1e300
#: Digits beyond those of float64 count as all of them.
_ALL = 17.0

Point = tuple[float, float]


def inner_loop_figure(study: LoopStudy) -> Figure:
    """Nash error of Algorithm 1 against L, on a logarithmic scale, with both rates.

    The broad line has the exact rate ρ, the dotted one Lemma IV.1's constant. Each is drawn through
    the first error that is larger than the study's digits.

    Parameters
    ----------
    study : LoopStudy
        What `ergs_verify.study.loop_rate.inner_loop_study` gives.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.report.plots import inner_loop_figure
    >>> from ergs_verify.study.loop_rate import inner_loop_study
    >>> study = inner_loop_study(gallery("g-star-2"), iterations=(1, 2, 4), digits=20)
    >>> [line.get_label() for line in inner_loop_figure(study).axes[0].lines]
    ['summed error', 'exact rate ρ = 1.333', 'Lemma IV.1: 17']
    """
    figure, axes = _empty()
    errors = _drawable((error.iterations, error.total) for error in study.errors)
    axes.semilogy(*_columns(errors), "o-", markersize=4, label="summed error")
    if errors:
        exact, constant = study.check.spectral_radius, study.check.contraction_constant
        broad = {"color": "C0", "linewidth": 6, "alpha": 0.25}
        _rate_line(axes, errors, exact.hi, "exact rate ρ = ", broad)
        if constant is not None:
            dotted = {**_REFERENCE, "ls": ":"}
            _rate_line(axes, errors, constant.hi, "Lemma IV.1: ", dotted)
        _fit_height(axes, [error for _, error in errors])
    axes.locator_params(axis="x", integer=True)
    axes.set(
        xlabel="inner steps L", ylabel=r"Nash error $\sum_t \|S_t - S^*_t\|$", title=study.game.name
    )
    return _finished(figure, axes)


def augmentation_figure(study: AugmentationStudy, agent: int = 1) -> Figure:
    """One agent's gap ε against δ on logarithmic scales, with its bound and its limits.

    The lines are those of :doc:`/explanation/theory`, "The δ-augmentation".

    Parameters
    ----------
    study : AugmentationStudy
        What `ergs_verify.study.augmentation.augmentation_study` gives.
    agent : int
        Counted from 1.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.report.plots import augmentation_figure
    >>> from ergs_verify.study.augmentation import augmentation_study
    >>> study = augmentation_study(gallery("g-star-2"), ["1e-4", "1e-2"])
    >>> [line.get_label() for line in augmentation_figure(study).axes[0].lines]
    ['gap ε', 'bound δ (KL(BR) − KL(S̃))', 'c δ²', 'δ p T/2', 'limit δ → ∞']
    """
    figure, axes = _empty()
    gaps = _drawable(study.curve(agent))
    axes.loglog(*_columns(gaps), "o-", markersize=4, label="gap ε")
    bound = _drawable(study.curve(agent, "bound"))
    if bound:
        axes.loglog(*_columns(bound), "x--", markersize=4, label="bound δ (KL(BR) − KL(S̃))")
    if gaps:
        _slopes(axes, study, agent, [delta for delta, _ in gaps])
        _fit_height(axes, [y for _, y in (*gaps, *bound)])
    axes.set(xlabel="δ", ylabel=f"agent {agent}", title=f"{study.game}, τ = {short(study.tau)}")
    return _finished(figure, axes)


def gap_figure(found: GapOfDelta) -> Figure:
    """Certified gaps ε against δ on logarithmic scales, with their bounds and c δ².

    The upper ends of the enclosures are drawn, for the first agents only if there are many. See
    :doc:`/explanation/theory`, "The δ-augmentation".

    Parameters
    ----------
    found : GapOfDelta

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from ergs_verify import gallery, gap
    >>> from ergs_verify.report.plots import gap_figure
    >>> found = gap(gallery("lqr"), ["1e-4", "1e-2"])
    >>> [line.get_label() for line in gap_figure(found).axes[0].lines]
    ['ε, agent 1', 'bound, agent 1', 'c δ²']
    """
    figure, axes = _empty()
    heights = []
    for agent in range(1, min(found.game.agents, _MOST_AGENTS) + 1):
        gaps, bound = (
            _drawable((delta, enclosed.hi) for delta, enclosed in found.curve(agent, quantity))
            for quantity in ("epsilon", "bound")
        )
        heights += [y for _, y in (*gaps, *bound)]
        style: dict[str, Any] = {"color": f"C{agent - 1}", "markersize": 4, **_width(agent)}
        axes.loglog(*_columns(gaps), "o-", label=f"ε, agent {agent}", **style)
        if bound:
            axes.loglog(*_columns(bound), "x--", label=f"bound, agent {agent}", **style)
        if found.coefficient is not None:
            c = found.coefficient[agent - 1].value.hi
            law = _drawable((delta, c * delta**2) for delta, _ in found.curve(agent))
            # One entry in the legend for all of them: a name that begins with _ makes none.
            label = "c δ²" if agent == 1 else f"_c δ², agent {agent}"
            axes.loglog(*_columns(law), ":", label=label, color=style["color"])
    if heights:
        _fit_height(axes, heights)
    axes.set(xlabel="δ", ylabel="gap", title=_augmented_title(found.tau))
    return _finished(figure, axes)


def approach_figure(found: Approach) -> Figure:
    """How far a finite horizon's gains are from a stationary equilibrium's, over the stages left.

    The broad line has the rate in the end, the dotted one the factor that is proved, drawn from the
    stage on from which it is.

    Parameters
    ----------
    found : Approach

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from ergs_verify.certify.approach import approach
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.report.plots import approach_figure
    >>> figure = approach_figure(approach(gallery("stationary-zero-sum")))
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['gains', 'rate 0.128', 'proved: 0.346']
    """
    figure, axes = _empty()
    points = _drawable((k, d) for k, d in enumerate(found.distances, start=1) if d > 0)
    axes.semilogy(*_columns(points), "o-", markersize=3, linewidth=1, label="gains")
    if points and 0 < found.rate < 1:
        k, d = points[len(points) // 2]
        law = _drawable((j, d * found.rate ** (j - k)) for j, _ in points)
        axes.semilogy(*_columns(law), linewidth=3, alpha=0.3, label=f"rate {found.rate:.3g}")
    if found.factor is not None and found.since is not None:
        late = [(k, d) for k, d in points if k >= found.since]
        if late:
            k, d = late[0]
            factor = float(found.factor)
            law = _drawable((j, d * factor ** (j - k)) for j, _ in late)
            axes.semilogy(*_columns(law), ":", color="0.3", label=f"proved: {factor:.3g}")
    if points:
        _fit_height(axes, [d for _, d in points])
    axes.set(xlabel="stages left", ylabel="distance from the stationary gains")
    return _finished(figure, axes)


def accuracy_figure(audit: Audit) -> Figure:
    """Digits that agree with the equilibrium over time, of the worst agent, and those asked for.

    Parameters
    ----------
    audit : Audit

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from ergs_verify import audit, engine, gallery
    >>> from ergs_verify.report.plots import accuracy_figure
    >>> game = gallery("time-varying")
    >>> figure = accuracy_figure(audit(game, engine.nash(game.floats())))
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['K', '_K asked for', 'Σ', '_Σ asked for', 'P', '_P asked for', 'q', '_q asked for']
    """
    figure, axes = _empty()
    for k, (letter, worst) in enumerate(audit.quantities.items()):
        name, color = letter.replace("Sigma", "Σ"), f"C{k}"
        times = sorted({one.t or 0 for one in worst.each})
        digits, needed = [], []
        for t in times:
            here = [one for one in worst.each if (one.t or 0) == t]
            digits.append(_between(min(one.digits for one in here)))
            most = max(one.needed for one in here)
            needed.append(_between(most) if most < math.inf else math.nan)
        axes.plot(times, digits, "o-", color=color, markersize=4, linewidth=1, label=name)
        axes.plot(times, needed, ":", color=color, linewidth=1, label=f"_{name} asked for")
    axes.locator_params(axis="x", integer=True)
    axes.set(xlabel="t", ylabel="digits that agree; dotted: asked for", ylim=(-0.5, _ALL + 0.5))
    return _finished(figure, axes)


def stages_figure(found: Check) -> Figure:
    """The inner loop's spectral radius and Lemma IV.1's constant over the stages.

    The upper ends of the enclosures are drawn. The loop converges if the radius is below 1.

    Parameters
    ----------
    found : Check

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from ergs_verify import check, gallery
    >>> from ergs_verify.report.plots import stages_figure
    >>> figure = stages_figure(check(gallery("time-varying")))
    >>> [line.get_label() for line in figure.axes[0].lines[:2]]
    ['exact rate ρ(J)', 'Lemma IV.1']
    """
    figure, axes = _empty()
    for name, label, way in (
        ("spectral_radius", "exact rate ρ(J)", "o-"),
        ("contraction_constant", "Lemma IV.1", "x--"),
    ):
        ends = [(stage.t, getattr(stage, name)) for stage in found.stages]
        points = [
            (float(t), float(end.hi)) for t, end in ends if end and _SMALLEST < end.hi < _LARGEST
        ]
        axes.semilogy(*_columns(points), way, markersize=4, label=label)
    axes.axhline(1, **_REFERENCE)
    axes.locator_params(axis="x", integer=True)
    axes.set(xlabel="t", ylabel="factor per inner step")
    return _finished(figure, axes)


def determinant_figure(curve: DeterminantCurve) -> Figure:
    """det Φ_t against τ, a line for each stage.

    The equilibrium is unique where none is zero: :doc:`/explanation/theory`, "Existence and
    uniqueness".

    Parameters
    ----------
    curve : DeterminantCurve

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.report.plots import determinant_figure
    >>> from ergs_verify.study.determinants import determinant_curve
    >>> curve = determinant_curve(gallery("g-star-2"), range(9))
    >>> [line.get_label() for line in determinant_figure(curve).axes[0].lines[:1]]
    ['det Φ_0']
    """
    figure, axes = _empty()
    taus = [float(tau) for tau in curve.taus]
    for t, values in enumerate(curve.values):
        known = [float("nan") if value is None else value for value in values]
        axes.plot(taus, known, label=f"det Φ_{t}")
    axes.axhline(0, **_REFERENCE)
    axes.set(xlabel="τ", ylabel="det Φ", title=curve.game)
    return _finished(figure, axes)


@cache
def described() -> type[Figure]:
    """A class of figures whose pictures have an alternative text in notebooks.

    Make one with ``plt.subplots(FigureClass=described())``.

    Returns
    -------
    type
        A subclass of matplotlib.figure.Figure.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from ergs_verify.report.plots import described
    >>> figure, axes = plt.subplots(FigureClass=described())
    >>> _ = axes.semilogy([1, 2, 3], [1, 0.1, 0.01], label="error")
    >>> _ = axes.set(title="It falls", xlabel="L", ylabel="distance")
    >>> figure._repr_mimebundle_()[1]["image/png"]["alt"]
    'It falls: distance against L, vertical axis logarithmic. error: from 1 at 1 to 0.01 at 3.'
    >>> plt.close(figure)
    """
    from matplotlib.figure import Figure

    class Described(Figure):
        def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
            drawn = BytesIO()
            self.savefig(drawn, format="png")
            picture = b64encode(drawn.getvalue()).decode("ascii")
            says = " ".join(part for axes in self.axes for part in _in_words(axes))
            return {"image/png": picture}, {"image/png": {"alt": says}}

    return Described


def _in_words(axes: Axes) -> Iterator[str]:
    """What is drawn against what, and where each curve that is named begins and ends."""
    title, x, y = (
        from_latex(text.replace(r"\|", "‖"))
        for text in (axes.get_title(), axes.get_xlabel(), axes.get_ylabel())
    )
    log = (axes.get_xscale() == "log", axes.get_yscale() == "log")
    scale = {
        (True, True): ", both axes logarithmic",
        (True, False): ", horizontal axis logarithmic",
        (False, True): ", vertical axis logarithmic",
    }.get(log, "")
    against = f"{y} against {x}" if x and y else y or (f"against {x}" if x else "curves")
    yield f"{title}: {against}{scale}." if title else f"{against[:1].upper()}{against[1:]}{scale}."
    for line in axes.lines:
        name = from_latex(str(line.get_label()))
        columns = np.asarray(line.get_xydata(), dtype=float).tolist()
        points = [(u, v) for u, v in columns if math.isfinite(v)]
        if name.startswith("_") or not points:
            continue
        (x0, y0), (x1, y1) = points[0], points[-1]
        level = line.get_transform() != axes.transData
        yield (
            f"{name}: {y0:.3g}."
            if level
            else (f"{name}: from {y0:.3g} at {x0:.3g} to {y1:.3g} at {x1:.3g}.")
        )


def _width(agent: int) -> dict[str, Any]:
    """A later agent's line is narrower, so that it does not hide an earlier one's."""
    width, alpha = ((5.0, 0.3), (2.5, 0.6), (1.2, 1.0))[min(agent, 3) - 1]
    return {"linewidth": width, "alpha": alpha}


def _slopes(axes: Axes, study: AugmentationStudy, agent: int, deltas: list[float]) -> None:
    """The quadratic law, the linear one and the limit, as thin lines."""
    if study.coefficient is not None:
        c = float(study.coefficient[agent - 1])
        axes.loglog(deltas, [c * d * d for d in deltas], "--", label="c δ²", **_REFERENCE)
    slope = float(study.linear_slope[agent - 1])
    axes.loglog(deltas, [slope * d for d in deltas], ":", label="δ p T/2", **_REFERENCE)
    limit = float(study.limit[agent - 1])
    axes.axhline(limit, linestyle="-.", label="limit δ → ∞", **_REFERENCE)


def _rate_line(
    axes: Axes, errors: list[Point], rate: Any, name: str, style: dict[str, Any]
) -> None:
    start, height = errors[0]
    if not 0 < rate < math.inf:
        return
    factor = ratio_as_decimal(rate)
    line = _drawable((L, Decimal(height) * factor ** int(L - start)) for L, _ in errors)
    axes.semilogy(*_columns(line), label=f"{name}{float(rate):.4g}", **style)


def _fit_height(axes: Axes, heights: list[float]) -> None:
    """The scale that shows these and a decade beyond, wherever the reference lines go."""
    axes.set_ylim(min(heights) / 10, max(heights) * 10)


def _drawable(points: Iterable[tuple[Any, Any]]) -> list[Point]:
    return [
        (float(x), float(y))
        for x, y in points
        if _SMALLEST < x < _LARGEST and _SMALLEST < y < _LARGEST
    ]


def _between(digits: float) -> float:
    """As far as the axis goes."""
    return min(max(digits, 0.0), _ALL)


def _columns(points: list[Point]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _empty() -> tuple[Figure, Axes]:
    figure = described()(figsize=_SIZE, dpi=_DPI, layout="constrained")
    return figure, figure.add_subplot()


def _finished(figure: Figure, axes: Axes) -> Figure:
    axes.grid(visible=True, alpha=0.3)
    if axes.lines:
        axes.legend(fontsize="small")
    return figure


def _augmented_title(tau: Fraction | None) -> str:
    return "Equilibrium at τ + δ" + ("" if tau is None else f", τ = {short(tau)}")
