"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "lemma-IV.1": ("proved", None, []),
    "lemma-IV.1/two-policies": ("ill-typed", "definition", ["index"]),
    "lemma-IV.1/difference": ("refuted", "proved", ["index"]),
    "lemma-IV.1/gains": ("proved", None, []),
    "lemma-IV.1/bound": ("refuted", "proved", ["index", "index"]),
    "lemma-IV.1/one-agent": ("proved", None, []),
    "lemma-IV.1/last-line": ("refuted", "proved", ["index"]),
    "lemma-IV.1/threshold": ("refuted", "proved", ["index"]),
}
