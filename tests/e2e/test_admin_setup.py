"""The guide of /veo-admin home: a new server is set up by forms alone."""

from typing import Any

import pytest
import simcord

from bot.db.models import Unreviewed
from bot.db.review_models import ReviewStage
from bot.policy.documents import LimitKind, Period, Policy, Reviewed, ReviewRule, Rule, Scope
from sandbox.world import World
from tests.e2e.driver import shown
from tests.e2e.limiting import add_role
from tests.e2e.moderating import admin, command_id, said, use
from tests.e2e.quoting import as_shown, now_shown
from tests.e2e.reporting import choose_moderators_channel
from tests.e2e.reviewing import EVERYBODY, review_everybody
from tests.e2e.test_admin_doctor import overwrites
from tests.e2e.videos import filled_in, private


async def open_guide(world: World, by: simcord.MemberActor | None = None) -> simcord.InteractionResult:
    home = await use(world, "home", by=by)
    return await (by or world.mona).click(shown(home).message, label="Set up")


async def send(world: World, guide: simcord.InteractionResult, step: str, **values: Any) -> str:
    """Press the button of a step and send its form; return what is answered, or the guide as it is then."""
    form = await world.mona.click(as_shown(world, shown(guide).message), label=step)
    answer = await world.mona.submit_modal(form, values)
    if answer.followups or (answer.response is not None and answer.response.id != shown(guide).id):
        return private(answer)
    return now_shown(world, shown(guide).message)


async def policy_of(world: World) -> Policy:
    return await world.app.services.moderation.read(world.guild.id)


@pytest.mark.nightly
async def test_a_new_server_is_set_up_by_forms(world: World) -> None:
    moderators_channel = world.guild.create_text_channel("moderators")
    guide = await open_guide(world)
    assert said(guide).startswith("🧭 **Set up /veo on this server**\n▫️ **Moderators' channel:** none.")
    assert "Without one, nobody sees reports, questions and requests that need your approval.\n" in said(
        guide
    )
    assert "\n▫️ **Limit per member:** 50 videos in 24 hours (the bot's default)\n" in said(guide)
    assert said(guide).endswith("👉 Next: choose the moderators' channel.")
    now = await send(world, guide, "Channel", channel=[moderators_channel])
    assert f"✅ **Moderators' channel:** <#{moderators_channel.id}>." in now
    assert now.endswith("👉 Next: decide how many videos a member can make.")
    assert "✅ **Set.** Every member can have 3 videos in 24 hours." in await send(
        world, guide, "Limit", day="3"
    )
    await send(world, guide, "Budget", month="40 USD", day="unlimited")
    now = await send(world, guide, "Approval", who=["newcomers 7 days 3 videos"])
    assert (
        "✅ **Limit per member:** 3 videos in 24 hours\n✅ **Budget of the server:** $40.00 per month" in now
    )
    assert "newcomers: under 7 days here or under 3 videos\n" in now
    assert "\n✅ **Ready.**" in now
    policy = await policy_of(world)
    assert policy.moderators_channel_id == moderators_channel.id
    assert policy.rules == (Rule(scope=Scope.SERVER, kind=LimitKind.DAY, most=3),)
    assert policy.budgets.keys() == {Period.MONTH}
    assert policy.review == ReviewRule(who=Reviewed.NEWCOMERS)


@pytest.mark.nightly
async def test_a_form_shows_what_holds_and_changes_a_role_alone(world: World) -> None:
    artists, _ = add_role(world, "artists")
    guide = await open_guide(world)
    await send(world, guide, "Limit", day="10", role=[artists])
    await world.mona.click(as_shown(world, shown(guide).message), label="Refresh")
    assert "50 videos in 24 hours (the bot's default); 1 role has its own" in now_shown(
        world, shown(guide).message
    )
    await send(world, guide, "Limit", day="2")
    form = await world.mona.click(as_shown(world, shown(guide).message), label="Limit")
    assert filled_in(form)["day"] == "2"
    assert {(rule.subject_id, rule.most) for rule in (await policy_of(world)).rules} == {
        (artists.id, 10),
        (0, 2),
    }


async def test_what_cannot_be_saved_is_said_and_changes_nothing(world: World) -> None:
    hidden = world.guild.create_text_channel("hidden", overwrites=overwrites(world, view_channel=False))
    guide = await open_guide(world)
    assert "I can't write in" in await send(world, guide, "Channel", channel=[hidden])
    assert "Enter a whole number" in await send(world, guide, "Limit", day="many")
    assert "These are already the budgets." in await send(
        world, guide, "Budget", month="unlimited", day="unlimited"
    )
    assert await policy_of(world) == Policy()


async def test_without_a_channel_the_guide_says_that_nobody_can_approve(world: World) -> None:
    guide = await open_guide(world)
    assert "nobody can approve requests" in await send(world, guide, "Approval", who=["everybody"])


async def test_only_who_may_set_limits_is_asked_about_them(world: World) -> None:
    guide = await open_guide(world)
    form = await world.mona.click(shown(guide).message, label="Limit")
    world.guild.set_command_permissions(command_id(world, "quota"), {world.mona: False})
    answer = await world.mona.submit_modal(form, {"day": "1"})
    assert "Only members who can use `/quota`" in shown(answer).content
    assert "Only members who can use `/quota`" in private(
        await world.mona.click(shown(guide).message, label="Budget")
    )
    again = await open_guide(world)
    assert "Limit" not in said(again)
    assert "Budget" not in said(again)
    assert await policy_of(world) == Policy()


async def test_who_may_not_moderate_any_more_changes_nothing(world: World) -> None:
    guide = await open_guide(world)
    form = await world.mona.click(shown(guide).message, label="Channel")
    world.guild.set_command_permissions(command_id(world, "veo-admin"), {world.mona: False})
    answer = await world.mona.submit_modal(form, {"channel": [world.channel]})
    assert "Only members who can use `/veo-admin`" in answer.followups[-1].content
    assert await policy_of(world) == Policy()


@pytest.mark.parametrize("kind", list(Reviewed))
async def test_the_approval_form_sent_as_it_opened_changes_nothing(world: World, kind: Reviewed) -> None:
    artists, _ = add_role(world, "artists")
    role_id = artists.id if kind is Reviewed.ROLE else 0
    rule = ReviewRule(who=kind, role_id=role_id, days=30, videos=0)
    await review_everybody(world, rule)
    guide = await open_guide(world)
    form = await world.mona.click(as_shown(world, shown(guide).message), label="Approval")
    who = [filled_in(form)["who"]] if filled_in(form)["who"] else []
    await world.mona.submit_modal(form, {"who": who, "role": [artists] if role_id else []})
    assert (await policy_of(world)).review == rule


async def test_how_requests_wait_is_chosen_beside_whose_and_undoes_nobody_elses_change(world: World) -> None:
    await review_everybody(world)
    guide = await open_guide(world)
    await send(world, guide, "Approval", who=["everybody"], review_stage=["posted"], review_timeout=["end"])
    policy = await policy_of(world)
    assert (policy.review, policy.review_stage) == (EVERYBODY, ReviewStage.POSTED)
    form = await world.mona.click(as_shown(world, shown(guide).message), label="Approval")
    opened = {name: [filled_in(form)[name]] for name in ("who", "review_stage", "review_timeout")}
    assert opened["review_stage"] == ["posted"], "the form doesn't show what holds"
    await review_everybody(world, review_timeout=Unreviewed.POST)
    await world.mona.submit_modal(form, opened)
    policy = await policy_of(world)
    assert (policy.review_stage, policy.review_timeout) == (ReviewStage.POSTED, Unreviewed.POST)


async def test_a_choice_takes_the_place_of_the_role_that_held(world: World) -> None:
    artists, _ = add_role(world, "artists")
    await review_everybody(world, ReviewRule(who=Reviewed.ROLE, role_id=artists.id))
    guide = await open_guide(world)
    assert "Choose whose requests need your approval" in await send(world, guide, "Approval", who=[], role=[])
    assert (await policy_of(world)).review is not None
    now = await send(world, guide, "Approval", who=["everybody"], role=[artists])
    assert (await policy_of(world)).review == ReviewRule(who=Reviewed.EVERYBODY)
    assert "Your own requests can wait, too." in now
    await send(world, guide, "Approval", who=["nobody"], role=[])
    assert (await policy_of(world)).review is None


async def test_a_channel_that_is_gone_or_closed_is_told_and_open_again(world: World) -> None:
    moderators_channel = world.guild.create_text_channel("mods")
    await choose_moderators_channel(world, moderators_channel)
    guide = await open_guide(world)
    assert "✅ **Moderators' channel:**" in said(guide)
    world.env.backend.delete_channel(moderators_channel.id)
    guide = await open_guide(world)
    assert "▫️ **Moderators' channel:**" in said(guide)
    assert f"The moderators' channel <#{moderators_channel.id}> is gone, or I can't write there." in said(
        guide
    )
    assert said(guide).endswith("👉 Next: choose the moderators' channel.")
    assert "is gone, or I can't write there." in await admin(world, "home")
    form = await world.mona.click(as_shown(world, shown(guide).message), label="Channel")
    assert form.modal is not None
    assert str(moderators_channel.id) not in str(form.modal)


async def test_a_budget_form_is_compared_with_what_holds_once_it_is_sent(world: World) -> None:
    guide = await open_guide(world)
    form = await world.mona.click(as_shown(world, shown(guide).message), label="Budget")
    await send(world, guide, "Budget", month="60 USD", day="unlimited")
    same = {"month": "unlimited", "day": "unlimited"}
    assert "You didn't change anything here." in private(await world.mona.submit_modal(form, same))
    assert (await policy_of(world)).budgets.keys() == {Period.MONTH}


async def test_a_limit_form_sent_as_it_opened_undoes_nobody_elses_change(world: World) -> None:
    guide = await open_guide(world)
    first = await world.mona.click(as_shown(world, shown(guide).message), label="Limit")
    await send(world, guide, "Limit", day="2")
    same = {"day": filled_in(first)["day"]}
    assert "You didn't change anything here." in private(await world.mona.submit_modal(first, same))
    assert "This is already the limit." in await send(world, guide, "Limit", day="2")
    [rule] = (await policy_of(world)).rules
    assert rule.most == 2
    artists, _ = add_role(world, "artists")
    assert "3 videos" in await send(world, guide, "Limit", day="3", role=[artists])
    assert "This is already the limit." in await send(world, guide, "Limit", day="3", role=[artists])


async def test_the_bots_default_is_decided_by_sending_the_form_as_it_opened(world: World) -> None:
    guide = await open_guide(world)
    assert "Every member can have 50 videos" in await send(world, guide, "Limit", day="50")
    assert [rule.most for rule in (await policy_of(world)).rules] == [50]


async def test_a_channel_form_sent_as_it_opened_undoes_nobody_elses_change(world: World) -> None:
    moderators_channel, other = (world.guild.create_text_channel(name) for name in ("mods", "others"))
    await choose_moderators_channel(world, moderators_channel)
    guide = await open_guide(world)
    form = await world.mona.click(as_shown(world, shown(guide).message), label="Channel")
    await choose_moderators_channel(world, other)
    await world.mona.submit_modal(form, {"channel": [moderators_channel]})
    assert (await policy_of(world)).moderators_channel_id == other.id


@pytest.mark.nightly
async def test_a_role_that_is_gone_is_told_wherever_it_matters_and_chosen_again(world: World) -> None:
    await choose_moderators_channel(world, world.guild.create_text_channel("mods"))
    artists, _ = add_role(world, "artists")
    await review_everybody(world, ReviewRule(who=Reviewed.ROLE, role_id=artists.id))
    assert "is gone" not in said(await open_guide(world))
    world.env.backend.delete_role(world.guild.id, artists.id)
    gone = "The role whose requests need your approval is gone, so nobody's requests do."
    guide = await open_guide(world)
    assert "▫️ **Requests that need your approval:**" in said(guide)
    assert gone in said(guide)
    for command in ("home", "settings", "doctor"):
        assert gone in await admin(world, command), command
    await send(world, guide, "Limit", day="3")
    await send(world, guide, "Budget", month="40 USD", day="unlimited")
    assert said(await open_guide(world)).endswith("👉 Next: choose again whose requests need your approval.")
    form = await world.mona.click(as_shown(world, shown(guide).message), label="Approval")
    assert "The chosen role no longer exists." in str(form.modal)
    assert "Choose whose requests need your approval" in private(
        await world.mona.submit_modal(form, {"who": [], "role": []})
    )
    assert gone not in await send(world, guide, "Approval", who=["everybody"])


@pytest.mark.nightly
@pytest.mark.parametrize("permission", ["embed_links", "attach_files"])
async def test_what_hides_parts_of_requests_from_moderators_is_told_while_requests_wait(
    world: World, permission: str
) -> None:
    name = {"embed_links": "Embed Links", "attach_files": "Attach Files"}[permission]
    moderators_channel = world.guild.create_text_channel(
        "mods", overwrites=overwrites(world, **{permission: False})
    )
    await choose_moderators_channel(world, moderators_channel)
    missing = f"I'm missing {name} in the moderators' channel {moderators_channel.mention}"
    for command in ("home", "settings", "doctor"):
        assert missing not in await admin(world, command), command
    await review_everybody(world)
    for command in ("home", "settings", "doctor"):
        assert missing in await admin(world, command), command
    assert missing in said(await open_guide(world))
