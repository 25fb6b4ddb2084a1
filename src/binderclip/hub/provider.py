"""A repository provider of BinderHub: notebooks by their address, in their own environment.

    from binderclip.hub import NotebookProvider

    c.BinderHub.repo_providers.update({"notebook": NotebookProvider})
    c.NotebookProvider.gateway = "https://notebooks.example.org/"

Then ``/v2/notebook/{quoted address}`` launches. What a notebook says is read by the gateway, a
``binderclip serve`` of the operator's; this hub's own providers then name the images, so that one
environment has one image, whichever way it is launched.

BinderHub gives a provider the spec as it stands in the address, still quoted, and asks
``get_repo_url`` before anything was looked up (binderhub/builder.py): so that is an address of the
gateway, which leads git on to the repository.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from binderhub.repoproviders import (
    GistRepoProvider,
    GitHubRepoProvider,
    GitLabRepoProvider,
    GitRepoProvider,
    RepoProvider,
)
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from traitlets import Float, TraitError, Unicode, validate

from binderclip.addresses.table import resolve_url
from binderclip.errors import BinderclipError

_SPEC = re.compile(r"(?P<address>[^/]+)(?:/(?P<commit>[0-9a-f]{40}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Hosts of a forge's files, the forge, and what stands before the ref in its own addresses.
_RAW = {
    "raw.githubusercontent.com": ("github.com", "blob/"),
    "gist.githubusercontent.com": ("gist.github.com", ""),
}
_PORTS = {"http": 80, "https": 443}
_OF = {
    "gh": GitHubRepoProvider,
    "gist": GistRepoProvider,
    "gl": GitLabRepoProvider,
    "git": GitRepoProvider,
}


@dataclass(frozen=True)
class _Resolved:
    """What the gateway answered; see binderclip.gateway.envs.named."""

    commit: str
    provider: str
    spec: str
    own: bool
    origin: str
    on: tuple[str, str] | None
    image: str | None


class NotebookProvider(RepoProvider):  # type: ignore[misc]  # BinderHub has no types
    """The spec is a notebook's address, quoted whole, and perhaps a commit of its environment
    behind a slash. ``allowed_specs``, ``banned_specs`` and the like are matched against the address
    as people write it.
    """

    spec: str  # BinderHub's own
    # One of those that BinderHub's log of events knows: with another a launch fails at its end.
    name = Unicode("Git")

    display_config = {  # noqa: RUF012 - as BinderHub has it
        "displayName": "Notebook",
        "id": "notebook",
        "spec": {"validateRegex": r"[^/]+(/[0-9a-f]{40})?"},
        "detect": {"regex": r"^(?<repo>https?://[^\s]+)$"},
        "repo": {
            "label": "Address of a notebook that carries its environment",
            "placeholder": "example: https://example.org/analysis.ipynb",
            "urlEncode": True,
        },
        "ref": {"enabled": False},
    }

    gateway = Unicode(
        config=True,
        help="""The public address of the gateway (``binderclip serve``).

        Builders fetch from it too, and images are named after it: moving it builds all anew.
        """,
    )

    gateway_token = Unicode(
        config=True,
        help="""A token of the gateway's own, by which it knows this hub.

        Without one it counts all that this hub looks up as one stranger's.
        """,
    )

    timeout_s = Float(
        300.0,
        config=True,
        help="""How long the gateway may take to read a notebook and what its environment names.""",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.gateway:
            raise ValueError("this hub names no gateway for notebooks (c.NotebookProvider.gateway)")
        named = _SPEC.fullmatch(self.spec)
        self.address = _unquoted(named["address"]) if named else ""
        if named is None or not _is_web(self.address):
            raise ValueError(
                "found no address of a notebook, expected one that is quoted whole, as in "
                "https%3A%2F%2Fexample.org%2Fanalysis.ipynb"
            )
        self.unresolved_ref = named["commit"] or ""
        # Operators' patterns are for addresses as people write them.
        self.spec = self.address
        self._resolved: _Resolved | None = None

    @validate("gateway")
    def _check_gateway(self, proposal: Any) -> str:
        found = urlsplit(str(proposal["value"]))
        if found.scheme not in _PORTS or not found.hostname or found.query or found.fragment:
            raise TraitError(
                "c.NotebookProvider.gateway: expected an address like https://gateway.example.org/"
            )
        return str(proposal["value"]).rstrip("/") + "/"

    def is_banned(self) -> bool:
        """Whether the address is, as it was written or in any other spelling of it; or what it
        stands for is, as a file on its forge or as it is fetched.
        """
        written, plain = self.address, _canonical(self.address)
        if self._banned(written) or self._banned(plain):
            return True
        return self._forbidden(self.address)

    def get_repo_url(self) -> str:
        """Nothing is known yet but the address; the gateway leads git on. BinderHub makes the name
        of a user of it, which is no place for percent signs.
        """
        coded = base64.urlsafe_b64encode(self.address.encode()).decode().rstrip("=")
        return f"{self.gateway}env/of/{coded}{self._pin}.git"

    async def get_resolved_ref(self) -> str:
        """The commit. Raises ValueError, whose text people read."""
        return (await self._resolve()).commit

    async def get_resolved_spec(self) -> str:
        return f"{self._quoted}/{(await self._resolve()).commit}"

    async def get_resolved_ref_url(self) -> str:
        """Where people can look at the notebook, and at what it says."""
        await self._resolve()
        return f"{self.gateway}v2/notebook/{self._quoted}"

    def get_build_slug(self) -> str:
        """That of the environment's repository, as this hub launches it by itself."""
        if self._resolved is None:
            raise RuntimeError("get_build_slug comes after get_resolved_ref")
        return str(self._of(self._resolved).get_build_slug())

    @property
    def _quoted(self) -> str:
        return quote(self.address, safe="")

    @property
    def _pin(self) -> str:
        return f"/{self.unresolved_ref}" if self.unresolved_ref else ""

    async def _resolve(self) -> _Resolved:
        if self._resolved is None:
            found = await self._asked()
            # Wherever the address led, and whatever the notebook builds on.
            if self._forbidden(found.origin):
                raise ValueError("the notebook is at an address that is not allowed here")
            if found.image is not None and self._forbidden(found.image):
                raise ValueError("the notebook's environment is an image that is not allowed here")
            builds = (found.provider, found.spec)
            on = found.on if found.own else builds
            if on is not None and self._by(*on).is_banned():
                raise ValueError("the notebook's environment is a repository not allowed here")
            self._resolved = found
        return self._resolved

    async def _asked(self) -> _Resolved:
        url = f"{self.gateway}env/notebook/{self._quoted}{self._pin}"
        headers = {"Accept": "application/json", "User-Agent": "BinderHub"}
        if self.gateway_token:
            headers["Authorization"] = f"Bearer {self.gateway_token}"
        try:
            answer = await AsyncHTTPClient().fetch(
                url,
                headers=headers,
                request_timeout=self.timeout_s,
                follow_redirects=False,
                raise_error=False,
            )
        except (HTTPClientError, OSError) as exc:
            raise ValueError(f"the gateway for notebooks cannot be asked ({exc})") from exc
        found = _parsed(answer)
        if self.unresolved_ref and found.commit != self.unresolved_ref:
            raise ValueError("the gateway for notebooks answered with another commit")
        return found

    def _of(self, found: _Resolved) -> Any:
        return self._by(found.provider, found.spec)

    def _by(self, provider: str, spec: str) -> Any:
        return _OF[provider](config=self.config, spec=spec)

    def _banned(self, address: str) -> bool:
        """As BinderHub does, for another address."""
        self.spec, before = address, self.spec
        try:
            return bool(super().is_banned())
        finally:
            self.spec = before

    def _forbidden(self, address: str) -> bool:
        """As ``banned_specs`` says; where something is allowed it was the address that people
        wrote, and not what a web site makes of it.
        """
        return any(
            re.match(banned, one, re.IGNORECASE)
            for one in _spellings(address)
            for banned in self.banned_specs
        )


def _parsed(answer: HTTPResponse) -> _Resolved:
    """Raises ValueError with what the gateway says."""
    try:
        value = json.loads(answer.body or b"")
        if answer.code == 200:  # noqa: PLR2004 - OK
            found = _Resolved(
                commit=str(value["commit"]),
                provider=str(value["provider"]),
                spec=str(value["spec"]),
                own=bool(value["own"]),
                origin=str(value["origin"]),
                on=_base(value["on"]),
                image=None if value["image"] is None else str(value["image"]),
            )
        else:
            found, said = None, _said(value["error"])
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise ValueError(
            f"the gateway for notebooks answered {answer.code} and nothing that can be read"
        ) from exc
    if found is None:
        raise ValueError(said)
    known = found.provider in _OF and (found.on is None or found.on[0] in _OF)
    if not _COMMIT.fullmatch(found.commit) or not known:
        raise ValueError("the gateway for notebooks named no repository of git")
    return found


def _base(value: Any) -> tuple[str, str] | None:
    return None if value is None else (str(value["provider"]), str(value["spec"]))


def _said(error: Any) -> str:
    hint = f" ({error['hint']})" if error.get("hint") else ""
    return f"{error['message']}{hint}"


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return ""


def _is_web(address: str) -> bool:
    """A plain address of the web, with no password and no control characters."""
    try:
        parts = urlsplit(address)
        plain = parts.scheme in _PORTS and bool(parts.hostname) and "@" not in parts.netloc
        plain = plain and parts.port != 0  # or it raises
    except ValueError:
        return False
    return plain and address.isprintable() and not re.search(r"[\s\\]", address)


def _spellings(address: str) -> Iterator[str]:
    """``address``, and what the gateway will make of it: where the bytes are, and the page of the
    forge that they are a file of.
    """
    yield address
    if not _is_web(address):  # an image's, say
        return
    yield _canonical(address)
    try:
        found = resolve_url(address)
    except BinderclipError:  # the gateway says what is wrong with it
        return
    for one in {found.url or address, found.origin or address}:
        plain = _canonical(one)
        yield plain
        parts = urlsplit(plain)
        if parts.hostname in _RAW:
            forge, view = _RAW[parts.hostname]
            owner, _, rest = parts.path.lstrip("/").partition("/")
            name, _, path = rest.partition("/")
            yield f"https://{forge}/{owner}/{name}/{view}{path}"


def _canonical(address: str) -> str:
    """One spelling for all of an address: host and scheme in small letters, nothing quoted, no dots
    in the path, no port that goes without saying.
    """
    parts = urlsplit(address)
    host = unquote(parts.hostname or "").rstrip(".").lower()
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    path = posixpath.normpath("/" + unquote(parts.path).lstrip("/"))
    return urlunsplit((parts.scheme, f"{host}{port}", path, parts.query, ""))
