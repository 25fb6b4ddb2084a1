"""Environment files as repo2docker reads them: which of them wins, what it would build, and what
surprises people about that.
"""

from __future__ import annotations

from binderclip.rees.listings import Embedded, FolderListing, Listing, Overlaid
from binderclip.rees.model import Ignored, Report, Trap
from binderclip.rees.reporting import report
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
]
