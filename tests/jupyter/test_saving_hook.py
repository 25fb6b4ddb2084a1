"""The save hook on managers of all kinds. Jupyter Server's own are in test_saving.py."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import logging
import weakref
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jupyter.rig import notebook

from binderclip.filling import Facts
from binderclip.jupyter.saving import install
from binderclip.spec.model import Reference

FACTS = Facts(image=Reference(host="https://quay.io", path="o/name", ref="1"))
IMAGE = {"host": "https://quay.io", "path": "o/name", "ref": "1"}


class Keeping:
    """A manager that keeps what was saved, and knows nothing of hooks."""

    def __init__(self) -> None:
        self.saved: list[Any] = []

    def save(self, model: Any, path: str = "") -> str:
        self.saved.append(model)
        return f"saved at {path}"


class KeepingLater(Keeping):
    async def save(self, model: Any, path: str = "") -> str:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().save(model, path)


class WithHooks(Keeping):
    """As Jupyter Server's managers are, whose module it says it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks: list[Callable[..., None]] = []

    def register_pre_save_hook(self, hook: Callable[..., None]) -> None:
        self.hooks.append(hook)

    def save(self, model: Any, path: str = "") -> str:
        for hook in self.hooks:
            hook(model=model, path=path, contents_manager=self)
        return super().save(model, path)

    save.__module__ = "jupyter_server.services.contents.filemanager"


class Closed(Keeping):
    """Whose methods cannot be replaced."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "save":
            raise AttributeError("read-only")
        super().__setattr__(name, value)


class Broken:
    """Facts that nobody has seen: such an error comes of whatever is read of them."""

    def __init__(self, kind: type[Exception]) -> None:
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        raise self._kind("a-secret-of-the-notebook")


class Refusing(logging.Handler):
    """A log that cannot be written to, and says so."""

    def emit(self, _: logging.LogRecord) -> None:
        raise OSError(28, "No space left on device")


@pytest.fixture
def log() -> logging.Logger:
    """A logger of its own, so that each test counts its own lines."""
    return logging.getLogger("binderclip-test-of-saving")


def model(**metadata: Any) -> dict[str, Any]:
    return {"type": "notebook", "format": "json", "content": notebook("x = 1", **metadata)}


def binder(saved: Any) -> Any:
    return saved["content"]["metadata"].get("binder")


@pytest.mark.parametrize("kind", [Keeping, WithHooks])
def test_fills(kind: type[Keeping], log: logging.Logger) -> None:
    manager = kind()
    install(manager, FACTS, log)
    assert manager.save(model(), "a.ipynb") == "saved at a.ipynb"
    assert manager.save(model=model(), path="b.ipynb") == "saved at b.ipynb"
    for saved in manager.saved:
        assert binder(saved)["image"] == IMAGE
        assert binder(saved)["auto"] is True


def test_fills_where_saving_takes_its_time(log: logging.Logger) -> None:
    manager = KeepingLater()
    install(manager, FACTS, log)
    assert inspect.iscoroutinefunction(manager.save)
    assert asyncio.run(manager.save(model(), path="a.ipynb")) == "saved at a.ipynb"
    assert binder(manager.saved[0])["image"] == IMAGE


def test_managers_that_run_hooks_stay_as_they_are(log: logging.Logger) -> None:
    manager = WithHooks()
    install(manager, FACTS, log)
    assert "save" not in vars(manager)
    assert [hook.__name__ for hook in manager.hooks] == ["binderclip_fill"]


@pytest.mark.parametrize(
    "entry", [False, "https://mybinder.org/v2/gh/o/r/HEAD", {"version": 9}, None, {}]
)
def test_what_a_person_wrote_stays(entry: Any, log: logging.Logger) -> None:
    manager = Keeping()
    install(manager, FACTS, log)
    manager.save(model(binder=copy.deepcopy(entry)))
    assert manager.saved[0] == model(binder=entry)


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "file", "format": "text", "content": '{"metadata": {}}'},
        {"type": "file", "content": {"metadata": {}}},
        {"type": "directory"},
        {"type": "notebook", "chunk": 1, "content": {"metadata": {}}},
        {"type": "notebook"},
        {"type": "notebook", "content": None},
        {"type": "notebook", "content": '{"metadata": {}}'},
        {"type": "notebook", "content": [{"metadata": {}}]},
        {"type": "notebook", "content": {"cells": []}},
        {"type": "notebook", "content": {"metadata": None}},
        {"type": "notebook", "content": {"metadata": []}},
        {"type": ["notebook"], "content": {"metadata": {}}},
        {"content": {"metadata": {}}},
        {},
        [],
        None,
    ],
)
def test_what_is_no_notebook_is_left_alone(
    odd: Any, log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    manager = Keeping()
    install(manager, FACTS, log)
    manager.save(copy.deepcopy(odd))
    assert manager.saved == [odd]
    assert not caplog.records


def test_nodes_of_nbformat_stay_nodes(log: logging.Logger) -> None:
    manager = Keeping()
    install(manager, FACTS, log)
    node = nbformat.from_dict(notebook(widgets={"state": {}}))
    manager.save({"type": "notebook", "content": node})
    assert node.metadata.binder.image.path == "o/name"
    assert node.metadata.widgets.state == {}


def test_the_next_notebook_is_not_what_a_hook_made_of_this_one(log: logging.Logger) -> None:
    manager = Keeping()
    install(manager, FACTS, log)
    manager.save(model())
    binder(manager.saved[0])["image"]["path"] = "changed/by-another-hook"
    manager.save(model())
    assert binder(manager.saved[1])["image"] == IMAGE


def test_hooks_before_ours_are_seen(log: logging.Logger) -> None:
    def opts_out(*, model: Any, **_: Any) -> None:
        if model["content"]["metadata"].get("private"):
            model["content"]["metadata"]["binder"] = False

    def clears(*, model: Any, **_: Any) -> None:
        model["content"]["metadata"] = {}

    manager = WithHooks()
    manager.register_pre_save_hook(opts_out)
    install(manager, FACTS, log)
    manager.save(model(private=True))
    assert binder(manager.saved[0]) is False
    manager.hooks.insert(0, clears)
    manager.save(model())
    assert binder(manager.saved[1])["image"] == IMAGE


def test_a_refusal_is_still_one(log: logging.Logger) -> None:
    def refuses(**_: Any) -> None:
        raise PermissionError("not here")

    manager = WithHooks()
    install(manager, FACTS, log)
    manager.register_pre_save_hook(refuses)
    with pytest.raises(PermissionError, match="not here"):
        manager.save(model())


@pytest.mark.parametrize("kind", [Keeping, WithHooks])
def test_an_error_costs_one_line_and_no_save(
    kind: type[Keeping], log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    manager = kind()
    broken = Broken(KeyError)
    install(manager, broken, log)  # type: ignore[arg-type]
    for _ in range(20):
        manager.save(model())
    assert manager.saved == [model()] * 20
    (line,) = caplog.messages
    assert "KeyError at test_saving_hook.py:" in line
    assert "a-secret" not in line
    broken._kind = RecursionError
    for _ in range(20):
        manager.save(model())
    assert manager.saved == [model()] * 40
    assert len(caplog.messages) == 2


def test_a_log_that_fails_costs_no_save(log: logging.Logger) -> None:
    handler = Refusing()
    log.addHandler(handler)
    try:
        for manager in (Keeping(), WithHooks(), Closed()):
            install(manager, Broken(ValueError), log)  # type: ignore[arg-type]
            manager.save(model())
            assert manager.saved == [model()]
    finally:
        log.removeHandler(handler)


def test_a_closed_manager_saves_and_is_told_of_once(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    manager = Closed()
    install(manager, FACTS, log)
    manager.save(model())
    manager.save(model())
    assert manager.saved == [model()] * 2
    (line,) = caplog.messages
    assert "notebooks are not filled in: AttributeError" in line


def test_no_notebook_is_held(log: logging.Logger) -> None:
    class Content(dict[str, Any]):
        """That can be watched."""

    class Forgetful(Keeping):
        def save(self, _: Any, path: str = "") -> str:
            return path

    for facts in (FACTS, Broken(ValueError)):
        manager = Forgetful()
        install(manager, facts, log)  # type: ignore[arg-type]
        content = Content(notebook())
        watched = weakref.ref(content)
        manager.save({"type": "notebook", "content": content})
        del content
        gc.collect()
        assert watched() is None


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "content", "metadata", "binder", "auto", "chunk", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(tree=TREES, metadata=TREES, typed=st.booleans())
def test_nothing_but_the_entry_changes(tree: Any, metadata: Any, typed: bool) -> None:  # noqa: FBT001 - drawn
    saved: Any = {"type": "notebook", "content": {"metadata": metadata}} if typed else tree
    before = copy.deepcopy(saved)
    manager = Keeping()
    install(manager, FACTS, logging.getLogger("binderclip-test-of-saving"))
    manager.save(saved)
    if saved != before:
        assert binder(saved)["auto"] is True
        del saved["content"]["metadata"]["binder"]
        before["content"]["metadata"].pop("binder", None)
    assert saved == before
