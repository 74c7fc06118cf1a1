"""Are two matrix expressions equal for every size and any number of agents?

`prove` checks what it is given (`given`, `hypotheses`), brings it to plain matrices (`lowering`
with `blocks`, `kronecker` and `derivatives`) and reads it as typed nodes (`statement`, `nodes`,
`letters`, `scalars`). Three engines see these:

- realizations (`system`, `realize`, with `sums` and `linear`) decide; `certificate` writes what
  `ergs_verify.recheck` confirms;
- the prime field (`sampling`, `field`), to which expressions go as they stand, has to agree;
  `search` looks for counterexamples, `replay` evaluates them by other code;
- the free algebra (`words`, `algebra`, `shown`) multiplies out: residuals, numbers that commute,
  proofs to read (`steps`, `elimination`), moments, coefficients and expansions (`moments`,
  `reading`, `expansion`). `quadrature` checks moments.
"""

from ergs_verify.proof.answer import Counterexample, Proof
from ergs_verify.proof.derivatives import derivative
from ergs_verify.proof.moments import gaussian_expectation
from ergs_verify.proof.prove import prove
from ergs_verify.proof.realize import Limits

__all__ = ["Counterexample", "Limits", "Proof", "derivative", "gaussian_expectation", "prove"]
