"""compose.yaml: its schema, what confines the containers, and that no two bots answer the same members."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.dockerfile import last_words, read_steps
from tests.packaging.programs import ROOT, check_schema
from tests.packaging.yaml_files import read_yaml

PATH = ROOT / "compose.yaml"
COMPOSE: dict[str, Any] = read_yaml(PATH)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BOTS = {name: service for name, service in SERVICES.items() if "build" in service}
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def role_of(service: dict[str, Any]) -> str:
    command: list[str] = service.get("command", ["run"])
    return command[command.index("--role") + 1] if "--role" in command else "all"


def running(*profiles: str) -> list[str]:
    return [
        name for name, service in SERVICES.items() if set(profiles) & set(service.get("profiles", profiles))
    ]


def test_the_file_is_what_the_specification_allows() -> None:
    assert check_schema("compose-spec", PATH) == (0, "ok -- validation done\n")


def test_the_schema_would_find_a_misspelt_word(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yaml"
    broken.write_text(PATH.read_text(encoding="utf-8").replace("read_only:", "readonly:"), encoding="utf-8")

    code, said = check_schema("compose-spec", broken)
    assert code == 1, said


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"], "it could take the host's memory"
    assert 0 < service["pids_limit"] <= 512
    assert service["restart"] == "unless-stopped"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}, "its log could fill the disk"
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_the_host(name: str) -> None:
    ports: list[str] = SERVICES[name].get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in ports), ports


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(BOTS)))
def test_other_peoples_images_have_a_version_and_a_health_check(name: str) -> None:
    assert re.search(r":v?\d", SERVICES[name]["image"]), "an image without a version changes by itself"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("profiles", [("single",), ("scale",), ("single", "watch"), ("scale", "watch")])
def test_exactly_one_service_speaks_with_members(profiles: tuple[str, ...]) -> None:
    """Two on one token would both answer, and both would pay."""
    roles = [role_of(BOTS[name]) for name in running(*profiles) if name in BOTS]
    assert sum(role in {"all", "gateway"} for role in roles) == 1, roles
    assert "worker" in roles or "all" in roles, "nobody makes the videos"


def test_nothing_runs_without_a_profile() -> None:
    assert all(service.get("profiles") for service in SERVICES.values()), (
        "it would run beside both kinds of bot"
    )


@pytest.mark.parametrize("name", ["gateway", "worker"])
def test_the_parts_of_the_bot_wait_for_the_database_they_share(name: str) -> None:
    service, database = SERVICES[name], SERVICES["database"]

    assert service["depends_on"]["database"] == {"condition": "service_healthy"}
    assert service["environment"]["DATABASE_URL"].startswith("postgresql+asyncpg://veo:")
    assert set(database["networks"]) <= set(service["networks"])
    assert COMPOSE["networks"]["storage"]["internal"] is True, "PostgreSQL could be reached from elsewhere"
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", BOTS)
def test_a_bot_writes_where_the_image_expects_it_and_can_be_watched(name: str) -> None:
    service = BOTS[name]
    image = dict(pair.split("=", 1) for pair in last_words(read_steps(), "ENV"))

    assert service["volumes"] == [f"data:{image['DATA_DIR']}"]
    assert service["environment"]["DATA_DIR"] == image["DATA_DIR"], ".env may name another place"
    assert service["environment"]["HTTP_PORT"] == image["HTTP_PORT"], "Prometheus asks at one port"
    assert service["environment"]["HTTP_HOST"] == "0.0.0.0", "Prometheus is another container"  # noqa: S104


def test_what_the_file_takes_from_the_environment_is_explained_in_the_example() -> None:
    text = PATH.read_text(encoding="utf-8")
    names = {"COMPOSE_PROFILES", *re.findall(r"\$\{(\w+)", text)}

    missing = [name for name in sorted(names) if not re.search(rf"^# .+\n#?{name}=", EXAMPLE, re.MULTILINE)]
    assert not missing
    # Compose fills in the whole file before it looks at profiles: a required name would be required by all.
    assert not re.search(r"\$\{\w+:?\?", text)


def test_a_copied_example_starts_one_bot() -> None:
    chosen = re.search(r"^COMPOSE_PROFILES=(.+)$", EXAMPLE, re.MULTILINE)
    assert chosen
    assert running(*chosen[1].split(",")) == ["bot"]


def test_every_file_that_is_mounted_is_here() -> None:
    mounts = [
        volume for service in SERVICES.values() for volume in service.get("volumes", []) if volume[0] == "."
    ]

    assert mounts
    assert all((ROOT / mount.split(":")[0]).exists() for mount in mounts), mounts
    assert all(mount.endswith(":ro") for mount in mounts), "a container could change the repository"
