"""The paper, claim by claim, each with the function that decides it."""

from ergs_verify.ledger.verify import Ledger, claims, verify_paper

__all__ = ["Ledger", "claims", "verify_paper"]
