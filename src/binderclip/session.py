"""What a target hands out once an environment is up: inert data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Runtime:
    """An environment realised on this machine.

    ``prefix`` is the environment's root (``prefix/bin/python``, ``prefix/share/jupyter``);
    ``home`` is the session's own folder, removed when the session stops; ``run`` is a private
    folder beside it (mode 0700) for sockets, connection files and the records of processes;
    ``checkout`` is the pristine working copy of the ``build`` repository, to be copied, never
    written to; ``wrapper`` is the environment's ``start`` script, or one that runs it in an
    activated conda environment, and gets the command to run as its arguments; ``environ`` is the
    whole environment of a process started here.
    """

    prefix: Path
    home: Path
    run: Path
    environ: Mapping[str, str] = field(repr=False)
    checkout: Path | None = None
    wrapper: Path | None = None

    @property
    def python(self) -> Path:
        return self.prefix / "bin" / "python"


@dataclass(frozen=True, slots=True)
class HubServer:
    """A server as its JupyterHub knows it: ``api`` is the hub's REST API, an address that ends in
    ``/hub/api/``; ``name`` is empty for the user's default server. ``started`` is when it was
    started for us (RFC 3339, by the hub's clock), by which one is known that the person started
    later; ``made`` is True where the named server did not exist before, and goes with the session.
    ``token_id`` is the hub's name for the token that was made for the session, and ends with it.
    """

    api: str
    user: str
    name: str = ""
    started: str | None = None
    made: bool = False
    token_id: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One running environment.

    ``url`` (it ends in ``/``) and ``token`` are those of a Jupyter Server; ``runtime`` is set
    instead where the environment is a folder of this machine. ``hub`` is set where a JupyterHub
    ends the server, which takes the person's own token for that hub: ``token`` opens this server
    alone where the hub makes such tokens. ``owned`` is False for a server that ran before:
    stopping the session leaves it running. ``throwaway`` is True where the server's home is the
    session's alone, and goes with it. ``launch`` is set where a gateway of ours ends it: the
    address of the launch in its API, which takes the person's token for that gateway. The token
    never shows in ``repr``.
    """

    target: str
    id: str
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    runtime: Runtime | None = None
    hub: HubServer | None = None
    owned: bool = True
    throwaway: bool = False
    launch: str | None = None
