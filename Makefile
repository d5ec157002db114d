# make            shows this list
# make test ARGS='-k money'    hands the test runner further words
#
# The first run builds .venv by itself; it needs make and Python 3.11 or newer, nothing else.
# .venv/.run and .venv/.dev are stamps: what an exchange needs, what its developers need too.

VENV := .venv
BIN  := $(VENV)/bin
PINS := pyproject.toml setup.cfg constraints.txt
ARGS ?=

# Another one: make run PYTHON3=/opt/python3.12/bin/python3
PYTHON3 ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$python; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help setup run full test check fix docs picture bench soak spark pins assets
.NOTPARALLEL:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.dev assets ## build .venv with everything for development

run: $(VENV)/.run assets ## start the exchange: database, sample story, pages and API on port 8000
	@exec $(BIN)/databourse run $(ARGS)

full: $(VENV)/.run ## load the demonstration at full size into var/full.db, and verify its volume
	@export DATABASE_URL=sqlite:///var/full.db; \
	$(BIN)/databourse demo load $(ARGS) && $(BIN)/databourse volume verify \
	&& $(BIN)/databourse volume digest A

test: $(VENV)/.dev assets ## run all tests but the soak; say aloud what this machine had to leave out
	$(BIN)/python -m pytest -q -m 'not soak and not spark' -n auto --maxprocesses 4 --dist worksteal $(ARGS)

check: $(VENV)/.dev ## format, lint, types, imports, dependencies, drawn pages: changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg
	$(BIN)/deptry .
	$(BIN)/python -m docs.draw --check

fix: $(VENV)/.dev ## put right what a machine can put right, and redraw docs/
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m docs.draw

docs: $(VENV)/.dev ## redraw what is drawn from code: states, errors, events, settings, API
	$(BIN)/python -m docs.draw

picture: $(VENV)/.dev ## take README's picture anew, of the exchange that `make run` has started
	$(BIN)/python -m docs.picture $(ARGS)

bench: $(VENV)/.dev ## measure, side by side with what it is compared to
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(VENV)/.dev assets ## run the tests that run long on purpose, an hour or two; each says what it did
	$(BIN)/python -m pytest -m soak --durations=0 --durations-min=1 $(ARGS)

spark: $(VENV)/.dev ## read a share by PySpark, for which the extra `spark` and a Java must be installed
	$(BIN)/python -m pytest -m spark $(ARGS)

pins: $(VENV)/.dev ## renew constraints.txt to the newest versions that pyproject.toml allows
	@$(UV_ENVIRONMENT) printf 'setuptools\nuv\nnodejs-wheel\n' | $(BIN)/uv pip compile --quiet \
		--upgrade --universal --all-extras --no-header --no-annotate \
		--output-file constraints.txt pyproject.toml -

assets: | $(BIN)/python ## fetch the front-end packages, as pinned in assets/
	@NODE_USE_SYSTEM_CA=1 $(BIN)/python assets/fetch.py

$(VENV)/.run: $(PINS) | $(BIN)/python
	@echo 'Installing what the exchange needs …'
	@$(call INSTALL,.)
	@touch $@

$(VENV)/.dev: $(PINS) | $(BIN)/python
	@echo 'Installing what its developers need …'
	@$(call INSTALL,.[dev])
	@touch $@ $(VENV)/.run

$(BIN)/python:
	@test -n '$(PYTHON3)' || { echo 'Python 3.11 or newer is needed; found here:' \
		"$$(python3 --version 2>&1 || true)." \
		'If it has another name: make run PYTHON3=/path/to/python3' >&2; exit 1; }
	@$(PYTHON3) -m venv $(VENV) || { rm -rf $(VENV); echo 'Python could not make $(VENV).' \
		'On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }

# uv is pip's faster twin, but reads none of pip's configuration. So that both ask the index
# and trust the certificates that this machine is set up for, uv is told at run time what pip
# knows. A variable of uv's own, where set, has the last word.
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV_ENVIRONMENT = known="$$($(PIP) config list 2>/dev/null || true)"; \
	pip_knows() { printf '%s\n' "$$known" \
		| sed -nE "s/^(:env:|global|install)\.$$1='(.*)'$$/\2/p" | head -n 1; }; \
	index="$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-$$(pip_knows index-url)}}"; \
	cert="$${SSL_CERT_FILE:-$$(pip_knows cert)}"; \
	host="$${UV_INSECURE_HOST:-$$(pip_knows trusted-host)}"; \
	test -z "$$index" || export UV_DEFAULT_INDEX="$$index"; \
	test -z "$$cert" || export SSL_CERT_FILE="$$cert"; \
	test -z "$$host" || export UV_INSECURE_HOST="$$host"; \
	export UV_SYSTEM_CERTS="$${UV_SYSTEM_CERTS:-true}";

# Install $(1) as constraints.txt says: by uv; by pip where uv cannot be had or cannot do it.
INSTALL = test -x $(BIN)/uv || $(PIP) install --quiet --constraint constraints.txt uv || true; \
	$(UV_ENVIRONMENT) \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraints constraints.txt \
		--build-constraints constraints.txt --editable '$(1)' \
	|| { echo 'uv could not; pip takes longer …'; \
		PIP_CONSTRAINT=constraints.txt $(PIP) install --quiet --editable '$(1)'; }
