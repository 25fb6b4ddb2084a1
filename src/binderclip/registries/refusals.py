"""What registries answer that is no image, as errors. Their own words are not quoted: a hostile one
could say back what it was sent.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from binderclip.errors import RateLimited, ResolveError, Unreachable
from binderclip.registries.images import DOCKER_HUB, Image

if TYPE_CHECKING:
    from binderclip.web import Answer

_SOME = 8
_COMPARED = 5000


def limited(answer: Answer, host: str) -> RateLimited | None:
    """For an answer that asks us to come back later."""
    from binderclip.web.waits import stated_wait  # noqa: PLC0415 - seldom needed

    if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    wait_s = stated_wait(answer.headers)
    when = f"in {wait_s:.0f} seconds" if wait_s else "later"
    return RateLimited(
        f"{host} limits how often it is asked (429)",
        hint=f"try again {when}; who is logged in may ask more often",
        retry_after_s=wait_s,
    )


def closed(answer: Answer, host: str) -> Unreachable | None:
    """For a server that is there and does not work."""
    own = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if own or answer.status == HTTPStatus.NOT_IMPLEMENTED:
        return None
    return Unreachable(f"{host} answered {answer.status}", hint="try again later")


def private(image: Image, status: int, remark: str | None) -> ResolveError:
    """Registries do not tell strangers what is private and what does not exist."""
    host = "" if image.registry == DOCKER_HUB else f" {image.host}"
    also = f"; {remark}" if remark else ""
    return ResolveError(
        f"{image}: no such image, or it is private ({image.host} answered {status}{also})",
        hint=f"for a private one, log in: `docker login{host}` or `podman login{host}`",
    )


def missing(image: Image, tags: Sequence[str]) -> ResolveError:
    """For a 404, with the tags that there are."""
    place = image.pinned(None)
    if image.digest and not image.tag:
        return ResolveError(
            f"{image}: {image.host} has no such image any more",
            hint="it was withdrawn; freeze again from a tag that is there",
        )
    if not tags:
        return ResolveError(
            f"{place}: no such image at {image.host}",
            hint="check its name; a private image may look like none at all",
        )
    near = difflib.get_close_matches(image.shown_tag, tags[:_COMPARED], 3, 0.5)
    some = near or sorted(tags)[-_SOME:]
    left = len(tags) - len(some)
    known = ", ".join(some) + (f" and {left} more" if left else "")
    return ResolveError(
        f"{place}: no tag {image.shown_tag!r} (it has {known})",
        hint=f"Did you mean {near[0]!r}?" if near else None,
    )


def strange(image: Image, found: str) -> ResolveError:
    """For an answer that no registry gives."""
    return ResolveError(
        f"{image}: {image.host} answered with {found}, expected an image",
        hint="is this the address of a registry?",
    )


def made_for_others(image: Image, wanted: str, offers: Sequence[str]) -> ResolveError:
    return ResolveError(
        f"{image}: is made for {', '.join(offers[:_SOME])}, not for {wanted}",
        hint="take another tag or image, or freeze for another platform",
    )
