# Every target sets up what it needs: a virtual environment in .venv, and a broker for the tests.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(PATH):/usr/sbin:/usr/local/sbin

.PHONY: demo test test-ha quick soak mutants torture lint format bench clean help

help:
	@echo "make demo    the whole product on this machine, with a simulated stove"
	@echo "make test    set up everything and run all tests"
	@echo "make test-ha gasguard in real Home Assistant cores (installs them once, minutes)"
	@echo "make quick   the tests without the slow ones"
	@echo "make soak    500 kill -9 cycles"
	@echo "make mutants changes the core in 2400 small ways: some test must notice each"
	@echo "make torture SEED=7 SESSIONS=3000   the guard through simulated disaster (ONLY=K: replay one)"
	@echo "make lint    ruff, mypy, import rules"
	@echo "make bench   the benchmark: a table and bench-results.json"

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "gasguard needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || \
		{ $(PYTHON) -m pip install -q virtualenv && $(PYTHON) -m virtualenv -q $(VENV); } || \
		{ echo "no virtual environment: install python3-venv (apt install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(READY)
	@$(BIN)/gasguard demo

test: $(READY) mosquitto
	$(BIN)/python -m pytest tests/core \
		--cov=gasguard.core --cov-branch --cov-report=term:skip-covered --cov-fail-under=100
	$(BIN)/python -m pytest --ignore=tests/core --ignore=tests/ha -n 4 --dist loadfile

test-ha: $(READY) mosquitto
	$(BIN)/python -m tests.ha.cores
	$(BIN)/python -m pytest tests/ha

quick: $(READY) mosquitto
	$(BIN)/python -m pytest --ignore=tests/ha -m "not slow" -n 4 --dist loadfile

soak: $(READY) mosquitto
	GASGUARD_SOAK_KILLS=500 $(BIN)/python -m pytest tests/processes/test_kill.py

$(VENV)/.mutants: $(READY)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev,mutants]'
	@touch $@

mutants: $(VENV)/.mutants
	nice -n 15 $(BIN)/python -m pytest tests/mutants/selftest.py
	nice -n 15 $(BIN)/python -m tests.mutants

SEED ?= 1
SESSIONS ?= 150
torture: $(READY)
	$(BIN)/python -m tests.torture --seed $(SEED) $(if $(ONLY),--only $(ONLY),--sessions $(SESSIONS) --jobs 2)

lint: $(READY)
	$(BIN)/ruff check gasguard tests
	$(BIN)/ruff format --check gasguard tests
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py

format: $(READY)
	$(BIN)/ruff format gasguard tests
	$(BIN)/ruff check --fix gasguard tests

bench: $(READY) mosquitto
	$(BIN)/python -m tests.bench --out bench-results.json

.PHONY: mosquitto
mosquitto:
	@command -v mosquitto >/dev/null && command -v mosquitto_pub >/dev/null && \
	command -v openssl >/dev/null || { \
		if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO="sudo -n"; fi; \
		echo "installing mosquitto for the tests ..."; \
		{ $$SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -y -qq \
			--no-install-recommends mosquitto mosquitto-clients openssl >/dev/null; } || \
		{ echo "the tests need mosquitto and its clients: sudo apt install mosquitto mosquitto-clients openssl"; \
			exit 1; }; }

clean:
	rm -rf $(VENV) .venv-ha-* build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
