"""What every handler of this package does: strict headers, errors as pages or JSON, a log without
secrets.
"""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from binderclip.addresses.masking import masked
from binderclip.errors import Refused
from binderclip.jupyter.opening import pages
from binderclip.jupyter.opening.pages import Frame
from binderclip.pages.sheets import sheet
from binderclip.wire import plain_error

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


class Page(JupyterHandler):
    """Pages without scripts, which other sites neither frame nor hear of."""

    auth_resource = "contents"

    @property
    def content_security_policy(self) -> str:
        return _POLICY

    def set_default_headers(self) -> None:
        super().set_default_headers()
        # The next page hears where, and not with which address, that may be signed. Not
        # "no-referrer": browsers then send the form with the origin "null", which is refused.
        self.set_header("Referrer-Policy", "origin")
        self.set_header("Cache-Control", "no-store")

    def get_login_url(self) -> str:
        if self.machine:
            raise web.HTTPError(403)
        return str(super().get_login_url())

    @property
    def machine(self) -> bool:
        """Does it want JSON, and no page?"""
        accepted = self.request.headers.get("Accept", "")
        return "application/json" in accepted and "text/html" not in accepted

    @property
    def frame(self) -> Frame:
        return Frame(self.base_url, sheet()[1])

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors that are not ours: of XSRF, rights, methods, and faults."""
        raised = (kwargs.get("exc_info") or (None, None))[1]
        said = raised.log_message if isinstance(raised, web.HTTPError) else None
        told = said if said and status_code < 500 else "the request cannot be served"  # noqa: PLR2004 - server errors
        if "xsrf" in told.lower():
            told = "found a form that is not of this session, expected one that this page made"
        error = Refused(told, hint="open the link again, and click there")
        self.set_status(status_code)
        if self.machine:
            self.json(plain_error(f"http-{status_code}", error.message, error.hint))
        else:
            self.page(pages.failed(self.frame, error, None))

    def page(self, text: str) -> None:
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(text)

    def json(self, value: object) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))

    def _log(self) -> None:
        self._mask()
        super()._log()

    def log_exception(self, *raised: Any) -> None:
        self._mask()
        super().log_exception(*raised)

    def _mask(self) -> None:
        """Addresses may hold signatures, which are not for the log."""
        self.request.uri = masked(self.request.uri or "")
        if "Referer" in self.request.headers:
            self.request.headers["Referer"] = masked(self.request.headers["Referer"])


class Style(Page):
    @web.authenticated
    def get(self) -> None:
        self.set_header("Content-Type", "text/css; charset=UTF-8")
        self.set_header("Cache-Control", "private, max-age=86400")
        self.finish(sheet()[0])
