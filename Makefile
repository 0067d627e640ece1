# Everything runs in .venv, which is made from nothing but Python 3.11 or later and its venv module.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
unexport PYTHONDONTWRITEBYTECODE  # the tests start many processes: with kept bytecode each takes half the time
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test check bench million kill9 simulate mutants fuzz format lock clean

help: ## tell what can be made
	@sed -nE 's/^([a-z0-9]+):.*## /make \1:  /p' $(MAKEFILE_LIST)

demo: $(STAMP) ## live a whole day: switch, terminals, receipts, verified books
	@$(BIN)/puntual demo

test: $(STAMP) ## run the tests
	@$(BIN)/pytest -q -n auto

check: $(STAMP) ## hold style, types and layers
	@$(BIN)/ruff format --check --quiet . || { echo "make format mends this"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@told=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$told"; exit 1; }

bench: $(STAMP) ## measure the whole switch beside the straightforward design
	@$(BIN)/puntual bench authorize

million: $(STAMP) ## measure the books' tools after a million transactions; KEEP=DIR keeps them for the next time
	@$(BIN)/python -m benchmarks.million $(if $(KEEP),--keep "$(KEEP)")

kill9: $(STAMP) ## kill the switch under load N=50 times, and judge what the tills were told
	@$(BIN)/python -m tests.faults.kill9 --rounds $(or $(N),50)

simulate: $(STAMP) ## live through N=20000 worlds of seeds, and judge what their tills were told
	@$(BIN)/puntual simulate world --seeds 1-$(or $(N),20000)

mutants: $(STAMP) ## break the product in one place after the other, and see that a proof notices each time
	@$(BIN)/python -m tests.mutants

fuzz: $(STAMP) ## give the wire N=10000000 damaged messages; only its own errors may come back
	@$(BIN)/python -m tests.fuzz.messages --inputs $(or $(N),10000000)

.PHONY: backtest
backtest: $(STAMP) ## rate a year of real baskets by a candidate (needs the extra journey; five minutes)
	@$(BIN)/python -m benchmarks.backtest

.PHONY: limits
limits: $(STAMP) ## 200 tills at once against limits nearly used up, N=100 rounds; exact to the point
	@$(BIN)/python -m tests.faults.limits --rounds $(or $(N),100)

format: $(STAMP) ## give all files the one style
	@$(BIN)/ruff format --quiet .

lock: $(STAMP) ## renew requirements.lock from pyproject.toml
	@$(PIP) install -q uv
	@$(BIN)/uv pip compile -q --universal --upgrade --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --python-version 3.11 --group dev -o requirements.lock pyproject.toml

clean: ## forget what was made
	@rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed, as in: make PYTHON=python3.12"; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -qq --require-hashes -r requirements.lock
	@$(PIP) install -qq --no-deps --no-build-isolation -e .
	@touch $@
