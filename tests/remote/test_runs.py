"""Notebooks run with kernels of a real Jupyter Server, over a connection that holds."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tests.execute.conftest import code, notebook, text
from tests.remote.conftest import Running, RunThere, run_there, serving

from binderclip import execute
from binderclip.errors import (
    AddressForbidden,
    BadParameter,
    CellFailed,
    CellTimedOut,
    Refused,
    SessionError,
)
from binderclip.guard import PublicGuard


def kernels(jupyter: Running) -> list[Any]:
    found: list[Any] = jupyter.get("api/kernels")
    return found


def test_outputs_counts_and_language_are_saved(run: RunThere, jupyter: Running) -> None:
    before = kernels(jupyter)
    ran = run(notebook(text("# Hi"), "print('Grüße')", "6 * 7", binder={"version": 1}))
    assert ran.error is None
    assert [ran.said(1), ran.said(2)] == ["Grüße\n", "42"]
    assert [cell.get("execution_count") for cell in ran.cells] == [None, 1, 2]
    assert ran.content["metadata"]["binder"] == {"version": 1}
    assert ran.content["metadata"]["language_info"]["name"] == "python"
    nbformat.validate(nbformat.from_dict(ran.content))
    assert ran.result is not None
    assert (ran.result.cells_run, ran.result.output) == (2, ran.output)
    assert kernels(jupyter) == before
    assert isinstance(ran.events[0], execute.KernelReady)
    assert ran.notices() == []


def test_it_runs_beside_the_notebook(run: RunThere, jupyter: Running) -> None:
    folder = jupyter.folder / "a folder"
    folder.mkdir(exist_ok=True)
    (folder / "neighbour.py").write_text("value = 5")
    ran = run(
        notebook("import os, neighbour\nprint(os.getcwd(), neighbour.value)"),
        path="a folder/nb.ipynb",
    )
    assert ran.said(0) == f"{folder} 5\n"


def test_what_keeps_the_messages_does_not_show(run: RunThere) -> None:
    names = "sorted(n for n in dir() if not n.startswith('_'))"
    ran = run(
        notebook(
            f"print({names})",
            "print(len(In), len(list(get_ipython().history_manager.get_range())))",
            "import threading\nprint(threading.active_count() < 20)",
        )
    )
    assert ran.said(0) == "['In', 'Out', 'exit', 'get_ipython', 'open', 'quit']\n"
    assert ran.said(1) == "3 2\n"
    assert ran.said(2) == "True\n"


def test_threads_children_and_other_streams_are_heard(run: RunThere) -> None:
    ran = run(
        notebook(
            "import threading\n"
            "t = threading.Thread(target=lambda: print('thread', flush=True))\n"
            "t.start(); t.join()",
            "import os, sys, time\nif os.fork() == 0:\n"
            "    print('child', flush=True); time.sleep(.3); os._exit(0)\n_ = os.wait()",
            "import io\nold, sys.stdout = sys.stdout, io.StringIO()\nprint('unheard')",
            "sys.stdout = old",
            "print('heard')",
            "os.system('echo from outside') and None",
        )
    )
    assert ran.error is None
    said = [ran.said(n) for n in range(5)]
    assert said == ["thread\n", "child\n", "", "", "heard\n"]
    assert "from outside\n" in ran.said(5)


@pytest.mark.slow
def test_displays_are_updated_and_cleared(run: RunThere) -> None:
    ran = run(
        notebook(
            "from IPython.display import display, clear_output",
            "h = display('old', display_id=True)",
            "h.update('new')\nprint('gone'); clear_output(); print('stays')",
        )
    )
    assert [ran.said(1), ran.said(2)] == ["'new'", "stays\n"]


@pytest.mark.slow
def test_widget_state_and_buffers_are_kept(run: RunThere) -> None:
    ran = run(
        notebook(
            "from comm import create_comm\n"
            "state = {'_model_name': 'M', '_model_module': 'm', 'value': 1}\n"
            "c = create_comm(target_name='jupyter.widget', data={'state': state,\n"
            "    'buffer_paths': [['b']]}, buffers=[b'\\x00\\xff'], comm_id='one')",
            "c.send({'method': 'update', 'state': {'value': 2}, 'buffer_paths': []})",
        )
    )
    widgets = ran.content["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    assert widgets["state"]["one"]["state"]["value"] == 2
    assert widgets["state"]["one"]["buffers"][0]["data"] == "AP8="


@pytest.mark.slow
def test_a_failing_cell_is_named_and_what_was_done_is_kept(run: RunThere) -> None:
    ran = run(notebook("print('before')", "print('in it')\n1/0", "print('after')"))
    assert isinstance(ran.error, CellFailed)
    assert str(ran.error) == "cell 2 (code cell 2, [2]) failed: ZeroDivisionError: division by zero"
    assert str(ran.output) in (ran.error.hint or "")
    assert [ran.said(0), ran.said(2)] == ["before\n", ""]
    assert ran.cells[1]["outputs"][-1]["ename"] == "ZeroDivisionError"


@pytest.mark.slow
def test_allowed_errors_go_on(run: RunThere) -> None:
    ran = run(notebook("1/0", code("2/0", "raises-exception"), "print('on')"), allow_errors=True)
    assert ran.result is not None
    assert [error.name for error in ran.result.errors] == ["ZeroDivisionError"] * 2
    assert ran.said(2) == "on\n"


@pytest.mark.slow
def test_a_slow_cell_is_interrupted(run: RunThere) -> None:
    ran = run(notebook("print('began', flush=True)\nimport time; time.sleep(60)", "1"), timeout_s=1)
    assert isinstance(ran.error, CellTimedOut)
    assert ran.said(0) == "began\n"
    assert ran.cells[0]["outputs"][-1]["ename"] == "KeyboardInterrupt"


@pytest.mark.slow
def test_input_is_a_clean_error(run: RunThere) -> None:
    ran = run(notebook("input('name? ')"))
    assert isinstance(ran.error, CellFailed)
    assert "StdinNotImplementedError" in str(ran.error)


@pytest.mark.slow
def test_a_kernel_that_asks_all_the_same_is_refused(run: RunThere) -> None:
    ran = run(notebook("ask"), kernel="plain")
    assert isinstance(ran.error, CellFailed)
    assert "a run has no input to give" in str(ran.error)
    assert "cell 1: the code asked for input" in ran.notices()[0]


@pytest.mark.slow
def test_parameters_are_injected(run: RunThere) -> None:
    ran = run(notebook(code("year = 2025", "parameters"), "print(year)"), parameters={"year": 2026})
    assert ran.said(2) == "2026\n"


@pytest.mark.slow
def test_parameters_are_for_python(run: RunThere, jupyter: Running) -> None:
    before = kernels(jupyter)
    ran = run(notebook("1"), kernel="plain", parameters={"a": 1})
    assert isinstance(ran.error, BadParameter)
    assert kernels(jupyter) == before


@pytest.mark.slow
def test_old_names_of_python_kernels_mean_python3(run: RunThere) -> None:
    spec = {"name": "conda-env-x-py", "language": "python", "display_name": "x"}
    ran = run(notebook("print(1)", kernelspec=spec))
    assert ran.said(0) == "1\n"


@pytest.mark.slow
def test_an_unknown_kernel_is_refused_before_anything_runs(run: RunThere) -> None:
    ran = run(notebook("1"), kernel="pyhton3")
    assert isinstance(ran.error, Refused)
    assert "has no kernel 'pyhton3'; it has: " in str(ran.error)
    assert ran.error.hint == "Did you mean 'python3'?"
    assert ran.events == []


@pytest.mark.slow
def test_a_bad_token_is_said(run: RunThere) -> None:
    ran = run(notebook("1"), token="s3cret")
    assert isinstance(ran.error, SessionError)
    assert "answered 403" in str(ran.error)
    assert "token" in (ran.error.hint or "")
    assert "s3cret" not in f"{ran.error!r}{ran.error.hint}"


@pytest.mark.slow
def test_another_kernel_runs_too(run: RunThere) -> None:
    ran = run(notebook("a b", "c"), kernel="plain")
    assert (ran.error, ran.notices()) == (None, [])
    assert [ran.said(0), ran.said(1)] == ["a\nb\n", "c\n"]


@pytest.mark.slow
def test_a_path_with_a_session_of_somebody_else_is_left_to_them(
    run: RunThere, jupyter: Running
) -> None:
    path = f"shared-{secrets.token_hex(4)}.ipynb"
    body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    # What other tests broke off may still be ending there.
    before = {session["id"] for session in jupyter.get("api/sessions")}
    theirs = jupyter.ask("POST", "api/sessions", body)
    try:
        ran = run(notebook("print('x' in dir())", "x = 1"), path=path)
        assert ran.said(0) == "False\n"
        left = {session["id"] for session in jupyter.get("api/sessions")}
        assert left - before == {theirs["id"]}
    finally:
        jupyter.ask("DELETE", f"api/sessions/{theirs['id']}")


@pytest.mark.slow
def test_a_large_output_is_one_message(run: RunThere) -> None:
    ran = run(
        notebook("from IPython.display import HTML, display\ndisplay(HTML('x' * 10_000_000))")
    )
    assert len("".join(ran.cells[0]["outputs"][0]["data"]["text/html"])) == 10_000_000


@pytest.mark.slow
def test_what_the_server_thinks_too_much_arrives_all_the_same(run: RunThere) -> None:
    ran = run(notebook("print('x' * 20_000_000)", "for n in range(4000): print(n, flush=True)"))
    assert (ran.error, ran.notices()) == (None, [])
    assert len(ran.said(0)) == 20_000_001
    assert ran.said(1) == "".join(f"{n}\n" for n in range(4000))
    assert "rate exceeded" not in json.dumps(ran.content)


@pytest.mark.slow
def test_what_is_more_than_is_kept_is_said_to_be_lost(run: RunThere) -> None:
    ran = run(notebook("print('x' * 70_000_000)", "print(1)"))
    assert ran.error is None
    assert ran.notices() == [
        "cell 1: a message of the kernel did not arrive and could not be had again"
    ]
    assert ran.said(1) == "1\n"


@pytest.mark.slow
def test_outputs_that_the_server_drops_are_told_of(run: RunThere) -> None:
    ran = run(notebook(" ".join(["x" * 2_000_000] * 3), "b"), kernel="plain")
    assert ran.error is None
    assert "cell 1: the server dropped outputs: IOPub data rate exceeded." in ran.notices()
    assert ran.said(1) == "b\n"


@pytest.mark.slow
def test_a_guard_stands_before_the_websocket_too(run: RunThere) -> None:
    assert isinstance(run(notebook("1"), guard=PublicGuard()).error, AddressForbidden)


@pytest.mark.slow
def test_two_servers_at_once_do_not_meet(tools: Path, tmp_path: Path, jupyter: Running) -> None:
    async def once(number: int, where: Running) -> str:
        # Kernels of two servers that start at one moment may be given the same ports (a race of
        # jupyter_client's, between processes). They run at once all the same.
        await asyncio.sleep(1.5 * number)
        cells = f"import os, time; time.sleep({6 - 1.5 * number})", "print(os.getcwd())"
        output = tmp_path / f"{number}.ipynb"
        ran = await run_there(where, output, notebook(*cells))
        ran.load()
        assert ran.error is None
        return ran.said(1)

    async def at_once(where: list[Running]) -> list[str]:
        return await asyncio.gather(*(once(n, one) for n, one in enumerate(where)))

    with serving(tools, tmp_path / "other") as other:
        where = [jupyter, other, jupyter, other]
        said = asyncio.run(at_once(where))
        assert len(set(said)) == 4
        for folder, one in zip(said, where, strict=True):
            assert folder.startswith(str(one.folder))
