"""The record of stage formulas that drives every recursion."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from sympy import Expr, MatrixExpr

from ergs_verify.paper.notation import i, others_gain


@frozen(kw_only=True, eq=False)
class Formulas:
    """One stage of the game for agent i, in the letters of `ergs_verify.paper.notation`.

    The default instance is derived (`ergs_verify.paper.theorem_III_1.derived_formulas`); a
    misprint or a planted fault is `attrs.evolve(formulas, riccati=…)` and runs through the same
    code. At τ = 0 the formulas hold with 0 put for the letter τ: none divides by τ.

    Attributes
    ----------
    definitions : mapping from letters to expressions
        Short names the other formulas use, such as Wⁱ, Āⁱ and F; keys carry the index i.
    gain : MatrixExpr, p_i×m
        Best response Kⁱ to the other agents' gains at the stage, given P_{t+1}.
    covariance : MatrixExpr, p_i×p_i
        Best response Σⁱ.
    riccati : MatrixExpr, m×m
        P_tⁱ when agent i answers with `gain`.
    constant : Expr
        q_tⁱ when agent i answers with `gain` and `covariance` (the letter Σⁱ stands for it).
    phi_diagonal, phi_off_diagonal : MatrixExpr, p_i×p_i and p_i×p_j
        Blocks (i,i) and (i,j) of Φ_t.
    rhs : MatrixExpr, p_i×m
        Block row i of the right-hand side: Φ_t 𝓚_t = −rhs.
    policy_cost : MatrixExpr, m×m
        P_tⁱ of any given joint policy (the Lyapunov recursion).
    policy_constant : Expr
        q_tⁱ of any given joint policy.
    """

    definitions: Mapping
    gain: MatrixExpr
    covariance: MatrixExpr
    riccati: MatrixExpr
    constant: Expr
    phi_diagonal: MatrixExpr
    phi_off_diagonal: MatrixExpr
    rhs: MatrixExpr
    policy_cost: MatrixExpr
    policy_constant: Expr

    @property
    def by_agent(self) -> bool:
        """Whether τ and γ are agent i's own, as in the general game."""
        return others_gain(i) in self.definitions
