"""Records a command as it looks on a terminal: ``python dev/picture.py OUT.svg COMMAND…``.

The command runs for real, on a pseudo-terminal; what stands on the screen at its end becomes an
SVG. The README's picture is made with:

    python dev/picture.py docs/run.svg binderclip run lotka-volterra.ipynb
"""

from __future__ import annotations

import itertools
import os
import pty
import re
import sys
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 92, 40


def screen_of(argv: list[str]) -> pyte.Screen:
    """Run ``argv`` on a pseudo-terminal; return its screen at the end."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
        os.execvp(argv[0], argv)  # noqa: S606 - a command of the caller's
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        stream.feed(data)
    os.waitpid(child, 0)
    return screen


def line_of(screen: pyte.Screen, number: int) -> Text:
    """One line of the screen, with its colours."""
    text = Text()
    cells = [screen.buffer[number][column] for column in range(screen.columns)]
    for (name, bold), run in itertools.groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
        colour = None if name == "default" else name.replace("brown", "yellow")
        text.append("".join(cell.data for cell in run), Style(color=colour, bold=bold))
    text.rstrip()
    return text


def main() -> None:
    """Record and write."""
    target, argv = Path(sys.argv[1]), sys.argv[2:]
    screen = screen_of(argv)
    console = Console(record=True, width=COLUMNS, file=Path(os.devnull).open("w"))  # noqa: SIM115 - until exit
    console.print(Text.assemble(("$ ", "bold green"), (" ".join(argv), "bold")))
    last = max(n for n in range(screen.lines) if screen.display[n].strip())
    for number in range(last + 1):
        console.print(line_of(screen, number), no_wrap=True, crop=True)
    # Rich names a font of the web; whoever looks has a fixed-width one.
    svg = console.export_svg(title="binderclip")
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    target.write_text("".join(f"{line.rstrip()}\n" for line in svg.splitlines()), "utf-8")


if __name__ == "__main__":
    main()
