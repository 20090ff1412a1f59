"""The dashboard's panels, and that its files are where the containers look for them."""

from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

from tests.lint.compose import Compose
from tests.lint.findings import Check, File, Findings
from tests.lint.prometheus import DASHBOARD, SCRAPE, panels_of, scrape_of
from tests.lint.yaml_files import read_yaml

PROVISIONING = Path("deploy/grafana/provisioning")
SOURCES = PROVISIONING / "datasources/prometheus.yml"
PROVIDERS = PROVISIONING / "dashboards/veo-bot.yml"


def every_panel_is_explained(root: Path) -> Findings:
    """Find a panel without a title or a description, or two of one number."""
    file, panels = File(root, DASHBOARD), panels_of(root)
    for number, times in Counter(panel["id"] for panel in panels).items():
        if times > 1:
            yield file.found(f"There are {times} panels of the number {number}.", f'"id": {number},')
    for panel in panels:
        if panel["type"] != "row" and not (panel.get("description") and panel.get("title")):
            name = panel.get("title") or panel["id"]
            yield file.found(f"The panel {name} needs a title and a description.", f'"{name}"')


def every_panel_has_a_place_of_its_own(root: Path) -> Findings:
    """Find panels that lie over each other."""
    file = File(root, DASHBOARD)
    for one, other in combinations(panels_of(root), 2):
        here, there = one["gridPos"], other["gridPos"]
        beside = here["x"] + here["w"] <= there["x"] or there["x"] + there["w"] <= here["x"]
        below = here["y"] + here["h"] <= there["y"] or there["y"] + there["h"] <= here["y"]
        if not beside and not below:
            yield file.found(f"{one['title']} lies over {other['title']}.", f'"{one["title"]}"')


def the_dashboard_asks_the_prometheus_that_is_set_up(root: Path) -> Findings:
    """Find a panel that asks another source, or a source at another address."""
    file = File(root, SOURCES)
    sources: list[dict[str, Any]] = read_yaml(file.path)["datasources"]
    asked = {target["datasource"]["uid"] for panel in panels_of(root) for target in panel.get("targets", [])}
    for uid in sorted(asked ^ {source["uid"] for source in sources}):
        yield file.found(f"The source {uid} is not both set up and asked.", f"uid: {uid}")
    if sources[0]["url"] != "http://prometheus:9090":
        yield file.found("Prometheus is at http://prometheus:9090.", "url:")


def the_files_are_where_the_containers_look_for_them(root: Path) -> Findings:
    """Find a name, port or folder that differs from that of compose.yaml."""
    compose, finders = Compose(root), File(root, SCRAPE)
    grafana = compose.services["grafana"]
    (finder,) = scrape_of(root)["dns_sd_configs"]
    if set(finder["names"]) != set(compose.bots):
        yield finders.found(f"Prometheus must look for {', '.join(compose.bots)}.", "names:")
    if str(finder["port"]) != compose.services["bot"]["environment"]["HTTP_PORT"]:
        yield finders.found("Prometheus asks at another port than the bot's.", "port:")

    (provider,) = read_yaml(root / PROVIDERS)["providers"]
    mounts = dict(mount.split(":")[:2] for mount in grafana["volumes"])
    folder = provider["options"]["path"]
    if folder != mounts.get("./deploy/grafana/dashboards"):
        yield File(root, PROVIDERS).found("The dashboards are mounted elsewhere.", "path:")
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    if home.parent != Path(folder) or not (root / DASHBOARD).with_name(home.name).is_file():
        yield compose.found(f"There is no dashboard at {home}.", str(home))


CHECKS: tuple[Check, ...] = (
    every_panel_is_explained,
    every_panel_has_a_place_of_its_own,
    the_dashboard_asks_the_prometheus_that_is_set_up,
    the_files_are_where_the_containers_look_for_them,
)
