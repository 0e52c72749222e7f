# Each target sets up what it needs; a second run finds it there.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test soak bench test-camera scenes walks parity doc

streetscape := cargo run --locked --release --quiet --bin streetscape --
walk := tests/walks/demo
# A card that plays, or a server that takes sound.
sound := $(wildcard /dev/snd/pcm*p) $(PULSE_SERVER) $(wildcard $(XDG_RUNTIME_DIR)/pulse/native $(XDG_RUNTIME_DIR)/pipewire-0)

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## set up, build, and replay the demo walk, aloud where there is a sound device
	@tools/setup.sh build run
	@echo "demo: building the walker's program, some minutes the first time" >&2
	@cargo build --locked --release --bin streetscape
ifeq ($(strip $(sound)),)
	@echo "demo: no sound device here, so the walk is told as a transcript" >&2
	@$(streetscape) replay $(walk)
else
	@echo "demo: the walk is told aloud, with its transcript; Ctrl-C ends it" >&2
	@$(streetscape) replay --speak $(walk) || { echo "demo: not aloud, so as a transcript:" >&2; $(streetscape) replay $(walk); }
endif

test: ## set up, and run all tests of both programs
	@tools/setup.sh build run test
	cargo test --locked --features train --no-fail-fast

soak: ## set up, and walk two hours in six minutes while everything fails at random; no panic, and memory, threads and files as they were
	@tools/setup.sh build run
	cargo test --locked --features train --test soak -- --ignored --nocapture

bench: ## set up, and measure speed against the sum of the parts and against peers, which take 3 GB
	@tools/setup.sh build run parity
	cargo bench --locked --features train --bench '*'

test-camera: ## set up, and walk beside a camera that is unplugged and falls silent, in a virtual machine (x86-64)
	@tools/setup.sh build run camera
	@echo "test-camera: building, then booting a machine that has a camera; some minutes, all of it emulated" >&2
	@CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER=$(CURDIR)/tools/camera/guest.sh \
		cargo run --locked --release --bin streetscape -- tools/camera/walk.sh

scenes: ## set up, and render 1,250 street scenes with their maps into .cache/rendered; some hours, and it goes on where it was stopped
	@tools/setup.sh build run scenes
	@cargo run --locked --release --features train --bin streetscape-train -- pairs generate --out .cache/rendered --count 1250

walks: ## set up, and render walks of a minute with their truth into .cache/walks; half an hour or more, and it goes on where it was stopped
	@tools/setup.sh scenes
	@cd tools && for kind in residential shopping construction stairs dusk rain crowd nothing steps arcade puddles fair; do \
		../.cache/scenes-venv/bin/python -m scenes walk $$kind ../.cache/walks/$$kind; done

parity: ## set up, and hold ViT-B/32 against transformers, open_clip and PyTorch; half an hour or more, and 8 GB of disk
	@tools/setup.sh build run parity
	@[ -e .cache/parity/vit-b-32/vectors.safetensors ] || .cache/parity-venv/bin/python tools/parity/vectors.py --full .cache/parity
	@cargo test --locked --features train --test parity -- --include-ignored --nocapture --test-threads 1
	@.cache/parity-venv/bin/python tools/parity/check.py .cache/parity/vit-b-32 .cache/parity/written models/street

doc: ## build the documentation; a warning is an error
	@tools/setup.sh build
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --features train
