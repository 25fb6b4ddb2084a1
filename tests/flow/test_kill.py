"""`kill -9` at many moments of a run: no notebook is lost, no environment is half-made."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook, Shell

MOMENTS = 14


@pytest.mark.slow
def test_a_killed_run_in_place_loses_nothing(shell: Shell, notebook: MakeNotebook) -> None:
    cells = [f"print('cell {n}')\nimport time; time.sleep(0.1)" for n in range(4)]
    path = notebook(*cells)
    assert shell.run("run", path, "-o", "warm.ipynb").code == 0
    began = time.monotonic()
    assert shell.run("run", path, "-o", "warm.ipynb").code == 0
    whole_s = time.monotonic() - began
    for moment in range(MOMENTS):
        process = shell.start("run", "--in-place", path)
        time.sleep(whole_s * (moment + 0.5) / MOMENTS)
        process.kill()
        process.communicate()
        found = json.loads(path.read_bytes())
        assert ["".join(cell["source"]) for cell in found["cells"]] == cells
        assert found["metadata"]["binder"]["version"] == 1
    assert shell.eventually(lambda: not shell.workers()), "a kernel outlives its killed parent"
    done = shell.run("run", "--in-place", path)
    assert done.code == 0, done.err
    assert shell.printed(path).split() == [w for n in range(4) for w in ("cell", str(n))]


@pytest.mark.slow
def test_a_killed_first_run_leaves_no_half_made_environment(
    shell: Shell, notebook: MakeNotebook
) -> None:
    shell.environ["BINDERCLIP_CACHE"] = str(shell.folder / "own-cache")
    script = "#!/bin/sh\npython -c 'import time; time.sleep(1)'\ntouch ready\n"
    files = {"requirements.txt": ["cowsay==6.1\n"], "postBuild": script}
    path = notebook("import cowsay; print('done')", binder={"version": 1, "files": files})
    before = path.read_bytes()
    for moment in range(MOMENTS // 2):
        process = shell.start("run", path)
        time.sleep(0.1 + moment * 0.9)
        process.kill()
        process.communicate()
        assert path.read_bytes() == before
        listed = json.loads(shell.run("cache", "ls", "--json").out)
        for entry in listed["environments"]:
            assert (shell.folder / "own-cache" / "envs" / entry["key"]).is_dir()
            used = shell.run("run", path, "--offline", "-o", "whole.ipynb")
            assert used.code == 0, f"a listed environment is whole: {used.err}"
    done = shell.run("run", path)
    assert done.code == 0, done.err
    assert shell.printed(path.with_name("a.run.ipynb")) == "done\n"
    tokens = [p for p in (shell.folder / "own-cache" / "envs").glob("*/*") if p.is_dir()]
    assert len(tokens) == 1, "what the killed builds left is swept"
