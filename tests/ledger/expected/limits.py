"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "sharp-limits/large-tau": ("proved", None, []),
    "sharp-limits/small-tau": ("proved", None, []),
    "sharp-limits/singular-at-zero": ("proved", None, []),
}
