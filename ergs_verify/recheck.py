"""Check proofs that `ergs_verify.prove` wrote, with nothing but Python: `python recheck.py FILE…`.

What is claimed: the two sides printed are equal at any matrices of fitting sizes over a field of
characteristic 0, for any number of agents, wherever every inverse (and logarithm) in them exists.

How a matrix E is shown to be zero. E·v is evaluated from the right. Each letter X met on the way
brings an unknown block w and the equation w − X v = 0, each inverse a block w with a w − v = 0. So
E = c x where L x = b, and L = L₀ + Σ L_X X is regular wherever the inverses exist. The proof names
columns V and U, each within blocks of one size. Checked is that the columns of V are independent,
that L₀V, every L_XV and b lie in the span of U, that U has as many columns of each size as V, and
cV = 0. Then L V = U M with M square, and injective as L V is, so M is regular. With b = U β the
solution is x = V M⁻¹ β, and c x = 0. (Coefficients are rational functions of scalars: what holds
at almost all values of these holds at all where both sides are defined.)

A sum over agents of c L_j⁻¹ b, where L_j = G + H_j and H_j is what j's letters bring (of a square
one perhaps what it exceeds a number by), is N c s − c G⁻¹ Σ_j H_j s + c G⁻¹ [H_1 … H_N] y with
G s = b and diag(L_j) y = [H_1; …; H_N] s: the letters of j become four, each free for itself.

How a scalar is shown to be zero: a sum of traces and log dets whose derivative by every letter is
zero, shown as above, and whose value is 0 at one point, letters at (blocks of) multiples of I.
"""

import json
import sys
from fractions import Fraction

AGENTS, ANY = "#agents", "~"  # their number, and any one of them


def need(condition, why):
    if not condition:
        raise ValueError(why)


class Ratio:
    """A rational function of the scalars; a polynomial is {sorted names, repeated: coefficient}."""

    def __init__(self, top, bottom=None):
        top = top if isinstance(top, dict) else {(): Fraction(top)}
        self.top = {k: v for k, v in top.items() if v}
        self.bottom = bottom if bottom and self.top else {(): Fraction(1)}

    def __add__(self, other):
        top, more, bottom = self.top, other.top, self.bottom
        if bottom != other.bottom:
            top, more = times(top, other.bottom), times(more, bottom)
            bottom = times(bottom, other.bottom)
        return Ratio({k: top.get(k, 0) + more.get(k, 0) for k in {**top, **more}}, bottom)

    def __mul__(self, other):
        return Ratio(times(self.top, other.top), times(self.bottom, other.bottom))

    def __truediv__(self, other):
        need(other, "a division by zero")
        if set(other.top) == {()}:
            return self * Ratio({k: v / other.top[()] for k, v in other.bottom.items()})
        return self * Ratio(other.bottom, other.top)

    def __neg__(self):
        return self * Ratio(-1)

    def __bool__(self):
        return bool(self.top)

    def is_one(self):
        return not self + Ratio(-1)


def times(p, q):
    product = {}
    for a, x in p.items():
        for b, y in q.items():
            k = tuple(sorted(a + b))
            product[k] = product.get(k, 0) + x * y
    return {k: v for k, v in product.items() if v}


def ratio(given):
    """Of a fraction as text, or of two lists of [coefficient, names…]."""
    if isinstance(given, str):
        return Ratio(Fraction(given))
    top, bottom = ({tuple(sorted(names)): Fraction(c) for c, *names in part} for part in given)
    return Ratio(top) / Ratio(bottom)


def named(name):
    return Ratio({(name,): Fraction(1)})


def size_value(size, over, split):
    """A dimension such as 2*n + m, summed over the agents in `over`; some are sums of others."""
    value = Ratio(0)
    for term in size.split(" + "):
        product, left = Ratio(1), list(over)
        for part in term.split("*"):
            for index in [k for k in left if f"({k})" in part]:
                left.remove(index)
                part = part.replace(f"({index})", "(Σ)")
            if part in split:
                product *= total(map(named, split[part]))
            else:
                product *= Ratio(int(part)) if part.lstrip("-").isdigit() else named(part)
        for _ in left:
            product *= named(AGENTS)
        value += product
    return value


def total(values):
    return sum(values, Ratio(0))


def det(X):
    if not X:
        return Ratio(1)
    minors = ([row[:k] + row[k + 1 :] for row in X[1:]] for k in range(len(X)))
    return total(
        x * det(Y) * Ratio((-1) ** k) for k, (x, Y) in enumerate(zip(X[0], minors, strict=True))
    )


def add(form, at, value):
    """form[at] += value."""
    form[at] = form[at] + value if at in form else value
    if not form[at]:
        del form[at]


class System:
    """The equations L x = b of a matrix: {(letter or None, block): coefficient}; b is block 0."""

    def __init__(self, proof, size):
        self.proof, self.known = proof, {}
        self.sizes: list = [size]
        self.rows: list = [size]
        self.equations: list[dict] = [{(None, 0): Ratio(1)}]

    def block(self, size, minus=None):
        """A new block w; with w + minus = 0 if that is given."""
        self.sizes.append(size)
        if minus is not None:
            self.equate({(None, len(self.sizes) - 1): Ratio(1), **minus}, size)
        return len(self.sizes) - 1

    def equate(self, equation, size):
        fit = all(self.sizes[k] == size for letter, k in equation if letter is None)
        need(fit, "matrices of different sizes are added or multiplied")
        self.equations.append(equation)
        self.rows.append(size)

    def apply(self, node, turned, block):
        """A node (turned: its transpose) times a block, as {block: coefficient}."""
        if (node, turned, block) not in self.known:
            self.known[node, turned, block] = self.applied(self.proof.nodes[node], turned, block)
        return self.known[node, turned, block]

    def applied(self, node, turned, block):
        kind, *args = node
        if kind == "letter":
            name, agent, *shape = args
            need(self.sizes[block] == shape[not turned], f"{name} meets another size")
            letter = (name, turned and name not in self.proof.given["symmetric"], agent)
            return {self.block(shape[turned], {(letter, block): Ratio(-1)}): Ratio(1)}
        if kind in ("identity", "zero"):
            need(self.sizes[block] == args[0 if turned else -1], f"{kind} meets another size")
            return {block: Ratio(1)} if kind == "identity" else {}
        if kind == "transpose":
            return self.apply(args[0], not turned, block)
        if kind == "add":
            form = {}
            for a in args:
                for k, value in self.apply(a, turned, block).items():
                    add(form, k, value)
            need(len({self.sizes[k] for k in form}) < 2, "matrices of different sizes are added")
            return form
        if kind == "multiply":
            form = {block: Ratio(1)}
            for a in args if turned else args[::-1]:
                form = self.apply(a, turned, self.single(form)) if form else {}
            return form
        if kind == "scale":
            form = self.apply(args[1], turned, block)
            return {k: p for k, v in form.items() if (p := v * self.proof.scalars[args[0]])}
        if kind == "inverse":
            w = self.block(self.sizes[block])
            equation = {(None, k): value for k, value in self.apply(args[0], turned, w).items()}
            add(equation, (None, block), Ratio(-1))
            self.equate(equation, self.sizes[block])
            return {w: Ratio(1)}
        need(kind == "sum", f"{kind} is no kind of matrix")
        return self.summed(args[0], args[1], turned, block)

    def single(self, form):
        """One block that equals a combination of blocks."""
        first = next(iter(form))
        if len(form) == 1 and form[first].is_one():
            return first
        return self.block(self.sizes[first], {(None, k): -value for k, value in form.items()})

    def summed(self, index, body, turned, block):
        """Σ_j: blocks left of the letters of j, between them, and right of them."""
        inner, own = System(self.proof, self.sizes[block]), f"({index})"
        form = inner.apply(body, turned, 0)
        self.proof.value(body)  # every inverse exists at the point, so that G is regular
        free = [k for k, size in enumerate(inner.sizes) if own not in size]
        need(own not in self.sizes[block] and form.keys() <= set(free), "a sum of different sizes")
        inside = [["⊕" + size.replace(own, "(·)") for size in s] for s in (inner.sizes, inner.rows)]
        left = {k: self.block(inner.sizes[k]) for k in free}
        between = [self.block(size) for size in inside[0]]
        right = {k: self.block(inner.sizes[k]) for k in free}
        for r, equation in enumerate(inner.equations):
            first, middle, last = {}, {}, {}
            for (letter, k), value in equation.items():
                if letter and letter[2] == index:
                    start = self.proof.given["base"].get(letter[0], "0")
                    need(self.proof.given["point"][letter[0]] == [[start]], "G is not at the point")
                    name, made = letter[0], (*letter[:2], None, *letter[3:])
                    add(middle, ((*made, "diagonal"), between[k]), value)
                    add(first, ((*made, "row"), between[k]), -value)
                    if k in right:
                        add(middle, ((*made, "column"), right[k]), -value)
                        add(first, ((*made, "total"), right[k]), value)
                    if name not in self.proof.base or inner.sizes[k] != inner.rows[r]:
                        continue
                    letter, value = None, value * self.proof.base[name]
                add(middle, (letter and (*letter, "each"), between[k]), value)
                if k in right:
                    add(first, (letter, left[k]), value)
                    add(last, (letter, right[k]), value)
            self.equate(middle, inside[1][r])
            if own not in inner.rows[r]:
                if r == 0:
                    add(first, (None, block), -named(AGENTS))
                    add(last, (None, block), Ratio(-1))
                self.equate(first, inner.rows[r])
                self.equate(last, inner.rows[r])
        return {left[k]: value for k, value in form.items()}

    def columns(self, given, sizes):
        """Columns of V or U, by pivots, where the others are 0."""
        found = {p: (size, {int(k): ratio(v) for k, v in c.items()}) for size, p, c in given}
        for pivot, (size, column) in found.items():
            need(all(sizes[k] == size for k in column), "a column mixes sizes")
            need(pivot in column and column[pivot].is_one(), "a column has no pivot")
            need(sum(pivot in other for _, other in found.values()) == 1, "columns not reduced")
        return {p: column for p, (_, column) in found.items()}, sorted(s for s, _ in found.values())

    def check_zero(self, number, space):
        """Raise unless V and U show that a matrix is zero."""
        claim = self.apply(number, False, 0)
        V, unknowns = self.columns(space["V"], self.sizes)
        U, images = self.columns(space["U"], self.rows)
        need(unknowns == images, "V and U differ in their sizes")
        parts, todo = {}, [{0: Ratio(1)}]
        for r, equation in enumerate(self.equations):
            for (letter, k), value in equation.items():
                parts.setdefault(letter, {}).setdefault(k, {})[r] = value
        for column in V.values():
            value = total(claim[k] * column[k] for k in claim.keys() & column)
            need(not value, "cV is not zero")
            for part in parts.values():
                todo.append({})
                for k in part.keys() & column:
                    for r, value in part[k].items():
                        add(todo[-1], r, value * column[k])
        for image in todo:
            for pivot, factor in [(r, value) for r, value in image.items() if r in U]:
                for r, value in U[pivot].items():
                    add(image, r, -factor * value)
            need(not image, "LV or b is not in the span of U")


class Proof:
    """A proof in the format ergs-proof/1."""

    def __init__(self, given):
        need(given.get("format") == "ergs-proof/1", "this is no ergs-proof/1")
        self.given, self.nodes = given, [tuple(node) for node in given["nodes"]]
        self.numbers, types = {node: k for k, node in enumerate(self.nodes)}, {}
        self.base = {name: Ratio(Fraction(value)) for name, value in given["base"].items()}
        self.scalars = [ratio(value) for value in given["scalars"]]
        for name, agent, *shape in (node[1:] for node in self.nodes if node[0] == "letter"):
            need(agent != ANY, "an agent has a name that is reserved")
            general = [size.replace(f"({agent})", "()") for size in shape]
            need(types.setdefault(name, general) == general, f"{name} has different sizes")
            need(name not in given["symmetric"] or shape[0] == shape[1], f"{name} is not square")

    def make(self, kind, *args):
        """The number of a node; a sum or product of one matrix is that matrix."""
        if kind in ("add", "multiply") and len(args) == 1:
            return args[0]
        if (kind, *args) not in self.numbers:
            self.numbers[kind, *args] = len(self.nodes)
            self.nodes.append((kind, *args))
        return self.numbers[kind, *args]

    def scale(self, factor, number):
        if factor.is_one():
            return number
        same = [k for k, known in enumerate(self.scalars) if not known + -factor]
        self.scalars += [] if same else [factor]
        return self.make("scale", same[0] if same else len(self.scalars) - 1, number)

    def width(self, number, turned=False):
        """How many columns a matrix has; turned: rows."""
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            return args[-2 if turned and kind != "identity" else -1]
        if kind == "multiply":
            return self.width(args[0 if turned else -1], turned)
        inside = args[1] if kind in ("sum", "scale") else args[0]
        return self.width(inside, turned != (kind == "transpose"))

    def check(self):
        """Raise unless left = right is proved."""
        left, right = self.given["left"], self.given["right"]
        if isinstance(left, int):
            zeros = [self.make("add", left, self.scale(Ratio(-1), right))]
        else:
            terms = [(ratio(c), *rest) for c, *rest in left]
            terms += [(-ratio(c), *rest) for c, *rest in right]
            self.check_value(terms)
            zeros = self.derivatives(terms)
        need(len(zeros) == len(self.given["spaces"]), "not every matrix is shown to be zero")
        for zero, space in zip(zeros, self.given["spaces"], strict=True):
            System(self, self.width(zero)).check_zero(zero, space)

    def derivatives(self, terms):
        """Of a sum of traces and log dets with respect to each letter, of any agent."""
        found = {}

        def visit(number, seed, over):
            """Of tr(seed · node), summed over some agents."""
            kind, *args = self.nodes[number]
            if kind == "letter":
                name, agent = args[:2]
                for index in over:
                    seed = seed if index == agent else self.make("sum", index, seed)
                if agent in over:
                    seed, agent = self.renamed(seed, agent), ANY
                if name in self.given["symmetric"]:
                    seed = self.make("add", seed, self.make("transpose", seed))
                found.setdefault((name, agent), []).append(seed)
            elif kind == "scale":
                visit(args[1], self.scale(self.scalars[args[0]], seed), over)
            elif kind == "transpose":
                visit(args[0], self.make("transpose", seed), over)
            elif kind == "inverse":
                around = self.make("multiply", number, seed, number)
                visit(args[0], self.scale(Ratio(-1), around), over)
            elif kind == "sum":
                visit(args[1], seed, (*over, args[0]))
            for k, a in enumerate(args if kind in ("add", "multiply") else ()):
                around = (*args[k + 1 :], seed, *args[:k]) if kind == "multiply" else (seed,)
                visit(a, self.make("multiply", *around), over)

        for factor, kind, of, over in terms:
            if kind in ("trace", "log det"):
                need(self.width(of) == self.width(of, True), f"a {kind} of what is not square")
                log = kind == "log det"
                seed = self.make("inverse", of) if log else self.make("identity", self.width(of))
                visit(of, self.scale(factor, seed), tuple(over))
        return [self.make("add", *seeds) for seeds in found.values()]

    def renamed(self, number, index):
        """A node for any agent; where a sum within binds the index, it is another one."""
        kind, *args = self.nodes[number]
        if (kind, args[0]) == ("sum", index):
            return number
        inside = {"sum": 1, "scale": 1, "letter": 9}.get(kind, 0)
        for k, a in enumerate(args):
            if isinstance(a, int) and k >= inside:
                args[k] = self.renamed(a, index)
            elif isinstance(a, str):
                args[k] = ANY if a == index else a.replace(f"({index})", f"({ANY})")
        return self.make(kind, *args)

    def check_value(self, terms):
        """Raise unless it is 0 at the point, logarithms by their factors."""
        constant, logs, powers = Ratio(0), {}, iter(self.given["powers"])
        factors, split = [ratio(factor) for factor in self.given["factors"]], self.given["split"]
        for factor, kind, of, over in terms:
            need(kind in ("one", "log", "trace", "log det"), f"{kind} is no kind of scalar")
            pieces = [("1", [[ratio(of) if kind == "log" else Ratio(1)]])]
            if kind in ("trace", "log det"):
                X, sizes = self.value(of), self.parts(self.width(of))
                at = {size: [r for r, other in enumerate(sizes) if other == size] for size in sizes}
                pieces = [(size, [[X[r][c] for c in at[size]] for r in at[size]]) for size in at]
            for size, X in pieces:
                count = factor * size_value(size, over, split)
                if kind in ("one", "trace"):
                    constant += count * total(X[r][r] for r in range(len(X)))
                    continue
                value = det(X)
                for base, power in ((int(k), power) for k, power in next(powers).items()):
                    for _ in range(abs(power)):
                        value = value / factors[base] if power > 0 else value * factors[base]
                    add(logs, base, count * Ratio(power))
                need(value.is_one(), "a logarithm is not that of its factors")
        # Log det F is of a positive number: a sign does not count, unless dets are compared.
        left = [k for k in logs if self.given["signs"] or factors[k] + Ratio(1)]
        need(not constant and not left, "the value at the point is not 0")

    def parts(self, size):
        return self.given["split"].get(size, [size])

    def value(self, number):
        """A matrix at the point: blocks between parts of sizes, each a multiple of I."""
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            rows, cols = self.parts(args[-1 if kind == "identity" else -2]), self.parts(args[-1])
            if kind != "letter":
                one = kind == "identity"
                n = range(len(cols))
                return [[Ratio(int(one and r == c)) for c in n] for r in range(len(rows))]
            X = [[ratio(x) for x in row] for row in self.given["point"][args[0]]]
            fit = [len(row) for row in X] == [len(cols)] * len(rows) and all(
                rows[r] == cols[c] or not x for r, row in enumerate(X) for c, x in enumerate(row)
            )
            turned = [list(row) for row in zip(*X, strict=True)]
            need(
                fit
                and (
                    args[0] not in self.given["symmetric"]
                    or not any(
                        x + -y
                        for a, b in zip(X, turned, strict=True)
                        for x, y in zip(a, b, strict=True)
                    )
                ),
                "a bad point",
            )
            return X
        X, *others = (self.value(a) for a in (args[1:] if kind in ("sum", "scale") else args))
        if kind == "transpose":
            return [list(row) for row in zip(*X, strict=True)]
        if kind == "inverse":
            n, d = range(len(X)), det(X)
            minors = [[[[X[r][c] for c in n if c != j] for r in n if r != i] for i in n] for j in n]
            return [
                [det(m) * Ratio((-1) ** (i + j)) / d for i, m in enumerate(row)]
                for j, row in enumerate(minors)
            ]
        if kind in ("sum", "scale"):
            factor = named(AGENTS) if kind == "sum" else self.scalars[args[0]]
            return [[x * factor for x in row] for row in X]
        for Y in others:
            if kind == "add":
                X = [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(X, Y, strict=True)]
            else:
                X = [
                    [
                        total(x * y for x, y in zip(row, c, strict=True))
                        for c in zip(*Y, strict=True)
                    ]
                    for row in X
                ]
        return X

    def shown(self, side):
        """A side, or a node, to be read."""
        if isinstance(side, list):
            parts = []
            for factor, kind, of, over in side:
                inside = text(of) if kind == "log" else "" if kind == "one" else self.shown(of)
                kind = "" if kind == "one" else f" {kind} {inside}"
                parts.append("".join(f"Σ{k} " for k in over) + text(factor) + kind)
            return " + ".join(parts)
        kind, *args = self.nodes[side]
        if kind == "letter":
            return args[0] + (args[1] or "")
        if kind == "scale":
            return f"{text(self.given['scalars'][args[0]])} {self.shown(args[1])}"
        if kind == "sum":
            return f"Σ{args[0]} {self.shown(args[1])}"
        if kind in ("transpose", "inverse"):
            return self.shown(args[0]) + {"transpose": "'", "inverse": "⁻¹"}[kind]
        if kind in ("add", "multiply"):
            return "(" + (" + " if kind == "add" else " ").join(map(self.shown, args)) + ")"
        return {"identity": "I", "zero": "0"}[kind]


def text(given):
    """A scalar to be read."""
    if isinstance(given, str):
        return f"({given})"
    top, bottom = (" + ".join("·".join(term) for term in part) for part in given)
    return f"({top})" if bottom == "1" else f"(({top})/({bottom}))"


def recheck(given):
    """What a proof, read from JSON, proves; `ValueError` where it proves nothing."""
    try:
        proof = Proof(given)
        shown = " = ".join(proof.shown(given[side]) for side in ("left", "right"))
        symmetric = ", ".join(given["symmetric"])
        proof.check()
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as why:
        raise ValueError(f"the proof is not well-formed: {why!r}") from None
    shown = f"the logarithms of both sides are equal: {shown}" if given["signs"] else shown
    shown += f", for {symmetric} symmetric" if symmetric else ""
    return shown + "".join(f", for {n} = {' + '.join(p)}" for n, p in given["split"].items())


def main(paths):
    """Print a line on each file; 0 where all are confirmed."""
    refused = 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                print("confirmed:", recheck(json.load(file)), flush=True)
        except (OSError, ValueError) as why:
            print(f"not confirmed: {' '.join(str(why).split())}", flush=True)
            refused += 1
    return bool(refused or not paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
