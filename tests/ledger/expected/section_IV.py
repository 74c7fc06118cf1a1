"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "thm-IV.2/announced": ("proved", None, []),
    "thm-IV.3/announced": ("proved", None, []),
}
