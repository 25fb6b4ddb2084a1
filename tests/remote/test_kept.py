"""What a kernel keeps of what it sent, and how much of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from binderclip.kernels.remote import kept
from binderclip.kernels.remote.kept import Kept


def frames(number: int, content: bytes = b"{}", prefix: str = "k_1") -> list[Any]:
    header = json.dumps({"msg_id": f"{prefix}_{number}"}).encode()
    return [header, b"{}", b"{}", content]


def filled(count: int, size: int = 2) -> Kept:
    made = Kept("k_1")
    for number in range(1, count + 1):
        made.keep("iopub", frames(number, b"x" * size))
    return made


def look(made: Kept, after: int = 0, **have: Any) -> tuple[dict[str, Any], list[int]]:
    content, parts = made.look({"after": after, "have": have})
    found, at = [], 0
    for _, count in content["kept"]:
        found.append(int(json.loads(parts[at])["msg_id"].rpartition("_")[2]))
        at += count
    assert at == len(parts)
    return content, found


def test_what_is_not_had_is_given_in_order() -> None:
    content, found = look(filled(6), k_1=[[1, 2], [4, 4]])
    assert found == [3, 5, 6]
    assert (content["upto"], content["now"], content["last"], content["gone"]) == (6, 6, 6, 0)
    assert look(filled(6), after=6)[1] == []


def test_a_forked_childs_messages_are_other_ones() -> None:
    made = filled(1)
    made.keep("iopub", frames(1, prefix="k_2"))
    content, found = look(made, k_1=[[1, 1]])
    assert (found, content["last"]) == ([1], 1)
    assert look(made, k_1=[[1, 1]], k_2=[[0, 3]])[1] == []


def test_large_answers_come_in_parts() -> None:
    made = filled(5, size=kept.ANSWER_BYTES // 2)
    found, after = [], 0
    while True:
        content, part = look(made, after)
        assert part
        found += part
        after = content["upto"]
        if after == content["now"]:
            break
    assert found == [1, 2, 3, 4, 5]


def test_the_oldest_go_and_are_counted() -> None:
    made = filled(kept.MAX_MESSAGES + 10)
    content, found = look(made)
    assert content["gone"] == 10
    assert found[0] == 11
    assert look(made, k_1=[[1, 4], [8, 9]])[0]["gone"] == 4
    assert look(made, after=10)[0]["gone"] == 0
    assert look(made, after=3)[0]["gone"] == 7


def test_bytes_are_bounded() -> None:
    made = filled(10, size=10 * 2**20)
    assert made._bytes <= kept.MAX_BYTES
    content, found = look(made)
    assert content["gone"] == 10 - 6
    assert found[0] == 5


def test_one_that_is_too_large_does_not_drive_out_the_others() -> None:
    made = filled(3)
    made.keep("iopub", frames(4, b"x" * (kept.MAX_BYTES + 1)))
    made.keep("iopub", frames(5))
    content, found = look(made)
    assert (found, content["gone"]) == ([1, 2, 3, 5], 1)
    assert look(made, k_1=[[1, 5]])[0]["gone"] == 0


def test_buffers_are_copied() -> None:
    made, buffer = Kept("k_1"), bytearray(b"before")
    made.keep("iopub", [*frames(1), memoryview(buffer)])
    buffer[:] = b"after!"
    assert made.look({"after": 0, "have": {}})[1][-1] == b"before"


def test_an_unknown_kernel_is_left_as_it_is() -> None:
    class Odd:
        control_handlers: dict[str, Any] = {}  # noqa: RUF012 - a stand-in
        shell_handlers: dict[str, Any] = {}  # noqa: RUF012 - a stand-in
        session = object()
        iopub_socket = object()

    with pytest.raises(AttributeError):
        kept.install(Odd())
    assert not Odd.control_handlers
