"""An expression as a system of linear equations in unknown blocks.

An expression is a sum of terms, a scalar times a product of factors: letters, and inverses,
transposes, sums over agents and groups (brackets) of expressions, known by their numbers.
E·v is evaluated from the right: a letter brings a block w with w = X v, an inverse a block w with
a w = v, a group one with w = a v. So E = c x where L x = b: the coefficients of L = L₀ + Σ L_X X,
and c, are polynomials in the scalars, and b is the identity in the first equation. L is invertible
where every inverse of the expression exists.

A sum over agents of f_j is [I … I] diag(f_1, …, f_N) [I; …; I]: the letters become block diagonal
matrices, and the other two ("gather" and "spread") are letters of their own. Factors that do not
depend on the agent stand outside. `ergs_verify.recheck` numbers blocks in the same order.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.linear import put
from ergs_verify.proof.nodes import Term
from ergs_verify.proof.scalars import AGENTS
from ergs_verify.proof.statement import Statement

MOST_FACTORS = 5000
Factor = tuple
Word = tuple[Factor, ...]
Terms = list[tuple[Any, Word]]
Make = Callable[[Terms], int]


class Measure(NamedTuple):
    """coefficient · kind(expression of this size), summed over some agents.

    `kind` is ``trace`` or ``log det``; what is a scalar by itself is one of size 1.
    """

    coefficient: Any
    kind: str
    of: int
    size: str
    over: tuple[str, ...] = ()


Path = tuple[str, ...]
"""The agent that stands for any, and then those that sums bind, from outside; "·" for none."""
OUTSIDE: Path = ("·",)
BlockSize = tuple[int, str]
"""How deep in sums over agents a block lies, and the size of one agent's part of it."""


class Expressions:
    """The expressions that a statement needs, sums over agents written out as sums of products.

    Attributes
    ----------
    terms : list of terms, by the number of an expression
    zero : frozenset of str
        The letters that are put to 0.
    """

    def __init__(self, statement: Statement):
        self.statement, self.scalars = statement, statement.scalars
        self.terms: list[Terms] = []
        self.zero: frozenset[str] = frozenset()
        self._live: dict[tuple[int, frozenset[str]], Terms] = {}
        self._numbers: dict[Any, int] = {}
        self._mentions: dict[tuple[Factor, str, frozenset[str]], bool] = {}
        self._written: dict[int, Terms] = {}

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

    def measures(self, *sides: Iterable[Term]) -> tuple[list[Measure], ...]:
        """Scalar sides of the statement, multiplied by their common denominator."""
        measured = [[self._measure(term) for term in side] for side in sides]
        common = self.scalars.common_denominator(t.coefficient for side in measured for t in side)
        return tuple(
            [t._replace(coefficient=t.coefficient * common) for t in side] for side in measured
        )

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
        return Measure(term.coefficient, kind, self.make(inside), size, term.over)

    def _of(self, number: int) -> Terms:
        if number not in self._written:
            terms = self._written[number] = self._terms_of(number)
            if any(len(word) > MOST_FACTORS for _, word in terms):
                raise UnsupportedError(
                    f"written out, it has a product of more than {MOST_FACTORS} factors"
                )
        return self._written[number]

    def _terms_of(self, number: int) -> Terms:
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
                inside = self._distributed(self._of(a), index)
                return [self._summed(c, word, index, self.make) for c, word in inside]
            case ("transpose", a):
                return self._transposed(self._of(a))
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
        """Brackets that hold letters of an agent are multiplied out."""
        done: Terms = []
        for c, word in terms:
            made: Terms = [(c, ())]
            for factor in word:
                options: Terms = [(self.scalars.one, (factor,))]
                if factor[0] == "group" and self.mentions(factor, index):
                    options = self._distributed(self.terms[factor[-1]], index)
                made = [(a * b, u + v) for a, u in made for b, v in options]
            done += made
        return done

    def _transposed(self, terms: Terms) -> Terms:
        return [(c, tuple(map(self._turned, reversed(word)))) for c, word in terms]

    def _turned(self, factor: Factor) -> Factor:
        """The transpose of a factor; nothing but letters is transposed."""
        kind, *args, inside = factor
        if kind == "letter":
            return ("transpose", self.make([(self.scalars.one, (factor,))]))
        if kind == "transpose":
            ((_, (letter,)),) = self.terms[inside]
            return letter
        return (kind, *args, self.make(self._transposed(self.terms[inside])))

    def _summed(self, factor, word: Word, index: str, make: Make) -> tuple[Any, Word]:
        """The sum of factor · word; what does not depend on the agent stays outside."""
        own = [k for k, one in enumerate(word) if self.mentions(one, index)]
        if not own:
            return factor * self.scalars.generator(AGENTS), word
        first, last = own[0], own[-1] + 1
        inside = ("sum", index, make([(self.scalars.one, word[first:last])]))
        return factor, (*word[:first], inside, *word[last:])

    def _new(self, terms: Terms) -> int:
        """A new expression even where there is the same; `ergs_verify.recheck` makes one too."""
        self.terms.append(terms)
        return len(self.terms) - 1

    def _one(self, kind: str, word: Word, *index: str) -> Word:
        return ((kind, *index, self._new([(self.scalars.one, word)])),)

    def mentions(self, factor: Factor, index: str, zero: frozenset[str] | None = None) -> bool:
        """Whether a factor depends on an agent, if some letters are 0."""
        zero = self.zero if zero is None else zero
        key = factor, index, zero
        if key not in self._mentions:
            if factor[0] == "letter":
                self._mentions[key] = factor[2] == index
            else:
                inside = (f for _, word in self.live(factor[-1], zero) for f in word)
                self._mentions[key] = any(self.mentions(f, index, zero) for f in inside)
        return self._mentions[key]

    def live(self, number: int, zero: frozenset[str] | None = None) -> Terms:
        """The terms of an expression that are left if some letters are 0."""
        zero = self.zero if zero is None else zero
        key = number, zero
        if key not in self._live:

            def left(f: Factor) -> bool:
                return f[1] not in zero if f[0] == "letter" else bool(self.live(f[-1], zero))

            self._live[key] = [(c, word) for c, word in self.terms[number] if all(map(left, word))]
        return self._live[key]

    def occurring(self, numbers: Iterable[int], zero: frozenset[str]) -> Counter[str] | None:
        """How often letters occur if some are 0; None where a sum is left of what has no agent."""
        found: Counter[str] = Counter()
        left, seen = list(numbers), set()
        while left:
            number = left.pop()
            if number in seen:
                continue
            seen.add(number)
            for kind, *args in (f for _, word in self.live(number, zero) for f in word):
                if kind == "letter":
                    found[args[0]] += 1
                elif kind == "sum" and not self.mentions((kind, *args), args[0], zero):
                    return None
                else:
                    left.append(args[-1])
        return found

    def placed(self, letter: Factor, turned: bool, path: Path) -> Factor:
        """(transposed, name, agent, rows, columns), the agents of a path by their places in it."""
        _, name, agent, *sizes = letter
        for k, index in enumerate(path):
            agent = f"·{k}" if agent == index else agent
            sizes = [size.replace(f"({index})", f"(·{k})") for size in sizes]
        flipped = turned and name not in self.statement.symmetric
        return (flipped, name, agent, *(sizes[::-1] if turned else sizes))

    def difference(self, left: int, right: int) -> int:
        """left − right."""
        return self.make([*self.terms[left], *((-c, w) for c, w in self.terms[right])])

    # -- derivatives ----------------------------------------------------------------------

    def gradients(self, terms: Sequence[Measure], by: str = "") -> list[tuple[int, str]]:
        """Derivatives of Σ traces and log dets by a letter, or all, of any agent; and its rows."""
        out: dict[tuple, Terms] = {}

        def visit(number: int, seed: Word, factor, over: tuple[str, ...]) -> None:
            """Of factor · tr(seed · expression), summed over the agents in `over`."""
            for c, word in self.live(number):
                for k, part in enumerate(word):
                    around = word[k + 1 :] + seed + word[:k]
                    match part:
                        case ("letter", *_):
                            reach(part, around, factor * c, over)
                        case ("sum", index, a):
                            visit(a, around, factor * c, (*over, index))
                        case ("inverse", a):
                            visit(a, (part, *around, part), -(factor * c), over)
                        case ("transpose", a):
                            turned = (self._one("transpose", (one,)) for one in reversed(around))
                            visit(a, tuple(itertools.chain(*turned)), factor * c, over)
                        case ("group", a):
                            visit(a, around, factor * c, over)

        def reach(letter: Factor, seed: Word, factor, over) -> None:
            _, name, agent, rows, cols = letter
            if by not in ("", name):
                return
            for index in over:
                if index != agent:
                    factor, seed = self._summed(factor, seed, index, self._new)
            if agent in over:
                seed = self._one("any", seed, agent)
                _, _, agent, rows, cols = self.placed(letter, False, (agent,))
            found = out.setdefault((name, agent, rows, cols), [])
            found.append((factor, seed))
            if name in self.statement.symmetric:
                found.append((factor, self._one("transpose", seed)))

        for c, kind, e, _, over in terms:
            visit(e, (("inverse", e),) if kind == "log det" else (), c, tuple(over))
        return [(self.make(found), key[2]) for key, found in out.items()]


class System:
    """The equations of an expression.

    Parameters
    ----------
    expressions : Expressions
    size : str
        The number of columns of the expression, and the rows of the input block 0.
    most : int
        The most blocks that are made.

    Attributes
    ----------
    equations : list of {(letter or None, block): coefficient}
        One for each block; the first says that block 0 is b.
    sizes : the size of each block
    inverses : list of (expression, size, turned, path), of what has to be regular
    """

    def __init__(self, expressions: Expressions, size: str, most: int):
        self.expressions, self.most = expressions, most
        self.one = expressions.scalars.one
        self.equations: list[dict] = [{(None, 0): self.one}]
        self.sizes: list[BlockSize] = [(1, size)]
        self.inverses: list[tuple[int, str, bool, Path]] = []
        self._known: dict[tuple, int] = {}

    def form(
        self, number: int, block: int, turned: bool = False, path: Path = OUTSIDE
    ) -> dict[int, Any]:
        """An expression, perhaps transposed, inside the sums over `path`, times a block."""
        form: dict[int, Any] = {}
        for c, word in self.expressions.live(number):
            at = block
            for factor in word if turned else reversed(word):
                at = self._times(factor, at, turned, path)
            form[at] = form[at] + c if at in form else c
        return form

    def _block(self, key: tuple, size: BlockSize, form: Mapping) -> int:
        """The block w with w = form; a key has one."""
        if key not in self._known:
            if len(self.sizes) >= self.most:
                raise UnsupportedError(f"the system of equations has more than {self.most} blocks")
            w = self._known[key] = len(self.sizes)
            self.sizes.append(size)
            self.equations.append({(None, w): self.one, **{k: -c for k, c in form.items()}})
        return self._known[key]

    def _letter(self, letter: Any, block: int, size: BlockSize) -> int:
        return self._block((letter, block), size, {(letter, block): self.one})

    def _times(self, factor: Factor, block: int, turned: bool, path: Path) -> int:
        """The block that is a factor times a block."""
        kind, *args = factor
        size, key = self.sizes[block], (factor, block, turned, path)
        if kind == "letter":
            letter = self.expressions.placed(factor, turned, path)
            return self._letter(letter, block, (size[0], letter[3]))
        if key in self._known:
            return self._known[key]
        if kind == "inverse":
            self.inverses.append((args[0], size[1], turned, path))
            w = self._block(key, size, {})
            form = self.form(args[0], w, turned, path)
            self.equations[w] = {(None, k): c for k, c in form.items()}
            put(self.equations[w], (None, block), -self.one)
            return w
        depth, rows = size
        if kind == "sum":  # an outer sum over the same agents does not count inside
            block = self._letter("spread", block, (depth + 1, rows))
            path = (*("·" if agent == args[0] else agent for agent in path), args[0])
        path = (args[0],) if kind == "any" else path
        form = self.form(args[-1], block, turned != (kind == "transpose"), path)
        w = next(iter(form))
        if form != {w: self.one}:
            w = self._block(key, self.sizes[w], {(None, k): c for k, c in form.items()})
        if kind == "sum":
            w = self._letter("gather", w, (depth, self.sizes[w][1]))
        self._known[key] = w
        return w
