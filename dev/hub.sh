# Sourced by dev/test: brings the JupyterHub that tests run against, apart from binderclip's own
# environment ($VENV): what it installs would make every import there slower.

TOOLS=${BINDERCLIP_TOOLS:-.tools}

if [ ! -x "$TOOLS/hub/bin/jupyterhub" ]; then
    "$python" -m venv "$TOOLS/hub"
    "$VENV/bin/uv" pip install -q --python "$TOOLS/hub/bin/python" \
        'jupyterhub>=6,<7' 'jupyterlab>=4' 'notebook>=7' ipykernel nbgitpuller
fi
if [ ! -x "$TOOLS/node_modules/.bin/configurable-http-proxy" ]; then
    npm install --silent --no-audit --no-fund --prefix "$TOOLS" configurable-http-proxy@5
fi
