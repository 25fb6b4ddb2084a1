"""``c.Binderclip`` in ``jupyter_server_config.py``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from traitlets import Bool, List, Unicode
from traitlets.config import Config, Configurable, LoggingConfigurable

from binderclip.filling import Stated
from binderclip.filling.policies import EXPECTED as POLICIES
from binderclip.filling.policies import brief
from binderclip.filling.words import remark

_NAME = "Binderclip"
_ALIKE = 0.85
_ADDRESSES = "a list of addresses of BinderHubs"
_EXPECTED = {
    "policy": POLICIES,
    "hosts": _ADDRESSES,
    "image": "text like 'quay.io/owner/name:tag'",
    "build": "text like 'https://github.com/owner/name@main'",
    "known_hosts": _ADDRESSES,
    "git": "True or False",
    "allowed_networks": "a list of networks like '10.2.0.0/16'",
}
# What a value is called, where the value itself may be a secret.
_TYPES = {str: "text", bool: "a truth value", int: "a number", type(None): "None"}


class Binderclip(LoggingConfigurable):
    """What an operator or a person says of this server. Each comes before what the environment and
    files of the image say.
    """

    policy = Unicode(
        help="missing, managed or never: which notebooks are filled in when they are saved "
        "[default: $BINDERCLIP_FILL, or missing]."
    ).tag(config=True)
    hosts = List(
        Unicode(),
        help="BinderHubs that launch this environment, the best first "
        "[default: $BINDERCLIP_FILL_HOSTS].",
    ).tag(config=True)
    image = Unicode(
        help="The image of this server, such as quay.io/o/name:tag "
        "[default: $BINDERCLIP_FILL_IMAGE]."
    ).tag(config=True)
    build = Unicode(
        help="The repository that this server's environment is built from, with @REF behind it "
        "[default: $BINDERCLIP_FILL_BUILD]."
    ).tag(config=True)
    known_hosts = List(
        Unicode(),
        help="BinderHubs whose servers may take BINDER_LAUNCH_HOST at its word, besides those of "
        "$BINDERCLIP_FILL_KNOWN_HOSTS.",
    ).tag(config=True)
    git = Bool(
        help="Take the remote and commit of the folder that the server serves, where nothing else "
        "is known [default: $BINDERCLIP_FILL_GIT]."
    ).tag(config=True)
    allowed_networks = List(
        Unicode(),
        help="Networks, such as 10.2.0.0/16, that addresses to open may lead to besides the "
        "public internet.",
    ).tag(config=True)

    def stated(self) -> Stated:
        return Stated(
            policy=self.policy,
            hosts=tuple(self.hosts),
            image=self.image,
            build=self.build,
            known_hosts=tuple(self.known_hosts),
            git=self.git,
        )


@dataclass(frozen=True, slots=True)
class Said:
    """``remarks`` are a line for each setting that is not known, or of a wrong type."""

    stated: Stated
    networks: tuple[str, ...]
    remarks: tuple[str, ...]


def said(app: Configurable) -> Said:
    """What ``app``'s configuration says. Never raises: whoever set something that cannot be read
    wanted something else than the default, so then nothing is filled in.
    """
    section = app.config.get(_NAME)
    section = section if isinstance(section, Mapping) else {}
    usable = {key: value for key, value in section.items() if _fits(key, value)}
    wrong = {key: section[key] for key in section if key in _EXPECTED and key not in usable}
    remarks = [*_strange(app.config, section), *(_wrong(*one) for one in wrong.items())]
    stated, networks = Stated(policy="never"), tuple[str, ...]()
    try:
        # All of it but what is wrong, since traitlets would stop at that, or warn a second time.
        config = Config(app.config)
        config[_NAME] = Config(usable)
        found = Binderclip(parent=app, config=config)
    except Exception as error:  # noqa: BLE001 - configurations are anybody's Python
        kind = type(error).__name__
        remarks.append(f"c.{_NAME}: it cannot be read ({kind}); nothing is filled in")
    else:
        networks = tuple(found.allowed_networks)
        if not wrong.keys() - {"allowed_networks"}:
            stated = found.stated()
    return Said(stated, networks, tuple(remarks))


def _fits(key: str, value: Any) -> bool:
    """Whether ``key`` is a setting, and ``value`` of its type."""
    if key not in _EXPECTED:
        return False
    try:
        Binderclip(config=Config({_NAME: {key: value}}))
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


def _strange(config: Mapping[str, Any], section: Mapping[str, Any]) -> Iterator[str]:
    for key in config:
        near = get_close_matches(key.casefold(), [_NAME.casefold()], cutoff=_ALIKE)
        if near and key != _NAME and config[key]:
            yield remark(f"c.{key}", f"not known; did you mean c.{_NAME}?")
    for key in section:
        if key not in _EXPECTED:
            near = get_close_matches(key, _EXPECTED, n=1)
            known = f"expected one of {', '.join(_EXPECTED)}"
            meant = f"did you mean c.{_NAME}.{near[0]}?" if near else known
            yield remark(f"c.{_NAME}.{key}", f"not known; {meant}")


def _wrong(key: str, value: Any) -> str:
    done = "none is allowed" if key == "allowed_networks" else "nothing is filled in"
    return remark(
        f"c.{_NAME}.{key}", f"found {_found(key, value)}, expected {_EXPECTED[key]}; {done}"
    )


def _found(key: str, value: Any) -> str:
    if isinstance(value, str) and key in {"policy", "git"}:
        return brief(value)
    if isinstance(value, list | tuple):
        others = [one for one in value if not isinstance(one, str)]
        return f"a list with {_typed(others[0])} in it" if others else "a list"
    return _typed(value)


def _typed(value: Any) -> str:
    return next(
        (name for kind, name in _TYPES.items() if isinstance(value, kind)),
        f"a {type(value).__name__}",
    )
