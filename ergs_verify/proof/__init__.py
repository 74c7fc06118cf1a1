"""Are two matrix expressions equal for every size and any number of agents?"""

from ergs_verify.proof.answer import Counterexample, Proof
from ergs_verify.proof.derivatives import derivative
from ergs_verify.proof.moments import gaussian_expectation
from ergs_verify.proof.prove import prove
from ergs_verify.proof.realize import Limits

__all__ = ["Counterexample", "Limits", "Proof", "derivative", "gaussian_expectation", "prove"]
