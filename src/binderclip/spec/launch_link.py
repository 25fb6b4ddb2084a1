"""Launch links, ``{host}/v2/{provider}/{spec}[?urlpath=…]``, into a Binder and back.

Source of the format: BinderHub's pages. ``labpath``, ``filepath`` and ``urlpath`` say what
to open once the server is up; the environment does not depend on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, urlencode

from binderclip.errors import Problem
from binderclip.spec.addresses import read_address
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits
from binderclip.spec.model import Binder, Reference
from binderclip.spec.providers import provider_of, read_spec
from binderclip.spec.shown import has_credentials, key_path, shown

OPENS = ("labpath", "filepath", "urlpath")
MAX_LINK = 8192
"""Characters; browsers and proxies stop here too."""

_LINK = re.compile(r"(https?://[^?#]*?)/v2/([^/?#]+)/([^?#]+)(?:\?(.*))?", re.DOTALL)


def read_link(link: str, faults: Faults) -> tuple[Binder, Mapping[str, str]]:
    """The environment, and the query's parameters by name."""
    found = _LINK.fullmatch(link) if len(link) <= MAX_LINK and "#" not in link else None
    if found is None or has_credentials(link):
        _tell(link, faults)
        return Binder(), MappingProxyType({})
    host, provider, spec, query = found.groups()
    if not fits("host", host):
        faults.wrong("binder", host, "host")
    build = read_spec(provider, spec, "binder", faults)
    if build and provider in {"zenodo", "figshare", "dataverse"}:
        _warn_of_keeper(build, provider, faults)
    return Binder(host=(host,), build=build), _read_query(query or "", faults)


def write_link(host: str, build: Reference, opens: Mapping[str, str]) -> str:
    """One link. ``opens`` are the query's parameters, unquoted."""
    provider, spec = provider_of(build)
    query = f"?{urlencode(opens, quote_via=quote, safe='/')}" if opens else ""
    return f"{host.rstrip('/')}/v2/{provider}/{spec}{query}"


def _read_query(query: str, faults: Faults) -> Mapping[str, str]:
    if not query:
        return MappingProxyType({})
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError:
        faults.say("binder", "a query that is no query", "parameters such as ?labpath=NAME.ipynb")
        return MappingProxyType({})
    opens: dict[str, str] = {}
    for name, value in pairs:
        # BinderHub's page takes the first of its name.
        opens.setdefault(name, value)
        if re.search(r"[\x00-\x1f\x7f]", value):
            here = key_path("binder", f"?{name}")
            faults.say(here, f"a control character in {shown(value)}", "a path to open")
    faults.unknown("binder", (name for name in opens if name not in OPENS), OPENS)
    return MappingProxyType(opens)


def _warn_of_keeper(build: Reference, provider: str, faults: Faults) -> None:
    guess = provider_of(build)[0]
    if guess != provider:
        faults.warnings.append(
            Problem(
                "binder",
                f"the provider {provider}, which the DOI does not tell",
                f"{guess}, as a new link would say",
            )
        )


def _tell(link: str, faults: Faults) -> None:
    """Why ``link`` is none, and what it may be instead."""
    if has_credentials(link):
        faults.wrong("binder", link, "link")
        return
    hint = None
    if "#" in link:
        hint = "a '#' inside a ref is written %23"
    elif len(link) <= MAX_LINK and (build := read_address(link, "binder", Faults())):
        hint = f"did you mean {shown(write_link('https://mybinder.org', build, {}))}?"
    faults.say("binder", shown(link), "a launch link, {host}/v2/{provider}/{spec}", hint)
