"""Rules of inference. The δ-augmented game."""

from __future__ import annotations

from ergs_verify.ledger.rules.rule import Rule

# -- the augmented game ---------------------------------------------------------------------------

QUADRATIC_BACKWARDS = Rule(
    name="quadratic backwards",
    statement=r"J_T(x) = x^\top Q_T x;\ J_{t+1} \text{ quadratic} \Rightarrow J_t \text{"
    r" quadratic}",
    source="induction from T backwards",
    premises=(
        "V_T(x) = x'Q_T x",
        "where J_{t+1}(x) = x'P_{t+1}x + q_{t+1}, J_t(x) is x'P_t x + q_t without a linear part",
    ),
    conclusion="J_t(x) = x'P_t x + q_t for t = T, …, 0 and every linear Gaussian joint policy",
)
TELESCOPED_DIFFERENCE = Rule(
    name="telescoped difference",
    statement=r"\Delta_t = \delta\, \mathrm{KL}_t + \mathbb{E}\, \Delta_{t+1},\ \Delta_T = 0 "
    r"\ \Rightarrow"
    r"\ \Delta_0 = \delta \sum_t \mathbb{E}\, \mathrm{KL}_t",
    source="summed over t (tower property); both games have the same cost at T",
    premises=(
        "J̃_t − J_t at x is δ KL(πⁱ_t(· | x) ‖ μ) + E[J̃_{t+1} − J_{t+1}]",
        "V_T(x) = x'Q_T x",
    ),
    conclusion="J̃ − J = δ KL_i at every linear Gaussian joint policy, with KL_i = Σ_t E KL(πⁱ_t"
    " ‖ μ)",
)
DIVERGENCE_IS_A_NUMBER = Rule(
    name="the divergence of a fixed policy",
    statement=r"\Delta = \delta\, \mathrm{KL}_i,\ \mathrm{KL}_i < \infty \text{ independent of }"
    r" \delta"
    r" \ \Rightarrow\ \Delta = O(\delta)",
    source="the divergence of linear Gaussian policies with Σ ≻ 0 from N(0, I) is finite, as x_t"
    " has"
    " finite second moments",
    premises=(
        "J̃ − J = δ KL_i at every linear Gaussian joint policy, with KL_i = Σ_t E KL(πⁱ_t ‖ μ)",
        "the joint policy does not change with δ and has Σ ≻ 0",
    ),
    conclusion="|J̃ − J| = O(δ) from every x",
)
CONSTANT_OF_A_QUADRATIC = Rule(
    name="the constant of a quadratic",
    statement=r"|x^\top E x + e| = O(\delta) \ \forall x \ \Rightarrow\ |e| = O(\delta)",
    source="both costs are x'Px + q, at τ and at τ + δ; take x = 0",
    premises=(
        "|J̃ − J| = O(δ) from every x",
        "J_t(x) = x'P_t x + q_t for t = T, …, 0 and every linear Gaussian joint policy",
    ),
    conclusion="|q̃ − q| = O(δ)",
)
MATRIX_OF_A_QUADRATIC = Rule(
    name="the matrix of a quadratic",
    statement=r"|x^\top E x + e| = O(\delta) \ \forall x,\ |e| = O(\delta) \ \Rightarrow\ \|E\|_F ="
    r" O(\delta)",
    source="both costs are x'Px + q, at τ and at τ + δ; take x = e_k and e_k + e_l (polarisation)",
    premises=(
        "|J̃ − J| = O(δ) from every x",
        "J_t(x) = x'P_t x + q_t for t = T, …, 0 and every linear Gaussian joint policy",
        "|q̃ − q| = O(δ)",
    ),
    conclusion="‖P̃ − P‖_F = O(δ)",
)
NASH_INEQUALITY = Rule(
    name="the inequality of a NE",
    statement=r"\tilde{S} \text{ a NE at } \tilde{\tau} \ \Rightarrow\ \tilde{J}^i(S^i,"
    r" \tilde{S}^{-i}) \geq"
    r" \tilde{J}^i(\tilde{S})",
    source="Definition II.1 in the augmented game",
    premises=("S̃ in 𝒮 is a NE of the game at τ̃ = τ + δ",),
    conclusion="J̃(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) for every linear Gaussian Sⁱ",
)
DEVIATION_BOUND = Rule(
    name="a deviation's bound",
    statement=r"a - b = (a - \tilde{a}) + (\tilde{b} - b) - s,\ s \geq 0",
    source="both brackets are δ KL_i, with the minus sign at S̃",
    premises=(
        "with J̃(Sⁱ, S̃⁻ⁱ) = J̃(S̃) + s: (J − J̃)(S̃) + (J̃ − J)(Sⁱ) less J(S̃) − J(Sⁱ) is s",
        "J̃(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) for every linear Gaussian Sⁱ",
        "J̃ − J = δ KL_i at every linear Gaussian joint policy, with KL_i = Σ_t E KL(πⁱ_t ‖ μ)",
    ),
    conclusion="J(S̃) − J(Sⁱ, S̃⁻ⁱ) ≤ δ(KL_i(Sⁱ) − KL_i(S̃ⁱ)) for every linear Gaussian Sⁱ",
)
BEST_DEVIATION = Rule(
    name="the best deviation",
    statement=r"\epsilon_i = J^i(\tilde{S}) - J^i(BR^i, \tilde{S}^{-i})",
    source="the others play S̃⁻ⁱ, which has gains and covariances, so BRⁱ is one of the linear "
    "Gaussian Sⁱ, and its cost is the least",
    premises=(
        "J(S̃) − J(Sⁱ, S̃⁻ⁱ) ≤ δ(KL_i(Sⁱ) − KL_i(S̃ⁱ)) for every linear Gaussian Sⁱ",
        "S̃ in 𝒮 is a NE of the game at τ̃ = τ + δ",
        "where the other agents play linear Gaussian feedback policies: V_t is agent i's least cost"
        " from every x_t over all adapted policies, and BR alone attains it at every history that"
        " occurs",
        "BR is N(Kx, Σ) with (6)",
    ),
    conclusion="0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)) for every δ ≥ 0",
)
NEARBY_EQUILIBRIUM = Rule(
    name="the equilibrium nearby",
    statement=r"\det \Phi_t(\tau) \neq 0 \ \forall t \ \Rightarrow\ (\tilde{K}, \tilde{\Sigma},"
    r" \tilde{P}) \to"
    r" (K, \Sigma, P) \text{ as } \delta \to 0",
    source="backwards from P̃_T = Q_T: Φ̃_t → Φ_t, which is regular, so K̃_t, Σ̃_t and P̃_t are"
    " rational functions of δ without a pole at 0 (Cramer)",
    premises=(
        "S̃ has gains and covariances that solve (4)–(6) at τ̃ = τ + δ",
        "Φ_t at τ̃ and P is Φ_t at τ and P plus (δ/2)I",
        "det Φ_t ≠ 0 at every t",
        "P_T = Q_T",
        "Q ⪰ 0",
        "R ≻ 0",
        "τ > 0",
    ),
    conclusion="K̃, Σ̃ and P̃ tend to K, Σ and P as δ → 0",
)
BOUNDED_BRACKET = Rule(
    name="a bounded bracket",
    statement=r"\tilde{S} \to S \ \Rightarrow\ \mathrm{KL}_i(BR^i) - \mathrm{KL}_i(\tilde{S}^i)"
    r" \text{ bounded}",
    source="BRⁱ depends continuously on the others' gains, and KL_i on gains and on Σ ≻ 0",
    premises=(
        "K̃, Σ̃ and P̃ tend to K, Σ and P as δ → 0",
        "0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)) for every δ ≥ 0",
    ),
    conclusion="ε_i(δ) = O(δ) as δ → 0 at a given τ: J(S̃) ≤ J(Sⁱ, S̃⁻ⁱ) + O(δ) for every Sⁱ",
)
AGAINST_ANY_DEVIATION = Rule(
    name="against any deviation",
    statement=r"J(\tilde{S}) - \tilde{J}(S^i, \tilde{S}^{-i}) \leq J(\tilde{S}) -"
    r" \tilde{J}(\tilde{S}) ="
    r" -\delta\, \mathrm{KL}_i(\tilde{S}^i)",
    source="subtract",
    premises=(
        "J̃(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) for every linear Gaussian Sⁱ",
        "J̃ − J = δ KL_i at every linear Gaussian joint policy, with KL_i = Σ_t E KL(πⁱ_t ‖ μ)",
    ),
    conclusion="J(S̃) − J̃(Sⁱ, S̃⁻ⁱ) ≤ J(S̃) − J̃(S̃) = −δ KL_i(S̃ⁱ)",
)
BOUNDED_DIVERGENCE = Rule(
    name="a bounded divergence",
    statement=r"\tilde{S} \to S,\ \Sigma \succ 0 \ \Rightarrow\ \mathrm{KL}_i(\tilde{S}^i) \text{"
    r" bounded}",
    source="KL_i is continuous in gains and in Σ ≻ 0",
    premises=("K̃, Σ̃ and P̃ tend to K, Σ and P as δ → 0",),
    conclusion="δ KL_i(S̃ⁱ) = O(δ) as δ → 0 at a given τ",
)
SUBTRACTED = Rule(
    name="the same term subtracted",
    statement=r"a = b - d,\ b \geq c \ \Rightarrow\ a \geq c - d",
    source="subtract",
    premises=(
        "J(Sⁱ, S̃⁻ⁱ) = J̃(Sⁱ, S̃⁻ⁱ) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0",
        "J̃(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) for every linear Gaussian Sⁱ",
    ),
    conclusion="J(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0 for every linear Gaussian Sⁱ",
)
UNROLLED = Rule(
    name="unrolled",
    statement=r"e_t \leq c_1 + c_2 e_{t+1} \ \Rightarrow\ e_t \leq c_1 \sum_{s=t}^{T-1} c_2^{s-t}"
    r" + c_2^{T-t} e_T",
    source="induction on T − t; c_1 = δD²/2 and e_T = 0",
    premises=(
        "‖P̃_t − P_t‖_F ≤ (δ/2)‖Kⁱ‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)²‖P̃_{t+1} − P_{t+1}‖_F",
        "(δ/2)‖Kⁱ‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)²‖P̃_{t+1} − P_{t+1}‖_F ≤ c_1 + c_2"
        " ‖P̃_{t+1} − P_{t+1}‖_F",
        "c_1 + c_2(c_1 S + e) = c_1(1 + c_2 S) + c_2 e",
        "P̃_T = P_T = Q_T",
    ),
    conclusion="‖P̃_t − P_t‖_F ≤ c_1 Σ_{s=t}^{T−1} c_2^{s−t} + c_2^{T−t} ‖P̃_T − P_T‖_F = O(δ)",
)

# -- the augmentation as a whole ------------------------------------------------------------------

SOME_DELTA = Rule(
    name="some δ is large enough",
    statement=r"\hat\gamma_P(\tau) \text{ falls in } \tau \ \Rightarrow\ \exists \delta:"
    r" \tilde\tau >"
    r" 2\gamma_B^2 \hat\gamma_P(\tilde\tau)(N-1) \geq 2\gamma_B^2 \tilde\gamma_P^*(N-1)",
    source="backwards from π_T = ‖Q_T‖: where π_{t+1} is bounded, g tends to 0, so Σh < 1 and π_t "
    "is bounded for every large enough τ̃; a still larger τ̃ exceeds 2γ_B²γ̂_P(N−1)",
    premises=(
        "gⁱ → 0 as τ → ∞, for bounded π",
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
    ),
    conclusion="in every game some δ > 0 satisfies τ̃ > 2γ_B²γ̃_P*(N−1)",
)
EPSILON_NASH = Rule(
    name="an ε-NE",
    statement=r"\epsilon_i \leq \delta(\mathrm{KL}_i(BR^i) - \mathrm{KL}_i(\tilde{S}^i))",
    source="the definition of an ε-NE",
    premises=(
        "in every game some δ > 0 satisfies τ̃ > 2γ_B²γ̃_P*(N−1)",
        "0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)) for every δ ≥ 0",
    ),
    conclusion="in every game some δ > 0 satisfies the condition on τ̃, and S̃ is an ε-NE with ε_i ≤"
    " δ(KL_i(BRⁱ) − KL_i(S̃ⁱ))",
)
BOUNDED_ITERATES = Rule(
    name="bounded iterates",
    statement=r"\|S_{l+1} - S_l\| \leq \kappa^l \|S_1 - S_0\| \ \Rightarrow\ \|S_l - S_0\| \leq"
    r" \|S_1 - S_0\|/(1 -"
    r" \kappa)",
    source="a geometric series, with κ < 1 the map's Lipschitz constant",
    premises=("Ψ_t(· | S_[t+1:T−1]) is a contraction in ‖·‖_□",),
    conclusion="the iterates of Ψ_t from any start are bounded",
)
