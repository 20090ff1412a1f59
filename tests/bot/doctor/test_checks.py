"""What the doctor finds, with real parts that are really out of order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import Status
from bot.db.state import get_state
from bot.doctor.check_result import CheckResult
from bot.doctor.checks import Checkup, sample_of
from bot.jobs.closures import ProviderPause, RefusalScope, Way
from bot.jobs.pause_state import keep_pause
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.provider.catalogue import CATALOGUE
from bot.provider.client import VeoClient
from bot.provider.errors import UnavailableError, UnknownTaskError
from sandbox.provider import Fault, Provider
from tests.bot.clocks import StoppedClock
from tests.bot.engine import StartProvider, client_of
from tests.bot.rows import insert
from tests.bot.troubles import Disk, held, locked

GUILD = 1
SAMPLE = sample_of(CATALOGUE)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def checkup(database: Database, veo: VeoClient, clock: StoppedClock) -> Checkup:
    """The doctor of a healthy program."""
    return Checkup(database, veo, clock, sample=SAMPLE)


async def find(checkup: Checkup, words: str) -> CheckResult:
    """Run all checks and return the one finding with `words`."""
    findings = await checkup.run(GUILD)
    found = [finding for finding in findings if words in finding.what]
    assert len(found) == 1, f"{words!r} is not said once in {[finding.what for finding in findings]}"
    return found[0]


async def bad(checkup: Checkup) -> list[str]:
    """Run all checks and return what is bad; each must come with advice."""
    found = [finding for finding in await checkup.run(GUILD) if not finding.is_good]
    assert all(finding.advice for finding in found), "something is bad, and nobody says what to do"
    return [finding.what for finding in found]


async def test_a_healthy_program_has_nothing_bad(checkup: Checkup) -> None:
    findings = await checkup.run(GUILD)
    assert [finding.what for finding in findings] == [
        "/veo isn't paused.",
        "I can write to the database.",
        "The key works. Its account has $100.00, enough for about 24 videos of 8 seconds.",
        "No videos are in progress.",
    ]
    assert all(finding.is_good and not finding.advice for finding in findings)


async def test_the_sample_is_what_a_member_gets_without_choosing() -> None:
    assert SAMPLE.body.keys() == {"model", "prompt"}


async def test_a_pause_is_told_with_the_way_out(checkup: Checkup, database: Database) -> None:
    await Moderation(Decisions(database)).pause(Moderator(GUILD, 7), None)
    assert "/veo-admin resume" in (await find(checkup, "/veo was paused")).advice


async def test_a_pause_elsewhere_is_not_told(checkup: Checkup, database: Database) -> None:
    await Moderation(Decisions(database)).pause(Moderator(GUILD + 1, 7), None)
    assert await bad(checkup) == []


async def test_a_refused_key_is_told(checkup: Checkup, provider: Provider) -> None:
    provider.faults.add("billing", Fault.status(401), times=None)
    assert await bad(checkup) == ["The video service rejects the bot's key."]


async def test_a_key_that_may_not_ask_for_the_money_is_good(checkup: Checkup, provider: Provider) -> None:
    provider.faults.add("billing", Fault.status(403, "This key lacks the scope billing:read."), times=None)
    assert (await find(checkup, "The key works, but")).is_good
    provider.terms.scopes = ["model:chat"]
    assert not (await find(checkup, "key")).is_good


async def test_a_wrong_key_is_told_and_never_shown(
    database: Database, session: aiohttp.ClientSession, provider: Provider
) -> None:
    veo = VeoClient(session, provider.url, SecretStr("wrong-key-123"))
    finding = await find(Checkup(database, veo, sample=SAMPLE), "rejects the bot's key")
    assert "AIMLAPI_KEY" in finding.advice
    assert "wrong-key-123" not in finding.what + finding.advice


async def test_a_provider_that_is_down_is_told(
    database: Database, session: aiohttp.ClientSession, provider: Provider
) -> None:
    veo = client_of(session, provider, url="http://127.0.0.1:9")  # nothing listens there
    assert await bad(Checkup(database, veo, sample=SAMPLE)) == ["I can't reach the video service."]


@pytest.mark.parametrize(
    "fault",
    [Fault.status(500), Fault.status(503, body="html"), Fault.truncated_json(), Fault.status(429)],
    ids=["500", "proxy", "broken", "429"],
)
async def test_a_provider_in_trouble_is_told(checkup: Checkup, provider: Provider, fault: Fault) -> None:
    provider.faults.add("billing", fault, times=None)
    assert await bad(checkup) == ["The video service has a problem and doesn't show the balance."]


async def test_a_provider_that_hangs_is_given_up_alone(
    database: Database, veo: VeoClient, provider: Provider
) -> None:
    provider.faults.add("billing", Fault.hang(), times=None)
    checkup = Checkup(database, veo, sample=SAMPLE, patience=0.2)
    assert await bad(checkup) == ["The video service: no answer in time."]


@pytest.mark.parametrize(
    ("balance", "what"),
    [
        (
            0.0,
            "The key works, but its account is nearly empty: $0.00, enough for about 0 videos of 8 seconds.",
        ),
        (0.99, "$0.99, enough for about 0 videos of 8 seconds."),
        (4.15, "The key works, but its account is nearly empty: $4.15, enough for about 0 videos"),
        (-1.5, "nearly empty: minus $1.50, enough for about 0 videos"),
    ],
)
async def test_an_account_without_enough_for_a_video_is_bad(
    start_provider: StartProvider,
    database: Database,
    session: aiohttp.ClientSession,
    balance: float,
    what: str,
) -> None:
    async with start_provider(balance_usd=balance) as provider:
        [found] = await bad(Checkup(database, client_of(session, provider), sample=SAMPLE))
    assert what in found


async def test_an_account_with_enough_for_one_video_is_good(
    start_provider: StartProvider, database: Database, session: aiohttp.ClientSession
) -> None:
    async with start_provider(balance_usd=1234.56) as rich, start_provider(balance_usd=4.17) as poor:
        assert (await find(Checkup(database, client_of(session, rich), sample=SAMPLE), "$1,234.56")).is_good
        assert (
            await find(Checkup(database, client_of(session, poor), sample=SAMPLE), "about 1 video of 8")
        ).is_good


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.hang()], ids=["500", "hang"])
async def test_without_a_price_the_balance_is_told_alone(
    database: Database, veo: VeoClient, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("models", fault, times=None)
    finding = await find(Checkup(database, veo, sample=SAMPLE, patience=1), "The key works")
    assert (finding.is_good, finding.what) == (True, "The key works. Its account has $100.00.")


async def test_without_a_price_less_than_a_dollar_is_bad(
    start_provider: StartProvider, database: Database, session: aiohttp.ClientSession
) -> None:
    async with start_provider(balance_usd=0.99) as provider:
        provider.faults.add("models", Fault.status(500), times=None)
        [found] = await bad(Checkup(database, client_of(session, provider), sample=SAMPLE))
    assert found == "The key works, but its account is nearly empty: $0.99."


async def test_the_database_is_really_written(
    checkup: Checkup, database: Database, clock: StoppedClock
) -> None:
    await checkup.run(GUILD)
    assert await get_state(database, "doctor") == clock().isoformat()


async def test_a_locked_database_is_told(checkup: Checkup, disk: Disk, database_url: str) -> None:
    assert not disk.is_full
    async with locked(database_url):
        assert await bad(checkup) == ["I can't write to the database, so I can't accept requests."]


async def test_a_database_that_keeps_us_waiting_is_given_up(
    database: Database, database_url: str, veo: VeoClient
) -> None:
    async with held(database_url, Lock.STATE):
        found = await bad(Checkup(database, veo, sample=SAMPLE, patience=0.2))
    assert found == ["The database: no answer in time."]


async def test_a_check_that_breaks_hides_no_other(checkup: Checkup, database: Database) -> None:
    def work(session: Session):
        connection = session.connection()
        connection.exec_driver_sql("DROP TABLE generations")

    await database.write(work)
    assert await bad(checkup) == ["Running videos: the check failed."]


async def test_the_last_answer_about_a_video_is_remembered(veo: VeoClient, provider: Provider) -> None:
    assert veo.answered_at is None
    task = await veo.create(SAMPLE, "one")
    assert veo.answered_at is None, "a create call is no poll"
    await veo.retrieve(task.id)
    first = veo.answered_at
    assert first is not None
    assert first.utcoffset() == timedelta()
    provider.faults.add("retrieve", Fault.status(500))
    with pytest.raises(UnavailableError):
        await veo.retrieve(task.id)
    with pytest.raises(UnknownTaskError):
        await veo.retrieve("nobody")
    assert veo.answered_at == first, "a failed poll was taken for an answer"


async def answered(veo: VeoClient) -> None:
    """Let the provider answer a poll now."""
    await veo.retrieve((await veo.create(SAMPLE, "one")).id)


async def run_one(database: Database, clock: StoppedClock, *, since: timedelta) -> None:
    """Let a video have been in the making for so long."""
    await insert(database, status=Status.RUNNING, guild_id=99, submitted_at=clock() - since)


async def test_a_late_answer_is_bad_while_videos_are_being_made(
    checkup: Checkup, database: Database, veo: VeoClient, clock: StoppedClock
) -> None:
    await answered(veo)
    await run_one(database, clock, since=timedelta(minutes=1))
    clock.advance(timedelta(minutes=4, seconds=50))
    assert (await find(checkup, "the last answer about them came <t:")).is_good
    clock.advance(timedelta(seconds=30))
    finding = await find(checkup, "isn't reporting on them. The last answer came <t:")
    assert not finding.is_good


async def test_a_late_answer_does_not_matter_while_nothing_is_being_made(
    checkup: Checkup, database: Database, veo: VeoClient, clock: StoppedClock
) -> None:
    await answered(veo)
    await insert(database, status=Status.SUCCEEDED, submitted_at=clock())
    clock.advance(timedelta(hours=5))
    assert await bad(checkup) == []


async def test_after_a_quiet_hour_a_new_video_is_no_alarm(
    checkup: Checkup, database: Database, veo: VeoClient, clock: StoppedClock
) -> None:
    await answered(veo)
    clock.advance(timedelta(hours=1))
    await run_one(database, clock, since=timedelta(seconds=10))
    assert await bad(checkup) == []


async def test_right_after_a_start_the_silence_is_no_alarm(
    database: Database, veo: VeoClient, clock: StoppedClock
) -> None:
    await run_one(database, clock, since=timedelta(minutes=12))
    checkup = Checkup(database, veo, clock, sample=SAMPLE)
    assert (await find(checkup, "waiting for the first answer about them")).is_good
    clock.advance(timedelta(minutes=6))
    assert not (await find(checkup, "There has been no answer since I started")).is_good


async def test_a_key_that_makes_no_videos_is_told_in_place_of_its_money(
    checkup: Checkup, provider: Provider
) -> None:
    provider.terms.scopes = ["model:chat"]
    assert await bad(checkup) == [
        "The bot's key for the video service isn't allowed to make videos: its scopes lack `model:video`."
    ]
    provider.terms.scopes, provider.terms.limit_usd = None, 0.0
    assert await bad(checkup) == [
        "The bot's key for the video service has reached its limit: $0.00 of $0.00 spent."
    ]
    provider.terms.disabled = True
    assert await bad(checkup) == ["The bot's key for the video service is turned off (`disabled`)."]


async def test_a_limit_that_is_not_reached_is_told(checkup: Checkup, provider: Provider) -> None:
    provider.terms.limit_usd = 25.0
    finding = await find(checkup, "The key works.")
    assert finding.is_good
    assert finding.what.endswith("The key's limit is $25.00 per month.")


@pytest.mark.parametrize("fault", [Fault.status(404), Fault.status(403), Fault.truncated_json()], ids=str)
async def test_a_provider_that_tells_nothing_of_keys_changes_nothing(
    checkup: Checkup, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("key", fault, times=None)
    assert await bad(checkup) == []


async def test_what_is_refused_is_told_in_the_providers_words(checkup: Checkup, database: Database) -> None:
    pause = ProviderPause(START, RefusalScope.ACCOUNT, Way.FORBIDDEN, "*No* @everyone")
    await keep_pause(database, pause)
    finding = await find(checkup, "I stopped sending requests")
    assert not finding.is_good
    assert finding.what.endswith(
        "the video service isn't accepting any. The video service says: “\\*No\\* @\u200beveryone”"
    )
    await keep_pause(database, replace(pause, scope=RefusalScope.MODEL, models=("google/veo3",)))
    assert "for Veo 3 <t:" in (await find(checkup, "I stopped sending requests for")).what
    await keep_pause(database, replace(pause, scope=RefusalScope.REQUEST))
    assert await bad(checkup) == [], "a single request that waits is no pause"
    await keep_pause(database, None)
    assert await bad(checkup) == []
