"""What `make dist` runs in an environment that holds the built package alone: README FILE.

The files that belong into the wheel are there, schemas and templates among them, no extra is
installed, and the README's examples run.
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

readme = Path(sys.argv[1]).read_text(encoding="utf-8")
LANGUAGES = ("python", "jax", "octave", "julia", "cpp")
with tempfile.TemporaryDirectory() as folder:
    for extra in ("pytest", "hypothesis", "numba", "gmpy2", "jupyterlab", "sphinx"):
        assert importlib.util.find_spec(extra) is None, f"{extra} is installed"
    assert (files("ergs_verify") / "py.typed").is_file()
    for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL):
        subprocess.run([sys.executable, "-c", code], check=True, cwd=folder)
    command = Path(sys.executable).with_name("ergs-verify")
    for words in ("schema game", *(f"template {x}" for x in LANGUAGES)):
        done = subprocess.run([command, *words.split()], check=True, capture_output=True)
        assert len(done.stdout) > 500, words
    for line in re.findall(r"^\$ ergs-verify (.*)$", readme, re.MULTILINE):
        done = subprocess.run(
            [command, *line.split()], cwd=folder, capture_output=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr.decode()
print("The package runs as built.")
