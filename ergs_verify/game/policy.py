"""Policy: a joint linear Gaussian policy with exact entries, and the costs claimed for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from os import PathLike
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from ergs_verify import markup
from ergs_verify.errors import InputError
from ergs_verify.exact import counted, quoted, short
from ergs_verify.files.disk import naming
from ergs_verify.game import documents, named, stored
from ergs_verify.game.blocks import block
from ergs_verify.game.game import Game
from ergs_verify.game.horizon import INFINITE, is_infinite
from ergs_verify.game.letters import (
    POLICY,
    Sizes,
    entry_of,
    expect_policy_shapes,
    policy_attributes,
)
from ergs_verify.game.series import Repair

OverTime = tuple[np.ndarray, ...]

#: Agents, and rows and columns of a matrix, that a display shows.
_AGENTS, _SIDE = 6, 6


@frozen(kw_only=True, eq=False, repr=False)
class Policy:
    """A joint policy, and the costs that are claimed for it, if any.

    Agent i draws u_t from N(K_t x + k_t, Σ_t), and claims to pay x'P_t x + 2s_t'x + q_t from time t
    on. With an infinite horizon nothing has a time axis.

    Attributes
    ----------
    K : tuple over agents of tuple over t of p_i×m
    k : tuple over agents of tuple over t of length p_i, or None
        None stands for 0.
    Sigma : tuple over agents of tuple over t of p_i×p_i, or None
        None: the policy is deterministic.
    P : tuple over agents of tuple over t = 0…T of m×m, or None
    s : tuple over agents of tuple over t = 0…T of length m, or None
    q : tuple over agents of length T+1, or None
    agents : int
        The number N of agents.
    horizon : int or "infinite"
        The number T of stages.
    about : mapping
        What a solution file says besides, such as ``certified`` and ``digits``.
    repairs : tuple of Repair
        Matrices of floats that were symmetrised, or accepted though slightly indefinite.

    Notes
    -----
    Such a policy is a Nash equilibrium if it satisfies equations (4) to (6) of the paper, as
    :doc:`/explanation/theory` states them.

    Examples
    --------
    >>> from ergs_verify.game import Policy
    >>> policy = Policy.from_arrays(K=[[[["-1/2", 0]]], [[[0, "-1/2"]]]])
    >>> policy, policy.K[0][0][0, 0]
    (Policy(N=2, T=1, deterministic), Fraction(-1, 2))
    """

    K: tuple[OverTime, ...]
    k: tuple[OverTime, ...] | None = None
    Sigma: tuple[OverTime, ...] | None = None
    P: tuple[OverTime, ...] | None = None
    s: tuple[OverTime, ...] | None = None
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
        k: Any = None,
        s: Any = None,
        about: Mapping[str, Any] | None = None,
        entry_of: Callable[[str, int], str] = entry_of,
        as_stated: bool = False,
    ) -> Policy:
        """A validated policy: its Σ are positive semidefinite and its P are symmetric.

        Parameters
        ----------
        K, Sigma, P : list over agents of lists over time of p_i×m, p_i×p_i and m×m
            Or arrays with the time axis first. There are T matrices, of P one more. Sigma and P
            may be left out.
        q : list over agents of T+1 numbers, optional
        k, s : list over agents of lists over time of length p_i and m, optional
            T vectors, of s one more.
        about : mapping, optional
            What is said of the policy besides.
        entry_of : function of a letter and an agent, optional
            Names an agent's entry in errors; ``K[0]`` by default.
        as_stated : bool
            Keep Σ and P as they are, symmetric and semidefinite or not. Only an audit takes such
            a policy.

        Returns
        -------
        Policy

        Raises
        ------
        InputError
            If an entry is not a number, lengths over time differ, or a matrix is not what it
            should be. Whether the shapes fit a game is checked by `validate`.

        Examples
        --------
        >>> from ergs_verify import Policy
        >>> policy = Policy.from_arrays(K=[[[["-13/7", "8/7"]]]], Sigma=[[[[1]]]])
        >>> policy.K[0][0].tolist()
        [[Fraction(-13, 7), Fraction(8, 7)]]
        """
        values = {"K": K, "k": k, "Sigma": Sigma, "P": P, "s": s, "q": q}
        return cls.from_letters(values, about=about, entry_of=entry_of, as_stated=as_stated)

    @classmethod
    def from_letters(
        cls,
        values: Mapping[str, Any],
        *,
        about: Mapping[str, Any] | None = None,
        entry_of: Callable[[str, int], str] = entry_of,
        as_stated: bool = False,
    ) -> Policy:
        """A policy of values by the names of `ergs_verify.game.letters.POLICY`."""
        kept = policy_attributes(values, as_stated=as_stated, entry_of=entry_of)
        policy = cls(**kept, about=dict(about or {}))
        if policy.about.get("horizon", policy.horizon) != policy.horizon:
            raise InputError(
                f"horizon is {quoted(policy.about['horizon'])} but K has "
                f"{counted(policy.horizon, 'stage')}",
                "horizon",
            )
        return policy

    @property
    def agents(self) -> int:
        """The number N of agents."""
        return len(self.K)

    @property
    def horizon(self) -> Any:
        """The number T of stages, or ``"infinite"`` if nothing has a time axis."""
        return len(self.K[0]) if isinstance(self.K[0], tuple) else INFINITE

    @property
    def one_stage(self) -> Policy:
        """The gains and covariances of a stationary policy, at one stage."""
        once: dict[str, Any] = {
            letter: tuple((X,) for X in own)
            for letter in ("K", "k", "Sigma")
            if (own := getattr(self, letter)) is not None
        }
        return Policy(**once)

    @property
    def at_one_time(self) -> Policy:
        """A stationary policy and its costs, each as a list over one time."""
        once = {
            letter: tuple((X,) for X in own)
            for letter in ("P", "s")
            if (own := getattr(self, letter)) is not None
        }
        q = self.q and tuple(np.array([x], dtype=object) for x in self.q)
        return evolve(self.one_stage, **once, q=q)

    def validate(self, game: Game, entry_of: Callable[[str, int], str] = entry_of) -> None:
        """Check that this is a policy for a game.

        Parameters
        ----------
        game : Game
        entry_of : function of a letter and an agent, optional
            Names an agent's entry in errors; ``K[0]`` by default.

        Raises
        ------
        InputError
            If the number of agents, the horizon or a shape does not fit. The message says so if
            a matrix's transpose would fit.

        Examples
        --------
        >>> from ergs_verify import Policy, gallery
        >>> Policy.from_arrays(K=[[[[0, 0]]], [[[0, 0]]]]).validate(gallery("g-star-2"))
        """
        if self.agents != game.agents:
            said = counted(self.agents, "agent")
            raise InputError(f"K has entries for {said} but the game has {game.agents}", "K")
        if is_infinite(self.horizon) and not game.stationary:
            raise InputError(
                f"K[0] (agent 1) must be a list over time of matrices: the game's horizon is "
                f"{game.horizon}",
                "K",
            )
        if self.horizon != game.horizon:
            raise InputError(
                f"K has {counted(self.horizon, 'stage')} but the game's horizon is {game.horizon}",
                "K",
            )
        self.expect_shapes(game.sizes, entry_of)
        if not game.affine:
            for name in ("k", "s"):
                if any(np.any(own) for own in getattr(self, name) or ()):
                    raise InputError(
                        f"{name} is not 0, but policies of a game without affine terms have no "
                        "such constants",
                        name,
                    )

    def expect_shapes(self, sizes: Sizes, entry_of: Callable[[str, int], str] = entry_of) -> None:
        """Check the shapes for these numbers of states and controls.

        Raises
        ------
        InputError
            Naming the matrix; one whose transpose would fit is named as such.
        """
        expect_policy_shapes(self, sizes, entry_of)

    @property
    def homogeneous(self) -> Policy:
        """The policy in the state (1, x): gains [k K], values [[0, s'], [s, P]]."""
        zeros = (tuple(np.zeros(len(X)) for X in own) for own in self.K)
        K = tuple(
            tuple(block([[x[:, None], X]]) for x, X in zip(k_i, K_i, strict=True))
            for k_i, K_i in zip(self.k or zeros, self.K, strict=True)
        )
        P = self.P
        if P is not None:
            zeros = (tuple(np.zeros(len(X)) for X in own) for own in P)
            P = tuple(
                tuple(
                    block([[0, x[None, :]], [x[:, None], X]]) for x, X in zip(s_i, P_i, strict=True)
                )
                for s_i, P_i in zip(self.s or zeros, P, strict=True)
            )
        return evolve(self, K=K, P=P, k=None, s=None)

    def save(self, path: str | PathLike[str], **about: Any) -> None:
        """Write the policy to a file: ``.json`` (lossless), ``.npz`` or ``.mat`` (float64).

        Parameters
        ----------
        path : str or path
            Its name ends in .json, .npz or .mat.
        **about
            What a JSON file says besides, such as ``name`` or ``digits``; it goes before what
            ``policy.about`` holds. NPZ and MAT hold the matrices alone.

        Raises
        ------
        FileFormatError
            If the name ends otherwise, the file cannot be written, a key of `about` is unknown, or
            an entry is not a float64 and the format holds only such.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from ergs_verify import Policy
        >>> from ergs_verify.game import load_solution
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Policy.from_arrays(K=[[[["1/3"]]]]).save(Path(folder) / "gains.json")
        ...     load_solution(Path(folder) / "gains.json").K[0][0]
        array([[Fraction(1, 3)]], dtype=object)
        """
        with naming(path):
            stored.save(
                path,
                lambda: documents.policy_document(self, about),
                lambda: named.policy_arrays(self),
            )

    def __repr__(self) -> str:
        kind = "deterministic" if self.Sigma is None else "Gaussian"
        more = [x.name for x in POLICY if x.name not in ("K", "Sigma") and x.of(self) is not None]
        said = f", with {', '.join(more)}" if more else ""
        return f"Policy(N={self.agents}, T={self.horizon}, {kind}{said})"

    def _repr_html_(self) -> str:
        return markup.bold(repr(self)) + start_shown(self)


def start_shown(stated: Any) -> str:
    """K, Σ, P and q of the first agents at t = 0 as an HTML table, which says what it leaves out.

    Parameters
    ----------
    stated : Policy or Solution
    """
    agents = len(stated.K)
    stationary = not isinstance(stated.K[0], tuple)
    stages = 1 if stationary else len(stated.K[0])
    letters = [letter.name for letter in POLICY if getattr(stated, letter.name, None) is not None]
    at_start = "" if stationary else "<sub>0</sub>"
    rows = [
        f"<tr><td>{letter.replace('Sigma', 'Σ')}<sup>{i + 1}</sup>{at_start}</td>"
        f"<td>{markup.matrix(_corner(own if stationary else own[0]))}</td></tr>"
        for i in range(min(agents, _AGENTS))
        for letter in letters
        for own in [getattr(stated, letter)[i]]
    ]
    more = [f"t = 0 of the stages 0 to {stages - 1}"] if stages > 1 else []
    more += [f"the first {_AGENTS} of {agents} agents"] if agents > _AGENTS else []
    every = ".K[i], i from 0" if stationary else ".K[i][t], i and t from 0"
    told = f"Shown: {' and '.join(more)}. All: {every}." if more else ""
    return f"<table>{''.join(rows)}</table>" + markup.paragraphs([told] if told else [])


def _corner(value: Any) -> list[list[str]]:
    rows = np.atleast_2d(np.asarray(value, dtype=object))[:_SIDE, :_SIDE].tolist()
    return [[short(x) if isinstance(x, Fraction) else str(x) for x in row] for row in rows]


def load_solution(path: str | PathLike[str], *, as_stated: bool = False) -> Policy:
    """Read a solution from a file.

    Parameters
    ----------
    path : str or path
        Its name ends in .json, .toml, .npz or .mat. What stands in such a file is described in
        :doc:`/reference/formats`.
    as_stated : bool
        Keep Σ and P as they are, symmetric and semidefinite or not, for an audit.

    Returns
    -------
    Policy
        What else a JSON or TOML file says is in ``policy.about``. Whether the policy fits a game
        is checked by `Policy.validate`.

    Raises
    ------
    FileFormatError
        If the file cannot be read or does not hold a valid solution.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ergs_verify import gallery, solve
    >>> from ergs_verify.game import load_solution
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "solution.json"
    ...     solve(gallery("g-star-2"), digits=20).save(path)
    ...     found = load_solution(path)
    >>> found, found.about["digits"]
    (Policy(N=2, T=1, Gaussian, with P, q), 20)
    """
    with naming(path):
        return Policy.from_letters(**stored.policy_values(path), as_stated=as_stated)
