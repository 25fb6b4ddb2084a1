"""What runs at an address that the operator named, and their token for it."""

from __future__ import annotations

import asyncio

from binderclip.addresses.masking import masked
from binderclip.config import load
from binderclip.errors import Unreachable
from binderclip.gateway.settings.keeping import Remark
from binderclip.gateway.settings.places import Found
from binderclip.guard import OpenGuard
from binderclip.hubs.probe import probe
from binderclip.tokens import FoundTokens
from binderclip.web import Web


def find(address: str, remark: Remark) -> Found:
    """Raises Unreachable, and ConfigError of the person's own configuration."""
    tokens = FoundTokens(load(), named=address, remark=remark)

    async def ask() -> Found:
        async with Web(OpenGuard()) as web:
            found = await probe(web, address, tokens=tokens)
        if found.kind is None:
            place = masked(found.url)
            told = found.why if found.why.startswith(place) else f"{place}: {found.why}"
            raise Unreachable(told, hint="say kind in a table of the configuration to go on")
        token = None if found.kind == "binderhub" else tokens.of(found.url)
        return Found(found.kind, found.url, token)

    return asyncio.run(ask())
