"""What a run is asked and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from binderclip import parameters
from binderclip.errors import BadParameter
from binderclip.execute.failures import CellError
from binderclip.kernels import KernelChoice
from binderclip.spec.model import JSON


@dataclass(frozen=True, slots=True)
class RunOptions:
    """``timeout_s`` is for each cell; ``kernel`` names another than the notebook's; ``max_output``
    is how many characters all outputs together may have, so that a cell that never stops showing
    things fills neither memory nor disk.
    """

    parameters: Mapping[str, JSON] = field(default_factory=dict)
    timeout_s: float | None = None
    allow_errors: bool = False
    kernel: str | None = None
    max_output: int = 512 * 2**20


@dataclass(frozen=True, slots=True)
class RunResult:
    """``seconds`` from the kernel's start to its end; ``cells_run`` counts the cells that were
    executed; ``errors`` are those that were allowed; ``output`` is where the result was saved,
    and ``notebook`` its content.
    """

    seconds: float
    cells_run: int
    output: Path | None
    notebook: bytes = field(repr=False)
    errors: tuple[CellError, ...] = ()


def check(options: RunOptions, choice: KernelChoice) -> None:
    """Raises BadParameter for parameters that cannot be given to a kernel."""
    if not options.parameters:
        return
    if choice.language != "python":
        raise BadParameter(
            f"parameters are written into notebooks in Python, and the kernel {choice.name!r} "
            f"takes {choice.language or 'another language'!r}"
        )
    parameters.python_code(options.parameters)
