"""Kernels of an environment on this machine: which one, started, watched, interrupted, ended.

Nothing here imports jupyter_client or zmq: a kernel is to be booting before those are.
"""

from __future__ import annotations

from binderclip.kernels.choice import KernelChoice, choose
from binderclip.kernels.local import LocalKernel

__all__ = ["KernelChoice", "LocalKernel", "choose"]
