"""What the package encloses, decides and writes, held against the truth about hostile games.

Every number that is tested counts once: as *contained*, *undecided* (nothing was claimed), *loose*
(the claim holds and says too little) or *wrong*. An exception that is not the package's own is
wrong too.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import flint
import numpy as np
import truth
from families import FAMILIES
from limits import Late, within
from truth import Interval, Played, Rational, Truth

from ergs_verify import Game, Policy, audit, check, gap, solve
from ergs_verify.arithmetic import Balls
from ergs_verify.certify import certify_gap
from ergs_verify.certify.definite import demand_definite
from ergs_verify.certify.equilibrium import equilibrium_in_balls
from ergs_verify.certify.nash import certified_nash
from ergs_verify.errors import InputError, NotCertifiedError, SingularStageError
from ergs_verify.exact.definite import is_positive
from ergs_verify.game import load_solution

OUTCOMES = ("contained", "undecided", "loose", "wrong")
LETTERS = ("K", "Sigma", "P", "q")
#: More is not asked of any game.
MOST_BITS = 2048
#: Relative widths asked for: of a matrix at rising precision, of what `check` encloses.
_NARROW, _CHECKED = Fraction(1, 2**60), Fraction(1, 10**6)
#: How much of a question may be undecided or loose; and of anything at 53 to 300 bits.
MOST_OPEN, _OPEN_AT_FEW_BITS = 0.1, 0.9
#: Seconds that a question about a game may take.
_SECONDS = 120
_TINY = Fraction(2) ** -1022


@dataclass
class Tally:
    """Outcomes counted by question, and what was wrong in words."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    games: int = 0

    def note(self, question: str, outcome: str, fault: str = "", *, times: int = 1) -> None:
        self.counts[question, outcome] += times
        if outcome == "wrong":
            self.faults.append(f"{question}: {fault}")

    def holds(self, question: str, right: bool, fault: str) -> None:
        self.note(question, "contained" if right else "wrong", fault)

    def verdict(self, question: str, said: str, right: bool) -> None:
        """A verdict that is proved, refuted or undecided."""
        if said == "undecided":
            self.note(question, "undecided")
        else:
            self.holds(question, (said in _YES) == right, f"{said}, but it is {right}")

    def ball(self, question: str, exact: Interval, ends: Interval, width: Any) -> None:
        """An enclosure, which may be as wide as `width`."""
        lo, hi = ends
        if not (lo <= exact[1] and exact[0] <= hi):
            self.note(
                question, "wrong", f"{_short(exact[0])} is not in [{_short(lo)}, {_short(hi)}]"
            )
        else:
            self.note(question, "loose" if hi - lo > width else "contained")

    def by_outcome(self, question: str | None = None) -> Counter[str]:
        """Of one question, or of all."""
        found = Counter[str]()
        for (asked, outcome), n in self.counts.items():
            if question in (None, asked):
                found[outcome] += n
        return found

    def add(self, other: Tally) -> None:
        self.counts.update(other.counts)
        self.faults += other.faults
        self.games += other.games


_YES = ("proved", "pass", "converges")


@dataclass
class Subject:
    """A game, what is true of it, and where to note what is said of it."""

    tally: Tally
    draw: Random
    data: dict[str, Any]
    game: Game
    truth: Truth

    def undecided(self, question: str, letters: Iterable[str] = LETTERS) -> None:
        """Nothing was claimed of any number of the letters."""
        if self.truth.found is None:
            self.tally.note("singular, decided", "undecided")
            return
        for letter in letters:
            count = sum(1 for _ in _flat(self.truth.found[letter]))
            self.tally.note(question.format(letter), "undecided", times=count)


def attacked(name: str, seed: int) -> Tally:
    """Every question about one game of a family."""
    draw, tally = Random(f"{name} {seed}"), Tally(games=1)
    data = FAMILIES[name].data(draw)
    one = Subject(tally, draw, data, Game.from_arrays(**data), truth.truth_of(data))
    for question in (_balls, _certified, _solved, _checked, _deviations, _augmented, _definite):
        try:
            with within(_SECONDS):
                question(one)
        except (Exception, Late) as error:
            tally.note(question.__name__[1:], "wrong", f"raised {type(error).__name__}: {error}")
    tally.faults = [f"{name}, seed {seed}: {fault}" for fault in tally.faults]
    return tally


def too_open(tally: Tally, share: float) -> str:
    """Says so where more than a share is undecided or loose; empty otherwise.

    Where the precision may be too low, little is asked.
    """
    said = []
    for few, most in ((False, share), (True, _OPEN_AT_FEW_BITS)):
        counts = {k: n for k, n in tally.counts.items() if k[0].endswith("at few bits") == few}
        tried = sum(counts.values())
        left = sum(n for (_, outcome), n in counts.items() if outcome in ("undecided", "loose"))
        if left > most * tried:
            at = "at few bits " * few
            said.append(f"{left} of {tried} {at}undecided or loose, more than {most:g}")
    return "; ".join(said)


# -- the equilibrium -------------------------------------------------------------------------------


def _balls(one: Subject) -> None:
    """At a precision that may be too low."""
    bits = one.draw.choice((53, 64, 100, 200, 300))
    try:
        found = equilibrium_in_balls(one.game, bits)
    except NotCertifiedError:
        if one.truth.singular:
            one.tally.note("singular, never certified", "contained")
        else:
            one.undecided("{} at few bits")
        return
    if one.truth.found is None:
        one.tally.note("singular, never certified", "wrong", f"certified at {bits} bits")
        return
    _compare(one, found, Balls(bits), " at few bits", Fraction(2) ** (-bits // 5))


def _certified(one: Subject) -> None:
    """At as many bits as it needs, up to a cap."""
    try:
        nash = certified_nash(one.game, partial(_bits_lacking, one.truth), most_bits=MOST_BITS)
    except SingularStageError as error:
        where = one.truth.singular
        right = where is not None and (error.t, error.consistent) == (where.t, where.consistent)
        one.tally.holds("singular, decided", right, f"{error}, in truth {where}")
    except NotCertifiedError:
        one.undecided("{}")
    else:
        if one.truth.found is None:
            one.tally.note("singular, decided", "wrong", "certified")
        else:
            _compare(one, nash.found, nash.balls, "", _NARROW)


def _bits_lacking(known: Truth, found: Any, balls: Balls) -> int:
    """Until every matrix is as narrow as is asked; a singular game is not asked for anything."""
    most = 0
    for _, ends, _, scale in _beside(known, found, balls) if known.found else ():
        widths = ((hi - lo) / (_NARROW * scale) for lo, hi in ends)
        most = max(most, int(max(widths)).bit_length())
    return most


def _compare(one: Subject, found: Any, balls: Balls, at: str, narrow: Fraction) -> None:
    for letter, given, exact, scale in _beside(one.truth, found, balls):
        for ends, entry in zip(given, exact, strict=True):
            one.tally.ball(f"{letter}{at}", entry, ends, narrow * scale)


def _beside(known: Truth, found: Any, balls: Balls) -> Iterator[tuple[str, Any, Any, Fraction]]:
    """Every matrix's letter, enclosures, true entries, and what their widths count from.

    That is the largest entry of the matrix; where it is 0 the agent's largest, or 1.
    """
    assert known.found is not None
    for letter in LETTERS:
        for agent, over_time in zip(getattr(found, letter), known.found[letter], strict=True):
            most = _largest(over_time) or Fraction(1)
            for X, exact in zip(agent, over_time, strict=True):
                given = [balls.enclosure(X)] if letter == "q" else _flat(balls.enclosures(X))
                yield letter, list(given), list(_flat([exact])), _largest([exact]) or most


def _solved(one: Subject) -> None:
    """Decimal digits, float64, and a file of them that passes the audit."""
    digits = one.draw.choice((None, None, 1, 5, 20, 60))
    question = "solve, float64" if digits is None else "solve, digits"
    try:
        solution = solve(one.game, digits=digits)
    except SingularStageError:
        one.tally.holds("singular, decided", one.truth.found is None, "solve refused")
        return
    except NotCertifiedError:
        one.undecided(question)
        return
    except InputError as error:  # float64 ends there
        if digits is None and _beyond_float64(one.truth):
            one.undecided(question)
        else:
            one.tally.note(question, "wrong", str(error))
        return
    if one.truth.found is None:
        one.tally.note("singular, decided", "wrong", "solved")
        return
    for letter in LETTERS:
        for agent, over_time in zip(
            getattr(solution, letter), one.truth.found[letter], strict=True
        ):
            for X, exact in zip(agent, over_time, strict=True):
                entries = [X] if letter == "q" else X.ravel().tolist()
                for x, (lo, hi) in zip(entries, _flat([exact]), strict=True):
                    error = max(abs(Fraction(x) - lo), abs(Fraction(x) - hi))
                    if digits is None:
                        _rounded(one.tally, question, letter, Fraction(x), hi, error)
                        continue
                    least = 0 if letter == "Sigma" else 1
                    largest = max(least, _largest([exact]))
                    right = error <= largest / 10**digits
                    one.tally.holds(question, right, f"{letter}: {x} is off by {_short(error)}")
    if digits != 1 and digits != 5 and one.draw.random() < 0.5:
        _own_audit(one, solution)


def _rounded(
    tally: Tally, question: str, letter: str, x: Fraction, exact: Fraction, error: Fraction
) -> None:
    if error <= abs(exact) / 2**52:
        tally.note(question, "contained")
    elif abs(exact) < _TINY:  # 0, or what float64 keeps no digits of
        tally.note(question, "contained" if error < _TINY else "loose")
    else:
        tally.note(question, "wrong", f"{letter}: {_short(x)} for {_short(exact)}")


def _own_audit(one: Subject, solution: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "solution.json")
        solution.save(path)
        found = audit(one.game, load_solution(path))
    one.tally.verdict("its own solution audited", found.verdict, right=True)


# -- what check says -------------------------------------------------------------------------------


def _checked(one: Subject) -> None:
    found, tally = check(one.game, most_bits=MOST_BITS // 2), one.tally
    singular = one.truth.singular
    tally.verdict("uniqueness", found.nash.unique, singular is None)
    _agrees(one, found)
    if singular is not None:
        if singular.consistent is False:
            tally.verdict("existence", found.nash.exists, False)
        elif singular.t == 0:
            tally.verdict("existence", found.nash.exists, True)
        return
    assert one.truth.found is not None
    tally.verdict("existence", found.nash.exists, True)
    played = Played(one.data, Rational)
    square = max(_square(X) for B in played.B for X in B)
    factor = 2 * square * (len(played.B) - 1)
    tau = Rational(one.game.tau)
    # The ends of exact intervals coincide; of others they are close enough for a tolerance of 1e-6.
    P = [[[[lo for lo, _ in row] for row in X] for X in agent] for agent in one.truth.found["P"]]
    norms = [max(_square(agent[t]) for agent in P) for t in range(one.game.horizon + 1)]
    if one.truth.exact:
        bound = factor**2 * max(norms)
        tally.verdict("Assumption III.3", found.assumption_III_3.verdict, tau**2 > bound)
    for stage in found.stages:
        det = one.truth.found["det"][stage.t]
        tally.ball("det Φ", det, _ends(stage.det_phi), _CHECKED * abs(det[0]))
        if not one.truth.exact:
            continue
        constant = stage.contraction_constant
        if tau:
            root = (factor / tau) ** 2 * norms[stage.t + 1]
            ends = [Rational(x) for x in _ends(constant)]
            tally.holds(
                "Lemma IV.1's constant", ends[0] ** 2 <= root <= ends[1] ** 2, f"{constant}"
            )
        loop, radius = one.truth.found["loop"][stage.t], stage.spectral_radius
        lo, hi = (Rational(x) for x in _ends(radius))
        inside = (lo > 0 and truth.all_within(loop, lo)) or not truth.all_within(
            loop, hi + Rational(1, 10**60)
        )
        if not inside and radius.width > _CHECKED * max(1, radius.hi):
            tally.note("ρ(J)", "loose")
        else:
            tally.holds("ρ(J)", not inside, f"not {radius}")
        tally.verdict("inner loop", stage.inner_loop, truth.all_within(loop, Rational(1)))


def _agrees(one: Subject, found: Any) -> None:
    """`check` with the same cap as the equilibrium proves the same."""
    if found.nash.unique != "undecided":
        return
    try:
        certified_nash(one.game, most_bits=MOST_BITS // 2)
    except NotCertifiedError:
        return
    except SingularStageError:
        pass
    one.tally.note(
        "check as solve", "wrong", f"undecided ({found.nash.reason}) where solve decides"
    )


# -- gaps ------------------------------------------------------------------------------------------


def _deviations(one: Subject) -> None:
    """Gaps of policies near the equilibrium, far from it, and of Algorithm 1's."""
    found = one.truth.found
    if found is None or one.game.horizon > 20 or _beyond_float64(one.truth):
        return
    K = [[_middle(X) for X in agent] for agent in found["K"]]
    near = [[[[float(x) for x in row] for row in X] for X in agent] for agent in K]
    step = 10.0 ** one.draw.randint(-15, 0)
    moved = [
        [[[x + step * one.draw.randint(-3, 3) for x in row] for row in X] for X in agent]
        for agent in near
    ]
    policies: list[tuple[Any, Any]] = [(near, None), (moved, None)]
    if one.truth.exact:
        policies.append((K, None))
        early = truth.algorithm_1(Played(one.data, Rational), one.draw.randint(1, 3))
        exact = [[[[Fraction(int(x.numerator), int(x.denominator)) for x in r] for r in X]
                  for X in agent] for agent in early]  # fmt: skip
        policies.append((exact, None))
    if one.game.tau > 0:
        Sigma = [[_weighted(_middle(X), 1 + step) for X in agent] for agent in found["Sigma"]]
        policies.append((moved, Sigma))
    policies = [both for both in policies if _short_enough(both)]
    for gains, covariances in one.draw.sample(policies, 2):
        _gap(one, gains, covariances)


def _short_enough(nested: Any) -> bool:
    """Whether the package takes rationals so long."""
    if isinstance(nested, list | tuple):
        return all(map(_short_enough, nested))
    return nested is None or max(map(abs, nested.as_integer_ratio())).bit_length() < 20_000


def _weighted(X: Any, factor: float) -> Any:
    return [[Fraction(factor) * (x + y) / 2 for x, y in zip(r, s, strict=True)]
            for r, s in zip(X, zip(*X, strict=True), strict=True)]  # fmt: skip


def _gap(one: Subject, K: Any, Sigma: Any) -> None:
    policy = Policy.from_arrays(K=K, Sigma=Sigma)
    exact = [truth.gap_of(one.data, K, Sigma, k) for k in range(one.game.agents)]
    try:
        found = certify_gap(one.game, policy, most_bits=MOST_BITS)
    except NotCertifiedError:
        one.tally.note("gap of a policy", "undecided", times=len(exact))
        return
    for agent, wanted in zip(found.agents, exact, strict=True):
        lo, hi = _ends(agent.gap)
        if found.verdict == "undecided" and hi - lo > hi / 1000:
            one.tally.note("gap of a policy", "undecided" if lo <= wanted[1] else "wrong", "above")
        else:
            one.tally.holds(
                "gap of a policy",
                lo <= wanted[1] and wanted[0] <= hi and hi - lo <= hi / 1000,
                f"{_short(wanted[0])} is not in [{_short(lo)}, {_short(hi)}], or that is wide",
            )
    largest = max(lo for lo, _ in exact)
    if not largest > 0:
        return
    for sign in (-1, 1):
        limit = _of_few_digits(largest * (1 + sign * Fraction(1, 10 ** one.draw.randint(1, 20))))
        said = audit(one.game, policy, epsilon=limit, explain=False).verdict
        one.tally.verdict("ε-Nash equilibrium", said, largest <= limit)


def _augmented(one: Subject) -> None:
    """Gaps of the equilibrium at τ + δ in the game at τ."""
    if not one.truth.exact or one.game.tau == 0 or one.game.horizon > 2:
        return
    delta = Fraction(1, 10 ** one.draw.randint(0, 12)) * one.game.tau
    data = {**one.data, "tau": one.game.tau + delta}
    there = truth.truth_of(data).found
    row = gap(one.game, [delta]).rows[0]
    if there is None or row.agents is None:
        right = (there is None) == (row.agents is None)
        one.tally.holds("gap at τ + δ", right, f"{there} and {row.agents}")
        return
    K, Sigma = ([[_middle(X) for X in agent] for agent in there[letter]] for letter in LETTERS[:2])
    for agent, found in enumerate(row.agents):
        exact = truth.gap_of(one.data, K, Sigma, agent)
        one.tally.ball("gap at τ + δ", exact, _ends(found.epsilon), Fraction(1, 1000) * exact[1])


# -- definiteness ----------------------------------------------------------------------------------


def _definite(one: Subject) -> None:
    """Balls around matrices that are singular, or nearly so: none is definite for certain."""
    draw = one.draw
    for _ in range(10):
        size, bits = draw.randint(1, 4), draw.choice((53, 64, 128))
        C = np.array([[draw.randint(-3, 3) for _ in range(size)] for _ in range(size)], object)
        X, eye = C.T @ C * Rational(1), truth.identity(size)
        X[-1, -1] += draw.choice((-1, 0, 0, 1)) * Rational(1, 10 ** draw.randint(0, 60))
        radius = draw.choice((0, Rational(1, 2 ** draw.randint(10, 120))))
        fractions = [[Fraction(int(x.numerator), int(x.denominator)) for x in row] for row in X]
        said = is_positive(np.array(fractions, dtype=object), strictly=True)
        one.tally.holds("definiteness, exactly", said == truth.definite(X), str(fractions))
        balls = Balls(bits)
        with flint.ctx.workprec(4 * bits):
            wide = flint.arb(0, float(radius))
            entries = [flint.arb(flint.fmpq(*x.as_integer_ratio())) for r in fractions for x in r]
            widened = flint.arb_mat(size, size, [x + wide for x in entries])
        try:
            demand_definite(widened, balls)
        except NotCertifiedError:
            # Claimed where it is clear, at a few units of the precision.
            clear = truth.definite(X - (Rational(1, 1000) + 100 * radius) * eye)
            one.tally.note("definiteness in balls", "undecided" if clear else "contained")
        else:
            right = truth.definite(X - radius * eye)
            one.tally.holds("definiteness in balls", right, f"{fractions} ± {radius}")


# -- parts -----------------------------------------------------------------------------------------


def _flat(nested: Iterable[Any]) -> Iterator[Interval]:
    for x in nested:
        if isinstance(x, list):
            yield from _flat(x)
        else:
            yield x


def _largest(nested: Any) -> Fraction:
    return max((abs(e) for ends in _flat(nested) for e in ends), default=Fraction(0))


def _middle(X: Any) -> list[list[Fraction]]:
    return [[(lo + hi) / 2 for lo, hi in row] for row in X]


def _square(X: Any) -> Any:
    return sum(Rational(x) ** 2 for row in X for x in row)


def _ends(enclosure: Any) -> Interval:
    return enclosure.lo, enclosure.hi


def _beyond_float64(known: Truth) -> bool:
    assert known.found is not None
    return any(_largest(known.found[letter]) > 1.7e308 for letter in LETTERS)


def _of_few_digits(x: Fraction) -> Fraction:
    context = Context(prec=40)
    return Fraction(context.divide(Decimal(x.numerator), Decimal(x.denominator)))


def _short(x: Any) -> str:
    if isinstance(x, float) or not x:
        return str(x)
    exponent = math.floor(math.log10(abs(x.numerator)) - math.log10(x.denominator))
    return f"{float(x / Fraction(10) ** exponent):.17g}e{exponent}"
