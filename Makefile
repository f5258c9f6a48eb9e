# make setup|run|test|check is all there is to learn. Needs Python 3.11 or newer; everything else goes into .venv.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
UV := $(BIN)/uv pip
# One more than the cores of a small machine, as some tests wait. Each has to load the house and its database anew.
WORKERS ?= 3
# A company's own certificate authority stands in the system's store, where there is one.
CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem)
export UV_SYSTEM_CERTS ?= $(if $(CERTIFICATES),true,false)
ARGS ?=
TIMES ?= 1
# Part of the full measurement, which has a million trails: 0.01 takes a minute.
SCALE ?= 1
# Every start of a process reads compiled files, or compiles a thousand: they stand in .venv and beside the sources.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test bench faults check lock
.DEFAULT_GOAL := help

help:
	@echo 'make setup   install everything, tools included, into .venv'
	@echo 'make run     start Gatehouse here (PORT, HOST, DATABASE_URL, CELERY_BROKER_URL, REDIS_URL are honoured)'
	@echo 'make test    run the tests (ARGS="tests/config -x", WORKERS=3)'
	@echo 'make bench   measure what things cost, on a database of its own (SCALE=0.01; DATABASE_URL is honoured)'
	@echo 'make faults  kill processes, database and broker of a whole installation (TIMES=10)'
	@echo 'make check   style, types, module borders, templates, migrations, deployment settings, security'
	@echo 'make lock    write the lock files from pyproject.toml (UPGRADE=--upgrade takes newer versions)'

setup: .venv/.developing

run: .venv/.running
	@exec env GATEHOUSE_EMBEDDED=$${GATEHOUSE_EMBEDDED:-1} $(BIN)/python manage.py up

faults: .venv/.developing
	for time in $$(seq $(TIMES)); do GATEHOUSE_FAULTS=1 $(BIN)/python -m pytest tests/faults $(ARGS) || exit 1; done

test: .venv/.developing
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

bench: .venv/.developing
	$(BIN)/python -m bench --scale $(SCALE)

check: export SECRET_KEY = checked-not-used-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG
check: export DATABASE_URL = postgres://nobody@127.0.0.1:9/none
check: export DATABASE_POOL = 0
check: export ALLOWED_HOSTS = gatehouse.example
check: export GATEHOUSE_VAR = var/check
check: export GATEHOUSE_EMBEDDED = 0
check: export DEBUG = 0
check: .venv/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files -z -co --exclude-standard 'templates/*.html' | xargs -0 -r $(BIN)/djade --check --target-version 5.2
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/bandit --quiet --severity-level medium --configfile pyproject.toml --recursive .

LOCK := $(UV) compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links

lock: $(BIN)/uv
	$(LOCK) --extra embedded pyproject.toml -o requirements.lock
	$(LOCK) --extra embedded --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	grep -o '^uv==[^ ]*' requirements-uv.lock | $(LOCK) - -o requirements-uv.lock

# An environment that has the tools stays so: `make run` after `make test` installs nothing.
.venv/.running: requirements.lock requirements-dev.lock $(BIN)/uv
	$(UV) sync --quiet --compile-bytecode --python .venv --require-hashes $(if $(wildcard .venv/.developing),requirements-dev.lock,$<)
	@touch $@ $(wildcard .venv/.developing)

.venv/.developing: requirements-dev.lock $(BIN)/uv
	$(UV) sync --quiet --compile-bytecode --python .venv --require-hashes $<
	@touch $@ .venv/.running

$(BIN)/uv: requirements-uv.lock
	@test -n '$(PYTHON)' || { echo 'Gatehouse needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3' >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
