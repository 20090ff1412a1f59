"""The forms of the guide that sets a server up: one for each thing to decide."""

from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord

from bot.errors import BadInputError
from bot.i18n import _, pgettext
from bot.policy.documents import LimitKind, Period, Policy, Reviewed, ReviewRule, Rule, Scope
from bot.preview.proposal import Proposal
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.review_setting import EVERYBODY, NEWCOMERS, NOBODY, review_text
from cogs.moderation.server_settings import SETTINGS, Known
from cogs.moderation.targets import UNKNOWN_SERVER, known_guild, moderator_of
from cogs.quota.numbers_form import NumbersForm
from cogs.quota.preview import COMMAND as QUOTA
from cogs.quota.preview import fill_with_proposal
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form

ShowAgain = Callable[[Interaction], Awaitable[None]]  # shows the guide as the server stands now, in its place


class SettingForm(Form):
    """Base of the forms that change a setting: give `read`. The guide shows it once it's saved."""

    def __init__(self, title: str, field: str, show_again: ShowAgain) -> None:
        super().__init__(title)
        self._field = field
        self._show_again = show_again

    async def act(self, interaction: Interaction) -> None:
        """Save what was chosen."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        guild = known_guild(interaction)
        if guild is None:
            raise BadInputError(_(UNKNOWN_SERVER))
        changes = {self._field: self.read(Known(guild, interaction.client.services.models))}
        await interaction.client.services.moderation.change_settings(moderator_of(interaction), changes)
        await self._show_again(interaction)

    def read(self, known: Known) -> Any:
        """Return what was chosen, as the document keeps it; raises `BadInputError`."""
        raise NotImplementedError


class ChannelForm(SettingForm):
    """Takes the moderators' channel."""

    def __init__(self, policy: Policy, show_again: ShowAgain) -> None:
        super().__init__(pgettext("title", "Moderators' channel"), "moderators_channel_id", show_again)
        known = policy.moderators_channel_id
        self._channel = discord.ui.ChannelSelect[Self](
            custom_id="channel",
            channel_types=[discord.ChannelType.text],
            default_values=[] if known is None else [discord.Object(known)],
        )
        self.add_item(
            discord.ui.Label(
                text=pgettext("label", "Channel"),
                description=_("One that only moderators see. Prompts of members stand there."),
                component=self._channel,
            )
        )

    def read(self, known: Known) -> int:
        """Return the channel's id."""
        chosen = self._channel.values[0].resolve() if self._channel.values else None
        if not isinstance(chosen, discord.TextChannel):
            raise BadInputError(
                _(
                    "I can't see that channel. Allow my role to view it in the channel's settings and try "
                    "again. Nothing changed."
                )
            )
        return SETTINGS[self._field].parse(chosen, known)


class ReviewForm(SettingForm):
    """Takes whose requests wait for moderators: a choice, or a role in its place."""

    def __init__(self, policy: Policy, show_again: ShowAgain) -> None:
        super().__init__(pgettext("title", "Requests that wait for you"), "review", show_again)
        offers = {
            NOBODY: pgettext("review", "nobody"),
            NEWCOMERS: review_text(ReviewRule(who=Reviewed.NEWCOMERS)),
            EVERYBODY: pgettext("review", "everybody"),
        }
        chosen = NOBODY if policy.review is None else str(policy.review.who)
        self._who = discord.ui.Select[Self](
            custom_id="who",
            options=[
                discord.SelectOption(label=name, value=value, default=value == chosen)
                for value, name in offers.items()
            ],
            required=False,
        )
        self._role = discord.ui.RoleSelect[Self](custom_id="role", required=False)
        self.add_item(discord.ui.Label(text=pgettext("label", "Whose requests"), component=self._who))
        self.add_item(discord.ui.Label(text=pgettext("label", "Or those of a role"), component=self._role))

    def read(self, known: Known) -> ReviewRule | None:
        """Return the rule; None: nobody's requests wait."""
        typed = str(self._role.values[0].id) if self._role.values else (self._who.values or [NOBODY])[0]
        return SETTINGS[self._field].parse(typed, known)


class LimitForm(NumbersForm):
    """Takes how many videos a member can make in 24 hours, on the whole server or with a role."""

    def __init__(self, policy: Policy, default: Rule) -> None:
        rule = policy.find_rule(Scope.SERVER, 0, LimitKind.DAY) or default
        super().__init__(pgettext("title", "Limit per member"), Proposal(limits={LimitKind.DAY: rule.most}))
        self._role = discord.ui.RoleSelect[Self](custom_id="role", required=False)
        self.add_item(
            discord.ui.Label(
                text=pgettext("label", "Only for a role"),
                description=_("Leave it empty to limit every member."),
                component=self._role,
            )
        )

    async def act(self, interaction: Interaction) -> None:
        """Show what the limit would have done, or save it where there's nothing to show."""
        proposal, role = self.read(), next(iter(self._role.values), None)
        if role is not None and not role.is_default():
            proposal = proposal.model_copy(update={"scope": Scope.ROLE, "subject_id": role.id})
        await interaction.response.defer(ephemeral=True, thinking=True)
        await ensure_moderator(interaction, QUOTA)
        await fill_with_proposal(interaction, proposal)


class BudgetForm(NumbersForm):
    """Takes what the server can spend."""

    def __init__(self, policy: Policy) -> None:
        known = {period: budget.credits for period, budget in policy.budgets.items()}
        self._before = {period: known.get(period) for period in (Period.MONTH, Period.DAY)}
        super().__init__(pgettext("title", "Budget of the server"), Proposal(budgets=self._before))

    async def act(self, interaction: Interaction) -> None:
        """Show what the budgets would have done, or save them where there's nothing to show."""
        entered = self.read().budgets
        changed = {period: value for period, value in entered.items() if value != self._before[period]}
        if not changed:
            raise BadInputError(_("These are the budgets that hold now. Nothing changed."))
        await interaction.response.defer(ephemeral=True, thinking=True)
        await ensure_moderator(interaction, QUOTA)
        await fill_with_proposal(interaction, Proposal(budgets=changed))
