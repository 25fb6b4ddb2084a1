"""The token server of a registry: https://distribution.github.io/distribution/spec/auth/token/,
with anonymous tokens, logins, and the refresh tokens of
https://distribution.github.io/distribution/spec/auth/oauth/.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID


class Grants:
    """Makes the tokens that one registry trusts. ``asked`` are the requests for tokens, as dicts
    with "method", "scope", "service" and "as": "nobody", the user, or "refresh". ``field`` is the
    answer's name for the token; ``lasts_s`` how long each is good for.
    """

    service, issuer = "registry.test", "issuer.test"

    def __init__(self, user: str, password: str) -> None:
        self.user, self.password = user, password
        self.refresh_token = secrets.token_urlsafe(24)
        self.realm = ""
        self.field = "token"
        self.lasts_s = 300
        self.asked: list[dict[str, str]] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certificate()

    def token(self, name: str, actions: Sequence[str]) -> str:
        """One that opens ``name`` for ``actions``."""
        return self._signed([{"type": "repository", "name": name, "actions": list(actions)}])

    def granted(self, scopes: Sequence[str], *, known: bool) -> str:
        """What a token server gives: of what was asked for, what the asker may have."""
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            allowed = {"pull", "push", "delete"} if known else {"pull"}
            if kind == "repository" and (known or name.startswith("public/")):
                wanted = [action for action in actions.split(",") if action in allowed]
                access.append({"type": kind, "name": name, "actions": wanted})
        return self._signed(access)

    def _signed(self, access: list[dict[str, Any]]) -> str:
        now = int(time.time())
        chain = x509.load_pem_x509_certificate(self.certificate)
        der = chain.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        claims = {
            "iss": self.issuer,
            "aud": self.service,
            "sub": "",
            "iat": now,
            "nbf": now - 60,
            "exp": now + self.lasts_s,
            "jti": secrets.token_hex(8),
            "access": access,
        }
        body = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self._key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{body}.{_base64(r.to_bytes(32) + s.to_bytes(32))}"

    def _certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens of a test")])
        now = dt.datetime.now(dt.UTC)
        day = dt.timedelta(days=1)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class _Asked:
    known: bool
    who: str
    query: dict[str, list[str]] = field(repr=False)


class _Answering(BaseHTTPRequestHandler):
    grants: Grants

    def do_GET(self) -> None:
        query = urllib.parse.parse_qs(self.path.partition("?")[2])
        stated = self.headers.get("Authorization") or ""
        both = f"{self.grants.user}:{self.grants.password}".encode()
        if not stated:
            self.answer(_Asked(known=False, who="nobody", query=query))
        elif stated == f"Basic {base64.b64encode(both).decode()}":
            self.answer(_Asked(known=True, who=self.grants.user, query=query))
        else:
            self.refuse()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = urllib.parse.parse_qs(body.decode())
        given = query.get("refresh_token", [""])[0]
        if query.get("grant_type") == ["refresh_token"] and given == self.grants.refresh_token:
            self.answer(_Asked(known=True, who="refresh", query=query))
        else:
            self.refuse()

    def answer(self, asked: _Asked) -> None:
        scopes = " ".join(asked.query.get("scope", [])).split()
        self.grants.asked.append(
            {
                "method": self.command,
                "as": asked.who,
                "scope": " ".join(scopes),
                "service": asked.query.get("service", [""])[0],
            }
        )
        self.send(200, {self.grants.field: self.grants.granted(scopes, known=asked.known)})

    def refuse(self) -> None:
        self.grants.asked.append({"method": self.command, "as": "refused"})
        self.send(401, {"details": "incorrect username or password"})

    def send(self, status: int, value: dict[str, str]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def token_server(grants: Grants) -> Iterator[str]:
    """Its realm, ``http://127.0.0.1:PORT/token``."""
    answering = type("Answering", (_Answering,), {"grants": grants})
    with in_thread(ThreadingHTTPServer(("127.0.0.1", 0), answering)) as url:
        yield f"{url}/token"


@contextmanager
def in_thread(server: ThreadingHTTPServer) -> Iterator[str]:
    """Its address while it serves."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
