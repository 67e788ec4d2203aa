# SPDX-License-Identifier: Apache-2.0
#
# The front door. CMakePresets.json has the builds behind it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test test-crashes test-ha chaos soak test-packages packages simulate build up down bench bench-docs bench-trace fuzz docs fmt lint clean

JOBS ?= $(shell nproc)
DATA ?= .errand
FUZZ_SECONDS ?= 60
C_FILES = $(shell git ls-files '*.c' '*.h')

help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Install what is needed and build everything (build/release/bin)
	@scripts/setup.sh build
	@scripts/build.sh release $(JOBS)

packages: ## Debian packages, in build/package/packages
	@scripts/setup.sh packages
	@scripts/build.sh package $(JOBS)
	@scripts/packages.sh

demo: ## Set up, build, start the stack, run a container and follow its log
	@scripts/setup.sh demo
	@scripts/build.sh release $(JOBS)
	@scripts/demo.sh "$(DATA)"

up: build ## Start the local stack
	@build/release/bin/errand up --data "$(DATA)"

down: ## Stop what `make demo` or `make up` started
	@scripts/down.sh "$(DATA)"

test: ## Set up, build with sanitizers and run every test
	@scripts/setup.sh test
	@scripts/build.sh asan $(JOBS)
	@scripts/test.sh asan

.PHONY: tsan
tsan: ## The tests of what has threads, the API above all, with ThreadSanitizer
	@scripts/setup.sh test
	@scripts/build.sh tsan $(JOBS)
	@scripts/test.sh tsan --label-regex '^(unit|store|http|sdk)$$'

test-crashes: ## Logs of LINES lines (a million) while everything on their way is killed; ROUNDS=1
	@scripts/setup.sh test
	@scripts/build.sh asan $(JOBS)
	@scripts/crashes.sh asan $(or $(LINES),1000000) $(or $(ROUNDS),1)

test-packages: packages ## Machines with systemd, cloud-init, compose: install, upgrade, purge, cluster
	@tests/deploy/packages.sh
	@tests/deploy/compose.sh

chaos: ## Break everything under load: SECONDS=300 a seed, SEED=1, ROUNDS=1 of them
	@scripts/setup.sh test
	@scripts/build.sh asan $(JOBS)
	@scripts/chaos.sh asan $(or $(SECONDS),300) $(or $(SEED),1) $(or $(ROUNDS),1)

soak: ## A steady load for SECONDS=3600; nothing may grow
	@scripts/setup.sh test
	@scripts/build.sh release $(JOBS)
	@scripts/soak.sh release $(or $(SECONDS),3600)

test-ha: ## High availability, upgrades and backups, TIMES (10) times with RUNS (60) runs
	@scripts/setup.sh test
	@scripts/build.sh asan $(JOBS)
	@ERRAND_HA_RUNS=$(or $(RUNS),60) ERRAND_HA_SECONDS=30 scripts/test_ha.sh asan $(or $(TIMES),10)

simulate: ## The scheduler with RUNS (1000000) runs on HYPERVISORS (10000) that fail; SEED=1
	@scripts/setup.sh test
	@scripts/build.sh simulate $(JOBS) test_sim_world
	@SIM_RUNS=$(or $(RUNS),1000000) SIM_HYPERVISORS=$(or $(HYPERVISORS),10000) SIM_SEED=$(or $(SEED),1) \
	    scripts/simulate.sh simulate

bench: ## Measure beside peers on this machine; BENCH="NAME ..." for some of tests/bench/*.sh
	@scripts/setup.sh bench
	@scripts/build.sh release $(JOBS)
	@scripts/bench.sh $(BENCH)

bench-docs: ## Put what `make bench` measured last into docs/performance.md and its chart
	@node tests/bench/docs.mjs build/bench/bench.json docs/performance.md docs

bench-trace: ## Where the time of one run goes, hop by hop, and what it costs
	@$(MAKE) --no-print-directory bench BENCH=trace

fuzz: ## Run the fuzzers with clang; FUZZ_SECONDS=60 each, FUZZ="NAME ..." for some
	@scripts/setup.sh lint
	@scripts/build.sh fuzz $(JOBS) fuzzers
	@scripts/fuzz.sh $(FUZZ_SECONDS) $(FUZZ)

.PHONY: fuzz-coverage
fuzz-coverage: ## What the fuzzers' seeds reach in each parser (build/fuzz-coverage/html)
	@scripts/setup.sh lint
	@scripts/build.sh fuzz-coverage $(JOBS) fuzz_replays
	@scripts/fuzz_coverage.sh

docs: ## The C library's reference as HTML and manual pages (build/docs)
	@scripts/setup.sh docs
	@scripts/docs.sh

fmt: ## Format the C files
	@scripts/setup.sh lint
	@clang-format-14 -i $(C_FILES)

lint: ## Check format, layers, scripts and run clang-tidy
	@scripts/setup.sh lint
	@scripts/build.sh dev $(JOBS)
	@ctest --test-dir build/dev --label-regex lint --output-on-failure
	@shellcheck scripts/*.sh .ci/run
	@clang-tidy-14 --quiet -p build/dev $(filter %.c,$(filter-out tests/%,$(C_FILES)))

clean: ## Remove what was built; the stack's data stays
	@rm -rf build
