"""Check proofs that `ergs_verify.prove` wrote, with nothing but Python: `python recheck.py FILE…`.

Claimed is what is printed: two sides are equal at any matrices of fitting sizes over any field of
characteristic 0, for any number N of agents, wherever every inverse (and logarithm) in them exists.

1. *A matrix E is zero.* E·v is evaluated from the right: a letter X brings an unknown block w with
w − X v = 0, an inverse one with a w − v = 0, a bracket one with w − a v = 0. So E = c x, L x = b,
L = L₀ + Σ L_X X. The proof names columns V and U, each within blocks of one size, as many of each
size in V as in U. Checked is that V is injective (columns start at different blocks), that c V = 0,
and that L₀ V, every L_X V and b lie in the span of U. So L V = U M with M square, and b = U β.
Where L is regular, L V = U M is injective, so M is regular, x = V M⁻¹ β, and c x = 0. L is regular
where every inverse exists; as all do at the point that the proof names (checked), they do so almost
everywhere, also for almost all scalars. There E = 0, hence wherever E is defined.
2. *Sums over agents.* Σ_j f_j is [I … I] diag(f_1, …, f_N) [I; …; I]. A letter in f_j becomes block
diagonal; it, [I … I] and [I; …; I] are letters anew.
3. *A scalar is zero*: a sum of traces and log dets, 0 at the point, its derivative by every letter
zero, by 1. Then a letter may be put to 0, if it is 0 at the point. There it is 0 but for multiples
of I where rows and columns share a part of a size (k and n' if n ≥ k is split, n = k + n').
"""

import json
import sys
from collections import defaultdict
from fractions import Fraction
from math import lcm, prod


def need(condition, why):
    if not condition:
        raise ValueError(why)


class Poly(dict):
    """A polynomial in the scalars: {names, sorted and repeated: coefficient}, without zeros."""

    def __add__(self, other):
        return Poly({k: c for k in {**self, **other} if (c := self.get(k, 0) + other.get(k, 0))})

    def __mul__(self, other):
        pairs = ((k, c, names, x) for k, c in self.items() for names, x in other.items())
        return sum((Poly({tuple(sorted(k + names)): c * x}) for k, c, names, x in pairs), Poly())


def poly(given):
    """Of a fraction as text, or of a list of [coefficient, names…]."""
    terms = [[given]] if isinstance(given, str) else given
    need(not any("(~" in name for _, *names in terms for name in names), "a scalar is bound")
    return sum((Poly({tuple(sorted(k)): Fraction(c)}) for c, *k in terms if Fraction(c)), Poly())


ZERO, ONE, MINUS, AGENTS = Poly(), poly("1"), poly("-1"), poly([["1", "#agents"]])
FACTORS = {"letter": 4, "inverse": 1, "transpose": 1, "group": 1, "sum": 2}
MEASURES = ("trace", "log det")  # [kind, agents that are summed over…, size, expression]


def count(size, over):
    """A size such as 2*n + p(j) as a polynomial, summed over the agents in `over`."""
    total = ZERO
    for term in size.split(" + "):
        for own in (f"({j})" for j in over):
            term = term.replace(own, "(Σ)", 1) if own in term else f"{term}*#agents"
        parts = (poly(x if x.strip("-").isdigit() else [["1", x]]) for x in term.split("*"))
        total += prod(parts, start=ONE)
    return total


class Proof:
    """A proof in the format ergs-proof/4; an expression is known by its number."""

    def __init__(self, given):
        need(given.get("format") == "ergs-proof/4", "this is not an ergs-proof/4")
        need("·" not in json.dumps(given, ensure_ascii=False), "the sign · is reserved")
        self.given, self.symmetric = given, given["symmetric"]
        self.split, self.point, read = given["split"], given["point"], given["expressions"]
        need(all(len({*parts}) == len(parts) for parts in self.split.values()), "doubled parts")
        self.parts = lambda size: self.split.get(size, [size])
        self.terms = [[(poly(c), tuple(map(tuple, word))) for c, *word in e] for e in read]
        for kind, *args in (factor for e in self.terms for _, word in e for factor in word):
            need(kind in MEASURES or len(args) == FACTORS.get(kind), f"{kind} is not a known part")
            square = kind != "letter" or args[0] not in self.symmetric or args[2] == args[3]
            once = kind == "letter" or (all(args[:-1]) and len({*args}) == len(args))
            need(square and once, f"a {kind} cannot be made from {args}")

    def check(self):
        """What is proved, to be read; an error where nothing is."""
        left, right, size = (self.given[key] for key in ("left", "right", "size"))
        shown = [f"{self.shown(left)} = {self.shown(right)}"]
        shown += [f"for {name} symmetric" for name in self.symmetric]
        self.terms.append([*self.terms[left], *((MINUS * c, w) for c, w in self.terms[right])])
        zeros = [(self.terms[-1], size)] if size else self.check_scalar(self.terms[-1])
        for (zero, rows), space in zip(zeros, self.given["spaces"], strict=True):
            self.check_zero(zero, rows, space["V"], space["U"])
        return ", ".join(shown + [f"for {n} = {' + '.join(p)}" for n, p in self.split.items()])

    def shown(self, e):
        """An expression, to be read."""
        terms = []
        for c, word in self.terms[e]:
            number = " + ".join("·".join([str(x), *names]) for names, x in c.items())
            made = [] if number == "1" and word else [f"({number})"]
            for kind, *args in word:
                text = args[0] + (args[1] or "") if kind == "letter" else self.shown(args[-1])
                if kind in ("sum", *MEASURES):
                    text = " ".join([kind, *args[:-1], f"({text})"])
                text = f"({text})" if " " in text else text
                made.append(text + {"transpose": "'", "inverse": "⁻¹"}.get(kind, ""))
            terms.append(" ".join(made))
        return " + ".join(terms) or "0"

    def placed(self, letter, turned, path):
        """Is it transposed? Name, agent, rows and columns, the agents in `path` by their place."""
        name, agent, *sizes = letter
        for k, index in enumerate(path):
            agent = f"·{k}" if agent == index else agent
            sizes = [size.replace(f"({index})", f"(·{k})") for size in sizes]
        return turned and name not in self.symmetric, name, agent, *sizes[:: -1 if turned else 1]

    def mentions(self, factor, index):
        """Whether a factor depends on an agent."""
        if factor[0] == "letter":
            return factor[2] == index
        return any(self.mentions(f, index) for _, word in self.terms[factor[-1]] for f in word)

    def check_scalar(self, scalar):
        """By letters X of any agent: E where its differential is tr(E dX), and X's rows."""
        top, bottom, logs = ZERO, ONE, defaultdict(list)
        for factor, ((kind, *over, size, e),) in scalar:
            self.sizes, self.equations, self.known = [(1, size)], [{}], {}
            square = all(self.sizes[w] == (1, size) for _, w in self.apply(self.terms[e], 0))
            need(kind in MEASURES and square, f"a {kind} of a matrix that is not square")
            for part in self.parts(size):
                number, (p, q) = factor * count(part, over), self.value(e, part)
                if kind == "trace":
                    top, bottom = top * q + number * p * bottom, bottom * q
                for names, c in number.items() if kind == "log det" else ():
                    logs[names].append((c, p, q) if c > 0 else (-c, q, p))
        for powers in logs.values():
            common = lcm(*(c.denominator for c, _, _ in powers))
            powers = [(p, q) for c, p, q in powers for _ in range(int(c * common))]
            left, right = (prod(side, start=ONE) for side in zip(*powers, strict=True))
            need(left and left == right, "the logarithms at the point are not 0")
        need(not top, "the value at the point is not 0")
        for name in (*self.given["zero"], None):
            found = defaultdict(list)
            for factor, ((kind, *over, _, e),) in scalar:
                self.derive(e, (("inverse", e),) if kind == "log det" else (), factor, over, found)
            yield from ((found[x], x[2]) for x in found if name in (x[0], None))
            need(name is None or not any(map(Fraction, self.point[name])), f"{name} is not 0")
            for terms, (c, word) in ((those, one) for those in self.terms for one in [*those]):
                if any(f[1] == name if f[0] == "letter" else not self.terms[f[-1]] for f in word):
                    terms.remove((c, word))  # for it holds the letter, or what is 0 with it

    def derive(self, e, seed, factor, over, found):
        """The differential of factor · tr(seed · e), summed over the agents in `over`."""
        for c, word in self.terms[e]:
            for k, (kind, *args) in enumerate(word):
                around, total = word[k + 1 :] + seed + word[:k], factor * c
                if kind == "inverse":
                    self.derive(args[0], (word[k], *around, word[k]), MINUS * total, over, found)
                elif kind != "letter":
                    need(args[0] not in over, "a sum inside a sum over the same agents")
                    if kind == "transpose":
                        around = tuple(self.one(kind, (one,))[0] for one in around[::-1])
                    self.derive(args[-1], around, total, [*over, *args[:-1]], found)
                else:
                    for index in (index for index in over if index != args[1]):
                        around, total = self.summed(around, total, index)
                    if args[1] in over:
                        around = self.one("any", around, args[1])
                        args = self.placed(args, False, args[1:2])[1:]
                    turns = ("group", "transpose") if args[0] in self.symmetric else ("group",)
                    found[tuple(args)] += [(total, self.one(turn, around)) for turn in turns]

    def summed(self, word, factor, index):
        """The sum of factor · word; what does not depend on the agent stays outside."""
        own = [k for k, one in enumerate(word) if self.mentions(one, index)]
        if not own:
            return word, factor * AGENTS
        inside = self.one("sum", word[own[0] : own[-1] + 1], index)
        return word[: own[0]] + inside + word[own[-1] + 1 :], factor

    def one(self, kind, word, *index):
        self.terms.append([(ONE, word)])
        return ((kind, *index, len(self.terms) - 1),)

    def value(self, e, part, turned=False, path=()):
        """(p, q) where an expression is p/q times I at the point, on one part of its size."""
        top, bottom = ZERO, ONE
        for p, word in self.terms[e]:
            q = ONE
            for kind, *args in word if turned else word[::-1]:
                if kind == "letter":
                    *_, rows, cols = self.placed(args, turned, path)
                    at = [x for x in self.parts(rows) if x in self.parts(cols)]
                    a, b = poly(self.point[args[0]][at.index(part)]) if part in at else ZERO, ONE
                else:
                    a, b = self.value(args[-1], part, turned != (kind == "transpose"), path)
                    a, b = (b, a) if kind == "inverse" else (a, b)
                p, q = p * a * (AGENTS if kind == "sum" else ONE), q * b
                if not p:
                    break
            need(q, "an inverse does not exist at the point")
            top, bottom = top * q + p * bottom, bottom * q
        return top, bottom

    def block(self, key, size, form):
        """The block w with w = form; a key has one."""
        if key not in self.known:
            w = self.known[key] = len(self.sizes)
            self.sizes.append(size)
            self.equations.append({(None, w): ONE, **{k: MINUS * c for k, c in form.items()}})
        return self.known[key]

    def apply(self, terms, v, turned=False, path=("·",)):
        """Terms, transposed?, inside sums over the agents in `path`, times the block v."""
        form = defaultdict(Poly)
        for c, word in terms:
            w = v
            for factor in word if turned else word[::-1]:
                w = self.times(factor, w, turned, path)
            form[None, w] += c
        need(len({self.sizes[w] for _, w in form}) < 2, "matrices of different sizes are added")
        return form

    def times(self, factor, v, turned, path):
        """The block that is a factor times the block v."""
        (kind, *args), size, at = factor, self.sizes[v], (factor, v, turned, path)
        if kind == "letter":
            *_, rows, cols = key = self.placed(args, turned, path)
            need(size == (len(path), cols), f"{args[0]} is used with another size")
            return self.block((key, v), (len(path), rows), {(key, v): ONE})
        if kind == "inverse" and at not in self.known:
            w = self.block(at, size, {})
            form = self.equations[w] = self.apply(self.terms[args[0]], w, turned, path)
            form[None, v] += MINUS
            need(all(self.sizes[k] == size for _, k in form), "an inverse is not square")
            values = [self.value(args[0], part, turned, path) for part in self.parts(size[1])]
            need(all(p for p, _ in values), "an inverse does not exist at the point")
        elif at not in self.known:
            need(kind not in MEASURES, f"a {kind} occurs in a product")
            if kind == "sum":  # an outer sum over the same agents does not count inside
                v = self.block(("spread", v), (size[0] + 1, size[1]), {("spread", v): ONE})
                path = (*("·" if agent == args[0] else agent for agent in path), args[0])
            path = (args[0],) if kind == "any" else path
            form = self.apply(self.terms[args[-1]], v, turned != (kind == "transpose"), path)
            (_, w), *_ = form
            w = w if form == {(None, w): ONE} else self.block(at, self.sizes[w], form)
            if kind == "sum":
                need(f"(·{size[0]})" not in self.sizes[w][1], "terms differ in size")
                w = self.block(("gather", w), (size[0], self.sizes[w][1]), {("gather", w): ONE})
            self.known[at] = w
        return self.known[at]

    def columns(self, given):
        """The columns of V or U by their first blocks, and the sizes of these."""
        read = ({int(k): poly(x) for k, x in column.items()} for column in given)
        found = {min(column): column for column in read if column[min(column)]}
        need(len(found) == len(given), "a column starts with 0, or in the same block as another")
        need(all(self.sizes[j] == self.sizes[k] for k in found for j in found[k]), "mixed sizes")
        return found, sorted(self.sizes[k] for k in found)

    def check_zero(self, terms, size, V, U):
        """Raise unless V and U show that an expression is zero."""
        self.sizes, self.equations, self.known = [(1, size)], [{(None, 0): ONE}], {}
        claim, images = self.apply(terms, 0), [{0: ONE}]
        (V, unknowns), (U, equations) = self.columns(V), self.columns(U)
        need(unknowns == equations, "V and U differ in their sizes")
        for v in V.values():
            need(not sum((c * v.get(k, ZERO) for (_, k), c in claim.items()), ZERO), "cV is not 0")
            found = defaultdict(lambda: defaultdict(Poly))
            for r, equation in enumerate(self.equations):
                for letter, k in (key for key in equation if key[1] in v):
                    found[letter][r] += equation[letter, k] * v[k]
            images += found.values()
        first = U[min(U)][min(U)]
        for image in images:  # times `first` it is a combination of U
            rest = defaultdict(Poly, {r: c * first for r, c in image.items()})
            for k, (r, c) in ((j, x) for j in image.keys() & U for x in U[j].items()):
                rest[r] += MINUS * image[k] * c
            need(not any(rest.values()), "LV or b is not in the span of U")


def recheck(given):
    """What a proof, read from JSON, proves; `ValueError` where it proves nothing."""
    try:
        return Proof(given).check()
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as why:
        raise ValueError(f"the proof is not well-formed: {why!r}") from None


if __name__ == "__main__":  # a line on each file; the status is 0 where all are confirmed
    refused = not sys.argv[1:]
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8") as file:
                said = f"confirmed: {recheck(json.load(file))}"
        except (OSError, ValueError) as why:
            refused, said = True, f"not confirmed: {' '.join(str(why).split())}"
        print(said, flush=True)
    sys.exit(refused)
