"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "sharp-gibbs": ("proved", None, []),
    "sharp-gap-identity": ("proved", None, []),
    "sharp-cost-difference": ("proved", None, []),
    "sharp-gap-bound": ("proved", None, []),
    "sharp-gap-coefficient": ("proved", None, []),
    "sharp-gap-linear-regime": ("proved", None, []),
    "sharp-gap-large-delta": ("proved", None, []),
}
