.PHONY: help run build test bench fuzz fuzz-live clean

MINUTES ?= 10

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

run: ## install what is missing, build, start Viva and its workers (Ctrl-C stops all)
	@scripts/run

build: ## a release build
	@scripts/setup-system
	@swift build -c release --product viva

test: ## install what is missing, lint, run every test
	@scripts/setup-system test
	@scripts/setup-workers
	@scripts/setup-tests
	@scripts/run-tests

bench: ## the media path's CPU and allocations beside their floor, in a release build
	@scripts/setup-system
	@swift run -c release viva-bench

fuzz: ## fuzz each parser of strangers' bytes for MINUTES (10): executions, coverage, findings
	@scripts/setup-system fuzz
	@scripts/fuzz --minutes $(MINUTES)

fuzz-live: ## attack a server of its own over its sockets for MINUTES (10), with SEED
	@scripts/setup-system
	@scripts/setup-tests
	@swift build --product viva && swift build --product viva-load
	@VIVA_BINARY=.build/debug/viva .viva/tests/venv/bin/python Fuzz/live --minutes $(MINUTES) --seed $(or $(SEED),1)

clean: ## remove what was built; workers and their models stay in .viva
	@rm -rf .build .build-fuzz
