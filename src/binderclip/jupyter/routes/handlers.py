"""The routes that answer at once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.utils import ensure_async
from msgspec import UNSET
from tornado import web

from binderclip.errors import NotebookError
from binderclip.jupyter.routes import answers, placing
from binderclip.jupyter.routes.base import Route, allowed
from binderclip.jupyter.routes.requests import (
    BuildpackAsked,
    FillAsked,
    ImportAsked,
    LinksAsked,
)
from binderclip.notebook import MISSING
from binderclip.rest.bodies import Subject
from binderclip.rest.faults import NotFound


class FactsRoute(Route):
    @allowed("read")
    async def get(self) -> None:
        await self.answer(answers.about, self.here.facts, self.here.hub)

    head = get


class FilesRoute(Route):
    @allowed("read")
    async def get(self) -> None:
        await self.answer(answers.known_files)

    head = get


class OpenAPIRoute(Route):
    @allowed("read")
    async def get(self) -> None:
        await self.answer(_description)

    head = get


class ValidateRoute(Route):
    @allowed("read")
    async def post(self) -> None:
        asked = await self.asked(Subject)
        await self.answer(answers.validated, asked.value, self.here.facts)


class BuildpackRoute(Route):
    @allowed("read")
    async def post(self) -> None:
        await self.answer(answers.built, await self.asked(BuildpackAsked))


class FillRoute(Route):
    @allowed("read")
    async def post(self) -> None:
        asked = await self.asked(FillAsked)
        value = MISSING if asked.metadata.binder is UNSET else asked.metadata.binder
        await self.answer(answers.filled, value, self.here.facts)


class LinksRoute(Route):
    @allowed("read")
    async def post(self) -> None:
        asked = await self.asked(LinksAsked)
        if asked.path is not None:
            await self.check_allowed("read", "contents")
        await self.answer(placing.linked, asked, self._root, self.here)

    @property
    def _root(self) -> placing.Root:
        manager = self.contents_manager
        if not isinstance(manager, FileManagerMixin):
            return placing.Root(None)
        return placing.Root(Path(manager.root_dir), hidden=manager.allow_hidden)


class ImportRoute(Route):
    max_bytes = 64 << 20

    @allowed("read")
    async def post(self) -> None:
        asked = await self.asked(ImportAsked)
        if asked.notebook is not UNSET:
            await self.answer(answers.imported, bytes(asked.notebook), "notebook.ipynb")
            return
        await self.check_allowed("read", "contents")
        path = str(asked.path).strip("/")
        data = (await self._text(path)).encode("utf-8", "surrogatepass")
        await self.answer(answers.imported, data, path.rpartition("/")[2])

    async def _text(self, path: str) -> str:
        """Raises NotFound, NotebookError."""
        try:
            asked = self.contents_manager.get(path, content=True, type="file", format="text")
            model: dict[str, Any] = await ensure_async(asked)
        except web.HTTPError as error:
            if error.status_code == web.HTTPError(404).status_code:
                raise NotFound(
                    "path: there is no such file on this server", hint="save it first"
                ) from error
            raise NotebookError(
                "path: this server does not give that file as text, expected a notebook"
            ) from error
        text = model.get("content")
        if not isinstance(text, str):
            raise NotebookError("path: found no text there, expected a notebook")
        return text


@cache
def _description() -> dict[str, object]:
    """openapi.yaml, as JSON."""
    from importlib.resources import files  # noqa: PLC0415 - few ask for it

    from binderclip import yamls  # noqa: PLC0415 - as above

    text = files("binderclip.jupyter").joinpath("openapi.yaml").read_text("utf-8")
    description: dict[str, object] = yamls.read(text, "openapi.yaml")
    return description
