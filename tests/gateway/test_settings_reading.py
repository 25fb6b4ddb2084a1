"""Files, variables and flags into settings: all faults at once, by their paths, without secrets."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.config.values import Faults
from binderclip.errors import BinderclipError, ConfigError, Refused, Unreachable
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.settings.places import Found
from binderclip.gateway.settings.reading import KEYS, OWN_TOKEN, Means, read
from binderclip.gateway.settings.said import VARIABLES, Flags
from binderclip.gateway.settings.shown import shown
from binderclip.gateway.settings.words import origins_of

SECRET = "s3cret-" * 8


def nothing_there(address: str) -> Found:
    raise Unreachable(f"{address}: did not answer")


def settings_of(
    tmp_path: Path,
    text: str = "",
    *,
    environ: Mapping[str, str] | None = None,
    means: Means | None = None,
    **flags: Any,
) -> Settings:
    file = tmp_path / "gateway.toml"
    file.write_text(f'storage = "{tmp_path / "kept"}"\n{text}')
    file.chmod(0o600)
    means = means or Means(find=nothing_there)
    return read(file, environ or {}, Flags(**flags), means)


def faults_of(tmp_path: Path, text: str, **rest: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, text, **rest)
    told = f"{caught.value.message}\n{caught.value.hint}"
    assert SECRET not in told
    return told


def test_alone_it_is_this_machine_for_this_machine(tmp_path: Path) -> None:
    found = settings_of(tmp_path)
    assert (found.listen, found.port, found.public_url) == (
        "127.0.0.1",
        8585,
        "http://127.0.0.1:8585/",
    )
    assert (found.default, [place.kind for place in found.places.values()]) == ("local", ["local"])
    assert found.places["local"].ask
    assert (found.prefix, found.exposed, found.environment) == ("/", False, None)


def test_all_that_a_file_may_say(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    (tmp_path / "token").chmod(0o600)
    found = settings_of(
        tmp_path,
        f"""
        listen = "0.0.0.0:9000"
        public_url = "https://Notebooks.Example.org/base"
        default = "mine"
        environment = "https://github.com/o/r"
        secret = "{SECRET}"
        allowed_networks = ["10.0.0.0/8"]
        trusted_proxies = ["10.1.2.3"]
        origins = ["https://book.example.org"]
        providers = "mybinder"
        grace_s = 5
        expose = true
        log = "json"
        [places.mybinder]
        kind = "binderhub"
        url = "https://mybinder.org"
        [places.mine]
        kind = "jupyterhub"
        url = "http://hub.internal/"
        public_url = "https://hub.example.org/"
        title = "our hub"
        token_file = "token"
        server = "s"
        options = {{ profile = "small" }}
        as_is = true
        ask = false
        at_once = 2
        sessions = 3
        idle_s = 60
        longest_s = 600
        [tokens.ci]
        token_env = "CI_TOKEN"
        [limits]
        looks = "5/minute"
        badges = "7/minute"
        launches = "2/hour"
        environment = "9/day"
        streams = 10
        streams_each = 2
        launch_s = 9
        notebook_bytes = 1000
        [share]
        url = "memory://shared"
        days = 2
        """,
        environ={"CI_TOKEN": "xyz"},
    )
    assert found.public_url == "https://notebooks.example.org/base/"
    assert found.prefix == "/base/"
    mine = found.places[found.default]
    assert (mine.name, mine.token, mine.title, mine.ask) == ("mine", "abc", "our hub", False)
    assert (mine.url, mine.public_url) == ("http://hub.internal/", "https://hub.example.org/")
    assert (mine.at_once, mine.sessions, mine.idle_s, mine.longest_s) == (2, 3, 60, 600)
    assert not found.places["mybinder"].ask
    assert found.places["mybinder"].title == "mybinder.org"
    assert found.tokens == {"ci": "xyz"}
    assert found.environment is not None
    assert found.environment.build is not None
    assert found.environment.build.path == "o/r"
    assert (found.limits.looks, found.limits.streams, found.limits.launch_s) == ("5/minute", 10, 9)
    assert (found.limits.badges, found.exposed) == ("7/minute", True)
    assert found.share is not None
    assert (found.share.url, found.share.days) == ("memory://shared", 2)
    assert (found.secret, found.log, found.providers) == (SECRET.encode(), "json", "mybinder")


def test_an_environment_as_in_metadata(tmp_path: Path) -> None:
    found = settings_of(tmp_path, '[environment.files]\n"requirements.txt" = "numpy\\n"')
    assert found.environment is not None
    assert dict(found.environment.files) == {"requirements.txt": "numpy\n"}


def test_a_flag_comes_before_a_variable_and_that_before_the_file(tmp_path: Path) -> None:
    environ = {VARIABLES["listen"]: "127.0.0.1:2", VARIABLES["log"]: "json"}
    found = settings_of(
        tmp_path, 'listen = "127.0.0.1:1"\nlog = "text"', environ=environ, listen="127.0.0.1:3"
    )
    assert (found.port, found.log) == (3, "json")


def test_all_faults_at_once(tmp_path: Path) -> None:
    told = faults_of(
        tmp_path,
        f"""
        listne = "127.0.0.1:1"
        log = "jsno"
        origins = ["https://book.example.org/path"]
        allowed_networks = ["10.0.0.1/8"]
        secret = "{SECRET[:8]}"
        default = "myne"
        providers = "local"
        [places.mine]
        kind = "binderhubb"
        [places.local]
        kind = "local"
        url = "https://x.example"
        at_once = 0
        [tokens]
        ci = "{SECRET}"
        [limits]
        looks = "often"
        streems = 3
        [share]
        days = -1
        """,
    )
    for path, near in {
        "listne": "did you mean 'listen'",
        "log": "did you mean 'json'",
        "origins[0]": "https://book.example.org/path",
        "allowed_networks[0]": "host bits set",
        "secret": "openssl",
        "default": "local",
        "providers": "binderhub",
        "places.mine.kind": "did you mean 'binderhub'",
        "places.local.url": "this machine",
        "places.local.at_once": "at least 1",
        "tokens.ci": "not shown",
        "limits.looks": "10/hour",
        "limits.streems": "did you mean 'streams'",
        "share.url": "nothing",
        "share.days": "above 0",
    }.items():
        line = next((line for line in told.splitlines() if line.strip().startswith(path)), "")
        assert near in line, (path, told)


@pytest.mark.parametrize(
    ("said", "listens"),
    [
        ("8080", ("127.0.0.1", 8080)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_where_it_listens(tmp_path: Path, said: str, listens: tuple[str, int]) -> None:
    found = settings_of(tmp_path, listen=said)
    assert (found.listen, found.port) == listens
    host = f"[{listens[0]}]" if ":" in listens[0] else listens[0]
    assert found.public_url == f"http://{host}:{listens[1]}/"


@pytest.mark.parametrize("said", ["", ":8080", "70000", "a b:1", "host:port", "[::1]"])
def test_where_it_cannot_listen(tmp_path: Path, said: str) -> None:
    text = f'listen = "{said}"'
    assert "listen" in faults_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ('public_url = "https://example.org"', {}),
        ('public_url = "https://example.org"', {"listen": "0.0.0.0:80"}),
        ("", {"listen": "192.168.1.5:80"}),
    ],
)
def test_this_machine_is_for_others_only_when_told_twice(
    tmp_path: Path, text: str, flags: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as caught:
        settings_of(tmp_path, text, **flags)
    assert "--expose" in str(caught.value.hint)
    assert settings_of(tmp_path, text, expose=True, **flags).exposed
    assert settings_of(tmp_path, f"{text}\nexpose = true", **flags).exposed


@pytest.mark.parametrize(
    ("place", "owned"),
    [
        ('kind = "server"\nurl = "http://127.0.0.1:8888"\ntoken = "theirs"', True),
        ('kind = "server"\nurl = "http://127.0.0.1:8888"', True),
        ('kind = "jupyterhub"\nurl = "https://hub.test"\ntoken = "theirs"', True),
        ('kind = "gateway"\nurl = "https://gateway.test"\ntoken = "theirs"', True),
        ('kind = "gateway"\nurl = "https://gateway.test"', False),
        ('kind = "binderhub"\nurl = "https://hub.test"\nask = true', False),
    ],
)
def test_nor_is_what_a_token_of_the_settings_opens(
    tmp_path: Path, place: str, *, owned: bool
) -> None:
    """A stranger's click would put notebooks on the operator's own server."""
    text = f'public_url = "https://example.org"\n[places.p]\n{place}'
    assert settings_of(tmp_path, text, expose=True).exposed
    near = text.replace("https://example.org", "http://localhost:8585")
    assert not settings_of(tmp_path, near).exposed
    if not owned:
        assert not settings_of(tmp_path, text).exposed
        return
    for means in (Means(find=nothing_there), Means(find=nothing_there, keep=False)):
        with pytest.raises(Refused, match=r"without a login.*loopback") as caught:
            settings_of(tmp_path, text, means=means)
        assert "--expose" in str(caught.value.hint)


def test_a_public_binderhub_needs_no_such_word(tmp_path: Path) -> None:
    text = """
        public_url = "https://example.org"
        listen = "0.0.0.0:80"
        [places.b]
        kind = "binderhub"
        url = "https://mybinder.org"
        """
    assert not settings_of(tmp_path, text).exposed


def test_every_network_is_no_address_to_call_it_by(tmp_path: Path) -> None:
    told = faults_of(tmp_path, 'listen = "0.0.0.0:80"')
    assert "public_url" in told
    assert "--public-url" in told


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first, second = settings_of(tmp_path), settings_of(tmp_path)
    assert first.secret == second.secret
    assert first.tokens == second.tokens
    assert set(first.tokens) == {OWN_TOKEN}
    for name in ("secret", "token"):
        file = tmp_path / "kept" / name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first.secret) >= 32


def test_a_kept_secret_that_others_may_read_is_none(tmp_path: Path) -> None:
    settings_of(tmp_path)
    (tmp_path / "kept" / "secret").chmod(0o644)
    with pytest.raises(ConfigError, match="not a secret") as caught:
        settings_of(tmp_path)
    assert "remove it" in str(caught.value.hint)


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    settings_of(tmp_path, means=Means(find=nothing_there, keep=False))
    assert not (tmp_path / "kept").exists()


def test_places_that_do_not_ask_need_no_token_for_machines(tmp_path: Path) -> None:
    text = '[places.b]\nkind = "binderhub"\nurl = "https://mybinder.org"'
    assert not settings_of(tmp_path, text).tokens


def test_secrets_that_everybody_may_read_are_remarked_on(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(SECRET)
    token.chmod(0o644)
    remarks: list[str] = []
    means = Means(find=nothing_there, remark=remarks.append)
    found = settings_of(tmp_path, '[tokens.ci]\ntoken_file = "token"', means=means)
    assert found.tokens == {"ci": SECRET}
    assert "chmod 600" in remarks[0]
    file = tmp_path / "open.toml"
    file.write_text(f'storage = "{tmp_path}"\n[tokens.ci]\ntoken = "{SECRET}"')
    file.chmod(0o644)
    remarks.clear()
    read(file, {}, Flags(), means)
    assert "others may read it" in remarks[0]
    assert SECRET not in " ".join(remarks)


@pytest.mark.parametrize(
    "table",
    [
        'token_file = "none"',
        'token_env = "NOT_SET"',
        'token_env = "a value"',
        'token = "a value"',
        'token = ""',
        "",
        'token = "abc"\ntoken_env = "ABC"',
    ],
)
def test_tokens_that_are_none(tmp_path: Path, table: str) -> None:
    assert "tokens.ci" in faults_of(tmp_path, f"[tokens.ci]\n{table}")


def test_the_settings_that_hold_are_shown_without_secrets(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path,
        f"""
        secret = "{SECRET}"
        [tokens.ci]
        token = "{SECRET}"
        [places.mine]
        kind = "jupyterhub"
        url = "https://hub.example.org"
        token = "{SECRET}"
        """,
    )
    assert SECRET not in repr(found)
    told = shown(found)
    assert SECRET not in repr(told)
    assert told["tokens"] == {"ci": "***"}


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"a = \xff", "UTF-8"), (b"listen = 1.2.3", "TOML"), (b"x" * 2_000_000, "small file")],
)
def test_files_that_are_none(tmp_path: Path, data: bytes, why: str) -> None:
    file = tmp_path / "gateway.toml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=why):
        read(file, {}, Flags(), Means(find=nothing_there))
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "none.toml", {}, Flags(), Means(find=nothing_there))


def test_faults_are_of_the_tree(tmp_path: Path) -> None:
    assert issubclass(ConfigError, BinderclipError)
    assert "gateway.toml" in faults_of(tmp_path, "grace_s = 0")


VALUES = st.recursive(
    st.text(max_size=12) | st.integers(-5, 70_000) | st.booleans() | st.floats(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below),
    max_leaves=8,
)
PLACES = st.dictionaries(
    st.sampled_from(["a", "local", "ä"]),
    VALUES
    | st.fixed_dictionaries(
        {"kind": st.sampled_from(["local", "binderhub"]), "url": VALUES},
        optional={"options": VALUES, "ask": VALUES, "idle_s": VALUES, "token": VALUES},
    ),
)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
    return str(value).lower()


@given(value=st.dictionaries(st.sampled_from(KEYS), VALUES), places=PLACES)
def test_any_file_is_settings_or_faults(
    value: dict[str, Any], places: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    lines = [f"{key} = {toml(one)}" for key, one in {"places": places, **value}.items()]
    file.write_text("\n".join(lines), "utf-8")
    try:
        found = read(file, {}, Flags(), Means(find=nothing_there, keep=False))
    except (ConfigError, Refused):
        return
    assert found.default in found.places
    assert found.prefix.startswith("/")
    assert shown(found)


def test_origins_are_as_browsers_say_them() -> None:
    faults = Faults("the settings")
    said = ["https://Book.example.org:443/", "http://[::1]:8000", "*"]
    found = origins_of(said, "origins", faults)
    assert found == ("https://book.example.org", "http://[::1]:8000", "*")
    faults.end()


def test_faults_of_places_and_of_their_names_are_told_together(tmp_path: Path) -> None:
    text = 'listne = "x"\non = "local"\ndefault = "myne"\n[places.mine]\n'
    for wrong in ('url = "x y"', 'kind = "hub"\nurl = "x y"'):
        told = faults_of(tmp_path, text + wrong)
        for path in ("listne", "on: found an unknown key", "places.mine.url", "default"):
            assert f"\n  {path}" in told
        assert "did you mean 'places'" in told
        assert "did you mean 'mine'" in told
        assert told.count("\n  on") == 1
    # A place that is passed over, and one with a fault of its own, are names all the same.
    good = 'default = "mine"\n[places.mine]\nkind = "binderhub"\nurl = "https://mybinder.org"'
    assert settings_of(tmp_path, good, on=("local",)).default == "local"
    assert "default" not in faults_of(tmp_path, 'default = "a"\n[places.a]\nkind = "hub"')


def test_the_example_of_toml_is_one_of_this_file(tmp_path: Path) -> None:
    example = re.search(r"in quotes there: (.*?);", faults_of(tmp_path, "listen = ["))
    assert example
    assert settings_of(tmp_path, example[1]).port == 8585


def test_variables_that_no_setting_has_are_remarked_on(tmp_path: Path) -> None:
    said: list[str] = []
    names = ("LISTN", "CONFIG", "LOG", "WHATEVER")
    environ = {f"BINDERCLIP_SERVE_{name}": "text" for name in names}
    settings_of(tmp_path, environ=environ, means=Means(said.append, nothing_there))
    no_setting = "no setting has this variable"
    assert said == [
        f"BINDERCLIP_SERVE_LISTN: {no_setting}; did you mean BINDERCLIP_SERVE_LISTEN?",
        f"BINDERCLIP_SERVE_WHATEVER: {no_setting}",
    ]
