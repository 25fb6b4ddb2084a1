"""The command line of a kernel."""

from __future__ import annotations

from pathlib import Path

from binderclip.kernels.choice import KernelChoice

_LAUNCHER = ["-m", "ipykernel_launcher"]

# What `-m ipykernel_launcher` does, with two differences. ipykernel finds no debugpy while it
# looks for one, a fifth of its start: nobody could attach a debugger to a kernel of ours, and code
# in it imports debugpy as ever. And no output is dropped when more than a thousand are on their
# way, which ZeroMQ does by default and without a word.
_SCRIPT = """
import sys
if sys.path[0] == "":
    del sys.path[0]
sys.modules["debugpy"] = None
try:
    import ipykernel.debugger
except ImportError:
    pass
del sys.modules["debugpy"]
import ipykernel_launcher
import zmq
from ipykernel.kernelapp import IPKernelApp
class Kernel(IPKernelApp):
    def init_iopub(self, context):
        context.setsockopt(zmq.SNDHWM, 0)
        super().init_iopub(context)
sys.argv[0] = ipykernel_launcher.__file__
Kernel.launch_instance()
"""


def command(choice: KernelChoice, connection_file: Path) -> list[str]:
    """What to run for ``choice``, with the connection file in its place."""
    argv = [word.replace("{connection_file}", str(connection_file)) for word in choice.argv]
    if not choice.ipython:
        return argv
    if "-m" in argv:
        at = argv.index("-m")
        if argv[at : at + 2] == _LAUNCHER:
            argv[at : at + 2] = ["-c", _SCRIPT]
    # A history of its own: the person's file is no place for it, and a slow one.
    return [*argv, "--HistoryManager.hist_file=:memory:"]
