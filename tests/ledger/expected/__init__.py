"""What the project expects of every claim: one module for each of the ledger's."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

__all__ = ["EXPECTED", "MODULES"]

Verdicts = tuple[str, str | None, list[str]]

MODULES: dict[str, dict[str, Verdicts]] = {
    found.name: import_module(f"{__name__}.{found.name}").EXPECTED
    for found in iter_modules(__path__)
}
"""By the name of the module in ``ergs_verify.ledger.claims``."""

EXPECTED: dict[str, Verdicts] = {
    claim_id: verdicts for module in MODULES.values() for claim_id, verdicts in module.items()
}
"""id → verdict as printed, as corrected, and the findings' kinds."""
