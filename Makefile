# The two commands of the README: "make demo" and "make test".
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint docs ci

demo: $(STAMP)
	@mkdir -p build/demo
	$(BIN)/combkit warmup
	$(BIN)/combkit solve examples/instances/cities.tsp --time-limit 10 --seed 1 -o build/demo/cities.tour
	$(BIN)/combkit check examples/instances/cities.tsp build/demo/cities.tour
	$(BIN)/combkit plot examples/instances/cities.tsp build/demo/cities.tour -o build/demo/cities.png
	@echo "The tour is in build/demo/cities.tour, its picture in build/demo/cities.png"

test: $(STAMP)
	$(BIN)/pytest -n 2 --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP)
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

ci:
	.ci/run

# Installs once; again only when the project's metadata or its pins change.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); the first time this takes some minutes."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@
