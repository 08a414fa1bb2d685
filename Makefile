# Short names for what is run by hand; CI runs .ci/run.
PYTHON ?= .venv/bin/python

.PHONY: test lint counts bench

test:
	$(PYTHON) -m pytest

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

# Take what the eight scenarios cost today as what they are to cost.
counts:
	$(PYTHON) -m benchmarks.counts --write

# Measure mdtodo beside other programs, and write docs/benchmarks.md.
bench:
	$(PYTHON) -m benchmarks.bench
