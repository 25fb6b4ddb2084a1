# Sourced by dev/test: brings the JupyterHub that tests run against, apart from binderclip's own
# environment ($VENV): what it installs would make every import there slower.

TOOLS=${BINDERCLIP_TOOLS:-.tools}

if [ ! -x "$TOOLS/hub/bin/jupyterhub" ]; then
    rm -rf "$TOOLS/hub"
    "$VENV/bin/python" -m venv --without-pip "$TOOLS/hub"
    "$VENV/bin/uv" pip install -q --python "$TOOLS/hub/bin/python" \
        'jupyterhub>=6,<7' 'jupyterlab>=4,<5' 'notebook>=7,<8' ipykernel nbgitpuller
fi
if [ ! -x "$TOOLS/node_modules/.bin/configurable-http-proxy" ] && command -v npm >/dev/null 2>&1; then
    # Version 5 is not for the Node.js of Debian 12 and Ubuntu 24.04, which have 18.
    case $(node --version) in
        v1[0-9].*) proxy=4 ;;
        *) proxy=5 ;;
    esac
    npm install --silent --no-audit --no-fund --prefix "$TOOLS" "configurable-http-proxy@$proxy"
fi
