.PHONY: help run build test clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

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

clean: ## remove what was built; workers and their models stay in .viva
	@rm -rf .build
