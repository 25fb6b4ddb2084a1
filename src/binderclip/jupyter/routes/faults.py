"""Refusals in the words of Jupyter Server; those of any server are ``rest.faults``."""

from __future__ import annotations

from binderclip.errors import BinderclipError
from binderclip.rest.faults import NotAllowed


class Cancelled(BinderclipError):
    code = "cancelled"
    http_status = 410


SIGN_IN = NotAllowed(
    "nobody is signed in, or the token is not this server's",
    hint="send the header 'Authorization: token TOKEN', or sign in first",
)
XSRF = NotAllowed(
    "the request could come from another site: its X-XSRFToken is missing or wrong",
    hint="send the value of the cookie _xsrf as the header X-XSRFToken, or use a token",
)

CANCELLED = Cancelled("the job was cancelled", hint="ask for it anew")
