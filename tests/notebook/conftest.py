"""Values and layouts of JSON that the suites share."""

from __future__ import annotations

import json
from typing import Any

import pytest

BINDER: dict[str, Any] = {
    "version": 1,
    "host": "https://binder.example.org",
    "build": {"host": "https://github.com", "path": "owner/environment", "ref": "main"},
    "files": {"requirements.txt": ["numpy\n", "naïve # ☃\n"], "postBuild": "#!/bin/sh\necho\n"},
}


@pytest.fixture(scope="session")
def binder() -> dict[str, Any]:
    """A value with nesting, lists, empty lines and characters beyond ASCII."""
    return BINDER


@pytest.fixture(scope="session")
def plain() -> bytes:
    """A notebook as Jupyter writes it."""
    notebook = {
        "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Hi\n"]}],
        "metadata": {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
