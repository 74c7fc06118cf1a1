"""Sharp results on the gap: the identity behind it, its bound in δ, and its second order."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction

from attrs import evolve
from sympy import Determinant, Inverse, log

from ergs_verify.arithmetic import MPMath, Rationals
from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.gallery import gallery
from ergs_verify.game import Game, Policy
from ergs_verify.ledger.argument import argument, exactly, holds
from ergs_verify.ledger.claim import Claim, Computed, Decision, Equalities, Equality
from ergs_verify.ledger.section_III_lemma import gibbs
from ergs_verify.ledger.section_IV_augmentation import cost_difference, one_sided
from ergs_verify.paper import gap as derived
from ergs_verify.paper.derivation import Derived
from ergs_verify.paper.gap import X, Z, delta
from ergs_verify.paper.notation import (
    B,
    F,
    K,
    P,
    R,
    S,
    W,
    definitions,
    eye,
    i,
    j,
    noise,
    others_loop,
    symmetric,
    tau,
)
from ergs_verify.recursion import (
    best_response,
    evaluate_policy,
    gaps,
    nash,
    second_moments,
    second_order_coefficients,
)

__all__ = ["CLAIMS", "stated_coefficient", "stated_identity"]

p = control_size(i)
DIGITS = 80


def _gibbs() -> Decision:
    """THEORY's first result: F(π) − F(π*) = τ KL(π ‖ π*) for every density."""
    return argument(
        gibbs().decide(),
        "integrated against π, whose densities have mass 1: F(π) − F(π*) = τ KL(π ‖ π*)",
    )


# -- the identity ---------------------------------------------------------------------------------

off_best = K(i) + Inverse(W(i)) * B(i).T * P(i) * others_loop(i)
"""K − K_br, where P is the best response's."""
precision = 2 / tau * W(i)
"""Σ_br⁻¹."""


def _equal(left, right, named: str) -> Equality:
    return Equality(left, right, derived.SYMMETRIC, definitions, named)


def stated_identity() -> Equalities:
    """What the derivation arrives at, and the identity as stated: its divergence, X, and τ = 0."""
    found = derived.gap_formulas()
    gain_part = trace_of(W(i), off_best, X, off_best.T)
    covariance_part = tau / 2 * (trace_of(precision, S(i)) - p - log(Determinant(precision * S(i))))
    return Equalities(
        (
            _equal(
                found.gain_part + found.covariance_part,
                gain_part + covariance_part,
                r"\tau\, \mathbb{E}\, \mathrm{KL}",
            ),
            _equal(
                found.gain_part + found.plain_covariance_part,
                gain_part + trace_of(W(i), S(i)),
                r"\text{the same at } \tau = 0",
            ),
            _equal(
                found.second_moment,
                F * X * F.T + noise + agent_sum(B(j) * S(j) * B(j).T, j),
                "X_{t+1}",
            ),
        )
    )


def _identity() -> Decision:
    """Derived for every dimension and N; compared with a difference of two costs, exactly."""
    game, policy = _plain_example()
    by_costs, by_identity = _exact_gaps(game, policy)
    return argument(
        _derivation(derived.derive_identity()),
        stated_identity().decide(),
        exactly(
            f"the gaps on {game.name} with made-up gains, by costs,",
            list(map(str, by_costs)),
            list(map(str, by_identity)),
        ),
    )


def _derivation(run: Derived) -> Decision:
    """A derivation that went through: each step was checked, or it would have failed."""
    return Decision(verdict="proved", evidence=tuple((s.name, s.checked) for s in run.steps))


def _plain_example() -> tuple[Game, Policy]:
    """The gallery's plain game, and gains that answer nobody."""
    game = gallery("plain-lq")
    gains = [
        [
            [
                [Fraction((3 * r + 2 * c + t + k) % 5 - 2, 4) for c in range(game.state_size)]
                for r in range(size)
            ]
            for t in range(game.horizon)
        ]
        for k, size in enumerate(game.control_sizes)
    ]
    return game, Policy.from_arrays(K=gains)


def _exact_gaps(game: Game, policy: Policy) -> tuple[list, list]:
    """Each agent's gap as J(π) − J(BR), and by the identity; averaged over x_0."""
    numbers = Rationals()
    costs = evaluate_policy(game, policy, numbers)
    start = second_moments(game, policy, numbers)[0]
    assert costs.q is not None
    by_costs = []
    for agent in range(1, game.agents + 1):
        best = best_response(game, policy, agent, numbers)
        assert best.q is not None
        difference = numbers.add(
            costs.P[agent - 1][0], numbers.scale(numbers.scalar(Fraction(-1)), best.P[0])
        )
        by_costs.append(
            numbers.trace(numbers.multiply(difference, start)) + costs.q[agent - 1][0] - best.q[0]
        )
    return by_costs, [gap.total for gap in gaps(game, policy, numbers)]


# -- the coefficient of δ² -------------------------------------------------------------------------


def stated_coefficient() -> Equalities:
    """What the derivation arrives at, and Z_t and the stage's part of c_i as stated."""
    found = derived.second_order_formulas()
    G = K(i) / 2 + B(i).T * Z * F
    Y = -2 / tau**2 * (R(i) + B(i).T * P(i) * B(i)) + 2 / tau * B(i).T * Z * B(i)
    return Equalities(
        (
            _equal(found.cost_slope, K(i).T * K(i) / 2 + F.T * Z * F, "Z_t"),
            _equal(
                found.coefficient,
                trace_of(G.T, Inverse(W(i)), G, X) + tau / 4 * trace_of(S(i), Y, S(i), Y),
                "c_t^i",
            ),
        )
    )


def _coefficient() -> Decision:
    """The expansion, derived; and the gap itself at δ = 10⁻²⁰, at high precision."""
    worst = max(abs(error) for error in _second_order_errors("assumption-holds"))
    return argument(
        _derivation(derived.derive_coefficient()),
        stated_coefficient().decide(),
        "det Φ_t ≠ 0 at τ, so the augmented equilibrium is a rational function of δ near 0"
        " (Cramer), and the remainder is O(δ³)",
        # The next term of the expansion is of relative size δ times a constant of the game.
        holds(
            "at 80 digits ε_i(δ)/δ² at δ = 10⁻²⁰ agrees with c_i to 15 digits or more",
            worst < Fraction(1, 10**15),
        ),
    )


def _second_order_errors(name: str) -> list[Fraction]:
    """ε_i(δ)/(c_i δ²) − 1 at δ = 10⁻²⁰, for every agent."""
    numbers, step = MPMath(digits=DIGITS), Fraction(1, 10**20)
    game = gallery(name)
    policy = nash(evolve(game, tau_given=game.tau + step), numbers).as_policy(numbers)
    found = []
    for gap, c in zip(
        gaps(game, policy, numbers), second_order_coefficients(game, numbers), strict=True
    ):
        ratio = numbers.to_fraction(gap.total) / (numbers.to_fraction(c) * step**2)
        found.append(ratio - 1)
    return found


def _linear_regime() -> Decision:
    """At τ = 0: Tr(W Σ̃) with Σ̃ = (δ/2)W̃⁻¹ is p_i δ/2 less a term of second order."""
    plain = R(i) + B(i).T * P(i) * B(i)
    shifted = delta / 2 * eye(i) + R(i) + B(i).T * (P(i) + delta * Z) * B(i)
    covariance = delta / 2 * Inverse(shifted)
    link = Equality(
        trace_of(plain, covariance),
        p * delta / 2 - delta**2 / 2 * trace_of(eye(i) / 2 + B(i).T * Z * B(i), Inverse(shifted)),
        (*symmetric, Z),
    ).decide()
    slopes = _slopes_at_zero()
    game = gallery("plain-lq")
    wanted = [Fraction(size * game.horizon, 2) for size in game.control_sizes]
    shown = ", ".join(f"{float(s):.12g}" for s in slopes)
    return argument(
        link,
        "the gains' part of the gap is of second order in δ (sharp-gap-coefficient)",
        # ε/δ differs from its limit by a constant of the game times δ = 10⁻²⁰.
        holds(
            f"ε_i(δ)/δ at δ = 10⁻²⁰, τ = 0, at 80 digits: {shown}",
            all(abs(s - w) < Fraction(1, 10**15) for s, w in zip(slopes, wanted, strict=True)),
        ),
    )


def _slopes_at_zero() -> list[Fraction]:
    numbers, step = MPMath(digits=DIGITS), Fraction(1, 10**20)
    game = gallery("plain-lq")
    policy = nash(evolve(game, tau_given=step), numbers).as_policy(numbers)
    return [numbers.to_fraction(gap.total) / step for gap in gaps(game, policy, numbers)]


def _large_delta() -> Decision:
    """ε_i(δ) for growing δ, and the gap of the prior itself."""
    numbers = MPMath(digits=40)
    game = gallery("assumption-holds")
    prior = Policy.from_arrays(
        K=[[[[0] * game.state_size] * size] * game.horizon for size in game.control_sizes],
        Sigma=[
            [[[int(r == c) for c in range(size)] for r in range(size)]] * game.horizon
            for size in game.control_sizes
        ],
    )
    limits = [numbers.to_fraction(gap.total) for gap in gaps(game, prior, numbers)]
    errors = []
    for exponent in (6, 12):
        far = evolve(game, tau_given=game.tau + 10**exponent)
        policy = nash(far, numbers).as_policy(numbers)
        reached = [numbers.to_fraction(gap.total) for gap in gaps(game, policy, numbers)]
        errors.append(max(abs(a - b) / b for a, b in zip(reached, limits, strict=True)))
    shown = ", ".join(f"{float(e):.3g}" for e in errors)
    shrinking = errors[1] < errors[0] / 10**5
    return Decision(
        verdict="supported" if shrinking else "undecided",
        evidence=(
            ("40 digits", f"relative distance from the prior's gap at δ = 10⁶, 10¹²: {shown}"),
            ("limits", "the prior's gap is " + ", ".join(f"{float(x):.12g}" for x in limits)),
        ),
    )


CLAIMS = (
    Claim(
        id="sharp-gibbs",
        title="Lemma III.2 for every density",
        where="beyond the paper",
        latex=r"F(\pi) - F(\pi^*) = \tau\, \mathrm{KL}(\pi \,\|\, \pi^*)",
        statement=Computed("F(π) − F(π*) = τ KL(π ‖ π*) for every density π", _gibbs),
    ),
    Claim(
        id="sharp-gap-identity",
        title="The gap identity",
        where="beyond the paper",
        latex=r"J^i(\pi) - \min J^i = \tau \sum_t \mathbb{E}\,"
        r" \mathrm{KL}(\pi^i_t \,\|\, \mathrm{BR}^i_t)"
        r" \qquad \tau\, \mathbb{E}\, \mathrm{KL} = Tr(W \Delta K X_t \Delta K^\top)"
        r" + \tfrac{\tau}{2} (Tr(\Sigma_{br}^{-1} \Sigma^i) - p_i"
        r" - \log |\Sigma_{br}^{-1} \Sigma^i|)",
        statement=Computed("J − min J = τ Σ_t E KL(π_t ‖ BR_t), every dimension and N", _identity),
    ),
    Claim(
        id="sharp-cost-difference",
        title="Two regularizations of one policy",
        where="beyond the paper",
        latex=r"\tilde{J}^i(\pi) - J^i(\pi) = \delta\, \mathrm{KL}_i(\pi)",
        statement=lambda _: cost_difference(),
        hypotheses=("one stage; the sum over stages telescopes",),
    ),
    Claim(
        id="sharp-gap-bound",
        title="Theorem IV.3 with its constant",
        where="beyond the paper",
        latex=r"0 \leq \epsilon_i(\delta) \leq \delta\,(\mathrm{KL}_i(\mathrm{BR}^i)"
        r" - \mathrm{KL}_i(\tilde{S}^i))",
        statement=Computed("0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)) for every δ ≥ 0", one_sided),
    ),
    Claim(
        id="sharp-gap-coefficient",
        title="The gap is of second order in δ",
        where="beyond the paper",
        latex=r"\epsilon_i(\delta) = c_i \delta^2 + \mathcal{O}(\delta^3)"
        r" \qquad c_i = \sum_t Tr(G_t^\top W^{-1} G_t X_t)"
        r" + \tfrac{\tau}{4} Tr(\Sigma^i Y_t \Sigma^i Y_t)",
        statement=Computed("ε_i(δ) = c_i δ² + O(δ³)", _coefficient),
        hypotheses=("τ > 0", "det Φ_t ≠ 0 at τ for every t"),
    ),
    Claim(
        id="sharp-gap-linear-regime",
        title="The linear regime τ ≪ δ ≪ 1",
        where="beyond the paper",
        latex=r"\epsilon_i(\delta) \approx \frac{p_i T}{2}\, \delta",
        statement=Computed("at τ = 0: ε_i(δ) = (p_i T/2) δ + O(δ²)", _linear_regime),
        hypotheses=("det Φ_t ≠ 0 at τ = 0 for every t",),
    ),
    Claim(
        id="sharp-gap-large-delta",
        title="The gap for δ → ∞",
        where="beyond the paper",
        latex=r"\lim_{\delta\to\infty} \epsilon_i(\delta) = J^i(\mu) - \min J^i(\cdot, \mu^{-i})",
        statement=Computed("ε_i(δ) tends to the prior's own gap", _large_delta),
    ),
)
