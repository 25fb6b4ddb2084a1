"""A real Python, copied from the one that runs the tests, to be a conda package.

Its files are what that Python needs to start from another prefix, without the packages that are
installed into it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

VERSION = ".".join(map(str, sys.version_info[:3]))
SHORT = f"{sys.version_info.major}.{sys.version_info.minor}"

# Of the standard library: what no notebook of ours needs, and what belongs to the machine.
_LEFT_OUT = (
    "site-packages",
    "dist-packages",
    "__pycache__",
    "test",
    "tests",
    "idlelib",
    "ensurepip",
    "lib2to3",
    "tkinter",
    "turtledemo",
    "pydoc_data",
    "config-*",
    "EXTERNALLY-MANAGED",
    "sitecustomize.py",
    "_distutils_system_mod.py",
    "*.a",
)
_PROBE = """
import ctypes, json, sqlite3, ssl, sys, sysconfig, zlib
print(json.dumps([sys.prefix, sysconfig.get_path("purelib"), sysconfig.get_path("data")]))
"""


class Impossible(Exception):
    """No package can be made of this Python, for the reason in the message."""


def python_files(prefix: Path) -> None:
    """Copy this Python into ``prefix``, an empty folder. Raises Impossible where it would not
    start there, or would install packages elsewhere than a conda Python does.
    """
    own = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    program = prefix / "bin" / f"python{SHORT}"
    program.parent.mkdir(parents=True)
    shutil.copy2(own, program)
    for alias in ("python", "python3"):
        (program.parent / alias).symlink_to(program.name)
    library = prefix / "lib" / f"python{SHORT}"
    shutil.copytree(
        Path(os.__file__).parent, library, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=False
    )
    shared = Path(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME"))
    if ".so" in shared.name and shared.is_file():
        shutil.copy2(shared, prefix / "lib" / shared.name)
    _undo_debian(library)
    (library / "site-packages").mkdir()
    (library / "site-packages" / "README.txt").write_text("Packages go here.\n")
    _check(prefix)


def _undo_debian(library: Path) -> None:
    """Debian's Python looks for packages, and puts them, where no other Python does."""
    for name, changes in {
        "sysconfig.py": {"prefix_scheme = 'posix_local'": "prefix_scheme = 'posix_prefix'"},
        "site.py": {'"local/lib"': '"lib"', '"dist-packages"': '"site-packages"'},
    }.items():
        path = library / name
        text = path.read_text("utf-8") if path.is_file() else ""
        for old, new in changes.items():
            text = text.replace(old, new)
        if text:
            path.write_text(text, "utf-8")


def _check(prefix: Path) -> None:
    done = subprocess.run(
        [str(prefix / "bin" / "python"), "-I", "-B", "-c", _PROBE],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath},
    )
    if done.returncode:
        raise Impossible(f"a copy of {sys.executable} does not start: {done.stderr[-300:]}")
    real = Path(os.path.realpath(prefix))
    expected = [str(real), str(real / "lib" / f"python{SHORT}" / "site-packages"), str(real)]
    if (found := [os.path.realpath(path) for path in json.loads(done.stdout)]) != expected:
        raise Impossible(f"a copy of {sys.executable} is at home in {found}, not in {expected}")


def contents(tree: Path) -> tuple[dict[str, tuple[bytes, int]], dict[str, str]]:
    """The files below ``tree`` with their modes, and the links with what they lead to."""
    files, links = {}, {}
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree).as_posix()
        if path.is_symlink():
            links[name] = str(path.readlink())
        elif path.is_file():
            files[name] = (path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
    return files, links
