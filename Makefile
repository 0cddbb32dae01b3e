# make demo: the stitching experiment on real models and real reviews. make test: the proof that the numbers are right.
# make test-browser: the page of graft explore in Chromium.
# make test-kernels, make test-arm64: the C kernels on every instruction set of this processor, and on an emulated arm64.

PACKAGES = libcurl4-openssl-dev libopenblas-dev libsentencepiece-dev libsqlite3-dev libssl-dev pkg-config \
  librsvg2-2 fonts-dejavu-core
# For test-arm64 alone: an arm64 C library to link, and a processor to run on.
ARM64_PACKAGES = gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
# For test-browser alone: a browser, what drives it, letters to draw, and Python's virtual environments.
BROWSER_PACKAGES = chromium chromium-driver fonts-dejavu-core python3-venv
SWIFT = swift
# The compiler that SwiftPM uses for C: the one beside swift.
CLANG = $(firstword $(wildcard $(dir $(realpath $(shell command -v $(SWIFT))))clang) clang)
QEMU = qemu-aarch64
SCRATCH = .build
GRAFT = $(SCRATCH)/release/graft
DEMO = demo
PREFIX = /usr/local
SHARE = $(DESTDIR)$(PREFIX)/share

KERNELS = .build/kernels
KERNEL_SOURCES = $(wildcard Sources/CVectorMath/*.c Tests/CVectorMathTests/*.c)
KERNEL_HEADERS = $(wildcard Sources/CVectorMath/*.h Sources/CVectorMath/include/*.h Tests/CVectorMathTests/*.h)
KERNEL_FLAGS = -Wall -Wextra -ISources/CVectorMath -ISources/CVectorMath/include
ifeq ($(shell uname -s),Linux)
KERNEL_FLAGS += -fuse-ld=lld
endif
ARM64_FLAGS = --target=aarch64-linux-gnu -static

# STATIC=1 links the Swift runtime into the command, so that it runs where there is no toolchain.
ifdef STATIC
SCRATCH = .build/static
LINKAGE = --static-swift-stdlib
endif

# What graft --version shows beside the version; nothing without git. Results do not carry it.
export GRAFT_COMMIT := $(shell test -e .git && git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null)

.PHONY: all build build-tests static install deps deps-arm64 deps-browser demo test test-kernels test-arm64 test-browser format format-check bench clean

all: build

# Installs those of a list of Debian packages that are missing; with sudo only when not root. Elsewhere (macOS) they come
# from the package manager at hand.
define install
@if command -v dpkg-query >/dev/null 2>&1; then \
  missing=""; \
  for package in $(1); do \
    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
  done; \
  if [ -n "$$missing" ]; then \
    if [ "$$(id -u)" -eq 0 ]; then sudo=""; else sudo="sudo"; fi; \
    echo "installing$$missing"; \
    $$sudo apt-get update -qq && \
    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || \
      { echo "make $@: cannot install these packages:$$missing"; exit 1; }; \
  fi; \
fi
endef

deps:
	$(call install,$(PACKAGES))
	@command -v $(SWIFT) >/dev/null 2>&1 || { echo "graft needs a Swift 6 toolchain: https://www.swift.org/install"; exit 1; }

build: deps
	$(SWIFT) build -c release --scratch-path $(SCRATCH) $(LINKAGE) --product graft

static:
	$(MAKE) build STATIC=1

# The command, the embedded models where it finds them, a sample of reviews, and completions; with STATIC=1 the static command.
install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)/graft/evaluation/imdb" "$(SHARE)/doc/graft" \
	  "$(SHARE)/bash-completion/completions" "$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d"
	install -m 755 $(GRAFT) "$(DESTDIR)$(PREFIX)/bin/graft"
	cp -R models "$(SHARE)/graft/"
	cp evaluation/imdb/test.jsonl evaluation/imdb/README.md "$(SHARE)/graft/evaluation/imdb/"
	chmod -R a+rX "$(SHARE)/graft"
	install -m 644 LICENSE CITATION.cff "$(SHARE)/doc/graft/"
	$(GRAFT) --generate-completion-script bash > "$(SHARE)/bash-completion/completions/graft"
	$(GRAFT) --generate-completion-script zsh > "$(SHARE)/zsh/site-functions/_graft"
	$(GRAFT) --generate-completion-script fish > "$(SHARE)/fish/vendor_completions.d/graft.fish"
	chmod a+r "$(SHARE)/bash-completion/completions/graft" "$(SHARE)/zsh/site-functions/_graft" \
	  "$(SHARE)/fish/vendor_completions.d/graft.fish"

demo: build
	rm -rf $(DEMO)
	$(GRAFT) stitch --pretrained imdb-bert-2 --finetuned imdb-bert-1-sentiment --transplant 2 \
	  --dataset evaluation/imdb/test.jsonl --limit 200 --max-length 256 -o $(DEMO)

# The tests and, with the flags that they need, the command.
build-tests: deps
	$(SWIFT) build -c release --build-tests

# Tests of the explorer time its server, so they run in a process of their own, beside no others.
test: build-tests
	$(SWIFT) test -c release --skip-build --skip ExplorerTests
	$(SWIFT) test -c release --skip-build --filter ExplorerTests

test-kernels: $(KERNELS)/native $(KERNELS)/sanitized
	$(KERNELS)/native
	$(KERNELS)/sanitized >/dev/null

$(KERNELS)/native: $(KERNEL_SOURCES) $(KERNEL_HEADERS) | deps
	@mkdir -p $(KERNELS)
	$(CLANG) -O2 $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@

$(KERNELS)/sanitized: $(KERNEL_SOURCES) $(KERNEL_HEADERS) | deps
	@mkdir -p $(KERNELS)
	$(CLANG) -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@

ifneq (,$(filter aarch64 arm64,$(shell uname -m)))
test-arm64: test-kernels
else
test-arm64: $(KERNELS)/arm64
	$(QEMU) $(KERNELS)/arm64 neon

deps-arm64: deps
	$(call install,$(ARM64_PACKAGES))
	@command -v $(QEMU) >/dev/null || { echo "make test-arm64 needs $(QEMU) (Debian: qemu-user)"; exit 1; }
	@echo 'int main(void) { return 0; }' | $(CLANG) $(ARM64_FLAGS) -fuse-ld=lld -x c - -o /dev/null || \
	  { echo "make test-arm64 needs a C library for arm64 (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)"; exit 1; }

$(KERNELS)/arm64: $(KERNEL_SOURCES) $(KERNEL_HEADERS) | deps-arm64
	@mkdir -p $(KERNELS)
	$(CLANG) $(ARM64_FLAGS) -O2 $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@
endif

BROWSER = .build/browser

# The command of the tests' build, so that after make test nothing is built again; with STATIC=1 the static one.
test-browser: $(if $(STATIC),build,build-tests) deps-browser
	$(BROWSER)/bin/python evaluation/browser/explorer.py --graft $(GRAFT)

deps-browser: deps
	$(call install,$(BROWSER_PACKAGES))
	@test -x $(BROWSER)/bin/python || python3 -m venv $(BROWSER)
	@$(BROWSER)/bin/python -m pip install -q --disable-pip-version-check -r evaluation/browser/requirements.txt

format: deps
	$(SWIFT) format -i -r Package.swift Sources Tests evaluation

format-check: deps
	$(SWIFT) format lint --strict -r Package.swift Sources Tests evaluation

bench: deps
	$(SWIFT) build -c release --product graft-bench

clean:
	rm -rf .build $(DEMO)
