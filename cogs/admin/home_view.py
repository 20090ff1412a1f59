"""The message of /veo-admin home with its buttons, whose ids hold all they need: they outlive a restart."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.home.overview import Overview
from bot.i18n import NC_, pgettext
from bot.usage.service import UsagePeriod
from cogs.admin.home_lists import LISTS, list_content, list_labels
from cogs.admin.home_text import render_home
from cogs.admin.log_view import log_content
from cogs.admin.queue_view import queue_content
from cogs.admin.setup_view import show_setup
from cogs.admin.show_again import ShowAppealsButton, ShowReportsButton, ShowReviewsButton
from cogs.moderation.permissions import COMMAND, ensure_moderator, is_moderator
from cogs.moderation.server_warnings import find_warnings, link_in
from cogs.moderation.settings_text import impossible_notes, render_settings
from cogs.moderation.targets import known_guild, moderator_of
from cogs.quota.pagers import COMMAND as QUOTA
from cogs.quota.pagers import fill_with_usage, rules_content
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, view_of


class HomeButton(Item):
    """Shows how the server stands now, in the same message."""

    action = "home"
    label = NC_("button", "Refresh")
    pattern = r"refresh"

    def __init__(self) -> None:
        super().__init__("refresh")

    async def act(self, interaction: Interaction) -> None:
        """Read it again."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        content = await home_content(interaction)
        await interaction.edit_original_response(**content)


class OpenButton(Item):
    """Opens one of the lists in a private message of its own, as its command does where there's one."""

    action = "open"
    pattern = rf"(?P<target>queue|usage|limits|log|settings|setup|{'|'.join(LISTS)})"

    def __init__(self, target: str) -> None:
        super().__init__(target, label=_labels()[target])
        self._target = target

    async def act(self, interaction: Interaction) -> None:
        """Open it."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await ensure_moderator(interaction, QUOTA if self._target in OF_QUOTA else COMMAND)
        if self._target in TARGETS:
            await TARGETS[self._target](interaction)
        else:
            await interaction.edit_original_response(**await list_content(interaction, self._target))


def _labels() -> Mapping[str, str]:
    return {
        "queue": pgettext("button", "Queue"),
        "usage": pgettext("button", "Usage"),
        "limits": pgettext("button", "Limits"),
        "log": pgettext("button", "Log"),
        "settings": pgettext("button", "Settings"),
        "setup": pgettext("button", "Set up"),
        **list_labels(),
    }


async def home_content(interaction: Interaction) -> Content:
    """Return the message as the server stands now; asks Discord, so defer first."""
    guild_id = moderator_of(interaction).guild_id
    may_see_money, services = await is_moderator(interaction, QUOTA), interaction.client.services
    overview, guild = await services.home.read(guild_id), known_guild(interaction)
    impossible = impossible_notes(overview.policy, services.models)
    warnings = [*impossible, *find_warnings(guild, overview.policy)]
    links = partial(link_in, guild, guild_id)
    text = render_home(overview, links, with_money=may_see_money, warnings=warnings)
    filled = (name for name, is_filled in _filled(overview).items() if is_filled)
    reported = ShowReportsButton() if overview.open_reports else None
    asked = ShowAppealsButton() if overview.open_appeals else None
    waiting = ShowReviewsButton() if overview.open_reviews else None
    buttons = map(OpenButton, (*TARGETS, *filled))
    return Content(content=text, view=view_of(HomeButton(), *buttons, reported, asked, waiting))


def _filled(overview: Overview) -> Mapping[str, bool]:
    """Return whether there's something in each of the lists that are opened only then."""
    return {
        "reports": overview.open_reports > 0,
        "appeals": overview.open_appeals > 0,
        "reviews": overview.open_reviews > 0,
        "strikes": bool(overview.strikes),
        "blocked": overview.blocked > 0,
        "unposted": overview.alert is not None,
    }


async def _open_queue(interaction: Interaction) -> None:
    await interaction.edit_original_response(**await queue_content(interaction))


async def _open_usage(interaction: Interaction) -> None:
    await fill_with_usage(interaction, UsagePeriod.MONTH)


async def _open_limits(interaction: Interaction) -> None:
    await interaction.edit_original_response(**await rules_content(interaction))


async def _open_log(interaction: Interaction) -> None:
    await interaction.edit_original_response(**await log_content(interaction))


async def _open_settings(interaction: Interaction) -> None:
    services = interaction.client.services
    policy = await services.moderation.change_settings(moderator_of(interaction), {})
    warnings = find_warnings(known_guild(interaction), policy)
    text = render_settings(policy, services.models, warnings=warnings)
    await interaction.edit_original_response(content=text)


OF_QUOTA = frozenset({"usage", "limits"})  # what /quota shows, which a server may let others use
TARGETS: Mapping[str, Callable[[Interaction], Awaitable[None]]] = {
    "queue": _open_queue,
    "usage": _open_usage,
    "limits": _open_limits,
    "log": _open_log,
    "settings": _open_settings,
    "setup": show_setup,
}
