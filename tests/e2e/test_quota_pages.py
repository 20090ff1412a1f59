"""The long answers of /quota: the image, the table and the file of `usage`, and pages to be turned."""

import re
from typing import Any

import pytest
import simcord

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Status
from bot.policy.documents import LimitKind, Policy, Rule, Scope
from bot.policy.store import store_policy
from sandbox.world import World
from tests.bot.rows import new_row
from tests.e2e.driver import ask_for_video, case, refuse, shown
from tests.e2e.limiting import add_role, use
from tests.e2e.moderating import accepted, labels, said

PNG = b"\x89PNG\r\n\x1a\n"
FIRST_MEMBER = 10**17
MANY = 120
NOT_ALLOWED = "Only members who can use `/quota` can do that. Nothing changed."


async def insert_use(database_url: str, world: World, members: int, **values: Any) -> None:
    """Write a video of each of so many members, the first of them the most expensive."""
    rows = [
        new_row(
            guild_id=world.guild.id,
            user_id=FIRST_MEMBER + number,
            status=Status.SUCCEEDED,
            credits_used=2_000_000.0 - number,
            delivered_at=utc_now(),
            **values,
        )
        for number in range(members)
    ]
    async with open_database(database_url) as database:
        await database.write(lambda session: session.add_all(rows))


async def set_rules(database_url: str, world: World, members: int) -> None:
    """Let the server's rules be one for each of so many members."""
    rules = [
        Rule(scope=Scope.MEMBER, subject_id=FIRST_MEMBER + number, kind=LimitKind.DAY, most=number)
        for number in range(members)
    ]
    async with open_database(database_url) as database:
        await database.write(
            lambda session: store_policy(session, world.guild.id, Policy(rules=tuple(rules)))
        )


async def press(
    world: World, answer: simcord.InteractionResult, label: str, *, by: simcord.MemberActor | None = None
) -> list[str]:
    """Let mona (or `by`) press a button of the answer; return what was said beside it."""
    result = await (by or world.mona).click(shown(answer), label=label)
    assert all(message.ephemeral for message in result.followups)
    return [message.content for message in result.followups]


async def read_to_the_end(world: World, answer: simcord.InteractionResult) -> list[str]:
    """Turn the pages to the last one; return what each says."""
    pages = [said(answer)]
    while "Next page" in labels(answer):
        assert await press(world, answer, "Next page") == []
        pages.append(said(answer))
    return pages


def members_on(text: str) -> list[int]:
    """Return the members whom a page names."""
    return [int(user_id) for user_id in re.findall(r"<@(\d+)>", text)]


@pytest.mark.nightly
async def test_use_is_a_text_an_image_with_words_and_a_file(world: World) -> None:
    await ask_for_video(world)
    answer = await use(world, "usage", period="week")
    text = said(answer)
    assert text.startswith("**Usage of the last 7 days** (since <t:")
    assert re.search(r"\nTotal: 1 video, \$[0-9.]+ \([0-9,]+ credits\)\n", text)
    assert "\n- Veo 3: 1 video, $" in text
    assert f"\n- <@{world.alice.id}>: 1 video, $" in text
    image, file = shown(answer).attachments
    assert (image.filename, file.filename) == ("usage-week.png", "usage-week.csv")
    assert (await image.read()).startswith(PNG)
    assert image.description, "who cannot see the image is told nothing"
    assert str(world.alice.id) in (await file.read()).decode()
    assert labels(answer) == [], "a single page has buttons"


async def test_where_nothing_was_used_the_reply_says_so_without_files(world: World) -> None:
    answer = await use(world, "usage")
    assert re.fullmatch(
        r"\*\*Usage of the last 30 days\*\* \(since <t:\d+:f>\)\nNobody requested a video\.", said(answer)
    )
    assert shown(answer).attachments == []


@pytest.mark.nightly
async def test_what_failed_was_cancelled_or_is_being_made_is_told_apart(
    world: World, database_url: str
) -> None:
    common: dict[str, Any] = {"guild_id": world.guild.id, "user_id": world.alice.id}
    done: dict[str, Any] = {**common, "delivered_at": utc_now()}
    rows = [
        new_row(**{**done, "status": Status.SUCCEEDED, "credits_used": 3_120_000.0}),
        new_row(**{**done, "status": Status.FAILED}),
        new_row(**{**done, "status": Status.FAILED}),
        new_row(**{**done, "status": Status.CANCELLED}),
        new_row(**{**done, "status": Status.SUCCEEDED, "user_id": 0, "credits_used": 1.0}),
    ]
    async with open_database(database_url) as database:
        await database.write(lambda session: session.add_all(rows))
    await accepted(world)
    text = said(await use(world, "usage", period="day"))
    assert f"- <@{world.alice.id}>: 1 video, 2 failed, 1 cancelled, 1 in progress, $" in text
    assert "- members who deleted their data: 1 video, under $0.01 (1 credit)" in text
    assert "Totals include money reserved for videos in progress." in text


@pytest.mark.nightly
async def test_many_members_come_in_pages_that_outlive_a_restart(world: World, database_url: str) -> None:
    await insert_use(database_url, world, MANY)
    answer = await use(world, "usage")
    assert "Page 1 of " in said(answer)
    await press(world, answer, "Next page")
    second = said(answer)
    await world.restart()
    await press(world, answer, "Previous page")
    pages = await read_to_the_end(world, answer)
    assert pages[1] == second
    shown_members = [user_id for page in pages for user_id in members_on(page)]
    assert shown_members == [FIRST_MEMBER + number for number in range(MANY)], "somebody is missing"
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]
    assert all("Total: 120 videos" in page for page in pages)
    assert len(shown(answer).attachments) == 2, "turning the page lost the image or the file"


async def test_many_rules_come_in_pages(world: World, database_url: str) -> None:
    await set_rules(database_url, world, MANY)
    answer = await use(world, "rules")
    assert labels(answer) == ["Next page"]
    pages = await read_to_the_end(world, answer)
    assert labels(answer) == ["Previous page"]
    found = [user_id for page in pages for user_id in members_on(page)]
    assert found == [FIRST_MEMBER + number for number in range(MANY)]


async def test_a_page_that_is_gone_meanwhile_leads_to_the_last_one(world: World, database_url: str) -> None:
    await set_rules(database_url, world, MANY)
    answer = await use(world, "rules")
    await set_rules(database_url, world, 5)
    await press(world, answer, "Next page")
    assert len(members_on(said(answer))) == 5
    assert labels(answer) == []


async def test_who_is_no_moderator_any_more_turns_no_page(world: World, database_url: str) -> None:
    await set_rules(database_url, world, MANY)
    await insert_use(database_url, world, MANY)
    answers = {name: await use(world, name) for name in ("rules", "usage")}
    world.env.backend.remove_member_role(world.guild.id, world.mona.id, world.guild.roles["Moderators"].id)
    for name, answer in answers.items():
        before = said(answer)
        with case(name):
            assert await press(world, answer, "Next page") == [NOT_ALLOWED]
            assert said(answer) == before


@pytest.mark.nightly
async def test_a_role_that_may_use_quota_alone_turns_pages(world: World, database_url: str) -> None:
    await set_rules(database_url, world, MANY)
    await insert_use(database_url, world, MANY)
    helpers, [nils] = add_role(world, "Helpers", "nils")
    command = world.env.backend.find_command("quota", world.guild.id)
    assert command is not None
    for name in ("rules", "usage"):
        world.guild.set_command_permissions(int(command["id"]), {helpers: True})
        with case(name):
            answer = await use(world, name, by=nils)
            assert await press(world, answer, "Next page", by=nils) == []
            assert "Page 2 of" in said(answer)
            world.guild.set_command_permissions(int(command["id"]), {helpers: False})
            assert await press(world, answer, "Previous page", by=nils) == [NOT_ALLOWED]


async def test_where_discord_takes_no_files_the_text_comes_alone(world: World, database_url: str) -> None:
    await insert_use(database_url, world, MANY)
    refuse(world, "PATCH", "/webhooks/*/messages/@original", 400001)
    answer = await use(world, "usage")
    assert "\n-# Discord rejected the chart and the file in this channel.\nPage 1 of" in said(answer)
    assert f"Total: {MANY} videos" in said(answer)
    assert shown(answer).attachments == []
    await press(world, answer, "Next page")
    assert "Page 2 of" in said(answer)
    assert "attached file" not in said(answer), "there is none"
