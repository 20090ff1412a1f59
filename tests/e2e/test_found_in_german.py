"""Killed before the card or the result is written down: found again, whatever language it was written in."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import utc_now
from bot.db.models import Status
from sandbox.world import World
from tests.e2e.driver import (
    ask_and_hold,
    assert_card_leads_to,
    card_of,
    change_rows,
    eventually,
    requests,
    the_result,
)
from tests.german import spoken_german

GERMAN_CARD, GERMAN_FAILURE = "Ein Video für ", "❌ Diesmal kein Video, "
POST = {"result_id": None, "result_channel_id": None, "delivered_at": None}
CARD = {"card_id": None, "thread_id": None}
AGAIN = [("de", "de"), ("de", None), (None, "de")]  # the languages before and after the restart

languages = pytest.mark.parametrize(("before", "after"), AGAIN, ids=str)


@pytest.fixture(autouse=True)
def german(tmp_path: Path) -> Iterator[None]:
    """German is one of the languages."""
    with spoken_german(tmp_path / "locales"):
        yield


async def restart_with(world: World, database_url: str, **values: object) -> None:
    """Leave the row with these values as a process does that is killed, and start the program anew."""
    lease = {"lease_owner": "the killed one", "lease_until": utc_now() + timedelta(seconds=0.4)}
    await change_rows(database_url, **values, **lease)
    await world.restart()


@pytest.mark.nightly(daily=["de-None"])
@languages
async def test_a_failure_is_found_and_not_told_again(
    world: World, database_url: str, before: str | None, after: str | None
) -> None:
    await ask_and_hold(world, prompt="[fail] the same")
    await change_rows(database_url, locale=before)
    world.provider.release()
    await world.wait_for_delivery()
    assert the_result(world).content.startswith(GERMAN_FAILURE) is (before == "de")
    await restart_with(world, database_url, locale=after, **POST)
    row = await world.wait_for_delivery()
    assert row.result_id == the_result(world).id
    assert len(requests(world, "POST", "/messages")) == 1, "the failure was told again"


@pytest.mark.nightly
@languages
async def test_a_card_is_found_and_used(
    world: World, database_url: str, before: str | None, after: str | None
) -> None:
    held = await ask_and_hold(world)
    await restart_with(world, database_url, locale=before)

    def is_written() -> bool:
        return card_of(world, held).startswith(GERMAN_CARD) is (before == "de")

    await eventually("a card in the language", is_written)
    await restart_with(world, database_url, locale=after, **CARD)
    world.provider.release()
    row = await world.wait_for_delivery()
    assert (row.status, row.card_id) == (Status.SUCCEEDED, held.card_id), "the card was not found"
    assert card_of(world, row).startswith(GERMAN_CARD) is (after == "de")
    [card_line] = [line for line in card_of(world, row).split("\n") if row.id in line]
    assert card_line == (f"-# {row.id} ist die Nummer" if after == "de" else f"-# ID {row.id}")
    assert the_result(world).attachments
    assert_card_leads_to(world, row, the_result(world))
    assert world.provider.count("create") == 1
