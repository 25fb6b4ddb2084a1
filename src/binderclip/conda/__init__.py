"""Conda environments: ``environment.yml`` read, solved, written exactly and installed.

The work is py-rattler's (extra ``conda``), which is imported only inside functions.
"""

from __future__ import annotations

from binderclip.conda.exactly import exact
from binderclip.conda.installing import install
from binderclip.conda.model import CondaFile, Pinned, Solution
from binderclip.conda.rattle import available
from binderclip.conda.reading import read
from binderclip.conda.solving import solve
from binderclip.conda.specs import name_of

__all__ = [
    "CondaFile",
    "Pinned",
    "Solution",
    "available",
    "exact",
    "install",
    "name_of",
    "read",
    "solve",
]
