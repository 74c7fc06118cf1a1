"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "assumption-III.3/model-dependent": ("refuted", "proved", ["overclaim"]),
    "sharp-coupling": ("proved", None, []),
    "sharp-coupling/one-agent": ("proved", None, []),
    "sharp-coupling/implied": ("proved", None, []),
    "sharp-coupling/not-conversely": ("proved", None, []),
    "sharp-apriori/falls": ("proved", None, []),
    "sharp-apriori": ("proved", None, []),
    "sharp-apriori/assumption": ("proved", None, []),
    "sharp-apriori/thresholds": ("proved", None, []),
}
