"""Dockerfile and compose.yaml, as far as they can be checked without a container engine."""

import re

import pytest
import yaml

from tests.conftest import ROOT

SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_the_services():
    assert set(SERVICES) == {"proxy", "web", "worker", "redis"}


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_hardened(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert not service["user"].startswith(("0", "root"))


def test_only_the_proxy_can_be_reached_and_only_from_this_machine():
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["proxy"]["ports"])
    assert SERVICES["redis"]["networks"] == ["inside"]


def test_redis_keeps_frames_off_the_disk():
    command = SERVICES["redis"]["command"]
    assert command[command.index("--save") + 1] == ""
    assert command[command.index("--appendonly") + 1] == "no"


def test_every_service_has_a_health_check():
    assert "HEALTHCHECK" in dockerfile()
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"web"}
    compile(SERVICES["worker"]["healthcheck"]["test"][-1], "the worker's check", "exec")


def test_the_image_has_what_it_copies_and_no_more():
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    assert "*" in ignored
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        source
        for line in re.findall(r"^COPY (.+)$", dockerfile(), re.M)
        for source in line.split()[:-1]
    }
    assert copied == kept
    assert all((ROOT / source).exists() for source in copied)


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()
