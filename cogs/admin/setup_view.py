"""The guide that sets a server up: a private message with a button for each thing to decide."""

from collections.abc import Mapping

import discord

from bot.home.setup import SetupStep, next_step
from bot.i18n import NC_, pgettext
from bot.policy.documents import Policy
from cogs.admin.setup_forms import BudgetForm, ChannelForm, LimitForm, ReviewForm
from cogs.admin.setup_text import render_setup
from cogs.moderation.moderators_channel import is_usable
from cogs.moderation.owners import ensure_moderator_in_time
from cogs.moderation.permissions import COMMAND, ensure_moderator, is_moderator
from cogs.moderation.server_warnings import find_warnings, is_role_gone
from cogs.moderation.targets import known_guild, moderator_of
from cogs.quota.preview import COMMAND as QUOTA
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Form, Item, view_of

OF_QUOTA = frozenset({SetupStep.LIMITS, SetupStep.BUDGET})  # what /quota decides


class SetupButton(Item):
    """Opens the form of a step; whether the person may decide it is asked when the form is sent, too."""

    action = "setup"
    pattern = rf"(?P<step>{'|'.join(SetupStep)})"

    def __init__(self, step: str, *, is_next: bool = False) -> None:
        super().__init__(step, label=_labels()[step])
        self._step = SetupStep(step)
        if is_next:
            self.item.style = discord.ButtonStyle.primary

    async def act(self, interaction: Interaction) -> None:
        """Open the form with what holds now."""
        await ensure_moderator_in_time(interaction, QUOTA if self._step in OF_QUOTA else COMMAND)
        await interaction.response.send_modal(await _form(interaction, self._step))


class SetupRefreshButton(Item):
    """Shows the guide as the server stands now, such as once a limit was saved."""

    action = "setup-now"
    label = NC_("button", "Refresh")
    pattern = r"all"

    def __init__(self) -> None:
        super().__init__("all")

    async def act(self, interaction: Interaction) -> None:
        """Read it again."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        await show_setup(interaction)


async def show_setup(interaction: Interaction) -> None:
    """Let the answer be the guide, as the server stands now; asks Discord, so defer first."""
    services, guild_id = interaction.client.services, moderator_of(interaction).guild_id
    may_set_limits = await is_moderator(interaction, QUOTA)
    steps = [step for step in SetupStep if may_set_limits or step not in OF_QUOTA]
    policy, book = await services.moderation.read(guild_id), await services.rules.read(guild_id)
    guild = known_guild(interaction)
    broken, warnings = _find_broken(guild, policy), find_warnings(guild, policy)
    following = next_step(policy, steps, broken)
    buttons = [SetupButton(step, is_next=step is following) for step in steps]
    text = render_setup(policy, book.default, steps, broken=broken, warnings=warnings)
    content = Content(content=text, view=view_of(*buttons, SetupRefreshButton()))
    await interaction.edit_original_response(**content)


def _find_broken(guild: discord.Guild | None, policy: Policy) -> set[SetupStep]:
    """Return the steps whose choice is gone, or can't be used."""
    is_closed = not is_usable(guild, policy.moderators_channel_id)
    is_role_lost = is_role_gone(guild, policy.review)
    return {*[SetupStep.CHANNEL] * is_closed, *[SetupStep.REVIEW] * is_role_lost}


async def _form(interaction: Interaction, step: SetupStep) -> Form:
    services, guild_id = interaction.client.services, moderator_of(interaction).guild_id
    policy, guild = await services.moderation.read(guild_id), known_guild(interaction)
    match step:
        case SetupStep.CHANNEL:
            return ChannelForm(policy, guild, show_setup)
        case SetupStep.LIMITS:
            return LimitForm(policy, (await services.rules.read(guild_id)).default)
        case SetupStep.BUDGET:
            return BudgetForm(policy)
        case SetupStep.REVIEW:
            return ReviewForm(policy, guild, show_setup)


def _labels() -> Mapping[str, str]:
    return {
        SetupStep.CHANNEL: pgettext("button", "Channel"),
        SetupStep.LIMITS: pgettext("button", "Limit"),
        SetupStep.BUDGET: pgettext("button", "Budget"),
        SetupStep.REVIEW: pgettext("button", "Approval"),
    }
