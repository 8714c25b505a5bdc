#!/bin/sh
# Fills .venv: `sh install.sh` with what the app needs, `sh install.sh dev` with the test tools too.
# PYTHON, when set, is the only interpreter tried. TORCH_INDEX has PyTorch's CPU builds for Linux,
# for which PyPI's bring several GB of CUDA libraries; empty: wherever pip is configured to look.
# EXTRA, when set, is one of pyproject.toml's extras: the client of a chat model.
set -eu
PYTHON=${PYTHON-} EXTRA=${EXTRA-} TORCH_INDEX=${TORCH_INDEX-https://download.pytorch.org/whl/cpu}

# A pip that was killed leaves packages that look installed and are not. So the file `unfinished`
# stands while anything is installed, and an .venv that has it at the start is begun afresh.
# The files *.done are copies of what was installed: a second call compares them and is through.
main() {
    cd "$(dirname "$0")"
    [ -z "$EXTRA" ] || grep -q "^$EXTRA = \[\"langchain" pyproject.toml ||
        fail "EXTRA=$EXTRA has no client here: choose anthropic, ollama or openai."
    refuse_to_disturb_another_install
    environment_is_sound || create_environment
    install_lock requirements.lock lock
    install_torch
    if [ "${1-}" = dev ]; then install_lock requirements-dev.lock dev; fi
    if [ -n "$EXTRA" ]; then install_extra; fi
    rm -f .venv/unfinished
    prepare_encoder
}

refuse_to_disturb_another_install() {
    other=$(grep -vx $$ .venv/unfinished 2>/dev/null) || return 0
    ! ps -p "$other" -o args= 2>/dev/null | grep -q 'install\.sh' ||
        fail "Another make (process $other) is installing into .venv: wait for it to end."
}

environment_is_sound() {
    [ ! -f .venv/unfinished ] && suits .venv/bin/python || return 1
    [ -z "$PYTHON" ] || [ "$(version_of "$PYTHON")" = "$(version_of .venv/bin/python)" ]
}

create_environment() {
    find_python
    [ "$("$python" -c 'import platform as p; print(p.system(), p.machine())')" != "Darwin x86_64" ] ||
        fail "$python is built for Intel Macs, for which PyTorch has no build any more: use an arm64 Python on Apple silicon, or Linux."
    echo "Creating .venv with $("$python" --version)."
    # In this order: half an .venv must not look sound.
    rm -rf .venv/bin/python .venv || fail "Something still writes into .venv: run make again in a moment."
    mkdir .venv
    echo $$ > .venv/unfinished
    "$python" -m venv .venv || fail "$python could not create .venv."
}

find_python() {
    set -- python3.13 python3.12 python3.11 python3.14 python3 python
    if [ -n "$PYTHON" ]; then set -- "$PYTHON"; fi
    bare=
    for python in "$@"; do
        suits "$python" || continue # a broken pyenv shim has no version
        if "$python" -c 'import venv, ensurepip' 2>/dev/null; then return; fi
        bare=$python
    done
    [ -z "$bare" ] || fail "$bare lacks the venv or ensurepip module: install it (Debian, Ubuntu: sudo apt install python$(version_of "$bare")-venv) and run make again."
    fail "No Python 3.11 to 3.14 found${PYTHON:+ at $PYTHON}: install one (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python@3.13) or run make install PYTHON=/path/to/it."
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
suits() { version_of "$1" | grep -q '^3\.1[1-4]$'; }

install_lock() {
    if cmp -s "$1" ".venv/$2.done"; then return; fi
    echo "Installing the packages of $1: this can take a few minutes."
    pip_install --no-deps --require-hashes --only-binary :all: -r "$1"
    cp "$1" ".venv/$2.done"
}

install_torch() {
    torch=torch==$(sed -n 's/^ *"torch==\([^"]*\)".*/\1/p' pyproject.toml)
    if [ "$(cat .venv/torch.done 2>/dev/null)" = "$torch" ]; then return; fi
    echo "Installing $torch."
    set -- "$torch"
    if [ "$(uname -s)" = Linux ] && [ -n "$TORCH_INDEX" ]; then
        if pip index versions torch --index-url "$TORCH_INDEX" --timeout 8 --retries 0 >/dev/null 2>&1; then
            set -- --retries 1 --index-url "$TORCH_INDEX" "$torch"
        else
            echo "PyTorch's index of CPU builds cannot be reached: pip's own index may bring several GB of CUDA libraries."
        fi
    fi
    pip_install "$@"
    echo "$torch" > .venv/torch.done
}

# The encoder of questions is made from the model's weights once, here, so that the first start need not.
prepare_encoder() {
    if cmp -s requirements.lock .venv/encoder.done; then return; fi
    echo "Preparing the encoder of questions."
    # Where it cannot be made now, say for want of a writable home, the first start makes it.
    if .venv/bin/python -m ingest --encoder >/dev/null; then cp requirements.lock .venv/encoder.done; fi
}

# An extra's own packages are in no lock: pip takes what pyproject.toml allows, and moves no locked pin.
install_extra() {
    .venv/bin/python - "$EXTRA" > .venv/extra.txt <<'END'
import sys, tomllib
print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]]))
END
    if cmp -s .venv/extra.txt ".venv/extra-$EXTRA.done"; then return; fi
    echo "Installing the client for $EXTRA."
    sed -n 's/^\([A-Za-z0-9._-]*==[^\\]*[^ \\]\) *\\*$/\1/p' requirements.lock > .venv/pins.txt
    pip_install --constraint .venv/pins.txt --requirement .venv/extra.txt
    cp .venv/extra.txt ".venv/extra-$EXTRA.done"
}

pip_install() {
    echo $$ > .venv/unfinished
    pip install --quiet "$@" || fail "The install failed: mend what pip says above and run make again. Supported: Linux on x86-64 or arm64 with glibc 2.28 or newer, macOS 14 or newer on Apple silicon."
}
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }
fail() { echo "$1" >&2; exit 1; }

main "$@"
