"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "assumption-III.3": ("definition", None, []),
    "assumption-III.3/exists": ("refuted", "proved", ["missing hypothesis"]),
    "lemma-III.4": ("refuted", "proved", ["missing hypothesis"]),
    "lemma-III.4/every-time": ("refuted", "proved", ["missing hypothesis"]),
    "lemma-III.4/gain-equation": ("proved", None, []),
    "lemma-III.4/block-system": ("proved", None, []),
    "lemma-III.4/blocks": ("refuted", "proved", ["wording"]),
    "lemma-III.4/diagonally-dominant": ("refuted", "proved", ["overclaim"]),
    "lemma-III.4/solution": ("proved", None, []),
    "lemma-III.4/determined": ("proved", None, []),
    "lemma-III.4/plain-game": ("proved", None, []),
    "lemma-III.4/sufficient": ("refuted", "proved", ["missing hypothesis"]),
}
