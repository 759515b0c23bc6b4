# make demo   install what is needed and grade the worked dispute
# make test   install what is needed and run every check
# make bench  the benchmarks, side by side in one run
#
# Needs CPython 3.11 to 3.13 with venv and headers, a C compiler (durable-rules is compiled) and make; what is missing is
# named in one line. PYTHON=... chooses an interpreter.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
CASE := cases/power-grid/photovoltaic-under-500kv.yaml

# the first interpreter that fits
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)

.PHONY: demo test check bench bench-batch schema clean

demo: $(VENV)/.runtime
	@$(BIN)/dingji grade $(CASE) --detail panel

test: check
	@$(BIN)/python -m pytest -n auto

check: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null | tail -n 1
	@$(BIN)/lint-imports >/dev/null || $(BIN)/lint-imports
	@$(BIN)/dingji kb check

bench: $(VENV)/.dev
	@$(BIN)/python benchmarks/one_case.py
	@$(BIN)/python benchmarks/explanations.py
	@$(BIN)/python benchmarks/resolve.py

bench-batch: $(VENV)/.dev
	@$(INSTALL) -e '.[bench]'
	@$(BIN)/python benchmarks/batch.py

schema: $(VENV)/.runtime
	@for kind in knowledge case dispute mapping result; do $(BIN)/dingji schema $$kind -o schema/$$kind.schema.json; done

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# CPython 3.13 dropped a name that durable-rules still uses; the flag gives it the new one.
INSTALL = CPPFLAGS="$$($(BIN)/python -c 'import sys; print("-DPyEval_CallObject=PyObject_CallObject" * (sys.version_info >= (3, 13)))') $$CPPFLAGS" \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.runtime: pyproject.toml | $(VENV)
	@echo "installing dingji into $(VENV) ..." >&2
	@$(INSTALL) -e .
	@$(BIN)/python -m compileall -q engine/dingji
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)
	@echo "installing dingji and its checks into $(VENV) ..." >&2
	@$(INSTALL) -e '.[dev]'
	@$(BIN)/python -m compileall -q engine/dingji
	@touch $@ $(VENV)/.runtime

$(VENV):
	@sh .ci/preflight "$(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
