# Every target sets up what it needs and can run alone. Only .ci/run installs system packages.
PY := .venv/bin/python
PYTEST := $(PY) -m pytest -q
UV := $(shell command -v uv 2>/dev/null)
CHAOS := CHAOS_SEED=$(or $(SEED),1) CHAOS_PART=$(or $(PART),1/1)
PAGE := server/semlens/http/page/index.html
PAGE_SOURCES := $(wildcard $(addprefix clients/page/,package-lock.json vite.config.ts index.html build.sh public/* src/*.tsx src/*/*))

# Benchmarks and scripts of models load ONNX Runtime too, which would report its use.
export ORT_DISABLE_TELEMETRY := 1

# `make run`: the folder to index and the question to ask of it
W ?=
Q ?=

.PHONY: help run page test test-long chaos test-unit test-e2e test-packaging test-service test-nvim test-vscode test-page lint format bench build lock clean setup setup-dev setup-release judges notes
.PHONY: manifests docs pictures

help:  ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

run: setup page  ## index W (default: Python's standard library), then answer Q (default: a few questions)
	@W="$(W)" Q="$(Q)" PY="$(PY)" sh bench/show.sh

page: $(PAGE)  ## the page of `semlens http`, where npm is there

$(PAGE): $(PAGE_SOURCES)
	@sh clients/page/build.sh

test: setup-dev setup-release judges page  ## every test: unit, outlines, ranking, end to end, packaging, editors
	$(PYTEST) tests
	@sh .ci/clients.sh

test-unit: setup-dev  ## the quick tests
	$(PYTEST) tests/unit tests/outline $(wildcard tests/ranking)

test-e2e: setup-dev judges  ## the language server as a real process
	$(PYTEST) tests/e2e

judges:  # programs of others that judge the MCP server; without npm their tests are skipped
	@if ! cmp -s tests/judges/package-lock.json tests/judges/node_modules/.installed-lock && command -v npm >/dev/null; then \
		cd tests/judges && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock; fi

chaos: setup-dev  ## kills, damages, fuzzers, disk faults: 15 of 100 of the long round (SEED=1 SCALE=0.15)
	$(CHAOS) CHAOS_SCALE=$(or $(SCALE),0.15) $(PYTEST) -m chaos_long tests; code=$$?; $(PY) bench/chaos_report.py && exit $$code

test-long: setup-dev  ## the long round (hours) and the soak; goes on where it stopped (PART=1/3: a third, three at a time)
	$(CHAOS) CHAOS_SCALE=$(or $(SCALE),1) CHAOS_RESUME=1 $(PYTEST) -m chaos_long tests; code=$$?; $(PY) bench/chaos_report.py && exit $$code
	$(PY) bench/soak.py
	$(PY) bench/chaos_report.py
	$(PYTEST) -m release_long tests/packaging
	@sh requirements/extra.sh store
	SEAWEEDFS=$(CURDIR)/.venv-store/bin/weed $(PYTEST) -m share_long tests/e2e tests/unit/share
	@sh requirements/extra.sh cluster
	PYTHONPATH=$(CURDIR)/server .venv-cluster/bin/python -m pytest -q -W default -m cluster_long tests/e2e
	bash release/judge.sh

test-service: setup-dev  ## against an embedding service that is not ours (91 MB to install)
	@sh requirements/extra.sh service
	SERVICE_PYTHON=$(CURDIR)/.venv-service/bin/python $(PYTEST) -m service tests/e2e

test-packaging: setup-release  ## wheel and sdist, installed in a clean environment
	$(PYTEST) tests/packaging

test-nvim: setup  ## the Neovim client in a real Neovim
	bash clients/nvim/tests/run.sh

test-vscode: setup  ## the VS Code client in a real workbench
	bash clients/vscode/test/run.sh

test-page: setup page  ## the page of `semlens http` in a real Chromium
	sh clients/page/test/run.sh

lint: setup-release  ## style, types and the dependency rule
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m mypy --platform darwin --no-warn-unreachable --cache-dir .mypy_cache/darwin
	$(PY) -m mypy --platform win32 --no-warn-unreachable --cache-dir .mypy_cache/win32
	$(PYTEST) tests/unit/test_architecture.py
	bash clients/nvim/tests/lint.sh
	sh release/lint.sh

notes: setup-release  ## the notes of the next release, as they will look
	@.venv-release/bin/towncrier build --draft --version "$$($(PY) -c 'import semlens; print(semlens.__version__)')"

docs: setup-dev  ## the pages as a site in site/; checks links and accessibility
	@sh requirements/extra.sh docs
	sh release/docs.sh

pictures: setup-dev  ## the pictures and recordings of the documents, again (needs tmux and chromium)
	@sh requirements/extra.sh docs
	sh release/pictures.sh

manifests: setup-dev  ## write the version and the description into the manifests of stores, editors and agents
	$(PY) release/manifests.py

format: setup-dev  ## format the Python sources
	$(PY) -m ruff format server tests bench

bench: setup  ## all benchmarks, into docs/benchmarks.md
	$(PY) bench/run.py
	$(PY) bench/report.py

build: setup-dev page  ## wheel, sdist and .vsix into dist/
	$(PY) -m build --no-isolation --outdir dist
	@if [ -f clients/vscode/package.json ]; then bash clients/vscode/test/package.sh dist; fi

lock:  ## resolve the locks again (needs uv)
	@[ -n "$(UV)" ] || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	sh requirements/lock.sh

setup:
	@sh requirements/setup.sh runtime

setup-dev:
	@sh requirements/setup.sh dev

setup-release: setup-dev
	@sh requirements/extra.sh release

clean:  ## remove what was built
	rm -rf build dist site .venv .venv-service .venv-store .venv-cluster .venv-release .venv-docs .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
