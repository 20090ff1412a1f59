"""The dashboard and the alert rules: every figure and label in them is one that the program has."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_page

from bot.watch.alert_rules import AlertKind
from bot.watch.metrics import Metrics
from tests.packaging.programs import ROOT
from tests.packaging.yaml_files import read_yaml

DEPLOY = ROOT / "deploy"
DASHBOARD: dict[str, Any] = json.loads(
    (DEPLOY / "grafana/dashboards/veo-bot.json").read_text(encoding="utf-8")
)
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
RULES: list[dict[str, Any]] = read_yaml(DEPLOY / "prometheus/rules.yml")["groups"][0]["rules"]
SCRAPE: dict[str, Any] = read_yaml(DEPLOY / "prometheus/prometheus.yml")["scrape_configs"][0]

# Grafana puts these in.
VARIABLES = {"$__rate_interval": "1m"}
# Prometheus' own series and labels.
OF_PROMETHEUS = {"up": set[str](), "ALERTS": {"alertname", "alertstate", "severity"}}
OF_SCRAPING = {"job", "instance", "service"}

Labels = dict[str, set[str]]


def questions() -> Iterator[tuple[str, str]]:
    """Yield who asks and what, as PromQL."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel.get("targets", []):
            text: str = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            yield panel["title"], text


QUESTIONS = list(questions())


@pytest.fixture(scope="module")
def series() -> dict[str, Labels]:
    """Every series of `/metrics` with its labels and their values, as a new process shows them."""
    found: defaultdict[str, Labels] = defaultdict(dict)
    for family in parse_page(Metrics(tuple(AlertKind)).render().decode()):
        for sample in family.samples:
            labels = found[sample.name]
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def selectors(text: str) -> list[promql_parser.VectorSelector]:
    """Return what a question asks for.

    Raises:
        ValueError: it is no PromQL.
    """
    found: list[promql_parser.VectorSelector] = []

    def look(part: promql_parser.Expr) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            found.append(part)

    promql_parser.walk(promql_parser.parse(text), look)
    return found


def test_there_are_questions() -> None:
    assert len(QUESTIONS) > 30
    assert all(selectors(text) for _, text in QUESTIONS)


@pytest.mark.parametrize(("who", "text"), QUESTIONS)
def test_it_asks_for_what_the_program_has(who: str, text: str, series: dict[str, Labels]) -> None:
    for selector in selectors(text):
        assert selector.name in series or selector.name in OF_PROMETHEUS, f"{who}: no series {selector.name}"
        known = series.get(selector.name, {})
        for matcher in selector.matchers.matchers:
            if matcher.name in OF_SCRAPING:
                assert matcher.name != "job" or matcher.value == SCRAPE["job_name"]
            elif selector.name in OF_PROMETHEUS:
                assert matcher.name in OF_PROMETHEUS[selector.name], f"{who}: {matcher.name}"
            else:
                strangers = set(matcher.value.split("|")) - known.get(matcher.name, set())
                assert not strangers, f"{who}: {selector.name} has no {matcher.name} {strangers}"


@pytest.mark.parametrize(("who", "text"), QUESTIONS)
def test_it_groups_by_labels_that_there_are(who: str, text: str, series: dict[str, Labels]) -> None:
    known = OF_SCRAPING | {label for one in selectors(text) for label in series.get(one.name or "", {})}
    named = re.findall(r"\bby \(([^)]*)\)", text)

    assert {label.strip() for labels in named for label in labels.split(",")} <= known, who


@pytest.mark.parametrize(("who", "text"), QUESTIONS)
def test_what_only_grows_is_never_shown_as_it_is(who: str, text: str) -> None:
    """A counter begins at 0 with each start; and what processes share must not be added up."""
    assert not re.search(r"(?<!rate\()(?<!increase\()veobot_\w+_(total|bucket|count)\b", text), who
    assert not re.search(r"\bsum\b[^a-z]*(by \([^)]*\) )?\(veobot_queue_", text), who


def test_every_alert_says_what_to_do() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_every_panel_is_explained_and_has_a_place_of_its_own() -> None:
    drawn = [panel for panel in PANELS if panel["type"] != "row"]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert all(panel["description"] and panel["title"] for panel in drawn)

    for one, other in combinations(PANELS, 2):
        here, there = one["gridPos"], other["gridPos"]
        beside = here["x"] + here["w"] <= there["x"] or there["x"] + there["w"] <= here["x"]
        below = here["y"] + here["h"] <= there["y"] or there["y"] + there["h"] <= here["y"]
        assert beside or below, f"{one['title']!r} lies over {other['title']!r}"


def test_the_dashboard_asks_the_prometheus_that_is_set_up() -> None:
    sources = read_yaml(DEPLOY / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    asked = {target["datasource"]["uid"] for panel in PANELS for target in panel.get("targets", [])}

    assert asked == {source["uid"] for source in sources}
    assert sources[0]["url"] == "http://prometheus:9090"


def test_the_files_are_where_the_containers_look_for_them() -> None:
    services = read_yaml(ROOT / "compose.yaml")["services"]
    bots = {name for name, service in services.items() if "build" in service}
    (finder,) = SCRAPE["dns_sd_configs"]
    (provider,) = read_yaml(DEPLOY / "grafana/provisioning/dashboards/veo-bot.yml")["providers"]
    mounts = dict(mount.split(":")[:2] for mount in services["grafana"]["volumes"])

    assert set(finder["names"]) == bots
    assert str(finder["port"]) == services["bot"]["environment"]["HTTP_PORT"]
    assert provider["options"]["path"] == mounts["./deploy/grafana/dashboards"]
    home = Path(services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home.parent == Path(provider["options"]["path"])
    assert (DEPLOY / "grafana/dashboards" / home.name).is_file()
