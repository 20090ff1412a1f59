"""The type of every interaction here: one whose client is ours."""

import discord

from bot.discord_client.client import VeoBot

Interaction = discord.Interaction[VeoBot]
