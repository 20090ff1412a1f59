"""The forms of the guide that sets a server up: one for each thing to decide."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

import discord

from bot.errors import BadInputError
from bot.i18n import _, pgettext
from bot.policy.documents import LimitKind, Period, Policy, Reviewed, ReviewRule, Rule, Scope
from bot.preview.proposal import Proposal
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.review_setting import EVERYBODY, NOBODY, OWN_WAIT, review_text, typed_review
from cogs.moderation.server_settings import SETTINGS, Known
from cogs.moderation.server_warnings import is_role_gone
from cogs.moderation.targets import UNKNOWN_SERVER, known_guild, moderator_of
from cogs.quota.change_forms import NumbersForm
from cogs.quota.preview import COMMAND as QUOTA
from cogs.quota.preview import fill_with_proposal
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form

ShowAgain = Callable[[Interaction], Awaitable[None]]  # shows the guide as the server stands now, in its place


class SettingForm(Form):
    """Base of the forms that change a setting: give `changes`. The guide shows it once it's saved."""

    def __init__(self, title: str, show_again: ShowAgain) -> None:
        super().__init__(title)
        self._show_again = show_again

    async def act(self, interaction: Interaction) -> None:
        """Save what was chosen."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        guild = known_guild(interaction)
        if guild is None:
            raise BadInputError(_(UNKNOWN_SERVER))
        changes = self.changes(Known(guild, interaction.client.services.models))
        await interaction.client.services.moderation.change_settings(moderator_of(interaction), changes)
        await self._show_again(interaction)

    def changes(self, known: Known) -> Mapping[str, Any]:
        """Return what was chosen, by the fields of the document; raises `BadInputError`."""
        raise NotImplementedError


class ChannelForm(SettingForm):
    """Takes the moderators' channel."""

    def __init__(self, policy: Policy, guild: discord.Guild | None, show_again: ShowAgain) -> None:
        super().__init__(pgettext("title", "Moderators' channel"), show_again)
        self._before = known = policy.moderators_channel_id
        is_there = guild is not None and known is not None and guild.get_channel(known) is not None
        self._channel = discord.ui.ChannelSelect[Self](
            custom_id="channel",
            channel_types=[discord.ChannelType.text],
            default_values=[discord.Object(known)] if known is not None and is_there else [],
            required=True,
        )
        self.add_item(
            discord.ui.Label(
                text=pgettext("label", "Channel"),
                description=_("Pick one only moderators can see. Members' prompts appear there."),
                component=self._channel,
            )
        )

    def changes(self, known: Known) -> Mapping[str, Any]:
        """Return the channel's id, if another one was chosen."""
        if not self._channel.values:
            raise BadInputError(_("Choose a channel. Nothing changed."))
        chosen = self._channel.values[0].resolve()
        if not isinstance(chosen, discord.TextChannel):
            raise BadInputError(
                _(
                    "I can't see that channel. Allow my role to view it in the channel's settings and try "
                    "again. Nothing changed."
                )
            )
        field = "moderators_channel_id"
        channel_id = SETTINGS[field].parse(chosen, known)
        return {} if channel_id == self._before else {field: channel_id}


class ReviewForm(SettingForm):
    """Takes whose requests wait for moderators (a choice, or a role in its place), and how they wait."""

    def __init__(self, policy: Policy, guild: discord.Guild | None, show_again: ShowAgain) -> None:
        super().__init__(pgettext("title", "Requests that need your approval"), show_again)
        rule = policy.review
        is_role = rule is not None and rule.who is Reviewed.ROLE
        self._chosen = None if is_role else typed_review(rule)
        role = guild.get_role(rule.role_id) if guild is not None and rule is not None and is_role else None
        self._chosen_role = None if role is None else role.id
        is_new = rule is not None and rule.who is Reviewed.NEWCOMERS
        newcomers = rule if rule is not None and is_new else ReviewRule(who=Reviewed.NEWCOMERS)
        offers = {
            NOBODY: pgettext("review", "nobody"),
            typed_review(newcomers): review_text(newcomers),
            EVERYBODY: pgettext("review", "everybody"),
        }
        self._who = discord.ui.Select[Self](
            custom_id="who",
            options=[
                discord.SelectOption(label=name, value=value, default=value == self._chosen)
                for value, name in offers.items()
            ],
            required=False,
        )
        self._role = discord.ui.RoleSelect[Self](
            custom_id="role", required=False, default_values=[] if role is None else [role]
        )
        whose = pgettext("label", "Whose requests")
        self.add_item(discord.ui.Label(text=whose, description=_(OWN_WAIT), component=self._who))
        gone = _("The chosen role no longer exists.") if is_role_gone(guild, rule) else None
        of_role = pgettext("label", "Or a role's requests")
        self.add_item(discord.ui.Label(text=of_role, description=gone, component=self._role))
        self._before = {field: getattr(policy, field) for field in ("review_stage", "review_timeout")}
        self._how = {field: _choice_of(field, now) for field, now in self._before.items()}
        when = pgettext("label", "When you approve them")
        self.add_item(discord.ui.Label(text=when, component=self._how["review_stage"]))
        late = pgettext("label", "Finished videos left undecided for 24 hours")
        within = _("Applies after 24 hours. They count either way.")
        self.add_item(discord.ui.Label(text=late, description=within, component=self._how["review_timeout"]))

    def changes(self, known: Known) -> Mapping[str, Any]:
        """Return what was chosen and isn't as it was when the form was opened."""
        sent = {field: select.values[0] for field, select in self._how.items() if select.values}
        how = {field: SETTINGS[field].parse(value, known) for field, value in sent.items()}
        changed = {field: value for field, value in how.items() if value != self._before[field]}
        return {**self._changed_rule(known), **changed}

    def _changed_rule(self, known: Known) -> Mapping[str, Any]:
        """Return the rule, if another one was chosen; a role that was chosen before gives way to a choice."""
        who, role = next(iter(self._who.values), None), next(iter(self._role.values), None)
        role_id = None if role is None else role.id
        if (who, role_id) == (self._chosen, self._chosen_role) != (None, None):
            return {}
        is_kept = role_id == self._chosen_role and who is not None
        typed = who if role_id is None or is_kept else str(role_id)
        if typed is None:
            raise BadInputError(_("Choose whose requests need your approval, or nobody. Nothing changed."))
        return {"review": SETTINGS["review"].parse(typed, known)}


def _choice_of(field: str, now: str) -> discord.ui.Select[Any]:
    """Return the choice of a setting that has few values; `now`: the one that holds."""
    row = SETTINGS[field]
    options = [
        discord.SelectOption(label=row.in_words(value), value=value, default=value == now)
        for value in row.choices or ()
    ]
    return discord.ui.Select(custom_id=field, options=options, required=False)


class LimitForm(NumbersForm):
    """Takes how many videos a member can make in 24 hours, on the whole server or with a role."""

    def __init__(self, policy: Policy, default: Rule) -> None:
        self._before = policy.find_rule(Scope.SERVER, 0, LimitKind.DAY)
        self._shown = (self._before or default).most
        super().__init__(pgettext("title", "Limit per member"), Proposal(limits={LimitKind.DAY: self._shown}))
        self._role = discord.ui.RoleSelect[Self](custom_id="role", required=False)
        self.add_item(
            discord.ui.Label(
                text=pgettext("label", "Only for this role"),
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
        policy = await interaction.client.services.moderation.read(moderator_of(interaction).guild_id)
        self._ensure_changed(proposal, policy)
        await fill_with_proposal(interaction, proposal)

    def _ensure_changed(self, proposal: Proposal, policy: Policy) -> None:
        """Raise `BadInputError` where it holds already, or was only sent as it was shown before a change.

        The bot's default can be decided on by sending it as it was shown.
        """
        most = proposal.limits[LimitKind.DAY]
        now = policy.find_rule(proposal.scope, proposal.subject_id, LimitKind.DAY)
        if now is not None and now.most == most:
            raise BadInputError(_("This is already the limit. Nothing changed."))
        if proposal.scope is Scope.SERVER and most == self._shown and now != self._before:
            raise BadInputError(
                _(
                    "You didn't change anything here. The limit was changed in the meantime, and that "
                    "change stays."
                )
            )


class BudgetForm(NumbersForm):
    """Takes what the server can spend."""

    def __init__(self, policy: Policy) -> None:
        self._before = {period: _budget_in(policy, period) for period in (Period.MONTH, Period.DAY)}
        super().__init__(pgettext("title", "Budget of the server"), Proposal(budgets=self._before))

    async def act(self, interaction: Interaction) -> None:
        """Show what the budgets would have done, or save them where there's nothing to show."""
        entered = self.read().budgets
        changed = {period: value for period, value in entered.items() if value != self._before[period]}
        await interaction.response.defer(ephemeral=True, thinking=True)
        await ensure_moderator(interaction, QUOTA)
        policy = await interaction.client.services.moderation.read(moderator_of(interaction).guild_id)
        if all(value == _budget_in(policy, period) for period, value in (changed or entered).items()):
            raise BadInputError(_("These are already the budgets. Nothing changed."))
        if not changed:
            raise BadInputError(
                _(
                    "You didn't change anything here. The budgets were changed in the meantime, and that "
                    "change stays."
                )
            )
        await fill_with_proposal(interaction, Proposal(budgets=changed))


def _budget_in(policy: Policy, period: Period) -> float | None:
    budget = policy.budgets.get(period)
    return None if budget is None else budget.credits
