"""After hours in which nothing ran, the first trouble of the start is not the end of a request."""

from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.models import Generation, Status
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.jobs.steps.base import StepPostponedError
from bot.provider.catalogue import build_request
from sandbox.provider import Fault, Provider
from tests.bot.engine import Engine, MakeEngine, client_of
from tests.bot.rows import MODEL, PROMPT, insert

DOWN = timedelta(days=2)


async def made_before_the_downtime(before: Engine) -> Generation:
    """Return a request whose video was made and not posted when the host went down."""
    row = await insert(before.database)
    before.delivery.trouble = [DeliveryPostponedError("Discord is away")]
    with pytest.raises(StepPostponedError):
        await before.workflow.run(await before.claim())
    await before.queue.release_all()
    long_ago = utc_now() - DOWN
    await before.database.write(
        lambda session: session.execute(
            update(Generation)
            .where(Generation.id == row.id)
            .values(created_at=long_ago, submitted_at=long_ago, finished_at=long_ago)
        )
    )
    return row


async def test_a_file_that_cannot_be_fetched_at_once_is_fetched_later(
    make_engine: MakeEngine, provider: Provider
) -> None:
    row = await made_before_the_downtime(make_engine("before"))
    provider.faults.add("cdn", Fault.status(404))
    after = await make_engine("after").delivered(row.id)
    assert (after.status, after.failure_kind) == (Status.SUCCEEDED, None)


@pytest.mark.parametrize(
    "trouble", [DeliveryPostponedError("Discord is away"), UndeliverableError("no role yet")]
)
async def test_a_video_that_cannot_be_posted_at_once_is_posted_later(
    make_engine: MakeEngine, trouble: Exception
) -> None:
    row = await made_before_the_downtime(make_engine("before"))
    engine = make_engine("after")
    engine.delivery.trouble = [trouble]
    after = await engine.delivered(row.id)
    assert (after.status, len(engine.delivery.videos)) == (Status.SUCCEEDED, 1)


async def test_a_request_whose_fate_is_not_known_is_looked_up_until_the_log_answers(
    make_engine: MakeEngine, provider: Provider, session: aiohttp.ClientSession
) -> None:
    engine = make_engine()
    row = await insert(engine.database, status=Status.SUBMITTING, submitted_at=utc_now() - DOWN)
    await client_of(session, provider).create(build_request(MODEL, PROMPT, {}), row.id)
    await provider.rendered()
    provider.faults.add("logs", Fault.status(503), times=3)
    after = await engine.delivered(row.id)
    assert (after.status, after.failure_kind) == (Status.SUCCEEDED, None), "a paid video was called lost"
    assert provider.count("create") == 1
