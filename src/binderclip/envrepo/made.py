"""Trees that need nothing of a network: files of a notebook, and an image in a Dockerfile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from binderclip.amounts import size, some
from binderclip.embedding.plain import bare_repository
from binderclip.envrepo import names
from binderclip.envrepo.model import File, Limits
from binderclip.errors import Refused, SpecError, TooLarge
from binderclip.rees import EXECUTABLE
from binderclip.registries import Image

_NO_NEED = "no environment needs such a file: see where the notebook comes from"


def files_alone(files: Mapping[str, str]) -> tuple[list[File], list[str]]:
    """The files of a notebook, by their names, and what was left out, for people.

    Raises Refused for names that git would not write, or not everywhere; for files that want one
    place; for what would be a git repository; and for text that has no UTF-8.
    """
    found, left = [], []
    for name, text in files.items():
        if why := names.trap(name) or names.fault(name):
            raise Refused(
                f"binder.files: found {why} in the name '{names.shown(name)}', expected a plain "
                "path",
                hint=_NO_NEED,
            )
        if names.own(name):
            left.append(name)
            continue
        found.append(File(name, _encoded(name, text), name in EXECUTABLE))
    paths = {file.path for file in found}
    for path in paths:
        for folder in above(path):
            if folder in paths:
                raise Refused(f"binder.files: found a file {folder!r}, and a folder, for {path!r}")
    if disguised := bare_repository(paths):
        raise Refused(
            f"binder.files: would make a git repository of {disguised!r} (HEAD, objects, refs), "
            "whose configuration may have git run anything",
            hint=_NO_NEED,
        )
    return found, list(left_out("binder.files", dict.fromkeys(left, "git's own")))


def dockerfile(image: Image) -> File:
    """Has nothing but the image, by its digest. Raises Refused for a name that a Dockerfile takes
    for another one.
    """
    registry = image.registry.partition("://")[2]
    text = f"{registry}/{image.name}@{image.digest}"
    try:
        understood = Image.parse(text)
    except SpecError as error:
        raise Refused(f"binder.image: {text!r} cannot stand in a Dockerfile") from error
    if (understood.host, understood.name, understood.digest) != (
        image.host,
        image.name,
        image.digest,
    ):
        raise Refused(
            f"binder.image: {text!r} means {understood} in a Dockerfile",
            hint="name the registry with its domain or port",
        )
    return File("Dockerfile", f"FROM {text}\n".encode())


def check_size(files: Iterable[tuple[str, int]], limits: Limits) -> None:
    """Raises TooLarge; ``files`` are paths and sizes in bytes."""
    sizes = dict(files)
    largest = max(sizes, key=sizes.__getitem__, default="")
    total_bytes = sum(sizes.values())
    found, most = "", ""
    if len(sizes) > limits.files:
        found, most = f"{len(sizes)} files", f"{limits.files}"
    elif largest and sizes[largest] > limits.file_bytes:
        found = f"{size(sizes[largest])} in {names.shown(largest)!r}"
        most = f"{size(limits.file_bytes)} in a file"
    elif total_bytes > limits.total_bytes:
        found = f"{size(total_bytes)} in {len(sizes)} files"
        most = size(limits.total_bytes)
    if found:
        raise TooLarge(
            f"the environment's repository: found {found}, expected at most {most}",
            hint="environments are small: keep data apart, and name it with `content`",
        )


def left_out(where: str, why: Mapping[str, str]) -> Iterator[str]:
    """A line for each reason, of paths and reasons."""
    for reason in sorted(set(why.values())):
        paths = sorted(names.shown(path) for path, one in why.items() if one == reason)
        yield f"{where}: left out {some(paths)} ({reason})"


def above(path: str) -> Iterator[str]:
    """The folders that ``path`` is in, the innermost first."""
    while path := path.rpartition("/")[0]:
        yield path


def _encoded(name: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Refused(f"binder.files: {name!r} holds what is no text in UTF-8") from error
