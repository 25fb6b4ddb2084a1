"""The Helm chart, rendered and judged by Helm, and held against Kubernetes' schemas."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from binderclip._version import __version__
from binderclip.gateway.settings.reading import Means, read
from binderclip.gateway.settings.said import Flags

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "binderclip-gateway"
URL = "https://notebooks.example.org/tools/"
LEAST: Mapping[str, Any] = {"settings": {"public_url": URL}}
MOST: Mapping[str, Any] = {
    "image": {"tag": "1.2.3", "pullSecrets": [{"name": "registry"}]},
    "settings": {
        "public_url": URL,
        "default": "ours",
        "places": {
            "ours": {"kind": "binderhub", "url": "http://binder.binder.svc/", "at_once": 4},
            "mybinder": {"kind": "binderhub", "url": "https://mybinder.org/", "idle_s": 1.5},
        },
        "limits": {"launches": "10/hour", "streams": 500},
        "trusted_proxies": ["10.0.0.0/8"],
    },
    "existingSecret": "gateway",
    "extraEnv": [{"name": "AWS_REGION", "value": "eu-west-1"}],
    "extraEnvFrom": [{"secretRef": {"name": "store"}}],
    "storage": {"storageClass": "fast", "size": "50Gi"},
    "service": {"type": "NodePort", "port": 8080, "annotations": {"a": "b"}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"nginx.ingress.kubernetes.io/proxy-buffering": "off"},
        "tls": [{"secretName": "tls", "hosts": ["notebooks.example.org"]}],
    },
    "networkPolicy": {
        "allow": [{"to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}], "ports": [{"port": 443}]}],
        "ingressFrom": [{"podSelector": {"matchLabels": {"a": "b"}}}],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "graceSeconds": 60,
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "x"},
    "nodeSelector": {"pool": "core"},
    "tolerations": [{"key": "core", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "core",
}


@pytest.fixture(scope="session")
def helm(tool: Callable[[str], Path]) -> Path:
    return tool("deploy/bin/helm")


@pytest.fixture(scope="session")
def rendered(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    def render(values: Mapping[str, Any]) -> list[dict[str, Any]]:
        done = ran(helm, "template", tmp_path_factory.mktemp("values"), values)
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]

    return render


def ran(
    helm: Path, verb: str, folder: Path, values: Mapping[str, Any]
) -> subprocess.CompletedProcess[str]:
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(dict(values)), "utf-8")
    words = ["template", "release"] if verb == "template" else ["lint", "--strict"]
    return subprocess.run(
        [helm, *words, CHART, "--values", file],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )


def of_kind(found: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(one for one in found if one["kind"] == kind)


def settings(found: list[dict[str, Any]]) -> dict[str, Any]:
    return tomllib.loads(of_kind(found, "ConfigMap")["data"]["gateway.toml"])


@pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])
def test_helm_finds_no_fault(helm: Path, tmp_path: Path, values: Mapping[str, Any]) -> None:
    done = ran(helm, "lint", tmp_path, values)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])
def test_kubernetes_would_take_it(
    rendered: Callable[..., Any],
    tool: Callable[[str], Path],
    tmp_path: Path,
    values: Mapping[str, Any],
) -> None:
    found = [one for one in rendered(values) if one["kind"] != "ServiceMonitor"]
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(found), "utf-8")
    checker = tool("deploy/bin/kubernetes-validate")
    done = subprocess.run([checker, "--strict", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_settings_come_out_as_they_went_in(rendered: Callable[..., Any]) -> None:
    stated = settings(rendered(MOST))
    given = json.loads(json.dumps(MOST["settings"]))
    assert {key: stated[key] for key in given} == given
    assert type(stated["limits"]["streams"]) is int
    assert stated["grace_s"] == 60
    assert stated["log"] == "json"


@pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])
def test_the_service_takes_them(
    rendered: Callable[..., Any], tmp_path: Path, values: Mapping[str, Any]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(of_kind(rendered(values), "ConfigMap")["data"]["gateway.toml"], "utf-8")
    found = read(file, {}, Flags(), Means(keep=False))
    assert (found.public_url, found.port) == (URL, 8585)
    assert set(found.places) >= set(values["settings"].get("places", ()))


def test_the_chart_has_the_version_of_the_package(rendered: Callable[..., Any]) -> None:
    container = of_kind(rendered(LEAST), "Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == f"ghcr.io/binderclip/gateway:{__version__}"


def test_paths_lie_under_the_public_address(rendered: Callable[..., Any]) -> None:
    found = rendered(MOST)
    rule = of_kind(found, "Ingress")["spec"]["rules"][0]
    assert (rule["host"], rule["http"]["paths"][0]["path"]) == ("notebooks.example.org", "/tools/")
    pod = of_kind(found, "Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/tools/health"
    assert of_kind(found, "ServiceMonitor")["spec"]["endpoints"][0]["path"] == "/tools/metrics"
    assert pod["terminationGracePeriodSeconds"] > settings(found)["grace_s"]


def test_the_pod_may_do_little(rendered: Callable[..., Any]) -> None:
    found = rendered(LEAST)
    pod = of_kind(found, "Deployment")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    inner = pod["containers"][0]["securityContext"]
    assert inner["readOnlyRootFilesystem"] is True
    assert inner["capabilities"] == {"drop": ["ALL"]}
    policy = of_kind(found, "NetworkPolicy")["spec"]
    excepted = policy["egress"][1]["to"][0]["ipBlock"]["except"]
    assert {"10.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8"} <= set(excepted)


def test_without_storage_nothing_is_claimed(rendered: Callable[..., Any]) -> None:
    found = rendered({**LEAST, "storage": {"enabled": False}})
    assert not [one for one in found if one["kind"] == "PersistentVolumeClaim"]
    volumes = of_kind(found, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "storage", "emptyDir": {"sizeLimit": "10Gi"}} in volumes


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "settings.public_url: found nothing, expected the address"),
        ({**LEAST, "ingres": {}}, "Additional property ingres is not allowed"),
        ({"settings": {"public_url": "notebooks.example.org"}}, "Does not match pattern"),
        ({"settings": {"public_url": URL, "secret": "hunter2"}}, "settings.secret"),
        (
            {"settings": {"public_url": URL, "places": {"a": {"kind": "local", "token": "t"}}}},
            "settings.places.a.token",
        ),
        ({**LEAST, "graceSeconds": "60"}, "graceSeconds: Invalid type"),
        ({**LEAST, "storage": {"size": "much"}}, "storage.size: Does not match pattern"),
    ],
)
def test_wrong_values_are_told(
    helm: Path, tmp_path: Path, values: Mapping[str, Any], word: str
) -> None:
    done = ran(helm, "template", tmp_path, values)
    assert done.returncode != 0
    assert word in done.stderr
