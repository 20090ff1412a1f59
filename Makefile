# The commands of this project; each sets up what it needs. README.md and CONTRIBUTING.md say what they do.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNNABLE := $(VENV)/.runnable
ARGS ?=

# Some images forbid it; the tests start hundreds of programs, each of which would compile the source anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo run test tests test-all check format docs translations pictures bench chaos simulate fuzz lock audit clean

setup: $(READY)

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(RUNNABLE) $@

# What the bot itself needs: a third of what its developers do. Nothing is built, so no builder is installed either.
define COMMAND
#!$(CURDIR)/$(BIN)/python
import sys

sys.path.insert(0, "$(CURDIR)")
from bot.cli.main import main

main()
endef
export COMMAND
$(RUNNABLE): requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	test -e $(BIN)/veo-bot || { echo "$$COMMAND" > $(BIN)/veo-bot && chmod +x $(BIN)/veo-bot; }
	touch $@

demo: $(READY)
	$(BIN)/python -m sandbox.demo $(ARGS)

run: $(RUNNABLE)
	$(BIN)/python -m bot run

# Tests share the cores; one by hand (`python -m pytest PATH -k WORD`) stays in one process. The checks are made
# meanwhile, since tests wait a part of their time.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist worksteal
test: $(READY)
	$(MAKE) --no-print-directory --jobs 2 check tests

tests: $(READY)
	$(PYTEST) $(ARGS)

# With all slow cases, and all tests of the database on both engines; GitHub runs it each night.
test-all: check
	FUZZ_SCALE=3 $(PYTEST) --thorough $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m tests.lint

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	$(BIN)/python docs/tables.py

translations: $(READY)
	$(BIN)/python docs/translations.py

pictures: $(READY)
	$(BIN)/python docs/pictures.py

bench: $(READY)
	$(BIN)/python benchmarks/answer.py
	$(BIN)/python benchmarks/steady.py
	$(BIN)/python benchmarks/pacing.py
	$(BIN)/python benchmarks/in_flight.py
	$(BIN)/python benchmarks/takeover.py
	$(BIN)/python benchmarks/fitting.py
	$(BIN)/python benchmarks/joining.py
	$(BIN)/python benchmarks/workers.py
	$(BIN)/python benchmarks/replay.py
	$(BIN)/python benchmarks/large_database.py

chaos: $(READY)
	$(BIN)/python -m tests.process.chaos $(ARGS)

simulate: $(READY)
	$(BIN)/python -m tests.simulation $(ARGS)

# The same tests that `make test` plays shortly, with FUZZ_SCALE times as many cases, other ones each time.
fuzz: export FUZZ_SCALE ?= 75
fuzz: $(READY)
	$(BIN)/python -m pytest tests/fuzz --quiet --timeout 1800 $(ARGS)

# Writes the lock files anew: hashes of every file, no index address.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url pyproject.toml
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/$(LOCK) --output-file requirements.lock
	$(BIN)/$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

# Asks the advisory databases about every locked package; needs the network.
audit: $(READY)
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock --requirement requirements-dev.lock

clean:
	rm -rf $(VENV) data dist .pytest_cache .ruff_cache .hypothesis
