"""Offers whose time is over, whose price moved, that are somebody else's, or whose card Discord refuses."""

from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord
from simcord.actors import _component_interaction  # pyright: ignore[reportPrivateUsage]: pinned version
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import QuoteRow
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.conftest import LoseAnswer
from tests.e2e.driver import (
    accept_all,
    ask,
    ask_for_video,
    assert_card_leads_to,
    bodies,
    case,
    make_due,
    refuse,
    results,
    rows,
    the_result,
)
from tests.e2e.limiting import quota
from tests.e2e.moderating import admin
from tests.e2e.quoting import (
    BUTTONS,
    CANCEL,
    CHANGE,
    GENERATE,
    as_shown,
    ask_first,
    buttons_now,
    generate,
    now_shown,
    offered,
    offers_of,
    send,
)
from tests.e2e.reporting import add_bob, forge_buttons
from tests.e2e.videos import message_of, newest, private

POSTS = "/channels/*/messages"
BUTTON = 2  # a component's type, in Discord's numbers
GONE = "This offer is no longer available. Use `/veo` again. This didn't count toward your limit."


async def change_offers(database_url: str, **values: Any) -> None:
    """Change all offers from outside of the program."""
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(update(QuoteRow).values(values)))


async def press_unseen(
    member: simcord.MemberActor, stored: Any, action: str, quote_id: str
) -> simcord.InteractionResult:
    """Press a button as a changed client could: with any id, on a message that is not shown to them."""
    data: Any = {"custom_id": f"veo1:{action}:{quote_id}:1", "component_type": BUTTON}
    return await _component_interaction(member, stored, data)


async def test_an_offer_that_is_over_says_so_in_its_place(world: World, database_url: str) -> None:
    await ask_first(world)
    offers = {label: await offered(world) for label in BUTTONS}
    await change_offers(database_url, expires_at=utc_now() - timedelta(seconds=1))
    for label, offer in offers.items():
        with case(label):
            answer = await world.alice.click(offer, label=label)
            assert answer.modal is None
            assert now_shown(world, offer).startswith("This offer expired <t:")
            assert now_shown(world, offer).endswith("Use `/veo` again. This didn't count toward your limit.")
            assert (buttons_now(world, offer), await rows(world)) == ([], [])


@pytest.mark.parametrize("forgery", ["unknown", "another server's", "another member's", "forgotten"])
async def test_a_forged_id_does_nothing(world: World, database_url: str, forgery: str) -> None:
    await ask_first(world)
    offers = {label: await offered(world) for label in BUTTONS}
    quotes = await offers_of(world)
    match forgery:
        case "unknown":
            for offer in offers.values():
                for quote_row in quotes:
                    forge_buttons(world, offer, quote_row["id"], "0" * 16)
        case "forgotten":
            await world.app.services.privacy.forget(world.alice.id)
        case "another server's":
            await change_offers(database_url, guild_id=1)
        case _:
            await change_offers(database_url, user_id=world.mona.id)
    for label, offer in offers.items():
        await world.alice.click(offer, label=label)
        assert now_shown(world, offer) == GONE, label
    assert await rows(world) == []


async def test_another_member_cannot_use_an_offer(world: World) -> None:
    await ask_first(world)
    await offered(world)
    [quote_row] = await offers_of(world)
    seen = await world.mona.send(world.channel, "hello")
    stored = world.env.backend.get_message(seen.channel.id, seen.id)
    for action in ("offer-yes", "offer-change", "offer-no"):
        answer = await press_unseen(add_bob(world, name=action), stored, action, quote_row["id"])
        assert answer.modal is None
    assert (await rows(world), await offers_of(world)) == ([], [quote_row])


async def test_a_changed_price_is_shown_before_it_is_spent(world: World, database_url: str) -> None:
    await ask_first(world)
    offer = await offered(world)
    await change_offers(database_url, price=1_000_000.0)
    await world.alice.click(offer, label=GENERATE)
    assert await rows(world) == [], "more was spent than the member was told"
    text = now_shown(world, offer)
    assert text.startswith("⚠️ **The price has changed since you saw it.** Please decide again.\n")
    assert "about **$2.08 (4,160,000 credits)**" in text
    assert (await generate(world, as_shown(world, offer))).estimated_credits == 4_160_000


@pytest.mark.nightly
async def test_a_click_on_what_was_shown_before_is_not_taken_for_another(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    stale = offer.components
    form = await world.alice.click(offer, label=CHANGE)
    await send(world, form, duration=["8"])
    stored: Any = world.env.backend.get_message(offer.channel.id, offer.id)
    stored.components = [row.to_dict() for row in stale]
    answer = await world.alice.click(offer, label=GENERATE)
    assert "This offer has changed." in private(answer)
    assert await rows(world) == []
    assert (await generate(world, as_shown(world, offer))).options["duration"] == 8


async def test_an_offer_whose_change_could_not_be_shown_can_still_be_read_and_taken(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    form = await world.alice.click(offer, label=CHANGE)
    refuse(world, "POST", "/interactions/*/*/callback", 0, status=503)
    await send(world, form, duration=["8"])
    assert "4 seconds" in now_shown(world, offer), "the change was shown after all"
    answer = await world.alice.click(offer, label=GENERATE)
    assert "Read it again, then click once more." in private(answer)
    assert "8 seconds" in now_shown(world, offer), "what is to be read again is not there"
    assert (await generate(world, as_shown(world, offer))).options["duration"] == 8


@pytest.mark.nightly
async def test_a_price_that_is_not_known_is_called_so(world: World) -> None:
    world.provider.faults.add("models", Fault.status(500), times=None)
    await world.restart()
    await ask_first(world, has_prices=False)
    offer = await offered(world)
    assert "💰 Price: **unknown**." in offer.content
    assert (await generate(world, offer)).estimated_credits is None
    await newest(world, 1)
    again = await offered(world, duration=8)
    assert "💰 Price: about **$4.16 (8,320,000 credits)**, based on earlier videos." in again.content


@pytest.mark.nightly
async def test_of_the_servers_money_it_is_told_whether_there_is_some(world: World) -> None:
    await ask_first(world)
    await quota(world, "budget", day="9,000,000 credits")
    offer = await offered(world)
    assert "🏦 The server's video budget has money left after this one." in offer.content
    assert "9,000,000" not in offer.content, "sums are the moderators' business"
    await quota(world, "budget", day="4,160,000 credits")
    last = await offered(world)
    assert "🏦 This one uses up the server's video budget. It resets <t:" in last.content
    await generate(world, last)
    answer = await world.alice.click(offer, label=GENERATE)
    assert "This server's video budget for today is used up." in private(answer)
    assert len(await rows(world)) == 1


async def test_a_card_that_the_filter_stops_leaves_the_offer(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    refuse(world, "POST", POSTS, 200000)
    answer = await world.alice.click(offer, label=GENERATE)
    assert "filter stopped my answer because of words" in private(answer)
    assert await rows(world) == []
    assert buttons_now(world, offer) == BUTTONS
    await generate(world, offer)
    await newest(world, 1)


async def test_where_the_bot_may_answer_but_not_write_the_card_is_an_answer(world: World) -> None:
    denied: Any = {world.app.bot.user: discord.PermissionOverwrite(send_messages=False)}
    channel = world.guild.create_text_channel("threads only", overwrites=denied)
    await ask_first(world)
    offer = await offered(world, channel)
    await generate(world, offer)
    generation = await newest(world, 1)
    assert message_of(world, generation.card_id).channel.id == channel.id
    assert_card_leads_to(world, generation, the_result(world))


async def test_a_card_whose_answer_was_lost_is_posted_once(world: World, lose_answer: LoseAnswer) -> None:
    await ask_first(world)
    offer = await offered(world)
    lose_answer("POST", f"/channels/{world.channel.id}/messages")
    await generate(world, offer)
    generation = await newest(world, 1)
    assert_card_leads_to(world, generation, the_result(world))
    assert "✅ **Requested.**" in now_shown(world, offer)
    nonces = [body["nonce"] for body in bodies(world, "POST", f"/channels/{world.channel.id}/messages")]
    assert nonces == [f"{generation.id}-c"] * 2, "Discord could not tell that it is the same"


async def test_a_card_of_unknown_fate_keeps_the_request(world: World, database_url: str) -> None:
    await ask_first(world)
    offer = await offered(world)
    refuse(world, "POST", POSTS, 0, status=503, times=None)
    await world.alice.click(offer, label=GENERATE)
    assert now_shown(world, offer) == (
        "Discord had trouble showing my answer, but I accepted your request. I'll post the "
        "video in this channel."
    )
    assert buttons_now(world, offer) == []
    accept_all(world)
    await make_due(world, database_url)
    await newest(world, 1)
    assert len(results(world)) == 1


async def test_nothing_is_spent_on_a_click_that_discord_gave_up_on(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    refuse(world, "POST", "/interactions/*/callback", 10062, status=404)
    await world.alice.click(offer, label=GENERATE)
    assert await rows(world) == []
    await generate(world, offer)


async def test_an_offer_that_cannot_be_edited_holds_nothing_up(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    refuse(world, "PATCH", "/webhooks/*", 10008, status=404, times=None)
    await generate(world, offer)
    await newest(world, 1)
    answer = await world.alice.click(offer, label=GENERATE)
    assert "Your second click didn't count" in private(answer)


async def test_a_member_gets_and_deletes_their_offers(world: World) -> None:
    await ask_first(world)
    await offered(world, prompt="a secret dragon", negative_prompt="rain")
    [quote_row] = await offers_of(world)
    assert (quote_row["prompt"], quote_row["options"]["negative_prompt"]) == ("a secret dragon", "rain")
    question = await world.alice.slash(world.channel, "privacy delete")
    assert question.response is not None
    await world.alice.click(question.response.message, label="Delete my prompts")
    assert "the prompt and links of **1 request**" in now_shown(world, question.response.message)
    assert await offers_of(world) == []


@pytest.mark.nightly
async def test_a_cancelled_offer_does_not_hinder_the_next_one(world: World) -> None:
    await ask_first(world)
    await world.alice.click(await offered(world), label=CANCEL)
    await generate(world, await offered(world))
    await admin(world, "settings", ask_first=False)
    await ask(world)
    await ask_for_video(world)
    assert len(await rows(world)) == 3
