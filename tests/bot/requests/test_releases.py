"""A request that a moderator let pass once: whether it did, is known in the transaction that accepts it."""

import asyncio

import pytest

from bot.admission.check_request import Admission
from bot.admission.denials import WordNotAllowedError
from bot.db.database import Database
from bot.db.guild_models import AppealDecision
from bot.moderation.appeals import Appeals
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, new_requester

ALICE, MONA = Moderator(1, 3), Moderator(1, 9)
SPEC = RequestSpec(MODEL, "a zebra", {})

pytestmark = pytest.mark.both_engines


@pytest.fixture
async def service(database: Database, clock: StoppedClock) -> GenerationService:
    """The service on a server that forbids one word."""
    moderation = Moderation(Decisions(database, clock))
    await moderation.add_word(MONA, "zebra")
    await moderation.change_settings(MONA, {"moderators_channel_id": 5})
    admission, work, never = Admission(FixedPrices(1.0), daily_limit=100), asyncio.Event(), asyncio.Event()
    return GenerationService(database, admission=admission, work=work, stopping=never, clock=clock)


async def test_a_request_that_is_taken_back_leaves_what_was_allowed_free_for_once(
    service: GenerationService, database: Database, clock: StoppedClock
) -> None:
    appeals = Appeals(database, clock)
    with pytest.raises(WordNotAllowedError) as refused:
        await service.request(new_requester(), SPEC)
    assert refused.value.appeal_id is not None
    await appeals.ask(ALICE, refused.value.appeal_id, "it is a play")
    await appeals.decide(MONA, refused.value.appeal_id, AppealDecision.ALLOW)
    await service.withdraw((await service.request(new_requester(), SPEC)).id)
    accepted = await service.request(new_requester(), SPEC)
    with pytest.raises(WordNotAllowedError):
        await service.request(new_requester(), SPEC)
    await service.attach_card(accepted.id, 77)
    await service.withdraw(accepted.id)
    with pytest.raises(WordNotAllowedError):
        await service.request(new_requester(), SPEC)
