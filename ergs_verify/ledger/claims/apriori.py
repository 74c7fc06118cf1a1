"""Beyond the paper: conditions that the game's data alone decide, without the unknown P*."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy
from sympy import Inverse, MatAdd, MatMul, Symbol, Transpose

from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal
from ergs_verify.game.gallery import gallery
from ergs_verify.ledger import hypotheses, rules, scalars
from ergs_verify.ledger.chain import (
    SPECTRAL_PRODUCT,
    SPECTRAL_TRIANGLE,
    Chain,
    SpectralNorm,
    bounded_by,
)
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.inner_loop import error_moves
from ergs_verify.ledger.claims.lemma_III_4 import (
    REGULAR_UNIQUE,
    block_system,
)
from ergs_verify.ledger.claims.optimality import (
    GAME,
    NOT_ONE,
    POLICY_PSD,
    WEIGHT,
    derived,
    equal,
    terminal,
)
from ergs_verify.ledger.claims.theorem_III_1 import PSD
from ergs_verify.ledger.counterexamples import (
    bound_depends_on_tau,
    continuum_of_equilibria,
    no_equilibrium,
    two_scalar_agents,
    unreachable_states,
)
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.sentences.data import bounds_hold
from ergs_verify.ledger.statements import Computed, Equality
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
from ergs_verify.recursion import apriori

# -- one agent's coupling -------------------------------------------------------------------------

beta, pi, least = (Symbol(s, positive=True) for s in (r"\beta", r"\pi", r"\rho_R"))


def _action(agent):
    """BʲKʲ."""
    return AgentMatrix("{BK}", agent, m, m)


def _largest_spectral(name: str):
    return lambda matrices: max(float(np.linalg.norm(X, 2)) for X in matrices[name])


def _weight_bound() -> Equality:
    """W − (τ/2 + ρ)I = (R − ρI) + B'PB."""
    return equal(W(i) - (tau / 2 + least) * eye(i), R(i) - least * eye(i) + B(i).T * P(i) * B(i))


def _gain() -> Equality:
    """BK = −B W⁻¹B'P Ā at the equilibrium."""
    return equal(B(i) * derived("gain"), -B(i) * Inverse(W(i)) * B(i).T * P(i) * others_loop(i))


def coupling_chain(factor=1) -> Chain:
    """‖BⁱKⁱ‖₂ ≤ gⁱ (‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂); `factor` plants a false bound."""
    others = AgentSum(_action(j), j, (i,))
    (coupling,) = apriori.couplings([beta], [least], tau, [pi])
    right = SpectralNorm(A) + AgentTotal(SpectralNorm(_action(j)), j, (i,))
    return Chain(
        left=SpectralNorm(
            MatMul(B(i), Inverse(W(i)), Transpose(B(i)), P(i), MatAdd(A, others), evaluate=False)
        ),
        steps=(
            SPECTRAL_PRODUCT,
            SPECTRAL_TRIANGLE,
            bounded_by(
                {"B_t": beta, "P_{t+1}": pi, "W_t⁻¹": 1 / (tau / 2 + least)},
                "‖W⁻¹‖₂ ≤ 1/(τ/2 + λ_min(R))",
            ),
        ),
        right=factor * coupling * right,
        symbols={
            beta: _largest_spectral("B_t"),
            pi: _largest_spectral("P_{t+1}"),
            least: lambda matrices: min(float(np.linalg.eigvalsh(X)[0]) for X in matrices["R_t"]),
        },
        first=(_gain(),),
        symmetric=symmetric,
        definitions={W(i): definitions[W(i)]},
    )


ONE_AGENT = Theorem(
    id="sharp-coupling/one-agent",
    says="‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ is the best response to the others, with "
    "gⁱ = ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
    given=GAME,
    proof=(
        POLICY_PSD,
        Fact("W − (τ/2 + λ_min(R))I = (R − λ_min(R)I) + B'PB", lambda: _weight_bound().decide()),
        by(rules.LEAST_EIGENVALUE),
        Fact(
            "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ is the best response to the others, "
            "with gⁱ = ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
            lambda: coupling_chain().decide(),
            needs=("‖W⁻¹‖₂ ≤ 1/(τ/2 + λ_min(R))",),
        ),
    ),
    needed=scalars.of_the_game(scalars.action_beyond_its_bound),
)


# -- all agents' couplings together: scalars ------------------------------------------------------

g, kappa, a, s, o, v, V = sympy.symbols("g kappa a s o v V", nonnegative=True)


# Several claims rest on the same scalar identities.
_simplified = lru_cache(maxsize=256)(sympy.simplify)


def _zero(what: str, expression) -> Decision:
    return exactly(what, _simplified(expression), 0)


def _shared() -> Decision:
    return _zero(
        "g(a + s − κ) − κ − (1+g)(h(a + s) − κ)",
        g * (a + s - kappa) - kappa - (1 + g) * (apriori.shares([g])[0] * (a + s) - kappa),
    )


def _solved() -> Decision:
    """From κⁱ ≤ hⁱ(a + Σκ) for all i to a + Σ_{j≠i} κʲ ≤ a / (1 − (1+gⁱ) Σ_{j≠i} hʲ)."""
    (h,) = apriori.shares([g])
    three = sympy.symbols("g_1:4", positive=True)
    parts = apriori.shares(three)
    expected = [
        a / (1 - (1 + g_i) * (sum(parts) - h_i)) for g_i, h_i in zip(three, parts, strict=True)
    ]
    written = apriori.loop_bounds(a, three)
    return together(
        _zero(
            "a + o·a/(1 − o − h) − a/(1 − (1+g)o)", a + o * a / (1 - o - h) - a / (1 - (1 + g) * o)
        ),
        *(_zero("bound of the closed loop", w - e) for w, e in zip(written, expected, strict=True)),
    )


def _weights() -> Decision:
    (h,) = apriori.shares([g])
    return _zero("(1+g)(v − hV) − (v − g(V − v))", (1 + g) * (v - h * V) - (v - g * (V - v)))


_SHARES = Fact("gⁱ(a + s − κⁱ) ≥ κⁱ ⇔ κⁱ ≤ hⁱ(a + s), with h = g/(1 + g)", _shared)

COUPLED = Theorem(
    id="sharp-coupling",
    says=(
        "Φ_t is regular at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1",
        "ρ(J_t) < 1 at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1",
    ),
    given=(*GAME, hypotheses.COUPLED),
    proof=(
        ONE_AGENT,
        WEIGHT,
        _SHARES,
        Fact(
            "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)", lambda: block_system().decide()
        ),
        by(rules.COUPLED_KERNEL),
        Fact(
            "Ψ(𝓚)ⁱ − Ψ(𝓚*)ⁱ is block row i of (I − D⁻¹Φ)(𝓚 − 𝓚*)",
            lambda: error_moves().decide(),
        ),
        Fact("vⁱ > hⁱV ⇔ gⁱ(V − vⁱ) < vⁱ", _weights),
        by(rules.COUPLED_LOOP),
    ),
    needed={**scalars.of_the_game(scalars.singular_together), "coupled": no_equilibrium},
)


def _from_lemma() -> Decision:
    """(2/τ)γ_B²γ_P(N−1) < 1 gives (N−1)gⁱ < 1, hⁱ < 1/N, Σh < 1; P = 0 and N = 1 included."""
    agents = Symbol("N", positive=True)
    size, cost = (Symbol(s, nonnegative=True) for s in (r"\beta", r"\pi"))
    (h,) = apriori.shares([g])
    (coupling,) = apriori.couplings([size], [least], tau, [cost])
    slack = (1 / agents - h) * agents * (1 + g) - (1 - (agents - 1) * g)
    weaker = sympy.simplify(2 / tau * size**2 * cost - coupling)
    return together(
        holds(f"(2/τ)β²π − g = {weaker} ≥ 0", bool(weaker.is_nonnegative)),
        _zero("(1/N − h)·N(1+g) − (1 − (N−1)g)", slack),
    )


IMPLIED = Theorem(
    id="sharp-coupling/implied",
    says="(2/τ)γ_B²γ_{P,t}(N−1) < 1 ⇒ Σ_i gⁱ/(1+gⁱ) < 1",
    given=(hypotheses.R_PD, hypotheses.TAU_POSITIVE),
    proof=(
        Fact("gⁱ ≤ (2/τ)γ_B²γ_{P,t}, and (1/N − hⁱ)N(1 + gⁱ) = 1 − (N−1)gⁱ", _from_lemma),
        by(rules.SPECTRAL_BELOW_FROBENIUS),
    ),
    needed=scalars.of_the_game(scalars.share_above_one, without=("Q-psd",)),
)


def _not_conversely() -> Decision:
    """Two scalar agents at τ = 1/2: Lemma IV.1's constant is 4, and Σh = 8/9."""
    game = two_scalar_agents("1/2")
    norms = apriori.data_norms(game)
    constant = 2 / game.tau * norms.gamma_B_squared * max(norms.Q_end_frobenius)
    found = apriori.apriori_bound(norms, game.tau)
    return together(
        exactly("Lemma IV.1's constant", constant, 4),
        exactly("Σh", found and found.shares[0], Fraction(8, 9)),
    )


# -- backwards in time, and for every larger τ ----------------------------------------------------


def _least_cost() -> Equality:
    """Q + Ā'PĀ − P_t = (W⁻¹B'PĀ)'W(W⁻¹B'PĀ) ⪰ 0."""
    answer = Inverse(W(i)) * B(i).T * P(i) * others_loop(i)
    return equal(
        Q(i) + others_loop(i).T * P(i) * others_loop(i) - derived("riccati"),
        answer.T * W(i) * answer,
    )


def _slopes() -> Decision:
    """Every bound grows with each gⁱ, and each gⁱ grows with πⁱ and falls with τ.

    Each slope is a product of squares and of numbers ≥ 0, where Σh < 1.
    """
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
    return together(
        *(
            _zero(f"{name} − ({written})", slope - written)
            for name, (slope, written) in slopes.items()
        )
    )


def _vanishes() -> Decision:
    (coupling,) = apriori.couplings([beta], [least], tau, [pi])
    return exactly("lim g as τ → ∞", sympy.limit(coupling, tau, sympy.oo), 0)


VANISHES = Fact("gⁱ → 0 as τ → ∞, for bounded π", _vanishes)

FALLS = Theorem(
    id="sharp-apriori/falls",
    says=(
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
    ),
    given=GAME,
    proof=(
        WEIGHT,
        ONE_AGENT,
        _SHARES,
        Fact(
            "κⁱ ≤ hⁱ(a + Σκ) for all i implies a +  Σ_{j≠i} κʲ ≤ a/(1 − (1+gⁱ)Σ_{j≠i} hʲ)",
            _solved,
        ),
        Fact("Q + Ā'P_{t+1}Ā − P_t = C'WC", lambda: _least_cost().decide()),
        PSD,
        Fact("P_T = Q_T", terminal()),
        Fact(
            "the bounds increase with each g, and each g increases with π and decreases with τ",
            _slopes,
        ),
        by(rules.BOUND_BACKWARDS),
        by(rules.FALLS_BACKWARDS),
    ),
    needed=scalars.of_the_game(scalars.cost_beyond_the_data),
)


UNIQUE_FROM_DATA = Theorem(
    id="sharp-apriori",
    says=(
        "exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one of "
        "(4)–(6)",
        "ρ(J_t) < 1 at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1",
    ),
    given=(*REGULAR_UNIQUE.given[:-1], hypotheses.COUPLED_BY_DATA),
    proof=(
        FALLS,
        by(rules.BOUNDED_COUPLINGS),
        COUPLED,
        by(rules.REGULAR_AT_EVERY),
        REGULAR_UNIQUE,
    ),
    needed={
        **NOT_ONE,
        "feedback": unreachable_states,
        "coupled-by-data": continuum_of_equilibria,
    },
)

LARGE_ENOUGH = Theorem(
    id="sharp-apriori/assumption",
    says="Assumption III.3 holds at τ and at every larger τ",
    given=(*GAME, hypotheses.ABOVE_DATA_BOUND),
    proof=(FALLS, by(rules.ABOVE_FOR_GOOD)),
    needed={"above-data-bound": no_equilibrium},
)

_EXAMPLES = tuple(f"random:N=2,m=2,p=1-2,T=2,seed={seed}" for seed in range(3))


def _thresholds_hold() -> Decision:
    """At the thresholds that are computed for three random games."""
    found = []
    for name in _EXAMPLES:
        threshold = apriori.sufficient_tau(gallery(name), digits=3)
        for at in (threshold.unique, threshold.assumption):
            game = gallery(name).at_tau(at)
            found.append(
                holds(f"{name}: the bounds hold at τ = {float(at):.4g}", bounds_hold(game))
            )
        game = gallery(name).at_tau(threshold.assumption)
        case = Case.of(game)
        found.append(holds(f"{name}: Assumption III.3 holds there", case.assumption_III_3))
    return together(*found)


def _model_alone(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("2γ_B²γ_P*(N−1) is a scalar of the model alone", bound_depends_on_tau)
    return LARGE_ENOUGH


CIRCULAR = Fault(
    name="circular",
    what="γ_P* belongs to the unknown equilibrium and depends on τ itself, so the bound of "
    "Assumption III.3 is not a scalar of the model. 2γ_B²γ̂_P(N−1), computed from the data "
    "alone, is one, and it suffices",
    kind="overclaim",
)

MODEL_DEPENDENT = Claim(
    id="assumption-III.3/model-dependent",
    title="The bound is a scalar of the model",
    where="Section III, before Assumption III.3",
    quote="the entropy regularization parameter τ is lower bounded by a model dependent scalar",
    statement=_model_alone,
    stated=(hypotheses.ABOVE_DATA_BOUND,),
    faults=(CIRCULAR,),
)

CLAIMS = (
    Claim(
        id="sharp-coupling",
        title="A sharper condition than Lemma IV.1's, agent by agent",
        where="Beyond the paper; sharpens Lemma III.4 and Lemma IV.1",
        latex=r"\sum_i \frac{g_t^i}{1 + g_t^i} < 1, \quad g_t^i = \frac{\|B_t^i\|_2^2"
        r" \|P_{t+1}^i\|_2}{\tau/2 + \lambda_{\min}(R_t^i)}",
        statement=COUPLED,
    ),
    Claim(
        id="sharp-coupling/one-agent",
        title="What agent i's control adds to the closed loop",
        where="Beyond the paper",
        statement=ONE_AGENT,
    ),
    Claim(
        id="sharp-coupling/implied",
        title="Lemma IV.1's hypothesis implies the sharper condition",
        where="Beyond the paper",
        statement=IMPLIED,
    ),
    Claim(
        id="sharp-coupling/not-conversely",
        title="The sharper condition holds where Lemma IV.1's does not",
        where="Beyond the paper; two scalar agents, τ = 1/2",
        statement=Computed("Lemma IV.1's constant is 4, and Σ_i hⁱ = 8/9", _not_conversely),
    ),
    Claim(
        id="sharp-apriori/falls",
        title="The bound from the data falls as τ grows",
        where="Beyond the paper",
        statement=FALLS,
    ),
    Claim(
        id="sharp-apriori",
        title="Uniqueness from the data alone",
        where="Beyond the paper; replaces the circular bound of Assumption III.3",
        latex=r"\pi_T^i = \|Q_T^i\|, \quad \pi_t^i = \|Q_t^i\| + \Big(\frac{\|A_t\|_2}"
        r"{1 - (1 + g_t^i) \sum_{j \neq i} h_t^j}\Big)^2 \pi_{t+1}^i, \quad"
        r" h = \frac{g}{1 + g}",
        statement=UNIQUE_FROM_DATA,
    ),
    Claim(
        id="sharp-apriori/assumption",
        title="Assumption III.3 from the data alone, for every larger τ",
        where="Beyond the paper; replaces the circular bound of Assumption III.3",
        statement=LARGE_ENOUGH,
    ),
    Claim(
        id="sharp-apriori/thresholds",
        title="The thresholds of three random games",
        where="Beyond the paper",
        statement=Computed(
            "at the τ computed from the data the bounds and Assumption III.3 hold",
            _thresholds_hold,
        ),
    ),
)
