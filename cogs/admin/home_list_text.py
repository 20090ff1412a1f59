"""The lists that /veo-admin home opens, in words. Pure text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from bot.admission.appeals import BLOCK, DELETION, WORD
from bot.db.guild_models import AppealRow, ReportRow
from bot.db.models import Generation
from bot.db.review_models import ReviewRow, ReviewStage
from bot.home.waiting import Waiting, WaitingKind, post_of
from bot.i18n import N_, _, ngettext
from bot.jobs.ports import Posted
from bot.monitoring.alert_rules import AlertKind, AlertState
from bot.policy.documents import Block, Policy
from bot.policy.strike_rows import StrikesOf
from bot.timestamps import relative_time
from cogs.admin.admin_text import block_line, blocked_heading
from cogs.admin.home_text import (
    UNSEEN_QUESTIONS,
    Links,
    appeals_to_decide,
    reports_to_decide,
    reviews_to_decide,
    strikes_of_the_week,
)
from cogs.moderation.alert_text import render_here
from cogs.moderation.moderators_channel import UNUSABLE
from cogs.moderation.review_setting import nobody_approves

HEADS: Mapping[WaitingKind, Callable[[int], str]] = {
    WaitingKind.REPORTS: reports_to_decide,
    WaitingKind.APPEALS: appeals_to_decide,
    WaitingKind.REVIEWS: reviews_to_decide,
}
ASKED: Mapping[str, LiteralString] = {
    WORD: N_("{member} asked about a blocked word {when}"),
    BLOCK: N_("{member} asked about their block {when}"),
    DELETION: N_("{member} asked about a deletion {when}"),
}
NOTHING_LEFT = N_("✅ There's nothing left here.")


@dataclass(frozen=True, slots=True)
class HomeList:
    """The text of a list: above its lines, in them, and below them on every page.

    `is_unseen`: something isn't in the moderators' channel, though it could be.
    """

    head: str
    lines: Sequence[str] = ()
    foot: str = ""
    is_unseen: bool = False


def waiting_list(
    kind: WaitingKind, policy: Policy, rows: Sequence[Waiting], links: Links, *, is_usable: bool, again: str
) -> HomeList:
    """Return what moderators have to decide.

    `is_usable`: the bot can write in their channel. `again`: what stands on the button that posts it again.
    """
    if not rows:
        return HomeList(reports_to_decide(0) if kind is WaitingKind.REPORTS else _(NOTHING_LEFT))
    found = [_link_of(post_of(row), links) for row in rows]
    lines = [_line(_what(row), link) for row, link in zip(rows, found, strict=True)]
    is_unseen = None in found
    foot = _why_unseen(kind, policy, is_usable=is_usable, again=again) if is_unseen else ""
    can_show = is_usable and policy.moderators_channel_id is not None
    return HomeList(HEADS[kind](len(rows)), lines, foot, is_unseen=is_unseen and can_show)


def _what(row: Waiting) -> str:
    match row:
        case ReportRow():
            member, when = f"<@{row.reporter_id}>", relative_time(row.created_at)
            return _(
                "{member} reported `{number}` {when}", member=member, number=row.generation_id, when=when
            )
        case AppealRow():
            rule = next((begin for begin in ASKED if row.rule.startswith(begin)), WORD)
            when = relative_time(row.asked_at or row.created_at)
            return _(ASKED[rule], member=f"<@{row.user_id}>", when=when)
        case ReviewRow():
            member, when = f"<@{row.user_id}>", relative_time(row.created_at)
            if row.stage is ReviewStage.POSTED:
                return _("{member}'s video was ready {when}", member=member, when=when)
            return _("{member} sent a request {when}", member=member, when=when)


def _line(what: str, link: str | None) -> str:
    if link is None:
        return f"- {_('{what} · no message', what=what)}"
    # Translators: an entry of a list that leads to a message
    return f"- {_('{what} · [open]({link})', what=what, link=link)}"


def _link_of(post: Posted | None, links: Links) -> str | None:
    return None if post is None else links(post)


def _why_unseen(kind: WaitingKind, policy: Policy, *, is_usable: bool, again: str) -> str:
    """Say why something has no message, and what to do."""
    if policy.moderators_channel_id is None:
        return nobody_approves(policy) if kind is WaitingKind.REVIEWS else _(UNSEEN_QUESTIONS)
    channel = f"<#{policy.moderators_channel_id}>"
    if not is_usable:
        return _(UNUSABLE, channel=channel)
    return _(
        "ℹ️ What has no message isn't in {channel}. If that doesn't change in a minute, click *{again}*.",
        channel=channel,
        again=again,
    )


def strikes_list(strikes: Sequence[StrikesOf]) -> HomeList:
    """Return who got strikes in the last 7 days, most first."""
    if not strikes:
        return HomeList(_(NOTHING_LEFT))
    foot = _("`/quota rules` shows which of a member's still count; `/veo-admin forgive` removes them.")
    return HomeList(strikes_of_the_week(strikes), [f"- {_strikes_line(one)}" for one in strikes], foot)


def _strikes_line(strikes: StrikesOf) -> str:
    return ngettext(
        "{member}: {count} strike, given {when}",
        "{member}: {count} strikes, the last one given {when}",
        strikes.count,
        member=f"<@{strikes.user_id}>",
        when=relative_time(strikes.last_at),
    )


def blocked_list(blocked: Sequence[tuple[int, Block]]) -> HomeList:
    """Return who is blocked, as `/veo-admin blocked` does."""
    lines = [block_line(user_id, block) for user_id, block in blocked]
    return HomeList(blocked_heading(len(blocked)), lines)


def undelivered_list(alert: AlertState | None, rows: Sequence[Generation], links: Links) -> HomeList:
    """Return which results of the server can't be posted; `alert`: what is told about them, if it holds."""
    if alert is None and not rows:
        return HomeList(_(NOTHING_LEFT))
    alerts = [] if alert is None else [render_here(AlertKind.DELIVERIES_FAILING, alert, with_start=True)]
    lines = [_line(_result(row), _link_of(_card_of(row), links)) for row in rows]
    return HomeList("\n".join(f"⚠️ {text}" for text in alerts), lines)


def _result(row: Generation) -> str:
    return _(
        "{member} requested `{number}` in {channel}; the result was ready {when}",
        member=f"<@{row.user_id}>",
        number=row.id,
        channel=f"<#{row.channel_id}>",
        when=relative_time(row.finished_at or row.created_at),
    )


def _card_of(row: Generation) -> Posted | None:
    return None if row.card_id is None else Posted(row.card_id, row.channel_id)
