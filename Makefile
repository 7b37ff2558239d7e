# Plumbline. `make help` lists the verbs.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run setup build test unit slow browser loop lint types frontend-check chromium schema bench-train bench-server clean

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install
# More options for `manage.py up`, as in `make run ARGS="--port 9000"`.
ARGS ?=
PYTEST := $(BIN)/python -m pytest
PYTEST_WORKERS ?= 2
# A file's tests share what they train or start, so they go to one worker; the longest files come first.
SLOW_WORKERS ?= 1
BY_FILE := -n $(SLOW_WORKERS) --dist loadfile --no-loadscope-reorder

PAGES := frontend/dist/index.html
PAGE_SOURCES := $(shell find frontend/src frontend/public -type f 2>/dev/null) \
	$(wildcard frontend/index.html frontend/*.ts frontend/tsconfig.json)

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: setup ## Set everything up and start Plumbline with its demo campaign; Ctrl-C stops all of it
	@exec $(BIN)/python manage.py up --demo $(ARGS)

setup: ## Python packages and built pages, side by side
	@$(MAKE) --silent --jobs 2 $(VENV)/.runtime $(PAGES)

build: $(PAGES) ## Build the pages

test: ## Set up what the tests need (a browser too) and run every test and check
	@$(MAKE) --silent --jobs 2 $(VENV)/.dev $(PAGES)
	@$(MAKE) --silent chromium
	@$(MAKE) --silent lint
	@$(MAKE) --silent types
	@$(MAKE) --silent frontend-check
	@$(MAKE) --silent unit
	@$(MAKE) --silent slow

unit: $(VENV)/.dev ## The quick tests, under a minute
	$(PYTEST) -n $(PYTEST_WORKERS) -m "not slow and not browser and not loop"

slow: $(VENV)/.dev $(PAGES) ## The tests that train, drive a browser, or run the whole loop
	$(PYTEST) $(BY_FILE) -m "slow or browser or loop"

browser: $(VENV)/.dev $(PAGES) chromium ## Only the tests that drive a browser
	$(PYTEST) $(BY_FILE) -m browser

loop: $(VENV)/.dev ## Only the tests that run the whole loop
	$(PYTEST) $(BY_FILE) -m loop

lint: $(VENV)/.dev ## Style of the Python code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Types of the Python code
	$(BIN)/mypy annotate training tests manage.py

frontend-check: frontend/node_modules/.installed ## Types, style and tests of the pages
	cd frontend && npm run --silent check && npm run --silent test

schema: $(VENV)/.dev frontend/node_modules/.installed ## Write the API's description and the pages' types from it
	$(BIN)/python manage.py spectacular --format openapi-json --validate --file frontend/openapi.json
	cd frontend && npm run --silent types

bench-train: $(VENV)/.dev ## Training beside TRL, alternating; writes build/bench/train.json
	$(BIN)/python -m tests.bench.train

bench-server: $(VENV)/.dev ## 500 annotators on this machine's cores; writes build/bench/server.json
	$(BIN)/python -m tests.bench.server $(ARGS)

chromium: $(VENV)/.dev
	@command -v chromium chromium-browser google-chrome > /dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update --quiet=2 && apt-get install --yes --quiet=2 --no-install-recommends chromium && exit 0; \
	fi; \
	$(BIN)/python -m playwright install chromium

clean: ## Remove what was built and installed; data/ stays
	rm -rf $(VENV) frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Remade whenever the pinned requirements change.
$(VENV)/.runtime: requirements.txt
	@echo "Installing the Python packages ..."
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Plumbline needs Python 3.11 or later: set PYTHON=/path/to/python3.11.")'
	@[ -x $(BIN)/python ] || "$(PYTHON)" -m venv $(VENV)
	@# Without a GPU the CPU build of torch saves gigabytes; where its index is out of reach, the common one serves.
	@if [ "$$(uname -s)" = Linux ] && ! [ -e /dev/nvidia0 ] && ! $(BIN)/python -c 'import torch' 2> /dev/null; then \
		$(PIP) --retries 0 --timeout 10 --no-deps --index-url https://download.pytorch.org/whl/cpu \
			"$$(grep '^torch==' requirements.txt)" 2> /dev/null || true; \
	fi
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what the tests need ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json frontend/package.json
	@command -v npm > /dev/null || { echo "Plumbline's pages are built with Node 20: install it, then run this again." >&2; exit 1; }
	@echo "Installing the packages of the pages ..."
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGES): frontend/node_modules/.installed $(PAGE_SOURCES)
	@echo "Building the pages ..."
	@cd frontend && npm run --silent build > /dev/null
	@touch $@
