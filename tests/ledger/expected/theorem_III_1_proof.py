"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-12": ("refuted", "definition", ["wording"]),
    "thm-III.1/bellman": ("refuted", "proved", ["wording", "wording", "missing hypothesis"]),
    "thm-III.1/push": ("definition", None, []),
    "thm-III.1/expectation": ("refuted", "proved", ["wording"]),
    "eq-13": ("refuted", "proved", ["wording", "random for mean"]),
    "eq-14": ("refuted", "proved", ["missing hypothesis"]),
    "eq-15": ("refuted", "proved", ["random for mean", "wording"]),
    "eq-16": ("proved", None, []),
    "eq-17": ("proved", None, []),
    "thm-III.1/satisfies": ("refuted", "proved", ["random for mean"]),
    "thm-III.1/sufficient": ("proved", None, []),
}
