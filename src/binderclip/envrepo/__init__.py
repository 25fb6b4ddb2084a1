"""An environment as a Git repository of one commit, the same for ever, which any BinderHub builds
to just that environment. docs/environment-repositories.md says what is in it.

    async with NetworkSources(cache, guard) as sources:
        packed = await pack(environment, sources)
    packed.commit, pack_file(packed.objects)
"""

from binderclip.envrepo.model import HUBS, File, Limits, Object, Packed, Prefer
from binderclip.envrepo.objects import commit_of, pack_file
from binderclip.envrepo.packing import needs_none, pack, part
from binderclip.envrepo.pushing import Pushed, Remote, default_branch, push
from binderclip.envrepo.sources import NetworkSources, Sources

__all__ = [
    "HUBS",
    "File",
    "Limits",
    "NetworkSources",
    "Object",
    "Packed",
    "Prefer",
    "Pushed",
    "Remote",
    "Sources",
    "commit_of",
    "default_branch",
    "needs_none",
    "pack",
    "pack_file",
    "part",
    "push",
]
