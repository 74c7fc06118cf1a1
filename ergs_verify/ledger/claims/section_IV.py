"""What Section IV announces, before it proves it."""

from __future__ import annotations

from ergs_verify.ledger import hypotheses
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.section_I import EPSILON_NASH
from ergs_verify.ledger.claims.theorem_IV_2 import LINEAR_RATE

CLAIMS = (
    Claim(
        id="thm-IV.2/announced",
        title="Algorithm 1 converges linearly to the NE",
        where="Section IV, opening",
        quote="under the assumption on the regularization parameter …, we prove linear convergence"
        " of the proposed algorithm to the NE of the game",
        statement=LINEAR_RATE,
        stated=(hypotheses.ASSUMPTION_III_3,),
    ),
    Claim(
        id="thm-IV.3/announced",
        title="Regularization injected into the cost gives an ε-NE",
        where="Section IV, opening",
        quote="in the case that this assumption is not satisfied, we can still compute an … -NE of"
        " the game by artificially injecting regularization in the cost",
        statement=EPSILON_NASH,
    ),
)
