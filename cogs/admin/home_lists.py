"""The lists that /veo-admin home opens. A button's id holds all it needs, so it outlives a restart."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, LiteralString

from bot.admission.appeals import BLOCK, DELETION, WORD
from bot.db.guild_models import AppealRow, ReportRow
from bot.db.models import Generation
from bot.db.review_models import ReviewRow, ReviewStage
from bot.home.overview import Waiting, WaitingKind, post_of
from bot.i18n import N_, _, ngettext, pgettext
from bot.jobs.ports import Posted
from bot.markup import relative_time
from bot.monitoring.alert_rules import AlertKind, AlertState
from bot.policy.documents import Block, Policy
from bot.policy.strike_rows import StrikesOf
from cogs.admin.admin_text import block_line, blocked_heading
from cogs.admin.home_text import (
    UNSEEN_QUESTIONS,
    Links,
    appeals_to_decide,
    reports_to_decide,
    reviews_to_decide,
    strikes_of_the_week,
)
from cogs.admin.show_again import ShowAgainButton, ShowAppealsButton, ShowReportsButton, ShowReviewsButton
from cogs.moderation.alert_text import render_here
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.review_setting import nobody_approves
from cogs.moderation.server_warnings import UNUSABLE, is_usable, link_in
from cogs.moderation.targets import known_guild, moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, Parts, post_link, view_of
from cogs.ui.lists import page_buttons, paginate

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
AGAIN: Mapping[str, type[ShowAgainButton]] = {
    WaitingKind.REPORTS: ShowReportsButton,
    WaitingKind.APPEALS: ShowAppealsButton,
    WaitingKind.REVIEWS: ShowReviewsButton,
}


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
        "ℹ️ Anything marked “no message” isn't in {channel}. If that doesn't change within a minute, click "
        "*{again}*.",
        channel=channel,
        again=again,
    )


def strikes_list(strikes: Sequence[StrikesOf]) -> HomeList:
    """Return who got strikes in the last 7 days, most first."""
    if not strikes:
        return HomeList(_(NOTHING_LEFT))
    foot = _(
        "`/quota rules` shows which of a member's strikes still count; `/veo-admin forgive` removes them."
    )
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


async def _read_waiting(kind: WaitingKind, interaction: Interaction) -> HomeList:
    guild_id, guild = moderator_of(interaction).guild_id, known_guild(interaction)
    policy, rows = await interaction.client.services.home.list_waiting(guild_id, kind)
    return waiting_list(
        kind,
        policy,
        rows,
        partial(link_in, guild, guild_id),
        is_usable=is_usable(guild, policy.moderators_channel_id),
        again=pgettext("button", AGAIN[kind].label),
    )


async def _read_strikes(interaction: Interaction) -> HomeList:
    return strikes_list(
        await interaction.client.services.home.list_strikes(moderator_of(interaction).guild_id)
    )


async def _read_blocked(interaction: Interaction) -> HomeList:
    guild_id = moderator_of(interaction).guild_id
    return blocked_list(await interaction.client.services.moderation.list_blocked(guild_id))


async def _read_undelivered(interaction: Interaction) -> HomeList:
    guild_id = moderator_of(interaction).guild_id
    alert, rows = await interaction.client.services.home.list_undelivered(guild_id)
    return undelivered_list(alert, rows, partial(post_link, guild_id))


LISTS: Mapping[str, Callable[[Interaction], Awaitable[HomeList]]] = {
    **{kind.value: partial(_read_waiting, kind) for kind in WaitingKind},
    "strikes": _read_strikes,
    "blocked": _read_blocked,
    "unposted": _read_undelivered,
}


class ListButton(Item):
    """Shows a page of a list as it is now, in the same message."""

    action = "list"
    pattern = rf"(?P<list>{'|'.join(LISTS)}):(?P<page>[0-9]{{1,4}})"
    parts: ClassVar[Parts] = {"page": int}

    def __init__(self, name: str, page: int, label: str = "") -> None:
        super().__init__(name, page, label=label)
        self._name = name
        self._page = page

    async def act(self, interaction: Interaction) -> None:
        """Turn the page."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        content = await list_content(interaction, self._name, self._page)
        await interaction.edit_original_response(**content)


async def list_content(interaction: Interaction, name: str, number: int = 0) -> Content:
    """Return a page of a list with its buttons."""
    found = await LISTS[name](interaction)
    page = paginate(found.head, found.lines, found.foot, number)
    refresh = ListButton(name, page.number, pgettext("button", "Refresh"))
    turning = page_buttons(page.number, page.count, partial(ListButton, name), refresh)
    again = AGAIN[name]() if found.is_unseen else None
    return Content(content=page.content, view=view_of(*turning, again))


def list_labels() -> Mapping[str, str]:
    """Return what stands on the buttons that open them."""
    return {
        WaitingKind.REPORTS: pgettext("button", "Reports"),
        WaitingKind.APPEALS: pgettext("button", "Questions"),
        WaitingKind.REVIEWS: pgettext("button", "To approve"),
        "strikes": pgettext("button", "Strikes"),
        "blocked": pgettext("button", "Blocked"),
        "unposted": pgettext("button", "Not posted"),
    }
