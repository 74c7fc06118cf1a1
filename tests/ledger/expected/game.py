"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-1": ("definition", None, []),
    "eq-2": ("refuted", "definition", ["bracket"]),
    "eq-2/kl": ("refuted", "proved", ["wording"]),
    "eq-2/information": ("refuted", "proved", ["overclaim"]),
    "def-II.1": ("definition", None, []),
    "eq-3": ("refuted", "definition", ["bracket"]),
    "eq-3/nash-value": ("refuted", "definition", ["overclaim"]),
}
