"""The guide of /veo-admin home: what its previews show, and how many clicks a whole set-up takes."""

from dataclasses import dataclass
from typing import Any

import pytest
import simcord

from bot.db.database import open_database
from bot.home.overview import SetupStep
from bot.policy.documents import LimitKind, Period, Reviewed, Scope
from sandbox.world import World
from tests.e2e.driver import shown
from tests.e2e.limiting import add_role, nothing_is_set
from tests.e2e.moderating import labels, use
from tests.e2e.quoting import as_shown, now_shown
from tests.e2e.test_admin_setup import open_guide, policy_of
from tests.e2e.test_quota_preview import lines, refused_in_words, videos_of


async def let_them_have_had_videos(world: World, database_url: str, *user_ids: int) -> None:
    async with open_database(database_url) as database:
        await database.write(lambda session: session.add_all(videos_of(world, user_ids)))


async def previewed(
    world: World, guide: simcord.InteractionResult, step: str, **values: Any
) -> simcord.ResponseMessage:
    """Send the form of a step; return what is shown before anything is saved."""
    form = await world.mona.click(as_shown(world, shown(guide).message), label=step)
    answer = await world.mona.submit_modal(form, values)
    assert shown(answer).ephemeral, "everybody sees it"
    assert labels(answer)[0] == "Save", shown(answer).content
    assert await nothing_is_set(world), "it was saved before the click"
    return shown(answer)


@pytest.mark.parametrize("scope", [Scope.SERVER, Scope.ROLE])
async def test_a_limit_is_shown_with_what_it_would_have_done_before_it_is_saved(
    world: World, database_url: str, scope: Scope
) -> None:
    fans, [bob] = add_role(world, "Fans", "bob")
    await let_them_have_had_videos(world, database_url, *[bob.id] * 3, world.alice.id)
    guide = await open_guide(world)
    is_of_role = scope is Scope.ROLE
    message = await previewed(world, guide, "Limit", day="2", role=[fans] if is_of_role else [])
    whose = fans.mention if is_of_role else "every member"
    assert lines(message.content)[:3] == [
        f"🔎 **Limit for {whose}: 2 videos in 24 hours** (now: 50 videos in 24 hours)",
        refused_in_words(1, of=4, by=1, saved=1),
        f"Most affected: <@{bob.id}> (1).",
    ]
    await world.mona.click(message.message, label="Save")
    [rule] = (await policy_of(world)).rules
    kept = (rule.scope, rule.subject_id, rule.kind, rule.most)
    assert kept == (scope, fans.id if is_of_role else 0, LimitKind.DAY, 2)
    await world.mona.click(as_shown(world, shown(guide).message), label="Refresh")
    now = now_shown(world, shown(guide).message)
    assert (
        "; 1 role has its own\n" if is_of_role else "✅ **Limit per member:** 2 videos in 24 hours\n"
    ) in now


@pytest.mark.nightly
async def test_a_budget_is_shown_with_what_it_would_have_done_before_it_is_saved(
    world: World, database_url: str
) -> None:
    await let_them_have_had_videos(world, database_url, *[world.alice.id] * 4)
    message = await previewed(world, await open_guide(world), "Budget", month="3 USD", day="unlimited")
    assert lines(message.content)[1] == refused_in_words(1, of=4, by=1, saved=1)
    await world.mona.click(message.message, label="Save")
    assert (await policy_of(world)).budgets.keys() == {Period.MONTH}


@dataclass
class Counted:
    """Sets a server up as mona, and counts what she clicks and which forms she sends."""

    world: World
    clicks: int = 0
    forms: int = 0

    async def click(self, answer: simcord.InteractionResult, label: str) -> simcord.InteractionResult:
        self.clicks += 1
        message = as_shown(self.world, shown(answer).message)
        return await self.world.mona.click(message, label=label)

    async def send(self, form: simcord.InteractionResult, values: dict[str, Any]) -> None:
        """Send a form, and save what it shows where it shows something."""
        self.forms += 1
        answer = await self.world.mona.submit_modal(form, values)
        if answer.response is not None and "Save" in labels(answer):
            await self.click(answer, "Save")


@pytest.mark.parametrize(("has_history", "clicks"), [(False, 5), (True, 7)])
async def test_a_whole_set_up_takes_so_many_clicks_and_forms(
    world: World, database_url: str, has_history: bool, clicks: int
) -> None:
    """`docs/moderators.md` names the numbers."""
    if has_history:
        await let_them_have_had_videos(world, database_url, *[world.alice.id] * 4)
    moderators_channel, mona = world.guild.create_text_channel("moderators"), Counted(world)
    filled: dict[SetupStep, tuple[str, dict[str, Any]]] = {
        SetupStep.CHANNEL: ("Channel", {"channel": [moderators_channel]}),
        SetupStep.LIMITS: ("Limit", {"day": "3"}),
        SetupStep.BUDGET: ("Budget", {"month": "40 USD", "day": "unlimited"}),
        SetupStep.REVIEW: ("Approval", {"who": ["newcomers 7 days 3 videos"]}),
    }
    guide = await mona.click(await use(world, "home"), "Set up")
    for step in SetupStep:
        label, values = filled[step]
        await mona.send(await mona.click(guide, label), values)
    now = now_shown(world, shown(guide).message)
    assert "▫️" not in now
    assert "\n✅ **Ready.**" in now
    policy = await policy_of(world)
    assert policy.review is not None
    assert policy.review.who is Reviewed.NEWCOMERS
    assert (mona.clicks, mona.forms) == (clicks, 4)
