"""Environment variables that tools of an environment inherit from us."""

from __future__ import annotations

import os

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
