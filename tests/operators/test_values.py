"""The fragments for Helm charts: their keys are the charts', and real parts do what they say."""

from __future__ import annotations

import copy
import inspect
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # published without types
import pytest
import yaml
from tests.binderhub.rig import binderhub_python
from tests.operators.conftest import ROOT

import binderclip.hub
from binderclip.filling import POLICIES, Stated, fill
from binderclip.filling.gather import gather
from binderclip.filling.strange import KNOWN
from binderclip.filling.summary import carried
from binderclip.hub.variables import Told

if TYPE_CHECKING:
    from tests.operators.conftest import Spawned, Spawners

DEPLOY = ROOT / "deploy"
SCHEMA = ROOT.parent / "shared" / "fixtures" / "z2jh-values.schema.yaml"
PAGE = (ROOT / "docs" / "operators.md").read_text("utf-8")
SAVING = (ROOT / "docs" / "saving.md").read_text("utf-8")


def fragment(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / name).read_text("utf-8")))


Z2JH = fragment("z2jh-values.yaml")
BINDERHUB = fragment("binderhub-values.yaml")
SNIPPETS = [
    one
    for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    if isinstance(one := yaml.safe_load(text), dict)
]


def partial(schema: Any) -> Any:
    """A fragment lies over the chart's own values, which have what is required."""
    if isinstance(schema, dict):
        return {key: partial(one) for key, one in schema.items() if key != "required"}
    return [partial(one) for one in schema] if isinstance(schema, list) else schema


@pytest.fixture(scope="session")
def schema() -> Any:
    if not SCHEMA.is_file():
        pytest.skip(f"the chart's schema is not beside this checkout ({SCHEMA.name})")
    return partial(yaml.safe_load(SCHEMA.read_text("utf-8")))


@pytest.mark.parametrize(
    "values",
    [Z2JH, BINDERHUB["jupyterhub"], *(one for one in SNIPPETS if "singleuser" in one)],
    ids="+".join,
)
def test_the_keys_are_those_of_zero_to_jupyterhub(schema: Any, values: dict[str, Any]) -> None:
    jsonschema.validate(values, schema)
    wrong = copy.deepcopy(values)
    next(iter(wrong.values()))["extraEnvs"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_the_page_shows_such_values() -> None:
    assert sum("singleuser" in one for one in SNIPPETS) >= 1
    for name in ("z2jh", "binderhub"):
        assert f"](../deploy/{name}-values.yaml)" in PAGE


def spawned(spawners: Spawners, values: dict[str, Any], **options: str) -> Spawned:
    """As the chart's jupyterhub_config.py puts values into KubeSpawner."""
    single = values["singleuser"]
    image = single.get("image", {"name": "quay.io/o/env", "tag": "1"})
    lines = [
        "c.JupyterHub.spawner_class = 'kubespawner.KubeSpawner'",
        f"c.KubeSpawner.image = {image['name'] + ':' + image['tag']!r}",
        f"c.KubeSpawner.environment = {single.get('extraEnv', {})!r}",
        f"c.KubeSpawner.profile_list = {single.get('profileList', [])!r}",
    ]
    return spawners.started("\n".join(lines), options=options)


STANDARD = {
    "BINDERCLIP_HUB": "https://hub.example.org/",
    "BINDERCLIP_FILL_HOSTS": "https://mybinder.org",
    "BINDERCLIP_FILL_BUILD": "https://github.com/owner/environment@2026.10",
    "JUPYTER_IMAGE_SPEC": "quay.io/owner/environment:2026.10",
}


def test_every_profile_tells_its_own(spawners: Spawners) -> None:
    assert spawned(spawners, Z2JH).told == STANDARD
    gpu = spawned(spawners, Z2JH, profile="with-a-gpu").told
    assert gpu == STANDARD | {
        "BINDERCLIP_FILL_BUILD": "https://github.com/owner/environment-gpu@2026.10",
        "JUPYTER_IMAGE_SPEC": "quay.io/owner/environment-gpu:2026.10",
    }
    mine = {"profile": "an-image-of-yours", "image--unlisted-choice": "quay.io/me/mine:1"}
    told = spawned(spawners, Z2JH, **mine).told
    assert told["JUPYTER_IMAGE_SPEC"] == "quay.io/me/mine:1"
    assert "BINDERCLIP_FILL_BUILD" not in told
    alone = spawned(spawners, Z2JH, profile="notebooks-are-left-alone").told
    assert alone["BINDERCLIP_FILL"] == "never"
    evil = {"profile": "an-image-of-yours", "image--unlisted-choice": "$(JUPYTERHUB_API_TOKEN):1"}
    single = Z2JH["singleuser"]
    config = f"c.KubeSpawner.profile_list = {single['profileList']!r}"
    kube = "c.JupyterHub.spawner_class = 'kubespawner.KubeSpawner'"
    assert "failed validation regex" in spawners.spawn(f"{kube}\n{config}", options=evil).error


@pytest.mark.parametrize(
    "text",
    [
        text
        for text in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
        if "c.BinderHub" not in text  # tests/gateway/test_envs_provider.py has that
    ],
)
def test_the_page_s_python_runs(spawners: Spawners, text: str) -> None:
    assert any(name.startswith("BINDERCLIP_") for name in spawners.started(text).told)


def test_the_line_of_a_server_s_log() -> None:
    facts = gather(Stated(), STANDARD, shipped=())
    assert facts.remarks == ()
    assert fill({}, facts)
    (line,) = re.findall(r"^binderclip: (.*)…$", PAGE, re.MULTILINE)
    assert carried(facts).startswith(line)


def test_the_file_of_an_image_is_one(tmp_path: Path) -> None:
    text = SAVING.split("## For those who make images")[1]
    path = tmp_path / "binderclip.json"
    path.write_text(re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0])
    facts = gather(Stated(), {}, shipped=[path])
    assert facts.remarks == ()
    assert fill({}, facts)


def test_every_keyword_and_variable_is_on_the_page() -> None:
    table = PAGE.split("## What is told")[1].split("##")[0]
    parameters = inspect.signature(binderclip.hub.configure).parameters.values()
    keywords = {one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == keywords
    told = Told(build="b", image="i", hosts=("h",), hub="u", policy="p", known_hosts=("k",))
    variables = set(told.variables(image="", usual="", public=""))
    assert set(re.findall(r"`(BINDERCLIP_\w+)`", table)) == variables
    for policy in POLICIES:
        assert f"\n| `{policy}` " in SAVING
    settings = SAVING.split("## Where it is taken from")[1].split("## How")[0]
    assert set(re.findall(r"`(BINDERCLIP_\w+)`", settings)) >= set(KNOWN) - {"BINDERCLIP_FILL_GIT"}


APPENDIX: str = BINDERHUB["config"]["BuildExecutor"]["appendix"]
RENDER = """
import sys, os, tempfile
from repo2docker.buildpacks import PythonBuildPack
os.chdir(tempfile.mkdtemp())
open("requirements.txt", "w").write("numpy")
pack = PythonBuildPack(base_image="docker.io/library/buildpack-deps:jammy")
assert pack.detect()
pack.platform = "linux/amd64"
pack.appendix = sys.stdin.read()
sys.stdout.write(pack.render({"NB_USER": "jovyan", "NB_UID": "1000"}))
"""


def test_the_appendix_ends_a_real_dockerfile(tool: Callable[[str], Path]) -> None:
    done = subprocess.run(
        [tool("repo2docker/bin/python"), "-c", RENDER],
        input=APPENDIX,
        capture_output=True,
        text=True,
        check=True,
    )
    before, _, _ = done.stdout.partition(APPENDIX.splitlines()[0])
    assert done.stdout.rstrip().endswith(APPENDIX.rstrip())
    assert re.findall(r"^USER (.*)$", before, re.MULTILINE)[-1] == "${NB_USER}", "who owns it"
    assert re.search(r"^ENV NB_PYTHON_PREFIX=", before, re.MULTILINE)


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip, in the place of an image's."""
    folder = tmp_path_factory.mktemp("image") / "prefix"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


def built(prefix: Path, wheels: Path) -> subprocess.CompletedProcess[str]:
    """The appendix' RUN, as Docker runs it; pip knows ``wheels`` and nothing else."""
    command = APPENDIX.removeprefix("RUN ").replace("\\\n", "")
    environ = {
        "NB_PYTHON_PREFIX": str(prefix),
        "PATH": os.environ["PATH"],
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": os.devnull,
    }
    return subprocess.run(
        ["/bin/sh", "-c", command], env=environ, capture_output=True, text=True, check=False
    )


def wheel(folder: Path, name: str, version: str, *needs: str) -> None:
    stem = f"{name}-{version}"
    about = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    about += ["Provides-Extra: jupyter", *(f"Requires-Dist: {need}" for need in needs)]
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", "")
        file.writestr(f"{stem}.dist-info/METADATA", "\n".join(about) + "\n")
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        file.writestr(f"{stem}.dist-info/WHEEL", tags)
        file.writestr(f"{stem}.dist-info/RECORD", "")


@pytest.mark.slow
def test_an_image_is_built_whatever_becomes_of_the_appendix(prefix: Path, tmp_path: Path) -> None:
    python = str(prefix / "bin" / "python")
    has = [python, "-c", "import binderclip, asked; print(asked.__file__)"]
    wheel(tmp_path / "own", "asked", "1")
    own = ["-m", "pip", "install", "-q", "--no-index", "--find-links", str(tmp_path / "own")]
    subprocess.run([python, *own, "asked"], check=True)

    nothing = built(prefix, tmp_path / "none")
    assert nothing.returncode == 0
    assert "binderclip was not installed" in nothing.stdout

    wheel(tmp_path / "newer", "asked", "2")
    wheel(tmp_path / "newer", "binderclip", "9", "asked>=2; extra == 'jupyter'")
    newer = built(prefix, tmp_path / "newer")
    assert newer.returncode == 0
    assert "binderclip was not installed" in newer.stdout, "it wants to change a package"
    assert subprocess.run(has, capture_output=True, check=False).returncode != 0

    wheel(tmp_path / "fits", "binderclip", "9", "asked>=1; extra == 'jupyter'")
    fits = built(prefix, tmp_path / "fits")
    assert fits.returncode == 0, fits.stderr
    assert "binderclip was not installed" not in fits.stdout
    assert subprocess.run(has, capture_output=True, check=False).returncode == 0


BUILDER = """
import json, sys
from traitlets.config import Config
from binderhub.build import KubernetesBuildExecutor
values = json.load(sys.stdin)
c = Config()
for section, values in values.items():
    c[section].update(values)
options = KubernetesBuildExecutor(config=c).get_r2d_cmd_options()
sys.stdout.write(options[options.index("--appendix") + 1])
"""


@pytest.mark.binderhub
def test_a_real_binderhub_gives_it_to_repo2docker() -> None:
    done = subprocess.run(
        [binderhub_python(), "-c", BUILDER],
        input=json.dumps(BINDERHUB["config"]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == APPENDIX
