"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "eq-19/map": ("proved", None, []),
    "eq-19": ("refuted", "proved", ["index"]),
    "eq-19/lyapunov": ("proved", None, []),
    "eq-19/terminal": ("proved", None, []),
    "eq-19/others": ("definition", None, []),
    "eq-19/inverses": ("proved", None, []),
    "eq-19/composite": ("proved", None, []),
    "eq-19/fixed-point": ("refuted", "proved", ["overclaim"]),
}
