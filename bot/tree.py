"""The command tree: tells Discord about the commands only when they changed, and answers errors."""

import hashlib
import json

import discord
import structlog
from discord import app_commands

from bot.database import Database
from bot.moderation.notes import get_note, keep_note
from bot.replies import reply_with_error

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

    async def on_error(
        self, interaction: discord.Interaction[discord.Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer the person who used a command that failed."""
        await reply_with_error(interaction, error)

    async def sync_if_changed(self, database: Database) -> None:
        """Tell Discord about the commands, unless it was told the same by an earlier run."""
        payload = [command.to_dict(self) for command in self.get_commands()]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        name = f"commands of {self.client.application_id}"
        if await get_note(database, name) == digest:
            return
        synced = await self.sync()
        await keep_note(database, name, digest)
        log.info("commands synced", count=len(synced))
