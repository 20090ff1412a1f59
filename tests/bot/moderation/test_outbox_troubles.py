"""The outbox in trouble: no row stands in another's way, and nothing is lost."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from bot.db.database import Database
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.moderation.appeals import Appeals
from bot.moderation.outbox import GIVE_UP_AFTER, REFUSED_WAIT, RETRY
from tests.bot.appealing import asked
from tests.bot.clocks import StoppedClock, until
from tests.bot.moderator_channels import (
    CHANNEL,
    TICK,
    RecordingModeratorChannel,
    add_entry,
    add_report,
    all_due_was_tried,
    due_times,
    failing_in,
    recorded,
    shown,
)
from tests.bot.troubles import Logs, count_events, count_tracebacks, locked, locked_at_once

pytestmark = pytest.mark.both_engines

REFUSES = "could not post in the moderators' channel"


@pytest.mark.usefixtures("outbox_relay")
@pytest.mark.parametrize("asked", [None, 5.0, 300.0])
async def test_a_passing_failure_is_repeated_later_and_in_order(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, asked: float | None
) -> None:
    moderator_channel.trouble = failing_in(CHANNEL, DeliveryPostponedError("overloaded", asked))
    for text in ("one", "two", "three"):
        await add_entry(database, text, clock() + TICK)
    clock.advance(TICK)  # all are due at the same moment
    await all_due_was_tried(database, moderator_channel, clock())
    assert moderator_channel.tries.count(CHANNEL) == 1, "the others of the server were tried too"
    moderator_channel.trouble = lambda _: None
    clock.advance(max(RETRY, timedelta(seconds=asked or 0)) - TICK)
    await all_due_was_tried(database, moderator_channel, clock())
    assert moderator_channel.in_channel(CHANNEL) == [], "it was repeated too early"
    clock.advance(TICK)
    await shown(moderator_channel, "one", "two", "three")


@pytest.mark.usefixtures("outbox_relay")
async def test_a_channel_that_never_answers_holds_up_only_its_own_server(
    database: Database,
    moderator_channel: RecordingModeratorChannel,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.moderation.outbox_relay.POST_TIMEOUT", 0.05)
    moderator_channel.hangs_in = CHANNEL
    await add_entry(database, "one", clock())
    await all_due_was_tried(database, moderator_channel, clock())
    moderator_channel.hangs_in = None
    clock.advance(RETRY)
    await shown(moderator_channel, "one")


@pytest.mark.usefixtures("outbox_relay")
async def test_a_channel_that_refuses_is_asked_every_ten_minutes_and_warned_about_once(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, logs: Logs
) -> None:
    moderator_channel.trouble = failing_in(CHANNEL, UndeliverableError("missing access"))
    for text in ("one", "two"):
        await add_entry(database, text, clock())
    await all_due_was_tried(database, moderator_channel, clock())
    for number in range(2, 5):
        clock.advance(REFUSED_WAIT - TICK)
        await all_due_was_tried(database, moderator_channel, clock())
        assert moderator_channel.tries.count(CHANNEL) == number - 1, "it was asked too early"
        clock.advance(TICK)
        await all_due_was_tried(database, moderator_channel, clock())
        assert moderator_channel.tries.count(CHANNEL) == number, "it was asked for each row, or not at all"
    assert count_events(logs, REFUSES) == 1
    moderator_channel.trouble = lambda _: None
    clock.advance(REFUSED_WAIT)
    await shown(moderator_channel, "one", "two")
    await recorded(database, "one", "two")
    moderator_channel.trouble = failing_in(CHANNEL, UndeliverableError("again"))
    await add_entry(database, "three", clock())
    await all_due_was_tried(database, moderator_channel, clock())
    assert count_events(logs, REFUSES) == 2, "the operator does not hear that it refuses anew"


@pytest.mark.usefixtures("outbox_relay")
async def test_after_a_day_of_refusals_old_rows_are_given_up_and_new_ones_are_not(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    moderator_channel.trouble = failing_in(CHANNEL, UndeliverableError("missing access"))
    await add_entry(database, "old entry", clock())
    await add_report(database, "old report", clock())
    await all_due_was_tried(database, moderator_channel, clock())
    clock.advance(GIVE_UP_AFTER - TICK)
    await add_entry(database, "new entry", clock())
    await all_due_was_tried(database, moderator_channel, clock())
    assert None not in (await due_times(database)).values(), "given up before the day was over"
    clock.advance(REFUSED_WAIT)
    await recorded(database, "old entry", "old report")
    await all_due_was_tried(database, moderator_channel, clock())
    assert (await due_times(database))["new entry"] == clock() + REFUSED_WAIT
    moderator_channel.trouble = lambda _: None
    clock.advance(REFUSED_WAIT)
    await shown(moderator_channel, "new entry")
    assert moderator_channel.in_channel(CHANNEL) == ["new entry"]


@pytest.mark.usefixtures("outbox_relay")
async def test_what_is_given_up_is_an_error_once_and_an_appeal_is_none(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, logs: Logs
) -> None:
    moderator_channel.trouble = failing_in(CHANNEL, UndeliverableError("unknown channel"))
    await asked(Appeals(database, clock), database, clock)
    clock.advance(TICK)
    await all_due_was_tried(database, moderator_channel, clock())
    clock.advance(GIVE_UP_AFTER)
    await all_due_was_tried(database, moderator_channel, clock())
    assert count_errors(logs) == 0, "nothing was given up"
    for number in range(3):
        await add_entry(database, f"entry {number}", clock() - GIVE_UP_AFTER)
        clock.advance(REFUSED_WAIT)
        await recorded(database, f"entry {number}")
        await all_due_was_tried(database, moderator_channel, clock())
    assert count_errors(logs) == 1
    moderator_channel.trouble = lambda _: None
    clock.advance(REFUSED_WAIT)
    await shown(moderator_channel, "it is a play")


def count_errors(logs: Logs) -> int:
    return sum(line["log_level"] == "error" for line in logs)


@pytest.mark.usefixtures("outbox_relay")
async def test_an_old_row_that_breaks_the_moderator_channel_once_is_tried_again(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    errors = iter([RuntimeError("nobody foresaw this")])
    moderator_channel.trouble = lambda channel_id: next(errors, None) if channel_id == CHANNEL else None
    await add_report(database, "waited", clock(), created_at=clock() - 3 * GIVE_UP_AFTER)
    await all_due_was_tried(database, moderator_channel, clock())
    assert (await due_times(database))["waited"] == clock() + REFUSED_WAIT
    clock.advance(REFUSED_WAIT)
    await shown(moderator_channel, "waited")


@pytest.mark.usefixtures("outbox_relay")
async def test_a_report_that_waited_for_a_channel_gets_its_day_too(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    moderator_channel.trouble = failing_in(CHANNEL, UndeliverableError("missing access"))
    await add_report(database, "waited", clock(), created_at=clock() - 3 * GIVE_UP_AFTER)
    await all_due_was_tried(database, moderator_channel, clock())
    assert (await due_times(database))["waited"] == clock() + REFUSED_WAIT, "given up at the first refusal"


@pytest.mark.usefixtures("outbox_relay")
async def test_a_row_that_breaks_the_moderator_channel_does_not_keep_others_from_being_shown(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    errors = iter([RuntimeError("nobody foresaw this")])
    moderator_channel.trouble = lambda channel_id: next(errors, None) if channel_id == CHANNEL else None
    await add_entry(database, "broken", clock() + TICK)  # both in the future, so that neither is shown alone
    await add_entry(database, "sound", clock() + 2 * TICK)
    clock.advance(2 * TICK)
    await shown(moderator_channel, "sound")
    assert (await due_times(database))["broken"] == clock() + REFUSED_WAIT
    moderator_channel.trouble = failing_in(CHANNEL, RuntimeError("for ever"))
    clock.advance(GIVE_UP_AFTER)
    await recorded(database, "broken")


@pytest.mark.usefixtures("all_failures_told", "outbox_relay", "disk")
async def test_a_database_that_cannot_be_written_does_not_end_the_relay(
    database: Database,
    database_url: str,
    moderator_channel: RecordingModeratorChannel,
    clock: StoppedClock,
    logs: Logs,
) -> None:
    await add_entry(database, "one", clock() + TICK)

    async def has_failed_twice() -> bool:
        return count_events(logs, "could not post in the moderators' channels") > 1

    async with locked(database_url):
        clock.advance(TICK)
        await until("two looks have failed", has_failed_twice)
    await shown(moderator_channel, "one")
    assert count_tracebacks(logs, "could not post in the moderators' channels") == 0


@pytest.mark.usefixtures("outbox_relay", "disk")
async def test_what_was_shown_but_not_written_down_is_repeated_while_discord_knows_its_nonce(
    database: Database,
    database_url: str,
    moderator_channel: RecordingModeratorChannel,
    clock: StoppedClock,
    logs: Logs,
) -> None:
    with ExitStack() as stack:

        def lock_the_database(channel_id: int) -> None:
            if moderator_channel.tries.count(CHANNEL) == 1 and channel_id == CHANNEL:
                stack.enter_context(locked_at_once(database_url))

        moderator_channel.trouble = lock_the_database
        await add_entry(database, "one", clock())

        async def has_failed() -> bool:
            return count_events(logs, "could not post in the moderators' channels") == 1

        await until("the end of posting could not be written down", has_failed)
    assert (await due_times(database))["one"] == clock() + RETRY
    clock.advance(RETRY)
    await recorded(database, "one")
    assert moderator_channel.in_channel(CHANNEL) == ["one", "one"], "Discord makes one of it, by the nonce"
    assert timedelta(minutes=2) > RETRY, "Discord has forgotten the nonce by then"
