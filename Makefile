# Every target sets up what it needs: a virtual environment in .venv, and a broker for the tests.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(PATH):/usr/sbin:/usr/local/sbin

# `make quick` leaves out whole folders. `make test` begins with them, in this order: daemons that are
# given seconds first, so that torture, which takes every core, meets few of them.
LONG := $(addprefix tests/,processes disaster browser torture fuzz)
FOLDERS := $(patsubst %/,%,$(filter-out %/__pycache__/,$(wildcard tests/*/)))
SHORT := $(filter-out $(LONG) tests/ha tests/stories,$(FOLDERS)) $(wildcard tests/test_*.py)
# Those that look at every state take longest, and five times as long while coverage is measured:
# all others must reach every branch without them.
EVERYWHERE := tests/core/test_every_phase_every_event.py tests/core/test_invariants.py
PYTEST := $(BIN)/python -m pytest
SPREAD := -n 5 --dist loadfile --no-loadscope-reorder

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "One test:      $(PYTEST) tests/guard/test_shutoff.py -k name"

.PHONY: demo
demo: $(READY) ## the whole product on this machine, with a simulated stove
	@$(BIN)/gasguard demo

.PHONY: core
core: $(READY) ## the tests of the state machine, every branch covered (half a minute)
	$(PYTEST) tests/core $(EVERYWHERE:%=--ignore=%) -n 2 \
		--cov=gasguard.core --cov-branch --cov-report=term:skip-covered --cov-fail-under=100
	$(PYTEST) $(EVERYWHERE) -n 2

.PHONY: quick
quick: $(READY) mosquitto ## all tests but those in the folders of long ones (a minute)
	$(PYTEST) $(SHORT) -n 4 --dist worksteal

.PHONY: test
test: core mosquitto chromium ## the tests (minutes)
	$(PYTEST) $(LONG) $(filter-out tests/core,$(SHORT)) -m "not long" $(SPREAD)

.PHONY: long
long: $(READY) mosquitto ## the tests that take too long for each run (ten minutes)
	$(PYTEST) $(LONG) -m long $(SPREAD)

.PHONY: lint
lint: $(READY) ## ruff, mypy, who may import whom
	$(BIN)/ruff check gasguard tests
	$(BIN)/ruff format --check gasguard tests
	$(BIN)/mypy
	$(PYTEST) tests/test_layers.py

.PHONY: format
format: $(READY) ## ruff puts the source in order
	$(BIN)/ruff format gasguard tests
	$(BIN)/ruff check --fix gasguard tests

SEED ?= 1
SESSIONS ?= 150
.PHONY: torture
torture: $(READY) ## SEED=7 SESSIONS=3000: the guard through simulated disaster (ONLY=K: replay one)
	$(BIN)/python -m tests.torture --seed $(SEED) $(if $(ONLY),--only $(ONLY),--sessions $(SESSIONS) --jobs 2)

.PHONY: stories
stories: $(READY) ## every story that `gasguard demo --story` plays (two minutes)
	$(PYTEST) tests/stories -n 4

.PHONY: mutants
mutants: $(VENV)/.mutants ## changes the core in 3000 small ways: some test must notice each (half an hour)
	nice -n 15 $(PYTEST) tests/mutants/selftest.py
	nice -n 15 $(BIN)/python -m tests.mutants

.PHONY: soak
soak: $(READY) mosquitto ## 500 times kill -9
	GASGUARD_SOAK_KILLS=500 $(PYTEST) -o faulthandler_timeout=0 tests/processes/test_kill.py

HOURS ?= 24
.PHONY: soak-world
soak-world: $(READY) mosquitto ## SEED=7 HOURS=24: a kitchen's day of everything, on real processes (12 minutes)
	$(BIN)/python -m tests.soak --seed $(SEED) --hours $(HOURS)

.PHONY: test-ha
test-ha: $(READY) mosquitto ## gasguard in real Home Assistant cores (installs them once, minutes)
	$(BIN)/python -m tests.ha.cores
	$(PYTEST) tests/ha

.PHONY: test-debian
test-debian: ## demo and test on bare Debian 12 and 13 (root; SUITES=trixie, TARGET=quick; half an hour)
	@python3 -m tests.debian

.PHONY: deb
deb: $(VENV)/.deb debian-tools ## Debian's packages into build/ (root; SYSTEMS=trixie-armhf; 3 minutes, emulated ones 15)
	@$(BIN)/python -m tests.debian.package

.PHONY: test-deb
test-deb: $(VENV)/.deb debian-tools ## installs, sets up, upgrades and purges them on fresh systems (root; SYSTEMS=bookworm-amd64)
	@$(BIN)/python -m tests.debian.life

.PHONY: pictures
pictures: $(READY) chromium ## the pictures of the page in the notes, anew
	$(BIN)/python -m tests.browser.pictures

.PHONY: bench
bench: $(READY) mosquitto ## the benchmark: a table and bench-results.json
	$(BIN)/python -m tests.bench --out bench-results.json

.PHONY: clean
clean: ## removes the virtual environments and all that tools have left
	rm -rf $(VENV) .venv-ha-* build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(VENV)/.mutants: $(READY)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev,mutants]'
	@touch $@

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "gasguard needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || \
		{ $(PYTHON) -m pip install -q virtualenv && $(PYTHON) -m virtualenv -q $(VENV); } || \
		{ echo "no virtual environment: install python3-venv (apt install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

$(VENV)/.deb: $(READY)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev,deb]'
	@touch $@

.PHONY: debian-tools
debian-tools:
	@command -v debootstrap >/dev/null && command -v lintian >/dev/null && command -v systemd-nspawn >/dev/null || { \
		if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO="sudo -n"; fi; \
		echo "installing what makes and tries Debian's packages ..."; \
		{ $$SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -y -qq \
			--no-install-recommends debootstrap lintian systemd-container >/dev/null; } || \
		{ echo "packages need: sudo apt install debootstrap lintian systemd-container"; \
			exit 1; }; }

.PHONY: mosquitto
mosquitto:
	@command -v mosquitto >/dev/null && command -v mosquitto_pub >/dev/null && \
	command -v openssl >/dev/null && command -v ip >/dev/null && command -v groff >/dev/null || { \
		if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO="sudo -n"; fi; \
		echo "installing mosquitto for the tests ..."; \
		{ $$SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -y -qq \
			--no-install-recommends mosquitto mosquitto-clients openssl iproute2 groff-base >/dev/null; } || \
		{ echo "the tests need mosquitto and its clients: sudo apt install mosquitto mosquitto-clients openssl iproute2 groff-base"; \
			exit 1; }; }

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { \
		if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO="sudo -n"; fi; \
		echo "installing chromium for the tests of the page ..."; \
		{ $$SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -y -qq \
			--no-install-recommends chromium fonts-noto-cjk >/dev/null; } || \
		{ echo "the tests of the page need a browser: sudo apt install chromium fonts-noto-cjk"; exit 1; }; }
