"""Cross-examination: the exhibits, and what is tried on them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count

import flint
import planted_reasoning
import pytest
import sympy
from attrs import evolve

from ergs_verify.ledger import (
    continuum,
    examination,
    exhibits,
    hypotheses,
    memory,
    sentences,
    unreached,
)
from ergs_verify.ledger.claims import claims
from ergs_verify.ledger.claims.gap import LINEAR_REGIME
from ergs_verify.ledger.claims.lemma_III_4 import REGULAR_UNIQUE, UNIQUE
from ergs_verify.ledger.claims.optimality import POLICY_PSD
from ergs_verify.ledger.claims.theorem_III_1 import EXCLUSIVELY
from ergs_verify.ledger.decision import exactly
from ergs_verify.ledger.examination import Outcome, equality_at, first_failure, tried
from ergs_verify.ledger.hypotheses import Hypothesis
from ergs_verify.ledger.reasoning import Fact, Theorem, examined
from ergs_verify.ledger.statements import Equality
from ergs_verify.paper import notation
from ergs_verify.paper.notation import A, B, P, S, W, i, tau, x

NEEDED = {
    "no-nash": lambda c: not c.regular and not c.consistent,
    "continuum": lambda c: c.consistent and not c.play.linear and c.play.is_nash,
    "memory": lambda c: c.regular and not c.play.feedback and c.play.is_nash,
    "unreached": lambda c: c.assumption_III_3 and not c.play.from_every_state and c.play.is_nash,
    "singular-tau": lambda c: not c.regular and c.augmented_nash is not None,
    "near-singular": lambda c: c.regular and not c.assumption_III_3,
    "diverging-loop": lambda c: c.regular and not c.threshold_at_every_t,
    "small-tau": lambda c: c.regular and not c.regular_at_zero,
    "skewed": lambda c: c.assumption_III_3 and c.game.control_sizes == (2, 2),
    "unequal-controls": lambda c: len(set(c.game.control_sizes)) > 1,
    "as-many-controls-as-states": lambda c: {*c.game.control_sizes} == {c.game.state_size},
    "one-agent": lambda c: c.game.agents == 1 and c.plays_nash,
    "many-agents": lambda c: c.game.agents == 4 and c.plays_nash,
}
"""What an exhibit has to show in one of its cases."""


@pytest.fixture
def anew(fresh):
    """Cases are built once; what is planted in an exhibit must not stay."""
    kept = exhibits.cases
    kept.cache_clear()
    yield
    kept.cache_clear()


def test_every_exhibit_shows_what_it_is_there_for():
    assert set(exhibits.exhibits()) == set(NEEDED)
    for name, shows in NEEDED.items():
        mine = [case for case in exhibits.cases() if case.exhibit.name == name]
        assert any(shows(case) for case in mine), name
        assert exhibits.exhibits()[name].shows


def test_exhibits_are_small():
    for exhibit in exhibits.exhibits().values():
        game = exhibit.game
        assert game.horizon <= 2, exhibit.name
        assert game.state_size <= 2, exhibit.name
        assert max(game.control_sizes) <= 2, exhibit.name


@pytest.mark.parametrize("name", ["continuum", "memory", "unreached"])
def test_a_play_that_is_no_equilibrium_is_refused(anew, monkeypatch, name):
    exhibit = exhibits.exhibits()[name]
    wrong = tuple(evolve(play, check=lambda: False) for play in exhibit.plays)
    listed = {**exhibits.exhibits(), name: evolve(exhibit, plays=wrong)}
    monkeypatch.setattr(exhibits, "exhibits", lambda: listed)
    with pytest.raises(AssertionError, match=f"{name}: .* is not confirmed"):
        exhibits.cases()


def test_the_check_of_the_continuum_can_fail(monkeypatch):
    assert continuum.is_nash()
    right = continuum.means
    monkeypatch.setattr(continuum, "means", lambda *g: [2 * M for M in right(*g)])
    assert not continuum.is_nash()


def test_the_check_of_the_state_that_is_not_reached_can_fail(monkeypatch):
    assert unreached.is_nash()
    first, _ = unreached.gains()
    off = [[[[entry + 1 for entry in row] for row in K] for K in agent] for agent in first]
    monkeypatch.setattr(unreached, "gains", lambda: (first, off))
    assert not unreached.is_nash()


def test_the_check_of_agents_that_remember_can_fail(monkeypatch):
    assert memory.is_nash().verdict == "proved"
    assert memory.answers(1, memory.THETA + 1).verdict == "refuted"
    game = memory.game()
    monkeypatch.setattr(memory, "game", lambda: evolve(game, tau_given=game.tau * 2))
    assert memory.answers(1, memory.THETA).verdict == "refuted"


# -- theorems on cases ----------------------------------------------------------------------------


def always(case) -> Outcome:
    return Outcome(True, "", "")


def fails_on(name: str):
    return lambda case: Outcome(case.exhibit.name != name, "left", "right")


def test_a_case_counts_where_all_hypotheses_are_seen_to_hold():
    everywhere = tried((), always)
    assert [case for case, _ in everywhere] == list(exhibits.cases())
    regular = tried((hypotheses.REGULAR,), always)
    assert 0 < len(regular) < len(everywhere)
    assert all(case.regular for case, _ in regular)
    assert tried((Hypothesis("h", "cannot be evaluated"),), always) == []
    assert tried((Hypothesis("h", "unknown", holds=lambda _: None),), always) == []
    assert tried((), lambda case: None) == []


def test_the_first_failure_is_a_refutation_that_can_be_replayed():
    found = first_failure((), fails_on("skewed"))
    assert found is not None
    assert found.verdict == "refuted"
    assert found.evidence[0][1].startswith("fails on skewed")
    assert found.counterexample is not None
    assert found.counterexample["values"]["game"] == "skewed"
    assert found.game is exhibits.exhibits()["skewed"].game
    assert found.replay is not None
    assert found.replay()
    assert first_failure((), always) is None


def test_a_false_theorem_with_a_proof_is_refuted(monkeypatch, fresh):
    """Whatever its proof says."""

    def false(test, *given) -> Theorem:
        sentence = f"planted {next(number)}"
        monkeypatch.setitem(sentences.EVALUATORS, sentence, test)
        fact = Fact(sentence, lambda: exactly("1", 1, 1), tuple(h.text for h in given))
        return Theorem(id="f", says=sentence, given=given, proof=(fact,))

    number = count()

    assert false(always).decide().verdict == "proved"
    assert false(fails_on("no-nash")).decide().verdict == "refuted"
    assert false(fails_on("no-nash"), hypotheses.REGULAR).decide().verdict == "proved"
    assert false(fails_on("skewed"), hypotheses.REGULAR).decide().verdict == "refuted"


def test_a_theorem_without_the_hypothesis_that_keeps_its_exhibits_away_is_refuted():
    weaker = evolve(
        UNIQUE, given=tuple(h for h in UNIQUE.given if h is not hypotheses.FEEDBACK), needed={}
    )
    found = first_failure(weaker.given, partial(sentences.at, weaker.sentences[0]))
    assert found is not None
    assert found.game in (exhibits.exhibits()[name].game for name in ("unreached", "memory"))


def test_hypotheses_tell_cases_apart():
    """Each that can be evaluated, and is no standing one, holds somewhere and fails somewhere."""
    standing = {
        "tau-positive",
        "Q-psd",
        "R-pd",
        "standard-prior",
        "M-psd",
        "W-definite",
        "c-nonnegative",
        "second-moments",
    }
    kept_by_every_play = {"independent-draws"}
    # Every exhibit has an equilibrium at τ + δ.
    kept_by_every_game = {"augmented-nash", "augmented-solution"}
    evaluated = 0
    for hypothesis in vars(hypotheses).values():
        if isinstance(hypothesis, Hypothesis) and hypothesis.holds is not None:
            found = {hypothesis.holds(case) for case in exhibits.cases()}
            if hypothesis.id in standing:
                assert found == {True}, hypothesis.id
            elif hypothesis.id not in kept_by_every_play | kept_by_every_game:
                assert found == {True, False}, hypothesis.id
                evaluated += 1
    assert evaluated >= 15


#: What no case breaks, as it is no property of a game with a linear Gaussian policy.
NO_CASE = {
    "independent-draws": "a policy with dependent draws is no case",
    "fixed-policy": "it is about one policy at every δ",
    "augmented-nash": "a case takes the augmented game's equilibrium for S̃",
    "others-linear": "nonlinear means are no linear policy, whose gap could be computed",
    "c-nonnegative": "cε is 1/100 in every case",
    "bounded-gains": "D is the largest norm of the gains in every case",
}
#: Tried on feedback policies alone: what agents that remember answer is `sharp-history`.
NOT_SEEN = {
    ("sharp-unique-iff-regular/stage", "feedback"),
    # No case plays one gain on one half of the states and another on the other.
    ("thm-III.1/quadratic-value", "feedback"),
}


def shown_by_games() -> Iterator[tuple[Theorem, Hypothesis, list[exhibits.Case]]]:
    """Theorem, hypothesis that can be evaluated, and the cases of the game that shows its need."""
    for theorem in planted_reasoning.theorems():
        for hypothesis in theorem.given:
            game = theorem.without(hypothesis).game
            if game is None or hypothesis.holds is None or hypothesis.id in NO_CASE:
                continue
            mine = [c for c in exhibits.cases() if c.game.hash == game.hash]
            planted = exhibits.Exhibit(name="its own", shows="", game=game)
            yield theorem, hypothesis, mine or exhibits.cases_of(planted)


def test_what_shows_the_need_of_a_hypothesis_breaks_that_one_alone_and_the_conclusion():
    """On some joint policy of the game; the conclusion where it says something there."""
    compared = concluded = 0
    for theorem, hypothesis, mine in shown_by_games():
        assert hypothesis.holds is not None
        others = [h.holds for h in theorem.given if h is not hypothesis and h.holds]
        breaks = [
            case
            for case in mine
            if not hypothesis.holds(case) and all(holds(case) for holds in others)
        ]
        assert breaks, (theorem.id, hypothesis.id)
        compared += 1
        outcomes = [sentences.at(said, case) for said in theorem.sentences for case in breaks]
        if any(outcomes):
            fails = any(outcome and not outcome.holds for outcome in outcomes)
            named = (theorem.id, hypothesis.id)
            assert fails is (named not in NOT_SEEN), named
            concluded += fails
    assert compared >= 40
    assert concluded >= 35


def test_numbers_that_show_a_need_replay_and_differ_from_what_is_claimed():
    shown = 0
    for theorem in planted_reasoning.theorems():
        for hypothesis in theorem.given:
            found = theorem.without(hypothesis)
            if found.verdict == "refuted" and found.game is None:
                assert found.replay is not None
                assert found.replay()
                assert found.counterexample is not None
                assert found.counterexample["left"] != found.counterexample["right"]
                shown += 1
    assert shown >= 140


def test_where_there_is_no_equilibrium_every_one_is_linear_gaussian():
    """Without Q ⪰ 0 a game may have no NE; that every NE is linear Gaussian is not wrong there."""
    for name in ("Q-psd", "R-pd", "tau-positive"):
        (hypothesis,) = (h for h in EXCLUSIVELY.given if h.id == name)
        assert EXCLUSIVELY.without(hypothesis).verdict == "undecided"
        assert REGULAR_UNIQUE.without(hypothesis).verdict == "refuted"


def test_how_many_hypotheses_are_shown_to_be_needed():
    found = [
        theorem.without(hypothesis).verdict
        for theorem in planted_reasoning.theorems()
        for hypothesis in theorem.given
    ]
    print(f"{found.count('refuted')} of {len(found)} hypotheses of theorems are shown needed")
    assert found.count("refuted") >= 240


def test_the_linear_regime_fails_at_tau_0_itself():
    game = LINEAR_REGIME.without(hypotheses.REGULAR_AT_ZERO).game
    assert game is not None
    assert game.tau == 0


def test_how_much_is_tried_on_how_many_cases():
    counted = {
        theorem.id: {
            sentence: cases
            for sentence, cases in examined(theorem).items()
            if sentence in theorem.sentences
        }
        for theorem in planted_reasoning.theorems()
    }
    tried_on = [cases for found in counted.values() for cases in found.values()]
    assert len(tried_on) >= 104
    assert sum(cases is not None for cases in tried_on) >= 94
    few = {
        name
        for name, found in counted.items()
        if any(c is not None and c < 3 for c in found.values())
    }
    assert few == set()
    assert sum(cases or 0 for cases in tried_on) >= 400


def test_how_many_sentences_can_be_tried():
    """What cannot: densities that are not normal, and constants that are not named."""
    cases: dict[str, int | None] = {}
    for theorem in planted_reasoning.theorems():
        for sentence, found in examined(theorem).items():
            cases[sentence] = max(cases.get(sentence) or 0, found or 0)
    said = {s for theorem in planted_reasoning.theorems() for s in theorem.sentences}
    assert len(said) >= 93
    assert sum(bool(cases[s]) for s in said) >= 85
    assert len(cases) >= 200
    assert sum(map(bool, cases.values())) >= 145
    assert set(sentences.EVALUATORS) <= set(cases), "nobody says it"


def test_a_sentence_has_one_evaluator():
    for text in ("det Φ_t ≠ 0 at every t", "P_T = Q_T"):
        with pytest.raises(ValueError, match="has an evaluator already"):
            sentences.says(text)(lambda case: None)


def test_a_sentence_on_the_way_that_fails_refutes(monkeypatch, fresh):
    """Not what a theorem concludes alone."""
    assert "P_T = Q_T" not in POLICY_PSD.sentences
    monkeypatch.setitem(sentences.EVALUATORS, "P_T = Q_T", fails_on("skewed"))
    decision = evolve(POLICY_PSD).decide()
    assert decision.verdict == "refuted"
    assert ("sentence", "P_T = Q_T") in decision.evidence


def test_under_a_condition_a_sentence_is_tried_where_it_holds(monkeypatch, fresh):
    monkeypatch.setitem(sentences.EVALUATORS, "planted", fails_on("no-nash"))
    case = next(c for c in exhibits.cases() if c.exhibit.name == "no-nash")
    other = next(c for c in exhibits.cases() if c.exhibit.name == "skewed")
    conditional = "where det Φ_t ≠ 0 at every t: planted"
    assert sentences.at(conditional, case) is None
    assert sentences.at(conditional, other) == Outcome(True, "left", "right")
    assert sentences.can_be_evaluated(conditional)
    assert not sentences.can_be_evaluated("where det Φ_t ≠ 0 at every t: unknown")


# -- identities on cases --------------------------------------------------------------------------


def first_wrong(left, right) -> str | None:
    found = Equality(left, right)._cross_examined()
    return found and found.evidence[0][1]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (B(i).T * P(i) * A, B(i).T * P(i) * A + B(i).T * P(i) * B(i) * notation.K(i)),
        (W(i), tau * notation.eye(i) + notation.R(i) + B(i).T * P(i) * B(i)),
        (sympy.Trace(S(i)), 2 * sympy.Trace(S(i))),
        (sympy.log(sympy.Determinant(S(i))), sympy.log(sympy.Determinant(2 * S(i)))),
    ],
)
def test_a_false_identity_fails_on_an_exhibit(left, right):
    assert first_wrong(left, left) is None
    assert first_wrong(left, right).startswith("fails on ")


def test_an_identity_that_the_prover_lets_pass_is_refuted_all_the_same(monkeypatch):
    from ergs_verify.ledger import statements

    left, right = W(i), W(i) + B(i).T * P(i) * B(i)
    truth = statements._prove(left, left, (), ())
    assert truth.verdict == "proved"
    monkeypatch.setattr(statements, "_prove", lambda *_: truth)
    decision = Equality(left, right).decide()
    assert decision.verdict == "refuted"
    assert decision.game is not None
    assert decision.replay is not None
    assert decision.replay()


def test_letters_that_no_stage_has_are_tried_at_some_value():
    letter = notation.letter_of_agents("Z", notation.m, notation.m)
    case = exhibits.cases()[0]
    doubled = equality_at(case, letter(i), 2 * letter(i), {})
    assert doubled is not None
    assert not doubled.holds
    assert equality_at(case, A * x, A * x, {}) == Outcome(True, "", "")
    # A symmetric one is so where it is said to be.
    transposed = (letter(i), letter(i).T, {})
    shapes = [c for c in exhibits.cases() if c.game.state_size == 2 and c.play.policy is not None]
    assert not equality_at(shapes[0], *transposed).holds
    assert equality_at(shapes[0], *transposed, (letter(i),)).holds


def test_wide_balls_neither_prove_nor_refute():
    wide, narrow, off = flint.arb(0, 1), flint.arb(0, 1e-70), flint.arb(2, 1)
    assert examination._is_zero([narrow]) is True
    assert examination._is_zero([narrow, wide]) is None
    assert examination._is_zero([wide, off]) is False


def test_how_many_identities_are_tried(monkeypatch, fresh):
    """Of all that are decided while the claims are."""
    met: dict[tuple, Equality] = {}
    decide = Equality.decide

    def noted(self):
        met.setdefault((self.left, self.right), self)
        return decide(self)

    monkeypatch.setattr(Equality, "decide", noted)
    for claim in claims().values():
        claim._decided()
    counts = [
        sum(
            equality_at(
                case, e.left, e.right, {**notation.definitions, **e.definitions}, e.symmetric
            )
            is not None
            for case in exhibits.cases()
        )
        for e in met.values()
    ]
    assert len(counts) >= 110
    print(f"{sum(count > 0 for count in counts)} of {len(counts)} identities are tried")
    assert sum(count >= 3 for count in counts) >= 115
