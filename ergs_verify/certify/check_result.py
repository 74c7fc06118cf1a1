"""What `check` answers, as records that print themselves."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from attrs import field, frozen

from ergs_verify import markup
from ergs_verify.certify.enclosure import ANYTHING, Enclosure
from ergs_verify.certify.stage_verdicts import StageCheck
from ergs_verify.certify.thresholds import TauThresholds
from ergs_verify.exact import counted, short, written
from ergs_verify.game import Game

#: Headings of the table of stages.
STAGE_COLUMNS = ("t", "det Φ", "Φ regular", "Lemma IV.1", "ρ(J)", "inner loop")
#: Stages that a sentence names, and that a notebook shows.
_NAMED, _SHOWN = 8, 40


@frozen(kw_only=True)
class NashCheck:
    """Whether a feedback Nash equilibrium exists, and whether it is the only one.

    Attributes
    ----------
    exists, unique : str
        ``"proved"``, ``"refuted"`` or ``"undecided"``. If there is no equilibrium, `unique` is
        refuted. With an infinite horizon `unique` is ``"locally"`` if one equilibrium was found,
        and refuted if several were.
    reason : str
        Why, in a sentence.

    Notes
    -----
    By det Φ_t ≠ 0, as :doc:`/explanation/theory` explains in "Existence and uniqueness".
    """

    exists: str
    unique: str
    reason: str


@frozen(kw_only=True)
class AssumptionCheck:
    """Assumption III.3 of the paper: τ > 2γ_B²γ_P*(N−1).

    Attributes
    ----------
    verdict : str
        ``"proved"``, ``"refuted"`` or ``"undecided"``.
    tau : Fraction
    gamma_B : Enclosure
        The largest ‖B_t^i‖_F over all agents and times.
    gamma_P : Enclosure or None
        The largest ‖P_t^{i*}‖_F over all agents and t = 0…T; None if the equilibrium is not known.
    bound : Enclosure or None
        2γ_B²γ_P*(N−1).
    tau_from : Enclosure
        From which τ on the assumption holds. It is proved for every τ above the upper end, which
        is infinite if the game's data alone prove nothing; it fails at the lower end. It is sought
        when it is first read, like the other thresholds.
    """

    verdict: str
    tau: Fraction = field(repr=short)
    gamma_B: Enclosure
    gamma_P: Enclosure | None
    bound: Enclosure | None
    _thresholds: TauThresholds = field(alias="thresholds", repr=False, eq=False)

    @property
    def tau_from(self) -> Enclosure:
        """From which τ on the assumption holds."""
        fails = self.verdict == "refuted"
        return _raised(self._thresholds.assumption, self.tau if fails else Fraction(0))


@frozen(kw_only=True, eq=False, repr=False)
class Check:
    """What is proved about a game: the answer of `check`.

    Thresholds of τ and δ are sought when they are first read.

    Attributes
    ----------
    nash : NashCheck
    assumption_III_3 : AssumptionCheck or None
        None, like the thresholds below, if the game lies beyond the paper's class.
    stages : tuple of StageCheck
        From t = T−1 down to 0, or to the first singular stage or the last one that was certified.
        With an infinite horizon there is one for each equilibrium found, numbered by `t`.
    inner_loop : str
        ``"converges"`` from every start at every stage, ``"diverges"`` or ``"undecided"``.
    contraction_constant, spectral_radius : Enclosure or None
        The largest over the stages.
    loop_tau_from : Enclosure or None
        From which τ on the inner loop converges at every stage.
    smallest_delta : Enclosure or None
        From which δ on Assumption III.3 holds at τ + δ, as Theorem IV.3 asks.
    title : str
        The verdict in one sentence.
    bits : int
        The precision, in bits, that was needed or reached.
    game : Game

    Examples
    --------
    >>> from ergs_verify import check, gallery
    >>> found = check(gallery("g-star-4-no-nash"))
    >>> found.nash.exists, found.stages[0].phi_nonsingular
    ('refuted', 'refuted')
    """

    nash: NashCheck
    assumption_III_3: AssumptionCheck | None = None
    stages: tuple[StageCheck, ...]
    bits: int
    game: Game
    _thresholds: TauThresholds | None = field(alias="thresholds", default=None)

    @property
    def loop_tau_from(self) -> Enclosure | None:
        """From which τ on the inner loop converges at every stage."""
        diverges = self.inner_loop == "diverges"
        return self._thresholds and _raised(
            self._thresholds.loop, self.game.tau if diverges else Fraction(0)
        )

    @property
    def smallest_delta(self) -> Enclosure | None:
        """From which δ on Assumption III.3 holds at τ + δ."""
        found = self.assumption_III_3
        return found and found.tau_from.shifted(-found.tau).at_least(Fraction(0))

    @property
    def title(self) -> str:
        """The verdict in one sentence."""
        found = self.nash
        if found.unique == "locally":
            told = "proved: the game has a stationary Nash equilibrium"
        elif found.unique == "undecided":
            told = "undecided: it is not known whether the game has exactly one Nash equilibrium"
        elif found.unique == "proved":
            told = "proved: the game has exactly one Nash equilibrium"
        elif found.exists == "refuted":
            told = "refuted: the game has no Nash equilibrium"
        else:
            told = "refuted: the game does not have exactly one Nash equilibrium"
        return f"{told} ({found.reason})"

    def sentences(self) -> list[str]:
        """The verdicts in words, without the table of stages."""
        if self.game.stationary:
            return [
                f"A stationary Nash equilibrium exists: {self.nash.exists}. "
                f"It is the only one: {self.nash.unique} ({self.nash.reason}).",
                *(
                    ["The table has a line for each equilibrium that was found."]
                    if self.stages
                    else []
                ),
            ]
        return [
            f"A feedback Nash equilibrium exists: {self.nash.exists}. "
            f"It is the only one: {self.nash.unique} ({self.nash.reason}).",
            *self._on_the_assumption(),
            *self._on_the_loop(),
        ]

    def _on_the_assumption(self) -> list[str]:
        found, delta = self.assumption_III_3, self.smallest_delta
        if found is None or delta is None:
            return ["Assumption III.3 and Theorem IV.3 apply to games of the paper's class only."]
        bound = "P* is not known" if found.bound is None else f"the bound is {found.bound}"
        return [
            f"Assumption III.3, τ > 2γ_B²γ_P*(N−1): {found.verdict} "
            f"(τ = {short(found.tau)}, {bound}).",
            f"It holds {_from(found.tau_from, 'τ', 'it fails')}.",
            "Theorem IV.3 applies with any δ ≥ 0."
            if delta.hi == 0
            else f"Theorem IV.3 applies {_from(delta, 'δ', 'it does not')}.",
        ]

    def _on_the_loop(self) -> list[str]:
        said = [
            f"The inner loop of Algorithm 1 {verdict} {_at_stages(stages)}."
            for verdict in ("converges", "diverges", "undecided")
            if (stages := [s.t for s in self.stages if s.inner_loop == verdict])
        ]
        said = [text.replace("undecided", "is undecided") for text in said]
        if self.loop_tau_from is not None:
            said.append(
                f"It converges at every stage {_from(self.loop_tau_from, 'τ', 'it does not')}."
            )
        return said

    @property
    def spectral_radius(self) -> Enclosure:
        """The largest ρ(J_t) over the stages: the exact rate of Algorithm 1's inner loop.

        Without any stage it may be anything: from 0 to infinity.
        """
        found = [stage.spectral_radius for stage in self.stages] or [ANYTHING]
        return Enclosure(max(one.lo for one in found), max(one.hi for one in found))

    @property
    def contraction_constant(self) -> Enclosure | None:
        """The largest constant of Lemma IV.1 over the stages; None beyond the paper's class."""
        found = [stage.contraction_constant for stage in self.stages]
        known = [one for one in found if one is not None]
        return (
            Enclosure(max(one.lo for one in known), max(one.hi for one in known)) if known else None
        )

    @property
    def inner_loop(self) -> str:
        """``"converges"`` if it does at every stage of the game, ``"diverges"`` if not at some."""
        met = {stage.inner_loop for stage in self.stages}
        whole = self.game.stationary or len(self.stages) == self.game.horizon
        verdict = next((one for one in ("diverges", "undecided") if one in met), "converges")
        return verdict if met and (whole or verdict == "diverges") else "undecided"

    def rows(self) -> list[tuple[str, ...]]:
        """The stages as text, under `STAGE_COLUMNS`."""
        return [
            (
                str(stage.t),
                str(stage.det_phi),
                stage.phi_nonsingular,
                "–" if stage.contraction_constant is None else str(stage.contraction_constant),
                str(stage.spectral_radius),
                stage.inner_loop,
            )
            for stage in self.stages
        ]

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-check/1``, every enclosure rounded outward.

        Returns
        -------
        dict

        Examples
        --------
        >>> from ergs_verify import check, gallery
        >>> check(gallery("g-star-2")).as_json()["nash"]["unique"]
        'proved'
        """
        assumption = self.assumption_III_3
        return {
            "format": "ergs-check/1",
            "nash": {
                "exists": self.nash.exists,
                "unique": self.nash.unique,
                "reason": self.nash.reason,
            },
            "assumption_III_3": assumption
            and {
                "verdict": assumption.verdict,
                "tau": written(assumption.tau),
                "gamma_B": assumption.gamma_B.as_json(),
                "gamma_P": assumption.gamma_P and assumption.gamma_P.as_json(),
                "bound": assumption.bound and assumption.bound.as_json(),
                "tau_from": assumption.tau_from.as_json(),
            },
            "stages": [stage.as_json() for stage in self.stages],
            "loop_tau_from": self.loop_tau_from and self.loop_tau_from.as_json(),
            "smallest_delta": self.smallest_delta and self.smallest_delta.as_json(),
            "bits": self.bits,
        }

    def __repr__(self) -> str:
        nash, assumption = self.nash, self.assumption_III_3
        verdicts = f"exists {nash.exists}, unique {nash.unique}"
        if assumption is not None:
            verdicts += f", Assumption III.3 {assumption.verdict}"
        return f"Check({verdicts}; {counted(len(self.stages), 'stage')} at {self.bits} bits)"

    def _repr_html_(self) -> str:
        table = markup.table(STAGE_COLUMNS, self.rows()[:_SHOWN])
        more = len(self.stages) - _SHOWN
        left = f"<p>… and {more} more in <code>.stages</code></p>" if more > 0 else ""
        return markup.bullets(self.sentences()) + table + left


def _raised(threshold: Enclosure, least: Fraction) -> Enclosure:
    return Enclosure(max(threshold.lo, least), threshold.hi)


def _from(threshold: Enclosure, letter: str, fails: str) -> str:
    """From where on something is proved, and where it was found to fail."""
    lo, hi = threshold.as_json(digits=6)
    if threshold.hi == 0:
        return f"for every {letter} > 0"
    proved = (
        f"for every large enough {letter}, but the data alone do not give a bound"
        if hi == "inf"
        else f"for every {letter} ≥ {hi}"
    )
    return proved + (f". At {letter} = {lo} {fails}" if threshold.lo > 0 else "")


def _at_stages(stages: list[int]) -> str:
    if len(stages) == 1:
        return f"at t = {stages[0]}"
    named = ", ".join(map(str, stages[:_NAMED])) + ("…" if len(stages) > _NAMED else "")
    return f"at {len(stages)} stages, t = {named}"
