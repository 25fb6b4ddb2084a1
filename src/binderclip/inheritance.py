"""Environment variables that tools of an environment inherit from us."""

from __future__ import annotations

import os
from collections.abc import Mapping

# About the Python, the Jupyter or the binderclip that we were called from: not about this one.
_DROPPED = frozenset(
    {
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "PYTHONEXECUTABLE",
        "PYTHONUSERBASE",
        "PYTHONPLATLIBDIR",
        "VIRTUAL_ENV",
        "VIRTUAL_ENV_PROMPT",
        "__PYVENV_LAUNCHER__",
        "PIP_PREFIX",
        "PIP_TARGET",
        "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV",
        "UV_PYTHON",
        "UV_PROJECT",
        "UV_PROJECT_ENVIRONMENT",
        "UV_SYSTEM_PYTHON",
        "UV_BREAK_SYSTEM_PACKAGES",
        "UV_TARGET",
        "UV_PREFIX",
        "UV_WORKING_DIR",
        "UV_WORKING_DIRECTORY",
        "UV_VENV_CLEAR",
        "UV_VENV_SEED",
        "UV_VENV_RELOCATABLE",
        "UV_DRY_RUN",
    }
)
_DROPPED_FAMILIES = ("CONDA_", "_CONDA_", "MAMBA_", "BINDERCLIP_", "JUPYTER", "JPY_")
# What packages and kernels of strangers get: how to speak, where programs and scratch space are,
# how the web is reached, and what the machine has to compute with.
_FOR_STRANGERS = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TMP", "TEMP"),
        *("LANG", "LANGUAGE", "TZ", "TZDIR", "PYTHONNOUSERSITE"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
        *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS"),
    }
)
_FOR_BUILDS = frozenset({"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME"})
_FAMILIES_FOR_BUILDS = ("UV_", "PIP_")


def for_strangers(variables: Mapping[str, str], *, building: bool = False) -> dict[str, str]:
    """Those of ``variables`` that may go to code of people whom nobody here knows. With
    ``building`` also what says where packages come from and are kept.
    """
    return {
        name: value
        for name, value in variables.items()
        if name.upper() in _FOR_STRANGERS
        or name.startswith("LC_")
        or (building and (name in _FOR_BUILDS or name.startswith(_FAMILIES_FOR_BUILDS)))
    }


def inherited() -> dict[str, str]:
    """Our own variables without those of another Python environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _DROPPED and not name.startswith(_DROPPED_FAMILIES)
    }
    gone = {
        os.path.join(os.environ[name], sub)  # noqa: PTH118 - PATH holds strings
        for name in ("VIRTUAL_ENV", "CONDA_PREFIX")
        if os.environ.get(name)
        for sub in ("bin", "condabin")
    }
    parts = [p for p in kept.get("PATH", os.defpath).split(os.pathsep) if p not in gone]
    return kept | {"PATH": os.pathsep.join(parts), "PYTHONNOUSERSITE": "1"}
