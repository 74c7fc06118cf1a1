"""What is proved at each stage: det Φ_t, Lemma IV.1's constant, the spectral radius of the loop."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import flint
from attrs import evolve, frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls, dyadic
from ergs_verify.certify.definite import demand_bounded
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.spectral import spectral_radius
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import squared_norm
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.recursion import block_system
from ergs_verify.recursion.affine import part
from ergs_verify.recursion.stages import Stages, WithFormulas

NOTHING = Enclosure(Fraction(0), Fraction(0))


@frozen(kw_only=True)
class StageCheck:
    """What is proved about one stage, at the equilibrium's P_{t+1}.

    Attributes
    ----------
    t : int
        The stage, counted from 0.
    det_phi : Enclosure
        Of det Φ_t.
    phi_nonsingular : str
        ``"proved"`` or ``"refuted"``.
    contraction_constant : Enclosure or None
        (2/τ) γ_B² γ_{P,t} (N−1) of Lemma IV.1. Infinite at τ = 0 unless its other factors are 0;
        None if the game lies beyond the paper's class.
    spectral_radius : Enclosure
        Of J_t = I − D_t⁻¹Φ_t, where D_t is the block diagonal of Φ_t.
    inner_loop : str
        ``"converges"`` from every start (if and only if that radius is below 1), ``"diverges"`` or
        ``"undecided"``.
    gamma_P : Enclosure
        γ_{P,t}, the largest ‖Pⁱ_{t+1}‖_F over all agents.

    Notes
    -----
    See :doc:`/explanation/theory`, "The inner loop".
    """

    t: int
    det_phi: Enclosure
    phi_nonsingular: str
    contraction_constant: Enclosure | None
    spectral_radius: Enclosure
    inner_loop: str
    gamma_P: Enclosure

    def as_json(self) -> dict[str, Any]:
        """A row of ``ergs-check/1``."""
        return {
            "t": self.t,
            "det_phi": self.det_phi.as_json(),
            "phi_nonsingular": self.phi_nonsingular,
            "contraction_constant": self.contraction_constant
            and self.contraction_constant.as_json(),
            "spectral_radius": self.spectral_radius.as_json(),
            "inner_loop": self.inner_loop,
            "gamma_P": self.gamma_P.as_json(),
        }


def factor_of(game: Game) -> Fraction | None:
    """The game's `coupling`; None in the general game, of which the assumption does not speak."""
    return None if game.general else coupling(game)


def regular_stage(
    stages: Stages[Balls], known: Evaluator, t: int, factor: Fraction | None, phi: Any = None
) -> StageCheck:
    """A stage of the equilibrium, whose Φ_t is proved to be regular.

    `factor` is the game's `coupling`; `phi` is Φ_t, where it is at hand.

    Raises
    ------
    NotCertifiedError
        Where the precision does not suffice for the inner loop.
    """
    phi = block_system(stages, known)[0] if phi is None else phi
    det = Enclosure.of(stages.arithmetic.determinant(phi))
    return _stage_check(stages, known, t, det, factor)


def singular_stage(stages: Stages[Balls], t: int, costs: Sequence) -> StageCheck:
    """Stage t with every P_{t+1} in balls, where Φ_t is known to be singular.

    Raises
    ------
    NotCertifiedError
        Where W ≻ 0 is not proved.
    """
    known = stages.bare(t).with_values(stages.costs(costs))
    for k in stages.agents:
        demand_bounded(known(notation.W(k)), stages, agent=k, t=t)
    found = _stage_check(stages, known, t, NOTHING, factor_of(stages.game))
    # Φz = 0 makes z an eigenvector of J to the eigenvalue 1.
    return evolve(found, phi_nonsingular="refuted", inner_loop="diverges")


def _stage_check(
    stages: Stages[Balls], known: Evaluator, t: int, det: Enclosure, factor: Fraction | None
) -> StageCheck:
    balls = stages.arithmetic
    radius = spectral_radius(jacobi_matrix(stages, known), balls.bits)
    costs = [known(notation.P(k)) for k in stages.agents]
    if stages.affine:
        costs = [part("P", X, balls) for X in costs]
    gamma_P = largest_norm(costs, balls)
    return StageCheck(
        t=t,
        det_phi=det,
        phi_nonsingular="proved",
        contraction_constant=None
        if factor is None
        else _over_tau(gamma_P, factor, stages.game.tau),
        spectral_radius=radius,
        inner_loop=(
            "converges" if radius.hi < 1 else "diverges" if radius.lo >= 1 else "undecided"
        ),
        gamma_P=gamma_P,
    )


def jacobi_matrix(stages: WithFormulas, known: Evaluator) -> Any:
    """J_t = I − D_t⁻¹Φ_t: what one inner step of Algorithm 1 does to the gains' error."""
    numbers, sizes = stages.arithmetic, stages.control_sizes
    minus = numbers.scalar(Fraction(-1))

    def block(k: int, other: int) -> Any:
        if k == other:
            return numbers.zeros(sizes[k - 1], sizes[k - 1])
        coupling = known(stages.formula("phi_off_diagonal", k, other))
        return numbers.scale(minus, numbers.solve(known(notation.W(k)), coupling))

    return numbers.blocks([[block(k, other) for other in stages.agents] for k in stages.agents])


# -- norms -----------------------------------------------------------------------------------------


def gamma_B_squared(game: Game) -> Fraction:
    """γ_B², the largest ‖B_t^i‖_F² of all agents and times."""
    matrices = {id(B_t): B_t for B in game.B for B_t in B}.values()
    return max(map(squared_norm, matrices))


def coupling(game: Game) -> Fraction:
    """2γ_B²(N−1), which times γ_P is the bound that Assumption III.3 asks τ to exceed."""
    return 2 * gamma_B_squared(game) * (game.agents - 1)


def largest_norm(costs: Iterable[Any], balls: Balls) -> Enclosure:
    """The largest ‖P‖_F of matrices in balls."""
    with flint.ctx.workprec(balls.bits):
        squares = []
        for P in costs:
            row = arb_mat(1, P.nrows() * P.ncols(), P.entries())
            squares.append((row * row.transpose())[0, 0])
        lo, hi = max(x.lower() for x in squares), max(x.abs_upper() for x in squares)
        lo = lo.sqrt().lower() if lo > 0 else arb(0)
        return Enclosure(dyadic(lo), dyadic(hi.sqrt().upper()))


def largest(enclosures: Iterable[Enclosure]) -> Enclosure:
    """Of the largest of the numbers enclosed."""
    several = list(enclosures)
    return Enclosure(max(one.lo for one in several), max(one.hi for one in several))


def scaled(one: Enclosure, factor: Fraction) -> Enclosure:
    """Of a number times a rational ≥ 0."""
    return Enclosure(factor * one.lo, factor * one.hi)


def _over_tau(gamma_P: Enclosure, factor: Fraction, tau: Fraction) -> Enclosure:
    """factor·γ_P/τ; at τ = 0 infinite, unless that product is 0."""
    if tau > 0:
        return scaled(gamma_P, factor / tau)
    return Enclosure(
        *(math.inf if factor * end > 0 else Fraction(0) for end in (gamma_P.lo, gamma_P.hi))
    )
