"""The /veo-admin words commands: which words no prompt may have."""

from discord import app_commands
from discord.app_commands import Choice, Range

from bot.admission.blocklist import WORD_MAX_LENGTH, forbidden_in
from bot.markup import in_words
from bot.preview.proposal import Proposal
from cogs.admin import admin_text
from cogs.moderation.settings_text import shown_word
from cogs.moderation.targets import moderator_of
from cogs.quota.change_forms import word_in
from cogs.quota.preview import NO_ROLES, propose
from cogs.quota.preview import OPTION as PREVIEW
from cogs.ui.interaction import Interaction
from cogs.ui.lists import MAX_CHOICES, reply_with_list
from cogs.ui.markup_names import names_of

Word = Range[str, 1, WORD_MAX_LENGTH]


class WordsGroup(app_commands.Group, name="words", description="Block words and phrases in prompts"):
    """The part of /veo-admin about forbidden words."""

    @app_commands.command(name="add", description="Block a word or phrase in prompts")
    @app_commands.describe(
        word="The word or phrase; upper and lower case are the same, and only whole words match",
        preview=PREVIEW,
    )
    async def add(self, interaction: Interaction, word: Word, preview: bool | None = None) -> None:
        """Forbid a word or phrase."""
        await propose(interaction, Proposal(word=word_in(interaction, word)), NO_ROLES, asked=preview)

    @app_commands.command(name="remove", description="Allow a blocked word or phrase again")
    @app_commands.describe(word="The word or phrase, as it is on the list")
    async def remove(self, interaction: Interaction, word: Word) -> None:
        """Allow a word or phrase again; an older entry may have ids."""
        by = moderator_of(interaction)
        moderation = interaction.client.services.moderation
        if word not in (await moderation.read(by.guild_id)).words:
            word = in_words(word, names_of(interaction)) or word
        left = await moderation.remove_word(by, word)
        found = None if left is None else [*forbidden_in(word, left.words)]
        await interaction.response.send_message(admin_text.word_removed(word, found), ephemeral=True)

    @remove.autocomplete("word")
    async def complete_word(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Offer the forbidden words that contain what is typed."""
        policy = await interaction.client.services.moderation.read(moderator_of(interaction).guild_id)
        fitting = [word for word in sorted(policy.words) if typed.casefold() in word.casefold()]
        return [Choice(name=word, value=word) for word in fitting[:MAX_CHOICES]]

    @app_commands.command(name="list", description="List the blocked words and phrases")
    async def show(self, interaction: Interaction) -> None:
        """Show the forbidden words."""
        policy = await interaction.client.services.moderation.read(moderator_of(interaction).guild_id)
        words = sorted(policy.words, key=str.casefold)
        await reply_with_list(
            interaction,
            admin_text.words_heading(len(words)),
            [f"- {shown_word(word)}" for word in words],
            file_lines=words,
            file_name="words.txt",
        )
