"""A real JupyterLab, with the kernels of the environment and no others."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uv
from tests.execute.conftest import make_runtime, notebook

from binderclip import processes
from binderclip.errors import Refused, SessionError
from binderclip.lab import HERE, Lab, Reach, has_lab, serve_lab
from binderclip.session import Runtime

Use = Callable[[Lab, httpx.AsyncClient], Awaitable[None]]


@pytest.fixture(scope="session")
def lab_prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another environment, which holds JupyterLab and a python3 kernel of its own."""
    folder = tmp_path_factory.mktemp("tools") / "prefix"
    command = uv.find_uv_bin()
    subprocess.run([command, "venv", "-q", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([command, "pip", "install", "-q", "--python", python, "jupyterlab"], check=True)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "my work"
    folder.mkdir()
    path = folder / "näme #1?.ipynb"
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_bytes(notebook("import sys; print(sys.prefix)", kernelspec=spec))
    return path


def serve(runtime: Runtime, path: Path, lab_prefix: Path | None, use: Use) -> None:
    async def work() -> None:
        async with serve_lab(runtime, path, lab_prefix=lab_prefix) as lab:
            token = lab.url.partition("token=")[2]
            base = lab.address.partition("lab/tree/")[0]
            headers = {"Authorization": f"token {token}"}
            async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
                await use(lab, client)

    asyncio.run(work())
    assert not processes._belonging(runtime.run)


def session(path: Path) -> dict[str, Any]:
    kernel = {"name": "python3"}
    return {"path": path.name, "name": path.name, "type": "notebook", "kernel": kernel}


def command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes())
    return found


async def prefix_of_kernel(client: httpx.AsyncClient, path: Path) -> str:
    """Start the notebook's kernel as JupyterLab does; where its process says it is at home."""
    answer = await client.post("api/sessions", json=session(path), timeout=60)
    assert answer.status_code == 201, answer.text
    kernel: str = answer.json()["kernel"]["id"]
    for _ in range(200):
        for line in command_lines():
            if kernel.encode() in line:
                return str(Path(line.partition(b"\0")[0].decode()).parent.parent)
        await asyncio.sleep(0.05)
    raise AssertionError("no kernel came up")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_the_notebook_opens_with_the_environments_own_kernel(
    runtime: Runtime, path: Path, lab_prefix: Path
) -> None:
    async def use(lab: Lab, client: httpx.AsyncClient) -> None:
        content = await client.get(f"api/contents/{lab.address.rpartition('/')[2]}")
        assert content.json()["content"]["metadata"]["kernelspec"]["name"] == "python3"
        kernels = (await client.get("api/kernelspecs")).json()
        assert (kernels["default"], list(kernels["kernelspecs"])) == ("python3", ["python3"])
        assert await prefix_of_kernel(client, path) == str(runtime.prefix)
        page = await client.get(lab.url)
        assert page.status_code == 200
        assert "jupyter-config-data" in page.text

    serve(runtime, path, lab_prefix, use)


@pytest.mark.slow
def test_the_token_is_needed_and_seen_by_nobody(
    runtime: Runtime, path: Path, lab_prefix: Path
) -> None:
    async def use(lab: Lab, client: httpx.AsyncClient) -> None:
        token = lab.url.partition("token=")[2]
        del client.headers["Authorization"]
        assert (await client.get("api/contents")).status_code == 403
        assert client.base_url.host == "127.0.0.1"
        assert token not in repr(lab)
        assert stat.S_IMODE(lab.opener_file.stat().st_mode) == 0o600
        assert token in lab.opener_file.read_text()
        if sys.platform == "linux":
            assert not any(token.encode() in line for line in command_lines())

    serve(runtime, path, lab_prefix, use)


@pytest.mark.slow
def test_an_environments_own_jupyterlab_is_used_with_its_start_script(
    lab_prefix: Path, path: Path, tmp_path: Path
) -> None:
    script = tmp_path / "start"
    script.write_text('#!/bin/sh\necho started > "$HOME/started"\nexec "$@"\n')
    script.chmod(0o755)
    runtime = make_runtime(lab_prefix, tmp_path, script)

    async def use(_: Lab, client: httpx.AsyncClient) -> None:
        assert (runtime.home / "started").exists()
        assert (await client.get("api/kernelspecs")).status_code == 200

    serve(runtime, path, None, use)


@pytest.mark.slow
def test_shutting_down_from_the_menu_is_noticed(
    runtime: Runtime, path: Path, lab_prefix: Path
) -> None:
    async def use(lab: Lab, client: httpx.AsyncClient) -> None:
        await client.post("api/sessions", json=session(path), timeout=60)
        await client.post("api/shutdown")
        assert (await lab.ended()).code == 0

    serve(runtime, path, lab_prefix, use)


def test_without_jupyterlab_it_is_said_what_to_add(runtime: Runtime, path: Path) -> None:
    assert not has_lab(runtime.prefix)
    with pytest.raises(Refused, match="no JupyterLab") as caught:
        serve(runtime, path, None, unused)
    assert "add jupyterlab" in (caught.value.hint or "")


def test_without_kernels_nothing_is_started(tmp_path: Path, path: Path) -> None:
    with pytest.raises(Refused, match="no kernel at all"):
        serve(make_runtime(pretended(tmp_path), tmp_path, None), path, None, unused)


def test_a_server_that_does_not_start_shows_its_last_lines(tmp_path: Path, path: Path) -> None:
    prefix = pretended(tmp_path)
    kernel = prefix / "share" / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": ["python"], "language": "python"}))
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python").write_text('#!/bin/sh\necho "no such $JUPYTER_TOKEN"\nexit 7\n')
    (prefix / "bin" / "python").chmod(0o755)
    runtime = make_runtime(prefix, tmp_path)
    with pytest.raises(SessionError, match=r"exit status 7[^\n]*\nno such \*\*\*$"):
        serve(runtime, path, None, unused)


def pretended(folder: Path) -> Path:
    """What looks like an environment with JupyterLab."""
    package = folder / "pretended" / "lib" / "python3.12" / "site-packages" / "jupyterlab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return folder / "pretended"


async def unused(_: Lab, __: httpx.AsyncClient) -> None:
    raise AssertionError("it came up")


@pytest.mark.slow
def test_a_folder_is_served_without_a_notebook(
    runtime: Runtime, path: Path, lab_prefix: Path
) -> None:
    async def use(lab: Lab, client: httpx.AsyncClient) -> None:
        assert lab.address == f"{lab.base}lab"
        answer = await client.get(f"{lab.base}api/contents")
        assert [entry["name"] for entry in answer.json()["content"]] == [path.name]

    serve(runtime, path.parent, lab_prefix, use)


@pytest.mark.slow
@pytest.mark.parametrize("reach", [HERE, Reach(listen="0.0.0.0", host="lab.test")])
def test_other_machines_may_call_it_by_its_name_where_that_is_said(
    runtime: Runtime, path: Path, lab_prefix: Path, reach: Reach
) -> None:
    async def work() -> None:
        async with serve_lab(runtime, path, lab_prefix=lab_prefix, reach=reach) as lab:
            parts = urlsplit(lab.base)
            assert parts.hostname == (reach.host or "127.0.0.1")
            headers = {"Authorization": f"token {lab.token}", "Host": f"lab.test:{parts.port}"}
            async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
                answer = await client.get(f"http://127.0.0.1:{parts.port}/api/status")
            assert answer.status_code == (200 if reach.host else 403)

    asyncio.run(work())
