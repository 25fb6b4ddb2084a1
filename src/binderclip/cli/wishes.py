"""The options of ``set``, as they were typed, → what to change."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import click

from binderclip import references
from binderclip.edit import Fetching, Wish, check
from binderclip.spec.grammar import MAX_BYTES
from binderclip.spec.model import Dialect, Reference, lined


@dataclass(frozen=True, slots=True)
class Words:
    """The options as they were typed."""

    hosts: tuple[str, ...]
    image: str | None
    build: str | None
    ref: str | None
    files: tuple[str, ...]
    config: str | None
    config_ref: str | None
    config_copies: tuple[str, ...]
    content: str | None
    content_ref: str | None
    content_copies: tuple[str, ...]
    remove: tuple[str, ...]
    opt_out: bool
    dialect: Dialect | None
    force: bool


def understood(words: Words) -> Wish:
    """Reads the files that are to be embedded. Raises click.UsageError, SpecError."""
    stated = {f.name for f in fields(words) if getattr(words, f.name)}
    if not stated - {"force", "dialect"}:
        raise click.UsageError("nothing to set: say --file, --build, --image, --host, --remove, …")
    if words.opt_out and stated != {"opt_out"}:
        raise click.UsageError("--opt-out stands alone: it says that there is no environment")
    wish = Wish(
        host=tuple(_host(text) for text in words.hosts),
        image=references.image(words.image) if words.image else None,
        build=_with_ref(references.repository(words.build), words.ref, "build")
        if words.build
        else None,
        ref=None if words.build else words.ref,
        files=_files(words.files),
        config=_fetching("config", words.config, words.config_ref, words.config_copies),
        content=_fetching("content", words.content, words.content_ref, words.content_copies),
        remove=words.remove,
        opt_out=words.opt_out,
        dialect=words.dialect,
        force=words.force,
    )
    check(wish)
    return wish


def _host(text: str) -> str:
    """A hub's address; one without a scheme is https."""
    return text if "://" in text else f"https://{text}"


def _fetching(key: str, url: str | None, ref: str | None, copies: Sequence[str]) -> Fetching | None:
    """``--config`` or ``--content`` with its ref and its copies; None where none was given."""
    if url is None and ref:
        raise click.UsageError(f"--{key}-ref needs --{key}")
    if url is None and not copies:
        return None
    place = _with_ref(references.repository(url, key), ref, key) if url else None
    pairs = dict(_copy(key, text) for text in copies)
    return Fetching(place, pairs or None)


def _with_ref(reference: Reference, ref: str | None, key: str) -> Reference:
    """``reference`` at ``ref``, unless its address named another one."""
    stated = reference.ref or reference.hash
    if ref is None or ref == stated:
        return reference
    if stated:
        raise click.UsageError(f"--{key} names {stated!r} and its ref option {ref!r}: say one")
    return references.at(reference, ref)


def _copy(key: str, text: str) -> tuple[str, str]:
    glob, equals, folder = text.rpartition("=")
    if not equals or not glob:
        raise click.UsageError(f"--{key}-copy: {text!r} is not GLOB=FOLDER, as in '*.ipynb=work/'")
    if folder.startswith("/"):
        raise click.UsageError(
            f"--{key}-copy: {folder!r} is not below the home folder of the session. Write it "
            "from there on, as in '*.ipynb=work/'; did the shell replace $HOME or ~?"
        )
    below = re.sub(r"^(?:\$HOME|\$\{HOME\}|~)(?=/|$)/?|^\./|^\.$", "", folder)
    return glob, f"$HOME/{below}"


def _files(texts: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """``NAME=PATH`` or ``PATH`` → the file's name in the notebook and its lines."""
    found = {}
    for stated in texts:
        name, equals, path = stated.partition("=")
        if not equals:
            name, path = Path(stated).absolute().name, stated
        if not name or not path:
            raise click.UsageError(f"--file: {stated!r} is neither NAME=PATH nor PATH")
        if name in found:
            raise click.UsageError(f"--file: {name!r} is given twice")
        found[name] = _lines(path)
    return found


def _lines(path: str) -> tuple[str, ...]:
    from binderclip.embedding import NotText, text

    data = _bytes(path)
    if len(data) > MAX_BYTES:
        raise click.UsageError(
            f"--file: {path} is larger than a notebook may embed ({MAX_BYTES} bytes in all); "
            "put it into a repository and name that with --build"
        )
    try:
        return lined(text(data))
    except NotText as error:
        raise click.UsageError(
            f"--file: {path} is {error}, and only text in UTF-8 can be embedded"
        ) from error


def _bytes(path: str) -> bytes:
    """At most one byte more than the limit."""
    try:
        if path == "-" and sys.stdin is None:
            raise click.UsageError("--file: standard input is closed, expected a file on it")
        if path == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(path).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise click.UsageError(f"--file: {path} is a folder; name its files one by one") from error
    except OSError as error:
        raise click.UsageError(f"--file: {path}: {error.strerror}") from error
