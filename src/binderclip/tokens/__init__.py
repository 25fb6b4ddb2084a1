"""A person's token for a hub or a server, from wherever it is kept.

An address is matched by scheme, host and port, and its path by whole segments: a token is never
found by a host's name alone, and one for https never for http.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from binderclip import private
from binderclip.addresses.link import Link, parse
from binderclip.config import Config, HubEntry, base, covers
from binderclip.errors import ConfigError, SourceError
from binderclip.tokens.ring import Ring, RingFailed
from binderclip.tokens.store import Kept, TokenStore, sound

__all__ = ["FoundTokens", "Kept", "Ring", "TokenStore", "Tokens", "sound"]

_MAX_BYTES = 16 * 1024


class Tokens(Protocol):
    """The seam that targets take."""

    def of(self, url: str) -> str | None:
        """The person's token for this hub or server, or None. Raises ConfigError."""
        ...


class FoundTokens:
    """Looks in the configuration, the keyring, the private file and the environment, in this
    order, and says the first token found. In each the longest address wins.

    ``named`` is the address that the person named for this very command, or several where what
    they pasted is a page of one: ``BINDERCLIP_TOKEN`` counts for it alone. ``remark`` is told what
    went wrong without being an error.
    """

    def __init__(
        self,
        config: Config,
        *,
        named: str | Sequence[str] | None = None,
        store: TokenStore | None = None,
        environ: Mapping[str, str] | None = None,
        remark: Callable[[str], None] | None = None,
    ) -> None:
        self._config = config
        self._store = TokenStore() if store is None else store
        self._environ = os.environ if environ is None else environ
        named = (named,) if isinstance(named, str) else named or ()
        self._named = [found for url in named if (found := _base(url))]
        self._observe = remark
        self._known: dict[str, str | None] = {}

    def of(self, url: str) -> str | None:
        try:
            link = parse(url)
        except SourceError:
            return None
        place = f"{link.origin}{link.path}"
        if place not in self._known:
            self._known[place] = self._look(link)
        return self._known[place]

    def _look(self, link: Link) -> str | None:
        return self._configured(link) or self._kept(link) or self._surrounding(link)

    def _remark(self, line: str) -> None:
        if self._observe is not None:
            self._observe(line)

    def _configured(self, link: Link) -> str | None:
        hubs = [(name, hub) for name, hub in self._config.hubs.items() if covers(hub.url, link)]
        for name, hub in sorted(hubs, key=lambda pair: len(pair[1].url), reverse=True):
            if token := self._stated(name, hub):
                return token
        return None

    def _stated(self, name: str, hub: HubEntry) -> str | None:
        """The token that an entry says, checked."""
        if hub.token_file is not None:
            return _in_file(hub.token_file, f"hubs.{name}.token_file")
        if hub.token_env is None:
            return hub.token
        token = self._environ.get(hub.token_env, "").strip()
        if not token:
            self._remark(f"hubs.{name}.token_env: the variable {hub.token_env} is not set")
            return None
        return _checked(token, hub.token_env)

    def _kept(self, link: Link) -> str | None:
        token = None
        try:
            token = self._store.in_keyring(link)
        except RingFailed as error:
            self._remark(f"{error}; going on without it")
        if token:
            return _checked(token.strip(), "the keyring")
        token = self._store.in_file(link)
        return _checked(token, str(self._store.file)) if token else None

    def _surrounding(self, link: Link) -> str | None:
        pairs = []
        for where, holds in (
            (_base(self._environ.get("JUPYTER_BASE_URL")), "JUPYTER_TOKEN"),
            (_hub(self._environ.get("JUPYTERHUB_API_URL")), "JUPYTERHUB_API_TOKEN"),
        ):
            if where is not None and covers(where, link):
                pairs.append((where, holds))
        # What was said for this command comes last: left set, it must not go to a hub that has
        # a token of its own.
        names = [name for _, name in sorted(pairs, key=lambda pair: len(pair[0]), reverse=True)]
        if any(covers(named, link) for named in self._named):
            names.append("BINDERCLIP_TOKEN")
        for name in names:
            if token := self._environ.get(name, "").strip():
                return _checked(token, name)
        return None


def _checked(token: str, place: str) -> str:
    if not sound(token):
        raise ConfigError(
            f"{place}: found something that is no token (it is not shown), expected one line of "
            "plain characters without spaces",
            hint="copy the token again",
        )
    return token


def _in_file(path: Path, key: str) -> str:
    try:
        token = private.read(path.resolve(), _MAX_BYTES).decode("utf-8", "replace").strip()
    except private.NotPrivate as error:
        raise ConfigError(
            f"{key}: {path} is {error}, expected a file that is yours alone",
            hint=f"chmod 600 {path}, and get a new token where others could read it; or give it in "
            "a variable, with token_env",
        ) from error
    except OSError as error:
        raise ConfigError(f"{key}: {path} cannot be read ({error.strerror})") from error
    return _checked(token, f"{key}: {path}")


def _base(url: str | None) -> str | None:
    """``url`` in the form that is compared, its query and fragment left out."""
    try:
        return base(url.partition("#")[0].partition("?")[0]) if url else None
    except SourceError:
        return None


def _hub(api: str | None) -> str | None:
    """The hub whose REST API that is."""
    found = _base(api)
    return found.removesuffix("hub/api/") if found else None
