"""id → verdict as printed, as corrected, and the findings' kinds."""

EXPECTED = {
    "stationary-cost": ("proved", None, []),
    "stationary-gap-identity": ("proved", None, []),
    "stationary-dissipation": ("proved", None, []),
}
