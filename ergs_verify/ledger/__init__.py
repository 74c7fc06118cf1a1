"""The ledger of the paper's claims."""

from ergs_verify.ledger.claims import claims
from ergs_verify.ledger.verify import Ledger, verify_paper

__all__ = ["Ledger", "claims", "verify_paper"]
