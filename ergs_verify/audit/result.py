"""What an audit of one solution found: verdict, gaps, errors in digits, diagnosis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any, Literal

from attrs import field, frozen

from ergs_verify import __version__, markup
from ergs_verify.audit.diagnosis import Match
from ergs_verify.audit.first_error import FirstError
from ergs_verify.certify import CertifiedGap, Enclosure
from ergs_verify.certify.stationary_gap import StationaryGap
from ergs_verify.exact import UNIT, short
from ergs_verify.study.tables import ratio_as_decimal, shown

Verdict = Literal["pass", "fail", "undecided"]
Kind = Literal["unique", "locally", "none", "continuum", "singular", "undecided"]

_TITLES = {
    (
        "pass",
        "quantities",
    ): "pass: the Nash equilibrium, as accurate as float64 can be on this game",
    ("fail", "quantities"): (
        "fail: not this game's Nash equilibrium, to the accuracy that float64 allows"
    ),
    ("undecided", "quantities"): "undecided: float64 may or may not be able to come nearer on "
    "this game",
    ("pass", "epsilon"): "pass: an ε-Nash equilibrium for ε = {limit}, proved",
    ("fail", "epsilon"): "fail: not an ε-Nash equilibrium for ε = {limit}, proved",
    (
        "excused",
        "quantities",
    ): "undecided: float64 can come nearer on this game, but not with every correct way of "
    "solving linear systems",
    ("undecided", "epsilon"): "undecided: ε = {limit} lies within the enclosure of a gap",
    ("fail", "stability"): "fail: the closed loop is not stable, so the policy has no finite cost",
    ("undecided", "stability"): "undecided: the closed loop may or may not be stable",
    ("pass", "gap"): "pass: every agent plays a best response, as accurately as float64 can",
    ("fail", "gap"): "fail: some agent gains more by deviating than float64's rounding explains",
    ("undecided", "gap"): "undecided: float64's rounding may or may not explain everything",
}
_COSTS_WRONG = (
    "fail: an equilibrium, as far as float64 can tell, but the stated {letters} {is_} wrong"
)
_PLAIN = " in the plain game with R + (τ/2)I for R"
_PLAIN_GENERAL = " in the plain game with (τ/2)(u − Mx)'Λ⁻¹(u − Mx) among its costs"
_EXCUSED = (
    "A correct solver may lose this much here by rounding, if its linear solves are stable "
    "only in norm. Refine each solve by one step, and scale states and controls whose units "
    "differ widely. An iteration that stopped early looks the same: give it a smaller "
    "tolerance, or declare its tolerance (--tolerance)."
)
#: More are not asked for in words.
_FLOAT64_DIGITS = 17.0
#: Numbers are shown to six digits.
_SHOWN = Fraction(1, 10**5)
_NO_ROUNDING = (
    "fail: rounding could explain errors of this size, but a known mistake leads to "
    "these very numbers"
)
_AVERAGED = (
    "A stated Σ or P is asymmetric by {:.1e} of its size, which may be rounding; its "
    "symmetric part was judged."
)
_INDEFINITE = (
    "A stated Σ has an eigenvalue a little below 0, which rounding explains. It represents all "
    "covariances near it{and_singular}, so nothing bounds the gaps from above. State it exactly, "
    "or to more digits."
)
_AND_SINGULAR = ", among them singular ones, whose gap is infinite with τ > 0"
_COSTS_TOLD = {
    "pass": "The stated {letter} is the cost of the stated policy{though}.",
    "fail": "The stated {letter} is {instead}not the cost of the stated policy: {place}.",
    "undecided": (
        "It is undecided whether the stated {letter} is the cost of the stated policy: {place}."
    ),
}


@frozen(kw_only=True)
class Quantity:
    """The error of one letter of a solution, at its worst entry.

    The worst entry is the one whose error is the largest part of what is allowed there.

    Attributes
    ----------
    letter : str
        K, Sigma, P or q (k and s in a game with affine terms).
    verdict : {"pass", "fail", "undecided"}
        Of all matrices of the letter: is each error within what is allowed? Undecided also if
        float64 keeps no digit of the letter on this game, or if the error is `excused`.
    max_error : float
        An upper bound of ``|given − exact|`` at the worst entry.
    allowed : float
        What float64 may lose there on this game; measured, not proved.
    excused : bool
        Whether the error is larger than that, but no larger than a linear solve may lose that is
        stable only in norm.
    size : float
        What digits are counted from: how large the exact matrix's entries are there in natural
        units, at most its largest entry.
    digits : float
        Decimal digits that agree, at least: log₁₀(size / max_error), ∞ if nothing differs.
    needed : float
        Digits that are asked for: log₁₀(size / allowed).
    agent : int
        Counted from 1.
    t : int or None
        Counted from 0; None if the horizon is infinite.
    entry : tuple of two int
        Row and column of the worst entry, counted from 0.
    each : tuple of Quantity
        The same for every matrix of the letter, agent by agent and time by time.

    Notes
    -----
    What a digit is, and what natural units are, is said in :doc:`/explanation/trust`.
    """

    letter: str
    verdict: Verdict
    max_error: float
    allowed: float
    excused: bool
    size: float
    agent: int
    t: int | None
    entry: tuple[int, int]
    each: tuple[Quantity, ...] = field(default=(), repr=False, eq=False)

    @property
    def digits(self) -> float:
        """Decimal digits that agree, at least: log₁₀(size / max_error), ∞ if nothing differs."""
        return _digits(self.size, self.max_error)

    @property
    def needed(self) -> float:
        """Digits that are asked for: log₁₀(size / allowed)."""
        return _digits(self.size, self.allowed)

    @property
    def wrong(self) -> bool:
        return self.verdict == "fail"

    @property
    def told(self) -> str:
        """Digits that agree, and in brackets those that are asked for."""
        return f"{_shown(self.digits)} ({_asked(self.needed)})"

    @property
    def place(self) -> str:
        """Where it is and how far it agrees, in words."""
        row, col = self.entry
        entry = "" if self.letter == "q" else f", entry [{row}][{col}]"
        asked = "none can be" if self.allowed == math.inf else f"{_asked(self.needed)} are"
        when = "" if self.t is None else f" at t = {self.t}"
        return (
            f"{self.letter} of agent {self.agent}{when}{entry}: {_shown(self.digits)} "
            f"digits agree, {asked} asked for"
        )

    def as_json(self) -> dict[str, Any]:
        """Its part of ``ergs-audit/1``; digits are null where nothing differs.

        Returns
        -------
        dict
        """
        return {
            "verdict": self.verdict,
            "max_error": _number(self.max_error),
            "digits": _finite(self.digits),
            "needed": _finite(self.needed),
            "allowed": _number(self.allowed),
            "excused": self.excused,
            "agent": self.agent,
            "t": self.t,
            "entry": list(self.entry),
        }


@frozen(kw_only=True)
class Existence:
    """Whether the game has an equilibrium to compare with.

    Attributes
    ----------
    kind : str
        ``unique``: there is exactly one. ``locally``: the horizon is infinite, and one was found
        and proved. ``none``: there is none. ``continuum``: from stage t on there are many.
        ``singular``: at stage t there is none or a continuum. ``undecided``: not known.
    t : int or None
        The stage at which Φ_t is singular.
    message : str
        The same in a sentence.

    Notes
    -----
    See :doc:`/explanation/theory`, "Existence and uniqueness".
    """

    kind: Kind
    t: int | None
    message: str

    @property
    def known(self) -> bool:
        """Whether there is one to compare with."""
        return self.kind in ("unique", "locally")


@frozen(kw_only=True)
class Root:
    """Whether the P stated for an infinite horizon solves the coupled equations, and as which root.

    Attributes
    ----------
    digits : float
        To how many digits a stage of the recursion reproduces it, at least.
    stabilising : {"proved", "refuted", "undecided"}, or None
        Whether its gains make the closed loop stable; None if it is not a root.

    Notes
    -----
    See :doc:`/explanation/theory`, "Infinite horizon".
    """

    digits: float
    stabilising: str | None

    @property
    def told(self) -> str:
        """In a sentence."""
        solves = f"The stated P solves the coupled equations to {_shown(self.digits)} digits"
        return {
            "proved": f"{solves}, and it is a stabilising root (proved).",
            "refuted": f"{solves}, but it is not a stabilising root: its gains leave the closed "
            "loop unstable (proved).",
            "undecided": f"{solves}. It is undecided whether its gains stabilise.",
            None: "The stated P does not solve the coupled equations: one stage reproduces "
            f"{_shown(self.digits)} digits of it.",
        }[self.stabilising]


@frozen(kw_only=True, eq=False, repr=False)
class Audit:
    """What is found about a solution: the answer of `audit`.

    Attributes
    ----------
    verdict : {"pass", "fail", "undecided"}
    title : str
        The verdict in one sentence.
    notes : list of str
        What is to be said besides the tables, a sentence each.
    judged_by : {"quantities", "epsilon", "gap", "stability"}
        What decided: the errors of K, Σ, P and q; the ε that was asked for; the gaps, if the game
        does not have exactly one equilibrium; or that a stationary policy is not proved stable.
    limit : Fraction or None
        The ε that was asked for.
    unit : float
        The relative size of a rounding: float64's 2⁻⁵³, float32's, or a tolerance.
    equilibrium : Existence
    gap : CertifiedGap
    gap_from_anywhere : CertifiedGap or None
        The gaps from x_0 ~ N(0, I), if the gaps decide.
    gaps_allowed : tuple of float or None
        The gap from there that rounding explains, for each agent.
    quantities : mapping from letter to Quantity
        Errors of what is stated against the equilibrium; empty if there is not exactly one.
    costs : mapping from letter to Quantity
        Errors of the stated P and q against the cost of the stated policy.
    asymmetry : float
        The largest difference of mirrored entries of a Σ or P that was averaged away, relative to
        that matrix's largest entry.
    faults : mapping from letter to str
        Why a stated Σ is not a covariance, or a P not symmetric, in a sentence. Gaps and costs are
        then those of the gains alone.
    definite : bool or None
        Whether every stated Σ is positive definite, decided exactly; None without Σ.
    indefinite : bool
        Whether a stated Σ has an eigenvalue below 0 that rounding explains.
    diagnosis : tuple of Match, or None
        Mistakes that lead to these very numbers; None if none were looked for.
    left_out : tuple of str
        Letters that the diagnosis does not explain, if no mistake explains everything stated.
    first_error : FirstError or None
        If no mistake matches: where the first error enters, going backwards in time.
    root : Root or None
        With an infinite horizon: whether the stated P solves the coupled equations.

    Notes
    -----
    Which parts are proved and which are measured is said in :doc:`/explanation/trust`.
    """

    verdict: Verdict
    judged_by: Literal["quantities", "epsilon", "gap", "stability"]
    limit: Fraction | None
    unit: float
    equilibrium: Existence
    gap: CertifiedGap
    gap_from_anywhere: CertifiedGap | None
    gaps_allowed: tuple[float, ...] | None
    quantities: Mapping[str, Quantity]
    costs: Mapping[str, Quantity]
    asymmetry: float
    faults: Mapping[str, str]
    definite: bool | None
    indefinite: bool
    diagnosis: tuple[Match, ...] | None
    left_out: tuple[str, ...]
    first_error: FirstError | None
    root: Root | None = None

    @property
    def stability(self) -> str | None:
        """Whether a stationary policy is stable: ``proved``, ``refuted`` or ``undecided``."""
        return self.gap.stability if isinstance(self.gap, StationaryGap) else None

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """The proof of a stationary policy's stability and gaps, for ``ergs-verify recheck``."""
        return self.gap.certificate if isinstance(self.gap, StationaryGap) else None

    @property
    def title(self) -> str:
        """The verdict in one sentence."""
        if self.judged_by == "stability" and "Sigma" not in self.faults:
            return _TITLES[self.verdict, self.judged_by]
        if self.verdict == "fail" and "Sigma" in self.faults:
            return "fail: a stated Σ is not a covariance matrix, so the solution states no policy"
        explained = not self.faults and not any(one.wrong for one in self.quantities.values())
        if self.verdict == "fail" and self.judged_by == "quantities" and explained:
            return _NO_ROUNDING
        if self.verdict == "fail" and self.judged_by != "epsilon" and not self.wrong_policy:
            numbers = (*self.quantities.values(), *self.costs.values())
            wrong = sorted(self.faults.keys() | {one.letter for one in numbers if one.wrong})
            return _COSTS_WRONG.format(
                letters=" and ".join(wrong), is_="is" if len(wrong) == 1 else "are"
            )
        limit = "" if self.limit is None else _epsilon(self.limit)
        verdict = "excused" if self._excused else self.verdict
        told = _TITLES[verdict, self.judged_by].format(limit=limit)
        if self.stability is not None and self.judged_by == "quantities":
            told = told.replace("the Nash", "a stationary Nash")
            told = told.replace(
                "not this game's Nash equilibrium", "not a stationary Nash equilibrium"
            )
        return told

    @property
    def _excused(self) -> bool:
        judged = self.verdict == "undecided" and self.judged_by == "quantities"
        return judged and all_excused(self.quantities)

    @property
    def wrong_policy(self) -> bool:
        """Whether the policy itself fails, apart from the costs stated of it."""
        if self.gap_from_anywhere is not None:
            pairs = zip(self.gap_from_anywhere.agents, self.gaps_allowed or (), strict=True)
            return any(one.gap.lo > bar for one, bar in pairs)
        return any(one.wrong for letter, one in self.quantities.items() if letter not in "Psq")

    @property
    def asymmetric(self) -> bool:
        """Whether a Σ or P is less symmetric than products in float64 leave it, 4u."""
        return self.asymmetry > 4 * float(UNIT)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said besides the tables, a sentence each."""
        policy, game = self.gap.policy, self.gap.game
        entropic, said = any(game.entropic), []
        plain = _PLAIN_GENERAL if game.general else _PLAIN
        if "game_hash" in policy.about and policy.about["game_hash"] != game.hash:
            said.append("The solution says that it belongs to another game: its game_hash differs.")
        if self.stability is not None:
            said.append(self._stability_told)
        if self.equilibrium.kind != "unique":
            said.append(self.equilibrium.message)
        if self.root is not None:
            said.append(self.root.told)
        said += self._little_above
        if self.asymmetric:
            said.append(_AVERAGED.format(self.asymmetry))
        said += [f"{fault}." for fault in self.faults.values()]
        if "Sigma" in self.faults:
            said.append(f"Gaps and costs are those of the gains alone{plain * entropic}.")
        elif policy.Sigma is None and entropic:
            said.append(
                f"No Σ is stated, so this was judged as a deterministic policy{plain}, whose "
                "equilibrium has the same K."
            )
            if "q" in self.quantities and self.quantities["q"].wrong:
                said.append(
                    "The q of a Gaussian policy cannot be judged without its Σ. State both."
                )
        elif self.indefinite:
            said.append(_INDEFINITE.format(and_singular=_AND_SINGULAR * entropic))
        elif self.definite is False and entropic:
            said.append("A stated Σ is singular: with τ > 0 its cost and its gap are infinite.")
        wrong = [one for one in self.quantities.values() if one.verdict != "pass"]
        said += [f"{one.place}." for one in wrong]
        if self._excused:
            said.append(_EXCUSED)
        if self.left_out:
            said.append(
                "No single mistake explains everything that is stated; the next one does not "
                f"explain {', '.join(self.left_out)}."
            )
        said += [
            f"Mistake {match.id}: {match.message}; the stated {', '.join(match.quantities)} "
            f"agree{'s' * (len(match.quantities) == 1)} with {match.agreement}. "
            f"Look at: {match.look_at}."
            for match in self.diagnosis or ()
        ]
        if self.diagnosis == ():
            said.append("No known mistake leads to these numbers on this game.")
        if self.first_error is not None:
            said.append(_sentence(self.first_error.message))
        return (*said, *self._costs_told)

    @property
    def _stability_told(self) -> str:
        loop = "√γ_i (A + Σ_j B^j K^j)" if self.gap.game.discount[0] != 1 else "A + Σ_j B^j K^j"
        return {
            "proved": f"The closed loop {loop} is stable (proved).",
            "refuted": f"The closed loop {loop} has an eigenvalue of size 1 or more (proved).",
            "undecided": f"It is undecided whether the closed loop {loop} is stable.",
        }[self.stability or "undecided"]

    @property
    def _costs_told(self) -> Iterator[str]:
        """Whether the stated P and q are those of the stated policy, unless all is well."""
        wrong = self.verdict == "fail" and self.wrong_policy
        though = ", so it is the policy that is wrong" if wrong else ""
        for letter, one in self.costs.items():
            if self.verdict == one.verdict == "pass":
                continue
            equal = letter in self.quantities and self.quantities[letter].verdict == "pass"
            yield _COSTS_TOLD[one.verdict].format(
                letter=letter,
                place=one.place,
                though=though,
                instead="the equilibrium's, " if equal else "",
            )

    @property
    def _little_above(self) -> Iterator[str]:
        """By how much gaps exceed ε where what is shown of both may be the same."""
        limit = self.limit or Fraction(0)
        for one in self.gap.agents:
            if limit < one.gap.lo < limit * (1 + _SHOWN):
                above = shown(ratio_as_decimal(one.gap.lo - limit), 2)
                yield f"The gap of agent {one.agent} is above ε by {above}."

    @property
    def tables(self) -> tuple[tuple[list[str], list[list[str]]], ...]:
        """Headings and lines: of the gaps, of the errors against the equilibrium."""
        headings = ["agent", "gap"]
        gaps = [[str(one.agent), str(one.gap)] for one in self.gap.agents]
        if self.gap_from_anywhere is not None:
            headings += ["from x_0 ~ N(0, I)", "rounding explains"]
            judged = zip(self.gap_from_anywhere.agents, self.gaps_allowed or (), strict=True)
            for line, (one, bar) in zip(gaps, judged, strict=True):
                line += [str(one.gap), f"{bar:.2g}"]
        lines = [
            [
                one.letter,
                _shown(one.digits),
                _asked(one.needed),
                f"{one.max_error:.2g}",
                str(one.agent),
                "" if one.t is None else str(one.t),
                "" if one.letter == "q" else f"[{one.entry[0]}][{one.entry[1]}]",
                one.verdict,
            ]
            for one in self.quantities.values()
        ]
        columns = ["", "digits", "asked for", "error", "agent", "t", "entry", "verdict"]
        if self.stability is not None:
            at = columns.index("t")
            columns, lines = (
                columns[:at] + columns[at + 1 :], [line[:at] + line[at + 1 :] for line in lines]
            )  # fmt: skip
        return ((headings, gaps), *([(columns, lines)] if lines else []))

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-audit/1``.

        Returns
        -------
        dict
            It can be written as JSON: numbers that JSON lacks are strings or None.

        Examples
        --------
        >>> from ergs_verify import audit, engine, gallery
        >>> game = gallery("g-star-2")
        >>> audit(game, engine.nash(game.floats())).as_json()["verdict"]
        'pass'
        """
        gaps: list[dict[str, Any]] = [
            {"agent": one.agent, "gap": one.gap.as_json()} for one in self.gap.agents
        ]
        if self.gap_from_anywhere is not None:
            judged = zip(self.gap_from_anywhere.agents, self.gaps_allowed or (), strict=True)
            for entry, (one, bar) in zip(gaps, judged, strict=True):
                entry |= {"from_anywhere": one.gap.as_json(), "allowed": _number(bar)}
        return {
            "format": "ergs-audit/1",
            "tool": __version__,
            "game": {"name": self.gap.game.name, "hash": self.gap.game.hash},
            "unit": self.unit,
            "verdict": self.verdict,
            "judged_by": self.judged_by,
            "message": self.title,
            "notes": list(self.notes),
            "equilibrium": {"kind": self.equilibrium.kind, "t": self.equilibrium.t},
            **self._stationary_json(),
            "definite": self.definite,
            "asymmetry": self.asymmetry,
            "epsilon": gaps,
            "quantities": {letter: one.as_json() for letter, one in self.quantities.items()},
            "costs_of_policy": {letter: one.as_json() for letter, one in self.costs.items()},
            "diagnosis": [
                {
                    "id": match.id,
                    "message": match.message,
                    "digits": match.digits,
                    "look_at": match.look_at,
                    "quantities": list(match.quantities),
                }
                for match in self.diagnosis or ()
            ],
            "left_out": list(self.left_out),
            "first_error": self.first_error
            and {
                "agent": self.first_error.agent,
                "t": self.first_error.t,
                "quantity": self.first_error.quantity,
                "error": _number(self.first_error.error),
                "message": self.first_error.message,
            },
        }

    def _stationary_json(self) -> dict[str, Any]:
        if self.stability is None:
            return {}
        root = self.root and {
            "digits": _finite(self.root.digits),
            "stabilising": self.root.stabilising,
        }
        return {"stability": self.stability, "root": root}

    def __repr__(self) -> str:
        return f"Audit({self.title})"

    def _repr_html_(self) -> str:
        tables = "".join(markup.table(*table) for table in self.tables)
        return markup.bold(self.title) + tables + markup.bullets(self.notes)


def all_excused(quantities: Mapping[str, Quantity]) -> bool:
    """Whether something keeps them from passing, and all of that is excused."""
    kept = [one for one in quantities.values() if one.verdict != "pass"]
    return bool(kept) and all(one.excused for one in kept)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """``fail`` before ``undecided`` before ``pass``."""
    return max(verdicts, key=("pass", "undecided", "fail").index)


def _digits(size: float, error: float) -> float:
    if error == 0:
        return math.inf
    return -math.inf if error == math.inf else math.log10(size) - math.log10(error)


def _asked(digits: float) -> str:
    """Digits that are asked for: of a number that is 0, or as good as that, all of float64's."""
    return _shown(min(digits, _FLOAT64_DIGITS))


def _shown(digits: float) -> str:
    return {math.inf: "all", -math.inf: "no"}.get(digits) or f"{max(digits, 0.0):.1f}"


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None


def _number(x: float) -> float | str:
    return x if math.isfinite(x) else "inf"


def _epsilon(limit: Fraction) -> str:
    """As it was given, if that is short."""
    shown = str(Enclosure(limit, limit))
    if limit in (0, Fraction(shown)):
        return shown
    with suppress(OverflowError):
        if limit == float(limit):
            return short(float(limit))
    return short(limit)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def may_be_left_out(quantities: Mapping[str, Quantity]) -> tuple[str, ...]:
    """What a mistake that explains the rest need not explain: all but the gains where these are
    off, else q."""
    off = any(one.wrong for letter, one in quantities.items() if letter in "Kk")
    rest = ("Sigma", "P", "s", "q") if off else ("q",)
    return tuple(letter for letter in rest if letter in quantities)
