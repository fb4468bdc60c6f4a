VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PORT ?= 8501

.DEFAULT_GOAL := help
.PHONY: help app test wheel train evaluate lint format clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

app: $(VENV)/.serving  ## Install and run the web app with its REST service (PORT=8501)
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.development  ## Install and run the tests
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

wheel: $(VENV)/.development  ## Build the wheel, install it in a fresh environment and use it there
	$(BIN)/python -m benchmarks.wheel_check

train: $(VENV)/.development  ## Train both networks from the recordings, into weights/
	$(BIN)/python -m bearing train --model cnn
	$(BIN)/python -m bearing train --model order

evaluate: $(VENV)/.development  ## Measure both networks under every protocol, into weights/
	$(BIN)/python -m bearing evaluate --model cnn --protocol all
	$(BIN)/python -m bearing evaluate --model order

lint: $(VENV)/.development  ## Check style, types and the layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development  ## Put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.serving: requirements.txt constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.development: requirements-dev.txt requirements.txt constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@ $(VENV)/.serving
