"""Environments really built with uv, and sessions in them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from binderclip import processes
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.errors import BuildFailed, Refused, ResolveError, Unreachable
from binderclip.events import Log
from binderclip.platforms import this_platform
from binderclip.session import Session
from binderclip.spec.model import Frozen, Reference
from binderclip.targets.local import LocalTarget
from binderclip.targets.local.realise import lay_over
from binderclip.targets.local.sessions import copy_tree

if TYPE_CHECKING:
    # pytest imports conftest by its path, so that its names are there for types alone.
    from tests.local.conftest import Approvals, Launched, Origin, Served

Launch = Callable[[LocalTarget, Environment], "Launched"]
Serve = Callable[..., AbstractContextManager["Served"]]


SIX = Environment(files={"requirements.txt": "six"})


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of one line, so that installing takes no network but for the kernel."""
    path = tmp_path_factory.mktemp("wheels") / "tiny_wheel-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_wheel.py", "answer = 42\n")
        about = "tiny_wheel-1.0.dist-info"
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-wheel\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def said(session: Session, code: str) -> str:
    """What a Python of the session prints."""
    assert session.runtime is not None
    with processes.start(
        session.runtime, ["python", "-c", code], session.runtime.home, stdout=subprocess.PIPE
    ) as process:
        text = process.communicate()[0].decode().strip()
    assert process.returncode == 0
    return text


POST_BUILD = """
set -e
test "$VIRTUAL_ENV" = "$NB_PYTHON_PREFIX" && test "$(command -v python)" = "$VIRTUAL_ENV/bin/python"
test "$HOME" = "$PWD" && test "$REPO_DIR" = "$PWD" && test -z "$PYTHONPATH"
python -m pip --version
python -m ipykernel install --user --name tiny
touch "$HOME/.made-by-post-build"; mkdir -p data; mkfifo data/pipe; echo 1 > data/x.csv
sleep 600 &
"""
START = '#!/bin/sh\nexport GREETING=hello\nexec "$@"\n'


def test_embedded_files_from_cold_to_warm(
    cache: Cache,
    approvals: Approvals,
    launched: Launch,
    wheel: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    env = Environment(
        files={
            "requirements.txt": ("--find-links .\n", f"tiny-wheel @ {wheel.as_uri()}\n"),
            "postBuild": POST_BUILD,
            "start": START,
        }
    )
    cold = launched(LocalTarget(cache, approvals), env)
    assert any(isinstance(event, Log) for event in cold.events)
    code = "import os, tiny_wheel as t; print(t.answer, os.environ['GREETING'])"
    assert said(cold.session, code) == "42 hello"
    runtime = cold.session.runtime
    assert runtime is not None
    assert (runtime.prefix / "share/jupyter/kernels/tiny/kernel.json").is_file()
    assert not (Path.home() / ".made-by-post-build").exists()
    assert "PYTHONPATH" not in runtime.environ
    assert runtime.environ["HOME"] == os.environ["HOME"]

    warm = launched(LocalTarget(cache, approvals, own_home=True), env)
    assert warm.told == [f"environment {env.key[:12]}"]
    assert [plan.cached for plan in approvals.plans] == [False, True]
    first, second = approvals.plans
    assert (first.texts, first.commands, first.scripts) == (
        second.texts,
        second.commands,
        second.scripts,
    )
    assert first.scripts == ("postBuild", "start")
    assert first.key == env.key
    home = warm.session.runtime and warm.session.runtime.home
    assert said(warm.session, "import os; print(os.path.expanduser('~'))") == str(home)
    assert home
    assert (home / "data" / "x.csv").read_text() == "1\n"
    assert not (home / "data" / "pipe").exists()


@pytest.mark.slow
def test_a_repository_with_files_laid_over_it(  # noqa: PLR0917 - fixtures
    cache: Cache,
    approvals: Approvals,
    launched: Launch,
    origin: Origin,
    wheel: Path,
    serve: Serve,
) -> None:
    commit = origin.commit(
        {
            "binder/requirements.txt": "binderclip-no-such-package\n",
            "binder/postBuild": "touch built-here",
            "mine/mine.py": "word = 'mine'\n",
            "mine/pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n'
            'build-backend = "hatchling.build"\n[project]\nname = "mine"\nversion = "1"\n',
            # It must not rule over the person's own settings.
            "uv.toml": 'index-url = "http://127.0.0.1:9/simple"\n',
            "notes.txt": "n",
        }
    )
    files = {"requirements.txt": f"-e ./mine\ntiny-wheel @ {wheel.as_uri()}\n"}
    with serve(origin.path.parent) as server:
        build = Reference(server.url, "origin.git", ref="main")
        env = Environment(image=Reference("https://quay.io", "o/i"), build=build, files=files)
        found = launched(LocalTarget(cache, approvals), env)
    plan = approvals.plans[0]
    assert plan.environment.build == Reference(server.url, "origin.git", "main", commit)
    assert plan.texts["binder/requirements.txt"] == files["requirements.txt"]
    assert plan.scripts == ("binder/postBuild",)
    assert said(found.session, "import mine, tiny_wheel; print(mine.word)") == "mine"
    runtime = found.session.runtime
    assert runtime is not None
    assert runtime.checkout is not None
    assert (runtime.checkout / "built-here").exists()
    assert (runtime.checkout / ".git").is_dir()

    again = launched(LocalTarget(cache, approvals, own_home=True), env)
    assert any("as it was last time" in told for told in again.told)
    assert approvals.plans[1].cached
    home = again.session.runtime and again.session.runtime.home
    assert home
    assert (home / "notes.txt").exists()
    assert not (home / ".git").exists()
    offline = launched(LocalTarget(cache, approvals, offline=True), env)
    assert any(told.startswith("offline; going on with main") for told in offline.told)
    with pytest.raises(Unreachable, match="without the network"):
        launched(
            LocalTarget(cache, approvals, offline=True),
            Environment(build=Reference(server.url, "origin.git", ref="dev")),
        )


@pytest.mark.slow
def test_a_pipfile(local: LocalTarget, launched: Launch) -> None:
    setup = "import setuptools\nsetuptools.setup(name='local', py_modules=['loc'])\n"
    pipfile = """
        [packages]
        local = {path = "./local", editable = true}
        [dev-packages]
        six = {version = "*", markers = "python_version > '3'"}
    """
    env = Environment(
        files={"Pipfile": pipfile, "local/setup.py": setup, "local/loc.py": "x = 7\n"}
    )
    found = launched(local, env)
    assert said(found.session, "import loc, six; print(loc.x)") == "7"


def test_what_was_frozen_stands_in_on_its_platform(local: LocalTarget) -> None:
    loose = {"requirements.txt": "six\n"}
    frozen = {"requirements.txt": "-r gone.txt\n"}
    here = Environment(files=loose, frozen=Frozen(platform=this_platform(), files=frozen))
    assert "gone.txt" in (local.refusal(here) or "")
    elsewhere = Environment(files=loose, frozen=Frozen(platform="win-64", files=frozen))
    assert local.refusal(elsewhere) is None


def test_a_python_that_is_not_here_is_told_with_those_that_are(
    fresh_cache: Cache, approvals: Approvals, launched: Launch
) -> None:
    target = LocalTarget(fresh_cache, approvals, python="3.99")
    with pytest.raises(BuildFailed, match=r"Python 3\.99 is not on this machine") as caught:
        launched(target, Environment())
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert "found here: " in (caught.value.hint or "")
    assert own in (caught.value.hint or "")


def test_a_python_version_that_is_none_is_refused(cache: Cache, approvals: Approvals) -> None:
    with pytest.raises(Refused, match="expected one like '3.12'".replace(".", r"\.")):
        LocalTarget(cache, approvals, python="python3")


def test_uv_failing_is_told_with_its_last_lines(
    fresh_cache: Cache, approvals: Approvals, launched: Launch
) -> None:
    env = Environment(files={"requirements.txt": "six==999.0\n"})
    with pytest.raises(BuildFailed, match="uv pip install ended with exit status") as caught:
        launched(LocalTarget(fresh_cache, approvals), env)
    assert "six==999.0" in (caught.value.hint or "")


def test_the_persons_own_index_counts(
    fresh_cache: Cache,
    approvals: Approvals,
    launched: Launch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('index-url = "http://127.0.0.1:9/mirror"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(BuildFailed) as caught:
        launched(
            LocalTarget(fresh_cache, approvals), Environment(files={"requirements.txt": "six"})
        )
    assert "127.0.0.1:9" in (caught.value.hint or "")


@pytest.mark.slow
def test_a_failing_post_build_is_told_and_leaves_nothing(
    cache: Cache, approvals: Approvals, launched: Launch
) -> None:
    env = Environment(files={"postBuild": "#!/bin/sh\necho it went wrong >&2\nexit 3\n"})
    with pytest.raises(BuildFailed, match="postBuild ended with exit status 3") as caught:
        launched(LocalTarget(cache, approvals), env)
    assert "it went wrong" in (caught.value.hint or "")
    assert not (cache.root / "envs" / env.key).exists()


def test_an_environment_in_use_is_told_by_the_cache(
    cache: Cache, local: LocalTarget, launched: Launch
) -> None:
    launched(local, Environment())
    assert any(e.key == Environment().key and e.in_use for e in cache.environments())


@pytest.mark.slow
def test_a_broken_environment_is_built_again(
    fresh_cache: Cache, approvals: Approvals, launched: Launch
) -> None:
    target = LocalTarget(fresh_cache, approvals)
    first = launched(target, Environment()).session
    assert first.runtime is not None
    (first.runtime.prefix / "bin" / "python").unlink()
    second = launched(target, Environment()).session
    assert second.runtime is not None
    assert second.runtime.prefix != first.runtime.prefix
    assert said(second, "print(1)") == "1"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"Dockerfile": "FROM x"}, "Dockerfile: the local target builds no images"),
        ({"binder/a": "", ".binder/a": ""}, "both a 'binder' and a '.binder'"),
        ({"binder/apt.txt": "gcc"}, "binder/apt.txt"),
        ({"requirements.txt": Path("/etc/hostname")}, "leads out of the repository"),
    ],
)
def test_a_repository_that_cannot_be_honoured_is_refused_before_anyone_is_asked(  # noqa: PLR0917 - fixtures
    cache: Cache,
    approvals: Approvals,
    launched: Launch,
    origin: Origin,
    files: dict[str, str | Path],
    message: str,
) -> None:
    origin.commit(files)
    with pytest.raises(Refused, match=message.replace(".", r"\.")):
        launched(LocalTarget(cache, approvals), Environment(build=origin.reference))
    assert not approvals.plans


def test_files_over_a_repository_that_rule_it_out(local: LocalTarget) -> None:
    build = Reference("https://github.com", "o/r")
    for name in ("Dockerfile", "default.nix", "apt.txt"):
        reason = local.refusal(Environment(build=build, files={name: ""}))
        assert (reason or "").startswith(f"{name}: the local target")


def test_a_ref_that_is_not_there(
    cache: Cache, approvals: Approvals, launched: Launch, origin: Origin
) -> None:
    origin.commit({"a": "1"})
    build = Reference(origin.reference.host, origin.reference.path, ref="mian")
    with pytest.raises(ResolveError, match="'mian' not found"):
        launched(LocalTarget(cache, approvals), Environment(build=build))


@pytest.mark.parametrize(
    ("committed", "laid_over"),
    [
        ({"build.sh": "#!/bin/sh\n", "postBuild": Path("build.sh")}, "build.sh"),
        ({"postBuild": "#!/bin/sh\n# $Id$\n", ".gitattributes": "postBuild ident\n"}, "other"),
        (
            {
                "deep/er/requirements.txt": "-r ../x.txt\n",
                "binder": Path("deep/er"),
                "x.txt": "",
                "deep/x.txt": "binderclip-no-such-package",
            },
            "other",
        ),
    ],
    ids=["a link to what was laid over", "a conversion by git", "a folder that is a link"],
)
def test_what_was_not_shown_is_not_run(  # noqa: PLR0917 - fixtures
    fresh_cache: Cache,
    approvals: Approvals,
    launched: Launch,
    origin: Origin,
    committed: dict[str, str | Path],
    laid_over: str,
    tmp_path: Path,
) -> None:
    origin.commit(committed)
    script = f"#!/bin/sh\necho ran > {tmp_path}/ran\n"
    env = Environment(build=origin.reference, files={laid_over: script})
    with pytest.raises(Refused, match="is not what the repository's commit shows"):
        launched(LocalTarget(fresh_cache, approvals), env)
    assert approvals.plans
    assert not (tmp_path / "ran").exists()
    assert not list(fresh_cache.root.glob("envs/*"))


def test_a_file_laid_over_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("data", "file/x"):
        with pytest.raises(Refused, match="a folder where the notebook has a file"):
            lay_over(tmp_path, "", {name: "x"})


def test_files_are_never_written_through_links_out_of_the_repository(tmp_path: Path) -> None:
    outside, repo = tmp_path / "outside", tmp_path / "repo"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (repo / "real").mkdir(parents=True)
    (repo / ".git").mkdir()
    (repo / "binder").symlink_to(outside)
    (repo / "inner").symlink_to("real")
    (repo / "git").symlink_to(".git")
    (repo / "file").symlink_to(outside / "kept")
    for at in ("binder", "git", "git/hooks", "binder/deep"):
        with pytest.raises(Refused, match="a link in the repository leads its folder elsewhere"):
            lay_over(repo, at, {"postBuild": "x"})
    lay_over(repo, "", {"file": "new", "sub/deep/x": "x", "start": "#!/bin/sh\n"})
    assert (repo / "file").read_text() == "new"
    assert not (repo / "file").is_symlink()
    assert (outside / "kept").read_text() == "kept"
    assert os.access(repo / "start", os.X_OK)
    lay_over(repo, "inner", {"y": "y\r\n"})
    assert (repo / "real" / "y").read_bytes() == b"y\r\n"
    assert [path.name for path in outside.iterdir()] == ["kept"]


def test_a_copy_keeps_links_as_links(tmp_path: Path) -> None:
    outside, repo, home = tmp_path / "outside", tmp_path / "repo", tmp_path / "home"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (repo / "sub" / ".git").mkdir(parents=True)
    (repo / "sub" / "x").write_text("x")
    (repo / "link").symlink_to(outside)
    (repo / "gone").symlink_to("nowhere")
    os.mkfifo(repo / "pipe")
    home.mkdir()
    copy_tree(repo, home)
    assert sorted(str(p.relative_to(home)) for p in home.rglob("*")) == [
        "gone",
        "link",
        "sub",
        "sub/x",
    ]
    assert (home / "link").is_symlink()


def test_a_warm_launch_imports_little(cache: Cache, local: LocalTarget, launched: Launch) -> None:
    launched(local, Environment())
    script = f"""
        import asyncio, sys
        from pathlib import Path
        from binderclip.cache import Cache
        from binderclip.environment import Environment
        from binderclip.targets.local import LocalTarget
        async def main():
            target = LocalTarget(Cache(Path({str(cache.root)!r})), lambda plan: None)
            events = [event async for event in target.launch(Environment())]
            await target.stop(events[-1].session)
            assert len(events) == 2, events
        asyncio.run(main())
        heavy = "httpx rich uv filelock platformdirs nbformat nbclient jupyter_client jsonschema"
        heavy += " binderclip.repositories binderclip.targets.local.realise binderclip.rees"
        heavy += " binderclip.targets.local.recipe tomllib"
        print(*(set(heavy.split()) & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_variables_of_another_python_are_dropped(
    local: LocalTarget, launched: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHOME", "CONDA_PREFIX", "JUPYTER_TOKEN", "BINDERCLIP_X", "JPY_API_TOKEN"):
        monkeypatch.setenv(name, "/other")
    monkeypatch.setenv("VIRTUAL_ENV", "/other")
    monkeypatch.setenv("PATH", f"/other/bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KEPT", "yes")
    runtime = launched(local, Environment()).session.runtime
    assert runtime is not None
    assert runtime.environ["VIRTUAL_ENV"] == str(runtime.prefix)
    assert runtime.environ["PATH"].startswith(f"{runtime.prefix}/bin:")
    assert "/other" not in " ".join(runtime.environ.values())
    assert runtime.environ["KEPT"] == "yes"
    assert runtime.environ["PYTHONNOUSERSITE"] == "1"


@pytest.mark.slow
def test_launches_of_one_key_at_once_build_it_once(
    fresh_cache: Cache, approvals: Approvals, tmp_path: Path
) -> None:
    """Within a process; ``test_races`` has several."""
    count = tmp_path / "count"
    env = Environment(files={"postBuild": f"echo x >> {count}\n"})
    target = LocalTarget(fresh_cache, approvals)

    async def one() -> Session:
        events = [event async for event in target.launch(env)]
        return events[-1].session  # type: ignore[union-attr]

    async def go() -> None:
        for session in await asyncio.gather(one(), one(), one()):
            await target.stop(session)

    asyncio.run(go())
    assert count.read_text() == "x\n"
