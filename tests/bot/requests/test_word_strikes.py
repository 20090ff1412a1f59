"""Which refused requests are one act: a retried interaction, and clicks on what somebody wrote earlier."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.admission.check_request import Admission
from bot.admission.denials import WordNotAllowedError
from bot.db.database import Database
from bot.db.guild_models import StrikeRow
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, insert, new_requester

MONA = Moderator(1, 9)
SPEC = RequestSpec(MODEL, "a zebra", {})

pytestmark = pytest.mark.both_engines


@pytest.fixture
async def service(database: Database, clock: StoppedClock) -> GenerationService:
    """The service on a server that gives strikes for one word."""
    decisions = Decisions(database, clock)
    await Moderation(decisions).add_word(MONA, "zebra")
    await Strikes(decisions).change(MONA, is_on=True)
    admission, never = Admission(FixedPrices(1.0), daily_limit=100), asyncio.Event()
    return GenerationService(database, admission=admission, work=never, stopping=never, clock=clock)


async def sources(database: Database) -> list[str]:
    query = select(StrikeRow.source).order_by(StrikeRow.id)
    return list(await database.read(lambda session: session.scalars(query).all()))


async def test_a_retried_interaction_gives_one_strike_and_hears_the_same(
    service: GenerationService, database: Database
) -> None:
    requester, said = new_requester(interaction_id=7), list[str]()
    with pytest.raises(WordNotAllowedError) as looked:
        await service.ensure_allowed(requester, SPEC)
    for _ in range(3):
        with pytest.raises(WordNotAllowedError, match=r"You have 1 strike\.") as refused:
            await service.request(requester, SPEC)
        said.append(str(refused.value))
    assert {*said} == {str(looked.value)}
    assert await sources(database) == ["interaction:7"]


async def test_making_a_video_again_whose_word_is_forbidden_by_now_gives_one_a_member(
    service: GenerationService, database: Database
) -> None:
    source = await insert(database, prompt=SPEC.prompt)
    again = replace(SPEC, source_id=source.id)
    for user_id, spec in ((3, again), (3, again), (4, again), (3, replace(again, prompt="two zebra"))):
        with pytest.raises(WordNotAllowedError):
            await service.request(new_requester(user_id=user_id), spec)
    found = await sources(database)
    assert found[:2] == [f"again:{source.id}:3", f"again:{source.id}:4"]
    assert len(found) == 3, "a prompt that was typed for it is an act of its own"
