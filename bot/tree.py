"""The command tree: tells Discord about the commands only when they changed, and answers errors."""

import hashlib
import json

import discord
import structlog
from discord import app_commands

from bot.command_translator import CommandTranslator
from bot.database import Database
from bot.language import catalogues, speak, speaking
from bot.notes import COMMANDS, get_note, keep_note
from bot.replies import keep_pace, reply_with_error

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class VeoTree(app_commands.CommandTree[discord.Client]):
    """Commands for servers only: quotas belong to a server, and threads do not exist elsewhere."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=False, private_channel=False
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    async def interaction_check(self, interaction: discord.Interaction[discord.Client], /) -> bool:
        """Speak the person's language from here on, as each interaction is a task of its own; keep the pace.

        What Discord asks while somebody types comes fast by nature, so it is not counted.
        """
        speak(interaction.locale.value)
        return interaction.type is discord.InteractionType.autocomplete or await keep_pace(interaction)

    async def on_error(
        self, interaction: discord.Interaction[discord.Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer the person who used a command that failed."""
        with speaking(interaction.locale.value):
            await reply_with_error(interaction, error)

    async def sync_if_changed(self, database: Database) -> None:
        """Tell Discord about the commands, unless it was told the same by an earlier run."""
        await self._use_translator()
        digest = self._digest()
        name = f"{COMMANDS}{self.client.application_id}"
        if await get_note(database, name) == digest:
            return
        synced = await self.sync()
        await keep_note(database, name, digest)
        log.info("commands synced", count=len(synced))

    def _digest(self) -> str:
        """Return what tells the commands apart from earlier ones, in all languages."""
        payload = [command.to_dict(self) for command in self.get_commands()]
        languages = {locale.value: catalogues.language_of(locale.value) for locale in discord.Locale}
        # Not the translated payload: reading every catalogue would take longer than all else in a start.
        told = json.dumps([payload, languages, catalogues.fingerprint()], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    async def _use_translator(self) -> None:
        if self.translator is None:
            await self.set_translator(CommandTranslator())
