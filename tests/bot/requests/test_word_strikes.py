"""Which refused requests give a strike: words that were typed for them, and a retried interaction once."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.admission.denials import WordNotAllowedError
from bot.db.database import Database
from bot.db.guild_models import AppealDecision, StrikeRow
from bot.db.models import Generation
from bot.moderation.decisions import Decisions
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.provider.catalogue import OptionValue
from bot.requests.repeats import spec_of
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.rows import insert, new_requester
from tests.bot.striking import MONA, SPEC, Room, striking_service


@pytest.fixture
async def service(database: Database, clock: StoppedClock) -> GenerationService:
    """The service on a server that gives strikes for one word."""
    return await striking_service(database, clock)


async def sources(database: Database) -> list[str]:
    query = select(StrikeRow.source).order_by(StrikeRow.id)
    return list(await database.read(lambda session: session.scalars(query).all()))


@pytest.mark.both_engines
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


@pytest.mark.parametrize("decision", [AppealDecision.ALLOW, AppealDecision.LIFT])
async def test_letting_a_block_pass_lets_no_word_be_typed_without_a_strike(
    room: Room, decision: AppealDecision
) -> None:
    moderation = Moderation(Decisions(room.database, room.clock))
    await moderation.block(MONA, new_requester().user_id, None)
    await room.answer(await room.refused(), decision)
    await moderation.unblock(MONA, new_requester().user_id)
    assert "counts as a strike" in str(await room.refused())


async def test_after_a_word_was_lifted_the_request_is_judged_without_a_strike_once(room: Room) -> None:
    await room.answer(await room.refused(), AppealDecision.LIFT)
    await Moderation(Decisions(room.database, room.clock)).add_word(MONA, "zebra")
    assert "strike" not in str(await room.refused())
    room.sent -= 1
    assert "strike" not in str(await room.refused()), "the same interaction, which is retried"
    assert "counts as a strike" in str(await room.refused())


async def test_a_request_that_was_accepted_after_its_word_was_lifted_is_excused_no_more(
    room: Room,
) -> None:
    await room.answer(await room.refused(), AppealDecision.LIFT)
    await room.service.request(new_requester(interaction_id=7), SPEC)
    await Moderation(Decisions(room.database, room.clock)).add_word(MONA, "zebra")
    assert "counts as a strike" in str(await room.refused())


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
