# Everything a developer runs. `make` lists it; each target sets up what it needs in .venv by itself.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
BUILD := build
STAMP := $(VENV)/.installed
CONTROLPLANE := tests/controlplane/controlplane
TOOLS := tests/renderers/build
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The first Python that is new enough; PYTHON=... chooses another.
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell \
	$(python) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(python))))
# How many processes run the unit tests.
JOBS ?= auto
# More for pytest, such as ARGS='-k breakglass -x'.
ARGS ?=

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))


##### Set up

.PHONY: venv
venv: $(STAMP) ## Set up .venv from the lock files

$(STAMP): requirements/build.txt requirements/dev.txt pyproject.toml
	@test -n '$(PYTHON)' || { echo 'make: no Python 3.11 or newer on PATH; name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'make: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements/build.txt
	$(INSTALL) --require-hashes --no-build-isolation -r requirements/dev.txt || { \
		echo 'make: if a package could not be compiled, on Debian and Ubuntu: apt-get install gcc libc6-dev python3-dev' >&2; exit 1; }
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: hooks
hooks: $(STAMP) ## Check what is committed, at each commit (pre-commit)
	$(BIN)/pre-commit install

.PHONY: controlplane
controlplane: ## Build the etcd, kube-apiserver and kubectl of the tests (10 minutes, once)
	$(CONTROLPLANE) build

.PHONY: tools
tools: ## Build the kustomize and helm of the tests (6 minutes, once)
	$(TOOLS)


##### See it work

.PHONY: demo
demo: $(STAMP) ## Watch it refuse a change, in five scenes (DEMO_CLUSTER=1: with kubectl, on a real API server)
	@$(BIN)/python -m examples.demo

.PHONY: bench
bench: $(STAMP) ## Measure a decision against the floor (ARGS: see python -m benchmarks --help)
	@$(BIN)/python -m benchmarks $(ARGS)


##### Test

# The control plane builds while the unit tests run. Where it can't be built, the cluster tests say so themselves:
# they are skipped, and fail when CI is set.
.PHONY: test
test: $(STAMP) ## Run every test: unit and property, on a real API server, then the gate on coverage
	@$(MAKE) --no-print-directory --jobs=2 controlplane-meanwhile test-unit
	@$(MAKE) --no-print-directory test-e2e
	@$(MAKE) --no-print-directory test-coverage

.PHONY: controlplane-meanwhile
controlplane-meanwhile:
	@mkdir -p $(BUILD)
	@echo '$(CONTROLPLANE) build    (meanwhile; its log is $(BUILD)/controlplane.log)'
	@$(CONTROLPLANE) build >$(BUILD)/controlplane.log 2>&1 || { \
		echo 'make: the control plane was not built:'; tail -n 20 $(BUILD)/controlplane.log; } >&2

# Before the tests, and not by the first that asks, so that it can be seen. What can't be built is told, and then
# by the tests that need it.
.PHONY: tools-first
tools-first:
	@$(TOOLS) >/dev/null || true

.PHONY: test-unit
test-unit: $(STAMP) tools-first ## Run the unit and property tests (ARGS='-k name', JOBS=0: in one process)
	$(BIN)/pytest tests --ignore=tests/e2e --numprocesses=$(JOBS) --cov --cov-report= --junitxml=$(BUILD)/junit/unit.xml $(ARGS)

.PHONY: test-e2e
test-e2e: $(STAMP) tools-first ## Run the tests on a real etcd and kube-apiserver, with a real kubectl
	$(BIN)/pytest tests/e2e --junitxml=$(BUILD)/junit/e2e.xml $(ARGS)

.PHONY: test-coverage
test-coverage: $(STAMP) ## Fail unless the last unit tests took every branch of webhook/core
	$(BIN)/coverage report --include='webhook/core/*' --fail-under=100


##### Check

.PHONY: check
check: check-style check-types check-imports check-locks check-shell ## Check style, types, imports, lock files and shell scripts

.PHONY: check-style
check-style: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: check-types
check-types: $(STAMP)
	$(BIN)/mypy

.PHONY: check-imports
check-imports: $(STAMP)
	$(BIN)/lint-imports --no-logo

# A lock file holds versions and hashes; where they come from is the business of whoever installs.
.PHONY: check-locks
check-locks: $(STAMP)
	@! grep -nE '://|^-' requirements/*.txt || { echo 'make: a lock file names an index or has options: make lock' >&2; exit 1; }
	$(BIN)/python -m pip check --disable-pip-version-check

.PHONY: check-shell
check-shell:
	bash -n .ci/run
	@if command -v shellcheck >/dev/null; then (set -x; shellcheck .ci/run); else echo 'shellcheck is not installed: passed over'; fi

.PHONY: fix
fix: $(STAMP) ## Mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format


##### Keep up

COMPILE = CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --no-config --no-build-isolation --allow-unsafe \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options $(UPGRADE)

# Resolved with the oldest Python that is supported: its markers hold for the newer ones, not the other way around.
.PHONY: lock
lock: $(STAMP) ## Write the lock files anew (UPGRADE=--upgrade: with the newest versions)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "make lock: needs Python 3.11 in $(VENV)")'
	$(COMPILE) --output-file=requirements/runtime.txt pyproject.toml
	$(COMPILE) --output-file=requirements/build.txt requirements/build.in
	$(COMPILE) --output-file=requirements/dev.txt requirements/dev.in

.PHONY: clean
clean: ## Remove what was built and cached here (not the cached control plane and tools)
	rm -rf $(VENV) $(BUILD) dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
