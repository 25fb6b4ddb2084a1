"""What all routes do alike: who may come, what is read of a request, and how it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar, cast

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado import web

from binderclip.addresses.masking import printable
from binderclip.errors import BinderclipError, TooLarge
from binderclip.jupyter.here import KEY, Here
from binderclip.jupyter.routes import faults
from binderclip.jupyter.routes.jobs import Jobs
from binderclip.rest import faults as common
from binderclip.rest.bodies import encoded, parsed

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Awaitable[None]])
RESOURCE = "binderclip"
"""What authorizers are asked about."""
MAX_BYTES = 4 << 20
_SMALL_BYTES = 16 << 10


def allowed(action: str) -> Callable[[Method], Method]:
    """For people alone who are signed in, and whom the server's authorizer lets do that."""

    def wrap(method: Method) -> Method:
        checked: Any = authorized(action, resource=RESOURCE)(method)
        return cast("Method", web.authenticated(checked))

    return wrap


@web.stream_request_body
class Route(APIHandler):
    """Bodies come in pieces, so that none larger than ``max_bytes`` is ever held."""

    auth_resource = RESOURCE
    max_bytes = MAX_BYTES

    def initialize(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self._pieces: list[bytes] = []
        self._size = 0
        self._refused = False

    def data_received(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._refused or self._size > self.max_bytes:
            self._pieces.clear()
        else:
            self._pieces.append(chunk)

    async def prepare(self) -> None:  # type: ignore[override] # as APIHandler has it
        """What is refused is read to its end and then answered, since who still sends would see a
        broken connection instead of an answer.
        """
        try:
            await super().prepare()
            if self.current_user is None and self.request.method != "OPTIONS":
                raise web.HTTPError(403)  # noqa: TRY301 - refused as the others are
            self.check_type()
        except (web.HTTPError, BinderclipError) as error:
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        def instead(*_words: str) -> NoReturn:
            raise error

        self._refused = True
        setattr(self, str(self.request.method).lower(), instead)

    def check_type(self) -> None:
        if self.request.method == "POST" and "POST" in self.methods:
            common.check_type(self.request.headers.get("Content-Type", ""))

    @property
    def here(self) -> Here:
        return cast("Here", self.settings[KEY])

    async def asked(self, kind: type[T]) -> T:
        """The body. Raises BadRequest, TooLarge."""
        if self._size > self.max_bytes:
            raise TooLarge(
                f"the body is larger than {self.max_bytes >> 20} MiB, expected at most that",
                hint="of a notebook's metadata, `binder` alone is enough",
            )
        body = b"".join(self._pieces)
        self._pieces.clear()
        if len(body) < _SMALL_BYTES:
            return parsed(body, kind)
        return await asyncio.to_thread(parsed, body, kind)

    async def answer(self, make: Callable[..., object], *words: Any) -> None:
        """With what a function gives, called in a thread: it may take its time."""
        body = await asyncio.to_thread(lambda: encoded(make(*words)))
        self.reply(body)

    def reply(self, body: bytes, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(body)

    async def check_allowed(self, action: str, resource: str) -> None:
        """Beside the route's own resource. Raises NotAllowed."""
        allowed = self.authorizer.is_authorized(self, self.current_user, action, resource)
        if not await ensure_async(allowed):
            raise common.NotAllowed(f"you may not {action} {resource} on this server")

    # What a request is answered with that went wrong, or asks for no more than the methods.

    @property
    def methods(self) -> str:
        found = [
            method
            for method in self.SUPPORTED_METHODS
            if getattr(type(self), method.lower())
            is not getattr(web.RequestHandler, method.lower())
        ]
        return ", ".join(sorted(found))

    @allow_unauthenticated
    def options(self, *_args: str, **_kwargs: str) -> None:
        super().options()
        self.set_header("Allow", self.methods)
        self.set_header("Access-Control-Allow-Methods", self.methods)
        self.set_status(204)
        self.finish()

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = _raised(kwargs)
        super().send_error(error.http_status if error else status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """In the one shape, whoever refused."""
        error = _raised(kwargs) or self._refusal(status_code, kwargs)
        if status_code == web.HTTPError(405).status_code:
            self.set_header("Allow", self.methods)
        for name, value in (common.waiting(error) if error else {}).items():
            self.set_header(name, value)
        body = common.as_json(error, self.folders) if error else common.http_error(status_code)
        self.finish(encoded(body))

    def _refusal(self, status_code: int, kwargs: dict[str, Any]) -> BinderclipError | None:
        raised = kwargs.get("exc_info", (None, None))[1]
        if not isinstance(raised, web.HTTPError):
            return common.INTERNAL
        if status_code not in {401, 403}:
            return None
        if getattr(self, "current_user", None) is None:
            return faults.SIGN_IN
        return faults.XSRF if "xsrf" in str(raised.log_message).lower() else None

    @property
    def folders(self) -> list[str]:
        return [str(getattr(self.contents_manager, "root_dir", ""))]

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if isinstance(value, BinderclipError):
            told = printable(value.message)
            self.log.info("binderclip: %s %s: %s", self.request.method, self.request.path, told)
        else:
            super().log_exception(typ, value, tb)

    def compute_etag(self) -> None:
        """Answers are small, and most change."""


def _raised(kwargs: dict[str, Any]) -> BinderclipError | None:
    error = kwargs.get("exc_info", (None, None))[1]
    return error if isinstance(error, BinderclipError) else None
