# make demo    set up what is missing, then watch recorded people walk up to a gate with 7,000 enrolled
# make check   lint, types and the quick tests: under a minute, for use while writing
# make test    set up what is missing, then lint, types and every test but the soak
# make soak    long fuzz, kill and chaos: an hour
# make coverage  every test, and which lines none of them runs
# make bench   speed against face_recognition used the usual way
# make docs    the documentation as a site in build/site
# make deb     the Debian package for this release and architecture, in build/
# make lock    write the locks again (needs uv)

PYTHON ?= python3
VENV   ?= .venv
CORES  := $(shell getconf _NPROCESSORS_ONLN)
# processes that run tests: three to a core, as many tests wait for something
WORKERS ?= $(shell expr 3 \* $(CORES))
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check --quiet

# containers often forbid it, but then pytest rewrites every test file in each of its processes and
# every program that a test starts is compiled: half of the time of the quick tests
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test lint style types quick every check soak coverage bench docs lock clean setup deb
.DEFAULT_GOAL := demo

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock packaging/build.lock packaging/dlib/pyproject.toml pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	@echo "[1/4] a virtual environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "[2/4] the build tool"
	@$(PIP) install --require-hashes --no-deps -r packaging/build.lock
	@echo "[3/4] the packages of requirements.lock, each checked by its hash (about 350 MB the first time)"
	@$(PIP) install --require-hashes --no-deps --no-build-isolation -r requirements.lock
	@echo "[4/4] this project"
	@$(PIP) install --no-deps --no-build-isolation ./packaging/dlib -e .
	@touch $@

demo: setup
	@$(BIN)/gate demo

# collected once, then forked (tests/processes.py); a file of tests stays in one process: its fixtures
# are made once; the longest files are begun first (tests/conftest.py)
PYTEST = $(BIN)/python -m pytest -p tests.processes --processes $(WORKERS)

# side by side; with kept results ruff and mypy take two seconds of a core
BESIDE := $(MAKE) --no-print-directory -j 2

test: setup
	@$(BESIDE) lint every

check: setup
	@$(BESIDE) lint quick

# a crowded machine holds a process up for seconds: what failed runs again alone, and is named
every: setup
	@$(PYTEST) --again 5

quick: setup
	@GATE_QUICK=1 $(PYTEST) -m "not slow and not soak"

soak: setup
	@GATE_SOAK=1 $(PYTEST) -m "soak or fuzz" --timeout 7200

# pytest-cov knows the processes of pytest-xdist
coverage: setup
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov=gate --cov=enroll --cov-report=term:skip-covered

lint: style types

style: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

bench: setup
	@$(BIN)/python -m benchmarks

docs: setup
	@$(PIP) install --require-hashes --no-deps -r packaging/docs.lock
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs --quiet build
	@echo "build/site/index.html"

deb: setup
	@$(BIN)/python packaging/deb/build.py

lock:
	uv pip compile packaging/build.in --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 -o packaging/build.lock
	uv pip compile pyproject.toml --extra test --extra hardware --extra notify --extra export --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 --override packaging/overrides.txt -o requirements.lock
	uv pip compile --group docs --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 --constraint requirements.lock -o packaging/docs.lock

clean:
	rm -rf $(VENV) var build *.egg-info
