"""Rules of inference. Matrices: definite, invertible, bounded."""

from __future__ import annotations

from ergs_verify.ledger.rules.rule import Rule

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
