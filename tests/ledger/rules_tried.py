"""Rules of inference tried on worlds made up for them: premises true and conclusion false.

In a world every letter has a value of its own, also one that the game would define: what a premise
says is drawn so that it holds, except for the one premise that the world is free to break. So a
rule that follows is never refuted, and a premise that it needs is missed where it is broken.
Numbers are exact; a statement with a root is judged in balls, and left out where they cannot tell.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

from attrs import evolve, frozen
from flint import arb, fmpq, fmpq_mat

from ergs_verify.game.gallery import gallery
from ergs_verify.ledger import rules
from ergs_verify.ledger.exhibits import Case, cases
from ergs_verify.ledger.rules import RULES, Rule
from ergs_verify.ledger.sentences import at, can_be_evaluated
from ergs_verify.ledger.sentences.view import frobenius, is_psd, spectral

Relation = tuple[Any, str, Any]
World = tuple[list[list[Relation]], list[Relation]]
"""What the premises say, in the rule's order, and what the conclusion says."""

WORLDS = 120
"""Of each rule, with nothing broken, and as many with each of its premises free."""


class Draw:
    """Random letters of a world, of which one premise may be broken."""

    def __init__(self, seed: str, free: int | None):
        self._random = random.Random(seed)
        self._free = free

    def free(self, premise: int) -> bool:
        """Whether this premise need not hold."""
        return self._free == premise

    def number(self, low: int = -6, high: int = 6) -> Fraction:
        return Fraction(self._random.randint(low, high), self._random.choice((1, 2, 3)))

    def nonnegative(self) -> Fraction:
        return self.number(0)

    def positive(self) -> Fraction:
        return self.number(1)

    def size(self, high: int = 2) -> int:
        return self._random.randint(1, high)

    def chance(self) -> bool:
        return self._random.random() < 0.5

    def off(self, premise: int) -> Fraction:
        """0, or a number where the premise is free."""
        return self.number() if self.free(premise) else Fraction(0)

    def tau(self, premise: int) -> Fraction:
        """τ > 0, or any number where that is free."""
        return self.number() if self.free(premise) else self.positive()

    def matrix(self, rows: int, cols: int) -> Any:
        return fmpq_mat(rows, cols, [q(self.number(-3, 3)) for _ in range(rows * cols)])

    def symmetric(self, size: int) -> Any:
        X = self.matrix(size, size)
        return X + X.transpose()

    def psd(self, size: int, premise: int | None = None) -> Any:
        """⪰ 0, sometimes singular; any symmetric matrix where the premise is free."""
        if premise is not None and self.free(premise):
            return self.symmetric(size)
        X = self.matrix(size, size)
        return X * X.transpose() if self.chance() else X * X.transpose() * 0

    def pd(self, size: int, premise: int | None = None) -> Any:
        """≻ 0; any symmetric matrix where the premise is free."""
        if premise is not None and self.free(premise):
            return self.symmetric(size)
        X = self.matrix(size, size)
        return X * X.transpose() + one(size) * q(self.positive() / 6)

    def noise(self, X: Any, premise: int) -> Any:
        """0 of X's shape, or a symmetric matrix where the premise is free."""
        if not self.free(premise):
            return X * 0
        return (
            self.symmetric(X.nrows())
            if X.nrows() == X.ncols()
            else self.matrix(X.nrows(), X.ncols())
        )


def q(x: Fraction | int) -> fmpq:
    return fmpq(*Fraction(x).as_integer_ratio())


def one(size: int) -> Any:
    return fmpq_mat(size, size, [fmpq(int(r == c)) for r in range(size) for c in range(size)])


@frozen
class Trial:
    """What trying a rule gave.

    Attributes
    ----------
    held : int
        Worlds in which all premises hold.
    refuted : int
        Those of them in which the conclusion is false.
    dropped : tuple of bool
        For each premise, whether some world refutes the rule without it.
    reversed, stricter : bool or None
        Whether some world refutes it with its conclusion reversed, or with < for ≤ and ≻ for ⪰;
        None where there is no such relation.
    """

    held: int
    refuted: int
    dropped: tuple[bool, ...]
    reversed: bool | None
    stricter: bool | None


_TRIALS: dict[str, Callable[[Draw], World | None]] = {}


def world(rule: Rule) -> Callable[[Callable[[Draw], World | None]], None]:
    """Register the worlds of a rule."""

    def register(make: Callable[[Draw], World | None]) -> None:
        assert rule.name not in _TRIALS, rule.name
        _TRIALS[rule.name] = make

    return register


def has_worlds(rule: Rule) -> bool:
    return rule.name in _TRIALS


def _worlds(rule: Rule, free: int | None) -> Iterable[World]:
    for seed in range(WORLDS):
        try:
            made = _TRIALS[rule.name](Draw(f"{rule.name} {free} {seed}", free))
        except ZeroDivisionError:  # a letter drawn to be divided by is 0: another world
            continue
        if made is not None:
            assert len(made[0]) == len(rule.premises), rule.name
            yield made


@cache
def tried(name: str) -> Trial:
    """A rule of this name on its worlds."""
    rule = RULES[name]
    held = [made for made in _worlds(rule, None) if _all(map(_all_of, made[0])) is True]
    refuted = sum(_all_of(conclusion) is False for _, conclusion in held)
    dropped = []
    for k in range(len(rule.premises)):
        dropped.append(
            any(
                _all(_all_of(p) for j, p in enumerate(premises) if j != k) is True
                and _all_of(conclusion) is False
                for premises, conclusion in _worlds(rule, k)
            )
        )
    conclusions = [conclusion for _, conclusion in held]
    return Trial(
        len(held),
        refuted,
        tuple(dropped),
        _refuted_as(conclusions, _REVERSED),
        _refuted_as(conclusions, _STRICTER),
    )


def _refuted_as(conclusions: list[list[Relation]], instead: dict[str, str]) -> bool | None:
    """Whether a conclusion with another relation is false somewhere."""
    found = [[(a, instead[r], b) for a, r, b in c if r in instead] for c in conclusions]
    if not any(found):
        return None
    return any(_all_of(changed) is False for changed in found if changed)


_REVERSED = {"=": "≠", "≤": ">", "<": "≥", "≥": "<", ">": "≤", "⪰": "not ⪰", "≻": "not ≻", "≠": "="}
_STRICTER = {"≤": "<", "≥": ">", "⪰": "≻"}


def _all_of(relations: Iterable[Relation]) -> bool | None:
    return _all(_holds(*relation) for relation in relations)


def _all(found: Iterable[bool | None]) -> bool | None:
    found = list(found)
    return False if False in found else None if None in found else True


def _holds(left: Any, relation: str, right: Any) -> bool | None:
    if relation.startswith("not "):
        found = _holds(left, relation.removeprefix("not "), right)
        return None if found is None else not found
    if relation in ("⪰", "≻"):
        return is_psd(left - right, strictly=relation == "≻")
    if isinstance(left, arb) or isinstance(right, arb):
        left, right = (
            arb(q(x)) if isinstance(x, int | Fraction) else arb(x) for x in (left, right)
        )
    if relation in ("=", "≠"):
        if isinstance(left, arb):
            return False if not left.overlaps(right) else None
        return (left == right) == (relation == "=")
    yes = {"≤": left <= right, "<": left < right, "≥": left >= right, ">": left > right}[relation]
    if isinstance(left, arb) and not yes:
        no = {"≤": left > right, "<": left >= right, "≥": left < right, ">": left <= right}
        return False if no[relation] else None
    return bool(yes)


def true(condition: bool) -> Relation:
    return (condition, "=", True)


# -- on cases -------------------------------------------------------------------------------------


@cache
def arena() -> tuple[Case, ...]:
    """The exhibits, and random games with other policies."""
    found = list(cases())
    for seed in range(6):
        game = gallery(f"random:N=2,m=2,p=1-2,T=2,seed={seed}")
        for factor in (1, 40):
            case = Case.of(evolve(game, tau_given=game.tau * factor))
            found += [case, *_others(case)]
    return tuple(found)


def _others(case: Case) -> Iterable[Case]:
    """The equilibrium's gains with other covariances, and other gains at t = 0 alone."""
    policy = case.play.policy
    assert policy is not None
    assert policy.Sigma is not None
    wide = evolve(policy, Sigma=tuple(tuple(2 * S for S in own) for own in policy.Sigma))
    gains = tuple(tuple(2 * K if t == 0 else K for t, K in enumerate(own)) for own in policy.K)
    first = evolve(policy, K=gains)
    for name, played in (("wide", wide), ("first", first)):
        play = evolve(case.play, name=name, policy=played, is_nash=False, from_every_state=False)
        yield Case(case.exhibit, play, case.nash)


def on_cases(rule: Rule) -> bool:
    """Whether the registry can evaluate all sentences of a rule, which has no letters."""
    return all(map(can_be_evaluated, (*rule.premises, rule.conclusion)))


@cache
def tried_on_cases(name: str) -> Trial:
    """A rule on the cases; a sentence that says nothing on a case leaves it out."""
    rule = RULES[name]
    held = refuted = 0
    dropped, false = [False] * len(rule.premises), False
    for case in arena():
        outcomes = [at(sentence, case) for sentence in (*rule.premises, rule.conclusion)]
        if outcomes[-1] is None:
            continue
        holds = [outcome is not None and outcome.holds for outcome in outcomes]
        if all(holds[:-1]):
            held += 1
            refuted += not holds[-1]
            false = false or holds[-1]
        elif holds[:-1].count(False) == 1 and not holds[-1]:
            dropped[holds.index(False)] = True
    return Trial(held, refuted, tuple(dropped), false, None)


# -- order ----------------------------------------------------------------------------------------


@world(rules.CONGRUENCES)
def _(d: Draw) -> World:
    m, p = d.size(), d.size()
    R, P, B = d.pd(p, 0), d.psd(m, 1), d.matrix(m, p)
    return [[(R, "≻", R * 0)], [(P, "⪰", P * 0)]], [(R + B.transpose() * P * B, "⪰", R * 0)]


@world(rules.SHIFTED)
def _(d: Draw) -> World:
    n, tau = d.size(), q(d.number())
    Y = d.psd(n, 1)
    half = one(n) * (tau / 2)
    X = Y + half + d.noise(Y, 0)
    return [[(X - half, "=", Y)], [(Y, "⪰", Y * 0)]], [(X, "⪰", half)]


@world(rules.INVERTIBLE)
def _(d: Draw) -> World:
    n, tau = d.size(), q(d.tau(1))
    X = d.psd(n, 0) + one(n) * (tau / 2)
    bound = [(X, "⪰", one(n) * (tau / 2))], [(tau, ">", q(0))]
    if X.det() == 0:
        return [*bound], [true(False)]
    return [*bound], [(spectral(X.inv()), "≤", arb(2) / arb(tau) if tau else arb(0))]


@world(rules.BACKWARD_CONGRUENCES)
def _(d: Draw) -> World:
    """Two stages; the last is T."""
    m, p, tau = d.size(), d.size(), q(d.tau(4))
    Q, R, K, F = d.psd(m, 2), d.pd(p, 3), d.matrix(p, m), d.matrix(m, m)
    if d.chance():
        F = F * 0
    end = Q + d.noise(Q, 0)
    weighted = R + one(p) * (tau / 2)
    cost = Q + K.transpose() * weighted * K + F.transpose() * end * F
    P = cost + d.noise(Q, 1)
    return [
        [(end, "=", Q)],
        [(P, "=", cost)],
        [(Q, "⪰", Q * 0)],
        [(R, "≻", R * 0)],
        [(tau, ">", q(0))],
    ], [(P, "⪰", P * 0), (end, "⪰", P * 0)]


# -- bounds ---------------------------------------------------------------------------------------


@world(rules.LEAST_EIGENVALUE)
def _(d: Draw) -> World:
    """λ_min(R) of a diagonal R."""
    m, p, tau = d.size(), d.size(), q(d.tau(3))
    entries = [q(d.number() if d.free(2) else d.positive()) for _ in range(p)]
    R = fmpq_mat(p, p, [entries[r] * int(r == c) for r in range(p) for c in range(p)])
    least, P, B = min(entries), d.psd(m, 1), d.matrix(m, p)
    right = R - one(p) * least + B.transpose() * P * B
    W = right + one(p) * (tau / 2 + least) + d.noise(R, 0)
    premises = [
        [(W - one(p) * (tau / 2 + least), "=", right)],
        [(P, "⪰", P * 0)],
        [(R, "≻", R * 0)],
        [(tau, ">", q(0))],
    ]
    if W.det() == 0 or tau / 2 + least == 0:
        return premises, [true(False)]
    return premises, [(spectral(W.inv()), "≤", 1 / arb(tau / 2 + least))]


@world(rules.SPECTRAL_BELOW_FROBENIUS)
def _(d: Draw) -> World:
    """Numbers: couplings g below a common bound, and h = g/(1 + g)."""
    N, tau = d.size(3), d.tau(2)
    size, cost = d.nonnegative(), d.nonnegative()
    least = d.number() if d.free(1) else d.positive()
    common = 2 / tau * size**2 * cost
    g = [size**2 * cost / (tau / 2 + least) * Fraction(k + 1, N) + d.off(0) for k in range(N)]
    h = [x / (1 + x) for x in g]
    shares = [
        ((Fraction(1, N) - y) * N * (1 + x), "=", 1 - (N - 1) * x)
        for x, y in zip(g, h, strict=True)
    ]
    premises = [
        [*((x, "≤", common) for x in g), *shares],
        [(least, ">", 0)],
        [(tau, ">", 0)],
    ]
    if common * (N - 1) >= 1:
        return premises, []
    return premises, [(sum(h), "<", 1)]


@world(rules.FIRST_ORDER_VANISHES)
def _(d: Draw) -> World:
    n = d.size()
    rest, change, D = d.symmetric(n), d.symmetric(n), d.matrix(n, n)
    g = d.noise(D, 1)
    first = D.transpose() * g + g.transpose() * D
    change = rest + first + d.noise(rest, 0)
    return [[(change - rest, "=", first)], [(g, "=", g * 0)]], [(change, "=", rest)]


@world(rules.CONGRUENT_COSTS)
def _(d: Draw) -> World:
    n = d.size()
    P, F, costs = d.symmetric(n), d.matrix(n, n), d.symmetric(n)
    more = d.psd(n)
    moved = costs + F.transpose() * more * F + d.noise(P, 0)
    return [[(moved - costs, "=", F.transpose() * more * F)]], [(moved, "⪰", costs)]


@world(rules.LEAST_OF_MONOTONE)
def _(d: Draw) -> World:
    """A number's stage: q + k²r + (a + bk)²P, least at k*, at P and P' ≥ P."""
    r, a, b, k0, P = (d.number() for _ in range(5))
    costs, falls = (P, P + d.nonnegative()), d.off(1)
    weight = [r + b * b * x for x in costs]
    if not d.free(2):
        r += abs(weight[0]) + 1
        weight = [r + b * b * x for x in costs]
    best = [-b * x * a / w for x, w in zip(costs, weight, strict=True)]

    def cost(k: Fraction, n: int) -> Fraction:
        return k * k * r + (a + b * k) ** 2 * costs[n] + falls * n

    ric = [cost(k, n) + d.off(0) for n, k in enumerate(best)]
    gains = [k0, *best]
    return [
        [(cost(k, n), "=", ric[n] + (k - best[n]) ** 2 * weight[n]) for n in (0, 1) for k in gains],
        [(cost(k, 0), "≤", cost(k, 1)) for k in gains],
        [(weight[0], ">", 0)],
    ], [(ric[0], "≤", ric[1])]


@world(rules.COUPLED_KERNEL)
def _(d: Draw) -> World:
    """Scalar agents, g as large as it has to be; or all letters 1, where Φ is singular."""
    N, W, push, g = _coupled(d, (0, 4))
    if d.free(0):
        g = [x / 9 for x in g]
    if d.free(3):
        W[0], push[0], g[0] = Fraction(0), [Fraction(0)] * N, Fraction(0)
    phi = fmpq_mat(N, N, [q(W[r] if r == c else push[r][c]) for r in range(N) for c in range(N)])
    if d.free(2):
        phi = phi * 0
    block = [(phi[r, c], "=", q(W[r] if r == c else push[r][c]))
             for r in range(N) for c in range(N)]  # fmt: skip
    return [
        [(abs(push[r][c]), "≤", g[r] * W[r]) for r in range(N) for c in range(N)],
        [],
        block,
        [(w, "≠", 0) for w in W],
        [(sum(x / (1 + x) for x in g), "<", 1)],
    ], [(phi.det(), "≠", fmpq(0))]


@world(rules.COUPLED_LOOP)
def _(d: Draw) -> World:
    N, W, push, g = _coupled(d, (0, 4))
    if d.free(0):
        g = [x / 9 for x in g]
    if d.free(0) or d.free(4):
        push = [[x * 2 for x in row] for row in push]
        g = [x * 2 for x in g]
    answers = [[Fraction(0) if r == c else -push[r][c] / W[r] for c in range(N)] for r in range(N)]
    J = fmpq_mat(N, N, [q(x) for row in answers for x in row])
    if d.free(1):
        J = d.matrix(N, N)
    return [
        [(abs(push[r][c]), "≤", g[r] * W[r]) for r in range(N) for c in range(N)],
        [(J[r, c], "=", q(answers[r][c])) for r in range(N) for c in range(N)],
        [],
        [((one(N) - J).det(), "≠", fmpq(0))],
        [(sum(x / (1 + x) for x in g), "<", 1)],
    ], [true(not _grows(J))]


def _coupled(d: Draw, singular: tuple[int, ...]) -> tuple[int, list, list, list]:
    """W of scalar agents, B'PBʲ, and the least g with |B'PBʲ| ≤ gW."""
    N = d.size(3)
    if any(map(d.free, singular)):
        return N, [Fraction(1)] * N, [[Fraction(1)] * N for _ in range(N)], [Fraction(1)] * N
    size = [d.number() for _ in range(N)]
    W = [d.positive() * 4 for _ in range(N)]
    push = [[x * Fraction(d.size(3), 3) for _ in range(N)] for x in size]
    return N, W, push, [abs(x) / w for x, w in zip(size, W, strict=True)]


def _grows(J: Any) -> bool:
    """Whether |tr J^(2^k)| > n for some k, so that ρ(J) > 1."""
    for _ in range(6):
        if abs(sum((J[k, k] for k in range(J.nrows())), fmpq(0))) > J.nrows():
            return True
        J = J * J
    return False


@world(rules.REGULAR_AT_EVERY)
def _(d: Draw) -> World:
    """Φ at three stages; “at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1” is at those with Σ < 1."""
    stages = [(d.number(-1, 1), d.nonnegative() / 6) for _ in range(3)]
    stages = [
        (phi if d.free(0) or (d.free(1) and total >= 1) or phi else Fraction(1),
         total if d.free(1) else min(total, Fraction(5, 6)))
        for phi, total in stages
    ]  # fmt: skip
    regular = [(phi, "≠", 0) for phi, total in stages if total < 1]
    return [regular, [(total, "<", 1) for _, total in stages]], [(phi, "≠", 0) for phi, _ in stages]


@world(rules.SMALL_PERTURBATION)
def _(d: Draw) -> World:
    """One agent and a number each: Φ°Δ = −BEF, F = F° + BΔ."""
    phi = d.number() if d.free(1) else d.positive() * (1 if d.chance() else -1)
    B, E, F0 = d.number(), d.number() / 4, d.number()
    M = B / phi if phi else d.number()
    kappa = abs(B * M) * abs(E)
    new = phi + B * E * B + d.off(0)
    if not new:
        delta, F, regular = Fraction(0), F0, False
    else:
        delta = -B * E * F0 / new
        F, regular = F0 + B * delta, True
    premises = [[(phi * delta, "=", -B * E * F), (new, "=", phi + B * E * B)], [(phi, "≠", 0)]]
    if kappa >= 1:
        return premises, []
    return premises, [true(regular), (abs(F), "≤", abs(F0) / (1 - kappa))]


# -- backwards bounds -----------------------------------------------------------------------------


@world(rules.BOUND_BACKWARDS)
def _(d: Draw) -> World | None:
    """One scalar agent and one stage: 0 ≤ P ≤ Q + a²P_T. What bounds the loop says nothing here."""
    Q, a, tau = d.nonnegative(), d.number(), d.tau(5)
    end = Q + d.off(1)
    W = d.number() if d.free(4) else tau / 2 + d.nonnegative()
    C = d.number() * (5 if d.free(0) else 1)
    P = Q + a * a * end - C * C * W + d.off(3)
    return [
        [(P, "≥", 0)],
        [(end, "=", Q)],
        [],
        [(Q + a * a * end - P, "=", C * C * W)],
        [(W, "≥", tau / 2)],
        [(tau, ">", 0)],
        [],
        [],
        [],
    ], [(abs(P), "≤", Q + a * a * Q)]


@world(rules.BOUNDED_COUPLINGS)
def _(d: Draw) -> World:
    """Two numbers of norms and their bounds; the couplings grow with them."""
    bounds = [d.nonnegative() / 6 for _ in range(2)]
    norms = [d.nonnegative() if d.free(0) else b * Fraction(d.size(4), 4) for b in bounds]
    if d.free(1):
        bounds = norms = [x * 8 for x in bounds]
    small = sum(x / (1 + x) for x in bounds)
    return [
        [(x, "≤", b) for x, b in zip(norms, bounds, strict=True)],
        [(small, "<", 1)],
    ], [(sum(x / (1 + x) for x in norms), "<", 1)]


@world(rules.FALLS_BACKWARDS)
def _(d: Draw) -> World:
    """π_t = q + (a/(1 − c g))²π_{t+1} with one coupling g = b²π_{t+1}/τ, at τ and at τ' ≥ τ."""
    taus = [d.positive() * 4]
    taus.append(taus[0] + d.nonnegative())
    sign = -1 if d.free(0) else 1
    size, cost, a, end = d.number(), d.nonnegative(), d.number(), d.nonnegative()
    found = []
    for tau in taus:
        g = size**2 * end / tau if sign == 1 else size**2 * end * tau
        found.append((g, cost + a * a * (1 + g) ** 2 * end))
    (g, pi), (g_more, pi_more) = found
    return [[(g_more, "≤", g)]], [(pi_more, "≤", pi), (g_more / (1 + g_more), "≤", g / (1 + g))]


@world(rules.ABOVE_FOR_GOOD)
def _(d: Draw) -> World:
    """The bound from the data and the true norm, at τ and at τ' ≥ τ; N = 2, γ_B² = 1/2."""
    tau, bound = d.positive(), d.nonnegative()
    if not d.free(2):
        tau = bound + d.positive() / 6
    more = tau + d.nonnegative()
    later = d.nonnegative() * 4 if d.free(1) else bound * Fraction(d.size(4), 4)
    norms = [d.nonnegative() * 4 if d.free(0) else x * Fraction(d.size(3), 3)
             for x in (bound, later)]  # fmt: skip
    return [
        [(x, "≤", b) for x, b in zip(norms, (bound, later), strict=True)],
        [(later, "≤", bound)],
        [(tau, ">", bound)],
    ], [(tau, ">", norms[0]), (more, ">", norms[1])]


# -- densities: positive numbers on four points ---------------------------------------------------


def _law(d: Draw, n: int = 4) -> list[Fraction]:
    weights = [d.positive() for _ in range(n)]
    return [w / sum(weights) for w in weights]


def _log(x: Fraction) -> arb:
    return arb(q(x)).log()


def _kl(one_law: list[Fraction], other: list[Fraction]) -> arb:
    return sum(
        (arb(q(x)) * (_log(x) - _log(y)) for x, y in zip(one_law, other, strict=True)), arb(0)
    )


def _near(left: arb, right: arb) -> Relation:
    """An equality of numbers with logarithms, which balls cannot prove."""
    return true(bool(abs(left - right) < 1e-9))


@world(rules.GIBBS)
def _(d: Draw) -> World:
    """ℓ from the pointwise identity; F(π) is the mean of ℓ with τ log(π/μ)."""
    tau, c = d.tau(2), d.number()
    best, prior, law = (_law(d) for _ in range(3))
    if d.free(1):  # no density: its mass is not 1
        best = [x * 2 for x in best]
    cost = [
        arb(q(tau)) * (_log(m) - _log(b)) + arb(q(c)) + arb(q(d.off(0)))
        for m, b in zip(prior, best, strict=True)
    ]

    def objective(pi: list[Fraction]) -> arb:
        return sum((arb(q(p)) * x for p, x in zip(pi, cost, strict=True)), arb(0)) + arb(
            q(tau)
        ) * _kl(pi, prior)

    pointwise = [
        _near(x, arb(q(tau)) * (_log(m) - _log(b)) + arb(q(c)))
        for x, m, b in zip(cost, prior, best, strict=True)
    ]
    return [
        pointwise,
        [(sum(best), "=", 1)],
        [(tau, ">", 0)],
    ], [_near(objective(law) - objective(best), arb(q(tau)) * _kl(law, best))]


@world(rules.GIBBS_INEQUALITY)
def _(d: Draw) -> World:
    tau = d.tau(2)
    best, law = _law(d), _law(d)
    if d.chance():
        law = best
    if d.free(1):
        best = [x * 2 for x in best]
    gap = arb(q(tau)) * _kl(law, best) + arb(q(d.off(0)))
    alone = [] if law == best else [(gap, ">", Fraction(0))]
    return [
        [_near(gap, arb(q(tau)) * _kl(law, best))],
        [(sum(best), "=", 1)],
        [(tau, ">", 0)],
    ], alone


@world(rules.STRICT_CONVEXITY)
def _(d: Draw) -> World:
    """f(v) = (a + τ log v)v on two points, whose second derivative is τ/v, or less τ'."""
    tau = d.tau(1)
    second = -tau if d.free(0) else tau
    first, other = _law(d, 2), _law(d, 2)
    if first == other:
        return [[], []], []

    def f(law: list[Fraction]) -> arb:
        return sum((arb(q(v)) * (1 + arb(q(second)) * _log(v)) for v in law), arb(0))

    middle = [(x + y) / 2 for x, y in zip(first, other, strict=True)]
    return [
        [(second, "=", tau)],
        [(tau, ">", 0)],
    ], [(f(middle), "<", (f(first) + f(other)) / 2)]


@world(rules.IDLE_CONSTRAINT)
def _(d: Draw) -> World:
    """F on five laws, the first of which is π*; (7) has those that meet its constraints."""
    values = [Fraction(0)] + [d.number() if d.free(0) else d.positive() for _ in range(4)]
    of_seven = [not (d.free(1) or d.free(2))] + [d.chance() for _ in range(4)]
    if d.free(1) or d.free(2):
        of_seven[0] = d.chance()
    allowed = [v for v, inside in zip(values, of_seven, strict=True) if inside]
    alone = [(v, ">", values[0]) for v in values[1:]]
    unique = (
        of_seven[0] and sum(v == min(allowed) for v in allowed) == 1 and (min(allowed) == values[0])
    )
    # That π* is a density, and positive, makes it one of those of (7).
    density = true(of_seven[0] or not d.free(1))
    positive = true(of_seven[0] or not d.free(2))
    return [alone, [density], [positive]], [true(unique)]


@world(rules.ONE_MULTIPLIER)
def _(d: Draw) -> World:
    """The masses exp(a + sλ)·∫π* of integers a and λ; s = −1/τ, or 0 where τ is infinite."""
    tau = d.tau(2)
    mass = Fraction(2) if d.free(1) else Fraction(1)
    slope = Fraction(0) if d.free(0) else (-1 / tau if tau else Fraction(0))
    a = d.number()
    ones = [n for n in (a * tau, a * tau + 1) if mass == 1 and a + slope * n == 0]
    return [
        [(slope * tau, "=", -1)],
        [(mass, "=", 1)],
        [(tau, ">", 0)],
    ], [(len(ones), "=", 1)]


@world(rules.INVERSE_DEFINITE)
def _(d: Draw) -> World | None:
    n, tau = d.size(), q(d.tau(2))
    half = one(n) * (tau / 2)
    W = d.psd(n, 1) + half
    if W.det() == 0:
        return None
    S = W.inv() * (tau / 2)
    if d.free(0):
        S = d.matrix(n, n)
    return [
        [(W * S, "=", half), (S, "=", S.transpose())],
        [(W, "⪰", half)],
        [(tau, ">", q(0))],
    ], [(S, "≻", S * 0), (one(n), "⪰", S)]


@world(rules.RICCATI_COST)
def _(d: Draw) -> World:
    """P of (4) is the cost of the policy with the gain of (6), which is ⪰ 0."""
    cost = d.psd(d.size(), 1)
    P = cost + d.noise(cost, 0)
    return [[(P, "=", cost)], [(cost, "⪰", cost * 0)]], [(P, "⪰", P * 0)]


# -- costs and what they exceed -------------------------------------------------------------------


@world(rules.TELESCOPE)
def _(d: Draw) -> World:
    """Three stages of means: E c_t + V_{t+1} = V_t + τ KL_t; J_t is the sum of later costs."""
    V, kl, tau = [d.number() for _ in range(4)], [d.nonnegative() for _ in range(3)], d.positive()
    end = V[3] + d.off(1)
    cost = [V[t] + tau * kl[t] - V[t + 1] + d.off(0) for t in range(3)]
    J = [sum(cost[t:]) + end for t in range(3)]
    return [
        [(cost[t] + V[t + 1], "=", V[t] + tau * kl[t]) for t in range(3)],
        [(end, "=", V[3])],
    ], [(J[t] - V[t], "=", tau * sum(kl[t:])) for t in range(3)]


@world(rules.LEAST_COST)
def _(d: Draw) -> World:
    """Policies with their divergences, BR the one where it is 0."""
    V, tau = d.number(), d.tau(1)
    kl = [Fraction(0)] + [d.positive() for _ in range(3)]
    J = [V + tau * x + d.off(0) for x in kl]
    return [
        [(x - V, "=", tau * y) for x, y in zip(J, kl, strict=True)],
        [(tau, ">", 0)],
    ], [(J[0], "=", V), *((x, ">", V) for x in J[1:])]


@world(rules.ABOVE_THE_LEAST)
def _(d: Draw) -> World:
    V, tau, kl = d.number(), d.positive(), d.nonnegative()
    J, least = V + tau * kl + d.off(0), V + d.off(1)
    return [[(J - V, "=", tau * kl)], [(least, "=", V)]], [(J - least, "=", tau * kl)]


@world(rules.SQUARES_VANISH)
def _(d: Draw) -> World:
    """Numbers: the cost of u above the least is W(u − Kx)²; what is played is the first u."""
    tau = d.tau(3)
    W = d.number() if d.free(2) else tau / 2 + d.nonnegative()
    off = [d.off(0)] + [d.positive() * (1 if d.chance() else -1) for _ in range(3)]
    above = [W * x * x + d.off(1) for x in off]
    return [
        [(off[0], "=", 0)],
        [(x, "=", W * y * y) for x, y in zip(above, off, strict=True)],
        [(W, "≥", tau / 2)],
        [(tau, ">", 0)],
    ], [(above[0], "=", 0), *((x, ">", 0) for x in above[1:])]


@world(rules.SQUARES_SUMMED)
def _(d: Draw) -> World:
    """Three stages of means; a draw that knows the noise has another expected cost."""
    V, squares = [d.number() for _ in range(4)], [d.nonnegative() for _ in range(3)]
    end, knows = V[3] + d.off(1), d.off(2)
    cost = [V[t] + squares[t] - V[t + 1] + d.off(0) for t in range(3)]
    J = sum(cost) + end + knows
    return [
        [(cost[t] + V[t + 1], "=", V[t] + squares[t]) for t in range(3)],
        [(end, "=", V[3])],
        [(knows, "=", 0)],
    ], [(J - V[0], "=", sum(squares))]


@world(rules.TOWER)
def _(d: Draw) -> World:
    """Means over four controls of what holds at each; dependent draws change the mean."""
    V, tau = d.number(), d.positive()
    law, best, prior = (_law(d) for _ in range(3))
    depends = d.off(1)
    whole = [
        arb(q(V)) + arb(q(tau)) * (_log(p) - _log(b)) - arb(q(tau)) * (_log(p) - _log(m))
        + arb(q(d.off(0)))
        for p, b, m in zip(law, best, prior, strict=True)
    ]  # fmt: skip
    stage = sum((arb(q(p)) * x for p, x in zip(law, whole, strict=True)), arb(0))
    stage += arb(q(tau)) * _kl(law, prior) + arb(q(depends))
    at_each = [
        _near(x, arb(q(V)) + arb(q(tau)) * (_log(m) - _log(b)))
        for x, b, m in zip(whole, best, prior, strict=True)
    ]
    return [at_each, [(depends, "=", 0)]], [_near(stage, arb(q(V)) + arb(q(tau)) * _kl(law, best))]


# -- a stage's equations --------------------------------------------------------------------------


def _stage(d: Draw, weight: int, block: int, *singular: int) -> tuple[int, list, list, Any, list]:
    """N scalar agents with couplings c_ij: Φ, W, the couplings, and that Φ consists of them."""
    N = d.size(3)
    W = [Fraction(0) if d.free(weight) and d.chance() else d.positive() for _ in range(N)]
    couple = [[d.number() / 4 if i != j else W[i] for j in range(N)] for i in range(N)]
    if any(map(d.free, singular)):
        couple = [[w] * N for w in W]
    if d.free(weight):
        couple = [row if w else [w] * N for w, row in zip(W, couple, strict=True)]
    phi = fmpq_mat(N, N, [q(x) for row in couple for x in row])
    if d.free(block):
        phi = phi * 0
    are = [(phi[i, j], "=", q(couple[i][j])) for i in range(N) for j in range(N)]
    return N, W, couple, phi, are


@world(rules.BLOCK_DOMINANCE)
def _(d: Draw) -> World:
    """c_ij/W_i sum to at most a constant c with cτ = b < τ."""
    N, W, couple, phi, are = _stage(d, 2, 1, 0, 3, 4)
    ratios = [sum(abs(couple[i][j]) for j in range(N) if j != i) / W[i] for i in range(N) if W[i]]
    largest = max(ratios, default=Fraction(0))
    c = largest / 8 if d.free(0) else largest + d.nonnegative() / 6
    tau = d.positive()
    b = c * tau / (8 if d.free(3) else 1)
    return [
        [(x, "≤", c) for x in ratios],
        are,
        [(w, "≠", 0) for w in W],
        [(c * tau, "=", b)],
        [(tau, ">", b), (b, "≥", 0)],
    ], [(phi.det(), "≠", fmpq(0))]


def false() -> Relation:
    """A premise that does not hold: the world is left out."""
    return true(False)


@world(rules.BLOCK_ROW_SUM)
def _(d: Draw) -> World:
    """Two agents with matrices: ‖Φ_11⁻¹Φ_12‖₂ against the bound of the Frobenius norm."""
    tau, n = d.positive(), d.size()
    ratio = d.matrix(n, n)
    block = ratio + d.noise(ratio, 0)
    if d.free(0):
        block = block * 9
    c = frobenius(ratio) / 4 if d.free(1) else frobenius(ratio) + arb(q(d.nonnegative())) / 6
    b = c * arb(q(tau)) * (arb(1) / 9 if d.free(2) else 1)
    return [
        [(block, "=", ratio)],
        [true(not bool(frobenius(ratio) > c))],
        [_near(c * arb(q(tau)), b)],
        [(arb(q(tau)), ">", b)],
    ], [(spectral(block), "<", arb(1))]


@world(rules.SYLVESTER)
def _(d: Draw) -> World:
    """Two agents: Φ = R̃ + (B'P)(B), m of size 1 or 2."""
    m, tau = d.size(), q(d.tau(2))
    R = [d.pd(1, 1) + one(1) * (tau / 2) for _ in range(2)]
    B, P = [d.matrix(m, 1) for _ in range(2)], [d.symmetric(m) for _ in range(2)]
    phi = fmpq_mat(
        2,
        2,
        [
            (B[i].transpose() * P[i] * B[j])[0, 0] + (R[i][0, 0] if i == j else 0)
            for i in range(2)
            for j in range(2)
        ],
    )
    blocks = phi + d.noise(phi, 0)
    regular = [true(X[0, 0] != 0) for X in R]
    premises = [
        [(blocks, "=", phi)],
        [(X, "≻", X * 0) for X in (R[0] - one(1) * (tau / 2), R[1] - one(1) * (tau / 2))],
        [(tau, ">", q(0))],
    ]
    if any(X[0, 0] == 0 for X in R):
        return premises, regular
    inner = one(m)
    for i in range(2):
        inner = inner + B[i] * R[i].inv() * B[i].transpose() * P[i]
    return premises, [(blocks.det(), "=", R[0][0, 0] * R[1][0, 0] * inner.det())]


@world(rules.SCALAR_DETERMINANT)
def _(d: Draw) -> World:
    """det of a state of size 1, or 2 where that is free."""
    m = 2 if d.free(5) else 1
    tau = q(d.tau(4))
    R = [d.pd(1, 3) + one(1) * (tau / 2) for _ in range(2)]
    B = [d.matrix(m, 1) for _ in range(2)]
    P = [d.psd(m, 2) for _ in range(2)]
    if any(X[0, 0] == 0 for X in R):
        return [[false()]] * 6, []
    inner, outer = one(m), R[0][0, 0] * R[1][0, 0]
    for i in range(2):
        inner = inner + B[i] * R[i].inv() * B[i].transpose() * P[i]
    squares = [x * x / X[0, 0] for X, b in zip(R, B, strict=True) for x in b.entries()]
    phi = outer * inner.det() + q(d.off(0))
    return [
        [(phi, "=", outer * inner.det())],
        [(x, "≥", q(0)) for x in squares if not d.free(3) and not d.free(4)],
        [(X, "⪰", X * 0) for X in P],
        [(X - one(1) * (tau / 2), "≻", X * 0) for X in R],
        [(tau, ">", q(0))],
        [(m, "=", 1)],
    ], [(phi, ">", q(0))]


@world(rules.PROPORTIONAL_DETERMINANT)
def _(d: Draw) -> World:
    m, tau = d.size(), q(d.tau(2))
    R = [d.pd(1, 1) + one(1) * (tau / 2) for _ in range(2)]
    B, P = [d.matrix(m, 1) for _ in range(2)], d.psd(m)
    if any(X[0, 0] == 0 for X in R):
        return [[false()]] * 3, []
    inner = one(m)
    for i in range(2):
        inner = inner + B[i] * R[i].inv() * B[i].transpose() * P * q(d.nonnegative())
    outer = R[0][0, 0] * R[1][0, 0]
    phi = outer * inner.det() + q(d.off(0))
    return [
        [(phi, "=", outer * inner.det())],
        [(X - one(1) * (tau / 2), "≻", X * 0) for X in R],
        [(tau, ">", q(0))],
    ], [(phi, ">", q(0))]


@world(rules.CONTRACTED_TO_ZERO)
def _(d: Draw) -> World:
    """Norms of N differences: 0, equal where c is 1 or an inequality is missed, or infinite."""
    N, c = d.size(3), Fraction(d.size(5), 6)
    broken = [k for k in range(4) if d.free(k)]
    sizes: list = [Fraction(int(bool(broken)))] * N
    if d.free(2):
        c = Fraction(1)
    if d.free(3):
        sizes = [float("inf")] * N
    bound = [c / max(N - 1, 1) * sum(sizes[:-1]) if N > 1 else Fraction(0)] * N
    # D is what answers give, whose norm is bounded.
    answer = [x if d.free(1) else min(x, y) for x, y in zip(sizes, bound, strict=True)]
    return [
        [(x, "=", y) for x, y in zip(sizes, answer, strict=True)],
        [(x, "≤", y) for x, y in zip(answer, bound, strict=True)],
        [(c, "<", 1)],
        [true(x < float("inf")) for x in sizes],
    ], [(x, "=", 0) for x in sizes]


# -- maps and iterates ----------------------------------------------------------------------------


@world(rules.INTO_THE_CLASS)
def _(d: Draw) -> World | None:
    n, m, tau = d.size(), d.size(), q(d.tau(1))
    half = one(n) * (tau / 2)
    W = d.psd(n, 0) + half
    if W.det() == 0:
        return None
    S = d.matrix(n, n) if d.free(2) else W.inv() * (tau / 2)
    shape = (m, n) if d.free(3) else (n, m)
    return [
        [(W, "⪰", half)],
        [(tau, ">", q(0))],
        [(W * S, "=", half), (W, "=", W.transpose())],
        [true(shape == (n, m))],
    ], [(S, "≻", S * 0), true(shape == (n, m))]


@world(rules.AGENT_BY_AGENT)
def _(d: Draw) -> World:
    inside = [d.chance() or not d.free(0) for _ in range(3)]
    return [[true(x) for x in inside]], [true(all(inside))]


@world(rules.SUM_OF_NORMS)
def _(d: Draw) -> World:
    """Two agents' distances between three points, of norms or of numbers that are none."""
    points = [[d.number() for _ in range(4)] for _ in range(3)]

    def distance(x: Fraction) -> Fraction:
        return x * x if d.free(0) else abs(x)

    def total(a: list, b: list) -> Fraction:
        return sum((distance(x - y) for x, y in zip(a, b, strict=True)), Fraction(0))

    a, b, c = points
    triangle = [
        (distance(x - z), "≤", distance(x - y) + distance(y - z))
        for x, y, z in zip(a, b, c, strict=True)
    ]
    return [triangle], [(total(a, c), "≤", total(a, b) + total(b, c)), (total(a, a), "=", 0)]


@world(rules.SIGN_FORGOTTEN)
def _(d: Draw) -> World:
    """Two agents, matrices: ‖X‖ + ‖Σ − Σ'‖ with X = −Y; squares where one term is there."""
    Y = d.matrix(d.size(), d.size())
    X, spread = Y * -1 + d.noise(Y, 0), d.off(1)
    left = frobenius(X) + abs(arb(q(spread)))
    return [[(X, "=", Y * -1)], [(spread, "=", 0)]], [_near(left, frobenius(Y))]


@world(rules.ADDED_OVER_AGENTS)
def _(d: Draw) -> World:
    N, c = d.size(3), d.nonnegative()
    sizes = [d.nonnegative() for _ in range(N)]
    terms = [c * (sum(sizes) - x) * Fraction(d.size(3), 3) + (abs(d.off(1))) for x in sizes]
    total = sum(terms) + d.off(0)
    counted = (N - 1) * sum(sizes) - abs(d.off(2))
    return [
        [(total, "=", sum(terms))],
        [(x, "≤", c * (sum(sizes) - y)) for x, y in zip(terms, sizes, strict=True)],
        [(counted, "=", sum(sum(sizes) - x for x in sizes))],
    ], [(total, "≤", c * counted)]


@world(rules.IN_THE_METRIC)
def _(d: Draw) -> World:
    N, c = d.size(3), d.nonnegative()
    gains, spreads = ([d.nonnegative() for _ in range(N)] for _ in range(2))
    metric = sum(gains) + sum(spreads) + d.off(1)
    left = c * sum(gains) * Fraction(d.size(3), 3) + abs(d.off(0))
    return [
        [(left, "≤", c * sum(gains))],
        [(c * (sum(gains) + sum(spreads)), "=", c * metric)],
    ], [(left, "≤", c * metric)]


@world(rules.BELOW_ONE)
def _(d: Draw) -> World:
    """b is 2γ_B²γ_P(N−1) ≥ 0."""
    b = d.nonnegative()
    tau = d.positive() if d.free(1) else b + d.positive() / 6
    c = b / tau + d.off(0)
    return [[(c * tau, "=", b)], [(tau, ">", b)]], [(c, "<", 1)]


@world(rules.CONTRACTS)
def _(d: Draw) -> World:
    c, before = d.nonnegative() if d.free(1) else Fraction(d.size(5), 6), d.positive()
    after = c * before * Fraction(d.size(4), 4) + abs(d.off(0))
    return [[(after, "≤", c * before)], [(c, "<", 1)]], [(after, "<", before)]


@world(rules.ITERATED_BOUND)
def _(d: Draw) -> World:
    kappa, b, e0 = Fraction(d.size(5), 6), d.nonnegative(), d.nonnegative()
    errors = [e0]
    for _ in range(3):
        errors.append(max(Fraction(0), kappa * errors[-1] + b - d.nonnegative() / 6 * d.size(2)))
    if d.free(0):
        errors[-1] += 20
    steps = [(y, "≤", kappa * x + b) for x, y in pairwise(errors)]
    bounds = [kappa**n * e0 + b * (1 - kappa**n) / (1 - kappa) for n in range(4)]
    follows = [(y, "=", kappa * x + b) for x, y in pairwise(bounds)]
    return [steps, follows], [
        (x, "≤", kappa**n * e0 + b / (1 - kappa)) for n, x in enumerate(errors)
    ]


@world(rules.SLACK)
def _(d: Draw) -> World:
    """c γ_P* = b/τ with 2γ_B²(N−1)/τ = c; η = 1/10⁶, κ = 1 − 1/10⁶."""
    c, gamma = d.nonnegative() / 6, d.nonnegative()
    b = c * gamma
    tau = d.positive() if d.free(0) else b + d.positive() / 6
    factor = c / tau + d.off(1)
    some = Fraction(1, 10**6)
    return [
        [(tau, ">", b), (b, "≥", 0)],
        [(factor * gamma * tau, "=", b), (factor * tau, "=", c)],
    ], [(factor * (gamma + some), "≤", 1 - some)]


@world(rules.SLIGHTLY_STRONGER)
def _(d: Draw) -> World:
    """2γ_B²(N−1) = 1."""
    eps, c, gamma = d.positive(), d.number() if d.free(1) else d.nonnegative(), d.nonnegative()
    bound = gamma + c * eps + d.off(2)
    tau = d.positive() if d.free(0) else bound + d.positive() / 6
    return [
        [(tau, ">", bound), (eps, ">", 0)],
        [(c, "≥", 0)],
        [(bound - gamma, "=", c * eps)],
    ], [(tau, ">", gamma)]


@world(rules.WITHIN_THE_SLACK)
def _(d: Draw) -> World:
    slack, stars = d.positive(), [d.nonnegative() for _ in range(2)]
    tau = d.positive() if d.free(0) else max(stars) + slack + d.positive() / 6
    off = [abs(d.number()) if d.free(1) else slack * Fraction(d.size(3), 3) for _ in stars]
    costs = [
        s + x * Fraction(d.size(3), 3) + abs(d.off(2)) for s, x in zip(stars, off, strict=True)
    ]
    return [
        [(tau, ">", max(stars) + slack)],
        [(x, "≤", slack) for x in off],
        [(P, "≤", s + x) for P, s, x in zip(costs, stars, off, strict=True)],
    ], [(tau, ">", max(costs))]


@world(rules.ENOUGH_PASSES)
def _(d: Draw) -> World:
    """ε = κ^n, so that n = log(1/ε)/log(1/κ)."""
    kappa, C, n = Fraction(d.size(5), 6), d.nonnegative(), d.size(3)
    passes, eps = n + d.size(3) - 1, kappa**n
    if d.free(1):
        eps = eps / 8
    error = C * kappa**passes * Fraction(d.size(4), 4) + abs(d.off(0))
    return [[(error, "≤", C * kappa**passes)], [(kappa**n, "=", eps)]], [(error, "≤", C * eps)]


@world(rules.COVARIANCES_FOLLOW)
def _(d: Draw) -> World:
    Y = d.matrix(d.size(), d.size())
    X = Y * -1 + d.noise(Y, 0)
    bound = frobenius(Y) / (8 if d.free(1) else 1) + arb(q(d.nonnegative())) / 100
    return [[(X, "=", Y * -1)], [(frobenius(Y), "≤", bound)]], [(frobenius(X), "≤", bound)]


@world(rules.POWERS)
def _(d: Draw) -> World:
    n = d.size()
    J, target, start = d.matrix(n, n), d.matrix(n, 1), d.matrix(n, 1)
    push = target - J * target + d.noise(target, 0)
    found = [start]
    for _ in range(3):
        found.append(J * found[-1] + push + d.noise(target, 1))
    moves = [(b - target, "=", J * (a - target)) for a, b in pairwise(found)]
    if not d.free(1):
        moves = [(b - (J * target + push), "=", J * (a - target))
                 for a, b in pairwise(found)]  # fmt: skip
    error = start - target
    said = []
    for each in found:
        said.append((each - target, "=", error))
        error = J * error
    return [[(J * target + push, "=", target)], moves], said


@world(rules.POWERS_TO_A_PROJECTION)
def _(d: Draw) -> World:
    """On the span of one vector, and the rest scaled by s."""
    v = d.matrix(2, 1)
    size = (v.transpose() * v)[0, 0]
    if size == 0:
        return [[false()], [false()]], []
    limit = v * v.transpose() * (1 / size)
    s = q(d.number() / 2) if d.free(1) else q(Fraction(d.size(2), 3))
    J = limit + (one(2) - limit) * s + d.noise(limit, 0)
    small = frobenius(J - limit)
    power = J
    for _ in range(6):
        power = power * power
    return [
        [(J * limit, "=", limit), (limit * J, "=", limit), (limit * limit, "=", limit)],
        [(_least_power(J - limit), "<", arb(1))],
    ], [(frobenius(power - limit), "<", arb(1) / 10**3 + small / 10**6)]


def _least_power(X: Any) -> arb:
    found = frobenius(X)
    for _ in range(3):
        X = X * X
        found = found.min(frobenius(X))
    return found


@world(rules.RADIUS_BELOW_NORM)
def _(d: Draw) -> World:
    """Numbers: the step e ↦ Je of N agents is at most c of Σ|e|."""
    N = d.size(3)
    J = d.matrix(N, N) * q(Fraction(1, 4))
    c = max(sum(abs(J[r, k]) for r in range(N)) for k in range(N))
    stated = c / 4 if d.free(0) else c + q(d.nonnegative()) / 20
    return [
        [(c, "≤", stated)],
        [(J if not d.free(1) else J * 9, "=", J)],
        [(stated, "<", q(1))],
    ], [true(not _grows(J * 9 if d.free(1) else J))]


@world(rules.ONE_FIXED_POINT)
def _(d: Draw) -> World:
    """Numbers of N agents; answers are K − (ΦK + r)/W."""
    N, W, _couple, phi, _are = _stage(d, 2, 99)
    if d.free(0):
        phi = phi * 0
    r = d.matrix(N, 1)
    if phi.det() == 0:
        return [[(phi.det(), "≠", fmpq(0))], [], [(w, "≠", 0) for w in W]], [true(False)]
    target = phi.solve(r) * -1
    if not all(W):
        return [[], [], [(w, "≠", 0) for w in W]], [true(False)]
    residual = phi * target + r
    answer = fmpq_mat(N, 1, [target[i, 0] - residual[i, 0] / q(W[i]) for i in range(N)])
    answer = answer + d.noise(answer, 1)
    system = [(q(W[i]) * (target[i, 0] - answer[i, 0]), "=", residual[i, 0]) for i in range(N)]
    return [
        [(phi.det(), "≠", fmpq(0))],
        system,
        [(w, "≠", 0) for w in W],
    ], [(answer, "=", target)]


@world(rules.ANSWERS_AT_ANOTHER_COST)
def _(d: Draw) -> World:
    """Numbers of two agents: Ψ(K_l) against K*, by way of Ψ(K*)."""
    c, f = d.nonnegative() / 6, d.nonnegative()
    stars, gains, shift = ([d.number() for _ in range(2)] for _ in range(3))
    moved = [s - x + d.off(2) for s, x in zip(stars, shift, strict=True)]  # Ψ(K*)
    error = sum(abs(g - s) for g, s in zip(gains, stars, strict=True))
    room = c * error / 2
    answers = [x + (room if d.chance() else -room) for x in moved]
    if d.free(1):
        answers = [x + 9 for x in answers]
    following = [x + d.off(0) for x in answers]
    b = [abs(x) * (Fraction(1, 9) if d.free(3) else 1) + f / 9 for x in shift]
    return [
        [(x, "=", y) for x, y in zip(following, answers, strict=True)],
        [(sum(abs(x - y) for x, y in zip(answers, moved, strict=True)), "≤", c * error)],
        [(x, "=", s - y) for x, s, y in zip(moved, stars, shift, strict=True)],
        [(abs(x), "≤", y) for x, y in zip(shift, b, strict=True)],
    ], [(sum(abs(x - y) for x, y in zip(following, stars, strict=True)), "≤", c * error + sum(b))]


@world(rules.COST_OF_NEARBY_GAINS)
def _(d: Draw) -> World:
    """Numbers; C is 2rk + r + f² + (2f + 1)(π* + 1)(γ + γ²), of the game, K* and P* alone."""
    r, k, f, star = (d.nonnegative() for _ in range(4))
    gamma, error, e = d.nonnegative() / 3, Fraction(d.size(6), 6), Fraction(d.size(6), 6)
    dist = error * Fraction(d.size(3), 3)
    g = gamma * error * Fraction(d.size(3), 3) + (9 if d.free(2) else 0)
    pi = star + e
    bound = 2 * r * k * dist + r * dist**2 + f**2 * e + 2 * f * pi * g + pi * g**2
    whole = bound * Fraction(d.size(3), 3) + (99 if d.free(1) else 0)
    change = whole + (99 if d.free(0) else 0)
    C = 2 * r * k + r + f**2 + (2 * f + 1) * (star + 1) * (gamma + gamma**2)
    return [
        [(change, "=", whole)],
        [(whole, "≤", bound)],
        [(g, "≤", gamma * error)],
    ], [(change, "≤", C * (error + e))]


# -- the augmented game ---------------------------------------------------------------------------


@world(rules.TELESCOPED_DIFFERENCE)
def _(d: Draw) -> World:
    delta, kl = d.positive(), [d.nonnegative() for _ in range(3)]
    later = [d.off(1)]
    for x in kl:
        later.append(delta * x + later[-1] + d.off(0))
    steps = [(b, "=", delta * x + a) for a, b, x in zip(later, later[1:], kl, strict=False)]
    return [steps, [(later[0], "=", 0)]], [(later[-1], "=", delta * sum(kl))]


@world(rules.DEVIATION_BOUND)
def _(d: Draw) -> World:
    """J and J̃ at S̃ and at (Sⁱ, S̃⁻ⁱ)."""
    delta, kl, kl_dev, at_ne = d.positive(), d.nonnegative(), d.nonnegative(), d.number()
    s = d.number() if d.free(1) else d.nonnegative()
    ne_tilde = at_ne + delta * kl + d.off(2)
    dev_tilde = ne_tilde + s
    dev = dev_tilde - delta * kl_dev + d.off(0)
    left = (at_ne - ne_tilde) + (dev_tilde - dev) - (at_ne - dev)
    return [
        [(left, "=", s), (dev_tilde - dev, "=", delta * kl_dev)],
        [(dev_tilde, "≥", ne_tilde)],
        [(ne_tilde - at_ne, "=", delta * kl), (dev_tilde - dev, "=", delta * kl_dev)],
    ], [(at_ne - dev, "≤", delta * (kl_dev - kl))]


@world(rules.BEST_DEVIATION)
def _(d: Draw) -> World:
    """Costs above −9 of linear Gaussian deviations; BR is one of them, and S̃ⁱ is another."""
    delta, kl, at_ne = d.positive(), d.nonnegative(), d.number()
    linear = [(at_ne, kl), *((at_ne + d.number(), d.nonnegative()) for _ in range(3))]
    if not d.free(0):
        linear = [(max(J, at_ne - delta * (x - kl)), x) for J, x in linear]
    best = min(linear)
    if d.free(2):
        best = linear[d.size(4) - 1]
    if d.free(3):  # a better one, which is not linear Gaussian
        best = (best[0] - 20, d.nonnegative())
    gap = at_ne - best[0]
    return [
        [(at_ne - J, "≤", delta * (x - kl)) for J, x in linear],
        [],
        [(best[0], "≤", J) for J, _ in linear],
        [true(best in linear)],
    ], [(gap, "≥", 0), (gap, "≤", delta * (best[1] - kl))]


@world(rules.AGAINST_ANY_DEVIATION)
def _(d: Draw) -> World:
    delta, kl, at_ne = d.positive(), d.nonnegative(), d.number()
    ne_tilde = at_ne + delta * kl + d.off(1)
    dev_tilde = ne_tilde + (d.number() if d.free(0) else d.nonnegative())
    return [
        [(dev_tilde, "≥", ne_tilde)],
        [(ne_tilde - at_ne, "=", delta * kl)],
    ], [(at_ne - dev_tilde, "≤", at_ne - ne_tilde), (at_ne - ne_tilde, "=", -delta * kl)]


@world(rules.DIVERGENCE_IS_A_NUMBER)
def _(d: Draw) -> World:
    """J̃ − J = δ KL with KL = k + l/δ; a policy that does not change with δ has l = 0."""
    k, growing, rest = d.nonnegative(), d.off(1), d.off(0)
    at_zero = growing + rest
    return [[(rest, "=", 0)], [(growing, "=", 0), (k, "≥", 0)]], [(at_zero, "=", 0)]


@world(rules.CONSTANT_OF_A_QUADRATIC)
def _(d: Draw) -> World:
    """The values at δ = 0 of E, e and w of (J̃ − J)(x) = x'Ex + e + w(1 + x'x)."""
    w = q(d.positive()) if d.free(1) else q(0)
    E = d.symmetric(2) if d.free(0) else one(2) * -w
    e = q(d.number()) if d.free(0) else -w
    return [
        [(v + w * (1 + size), "=", q(0)) for v, size in _values(E, e)],
        [(w, "=", q(0))],
    ], [(e, "=", q(0))]


@world(rules.MATRIX_OF_A_QUADRATIC)
def _(d: Draw) -> World:
    """The values at δ = 0 of E, e and w of (J̃ − J)(x) = x'Ex + e + w x'x."""
    w = q(d.positive()) if d.free(1) else q(0)
    E = d.symmetric(2) if d.free(0) else one(2) * -w
    e = q(d.off(2))
    return [
        [(v + w * size, "=", q(0)) for v, size in _values(E, e)],
        [(w, "=", q(0))],
        [(e, "=", q(0))],
    ], [(E, "=", E * 0)]


def _values(E: Any, e: fmpq) -> list[tuple[fmpq, fmpq]]:
    """x'Ex + e and x'x at 0, e_1, e_2 and e_1 + e_2."""
    found = []
    for x in ((0, 0), (1, 0), (0, 1), (1, 1)):
        v = fmpq_mat(2, 1, [fmpq(y) for y in x])
        found.append(((v.transpose() * E * v)[0, 0] + e, (v.transpose() * v)[0, 0]))
    return found


@world(rules.UNROLLED)
def _(d: Draw) -> World:
    c1, c2 = d.nonnegative(), d.nonnegative() / 3
    errors = [abs(d.off(3))]
    middles = []
    for _ in range(3):
        middle = (c1 + c2 * errors[-1]) * Fraction(d.size(3), 3) + (9 if d.free(1) else 0)
        middles.append(middle)
        errors.append(middle * Fraction(d.size(3), 3) + (9 if d.free(0) else 0))
    total = sum(c1 * c2**s for s in range(3)) - abs(d.off(2))
    return [
        [(y, "≤", m) for y, m in zip(errors[1:], middles, strict=True)],
        [(m, "≤", c1 + c2 * x) for m, x in zip(middles, errors, strict=False)],
        [(total, "=", sum(c1 * c2**s for s in range(3)))],
        [(errors[0], "=", 0)],
    ], [(errors[-1], "≤", total)]


@world(rules.BOUNDED_ITERATES)
def _(d: Draw) -> World:
    """The steps of a contraction by κ, or by more than 1."""
    kappa = Fraction(d.size(5), 6)
    steps = [d.nonnegative()]
    for _ in range(4):
        steps.append(steps[-1] * (kappa * Fraction(d.size(4), 4) if not d.free(0) else 3))
    contraction = [(b, "≤", kappa * a) for a, b in pairwise(steps)]
    return [contraction], [(sum(steps), "≤", steps[0] / (1 - kappa))]


@world(rules.EXACTLY_ONE_IS_ALL)
def _(d: Draw) -> World:
    """Which of four policies are equilibria; the first is that of (6)."""
    found = [True, *(d.chance() if d.free(0) else False for _ in range(3))]
    return [[(sum(found), "=", 1)]], [true(not any(found[1:]))]


@world(rules.NASH_INEQUALITY)
def _(d: Draw) -> World:
    """Costs of agent i's deviations, and of S̃."""
    at_ne = d.number()
    costs = [at_ne + (d.number() if d.free(0) else d.nonnegative()) for _ in range(3)]
    return [[(J, "≥", at_ne) for J in costs]], [(J, "≥", at_ne) for J in costs]


# -- limits in 1/τ: polynomials by their value at 0 -----------------------------------------------


@world(rules.REMAINDERS_VANISH)
def _(d: Draw) -> World:
    """K = W⁻¹Y with ‖W⁻¹‖ ≤ 2/τ at τ = 10⁶ and 10⁹: the product falls with 1/τ."""
    Y = d.number()
    found = []
    for tau in (10**6, 10**9):
        inverse = Fraction(2, tau) * Fraction(d.size(3), 3)
        if d.free(1):
            inverse = Fraction(1, 2)
        pull = Y * tau if d.free(2) else Y
        found.append((tau, inverse, pull, inverse * pull + (d.off(0))))
    return [
        [(K, "=", inverse * pull) for _, inverse, pull, K in found],
        [(abs(inverse), "≤", Fraction(2, tau)) for tau, inverse, _, _ in found],
        [(abs(pull), "≤", 6) for _, _, pull, _ in found],
    ], [(abs(K), "≤", Fraction(12, tau)) for tau, _, _, K in found]


@world(rules.CRAMER_AT_ZERO)
def _(d: Draw) -> World:
    """One number: (φ + τ/2)K = −r at τ = 10⁻⁶ and 10⁻⁹ against τ = 0; W = R + B²P."""
    phi0 = Fraction(0) if d.free(5) else d.positive()
    R = d.number() if d.free(4) else d.positive()
    cost = d.number() if d.free(2) else d.nonnegative()
    end, r, W0 = cost + d.off(3), d.number(), R + cost + d.off(1)
    if not phi0 or not W0:
        gone = [true(False)]
    else:
        small = Fraction(1, 10**6)
        K = -r / (phi0 + small / 2) + d.off(0)
        gone = [(abs(K + r / phi0), "≤", small * (1 + abs(r)) / phi0**2), (W0, ">", 0),
                (end, "=", cost)]  # fmt: skip
    return [
        [true(not d.free(0))],
        [(W0, "=", R + cost)],
        [(cost, "≥", 0)],
        [(end, "=", cost)],
        [(R, ">", 0)],
        [(phi0, "≠", 0)],
    ], gone


@world(rules.QUADRATIC_BACKWARDS)
def _(d: Draw) -> World:
    """The linear parts of three stages, that of V_T first."""
    linear = [d.off(0)]
    for _ in range(3):
        linear.append(linear[-1] * d.number() + d.off(1))
    steps = [(b, "=", 0) for a, b in pairwise(linear) if a == 0]
    return [[(linear[0], "=", 0)], steps], [(x, "=", 0) for x in linear]


@world(rules.PASSES_IN_TURN)
def _(d: Draw) -> World:
    """Two times: what time 0 takes of P_1, which later passes at time 1 would change."""
    in_turn, alone = not d.free(0), not d.free(1)
    gain, end = d.number(), d.number() + d.off(3)
    last = 2 * gain + end - d.off(3)
    cost = last * last + d.off(2)
    seen = cost if in_turn else d.number()
    found = 3 * seen + (0 if alone else d.number())
    return [
        [true(in_turn)],
        [true(alone)],
        [(cost, "=", last * last)],
        [(last, "=", 2 * gain + end)],
    ], [(found, "=", 3 * (2 * gain + end) ** 2)]


@world(rules.BACKWARDS_IN_TIME)
def _(d: Draw) -> World:
    """Numbers of two stages, L = 1, …, 12: (2/τ)γ_B² = 1/4, γ_P* = η = 1, κ = 1/2, C = 2."""
    kappa, start, other = Fraction(1, 2), d.nonnegative(), abs(d.off(4))
    star = Fraction(4) if d.free(0) else Fraction(1)
    end = abs(d.off(5))
    bounds, errors, costs, found = [], [], [], []
    for passes in range(1, 13):
        later = end
        for _ in range(2):
            gamma = Fraction(4) if d.free(1) else star + later * Fraction(d.size(3), 3)
            bounds.append((gamma, "≤", star + later))
            factor = gamma / 4
            error = factor**passes * start + later / (1 - kappa) + abs(d.off(2))
            if factor <= kappa:
                errors.append((error, "≤", kappa**passes * start + later / (1 - kappa)))
            cost = 2 * (error + later) + abs(d.off(3))
            if max(error, later) <= 1:
                costs.append((cost, "≤", 2 * (error + later)))
            found.append((passes, error + other, cost + other))
            later = cost
    return [
        [((star + 1) / 4, "≤", kappa)],
        bounds,
        errors,
        costs,
        [(other, "=", 0)],
        [(end, "=", 0)],
    ], [(max(e, c), "≤", 999 * (1 + start) * kappa**n) for n, e, c in found if n > 8]


@world(rules.ONE_STAGE)
def _(d: Draw) -> World:
    """Numbers at ε = 10⁻³ and 10⁻⁶: b ≤ C'ε, e_L ≤ κ^L e_0 + b/(1 − κ), and C = 2."""
    kappa, start, wide = Fraction(1, 2), d.nonnegative(), d.positive()
    premises: list[list[Relation]] = [[], [], [], [true(not d.free(3))], [], []]
    said = []
    for eps in (Fraction(1, 10**3), Fraction(1, 10**6)):
        near = wide if d.free(0) else wide * eps
        power = Fraction(1, 2) if d.free(2) else eps
        factor = Fraction(1) - eps if d.free(1) else kappa
        if d.free(3):
            near = near + 1
        error = power * start + near / (1 - factor) + (1 if d.free(4) else 0)
        cost = 2 * (error + near) + (1 if d.free(5) else 0)
        premises[0].append((near, "≤", wide * eps if not d.free(3) else near))
        premises[1].append((factor, "≤", kappa))
        premises[2].append((power, "≤", eps))
        premises[4].append((error, "≤", power * start + near / (1 - factor)))
        premises[5].append((cost, "≤", 2 * (error + near)))
        said.append((cost, "≤", 2 * (start + 3 * wide) * eps))
    return premises, said


@world(rules.SUBTRACTED)
def _(d: Draw) -> World:
    least, change = d.number(), d.number()
    augmented = least + (d.number() if d.free(1) else d.nonnegative())
    cost = augmented - change + d.off(0)
    return [
        [(cost, "=", augmented - change)],
        [(augmented, "≥", least)],
    ], [(cost, "≥", least - change)]


# -- the tables -----------------------------------------------------------------------------------


def table() -> dict[str, tuple[int, int]]:
    """Kind of fault planted in a rule → planted, caught."""
    dropped, reversed_, stricter = [], [], []
    for name, rule in RULES.items():
        trials = [tried(name)] if has_worlds(rule) else []
        trials += [tried_on_cases(name)] if on_cases(rule) else []
        if not trials:
            continue
        dropped += [any(t.dropped[k] for t in trials) for k in range(len(rule.premises))]
        reversed_.append(any(t.reversed for t in trials))
        if any(t.stricter is not None for t in trials):
            stricter.append(any(t.stricter for t in trials))
    return {
        "a premise dropped from a rule": (len(dropped), sum(dropped)),
        "a rule's conclusion reversed": (len(reversed_), sum(reversed_)),
        "< for ≤, or ≻ for ⪰, in a rule's conclusion": (len(stricter), sum(stricter)),
    }


def untried() -> list[str]:
    """The rules that have no worlds, and a sentence that no case decides."""
    return [name for name, rule in RULES.items() if not has_worlds(rule) and not on_cases(rule)]


if __name__ == "__main__":
    for kind, counts in table().items():
        print(kind, *counts, sep=" | ")
