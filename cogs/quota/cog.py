"""The /quota commands: limits, grants, budgets and use, for moderators.

Who may use them is decided by Discord: at first those with Manage Server, and whomever a server's settings
under Integrations name instead.
"""

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.admission.parsing import LONGEST_INPUT, parse_until
from bot.clock import utc_now
from bot.discord_client.client import VeoBot
from bot.moderation.decisions import REASON_MAX_LENGTH
from bot.moderation.rules import MAX_GRANTED
from bot.preview.proposal import Proposal
from bot.usage.service import UsagePeriod
from cogs.moderation.targets import ensure_member, ensure_person, moderator_of
from cogs.quota import quota_input, quota_text
from cogs.quota.pagers import RulesButton, UsageButton, rules_content, show_usage
from cogs.quota.preview import NO_ROLES, ChangeButton, DropButton, SaveButton, propose
from cogs.quota.preview import OPTION as PREVIEW
from cogs.quota.rules_text import member_text
from cogs.quota.saved_text import read_entitlement
from cogs.quota.suggestions import TryButton, show_suggestions
from cogs.ui.interaction import Interaction
from cogs.ui.requester import role_ids_of

Typed = Range[str, 1, LONGEST_INPUT]
Reason = Range[str, 1, REASON_MAX_LENGTH]

MEMBER = "Whose limit (without member and role: the whole server's)"
ROLE = "Which role's limit"
REASON = "Why; kept in the log"


@app_commands.default_permissions(manage_guild=True)
class QuotaCog(commands.GroupCog, group_name="quota", group_description="Manage limits and budgets"):
    """Lets moderators decide how much members may ask for, and see what was used."""

    @app_commands.command(name="set", description="Limit the videos of the whole server, a role or a member")
    @app_commands.describe(
        videos="How many per window: a number, 0 or unlimited",
        window="The rolling window that counts the videos (default: 24 hours)",
        at_once="How many at once: a number, 0 or unlimited",
        member=MEMBER,
        role=ROLE,
        reason=REASON,
        preview=PREVIEW,
    )
    @app_commands.choices(window=quota_input.WINDOWS)
    async def set_limits(
        self,
        interaction: Interaction,
        videos: Typed | None = None,
        window: Choice[str] | None = None,
        at_once: Typed | None = None,
        member: discord.User | None = None,
        role: discord.Role | None = None,
        reason: Reason | None = None,
        preview: bool | None = None,
    ) -> None:
        """Set the limits that are named."""
        subject = quota_input.subject_to_set(interaction, member, role)
        limits = quota_input.read_limits(videos, window, at_once)
        proposal = Proposal(scope=subject.scope, subject_id=subject.id, limits=limits, reason=reason)
        await propose(interaction, proposal, _roles_of(member), asked=preview)

    @set_limits.autocomplete("videos")
    @set_limits.autocomplete("at_once")
    async def complete_limit(self, _interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Offer numbers of videos."""
        return quota_input.complete_limit(typed)

    @app_commands.command(name="unset", description="Remove limits")
    @app_commands.describe(
        window="Which limit (default: all)",
        member=MEMBER,
        role=ROLE,
        deleted_role="The ID of a deleted role, as /quota rules shows it",
        reason=REASON,
        preview=PREVIEW,
    )
    @app_commands.choices(window=quota_input.UNSETTABLE)
    async def unset_limits(
        self,
        interaction: Interaction,
        window: Choice[str] | None = None,
        member: discord.User | None = None,
        role: discord.Role | None = None,
        deleted_role: Typed | None = None,
        reason: Reason | None = None,
        preview: bool | None = None,
    ) -> None:
        """Take rules away; the member may have left the server, and the role may be gone."""
        subject = quota_input.subject_to_unset(interaction, member, role, deleted_role)
        kinds = tuple(quota_input.read_kinds(window))
        proposal = Proposal(scope=subject.scope, subject_id=subject.id, removed=kinds, reason=reason)
        await propose(interaction, proposal, _roles_of(member), asked=preview)

    @app_commands.command(name="rules", description="Show all limits and budgets, or those of a member")
    @app_commands.describe(member="Whose limits and usage to show")
    async def rules(self, interaction: Interaction, member: discord.User | None = None) -> None:
        """Show the server's rules, or how a member stands."""
        if member is None:
            await interaction.response.send_message(**await rules_content(interaction), ephemeral=True)
            return
        user_id, role_ids = ensure_person(member), role_ids_of(member)
        guild_id, entitlements = moderator_of(interaction).guild_id, interaction.client.services.entitlements
        entitlement = await entitlements.read(guild_id, user_id, role_ids)
        await _reply(interaction, member_text(user_id, entitlement, role_ids))

    @app_commands.command(name="grant", description="Give a member extra videos for a limited time")
    @app_commands.describe(
        member="Who gets them",
        videos="How many, in addition to every window's limit",
        until="When it ends: 12h, 3 days, 2026-12-31 or 2026-12-31 18:00 in UTC (default: in 24 hours)",
        reason=REASON,
    )
    async def grant(
        self,
        interaction: Interaction,
        member: discord.User,
        videos: Range[int, 1, MAX_GRANTED],
        until: Typed | None = None,
        reason: Reason | None = None,
    ) -> None:
        """Give a member further videos."""
        by, user_id = moderator_of(interaction), ensure_member(member)
        end = parse_until(until, utc_now()) if until else None
        grant = await interaction.client.services.rules.grant(by, user_id, videos, end, reason)
        entitlement = await read_entitlement(interaction.client.services, by, user_id, role_ids_of(member))
        await _reply(interaction, quota_text.grant_text(user_id, grant, entitlement))

    @app_commands.command(name="reset", description="Reset a member's usage")
    @app_commands.describe(member="Whose earlier videos should no longer count", reason=REASON)
    async def reset(
        self, interaction: Interaction, member: discord.User, reason: Reason | None = None
    ) -> None:
        """Forget a member's use."""
        by, user_id = moderator_of(interaction), ensure_member(member)
        await interaction.client.services.rules.reset(by, user_id, reason)
        entitlement = await read_entitlement(interaction.client.services, by, user_id, role_ids_of(member))
        await _reply(interaction, quota_text.reset_text(user_id, entitlement))

    @app_commands.command(name="budget", description="Show or change the server's budgets")
    @app_commands.describe(
        day="Maximum spending per day: 5 USD, 3,000,000 credits or unlimited",
        month="Maximum spending per calendar month: 20 USD, 9,000,000 credits or unlimited",
        reason=REASON,
        preview=PREVIEW,
    )
    async def budget(
        self,
        interaction: Interaction,
        day: Typed | None = None,
        month: Typed | None = None,
        reason: Reason | None = None,
        preview: bool | None = None,
    ) -> None:
        """Change the budgets that are named, and show all."""
        by, budgets = moderator_of(interaction), quota_input.read_budgets(day, month)
        if budgets:
            await propose(interaction, Proposal(budgets=budgets, reason=reason), NO_ROLES, asked=preview)
            return
        entitlement = await interaction.client.services.entitlements.read(by.guild_id, by.user_id, ())
        await _reply(interaction, quota_text.budget_text({}, entitlement.budgets))

    @budget.autocomplete("day")
    @budget.autocomplete("month")
    async def complete_budget(self, _interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Offer amounts."""
        return quota_input.complete_budget(typed)

    @app_commands.command(
        name="suggest", description="Find limits that would have kept the last 30 days under an amount"
    )
    @app_commands.describe(budget="The most 30 days can cost: 60 USD or 9,000,000 credits")
    async def suggest(self, interaction: Interaction, budget: Typed) -> None:
        """Show them, each with a button to try it."""
        await show_suggestions(interaction, quota_input.read_sum(budget))

    @app_commands.command(name="usage", description="Show usage by member and by model")
    @app_commands.describe(period="How far back (default: the last 30 days)")
    @app_commands.choices(period=quota_input.PERIODS)
    async def usage(self, interaction: Interaction, period: Choice[str] | None = None) -> None:
        """Show a chart, a table and a file."""
        chosen = UsagePeriod(period.value) if period else UsagePeriod.MONTH
        await show_usage(interaction, chosen)


def _roles_of(member: discord.User | discord.Member | None) -> frozenset[int]:
    return NO_ROLES if member is None else role_ids_of(member)


async def _reply(interaction: Interaction, text: str) -> None:
    await interaction.response.send_message(text, ephemeral=True)


async def setup(bot: VeoBot) -> None:
    """Add the commands and their buttons; discord.py calls this."""
    bot.add_dynamic_items(RulesButton, UsageButton, SaveButton, ChangeButton, DropButton, TryButton)
    await bot.add_cog(QuotaCog())
