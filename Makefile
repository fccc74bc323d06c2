# The Makefile only saves typing: `make help` lists what there is. cli/__init__.py says which module does which job,
# toolchain/__init__.py what `venv`, `engine` and `env` do.

STACK ?= dev
FORMAT ?= table
PYTHON ?= python3
OUTAGE_SECONDS ?= 300
RUN := .venv/bin/python
FAST := tests/unit tests/schema tests/policy simulators/kotauth/tests -m "not docker"
STARTED := $(or $(SINCE),$(shell date +%s))
CORES = $(shell $(PYTHON) -c 'import os; print(os.cpu_count())')
# conftest.py says which tests stay together, and puts the long ones first.
TOGETHER := --dist loadgroup --no-loadscope-reorder --since $(STARTED)

# pip compiles nothing of the AWS SDK at installation, so each Python would compile what it imports of it, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up preview policy-report down purge image env test outage check lint fmt controls settings pictures bench pins venv engine

help: ## list the targets
	@sed -n 's/\$$\$$/$$/; s/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo '  STACK=name picks the environment (default dev), YES=1 answers questions with yes'
	@echo '  VERBOSE=1 has preview show what each policy rule said'
	@echo '  OFFLINE=1 previews a stack on AWS without it; policy-report takes DEPLOYED=1, or FILE=export.json, in place of a preview'

up: engine ## bring the stack up: database, server, frontend
	@$(RUN) -m cli up --stack $(STACK)

preview: engine ## show what `make up` would change
	@$(RUN) -m cli preview --stack $(STACK)

policy-report: engine ## every rule's verdict alone: make -s policy-report FORMAT=table|json|sarif|junit [OUT=file]
	@$(RUN) -m cli policy-report --stack $(STACK) --format $(FORMAT) $(if $(OUT),--out '$(OUT)') \
		$(if $(DEPLOYED),--deployed) $(if $(FILE),--file '$(FILE)')

down: engine ## stop everything, keep key, passwords and data
	@$(RUN) -m cli down --stack $(STACK)

purge: engine ## remove everything for good, asks first
	@$(RUN) -m cli purge --stack $(STACK)

image: venv ## write the newest host image and the images' digests into the file of a stack on AWS
	@$(RUN) -m cli image --stack $(STACK)

env: ## print the environment for plain pulumi: eval "$$(make -s env)"
	@$(PYTHON) -m toolchain env

# Two processes more than cores: the tests on Docker and those of hosts wait most of the time.
test: lint engine ## everything: lint, types, and all tests
	$(RUN) -m pytest --durations=10 --budget test -n $(shell expr $(CORES) + 2) $(TOGETHER)

outage: venv ## stop the database of a rehearsed host for five minutes under load; OUTAGE_SECONDS=300
	OUTAGE_SECONDS=$(OUTAGE_SECONDS) $(RUN) -m pytest -q -s tests/host/test_watchdog.py -k outage

check: ## lint, types, and the tests that need no Docker, a minute and a half
	@$(MAKE) --no-print-directory -j2 SINCE=$(STARTED) lint fast

.PHONY: fast
fast: venv
	$(RUN) -m pytest -q --budget check -n $(CORES) $(TOGETHER) $(FAST)

lint: venv
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pyright

fmt: venv ## format the code
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

controls: venv ## write docs/controls.md, the page of all policy rules
	cd policy && ../$(RUN) -m kotauth_policy controls --out ../docs/controls.md

settings: venv ## write what Pulumi.yaml, docs/settings.md and docstrings tell about settings
	@$(RUN) -m cli.settings_reference

pictures: engine ## draw the stacks in docs/pictures.md from their resource graphs
	@$(RUN) -m cli.pictures

bench: engine ## measure what the policy pack costs, a few minutes; fails where a budget is broken
	@$(RUN) -m policy.bench

pins: venv ## resolve requirements*.in again
	PIP_USER=0 $(RUN) -m pip install --quiet uv
	cd components && ../$(RUN) -m uv pip compile $(PINS) requirements.in -o requirements.txt
	cd policy && ../$(RUN) -m uv pip compile $(PINS) requirements.in -o requirements.txt
	$(RUN) -m uv pip compile $(PINS) requirements-dev.in -o requirements-dev.txt

PINS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url

venv:
	@$(PYTHON) -m toolchain venv

engine: venv
	@$(PYTHON) -m toolchain setup
