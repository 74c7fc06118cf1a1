"""Policy: a joint linear Gaussian policy with exact entries, and the costs claimed for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from ergs_verify import markup
from ergs_verify.errors import InputError
from ergs_verify.exact import read_vector, short
from ergs_verify.game.series import (
    Repair,
    Series,
    at,
    entry_of,
    expect_lengths,
    per_agent,
    same_agents,
)

if TYPE_CHECKING:
    from ergs_verify.game.game import Game

__all__ = ["Policy", "expect_sizes", "start_shown"]

OverTime = tuple[np.ndarray, ...]

#: Agents, and rows and columns of a matrix, that a display shows.
_AGENTS, _SIDE = 6, 6


@frozen(kw_only=True, eq=False, repr=False)
class Policy:
    """A joint policy u_t^i ~ N(K_t^i x, Σ_t^i), with the costs claimed for it if any.

    Attributes
    ----------
    K : tuple over agents of tuple over t of p_i×m
    Sigma : tuple over agents of tuple over t of p_i×p_i, or None
        None: the policy is deterministic.
    P : tuple over agents of tuple over t = 0…T of m×m, or None
    q : tuple over agents of arrays of length T+1, or None
    about : mapping
        What a solution file says besides, such as ``certified`` and ``digits``.
    repairs : tuple of Repair

    Examples
    --------
    >>> from ergs_verify.game import Policy
    >>> policy = Policy.from_arrays(K=[[[["-1/2", 0]]], [[[0, "-1/2"]]]])
    >>> policy, policy.K[0][0][0, 0]
    (Policy(N=2, T=1, deterministic), Fraction(-1, 2))
    """

    K: tuple[OverTime, ...]
    Sigma: tuple[OverTime, ...] | None = None
    P: tuple[OverTime, ...] | None = None
    q: OverTime | None = None
    about: Mapping[str, Any] = field(factory=dict)
    repairs: tuple[Repair, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        *,
        K: Any,
        Sigma: Any = None,
        P: Any = None,
        q: Any = None,
        about: Mapping[str, Any] | None = None,
        entry_of: Callable[[str, int], str] = entry_of,
        as_stated: bool = False,
    ) -> Policy:
        """A policy whose Σ are positive semidefinite and whose P are symmetric.

        Parameters
        ----------
        K, Sigma, P : list over agents of lists over time of matrices
            Or of arrays with the time axis first: T matrices, for P one more.
        q : list over agents of T+1 numbers, optional
        as_stated : bool
            Keep Σ and P as they are, whether or not they are symmetric and Σ semidefinite: only an
            audit takes such a policy.

        Raises
        ------
        InputError
            Where an entry, a length over time or a matrix is wrong. Whether the shapes fit a
            game is judged by `validate`.
        """
        given = {"K": K, "Sigma": Sigma, "P": P}
        series = {
            letter: per_agent(value, letter, entry_of, always_over_time=True)
            for letter, value in given.items()
            if value is not None or letter == "K"
        }
        numbers = None if q is None else _read_q(q, entry_of)
        stages = expect_sizes(series)
        repairs: list[Repair] = []
        for letter, needs in (("Sigma", {"semidefinite": True}), ("P", {})):
            results = [one.judged(**needs) for one in series.get(letter, ()) if not as_stated]
            if results:
                series[letter] = tuple(good for good, _ in results)
                repairs += [repair for _, found in results for repair in found]
        if numbers is not None:
            _expect_q(numbers, len(series["K"]), stages, entry_of)
        kept = {letter: tuple(x.matrices for x in series[letter]) for letter in series}
        return cls(**kept, q=numbers, about=dict(about or {}), repairs=tuple(repairs))

    @property
    def agents(self) -> int:
        """The number N of agents."""
        return len(self.K)

    @property
    def horizon(self) -> int:
        """The number T of stages."""
        return len(self.K[0])

    def validate(self, game: Game, entry_of: Callable[[str, int], str] = entry_of) -> None:
        """Check that this is a policy for a game.

        Raises
        ------
        InputError
            Where the number of agents, the horizon or a shape does not fit; a matrix whose
            transpose would fit is named as such.
        """
        if self.agents != game.agents:
            raise InputError(
                f"K has entries for {self.agents} agents but the game has {game.agents}", "K"
            )
        if self.horizon != game.horizon:
            raise InputError(
                f"K has {self.horizon} stages but the game's horizon is {game.horizon}", "K"
            )
        self.expect_shapes(game.state_size, game.control_sizes, entry_of)

    def expect_shapes(
        self, m: int, sizes: Sequence[int], entry_of: Callable[[str, int], str] = entry_of
    ) -> None:
        """Check the shapes for a state of length m and controls of these sizes.

        Raises
        ------
        InputError
            Naming the matrix; one whose transpose would fit is named as such.
        """
        for agent, p in enumerate(sizes, start=1):
            fits = {"K": ((p, m), "p_i×m"), "Sigma": ((p, p), "p_i×p_i"), "P": ((m, m), "m×m")}
            for letter, (shape, meaning) in fits.items():
                if (matrices := getattr(self, letter)) is not None:
                    Series(
                        where=entry_of(letter, agent),
                        agent=agent,
                        constant=False,
                        matrices=matrices[agent - 1],
                    ).expect_shape(shape, meaning)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the policy to a file: ``.json`` (lossless), ``.npz`` or ``.mat`` (float64)."""
        from ergs_verify.files import save_solution

        save_solution(self, path)

    def __repr__(self) -> str:
        kind = "deterministic" if self.Sigma is None else "Gaussian"
        costs = "".join(f", {letter}" for letter in "Pq" if getattr(self, letter) is not None)
        return f"Policy(N={self.agents}, T={self.horizon}, {kind}{costs and f', with{costs[1:]}'})"

    def _repr_html_(self) -> str:
        return markup.bold(repr(self)) + start_shown(self)


def start_shown(stated: Any) -> str:
    """K, Σ, P and q of the first agents at t = 0 as an HTML table, which says what it leaves out.

    Parameters
    ----------
    stated : Policy or Solution
    """
    agents, stages = len(stated.K), len(stated.K[0])
    letters = [letter for letter in ("K", "Sigma", "P", "q") if getattr(stated, letter) is not None]
    rows = [
        f"<tr><td>{letter.replace('Sigma', 'Σ')}<sup>{i + 1}</sup><sub>0</sub></td>"
        f"<td>{markup.matrix(_corner(getattr(stated, letter)[i][0]))}</td></tr>"
        for i in range(min(agents, _AGENTS))
        for letter in letters
    ]
    more = [f"t = 0 of the stages 0 to {stages - 1}"] if stages > 1 else []
    more += [f"the first {_AGENTS} of {agents} agents"] if agents > _AGENTS else []
    told = f"Shown: {' and '.join(more)}. All: .K[i][t], i and t from 0." if more else ""
    return f"<table>{''.join(rows)}</table>" + markup.paragraphs([told] if told else [])


def _corner(value: Any) -> list[list[str]]:
    rows = np.atleast_2d(np.asarray(value, dtype=object))[:_SIDE, :_SIDE].tolist()
    return [[short(x) if isinstance(x, Fraction) else str(x) for x in row] for row in rows]


def expect_sizes(series: Mapping[str, Sequence[Series]]) -> int:
    """The horizon of K, Sigma and P of as many agents and times; no entry is looked at."""
    stages = len(series["K"][0].matrices)
    same_agents(series)
    expect_lengths(series, stages)
    for many in series.values():
        for one in many:
            one.expect_shape(one.shape, "like the first over time")
    return stages


def _read_q(q: Any, entry_of: Callable[[str, int], str]) -> OverTime:
    if isinstance(q, np.ndarray):
        q = list(q)
    if not isinstance(q, list | tuple) or not q:
        raise InputError("q must be a list with an entry per agent", "q")
    read = []
    for agent, values in enumerate(q, start=1):
        with at(agent, None):
            read.append(read_vector(values, entry_of("q", agent)))
    return tuple(read)


def _expect_q(q: OverTime, agents: int, stages: int, entry_of: Callable[[str, int], str]) -> None:
    if len(q) != agents:
        raise InputError(f"q has entries for {len(q)} agents but K for {agents}", "q")
    for agent, values in enumerate(q, start=1):
        if len(values) != stages + 1:
            where = entry_of("q", agent)
            with at(agent, None):
                raise InputError(
                    f"{where} has {len(values)} numbers, but {stages + 1} are needed, "
                    "the last of them for t = T",
                    where,
                )
