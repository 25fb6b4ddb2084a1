"""What the server's configuration says, and the variables ``BINDERCLIP_FILL…``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from binderclip.errors import BinderclipError
from binderclip.filling.model import POLICIES, Policy, Stated
from binderclip.filling.policies import no_policy
from binderclip.filling.words import Word, broken, host, remark, why, word
from binderclip.spec.model import JSON
from binderclip.spec.shown import shown

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})
_COMMAS = "found commas, expected addresses with spaces between them"


def of_configuration(stated: Stated) -> Iterator[Word]:
    hosts: list[JSON] = [text.strip() for text in stated.hosts if text.strip()]
    if hosts:
        yield word("host", "c.Binderclip.hosts", hosts)
    if image := stated.image.strip():
        yield word("image", "c.Binderclip.image", image)
    if build := stated.build.strip():
        yield word("build", "c.Binderclip.build", build)


def of_variables(environ: Mapping[str, str]) -> Iterator[Word]:
    variable = "BINDERCLIP_FILL_HOSTS"
    said = environ.get(variable, "")
    if hosts := said.split():
        found = word("host", variable, [*hosts])
        wrong = found.value is None and "," in said
        yield broken("host", variable, f"{_COMMAS}; no host is filled in") if wrong else found
    if image := environ.get("BINDERCLIP_FILL_IMAGE", "").strip():
        yield word("image", "BINDERCLIP_FILL_IMAGE", image)
    if build := environ.get("BINDERCLIP_FILL_BUILD", "").strip():
        yield word("build", "BINDERCLIP_FILL_BUILD", build)


def policy(stated: Stated, environ: Mapping[str, str]) -> tuple[Policy, tuple[str, ...]]:
    """And the remarks. Whoever wrote a word that is no policy wanted something else than the
    default, so nothing is written.
    """
    for source, said in (
        ("c.Binderclip.policy", stated.policy.strip()),
        ("BINDERCLIP_FILL", environ.get("BINDERCLIP_FILL", "").strip()),
    ):
        for known in POLICIES:
            if said == known:
                return known, ()
        if said:
            reason = str(no_policy(source, said)).removeprefix(f"{source}: ")
            return "never", (remark(source, f"{reason}; nothing is filled in"),)
    return "missing", ()


def known_hosts(
    stated: Stated, environ: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """BinderHubs whose servers are believed, and remarks about those that are none."""
    found: list[str] = []
    remarks: list[str] = []
    variable = "BINDERCLIP_FILL_KNOWN_HOSTS"
    for source, words in (
        ("c.Binderclip.known_hosts", stated.known_hosts),
        (variable, environ.get(variable, "").split()),
    ):
        for text in filter(None, map(str.strip, words)):
            try:
                found.append(host(text))
            except BinderclipError as error:
                wrong = "," in text and source == variable
                remarks.append(remark(source, _COMMAS if wrong else why(error)))
    return tuple(found), tuple(dict.fromkeys(remarks))


def git(stated: Stated, environ: Mapping[str, str]) -> tuple[bool, tuple[str, ...]]:
    """Whether the working copy may speak, and the remarks."""
    said = environ.get("BINDERCLIP_FILL_GIT", "").strip().lower()
    if stated.git or said in _YES:
        return True, ()
    if said in _NO:
        return False, ()
    return False, (remark("BINDERCLIP_FILL_GIT", f"found {shown(said)}, expected 1 or 0"),)
