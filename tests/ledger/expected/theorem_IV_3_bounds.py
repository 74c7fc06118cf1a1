"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-26": ("proved", None, []),
    "eq-27": ("refuted", "proved", ["missing term"]),
    "eq-28": ("proved", None, []),
    "eq-28/first-bound": ("proved", None, []),
    "eq-28/second-bound": ("proved", None, []),
    "eq-28/open-loop": ("refuted", "definition", ["index"]),
    "eq-28/bounded-gains": ("refuted", "proved", ["overclaim"]),
    "thm-IV.3/unrolled": ("refuted", "proved", ["factor", "missing hypothesis"]),
    "eq-29": ("proved", None, []),
    "eq-30": ("proved", None, []),
}
