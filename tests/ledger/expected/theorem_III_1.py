"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "thm-III.1": ("refuted", "proved", ["missing hypothesis", "missing hypothesis"]),
    "thm-III.1/quadratic-value": ("refuted", "proved", ["missing hypothesis"] * 2),
    "thm-III.1/terminal": ("proved", None, []),
    "thm-III.1/psd": ("proved", None, []),
    "thm-III.1/existence": ("refuted", "proved", ["missing hypothesis"]),
    "thm-III.1/exclusively": ("refuted", "proved", ["missing hypothesis", "missing hypothesis"]),
    "thm-III.1/any-solution": ("refuted", "proved", ["missing hypothesis"]),
    "eq-4": ("proved", None, []),
    "eq-4/others": ("definition", None, []),
    "eq-5": ("proved", None, []),
    "eq-6": ("proved", None, []),
    "thm-III.1/reduction": ("refuted", "proved", ["missing hypothesis"]),
    "thm-III.1/multiple": ("proved", None, []),
    "thm-III.1/policy-class": ("proved", None, []),
}
