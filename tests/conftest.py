"""Settings of the whole test run, made before numpy and matplotlib are imported."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"
# The tests run in parallel; threads of the linear algebra library would only fight for the cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No deadlines: an example's first run imports SymPy, and the machine may be busy.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

#: A program of its own, for `make dist`.
collect_ignore = ["installed.py"]
