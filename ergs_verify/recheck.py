"""Check proofs that `ergs_verify.prove` wrote, with nothing but Python: `python recheck.py FILE…`.

Claimed is what is printed: two sides are equal at any matrices of fitting sizes over any field of
characteristic 0, for any number N of agents, wherever every inverse (and logarithm) in them exists.
An expression is a sum of terms, each a polynomial in the scalars times a product of letters and of
inverses, transposes, sums over agents and groups (brackets) of expressions.

1. *A matrix E is zero.* E·v is evaluated from the right, term by term: a letter X brings an unknown
block w with w − X v = 0, an inverse one with a w − v = 0, a group one with w − a v = 0. So E = c x
where L x = b and L = L₀ + Σ L_X X. The proof names columns V and U, each within blocks of one size,
as many of each size in V as in U. Checked is that V is injective (columns start at different
blocks), that L₀ V, every L_X V and b lie in the span of U, and c V = 0. So L V = U M with M square,
and b = U β. Where L is regular, L V = U M is injective, so M is regular, x = V M⁻¹ β, and c x = 0.
L is regular where every inverse exists; as all do at the point that the proof names (checked), they
do so almost everywhere, also for almost all scalars. There E = 0, hence wherever E is defined.

2. *Sums over agents.* Σ_j A f_j B, where A and B are free of j, is A [I … I] diag(f_1, …, f_N)
[I; …; I] B. A letter in f_j becomes block diagonal; it, [I … I] and [I; …; I] are letters anew.

3. *A scalar is zero*: a sum of traces and log dets, whose derivative by every letter is zero, by 1,
and whose value at the point is 0. There a letter is 0 but for multiples of I where its rows and
columns share a part of a size; sizes have one part, or several where n ≥ k is split, n = k + n'.
"""

import json
import sys
from fractions import Fraction
from functools import reduce

ANY = "~"  # any agent


def need(condition, why):
    if not condition:
        raise ValueError(why)


class Poly(dict):
    """A polynomial in the scalars: {names, sorted and repeated: coefficient}, without zeros."""

    def __add__(self, other):
        sums = {k: self.get(k, 0) + other.get(k, 0) for k in {**self, **other}}
        return Poly({k: c for k, c in sums.items() if c})

    def __mul__(self, other):
        sums = {}
        for a, x in self.items():
            for b, y in other.items():
                k = tuple(sorted(a + b))
                sums[k] = sums.get(k, 0) + x * y
        return Poly({k: c for k, c in sums.items() if c})

    def __neg__(self):
        return Poly({k: -c for k, c in self.items()})

    def key(self):
        return frozenset(self.items())


def poly(given):
    """Of a fraction as text, or of a list of [coefficient, names…]."""
    terms = [[given]] if isinstance(given, str) else given
    need(not any("(~" in name for _, *names in terms for name in names), "a scalar is bound")
    return sum((Poly({tuple(sorted(k)): Fraction(c)}) for c, *k in terms if Fraction(c)), Poly())


ZERO, ONE, AGENTS = Poly(), poly("1"), poly([["1", "#agents"]])


def add(form, at, value):
    """form[at] += value."""
    form[at] = form.get(at, ZERO) + value


def count(size, over):
    """A size such as 2*n + p(j) as a polynomial, summed over the agents in `over`."""
    total = ZERO
    for term in size.split(" + "):
        number = ONE
        for index in (f"({j})" for j in over):
            need(term.count(index) < 2, "a size is summed that is not linear")
            term, number = term.replace(index, "(Σ)"), number * (ONE if index in term else AGENTS)
        for part in term.split("*"):
            number *= poly(part if part.isdigit() else [["1", part]])
        total += number
    return total


class Proof:
    """A proof in the format ergs-proof/2; an expression is known by its number."""

    def __init__(self, given):
        need(given.get("format") == "ergs-proof/2", "this is no ergs-proof/2")
        need(not {*"⊕·"} & {*json.dumps(given, ensure_ascii=False)}, "a sign is reserved")
        self.given, self.terms, self.numbers, self.known = given, [], {}, {}
        for terms in given["expressions"]:
            read = [(poly(c), tuple(map(tuple, word))) for c, *word in terms]
            for kind, *args in (factor for _, word in read for factor in word):
                if kind == "letter":
                    need(args[1] != ANY and len(args) == 4, "an agent's name is reserved")
                    need(args[0] not in given["symmetric"] or args[2] == args[3], "not square")
                else:
                    need(kind in ("inverse", "transpose", "group", "sum"), f"what is a {kind}?")
            need(self.make(read) == len(self.terms) - 1, "an expression is given twice")
        need(all(len({*p}) == len(p) for p in given["split"].values()), "a part occurs twice")

    def make(self, terms):
        """The number of an expression."""
        terms = tuple(terms)
        key = tuple((c.key(), word) for c, word in terms)
        if key not in self.numbers:
            self.numbers[key] = len(self.terms)
            self.terms.append(terms)
        return self.numbers[key]

    def one(self, kind, word, *index):
        """A product, as one factor of a kind."""
        return ((kind, *index, self.make([(ONE, word)])),)

    def check(self):
        """Raise unless left = right is proved."""
        left, right = self.given["left"], self.given["right"]
        if isinstance(left, int):
            both = [*self.terms[left], *((-c, word) for c, word in self.terms[right])]
            zeros = [(self.make(both), self.given["size"])]
        else:
            terms = [(poly(c), *rest) for c, *rest in left]
            terms += [(-poly(c), *rest) for c, *rest in right]
            self.check_value(terms)
            zeros = self.gradients(terms)
        need(len(zeros) == len(self.given["spaces"]), "not every matrix is shown to be zero")
        for (zero, size), space in zip(zeros, self.given["spaces"], strict=True):
            System(self, size).check_zero(self.plain(zero), space["V"], space["U"])

    def gradients(self, terms):
        """For each letter X, of any agent: E where the differential is tr(E dX), and X's rows."""
        found = {}

        def visit(e, seed, factor, over):
            """Of factor · tr(seed · e), summed over the agents in `over`."""
            for c, word in self.terms[e]:
                for k, (kind, *args) in enumerate(word):
                    around = word[k + 1 :] + seed + word[:k]
                    if kind == "letter":
                        letter(args, around, factor * c, over)
                    elif kind == "sum":
                        need(args[0] not in over, "a sum within one over the same agents")
                        visit(args[1], around, factor * c, (*over, args[0]))
                    elif kind == "inverse":
                        visit(args[0], (word[k], *around, word[k]), -(factor * c), over)
                    else:
                        turned = self.one(kind, around) if kind == "transpose" else around
                        visit(args[0], turned, factor * c, over)

        def letter(of, seed, factor, over):
            name, agent, rows, cols = of
            for index in over:
                seed = seed if index == agent else self.one("sum", seed, index)
            if agent in over:
                rows, cols = (size.replace(f"({agent})", f"({ANY})") for size in (rows, cols))
                seed, agent = self.one("any", seed, agent), ANY
            seeds = [seed, self.one("transpose", seed)][: 1 + (name in self.given["symmetric"])]
            found.setdefault((name, agent, rows, cols), []).extend((factor, s) for s in seeds)

        for factor, kind, e, _, over in terms:
            visit(e, (("inverse", e),) if kind == "log det" else (), factor, tuple(over))
        return [(self.make(parts), key[2]) for key, parts in found.items()]

    def plain(self, e, turned=False, own=None):
        """An expression, perhaps turned, without transposes and sums, `own` being any agent."""
        if (e, turned, own) in self.known:
            return self.known[e, turned, own]
        terms = []
        for c, word in self.terms[e]:
            made = ()
            for kind, *args in word[::-1] if turned else word:
                if kind == "letter":
                    name, agent, *sizes = (x and x.replace(f"({own})", f"({ANY})") for x in args)
                    flip, agent = turned and name not in self.given["symmetric"], agent or ""
                    sizes = sizes[::-1] if turned else sizes
                    made += ((kind, name, flip, ANY if agent == own else agent, *sizes),)
                    continue
                free = args[0] if kind == "any" else None if args[0] == own else own
                inside = self.plain(args[-1], turned != (kind == "transpose"), free)
                inside = self.summed(inside, args[0]) if kind == "sum" else inside
                if kind != "inverse" and len(self.terms[inside]) == 1:
                    ((factor, more),) = self.terms[inside]
                    c, made = c * factor, made + more
                else:
                    made += (("inverse" if kind == "inverse" else "group", inside),)
            terms.append((c, made))
        return self.known.setdefault((e, turned, own), self.make(terms))

    def summed(self, e, index):
        """The sum over all agents j of a plain expression: what is free of j stays outside."""
        terms = []
        for c, word in self.terms[e]:
            own = [k for k, factor in enumerate(word) if self.many(factor, index)[0]]
            if own:
                first, last = own[0], own[-1] + 1
                inside = (self.many(factor, index)[1] for factor in word[first:last])
                word = (*word[:first], ("gather",), *inside, ("spread",), *word[last:])
            terms.append((c if own else c * AGENTS, word))
        return self.make(terms)

    def many(self, factor, index):
        """Whether a factor depends on the agent, and the block diagonal matrix of all agents'."""
        kind, *args = factor
        if kind == "letter":
            name, turned, agent, rows, cols, *made = args
            rows, cols = ("⊕" + size.replace(f"({index})", "(·)") for size in (rows, cols))
            own = agent == index
            made += ["diagonal" if own else "each"]
            return own, (kind, name, turned, "" if own else agent, rows, cols, *made)
        if kind in ("gather", "spread"):
            return False, (*factor, "each")
        inside = [(c, [self.many(f, index) for f in word]) for c, word in self.terms[args[0]]]
        made = self.make((c, tuple(f for _, f in word)) for c, word in inside)
        return any(own for _, word in inside for own, _ in word), (kind, made)

    def parts(self, size):
        return self.given["split"].get(size.lstrip("⊕"), [size.lstrip("⊕")])

    def value(self, e, part):
        """(p, q) where a plain expression is p/q times I at the point, on one part of its size."""
        top, bottom = ZERO, ONE
        for p, word in self.terms[e]:
            q = ONE
            for kind, *args in reversed(word):
                a, b = AGENTS if kind == "gather" else ONE, ONE
                if kind == "letter":
                    shared = [x for x in self.parts(args[3]) if x in self.parts(args[4])]
                    at = self.given["point"][args[0]]
                    a = poly(at[shared.index(part)]) if part in shared else ZERO
                elif kind in ("inverse", "group"):
                    a, b = self.value(args[0], part)[:: -1 if kind == "inverse" else 1]
                p, q = p * a, q * b
                if not p:
                    break
            need(q, "an inverse does not exist at the point")
            top, bottom = top * q + p * bottom, bottom * q
        return top, bottom

    def check_value(self, terms):
        """Raise unless a scalar is 0 at the point; each logarithm is given by powers of factors."""
        top, bottom, logs, powers = ZERO, ONE, {}, iter(self.given["powers"])
        for factor, kind, e, size, over in terms:
            need(kind in ("trace", "log det"), f"{kind} is no kind of scalar")
            system, plain = System(self, size), self.plain(e)
            square = all(system.sizes[k] == size for _, k in system.apply(plain, 0))
            need(square, f"a {kind} of what is not square")
            for part in self.parts(size):
                number = factor * count(part, over)
                p, q = self.value(plain, part)
                if kind == "trace":
                    top, bottom = top * q + number * p * bottom, bottom * q
                    continue
                for base, power in ((poly(base), power) for base, power in next(powers)):
                    for _ in range(abs(power)):
                        p, q = (p, q * base) if power > 0 else (p * base, q)
                    add(logs, base.key(), number * poly(str(power)))
                need(p and p == q, "a logarithm is not that of its factors")
        # Log det F is of a positive number: a sign does not count, unless dets are compared.
        left = [
            k for k, power in logs.items() if power and (self.given["signs"] or k != (-ONE).key())
        ]
        need(not top and not left, "the value at the point is not 0")

    def shown(self, side):
        """A side, or an expression, to be read."""
        scalar = isinstance(side, list)
        terms = []
        for c, *word in side if scalar else ((c, *word) for c, word in self.terms[side]):
            number = poly(c) if scalar else c
            number = " + ".join("·".join([str(x), *k]) for k, x in number.items())
            made = [] if number == "1" and word else [f"({number})"]
            if scalar:
                kind, e, size, over = word
                made = [*(f"Σ{k}" for k in over), *made, f"{kind}[{size}]({self.shown(e)})"]
            for kind, *args in () if scalar else word:
                inside = args[0] + (args[1] or "") if kind == "letter" else self.shown(args[-1])
                inside = f"Σ{args[0]} {inside}" if kind == "sum" else inside
                inside = f"({inside})" if " " in inside else inside
                made.append(inside + {"transpose": "'", "inverse": "⁻¹"}.get(kind, ""))
            terms.append(" ".join(made))
        return " + ".join(terms) or "0"


class System:
    """The equations L x = b, one for each block: {(letter or None, block): coefficient}."""

    def __init__(self, proof, size):
        self.proof, self.known = proof, {}
        self.sizes: list = [size]
        self.equations: list[dict] = [{(None, 0): ONE}]

    def apply(self, e, v):
        """An expression times the block v, as a combination of blocks."""
        form = {}
        for c, word in self.proof.terms[e]:
            add(form, (None, reduce(self.times, reversed(word), v)), c)
        return form

    def times(self, v, factor):
        """The block w that is a factor times the block v."""
        if (factor, v) in self.known:
            return self.known[factor, v]
        kind, *args = factor
        size, w = self.sizes[v], len(self.sizes)
        self.known[factor, v] = w
        self.sizes.append(size)
        self.equations.append({})
        form = {(None, w): ONE, (factor, v): -ONE}
        if kind == "letter":
            need(size == args[4], f"{args[0]} meets another size")
            self.sizes[w] = args[3]
        elif kind == "spread":
            self.sizes[w] = "⊕" + size
        elif kind == "gather":
            self.sizes[w] = size[1:]
            own = size[0] != "⊕" or ("(·)" in size and size[1] != "⊕")
            need(not own, "the terms of a sum have sizes of their own")
        elif kind == "inverse":
            exists = all(self.proof.value(args[0], part)[0] for part in self.proof.parts(size))
            need(exists, "an inverse does not exist at the point")
            form = self.apply(args[0], w)
            add(form, (None, v), -ONE)
        else:
            form = {k: -c for k, c in self.apply(args[0], v).items()}
            self.sizes[w] = self.sizes[next(iter(form))[1]]
            form[None, w] = ONE
        fit = all(self.sizes[k] == self.sizes[w] for letter, k in form if letter is None)
        need(fit, "matrices of different sizes are added or multiplied")
        self.equations[w] = form
        return w

    def columns(self, given):
        """The columns of V or U by their first blocks, and the sizes of these."""
        read = [{int(k): poly(c) for k, c in column.items()} for column in given]
        found = {min(column): column for column in read}
        need(len(found) == len(read), "two columns start at one block")
        for first, column in found.items():
            need(column[first], "a column starts with 0")
            need({self.sizes[k] for k in column} == {self.sizes[first]}, "a column mixes sizes")
        return found, sorted(self.sizes[first] for first in found)

    def check_zero(self, e, V, U):
        """Raise unless V and U show that an expression is zero."""
        claim = self.apply(e, 0)
        (V, unknowns), (U, images) = self.columns(V), self.columns(U)
        need(unknowns == images, "V and U differ in their sizes")
        parts, todo = {}, [{0: ONE}]
        for r, equation in enumerate(self.equations):
            for (letter, k), c in equation.items():
                parts.setdefault(letter, {}).setdefault(k, []).append((r, c))
        for column in V.values():
            value = sum((c * column[k] for (_, k), c in claim.items() if k in column), ZERO)
            need(not value, "cV is not zero")
            for part in parts.values():
                todo.append({})
                for k in part.keys() & column:
                    for r, c in part[k]:
                        add(todo[-1], r, c * column[k])
        first = min(U)
        for image in todo:  # U[first][first] times it is a combination of U
            rest = {r: c * U[first][first] for r, c in image.items()}
            for k in image.keys() & U:
                for r, c in U[k].items():
                    add(rest, r, -(image[k] * c))
            need(not any(rest.values()), "LV or b is not in the span of U")


def recheck(given):
    """What a proof, read from JSON, proves; `ValueError` where it proves nothing."""
    try:
        proof = Proof(given)
        proof.check()
        shown = " = ".join(proof.shown(given[side]) for side in ("left", "right"))
        shown = f"the logarithms of both sides are equal: {shown}" if given["signs"] else shown
        shown += "".join(f", for {name} symmetric" for name in given["symmetric"])
        return shown + "".join(f", for {n} = {' + '.join(p)}" for n, p in given["split"].items())
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as why:
        raise ValueError(f"the proof is not well-formed: {why!r}") from None


def main(paths):
    """Print a line on each file; 0 where all are confirmed."""
    refused = not paths
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                print("confirmed:", recheck(json.load(file)), flush=True)
        except (OSError, ValueError) as why:
            print(f"not confirmed: {' '.join(str(why).split())}", flush=True)
            refused = True
    return refused


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
