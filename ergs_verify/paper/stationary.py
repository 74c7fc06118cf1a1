"""What a stationary game adds to a stage: first-order conditions, and how they and costs change.

A stationary equilibrium solves the stage's equations with one P on either side. Newton's method on
them, and the proof that there is a solution nearby, need their first-order parts, read off here.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from attrs import frozen
from sympy import MatrixExpr, Symbol

from ergs_verify.expressions import AgentMatrix, control_size
from ergs_verify.paper.gap import Z
from ergs_verify.paper.notation import (
    B,
    F,
    K,
    P,
    i,
    j,
    joint_gain,
    m,
    others_gain,
    others_loop,
    place,
)
from ergs_verify.paper.setting import Setting
from ergs_verify.paper.theorem_III_1 import formulas_of
from ergs_verify.proof.expansion import taylor_coefficient

_step = Symbol("delta", positive=True)


def D(agent):
    """A direction in which an agent's gain changes, p_i×m."""
    return AgentMatrix("D", agent, control_size(agent), m)


@frozen(kw_only=True, eq=False)
class StationaryFormulas:
    """First-order parts, for agent i; Dⁱ, Dʲ and Z are the changes of Kⁱ, of Kʲ and of Pⁱ.

    Attributes
    ----------
    definitions : mapping from letters to expressions
    condition : MatrixExpr, p_i×m
        0 where agent i's gain is best.
    condition_in_own, condition_in_other, condition_in_cost : MatrixExpr, p_i×m
    cost_in_own, cost_in_other, cost_in_next : MatrixExpr, m×m
        Of the cost of a joint policy at a stage.
    """

    definitions: Mapping
    condition: MatrixExpr
    condition_in_own: MatrixExpr
    condition_in_other: MatrixExpr
    condition_in_cost: MatrixExpr
    cost_in_own: MatrixExpr
    cost_in_other: MatrixExpr
    cost_in_next: MatrixExpr

    @property
    def by_agent(self) -> bool:
        """As in `Formulas`."""
        return others_gain(i) in self.definitions


@cache
def stationary_formulas(setting: Setting) -> StationaryFormulas:
    """The first-order parts of a class of games.

    Examples
    --------
    >>> from ergs_verify.paper.stationary import stationary_formulas
    >>> from ergs_verify.paper.theorem_III_1 import PAPER
    >>> stationary_formulas(PAPER).cost_in_next
    F_t.T*Z_{t+1}^i*F_t
    """
    condition = setting.condition(setting.tau, P(i), K(i))
    cost = formulas_of(setting).policy_cost

    def first_order(expression, of):
        shifts = {
            "own": {
                K(i): K(i) + _step * D(i),
                F: F + _step * B(i) * D(i),
                joint_gain: joint_gain + _step * place(i) * D(i),
            },
            "other": {
                others_loop(i): others_loop(i) + _step * B(j) * D(j),
                others_gain(i): others_gain(i) + _step * place(j) * D(j),
                F: F + _step * B(j) * D(j),
                joint_gain: joint_gain + _step * place(j) * D(j),
            },
            "next": {P(i): P(i) + _step * Z},
        }
        shifted = expression.xreplace(shifts[of])
        return taylor_coefficient(shifted, _step, 1, symmetric=(*setting.symmetric, Z))

    return StationaryFormulas(
        definitions=setting.definitions,
        condition=condition,
        condition_in_own=first_order(condition, of="own"),
        condition_in_other=first_order(condition, of="other"),
        condition_in_cost=first_order(condition, of="next"),
        cost_in_own=first_order(cost, of="own"),
        cost_in_other=first_order(cost, of="other"),
        cost_in_next=first_order(cost, of="next"),
    )
