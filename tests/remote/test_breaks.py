"""Connections that are cut and frozen in the middle of a run."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.execute.conftest import notebook
from tests.remote.conftest import QUICK, RunThere
from tests.remote.cutting import Cutter

from binderclip import execute
from binderclip.errors import SessionError

LINES = 120
COUNT = f"import time\nfor n in range({LINES}): print(n, flush=True); time.sleep(0.01)"
COUNTED = "".join(f"{n}\n" for n in range(LINES))
# What a frozen connection costs: silence, and a moment to be back.
FROZEN_S = QUICK.dead_s + 0.7


def once_in(cell: int, work: Callable[[], None], after_s: float = 0.0) -> Callable[..., None]:
    """An observer that does ``work`` when ``cell`` (from 1 on) has begun."""

    def observe(event: execute.RunEvent) -> None:
        if isinstance(event, execute.CellStarted) and event.cell == cell:
            threading.Timer(after_s, work).start()

    return observe


def harmed(run: RunThere, cutter: Cutter, seed: int) -> None:
    """Three cells count; meanwhile the websocket is cut three times and frozen once."""
    chance = random.Random(seed)
    harms = [cutter.cut, cutter.cut, cutter.cut, cutter.freeze]
    chance.shuffle(harms)
    over = threading.Event()

    def harm() -> None:
        for work in harms:
            if over.wait(chance.uniform(0.05, 0.5)):
                return
            work()
            if work == cutter.freeze and over.wait(FROZEN_S):
                return

    worker = threading.Thread(target=harm)
    cells = [COUNT] * (3 if seed % 2 else 4)
    ran = run(notebook(*cells), through=cutter, observe=once_in(1, worker.start))
    over.set()
    worker.join()
    assert (ran.error, ran.notices()) == (None, [])
    assert [ran.said(n) for n in range(len(cells))] == [COUNTED] * len(cells)
    assert [cell["execution_count"] for cell in ran.cells] == list(range(1, len(cells) + 1))


def test_no_line_is_lost(run: RunThere, cutter: Cutter) -> None:
    harmed(run, cutter, 1)
    assert cutter.websockets >= 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_no_line_is_lost_in_many_runs(run: RunThere, cutter: Cutter, seed: int) -> None:
    harmed(run, cutter, seed)


@pytest.mark.parametrize(("harm", "after_s"), [("cut", 0.0), ("cut", 0.02), ("freeze", 0.02)])
@pytest.mark.slow
def test_a_break_while_the_kernel_boots_is_none(
    run: RunThere, cutter: Cutter, harm: str, after_s: float
) -> None:
    def work() -> None:
        while not cutter.websockets:
            time.sleep(0.001)
        time.sleep(after_s)
        getattr(cutter, harm)()

    worker = threading.Thread(target=work)
    worker.start()
    # A fifth of the time is for each attempt: the server answers once the kernel does.
    ran = run(notebook("print('a')"), through=cutter, timing=replace(QUICK, boot_s=20.0))
    worker.join()
    assert (ran.error, ran.notices()) == (None, [])
    assert ran.said(0) == "a\n"
    assert cutter.websockets >= 2


@pytest.mark.parametrize("harm", ["cut", "freeze"])
@pytest.mark.parametrize("after_s", [0.0, 0.02])
@pytest.mark.slow
def test_a_cell_whose_request_or_end_is_lost_ends(
    run: RunThere, cutter: Cutter, harm: str, after_s: float
) -> None:
    work = getattr(cutter, harm)
    ran = run(
        notebook("seen = 0", "seen += 1; print('a')", "print(seen)"),
        through=cutter,
        observe=once_in(2, work, after_s),
    )
    assert (ran.error, ran.notices()) == (None, [])
    assert [ran.said(1), ran.said(2)] == ["a\n", "1\n"]


@pytest.mark.slow
def test_a_request_that_arrives_late_is_not_executed_twice(run: RunThere, cutter: Cutter) -> None:
    """The connection freezes as the request is on its way, and thaws once it was sent anew."""

    def freeze() -> None:
        cutter.freeze()
        threading.Timer(FROZEN_S + 0.2, cutter.thaw).start()

    ran = run(
        notebook("seen = 0", "seen += 1; print('a')", "import time; time.sleep(1)", "print(seen)"),
        through=cutter,
        observe=lambda event: (
            freeze() if isinstance(event, execute.CellStarted) and event.cell == 2 else None
        ),
    )
    assert (ran.error, ran.notices()) == (None, [])
    assert [ran.said(1), ran.said(3)] == ["a\n", "1\n"]


@pytest.mark.slow
def test_many_outputs_at_once_survive_a_cut(run: RunThere, cutter: Cutter) -> None:
    ran = run(
        notebook("for n in range(6000): print(n, flush=True)", "print('on')"),
        through=cutter,
        observe=once_in(1, cutter.cut, 0.2),
    )
    assert (ran.error, ran.notices()) == (None, [])
    assert ran.said(0) == "".join(f"{n}\n" for n in range(6000))
    assert ran.said(1) == "on\n"


@pytest.mark.slow
def test_a_large_output_on_a_slow_line_survives_a_cut(run: RunThere, cutter: Cutter) -> None:
    """It takes longer than a silent connection would be given."""
    cutter.throttle(1_500_000)
    ran = run(
        notebook("from IPython.display import HTML, display\ndisplay(HTML('x' * 3_000_000))", "1"),
        through=cutter,
        observe=once_in(1, cutter.cut, 0.5),
    )
    assert (ran.error, ran.notices()) == (None, [])
    assert len("".join(ran.cells[0]["outputs"][0]["data"]["text/html"])) == 3_000_000


@pytest.mark.slow
def test_displays_errors_and_children_survive_a_cut(run: RunThere, cutter: Cutter) -> None:
    ran = run(
        notebook(
            "from IPython.display import display, clear_output\nimport os, time\n"
            "h = display('old', display_id=True)",
            "if os.fork() == 0:\n"
            "    for n in range(40): print(n, flush=True); time.sleep(0.01)\n"
            "    os._exit(0)\n"
            "_ = os.wait()",
            "print('gone'); time.sleep(0.3); clear_output(); print('stays')\n"
            "h.update('new'); display(2); 1/0",
        ),
        through=cutter,
        allow_errors=True,
        observe=lambda event: [
            once_in(2, cutter.cut, 0.2)(event),
            once_in(3, cutter.cut, 0.1)(event),
        ],
    )
    assert (ran.error, ran.notices()) == (None, [])
    assert ran.said(0) == "'new'"
    assert ran.said(1) == "".join(f"{n}\n" for n in range(40))
    kinds = [output["output_type"] for output in ran.cells[2]["outputs"]]
    assert kinds == ["stream", "display_data", "error"]
    assert ran.said(2).startswith("stays\n2")


@pytest.mark.slow
def test_what_came_before_the_break_is_saved_during_the_cell(
    run: RunThere, cutter: Cutter, tmp_path: Path
) -> None:
    """An ipykernel answers while the cell is at work: what was lost is fetched at once."""
    saved: list[bytes] = []

    def observe(event: execute.RunEvent) -> None:
        once_in(1, cutter.freeze, 0.2)(event)
        if isinstance(event, execute.CellFinished):
            saved.append((tmp_path / "out.ipynb").read_bytes())

    source = f"{COUNT}\nprint('all', flush=True); time.sleep(2)"
    ran = run(notebook(source), through=cutter, observe=observe)
    assert ran.error is None
    assert b'"all\\n"' in saved[0]


@pytest.mark.slow
def test_another_kernel_that_is_cut_loses_nothing_that_the_server_kept(
    run: RunThere, cutter: Cutter
) -> None:
    ran = run(
        notebook("a 0.5 b", "c"),
        through=cutter,
        kernel="plain",
        observe=once_in(1, cutter.cut, 0.2),
    )
    assert ran.error is None
    assert [ran.said(0), ran.said(1)] == ["a\nb\n", "c\n"]


@pytest.mark.slow
def test_another_kernel_that_is_frozen_ends_and_that_is_said(run: RunThere, cutter: Cutter) -> None:
    ran = run(
        notebook("a 0.5 b", "c"),
        through=cutter,
        kernel="plain",
        observe=once_in(1, cutter.freeze, 0.2),
    )
    assert ran.error is None
    assert ran.said(0) == "a\n"
    assert ran.said(1) == "c\n"
    assert "cell 1: " in ran.notices()[0]
    assert "outputs may be missing" in ran.notices()[0]
    assert "it is taken as finished" in ran.notices()[1]


@pytest.mark.slow
def test_an_outage_that_ends_in_time_is_none(run: RunThere, cutter: Cutter) -> None:
    def outage() -> None:
        cutter.refuse()
        cutter.cut(everything=True)
        threading.Timer(1.0, lambda: cutter.refuse(refuse=False)).start()

    ran = run(notebook(COUNT, COUNT), through=cutter, observe=once_in(1, outage, 0.3))
    assert (ran.error, ran.notices()) == (None, [])
    assert [ran.said(0), ran.said(1)] == [COUNTED, COUNTED]


@pytest.mark.slow
def test_a_server_that_is_out_of_reach_for_good_is_an_error(run: RunThere, cutter: Cutter) -> None:
    def outage() -> None:
        cutter.refuse()
        cutter.cut(everything=True)

    ran = run(
        notebook("print('kept')", COUNT),
        through=cutter,
        observe=once_in(2, outage, 0.4),
        timing=replace(QUICK, patience_s=1.0),
    )
    assert isinstance(ran.error, SessionError)
    assert "was lost: for" in str(ran.error)
    assert ", in cell 2 (code cell 2" in str(ran.error)
    assert str(ran.output) in (ran.error.hint or "")
    assert ran.said(0) == "kept\n"
    assert COUNTED.startswith(ran.said(1))
    assert len(ran.said(1)) > 10
