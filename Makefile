# `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run build dist test soak stale ledger check deny proof schema web client-test bench bench-growth bench-jobs bench-imports fmt clean

CARGO ?= cargo
# The debug binary. No dependency has features that the tests alone ask for, so that this, the tests and `make run` share what is compiled.
BUILD := $(CARGO) build --quiet
# It says of which commit it is; what differs from that it says, too.
RELEASE = LECTERN_COMMIT=$$(git describe --always --abbrev=40 --dirty --exclude='*') $(CARGO) build --release --locked
TESTS ?= $(CARGO) test --workspace
LINT ?= $(CARGO) clippy --workspace --all-targets --locked -- -D warnings
NPM := $(shell command -v npm 2>/dev/null)
WEB_SOURCES := web/index.html web/package-lock.json web/vite.config.ts web/tsconfig.json $(wildcard web/src/* web/shared/*)

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

run: web ## Build and serve on http://127.0.0.1:8000, with a PostgreSQL of its own and two demo schools
	$(CARGO) run

build: web ## Build the release binary target/release/lectern, with everything embedded
	$(RELEASE)
	@echo "built target/release/lectern"

dist: build ## Release archive in target/dist: binary, SBOM, licences, systemd unit, checksums
	packaging/dist

# Some tests wait for most of their time: one more at once than there are cores.
test: export RUST_TEST_THREADS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
test: web ## Run everything a change must pass, on a PostgreSQL of its own
	$(TESTS)
	@if [ -n "$(NPM)" ]; then $(MAKE) --no-print-directory web-test client-test; \
	else echo "npm is missing: the tests of GraphiQL are skipped"; fi

soak: export LECTERN_SOAK_SECONDS = $(or $(SECONDS),1800)
soak: ## Load with faults for half an hour (SECONDS=120 for less): ledger exact, p99 and memory flat
	$(CARGO) test --test it -- --ignored --nocapture faults::soak

stale: export LECTERN_STALE_TRIES = $(or $(TRIES),100000)
stale: ## What was written is read back 100,000 times, over a standby that is behind: a quarter of an hour (TRIES=1000 for less)
	$(CARGO) test --test it -- --nocapture faults::standbys::nothing_stale

ledger: export LECTERN_LEDGER_STEPS = $(or $(STEPS),10000)
ledger: ## Buy, pay, refund, exchange and cancel at random for 10,000 steps (STEPS=2000 for less): the books balance after each
	$(CARGO) test --test it -- --nocapture ledger::steps

.PHONY: operators-day
operators-day: tests/day/node_modules/.package-lock.json ## The operator's day by docs/operations alone: installed, lost, restored, failed over, upgraded, sharded; with a table
	@$(BUILD)
	tests/operators-day/play

check: ## Formatting, lints, dependencies, and whether schema.graphql is current
	$(CARGO) fmt --all --check
	tests/one-build
	$(LINT)
	@$(BUILD)
	@target/debug/lectern schema | diff -u schema.graphql - || { echo "schema.graphql is stale: run 'make schema' and read the diff"; exit 1; }
	@target/debug/lectern schema --platform | diff -u schema-platform.graphql - || { echo "schema-platform.graphql is stale: run 'make schema' and read the diff"; exit 1; }
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(MAKE) --no-print-directory deny; \
	elif git hash-object Cargo.lock deny.toml | cmp -s - .ci/dependencies-checked; then echo "the dependencies are as they were checked"; \
	else echo "cargo-deny is missing: the dependencies are not checked (cargo install cargo-deny --locked)"; fi

deny: ## Check licences, versions, sources and known holes of the dependencies, and note of which Cargo.lock
	$(CARGO) deny --log-level error check licenses bans sources
	@if $(CARGO) deny --log-level off fetch db 2>/dev/null; then $(CARGO) deny --log-level error check --disable-fetch advisories; \
	else echo "the database of advisories can't be reached: known holes of dependencies are not looked for"; fi
	@git hash-object Cargo.lock deny.toml > .ci/dependencies-checked

proof: ## Prove isolation: the walls by pgrls and Z3; audit, drift and smoke on a fresh demo
	tests/pgrls/run
	@$(BUILD)
	tests/with-service tests/proof.sh

schema: ## Write schema.graphql and schema-platform.graphql anew
	@$(BUILD)
	target/debug/lectern schema > schema.graphql.new && mv schema.graphql.new schema.graphql
	target/debug/lectern schema --platform > schema-platform.graphql.new && mv schema-platform.graphql.new schema-platform.graphql

fmt: ## Format the code
	$(CARGO) fmt --all

web: ## Build GraphiQL into web/dist, where npm is at hand
ifdef NPM
	@$(MAKE) --no-print-directory web/dist/index.html
else
	@echo "npm is missing: GraphiQL will be loaded from a CDN"
endif

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build

.PHONY: web-test
web-test: web/node_modules/.package-lock.json
	cd web && npm run check && npm test

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	cd tests/$* && npm ci --no-audit --no-fund
	@touch $@

client-test: web tests/conformance/node_modules/.package-lock.json tests/day/node_modules/.package-lock.json tests/calendar/node_modules/.package-lock.json tests/browser/node_modules/.package-lock.json ## Clients against the running demo
	@$(BUILD)
	tests/with-service node tests/conformance/http.js
	tests/with-service node tests/conformance/socket.js
	LECTERN_RATE_COST=0 tests/with-service node tests/conformance/judge.js
	LECTERN_RATE_COST=0 tests/with-service node tests/conformance/answers.js
	tests/with-service node tests/day/day.js
	tests/with-service node tests/calendar/calendar.js
	tests/with-service node tests/browser/graphiql.js

bench/node_modules/.package-lock.json: bench/package-lock.json
	cd bench && npm ci --no-audit --no-fund
	@touch $@

bench/peers/%/node_modules/.package-lock.json: bench/peers/%/package-lock.json
	cd bench/peers/$* && npm ci --no-audit --no-fund
	@touch $@

.PHONY: bench-tools
bench-tools: bench/node_modules/.package-lock.json bench/peers/postgraphile4/node_modules/.package-lock.json bench/peers/postgraphile5/node_modules/.package-lock.json
	$(CARGO) build --release --quiet
	$(CARGO) build --release --quiet --manifest-path bench/load/Cargo.toml --target-dir bench/load/target

bench: bench-tools ## Side by side with PostGraphile and hand-written SQL, half an hour (see bench/README.md)
	node bench/bench.js

bench-growth: bench-tools ## What an operation costs at 10, 100 and 300 schools
	node bench/bench.js --growth

bench-jobs: bench/node_modules/.package-lock.json ## What a claim costs at a million waiting jobs, and how fast small jobs are done
	$(CARGO) build --release --quiet
	node bench/jobs/jobs.js

bench-imports: bench/node_modules/.package-lock.json ## How long an import of 100,000 lines takes, and how much memory
	$(CARGO) build --release --quiet
	node bench/imports/imports.js

clean: ## Delete what was built (the data of `make run` stays in .lectern)
	$(CARGO) clean
	rm -rf web/dist web/node_modules tests/*/node_modules
