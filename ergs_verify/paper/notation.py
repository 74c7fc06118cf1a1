"""The letters of the paper, at one stage t, for an agent i among any number of agents.

Sizes: the state has m entries, agent i's control p_i. Time is part of a letter's name: ``P`` is
P_{t+1}, what the next stage hands back; everything else belongs to stage t.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sympy import Function, Identity, MatrixSymbol, Symbol

from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, control_size

i, j = agent_index("i"), agent_index("j")
m = Symbol("m", integer=True, positive=True)
tau = Symbol("tau", positive=True)

A = MatrixSymbol("A_t", m, m)
noise = MatrixSymbol(r"\Sigma", m, m)
x = MatrixSymbol("x", m, 1)
next_state = MatrixSymbol("x_{t+1}", m, 1)
omega = MatrixSymbol(r"\omega_t", m, 1)
F = MatrixSymbol("F_t", m, m)
"""Closed loop A + Σ_j BʲKʲ."""


def letter_of_agents(name: str, rows, cols) -> Callable[..., AgentMatrix]:
    """A letter as a function of its agent; the side ``"p"`` is that agent's control dimension."""

    @cache
    def letter(agent) -> AgentMatrix:
        sides = (control_size(agent) if side == "p" else side for side in (rows, cols))
        return AgentMatrix(name, agent, *sides)

    return letter


B = letter_of_agents("B_t", m, "p")
Q = letter_of_agents("Q_t", m, m)
R = letter_of_agents("R_t", "p", "p")
K = letter_of_agents("K_t", "p", m)
S = letter_of_agents(r"\Sigma_t", "p", "p")
P = letter_of_agents("P_{t+1}", m, m)
W = letter_of_agents("W_t", "p", "p")
"""(τ/2)I + R + B'PB."""
others_loop = letter_of_agents(r"\bar{A}_t", m, m)
"""Āⁱ = A + Σ_{j≠i} BʲKʲ, the paper's A_t^{i*}."""
u = letter_of_agents("u_t", "p", 1)
"""A control drawn from its agent's policy."""
own = letter_of_agents("u", "p", 1)
"""The control that agent i still has to choose."""
own_mean, own_covariance = letter_of_agents("k", "p", 1), letter_of_agents("Z", "p", "p")
"""Moments of agent i's own control, apart from the letters of all agents' policies: a sum over
all agents less agent i holds the latter, and must not change when the former get values."""
mean = letter_of_agents("M_t", "p", 1)
"""Mean of an agent's control at x, the paper's M_t^{i*}(x)."""

# -- letters of the general game only ----------------------------------------------------------

n = Symbol("n", integer=True, positive=True)
"""The number of all controls, n = Σ p_j."""
place = letter_of_agents("E", n, "p")
"""Puts an agent's control into its place among all controls."""
joint_S = letter_of_agents("S_t", n, m)
"""Cross term of agent i's cost: 2v'Sx with the controls v of all agents."""
joint_R = letter_of_agents(r"\mathbf{R}_t", n, n)
"""Agent i's cost of the controls of all agents."""
prior_gain = letter_of_agents(r"\mathbf{M}_t", "p", m)
precision = letter_of_agents("L_t", "p", "p")
"""Agent i's prior is N(prior_gain · x, precision⁻¹)."""
discount = Symbol("gamma", positive=True)
"""Agent i's discount γ_i; there τ is agent i's too. Nobody else's enters what is agent i's."""
pull = letter_of_agents("g_t", "p", m)
"""−W times agent i's best response."""
others_gain = letter_of_agents(r"\bar{\mathcal{K}}_t", n, m)
"""All gains but agent i's, in their places."""
joint_gain = MatrixSymbol(r"\mathcal{K}_t", n, m)


@cache
def tau_of(agent):
    """τ of one agent, where agents differ."""
    return Function("tau", positive=True)(agent)


@cache
def discount_of(agent):
    """γ of one agent."""
    return Function("gamma", positive=True)(agent)


@cache
def q(agent):
    """The number q_{t+1} of an agent."""
    return Function("q_{t+1}", real=True)(agent)


def eye(agent):
    """Identity of an agent's control dimension."""
    return Identity(control_size(agent))


symmetric = (*(letter(i) for letter in (Q, R, S, P, W, own_covariance)), noise)
"""The symmetric letters; all are positive semidefinite, R, Σⁱ and W definite."""
general_symmetric = (*symmetric, joint_R(i), precision(i))
"""The symmetric letters of the general game: Σⁱ, W and the precision are definite there."""

definitions = {
    W(i): tau / 2 * eye(i) + R(i) + B(i).T * P(i) * B(i),
    others_loop(i): A + agent_sum(B(j) * K(j), j, i),
    F: A + agent_sum(B(j) * K(j), j),
}
