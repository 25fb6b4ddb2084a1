"""A kernel of a Jupyter Server, over connections that drop and freeze.

``RemoteKernel`` is its life, over REST; ``channels`` (imported once a kernel boots) is what is
said to it and what it says. Between them:

    channels  jupyter_client's view: a queue for each channel
    talk      takes up the thread after a break
    asking    requests of our own, repeated until they are answered
    cell      a cell that is being executed, and its end
    order     each message once, in the kernel's order
    memory    fetches what was lost from ``kept``, which runs in an ipykernel and keeps there
              what it sent last
    line      one websocket after another
    websocket, wire
"""

from __future__ import annotations

from binderclip.kernels.remote.choosing import choose
from binderclip.kernels.remote.kernel import RemoteKernel
from binderclip.kernels.remote.timing import Timing

__all__ = ["RemoteKernel", "Timing", "choose"]
