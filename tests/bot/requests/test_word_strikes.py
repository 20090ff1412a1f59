"""Which refused requests give a strike: words that were typed for them, and a retried interaction once."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.admission.check_request import Admission
from bot.admission.denials import WordNotAllowedError
from bot.db.database import Database
from bot.db.guild_models import StrikeRow
from bot.db.models import Generation
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.provider.catalogue import OptionValue
from bot.requests.repeats import spec_of
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


async def test_making_a_video_again_whose_word_is_forbidden_by_now_gives_none_unless_it_is_typed(
    service: GenerationService, database: Database
) -> None:
    options: dict[str, OptionValue | None] = {"negative_prompt": "zebra"}
    prompt = again(await insert(database, prompt="a zebra"))
    negative = again(await insert(database, prompt="a fox", options=options))
    cases = {
        "the same": (prompt, False),
        "the same, in the negative prompt": (negative, False),
        "a harmless negative prompt": (replace(prompt, options={"negative_prompt": "a cat"}), False),
        "a harmless prompt": (replace(negative, prompt="a wolf"), False),
        "a negative prompt with the word": (replace(prompt, options=options), True),
        "a prompt with the word": (replace(negative, prompt="a zebra"), True),
        "another prompt with the word": (replace(prompt, prompt="two zebra"), True),
    }
    for name, (spec, is_strike) in cases.items():
        before = len(await sources(database))
        with pytest.raises(WordNotAllowedError) as refused:
            await service.request(new_requester(user_id=4), spec)
        assert len(await sources(database)) - before == is_strike, name
        assert ("counts as a strike" in str(refused.value)) == is_strike, name


def again(source: Generation) -> RequestSpec:
    return spec_of(source, source.created_at)


async def test_a_retried_interaction_whose_strike_was_forgiven_hears_nothing_of_strikes(
    service: GenerationService, database: Database, clock: StoppedClock
) -> None:
    requester = new_requester(interaction_id=7)
    with pytest.raises(WordNotAllowedError, match="counts as a strike"):
        await service.request(requester, SPEC)
    await Strikes(Decisions(database, clock)).forgive(MONA, requester.user_id)
    with pytest.raises(WordNotAllowedError) as refused:
        await service.request(requester, SPEC)
    assert "strike" not in str(refused.value)
