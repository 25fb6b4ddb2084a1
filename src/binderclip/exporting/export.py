"""The table of formats, and what each of them leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from binderclip.errors import LossError, Problem, SpecError
from binderclip.exporting import dockerfile, environment_yml, juv, link, myst, pep723, requirements
from binderclip.exporting.model import RUNTIME, Exported, File, Format, Said, Wanted, has
from binderclip.exporting.packages import python_of
from binderclip.spec.model import Binder
from binderclip.spec.shown import key_path, shown

_MAKERS: Mapping[Format, Callable[[Wanted], Said]] = {
    "juv": juv.made,
    "myst": myst.made,
    "pep723": pep723.made,
    "requirements": requirements.made,
    "environment.yml": environment_yml.made,
    "dockerfile": dockerfile.made,
    "link": link.made,
}
_SET = (
    "`binderclip set NOTEBOOK --file requirements.txt` writes one, `binderclip guess NOTEBOOK` "
    "proposes one, `binderclip import NOTEBOOK` takes over another tool's"
)


def export(wanted: Wanted, to: Format, *, accept_loss: bool = False) -> Exported:
    """The environment in the format ``to``. ``host`` counts where the format names a hub; ``auto``
    and unknown keys are nobody else's affair.

    Raises LossError naming what ``to`` cannot say, unless ``accept_loss``; SpecError where there
    is nothing that it could say; Refused where a Dockerfile or a link cannot be made.
    """
    if wanted.binder == Binder():
        raise nothing()
    said = _MAKERS[to](wanted)
    losses = (*_lost(wanted, said, to), *said.losses)
    if losses and not accept_loss:
        raise LossError(losses, hint=_hint(losses))
    return Exported(to, said.data, losses, (*said.notes, *_machine(wanted, said, to)))


def nothing(*, opted_out: bool = False) -> SpecError:
    """For a notebook that says nothing to export."""
    if opted_out:
        problem = Problem("binder", "false, the notebook's opt-out", "an environment")
        return SpecError((problem,), hint="the opt-out goes with `binderclip strip --force`")
    return SpecError((Problem("binder", "nothing", "an environment to export"),), hint=_SET)


def _lost(wanted: Wanted, said: Said, to: Format) -> Iterator[Problem]:
    binder = wanted.binder
    if "binder.host" in said.keys:
        for index, host in enumerate(binder.host[1:], 1):
            yield _problem(f"binder.host[{index}]", host, to)
    places = {
        "image": binder.image,
        "build": binder.build,
        "config": binder.config,
        "content": binder.content,
    }
    for name, place in places.items():
        key = key_path("binder", name)
        if place is not None and key not in said.keys:
            yield _problem(key, place.url, to)
    for file in wanted.files.values():
        if file.key not in said.keys and not _of_machine(file, wanted):
            yield Problem(file.key, "a file", has(to))


def _of_machine(file: File, wanted: Wanted) -> bool:
    """A Python that freezing wrote down, and no person asked for, is no loss."""
    return file.frozen and file.name == RUNTIME and RUNTIME not in wanted.binder.files


def _machine(wanted: Wanted, said: Said, to: Format) -> Iterator[str]:
    for file in wanted.files.values():
        if file.key not in said.keys and _of_machine(file, wanted):
            version = python_of(file) or shown(file.text)
            yield f"it was frozen for Python {version}, which '{to}' does not say"


def _problem(path: str, value: str, to: Format) -> Problem:
    return Problem(path, shown(value), has(to))


def _hint(losses: tuple[Problem, ...]) -> str:
    thaw = any(problem.path.startswith("binder.frozen") for problem in losses)
    humane = "--no-frozen goes by what people wrote; " if thaw else ""
    return f"{humane}--accept-loss writes it all the same"
