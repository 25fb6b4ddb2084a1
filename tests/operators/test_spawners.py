"""One line of configuration reaches the servers of every real spawner, and tells nothing false."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.operators.conftest import line

if TYPE_CHECKING:
    from tests.operators.conftest import Spawners

# Servers and programs that start for each.
pytestmark = pytest.mark.slow

ENV = "https://github.com/o/env@main"
OTHER = "https://github.com/o/other@v1"
KUBE = (
    "c.JupyterHub.spawner_class = 'kubespawner.KubeSpawner'\n"
    "c.KubeSpawner.image = 'quay.io/o/env:1'"
)
DOCKER = "c.JupyterHub.spawner_class = 'docker'\nc.DockerSpawner.image = 'quay.io/o/env:1'"
LOCAL = "c.JupyterHub.spawner_class = 'simple'"
SPAWNERS = {
    "local": "",
    "simple": LOCAL,
    "systemd": "c.JupyterHub.spawner_class = 'systemdspawner.SystemdSpawner'",
    "docker": DOCKER,
    "systemuser": "c.JupyterHub.spawner_class = 'dockerspawner.SystemUserSpawner'\n"
    "c.DockerSpawner.image = 'quay.io/o/env:1'",
    "kubernetes": KUBE,
}
IMAGES = {"docker", "systemuser", "kubernetes"}


@pytest.mark.parametrize("name", SPAWNERS)
def test_all_that_is_said_reaches_the_server(spawners: Spawners, name: str) -> None:
    said = line(
        build=ENV,
        image="" if name in IMAGES else "quay.io/o/local:2",
        hosts=["https://a.example.org", "https://b.example.org/binder/"],
        hub="https://hub.example.org/pre",
        policy="managed",
        known_hosts=["https://c.example.org"],
    )
    image = {"JUPYTER_IMAGE_SPEC": "quay.io/o/env:1"}
    local = {"BINDERCLIP_FILL_IMAGE": "quay.io/o/local:2"}
    spawned = spawners.started(f"{SPAWNERS[name]}\n{said}")
    assert spawned.told == {
        "BINDERCLIP_FILL": "managed",
        "BINDERCLIP_FILL_BUILD": ENV,
        "BINDERCLIP_FILL_HOSTS": "https://a.example.org https://b.example.org/binder/",
        "BINDERCLIP_FILL_KNOWN_HOSTS": "https://c.example.org",
        "BINDERCLIP_HUB": "https://hub.example.org/pre/",
        **(image if name in IMAGES else local),
    }
    assert spawned.variables["JUPYTERHUB_API_TOKEN"] is not None, "and all that JupyterHub says"


@pytest.mark.parametrize("name", SPAWNERS)
def test_what_is_not_said_is_not_told(spawners: Spawners, name: str) -> None:
    told = spawners.started(f"{SPAWNERS[name]}\n{line(policy='never')}").told
    assert {key for key in told if key != "JUPYTER_IMAGE_SPEC"} == {"BINDERCLIP_FILL"}


@pytest.mark.parametrize("name", ["local", "docker", "kubernetes"])
def test_named_servers_are_told_the_same(spawners: Spawners, name: str) -> None:
    config = f"{SPAWNERS[name]}\nc.JupyterHub.allow_named_servers = True\n{line(build=ENV)}"
    assert spawners.started(config, server="second").told["BINDERCLIP_FILL_BUILD"] == ENV


ORDERS = {
    "the line comes last": "c.Spawner.environment = {'A': '1'}\n" + KUBE + "\n{line}",
    "the line comes first": "{line}\n" + KUBE + "\nc.Spawner.environment = {'A': '1'}",
    "a section of the class": "{line}\n" + KUBE + "\nc.KubeSpawner.environment = {'A': '1'}",
    "appended to": KUBE + "\n{line}\nc.KubeSpawner.environment.update({'A': '1'})",
    "callables": KUBE + "\n{line}\nc.Spawner.environment = {'A': lambda spawner: '1'}",
    "a hook": KUBE + "\n{line}\n"
    "def hook(spawner):\n    spawner.environment = {'A': '1'}\n"
    "c.Spawner.apply_user_options = lambda spawner, options: hook(spawner)",
    "a class of the operator's": "{line}\nfrom kubespawner import KubeSpawner\n"
    "class Mine(KubeSpawner):\n"
    "    def get_env(self):\n        return {**super().get_env(), 'A': '1'}\n"
    "c.JupyterHub.spawner_class = Mine\nc.Mine.image = 'quay.io/o/env:1'",
    "a profile": KUBE + "\nc.KubeSpawner.profile_list = [{'display_name': 'x', "
    "'kubespawner_override': {'environment': {'A': '1'}}}]\n{line}",
    "a profile that replaces": KUBE + "\nc.KubeSpawner.profile_list = [{'display_name': 'x', "
    "'kubespawner_override': {'environment': lambda spawner: {'A': '1'}}}]\n{line}",
}


@pytest.mark.parametrize("order", ORDERS)
def test_neither_side_loses_the_other(spawners: Spawners, order: str) -> None:
    spawned = spawners.started(ORDERS[order].replace("{line}", line(build=ENV)))
    assert spawned.variables["A"] == "1"
    assert spawned.told["BINDERCLIP_FILL_BUILD"] == ENV


def test_a_file_of_its_own_beside_the_configuration_will_do(spawners: Spawners) -> None:
    """As in jupyterhub_config.d of Zero to JupyterHub and of The Littlest JupyterHub."""
    spawned = spawners.started(
        f"{DOCKER}\nload_subconfig('one.py')", files={"one.py": line(build=ENV)}
    )
    assert spawned.image == "quay.io/o/env:1", "and it changes nothing else"
    assert spawned.told["BINDERCLIP_FILL_BUILD"] == ENV


def test_a_spawner_of_the_command_line_too(spawners: Spawners) -> None:
    arguments = ["--JupyterHub.spawner_class=docker", "--DockerSpawner.image=quay.io/o/env:1"]
    spawned = spawners.started(line(build=ENV), arguments=arguments)
    assert spawned.told == {
        "BINDERCLIP_FILL_BUILD": ENV,
        "JUPYTER_IMAGE_SPEC": "quay.io/o/env:1",
    }


def test_the_last_call_counts(spawners: Spawners) -> None:
    told = spawners.started(f"{line(build=ENV, policy='managed')}\n{line(build=OTHER)}").told
    assert told == {"BINDERCLIP_FILL_BUILD": OTHER}


def test_the_log_tells_of_it(spawners: Spawners) -> None:
    said = "called again: what the call before said is gone"
    assert said not in spawners.started(line(build=ENV)).log
    assert spawners.started(f"{line(build=ENV)}\n{line(build=OTHER)}").log.count(said) == 1


def test_a_repository_of_the_hubs_own_machine_is_doubtful(spawners: Spawners) -> None:
    spawned = spawners.started(line(build="http://localhost:3000/o/r@main"))
    assert spawned.told == {"BINDERCLIP_FILL_BUILD": "http://localhost:3000/o/r@main"}
    assert "build: 'http://localhost:3000/o/r' is an address of this machine itself" in spawned.log


def test_the_hubs_own_public_address_is_told(spawners: Spawners) -> None:
    public = (
        "c.JupyterHub.public_url = 'https://hub.example.org/pre/'\nc.JupyterHub.base_url = '/pre/'"
    )
    told = spawners.started(f"{public}\n{line()}").told
    assert told == {"BINDERCLIP_HUB": "https://hub.example.org/pre/"}
    told = spawners.started(f"{public}\n{line(hub='https://other.example.org')}").told
    assert told == {"BINDERCLIP_HUB": "https://other.example.org/"}


def test_what_the_operator_says_of_a_server_comes_first(spawners: Spawners) -> None:
    own = f"c.Spawner.environment = {{'BINDERCLIP_FILL_BUILD': '{OTHER}', 'BINDERCLIP_FILL': ''}}"
    told = spawners.started(f"{own}\n{line(build=ENV, policy='never')}").told
    assert told == {"BINDERCLIP_FILL_BUILD": OTHER, "BINDERCLIP_FILL": ""}


CHOICE = "c.DockerSpawner.allowed_images = {'mine': 'quay.io/o/env:1', 'other': 'docker.io/o/x'}"


@pytest.mark.parametrize(
    ("chosen", "runs", "build"),
    [
        (None, "quay.io/o/env:1", ENV),
        ("mine", "quay.io/o/env:1", ENV),
        ("other", "docker.io/o/x", OTHER),
    ],
)
def test_docker_users_choose_among_images(
    spawners: Spawners, chosen: str | None, runs: str, build: str
) -> None:
    """The key is another spelling of the image."""
    said = line(build=ENV, builds={"o/x:latest": OTHER})
    options = {"image": chosen} if chosen else {}
    spawned = spawners.started(f"{DOCKER}\n{CHOICE}\n{said}", options=options)
    assert spawned.image == runs
    assert spawned.told == {"JUPYTER_IMAGE_SPEC": runs, "BINDERCLIP_FILL_BUILD": build}


def test_no_repository_is_told_of_an_image_that_nobody_named(spawners: Spawners) -> None:
    config = f"{DOCKER}\nc.DockerSpawner.allowed_images = '*'\n{line(build=ENV)}"
    spawned = spawners.started(config, options={"image": "quay.io/somebody/else:1"})
    assert spawned.told == {"JUPYTER_IMAGE_SPEC": "quay.io/somebody/else:1"}


def test_an_image_of_the_operators_is_not_told_beside_the_spawners(spawners: Spawners) -> None:
    told = spawners.started(f"{DOCKER}\n{line(image='quay.io/o/false:1')}").told
    assert told == {"JUPYTER_IMAGE_SPEC": "quay.io/o/env:1"}


PROFILES = """
c.KubeSpawner.profile_list = [
    {"display_name": "Usual"},
    {"display_name": "GPU", "kubespawner_override": {"image": "quay.io/o/gpu:1"}},
    {"display_name": "Own", "kubespawner_override": {
        "image": "quay.io/o/own:1",
        "environment": {"BINDERCLIP_FILL_BUILD": "https://github.com/o/own@main"}}},
    {"display_name": "None", "kubespawner_override": {"environment": {"BINDERCLIP_FILL": "never"}}},
    {"display_name": "Any", "profile_options": {"image": {
        "display_name": "Image",
        "unlisted_choice": {"enabled": True, "display_name": "Yours",
                            "kubespawner_override": {"image": "{value}"}},
        "choices": {"x": {"display_name": "x", "default": True,
                          "kubespawner_override": {"image": "quay.io/o/x:1"}}}}}},
]
"""
PROFILE_CASES: dict[str, tuple[dict[str, str], str, str | None]] = {
    "the default": ({}, "quay.io/o/env:1", ENV),
    "named": ({"profile": "usual"}, "quay.io/o/env:1", ENV),
    "by its image": ({"profile": "gpu"}, "quay.io/o/gpu:1", OTHER),
    "by its environment": ({"profile": "own"}, "quay.io/o/own:1", "https://github.com/o/own@main"),
    "an option": ({"profile": "any"}, "quay.io/o/x:1", None),
    "free text": ({"profile": "any", "image--unlisted-choice": "me/mine:2"}, "me/mine:2", None),
    "free text of a known image": (
        {"profile": "any", "image--unlisted-choice": "quay.io/o/gpu:1"},
        "quay.io/o/gpu:1",
        OTHER,
    ),
}


@pytest.mark.parametrize("case", PROFILE_CASES)
def test_kubernetes_users_choose_among_profiles(spawners: Spawners, case: str) -> None:
    options, runs, build = PROFILE_CASES[case]
    said = line(build=ENV, builds={"quay.io/o/gpu:1": OTHER})
    spawned = spawners.started(f"{KUBE}{PROFILES}{said}", options=options)
    assert spawned.image == runs
    assert spawned.told["JUPYTER_IMAGE_SPEC"] == runs
    assert spawned.told.get("BINDERCLIP_FILL_BUILD") == build


def test_a_profile_may_opt_out(spawners: Spawners) -> None:
    config = f"{KUBE}{PROFILES}{line(build=ENV, policy='managed')}"
    told = spawners.started(config, options={"profile": "none"}).told
    assert told["BINDERCLIP_FILL"] == "never"


@pytest.mark.parametrize("name", ["local", "docker", "kubernetes"])
def test_what_users_send_along_is_not_told(spawners: Spawners, name: str) -> None:
    """Over the REST API the options of a server are any JSON."""
    evil = "https://evil.example.org/x@main"
    options = {
        "environment": {"BINDERCLIP_FILL_BUILD": evil},
        "BINDERCLIP_FILL_BUILD": evil,
        "BINDERCLIP_HUB": evil,
        "build": evil,
    }
    told = spawners.started(f"{SPAWNERS[name]}\n{line(build=ENV)}", options=options).told
    assert evil not in told.values()
    assert told["BINDERCLIP_FILL_BUILD"] == ENV


@pytest.mark.parametrize("text", ["", "a b", "x" * 5000, "quay.io/o/env:1\nA=1", "${HOME}"])
def test_no_text_for_an_image_breaks_a_spawn(spawners: Spawners, text: str) -> None:
    config = f"{DOCKER}\nc.DockerSpawner.allowed_images = '*'\n{line(build=ENV)}"
    spawned = spawners.started(config, options={"image": text})
    expected = {"BINDERCLIP_FILL_BUILD": ENV} if not text else {}
    assert {**spawned.told, "JUPYTER_IMAGE_SPEC": ""} == {**expected, "JUPYTER_IMAGE_SPEC": ""}


def test_a_typo_stops_the_hub(spawners: Spawners) -> None:
    said = spawners.spawn(f"{KUBE}\n{line(policy='mangaed')}").error
    assert "policy: found 'mangaed'" in said
    said = spawners.spawn(f"{KUBE}\n{line(biuld=ENV)}").error
    assert "biuld: found an unknown keyword" in said
    assert "did you mean 'build'?" in said
