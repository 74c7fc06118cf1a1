"""An expression as a system of linear equations in unknown blocks.

An expression is a sum of terms, a scalar times a product of factors: letters, and inverses,
transposes, sums over agents and groups (brackets) of expressions, known by their numbers.
E·v is evaluated from the right: a letter brings a block w with w = X v, an inverse a block w with
a w = v, a group one with w = a v. So E = c x where L x = b: the coefficients of L = L₀ + Σ L_X X,
and c, are polynomials in the scalars, and b is the identity in the first equation. L is invertible
where every inverse of the expression exists.

A sum over agents of A f_j B, A and B free of j, is A [I … I] diag(f_1, …, f_N) [I; …; I] B: the
letters become block diagonal matrices, and the two in the middle ("gather" and "spread") are
letters of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import AGENTS, ANY
from ergs_verify.proof.statement import Statement, Term

Factor = tuple
Word = tuple[Factor, ...]
Terms = list[tuple[Any, Word]]


class Measure(NamedTuple):
    """coefficient · kind(expression of this size), summed over some agents.

    `kind` is ``trace`` or ``log det``; what is a scalar by itself is one of size 1.
    """

    coefficient: Any
    kind: str
    of: int
    size: str
    over: tuple[str, ...] = ()


OPERATORS = ("letter", "gather", "spread")
"""Factors that are letters of a system: [name, transposed, agent, rows, columns, path…]."""


class Expressions:
    """The expressions that a statement needs, sums over agents written out as sums of products."""

    def __init__(self, statement: Statement):
        self.statement, self.scalars = statement, statement.scalars
        self.terms: list[Terms] = []
        self._numbers: dict[Any, int] = {}
        self._known: dict[tuple, int] = {}
        self._texts: dict[str, Any] = {}

    def make(self, terms: Iterable[tuple[Any, Word]]) -> int:
        """The number of an expression."""
        terms = list(terms)
        key = tuple((str(self.scalars.as_json(c)), word) for c, word in terms)
        if key not in self._numbers:
            self._numbers[key] = len(self.terms)
            self.terms.append(terms)
        return self._numbers[key]

    # -- from a statement -----------------------------------------------------------------

    def of(self, node: int) -> int:
        """A node of the statement."""
        return self.make(self._of(node))

    def measures(self, terms: Iterable[Term]) -> list[Measure]:
        """A scalar side of the statement."""
        return [self._measure(term) for term in terms]

    def _measure(self, term: Term) -> Measure:
        one, size = self.scalars.one, "1"
        if term.kind == "log":
            inside = self.scaled(term.of, [(one, ())])
        elif term.kind == "one":
            inside = [(one, ())]
        elif term.kind == "det":
            raise UnsupportedError("sums of determinants are beyond realizations")
        else:
            inside, size = self._of(term.of), self.statement.shapes[term.of][0]
        kind = "log det" if term.kind.startswith("log") else "trace"
        top, bottom = self.scalars.parts(term.coefficient)
        if bottom != one:
            if kind == "log det":
                raise UnsupportedError("a logarithm is divided by a scalar")
            inside = self.scaled(one / bottom, inside)
        return Measure(top, kind, self.make(inside), size, term.over)

    def _of(self, number: int) -> Terms:
        one = self.scalars.one
        match self.statement.nodes[number]:
            case ("identity", _):
                return [(one, ())]
            case ("zero", *_):
                return []
            case ("letter", *_) as letter:
                return [(one, (letter,))]
            case ("add", *parts):
                return [term for part in parts for term in self._of(part)]
            case ("scale", factor, a):
                return self.scaled(self.statement.factors[factor], self._of(a))
            case ("multiply", *factors):
                made: Terms = [(one, ())]
                for factor in factors:
                    inside = self._grouped("group", self._of(factor))
                    made = [(c * d, w + v) for c, w in made for d, v in inside]
                return made
            case ("sum", index, a):
                inside = self._of(a)
                return self._grouped("sum", self._distributed(inside, index), index)
            case (kind, a):
                return self._grouped(kind, self._of(a))
        raise UnsupportedError("no matrix")

    def _grouped(self, kind: str, terms: Terms, *index: str) -> Terms:
        """At most one term."""
        if not terms and kind != "inverse":
            return []
        if kind == "group" and len(terms) == 1:
            return terms
        return [(self.scalars.one, ((kind, *index, self.make(terms)),))]

    def scaled(self, factor, terms: Terms) -> Terms:
        """A scalar times terms; it is divided by a polynomial p by the inverse of p I."""
        top, bottom = self.scalars.parts(factor)
        if not top:
            return []
        if bottom == self.scalars.one:
            return [(top * c, w) for c, w in terms]
        over = ("inverse", self.make([(bottom, ())]))
        return [(top * c, (over, *w)) for c, w in terms]

    def _distributed(self, terms: Terms, index: str) -> Terms:
        """Brackets, transposed or not, that hold letters of an agent are multiplied out."""
        done: Terms = []
        for c, word in terms:
            made: Terms = [(c, ())]
            for factor in word:
                options: Terms = [(self.scalars.one, (factor,))]
                if factor[0] in ("group", "transpose") and self.mentions(factor, index):
                    inside = self.terms[factor[-1]]
                    if factor[0] == "transpose" and not self._is_letter(factor[-1]):
                        inside = [(a, tuple(map(self._turned, w[::-1]))) for a, w in inside]
                        options = self._distributed(inside, index)
                    elif factor[0] == "group":
                        options = self._distributed(inside, index)
                made = [(a * b, u + v) for a, u in made for b, v in options]
            done += made
        return done

    def _is_letter(self, number: int) -> bool:
        terms = self.terms[number]
        return len(terms) == 1 and len(terms[0][1]) == 1 and terms[0][1][0][0] == "letter"

    def _turned(self, factor: Factor) -> Factor:
        if factor[0] == "transpose" and len(self.terms[factor[1]]) == 1:
            ((_, word),) = self.terms[factor[1]]
            if len(word) == 1:
                return word[0]
        return ("transpose", self.make([(self.scalars.one, (factor,))]))

    def mentions(self, factor: Factor, index: str) -> bool:
        """Whether a letter of an agent occurs in a factor."""
        kind, *args = factor
        if kind in OPERATORS:
            return index in args[1:3]
        if kind == "sum" and args[0] == index:
            return False
        return any(self.mentions(f, index) for _, w in self.terms[args[-1]] for f in w)

    def difference(self, left: int, right: int) -> int:
        """left − right."""
        return self.make([*self.terms[left], *((-c, w) for c, w in self.terms[right])])

    # -- derivatives ----------------------------------------------------------------------

    def gradients(self, terms: Sequence[Measure]) -> list[tuple[int, str]]:
        """Derivatives of Σ traces and log dets by each letter of any agent; and its rows."""
        out: dict[tuple, Terms] = {}
        one = self.scalars.one

        def product(kind: str, word: Word, *index: str) -> Word:
            return ((kind, *index, self.make([(one, word)])),)

        def visit(number: int, seed: Word, factor, over: tuple[str, ...]) -> None:
            """Of factor · tr(seed · expression), summed over the agents in `over`."""
            for c, word in self.terms[number]:
                for k, part in enumerate(word):
                    around = word[k + 1 :] + seed + word[:k]
                    match part:
                        case ("letter", name, agent, *sizes):
                            reach(name, agent, sizes, around, factor * c, over)
                        case ("sum", index, a):
                            visit(a, around, factor * c, (*over, index))
                        case ("inverse", a):
                            visit(a, (part, *around, part), -(factor * c), over)
                        case ("transpose", a):
                            visit(a, product("transpose", around), factor * c, over)
                        case ("group", a):
                            visit(a, around, factor * c, over)

        def reach(name, agent, sizes, seed: Word, factor, over) -> None:
            for index in over:
                if index != agent:
                    seed = product("sum", seed, index)
            if agent in over:
                seed = product("any", seed, agent)
                sizes = [size.replace(f"({agent})", f"({ANY})") for size in sizes]
                agent = ANY
            found = out.setdefault((name, agent, *sizes), [])
            found.append((factor, seed))
            if name in self.statement.symmetric:
                found.append((factor, product("transpose", seed)))

        for c, kind, e, _, over in terms:
            visit(e, (("inverse", e),) if kind == "log det" else (), c, tuple(over))
        return [(self.make(found), key[2]) for key, found in out.items()]

    # -- without transposes and sums ------------------------------------------------------

    def plain(self, number: int, turned: bool = False, own: str | None = None) -> int:
        """An expression without transposes and sums, agent `own` being any."""
        key = number, turned, own
        if key in self._known:
            return self._known[key]
        done: Terms = []
        for c, word in self.terms[number]:
            made: Word = ()
            for factor in reversed(word) if turned else word:
                if factor[0] == "letter":
                    made += (self._plain_letter(factor, turned, own),)
                    continue
                kind, *_, a = factor
                free = own
                if len(factor) == 3:
                    free = factor[1] if kind == "any" else None if own == factor[1] else own
                inside = self.plain(a, turned != (kind == "transpose"), free)
                if kind == "sum":
                    inside = self.summed(inside, factor[1])
                if kind == "inverse":
                    made += (("inverse", inside),)
                elif len(self.terms[inside]) == 1:
                    ((d, more),) = self.terms[inside]
                    c, made = c * d, made + more
                else:
                    made += (("group", inside),)
            done.append((c, made))
        self._known[key] = self.make(done)
        return self._known[key]

    def _plain_letter(self, letter: Factor, turned: bool, own: str | None) -> Factor:
        _, name, agent, *sizes = letter
        if own is not None:
            agent = ANY if agent == own else agent
            sizes = [size.replace(f"({own})", f"({ANY})") for size in sizes]
        if turned:
            sizes = sizes[::-1]
        flipped = turned and name not in self.statement.symmetric
        return ("letter", name, flipped, agent, *sizes)

    def summed(self, number: int, index: str) -> int:
        """The sum over an agent of a plain expression."""
        done: Terms = []
        for c, word in self.terms[number]:
            own = [k for k, factor in enumerate(word) if self.mentions(factor, index)]
            if not own:
                done.append((c * self.scalars.generator(AGENTS), word))
                continue
            first, last = own[0], own[-1] + 1
            inside = [self._many(factor, index) for factor in word[first:last]]
            done.append((c, (*word[:first], ("gather",), *inside, ("spread",), *word[last:])))
        return self.make(done)

    def _many(self, factor: Factor, index: str) -> Factor:
        """The block diagonal matrix of a factor for every agent."""
        match factor:
            case ("letter", name, turned, agent, rows, cols, *path):
                rows, cols = ("⊕" + size.replace(f"({index})", "(·)") for size in (rows, cols))
                if agent == index:
                    return ("letter", name, turned, None, rows, cols, *path, "diagonal")
                return ("letter", name, turned, agent, rows, cols, *path, "each")
            case ("inverse" | "group", a):
                inside = [(c, tuple(self._many(f, index) for f in w)) for c, w in self.terms[a]]
                return (factor[0], self.make(inside))
        return (*factor, "each")


class System:
    """The equations of a plain expression.

    Parameters
    ----------
    expressions : Expressions
    size : str
        The number of columns of the expression, and the rows of the input block 0.
    most : int
        The most blocks that are made.

    Attributes
    ----------
    equations : list of {(factor or None, block): coefficient}
        One for each block; the first says that block 0 is b.
    sizes : the size of each block
    inverses : list of (expression, size), of what has to be regular
    """

    def __init__(self, expressions: Expressions, size: str, most: int):
        self.expressions, self.most = expressions, most
        self.one = expressions.scalars.one
        self.equations: list[dict] = [{(None, 0): self.one}]
        self.sizes = [size]
        self.inverses: list[tuple[int, str]] = []
        self._known: dict[tuple, int] = {}

    def form(self, number: int, block: int) -> dict[int, Any]:
        """Expression · block, as a combination of blocks."""
        form: dict[int, Any] = {}
        for c, word in self.expressions.terms[number]:
            at = block
            for factor in reversed(word):
                at = self._times(factor, at)
            form[at] = form[at] + c if at in form else c
        return form

    def _times(self, factor: Factor, block: int) -> int:
        if (factor, block) not in self._known:
            if len(self.sizes) >= self.most:
                raise UnsupportedError(f"the system of equations has more than {self.most} blocks")
            w = self._known[factor, block] = len(self.sizes)
            self.sizes.append(self.sizes[block])
            self.equations.append({})
            self._define(w, factor, block)
        return self._known[factor, block]

    def _define(self, w: int, factor: Factor, block: int) -> None:
        """w = factor · block."""
        size = self.sizes[block]
        equation = {(None, w): self.one, (factor, block): -self.one}
        match factor:
            case ("letter", _, _, _, rows, *_):
                self.sizes[w] = rows
            case ("gather", *_):
                self.sizes[w] = size[1:]
            case ("spread", *_):
                self.sizes[w] = f"⊕{size}"
            case ("inverse", a):
                self.inverses.append((a, size))
                equation = {(None, k): c for k, c in self.form(a, w).items()}
                put(equation, (None, block), -self.one)
            case ("group", a):
                form = self.form(a, block)
                self.sizes[w] = self.sizes[next(iter(form))]
                equation = {(None, w): self.one, **{(None, k): -c for k, c in form.items()}}
        self.equations[w] = equation


def put(form: dict, at, value) -> None:
    """Add to an entry."""
    total = form[at] + value if at in form else value
    if total:
        form[at] = total
    else:
        form.pop(at, None)


def accumulate(form: dict, other: Mapping, factor) -> None:
    """form += factor · other."""
    for at, value in other.items():
        put(form, at, value * factor)
