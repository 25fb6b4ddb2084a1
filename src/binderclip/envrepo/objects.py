"""Files → the objects of one commit, the same for ever; and objects → a pack file.

Sources of the formats: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects and
https://git-scm.com/docs/gitformat-pack. SHA-1, since builders clone nothing else.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from binderclip.envrepo.model import File, Kind, Object

# All of this is part of every commit's name, and so of what hubs have built: never change it.
# The date is one that archives can hold, which begin at 1980: builds take times from commits.
_WHO = "binderclip <environments@binderclip.invalid> 946684800 +0000"
_MESSAGE = "A notebook's environment, to be built as it is\n"

_Folder: TypeAlias = "dict[str, File | _Folder]"

_NUMBERS: Mapping[Kind, int] = {"commit": 1, "tree": 2, "blob": 3}
"""Of the kinds, in a pack."""


def commit_of(files: Iterable[File]) -> tuple[str, tuple[Object, ...]]:
    """The name of the one commit that has just ``files``, and its objects as Packed has them.

    Raises ValueError for two files that want one place.
    """
    root: _Folder = {}
    for file in files:
        _put(root, file)
    trees: list[Object] = []
    blobs: dict[str, Object] = {}
    tree = _tree(root, trees, blobs)
    text = f"tree {tree}\nauthor {_WHO}\ncommitter {_WHO}\n\n{_MESSAGE}"
    commit = _object("commit", text.encode())
    found = {one.id: one for one in (commit, *reversed(trees))} | blobs
    return commit.id, tuple(found.values())


def pack_file(objects: Sequence[Object]) -> bytes:
    """A pack of ``objects``, version 2, without deltas."""
    pack = bytearray(b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big"))
    for one in objects:
        pack += _head(one) + zlib.compress(one.body)
    return bytes(pack + hashlib.sha1(pack, usedforsecurity=False).digest())


def _put(root: _Folder, file: File) -> None:
    *folders, name = file.path.split("/")
    here = root
    for folder in folders:
        inner = here.setdefault(folder, {})
        if isinstance(inner, File):
            raise ValueError(f"{inner.path}: a file, and a folder for {file.path}")  # noqa: TRY004 - a clash
        here = inner
    if name in here:
        raise ValueError(f"{file.path}: a second one, or a folder of that name")
    here[name] = file


def _tree(folder: _Folder, trees: list[Object], blobs: dict[str, Object]) -> str:
    """The name of a folder's tree; what it consists of is added, folders after what is in them."""
    rows = []
    for name, inner in folder.items():
        raw = name.encode()
        if isinstance(inner, File):
            blob = _object("blob", inner.content)
            blobs[blob.id] = blob
            rows.append((raw, inner.mode, blob.id))
        else:
            # git sorts folders as if their names ended in a slash.
            rows.append((raw + b"/", "40000", _tree(inner, trees, blobs)))
    body = b"".join(
        mode.encode() + b" " + raw.removesuffix(b"/") + b"\0" + bytes.fromhex(name)
        for raw, mode, name in sorted(rows)
    )
    tree = _object("tree", body)
    trees.append(tree)
    return tree.id


def _object(kind: Kind, body: bytes) -> Object:
    digest = hashlib.sha1(f"{kind} {len(body)}\0".encode(), usedforsecurity=False)
    digest.update(body)
    return Object(digest.hexdigest(), kind, body)


def _head(one: Object) -> bytes:
    """The kind and the size of the body: four bits of that, then seven a byte, lowest first."""
    size = len(one.body)
    head = [_NUMBERS[one.kind] << 4 | size & 0xF]
    size >>= 4
    while size:
        head[-1] |= 0x80
        head.append(size & 0x7F)
        size >>= 7
    return bytes(head)
