"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-26": ("proved", None, []),
    "eq-27": ("refuted", "proved", ["missing term"]),
    "eq-28": ("proved", None, []),
    "eq-28/first-bound": ("proved", None, []),
    "eq-28/second-bound": ("proved", None, []),
    "eq-28/open-loop": ("refuted", "definition", ["index"]),
    "eq-28/bounded-gains": ("refuted", "proved", ["overclaim"]),
    "thm-IV.3/unrolled": ("refuted", "proved", ["factor"]),
    "eq-29": ("proved", None, []),
    "eq-30": ("proved", None, []),
    "eq-31": ("refuted", "proved", ["missing hypothesis"]),
    "thm-IV.3/two-values": ("refuted", "proved", ["accent", "index"]),
    "thm-IV.3/two-recursions": ("ill-typed", "proved", ["accent", "shape", "shape"]),
    "thm-IV.3/two-terminals": ("refuted", "proved", ["accent"]),
    "eq-32": ("refuted", "proved", ["accent"]),
    "eq-32/matrices": ("refuted", "proved", ["accent"]),
    "thm-IV.3/uniform": ("refuted", "proved", ["overclaim"]),
    "thm-IV.3/final-chain": (
        "refuted",
        "proved",
        ["sign", "accent", "missing term", "accent", "overclaim"],
    ),
}
