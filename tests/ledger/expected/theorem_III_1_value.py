"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-18": ("proved", None, []),
    "eq-18/negative": ("refuted", "proved", ["wording"]),
    "thm-III.1/substituted": ("refuted", "proved", ["bracket"]),
    "thm-III.1/gain-substituted": ("refuted", "proved", ["sign", "factor", "sign"]),
    "thm-III.1/value": ("ill-typed", "proved", ["bracket", "index", "index"]),
}
