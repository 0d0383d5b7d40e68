# Verbs for people; bare `make` prints them. What is done with data is a verb of the `booksales` command.

PYTHON ?= python3
SALES ?= 1000000
SERVE ?= 1
TESTS ?=
LANES ?= 2
SHARD ?=
RESUME ?=
DASHBOARD ?= http://127.0.0.1:8601
READER ?= admin
OUT ?= docs/images
BENCH ?= generate extract
RUNS ?= 3

BIN := .venv/bin
PEERS := .venv-bench
PIP := $(BIN)/python -m pip --disable-pip-version-check
SETUP := .venv/.setup
TOOLS := .venv/.tools
CHECKOV := .venv/checkov/bin/checkov
UV_COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate
# For the one Python and platform that Glue 6.0 and Lambda have.
UV_AWS := $(subst --universal --python-version 3.11,--python-platform x86_64-manylinux_2_28 --python-version 3.13,$(UV_COMPILE)) \
	--constraint requirements/dev.lock

.DEFAULT_GOAL := help
.PHONY: help setup demo bench test test-all lint type fmt config-check docs-check screenshots tf-check wheel lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP) ## install everything into .venv  (PYTHON=python3.12)

demo: $(SETUP) ## make a shop, run the pipeline, serve the dashboard  (SALES=1000000 SERVE=0)
	$(BIN)/booksales demo --sales $(SALES) $(if $(filter 0,$(SERVE)),--no-serve)

bench: $(SETUP) $(PEERS)/.setup ## measure us beside others  (BENCH=generate SALES=10000000 RUNS=3)
	for bench in $(BENCH); do $(BIN)/python -m bench $$bench --sales $(SALES) --runs $(RUNS) || exit 1; done

test: $(TOOLS) ## run the tests, in two processes  (TESTS=tests/booksales LANES=1)
	$(BIN)/pytest -m "not slow" -n $(LANES) $(TESTS)

test-all: $(TOOLS) ## run the tests, the slow ones too, or a part of them  (SHARD=2/6 RESUME=1)
	$(BIN)/pytest $(if $(SHARD),--shard $(SHARD)) $(if $(RESUME),--resume) $(TESTS)

lint: $(TOOLS) ## look for faults and for code that is not formatted
	$(BIN)/ruff check
	$(BIN)/ruff format --check

type: $(TOOLS) ## check the types
	$(BIN)/mypy

fmt: $(TOOLS) ## format the code and mend what can be mended
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

config-check: $(TOOLS) ## load every configuration file for every environment
	$(BIN)/pytest tests/jobs_config

docs-check: $(TOOLS) ## hold the documentation against the code
	$(BIN)/pytest tests/docs

screenshots: $(TOOLS) ## take pictures of every page of a running dashboard  (DASHBOARD=http://… READER=ana OUT=pictures)
	$(BIN)/python docs/screenshots.py --dashboard-url $(DASHBOARD) --username $(READER) --out $(OUT)

tf-check: $(TOOLS) $(CHECKOV) ## hold Terraform's files against AWS's rules and ours; needs terraform and its providers
	$(BIN)/pytest tests/terraform

wheel: $(SETUP) ## build the wheel for EMR and Glue into dist/
	@rm -rf build
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(TOOLS) ## take the newest versions allowed and lock them, Python's and Java's
	$(UV_COMPILE) requirements/build.in --output-file requirements/build.lock
	$(UV_COMPILE) requirements/checkov.in --output-file requirements/checkov.lock
	$(UV_COMPILE) setup.py --extra demo --extra aws --extra redis --extra dev --output-file requirements/dev.lock
	$(UV_COMPILE) setup.py --extra demo --constraint requirements/dev.lock --output-file requirements/demo.lock
	$(UV_AWS) setup.py --extra columnar --extra aws --extra shop --output-file requirements/jobs.lock
	$(UV_AWS) setup.py --output-file requirements/steps.lock
	$(UV_AWS) setup.py --extra api --extra duckdb --extra aws --extra redis --output-file requirements/api.lock
	$(UV_AWS) setup.py --extra app --extra client --output-file requirements/dashboard.lock
	$(UV_COMPILE) requirements/bench.in --output-file requirements/bench.lock
	$(BIN)/python -m booksales.local_stack.lock_jars

clean: ## remove what was built and cached; keeps .venv and the state folder
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache spark-warehouse metastore_db derby.log
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

# Stamps: work is done again only after a lock file, or what setup.py ships, has changed.
$(SETUP): requirements/build.lock requirements/demo.lock setup.py | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/build.lock
	$(PIP) install --no-build-isolation --require-hashes -r requirements/demo.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(TOOLS): requirements/dev.lock $(SETUP)
	$(PIP) install --no-build-isolation --require-hashes -r requirements/dev.lock
	@touch $@

# In an environment of its own: 300 MB, and older versions of what others need.
$(CHECKOV): requirements/checkov.lock | $(BIN)/python
	$(BIN)/python -m venv .venv/checkov
	.venv/checkov/bin/python -m pip --disable-pip-version-check install --require-hashes -r requirements/checkov.lock
	@touch $@

# Peers of the benchmarks stand apart: nothing of theirs is on the product's path.
$(PEERS)/.setup: requirements/bench.lock | $(BIN)/python
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/pip install --disable-pip-version-check --require-hashes -r requirements/bench.lock
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "no $(PYTHON) on this machine; name a Python 3.11 to 3.13: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); Python 3.11 to 3.13 is needed: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
