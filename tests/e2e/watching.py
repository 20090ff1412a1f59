"""Watching the program, in the words of the tests."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from sandbox.world import World, wait_until
from tests.e2e.driver import SECONDS

HTTP = {"http_port": 0}
CLIENT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the small server said."""

    status: int
    text: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.text)

    @property
    def failing(self) -> list[str]:
        """The names of the checks that are not well."""
        return [name for name, check in self.json["checks"].items() if not check["ok"]]


def fetch(url: str, seconds: float = CLIENT_SECONDS) -> Answer:
    """Ask as a stranger would: from another thread, with another client."""
    try:
        with urlopen(url, timeout=seconds) as response:  # noqa: S310 our own address
            return Answer(response.status, response.read().decode())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())


async def look(world: World, path: str) -> Answer:
    """Ask the world's program."""
    return await asyncio.to_thread(fetch, f"{world.app.monitoring.address}{path}")


async def look_until(world: World, path: str, wanted: Callable[[Answer], bool]) -> Answer:
    """Ask again and again until the answer is as wanted."""
    latest: list[Answer] = []

    async def look_once() -> Answer | None:
        latest.append(await look(world, path))
        return latest[-1] if wanted(latest[-1]) else None

    try:
        return await wait_until(look_once, seconds=SECONDS)
    except TimeoutError:
        raise AssertionError(f"{path} never was as wanted; at last: {latest[-1]}") from None


COUNTED = ("_total", "_count", "_sum", "_bucket")  # ends of the names of what only grows


@dataclass(frozen=True, slots=True)
class Figures:
    """A page of figures, read with the ecosystem's own parser."""

    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def __call__(self, name: str, **labels: str) -> float:
        return self.samples[f"veobot_{name}", frozenset(labels.items())]

    def since(self, before: "Figures") -> "Figures":
        """The same with what was counted since `before`: other tests of this process have counted, too."""
        return Figures(
            {
                key: value - (before.samples.get(key, 0) if key[0].endswith(COUNTED) else 0)
                for key, value in self.samples.items()
            }
        )

    def series(self, name: str) -> dict[str, float]:
        """The series of a family with one label, by its value; only those that are not 0."""
        return {
            next(iter(labels))[1]: value
            for (found, labels), value in self.samples.items()
            if found == f"veobot_{name}" and value
        }


def parse(page: str) -> Figures:
    return Figures(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }
    )


async def figures(world: World) -> Figures:
    answer = await look(world, "/metrics")
    assert answer.status == 200, answer
    return parse(answer.text)
