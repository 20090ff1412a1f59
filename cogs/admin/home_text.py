"""The text of /veo-admin home. Pure text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import LiteralString

from bot.home.overview import Overview
from bot.i18n import N_, _, ngettext, number
from bot.jobs.ports import Posted
from bot.markup import relative_time
from bot.money import show_usd
from bot.monitoring.alert_rules import AlertKind
from bot.policy.documents import Period
from bot.policy.strike_rows import StrikesOf
from cogs.moderation.alert_text import render_here
from cogs.moderation.review_setting import nobody_approves
from cogs.ui.lists import MESSAGE_MAX_LENGTH

MAX_LINKS = 5  # links to reports, to questions and to requests, the oldest first
Links = Callable[[Posted], str | None]  # the address of a message; None: its channel is gone

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


def render_home(overview: Overview, links: Links, *, with_money: bool, warnings: Sequence[str] = ()) -> str:
    """Return how a server stands, what is wrong with it first; `with_money`: what was spent, too.

    As many messages are linked as there's room for; the lists have all of them.
    """
    text = ""
    for max_links in range(MAX_LINKS, -1, -1):
        text = _render(overview, links, max_links, with_money=with_money, warnings=warnings)
        if len(text) <= MESSAGE_MAX_LENGTH:
            break
    return text


def _render(
    overview: Overview, links: Links, max_links: int, *, with_money: bool, warnings: Sequence[str]
) -> str:
    queue = _(
        "⏳ Queue: {waiting} waiting, {running} in progress",
        waiting=number(overview.waiting),
        running=number(overview.running),
    )
    troubles = [*_troubles(overview), *warnings]
    money = _money(overview) if with_money else ()
    rest = _lines(overview, links, max_links)
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


def _lines(overview: Overview, links: Links, max_links: int) -> Iterator[str]:
    yield _linked(reports_to_decide(overview.open_reports), overview.report_posts, links, max_links)
    if overview.open_appeals:
        yield _linked(appeals_to_decide(overview.open_appeals), overview.appeal_posts, links, max_links)
    if overview.open_reviews:
        yield _linked(reviews_to_decide(overview.open_reviews), overview.review_posts, links, max_links)
    if overview.policy.strikes is not None:
        yield strikes_of_the_week(overview.strikes)
    if overview.blocked:
        yield ngettext("🚫 {count} member is blocked.", "🚫 {count} members are blocked.", overview.blocked)
    if overview.policy.moderators_channel_id is None:
        yield _(UNSEEN_QUESTIONS if overview.open_appeals else UNSEEN_REPORTS)
        if overview.policy.review is not None or _is_review_unseen(overview, links):
            yield nobody_approves(overview.policy)


def _is_review_unseen(overview: Overview, links: Links) -> bool:
    """Whether a request waits without a message, as none is posted once the channel is no longer set."""
    return overview.open_reviews > sum(links(post) is not None for post in overview.review_posts)


def reports_to_decide(count: int) -> str:
    """Return how many reports wait."""
    if not count:
        return _("🚩 No open reports")
    return ngettext("🚩 {count} open report", "🚩 {count} open reports", count)


def appeals_to_decide(count: int) -> str:
    """Return how many questions of members wait."""
    return ngettext("🙋 {count} open question from members", "🙋 {count} open questions from members", count)


def reviews_to_decide(count: int) -> str:
    """Return how many requests wait for approval."""
    return ngettext(
        "👀 {count} request is waiting for your approval",
        "👀 {count} requests are waiting for your approval",
        count,
    )


def strikes_of_the_week(strikes: Sequence[StrikesOf]) -> str:
    """Return how many strikes there were, and of how many members."""
    if not strikes:
        return _("⚖️ No strikes in the last 7 days")
    return ngettext(
        "⚖️ {count} strike in the last 7 days ({members})",
        "⚖️ {count} strikes in the last 7 days ({members})",
        sum(of_member.count for of_member in strikes),
        members=ngettext("{count} member", "{count} members", len(strikes)),
    )


def _linked(amount: str, posts: Sequence[Posted], links: Links, max_links: int) -> str:
    found = [link for link in map(links, posts) if link is not None][:max_links]
    shown = [f"[{number(position)}]({link})" for position, link in enumerate(found, start=1)]
    return f"{amount}: {' '.join(shown)}" if shown else amount


def render_reports_shown(channel_id: int, count: int) -> str:
    """Return what is said once open reports are shown again."""
    if not count:
        return _("No reports are waiting. Nothing changed.")
    return ngettext(
        "🚩 {count} report is waiting. If its message in {channel} is gone, I'm posting it again.",
        "🚩 {count} reports are waiting. Where the message in {channel} is gone, I'm posting it again.",
        count,
        channel=f"<#{channel_id}>",
    )


def render_reviews_shown(channel_id: int, count: int) -> str:
    """Return what is said once requests that wait for moderators are shown again."""
    if not count:
        return _("No requests are waiting for approval. Nothing changed.")
    return ngettext(
        "👀 {count} request is waiting. If its message in {channel} is gone, I'm posting it again.",
        "👀 {count} requests are waiting. Where the message in {channel} is gone, I'm posting it again.",
        count,
        channel=f"<#{channel_id}>",
    )


def render_shown_again(channel_id: int, count: int) -> str:
    """Return what is said once open questions of members are shown again."""
    if not count:
        return _("No questions from members are waiting. Nothing changed.")
    return ngettext(
        "🙋 {count} question is waiting. If its message in {channel} is gone, I'm posting it again.",
        "🙋 {count} questions are waiting. Where the message in {channel} is gone, I'm posting it again.",
        count,
        channel=f"<#{channel_id}>",
    )
