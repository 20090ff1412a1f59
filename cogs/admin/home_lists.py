"""The lists that /veo-admin home opens. A button's id holds all it needs, so it outlives a restart."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Self

from bot.home.waiting import WaitingKind
from bot.i18n import pgettext
from cogs.admin.home_list_text import HomeList, blocked_list, strikes_list, undelivered_list, waiting_list
from cogs.admin.show_again import ShowAgainButton, ShowAppealsButton, ShowReportsButton, ShowReviewsButton
from cogs.moderation.moderators_channel import is_usable, link_in
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import known_guild, moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, view_of
from cogs.ui.links import post_link
from cogs.ui.paging import page_buttons, paginate

AGAIN: Mapping[str, type[ShowAgainButton]] = {
    WaitingKind.REPORTS: ShowReportsButton,
    WaitingKind.APPEALS: ShowAppealsButton,
    WaitingKind.REVIEWS: ShowReviewsButton,
}


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

    def __init__(self, name: str, page: int, label: str = "") -> None:
        super().__init__(name, page, label=label)
        self._name = name
        self._page = page

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was pressed."""
        return cls(match["list"], int(match["page"]))

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
