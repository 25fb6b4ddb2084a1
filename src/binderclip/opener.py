"""A page that leads a browser to an address with a token, so that the token is in no list of
processes: a browser is started with the page's path alone.
"""

from __future__ import annotations

import html
import os
from pathlib import Path

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Opening the notebook</title>
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}"></head>
<body><p>If nothing happens, <a href="{url}">open the notebook</a>.</p></body>
</html>
"""


def write(folder: Path, url: str) -> Path:
    """Write the page into ``folder``, a private one; its path. The file is the owner's alone.
    Raises OSError.
    """
    path = folder / "open.html"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(_PAGE.format(url=html.escape(url)))
    return path
