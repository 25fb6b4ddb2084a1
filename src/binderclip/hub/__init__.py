"""For operators of JupyterHubs: one line in ``jupyterhub_config.py`` tells every server where its
environment comes from.

    import binderclip.hub

    binderclip.hub.configure(build="https://github.com/owner/environment@main")
"""

from __future__ import annotations

from binderclip.hub.configuring import configure

__all__ = ["configure"]
