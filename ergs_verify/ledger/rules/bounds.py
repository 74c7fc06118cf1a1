"""Rules of inference. Bounds from the data, and what certificates rest on."""

from __future__ import annotations

from ergs_verify.ledger.rules.rule import Rule

# -- bounds from the data -------------------------------------------------------------------------

LEAST_EIGENVALUE = Rule(
    name="least eigenvalue",
    statement=r"W - (\tfrac{\tau}{2} + \rho) I = (R - \rho I) + B^\top P B,\ \rho ="
    r" \lambda_{\min}(R)"
    r" \ \Rightarrow\ \|W^{-1}\|_2 \leq 1/(\tfrac{\tau}{2} + \rho)",
    source="R − λ_min(R)I ⪰ 0 and B'PB ⪰ 0, so all eigenvalues of W are at least τ/2 + λ_min(R) >"
    " 0",
    premises=(
        "W − (τ/2 + λ_min(R))I = (R − λ_min(R)I) + B'PB",
        "P ⪰ 0 at every t",
        "R ≻ 0",
        "τ > 0",
    ),
    conclusion="‖W⁻¹‖₂ ≤ 1/(τ/2 + λ_min(R))",
)
COUPLED_KERNEL = Rule(
    name="a coupled kernel",
    statement=r"\kappa^i \leq h^i \sum_j \kappa^j,\ \sum_i h^i < 1 \ \Rightarrow\ \kappa = 0",
    source="Φ𝓚 = 0 is the case A = 0, where each Kⁱ is the best response to the others:  Σκ ≤ "
    "(Σh)Σκ forces BʲKʲ = 0 for all j, and then W Kⁱ = −B'PΣ_{j≠i} BʲKʲ = 0, so 𝓚 = 0",
    premises=(
        "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ is the best response to the others, with "
        "gⁱ = ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
        "gⁱ(a + s − κⁱ) ≥ κⁱ ⇔ κⁱ ≤ hⁱ(a + s), with h = g/(1 + g)",
        "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
    ),
    conclusion="Φ_t is regular at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1",
)
COUPLED_LOOP = Rule(
    name="a coupled loop",
    statement=r"y_{l+1}^i \leq g^i \sum_{j \neq i} y_l^j,\ g^i (V - v^i) < v^i \ \Rightarrow"
    r"\ \max_i y_l^i / v^i \to 0",
    source="yⁱ = ‖Bⁱeⁱ‖₂; with vⁱ = hⁱ + ε and V = Σv ≤ 1 the maximum of yⁱ/vⁱ falls by a factor"
    " below"
    " 1 at every step; eⁱ = −W⁻¹B'PΣ_{j≠i} Bʲeʲ then goes to 0 from every start, so ρ(J_t) < 1",
    premises=(
        "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ is the best response to the others, with "
        "gⁱ = ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
        "Ψ(𝓚)ⁱ − Ψ(𝓚*)ⁱ is block row i of (I − D⁻¹Φ)(𝓚 − 𝓚*)",
        "vⁱ > hⁱV ⇔ gⁱ(V − vⁱ) < vⁱ",
        "Φ_t is regular at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1",
        "Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
    ),
    conclusion="ρ(J_t) < 1 at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1",
)
SPECTRAL_BELOW_FROBENIUS = Rule(
    name="spectral below Frobenius",
    statement=r"(N - 1) g^i < 1 \ \forall i \ \Rightarrow\ \sum_i h^i < 1",
    source="‖Bⁱ‖₂ ≤ ‖Bⁱ‖_F ≤ γ_B and ‖Pⁱ‖₂ ≤ ‖Pⁱ‖_F ≤ γ_{P,t}; so (N−1)gⁱ < 1, which makes each"
    " of N"
    " terms less than 1/N; λ_min(R) > 0",
    premises=(
        "gⁱ ≤ (2/τ)γ_B²γ_{P,t}, and (1/N − hⁱ)N(1 + gⁱ) = 1 − (N−1)gⁱ",
        "R ≻ 0",
        "τ > 0",
    ),
    conclusion="(2/τ)γ_B²γ_{P,t}(N−1) < 1 ⇒ Σ_i gⁱ/(1+gⁱ) < 1",
)
BOUND_BACKWARDS = Rule(
    name="a bound backwards",
    statement=r"0 \preceq P_t \preceq Q + \bar{A}^\top P_{t+1} \bar{A} \ \Rightarrow\ \|P_t\|"
    r" \leq \|Q\| +"
    r" \|\bar{A}\|_2^2 \|P_{t+1}\|",
    source="C'WC ⪰ 0, and 0 ⪯ X ⪯ Y gives ‖X‖ ≤ ‖Y‖ in both norms; ‖Ā‖₂ ≤ ‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂,"
    " with κʲ = ‖BʲKʲ‖₂ and a = ‖A‖₂; induction from π_T = ‖Q_T‖, the couplings g growing with π",
    premises=(
        "P_t* ⪰ 0 in (4), at every t",
        "P_T = Q_T",
        "the bounds increase with each g, and each g increases with π and decreases with τ",
        "Q + Ā'P_{t+1}Ā − P_t = C'WC",
        "W ⪰ (τ/2)I",
        "τ > 0",
        "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ is the best response to the others, with "
        "gⁱ = ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
        "gⁱ(a + s − κⁱ) ≥ κⁱ ⇔ κⁱ ≤ hⁱ(a + s), with h = g/(1 + g)",
        "κⁱ ≤ hⁱ(a + Σκ) for all i implies a +  Σ_{j≠i} κʲ ≤ a/(1 − (1+gⁱ)Σ_{j≠i} hʲ)",
    ),
    conclusion="where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
)
FALLS_BACKWARDS = Rule(
    name="falls backwards",
    statement=r"\pi_T \text{ constant},\ \pi_t = \|Q\| + b(g(\pi_{t+1}, \tau))^2 \pi_{t+1} "
    r"\ \Rightarrow"
    r"\ \pi_t \text{ falls in } \tau",
    source="induction backwards: π_{t+1} falls in τ, so do g, h, Σh, the bound of ‖Ā‖₂, and π_t",
    premises=("the bounds increase with each g, and each g increases with π and decreases with τ",),
    conclusion="τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
)
BOUNDED_COUPLINGS = Rule(
    name="couplings of the bounds",
    statement=r"\|P\| \leq \pi \ \Rightarrow\ g(\|P\|) \leq g(\pi),\ h(\|P\|) \leq h(\pi)",
    source="g grows with ‖P‖, and h with g",
    premises=(
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "Σ_i h_tⁱ < 1 at every t, where g contains the bound π_tⁱ from the data in place of "
        "‖P_tⁱ*‖",
    ),
    conclusion="Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
)
REGULAR_AT_EVERY = Rule(
    name="regular at every t",
    statement=r"\Phi_t \text{ regular} \iff \det \Phi_t \neq 0",
    source="the definition, for t = T−1, …, 0",
    premises=(
        "Φ_t is regular at every t where Σ_i g_tⁱ/(1 + g_tⁱ) < 1",
        "Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
    ),
    conclusion="det Φ_t ≠ 0 at every t",
)
ABOVE_FOR_GOOD = Rule(
    name="above for every larger τ",
    statement=r"\tau > 2\gamma_B^2 \hat\gamma_P(\tau)(N-1) \ \Rightarrow\ \tau' > 2\gamma_B^2"
    r" \hat\gamma_P(\tau')(N-1) \geq 2\gamma_B^2 \gamma_P^*(\tau')(N-1)\ \forall \tau' \geq \tau",
    source="γ̂_P = max π_tⁱ falls in τ and bounds γ_P*",
    premises=(
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
        "Σ_i h_tⁱ < 1 at every t and τ > 2γ_B²γ̂_P(N−1), with γ̂_P computed from the data alone",
    ),
    conclusion="Assumption III.3 holds at τ and at every larger τ",
)

# -- what certificates rest on --------------------------------------------------------------------

FIRST_ORDER_VANISHES = Rule(
    name="the first-order term vanishes",
    statement=r"g^i = \tilde{R}^i K^{i\circ} + (B^i)^\top \hat{P}^i F^\circ = 0"
    r" \ \Rightarrow\ \Delta^\top g + g^\top \Delta = 0",
    source="g is block row i of Φ°𝓚° + rhs°, which is 0 where K° solves its stage",
    premises=(
        "P_t − P° less F'EF + (CΔ)'P̂F° + F°'P̂CΔ + Δ'R̃Δ + (𝓑Δ)'P̂𝓑Δ is Δ'g + g'Δ with g ="
        " R̃K° + B'P̂F°",
        "Φ° is regular at P̂, and K° solves its stage there",
    ),
    conclusion="P_t − P° = F'EF + (CΔ)'P̂F° + F°'P̂CΔ + Δ'R̃Δ + (𝓑Δ)'P̂𝓑Δ, where K° solves its stage",
)
SMALL_PERTURBATION = Rule(
    name="a small perturbation",
    statement=r"\|\mathcal{B}\Delta\| \leq \kappa \|F\|,\ F = F^\circ + \mathcal{B}\Delta,"
    r"\ \kappa < 1"
    r" \ \Rightarrow\ \|F\| \leq \|F^\circ\|/(1 - \kappa)",
    source="with Mʲ = Φ°⁻¹(block column j of Bʲ'): Δ = −Σ Mʲ Eʲ F; Φv = 0 is the case F = 𝓑v, where"
    " ‖𝓑v‖ ≤ κ‖𝓑v‖ forces 𝓑v = 0, so Φ°v = 0 and v = 0",
    premises=("Φ°Δ = −(Bⁱ'EⁱF)ᵢ", "Φ° is regular at P̂, and K° solves its stage there"),
    conclusion="κ = Σ_j ‖𝓑Mʲ‖‖Eʲ‖ < 1 ⇒ Φ_t is regular and ‖F‖ ≤ ‖F°‖/(1 − κ)",
)
CONGRUENT_COSTS = Rule(
    name="congruence keeps the order",
    statement=r"P \preceq P' \ \Rightarrow\ F^\top P F \preceq F^\top P' F",
    source="v'F'(P' − P)Fv ≥ 0",
    premises=("the cost of a fixed policy at P' less that at P is F'(P' − P)F",),
    conclusion="P ⪯ P' ⇒ the cost of a fixed policy at P is ⪯ that at P'",
)
LEAST_OF_MONOTONE = Rule(
    name="the minimum of monotone functions",
    statement=r"\mathcal{R}(P) \preceq c(K', P) \preceq c(K', P') = \mathcal{R}(P')",
    source="K' is best at P', where W(P') ⪰ W(P) ≻ 0 too",
    premises=(
        "the cost of K is Ric(P) + (K − K*)'W(K − K*)",
        "P ⪯ P' ⇒ the cost of a fixed policy at P is ⪯ that at P'",
        "W ≻ 0 at P",
    ),
    conclusion="P ⪯ P' ⇒ Ric(P) ⪯ Ric(P')",
)
