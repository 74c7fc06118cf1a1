# Needs Python 3.11 or newer and make; everything else goes into .venv.
# Another interpreter: make PYTHON=/path/to/python verify

PYTHONS ?= $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
BIN := .venv/bin
# Written last, so that an interrupted installation is started again from nothing.
ENV := .venv/.complete
ANY_PIP := python -m pip install --quiet --disable-pip-version-check
PIP := $(ANY_PIP) -c constraints.txt
EXTRAS_dev := dev,docs,fast,compiled,notebooks
EXTRAS_docs := docs,fast
EXTRAS_lab := notebooks,fast
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

# The peers that `make bench` measures against live here, apart from the package's own environment.
BENCH := benchmarks/.venv
# And here, apart again, solvers that are only audited.
AUDITED := benchmarks/real_solvers/.venv

.PHONY: verify lab docs test lint attack faults coq notebooks dist bench solvers clean

verify: $(ENV)
	@$(BIN)/ergs-verify verify

# Opens the notebooks in a browser.
lab: .venv/.lab
	@$(BIN)/jupyter lab notebooks

# The documentation as a site below build/docs; a warning is an error.
docs: .venv/.docs
	$(BIN)/sphinx-build -q -E -W --keep-going -j auto docs build/docs
	@echo "build/docs/index.html"

# `make test` is all that a change has to pass.
test: lint
	$(BIN)/pytest -n auto --dist worksteal --doctest-modules --nbmake tests ergs_verify $(NOTEBOOKS)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

# Hostile games, files and solvers, for some minutes; writes docs/attack.md. The tests take a tenth.
attack: .venv/.dev
	@$(BIN)/python tests/attack

# Faults planted in the ledger's formulas, proofs and rules; writes docs/faults.md.
faults: .venv/.dev
	@$(BIN)/python tests/ledger

# The ledger's identities of matrices, stated in Coq and checked by its kernel, the short ones
# first; each has fifteen minutes. All take a quarter of an hour of processor time, and 3.4 GB.
# Needs Debian's coq and libcoq-mathcomp-algebra-tactics.
coq: .venv/.dev
	@$(BIN)/ergs-verify paper --certificates build/certificates >/dev/null
	@$(BIN)/python -m coq build/certificates

# The package as others get it: built, installed into an environment of its own without extras, and
# the README's examples run there.
dist: .venv/.dev
	rm -rf build/dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  -c constraints.txt -w build/dist .
	$(BIN)/python -m venv --clear build/dist/env
	build/dist/env/bin/$(PIP) build/dist/*.whl
	build/dist/env/bin/python tests/installed.py README.md

# Takes some ten minutes; writes benchmarks/results.
bench: $(BENCH)/.complete
	@$(BENCH)/bin/python -m benchmarks

# Audits published solvers; some minutes; writes benchmarks/real_solvers/table.md.
solvers: $(BENCH)/.complete $(AUDITED)/.complete
	@$(BENCH)/bin/python -m benchmarks.real_solvers

# Runs every notebook again and saves it with its new outputs.
notebooks: .venv/.dev
	$(BIN)/pytest --nbmake --overwrite $(NOTEBOOKS)
	@$(BIN)/python -c "$$STRIP" $(NOTEBOOKS)

# When a cell ran, and on which Python, would make every run a change.
define STRIP
import sys, nbformat
for path in sys.argv[1:]:
    notebook = nbformat.read(path, 4)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)
endef
export STRIP

clean:
	rm -rf .venv $(BENCH) $(AUDITED) build dist .pytest_cache .ruff_cache .hypothesis
	find ergs_verify tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(ENV): pyproject.toml constraints.txt
	@chosen=; \
	for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    chosen=$$python; break; \
	  fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  echo "No Python 3.11 or newer among: $(PYTHONS). Install one, or name it: make PYTHON=..." >&2; \
	  exit 1; \
	fi; \
	echo "Making .venv with $$($$chosen -V), once; this takes a minute or two." >&2; \
	if ! "$$chosen" -m venv --clear .venv >/dev/null; then \
	  echo "$$chosen cannot make a virtual environment: on Debian and Ubuntu install the package" \
	    "python$$($$chosen -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv," \
	    "or name another Python: make PYTHON=..." >&2; \
	  exit 1; \
	fi
	@$(BIN)/$(PIP) hatchling editables
	@$(BIN)/$(PIP) --no-build-isolation -e '.[fast]'
	@touch $@

# What only some targets need is installed when the first of them is made.
.venv/.%: $(ENV)
	@echo "Installing what make $(or $(MAKECMDGOALS),$*) needs, once; this takes a minute or two." >&2
	@$(BIN)/$(PIP) --no-build-isolation -e '.[$(EXTRAS_$*)]'
	@touch $@

# Installs the packages of a list; where that fails, those of them that can be.
# $(1): pip install, $(2): the list
define EACH
$(1) -r $(2) || { \
  sed 's/ *#.*//; /^$$/d' $(2) | while read -r package; do \
    $(1) -c $(2) "$$package" </dev/null || \
    echo "$$package cannot be installed here and is left out; make clean starts anew." >&2; \
  done; }
endef

$(BENCH)/.complete: benchmarks/requirements.txt pyproject.toml constraints.txt | $(ENV)
	@echo "Making $(BENCH) with the peers, once; this takes some minutes." >&2
	@$(BIN)/python -m venv --clear $(BENCH)
	@$(BENCH)/bin/$(PIP) hatchling editables
	@$(BENCH)/bin/$(PIP) --no-build-isolation -e '.[compiled]'
	@$(call EACH,$(BENCH)/bin/$(PIP),benchmarks/requirements.txt)
	@touch $@

$(AUDITED)/.complete: benchmarks/real_solvers/requirements.txt | $(ENV)
	@echo "Making $(AUDITED) with published solvers, once; this takes some minutes." >&2
	@$(BIN)/python -m venv --clear $(AUDITED)
	@$(call EACH,$(AUDITED)/bin/$(ANY_PIP),benchmarks/real_solvers/requirements.txt)
	@touch $@
