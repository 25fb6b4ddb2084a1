"""Notebooks run with real kernels."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tests.execute.conftest import Run, code, make_runtime, notebook, text

from binderclip import execute, processes
from binderclip.errors import (
    BadParameter,
    CellFailed,
    CellTimedOut,
    ExecutionError,
    KernelDied,
    NotebookError,
    Refused,
    SessionError,
)
from binderclip.notebook import parse
from binderclip.session import Runtime, Session


def test_outputs_and_counts_are_saved(run: Run) -> None:
    binder = {"version": 1, "files": {"requirements.txt": "x\n"}, "x-own": {"ö": [1.5, None]}}
    ran = run(notebook(text("# Hi"), "print('Grüße')", "6 * 7", binder=binder, other=[1]))
    assert ran.error is None
    assert [ran.said(1), ran.said(2)] == ["Grüße\n", "42"]
    assert [cell.get("execution_count") for cell in ran.cells] == [None, 1, 2]
    assert ran.content["metadata"]["binder"] == binder
    assert ran.content["metadata"]["other"] == [1]
    assert ran.content["metadata"]["language_info"]["name"] == "python"
    nbformat.validate(nbformat.from_dict(ran.content))
    result = ran.result
    assert result is not None
    assert (result.cells_run, result.output, result.errors) == (2, ran.output, ())
    assert result.notebook == ran.output.read_bytes()


def test_the_file_is_what_jupyter_would_write(run: Run) -> None:
    ran = run(
        notebook(text("a\nb"), "print('ö\\n\\x07')", "from IPython.display import *\nHTML('<b>')")
    )
    data = ran.output.read_text("utf-8")
    assert data == nbformat.writes(nbformat.reads(data, as_version=4)) + "\n"


def test_events_tell_of_each_cell(run: Run) -> None:
    ran = run(notebook(text("t"), "# a comment\nx = 1", "", "x"))
    started = [e for e in ran.events if isinstance(e, execute.CellStarted)]
    finished = [e for e in ran.events if isinstance(e, execute.CellFinished)]
    assert [(e.cell, e.of, e.source_head) for e in started] == [(2, 4, "x = 1"), (4, 4, "x")]
    assert [(e.cell, e.failed) for e in finished] == [(2, False), (4, False)]
    assert isinstance(ran.events[0], execute.KernelReady)
    assert isinstance(ran.events[-1], execute.Saved)


def test_it_runs_where_it_is_told_to(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "neighbour.py").write_text("value = 5")
    ran = run(notebook("import os, neighbour\nprint(os.getcwd(), neighbour.value)"), cwd=folder)
    assert ran.said(0) == f"{folder} 5\n"


def test_nothing_of_the_run_is_left(run: Run, tmp_path: Path) -> None:
    run(notebook("1"))
    left = {path.name.partition("-")[0] for path in (tmp_path / "run").iterdir()}
    assert left <= {"process"}
    assert not processes._belonging(tmp_path / "run")


def test_code_that_runs_at_the_end_has_its_chance(run: Run, tmp_path: Path) -> None:
    ran = run(
        notebook(
            "import atexit, time\n"
            "unflushed = open('unflushed.txt', 'w')\n"
            "_ = unflushed.write('all of it')\n"
            "atexit.register(lambda: (time.sleep(0.3), open('end.txt', 'w').write('done')))"
        )
    )
    assert ran.error is None
    assert (tmp_path / "end.txt").read_text() == "done"
    assert (tmp_path / "unflushed.txt").read_text() == "all of it"


def test_children_of_cells_are_gone_afterwards(run: Run, tmp_path: Path) -> None:
    ran = run(
        notebook(
            "import subprocess\n"
            "p = subprocess.Popen(['sh', '-c', 'trap \"\" TERM INT; sleep 300 & sleep 300'])\n"
            "print(p.pid)"
        )
    )
    assert ran.error is None
    assert not processes._belonging(tmp_path / "run")


def test_a_failing_cell_is_named_and_what_was_done_is_kept(run: Run) -> None:
    old = [{"output_type": "stream", "name": "stdout", "text": "of an earlier run"}]
    ran = run(
        notebook(
            text("t"),
            "print('before')",
            "def f():\n    1/0\nprint('in it')\nf()",
            code("print('after')", outputs=old, execution_count=9),
        )
    )
    error = ran.error
    assert isinstance(error, CellFailed)
    assert str(error) == ("cell 3 (code cell 2, [2]) failed: ZeroDivisionError: division by zero")
    assert error.cell == 3
    assert "----> 1\x1b" not in error.traceback
    assert "\x1b" not in error.traceback
    assert "ZeroDivisionError: division by zero" in error.traceback
    assert "\x1b[" in error.coloured
    assert str(ran.output) in (error.hint or "")
    assert ran.said(1) == "before\n"
    assert ran.said(2) == "in it\n"
    assert ran.cells[2]["outputs"][-1]["ename"] == "ZeroDivisionError"
    assert (ran.cells[3]["outputs"], ran.cells[3]["execution_count"]) == ([], None)
    nbformat.validate(nbformat.from_dict(ran.content))


def test_a_hostile_traceback_cannot_drive_the_terminal(run: Run) -> None:
    ran = run(notebook("raise ValueError('\\x1b]0;title\\x07\\x1b[2J\\x9b31m\\rgone')"))
    assert isinstance(ran.error, CellFailed)
    for shown in (str(ran.error), ran.error.traceback, ran.error.coloured):
        for bad in ("\x1b]", "\x07", "\x1b[2J", "\x9b", "\r"):
            assert bad not in shown


def test_allowed_errors_go_on(run: Run) -> None:
    ran = run(notebook("1/0", "print('on')"), allow_errors=True)
    assert ran.result is not None
    assert [(e.cell, e.name, e.value) for e in ran.result.errors] == [
        (1, "ZeroDivisionError", "division by zero")
    ]
    assert ran.said(1) == "on\n"
    finished = [e.failed for e in ran.events if isinstance(e, execute.CellFinished)]
    assert finished == [True, False]


def test_tags_are_honoured(run: Run) -> None:
    old = [{"output_type": "stream", "name": "stdout", "text": ["kept\n"]}]
    ran = run(
        notebook(
            code("1/0", "raises-exception"),
            code("print('skipped')", "skip-execution", outputs=old),
            "print('on')",
        )
    )
    assert ran.error is None
    assert ran.said(1) == "kept\n"
    assert ran.said(2) == "on\n"


def test_a_slow_cell_is_interrupted(run: Run) -> None:
    ran = run(notebook("print('began', flush=True)\nimport time; time.sleep(60)", "1"), timeout_s=1)
    assert isinstance(ran.error, CellTimedOut)
    assert str(ran.error).startswith("cell 1 (code cell 1, [1]) took longer than 1 s")
    assert ran.said(0) == "began\n"
    assert ran.cells[0]["outputs"][-1]["ename"] == "KeyboardInterrupt"


def test_a_cell_that_ends_in_time_is_not(run: Run) -> None:
    assert run(notebook("1", "import time; time.sleep(0.4)"), timeout_s=30).error is None


def test_a_kernel_that_is_killed_says_by_what(run: Run, tmp_path: Path) -> None:
    ran = run(
        notebook(
            "held = bytearray(200_000_000)",
            "print('last words', flush=True)\nimport os, signal, time\n"
            "time.sleep(0.5)\nos.kill(os.getpid(), signal.SIGKILL)",
        )
    )
    assert isinstance(ran.error, KernelDied)
    message = str(ran.error)
    assert "the kernel died in cell 2 (code cell 2" in message
    assert "killed by signal 9 (SIGKILL), probably because memory ran out" in message
    assert int(message.rpartition("up to ")[2].partition(" MiB")[0]) > 200
    assert ran.cells[0]["execution_count"] == 1
    assert ran.said(1) == "last words\n"
    assert not processes._belonging(tmp_path / "run")


def test_a_kernel_that_exits_says_so(run: Run) -> None:
    ran = run(notebook("import os; os._exit(3)"))
    assert isinstance(ran.error, KernelDied)
    assert "it ended with exit status 3" in str(ran.error)


def test_a_kernel_that_cannot_start_shows_its_last_lines(
    run: Run, prefix: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    runtime = make_runtime(empty, tmp_path)
    kernel = empty / "share" / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [os.fspath(prefix / "bin" / "python"), "-S", "-m", "ipykernel_launcher", "-f", "x"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "language": "python"}))
    ran = run(notebook("1"), runtime=runtime)
    assert isinstance(ran.error, KernelDied)
    assert "ended before it answered" in str(ran.error)
    assert "No module named" in str(ran.error)
    assert "ipykernel" in (ran.error.hint or "")
    assert not ran.output.exists()


def test_input_is_a_clean_error(run: Run) -> None:
    ran = run(notebook("input('name? ')"))
    assert isinstance(ran.error, CellFailed)
    assert "StdinNotImplementedError" in str(ran.error)


def test_standard_input_is_empty(run: Run) -> None:
    ran = run(notebook("import subprocess\nprint(subprocess.run(['cat'], capture_output=True))"))
    assert "stdout=b''" in ran.said(0)


def test_history_is_kept_in_memory(run: Run, tmp_path: Path) -> None:
    ran = run(notebook("get_ipython().history_manager.hist_file"))
    assert ran.said(0) == "':memory:'"
    assert not list((tmp_path / "home").rglob("history.sqlite"))


def test_a_debugger_can_still_be_imported(run: Run) -> None:
    assert (
        run(notebook("import debugpy, sys; print(sys.modules['debugpy'] is debugpy)")).said(0)
        == "True\n"
    )


def test_many_outputs_arrive_whole(run: Run) -> None:
    ran = run(notebook("for n in range(6_000): print(n, flush=True)"))
    assert ran.said(0) == "".join(f"{n}\n" for n in range(6_000))
    assert len(ran.cells[0]["outputs"]) == 1


def test_streams_around_a_display_are_joined_as_nbclient_joins(run: Run) -> None:
    ran = run(
        notebook(
            "import sys\nfrom IPython.display import display, clear_output\n"
            "print('gone'); clear_output()\nprint('a'); print('e', file=sys.stderr)\n"
            "display(1); print('b\\rc')"
        )
    )
    kinds = [(o["output_type"], o.get("name")) for o in ran.cells[0]["outputs"]]
    assert kinds == [("stream", "stdout"), ("stream", "stderr"), ("display_data", None)]
    assert "".join(ran.cells[0]["outputs"][0]["text"]) == "a\nc\n"


def test_a_display_in_an_earlier_cell_is_updated(run: Run) -> None:
    ran = run(notebook("h = display('old', display_id=True)", "h.update('new')"))
    assert ran.said(0) == "'new'"


def test_parameters_are_injected(run: Run) -> None:
    ran = run(
        notebook(code("year = 2025", "parameters"), "print(year, other)"),
        parameters={"year": 2026, "other": ["ö", {"a": None}]},
    )
    assert ran.said(2) == "2026 ['ö', {'a': None}]\n"
    assert "the parameter 'other' is not one of the notebook's own (year)" in ran.notices()
    assert ran.content["metadata"]["papermill"]["parameters"]["year"] == 2026
    again = run(ran.output.read_bytes(), parameters={"year": 1, "other": 2})
    assert again.said(2) == "1 2\n"
    assert len(again.cells) == 3


def test_parameters_are_for_python(run: Run, tmp_path: Path) -> None:
    runtime = make_runtime(tmp_path / "other", tmp_path)
    kernel = runtime.prefix / "share" / "jupyter" / "kernels" / "ir"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["R"], "language": "R"}')
    ran = run(notebook("1"), runtime=runtime, kernel="ir", parameters={"a": 1})
    assert isinstance(ran.error, BadParameter)
    assert "'r'" in str(ran.error)


def test_an_unknown_kernel_is_refused_before_anything_runs(run: Run) -> None:
    ran = run(notebook("1"), kernel="pyhton3")
    assert isinstance(ran.error, Refused)
    assert ran.events == []


def test_old_formats_are_converted_and_that_is_said(run: Run) -> None:
    cells = [{"cell_type": "code", "language": "python", "input": "print 1", "outputs": []}]
    old = {
        "metadata": {"name": "x", "binder": "kept"},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": [{**cells[0], "input": "print(1)", "collapsed": False}]}],
    }
    ran = run(json.dumps(old).encode())
    assert ran.error is None
    assert "the notebook was in nbformat 3; the result is in nbformat 4" in ran.notices()
    assert ran.content["nbformat"] == 4
    assert ran.content["metadata"]["binder"] == "kept"
    assert ran.said(0) == "1\n"


def test_cells_without_ids_get_some(run: Run) -> None:
    content = json.loads(notebook("1", "2"))
    del content["cells"][0]["id"]
    ran = run(json.dumps(content).encode())
    assert ran.error is None
    assert ran.cells[0]["id"]
    assert ran.notices() == ["1 cell had no id of its own and was given one, as Jupyter does"]


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "code", "metadata": {}, "source": "1"},
        {"cell_type": "nonsense", "metadata": {}, "source": "1"},
        {**code("1"), "outputs": [{"output_type": "stream"}]},
    ],
)
def test_an_invalid_notebook_is_refused(run: Run, cell: Any, tmp_path: Path) -> None:
    ran = run(notebook(cell), "broken.ipynb")
    assert isinstance(ran.error, NotebookError)
    assert str(ran.error).startswith("broken.ipynb: no valid notebook: cells[0]")
    assert not ran.output.exists()
    assert not processes._belonging(tmp_path / "run")


def test_a_run_without_output_gives_the_notebook_alone(run: Run) -> None:
    ran = run(notebook("print(3)"), output=None)
    assert ran.result is not None
    assert ran.result.output is None
    assert json.loads(ran.result.notebook)["cells"][0]["outputs"][0]["text"] == ["3\n"]


def test_mode_and_links_of_the_output_stay(run: Run, tmp_path: Path) -> None:
    real = tmp_path / "real.ipynb"
    data = notebook("print(1)")
    real.write_bytes(data)
    real.chmod(0o640)
    link = tmp_path / "link.ipynb"
    link.symlink_to(real)
    ran = run(data, "link.ipynb", output=link)
    assert ran.error is None
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert json.loads(real.read_bytes())["cells"][0]["execution_count"] == 1


def test_a_folder_that_is_not_there_is_said_before_anything_runs(run: Run, tmp_path: Path) -> None:
    ran = run(notebook("1"), output=tmp_path / "none" / "out.ipynb")
    assert isinstance(ran.error, NotebookError)
    assert ran.events == []


def test_what_others_write_meanwhile_is_left_to_them(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.ipynb"
    ran = run(notebook("open('out.ipynb', 'w').write('mine')"), output=output)
    assert ran.error is None
    assert ran.result is not None
    assert ran.result.output == tmp_path / "out.run.ipynb"
    assert output.read_text() == "mine"
    assert any("the results go to" in notice for notice in ran.notices())


def test_an_edit_since_the_notebook_was_read_is_left_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(notebook("edited = 1"))
    ran = run(notebook("1"), "nb.ipynb", output=path, replaces=notebook("1"))
    assert ran.result is not None
    assert ran.result.output == tmp_path / "nb.run.ipynb"
    assert path.read_bytes() == notebook("edited = 1")


def test_a_path_too_long_for_sockets_does_no_harm(run: Run, prefix: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    ran = run(notebook("print(1)"), runtime=make_runtime(prefix, folder))
    assert ran.error is None
    assert ran.said(0) == "1\n"


@pytest.fixture
def foreign(prefix: Path, tmp_path: Path) -> Runtime:
    """A runtime whose kernel is not known to be ipykernel: ports, and messages to interrupt it."""
    runtime = make_runtime(tmp_path / "foreign", tmp_path)
    kernel = runtime.prefix / "share" / "jupyter" / "kernels" / "other"
    kernel.mkdir(parents=True)
    start = "from ipykernel import kernelapp; kernelapp.launch_new_instance()"
    spec = {
        "argv": [str(prefix / "bin" / "python"), "-c", start, "-f", "{connection_file}"],
        "language": "python",
        "interrupt_mode": "message",
        "env": {"GIVEN": "by ${HOME}"},
    }
    (kernel / "kernel.json").write_text(json.dumps(spec))
    return runtime


def test_another_kernel_runs_over_loopback(run: Run, foreign: Runtime) -> None:
    ran = run(notebook("import os; print(os.environ['GIVEN'])"), runtime=foreign)
    assert ran.error is None
    assert ran.said(0) == f"by {foreign.home}\n"


def test_another_kernel_is_interrupted_by_message(run: Run, foreign: Runtime) -> None:
    ran = run(notebook("import time; time.sleep(60)"), runtime=foreign, timeout_s=0.5)
    assert isinstance(ran.error, CellTimedOut)
    assert ran.cells[0]["outputs"][-1]["ename"] == "KeyboardInterrupt"


@pytest.mark.parametrize("name", ["test.md", "test.py"])
def test_text_notebooks_run_too(run: Run, name: str) -> None:
    sources = {"test.md": b"Hi\n\n```python\nprint(1)\n```\n", "test.py": b"# # Hi\n\nprint(1)\n"}
    ran = run(sources[name], name)
    assert ran.error is None
    assert ran.said(1) == "1\n"


def test_two_runs_at_once_do_not_meet(prefix: Path, tmp_path: Path) -> None:
    async def one(name: str) -> execute.RunResult:
        folder = tmp_path / name
        folder.mkdir()
        return await execute.run(
            parse(notebook("import time; time.sleep(0.2)", f"print({name!r})"), "test.ipynb"),
            Session("local", name, runtime=make_runtime(prefix, folder)),
            cwd=folder,
            output=None,
            options=execute.RunOptions(),
            observe=lambda _: None,
        )

    async def both() -> tuple[execute.RunResult, execute.RunResult]:
        return await asyncio.gather(one("a"), one("b"))

    for name, result in zip("ab", asyncio.run(both()), strict=True):
        cell = json.loads(result.notebook)["cells"][1]
        assert cell["outputs"][0]["text"] == [f"{name}\n"]


def test_a_run_without_a_runtime_is_refused(run: Run) -> None:
    assert isinstance(run(notebook("1"), runtime=None).error, SessionError)


def test_importing_the_module_brings_in_nothing_slow() -> None:
    script = (
        "import sys, binderclip.execute, binderclip.kernels, binderclip.lab\n"
        "print(*{'zmq', 'jupyter_client', 'nbclient', 'httpx', 'rich'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b""


@pytest.mark.slow
def test_outputs_without_end_are_broken_off(run: Run) -> None:
    """What is replaced does not count."""
    ran = run(
        notebook(
            "from IPython.display import HTML, clear_output, display\nprint('kept')\n"
            "h = display(HTML('a'), display_id=True)\nbig = HTML('x' * 60_000)",
            "for n in range(12): h.update(big)\nh.update(HTML('b'))",
            "for n in range(12): clear_output(); display(big)\nclear_output()",
            "import time\nwhile True: display(big); time.sleep(0.01)",
        ),
        max_output=500_000,
    )
    assert isinstance(ran.error, ExecutionError)
    assert "shows more than is kept" in ran.error.message
    assert ran.cells[0]["outputs"][0]["text"] == ["kept\n"]
