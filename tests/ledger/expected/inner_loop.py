"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "sharp-loop": ("proved", None, []),
    "sharp-loop/contraction": ("proved", None, []),
    "sharp-loop/not-needed": ("proved", None, []),
    "sharp-loop/g-star": ("proved", None, []),
    "sharp-loop/identical-interest": ("proved", None, []),
    "sharp-loop/singular": ("proved", None, []),
}
