"""Which token an address gets: never one that was given for another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import keyring.errors
import pytest

from binderclip.config import Config, HubEntry
from binderclip.errors import ConfigError
from binderclip.tokens import FoundTokens, TokenStore

if TYPE_CHECKING:
    from tests.settings.conftest import MemoryRing

HUB = "https://hub.example.org/"
Make: TypeAlias = Callable[..., FoundTokens]


@pytest.fixture
def remarks() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "settings")


@pytest.fixture
def make(store: TokenStore, remarks: list[str]) -> Make:
    """Looks in what a test says and nowhere else."""

    def build(
        *hubs: HubEntry,
        named: str | Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> FoundTokens:
        config = Config(hubs={f"h{number}": hub for number, hub in enumerate(hubs)})
        return FoundTokens(
            config, named=named, store=store, environ=environ or {}, remark=remarks.append
        )

    return build


def test_nobody_has_one(make: Make) -> None:
    assert make().of(HUB) is None
    assert make().of("nonsense") is None


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://hub.example.org/jh/", True),
        ("https://HUB.example.org:443/jh", True),
        ("https://hub.example.org/jh/user/ada/lab?x=1#y", True),
        ("https://hub.example.org/x/../jh/", True),
        ("https://hub.example.org./jh/", True),
        ("http://hub.example.org/jh/", False),
        ("http://hub.example.org:443/jh/", False),
        ("https://hub.example.org:8443/jh/", False),
        ("https://hub.example.org/", False),
        ("https://hub.example.org/jhx/", False),
        ("https://hub.example.org/JH/", False),
        ("https://hub.example.org/jh/../", False),
        ("https://hub.example.org/jh/%2e%2e/x", False),
        ("https://hub.example.org/x/jh/", False),
        ("https://hub.example.org.evil.example/jh/", False),
        ("https://evil.example/hub.example.org/jh/", False),
        ("https://hub.example.org@evil.example/jh/", False),
        ("https://sub.hub.example.org/jh/", False),
        ("https://example.org/jh/", False),
    ],
)
def test_which_addresses_a_token_is_for(url: str, found: bool, make: Make) -> None:  # noqa: FBT001 - parametrised
    hub = HubEntry("https://hub.example.org/jh/", token="s3cret")
    assert make(hub).of(url) == ("s3cret" if found else None)


def test_no_token_of_https_for_http_wherever_it_is_kept(make: Make, store: TokenStore) -> None:
    store.add(HUB, "s3cret")
    environ = {
        "JUPYTER_BASE_URL": HUB,
        "JUPYTER_TOKEN": "s3cret",
        "JUPYTERHUB_API_URL": f"{HUB}hub/api",
        "JUPYTERHUB_API_TOKEN": "s3cret",
        "BINDERCLIP_TOKEN": "s3cret",
    }
    tokens = make(HubEntry(HUB, token="s3cret"), named=HUB, environ=environ)
    assert tokens.of(HUB) == "s3cret"
    for url in ("http://hub.example.org/", "http://hub.example.org:443/", "https://example.org/"):
        assert tokens.of(url) is None


def test_international_names(make: Make) -> None:
    tokens = make(HubEntry("https://xn--bro-hoa.example/", token="s3cret"))
    assert tokens.of("https://BÜRO.example/x") == "s3cret"


def test_the_longest_wins(make: Make) -> None:
    tokens = make(
        HubEntry(HUB, token="short"),
        HubEntry(f"{HUB}a/b/", token="long"),
        HubEntry(f"{HUB}a/", token="middle"),
    )
    assert [tokens.of(f"{HUB}{path}") for path in ("a/b/c", "a/c", "ab")] == [
        "long",
        "middle",
        "short",
    ]


def test_in_which_order(make: Make, store: TokenStore, memory_ring: MemoryRing) -> None:
    environ = {"JUPYTER_BASE_URL": HUB, "JUPYTER_TOKEN": "pair", "BINDERCLIP_TOKEN": "named"}
    found = []
    found.append(make(named=HUB, environ={"BINDERCLIP_TOKEN": "named"}).of(HUB))
    found.append(make(named=HUB, environ=environ).of(HUB))
    memory_ring.fault = keyring.errors.NoKeyringError()
    store.add(HUB, "file")
    found.append(make(named=HUB, environ=environ).of(HUB))
    ringing = TokenStore(store.file.parent)
    memory_ring.fault = None
    memory_ring.entries["binderclip", HUB] = "ring"
    tokens = FoundTokens(Config(), named=HUB, store=ringing, environ=environ)
    found.append(tokens.of(HUB))
    found.append(make(HubEntry(HUB, token="entry"), named=HUB, environ=environ).of(HUB))
    assert found == ["named", "pair", "file", "ring", "entry"]


def test_each_address_is_looked_up_once(make: Make, memory_ring: MemoryRing) -> None:
    tokens = make()
    for _ in range(3):
        tokens.of(HUB)
    assert len(memory_ring.asked) == 1


def test_a_variable_of_the_configuration(make: Make, remarks: list[str]) -> None:
    hub = HubEntry(HUB, token_env="HUB_TOKEN")
    assert make(hub, environ={"HUB_TOKEN": " s3cret\n"}).of(HUB) == "s3cret"
    assert remarks == []
    named = {"BINDERCLIP_TOKEN": "named"}
    assert make(hub, named=HUB, environ=named).of(HUB) == "named"
    assert remarks == ["hubs.h0.token_env: the variable HUB_TOKEN is not set"]


def test_a_file_of_the_configuration(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "token"
    hub = HubEntry(HUB, token_file=file)
    with pytest.raises(ConfigError, match=r"hubs\.h0\.token_file: .* cannot be read"):
        make(hub).of(HUB)
    file.write_text("s3cret\n")
    with pytest.raises(ConfigError, match="open to others") as caught:
        make(hub).of(HUB)
    assert f"chmod 600 {file}" in str(caught.value.hint)
    file.chmod(0o600)
    assert make(hub).of(HUB) == "s3cret"
    (tmp_path / "link").symlink_to(file)
    assert make(HubEntry(HUB, token_file=tmp_path / "link")).of(HUB) == "s3cret"


@pytest.mark.parametrize("text", ["s3cret\nX-Evil: 1", "s3 cret", "s3crét", "x" * 9000])
def test_what_is_no_token_goes_nowhere(
    text: str, make: Make, store: TokenStore, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(0o600)
    store.add("https://file.example.org/", text)
    environ = {"T": text, "BINDERCLIP_TOKEN": text}
    tokens = make(
        HubEntry(HUB, token_env="T"),
        HubEntry("https://f.example.org/", token_file=file),
        named="https://n.example.org/",
        environ=environ,
    )
    for url in (
        HUB,
        "https://f.example.org/",
        "https://n.example.org/",
        "https://file.example.org/",
    ):
        with pytest.raises(ConfigError, match="is no token") as caught:
            tokens.of(url)
        assert text not in f"{caught.value}{caught.value.hint}"
        assert "s3c" not in f"{caught.value}{caught.value.hint}"


def test_a_keyring_that_fails_is_a_remark(
    make: Make, remarks: list[str], memory_ring: MemoryRing
) -> None:
    memory_ring.fault = keyring.errors.KeyringLocked("s3cret")
    assert make(named=HUB, environ={"BINDERCLIP_TOKEN": "named"}).of(HUB) == "named"
    assert remarks == ["the keyring failed (KeyringLocked); going on without it"]


def test_no_keyring_is_no_remark(make: Make, remarks: list[str], memory_ring: MemoryRing) -> None:
    memory_ring.fault = keyring.errors.NoKeyringError()
    assert make().of(HUB) is None
    assert remarks == []


def test_the_named_address_alone(make: Make) -> None:
    tokens = make(named=f"{HUB}jh?x=1", environ={"BINDERCLIP_TOKEN": "s3cret"})
    assert tokens.of(f"{HUB}jh/user/ada/") == "s3cret"
    assert tokens.of(HUB) is None
    assert tokens.of("https://other.example.org/jh/") is None
    several = make(named=(HUB, f"{HUB}hub/home"), environ={"BINDERCLIP_TOKEN": "s3cret"})
    assert several.of(HUB) == "s3cret"
    assert several.of("https://other.example.org/") is None
    assert make(environ={"BINDERCLIP_TOKEN": "s3cret"}).of(HUB) is None
    assert make(named="nonsense", environ={"BINDERCLIP_TOKEN": "s3cret"}).of(HUB) is None


def test_what_jupyter_sets(make: Make) -> None:
    environ = {
        "JUPYTER_BASE_URL": "http://127.0.0.1:8888/base/",
        "JUPYTER_TOKEN": "server",
        "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api",
        "JUPYTERHUB_API_TOKEN": "hub",
    }
    tokens = make(environ=environ)
    assert tokens.of("http://127.0.0.1:8888/base/lab") == "server"
    assert tokens.of("http://127.0.0.1:8888/") is None
    assert tokens.of("http://127.0.0.1:8081/") == "hub"
    assert tokens.of("http://127.0.0.1:8081/hub/api/users/ada") == "hub"
    for missing in environ:
        lacking = {name: value for name, value in environ.items() if name != missing}
        url = "http://127.0.0.1:8081/" if "HUB" in missing else "http://127.0.0.1:8888/base/"
        assert make(environ=lacking).of(url) is None


def test_no_repr_shows_one(make: Make, store: TokenStore) -> None:
    store.add(HUB, "s3cret")
    tokens = make(HubEntry("https://a.example.org/", token="s3cret"))
    tokens.of(HUB)
    assert "s3cret" not in f"{tokens!r}{store!r}{store.all()!r}{store._read()!r}"
