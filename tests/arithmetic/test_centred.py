"""Every enclosure holds, whatever the entries; where entries are tame it is tight besides."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify.arithmetic import Rationals, centred
from ergs_verify.arithmetic.above import TINY, Above, above, below, gamma
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.arithmetic.in_step import empty
from ergs_verify.exact.definite import is_positive

STACKS, EXACT = CentredStacks(), Rationals()
#: Enough for the products that go entry by entry.
MANY = 70

tame = st.floats(-4, 4, width=16)
wild = st.one_of(
    st.floats(-1e300, 1e300, allow_subnormal=True),
    st.builds(lambda x, e: math.ldexp(x, e), st.floats(-1, 1), st.integers(-1074, 990)),
    st.sampled_from([0.0, 5e-324, -5e-324, 2.0**-1022, 1.0, 1 + 2**-52, -1 + 2**-53, 1e154, 1e300]),
    tame,
)
radii = st.one_of(st.just(0.0), st.floats(0, 1e-3), st.floats(0, 1e300), st.just(5e-324))


@st.composite
def matrices(draw, rows, cols, entries=wild):
    """A stack with every entry of one matrix drawn, the others multiples by powers of 2, and the
    rationals of one member each: somewhere in the radii."""
    middle = np.array(draw(st.lists(entries, min_size=rows * cols, max_size=rows * cols)))
    radius = np.array(draw(st.lists(radii, min_size=rows * cols, max_size=rows * cols)))
    count = draw(st.sampled_from([1, 3, MANY]))
    powers = np.ldexp(1.0, draw(st.lists(st.integers(-3, 3), min_size=count, max_size=count)))
    stack = [empty((count,), rows, cols) for _ in range(2)]
    for X, entries_of_one in zip(stack, (middle, radius), strict=True):
        X[...] = powers[:, None, None] * entries_of_one.reshape(rows, cols)
    part = Fraction(draw(st.integers(-8, 8)), 8)
    return Centred(*stack), part


def member(X: Centred, part: Fraction, index: int) -> list[list[Fraction]]:
    """One of the matrices enclosed, at a part of the way from the middle."""
    which = index % len(X.middle)
    middle, radius = X.middle[which].tolist(), X.radii[which].tolist()
    return [
        [Fraction(x) + part * Fraction(r) for x, r in zip(*both, strict=True)]
        for both in zip(middle, radius, strict=True)
    ]


def exact(rows):
    return EXACT.matrix(rows, (len(rows), len(rows[0])))


def holds(found: Centred, index: int, entries) -> int:
    """How many entries are bounded; each of them has to be within its bounds."""
    middle = found.middle
    which = index % len(middle)
    bounded = 0
    places = zip(
        np.ravel(middle[which]).tolist(),
        np.ravel(found.radii[which]).tolist(),
        entries,
        strict=True,
    )
    for x, r, true in places:
        if math.isfinite(x) and math.isfinite(r):
            bounded += 1
            assert abs(true - Fraction(x)) <= Fraction(r), (x, r, float(true))
    return bounded


def flat(X):
    return [x for row in EXACT.to_fractions(X) for x in row]


sizes = st.integers(1, 4)


@settings(max_examples=150, deadline=None)
@given(st.data(), sizes, sizes, sizes)
def test_sums_and_products(data, n, k, m):
    with np.errstate(all="ignore"):
        (X, p), (Y, q), (Z, r) = (data.draw(matrices(*shape)) for shape in ((n, k), (k, m), (n, k)))
        counts = {len(one.middle) for one in (X, Y, Z)} - {1}
        count = min(counts, default=1)
        if len(counts) > 1:  # stacks broadcast, so all but one are of one matrix then
            X, Y, Z = (one[:count] if len(one.middle) >= count else one[:1] for one in (X, Y, Z))
        index = count - 1
        X_1, Y_1, Z_1 = (exact(member(*one, index)) for one in ((X, p), (Y, q), (Z, r)))
        holds(STACKS.multiply(X, Y), index, flat(EXACT.multiply(X_1, Y_1)))
        holds(STACKS.add(X, Z), index, flat(EXACT.add(X_1, Z_1)))
        holds(X - Z, index, flat(EXACT.add(X_1, EXACT.scale(EXACT.scalar(-1), Z_1))))
        one = X[..., 0, 0], Z[..., 0, 0]
        x, z = EXACT.to_fractions(X_1)[0][0], EXACT.to_fractions(Z_1)[0][0]
        holds(one[0] * one[1], index, [x * z])
        if z:
            holds(one[0] / one[1], index, [x / z])
        else:
            assert not np.isfinite((one[0] / one[1]).radii[index % len(one[1].middle)])
        scaled = STACKS.scale(one[1], X)
        holds(scaled, index, flat(EXACT.scale(EXACT.scalar(z), X_1)))


def rounded(x: Fraction, how: str) -> float:
    """To the nearest float64, or to the next below or above, with gradual underflow."""
    try:
        near = float(x)
    except OverflowError:
        return math.nan
    if how == "down" and near > x:
        return math.nextafter(near, -math.inf)
    if how == "up" and near < x:
        return math.nextafter(near, math.inf)
    return near


def dot_otherwise(xs, ys, order, fused: bool, how: str) -> float:
    """x·y as another library, processor or rounding mode may compute it."""
    if not all(map(math.isfinite, [*xs, *ys])):
        return math.nan
    total = 0.0
    for term in (Fraction(xs[k]) * Fraction(ys[k]) for k in order):
        added = total if fused else rounded(term, how)
        if not (math.isfinite(added) and math.isfinite(total)):
            return math.nan
        total = rounded(Fraction(total) + (term if fused else Fraction(added)), how)
    return total


@settings(max_examples=60, deadline=None)
@given(
    st.data(),
    st.permutations(range(4)),
    st.booleans(),
    st.sampled_from(["nearest", "down", "up"]),
)
def test_products_in_any_order_fused_or_not_in_any_rounding_mode(data, order, fused, how):
    def product(X, Y):
        shape = np.broadcast_shapes(X.shape[:-2], Y.shape[:-2])
        X, Y = (np.broadcast_to(Z, (*shape, *Z.shape[-2:])) for Z in (X, Y))
        return np.array([
            [[dot_otherwise(row, col, order, fused, how) for col in zip(*other, strict=True)]
             for row in one]
            for one, other in zip(X.tolist(), Y.tolist(), strict=True)
        ])  # fmt: skip

    (X, p), (Y, q) = (data.draw(matrices(*shape)) for shape in ((2, 4), (4, 1)))
    X, Y = X[:1], Y[:1]
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(centred, "product", product)
        found = STACKS.multiply(X, Y)
    holds(found, 0, flat(EXACT.multiply(exact(member(X, p, 0)), exact(member(Y, q, 0)))))


def test_a_model_without_underflow_would_be_wrong(monkeypatch):
    monkeypatch.setattr(centred, "above", lambda x, operations=1: x * (1 + 2.0**-40))
    X = Centred(np.array([[[5e-324]]]))
    with pytest.raises(AssertionError):
        holds(STACKS.multiply(X, Centred(np.array([[[0.5]]]))), 0, [Fraction(5e-324) / 2])


def test_a_model_without_rounding_would_be_wrong(monkeypatch):
    monkeypatch.setattr(centred, "gamma", lambda terms: 0.0)
    X, Y = Centred(np.array([[[1 + 2.0**-52, 1.0]]])), Centred(np.array([[[1 + 2.0**-52], [3.0]]]))
    with pytest.raises(AssertionError):
        holds(STACKS.multiply(X, Y), 0, [(1 + Fraction(1, 2**52)) ** 2 + 3])


@settings(max_examples=200, deadline=None)
@given(st.data(), sizes, sizes, st.booleans())
def test_linear_systems(data, n, m, nearly_singular):
    entries = st.one_of(tame, wild) if data.draw(st.booleans()) else tame
    X, p = data.draw(matrices(n, n, entries))
    Y, q = data.draw(matrices(n, m, entries))
    Y = Y[:1]
    if nearly_singular:
        last = X.middle[:, :1].sum(axis=1) * (1 + data.draw(st.sampled_from([0.0, 2**-52, 2**-40])))
        X = Centred(X.middle.copy(), X.radius * data.draw(st.sampled_from([0.0, 2.0**-60])))
        X.middle[:, -1] = last
    index = len(X.middle) - 1
    X_1, Y_1 = exact(member(X, p, index)), exact(member(Y, q, 0))
    with np.errstate(all="ignore"):
        solved, det = STACKS.solve(X, Y), STACKS.determinant(X)
        trace, log_det = STACKS.trace(X), STACKS.log_determinant(X)
        definite = STACKS.definite(X)
    true = EXACT.determinant(X_1)
    holds(det, index, [EXACT.to_fraction(true)])
    holds(trace, index, [EXACT.to_fraction(EXACT.trace(X_1))])
    regular = bool(np.isfinite(solved.radii[index]).any())
    if true:
        holds(solved, index, flat(EXACT.solve(X_1, Y_1)))
    else:
        assert not regular
        assert not np.isfinite(det.radii[index])
    if np.isfinite(log_det.radii[index]):
        assert true > 0
    rows = np.array(EXACT.to_fractions(X_1), dtype=object)
    if definite[index] and (rows == rows.T).all():
        assert is_positive(rows, strictly=True)


@settings(max_examples=200, deadline=None)
@given(wild.filter(bool).map(abs), st.floats(0, 1), st.integers(-8, 8))
def test_logarithms(x, part, where):
    radius = x * part
    found = STACKS.log(Centred(np.array([x]), np.array([radius])))
    if not math.isfinite(found.radii[0]):
        assert part > 0.999 or x < 1e-300
        return
    exactly = Fraction(x) + Fraction(radius) * Fraction(where, 8)
    with ctx.workprec(2500):  # a radius may be 1e-300 of x
        true = (arb(exactly.numerator) / exactly.denominator).log()
        assert abs(true - arb(float(found.middle[0]))) <= arb(float(found.radii[0]))


def test_a_logarithm_is_tight():
    x = np.geomspace(1e-300, 1e300, 997)
    found = STACKS.log(Centred(x))
    assert (found.radius <= 2e-15 * np.maximum(np.abs(found.middle), 0.1)).all()


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_tame_systems_are_enclosed_tightly(count, size):
    rng = np.random.default_rng(3)
    X = Centred(rng.normal(size=(count, size, size)) + 2 * np.sqrt(size) * np.eye(size))
    Y = Centred(rng.normal(size=(count, size, 3)))
    solved, det = STACKS.solve(X, Y), STACKS.determinant(X)
    assert (solved.radius < 1e-12).all()
    assert (det.radius < 1e-11 * det.size).all()
    gram = STACKS.multiply(X, STACKS.transpose(X))
    assert STACKS.definite(gram).all()
    assert not STACKS.definite(-gram).any()


def test_one_bad_matrix_spoils_no_other():
    X = np.tile(np.eye(2), (3, 1, 1))
    X[1] = [[1, 2], [2, 4]]
    with np.errstate(all="ignore"):
        solved = STACKS.solve(Centred(X), STACKS.identity(2))
    assert np.isfinite(solved.radii).all(axis=(1, 2)).tolist() == [True, False, True]


def test_rationals_enter_within_their_radius():
    X = STACKS.matrix([[Fraction(1, 3), 0.5, 7]], (1, 3))
    assert abs(Fraction(X.middle[0, 0]) - Fraction(1, 3)) <= Fraction(X.radii[0, 0])
    assert STACKS.matrix([[0.5, 7]], (1, 2)).radius is None
    assert not np.isfinite(STACKS.scalar(Fraction(10**400)).radii)


def test_what_underflows_on_entering_is_not_0():
    """Its distance from 0 underflows too."""
    tiny = Fraction(1, 10**400)
    entered = STACKS.scalar(tiny)
    assert abs(Fraction(float(entered.middle)) - tiny) <= Fraction(float(entered.radii))


def test_what_overflows_is_not_bounded():
    big = Centred(np.full((1, 1), 1e200))
    with np.errstate(over="ignore"):
        assert not (big * big).known.any()
        assert not STACKS.multiply(big, big).known.any()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 1e300), min_size=2, max_size=6))
def test_bounds_from_above_and_below(numbers):
    x, y = Fraction(numbers[0]), Fraction(numbers[1])
    one, other = Above(np.array(numbers[0])), Above(np.array(numbers[1]))
    with np.errstate(all="ignore"):
        total, times = one + other, one * other
        whole = Above(np.array(numbers)).total(0)
        rest = one.over_rest(Above(np.array(0.3)))
    for found, true in (
        (total, x + y),
        (times, x * y),
        (whole, sum(map(Fraction, numbers))),
        (rest, x / (1 - Fraction(0.3))),
    ):
        assert not math.isfinite(found.value) or Fraction(float(found.value)) >= true
    root = one.root()
    assert Fraction(float(root.value)) ** 2 >= x
    assert Fraction(float(below(numbers[0] - numbers[1]))) <= x - y
    assert not math.isfinite(one.over_rest(Above(np.array(1.0))).value)
    assert above(0.0) == TINY
    assert gamma(3) > (1 + 2**-52) ** 3 - 1
