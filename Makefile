# Every target sets up .venv itself on first use; nothing else has to be installed but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# JICENG_HOME holds what running makes; ./data unless you say otherwise.

.PHONY: help run serve test check format lock docs clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v[:2] < (3, 13) else f"Python 3.11 or 3.12 is needed, this is {v[0]}.{v[1]}; say: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(VENV)/.ready ## the main job on a simulated street: systems in, returned datasets out
	$(BIN)/jiceng run

serve: $(VENV)/.ready ## Dagster UI on http://127.0.0.1:3000, the simulated systems running behind it
	$(BIN)/jiceng serve

# Two processes, a core each, equally long: whole syncs (a month of them among them) with two of the rooms, and the rest.
WITH_SYNCS := jiceng_pipeline_tests/connectors/ jiceng_pipeline_tests/simulation/
test: $(VENV)/.ready ## all tests, on real stores
	@folder=$$(mktemp -d) && chmod 711 $$folder && echo "whole syncs: $$folder/syncs.log; the rooms:"; \
	$(BIN)/python -m pytest --basetemp=$$folder/syncs $(wildcard jiceng_pipeline_tests/test_*.py) $(WITH_SYNCS) >$$folder/syncs.log 2>&1 & syncs=$$!; \
	$(BIN)/python -m pytest --basetemp=$$folder/rooms $(filter-out %__pycache__/ $(WITH_SYNCS),$(wildcard jiceng_pipeline_tests/*/)); rooms=$$?; \
	wait $$syncs; syncs=$$?; echo "whole syncs:"; cat $$folder/syncs.log; \
	if [ $$rooms = 0 ] && [ $$syncs = 0 ]; then rm -rf $$folder; else exit 1; fi

check: $(VENV)/.ready ## formatting, lint, types, import order, Dagster definitions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	DAGSTER_DISABLE_TELEMETRY=yes $(BIN)/dagster definitions validate -w workspace.yaml --log-level warning

format: $(VENV)/.ready ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.ready ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra simulation --extra dev --python-version 3.11 \
	    --generate-hashes --no-strip-extras --custom-compile-command 'make lock' --quiet --output-file requirements.lock

docs: $(VENV)/.ready ## renew docs/catalogue.md from the contracts, elements, models and rules
	$(BIN)/jiceng catalogue --write docs/catalogue.md

clean: ## remove what running made (never data/reference)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find data -mindepth 1 -maxdepth 1 ! -name reference -exec rm -rf {} +
