"""Saving a run's notebook while it goes on: whole at every moment, and at a bounded cost."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from binderclip import atomic, notebookfault
from binderclip.errors import NotebookError

# Of the time that passes, one part goes into saving and nine go by before the next save.
_REST_FACTOR = 9.0
_LEAST_REST_S = 0.25
_MAX_BYTES = 1 << 40
# Says nothing about a file's state, so that its content is compared.
_UNSEEN = atomic.Seen(0, 0, 0, 0, 0, settled=False)


class ResultFile:
    """A file that is replaced as long as nobody else writes to it.

    ``held`` is what it holds before the run; None where it is not there. A file that others
    change meanwhile is left to them, and what comes is written to a new name beside it.
    """

    def __init__(self, path: Path, held: bytes | None) -> None:
        self.path = path
        self._held = held
        self._lock = threading.Lock()

    @classmethod
    def expect(cls, path: Path, held: bytes | None) -> ResultFile:
        """``path`` holding ``held``, or what it holds now. Raises NotebookError for what is there
        and cannot be replaced, or cannot be made there.
        """
        try:
            now = atomic.read(path, _MAX_BYTES)[0]
        except FileNotFoundError as error:
            if not path.parent.is_dir() or path.is_symlink():
                raise notebookfault.not_saved(str(path), error) from error
            return cls(path, None)
        except OSError as error:
            raise notebookfault.cannot_read(str(path), error) from error
        except atomic.NotAFile as error:
            raise notebookfault.not_a_file(str(path), str(error)) from error
        return cls(path, now if held is None else held)

    def write(self, data: bytes) -> str | None:
        """Replace the content, durably. Why the path is another from now on, or None.

        Raises NotebookError.
        """
        with self._lock:
            return self._write(data)

    def _write(self, data: bytes) -> str | None:
        try:
            self._put(data)
        except atomic.Changed as changed:
            old = self.path
            self._put_beside(data)
            return f"{old}: {changed} while the notebook ran; the results go to {self.path}"
        except OSError as error:
            raise notebookfault.not_saved(str(self.path), error) from error
        return None

    def _put(self, data: bytes) -> None:
        if self._held is None:
            _create(self.path, data)
        else:
            change = atomic.Change(self.path, _UNSEEN, self._held, data)
            (failure,) = atomic.replace_all([change])
            if failure is not None:
                raise failure
        self._held = data

    def _put_beside(self, data: bytes) -> None:
        stem = self.path.stem.removesuffix(".run")
        for number in itertools.count(1):
            suffix = f"-{number}" if number > 1 else ""
            self.path, self._held = self.path.with_name(f"{stem}.run{suffix}.ipynb"), None
            with suppress(atomic.Changed):
                try:
                    self._put(data)
                except OSError as error:
                    raise notebookfault.not_saved(str(self.path), error) from error
                return


def _create(path: Path, data: bytes) -> None:
    """A file that was not there. Raises atomic.Changed where it is there by now, OSError."""
    temporary = path.with_name(f".binderclip-{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            path.hardlink_to(temporary)
        except FileExistsError as error:
            raise atomic.Changed("it was made by somebody else") from error
        except OSError:  # a file system without hard links
            if path.exists():
                raise
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    except OSError:  # some file systems cannot; the content is safe
        pass
    finally:
        os.close(folder)


class Saver:
    """Keeps ``file`` up to date with what ``render`` gives, beginning when it is made.

    ``saved`` is told of every save, ``notice`` of what the person should know.
    """

    def __init__(
        self,
        file: ResultFile,
        render: Callable[[], bytes],
        *,
        saved: Callable[[Path], None],
        notice: Callable[[str], None],
    ) -> None:
        self.file = file
        self._render, self._saved, self._notice = render, saved, notice
        self._dirty, self._closed = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._keep())

    def changed(self) -> None:
        """There is something new; it is saved soon."""
        self._dirty.set()

    async def close(self) -> None:
        """Save for the last time. Raises NotebookError where that fails."""
        self._closed.set()
        self._dirty.set()
        await self._task
        await self._save()

    def abandon(self) -> None:
        """Save nothing more."""
        self._task.cancel()

    async def _keep(self) -> None:
        rest_s = _LEAST_REST_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._closed.wait()
            await self._dirty.wait()
            if self._closed.is_set():
                return
            began = time.monotonic()
            # A disk that is full now may have room at the end; what goes wrong there is raised.
            with suppress(NotebookError):
                await self._save()
            rest_s = max(_LEAST_REST_S, _REST_FACTOR * (time.monotonic() - began))

    async def _save(self) -> None:
        self._dirty.clear()
        # The disk is waited for in a thread: outputs go on being received.
        if moved := await asyncio.to_thread(self.file.write, self._render()):
            self._notice(moved)
        self._saved(self.file.path)
