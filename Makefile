# make demo   a newcomer's first enrolment, in a sandbox, with nothing at stake
# make test   every check that CI runs
# Both prepare what they need: a virtual environment in .venv and, for the tests, PowerDNS from the system's packages.

VENV := .venv
BIN := $(VENV)/bin
# Tools write no state outside the checkout: the demo's journal is not the operator's.
DEMO_STATE := $(CURDIR)/.demo

.PHONY: demo test lint contract tables bench-dns bench-bulk lock clean

demo: $(VENV)/run-ready
	@echo '$$ registrar-sync enroll example.com --provider sandbox --yes'
	@XDG_STATE_HOME=$(DEMO_STATE) $(BIN)/registrar-sync enroll example.com --provider sandbox --yes
	@echo; echo '$$ registrar-sync check example.com --provider sandbox'
	@XDG_STATE_HOME=$(DEMO_STATE) $(BIN)/registrar-sync check example.com --provider sandbox
	@echo; echo '$$ registrar-sync history example.com'
	@XDG_STATE_HOME=$(DEMO_STATE) $(BIN)/registrar-sync history example.com

# Most of a test's time is waiting for servers: more processes than cores.
IN_PARALLEL := -n 6 --dist loadgroup

test: lint
	@sh tests/install-servers.sh
	$(BIN)/pytest $(IN_PARALLEL)

contract: $(VENV)/test-ready
	@sh tests/install-servers.sh
	$(BIN)/pytest $(IN_PARALLEL) -p tests.contract.table tests/contract

# The provider table of README.md, from providers.yaml; a stale one fails a test.
tables: $(VENV)/test-ready
	$(BIN)/python -m tests.docs.provider_table

# Not part of CI: it takes about ten minutes, and a busy machine makes it miss its targets. PARTS="lag waiting" runs those only.
bench-dns: $(VENV)/run-ready
	$(BIN)/python -m benchmarks.dns $(PARTS)

# Not part of CI: it takes about an hour. PARTS="inmemory kills" runs those only.
bench-bulk: $(VENV)/test-ready
	@sh tests/install-servers.sh
	$(BIN)/python -m benchmarks.bulk $(PARTS)

lint: $(VENV)/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The lock files pin what the two commands install, for every Python from 3.11 on; run this after a change of pyproject.toml.
LOCK := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --no-header --no-emit-index-url
lock: $(VENV)/test-ready
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --output-file requirements-dev.lock --extra dev pyproject.toml

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

$(BIN)/python:
	@sh tests/make-venv.sh $(VENV)

$(VENV)/run-ready: $(BIN)/python requirements.lock pyproject.toml
	@echo 'installing registrar-sync into $(VENV) ...'
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/test-ready: $(VENV)/run-ready requirements-dev.lock
	@echo 'installing what the tests need into $(VENV) ...'
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.lock
	@touch $@
