"""What a machine itself provides, in conda's terms: its libc, its kernel, its GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from binderclip.platforms import this_platform

if TYPE_CHECKING:
    from rattler import GenericVirtualPackage, VirtualPackage

_GLIBC = "2.35"  # Ubuntu 22.04, repo2docker's image
_LINUX = "5.10"
_MACOS = "13.0"
_PROCESSORS = {"64": "x86_64", "32": "x86", "arm64": "m1"}


def provided(platform: str, *, here: bool) -> Sequence[VirtualPackage | GenericVirtualPackage]:
    """``here``: by this machine, if it is of the platform; with ``CONDA_OVERRIDE_…`` in force as
    in conda. Otherwise by any machine of the platform that is no older than repo2docker's image,
    and has no GPU.
    """
    import rattler  # noqa: PLC0415 - an extra
    from rattler.virtual_package.virtual_package import (  # noqa: PLC0415 - an extra
        VirtualPackageOverrides,
    )

    if here and platform == this_platform():
        return rattler.VirtualPackage.detect(VirtualPackageOverrides.from_env())
    system, _, processor = platform.partition("-")
    stated = {"__archspec": ("1", _PROCESSORS.get(processor, processor))}
    if system == "linux":
        stated |= {"__unix": ("0", "0"), "__linux": (_LINUX, "0"), "__glibc": (_GLIBC, "0")}
    elif system == "osx":
        stated |= {"__unix": ("0", "0"), "__osx": (_MACOS, "0")}
    elif system == "win":
        stated |= {"__win": ("10", "0")}
    return [
        rattler.GenericVirtualPackage(
            rattler.PackageName(name), rattler.Version(version), rattler.package.BuildString(build)
        )
        for name, (version, build) in stated.items()
    ]
