"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-10": ("proved", None, []),
    "eq-11": ("refuted", "proved", ["factor", "factor"]),
    "lemma-III.2/inverse": ("proved", None, []),
    "lemma-III.2/gaussian-form": ("refuted", "proved", ["factor", "factor"]),
    "lemma-III.2/multiplier": ("proved", None, []),
    "lemma-III.2/minimiser": ("refuted", "proved", ["factor"]),
}
