"""What the certificates rest on is proved, and a false sign is not."""

from __future__ import annotations

import pytest
from ergs_verify.ledger.sharp_certificates import CLAIMS, perturbed_cost, perturbed_gains

from ergs_verify import verify_paper


def test_both_claims_are_proved():
    found = verify_paper([claim.id for claim in CLAIMS])
    assert found.summary == {"proved": 2}


@pytest.mark.parametrize("identity", [perturbed_gains, perturbed_cost])
def test_a_planted_sign_is_refuted(identity):
    assert identity().verdict == "proved"
    assert identity(sign=-1).verdict == "refuted"
