"""What this server's own surroundings say of where programs, modules and settings are taken from:
its Python, its variables, Jupyter's folders, and the kernels that it would start.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from binderclip.jupyter.opening.modules import STANDING, installed, loaded
from binderclip.jupyter.opening.running import Places, folded

_KERNELS = 200
_SPEC_BYTES = 100_000
_PYTHON = "Python itself lies in that folder"
_JUPYTER = "Jupyter takes its kernels, settings or extensions from that folder"
_KERNEL = "a kernel of this server lies in that folder"

# What is named here is searched: for modules, packages, libraries, settings.
_SEARCHED = (
    *("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "JUPYTER_DATA_DIR"),
    *("JUPYTER_PATH", "JUPYTERLAB_DIR", "JUPYTERLAB_SETTINGS_DIR", "MPLCONFIGDIR", "DASK_CONFIG"),
    *("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_CACHE_HOME"),
    *("XDG_STATE_HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
    *("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE", "JULIA_DEPOT_PATH", "JULIA_LOAD_PATH"),
    *("PERL5LIB", "PERLLIB", "NODE_PATH", "RUBYLIB", "GEM_HOME", "GEM_PATH", "LUA_PATH"),
    *("CLASSPATH", "OCTAVE_PATH", "MATLABPATH", "SCIHOME", "ZDOTDIR", "DOT_SAGE"),
)
# The same, but for a home folder itself: people say so of it, and little is meant.
_SEARCHED_BELOW = (
    *("PYTHONPATH", "PYTHONSTARTUP", "JUPYTER_RUNTIME_DIR", "XDG_RUNTIME_DIR", "BASH_ENV", "ENV"),
    *("R_HOME", "R_PROFILE", "R_PROFILE_USER", "R_ENVIRON", "R_ENVIRON_USER", "JULIA_PROJECT"),
    *("JULIA_BINDIR", "GOPATH", "GOBIN", "GOROOT", "CARGO_HOME", "RUSTUP_HOME", "CONDA_ENVS_PATH"),
    *("CONDA_ENVS_DIRS", "CONDA_PKGS_DIRS", "WORKON_HOME", "PIPX_HOME", "PIPX_BIN_DIR", "NVM_DIR"),
    *("UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR", "PYENV_ROOT"),
    *("PNPM_HOME", "DENO_DIR", "JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR", "ANSIBLE_CONFIG"),
    *("GIT_CONFIG_GLOBAL", "GIT_TEMPLATE_DIR", "GIT_EXEC_PATH", "LD_PRELOAD"),
)
_PREFIXES = (
    *("CONDA_PREFIX", "CONDA_ROOT", "MAMBA_ROOT_PREFIX", "VIRTUAL_ENV", "PYTHONHOME"),
    *("PYTHONUSERBASE", "NPM_CONFIG_PREFIX"),
)
_IN_PREFIX = (
    *("bin", "sbin", "condabin", "scripts", "lib", "lib64", "dlls", "include", "libexec", "opt"),
    *("etc", "share", "ssl", "conda-meta", "envs", "pkgs", "shell", "pyvenv.cfg", "pip.conf"),
    *("pip.ini", "condarc"),
)
# Kernels that are started by these read, and run, what the folder's own project says.
_JS = ("package.json", "deno.json", "deno.jsonc", "bunfig.toml")
_PROJECT_TOOLS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("uv", "uvx"), ("pyproject.toml", "uv.toml", "setup.py", "setup.cfg")),
    **dict.fromkeys(("poetry", "poetry_kernel"), ("pyproject.toml", "poetry.toml")),
    **dict.fromkeys(("pixi", "pixi_kernel"), ("pixi.toml", "pyproject.toml")),
    **dict.fromkeys(("hatch", "pdm", "rye"), ("pyproject.toml", "hatch.toml", "pdm.toml")),
    "pipenv": ("pipfile",),
    **dict.fromkeys(("stack", "cabal"), ("stack.yaml", "package.yaml", "cabal.project")),
    **dict.fromkeys(("nix", "nix-shell"), ("flake.nix", "shell.nix", "default.nix")),
    **dict.fromkeys(("devbox", "mise"), ("devbox.json", "mise.toml")),
    **dict.fromkeys(("npm", "npx", "pnpm", "yarn", "bun", "deno"), _JS),
    **dict.fromkeys(("bundle", "mix", "lein"), ("gemfile", "mix.exs", "project.clj")),
    **dict.fromkeys(("clj", "clojure", "make"), ("deps.edn", "makefile", "gnumakefile")),
}


@dataclass(frozen=True, slots=True)
class Kernel:
    """How a kernel is started, from its ``kernel.json``."""

    words: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


def places(folder: Path | None, environ: Mapping[str, str] | None = None) -> Places:
    """What is known of ``folder``, the home or the server's root; None for one that is on no disk.
    Reads lists of files, and the descriptions of kernels. ``environ`` is this server's own.
    """
    environ = os.environ if environ is None else environ
    kernels = tuple(_kernels())
    paths = _paths(folder)
    prefixes = {prefix for kernel in kernels for prefix in _prefixes_of(kernel)}
    modules = {folder for prefix in prefixes for folder in _module_folders(prefix)}
    named = {folded(module.partition(".")[0]) for kernel in kernels for module in _started(kernel)}
    closed = _Closed(folder)
    closed.of_python(paths, prefixes)
    closed.of_jupyter()
    closed.of_kernels(kernels)
    for variables in (environ, *(kernel.environ for kernel in kernels)):
        closed.of_variables(variables)
    return Places(
        modules=STANDING | loaded() | installed(paths) | installed(modules) | named,
        closed=closed.found,
        files=_project_files(kernels),
        scripts=_scripts(),
        programs_here=closed.programs_here,
    )


class _Closed:
    """Collects the folders below ``folder``."""

    def __init__(self, folder: Path | None) -> None:
        self.found: dict[str, str] = {}
        self.programs_here = False
        self._roots = {folder, folder.resolve()} if folder else set()
        if any(root == Path(root.anchor) for root in self._roots):
            self.found[""] = "the home folder of this server is the root of its file system"

    def of_python(self, paths: Iterable[Path], prefixes: Iterable[Path]) -> None:
        for path in paths:
            self._close(path, "this server's Python imports from that folder", itself=False)
        for own in {sys.prefix, sys.base_prefix, sys.exec_prefix}:
            self._prefix(Path(own), _PYTHON)
        for prefix in prefixes:
            self._prefix(prefix, _KERNEL)

    def of_jupyter(self) -> None:
        from jupyter_core import paths  # noqa: PLC0415 - not needed to import this module

        for path in (*paths.jupyter_config_path(), *paths.jupyter_path()):
            self._close(Path(path), _JUPYTER)
        self._close(Path(paths.jupyter_runtime_dir()), _JUPYTER, itself=False)

    def of_kernels(self, kernels: Iterable[Kernel]) -> None:
        for kernel in kernels:
            for word in kernel.words:
                if Path(word).is_absolute():
                    self._close(Path(word).parent, _KERNEL, itself=False)

    def of_variables(self, environ: Mapping[str, str]) -> None:
        for path in _named_in(environ, ("PATH",)):
            self._close(path, "the system starts programs from that folder", itself=False)
            self.programs_here |= any(_below(path, root) == "" for root in self._roots)
        for name in (*_SEARCHED, *_SEARCHED_BELOW):
            why = f"the variable {name} says that programs look in that folder"
            for path in _named_in(environ, (name,)):
                self._close(path, why, itself=name in _SEARCHED)
        for path in _named_in(environ, _PREFIXES):
            self._prefix(path, "programs and their modules lie in that folder")

    def _close(self, path: Path, why: str, *, itself: bool = True) -> None:
        for root in self._roots:
            for one in {path, _resolved(path)}:
                below = _below(one, root)
                if below or (below == "" and itself):
                    self.found.setdefault(below, why)

    def _prefix(self, path: Path, why: str) -> None:
        self._close(path, why, itself=False)
        if any(_below(one, root) == "" for one in (path, _resolved(path)) for root in self._roots):
            self.found.update(dict.fromkeys(_IN_PREFIX, why))


def _below(path: Path, root: Path) -> str | None:
    """``path`` relative to ``root``, in the form of ``folded``; None where it is not below it."""
    # normpath: what a variable says may go up and down again.
    path = Path(os.path.normpath(path))
    if not path.is_relative_to(root):
        return None
    return "/".join(folded(part) for part in path.relative_to(root).parts)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


def _named_in(environ: Mapping[str, str], names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        for word in environ.get(name, "").split(os.pathsep):
            # R has a language of its own for these: ~/R/%p-library/%v
            with suppress(RuntimeError, ValueError):
                path = Path(word.strip().partition("%")[0] or ".").expanduser()
                if path.is_absolute():
                    yield path


def _paths(folder: Path | None) -> tuple[Path, ...]:
    """Where this Python looks, but for where people work: the current folder, and ``folder``."""
    work = {Path.cwd(), folder, folder.resolve() if folder else None}
    found = (Path(one) for one in sys.path if one)
    return tuple(path for path in found if path.is_absolute() and path not in work)


def _kernels() -> Iterator[Kernel]:
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415 - as above

    files = (file for one in jupyter_path("kernels") for file in _specs(Path(one)))
    for _, file in zip(range(_KERNELS), files, strict=False):
        with suppress(OSError, ValueError, TypeError, AttributeError):
            if file.stat().st_size <= _SPEC_BYTES:
                said = json.loads(file.read_bytes())
                environ = {str(name): str(value) for name, value in said.get("env", {}).items()}
                yield Kernel(tuple(map(str, said["argv"])), environ)


def _specs(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(folder.glob("*/kernel.json"))


def _prefixes_of(kernel: Kernel) -> Iterator[Path]:
    """Of the Python that runs it, if its path is told."""
    for word in kernel.words:
        path = Path(word)
        if path.is_absolute() and path.name.lower().startswith(("python", "xpython")):
            there = path.parent.name.lower() in {"bin", "scripts"}
            yield path.parent.parent if there else path.parent


def _module_folders(prefix: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from prefix.glob("lib*/python3*/*-packages")
    yield prefix / "Lib" / "site-packages"


def _started(kernel: Kernel) -> Iterator[str]:
    """The modules that Python is told to run."""
    for word, following in zip(kernel.words, kernel.words[1:], strict=False):
        if word == "-m":
            yield following


def _project_files(kernels: Iterable[Kernel]) -> dict[str, str]:
    found = {}
    for kernel in kernels:
        for word in kernel.words:
            tool = Path(word).name.lower().removesuffix(".exe")
            for name in _PROJECT_TOOLS.get(tool, ()):
                found[name] = f"a kernel of this server is started by {tool}, as such a file says"
    return found


@cache
def _scripts() -> frozenset[str]:
    """The commands of this Python's distributions: applications of Jupyter have settings in files
    that are named after them.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - not needed to import this module

    return frozenset(
        entry.name.replace("-", "_").casefold() for entry in entry_points(group="console_scripts")
    )
