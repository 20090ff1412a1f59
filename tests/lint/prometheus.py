"""What the alert rules and the dashboard ask Prometheus for: figures and labels that the program has."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
from prometheus_client.parser import text_string_to_metric_families as parse_page

from bot.failures import REVIEWED, FailureKind
from bot.metrics.families import render
from bot.metrics.metrics import REGISTRY
from tests.lint.findings import Check, File, Finding, Findings
from tests.lint.yaml_files import read_yaml

RULES = "deploy/prometheus/rules.yml"
DASHBOARD = "deploy/grafana/dashboards/veo-bot.json"
SCRAPE = "deploy/prometheus/prometheus.yml"

# Grafana puts these in.
VARIABLES = {"$__rate_interval": "1m"}
# Prometheus' own series and labels.
OF_PROMETHEUS = {"up": set[str](), "ALERTS": {"alertname", "alertstate", "severity"}}
OF_SCRAPING = {"job", "instance", "service"}

Labels = dict[str, set[str]]


class Question:
    """What a rule or a panel asks for, as PromQL."""

    def __init__(self, file: File, who: str, text: str) -> None:
        self.file = file
        self.who = who
        self.text = text

    def found(self, sentence: str) -> Finding:
        """Return a finding at the place of this query."""
        return self.file.found(f"{self.who}: {sentence}", self.who)

    def selectors(self) -> list[promql_parser.VectorSelector]:
        """Return the series that are asked for; none where it is no PromQL."""
        found: list[promql_parser.VectorSelector] = []

        def look(part: promql_parser.Expr) -> None:
            if isinstance(part, promql_parser.VectorSelector):
                found.append(part)

        try:
            promql_parser.walk(promql_parser.parse(self.text), look)
        except ValueError:
            return []
        return found


def rules_of(root: Path) -> list[dict[str, Any]]:
    """Return the alert rules."""
    return read_yaml(root / RULES)["groups"][0]["rules"]


def panels_of(root: Path) -> list[dict[str, Any]]:
    """Return the panels of the dashboard."""
    return json.loads((root / DASHBOARD).read_text(encoding="utf-8"))["panels"]


def scrape_of(root: Path) -> dict[str, Any]:
    """Return where Prometheus asks."""
    return read_yaml(root / SCRAPE)["scrape_configs"][0]


def every_question_can_be_asked(root: Path) -> Findings:
    """Find what is no PromQL, or asks for nothing."""
    questions = list(_questions(root))
    if len(questions) <= 30:
        yield File(root, DASHBOARD).found(f"There are {len(questions)} questions only.")
    for question in questions:
        if not question.selectors():
            yield question.found("This is no question for Prometheus.")


def it_asks_for_what_the_program_has(root: Path) -> Findings:
    """Find a series, a label or a label's value that the program does not have."""
    series, job = _series(), scrape_of(root)["job_name"]
    for question in _questions(root):
        for selector in question.selectors():
            name = selector.name or ""
            if name not in series and name not in OF_PROMETHEUS:
                yield question.found(f"There is no series {name}.")
                continue
            for matcher in selector.matchers.matchers:
                strangers = set(matcher.value.split("|")) - series.get(name, {}).get(matcher.name, set())
                if matcher.name in OF_SCRAPING:
                    is_known = matcher.name != "job" or matcher.value == job
                elif name in OF_PROMETHEUS:
                    is_known = matcher.name in OF_PROMETHEUS[name]
                else:
                    is_known = not strangers
                if not is_known:
                    yield question.found(f"{name} has no {matcher.name} {matcher.value}.")


def it_groups_by_labels_that_there_are(root: Path) -> Findings:
    """Find a group by a label that no series of the question has."""
    series = _series()
    for question in _questions(root):
        of_series = {label for one in question.selectors() for label in series.get(one.name or "", {})}
        named = ",".join(re.findall(r"\bby \(([^)]*)\)", question.text))
        labels = {label.strip() for label in named.split(",") if label.strip()}
        for label in sorted(labels - of_series - OF_SCRAPING):
            yield question.found(f"There is no label {label} to group by.")


def what_only_grows_is_never_shown_as_it_is(root: Path) -> Findings:
    """Find a counter, which begins at 0 with each start, or a sum of what processes share."""
    for question in _questions(root):
        if re.search(r"(?<!rate\()(?<!increase\()veobot_\w+_(total|bucket|count)\b", question.text):
            yield question.found("A counter needs rate() or increase().")
        if re.search(r"\bsum\b[^a-z]*(by \([^)]*\) )?\(veobot_queue_", question.text):
            yield question.found("What the processes share must not be added up.")


def every_alert_says_what_to_do(root: Path) -> Findings:
    """Find a rule without words or level, or two of one name."""
    file, names = File(root, RULES), set[str]()
    for rule in rules_of(root):
        name: str = rule["alert"]
        if name in names:
            yield file.found(f"There are two rules {name}.", name)
        names.add(name)
        if set(rule.get("annotations", ())) != {"summary", "description"}:
            yield file.found(f"{name} needs a summary and a description, and no more.", name)
        if rule.get("labels", {}).get("severity") not in {"critical", "warning"}:
            yield file.found(f"{name} needs a severity: critical or warning.", name)


def only_failures_of_their_own_alarm(root: Path) -> Findings:
    """Find a rule about failures that counts what moderators ended, or what follows from another failure."""
    left_out = {*REVIEWED, FailureKind.SHOT_BEFORE}
    for rule in rules_of(root):
        question = Question(File(root, RULES), rule["alert"], rule["expr"])
        for selector in question.selectors():
            if selector.name != "veobot_requests_failed_total":
                continue
            named = {kind for matcher in selector.matchers.matchers for kind in matcher.value.split("|")}
            if missing := sorted(left_out - named):
                yield question.found(f"It counts what is no failure of its own: {', '.join(missing)}.")


def _questions(root: Path) -> Iterator[Question]:
    file = File(root, RULES)
    for rule in rules_of(root):
        yield Question(file, rule["alert"], rule["expr"])
    file = File(root, DASHBOARD)
    for panel in panels_of(root):
        for target in panel.get("targets", []):
            text: str = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            yield Question(file, panel["title"], text)


@cache
def _series() -> dict[str, Labels]:
    """Return every series of `/metrics` with its labels and their values, as a new process shows them."""
    found: defaultdict[str, Labels] = defaultdict(dict)
    for family in parse_page(render(REGISTRY).decode()):
        for sample in family.samples:
            labels = found[sample.name]
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


CHECKS: tuple[Check, ...] = (
    every_question_can_be_asked,
    it_asks_for_what_the_program_has,
    it_groups_by_labels_that_there_are,
    what_only_grows_is_never_shown_as_it_is,
    every_alert_says_what_to_do,
    only_failures_of_their_own_alarm,
)
