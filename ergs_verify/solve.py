"""Solve a game: its Nash equilibrium, or Algorithm 1's output, to as many digits as asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from attrs import evolve, frozen
from flint import arb

from ergs_verify import markup
from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.in_step import root
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.certify.nash import certified_nash
from ergs_verify.certify.precision import MOST_BITS, whole_limbs
from ergs_verify.certify.stationary_nash import StationaryNash, search_stationary_nash
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.exact import short, whole
from ergs_verify.exact.at_once import decimals_at_once, floats_at_once, quanta
from ergs_verify.exact.decimals import (
    NOTHING,
    Dyadic,
    Rows,
    agree,
    decimals,
    exactly,
    magnitude,
    mirrored,
    places_for_definite,
    quantum,
)
from ergs_verify.game import Game, Policy
from ergs_verify.game.game import expect_game
from ergs_verify.game.horizon import INFINITE
from ergs_verify.game.letters import POLICY
from ergs_verify.game.policy import start_shown
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion import Sequences, algorithm_1, decide_singular, nash
from ergs_verify.recursion.affine import by_letter
from ergs_verify.recursion.stages import Progress

#: More digits than a file may give an entry of a few digits before the point.
MOST_DIGITS = 5000
#: What is computed before it is rounded to float64.
_DIGITS_OF_FLOATS = 40
#: So many of every entry are given out at least: what float64 keeps of it.
_FEWEST_DIGITS = 17
#: NOTHING is 2 to the power of minus this.
_BITS_TO_NOTHING = NOTHING.denominator.bit_length() - 1
#: Costs have settled where they move by so many bits less than is given out.
_SETTLED_BEYOND = 48
#: Two precisions must agree to this many digits more than are given out.
_GUARD = 3

#: Of these the triangle from the diagonal on is read, so that they are symmetric exactly.
_SYMMETRIC = ("Sigma", "P")
#: A number, its decimals and what they stand for differ by less than 2^−128 of it.
_FEW = 128

OverTime = tuple[np.ndarray, ...]


@frozen(kw_only=True, eq=False, repr=False)
class Solution:
    """A joint policy of a game, and what every agent pays under it.

    Agent i draws u_t from N(K_t x + k_t, Σ_t) and pays x'P_t x + 2s_t'x + q_t from time t on.
    Entries are float64, or `Decimal` if digits were asked for. With an infinite horizon nothing
    has a time axis: ``K[i]`` is a matrix.

    Attributes
    ----------
    K : ``[i][t]``, p_i×m for agents i = 0…N−1 and t = 0…T−1
    Sigma : ``[i][t]``, p_i×p_i
    P : ``[i][t]``, m×m for t = 0…T
    q : ``[i]``, of length T+1
    k, s : ``[i][t]``, of length p_i and m, or None
        None in a game without affine terms.
    digits : int or None
        D, with ``|given − exact|`` ≤ 10^−D · max(1, largest entry in size) for each matrix. Each
        entry is also given to D significant digits, and to 17 at least, unless float64 cannot tell
        it from 0.
    certified : bool
        Whether the digits are proved by enclosure. If not, two precisions agree to them.
    method : str
        ``"nash"`` or ``"algorithm1"``.
    iterations : int or None
        The L of Algorithm 1.
    working_digits : int
        The precision, in decimal digits, at which it was computed.
    game_hash : str
        The hash of the game solved.
    policy : Policy
        The same as exact numbers, with what is said about them.
    within : Fraction or None
        With an infinite horizon: no other equilibrium's gains all lie within this distance.
    others : tuple of Solution
        The other stationary equilibria that were found.
    found_by : tuple of str
        What became of iterating stages backward, from each start.

    Notes
    -----
    The letters are those of Theorem III.1 and of :doc:`/explanation/theory`; what a digit is, is
    said in :doc:`/explanation/trust`.

    Examples
    --------
    >>> from ergs_verify import gallery, solve
    >>> solution = solve(gallery("g-star-2"))
    >>> solution.K[1][0].tolist(), solution.q[1].tolist(), solution.certified
    ([[1.1428571428571428, -1.8571428571428572]], [6.431945622001443, 0.0], True)
    """

    K: tuple[OverTime, ...]
    Sigma: tuple[OverTime, ...]
    P: tuple[OverTime, ...]
    q: OverTime
    digits: int | None
    certified: bool
    method: str
    iterations: int | None
    working_digits: int
    game_hash: str
    k: tuple[OverTime, ...] | None = None
    s: tuple[OverTime, ...] | None = None
    within: Fraction | None = None
    others: tuple[Solution, ...] = ()
    found_by: tuple[str, ...] = ()

    @property
    def policy(self) -> Policy:
        """The same as exact numbers, with what is said about them."""
        about = {
            "method": self.method,
            "iterations": self.iterations,
            "digits": self.digits,
            "certified": self.certified,
            "game_hash": self.game_hash,
        }
        if self.within is not None:
            about["nash"] = {"exists": "proved", "unique": "locally"}
        return Policy.from_arrays(
            K=self.K, Sigma=self.Sigma, P=self.P, q=self.q, k=self.k, s=self.s, about=about
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the solution to a file: ``.json`` (every digit), ``.npz`` or ``.mat`` (float64).

        Parameters
        ----------
        path : str or path
            Its name ends in .json, .npz or .mat.

        Raises
        ------
        FileFormatError
            If the name ends otherwise, the file cannot be written, or an entry is not a float64
            and the format holds only such.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from ergs_verify import gallery, solve
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     solve(gallery("g-star-2"), digits=30).save(Path(folder) / "solution.json")
        """
        self.policy.save(path)

    def __repr__(self) -> str:
        agents, stages = len(self.K), (len(K) if isinstance(K := self.K[0], tuple) else INFINITE)
        loop = "" if self.iterations is None else f", iterations={self.iterations}"
        kind = "float64" if self.digits is None else f"digits={self.digits}"
        certified = f"certified={self.certified}"
        return f"Solution({self.method}{loop}, N={agents}, T={stages}, {kind}, {certified})"

    def _repr_html_(self) -> str:
        return markup.bold(repr(self)) + start_shown(self)


def solve(
    game: Game,
    *,
    digits: int | None = None,
    method: str = "nash",
    iterations: int | None = None,
    formulas: Formulas | None = None,
    progress: Progress | None = None,
) -> Solution:
    """The Nash equilibrium of a game, or what Algorithm 1 gives out.

    Parameters
    ----------
    game : Game
    digits : int, optional
        Decimal digits wanted. Without it every entry is the float64 nearest to the exact number.
    method : {"nash", "algorithm1"}
    iterations : int, optional
        The number L of inner steps of Algorithm 1.
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones; then nothing is certified.
    progress : function of two int, optional
        Told how many stages are done, and of how many. It starts again at each precision.

    Returns
    -------
    Solution

    Raises
    ------
    SingularStageError
        If some Φ_t is singular, decided exactly: there is no equilibrium, or a continuum.
    UnboundedCostError
        If some agent's cost has no lower bound, so that there is no equilibrium.
    NoStablePolicyError
        If the horizon is infinite and no joint policy is stable.
    NotCertifiedError
        If the highest precision allowed does not certify the digits.
    InputError
        If an argument is bad, or without `digits` an entry is too large for a float64.

    Notes
    -----
    The equilibrium, equations (4) to (6) of [1]_ as corrected, is enclosed in balls [2]_ at rising
    precision until they are smaller than the digits given out. That proves the digits, and that
    there is no other equilibrium. What Algorithm 1 gives out is computed in mpmath until two
    precisions in a row agree. This is evidence, not proof: `certified` is False.

    If the horizon is infinite, the answer is a stationary equilibrium among stable policies, found
    by iterating stages backward from several starts, or by Newton's method. It is proved that it
    exists and is locally unique, not that there is no other. Others that were found are in
    `others`. See :doc:`/explanation/theory`, "Infinite horizon".

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.
    .. [2] F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic,
       IEEE Transactions on Computers 66 (2017), 1281–1292.

    Examples
    --------
    >>> from ergs_verify import Game, solve
    >>> game = Game.from_arrays(
    ...     A=[[1]], B=[[[1]]] * 3, Q=[[[[0]], [[1]]]] * 3, R=[[["1/4"]]] * 3,
    ...     tau="1/2", noise_cov=[[1]], horizon=1)
    >>> solution = solve(game, digits=20)
    >>> print(solution.K[0][0][0, 0])  # −2/7
    -0.28571428571428571429
    """
    expect_game(game, "solve")
    run = _method(game, method, iterations, formulas, progress)
    wanted = _DIGITS_OF_FLOATS if digits is None else whole(digits, "digits", 1, MOST_DIGITS)
    if game.stationary:
        return _stationary(game, digits, wanted)

    def solution(numbers: Numbers, certified: bool, working: int) -> Solution:
        return Solution(
            **_rounded(numbers, wanted, as_floats=digits is None),
            digits=digits,
            certified=certified,
            method=method,
            iterations=iterations,
            working_digits=working,
            game_hash=game.hash,
        )

    if method == "nash" and formulas is None:
        return solution(*_certified(game, wanted, progress))
    before = None
    for working in _precisions(wanted):
        now = _computed(run, MPMath(digits=working), game)
        if before is not None and now is not None and _all_agree(before, now, wanted):
            return solution(now, False, working)
        before = now
    if method == "nash":
        decide_singular(game, formulas=formulas)
    raise NotCertifiedError(
        f"up to {_most(wanted)} working digits no two precisions agree to {wanted} digits; the "
        "game is too ill-conditioned, or Φ_t is singular at some stage too far back to decide "
        "exactly"
    )


@frozen
class _Enclosed(Sequence[Rows]):
    """The midpoints of one letter's balls over time: in rows, or all at once as two floats each."""

    letter: str
    matrices: Sequence[Any]
    balls: Balls

    def __len__(self) -> int:
        return len(self.matrices)

    def __getitem__(self, t: Any) -> Any:
        return self.balls.to_dyadics(self.matrices[t], triangle=self.letter in _SYMMETRIC)

    @cached_property
    def in_two_floats(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The entries that are read of each matrix, and where they stand in it."""
        rows, cols = self.balls.shape(self.matrices[0])
        symmetric = self.letter in _SYMMETRIC
        order = np.arange(rows * cols).reshape(rows, cols)
        if symmetric:
            order[np.triu_indices(rows)] = range(rows * (rows + 1) // 2)
            order = np.triu(order) + np.triu(order, 1).T
        return *self.balls.in_two_floats(self.matrices, triangle=symmetric), order

    def places(self, digits: int) -> list[int]:
        """`_places` of every matrix."""
        high, low, order = self.in_two_floats
        places, sure = quanta(high, low, digits, relative=self.letter == "Sigma")
        if self.letter == "Sigma":
            sure = sure & (places >= 0) & _definite(high[:, order], 10.0 ** -np.abs(places))
        return [
            int(places[t]) if sure[t] else _places(self.letter, self[t], digits)
            for t in range(len(self))
        ]


def _definite(X: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Whether it is clear at once that so many places do for a matrix within 2^−52 of X.

    They do where n² steps are below λ_min. Where X less a multiple of I has a Cholesky factor in
    floats, that multiple is below λ_min but for less than `lost`: S. M. Rump, "Verification of
    positive definiteness", BIT Numerical Mathematics 46 (2006), 433–452.
    """
    n = X.shape[-1]
    lost = (n + 3) ** 2 * 2.0**-50 * np.abs(X).sum(axis=(-2, -1))
    factor = root(X - (n**2 * step + lost)[:, None, None] * np.eye(n))
    return np.all(np.isfinite(factor), axis=(-2, -1))


#: By letter and agent, over time.
Numbers = dict[str, list[Sequence[Rows]]]


def _stationary(game: Game, digits: int | None, wanted: int) -> Solution:
    """The stationary equilibria that iterating stages, or Newton's method, finds."""
    once = game.one_stage
    search = search_stationary_nash(
        game,
        lambda found, balls: _bits_lacking(found, balls, once, wanted),
        first_bits=_bits(wanted) + 64,
        most_bits=_bits(_most(wanted)) + MOST_BITS + _BITS_TO_NOTHING,
    )
    told = tuple(run.told for run in search.runs)
    search.first()

    def solution(nash: StationaryNash) -> Solution:
        arrays = _rounded(_numbers(nash.found, nash.balls, once), wanted, as_floats=digits is None)
        return Solution(
            **{letter: tuple(own[0] for own in agents) for letter, agents in arrays.items()},
            digits=digits,
            certified=True,
            method="nash",
            iterations=None,
            working_digits=round(nash.balls.bits / math.log2(10)),
            game_hash=game.hash,
            within=nash.within,
            found_by=told,
        )

    first, *others = map(solution, search.equilibria)
    return evolve(first, others=tuple(others))


def _certified(game: Game, digits: int, progress: Progress | None) -> tuple[Numbers, bool, int]:
    """The balls' midpoints, that they are certified to so many digits, and the precision."""
    nash = certified_nash(
        game,
        lambda found, balls: _bits_lacking(found, balls, game, digits),
        first_bits=whole_limbs(_bits(_of_entry(digits)) + 64),  # a tame game loses less
        most_bits=_bits(_most(digits)) + MOST_BITS + _BITS_TO_NOTHING,
        left_bits=_bits(_of_entry(digits)),
        settled_bits=_bits(_of_entry(digits)) + _SETTLED_BEYOND,
        progress=progress,
    )
    return _numbers(nash.found, nash.balls, game), True, round(nash.balls.bits / math.log2(10))


def _bits(digits: int) -> int:
    return math.ceil(digits * math.log2(10))


def _bits_lacking(found: Sequences, balls: Balls, game: Game, digits: int) -> int:
    """How many bits the widest ball is wider than a quarter of the last digit given out.

    Rounding adds half of it, so that what is printed is less than one last digit off.
    """
    most = 0
    own = _bits(_of_entry(digits)) + 4  # rel_accuracy_bits is 2 off at most
    for letter, agents in matrices_of(found, balls, game):
        for over_time in agents:
            sigma = letter == "Sigma"
            known = _Enclosed(letter, over_time, balls).places(digits) if sigma else None
            for t, X in enumerate(over_time):
                entries = X.entries()
                if min(map(arb.rel_accuracy_bits, entries)) < own + 2:
                    most = max(most, *(_entry_lacks(x, own) for x in entries))
                elif known is None:
                    continue  # what is known of every entry says as much of the largest
                radius = 4 * balls.radius(X)
                if known is not None:
                    places = known[t]
                elif radius * 10**digits <= 1:
                    continue
                else:
                    places = digits - magnitude(max(Fraction(1), balls.largest(X)))
                units = radius * Fraction(10) ** places
                if units > 1:
                    most = max(most, math.ceil(units).bit_length())
    return most


def _entry_lacks(x: arb, bits: int) -> int:
    """The bits that a ball lacks to know so many of its entry, or that float64 takes it for 0."""
    lacking = bits - int(x.rel_accuracy_bits())
    if lacking <= 0:
        return 0
    mantissa, exponent = x.abs_upper().man_exp()
    above_nothing = mantissa.bit_length() + int(exponent) + _BITS_TO_NOTHING
    if not x.contains(0):
        above_nothing = min(lacking, above_nothing)
    return max(0, above_nothing)


def _method(
    game: Game,
    method: str,
    iterations: int | None,
    formulas: Formulas | None,
    progress: Progress | None,
) -> Callable[[MPMath], Sequences]:
    options: dict[str, Any] = {"formulas": formulas, "progress": progress}
    if game.stationary and (method == "algorithm1" or formulas is not None):
        game.expect_last_stage("Algorithm 1" if formulas is None else "another record of formulas")
    if method == "nash":
        if iterations is not None:
            raise InputError('iterations are for method="algorithm1" only', "iterations")
        return lambda arithmetic: nash(game, arithmetic, **options)
    if method == "algorithm1":
        if iterations is None:
            raise InputError('method="algorithm1" needs iterations, its L ≥ 1', "iterations")
        return lambda arithmetic: algorithm_1(game, arithmetic, iterations, **options)
    raise InputError('method must be "nash" or "algorithm1"', "method")


def _precisions(wanted: int) -> Iterator[int]:
    working = wanted + 20
    while working <= _most(wanted):
        yield working
        working += max(20, working // 2)


def _most(wanted: int) -> int:
    return 8 * wanted + 1000


def _computed(run: Callable[[MPMath], Sequences], arithmetic: MPMath, game: Game) -> Numbers | None:
    """Every number exactly; None where this precision does not suffice."""
    try:
        found = run(arithmetic)
    except NotCertifiedError:
        return None
    return {
        letter: [
            [arithmetic.to_dyadics(X, triangle=letter in _SYMMETRIC) for X in over_time]
            for over_time in agents
        ]
        for letter, agents in matrices_of(found, arithmetic, game)
    }


def _numbers(found: Sequences, balls: Balls, game: Game) -> Numbers:
    return {
        letter: [_Enclosed(letter, over_time, balls) for over_time in agents]
        for letter, agents in matrices_of(found, balls, game)
    }


def matrices_of(found: Sequences, arithmetic: MPMath | Balls, game: Game) -> list[tuple[str, Any]]:
    """Every letter's matrices, those of q 1×1, and of k and s with one column."""
    one = arithmetic.identity(1)
    found = by_letter(found, game.state_size, arithmetic)
    letters = {x.name: own for x in POLICY if (own := x.of(found)) is not None}
    letters["q"] = [[arithmetic.scale(x, one) for x in agent] for agent in found.q or ()]
    return list(letters.items())


def _of_entry(digits: int) -> int:
    """How many digits of its own an entry keeps."""
    return max(digits, _FEWEST_DIGITS)


def _places(letter: str, rows: Rows, digits: int) -> int:
    if letter != "Sigma":
        return quantum(rows, digits)
    # Relative to Σ's own size, and fine enough for it to stay definite when rounded.
    return max(quantum(rows, digits, relative=True), places_for_definite(rows))


def _all_agree(before: Numbers, now: Numbers, digits: int) -> bool:
    own = _of_entry(digits) + _GUARD
    return all(
        agree(X, Y, _places(letter, Y, digits) + _GUARD, digits=own)
        for letter in now
        for one, other in zip(before[letter], now[letter], strict=True)
        for X, Y in zip(one, other, strict=True)
    )


def _rounded(numbers: Numbers, digits: int, *, as_floats: bool) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        letter: tuple(_arrays(letter, over_time, digits, as_floats) for over_time in agents)
        for letter, agents in numbers.items()
    }
    arrays["q"] = tuple(np.concatenate([x.ravel() for x in agent]) for agent in arrays["q"])
    for letter in ("k", "s"):
        if letter in arrays:
            arrays[letter] = tuple(tuple(x.ravel() for x in own) for own in arrays[letter])
    return arrays


def _arrays(letter: str, over_time: Sequence[Rows], digits: int, as_floats: bool) -> OverTime:
    """Matrices rounded all at once where that is sure, and the rest each by itself."""
    found, sure = [], []
    if isinstance(over_time, _Enclosed):
        found, sure = _at_once(over_time, digits, as_floats)
    by_itself = _nearest_floats if as_floats else _decimals

    def array(rows: Rows) -> np.ndarray:
        entries = by_itself(letter, rows, digits)
        whole = mirrored(entries) if letter in _SYMMETRIC else entries
        return np.array(whole, dtype=float if as_floats else object)

    return tuple(
        found[t] if t < len(found) and sure[t] else array(over_time[t])
        for t in range(len(over_time))
    )


def _at_once(
    over_time: _Enclosed, digits: int, as_floats: bool
) -> tuple[Sequence[np.ndarray], Sequence[bool]]:
    high, low, order = over_time.in_two_floats
    if as_floats:
        found, sure = floats_at_once(high, low)
    else:
        least = np.array(over_time.places(digits))
        found, sure = decimals_at_once(high, low, least, _of_entry(digits))
    return list(found[:, order]), sure.tolist()


def _decimals(letter: str, rows: Rows, digits: int) -> list[list[Decimal]]:
    return decimals(rows, _places(letter, rows, digits), digits=_of_entry(digits))


def _nearest_floats(letter: str, rows: Rows, digits: int) -> list[list[float]]:
    """The float64 nearest to every entry, or to its decimals where it lies between two."""
    try:
        ends = [[_float_ends(x) for x in row] for row in rows]
        if all(low == high for row in ends for low, high in row):
            return [[low + 0.0 for low, _ in row] for row in ends]  # no -0.0
        exact = _decimals(letter, rows, digits)
        return [[float(Fraction(x)) + 0.0 for x in row] for row in exact]
    except OverflowError:
        largest = max(abs(exactly(x)) for row in rows for x in row)
        raise InputError(
            f"{letter} of the solution has an entry of size {short(largest)}, too large for a "
            "float64; ask for decimal digits, with digits=17 or, on the command line, --digits 17",
            letter,
        ) from None


def _float_ends(x: Dyadic) -> tuple[float, float]:
    """The float64 nearest to what is a little less, and to what is a little more than a number."""
    mantissa, exponent = int(x[0]), x[1] - _FEW
    less, more = (mantissa << _FEW) - mantissa, (mantissa << _FEW) + mantissa
    if exponent >= 0:
        return float(less << exponent), float(more << exponent)
    return less / (1 << -exponent), more / (1 << -exponent)
