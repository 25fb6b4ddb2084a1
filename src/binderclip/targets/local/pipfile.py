"""``Pipfile.lock`` and ``Pipfile`` → lines of a requirements file.

Formats: https://github.com/pypa/pipfile and what pipenv 2022 writes. As with repo2docker, the
lock wins over the Pipfile, and the development packages are installed too.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Protocol

from binderclip.errors import Refused
from binderclip.rees import Listing, parsed_toml

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(
    r"(?:(?:===|==|!=|<=|>=|~=|<|>)?\s*[\w.*+!-]+)(?:\s*,\s*(?:===|==|!=|<=|>=|~=|<|>)\s*[\w.*+!-]+)*"
)
_HASH = re.compile(r"sha(?:256|384|512):[0-9a-f]+")
_PLAIN = re.compile(r"[^\s;#\"'\\`$]+")
_MARKER = re.compile(r"[\w\s.'\"<>=!~(),+*-]+")
_PYTHON = re.compile(r"\d+\.\d+")
_PYPI = re.compile(r"https://pypi\.(?:org|python\.org)/simple/?")
_MARKER_KEYS = (
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_version",
    "python_full_version",
    "implementation_name",
    "implementation_version",
)
_VCS_KEYS = ("hg", "svn", "bzr")


class Notes(Listing, Protocol):
    """A listing that keeps what was read for the person to see."""

    def note(self, path: str) -> str | None: ...


def read(files: Notes, path: Callable[[str], str]) -> tuple[str | None, str]:
    """The Python version it asks for ("3.11"), or None, and the text of a requirements file whose
    relative paths start at the working copy's root.

    Raises Refused for what neither file format nor requirements can say.
    """
    lock_path, pipfile_path = path("Pipfile.lock"), path("Pipfile")
    lock, pipfile = _lock(files, lock_path), parsed_toml(files, pipfile_path)
    for name in (lock_path, pipfile_path):
        files.note(name)
    meta = _table(lock.get("_meta"), f"{lock_path}: _meta")
    asked = [meta.get("requires"), pipfile.get("requires")]
    if files.read(lock_path) is not None:
        where, sources = lock_path, meta.get("sources")
        sections = (lock.get("default"), lock.get("develop"))
    else:
        where, sources = pipfile_path, pipfile.get("source")
        sections = (pipfile.get("packages"), pipfile.get("dev-packages"))
    lines = list(_sources(sources, where))
    merged: dict[str, Any] = {}
    for section in sections:
        for name, value in _table(section, where).items():
            merged.setdefault(name, value)
    folder = posixpath.dirname(where)
    lines += [
        requirement(name, value, where=where, folder=folder) for name, value in merged.items()
    ]
    return _python(asked, where), "".join(f"{line}\n" for line in lines)


def requirement(name: str, value: object, *, where: str, folder: str) -> str:
    """One package of a Pipfile, as one line. Raises Refused."""
    place = f"{where}: {name[:80]!r}"
    if not _NAME.fullmatch(name):
        _refuse(place, "expected the name of a package")
    if isinstance(value, str):
        return f"{name}{_specifier(value, place)}"
    entry = _table(value, place)
    for key in _VCS_KEYS:
        if key in entry:
            _refuse(place, f"comes from {key}, which uv cannot fetch; expected git or a release")
    marker = _marker(entry, place)
    suffix = f" ; {marker}" if marker else ""
    extras = _extras(entry, place)
    if "git" in entry:
        return f"{name}{extras} @ {_git(entry, place)}{suffix}"
    if "path" in entry or "file" in entry:
        return _local(name, extras, entry, place=place, folder=folder) + suffix
    hashes = "".join(f" --hash={one}" for one in _hashes(entry, place))
    return f"{name}{extras}{_specifier(entry.get('version', '*'), place)}{suffix}{hashes}"


def _lock(files: Listing, path: str) -> dict[str, Any]:
    text = files.read(path)
    if text is None:
        return {}
    try:
        return _table(json.loads(text), path)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path}: is not JSON ({error})") from error


def _python(asked: list[object], where: str) -> str | None:
    for requires in asked:
        table = _table(requires, f"{where}: requires")
        for key in ("python_full_version", "python_version"):
            found = _PYTHON.match(str(table.get(key, "")))
            if found:
                return found.group()
    return None


def _sources(sources: object, where: str) -> Iterator[str]:
    """PyPI as the first source is left to the user's own settings, which may name a mirror."""
    entries = sources if isinstance(sources, list) else []
    for number, entry in enumerate(entries):
        source = _table(entry, f"{where}: source")
        url = str(source.get("url", ""))
        if not re.fullmatch(r"(?:https?|file)://[^\s\"'\\]+", url):
            _refuse(f"{where}: source", "expected the URL of a package index")
        if source.get("verify_ssl") is False:
            _refuse(f"{where}: source", "has verify_ssl = false; expected a certificate to check")
        if _PYPI.fullmatch(url):
            continue
        yield f"{'--index-url' if number == 0 else '--extra-index-url'} {url}"


def _specifier(version: object, place: str) -> str:
    if version == "*" or version == "":  # noqa: PLR1714 - a set would hash what may be a list
        return ""
    if not isinstance(version, str) or not _VERSION.fullmatch(version.strip()):
        _refuse(place, f"found the version {str(version)[:40]!r}, expected one like '>=1.2'")
    text = "".join(version.split())
    return text if text[0] in "=<>!~" else f"=={text}"


def _extras(entry: Mapping[str, Any], place: str) -> str:
    extras = entry.get("extras", [])
    if not isinstance(extras, list) or not all(
        isinstance(one, str) and _NAME.fullmatch(one) for one in extras
    ):
        _refuse(place, "expected extras to be a list of names")
    return f"[{','.join(extras)}]" if extras else ""


def _hashes(entry: Mapping[str, Any], place: str) -> list[str]:
    hashes = entry.get("hashes", [])
    if not isinstance(hashes, list) or not all(_HASH.fullmatch(str(one)) for one in hashes):
        _refuse(place, "expected hashes to be a list of 'sha256:' and hex digits")
    return hashes


def _marker(entry: Mapping[str, Any], place: str) -> str:
    found = [f"{key} {entry[key]}" for key in _MARKER_KEYS if entry.get(key)]
    if entry.get("markers"):
        text = str(entry["markers"])
        found.append(f"({text})" if found else text)
    marker = " and ".join(found)
    if marker and ("\n" in marker or not _MARKER.fullmatch(marker)):
        _refuse(place, "expected markers like \"sys_platform == 'linux'\"")
    return marker


def _git(entry: Mapping[str, Any], place: str) -> str:
    url, ref, folder = (str(entry.get(key, "")) for key in ("git", "ref", "subdirectory"))
    if scp := re.fullmatch(r"(?P<user>[\w.-]+@[\w.-]+):(?P<path>[^/].*)", url):
        url = f"ssh://{scp['user']}/{scp['path']}"
    url = url.removeprefix("git+")
    if not re.match(r"(?:https?|ssh|git|file)://", url) or not _PLAIN.fullmatch(url):
        _refuse(place, "expected git to be a URL like 'https://host/owner/name'")
    if any(part and not _PLAIN.fullmatch(part) for part in (ref, folder)):
        _refuse(place, "expected ref and subdirectory without spaces and quotes")
    return f"git+{url}" + (f"@{ref}" if ref else "") + (f"#subdirectory={folder}" if folder else "")


def _local(name: str, extras: str, entry: Mapping[str, Any], *, place: str, folder: str) -> str:
    stated = str(entry.get("path") or entry.get("file"))
    if "://" in stated:
        if not re.match(r"https?://", stated) or not _PLAIN.fullmatch(stated):
            _refuse(place, "expected file to be a path in the repository or an http(s) URL")
        return f"{name}{extras} @ {stated}"
    inner = posixpath.normpath(posixpath.join(folder, stated))
    if inner.startswith(("/", "../")) or inner == ".." or not _PLAIN.fullmatch(inner):
        _refuse(place, f"found the path {stated[:80]!r}, expected one within the repository")
    return f"{'-e ' if entry.get('editable') else ''}./{inner}{extras}"


def _table(value: object, place: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        _refuse(place, "expected a table of names and values")
    return value


def _refuse(place: str, message: str) -> NoReturn:
    raise Refused(f"{place}: {message}")
