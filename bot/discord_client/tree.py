"""The command tree: tells Discord about the commands only when they changed, and answers errors.

Descriptions, choices and the menus' names are translated. The names of commands and options stay as they are
in every language, since texts and members call them so.
"""

import asyncio
import hashlib
import json
import re
from typing import Any, LiteralString

import aiohttp
import discord
import structlog
from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.db.database import Database
from bot.db.state import COMMANDS, get_state, keep_state
from bot.discord_client.interaction_payload import BAD_VALUE, UNREADABLE, SentCommand
from bot.discord_client.replies import is_served, reply_with_error
from bot.errors import BadInputError, UserError
from bot.i18n import _, catalogues, locale_used, use_locale
from bot.i18n.catalogues import ENGLISH, language_of, translations

# Discord's own limits on what it shows, in characters ("Application Command Structure").
DESCRIPTION_LENGTH = 100  # the same for the name of a choice
MENU_LENGTH = 32

WORD = re.compile(r"[^\W\d_]{2}")  # what has none, such as "16:9" or "8", is the same in every language
DESCRIPTIONS = frozenset(
    {Location.command_description, Location.group_description, Location.parameter_description}
)


ENTRY_POINT = 4  # the type of such a command
ENTRY_POINT_LEFT_OUT = 50240  # "You cannot remove this app's Entry Point command in a bulk update operation"

UPLOAD_PATIENCE = 30.0  # seconds; a start waits for it
# Discord's refusals, a connection that breaks, and another page or half of one in the place of its answer.
UPLOAD_FAILURES = (
    *(discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError),
    *(AttributeError, LookupError, TypeError, ValueError),
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class CommandTranslator(app_commands.Translator):
    """Translates with the catalogues; discord.py asks when it tells Discord about the commands."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return a text in one of Discord's languages; None: Discord shows it in English."""
        language = language_of(locale.value)
        if language == ENGLISH or not is_translated(string.message, context):
            return None
        translated = translations(language).gettext(string.message)
        return None if translated == string.message else translated


def is_translated(text: str, context: app_commands.TranslationContextTypes) -> bool:
    """Whether a text of a command is one that is said in other languages."""
    if context.location is Location.command_name:
        return isinstance(context.data, app_commands.ContextMenu)
    is_shown = context.location in DESCRIPTIONS or context.location is Location.choice_name
    return is_shown and WORD.search(text) is not None


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
        """Speak the person's language from here on, as each interaction is a task of its own.

        What Discord asks while somebody types comes fast by nature, so it is not counted. What cannot be
        read is answered here: discord.py would fail at it without an answer.
        """
        use_locale(interaction.locale.value)
        is_typing = interaction.type is discord.InteractionType.autocomplete
        if not is_typing and not await is_served(interaction):
            return False
        try:
            ensure = _ensure_suggestible if is_typing else _ensure_readable
            ensure(interaction)
        except UserError as error:
            if is_typing:
                await interaction.response.autocomplete([])
            else:
                await reply_with_error(interaction, error)
            return False
        return True

    async def on_error(
        self, interaction: discord.Interaction[discord.Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer the person who used a command that failed."""
        with locale_used(interaction.locale.value):
            await reply_with_error(interaction, error)

    async def sync_if_changed(self, database: Database) -> bool:
        """Tell Discord about the commands, unless it was told the same; return whether it knows them."""
        await self._use_translator()
        digest = self._digest()
        name = f"{COMMANDS}{self.client.application_id}"
        if await get_state(database, name) == digest:
            return True
        try:
            async with asyncio.timeout(UPLOAD_PATIENCE):
                count = await self._upload()
        except UPLOAD_FAILURES as error:
            # Those that Discord knows work, and nothing is kept, so it is tried again.
            log.warning("Discord rejects the commands; it keeps the ones it has", error=_words_of(error))
            return False
        await keep_state(database, name, digest)
        log.info("commands synced", count=count)
        return True

    async def _upload(self) -> int:
        """Upload the commands, along with an Entry Point command, which Discord wants kept; return how many.

        discord.py knows no such command; Discord makes one itself for apps with Activities.
        """
        try:
            return len(await self.sync())
        except discord.HTTPException as error:
            if error.code != ENTRY_POINT_LEFT_OUT or self.client.application_id is None:
                raise
        http, application_id = self.client.http, self.client.application_id
        known: list[Any] = [*await http.get_global_commands(application_id)]
        kept = [command for command in known if command.get("type") == ENTRY_POINT]
        translator = self.translator
        ours: list[Any] = [
            await command.get_translated_payload(self, translator) if translator else command.to_dict(self)
            for command in self.get_commands()
        ]
        return len(await http.bulk_upsert_global_commands(application_id, payload=[*ours, *kept]))

    def _digest(self) -> str:
        """Return what tells the commands apart from earlier ones, in all languages."""
        payload = [command.to_dict(self) for command in self.get_commands()]
        languages = {locale.value: catalogues.language_of(locale.value) for locale in discord.Locale}
        # Not the translated payload: reading every catalogue would take longer than all else in a start.
        described = json.dumps([payload, languages, catalogues.fingerprint()], sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()

    async def _use_translator(self) -> None:
        if self.translator is None:
            await self.set_translator(CommandTranslator())


def _words_of(error: Exception) -> str:
    """Return what an error says, after its name where these are a program's words and not Discord's."""
    is_discords = isinstance(error, discord.DiscordException)
    return str(error) if is_discords else f"{type(error).__name__}: {error}"


def _ensure_readable(interaction: discord.Interaction[discord.Client]) -> None:
    """Check what was sent as a command, before discord.py reads it.

    Raises:
        UserError: it is not what the command takes.
    """
    sent, command = SentCommand.read(interaction.data), interaction.command
    if isinstance(command, app_commands.Command):
        sent.ensure_fits({option.display_name: option.type.value for option in command.parameters})
    elif command is not None:
        sent.ensure_target()
    _ensure_resolvable(interaction, UNREADABLE if sent.target_id else BAD_VALUE)


def _ensure_suggestible(interaction: discord.Interaction[discord.Client]) -> None:
    """Check that there is a text that suggestions can be made for; the other options may be half typed.

    Raises:
        UserError: there is none.
    """
    typed, command = SentCommand.read(interaction.data).typed, interaction.command
    options = command.parameters if isinstance(command, app_commands.Command) else []
    if typed is None or not any(typed.name == o.display_name and o.autocomplete for o in options):
        raise BadInputError(_(BAD_VALUE))
    _ensure_resolvable(interaction, BAD_VALUE)


def _ensure_resolvable(interaction: discord.Interaction[discord.Client], reason: LiteralString) -> None:
    """Let discord.py make objects of what Discord says of people, roles, channels, files and messages.

    Raises:
        BadInputError: it cannot; it raises whatever it stumbles over.
    """
    try:
        interaction.namespace  # noqa: B018 # pyright: ignore[reportUnusedExpression]: they are made by that
    except Exception as error:
        raise BadInputError(_(reason)) from error
