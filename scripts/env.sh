# Sourced by scripts/demo and scripts/test: makes .venv and site/node_modules from the locks, and nothing else.
# Usage: source scripts/env.sh demo|test      A second call with unchanged locks takes well under a second.

say() { printf '%s\n' "$*" >&2; }
die() { say "edgewise: $*"; exit 1; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
        [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
            && { command -v "$candidate"; return; }
    done
    die "needs Python 3.11 or newer, found none. Install one, or name it: PYTHON=/path/to/python3 $0"
}

make_venv() {
    local python
    python=$(find_python) || exit 1
    "$python" -m venv .venv 2>/dev/null && return
    rm -rf .venv    # Debian ships venv without its second half until python3-venv is installed
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "this Python cannot make an environment: install python3-venv, then run this again"
    say "Installing python3-venv ..."
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv; } >&2 \
        || die "apt-get could not install python3-venv: install it by hand, then run this again"
    "$python" -m venv .venv || die "$python cannot make an environment in $PWD/.venv"
}

# up_to_date STAMP FILE... : true when STAMP holds the digest of the FILEs.
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
up_to_date() { local stamp=$1; shift; [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(digest "$@")" ]; }

install_python_packages() {
    local lock=scripts/locks/$1.txt stamp=.venv/.installed-$1
    up_to_date "$stamp" "$lock" pyproject.toml && return
    say "Installing Python packages from $lock ..."
    python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock" >&2
    python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
    digest "$lock" pyproject.toml > "$stamp"
}

# The tests need everything; the demo leaves out what only they run, and takes what they have installed.
install_node_packages() {
    local folder=site/node_modules lock=site/package-lock.json omit=()
    up_to_date "$folder/.installed-test" "$lock" && return
    if [ "$1" = demo ]; then
        up_to_date "$folder/.installed-demo" "$lock" && return
        omit=(--omit=dev)
    fi
    say "Installing what the browser runs from $lock ..."
    npm ci --prefix site "${omit[@]}" --no-audit --no-fund --loglevel=error >&2
    digest "$lock" > "$folder/.installed-$1"
}

unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PIP_REQUIRE_VIRTUALENV=1
[ -x .venv/bin/python ] || make_venv
export PATH="$PWD/.venv/bin:$PATH"
install_python_packages "$1"
install_node_packages "$1"
