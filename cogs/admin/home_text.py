"""What /veo-admin home shows. Pure text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import LiteralString

from bot.home.overview import Overview
from bot.i18n import N_, _, ngettext, number
from bot.jobs.ports import Posted
from bot.money import show_usd
from bot.monitoring.alert_rules import AlertKind
from bot.policy.documents import Period
from bot.timestamps import relative_time
from cogs.moderation.alert_text import render_here
from cogs.moderation.review_setting import nobody_approves
from cogs.ui.links import post_link

SPENT: Mapping[Period, LiteralString] = {
    Period.DAY: N_("💵 Spent or reserved today: {money}"),
    Period.MONTH: N_("💵 Spent or reserved this month: {money}"),
}
SPENT_OF: Mapping[Period, LiteralString] = {
    Period.DAY: N_("💵 Spent or reserved today: {money} of {budget}"),
    Period.MONTH: N_("💵 Spent or reserved this month: {money} of {budget}"),
}

UNSEEN_REPORTS = N_(
    "ℹ️ Without a moderators' channel, nobody sees reports from members. Set one with "
    "`/veo-admin settings moderators_channel`."
)
UNSEEN_QUESTIONS = N_(
    "ℹ️ Without a moderators' channel, nobody sees reports and questions from members. Set one with "
    "`/veo-admin settings moderators_channel`."
)


def render_home(guild_id: int, overview: Overview, *, with_money: bool, warnings: Sequence[str] = ()) -> str:
    """Return how a server stands, what is wrong with it first; `with_money`: what was spent, too."""
    queue = _(
        "⏳ Queue: {waiting} waiting, {running} in progress",
        waiting=number(overview.waiting),
        running=number(overview.running),
    )
    troubles = [*_troubles(overview), *warnings]
    money = _money(overview) if with_money else ()
    rest = _lines(guild_id, overview)
    return "\n".join([_("🏠 **Videos on this server**"), *troubles, queue, *money, *rest])


def _troubles(overview: Overview) -> Iterator[str]:
    if overview.policy.pause is not None:
        paused = _("⏸️ /veo was paused {when}.", when=relative_time(overview.policy.pause.since))
        yield f"{paused} {_('`/veo-admin resume` lets members request videos again.')}"
    if overview.alert is not None:
        yield f"⚠️ {render_here(AlertKind.DELIVERIES_FAILING, overview.alert)}"


def _money(overview: Overview) -> Iterator[str]:
    budgets = {state.period: state.budget for state in overview.budgets}
    for period in Period:
        money, budget = show_usd(overview.spent[period]), budgets.get(period)
        if budget is None:
            yield _(SPENT[period], money=money)
        else:
            yield _(SPENT_OF[period], money=money, budget=show_usd(budget))
    if not budgets:
        yield _("ℹ️ This server has no budget. Set one with `/quota budget`.")


def _lines(guild_id: int, overview: Overview) -> Iterator[str]:
    yield _reports_line(guild_id, overview)
    if overview.open_appeals:
        yield _appeals_line(guild_id, overview)
    if overview.open_reviews:
        yield _reviews_line(guild_id, overview)
    if overview.blocked:
        yield ngettext("🚫 {count} member is blocked.", "🚫 {count} members are blocked.", overview.blocked)
    if overview.policy.moderators_channel_id is None:
        yield _(UNSEEN_QUESTIONS if overview.open_appeals else UNSEEN_REPORTS)
        if overview.policy.review is not None or overview.open_reviews:
            yield nobody_approves(overview.policy)


def _reports_line(guild_id: int, overview: Overview) -> str:
    if not overview.open_reports:
        return _("🚩 No reports to decide")
    amount = ngettext("🚩 {count} report to decide", "🚩 {count} reports to decide", overview.open_reports)
    return _linked(amount, guild_id, overview.report_posts)


def _appeals_line(guild_id: int, overview: Overview) -> str:
    amount = ngettext(
        "🙋 {count} question from members to decide",
        "🙋 {count} questions from members to decide",
        overview.open_appeals,
    )
    return _linked(amount, guild_id, overview.appeal_posts)


def _reviews_line(guild_id: int, overview: Overview) -> str:
    amount = ngettext(
        "👀 {count} request waits for your approval",
        "👀 {count} requests wait for your approval",
        overview.open_reviews,
    )
    return _linked(amount, guild_id, overview.review_posts)


def _linked(amount: str, guild_id: int, posts: Sequence[Posted]) -> str:
    links = [post_link(guild_id, post) for post in posts]
    shown = [f"[{number(place)}]({link})" for place, link in enumerate(filter(None, links), start=1)]
    return f"{amount}: {' '.join(shown)}" if shown else amount


def render_reviews_shown(channel_id: int, count: int) -> str:
    """Return what is said once requests that wait for moderators are shown again."""
    if not count:
        return _("No request waits for approval. Nothing changed.")
    return ngettext(
        "👀 {count} request waits. If its message in {channel} is gone, I'm posting it again.",
        "👀 {count} requests wait. Where the message in {channel} is gone, I'm posting it again.",
        count,
        channel=f"<#{channel_id}>",
    )


def render_shown_again(channel_id: int, count: int) -> str:
    """Return what is said once open questions of members are shown again."""
    if not count:
        return _("No question from a member waits. Nothing changed.")
    return ngettext(
        "🙋 {count} question waits. If its message in {channel} is gone, I'm posting it again.",
        "🙋 {count} questions wait. Where the message in {channel} is gone, I'm posting it again.",
        count,
        channel=f"<#{channel_id}>",
    )
