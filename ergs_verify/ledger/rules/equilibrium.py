"""Rules of inference. Best responses, equilibria, and the equations of a stage."""

from __future__ import annotations

from ergs_verify.ledger.rules.rule import Rule

# -- dynamic programming --------------------------------------------------------------------------

TOWER = Rule(
    name="average over the control",
    statement=r"c(u) + V_{t+1} + \tau \log\tfrac{\pi}{\mu} = V_t + \tau \log\tfrac{\pi}{BR}"
    r" \ \forall u \ \Rightarrow\ \mathbb{E}[c + V_{t+1}(x_{t+1}) \mid h_t] = V_t(x_t) +"
    r" \tau\, \mathrm{KL}(\pi_t(\cdot \mid h_t) \,\|\, BR_t(\cdot \mid x_t))",
    source="integrate against π_t(· | h_t); given the history and the agent's own control, the "
    "others' controls and the noise have the law that the left side was averaged over",
    premises=(
        "at every control and history, the expected stage cost plus V_{t+1} is V_t(x_t) + τ "
        "log(π/BR), less τ log(π/μ)",
        "given the past, the agents' draws and the noise are independent of each other",
    ),
    conclusion="E[stage cost + V_{t+1}(x_{t+1}) | h_t] = V_t(x_t) + τ KL(π_t(· | h_t) ‖ BR_t(· | "
    "x_t)) for every adapted policy",
)
TELESCOPE = Rule(
    name="telescope",
    statement=r"\mathbb{E}[c_t + V_{t+1} \mid h_t] = V_t + \tau\, \mathrm{KL}_t"
    r",\ V_T(x) = x^\top Q_T x \ \Rightarrow\ J_t - V_t = \tau \sum_{s \geq t} \mathbb{E}\,"
    r" \mathrm{KL}_s",
    source="sum over s = t, …, T−1 and take expectations (tower property)",
    premises=(
        "E[stage cost + V_{t+1}(x_{t+1}) | h_t] = V_t(x_t) + τ KL(π_t(· | h_t) ‖ BR_t(· | x_t)) "
        "for every adapted policy",
        "V_T(x) = x'Q_T x",
    ),
    conclusion="J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every "
    "adapted policy, with or without memory",
)
LEAST_COST = Rule(
    name="least cost",
    statement=r"J_t(\pi) - V_t = \tau \sum_{s \geq t} \mathbb{E}\, \mathrm{KL}_s \ \Rightarrow"
    r"\ V_t = \min_\pi J_t, \text{ attained by } BR \text{ alone}",
    source="KL ≥ 0, and 0 for equal densities alone (Gibbs's inequality)",
    premises=(
        "J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every adapted "
        "policy, with or without memory",
        "τ > 0",
    ),
    conclusion="V_t is agent i's least cost from every x_t over all adapted policies, and BR alone"
    " attains it at every history that occurs",
)

# -- a stage's equations --------------------------------------------------------------------------

EACH_OF_THEM = Rule(
    name="each of them",
    statement=r"S \text{ linear Gaussian} \ \Rightarrow\ S^{-i} \text{ linear Gaussian}",
    source="what holds for all agents holds for the others",
    premises=(
        "the agents play linear Gaussian feedback policies whose gains and covariances solve (6)",
    ),
    conclusion="the other agents play linear Gaussian feedback policies",
)
MUTUAL_ANSWERS = Rule(
    name="mutual best responses",
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
    name="best responses of a stage",
    statement=r"c + \tau \log\tfrac{\pi}{\mu} = \tau \log\tfrac{\pi}{\pi^*} + c^* \ \forall u"
    r" \ \Rightarrow\ \pi \text{ optimal at } x \iff \pi = \pi^*",
    source="Gibbs's inequality at a fixed x",
    premises=(
        "at every x, whatever means and covariances the others have, the stage cost plus V_{t+1} "
        "is τ log(π/π*) + c*, less τ log(π/μ), with π* = N(Mⁱ, (τ/2)W⁻¹) and W Mⁱ + ½b = 0",
        "at every x, W Mⁱ + ½b is block row i of Φ_t M + r_t x",
        "J_t*(x) is the minimum over π of E[stage cost + J_{t+1}*(x_{t+1})] at every x and t, and"
        " π_t*(· | x) attains it",
        "τ > 0",
    ),
    conclusion="where V_{t+1} is quadratic, policies are best responses to each other at t if and "
    "only if they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x",
)
BACKWARD_UNIQUE = Rule(
    name="one solution at a time, backwards",
    statement=r"\det \Phi_t \neq 0 \ \forall t \ \Rightarrow\ M_t(x) = -\Phi_t^{-1} r_t x",
    source="induction: V_T is quadratic; with V_{t+1} quadratic and Φ_t regular the means at t are"
    " −Φ_t⁻¹r_t x, linear and unique, and then V_t is quadratic; what is found solves (6) at every"
    " t, and so is a NE",
    premises=(
        "where V_{t+1} is quadratic, policies are best responses to each other at t if and only "
        "if they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x",
        "where the agents play linear Gaussian feedback policies whose gains and covariances solve"
        " (6): the joint policy is a NE over all adapted policies, from every x_t",
        "det Φ_t ≠ 0 at every t",
        "V_T(x) = x'Q_T x",
        "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
    ),
    conclusion="exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one "
    "of (4)–(6)",
)
BLOCK_DOMINANCE = Rule(
    name="block dominance",
    statement=r"\kappa \leq c \kappa,\ c < 1 \ \Rightarrow\ \kappa = 0",
    source="if Φ_t 𝓚 = 0 then Kⁱ = −W⁻¹Σ_{j≠i} B'PBʲKʲ for every i, so κ = max‖Kⁱ‖_F ≤ cκ; a square"
    " matrix whose kernel is 0 is regular; t = T−1, …, 0 in turn",
    premises=(
        "‖W⁻¹ Σ_{j≠i} B'PBʲKʲ‖_F ≤ (2/τ)γ_B²γ_P*(N−1) max‖Kʲ‖_F",
        "block row i of Φ_t 𝓚 is W Kⁱ + Σ_{j≠i} B'PBʲKʲ",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "(2/τ)γ_B²γ_P*(N−1) τ = 2γ_B²γ_P*(N−1)",
        "τ > 2γ_B²γ_P*(N−1), with γ_P* taken over the P that the recursion gives backwards from T",
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
        "τ > 2γ_B²γ_P*(N−1), with γ_P* taken over the P that the recursion gives backwards from T",
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
        "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "P_T = Q_T",
    ),
    conclusion="the equations (4)–(6) have exactly one solution P, q, K, Σ",
)
FIRST_SINGULAR = Rule(
    name="the first singular stage",
    statement=r"\Phi_t M(x) = -r_t x \ \forall x: \text{ one } M \iff \det \Phi_t \neq 0;"
    r" \text{ else none, or } M + z,\ \Phi_t z(x) = 0",
    source="linear algebra at every x: if a column of r lies outside the range of Φ there is no "
    "solution; otherwise 𝓚x + z(x) is a solution for every measurable z(x) in the kernel "
    "of Φ, and costs are finite if z grows linearly, say. At the stages after the first "
    "singular one, the induction for regular Φ_t shows that V_{t+1} is the least cost over "
    "all adapted policies, so best responses at stage t are a NE of the game that starts "
    "at t",
    premises=(
        "where V_{t+1} is quadratic, policies are best responses to each other at t if and only "
        "if they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x",
        "where the agents play linear Gaussian feedback policies whose gains and covariances solve"
        " (6): the joint policy is a NE over all adapted policies, from every x_t",
        "V_T(x) = x'Q_T x",
        "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
        "Φ(𝓚 + Z) + r = ΦZ where Φ𝓚 + r = 0",
    ),
    conclusion="the game that starts at any stage has exactly one feedback NE ⇔ det Φ_t ≠ 0 for "
    "all t; from the first singular stage, backwards, it has none or a continuum",
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

# -- policies that remember -----------------------------------------------------------------------

CONDITIONAL_ANSWERS = Rule(
    name="best responses to what is known",
    statement=r"W M^i + (B^i)^\top P^i (A x + \sum_{j \neq i} B^j\, \mathbb{E}[M^j \mid I^i]) = 0",
    source="Lemma III.2 given Iⁱ: the agents draw independently, so the others' controls enter "
    "the linear term alone, by their conditional means; the feedback NE solves the same "
    "equation; subtract",
    premises=(
        "W Mⁱ + ½b less the same at the feedback NE is W Dⁱ + Σ_{j≠i} B'PBʲ Dʲ",
        "the priors are N(0, I)",
        "given the past, the agents' draws and the noise are independent of each other",
        "every policy is a best response at every stage, given all that its agent knows",
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
    premises=(
        "where V_{t+1} is the feedback NE's, the policies at t are the feedback NE's",
        "V_T(x) = x'Q_T x",
    ),
    conclusion="the feedback NE is the only NE among policies with memory",
)

# -- the plain game (20) --------------------------------------------------------------------------

SQUARES_SUMMED = Rule(
    name="squares summed",
    statement=r"\mathbb{E}[c_t + V_{t+1}] = V_t + \|u - K x\|_W^2 \ \forall u,\ V_T(x) = x^\top Q_T"
    r" x \ \Rightarrow\ J_t(\pi) - V_t = \sum_{s \geq t} \mathbb{E} \|u_s - K_s x_s\|_{W_s}^2",
    source="average over the agent's own control, which is independent of the noise given the "
    "history; sum over s = t, …, T−1 (tower property)",
    premises=(
        "at every x and u, the expected stage cost of (20) plus V_{t+1} is V_t(x) + (u − "
        "Kⁱ*x)'W(u − Kⁱ*x), V_t(x) = x'P_t x + q_t with (4)",
        "V_T(x) = x'Q_T x",
        "given the past, the agents' draws and the noise are independent of each other",
    ),
    conclusion="in (20), J_t(π) − V_t(x_t) = Σ_{s≥t} E (u_s − K_sⁱ*x_s)'W_s(u_s − K_sⁱ*x_s) for "
    "every adapted policy of agent i, random or not, with or without memory",
)
SQUARES_VANISH = Rule(
    name="squares vanish",
    statement=r"W \succ 0 \ \Rightarrow\ \mathbb{E} \|u - K x\|_W^2 \geq 0, \text{ and } = 0 \iff u"
    r" = K x \text{ almost surely}",
    source="W is positive definite; Definition II.1 from every x_t",
    premises=(
        "in (20) the agents play uⁱ = Kⁱ*x, with K* of (6) and P* of (4)",
        "in (20), J_t(π) − V_t(x_t) = Σ_{s≥t} E (u_s − K_sⁱ*x_s)'W_s(u_s − K_sⁱ*x_s) for every "
        "adapted policy of agent i, random or not, with or without memory",
        "W ⪰ (τ/2)I",
        "τ > 0",
    ),
    conclusion="in (20), the policies uⁱ = Kⁱ*x are a NE over all adapted policies, from every "
    "x_t, and each of them is the only best response to the others",
)
