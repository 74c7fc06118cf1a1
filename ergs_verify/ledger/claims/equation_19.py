"""The best response map (19), the Lyapunov equations, and fixed points."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from attrs import evolve
from sympy import Inverse, MatAdd, MatMul, Transpose, ZeroMatrix

from ergs_verify.expressions import agent_sum, control_size
from ergs_verify.ledger import hypotheses, rules
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims.optimality import (
    GAME,
    POLICY_PSD,
    SUFFICIENT,
    WEIGHT,
    by_derivation,
    covariance,
    cross,
    derived,
    equal,
    gain_and_covariance,
    policy_matrix,
    quadratic,
    terminal,
    weight,
)
from ergs_verify.ledger.counterexamples import (
    continuum_of_equilibria,
    refutation,
)
from ergs_verify.ledger.decision import Decision, exactly
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equalities
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    Q,
    R,
    W,
    eye,
    i,
    j,
    letter_of_agents,
    m,
    others_loop,
    tau,
)

p = control_size(i)
P_star = letter_of_agents("{P^{*}_{t+1}}", m, m)


def _has_its_shape() -> Decision:
    gain = derived("gain")
    return exactly("shape of the derived gain", tuple(gain.shape), (p, m))


SINGULAR_WEIGHT = WEIGHT.needed
"""Why Q ⪰ 0 (here of P_T = Q_T), R ≻ 0 and τ ≥ 0 are needed for (19) to be defined."""


def _vanishes_at_zero() -> Decision:
    """At τ = 0 the answer's covariance is (τ/2)W⁻¹ = 0, W = R + B'PB still being invertible."""
    found = derived("covariance").subs(tau, 0)
    scalar = found.xreplace({Inverse(W(i)): eye(i)}).doit()
    return refutation(
        "Σⁱ* = 0 at τ = 0",
        "Σ ≻ 0 in 𝒮_tⁱ",
        "exact",
        "Σⁱ* = (τ/2)W⁻¹ falls to 0 with τ",
        lambda: scalar == ZeroMatrix(p, p) or scalar == 0 * eye(i),
        values={"tau": "0"},
    )


INTO_THE_CLASS = Theorem(
    id="eq-19/map",
    says="Ψ_tⁱ(S_t | S_[t+1:T−1]) is in 𝒮_tⁱ",
    given=GAME,
    proof=(
        WEIGHT,
        Fact(
            "Σⁱ* = (τ/2)W⁻¹, and W' = W",
            lambda: Equalities(
                (
                    equal(derived("covariance"), tau / 2 * Inverse(weight)),
                    equal(Transpose(weight), weight),
                )
            ).decide(),
        ),
        Fact(
            "Kⁱ* has a row for each control of agent i and a column for each state", _has_its_shape
        ),
        by(rules.INTO_THE_CLASS),
    ),
    needed={**SINGULAR_WEIGHT, "tau-positive": _vanishes_at_zero},
)
INTO_ITSELF = Theorem(
    id="eq-19/composite",
    says="Ψ_t(S_t | S_[t+1:T−1]) is in 𝒮_t",
    given=GAME,
    proof=(INTO_THE_CLASS, by(rules.AGENT_BY_AGENT)),
    needed=INTO_THE_CLASS.needed,
)


def _eq_19(faults: frozenset[str]) -> Equalities:
    star = {P(i): P_star(i)} if "star" in faults else {}
    gain = MatMul(-1, Inverse(weight), cross).xreplace(star)
    parts = (
        by_derivation(equal(derived("gain"), gain, named="K_t^{i*}"), "lemma", "gain"),
        by_derivation(
            equal(derived("covariance"), covariance.xreplace(star), named=r"\Sigma_t^{i*}"),
            "collect",
            "lemma",
        ),
    )
    return Equalities(tuple(evolve(part, symmetric=(*part.symmetric, P_star(i))) for part in parts))


INVERSES = Theorem(
    id="eq-19/inverses",
    says=(
        "P ⪰ 0 at every t",
        "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
        "I + 2(R + B'PB)/τ = (2/τ)W",
    ),
    given=GAME,
    proof=(
        POLICY_PSD,
        WEIGHT,
        Fact(
            "I + 2(R + B'PB)/τ = (2/τ)W",
            equal(MatAdd(eye(i), 2 / tau * quadratic), 2 / tau * W(i)),
        ),
    ),
    needed=SINGULAR_WEIGHT,
)


NEEDED = {name: show for name, show in SUFFICIENT.needed.items() if name != "answers"}
"""What (6) needs to be an equilibrium, each shown by an exhibit."""


def _lyapunov(own):
    """P_t with agent i's own gain apart from the others'."""
    loop = others_loop(i) + B(i) * own
    return Q(i) + own.T * (tau / 2 * eye(i) + R(i)) * own + loop.T * P(i) * loop


def _own_answer() -> Equalities:
    """The Lyapunov equation, and what it gives where Kⁱ is its own answer: (4)."""
    return Equalities(
        (
            equal(theorem_III_1.derive_policy_value()["value"].matrix, _lyapunov(K(i))),
            equal(_lyapunov(derived("gain_compact")), derived("riccati")),
        )
    )


FIXED_POINT = Theorem(
    id="eq-19/fixed-point",
    says="the joint policy is a NE over all adapted policies, from every x_t",
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.FIXED_POINT,
    ),
    proof=(
        WEIGHT,
        Fact(
            "Ψ_tⁱ at any P_{t+1} has the gain and covariance of (6) at that P_{t+1}",
            lambda: gain_and_covariance().decide(),
        ),
        Fact(
            "where Kⁱ is the best response, the Lyapunov equation gives the P_t of (4)",
            lambda: _own_answer().decide(),
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",),
        ),
        Fact("P_T = Q_T", terminal()),
        by(rules.FIXED_POINTS),
        SUFFICIENT,
    ),
    needed=NEEDED,
)


def _fixed_point(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("a fixed point of Ψ_t is the NE", continuum_of_equilibria)
    return FIXED_POINT


# -- the claims -----------------------------------------------------------------------------------

CLAIMS = (
    Claim(
        id="eq-19/map",
        title="The best response map",
        where="Section IV, before (19)",
        latex=r"\Psi_t^i(\cdot) : \mathcal{S}_t \rightarrow \mathcal{S}_t^i"
        r" \qquad \Psi_t^i(S_t | S_{[t+1:T-1]}) = (K_t^{i*}, \Sigma_t^{i*}),",
        statement=INTO_THE_CLASS,
    ),
    Claim(
        id="eq-19",
        title="Best response to a joint policy",
        where="Section IV, (19)",
        latex=r"K_t^{i*} = - \left( \frac{\tau}{2}I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^i,"
        r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)/\tau)^{-1}.",
        statement=_eq_19,
        faults=(
            Fault(
                name="star",
                what="P_{t+1}^{i*} belongs to the equilibrium. The response to S_[t+1:T−1] takes "
                "its P_{t+1}ⁱ, without the star, from the Lyapunov equations below",
                kind="index",
                printed=r"P_{t+1}^{i*} B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^i,"
                r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*}",
                corrected=r"\corrected{P_{t+1}^i} B_t^i \right)^{-1} (B_t^i)^\top"
                r" \corrected{P_{t+1}^i} A_t^i,"
                r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top \corrected{P_{t+1}^i}",
            ),
        ),
    ),
    Claim(
        id="eq-19/lyapunov",
        title="Lyapunov equations",
        where="Section IV, after (19)",
        latex=r"P_s^i = Q_s^i + (K_s^i)^\top ((\tau/2)I + R_s^i) K_s^i"
        r" + (A_s^i + B_s^i K_s^i)^\top P_{s+1}^i (A_s^i + B_s^i K_s^i),",
        statement=lambda _: policy_matrix(),
    ),
    Claim(
        id="eq-19/terminal",
        title="Where the Lyapunov equations start",
        where="Section IV, after (19)",
        latex=r"P_T^i = Q_T^i",
        statement=lambda _: terminal(),
    ),
    Claim(
        id="eq-19/others",
        title="The loop closed by the others",
        where="Section IV, after (19)",
        latex=r"A_s^i = A_s + \sum_{j \neq i} B_s^j K_s^j",
        statement=Definition(others_loop(i), A + agent_sum(B(j) * K(j), j, i)),
    ),
    Claim(
        id="eq-19/inverses",
        title="P is positive semidefinite, so the inverses exist",
        where="Section IV, after (19)",
        quote="The matrices P_t^i are symmetric positive semidefinite by definition and"
        " consequently the inverses in (19) exist.",
        statement=INVERSES,
        gaps=(
            Gap(
                what="the definition is a recursion and does not itself give P ⪰ 0. This follows "
                "from Q ⪰ 0, R ≻ 0 and τ > 0 by induction backwards from P_T = Q_T",
                quote="positive semidefinite by definition",
                closed_by=(POLICY_PSD,),
            ),
        ),
    ),
    Claim(
        id="eq-19/composite",
        title="Composite best response",
        where="Section IV, after (19)",
        latex=r"\Psi_t(\cdot) : \mathcal{S}_t \rightarrow \mathcal{S}_t"
        r" \qquad \Psi_t(S_t | S_{[t+1:T-1]}) = (\Psi_t^i(S_t | S_{[t+1:T-1]}))_{\forall i}.",
        statement=INTO_ITSELF,
    ),
    Claim(
        id="eq-19/fixed-point",
        title="Fixed points are equilibria",
        where="Section IV, after (19)",
        latex=r"S_t^* = \Psi_t(S_t^* | S_{[t+1:T-1]}^*)",
        quote="is also the NE of the ERGS LQ Game",
        statement=_fixed_point,
        stated=(hypotheses.FIXED_POINT,),
        faults=(
            Fault(
                name="the",
                what="a fixed point at every t is a NE, but a fixed point at one stage is not "
                "enough. There may be several fixed points, so it is not “the” NE",
                kind="overclaim",
            ),
        ),
        gaps=(
            Gap(
                what="Definition II.1 allows deviations that change a whole policy at all times "
                "at once, with memory and any density. It is not shown that a best response "
                "in gains and covariances, found time by time, is best among all of these",
                quote="From Definition II.1, we know that a joint policy",
                closed_by=(SUFFICIENT,),
            ),
        ),
    ),
)
