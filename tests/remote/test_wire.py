"""Messages to bytes and back, in both of the protocols."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.kernels.remote.wire import Malformed, Message, Packer

PACKER = Packer(lambda value: json.dumps(value).encode(), json.loads)
HEADER = {"msg_id": "a_1", "msg_type": "stream"}


def message(content: Any = None, buffers: list[bytes] | None = None) -> Message:
    return {
        "header": HEADER,
        "parent_header": {},
        "metadata": {},
        "content": content or {},
        "buffers": buffers or [],
    }


def test_v1_is_what_its_page_says() -> None:
    # channel, header, parent_header, metadata, content: a count, offsets, and the bytes.
    frames = [b"shell", json.dumps(HEADER).encode(), b"{}", b"{}", b'{"a": 1}']
    offsets, at = [], 8 * 7
    for frame in frames:
        offsets.append(at)
        at += len(frame)
    expected = struct.pack("<7Q", 6, *offsets, at) + b"".join(frames)
    assert PACKER.encode(message({"a": 1}), "shell", v1=True) == expected


def test_the_older_one_is_json_with_a_channel() -> None:
    text = PACKER.encode(message({"a": 1}), "iopub", v1=False)
    assert isinstance(text, str)
    assert json.loads(text)["channel"] == "iopub"


@pytest.mark.parametrize("v1", [True, False])
@given(
    text=st.text(),
    buffers=st.lists(st.binary(max_size=20), max_size=3),
    channel=st.sampled_from(["shell", "iopub", "control", "stdin"]),
)
def test_there_and_back(*, v1: bool, text: str, buffers: list[bytes], channel: str) -> None:
    data = PACKER.encode(message({"text": text}, buffers), channel, v1=v1)
    came_on, came = PACKER.decode(data, v1=v1)
    assert came_on == channel
    assert came["content"] == {"text": text}
    assert [bytes(buffer) for buffer in came["buffers"]] == buffers
    assert (came["msg_id"], came["msg_type"]) == ("a_1", "stream")


@pytest.mark.parametrize("v1", [True, False])
@given(data=st.binary(max_size=80))
def test_nonsense_is_malformed_and_no_more(*, v1: bool, data: bytes) -> None:
    with pytest.raises(Malformed):
        PACKER.decode(data, v1=v1)


@given(at=st.integers(0, 60), byte=st.integers(0, 255))
def test_a_wrong_byte_does_no_harm(at: int, byte: int) -> None:
    whole = PACKER.encode(message({"a": 1}), "shell", v1=True)
    assert isinstance(whole, bytes)
    data = bytearray(whole)
    data[at] = byte
    with suppress(Malformed):
        PACKER.decode(bytes(data), v1=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"channel": "shell"}',
        '{"channel":"shell","header":[],"parent_header":{},"metadata":{},"content":{}}',
        '{"channel":"x","header":{"msg_id":1},"parent_header":{},"metadata":{},"content":{}}',
        "[" * 100_000,
    ],
)
def test_text_that_is_no_message(text: str) -> None:
    with pytest.raises(Malformed):
        PACKER.decode(text, v1=False)
