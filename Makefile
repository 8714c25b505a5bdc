# Written for GNU make 3.81, which is what macOS ships, and for its userland.

# PYTHON, when given, is the only interpreter tried.
PYTHON ?=
PYTHONS = python3.13 python3.12 python3.11 python3.14 python3 python
PORT ?= 8501
# PyPI's Linux builds of PyTorch bring several GB of CUDA libraries; this index has the CPU builds.
# Empty: take PyTorch from wherever pip is configured to look.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
UV ?= uv
# `make lock UV_ARGS=--upgrade` moves every pin to the newest release the ranges allow.
UV_ARGS ?=

# One place for the version: pyproject.toml.
TORCH := $(shell sed -n 's/^ *"\(torch==[0-9.]*\)",*$$/\1/p' pyproject.toml)

# Always through the interpreter: the scripts in .venv/bin name the directory they were installed in.
PY = .venv/bin/python
PIP = $(PY) -m pip --disable-pip-version-check

.PHONY: help install dev index run port test check lock clean
# `make -j run` must not index while it installs.
.NOTPARALLEL:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# A pip that was killed may leave a package that looks installed and is not. The file `busy` outlives
# such a pip, and the next run starts the environment afresh, from pip's download cache; a pip that
# gave up by itself (no network, say) leaves the environment usable and is simply run again.
# The stamps are copies of what was installed, so that checking out a lock anew reinstalls nothing.
PIP_INSTALL = pip_install() { \
		echo $$$$ > .venv/busy; status=0; \
		$(PIP) install --quiet "$$@" || status=$$?; \
		if [ $$status -gt 128 ]; then exit 1; fi; \
		$(PY) -c 'import importlib.metadata as m, sys; sys.exit(any(d.files is None for d in m.distributions()))' \
			|| exit 1; \
		rm -f .venv/busy; return $$status; \
	}
FROM_LOCK = --no-deps --require-hashes --only-binary :all: -r

install: ## create .venv with everything the app needs
	@set -eu; \
	fail() { echo "$$1" >&2; exit 1; }; \
	fits() { "$$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1; }; \
	version() { "$$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }; \
	$(PIP_INSTALL); \
	current() { cmp -s requirements.lock .venv/lock.done && [ "$$torch" = "$(TORCH)" ]; }; \
	torch=$$(cat .venv/torch.done 2>/dev/null || :); \
	python=; bare=; keep=; \
	if fits $(PY); then keep=yes; fi; \
	if [ -f .venv/busy ]; then \
		other=$$(cat .venv/busy); \
		if [ -n "$$other" ] && kill -0 "$$other" 2>/dev/null; then \
			case "$$(ps -o stat= -p "$$other" 2>/dev/null || :)" in \
				Z*) ;; \
				*) fail "Another make (process $$other) is installing into .venv: wait for it, or delete .venv if there is none." ;; \
			esac; \
		fi; \
		keep=; \
	fi; \
	if [ -n "$$keep" ] && [ -z "$(PYTHON)" ] && current; then exit 0; fi; \
	if [ -n "$$keep" ] && ! $(PIP) --version >/dev/null 2>&1; then keep=; fi; \
	if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; else set -- $(PYTHONS); fi; \
	if [ -n "$(PYTHON)" ] || [ -z "$$keep" ]; then \
		for p in "$$@"; do \
			fits "$$p" || continue; \
			if "$$p" -c 'import venv, ensurepip' >/dev/null 2>&1; then python=$$p; break; fi; \
			[ -n "$$bare" ] || bare=$$p; \
		done; \
		if [ -z "$$python" ]; then \
			[ -z "$$bare" ] || fail "$$bare lacks the venv or ensurepip module: install it (Debian, Ubuntu: sudo apt install python$$(version "$$bare")-venv) and run make again."; \
			[ -z "$(PYTHON)" ] || fail "$(PYTHON) is not a Python 3.11 to 3.14 that runs: name another (make install PYTHON=/path/to/python3.12) or leave PYTHON out."; \
			fail "No Python 3.11 to 3.14 found: install one (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python@3.13) or run make install PYTHON=/path/to/it."; \
		fi; \
		if "$$python" -c 'import platform as p, sys; sys.exit((p.system(), p.machine()) != ("Darwin", "x86_64"))'; then \
			fail "$$python is built for Intel Macs, for which PyTorch has no build any more: use an arm64 Python on Apple silicon, or Linux."; \
		fi; \
		if [ -n "$$keep" ] && [ "$$(version $(PY))" != "$$(version "$$python")" ]; then keep=; fi; \
	fi; \
	if [ -z "$$keep" ]; then \
		rm -rf .venv; torch=; \
		echo "Creating .venv with $$("$$python" --version)."; \
		"$$python" -m venv .venv || { rm -rf .venv; fail "$$python could not create .venv."; }; \
	fi; \
	if ! cmp -s requirements.lock .venv/lock.done; then \
		echo "Installing the packages of requirements.lock into .venv: a few minutes the first time."; \
		pip_install $(FROM_LOCK) requirements.lock \
			|| fail "The packages were not installed: mend what pip says above and run make install again. Supported: Linux on x86-64 or arm64 with glibc 2.28 or newer, macOS 14 or newer on Apple silicon."; \
		cp requirements.lock .venv/lock.part; mv .venv/lock.part .venv/lock.done; \
	fi; \
	if [ "$$torch" != "$(TORCH)" ]; then \
		set -- "$(TORCH)"; \
		if [ "$$(uname -s)" = Linux ] && [ -n "$(TORCH_INDEX)" ]; then \
			if $(PIP) index versions torch --index-url "$(TORCH_INDEX)" --timeout 8 --retries 0 2>/dev/null \
				| grep -F "$(patsubst torch==%,%,$(TORCH))" >/dev/null; then \
				set -- --no-deps --index-url "$(TORCH_INDEX)" --retries 1 "$(TORCH)"; \
			else \
				echo "PyTorch's index of CPU builds has no answer: taking $(TORCH) from pip's own index, which on Linux may bring several GB of CUDA libraries."; \
			fi; \
		fi; \
		echo "Installing $(TORCH)."; \
		pip_install "$$@" || fail "PyTorch was not installed: run make install again, or make install TORCH_INDEX= to take it from pip's own index."; \
		echo "$(TORCH)" > .venv/torch.part; mv .venv/torch.part .venv/torch.done; \
	fi

dev: install
	@set -eu; $(PIP_INSTALL); \
	if ! cmp -s requirements-dev.lock .venv/dev.done; then \
		echo "Installing the tools of requirements-dev.lock."; \
		pip_install $(FROM_LOCK) requirements-dev.lock \
			|| { echo "The tools were not installed: mend what pip says above and run make again." >&2; exit 1; }; \
		cp requirements-dev.lock .venv/dev.part; mv .venv/dev.part .venv/dev.done; \
	fi

index: install ## read the handbook into the search index
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
	@if grep -nE '^ *(from|import) +(app|ui|chat|retriever|ingest)([ .,]|$$)' $(LEAVES); then \
		echo "$(LEAVES) stand at the start of the line and import none of the packages." >&2; exit 1; \
	fi
	@$(PY) -m ingest --check

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
