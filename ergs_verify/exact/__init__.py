"""Exact numbers and matrices, judged and printed.

`numbers` reads entries and keeps them as given, `definite` judges symmetry and definiteness,
`decimals` prints certified digits.
"""

from ergs_verify.exact.numbers import (
    MAX_DIGITS,
    UNIT,
    Number,
    as_list,
    counted,
    digits_of,
    floats,
    fractions,
    nearest_float,
    number,
    parse_number,
    quoted,
    read_matrix,
    read_vector,
    reduced_ratio,
    short,
    squared_norm,
    whole,
    written,
)

__all__ = [
    "MAX_DIGITS",
    "UNIT",
    "Number",
    "as_list",
    "counted",
    "digits_of",
    "floats",
    "fractions",
    "nearest_float",
    "number",
    "parse_number",
    "quoted",
    "read_matrix",
    "read_vector",
    "reduced_ratio",
    "short",
    "squared_norm",
    "whole",
    "written",
]
