# Two commands on a fresh machine with Python 3.11, git and make:
#   make run    data to report on the simulated market, offline
#   make test   lint, types, import contracts and the whole test suite

PYTHON   ?= python3.11
UV       := .venv/bin/uv
BIN      := .venv/bin
ENV      ?= base
PARAMS   ?=
BENCH    ?=
LOCK_ARGS := --no-header --no-annotate --no-emit-package alpha-kedro \
             --extra boost --extra cluster --extra db --extra deep --extra notebook \
             --extra optimize --extra regimes --extra tuning --extra viz

export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export KEDRO_DISABLE_TELEMETRY := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help run test test-core test-slow lint types contracts bench readme viz lab lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.ok: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(UV) || $(BIN)/pip install --quiet uv==0.13.8
	$(UV) pip install --quiet --python $(BIN)/python -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $@

.venv/.dev: .venv/.ok requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python -r requirements-dev.lock
	touch $@

.venv-peers/.ok: benchmarks/peers.txt | .venv/.ok
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	$(UV) pip install --quiet --python .venv-peers/bin/python -r benchmarks/peers.txt
	touch $@

run: .venv/.ok ## simulated market to report (ENV=..., PARAMS="key=value,...")
	$(BIN)/kedro run --pipeline=walk_forward --env=$(ENV) $(if $(PARAMS),--params "$(PARAMS)")

test: lint types contracts ## lint, types, import contracts and every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-core: .venv/.dev ## the fast tests alone, under two minutes
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not end_to_end"

test-slow: .venv/.dev ## the proofs at full size
	$(BIN)/python -m pytest -m slow --full-size
	$(BIN)/python -m pytest tests/faults --full-size

lint: .venv/.dev ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev ## mypy --strict on src
	$(BIN)/mypy

contracts: .venv/.dev ## who may import whom
	$(BIN)/lint-imports --no-cache

bench: .venv/.dev .venv-peers/.ok ## the project beside its peers, in seconds and memory (BENCH="...")
	$(BIN)/python -m benchmarks $(BENCH)

viz: .venv/.ok ## browse the DAG
	$(BIN)/kedro viz run

lab: .venv/.ok ## notebooks with the catalog loaded
	$(BIN)/kedro jupyter lab notebooks/01_tour.ipynb

lock: .venv/.ok ## resolve requirements*.lock afresh
	rm -f requirements.lock requirements-dev.lock
	$(UV) pip compile --quiet $(LOCK_ARGS) pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet $(LOCK_ARGS) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	sed -i 's/^\(torch==[0-9.]*\)+cpu$$/\1/' requirements.lock requirements-dev.lock

clean: ## remove the environment and everything a run wrote
	rm -rf .venv .venv-peers data/*/*
