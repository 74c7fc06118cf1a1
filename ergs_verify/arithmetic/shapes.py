"""Shape checks that every number system makes before it computes."""

from __future__ import annotations

from collections.abc import Sequence

from ergs_verify.errors import ShapeError

Shape = tuple[int, int]


def need_equal(left: Shape, right: Shape) -> None:
    if left != right:
        raise ShapeError(f"cannot add {_by(left)} and {_by(right)}")


def need_chain(left: Shape, right: Shape) -> None:
    if left[1] != right[0]:
        raise ShapeError(f"cannot multiply {_by(left)} and {_by(right)}")


def need_square(shape: Shape) -> int:
    """The size of a square matrix."""
    if shape[0] != shape[1]:
        raise ShapeError(f"a square matrix is needed, not {_by(shape)}")
    return shape[0]


def need_entries(rows: Sequence[Sequence], shape: Shape) -> None:
    if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
        lengths = sorted({len(row) for row in rows})
        raise ShapeError(f"{len(rows)} rows of length {lengths} do not make a {_by(shape)} matrix")


def need_blocks(shapes: Sequence[Sequence[Shape]]) -> None:
    """Blocks fit if they are equally tall along a row and equally wide down a column."""
    widths = [cols for _, cols in shapes[0]]
    for row in shapes:
        if [cols for _, cols in row] != widths or len({rows for rows, _ in row}) != 1:
            found = "; ".join(", ".join(map(_by, line)) for line in shapes)
            raise ShapeError(f"blocks of sizes {found} do not fit together")


def _by(shape: Shape) -> str:
    return f"{shape[0]}×{shape[1]}"
