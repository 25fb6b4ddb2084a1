"""What channels offer: their indexes, asked for over the network or kept from before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from binderclip.conda import specs
from binderclip.conda.channels import Naming, shown
from binderclip.conda.model import CondaFile, Pinned
from binderclip.conda.rattle import NOT_KEPT, client, subdir
from binderclip.errors import Refused

if TYPE_CHECKING:
    from rattler import Gateway, MatchSpec, PackageName, RepoDataRecord, Subdir
    from rattler.networking.fetch_repo_data import CacheAction
    from rattler.repo_data.source import RepoDataSource

NOARCH = "noarch"
Manner = Literal["kept", "fresh", "anew"]
_ACTIONS: Mapping[Manner, CacheAction] = {
    "kept": "force-cache-only",
    "fresh": "cache-or-fetch",
    "anew": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """``urls`` in the order of priority; ``named``: each address's channel as it was written."""

    urls: tuple[str, ...]
    named: Mapping[str, str]

    @classmethod
    def of(cls, file: CondaFile, naming: Naming) -> Sources:
        """The channels of a file, then those that one of its specs alone names."""
        alone = (specs.split(one).channel for one in file.specs)
        named: dict[str, str] = {}
        for channel in (*file.channels, *filter(None, alone)):
            for url in naming.urls(channel):
                named.setdefault(url.rstrip("/"), channel)
        return cls(tuple(named), named)

    def check_public(self) -> None:
        """Raises Refused for a channel that lies on this machine."""
        for url in self.urls:
            if not url.lower().startswith(("https://", "http://")):
                raise Refused(
                    f"found the channel {shown(url)!r}, expected one that everybody can ask",
                    hint="name it with https://, or freeze it with the command line",
                )

    def name(self, url: str) -> str:
        """The channel that the address leads to, as it was written; "" for an unknown one."""
        return self.named.get(url.rstrip("/"), "")


@dataclass(frozen=True, slots=True)
class Index:
    """The indexes of ``sources``. ``places`` are what py-rattler asks, in the order of ``urls``."""

    sources: Sources
    gateway: Gateway
    platforms: tuple[Subdir, ...]
    places: tuple[str | RepoDataSource, ...]

    async def offered(
        self, wanted: Sequence[MatchSpec | str], urls: Sequence[str] | None = None
    ) -> list[RepoDataRecord]:
        """All packages of the names in ``wanted``; by the order of the channels, or of ``urls``."""
        places = self.places if urls is None else [self._place(url) for url in urls]
        answers = await self.gateway.query(
            places, self.platforms, wanted, recursive=False, channel_relations="disabled"
        )
        return [record for answer in answers for record in answer]

    async def same(self, pinned: Sequence[Pinned]) -> list[RepoDataRecord]:
        """Those of ``pinned`` that the channels still offer, the very files."""
        missing = {(one.name, one.version, one.build): one for one in pinned}
        records = []
        for record in await self.offered(sorted({one.name for one in pinned})):
            offer = self.pinned(record)
            key = (offer.name, offer.version, offer.build)
            known = missing.get(key)
            if known and _same_file(known, offer) and known.channel in ("", offer.channel):
                records.append(record)
                del missing[key]
        return records

    def pinned(self, record: RepoDataRecord) -> Pinned:
        channel_url = record.channel or ""
        return Pinned(
            name=record.name.normalized,
            version=str(record.version),
            build=str(record.build),
            subdir=record.subdir,
            channel=self.sources.name(channel_url),
            channel_url=channel_url,
            url=record.url,
            sha256=record.sha256.hex() if record.sha256 else "",
            md5=record.md5.hex() if record.md5 else "",
        )

    def _place(self, url: str) -> str | RepoDataSource:
        return self.places[self.sources.urls.index(url.rstrip("/"))]


async def opened(
    sources: Sources, *, platform: str, cache: Path, manner: Manner, public: bool = False
) -> Index:
    """``manner``: what ``cache`` has kept, however old; what is fresh; or all of it asked anew.
    ``public``: over http(s) alone, and with nobody's logins. Raises Refused, and py-rattler's
    errors.
    """
    from rattler import Gateway, SourceConfig  # noqa: PLC0415 - an extra

    if public:
        sources.check_public()
    folder = cache / "repodata"
    folder.mkdir(parents=True, exist_ok=True)
    config = SourceConfig(cache_action=_ACTIONS[manner])
    gateway = Gateway(cache_dir=folder, default_config=config, client=client(public=public))
    platforms = (subdir(platform), subdir(NOARCH))
    places: list[str | RepoDataSource] = list(sources.urls)
    if manner == "kept":
        places = [await _kept(url, gateway, platforms) for url in sources.urls]
    return Index(sources, gateway, platforms, tuple(places))


async def _kept(url: str, gateway: Gateway, platforms: Sequence[Subdir]) -> str | RepoDataSource:
    """A channel without packages of the platform leaves nothing to keep about it: of such a one,
    only the others are looked at.
    """
    from rattler.exceptions import GatewayError  # noqa: PLC0415 - an extra

    try:
        await gateway.query([url], platforms, ["python"], recursive=False)
    except GatewayError as error:
        if NOT_KEPT not in str(error):
            raise
        await gateway.query([url], [subdir(NOARCH)], ["python"], recursive=False)
        return _Noarch(url, gateway)
    return url


@dataclass(frozen=True, slots=True)
class _Noarch:
    """The packages of a channel that are for every platform."""

    url: str
    gateway: Gateway

    async def fetch_package_records(
        self, platform: Subdir, name: PackageName
    ) -> list[RepoDataRecord]:
        if str(platform) != NOARCH:
            return []
        answers = await self.gateway.query(
            [self.url], [platform], [name.normalized], recursive=False
        )
        return [record for answer in answers for record in answer]

    def package_names(self, platform: Subdir) -> list[str]:  # noqa: ARG002 - py-rattler's protocol
        """Asked for by listings of all names alone."""
        return []


def _same_file(one: Pinned, other: Pinned) -> bool:
    """By the strongest hash that both have."""
    if one.sha256 and other.sha256:
        return one.sha256 == other.sha256
    return one.md5 == other.md5 if one.md5 and other.md5 else True
