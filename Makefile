# make run: a gateway on http://127.0.0.1:8080     make test: lint and the whole suite     make help: the rest
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help run assets test test-plain fuzz lint format lock clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: $(VENV)/runtime assets/tried ## Set up and serve; arguments in ARGS, as in make run ARGS="--port 9090"
	@$(BIN)/python app.py serve $(ARGS)

assets: $(VENV)/runtime ## Fetch the files of GraphiQL and the REST documentation (needs npm)
	@$(BIN)/python app.py assets

test: lint ## Set up and test on SQLite and PostgreSQL
	$(BIN)/python -m pytest -q $(ARGS)

test-plain: $(VENV)/dev ## Test with queries executed field by field
	CHARGEYARD_PLANNER=false $(BIN)/python -m pytest -q $(ARGS)

fuzz: $(VENV)/dev ## Send random requests for five minutes to each API on each database
	FUZZ_SECONDS=300 $(BIN)/python -m pytest -q tests/test_fuzz.py $(ARGS)

lint: $(VENV)/dev ## Check style and types
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy .

format: $(VENV)/dev ## Format the code
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile $(LOCK_OPTIONS) --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile $(LOCK_OPTIONS) -c requirements-dev.lock pyproject.toml -o requirements.lock
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

clean: ## Remove what was set up; the data folder stays
	rm -rf $(VENV) assets tests/clients/node_modules bench/peers/node_modules

# tried once: everything but GraphiQL and the REST documentation works without these files
assets/tried: pages/assets.py | $(VENV)/runtime
	@$(BIN)/python app.py assets || echo "To try again: make assets"
	@mkdir -p $(@D) && touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Chargeyard needs Python 3.11 or later; name it with make PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements.lock | $(BIN)/python
	@echo "Installing the dependencies …"
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/runtime
	@echo "Installing the development tools …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
