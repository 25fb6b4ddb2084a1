"""Runs one notebook as the command line does, in a process that tests interrupt and kill.

    driver.py PREFIX FOLDER NOTEBOOK [WRAPPER]

Prints each event's kind as it comes, then "error CODE" or "done".
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from binderclip import execute
from binderclip.errors import BinderclipError
from binderclip.notebook import read
from binderclip.session import Runtime, Session


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    prefix, folder, notebook = map(Path, sys.argv[1:4])
    for name in ("home", "run"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    runtime = Runtime(
        prefix=prefix,
        home=folder / "home",
        run=folder / "run",
        environ={"PATH": os.environ["PATH"], "HOME": str(folder / "home")},
        wrapper=Path(sys.argv[4]) if len(sys.argv) > 4 else None,
    )
    await execute.run(
        read(notebook).notebook,
        Session("local", "test", runtime=runtime),
        cwd=folder,
        output=folder / "out.ipynb",
        options=execute.RunOptions(),
        observe=lambda event: say(type(event).__name__),
    )


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except BinderclipError as error:
        say(f"error {error.code} {error.message}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say("killed")
        sys.exit(130)
    say("done")
