"""Claims on Algorithm 1: its lines, the best response map (19), Lemma IV.1 and Theorem IV.2."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import sympy
from sympy import Inverse, MatAdd, MatMul, MatrixSymbol, Symbol, Transpose, ZeroMatrix

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentSum, AgentTotal, agent_sum, control_size
from ergs_verify.gallery import gallery
from ergs_verify.game import Game
from ergs_verify.ledger.argument import argument, exactly, holds
from ergs_verify.ledger.chain import (
    Chain,
    FrobeniusNorm,
    bounded_by,
    largest_norm,
    submultiplicative,
    triangle,
)
from ergs_verify.ledger.claim import (
    Claim,
    Computed,
    Decision,
    Definition,
    Equalities,
    Equality,
    Fault,
)
from ergs_verify.ledger.costs_compared import scalar_agents
from ergs_verify.ledger.counterexamples import continuum_of_equilibria, refutation
from ergs_verify.ledger.section_III_theorem import (
    covariance,
    cross,
    sufficient,
    terminal,
    weight,
    weight_bound,
)
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    Q,
    R,
    S,
    W,
    definitions,
    eye,
    i,
    j,
    letter_of_agents,
    m,
    others_loop,
    own_covariance,
    own_mean,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.recursion import algorithm_1, block_system, nash
from ergs_verify.recursion.stages import Stages

__all__ = ["CLAIMS", "congruences", "contraction_chain", "contractive", "linear_rate"]

gamma_B, gamma_P = Symbol(r"\gamma_B", positive=True), Symbol(r"\gamma_{P,t}", positive=True)
gamma_P_unindexed = Symbol(r"\gamma_P", positive=True)
N = agent_sum(sympy.Integer(1), j)
p = control_size(i)

P_star = letter_of_agents("{P^{*}_{t+1}}", m, m)
K_other = letter_of_agents("{K'_t}", "p", m)
answer, answer_other = letter_of_agents("{K^{*}_t}", "p", m), letter_of_agents("{K'^{*}_t}", "p", m)
difference = letter_of_agents("{D_t}", "p", m)
"""Kʲ − K'ʲ."""


def _equal(left, right, **more) -> Equality:
    return Equality(
        left,
        right,
        (*symmetric, P_star(i)),
        {**definitions, **more.get("definitions", {})},
        more.get("named", ""),
    )


# -- Algorithm 1 ------------------------------------------------------------------------------


def _zero_covariance() -> Decision:
    """Σ = 0 has det 0, while the class 𝒮 asks for Σ ≻ 0; its relative entropy is infinite."""
    spread = Symbol("s", positive=True)
    divergence = theorem_III_1.own_divergence().xreplace(
        {own_mean(i): ZeroMatrix(p, 1), own_covariance(i): spread * eye(i)}
    )
    scalar = divergence.xreplace({p: sympy.Integer(1)}).doit()

    def infinite() -> bool:
        return sympy.limit(scalar, spread, 0, "+") == sympy.oo

    return refutation(
        {"Sigma": [["0"]]},
        f"det Σ = 0, and the relative entropy {scalar} of N(0, s) tends to infinity as s → 0",
        "Σ ≻ 0 for Σ in the class of policies",
        "limit",
        "Σ = 0 is no element of the class, and its cost is infinite",
        infinite,
    )


def _start_does_not_matter() -> Decision:
    """K = 0, Σ = I is in the class, and no formula of the best response contains Σ."""
    derived = theorem_III_1.derive()
    free = not any(derived[name].has(S(i), S(j)) for name in ("gain", "covariance"))
    return holds("the derived best response contains no agent's Σ_t", free)


def _initialisation(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("S = (0, 0) is a policy of the class", _zero_covariance)
    return Computed("S = (0, I) is a policy of the class", _start_does_not_matter)


def _loop(gain):
    """Closed loop with agent i's own gain apart from the others'."""
    return A + B(i) * own_gain + agent_sum(B(j) * gain(j), j, i)


own_gain = MatrixSymbol("K", p, m)


def _later_policies(faults: frozenset[str]) -> Equality:
    """P of agent i under two policies that differ in the other agents' gains alone."""
    loop = _loop(K_other if "own alone" in faults else K)
    head = Q(i) + own_gain.T * (tau / 2 * eye(i) + R(i)) * own_gain
    derived = theorem_III_1.derive_policy_value()["value"].matrix
    return _equal(
        derived,
        (head + loop.T * P(i) * loop).xreplace({own_gain: K(i)}),
        named="P_s^i(S_s)",
    )


def _later_stages(horizon: int) -> list[range]:
    """The times s of S_[t+1:T−1], for t = T−1, …, 0."""
    return [range(t + 1, horizon) for t in reversed(range(horizon))]


def _starts_at_the_end() -> Decision:
    """The first pass, with no later policy: answers to P_T = Q_T alone, as Algorithm 1 gives."""
    game, numbers = _last_stage_alone(), Rationals()
    phi, rhs = block_system(stages := Stages(game, numbers), stages.at(0, stages.terminal()))
    size = game.control_sizes[0]
    own = numbers.rows(numbers.transpose(numbers.rows(phi, 0, size)), 0, size)
    answer = numbers.scale(
        numbers.scalar(Fraction(-1)), numbers.solve(own, numbers.rows(rhs, 0, size))
    )
    return argument(
        exactly("later stages of the first pass", list(_later_stages(3)[0]), []),
        exactly("its first answer to gains 0", algorithm_1(game, numbers, 1).K[0][0], answer),
        "S_[T:T−1] is empty, and P_T = Q_T needs no policy",
    )


def _last_stage_alone() -> Game:
    game = gallery("assumption-holds")
    last = game.horizon - 1
    return Game.from_arrays(
        name="its last stage",
        A=game.A[last],
        B=[B[last] for B in game.B],
        Q=[[Q[last], Q[last + 1]] for Q in game.Q],
        R=[R[last] for R in game.R],
        tau=game.tau,
        noise_cov=game.noise_cov,
        horizon=1,
    )


def _empty_index_set() -> Decision:
    first = _later_stages(3)[0]
    return refutation(
        {"T": "3", "t": "2"},
        f"s = t + 1 = {first.start}",
        f"s ≤ T − 1 = {first.stop - 1}",
        "exact",
        "the first pass of the loop conditions on S_[T:T−1], which the definition leaves out",
        lambda: first.start > first.stop - 1,
    )


def _index_set(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("S_[t+1:T−1] is defined at every t of the loop", _empty_index_set)
    return Computed("S_[s:t] is empty for s > t", _starts_at_the_end)


def _metric() -> Decision:
    """The triangle inequality of each norm, summed over agents and both letters."""
    X, Y = difference(i), letter_of_agents("{D'_t}", "p", m)(i)
    chain = Chain(
        text="the distance of two gains",
        left=FrobeniusNorm(MatAdd(X, Y)),
        steps=((triangle, "for any norm"),),
        right=FrobeniusNorm(X) + FrobeniusNorm(Y),
        symbols={},
    )
    return argument(
        chain.decide(),
        "‖X‖_F = 0 for X = 0 alone; a sum of metrics over i ∈ [N] and both letters is a metric",
    )


# -- (19) and what surrounds it ---------------------------------------------------------------


def _eq_19(faults: frozenset[str]) -> Equalities:
    star = {P(i): P_star(i)} if "star" in faults else {}
    gain = MatMul(-1, Inverse(weight), cross).xreplace(star)
    return Equalities(
        (
            _equal(theorem_III_1.derive()["gain"], gain, named="K_t^{i*}"),
            _equal(
                theorem_III_1.derive()["covariance"],
                covariance.xreplace(star),
                named=r"\Sigma_t^{i*}",
            ),
        )
    )


def _lyapunov() -> Equality:
    loop = MatAdd(others_loop(i), MatMul(B(i), K(i)))
    printed = MatAdd(
        Q(i),
        MatMul(Transpose(K(i)), MatAdd(MatMul(tau / 2, eye(i)), R(i)), K(i)),
        MatMul(Transpose(loop), P(i), loop),
    )
    return _equal(theorem_III_1.derive_policy_value()["value"].matrix, printed)


def congruences() -> Decision:
    """P_t = Q + K'((τ/2)I + R)K + F'PF is a sum of congruences, so W ⪰ (τ/2)I."""
    return argument(
        _lyapunov().decide(),
        terminal().decide(),
        "congruences and sums of positive semidefinite matrices are such, so P ⪰ 0 from P_T = Q_T"
        " backwards",
        weight_bound().decide(),
        "W ⪰ (τ/2)I ≻ 0 is invertible",
    )


def _fixed_point(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("a fixed point of Ψ_t is the NE", continuum_of_equilibria)
    return Computed("fixed points of Ψ_t at every t are a NE", sufficient)


# -- Lemma IV.1 -------------------------------------------------------------------------------

_answers = {
    answer(i): -Inverse(weight) * B(i).T * P(i) * (A + agent_sum(B(j) * K(j), j, i)),
    answer_other(i): -Inverse(weight) * B(i).T * P(i) * (A + agent_sum(B(j) * K_other(j), j, i)),
}


def _first_line(faults: frozenset[str]) -> Equality:
    """Gains of Ψ_t(S) − Ψ_t(S'): those of the answers, not of the arguments."""
    printed = K(i) - K_other(i) if "stars" in faults else answer(i) - answer_other(i)
    psi = _answers[answer(i)] - _answers[answer_other(i)]
    return _equal(psi, printed, definitions=_answers)


def _second_line() -> Equality:
    inside = MatMul(
        Inverse(weight),
        Transpose(B(i)),
        P(i),
        agent_sum(MatMul(B(j), MatAdd(K(j), MatMul(-1, K_other(j)))), j, i),
    )
    return _equal(answer_other(i) - answer(i), inside, definitions=_answers)


_contraction = (2 / tau) * gamma_B**2 * gamma_P


def contraction_chain(factor=1) -> Chain:
    """‖Kⁱ* − K'ⁱ*‖_F ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Kʲ − K'ʲ‖_F; `factor` plants a false bound."""
    start = AgentSum(Inverse(W(i)) * B(i).T * P(i) * B(j) * difference(j), j, (i,))
    return Chain(
        text="one agent's answer",
        left=FrobeniusNorm(start),
        steps=(
            (triangle, "for any norm"),
            (submultiplicative, "‖XY‖_F ≤ ‖X‖₂‖Y‖_F and ‖X‖₂ ≤ ‖X‖_F"),
            (
                bounded_by({"B_t": gamma_B, "P_{t+1}": gamma_P, "W_t⁻¹": 2 / tau}),
                "γ_B, γ_{P,t} are maxima; W − (τ/2)I = R + B'PB ⪰ 0 gives ‖W⁻¹‖₂ ≤ 2/τ",
            ),
        ),
        right=factor * _contraction * AgentTotal(FrobeniusNorm(difference(j)), j, (i,)),
        symbols={gamma_B: largest_norm("B_t"), gamma_P: largest_norm("P_{t+1}")},
        first=(
            _equal(W(i) - tau / 2 * eye(i), R(i) + B(i).T * P(i) * B(i)),
            _second_line(),
        ),
        symmetric=symmetric,
        definitions={W(i): definitions[W(i)]},
    )


distance = letter_of_agents("d", 1, 1)
"""‖Kʲ − K'ʲ‖_F as a number of agent j."""


def _third_line(faults: frozenset[str]) -> Equality:
    """Σ_i Σ_{j≠i} d_j against (N−1) Σ d as printed."""
    constant = _contraction
    if "gamma" in faults:
        constant = constant.subs(gamma_P, gamma_P_unindexed)
    left = _contraction * AgentTotal(AgentTotal(sympy.Trace(distance(j)), j, (i,)), i)
    if "index" in faults:
        right = AgentTotal(sympy.Trace(distance(j)), i)
    else:
        right = AgentTotal(sympy.Trace(distance(j)), j)
    return Equality(left, constant * (N - 1) * right)


_of_lemma = _contraction * (N - 1)
"""(2/τ)γ_B²γ_{P,t}(N−1)."""
_spread = letter_of_agents("e", 1, 1)
"""‖Σʲ − Σ'ʲ‖_F as a number of agent j."""


def _last_line(faults: frozenset[str]) -> Equality:
    """The constant times the sum of both norms is the constant times the metric."""
    both = sympy.Trace(distance(j)) + sympy.Trace(_spread(j))
    metric = AgentTotal(sympy.Trace(distance(j)), j) + AgentTotal(sympy.Trace(_spread(j)), j)
    printed = _of_lemma.subs(gamma_P, gamma_P_unindexed) if faults else _of_lemma
    return Equality(_of_lemma * AgentTotal(both, j), printed * metric)


def _threshold(faults: frozenset[str]) -> Equality:
    """The constant is below 1 just where τ exceeds τ times the constant."""
    bound = 2 * gamma_B**2 * gamma_P * (N - 1)
    if faults:
        bound = bound.subs(gamma_P, gamma_P_unindexed)
    return Equality(_of_lemma * tau, bound)


def contractive() -> Decision:
    """The chain for one agent, summed over agents; Σ does not enter."""
    return argument(
        contraction_chain().decide(),
        _third_line(frozenset()).decide(),
        _last_line(frozenset()).decide(),
        _start_does_not_matter(),
        _threshold(frozenset()).decide(),
        "a map with Lipschitz constant below 1 in ‖·‖_□ is a contraction",
    )


def _two_policies(faults: frozenset[str]) -> Computed:
    """How many pairs (K, Σ) an element of 𝒮 or 𝒮_t has, and Ψ_t takes."""
    game = gallery("assumption-holds")
    taken = game.agents
    given = game.agents * game.horizon if faults else game.agents

    def decide() -> Decision:
        if given == taken:
            return exactly("pairs (Kⁱ, Σⁱ) in an argument of Ψ_t", given, taken)
        return refutation(
            {"N": str(game.agents), "T": str(game.horizon)},
            f"{given} pairs (K, Σ) in a joint policy over all t",
            f"{taken} pairs in an argument of Ψ_t",
            "exact",
            "Ψ_t takes the policies of one time",
            lambda: given != taken,
        )

    return Computed(f"S_t, S'_t ∈ {'𝒮' if faults else '𝒮_t'}", decide)


_undefined_gamma = Fault(name="gamma", what="γ_P is not defined; it is γ_{P,t}", kind="index")


# -- Theorem IV.2 -----------------------------------------------------------------------------


def _few_iterations() -> Decision:
    """L = 1 is O(log 1/ε), and leaves an error that does not shrink with ε."""
    game = gallery("assumption-holds")
    error = _squared_error(game, 1)
    return refutation(
        {"game": game.name, "L": "1"},
        f"Σ‖K_t − K_t*‖_F² = {float(error):.6g}, whatever ε",
        "O(ε²)",
        "exact",
        "L = O(log 1/ε) bounds L from above: L = 1 satisfies it, and its error is fixed",
        lambda: _squared_error(game, 1) > 0,
    )


def _squared_error(game: Game, iterations: int) -> Fraction:
    """Σ_t ‖K_t − K_t*‖_F² of Algorithm 1's output over all agents, exactly."""
    numbers = Rationals()
    played, equilibrium = algorithm_1(game, numbers, iterations), nash(game, numbers)
    return sum(
        (
            numbers.to_fraction((a - b) * (a - b))
            for mine, best in zip(played.K, equilibrium.K, strict=True)
            for X, Y in zip(mine, best, strict=True)
            for a, b in zip(X.entries(), Y.entries(), strict=True)
        ),
        Fraction(0),
    )


def _errors_fall() -> Decision:
    """In a game that satisfies the theorem's hypothesis, one iteration more at a time."""
    game = scalar_agents()
    errors = [_squared_error(game, L) for L in (1, 2, 3)]
    shown = ", ".join(f"{float(e):.3g}" for e in errors)
    fall = all(later < earlier / 4 for earlier, later in pairwise(errors))
    return holds(f"squared errors at L = 1, 2, 3, each below a quarter of the last: {shown}", fall)


W_star = letter_of_agents("{W^{*}_t}", "p", "p")
nash_gain = answer
"""The NE's gain."""
P_gap = letter_of_agents("E", m, m)
"""P_{t+1} − P*_{t+1}."""
F_star = MatrixSymbol("{F^{*}_t}", m, m)
"""The NE's closed loop A + Σ_j BʲKʲ*."""
_star_weight = definitions[W(i)].xreplace({P(i): P_star(i)})
_symmetric_star = (*symmetric, P_star(i), W_star(i), P_gap(i))


def _moved_answer() -> Equality:
    """Answer to the NE's gains at P_{t+1}, less Kⁱ*; Ā, of the others' Kʲ*, stays a letter."""
    at_P = theorem_III_1.derive()["gain_compact"]
    return Equality(
        at_P - nash_gain(i),
        -Inverse(W(i)) * B(i).T * (P(i) - P_star(i)) * (others_loop(i) + B(i) * nash_gain(i)),
        _symmetric_star,
        {
            W(i): definitions[W(i)],
            W_star(i): _star_weight,
            nash_gain(i): at_P.xreplace({P(i): P_star(i), W(i): W_star(i)}),
        },
    )


def _moved_answer_chain() -> Chain:
    """‖W⁻¹B'EF*‖_F ≤ (2/τ)γ_B‖E‖_F‖F*‖_F."""
    return Chain(
        text="how far an answer moves with P_{t+1}",
        left=FrobeniusNorm(MatMul(Inverse(W(i)), Transpose(B(i)), P_gap(i), F_star)),
        steps=(
            (submultiplicative, "‖XY‖_F ≤ ‖X‖₂‖Y‖_F and ‖X‖₂ ≤ ‖X‖_F"),
            (bounded_by({"B_t": gamma_B, "W_t⁻¹": 2 / tau}), "W ⪰ (τ/2)I, as P_{t+1} ⪰ 0"),
        ),
        right=(2 / tau) * gamma_B * FrobeniusNorm(P_gap(i)) * FrobeniusNorm(F_star),
        symbols={gamma_B: largest_norm("B_t")},
        first=(_moved_answer(),),
        symmetric=_symmetric_star,
        definitions={W(i): definitions[W(i)]},
    )


def _iterated() -> Decision:
    """e_{l+1} = κe_l + b from e_0 on has e_l = κˡe_0 + b(1 − κˡ)/(1 − κ)."""
    kappa, start, push = sympy.symbols("kappa e_0 b", positive=True)
    count = Symbol("l", integer=True, nonnegative=True)
    error = kappa**count * start + push * (1 - kappa**count) / (1 - kappa)
    following = error.subs(count, count + 1) - (kappa * error + push)
    return argument(
        exactly("the bound at l + 1 less κ times it at l, less b", sympy.simplify(following), 0),
        exactly("the bound at l = 0", error.subs(count, 0), start),
    )


def _cost_of(gains, P_next):
    """P_t of a policy with these gains: the Lyapunov equations."""
    loop = A + agent_sum(B(j) * gains(j), j)
    own = gains(i)
    return Q(i) + own.T * (tau / 2 * eye(i) + R(i)) * own + loop.T * P_next * loop


def _moved_cost() -> Equalities:
    """P_t − P_t* with Kʲ = Kʲ* + Dʲ, P_{t+1} = P*_{t+1} + E: each term has a factor Dʲ or E."""
    moved = _cost_of(lambda k: nash_gain(k) + difference(k), P_star(i) + P_gap(i))
    own, D, R_tau = nash_gain(i), difference(i), tau / 2 * eye(i) + R(i)
    G, P_moved = agent_sum(B(j) * difference(j), j), P_star(i) + P_gap(i)
    return Equalities(
        (
            _equal(theorem_III_1.derive_policy_value()["value"].matrix, _cost_of(K, P(i))),
            Equality(
                moved - _cost_of(nash_gain, P_star(i)),
                D.T * R_tau * own
                + own.T * R_tau * D
                + D.T * R_tau * D
                + F_star.T * P_gap(i) * F_star
                + F_star.T * P_moved * G
                + G.T * P_moved * F_star
                + G.T * P_moved * G,
                _symmetric_star,
                {F_star: A + agent_sum(B(j) * nash_gain(j), j)},
                named=r"P_t^i - P_t^{i*}",
            ),
        )
    )


def _one_stage() -> Decision:
    """From ‖P_{t+1} − P*_{t+1}‖ small to ‖K_t − K_t*‖ and ‖P_t − P_t*‖ small."""
    return argument(
        contractive(),
        congruences(),
        "let Ψ_t at P_{t+1} have the constant κ < 1; C stands for numbers that depend on the game"
        " and κ alone",
        _moved_answer_chain().decide(),
        "K* being its own answer at P*, e_l = Σ_i ‖K_lⁱ − Kⁱ*‖_F obeys e_{l+1} ≤ κe_l + b, with b"
        " ≤ C max_i ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F (triangle inequality)",
        _iterated(),
        "e_L ≤ κ^L e_0 + b/(1 − κ), where e_0 depends on the start and on K* alone",
        _moved_cost().decide(),
        "each term has a factor E = P_{t+1} − P*_{t+1} or Dʲ = K_tʲ − K_tʲ*, and what else is in it"
        " is bounded where those are (triangle inequality, submultiplicativity):"
        " ‖P_tⁱ − P_tⁱ*‖_F ≤ C(e_L + ‖E‖_F)",
    )


def _inner_loop() -> Decision:
    return argument(
        _one_stage(),
        "‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖ = O(ε) and κ^L ≤ ε give ‖P_tⁱ − P_tⁱ*‖ = O(ε); [18, Theorem 4.5],"
        " which the paper cites for this, is not used here",
    )


def linear_rate() -> Decision:
    """Backwards in time: ‖P_{t+1} − P*_{t+1}‖ ≤ Cκ^L gives ‖S_t − S_t*‖_□ ≤ Cκ^L and the same at t.

    Nothing rests on the paper's citation here.
    """
    return argument(
        sufficient(),
        "the hypothesis is strict, so there are η > 0 and κ between 0 and 1 with"
        " (2/τ)γ_B²(γ_P* + η)(N−1) ≤ κ; C stands for numbers that depend on the game, κ and η"
        " alone, not on L",
        "let ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ Cκ^L for all agents: 0 at t = T−1, as P_T = P*_T = Q_T;"
        " for all large L it is ≤ η, so γ_{P,t} ≤ γ_P* + η and Ψ_t has the constant κ",
        _one_stage(),
        "so Σ_i ‖K_tⁱ − K_tⁱ*‖_F and ‖P_tⁱ − P_tⁱ*‖_F are at most Cκ^L, which is the induction",
        _covariance_chain().decide(),
        "the covariances answer to P_{t+1} alone: ‖Σ_tⁱ − Σ_tⁱ*‖_F ≤ Cκ^L; the T stages are added",
        _errors_fall(),
    )


def _stronger() -> Equality:
    """The two bounds differ by 2γ_B²(N−1)cε ≥ 0."""
    return Equality(_condition - _assumed, 2 * gamma_B**2 * slack * epsilon * (N - 1))


gamma_star = Symbol(r"\gamma_P^*", positive=True)
slack, epsilon = Symbol("c", positive=True), Symbol(r"\epsilon", positive=True)
_assumed = 2 * gamma_B**2 * gamma_star * (N - 1)
_condition = 2 * gamma_B**2 * (gamma_star + slack * epsilon) * (N - 1)


def _convergence(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("L = O(log(1/ε)) suffices", _few_iterations)
    return Computed(
        "L ≥ C log(1/ε) suffices, for some C of the game, τ included", _enough_iterations
    )


def _enough_iterations() -> Decision:
    """κ^L ≤ ε from L = log(1/ε)/log(1/κ) on."""
    kappa = Symbol("kappa", positive=True)
    enough = sympy.log(1 / epsilon) / sympy.log(1 / kappa)
    return argument(
        _stronger().decide(),
        "c, ε > 0: the theorem's condition implies τ > 2γ_B²γ_P*(N−1)",
        linear_rate(),
        exactly(
            "L log κ at L = log(1/ε)/log(1/κ)",
            sympy.simplify(sympy.expand_log(enough * sympy.log(kappa))),
            sympy.log(epsilon),
        ),
        "κ < 1, so κ^L ≤ ε for every L from there on, and Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L ≤ Cε; for the"
        " finitely many smaller L the error is a number, so a larger C serves",
    )


def _plain(expression):
    """A formula at τ = 0 with R + (τ/2)I for R: the deterministic game (20)."""
    return expression.subs(tau, 0).xreplace({R(i): MatAdd(R(i), MatMul(tau / 2, eye(i)))})


def _auxiliary() -> Equalities:
    derived = theorem_III_1.derive()
    written = {W(i): weight}
    return Equalities(
        (
            _equal(derived["gain"], _plain(derived["gain_compact"].xreplace(written))),
            _equal(derived["value"].matrix, _plain(derived["riccati"].xreplace(written))),
        )
    )


def _covariance_chain() -> Chain:
    """‖Σ − Σ*‖_F ≤ (2/τ)γ_B²‖P − P*‖_F."""
    identity = _equal(
        tau / 2 * Inverse(weight) - tau / 2 * Inverse(_star_weight),
        -tau / 2 * Inverse(weight) * B(i).T * (P(i) - P_star(i)) * B(i) * Inverse(_star_weight),
    )
    start = MatMul(tau / 2, Inverse(W(i)), Transpose(B(i)), P_gap(i), B(i), Inverse(W_star(i)))
    return Chain(
        text="the covariances follow",
        left=FrobeniusNorm(start),
        steps=(
            (submultiplicative, "‖XYZ‖_F ≤ ‖X‖₂‖Y‖_F‖Z‖₂"),
            (
                bounded_by({"B_t": gamma_B, "W_t⁻¹": 2 / tau, "{W^{*}_t}⁻¹": 2 / tau}),
                "both inverses are at most 2/τ",
            ),
        ),
        right=(2 / tau) * gamma_B**2 * FrobeniusNorm(P_gap(i)),
        symbols={gamma_B: largest_norm("B_t")},
        first=(identity,),
        symmetric=(*symmetric, P_star(i), W_star(i)),
        definitions={
            W(i): definitions[W(i)],
            W_star(i): _star_weight,
        },
    )


CLAIMS = (
    Claim(
        id="alg-1",
        title="Algorithm 1",
        where="Section IV, Algorithm 1",
        latex=r"t = T-1, \dots, 1, 0 \qquad l = 1, \dots, L"
        r" \qquad S_t^i \leftarrow S_t^{il}, \forall i \in [N]"
        r" \qquad (S_t)_{0 \leq t \leq T-1}",
        statement=lambda _: Definition(K(i), theorem_III_1.derive()["gain"], symmetric),
    ),
    Claim(
        id="alg-1/init",
        title="Initialisation at zero",
        where="Section IV, Algorithm 1, line 1",
        latex=r"S_t^i = (K_t^i, \Sigma_t^i) = 0",
        statement=_initialisation,
        faults=(
            Fault(
                name="zero covariance",
                what="Σ = 0 is not positive definite, so the start is outside the class of policies"
                " (with infinite cost); any positive definite Σ serves, since Ψ_t ignores it",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="alg-1/line-4",
        title="What the best response is conditioned on",
        where="Section IV, Algorithm 1, line 4",
        latex=r"S_t^{il} = \Psi_t^i(S_t | S_{[t+1:T-1]}^i), \forall i \in [N]",
        statement=_later_policies,
        faults=(
            Fault(
                name="own alone",
                what="the superscript i leaves agent i's own later policies alone, while P_{t+1}ⁱ"
                " depends on all agents' later gains: it is S_[t+1:T−1]",
                kind="index",
            ),
        ),
    ),
    Claim(
        id="alg-1/index-set",
        title="The index set of the later policies",
        where="Section IV, after (19) and Algorithm 1",
        latex=r"S_{[s:t]} := \{S_s, \dots, S_t\} \qquad s \leq t"
        r" \qquad t+1 \leq s \leq T-1",
        statement=_index_set,
        faults=(
            Fault(
                name="empty",
                what="defined for s ≤ t only, but the loop starts with S_[T:T−1]: it has to be"
                " empty there",
                kind="index",
            ),
        ),
    ),
    Claim(
        id="alg-1/metric",
        title="The metric on joint policies",
        where="Section IV, before (19)",
        latex=r"\|S_t\|_{\square} = \sum_{i \in [N]} \|K_t^i\|_F + \|\Sigma_t^i\|_F.",
        statement=Computed(
            "Σ_i (‖Kⁱ − K'ⁱ‖_F + ‖Σⁱ − Σ'ⁱ‖_F) is a metric on joint policies", _metric
        ),
        hypotheses=("the sum runs over both norms",),
    ),
    Claim(
        id="eq-19/map",
        title="The best response map",
        where="Section IV, before (19)",
        latex=r"\Psi_t^i(\cdot) : \mathcal{S}_t \rightarrow \mathcal{S}_t^i"
        r" \qquad \Psi_t^i(S_t | S_{[t+1:T-1]}) = (K_t^{i*}, \Sigma_t^{i*}),",
        statement=lambda _: Definition(K(i), theorem_III_1.derive()["gain"], symmetric),
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
                what="P_{t+1}^{i*} is the equilibrium's; the response to S_[t+1:T−1] takes its"
                " P_{t+1}ⁱ from the Lyapunov equations below, without the star",
                kind="index",
            ),
        ),
    ),
    Claim(
        id="eq-19/lyapunov",
        title="Lyapunov equations",
        where="Section IV, after (19)",
        latex=r"P_s^i = Q_s^i + (K_s^i)^\top ((\tau/2)I + R_s^i) K_s^i"
        r" + (A_s^i + B_s^i K_s^i)^\top P_{s+1}^i (A_s^i + B_s^i K_s^i),",
        statement=lambda _: _lyapunov(),
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
        statement=Computed("P_t ⪰ 0 and W ⪰ (τ/2)I", congruences),
        hypotheses=("Q ⪰ 0", "R ≻ 0", "τ > 0"),
    ),
    Claim(
        id="eq-19/composite",
        title="Composite best response",
        where="Section IV, after (19)",
        latex=r"\Psi_t(\cdot) : \mathcal{S}_t \rightarrow \mathcal{S}_t"
        r" \qquad \Psi_t(S_t | S_{[t+1:T-1]}) = (\Psi_t^i(S_t | S_{[t+1:T-1]}))_{\forall i}.",
        statement=lambda _: Definition(K(i), theorem_III_1.derive()["gain"], symmetric),
    ),
    Claim(
        id="eq-19/fixed-point",
        title="Fixed points are equilibria",
        where="Section IV, after (19)",
        latex=r"S_t^* = \Psi_t(S_t^* | S_{[t+1:T-1]}^*)",
        statement=_fixed_point,
        faults=(
            Fault(
                name="the",
                what="a fixed point at every t is a NE; there may be several fixed points, so it is"
                " not “the” NE, and one stage alone is not enough",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="lemma-IV.1",
        title="The best response map is a contraction",
        where="Section IV, Lemma IV.1",
        latex=r"\tau > 2\gamma_B^2\gamma_{P,t}(N-1)"
        r" \qquad \gamma_{P,t} := \max_{\forall i} \|P_{t+1}^i\|_F",
        statement=Computed("τ > 2γ_B²γ_{P,t}(N−1) ⇒ Ψ_t is a contraction in ‖·‖_□", contractive),
        hypotheses=("S_[t+1:T−1] fixed",),
    ),
    Claim(
        id="lemma-IV.1/achieves",
        title="So Algorithm 1 can achieve the NE",
        where="Section IV, before Lemma IV.1",
        quote="if … satisfies a lower bound, then the … operator is contractive, and hence"
        " Algorithm 1 can achieve the NE",
        statement=Computed("Algorithm 1's output tends to the NE as L → ∞", linear_rate),
        hypotheses=("the bound holds at every t with the NE's P*",),
    ),
    Claim(
        id="lemma-IV.1/two-policies",
        title="The two policies compared",
        where="Section IV, proof of Lemma IV.1",
        latex=r"S_t, S'_t \in \mathcal{S}",
        statement=_two_policies,
        faults=(
            Fault(
                name="set",
                what="𝒮 without an index is not defined; policies of one time are in 𝒮_t (an index"
                " probably lost)",
                kind="scan",
            ),
        ),
    ),
    Claim(
        id="lemma-IV.1/difference",
        title="The norm of the difference of two answers",
        where="Section IV, proof of Lemma IV.1, first equality",
        latex=r"\|\Psi_t(S_t | S_{[t+1:T-1]}) - \Psi_t(S'_t | S_{[t+1:T-1]})\|_{\square}"
        r" = \sum_{i \in [N]} \|K_t^i - K_t^{i'}\|_F + \|\Sigma_t^i - \Sigma_t^{i'}\|_F",
        statement=_first_line,
        faults=(
            Fault(
                name="stars",
                what="on the right stand the gains of the arguments S and S'; it has to be those of"
                " the answers (stars probably lost)",
                kind="scan",
            ),
        ),
    ),
    Claim(
        id="lemma-IV.1/gains",
        title="The difference of two answers",
        where="Section IV, proof of Lemma IV.1, second equality",
        latex=r"= \sum_{i \in [N]} \left\| \left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^i"
        r" B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^i \sum_{j \neq i} B_t^j (K_t^j - K_t^{j'})"
        r" \right\|_F",
        statement=lambda _: _second_line(),
        hypotheses=("up to the sign, which the norm forgets; the covariances are equal",),
    ),
    Claim(
        id="lemma-IV.1/bound",
        title="The bound, agent by agent",
        where="Section IV, proof of Lemma IV.1, inequality",
        latex=r"\leq \frac{2}{\tau} \gamma_B^2 \gamma_P (N-1) \sum_{i \in [N]} \|K_t^j -"
        r" K_t^{j'}\|_F + \|\Sigma_t^j - \Sigma_t^{j'}\|_F",
        statement=_third_line,
        faults=(
            Fault(
                name="index",
                what="the sum runs over i and its terms carry j: one of the two letters is wrong",
                kind="index",
            ),
            _undefined_gamma,
        ),
    ),
    Claim(
        id="lemma-IV.1/one-agent",
        title="The inequality behind it",
        where="Section IV, proof of Lemma IV.1, inequality",
        latex=r"\leq \frac{2}{\tau} \gamma_B^2 \gamma_P (N-1) \sum_{i \in [N]} \|K_t^j -"
        r" K_t^{j'}\|_F",
        statement=lambda _: contraction_chain(),
    ),
    Claim(
        id="lemma-IV.1/last-line",
        title="The bound in the metric",
        where="Section IV, proof of Lemma IV.1, last equality",
        latex=r"= \frac{2}{\tau} \gamma_B^2 \gamma_P (N-1) \|S_t - S'_t\|_{\square},",
        statement=_last_line,
        faults=(_undefined_gamma,),
    ),
    Claim(
        id="lemma-IV.1/threshold",
        title="Where the constant is below 1",
        where="Section IV, end of the proof of Lemma IV.1",
        latex=r"\tau > 2\gamma_B^2 \gamma_P (N-1)",
        statement=_threshold,
        faults=(_undefined_gamma,),
    ),
    Claim(
        id="thm-IV.2/large-L",
        title="Many iterations approximate the NE",
        where="Section IV, before Theorem IV.2",
        latex=r"(S_t)_{0 \leq t \leq T-1} \approx (S_t^*)_{0 \leq t \leq T-1}",
        statement=Computed("Algorithm 1's output tends to the NE as L → ∞", linear_rate),
        hypotheses=("τ > 2γ_B²γ_P*(N−1)",),
    ),
    Claim(
        id="thm-IV.2/linear-rate",
        title="The Nash error falls at a linear rate in L",
        where="Section IV, before and after Theorem IV.2",
        quote="the Nash error decreases at a linear rate with respect to the inner-loop iterations"
        " … ensures linear convergence of Algorithm 1 to the NE of the ERGS",
        statement=Computed("Σ_t ‖S_t − S_t*‖_□ ≤ Cκ^L for all large L, with κ < 1", linear_rate),
        hypotheses=("τ > 2γ_B²γ_P*(N−1)",),
    ),
    Claim(
        id="thm-IV.2/condition",
        title="The theorem's condition",
        where="Section IV, Theorem IV.2",
        latex=r"\tau > 2\gamma_B^2 (\gamma_P^* + c\epsilon)(N-1)",
        statement=Definition(tau, _condition, relation=">"),
    ),
    Claim(
        id="thm-IV.2/stronger",
        title="It is slightly stronger than Assumption III.3",
        where="Section IV, after Theorem IV.2",
        quote="the condition in Theorem IV.2 is slightly stronger than Assumption III.3",
        statement=lambda _: _stronger(),
        hypotheses=("c > 0", "ε > 0"),
    ),
    Claim(
        id="thm-IV.2",
        title="Algorithm 1 converges to the NE",
        where="Section IV, Theorem IV.2",
        latex=r"\sum_{0 \leq t \leq T-1} \|S_t - S_t^*\|_{\square} = \mathcal{O}(\epsilon)"
        r" \qquad L = \mathcal{O}(\log(1/\epsilon))",
        statement=_convergence,
        faults=(
            Fault(
                name="L",
                what="L = O(log(1/ε)) bounds the iterations from above, so L = 1 would do; L has to"
                " be at least a multiple of log(1/ε)",
                kind="overclaim",
            ),
        ),
        hypotheses=("τ > 2γ_B²(γ_P* + cε)(N−1)",),
    ),
    Claim(
        id="eq-20",
        title="The auxiliary game",
        where="Section IV, (20)",
        latex=r"J^i(x, \pi^i, \pi^{-i}) = \mathbb{E} \left[ \sum_{t=0}^{T-1} x_t^\top Q_t^i x_t"
        r" + (u_t^i)^\top \left( (\tau/2)I + R_t^i \right) u_t^i + x_T^\top Q_T^i x_T"
        r" \middle| x_0 = x \right].",
        statement=Definition(
            r"J^i(x, \pi^i, \pi^{-i})",
            sympy.Trace(x.T * Q(i) * x) + sympy.Trace(u(i).T * (tau / 2 * eye(i) + R(i)) * u(i)),
            symmetric,
        ),
    ),
    Claim(
        id="eq-20/equivalent",
        title="The auxiliary game has the same K and P",
        where="Section IV, after (20)",
        latex=r"u_t^{i*} = K_t^{i*} x",
        quote="the NE controller for this game would be linear … and deterministic, where … is"
        " defined in (6) and the adjoining coupled Riccati equations are given by (4)",
        statement=lambda _: _auxiliary(),
    ),
    Claim(
        id="thm-IV.2/inner-loop",
        title="Good convergence of the inner loop",
        where="Section IV, proof of Theorem IV.2",
        latex=r"\|P_{t+1}^i - P_{t+1}^{i*}\| = \mathcal{O}(\epsilon)"
        r" \qquad \|P_t^i - P_t^{i*}\| = \mathcal{O}(\epsilon)",
        quote="we can utilize … which relies on the good convergence of the inner loop",
        statement=Computed(
            "‖P_{t+1} − P*_{t+1}‖ = O(ε) ⇒ ‖P_t − P_t*‖ = O(ε), backwards in time",
            _inner_loop,
        ),
        hypotheses=(
            "Ψ_t is a contraction with one constant κ < 1 for all small ε",
            "κ^L ≤ ε, which is L ≥ C log(1/ε)",
        ),
    ),
    Claim(
        id="thm-IV.2/covariance",
        title="The covariances follow P",
        where="Section IV, end of the proof of Theorem IV.2",
        latex=r"\|\Sigma_t^i - \Sigma_t^{i*}\| = \mathcal{O}(\epsilon)"
        r" \qquad \Sigma_t^i = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^i B_t^i)/\tau)^{-1}",
        statement=lambda _: _covariance_chain(),
        hypotheses=("‖P_{t+1} − P*_{t+1}‖ = O(ε)",),
    ),
)
