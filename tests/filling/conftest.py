"""Git checkouts, and the command line."""

from __future__ import annotations

from tests.cli.conftest import run  # noqa: F401 - pytest looks for it here
from tests.links.conftest import _quiet_git, checkout  # noqa: F401 - as above
