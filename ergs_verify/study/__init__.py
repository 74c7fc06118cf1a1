"""Studies of one game that see both sides: the derived recursion and the engine."""

from __future__ import annotations

from ergs_verify.study.crosscheck import crosscheck
from ergs_verify.study.crosscheck_result import CrossCheck

__all__ = ["CrossCheck", "crosscheck"]
