"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "general-lemma": ("proved", None, []),
    "general-theorem": ("proved", None, []),
    "general-policy-cost": ("proved", None, []),
    "general-gap-identity": ("proved", None, []),
    "general-gap-coefficient": ("proved", None, []),
    "general-instance": ("proved", None, []),
}
