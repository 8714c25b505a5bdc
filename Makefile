# Written for GNU make 3.81, which is what macOS ships, and for its userland.

PORT ?= 8501
UV ?= uv
# `make lock UV_ARGS=--upgrade` moves every pin to the newest release the ranges allow.
UV_ARGS ?=

# Always through the interpreter: the scripts in .venv/bin name the directory they were installed in.
PY = .venv/bin/python

.PHONY: help install dev index run port test check live-model lock clean
# `make -j run` must not index while it installs.
.NOTPARALLEL:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# PYTHON=/path/to/python, TORCH_INDEX= and EXTRA=, given to make, reach install.sh through the environment.
install: ## create .venv with everything the app needs (EXTRA=openai adds a chat model's client)
	@sh install.sh

dev:
	@sh install.sh dev

index: install ## read the handbook into the search index
	@echo "Indexing the handbook: ten seconds the first time, a second afterwards."
	@$(PY) -m ingest

run: install port index ## start the app on http://127.0.0.1:8501 (PORT=8502 for another port)
	@$(PY) -m streamlit run app.py --server.port "$(PORT)"

# Before the index is built, so that nobody waits for an app that then cannot start.
port: install
	@$(PY) -c 'import socket, sys; p = sys.argv[1]; p.isdecimal() and 0 < int(p) < 65536 or sys.exit(f"PORT={p} is not a port: try make run PORT=8502"); s = socket.socket(); s.settimeout(2); s.connect_ex(("127.0.0.1", int(p))) or sys.exit(f"Port {p} is in use: try make run PORT={int(p) % 65535 + 1}")' "$(PORT)"

test: dev ## run the tests, the browser's last
	@$(PY) -m pytest --ignore=tests/e2e
	@if [ -d tests/e2e ]; then $(PY) -m pytest tests/e2e; fi

LEAVES = settings.py errors.py command_line.py database.py

check: dev ## formatting, lint, types, layers, and the handbook's own checks
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) .venv/bin/lint-imports --no-logo
	@! grep -nE '^ *(from|import) +(app|ui|evals|interview|chat|retriever|ingest)([ .,]|$$)' $(LEAVES) || \
		{ echo "$(LEAVES) import none of the packages." >&2; exit 1; }
	@$(PY) -m ingest --check

# Not part of `make test`: it downloads 130 MB, and a model's words differ from run to run.
live-model: dev index ## ask a small model on this machine ten questions and show what the check makes of them
	@$(PY) -m evals.live_model

# --no-emit-package torch: its CPU build has another hash on every index. uv takes torch's
# requirements from pyproject.toml, so that the CUDA libraries never enter; the grep makes sure.
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --no-emit-package torch --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(UV_ARGS)

lock: ## pin every package again after a change to pyproject.toml (needs uv)
	@$(UV) --version >/dev/null 2>&1 || { echo "make lock needs uv: pip install uv, or name it with UV=/path/to/uv." >&2; exit 1; }
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	@if grep -nE '/|^-|^(torch|triton|nvidia|cuda)' requirements.lock requirements-dev.lock; then \
		echo "The lines above do not belong in a lock." >&2; exit 1; \
	fi

clean: ## remove .venv and every cache (never your data)
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
