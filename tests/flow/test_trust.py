"""What was said yes to is believed only where nobody else could have written it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from binderclip.errors import CacheError
from binderclip.trust import TrustStore

if TYPE_CHECKING:
    from pathlib import Path

KEY = "0" * 64


@pytest.mark.parametrize("name", ["", "trust.json"])
def test_a_store_that_others_may_write_to_is_not_believed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "state"
    store = TrustStore(folder)
    store.grant(KEY, "https://example.org/a.ipynb")
    assert store.trusts(KEY, "https://example.org/a.ipynb")
    (folder / name).chmod(0o777)
    with pytest.raises(CacheError, match="others may write to"):
        store.trusts(KEY, "https://example.org/a.ipynb")
