"""What of other tools is taken over into a notebook, and how all that is found is listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from binderclip import notebook as notebooks
from binderclip import spec
from binderclip.cli.failure import as_json as error_as_json
from binderclip.cli.notebooks import Missed, named
from binderclip.cli.outcomes import Counting, exit_code, tell_refusal
from binderclip.cli.paint import flat, print_json, print_rows
from binderclip.edit import Edited
from binderclip.errors import BinderclipError, NotebookError, Problem, SpecError
from binderclip.importing import Found, Imported, Projects, Tool, conversion, is_marimo, seen_in
from binderclip.notebook import MISSING, Missing, Notebook, NotebookFile
from binderclip.spec.model import JSON

_NOTHING = "no other tool says anything of the environment, in it or beside it"


class Taking:
    """The change that `import` makes to a notebook; project files are read once for all."""

    def __init__(self, tool: Tool | None = None, *, force: bool = False) -> None:
        self._tool = tool
        self._force = force
        self._projects = Projects()

    def __call__(self, file: NotebookFile) -> Edited:
        """Raises NotebookError for a notebook that holds no metadata, SpecError for one that a
        newer version wrote.
        """
        value = file.notebook.get()
        if value is not MISSING and not self._force:
            left = "opted out" if value is False else "names its environment itself"
            return Edited(value, notes=(f"it {left} (--force takes the other tool's)",))
        if is_marimo(file.notebook):
            raise NotebookError(
                f"{file.path}: a notebook of marimo's, which has no metadata to write into",
                hint=f"`{conversion(str(file.path))}` makes an .ipynb of it, which can be imported",
            )
        _refuse_newer(value)
        found = self.found(file.path, file.notebook)
        usable = [one for one in found if isinstance(one, Imported)]
        if not usable:
            return Edited(value, notes=tuple(_why_not(found)) or (self._nothing,))
        return _taken(usable[0], found, value)

    def found(self, path: Path, notebook: Notebook) -> list[Found]:
        """What stands in the notebook; where nothing of that can be used, what lies beside it."""
        own = self._wanted(seen_in(notebook))
        if any(isinstance(one, Imported) for one in own):
            return own
        return own + self._wanted(self._projects.above(path))

    @property
    def _nothing(self) -> str:
        return f"{self._tool} says nothing here" if self._tool else _NOTHING

    def _wanted(self, found: Sequence[Found]) -> list[Found]:
        return [one for one in found if self._tool in {None, one.tool}]


def _taken(best: Imported, found: Sequence[Found], before: JSON | Missing) -> Edited:
    value = spec.write(best.binder)
    if value == before:
        return Edited(value)
    notes = [f"from {best.tool} ({best.where})", *best.remarks]
    if before is not MISSING:
        notes.append("what was there before is gone")
    others = (one for one in found if isinstance(one, Imported) and one is not best)
    notes += (f"{one.tool} says something too ({one.where}); it is not used" for one in others)
    notes += _why_not(found)
    changes = tuple(key for key in value if key != "version") if isinstance(value, dict) else ()
    return Edited(value, changes, tuple(notes))


def _why_not(found: Sequence[Found]) -> Iterator[str]:
    for one in found:
        if not isinstance(one, Imported):
            yield f"{one.tool} ({one.where}) cannot be used: {one.why}"


def _refuse_newer(value: JSON | Missing) -> None:
    if value is MISSING:
        return
    try:
        newer = spec.read(value).newer
    except SpecError:  # what is wrong is to be replaced
        return
    if newer:
        raise SpecError(
            (Problem("binder.version", "a newer version", "1, the newest that is known here"),),
            hint="it is left as it is; `pip install --upgrade binderclip` may know it",
        )


def list_and_tell(
    arguments: Sequence[str], tool: Tool | None, *, as_json: bool, quiet: bool
) -> None:
    """Print all that is found for every notebook, and leave with the exit code."""
    taking, counting = Taking(tool), Counting()
    results: list[tuple[str, list[Found] | BinderclipError]] = []
    for number, one in enumerate(named(arguments), 1):
        counting(number, "read")
        if isinstance(one, Missed):
            results.append((one.path, one.error))
            continue
        try:
            results.append((str(one), taking.found(one, notebooks.read(one).notebook)))
        except BinderclipError as error:
            results.append((str(one), error))
    counting.clear()
    if as_json:
        print_json({"notebooks": [_as_json(path, result) for path, result in results]})
    else:
        for path, result in results:
            if isinstance(result, BinderclipError):
                tell_refusal(path, result)
            elif not quiet:
                _print(path, result)
    errors = [result for _, result in results if isinstance(result, BinderclipError)]
    click.get_current_context().exit(exit_code(errors))


def _print(path: str, found: Sequence[Found]) -> None:
    click.echo(click.style(flat(path), bold=True))
    if not found:
        print_rows("    ", [_NOTHING], indent=4)
    for one in found:
        print_rows("    ", [f"{one.tool} ({one.where}): {_brief(one)}"], indent=6)
        for remark in one.remarks if isinstance(one, Imported) else ():
            print_rows("      ", [remark], indent=6)


def _brief(one: Found) -> str:
    """What it comes to, on one line."""
    if not isinstance(one, Imported):
        return f"cannot be used: {one.why}"
    binder = one.binder
    parts = [f"image {binder.image.url}"] if binder.image else []
    parts += [f"build {binder.build.url}"] if binder.build else []
    parts += sorted(binder.files)
    parts += [f"pinned {name}" for name in (sorted(binder.frozen.files) if binder.frozen else ())]
    parts += [f"on {host}" for host in binder.host]
    return ", ".join(parts)


def _as_json(path: str, result: list[Found] | BinderclipError) -> dict[str, object]:
    if isinstance(result, BinderclipError):
        return {"path": path, **error_as_json(result)}
    return {"path": path, "found": [_found_as_json(one) for one in result]}


def _found_as_json(one: Found) -> dict[str, object]:
    place: dict[str, object] = {"tool": one.tool, "where": one.where}
    if isinstance(one, Imported):
        return {**place, "binder": spec.write(one.binder), "remarks": one.remarks}
    return {**place, "why": one.why}
