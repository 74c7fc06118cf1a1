"""Game: a frozen record with exact entries, validated once."""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from attrs import define, evolve, frozen

from ergs_verify import markup
from ergs_verify.errors import InputError
from ergs_verify.exact import (
    Number,
    floats,
    nearest_float,
    number,
    quoted,
    read_matrix,
    read_vector,
    reduced_ratio,
    short,
)
from ergs_verify.game.series import (
    Repair,
    Series,
    entry_of,
    expect_lengths,
    per_agent,
    read_series,
    same_agents,
)

#: How many numbers a game may hold with every matrix expanded over time.
MAX_NUMBERS = 10**8

OverTime = tuple[np.ndarray, ...]


@frozen(kw_only=True, eq=False, repr=False)
class Game:
    """An entropy-regularized general-sum linear-quadratic game, equations (1) and (2).

    x_{t+1} = A_t x_t + Σ_i B_t^i u_t^i + ω_t, and agent i minimises the expected sum of
    x'Q_t^i x + u'R_t^i u + τ log(π/μ), with x_T'Q_T^i x_T at the end and the standard normal prior
    μ. Games are made by `Game.from_arrays`, `ergs_verify.files.load_game` and
    `ergs_verify.game.gallery.gallery`, which validate them.

    Attributes
    ----------
    name : str
    horizon : int
        The number T ≥ 1 of stages.
    A : tuple over t of m×m
    B : tuple over agents of tuple over t of m×p_i
    Q : tuple over agents of tuple over t = 0…T of m×m
    R : tuple over agents of tuple over t of p_i×p_i
    noise_cov, x0_cov : m×m
    x0_mean : array of length m
    repairs : tuple of Repair
        What was symmetrised, or accepted though slightly indefinite, because entries are floats.

    Matrices are read-only arrays as `ergs_verify.exact` describes them. One that is constant is
    stored once and referenced at every t: ``game.A[0] is game.A[1]``.

    Examples
    --------
    >>> from ergs_verify.game import Game
    >>> game = Game.from_arrays(
    ...     A=[[1, "0.1"], [0, 1]], B=[[[0], [1]], [[1, 0], [0, 1]]],
    ...     Q=[[[1, 0], [0, 1]], [[2, 0], [0, 1]]], R=[[["1/2"]], [[1, 0], [0, 1]]],
    ...     tau="1/2", noise_cov=[[0, 0], [0, 0]], horizon=2, name="two agents")
    >>> game
    Game("two agents", N=2, m=2, p=(1, 2), T=2, tau=1/2)
    >>> game.A[0][0, 1]
    Fraction(1, 10)
    """

    name: str
    horizon: int
    tau_given: Number
    A: OverTime
    B: tuple[OverTime, ...]
    Q: tuple[OverTime, ...]
    R: tuple[OverTime, ...]
    noise_cov: np.ndarray
    x0_mean: np.ndarray
    x0_cov: np.ndarray
    repairs: tuple[Repair, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        *,
        A: Any,
        B: Any,
        Q: Any,
        R: Any,
        tau: Any,
        noise_cov: Any,
        horizon: int | None = None,
        x0_mean: Any = None,
        x0_cov: Any = None,
        name: str = "",
        entry_of: Callable[[str, int], str] = entry_of,
    ) -> Game:
        """A validated game.

        Parameters
        ----------
        A : m×m
        B, Q, R : list over agents of m×p_i, m×m and p_i×p_i
            Each matrix of A, B, Q, R may be a list over time instead, or an array with the time
            axis first: `horizon` matrices, for Q one more, the terminal one. One Q alone serves
            every stage and the end.
        tau : number ≥ 0
            0 is the plain LQ game.
        noise_cov : m×m
        horizon : int, optional
            May be left out where a matrix has a time axis.
        x0_mean, x0_cov : length m and m×m, optional
            Mean 0 and covariance I if both are left out.
        name : str
            One line of text.
        entry_of : function of a letter and an agent
            Names an agent's entry in errors; ``Q[1]`` by default.

        Strings, integers and rationals are exact, floats are float64.

        Raises
        ------
        InputError
            Saying what is wrong, where, for which agent at which time.
        """
        series = {
            "A": (read_series(A, "A"),),
            "B": per_agent(B, "B", entry_of),
            "Q": per_agent(Q, "Q", entry_of),
            "R": per_agent(R, "R", entry_of),
        }
        stages = stages_of(series, horizon)
        m = series["A"][0].shape[0]
        repairs: list[Repair] = []

        def judged(one: Series, **needs: bool) -> Series:
            good, found = one.judged(**needs)
            repairs.extend(found)
            return good

        Q_judged = tuple(judged(Q_i, semidefinite=True) for Q_i in series["Q"])
        R_judged = tuple(judged(R_i, definite=True) for R_i in series["R"])
        if (x0_mean is None) != (x0_cov is None):
            raise InputError(
                "x0 needs a mean and a covariance: give both, or neither for mean 0 and "
                "covariance I",
                "x0",
            )
        covariances = {
            "noise_cov": noise_cov,
            "x0_cov": x0_cov if x0_cov is not None else np.eye(m, dtype=int),
        }
        read = {}
        for where, value in covariances.items():
            one = Series(
                where=where, agent=None, constant=True, matrices=(read_matrix(value, where),)
            )
            one.expect_shape((m, m), "m×m, like A")
            read[where] = judged(one, semidefinite=True).matrices[0]
        mean = read_vector(x0_mean if x0_mean is not None else [0] * m, "x0_mean")
        if len(mean) != m:
            raise InputError(f"x0_mean has length {len(mean)} but A is {m}×{m}", "x0_mean")
        return cls(
            name=_name(name),
            horizon=stages,
            tau_given=_tau(tau),
            A=series["A"][0].expand(stages),
            B=tuple(B_i.expand(stages) for B_i in series["B"]),
            Q=tuple(Q_i.expand(stages + 1) for Q_i in Q_judged),
            R=tuple(R_i.expand(stages) for R_i in R_judged),
            noise_cov=read["noise_cov"],
            x0_mean=mean,
            x0_cov=read["x0_cov"],
            repairs=tuple(repairs),
        )

    @property
    def tau(self) -> Fraction:
        """τ as the rational it is; `tau_given` is the float where one was given."""
        return Fraction(self.tau_given)

    @property
    def agents(self) -> int:
        """The number N of agents."""
        return len(self.B)

    @property
    def state_size(self) -> int:
        """The number m of entries of the state."""
        return self.A[0].shape[0]

    @property
    def control_sizes(self) -> tuple[int, ...]:
        """The control dimensions p_i."""
        return tuple(B_i[0].shape[1] for B_i in self.B)

    @cached_property
    def hash(self) -> str:
        """sha256 (hexadecimal) of the game's JSON.

        Every matrix is expanded over time, every number of a matrix and τ is a reduced ``"n/d"``
        (``"2/1"`` for 2, a float as the rational it is), keys are sorted, separators are ``,`` and
        ``:`` without spaces, characters beyond ASCII are escaped. The name is part of it.
        """
        text: dict[int, Any] = {}

        def ratios(matrix: np.ndarray) -> Any:
            if id(matrix) not in text:
                text[id(matrix)] = _ratios(matrix.tolist())
            return text[id(matrix)]

        document = {
            "format": "ergs-game/1",
            "name": self.name,
            "horizon": self.horizon,
            "tau": reduced_ratio(self.tau_given),
            "A": [ratios(X) for X in self.A],
            "B": [[ratios(X) for X in agent] for agent in self.B],
            "Q": [[ratios(X) for X in agent] for agent in self.Q],
            "R": [[ratios(X) for X in agent] for agent in self.R],
            "noise_cov": ratios(self.noise_cov),
            "x0": {"mean": ratios(self.x0_mean), "cov": ratios(self.x0_cov)},
        }
        compact = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(compact.encode()).hexdigest()

    def floats(self) -> FloatGame:
        """The game as float64 arrays, each entry the float nearest to it, fresh and writable.

        Raises
        ------
        InputError
            Where an entry is too large for a float64.
        """
        near = self.near
        return FloatGame(
            A=np.stack(near.A),
            B=tuple(map(np.stack, near.B)),
            Q=tuple(map(np.stack, near.Q)),
            R=tuple(map(np.stack, near.R)),
            noise_cov=near.noise_cov.copy(),
            tau=float(near.tau_given),
            horizon=self.horizon,
            x0_mean=near.x0_mean.copy(),
            x0_cov=near.x0_cov.copy(),
        )

    @cached_property
    def near(self) -> Game:
        """The game whose entries are the float64 nearest to this one's, not validated.

        What computes in float64 enters it faster and gets the same.

        Raises
        ------
        InputError
            Where an entry is too large for a float64.
        """
        known: dict[int, np.ndarray] = {}

        def near(matrix: np.ndarray, where: str) -> np.ndarray:
            if id(matrix) not in known:
                known[id(matrix)] = floats(matrix, where)
                known[id(matrix)].setflags(write=False)
            return known[id(matrix)]

        def over_time(matrices: OverTime, where: str) -> OverTime:
            return tuple(near(X, where) for X in matrices)

        return evolve(
            self,
            A=over_time(self.A, "A"),
            B=tuple(over_time(B_i, "B") for B_i in self.B),
            Q=tuple(over_time(Q_i, "Q") for Q_i in self.Q),
            R=tuple(over_time(R_i, "R") for R_i in self.R),
            tau_given=nearest_float(self.tau_given, "tau"),
            noise_cov=near(self.noise_cov, "noise_cov"),
            x0_mean=near(self.x0_mean, "x0_mean"),
            x0_cov=near(self.x0_cov, "x0_cov"),
        )

    def rounded(self) -> Game:
        """The game whose entries are the float64 nearest to this one's.

        It is validated anew: an R that rounding makes indefinite is an `InputError`.
        """
        near = self.near
        return Game.from_arrays(
            A=near.A,
            B=near.B,
            Q=near.Q,
            R=near.R,
            tau=near.tau_given,
            noise_cov=near.noise_cov,
            horizon=near.horizon,
            x0_mean=near.x0_mean,
            x0_cov=near.x0_cov,
            name=near.name,
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the game to a file: ``.json`` (lossless), ``.npz`` or ``.mat`` (float64)."""
        from ergs_verify.files import save_game

        save_game(self, path)

    def __repr__(self) -> str:
        sizes = "".join(f", {letter}={value}" for letter, value in self._sizes())
        return f"Game({quoted(self.name)}{sizes})"

    def _sizes(self) -> list[tuple[str, str]]:
        p = self.control_sizes
        shown = str(p) if len(p) <= 8 else f"({', '.join(map(str, p[:8]))}, …)"
        tau = self.tau_given if isinstance(self.tau_given, float) else short(self.tau_given)
        values = (self.agents, self.state_size, shown, self.horizon, tau)
        return [(k, str(v)) for k, v in zip(("N", "m", "p", "T", "tau"), values, strict=True)]

    def _repr_html_(self) -> str:
        matrices: list[tuple[str, OverTime]] = [("A", self.A)]
        for i in range(self.agents):
            matrices += [
                (f"{letter}<sup>{i + 1}</sup>", over_time[i])
                for letter, over_time in (("B", self.B), ("Q", self.Q), ("R", self.R))
            ]
        matrices.append(("noise covariance", (self.noise_cov,)))
        rows = "".join(
            f"<tr><td>{letter}</td><td>{_shown_over_time(over_time)}</td></tr>"
            for letter, over_time in matrices[:20]
        )
        sizes = ", ".join(f"{k} = {v}" for k, v in self._sizes())
        title = markup.bold(f"{self.name}: {sizes}" if self.name else sizes)
        return f"{title}<table>{rows}</table>"


@define(kw_only=True, eq=False)
class FloatGame:
    """A game as float64 arrays: what a solver under audit is called with.

    Attributes
    ----------
    A : (T, m, m)
    B, Q, R : tuple over agents of (T, m, p_i), (T+1, m, m) and (T, p_i, p_i)
    noise_cov, x0_cov : (m, m)
    x0_mean : (m,)
    tau : float
    horizon : int

    Several games of the same sizes may be stacked into one record: every array then has the batch
    axes first, such as ``A (batch, T, m, m)``, and `tau` is an array of the batch's shape.

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> gallery("g-star-2").floats().Q[1].shape
    (2, 2, 2)
    """

    A: np.ndarray
    B: tuple[np.ndarray, ...]
    Q: tuple[np.ndarray, ...]
    R: tuple[np.ndarray, ...]
    noise_cov: np.ndarray
    tau: Any
    horizon: int
    x0_mean: np.ndarray
    x0_cov: np.ndarray


def stages_of(series: Mapping[str, Sequence[Series]], horizon: Any) -> int:
    """The horizon of A, B, Q, R whose sizes fit together; no entry is looked at.

    Raises
    ------
    InputError
        Where sizes do not fit, or the game would hold more than `MAX_NUMBERS`.
    """
    stages = _horizon(horizon, series)
    m = series["A"][0].shape[0]
    same_agents({letter: series[letter] for letter in "BQR"})
    _expect_shapes(series, m)
    refuse_too_large(stages, m, [B_i.shape[1] for B_i in series["B"]])
    expect_lengths(series, stages)
    return stages


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise InputError("name must be a string", "name")
    if not name.isprintable():
        raise InputError(f"name is {quoted(name)}, but must be one line of printable text", "name")
    return name


def _tau(tau: Any) -> Number:
    value = number(tau, "tau")
    if value < 0:
        raise InputError(f"tau is {short(value)}, but must be ≥ 0", "tau")
    return value


def _horizon(horizon: Any, series: Mapping[str, Sequence[Series]]) -> int:
    if horizon is None:
        for letter, many in series.items():
            for one in many:
                if not one.constant:
                    return _horizon(len(one.matrices) - (letter == "Q"), series)
        raise InputError(
            "horizon is missing, and no matrix has a time axis that says it", "horizon"
        )
    try:
        stages = operator.index(horizon)
    except TypeError:
        stages = None
    if stages is None or isinstance(horizon, bool | np.bool_):
        raise InputError("horizon must be a whole number ≥ 1", "horizon")
    if stages < 1:
        raise InputError(f"horizon is {short(stages)}, but must be ≥ 1", "horizon")
    return stages


def _expect_shapes(series: Mapping[str, Sequence[Series]], m: int) -> None:
    series["A"][0].expect_shape((m, m), "square, m×m")
    for B_i, Q_i, R_i in zip(series["B"], series["Q"], series["R"], strict=True):
        rows, cols = B_i.shape
        B_i.expect_shape((m, rows if cols == m and rows != m else cols), "m×p_i, with A m×m")
        p = B_i.shape[1]
        Q_i.expect_shape((m, m), "m×m, like A")
        R_i.expect_shape((p, p), "p_i×p_i, with B m×p_i")


def refuse_too_large(stages: int, m: int, p: Sequence[int]) -> None:
    """Refuse sizes of which a game would hold more than `MAX_NUMBERS`."""
    per_stage = m * m + sum(m * p_i + m * m + p_i * p_i for p_i in p)
    expanded = stages * per_stage + len(p) * m * m + 2 * m * m + m
    if expanded > MAX_NUMBERS:
        raise InputError(
            f"horizon {short(stages)} with m = {m} and {len(p)} agents makes a game of "
            f"{short(expanded)} numbers, more than the limit of {MAX_NUMBERS}",
            "horizon",
        )


def _ratios(entries: Any) -> Any:
    if isinstance(entries, list):
        return [_ratios(entry) for entry in entries]
    return reduced_ratio(entries)


def _shown_over_time(matrices: OverTime) -> str:
    rows, cols = matrices[0].shape
    constant = all(X is matrices[0] for X in matrices)
    if rows > 6 or cols > 6 or not constant:
        return f"{rows}×{cols}" + ("" if constant else ", varies over time")
    return markup.matrix([[short(x) for x in row] for row in matrices[0].tolist()])
