"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "lemma-IV.1/achieves": ("proved", None, []),
    "thm-IV.2/large-L": ("proved", None, []),
    "thm-IV.2/linear-rate": ("proved", None, []),
    "thm-IV.2/condition": ("definition", None, []),
    "thm-IV.2/stronger": ("refuted", "proved", ["missing hypothesis"]),
    "thm-IV.2": ("refuted", "proved", ["overclaim", "missing hypothesis"]),
}
