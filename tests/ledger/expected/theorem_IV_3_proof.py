"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-31": ("refuted", "proved", ["missing hypothesis"]),
    "eq-31/exists": ("refuted", "proved", ["missing hypothesis"]),
    "thm-IV.3/two-values": ("refuted", "proved", ["accent", "index"]),
    "thm-IV.3/two-recursions": ("ill-typed", "proved", ["accent", "shape", "shape"]),
    "thm-IV.3/two-terminals": ("refuted", "proved", ["accent"]),
    "eq-32": ("refuted", "proved", ["accent"]),
    "eq-32/matrices": ("refuted", "proved", ["accent"]),
    "thm-IV.3/uniform": ("refuted", "proved", ["overclaim"]),
    "thm-IV.3/final-chain": (
        "refuted",
        "proved",
        ["sign", "index", "missing term", "accent", "overclaim"],
    ),
}
