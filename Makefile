# `make app` sets up and starts the dashboard, `make test` sets up and runs every test, `make quick` the quick ones.
# Nothing is installed outside of .venv. Another Python: make app PYTHON=python3.12

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
PORT ?= 8501

.PHONY: app test quick check format clean

app: .venv/app.stamp
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/dev.stamp
	$(BIN)/python -m pytest

quick: .venv/dev.stamp
	$(BIN)/python -m pytest -m "not slow"

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found; name one with: make app PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/app.stamp: requirements.txt | .venv/bin/python
	@echo "Installing the requirements into .venv; the first time, this takes some minutes …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements.txt requirements-dev.txt | .venv/bin/python
	@echo "Installing the requirements into .venv; the first time, this takes some minutes …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/app.stamp

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
