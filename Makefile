# Shortcuts: `make help` lists the commands. cli/__init__.py names the module of each command, toolchain/__init__.py
# describes `venv`, `engine` and `env`.

STACK ?= dev
FORMAT ?= table
FROM ?= latest
# The option for a variable that is given, also with no value: what names nothing by mistake is refused.
given = $(if $(filter undefined,$(origin $(1))),,--$(2) '$($(1))')
KITS = $(call given,KIT,kit)
PYTHON ?= python3
OUTAGE_SECONDS ?= 300
LOG_OUTAGE_SECONDS ?= 600
RUN := .venv/bin/python
# `make check SKIPPED=` runs the tests marked as thorough, too.
SKIPPED ?= and not thorough
FAST = tests/unit tests/schema tests/policy simulators/kotauth/tests -m "not docker $(SKIPPED)" --hypothesis-profile quick
STARTED := $(or $(SINCE),$(shell date +%s))
CORES = $(shell $(PYTHON) -c 'import os; print(os.cpu_count())')
# conftest.py says which tests stay together, and puts the long ones first.
TOGETHER := --dist loadgroup --no-loadscope-reorder --since $(STARTED)

# pip compiles nothing of the AWS SDK at installation, so each Python would compile what it imports of it, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up preview offline policy-report down purge backup backups restore upgrade restore-drill backup-kit image env test outage log-outage check lint fmt controls settings schema pictures bench bench-frontends bench-growth pins venv engine

help: ## list the commands
	@sed -n 's/\$$\$$/$$/; s/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24
	@echo '  STACK=name selects the stack (default dev). YES=1 confirms the changes of up and down without a question'
	@echo '  VERBOSE=1 makes preview show the verdict of every policy rule'
	@echo '  OFFLINE=1 previews an AWS stack on a simulator, without an AWS account'
	@echo '  KIT=file,file makes backups, restore and restore-drill read the repository of a backup kit'
	@echo '  DEPLOYED=1 or FILE=export.json makes policy-report evaluate a deployed or an exported state, not a preview'

up: engine ## deploy the stack: database, server, frontend
	@$(RUN) -m cli up --stack $(STACK)
	@$(RUN) -m cli.backups status --stack '$(STACK)'

preview: engine ## show what `make up` would change, and the findings of the policy rules
	@$(RUN) -m cli preview --stack $(STACK)

offline: venv ## preview your own project in another folder, without an AWS account: make offline PROJECT=folder
	@$(RUN) -m cli.offline '$(PROJECT)' $(STACK)

policy-report: engine ## print only the verdict of every policy rule: make -s policy-report FORMAT=table|json|sarif|junit [OUT=file]
	@$(RUN) -m cli policy-report --stack $(STACK) --format $(FORMAT) $(if $(OUT),--out '$(OUT)') \
		$(if $(DEPLOYED),--deployed) $(if $(FILE),--file '$(FILE)')

down: engine ## stop the stack on Docker; keep its key, passwords and data
	@$(RUN) -m cli down --stack $(STACK)

purge: engine ## delete the stack, its key, passwords and data, after a confirmation
	@$(RUN) -m cli purge --stack $(STACK)

backup: engine ## make a backup of the database now, and wait until it is stored
	@$(RUN) -m cli.backups backup --stack '$(STACK)'

backups: engine ## list the backups, and what is wrong with them
	@$(RUN) -m cli.backups backups --stack '$(STACK)' $(KITS)

restore: engine ## restore a backup: make restore FROM=latest|ID
	@$(RUN) -m cli.backups restore --stack '$(STACK)' --from '$(FROM)' $(KITS)

upgrade: engine ## back up, then bring the stack to its settings: a newer Kotauth, another major version of PostgreSQL
	@$(RUN) -m cli.backups upgrade --stack '$(STACK)' $(call given,VOLUME,volume)

restore-drill: engine ## restore the newest backup beside the stack, start Kotauth on it, and remove both again
	@$(RUN) -m cli.backups restore-drill --stack '$(STACK)' --from '$(FROM)' $(KITS)

backup-kit: engine ## write what a restore needs when host and state are gone into two files: make backup-kit [OUT=folder]
	@$(RUN) -m cli.backups backup-kit --stack '$(STACK)' $(call given,OUT,out)

image: venv ## pin the newest host image and the digests of the container images in an AWS stack's file
	@$(RUN) -m cli image --stack $(STACK)

env: ## print the environment for the pulumi command: eval "$$(make -s env)"
	@$(PYTHON) -m toolchain env

# Two processes more than cores: the tests on Docker and those of hosts wait most of the time.
test: lint engine ## run lint, type checks and all tests
	$(RUN) -m pytest --durations=10 --budget test -n $(shell expr $(CORES) + 2) $(TOGETHER)

outage: venv ## test a database outage under load on a simulated host; OUTAGE_SECONDS=300
	OUTAGE_SECONDS=$(OUTAGE_SECONDS) $(RUN) -m pytest -q -s tests/host/test_watchdog.py -k outage

log-outage: venv ## test an outage of the endpoint for logs under load; LOG_OUTAGE_SECONDS=600
	LOG_OUTAGE_SECONDS=$(LOG_OUTAGE_SECONDS) $(RUN) -m pytest -q -s tests/e2e/test_logs.py -k outage

check: ## run lint, type checks and the quick tests without Docker, about 90 seconds; `make test` runs all tests
	@$(MAKE) --no-print-directory -j2 SINCE=$(STARTED) lint fast

.PHONY: fast
fast: venv
	$(RUN) -m pytest -q --budget check -n $(CORES) $(TOGETHER) $(FAST)

lint: venv ## check code, types, documents, spelling and shell scripts
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	.venv/bin/rumdl check --quiet .
	.venv/bin/typos
	.venv/bin/shellcheck $$(git ls-files '*.sh'; git grep -lE '^#!/(usr/bin/env |bin/)(ba)?sh$$' ':!*.sh' ':!*.py')
	$(RUN) -m pyright

fmt: venv ## format code and documents
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .
	.venv/bin/rumdl fmt --quiet .

controls: venv ## generate docs/controls.md, the reference of the policy rules
	cd policy && ../$(RUN) -m kotauth_policy controls --out ../docs/controls.md

settings: venv ## generate the descriptions of settings in Pulumi.yaml, docs/settings.md and docstrings
	@$(RUN) -m cli.settings_reference

schema: venv ## generate docs/schema.yaml and docs/reference.md, the interface of the components; names breaking changes
	@$(RUN) -m cli.schema

pictures: engine ## draw the stacks in docs/pictures.md from their resource graphs
	@$(RUN) -m cli.pictures

bench: engine ## measure the run time of the policy pack, some minutes; fails if it exceeds a budget
	@$(RUN) -m policy.bench

bench-frontends: engine ## measure each frontend against the same proxy configured by hand, ten minutes; fails if it exceeds a budget
	@$(RUN) -m tests.frontends.bench

bench-growth: engine ## measure previews of 1, 10 and 50 deployments in one program, ten minutes; fails if one exceeds a limit
	@$(RUN) -m cli.growth

pins: venv ## resolve requirements*.in into requirements*.txt again
	PIP_USER=0 $(RUN) -m pip install --quiet uv
	cd components && ../$(RUN) -m uv pip compile $(PINS) requirements.in -o requirements.txt
	cd policy && ../$(RUN) -m uv pip compile $(PINS) requirements.in -o requirements.txt
	$(RUN) -m uv pip compile $(PINS) requirements-dev.in -o requirements-dev.txt
	$(RUN) -m uv pip compile $(PINS) tests/frontends/scanner.in -o tests/frontends/scanner.txt

PINS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url

venv: ## set up the virtualenv .venv
	@$(PYTHON) -m toolchain venv

engine: venv ## set up the virtualenv and the Pulumi engine
	@$(PYTHON) -m toolchain setup $(if $(filter engine,$(MAKECMDGOALS)),,--quiet)
