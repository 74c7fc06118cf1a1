"""The paper's misprints as mistakes, generated from the ledger's records.

A fault of a claim becomes a mistake where the corrected formula equals one of the derived stage
formulas and the printed one is made of the same letters: then the printed one can take its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import sympy
from attrs import evolve, fields
from sympy import Basic, MatrixSymbol
from sympy.core.function import AppliedUndef

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes.record import Mistake, Recomputed
from ergs_verify.errors import ErgsError
from ergs_verify.expressions import AgentMatrix, control_size
from ergs_verify.game import Game
from ergs_verify.ledger import claims
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.theorem_III_1_value import own_gain
from ergs_verify.ledger.statements import Equalities, Equality, common_size
from ergs_verify.paper import lemma_III_2
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.notation import K, W, definitions, i, j, m, symmetric, x
from ergs_verify.paper.theorem_III_1 import derive, derived_formulas, with_linear_policies
from ergs_verify.proof import prove
from ergs_verify.proof.reading import agent_coefficients, linear_map, quadratic_form

p = lemma_III_2.p

#: Which formulas of the recursion a formula of the paper stands for. The NE's P and q are
#: computed as the cost of its policy.
_STANDS_FOR = {"riccati": "policy_cost", "constant": "policy_constant"}


@cache
def misprints() -> tuple[Mistake, ...]:
    """A mistake for every fault that changes a stage formula, alone and with its neighbours."""
    return tuple(mistake for claim in claims().values() for mistake in _of_claim(claim))


def _of_claim(claim: Claim) -> Iterator[Mistake]:
    sets: list[tuple[Fault, ...]] = [(fault,) for fault in claim.faults]
    if len(sets) > 1:
        sets.append(tuple(claim.faults))
    for faults in sets:
        changes = _changes(claim, *(fault.name for fault in faults))
        if changes:
            printed = Recomputed(formulas=evolve(derived_formulas(), **changes))
            yield Mistake(
                id="/".join(("misprint", claim.id, *(f.name.replace(" ", "-") for f in faults))),
                message="; ".join(fault.what for fault in faults),
                look_at=f"{claim.title}, {claim.where} of the paper, as printed",
                variants=partial(_computed, printed, any(f.kind == "shape" for f in faults)),
            )


def _computed(printed: Recomputed, ill_typed: bool, game: Game) -> Iterator[Recomputed]:
    yield printed
    if ill_typed and 1 in game.control_sizes:
        yield evolve(printed, arithmetic=_BROADCASTING)


class _Broadcasting(Float64):
    """float64 in which a 1×1 matrix may be added to any, as numpy does."""

    def add(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        return X + Y if 1 in (X.size, Y.size) else super().add(X, Y)


_BROADCASTING = _Broadcasting()


def _changes(claim: Claim, *faults: str) -> dict[str, Any]:
    """The fields of `Formulas` that the faults change, with the printed formulas.

    Empty where a printed formula is ill-typed, or has letters that no stage formula has.
    """
    changes: dict[str, Any] = {}
    try:
        if not any(_letters(side) <= _known() for side in _sides(claim.id)):
            return {}
        sides = zip(_sides(claim.id, *faults), _sides(claim.id), strict=False)
        for printed, corrected in sides:
            if printed == corrected:
                continue
            if not _letters(printed) <= _known():
                return {}
            changes |= _read(printed, corrected)
    except (ErgsError, ValueError, TypeError):  # SymPy raises the last two for sizes
        return {}
    return changes


@cache
def _sides(claim_id: str, *faults: str) -> tuple:
    """Both sides of each equality of a form, in the letters of a stage."""
    parts = _parts(claims()[claim_id].form(*faults))
    return tuple(_at_a_stage(side, part) for part in parts for side in (part.left, part.right))


def _parts(statement) -> tuple[Equality, ...]:
    if isinstance(statement, Equalities):
        return statement.parts
    return (statement,) if isinstance(statement, Equality) else ()


def _read(printed, corrected) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for wrong, right in zip(_coefficients(printed), _coefficients(corrected), strict=True):
        name = None if wrong == right else _field(right)
        if name is not None:
            changes |= _rows(wrong) if name == "gain" else {_STANDS_FOR.get(name, name): wrong}
    return changes


@cache
def _coefficients(expr) -> tuple:
    """The stage formulas that one side of an equality holds: of x'…x and 1, of x, or itself.

    They are read in the paper's setting of one control size, in which its sums have a type.
    """
    if not expr.has(x):
        return (expr,)
    expr, letters = common_size(expr), [common_size(letter) for letter in symmetric]
    if expr.is_Matrix:
        return (_own_sizes(linear_map(expr, x, symmetric=letters)),)
    form = quadratic_form(expr, x, symmetric=letters)
    return _own_sizes(form.matrix), _own_sizes(form.constant)


def _own_sizes(expr):
    """Undo `common_size`: each agent's letters have its own control size again."""
    letters = {
        a: AgentMatrix(a.name, a.agent, *(control_size(a.agent) if n == p else n for n in a.shape))
        for a in expr.atoms(AgentMatrix)
    }
    return expr.xreplace({**letters, p: control_size(i)})


def _at_a_stage(side, equality: Equality):
    """Lemma III.2's letters as what they are in this game, and agent i's own letter as Kⁱ."""
    own = {k: v for k, v in equality.definitions.items() if k not in definitions}
    return sympy.sympify(side).xreplace(own).xreplace(_letters_here())


@cache
def _letters_here() -> dict:
    form = derive()["form"]
    return {
        lemma_III_2.W: W(i),
        lemma_III_2.M: form.matrix,
        lemma_III_2.b: with_linear_policies(form.linear),
        p: control_size(i),
        own_gain: K(i),
    }


@cache
def _field(corrected) -> str | None:
    """The derived formula that the corrected one equals."""
    for name, derived in _expressions(derived_formulas()).items():
        if not _same_shape(derived, corrected):
            continue
        try:
            if prove(derived, corrected, definitions=definitions, symmetric=symmetric):
                return name
        except ErgsError:
            continue
    return None


def _same_shape(left, right) -> bool:
    return left.is_Matrix == right.is_Matrix and (not left.is_Matrix or left.shape == right.shape)


def _rows(gain) -> dict[str, Any]:
    """The block rows of K = gain, split on their last letter."""
    row = agent_coefficients(K(i) - gain, K, i, j, definitions=definitions, symmetric=symmetric)
    return {"phi_diagonal": row.own, "phi_off_diagonal": row.other, "rhs": row.constant}


@cache
def _letters(expr) -> set[str]:
    """Names of all matrices, scalars and functions of agents."""
    matrices = {str(a.name) for a in expr.atoms(AgentMatrix, MatrixSymbol)}
    scalars = {str(a.func if isinstance(a, AppliedUndef) else a) for a in expr.atoms(AppliedUndef)}
    return matrices | scalars | {str(a) for a in expr.free_symbols if a.is_Symbol}


@cache
def _known() -> set[str]:
    """The letters of the stage formulas, and x."""
    formulas = derived_formulas()
    expressions = [*formulas.definitions, *formulas.definitions.values()]
    expressions += _expressions(formulas).values()
    return {str(m), str(x.name)}.union(*map(_letters, expressions))


def _expressions(formulas: Formulas) -> dict[str, Any]:
    """The stage formulas by name, without the definitions and what is not a formula."""
    values = {field.name: getattr(formulas, field.name) for field in fields(Formulas)}
    return {name: value for name, value in values.items() if isinstance(value, Basic)}
