"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "alg-1": ("proved", None, []),
    "alg-1/init": ("refuted", "proved", ["overclaim"]),
    "alg-1/line-4": ("refuted", "proved", ["index"]),
    "alg-1/index-set": ("refuted", "proved", ["index"]),
    "alg-1/metric": ("refuted", "proved", ["bracket"]),
}
