"""The buttons of appeals: they answer also under messages of an earlier run."""

from functools import partial

from bot.discord_client.client import VeoBot
from cogs.appeals.buttons import AskButton, AskForm, way_on
from cogs.appeals.decision_buttons import AppealDecisionButton
from cogs.cards.deletion_button import AskAboutVideoButton


async def setup(bot: VeoBot) -> None:
    """Register the buttons, and let refusals have theirs; discord.py calls this."""
    AskAboutVideoButton.form = partial(AskForm, is_about_video=True)
    bot.add_dynamic_items(AskButton, AskAboutVideoButton, AppealDecisionButton)
    bot.way_on = way_on
