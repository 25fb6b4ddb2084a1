"""Folders of environment files, made by rule."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Files: TypeAlias = Mapping[str, str]

PROJECT = '[project]\nname = "x"\nversion = "1"\n'
BUILT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
SCRIPT = "#!/bin/sh\ntrue\n"

CONTENTS: Mapping[str, Sequence[str]] = {
    "Dockerfile": (
        "FROM python:3.12\n",
        "",
        "# FROM andrewosh/binder-base\nFROM debian\nFROM andrewosh/binder-base\n",
        "FROM andrewosh/Binder-Base:latest\n",
        "FROM debian # andrewosh/binder-base\n",
        "ARG X=1\r\nFROM andrewosh/binder-base\r\n",
    ),
    "Project.toml": (
        "",
        'name = "X"\n',
        '[compat]\njulia = "1.6"\n',
        '[compat]\njulia = "^1.6, 1.7"\n',
        '[compat]\njulia = "~0.7"\n',
        '[compat]\njulia = ">=1.6"\n',
        '[compat]\njulia = ">= 1.6"\n',
        '[compat]\njulia = "=1.10.2"\n',
        '[compat]\njulia = "≥1.0.5"\n',
        '[compat]\njulia = "1.0 - 1.5"\n',
        '[compat]\njulia = "any"\n',
        '[compat]\njulia = ""\n',
        "[compat]\njulia = 1.6\n",
        '[compat]\njulia = "!=1.6"\n',
        '[compat]\nCSV = "1"\n',
        "compat = 3\n",
        "[compat\n",
    ),
    "JuliaProject.toml": ("", '[compat]\njulia = "1"\n', '[compat]\njulia = ">> 1"\n'),
    "Manifest.toml": ("",),
    "REQUIRE": ("", "julia 0.6\n"),
    "default.nix": ("", "{}\n"),
    "runtime.txt": (
        "python-3.11",
        "python-3.11\r\n",
        "  python-3.12  \n\n",
        "python-3.11.4",
        "python-3",
        "python-2",
        "python-4",
        "python-2.7",
        "python-3.6",
        "python-3.7",
        "python-3.4",
        "python-3.99",
        "python-3.14",
        "python-3.12rc1",
        "python-v3.11",
        "python-three",
        "python-03.11",
        "python-3.11\nx",
        "python-2024-01-31",
        "python-3.11-2024-01-31",
        "Python-3.11",
        "python3.11",
        "python==3.11",
        "python-",
        "-3.11",
        "",
        "3.11",
        "\ufeffpython-3.11",
        "r-2024-01-31",
        "r-2018-12-06",
        "r-2018-12-07",
        "r-2024-13-31",
        "r-2024-1-31",
        "r-4.3-2024-01-31",
        "r-4.3.1-2024-01-31",
        "r-4.9-2024-01-31",
        "r-3.2-2024-01-31",
        "r-4.1",
        "r-2024-01",
        "R-2024-01-31",
        "r-2024-01-31T10:00",
        "r-2024-01-3\u0661",
        "julia-1.6",
        "a-b-c-d",
        "a-b-c-d-e",
        "a-b-c-d-e-f",
    ),
    "DESCRIPTION": ("Package: x\n",),
    "install.R": ("install.packages('x')\n",),
    "environment.yml": (
        "",
        "name: x\n",
        "dependencies:\n",
        "dependencies: []\n",
        "dependencies: numpy\n",
        "dependencies: 3\n",
        "dependencies: {python=3.11: x}\n",
        "- numpy\n",
        "text\n",
        "name: x\nname: y\n",
        "dependencies:\n  - python=3.11\n  - numpy\n",
        "dependencies:\r\n  - python=3.12\r\n",
        "dependencies:\n  - python==3.11.4\n",
        "dependencies:\n  - python =3.9\n",
        "dependencies:\n  - python>=3.11\n",
        "dependencies:\n  - python 3.11\n",
        "dependencies:\n  - python=3.11.*\n",
        "dependencies:\n  - python=3.*\n",
        "dependencies:\n  - python=3\n",
        "dependencies:\n  - python=2\n",
        "dependencies:\n  - python=4\n",
        "dependencies:\n  - python=3.99\n",
        "dependencies:\n  - python=3.6\n",
        "dependencies:\n  - python=*\n",
        "dependencies:\n  - python=\n  - python=3.12\n",
        "dependencies:\n  - python\n  - python=3.12\n",
        "dependencies:\n  - conda-forge::python=3.12\n",
        "dependencies:\n  - 'python[version=3.12]'\n",
        "dependencies:\n  - python=3.12=h1_cpython\n",
        "dependencies:\n  - python-dateutil=2.8\n",
        "dependencies:\n  - python: 3.12\n",
        "dependencies:\n  - 3.12\n  - null\n",
        "dependencies:\n  - r-base=4.1\n  - r-ggplot2\n",
        "dependencies:\n  - pip:\n    - numpy\n",
        "dependencies:\n  - pip:\n    - -r requirements.txt\n",
        "dependencies:\n  - pip:\n    - -e .\n",
        "dependencies:\n  - pip:\n    - 3\n",
        "dependencies:\n  - pip:\n    - 3\n  - pip: [a]\n",
        "dependencies:\n  - pip: numpy\n",
        "dependencies:\n  - pip:\n",
        "dependencies:\n\t- numpy\n",
        "dependencies: [numpy\n",
        "a: &a [1]\nb: *a\ndependencies: []\n",
        "a: *nothing\n",
        "---\na: 1\n---\nb: 2\n",
        "%YAML 1.1\n---\ndependencies: [python=3.11]\n",
        "# only a comment\n",
        "\ufeffdependencies: [python=3.11]\n",
    ),
    "environment.yaml": ("dependencies: [python=3.13]\n", "{", ""),
    "Pipfile": (
        "",
        '[requires]\npython_version = "3.11"\n',
        '[requires]\npython_full_version = "3.12.1"\npython_version = "3.11"\n',
        '[requires]\npython_version = "3"\n',
        '[requires]\npython_version = "4"\n',
        '[requires]\npython_version = "3.99"\n',
        '[requires]\npython_version = "3.6"\n',
        '[requires]\npython_version = ">=3.8"\n',
        '[requires]\npython_version = ""\n',
        "[requires]\npython_version = 3.11\n",
        'requires = "3.11"\n',
        '[packages]\nnumpy = "*"\n',
        "[packages\n",
    ),
    "Pipfile.lock": (
        "{}",
        "",
        "[]",
        '{"_meta": {"requires": {"python_version": "3.12"}}}',
        '{"_meta": {"requires": {"python_version": "3.4"}}}',
        '{"_meta": {"requires": null}}',
        '{"_meta": 3}',
        '{"_meta": {}}',
        "{",
    ),
    "requirements.txt": (
        "",
        "numpy\n",
        "numpy\r\n-r more.txt\r\n",
        "-e .\n",
        "--find-links=./x\n-\n--\n",
        "\ufeffnumpy\n",
    ),
    "requirements3.txt": ("numpy\n",),
    "more.txt": ("scipy\n",),
    "setup.py": ("from setuptools import setup\nsetup()\n", ""),
    "pyproject.toml": (
        "",
        PROJECT,
        BUILT,
        PROJECT + BUILT,
        PROJECT + 'requires-python = ">=3.8"\n' + BUILT,
        PROJECT + 'requires-python = ">=3.11"\n' + BUILT,
        PROJECT + 'requires-python = ">=3.11"\n',
        PROJECT + 'requires-python = ">=3.10.1"\n',
        PROJECT + 'requires-python = "~=3.10.2"\n',
        PROJECT + 'requires-python = "==3.12.*"\n',
        PROJECT + 'requires-python = "==3.12.4"\n',
        PROJECT + 'requires-python = "<3.10"\n',
        PROJECT + 'requires-python = ">=3.11,<3.13"\n',
        PROJECT + 'requires-python = ">3.10"\n',
        PROJECT + 'requires-python = "===3.11"\n',
        PROJECT + 'requires-python = ">=4"\n',
        PROJECT + 'requires-python = ""\n',
        PROJECT + 'requires-python = "three"\n',
        PROJECT + "requires-python = 3\n",
        PROJECT + "requires-python = []\n",
        PROJECT + 'requires-python = [">=3"]\n',
        "project = 3\n",
        'project = "x"\n',
        'project = "requires-python"\n',
        "project = []\n",
        "[tool.x]\ny = 1\n",
        "\ufeff[project]\n",
        "[project\n",
    ),
    "apt.txt": (
        "",
        "gcc\n",
        "# nothing\n\n",
        "gcc # a compiler\r\nvim git\r\n",
        "libX11\n",
        "Vim\n",
        "gcc\rVim\r",
        "-y\n",
        "vim=8\n",
        "gcc\x0cVim\n",
        "g++\n; rm\n",
    ),
    "postBuild": (SCRIPT, "", "true\n", "#!/bin/sh\r\ntrue\r\n", "#!/bin/sh", "#!/bin/sh\r"),
    "start": (SCRIPT + 'exec "$@"\n', "", "true\n", '#!/bin/sh\r\nexec "$@"\r\n'),
    ".dockerignore": ("*.csv\n",),
    "README.md": ("x\n",),
}
NAMES = tuple(CONTENTS)


def folders() -> Iterator[Files]:
    """Each content alone, in the root and in ``binder``; the first two of every pair of names
    together; then as many at random, always the same.
    """
    yield {}
    for name, contents in CONTENTS.items():
        for content in contents:
            yield {name: content}
        yield {f"binder/{name}": contents[0], "requirements.txt": "numpy\n"}
        yield {f"{name}/inside": "", "Pipfile.lock" if name[0] == "r" else "requirements.txt": "{}"}
        yield {f"binder/{name}/inside": ""}
    for one, other in itertools.combinations(NAMES, 2):
        yield {one: CONTENTS[one][0], other: CONTENTS[other][0]}
    for content in CONTENTS["runtime.txt"]:
        for other in ("DESCRIPTION", "pyproject.toml", "Project.toml", "environment.yml"):
            yield {"runtime.txt": content, other: CONTENTS[other][-1 if "py" in other else 0]}
        yield {"runtime.txt": content, "pyproject.toml": CONTENTS["pyproject.toml"][5]}
    for content in CONTENTS["environment.yml"]:
        yield {"environment.yml": content, "Project.toml": "", "runtime.txt": "python-3.12"}
        yield {"environment.yml": content, "DESCRIPTION": "", "requirements.txt": "x\n"}
    yield {"binder/a": "", ".binder/b": ""}
    yield {"binder": "a file", "requirements.txt": ""}
    dice = random.Random(4)
    for _ in range(400):
        yield drawn(dice)


def drawn(dice: random.Random) -> Files:
    """A few files, some of them in a configuration folder."""
    room = dice.choice(("", "", "binder/", ".binder/"))
    return {
        dice.choice(("", room)) + name: dice.choice(CONTENTS[name])
        for name in dice.sample(NAMES, dice.randint(1, 6))
    }


def laid(files: Mapping[str, str | bytes], folder: Path) -> Path:
    """Writes ``files`` into ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder
