"""Environments really made of conda packages, with kernels that run in them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.conda_local.conftest import add_real, add_tiny
from tests.conda_local.python_package import SHORT, VERSION

from binderclip import conda
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.errors import BuildFailed, ResolveError, Unreachable
from binderclip.events import Log, Progress
from binderclip.platforms import this_platform
from binderclip.session import Session
from binderclip.spec.model import Frozen, Reference
from binderclip.targets.local import LocalTarget

if TYPE_CHECKING:
    from tests.conda.channel import ChannelFolder
    from tests.local.conftest import Approvals, Launched, Origin, Served

Launch = Callable[[LocalTarget, Environment], "Launched"]
Runs = Callable[[Session, str], str]
Channels = Callable[..., AbstractContextManager["ChannelFolder"]]

pytestmark = pytest.mark.slow


def written(channel: str, *dependencies: str, pip: tuple[str, ...] = (), more: str = "") -> str:
    lines = ["channels:", f"  - {channel}", "  - nodefaults", "dependencies:"]
    lines += [f"  - {json.dumps(one)}" for one in dependencies]
    if pip:
        lines += ["  - pip:", *(f"    - {json.dumps(one)}" for one in pip)]
    return "\n".join([*lines, more]) + "\n"


def test_from_cold_to_warm_to_offline(  # noqa: PLR0917 - fixtures
    full: ChannelFolder,
    cache: Cache,
    approvals: Approvals,
    launched: Launch,
    runs: Runs,
    wheel: Path,
) -> None:
    variables = "variables:\n  GREETING: hello\n  NUMBER: 3\n"
    text = written(
        full.http, f"python={SHORT}", "tiny", pip=(f"pipped @ {wheel.as_uri()}",), more=variables
    )
    env = Environment(files={"environment.yml": text})
    first = LocalTarget(cache, approvals, python="3.9")
    cold = launched(first, env)
    code = (
        "import os, sys, tiny, pipped\n"
        "print(tiny.version, pipped.answer, os.environ['GREETING'], os.environ['NUMBER'])\n"
        "print(os.environ['CONDA_PREFIX'] == os.environ['CONDA_DEFAULT_ENV'] == sys.prefix)\n"
        "print(os.environ['CONDA_SHLVL'], 'VIRTUAL_ENV' in os.environ, sys.version.split()[0])"
    )
    said = f"1.0 42 hello 3\nTrue\n1 False {VERSION}"
    assert runs(cold.session, code) == said
    assert any(isinstance(event, Log) and "tiny" not in event.line for event in cold.events)
    plan = approvals.plans[0]
    assert plan.texts["environment.yml"] == text
    assert plan.texts["environment.yml pip:"] == f"pipped @ {wheel.as_uri()}\n"
    assert f"--channel {full.http}" in plan.commands[0]
    assert plan.commands[1:] == ("uv pip install -r 'environment.yml pip:'",)
    assert not plan.scripts

    other = LocalTarget(cache, approvals, python="3.12")
    warm = launched(other, env)
    assert warm.told == [f"environment {env.key[:12]}"], "its Python is stated: no default counts"
    assert warm.session.runtime
    assert runs(warm.session, code) == said
    assert [e.python for e in cache.environments() if e.key == env.key] == [SHORT]
    assert not [p.name for p in warm.session.runtime.prefix.parent.rglob(".binderclip-*")]

    asyncio.run(first.stop(cold.session))
    asyncio.run(other.stop(warm.session))
    cache.remove(env.key)
    offline = LocalTarget(cache, approvals, offline=True)
    asked = len(full.asked)
    again = launched(offline, env)
    assert runs(again.session, code) == said
    assert len(full.asked) == asked, "nothing was asked for again"


def test_what_is_not_in_the_cache_cannot_be_had_offline(
    full: ChannelFolder, fresh_cache: Cache, approvals: Approvals, launched: Launch
) -> None:
    env = Environment(files={"environment.yml": written(full.http, f"python={SHORT}")})
    with pytest.raises(Unreachable):
        launched(LocalTarget(fresh_cache, approvals, offline=True), env)
    assert not list(fresh_cache.root.glob("envs/*"))


def test_in_a_repository_with_includes_beside_the_file(  # noqa: PLR0917 - fixtures
    full: ChannelFolder,
    cache: Cache,
    approvals: Approvals,
    launched: Launch,
    runs: Runs,
    origin: Origin,
    serve: Callable[..., AbstractContextManager[Served]],
    wheel: Path,
) -> None:
    # A Python that asks to be left alone is the environment's own all the same.
    full.add(
        "managed", "1", files={f"lib/python{SHORT}/EXTERNALLY-MANAGED": b"[externally-managed]"}
    )
    mine = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "mine"\nversion = "1"\n'
    )
    pip = ("-r more/lines.txt", "-e ../mine")
    origin.commit(
        {
            "binder/environment.yml": written(full.http, f"python={SHORT}", "gone", pip=pip),
            "binder/more/lines.txt": f"pipped @ {wheel.as_uri()}\n",
            "binder/requirements.txt": "binderclip-no-such-package\n",
            "binder/runtime.txt": "python-3.7\n",
            "mine/mine.py": "word = 'mine'\n",
            "mine/pyproject.toml": mine,
            "requirements.txt": "binderclip-no-such-package\n",
        }
    )
    over = {
        "environment.yml": written(full.http, f"python={SHORT}", "tiny=1.0", "managed", pip=pip)
    }
    with serve(origin.path.parent) as server:
        env = Environment(build=Reference(server.url, "origin.git", ref="main"), files=over)
        found = launched(LocalTarget(cache, approvals), env)
    assert runs(found.session, "import mine, pipped, tiny; print(mine.word)") == "mine"
    plan = approvals.plans[0]
    assert set(plan.texts) == {
        "binder/environment.yml",
        "binder/environment.yml pip:",
        "binder/more/lines.txt",
        "mine/pyproject.toml",
    }
    assert plan.texts["binder/environment.yml"] == over["environment.yml"]
    runtime = found.session.runtime
    assert runtime
    assert runtime.checkout
    assert not list(runtime.checkout.glob("binder/.binderclip-*"))


def test_frozen_packages_run_when_the_channel_has_newer_ones(  # noqa: PLR0917 - fixtures
    full: ChannelFolder,
    fresh_cache: Cache,
    approvals: Approvals,
    launched: Launch,
    runs: Runs,
    wheel: Path,
) -> None:
    pip = (f"pipped @ {wheel.as_uri()}",)
    text = written(full.http, f"python={SHORT}", "tiny", pip=pip)
    target = LocalTarget(fresh_cache, approvals)
    file = conda.read(text, "environment.yml")
    solved = conda.solve(
        file, platform=this_platform(), cache=fresh_cache.root / "conda", extra_specs=("ipykernel",)
    )
    exact = conda.exact(file, asyncio.run(solved), pip)
    add_tiny(full, "2.0")
    # The newest kernel, which nothing could run: a lock that were not kept to would show.
    full.add("ipykernel", "999", depends=["binderclip-no-such-package"])
    frozen = Frozen(platform=this_platform(), files={"environment.yml": exact})
    loose = Environment(files={"environment.yml": text})
    pinned = Environment(files={"environment.yml": text}, frozen=frozen)
    code = "import tiny; print(tiny.version)"
    assert runs(launched(target, pinned).session, code) == "1.0"
    assert approvals.plans[0].texts["environment.yml"] == exact
    assert runs(launched(target, loose).session, code) == "2.0"

    gone = Environment(files={"environment.yml": exact.replace("tiny==1.0", "tiny==0.9")})
    with pytest.raises(ResolveError, match=r"environment\.yml: its packages do not go together"):
        launched(target, gone)


def test_without_a_kernel_in_the_channels_one_comes_from_pypi_and_moves_nothing(
    channels: Channels, fresh_cache: Cache, approvals: Approvals, launched: Launch, runs: Runs
) -> None:
    with channels("python") as made:
        # The kernel of today asks for a newer one.
        add_real(made, "packaging", "21.3")
        text = written(made.http, "packaging")
        found = launched(
            LocalTarget(fresh_cache, approvals, python=SHORT),
            Environment(files={"environment.yml": text}),
        )
    code = "import packaging, pip, ipykernel; print(packaging.__version__)"
    assert runs(found.session, code) == "21.3"
    assert "installing pip ipykernel" in found.told


SCRIPT = 'export FROM_PACKAGE="$CONDA_PREFIX/data"; echo activated; set -- gone\n'
START = '#!/bin/sh\nexport STARTED="with $FROM_PACKAGE"\nexec "$@"\n'
POST_BUILD = """
set -e
test "$FROM_PACKAGE" = "$CONDA_PREFIX/data" && test "$GREETING" = hello && test -z "$VIRTUAL_ENV"
test "$(command -v python)" = "$CONDA_PREFIX/bin/python" && test "$HOME" = "$PWD"
cat "$CONDA_PREFIX/linked" && python -m pip --version && touch built-here
"""


def test_scripts_of_packages_and_of_the_environment(
    full: ChannelFolder, cache: Cache, approvals: Approvals, launched: Launch, runs: Runs
) -> None:
    linking = b'#!/bin/sh\necho yes > "$PREFIX/linked"\n'
    full.add(
        "active",
        "1",
        files={
            "etc/conda/activate.d/active.sh": SCRIPT.encode(),
            "bin/.active-post-link.sh": linking,
        },
    )
    text = written(full.http, f"python={SHORT}", "active", more="variables: {GREETING: hello}")
    scripts = {"start": START, "postBuild": POST_BUILD}
    env = Environment(files={"environment.yml": text, **scripts})
    found = launched(LocalTarget(cache, approvals), env)
    code = "import os, sys; print(os.environ['STARTED'] == f'with {sys.prefix}/data')"
    assert runs(found.session, code) == "True"
    assert approvals.plans[0].scripts == ("postBuild", "start")
    warm = launched(LocalTarget(cache, approvals, own_home=True), env)
    assert runs(warm.session, code) == "True"

    bare = Environment(files={"environment.yml": text})
    found = launched(LocalTarget(cache, approvals), bare)
    assert runs(found.session, "import os; print(os.environ['FROM_PACKAGE'][-5:])") == "/data"


def test_what_goes_wrong_is_told_and_leaves_nothing(
    full: ChannelFolder, fresh_cache: Cache, approvals: Approvals, launched: Launch, tmp_path: Path
) -> None:
    target = LocalTarget(fresh_cache, approvals)
    cases = {
        written(full.http, f"python={SHORT}", "nowhere-to-be-had"): ResolveError,
        written(full.http, "python=3.2"): ResolveError,
        written("http://127.0.0.1:9/channel", f"python={SHORT}"): Unreachable,
        written((tmp_path / "none").as_uri(), f"python={SHORT}"): ResolveError,
        written(full.http, f"python={SHORT}", pip=("six==999.0",)): BuildFailed,
    }
    for text, error in cases.items():
        with pytest.raises(error):
            launched(target, Environment(files={"environment.yml": text}))
        assert not list(fresh_cache.root.glob("envs/*"))
    assert len(approvals.plans) == len(cases)


@contextmanager
def _slowly(made: ChannelFolder) -> Iterator[Path]:
    """A package whose script never ends, and the file that it makes when it begins."""
    begun = made.folder / "begun"
    script = f"#!/bin/sh\ntouch {begun}\nsleep 600\n"
    made.add("slow", "1", files={"bin/.slow-post-link.sh": script.encode()})
    yield begun
    shutil.rmtree(made.folder / "noarch")


def test_cancelling_kills_and_removes(
    full: ChannelFolder, fresh_cache: Cache, approvals: Approvals, alive: Callable[[int], bool]
) -> None:
    async def go(begun: Path) -> set[int]:
        text = written(full.http, f"python={SHORT}", "slow")
        target = LocalTarget(fresh_cache, approvals)

        async def launch() -> None:
            env = Environment(files={"environment.yml": text})
            async with aclosing(target.launch(env)) as stream:
                async for event in stream:
                    assert isinstance(event, Progress | Log)

        launching = asyncio.create_task(launch())
        while not begun.exists():  # noqa: ASYNC240 - a look at one file
            assert not launching.done(), launching.result()
            await asyncio.sleep(0.05)
        (run,) = fresh_cache.root.glob("envs/*/*/run")
        pids = {int(path.name.removeprefix("process-")) for path in run.glob("process-*")}
        launching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await launching
        return pids

    with _slowly(full) as begun:
        pids = asyncio.run(go(begun))
    assert pids
    assert not any(map(alive, pids))
    assert not list(fresh_cache.root.glob("envs/*"))
