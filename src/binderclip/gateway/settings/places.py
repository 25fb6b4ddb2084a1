"""Places where notebooks run: of tables in the file, and of words of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, get_args

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked
from binderclip.config.values import (
    Faults,
    address_of,
    flag_in,
    no_unknown,
    options_of,
    text_in,
    told,
)
from binderclip.errors import BinderclipError, SourceError
from binderclip.gateway.settings.keeping import Secrets
from binderclip.gateway.settings.model import STANDING, PlaceSettings
from binderclip.gateway.settings.words import choice_of, number_in, whole_in
from binderclip.spec.nearmiss import did_you_mean
from binderclip.spec.shown import key_path
from binderclip.targets import HERE, TargetName

KINDS: Final[tuple[TargetName, ...]] = get_args(TargetName)
# Their servers are nobody's own: whoever asks gets a fresh one.
_PUBLIC: Final = frozenset({"binderhub"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
KEYS = (
    *("kind", "title", "url", "public_url", "token", "token_env", "token_file", "login", "server"),
    *("options", "as_is", "ask", "at_once", "sessions", "idle_s", "longest_s"),
)
_SYNONYMS = {"type": "kind", "host": "url", "address": "url", "profile": "options", "name": "title"}
_HERE = "this machine"


@dataclass(frozen=True, slots=True)
class Found:
    """What is at an address: ``url`` ends in ``/``; ``token`` is the person's own for it."""

    kind: TargetName
    url: str
    token: str | None = field(default=None, repr=False)


class Finder(Protocol):
    def __call__(self, address: str) -> Found:
        """Ask the network what is there. Raises the tree of errors."""
        ...


class Places:
    """Reads places; ``find`` is asked about addresses whose kind nobody said. ``login``: people
    sign in through a JupyterHub.
    """

    def __init__(self, secrets: Secrets, faults: Faults, find: Finder, *, login: bool) -> None:
        self._secrets, self._faults, self._find, self._login = secrets, faults, find, login

    def tables(self, value: object) -> dict[str, Callable[[], PlaceSettings | None]]:
        """Those of the file by name; each is read when it is called for, since that may ask the
        network.
        """
        if value is None:
            return {}
        if not isinstance(value, dict):
            expected = "a table for each place, such as [places.mybinder]"
            self._faults.say("places", told(value), expected)
            return {}
        return {name: partial(self._table, name, entry) for name, entry in value.items()}

    def words(
        self,
        words: Sequence[str],
        path: str,
        tables: Mapping[str, Callable[[], PlaceSettings | None]],
    ) -> list[PlaceSettings]:
        """What ``--on`` says: ``local`` and its kin, names of the file, addresses."""
        found = []
        for word in dict.fromkeys(words):
            if word in tables:
                place = tables[word]()
            elif word in HERE:
                place = here(next(kind for kind in HERE if kind == word))
            elif "://" in word or "." in word or word.startswith("localhost"):
                place = self._address(word, path)
            else:
                self._unknown(word, path, tables)
                continue
            if place is not None:
                found.append(place)
        return found

    def _unknown(self, word: str, path: str, tables: Mapping[str, object]) -> None:
        known = (*sorted(HERE), *tables)
        near = did_you_mean(word, known)
        hint = f"did you mean '{near}'?" if near else None
        self._faults.say(path, told(word), f"{', '.join(known)}, or an address", hint)

    def _address(self, word: str, path: str) -> PlaceSettings | None:
        here_ = re.match(r"(localhost|127\.[0-9.]+|\[::1\])([:/]|$)", word)
        text = word if "://" in word else f"{'http' if here_ else 'https'}://{word}"
        url = address_of(text, path, self._faults)
        found = self._found(url, path) if url else None
        if found is None:
            return None
        if found.kind == "jupyterhub" and found.token is None:
            self._wants_token(path, found.url)
        name = parse(found.url).host
        return PlaceSettings(
            name=name if _NAME.fullmatch(name) else found.kind,
            kind=found.kind,
            title=_title(found.url),
            url=found.url,
            token=found.token,
            ask=found.kind not in _PUBLIC,
            as_is=found.kind in STANDING,
        )

    def _found(self, url: str, path: str) -> Found | None:
        try:
            return self._find(url)
        except BinderclipError as error:
            self._faults.say(path, error.message, "a hub that answers", error.hint)
            return None

    def _wants_token(self, path: str, url: str) -> None:
        self._faults.say(
            path,
            f"the JupyterHub {masked(url)} without a token",
            "a token of the service's own, or login = true where this is a service of that hub",
            f"say token_file in its table, or `binderclip token add {masked(url)}`",
        )

    def _table(self, name: str, value: object) -> PlaceSettings | None:
        path = key_path("places", masked(name))
        faults = self._faults
        if not isinstance(value, dict):
            hint = f"did you mean {{ url = {told(value)} }}?" if isinstance(value, str) else None
            faults.say(path, told(value), "a table with kind and url", hint)
            return None
        if not _NAME.fullmatch(name):
            expected = "up to 64 letters, digits, '.', '_' and '-'"
            faults.say(path, f"the name {masked(name)!r}", expected)
        no_unknown(value, path, KEYS, faults, _SYNONYMS)
        kind, url = self._kind_and_url(value, path)
        if kind is None:
            return None
        token = self._secrets.of(value, path)
        login = flag_in(value, "login", path, faults)
        if login and not self._login:
            expected = "this process started by a JupyterHub as its service"
            faults.say(f"{path}.login", "true", expected)
        if kind == "jupyterhub" and token is None and not login and url:
            self._wants_token(path, url)
        public = value.get("public_url")
        return PlaceSettings(
            name=name,
            kind=kind,
            title=text_in(value, "title", path, faults) or (_title(url) if url else _HERE),
            url=url,
            public_url=address_of(public, f"{path}.public_url", faults) if public else None,
            token=token,
            login=login,
            **self._manner(value, path, kind),
        )

    def _manner(self, value: Mapping[str, Any], path: str, kind: TargetName) -> dict[str, Any]:
        faults, usual = self._faults, PlaceSettings("", kind, "")
        options = value.get("options")
        stated = {"ask": kind not in _PUBLIC, "as_is": kind in STANDING, **value}
        return {
            "server": text_in(value, "server", path, faults) or "",
            "options": usual.options
            if options is None
            else options_of(options, f"{path}.options", faults),
            "as_is": flag_in(stated, "as_is", path, faults),
            "ask": flag_in(stated, "ask", path, faults),
            "at_once": whole_in(value, "at_once", path, usual.at_once, faults),
            "sessions": whole_in(value, "sessions", path, usual.sessions, faults),
            "idle_s": number_in(value, "idle_s", path, usual.idle_s, faults),
            "longest_s": number_in(value, "longest_s", path, usual.longest_s, faults),
        }

    def _kind_and_url(
        self, value: Mapping[str, Any], path: str
    ) -> tuple[TargetName | None, str | None]:
        """Neither where it cannot be told; this machine has no address."""
        kind: TargetName | None = None
        if "kind" in value:
            said = choice_of(value["kind"], f"{path}.kind", KINDS, self._faults)
            if said != value["kind"]:
                if "url" in value:
                    address_of(value["url"], f"{path}.url", self._faults)
                return None, None
            kind = next(one for one in KINDS if one == said)
        if kind in HERE:
            if "url" in value:
                self._faults.say(f"{path}.url", "an address", f"none: {kind} is this machine")
            return kind, None
        if "url" not in value:
            self._faults.say(f"{path}.url", "nothing", "the address of the hub or server")
            return None, None
        url = address_of(value["url"], f"{path}.url", self._faults)
        if kind is None and url:
            found = self._found(url, f"{path}.url")
            return (found.kind, found.url) if found else (None, None)
        return kind, url or None


def here(kind: TargetName = "local") -> PlaceSettings:
    return PlaceSettings(name=kind, kind=kind, title=_HERE)


def _title(url: str) -> str:
    """The address as people say it."""
    try:
        link = parse(url)
    except SourceError:
        return masked(url)
    port = f":{link.port}" if link.port else ""
    return f"{link.host}{port}{link.path.rstrip('/')}"
