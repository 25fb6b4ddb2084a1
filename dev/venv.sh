# Sourced by dev/demo and dev/test: makes $VENV, a virtual environment of this checkout's own.
# Debian and Ubuntu ship Python without `venv`; where it is missing it is installed.

VENV=${BINDERCLIP_VENV:-.venv}

python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "binderclip needs Python 3.11 or later; none was found on PATH." >&2
    exit 1
fi

# apt_install PACKAGE...: as root or through sudo; says what to do where neither is to be had.
apt_install() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "please install by hand: $*" >&2
        return 1
    fi
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if [ ! -x "$VENV/bin/pip" ]; then
    rm -rf "$VENV"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        apt_install "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    "$python" -m venv "$VENV"
fi
