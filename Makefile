# make run    sets up, builds and runs the demonstration
# make test   sets up, checks format and warnings, and runs every test
# make help   lists the rest

PREFIX ?= /usr/local
CONFIG ?= config/quantcell.yaml
SWIFT ?= swift
SOURCES = Package.swift Sources Tests strategies

# How many tests run at once. All thousand at once, which is the default, would be hundreds of processes on two cores.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 12

.PHONY: help setup setup-test setup-browser build run test test-browser test-api bench-api test-allocations chaos bench soak format lint install uninstall clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: ## install the C libraries that are missing (Debian, Ubuntu)
	@.ci/setup.sh

setup-test: setup
	@.ci/setup.sh test

build: setup ## build everything, optimised
	$(SWIFT) build -c release

run: build ## run the manager with CONFIG; Ctrl-C stops it
	@exec .build/release/quantcell-manager run --config $(CONFIG)

# WorkerRuntimeTests by themselves: they spawn with Foundation, whose Process reads beyond its list of open descriptors where there are more
# than about 1,300, as when all tests run at once.
test: setup-test lint ## check format and warnings, then run every test
	QUANTCELL_STRICT=1 $(SWIFT) build --build-tests
	@.ci/check.sh .build/debug
	cd Sources/quantcell-python && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=src python3 -m unittest discover -t . -s tests
	QUANTCELL_STRICT=1 $(SWIFT) test --skip-build --filter WorkerRuntimeTests
	QUANTCELL_STRICT=1 $(SWIFT) test --skip-build --skip WorkerRuntimeTests

setup-browser: setup-test
	@.ci/setup.sh browser

test-browser: setup-browser ## test the dashboard in Debian's Chromium; screenshots go to .build/screenshots
	QUANTCELL_STRICT=1 $(SWIFT) build
	.build/browser/bin/python -m pytest -q -p no:cacheprovider Tests/Browser

test-api: setup-test ## try every route of the OpenAPI document with schemathesis, which it installs
	$(SWIFT) build
	@Tests/API/openapi.sh .build/debug

bench-api: build ## measure HTTP with wrk, which it installs: GET /workers with 64 connections, and what a flood of it costs
	@.ci/setup.sh bench
	.build/release/quantcell-bench api

chaos: setup-test ## a thousand random misfortunes with the real programs; QUANTCELL_CHAOS_SEED chooses others
	QUANTCELL_STRICT=1 QUANTCELL_CHAOS_STEPS=1000 QUANTCELL_JOURNAL_KILLS=200 \
		QUANTCELL_LOSS_WORKER_KILLS=100 QUANTCELL_LOSS_MANAGER_KILLS=10 QUANTCELL_SLOW_TICKS=500000 \
		QUANTCELL_RELOAD_TRIES=50 QUANTCELL_GARBAGE_FRAMES=1000000 QUANTCELL_CONNECTIONS=10000 \
		$(SWIFT) test --filter \
		'EndToEndTests.ChaosTests|EndToEndTests.CrashPointTests|EndToEndTests.NothingIsLostTests|EndToEndTests.SlowWorkerTests|EndToEndTests.ReloadTests|EndToEndTests.AttackTests|EventJournalTests.CrashTests'

test-allocations: build ## count what a message allocates on its way: nothing
	.build/release/AllocationCheck

bench: build ## measure, every figure beside its floor in the same run
	.build/release/quantcell-bench all
	PYTHONPATH=Sources/quantcell-python/src python3 -m quantcell.bench

soak: build ## work a manager for MINUTES (10) and say whether anything grows
	.build/release/quantcell-bench soak --minutes $(or $(MINUTES),10)

format: ## rewrite all sources in the project's format
	swift-format format --in-place --recursive $(SOURCES)

lint: ## check the format
	swift-format lint --strict --recursive $(SOURCES)

install: build ## install below PREFIX (default /usr/local)
	@.ci/install.sh install "$(DESTDIR)$(PREFIX)"

uninstall: ## undo install
	@.ci/install.sh uninstall "$(DESTDIR)$(PREFIX)"

clean: ## remove everything that was built
	rm -rf .build
