# `make demo` and `make test` are the two commands; each installs what it needs. `make help` lists the others.
# Nothing is installed outside the checkout's .venv and the user's cache folder, except Debian packages for real nodes.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hanse
UV := $(CACHE)/uv-$(UV_VERSION)/bin/uv
RUN := $(UV) run --frozen --no-sync
SYNCED := .venv/hanse-synced

export HANSE_UV := $(UV)
# The machine's own Python is used; uv must not look for one to download.
export UV_PYTHON_DOWNLOADS := never

CHECK ?=
INSTALL ?=
ARGS ?=
PACK ?= build/hardware/pack.tar.xz
OUT ?= build/hardware/found
# More than there are cores: most tests wait for a server most of the time.
WORKERS ?= 4
BENCHES := decide-pool decide-gang decide-unschedulable decide-growth kueue-baseline bind-rate api ledger-ingest \
	audit-month tamper node-agent
# These play public traces, from the folder that HANSE_TRACES names; docs/simulator.md says where they are had.
ON_TRACES := trace-philly trace-philly-month trace-philly-fill trace-philly-tuned trace-kalos failures memory-share \
	pack-openb
PAGED := ablations simulate-pool $(if $(HANSE_TRACES),$(ON_TRACES))

.PHONY: help
help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

.PHONY: demo
demo: setup ## Bring up a pool on this machine and show it; with CHECK=1 unattended, with INSTALL=helm by Helm.
	@$(RUN) hanse demo $(if $(CHECK),--check) $(if $(filter helm,$(INSTALL)),--helm)

.PHONY: test
test: setup ## Run all tests, side by side; ARGS="tests/resources -k tier" runs some, one by one without "-n 4".
	@$(RUN) pytest $(or $(ARGS),-n $(WORKERS))

.PHONY: faults
faults: setup ## Break a running pool in each known way during streams of jobs, and check what it promises (40 minutes).
	@$(RUN) pytest -m faults -s tests/faults $(ARGS)

.PHONY: bench
bench: setup ## Run all benchmarks and make docs/benchmarks; ARGS="kueue-baseline --json FILE" runs one.
	@$(if $(ARGS),$(RUN) hanse bench $(ARGS),failed=0; for name in $(BENCHES); do \
	  $(RUN) hanse bench $$name || failed=1; done; for name in $(PAGED); do \
	  $(RUN) hanse bench $$name --json docs/benchmarks/$$name.json || failed=1; done; \
	  $(RUN) python -m hanse.bench.pages; exit $$failed)
	@$(if $(ARGS)$(HANSE_TRACES),,echo "without HANSE_TRACES, these were left out: $(ON_TRACES)")

.PHONY: lint
lint: setup ## Check style, types, layers and generated files.
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) python -m hanse.resources.generate --check

.PHONY: format
format: setup ## Format the code and mend what can be mended.
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

.PHONY: crds
crds: setup ## Generate the CRDs, the admission policies and docs/reference from the models.
	@$(RUN) python -m hanse.resources.generate

.PHONY: protos
protos: setup ## Generate the messages of kubelets from the protos of the node agent and the process node.
	@$(RUN) python -m grpc_tools.protoc -I agent --python_out=agent --pyi_out=agent agent/hanse/agent/node/protos/*.proto
	@$(RUN) python -m grpc_tools.protoc -I devcluster --python_out=devcluster --pyi_out=devcluster \
	  devcluster/hanse/devcluster/cri/protos/*.proto

.PHONY: hardware-pack
hardware-pack: setup ## Make what a GPU machine without a network needs for `make hardware`, in PACK (52 MiB at most).
	@$(RUN) python -m hanse.cli.hardware.packing $(PACK)

# Without setup: what it needs is in the pack, and its Python is the machine's, with PyTorch.
.PHONY: hardware
hardware: ## Run all of Hanse on this machine's NVIDIA GPU, from PACK, offline, as root; results in OUT.
	@python3 cli/hanse/cli/hardware/unpack.py $(PACK) $(OUT)

.PHONY: docs
docs: setup ## Build the site into build/site, with the references of commands and API anew; dead links are errors.
	@$(RUN) python -m hanse.cli.reference
	@$(RUN) sphinx-build --quiet --fail-on-warning --keep-going --jobs auto -c docs . build/site
	@echo "open build/site/index.html"

.PHONY: outputs
outputs: setup ## Write the outputs in docs/outputs.md anew, from a pool that runs.
	@HANSE_WRITE_OUTPUTS=1 $(RUN) pytest -q tests/cli/test_waiting.py -k outputs

.PHONY: pictures
pictures: setup ## Take the pictures of the dashboard in docs/pictures anew.
	@HANSE_WRITE_PICTURES=1 $(RUN) pytest -q tests/api/test_pages.py -k picture

.PHONY: image
image: setup ## Build the container image as an OCI archive (root; needs debootstrap).
	@$(RUN) hanse devcluster image

.PHONY: down
down: setup ## Take away the default development cluster, and what programs that crashed have left.
	@$(RUN) hanse devcluster down

.PHONY: setup
setup: $(SYNCED) ## Install what the other targets need; they do it by themselves.

$(SYNCED): uv.lock pyproject.toml | $(UV)
	@# From the cache if it has everything: then no registry need be in reach.
	@$(UV) sync --frozen --quiet --offline 2>/dev/null || $(UV) sync --frozen --quiet
	@touch $@

$(UV):
	@echo "installing uv $(UV_VERSION) into $(CACHE)"
	@mkdir -p $(CACHE)
	@# Made aside and moved: of two that run this at once, the second finds it done.
	@aside=$$(mktemp -d $(CACHE)/uv-XXXXXX); \
	  if python3 -m venv $$aside && $$aside/bin/python -m pip install --quiet uv==$(UV_VERSION); \
	  then mv -T $$aside $(CACHE)/uv-$(UV_VERSION) 2>/dev/null || rm -rf $$aside; \
	  else rm -rf $$aside; echo "uv could not be installed: Python 3.11 or newer with venv is needed" \
	    "(on Debian: apt-get install python3-venv), and PyPI in reach"; exit 1; fi
