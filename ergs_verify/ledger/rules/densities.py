"""Rules of inference. Densities and their divergence; Lemma III.2 and Theorem III.1."""

from __future__ import annotations

from ergs_verify.ledger.rules.rule import Rule

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
    conclusion="π* alone minimises F among all probability distributions",
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
    source="a minimiser over the larger set that lies in the smaller one minimises there too",
    premises=(
        "π* alone minimises F among all probability distributions",
        "π* is the density of N(−½((τ/2)I + M)⁻¹b, (I + (2/τ)M)⁻¹)",
        "π* > 0 at every u",
    ),
    conclusion="(7) and (8) each have exactly one minimiser, the same π*",
)
ONE_MULTIPLIER = Rule(
    name="one zero of an affine function",
    statement=r"\log \pi = \log \pi^* + a + s\lambda,\ s \neq 0 \ \Rightarrow\ \int \pi = 1 \iff"
    r" \lambda = -a/s",
    source="∫π = exp(a + sλ) ∫π* = exp(a + sλ)",
    premises=(
        "the logarithm of (10) is log π* plus a number that is affine in λ with slope −1/τ",
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
        "the cost (3) from t is the cost of stage t plus the cost from t + 1",
        "every policy is a feedback policy π_t(u | x_t) with finite second moments, optimal from "
        "every x_t at every t",
        "given the past, the agents' draws and the noise are independent of each other",
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
        "every policy is a feedback policy π_t(u | x_t) with finite second moments, optimal from "
        "every x_t at every t",
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
        "exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one of "
        "(4)–(6)",
        "V_T(x) = x'Q_T x",
        "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
    ),
    conclusion="the Nash value is J_t*(x) = x'P_t x + q_t with (4) and (5)",
)
EXACTLY_ONE_IS_ALL = Rule(
    name="one and no other",
    statement=r"\exists! \pi \in N \ \Rightarrow\ \forall \pi' \in N : \pi' = \pi",
    source="what holds for the only one holds for each one",
    premises=(
        "exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one of "
        "(4)–(6)",
    ),
    conclusion="every feedback NE that is optimal from every x_t has linear Gaussian policies"
    " with (6)",
)
QUADRATIC_VALUE = Rule(
    name="the meaning of quadratic",
    statement=r"J_t^*(x) = x^\top P_t x + q_t \ \forall x, t \ \Rightarrow\ J_t^*"
    r" \text{ is quadratic}",
    source="the meaning of the word",
    premises=("the Nash value is J_t*(x) = x'P_t x + q_t with (4) and (5)",),
    conclusion="the Nash value is quadratic",
)
INVERSE_DEFINITE = Rule(
    name="the inverse of a definite matrix",
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
SOME_EQUILIBRIUM = Rule(
    name="a solution can be played",
    statement=r"\Phi_t \mathcal{K} = -r_t \Rightarrow K^i = -W^{-1} (B^i)^\top P^i A^{i*}"
    r" \ \forall i",
    source="backwards from T, a solution of one stage gives P_t and the equations of the stage "
    "before; W is invertible, and Σ ≻ 0 is a covariance, so the agents can play this "
    "solution",
    premises=(
        "the equations for the gains have a solution at every t",
        "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "Σ of (6) is symmetric, positive definite and ⪯ I",
        "where the agents play linear Gaussian feedback policies whose gains and covariances solve"
        " (6): the joint policy is a NE over all adapted policies, from every x_t",
    ),
    conclusion="a NE over all adapted policies exists, namely a linear Gaussian one with (4)–(6)",
)
