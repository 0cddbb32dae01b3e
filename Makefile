# make demo: the stitching experiment on real models and real reviews. make test: the proof that the numbers are right.
# make test-kernels: the C kernels on every instruction set of this processor.

PACKAGES = libcurl4-openssl-dev libopenblas-dev libsentencepiece-dev libsqlite3-dev libssl-dev pkg-config
SWIFT = swift
# The compiler that SwiftPM uses for C: the one beside swift.
CLANG = $(firstword $(wildcard $(dir $(realpath $(shell command -v $(SWIFT))))clang) clang)
GRAFT = .build/release/graft
DEMO = demo

KERNELS = .build/kernels
KERNEL_SOURCES = $(wildcard Sources/CVectorMath/*.c Tests/CVectorMathTests/*.c)
KERNEL_HEADERS = $(wildcard Sources/CVectorMath/*.h Sources/CVectorMath/include/*.h Tests/CVectorMathTests/*.h)
KERNEL_FLAGS = -Wall -Wextra -ISources/CVectorMath -ISources/CVectorMath/include
ifeq ($(shell uname -s),Linux)
KERNEL_FLAGS += -fuse-ld=lld
endif

.PHONY: all build deps demo test test-kernels format format-check bench clean

all: build

# Debian packages that are missing; with sudo only when not root. Elsewhere (macOS) they come from the package manager at hand.
deps:
	@if command -v dpkg-query >/dev/null 2>&1; then \
	  missing=""; \
	  for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
	  done; \
	  if [ -n "$$missing" ]; then \
	    if [ "$$(id -u)" -eq 0 ]; then sudo=""; else sudo="sudo"; fi; \
	    echo "installing$$missing"; \
	    $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	  fi; \
	fi
	@command -v $(SWIFT) >/dev/null 2>&1 || { echo "graft needs a Swift 6 toolchain: https://www.swift.org/install"; exit 1; }

build: deps
	$(SWIFT) build -c release --product graft

demo: build
	rm -rf $(DEMO)
	$(GRAFT) stitch --pretrained imdb-bert-2 --finetuned imdb-bert-1-sentiment --transplant 2 \
	  --dataset evaluation/imdb/test.jsonl --limit 200 --max-length 256 -o $(DEMO)

test: deps
	$(SWIFT) test -c release

test-kernels: $(KERNELS)/native $(KERNELS)/sanitized
	$(KERNELS)/native
	$(KERNELS)/sanitized >/dev/null

$(KERNELS)/native: $(KERNEL_SOURCES) $(KERNEL_HEADERS) | deps
	@mkdir -p $(KERNELS)
	$(CLANG) -O2 $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@

$(KERNELS)/sanitized: $(KERNEL_SOURCES) $(KERNEL_HEADERS) | deps
	@mkdir -p $(KERNELS)
	$(CLANG) -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@

format: deps
	$(SWIFT) format -i -r Package.swift Sources Tests evaluation

format-check: deps
	$(SWIFT) format lint --strict -r Package.swift Sources Tests evaluation

bench: deps
	$(SWIFT) build -c release --product graft-bench

clean:
	rm -rf .build $(DEMO)
