"""Environment files as repo2docker reads them: which of them wins, what it would build, and what
surprises people about that.
"""

from __future__ import annotations

from binderclip.rees.listings import Embedded, FolderListing, Listing, Overlaid
from binderclip.rees.model import Ignored, Report, Trap
from binderclip.rees.table import (
    EXECUTABLE,
    Buildpack,
    Choice,
    RuntimeTxt,
    Unbuildable,
    choose,
    config_folder,
    is_package,
    parsed_toml,
    requires_python,
)

__all__ = [
    "EXECUTABLE",
    "Buildpack",
    "Choice",
    "Embedded",
    "FolderListing",
    "Ignored",
    "Listing",
    "Overlaid",
    "Report",
    "RuntimeTxt",
    "Trap",
    "Unbuildable",
    "choose",
    "config_folder",
    "is_package",
    "parsed_toml",
    "report",
    "requires_python",
]


def report(listing: Listing) -> Report:
    """How repo2docker would build ``listing``. Raises Refused for what is not read here although
    repo2docker would: files of over 1 MiB, links that lead out.
    """
    from binderclip.rees import reporting  # noqa: PLC0415 - a launch needs none of it

    return reporting.report(listing)
