"""What git says to a server that it fetches from, protocol version 0 over HTTP.

Sources of the format: https://git-scm.com/docs/gitprotocol-common#_pkt_line_format and
https://git-scm.com/docs/gitprotocol-pack#_packfile_negotiation
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FLUSH = b"0000"
NAK = b"0008NAK\n"

_HEAD_BYTES = 4
_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")
# What follows the first want's name are the client's capabilities, which change nothing here.
_WANT = re.compile(rb"want ([0-9a-f]{40})(?:\n| [^\0\n]*\n?)?")
_SHALLOW = re.compile(rb"(?:un)?shallow [0-9a-f]{40}\n?")
_DEEPEN = re.compile(rb"deepen [1-9][0-9]{0,9}\n?")
_HAVE = re.compile(rb"have [0-9a-f]{40}\n?")
_DONE = re.compile(rb"done\n?")


class Malformed(Exception):
    """The message says what was found in words, and nothing of the request itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``wants`` are commits, each once. ``deepens``: the answer begins with what is cut off where.
    ``rounds`` are the flushes behind the haves, each of which is to be answered; ``done`` asks for
    the pack.
    """

    wants: tuple[str, ...] = ()
    deepens: bool = False
    rounds: int = 0
    done: bool = False


def line(text: str) -> bytes:
    """One packet, with the line end that git likes."""
    data = f"{text}\n".encode()
    return f"{len(data) + _HEAD_BYTES:04x}".encode() + data


def asked(body: bytes) -> Asked:
    """What the body of a ``git-upload-pack`` request asks for. Raises Malformed."""
    packets = _packets(body)
    wants: dict[str, None] = {}
    deepens = False
    for packet in packets:
        if packet is None:
            break
        if found := _WANT.fullmatch(packet):
            wants[found[1].decode("ascii")] = None
        elif _DEEPEN.fullmatch(packet):
            deepens = True
        elif not _SHALLOW.fullmatch(packet):
            raise Malformed(
                "found a line that is no want, shallow or deepen before the first flush"
            )
    else:
        if wants or deepens:
            raise Malformed("found no flush behind what is wanted")
        return Asked()
    if not wants:
        return _nothing(packets)
    rounds, done = _negotiation(packets)
    return Asked(tuple(wants), deepens, rounds, done)


def _nothing(packets: Iterator[bytes | None]) -> Asked:
    """A flush alone, by which git tries out whether it may send more."""
    for _ in packets:
        raise Malformed("found more behind a flush, and nothing wanted before it")
    return Asked()


def _negotiation(packets: Iterator[bytes | None]) -> tuple[int, bool]:
    rounds = 0
    for packet in packets:
        if packet is None:
            rounds += 1
        elif _DONE.fullmatch(packet):
            for _ in packets:
                raise Malformed("found more behind the word done")
            return rounds, True
        elif not _HAVE.fullmatch(packet):
            raise Malformed("found a line that is no have and no done behind the first flush")
    return rounds, False


def _packets(body: bytes) -> Iterator[bytes | None]:
    """The payload of each; None for a flush."""
    at = 0
    while at < len(body):
        head = body[at : at + _HEAD_BYTES]
        if not _LENGTH.fullmatch(head):
            raise Malformed("found a packet that does not begin with its length in four hex digits")
        length = int(head, 16)
        if length == 0:
            yield None
            at += _HEAD_BYTES
            continue
        if length <= _HEAD_BYTES:
            raise Malformed("found a packet of protocol version 2, or an empty one")
        if at + length > len(body):
            raise Malformed("found a packet that is cut off")
        yield body[at + _HEAD_BYTES : at + length]
        at += length
