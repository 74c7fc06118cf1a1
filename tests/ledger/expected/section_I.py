"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "abstract/linear-gaussian": ("refuted", "proved", ["missing hypothesis", "missing hypothesis"]),
    "abstract/uniqueness": ("refuted", "proved", ["missing hypothesis"]),
    "abstract/linear-convergence": ("proved", None, []),
    "abstract/augmentation": ("proved", None, []),
    "introduction/adequate-noise": ("proved", None, []),
    "introduction/exclusively": ("refuted", "proved", ["missing hypothesis", "missing hypothesis"]),
    "introduction/gaussian-noise": ("refuted", "proved", ["overclaim"]),
    "contributions/linear-gaussian": (
        "refuted",
        "proved",
        ["missing hypothesis", "missing hypothesis"],
    ),
    "contributions/uniqueness": ("refuted", "proved", ["overclaim", "missing hypothesis"]),
    "contributions/convergence": ("proved", None, []),
    "contributions/augmentation": ("proved", None, []),
    "conclusion/linear-gaussian": (
        "refuted",
        "proved",
        ["missing hypothesis", "missing hypothesis"],
    ),
    "conclusion/uniqueness": ("refuted", "proved", ["missing hypothesis"]),
    "conclusion/linear-rate": ("proved", None, []),
    "conclusion/augmentation": ("proved", None, []),
}
