"""Run by the Python that has repo2docker, and nothing of binderclip: asks it what it would do with
each folder that standard input names, and prints an answer a line, as JSON.

Two things of repo2docker's are replaced, for they ask the network: the list of Julia's releases,
and the address of a snapshot of CRAN. Its template is compiled once, for speed. An answer has:
``buildpack`` (None where it fails before one is chosen), ``error``, ``python``, ``opened`` (the
folder's files that were opened), ``read`` (those that the Dockerfile or its copies name) and
``counts`` (those without which the image would be another).
"""

from __future__ import annotations

import functools
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2  # type: ignore[import-not-found]  # lies beside repo2docker alone
from repo2docker.app import Repo2Docker  # type: ignore[import-not-found]  # as above
from repo2docker.buildpacks import (  # type: ignore[import-not-found]  # as above
    JuliaProjectTomlBuildPack,
    JuliaRequireBuildPack,
    RBuildPack,
)

# Any that could be asked for: which there are is not for repo2docker to say.
JULIAS = [f"{x}.{y}.{z}" for x in range(3) for y in range(13) for z in range(10)]
_opened: set[str] = set()


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str) and arguments[0][0] != "/":
        _opened.add(os.path.normpath(arguments[0]))


def asked(app: Any) -> dict[str, Any]:
    """What it would do with the current folder."""
    _opened.clear()
    answer: dict[str, Any] = {"buildpack": None, "error": None, "python": None, "text": None}
    try:
        for kind in app.buildpacks:
            pack = kind(base_image=app.base_image)
            if pack.detect():
                break
        else:
            pack = app.default_buildpack(base_image=app.base_image)
        answer["buildpack"] = type(pack).__name__
        pack.platform = "linux/amd64"
        text = pack.render({"NB_USER": "jovyan", "NB_UID": "1000"})
        if isinstance(pack, JuliaRequireBuildPack):
            pack.build()
        answer["python"] = getattr(pack, "python_version", None)
        answer["read"] = sorted(
            {
                *pack.get_preassemble_script_files(),
                *filter(
                    None,
                    (
                        *pack.get_post_build_scripts(),
                        (pack.get_start_script() or "").removeprefix("${REPO_DIR}/"),
                    ),
                ),
            }
        )
        if "postBuild" in text:
            _run(pack.binder_path("postBuild"))
        answer["text"] = "\n".join(
            line
            for line in text.splitlines()
            if line and not line.startswith(("#", "COPY --chown=1000:1000 src/"))
        )
    except Exception as error:  # noqa: BLE001 - whatever it raises, it fails
        answer["error"] = f"{type(error).__name__}: {error}"
    answer["opened"] = sorted(_opened)
    return answer


def _run(script: str) -> None:
    """As its Dockerfile has it; the line that names the interpreter alone."""
    path = Path(script)
    line = path.read_bytes().partition(b"\n")[0] if path.is_file() else b""
    if line.startswith(b"#!"):
        first = path.with_name("first line")
        first.write_bytes(line + b"\n")
        first.chmod(0o755)
        done = subprocess.run(["/bin/sh", "-c", f"'./{first}'"], capture_output=True, check=False)
        first.unlink()
        if done.returncode:
            raise RuntimeError(f"{script} cannot be run")


def counted(app: Any, whole: dict[str, Any]) -> list[str]:
    """The files without which ``whole`` would be another answer."""
    found = []
    away = Path(f"{Path.cwd()}.away")
    for file in sorted(file for file in Path().rglob("*") if file.is_file()):
        path = file.as_posix()
        file.rename(away)
        try:
            answer = asked(app)
        finally:
            away.rename(file)
        if any(answer[key] != whole[key] for key in ("buildpack", "error", "text")):
            found.append(path)
    return found


def main() -> None:
    logging.disable(logging.CRITICAL)
    JuliaProjectTomlBuildPack.all_julias = JULIAS
    RBuildPack.get_rspm_snapshot_url = lambda *_: "https://cran.example.org/"
    jinja2.Template = functools.lru_cache(jinja2.Template)
    app = Repo2Docker(repo=".", dry_run=True)
    sys.addaudithook(_watch)
    for line in sys.stdin:
        os.chdir(line.removesuffix("\n"))
        answer = asked(app)
        if not answer["error"]:
            answer["counts"] = counted(app, answer)
        del answer["text"]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
