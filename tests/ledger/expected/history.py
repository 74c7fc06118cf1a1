"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "sharp-history": ("proved", None, []),
    "sharp-contraction-excludes": ("proved", None, []),
}
