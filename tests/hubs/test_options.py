"""Profiles and images: what servers are asked for, and what hubs make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from tests.hubs.conftest import TOKEN, Fake, Reply, stream
from tests.hubs.launching import launched, stop, target
from tests.targets.case import Noted

from binderclip.environment import Environment
from binderclip.errors import Refused
from binderclip.spec.model import Reference
from binderclip.targets.jupyterhub.options import Wish, about, agree, image_name, shown, wishes

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

slow = pytest.mark.slow
NAME = "quay.io/o/small:1"
DIGEST = f"sha256:{'a' * 64}"
SMALL = Environment(image=Reference("https://quay.io", "o/small", ref="1"))
OTHER = Environment(image=Reference("https://quay.io/", "o/other", ref="1", hash=DIGEST))


def test_names_of_images() -> None:
    assert OTHER.image is not None
    assert image_name(OTHER.image) == f"quay.io/o/other@{DIGEST}"
    assert image_name(Reference("https://ghcr.io:444", "a/b")) == "ghcr.io:444/a/b:latest"


def asked(options: Mapping[str, Any], image: str | None = NAME) -> Wish:
    return Wish(options, image)


@pytest.mark.parametrize(
    ("stated", "last", "found"),
    [
        ({}, {}, [Wish(None)]),
        ({"profile": "gpu"}, {"image": "x"}, [asked({"profile": "gpu"}, None)]),
        ({"i": "{image}"}, {"i": "x"}, [asked({"i": NAME})]),
        (
            {"a": {"b": ["at {image}"]}, "n": 3},
            {},
            [asked({"a": {"b": [f"at {NAME}"]}, "n": 3})],
        ),
        ({}, {"size": "l"}, [Wish(None, tentative=True, last={"size": "l"}), Wish({})]),
    ],
)
def test_what_is_asked_for(
    stated: Mapping[str, Any], last: Mapping[str, Any], found: list[Wish]
) -> None:
    assert list(wishes(stated, SMALL, last)) == found


@pytest.mark.parametrize(
    ("last", "chosen"),
    [
        ({"image": "quay.io/o/big:1", "size": "l"}, {"image": NAME, "size": "l"}),
        ({"image": ["x"]}, {"image": [NAME]}),
        (
            {"profile": "p", "image--unlisted-choice": "quay.io/x"},
            {"profile": "p", "image--unlisted-choice": NAME},
        ),
    ],
)
def test_an_image_goes_where_one_was_chosen_last(
    last: Mapping[str, Any], chosen: Mapping[str, Any]
) -> None:
    first, *others = wishes({}, SMALL, last)
    assert first == Wish(chosen, NAME, tentative=True)
    assert others == [Wish(dict(last), tentative=True), Wish({})]
    assert wishes({}, Environment(), last)[0].options is None


def test_a_choice_of_a_profile_is_no_place_for_an_image() -> None:
    last = {"profile": "p", "image": "minimal"}
    assert wishes({}, SMALL, last)[0] == Wish(None, tentative=True, last=last)


def test_without_an_image_its_place_is_left_out() -> None:
    stated: dict[str, Any] = {"profile": "p", "image--unlisted-choice": "{image}"}
    assert wishes(stated, Environment(), {}) == (Wish({"profile": "p"}),)
    assert wishes({"image": "{image}"}, Environment(), {}) == (Wish(None),)


def test_what_is_shown_of_options() -> None:
    assert shown({"profile": "gpu", "image": ["x"], "n": 2}) == "profile=gpu, image=x, n=2"
    assert "\x1b" not in shown({"a": "\x1b[31m"})


def test_what_agrees_with_a_running_server() -> None:
    assert agree(Wish(None), {"profile": "x"})
    assert agree(Wish({"profile": "x"}), {"profile": ["x"], "more": 1})
    assert not agree(Wish({"profile": "x"}), {"profile": "y"})
    assert not agree(Wish({"profile": "x"}), {})


def test_what_a_refusal_is_about() -> None:
    wish = Wish({"profile": "gpu", "image": "quay.io/o/x:1"})
    assert about(wish, "No such profile: y")
    assert about(wish, "KeyError: 'gpu'")
    assert about(wish, "quay.io/o/x:1 is not allowed")
    assert not about(wish, "no gpus left")
    assert not about(Wish({"": ""}), "anything")


def test_refusals_that_are_known_beforehand() -> None:
    plain = target("https://hub.example.org/", TOKEN)
    assert plain.refusal(Environment()) is None
    for env in (
        SMALL,
        Environment(build=Reference("https://github.com", "o/r")),
        Environment(files={"requirements.txt": "numpy"}),
    ):
        assert "builds no environment" in (plain.refusal(env) or "")
        assert target("https://hub.example.org/", TOKEN, as_is=True).refusal(env) is None
    taking = target("https://hub.example.org/", TOKEN, options={"image": "{image}"})
    assert taking.refusal(SMALL) is None
    assert "'local' does" in (taking.refusal(Environment(files={"apt.txt": "gcc"})) or "")
    assert "{image}" in (plain.refusal(SMALL) or "")


def running(fake: Fake, **options: Any) -> None:
    model = fake.server(ready=True, url="/user/ada/", user_options=options)
    fake.say("GET user", model)
    fake.say("GET users/ada", model)
    fake.say("GET /user/ada/api/status", Reply(value={}))


def test_a_running_server_with_other_options_is_not_taken_for_it(fake: Fake) -> None:
    running(fake, profile="small")
    with pytest.raises(Refused, match=r"runs already with profile=small, and not with profile=gpu"):
        launched(target(fake.url, TOKEN, options={"profile": "gpu"}))
    session, _ = launched(target(fake.url, TOKEN, options={"profile": "small"}))
    assert not session.owned


def test_a_running_server_with_another_image_stands_in_where_it_was_named(fake: Fake) -> None:
    fake.makes_tokens()
    running(fake, image="quay.io/o/big:1")
    options = {"image": "{image}"}
    with pytest.raises(Refused, match="runs already with"):
        launched(target(fake.url, TOKEN, options=options), SMALL)
    _, said = launched(target(fake.url, TOKEN, options=options, as_is=True), SMALL)
    assert "stands in for the image https://quay.io/o/small" in said
    running(fake, image="quay.io/o/small:1")
    _, said = launched(target(fake.url, TOKEN, options=options), SMALL)
    assert "stands in" not in said


def test_what_stands_in_is_said(fake: Fake) -> None:
    running(fake)
    place = target(fake.url, TOKEN, as_is=True)
    for env, words in (
        (SMALL, "the image https://quay.io/o/small"),
        (Environment(build=Reference("https://github.com", "o/r")), "the repository https"),
        (Environment(files={"apt.txt": "gcc"}), "the files that the notebook carries"),
    ):
        _, said = launched(place, env)
        assert f"the hub's own environment stands in for {words}" in said
    _, said = launched(place)
    assert "stands in" not in said


def test_the_options_of_the_last_time_are_told(fake: Fake) -> None:
    fake.say("GET user", fake.server(user_options={"profile": "gpu"}))
    fake.say("POST users/ada/server", Reply(201))
    ready = fake.server(ready=True, url="/user/ada/")
    fake.say("GET users/ada", ready)
    fake.say("GET /user/ada/api/status", Reply(value={}))
    _, said = launched(target(fake.url, TOKEN))
    assert "with what was chosen last, profile=gpu" in said
    assert fake.requests("POST users/ada/server") == [None]


def test_an_image_that_was_guessed_and_refused_leaves_the_hubs_own(fake: Fake) -> None:
    ledger = Noted()
    fake.makes_tokens()
    fake.say("GET user", fake.server(user_options={"image": "quay.io/o/big:1"}))
    refusal = {"message": "Image quay.io/o/small:1 not in allowed list: quay.io/o/big:1"}
    fake.say("POST users/ada/server", Reply(400, refusal), Reply(202))
    fake.say("GET users/ada", fake.server(pending="spawn"), fake.server(ready=True))
    fake.say("GET users/ada/server/progress", stream({"progress": 1, "message": "going"}))
    fake.say("GET /user/ada/api/status", Reply(value={}))
    _, said = launched(target(fake.url, TOKEN, ledger, as_is=True), SMALL)
    assert "not in allowed list" in said
    assert "stands in for the image" in said
    assert fake.requests("POST users/ada/server") == [
        {"image": "quay.io/o/small:1"},
        {"image": "quay.io/o/big:1"},
    ]
    assert len(ledger.sessions) == 1


@slow
def test_an_image_of_dockerspawners_list(images_hub: Hub) -> None:
    user = images_hub.user()
    token = images_hub.token(user)
    place = target(images_hub.url, token, options={"image": "{image}"})
    session, said = launched(place, SMALL)
    assert "with image=quay.io/o/small:1" in said
    assert "stands in" not in said
    assert images_hub.chosen(user) == "quay.io/o/small:1"
    stop(place, session)


@slow
@pytest.mark.parametrize("delay_s", [0, 0.8])
def test_an_image_that_dockerspawner_does_not_allow(images_hub: Hub, delay_s: float) -> None:
    """At once, and after the hub has said that it goes on."""
    user, ledger = images_hub.user(), Noted()
    images_hub.mood(user, delay_s=delay_s)
    place = target(images_hub.url, images_hub.token(user), ledger, options={"image": "{image}"})
    with pytest.raises(Refused, match=r"not in allowed list: quay\.io/o/small:1, quay\.io"):
        launched(place, OTHER)
    assert not ledger.sessions
    assert not images_hub.servers(user)


@slow
def test_an_image_as_was_chosen_before(images_hub: Hub) -> None:
    user = images_hub.user()
    images_hub.start_server(user, "", {"image": "quay.io/o/big:1"})
    images_hub.stop_server(user)
    place = target(images_hub.url, images_hub.token(user), as_is=True)
    session, said = launched(place, SMALL)
    assert images_hub.chosen(user) == "quay.io/o/small:1"
    assert "stands in" not in said
    stop(place, session)
    session, said = launched(place, OTHER)
    assert "not in allowed list" in said
    assert "stands in for the image" in said
    stop(place, session)


@slow
@pytest.mark.parametrize("delay_s", [0, 0.8])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"profile": "gpu"}, "No such profile: gpu. Options include: small, large"),
        ({"profile": "large", "image": "huge"}, "'huge'"),
        ({"profile": "large", "image--unlisted-choice": "evil.io/x"}, "failed validation regex"),
    ],
)
def test_what_kubespawner_does_not_have(
    profiles_hub: Hub, options: dict[str, Any], words: str, delay_s: float
) -> None:
    user, ledger = profiles_hub.user(), Noted()
    profiles_hub.mood(user, delay_s=delay_s)
    with pytest.raises(Refused) as caught:
        launched(target(profiles_hub.url, profiles_hub.token(user), ledger, options=options))
    assert words in caught.value.message
    assert f"{profiles_hub.url}hub/spawn" in (caught.value.hint or "")
    assert not ledger.sessions


@slow
def test_options_that_were_refused_do_not_stay_in_the_way(images_hub: Hub) -> None:
    """Hubs remember them, and would take them the next time."""
    user = images_hub.user()
    token = images_hub.token(user)
    with pytest.raises(Refused, match="not in allowed list"):
        launched(target(images_hub.url, token, options={"image": "typo"}))
    session, said = launched(place := target(images_hub.url, token))
    assert "with what was chosen last, image=typo" in said
    assert images_hub.chosen(user) == "quay.io/o/small:1"
    stop(place, session)


@slow
def test_a_profile_with_an_image_of_ones_own(profiles_hub: Hub) -> None:
    user = profiles_hub.user()
    options = {"profile": "large", "image--unlisted-choice": "{image}"}
    place = target(profiles_hub.url, profiles_hub.token(user), options=options)
    session, said = launched(place, SMALL)
    assert profiles_hub.chosen(user) == "large quay.io/o/small:1"
    assert "profile=large" in said
    stop(place, session)


@slow
def test_the_page_of_options_takes_no_tokens(profiles_hub: Hub) -> None:
    """Why what a hub offers cannot be asked for: a hub that changes this is to be asked."""
    import urllib.request

    user = profiles_hub.user()
    headers = {"Authorization": f"token {profiles_hub.token(user)}"}
    request = urllib.request.Request(f"{profiles_hub.url}hub/spawn/{user}", headers=headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert "/hub/login" in answer.url
    assert not profiles_hub.servers(user)
