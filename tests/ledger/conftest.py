"""What the ledger's tests share; that it is here makes its modules importable below."""

from __future__ import annotations

import afresh
import pytest


@pytest.fixture
def fresh():
    """What is computed once must not carry planted faults from one test to the next."""
    afresh.forget()
    yield
    afresh.forget()
