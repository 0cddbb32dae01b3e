# make demo: the stitching experiment on real models and real reviews. make test: the proof that the numbers are right.

PACKAGES = libcurl4-openssl-dev libopenblas-dev libsentencepiece-dev libsqlite3-dev libssl-dev pkg-config
SWIFT = swift
SCRATCH = .build
GRAFT = $(SCRATCH)/release/graft
DEMO = demo
PREFIX = /usr/local
SHARE = $(DESTDIR)$(PREFIX)/share

# STATIC=1 links the Swift runtime into the command, so that it runs where there is no toolchain.
ifdef STATIC
SCRATCH = .build/static
LINKAGE = --static-swift-stdlib
endif

# What graft --version shows beside the version; nothing without git. Results do not carry it.
export GRAFT_COMMIT := $(shell test -e .git && git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null)

.PHONY: all build static install deps demo test format format-check bench clean

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

test: deps
	$(SWIFT) test -c release

format: deps
	$(SWIFT) format -i -r Package.swift Sources Tests evaluation

format-check: deps
	$(SWIFT) format lint --strict -r Package.swift Sources Tests evaluation

bench: deps
	$(SWIFT) build -c release --product graft-bench

clean:
	rm -rf .build $(DEMO)
