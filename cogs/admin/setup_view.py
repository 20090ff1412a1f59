"""The guide that sets a server up: its text, and a private message with a button for each thing to decide."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import LiteralString

import discord

from bot.home.overview import SetupStep, is_decided, next_step
from bot.i18n import N_, NC_, _, format_and, ngettext, pgettext
from bot.money import show_usd
from bot.policy.documents import LimitKind, Period, Policy, Rule, Scope
from bot.policy.phrases import describe_limit
from cogs.admin.setup_forms import BudgetForm, ChannelForm, LimitForm, ReviewForm
from cogs.moderation.owners import ensure_moderator_in_time
from cogs.moderation.permissions import COMMAND, ensure_moderator, is_moderator
from cogs.moderation.review_setting import OWN_WAIT, nobody_approves
from cogs.moderation.server_settings import SETTINGS
from cogs.moderation.server_warnings import find_warnings, is_role_gone, is_usable
from cogs.moderation.targets import known_guild, moderator_of
from cogs.quota.preview import COMMAND as QUOTA
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Form, Item, view_of

WHAT: Mapping[SetupStep, LiteralString] = {
    SetupStep.CHANNEL: N_(
        "**Moderators' channel:** {value}. Reports, members' questions and requests that need your approval "
        "appear there."
    ),
    SetupStep.LIMITS: N_("**Limit per member:** {value}"),
    SetupStep.BUDGET: N_("**Budget of the server:** {value}"),
    SetupStep.REVIEW: N_("**Requests that need your approval:** {value}"),
}
NO_CHANNEL = N_(
    "**Moderators' channel:** none. Without one, nobody sees reports, questions and requests that need your "
    "approval."
)
AMOUNTS: Mapping[Period, LiteralString] = {
    Period.DAY: N_("{money} per day"),
    Period.MONTH: N_("{money} per month"),
}
NEXT: Mapping[SetupStep, LiteralString] = {
    SetupStep.CHANNEL: N_("👉 Next: choose the moderators' channel."),
    SetupStep.LIMITS: N_("👉 Next: decide how many videos a member can make."),
    SetupStep.BUDGET: N_("👉 Next: decide how much this server can spend."),
    SetupStep.REVIEW: N_("👉 Next: choose again whose requests need your approval."),
}
OF_QUOTA = frozenset({SetupStep.LIMITS, SetupStep.BUDGET})  # what /quota decides


def render_setup(
    policy: Policy,
    default: Rule,
    steps: Collection[SetupStep],
    *,
    broken: Collection[SetupStep] = (),
    warnings: Sequence[str] = (),
) -> str:
    """Return what is decided and what is not; `default`: the bot's own limit; `steps`: those to show."""
    decided = {step for step in steps if is_decided(step, policy, broken)}
    lines = [_line(step, policy, default, is_decided=step in decided) for step in SetupStep if step in steps]
    following = next_step(policy, steps, broken)
    if following is not None:
        foot = _(NEXT[following])
    else:
        foot = _(
            "✅ **Ready.** Everything else is in `/veo-admin settings`, `/veo-admin words` and `/quota`."
        )
    notes = _notes(policy, warnings)
    return "\n".join([_("🧭 **Set up /veo on this server**"), *lines, *notes, foot])


def _notes(policy: Policy, warnings: Sequence[str]) -> Iterator[str]:
    if policy.review is not None:
        yield f"ℹ️ {_(OWN_WAIT)}"
    yield from warnings
    if policy.review is not None and policy.moderators_channel_id is None:
        yield nobody_approves(policy)


def _line(step: SetupStep, policy: Policy, default: Rule, *, is_decided: bool) -> str:
    mark = "✅" if is_decided else "▫️"
    if step is SetupStep.CHANNEL and policy.moderators_channel_id is None:
        return f"{mark} {_(NO_CHANNEL)}"
    return f"{mark} {_(WHAT[step], value=_value(step, policy, default))}"


def _value(step: SetupStep, policy: Policy, default: Rule) -> str:
    match step:
        case SetupStep.CHANNEL:
            return SETTINGS["moderators_channel_id"].in_words(policy.moderators_channel_id)
        case SetupStep.LIMITS:
            return _limits(policy, default)
        case SetupStep.BUDGET:
            budgets = sorted(policy.budgets.items())
            described = [_(AMOUNTS[period], money=show_usd(budget.credits)) for period, budget in budgets]
            return format_and(described) or pgettext("no budget", "none")
        case SetupStep.REVIEW:
            return SETTINGS["review"].in_words(policy.review)


def _limits(policy: Policy, default: Rule) -> str:
    of_server = [rule for rule in policy.rules if rule.scope is Scope.SERVER]
    described = format_and(describe_limit(rule.kind, rule.most) for rule in of_server)
    if not any(rule.kind is LimitKind.DAY for rule in of_server):
        own = _("{limit} (the bot's default)", limit=describe_limit(default.kind, default.most))
        described = format_and([own, described]) if described else own
    roles = len({rule.subject_id for rule in policy.rules if rule.scope is Scope.ROLE})
    if not roles:
        return described
    return ngettext(
        "{limit}; {count} role has its own",
        "{limit}; {count} roles have their own",
        roles,
        limit=described,
    )


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
