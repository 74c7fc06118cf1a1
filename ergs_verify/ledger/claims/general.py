"""Beyond the paper: its results for the general game, and that its game is one instance.

The stage cost of agent i is x'Qx + 2v'Sx + v'Rv, with v = Σ_j Eʲuʲ all controls in their places;
its prior is N(Mx, L⁻¹), its τ and discount γ are its own.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

import sympy
from sympy import Determinant, Inverse, Trace, log

from ergs_verify.expressions import AgentSum, AgentTotal, agent_sum, control_size, trace_of
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.optimality import by_derivation
from ergs_verify.ledger.statements import Equalities, Equality
from ergs_verify.paper import gap as derivations
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper.derivation import Derived
from ergs_verify.paper.gap import MOMENTS, X, Z
from ergs_verify.paper.general import GENERAL, general_formulas
from ergs_verify.paper.notation import (
    A,
    B,
    F,
    K,
    P,
    Q,
    R,
    S,
    W,
    discount,
    i,
    j,
    joint_gain,
    joint_R,
    joint_S,
    m,
    noise,
    others_gain,
    others_loop,
    place,
    precision,
    prior_gain,
    pull,
    q,
    tau,
)
from ergs_verify.paper.theorem_III_1 import PAPER

p = control_size(i)
V = discount * P(i)


def _equal(left, right, named: str, derived: Derived, *steps: str) -> Equality:
    """An identity of the general game, with the steps that lead to its left side."""
    equality = Equality(left, right, (*GENERAL.symmetric, *MOMENTS), GENERAL.definitions, named)
    return by_derivation(equality, *steps, of=lambda: derived)


def lemma() -> Equalities:
    """The minimiser N(W⁻¹((τ/2)Lc − b/2), (τ/2)W⁻¹), and the Gibbs identity that shows it."""
    from ergs_verify.paper.lemma_III_2 import L, b, c, cov, gaussian, log_density
    from ergs_verify.paper.lemma_III_2 import W as weight

    found = lemma_III_2.derive_for_any_prior()
    letters = gaussian.symmetric
    definitions = {weight: gaussian.weight}
    best = lemma_III_2.tau / 2 * L * c - b / 2

    def equal(left, right, named: str, *steps: str) -> Equality:
        equality = Equality(left, right, letters, definitions, named)
        return by_derivation(equality, *steps, of=lambda: found)

    return Equalities(
        (
            equal(
                found["mean"], Inverse(weight) * best, lemma_III_2.mean.name, "square", "Gaussian"
            ),
            equal(found["covariance"], tau / 2 * Inverse(weight), cov.name, "square", "Gaussian"),
            equal(
                lemma_III_2.quadratic + tau * (log_density - gaussian.log_density),
                tau * (log_density - found["log_minimiser"]) + found["value"],
                r"\ell + \tau \log(\pi/\mu)",
                "Gibbs",
            ),
        )
    )


def _played_cost(gain, all_gains, loop):
    """[I; 𝓚]'H[I; 𝓚] + (τ/2)(K − M)'L(K − M) + γF'PF."""
    off = gain - prior_gain(i)
    return (
        Q(i)
        + all_gains.T * joint_S(i)
        + joint_S(i).T * all_gains
        + all_gains.T * joint_R(i) * all_gains
        + tau / 2 * off.T * precision(i) * off
        + loop.T * V * loop
    )


def _constant():
    """q_t under covariances Σʲ."""
    ratio = precision(i) * S(i)
    spread = place(j).T * joint_R(i) * place(j) + B(j).T * V * B(j)
    return (
        discount * q(i)
        + Trace(V * noise)
        + agent_sum(Trace(spread * S(j)), j)
        + tau / 2 * (Trace(ratio) - p - log(Determinant(ratio)))
    )


def theorem() -> Equalities:
    """W, the rows of Φ, Σ, and P and q of the best response, from the derivation."""
    run, formulas = theorem_III_1.derive(GENERAL), general_formulas()
    row = place(i).T * joint_R(i)
    best = formulas.gain
    return Equalities(
        (
            _equal(
                formulas.phi_diagonal,
                tau / 2 * precision(i) + row * place(i) + B(i).T * V * B(i),
                r"\Phi_{ii} = W",
                run,
                "lemma",
                "rows",
            ),
            _equal(
                formulas.phi_off_diagonal,
                row * place(j) + B(i).T * V * B(j),
                r"\Phi_{ij}",
                run,
                "rows",
            ),
            _equal(
                formulas.rhs,
                place(i).T * joint_S(i) + B(i).T * V * A - tau / 2 * precision(i) * prior_gain(i),
                "r_i",
                run,
                "rows",
            ),
            _equal(formulas.covariance, tau / 2 * Inverse(W(i)), r"\Sigma_t^i", run, "lemma"),
            _equal(
                formulas.riccati,
                _played_cost(best, others_gain(i) + place(i) * best, others_loop(i) + B(i) * best),
                "P_t^i",
                run,
                "value",
                "compact",
            ),
            _equal(formulas.constant, _constant(), "q_t^i", run, "value", "compact"),
        )
    )


def policy_cost() -> Equalities:
    """P_t and q_t of any joint policy."""
    run, formulas = theorem_III_1.derive_policy_value(GENERAL), general_formulas()
    return Equalities(
        (
            _equal(formulas.policy_cost, _played_cost(K(i), joint_gain, F), "P_t^i", run, "value"),
            _equal(formulas.policy_constant, _constant(), "q_t^i", run, "value"),
        )
    )


def gap_identity() -> Equalities:
    """The gap's part at a stage, which weighs γ^t."""
    run = derivations.derive_identity(GENERAL)
    ratio = 2 / tau * W(i) * S(i)
    off = K(i) - general_formulas().gain
    covariance = tau / 2 * (Trace(ratio) - p - log(Determinant(ratio)))
    return Equalities(
        (
            _equal(
                run["gain_part"] + run["covariance_part"],
                trace_of(W(i), off, X, off.T) + covariance,
                r"\tau\, \mathbb{E}\, \mathrm{KL}",
                run,
                "excess",
                "divergence",
                "average",
            ),
            _equal(
                run["second_moment"],
                F * X * F.T + noise + agent_sum(B(j) * S(j) * B(j).T, j),
                "X_{t+1}",
                run,
                "moments",
            ),
        )
    )


def coefficient() -> Equalities:
    """Z_t, and the part of c_i at a stage, which weighs γ^t."""
    run, found = (
        derivations.derive_coefficient(GENERAL),
        derivations.second_order_formulas(GENERAL),
    )
    off = K(i) - prior_gain(i)
    ahead = discount * B(i).T * Z
    G = precision(i) * off / 2 + ahead * F
    Y = -2 / tau**2 * W(i) + 2 / tau * (precision(i) / 2 + ahead * B(i))
    return Equalities(
        (
            _equal(
                found.cost_slope,
                off.T * precision(i) * off / 2 + discount * F.T * Z * F,
                "Z_t",
                run,
                "cost slope",
            ),
            _equal(
                found.coefficient,
                trace_of(G.T, Inverse(W(i)), G, X) + tau / 4 * trace_of(S(i), Y, S(i), Y),
                "c_t^i",
                run,
                "second order",
            ),
        )
    )


# -- the paper's game is an instance --------------------------------------------------------------


def as_the_papers(expression: Any) -> Any:
    """An expression at S = 0, R = EⁱRⁱEⁱ', M = 0, L = I, γ = 1, with Eⁱ'Eʲ = 0 for j ≠ i.

    A sum over all agents becomes agent i's term and the others'.
    """
    at = {
        pull(i): GENERAL.definitions[pull(i)],
        joint_S(i): sympy.ZeroMatrix(*joint_S(i).shape),
        joint_R(i): place(i) * R(i) * place(i).T,
        prior_gain(i): sympy.ZeroMatrix(p, m),
        precision(i): sympy.Identity(p),
        discount: sympy.Integer(1),
    }
    written_out = _split(expression).xreplace({pull(i): at.pop(pull(i))})
    return _placed(written_out.xreplace(at).doit())


def _split(node: Any) -> Any:
    if isinstance(node, AgentSum | AgentTotal) and not node.excluded:
        rest = agent_sum(node.body, node.index, i)
        return node.body.xreplace(_renamed(node)) + rest
    if not node.args:
        return node
    return node.func(*map(_split, node.args))


def _renamed(total: Any) -> dict:
    letters = total.body.atoms(sympy.MatrixSymbol)
    return {X: X.subs(total.index, i) for X in letters if X.has(total.index)} | {
        control_size(total.index): p
    }


def _placed(node: Any) -> Any:
    """Eⁱ'Eⁱ = I, Eⁱ'Eʲ = 0 for j ≠ i, and so Eⁱ'𝓚 = Kⁱ and Eⁱ' times the others' gains = 0."""
    if not isinstance(node, sympy.MatMul):
        return node if not node.args or _is_letter(node) else node.func(*map(_placed, node.args))
    factors = list(map(_placed, node.args))
    for k in range(len(factors) - 1):
        met = _met(*factors[k : k + 2])
        if met is not None:
            return _placed(sympy.MatMul(*factors[:k], met, *factors[k + 2 :]).doit())
    return sympy.MatMul(*factors)


def _met(left: Any, right: Any) -> Any:
    """What two neighbours in a product make, where one of them is a place; None elsewhere."""
    if _is_place(right) and isinstance(left, sympy.Transpose) and not _is_place(left.arg):
        other = _met(right.T, left.arg)
        return None if other is None else other.T
    if not isinstance(left, sympy.Transpose) or not _is_place(left.arg):
        return None
    if right == joint_gain:
        return K(left.arg.agent)
    if right == others_gain(i) and left.arg == place(i):
        return sympy.ZeroMatrix(p, m)
    if _is_place(right):
        same = left.arg == right
        return sympy.Identity(p) if same else sympy.ZeroMatrix(left.shape[0], right.shape[1])
    return None


def _is_letter(node: Any) -> bool:
    return isinstance(node, sympy.MatrixSymbol)


def _is_place(node: Any) -> bool:
    return _is_letter(node) and node.name == place(i).name


def instance() -> Equalities:
    """Every stage formula of the general game becomes the paper's."""
    general, papers = general_formulas(), theorem_III_1.derived_formulas()

    def equal(name: str, shown: str) -> Equality:
        widest = getattr(general, name)
        return Equality(
            as_the_papers(widest.expand()),
            getattr(papers, name),
            PAPER.symmetric,
            PAPER.definitions,
            shown,
            derivation=lambda: (("at the paper's letters", str(widest)),),
        )

    named = {
        "gain": "K_t^{i*}",
        "riccati": "P_t^{i*}",
        "constant": "q_t^{i*}",
        "phi_diagonal": r"\Phi_{ii}",
        "phi_off_diagonal": r"\Phi_{ij}",
        "rhs": "r_i",
        "policy_cost": "P_t^i",
        "policy_constant": "q_t^i",
    }
    return Equalities(tuple(equal(*pair) for pair in named.items()))


CLAIMS = (
    Claim(
        id="general-lemma",
        title="Lemma III.2 for any Gaussian prior",
        where="Beyond the paper, the general game",
        latex=r"\mu = \mathcal{N}(c, L^{-1}):\quad \pi^* = \mathcal{N}(W^{-1}(\tfrac{\tau}{2} L c"
        r" - \tfrac12 b),\, \tfrac{\tau}{2} W^{-1}) \qquad W = \tfrac{\tau}{2} L + M \succ 0",
        statement=lambda _: lemma(),
    ),
    Claim(
        id="general-theorem",
        title="Theorem III.1 for the general game: the stage",
        where="Beyond the paper, the general game",
        latex=r"\Phi_{ij} = E^{i\top} R^i E^j + \gamma B^{i\top} P^i B^j \qquad \Phi_{ii} ="
        r" \tfrac{\tau}{2} L + E^{i\top} R^i E^i + \gamma B^{i\top} P^i B^i \qquad r_i = E^{i\top}"
        r" S^i + \gamma B^{i\top} P^i A - \tfrac{\tau}{2} L M",
        statement=lambda _: theorem(),
    ),
    Claim(
        id="general-policy-cost",
        title="The cost of a joint policy in the general game",
        where="Beyond the paper, the general game",
        latex=r"P_t^i = [I; \mathcal{K}]^\top H^i [I; \mathcal{K}] + \tfrac{\tau}{2}"
        r" (K^i - M)^\top L (K^i - M) + \gamma F^\top P_{t+1}^i F",
        statement=lambda _: policy_cost(),
    ),
    Claim(
        id="general-gap-identity",
        title="A stage's part of the gap in the general game",
        where="Beyond the paper, the general game",
        latex=r"\tau\, \mathbb{E}\, \mathrm{KL} = Tr(W \Delta K X_t \Delta K^\top)"
        r" + \tfrac{\tau}{2} (Tr(\Sigma_{br}^{-1} \Sigma^i) - p_i"
        r" - \log |\Sigma_{br}^{-1} \Sigma^i|)",
        statement=lambda _: gap_identity(),
    ),
    Claim(
        id="general-gap-coefficient",
        title="A stage's part of the gap's coefficient of δ² in the general game",
        where="Beyond the paper, the general game",
        latex=r"c_t^i = Tr(G^\top W^{-1} G X_t) + \tfrac{\tau}{4} Tr(\Sigma^i Y \Sigma^i Y)"
        r" \qquad G = \tfrac12 L (K - M) + \gamma B^\top Z F",
        statement=lambda _: coefficient(),
    ),
    Claim(
        id="general-instance",
        title="The paper's game is an instance of the general one",
        where="Beyond the paper, the general game",
        latex=r"S = 0, \quad R = E^i R^i E^{i\top}, \quad M = 0, \quad L = I, \quad \gamma = 1",
        statement=lambda _: instance(),
    ),
)
"""What the general game has in place of the paper's formulas, for every size and N."""
