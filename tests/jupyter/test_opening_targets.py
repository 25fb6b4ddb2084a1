"""What may be placed by a click, and what would run there though nobody opened it."""

from __future__ import annotations

import json
import py_compile
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jupyter.rig import Served, notebook, served
from tests.jupyter.shelf import Site, click, look, put, shelf, told
from tests.local.conftest import Origin, make_origin, serving

from binderclip.jupyter.opening.around import places
from binderclip.jupyter.opening.modules import STANDING
from binderclip.jupyter.opening.running import Places, refusal
from binderclip.jupyter.opening.standing import Standing
from binderclip.jupyter.opening.targets import withheld

__all__ = ["make_origin"]

ENDINGS = ("py", "pyc", "so", "cpython-311-x86_64-linux-gnu.so", "pyd", "abi3.so", "PY", "pyw")
FOLDERS = st.lists(st.sampled_from(["talk", "week 1", "Übung", "code", "src"]), max_size=4)


def below(folders: list[str], name: str) -> str:
    return "/".join((*folders, name))


@given(st.sampled_from(sorted(STANDING)), st.sampled_from(ENDINGS), FOLDERS)
def test_no_module_is_stood_in_for(name: str, ending: str, folders: list[str]) -> None:
    assert refusal(below(folders, f"{name}.{ending}"))
    assert refusal(below(folders, f"{name}/__init__.{ending}"))


@given(st.text("abcdefghijklmnop_", min_size=1, max_size=12), FOLDERS)
def test_ordinary_modules_are_placed(name: str, folders: list[str]) -> None:
    for path in (f"my_{name}.py", f"my_{name}/__init__.py", f"my_{name}/curves.py"):
        assert refusal(below(folders, path)) is None


RUN = [
    *(".bashrc", ".ssh/authorized_keys", ".ipython/profile_default/startup/x.py", "data/.hidden/x"),
    *("bin/ls", "course/bin/x", "Library/LaunchAgents/x.plist", "AppData/x", "public_html/x.php"),
    *("x/lib/python3.11/site-packages/x.py", "data/x.pth", "miniconda3/lib/python3.12/x.py"),
    *("jupyter_server_config.py", "jupyter_config.json", "Jupyter_Lab_Config_2.PY"),
    *("ipython_config.py", "nbgrader_config.py", "work/jupyter_server_config.d/x.json"),
    *("json.py", "json/__init__.py", "course/json.py", "sitecustomize.py", "pytest.py"),
    *("talk/__pycache__/helper.cpython-311.pyc", "talk/x.dist-info/entry_points.txt", "x.egg-info"),
    *("numpy/linalg.py", "google/protobuf/__init__.py", "_sysconfigdata__linux_.py"),
    *("R/x86_64-pc-linux-gnu-library/4.3/IRkernel/DESCRIPTION", "Project.toml", "Manifest.toml"),
    *("Manifest-v1.11.toml", "JuliaProject.toml", "config/startup.jl", "lab/conf.json"),
    *("lab/index.html.j2", "node_modules/x/index.js", "kernels/evil/kernel.json", "perl5/x.pm"),
    *("share/jupyter/x", "etc/jupyter/x", "conda-meta/history", "talk/HEAD", "pyvenv.cfg"),
    *("etc/conda/activate.d/x.sh", "startup.m", "talk/more.m", "profile.do", "scilab.ini"),
    *("voila.json", "voila.py", "jupytext.py", "matplotlibrc", "Documents/PowerShell/profile.ps1"),
]
ORDINARY = [
    *("a.ipynb", "data/x.csv", "lib/helper.py", "utils.py", "plotting/curves.py", "venv2/x"),
    *("code/analysis.py", "tests/test_x.py", "json/data.json", "numpy/data.csv", "json.ipynb"),
    *("binary/x", "head.csv", "README.md", "environment.yml", "requirements.txt", "pyproject.toml"),
    *("setup.py", "conftest.py", "Makefile", "model_config.json", "config.py", "scripts/x.py"),
    *("Rprofile.R", "functions.R", "fit.m", "template.j2", "library.bib", "tools/run.sh"),
]


@pytest.mark.parametrize("path", RUN)
def test_refused(path: str) -> None:
    why = refusal(path)
    assert why
    assert why.isprintable()
    assert len(why) < 90


@pytest.mark.parametrize("path", ORDINARY)
def test_placed(path: str) -> None:
    assert refusal(path, Places(windows=False)) is None


@given(st.sampled_from(RUN), st.randoms(use_true_random=False))
def test_names_that_are_one_for_a_file_system_are_one(path: str, chance: Any) -> None:
    changed = "".join(chance.choice([char, char.upper(), char.lower()]) for char in path)
    assert refusal(changed)
    parts = [f"{part}{chance.choice(['', ' ', '.', '. '])}" for part in changed.split("/")]
    assert refusal("/".join(parts))
    wide = "".join(
        chr(ord(char) + 0xFEE0) if char.isalnum() and chance.random() < 0.2 else char
        for char in changed
    )
    assert refusal(wide)
    assert refusal(unicodedata.normalize("NFD", "".join(f"\u200b{char}" for char in wide)))


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5))
def test_no_name_that_begins_with_a_dot(parts: list[str]) -> None:
    path = "/".join(parts)
    if any(part.startswith(".") for part in path.split("/")):
        assert refusal(path)


class TestPlaces:
    def test_this_servers_own(self, tmp_path: Path) -> None:
        (tmp_path / "lib/zz_tools").mkdir(parents=True)
        around = places(tmp_path, {})
        assert "pytest" in around.modules
        assert refusal("hypothesis.py", around)
        assert refusal("utils.py", around) is None
        assert refusal("talk/my_helper.py", around) is None
        assert not around.programs_here

    def test_a_python_in_the_home(self) -> None:
        prefix = Path(sys.prefix)
        around = places(prefix.parent, {})
        inside = f"{prefix.name}/x"
        if not prefix.name.startswith("."):
            assert refusal(inside, around) == "Python itself lies in that folder"
        assert inside.rpartition("/")[0].casefold() in around.closed

    def test_a_python_that_is_the_home(self) -> None:
        around = places(Path(sys.prefix), {})
        for path in ("lib/x", "lib/python3.11/x.py", "etc/x", "share/x", "Conda-Meta/x"):
            assert refusal(path, around), path
        assert refusal("talk/x.py", around) is None

    @pytest.mark.parametrize(
        ("name", "value", "path"),
        [
            ("PATH", "/usr/bin:{}/tools", "tools/x"),
            ("PYTHONPATH", "{}/modules", "Modules/x.py"),
            ("JUPYTER_PATH", "{}/jupyter", "jupyter/x"),
            ("R_LIBS_USER", "{}/rlib/%p-library/%v", "rlib/x"),
            ("JULIA_DEPOT_PATH", "{}/depot:", "depot/config/x"),
            ("NODE_PATH", "{}/a/../js", "js/x"),
            ("XDG_CONFIG_HOME", "{}/settings", "settings/x"),
            ("XDG_DATA_HOME", "{}", "data/x"),
            ("VIRTUAL_ENV", "{}/venv", "venv/x"),
            ("CONDA_PREFIX", "{}", "lib/x"),
            ("BASH_ENV", "{}/start.sh", "start.sh"),
            ("PATH", "{}", "ls"),
        ],
    )
    def test_folders_that_variables_name(
        self, tmp_path: Path, name: str, value: str, path: str
    ) -> None:
        around = places(tmp_path, {name: value.replace("{}", str(tmp_path))})
        assert refusal(path, around)
        if name != "XDG_DATA_HOME":
            assert refusal("talk/x.py", around) is None
        assert refusal(path, places(tmp_path, {name: "/elsewhere:relative::~no/x"})) is None

    def test_a_home_behind_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real/tools").mkdir(parents=True)
        (tmp_path / "home").symlink_to(tmp_path / "real")
        for home, other in (("home", "real"), ("real", "home")):
            around = places(tmp_path / home, {"PATH": str(tmp_path / other / "tools")})
            assert refusal("tools/x", around)

    def test_a_home_that_is_everything(self) -> None:
        assert refusal("talk/x.csv", places(Path("/"), {}))

    def test_kernels(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        python = tmp_path / "envs/ml/bin/python"
        site = tmp_path / "envs/ml/lib/python3.14/site-packages"
        (site / "zz_framework").mkdir(parents=True)
        words = {
            "ml": [str(python), "-m", "zz_kernel.run", "-f", "{connection_file}"],
            "uv": ["uv", "run", "python", "-m", "ipykernel_launcher"],
            "broken": 1,
        }
        for name, argv in words.items():
            file = tmp_path / "jupyter/kernels" / name / "kernel.json"
            file.parent.mkdir(parents=True)
            said = {"argv": argv, "env": {"R_LIBS": f"{tmp_path}/rlib"}}
            file.write_text(json.dumps(said))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
        around = places(tmp_path, {})
        for path in ("talk/zz_kernel.py", "zz_framework.py", "envs/ml/x", "rlib/x", "jupyter/x"):
            assert refusal(path, around), path
        assert "uv" in (refusal("talk/pyproject.toml", around) or "")
        assert refusal("talk/zz_other.py", around) is None

    def test_for_contents_that_are_on_no_disk(self) -> None:
        around = places(None, {"PATH": "/bin"})
        assert around.closed == {}
        assert refusal("json.py", around)


class TestStanding:
    def test_modules_of_the_person(self, tmp_path: Path) -> None:
        work = tmp_path / "work"
        (work / "tools").mkdir(parents=True)
        (work / "rain").mkdir()
        for name in ("mine.py", "same.py", "tools/a.py", "rain/data.csv"):
            (work / name).write_text("")
        standing = Standing(tmp_path)
        for path in (
            *("work/mine.so", "work/mine.cpython-311-x86_64-linux-gnu.so", "work/Mine/__init__.py"),
            *("work/tools.py", "work/tools/__init__.py", "work/tools/a.so", "work/mine.pyc"),
        ):
            assert standing.refusal(path), path
        for path in (
            *("work/same.py", "work/new.py", "work/rain.py", "work/tools/b.py", "work/mine.csv"),
            *("work/new/__init__.py", "work/mine/data.csv", "other/mine.so", "new/__init__.py"),
        ):
            assert standing.refusal(path) is None, path
        assert "mine.py" in (standing.refusal("work/mine.so") or "")

    def test_environments_and_repositories(self, tmp_path: Path) -> None:
        for name in ("a/pyvenv.cfg", "b/conda-meta/x", "c/HEAD", "c/objects/x", "d/HEAD"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("")
        standing = Standing(tmp_path)
        for path in ("a/x", "a/lib/deep/x", "b/x", "c/hooks/post-receive"):
            assert standing.refusal(path), path
        assert standing.refusal("d/x") is None
        assert standing.refusal("x") is None


def test_who_may_only_write_contents(tmp_path: Path) -> None:
    home, root = tmp_path / "home", tmp_path / "root"
    for one in (home, root / "home"):
        one.mkdir(parents=True)
    assert withheld(home, root, may_execute=False)
    assert withheld(home, None, may_execute=False)
    assert withheld(home, home / "inside", may_execute=False)
    assert withheld(home, root, may_execute=True) is None
    assert withheld(home, home, may_execute=False) is None
    assert withheld(root / "home", root, may_execute=False) is None
    (tmp_path / "link").symlink_to(home)
    assert withheld(tmp_path / "link", home, may_execute=False) is None


LOOPBACK = 'c.Binderclip.allowed_networks = ["127.0.0.0/8"]\n'
HELPERS = {
    "my_helper.py": "answer = 42\n",
    "plotting/__init__.py": "",
    "plotting/curves.py": "kind = 'smooth'\n",
    "code/analysis.py": "mean = 2\n",
    "data/rain.csv": "1,2\n",
}
CELL = "import my_helper, plotting.curves; open('seen', 'w').write(str(my_helper.answer))"


def traps(python: Path, marks: Path, folder: Path) -> dict[str, str | Path]:
    """Every module that this Python or a kernel imports, as a file that says that it ran, and
    then stands aside; and what else was found to run.
    """
    listing = "import pkgutil; print(*{one.name for one in pkgutil.iter_modules()})"
    said = subprocess.run([python, "-c", listing], check=True, capture_output=True, text=True)
    known = [name for name in (*STANDING, *said.stdout.split()) if not name.startswith("__")]
    # People call files of their own "test"; nothing but Python's own tests imports that module.
    names = {name.casefold(): name for name in known if name != "test"}.values()
    body = f"open({str(marks)!r} + '/' + __name__, 'w').close()\nraise ImportError(__name__)\n"
    files: dict[str, str | Path] = {f"{name}.py": body for name in names if name.isidentifier()}
    for name in ("warnings", "importlib", "runpy"):
        files[f"packages/{name}/__init__.py"] = body
        files[f"packages/{name}.cpython-311-x86_64-linux-gnu.so"] = "no library"
    for name in ("ipython_config", "ipython_kernel_config", "jupyter_config", "nbgrader_config"):
        files[f"{name}.py"] = body
    files["__pycache__/my_helper.cpython-311.pyc"] = "nothing"
    files["trap.dist-info/entry_points.txt"] = "[x]\nx = trap:x\n"
    (folder / "trap.py").write_text(body)
    py_compile.compile(str(folder / "trap.py"), str(folder / "importlib.pyc"), doraise=True)
    return files


@pytest.fixture
def site() -> Iterator[Site]:
    with shelf() as one:
        yield one


def brought(site: Site, git: str, **copy: str) -> str:
    """The address of a notebook that brings the repository of that address."""
    content = {"host": git, "path": "talk.git", "ref": "main", "copy": copy}
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    whole = notebook(binder={"version": 1, "content": content}, kernelspec=spec)
    return put(site, "/talk.ipynb", whole)


def started(server: Served, folder: str, *cells: str) -> None:
    """Start a kernel as Lab does; wait until it is there, let it complete and debug; run cells."""
    from jupyter_client.blocking.client import BlockingKernelClient

    kernel = {"path": f"{folder}/talk.ipynb", "type": "notebook", "name": "talk.ipynb"}
    begun = server.ask("POST", "api/sessions", {**kernel, "kernel": {"name": "python3"}})
    assert begun.status == 201, begun.text
    number = begun.json()["kernel"]["id"]
    client = BlockingKernelClient()
    client.load_connection_file(str(server.folder / "runtime" / f"kernel-{number}.json"))
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        for command in ("debugInfo", "initialize"):
            said = {"type": "request", "seq": 1, "command": command}
            client.control_channel.send(client.session.msg("debug_request", said))
            client.control_channel.get_msg(timeout=60)
        for asked in (client.complete("import ma", 9), client.inspect("open", 2)):
            assert reply(client, asked)["status"] == "ok"
        for cell in cells:
            answer = reply(client, client.execute(cell))
            assert answer["status"] == "ok", answer
    finally:
        client.stop_channels()
        server.ask("DELETE", f"api/kernels/{number}")


def reply(client: Any, asked: str) -> dict[str, Any]:
    while True:
        message = client.get_shell_msg(timeout=60)
        if message["parent_header"].get("msg_id") == asked:
            return dict(message["content"])


@pytest.mark.slow
def test_nothing_that_came_along_runs(
    jupyter_python: Path, tmp_path: Path, site: Site, make_origin: Callable[..., Origin]
) -> None:
    """With a real kernel in the folder, started as an application does when it opens a notebook."""
    marks = tmp_path / "marks"
    marks.mkdir()
    root = tmp_path / "root"
    origin = make_origin("talk")
    payloads = traps(jupyter_python, marks, tmp_path)
    (origin.work / "packages").mkdir(parents=True)
    (origin.work / "packages/importlib.pyc").write_bytes((tmp_path / "importlib.pyc").read_bytes())
    origin.commit({**HELPERS, **payloads})
    environ = {"HOME": str(root)}
    with (
        serving(origin.path.parent) as git,
        served(jupyter_python, root, config=LOOPBACK, environ=environ) as server,
    ):
        url = brought(site, git.url, **{"**": "$HOME/talk/", "packages/**": "$HOME/talk/"})
        _, form = look(server, url, path="talk/")
        offered = told(server, url, path="talk/").json()
        assert sorted(one["path"] for one in offered["content"]) == sorted(
            f"talk/{name}" for name in HELPERS
        )
        refused = {one["path"] for one in offered["refused"]}
        assert {f"talk/{name}" for name in payloads} <= refused
        assert click(server, form).status in {200, 303}
        placed = {
            str(file.relative_to(root / "talk"))
            for file in (root / "talk").rglob("*")
            if file.is_file()
        }
        assert placed == {*HELPERS, "talk.ipynb"}
        started(server, "talk", CELL)
        assert (root / "talk/seen").read_text() == "42"
        assert not [*marks.iterdir()]
        # What was kept away does run: the kernel looks there.
        (root / "by-hand").mkdir()
        (root / "by-hand/importlib.py").write_text(payloads["importlib.py"])  # type: ignore[arg-type]
        kernel = {"path": "by-hand/x.ipynb", "type": "notebook", "name": "x"}
        server.ask("POST", "api/sessions", {**kernel, "kernel": {"name": "python3"}})
        ends = time.monotonic() + 60
        while not [*marks.iterdir()] and time.monotonic() < ends:
            time.sleep(0.05)
        assert [one.name for one in marks.iterdir()] == ["importlib"]


# One who may write files, and run nothing; and one who has terminals, which run anything.
RIGHTS = """
from jupyter_server.auth import Authorizer

class Few(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource in {few}

c.ServerApp.authorizer_class = Few
"""


@pytest.mark.slow
@pytest.mark.parametrize("resources", [("contents", "api"), ("contents", "api", "terminals")])
def test_rights(
    jupyter_python: Path,
    tmp_path: Path,
    site: Site,
    make_origin: Callable[..., Origin],
    resources: tuple[str, ...],
) -> None:
    origin = make_origin("talk")
    origin.commit(HELPERS)
    config = RIGHTS.replace("{few}", repr(resources)) + LOOPBACK
    with (
        serving(origin.path.parent) as git,
        served(jupyter_python, tmp_path / "root", config=config) as server,
    ):
        assert server.ask("POST", "api/kernels", {}).status == 403
        url = brought(site, git.url, **{"**": "$HOME/talk/"})
        _, form = look(server, url, path="talk/")
        assert click(server, form).status in {200, 303}
        assert (server.root / "talk/talk.ipynb").exists()
        runs = "terminals" in resources
        assert ("you may write below" in form.text) is not runs
        assert (server.folder / "home/talk/my_helper.py").exists() is runs
