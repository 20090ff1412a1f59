"""Discord's texts of the commands in its languages: descriptions, choices and the menus' names.

The names of commands and options stay as they are in every language, since texts and members call them so.
"""

import re

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.i18n.catalogues import ENGLISH, language_of, translations

# Discord's own limits on what it shows, in characters ("Application Command Structure").
DESCRIPTION_LENGTH = 100  # the same for the name of a choice
MENU_LENGTH = 32

WORD = re.compile(r"[^\W\d_]{2}")  # what has none, such as "16:9" or "8", is the same in every language
DESCRIPTIONS = frozenset(
    {Location.command_description, Location.group_description, Location.parameter_description}
)


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
