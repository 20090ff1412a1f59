"""compose.yaml: its schema, what confines the containers, and that no two bots answer the same members."""

import re
from pathlib import Path
from typing import Any

from tests.lint.findings import Check, File, Findings
from tests.lint.programs import check_schema
from tests.lint.yaml_files import read_yaml
from tests.packaging.dockerfile import last_words, read_steps

CONFINED = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "restart": "unless-stopped",
}
LOOSENING = ("privileged", "cap_add", "network_mode", "pid", "ipc", "devices")
PROFILES = ("single", "scale", "single,watch", "scale,watch")

Service = dict[str, Any]


class Compose(File):
    """The file, and what is in it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "compose.yaml")
        self.content: dict[str, Any] = read_yaml(self.path)
        self.services: dict[str, Service] = self.content["services"]
        self.bots = {name: service for name, service in self.services.items() if "build" in service}

    def running(self, profiles: str) -> list[str]:
        """Return the services that run with these profiles, parted by commas."""
        chosen = set(profiles.split(","))
        return [
            name for name, service in self.services.items() if chosen & set(service.get("profiles", chosen))
        ]


def the_schema_allows_compose(root: Path) -> Findings:
    """Find what the specification of Compose does not allow."""
    if said := check_schema("compose-spec", root / "compose.yaml"):
        yield File(root, "compose.yaml").found(f"The schema says: {said}")


def every_container_is_confined(root: Path) -> Findings:
    """Find a container that could harm the host."""
    file = Compose(root)
    for name, service in file.services.items():
        at = f"\n  {name}:\n"
        for word in (*CONFINED, *LOOSENING):
            if service.get(word) != CONFINED.get(word):
                yield file.found(f"{name}: {word} must be {CONFINED.get(word, 'left out')}.", at)
        if not service.get("mem_limit"):
            yield file.found(f"{name} could take the host's memory.", at)
        if not 0 < service.get("pids_limit", 0) <= 512:
            yield file.found(f"{name} could start more than 512 processes.", at)
        if set(service.get("logging", {}).get("options", ())) != {"max-size", "max-file"}:
            yield file.found(f"The log of {name} could fill the disk.", at)


def nothing_is_published_beyond_the_host(root: Path) -> Findings:
    """Find a port that other machines reach."""
    file = Compose(root)
    for name, service in file.services.items():
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield file.found(f"{name} publishes {port} beyond the host.", str(port))


def other_peoples_images_have_a_version_and_a_health_check(root: Path) -> Findings:
    """Find an image that changes by itself, or a container of which nobody sees whether it is well."""
    file = Compose(root)
    for name, service in file.services.items():
        if name in file.bots:
            continue
        if not re.search(r":v?\d", service["image"]):
            yield file.found(
                f"The image of {name} has no version, so it changes by itself.", service["image"]
            )
        if service.get("healthcheck", {}).get("test", [""])[0] != "CMD":
            yield file.found(f"{name} has no health check.", f"\n  {name}:\n")


def exactly_one_service_speaks_with_members(root: Path) -> Findings:
    """Find profiles with which two bots answer, and both pay, or with which nobody does the work."""
    file = Compose(root)
    for profiles in PROFILES:
        roles = [_role_of(file.bots[name]) for name in file.running(profiles) if name in file.bots]
        if sum(role in {"all", "gateway"} for role in roles) != 1:
            yield file.found(f"With the profiles {profiles} not exactly one of {roles} speaks with members.")
        if not {"worker", "all"} & set(roles):
            yield file.found(f"With the profiles {profiles} nobody makes the videos.")


def nothing_runs_without_a_profile(root: Path) -> Findings:
    """Find a service that would run beside both kinds of bot."""
    file = Compose(root)
    for name, service in file.services.items():
        if not service.get("profiles"):
            yield file.found(
                f"{name} has no profile: it would run beside both kinds of bot.", f"\n  {name}:\n"
            )


def the_parts_of_the_bot_wait_for_the_database_they_share(root: Path) -> Findings:
    """Find a part of the bot that does not share the database, and a way to it from elsewhere."""
    file = Compose(root)
    networks = set(file.services["database"]["networks"])
    for name in ("gateway", "worker"):
        service = file.services[name]
        waits = service.get("depends_on", {})
        if waits != {"database": {"condition": "service_healthy"}}:
            yield file.found(f"{name} does not wait for the database.", f"\n  {name}:\n")
        if not service["environment"].get("DATABASE_URL", "").startswith("postgresql+asyncpg://veo:"):
            yield file.found(f"{name} does not use the database.", f"\n  {name}:\n")
        if not networks <= set(service.get("networks", ())):
            yield file.found(f"{name} does not reach the database.", f"\n  {name}:\n")
    if file.content["networks"]["storage"].get("internal") is not True:
        yield file.found("PostgreSQL could be reached from elsewhere.", "\n  storage:\n")
    if file.services["worker"].get("deploy", {}).get("replicas") != 2:
        yield file.found("There should be two workers.", "\n  worker:\n")


def a_bot_writes_where_the_image_expects_it_and_can_be_watched(root: Path) -> Findings:
    """Find a bot whose folder or port is another than the image's."""
    file = Compose(root)
    image = dict(pair.split("=", 1) for pair in last_words(read_steps(root), "ENV"))
    for name, service in file.bots.items():
        environment, at = service["environment"], f"\n  {name}:\n"
        if service["volumes"] != [f"data:{image['DATA_DIR']}"]:
            yield file.found(f"The volume of {name} is not where the image writes.", at)
        if environment.get("DATA_DIR") != image["DATA_DIR"]:
            yield file.found(f"{name} needs the image's DATA_DIR, since .env may name another place.", at)
        if environment.get("HTTP_PORT") != image["HTTP_PORT"]:
            yield file.found(f"{name} needs the image's HTTP_PORT, at which Prometheus asks.", at)
        if environment.get("HTTP_HOST") != "0.0.0.0":  # noqa: S104 within the container's network
            yield file.found(f"{name} is not open to Prometheus, which is another container.", at)


def the_example_explains_what_compose_takes_from_the_environment(root: Path) -> Findings:
    """Find a variable without an explanation, and one that Compose would require of everybody."""
    file, example = Compose(root), File(root, ".env.example")
    for name in sorted({"COMPOSE_PROFILES", *re.findall(r"\$\{(\w+)", file.text)}):
        if not re.search(rf"^# .+\n#?{name}=", example.text, re.MULTILINE):
            yield example.found(f"{name} of compose.yaml is not explained here.")
    # Compose fills in the whole file before it looks at profiles: a required name would be required by all.
    for match in re.finditer(r"\$\{\w+:?\?", file.text):
        yield file.found("A required variable would be required with every profile.", match[0])


def a_copied_example_starts_one_bot(root: Path) -> Findings:
    """Find an example with which another service runs than the bot alone."""
    file, example = Compose(root), File(root, ".env.example")
    chosen = re.search(r"^COMPOSE_PROFILES=(.+)$", example.text, re.MULTILINE)
    if chosen is None or file.running(chosen[1]) != ["bot"]:
        yield example.found("A copy of the example does not start one bot.", "\nCOMPOSE_PROFILES=")


def every_file_that_is_mounted_is_here(root: Path) -> Findings:
    """Find a mount that is not there, or that a container could change."""
    file = Compose(root)
    mounts = [mount for service in file.services.values() for mount in service.get("volumes", [])]
    ours = [mount for mount in mounts if mount.startswith(".")]
    if not ours:
        yield file.found("No container mounts a folder of the repository.")
    for mount in ours:
        if not (root / mount.split(":")[0]).exists():
            yield file.found(f"{mount} mounts what is not here.", mount)
        if not mount.endswith(":ro"):
            yield file.found(f"{mount} lets a container change the repository.", mount)


def _role_of(service: Service) -> str:
    command: list[str] = service.get("command", ["run"])
    return command[command.index("--role") + 1] if "--role" in command else "all"


CHECKS: tuple[Check, ...] = (
    the_schema_allows_compose,
    every_container_is_confined,
    nothing_is_published_beyond_the_host,
    other_peoples_images_have_a_version_and_a_health_check,
    exactly_one_service_speaks_with_members,
    nothing_runs_without_a_profile,
    the_parts_of_the_bot_wait_for_the_database_they_share,
    a_bot_writes_where_the_image_expects_it_and_can_be_watched,
    the_example_explains_what_compose_takes_from_the_environment,
    a_copied_example_starts_one_bot,
    every_file_that_is_mounted_is_here,
)
