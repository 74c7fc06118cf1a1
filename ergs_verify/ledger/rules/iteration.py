"""Rules of inference. Algorithm 1, its maps and their iterates."""

from __future__ import annotations

from ergs_verify.ledger.rules.rule import Rule

# -- Algorithm 1 and its maps ----------------------------------------------------------------------

PASSES_IN_TURN = Rule(
    name="passes in turn",
    statement=r"\text{lines 2–7} \ \Rightarrow\ S_t = \Psi_t^{L}(S_t^0 \mid S_{[t+1:T-1]})",
    source="when the loop reaches time t, the policies of later times have their final values",
    premises=(
        "every pass at time t comes after every pass at a later time",
        "Ψ_tⁱ depends on the others' gains at time t and, of later times, on P_{t+1}ⁱ alone",
        "P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F",
        "P_T = Q_T",
    ),
    conclusion="at every t Algorithm 1 gives Ψ_t applied L times to its start, with the P_{t+1} "
    "of the later policies it has found",
)
NOTHING_LATER = Rule(
    name="nothing later",
    statement=r"S_{[T:T-1]} = \emptyset",
    source="the best response at t = T − 1 depends on P_T, which is given",
    premises=(
        "Ψ_tⁱ depends on the others' gains at time t and, of later times, on P_{t+1}ⁱ alone",
        "P_T = Q_T",
    ),
    conclusion="if S_[s:t] is empty for s > t, Ψ_{T−1} depends on P_T = Q_T and on no later policy",
)
INTO_THE_CLASS = Rule(
    name="into the class",
    statement=r"W \succeq \tfrac{\tau}{2} I,\ \tau > 0 \ \Rightarrow\ \tfrac{\tau}{2} W^{-1} \succ"
    r" 0",
    source="the inverse of a symmetric positive definite matrix is symmetric positive definite; "
    "𝒮_tⁱ consists of the gains of this shape with a symmetric Σ ≻ 0",
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
    premises=("‖X + Y‖_F ≤ ‖X‖_F + ‖Y‖_F, for gains and for covariances",),
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
        "where Kⁱ is the best response, the Lyapunov equation gives the P_t of (4)",
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
        "the covariance of a best response depends on no policy of time t",
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
    name="best responses at another cost to go",
    statement=r"\|\Psi(S_l) - S^*\| \leq \|\Psi(S_l) - \Psi(S^*)\| + \|\Psi(S^*) - S^*\|",
    source="triangle inequality for each agent's gain, added over the agents",
    premises=(
        "at every t Algorithm 1 gives Ψ_t applied L times to its start, with the P_{t+1} of the "
        "later policies it has found",
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
    conclusion="where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ), where"
    " b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
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
    conclusion="where e_L ≤ 1 and ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ 1 for all i: ‖P_tⁱ − P_tⁱ*‖_F ≤ "
    "C(e_L + ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F), where C depends on the game, K* and P* alone",
)
SLACK = Rule(
    name="slack of a strict inequality",
    statement=r"c\,\gamma < \tau \ \Rightarrow\ \exists\, \eta > 0,\ \kappa \in (0, 1):\ c\,(\gamma"
    r" + \eta) \leq \kappa \tau",
    source="both sides are continuous in η; for N = 1 every κ will do",
    premises=(
        "τ > 2γ_B²γ_P*(N−1), with γ_P* taken over the P that the recursion gives backwards from T",
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
        "where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ), where"
        " b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
        "where e_L ≤ 1 and ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ 1 for all i: ‖P_tⁱ − P_tⁱ*‖_F ≤ C(e_L + "
        "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F), where C depends on the game, K* and P* alone",
        "the equations (4)–(6) have exactly one solution P, q, K, Σ",
        "P_T = Q_T",
    ),
    conclusion="there are κ in (0, 1), C and L₀ that depend on the game and the start alone, with "
    "‖K_tⁱ − K_tⁱ*‖_F ≤ Cκ^L and ‖P_tⁱ − P_tⁱ*‖_F ≤ Cκ^L at every t, for every i and "
    "every L ≥ L₀",
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
    source="the distances of the gains and of the covariances added, 2NT of them; for the "
    "finitely many L < L₀ the sum is a number, so a larger C will do",
    premises=(
        "there are κ in (0, 1), C and L₀ that depend on the game and the start alone, with ‖K_tⁱ "
        "− K_tⁱ*‖_F ≤ Cκ^L and ‖P_tⁱ − P_tⁱ*‖_F ≤ Cκ^L at every t, for every i and every L ≥ L₀",
        "‖Σ_tⁱ − Σ_tⁱ*‖_F ≤ (2/τ)γ_B²‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
    ),
    conclusion="Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for every L ≥ 1, where κ in (0, 1) and C depend on the "
    "game and the start alone",
)
PLAYED = Rule(
    name="the solution, played",
    statement=r"\exists!\, (P, q, K, \Sigma) \text{ with (4)–(6)} \ \Rightarrow\ S^* := (K,"
    r" \Sigma)",
    source="the joint policy meant is S*, with these gains and covariances",
    premises=(
        "the equations (4)–(6) have exactly one solution P, q, K, Σ",
        "the joint policy is S*, a solution of (4)–(6) where they have one",
    ),
    conclusion="the agents play linear Gaussian feedback policies whose gains and covariances solve"
    " (6)",
)
ENOUGH_PASSES = Rule(
    name="enough passes",
    statement=r"L \geq \log(1/\epsilon) / \log(1/\kappa) \ \Rightarrow\ \kappa^L \leq \epsilon",
    source="κ < 1, so κ^L falls in L",
    premises=(
        "Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for every L ≥ 1, where κ in (0, 1) and C depend on the game "
        "and the start alone",
        "κ^L = ε at L = log(1/ε)/log(1/κ)",
    ),
    conclusion="Σ_t ‖S_t − S_t*‖_□ ≤ Cε for every ε > 0 and every L ≥ 1 with L ≥ "
    "log(1/ε)/log(1/κ), where κ in (0, 1) and C depend on the game and the start alone",
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
    conclusion=(
        "τ > 2γ_B²γ_P*(N−1), with γ_P* taken over the P that the recursion gives backwards from T"
    ),
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
        "the equations (4)–(6) have exactly one solution P, q, K, Σ",
        "where (2/τ)γ_B²γ_{P,t}(N−1) ≤ κ and 0 < κ < 1: e_L ≤ κ^L e_0 + b/(1 − κ), where"
        " b = (2/τ)γ_B‖F*‖_F Σ_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F",
        "where e_L ≤ 1 and ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ 1 for all i: ‖P_tⁱ − P_tⁱ*‖_F ≤ C(e_L + "
        "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F), where C depends on the game, K* and P* alone",
    ),
    conclusion="‖P_tⁱ − P_tⁱ*‖_F ≤ C₂ε for all small ε, where C₂ depends on the game, the"
    " start, κ and C₁ alone",
)

# -- the inner loop as a linear iteration ---------------------------------------------------------

ONE_FIXED_POINT = Rule(
    name="one fixed point",
    statement=r"\Phi_t \mathcal{K} + r_t = D_t (\mathcal{K} - \Psi_t(\mathcal{K})),\ \det \Phi_t"
    r" \neq 0 \ \Rightarrow\ \exists!\, \mathcal{K}^* = \Psi_t(\mathcal{K}^*)",
    source="D_t is invertible, so fixed points are the solutions of Φ_t 𝓚 = −r_t",
    premises=(
        "det Φ_t ≠ 0, at the P_{t+1} of the later policies",
        "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)",
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
