"""Game: a frozen record with exact entries, validated once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify import markup
from ergs_verify.errors import InputError
from ergs_verify.exact import floats, nearest_float, number, quoted, reduced_ratio, short
from ergs_verify.files.disk import naming
from ergs_verify.game import documents, named, stored
from ergs_verify.game.blocks import each, embedded, homogeneous
from ergs_verify.game.floats import FloatGame, float_game
from ergs_verify.game.horizon import is_infinite
from ergs_verify.game.letters import (
    GAME,
    LETTERS,
    Letter,
    Sizes,
    entry_of,
    first,
    game_attributes,
    parts_of,
)
from ergs_verify.game.series import Repair

OverTime = tuple[np.ndarray, ...]
ByAgent = tuple[OverTime, ...]


@frozen(kw_only=True, eq=False, repr=False)
class Game:
    """An entropy-regularized general-sum linear-quadratic game, equations (1) and (2) of [1]_.

    The state moves by x_{t+1} = A_t x_t + Σ_i B_t^i u_t^i + ω_t. Agent i minimises the expected
    sum over t < T of x'Q_t^i x + u'R_t^i u + τ log(π/μ), plus x_T'Q_T^i x_T at the end, where μ is
    the standard normal prior. Make a game with `Game.from_arrays`, `load_game` or `gallery`: they
    validate it.

    Sizes: N agents, m states, p_i controls of agent i, n controls in all, T stages.

    Attributes
    ----------
    name : str
    horizon : int or "infinite"
        The number T ≥ 1 of stages. If it is infinite, nothing below has a time axis, and each
        agent has one Q.
    A : tuple over t of m×m
    B : tuple over agents of tuple over t of m×p_i
    Q : tuple over agents of tuple over t = 0…T of m×m
    R : tuple over agents of tuple over t of p_i×p_i
        The cost of the agent's own control.
    tau : Fraction
        The weight of the entropy; an `InputError` if it differs between agents or times.
    noise_cov : m×m
        The covariance of the noise ω; an `InputError` if it varies over time.
    x0_mean, x0_cov : length m, and m×m
        Of the initial state.
    agents, state_size : int
        N and m.
    control_sizes : tuple of int
        The p_i.
    stationary : bool
        Whether the horizon is infinite.
    general : bool
        Whether the game lies beyond the paper's class; then `beyond` names the keys by which.
    beyond : tuple of str
    hash : str
        The sha256 of the game's JSON, which :doc:`/reference/formats` describes.
    tau_of : tuple over agents of tuple over t of Fraction
    noise : tuple over t of m×m
    discount : tuple over agents of Fraction
    joint_R : tuple over agents of tuple over t of n×n
        The cost of all controls.
    joint_S : tuple over agents of tuple over t of n×m
        The cross terms, 2u'Sx; zeros if there are none.
    S : tuple over agents of tuple over t of p_i×m or n×m, or None
        The same, as given.
    drift : tuple over t of length m, or None
        The constant in the dynamics.
    x_linear : tuple over agents of tuple over t = 0…T of length m, or None
        Costs 2x_linear'x.
    u_linear : tuple over agents of tuple over t of length p_i or n, or None
        Costs 2u_linear'u.
    prior_gain, prior_cov : tuple over agents of tuple over t of p_i×m, and p_i×p_i
        The prior is N(gain x + mean, cov).
    prior_mean : tuple over agents of tuple over t of length p_i, or None
    affine : bool
        Whether there is a drift, a linear cost, or a prior's mean.
    indefinite : bool
        Whether Q and R may be indefinite.
    repairs : tuple of Repair
        Matrices of floats that were symmetrised, or accepted though slightly indefinite.

    Notes
    -----
    Entries are exact: a float is the dyadic rational it is, a string the rational it says. Arrays
    are read-only. A matrix that does not change is stored once: ``game.A[0] is game.A[1]``. What
    the letters beyond the paper's class mean is explained in :doc:`/explanation/theory`, "The
    general game".

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.

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
    tau_given: Any
    A: OverTime
    B: ByAgent
    Q: ByAgent
    _R: ByAgent
    _noise_cov: Any
    x0_mean: np.ndarray
    x0_cov: np.ndarray
    drift: OverTime | None = None
    S: ByAgent | None = None
    x_linear: ByAgent | None = None
    u_linear: ByAgent | None = None
    prior_mean: ByAgent | None = None
    _prior_gain: ByAgent | None = None
    _prior_cov: ByAgent | None = None
    _discount: Any = None
    indefinite: bool = False
    repairs: tuple[Repair, ...] = ()
    #: Whether it is a `homogeneous` one, whose first state is always 1.
    first_is_one: bool = False

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
        horizon: int | str | None = None,
        x0_mean: Any = None,
        x0_cov: Any = None,
        S: Any = None,
        drift: Any = None,
        x_linear: Any = None,
        u_linear: Any = None,
        discount: Any = None,
        prior: Sequence[Mapping[str, Any] | None] | None = None,
        indefinite: bool = False,
        name: str = "",
    ) -> Game:
        """A validated game.

        Parameters
        ----------
        A : m×m
        B, Q, R : list over agents of m×p_i, m×m and p_i×p_i
            R may be n×n: a cost on all controls, stacked in the order of the agents.
        tau : number ≥ 0, or list of one per agent
            The weight of the entropy; 0 is the plain LQ game.
        noise_cov : m×m
            The covariance of ω.
        horizon : int or "infinite", optional
            The number of stages. It may be left out if a matrix has a time axis. With
            ``"infinite"`` costs are discounted (discount < 1 for every agent) or averaged (1 for
            all).
        x0_mean, x0_cov : length m and m×m, optional
            Of the initial state: mean 0 and covariance I if both are left out.
        S : list over agents of p_i×m or n×m, optional
            Cross terms 2u'Sx, of the agent's own control or of all controls.
        drift : length m, optional
            The constant in the dynamics.
        x_linear, u_linear : list over agents of length m, and p_i or n, optional
            Linear costs 2x_linear'x + 2u_linear'u.
        discount : number in (0, 1], or list of one per agent, optional
            Stage t's cost is multiplied by discount^t, the terminal cost by discount^T.
        prior : list over agents of mappings, optional
            ``{"gain": p_i×m, "mean": length p_i, "cov": p_i×p_i}``, each optional, or None. The
            prior is N(gain x + mean, cov), standard normal by default.
        indefinite : bool
            Accept Q and R that are not definite. Whether the game is well-posed is then decided
            by what solves it.
        name : str
            One line of text.

        Returns
        -------
        Game

        Raises
        ------
        InputError
            If anything given is not such a game. The message says what is wrong, in which
            matrix, for which agent and time.

        Notes
        -----
        Each matrix or vector may be a list over time instead, or an array with the time axis
        first: one for each stage, and for Q and x_linear one more for the terminal cost. One Q
        alone serves every stage and the end. An agent's τ may be a list over time. Strings,
        integers and rationals are exact; floats are float64. The letters are those of equations
        (1) and (2) of the paper, and of :doc:`/explanation/theory`.

        Examples
        --------
        >>> from ergs_verify.game import Game
        >>> game = Game.from_arrays(
        ...     A=[[1]], B=[[[1]], [[2]]], Q=[[[1]], [[1]]], R=[[[1, 0], [0, 2]], [[1]]],
        ...     S=[[["1/4"]], [[0]]], tau=[1, 2], discount="0.9", noise_cov=[[1]], horizon=3)
        >>> game.beyond
        ('tau', 'discount', 'R', 'S')
        >>> game.joint_S[0][0].tolist()
        [[Fraction(1, 4)], [Fraction(0, 1)]]
        """
        values = {"A": A, "B": B, "Q": Q, "R": R, "tau": tau, "noise_cov": noise_cov}
        values |= {"x0_mean": x0_mean, "x0_cov": x0_cov, "S": S, "drift": drift}
        values |= {"x_linear": x_linear, "u_linear": u_linear, "discount": discount}
        if prior is not None:
            values |= parts_of("prior", prior)
        return cls.from_letters(values, horizon=horizon, indefinite=indefinite, name=name)

    @classmethod
    def from_letters(
        cls,
        values: Mapping[str, Any],
        *,
        horizon: Any = None,
        indefinite: Any = False,
        name: Any = "",
        entry_of: Callable[[str, int], str] = entry_of,
    ) -> Game:
        """A validated game of values by the names of `ergs_verify.game.letters.GAME`.

        Parameters
        ----------
        entry_of : function of a letter and an agent
            Names an agent's entry in errors; ``Q[1]`` by default.
        """
        if not isinstance(indefinite, bool | np.bool_):
            raise InputError("indefinite must be true or false", "indefinite")
        indefinite = bool(indefinite)
        kept = game_attributes(values, horizon=horizon, indefinite=indefinite, entry_of=entry_of)
        return cls(name=_name(name), indefinite=indefinite, **kept)

    @property
    def agents(self) -> int:
        """The number N of agents."""
        return len(self.B)

    @property
    def state_size(self) -> int:
        """The number m of entries of the state."""
        return first(self.A).shape[0]

    @cached_property
    def control_sizes(self) -> tuple[int, ...]:
        """The control dimensions p_i."""
        return tuple(first(B_i).shape[1] for B_i in self.B)

    @cached_property
    def sizes(self) -> Sizes:
        """m and the p_i as one record."""
        return Sizes(self.state_size, self.control_sizes)

    @property
    def stationary(self) -> bool:
        """Whether the horizon is infinite: nothing has a time axis."""
        return is_infinite(self.horizon)

    @property
    def stages_told(self) -> int:
        """The number of stages, one where that one is repeated for ever."""
        return 1 if self.stationary else self.horizon

    @cached_property
    def alike(self) -> int:
        """Of so many first stages a game without affine terms says the same."""
        series: list[Sequence[Any]] = [self.A, self.noise, *self.B, *self.Q, *self.tau_of]
        if self.general:
            series += [*self.joint_S, *self.joint_R, *self.prior_gain, *self.prior_cov]
        else:
            series += self.R
        return min(_as_the_first(own[: self.horizon]) for own in series)

    @cached_property
    def one_stage(self) -> Game:
        """The one stage that a stationary game repeats, as a game of horizon 1."""
        return self.cut_after(1)

    def cut_after(self, stages: int, P: Any = None, s: Any = None) -> Game:
        """The first stages of a stationary game, not validated.

        Parameters
        ----------
        stages : int
        P, s : list over agents of m×m, and of length m, optional
            The terminal costs x'Px + 2s'x; those of a stage by default.
        """
        ends = {"Q": P, "x_linear": s}
        changed: dict[str, Any] = {"horizon": stages}
        for letter in GAME:
            value, end = letter.of(self), ends.get(letter.name)
            if value is None and end is not None and any(map(np.any, end)):
                value = tuple(np.zeros(self.state_size, dtype=int) for _ in self.B)
            if value is None or letter.compact or letter.over_time == "never":
                continue
            if letter.agents == "none":
                changed |= letter.changed((value,) * stages)
                continue
            changed |= letter.changed(
                tuple(
                    (own,) * stages + (last,) * letter.terminal
                    for own, last in zip(value, end or value, strict=True)
                )
            )
        return evolve(self, **changed)

    # --- the class of the paper, and what is beyond it -------------------------------------------

    @cached_property
    def beyond(self) -> tuple[str, ...]:
        """The keys by which the game lies beyond the paper's class."""
        found = [
            letter.place[0] for letter in GAME if letter.is_beyond(letter.of(self), self.sizes)
        ]
        return tuple(dict.fromkeys([*found, *["indefinite"] * self.indefinite]))

    @property
    def general(self) -> bool:
        """Whether the game lies beyond the paper's class: `beyond` names the keys by which."""
        return bool(self.beyond)

    @property
    def may_be_unbounded(self) -> bool:
        """Whether some agent's cost may have no lower bound.

        It has one where the costs are definite and nothing multiplies a control with the state.
        """
        return self.indefinite or self.S is not None

    def expect_papers_class(self, what: str) -> None:
        """Refuse a general game in the name of what does not know it.

        Raises
        ------
        InputError
            Naming the keys by which the game lies beyond the paper's class.
        """
        self.expect_last_stage(what)
        if self.beyond:
            raise InputError(
                f"{what} takes only games of the paper's class, but this one has "
                f"{' and '.join(filter(None, (', '.join(self.beyond[:-1]), self.beyond[-1])))}",
                self.beyond[0],
            )

    def expect_last_stage(self, what: str) -> None:
        """Refuse a stationary game in the name of what does not know it.

        Raises
        ------
        InputError
        """
        if self.stationary:
            raise InputError(f"{what} needs a last stage, but the horizon is infinite", "horizon")

    @property
    def tau(self) -> Fraction:
        """The weight of the entropy; an `InputError` if it differs between agents or times.

        Raises
        ------
        InputError
            See `tau_of`.
        """
        if isinstance(self.tau_given, tuple):
            raise InputError("tau differs between agents or times, so there is no single τ", "tau")
        return Fraction(self.tau_given)

    def at_tau(self, tau: Any) -> Game:
        """The same game with another τ, the same for every agent and time.

        Parameters
        ----------
        tau : number ≥ 0
            A float is the dyadic rational it is.

        Returns
        -------
        Game

        Raises
        ------
        InputError
            If `tau` is not such a number.

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> gallery("g-star-2").at_tau("1/4").tau
        Fraction(1, 4)
        """
        value = Fraction(number(tau, "tau"))
        if value < 0:
            raise InputError("tau must be ≥ 0", "tau")
        return evolve(self, tau_given=value)

    def augmented(self, delta: Any) -> Game:
        """The δ-augmented game of Theorem IV.3: every agent's τ is larger by δ, at every time.

        Parameters
        ----------
        delta : number > 0
            A float is the dyadic rational it is.

        Returns
        -------
        Game

        Raises
        ------
        InputError
            If `delta` is not such a number.

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> gallery("g-star-2").augmented("1/4").tau
        Fraction(9, 4)
        """
        more = Fraction(number(delta, "delta"))
        if not more > 0:
            raise InputError("delta must be > 0", "delta")

        def larger(given: Any) -> Any:
            return tuple(map(larger, given)) if isinstance(given, tuple) else Fraction(given) + more

        return evolve(self, tau_given=larger(self.tau_given))

    @property
    def tau_shown(self) -> str:
        """τ in a line: one, one per agent, or that it varies over time."""
        given = self.tau_given
        if not isinstance(given, tuple):
            return short(given)
        if any(isinstance(own, tuple) for own in given):
            return "over time"
        return ", ".join(map(short, given[:8])) + (", …" if len(given) > 8 else "")

    @property
    def noise_cov(self) -> np.ndarray:
        """The covariance of the noise ω; an `InputError` if it varies over time.

        Raises
        ------
        InputError
            See `noise`.
        """
        if isinstance(self._noise_cov, tuple):
            raise InputError("noise_cov varies over time, so there is no single one", "noise_cov")
        return self._noise_cov

    @cached_property
    def R(self) -> ByAgent:
        """The cost of an agent's own control: tuple over agents of tuple over t of p_i×p_i."""
        if self.stationary:
            return self._at_a_stage("R")
        own = [self.sizes.own(i) for i in range(1, self.agents + 1)]
        return tuple(
            over_time
            if over_time[0].shape == (p, p)
            else each(over_time, lambda X, place=place: X[place, place])
            for over_time, place, p in zip(self._R, own, self.control_sizes, strict=True)
        )

    def _at_a_stage(self, name: str) -> Any:
        return tuple(own[0] for own in getattr(self.one_stage, name))

    @cached_property
    def joint_R(self) -> ByAgent:
        """The cost of all controls: tuple over agents of tuple over t of n×n."""
        if self.stationary:
            return self._at_a_stage("joint_R")
        return self._joint(self._R, ("n", "n"))

    @cached_property
    def joint_S(self) -> ByAgent:
        """The cross terms of all controls: tuple over agents of tuple over t of n×m."""
        if self.stationary:
            return self._at_a_stage("joint_S")
        return self._joint(self.full("S"), ("n", "m"))

    @cached_property
    def joint_u_linear(self) -> ByAgent:
        """The linear costs of all controls: tuple over agents of tuple over t of length n."""
        if self.stationary:
            return self._at_a_stage("joint_u_linear")
        return self._joint(self.full("u_linear"), ("n",))

    @cached_property
    def tau_of(self) -> tuple[tuple[Fraction, ...], ...]:
        """τ of each agent at each t."""
        given = self.tau_given
        given = given if isinstance(given, tuple) else (given,) * self.agents
        return tuple(
            tuple(map(Fraction, own)) if isinstance(own, tuple) else (Fraction(own),) * self.horizon
            for own in given
        )

    @property
    def entropic(self) -> tuple[bool, ...]:
        """By agent, whether τ > 0 at some stage."""
        once = self.one_stage if self.stationary else self
        return tuple(any(own) for own in once.tau_of)

    @cached_property
    def discount(self) -> tuple[Fraction, ...]:
        """The discount factor of each agent."""
        given = 1 if self._discount is None else self._discount
        return tuple(map(Fraction, given if isinstance(given, tuple) else (given,) * self.agents))

    @cached_property
    def prior_gain(self) -> ByAgent:
        """M of the priors N(Mx + mean, Λ): tuple over agents of tuple over t of p_i×m."""
        return self.full("prior_gain")

    @cached_property
    def prior_cov(self) -> ByAgent:
        """Λ of the priors N(Mx + mean, Λ): tuple over agents of tuple over t of p_i×p_i."""
        return self.full("prior_cov")

    @cached_property
    def noise(self) -> OverTime:
        """The covariance of the noise at each t, m×m."""
        given = self._noise_cov
        return given if isinstance(given, tuple) else (given,) * self.horizon

    @property
    def affine(self) -> bool:
        """Whether there is a drift, a linear cost, or a prior whose mean at x = 0 is not 0."""
        letters = (self.drift, self.x_linear, self.u_linear, self.prior_mean)
        return any(letter is not None for letter in letters)

    @cached_property
    def homogeneous(self) -> Game:
        """The same game without affine terms, in the state (1, x); the game itself if it has none.

        A gain there is [k K], a value [[c, s'], [s, P]]: q of this game is q + c of that one.
        """
        return homogeneous(self) if self.affine else self

    # --- the same game in other clothes ----------------------------------------------------------

    @cached_property
    def hash(self) -> str:
        """sha256 (hexadecimal) of the game's JSON.

        Every matrix is expanded over time, every number is a reduced ``"n/d"`` (``"2/1"`` for 2, a
        float as the rational it is), keys are sorted, separators are ``,`` and ``:`` without
        spaces, characters beyond ASCII are escaped. The name is part of it. A letter at its
        default is left out; what is 0 but for the agent's own controls is p_i×m or p_i×p_i; τ, the
        discount and the noise are one where they are equal for all agents or times.
        """
        text: dict[int, Any] = {}

        def ratios(value: Any) -> Any:
            if not isinstance(value, np.ndarray):
                return reduced_ratio(value)
            if id(value) not in text:
                text[id(value)] = _ratios(value.tolist())
            return text[id(value)]

        document = documents.game_document(self, ratios, expanded=True)
        compact = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(compact.encode()).hexdigest()

    def mapped(self, change: Callable[[Letter, Any], Any]) -> Game:
        """The game with each matrix, vector or number changed, not validated.

        `change` is called once for an object that stands at several times or agents.
        """
        known: dict[tuple[int, str], Any] = {}
        changed: dict[str, Any] = {}
        for letter in GAME:
            if (given := letter.of(self)) is None:
                continue

            def once(value: Any, letter: Letter = letter) -> Any:
                key = id(value), letter.name
                if key not in known:
                    known[key] = change(letter, value)
                return known[key]

            changed |= letter.changed(letter.mapped(given, once))
        return evolve(self, **changed)

    def floats(self) -> FloatGame:
        """The game as float64 arrays: new, writable, each entry rounded to the nearest float.

        Returns
        -------
        FloatGame

        Raises
        ------
        InputError
            If an entry is too large for a float64.

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> gallery("g-star-2").floats().A.shape
        (1, 2, 2)
        """
        return float_game(self.near)

    @cached_property
    def near(self) -> Game:
        """The game whose entries are the float64 nearest to this one's, not validated.

        What computes in float64 enters it faster and gets the same.

        Raises
        ------
        InputError
            Where an entry is too large for a float64.
        """

        def near(letter: Letter, value: Any) -> Any:
            if not isinstance(value, np.ndarray):
                return nearest_float(value, letter.name)
            array = floats(value, letter.name)
            array.flags.writeable = False
            return array

        return self.mapped(near)

    def rounded(self) -> Game:
        """The game with every entry rounded to the nearest float64.

        Returns
        -------
        Game

        Raises
        ------
        InputError
            If an entry is too large for a float64, or rounding makes a matrix indefinite.

        Examples
        --------
        >>> from ergs_verify import Game
        >>> game = Game.from_arrays(A=[["1/3"]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=1,
        ...     noise_cov=[[0]], horizon=1)
        >>> float(game.rounded().A[0][0, 0])
        0.3333333333333333
        """
        near = self.near
        return Game.from_letters(
            {letter.name: letter.of(near) for letter in GAME},
            horizon=near.horizon,
            indefinite=near.indefinite,
            name=near.name,
        )

    def part(
        self,
        *,
        stages: Sequence[int] | None = None,
        agents: Sequence[int] | None = None,
        states: Sequence[int] | None = None,
        name: str | None = None,
    ) -> Game:
        """The game of some stages (without gaps), agents and states, all counted from 0.

        Raises
        ------
        InputError
            Where what is left of a float matrix is no longer definite.

        Examples
        --------
        >>> from ergs_verify.game.gallery import gallery
        >>> gallery("time-varying").part(stages=[1, 2], agents=[0, 2])
        Game("time-varying", N=2, m=2, p=(1, 3), T=2, tau=1/2)
        """
        if stages is None:
            stages = range(self.stages_told)
        agents = range(self.agents) if agents is None else agents
        states = range(self.state_size) if states is None else states
        values = {
            letter.name: letter.part(letter.of(self), self.sizes, stages, agents, states)
            for letter in GAME
        }
        return Game.from_letters(
            values,
            horizon=self.horizon if self.stationary else len(stages),
            indefinite=self.indefinite,
            name=self.name if name is None else name,
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the game to a file: ``.json`` (lossless), ``.npz`` or ``.mat`` (float64).

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
        >>> from ergs_verify import gallery, load_game
        >>> game = gallery("g-star-2")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     game.save(Path(folder) / "game.json")
        ...     load_game(Path(folder) / "game.json").hash == game.hash
        True
        """
        with naming(path):
            stored.save(
                path, lambda: documents.game_document(self), lambda: named.game_arrays(self)
            )

    def __repr__(self) -> str:
        sizes = "".join(f", {letter}={value}" for letter, value in self._shown_sizes())
        more = f", with {', '.join(self.beyond)}" if self.beyond else ""
        return f"Game({quoted(self.name)}{sizes}{more})"

    def _shown_sizes(self) -> list[tuple[str, str]]:
        p = self.control_sizes
        shown = str(p) if len(p) <= 8 else f"({', '.join(map(str, p[:8]))}, …)"
        sizes = {"N": self.agents, "m": self.state_size, "p": shown, "T": self.horizon}
        if not isinstance(self.tau_given, tuple):
            sizes["tau"] = self.tau_given if isinstance(self.tau_given, float) else short(self.tau)
        return [(key, str(value)) for key, value in sizes.items()]

    def _repr_html_(self) -> str:
        rows = []
        for letter in GAME:
            value = letter.of(self)
            if letter.place[0] == "x0" or value is None or (letter.name == "tau" and letter.ndim):
                continue
            if letter.agents == "none" or not isinstance(value, tuple):
                rows.append((letter.name, value))
            else:
                rows += [(f"{letter.name}<sup>{i}</sup>", own) for i, own in enumerate(value, 1)]
        shown = "".join(
            f"<tr><td>{letter}</td><td>{_shown_over_time(value)}</td></tr>"
            for letter, value in rows[:20]
        )
        sizes = ", ".join(f"{key} = {value}" for key, value in self._shown_sizes())
        title = markup.bold(f"{self.name}: {sizes}" if self.name else sizes)
        return f"{title}<table>{shown}</table>"

    def _joint(self, given: ByAgent, axes: tuple[str, ...]) -> ByAgent:
        """What was given for the own controls or for all of them, for all, zeros elsewhere."""
        shape = self.sizes.shape(axes)
        return tuple(
            over_time
            if over_time[0].shape == shape
            else each(over_time, lambda X, i=i: embedded(X, shape, self.sizes.place(axes, i)))
            for i, over_time in enumerate(given, start=1)
        )

    def full(self, name: str) -> Any:
        """What the game holds under a letter; the default for every agent and t where absent."""
        letter = LETTERS[name]
        if (given := letter.of(self)) is not None:
            return given
        times = self.horizon + letter.terminal
        agents = [0] if letter.agents == "none" else range(1, self.agents + 1)
        shapes = [self.sizes.shape(letter.shapes[0], i) for i in agents]
        absent = tuple((letter.absent(shape),) * times for shape in shapes)
        return absent[0] if letter.agents == "none" else absent


def load_game(path: str | PathLike[str]) -> Game:
    """Read a game from a file.

    Parameters
    ----------
    path : str or path
        Its name ends in .json, .toml, .npz or .mat. What stands in such a file is described in
        :doc:`/reference/formats`.

    Returns
    -------
    Game

    Raises
    ------
    FileFormatError
        If the file cannot be read or does not hold a valid game.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ergs_verify.game import load_game
    >>> from ergs_verify.game.gallery import gallery
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "game.json"
    ...     gallery("g-star-2").save(path)
    ...     load_game(path)
    Game("g-star-2", N=2, m=2, p=(1, 1), T=1, tau=2)
    """
    with naming(path):
        return Game.from_letters(**stored.game_values(path))


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise InputError("name must be a string", "name")
    if not name.isprintable():
        raise InputError(f"name is {quoted(name)}, but must be one line of printable text", "name")
    return name


def _ratios(entries: Any) -> Any:
    if isinstance(entries, list):
        return [_ratios(entry) for entry in entries]
    return reduced_ratio(entries)


def _as_the_first(over_time: Sequence[Any]) -> int:
    """So many entries at the start are equal."""
    first = over_time[0]
    for k, X in enumerate(over_time):
        if X is not first and not np.array_equal(X, first):
            return k
    return len(over_time)


def _shown_over_time(value: Any) -> str:
    times = value if isinstance(value, tuple) else (value,)
    constant = all(entry is times[0] for entry in times)
    first = np.atleast_2d(times[0])
    if max(first.shape) > 6 or not constant:
        sized = "×".join(map(str, np.shape(times[0]))) or "number"
        return sized + ("" if constant else ", varies over time")
    if np.ndim(times[0]) == 0:
        return short(times[0])
    return markup.matrix([[short(x) for x in row] for row in first.tolist()])


def expect_game(value: Any, what: str) -> None:
    """Refuse what is not a `Game`.

    Raises
    ------
    InputError
    """
    if not isinstance(value, Game):
        raise InputError(
            f"{what} takes a Game, not an object of type {type(value).__name__}; gallery(name) "
            "and load_game(path) return one",
            "game",
        )
