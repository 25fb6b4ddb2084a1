"""A file, variables and flags into Settings, or all that is wrong with them at once."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from binderclip.addresses.loopback import is_loopback
from binderclip.addresses.masking import masked
from binderclip.config.values import Faults, address_of, flag_in, no_unknown, table_of, told
from binderclip.errors import ConfigError, Refused
from binderclip.folders import state_folder
from binderclip.gateway.settings import finding, parts, words
from binderclip.gateway.settings.hub import Told, merged, told_by_hub
from binderclip.gateway.settings.keeping import Remark, Secrets, kept, signing_secret
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.gateway.settings.places import Finder, Places, here
from binderclip.gateway.settings.said import Flags, Said, unknown_variables
from binderclip.spec.nearmiss import did_you_mean
from binderclip.targets import HERE

KEYS = (
    *("listen", "public_url", "places", "default", "environment", "storage", "secret"),
    *("secret_env", "secret_file", "tokens", "allowed_networks", "trusted_proxies", "origins"),
    *("providers", "share", "limits", "grace_s", "expose", "log"),
)
_SYNONYMS = {
    "host": "listen",
    "port": "listen",
    "bind": "listen",
    "url": "public_url",
    "on": "places",
}
_MAX_BYTES = 1024 * 1024
_OTHERS = 0o077
OWN_TOKEN = "owner"  # noqa: S105 - a name of one
"""The name of the token that the service makes for machines where none is set."""


@dataclass(frozen=True, slots=True)
class Means:
    """``find`` tells what is at an address, ``remark`` is told what is no fault. Without ``keep``
    nothing is written, and secrets that would be kept are made up.
    """

    remark: Remark = lambda _line: None
    find: Finder | None = None
    keep: bool = True

    def finder(self) -> Finder:
        return self.find or (lambda address: finding.find(address, self.remark))


def read(
    file: Path | None, environ: Mapping[str, str], flags: Flags, means: Means | None = None
) -> Settings:
    """Raises ConfigError with every fault, and Refused where others would reach what is
    somebody's own.
    """
    means = means or Means()
    value, mode = _file(file) if file else ({}, 0)
    faults = Faults(file or "the settings")
    no_unknown(value, "", KEYS, faults, _SYNONYMS)
    for line in unknown_variables(environ):
        means.remark(line)
    said = Said(value, file.absolute().parent if file else Path.cwd(), environ, flags)
    reader = _Reader(said, faults, means)
    settings = reader.settings()
    faults.end()
    if reader.secrets.in_file and mode & _OTHERS:
        means.remark(f"{file}: has a secret in it, and others may read it; chmod 600 {file}")
    _check_exposure(settings)
    return _with_kept(settings, reader.secret, keep=means.keep)


def _file(file: Path) -> tuple[dict[str, Any], int]:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{file}: found more than {_MAX_BYTES} bytes, expected a small file")
    return table_of(file, data, example='listen = "127.0.0.1:8585"'), mode


class _Reader:
    def __init__(self, said: Said, faults: Faults, means: Means) -> None:
        self._said, self._faults = said, faults
        self.secrets = Secrets(said.folder, said.environ, faults, means.remark)
        self._hub: Told | None = told_by_hub(said.environ, faults)
        self._find = means.finder()
        self.secret: bytes | None = None

    def settings(self) -> Settings:
        said, faults = self._said, self._faults
        places, default = self._places()
        host, port = self._listen()
        self.secret = self._secret()
        hub = self._hub
        trusted, path = said.of("trusted_proxies")
        environment = parts.environment_of(*said.of("environment"), faults)
        return Settings(
            public_url=self._public_url(host, port),
            places=MappingProxyType({place.name: place for place in places}),
            default=default,
            secret=b"",
            storage=self._storage(),
            listen=host,
            port=port,
            environment=environment,
            allowed_networks=words.networks_of(*said.of("allowed_networks"), faults),
            origins=words.origins_of(*said.of("origins"), faults),
            # A hub's proxy is on the hub's own machine, and says whom it passes on.
            trusted_proxies=("127.0.0.1", "::1")
            if trusted is None and hub
            else words.proxies_of(trusted, path, faults),
            tokens=parts.tokens_of(said.file.get("tokens"), self.secrets, faults),
            providers=self._providers(places),
            share=parts.share_of(said.file.get("share"), faults),
            service=hub.service if hub else None,
            limits=parts.limits_of(said.file.get("limits"), faults),
            grace_s=words.number_in(said.file, "grace_s", "", 30.0, faults),
            exposed=flag_in({"expose": said.of("expose")[0] or False}, "expose", "", faults),
            log=words.choice_of(said.of("log")[0] or "text", "log", ("text", "json"), faults),
        )

    def _places(self) -> tuple[list[PlaceSettings], str]:
        """All that are offered, and the name of the one that is used unless something else is asked
        for: at least one, unless there are faults.
        """
        said, hub = self._said, self._hub
        reader = Places(self.secrets, self._faults, self._find, login=hub is not None)
        tables = reader.tables(self._tables())
        asked, path = said.of("on")
        if asked:
            found = reader.words(asked, path, tables)
        else:
            found = [place for make in tables.values() if (place := make()) is not None]
            if not tables:
                found = [hub.place if hub else here()]
        names = [place.name for place in found]
        default = said.file.get("default")
        if default in names:
            return found, str(default)
        # Those that have faults of their own, and those that --on passes over, are names too.
        known = tuple(dict.fromkeys((*names, *tables, *(HERE if asked else ()))))
        if default is not None and default not in known:
            near = did_you_mean(default, known) if isinstance(default, str) else None
            hint = f"did you mean '{near}'?" if near else None
            expected = f"a name under places ({', '.join(map(masked, known))})"
            self._faults.say("default", told(default), expected, hint)
        return found, names[0] if names else ""

    def _tables(self) -> object:
        """Those of places, with what a hub said of its own."""
        value, hub = self._said.file.get("places"), self._hub
        own = value.get(hub.place.name) if hub and isinstance(value, dict) else None
        if hub is None or not isinstance(value, dict) or not isinstance(own, dict):
            return value
        return {**value, hub.place.name: merged(hub, own)}

    def _providers(self, places: list[PlaceSettings]) -> str | None:
        name = self._said.file.get("providers")
        known = [place.name for place in places if place.kind == "binderhub"]
        if name is None or name in known:
            return name if isinstance(name, str) else None
        expected = f"the name of a place of kind binderhub ({', '.join(known) or 'there is none'})"
        self._faults.say("providers", told(name), expected)
        return None

    def _listen(self) -> tuple[str, int]:
        value, path = self._said.of("listen")
        if value is not None:
            return words.listen_of(value, path, self._faults)
        return (self._hub and self._hub.listen) or ("127.0.0.1", 8585)

    def _public_url(self, host: str, port: int) -> str:
        value, path = self._said.of("public_url")
        if value is not None:
            return address_of(value, path, self._faults)
        if self._hub:
            return self._public_url_of(self._hub)
        if words.is_everywhere(host):
            found = f"nothing, and {host} is every network of this machine"
            expected = "the one address that people and hubs call this service by"
            self._faults.say("public_url", found, expected, "say --public-url https://…")
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def _public_url_of(self, hub: Told) -> str:
        if hub.public_url:
            return hub.public_url
        if public := hub.service.public_hub_url:
            parts_ = urlsplit(public)
            return f"{parts_.scheme}://{parts_.netloc}{hub.service.prefix}"
        self._faults.say(
            "public_url",
            "nothing, and the JupyterHub does not say how people reach it",
            f"the address that people open, ending in {hub.service.prefix}",
            "set c.JupyterHub.public_url, or say --public-url",
        )
        return f"http://127.0.0.1{hub.service.prefix}"

    def _storage(self) -> Path:
        value, path = self._said.of("storage")
        if value is None:
            return state_folder() / "gateway"
        if not isinstance(value, str) or not value.isprintable():
            self._faults.say(path, told(value), "a folder")
            return state_folder() / "gateway"
        return self._said.folder / Path(value).expanduser()

    def _secret(self) -> bytes | None:
        stated, path = self._said.of("secret")
        if path != "secret":
            return signing_secret(stated, path, self._faults)
        found = self.secrets.of(self._said.file, "", "secret")
        return signing_secret(found, "secret", self._faults)


def _check_exposure(settings: Settings) -> None:
    """Told twice: where it is reached from, and that this is meant. Raises Refused."""
    owned = [place for place in settings.places.values() if place.owned]
    if settings.exposed or not owned:
        return
    # This machine first: there is more to lose.
    worst = max(owned, key=lambda place: place.here)
    host = urlsplit(settings.public_url).hostname or ""
    for reached, what in ((settings.listen, "listens on"), (host, "is reached at")):
        if not is_loopback(reached):
            raise Refused(
                f"found a service that {what} {reached} and {_risk(worst)}",
                hint="add --expose (or expose = true) where that is meant, or choose another place "
                "with --on",
            )


def _risk(place: PlaceSettings) -> str:
    if place.here:
        return (
            "runs notebooks on this machine, expected loopback alone: whoever reaches it runs code "
            "as you do"
        )
    return (
        f"launches on {place.title} ({place.name}) without a login, expected loopback alone: "
        "whoever reaches it puts notebooks where your own are"
    )


def _with_kept(settings: Settings, secret: bytes | None, *, keep: bool) -> Settings:
    """With secrets of the service's own where nobody set any."""
    from dataclasses import replace  # noqa: PLC0415 - here alone

    make: Callable[[str], str] = (lambda name: kept(settings.storage, name)) if keep else _made_up
    tokens = settings.tokens
    if not tokens and any(place.ask for place in settings.places.values()):
        tokens = MappingProxyType({OWN_TOKEN: make("token")})
    return replace(
        settings, secret=secret if secret is not None else make("secret").encode(), tokens=tokens
    )


def _made_up(name: str) -> str:
    return f"made up for {name}, and used for nothing"
