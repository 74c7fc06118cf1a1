"""Rigorous verdicts and enclosures: every yes, no and digit is a theorem."""

from __future__ import annotations

from ergs_verify.certify.check_result import Check
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.gap import certify_gap
from ergs_verify.certify.gap_result import AgentGap, CertifiedGap, StageGap
from ergs_verify.certify.state_gap import StateGap

__all__ = ["AgentGap", "CertifiedGap", "Check", "Enclosure", "StageGap", "StateGap", "certify_gap"]
