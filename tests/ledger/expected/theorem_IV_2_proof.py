"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-20": ("definition", None, []),
    "eq-20/equivalent": ("proved", None, []),
    "thm-IV.2/contractive": ("refuted", "proved", ["missing hypothesis"]),
    "thm-IV.2/inner-loop": ("refuted", "proved", ["missing hypothesis"]),
    "thm-IV.2/covariance": ("proved", None, []),
}
