# `make` alone prints the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

MEDIA ?= cmd/unreel/demo
FLAGS ?=
BENCH ?=
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
export FUZZTIME ?= 10s

# Real files of many makers, where they are at hand.
corpus := $(realpath ../shared/corpus)
ifneq ($(corpus),)
export UNREEL_CORPUS ?= $(corpus)
endif

.PHONY: help run build repro test lint fuzz vuln sbom web portable tools demo bench

help: ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: page ## serve MEDIA=/path/to/renditions, or the demo film; FLAGS="--listen :9000" adds flags
	@go run ./cmd/unreel $(FLAGS) "$(MEDIA)"

# Nothing of the machine, its paths or its checkout goes into the program: equal sources, VERSION and Go give equal bytes.
static := CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.release=$(VERSION)'

build: page ## build bin/unreel, static
	$(static) -o bin/unreel ./cmd/unreel

repro: build ## build bin/unreel, and the same sources again elsewhere with an empty cache: the bytes must be equal
	@set -e; elsewhere=$$(mktemp -d); trap 'chmod -R u+w "$$elsewhere"; rm -rf "$$elsewhere"' EXIT; \
	tar --exclude=./.git --exclude=./bin --exclude=node_modules -cf - . | tar -xf - -C "$$elsewhere"; \
	(cd "$$elsewhere" && GOCACHE="$$elsewhere/.gocache" $(static) -o again ./cmd/unreel); \
	cmp bin/unreel "$$elsewhere/again"; sha256sum bin/unreel

test: ## install what is missing, then run everything: 20 minutes on 2 cores
	@.ci/test

lint: ## golangci-lint, installed where it is missing
	.ci/golangci-lint run ./...

fuzz: ## every fuzz target for FUZZTIME (10s)
	@.ci/fuzz

# Newer versions are chosen here, not by whoever runs it.
govulncheck := golang.org/x/vuln/cmd/govulncheck@v1.9.0
cyclonedx := github.com/CycloneDX/cyclonedx-gomod@v1.10.0

vuln: ## what is known to be wrong with the modules and packages that we use, by name of what calls it (needs the network)
	go run $(govulncheck) ./...
	@cd handlers/web && npm audit --package-lock-only --audit-level=low

# cyclonedx-gomod has a module of its own, so that none of what it needs stands in ours.
sbom: ## write bin/sbom-go.json and bin/sbom-npm.json, what the program and its page are made of, as CycloneDX
	@mkdir -p bin && set -e; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; top=$$PWD; \
	(cd "$$work" && go mod init sbom 2>/dev/null && go mod edit -require=$(cyclonedx) && \
	go build -mod=mod -o sbom $(firstword $(subst @, ,$(cyclonedx)))/cmd/cyclonedx-gomod); \
	CGO_ENABLED=0 "$$work/sbom" app -json -licenses -std -noserial -notimestamp -main cmd/unreel -output bin/sbom-go.json . 2>/dev/null; \
	cp handlers/web/package.json handlers/web/package-lock.json "$$work"; cd "$$work"; \
	npm pkg set version=0.0.0 --silent; npm sbom --package-lock-only --sbom-format cyclonedx --omit dev --silent >"$$top/bin/sbom-npm.json"; \
	cd "$$top"; ls -l bin/sbom-go.json bin/sbom-npm.json

portable: ## build for 32 bits, for macOS and for Windows
	GOARCH=386 CGO_ENABLED=0 go vet ./...
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./...
	GOOS=windows GOARCH=amd64 go build -o /dev/null ./...

# What npm fetches, and the player's JavaScript that is made of it: made again where their sources are newer.
packages := handlers/web/node_modules/.package-lock.json
bundle := handlers/web/dist/hls.js

web: $(bundle) ## bundle the page's player with npm

$(packages): handlers/web/package-lock.json
	@echo "setup: npm ci in handlers/web"
	@cd handlers/web && npm ci --no-audit --no-fund --silent && touch node_modules/.package-lock.json

$(bundle): $(packages) handlers/web/build.mjs
	@echo "web: bundling the page's player"
	@cd handlers/web && npm run --silent build && touch dist/hls.js

.PHONY: page
page: # for run and build: without npm the page plays with the browser's own HLS, and says so
	@if command -v npm >/dev/null; then $(MAKE) -s $(bundle) || echo "the page's player could not be bundled: see above" >&2; fi

tools: ## install what the tests need: programs, npm packages, golangci-lint, gotestsum
	@.ci/setup

bench: ## take the figures of bench/README.md beside Nginx, in some 10 minutes, and write bench/results; BENCH="--only cold-ts"
	@command -v nginx >/dev/null && command -v ffmpeg >/dev/null || { echo "make bench needs nginx and ffmpeg: make tools installs them" >&2; exit 1; }
	go run ./bench figures $(BENCH)

demo: ## make the demo film again
	cmd/unreel/demo/make.sh
