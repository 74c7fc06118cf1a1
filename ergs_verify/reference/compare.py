"""Judges a directory of solutions by a directory of references, in digits.

The outcome as JSON, format ``ergs-compare/1``, is one object with the keys

``format``
    ``"ergs-compare/1"``.
``verdict``
    ``"fail"`` if some file fails, else ``"undecided"`` if some is, else ``"pass"``.
``digits``
    How many were asked for.
``files``
    For every reference, or every solution of it, an object: ``name``, the stem of the reference's
    file; ``solution``, the path of the solution, null where it is missing; ``verdict``;
    ``message``, why, in one sentence; ``quantities``, for each of K, Sigma, P, q (with affine
    terms k and s too) that is stated and judged, an object about its worst matrix: ``verdict``;
    ``digits``, that are right at least, null where no number says it; ``max_error``, an upper
    bound of the largest ``|given − exact|``, a number or ``"inf"``; ``agent``, from 1; ``t``, from
    0, null where the horizon is infinite.
``extra``
    Paths of the solutions that no reference belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from attrs import evolve, frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import counted, fractions
from ergs_verify.game import load_solution
from ergs_verify.game.horizon import is_infinite
from ergs_verify.game.policy import Policy
from ergs_verify.game.stored import ENDINGS
from ergs_verify.reference.record import (
    AFFINE,
    WITH_NUMBERS,
    Reference,
    Rows,
    load_reference,
)

Verdict = Literal["pass", "fail", "undecided"]


@frozen(kw_only=True)
class Digits:
    """How many digits of a letter are right, at its worst matrix.

    Attributes
    ----------
    letter : str
    verdict : {"pass", "fail", "undecided"}
    digits : float
        How many are right, at least: −log₁₀ of max_error over max(1, largest entry), for Sigma
        without the 1. At most as many as the reference has.
    max_error : float
        An upper bound of the largest ``|given − exact|``, with the reference's own error.
    agent : int
        Counted from 1.
    t : int or None
        Counted from 0; None if the horizon is infinite.

    Notes
    -----
    What a digit is, is said in :doc:`/explanation/trust`.
    """

    letter: str
    verdict: Verdict
    digits: float
    max_error: float
    agent: int
    t: int | None

    def as_json(self) -> dict[str, Any]:
        """Its part of ``ergs-compare/1``."""
        return {
            "verdict": self.verdict,
            "digits": self.digits if math.isfinite(self.digits) else None,
            "max_error": self.max_error if math.isfinite(self.max_error) else "inf",
            "agent": self.agent,
            "t": self.t,
        }


@frozen(kw_only=True)
class FileResult:
    """One reference and the solution that belongs to it.

    Attributes
    ----------
    name : str
        The name of the reference's file, without its ending.
    solution : Path or None
        None if it is missing.
    verdict : {"pass", "fail", "undecided"}
    message : str
        Why, in one sentence.
    quantities : mapping from letter to Digits
        How far each letter that the solution states agrees.
    """

    name: str
    solution: Path | None
    verdict: Verdict
    message: str
    quantities: Mapping[str, Digits]


@frozen(kw_only=True)
class Comparison:
    """Solutions judged by references: the answer of `compare`.

    Attributes
    ----------
    digits : int
        How many were asked for.
    verdict : {"pass", "fail", "undecided"}
        ``fail`` if some file fails or is missing, otherwise ``undecided`` if some file is.
    files : tuple of FileResult
    extra : tuple of Path
        Solutions without a reference; they do not count.
    """

    digits: int
    files: tuple[FileResult, ...]
    extra: tuple[Path, ...]

    @property
    def verdict(self) -> Verdict:
        """``fail`` if some file fails or is missing, otherwise ``undecided`` if some file is."""
        return _worst(one.verdict for one in self.files)

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-compare/1``.

        Returns
        -------
        dict

        Examples
        --------
        >>> import tempfile, pathlib
        >>> from ergs_verify import gallery
        >>> from ergs_verify.reference import compare, make_reference
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     a, b = (pathlib.Path(folder) / name for name in ("references", "solutions"))
        ...     a.mkdir(), b.mkdir()
        ...     _ = (a / "lqr.json").write_bytes(make_reference(gallery("lqr"), digits=9).render())
        ...     found = compare(a, b).as_json()
        (None, None)
        >>> found["files"][0]["message"]
        'there is no solution for it'
        """
        return {
            "format": "ergs-compare/1",
            "verdict": self.verdict,
            "digits": self.digits,
            "files": [
                {
                    "name": one.name,
                    "solution": one.solution and str(one.solution),
                    "verdict": one.verdict,
                    "message": one.message,
                    "quantities": {key: q.as_json() for key, q in one.quantities.items()},
                }
                for one in self.files
            ],
            "extra": [str(path) for path in self.extra],
        }


def compare(
    references: str | PathLike[str], solutions: str | PathLike[str], *, digits: int = 8
) -> Comparison:
    """Judge the solution files of one directory by the reference files of another.

    Parameters
    ----------
    references, solutions : str or path
        Two directories. A solution belongs to the reference whose game_hash it states, otherwise
        to the one of the same name.
    digits : int
        How many have to be right in every matrix that a solution states. The default, 8, is half
        of float64's 16: it tells a wrong formula from rounding unless a game is ill-conditioned.
        What float64 can reach on a game is computed by `audit`.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If a directory or a reference cannot be read, or `digits` is bad. A solution that cannot
        be read fails.

    Notes
    -----
    D digits are right if ``|given − exact|`` ≤ 10^−D · max(1, largest entry), for Σ without the 1;
    `audit` counts them otherwise, as :doc:`/explanation/trust` says. If the reference's own error
    leaves open whether D digits are right, the verdict is undecided. If a solution has no Sigma,
    its q is that of the plain game and is not judged.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ergs_verify import gallery, solve
    >>> from ergs_verify.reference import compare, make_reference
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     here = pathlib.Path(folder)
    ...     (here / "references").mkdir()
    ...     (here / "solutions").mkdir()
    ...     data = make_reference(gallery("g-star-2")).render()
    ...     _ = (here / "references" / "two.json").write_bytes(data)
    ...     solve(gallery("g-star-2")).save(here / "solutions" / "two.mat")
    ...     compare(here / "references", here / "solutions").verdict
    'pass'
    """
    known = {path.stem: load_reference(path) for path in _files(references, (".json",))}
    if not known:
        raise InputError(f"{references} holds no references (.json)", str(references))
    by_hash = {reference.game_hash: name for name, reference in known.items()}
    matched: dict[str, list[FileResult]] = {name: [] for name in known}
    extra = []
    for path in _files(solutions, ENDINGS):
        name, policy, trouble = path.stem, None, ""
        try:
            policy = load_solution(path)
        except InputError as error:
            trouble = error.message
        stated = policy.about.get("game_hash") if policy else None
        if name in known and stated != known[name].game_hash and stated not in (None, *by_hash):
            trouble = "its game_hash is that of another game"
        if name not in known or stated != known[name].game_hash:
            name = by_hash.get(stated or "", name)
        if name not in known:
            extra.append(path)
        elif policy is None or trouble:
            matched[name].append(_failed(name, path, trouble))
        else:
            matched[name].append(_judged(name, path, known[name], policy, digits))
    files = [one for name in known for one in matched[name] or [_missing(name, known[name])]]
    return Comparison(digits=digits, files=tuple(files), extra=tuple(extra))


def _files(folder: str | PathLike[str], suffixes: Sequence[str]) -> list[Path]:
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: there is no such directory", str(folder))
    return sorted(
        path
        for path in Path(folder).iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith(".")
    )


def _failed(name: str, path: Path | None, message: str) -> FileResult:
    return FileResult(name=name, solution=path, verdict="fail", message=message, quantities={})


def _missing(name: str, reference: Reference) -> FileResult:
    if reference.equilibrium in WITH_NUMBERS:
        return _failed(name, None, "there is no solution for it")
    message = f"no solution, as it should be: {_no_single(reference)}"
    return FileResult(name=name, solution=None, verdict="pass", message=message, quantities={})


def _no_single(reference: Reference) -> str:
    if reference.equilibrium == "unbounded":
        return (
            f"the cost of agent {reference.agent} has no lower bound at t = {reference.t}, so "
            "there is no equilibrium"
        )
    told = {
        "none": "there is no equilibrium",
        "continuum": "there is a continuum of equilibria",
        "singular": "there is no equilibrium, or a continuum",
    }
    return f"{told[reference.equilibrium]} (Φ_t is singular at t = {reference.t})"


def _judged(name: str, path: Path, reference: Reference, policy: Policy, digits: int) -> FileResult:
    if reference.equilibrium not in WITH_NUMBERS:
        verdict: Verdict = "fail" if reference.equilibrium in ("none", "unbounded") else "undecided"
        message = f"numbers are stated, although {_no_single(reference)}"
        if verdict == "undecided":
            message += "; `ergs-verify audit` judges by the gaps"
        return FileResult(name=name, solution=path, verdict=verdict, message=message, quantities={})
    left_out = () if policy.Sigma is not None else ("q",)
    stationary = reference.equilibrium == "stationary"
    if stationary != is_infinite(policy.horizon):
        has = "has a" if stationary else "has no"
        return _failed(name, path, f"K {has} time axis, unlike the reference")
    policy = policy.at_one_time if stationary else policy
    found = {}
    for letter in AFFINE:
        stated = _stated(policy, letter, reference)
        if letter not in reference.values and stated is not None:
            if any(np.any(x) for own in stated for x in own):
                problem = f"{letter} is not 0, but the game has no affine terms"
                return _failed(name, path, problem)
            continue
        if stated is None or letter in left_out:
            continue
        exact = reference.exact(letter)
        if problem := _misfit(letter, stated, exact):
            return _failed(name, path, problem)
        found[letter] = _digits(letter, stated, exact, digits)
        if stationary:
            found[letter] = evolve(found[letter], t=None)
    verdict = _worst(one.verdict for one in found.values())
    return FileResult(
        name=name,
        solution=path,
        verdict=verdict,
        message=_told(verdict, found, digits, reference, policy),
        quantities=found,
    )


def _stated(policy: Policy, letter: str, reference: Reference) -> Any:
    """What a solution states, k and s as columns; without k its controls have the mean Kx."""
    stated = getattr(policy, letter)
    if letter not in ("k", "s"):
        return stated
    if stated is None and letter == "k" and "k" in reference.values:
        stated = [[np.zeros(len(X), dtype=int) for X in own] for own in policy.K]
    return stated and [[np.reshape(x, (-1, 1)) for x in own] for own in stated]


def _told(
    verdict: Verdict,
    found: Mapping[str, Digits],
    digits: int,
    reference: Reference,
    policy: Policy,
) -> str:
    worst = min(found.values(), key=lambda one: one.digits)
    when = "" if worst.t is None else f" at t = {worst.t}"
    place = f"{worst.letter} of agent {worst.agent}{when}"
    unjudged = ""
    if policy.Sigma is None and policy.q is not None:
        unjudged = "; q is not judged, because no Sigma is stated"
    if verdict == "undecided":
        return (
            f"it is undecided whether {place} has {digits} right digits: the reference has only "
            f"{reference.digits}; make one with more{unjudged}"
        )
    return (
        f"at least {worst.digits:.1f} digits are right everywhere, the fewest in {place}{unjudged}"
    )


def _misfit(letter: str, stated: Sequence[Any], exact: Sequence[Any]) -> str:
    """Where the sizes of what is stated differ from the reference's, if anywhere."""
    if len(stated) != len(exact):
        return f"{letter} is for {counted(len(stated), 'agent')}, the reference for {len(exact)}"
    for i, (mine, its) in enumerate(zip(stated, exact, strict=True), start=1):
        if len(mine) != len(its):
            return f"{letter} of agent {i} has {len(mine)} times, the reference {len(its)}"
        for t, (X, (Y, _)) in enumerate(zip(mine, its, strict=True)):
            shape, wanted = np.atleast_2d(X).shape, (len(Y), len(Y[0]))
            if shape != wanted:
                return (
                    f"{letter} of agent {i} at t = {t} is {shape[0]}×{shape[1]}, "
                    f"the reference's {wanted[0]}×{wanted[1]}"
                )
    return ""


def _digits(letter: str, stated: Sequence[Any], exact: Sequence[Any], digits: int) -> Digits:
    found = [
        _one(letter, fractions(np.atleast_2d(X)), its[t], digits, agent, t)
        for agent, (mine, its) in enumerate(zip(stated, exact, strict=True), start=1)
        for t, X in enumerate(mine)
    ]
    verdict = _worst(one.verdict for one in found)
    return min((one for one in found if one.verdict == verdict), key=lambda one: one.digits)


def _one(
    letter: str,
    given: Rows,
    its: tuple[Rows, Fraction],
    digits: int,
    agent: int,
    t: int,
) -> Digits:
    near, error = its
    apart = max(
        abs(x - y)
        for mine, right in zip(given, near, strict=True)
        for x, y in zip(mine, right, strict=True)
    )
    size = max(abs(x) for row in near for x in row)
    least = max(size - error, Fraction(0))
    most = size + error
    if letter != "Sigma" or not size:
        least, most = max(least, Fraction(1)), max(most, Fraction(1))
    allowed = Fraction(1, 10**digits)
    verdict: Verdict = "undecided"
    if apart + error <= allowed * least:
        verdict = "pass"
    elif apart - error > allowed * most:
        verdict = "fail"
    return Digits(
        letter=letter,
        verdict=verdict,
        digits=_log10(least) - _log10(apart + error),
        max_error=_above(apart + error),
        agent=agent,
        t=t,
    )


def _log10(x: Fraction) -> float:
    """Of a positive number, however large or small."""
    return math.log10(x.numerator) - math.log10(x.denominator) if x > 0 else -math.inf


def _above(x: Fraction) -> float:
    """A float64 that is not below a number."""
    try:
        near = float(x)
    except OverflowError:
        return math.inf
    return near if near >= x else math.nextafter(near, math.inf)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=("pass", "undecided", "fail").index)
