"""Why a server would not do what was asked of it with a file, in words."""

from __future__ import annotations

from binderclip.addresses.masking import printable
from binderclip.errors import SessionError
from binderclip.servers import Server
from binderclip.servers.paths import hidden, parent
from binderclip.web import Answer

TOO_LARGE = 413
# What Jupyter Server passes on from the system, by a part of its message.
_BY_MESSAGE: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("Errno 28]", "No space left"),
        "its disk is full",
        "remove something there, or ask those who run it for more room",
    ),
    (
        ("Errno 122]", "quota exceeded"),
        "your share of its disk is used up",
        "remove something there, or ask those who run it for more room",
    ),
    (
        ("Permission denied", "Errno 30]", "Read-only file system"),
        "it may not write there",
        "use a folder of the server that you may write to",
    ),
    (("Errno 36]", "File name too long"), "the name is too long for it", "use a shorter name"),
    (("Errno 20]", "Not a directory"), "a file stands where a folder should", "use another name"),
)


def refused(server: Server, what: str, path: str, answer: Answer) -> SessionError:
    """The error for an answer that is not the one that was hoped for. ``what`` and ``path`` make
    a phrase: "saving" and "data/x.csv".
    """
    asked = f"{what} {printable(path)!r}"
    said = printable(answer.said)
    if hidden(path) and answer.status in {400, 403, 404}:
        return missing(server, path)
    if answer.status == TOO_LARGE:
        return SessionError(
            f"{server.shown} answered 413 to {asked}: it, or a proxy before it, takes no request"
            " of that size",
            hint="those who run it can raise the limit; or let the notebook fetch the file itself",
        )
    for parts, why, hint in _BY_MESSAGE:
        if any(part in answer.said for part in parts):
            return SessionError(f"{server.shown} refused {asked}: {why} ({said})", hint=hint)
    if "Errno 2]" in answer.said:
        return no_folder(server, what, path)
    return server.refused(asked, answer)


def no_folder(server: Server, what: str, path: str) -> SessionError:
    """The error for a file whose folder is not there."""
    return SessionError(
        f"{server.shown} refused {what} {printable(path)!r}: there is no folder"
        f" {printable(parent(path))!r}"
    )


def missing(server: Server, path: str) -> SessionError:
    """The error for a file that is not there, or that the server keeps to itself."""
    if hidden(path):
        return SessionError(
            f"{server.shown} gives no access to {printable(path)!r}: servers keep to themselves"
            " what has a name that begins with a dot",
            hint="use a name without the dot, or set c.ContentsManager.allow_hidden = True there",
        )
    return SessionError(f"{server.shown} has no file {printable(path)!r}")
