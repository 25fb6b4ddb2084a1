"""Places of ``--on``, and what a JupyterHub tells a service of its."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from binderclip.errors import ConfigError, Unreachable
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.gateway.settings.places import Found
from binderclip.gateway.settings.reading import Means, read
from binderclip.gateway.settings.said import VARIABLES, Flags

HUBS = {
    "https://mybinder.org/": Found("binderhub", "https://mybinder.org/"),
    "https://hub.example.org/": Found("jupyterhub", "https://hub.example.org/", "abc"),
    "https://other.example.org/": Found("jupyterhub", "https://other.example.org/"),
    "http://127.0.0.1:8888/": Found("server", "http://127.0.0.1:8888/", "abc"),
}
SERVICE = {
    "JUPYTERHUB_SERVICE_NAME": "clip",
    "JUPYTERHUB_SERVICE_PREFIX": "/hub-prefix/services/clip/",
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:10101",
    "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub-prefix/hub/api",
    "JUPYTERHUB_API_TOKEN": "hub-token",
    "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub-prefix/hub/",
}


def find(address: str) -> Found:
    if address in HUBS:
        return HUBS[address]
    raise Unreachable(f"{address}: did not answer")


def settings_of(
    tmp_path: Path, *on: str, text: str = "", environ: Mapping[str, str] | None = None
) -> Settings:
    file = tmp_path / "gateway.toml"
    file.write_text(f'storage = "{tmp_path}"\n{text}')
    return read(file, environ or {}, Flags(on=on), Means(find=find))


def test_addresses_are_asked_what_they_are(tmp_path: Path) -> None:
    found = settings_of(tmp_path, "mybinder.org", "https://hub.example.org", "127.0.0.1:8888")
    assert {name: (place.kind, place.ask) for name, place in found.places.items()} == {
        "mybinder.org": ("binderhub", False),
        "hub.example.org": ("jupyterhub", True),
        "127.0.0.1": ("server", True),
    }
    assert found.default == "mybinder.org"
    assert found.places["hub.example.org"].token == "abc"
    stand_in = [place.as_is for place in found.places.values()]
    assert stand_in == [False, True, True]


def test_names_of_the_file(tmp_path: Path) -> None:
    text = """
        default = "b"
        [places.a]
        kind = "binderhub"
        url = "https://a.example.org"
        [places.b]
        url = "https://mybinder.org"
        """
    assert settings_of(tmp_path, text=text).default == "b"
    found = settings_of(tmp_path, "a", "local", text=text)
    assert (list(found.places), found.default) == (["a", "local"], "a")
    assert settings_of(tmp_path, "a", "b", text=text).default == "b"
    environ = {VARIABLES["on"]: "local b"}
    found = settings_of(tmp_path, text=text, environ=environ)
    assert list(found.places) == ["local", "b"]
    assert found.places["b"].kind == "binderhub"


def test_places_that_nobody_asks_for_are_not_asked_what_they_are(tmp_path: Path) -> None:
    text = '[places.gone]\nurl = "https://gone.example.org"'
    assert list(settings_of(tmp_path, "local", text=text).places) == ["local"]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("locla", "did you mean 'local'"),
        ("https://gone.example.org", "did not answer"),
        ("https://other.example.org", "token"),
        ("ftp://mybinder.org", "an address such as"),
        ("https://u:s3cret@mybinder.org", "token_env"),
    ],
)
def test_places_that_are_none(tmp_path: Path, on: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, on)
    assert told in f"{caught.value.message} {caught.value.hint}"
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('kind = "jupyterhub"\nurl = "https://x.example"', "places.p: found the JupyterHub"),
        ('kind = "jupyterhub"\nurl = "https://x.example"\nlogin = true', "as its service"),
        ('kind = "binderhub"', "places.p.url"),
        ("", "places.p.url"),
        ('kind = "local"\nask = "no"', "places.p.ask"),
        ('kind = "local"\noptions = 3', "places.p.options"),
        ('kind = "local"\naddress = "x"', "did you mean"),
        ('kind = "local"\nidle_s = inf', "places.p.idle_s"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, text=f"[places.p]\n{table}")
    assert told in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("name", ["a b", "a/b", "-a", "ä", "x" * 65])
def test_names_that_no_address_could_say(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="the name"):
        settings_of(tmp_path, text=f'[places."{name}"]\nkind = "local"')


def test_a_service_of_a_jupyterhub(tmp_path: Path) -> None:
    found = settings_of(tmp_path, environ=SERVICE)
    assert found.service is not None
    assert found.service.prefix == "/hub-prefix/services/clip/"
    assert found.service.api_url == "http://127.0.0.1:8081/hub-prefix/hub/api"
    assert "hub-token" not in repr(found)
    assert (found.listen, found.port) == ("127.0.0.1", 10101)
    assert found.public_url == "https://hub.example.org/hub-prefix/services/clip/"
    place = found.places[found.default]
    assert (place.kind, place.login, place.ask, place.as_is) == ("jupyterhub", True, True, True)
    # The proxy that leads to people's servers is there; the hub's own process is not it.
    assert place.url == "https://hub.example.org/hub-prefix/"
    assert found.trusted_proxies == ("127.0.0.1", "::1")


def test_a_hub_that_does_not_say_how_people_reach_it(tmp_path: Path) -> None:
    environ = {key: value for key, value in SERVICE.items() if "PUBLIC" not in key}
    with pytest.raises(ConfigError, match="ending in /hub-prefix/services/clip/") as caught:
        settings_of(tmp_path, environ=environ)
    assert "c.JupyterHub.public_url" in caught.value.message
    environ[VARIABLES["public_url"]] = "https://x.example/hub-prefix/services/clip"
    assert settings_of(tmp_path, environ=environ).prefix == "/hub-prefix/services/clip/"


def test_a_persons_server_is_no_service(tmp_path: Path) -> None:
    """It is told where it is and has a token too; launching there is for that person alone."""
    environ = {**SERVICE, "JUPYTERHUB_USER": "ada"}
    del environ["JUPYTERHUB_SERVICE_NAME"]
    found = settings_of(tmp_path, environ=environ)
    assert found.service is None
    assert found.default == "local"


def test_a_service_may_have_places_of_its_own(tmp_path: Path) -> None:
    text = """
        [places.mybinder]
        kind = "binderhub"
        url = "https://mybinder.org"
        [places.hub]
        kind = "jupyterhub"
        url = "https://hub.example.org/hub-prefix"
        login = true
        """
    found = settings_of(tmp_path, text=text, environ=SERVICE)
    assert list(found.places) == ["mybinder", "hub"]
    assert found.service is not None


def test_a_table_of_the_hub_is_over_what_the_hub_says(tmp_path: Path) -> None:
    def hub(table: str) -> PlaceSettings:
        found = settings_of(tmp_path, text=f"expose = true\n[places.hub]\n{table}", environ=SERVICE)
        assert list(found.places) == [found.default] == ["hub"]
        return found.places["hub"]

    usual = settings_of(tmp_path, environ=SERVICE).places["hub"]
    assert hub("") == usual
    assert hub("as_is = false") == replace(usual, as_is=False)
    inside = "http://hub.internal/hub-prefix/"
    assert hub(f'url = "{inside}"') == replace(usual, url=inside, public_url=usual.url)
    assert hub('token = "theirs"').login is False
    other = hub('kind = "binderhub"\nurl = "https://mybinder.org/"')
    assert (other.kind, other.login, other.as_is) == ("binderhub", False, False)
