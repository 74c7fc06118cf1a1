"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "sharp-unique-iff-regular": ("proved", None, []),
    "sharp-unique-iff-regular/stage": ("proved", None, []),
    "sharp-unique-iff-regular/unique": ("proved", None, []),
    "sharp-unique-iff-regular/determinant": ("proved", None, []),
    "sharp-unique-iff-regular/no-nash": ("proved", None, []),
    "sharp-unique-iff-regular/continuum": ("proved", None, []),
    "sharp-near-singular": ("proved", None, []),
    "sharp-scalar-state/determinant": ("proved", None, []),
    "sharp-scalar-state/in-symbols": ("proved", None, []),
    "sharp-scalar-state": ("proved", None, []),
    "sharp-proportional-costs": ("proved", None, []),
    "sharp-proportional-costs/example": ("proved", None, []),
}
