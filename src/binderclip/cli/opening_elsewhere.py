"""A notebook opened on a server that runs elsewhere; what is done to it there comes back."""

from __future__ import annotations

import asyncio
import tempfile
import webbrowser
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import click

from binderclip import opener
from binderclip.cli.manner import Manner, free
from binderclip.cli.progress import Reporter
from binderclip.cli.wanted import Wanted
from binderclip.errors import BinderclipError, SessionError
from binderclip.execute.saver import ResultFile
from binderclip.flow import Candidate
from binderclip.flow.seats import Seat, seated, served
from binderclip.records import Records
from binderclip.servers.pages import page
from binderclip.session import Session

# A hub stops what is idle, and then nothing can be fetched any more.
_LOOK_S = 15.0
_LAST_LOOK_S = 20.0
_MAX_BYTES = 200 * 2**20
_GONE = 4


async def show(
    found: Wanted, candidate: Candidate, session: Session, manner: Manner, reporter: Reporter
) -> None:
    """Upload, show, bring edits back until it ends. Raises the tree of errors."""
    opened = found.opened
    async with (
        served(session, found.guard) as server,
        seated(
            opened,
            server,
            throwaway=session.throwaway,
            files=await found.files(candidate, reporter.say),
            copies=found.copies,
            observe=reporter.launch,
            remark=reporter.say,
            stays=True,
        ) as seat,
    ):
        address = await page(server, seat.path, manner.ui)
        url = _with_token(address, session)
        with tempfile.TemporaryDirectory(prefix="binderclip-") as private:
            shown = manner.browser and await asyncio.to_thread(
                webbrowser.open, opener.write(Path(private), url).as_uri()
            )
            if shown:
                reporter.say(f"the notebook is at {address}", mark="→", hue="green")
            else:
                # The one place where the token is shown: without it nobody could get in.
                click.echo(url)
            if manner.detach:
                if session.owned:
                    Records().keep(session.id)
                    reporter.say(f"it goes on; `binderclip sessions stop {session.id}` ends it")
                else:
                    reporter.say(f"the server goes on as before; the notebook is in {seat.folder}")
                return
            folder = opened.folder if opened.source.path else Path.cwd()
            file = free(folder / f"{Path(opened.source.name).stem}.edited.ipynb")
            await _Edits(seat, file, reporter).until_the_end()


def _with_token(address: str, session: Session) -> str:
    """A hub's pages ask their person to log in, and a hub's token opens more than this server."""
    if session.hub is not None or not session.token:
        return address
    return f"{address}?token={quote(session.token, safe='')}"


class _Edits:
    """Brings the notebook back whenever it was saved on the server."""

    def __init__(self, seat: Seat, file: Path, reporter: Reporter) -> None:
        self._seat, self._reporter = seat, reporter
        self._file = ResultFile.expect(file, None)
        self._held, self._seen = seat.sent, ""

    async def until_the_end(self) -> None:
        """Until Ctrl-C, or until the server is gone. Raises SessionError then."""
        self._reporter.say(f"Ctrl-C ends it; what you save there comes to {self._file.path}")
        missed = 0
        try:
            while True:
                await asyncio.sleep(_LOOK_S)
                try:
                    await self._look()
                    missed = 0
                except SessionError as error:
                    missed += 1
                    if missed == _GONE:
                        raise SessionError(error.message, hint=error.hint) from error
        except asyncio.CancelledError:
            self._reporter.say("fetching what you saved, then ending it …")
            with suppress(BinderclipError, TimeoutError):
                async with asyncio.timeout(_LAST_LOOK_S):
                    await self._look()

    async def _look(self) -> None:
        entry = await self._seat.contents.stat(self._seat.path)
        if entry is None or entry.changed == self._seen:
            return
        data = await self._seat.contents.download(self._seat.path, max_bytes=_MAX_BYTES)
        if data != self._held:
            if moved := await asyncio.to_thread(self._file.write, data):
                self._reporter.warn(moved)
            self._held = data
            self._reporter.say(f"saved as {self._file.path}", mark="→", hue="green")
        self._seen = entry.changed
