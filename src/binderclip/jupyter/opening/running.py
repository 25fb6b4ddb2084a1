"""Which files programs run because of their name or folder, though nobody opened them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from binderclip.jupyter.opening.modules import (
    STANDING,
    STEADY,
    first_name,
    importable,
    is_module,
)

_PROGRAMS = "programs are started from folders of that name"
_PYTHON = "Python imports from folders of that name"
_JUPYTER = "Jupyter takes settings and extensions from folders of that name"
_R = "R takes packages from folders of that name"
_SHELL = "shells run what lies in folders of that name"
_PAGES = "web servers run what lies in folders of that name"
_INSTALLED = "Python takes a folder of that name for an installed package"

_FOLDERS: Mapping[str, str] = {
    **dict.fromkeys(("bin", "sbin", "condabin"), _PROGRAMS),
    **({"scripts": _PROGRAMS} if os.name == "nt" else {}),
    **dict.fromkeys(("site-packages", "dist-packages", "__pypackages__"), _PYTHON),
    "__pycache__": "Python runs what lies in such a folder in place of its source",
    "conda-meta": "conda takes a folder that has one for an environment",
    **dict.fromkeys(("labextensions", "nbextensions", "labconfig", "nbconfig"), _JUPYTER),
    **dict.fromkeys(("activate.d", "deactivate.d", "profile.d"), _SHELL),
    "node_modules": "Node.js, and Jupyter with it, takes programs from folders of that name",
    "perl5": "Perl takes modules from folders of that name",
    "site-library": _R,
    "powershell": "PowerShell runs its profile from folders of that name",
    "windowspowershell": "PowerShell runs its profile from folders of that name",
    "cgi-bin": _PAGES,
    "profile_default": "IPython runs what lies in folders of that name when it starts",
}
_IN_FOLDERS: Mapping[tuple[str, str], str] = {
    ("share", "jupyter"): _JUPYTER,
    ("etc", "jupyter"): _JUPYTER,
    ("etc", "ipython"): _JUPYTER,
}
_IN_HOME: Mapping[str, str] = {
    "library": "macOS starts programs from that folder",
    "appdata": "Windows starts programs from that folder",
    "public_html": _PAGES,
}
# Where nbconvert finds its templates, in the folder that the server was started in too.
_TEMPLATES = frozenset(
    "asciidoc base basic classic lab latex markdown python reveal rst script webpdf".split()  # noqa: SIM905 - names are read as text
)

_JULIA = "Julia's kernel takes its packages from where a file of that name says"
_STATA = "Stata runs a file of that name when it starts"
_FILES: Mapping[str, str] = {
    "head": "git takes a folder that has one for a repository, and its settings with it",
    "kernel.json": "Jupyter starts what such a file says",
    "pyvenv.cfg": "Python takes a folder that has one for an environment",
    "voila.json": "Voilà takes a file of that name for its configuration",
    "conf.json": "nbconvert takes a file of that name for a template's, and imports what it says",
    "matplotlibrc": "Matplotlib imports what a file of that name says",
    **dict.fromkeys(
        [
            f"{julia}{name}.toml"
            for julia in ("", "julia")
            for name in ("project", "manifest", "localpreferences")
        ],
        _JULIA,
    ),
    "startup.jl": "Julia runs a file of that name when it starts",
    "rprofile.site": "R runs a file of that name when it starts",
    "renviron.site": "R reads a file of that name when it starts",
    "scilab.ini": "Scilab runs a file of that name when it starts",
    "maxima-init.mac": "Maxima runs a file of that name when it starts",
    "maxima-init.lisp": "Maxima runs a file of that name when it starts",
    "profile.do": _STATA,
    "sysprofile.do": _STATA,
    "autoexec.sas": "SAS runs a file of that name when it starts",
    "global.json": ".NET starts what a file of that name says",
}
_ENDINGS: Mapping[str, str] = {
    "pth": "Python runs such files when it starts",
    "egg-link": "Python takes modules from where such files say",
    "egg-info": _INSTALLED,
    "dist-info": _INSTALLED,
}
_MANIFEST = re.compile(r"(?:julia)?manifest-v[\d.]+\.toml")
# Functions that MATLAB, Octave and their kernels call at their start, by their files' names.
_FUNCTIONS = frozenset(
    """
    addpath available_graphics_toolkits cd computer disp display error eval evalc evalin exist
    fflush figure finish fprintf get getenv graphics_toolkit groot isfield ismac ispc isunix more
    octaverc path pathdef printf ps1 ps2 pwd restoredefaultpath set setenv source startup
    startupsav struct ver version warning what which matlabrc
    """.split()  # noqa: SIM905 - as above
)
_FUNCTION_ENDINGS = frozenset({"m", "p", "mlx", "oct", "mex", "mexa64", "mexw64", "mexmaci64"})
# What Windows looks for in the folder that a program is started in, before anywhere else.
_WINDOWS_ENDINGS = frozenset({"exe", "com", "bat", "cmd", "dll", "scr", "pif", "lnk", "cpl"})
_SETTINGS = re.compile(
    r"(?:jupyter|ipython|ip(?:kernel|cluster|engine|controller)|nb|voila)[\w-]*config\w*"
)


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of a machine, all names in the form of ``folded``. ``modules`` are those that
    its Pythons have; ``closed`` are folders and files, relative to the folder that paths are
    relative to ("" for that itself), with the reason why nothing is put there; ``files`` are names
    to refuse anywhere; ``scripts`` are commands that Python distributions installed.
    ``programs_here``: what lies right in the folder is started as a command.
    """

    modules: frozenset[str] = STANDING
    closed: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    scripts: Collection[str] = frozenset()
    programs_here: bool = False
    windows: bool = os.name == "nt"


ANYWHERE = Places()
"""What holds on every machine."""


def refusal(path: str, places: Places = ANYWHERE) -> str | None:
    """Why nothing is put at ``path`` (relative, with slashes); None where it may be. Case, and how
    letters are composed, does not count, as it does not for some file systems.
    """
    parts = [folded(part) for part in path.split("/")]
    return next(_reasons(parts, places), None)


def folded(part: str) -> str:
    """Equal for names that any file system takes for one: macOS passes over marks that are not
    seen, Windows over dots and blanks at the end.
    """
    if not part.isascii():
        seen = "".join(char for char in part if unicodedata.category(char) not in {"Cf", "Cc"})
        part = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return part.lower().rstrip(". ") or part


def _reasons(parts: list[str], places: Places) -> Iterator[str]:
    if any(part.startswith(".") for part in parts):
        yield "its name, or a folder's above it, begins with a dot"
    yield from _shut(parts, places)
    yield from _folders(parts[:-1])
    yield from _file(parts, places)
    yield from _module(parts, places)


def _shut(parts: list[str], places: Places) -> Iterator[str]:
    if places.programs_here and len(parts) == 1:
        yield "PATH names your home folder: what lies in it is started as a command"
    if places.closed:
        for depth in range(len(parts) + 1):
            if why := places.closed.get("/".join(parts[:depth])):
                yield why


def _folders(folders: list[str]) -> Iterator[str]:
    above = ""
    for depth, part in enumerate(folders):
        if why := _FOLDERS.get(part) or _IN_FOLDERS.get((above, part)):
            yield why
        if depth == 0 and part in _IN_HOME:
            yield _IN_HOME[part]
        if part.endswith((".dist-info", ".egg-info", ".egg")) or part == "egg-info":
            yield _INSTALLED
        if above == "r" and part.endswith("-library"):
            yield _R
        if above in {"lib", "lib64"} and part.startswith(("python2", "python3")):
            yield _PYTHON
        if _SETTINGS.fullmatch(part.removesuffix(".d")) and part.endswith(".d"):
            yield _JUPYTER
        above = part


def _file(parts: list[str], places: Places) -> Iterator[str]:
    name, folder = parts[-1], parts[-2] if len(parts) > 1 else ""
    stem, _, ending = name.rpartition(".")
    if why := _FILES.get(name) or places.files.get(name) or _ENDINGS.get(ending):
        yield why
    if ending in {"py", "json"}:
        yield from _settings(stem, places)
    if _MANIFEST.fullmatch(name):
        yield _JULIA
    if name.endswith("profile.ps1"):
        yield "PowerShell runs a file of that name when it starts"
    if ending in _FUNCTION_ENDINGS and stem in _FUNCTIONS:
        yield f"MATLAB and Octave would take it for their function {stem}"
    if folder in _TEMPLATES and ending in {"j2", "tpl"}:
        yield "nbconvert takes its templates from folders of that name"
    if places.windows and ending in _WINDOWS_ENDINGS:
        yield "Windows runs such a file in place of programs of that name"


def _settings(stem: str, places: Places) -> Iterator[str]:
    if _SETTINGS.fullmatch(stem):
        yield "Jupyter takes a file of that name for its configuration"
    program = stem.replace("-", "_").removesuffix("_config")
    if program != stem and program in places.scripts:
        yield f"the program {program} takes a file of that name for its configuration"


def _module(parts: list[str], places: Places) -> Iterator[str]:
    name = parts[-1]
    if not importable(name):
        return
    module = first_name(name)
    if is_module(module, places.modules):
        yield f"programs in that folder would take it for the module {module}"
    for folder in parts[:-1]:
        inside = module == "__init__" and folder == parts[-2]
        if is_module(folder, places.modules) and (inside or folder not in STEADY):
            yield f"programs beside that folder would take it for the module {folder}"
