"""The buttons of reports: they answer also under messages of an earlier run."""

from bot.client import VeoBot
from cogs.ui.report_items import DecisionButton, ReportButton


async def setup(bot: VeoBot) -> None:
    """Register the buttons; discord.py calls this."""
    bot.add_dynamic_items(ReportButton, DecisionButton)
