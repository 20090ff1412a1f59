"""What moderators read about how their server stands."""

from dataclasses import replace
from functools import partial

from bot.admission.budgets import states_of
from bot.clock import utc_now
from bot.home.overview import Overview
from bot.jobs.ports import Posted
from bot.money import to_credits
from bot.monitoring.alert_rules import AlertState
from bot.policy.documents import Budget, Pause, Period, Policy, StrikeRules
from bot.policy.strike_rows import StrikesOf
from cogs.admin.home_text import render_home
from cogs.ui.items import post_link

NOW = utc_now()
SERVER = 1
SPENT = {Period.DAY: to_credits(4.2), Period.MONTH: to_credits(60)}
QUIET = Overview(
    policy=Policy(moderators_channel_id=9),
    waiting=0,
    running=0,
    spent=SPENT,
    budgets=(),
    open_reports=0,
    report_posts=(),
    open_appeals=0,
    appeal_posts=(),
    open_reviews=0,
    review_posts=(),
    strikes=(),
    blocked=0,
    alert=None,
)


def lines(overview: Overview) -> list[str]:
    return render_home(overview, partial(post_link, SERVER), with_money=True).splitlines()


def test_a_quiet_server_has_few_lines() -> None:
    assert lines(QUIET) == [
        "🏠 **Videos on this server**",
        "⏳ Queue: 0 waiting, 0 in progress",
        "💵 Spent or reserved today: $4.20",
        "💵 Spent or reserved this month: $60.00",
        "ℹ️ This server has no budget. Set one with `/quota budget`.",
        "🚩 No open reports",
    ]


def test_who_may_not_use_quota_sees_no_money() -> None:
    text = render_home(QUIET, partial(post_link, SERVER), with_money=False)
    assert "$" not in text
    assert "budget" not in text


def test_what_was_spent_stands_beside_the_budget() -> None:
    budgets = states_of({Period.MONTH: Budget(credits=to_credits(200), since=NOW)}, SPENT, NOW)
    found = lines(replace(QUIET, budgets=budgets))
    assert "💵 Spent or reserved today: $4.20" in found
    assert "💵 Spent or reserved this month: $60.00 of $200.00" in found
    assert not any("no budget" in line for line in found)


def test_reports_lead_to_where_they_are_decided() -> None:
    found = lines(replace(QUIET, open_reports=3, report_posts=[Posted(5, 9), Posted(6, 9)]))
    link = "https://discord.com/channels/1/9"
    assert f"🚩 3 open reports: [1]({link}/5) [2]({link}/6)" in found


def test_questions_of_members_lead_to_where_they_are_decided() -> None:
    found = lines(replace(QUIET, open_appeals=2, appeal_posts=[Posted(5, 9)]))
    assert "🙋 2 open questions from members: [1](https://discord.com/channels/1/9/5)" in found


def test_what_is_wrong_comes_first() -> None:
    pause, alert = Pause(since=NOW), AlertState(since=NOW, facts={"results": 2})
    _, first, second, third, *_rest = lines(
        replace(QUIET, policy=Policy(pause=pause, moderators_channel_id=9), alert=alert)
    )
    assert first.startswith("⏸️ /veo was paused <t:")
    assert second.startswith("⚠️ I couldn't post 2 results of this server.")
    assert third.startswith("⏳")


def test_what_is_not_set_up_says_how_to() -> None:
    assert "`/veo-admin settings moderators_channel`" in lines(replace(QUIET, policy=Policy()))[-1]


def test_everything_at_once_fits_into_a_message() -> None:
    posts = [Posted(2**63, 2**63)] * 50
    overview = replace(
        QUIET,
        policy=Policy(pause=Pause(since=NOW), strikes=StrikeRules()),
        alert=AlertState(since=NOW, facts={"results": 10**6}),
        open_reports=10**6,
        report_posts=posts,
        open_appeals=10**6,
        appeal_posts=posts,
        open_reviews=10**6,
        review_posts=posts,
        strikes=[StrikesOf(user_id=3, count=10**6, last_at=NOW)] * 50,
        blocked=10**6,
    )
    warned = ["w" * 500]
    text = render_home(overview, partial(post_link, 2**63), with_money=True, warnings=warned)
    assert len(text) <= 2000
    assert text.count("[1](") == 3, "no room was left for links"


def test_without_a_channel_nobody_sees_the_questions_that_wait_either() -> None:
    silent = replace(QUIET, policy=Policy())
    assert any("nobody sees reports from members." in line for line in lines(silent))
    waiting = lines(replace(silent, open_appeals=1))
    assert any("nobody sees reports and questions from members." in line for line in waiting)


def test_requests_that_moderators_can_still_see_can_be_approved_once_no_channel_is_set() -> None:
    """Their messages stay in the earlier channel, and so do the buttons."""
    seen = replace(QUIET, policy=Policy(), open_reviews=1, review_posts=[Posted(2, 3)])
    for overview, is_unseen in ((seen, False), (replace(seen, open_reviews=2), True)):
        assert any("nobody can approve requests" in line for line in lines(overview)) is is_unseen
