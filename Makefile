# Verbs for people who work on Fleetlog; the program's own verbs are in `fleetlog --help`.

PROGRAM  = .build/release/fleetlog
SUDO     = $(shell [ "$$(id -u)" = 0 ] || echo sudo)
INSTALL  = missing="$$(for p in $(1); do dpkg-query -Wf '$${Status}\n' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done)"; \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; }

.PHONY: run demo build setup setup-test test lint format bench figures screenshots package docs nightly fuzz soak asan tsan clean

## Serves your agents' transcripts if there are any, else a demo fleet. The program knows where agents
## keep them; the log need not be looked over for that, so another is named, which is not there.
run: build
	@if $(PROGRAM) doctor --db .build/none | grep -q 'watching: .* [1-9][0-9]* transcript'; \
	then exec $(PROGRAM) serve; else exec $(PROGRAM) demo; fi

demo: build
	@exec $(PROGRAM) demo

# No library is looked for beside the program.
RELEASE = swift build -c release --static-swift-stdlib --disable-local-rpath --product
build: setup
	$(RELEASE) fleetlog-program
	$(RELEASE) fleetlog

## What the program is built with: the toolchain's own needs, then the libraries.
setup:
	@$(call INSTALL,g++ git libc6-dev libcurl4 libncurses6 libxml2 pkg-config)
	@$(call INSTALL,graphviz libcmark-gfm-dev libcmark-gfm-extensions-dev libmicrohttpd-dev libsqlite3-dev libzstd-dev nettle-dev zlib1g-dev)

## What the tests need besides: a real browser, which finds its driver by the name localhost, a file
## system that can be made to hang, Python for the independent counts, and the readers of the manual
## page and the completions.
setup-test: setup
	@$(call INSTALL,bindfs chromium chromium-driver curl fish man-db mandoc openssl python3 zsh)
	@getent hosts localhost >/dev/null || echo '127.0.0.1 localhost' | $(SUDO) tee -a /etc/hosts >/dev/null

test: setup-test
	swift build --build-tests
	swift test --skip-build --parallel

lint:
	swift format lint --strict -r Sources Tests Package.swift

format:
	swift format -i -r Sources Tests Package.swift

## What the program does on this machine, such as with BENCH='--size 1000 --archives 100,1000'.
bench: build
	@$(PROGRAM) bench $(BENCH)

## The README's figures, anew. An archive needs two and a half times its size on the disk.
figures: build
	$(PROGRAM) bench --markdown $(BENCH) > .build/figures.md
	awk '/<!-- end of figures/ { skip = 0 } !skip { print } /<!-- figures:/ { skip = 1; print ""; \
	while ((getline line < ".build/figures.md") > 0) print line }' README.md > .build/README.md
	cp .build/README.md README.md

## The pictures of the README, of the demo fleet in a headless browser.
screenshots: build setup-test
	Packaging/screenshots

## A Debian package of the release build. What lintian would refuse fails here too.
package: build
	@$(call INSTALL,dpkg-dev lintian)
	@package="$$(Packaging/package)" && lintian --fail-on error "$$package" && echo "$$package"

## The documentation of the library, by DocC: a warning of it fails.
docs: setup
	swift build --target FleetlogClient
	rm -rf .build/symbols && mkdir -p .build/symbols
	swift symbolgraph-extract -module-name FleetlogClient -I .build/debug/Modules \
	  -target "$$(swiftc -print-target-info | sed -n 's/.*"triple": "\(.*\)".*/\1/p' | head -1)" \
	  -output-dir .build/symbols
	"$$(dirname "$$(readlink -f "$$(command -v swift)")")/docc" convert --warnings-as-errors \
	  --fallback-display-name FleetlogClient --fallback-bundle-identifier fleetlog.client \
	  --additional-symbol-graph-dir .build/symbols --output-path .build/docs

## What takes too long for every change: hundreds of kills, twelve thousand runs of the model of
## reading, every fuzzer for a minute, ten minutes of load, and the sanitizers.
nightly: setup-test fuzz asan tsan
	$(MAKE) soak SOAK_SECONDS=600
	swift build --build-tests
	FLEETLOG_KILLS=200 swift test --skip-build --filter CrashTests
	FLEETLOG_MODEL_RUNS=12000 swift test --skip-build --filter TailReaderModelTests
	FLEETLOG_READING_ROUNDS=30 swift test --skip-build --filter ReadingOrderTests

## Every fuzzer for so many seconds.
SECONDS_EACH = 60
fuzz: setup
	SECONDS_EACH=$(SECONDS_EACH) Tests/Fuzz/run

## Load for so many seconds: streams, browsers, writers, and clients that behave badly.
SOAK_SECONDS = 3600
soak: build setup-test
	Tests/Load/soak.py .build/release/fleetlog --seconds $(SOAK_SECONDS) $(SOAK)

# Counts over whole corpora, kills and the browser show nothing to a sanitizer and take long there;
# limits of memory leave no room for what it keeps itself.
SANITIZED = --skip CorpusCountTests --skip CrashTests --skip Browser --skip MemoryLimitTests
SANITIZER = swift test --parallel --scratch-path .build/$(1) --sanitize=$(2)

asan: setup
	ASAN_OPTIONS=detect_leaks=0:suppressions=$(CURDIR)/Tests/asan.supp $(call SANITIZER,asan,address) -Xswiftc -use-ld=lld $(SANITIZED)

# The programs that tests start say what was found there, where nobody else would hear of it.
TSAN_REPORTS = $(CURDIR)/.build/tsan.report
tsan: setup
	rm -f $(TSAN_REPORTS).*
	TSAN_OPTIONS=log_path=$(TSAN_REPORTS) $(call SANITIZER,tsan,thread) $(SANITIZED)
	! grep -hs SUMMARY $(TSAN_REPORTS).*

clean:
	rm -rf .build
