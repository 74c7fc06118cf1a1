"""Rules of inference. Limits, and the gap of a policy."""

from __future__ import annotations

from ergs_verify.ledger.rules.rule import Rule

# -- limits ---------------------------------------------------------------------------------------

BOUNDED_FOR_LARGE_TAU = Rule(
    name="bounded for large τ",
    statement=r"\pi_t(\tau) \text{ falls in } \tau \ \Rightarrow\ \|P_t\|, \|\bar{A}\| \text{"
    r" bounded for large }"
    r"\tau",
    source="backwards from π_T = ‖Q_T‖: where π_{t+1} is bounded, each gⁱ tends to 0, so Σ_i h_tⁱ "
    "< 1 and π_t is bounded for every large enough τ",
    premises=(
        "gⁱ → 0 as τ → ∞, for bounded π",
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
    ),
    conclusion="the P and Ā of the recursion are bounded for every large enough τ",
)
REMAINDERS_VANISH = Rule(
    name="remainders vanish",
    statement=r"X = W^{-1} Y,\ \|W^{-1}\|_2 \leq 2/\tau,\ Y \text{ bounded} \ \Rightarrow\ X ="
    r" O(1/\tau)",
    source="K = −W⁻¹B'PĀ and I − Σ = W⁻¹(R + B'PB)",
    premises=(
        "I − Σ, τK + 2B'PĀ, τ(I − Σ) − 2(R + B'PB) and P_t − Q − Ā'PĀ have a factor W⁻¹",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "the P and Ā of the recursion are bounded for every large enough τ",
    ),
    conclusion="K → 0 and Σ → I as τ → ∞",
)
FIRST_ORDER_LIMITS = Rule(
    name="first-order limits",
    statement=r"\bar{A} \to A,\ P_t - Q - \bar{A}^\top P_{t+1} \bar{A} \to 0 \ \Rightarrow\ P_t"
    r" \to P_t^\infty",
    source="Ā → A as K → 0; backwards from P_T = Q_T; the other two remainders are O(1/τ)",
    premises=(
        "K → 0 and Σ → I as τ → ∞",
        "I − Σ, τK + 2B'PĀ, τ(I − Σ) − 2(R + B'PB) and P_t − Q − Ā'PĀ have a factor W⁻¹",
        "the P and Ā of the recursion are bounded for every large enough τ",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
    ),
    conclusion="τK → −2B'P^∞A, τ(I − Σ) → 2(R + B'P^∞B) and P → P^∞ = Q + A'P^∞A as τ → ∞",
)
CRAMER_AT_ZERO = Rule(
    name="Cramer's rule at τ = 0",
    statement=r"\det \Phi_t|_{\tau = 0} \neq 0 \ \Rightarrow\ K_t, P_t \text{ rational in } \tau"
    r" \text{, without a"
    r" pole at } 0",
    source="Φ_t and r_t are polynomials of τ and P_{t+1}, backwards from P_T = Q_T; W → R + B'P⁰B"
    " ⪰ R"
    " ≻ 0, where inversion is continuous, and (2/τ)Σ = W⁻¹",
    premises=(
        "Φ_t is that of the plain game plus (τ/2)I, and WΣ = (τ/2)I",
        "W − (τ/2)I = R + B'PB",
        "P ⪰ 0 at every t",
        "P_T = Q_T",
        "R ≻ 0",
        "det Φ_t ≠ 0 at every t at τ = 0",
    ),
    conclusion="K → K⁰, P → P⁰ and (2/τ)Σ → (R + B'P⁰B)⁻¹ as τ → 0",
)

# -- the gap of a policy --------------------------------------------------------------------------

ABOVE_THE_LEAST = Rule(
    name="above the least",
    statement=r"J_0(\pi) - V_0 = \tau \sum_t \mathbb{E}\, \mathrm{KL}_t,\ V_0 = \min J_0 "
    r"\ \Rightarrow\ J -"
    r" \min J = \tau \sum_t \mathbb{E}\, \mathrm{KL}_t",
    source="t = 0, averaged over x_0",
    premises=(
        "J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every adapted "
        "policy, with or without memory",
        "V_t is agent i's least cost from every x_t over all adapted policies, and BR alone attains"
        " it at every history that occurs",
    ),
    conclusion="J(π) − min J = τ Σ_t E KL(πⁱ_t ‖ BRⁱ_t)",
)
ANALYTIC_REMAINDER = Rule(
    name="analytic remainder",
    statement=r"f \text{ analytic at } 0,\ f = c\, \delta^2 + \dots \ \Rightarrow\ f = c\,"
    r" \delta^2 + O(\delta^3)",
    source="Taylor: K̃, P̃ and BR's P are rational functions of δ without a pole at 0 (Cramer),"
    " and the"
    " gap is analytic in them where Σ ≻ 0",
    premises=(
        "K̃, Σ̃ and P̃ tend to K, Σ and P as δ → 0",
        "the gap's expansion in δ starts with c_i δ², with c_i as derived",
        "c_i as derived is Σ_t Tr(G_t'W⁻¹G_tX_t) + (τ/4)Tr(ΣⁱY_tΣⁱY_t)",
    ),
    conclusion="ε_i(δ) = c_i δ² + O(δ³) as δ → 0",
)
CRAMER_PLAIN = Rule(
    name="Cramer's rule in the plain game",
    statement=r"\det \Phi_t|_{\tau=0} \neq 0 \ \Rightarrow\ \tilde{K} - K_{br} = O(\delta)",
    source="K̃, P̃ and BR's P⁰ are rational functions of δ without a pole at 0, backwards from"
    " Q_T, and"
    " P̃ = P⁰ at δ = 0, where the NE is its own best response; W ⪰ R ≻ 0 is invertible",
    premises=(
        "S̃ has gains and covariances that solve (4)–(6) at τ̃ = τ + δ",
        "K̃ less the plain game's best response is −W⁻¹((δ/2)K̃ + B'(P̃ − P⁰)F̃)",
        "det Φ_t ≠ 0 at every t at τ = 0",
        "P_T = Q_T",
        "Q ⪰ 0",
        "R ≻ 0",
    ),
    conclusion="at τ = 0: ΔK = O(δ) and P̃ − P⁰ = O(δ)",
)
SECOND_ORDER_SQUARE = Rule(
    name="a square of second order",
    statement=r"\Delta K = O(\delta) \ \Rightarrow\ Tr(W \Delta K X \Delta K^\top) = O(\delta^2)",
    source="X_t is bounded as the gains are; Tr(W⁰Σ̃) = p_i δ/2 + O(δ²) with W⁰ = R + B'P⁰B, T"
    " stages",
    premises=(
        "at τ = 0 the gap is Σ_t Tr(WΔK X_t ΔK') + Tr(W Σⁱ)",
        "Tr(W Σ̃) = p_i δ/2 − (δ²/2) Tr((½I + B'ZB)W̃⁻¹), with P̃ = P + δZ",
        "at τ = 0: ΔK = O(δ) and P̃ − P⁰ = O(δ)",
    ),
    conclusion="at τ = 0: ε_i(δ) = (p_i T/2) δ + O(δ²) as δ → 0",
)
CONTINUOUS_GAP = Rule(
    name="the gap is continuous",
    statement=r"(\tilde{K}, \tilde{\Sigma}) \to (0, I) \ \Rightarrow\ \epsilon_i(\tilde{S}) \to"
    r" \epsilon_i(\mu)",
    source="W, K_br and Σ_br of the best response at τ depend continuously on the others' gains"
    " (W ⪰ (τ/2)I), X_t on all gains and covariances, and the identity on these and Σ ≻ 0",
    premises=(
        "S̃ has gains and covariances that solve (4)–(6) at τ̃ = τ + δ",
        "K → 0 and Σ → I as τ → ∞",
        "where the other agents play linear Gaussian feedback policies: J(π) − min J ="
        " τ Σ_t E KL(πⁱ_t ‖ BRⁱ_t)",
        "where the other agents play linear Gaussian feedback policies: τ E KL(πⁱ_t ‖ BRⁱ_t) ="
        " Tr(WΔK X_t ΔK') + (τ/2)(Tr(Σ_br⁻¹Σⁱ) − p_i − log det(Σ_br⁻¹Σⁱ))",
    ),
    conclusion="ε_i(δ) → J(μ) − min J(·, μ⁻ⁱ) as δ → ∞",
)
