"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-7": ("definition", None, []),
    "lemma-III.2": ("proved", None, []),
    "lemma-III.2/convex": ("proved", None, []),
    "eq-8": ("definition", None, []),
    "eq-8/equivalent": ("proved", None, []),
    "lemma-III.2/lagrangian": ("definition", None, []),
    "lemma-III.2/lagrangian-rewritten": ("proved", None, []),
    "lemma-III.2/integrand": ("definition", None, []),
    "eq-9": ("proved", None, []),
    "lemma-III.2/density": ("proved", None, []),
    "lemma-III.2/second-derivative": ("proved", None, []),
    "lemma-III.2/positive": ("proved", None, []),
}
