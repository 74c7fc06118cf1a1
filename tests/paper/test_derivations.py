"""The derivations arrive at the paper's results, and fail where a step is missing or broken."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

import pytest
import sympy
from attrs import evolve, fields, has
from parts import from_move, states_of
from sympy import Basic, Identity, Inverse

from ergs_verify.errors import DerivationError, ErgsError
from ergs_verify.evaluate import evaluate
from ergs_verify.expressions import AgentSum, AgentTotal, instantiate
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper import notation as n
from ergs_verify.paper.general import GENERAL
from ergs_verify.proof import prove
from ergs_verify.proof.sampling import SymPyNumbers

DERIVATIONS = {
    "lemma": lemma_III_2.derivation,
    "theorem": theorem_III_1.derivation,
    "policy": theorem_III_1.policy_value(),
    "lemma for any prior": lemma_III_2.derivation_for(lemma_III_2.gaussian, "Lemma III.2"),
    "general theorem": theorem_III_1.derivation_for(GENERAL),
    "general policy": theorem_III_1.policy_value(GENERAL),
}
states = cache(lambda name: states_of(DERIVATIONS[name]))
MOVES = [(name, move.name) for name, d in DERIVATIONS.items() for move in d.moves]


def faults(value):
    """Wrong variants of a finding: sign, factor, a term dropped or flipped, the wrong agents."""
    if has(type(value)):
        for field in fields(type(value)):
            for what, wrong in faults(getattr(value, field.name)):
                yield f"{field.name} {what}", evolve(value, **{field.name: wrong})
    elif isinstance(value, Basic) and value != 0:
        yield "doubled", 2 * value
        if isinstance(value, sympy.Add | sympy.MatAdd):
            rest, last = value.args[:-1], value.args[-1]
            yield "dropped", value.func(*rest) if len(rest) > 1 else rest[0]
            yield "flipped", value.func(*rest, -last)
        for total in sorted(value.atoms(AgentSum, AgentTotal), key=str)[:1]:
            excluded = () if total.excluded else (n.i,)
            yield (
                "exclusion",
                value.xreplace({total: total.func(total.body, total.index, excluded)}),
            )


@pytest.mark.parametrize(("name", "move"), MOVES)
def test_leaving_a_step_out_fails(name, move):
    rest = from_move(DERIVATIONS[name], states(name), move)
    with pytest.raises(DerivationError, match=re.escape(rest.title)):
        rest.without(move).run()


@pytest.mark.parametrize(("name", "move"), MOVES)
def test_breaking_a_finding_fails(name, move):
    derivation = from_move(DERIVATIONS[name], states(name), move)
    state, step = derivation.start, derivation.moves[0]
    findings = step.find(state)
    planted = 0
    for key, value in findings.items():
        for _, wrong in faults(value):
            if wrong == value:
                continue
            planted += 1
            try:
                step.check({**state, **findings, key: wrong})
            except ErgsError:
                continue
            broken = derivation.altered(move, lambda _, found, k=key, w=wrong: {**found, k: w})
            with pytest.raises(DerivationError):
                broken.run()
    assert planted


def test_results_are_the_papers():
    equal = {"definitions": n.definitions, "symmetric": n.symmetric}
    formulas, i = theorem_III_1.derived_formulas(), n.i
    weight = n.tau / 2 * n.eye(i) + n.R(i) + n.B(i).T * n.P(i) * n.B(i)
    pull = n.B(i).T * n.P(i) * n.others_loop(i)
    loop = n.others_loop(i)
    assert prove(formulas.gain, -Inverse(weight) * pull, **equal)
    sigma = Inverse(n.eye(i) + 2 * (n.R(i) + n.B(i).T * n.P(i) * n.B(i)) / n.tau)
    assert prove(formulas.covariance, sigma, **equal)
    riccati = n.Q(i) + loop.T * n.P(i) * loop - pull.T * Inverse(weight) * pull
    assert prove(formulas.riccati, riccati, **equal)
    lemma, half = lemma_III_2.derive(), n.tau / 2 * Identity(lemma_III_2.p) + lemma_III_2.M
    known = {"definitions": {lemma_III_2.W: lemma_III_2.W_is}, "symmetric": lemma_III_2.symmetric}
    assert prove(lemma["mean"], -Inverse(half) * lemma_III_2.b / 2, **known)
    assert prove(lemma["covariance"], n.tau / 2 * Inverse(half), **known)


def test_derived_formulas_for_numbers_by_hand():
    """N = 2, m = p = 1, every step in fractions."""
    A, tau, Q, K2, S1 = Fraction(2), Fraction(1), Fraction(3), Fraction(-1, 2), Fraction(1, 5)
    B, R, P = (Fraction(1), Fraction(2)), Fraction(1, 2), Fraction(3, 4)
    loop = A + B[1] * K2
    weight = tau / 2 + R + B[0] ** 2 * P
    gain = -B[0] * P * loop / weight
    wanted = {
        "gain": gain,
        "covariance": tau / 2 / weight,
        "riccati": Q + P * loop**2 - (B[0] * P * loop) ** 2 / weight,
        "phi_diagonal": weight,
        "rhs": B[0] * P * A,
        "policy_cost": Q + (tau / 2 + R) * gain**2 + P * (loop + B[0] * gain) ** 2,
    }
    formulas = theorem_III_1.derived_formulas()
    arithmetic = SymPyNumbers()

    def value(number):
        return arithmetic.matrix([[number]], (1, 1))

    letters = {n.A: A, n.Q(1): Q, n.R(1): R, n.P(1): P, n.K(1): gain, n.K(2): K2, n.S(1): S1}
    letters |= {n.B(1): B[0], n.B(2): B[1]}
    values = {k: value(v) for k, v in letters.items()} | {n.tau: sympy.Integer(1)}
    sizes = {n.m: 1, sympy.sympify(n.control_size(1)): 1, sympy.sympify(n.control_size(2)): 1}
    definitions = {
        instantiate(k, 2, {n.i: 1}): instantiate(v, 2, {n.i: 1})
        for k, v in formulas.definitions.items()
    }
    for name, number in wanted.items():
        formula = instantiate(getattr(formulas, name), 2, {n.i: 1, n.j: 2})
        assert evaluate(formula, values, arithmetic, definitions, sizes) == value(number), name
    off = instantiate(formulas.phi_off_diagonal, 2, {n.i: 1, n.j: 2})
    assert evaluate(off, values, arithmetic, definitions, sizes) == value(B[0] * P * B[1])


@pytest.mark.parametrize(
    "derived", [lemma_III_2.derive, theorem_III_1.derive, theorem_III_1.derive_policy_value]
)
def test_displays_hold_every_step_in_valid_latex(derived):
    result = derived()
    text, markdown = str(result), result._repr_markdown_()
    for step in result.steps:
        assert step.what in text
        assert step.what.replace("*", r"\*") in markdown
        equation = re.search(r"\$\$(.*)\$\$", step._repr_markdown_(), re.DOTALL).group(1)
        assert_valid_latex(equation)


def assert_valid_latex(tex: str) -> None:
    """Balanced braces and \\left…\\right, and no script on a script (TeX's own errors)."""
    assert tex.count(r"\left") == tex.count(r"\right") + tex.count(r"\leftarrow"), tex
    scripts, depth = [set()], 0
    position = 0
    while position < len(tex):
        sign = tex[position]
        if sign == "\\":
            position += re.match(r"\\([a-zA-Z]+|.)", tex[position:]).end()
            scripts[-1] = set()
            continue
        if sign in "^_":
            assert sign not in scripts[-1], (
                f"double script at …{tex[max(0, position - 30) : position + 9]}"
            )
            scripts[-1] = scripts[-1] | {sign}
            if tex[position + 1] != "{":
                position += re.match(r".(\\[a-zA-Z]+|.)", tex[position:]).end()
                continue
            depth, end = 1, position + 2
            while depth:
                depth += {"{": 1, "}": -1}.get(tex[end], 0)
                end += 1
            assert_valid_latex(tex[position + 2 : end - 1])
            position = end
            continue
        if not sign.isspace():
            scripts[-1] = set()
        position += 1
    assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}"), tex


def test_the_latex_test_notices_double_scripts():
    with pytest.raises(AssertionError, match="double script"):
        assert_valid_latex(r"B_{t}^{i}^{T}")
    assert_valid_latex(r"\left(B_t^{i}\right)^{T} x_{t+1}^2")
