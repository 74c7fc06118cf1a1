"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "thm-IV.3": ("refuted", "proved", ["wording", "missing hypothesis"]),
    "eq-22": ("refuted", "proved", ["missing hypothesis"]),
}
