"""What is remembered about places that refused."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from cogs.delivery.failed_destinations import (
    LASTING_CODES,
    MAX_DESTINATIONS,
    REFUSAL_TTL_SECONDS,
    FailedDestinations,
)

PLACE = ("send", 7)


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refusal(code: int) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=403, reason="refused")
    return discord.Forbidden(response, {"code": code, "message": "refused"})


@pytest.mark.parametrize("code", sorted(LASTING_CODES))
def test_a_lasting_refusal_is_remembered_for_its_place_alone(code: int) -> None:
    refusals = FailedDestinations(Watch())
    refusals.remember(PLACE, refusal(code))
    assert refusals.has(PLACE)
    assert not refusals.has(("edit", 7)), "another kind of call was held to be refused"
    assert not refusals.has(("send", 8)), "another channel was held to be refused"


@pytest.mark.parametrize(
    "error",
    [*map(refusal, (0, 10008, 40005, 50035, 160006, 200000)), discord.RateLimited(1.0), TimeoutError()],
    ids=repr,
)
def test_other_errors_are_not_remembered(error: Exception) -> None:
    refusals = FailedDestinations(Watch())
    refusals.remember(PLACE, error)
    assert not refusals.has(PLACE)


def test_a_refusal_is_forgotten_after_a_while() -> None:
    watch = Watch()
    refusals = FailedDestinations(watch)
    refusals.remember(PLACE, refusal(50013))
    watch.now += REFUSAL_TTL_SECONDS - 1
    assert refusals.has(PLACE)
    watch.now += 1
    assert not refusals.has(PLACE)


def test_a_second_refusal_is_remembered_from_then_on() -> None:
    watch = Watch()
    refusals = FailedDestinations(watch)
    refusals.remember(PLACE, refusal(50013))
    watch.now += REFUSAL_TTL_SECONDS - 1
    refusals.remember(PLACE, refusal(50001))
    watch.now += REFUSAL_TTL_SECONDS - 1
    assert refusals.has(PLACE)


def test_the_memory_is_bounded_and_the_oldest_are_forgotten_first() -> None:
    refusals = FailedDestinations(Watch())
    for number in range(MAX_DESTINATIONS):
        refusals.remember(("send", number), refusal(50013))
    refusals.remember(("send", 0), refusal(50013))
    refusals.remember(("send", MAX_DESTINATIONS), refusal(50013))
    kept = [number for number in range(MAX_DESTINATIONS + 1) if refusals.has(("send", number))]
    assert len(kept) == MAX_DESTINATIONS
    assert 1 not in kept, "another than the oldest was forgotten"


def test_a_fresh_memory_is_empty_whatever_the_clock_says() -> None:
    watch = Watch()
    watch.now = 0.0
    assert not FailedDestinations(watch).has(PLACE)


def test_a_long_rate_limit_is_waited_out_and_a_short_one_is_discord_pys_matter() -> None:
    watch = Watch()
    refusals = FailedDestinations(watch)
    refusals.remember(PLACE, discord.RateLimited(240.0))
    refusals.remember(("send", 8), discord.RateLimited(5.0))
    assert (refusals.wait(PLACE), refusals.wait(("send", 8)), refusals.has(PLACE)) == (240.0, 0.0, False)
    watch.now += 240.0
    assert refusals.wait(PLACE) == 0.0
