"""Identities of matrices stated in Coq with MathComp, from their certificates, with proofs.

What is taken from a certificate is the statement alone. Sizes are any natural numbers, the field is
any in which the integers that are divided by are not 0, and every inverse is supposed to exist.
A sum over agents runs over ``'I_N`` for any N. Of log in log det it is supposed alone that it turns
products of nonzero numbers into sums.

The proof: each inverse Y of a, in turn, becomes a letter with Y·a = 1 and a·Y = 1. Written out,
their longest products are solved for, which gives rules for rewriting; the two sides, written out
and rewritten, are then equal entry by entry as linear combinations of products (MathComp's `ring`
and `field`). A sum over agents is one letter. An identity that needs more than this is not proved.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import AGENTS, Scalars

PREAMBLE = r"""From mathcomp Require Import all_ssreflect all_algebra ring.
Set Implicit Arguments.
Unset Strict Implicit.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Letters.
Variable F : fieldType.
Lemma add_at m n (A B : 'M[F]_(m, n)) i j : (A + B) i j = A i j + B i j.
Proof. by rewrite mxE. Qed.
Lemma opp_at m n (A : 'M[F]_(m, n)) i j : (- A) i j = - A i j.
Proof. by rewrite mxE. Qed.
Lemma scale_at m n c (A : 'M[F]_(m, n)) i j : (c *: A) i j = c * A i j.
Proof. by rewrite mxE. Qed.
Lemma zero_at m n i j : (0 : 'M[F]_(m, n)) i j = 0.
Proof. by rewrite mxE. Qed.
Lemma trD m n (A B : 'M[F]_(m, n)) : (A + B)^T = A^T + B^T.
Proof. by rewrite linearD. Qed.
Lemma trN m n (A : 'M[F]_(m, n)) : (- A)^T = - A^T.
Proof. by rewrite linearN. Qed.
Lemma trZ m n c (A : 'M[F]_(m, n)) : (c *: A)^T = c *: A^T.
Proof. by rewrite linearZ. Qed.
Lemma symmetric n (a Y : 'M[F]_n) : a^T = a -> Y *m a = 1%:M -> a *m Y = 1%:M -> Y^T = Y.
Proof.
move=> sa l r; rewrite -[Y^T]mulmx1 -r mulmxA -{1}sa -trmx_mul r trmx1.
by rewrite mul1mx.
Qed.
Lemma trS N m n (A : 'I_N -> 'M[F]_(m, n)) : (\sum_(j < N) A j)^T = \sum_(j < N) (A j)^T.
Proof. by rewrite linear_sum. Qed.
Lemma one_inverse n (a b Y Z : 'M[F]_n) : a = b -> Y *m a = 1%:M -> b *m Z = 1%:M -> Y = Z.
Proof. by move=> -> l r; rewrite -[Y]mulmx1 -r mulmxA l mul1mx. Qed.
Lemma cancel_left m n (a Y : 'M[F]_m) (L R : 'M[F]_(m, n)) :
  Y *m a = 1%:M -> a *m L = a *m R -> L = R.
Proof. by move=> l e; rewrite -[L]mul1mx -[R]mul1mx -l -!mulmxA e. Qed.
Lemma tr_sum N n (X : 'I_N -> 'M[F]_n) : \tr (\sum_(j < N) X j) = \sum_(j < N) \tr (X j).
Proof. by rewrite raddf_sum. Qed.
Lemma tr_inside N m n p (A : 'M[F]_(m, n)) (X : 'I_N -> 'M[F]_(n, p)) (C : 'M[F]_(p, m)) :
  \tr (A *m (\sum_(j < N) X j) *m C) = \sum_(j < N) \tr (A *m X j *m C).
Proof. by rewrite mulmx_sumr mulmx_suml raddf_sum. Qed.
Lemma tr_first N m n (X : 'I_N -> 'M[F]_(m, n)) (C : 'M[F]_(n, m)) :
  \tr ((\sum_(j < N) X j) *m C) = \sum_(j < N) \tr (X j *m C).
Proof. by rewrite mulmx_suml raddf_sum. Qed.
Lemma tr_add n (A B : 'M[F]_n) : \tr (A + B) = \tr A + \tr B.
Proof. exact: raddfD. Qed.
Lemma tr_opp n (A : 'M[F]_n) : \tr (- A) = - \tr A.
Proof. exact: raddfN. Qed.
Lemma tr_scale n c (A : 'M[F]_n) : \tr (c *: A) = c * \tr A.
Proof. exact: mxtraceZ. Qed.
Lemma tr_zero n : \tr (0 : 'M[F]_n) = 0.
Proof. exact: raddf0. Qed.
Lemma tr_one n : \tr (1%:M : 'M[F]_n) = n%:R.
Proof. exact: mxtrace1. Qed.
Lemma times_agents N (x : F) : N%:R * x = \sum_(j < N) x.
Proof. by rewrite sumr_const card_ord mulr_natl. Qed.
Lemma cancel_right m n (a Y : 'M[F]_n) (L R : 'M[F]_(m, n)) :
  a *m Y = 1%:M -> L *m a = R *m a -> L = R.
Proof. by move=> r e; rewrite -[L]mulmx1 -[R]mulmx1 -r !mulmxA e. Qed.

Variable lg : F -> F.
Hypothesis lgM : forall x y, x != 0 -> y != 0 -> lg (x * y) = lg x + lg y.
Lemma log1 : lg 1 = 0.
Proof.
have h := lgM (oner_neq0 F) (oner_neq0 F).
by rewrite mulr1 in h; apply: (@addrI _ (lg 1)); rewrite addr0 -h.
Qed.
Lemma log_power n x : x != 0 -> lg (x ^+ n) = n%:R * lg x.
Proof.
move=> h; elim: n => [|n ih]; first by rewrite expr0 log1 mul0r.
by rewrite exprS lgM ?expf_neq0 // ih -addn1 natrD mulrDl mul1r addrC.
Qed.
Lemma log_over x : x != 0 -> lg x^-1 = - lg x.
Proof. by move=> h; apply/eqP; rewrite -addr_eq0 -lgM ?invr_neq0 // mulVf // log1. Qed.
Lemma log_one n : lg (\det (1%:M : 'M[F]_n)) = 0.
Proof. by rewrite det1 log1. Qed.
Lemma log_scale n c (A : 'M[F]_n) :
  c != 0 -> A \in unitmx -> lg (\det (c *: A)) = n%:R * lg c + lg (\det A).
Proof.
move=> h u; rewrite detZ lgM ?expf_neq0 ?log_power //.
by move: u; rewrite unitmxE unitfE.
Qed.
Lemma log_times n (A B : 'M[F]_n) :
  A \in unitmx -> B \in unitmx -> lg (\det (A *m B)) = lg (\det A) + lg (\det B).
Proof. by rewrite !unitmxE !unitfE => a b; rewrite det_mulmx lgM. Qed.
Lemma log_inverse n (A : 'M[F]_n) : A \in unitmx -> lg (\det (invmx A)) = - lg (\det A).
Proof. by rewrite unitmxE unitfE => a; rewrite det_inv log_over. Qed.
Lemma log_turned n (A : 'M[F]_n) : lg (\det A^T) = lg (\det A).
Proof. by rewrite det_tr. Qed.
End Letters.

Ltac entries := rewrite ?(add_at, opp_at, scale_at, zero_at).
Ltac same :=
  repeat match goal with |- context [fun_of_matrix ?A ?i ?j] => move: (A i j) => ? end;
  first [ reflexivity | by ring | by field; repeat (apply/andP; split); assumption ].
Ltac expand := rewrite ?(mulmxDl, mulmxDr, mulNmx, mulmxN, mul1mx, mulmx1, mul0mx, mulmx0, trmx_mul,
  trmxK, trD, trN, trZ, trmx1, trmx0, mulmxA, scalerDr, scalerN, scalerA).
Ltac spread := expand; repeat (progress (rewrite -?scalemxAl -?scalemxAr; expand)).
Ltac supposed := match goal with |- is_true _ => rewrite ?(unitmx_mul, unitmx_inv, unitmx_tr,
  unitmx1, mulf_eq0, invr_eq0, negb_or, oner_eq0); repeat (apply/andP; split); by []
  | _ => idtac end.
Ltac logs lg lgM :=
  rewrite ?(log_scale lgM, log_times lgM, log_inverse lgM, log_one lgM, log_turned); supposed;
  repeat match goal with |- context [lg (determinant ?A)] => move: (lg (\det A)) => ? end;
  rewrite ?(log1 lgM, log_over lgM, lgM); supposed;
  repeat match goal with |- context [lg ?x] => move: (lg x) => ? end.
Ltac traces := rewrite ?(tr_add, tr_opp, tr_scale, tr_zero, tr_one).
Ltac same_traces :=
  repeat match goal with |- context [mxtrace ?A] => move: (mxtrace A) => ? end;
  first [ reflexivity | by ring | by field; repeat (apply/andP; split); assumption ].
Ltac equal := apply/matrixP=> ? ?; entries; same.
Ltac equal_by h := apply/matrixP=> i j; move/matrixP: h => /(_ i j); entries => <-; same.
"""

MOST_TURNS = 200
SECONDS = 300.0
Word = tuple[str, ...]
Poly = dict[Word, Any]  # the factors are elements of the field of `Scalars`


def lemma(name: str, given: Mapping[str, Any]) -> str:
    """The lemma, with its proof, that a certificate's two sides are equal.

    Raises
    ------
    UnsupportedError
        Where a size is split, or the rules do not show it.
    """
    if given["split"]:
        raise UnsupportedError("they split a size")
    if not given["size"]:
        return _ScalarLemma(given, shared=False).text(name)
    try:
        return _Lemma(given, shared=True).text(name)
    except UnsupportedError:
        return _Lemma(given, shared=False).text(name)


class _Lemma:
    """One lemma; with `shared`, a sum of matrices that occurs in several places is one letter."""

    def __init__(self, given: Mapping[str, Any], *, shared: bool):
        self.shared = shared
        written = [c for terms in given["expressions"] for c, *_ in terms if not isinstance(c, str)]
        self.field = Scalars({n for terms in written for _, *ns in terms for n in ns})
        read = _Nodes(given, self.field)
        self.sides = tuple(read.side(side) for side in ("left", "right"))
        self.nodes, self.scalars = read.nodes, read.scalars
        self.sizes: set[str] = set()
        self.agents: dict[str, None] = {}
        self.names: dict[str, None] = {}
        self.nonzero: dict[str, None] = {}
        self.letters: dict[str, str] = {}
        self.atoms: dict[int, str] = {}
        self.known: dict[tuple[int, bool], Poly] = {}
        self.rules: dict[Word, Poly] = {}
        self.identifiers: dict[str, tuple[str, str]] = {}
        self.symmetric = {self._named("x", name) for name in given["symmetric"]}
        self.rewrites: list[str] = []
        self.texts: dict[str, str] = {}
        self.used: set[Word] = set()
        self.bound = {n[1]: f"j{self._depth(n[2])}" for n in self.nodes if n[0] == "sum"}
        self.supposed: dict[int, str] = {}
        self.sums: dict[str, Poly] = {}
        self.units: list[tuple[int, Poly]] = []
        self.proofs: dict[Word, tuple[str, str, set[Word]]] = {}

    def text(self, name: str) -> str:
        claim = self._claim()
        inside = self._inside_sums()
        outside = [(k, node) for k, node in enumerate(self.nodes) if k not in inside]
        units = [k for k, node in outside if node[0] == "inverse"]
        for k in units:
            self._is_unit(self.nodes[k][1])
        letters = sorted(self.symmetric)
        hypotheses = {f"s{letter}": self._is_symmetric(letter) for letter in letters}
        self.rewrites = list(hypotheses)
        steps = self._begin()
        steps += [
            s for k, node in outside if node[0] == "sum" for s in self._agents_sum(k, node[2])
        ]
        steps += [f"clear {' '.join(f'd{S}' for S in self.sums)}."] if self.sums else []
        steps += [s for k in self._shared(inside) for s in self._opaque(k)] if self.shared else []
        steps += [s for k in units for s in self._inverse(k)]
        steps += self._end()
        hypotheses |= {f"u{k}": f"{shown} \\in unitmx" for k, shown in self.supposed.items()}
        nonzero = {f"z{k}": f"({c} : F) != 0" for k, c in enumerate(self.nonzero)}
        hypotheses = nonzero | hypotheses
        hypotheses |= self._logarithm()
        claims = [*hypotheses.values(), claim]
        return "\n".join(
            [
                f"Lemma {name} (F : fieldType) {self._variables()} :",
                "  " + " ->\n  ".join(claims) + ".",
                "Proof.",
                *([f"move=> {' '.join(hypotheses)}."] if hypotheses else []),
                *steps,
                "Qed.",
                "",
            ]
        )

    def _variables(self) -> str:
        groups = [
            (sorted(self.names), "F"),
            (["N"], "nat"),
            (sorted(self.agents), "'I_N"),
            (sorted(s for s in self.sizes if not s.endswith("()")), "nat"),
            (sorted(s[:-2] for s in self.sizes if s.endswith("()")), "'I_N -> nat"),
            *(([letter], kind) for letter, kind in sorted(self.letters.items())),
            (["lg"] if self._logarithm() else [], "F -> F"),
        ]
        return " ".join(f"({' '.join(names)} : {kind})" for names, kind in groups if names)

    # -- what is stated -------------------------------------------------------------------

    def _claim(self) -> str:
        return " = ".join(map(self.shown, self.sides))

    def _logarithm(self) -> dict[str, str]:
        """What is supposed of logarithms."""
        return {}

    def _begin(self) -> list[str]:
        """Steps before anything becomes a letter."""
        return []

    def _is_unit(self, number: int) -> str:
        """The name of the hypothesis that a matrix has an inverse."""
        if number not in self.supposed:
            self.supposed[number] = self.shown(number)
        return f"u{number}"

    def shown(self, number: int) -> str:
        kind, *args = self.nodes[number]
        if number in self.atoms:
            return self.atoms[number]
        match kind:
            case "letter":
                name, agent, rows, cols = args
                letter = self._named("x", name)
                kind = f"'M[F]_({self._size(rows, agent)}, {self._size(cols, agent)})"
                self.letters[letter] = f"forall a : 'I_N, {kind}" if agent else kind
                return f"({letter} {self._agent(agent)})" if agent else letter
            case "identity":
                return f"(1%:M : 'M[F]_({self._size(args[0])}))"
            case "zero":
                return f"(0 : 'M[F]_({self._size(args[0])}, {self._size(args[1])}))"
            case "add":
                return "(" + " + ".join(map(self.shown, args)) + ")"
            case "multiply":
                return "(" + " *m ".join(map(self.shown, args)) + ")"
            case "scale":
                return f"({self._scalar(self.scalars[args[0]])} *: {self.shown(args[1])})"
            case "transpose":
                return f"{self.shown(args[0])}^T"
            case "inverse":
                return f"(invmx {self.shown(args[0])})"
            case "sum":
                return f"(\\sum_({self._agent(args[0])} < N) {self.shown(args[1])})"
        raise UnsupportedError(f"{kind} is not stated in Coq")

    def _agent(self, agent: str) -> str:
        if agent.startswith("~"):
            return self.bound[agent]
        named = self._named("i", agent)
        self.agents[named] = None
        return named

    def _size(self, size: str, own: str | None = None) -> str:
        terms = []
        for term in size.split(" + "):
            parts = []
            for part in term.split("*"):
                called = re.fullmatch(r"(.+)\((.+)\)", part)
                if called:
                    agent = "a" if called[2] == own else self._agent(called[2])
                    named = self._named("p", called[1])
                    self.sizes.add(f"{named}()")
                    parts.append(f"({named} {agent})")
                elif part.isdigit():
                    parts.append(part)
                else:
                    parts.append(self._named("n", part))
                    self.sizes.add(parts[-1])
            terms.append(" * ".join(parts))
        return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})%N"

    def _is_symmetric(self, letter: str) -> str:
        if self.letters[letter].startswith("forall"):
            return f"(forall a, ({letter} a)^T = {letter} a)"
        return f"{letter}^T = {letter}"

    def _scalar(self, value: Any) -> str:
        written = self.field.as_json(value)
        both = ([[written]], [["1"]]) if isinstance(written, str) else written
        top, bottom = map(self._polynomial, both)
        if bottom == "1":
            return top
        self.nonzero[bottom] = None
        return f"({top} / {bottom})"

    def _polynomial(self, terms: Iterable) -> str:
        shown = []
        for given, *names in terms:
            parts, factor = [], Fraction(given)
            if factor.numerator != 1 or not names:
                n = abs(factor.numerator)
                number = "1" if n == 1 else f"{n}%:R"
                parts.append(number if factor > 0 else f"(- {number})")
            for one in names:
                called = re.fullmatch(r"(.+)\((.+)\)", one)
                if one == AGENTS:
                    parts.append("N%:R")
                elif f"n_{one}" in self.sizes or (called and called[2] != "Σ"):
                    parts.append(f"{self._size(one)}%:R")
                elif called:
                    raise UnsupportedError("sizes are summed over agents")
                else:
                    parts.append(self._named("t", one))
                    self.names[parts[-1]] = None
            product = " * ".join(parts)
            if factor.denominator != 1:
                self.nonzero[f"{factor.denominator}%:R"] = None
                product = f"{product} / {factor.denominator}%:R"
            shown.append(product)
        joined = " + ".join(shown) or "0"
        return joined if joined.isidentifier() or joined in ("0", "1") else f"({joined})"

    def _named(self, kind: str, name: str) -> str:
        """An identifier of Coq; no two things may share one."""
        text = f"{kind}_" + re.sub(
            r"[^A-Za-z0-9_]", "_", name.replace("^", "_a").replace("'", "_q")
        )
        if self.identifiers.setdefault(text, (kind, name)) != (kind, name):
            raise UnsupportedError(f"two names would both be written {text}")
        return text

    # -- how it is proved -----------------------------------------------------------------

    def _inside_sums(self) -> set[int]:
        """Nodes that stand below a sum."""
        todo = [node[2] for node in self.nodes if node[0] == "sum"]
        found: set[int] = set()
        while todo:
            k = todo.pop()
            if k not in found:
                found.add(k)
                todo += self._children(k)
        return found

    def _depth(self, number: int) -> int:
        """How many sums stand in one another within a node."""
        depth = max(map(self._depth, self._children(number)), default=0)
        return depth + (self.nodes[number][0] == "sum")

    def _children(self, number: int) -> list[int]:
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            return []
        return list(args[1:] if kind in ("scale", "sum") else args)

    def _normal(self, used: set[Word]) -> str:
        """The tactic that writes out and rewrites, by the rules that are needed."""
        rules = [self.proofs[lead][0] for lead in self.rules if lead in used]
        names = [*self.rewrites, *(n for name in rules for n in (f"{name}z", name))]
        if not names:
            return "spread"
        return f"spread; repeat (progress (rewrite ?({', '.join(names)}); spread))"

    def _written(self, *matrices: tuple[int, bool]) -> tuple[list[Poly], set[Word]]:
        """Matrices written out, and the rules that this took."""
        self.known.clear()
        self.used = set()
        found = [self.poly(*matrix) for matrix in matrices]
        return found, self.used

    def _agents_sum(self, number: int, body: int) -> list[str]:
        """A sum becomes a letter: a new one, or one from before or its transpose."""
        (poly, other), used = self._written((body, False), (body, True))
        S, shown = f"S{number}", self.shown(number)
        if shown in self.texts:
            self.atoms[number] = self.texts[shown]
            return []
        script = [f"remember {shown} as {S} eqn:d{S} in *."]
        terms = f"apply: eq_bigr => ? _; {self._normal(used)}; equal."
        for known, before in self.sums.items():
            turned = not _same(before, poly)
            if not turned or _same(before, other):
                self.atoms[number] = self.texts[shown] = f"{known}^T" if turned else known
                swap = " trS" if turned else ""
                proof = f"by rewrite d{S} d{known}{swap}; {terms}"
                return [
                    *script,
                    f"have t{S} : {S} = {self.atoms[number]} {proof}",
                    f"clear d{S}; subst {S}.",
                ]
        self.sums[S] = poly
        self.atoms[number] = self.texts[shown] = S
        if _same(poly, other):
            script.append(f"have s{S} : {S}^T = {S} by rewrite d{S} trS; {terms}")
            self.symmetric.add(S)
            self.rewrites.append(f"s{S}")
        return script

    def _shared(self, inside: set[int]) -> list[int]:
        """Sums of matrices that occur in several places, and in no inverse."""
        places = Counter(a for k in range(len(self.nodes)) for a in self._children(k))
        below = {k for node in self.nodes if node[0] == "inverse" for k in self._below(node[1])}
        return [
            k
            for k, node in enumerate(self.nodes)
            if node[0] == "add" and places[k] > 1 and k not in below | inside
        ]

    def _below(self, number: int) -> set[int]:
        return {number}.union(*map(self._below, self._children(number)))

    def _opaque(self, number: int) -> list[str]:
        letter, shown = f"L{number}", self.shown(number)
        self.atoms[number] = letter
        return [f"remember {shown} as {letter} eqn:d{letter} in *; clear d{letter}."]

    def poly(self, number: int, turned: bool = False) -> Poly:
        """Written out, and rewritten by the rules so far; words of atoms."""
        key = number, turned
        if key not in self.known:
            self.known[key] = self._reduced(self._poly(number, turned))
        return self.known[key]

    def _poly(self, number: int, t: bool) -> Poly:
        kind, *args = self.nodes[number]
        match kind:
            case _ if number in self.atoms or kind in ("letter", "inverse", "sum"):
                atom = self.shown(number)
                base = self._named("x", args[0]) if kind == "letter" else atom.removesuffix("^T")
                if t and base not in self.symmetric:
                    atom = atom.removesuffix("^T") if atom.endswith("^T") else f"{atom}^T"
                return {(atom,): self.field.one}
            case "identity":
                return {(): self.field.one}
            case "zero":
                return {}
            case "transpose":
                return self.poly(args[0], not t)
            case "scale":
                factor = self.scalars[args[0]]
                return {w: c * factor for w, c in self.poly(args[1], t).items()}
            case "add":
                return _sum((w, c) for a in args for w, c in self.poly(a, t).items())
        product: Poly = {(): self.field.one}
        for a in reversed(args) if t else args:
            product = self._reduced(_times(product, self.poly(a, t)))
        return product

    def _reduced(self, poly: Poly) -> Poly:
        done: Poly = {}
        todo = dict(poly)
        while todo:
            word, factor = todo.popitem()
            for lead, rest in self.rules.items():
                at = next((k for k in range(len(word)) if word[k : k + len(lead)] == lead), None)
                if at is not None:
                    self.used.add(lead)
                    put = {word[:at] + w + word[at + len(lead) :]: c for w, c in rest.items()}
                    todo = _sum([*todo.items(), *((w, c * factor) for w, c in put.items())])
                    break
            else:
                done = _sum([*done.items(), (word, factor)])
        return done

    def _inverse(self, number: int) -> list[str]:
        """Y becomes a letter; the rules that its two equations give, for it and its transpose."""
        inside = self.nodes[number][1]
        Y, shown = f"Y{number}", self.shown(number)
        (poly, other), used = self._written((inside, False), (inside, True))
        script = [
            f"have l{number} := mulVmx u{inside}; have r{number} := mulmxV u{inside}.",
            f"remember {shown} as {Y} eqn:d{Y} in *; clear d{Y}.",
        ]
        for known, before in self.units:
            if _same(before, poly):
                self.atoms[number] = f"Y{known}"
                return [
                    *script[:1],
                    f"remember {shown} as {Y} eqn:d{Y} in *; clear d{Y}.",
                    f"have t{Y} : {Y} = Y{known}.",
                    f"  by apply: (one_inverse _ l{number} r{known}); {self._normal(used)}; equal.",
                    f"subst {Y}.",
                ]
        self.atoms[number] = Y
        if _same(poly, other):
            script.append(
                f"have s{Y} : {Y}^T = {Y}.\n"
                f"  by apply: (symmetric _ l{number} r{number}); {self._normal(used)}; equal."
            )
            self.symmetric.add(Y)
            self.rewrites.append(f"s{Y}")
        sources = [(Y, poly, "l", f"l{number}"), (Y, poly, "r", f"r{number}")]
        if not _same(poly, other):
            turned = f"{Y}^T"
            sources.append((turned, other, "l", f"(congr1 trmx r{number})"))
            sources.append((turned, other, "r", f"(congr1 trmx l{number})"))
        self.units.append((number, poly))
        for k, source in enumerate(sources):
            self._solve(f"e{number}_{k}", self._rows(number), *source, used)
        return script

    def _solve(
        self, name: str, size: str, Y: str, poly: Poly, side: str, source: str, used
    ) -> None:
        """The rule that Y·a = 1 (l) or a·Y = 1 (r) gives for its longest product."""
        words = {((Y, *w) if side == "l" else (*w, Y)): c for w, c in poly.items()}
        lead = max(words, key=lambda w: (len(w), w))
        one = [((), self.field.one / words[lead])]
        rest = _sum(one + [(w, -(c / words[lead])) for w, c in words.items() if w != lead])
        terms = self._flat(rest, size)
        proof = (
            f"have {name} : {_product(lead)} = {terms}.\n"
            f"  by have h := {source}; move: h; {self._normal(used)}; move=> h; equal_by h.\n"
            f"have {name}z q (Z : 'M_(q, _)) : {_product(('Z', *lead))} = Z *m ({terms}).\n"
            f"  by rewrite -{name} ?mulmxA."
        )
        self.proofs[lead] = name, proof, used
        self.rules[lead] = rest

    def _end(self) -> list[str]:
        """The rules that are needed, and how the two sides become equal with them."""
        (left, right), used = self._written(*((side, False) for side in self.sides))
        start = _sum([*left.items(), *((w, -c) for w, c in right.items())])
        ways = [("", {(): self.field.one}), *((f"{k}", a) for k, a in self.units)]
        for before, after in itertools.product(ways, ways):
            self.used = set(used)
            if not self._reduced(_times(_times(before[1], start), after[1])):
                break
        else:
            raise UnsupportedError("the rules do not show it")
        everything = self._proved()
        if not (before[0] or after[0]):
            return [*everything, *self._term_by_term(), f"{self._normal(self.used)}; equal."]
        return [
            *everything,
            *([f"apply: (cancel_left l{before[0]})."] if before[0] else []),
            *([f"apply: (cancel_right r{after[0]})."] if after[0] else []),
            f"{self._normal(self.used)}; equal.",
        ]

    def _term_by_term(self) -> list[str]:
        """The terms of both sides written out one by one: Coq is slow on long goals."""
        terms = dict.fromkeys(
            a
            for side in self.sides
            for a in (self._children(side) if self.nodes[side][0] == "add" else [side])
        )
        steps, rules = [], set(self.used)
        for k, number in enumerate(sorted(terms, key=lambda a: -len(self.shown(a)))):
            (poly,), used = self._written((number, False))
            shown, flat = self.shown(number), self._flat(poly, self._rows(number))
            zero = f"(0 : 'M_({self._rows(number)}, {self._rows(number, True)}))"
            steps += [
                f"have t{k} : {shown} = {flat or zero} by {self._normal(used)}; equal.",
                f"try rewrite t{k}; clear t{k}.",
            ]
        self.used = rules
        return steps

    def _flat(self, poly: Poly, size: str) -> str:
        one = f"(1%:M : 'M[F]_({size}))"
        return " + ".join(
            f"{self._scalar(c)} *: {_product(w) if w else one}" for w, c in poly.items()
        )

    def _proved(self) -> list[str]:
        """The rules that are needed, with their proofs."""
        needed, todo = set(), list(self.used)
        while todo:
            lead = todo.pop()
            if lead not in needed:
                needed.add(lead)
                todo += self.proofs[lead][2]
        return [self.proofs[lead][1] for lead in self.rules if lead in needed]

    def _rows(self, number: int, turned: bool = False) -> str:
        """How many rows a matrix has; turned: columns."""
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            size = args[-1 if turned or kind == "identity" else -2]
            return self._size(size)
        if kind == "multiply":
            return self._rows(args[-1 if turned else 0], turned)
        inside = args[1] if kind in ("sum", "scale") else args[0]
        return self._rows(inside, turned != (kind == "transpose"))


class _Measured(NamedTuple):
    """factor · kind(node), summed over agents; a node of this size."""

    factor: Any
    kind: str
    over: tuple[str, ...]
    node: int
    size: str


class _ScalarLemma(_Lemma):
    """The sides are sums of traces and log dets; log is any map that turns products into sums.

    Traces are written out and rewritten, begun at whichever factor; what log dets are of is
    compared written out.
    """

    def _claim(self) -> str:
        self.terms = [term for side in self.sides for term in side]
        if any(term.over for term in self.terms):
            raise UnsupportedError("they are scalars summed over agents")
        self.logs = any(term.kind == "log det" for term in self.terms)
        for term in self.terms:  # the letters tell which names are sizes
            self.shown(term.node)
        return " = ".join(" + ".join(map(self._term, side)) or "0" for side in self.sides)

    def _term(self, term: _Measured) -> str:
        kind = "\\tr {}" if term.kind == "trace" else "lg (\\det {})"
        return f"{self._scalar(term.factor)} * {kind.format(self.shown(term.node))}"

    def _logarithm(self) -> dict[str, str]:
        product = "(forall x y : F, x != 0 -> y != 0 -> lg (x * y) = lg x + lg y)"
        return {"lgM": product} if self.logs else {}

    def _begin(self) -> list[str]:
        """Log dets are taken apart and become numbers."""
        sums: dict[str, Poly] = {}
        steps: list[str] = []
        logs = (term.node for term in self.terms if term.kind == "log det")
        for leaf in dict.fromkeys(a for number in logs for a in self._leaves(number)):
            shown = self.shown(leaf)
            (poly,), used = self._written((leaf, False))
            times, known = next(
                ((c, text) for text, p in sums.items() if (c := _ratio(poly, p)) is not None),
                (self.field.one, shown),
            )
            sums.setdefault(known, poly)
            if known != shown:
                as_known = known
                if times != self.field.one:
                    as_known = f"({self._divided_by(times)} *: {known})"
                steps += [
                    f"have g{leaf} : \\det {shown} = \\det {as_known}.",
                    f"  by congr (\\det _); {self._normal(used)}; equal.",
                    f"rewrite ?g{leaf}; clear g{leaf}.",
                ]
        return [*steps, "logs lg lgM."] if self.logs else []

    def _leaves(self, number: int) -> Iterator[int]:
        """What a log det is taken apart into, each supposed to have an inverse."""
        kind, *args = self.nodes[number]
        square = {self._rows(a, turned) for a in self._children(number) for turned in (False, True)}
        if kind == "scale":
            self._divided_by(self.scalars[args[0]])
        if kind in ("transpose", "scale", "inverse") or (kind == "multiply" and len(square) == 1):
            for a in self._children(number):
                yield from self._leaves(a)
        elif kind != "identity":
            self._is_unit(number)
            yield number

    def _divided_by(self, factor: Any) -> str:
        """A scalar that is supposed not to be 0, nor what it is a product of."""
        shown = self._scalar(factor)
        for part in self.field.parts(factor):
            terms = self.field.terms(part)
            names = terms[0][1:] if len(terms) == 1 else []
            for text in (self._polynomial(terms), *(self._polynomial([["1", n]]) for n in names)):
                self.nonzero |= {text: None} if text != "1" else {}
        return shown

    def _end(self) -> list[str]:
        """The rules that are needed, and how the traces become equal with them."""
        words: set[Word] = set()
        turns: list[tuple[Word, Word, set[Word]]] = []
        everything: set[Word] = set()
        made = []
        nodes = dict.fromkeys(term.node for term in self.terms if term.kind == "trace")
        for k, number in enumerate(nodes):
            (poly,), used = self._written((number, False))
            words.update(word for word in poly if word)
            everything |= used
            one = f"(1%:M : 'M[F]_({self._rows(number)}))"
            flat = " + ".join(
                f"{self._scalar(c)} * \\tr {_product(w) if w else one}" for w, c in poly.items()
            )
            made += [
                f"have t{k} : \\tr {self.shown(number)} = {flat or '0'}.",
                f"  by {self._normal(used)}; traces; same_traces.",
                f"try rewrite t{k}; clear t{k}.",
            ]
        while found := self._to_turn(words):
            word, other, poly = found
            words = (words - {word}) | {w for w in poly if w}
            everything |= self.used
            turns.append((word, other, set(self.used)))
            if len(turns) > MOST_TURNS:
                raise UnsupportedError("traces are begun anew too often")
        self.used = everything
        steps = [*self._proved(), *made, f"{self._normal(everything)}; traces."]
        for k, (word, other, rules) in enumerate(turns):
            steps += [*self._begun_anew(f"c{k}", word, other), f"rewrite ?c{k} {{c{k}}}."]
            if rules:
                steps.append(f"{self._normal(rules)}; traces.")
        return [*steps, "same_traces."]

    def _to_turn(self, words: set[Word]) -> tuple[Word, Word, Poly] | None:
        """A trace to be begun anew: so that rules apply, or as the first in the alphabet."""
        for word in sorted(words):
            for other in self._turns(word):
                self.used = set()
                poly = self._reduced({other: self.field.one})
                if self.used:
                    return word, other, poly
        self.used = set()
        for word in sorted(words):
            if (other := min(self._turns(word))) != word:
                return word, other, {other: self.field.one}
        return None

    def _turns(self, word: Word) -> list[Word]:
        return [w[k:] + w[:k] for w in (word, self._transposed(word)) for k in range(len(w))]

    def _transposed(self, word: Word) -> Word:
        turned = []
        for atom in reversed(word):
            base = atom.removesuffix("^T")
            symmetric = base in self.symmetric or base.strip("()").split()[0] in self.symmetric
            turned.append(base if symmetric or base != atom else f"{base}^T")
        return tuple(turned)

    def _begun_anew(self, name: str, word: Word, other: Word) -> list[str]:
        """That a trace is one of another word."""
        steps = [f"have {name} : \\tr {_product(word)} = \\tr {_product(other)}."]
        if other not in (word[k:] + word[:k] for k in range(len(word))):
            word = self._transposed(word)
            steps.append(f"  rewrite -[LHS]mxtrace_tr; {self._normal(set())}.")
        k = next(k for k in range(len(word)) if word[k:] + word[:k] == other)
        if not k:
            return [*steps, "  by []."]
        halves = f"{_product(word[:k])} *m {_product(word[k:])}"
        return [
            *steps,
            f"  transitivity (\\tr ({halves})); first by rewrite ?mulmxA.",
            "  by rewrite mxtrace_mulC ?mulmxA.",
        ]


class _Nodes:
    """The expressions of a certificate as nodes of one operation each, identities with sizes."""

    def __init__(self, given: Mapping[str, Any], field: Scalars):
        self.given, self.field = given, field
        self.nodes: list[list] = []
        self.scalars: list[Any] = []
        self.known: dict[tuple[int, str], tuple[int, str]] = {}

    def side(self, side: str) -> Any:
        """The node of a side; of a scalar, a list of `_Measured`."""
        if self.given["size"]:
            return self._expression(self.given[side], self.given["size"])[0]
        return [
            _Measured(self._polynomial(c), kind, tuple(over), self._expression(e, size)[0], size)
            for c, (kind, *over, size, e) in self.given["expressions"][self.given[side]]
        ]

    def node(self, *node: Any) -> int:
        if [*node] not in self.nodes:
            self.nodes.append([*node])
        return self.nodes.index([*node])

    def _expression(self, number: int, cols: str) -> tuple[int, str]:
        """A node, and its rows."""
        if (number, cols) not in self.known:
            terms = [self._term(*term, cols=cols) for term in self.given["expressions"][number]]
            if not terms:
                terms = [(self.node("zero", cols, cols), cols)]
            nodes = [node for node, _ in terms]
            made = nodes[0] if len(nodes) == 1 else self.node("add", *nodes)
            self.known[number, cols] = made, terms[0][1]
        return self.known[number, cols]

    def _term(self, written: Any, *word: list, cols: str) -> tuple[int, str]:
        factor, parts, rows = self._polynomial(written), [], cols
        for kind, *args in reversed(word):
            if kind == "letter":
                part, rows = self.node(kind, *args), args[2]
            elif kind == "inverse" and (over := self._multiple(args[0])) is not None:
                factor = factor / over
                continue
            elif kind == "transpose":
                part, rows = self._turned(args[0], rows)
            else:
                part, rows = self._expression(args[-1], rows)
                part = part if kind == "group" else self.node(kind, *args[:-1], part)
            parts.append(part)
        if len(parts) < 2:
            made = parts[0] if parts else self.node("identity", cols)
        else:
            made = self.node("multiply", *parts[::-1])
        if factor != self.field.one:
            self.scalars.append(factor)
            at = next(k for k, known in enumerate(self.scalars) if known == factor)
            made = self.node("scale", at, made)
        return made, rows

    def _turned(self, number: int, rows: str) -> tuple[int, str]:
        """The transpose of an expression with these rows."""
        cols = self._columns(number) or rows
        return self.node("transpose", self._expression(number, cols)[0]), cols

    def _columns(self, number: int) -> str | None:
        """The columns of an expression, where a letter tells them."""
        for _, *word in self.given["expressions"][number]:
            for kind, *args in reversed(word):
                if kind == "letter":
                    return args[3]
                found = self._rows(args[-1]) if kind == "transpose" else self._columns(args[-1])
                if found:
                    return found
        return None

    def _rows(self, number: int) -> str | None:
        for _, *word in self.given["expressions"][number]:
            for kind, *args in word:
                if kind == "letter":
                    return args[2]
                found = self._columns(args[-1]) if kind == "transpose" else self._rows(args[-1])
                if found:
                    return found
        return None

    def _multiple(self, number: int) -> Any:
        """The scalar that an expression is times I, if it has no factor else."""
        terms = self.given["expressions"][number]
        if any(word for _, *word in terms):
            return None
        values = [self._polynomial(c) for c, *_ in terms]
        return sum(values[1:], values[0])

    def _polynomial(self, written: str | list) -> Any:
        K, total = self.field, self.field.number(0)
        for factor, *names in [[written]] if isinstance(written, str) else written:
            product = K.number(Fraction(factor))
            for one in names:
                product = product * K.generator(one)
            total = total + product
        return total


def _product(word: Word) -> str:
    return "(" + " *m ".join(word) + ")"


def _sum(terms: Iterable[tuple[Word, Any]]) -> Poly:
    total: Poly = {}
    for word, factor in terms:
        total[word] = total[word] + factor if word in total else factor
    return {word: factor for word, factor in total.items() if factor}


def _same(p: Poly, q: Poly) -> bool:
    return not _sum([*p.items(), *((word, -factor) for word, factor in q.items())])


def _ratio(p: Poly, q: Poly) -> Any:
    """The scalar that p is times q, None where it is none."""
    word = next(iter(q), None)
    if word is None or word not in p:
        return None
    factor = p[word] / q[word]
    return factor if _same(p, {w: c * factor for w, c in q.items()}) else None


def _times(p: Poly, q: Poly) -> Poly:
    return _sum((u + v, a * b) for u, a in p.items() for v, b in q.items())


def accepted(text: str, seconds: float = SECONDS) -> bool:
    """Whether Coq's kernel accepts the preamble and what follows it.

    Raises
    ------
    UnsupportedError
        Where Coq, or MathComp with its `ring` and `field`, is not installed.
    """
    if not installed():
        raise UnsupportedError("Coq with MathComp's algebra and its ring tactic is not installed")
    return _run(PREAMBLE + "\n" + text, seconds)


@cache
def installed() -> bool:
    """Whether Coq is there, and what the preamble needs."""
    return shutil.which("coqc") is not None and _run(PREAMBLE, 120.0)


def _run(text: str, seconds: float) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "identity.v").write_text(text, encoding="utf-8")
        command = ["coqc", "-q", "-w", "none", "identity.v"]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return run.returncode == 0


def main(folder: str) -> int:
    """State the certificates of a folder in Coq, write them beside, and have each checked."""
    if not installed():
        print("Skipped: Coq with MathComp's algebra and its ring tactic is not installed.")
        return 0
    texts: dict[Path, str] = {}
    beyond: Counter[str] = Counter()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            texts[path] = lemma("identity", json.loads(path.read_text(encoding="utf-8")))
        except UnsupportedError as why:
            beyond[str(why)] += 1
        else:
            path.with_suffix(".v").write_text(PREAMBLE + "\n" + texts[path], encoding="utf-8")
    # The short ones first: the longest take Coq many minutes.
    texts = dict(sorted(texts.items(), key=lambda item: len(item[1])))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        count = 0
        for path, good in zip(texts, pool.map(accepted, texts.values()), strict=True):
            shown = "accepted" if good else f"not accepted within {SECONDS:.0f} s"
            print(f"{path.stem}: {shown}", flush=True)
            count += good
    print(f"{count} of {len(texts)} identities that were stated are accepted by Coq's kernel.")
    for why, number in beyond.items():
        print(f"{number} more were not stated: {why}.")
    return int(count < len(texts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
