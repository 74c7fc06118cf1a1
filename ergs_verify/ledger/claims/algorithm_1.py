"""Algorithm 1, its metric, and the best response map (19)."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy import Determinant, Inverse, MatAdd, MatMul, MatrixSymbol, Symbol, Transpose, ZeroMatrix

from ergs_verify.arithmetic import Rationals
from ergs_verify.definite import is_positive
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import read_matrix
from ergs_verify.expressions import AgentTotal, agent_sum, control_size, instantiate
from ergs_verify.ledger import hypotheses, loops, rules
from ergs_verify.ledger.chain import TRIANGLE, Chain, FrobeniusNorm
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims.optimality import (
    GAME,
    POLICY_PSD,
    SUFFICIENT,
    WEIGHT,
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
from ergs_verify.ledger.counterexamples import continuum_of_equilibria, refutation
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equalities, Equality
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
    eye,
    i,
    j,
    letter_of_agents,
    m,
    others_loop,
    own_covariance,
    own_mean,
    tau,
)
from ergs_verify.proof.sampling import SymPyNumbers
from ergs_verify.recursion import algorithm_1
from ergs_verify.recursion.records import Stage

__all__ = [
    "CLAIMS",
    "COVARIANCE_IS_FREE",
    "FIXED_POINT",
    "INTO_ITSELF",
    "PASSES",
    "SINGULAR_WEIGHT",
]

p = control_size(i)
P_star = letter_of_agents("{P^{*}_{t+1}}", m, m)
K_other = letter_of_agents("{K'_t}", "p", m)

# -- Algorithm 1 ----------------------------------------------------------------------------------


def _position(t, number, horizon, passes):
    """Where pass `number` at time t comes among all passes: lines 2 and 3."""
    return (horizon - 1 - t) * passes + number


def _in_turn() -> Decision:
    """Pass 1 at t against pass L at t + 1 + n."""
    t, horizon = Symbol("t", integer=True), Symbol("T", integer=True)
    n = Symbol("n", integer=True, nonnegative=True)
    passes = Symbol("L", integer=True, positive=True)
    first = _position(t, 1, horizon, passes)
    after = sympy.expand(first - _position(t + 1 + n, passes, horizon, passes))
    return holds(f"it comes {after} passes later, which is positive", after.is_positive is True)


def _takes_gains_and_cost() -> Decision:
    """The letters of a policy, or of later times, in the derived answer."""
    found = {
        letter.name
        for name in ("gain", "covariance")
        for letter in derived(name).xreplace({W(i): weight}).atoms(type(K(i)))
    }
    policies = sorted(found & {letter(i).name for letter in (K, S, P, Q)})
    own = derived("gain").has(K(i))
    return together(
        exactly("policies and costs in the answer", policies, sorted({K(i).name, P(i).name})),
        holds("agent i's own gain is not among them", not own),
    )


COVARIANCE_IS_FREE = Fact(
    "no policy of time t occurs in the covariance of an answer",
    lambda: holds(
        "the derived covariance contains no gain and no covariance",
        not any(
            derived("covariance").xreplace({W(i): weight}).has(f(k)) for f in (K, S) for k in (i, j)
        ),
    ),
)


def _runs_as_written(case: Case) -> Outcome | None:
    """Algorithm 1 after two passes a stage, against Ψ_t applied twice at its own later costs."""
    found = algorithm_1(case.game, Rationals(), 2)
    for t in range(case.game.horizon):
        ahead = Stage(K=(), Sigma=(), P=tuple(P[t + 1] for P in found.P), q=None)
        gains = [Rationals().zeros(p, case.game.state_size) for p in case.game.control_sizes]
        for _ in range(2):
            gains, _spreads = loops.answers(case.game, t, gains, ahead)
        given = [own[t] for own in found.K]
        if gains != given:
            return Outcome(False, str(given), str(gains))
    return Outcome(True, "", "")


PASSES = Theorem(
    id="alg-1",
    says="at every t Algorithm 1 gives Ψ_t applied L times to its start, at the P_{t+1} of the later"
    " policies that it gives",
    proof=(
        Fact("every pass at time t comes after every pass at a later time", _in_turn),
        Fact(
            "Ψ_tⁱ takes the others' gains of time t and, of later times, P_{t+1}ⁱ alone",
            _takes_gains_and_cost,
        ),
        Fact("P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F", lambda: policy_matrix().decide()),
        Fact("P_T = Q_T", terminal()),
        by(rules.PASSES_IN_TURN),
    ),
    test=_runs_as_written,
)


def _zero_covariance() -> Decision:
    """Σ = 0 has det 0, while the class 𝒮 asks for Σ ≻ 0; its relative entropy is infinite."""
    spread = Symbol("s", positive=True)
    divergence = theorem_III_1.own_divergence().xreplace(
        {own_mean(i): ZeroMatrix(p, 1), own_covariance(i): spread * eye(i)}
    )
    scalar = divergence.xreplace({p: sympy.Integer(1)}).doit()
    scalar = scalar.xreplace({Determinant(sympy.Identity(1)): sympy.Integer(1)})
    return refutation(
        f"det Σ = 0, and the relative entropy {scalar} of N(0, s) tends to infinity as s → 0",
        "Σ ≻ 0 for Σ in the class of policies, and a finite cost",
        "limit",
        "Σ = 0 is no element of the class, and its cost is infinite",
        lambda: sympy.limit(scalar, spread, 0, "+") == sympy.oo,
        values={"Sigma_t^i": [["0"]]},
    )


def _prior_costs_nothing() -> Equality:
    """K = 0, Σ = I, the prior: no relative entropy."""
    at_prior = {own_mean(i): ZeroMatrix(p, 1), own_covariance(i): eye(i)}
    return equal(theorem_III_1.own_divergence().xreplace(at_prior), sympy.Integer(0))


def _initialisation(faults: frozenset[str]) -> Computed:
    if faults:
        return Computed("S = (0, 0) is a policy of the class", _zero_covariance)
    return Computed(
        "S = (0, I), the prior, has a relative entropy of 0, and Ψ_t gives the same after it",
        lambda: together(_prior_costs_nothing().decide(), COVARIANCE_IS_FREE.decide()),
    )


own_gain = MatrixSymbol("K", p, m)


def _later_policies(faults: frozenset[str]) -> Equality:
    """P of agent i under two policies that differ in the other agents' gains alone."""
    others = K_other if "own alone" in faults else K
    loop = A + B(i) * own_gain + agent_sum(B(j) * others(j), j, i)
    head = Q(i) + own_gain.T * (tau / 2 * eye(i) + R(i)) * own_gain
    return equal(
        theorem_III_1.derive_policy_value()["value"].matrix,
        (head + loop.T * P(i) * loop).xreplace({own_gain: K(i)}),
        named="P_s^i(S_s)",
    )


def _range_is_defined() -> Decision:
    """s ≤ t for S_[s:t], at the s = t + 1 and t = T − 1 of the loop's first pass."""
    end = Symbol("T", integer=True, positive=True)
    asked = sympy.Le(end, end - 1)
    return refutation(
        "s = t + 1 = T in the first pass, t = T − 1",
        "s ≤ T − 1",
        "exact",
        "the first pass of the loop conditions on S_[T:T−1], which the definition leaves out",
        lambda: asked == sympy.false,
        values={"t": "T - 1"},
    )


def _first_answer(case: Case) -> Outcome:
    """D 𝓚 = −r after one pass from gains 0 at T − 1, where r has no policy in it."""
    game, numbers = case.game, Rationals()
    _phi, rhs = loops.last_block_system(game)
    found = loops.stacked([own[-1] for own in algorithm_1(game, numbers, 1).K])
    left = loops.diagonal_blocks(game) * found
    return Outcome(left == rhs * -1, str(left), str(rhs * -1))


FIRST_PASS = Theorem(
    id="alg-1/index-set",
    says="S_[s:t] being empty for s > t, Ψ_{T−1} takes P_T = Q_T and no later policy",
    proof=(
        Fact(
            "Ψ_tⁱ takes the others' gains of time t and, of later times, P_{t+1}ⁱ alone",
            _takes_gains_and_cost,
        ),
        Fact("P_T = Q_T", terminal()),
        by(rules.NOTHING_LATER),
    ),
    test=_first_answer,
)


def _index_set(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("S_[t+1:T−1] is defined at every t of the loop", _range_is_defined)
    return FIRST_PASS


# -- the metric -----------------------------------------------------------------------------------


def _norms_of_sums() -> Decision:
    """The triangle inequality, for the shapes of a gain and of a covariance."""
    pairs = [[letter_of_agents(name, "p", size)(i) for name in ("X", "Y")] for size in (m, "p")]
    return together(
        *(
            Chain(
                left=FrobeniusNorm(MatAdd(X, Y)),
                steps=(TRIANGLE,),
                right=FrobeniusNorm(X) + FrobeniusNorm(Y),
                symbols={},
            ).decide()
            for X, Y in pairs
        )
    )


METRIC = Theorem(
    id="alg-1/metric",
    says="Σ_i (‖Kⁱ − K'ⁱ‖_F + ‖Σⁱ − Σ'ⁱ‖_F) is a metric on 𝒮_t",
    proof=(
        Fact("‖X + Y‖_F ≤ ‖X‖_F + ‖Y‖_F, of gains and of covariances", _norms_of_sums),
        by(rules.SUM_OF_NORMS),
    ),
)


def _without_bracket() -> Decision:
    """(Σ_i ‖Kⁱ‖) + ‖Σⁱ‖ at N = 2, K = 0, Σ¹ = 1, Σ² = 2: another number for each i."""
    written = AgentTotal(FrobeniusNorm(K(i)), i) + FrobeniusNorm(S(i))
    numbers = {FrobeniusNorm(K(k)): sympy.Integer(0) for k in (1, 2)} | {
        FrobeniusNorm(S(k)): sympy.Integer(k) for k in (1, 2)
    }
    first, second = (instantiate(written, 2, {i: k}).xreplace(numbers) for k in (1, 2))
    return refutation(
        f"‖S_t‖_□ = {first} for i = 1",
        f"‖S_t‖_□ = {second} for i = 2",
        "exact",
        "the sum binds i in its first term alone, so the value depends on a free i",
        lambda: first != second,
        values={"N": "2", "K_t^1": "0", "K_t^2": "0", "Sigma_t^1": "1", "Sigma_t^2": "2"},
    )


def _metric(faults: frozenset[str]) -> Computed | Theorem:
    return Computed("‖S_t‖_□ is one number", _without_bracket) if faults else METRIC


# -- (19) and what surrounds it -------------------------------------------------------------------


def _has_its_shape() -> Decision:
    gain = derived("gain")
    return exactly("shape of the derived gain", tuple(gain.shape), (p, m))


def _in_the_class(case: Case) -> Outcome | None:
    """Leading minors of every agent's Σⁱ*, and the shapes, at the play's own later costs."""
    policy = case.play.policy
    if policy is None:
        return None
    game = case.game
    mine = [Rationals().zeros(size, game.state_size) for size in game.control_sizes]
    gains, spreads = loops.answers(game, 0, mine, loops.ahead_of(game, policy, 0))
    fit = all(
        (K.nrows(), K.ncols()) == (size, game.state_size)
        and S == S.transpose()
        and is_positive(read_matrix(Rationals().to_fractions(S)), strictly=True)
        for K, S, size in zip(gains, spreads, game.control_sizes, strict=True)
    )
    return Outcome(fit, str(spreads), "symmetric and positive definite")


def _singular_weight(values: Mapping[str, str]) -> Callable[[], Decision]:
    """W at one number for each letter, at which it is 0."""

    def decide() -> Decision:
        letters = {"tau": tau, "R": R(1), "B": B(1), "P_{t+1}": P(1)}
        known = {
            letters[name]: sympy.Rational(value)
            if name == "tau"
            else sympy.ImmutableDenseMatrix([[sympy.Rational(value)]])
            for name, value in values.items()
        }
        sizes = {m: 1, control_size(1): 1}
        found = Evaluator(known, SymPyNumbers(), {}, sizes)(instantiate(weight, 1, {i: 1}))
        return refutation(
            f"W = {found[0, 0]}",
            "W is invertible",
            "exact",
            "there is no answer, and (19) is not defined",
            lambda: found[0, 0] == 0,
            values=values,
        )

    return decide


SINGULAR_WEIGHT = {
    "Q-psd": _singular_weight({"tau": "1", "R": "1/2", "B": "1", "P_{t+1}": "-1"}),
    "R-pd": _singular_weight({"tau": "1", "R": "-1/2", "B": "1", "P_{t+1}": "0"}),
    "tau-positive": _singular_weight({"tau": "-1", "R": "1/2", "B": "1", "P_{t+1}": "0"}),
}
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
    test=_in_the_class,
)
INTO_ITSELF = Theorem(
    id="eq-19/composite",
    says="Ψ_t(S_t | S_[t+1:T−1]) is in 𝒮_t",
    given=GAME,
    proof=(INTO_THE_CLASS, by(rules.AGENT_BY_AGENT)),
    needed=INTO_THE_CLASS.needed,
    test=_in_the_class,
)


def _eq_19(faults: frozenset[str]) -> Equalities:
    star = {P(i): P_star(i)} if "star" in faults else {}
    gain = MatMul(-1, Inverse(weight), cross).xreplace(star)
    return Equalities(
        (
            equal(derived("gain"), gain, named="K_t^{i*}"),
            equal(derived("covariance"), covariance.xreplace(star), named=r"\Sigma_t^{i*}"),
        )
    )


INVERSES = Theorem(
    id="eq-19/inverses-exist",
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
            "where Kⁱ is its own answer, the Lyapunov equation gives the P_t of (4)",
            lambda: _own_answer().decide(),
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",),
        ),
        Fact("P_T = Q_T", terminal()),
        by(rules.FIXED_POINTS),
        SUFFICIENT,
    ),
    needed=SINGULAR_WEIGHT,
    test=lambda case: Outcome(case.play.is_nash, case.play.name, "a NE"),
)


def _fixed_point(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("a fixed point of Ψ_t is the NE", continuum_of_equilibria)
    return FIXED_POINT


# -- the claims -----------------------------------------------------------------------------------

CLAIMS = (
    Claim(
        id="alg-1",
        title="Algorithm 1",
        where="Section IV, Algorithm 1",
        latex=r"t = T-1, \dots, 1, 0 \qquad l = 1, \dots, L"
        r" \qquad S_t^i \leftarrow S_t^{il}, \forall i \in [N]"
        r" \qquad (S_t)_{0 \leq t \leq T-1}",
        statement=PASSES,
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
                printed="= 0",
                corrected="= (0, I)",
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
                printed="S_{[t+1:T-1]}^i",
                corrected="S_{[t+1:T-1]}",
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
                printed=r"s \leq t",
                corrected=r"s \leq t, \quad S_{[s:t]} := \emptyset \text{ for } s > t",
            ),
        ),
    ),
    Claim(
        id="alg-1/metric",
        title="The metric on joint policies",
        where="Section IV, before (19)",
        latex=r"\|S_t\|_{\square} = \sum_{i \in [N]} \|K_t^i\|_F + \|\Sigma_t^i\|_F.",
        statement=_metric,
        faults=(
            Fault(
                name="bracket",
                what="without a bracket the sum ends before ‖Σ_t^i‖_F, whose i then stands for no"
                " agent; the sum runs over both norms, here and in the proof of Lemma IV.1",
                kind="bracket",
                source="wording",
                printed=r"\|K_t^i\|_F + \|\Sigma_t^i\|_F",
                corrected=r"\left( \|K_t^i\|_F + \|\Sigma_t^i\|_F \right)",
            ),
        ),
    ),
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
                what="P_{t+1}^{i*} is the equilibrium's; the response to S_[t+1:T−1] takes its"
                " P_{t+1}ⁱ from the Lyapunov equations below, without the star",
                kind="index",
                printed=r"P_{t+1}^{i*} B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^i,"
                r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*}",
                corrected=r"P_{t+1}^i B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^i A_t^i,"
                r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^i",
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
                what="the definition is a recursion: P ⪰ 0 follows from Q ⪰ 0, R ≻ 0 and τ > 0 by"
                " induction from P_T = Q_T backwards",
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
        quote="is also the NE",
        statement=_fixed_point,
        stated=(hypotheses.FIXED_POINT,),
        faults=(
            Fault(
                name="the",
                what="a fixed point at every t is a NE; there may be several fixed points, so it is"
                " not “the” NE, and one stage alone is not enough",
                kind="overclaim",
            ),
        ),
        gaps=(
            Gap(
                what="Definition II.1 speaks of deviations of a whole policy, with memory and any"
                " density, at all times at once; that answers in gains and covariances, time by"
                " time, are answers among those is not said",
                quote="From Definition II.1, we know that a joint policy",
                closed_by=(SUFFICIENT,),
            ),
        ),
    ),
)
