# Eight words: demo test chaos bench lint types docs check. Each installs what it needs into .venv, once.
.POSIX:
.PHONY: demo test chaos bench lint types docs check

PYTHON ?= python3
BIN = .venv/bin
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check

demo: .venv/.server
	@$(BIN)/python examples/demo.py

test: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

chaos: .venv/.dev
	$(BIN)/python -m tests.chaos.run $(CASES)

bench: .venv/.dev .venv-bench/.plain
	$(BIN)/python -m benchmarks --page docs/benchmarks.md $(BENCH)

lint: .venv/.dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: .venv/.dev
	$(BIN)/python -m mypy

docs: .venv/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

check: lint types test docs

.venv/.server: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'distilabel needs Python 3.11 or newer. If you have one: make PYTHON=python3.12 ...' >&2; exit 1; }
	@echo 'Making .venv and installing distilabel into it (once, about a minute) ...'
	@$(PYTHON) -m venv .venv
	@$(PIP) -e '.[server]'
	@touch $@

.venv/.dev: .venv/.server
	@echo 'Installing the tools for tests and docs into .venv (once, about a minute) ...'
	@$(PIP) -e '.[dev,docs]'
	@touch $@

# What is measured is measured as users have it, without the developers' tools: some libraries load what they find.
.venv-bench/.plain: pyproject.toml
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install -qq --disable-pip-version-check -e .
	@touch $@
