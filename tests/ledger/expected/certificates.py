"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "sharp-loewner": ("proved", None, []),
    "sharp-perturbation": ("proved", None, []),
}
