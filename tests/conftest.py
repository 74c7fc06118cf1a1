"""Settings of the whole test run, made before numpy and matplotlib are imported."""

from __future__ import annotations

import os

import pytest
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


@pytest.fixture(scope="session", autouse=True)
def _schemas_describe_what_is_written():
    """Every object that a test has printed or written is all that its schema says, and no more."""
    from schemas import expect_described

    from ergs_verify.cli import output
    from ergs_verify.files import text

    def expecting(write):
        def written(document):
            if "$schema" not in document:
                expect_described(document)
            return write(document)

        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "show_json", expecting(output.show_json))
        patch.setattr(text, "render_json", expecting(text.render_json))
        yield
