# Thin: every rule calls scripts/ or cmake. Each installs what it lacks; a second run does no work twice.
SHELL := /bin/bash
CACHE ?= $(or $(RM_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rm-r1)
DEPS := $(CACHE)/deps
CMAKE := $(DEPS)/bin/cmake
CTEST := $(DEPS)/bin/ctest
BUILD ?= build
JOBS ?= $(shell scripts/jobs.sh)
PREFIX ?= /usr/local
CONFIGURE = $(CMAKE) -G Ninja -DCMAKE_MAKE_PROGRAM=$(DEPS)/bin/ninja -S . $(FLAGS)
TIER := --output-on-failure --no-tests=error
export PYTHONDONTWRITEBYTECODE = 1
export PATH := $(DEPS)/bin:$(PATH)

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 14

demo: configure ## Build the programs, fetch the default model, judge a real pair
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target programs
	@scripts/model.py default
	@scripts/demo.sh $(BUILD)

test: build ## All tests that need no GPU and no long time
	@scripts/model.py smollm2-135m qwen2.5-coder-0.5b
	@$(CTEST) --test-dir $(BUILD) $(TIER) -L 'core|torch|cli'

build: configure ## The programs (build/bin) and the tests
	@$(CMAKE) --build $(BUILD) -j $(JOBS)

configure: deps
	@test -f $(BUILD)/build.ninja || $(CONFIGURE) -B $(BUILD) -DRM_TORCH_DIR=$(DEPS)/torch-2.11.0

deps:
	@scripts/deps.sh

model: ## Fetch a model: make model NAME=default (scripts/model.py --list)
	@scripts/deps.sh --no-torch
	@scripts/model.py $(or $(NAME),default)

install: configure ## make install PREFIX=/usr/local DESTDIR=
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target programs
	@DESTDIR=$(DESTDIR) $(CMAKE) --install $(BUILD) --prefix $(PREFIX)

test-medium: test test-asan ## The tests again under sanitizers, slow ones, a browser, llama.cpp's server
	@scripts/deps.sh --medium
	@scripts/model.py default
	@$(CTEST) --test-dir $(BUILD) $(TIER) -L 'medium|browser'
	@bench/peers.sh
	@python3 tests/medium/llama_server.py $(BUILD)
test-long: test-medium ## Those, then the fuzz targets: FUZZ_SECONDS=60 each
	@scripts/fuzz.sh $(or $(FUZZ_SECONDS),60)
test-asan: ## The core with clang 14 under ASan and UBSan
	@scripts/deps.sh --asan --no-torch
	@scripts/model.py smollm2-135m qwen2.5-coder-0.5b
	@test -f build-asan/build.ninja || CXX=clang++-14 CC=clang-14 $(CONFIGURE) -B build-asan -DRM_TORCH=OFF -DRM_ASAN=ON
	@$(CMAKE) --build build-asan -j $(JOBS)
	@$(CTEST) --test-dir build-asan $(TIER) -L core

gpu-test: ## make gpu-test TORCH_DIR=.../site-packages/torch: the CUDA tests
	@scripts/gpu-test.sh "$(TORCH_DIR)"
goldens: build ## Make the golden files again from the reference implementations
	@scripts/deps.sh
	@scripts/each.sh goldens
bench: build ## Compare with the peers, side by side
	@scripts/model.py default
	@scripts/each.sh bench
learn: build ## Whether a small judge learns by reinforcement: three seeds, 75 minutes (WORK=build/learn SEEDS=1,2,3)
	@scripts/model.py smollm2-135m
	@python3 examples/gym/learn.py $(BUILD) --work $(or $(WORK),$(BUILD)/learn) --seeds $(or $(SEEDS),1,2,3)

format: ## clang-format over every source
	@scripts/deps.sh --lint --no-torch
	@git ls-files '*.h' '*.cc' '*.cu' | xargs -r clang-format-14 -i
lint: build ## clang-format, clang-tidy, shellcheck, man pages, layers
	@scripts/deps.sh --lint
	@scripts/lint.sh $(BUILD)
clean: ## Remove the build folders
	rm -rf build build-asan build-gpu build-fuzz

.PHONY: help demo test build configure deps model install test-medium test-long test-asan gpu-test goldens bench learn format lint clean
