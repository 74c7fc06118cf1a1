"""Mistakes that only a general game lets a solver make: cross terms, priors, discounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from attrs import evolve
from sympy import Integer, ZeroMatrix

from ergs_verify.arithmetic.base import Arithmetic, Matrix
from ergs_verify.audit.mistakes.data import scaled
from ergs_verify.audit.mistakes.gains import equilibrium_gains
from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.audit.mistakes.record import Gains, Handled, Mistake, Recomputed
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.game.letters import LETTERS
from ergs_verify.paper.general import GENERAL
from ergs_verify.paper.notation import W, discount, i, joint_R, n
from ergs_verify.paper.theorem_III_1 import formulas_of
from ergs_verify.recursion.general import inverse
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

half = Fraction(1, 2)
_CONSTANTS = ("drift", "x_linear", "u_linear", "prior_mean")


def _has(game: Game, letter: str) -> bool:
    return LETTERS[letter].of(game) is not None


def _changed(detail: str, **formulas: Any) -> Recomputed:
    return Recomputed(formulas=evolve(formulas_of(GENERAL), **formulas), detail=detail)


def _without(*letters: str, detail: str = "") -> Recomputed:
    """The game at the letters' defaults."""
    absent = {k: v for name in letters for k, v in LETTERS[name].changed(None).items()}
    return Recomputed(data=lambda game: evolve(game, **absent), detail=detail)


def _times(factor: Fraction | int, *letters: str, detail: str) -> Recomputed:
    """Matrices or vectors of every agent times a factor."""

    def data(game: Game) -> Game:
        changed: dict[str, Any] = {}
        for name in letters:
            if (agents := LETTERS[name].of(game)) is not None:
                changed |= LETTERS[name].changed(tuple(scaled(X, factor) for X in agents))
        return evolve(game, **changed)

    return Recomputed(data=data, detail=detail)


def _halved_and_doubled(*letters: str) -> tuple[Recomputed, Recomputed]:
    return _times(half, *letters, detail="here ½"), _times(2, *letters, detail="here 2")


def _if_given(*letters: str, variants: Sequence[Recomputed]) -> Callable[[Game], Sequence]:
    return lambda game: variants if any(_has(game, name) for name in letters) else ()


# --- cross terms, and the costs of others' controls ----------------------------------------------


def _gains_of(game: Game) -> Gains:
    """The gains of another game's stages, given the costs that come after."""
    known: dict[int, tuple[Arithmetic, Stages]] = {}

    def gains(stages: Stages, _stage: Evaluator, played: Sequence[Stage]) -> list[Matrix]:
        numbers = stages.arithmetic
        if id(numbers) not in known:
            known[id(numbers)] = numbers, Stages(game, numbers, constants=False)
        other = known[id(numbers)][1]
        ahead = evolve(played[-1], q=None)
        return equilibrium_gains(other, other.at(game.horizon - len(played), ahead))

    return gains


def _cross_terms(game: Game) -> Iterable[Recomputed]:
    """S left out everywhere, of the gains alone, of P alone."""
    if _has(game, "S"):
        everywhere = _without("S", detail="here everywhere")
        yield everywhere
        yield Recomputed(gains=_gains_of(evolve(game, S=None)), detail="here in the gains alone")
        yield evolve(everywhere, gains=_gains_of(game), detail="here in P alone")


def _others_controls(game: Game) -> Iterable[Recomputed]:
    """The cost of the others' controls left out of Φ, or everywhere."""
    if game.agents == 1 or all(
        own.shape == (p, p)
        for agent, p in zip(LETTERS["R"].of(game), game.control_sizes, strict=True)
        for own in agent
    ):
        return
    off = formulas_of(GENERAL).phi_off_diagonal.xreplace({joint_R(i): ZeroMatrix(n, n)})
    yield _changed("here in Φ alone", phi_off_diagonal=off)
    yield Recomputed(data=lambda g: evolve(g, R=g.R), detail="here everywhere")


# --- discounts -----------------------------------------------------------------------------------


def _discount_left_out(game: Game) -> Iterable[Recomputed]:
    """Everywhere, in the gains and covariances alone, in the costs alone."""
    if all(rate == 1 for rate in game.discount):
        return
    right, none = formulas_of(GENERAL), {discount: Integer(1)}
    rows = ("phi_diagonal", "phi_off_diagonal", "rhs")
    gains = {name: getattr(right, name).xreplace(none) for name in rows}
    weight = right.definitions[W(i)].xreplace(none)
    costs = ("policy_cost", "policy_constant")
    yield _without("discount", detail="here everywhere")
    yield _changed(
        "here in the gains and Σ alone",
        **gains,
        covariance=right.covariance.xreplace({W(i): weight}),
    )
    yield _changed(
        "here in P and q alone", **{name: getattr(right, name).xreplace(none) for name in costs}
    )


def _terminal_weighs(power: Callable[[int], int], weight: str) -> tuple[Recomputed, Recomputed]:
    """The terminal cost times γ^power; the stated P_T may be the game's all the same."""

    def data(game: Game) -> Game:
        changed: dict[str, Any] = {}
        for name in ("Q", "x_linear"):
            if (agents := LETTERS[name].of(game)) is not None:
                changed[name] = tuple(
                    (*own[:-1], *scaled(own[-1:], rate ** power(game.horizon)))
                    for own, rate in zip(agents, game.discount, strict=True)
                )
        return evolve(game, **changed)

    # Of the last stages alone it is not known how many there are.
    way = Recomputed(data=data, early=True, detail=f"here with the weight {weight}")
    return way, evolve(way, silent_end=True)


def _terminal_discount(game: Game) -> Iterable[Recomputed]:
    """One γ too few or too many, or none at all."""
    if any(rate != 1 for rate in game.discount):
        yield from _terminal_weighs(lambda T: -1, "γ^(T−1)")
        yield from _terminal_weighs(lambda T: 1, "γ^(T+1)")
        yield from _terminal_weighs(lambda T: -T, "1")


def _present_values(game: Game) -> Iterable[Handled]:
    """P_t, s_t and q_t as seen from the first stage, or a stage earlier or later."""
    if all(rate == 1 for rate in game.discount):
        return
    rates = [float(rate) for rate in game.discount]

    def weighed(power: Callable[[np.ndarray], np.ndarray], detail: str) -> Handled:
        def one(X: np.ndarray, rate: float) -> np.ndarray:
            weights = rate ** power(np.arange(len(X)))
            return X * weights.reshape(-1, *[1] * (X.ndim - 1))

        def make(right: Numbers, _stated: Numbers) -> Numbers:
            return {k: tuple(map(one, right[k], rates)) for k in "Psq" if k in right}

        return Handled(make, detail)

    yield weighed(lambda t: t, "here times γ^t")
    yield weighed(np.ones_like, "here times γ")
    yield weighed(lambda t: -np.ones(len(t)), "here divided by γ")


# --- affine terms --------------------------------------------------------------------------------


def _constants_dropped(game: Game) -> Iterable[Recomputed | Handled]:
    """What affine terms lead to left out, each of them, or all."""
    given = [name for name in _CONSTANTS if _has(game, name)]
    for letters in ("k", "ks", "s") if given else ():
        yield Handled(
            lambda right, _, letters=letters: {
                k: tuple(map(np.zeros_like, right[k])) for k in letters if k in right
            },
            f"here {' and '.join(letters)}",
        )
    for name in given:
        yield _without(name, detail="here " + name.replace("prior_mean", "the prior's mean"))
    if len(given) > 1:
        yield _without(*given, detail="here all of them")


# --- priors, and what is whose -------------------------------------------------------------------


def _inverted(game: Game) -> Game:
    done: dict[int, np.ndarray] = {}

    def once(X: np.ndarray) -> np.ndarray:
        return done.setdefault(id(X), inverse(X))

    covariances = tuple(tuple(map(once, own)) for own in game.prior_cov)
    return evolve(game, **LETTERS["prior_cov"].changed(covariances))


def _of_another(name: str) -> Callable[[Game], Iterable[Recomputed]]:
    """A number of another agent's: the next's, the one before's, or one agent's for all."""

    def variants(game: Game) -> Iterable[Recomputed]:
        given = LETTERS[name].of(game)
        if not isinstance(given, tuple) or game.agents == 1:
            return
        agents = range(game.agents)
        orders = {
            "the next agent's": [(k + 1) % game.agents for k in agents],
            "the previous agent's": [(k - 1) % game.agents for k in agents],
        } | {f"agent {k + 1}'s for all": [k] * game.agents for k in agents}
        for whose, order in orders.items():

            def data(game: Game, order: list[int] = order) -> Game:
                values = LETTERS[name].of(game)
                return evolve(game, **LETTERS[name].changed(tuple(values[k] for k in order)))

            yield Recomputed(data=data, detail=f"here {whose}")

    return variants


@cache
def general_mistakes() -> tuple[Mistake, ...]:
    """Mistakes in what lies beyond the paper's class of games."""
    return (
        Mistake(
            id="cross-term-dropped",
            message="the cross term S is left out, everywhere, in the gains or in P",
            look_at="the cost 2u'Sx: S in the right-hand side of the gains, S'K + K'S in P",
            variants=_cross_terms,
        ),
        Mistake(
            id="cross-term-factor-2",
            message="the cross term S enters with a factor ½ or 2",
            look_at="the cost is 2u'Sx, so that [x;u]'[Q S';S R][x;u] has S once on each side",
            variants=_if_given("S", variants=_halved_and_doubled("S")),
        ),
        Mistake(
            id="others-control-costs-left-out",
            message=(
                "the cost that an agent bears for the others' controls is left out, in Φ or "
                "everywhere"
            ),
            look_at="the off-diagonal blocks of Φ: Rⁱʲ + γB'PBʲ, with n×n R",
            variants=_others_controls,
        ),
        Mistake(
            id="discount-left-out",
            message="the discount is left out, everywhere, in the gains or in the costs",
            look_at="γP_{t+1} and γq_{t+1} wherever the next stage's costs enter",
            variants=_discount_left_out,
        ),
        Mistake(
            id="discount-of-the-terminal-cost",
            message=(
                "the terminal cost is discounted once too often, once too little, or not at all"
            ),
            look_at="the terminal cost has the weight γ^T, so the last stage uses γQ_T",
            variants=_terminal_discount,
        ),
        Mistake(
            id="discounted-values",
            message="P and q are weighted by powers of the discount",
            look_at=(
                "x'P_t x + q_t is the cost from stage t onwards, in which stage t has the weight 1"
            ),
            variants=_present_values,
        ),
        Mistake(
            id="discount-of-another-agent",
            message="agents are given one another's discount",
            look_at="γ_i belongs to agent i's costs",
            variants=_of_another("discount"),
        ),
        Mistake(
            id="affine-term-dropped",
            message=(
                "one or all of the affine terms are left out, or the constants that they lead to"
            ),
            look_at="drift, x_linear, u_linear and the prior's mean; k of u = Kx + k, s of the "
            "value x'Px + 2s'x + q",
            variants=_constants_dropped,
        ),
        Mistake(
            id="linear-cost-factor-2",
            message="linear costs enter with a factor ½ or 2",
            look_at="the cost is 2x_linear'x + 2u_linear'u",
            variants=_if_given(
                "x_linear",
                "u_linear",
                variants=_halved_and_doubled("x_linear", "u_linear"),
            ),
        ),
        Mistake(
            id="prior-mean-sign",
            message="the prior's mean has the opposite sign",
            look_at="the prior is N(Mx + mean, Λ): −(τ/2)Λ⁻¹M in the right-hand side of the gains",
            variants=_if_given(
                "prior_gain",
                "prior_mean",
                variants=(
                    _times(-1, "prior_gain", "prior_mean", detail="here all of it"),
                    _times(-1, "prior_gain", detail="here Mx alone"),
                    _times(-1, "prior_mean", detail="here the constant alone"),
                ),
            ),
        ),
        Mistake(
            id="prior-mean-left-out",
            message="the prior is taken to have mean 0",
            look_at="the prior is N(Mx + mean, Λ)",
            variants=_if_given(
                "prior_gain",
                "prior_mean",
                variants=(
                    _without("prior_gain", "prior_mean", detail="here all of it"),
                    _without("prior_gain", detail="here Mx alone"),
                ),
            ),
        ),
        Mistake(
            id="prior-cov-inverted",
            message="the prior's covariance, or the identity, is used in place of its inverse",
            look_at="(τ/2)Λ⁻¹ in W",
            variants=_if_given(
                "prior_cov",
                variants=(
                    Recomputed(data=_inverted, detail="here Λ for Λ⁻¹"),
                    _without("prior_cov", detail="here the identity"),
                ),
            ),
        ),
        Mistake(
            id="tau-of-another-agent",
            message="agents are given one another's τ",
            look_at="τ_i belongs to agent i's entropy",
            variants=_of_another("tau"),
        ),
    )
