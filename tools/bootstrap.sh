#!/bin/sh
# Finds a Python, hands over to bootstrap.py, which installs what is locked and runs tools.run with the same words.
set -eu
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }

find_python() {
    for candidate in "${PYTHON:-}" .venv/bin/python python3.13 python3.12 python3.14 python3 \
        "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[234].*/bin/python \
        "${HOME:-}"/.local/share/uv/python/cpython-3.1[234].*/bin/python3; do
        [ -n "$candidate" ] && fits "$candidate" && { command -v "$candidate"; return; }
    done
    if uv=$(command -v uv); then
        "$uv" python find '>=3.12,<3.15' 2>/dev/null && return
        "$uv" python install -q 3.13 >&2 && "$uv" python find 3.13 && return
    fi
    echo "Python 3.12, 3.13 or 3.14 is needed, or uv, which fetches one. Set PYTHON to one that is not on the PATH." >&2
    return 1
}

python=$(find_python)
exec "$python" tools/bootstrap.py "$@"
