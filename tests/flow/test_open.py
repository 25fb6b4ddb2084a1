"""`binderclip open`: a real JupyterLab over a real environment, from the command to its end."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook, Shell, Web

URL = re.compile(r"(http://127\.0\.0\.1:\d+/)lab/tree/(\S+)\?token=(\S+)")


class _Opened:
    """A command that prints its address, and the server behind it."""

    def __init__(self, shell: Shell, *words: object) -> None:
        self.process = shell.start("open", "--no-browser", *words)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        found = URL.match(line)
        assert found, line + self.process.communicate(timeout=60)[1].decode()
        self.base, self.path, self.token = found.groups()

    def get(self, path: str) -> Any:
        request = urllib.request.Request(
            self.base + path, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err.decode()


@pytest.mark.slow
def test_it_serves_the_notebook_with_the_environments_kernel_and_ends(
    shell: Shell, notebook: MakeNotebook
) -> None:
    path = notebook("import cowsay", name="a b#c.ipynb")
    opened = _Opened(shell, path)
    specs = opened.get("api/kernelspecs")["kernelspecs"]
    python = specs["python3"]["spec"]["argv"][0]
    assert python.startswith(shell.environ["BINDERCLIP_CACHE"])
    assert opened.get(f"api/contents/{opened.path}")["name"] == path.name
    words = [word for worker in shell.workers() for word in worker.cmdline()]
    assert not [word for word in words if opened.token in word]
    code, err = opened.interrupt()
    assert code == 0, err
    assert opened.token not in err
    assert not shell.workers()


@pytest.mark.slow
def test_a_notebook_from_an_address_is_saved_here_and_nothing_overwritten(
    shell: Shell, notebook: MakeNotebook, web: Web
) -> None:
    path = notebook("6 * 7")
    web.pages["/a.ipynb"] = path.read_bytes()
    path.write_bytes(b"mine")
    refused = shell.run("open", "--no-browser", f"{web.url}/a.ipynb")
    assert refused.code == 22
    opened = _Opened(shell, "--trust", f"{web.url}/a.ipynb")
    assert opened.path == "a-1.ipynb"
    assert opened.interrupt()[0] == 0
    assert path.read_bytes() == b"mine"
    assert (shell.folder / "a-1.ipynb").read_bytes() == web.pages["/a.ipynb"]
