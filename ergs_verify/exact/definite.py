"""Is a matrix symmetric and positive (semi)definite? Exact entries by proof, floats as floats."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.exact.numbers import UNIT, floats, fractions, short


@frozen(kw_only=True)
class Judged:
    """A matrix found symmetric, and what was forgiven it because its entries are floats.

    Attributes
    ----------
    matrix : numpy array
        Exactly symmetric.
    asymmetry : float or None
        The largest |a_ij − a_ji| that was symmetrised.
    eigenvalue : float or None
        The slightly negative eigenvalue, as float64 computes it, that was accepted.
    """

    matrix: np.ndarray
    asymmetry: float | None = None
    eigenvalue: float | None = None


def judge_symmetric(
    matrix: np.ndarray,
    where: str,
    *,
    semidefinite: bool = False,
    definite: bool = False,
    rounding: float = 4 * float(UNIT),
    otherwise: str = "",
) -> Judged:
    """Refuse a matrix that is not symmetric, or not positive (semi)definite where that is asked.

    Matrices of rationals are judged exactly. With a float among the entries, u = 2⁻⁵³ and the
    spectral norm: asymmetry up to 4u‖Q‖, or `rounding` times ‖Q‖, is symmetrised and, for
    semidefiniteness, eigenvalues down to −4mu‖Q‖ are accepted. Definiteness is proved exactly in
    either case. `otherwise` ends the sentence about a matrix that is not definite as asked.

    Raises
    ------
    InputError
        Naming the place and the entry or the eigenvalue at fault.

    Examples
    --------
    >>> from ergs_verify.exact.definite import judge_symmetric
    >>> from ergs_verify.exact import read_matrix
    >>> judge_symmetric(read_matrix([[1.0, 0.1 + 0.2], [0.3, 1.0]]), "Q").asymmetry
    5.551115123125783e-17
    >>> judge_symmetric(read_matrix([[1, 2], [2, 1]]), "Q", semidefinite=True)
    Traceback (most recent call last):
    ergs_verify.errors.InputError: Q has the eigenvalue -1, so it is not positive semidefinite
    """
    if matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            f"{where} is {matrix.shape[0]}×{matrix.shape[1]}, but must be square", where
        )
    exact = matrix.dtype == object and all(isinstance(x, Fraction) for x in matrix.flat)
    asymmetry = _largest_asymmetry(matrix)
    if asymmetry:
        _refuse_asymmetric(matrix, where, asymmetry, 0.0 if exact else rounding)
        matrix = _symmetrised(matrix)
    if definite and not is_positive(matrix, strictly=True):
        raise InputError(
            f"{where} has {_eigenvalue_text(matrix)}, so it is not positive definite{otherwise}",
            where,
        )
    eigenvalue = None
    if semidefinite:
        if exact:
            good = is_positive(matrix)
        else:
            lowest, norm = _extremes(matrix)
            good = lowest >= -forgiven(len(matrix)) * norm
            eigenvalue = lowest if lowest < 0 else None
        if not good:
            raise InputError(
                f"{where} has {_eigenvalue_text(matrix)}, so it is not positive "
                f"semidefinite{otherwise}",
                where,
            )
    return Judged(matrix=matrix, asymmetry=asymmetry or None, eigenvalue=eigenvalue)


def forgiven(size: int) -> Fraction:
    """4mu: how far below 0 rounding may leave eigenvalues of a float matrix, m×m, of norm 1."""
    return 4 * size * UNIT


def is_positive(matrix: np.ndarray, strictly: bool = False) -> bool:
    """Whether a symmetric matrix is positive semidefinite, or definite: a proof over rationals.

    A symmetric matrix has real eigenvalues only, so they are all ≥ 0 (> 0) if and only if the
    coefficients of its characteristic polynomial alternate in sign weakly (strictly).

    Examples
    --------
    >>> from ergs_verify.exact.definite import is_positive
    >>> from ergs_verify.exact import read_matrix
    >>> ones = read_matrix([[1, 1], [1, 1]])
    >>> is_positive(ones), is_positive(ones, strictly=True)
    (True, False)
    """
    size = len(matrix)
    rows = fractions(matrix)
    diagonal = [rows[k][k] for k in range(size)]
    if min(diagonal) < 0 or (strictly and min(diagonal) == 0):
        return False
    if all(rows[r][c] == 0 for r in range(size) for c in range(r)):
        return True
    import flint

    scale = math.lcm(*(x.denominator for row in rows for x in row))
    integers = flint.fmpz_mat(
        [[x.numerator * (scale // x.denominator) for x in row] for row in rows]
    )
    signed = ((-1) ** (size - k) * int(c) for k, c in enumerate(integers.charpoly().coeffs()))
    return all(c > 0 if strictly else c >= 0 for c in signed)


def _largest_asymmetry(matrix: np.ndarray) -> float:
    if matrix.dtype == np.float64:
        if (matrix == matrix.T).all():
            return 0.0
        scaled, scale = _scaled(matrix)
        return float(np.abs(scaled - scaled.T).max()) * scale
    rows = matrix.tolist()
    gaps = (
        abs(Fraction(rows[r][c]) - Fraction(rows[c][r]))
        for r in range(len(rows))
        for c in range(r)
        if rows[r][c] != rows[c][r]
    )
    largest = max(gaps, default=Fraction(0))
    return max(_as_float(largest), math.ulp(0.0)) if largest else 0.0


def _refuse_asymmetric(matrix: np.ndarray, where: str, asymmetry: float, rounding: float) -> None:
    if rounding:
        _, norm = _extremes(_symmetrised(matrix))
        if asymmetry <= rounding * norm:
            return
    r, c = _unequal_pair(matrix)
    raise InputError(
        f"{where} is not symmetric: entry [{r}][{c}] is {short(matrix[r, c])} "
        f"but entry [{c}][{r}] is {short(matrix[c, r])}",
        where,
    )


def _unequal_pair(matrix: np.ndarray) -> tuple[int, int]:
    """The place above the diagonal whose mirror image differs most, as far as floats tell."""
    scaled, _ = _scaled(_nearest(matrix))
    widest = divmod(int(np.abs(scaled - scaled.T).argmax()), len(matrix))
    if matrix[widest] == matrix[widest[::-1]]:
        widest = next(k for k in np.ndindex(*matrix.shape) if matrix[k] != matrix[k[::-1]])
    return min(widest), max(widest)


def _symmetrised(matrix: np.ndarray) -> np.ndarray:
    if matrix.dtype == np.float64:
        with np.errstate(over="ignore"):
            mean = (matrix + matrix.T) / 2
        mean = np.where(np.isfinite(mean), mean, matrix / 2 + matrix.T / 2)
    else:
        mean, rows = matrix.copy(), fractions(matrix)
        for r, c in np.ndindex(*matrix.shape):
            if matrix[r, c] != matrix[c, r]:
                average = (rows[r][c] + rows[c][r]) / 2
                beyond = abs(average) > sys.float_info.max
                mean[r, c] = average if beyond else float(average)
    mean.flags.writeable = False
    return mean


def _extremes(matrix: np.ndarray) -> tuple[float, float]:
    """The least eigenvalue and the spectral norm of a symmetric matrix, computed in float64."""
    scaled, scale = _scaled(_nearest(matrix))
    eigenvalues = np.linalg.eigvalsh(scaled)
    return float(eigenvalues[0]) * scale, float(np.abs(eigenvalues).max()) * scale


def _eigenvalue_text(matrix: np.ndarray) -> str:
    lowest, norm = _extremes(matrix)
    if abs(lowest) <= forgiven(len(matrix)) * norm:
        return f"an eigenvalue ≤ 0 (about {lowest:.6g})" if lowest else "the eigenvalue 0"
    return f"the eigenvalue {lowest:.6g}"


def _scaled(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """A matrix divided by a power of two near its largest entry, so that nothing overflows."""
    largest = float(np.abs(matrix).max())
    scale = 2.0 ** min(math.frexp(largest)[1], 1023) if largest else 1.0
    return matrix / scale, scale


def _nearest(matrix: np.ndarray) -> np.ndarray:
    """Floats near the entries; what no float64 holds becomes the largest one."""
    if matrix.dtype == np.float64:
        return matrix
    try:
        return floats(matrix)
    except InputError:
        return np.array([[_as_float(x) for x in row] for row in matrix.tolist()])


def _as_float(value) -> float:
    try:
        return float(value)
    except OverflowError:
        largest = float(np.finfo(np.float64).max)
        return largest if value > 0 else -largest
