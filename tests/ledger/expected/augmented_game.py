"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-21/tau": ("definition", None, []),
    "eq-21": ("definition", None, []),
    "eq-21/choice": ("proved", None, []),
    "eq-21/exists": ("refuted", "proved", ["missing hypothesis"]),
    "thm-IV.3/quadratic": ("proved", None, []),
    "eq-23": ("ill-typed", "proved", ["missing term", "shape"]),
    "eq-24": ("ill-typed", "proved", ["shape"]),
    "thm-IV.3/augmented-cost": ("refuted", "proved", ["accent", "missing term"]),
    "thm-IV.3/augmented-value": ("refuted", "proved", ["missing term"]),
    "thm-IV.3/augmented-riccati": ("refuted", "proved", ["accent"]),
    "eq-25": ("ill-typed", "proved", ["accent", "accent", "shape"]),
}
