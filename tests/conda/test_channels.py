"""Names of channels lead where the person's conda has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from binderclip.conda import channels
from binderclip.errors import ConfigError


def _condarc(text: str) -> None:
    Path(os.environ["CONDARC"]).write_text(text, "utf-8")


def test_without_settings_names_are_those_of_the_public_channels() -> None:
    naming = channels.naming()
    assert naming.urls("conda-forge") == ("https://conda.anaconda.org/conda-forge",)
    assert naming.urls("a/label/dev") == ("https://conda.anaconda.org/a/label/dev",)
    assert naming.urls("https://e.org/c/") == ("https://e.org/c",)
    assert naming.urls("file:///srv/c") == ("file:///srv/c",)
    assert naming.urls("defaults") == (
        "https://repo.anaconda.com/pkgs/main",
        "https://repo.anaconda.com/pkgs/r",
    )


def test_the_persons_settings_are_in_force() -> None:
    _condarc(
        "channel_alias: https://mirror.example/conda/\n"
        "custom_channels: {corporate: 'https://me:hunter2@in.example/'}\n"
        "default_channels: [https://mirror.example/main]\n"
        "custom_multichannels: {both: [corporate, conda-forge]}\n"
    )
    naming = channels.naming()
    assert naming.urls("conda-forge") == ("https://mirror.example/conda/conda-forge",)
    assert naming.urls("corporate/label/x") == ("https://me:hunter2@in.example/corporate/label/x",)
    assert naming.urls("defaults") == ("https://mirror.example/main",)
    assert naming.urls("both")[1] == "https://mirror.example/conda/conda-forge"
    assert "hunter2" not in repr(naming)


def test_the_variable_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    _condarc("channel_alias: https://mirror.example")
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", "https://other.example")
    assert channels.naming().urls("x") == ("https://other.example/x",)


@pytest.mark.parametrize("text", ["- a", "channel_alias: [x]", "custom_channels: 3", ""])
def test_settings_of_another_form_say_nothing(text: str) -> None:
    _condarc(text)
    assert channels.naming().urls("x") == ("https://conda.anaconda.org/x",)


def test_settings_that_are_no_yaml_are_an_error() -> None:
    _condarc("a: b: c")
    with pytest.raises(ConfigError, match="condarc"):
        channels.naming()
