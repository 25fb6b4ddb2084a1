"""Which kernel runs a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binderclip.errors import Refused
from binderclip.kernels import choose
from binderclip.session import Runtime


@pytest.fixture
def bare(tmp_path: Path) -> Runtime:
    return Runtime(
        prefix=tmp_path / "prefix", home=tmp_path, run=tmp_path, environ={"HOME": "/h", "A": "b"}
    )


def install(runtime: Runtime, name: str, **spec: Any) -> None:
    folder = runtime.prefix / "share" / "jupyter" / "kernels" / name
    folder.mkdir(parents=True)
    content = {"argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"], **spec}
    (folder / "kernel.json").write_text(json.dumps(content))


def python(runtime: Runtime) -> None:
    install(runtime, "python3", language="python", display_name="Python 3")


def test_the_environments_own_python_stands_for_the_word(bare: Runtime) -> None:
    python(bare)
    chosen = choose(bare, wanted=None, notebook_metadata={})
    assert chosen.argv[0] == str(bare.python)
    assert (chosen.name, chosen.language, chosen.ipython) == ("python3", "python", True)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "conda-env-x-py", "language": "python"}},
        {"kernelspec": {"name": "conda-env-x-py"}},
        {"kernelspec": {"name": "py311", "display_name": "mine"}},
        {"kernelspec": {"name": "gone"}, "language_info": {"name": "python"}},
        {"kernelspec": None, "language_info": "python"},
        {"kernelspec": {"name": 3, "language": ["python"]}},
        {"kernelspec": {"name": "../../../etc", "language": "Python"}},
        {"kernelspec": {"name": "PYTHON3"}},
    ],
)
def test_old_names_of_python_kernels_mean_python3(bare: Runtime, metadata: Any) -> None:
    python(bare)
    install(bare, "ir", argv=["R", "{connection_file}"], language="R")
    assert choose(bare, wanted=None, notebook_metadata=metadata).name == "python3"


def test_the_notebooks_own_kernel_comes_before_python3(bare: Runtime) -> None:
    python(bare)
    install(bare, "special", language="python")
    metadata = {"kernelspec": {"name": "special", "language": "python"}}
    assert choose(bare, wanted=None, notebook_metadata=metadata).name == "special"
    assert choose(bare, wanted="Python3", notebook_metadata=metadata).name == "python3"


def test_another_language_finds_the_one_kernel_for_it(bare: Runtime) -> None:
    install(bare, "ir", argv=["R", "{connection_file}"], language="R", interrupt_mode="message")
    metadata = {"kernelspec": {"name": "ir44", "language": "r"}}
    chosen = choose(bare, wanted=None, notebook_metadata=metadata)
    assert (chosen.name, chosen.interrupt_mode, chosen.ipython) == ("ir", "message", False)


def test_a_language_without_kernel_is_named(bare: Runtime) -> None:
    python(bare)
    metadata = {"kernelspec": {"name": "julia-1.9", "language": "julia"}}
    with pytest.raises(Refused, match=r"written in 'julia'.*it has: python3"):
        choose(bare, wanted=None, notebook_metadata=metadata)


def test_an_environment_without_kernels_says_what_to_add(bare: Runtime) -> None:
    with pytest.raises(Refused, match="no kernel at all") as caught:
        choose(bare, wanted=None, notebook_metadata={})
    assert caught.value.hint == "add ipykernel to what the environment installs"


def test_a_wanted_kernel_must_exist(bare: Runtime) -> None:
    python(bare)
    with pytest.raises(Refused, match=r"no kernel 'pyton3'; it has: python3") as caught:
        choose(bare, wanted="pyton3", notebook_metadata={})
    assert caught.value.hint == "Did you mean 'python3'?"


def test_variables_and_places_are_filled_in(bare: Runtime) -> None:
    install(
        bare,
        "k",
        argv=["{resource_dir}/start", "{prefix}", "{connection_file}"],
        language="python",
        env={"X": "${A}-${NONE}", "Y": 3},
    )
    chosen = choose(bare, wanted="k", notebook_metadata={})
    folder = bare.prefix / "share" / "jupyter" / "kernels" / "k"
    assert chosen.argv == (f"{folder}/start", str(bare.prefix), "{connection_file}")
    assert chosen.env == {"X": "b-${NONE}"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"argv": []}', '{"argv": "python"}', "\xff"])
def test_what_cannot_be_read_is_not_there(bare: Runtime, text: str) -> None:
    python(bare)
    folder = bare.prefix / "share" / "jupyter" / "kernels" / "broken"
    folder.mkdir()
    (folder / "kernel.json").write_text(text, "latin-1")
    with pytest.raises(Refused, match=r"it has: python3$"):
        choose(bare, wanted="broken", notebook_metadata={})
