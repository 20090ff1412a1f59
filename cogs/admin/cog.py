"""The /veo-admin commands: what moderators do besides limits and budgets.

Who may use them is decided by Discord: at first those with Manage Server, and whomever a server's settings
under Integrations name instead. So nothing is checked here again; the buttons check it, since anybody who
sees one can press it.
"""

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.admission.parsing import LONGEST_INPUT, parse_span
from bot.clock import utc_now
from bot.discord_client.client import VeoBot
from bot.errors import BadInputError
from bot.i18n import _
from bot.moderation.decisions import REASON_MAX_LENGTH
from cogs.admin import admin_text, settings_command
from cogs.admin.carrying import propose_import, send_rules
from cogs.admin.doctor import examine
from cogs.admin.home_lists import ListButton
from cogs.admin.home_view import HomeButton, OpenButton, home_content
from cogs.admin.log_view import LogButton, UndoAnywayButton, UndoButton, log_content
from cogs.admin.queue_view import CancelButton, QueueButton, queue_content
from cogs.admin.setup_view import SetupButton, SetupRefreshButton
from cogs.admin.show_again import ShowAppealsButton, ShowReportsButton, ShowReviewsButton
from cogs.admin.words import WordsGroup
from cogs.moderation.ladder import LONGEST_LADDER, MAX_DAYS, checked_days, parse_ladder
from cogs.moderation.review_setting import LONGEST, complete_review
from cogs.moderation.setting_parsers import complete_models
from cogs.moderation.targets import ensure_person, moderator_of
from cogs.quota.preview import OPTION as PREVIEW
from cogs.ui.interaction import Interaction
from cogs.ui.lists import reply_with_list

Reason = Range[str, 1, REASON_MAX_LENGTH]


@app_commands.default_permissions(manage_guild=True)
class AdminCog(commands.GroupCog, group_name="veo-admin", group_description="Moderate videos on this server"):
    """Lets moderators decide who may have videos made, where, and of what."""

    def __init__(self) -> None:
        if self.app_command is not None:
            self.app_command.add_command(WordsGroup())

    @app_commands.command(name="pause", description="Stop accepting /veo requests; running ones continue")
    @app_commands.describe(reason="Shown to members who try")
    async def pause(self, interaction: Interaction, reason: Reason | None = None) -> None:
        """Switch /veo off for the server."""
        await interaction.client.services.moderation.pause(moderator_of(interaction), reason)
        await _reply(interaction, admin_text.paused(reason))

    @app_commands.command(name="resume", description="Accept /veo requests again")
    async def resume(self, interaction: Interaction) -> None:
        """Switch /veo on again."""
        was_paused = await interaction.client.services.moderation.resume(moderator_of(interaction))
        await _reply(interaction, admin_text.resumed(was_paused=was_paused))

    @app_commands.command(name="block", description="Block a member from using /veo")
    @app_commands.rename(span="for")
    @app_commands.describe(
        member="The member; they may have left the server",
        span="How long, such as 12h, 3 days or 2 weeks (default: until you unblock them)",
        reason="Shown to the member",
    )
    async def block(
        self,
        interaction: Interaction,
        member: discord.User,
        span: Range[str, 1, LONGEST_INPUT] | None = None,
        reason: Reason | None = None,
    ) -> None:
        """Block a member, for a time or until `unblock`."""
        user_id = ensure_person(member)
        until = None if span is None else utc_now() + parse_span(span)
        moderation, by = interaction.client.services.moderation, moderator_of(interaction)
        replaced = await moderation.block(by, user_id, until, reason)
        await _reply(interaction, admin_text.blocked(user_id, until, reason, replaced))

    @app_commands.command(name="unblock", description="Unblock a member")
    @app_commands.describe(member="The member; they may have left the server")
    async def unblock(self, interaction: Interaction, member: discord.User) -> None:
        """End a member's block."""
        user_id = ensure_person(member)
        was_blocked = await interaction.client.services.moderation.unblock(moderator_of(interaction), user_id)
        await _reply(interaction, admin_text.unblocked(user_id, was_blocked=was_blocked))

    @app_commands.command(name="blocked", description="List blocked members and when their blocks end")
    async def blocked(self, interaction: Interaction) -> None:
        """List the blocked members."""
        blocked = await interaction.client.services.moderation.list_blocked(
            moderator_of(interaction).guild_id
        )
        lines = [admin_text.block_line(user_id, block) for user_id, block in blocked]
        await reply_with_list(
            interaction,
            admin_text.blocked_heading(len(blocked)),
            lines,
            file_lines=[admin_text.plain_block_line(user_id, block) for user_id, block in blocked],
            file_name="blocked.txt",
        )

    @app_commands.command(name="strikes", description="Block members after repeated violations")
    @app_commands.describe(
        enabled="Turn strikes on or off",
        ladder="Strikes and blocks, such as 3: 1h, 5: 1 day, 8: moderator",
        days="Days until a strike fades (default: 7)",
    )
    async def strikes(
        self,
        interaction: Interaction,
        enabled: bool | None = None,
        ladder: Range[str, 1, LONGEST_LADDER] | None = None,
        days: Range[int, 1, MAX_DAYS] | None = None,
    ) -> None:
        """Change the ladder of strikes; without options, show it."""
        steps, by = ladder and parse_ladder(ladder), moderator_of(interaction)
        fading = checked_days(days)
        if enabled is False and (steps or fading):
            raise BadInputError(
                _("`enabled: False` turns strikes off, so use it without other options. Nothing changed.")
            )
        now = await interaction.client.services.strikes.change(
            by, is_on=enabled, steps=steps or None, days=fading
        )
        await _reply(interaction, admin_text.rules_text(now))

    @app_commands.command(
        name="forgive", description="Forgive a member's strikes and end the block they brought"
    )
    @app_commands.describe(member="The member; they may have left the server")
    async def forgive(self, interaction: Interaction, member: discord.User) -> None:
        """Let a member's strikes count no more."""
        user_id = ensure_person(member)
        forgiven = await interaction.client.services.strikes.forgive(moderator_of(interaction), user_id)
        await _reply(interaction, admin_text.forgiven_text(user_id, forgiven))

    @app_commands.command(name="settings", description="Show or change the settings")
    @app_commands.describe(
        **settings_command.descriptions(), reset="Restore a setting's default", preview=PREVIEW
    )
    @app_commands.choices(**settings_command.choices())
    async def settings(
        self,
        interaction: Interaction,
        channels: str | None = None,
        models: str | None = None,
        longest_duration: int | None = None,
        highest_resolution: str | None = None,
        delivery: str | None = None,
        ask_first: bool | None = None,
        moderators_channel: discord.TextChannel | None = None,
        preview_limits: bool | None = None,
        review: Range[str, 1, LONGEST] | None = None,
        review_stage: str | None = None,
        review_timeout: str | None = None,
        reset: str | None = None,
        preview: bool | None = None,
    ) -> None:
        """Change the settings that are named; without options, show all."""
        changes = settings_command.read_changes(
            interaction,
            reset,
            channels=channels,
            models=models,
            longest_duration=longest_duration,
            highest_resolution=highest_resolution,
            delivery=delivery,
            ask_first=ask_first,
            moderators_channel=moderators_channel,
            preview_limits=preview_limits,
            review=review,
            review_stage=review_stage,
            review_timeout=review_timeout,
        )
        await settings_command.propose_settings(interaction, changes, preview)

    @settings.autocomplete("models")
    async def complete_models(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Offer the models that the bot has."""
        return complete_models(typed, interaction.client.services.models)

    @settings.autocomplete("review")
    async def complete_review(self, _: Interaction, typed: str) -> list[Choice[str]]:
        """Offer what needs no more words."""
        return complete_review(typed)

    @app_commands.command(name="export", description="Get this server's rules and settings as a file")
    async def export(self, interaction: Interaction) -> None:
        """Send limits, budgets, words, strikes and settings as a file."""
        await send_rules(interaction)

    @app_commands.command(name="import", description="Import another server's rules and settings")
    @app_commands.describe(file="The file from /veo-admin export; you see what it changes before it's saved")
    async def import_(self, interaction: Interaction, file: discord.Attachment) -> None:
        """Show what a file would change."""
        await propose_import(interaction, file)

    @app_commands.command(
        name="home", description="Show an overview of this server, with links to everything else"
    )
    async def home(self, interaction: Interaction) -> None:
        """Show what waits, what was spent, and what has to be decided."""
        await interaction.response.defer(ephemeral=True)  # adding up a month may take long
        await interaction.edit_original_response(**await home_content(interaction))

    @app_commands.command(name="queue", description="List queued and running requests, with Cancel buttons")
    async def queue(self, interaction: Interaction) -> None:
        """Show the open requests with buttons."""
        await interaction.response.send_message(**await queue_content(interaction), ephemeral=True)

    @app_commands.command(name="log", description="Show what moderators did, newest first")
    async def log(self, interaction: Interaction) -> None:
        """Show the audit trail with buttons."""
        await interaction.response.send_message(**await log_content(interaction), ephemeral=True)

    @app_commands.command(name="doctor", description="Check whether I can make videos in this channel")
    async def doctor(self, interaction: Interaction) -> None:
        """Check permissions, the key, the balance, the database and the polls."""
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content=await examine(interaction))


async def _reply(interaction: Interaction, text: str) -> None:
    await interaction.response.send_message(text, ephemeral=True)


async def setup(bot: VeoBot) -> None:
    """Add the commands and their buttons; discord.py calls this."""
    bot.add_dynamic_items(
        HomeButton,
        OpenButton,
        ListButton,
        ShowReportsButton,
        ShowAppealsButton,
        ShowReviewsButton,
        SetupButton,
        SetupRefreshButton,
        CancelButton,
        QueueButton,
        LogButton,
        UndoButton,
        UndoAnywayButton,
    )
    await bot.add_cog(AdminCog())
