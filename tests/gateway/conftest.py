"""What the suites of the service share; rig.py has the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.gateway.rig import settings_for
from tests.gateway.rig_hub import GatewayHub, gateway_on_hub

from binderclip.gateway.settings.model import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """``local`` alone, under http://gateway.test/."""
    return settings_for(tmp_path)


@pytest.fixture(scope="session")
def gateway_hub(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayHub]:
    """A real JupyterHub with the service; see rig_hub.py."""
    # Notebooks of tests lie on loopback.
    words = ("--allow-network", "127.0.0.0/8")
    with gateway_on_hub(tools, tmp_path_factory.mktemp("gateway-hub"), words=words) as found:
        yield found
