# `make` lists the targets. It needs Python 3.11+ and make; a target that needs packages installs them into
# .venv first, checked against the hashes in requirements/.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
UV := $(or $(shell command -v uv),$(BIN)/uv)
UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements/dev.txt)
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

BENCHMARKS := $(addprefix bench-, signup throughput cpu encryption publish pickup open-loop weights far-future spread \
	backlog recovery restart idle inspector dashboard weight http grpc)

IS_NEW_ENOUGH := PYTHON -c 'import sys; sys.exit(sys.version_info < (3, 11))'
NEED_PYTHON = $(IS_NEW_ENOUGH:PYTHON=$(PYTHON)) || { echo 'Python 3.11 or newer is needed: name one with PYTHON=...' >&2; exit 1; }

# What `make bench-http` compares us with, in an environment of its own.
PEER := .venv/peer

# What tests/clients needs: generators of clients and Schemathesis, in an environment of their own, and npm packages.
API_TOOLS := .venv/api-tools
TYPESCRIPT := tests/clients/typescript

STYLUA := @johnnymorganz/stylua-bin@2.5.2

# Trust the certificates that the machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help
.PHONY: coverage help run server grpc worker test test-all test-unit test-integration test-e2e test-faults test-fault-times test-long test-browser test-clients fuzz-api screenshots full faults soak check lua commits fmt hooks mails mail-preview openapi proto lock \
	migrate seed migration image-test bench bench-against $(BENCHMARKS) up down clean

# A line that starts with two number signs and an at sign starts a group of the list.
help: ## list the targets
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Run

run: $(INSTALLED) ## start everything on embedded services: no Docker, no configuration
	@exec $(BIN)/python -m cmd.dev

server: $(INSTALLED) ## start the HTTP API alone
	@exec $(BIN)/python -m cmd.server

grpc: $(INSTALLED) ## start the gRPC API alone
	@exec $(BIN)/python -m cmd.grpc

worker: $(INSTALLED) ## start the worker alone: WORKER_PROCESSES processes
	@exec $(BIN)/python -m cmd.worker

up: ## start everything in containers
	docker compose up --build --detach --wait

down: ## stop the containers; their data stays
	docker compose down

##@ Test

# Test processes, each with a Postgres and a Valkey of its own. Most tests wait for other processes.
JOBS ?= 4
PARALLEL := --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

test: $(INSTALLED) ## run the quick tests on embedded Postgres and Valkey, JOBS=4 files at a time
	$(BIN)/pytest --short $(PARALLEL)

test-all: ## run all tests except image-test
	$(MAKE) --jobs=1 --no-print-directory test test-long test-browser test-clients test-faults test-fault-times

test-long: $(INSTALLED) ## run the long tests, which the quick ones leave out
	$(BIN)/pytest --left-out $(PARALLEL)

# Without the tests that interrupt threads: in CPython 3.11, no traced thread goes on while an interrupt waits for
# a thread in a system call. And without those that run the same lines very often.
coverage: $(INSTALLED) ## report the branch coverage of internal by the tests without a worker
	$(BIN)/pytest --short $(PARALLEL) --cov --cov-report=term tests/unit tests/contracts tests/integration/database \
		tests/integration/http tests/integration/email --ignore=tests/unit/tools \
		$(addprefix --ignore=tests/integration/http/test_,hostile_values.py hostile_addresses.py log_in_timing.py)

test-unit: $(INSTALLED) ## run the tests without I/O
	$(BIN)/pytest tests/unit tests/architecture

test-integration: $(INSTALLED) ## run the tests on real Postgres and Valkey
	$(BIN)/pytest tests/contracts tests/integration

test-e2e: $(INSTALLED) ## run the tests on real processes, and the examples of the docs
	$(BIN)/pytest tests/e2e tests/docs

# Each file starts a server, a worker and a Chromium.
test-browser: $(INSTALLED) ## run the tests of the pages in Chromium; they skip if it is not installed
	$(BIN)/pytest --numprocesses 2 --dist loadfile tests/browser

test-clients: $(API_TOOLS)/installed $(API_TOOLS)/node_modules ## generate clients from the API document and live with them; run Schemathesis
	$(BIN)/pytest tests/clients

fuzz-api: $(API_TOOLS)/installed ## run Schemathesis for SECONDS=600 seconds; SEED=1 chooses the requests
	FUZZ_SECONDS=$(or $(SECONDS),600) FUZZ_SEED=$(SEED) $(BIN)/pytest -s tests/clients/test_schemathesis.py

test-faults: $(INSTALLED) ## run the faults that measure no times
	$(BIN)/pytest -m "not measured" $(PARALLEL) tests/faults

# Nothing may run beside them.
test-fault-times: $(INSTALLED) ## run the faults that measure times, one at a time, in a short round
	$(BIN)/pytest -m measured tests/faults

FAULT_ROWS := $(addprefix tests/faults/test_,$(addsuffix _rows.py,redis postgres worker mail server))

full: $(INSTALLED) ## run the long rounds of the engine's fault tests and of the random interleavings
	TEST_ROUND=long $(BIN)/pytest -s tests/faults $(addprefix --ignore=,$(FAULT_ROWS) tests/faults/test_soak.py)
	TEST_ROUND=long $(BIN)/pytest tests/integration/http/test_log_in_timing.py \
		$(addprefix tests/integration/taskqueue/,$(addsuffix .py,protocol/test_invariants worker/test_failures \
		worker/test_interrupts test_feature_pairs test_time_pairs))

faults: $(INSTALLED) ## measure every fault of docs/reliability.md, ROUNDS=20 times, into var/reliability.md
	TEST_ROUND=long TEST_ROUNDS=$(ROUNDS) TEST_REPORT=var/reliability.md $(BIN)/pytest $(FAULT_ROWS) \
		tests/faults/test_schedule.py tests/faults/test_clock.py tests/faults/test_signals.py -k test_f

soak: $(INSTALLED) ## sign up for MINUTES=30 minutes, with a random fault in each; SEED=1 chooses them
	SOAK_MINUTES=$(or $(MINUTES),30) SOAK_SEED=$(SEED) $(BIN)/pytest -s tests/faults/test_soak.py

image-test: $(INSTALLED) ## replay the Dockerfile and run the compose file's services, without Docker
	$(BIN)/pytest -m image tests/image

##@ Check

check: $(INSTALLED) lua commits ## format, lint, types, import contracts, dependencies, lock files, migrations, layout of emails, gRPC code, Lua, commit messages
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry cmd internal tests benchmarks tools
	! grep -nE '(https?|file)://|--(extra-)?index-url|--find-links' requirements/*.txt
	mkdir -p var && $(BIN)/alembic upgrade head --sql > var/migrations.sql
	$(BIN)/squawk var/migrations.sql
	$(BIN)/hadolint Dockerfile
	$(BIN)/docker-compose config --quiet
	$(BIN)/docker-compose --file docker-compose.yml config --quiet
	$(BIN)/python -m tools.mail_layout --check
	$(BIN)/python -m tools.grpc_code --check

# Neither tool is a Python package: where one cannot be installed, the check says so and passes.
lua: $(INSTALLED) $(BIN)/stylua ## lint the assembled Lua scripts (luacheck) and check their format (stylua)
	$(BIN)/python -m tools.lua_scripts

commits: $(INSTALLED) ## check the commit messages since BASE=origin/main
	$(BIN)/python -m tools.commit_messages --since '$(BASE)'

fmt: $(INSTALLED) $(BIN)/stylua ## format Python and Lua, and fix what the linter can fix
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/python -m tools.lua_scripts --fix

hooks: $(INSTALLED) ## install the git hooks: ruff, import contracts and message on commit; the rest on push
	$(BIN)/pre-commit install

##@ Emails

mails: $(INSTALLED) ## compile the layout of all emails: templates/layout.mjml to layout.html
	$(BIN)/python -m tools.mail_layout

mail-preview: $(INSTALLED) ## render every email into var/mail-preview/ and open the page that shows them
	$(BIN)/python -m tools.mail_preview

##@ Pages

screenshots: $(INSTALLED) ## draw every page into docs/screenshots/, wide and narrow, light and dark; needs Chromium
	$(BIN)/python -m tools.screenshots

##@ API documents

openapi: $(INSTALLED) ## accept the OpenAPI document as docs/openapi.json, and say which changes break clients
	$(BIN)/python -m tools.api_document

proto: $(INSTALLED) ## generate the code of the gRPC API from its .proto files, unless a change breaks clients
	$(BIN)/python -m tools.grpc_code

##@ Dependencies and database

lock: $(UV) ## update the lock files in requirements/ to the newest versions that pyproject.toml allows
	$(COMPILE) --upgrade --group runtime -o requirements/runtime.txt
	$(COMPILE) --upgrade --group operator --constraints requirements/runtime.txt -o requirements/operator.txt
	$(COMPILE) --upgrade --group dev --constraints requirements/runtime.txt --constraints requirements/operator.txt -o requirements/dev.txt
	$(COMPILE) --upgrade --group api-tools -o requirements/api-tools.txt
	$(COMPILE) --upgrade --group peer --constraints requirements/runtime.txt -o requirements/peer.txt

migrate: $(INSTALLED) ## bring the database to the newest schema
	$(BIN)/python -m cmd.admin db migrate

seed: $(INSTALLED) ## create demo users and print their passwords once; not in production
	$(BIN)/python -m cmd.admin user seed

migration: $(INSTALLED) ## write a migration from the tables: make migration name="add a column"
	@test -n "$(name)" || { echo 'usage: make migration name="what it does"' >&2; exit 2; }
	$(BIN)/python -m cmd.admin db revision "$(name)"
	$(BIN)/ruff format --quiet internal/infrastructure/database/migrations

##@ Benchmarks

bench: $(INSTALLED) ## run every benchmark, one after the other (30 minutes); one alone: make bench-NAME, see docs/benchmarks.md
	$(MAKE) --jobs=1 --keep-going --no-print-directory $(BENCHMARKS)

$(BENCHMARKS): bench-%: $(INSTALLED)
	$(BIN)/python -m benchmarks.$(subst -,_,$*)

bench-http: $(PEER)/installed

bench-against: $(INSTALLED) ## compare the cost of a task with another commit: make bench-against COMMIT=v0.1.0
	$(BIN)/python -m benchmarks.against $(or $(COMMIT),HEAD~1)

##@ Clean up

clean: ## remove everything installed or generated here, including the data of `make run`
	rm -rf "$$(readlink var/postgres/elsewhere || echo var)"
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): requirements/dev.txt $(UV)
	@$(IS_NEW_ENOUGH:PYTHON=$(BIN)/python) 2>/dev/null || { $(NEED_PYTHON); $(UV) venv --quiet --clear --python $(PYTHON) .venv; }
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@touch $@

$(API_TOOLS)/installed $(PEER)/installed: .venv/%/installed: requirements/%.txt | $(INSTALLED)
	$(UV) venv --quiet --clear --python $(BIN)/python $(@D)
	$(UV) pip sync --quiet --require-hashes --python $(@D)/bin/python $<
	@touch $@

# Without npm or its registry, the test that needs the packages says so and skips.
$(API_TOOLS)/node_modules: $(TYPESCRIPT)/package.json $(TYPESCRIPT)/package-lock.json | $(API_TOOLS)/installed
	@cp $^ $(API_TOOLS)
	@cd $(API_TOOLS) && npm ci --silent --no-audit --no-fund --fetch-retries=0 --fetch-timeout=20000 >/dev/null 2>&1 \
		&& touch node_modules || true

$(BIN)/stylua: | $(INSTALLED)
	@npm install --silent --no-audit --no-fund --fetch-retries=0 --fetch-timeout=20000 --global --prefix .venv $(STYLUA) \
		>/dev/null 2>&1 || true

$(BIN)/uv:
	@$(NEED_PYTHON)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip --quiet --disable-pip-version-check install uv$(if $(UV_VERSION),==$(UV_VERSION))
