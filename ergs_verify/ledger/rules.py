"""The rules of inference that proofs in the ledger may use: one list.

A premise or a conclusion is a sentence in which ⟨X⟩ stands for a letter that the step names.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

__all__ = ["RULES", "Rule"]


@frozen
class Rule:
    """If the premises hold, so does the conclusion.

    Attributes
    ----------
    name : str
    statement : str
        The general result, in LaTeX.
    source : str
        Where it is proved, or the argument in a line.
    premises : tuple of str
    conclusion : str
    """

    name: str
    statement: str
    source: str
    premises: tuple[str, ...]
    conclusion: str

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "statement": self.statement,
            "source": self.source,
            "premises": list(self.premises),
            "conclusion": self.conclusion,
        }


# -- order of symmetric matrices ------------------------------------------------------------------

CONGRUENCES = Rule(
    name="congruences",
    statement=r"R \succ 0,\ P \succeq 0 \ \Rightarrow\ R + B^\top P B \succeq 0",
    source="v'B'PBv = (Bv)'P(Bv) ≥ 0",
    premises=("R ≻ 0", "P ⪰ 0 at every t"),
    conclusion="R + B'PB ⪰ 0",
)
SHIFTED = Rule(
    name="shifted",
    statement=r"X - \tfrac{\tau}{2} I = Y \succeq 0 \ \Rightarrow\ X \succeq \tfrac{\tau}{2} I",
    source="the definition of ⪰",
    premises=("⟨X⟩ − (τ/2)I = ⟨Y⟩", "⟨Y⟩ ⪰ 0"),
    conclusion="⟨X⟩ ⪰ (τ/2)I",
)
INVERTIBLE = Rule(
    name="invertible",
    statement=r"X \succeq \tfrac{\tau}{2} I,\ \tau > 0 \ \Rightarrow\ X^{-1}"
    r" \text{ exists},\ \|X^{-1}\|_2 \leq 2/\tau",
    source="all eigenvalues of X are at least τ/2",
    premises=("⟨X⟩ ⪰ (τ/2)I", "τ > 0"),
    conclusion="⟨X⟩ is invertible and ‖⟨X⟩⁻¹‖₂ ≤ 2/τ",
)
BACKWARD_CONGRUENCES = Rule(
    name="backward congruences",
    statement=r"X_T = Q_T,\ X_t = Q_t + C_t^\top (\tfrac{\tau}{2} I + R_t) C_t"
    r" + F_t^\top X_{t+1} F_t,\ Q \succeq 0,\ R \succ 0,\ \tau \geq 0"
    r" \ \Rightarrow\ X_t \succeq 0",
    source="congruences and sums of positive semidefinite matrices; induction from T backwards",
    premises=(
        "P_T = Q_T",
        "P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F",
        "Q ⪰ 0",
        "R ≻ 0",
        "τ > 0",
    ),
    conclusion="P ⪰ 0 at every t",
)

# -- relative entropy -----------------------------------------------------------------------------

NORMAL_DENSITY = Rule(
    name="the density of a normal law",
    statement=r"S \succ 0 \ \Rightarrow\ \int e^{-\frac12 (u-k)^\top S (u-k)} du ="
    r" (2\pi)^{p/2} (\det S)^{-1/2}",
    source="substitute z = S^{1/2}(u − k); over the line ∫exp(−z²/2)dz = √(2π)",
    premises=(
        "log π* = −½(u − k)'S(u − k) + ½ log det S − (p/2) log 2π with k = −½((τ/2)I + M)⁻¹b and"
        " S = I + (2/τ)M",
        "((τ/2)I + M) ⪰ (τ/2)I",
        "τ > 0",
    ),
    conclusion="π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
)
GIBBS = Rule(
    name="integration against a density",
    statement=r"\ell + \tau \log(\pi/\mu) = \tau \log(\pi/\pi^*) + c \text{ pointwise}"
    r" \ \Rightarrow\ F(\pi) - c = \tau\, \mathrm{KL}(\pi \,\|\, \pi^*),\ c = F(\pi^*)",
    source="integrate against π, whose mass is 1: π log(π/π*) ≥ π − π*, so that both sides have a"
    " value in (−∞, ∞]; π = π* gives c; a π without a density has an infinite relative entropy",
    premises=(
        "ℓ + τ log(π/μ) = τ log(π/π*) + c at every u, for every density π",
        "π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
        "τ > 0",
    ),
    conclusion="F(π) − F(π*) = τ KL(π ‖ π*) for every π",
)
GIBBS_INEQUALITY = Rule(
    name="Gibbs's inequality",
    statement=r"\mathrm{KL}(\pi \,\|\, \pi^*) \geq 0, \text{ and } = 0 \iff \pi = \pi^*",
    source="Jensen's inequality for −log (Gibbs 1902; Cover and Thomas 2006, theorem 2.6.3)",
    premises=(
        "F(π) − F(π*) = τ KL(π ‖ π*) for every π",
        "π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
        "τ > 0",
    ),
    conclusion="π* alone minimises F, among all probability distributions",
)

# -- dynamic programming --------------------------------------------------------------------------

TOWER = Rule(
    name="average over the control",
    statement=r"c(u) + V_{t+1} + \tau \log\tfrac{\pi}{\mu} = V_t + \tau \log\tfrac{\pi}{BR}"
    r" \ \forall u \ \Rightarrow\ \mathbb{E}[c + V_{t+1}(x_{t+1}) \mid h_t] = V_t(x_t) +"
    r" \tau\, \mathrm{KL}(\pi_t(\cdot \mid h_t) \,\|\, BR_t(\cdot \mid x_t))",
    source="integrate against π_t(· | h_t); given the history and the own control, the others'"
    " controls and the noise have the law that the left side was averaged over",
    premises=(
        "at every control and history, the expected stage cost with V_{t+1} is"
        " V_t(x_t) + τ log(π/BR), less τ log(π/μ)",
        "given x_t the agents draw their controls independently of each other and of the noise",
    ),
    conclusion="E[stage cost + V_{t+1}(x_{t+1}) | h_t] = V_t(x_t) + τ KL(π_t(· | h_t) ‖ BR_t(· |"
    " x_t))"
    " for every policy that is adapted",
)
TELESCOPE = Rule(
    name="telescope",
    statement=r"\mathbb{E}[c_t + V_{t+1} \mid h_t] = V_t + \tau\, \mathrm{KL}_t"
    r",\ V_T(x) = x^\top Q_T x \ \Rightarrow\ J_t - V_t = \tau \sum_{s \geq t} \mathbb{E}\,"
    r" \mathrm{KL}_s",
    source="sum over s = t, …, T−1 and take expectations (tower property)",
    premises=(
        "E[stage cost + V_{t+1}(x_{t+1}) | h_t] = V_t(x_t) + τ KL(π_t(· | h_t) ‖ BR_t(· | x_t))"
        " for every policy that is adapted",
        "V_T(x) = x'Q_T x",
    ),
    conclusion="J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every policy"
    " that is adapted, with memory or without",
)
LEAST_COST = Rule(
    name="least cost",
    statement=r"J_t(\pi) - V_t = \tau \sum_{s \geq t} \mathbb{E}\, \mathrm{KL}_s \ \Rightarrow"
    r"\ V_t = \min_\pi J_t, \text{ attained by } BR \text{ alone}",
    source="KL ≥ 0, and 0 for equal densities alone (Gibbs's inequality)",
    premises=(
        "J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every policy that is"
        " adapted, with memory or without",
        "τ > 0",
    ),
    conclusion="V_t is agent i's least cost from every x_t over all adapted policies, and BR alone"
    " attains it at every history that occurs",
)

# -- a stage's equations --------------------------------------------------------------------------

EACH_OF_THEM = Rule(
    name="each of them",
    statement=r"S \text{ linear Gaussian} \ \Rightarrow\ S^{-i} \text{ linear Gaussian}",
    source="what all agents play, the others play",
    premises=(
        "the agents play linear Gaussian feedback policies whose gains and covariances solve (6)",
    ),
    conclusion="the other agents play linear Gaussian feedback policies",
)
MUTUAL_ANSWERS = Rule(
    name="mutual best answers",
    statement=r"\pi^i = BR^i(\pi^{-i}) \ \forall i \ \Rightarrow\ \pi \text{ is a NE}",
    source="Definition II.1, from every x_t",
    premises=(
        "V_t is agent i's least cost from every x_t over all adapted policies, and BR alone attains"
        " it at every history that occurs",
        "BR is N(Kx, Σ) with (6)",
        "the agents play linear Gaussian feedback policies whose gains and covariances solve (6)",
    ),
    conclusion="the joint policy is a NE over all adapted policies, from every x_t",
)
STAGE_ANSWERS = Rule(
    name="answers of a stage",
    statement=r"c + \tau \log\tfrac{\pi}{\mu} = \tau \log\tfrac{\pi}{\pi^*} + c^* \ \forall u"
    r" \ \Rightarrow\ \pi \text{ optimal at } x \iff \pi = \pi^*",
    source="Gibbs's inequality at a fixed x",
    premises=(
        "at every x, whatever means and covariances the others have, the stage cost with V_{t+1} is"
        " τ log(π/π*) + c*, less τ log(π/μ), with π* = N(Mⁱ, (τ/2)W⁻¹) and W Mⁱ + ½b = 0",
        "at every x, W Mⁱ + ½b is block row i of Φ_t M + r_t x",
        "J_t*(x) is the minimum over π of E[stage cost + J_{t+1}*(x_{t+1})] at every x and t, and"
        " π_t*(· | x) attains it",
        "τ > 0",
    ),
    conclusion="where V_{t+1} is quadratic, policies are optimal answers to each other at t if and"
    " only if they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x",
)
BACKWARD_UNIQUE = Rule(
    name="one solution at a time, backwards",
    statement=r"\det \Phi_t \neq 0 \ \forall t \ \Rightarrow\ M_t(x) = -\Phi_t^{-1} r_t x",
    source="induction: V_T is quadratic; with V_{t+1} quadratic and Φ_t regular the means at t are"
    " −Φ_t⁻¹r_t x, linear and unique, and then V_t is quadratic",
    premises=(
        "where V_{t+1} is quadratic, policies are optimal answers to each other at t if and only if"
        " they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x",
        "det Φ_t ≠ 0 at every t",
        "V_T(x) = x'Q_T x",
        "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
    ),
    conclusion="there is exactly one such NE: the linear Gaussian one of (4)–(6)",
)
BLOCK_DOMINANCE = Rule(
    name="block dominance",
    statement=r"\kappa \leq c \kappa,\ c < 1 \ \Rightarrow\ \kappa = 0",
    source="if Φ_t 𝓚 = 0 then Kⁱ = −W⁻¹Σ_{j≠i} B'PBʲKʲ for every i, so κ = max‖Kⁱ‖_F ≤ cκ; a square"
    " matrix whose kernel is 0 is regular; t = T−1, …, 0 in turn",
    premises=(
        "‖W⁻¹ Σ_{j≠i} B'PBʲKʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1) max‖Kʲ‖_F",
        "block row i of Φ_t 𝓚 is W Kⁱ + Σ_{j≠i} B'PBʲKʲ",
        "(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)",
        "τ > 2γ_B²γ_P*(N−1), with γ_P* of the P that the recursion gives from T backwards",
    ),
    conclusion="det Φ_t ≠ 0 at every t",
)
BLOCK_ROW_SUM = Rule(
    name="block row sum",
    statement=r"\sum_{j \neq i} \|\Phi_{ii}^{-1} \Phi_{ij}\|_F \leq c,\ c \tau < \tau"
    r" \ \Rightarrow\ \sum_{j \neq i} \|\Phi_{ii}^{-1} \Phi_{ij}\|_2 < 1",
    source="‖·‖₂ ≤ ‖·‖_F",
    premises=(
        "the blocks of Φ_t are Φ_ii = W and Φ_ij = B'PBʲ",
        "Σ_{j≠i} ‖W⁻¹B'PBʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1)",
        "(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)",
        "τ > 2γ_B²γ_P*(N−1), with γ_P* of the P that the recursion gives from T backwards",
    ),
    conclusion="Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1 in every block row i of Φ_t, for all t",
)
SOLVED_BACKWARDS = Rule(
    name="solved backwards",
    statement=r"P_T = Q_T,\ \mathcal{K}_t = -\Phi_t^{-1} r_t \ \Rightarrow"
    r"\ P_t, q_t, K_t, \Sigma_t \text{ are determined}",
    source="Φ_t and r_t depend on P_{t+1} alone; (4) and (5) give P_t and q_t, (6) gives Σ_t",
    premises=(
        "𝓚 = −Φ_t⁻¹r_t is the only solution of Φ_t 𝓚 = −r_t",
        "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − answer)",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "P_T = Q_T",
    ),
    conclusion="the equations (4)–(6) have exactly one solution P, q, K, Σ",
)
FIRST_SINGULAR = Rule(
    name="the first singular stage",
    statement=r"\Phi_t M(x) = -r_t x \ \forall x: \text{ one } M \iff \det \Phi_t \neq 0;"
    r" \text{ else none, or } M + z,\ \Phi_t z(x) = 0",
    source="linear algebra at every x: a column of r outside the range of Φ leaves no solution;"
    " else"
    " 𝓚x + z(x) solves for every measurable z(x) in the kernel of Φ, of linear growth say, so that"
    " costs are finite; before the first singular stage the induction of a regular Φ_t",
    premises=(
        "where V_{t+1} is quadratic, policies are optimal answers to each other at t if and only if"
        " they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x",
        "V_T(x) = x'Q_T x",
        "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
        "Φ(𝓚 + Z) + r = ΦZ where Φ𝓚 + r = 0",
    ),
    conclusion="the game from every stage on has exactly one such NE ⇔ det Φ_t ≠ 0 for all t; at"
    " the"
    " first singular stage, backwards, it has none or a continuum",
)
SYLVESTER = Rule(
    name="Sylvester's determinant identity",
    statement=r"\det(D + CB) = \det D \cdot \det(I_m + B D^{-1} C)",
    source="Sylvester 1851; D = diag(R̃ⁱ), C the stack of Bⁱ'Pⁱ, B = [B¹ … Bᴺ]; R̃ = (τ/2)I + R ≻"
    " 0 is"
    " invertible",
    premises=("block row i of Φ_t 𝓚 is R̃ⁱKⁱ + Bⁱ'Pⁱ Σ_j BʲKʲ", "R ≻ 0", "τ > 0"),
    conclusion="det Φ_t = Π det R̃ⁱ · det(I_m + Σ Bⁱ(R̃ⁱ)⁻¹Bⁱ'Pⁱ), R̃ = (τ/2)I + R",
)
SCALAR_DETERMINANT = Rule(
    name="a determinant of size one",
    statement=r"m = 1 \ \Rightarrow\ \det(1 + \sum_i P^i b^i (\tilde{R}^i)^{-1} (b^i)^\top) \geq 1",
    source="for m = 1 Pⁱ is a number ≥ 0 and each term Pⁱ|L⁻¹bⁱ'|² is ≥ 0; det R̃ⁱ > 0",
    premises=(
        "det Φ_t = Π det R̃ⁱ · det(I_m + Σ Bⁱ(R̃ⁱ)⁻¹Bⁱ'Pⁱ), R̃ = (τ/2)I + R",
        "for R̃ = LL' a row b has bR̃⁻¹b' = |L⁻¹b'|²",
        "P ⪰ 0 at every t",
        "R ≻ 0",
        "τ > 0",
        "m = 1",
    ),
    conclusion="det Φ_t > 0 at every t, for every N and p_i",
)
PROPORTIONAL_DETERMINANT = Rule(
    name="a determinant of proportional costs",
    statement=r"P = LL^\top,\ M = \sum_i c_i B^i (\tilde{R}^i)^{-1} (B^i)^\top \succeq 0 "
    r"\ \Rightarrow"
    r"\ \det(I + MLL^\top) = \det(I + L^\top M L) \geq 1",
    source="Sylvester again; L'ML ⪰ 0 and det R̃ⁱ > 0",
    premises=(
        "det Φ_t = Π det R̃ⁱ · det(I_m + Σ Bⁱ(R̃ⁱ)⁻¹Bⁱ'Pⁱ), R̃ = (τ/2)I + R",
        "R ≻ 0",
        "τ > 0",
    ),
    conclusion="Pⁱ_{t+1} = c_iP with c_i ≥ 0, P ⪰ 0 ⇒ det Φ_t > 0",
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
    name="the least of what is monotone",
    statement=r"\mathcal{R}(P) \preceq c(K', P) \preceq c(K', P') = \mathcal{R}(P')",
    source="K' is best at P', where W(P') ⪰ W(P) ≻ 0 too",
    premises=(
        "the cost of K is Ric(P) + (K − K*)'W(K − K*)",
        "P ⪯ P' ⇒ the cost of a fixed policy at P is ⪯ that at P'",
        "W ≻ 0 at P",
    ),
    conclusion="P ⪯ P' ⇒ Ric(P) ⪯ Ric(P')",
)

# -- policies that remember -----------------------------------------------------------------------

CONDITIONAL_ANSWERS = Rule(
    name="answers to what is known",
    statement=r"W M^i + (B^i)^\top P^i (A x + \sum_{j \neq i} B^j\, \mathbb{E}[M^j \mid I^i]) = 0",
    source="Lemma III.2 given Iⁱ: agents draw apart, so the others' controls enter the linear term"
    " alone, by their conditional means; the feedback NE solves the same equation; subtract",
    premises=(
        "W Mⁱ + ½b less the same at the feedback NE is W Dⁱ + Σ_{j≠i} B'PBʲ Dʲ",
        "the priors are N(0, I)",
        "given x_t the agents draw their controls independently of each other and of the noise",
        "every policy is a best answer at every stage to all that its agent knows",
        "all controls have finite second moments",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
    ),
    conclusion="where V_{t+1} is the feedback NE's, Dⁱ = −W⁻¹Σ_{j≠i} B'PBʲ E[Dʲ | Iⁱ] for the"
    " difference D of the means from the feedback NE's",
)
CONTRACTED_TO_ZERO = Rule(
    name="contracted to zero",
    statement=r"d \leq c d,\ c < 1,\ 0 \leq d < \infty \ \Rightarrow\ d = 0",
    source="E[· | Iⁱ] is an orthogonal projection in L²; summed over agents Σ‖Dⁱ‖ ≤ c Σ‖Dⁱ‖ with c"
    " = (2/τ)γ_B²γ_{P,t}(N−1)",
    premises=(
        "where V_{t+1} is the feedback NE's, Dⁱ = −W⁻¹Σ_{j≠i} B'PBʲ E[Dʲ | Iⁱ] for the difference D"
        " of the means from the feedback NE's",
        "‖W⁻¹Σ_{j≠i} B'PBʲ E[Dʲ | Iⁱ]‖ ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Dʲ‖ in L²",
        "(2/τ)γ_B²γ_{P,t}(N−1) < 1 at every t, with γ_{P,t} of the feedback NE",
        "all controls have finite second moments",
    ),
    conclusion="where V_{t+1} is the feedback NE's, the policies at t are the feedback NE's",
)
ONE_STAGE_EARLIER = Rule(
    name="one stage earlier",
    statement=r"V_T = x^\top Q_T x;\ V_{t+1} = V^*_{t+1} \Rightarrow \pi_t = \pi^*_t \Rightarrow"
    r" V_t ="
    r" V^*_t",
    source="induction backwards from T, where V_T is the same for all policies",
    premises=("where V_{t+1} is the feedback NE's, the policies at t are the feedback NE's",),
    conclusion="the feedback NE is the only NE among policies that remember",
)

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
    conclusion="J_t(x) = x'P_t x + q_t for t = T, …, 0, of every linear Gaussian joint policy",
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
    conclusion="|J̃ − J| = O(δ)",
)
CONSTANT_OF_A_QUADRATIC = Rule(
    name="the constant of a quadratic",
    statement=r"|x^\top E x + e| = O(\delta) \ \forall x \ \Rightarrow\ |e| = O(\delta)",
    source="x = 0",
    premises=("|J̃ − J| = O(δ)",),
    conclusion="|q̃ − q| = O(δ)",
)
MATRIX_OF_A_QUADRATIC = Rule(
    name="the matrix of a quadratic",
    statement=r"|x^\top E x + e| = O(\delta) \ \forall x,\ |e| = O(\delta) \ \Rightarrow\ \|E\|_F ="
    r" O(\delta)",
    source="x = e_k and e_k + e_l (polarisation)",
    premises=("|J̃ − J| = O(δ)", "|q̃ − q| = O(δ)"),
    conclusion="‖P̃ − P‖_F = O(δ)",
)
NASH_INEQUALITY = Rule(
    name="the inequality of a NE",
    statement=r"\tilde{S} \text{ a NE at } \tilde{\tau} \ \Rightarrow\ \tilde{J}^i(S^i,"
    r" \tilde{S}^{-i}) \geq"
    r" \tilde{J}^i(\tilde{S})",
    source="Definition II.1 in the augmented game",
    premises=("S̃ is a NE of the game at τ̃ = τ + δ",),
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
    source="the best response BRⁱ at τ is linear Gaussian, and its cost is the least",
    premises=("J(S̃) − J(Sⁱ, S̃⁻ⁱ) ≤ δ(KL_i(Sⁱ) − KL_i(S̃ⁱ)) for every linear Gaussian Sⁱ",),
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
        "Φ_t at τ̃ and P is Φ_t at τ and P plus (δ/2)I",
        "det Φ_t ≠ 0 at every t",
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

# -- Algorithm 1 and its maps ----------------------------------------------------------------------

PASSES_IN_TURN = Rule(
    name="passes in turn",
    statement=r"\text{lines 2–7} \ \Rightarrow\ S_t = \Psi_t^{L}(S_t^0 \mid S_{[t+1:T-1]})",
    source="when time t is worked on, the policies of later times have their last values",
    premises=(
        "every pass at time t comes after every pass at a later time",
        "Ψ_tⁱ takes the others' gains of time t and, of later times, P_{t+1}ⁱ alone",
        "P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F",
        "P_T = Q_T",
    ),
    conclusion="at every t Algorithm 1 gives Ψ_t applied L times to its start, at the P_{t+1} of"
    " the later policies that it gives",
)
NOTHING_LATER = Rule(
    name="nothing later",
    statement=r"S_{[T:T-1]} = \emptyset",
    source="the answer at t = T − 1 takes P_T, which is a datum",
    premises=(
        "Ψ_tⁱ takes the others' gains of time t and, of later times, P_{t+1}ⁱ alone",
        "P_T = Q_T",
    ),
    conclusion="S_[s:t] being empty for s > t, Ψ_{T−1} takes P_T = Q_T and no later policy",
)
INTO_THE_CLASS = Rule(
    name="into the class",
    statement=r"W \succeq \tfrac{\tau}{2} I,\ \tau > 0 \ \Rightarrow\ \tfrac{\tau}{2} W^{-1} \succ"
    r" 0",
    source="the inverse of a symmetric positive definite matrix is one; 𝒮_tⁱ has the gains of this"
    " shape with the symmetric Σ ≻ 0",
    premises=(
        "W ⪰ (τ/2)I",
        "τ > 0",
        "Σⁱ* = (τ/2)W⁻¹, and W' = W",
        "Kⁱ* has a row for each control of agent i and a column for each state",
    ),
    conclusion="Ψ_tⁱ(S_t | S_[t+1:T−1]) is in 𝒮_tⁱ",
)
AGENT_BY_AGENT = Rule(
    name="agent by agent",
    statement=r"\Psi_t^i(S_t) \in \mathcal{S}_t^i \ \forall i \ \Rightarrow\ \Psi_t(S_t) \in"
    r" \mathcal{S}_t",
    source="𝒮_t is the product of the 𝒮_tⁱ",
    premises=("Ψ_tⁱ(S_t | S_[t+1:T−1]) is in 𝒮_tⁱ",),
    conclusion="Ψ_t(S_t | S_[t+1:T−1]) is in 𝒮_t",
)
SUM_OF_NORMS = Rule(
    name="sum of norms",
    statement=r"d(S, S') = \sum_i \|K^i - K'^i\|_F + \|\Sigma^i - \Sigma'^i\|_F"
    r" \text{ is a metric}",
    source="‖X‖_F² is the sum of the squares of X's entries, so each term is symmetric and 0 at"
    " equal matrices alone; with the triangle inequality each is a metric, and so is their sum",
    premises=("‖X + Y‖_F ≤ ‖X‖_F + ‖Y‖_F, of gains and of covariances",),
    conclusion="Σ_i (‖Kⁱ − K'ⁱ‖_F + ‖Σⁱ − Σ'ⁱ‖_F) is a metric on 𝒮_t",
)
FIXED_POINTS = Rule(
    name="fixed points",
    statement=r"S_t = \Psi_t(S_t \mid S_{[t+1:T-1]}) \ \forall t \ \Rightarrow"
    r" \text{ (4) and (6) hold}",
    source="induction from P_T = Q_T backwards: both recursions give the same P_t",
    premises=(
        "S_t = Ψ_t(S_t | S_[t+1:T−1]) at every t",
        "Ψ_tⁱ at any P_{t+1} has the gain and covariance of (6) at that P_{t+1}",
        "where Kⁱ is its own answer, the Lyapunov equation gives the P_t of (4)",
        "P_T = Q_T",
    ),
    conclusion="the agents play linear Gaussian feedback policies whose gains and covariances solve"
    " (6)",
)

# -- Lemma IV.1 -----------------------------------------------------------------------------------

SIGN_FORGOTTEN = Rule(
    name="a sign in a norm",
    statement=r"X = -Y,\ \Sigma = \Sigma' \ \Rightarrow\ \|X\|_F + \|\Sigma - \Sigma'\|_F ="
    r" \|Y\|_F",
    source="‖−Y‖_F = ‖Y‖_F and ‖0‖_F = 0, summed over the agents",
    premises=(
        "Kⁱ* − K'ⁱ* = −W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)",
        "no policy of time t occurs in the covariance of an answer",
    ),
    conclusion="‖Ψ_t(S) − Ψ_t(S')‖_□ = Σ_i ‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F",
)
ADDED_OVER_AGENTS = Rule(
    name="added over agents",
    statement=r"a_i \leq c \sum_{j \neq i} d_j \ \forall i \ \Rightarrow\ \sum_i a_i \leq c\,(N-1)"
    r" \sum_j d_j",
    source="the N inequalities added, and the double sum counted",
    premises=(
        "‖Ψ_t(S) − Ψ_t(S')‖_□ = Σ_i ‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F",
        "‖W⁻¹B'P Σ_{j≠i} Bʲ(Kʲ − K'ʲ)‖_F ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Kʲ − K'ʲ‖_F",
        "Σ_i Σ_{j≠i} dʲ = (N−1) Σ_j dʲ",
    ),
    conclusion="‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) Σ_j ‖Kʲ − K'ʲ‖_F",
)
IN_THE_METRIC = Rule(
    name="in the metric",
    statement=r"\sum_j d_j \leq \sum_j (d_j + e_j) = \|S - S'\|_\square",
    source="the distances of the covariances are not negative, nor is the constant",
    premises=(
        "‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) Σ_j ‖Kʲ − K'ʲ‖_F",
        "the constant times Σ_j (dʲ + eʲ) is the constant times ‖S − S'‖_□",
    ),
    conclusion="‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) ‖S − S'‖_□",
)
BELOW_ONE = Rule(
    name="below one",
    statement=r"c \tau = b,\ 0 \leq b < \tau \ \Rightarrow\ c < 1",
    source="divide by τ, which is positive as the bound is not negative",
    premises=(
        "(2/τ)γ_B²γ_{P,t}(N−1) τ = 2γ_B²γ_{P,t}(N−1)",
        "τ > 2γ_B²γ_{P,t}(N−1)",
    ),
    conclusion="(2/τ)γ_B²γ_{P,t}(N−1) < 1",
)
CONTRACTS = Rule(
    name="contracts",
    statement=r"d(\Psi(S), \Psi(S')) \leq c\, d(S, S'),\ c < 1",
    source="the definition of a contraction",
    premises=(
        "‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) ‖S − S'‖_□",
        "(2/τ)γ_B²γ_{P,t}(N−1) < 1",
    ),
    conclusion="Ψ_t(· | S_[t+1:T−1]) is a contraction in ‖·‖_□",
)

# -- Theorem IV.2 ---------------------------------------------------------------------------------

ANSWERS_AT_ANOTHER_COST = Rule(
    name="answers at another cost-to-go",
    statement=r"\|\Psi(S_l) - S^*\| \leq \|\Psi(S_l) - \Psi(S^*)\| + \|\Psi(S^*) - S^*\|",
    source="triangle inequality for each agent's gain, added over the agents",
    premises=(
        "at every t Algorithm 1 gives Ψ_t applied L times to its start, at the P_{t+1} of the later"
        " policies that it gives",
        "‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) Σ_j ‖Kʲ − K'ʲ‖_F",
        "the gain of Ψ_tⁱ(S_t*) is Kⁱ* − W⁻¹B'(P_{t+1} − P*_{t+1})F*",
        "‖W⁻¹B'(P_{t+1} − P*_{t+1})F*‖_F ≤ (2/τ)γ_B‖P_{t+1} − P*_{t+1}‖_F‖F*‖_F",
    ),
    conclusion="in the inner loop e_l = Σ_i ‖K_lⁱ − Kⁱ*‖_F has e_{l+1} ≤ (2/τ)γ_B²γ_{P,t}(N−1) e_l"
    " + b, where b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
)
ITERATED_BOUND = Rule(
    name="iterated bound",
    statement=r"e_{l+1} \leq \kappa e_l + b,\ 0 < \kappa < 1 \ \Rightarrow\ e_L \leq \kappa^L e_0 +"
    r" b/(1 - \kappa)",
    source="e_l ≤ a_l by induction, as κ ≥ 0; and 1 − κˡ ≤ 1",
    premises=(
        "in the inner loop e_l = Σ_i ‖K_lⁱ − Kⁱ*‖_F has e_{l+1} ≤ (2/τ)γ_B²γ_{P,t}(N−1) e_l + b,"
        " where b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
        "a_l = κˡe_0 + b(1 − κˡ)/(1 − κ) has a_0 = e_0 and a_{l+1} = κa_l + b",
    ),
    conclusion="where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ)",
)
COST_OF_NEARBY_GAINS = Rule(
    name="cost of nearby gains",
    statement=r"\|P_t - P_t^*\|_F \leq 2rkd + rd^2 + f^2 e + 2f\pi g + \pi g^2,\ g \leq \gamma_B"
    r" \sum_j d_j \ \Rightarrow\ \|P_t - P_t^*\|_F \leq C (e_L + e)",
    source="d ≤ e_L and g ≤ γ_B e_L; π ≤ ‖P*‖_F + 1 where e ≤ 1; e_L² ≤ e_L where e_L ≤ 1",
    premises=(
        "P_t − P_t* is D'R̃K* + K*'R̃D + D'R̃D + F*'EF* + F*'PG + G'PF* + G'PG, with D = K − K*,"
        " E = P_{t+1} − P*_{t+1}, G = Σ_j BʲDʲ, R̃ = (τ/2)I + R",
        "the norm of that sum is at most 2rkd + rd² + f²e + 2fπg + πg², in the norms of R̃, K*, D,"
        " F*, E, P_{t+1}, G",
        "g ≤ γ_B Σ_j ‖Dʲ‖_F",
    ),
    conclusion="where e_L ≤ 1 and ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ 1 for all i: ‖P_tⁱ − P_tⁱ*‖_F ≤ C(e_L"
    " + ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F), with C of the game alone",
)
SLACK = Rule(
    name="slack of a strict inequality",
    statement=r"c\,\gamma < \tau \ \Rightarrow\ \exists\, \eta > 0,\ \kappa \in (0, 1):\ c\,(\gamma"
    r" + \eta) \leq \kappa \tau",
    source="both sides are continuous in η; for N = 1 every κ serves",
    premises=(
        "τ > 2γ_B²γ_P*(N−1), with γ_P* of the P that the recursion gives from T backwards",
        "(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)",
    ),
    conclusion="there are η > 0 and κ in (0, 1) with (2/τ)γ_B²(γ_P* + η)(N−1) ≤ κ",
)
BACKWARDS_IN_TIME = Rule(
    name="backwards in time",
    statement=r"\|P_{t+1} - P_{t+1}^*\|_F \leq C \kappa^L \ \Rightarrow\ \|K_t - K_t^*\|_F,"
    r" \|P_t - P_t^*\|_F \leq C' \kappa^L",
    source="induction from P_T = P_T* = Q_T, T times: for large L the bound Cκ^L at t + 1 is below"
    " η and 1, so γ_{P,t} ≤ γ_P* + η and e_L ≤ κ^L e_0 + b/(1 − κ) with b ≤ C''κ^L, and that is"
    " below 1 for large L again; e_0 is a number, as the start does not depend on L",
    premises=(
        "there are η > 0 and κ in (0, 1) with (2/τ)γ_B²(γ_P* + η)(N−1) ≤ κ",
        "‖P_{t+1}ⁱ‖_F ≤ ‖P*_{t+1}ⁱ‖_F + ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
        "where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ)",
        "where e_L ≤ 1 and ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ 1 for all i: ‖P_tⁱ − P_tⁱ*‖_F ≤ C(e_L +"
        " ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F), with C of the game alone",
        "P_T = Q_T",
    ),
    conclusion="there are κ < 1, C and L₀ of the game alone with ‖K_tⁱ − K_tⁱ*‖_F ≤ Cκ^L and"
    " ‖P_tⁱ − P_tⁱ*‖_F ≤ Cκ^L at every t, for every i and every L ≥ L₀",
)
COVARIANCES_FOLLOW = Rule(
    name="covariances follow",
    statement=r"X = -Y,\ \|Y\| \leq c \ \Rightarrow\ \|X\| \leq c",
    source="‖−Y‖_F = ‖Y‖_F",
    premises=(
        "Σ_tⁱ − Σ_tⁱ* = −(τ/2)W⁻¹B'(P_{t+1} − P*_{t+1})BW*⁻¹",
        "‖(τ/2)W⁻¹B'(P_{t+1} − P*_{t+1})BW*⁻¹‖_F ≤ (2/τ)γ_B²‖P_{t+1} − P*_{t+1}‖_F",
    ),
    conclusion="‖Σ_tⁱ − Σ_tⁱ*‖_F ≤ (2/τ)γ_B²‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
)
ALL_STAGES = Rule(
    name="all stages",
    statement=r"\sum_t \sum_i \|K_t^i - K_t^{i*}\|_F + \|\Sigma_t^i - \Sigma_t^{i*}\|_F \leq C"
    r" \kappa^L",
    source="the distances of the gains and of the covariances added, 2NT of them; for the finitely"
    " many L < L₀ the sum is a number, so a larger C serves",
    premises=(
        "there are κ < 1, C and L₀ of the game alone with ‖K_tⁱ − K_tⁱ*‖_F ≤ Cκ^L and"
        " ‖P_tⁱ − P_tⁱ*‖_F ≤ Cκ^L at every t, for every i and every L ≥ L₀",
        "‖Σ_tⁱ − Σ_tⁱ*‖_F ≤ (2/τ)γ_B²‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
    ),
    conclusion="Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for every L ≥ 1, with κ < 1 and C of the game alone",
)
PLAYED = Rule(
    name="the solution, played",
    statement=r"\exists!\, (P, q, K, \Sigma) \text{ with (4)–(6)} \ \Rightarrow\ S^* := (K,"
    r" \Sigma)",
    source="the joint policy that is spoken of is S*, with these gains and covariances",
    premises=("the equations (4)–(6) have exactly one solution P, q, K, Σ",),
    conclusion="the agents play linear Gaussian feedback policies whose gains and covariances solve"
    " (6)",
)
ENOUGH_PASSES = Rule(
    name="enough passes",
    statement=r"L \geq \log(1/\epsilon) / \log(1/\kappa) \ \Rightarrow\ \kappa^L \leq \epsilon",
    source="κ < 1, so κ^L falls in L",
    premises=(
        "Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for every L ≥ 1, with κ < 1 and C of the game alone",
        "κ^L = ε at L = log(1/ε)/log(1/κ)",
    ),
    conclusion="Σ_t ‖S_t − S_t*‖_□ ≤ Cε for every ε > 0 and every L ≥ 1 with L ≥ log(1/ε)/log(1/κ),"
    " where κ < 1 and C are of the game alone",
)
SLIGHTLY_STRONGER = Rule(
    name="slightly stronger",
    statement=r"\tau > a + b,\ b \geq 0 \ \Rightarrow\ \tau > a",
    source="2γ_B²cε(N−1) ≥ 0",
    premises=(
        "τ > 2γ_B²(γ_P* + cε)(N−1) with ε > 0",
        "c ≥ 0",
        "the two bounds differ by 2γ_B²cε(N−1)",
    ),
    conclusion="τ > 2γ_B²γ_P*(N−1), with γ_P* of the P that the recursion gives from T backwards",
)
WITHIN_THE_SLACK = Rule(
    name="within the slack",
    statement=r"\tau > 2\gamma_B^2 (\gamma_P^* + c\epsilon)(N-1),\ \gamma_{P,t} \leq \gamma_P^* +"
    r" c\epsilon \ \Rightarrow\ \tau > 2\gamma_B^2 \gamma_{P,t} (N-1)",
    source="γ_{P,t} is the largest ‖P_{t+1}ⁱ‖_F, and γ_P* is at least every ‖P*_{t+1}ⁱ‖_F",
    premises=(
        "τ > 2γ_B²(γ_P* + cε)(N−1) with ε > 0",
        "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ cε for all i",
        "‖P_{t+1}ⁱ‖_F ≤ ‖P*_{t+1}ⁱ‖_F + ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
    ),
    conclusion="τ > 2γ_B²γ_{P,t}(N−1)",
)
ONE_STAGE = Rule(
    name="one stage",
    statement=r"\|P_{t+1} - P_{t+1}^*\|_F = O(\epsilon),\ \kappa^L \leq \epsilon \ \Rightarrow"
    r"\ \|P_t - P_t^*\|_F = O(\epsilon)",
    source="b ≤ C'ε, so e_L ≤ εe_0 + C'ε/(1 − κ), which is below 1 for small ε",
    premises=(
        "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ C₁ε for all i",
        "(2/τ)γ_B²γ_{P,t}(N−1) ≤ κ for all small ε, with one κ < 1",
        "κ^L ≤ ε",
        "where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ)",
        "where e_L ≤ 1 and ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ 1 for all i: ‖P_tⁱ − P_tⁱ*‖_F ≤ C(e_L +"
        " ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F), with C of the game alone",
    ),
    conclusion="‖P_tⁱ − P_tⁱ*‖_F ≤ C₂ε for all small ε, with C₂ of the game, κ and C₁ alone",
)

# -- the plain game (20) --------------------------------------------------------------------------

SQUARES_SUMMED = Rule(
    name="squares summed",
    statement=r"\mathbb{E}[c_t + V_{t+1}] = V_t + \|u - K x\|_W^2 \ \forall u,\ V_T(x) = x^\top Q_T"
    r" x \ \Rightarrow\ J_t(\pi) - V_t = \sum_{s \geq t} \mathbb{E} \|u_s - K_s x_s\|_{W_s}^2",
    source="average over the own control, which is independent of the noise given the history; sum"
    " over s = t, …, T−1 (tower property)",
    premises=(
        "at every x and u, the expected stage cost of (20) with V_{t+1} is V_t(x) + (u −"
        " Kⁱ*x)'W(u − Kⁱ*x), V_t(x) = x'P_t x + q_t with (4)",
        "V_T(x) = x'Q_T x",
        "given x_t the agents draw their controls independently of each other and of the noise",
    ),
    conclusion="in (20), J_t(π) − V_t(x_t) = Σ_{s≥t} E (u_s − K_sⁱ*x_s)'W_s(u_s − K_sⁱ*x_s) for"
    " every policy of agent i that is adapted, random or not, with memory or without",
)
SQUARES_VANISH = Rule(
    name="squares vanish",
    statement=r"W \succ 0 \ \Rightarrow\ \mathbb{E} \|u - K x\|_W^2 \geq 0, \text{ and } = 0 \iff u"
    r" = K x \text{ almost surely}",
    source="W is positive definite; Definition II.1 from every x_t",
    premises=(
        "in (20), J_t(π) − V_t(x_t) = Σ_{s≥t} E (u_s − K_sⁱ*x_s)'W_s(u_s − K_sⁱ*x_s) for every"
        " policy of agent i that is adapted, random or not, with memory or without",
        "W ⪰ (τ/2)I",
        "τ > 0",
    ),
    conclusion="in (20), the policies uⁱ = Kⁱ*x are a NE over all adapted policies, from every x_t,"
    " and each of them is the only best answer to the others",
)

# -- the inner loop as a linear iteration ---------------------------------------------------------

ONE_FIXED_POINT = Rule(
    name="one fixed point",
    statement=r"\Phi_t \mathcal{K} + r_t = D_t (\mathcal{K} - \Psi_t(\mathcal{K})),\ \det \Phi_t"
    r" \neq 0 \ \Rightarrow\ \exists!\, \mathcal{K}^* = \Psi_t(\mathcal{K}^*)",
    source="D_t is invertible, so fixed points are the solutions of Φ_t 𝓚 = −r_t",
    premises=(
        "det Φ_t ≠ 0, at the P_{t+1} of the later policies",
        "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − answer)",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
    ),
    conclusion="Ψ_t has exactly one fixed point 𝓚*",
)
POWERS = Rule(
    name="powers",
    statement=r"e_{l+1} = J e_l \ \Rightarrow\ e_l = J^l e_0",
    source="induction",
    premises=(
        "Ψ_t has exactly one fixed point 𝓚*",
        "Ψ_t(𝓚)ⁱ − Ψ_t(𝓚')ⁱ is block row i of (I − D_t⁻¹Φ_t)(𝓚 − 𝓚')",
    ),
    conclusion="in the inner loop 𝓚_l − 𝓚* = J_tˡ(𝓚_0 − 𝓚*), with J_t = I − D_t⁻¹Φ_t",
)
SPECTRAL_RADIUS = Rule(
    name="spectral radius",
    statement=r"J^l \to 0 \iff \rho(J) < 1",
    source="Jordan's form; if ρ(J) ≥ 1 the real or the imaginary part of an eigenvector is a start"
    " from which Jˡe_0 does not go to 0, and a limit of the loop would be its fixed point",
    premises=("in the inner loop 𝓚_l − 𝓚* = J_tˡ(𝓚_0 − 𝓚*), with J_t = I − D_t⁻¹Φ_t",),
    conclusion="the inner loop converges from every start if and only if ρ(J_t) < 1",
)
RADIUS_BELOW_NORM = Rule(
    name="radius below a norm",
    statement=r"\|J e\| \leq c \|e\| \ \forall e,\ c < 1 \ \Rightarrow\ \rho(J) < 1",
    source="Σ_i ‖eⁱ‖_F is a norm of e in which J_tˡe is at most cˡ times e, so J_tˡ → 0; by"
    " Jordan's form ρ(J_t) < 1",
    premises=(
        "‖Ψ_t(S) − Ψ_t(S')‖_□ ≤ (2/τ)γ_B²γ_{P,t}(N−1) Σ_j ‖Kʲ − K'ʲ‖_F",
        "Ψ_t(𝓚)ⁱ − Ψ_t(𝓚')ⁱ is block row i of (I − D_t⁻¹Φ_t)(𝓚 − 𝓚')",
        "(2/τ)γ_B²γ_{P,t}(N−1) < 1",
    ),
    conclusion="ρ(J_t) < 1",
)
POWERS_TO_A_PROJECTION = Rule(
    name="powers to a projection",
    statement=r"J \Pi = \Pi J = \Pi^2 = \Pi,\ \|(J - \Pi)^k\| < 1 \ \Rightarrow\ J^l \to \Pi",
    source="(J − Π)ˡ = Jˡ − Π, and ρ(J − Π) < 1",
    premises=("JΠ = ΠJ = Π and Π² = Π", "a power of J − Π has a Frobenius norm below 1"),
    conclusion="Jˡ → Π",
)

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
    source="Φ𝓚 = 0 is the case A = 0, where each Kⁱ answers the others: Σκ ≤ (Σh)Σκ forces BʲKʲ = 0"
    " for all j, and then W Kⁱ = −B'PΣ_{j≠i} BʲKʲ = 0, so 𝓚 = 0",
    premises=(
        "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ answers the others, with gⁱ ="
        " ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
        "gⁱ(a + s − κⁱ) ≥ κⁱ ⇔ κⁱ ≤ hⁱ(a + s), with h = g/(1 + g)",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
    ),
    conclusion="Φ_t is regular, at every such t",
)
COUPLED_LOOP = Rule(
    name="a coupled loop",
    statement=r"y_{l+1}^i \leq g^i \sum_{j \neq i} y_l^j,\ g^i (V - v^i) < v^i \ \Rightarrow"
    r"\ \max_i y_l^i / v^i \to 0",
    source="yⁱ = ‖Bⁱeⁱ‖₂; with vⁱ = hⁱ + ε and V = Σv ≤ 1 the maximum of yⁱ/vⁱ falls by a factor"
    " below"
    " 1 at every step; eⁱ = −W⁻¹B'PΣ_{j≠i} Bʲeʲ then goes to 0 from every start, so ρ(J_t) < 1",
    premises=(
        "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ answers the others, with gⁱ ="
        " ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
        "Ψ(𝓚)ⁱ − Ψ(𝓚*)ⁱ is block row i of (I − D⁻¹Φ)(𝓚 − 𝓚*)",
        "vⁱ > hⁱV ⇔ gⁱ(V − vⁱ) < vⁱ",
        "Φ_t is regular, at every such t",
        "Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
    ),
    conclusion="ρ(J_t) < 1, at every such t",
)
SPECTRAL_BELOW_FROBENIUS = Rule(
    name="spectral below Frobenius",
    statement=r"(N - 1) g^i < 1 \ \forall i \ \Rightarrow\ \sum_i h^i < 1",
    source="‖Bⁱ‖₂ ≤ ‖Bⁱ‖_F ≤ γ_B and ‖Pⁱ‖₂ ≤ ‖Pⁱ‖_F ≤ γ_{P,t}; N terms below 1/N; λ_min(R) > 0",
    premises=(
        "gⁱ < (2/τ)γ_B²γ_{P,t}, and gⁱ < 1/(N−1) ⇔ hⁱ < 1/N",
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
    source="C'WC ⪰ 0; ‖Ā‖₂ ≤ ‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂, with κʲ = ‖BʲKʲ‖₂ and a = ‖A‖₂; induction from"
    " π_T = ‖Q_T‖, the couplings g growing with π",
    premises=(
        "Q + Ā'P_{t+1}Ā − P_t = C'WC",
        "W ⪰ (τ/2)I",
        "τ > 0",
        "‖BⁱKⁱ‖₂ ≤ gⁱ(‖A‖₂ + Σ_{j≠i} ‖BʲKʲ‖₂) where Kⁱ answers the others, with gⁱ ="
        " ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))",
        "gⁱ(a + s − κⁱ) ≥ κⁱ ⇔ κⁱ ≤ hⁱ(a + s), with h = g/(1 + g)",
        "from κⁱ ≤ hⁱ(a + Σκ) for all i follows a + Σ_{j≠i} κʲ ≤ a/(1 − (1+gⁱ)Σ_{j≠i} hʲ)",
    ),
    conclusion="where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
)
FALLS_BACKWARDS = Rule(
    name="falls backwards",
    statement=r"\pi_T \text{ constant},\ \pi_t = \|Q\| + b(g(\pi_{t+1}, \tau))^2 \pi_{t+1} "
    r"\ \Rightarrow"
    r"\ \pi_t \text{ falls in } \tau",
    source="induction backwards: π_{t+1} falls in τ, so do g, h, Σh, the bound of ‖Ā‖₂, and π_t",
    premises=("the bounds grow with each g, each g grows with π and falls with τ",),
    conclusion="τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
)
BOUNDED_COUPLINGS = Rule(
    name="couplings of the bounds",
    statement=r"\|P\| \leq \pi \ \Rightarrow\ g(\|P\|) \leq g(\pi),\ h(\|P\|) \leq h(\pi)",
    source="g grows with ‖P‖, and h with g",
    premises=(
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "Σ_i h_tⁱ < 1 at every t, with π_tⁱ of the data for ‖P_tⁱ*‖ in g",
    ),
    conclusion="Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t",
)
REGULAR_AT_EVERY = Rule(
    name="regular at every t",
    statement=r"\Phi_t \text{ regular} \iff \det \Phi_t \neq 0",
    source="the definition, for t = T−1, …, 0",
    premises=("Φ_t is regular, at every such t", "Σ_i g_tⁱ/(1 + g_tⁱ) < 1 at every t"),
    conclusion="det Φ_t ≠ 0 at every t",
)
ABOVE_FOR_GOOD = Rule(
    name="above for good",
    statement=r"\tau > 2\gamma_B^2 \hat\gamma_P(\tau)(N-1) \ \Rightarrow\ \tau' > 2\gamma_B^2"
    r" \hat\gamma_P(\tau')(N-1) \geq 2\gamma_B^2 \gamma_P^*(\tau')(N-1)\ \forall \tau' \geq \tau",
    source="γ̂_P = max π_tⁱ falls in τ and bounds γ_P*",
    premises=(
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
        "Σ_i h_tⁱ < 1 at every t and τ > 2γ_B²γ̂_P(N−1), with γ̂_P of the data alone",
    ),
    conclusion="Assumption III.3 holds at τ and at every larger one",
)

# -- limits ---------------------------------------------------------------------------------------

BOUNDED_FOR_LARGE_TAU = Rule(
    name="bounded for large τ",
    statement=r"\pi_t(\tau) \text{ falls in } \tau \ \Rightarrow\ \|P_t\|, \|\bar{A}\| \text{"
    r" bounded for large }"
    r"\tau",
    source="each gⁱ falls to 0 as τ grows, so that Σ_i h_tⁱ < 1 from some τ on (the bounds of the"
    " data)",
    premises=(
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
    ),
    conclusion="from some τ on there is one NE, and its P and Ā are bounded",
)
REMAINDERS_VANISH = Rule(
    name="remainders vanish",
    statement=r"X = W^{-1} Y,\ \|W^{-1}\|_2 \leq 2/\tau,\ Y \text{ bounded} \ \Rightarrow\ X ="
    r" O(1/\tau)",
    source="K = −W⁻¹B'PĀ and I − Σ = W⁻¹(R + B'PB)",
    premises=(
        "I − Σ, τK + 2B'PĀ, τ(I − Σ) − 2(R + B'PB) and P_t − Q − Ā'PĀ have a factor W⁻¹",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "from some τ on there is one NE, and its P and Ā are bounded",
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
        "from some τ on there is one NE, and its P and Ā are bounded",
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
        "J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every policy that is"
        " adapted, with memory or without",
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
        "K̃ less the plain game's answer is −W⁻¹((δ/2)K̃ + B'(P̃ − P⁰)F̃)",
        "det Φ_t ≠ 0 at every t at τ = 0",
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
GAUSSIAN_NEIGHBOURS = Rule(
    name="the augmented equilibrium is linear Gaussian",
    statement=r"\tilde{S} = \mathcal{N}(\tilde{K} x, \tilde{\Sigma})",
    source="(4)–(6) at τ̃ = τ + δ, for all large δ",
    premises=("K → 0 and Σ → I as τ → ∞",),
    conclusion="the other agents play linear Gaussian feedback policies",
)
CONTINUOUS_GAP = Rule(
    name="the gap is continuous",
    statement=r"(\tilde{K}, \tilde{\Sigma}) \to (0, I) \ \Rightarrow\ \epsilon_i(\tilde{S}) \to"
    r" \epsilon_i(\mu)",
    source="W, K_br and Σ_br of the best response at τ depend continuously on the others' gains"
    " (W ⪰ (τ/2)I), X_t on all gains and covariances, and the identity on these and Σ ≻ 0",
    premises=(
        "K → 0 and Σ → I as τ → ∞",
        "J(π) − min J = τ Σ_t E KL(πⁱ_t ‖ BRⁱ_t)",
        "τ E KL(πⁱ_t ‖ BRⁱ_t) = Tr(WΔK X_t ΔK') + (τ/2)(Tr(Σ_br⁻¹Σⁱ) − p_i − log det(Σ_br⁻¹Σⁱ))",
    ),
    conclusion="ε_i(δ) → J(μ) − min J(·, μ⁻ⁱ) as δ → ∞",
)

# -- the augmentation as a whole ------------------------------------------------------------------

SOME_DELTA = Rule(
    name="some δ is large enough",
    statement=r"\hat\gamma_P(\tau) \text{ falls in } \tau \ \Rightarrow\ \exists \delta:"
    r" \tilde\tau >"
    r" 2\gamma_B^2 \hat\gamma_P(\tilde\tau)(N-1) \geq 2\gamma_B^2 \tilde\gamma_P^*(N-1)",
    source="each gⁱ falls to 0 as τ̃ → ∞, so that Σh < 1 and a bound γ̂_P hold from some τ̃ on,"
    " and τ̃"
    " exceeds 2γ_B²γ̂_P(N−1) from some larger one on",
    premises=(
        "where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F",
        "τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)",
    ),
    conclusion="in every game some δ > 0 satisfies τ̃ > 2γ_B²γ̃_P*(N−1)",
)
EPSILON_NASH = Rule(
    name="an ε-NE",
    statement=r"\epsilon_i \leq \delta(\mathrm{KL}_i(BR^i) - \mathrm{KL}_i(\tilde{S}^i))",
    source="the definition of an ε-NE; Lemma III.4 at τ̃ makes the augmented NE unique",
    premises=(
        "in every game some δ > 0 satisfies τ̃ > 2γ_B²γ̃_P*(N−1)",
        "0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)) for every δ ≥ 0",
    ),
    conclusion="some δ > 0 makes the augmented NE unique, and it is an ε-NE with ε_i ≤"
    " δ(KL_i(BRⁱ) −"
    " KL_i(S̃ⁱ))",
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

# -- Lemma III.2 and Theorem III.1 -----------------------------------------------------------------

STRICT_CONVEXITY = Rule(
    name="integrals of strictly convex functions",
    statement=r"\partial^2 f / \partial v^2 > 0 \ \forall u \ \Rightarrow\ \pi \mapsto \int f(u,"
    r" \pi(u)) du \text{ strictly convex where finite}",
    source="f is strictly convex on v ≥ 0, as v log v → 0 for v → 0; two densities differ on a set"
    " of"
    " positive measure, where the inequality is strict",
    premises=("∂²/∂v² (u'Mu + b'u + τ log(v/w))v = τ/v", "τ > 0"),
    conclusion="F is strictly convex among the densities at which it is finite",
)
IDLE_CONSTRAINT = Rule(
    name="a constraint that the minimiser meets",
    statement=r"\arg\min_X F = \{\pi^*\},\ \pi^* \in Y \subset X \ \Rightarrow\ \arg\min_Y F ="
    r" \{\pi^*\}",
    source="a minimum over more is a minimum over less",
    premises=(
        "π* alone minimises F, among all probability distributions",
        "π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
        "π* > 0 at every u",
    ),
    conclusion="(8) and (7) have one minimiser each, the same π*",
)
ONE_MULTIPLIER = Rule(
    name="one zero of an affine function",
    statement=r"\log \pi = \log \pi^* + a + s\lambda,\ s \neq 0 \ \Rightarrow\ \int \pi = 1 \iff"
    r" \lambda = -a/s",
    source="∫π = exp(a + sλ) ∫π* = exp(a + sλ)",
    premises=(
        "the logarithm of (10) is log π* and a number that is affine in λ with the slope −1/τ",
        "π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
        "τ > 0",
    ),
    conclusion="(10) integrates to 1 for exactly one λ, and is π* there",
)
OWN_RECURSION = Rule(
    name="the recursion of a cost",
    statement=r"J_t(x) = \mathbb{E}_{\pi_t}[c_t + J_{t+1}(x_{t+1}) \mid x_t = x]",
    source="tower property: under feedback policies, with noise and draws that are independent"
    " given"
    " x_t, the law of what follows x_{t+1} depends on x_{t+1} alone",
    premises=(
        "the cost (3) from t is the cost of stage t and the cost from t + 1",
        "every policy is a feedback policy π_t(u | x_t), optimal from every x_t at every t",
        "given x_t the agents draw their controls independently of each other and of the noise",
    ),
    conclusion="J_t*(x) = E[stage cost + J_{t+1}*(x_{t+1})] under π_t*(· | x), at every x and t",
)
ONE_SHOT = Rule(
    name="one-shot deviation",
    statement=r"J_t^*(x) \leq \mathbb{E}_{\pi}[c_t + J_{t+1}^*(x_{t+1})] \ \forall \pi",
    source="π at t and x alone, and π* elsewhere, is a policy in Πⁱ; its cost from x is the right"
    " side,"
    " and is not below J_t*(x)",
    premises=(
        "J_t*(x) = E[stage cost + J_{t+1}*(x_{t+1})] under π_t*(· | x), at every x and t",
        "every policy is a feedback policy π_t(u | x_t), optimal from every x_t at every t",
    ),
    conclusion="J_t*(x) is the minimum over π of E[stage cost + J_{t+1}*(x_{t+1})] at every x and"
    " t,"
    " and π_t*(· | x) attains it",
)
VALUE_OF_EQUILIBRIUM = Rule(
    name="the value of the equilibrium",
    statement=r"V_T(x) = x^\top Q_T x;\ V_{t+1} \text{ quadratic},\ \pi_t \text{ linear Gaussian}"
    r" \Rightarrow"
    r" V_t(x) = x^\top P_t x + q_t",
    source="induction from T backwards",
    premises=(
        "there is exactly one such NE: the linear Gaussian one of (4)–(6)",
        "V_T(x) = x'Q_T x",
        "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
    ),
    conclusion="the Nash value is J_t*(x) = x'P_t x + q_t with (4) and (5)",
)
EXACTLY_ONE_IS_ALL = Rule(
    name="one and no other",
    statement=r"\exists! \pi \in N \ \Rightarrow\ \forall \pi' \in N : \pi' = \pi",
    source="what holds of the only one holds of every one",
    premises=("there is exactly one such NE: the linear Gaussian one of (4)–(6)",),
    conclusion="every such NE has linear Gaussian policies with (6)",
)
VALUE_OF_LINEAR_POLICIES = Rule(
    name="the value of linear policies",
    statement=r"J_t(x) = x^\top P_t x + q_t \ \forall \text{ linear Gaussian policies}",
    source="the policies of the equilibrium are such",
    premises=(
        "J_t(x) = x'P_t x + q_t for t = T, …, 0, of every linear Gaussian joint policy",
        "all agents play linear Gaussian feedback policies",
    ),
    conclusion="the Nash value is quadratic",
)
INVERSE_DEFINITE = Rule(
    name="the inverse of what is definite",
    statement=r"W = W^\top \succeq \tfrac{\tau}{2} I,\ \tau > 0 \ \Rightarrow\ 0 \prec"
    r" \tfrac{\tau}{2}"
    r" W^{-1} \preceq I",
    source="its eigenvalues are τ/(2w) with w ≥ τ/2 > 0",
    premises=("Σ of (6) is (τ/2)W⁻¹, which equals its transpose", "W ⪰ (τ/2)I", "τ > 0"),
    conclusion="Σ of (6) is symmetric, positive definite and ⪯ I",
)
RICCATI_COST = Rule(
    name="a Riccati matrix is a policy's cost",
    statement=r"P_t = Q_t + K^\top(\tfrac{\tau}{2} I + R)K + F^\top P_{t+1} F \text{ at } K \text{"
    r" of (6)}",
    source="from P_T = Q_T backwards (4) gives the cost matrices of the policy with the gains (6)",
    premises=(
        "at the gain of (6), (4) is Q + K'((τ/2)I + R)K + F'P_{t+1}F",
        "P ⪰ 0 at every t",
    ),
    conclusion="P_t* ⪰ 0 in (4), at every t",
)
PLAY_WHAT_SOLVES = Rule(
    name="play what solves",
    statement=r"\Phi_t \mathcal{K} = -r_t \Rightarrow K^i = -W^{-1} (B^i)^\top P^i A^{i*}"
    r" \ \forall i",
    source="from T backwards a solution of a stage gives P_t and the equations of the stage"
    " before; W is"
    " invertible, and Σ ≻ 0 is a covariance; let the agents play these",
    premises=(
        "the equations for the gains have a solution at every t",
        "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − answer)",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "Σ of (6) is symmetric, positive definite and ⪯ I",
    ),
    conclusion="the agents play linear Gaussian feedback policies whose gains and covariances"
    " solve (6)",
)
SOME_EQUILIBRIUM = Rule(
    name="there is one",
    statement=r"\pi \text{ is a NE} \ \Rightarrow\ \text{a NE exists}",
    source="the one just given",
    premises=(
        "the joint policy is a NE over all adapted policies, from every x_t",
        "the equations for the gains have a solution at every t",
    ),
    conclusion="a NE over all adapted policies exists, a linear Gaussian one with (4)–(6)",
)

RULES = {rule.name: rule for rule in list(globals().values()) if isinstance(rule, Rule)}
