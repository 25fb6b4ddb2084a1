"""A kernel of a Jupyter Server, over connections that drop and freeze.

``RemoteKernel`` is its life, over REST; ``channels`` (imported once a kernel boots) is what is
said to it and what it says. Between them:

    channels  jupyter_client's view: a queue for each channel
    talk      what was asked and what is still to come; takes up the thread after a break
    order     each message once, in the kernel's order
    kept      runs in an ipykernel and keeps there what it sent last
    line      one websocket after another
    websocket, wire
"""

from __future__ import annotations

from binderclip.kernels.remote.choosing import choose
from binderclip.kernels.remote.kernel import RemoteKernel
from binderclip.kernels.remote.timing import Timing

__all__ = ["RemoteKernel", "Timing", "choose"]
