"""Servers of other kinds: with TLS, with the older protocol, with rules, with older kernels."""

from __future__ import annotations

import asyncio
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
import uv
from tests.execute.conftest import notebook
from tests.remote.conftest import QUICK, Running, RunThere, run_there, serving
from tests.remote.cutting import Cutter
from tests.remote.test_breaks import COUNT, COUNTED, once_in

WIDGET = (
    "from comm import create_comm\n"
    "c = create_comm(target_name='jupyter.widget', comm_id='one', buffers=[b'\\x00\\xff'],\n"
    "    data={'state': {'_model_name': 'M', '_model_module': 'm'}, 'buffer_paths': [['b']]})"
)


@pytest.mark.slow
def test_tls_is_verified_by_name(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    options = f"--ServerApp.certfile={tmp_path / 'server.pem'}", "--ServerApp.ip=localhost"
    with serving(tools, tmp_path / "server", *options, base="https://localhost") as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        ran = asyncio.run(run_there(running, tmp_path / "out.ipynb", notebook("print(1)")))
        ran.load()
        assert ran.error is None
        assert ran.said(0) == "1\n"


@pytest.mark.slow
def test_the_older_protocol_is_spoken_too(tools: Path, tmp_path: Path) -> None:
    option = "--ZMQChannelsWebsocketConnection.kernel_ws_protocol="
    with (
        serving(tools, tmp_path / "server", option) as running,
        Cutter(running.port).serving() as cutter,
    ):
        ran = asyncio.run(
            run_there(
                running,
                tmp_path / "out.ipynb",
                notebook(COUNT, WIDGET),
                through=cutter,
                observe=once_in(1, cutter.cut, 0.3),
            )
        )
    ran.load()
    assert (ran.error, ran.notices()) == (None, [])
    assert ran.said(0) == COUNTED
    widgets = ran.content["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    assert widgets["state"]["one"]["buffers"][0]["data"] == "AP8="


@pytest.mark.slow
def test_a_server_that_takes_known_requests_alone(tools: Path, tmp_path: Path) -> None:
    """The kernel cannot be asked for what it keeps: it is as one that keeps nothing."""
    known = ["execute_request", "kernel_info_request", "comm_msg"]
    option = f"--MappingKernelManager.allowed_message_types={json.dumps(known)}"
    with (
        serving(tools, tmp_path / "server", option) as running,
        Cutter(running.port).serving() as cutter,
    ):
        ran = asyncio.run(
            run_there(
                running,
                tmp_path / "out.ipynb",
                notebook(COUNT, "print('on')"),
                through=cutter,
                observe=once_in(1, cutter.freeze, 0.3),
                timing=replace(QUICK, answer_s=2.0),
            )
        )
    ran.load()
    assert ran.error is None
    assert any("outputs may be missing" in line for line in ran.notices())
    assert ran.said(1) == "on\n"


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["ipykernel>=6,<6.10", "ipykernel>=6.29,<7"])
def test_older_kernels_keep_what_they_send_too(
    run: RunThere, jupyter: Running, cutter: Cutter, tmp_path: Path, wanted: str
) -> None:
    command, python = uv.find_uv_bin(), tmp_path / "old" / "bin" / "python"
    subprocess.run([command, "venv", "-q", python.parent.parent], check=True)
    subprocess.run([command, "pip", "install", "-q", "--python", python, wanted], check=True)
    launcher = "-m", "ipykernel_launcher", "-f"
    jupyter.add_kernel("old", str(python), *launcher, language="python")
    ran = run(
        notebook(COUNT, COUNT, "print('on')"),
        kernel="old",
        through=cutter,
        observe=lambda event: [
            once_in(1, cutter.freeze, 0.3)(event),
            once_in(2, cutter.cut, 0.3)(event),
        ],
    )
    assert (ran.error, ran.notices()) == (None, [])
    assert [ran.said(0), ran.said(1), ran.said(2)] == [COUNTED, COUNTED, "on\n"]
