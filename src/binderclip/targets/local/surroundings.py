"""Environment variables: of what builds an environment, and of what runs in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from binderclip.inheritance import for_strangers, inherited

_PLACES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "IPYTHONDIR")


def of_build(*, anonymous: bool) -> dict[str, str]:
    """Of the installers, and of what packages run as they are built."""
    return for_strangers(inherited(), building=True) if anonymous else inherited()


def activated(
    base: Mapping[str, str], prefix: Path, home: Path, variables: Mapping[str, str] | None
) -> dict[str, str]:
    """``base`` with the environment in ``prefix`` activated. ``home`` is what repo2docker calls
    REPO_DIR; its other names are set too, since scripts use them. ``variables`` are those that a
    conda environment sets, None where it is a virtual one.
    """
    own = {"VIRTUAL_ENV": str(prefix)} if variables is None else _of_conda(prefix)
    return {
        **base,
        "PATH": os.pathsep.join([str(prefix / "bin"), base["PATH"]]),
        **own,
        "NB_PYTHON_PREFIX": str(prefix),
        "KERNEL_PYTHON_PREFIX": str(prefix),
        "REPO_DIR": str(home),
        **(variables or {}),
    }


def _of_conda(prefix: Path) -> dict[str, str]:
    """As ``conda activate`` sets them for an environment that is named by its folder."""
    return {
        "CONDA_PREFIX": str(prefix),
        "CONDA_DEFAULT_ENV": str(prefix),
        "CONDA_PROMPT_MODIFIER": f"({prefix}) ",
        "CONDA_SHLVL": "1",
    }


def of_script(
    prefix: Path, repo: Path, variables: Mapping[str, str] | None, *, anonymous: bool = False
) -> dict[str, str]:
    """Of ``postBuild``: at home in the working copy, as in an image, so that it leaves the
    person's home alone; what it installs "for the user" goes into the environment. Caches and
    pip's settings stay the person's: an index may be a mirror.
    """
    base = activated(of_build(anonymous=anonymous), prefix, repo, variables)
    home = Path.home()
    config = Path(base.get("XDG_CONFIG_HOME") or home / ".config")
    cache = base.get("XDG_CACHE_HOME") or str(home / ".cache")
    for pip in (config / "pip" / "pip.conf", home / ".pip" / "pip.conf"):
        if "PIP_CONFIG_FILE" not in base and pip.is_file():
            base["PIP_CONFIG_FILE"] = str(pip)
    for name in _PLACES:
        base.pop(name, None)
    return base | {
        "HOME": str(repo),
        "XDG_CACHE_HOME": cache,
        "JUPYTER_DATA_DIR": str(prefix / "share" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(prefix / "etc" / "jupyter"),
    }


def of_session(
    prefix: Path,
    repo: Path,
    own_home: Path | None,
    variables: Mapping[str, str] | None,
    *,
    anonymous: bool = False,
) -> dict[str, str]:
    """Of a kernel or a server. With ``own_home`` nothing of the person's settings is found, and
    what an ``anonymous`` one gets has none of the operator's secrets in it.
    """
    ours = for_strangers(inherited()) if anonymous else inherited()
    base = activated(ours, prefix, own_home or repo, variables)
    if own_home is None:
        return base
    for name in _PLACES:
        base.pop(name, None)
    return base | {"HOME": str(own_home)}
