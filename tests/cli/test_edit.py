"""A person's changes to the metadata: what was not asked for stays, and what went stale goes."""

from __future__ import annotations

from typing import Any

import pytest

from binderclip import spec
from binderclip.edit import Edited, Fetching, Wish, converted, edited, stripped
from binderclip.errors import LossError, SpecError
from binderclip.notebook import MISSING
from binderclip.spec.model import JSON, Reference

SHA = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"
DIGEST = f"sha256:{'ab' * 32}"
REPO = Reference("https://github.com", "o/r", "main")
FULL: dict[str, Any] = {
    "x-mine": [1, {"deep": None}],
    "auto": True,
    "frozen": {
        "at": "2026-11-22T20:00:00Z",
        "platform": "linux-64",
        "files": {"requirements.txt": "numpy==2.3\n", "Pipfile.lock": "{}"},
        "x-who": "me",
    },
    "files": {"requirements.txt": "numpy\n", "postBuild": ["#!/bin/bash\n", "true\n"]},
    "build": {
        "hash": SHA,
        "host": "https://github.com",
        "path": "o/r",
        "ref": "main",
        "x-note": "kept",
    },
    "image": {"host": "https://quay.io", "path": "a/b", "ref": "1", "hash": DIGEST},
    "host": ["https://a.example.org", "https://b.example.org"],
    "content": {"host": "https://github.com", "path": "o/c", "copy": {"*.csv": "$HOME/data/"}},
    "version": 1,
}


def obj(result: Edited) -> dict[str, Any]:
    assert isinstance(result.value, dict)
    assert not spec.problems(result.value)
    return result.value


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in FULL.items() if key not in keys}


def test_the_first_environment_of_a_notebook() -> None:
    result = edited(MISSING, Wish(build=REPO, host=("https://mybinder.org",)))
    assert result.value == {
        "version": 1,
        "host": "https://mybinder.org",
        "build": {"host": "https://github.com", "path": "o/r", "ref": "main"},
    }
    assert result.changes == ("host", "build")
    assert result.notes == ()


def test_everything_else_stays_in_its_order() -> None:
    result = edited(FULL, Wish(host=("https://c.example.org",)))
    value = obj(result)
    assert list(value) == [key for key in FULL if key != "auto"]
    assert value == {**without("auto"), "host": "https://c.example.org"}
    assert result.changes == ("host", "auto")
    assert any("auto" in note for note in result.notes)


def test_what_is_there_already_is_no_change() -> None:
    old = without("auto")
    for wish in (
        Wish(build=REPO),
        Wish(ref="main"),
        Wish(build=Reference("https://github.com", "o/r", hash=SHA, ref="main")),
        Wish(image=Reference("https://quay.io", "a/b", "1")),
        Wish(files={"postBuild": "#!/bin/bash\ntrue\n"}),
        Wish(host=("https://a.example.org", "https://b.example.org")),
        Wish(content=Fetching(Reference("https://github.com", "o/c"))),
        Wish(remove=("config", "file:apt.txt", "not-there")),
    ):
        assert edited(old, wish) == Edited(old), wish


def test_another_ref_drops_the_hash_and_the_pinned_files() -> None:
    result = edited(FULL, Wish(ref="dev"))
    value = obj(result)
    assert value["build"] == {
        "host": "https://github.com",
        "path": "o/r",
        "ref": "dev",
        "x-note": "kept",
    }
    assert "frozen" not in value
    assert value["image"] == FULL["image"]
    told = "\n".join(result.notes)
    assert "build: the hash" in told
    assert "requirements.txt" in told


def test_a_commit_as_ref_becomes_the_hash() -> None:
    build = obj(edited(FULL, Wish(ref=OTHER)))["build"]
    assert build["hash"] == OTHER
    assert "ref" not in build


def test_another_repository_loses_what_was_the_old_ones() -> None:
    other = Reference("https://gitlab.com", "g/p")
    assert obj(edited(FULL, Wish(build=other)))["build"] == {
        "host": "https://gitlab.com",
        "path": "g/p",
    }


def test_another_image_keeps_the_pinned_files() -> None:
    result = edited(FULL, Wish(image=Reference("https://quay.io", "a/b", "2")))
    value = obj(result)
    assert value["image"] == {"host": "https://quay.io", "path": "a/b", "ref": "2"}
    assert value["frozen"] == FULL["frozen"]
    assert any(note.startswith("image: the hash") for note in result.notes)


def test_a_changed_file_loses_its_pinned_form_alone() -> None:
    value = obj(edited(FULL, Wish(files={"requirements.txt": ("scipy\n",)})))
    assert value["files"] == {
        "requirements.txt": ["scipy\n"],
        "postBuild": ["#!/bin/bash\n", "true\n"],
    }
    assert value["frozen"] == {**FULL["frozen"], "files": {"Pipfile.lock": "{}"}}


def test_another_python_loses_all_that_was_pinned() -> None:
    assert "frozen" not in obj(edited(FULL, Wish(files={"runtime.txt": ("python-3.12\n",)})))


def test_a_removed_file_loses_its_pinned_form() -> None:
    value = obj(edited(FULL, Wish(remove=("file:requirements.txt",))))
    assert "requirements.txt" not in value["files"]
    assert "requirements.txt" not in value["frozen"]["files"]


@pytest.mark.parametrize("key", ["host", "image", "build", "content", "x-mine"])
def test_a_removed_key_is_gone(key: str) -> None:
    value = obj(edited(without("frozen", "auto"), Wish(remove=(key,))))
    assert value == without("frozen", "auto", key)


def test_removing_frozen_thaws() -> None:
    value = obj(edited(FULL, Wish(remove=("frozen",))))
    assert "frozen" not in value
    assert "hash" not in value["build"]
    assert "hash" not in value["image"]
    assert value["build"]["ref"] == "main"


@pytest.mark.parametrize("part", ["image.hash", "image.ref", "build.ref", "content.copy"])
def test_a_part_can_be_removed(part: str) -> None:
    key, _, name = part.partition(".")
    value = obj(edited(without("frozen"), Wish(remove=(part,))))
    assert value[key] == {k: v for k, v in FULL[key].items() if k != name}


def test_a_misspelt_key_is_told() -> None:
    with pytest.raises(SpecError, match="imge") as caught:
        edited(FULL, Wish(remove=("imge",)))
    assert "image" in (caught.value.hint or "")


def test_nothing_left_is_no_binder_at_all() -> None:
    result = edited({"version": 1, "host": "https://a.example.org"}, Wish(remove=("host",)))
    assert result.value is MISSING
    assert result.changes == ("binder",)
    assert edited(MISSING, Wish(remove=("host",))) == Edited(MISSING)


def test_an_opt_out_stands_unless_forced() -> None:
    with pytest.raises(SpecError, match="opt-out") as caught:
        edited(False, Wish(build=REPO))
    assert "--force" in (caught.value.hint or "")
    assert obj(edited(False, Wish(build=REPO, force=True)))["build"]["path"] == "o/r"


def test_opting_out() -> None:
    assert edited(MISSING, Wish(opt_out=True)) == Edited(False, ("binder",))
    assert edited(False, Wish(opt_out=True)) == Edited(False)
    assert edited(FULL, Wish(opt_out=True)).notes


def test_a_newer_version_is_never_rewritten() -> None:
    newer = {"version": 2, "build": FULL["build"], "news": True}
    for force in (False, True):
        with pytest.raises(SpecError, match="newer"):
            edited(newer, Wish(host=("https://a.example.org",), force=force))
    with pytest.raises(SpecError, match="newer"):
        converted(newer, "components", accept_loss=True)


def test_a_fault_can_be_mended_by_what_replaces_it() -> None:
    wrong = {**FULL, "build": {"host": "ftp://x", "path": "../x"}}
    assert obj(edited(wrong, Wish(build=REPO)))["build"]["path"] == "o/r"
    assert "build" not in obj(edited(wrong, Wish(remove=("build",))))
    with pytest.raises(SpecError):
        edited(wrong, Wish(host=("https://a.example.org",)))


@pytest.mark.parametrize("value", [None, 5, True, [], "no link", {"version": "1"}])
def test_what_is_no_metadata_is_refused(value: Any) -> None:
    with pytest.raises(SpecError):
        edited(value, Wish(build=REPO))


def test_what_would_break_the_specification_is_refused() -> None:
    for wish in (
        Wish(host=("ftp://x",)),
        Wish(files={"../x": ("a",)}),
        Wish(files={"a": ("x" * (1 << 20) + "y",)}),
        Wish(build=Reference("https://github.com", "../x")),
        Wish(content=Fetching(REPO, {"*": "/etc"})),
    ):
        with pytest.raises(SpecError):
            edited(FULL, wish)


def test_a_ref_needs_a_build() -> None:
    with pytest.raises(SpecError, match=r"binder\.build"):
        edited({"version": 1, "image": FULL["image"]}, Wish(ref="main"))
    with pytest.raises(SpecError, match=r"binder\.content"):
        edited(MISSING, Wish(content=Fetching(copy={"*": "$HOME/"})))


def test_copies_change_without_the_repository() -> None:
    value = obj(edited(FULL, Wish(content=Fetching(copy={"*.nc": "$HOME/"}))))
    assert value["content"] == {**FULL["content"], "copy": {"*.nc": "$HOME/"}}


OLD: dict[str, Any] = {
    "binder_url": "https://binder.pangeo.io",
    "binder_repo": "o/r",
    "binder_ref": "master",
}


def test_an_old_form_is_kept_where_it_can_say_the_change() -> None:
    result = edited(OLD, Wish(ref="dev"))
    assert result.value == {**OLD, "binder_ref": "dev"}
    assert result.notes == ()


def test_an_old_form_becomes_the_new_one_where_it_cannot() -> None:
    result = edited(OLD, Wish(files={"apt.txt": ("git\n",)}))
    assert obj(result)["version"] == 1
    assert result.notes == ("the form was components, it is v1 now",)


def test_the_asked_form_must_do() -> None:
    with pytest.raises(LossError):
        edited(FULL, Wish(dialect="components", ref="dev"))
    assert edited(OLD, Wish(dialect="url", ref="x")).value == (
        "https://binder.pangeo.io/v2/gh/o/r/x"
    )


def test_a_launch_link_keeps_what_it_opens() -> None:
    link = "https://mybinder.org/v2/gh/o/r/main?labpath=a.ipynb"
    assert edited(link, Wish(ref="dev")).value == link.replace("main", "dev")
    assert isinstance(edited(link, Wish(remove=("host",))).value, dict)


def test_strip() -> None:
    assert stripped(FULL) == Edited(MISSING, ("binder",))
    assert stripped(MISSING) == Edited(MISSING)
    assert stripped(False).value is False
    assert stripped(False, force=True).value is MISSING
    assert stripped(5).value is MISSING


def test_upgrade() -> None:
    result = converted(OLD, "v1")
    assert obj(result)["build"] == {"host": "https://github.com", "path": "o/r", "ref": "master"}
    assert converted(FULL, "v1") == Edited(FULL)
    assert converted(False, "v1") == Edited(False)
    assert converted(MISSING, "v1") == Edited(MISSING)
    with pytest.raises(LossError, match="files"):
        converted(FULL, "components")
    lossy = converted(FULL, "components", accept_loss=True)
    assert lossy.value == {
        "binder_url": "https://a.example.org",
        "binder_repo": "o/r",
        "binder_ref": SHA,
        "x-mine": FULL["x-mine"],
    }


def test_what_was_wrong_and_went_is_told() -> None:
    wrong: JSON = {"version": 1, "build": {"host": "ftp://x"}, "files": {"../x": ""}}
    wish = Wish(build=Reference("https://github.com", "o/r"), remove=("files",))
    assert edited(wrong, wish).changes == ("build", "files")
