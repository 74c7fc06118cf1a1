"""The kernel of proofs: each way in which one fails, and faults planted in every proof there is."""

from __future__ import annotations

import re
from pathlib import Path

import planted_reasoning
import pytest
import sympy
from attrs import evolve
from planted_reasoning import IDLE, RIEMANN

from ergs_verify.ledger import hypotheses, rules
from ergs_verify.ledger.chain import Chain, FrobeniusNorm, bounded_by, largest_norm
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.hypotheses import Hypothesis
from ergs_verify.ledger.reasoning import By, Cited, Fact, Supposing, Theorem, by
from ergs_verify.ledger.rules import Rule
from ergs_verify.ledger.sentences import BY_ENGINES_ALONE, can_be_evaluated
from ergs_verify.paper.notation import B, i

FAULTS = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
TRUE, FALSE = (lambda: exactly("1", 1, 1)), (lambda: exactly("1", 1, 2))
SHIFTED = by(rules.SHIFTED, X="W", Y="R + B'PB")
SPLIT = Fact("W − (τ/2)I = R + B'PB", TRUE)
ABOVE = Fact("R + B'PB ⪰ 0", TRUE)
SHIFT = Theorem(id="shift", says="W ⪰ (τ/2)I", proof=(SPLIT, ABOVE, SHIFTED))
INVERTIBLE = Theorem(
    id="invertible",
    says="W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
    given=(hypotheses.TAU_POSITIVE,),
    proof=(SHIFT, by(rules.INVERTIBLE, X="W")),
)
TERMINAL = Theorem(id="terminal", says=IDLE, proof=(Fact(IDLE, TRUE),))


def verdict(theorem: Theorem, reason: str) -> str:
    """The verdict, where the reason given is this one."""
    decision = theorem.decide()
    assert any(reason in detail for _, detail in decision.evidence), decision.evidence
    return decision.verdict


def with_proof(*lines: object, theorem: Theorem = INVERTIBLE) -> Theorem:
    return evolve(theorem, proof=lines)


def test_a_proof_goes_through_and_says_on_what_it_rests():
    decision = INVERTIBLE.decide()
    assert decision.verdict == "proved"
    assert decision.rests_on == ("shift",)
    assert [step.by for step in decision.steps] == ["hypothesis", "claim", "rule"]
    assert decision.steps[-1].premises == ("W ⪰ (τ/2)I", "τ > 0")


@pytest.mark.parametrize(
    ("faulty", "reason"),
    [
        (with_proof(by(rules.INVERTIBLE, X="W")), "“W ⪰ (τ/2)I” is not known"),
        (evolve(INVERTIBLE, given=()), "“τ > 0” is not known"),
        (evolve(INVERTIBLE, says=RIEMANN), "is not known"),
        (evolve(INVERTIBLE, says=(INVERTIBLE.sentences[0], RIEMANN)), "is not known"),
        (evolve(INVERTIBLE, says=()), "says nothing"),
        (with_proof(*INVERTIBLE.proof, RIEMANN), "is not a fact, a theorem, a cited"),
        (with_proof(*INVERTIBLE.proof, None), "is not a fact, a theorem, a cited"),
        (with_proof(INVERTIBLE.proof[1], SHIFT), "is not known"),
    ],
)
def test_what_is_not_known_is_not_proved(faulty, reason):
    assert verdict(faulty, reason) == "undecided"


@pytest.mark.parametrize(
    ("faulty", "idle"),
    [
        (evolve(INVERTIBLE, given=(*INVERTIBLE.given, hypotheses.FEEDBACK)), "optimal from every"),
        (with_proof(*INVERTIBLE.proof, Fact(IDLE, TRUE)), IDLE),
        (with_proof(*INVERTIBLE.proof, Cited(RIEMANN, "Riemann 1859")), RIEMANN),
        (with_proof(*INVERTIBLE.proof, TERMINAL), IDLE),
        (evolve(INVERTIBLE, says="W ⪰ (τ/2)I"), "is invertible"),
    ],
    ids=["hypothesis", "fact", "cited result", "theorem", "rule"],
)  # fmt: skip
def test_what_is_idle_is_refused(faulty, idle):
    decision = faulty.decide()
    assert decision.verdict == "undecided"
    assert re.search(f"{idle}.*is used nowhere", decision.evidence[-1][1])


def test_a_sentence_that_is_known_is_not_derived_again():
    assert verdict(with_proof(SHIFT, *INVERTIBLE.proof), "is known already") == "undecided"
    doubled = evolve(INVERTIBLE, given=INVERTIBLE.given * 2)
    assert verdict(doubled, "“τ > 0” is known already") == "undecided"


@pytest.mark.parametrize(
    "impostor",
    [
        Rule("magic", "", "", (), INVERTIBLE.sentences[0]),
        evolve(rules.INVERTIBLE, premises=()),
        evolve(rules.INVERTIBLE, premises=("⟨X⟩ ⪰ (τ/2)I",)),
        evolve(rules.INVERTIBLE, conclusion="⟨X⟩ is invertible"),
        evolve(rules.INVERTIBLE),
    ],
)
def test_a_rule_is_the_listed_one_and_no_namesake(impostor):
    faulty = with_proof(SHIFT, By(impostor, (("X", "W"),)))
    assert verdict(faulty, "is not a rule of inference") == "undecided"


@pytest.mark.parametrize(
    ("letters", "reason"),
    [
        ({}, "does not say what ⟨X⟩ is"),
        ({"Y": "W"}, "has no letter ⟨Y⟩"),
        ({"X": "Z"}, "“Z ⪰ (τ/2)I” is not known"),
        ({"X": "W", "Z": "B"}, "has no letter ⟨Z⟩"),
    ],
)
def test_a_rule_is_told_all_its_letters_and_no_others(letters, reason):
    assert verdict(with_proof(SHIFT, by(rules.INVERTIBLE, **letters)), reason) == "undecided"


@pytest.mark.parametrize("found", ["refuted", "ill-typed", "undecided", "supported", "definition"])
def test_a_fact_that_is_not_proved_proves_nothing(found):
    faulty = with_proof(
        SPLIT, Fact(ABOVE.says, lambda: Decision(verdict=found)), SHIFTED, theorem=SHIFT
    )
    assert verdict(faulty, f"“{ABOVE.says}” is {found}") == "undecided"
    rests_on_it = with_proof(faulty, INVERTIBLE.proof[1])
    assert verdict(rests_on_it, "shift is undecided") == "undecided"


@pytest.mark.parametrize("says", [RIEMANN, f"{ABOVE.says} and {RIEMANN}", ""])
def test_a_fact_says_a_listed_sentence_whatever_was_decided(says):
    faulty = Theorem(id="zeta", says=says, proof=(Fact(says, TRUE),))
    assert verdict(faulty, "is not a sentence that") == "undecided"


def test_the_listed_sentences_are_what_facts_say_and_no_exhibit_tries():
    said = {
        line.says
        for theorem in planted_reasoning.theorems()
        for line in theorem.proof
        if isinstance(line, Fact)
    }
    assert {sentence for sentence in said if not can_be_evaluated(sentence)} == BY_ENGINES_ALONE


def test_a_fact_needs_what_it_says_it_needs():
    fact = evolve(ABOVE, needs=("R ≻ 0",))
    assert (
        verdict(with_proof(SPLIT, fact, SHIFTED, theorem=SHIFT), "“R ≻ 0” is not known")
        == "undecided"
    )
    given = evolve(SHIFT, given=(hypotheses.R_PD,), proof=(SPLIT, fact, SHIFTED))
    assert given.decide().verdict == "proved"


def _chain() -> Chain:
    gamma = sympy.Symbol("gamma", positive=True)
    return Chain(
        left=FrobeniusNorm(B(i)),
        steps=(bounded_by({"B_t": gamma}, "‖B‖_F ≤ γ"),),
        right=gamma,
        symbols={gamma: largest_norm("B_t")},
    )


@pytest.mark.parametrize(
    "decided_by",
    [_chain(), lambda: _chain().decide(), lambda: together(TRUE(), _chain().decide())],
    ids=["as it is", "behind a function", "with others"],
)
def test_the_bounds_of_a_chain_are_needed_wherever_it_is_decided(decided_by):
    bounded = Theorem(id="bounded", says=ABOVE.says, proof=(Fact(ABOVE.says, decided_by),))
    assert verdict(bounded, "“‖B‖_F ≤ γ” is not known") == "undecided"
    supposed = Hypothesis("b", "‖B‖_F ≤ γ")
    assert evolve(bounded, given=(supposed,)).decide().verdict == "proved"


def test_a_theorem_is_used_where_its_hypotheses_are_known():
    faulty = Theorem(id="t", says=INVERTIBLE.sentences, proof=(INVERTIBLE,))
    assert verdict(faulty, "invertible supposes more: “τ > 0” is not known") == "undecided"
    assert evolve(faulty, given=INVERTIBLE.given).decide().verdict == "proved"
    derived = evolve(faulty, proof=(Fact("τ > 0", TRUE), INVERTIBLE))
    assert derived.decide().verdict == "proved"


def test_a_hypothesis_that_is_not_known_becomes_a_condition():
    condition = f"where τ > 0: {INVERTIBLE.sentences[0]}"
    supposing = Supposing(INVERTIBLE, hypotheses.TAU_POSITIVE)
    theorem = Theorem(id="t", says=condition, proof=(supposing,))
    assert theorem.decide().verdict == "proved"
    assert theorem.decide().rests_on == ("invertible",)
    unconditional = evolve(theorem, says=INVERTIBLE.sentences)
    assert verdict(unconditional, "is not known") == "undecided"


def test_only_what_a_theorem_supposes_becomes_a_condition_and_the_rest_is_needed():
    other = Supposing(INVERTIBLE, hypotheses.R_PD)
    faulty = Theorem(id="t", says=other.sentences, proof=(other,))
    assert verdict(faulty, "invertible does not suppose: R ≻ 0") == "undecided"
    both = evolve(
        INVERTIBLE,
        given=(*INVERTIBLE.given, hypotheses.R_PD),
        proof=(Fact(SHIFT.sentences[0], TRUE, ("R ≻ 0",)), INVERTIBLE.proof[1]),
    )
    half = Supposing(both, hypotheses.TAU_POSITIVE)
    faulty = Theorem(id="t", says=half.sentences, proof=(half,))
    assert verdict(faulty, "supposes more: “R ≻ 0” is not known") == "undecided"
    assert evolve(faulty, given=(hypotheses.R_PD,)).decide().verdict == "proved"


def test_what_is_assumed_is_assumed_in_all_that_rests_on_it():
    cited = with_proof(SPLIT, Cited(ABOVE.says, "a book"), SHIFTED, theorem=SHIFT)
    second = with_proof(cited, INVERTIBLE.proof[1])
    third = evolve(second, id="third", proof=(second,))
    for theorem, rests_on in (
        (cited, ("a book",)),
        (second, ("shift", "a book")),
        (third, ("invertible", "shift", "a book")),
    ):
        decision = theorem.decide()
        assert decision.verdict == "assumed"
        assert decision.rests_on == rests_on


def test_nothing_in_the_ledger_is_assumed():
    for theorem in planted_reasoning.theorems():
        assert theorem.decide().verdict == "proved", theorem.id


# -- decisions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [[False], "no", sympy.Symbol("x"), lambda: False, 1, None])
def test_a_condition_is_true_or_false_and_nothing_that_python_takes_for_true(condition):
    with pytest.raises(TypeError, match="is neither true nor false"):
        holds("planted", condition)


def test_a_condition_may_be_sympys():
    assert holds("1 < 2", sympy.Integer(1) < 2).verdict == "proved"
    assert holds("2 < 1", sympy.Integer(2) < 1).verdict == "refuted"


@pytest.mark.parametrize("found", [0.5, [0.5], [[1, 0.5]], {"a": 0.5}])
def test_a_float_is_no_exact_computation(found):
    with pytest.raises(TypeError, match="is not exact"):
        exactly("planted", found, found)


def test_several_decisions_keep_the_game_of_the_one_that_fails():
    game = object()
    wrong = Decision(verdict="refuted", game=game)
    assert together(TRUE(), wrong).game is game


# -- rules ----------------------------------------------------------------------------------------

LETTER = re.compile(r"⟨(\w+)⟩")


def test_no_rule_concludes_without_premises_or_about_letters_that_they_do_not_have():
    for rule in rules.RULES.values():
        assert rule.premises, rule.name
        assert set(LETTER.findall(rule.conclusion)) <= set(LETTER.findall(" ".join(rule.premises)))
        assert rule.conclusion not in rule.premises
        assert rule.statement, rule.name
        assert rule.source, rule.name


def test_every_rule_is_used_and_no_two_have_one_name():
    listed = [rule for rule in vars(rules).values() if isinstance(rule, Rule)]
    assert len(listed) == len(rules.RULES)
    used = {
        line.rule.name
        for theorem in planted_reasoning.theorems()
        for line in theorem.proof
        if isinstance(line, By)
    }
    assert used == set(rules.RULES)


def test_a_letter_that_is_a_sum_stands_where_it_cannot_be_misread():
    """⟨X⟩C with X = A + B would read A + BC."""
    sum_of = re.compile(r" [+−] (?![^(]*\))")
    for theorem in planted_reasoning.theorems():
        for line in theorem.proof:
            if isinstance(line, By):
                sums = {letter for letter, name in line.letters if sum_of.search(name)}
                for sentence in (*line.rule.premises, line.rule.conclusion):
                    for letter in sums & set(LETTER.findall(sentence)):
                        assert re.search(rf"(^|= )⟨{letter}⟩($| [=⪰≻])", sentence), theorem.id


# -- planted faults -------------------------------------------------------------------------------

PLANTED = {
    "a free string added": 80,
    "an unknown rule added": 80,
    "an idle fact added": 80,
    "a fact added and concluded": 80,
    "more concluded": 80,
    "a premise dropped": 200,
    "a fact made false": 110,
    "a rule dropped": 110,
    "a rule exchanged for one without premises": 110,
    "a rule's premise exchanged": 300,
    "a rule exchanged for another": 110,
    "two rules swapped": 40,
    "a hypothesis deleted": 300,
    "a hypothesis weakened": 300,
    "a cited theorem that supposes more": 90,
    "a sentence reworded": 100,
}
"""At least so many of each."""


def test_every_fault_planted_in_a_proof_is_caught():
    table = planted_reasoning.table()
    assert set(table) == set(PLANTED)
    for kind, (made, caught) in table.items():
        assert made == caught, kind
        assert made >= PLANTED[kind], kind
        assert f"| {kind} | {made} | {caught} |" in FAULTS.read_text(encoding="utf-8")


def test_the_true_proofs_go_through_as_they_stand():
    """What is caught above is the fault: the same theorems, rebuilt, are proved."""
    for theorem in planted_reasoning.theorems():
        assert evolve(theorem).decide().verdict == "proved", theorem.id


# -- what is known of one theorem holds for all ----------------------------------------------------


def test_no_theorem_has_one_equilibrium_where_another_verdict_shows_two():
    """`unreached` and `memory` have two in the sense of Definition II.1."""
    said = 0
    for theorem in planted_reasoning.theorems():
        for sentence in theorem.sentences:
            if re.search(r"\bunique|exactly one feedback NE|only NE|\bone NE\b", sentence):
                assert {hypotheses.FEEDBACK, hypotheses.SEQUENTIAL} & set(theorem.given), theorem.id
                said += 1
            for step in theorem.decide().steps:
                assert "there is one NE" not in step.says, theorem.id
    assert said >= 5


def test_a_least_cost_is_found_where_it_is_used():
    from ergs_verify.ledger.claims.theorem_IV_3 import GAP_BOUND

    assert "thm-III.1/least-cost" in GAP_BOUND.decide().rests_on


def test_that_there_is_a_solution_makes_nobody_play_it():
    """What is said of the joint policy needs that it is the solution spoken of."""
    said = 0
    for theorem in planted_reasoning.theorems():
        if hypotheses.PLAYS_SOLUTION in theorem.given:
            given = [h for h in theorem.given if h is not hypotheses.PLAYS_SOLUTION]
            assert evolve(theorem, given=given).decide().verdict != "proved", theorem.id
            said += 1
    assert said >= 2
