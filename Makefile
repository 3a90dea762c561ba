# Verbs for people who work on Fleetlog; the program's own verbs are in `fleetlog --help`.

PROGRAM  = .build/release/fleetlog
AGENTS   = $(or $(CLAUDE_CONFIG_DIR),$(HOME)/.claude)/projects $(or $(CODEX_HOME),$(HOME)/.codex)/sessions
SUDO     = $(shell [ "$$(id -u)" = 0 ] || echo sudo)
INSTALL  = missing="$$(for p in $(1); do dpkg-query -Wf '$${Status}\n' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done)"; \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; }

.PHONY: run demo build setup setup-test test lint format clean

## Serves your agents' transcripts if there are any, else a demo fleet.
run: build
	@if find -L $(AGENTS) -name '*.jsonl' -print -quit 2>/dev/null | grep -q .; \
	then exec $(PROGRAM) serve; else exec $(PROGRAM) demo; fi

demo: build
	@exec $(PROGRAM) demo

build: setup
	swift build -c release --product fleetlog

## What the program is built with: the toolchain's own needs, then the libraries.
setup:
	@$(call INSTALL,g++ git libc6-dev libcurl4 libncurses6 libxml2 pkg-config)
	@$(call INSTALL,libmicrohttpd-dev libsqlite3-dev libzstd-dev nettle-dev zlib1g-dev)

## What the tests need besides: a real browser, and Python for the independent counts.
setup-test: setup
	@$(call INSTALL,chromium chromium-driver curl python3)

test: setup-test
	swift build --build-tests
	swift test --skip-build --parallel

lint:
	swift format lint --strict -r Sources Tests Package.swift

format:
	swift format -i -r Sources Tests Package.swift

clean:
	rm -rf .build
