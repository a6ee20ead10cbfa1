#!/bin/sh
# Make a virtual environment with Python 3.11 or later in the folder named; install Debian's venv package where it is missing.
set -eu
venv=$1

find_python() {
    for name in python3 python3.11 python3.12 python3.13 python3.14; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            echo "$name"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    echo 'registrar-sync needs Python 3.11 or later. On Debian or Ubuntu: apt-get install python3 python3-venv' >&2
    exit 1
fi
# Debian splits ensurepip off: without it a venv has no pip.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    sh "$(dirname "$0")/apt-install.sh" "python$version-venv"
fi
rm -rf "$venv"
"$python" -m venv "$venv"
