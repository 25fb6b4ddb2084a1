"""What strangers' files would run, or learn of us: nothing, while something is pinned."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.pylocks.conftest import Case
from tests.pylocks.index import Index, source

from binderclip.errors import BinderclipError, Refused, ResolveError
from binderclip.freeze.conda import CondaLocker
from binderclip.freeze.locking import Lockable
from binderclip.freeze.python.uvrun import workshop
from binderclip.freeze.requirements import RequirementsLocker

SECRET = "hunter2"
WORDS = [
    "",
    "--no-binary dyn",
    "--no-binary :all:",
    "--no-binary=dyn --only-binary :none:",
    "--no-binary :none:\n--no-binary dyn",
]
DYNAMIC = ["./dyn", "-e ./dyn", "dyn @ ./dyn", "./dyn-1.tar.gz", "{index}/files/dyn-1.tar.gz"]
PLACES = [*DYNAMIC, "dyn @ {index}/files/dyn-1.tar.gz", "dyn", "--no-index\n-f links\ndyn"]


@dataclass(frozen=True)
class Stranger:
    """A package that tells nothing without being run; ``mark`` is there once it ran."""

    mark: Path
    setup: str

    def put(self, root: Path) -> None:
        """Into a folder: its sources, its archive, and a page of links."""
        name, content = source("dyn", "1", (), self.setup)
        (root / "links").mkdir()
        for path in (root / name, root / "links" / name):
            path.write_bytes(content)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(root, filter="data")
        (root / "dyn-1").rename(root / "dyn")


@pytest.fixture
def stranger(tmp_path: Path, ours: Index) -> Stranger:
    """On the index, too."""
    mark = tmp_path / "ran"
    setup = f"open({str(mark)!r}, 'w').close()"
    ours.add("dyn", "1", sdist_only=True, setup=setup)
    return Stranger(mark, setup)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", WORDS)
def test_nothing_runs(
    case: Callable[..., Case],
    ours: Index,
    stranger: Stranger,
    words: str,
    place: str,
) -> None:
    made = case(f"{words}\n{place.format(index=ours.origin)}\n")
    stranger.put(made.root)
    with pytest.raises((ResolveError, Refused)):
        made.lock()
    assert not stranger.mark.exists()


def test_it_would_have_run(case: Callable[..., Case], stranger: Stranger) -> None:
    made = case("--no-binary dyn\ndyn\n", allow_builds=True)
    stranger.put(made.root)
    made.lock()
    assert stranger.mark.exists()


@pytest.mark.parametrize(
    "settings", ['no-binary-package = ["dyn"]', '[pip]\nno-binary = ["dyn"]', "no-binary = true"]
)
def test_not_even_where_our_own_settings_build(
    case: Callable[..., Case],
    stranger: Stranger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
) -> None:
    own(tmp_path, monkeypatch, settings)
    monkeypatch.setenv("UV_NO_BINARY_PACKAGE", "dyn")
    made = case("dyn\n")
    stranger.put(made.root)
    with pytest.raises(ResolveError, match="running its code"):
        made.lock()
    assert not stranger.mark.exists()


@pytest.mark.parametrize("words", WORDS)
def test_the_pip_list_of_conda(stranger: Stranger, tmp_path: Path, words: str) -> None:
    root = tmp_path / "work"
    root.mkdir()
    stranger.put(root)
    lines = [*words.split("\n"), "dyn"]
    text = json.dumps({"channels": ["nodefaults"], "dependencies": [{"pip": lines}]})
    (root / "environment.yml").write_text(text)
    wanted = Lockable(root, "environment.yml", "3.11", "linux-64", None)
    locker = CondaLocker(tmp_path / "cache", RequirementsLocker())
    with pytest.raises(BinderclipError):
        asyncio.run(locker.lock(wanted, upgrade=False, observe=lambda _: None))
    assert not stranger.mark.exists()


@pytest.mark.parametrize("words", WORDS)
def test_nothing_runs_of_a_lock(
    case: Callable[..., Case],
    ours: Index,
    stranger: Stranger,
    words: str,
) -> None:
    made = case("dyn\n")
    stranger.put(made.root)
    for pin in ("dyn==1", f"dyn @ {ours.origin}/files/dyn-1.tar.gz"):
        assert made.after(f"{words}\n{pin}\n").alive() is None
    assert not stranger.mark.exists()


def test_a_line_that_wants_sources_stays_with_the_hashes_of_sources(
    case: Callable[..., Case], ours: Index
) -> None:
    """Whoever installs it builds that package, as its author wants."""
    ours.add("both", "1.0", sdist=True)
    lock = case("--no-binary both\nboth\nalpha\n").lock().text
    page = ours.projects["both"]
    assert "--no-binary both\n" in lock
    assert page["both-1.0.tar.gz"].sha256 in lock
    assert page["both-1.0-py3-none-any.whl"].sha256 not in lock


VARIABLES = [
    ("pyproject.toml", '[project]\nname="a"\nversion="1"\ndependencies=["x @ {}/$S/x-1.whl"]\n'),
    ("pyproject.toml", '[project]\nname="a"\nversion="1"\ndependencies=["x @ git+{}/$S/x"]\n'),
    ("pyproject.toml", '[project]\nname="a"\ndependencies=["alpha; python_version > \'$S\'"]\n'),
    ("requirements.txt", "x @ {}/$S/x-1-py3-none-any.whl\n"),
    ("requirements.txt", "-e git+{}/$'{{TOP_SECRET}}'/x.git#egg=x\n"),
    ("requirements.txt", "--index-url {}/$'{{TOP_SECRET}}'/simple\nalpha\n"),
    ("requirements.txt", "--extra-index-url {}/$\\{{TOP_SECRET}}/simple\nalpha\n"),
    ("requirements.txt", '--no-index\n--find-links {}/"$"{{TOP_SECRET}}/\nalpha\n'),
    ("requirements.txt", "alpha ; python_version > '$S'\n"),
]


@pytest.mark.parametrize(("path", "text"), VARIABLES)
def test_variables_are_refused_however_they_are_quoted(
    case: Callable[..., Case],
    ours: Index,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    text: str,
) -> None:
    monkeypatch.setenv("TOP_SECRET", SECRET)
    whole = text.format(ours.origin).replace("$S", "${TOP_SECRET}")
    made = case({path: whole}, path=path)
    with pytest.raises(Refused, match="takes a variable") as caught:
        made.lock()
    assert SECRET not in f"{caught.value} {caught.value.hint}"
    assert not ours.seen


def test_variables_in_locks(
    case: Callable[..., Case], ours: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOP_SECRET", SECRET)
    line = f"-e git+{ours.origin}/$'{{TOP_SECRET}}'/x.git@{'a' * 40}#egg=x\n"
    with pytest.raises(BinderclipError, match="takes a variable"):
        case("x\n").after(line).alive()
    assert not ours.seen


NAMES = ["TOP_SECRET", "GH_TOKEN", "HTTPS_PROXY", "UV_INDEX_URL", "UV_INDEX_CORP_PASSWORD"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["folder", "address"])
def test_what_packages_need_cannot_name_our_secrets(
    case: Callable[..., Case],
    ours: Index,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    where: str,
) -> None:
    """Uv fills in variables there too, and nobody reads that before it does."""
    monkeypatch.setenv(name, f"http://{SECRET}@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    needs = f"y @ {ours.origin}/${{{name}}}/y-1-py3-none-any.whl"
    ours.add("leak", "1", requires=[needs])
    page = ours.projects["leak"]
    place = "./leak" if where == "folder" else f"leak @ {ours.origin}/files/{next(iter(page))}"
    project = f'[project]\nname = "leak"\nversion = "1"\ndependencies = [{json.dumps(needs)}]\n'
    made = case({"requirements.txt": f"{place}\n", "leak/pyproject.toml": project})
    with pytest.raises(BinderclipError) as caught:
        made.lock()
    assert not any(SECRET in path for path in ours.seen)
    assert SECRET not in f"{caught.value} {caught.value.hint}"


def test_uv_gets_no_file_with_variables(tmp_path: Path) -> None:
    async def write() -> None:
        async with workshop(tmp_path, "3.11", "linux-64") as uv:
            uv.write("requirements.in", ["x @ https://example.org/${HOME}/x.whl"])

    with pytest.raises(Refused, match="found a variable"):
        asyncio.run(write())


def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "config" / "uv").mkdir(parents=True)
    (tmp_path / "config" / "uv" / "uv.toml").write_text(text)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def login(packages: Index) -> str:
    packages.login = f"ada:{SECRET}"
    return packages.url.replace("://", f"://ada:{SECRET}@")


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL"])
def test_our_own_index_is_asked_with_our_login(
    case: Callable[..., Case], packages: Index, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, login(packages))
    lock = case("alpha\n").lock().text
    assert "alpha==1.0" in lock
    assert packages.origin not in lock


def test_a_named_index_with_its_login_in_variables(
    case: Callable[..., Case], packages: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(packages)
    text = f'[[index]]\nname = "corp.one"\nurl = "{packages.url}"\ndefault = true\n'
    own(tmp_path, monkeypatch, f'index-strategy = "first-index"\n{text}')
    monkeypatch.setenv("UV_INDEX_CORP_ONE_USERNAME", "ada")
    monkeypatch.setenv("UV_INDEX_CORP_ONE_PASSWORD", SECRET)
    assert "alpha==1.0" in case("alpha\n").lock().text


def test_a_settings_file_that_is_named(
    case: Callable[..., Case], packages: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(tmp_path, monkeypatch, "nonsense")
    (tmp_path / "mine.toml").write_text(f'index-url = "{login(packages)}"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "mine.toml"))
    assert "alpha==1.0" in case("alpha\n").lock().text


def test_settings_that_are_none(
    case: Callable[..., Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(tmp_path, monkeypatch, "nonsense")
    with pytest.raises(Refused, match="settings of uv cannot be read"):
        case("alpha\n").lock()
