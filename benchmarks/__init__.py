"""Ratios against peers, the plain recursion and the floor, side by side in one run."""

import os

# Before numpy is imported: games are small, and a second thread of BLAS only disturbs.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
