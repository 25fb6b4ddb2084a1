"""Files from beside a notebook to where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from weakref import WeakKeyDictionary

from binderclip.addresses.masking import printable
from binderclip.amounts import count, size, some
from binderclip.errors import SourceError
from binderclip.flow.seats.luggage import Luggage, pooled


@dataclass
class Company:
    """What those that share a server have put there already: their ``notebooks``, which may be
    running, and the ``files`` beside them, which a run may have changed since.
    """

    notebooks: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


_COMPANIES: WeakKeyDictionary[asyncio.Lock, Company] = WeakKeyDictionary()


def company(turn: asyncio.Lock | None) -> Company:
    """That of all who wait for the same ``turn``; its own for one who waits for none."""
    return Company() if turn is None else _COMPANIES.setdefault(turn, Company())


async def send(
    files: Sequence[Path],
    here: Path,
    luggage: Luggage,
    others: Company,
    remark: Callable[[str], None],
) -> None:
    """Upload ``files``, which lie in ``here``, by their paths below it. One that stands there is
    replaced, but never what another of the same session put there. Raises SourceError and
    SessionError.
    """
    paths = {
        str(PurePosixPath(luggage.folder, file.relative_to(here).as_posix())): file
        for file in files
    }
    if spared := sorted(others.notebooks & paths.keys()):
        remark(f"not sent, since another notebook runs there under that name: {_named(spared)}")
    wanted = {
        path: file
        for path, file in paths.items()
        if path not in others.notebooks and path not in others.files
    }
    if not wanted:
        return
    total = sum(await asyncio.to_thread(lambda: [_size(file) for file in wanted.values()]))
    names = _named([path.removeprefix(f"{luggage.folder}/") for path in sorted(wanted)])
    remark(f"sending {count(len(wanted), 'file')} beside the notebook, {size(total)}: {names}")
    making = asyncio.Lock()

    async def go(path: str) -> None:
        data = await asyncio.to_thread(_content, wanted[path])
        there = await luggage.contents.stat(path)
        if there is None:
            async with making:
                await luggage.make_folder(str(PurePosixPath(path).parent))
            luggage.note(path, "file")
        else:
            # What lies beside the notebook is what its person means.
            shown = printable(path)
            remark(f"{shown}: the file of that name in the environment is replaced by yours")
        await luggage.contents.upload(path, data, replace=there is not None)
        others.files.add(path)

    await pooled(go, sorted(wanted))


def _named(paths: Sequence[str]) -> str:
    return some([printable(path) for path in paths])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise _unreadable(file, error) from error


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> SourceError:
    return SourceError(
        f"{file}: cannot be read ({error.strerror})",
        hint="say with --with which files to send",
    )
