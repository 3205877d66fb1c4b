# What all that is built for Lambda has alike; a Makefile includes it once it has said ROOT, which it
# finds by LINKWRIGHT_ROOT, or as where `sam build` was started: that runs it in a scratch copy of its
# folder.
#
#   LAYER_TARGET=host    for this machine's interpreter (the local cloud)
#   otherwise            for Lambda: python3.13, arm64; LAYER_PYTHON must then be a python3.13

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

UV ?= $(or $(shell command -v uv 2>/dev/null),$(ROOT)/.tools-venv/bin/uv)
HOST_PYTHON ?= $(ROOT)/.venv/bin/python
LAYER_PYTHON ?= python3.13
# Lambda's python3.13 runs on Amazon Linux 2023, glibc 2.34.
LAMBDA_PLATFORM := aarch64-manylinux_2_34

ifeq ($(LAYER_TARGET),host)
COMPILER := $(HOST_PYTHON)
INSTALL_FOR := --python $(HOST_PYTHON)
else
COMPILER := $(LAYER_PYTHON)
INSTALL_FOR := --python-platform $(LAMBDA_PLATFORM) --python-version 3.13
endif

# What uv.lock has of a group, and the same installed: nothing that is not hashed there.
LOCKED := "$(UV)" export --quiet --project "$(ROOT)" --frozen --no-header
INSTALL := "$(UV)" pip install --quiet --no-deps --require-hashes --only-binary :all: \
  --no-compile-bytecode --link-mode copy $(INSTALL_FOR)
# Lambda's disk is read-only: what is not compiled here is compiled at every cold start.
COMPILE := env -u PYTHONPYCACHEPREFIX "$(COMPILER)" -m compileall --invalidation-mode unchecked-hash \
  -q -j 0

# $(eval $(call built,LogicalId,file,group)): a function with packages that no other folder's has.
define built
.PHONY: build-$(1)
build-$(1):
	@cp -p $(2).py "$$(ARTIFACTS_DIR)/"
	$$(call with_packages,$(3))
endef

# The packages of a group beside a function's own files, and all of it compiled.
define with_packages
@wanted=$$(mktemp); trap 'rm -f "$$wanted"' EXIT; \
$(LOCKED) --only-group $(1) --output-file "$$wanted" >/dev/null; \
$(INSTALL) --target "$(ARTIFACTS_DIR)" -r "$$wanted"
@rm -rf "$(ARTIFACTS_DIR)/bin" "$(ARTIFACTS_DIR)/.lock"
@$(COMPILE) -s "$(ARTIFACTS_DIR)" -p /var/task "$(ARTIFACTS_DIR)"
endef
