# Eleven words: demo test test-all chaos clients conformance bench lint types docs check. Each installs what it needs into .venv, once.
.POSIX:
.PHONY: demo test test-all chaos clients conformance bench lint types docs check

PYTHON ?= python3
WORKERS ?= 2
BIN = .venv/bin
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

demo: .venv/.server
	@$(BIN)/python examples/demo.py

test: .venv/.dev
	$(PYTEST) -m 'not slow'

test-all: .venv/.dev
	$(PYTEST)

chaos: .venv/.dev
	$(BIN)/python -m tests.chaos.run $(CASES)

clients: .venv/.dev
	$(BIN)/python -m tests.clients.run $(CLIENTS)

# Other people's servers, from PyPI and npm, each in an environment of its own below build/. OGX needs a Python 3.12.
conformance: .venv/.dev
	$(BIN)/python -m tests.conformance $(SERVERS)

bench: .venv/.dev .venv-bench/.plain
	$(BIN)/python -m benchmarks --page docs/benchmarks.md $(BENCH)

lint: .venv/.dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/codespell
	@if [ -x $(BIN)/uv ]; then echo $(BIN)/uv lock --check; $(BIN)/uv lock --check --quiet; fi

types: .venv/.dev
	$(BIN)/python -m mypy
	$(BIN)/python -m mypy --config-file tests/typing/mypy.ini
	$(BIN)/basedpyright

docs: .venv/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

check: lint types test-all docs

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'distilabel needs Python 3.11 or newer. If you have one: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.server: .venv/.made pyproject.toml
	@echo 'Installing distilabel into .venv (once, about a minute) ...'
	@$(PIP) -e '.[server]'
	@touch $@

# The exact versions of uv.lock. uv itself comes from pip. Where uv has no wheel, pip picks the versions.
.venv/.dev: .venv/.made pyproject.toml uv.lock
	@echo 'Installing distilabel and the tools for tests and docs into .venv (once, about a minute) ...'
	@if $(PIP) --only-binary uv uv; then \
	  UV_PYTHON_DOWNLOADS=never $(BIN)/uv sync --quiet --frozen --inexact --python $(BIN)/python --extra dev --extra docs; \
	else \
	  echo 'uv cannot be installed here: pip installs the newest versions in place of those of uv.lock.' >&2; \
	  $(PIP) -e '.[dev,docs]'; \
	fi
	@touch $@ .venv/.server

# What is measured is measured as users have it, without the developers' tools: some libraries load what they find.
.venv-bench/.plain: pyproject.toml
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install -qq --disable-pip-version-check -e .
	@touch $@
