# make help lists what there is. Needs make, Python 3.11 to 3.13 and a package registry; no account, no GPU.
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3 python,$(shell $(p) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $(p))))
EXPERIMENT ?= triplet_hard
RUNS ?= runs
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help train demo inspect dashboard experiments test endurance lint benchmark clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*  ## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "  python train.py --help lists the experiments and every choice"

# An environment with an extra of pyproject.toml, under the lock; a target brings what it needs and no more.
$(VENV)/installed-%: pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 is needed; name one with make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ".[$*]"
	@touch $@

train: $(VENV)/installed-onnx  ## train and measure: make train EXPERIMENT=triplet_hard, or style_transfer
	$(BIN)/python train.py +experiment=$(EXPERIMENT)

demo: $(VENV)/installed-serve  ## a gallery from nothing, on a page: people enrolled, identified and clustered
	RUN="$$($(BIN)/python examples/default_run.py)" PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/gallery.sh

inspect: $(VENV)/installed-onnx  ## what the layers of the default run look for, on a page; it is trained first if need be
	$(BIN)/likeness inspect "$$($(BIN)/python examples/default_run.py)" optimised=128 pairs=4

dashboard: $(VENV)/installed-trackio  ## look at all runs in a browser: make dashboard RUNS=runs
	$(BIN)/likeness dashboard $(RUNS)

experiments: $(VENV)/installed-onnx  ## evidence from runs: make experiments NAME=triplet_hard RUNS="RUN RUN RUN"
	$(BIN)/python -m likeness.cli evidence $(NAME) $(RUNS)

# facenet-pytorch, which tests compare with, asks for an old torch: it comes without its dependencies.
$(VENV)/peers: $(VENV)/installed-dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps facenet-pytorch==2.6.0 && touch $@ || \
		echo "facenet-pytorch could not be installed: the tests that compare with it are skipped."

test: $(VENV)/peers  ## the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

endurance: $(VENV)/installed-dev  ## an hour of kills, garbled files and drifts, into experiments/benchmarks/endurance/
	OMP_NUM_THREADS=1 $(BIN)/python experiments/benchmarks/endurance/endurance.py

lint: $(VENV)/installed-dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# open-metric-learning asks for NumPy 1, so it comes without its dependencies, with those it needs to be imported.
benchmark: $(VENV)/installed-dev  ## speed beside other libraries, into experiments/benchmarks/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		open-metric-learning==4.0.0 gdown==6.5.1 beautifulsoup4==4.15.0 pandas==3.1.1 validators==0.36.0
	PYTHONPATH=experiments/benchmarks $(BIN)/python experiments/benchmarks/triplet/benchmark.py
	PYTHONPATH=experiments/benchmarks $(BIN)/python experiments/benchmarks/softmax/benchmark.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps neural-style==0.5.7 pystiche==1.0.1
	PYTHONPATH=experiments/benchmarks $(BIN)/python experiments/benchmarks/similarity/benchmark.py
	PYTHONPATH=experiments/benchmarks $(BIN)/python experiments/benchmarks/style/benchmark.py

clean:  ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache
