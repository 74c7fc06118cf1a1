"""Sentences that an engine decides and no exhibit can try.

A fact of a proof says one of these, or one that has an evaluator: what is read into a decided
formula is one list, as the rules are.
"""

from __future__ import annotations

BY_ENGINES_ALONE = frozenset(
    {
        "at every x, whatever means and covariances the others have, the stage cost plus V_{t+1} "
        "is τ log(π/π*) + c*, less τ log(π/μ), with π* = N(Mⁱ, (τ/2)W⁻¹) and W Mⁱ + ½b = 0",
        "the cost (3) from t is the cost of stage t plus the cost from t + 1",
        "at every control and history, the expected stage cost plus V_{t+1} is V_t(x_t) + τ "
        "log(π/BR), less τ log(π/μ)",
        "(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)",
        "a_l = κˡe_0 + b(1 − κˡ)/(1 − κ) has a_0 = e_0 and a_{l+1} = κa_l + b",
        "every pass at time t comes after every pass at a later time",
        "Σ_i Σ_{j≠i} dʲ = (N−1) Σ_j dʲ",
        "gⁱ → 0 as τ → ∞, for bounded π",
        "gⁱ(a + s − κⁱ) ≥ κⁱ ⇔ κⁱ ≤ hⁱ(a + s), with h = g/(1 + g)",
        "κⁱ ≤ hⁱ(a + Σκ) for all i implies a +  Σ_{j≠i} κʲ ≤ a/(1 − (1+gⁱ)Σ_{j≠i} hʲ)",
        "the bounds increase with each g, and each g increases with π and decreases with τ",
        "with J̃(Sⁱ, S̃⁻ⁱ) = J̃(S̃) + s: (J − J̃)(S̃) + (J̃ − J)(Sⁱ) less J(S̃) − J(Sⁱ) is s",
        "J̃_t − J_t at x is δ KL(πⁱ_t(· | x) ‖ μ) + E[J̃_{t+1} − J_{t+1}]",
        "neither the gain of a best response nor P_t depends on the covariance of a policy",
        "the constant times Σ_j (dʲ + eʲ) is the constant times ‖S − S'‖_□",
        "(2/τ)γ_B²γ_{P,t}(N−1) τ = 2γ_B²γ_{P,t}(N−1)",
        "vⁱ > hⁱV ⇔ gⁱ(V − vⁱ) < vⁱ",
        "log π* = −½(u − k)'S(u − k) + ½ log det S − (p/2) log 2π with k = −½((τ/2)I + M)⁻¹b "
        "and S = I + (2/τ)M",
        "ℓ + τ log(π/μ) = τ log(π/π*) + c at every u, for every density π",
        "((τ/2)I + M) − (τ/2)I = M",
        "∂²/∂v² (u'Mu + b'u + τ log(v/w))v = τ/v",
        "π* > 0 at every u",
        "the logarithm of (10) is log π* plus a number that is affine in λ with slope −1/τ",
        "‖X + Y‖_F ≤ ‖X‖_F + ‖Y‖_F, for gains and for covariances",
        "the two bounds differ by 2γ_B²cε(N−1)",
        "κ^L = ε at L = log(1/ε)/log(1/κ)",
        "at every x and u, the expected stage cost of (20) plus V_{t+1} is V_t(x) + (u − "
        "Kⁱ*x)'W(u − Kⁱ*x), V_t(x) = x'P_t x + q_t with (4)",
        "Φ_t at τ̃ and P is Φ_t at τ and P plus (δ/2)I",
        "where J_{t+1}(x) = x'P_{t+1}x + q_{t+1}, J_t(x) is x'P_t x + q_t without a linear part",
        "c_1 + c_2(c_1 S + e) = c_1(1 + c_2 S) + c_2 e",
        "J(Sⁱ, S̃⁻ⁱ) = J̃(Sⁱ, S̃⁻ⁱ) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0",
        "c_i as derived is Σ_t Tr(G_t'W⁻¹G_tX_t) + (τ/4)Tr(ΣⁱY_tΣⁱY_t)",
        "at τ = 0 the gap is Σ_t Tr(WΔK X_t ΔK') + Tr(W Σⁱ)",
        "Tr(W Σ̃) = p_i δ/2 − (δ²/2) Tr((½I + B'ZB)W̃⁻¹), with P̃ = P + δZ",
        "K̃ less the plain game's best response is −W⁻¹((δ/2)K̃ + B'(P̃ − P⁰)F̃)",
        "for R̃ = LL' a row b has bR̃⁻¹b' = |L⁻¹b'|²",
        "JΠ = ΠJ = Π and Π² = Π",
        "a power of J − Π has a Frobenius norm below 1",
        "det Φ = 0, r = 0, ρ(J) = 1 and Π = (I + 2J)/3 ≠ 0 for three agents in a ring",
        "W Mⁱ + ½b less the same at the feedback NE is W Dⁱ + Σ_{j≠i} B'PBʲ Dʲ",
        "‖X‖_F² = ‖XC‖_F² + ‖X − XC‖_F²",
        "‖W⁻¹Σ_{j≠i} B'PBʲ E[Dʲ | Iⁱ]‖ ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Dʲ‖ in L²",
        "Φ_t is that of the plain game plus (τ/2)I, and WΣ = (τ/2)I",
        "the cost of a fixed policy at P' less that at P is F'(P' − P)F",
        "P_t − P° less F'EF + (CΔ)'P̂F° + F°'P̂CΔ + Δ'R̃Δ + (𝓑Δ)'P̂𝓑Δ is Δ'g + g'Δ with g = "
        "R̃K° + B'P̂F°",
    }
)
