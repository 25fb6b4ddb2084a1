"""`binderclip run`, from the command to the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook, Shell

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
REPORT = "import json, os, sys; print(json.dumps({'cwd': os.getcwd(), 'prefix': sys.prefix}))"


def test_it_runs_in_the_environment_and_leaves_the_notebook_alone(
    shell: Shell, notebook: MakeNotebook
) -> None:
    path = notebook("import cowsay", f"{REPORT}", "6 * 7")
    before = path.read_bytes()
    done = shell.run("run", path)
    assert done.code == 0, done.err
    assert path.read_bytes() == before
    printed = shell.printed(path.with_name("a.run.ipynb"))
    said = json.loads(printed.splitlines()[0])
    assert said["cwd"] == str(path.parent), "a kernel starts where its notebook lies"
    assert said["prefix"].startswith(shell.environ["BINDERCLIP_CACHE"])
    assert printed.endswith("42")
    assert "a.run.ipynb" in done.err
    assert done.out == ""


def test_a_second_run_builds_nothing(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("import cowsay")
    assert shell.run("run", path).code == 0
    again = shell.run("run", path, "--offline", "--verbose")
    assert again.code == 0
    assert "installing" not in again.err


def test_in_place_writes_into_the_notebook_itself(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("6 * 7")
    path.chmod(0o640)
    assert shell.run("run", "--in-place", path).code == 0
    assert shell.printed(path) == "42"
    assert path.stat().st_mode & 0o777 == 0o640
    assert json.loads(path.read_bytes())["metadata"]["binder"]["version"] == 1


def test_the_output_never_replaces_the_notebook_by_accident(
    shell: Shell, notebook: MakeNotebook
) -> None:
    path = notebook("6 * 7")
    before = path.read_bytes()
    done = shell.run("run", path, "-o", path)
    assert done.code == 2
    assert "--in-place" in done.err
    assert path.read_bytes() == before


def test_an_output_folder_gets_the_notebook_by_its_name(
    shell: Shell, notebook: MakeNotebook
) -> None:
    path = notebook("6 * 7")
    (shell.folder / "results").mkdir()
    assert shell.run("run", path, "-o", "results/").code == 0
    assert shell.printed(shell.folder / "results" / "a.ipynb") == "42"


def test_an_output_into_a_folder_that_is_not_there_is_wrong_usage(
    shell: Shell, notebook: MakeNotebook
) -> None:
    done = shell.run("run", notebook("1"), "-o", "nowhere/out.ipynb")
    assert done.code == 2
    assert "nowhere" in done.err


def test_parameters_follow_the_tagged_cell(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("n = 1", "print(n * 2)", tag="parameters")
    assert shell.run("run", path, "-p", "n=21").code == 0
    assert shell.printed(path.with_name("a.run.ipynb")).strip() == "42"


def test_a_failing_cell_is_shown_and_what_was_done_is_kept(
    shell: Shell, notebook: MakeNotebook
) -> None:
    path = notebook("print('kept')", "1 / 0", "print('never')")
    done = shell.run("run", path)
    assert done.code == 41
    assert "cell 2" in done.err
    assert "ZeroDivisionError" in done.err
    assert "1 / 0" in done.err, "the traceback is the cell's"
    assert "binderclip/" not in done.err, "and none of ours"
    printed = shell.printed(path.with_name("a.run.ipynb"))
    assert "kept" in printed
    assert "never" not in printed


def test_errors_may_be_allowed(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("1 / 0", "print('on')")
    done = shell.run("run", path, "--allow-errors")
    assert done.code == 0
    assert "on" in shell.printed(path.with_name("a.run.ipynb"))


def test_a_cell_that_takes_too_long(shell: Shell, notebook: MakeNotebook) -> None:
    done = shell.run("run", notebook("import time; time.sleep(60)"), "--timeout-s", "0.5")
    assert done.code == 42
    assert "cell 1" in done.err


def test_a_kernel_that_dies_is_an_error_that_says_so(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("print('kept')", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    done = shell.run("run", path)
    assert done.code == 43
    assert "kernel" in done.err
    assert "signal 9" in done.err
    assert "kept" in shell.printed(path.with_name("a.run.ipynb"))


def test_json_is_one_value_on_standard_output(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("6 * 7")
    done = shell.run("run", path, "--json")
    answer = json.loads(done.out)
    assert Path(answer["output"]).name == "a.run.ipynb"
    assert answer["cells_run"] == 1
    assert len(answer["environment"]) == 64
    assert done.err == ""


def test_json_of_a_failure_has_the_one_shape(shell: Shell, notebook: MakeNotebook) -> None:
    done = shell.run("run", notebook("1 / 0"), "--json")
    error = json.loads(done.out)["error"]
    assert error["code"] == "cell-failed"
    assert error["cell"] == 1
    assert "ZeroDivisionError" in error["traceback"]


def test_a_notebook_that_names_no_environment_says_so(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("6 * 7", binder=None)
    done = shell.run("run", path)
    assert done.code == 0, done.err
    assert "names no environment" in done.err
    assert shell.printed(path.with_name("a.run.ipynb")) == "42"


def test_standard_input_is_a_notebook_too(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook("6 * 7")
    done = shell.run("run", "-", "-o", "out.ipynb", typed=path.read_bytes())
    assert done.code == 0, done.err
    assert shell.printed(shell.folder / "out.ipynb") == "42"


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"apt.txt": "cmake"}, "apt.txt"),
        ({"environment.yml": "dependencies: numpy"}, "environment.yml"),
        ({"Dockerfile": "FROM busybox"}, "Dockerfile"),
        ({"install.R": "1"}, "R"),
        ({"Project.toml": ""}, "Julia"),
    ],
)
def test_what_cannot_run_here_is_refused_in_words(
    shell: Shell, notebook: MakeNotebook, files: dict[str, str], word: str
) -> None:
    done = shell.run("run", notebook("1", binder={"version": 1, "files": files}))
    assert done.code == 21
    assert word in done.err


def test_faulty_metadata_names_the_key(shell: Shell, notebook: MakeNotebook) -> None:
    build = {"host": "https://github.com", "path": "o/r", "hash": "abc"}
    done = shell.run("run", notebook("1", binder={"version": 1, "build": build}))
    assert done.code == 12
    assert "binder.build.hash" in done.err


def test_text_notebooks_run_too(shell: Shell) -> None:
    path = shell.folder / "t.py"
    path.write_text("# %%\nprint(6 * 7)\n")
    done = shell.run("run", path)
    assert done.code == 0, done.err
    assert shell.printed(shell.folder / "t.run.ipynb").strip() == "42"


@pytest.mark.parametrize(
    ("number", "deaf"), [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True)]
)
def test_ctrl_c_saves_and_leaves_no_process(
    shell: Shell,
    notebook: MakeNotebook,
    number: signal.Signals,
    deaf: bool,  # noqa: FBT001 - parametrized
) -> None:
    path = notebook(
        "print('kept', flush=True)",
        "import pathlib, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        "pathlib.Path('begun').write_text(str(child.pid))\n"
        "print('half', flush=True)\n"
        "time.sleep(300)",
    )
    process = shell.start("run", path, deaf=deaf)
    begun = shell.folder / "begun"
    assert shell.eventually(begun.exists, within_s=120)
    out = path.with_name("a.run.ipynb")
    assert shell.eventually(lambda: out.exists() and "half" in shell.printed(out))
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    printed = shell.printed(path.with_name("a.run.ipynb"))
    assert "kept" in printed
    assert "half" in printed
    assert not shell.workers()
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


def test_a_missing_module_is_mended_in_the_environment(
    shell: Shell, notebook: MakeNotebook
) -> None:
    done = shell.run("run", notebook("import no_such_thing_at_all"))
    assert done.code == 41
    assert "binderclip set a.ipynb --file requirements.txt" in done.err


@pytest.mark.parametrize("target", ["-", "/dev/null"])
def test_an_output_that_is_no_file_is_wrong_usage(
    shell: Shell, notebook: MakeNotebook, target: str
) -> None:
    done = shell.run("run", notebook("1"), "-o", target)
    assert done.code == 2
    assert "no file" in done.err


@pytest.mark.slow
def test_build_stands_in_for_what_the_notebook_names(shell: Shell, notebook: MakeNotebook) -> None:
    work = shell.folder / "repository"
    work.mkdir()
    git = ["git", "-C", str(work), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    (work / "requirements.txt").write_text("cowsay==6.1\n")
    (work / "start").write_text('#!/bin/sh\nWRAPPED=yes exec "$@"\n')
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    path = notebook("import cowsay, os; print(os.environ['WRAPPED'])", binder=None)
    done = shell.run("run", path, "--build", "./repository")
    assert done.code == 0, done.err
    assert shell.printed(path.with_name("a.run.ipynb")) == "yes\n"
    wrong = shell.run("run", path, "--build", "./repository", "--ref", "mian")
    assert wrong.code == 17
    assert "'main'" in wrong.err, "the near miss"
    assert shell.run("run", path, "--ref", "main").code == 2


@pytest.mark.parametrize("name", ["hello.ipynb", "lotka-volterra.ipynb"])
@pytest.mark.slow
def test_the_examples_run(shell: Shell, name: str) -> None:
    done = shell.run("run", EXAMPLES / name, "-o", "out.ipynb")
    assert done.code == 0, done.err
    assert shell.printed(shell.folder / "out.ipynb")


def test_ctrl_c_while_standard_input_is_awaited(shell: Shell) -> None:
    process = subprocess.Popen(
        [Path(sys.executable).parent / "binderclip", "run", "-"],
        cwd=shell.folder,
        env=shell.environ,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stderr
    assert b"reading standard input" in process.stderr.readline()
    asleep = 0
    while asleep < 5:  # it waits for input once it sleeps
        asleep = asleep + 1 if psutil.Process(process.pid).status() == "sleeping" else 0
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    # Its input stays open: nothing but the signal ends it.
    assert process.wait(30) == 130
    process.stderr.close()
    process.stdin.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_that_cannot_be_written_is_told_before_anything_runs(
    shell: Shell, notebook: MakeNotebook
) -> None:
    path = notebook("print('ran')")
    shut = shell.folder / "shut"
    shut.mkdir(mode=0o500)
    done = shell.run("run", path, "-o", shut)
    assert done.code == 10
    assert "--output" in done.err
    assert "print" not in done.err


def test_a_narrow_terminal_gets_lines_that_fit(shell: Shell, notebook: MakeNotebook) -> None:
    shell.environ["COLUMNS"] = "50"
    done = shell.run("run", notebook("x = 1  # " + "a long line " * 9))
    assert done.code == 0, done.err
    assert max(len(line) for line in done.err.splitlines() if "[1/1]" in line) < 50
