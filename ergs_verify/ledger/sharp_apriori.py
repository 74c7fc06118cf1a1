"""Sharp claims on conditions that the game's data alone decide, without the unknown P*."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy
from attrs import evolve
from sympy import Inverse, MatAdd, MatMul, Symbol, Transpose

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal
from ergs_verify.gallery import gallery
from ergs_verify.game import Game
from ergs_verify.ledger.argument import argument, exactly, holds
from ergs_verify.ledger.chain import Chain, SpectralNorm, bounded_by
from ergs_verify.ledger.claim import Claim, Computed, Decision, Equality
from ergs_verify.ledger.sharp_loop import error_moves, two_scalar_agents
from ergs_verify.ledger.sharp_uniqueness import equal
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    P,
    Q,
    R,
    W,
    definitions,
    eye,
    i,
    j,
    m,
    others_loop,
    symmetric,
    tau,
)
from ergs_verify.recursion import apriori, nash

__all__ = ["CLAIMS", "bound_falls", "bounds_hold", "coupling_chain"]


# -- one agent's coupling ------------------------------------------------------------------------

beta, pi, least = (Symbol(s, positive=True) for s in (r"\beta", r"\pi", r"\rho_R"))


def _action(agent):
    """BʲKʲ."""
    return AgentMatrix("{BK}", agent, m, m)


def _within(expression, rewrite):
    return expression.xreplace({n: rewrite(n.args[0]) for n in expression.atoms(SpectralNorm)})


def spectral_product(expression):
    """‖XY‖₂ ≤ ‖X‖₂ ‖Y‖₂."""

    def rewrite(X):
        if isinstance(X, Transpose):
            return rewrite(X.arg)
        if isinstance(X, MatMul):
            return sympy.Mul(*(rewrite(f) if f.is_Matrix else abs(f) for f in X.args))
        return SpectralNorm(X)

    return _within(expression, rewrite)


def spectral_sum(expression):
    """‖X + Y‖₂ ≤ ‖X‖₂ + ‖Y‖₂, over agents too."""

    def rewrite(X):
        if isinstance(X, MatAdd):
            return sympy.Add(*(rewrite(term) for term in X.args))
        if isinstance(X, AgentSum):
            return AgentTotal(rewrite(X.body), X.index, X.excluded)
        return SpectralNorm(X)

    return _within(expression, rewrite)


def _largest_spectral(name: str):
    return lambda matrices: max(float(np.linalg.norm(X, 2)) for X in matrices[name])


def _weight_bound() -> Equality:
    """W − (τ/2 + ρ)I = (R − ρI) + B'PB."""
    return Equality(
        W(i) - (tau / 2 + least) * eye(i),
        R(i) - least * eye(i) + B(i).T * P(i) * B(i),
        symmetric,
        {W(i): definitions[W(i)]},
    )


def coupling_chain(factor=1) -> Chain:
    """‖BⁱKⁱ‖₂ ≤ gⁱ (‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂); `factor` plants a false bound."""
    others = AgentSum(_action(j), j, (i,))
    (coupling,) = apriori.couplings([beta], [least], tau, [pi])
    right = SpectralNorm(A) + AgentTotal(SpectralNorm(_action(j)), j, (i,))
    return Chain(
        text="what agent i's control adds to the closed loop",
        left=SpectralNorm(
            MatMul(B(i), Inverse(W(i)), Transpose(B(i)), P(i), MatAdd(A, others), evaluate=False)
        ),
        steps=(
            (spectral_product, "an operator norm"),
            (spectral_sum, "for any norm"),
            (
                bounded_by({"B_t": beta, "P_{t+1}": pi, "W_t⁻¹": 1 / (tau / 2 + least)}),
                "W − (τ/2 + λ_min(R))I ⪰ 0 gives ‖W⁻¹‖₂ ≤ 1/(τ/2 + λ_min(R))",
            ),
        ),
        right=factor * coupling * right,
        symbols={
            beta: _largest_spectral("B_t"),
            pi: _largest_spectral("P_{t+1}"),
            least: lambda matrices: min(float(np.linalg.eigvalsh(X)[0]) for X in matrices["R_t"]),
        },
        first=(_weight_bound(), _gain()),
        symmetric=symmetric,
        definitions={W(i): definitions[W(i)]},
    )


def _gain() -> Equality:
    """BK = −B W⁻¹B'P Ā at the equilibrium."""
    return Equality(
        B(i) * theorem_III_1.derive()["gain"],
        -B(i) * Inverse(W(i)) * B(i).T * P(i) * others_loop(i),
        symmetric,
        definitions,
    )


# -- all agents' couplings together: scalars -------------------------------------------------------

g, kappa, a, s, o, v, V = sympy.symbols("g kappa a s o v V", nonnegative=True)


# Several claims rest on the same scalar identities.
_simplified = lru_cache(maxsize=256)(sympy.simplify)


def _zero(what: str, expression) -> Decision:
    return exactly(what, _simplified(expression), 0)


def _solved() -> Decision:
    """From κⁱ ≤ gⁱ(a + Σ_{j≠i} κʲ) for all i to a + Σ_{j≠i} κʲ ≤ a / (1 − (1+gⁱ) Σ_{j≠i} hʲ)."""
    (h,) = apriori.shares([g])
    three = sympy.symbols("g_1:4", positive=True)
    written = apriori.loop_bounds(a, three)
    parts = apriori.shares(three)
    expected = [
        a / (1 - (1 + g_i) * (sum(parts) - h_i)) for g_i, h_i in zip(three, parts, strict=True)
    ]
    return argument(
        _zero(
            "g(a + s − κ) − κ − (1+g)(h(a + s) − κ)",
            g * (a + s - kappa) - kappa - (1 + g) * (h * (a + s) - kappa),
        ),
        "so κⁱ ≤ hⁱ(a + s) with s = Σ κ; summed, s ≤ (Σh)(a + s), and Σh < 1 gives"
        " a + s ≤ a/(1 − Σh)",
        _zero(
            "a + o·a/(1 − o − h) − a/(1 − (1+g)o)", a + o * a / (1 - o - h) - a / (1 - (1 + g) * o)
        ),
        *(_zero("loop_bounds", w - e) for w, e in zip(written, expected, strict=True)),
    )


def _regular() -> Decision:
    return argument(
        coupling_chain().decide(),
        _solved(),
        "Φ𝓚 = 0 is the case A = 0, a = 0: Σκ ≤ (Σh) Σκ forces BʲKʲ = 0 for all j, and then"
        " W Kⁱ = −B'P Σ_{j≠i} BʲKʲ = 0, so 𝓚 = 0",
    )


def _loop_converges() -> Decision:
    """yⁱ = ‖Bⁱeⁱ‖₂ obeys y_{l+1}ⁱ ≤ gⁱ Σ_{j≠i} y_lʲ; v = h + ε is a weight in which it falls."""
    (h,) = apriori.shares([g])
    return argument(
        error_moves(),
        _zero("(1+g)(v − hV) − (v − g(V − v))", (1 + g) * (v - h * V) - (v - g * (V - v))),
        "with vⁱ = hⁱ + ε and V = Σv ≤ 1: hⁱV ≤ hⁱ < vⁱ, so gⁱ(V − vⁱ) < vⁱ, and max_i yⁱ/vⁱ"
        " falls by a factor below 1 at every step; eⁱ_{l+1} = −W⁻¹B'P Σ_{j≠i} Bʲeʲ_l then goes to"
        " 0 from every start, and ρ(J_t) < 1",
    )


def _from_lemma() -> Decision:
    """(2/τ)γ_B²γ_P(N−1) < 1 gives gⁱ < 1/(N−1), hⁱ < 1/N, Σh < 1."""
    agents = Symbol("N", positive=True)
    (h,) = apriori.shares([g])
    (coupling,) = apriori.couplings([beta], [least], tau, [pi])
    slack = (1 / agents - h) * agents * (1 + g) - (1 - (agents - 1) * g)
    weaker = sympy.simplify(2 / tau * beta**2 * pi - coupling)
    return argument(
        holds(f"(2/τ)β²π − g = {weaker} > 0", weaker.is_positive),
        _zero("(1/N − h)·N(1+g) − (1 − (N−1)g)", slack),
        "‖Bⁱ‖₂ ≤ ‖Bⁱ‖_F ≤ γ_B and ‖Pⁱ‖₂ ≤ ‖Pⁱ‖_F ≤ γ_{P,t}",
        *_example_of_more(),
    )


def _example_of_more() -> tuple[Decision, Decision]:
    """Two scalar agents at τ = 1/2: Lemma IV.1's constant is 4, and Σh = 8/9."""
    game = two_scalar_agents("1/2")
    norms = apriori.data_norms(game)
    constant = 2 / game.tau * norms.gamma_B_squared * max(norms.Q_end_frobenius)
    found = apriori.apriori_bound(norms, game.tau)
    return (
        exactly("Lemma IV.1's constant in an example", constant, 4),
        exactly("Σh there", found and found.shares[0], Fraction(8, 9)),
    )


# -- backwards in time, and for every larger τ -----------------------------------------------------


def _least_cost() -> Decision:
    """Q + Ā'PĀ − P_t = (W⁻¹B'PĀ)'W(W⁻¹B'PĀ) ⪰ 0."""
    answer = Inverse(W(i)) * B(i).T * P(i) * others_loop(i)
    return equal(
        Q(i) + others_loop(i).T * P(i) * others_loop(i) - theorem_III_1.derive()["riccati"],
        answer.T * W(i) * answer,
    )


def _falls() -> Decision:
    """Every bound grows with each gⁱ, and each gⁱ grows with πⁱ and falls with τ."""
    three = sympy.symbols("g_1:4", positive=True)
    loop = apriori.loop_bounds(a, three)[0]
    (coupling,) = apriori.couplings([beta], [least], tau, [pi])
    (h,) = apriori.shares([g])
    others = sum(apriori.shares(three)[1:])
    slopes = {
        "∂g/∂π": (sympy.diff(coupling, pi), beta**2 / (tau / 2 + least)),
        "−∂g/∂τ": (-sympy.diff(coupling, tau), beta**2 * pi / (2 * (tau / 2 + least) ** 2)),
        "∂h/∂g": (sympy.diff(h, g), 1 / (1 + g) ** 2),
        "∂‖Ā‖/∂gⁱ": (sympy.diff(loop, three[0]), loop**2 / a * others),
        "∂‖Ā‖/∂gʲ": (
            sympy.diff(loop, three[1]),
            loop**2 / a * (1 + three[0]) / (1 + three[1]) ** 2,
        ),
    }
    checks = []
    for name, (slope, written) in slopes.items():
        checks.append(_zero(f"{name} − ({written})", slope - written))
    return argument(
        *checks,
        "each right side is a product of squares and of numbers ≥ 0, where Σh < 1; more agents add"
        " more terms hʲ",
    )


def bound_falls() -> Decision:
    """π_t = ‖Q‖ + ‖Ā‖²π_{t+1} falls as τ grows, by induction from π_T = ‖Q_T‖."""
    return argument(
        _falls(),
        _least_cost(),
        "0 ⪯ P_t ⪯ Q + Ā'PĀ gives ‖P_t‖ ≤ ‖Q‖ + ‖Ā‖₂²‖P_{t+1}‖ in ‖·‖₂ and in ‖·‖_F",
        "induction backwards: π_{t+1} falls in τ, so do g, h, Σh, the bound of ‖Ā‖₂, and π_t; what"
        " holds at one τ, Σh < 1 above all, holds at every larger one",
    )


def bounds_hold(game: Game) -> bool:
    """Whether the bounds from the data are at least the equilibrium's norms, exactly."""
    found = apriori.apriori_bound(apriori.data_norms(game), game.tau)
    if found is None:
        return True
    return all(
        _square(P_t) <= bound * bound
        for matrices, bounds in zip(nash(game, Rationals()).P, found.frobenius, strict=True)
        for P_t, bound in zip(matrices, bounds, strict=True)
    )


def _square(X) -> Fraction:
    return sum((Rationals().to_fraction(x) ** 2 for x in X.entries()), Fraction(0))


_EXAMPLES = tuple(f"random:N=2,m=2,p=1-2,T=2,seed={seed}" for seed in range(3))


def _sufficient() -> Decision:
    examples = []
    for name in _EXAMPLES:
        threshold = apriori.sufficient_tau(gallery(name), digits=3)
        for at in (threshold.unique, threshold.assumption):
            game = evolve(gallery(name), tau_given=at)
            examples.append(
                holds(f"{name}: the bounds hold at τ = {float(at):.4g}", bounds_hold(game))
            )
        game = evolve(gallery(name), tau_given=threshold.assumption)
        examples.append(holds(f"{name}: Assumption III.3 holds there", _assumption(game)))
    return argument(
        _regular(),
        bound_falls(),
        "2γ_B²γ̂_P(τ)(N−1) falls as τ grows: once below τ it stays below, and γ_P* ≤ γ̂_P",
        *examples,
    )


def _assumption(game: Game) -> bool:
    """τ > 2γ_B²γ_P*(N−1) at the solved game, squared to stay rational."""
    gamma_B_squared = apriori.data_norms(game).gamma_B_squared
    largest = max(_square(P_t) for agent in nash(game, Rationals()).P for P_t in agent)
    return game.tau**2 > (2 * gamma_B_squared * (game.agents - 1)) ** 2 * largest


CLAIMS = (
    Claim(
        id="sharp-coupling",
        title="A sharper condition than Lemma IV.1's, agent by agent",
        where="Beyond the paper; sharpens Lemma III.4 and Lemma IV.1",
        latex=r"\sum_i \frac{g_t^i}{1 + g_t^i} < 1, \quad g_t^i = \frac{\|B_t^i\|_2^2"
        r" \|P_{t+1}^i\|_2}{\tau/2 + \lambda_{\min}(R_t^i)}",
        statement=Computed(
            "Σ_i gⁱ/(1+gⁱ) < 1 ⇒ Φ_t regular and ρ(J_t) < 1; (2/τ)γ_B²γ_{P,t}(N−1) < 1 implies it,"
            " not conversely",
            lambda: argument(_regular(), _loop_converges(), _from_lemma()),
        ),
    ),
    Claim(
        id="sharp-apriori/falls",
        title="The bound from the data falls as τ grows",
        where="Beyond the paper",
        statement=Computed("τ ≤ τ' ⇒ γ̂_P(τ') ≤ γ̂_P(τ)", bound_falls),
    ),
    Claim(
        id="sharp-apriori",
        title="Uniqueness and Assumption III.3 from the data alone, for every larger τ",
        where="Beyond the paper; replaces the circular bound of Assumption III.3",
        latex=r"\pi_T^i = \|Q_T^i\|, \quad \pi_t^i = \|Q_t^i\| + \Big(\frac{\|A_t\|_2}"
        r"{1 - (1 + g_t^i) \sum_{j \neq i} h_t^j}\Big)^2 \pi_{t+1}^i, \quad"
        r" h = \frac{g}{1 + g}",
        statement=Computed(
            "with π for ‖P*‖ in g: Σ_i h_tⁱ < 1 at every t ⇒ ‖P_tⁱ*‖ ≤ π_tⁱ, one feedback NE, and"
            " the inner loop converges; τ > 2γ_B²γ̂_P(N−1) ⇒ Assumption III.3; both then hold at"
            " every larger τ",
            _sufficient,
        ),
        hypotheses=("Q ⪰ 0", "R ≻ 0", "τ > 0"),
    ),
)
