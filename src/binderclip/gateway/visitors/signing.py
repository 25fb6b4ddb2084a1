"""What we hand out and trust when it comes back: signed, each for one purpose and one age."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

import itsdangerous
import msgspec

from binderclip.amounts import lasting
from binderclip.errors import NotTrusted
from binderclip.spec.model import JSON

TICKET_S = 15 * 60.0
"""How long a page that asks may stay open before the click."""
_MAX_CHARACTERS = 16 * 1024


class Expired(NotTrusted):
    """It was signed here, too long ago."""


class Signer:
    """``clock`` is in seconds. One ``kind`` cannot stand for another."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._stamp = _stamp(clock)

    def sign(self, kind: str, value: Mapping[str, JSON]) -> str:
        """``value`` as letters that fit into addresses, cookies and forms. Anybody can read it."""
        signed: str = self._serializer(kind).dumps(dict(value))
        return signed

    def read(self, kind: str, text: str, max_age_s: float | None) -> dict[str, JSON]:
        """What was signed as ``kind``, of any age where ``max_age_s`` is None. Raises NotTrusted,
        and Expired where that is all that is wrong.
        """
        called = _CALLED.get(kind, kind)
        if not text or len(text) > _MAX_CHARACTERS:
            raise NotTrusted(f"found no {called} of ours, expected one", hint=_AGAIN)
        max_age = None if max_age_s is None else int(max_age_s)
        try:
            value = self._serializer(kind).loads(text, max_age=max_age)
        except itsdangerous.SignatureExpired as error:
            raise Expired(
                f"found a {called} that has expired, expected one of the last "
                f"{lasting(max_age_s or 0)}",
                hint=_AGAIN,
            ) from error
        except itsdangerous.BadData as error:
            raise NotTrusted(
                f"found a {called} that was not made here, expected one of ours", hint=_AGAIN
            ) from error
        if not isinstance(value, dict):
            raise NotTrusted(f"found a {called} of another form", hint=_AGAIN)
        return value

    def name(self, kind: str, text: str) -> str:
        """43 letters that stand for ``text``: the same each time, and nobody else's to make."""
        signer = itsdangerous.Signer(
            # A salt that no ``sign`` has: a name must not be the signature of anything.
            self._secret,
            salt=_salt(f"name {kind}"),
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )
        return signer.get_signature(text).decode()

    def _serializer(self, kind: str) -> itsdangerous.URLSafeTimedSerializer:
        return itsdangerous.URLSafeTimedSerializer(
            self._secret,
            salt=_salt(kind),
            signer=self._stamp,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


@dataclass(frozen=True, slots=True)
class LaunchTicket:
    """A yes to one launch: of the notebook at ``address`` whose bytes have ``digest``, at the place
    of that name, for ``owner`` alone. ``nonce`` is what one is told from all others by.
    """

    address: str = field(repr=False)
    digest: str
    place: str
    owner: str = field(repr=False)
    urlpath: str | None = None
    ref: str | None = None
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def signed(self, signer: Signer) -> str:
        """For a form. Who holds it cannot read from it whose it is."""
        return signer.sign(_TICKET, {**asdict(self), "owner": signer.name(_TICKET, self.owner)})

    @classmethod
    def read(cls, signer: Signer, text: str, owner: str) -> LaunchTicket:
        """The ticket, if it is ``owner``'s. Raises NotTrusted."""
        try:
            ticket = cls._of(signer.read(_TICKET, text, TICKET_S))
        except Expired as error:
            raise Expired(
                f"this page is too old to start it from: it is of more than {lasting(TICKET_S)} "
                "ago",
                hint="open it again and confirm there",
            ) from error
        if not same(ticket.owner, signer.name(_TICKET, owner)):
            raise NotTrusted("found a page of somebody else, expected your own", hint=_AGAIN)
        return replace(ticket, owner=owner)

    @classmethod
    def said(cls, signer: Signer, text: str) -> LaunchTicket | None:
        """What a ticket of ours says, however old and whoever's: good for the way back to the page,
        and for no launch. Its ``owner`` is nobody.
        """
        try:
            return replace(cls._of(signer.read(_TICKET, text, None)), owner="")
        except NotTrusted:
            return None

    @classmethod
    def _of(cls, value: Mapping[str, JSON]) -> LaunchTicket:
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise NotTrusted("found a page of another form", hint=_AGAIN) from error

    def hold(
        self,
        *,
        address: str,
        digest: str,
        place: str,
        urlpath: str | None = None,
        ref: str | None = None,
    ) -> None:
        """Raises NotTrusted where something else is launched than was said yes to."""
        for what, asked, said in (
            ("address", address, self.address),
            ("notebook", digest, self.digest),
            ("place", place, self.place),
            ("urlpath", urlpath or "", self.urlpath or ""),
            ("ref", ref or "", self.ref or ""),
        ):
            if not same(asked, said):
                raise NotTrusted(
                    f"found another {what} than the one that was said yes to", hint=_AGAIN
                )


def _stamp(clock: Callable[[], float]) -> type[itsdangerous.TimestampSigner]:
    class Stamp(itsdangerous.TimestampSigner):
        def get_timestamp(self) -> int:
            return int(clock())

    return Stamp


def same(found: str, expected: str) -> bool:
    """Takes as long for all that differs. Any text; ``compare_digest`` takes ASCII alone."""
    return hmac.compare_digest(
        found.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


_TICKET = "launch ticket"
_CALLED = {_TICKET: "page"}
"""By people, who know of no tickets."""
_AGAIN = "open the page again and confirm there"


def _salt(kind: str) -> str:
    return f"binderclip {kind}"
