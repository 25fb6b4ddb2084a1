"""One requirement: a name and versions, an address, or a path."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from binderclip.addresses.masking import masked, printable
from binderclip.distributions import canonical
from binderclip.errors import Refused
from binderclip.requirementfiles.addresses import inside, plain_path, refuse_variables, safe_url
from binderclip.requirementfiles.model import Requirement

SCHEMES = ("https", "http", "git+https", "git+http", "git+ssh")

_LONGEST = 2000
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_OPTIONS = re.compile(r"\s(?=--?[A-Za-z])")
_HASH = re.compile(r"--hash(?:=|\s+)(?P<hash>(?P<kind>sha256|sha384|sha512):[0-9a-f]+)")
_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.(?:gz|bz2|xz)|tgz)$", re.IGNORECASE)
_OPERATOR, _RELEASE = r"(?:==|!=|<=|>=|<|>)", r"\d{1,9}(?:\.\d{1,9}){0,5}"
_BOUND = re.compile(rf"({_OPERATOR})[ \t]*({_RELEASE})")
_PLAIN = re.compile(
    rf"(?P<name>{_NAME.pattern})[ \t]*"
    rf"(?P<bounds>(?:{_OPERATOR}[ \t]*{_RELEASE}"
    rf"(?:[ \t]*,[ \t]*{_OPERATOR}[ \t]*{_RELEASE})*)?)",
    re.ASCII,
)
_VERSION = "0123456789."
# A path may be followed by extras, and by a marker.
# Words and the blanks between them, so that no blank may belong to two parts.
_PATH = re.compile(
    r"(?P<path>\s*+[^\[\];\s]++(?:\s++[^\[\];\s]++)*+)\s*+(?:\[(?P<extras>[^\]]*+)\]\s*+)?"
    r"(?:;\s*+(?P<marker>.*))?"
)


def normalised(name: str, at: str) -> str:
    """A distribution's name, as indexes compare it. Raises Refused."""
    if not _NAME.fullmatch(name):
        raise Refused(f"{at}: found {printable(name, 40)!r}, expected the name of a package")
    return canonical(name)


def requirement(line: str, at: str) -> Requirement:
    """One line without its comment. Raises Refused."""
    refuse_variables(line, at)
    text, *options = _OPTIONS.split(line, maxsplit=1)
    found = _stated(text.strip(), at)
    return replace(found, hashes=(*found.hashes, *_hashes(" ".join(options), at)))


def editable(text: str, at: str) -> Requirement:
    """What stands behind ``-e``: a folder, or a git repository. Raises Refused."""
    text = text.strip()
    refuse_variables(text, at)
    named = _ADDRESS.match(text) or "@" in text or re.search(r"[<>=~!]=", text)
    found = _stated(text, at) if named else _from_path(text, at)
    if found.path is None and found.repository is None:
        raise Refused(f"{at}: found -e {masked(text)!r}, expected a folder or a git repository")
    return replace(found, editable=True)


def _stated(text: str, at: str) -> Requirement:
    if len(text) > _LONGEST:
        raise Refused(f"{at}: found a requirement of {len(text)} characters")
    if _ADDRESS.match(text):
        return _unnamed(text, at)
    head = re.split(r"[@;\[<>=!~\s]", text, maxsplit=1)[0]
    if head.startswith(".") or "/" in head or _ARCHIVE.search(head):
        return _from_path(text, at)
    return _named(text, at)


def _named(text: str, at: str) -> Requirement:
    return _plain(text) or _parsed(text, at)


def _plain(text: str) -> Requirement | None:
    """Most lines: a name and bounds. Each operator once, so that no two bounds can be the same one.
    What this reads comes out as from packaging, whose import costs more than all else does here.
    """
    found = _PLAIN.fullmatch(text)
    if not found:
        return None
    bounds = sorted(operator + version for operator, version in _BOUND.findall(found["bounds"]))
    if len({bound.rstrip(_VERSION) for bound in bounds}) < len(bounds):
        return None
    return Requirement(name=canonical(found["name"]), specifier=",".join(bounds))


def _parsed(text: str, at: str) -> Requirement:
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415 - imported when used
    from packaging.requirements import Requirement as Parsed  # noqa: PLC0415 - imported when used

    try:
        parsed = Parsed(text)
        specifier, marker = str(parsed.specifier), str(parsed.marker) if parsed.marker else None
    except (InvalidRequirement, ValueError, RecursionError) as error:
        why = str(error).partition("\n")[0]
        why = f" ({printable(why, 120)})" if "@" not in text else ""
        raise Refused(
            f"{at}: found {masked(text)!r}, expected a requirement like 'numpy>=2'{why}"
        ) from error
    found = Requirement(
        name=normalised(parsed.name, at),
        specifier=specifier,
        extras=_extras(",".join(parsed.extras), at),
        marker=marker,
    )
    if parsed.url is None:
        return found
    if not _ADDRESS.match(parsed.url) or parsed.url.startswith("file:"):
        return replace(found, path=_path(parsed.url, at))
    return _with_url(found, parsed.url, at)


def _unnamed(text: str, at: str) -> Requirement:
    """``git+https://…#egg=name``, or the address of an archive."""
    if text.startswith("file:"):
        return _from_path(text, at)
    url, *rest = re.split(r"(?<!\s)\s++;\s*", text, maxsplit=1)
    found = _with_url(Requirement(None, marker=_marker(rest[0] if rest else None, at)), url, at)
    path = urlsplit(url).path
    if found.name is None and path.endswith(".whl"):
        name = path.rpartition("/")[2].partition("-")[0]
        return replace(found, name=normalised(name, at))
    return found


def _with_url(found: Requirement, url: str, at: str) -> Requirement:
    """Names and hashes of the fragment belong to the requirement, not to its address."""
    whole, _, fragment = safe_url(url, at, SCHEMES).partition("#")
    pairs = dict(parse_qsl(fragment, keep_blank_values=True))
    hashes = [f"{kind}:{pairs[kind].lower()}" for kind in _DIGITS if kind in pairs]
    inner = pairs.get("subdirectory")
    if inner is not None:
        inner = inside(plain_path(inner, at), at)
    egg = _PATH.fullmatch(pairs.get("egg", ""))
    if egg and found.name is None:
        found = replace(
            found,
            name=normalised(egg["path"], at),
            extras=_extras(egg["extras"], at),
        )
    return replace(
        found,
        url=f"{whole}#subdirectory={inner}" if inner else whole,
        hashes=tuple(hashes),
    )


def _from_path(text: str, at: str) -> Requirement:
    match = _PATH.fullmatch(re.sub(r"#egg=[\w.-]+", "", text))
    if not match:
        raise Refused(f"{at}: found {masked(text)!r}, expected a requirement or a path")
    return Requirement(
        None,
        path=_path(match["path"], at),
        extras=_extras(match["extras"], at),
        marker=_marker(match["marker"], at),
    )


def _path(text: str, at: str) -> str:
    if re.match(r"file:/", text):
        raise Refused(
            f"{at}: found a 'file:' address, which leads outside of the environment",
            hint="keep the package beside this file, and name it by a relative path",
        )
    path = inside(plain_path(text.removeprefix("file:"), at), at)
    return path if path == "." else f"./{path}"


def _extras(text: str | None, at: str) -> tuple[str, ...]:
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    return tuple(sorted({normalised(name, at) for name in names}))


def _marker(text: str | None, at: str) -> str | None:
    from packaging.markers import InvalidMarker, Marker  # noqa: PLC0415 - imported when used

    if text is None:
        return None
    try:
        return str(Marker(text))
    except (InvalidMarker, ValueError, RecursionError) as error:
        raise Refused(f"{at}: found the marker {printable(text, 80)!r}, which is none") from error


def _hashes(text: str, at: str) -> tuple[str, ...]:
    found = [
        m for m in _HASH.finditer(text) if len(m["hash"]) == len(m["kind"]) + 1 + _DIGITS[m["kind"]]
    ]
    if _HASH.sub("", text).strip() or len(found) != len(_HASH.findall(text)):
        raise Refused(
            f"{at}: found {printable(text.strip(), 60)!r} behind a requirement, expected only "
            "--hash=sha256:… there",
            hint="options of building cannot be pinned",
        )
    return tuple(sorted({m["hash"] for m in found}))
