# The verbs of this checkout. Each installs what it needs where that is missing, says so, and keeps it under .tools/.
#
# `make check` is exactly what the continuous integration runs.

SHELL := /bin/sh
# What tests/tools/cargo-tools installed comes after what the machine has.
export PATH := $(PATH):$(CURDIR)/.tools/venv/bin

KILLS ?= 50
PART ?= all
SEED ?=
EXECUTOR ?= process
SERVERS ?= 1
# Those of the images and of docker-compose.yml.
COMPOSED := test(/^compose::/)

.DEFAULT_GOAL := help
.PHONY: help demo test stories compose check bench torture conformance accuracy fmt clippy deny tools

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## a server with an organization, a workspace and a run in it, to look at (stays up until Ctrl-C)
	@tests/tools/compiler
	cargo run -q -p terrane -- demo

test: tools ## every test but those of the images: rules, stores on both databases, the stories with real terraform binaries, containers on an engine of their own
	cargo build -q --workspace --bins
	cargo nextest run --cargo-quiet --workspace --no-run
	tests/tools/docker run tests/tools/postgres run cargo nextest run --workspace -E 'not $(COMPOSED)'

stories: tools ## EXECUTOR=process|runner|docker SERVERS=1: the stories once more, with runs executed so and this many servers on Postgres
	cargo build -q --workspace --bins
	cargo nextest run --cargo-quiet --workspace --no-run
	TERRANE_TEST_EXECUTOR=$(EXECUTOR) TERRANE_TEST_SERVERS=$(SERVERS) tests/tools/docker run tests/tools/postgres run \
	  cargo nextest run --workspace -E 'package(terrane-tests) and not $(COMPOSED)'

compose: tools ## the images and docker-compose.yml, on an engine of the tests' own and bases made here (Debian's docker-compose, as root)
	cargo build -q --workspace --bins
	cargo nextest run --cargo-quiet --workspace --no-run
	tests/tools/compose prepare
	tests/tools/docker run tests/tools/compose run cargo nextest run --workspace -E '$(COMPOSED)'

check: fmt clippy deny test ## formatting, lints, licences and bans, every test, the short forms of conformance and torture
	@$(MAKE) --no-print-directory conformance CASES=short
	@$(MAKE) --no-print-directory torture KILLS=short

bench: tools ## every figure of speed and size beside the raw limits of this machine
	cargo build -q --release -p terrane -p terrane-tests
	tests/tools/docker run tests/tools/postgres run --durable $${CARGO_TARGET_DIR:-target}/release/terrane-bench
	cargo run -q --release -p terrane-cost --example bench
	cargo run -q --release -p terrane-sentinel --example measure_policy

torture: tools ## KILLS=50 PART=all, or KILLS=short: everything that can happen to a server and to what it stands on, on both databases (docs/torture.md)
	cargo build -q --workspace --bins
	tests/tools/postgres run --durable $${CARGO_TARGET_DIR:-target}/debug/terrane-torture $(KILLS) $(PART) $(SEED)

conformance: tools ## CASES=short: every case with every terraform that can be had, on both databases; writes docs/compatibility.md
	@[ "$(CASES)" = short ] || tests/tools/engines --conformance
	@[ "$(CASES)" != short ] || tests/tools/engines 0.12.29 1.6.6 1.14.9
	cargo build -q --workspace --bins
	CASES=$(CASES) tests/tools/postgres run $${CARGO_TARGET_DIR:-target}/debug/terrane-conformance

accuracy: ## CASES=folder: how well the cost engine agrees with worked examples
	cargo run -q -p terrane-cost --example accuracy -- $(CASES)

fmt: tools
	cargo fmt --all --check

clippy: tools
	cargo clippy -q --workspace --all-targets --locked -- -D warnings

deny: tools
	cargo deny --log-level error check licenses bans sources

tools:
	@tests/tools/compiler
	@tests/tools/cargo-tools
	@tests/tools/engines
	@tests/tools/providers
	@tests/tools/aws-provider
	@tests/tools/verifiers
	@tests/tools/moto
	@tests/tools/azurite
	@tests/tools/networks
	@tests/tools/sshd >/dev/null
