"""Ten thousand open event streams on one process of the service, beside its peers.

    .venv/bin/python benchmarks/streams.py [--streams 10000] [--only ours]

Linux and loopback only. Ours is the whole service: 100 launches on a BinderHub that tells an event
each ten seconds, each followed by a hundredth of the streams with a token, through every layer of
the application. The peers send the same event and do nothing else. Memory and processor time are
the server process' own, as the system counts them (``/proc``); memory is what it grew by from
before the first stream. Then, for ours alone, one launch prints a loud log to readers of which some
are slow and some take nothing at all, and at last the service is told to end: half of the launches
come up meanwhile, half are cut off, and every stream should be told which, and be ended.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from streams_server import EVERY_S, LAUNCHES  # noqa: E402 - beside this file
from tests.binderhub.replay import ReplayHub, Step, event, replay_hub  # noqa: E402 - no package

LOUD = {"quick": 50, "slow": 100, "stuck": 100}
LOUD_LINES = 200
"""A second, about a hundred bytes each."""
LOUD_S = 60
READ = ("quick", "slow")
LAST_S = 45
"""What slow readers have in their own hands when the service has ended takes them so long."""
STALL_S = 30.0
PEERS = ("sse-starlette", "tornado")
PACKAGES = ["sse-starlette", "starlette>=1", "uvicorn", "httptools", "tornado"]
_TICKS = os.sysconf("SC_CLK_TCK")
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Held:
    """What ``streams`` open ones cost: kilobytes each, processor time as a part of one core."""

    name: str
    streams: int
    before_kb: int
    after_kb: int
    cpu: float
    dropped: int
    fewest: int

    @property
    def each_kb(self) -> float:
        return (self.after_kb - self.before_kb) / self.streams


@dataclass
class Process:
    """A server: its port, and what it uses."""

    work: subprocess.Popen[str]
    port: int

    @property
    def rss_kb(self) -> int:
        status = Path(f"/proc/{self.work.pid}/status").read_text("utf-8")
        return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.work.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass
class Readers:
    """The process with the clients."""

    work: subprocess.Popen[str] = field(repr=False)

    def line(self) -> dict[str, Any]:
        assert self.work.stdout is not None
        text = self.work.stdout.readline()
        if not text:
            raise SystemExit("the clients ended too early")
        found: dict[str, Any] = json.loads(text)
        return found

    def counts(self) -> dict[str, Any]:
        assert self.work.stdin is not None
        self.work.stdin.write("\n")
        self.work.stdin.flush()
        return self.line()


@contextmanager
def server(python: Path | str, *words: str) -> Iterator[Process]:
    command = [str(python), str(HERE / "streams_server.py"), *words]
    work = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert work.stdout is not None
    try:
        yield Process(work, int(work.stdout.readline()))
    finally:
        work.kill()
        work.wait()


@contextmanager
def readers(port: int, plan: list[dict[str, Any]], folder: Path) -> Iterator[Readers]:
    """Yields once all streams are open."""
    file = folder / "plan.json"
    file.write_text(json.dumps(plan), "utf-8")
    command = [sys.executable, str(HERE / "streams_reader.py"), str(port), str(file)]
    work = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        found = Readers(work)
        found.line()
        yield found
    finally:
        work.kill()
        work.wait()


def measured(name: str, process: Process, clients: Readers, before_kb: int, wait_s: float) -> Held:
    """After one round of events, over ``wait_s`` more."""
    time.sleep(EVERY_S)
    began, used = time.monotonic(), process.cpu_s
    time.sleep(wait_s)
    cpu = (process.cpu_s - used) / (time.monotonic() - began)
    counts = clients.counts()
    streams = sum(one["number"] for one in counts.values())
    dropped = streams - sum(one["ends"].get("open", 0) for one in counts.values())
    fewest = counts["quick"]["fewest"]
    return Held(name, streams, before_kb, process.rss_kb, cpu, dropped, fewest)


def peer(name: str, python: Path, folder: Path, streams: int, wait_s: float) -> Held:
    with server(python, name) as process:
        plan = [{"path": "/events", "headers": {}, "number": streams, "kind": "quick"}]
        time.sleep(1)
        before = process.rss_kb
        with readers(process.port, plan, folder) as clients:
            return measured(name, process, clients, before, wait_s)


@dataclass
class Launches:
    """What the hub tells to each of its launches; the last one can be ``loud``."""

    hub: ReplayHub
    ending: threading.Event = field(default_factory=threading.Event)
    loud: threading.Event = field(default_factory=threading.Event)
    begun: int = 0

    def play(self) -> Iterator[Step]:
        number, self.begun = self.begun, self.begun + 1
        yield event(phase="building", message="Waiting for build to start...\n")
        due = time.monotonic() + number * EVERY_S / LAUNCHES
        for line in range(10**9):
            while time.monotonic() < due and not (number == LAUNCHES - 1 and self.loud.is_set()):
                yield 0.5
                if self.ending.is_set() and number % 2:
                    return (yield from self.hub.steps("cached", server=f"s{number}"))
            due += EVERY_S
            yield event(phase="building", message=f"Collecting a-package of somebody {line}\n")
            if number == LAUNCHES - 1 and self.loud.is_set():
                yield from self._loudly()
        return None

    def _loudly(self) -> Iterator[Step]:
        while self.loud.is_set():
            for line in range(LOUD_LINES // 10):
                yield event(phase="building", message=f"line {line} of a loud log {'x' * 70}\n")
            yield 0.1


def ours(folder: Path, streams: int, wait_s: float) -> Held:
    with replay_hub() as hub:
        told = Launches(hub)
        hub.play_each(told.play)
        words = ("ours", str(folder), hub.url, str(streams + 500), str(STALL_S))
        with server(sys.executable, *words) as process:
            plan = _plan(process.port, streams, told)
            before = process.rss_kb
            with readers(process.port, plan, folder) as clients:
                held = measured("binderclip", process, clients, before, wait_s)
                _report_slow(process, clients, told)
                _report_end(process, clients, told)
                return held


def _plan(port: int, streams: int, told: Launches) -> list[dict[str, Any]]:
    """Begin the launches; who follows which."""
    loud = sum(LOUD.values())
    plan = []
    for number in range(LAUNCHES):
        token = {"Authorization": f"Bearer token-{number}"}
        path = f"/api/v1/launches/{_launch(port, token, number)}/events"
        one = {"path": path, "headers": token}
        while told.begun <= number:  # in their order: the last one is the loud one
            time.sleep(0.01)
        if number == LAUNCHES - 1:
            plan += [{**one, "number": LOUD[kind], "kind": kind} for kind in LOUD]
        else:
            share = (streams - loud) // (LAUNCHES - 1)
            rest = (streams - loud) % (LAUNCHES - 1) if number == 0 else 0
            plan.append({**one, "number": share + rest, "kind": "quick"})
    return plan


def _launch(port: int, token: dict[str, str], number: int) -> str:
    build = {"host": "https://github.com", "path": f"o/r{number}", "ref": "main"}
    body = json.dumps({"binder": {"version": 1, "build": build}}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/launches",
        body,
        {**token, "Content-Type": "application/json"},
    )
    with _OPENER.open(request, timeout=30) as answer:
        return str(json.loads(answer.read())["id"])


def _report_slow(process: Process, clients: Readers, told: Launches) -> None:
    before, began = process.rss_kb, time.monotonic()
    told.loud.set()
    highest = 0
    while time.monotonic() < began + LOUD_S:
        time.sleep(1)
        highest = max(highest, process.rss_kb)
    told.loud.clear()
    counts = clients.counts()
    streams = sum(one["number"] for one in counts.values())
    lost = sum(counts[kind]["number"] - counts[kind]["ends"].get("open", 0) for kind in READ)
    # Who reads nothing does not see either that they were let go.
    let_go = streams - lost - _open(process.port)
    lines = counts["slow"]["events"] / counts["slow"]["number"]
    print(f"\nA loud log for {LOUD_S} s, with {LOUD['slow']} slow readers (1 kB/s) and")
    print(f"{LOUD['stuck']} that take nothing (who may do that for {STALL_S:g} s here)")
    print(f"  readers lost: {lost}; a slow one got {lines:.0f} events")
    print(f"  let go of those that take nothing: {let_go} of {LOUD['stuck']}")
    print(f"  the process grew by {(highest - before) / 1024:.1f} MiB at most")


def _open(port: int) -> int:
    """How many streams the service itself knows of."""
    with _OPENER.open(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return int(
        float(next(one.split()[1] for one in lines if one.startswith("binderclip_streams ")))
    )


def _report_end(process: Process, clients: Readers, told: Launches) -> None:
    open_now = _open(process.port)
    told.ending.set()
    began = time.monotonic()
    process.work.send_signal(signal.SIGTERM)
    process.work.wait(60)
    seconds = time.monotonic() - began
    time.sleep(LAST_S)
    counts = clients.counts()
    last = sum(counts[kind]["last"] for kind in READ)
    whole = sum(counts[kind]["ends"].get("complete", 0) for kind in READ)
    print("\nTold to end, with half of the launches coming up within its grace of 10 s")
    print(f"  {open_now} streams open; {last} got the last event, {whole} were ended in full")
    print(f"  exit code {process.work.returncode} after {seconds:.1f} s")


def _installed(folder: Path) -> Path:
    print("installing the peers …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", folder / "peers"], check=True)
    python = folder / "peers" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def _table(found: list[Held]) -> None:
    mine = found[0]
    print(f"\n{mine.streams} open streams, an event each {EVERY_S:g} s")
    print(f"  {'':16} {'kB each':>8} {'MiB':>6} {'CPU':>6} {'dropped':>8}   {'ours / it':>9}")
    for row in found:
        print(
            f"  {row.name:16} {row.each_kb:8.1f} {row.after_kb / 1024:6.0f} {row.cpu:6.1%} "
            f"{row.dropped:8}   {mine.each_kb / row.each_kb:9.2f}"
        )
        if not row.fewest:
            print("    some streams got no event at all")


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--streams", type=int, default=10_000, help="how many [10000]")
    parser.add_argument("--seconds", type=float, default=30, help="each is measured for [30]")
    parser.add_argument("--only", choices=("ours", *PEERS), help="one of them")
    wished = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < wished.streams + 500:
        raise SystemExit(f"{hard} open files are allowed: fewer --streams, or raise `ulimit -Hn`")
    with tempfile.TemporaryDirectory(prefix="binderclip-bench-") as name:
        folder = Path(name)
        found = []
        if wished.only in {None, "ours"}:
            found.append(ours(folder, wished.streams, wished.seconds))
        names = [one for one in PEERS if wished.only in {None, one}]
        python = _installed(folder) if names else folder
        found += [peer(one, python, folder, wished.streams, wished.seconds) for one in names]
        _table(found)


if __name__ == "__main__":
    main()
