# Everything runs in a virtual environment of its own; nothing but Python 3.11+, git and make is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The tests start hundreds of Python processes: none is to compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

# The tests of one place run with, say, make check T=tests/bulk: all of them, also those marked slow.
T ?=
# On all cores; tests that share something costly stay together, see tests/conftest.py.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadscope --quiet

.PHONY: setup demo check test test-thorough lint mypy pyright format bench bench-local sdist-test sync-face clean

setup: $(STAMP)

$(STAMP): pyproject.toml src/airhaul/_version.py
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "airhaul needs Python 3.11 or later; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[serve]" --group dev
	@touch $(STAMP)

demo: setup
	@$(BIN)/python examples/demo.py

# What one runs again and again: the style of what differs from main and the fast tests.
check: setup
	@base=$$(git merge-base HEAD main 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null) && \
	changed=$$(git diff --name-only --diff-filter=d $$base -- '*.py' && git ls-files --others --exclude-standard -- '*.py') || \
	changed=src; \
	test -z "$$changed" || { $(BIN)/ruff format --check $$changed && $(BIN)/ruff check $$changed; }
	$(PYTEST) $(or $(T),-m "not slow")

# Both type checkers at once: each takes one core.
lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) --jobs 2 --output-sync mypy pyright

mypy pyright: setup
	$(BIN)/$@

test: lint
	$(PYTEST) $(T)

# The properties once more with many examples, other ones each time.
test-thorough: setup
	HYPOTHESIS_PROFILE=thorough $(PYTEST) $(T)

# The synchronous clients are generated from client/aio/, the tables of docs/architecture.md from docstrings.
sync-face: setup
	$(BIN)/python tools/sync_face.py
	$(BIN)/python tools/module_tables.py

# What is measured and not tested: all clients, half an hour; see bench/compare.py.
bench: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	$(BIN)/python bench/compare.py

# The local base's own speed: a minute.
bench-local: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	$(BIN)/python bench/compare.py --mode local-base

# The tests once more, where only the source distribution is, on the wheel that is built from it.
sdist-test: setup
	@unset PYTHONPATH && folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/python -m hatchling build --target sdist --directory "$$folder" && \
	tar -xzf "$$folder"/airhaul-*.tar.gz -C "$$folder" --strip-components=1 && \
	$(PYTHON) -m venv "$$folder/.venv" && cd "$$folder" && \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" && \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check ".[serve]" --group dev && \
	.venv/bin/python -c 'import airhaul; assert "site-packages" in airhaul.__file__' && \
	.venv/bin/python -m pytest $(T)

format: setup sync-face
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
