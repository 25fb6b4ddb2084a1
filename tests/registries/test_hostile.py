"""Registries that answer nonsense, lies and far too much."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.registries.asking import asked, at
from tests.registries.rig import INDEX, MANIFEST

from binderclip.errors import BinderclipError, ResolveError, Unreachable
from binderclip.guard import OpenGuard
from binderclip.registries import Registries, manifests

Answer: TypeAlias = tuple[int, dict[str, str], bytes]
Serve: TypeAlias = Callable[[Callable[[Any], Answer]], str]

DIGEST = "docker-content-digest"
OCI = INDEX["oci"]


def sha(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_without_a_stated_digest_it_is_reckoned(serve: Serve) -> None:
    body = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    for kind in (OCI, "application/json", "text/plain"):
        url = serve(lambda _, kind=kind: (200, {"Content-Type": kind}, body))  # type: ignore[misc]
        assert asked(lambda r, url=url: r.digest(at(url, "a/b", "1"))) == sha(body)  # type: ignore[misc]


@pytest.mark.parametrize("status", [400, 405, 501])
def test_a_registry_may_know_no_head(serve: Serve, status: int) -> None:
    body = json.dumps({"schemaVersion": 2, "config": {}}).encode()

    def site(request: Any) -> Answer:
        headers = {"Content-Type": MANIFEST["docker"], DIGEST: sha(body)}
        return (status, {}, b"") if request.command == "HEAD" else (200, headers, body)

    url = serve(site)
    assert asked(lambda r: r.digest(at(url, "a/b", "1"))) == sha(body)
    assert asked(lambda r: r.exists(at(url, "a/b", "1")))


def test_a_redirect_is_followed(serve: Serve) -> None:
    """As registry.k8s.io does."""
    stated = {"Content-Type": OCI, DIGEST: f"sha256:{'a' * 64}"}
    there = serve(lambda _: (200, stated, b""))
    url = serve(lambda request: (307, {"Location": f"{there}{request.path}"}, b""))
    assert asked(lambda r: r.digest(at(url, "a/b", "1"))) == f"sha256:{'a' * 64}"


def test_a_digest_that_is_not_of_the_body_is_refused(serve: Serve) -> None:
    body = json.dumps({"schemaVersion": 2, "manifests": []}).encode()

    def site(request: Any) -> Answer:
        stated = {} if request.command == "HEAD" else {DIGEST: f"sha256:{'a' * 64}"}
        return 200, {"Content-Type": OCI, **stated}, body

    url = serve(site)
    with pytest.raises(ResolveError, match="not what its digest says"):
        asked(lambda r: r.digest(at(url, "a/b", "1")))
    with pytest.raises(ResolveError, match="not what its digest says"):
        asked(lambda r: r.digest(at(url, "a/b", None, f"sha256:{'b' * 64}")))
    lying = serve(
        lambda _: (200, {"Content-Type": OCI, DIGEST: f"sha256:{'a' * 64}"}, b""),
    )
    with pytest.raises(ResolveError, match="another image than the one asked for"):
        asked(lambda r: r.digest(at(lying, "a/b", None, f"sha256:{'b' * 64}")))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>Welcome"), "something that is no manifest"),
        ((200, {"Content-Type": OCI}, b""), "something that is no manifest"),
        ((200, {"Content-Type": OCI}, b"[" * 10_000), "something that is no manifest"),
        ((200, {"Content-Type": OCI}, b'{"schemaVersion": 1}'), "Docker's first format"),
        ((200, {"Content-Type": OCI}, b"{" + b" " * (5 << 20)), "a manifest of more than"),
        ((418, {}, b""), "the status 418"),
        ((302, {}, b""), "the status 302"),
        ((403, {}, b'{"errors": [{"code": "DENIED"}]}'), "or it is private"),
    ],
)
def test_answers_that_are_none(serve: Serve, answer: Answer, message: str) -> None:
    url = serve(lambda _: answer)
    with pytest.raises(ResolveError, match=message):
        asked(lambda r: r.digest(at(url, "a/b", "1")))


def test_a_registry_that_is_down_is_not_a_missing_image(serve: Serve) -> None:
    url = serve(lambda _: (503, {}, b""))
    for question in (Registries.digest, Registries.exists, Registries.tags):
        with pytest.raises(Unreachable, match="answered 503"):
            asked(lambda r, question=question: question(r, at(url, "a/b", "1")))  # type: ignore[misc]


def test_pages_come_to_an_end(serve: Serve) -> None:
    asks: list[str] = []

    def site(request: Any) -> Answer:
        asks.append(request.path)
        link = f'</v2/a/b/tags/list?last={len(asks)}>; rel="next"'
        return 200, {"Link": link}, json.dumps({"tags": [f"t{len(asks)}", "same"]}).encode()

    url = serve(site)
    tags = asked(lambda r: r.tags(at(url, "a/b")))
    assert len(asks) == 200
    assert len(tags) == 201


def test_what_is_no_tag_is_left_out(serve: Serve) -> None:
    odd = ["1.0", "", "a b", "\x1b[31m", 7, None, ["x"], "x" * 200, "-x", "ü", "2.0"]
    url = serve(lambda _: (200, {}, json.dumps({"tags": odd}).encode()))
    assert asked(lambda r: r.tags(at(url, "a/b"))) == ("1.0", "2.0")
    for body in (b"[]", b"{}", b'{"tags": 7}', b"\xff"):
        url = serve(lambda _, body=body: (200, {}, body))  # type: ignore[misc]
        with pytest.raises(ResolveError, match="no list of tags"):
            asked(lambda r, url=url: r.tags(at(url, "a/b")))  # type: ignore[misc]
    url = serve(lambda _: (200, {}, b'{"tags": null}'))
    assert asked(lambda r: r.tags(at(url, "a/b"))) == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("linux"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "schemaVersion",
                    "manifests",
                    "config",
                    "platform",
                    "os",
                    "architecture",
                    "variant",
                    "digest",
                    "size",
                    "tags",
                    "token",
                    "mediaType",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
bodies = json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)
header_texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from([OCI, MANIFEST["docker"], "text/html", ""]) | header_texts,
        "Docker-Content-Digest": st.just(f"sha256:{'a' * 64}") | header_texts,
        "WWW-Authenticate": st.sampled_from(['Basic realm="x"', "Bearer", 'Bearer realm="/x"'])
        | header_texts,
        "Link": st.just('</v2/x/tags/list?n=2>; rel="next"') | header_texts,
        "Retry-After": header_texts,
        "Location": st.just("/v2/") | header_texts,
    },
)
statuses = st.sampled_from([200, 200, 200, 301, 307, 401, 403, 404, 405, 429, 500])
answers = st.tuples(statuses, headers, bodies)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(answers, min_size=1, max_size=4))
def test_whatever_comes_is_an_answer_or_an_error_of_ours(
    fuzzed: tuple[str, list[Answer]], script: list[Answer]
) -> None:
    url, played = fuzzed
    played[:] = script

    async def questions(registries: Registries) -> None:
        with suppress(BinderclipError):
            digest = await registries.digest(at(url, "a/b", "1"), platform="linux-64")
            assert digest.startswith("sha256:")
            assert len(digest) == 71
        with suppress(BinderclipError):
            assert all(isinstance(tag, str) for tag in await registries.tags(at(url, "a/b")))

    asked(questions)


@pytest.fixture
def fuzzed(serve: Serve) -> tuple[str, list[Answer]]:
    """A server that plays answers one after the other, the last for ever."""
    script: list[Answer] = []

    def site(_: Any) -> Answer:
        return script.pop(0) if len(script) > 1 else script[0]

    return serve(site), script


@given(bodies)
def test_platforms_of_anything(data: bytes) -> None:
    offers = (*manifests.offered(data), *manifests.made_for(data))
    assert all(2 <= len(offer.split("/")) <= 3 for offer in offers)
    manifests.config_of(data)
    manifests.kind_in(data)


async def _far(host: str, port: int) -> tuple[tuple[str, int], ...]:
    """All names are of the public internet."""
    return ((host if host[0].isdigit() else "198.41.0.4", port),)


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "[::1]"])
@pytest.mark.parametrize("how", ["redirect", "realm"])
def test_a_public_registry_does_not_lead_inside(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, inner: str, how: str
) -> None:
    """Reached by a proxy, which here is the registry: it has all that is asked of anybody."""
    seen = []

    def site(request: Any) -> Answer:
        seen.append(request.path)
        if "far.example" not in request.path:
            return 200, {"Content-Type": OCI, DIGEST: f"sha256:{'a' * 64}"}, b'{"token": "x"}'
        if how == "redirect":
            return 307, {"Location": f"http://{inner}/x"}, b""
        return 401, {"WWW-Authenticate": f'Bearer realm="http://{inner}/x"'}, b""

    monkeypatch.setenv("http_proxy", serve(site))
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(BinderclipError, match=r"private network|wants a token from"):
        asked(lambda r: r.digest(at("http://far.example", "a/b", "1")), guard=OpenGuard(_far))
    assert seen
    assert all("far.example" in path for path in seen)


def test_a_registry_inside_may_lead_inside(serve: Serve) -> None:
    """Whoever asks for one on this machine knows what is there."""
    stated = {"Content-Type": OCI, DIGEST: f"sha256:{'a' * 64}"}
    there = serve(lambda _: (200, stated, b"")).replace("127.0.0.1", "localhost")
    url = serve(lambda request: (307, {"Location": f"{there}{request.path}"}, b""))
    assert asked(lambda r: r.digest(at(url, "a/b", "1"))) == f"sha256:{'a' * 64}"
